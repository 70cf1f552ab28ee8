package conversation

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// A State says who has a conversation.
type State string

// The states. The values are stored: never change one.
const (
	StateNone     State = ""         // it does not exist yet
	StateBot      State = "bot"      // the bot has it
	StateWaiting  State = "waiting"  // it waits for a person; nobody has it
	StateAssigned State = "assigned" // an agent has it
	StateSnoozed  State = "snoozed"  // put aside; an agent keeps it, but it takes no seat
	StateClosed   State = "closed"   // it ended, with an outcome
)

// States returns the five states of a conversation that exists.
func States() []State {
	return []State{StateBot, StateWaiting, StateAssigned, StateSnoozed, StateClosed}
}

// A Version counts the events of a conversation: it is the sequence number of
// the last one. Zero means that the conversation does not exist.
type Version int64

// A Conversation is everything that [Decide] needs to know about one
// conversation: what its journal of events amounts to. It is a plain value;
// only [Evolve] makes new ones. Free text is not part of it.
type Conversation struct {
	Workspace string  `json:"workspace"`
	ID        string  `json:"id"`
	Version   Version `json:"version"`
	State     State   `json:"state"`

	Visitor  string `json:"visitor"`
	Group    string `json:"group,omitempty"`    // the agents it is meant for; empty: any
	Previous string `json:"previous,omitempty"` // the conversation it continues

	// Agent holds the conversation in StateAssigned and keeps it in
	// StateSnoozed; empty in every other state.
	Agent string `json:"agent,omitempty"`

	// AwaySince is since when Agent has it and is unavailable, as far as the
	// conversation was told; zero if they are available.
	AwaySince time.Time `json:"away_since,omitzero"`

	// PreviousAgent is who last lost it: Agent themselves, if they got it back. A
	// hand-back clears it, because who handed back has no hold on it.
	PreviousAgent string `json:"previous_agent,omitempty"`

	// WaitReason is why it waits, if an agent lost it; empty in every other
	// state than StateWaiting.
	WaitReason WaitReason `json:"wait_reason,omitempty"`

	OpenedAt time.Time `json:"opened_at"`
	Since    time.Time `json:"since"` // when it entered its State: in StateWaiting, its place in the queue

	// UpdatedAt is the time of the last record in the journal.
	UpdatedAt time.Time `json:"updated_at"`

	// LastSpeaker wrote the last message that was not automatic, at
	// LastMessageAt.
	LastSpeaker   idle.Speaker `json:"last_speaker,omitempty"`
	LastMessageAt time.Time    `json:"last_message_at,omitzero"`

	// UnansweredSince is when the visitor wrote, or asked for a person, without
	// having got an answer since; zero if nothing is open. A hand-back clears
	// it, because the bot answers only what comes next, and so does a closing.
	UnansweredSince time.Time `json:"unanswered_since,omitzero"`

	// LastVisitorMessage and LastHandover are the versions at which the visitor
	// last wrote and the conversation last changed hands: what a command "as
	// of" an older version has not seen.
	LastVisitorMessage Version `json:"last_visitor_message,omitempty"`
	LastHandover       Version `json:"last_handover,omitempty"`

	Silence   Silence `json:"silence"`
	FollowUps int     `json:"follow_ups,omitempty"` // sent by the idle ladder since the visitor last wrote

	Snooze *SnoozeState `json:"snooze,omitempty"` // set in StateSnoozed only

	// Closing is the last closing, also after a reopening; nil before the
	// first. FirstClosedAt is kept over reopenings.
	Closing       *Closing  `json:"closing,omitempty"`
	FirstClosedAt time.Time `json:"first_closed_at,omitzero"`

	// Earlier are closings before that whose surveys were not over when it was
	// closed again, at most [MaxEarlier], the oldest first.
	Earlier []Closing `json:"earlier,omitempty"`

	// Cycle is what reports want to know of the time since it was opened or
	// reopened; the zero Cycle in StateClosed.
	Cycle Cycle `json:"cycle,omitzero"`

	// Courtesy is how far the goodbye has come; the zero value in StateClosed.
	Courtesy closure.Courtesy `json:"courtesy,omitzero"`

	Blocked bool      `json:"blocked,omitempty"` // nothing the visitor writes is accepted
	Unread  []Version `json:"unread,omitempty"`  // the last answers that the visitor has not read, at most MaxUnread

	// EmailRequested: the host was asked to write an e-mail since the visitor
	// last had read everything.
	EmailRequested bool `json:"email_requested,omitempty"`

	Articles []string `json:"articles,omitempty"` // knowledge base articles linked to it, in order
}

