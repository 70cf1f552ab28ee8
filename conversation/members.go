package conversation

import (
	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// The members of everything that is stored, in order: they say once more, for a
// [stream], what the tags of the structs say. A test compares the two.

func (s *stream) conversation(c *Conversation) {
	s.literal(head)
	if s.begin("data", true) {
		c.members(s)
		s.end()
	}
	s.end()
}

// record leaves room for what a host wants to see besides, and the end.
func (s *stream) record(r *Record) {
	s.literal(head)
	number(s, "seq", &r.Seq, always)
	instant(s, "at", &r.At, always)
	instant(s, "clock", &r.Clock, omitzero)
	if s.begin("by", true) {
		r.By.members(s)
		s.end()
	}
	name := EventName(r.Event)
	code(s, "type", &name, always)
	if s.reading {
		r.Event = eventTypes[name]
	}
	if !s.begin("data", true) {
		s.fail()
		return
	}
	r.Event = event(s, r.Event)
	s.end()
}

func (c *Conversation) members(s *stream) {
	text(s, "workspace", &c.Workspace, always)
	text(s, "id", &c.ID, always)
	number(s, "version", &c.Version, always)
	code(s, "state", &c.State, always)
	text(s, "visitor", &c.Visitor, always)
	text(s, "group", &c.Group, omitempty)
	text(s, "previous", &c.Previous, omitempty)
	text(s, "agent", &c.Agent, omitempty)
	instant(s, "away_since", &c.AwaySince, omitzero)
	text(s, "previous_agent", &c.PreviousAgent, omitempty)
	code(s, "wait_reason", &c.WaitReason, omitempty)
	instant(s, "opened_at", &c.OpenedAt, always)
	instant(s, "since", &c.Since, always)
	instant(s, "updated_at", &c.UpdatedAt, always)
	code(s, "last_speaker", &c.LastSpeaker, omitempty)
	instant(s, "last_message_at", &c.LastMessageAt, omitzero)
	instant(s, "unanswered_since", &c.UnansweredSince, omitzero)
	number(s, "last_visitor_message", &c.LastVisitorMessage, omitempty)
	number(s, "last_handover", &c.LastHandover, omitempty)
	if s.begin("silence", true) {
		c.Silence.members(s)
		s.end()
	}
	number(s, "follow_ups", &c.FollowUps, omitempty)
	if s.begin("snooze", c.Snooze != nil) {
		target(s, &c.Snooze).members(s)
		s.end()
	}
	if s.begin("closing", c.Closing != nil) {
		target(s, &c.Closing).members(s)
		s.end()
	}
	instant(s, "first_closed_at", &c.FirstClosedAt, omitzero)
	if s.member("earlier", len(c.Earlier) > 0) {
		for i := 0; element(s, &c.Earlier, i); i++ {
			s.literal("{")
			c.Earlier[i].members(s)
			s.end()
		}
	}
	if s.begin("cycle", c.Cycle != Cycle{}) {
		c.Cycle.members(s)
		s.end()
	}
	if s.begin("courtesy", c.Courtesy != closure.Courtesy{}) {
		courtesy(s, &c.Courtesy)
		s.end()
	}
	flag(s, "blocked", &c.Blocked)
	numbers(s, "unread", &c.Unread)
	flag(s, "email_requested", &c.EmailRequested)
	texts(s, "articles", &c.Articles)
}

func (v *Silence) members(s *stream) {
	number(s, "step", &v.Step, omitempty)
	instant(s, "since", &v.Since, omitzero)
	flag(s, "informed", &v.Informed)
}

func (v *SnoozeState) members(s *stream) {
	deadline(s, &v.Deadline)
	code(s, "at_end", &v.AtEnd, always)
	code(s, "on_reply", &v.OnReply, always)
	flag(s, "unread", &v.Unread)
}

func deadline(s *stream, v *snooze.Deadline) {
	instant(s, "at", &v.At, omitzero)
	text(s, "local", &v.Local, omitempty)
	text(s, "zone", &v.Zone, omitempty)
}

func (of *Closing) members(s *stream) {
	number(s, "number", &of.Number, always)
	code(s, "outcome", &of.Outcome, always)
	code(s, "reason", &of.Reason, omitempty)
	code(s, "cause", &of.Cause, always)
	if s.begin("by", true) {
		of.By.members(s)
		s.end()
	}
	text(s, "agent", &of.Agent, omitempty)
	text(s, "group", &of.Group, omitempty)
	instant(s, "at", &of.At, always)
	code(s, "sentiment", &of.Sentiment, omitempty)
	texts(s, "tags", &of.Tags)
	texts(s, "tickets", &of.Tickets)
	flag(s, "noted", &of.Noted)
	texts(s, "articles", &of.Articles)
	code(s, "grade", &of.Grade, omitempty)
	if s.begin("cycle", true) {
		of.Cycle.members(s)
		s.end()
	}
	instant(s, "reopened_at", &of.ReopenedAt, omitzero)
	if s.begin("survey", of.Survey != nil) {
		target(s, &of.Survey).members(s)
		s.end()
	}
}

func (v *Survey) members(s *stream) {
	instant(s, "offered_at", &v.OfferedAt, always)
	instant(s, "until", &v.Until, always)
	instant(s, "answered_at", &v.AnsweredAt, omitzero)
	number(s, "rating", &v.Rating, omitempty)
}

func (c *Cycle) members(s *stream) {
	instant(s, "since", &c.Since, always)
	number(s, "in_bot", &c.InBot, omitempty)
	number(s, "in_waiting", &c.InWaiting, omitempty)
	number(s, "in_assigned", &c.InAssigned, omitempty)
	number(s, "in_snoozed", &c.InSnoozed, omitempty)
	flag(s, "had_bot", &c.HadBot)
	instant(s, "to_people_at", &c.ToPeopleAt, omitzero)
	flag(s, "person_wrote", &c.PersonWrote)
	number(s, "first_response", &c.FirstResponse, omitempty)
	number(s, "courtesy_wait", &c.CourtesyWait, omitempty)
	instant(s, "asked_since", &c.AskedSince, omitzero)
	number(s, "snoozes", &c.Snoozes, omitempty)
	number(s, "prompts", &c.Prompts, omitempty)
	number(s, "follow_ups", &c.FollowUps, omitempty)
}

func courtesy(s *stream, v *closure.Courtesy) {
	instant(s, "asked_at", &v.AskedAt, omitzero)
	instant(s, "active_at", &v.ActiveAt, omitzero)
	flag(s, "answered", &v.Answered)
	flag(s, "farewell", &v.Farewell)
	flag(s, "open", &v.Open)
}

func (a *Actor) members(s *stream) {
	code(s, "kind", &a.Kind, always)
	text(s, "id", &a.ID, omitempty)
}

// event writes the members of an event, or reads those of one of its type. It
// returns the event that has them.
func event(s *stream, e Event) Event {
	switch e := e.(type) {
	case Opened:
		text(s, "visitor", &e.Visitor, always)
		text(s, "group", &e.Group, omitempty)
		text(s, "previous", &e.Previous, omitempty)
		code(s, "to", &e.To, always)
		text(s, "previous_agent", &e.PreviousAgent, omitempty)
		flag(s, "agent_requested", &e.AgentRequested)
		return e
	case Said:
		flag(s, "automatic", &e.Automatic)
		codes(s, "marks", &e.Marks)
		return e
	case AgentRequested:
		text(s, "group", &e.Group, omitempty)
		return e
	case Taken:
		text(s, "from", &e.From, omitempty)
		return e
	case Assigned:
		text(s, "agent", &e.Agent, always)
		text(s, "from", &e.From, omitempty)
		return e
	case HandedBack:
		text(s, "agent", &e.Agent, omitempty)
		return e
	case Transferred:
		text(s, "from", &e.From, omitempty)
		text(s, "agent", &e.Agent, omitempty)
		text(s, "group", &e.Group, omitempty)
		flag(s, "unavailable", &e.Unavailable)
		return e
	case Requeued:
		text(s, "from", &e.From, omitempty)
		code(s, "reason", &e.Reason, omitempty)
		return e
	case Regrouped:
		text(s, "from", &e.From, omitempty)
		text(s, "group", &e.Group, omitempty)
		return e
	case AssigneeLeft:
		instant(s, "since", &e.Since, always)
		return e
	case Snoozed:
		deadline(s, &e.Deadline)
		code(s, "at_end", &e.AtEnd, always)
		code(s, "on_reply", &e.OnReply, always)
		return e
	case Woken:
		code(s, "cause", &e.Cause, always)
		number(s, "late", &e.Late, omitempty)
		text(s, "agent", &e.Agent, omitempty)
		code(s, "reason", &e.Reason, omitempty)
		flag(s, "unavailable", &e.Unavailable)
		return e
	case Closed:
		number(s, "number", &e.Number, always)
		code(s, "outcome", &e.Outcome, always)
		code(s, "reason", &e.Reason, omitempty)
		code(s, "cause", &e.Cause, always)
		text(s, "agent", &e.Agent, omitempty)
		form(s, &e.Form)
		flag(s, "noted", &e.Noted)
		code(s, "grade", &e.Grade, omitempty)
		flag(s, "acknowledged", &e.Acknowledged)
		return e
	case Reclassified:
		number(s, "number", &e.Number, always)
		code(s, "outcome", &e.Outcome, always)
		code(s, "reason", &e.Reason, omitempty)
		if s.begin("form", e.Form != nil) {
			form(s, target(s, &e.Form))
			s.end()
		}
		flag(s, "noted", &e.Noted)
		code(s, "old_outcome", &e.OldOutcome, always)
		code(s, "old_reason", &e.OldReason, omitempty)
		return e
	case SurveyOffered:
		number(s, "number", &e.Number, always)
		instant(s, "until", &e.Until, always)
		return e
	case SurveyAnswered:
		number(s, "number", &e.Number, always)
		number(s, "rating", &e.Rating, always)
		return e
	case Reopened:
		number(s, "number", &e.Number, always)
		code(s, "to", &e.To, always)
		text(s, "agent", &e.Agent, omitempty)
		code(s, "reason", &e.Reason, omitempty)
		return e
	case MarkedRead:
		number(s, "up_to", &e.UpTo, always)
		return e
	case ArticleLinked:
		text(s, "article", &e.Article, always)
		return e
	case Prompted:
		number(s, "step", &e.Step, always)
		text(s, "text", &e.Text, always)
		text(s, "phrase", &e.Phrase, omitempty)
		return e
	case FollowedUp:
		number(s, "step", &e.Step, always)
		text(s, "text", &e.Text, always)
		return e
	case AssigneeReturned, EmailRequested, Typed, NoteAdded, Blocked, Unblocked:
		return e
	}
	s.fail()
	return e
}

// form has no notes: they are stored apart.
func form(s *stream, f *closure.Form) {
	code(s, "sentiment", &f.Sentiment, omitempty)
	texts(s, "tags", &f.Tags)
	texts(s, "tickets", &f.Tickets)
}

// knownCodes are those that are stored.
var knownCodes = func() map[string]string {
	known := map[string]string{}
	for name := range eventTypes {
		known[name] = name
	}
	know(known, States()...)
	know(known, waitReasons...)
	know(known, ActorKinds()...)
	know(known, WokenByTimer, WokenByVisitor, WokenByAgent)
	know(known, idle.Visitor, idle.Responder)
	know(known, snooze.Keep, snooze.Release)
	know(known, snooze.Wake, snooze.StayAsleep)
	know(known, closure.Outcomes()...)
	know(known, closure.Reasons()...)
	know(known, closure.Causes()...)
	know(known, closure.Sentiments()...)
	know(known, closure.Grades()...)
	know(known, closure.Marks()...)
	return known
}()

func know[S ~string](known map[string]string, codes ...S) {
	for _, c := range codes {
		known[string(c)] = string(c)
	}
}
