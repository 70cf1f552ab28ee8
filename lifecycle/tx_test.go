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
