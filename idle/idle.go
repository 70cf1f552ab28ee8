package idle

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// An Action is what a step of a ladder does.
type Action string

// The actions. The values are stored: never change one.
const (
	Prompt   Action = "prompt"    // tell the agent, in private
	FollowUp Action = "follow_up" // write to the visitor
	HandBack Action = "hand_back" // give the conversation to the bot
	Requeue  Action = "requeue"   // put the conversation into Waiting
	Close    Action = "close"     // close it, unresolved unless the step says otherwise
)

// Actions returns every action.
func Actions() []Action { return []Action{Prompt, FollowUp, HandBack, Requeue, Close} }

// A Speaker is who wrote the last message. The zero value, [Anyone], is no
// restriction.
type Speaker string

// The speakers. The values are stored: never change one.
const (
	Anyone    Speaker = ""
	Visitor   Speaker = "visitor"   // the visitor wrote last: they wait for an answer
	Responder Speaker = "responder" // an agent or the bot wrote last: the visitor is silent
)

// A Step is one rung of a [Ladder].
type Step struct {
	// After is the wait before the step: for the first step since the last
	// message, for every other since the step before it happened. It must be
	// positive and at most [MaxWait].
	After time.Duration `json:"after"`

	Action Action `json:"action"`

	// Text is what the agent reads for a [Prompt] and what the visitor reads
	// for a [FollowUp]; both need one, of at most [MaxText] bytes. The other
	// actions have none.
	Text string `json:"text,omitempty"`

	// Phrase is the sentence that a [Prompt] suggests to the agent, apart from
	// the instruction in Text so that it can be sent with one click. Optional.
	Phrase string `json:"phrase,omitempty"`

	// Outcome is the outcome that a [Close] records. Empty means unresolved.
	// The values are those of package closure.
	Outcome string `json:"outcome,omitempty"`
}

// A Ladder is what happens, in order, while nobody writes. The zero value has
// no steps and leaves the choice to whoever holds it; see Off.
type Ladder struct {
	// Off means that nothing ever happens, where a ladder without steps would
	// mean the default.
	Off bool `json:"off,omitempty"`

	// LastSpeaker restricts the ladder to silences in which that side wrote
	// last. Restricting a closing ladder to [Responder] never closes on a
	// visitor who waits for an answer.
	LastSpeaker Speaker `json:"last_speaker,omitempty"`

	Steps []Step `json:"steps,omitempty"`
}

// Limits of a ladder.
const (
	MaxSteps = 32
	MaxWait  = 400 * 24 * time.Hour
	MaxText  = 4 << 10 // bytes, of a step's Text and of its Phrase
)

// The default prompt: what it tells the agent, and the phrase it suggests.
// Both come from the practice of ending chats politely: never close on a
// customer who is only reading or typing.
const (
	DefaultAfter  = 2 * time.Minute
	DefaultText   = "This chat is idle. Before closing, please check in with the customer. Try saying: 'Are you still there? Is there anything else I can help with?'"
	DefaultPhrase = "Are you still there? Is there anything else I can help with?"
)

// Default returns the ladder of an assigned conversation unless the host sets
// another: one private prompt after [DefaultAfter].
func Default() Ladder {
	return Ladder{Steps: []Step{
		{After: DefaultAfter, Action: Prompt, Text: DefaultText, Phrase: DefaultPhrase},
	}}
}

// IsZero reports whether l says nothing, so that a default applies.
func (l Ladder) IsZero() bool {
	return !l.Off && l.LastSpeaker == Anyone && len(l.Steps) == 0
}

// ErrLadder is wrapped by every error of [Ladder.Check].
var ErrLadder = errors.New("idle: invalid ladder")

// Check reports whether l can run where only the allowed actions make sense.
// Its error wraps [ErrLadder] and names the step, counted from one, and the
// rule: a positive wait within [MaxWait], an allowed action, a text exactly
// where the action shows one, and a [FollowUp] somewhere before a [Close], which
// must be the last step. A [HandBack] or [Requeue] must be last too, because the
// conversation leaves the ladder there. Whether an outcome is known is for
// whoever closes to check.
func (l Ladder) Check(allowed ...Action) error {
	if l.Off && len(l.Steps) > 0 {
		return fmt.Errorf("%w: it is off and has steps", ErrLadder)
	}
	if l.LastSpeaker != Anyone && l.LastSpeaker != Visitor && l.LastSpeaker != Responder {
		return fmt.Errorf("%w: unknown last speaker, must be %q or %q", ErrLadder, Visitor, Responder)
	}
	if l.LastSpeaker != Anyone && len(l.Steps) == 0 {
		return fmt.Errorf("%w: restricted to a last speaker, but it has no steps", ErrLadder)
	}
	if len(l.Steps) > MaxSteps {
		return fmt.Errorf("%w: %d steps, at most %d", ErrLadder, len(l.Steps), MaxSteps)
	}
	informed := false
	for i, s := range l.Steps {
		if err := s.check(allowed); err != nil {
			return fmt.Errorf("%w: step %d: %w", ErrLadder, i+1, err)
		}
		if s.Action == Close && !informed {
			return fmt.Errorf("%w: step %d: a close must come after a follow-up", ErrLadder, i+1)
		}
		if s.leaves() && i != len(l.Steps)-1 {
			return fmt.Errorf("%w: step %d: %s must be the last step", ErrLadder, i+1, s.Action)
		}
		informed = informed || s.Action == FollowUp
	}
	return nil
}

func (s Step) check(allowed []Action) error {
	shown := s.Action == Prompt || s.Action == FollowUp
	switch {
	case !slices.Contains(Actions(), s.Action):
		return fmt.Errorf("an unknown action, allowed are %q", allowed)
	case !slices.Contains(allowed, s.Action):
		return fmt.Errorf("action %q, allowed are %q", s.Action, allowed)
	case s.After <= 0 || s.After > MaxWait:
		return fmt.Errorf("a wait of %v, must be positive and at most %v", s.After, MaxWait)
	case s.After%time.Microsecond != 0:
		return fmt.Errorf("a wait of %v, must be whole microseconds", s.After)
	case shown && s.Text == "":
		return fmt.Errorf("a %s needs a text", s.Action)
	case !shown && s.Text != "":
		return fmt.Errorf("a %s shows no text", s.Action)
	case s.Action != Prompt && s.Phrase != "":
		return errors.New("only a prompt suggests a phrase")
	case s.Action != Close && s.Outcome != "":
		return errors.New("only a close has an outcome")
	case len(s.Text) > MaxText || len(s.Phrase) > MaxText:
		return fmt.Errorf("a text of more than %d bytes", MaxText)
	case !utf8.ValidString(s.Text) || !utf8.ValidString(s.Phrase):
		return errors.New("a text that is not valid UTF-8")
	}
	return nil
}

// leaves reports whether the conversation leaves the ladder's state with s.
func (s Step) leaves() bool {
	return s.Action == HandBack || s.Action == Requeue || s.Action == Close
}
