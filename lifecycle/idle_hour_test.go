package lifecycle_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// An asked store counts what it is asked.
type asked struct {
	storage.Store
	hoard bool // it keeps something of each call

	mu    sync.Mutex // guards the fields below
	calls map[string]int
	kept  [][]byte
}

const hoardedOfCall = 128 // bytes

func (s *asked) note(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[name]++
	if s.hoard {
		s.kept = append(s.kept, make([]byte, hoardedOfCall))
	}
}

// taken returns the counts since it was called last.
func (s *asked) taken() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.calls
	s.calls = map[string]int{}
	return counts
}

func (s *asked) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	s.note("Load")
	return s.Store.Load(ctx, key, commandID)
}

func (s *asked) Commit(ctx context.Context, c storage.Commit) error {
	s.note("Commit")
	return s.Store.Commit(ctx, c)
}

func (s *asked) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	s.note("Due")
	return s.Store.Due(ctx, by, after, limit)
}

func (s *asked) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	s.note("DueRecords")
	return s.Store.DueRecords(ctx, by, after, limit)
}

func (s *asked) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	s.note("Outdated")
	return s.Store.Outdated(ctx, by, after, limit)
}

func (s *asked) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	s.note("List")
	return s.Store.List(ctx, q, after, limit)
}

func (s *asked) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	s.note("View")
	return s.Store.View(ctx, q, limit)
}

// tenMinutes is what a Desk did in them.
type tenMinutes struct {
	calls  map[string]int
	allocs int64
	grown  int64 // by how many bytes what is in use
}

// idleHour lets a Desk run beside sleepers whom nothing wakes, and one who wakes
// after a while, and returns what it did in the first and the last ten minutes of
// the hour.
func idleHour(t *testing.T, hoard bool, wakes time.Duration) (first, last tenMinutes) {
	t.Helper()
	const sleepers = 50_000
	synctest.Test(t, func(t *testing.T) {
		store := &asked{Store: newMemory(), hoard: hoard, calls: map[string]int{}}
		for n := range sleepers {
			check(t, store.Store.Commit(t.Context(), storage.Commit{
				Key:    storage.Key{Workspace: "acme", Conversation: fmt.Sprintf("sleeper-%d", n)},
				Events: []storage.Event{{Version: 1}},
				Head: storage.Head{
					Version: 1, Visitor: "vic", State: string(conversation.StateSnoozed),
					Since: time.Now(), Updated: time.Now(), Due: time.Now().Add(24 * time.Hour),
				},
			}))
		}
		desk := newDesk(t, store.Store, lifecycle.Options{})
		call := lifecycle.Call{Workspace: "acme", Conversation: "riser"}
		accepted(t)(desk.Open(t.Context(), call.As(vic), conversation.Open{}))
		accepted(t)(desk.Take(t.Context(), call.As(ann)))
		accepted(t)(desk.Snooze(t.Context(), call.As(ann), conversation.Snooze{Until: snooze.For(wakes)}))

		desk = newDesk(t, store, lifecycle.Options{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- desk.Run(ctx) }()
		time.Sleep(time.Millisecond) // from here on between two polls
		first = watch(store)
		time.Sleep(40 * time.Minute)
		last = watch(store)
		stop()
		fails(t, <-done, context.Canceled)
	})
	return first, last
}

func watch(store *asked) tenMinutes {
	synctest.Wait()
	store.taken()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	time.Sleep(10 * time.Minute)
	synctest.Wait()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return tenMinutes{
		store.taken(),
		int64(after.Mallocs - before.Mallocs), int64(after.HeapAlloc) - int64(before.HeapAlloc),
	}
}

// TestIdleHour: a Desk with nothing but sleepers asks for what is due and for nothing
// else, as often after an hour as in the beginning, and keeps nothing of it. It does
// not run beside other tests, whose memory it would count.
func TestIdleHour(t *testing.T) {
	const polls = 600
	first, last := idleHour(t, false, 24*time.Hour)
	want := map[string]int{"Outdated": polls, "Due": 2 * polls, "DueRecords": 2 * polls} // by the tick, and when to wake
	for _, found := range []tenMinutes{first, last} {
		if diff := cmp.Diff(want, found.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if found.grown > hoarded/4 {
			t.Errorf("%d bytes more are in use after ten minutes", found.grown)
		}
	}
	if more := last.allocs - first.allocs; more > polls {
		t.Errorf("%d allocations in the first ten minutes, %d in the last", first.allocs, last.allocs)
	}
}

// hoarded is what a hoarding store keeps of ten minutes, at the least.
const hoarded = 5 * 600 * hoardedOfCall

// TestIdleHourControl is the positive control: who wakes, and what is kept, is seen.
func TestIdleHourControl(t *testing.T) {
	first, last := idleHour(t, true, 55*time.Minute)
	if cmp.Equal(first.calls, last.calls) {
		t.Errorf("nobody was seen to wake: %v", last.calls)
	}
	if min(first.grown, last.grown) < hoarded/2 {
		t.Errorf("%d and %d bytes more were in use, want %d: the check is blind", first.grown, last.grown, hoarded)
	}
}
