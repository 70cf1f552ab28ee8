package conversation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// TestErrorsRepeatNothing: what another package judges is not repeated either, and
// no error grows with the input.
func TestErrorsRepeatNothing(t *testing.T) {
	t.Parallel()
	const canary = "zq7x"
	long := canary + strings.Repeat("\x01", 1<<20)
	taken := conversation.Conversation{Workspace: "w", ID: "c", Version: 1, State: conversation.StateAssigned, Visitor: "vic", Agent: "ann", Since: start}
	decide := func(c conversation.Command) error {
		_, err := conversation.Decide(taken, conversation.Request{By: ann, Command: c}, conversation.Facts{Now: start})
		return err
	}
	policy := func(l idle.Ladder) error {
		return conversation.Policy{Idle: conversation.Idle{Assigned: l}}.Check()
	}
	steps := func(s idle.Step) []idle.Step {
		return []idle.Step{{After: time.Minute, Action: idle.FollowUp, Text: "?"}, s}
	}
	for what, err := range map[string]error{
		"zone":         decide(conversation.Snooze{Until: snooze.Calendar("2026-03-03T09:00", long)}),
		"unknown zone": decide(conversation.Snooze{Until: snooze.Calendar("2026-03-03T09:00", "Mars/"+canary)}),
		"local":        decide(conversation.Snooze{Until: snooze.Calendar(long, "UTC")}),
		"two ways":     decide(conversation.Snooze{Until: snooze.Until{Reply: true, Local: long}}),
		"outcome":      decide(conversation.Close{Outcome: closure.Outcome(long)}),
		"reason":       decide(conversation.Close{Outcome: closure.Unresolved, Reason: closure.Reason(long)}),
		"speaker":      policy(idle.Ladder{LastSpeaker: idle.Speaker(long), Steps: steps(idle.Step{After: time.Minute, Action: idle.Close})}),
		"action":       policy(idle.Ladder{Steps: steps(idle.Step{After: time.Minute, Action: idle.Action(long)})}),
		"its outcome":  policy(idle.Ladder{Steps: steps(idle.Step{After: time.Minute, Action: idle.Close, Outcome: long})}),
	} {
		if !errors.Is(err, conversation.ErrInvalid) {
			t.Errorf("%s: %.200v, want an InvalidError", what, err)
		} else if text := err.Error(); strings.Contains(text, canary) || len(text) > 300 {
			t.Errorf("%s: an error of %d bytes: %.200s", what, len(text), text)
		}
	}
	if err := decide(conversation.Snooze{Until: snooze.Calendar("2026-03-03T09:00", canary)}); !errors.Is(err, snooze.ErrZone) {
		t.Errorf("%v does not wrap %v", err, snooze.ErrZone)
	}
}
