package lifecycle_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// damage makes a conversation unreadable to everybody who loads it.
func damage(store *tap, id string) {
	store.onLoad = func(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
		loaded, err := store.Store.Load(ctx, key, commandID)
		if key.Conversation == id {
			loaded.Head.Body = []byte("{")
		}
		return loaded, err
	}
}

func setbacks(t *testing.T, desk *lifecycle.Desk) []lifecycle.Setback {
	t.Helper()
	all, err := desk.Setbacks(t.Context(), "", "", 100)
	check(t, err)
	return all
}

// TestQuarantine: a conversation that fails is tried again with longer and longer
// waits, then no more, while another keeps being worked off; released, it goes on.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chats := assignedChats(kit, 2)
	sick, well := chats[0], chats[1]
	damage(store, sick.ID)
	began := lifecycletest.Start.Add(time.Hour)
	clock := &wall{began}
	desk := newDesk(t, store, lifecycle.Options{Clock: clock})

	var tried []time.Duration
	for range 3600 {
		for _, f := range mustTick(t, desk).Failed {
			if f.Conversation != sick.ID || f.Setback == nil {
				t.Fatalf("failed %+v, want only %s, with a setback", f, sick.ID)
			}
			tried = append(tried, clock.at.Sub(began))
		}
		clock.at = clock.at.Add(time.Second)
	}
	want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 127, 255, 511}
	for i := range want {
		want[i] *= time.Second
	}
	if diff := cmp.Diff(want, tried); diff != "" {
		t.Errorf("tried after (-want +got):\n%s", diff)
	}
	well.WantEvents("opened", "taken", "prompted")

	got := setbacks(t, desk)
	wantSetbacks := []lifecycle.Setback{{Workspace: lifecycletest.Workspace, Conversation: sick.ID, Failures: lifecycle.DefaultMaxFailures}}
	if diff := cmp.Diff(wantSetbacks, got, cmpopts.IgnoreFields(lifecycle.Setback{}, "Reason")); diff != "" {
		t.Fatalf("setbacks (-want +got):\n%s", diff)
	}
	if !got[0].Quarantined() || !strings.Contains(got[0].Reason, sick.ID) {
		t.Errorf("setback %+v, want a quarantine that says why", got[0])
	}

	store.onLoad = nil
	if fired := tick(t, desk).Fired; len(fired) != 0 {
		t.Errorf("quarantined, it fired %v", firedIDs(fired))
	}
	check(t, desk.Release(t.Context(), lifecycletest.Workspace, sick.ID))
	if got := firedIDs(tick(t, desk).Fired); len(got) != 1 || got[0] != sick.ID {
		t.Errorf("released, fired %v, want %s", got, sick.ID)
	}
	if got := setbacks(t, desk); len(got) != 0 {
		t.Errorf("recovered, setbacks %v", got)
	}
}

// mustTick ticks, whatever failed.
func mustTick(t *testing.T, desk *lifecycle.Desk) lifecycle.Ticked {
	t.Helper()
	ticked, err := desk.Tick(t.Context())
	check(t, err)
	return ticked
}

// TestOtherNodesWaitToo: what one node set back, another does not try.
func TestOtherNodesWaitToo(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	damage(store, chat.ID)
	kit.Clock.Add(time.Hour)
	other := newDesk(t, store, lifecycle.Options{Clock: kit.Clock})
	if n := len(mustTick(t, kit.Desk).Failed); n != 1 {
		t.Fatalf("%d failures, want one", n)
	}
	if n := len(mustTick(t, other).Failed); n != 0 {
		t.Errorf("another node failed %d times within the wait", n)
	}
	kit.Clock.Add(time.Second)
	if n := len(mustTick(t, other).Failed); n != 1 {
		t.Errorf("after the wait the other node failed %d times, want once", n)
	}
	if got := setbacks(t, kit.Desk); len(got) != 1 || got[0].Failures != 2 {
		t.Errorf("setbacks %+v, want one of two failures", got)
	}
}

// TestCommandEndsASetback: an accepted command shows that the conversation is
// well.
func TestCommandEndsASetback(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, &lifecycle.Options{MaxFailures: 1})
	chat := assignedChats(kit, 1)[0]
	damage(store, chat.ID)
	kit.Clock.Add(time.Hour)
	mustTick(t, kit.Desk)
	if got := setbacks(t, kit.Desk); len(got) != 1 || !got[0].Quarantined() {
		t.Fatalf("setbacks %+v, want a quarantine after one failure", got)
	}
	store.onLoad = nil
	chat.Say(vic, "Hello?")
	if got := setbacks(t, kit.Desk); len(got) != 0 {
		t.Errorf("setbacks %+v, want none", got)
	}
	kit.Advance(time.Hour)
	chat.WantEvents("opened", "taken", "said", "prompted")
}

