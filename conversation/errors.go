package conversation

import (
	"errors"
	"fmt"

	"github.com/adjourn/adjourn/closure"
)

// Why a command was refused. Every [*RefusedError] wraps exactly one of them.
var (
	// ErrNotPossible: no one can do this in the conversation's state.
	ErrNotPossible = errors.New("not possible in this state")
	// ErrNotFound: the conversation does not exist.
	ErrNotFound = errors.New("no such conversation")
	// ErrForbidden: others may, this actor may not.
	ErrForbidden = errors.New("not allowed for this actor")
	// ErrHeld: the actor could do it if they had the conversation, but somebody
	// else has it; Holder says who.
	ErrHeld = errors.New("held by somebody else")
	// ErrExists: a conversation with this ID was opened before.
	ErrExists = errors.New("the conversation exists already")
	// ErrNoBot: the policy has no bot to hand back to.
	ErrNoBot = errors.New("there is no bot")
	// ErrAlreadyClosed: it is closed; Closing says by whom and how.
	ErrAlreadyClosed = errors.New("already closed")
	// ErrWindowOver: it was closed longer ago than the reopen window. The
	// visitor's message belongs in a new conversation.
	ErrWindowOver = errors.New("closed for longer than the reopen window")
	// ErrAgentGone: the agent has been removed, or is not known where
	// [Policy].KnownAgentsOnly.
	ErrAgentGone = errors.New("there is no such agent")
	// ErrAgentFull: the agent has as many conversations as they have seats.
	ErrAgentFull = errors.New("the agent has no seat left")
	// ErrAgentUnavailable: the agent takes no new conversations.
	ErrAgentUnavailable = errors.New("the agent is not available")
	// ErrBlocked: the visitor is blocked.
	ErrBlocked = errors.New("the visitor is blocked")
	// ErrStale: something that matters happened after the version that the
	// request was decided on; Since says at which version.
	ErrStale = errors.New("decided on an old version")
	// ErrTooManyArticles: the conversation has [MaxArticles] linked.
	ErrTooManyArticles = errors.New("too many articles are linked")
	// ErrFormIncomplete: fields that [Policy].Required names are empty; Missing
	// says which.
	ErrFormIncomplete = errors.New("required fields are empty")
	// ErrDiscourteous: the courtesy guard is against closing now; Advice says what
	// to do first. Where the guard only warns, [Close].Acknowledged closes all the
	// same.
	ErrDiscourteous = errors.New("the visitor should have the last word")
	// ErrNoSurvey: the closing has no survey, or was followed by [MaxEarlier]
	// others whose surveys are open, or by another after its survey was over; or no
	// closing was named, and several have open surveys.
	ErrNoSurvey = errors.New("there is no such survey")
	// ErrSurveyAnswered: the survey was answered before; the first answer stands.
	ErrSurveyAnswered = errors.New("the survey is answered already")
	// ErrSurveyOver: the survey could be answered until an instant that has
	// passed.
	ErrSurveyOver = errors.New("the survey is over")
	// ErrHistoryFull: the journal has [MaxHistory] events. The conversation can
	// only end.
	ErrHistoryFull = errors.New("the history is full")
)

var refusalCodes = map[error]string{
	ErrNotPossible:      "not_possible",
	ErrNotFound:         "not_found",
	ErrForbidden:        "forbidden",
	ErrHeld:             "held",
	ErrExists:           "exists",
	ErrNoBot:            "no_bot",
	ErrAlreadyClosed:    "already_closed",
	ErrWindowOver:       "window_over",
	ErrAgentGone:        "agent_gone",
	ErrAgentFull:        "agent_full",
	ErrAgentUnavailable: "agent_unavailable",
	ErrBlocked:          "blocked",
	ErrStale:            "stale",
	ErrTooManyArticles:  "too_many_articles",
	ErrFormIncomplete:   "form_incomplete",
	ErrDiscourteous:     "discourteous",
	ErrNoSurvey:         "no_survey",
	ErrSurveyAnswered:   "survey_answered",
	ErrSurveyOver:       "survey_over",
	ErrHistoryFull:      "history_full",
}

// ErrInvalid is matched by every [*InvalidError].
var ErrInvalid = errors.New("invalid input")

// A RefusedError is the normal "no" to a command. Nothing was changed.
type RefusedError struct {
	Command CommandName
	State   State
	By      Actor
	Why     error         // one of the sentinels above
	Allowed []CommandName // what By may do instead, now

	Holder  string   // with ErrHeld: the agent who has it, or empty for the bot and the queue
	Closing *Closing // in StateClosed: how it was closed
	Since   Version  // with ErrStale: the version that the request had not seen

	Missing []closure.Field // with ErrFormIncomplete: what to fill in
	Advice  *closure.Advice // with ErrDiscourteous: what to do first
}

// Error names what was refused, to whom, in which state, why, and what is
// allowed.
func (e *RefusedError) Error() string {
	state := e.State
	if state == StateNone {
		state = "none"
	}
	return fmt.Sprintf("conversation: %s by %s refused in state %s: %v%s; allowed: %v",
		e.Command, e.By, state, e.Why, e.detail(), e.Allowed)
}

func (e *RefusedError) detail() string {
	switch {
	case e.Holder != "":
		return " (agent " + e.Holder + ")"
	case e.Closing != nil:
		return fmt.Sprintf(" (by %s as %s, cause %s)", e.Closing.By, e.Closing.Outcome, e.Closing.Cause)
	case len(e.Missing) > 0:
		return fmt.Sprintf(" %v", e.Missing)
	case e.Advice != nil:
		return fmt.Sprintf(" (it would be %s; first: %s)", e.Advice.Grade, e.Advice.Next)
	case e.Since != 0:
		return fmt.Sprintf(" (version %d came later)", e.Since)
	}
	return ""
}

// Code returns the reason as a word for programs, such as "already_closed": the
// name of the sentinel. Codes never change.
func (e *RefusedError) Code() string { return refusalCodes[e.Why] }

// Unwrap returns Why.
func (e *RefusedError) Unwrap() error { return e.Why }

// An InvalidError says which field of the input broke which rule. Nothing was
// changed. It never repeats a text, a name or an ID.
type InvalidError struct {
	Field string
	Rule  string
	Err   error // the cause from another package, or nil
}

// Error names field and rule.
func (e *InvalidError) Error() string {
	return "conversation: invalid " + e.Field + ": " + e.Rule
}

// Is reports whether target is [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// Unwrap returns Err.
func (e *InvalidError) Unwrap() error { return e.Err }
