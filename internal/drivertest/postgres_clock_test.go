package drivertest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// A skewed clock is off by a time, and jumps when that is changed.
type skewed struct {
	mu  sync.Mutex // guards off
	off time.Duration
}

func (s *skewed) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.off)
}

func (s *skewed) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (s *skewed) jump(off time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = off
}

// TestPostgresClock lets nodes whose clocks are off, and jump, run on the
// server's clock: every deadline has its effect once and not before that clock
// has reached it. The control runs on the nodes' own clocks, and is early.
func TestPostgresClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		storeClock bool
		off        time.Duration // how far the nodes' clocks are from the server's
		lead       time.Duration // from the commands to the deadline, long enough to give them
	}{
		{"the server's", true, 20 * time.Second, 8 * time.Second},
		{"their own", false, time.Hour, 30 * time.Minute}, // early however slow the machine is
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			early, twice := fireOnSkewedNodes(t, tt.storeClock, tt.off, tt.lead)
			if twice != 0 || (early > 0) == tt.storeClock {
				t.Errorf("%d of %d were early and %d had their effect twice", early, skewedTimers, twice)
			}
		})
	}
}

const skewedTimers = 50

func fireOnSkewedNodes(t *testing.T, storeClock bool, off, lead time.Duration) (early, twice int) {
	t.Helper()
	_, store := onPostgres(t, nil)
	clocks := []*skewed{{off: off}, {off: -off}, {}}
	var desks []*lifecycle.Desk
	for _, c := range clocks {
		desk, err := lifecycle.New(store, &lifecycle.Options{Clock: c, StoreClock: storeClock, Poll: 50 * time.Millisecond})
		must(t, err)
		desks = append(desks, desk)
	}
	exact := desks[2]
	calls := make([]lifecycle.Call, skewedTimers)
	for i := range calls {
		call := lifecycle.Call{Workspace: "acme", Conversation: fmt.Sprint("chat-", i), By: conversation.Visitor("vic")}
		_, err := exact.Open(t.Context(), call, conversation.Open{})
		must(t, err)
		calls[i] = call.As(conversation.Agent("ann"))
		_, err = exact.Take(t.Context(), calls[i])
		must(t, err)
	}
	now, err := store.Now(t.Context())
	must(t, err)
	until := now.Add(lead)
	for _, call := range calls {
		_, err = exact.Snooze(t.Context(), call, conversation.Snooze{Until: snooze.At(until)})
		must(t, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, desk := range desks {
		running.Go(func() {
			if err := desk.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	defer running.Wait()
	defer stop()

	clocks[2].jump(off + off/2)
	woken := map[string]int{}
	for len(woken) < skewedTimers {
		deliveries, err := exact.Feed(ctx, "count", 500)
		must(t, err)
		seen, err := store.Now(ctx)
		must(t, err)
		for _, d := range deliveries {
			for _, r := range d.Records {
				if _, ok := r.Event.(conversation.Woken); ok {
					woken[d.Conversation]++
					if seen.Before(until) {
						early++
					}
				}
			}
			_, err = exact.Advance(ctx, "count", d.Position)
			must(t, err)
		}
	}
	for _, n := range woken {
		twice += n - 1
	}
	return early, twice
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