// Silence is how far the idle ladder of the present state has come. A ladder
// that is shortened to fewer steps has come to its end.
type Silence struct {
	Step  int       `json:"step,omitempty"` // the next step, counted from zero
	Since time.Time `json:"since,omitzero"` // what the wait before that step is counted from

	// Informed: a follow-up went to the visitor in this silence.
	Informed bool `json:"informed,omitempty"`
}

// SnoozeState is the running snooze of a conversation.
type SnoozeState struct {
	snooze.Deadline
	AtEnd   snooze.AtEnd   `json:"at_end"`
	OnReply snooze.OnReply `json:"on_reply"`
	Unread  bool           `json:"unread,omitempty"` // the visitor wrote, it stayed asleep, and nobody answered
}

// A Closing is one ending of a conversation, with the latest decision about it.
type Closing struct {
	Number  int             `json:"number"` // counted from one
	Outcome closure.Outcome `json:"outcome"`
	Reason  closure.Reason  `json:"reason,omitempty"`
	Cause   closure.Cause   `json:"cause"`
	By      Actor           `json:"by"`
	Agent   string          `json:"agent,omitempty"` // who held it when it was closed
	Group   string          `json:"group,omitempty"` // whose it was then
	At      time.Time       `json:"at"`

	// The form, but for the notes, which are in the journal.
	Sentiment closure.Sentiment `json:"sentiment,omitempty"`
	Tags      []string          `json:"tags,omitempty"`    // ascending
	Tickets   []string          `json:"tickets,omitempty"` // in the order given
	Noted     bool              `json:"noted,omitempty"`   // it came with notes

	Articles []string `json:"articles,omitempty"` // linked when it was reopened; none before

	Grade      closure.Grade `json:"grade,omitempty"` // empty: no person closed it
	Cycle      Cycle         `json:"cycle"`           // that it ended
	ReopenedAt time.Time     `json:"reopened_at,omitzero"`
	Survey     *Survey       `json:"survey,omitempty"` // nil: none was offered
}

// A Survey asks the visitor how satisfied they are with what a closing ended.
type Survey struct {
	OfferedAt  time.Time `json:"offered_at"`
	Until      time.Time `json:"until"` // answers come before it
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	Rating     int       `json:"rating,omitempty"` // 1 to MaxRating; zero: not answered
}

// An Answerer is who must answer the visitor now.
type Answerer string

// The answerers.
const (
	AnswerNobody Answerer = ""      // nothing is open, or it sleeps, or it is closed
	AnswerBot    Answerer = "bot"   // the bot
	AnswerAgent  Answerer = "agent" // the agent who holds it
	AnswerQueue  Answerer = "queue" // a person, as soon as one takes it
)

// MustAnswer returns who must answer the visitor now.
func (c Conversation) MustAnswer() Answerer {
	switch {
	case c.State == StateWaiting:
		return AnswerQueue
	case c.UnansweredSince.IsZero():
		return AnswerNobody
	case c.State == StateBot:
		return AnswerBot
	case c.State == StateAssigned:
		return AnswerAgent
	}
	return AnswerNobody
}

// Open reports whether the conversation exists and is not closed.
func (c Conversation) Open() bool { return c.State != StateNone && c.State != StateClosed }
