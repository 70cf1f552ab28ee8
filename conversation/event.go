package conversation

import (
	"encoding/json"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// An Event is a fact in the life of a conversation. The events of this file are
// all there are. Who did it and when stands in the [Record] around it.
//
// An event carries codes and arguments, never text for people: system notes are
// rendered from it. The text of a message or note is carried in memory only and
// stored apart, so that it can be erased while the journal stays whole.
//
//sumtype:decl
type Event interface{ event() }

// A Record is an event with its place in the journal of a conversation.
type Record struct {
	Seq Version   // counted from one, without gaps
	At  time.Time // never before the record before it

	// Clock is what the clock said, if it had stepped back behind the record
	// before; otherwise zero. Deadlines run from [Record.Now].
	Clock time.Time

	By    Actor
	Event Event

	// Erased: the event had a text, which was erased. It is not part of the
	// stored record; whoever reads the journal sets it.
	Erased bool
}

// Now returns what the clock said when the event was decided.
func (r Record) Now() time.Time {
	if r.Clock.IsZero() {
		return r.At
	}
	return r.Clock
}

// Opened: the conversation began.
type Opened struct {
	Visitor  string `json:"visitor"`
	Group    string `json:"group,omitempty"`
	Previous string `json:"previous,omitempty"`
	To       State  `json:"to"` // StateBot or StateWaiting

	// PreviousAgent had the conversation that it continues.
	PreviousAgent string `json:"previous_agent,omitempty"`

	// AgentRequested: it was opened by asking for a person.
	AgentRequested bool `json:"agent_requested,omitempty"`
}

// Said: somebody wrote a message.
type Said struct {
	Automatic bool           `json:"automatic,omitempty"`
	Marks     []closure.Mark `json:"marks,omitempty"` // what it means for the goodbye
	Text      string         `json:"-"`               // stored apart
}

// AgentRequested: a person was asked for.
type AgentRequested struct {
	Group string `json:"group,omitempty"`
}

// Taken: the actor took the conversation from the bot, the queue, or From.
type Taken struct {
	From string `json:"from,omitempty"`
}

// Assigned: the conversation was given to Agent.
type Assigned struct {
	Agent string `json:"agent"`
	From  string `json:"from,omitempty"`
}

// HandedBack: Agent, if anybody held it, left it to the bot.
type HandedBack struct {
	Agent string `json:"agent,omitempty"`
}

// Transferred: From passed the conversation to Agent, or to Group's queue.
type Transferred struct {
	From  string `json:"from,omitempty"`
	Agent string `json:"agent,omitempty"`
	Group string `json:"group,omitempty"`

	// Unavailable: Agent was not available then.
	Unavailable bool `json:"unavailable,omitempty"`
}

// Requeued: the conversation went back to the queue; From held it. By a visitor,
// it went there because the bot that had it is gone.
type Requeued struct {
	From string `json:"from,omitempty"`

	// Reason is why From lost it, if it did not give it away: [WaitUnavailable]
	// where nobody answered for [Policy].ReassignAfter.
	Reason WaitReason `json:"reason,omitempty"`
}

// Regrouped: it moved from the group From to Group, either of them empty for
// none.
type Regrouped struct {
	From  string `json:"from,omitempty"`
	Group string `json:"group,omitempty"`
}

// AssigneeLeft: the agent who has it is unavailable since an instant.
type AssigneeLeft struct {
	Since time.Time `json:"since"`
}

// AssigneeReturned: the agent who has it is available again.
type AssigneeReturned struct{}

// Snoozed: the agent put it aside, or moved the deadline.
type Snoozed struct {
	snooze.Deadline
	AtEnd   snooze.AtEnd   `json:"at_end"`
	OnReply snooze.OnReply `json:"on_reply"`
}

// A WakeCause says what ended a snooze.
type WakeCause string

// The wake causes. The values are stored: never change one.
const (
	WokenByTimer   WakeCause = "timer"
	WokenByVisitor WakeCause = "visitor"
	WokenByAgent   WakeCause = "agent" // the keeper or a supervisor
)

// Woken: the snooze ended by itself, by the visitor, or early by an agent.
type Woken struct {
	Cause WakeCause     `json:"cause"`
	Late  time.Duration `json:"late,omitempty"` // how long after the deadline a timer woke it, in nanoseconds

	// Agent got it back, or is empty and it waits for Reason.
	Agent  string     `json:"agent,omitempty"`
	Reason WaitReason `json:"reason,omitempty"`

	// Unavailable: Agent woke it without being available.
	Unavailable bool `json:"unavailable,omitempty"`
}

// A WaitReason says why a conversation left, or did not go back to, the agent who
// had it.
type WaitReason string

// The wait reasons. The values are stored: never change one. Those that say what
// speaks against an agent are the values of [Readiness] too.
const (
	WaitUnavailable WaitReason = "unavailable"
	WaitFull        WaitReason = "full"
	WaitLeftGroup   WaitReason = "left_group"
	WaitRemoved     WaitReason = "removed"
	WaitUnknown     WaitReason = "unknown"
	WaitReleased    WaitReason = "released"   // the snooze was not to be kept
	WaitGivenUp     WaitReason = "given_up"   // the agent put it back, or passed it to a group, or nobody wrote
	WaitLoggedOut   WaitReason = "logged_out" // the agent was logged out by force
)

// Closed: the conversation ended. Agent held it.
type Closed struct {
	Number  int             `json:"number"`
	Outcome closure.Outcome `json:"outcome"`
	Reason  closure.Reason  `json:"reason,omitempty"`
	Cause   closure.Cause   `json:"cause"`
	Agent   string          `json:"agent,omitempty"`

	// Form is what was filled in: tags ascending, and the notes stored apart.
	closure.Form

	Noted bool          `json:"noted,omitempty"` // there were notes
	Grade closure.Grade `json:"grade,omitempty"` // of a closing by a person

	// Acknowledged: the agent had seen the guard's advice, and closed all the
	// same.
	Acknowledged bool `json:"acknowledged,omitempty"`
}

// Reclassified: the decision about closing Number was replaced.
type Reclassified struct {
	Number  int             `json:"number"`
	Outcome closure.Outcome `json:"outcome"`
	Reason  closure.Reason  `json:"reason,omitempty"`

	// Form replaced the form as a whole, tags ascending, and the notes stored
	// apart; nil: it stayed.
	Form  *closure.Form `json:"form,omitempty"`
	Noted bool          `json:"noted,omitempty"` // the new form has notes

	OldOutcome closure.Outcome `json:"old_outcome"`
	OldReason  closure.Reason  `json:"old_reason,omitempty"`
}

// SurveyOffered: the visitor is asked how satisfied they are with what closing
// Number ended, and can answer before Until.
type SurveyOffered struct {
	Number int       `json:"number"`
	Until  time.Time `json:"until"`
}

// SurveyAnswered: the visitor answered the survey about closing Number.
type SurveyAnswered struct {
	Number  int    `json:"number"`
	Rating  int    `json:"rating"` // 1, the least satisfied, to [MaxRating]
	Comment string `json:"-"`      // stored apart
}

// Reopened: the conversation was opened again after closing Number. Agent has
// it in StateAssigned; Reason says why a previous agent did not get it.
type Reopened struct {
	Number int        `json:"number"`
	To     State      `json:"to"`
	Agent  string     `json:"agent,omitempty"`
	Reason WaitReason `json:"reason,omitempty"`
}

// EmailRequested: the visitor is not on the site and has unread answers. The host
// is to write an e-mail. There is one for each stretch of unread answers.
type EmailRequested struct{}

// Typed: the visitor was writing.
type Typed struct{}

// MarkedRead: the visitor read the answers up to a version.
type MarkedRead struct {
	UpTo Version `json:"up_to"`
}

// NoteAdded: somebody wrote a note for agents.
type NoteAdded struct {
	Text string `json:"-"` // stored apart
}

// ArticleLinked: a knowledge base article was linked.
type ArticleLinked struct {
	Article string `json:"article"`
}

// Blocked: nothing more is accepted from the visitor.
type Blocked struct{}

// Unblocked: the block was lifted.
type Unblocked struct{}

// Prompted: the idle ladder told the agent something, in private. The texts are
// the policy's own, kept because they are what was shown.
type Prompted struct {
	Step   int    `json:"step"` // counted from zero
	Text   string `json:"text"`
	Phrase string `json:"phrase,omitempty"`
}

// FollowedUp: the idle ladder wrote to the visitor. The text is the policy's
// own.
type FollowedUp struct {
	Step int    `json:"step"` // counted from zero
	Text string `json:"text"`
}

// Unknown stands for an event that this version of the library does not know.
// It is kept as it is and changes nothing.
type Unknown struct {
	Name string
	Data json.RawMessage
}

func (Opened) event()           {}
func (Said) event()             {}
func (AgentRequested) event()   {}
func (Taken) event()            {}
func (Assigned) event()         {}
func (HandedBack) event()       {}
func (Transferred) event()      {}
func (Requeued) event()         {}
func (Snoozed) event()          {}
func (Woken) event()            {}
func (Closed) event()           {}
func (Reclassified) event()     {}
func (SurveyOffered) event()    {}
func (SurveyAnswered) event()   {}
func (Reopened) event()         {}
func (Regrouped) event()        {}
func (AssigneeLeft) event()     {}
func (AssigneeReturned) event() {}
func (EmailRequested) event()   {}
func (Typed) event()            {}
func (MarkedRead) event()       {}
func (NoteAdded) event()        {}
func (ArticleLinked) event()    {}
func (Blocked) event()          {}
func (Unblocked) event()        {}
func (Prompted) event()         {}
func (FollowedUp) event()       {}
func (Unknown) event()          {}

// VisibleToVisitor reports whether the event belongs in the visitor's view:
// messages, follow-ups and offers of surveys do, everything else is for agents
// only.
func VisibleToVisitor(e Event) bool {
	switch e.(type) {
	case Said, FollowedUp, SurveyOffered:
		return true
	}
	return false
}

// speaker returns the side that by speaks for.
func speaker(by Actor) idle.Speaker {
	if by.Kind == KindVisitor {
		return idle.Visitor
	}
	return idle.Responder
}
