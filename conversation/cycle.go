package conversation

import (
	"maps"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
)

// A Cycle is what reports want to know of a conversation between its opening or
// reopening and its closing. Durations in states are those that have ended.
type Cycle struct {
	Since time.Time `json:"since"`

	InBot      time.Duration `json:"in_bot,omitempty"`
	InWaiting  time.Duration `json:"in_waiting,omitempty"`
	InAssigned time.Duration `json:"in_assigned,omitempty"`
	InSnoozed  time.Duration `json:"in_snoozed,omitempty"`

	HadBot bool `json:"had_bot,omitempty"` // the bot had it

	// ToPeopleAt is when it first came to people, in Waiting or Assigned; zero if
	// the bot has it, or got it back before a person wrote.
	ToPeopleAt time.Time `json:"to_people_at,omitzero"`

	// PersonWrote: an agent or supervisor wrote to the visitor, FirstResponse
	// after ToPeopleAt.
	PersonWrote   bool          `json:"person_wrote,omitempty"`
	FirstResponse time.Duration `json:"first_response,omitempty"`

	// CourtesyWait is how long, in Assigned, the visitor was asked whether
	// anything is left and had not answered; AskedSince is since when that is so
	// now, zero if it is not.
	CourtesyWait time.Duration `json:"courtesy_wait,omitempty"`
	AskedSince   time.Time     `json:"asked_since,omitzero"`

	Snoozes   int `json:"snoozes,omitempty"`
	Prompts   int `json:"prompts,omitempty"`
	FollowUps int `json:"follow_ups,omitempty"`
}

// leave counts the time in a state that the conversation leaves.
func (c *Cycle) leave(state State, since, now time.Time) {
	spent := max(0, now.Sub(since)) // the clock may have been set back
	switch state {
	case StateBot:
		c.InBot += spent
	case StateWaiting:
		c.InWaiting += spent
	case StateAssigned:
		c.InAssigned += spent
		c.stopWaiting(now)
	case StateSnoozed:
		c.InSnoozed += spent
	}
}

// enter notes which state the conversation comes to; asked is whether the visitor
// has a question to answer.
func (c *Cycle) enter(state State, asked bool, now time.Time) {
	switch state {
	case StateBot:
		c.HadBot = true
		if !c.PersonWrote {
			c.ToPeopleAt = time.Time{}
		}
	case StateAssigned:
		if asked {
			c.startWaiting(now)
		}
		c.toPeople(now)
	case StateWaiting:
		c.toPeople(now)
	}
}

func (c *Cycle) toPeople(now time.Time) {
	if c.ToPeopleAt.IsZero() {
		c.ToPeopleAt = now
	}
}

func (c *Cycle) startWaiting(now time.Time) {
	if c.AskedSince.IsZero() {
		c.AskedSince = now
	}
}

func (c *Cycle) stopWaiting(now time.Time) {
	if !c.AskedSince.IsZero() {
		c.CourtesyWait += max(0, now.Sub(c.AskedSince))
		c.AskedSince = time.Time{}
	}
}

// personSaid notes the message of a person.
func (c *Cycle) personSaid(now time.Time) {
	if c.PersonWrote {
		return
	}
	c.PersonWrote = true
	if !c.ToPeopleAt.IsZero() {
		c.FirstResponse = max(0, now.Sub(c.ToPeopleAt))
	}
}

// side returns whose work the cycle is.
func (c *Cycle) side() closure.Side {
	if c.HadBot && !c.PersonWrote {
		return closure.SideBot
	}
	return closure.SideTeam
}

// mark takes in what a message that is not automatic means for the goodbye.
func (c *Conversation) mark(by Actor, marks []closure.Mark, now time.Time) {
	switch {
	case speaker(by) == idle.Visitor:
		c.Courtesy = c.Courtesy.VisitorSaid(now, marks)
		c.Cycle.stopWaiting(now)
	case by.person():
		c.Courtesy = c.Courtesy.AgentSaid(now, marks)
		c.Cycle.personSaid(now)
		if slices.Contains(marks, closure.CheckIn) {
			c.asked(now)
		} else {
			c.Cycle.stopWaiting(now)
		}
	default:
		c.Courtesy = c.Courtesy.BotSaid()
	}
}

// request takes in that somebody asked for a person: the visitor wants something
// still.
func (c *Conversation) request(by Actor, now time.Time) {
	c.ask(now)
	if speaker(by) == idle.Visitor {
		c.Courtesy = c.Courtesy.VisitorSaid(now, nil)
		c.Cycle.stopWaiting(now)
	}
}

// asked begins the courtesy wait if the visitor has a question to answer.
func (c *Conversation) asked(now time.Time) {
	if c.State == StateAssigned && c.Courtesy.Pending() {
		c.Cycle.startWaiting(now)
	}
}

// end closes the cycle with a closing.
func (c *Conversation) end(r *Record, e *Closed, now time.Time) {
	c.keepSurveyed(now)
	c.Closing = &Closing{
		Number: e.Number, Outcome: e.Outcome, Reason: e.Reason, Cause: e.Cause,
		By: r.By, Agent: e.Agent, Group: c.Group, At: now,
		Sentiment: e.Sentiment, Tags: e.Tags, Tickets: e.Tickets, Noted: e.Noted,
		Grade: e.Grade, Cycle: c.Cycle,
	}
	if c.FirstClosedAt.IsZero() {
		c.FirstClosedAt = now
	}
	c.UnansweredSince = time.Time{}
	c.Cycle, c.Courtesy = Cycle{}, closure.Courtesy{}
}

