package closure_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		outcome closure.Outcome
		reason  closure.Reason
		want    error
	}{
		{"resolved", closure.Resolved, "", nil},
		{"unresolved", closure.Unresolved, "", nil},
		{"no outcome", "", "", closure.ErrOutcome},
		{"no outcome, with a reason", "", closure.ReasonOther, closure.ErrOutcome},
		{"a label", "Not resolved", "", closure.ErrOutcome},
		{"another case", "Resolved", "", closure.ErrOutcome},
		{"an outcome and a space", "resolved ", "", closure.ErrOutcome},
		{"a cause", closure.Outcome(closure.VisitorLeft), "", closure.ErrOutcome},
		{"unknown reason", closure.Unresolved, "bored", closure.ErrReason},
		{"unknown reason beside resolved", closure.Resolved, "bored", closure.ErrReason},
		{"a cause as reason", closure.Unresolved, closure.Reason(closure.Idle), closure.ErrReason},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := closure.Check(tt.outcome, tt.reason)
			if !errors.Is(err, tt.want) {
				t.Fatalf("Check(%q, %q) = %v, want %v", tt.outcome, tt.reason, err, tt.want)
			}
			if errors.Is(err, closure.ErrOutcome) && errors.Is(err, closure.ErrReason) {
				t.Errorf("Check(%q, %q) = %v, want one of the errors", tt.outcome, tt.reason, err)
			}
			if err != nil && !strings.Contains(err.Error(), string(tt.outcome)) {
				t.Errorf("Check(%q, %q) = %q, want it to name the outcome", tt.outcome, tt.reason, err)
			}
		})
	}
}

func TestEveryReasonIsForUnresolvedOnly(t *testing.T) {
	t.Parallel()
	for _, reason := range closure.Reasons() {
		if err := closure.Check(closure.Unresolved, reason); err != nil {
			t.Errorf("Check(unresolved, %q) = %v, want nil", reason, err)
		}
		if err := closure.Check(closure.Resolved, reason); !errors.Is(err, closure.ErrReason) {
			t.Errorf("Check(resolved, %q) = %v, want %q", reason, err, closure.ErrReason)
		}
	}
}

// The codes are in the journals of hosts: a change here loses their data.
func TestStoredCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		got, want any
	}{
		{"outcomes", closure.Outcomes(), []closure.Outcome{"resolved", "unresolved"}},
		{"reasons", closure.Reasons(), []closure.Reason{"visitor_left", "contact_elsewhere", "missing_knowledge", "other"}},
		{"causes", closure.Causes(), []closure.Cause{
			"agent", "visitor_left", "bot", "idle", "queue_timeout", "spam", "merged", "forced",
		}},
		{"sentiments", closure.Sentiments(), []closure.Sentiment{"positive", "neutral", "negative"}},
		{"fields", closure.Fields(), []closure.Field{"reason", "sentiment", "notes", "tags", "tickets"}},
		{"marks", closure.Marks(), []closure.Mark{"check_in", "confirmation", "farewell"}},
		{"grades", closure.Grades(), []closure.Grade{"confirmed", "checked_in", "unanswered", "abrupt"}},
		{"guards", closure.Guards(), []closure.Guard{"", "warn", "enforce"}},
		{"steps", []closure.Step{closure.StepAnswer, closure.StepCheckIn, closure.StepWait, closure.StepFarewell},
			[]closure.Step{"answer", "check_in", "wait", "say_goodbye"}},
		{"sides", closure.Sides(), []closure.Side{"bot", "team"}},
		{"dimensions", closure.Dimensions(), []closure.Dimension{
			"outcome", "reason", "cause", "side", "agent", "group", "sentiment", "grade", "tag", "article", "day",
		}},
		{"figures", figureNames(), []string{
			"first_response", "handling", "net_handling", "resolution", "in_bot", "in_waiting", "in_snoozed",
			"snoozes", "reopened", "prompts", "follow_ups", "surveyed", "rating",
		}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func figureNames() []string {
	var names []string
	for _, f := range closure.AllFigures() {
		names = append(names, f.String())
	}
	return names
}

func TestListsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]func() any{
		"outcomes":   func() any { return closure.Outcomes() },
		"reasons":    func() any { return closure.Reasons() },
		"causes":     func() any { return closure.Causes() },
		"sentiments": func() any { return closure.Sentiments() },
		"fields":     func() any { return closure.Fields() },
		"marks":      func() any { return closure.Marks() },
		"grades":     func() any { return closure.Grades() },
		"guards":     func() any { return closure.Guards() },
		"sides":      func() any { return closure.Sides() },
		"dimensions": func() any { return closure.Dimensions() },
	} {
		first := reflect.ValueOf(list()).Index(0)
		first.SetString("x")
		if reflect.ValueOf(list()).Index(0).String() == "x" {
			t.Errorf("writing to the %s changed the next ones", name)
		}
	}
	closure.AllFigures()[0] = closure.Rating
	if closure.AllFigures()[0] != closure.FirstResponse {
		t.Error("writing to the figures changed the next ones")
	}
}
