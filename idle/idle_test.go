package idle_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/idle"
)

var (
	prompt   = idle.Step{After: time.Minute, Action: idle.Prompt, Text: "Please check in.", Phrase: "Are you there?"}
	followUp = idle.Step{After: time.Minute, Action: idle.FollowUp, Text: "Are you there?"}
	handBack = idle.Step{After: time.Minute, Action: idle.HandBack}
	requeue  = idle.Step{After: time.Minute, Action: idle.Requeue}
	closing  = idle.Step{After: time.Minute, Action: idle.Close}
)

func steps(s ...idle.Step) idle.Ladder { return idle.Ladder{Steps: s} }

// with returns a copy of s that change was applied to.
func with(s idle.Step, change func(*idle.Step)) idle.Step {
	change(&s)
	return s
}

func TestCheckAccepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		ladder idle.Ladder
	}{
		{"zero value", idle.Ladder{}},
		{"default", idle.Default()},
		{"off", idle.Ladder{Off: true}},
		{"a close after a follow-up", steps(prompt, followUp, closing)},
		{"a close long after a follow-up", steps(followUp, prompt, prompt, closing)},
		{"a close with an outcome", steps(followUp, with(closing, func(s *idle.Step) { s.Outcome = "resolved" }))},
		{"a hand-back at the end", steps(prompt, handBack)},
		{"a requeue alone", steps(requeue)},
		{"only while the responder was last", idle.Ladder{LastSpeaker: idle.Responder, Steps: []idle.Step{followUp}}},
		{"only while the visitor was last", idle.Ladder{LastSpeaker: idle.Visitor, Steps: []idle.Step{prompt}}},
		{"a prompt without a phrase", steps(with(prompt, func(s *idle.Step) { s.Phrase = "" }))},
		{"the shortest wait", steps(with(prompt, func(s *idle.Step) { s.After = time.Microsecond }))},
		{"the longest wait", steps(with(prompt, func(s *idle.Step) { s.After = idle.MaxWait }))},
		{"the longest text", steps(with(prompt, func(s *idle.Step) { s.Text = strings.Repeat("x", idle.MaxText) }))},
		{"the most steps", steps(slices.Repeat([]idle.Step{prompt}, idle.MaxSteps)...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.ladder.Check(idle.Actions()...); err != nil {
				t.Errorf("Check() = %v, want nil", err)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		ladder idle.Ladder
		says   string
	}{
		{"off with steps", idle.Ladder{Off: true, Steps: []idle.Step{prompt}}, "off"},
		{"unknown speaker", idle.Ladder{LastSpeaker: "bot", Steps: []idle.Step{prompt}}, "unknown last speaker"},
		{"too many steps", steps(slices.Repeat([]idle.Step{prompt}, idle.MaxSteps+1)...), "33 steps, at most 32"},

		{"a close first", steps(closing), "step 1: a close must come after a follow-up"},
		{"a close after a prompt", steps(prompt, closing), "step 2: a close must come after a follow-up"},
		{"a follow-up after the close", steps(closing, followUp), "step 1: a close"},
		{"a step after a close", steps(followUp, closing, prompt), "step 2: close must be the last step"},
		{"a step after a hand-back", steps(handBack, prompt), "step 1: hand_back must be the last step"},
		{"a step after a requeue", steps(prompt, requeue, followUp), "step 2: requeue must be the last step"},

		{"no action", steps(idle.Step{After: time.Minute}), "unknown action"},
		{"unknown action", steps(idle.Step{After: time.Minute, Action: "ring"}), "unknown action"},
		{"no wait", steps(prompt, with(prompt, func(s *idle.Step) { s.After = 0 })), "step 2: a wait of 0s"},
		{"negative wait", steps(with(prompt, func(s *idle.Step) { s.After = -1 })), "a wait of -1ns"},
		{"too long", steps(with(prompt, func(s *idle.Step) { s.After = idle.MaxWait + 1000 })), "at most 9600h"},
		{"longest", steps(with(prompt, func(s *idle.Step) { s.After = math.MaxInt64 })), "at most 9600h"},
		{"nanoseconds", steps(with(prompt, func(s *idle.Step) { s.After = 1001 })), "whole microseconds"},
		{"a prompt without text", steps(with(prompt, func(s *idle.Step) { s.Text = "" })), "a prompt needs a text"},
		{"a follow-up without text", steps(with(followUp, func(s *idle.Step) { s.Text = "" })), "a follow_up needs a text"},
		{"a close with text", steps(followUp, with(closing, func(s *idle.Step) { s.Text = "Bye" })), "step 2: a close shows no text"},
		{"a hand-back with text", steps(with(handBack, func(s *idle.Step) { s.Text = "Bye" })), "a hand_back shows no text"},
		{"a follow-up with a phrase", steps(with(followUp, func(s *idle.Step) { s.Phrase = "Hi" })), "only a prompt"},
		{"a prompt with an outcome", steps(with(prompt, func(s *idle.Step) { s.Outcome = "resolved" })), "only a close"},
		{"long text", steps(with(prompt, func(s *idle.Step) { s.Text = strings.Repeat("x", idle.MaxText+1) })), "4096 bytes"},
		{"long phrase", steps(with(prompt, func(s *idle.Step) { s.Phrase = strings.Repeat("x", idle.MaxText+1) })), "4096 bytes"},
		{"bad text", steps(with(prompt, func(s *idle.Step) { s.Text = "\xff" })), "UTF-8"},
		{"bad phrase", steps(with(prompt, func(s *idle.Step) { s.Phrase = "\xff" })), "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.ladder.Check(idle.Actions()...)
			if !errors.Is(err, idle.ErrLadder) {
				t.Fatalf("Check() = %v, want an error that wraps %q", err, idle.ErrLadder)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Check() = %q, want it to say %q", err, tt.says)
			}
		})
	}
}

func TestCheckAllowsOnlyWhatItIsTold(t *testing.T) {
	t.Parallel()
	one := map[idle.Action]idle.Ladder{
		idle.Prompt:   steps(prompt),
		idle.FollowUp: steps(followUp),
		idle.HandBack: steps(handBack),
		idle.Requeue:  steps(requeue),
		idle.Close:    steps(followUp, closing),
	}
	for _, action := range idle.Actions() {
		if err := one[action].Check(action, idle.FollowUp); err != nil {
			t.Errorf("a ladder with %s, which is allowed: %v", action, err)
		}
		others := slices.DeleteFunc(idle.Actions(), func(a idle.Action) bool { return a == action })
		if err := one[action].Check(others...); !errors.Is(err, idle.ErrLadder) {
			t.Errorf("a ladder with %s, which is not allowed: %v, want %q", action, err, idle.ErrLadder)
		}
		if err := one[action].Check(); !errors.Is(err, idle.ErrLadder) {
			t.Errorf("a ladder with %s where nothing is allowed: %v, want %q", action, err, idle.ErrLadder)
		}
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	want := steps(idle.Step{
		After:  2 * time.Minute,
		Action: idle.Prompt,
		Text: "This chat is idle. Before closing, please check in with the customer. " +
			"Try saying: 'Are you still there? Is there anything else I can help with?'",
		Phrase: "Are you still there? Is there anything else I can help with?",
	})
	if diff := cmp.Diff(want, idle.Default()); diff != "" {
		t.Errorf("Default() (-want +got):\n%s", diff)
	}
	if !strings.Contains(idle.DefaultText, idle.DefaultPhrase) {
		t.Error("the default prompt does not show the phrase that it sends")
	}
	idle.Default().Steps[0].Text = "x"
	if idle.Default().Steps[0].Text != idle.DefaultText {
		t.Error("writing to a default changed the next one")
	}
}

func TestIsZero(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		ladder idle.Ladder
		want   bool
	}{
		{"zero value", idle.Ladder{}, true},
		{"empty steps", idle.Ladder{Steps: []idle.Step{}}, true},
		{"off", idle.Ladder{Off: true}, false},
		{"a speaker", idle.Ladder{LastSpeaker: idle.Visitor}, false},
		{"steps", idle.Default(), false},
	}
	for _, tt := range tests {
		if got := tt.ladder.IsZero(); got != tt.want {
			t.Errorf("%s: IsZero() = %t, want %t", tt.name, got, tt.want)
		}
	}
}

// The codes are in the policies and journals of hosts.
func TestStoredCodes(t *testing.T) {
	t.Parallel()
	ladder := idle.Ladder{LastSpeaker: idle.Responder, Steps: []idle.Step{
		prompt, followUp, with(closing, func(s *idle.Step) { s.Outcome = "resolved" }),
	}}
	want := `{"last_speaker":"responder","steps":[` +
		`{"after":60000000000,"action":"prompt","text":"Please check in.","phrase":"Are you there?"},` +
		`{"after":60000000000,"action":"follow_up","text":"Are you there?"},` +
		`{"after":60000000000,"action":"close","outcome":"resolved"}]}`
	got, err := json.Marshal(ladder)
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		t.Errorf("Marshal: %v (-want +got):\n%s", err, diff)
	}
	var back idle.Ladder
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ladder, back); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}

	actions := []idle.Action{"prompt", "follow_up", "hand_back", "requeue", "close"}
	if diff := cmp.Diff(actions, idle.Actions()); diff != "" {
		t.Errorf("Actions() (-want +got):\n%s", diff)
	}
	speakers := []idle.Speaker{"", "visitor", "responder"}
	if diff := cmp.Diff(speakers, []idle.Speaker{idle.Anyone, idle.Visitor, idle.Responder}); diff != "" {
		t.Errorf("speakers (-want +got):\n%s", diff)
	}
}