// keepSurveyed moves the last closing to the earlier ones, of which it keeps those
// that can still be answered.
func (c *Conversation) keepSurveyed(now time.Time) {
	var kept []Closing
	for i := range c.Earlier {
		if c.Earlier[i].surveyed(now) {
			kept = append(kept, c.Earlier[i])
		}
	}
	if c.Closing != nil && c.Closing.surveyed(now) {
		kept = append(kept, *c.Closing)
	}
	c.Earlier = slices.Clip(kept[max(0, len(kept)-MaxEarlier):])
}

func (of *Closing) setForm(f closure.Form, noted bool) {
	of.Sentiment, of.Tags, of.Tickets, of.Noted = f.Sentiment, f.Tags, f.Tickets, noted
}

// answer notes the answer to the survey of the closing.
func (of *Closing) answer(rating int, now time.Time) {
	if of.Survey == nil { // an event of a later version offered it
		return
	}
	answered := *of.Survey
	answered.Rating, answered.AnsweredAt = rating, now
	of.Survey = &answered
}

// surveyed reports whether the closing has a survey that is not over.
func (of *Closing) surveyed(now time.Time) bool {
	return of.Survey != nil && now.Before(of.Survey.Until)
}

// closing returns the closing of a number, zero for the last; nil if it is not
// there any more, or never was.
func (c *Conversation) closing(number int) *Closing {
	if c.Closing != nil && (number == 0 || number == c.Closing.Number) {
		return c.Closing
	}
	for i := range c.Earlier {
		if c.Earlier[i].Number == number {
			return &c.Earlier[i]
		}
	}
	return nil
}

// change replaces a closing by what f makes of it.
func (c *Conversation) change(number int, f func(*Closing)) {
	switch of := c.closing(number); {
	case of == nil: // an event of a later version closed it
	case of == c.Closing:
		last := *of
		f(&last)
		c.Closing = &last
	default:
		c.Earlier = slices.Clone(c.Earlier)
		f(c.closing(number))
	}
}

// Closings returns the closings that the conversation still knows, as reports
// count them: the last one, and those before it whose surveys could still be
// answered. What stores hand to reports is what this returned last of each.
func (c Conversation) Closings() []closure.Record {
	if c.Closing == nil {
		return nil
	}
	var all []closure.Record
	for i := range c.Earlier {
		all = append(all, c.Earlier[i].record(c.ID, c.Earlier[i].Articles))
	}
	articles := c.Closing.Articles
	if c.State == StateClosed {
		articles = c.Articles
	}
	return append(all, c.Closing.record(c.ID, articles))
}

func (of *Closing) record(conversation string, articles []string) closure.Record {
	r := closure.Record{
		Conversation: conversation, Number: of.Number, At: of.At,
		Outcome: of.Outcome, Reason: of.Reason, Cause: of.Cause, Side: of.Cycle.side(),
		Agent: of.Agent, Group: of.Group, Sentiment: of.Sentiment, Grade: of.Grade,
		Tags: slices.Clone(of.Tags), Articles: slices.Compact(slices.Sorted(slices.Values(articles))), Figures: of.figures(),
	}
	if r.Agent == "" && of.By.person() {
		r.Agent = of.By.ID
	}
	return r
}

// durations are the figures that a cycle has measured.
var durations = []closure.Figure{
	closure.FirstResponse, closure.Handling, closure.NetHandling, closure.Resolution,
	closure.InBot, closure.InWaiting, closure.InSnoozed,
}

func (of *Closing) figures() closure.Figures {
	cycle := &of.Cycle
	var f closure.Figures
	f[closure.FirstResponse] = closure.None
	if cycle.PersonWrote {
		f[closure.FirstResponse] = closure.Milliseconds(cycle.FirstResponse)
	}
	f[closure.Handling] = closure.Milliseconds(cycle.InAssigned)
	f[closure.NetHandling] = closure.Milliseconds(cycle.InAssigned - cycle.CourtesyWait)
	f[closure.Resolution] = closure.Milliseconds(cycle.InBot + cycle.InWaiting + cycle.InAssigned + cycle.InSnoozed)
	f[closure.InBot] = closure.Milliseconds(cycle.InBot)
	f[closure.InWaiting] = closure.Milliseconds(cycle.InWaiting)
	f[closure.InSnoozed] = closure.Milliseconds(cycle.InSnoozed)
	f[closure.Snoozes] = int64(cycle.Snoozes)
	f[closure.Prompts] = int64(cycle.Prompts)
	f[closure.FollowUps] = int64(cycle.FollowUps)
	if cycle.Since.IsZero() { // it was closed before cycles were kept
		for _, figure := range durations {
			f[figure] = closure.None
		}
	}
	if !of.ReopenedAt.IsZero() {
		f[closure.Reopened] = 1
	}
	f[closure.Rating] = closure.None
	if of.Survey != nil {
		f[closure.Surveyed] = 1
		if of.Survey.Rating > 0 {
			f[closure.Rating] = int64(of.Survey.Rating)
		}
	}
	return f
}

// Recount returns every closing of a conversation, in order, computed from its
// whole journal: what a store was given, if nothing was lost or counted twice.
func Recount(workspace, id string, journal []Record) []closure.Record {
	c := Conversation{Workspace: workspace, ID: id}
	found := map[int]closure.Record{}
	for _, r := range journal {
		c = Evolve(c, r)
		for _, of := range c.Closings() {
			found[of.Number] = of
		}
	}
	var all []closure.Record
	for _, number := range slices.Sorted(maps.Keys(found)) {
		all = append(all, found[number])
	}
	return all
}