// TestStoresFailuresSetNothingBack: what lies in the store is tried by the next
// tick.
func TestStoresFailuresSetNothingBack(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	assignedChats(kit, 1)
	kit.Clock.Add(time.Hour)
	for name, err := range map[string]error{"outage": errBroken, "newer": conversation.ErrNewer} {
		store.onLoad = func(context.Context, storage.Key, string) (storage.Loaded, error) { return storage.Loaded{}, err }
		for range 3 {
			failed := mustTick(t, kit.Desk).Failed
			if len(failed) != 1 || failed[0].Setback != nil {
				t.Errorf("%s: failed %+v, want one failure without setback", name, failed)
			}
		}
	}
	if got := setbacks(t, kit.Desk); len(got) != 0 {
		t.Errorf("setbacks %+v, want none", got)
	}
}

// TestSetBackWhileSomebodyElseChangesIt: the failure of an old version is none of
// the new one.
func TestSetBackWhileSomebodyElseChangesIt(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	kit.Clock.Add(time.Hour)
	loads := 0
	store.onLoad = func(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
		loaded, err := store.Store.Load(ctx, key, id)
		loads++
		switch loads {
		case 1:
			loaded.Head.Body = []byte("{")
		case 2: // to count the failures
			store.onLoad = nil
			chat.Say(vic, "Hello?")
		}
		return loaded, err
	}
	failed := mustTick(t, kit.Desk).Failed
	if len(failed) != 1 || failed[0].Setback != nil || len(setbacks(t, kit.Desk)) != 0 {
		t.Errorf("failed %+v, setbacks %v, want one failure without", failed, setbacks(t, kit.Desk))
	}
}

// TestReasonIsBoundedText, whatever the failure says.
func TestReasonIsBoundedText(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	assignedChats(kit, 1)
	kit.Clock.Add(time.Hour)
	store.onCommit = func(context.Context, storage.Commit) error {
		panic("\x00\xff" + strings.Repeat("ä", lifecycle.MaxReason))
	}
	mustTick(t, kit.Desk)
	got := setbacks(t, kit.Desk)
	if len(got) != 1 {
		t.Fatalf("setbacks %+v, want one", got)
	}
	if r := got[0].Reason; len(r) > lifecycle.MaxReason || !utf8.ValidString(r) || strings.Contains(r, "\x00") {
		t.Errorf("reason of %d bytes: %q", len(r), r)
	}
}

// TestRelease names what cannot be released, and leaves what is well.
func TestRelease(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := assignedChats(kit, 1)[0]
	check(t, kit.Desk.Release(t.Context(), lifecycletest.Workspace, chat.ID))
	fails(t, kit.Desk.Release(t.Context(), lifecycletest.Workspace, "nobody"), conversation.ErrNotFound)
	invalid(t, kit.Desk.Release(t.Context(), lifecycletest.Workspace, "no body"), "conversation")
	_, err := kit.Desk.Setbacks(t.Context(), "", "", 0)
	invalid(t, err, "limit")
}

// TestSetbacksOfManyPages continues after a given one.
func TestSetbacksOfManyPages(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chats := assignedChats(kit, 5)
	kit.Clock.Add(time.Hour)
	store.onCommit = func(context.Context, storage.Commit) error { panic("no") }
	mustTick(t, kit.Desk)
	var got []string
	var last lifecycle.Setback
	for {
		page, err := kit.Desk.Setbacks(t.Context(), last.Workspace, last.Conversation, 2)
		check(t, err)
		if len(page) == 0 {
			break
		}
		for _, s := range page {
			got = append(got, s.Conversation)
		}
		last = page[len(page)-1]
	}
	var want []string
	for _, chat := range chats {
		want = append(want, chat.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("setbacks (-want +got):\n%s", diff)
	}
}

// TestRunPassesOverASetback: Run sleeps beside a conversation that is set back,
// neither spinning nor forgetting it.
func TestRunPassesOverASetback(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: time.Minute}, func(b *bubble) {
		b.assign(b.desk, "sick")
		b.damaged.Store("sick")
		time.Sleep(time.Hour)
		if n := b.looks.Load(); n > 100 {
			t.Errorf("%d ticks in an hour of polls each minute", n)
		}
		got := setbacks(t, b.desk)
		if len(got) != 1 || !got[0].Quarantined() {
			t.Errorf("setbacks %+v, want a quarantine", got)
		}
	})
}
