package lifecycle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
)

// TestTickOrderIsNotOthers: in which order a tick works off what is due in a
// workspace does not depend on whether the policies of another one have changed.
func TestTickOrderIsNotOthers(t *testing.T) {
	t.Parallel()
	journal := func(othersChange bool) []string {
		clock := &wall{lifecycletest.Start}
		desk := newDesk(t, newMemory(), lifecycle.Options{Clock: clock})
		for _, workspace := range []string{"acme", "other"} {
			call := lifecycle.Call{Workspace: workspace, Conversation: "chat-1"}
			check(t, desk.SetGroup(t.Context(), workspace, "sales"))
			accepted(t)(desk.Open(t.Context(), call.As(vic), conversation.Open{Group: "sales"}))
			accepted(t)(desk.Take(t.Context(), call.As(ann)))
		}
		tick(t, desk)
		check(t, desk.RemoveGroup(t.Context(), "acme", "sales", ""))
		if othersChange {
			_, err := desk.SetPolicies(t.Context(), "other", conversation.Policies{Default: withBot}, 0)
			check(t, err)
		}
		clock.at = clock.at.Add(time.Hour) // the prompt is due as well
		tick(t, desk)
		records, err := desk.History(t.Context(), "acme", "chat-1", 0, 0)
		check(t, err)
		return eventNames(records)
	}
	alone := journal(false)
	if diff := cmp.Diff(alone, journal(true)); diff != "" {
		t.Errorf("the journal beside another workspace (-alone +beside):\n%s", diff)
	}
	if count(alone, "regrouped") != 1 || count(alone, "prompted") != 1 {
		t.Errorf("it went %v, want it regrouped and prompted", alone)
	}
}
