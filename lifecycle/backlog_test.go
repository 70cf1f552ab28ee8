package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// slow makes every commit take a while on the kit's clock.
func slow(kit *lifecycletest.Kit, store *tap, takes time.Duration) {
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		kit.Clock.Add(takes)
		return store.Store.Commit(ctx, c)
	}
}

// TestWaitsRunFromWhenItHappened: a backlog takes minutes to work off. Whoever is
// told last that the chat will close has the whole wait from then.
func TestWaitsRunFromWhenItHappened(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	kit.SetPolicy(conversation.Policy{Idle: conversation.Idle{Assigned: informedClose(time.Minute, 2*time.Minute)}})
	chats := assignedChats(kit, 100)
	kit.Clock.Add(time.Minute)
	slow(kit, store, 2*time.Second)
	fired := tick(t, kit.Desk).Fired
	for i, f := range fired {
		if got, want := f.Records[0].At.Sub(f.Due), time.Duration(i)*2*time.Second; len(f.Records) != 1 || got < want {
			t.Fatalf("%s was told %v after it was due, want %v", f.Conversation, got, want)
		}
	}
	store.onCommit = nil
	kit.Advance(time.Hour)
	for _, chat := range chats {
		journal := chat.Journal()
		told, closed := journal[len(journal)-2], journal[len(journal)-1]
		if wait := closed.At.Sub(told.At); wait < 2*time.Minute {
			t.Errorf("%s was closed %v after the visitor was told, want at least 2m", chat.ID, wait)
		}
	}
}

// TestTrueLateness: a snooze that is worked off behind others is as late as it
// really is.
func TestTrueLateness(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	for _, chat := range assignedChats(kit, 3) {
		chat.Do(ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
	}
	kit.Clock.Add(snooze.Short)
	slow(kit, store, time.Minute)
	for i, f := range tick(t, kit.Desk).Fired {
		if got, want := f.Records[0].Event.(conversation.Woken).Late, time.Duration(i)*time.Minute; got != want {
			t.Errorf("wake %d is %v late, want %v", i, got, want)
		}
	}
}

// TestPoliciesOfOthersDoNotDelay: what is due has its turn between the pages of
// conversations whose policies changed.
func TestPoliciesOfOthersDoNotDelay(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	call := lifecycle.Call{Workspace: "small", Conversation: "chat-1"}
	accepted(t)(kit.Desk.Open(t.Context(), call.As(vic), conversation.Open{}))
	accepted(t)(kit.Desk.Take(t.Context(), call.As(ann)))
	assignedChats(kit, 1000)
	setDefault(t, kit.Desk, prompts(time.Hour), 0)
	kit.Clock.Add(2 * time.Minute)
	slow(kit, store, time.Second)
	ticked := tick(t, kit.Desk)
	applied, err := kit.Desk.PoliciesApplied(t.Context(), lifecycletest.Workspace)
	if len(ticked.Fired) != 1 || ticked.Fired[0].Workspace != "small" || !applied || err != nil {
		t.Fatalf("fired %v, applied %t, %v", ticked.Fired, applied, err)
	}
	if late := ticked.Fired[0].Records[0].At.Sub(ticked.Fired[0].Due); late > 3*time.Minute {
		t.Errorf("the prompt of another workspace came %v late", late)
	}
}

// TestFiresWithoutOutdated: a store that cannot list what is outdated still has
// its deadlines worked off, and the error is returned.
func TestFiresWithoutOutdated(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	kit.Clock.Add(time.Hour)
	store.onOutdated = func(context.Context, time.Time, storage.Key, int) ([]storage.Key, error) { return nil, errSick }
	ticked, err := kit.Desk.Tick(t.Context())
	fails(t, err, errSick)
	if len(ticked.Fired) != 1 {
		t.Errorf("fired %d, want 1", len(ticked.Fired))
	}
	chat.WantEvents("opened", "taken", "prompted")
}

var errSick = errors.New("sick")

// TestOneRun: a second Run on the same Desk says so, and the first goes on.
func TestOneRun(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: time.Hour}, func(b *bubble) {
		b.assign(b.desk, "chat-1")
		time.Sleep(time.Second)
		fails(t, b.desk.Run(b.Context()), lifecycle.ErrRunning)
		b.assign(b.desk, "chat-2")
		time.Sleep(time.Hour)
		b.wantTimeline("chat-2", "1s opened", "1s taken", "2m1s prompted")
	})
}

// TestFeedBeforeWhatCannotBeRead is delivered; then the place is named, and a
// subscriber that advances past it goes on.
func TestFeedBeforeWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	store := newMemory()
	kit := lifecycletest.NewOn(t, store, nil)
	kit.Chat("before").Open(vic)
	check(t, store.Commit(t.Context(), storage.Commit{
		Key: storage.Key{Workspace: lifecycletest.Workspace, Conversation: "newer"}, Head: storage.Head{Version: 1},
		Events: []storage.Event{{Version: 1, Body: []byte(`{"v":2}`)}},
	}))
	kit.Chat("behind").Open(vic)

	deliveries, err := kit.Desk.Feed(t.Context(), "crm", 10)
	if err != nil || len(deliveries) != 1 || deliveries[0].Conversation != "before" {
		t.Fatalf("delivered %v, %v, want what came before", deliveries, err)
	}
	_, err = kit.Desk.Advance(t.Context(), "crm", deliveries[0].Position)
	check(t, err)
	_, err = kit.Desk.Feed(t.Context(), "crm", 10)
	fails(t, err, conversation.ErrNewer)
	var stuck *lifecycle.FeedError
	if !errors.As(err, &stuck) || stuck.Position != 2 || stuck.Conversation != "newer" {
		t.Fatalf("error %v, want a FeedError at 2", err)
	}
	_, err = kit.Desk.Advance(t.Context(), "crm", stuck.Position)
	check(t, err)
	deliveries, err = kit.Desk.Feed(t.Context(), "crm", 10)
	if err != nil || len(deliveries) != 1 || deliveries[0].Conversation != "behind" {
		t.Errorf("delivered %v, %v, want what came behind", deliveries, err)
	}
}
