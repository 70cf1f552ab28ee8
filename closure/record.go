package closure

import (
	"math"
	"slices"
	"time"
)

// A Side says whose work a closing is.
type Side string

// The sides. The values are stored: never change one.
const (
	SideBot  Side = "bot"  // the bot had it since it was opened, or reopened, and no person wrote
	SideTeam Side = "team" // everything else
)

// Sides returns both sides.
func Sides() []Side { return []Side{SideBot, SideTeam} }

// A Record is one closing of a conversation as reports count it: how it ended,
// by the latest decision, and the figures of its cycle, which began when the
// conversation was opened or reopened.
type Record struct {
	Conversation string
	Number       int       // of the closing in its conversation, from one
	At           time.Time // when it was closed; a new decision does not change it

	Outcome   Outcome
	Reason    Reason // empty: not given
	Cause     Cause
	Side      Side
	Agent     string    // who had it, otherwise the person who closed it; empty: neither
	Group     string    // whose conversation it was then; empty: none
	Sentiment Sentiment // empty: not given
	Grade     Grade     // empty: no person closed it

	Tags []string // ascending, without repetition
	// Articles are those that were linked to the conversation by now, or by when it
	// was reopened after this closing; ascending, without repetition.
	Articles []string

	Figures Figures
}

// Compare orders records by time, conversation and number.
func (r Record) Compare(other Record) int {
	return ComparePlaces(r.Place(), other.Place())
}

// Place returns where the record stands in a list.
func (r Record) Place() Place { return Place{r.At, r.Conversation, r.Number} }

// A Figure is something measured of a closing.
type Figure int

// The figures. Durations are in whole milliseconds, rounded down.
const (
	// FirstResponse: from when the conversation first came to people, in Waiting
	// or Assigned, to the first message of one. What the bot got back before
	// anybody wrote is counted from the next time. None if no person wrote.
	FirstResponse Figure = iota

	// Handling: the time in Assigned, whoever had it.
	Handling

	// NetHandling is Handling without the courtesy wait: without the time
	// between asking whether anything is left and what came next, be it the
	// visitor's answer, something else from the agent, or the end.
	NetHandling

	// Resolution: the time from the opening or reopening to the closing, which is
	// that in all four states.
	Resolution

	InBot     // the time in Bot
	InWaiting // the time in Waiting
	InSnoozed // the time in Snoozed

	Snoozes   // how often it was put aside, or its snooze moved
	Reopened  // 1 if it was reopened after this closing, otherwise 0
	Prompts   // private prompts of the idle rules
	FollowUps // visible follow-ups of the idle rules
	Surveyed  // 1 if the visitor was offered a survey about it, otherwise 0
	Rating    // the visitor's answer to it; none if there is none

	NumFigures int = iota
)

var figureNames = [NumFigures]string{
	"first_response", "handling", "net_handling", "resolution", "in_bot", "in_waiting", "in_snoozed",
	"snoozes", "reopened", "prompts", "follow_ups", "surveyed", "rating",
}

// String returns the name of the figure, such as "first_response". Names are
// stored: they never change.
func (f Figure) String() string {
	if f < 0 || int(f) >= NumFigures {
		return "unknown"
	}
	return figureNames[f]
}

// AllFigures returns every figure, in order.
func AllFigures() []Figure {
	all := make([]Figure, NumFigures)
	for i := range all {
		all[i] = Figure(i)
	}
	return all
}

// None is the value of a figure that there is none of. Every other value is zero
// or more.
const None int64 = -1

// Figures are the figures of one closing.
type Figures [NumFigures]int64

// A Place is that of a record in a list: lists are ordered by time, then
// conversation byte by byte, then number.
type Place struct {
	At           time.Time
	Conversation string
	Number       int
}

// ComparePlaces orders places.
func ComparePlaces(a, b Place) int {
	switch {
	case !a.At.Equal(b.At):
		return a.At.Compare(b.At)
	case a.Conversation != b.Conversation:
		if a.Conversation < b.Conversation {
			return -1
		}
		return 1
	}
	return a.Number - b.Number
}

// A Filter selects records. What is empty selects nothing away.
type Filter struct {
	From, To time.Time // of the closing: not before From, and before To

	Conversation string
	Outcome      Outcome
	Cause        Cause
	Side         Side
	Agent        string
	Group        string
	Sentiment    Sentiment
	Grades       []Grade // any of them
	Tag          string  // that it has, among others
	Article      string  // that it has, among others

	// Last leaves out closings of conversations that were closed again before
	// To, or, without To, ever.
	Last bool
}

// Selects reports whether the filter selects a record; next is when its
// conversation was closed again, zero if it was not.
func (f Filter) Selects(r Record, next time.Time) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	again := !next.IsZero() && (f.To.IsZero() || next.Before(f.To))
	return !r.At.Before(f.From) && (f.To.IsZero() || r.At.Before(f.To)) &&
		is(f.Conversation, r.Conversation) &&
		is(string(f.Outcome), string(r.Outcome)) &&
		is(string(f.Cause), string(r.Cause)) &&
		is(string(f.Side), string(r.Side)) &&
		is(f.Agent, r.Agent) &&
		is(f.Group, r.Group) &&
		is(string(f.Sentiment), string(r.Sentiment)) &&
		(len(f.Grades) == 0 || slices.Contains(f.Grades, r.Grade)) &&
		(f.Tag == "" || slices.Contains(r.Tags, f.Tag)) &&
		(f.Article == "" || slices.Contains(r.Articles, f.Article)) &&
		(!f.Last || !again)
}

// Milliseconds returns a duration as a figure holds it: zero if it is negative,
// which clocks that were set back make.
func Milliseconds(d time.Duration) int64 { return max(0, d.Milliseconds()) }

// Duration returns the value of a figure that is a duration.
func Duration(figure float64) time.Duration {
	return time.Duration(math.Round(figure * float64(time.Millisecond)))
}
