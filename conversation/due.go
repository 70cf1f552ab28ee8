package conversation

import (
	"time"

	"github.com/adjourn/adjourn/idle"
)

// A deadline is the one thing that a conversation does next by itself.
type deadline struct {
	at     time.Time
	wait   time.Duration // of an idle step
	action idle.Action   // of an idle step; empty for what is none
	step   int
}

// NextDue returns when the conversation will next do something by itself under
// the policy, and false if it never will: the end of its snooze, the next step of
// the idle ladder of its state, or that it is taken from an agent who is away,
// whichever comes first. A closed conversation has none.
func NextDue(c Conversation, p Policy) (time.Time, bool) {
	next, ok := nextDeadline(&c, &p)
	return next.at, ok
}

func nextDeadline(c *Conversation, p *Policy) (deadline, bool) {
	if c.State == StateSnoozed {
		if c.Snooze == nil || c.Snooze.At.IsZero() {
			return deadline{}, false
		}
		return deadline{at: c.Snooze.At}, true
	}
	next, ok := nextIdle(c, p)
	if away, gone := reassignment(c, p); gone && (!ok || away.at.Before(next.at)) {
		return away, true
	}
	return next, ok
}

// reassignment is when somebody else gets the conversation, if the visitor waits
// for an agent who is away.
func reassignment(c *Conversation, p *Policy) (deadline, bool) {
	after := p.reassignAfter()
	if c.State != StateAssigned || c.AwaySince.IsZero() || c.UnansweredSince.IsZero() || after < 0 {
		return deadline{}, false
	}
	since := c.AwaySince
	if c.UnansweredSince.After(since) {
		since = c.UnansweredSince
	}
	return deadline{at: since.Add(after)}, true
}

// nextIdle is the next step of the idle ladder.
func nextIdle(c *Conversation, p *Policy) (deadline, bool) {
	ladder := p.ladder(c.State)
	if c.Silence.Step >= len(ladder.Steps) {
		return deadline{}, false
	}
	if ladder.LastSpeaker != idle.Anyone && ladder.LastSpeaker != c.LastSpeaker {
		return deadline{}, false
	}
	i := nextStep(c, ladder)
	s := ladder.Steps[i]
	return deadline{at: c.Silence.Since.Add(s.After), wait: s.After, action: s.Action, step: i}, true
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
