package conversation

import (
	"slices"
	"time"

	"github.com/adjourn/adjourn/idle"
)

// Evolve returns the conversation as it is after the record. It is total: it
// judges nothing, needs no policy and cannot fail. An [Unknown] event only
// counts. The argument is not changed, and the result shares nothing with it
// that either would change later.
func Evolve(c Conversation, r Record) Conversation {
	c.evolve(&r)
	return c
}

func (c *Conversation) evolve(r *Record) {
	state, agent := c.State, c.Agent
	now := r.Now()
	switch e := r.Event.(type) {
	case Opened:
		c.Visitor, c.Group, c.Previous, c.PreviousAgent = e.Visitor, e.Group, e.Previous, e.PreviousAgent
		c.OpenedAt = now
		c.Cycle = Cycle{Since: now}
		c.enter(e.To, "", now)
		if e.AgentRequested {
			c.request(r.By, now)
		}
	case Said:
		c.hear(r, e)
	case AgentRequested:
		if e.Group != "" {
			c.Group = e.Group
		}
		switch c.State {
		case StateBot:
			c.enter(StateWaiting, "", now)
		case StateWaiting: // in another group, with another ladder
			c.Silence = Silence{Since: now}
		}
		c.request(r.By, now)
	case Taken:
		c.enter(StateAssigned, r.By.ID, now)
	case Assigned:
		c.enter(StateAssigned, e.Agent, now)
	case HandedBack:
		c.enter(StateBot, "", now)
		c.PreviousAgent, c.UnansweredSince = "", time.Time{}
	case Transferred:
		c.transfer(e, now)
	case Requeued:
		c.enter(StateWaiting, "", now)
		if c.WaitReason = e.Reason; e.Reason == "" && e.From != "" {
			c.WaitReason = WaitGivenUp
		}
	case Regrouped:
		c.Group = e.Group
		if c.State == StateWaiting { // with another ladder
			c.Silence = Silence{Since: now}
		}
	case AssigneeLeft:
		c.AwaySince = e.Since
	case AssigneeReturned:
		c.AwaySince = time.Time{}
	case Snoozed:
		unread := c.Snooze != nil && c.Snooze.Unread
		c.enter(StateSnoozed, c.Agent, now)
		c.Cycle.Snoozes++
		c.Snooze = &SnoozeState{Deadline: e.Deadline, AtEnd: e.AtEnd, OnReply: e.OnReply, Unread: unread}
	case Woken:
		c.enter(heldOrWaiting(e.Agent), e.Agent, now)
		c.WaitReason = e.Reason
		c.away(e.Unavailable, now)
	case Closed:
		c.enter(StateClosed, "", now)
		c.end(r, &e, now)
	case Reclassified:
		c.change(e.Number, func(of *Closing) {
			of.Outcome, of.Reason = e.Outcome, e.Reason
			if e.Form != nil {
				of.setForm(*e.Form, e.Noted)
			}
		})
	case SurveyOffered:
		c.change(e.Number, func(of *Closing) { of.Survey = &Survey{OfferedAt: now, Until: e.Until} })
	case SurveyAnswered:
		c.change(e.Number, func(of *Closing) { of.answer(e.Rating, now) })
	case Reopened:
		c.change(e.Number, func(of *Closing) { of.ReopenedAt, of.Articles = now, c.Articles })
		c.Cycle = Cycle{Since: now}
		c.enter(e.To, e.Agent, now)
		if e.To == StateWaiting {
			c.WaitReason = e.Reason
		}
	case EmailRequested:
		c.EmailRequested = true
	case Typed:
		c.Silence.Since = now
		c.Courtesy = c.Courtesy.VisitorTyped(now)
	case MarkedRead:
		c.read(e.UpTo)
	case ArticleLinked:
		c.Articles = append(slices.Clip(c.Articles), e.Article)
	case Blocked:
		c.Blocked = true
	case Unblocked:
		c.Blocked = false
	case Prompted:
		c.Silence.Step, c.Silence.Since = e.Step+1, now
		c.Cycle.Prompts++
	case FollowedUp:
		c.Silence = Silence{Step: e.Step + 1, Since: now, Informed: true}
		c.FollowUps++
		c.Cycle.FollowUps++
		c.unread(r.Seq)
		if c.State == StateAssigned {
			c.Courtesy = c.Courtesy.FollowedUp(now)
			c.asked(now)
		}
	}
	c.Version, c.UpdatedAt = r.Seq, r.At
	if c.Agent != agent || agent == "" && c.State != state {
		c.LastHandover = r.Seq
	}
}

