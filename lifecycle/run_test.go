package lifecycle_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// A bubble is a Desk that runs in a synctest bubble, on the bubble's clock.
type bubble struct {
	*testing.T
	desk    *lifecycle.Desk
	store   *tap
	start   time.Time
	looks   atomic.Int64 // how often Run ticked
	down    atomic.Bool  // the store does not answer what is due
	sick    atomic.Value // the ID of a conversation that cannot be loaded
	damaged atomic.Value // the ID of a conversation that cannot be read
	slow    atomic.Int64 // how long that takes, in nanoseconds
}

// inBubble runs test with a Desk whose Run is under way, and ends Run after it.
func inBubble(t *testing.T, o lifecycle.Options, test func(*bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{T: t, store: &tap{Store: newMemory()}, start: time.Now()}
		b.store.onOutdated = func(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			b.looks.Add(1)
			return b.store.Store.Outdated(ctx, by, after, limit)
		}
		b.store.onDue = func(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			if b.down.Load() {
				return nil, errors.New("connection lost")
			}
			return b.store.Store.Due(ctx, by, after, limit)
		}
		b.store.onLoad = func(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
			if b.sick.Load() == key.Conversation {
				time.Sleep(time.Duration(b.slow.Load()))
				return storage.Loaded{}, errors.New("disk on fire")
			}
			loaded, err := b.store.Store.Load(ctx, key, id)
			if b.damaged.Load() == key.Conversation {
				loaded.Head.Body = []byte("{")
			}
			return loaded, err
		}
		b.desk = newDesk(t, b.store, o)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.desk.Run(ctx) }()
		synctest.Wait()
		test(b)
		stop()
		fails(t, <-done, context.Canceled)
	})
}

// assign opens a conversation on desk, and gives it to ann.
func (b *bubble) assign(desk *lifecycle.Desk, id string) lifecycle.Call {
	b.Helper()
	call := lifecycle.Call{Workspace: "acme", Conversation: id}
	accepted(b)(desk.Open(b.Context(), call.As(vic), conversation.Open{}))
	accepted(b)(desk.Take(b.Context(), call.As(ann)))
	return call
}

func (b *bubble) wantTimeline(id string, want ...string) {
	b.Helper()
	records, err := b.desk.History(b.Context(), "acme", id, 0, 0)
	check(b, err)
	if diff := cmp.Diff(want, timeline(b.start, records)); diff != "" {
		b.Errorf("%s (-want +got):\n%s", id, diff)
	}
}

// TestRunSleepsUntilTheNextDue: with a long poll it looks at the store when
// something is due, to the microsecond, and hardly ever else.
func TestRunSleepsUntilTheNextDue(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: 24 * time.Hour}, func(b *bubble) {
		call := b.assign(b.desk, "chat-1")
		accepted(t)(b.desk.Snooze(b.Context(), call.As(ann), conversation.Snooze{Until: snooze.For(snooze.Short)}))
		time.Sleep(10 * time.Hour)
		b.wantTimeline("chat-1", "0s opened", "0s taken", "0s snoozed", "3h0m0s woken", "3h2m0s prompted")
		if got := b.looks.Load(); got > 8 {
			t.Errorf("looked %d times in ten hours", got)
		}
	})
}

// TestRunWakesForALocalCommand while it sleeps for long.
func TestRunWakesForALocalCommand(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: 1000 * time.Hour}, func(b *bubble) {
		far := b.assign(b.desk, "far")
		accepted(t)(b.desk.Snooze(b.Context(), far.As(ann), conversation.Snooze{Until: snooze.For(500 * time.Hour)}))
		time.Sleep(100 * time.Hour)
		b.assign(b.desk, "near")
		time.Sleep(time.Hour)
		b.wantTimeline("near", "100h0m0s opened", "100h0m0s taken", "100h2m0s prompted")
	})
}

// TestRunSleepsOn while commands are given that are due later than it wakes, or
// never.
func TestRunSleepsOn(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: 1000 * time.Hour}, func(b *bubble) {
		if _, err := b.desk.SetPolicies(b.Context(), "bots", conversation.Policies{Default: withBot}, 0); err != nil {
			t.Fatal(err)
		}
		first := b.assign(b.desk, "first")
		accepted(t)(b.desk.Snooze(b.Context(), first.As(ann), conversation.Snooze{Until: snooze.For(10 * time.Hour)}))
		later := b.assign(b.desk, "later")
		accepted(t)(b.desk.Snooze(b.Context(), later.As(ann), conversation.Snooze{Until: snooze.For(500 * time.Hour)}))
		time.Sleep(time.Hour) // whatever was due soon has been looked at
		before := b.looks.Load()
		for range 50 {
			accepted(t)(b.desk.AddNote(b.Context(), later.As(ann), "Noted."))
			time.Sleep(time.Minute)
			accepted(t)(b.desk.Open(b.Context(), lifecycle.Call{Workspace: "bots", By: vic}, conversation.Open{}))
			time.Sleep(time.Minute)
		}
		if got := b.looks.Load() - before; got != 0 {
			t.Errorf("looked %d times with nothing due", got)
		}
	})
}

