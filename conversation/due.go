package conversation

import (
	"time"

	"github.com/adjourn/adjourn/idle"
)

// A DueReason says why a conversation will do something by itself.
type DueReason string

// The due reasons. Programs compare the values: never change one.
const (
	SnoozeOver   DueReason = "snooze_over"  // its snooze ends
	IdleStep     DueReason = "idle_step"    // nobody writes: the next step of the idle ladder
	Reassignment DueReason = "reassignment" // the visitor waits too long for an agent who is away: another gets it
)

// An Upcoming is what a conversation does next by itself, unless something happens
// before that moves or ends the wait: a message, a command, another policy.
type Upcoming struct {
	Why DueReason `json:"why"`

	// At is when it is due. It can have passed: then it is late, and comes with
	// the next [Expire].
	At time.Time `json:"at"`

	// Since is what the wait is counted from: with [SnoozeOver] when the
	// conversation was put aside, however often the end was moved since; with
	// [IdleStep] the last message that was not automatic, typing or step, or when
	// the conversation last changed its state, its agent or its queue; with
	// [Reassignment] when the agent left or the visitor began to wait, whichever
	// was later. It is before At, unless the clock stepped back before the end of
	// a snooze was moved.
	Since time.Time `json:"since"`

	// Step is the step of the idle ladder that comes, counted from zero, and
	// Action what it does; zero and empty but with [IdleStep]. Where a closing
	// would come next but the visitor was not told in this silence, because the
	// policy changed under way, they are those of the last follow-up before it.
	Step   int         `json:"step"`
	Action idle.Action `json:"action,omitempty"`
}

// Next returns what the conversation will next do by itself under the policy, and
// false if it never will do anything: the end of its snooze, the next step of the
// idle ladder of its state, or that it is taken from an agent who is away,
// whichever comes first, and the step if both come at once. A closed conversation
// has none, nor has one that is snoozed until the visitor replies.
//
// If the policy is one that [Policy.Check] accepts, an [Expire] at At does this,
// and one before it does nothing. Only the agent is looked at no earlier than
// then: if they cannot have it, or it was not to be kept, it waits when its snooze
// is over; and if they are back, it stays with them in place of a reassignment.
func Next(c Conversation, p Policy) (Upcoming, bool) {
	why, at, step := next(&c, &p)
	u := Upcoming{Why: why, At: at, Step: step}
	switch why {
	case SnoozeOver:
		u.Since = c.Since
	case IdleStep:
		u.Since, u.Action = c.Silence.Since, p.ladder(c.State).Steps[step].Action
	case Reassignment:
		u.Since = c.waitingSince()
	}
	return u, why != ""
}

// NextDue returns when the conversation will next do something by itself under
// the policy, and false if it never will: the At of [Next].
func NextDue(c Conversation, p Policy) (time.Time, bool) {
	why, at, _ := next(&c, &p)
	return at, why != ""
}

// next returns why and when the conversation will next do something by itself, and
// which step of the idle ladder that is; no reason if it never will.
func next(c *Conversation, p *Policy) (why DueReason, at time.Time, step int) {
	if c.State == StateSnoozed {
		if c.Snooze == nil || c.Snooze.At.IsZero() {
			return "", time.Time{}, 0
		}
		return SnoozeOver, c.Snooze.At, 0
	}
	at, step, ok := nextIdle(c, p)
	if away, gone := reassignment(c, p); gone && (!ok || away.Before(at)) {
		return Reassignment, away, 0
	}
	if !ok {
		return "", time.Time{}, 0
	}
	return IdleStep, at, step
}

// reassignment is when somebody else gets the conversation, if the visitor waits
// for an agent who is away.
func reassignment(c *Conversation, p *Policy) (at time.Time, ok bool) {
	after := p.reassignAfter()
	if c.State != StateAssigned || c.AwaySince.IsZero() || c.UnansweredSince.IsZero() || after < 0 {
		return time.Time{}, false
	}
	return c.waitingSince().Add(after), true
}

// waitingSince is since when the visitor waits for an agent who is away.
func (c *Conversation) waitingSince() time.Time {
	if c.UnansweredSince.After(c.AwaySince) {
		return c.UnansweredSince
	}
	return c.AwaySince
}

// nextIdle is when the next step of the idle ladder comes, and which.
func nextIdle(c *Conversation, p *Policy) (at time.Time, step int, ok bool) {
	ladder := p.ladder(c.State)
	if c.Silence.Step >= len(ladder.Steps) {
		return time.Time{}, 0, false
	}
	if ladder.LastSpeaker != idle.Anyone && ladder.LastSpeaker != c.LastSpeaker {
		return time.Time{}, 0, false
	}
	step = nextStep(c, ladder)
	return c.Silence.Since.Add(ladder.Steps[step].After), step, true
}

// nextStep returns the index of the next step. If the policy changed under way
// so that a closing comes next but the visitor was not told in this silence, it
// is the last follow-up before it instead: a closing must follow one.
func nextStep(c *Conversation, l *idle.Ladder) int {
	i := c.Silence.Step
	if l.Steps[i].Action == idle.Close && !c.Silence.Informed {
		for i > 0 && l.Steps[i].Action != idle.FollowUp {
			i--
		}
	}
	return i
}
