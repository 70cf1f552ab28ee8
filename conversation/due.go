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
	return next(&c, &p)
}

// NextDue returns when the conversation will next do something by itself under
// the policy, and false if it never will: the At of [Next].
func NextDue(c Conversation, p Policy) (time.Time, bool) {
	u, ok := next(&c, &p)
	return u.At, ok
}

func next(c *Conversation, p *Policy) (Upcoming, bool) {
	if c.State == StateSnoozed {
		if c.Snooze == nil || c.Snooze.At.IsZero() {
			return Upcoming{}, false
		}
		return Upcoming{Why: SnoozeOver, At: c.Snooze.At, Since: c.Since}, true
	}
	step, ok := nextIdle(c, p)
	if away, gone := reassignment(c, p); gone && (!ok || away.At.Before(step.At)) {
		return away, true
	}
	return step, ok
}

// reassignment is when somebody else gets the conversation, if the visitor waits
// for an agent who is away.
func reassignment(c *Conversation, p *Policy) (Upcoming, bool) {
	after := p.reassignAfter()
	if c.State != StateAssigned || c.AwaySince.IsZero() || c.UnansweredSince.IsZero() || after < 0 {
		return Upcoming{}, false
	}
	since := c.AwaySince
	if c.UnansweredSince.After(since) {
		since = c.UnansweredSince
	}
	return Upcoming{Why: Reassignment, At: since.Add(after), Since: since}, true
}

// nextIdle is the next step of the idle ladder.
func nextIdle(c *Conversation, p *Policy) (Upcoming, bool) {
	ladder := p.ladder(c.State)
	if c.Silence.Step >= len(ladder.Steps) {
		return Upcoming{}, false
	}
	if ladder.LastSpeaker != idle.Anyone && ladder.LastSpeaker != c.LastSpeaker {
		return Upcoming{}, false
	}
	i := nextStep(c, ladder)
	s, since := ladder.Steps[i], c.Silence.Since
	return Upcoming{Why: IdleStep, At: since.Add(s.After), Since: since, Action: s.Action, Step: i}, true
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
