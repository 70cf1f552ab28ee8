package closure

import (
	"errors"
	"fmt"
	"slices"
)

// An Outcome says whether a closed conversation gave the customer what they
// needed. The zero value is no outcome, which no closing may have.
type Outcome string

// The outcomes. The values are stored: never change one.
const (
	Resolved   Outcome = "resolved"   // the customer got the answer, or the issue was handled
	Unresolved Outcome = "unresolved" // it ended without a satisfactory result
)

// Outcomes returns every outcome, in the order a dialog would list them.
func Outcomes() []Outcome { return []Outcome{Resolved, Unresolved} }

// A Reason says why a conversation ended unresolved. The zero value is no
// reason given, which is always allowed.
type Reason string

// The reasons. The values are stored: never change one.
const (
	ReasonVisitorLeft      Reason = "visitor_left"      // the visitor left before it was settled
	ReasonContactElsewhere Reason = "contact_elsewhere" // the matter needs contact outside the chat
	ReasonMissingKnowledge Reason = "missing_knowledge" // the knowledge base did not have the answer
	ReasonOther            Reason = "other"
)

// Reasons returns every reason, in the order a dialog would list them.
func Reasons() []Reason {
	return []Reason{ReasonVisitorLeft, ReasonContactElsewhere, ReasonMissingKnowledge, ReasonOther}
}

// A Cause says what ended a conversation, whatever its outcome.
type Cause string

// The causes. The values are stored: never change one.
const (
	Agent        Cause = "agent"         // an agent or supervisor closed it
	VisitorLeft  Cause = "visitor_left"  // the visitor ended it
	Bot          Cause = "bot"           // the bot closed it
	Idle         Cause = "idle"          // the idle ladder of the bot or of an agent ran out
	QueueTimeout Cause = "queue_timeout" // the idle ladder of the queue ran out: nobody came
	Spam         Cause = "spam"          // it was no request
	Merged       Cause = "merged"        // it goes on in another conversation
	Forced       Cause = "forced"        // a supervisor or the host closed it over a guard
)

// Causes returns every cause.
func Causes() []Cause {
	return []Cause{Agent, VisitorLeft, Bot, Idle, QueueTimeout, Spam, Merged, Forced}
}

// Errors returned by [Check].
var (
	ErrOutcome = errors.New("closure: the outcome must be resolved or unresolved")
	ErrReason  = errors.New("closure: the reason is for unresolved conversations and must be a known one")
)

// Check reports whether reason may accompany outcome. It returns an error
// wrapping [ErrOutcome] for anything but the known outcomes, and one wrapping
// [ErrReason] for an unknown reason or for any reason beside [Resolved].
func Check(outcome Outcome, reason Reason) error {
	if !slices.Contains(Outcomes(), outcome) {
		return fmt.Errorf("%w: got %.64q", ErrOutcome, outcome)
	}
	if reason == "" {
		return nil
	}
	if outcome == Resolved || !slices.Contains(Reasons(), reason) {
		return fmt.Errorf("%w: got %.64q beside %.64q", ErrReason, reason, outcome)
	}
	return nil
}
