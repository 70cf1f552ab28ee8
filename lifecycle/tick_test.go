package lifecycle_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// TestLateIsNotBurst lets nobody tick for a week: each conversation takes one
// step, and the next step has its full wait from then on.
func TestLateIsNotBurst(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(patient)
	silent, asleep := kit.Chat("silent"), kit.Chat("asleep")
	for _, chat := range []*lifecycletest.Chat{silent, asleep} {
		chat.Open(vic)
		chat.Do(ann, conversation.Take{})
	}
	asleep.Do(ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
	const outage = 7 * 24 * time.Hour
	kit.Clock.Add(outage)

	if got := firedIDs(tick(t, kit.Desk).Fired); !slices.Equal(got, []string{"silent", "asleep"}) {
		t.Errorf("fired %v, want silent, asleep", got)
	}
	if again := tick(t, kit.Desk); len(again.Fired) != 0 {
		t.Errorf("again: fired %v", again.Fired)
	}
	woken := asleep.Journal()[3].Event.(conversation.Woken)
	if want := outage - snooze.Short; woken.Late != want || woken.Cause != conversation.WokenByTimer {
		t.Errorf("woken by %s, %v late, want timer, %v", woken.Cause, woken.Late, want)
	}

	back := kit.Clock.Now()
	kit.Advance(48 * time.Hour)
	want := []string{"2m0s prompted", "12m0s followed_up", "24h12m0s closed"}
	if diff := cmp.Diff(want, timeline(back, asleep.Journal()[4:])); diff != "" {
		t.Errorf("after waking (-want +got):\n%s", diff)
	}
	want = []string{"0s prompted", "10m0s followed_up", "24h10m0s closed"}
	if diff := cmp.Diff(want, timeline(back, silent.Journal()[2:])); diff != "" {
		t.Errorf("after the outage (-want +got):\n%s", diff)
	}
}

// TestTickInOrder works off more than one page, due at different instants in an
// order that is neither that of the IDs nor that of the opening.
func TestTickInOrder(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{0, 8} {
		kit := lifecycletest.New(t, &lifecycle.Options{Workers: workers})
		const n = 1203
		for i, chat := range assignedChats(kit, n) {
			away := time.Hour + time.Duration(i*7919%n)*time.Second
			chat.Do(ann, conversation.Snooze{Until: snooze.For(away)})
		}
		kit.Clock.Add(2 * time.Hour)
		fired := tick(t, kit.Desk).Fired
		if len(fired) != n {
			t.Fatalf("%d workers: fired %d, want %d", workers, len(fired), n)
		}
		if !slices.IsSortedFunc(fired, func(a, b lifecycle.Fired) int { return a.Due.Compare(b.Due) }) {
			t.Errorf("%d workers: not in the order in which they were due", workers)
		}
		for _, f := range fired {
			if f.Workspace != lifecycletest.Workspace || len(f.Records) != 1 || !f.Records[0].At.Equal(kit.Clock.Now()) {
				t.Fatalf("fired %+v, want one record at the time of the tick", f)
			}
		}
	}
}

// TestFailuresKeepNobodyWaiting plants conversations that cannot be worked on,
// the oldest first. The others fire; the sick ones fail visibly, again and again,
// and go on when they are well.
func TestFailuresKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	const secret = "my-password"
	var log strings.Builder
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, &lifecycle.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	chats := assignedChats(kit, 5)
	for _, chat := range chats {
		chat.Say(vic, secret)
	}
	ill := errors.New("disk on fire")
	store.onLoad = func(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
		loaded, err := store.Store.Load(ctx, key, id)
		switch key.Conversation {
		case "chat-0000":
			return loaded, ill
		case "chat-0001":
			loaded.Head.Body = []byte("{")
		case "chat-0003":
			panic("what a store!")
		}
		return loaded, err
	}
	kit.Clock.Add(time.Hour)
	for range 2 {
		kit.Clock.Add(2 * time.Second) // those whose failure lies in themselves wait before they are tried again
		ticked, err := kit.Desk.Tick(t.Context())
		check(t, err)
		var failed []string
		for _, f := range ticked.Failed {
			failed = append(failed, f.Conversation)
		}
		if want := []string{"chat-0000", "chat-0001", "chat-0003"}; !slices.Equal(failed, want) {
			t.Fatalf("failed %v, want %v", failed, want)
		}
		fails(t, ticked.Failed[0].Err, ill)
		if err := ticked.Failed[2].Err.Error(); !strings.Contains(err, "what a store!") {
			t.Errorf("failure %q, want it to say what the panic said", err)
		}
	}
	for _, id := range []string{"chat-0002", "chat-0004"} {
		kit.Chat(id).WantEvents("opened", "taken", "said", "prompted")
	}
	if got := log.String(); !strings.Contains(got, "chat-0003") || strings.Contains(got, secret) {
		t.Errorf("the log must name what failed and nothing that was said:\n%s", got)
	}
	store.onLoad = nil
	kit.Clock.Add(2 * time.Second)
	if got := firedIDs(tick(t, kit.Desk).Fired); !slices.Equal(got, []string{"chat-0000", "chat-0001", "chat-0003"}) {
		t.Errorf("well again: fired %v", got)
	}
}

