//go:build !race

package lifecycle_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// TestAllocations guards what commands and ticks on the memory store allocate. Whoever
// saves some lowers the number.
func TestAllocations(t *testing.T) {
	const runs = 200
	clock := &wall{at: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)}
	calls := make([]lifecycle.Call, runs+1) // one to warm up
	for n := range calls {
		calls[n] = benchCall(int64(n))
	}
	opened := func(t *testing.T) *lifecycle.Desk {
		t.Helper()
		desk := newDesk(t, newMemory(), lifecycle.Options{Clock: clock})
		for _, call := range calls {
			accepted(t)(desk.Open(t.Context(), call.As(vic), conversation.Open{}))
		}
		return desk
	}
	taken := func(t *testing.T) *lifecycle.Desk {
		t.Helper()
		desk := opened(t)
		for _, call := range calls {
			accepted(t)(desk.Take(t.Context(), call.As(ann)))
		}
		return desk
	}
	for _, test := range []struct {
		operation string
		desk      func(*testing.T) *lifecycle.Desk
		do        func(*lifecycle.Desk, lifecycle.Call) (lifecycle.Result, error)
		most      float64
	}{
		{"say", taken, func(d *lifecycle.Desk, c lifecycle.Call) (lifecycle.Result, error) {
			return d.Say(t.Context(), c.As(vic), "My parcel is late.")
		}, 20},
		{"say with a command ID", taken, func(d *lifecycle.Desk, c lifecycle.Call) (lifecycle.Result, error) {
			c.CommandID = "webhook-1"
			return d.Say(t.Context(), c.As(vic), "My parcel is late.")
		}, 23},
		{"take", opened, func(d *lifecycle.Desk, c lifecycle.Call) (lifecycle.Result, error) {
			return d.Take(t.Context(), c.As(ann))
		}, 13},
		{"snooze", taken, func(d *lifecycle.Desk, c lifecycle.Call) (lifecycle.Result, error) {
			return d.Snooze(t.Context(), c.As(ann), conversation.Snooze{Until: snooze.For(time.Hour)})
		}, 18},
		{"close", taken, func(d *lifecycle.Desk, c lifecycle.Call) (lifecycle.Result, error) {
			return d.Close(t.Context(), c.As(ann), conversation.Close{Outcome: closure.Resolved})
		}, 22},
	} {
		t.Run(test.operation, func(t *testing.T) {
			desk, n := test.desk(t), 0
			got := testing.AllocsPerRun(runs, func() {
				accepted(t)(test.do(desk, calls[n]))
				n++
			})
			if got > test.most {
				t.Errorf("%v allocations, want at most %v", got, test.most)
			}
		})
	}
	t.Run("tick", func(t *testing.T) {
		desk := taken(t)
		clock.at = clock.at.Add(time.Hour)
		first := true
		got := testing.AllocsPerRun(1, func() {
			if first { // to warm up, which works off nothing
				first = false
				return
			}
			if fired := len(tick(t, desk).Fired); fired != len(calls) {
				t.Fatalf("fired %d, want %d", fired, len(calls))
			}
		}) / float64(len(calls))
		if most := 17.0; got > most {
			t.Errorf("%v allocations for each conversation, want at most %v", got, most)
		}
	})
	t.Run("tick with nothing due", func(t *testing.T) {
		desk := taken(t)
		got := testing.AllocsPerRun(runs, func() { tick(t, desk) })
		if most := 4.0; got > most {
			t.Errorf("%v allocations, want at most %v", got, most)
		}
	})
}