// TestRunPollsForOthers: what another Desk wrote is found at the next poll.
func TestRunPollsForOthers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		poll time.Duration
		late string
	}{
		{0, "2m0s prompted"}, // the default, of a second, is soon enough
		{5 * time.Minute, "5m0s prompted"},
	} {
		inBubble(t, lifecycle.Options{Poll: tt.poll}, func(b *bubble) {
			other := newDesk(t, b.store, lifecycle.Options{})
			b.assign(other, "chat-1")
			time.Sleep(20 * time.Minute)
			b.wantTimeline("chat-1", "0s opened", "0s taken", tt.late)
		})
	}
}

// TestRunWakesForNewPolicies that make something due before it means to wake.
func TestRunWakesForNewPolicies(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: 1000 * time.Hour}, func(b *bubble) {
		set := func(policy conversation.Policy, revision int64) {
			t.Helper()
			_, err := b.desk.SetPolicies(b.Context(), "acme", conversation.Policies{Default: policy}, revision)
			check(t, err)
		}
		set(prompts(100*time.Hour), 0)
		b.assign(b.desk, "chat-1")
		time.Sleep(time.Hour)
		set(prompts(2*time.Hour), 1)
		synctest.Wait()
		if done, err := b.desk.PoliciesApplied(b.Context(), "acme"); err != nil || !done {
			t.Errorf("PoliciesApplied = %t, %v, want true at once", done, err)
		}
		time.Sleep(10 * time.Hour)
		b.wantTimeline("chat-1", "0s opened", "0s taken", "2h0m0s prompted")
	})
}

// TestRunEndsWithItsContext, also one that has ended before.
func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("shutting down"))
	desk := newDesk(t, newMemory(), lifecycle.Options{})
	if err := desk.Run(ctx); err != ctx.Err() {
		t.Errorf("Run = %v, want %v", err, ctx.Err())
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		if err := newDesk(t, newMemory(), lifecycle.Options{}).Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run = %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(start); took != time.Hour {
			t.Errorf("it ended after %v, want an hour", took)
		}
	})
}

// TestRunGoesOnAfterErrors of the store: it tries again with every poll.
func TestRunGoesOnAfterErrors(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: time.Minute}, func(b *bubble) {
		b.assign(b.desk, "chat-1")
		b.assign(b.desk, "chat-2")
		b.down.Store(true)
		before := b.looks.Load()
		time.Sleep(time.Hour)
		if got := b.looks.Load() - before; got < 55 || got > 65 {
			t.Errorf("it tried %d times in an hour, want once a minute", got)
		}
		b.down.Store(false)
		time.Sleep(time.Hour)
		records, err := b.desk.History(b.Context(), "acme", "chat-2", 2, 0)
		check(t, err)
		if late := records[0].At.Sub(b.start); late < time.Hour || late > time.Hour+time.Minute {
			t.Errorf("prompted after %v, want within a minute after the hour", late)
		}
	})
}

// A countingClock counts the calls of After that have not rung yet.
type countingClock struct {
	waiting, calls, most atomic.Int64
}

func (c *countingClock) Now() time.Time { return time.Now() }

func (c *countingClock) After(d time.Duration) <-chan time.Time {
	c.calls.Add(1)
	c.most.Store(max(c.most.Load(), c.waiting.Add(1)))
	ring := make(chan time.Time, 1)
	time.AfterFunc(d, func() {
		c.waiting.Add(-1)
		ring <- time.Now()
	})
	return ring
}

// TestRunKeepsOneAlarm: abandoned waits are costly on a fake clock, so commands
// that are due later than the alarm, and policies that change nothing, start no
// other.
func TestRunKeepsOneAlarm(t *testing.T) {
	t.Parallel()
	clock := &countingClock{}
	inBubble(t, lifecycle.Options{Poll: time.Minute, Clock: clock}, func(b *bubble) {
		call := b.assign(b.desk, "chat-1")
		for i := range 600 {
			accepted(t)(b.desk.Say(b.Context(), call.As(vic), "Hello"))
			if i%10 == 0 { // wakes Run, for nothing that is due earlier
				_, err := b.desk.SetPolicies(b.Context(), "acme", conversation.Policies{}, int64(i/10))
				check(t, err)
			}
			time.Sleep(6 * time.Second)
		}
		if clock.most.Load() != 1 {
			t.Errorf("%d alarms at once, want 1", clock.most.Load())
		}
		if calls := clock.calls.Load(); calls > 65 {
			t.Errorf("%d alarms in an hour of polls of a minute", calls)
		}
		time.Sleep(time.Hour)
		if clock.most.Load() != 1 {
			t.Errorf("afterwards %d alarms at once, want 1", clock.most.Load())
		}
		time.Sleep(time.Hour)
	})
}

// TestOneSickDoesNotDelayTheRest: with a long poll, Run still wakes for the
// others while one conversation fails.
func TestOneSickDoesNotDelayTheRest(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: time.Hour}, func(b *bubble) {
		b.assign(b.desk, "sick")
		b.sick.Store("sick")
		time.Sleep(10 * time.Minute)
		b.assign(b.desk, "well")
		time.Sleep(3 * time.Hour)
		b.wantTimeline("well", "10m0s opened", "10m0s taken", "12m0s prompted")
	})
}
