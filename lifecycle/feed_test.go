package lifecycle_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

func deliveries(t *testing.T, desk *lifecycle.Desk, subscriber string, limit int) []lifecycle.Delivery {
	t.Helper()
	got, err := desk.Feed(t.Context(), subscriber, limit)
	check(t, err)
	return got
}

func advance(t *testing.T, desk *lifecycle.Desk, subscriber string, to storage.Position) storage.Position {
	t.Helper()
	at, err := desk.Advance(t.Context(), subscriber, to)
	check(t, err)
	return at
}

// TestFeed delivers commands and deadlines of all workspaces, with texts, from
// the beginning.
func TestFeed(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	elsewhere := lifecycle.Call{Workspace: "umbrella", Conversation: "chat-1", By: vic}
	var want []lifecycle.Delivery
	note := func(workspace string, records []conversation.Record) {
		want = append(want, lifecycle.Delivery{
			Position: storage.Position(len(want) + 1), Workspace: workspace, Conversation: "chat-1", Records: records,
		})
	}
	note(lifecycletest.Workspace, chat.Open(vic).Records)
	note(lifecycletest.Workspace, chat.Say(vic, "Hello?").Records)
	note("umbrella", accepted(t)(kit.Desk.Open(t.Context(), elsewhere, conversation.Open{})).Records)
	note(lifecycletest.Workspace, chat.Do(ann, conversation.Take{}).Records)
	chat.Do(ann, conversation.Take{}) // holds already: nothing to deliver
	note(lifecycletest.Workspace, kit.Advance(idle.DefaultAfter)[0].Records)
	if diff := cmp.Diff(want, deliveries(t, kit.Desk, "crm", 100)); diff != "" {
		t.Errorf("feed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[:2], deliveries(t, kit.Desk, "crm", 2)); diff != "" {
		t.Errorf("the first two (-want +got):\n%s", diff)
	}
}

// TestCursor: what was not advanced over comes again, to this Desk and to the
// next; each subscriber has a cursor of its own, which never goes back.
func TestCursor(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	for range 4 {
		chat.Say(vic, "Hello?")
	}
	first := deliveries(t, kit.Desk, "crm", 3)
	if diff := cmp.Diff(first, deliveries(t, kit.Desk, "crm", 3)); diff != "" {
		t.Errorf("again without advancing (-first +again):\n%s", diff)
	}
	if at := advance(t, kit.Desk, "crm", 3); at != 3 {
		t.Errorf("advanced to %d, want 3", at)
	}
	restarted := newDesk(t, kit.Store, lifecycle.Options{Clock: kit.Clock})
	rest := deliveries(t, restarted, "crm", 100)
	if len(rest) != 2 || rest[0].Position != 4 {
		t.Errorf("after a restart: %d deliveries from %d, want 2 from 4", len(rest), rest[0].Position)
	}
	for _, to := range []storage.Position{1, 0} {
		if at := advance(t, restarted, "crm", to); at != 3 {
			t.Errorf("advancing back to %d: at %d, want 3", to, at)
		}
	}
	if at, err := restarted.Advance(t.Context(), "crm", 6); at != 3 {
		t.Errorf("advancing over the end: at %d, want 3", at)
	} else {
		fails(t, err, storage.ErrPosition)
	}
	if got := len(deliveries(t, restarted, "statistics", 100)); got != 5 {
		t.Errorf("another subscriber got %d deliveries, want all 5", got)
	}
	advance(t, restarted, "crm", 5)
	if got := deliveries(t, restarted, "crm", 100); len(got) != 0 {
		t.Errorf("at the end: %d deliveries", len(got))
	}
}

// TestFeedUnderWriters reads in small steps while many Desks write: everything
// arrives, once for a reader who advances, in the order of each conversation.
func TestFeedUnderWriters(t *testing.T) {
	t.Parallel()
	const writers, each = 6, 60
	store := newMemory()
	reader := newDesk(t, store, lifecycle.Options{})
	var running atomic.Int64
	running.Store(writers)
	seen := map[string]conversation.Version{}
	var position storage.Position
	read := func() int {
		got := deliveries(t, reader, "crm", 7)
		for _, d := range got {
			if d.Position != position+1 {
				t.Fatalf("position %d after %d", d.Position, position)
			}
			position = d.Position
			for _, r := range d.Records {
				if r.Seq != seen[d.Conversation]+1 {
					t.Fatalf("%s: record %d after %d", d.Conversation, r.Seq, seen[d.Conversation])
				}
				seen[d.Conversation] = r.Seq
			}
		}
		if len(got) > 0 {
			advance(t, reader, "crm", position)
		}
		return len(got)
	}
	go atOnce(writers, func(i int) {
		defer running.Add(-1)
		desk := newDesk(t, store, lifecycle.Options{})
		call := lifecycle.Call{Workspace: "acme", Conversation: fmt.Sprint("chat-", i/2), By: vic}
		_, _ = desk.Open(t.Context(), call, conversation.Open{}) // one of two is the first
		for range each {
			if _, err := desk.Say(t.Context(), call, "Hello?"); err != nil {
				t.Error(err)
			}
		}
	})
	for running.Load() > 0 || read() > 0 {
		read()
	}
	if total := writers/2 + writers*each; position != storage.Position(total) {
		t.Errorf("%d deliveries, want %d", position, total)
	}
}

// TestSubscribe receives live what this Desk does: the conversation as it became
// and what was recorded; neither no-ops nor refusals, nor what other Desks do.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	other := newDesk(t, kit.Store, lifecycle.Options{Clock: kit.Clock})
	live, second := kit.Desk.Subscribe(100), kit.Desk.Subscribe(100)
	defer live.Close()
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	accepted(t)(kit.Desk.Take(t.Context(), withID(chat.By(ann), "cmd-1"))) // remembered, and no news
	refused(t, conversation.ErrHeld)(kit.Desk.Take(t.Context(), chat.By(ben)))
	accepted(t)(other.Say(t.Context(), chat.By(ann), "Hello!"))
	kit.Advance(idle.DefaultAfter)
	second.Close()

	for _, s := range []*lifecycle.Subscription{live, second} {
		var got []string
		for range 3 {
			u := <-s.Updates()
			got = append(got, eventNames(u.Records)...)
			if last := u.Records[len(u.Records)-1].Seq; u.Conversation.Version != last {
				t.Errorf("conversation at %d with record %d", u.Conversation.Version, last)
			}
		}
		if diff := cmp.Diff([]string{"opened", "taken", "prompted"}, got); diff != "" {
			t.Errorf("updates (-want +got):\n%s", diff)
		}
	}
	if _, open := <-second.Updates(); open {
		t.Error("more updates, want a closed channel")
	}
}