// Append gives the events of one decision their places in the journal of c, and
// returns c as it is after them, and the records. A record's time is never
// before the one before it, even if the clock stepped back.
func Append(c Conversation, by Actor, now time.Time, events []Event) (Conversation, []Record) {
	records := make([]Record, len(events))
	for i, e := range events {
		r := Record{Seq: c.Version + 1, At: now, By: by, Event: e}
		if now.Before(c.UpdatedAt) {
			r.At, r.Clock = c.UpdatedAt, now
		}
		c.evolve(&r)
		records[i] = r
	}
	return c, records
}

// enter puts the conversation into a state, held by agent where the state has a
// holder. A running snooze ends, and silence starts anew at zero; the place in
// the queue stays if it was in the state before.
func (c *Conversation) enter(s State, agent string, now time.Time) {
	if c.State != s {
		c.Cycle.leave(c.State, c.Since, now)
		c.Cycle.enter(s, c.Courtesy.Pending(), now)
		c.Since = now
	}
	if c.Agent != agent && c.Agent != "" {
		c.PreviousAgent = c.Agent
	}
	c.State, c.Agent = s, agent
	c.AwaySince, c.WaitReason = time.Time{}, ""
	c.Snooze = nil
	c.Silence = Silence{}
	if s != StateSnoozed && s != StateClosed {
		c.Silence.Since = now
	}
}

func heldOrWaiting(agent string) State {
	if agent == "" {
		return StateWaiting
	}
	return StateAssigned
}

func (c *Conversation) transfer(e Transferred, now time.Time) {
	if e.Group != "" {
		c.Group = e.Group
	}
	c.enter(heldOrWaiting(e.Agent), e.Agent, now)
	c.away(e.Unavailable, now)
	if e.Agent == "" && e.From != "" {
		c.WaitReason = WaitGivenUp
	}
}

// away notes that the agent who got it is not available.
func (c *Conversation) away(unavailable bool, now time.Time) {
	if unavailable {
		c.AwaySince = now
	}
}

// hear takes in a message.
func (c *Conversation) hear(r *Record, e Said) {
	now := r.Now()
	from := speaker(r.By)
	if from == idle.Responder {
		c.unread(r.Seq)
	}
	if e.Automatic {
		return
	}
	c.LastSpeaker, c.LastMessageAt = from, now
	if from == idle.Visitor {
		c.LastVisitorMessage = r.Seq
		c.FollowUps = 0
		c.ask(now)
	} else {
		c.UnansweredSince = time.Time{}
	}
	c.mark(r.By, e.Marks, now)
	switch c.State {
	case StateBot, StateWaiting, StateAssigned:
		c.Silence = Silence{Since: now}
	case StateSnoozed:
		if c.Snooze != nil { // the state may come from an event of a later version
			asleep := *c.Snooze
			asleep.Unread = from == idle.Visitor
			c.Snooze = &asleep
		}
	}
}

// ask notes that the visitor waits for an answer, since now if not before.
func (c *Conversation) ask(now time.Time) {
	if c.UnansweredSince.IsZero() {
		c.UnansweredSince = now
	}
}

func (c *Conversation) unread(seq Version) {
	c.Unread = append(slices.Clip(c.Unread), seq)
	c.Unread = c.Unread[max(0, len(c.Unread)-MaxUnread):]
}

func (c *Conversation) read(upTo Version) {
	i, _ := slices.BinarySearch(c.Unread, upTo+1)
	c.Unread = slices.Clone(c.Unread[i:])
	if len(c.Unread) == 0 {
		c.Unread, c.EmailRequested = nil, false
	}
}
