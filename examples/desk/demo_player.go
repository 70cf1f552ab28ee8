package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A pastClock stands still until it is set. It implements lifecycle.Clock.
type pastClock struct{ now time.Time }

func (c *pastClock) Now() time.Time { return c.now }

// After is for who sleeps on the clock; nobody does.
func (c *pastClock) After(time.Duration) <-chan time.Time { return nil }

// A part says who somebody is in a story.
type part int

const (
	theVisitor part = iota
	theAgent
	theColleague // of the agent
	theSupervisor
	theSystem
)

// A step is what somebody does in a story.
type step struct {
	By   part
	Do   conversation.Command
	Wait time.Duration // before it; zero: as long as such things take
}

// A play is a story with those who play it, and when.
type play struct {
	story
	ID     string
	Start  time.Time
	Cast   map[part]conversation.Actor
	Name   string // of the visitor
	Random *rand.Rand
}

// A player plays conversations that nobody had, with the commands that they would
// have been: the journals are as real ones.
type player struct {
	tx     *sql.Tx
	desk   *lifecycle.Tx
	clock  *pastClock
	people *people

	// Of the play that is on:
	cast    map[part]conversation.Actor
	now     conversation.Conversation
	journal []conversation.Record
	words   *strings.Replacer // for what is different each time
}

func (p *player) play(ctx context.Context, play play) error {
	visitor := play.Cast[theVisitor]
	if err := p.people.Add(ctx, p.tx, person{visitor.Kind, visitor.ID, play.Name}); err != nil {
		return err
	}
	agent, _, _ := strings.Cut(p.people.Name(play.Cast[theAgent]), " ")
	p.words = strings.NewReplacer(
		"{visitor}", play.Name, "{agent}", agent,
		"{item}", demoItems[play.Random.IntN(len(demoItems))],
		"{order}", fmt.Sprint(40000+play.Random.IntN(9999)),
		"{ticket}", fmt.Sprint("SHOP-", 1000+play.Random.IntN(9000)),
		"{amount}", fmt.Sprintf("%d.90 €", 9+10*play.Random.IntN(9)),
	)
	p.cast, p.now, p.journal, p.clock.now = play.Cast, conversation.Conversation{}, nil, play.Start
	steps := append([]step{theVisitor.does(conversation.Open{})}, play.Steps...)
	for i, s := range steps {
		if i > 0 {
			p.clock.now = p.clock.now.Add(cmp.Or(s.Wait, usualWait(s, play.Random)))
		}
		if err := p.do(ctx, play, s); err != nil {
			return fmt.Errorf("step %d of %q: %w", i, play.Title, err)
		}
	}
	if p.now.EmailRequested || len(p.now.Unread) == 0 { // they have not come back to read it
		return nil
	}
	if err := p.do(ctx, play, theVisitor.does(conversation.MarkRead{})); err != nil {
		return err
	}
	return p.survey(ctx, play)
}

// do lets a step be done, and the bot answer if that is its turn then.
func (p *player) do(ctx context.Context, play play, s step) error {
	result, err := p.desk.Do(ctx, lifecycle.Call{
		Workspace: workspace, Conversation: play.ID, By: p.cast[s.By],
	}, p.fillIn(s.Do))
	if err != nil {
		return err
	}
	p.now = result.Conversation
	if err := p.happened(ctx, result.Records); err != nil || p.now.MustAnswer() != conversation.AnswerBot {
		return err
	}
	p.clock.now = p.clock.now.Add(time.Second)
	records, err := botDoes(ctx, p.desk, p.now, think(p.journal))
	if err != nil {
		return err
	}
	for _, r := range records {
		p.now = conversation.Evolve(p.now, r)
	}
	return p.happened(ctx, records)
}

// happened adds to the journal. E-mails that were asked for count as sent.
func (p *player) happened(ctx context.Context, records []conversation.Record) error {
	p.journal = append(p.journal, records...)
	for _, r := range records {
		if _, ok := r.Event.(conversation.EmailRequested); ok {
			if err := noteMail(ctx, p.tx, p.now.ID, r.Seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// survey lets every other visitor answer the survey about the last closing.
func (p *player) survey(ctx context.Context, play play) error {
	if p.now.State != conversation.StateClosed || p.now.Closing.Survey == nil || play.Rating == 0 || play.Random.IntN(2) == 0 {
		return nil
	}
	answer := conversation.AnswerSurvey{Number: p.now.Closing.Number, Rating: max(1, play.Rating-play.Random.IntN(2))}
	if play.Random.IntN(3) == 0 {
		answer.Comment = play.Comment
	}
	return p.do(ctx, play, theVisitor.does(answer))
}

// fillIn returns a command with what is different each time: who plays, and words.
func (p *player) fillIn(command conversation.Command) conversation.Command {
	switch c := command.(type) {
	case conversation.Say:
		c.Text = p.words.Replace(c.Text)
		return c
	case conversation.AddNote:
		c.Text = p.words.Replace(c.Text)
		return c
	case conversation.Assign:
		c.Agent = p.cast[theAgent].ID
		return c
	case conversation.Transfer:
		c.Agent = p.cast[theColleague].ID
		return c
	case conversation.Close:
		c.Notes = p.words.Replace(c.Notes)
		c.Tickets = slices.Clone(c.Tickets)
		for i, ticket := range c.Tickets {
			c.Tickets[i] = p.words.Replace(ticket)
		}
		return c
	}
	return command
}

// usualWait returns how long something takes that says nothing of it.
func usualWait(s step, random *rand.Rand) time.Duration {
	from, to := 5, 15
	switch s.Do.(type) {
	case conversation.Say:
		from, to = 15, 80
	case conversation.Take, conversation.Assign:
		from, to = 20, 400
	case conversation.Close:
		from, to = 5, 40
	case conversation.AnswerSurvey:
		from, to = 30, 600
	}
	return time.Duration(from+random.IntN(to-from)) * time.Second
}
