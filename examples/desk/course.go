package main

import (
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// A course is how the states of a conversation followed each other: a coloured bar,
// and the same in words.
type course struct {
	Stretches []stretch
	Sums      []stretch // how long it was in each state together
}

// A stretch is a time in one state, with one agent.
type stretch struct {
	State conversation.State
	Says  string
	Lasts time.Duration
	agent string
	from  time.Time

	X, Width float64 // on the bar, of barWidth
}

const (
	barWidth = 1000.0
	leastBar = 15.0 // so that a minute is seen beside a day
)

// Says tells the course in words, for those who do not see it.
func (c course) Says() string {
	var all []string
	for _, p := range c.Stretches {
		all = append(all, p.Says)
	}
	return strings.Join(all, ", then ")
}

// course reads the states off the journal. What is closed ends there.
func (a *app) course(c conversation.Conversation, journal []conversation.Record, now time.Time) course {
	var bar course
	was := conversation.Conversation{Workspace: c.Workspace, ID: c.ID}
	for _, r := range journal {
		is := conversation.Evolve(was, r)
		if is.State != was.State || is.Agent != was.Agent {
			bar.end(r.At)
			bar.Stretches = append(bar.Stretches, stretch{State: is.State, agent: is.Agent, from: r.At})
		}
		was = is
	}
	bar.end(now)
	if last := len(bar.Stretches) - 1; last >= 0 && bar.Stretches[last].State == conversation.StateClosed {
		bar.Stretches = bar.Stretches[:last]
	}
	for i := range bar.Stretches {
		p := &bar.Stretches[i]
		p.Says = words(p.State) + " " + span(p.Lasts)
		if p.agent != "" {
			p.Says = words(p.State) + " (" + a.people.Name(conversation.Agent(p.agent)) + ") " + span(p.Lasts)
		}
	}
	bar.draw()
	bar.sum()
	return bar
}

// end ends the last stretch, and forgets it if it was none.
func (c *course) end(at time.Time) {
	last := len(c.Stretches) - 1
	if last < 0 {
		return
	}
	c.Stretches[last].Lasts = max(0, at.Sub(c.Stretches[last].from))
	if c.Stretches[last].Lasts < time.Second {
		c.Stretches = c.Stretches[:last]
	}
}

// draw gives each stretch its place: as much as it lasted, but enough to be seen.
func (c *course) draw() {
	var total time.Duration
	for _, p := range c.Stretches {
		total += p.Lasts
	}
	least := min(leastBar, barWidth/float64(2*max(1, len(c.Stretches))))
	rest := barWidth - least*float64(len(c.Stretches))
	x := 0.0
	for i := range c.Stretches {
		p := &c.Stretches[i]
		p.X, p.Width = x, least+rest*float64(p.Lasts)/float64(total)
		x += p.Width
	}
}

func (c *course) sum() {
	for _, state := range conversation.States() {
		sum := stretch{State: state}
		for _, p := range c.Stretches {
			if p.State == state {
				sum.Lasts += p.Lasts
			}
		}
		if sum.Lasts > 0 {
			sum.Says = words(state) + " " + span(sum.Lasts)
			c.Sums = append(c.Sums, sum)
		}
	}
}