// TestSubscribeNeverBlocks: nobody reads, and the Desk goes on.
func TestSubscribeNeverBlocks(t *testing.T) {
	t.Parallel()
	for buffer, kept := range map[int]int64{-1: 1, 0: 1, 1: 1, 3: 3} {
		kit := lifecycletest.New(t, nil)
		live := kit.Desk.Subscribe(buffer)
		chat := kit.Chat("chat-1")
		chat.Open(vic)
		for range 9 {
			chat.Say(vic, "Hello?")
		}
		if got := live.Dropped(); got != 10-kept {
			t.Errorf("buffer %d: dropped %d, want %d", buffer, got, 10-kept)
		}
		if u := <-live.Updates(); u.Conversation.Version != 1 {
			t.Errorf("buffer %d: the first update is of version %d, want 1", buffer, u.Conversation.Version)
		}
		live.Close()
		live.Close()
		chat.Say(vic, "Hello?")
		if got := live.Dropped(); got != 10-kept {
			t.Errorf("buffer %d: dropped %d after closing", buffer, got-(10-kept))
		}
	}
}

// TestSubscribeRace subscribes, reads and closes while commands go on.
func TestSubscribeRace(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	atOnce(8, func(i int) {
		for range 50 {
			if i%2 == 0 {
				if _, err := kit.Desk.Say(t.Context(), chat.By(vic), "Hello?"); err != nil {
					t.Error(err)
				}
				continue
			}
			live := kit.Desk.Subscribe(i)
			select {
			case <-live.Updates():
			default:
			}
			live.Dropped()
			live.Close()
		}
	})
}

// TestAdvanceToNegative: there is no such position.
func TestAdvanceToNegative(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, newMemory(), lifecycle.Options{})
	_, err := desk.Advance(t.Context(), "crm", -1)
	fails(t, err, storage.ErrPosition)
}
