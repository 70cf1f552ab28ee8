package lifecycle_test

import (
	"context"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// In these tests every call is a transaction of its own. That commands take
// effect with the host's transaction is tested on the stores that have one.

// TestTx gives commands and reads, and tells subscriptions only when the host has
// committed.
func TestTx(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	live := kit.Desk.Subscribe(10)
	defer live.Close()
	tx := kit.Desk.Tx(kit.Store)
	call := kit.Chat("chat-1").By(vic)
	accepted(t)(tx.Open(t.Context(), call, conversation.Open{}))
	accepted(t)(tx.Say(t.Context(), call, "Hello?"))
	accepted(t)(tx.Take(t.Context(), call.As(ann)))
	refused(t, conversation.ErrHeld)(tx.Take(t.Context(), call.As(ben)))

	got, err := tx.Get(t.Context(), call.Workspace, call.Conversation)
	if check(t, err); got.State != conversation.StateAssigned {
		t.Errorf("state %s, want assigned", got.State)
	}
	journal, err := tx.History(t.Context(), call.Workspace, call.Conversation, 0, 0)
	if check(t, err); len(journal) != 3 {
		t.Errorf("%d records, want 3", len(journal))
	}
	if len(live.Updates()) != 0 {
		t.Errorf("subscriptions heard of it before the commit")
	}
	tx.Committed()
	tx.Committed() // tells nothing twice
	if n := len(live.Updates()); n != 3 {
		t.Errorf("subscriptions heard of %d commands, want 3", n)
	}
}

// TestTxConflict: the Tx does not decide anew.
func TestTxConflict(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	commits := 0
	store.onCommit = func(context.Context, storage.Commit) error { commits++; return storage.ErrConflict }
	_, err := kit.Desk.Tx(store).Close(t.Context(), chat.By(ann), conversation.Close{Outcome: closure.Resolved})
	fails(t, err, storage.ErrConflict)
	if commits != 1 {
		t.Errorf("%d commits, want one", commits)
	}
}

// TestTxRepeats a command ID, also of a command outside.
func TestTxRepeats(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := assignedChats(kit, 1)[0]
	call := withID(chat.By(vic), "message-1")
	first := accepted(t)(kit.Desk.Say(t.Context(), call, "Hello?"))
	sameResult(t, first, accepted(t)(kit.Desk.Tx(kit.Store).Say(t.Context(), call, "Hello?")))
}

// TestTxSaysToASuccessor, which it opens.
func TestTxSaysToASuccessor(t *testing.T) {
	t.Parallel()
	kit, chat := closedChat(t, withBot, 25*time.Hour)
	result := accepted(t)(kit.Desk.Tx(kit.Store).Say(t.Context(), chat.By(vic), "Me again"))
	if !result.Successor || result.Conversation.Previous != chat.ID {
		t.Errorf("successor %t of %q", result.Successor, result.Conversation.Previous)
	}
}

// TestCommittedWakesRun: Run works off a deadline of a Tx in time.
func TestCommittedWakesRun(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: time.Hour}, func(b *bubble) {
		call := lifecycle.Call{Workspace: "acme", Conversation: "chat-1", By: vic}
		tx := b.desk.Tx(b.store)
		accepted(t)(tx.Open(t.Context(), call, conversation.Open{}))
		accepted(t)(tx.Assign(t.Context(), call.As(sue), "ann"))
		tx.Committed()
		time.Sleep(3 * time.Minute)
		b.wantTimeline("chat-1", "0s opened", "0s assigned", "2m0s prompted")
	})
}

// A clockedTx is a transaction that tells the store's time.
type clockedTx struct {
	storage.Store
	at time.Time
}

func (c clockedTx) Now(context.Context) (time.Time, error) { return c.at, nil }

// TestTxAsksItsOwnClock: the store's time comes with the connection that the
// transaction has, not with another one of the pool.
func TestTxAsksItsOwnClock(t *testing.T) {
	t.Parallel()
	store := &clocked{Store: newMemory(), err: errBroken}
	desk := newDesk(t, store, lifecycle.Options{StoreClock: true})
	call := lifecycle.Call{Workspace: "acme", Conversation: "chat-1", By: vic}
	opened := accepted(t)(desk.Tx(clockedTx{store.Store, lifecycletest.Start}).Open(t.Context(), call, conversation.Open{}))
	if at := opened.Records[0].At; !at.Equal(lifecycletest.Start) {
		t.Errorf("opened at %v, want %v", at, lifecycletest.Start)
	}
}

// TestHeld: a conversation that somebody else's transaction holds is refused at
// once, and keeps no other deadline waiting.
func TestHeld(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chats := assignedChats(kit, 3)
	attempts := 0
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		if c.Key.Conversation == chats[0].ID {
			attempts++
			return storage.ErrHeld
		}
		return store.Store.Commit(ctx, c)
	}
	_, err := kit.Desk.Say(t.Context(), chats[0].By(vic), "Hello?")
	fails(t, err, storage.ErrHeld)
	kit.Clock.Add(time.Hour)
	ticked := mustTick(t, kit.Desk)
	if len(ticked.Fired) != 2 || len(ticked.Failed) != 1 || ticked.Failed[0].Setback != nil || attempts != 2 {
		t.Errorf("fired %d, failed %+v after %d attempts, want 2 and one without setback", len(ticked.Fired), ticked.Failed, attempts)
	}
	store.onCommit = nil
	if n := len(tick(t, kit.Desk).Fired); n != 1 {
		t.Errorf("let go, it fired %d times", n)
	}
}
