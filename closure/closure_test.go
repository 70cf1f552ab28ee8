package closure_test

import (
	"errors"
	"slices"
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
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestListsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	closure.Outcomes()[0] = "x"
	closure.Reasons()[0] = "x"
	closure.Causes()[0] = "x"
	if slices.Contains(closure.Outcomes(), "x") || slices.Contains(closure.Reasons(), "x") || slices.Contains(closure.Causes(), "x") {
		t.Error("writing to a returned list changed the next one")
	}
}