// TestFailuresWhileRecomputing: the policies of the sick are not applied, those
// of the others are.
func TestFailuresWhileRecomputing(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	assignedChats(kit, 3)
	setDefault(t, kit.Desk, prompts(time.Hour), 0)
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		if c.Key.Conversation == "chat-0001" {
			return errors.New("disk on fire")
		}
		return store.Store.Commit(ctx, c)
	}
	ticked, err := kit.Desk.Tick(t.Context())
	check(t, err)
	if ticked.Recomputed != 2 || len(ticked.Failed) != 1 || applied(t, kit.Desk) {
		t.Errorf("recomputed %d, failed %d, applied %t, want 2, 1, false", ticked.Recomputed, len(ticked.Failed), applied(t, kit.Desk))
	}
}

// TestTickReturnsTheStoresError, and what it did until then.
func TestTickReturnsTheStoresError(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	assignedChats(kit, 2)
	kit.Clock.Add(time.Hour)
	broken := errors.New("connection lost")
	asked := 0
	store.onDue = func(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
		if asked++; asked > 1 {
			return nil, broken
		}
		return store.Store.Due(ctx, by, after, limit)
	}
	ticked, err := kit.Desk.Tick(t.Context())
	fails(t, err, broken)
	if len(ticked.Fired) != 2 {
		t.Errorf("fired %v, want both", firedIDs(ticked.Fired))
	}
	store.onOutdated = func(context.Context, time.Time, storage.Key, int) ([]storage.Key, error) { return nil, broken }
	_, err = kit.Desk.Tick(t.Context())
	fails(t, err, broken)
}

// TestTickEndsWithItsContext cancels after the third effect.
func TestTickEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 4} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, &lifecycle.Options{Workers: workers})
		const n = 20
		assignedChats(kit, n)
		kit.Clock.Add(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		var commits atomic.Int64
		store.onCommit = func(ctx context.Context, c storage.Commit) error {
			defer func() {
				if commits.Add(1) == 3 {
					cancel()
				}
			}()
			return store.Store.Commit(context.WithoutCancel(ctx), c)
		}
		ticked, err := kit.Desk.Tick(ctx)
		fails(t, err, context.Canceled)
		if got := len(ticked.Fired); got != int(commits.Load()) || got < 3 || got > 3+workers || len(ticked.Failed) != 0 {
			t.Errorf("%d workers: fired %d, failed %d, after %d commits", workers, got, len(ticked.Failed), commits.Load())
		}
		if rest := tick(t, kit.Desk); len(rest.Fired) != n-len(ticked.Fired) {
			t.Errorf("%d workers: the rest fired %d, want %d", workers, len(rest.Fired), n-len(ticked.Fired))
		}
	}
}

// TestStuck gives the tick a store that keeps a passed deadline for ever: it ends
// on a clock that stands still, and says so.
func TestStuck(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	due := storage.Due{At: kit.Clock.Now(), Key: storage.Key{Workspace: lifecycletest.Workspace, Conversation: chat.ID}}
	store.onDue = func(_ context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
		if due.Compare(after) > 0 {
			return []storage.Due{due}, nil
		}
		return nil, nil
	}
	store.onLoad = func(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
		loaded, err := store.Store.Load(ctx, key, id)
		loaded.Head.Due = due.At
		return loaded, err
	}
	ticked, err := kit.Desk.Tick(t.Context())
	check(t, err)
	if len(ticked.Fired) != 0 || len(ticked.Failed) != 1 {
		t.Errorf("fired %d, failed %d, want one failure", len(ticked.Fired), len(ticked.Failed))
	}
	chat.WantEvents("opened", "taken")
}

// TestEarlyDueIsRepaired stores a due instant that is too early: the tick puts it
// right without an event.
func TestEarlyDueIsRepaired(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := assignedChats(kit, 1)[0]
	key := storage.Key{Workspace: lifecycletest.Workspace, Conversation: chat.ID}
	loaded, err := kit.Store.Load(t.Context(), key, "")
	check(t, err)
	loaded.Head.Due = kit.Clock.Now().Add(time.Second)
	check(t, kit.Store.Commit(t.Context(), storage.Commit{Key: key, Expect: loaded.Head.Version, Head: loaded.Head}))

	kit.Clock.Add(time.Second)
	if ticked := tick(t, kit.Desk); len(ticked.Fired) != 0 {
		t.Errorf("fired %v", ticked.Fired)
	}
	repaired, err := kit.Store.Load(t.Context(), key, "")
	check(t, err)
	if want := lifecycletest.Start.Add(idle.DefaultAfter); !repaired.Head.Due.Equal(want) {
		t.Errorf("due %v, want %v", repaired.Head.Due, want)
	}
	chat.WantEvents("opened", "taken")
}
