package conversation_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// TestDamagedConversationsAreErrors: what no journal amounts to is not read, so
// that nothing is decided on it.
func TestDamagedConversationsAreErrors(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"nothing":                 `{}`,
		"no version":              `{"state":"bot"}`,
		"no state":                `{"version":3}`,
		"an unknown state":        `{"version":3,"state":"parked"}`,
		"snoozed without snooze":  `{"version":3,"state":"snoozed","agent":"ann"}`,
		"snooze without snoozed":  `{"version":3,"state":"bot","snooze":{}}`,
		"assigned to nobody":      `{"version":3,"state":"assigned"}`,
		"an agent in the queue":   `{"version":3,"state":"waiting","agent":"ann"}`,
		"closed without closing":  `{"version":3,"state":"closed"}`,
		"a step before the first": `{"version":3,"state":"bot","silence":{"step":-1}}`,
	} {
		if c, err := conversation.Decode([]byte(`{"v":1,"data":` + data + `}`)); err == nil {
			t.Errorf("%s: read as %+v", name, c)
		}
	}
	if _, err := conversation.Decode([]byte(`{"v":1,"data":{"version":3,"state":"bot"}}`)); err != nil {
		t.Errorf("a sound one: %v", err)
	}
}

// TestEmbeddedCommandsAreInvalid: a type of the host's that embeds a command
// passes for one with the compiler.
func TestEmbeddedCommandsAreInvalid(t *testing.T) {
	t.Parallel()
	type attached struct {
		conversation.Say
		Attachments []string
	}
	for _, c := range []conversation.Command{attached{}, struct{ conversation.Command }{}} {
		_, err := conversation.Decide(opened(t, noBot).c, conversation.Request{By: vera, Command: c}, conversation.Facts{Now: start})
		var invalid *conversation.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != "command" {
			t.Errorf("%T: %v, want an InvalidError of the command", c, err)
		}
	}
}

// TestRefusalsSayHowItWasClosed: every command that a closed conversation refuses.
func TestRefusalsSayHowItWasClosed(t *testing.T) {
	t.Parallel()
	l := opened(t, noBot)
	l.do(ann, conversation.Take{})
	l.do(ann, conversation.Close{Outcome: closure.Resolved})
	for _, c := range []conversation.Command{conversation.Say{Text: "Wait!"}, conversation.Take{}, conversation.HandBack{}, conversation.Close{Outcome: closure.Resolved}} {
		_, err := conversation.Decide(l.c, conversation.Request{By: ann, Command: c}, conversation.Facts{Now: start})
		var refused *conversation.RefusedError
		if !errors.As(err, &refused) || refused.Closing == nil || refused.Closing.By != ann {
			t.Errorf("%s: %v, want a refusal that says how it was closed", c.Name(), err)
		}
	}
}

// TestRefusalCodes: every sentinel of a refusal has a code of its own.
func TestRefusalCodes(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for _, why := range []error{
		conversation.ErrNotPossible, conversation.ErrNotFound, conversation.ErrForbidden, conversation.ErrHeld,
		conversation.ErrExists, conversation.ErrNoBot, conversation.ErrAlreadyClosed, conversation.ErrWindowOver,
		conversation.ErrBlocked, conversation.ErrStale, conversation.ErrTooManyArticles, conversation.ErrHistoryFull,
	} {
		e := &conversation.RefusedError{Why: why}
		if e.Code() == "" || codes[e.Code()] {
			t.Errorf("%v has the code %q", why, e.Code())
		}
		codes[e.Code()] = true
	}
}

// TestRecordAsJSON is for a host's own screens: with the name of the event, and
// its text.
func TestRecordAsJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(conversation.Record{Seq: 2, At: start, By: vera, Event: conversation.Said{Text: "Hello?"}})
	want := `{"v":1,"seq":2,"at":"2026-03-02T09:00:00Z","by":{"kind":"visitor","id":"vera"},"type":"said","data":{},"text":"Hello?"}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
	if _, err := json.Marshal(conversation.Record{}); err == nil {
		t.Error("a record without an event became JSON")
	}
}
