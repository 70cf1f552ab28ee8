package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

var errBroken = fmt.Errorf("connection reset: %w", storage.ErrOutcomeUnknown)

// breaks returns a commit hook whose next calls fail with an unknown outcome:
// after applying, or without.
func breaks(store *tap, times int, apply bool) func(context.Context, storage.Commit) error {
	return func(ctx context.Context, c storage.Commit) error {
		if times == 0 {
			return store.Store.Commit(ctx, c)
		}
		times--
		if apply {
			if err := store.Store.Commit(ctx, c); err != nil {
				return err
			}
		}
		return errBroken
	}
}

// TestOutcomeUnknown breaks the connection under a commit, after it was applied
// or before. The caller sees a success, and it was applied once.
func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	commands := []struct {
		by      conversation.Actor
		command conversation.Command
		events  []string
	}{
		{vic, conversation.Say{Text: "Hello?"}, []string{"said"}},
		{ann, conversation.Close{Outcome: closure.Resolved}, []string{"closed"}},
		{ann, conversation.AddNote{Text: "Calls again."}, []string{"note_added"}},
		{ann, conversation.Take{}, nil},
	}
	for _, apply := range []bool{true, false} {
		for _, id := range []string{"", "cmd-1"} {
			for _, tt := range commands {
				t.Run(fmt.Sprintf("applied=%t/id=%s/%s", apply, id, tt.command.Name()), func(t *testing.T) {
					t.Parallel()
					store := &tap{Store: newMemory()}
					kit := lifecycletest.NewOn(t, store, nil)
					chat := assignedChats(kit, 1)[0]
					kit.Clock.Add(time.Second)
					store.onCommit = breaks(store, 2, apply)
					result := accepted(t)(kit.Desk.Do(t.Context(), withID(chat.By(tt.by), id), tt.command))
					if diff := cmp.Diff(tt.events, eventNames(result.Records)); diff != "" {
						t.Errorf("records (-want +got):\n%s", diff)
					}
					if diff := cmp.Diff(chat.Now(), result.Conversation); diff != "" {
						t.Errorf("result (-stored +returned):\n%s", diff)
					}
					chat.WantEvents(append([]string{"opened", "taken"}, tt.events...)...)
				})
			}
		}
	}
}

// TestOutcomeUnknownOfAnOpening breaks the connection under the first commit of
// all.
func TestOutcomeUnknownOfAnOpening(t *testing.T) {
	t.Parallel()
	for _, apply := range []bool{true, false} {
		for _, call := range []lifecycle.Call{{CommandID: "hook-1"}, {Conversation: "chat-1"}, {}} {
			store := &tap{Store: newMemory()}
			desk := newDesk(t, store, lifecycle.Options{})
			store.onCommit = breaks(store, 1, apply)
			call.Workspace, call.By = "acme", vic
			c := accepted(t)(desk.Open(t.Context(), call, conversation.Open{})).Conversation
			if got, err := desk.Get(t.Context(), "acme", c.ID); err != nil || cmp.Diff(c, got) != "" {
				t.Errorf("applied %t: stored %+v, %v, want %+v", apply, got, err, c)
			}
			if entries, err := store.Feed(t.Context(), 0, 10); err != nil || len(entries) != 1 {
				t.Errorf("applied %t: %d commits, %v, want 1", apply, len(entries), err)
			}
		}
	}
}

// TestOutcomeUnknownInATick: the deadline has its effect once and is reported.
func TestOutcomeUnknownInATick(t *testing.T) {
	t.Parallel()
	for _, apply := range []bool{true, false} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		chat := assignedChats(kit, 1)[0]
		kit.Clock.Add(time.Hour)
		store.onCommit = breaks(store, 1, apply)
		live := kit.Desk.Subscribe(10)
		if fired := tick(t, kit.Desk).Fired; len(fired) != 1 {
			t.Errorf("applied %t: fired %d, want 1", apply, len(fired))
		}
		live.Close()
		if u := <-live.Updates(); len(u.Records) != 1 {
			t.Errorf("applied %t: live %+v, want the prompt", apply, u)
		}
		chat.WantEvents("opened", "taken", "prompted")

		setDefault(t, kit.Desk, prompts(time.Hour), 0)
		store.onCommit = breaks(store, 1, apply)
		if got := tick(t, kit.Desk).Recomputed; got != 1 || !applied(t, kit.Desk) {
			t.Errorf("applied %t: recomputed %d, want 1", apply, got)
		}
	}
}

// TestOutcomeUnknownAndSomebodyElse: while the connection was broken another
// command came. The Desk does not take its events for its own.
func TestOutcomeUnknownAndSomebodyElse(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		store.onCommit = nil
		chat.Say(vic, "Another tab.")
		return errBroken
	}
	result := accepted(t)(kit.Desk.Say(t.Context(), withID(chat.By(vic), "msg-1"), "Hello?"))
	if said := result.Records[0].Event.(conversation.Said); said.Text != "Hello?" || result.Conversation.Version != 4 {
		t.Errorf("result %+v at %d, want my message at 4", said, result.Conversation.Version)
	}
	chat.WantEvents("opened", "taken", "said", "said")
}

// TestOutcomeUnknownOfSeveralAttempts: the first was never applied, the second,
// decided later, was. The caller is told what stands in the journal.
func TestOutcomeUnknownOfSeveralAttempts(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "msg-1"} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		chat := assignedChats(kit, 1)[0]
		attempts := 0
		store.onCommit = func(ctx context.Context, c storage.Commit) error {
			if attempts++; attempts == 1 {
				kit.Clock.Add(time.Second)
				return errBroken
			}
			check(t, store.Store.Commit(ctx, c))
			return errBroken
		}
		live := kit.Desk.Subscribe(10)
		result := accepted(t)(kit.Desk.Say(t.Context(), withID(chat.By(vic), id), "Hello?"))
		live.Close()
		store.onCommit = nil
		if diff := cmp.Diff(chat.Now(), result.Conversation); diff != "" {
			t.Errorf("ID %q: result (-stored +returned):\n%s", id, diff)
		}
		if diff := cmp.Diff(chat.Journal()[2:], result.Records); diff != "" {
			t.Errorf("ID %q: records (-stored +returned):\n%s", id, diff)
		}
		if update := <-live.Updates(); !cmp.Equal(update.Records, result.Records) {
			t.Errorf("ID %q: live %+v, want the records that were returned", id, update.Records)
		}
	}
}

// TestOutcomeUnknownAndTooLate: a message may yet be applied when the reopen window
// is over. It does not go to the successor as well: with a command ID the first
// attempt is settled, without one nobody can tell.
func TestOutcomeUnknownAndTooLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		id       string
		policies bool // they change meanwhile
	}{{"", false}, {"", true}, {"msg-1", false}, {"msg-1", true}} {
		id := tt.id
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		kit.SetPolicy(conversation.Policy{ReopenWindow: time.Minute})
		chat := assignedChats(kit, 1)[0]
		chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
		var late storage.Commit
		store.onCommit = func(_ context.Context, c storage.Commit) error {
			late, store.onCommit = c, nil
			kit.Clock.Add(time.Hour)
			if tt.policies {
				kit.SetPolicy(conversation.Policy{ReopenWindow: time.Minute, Sticky: true})
			}
			return errBroken
		}
		result, err := kit.Desk.Say(t.Context(), withID(chat.By(vic), id), "Hello?")
		lateErr := store.Commit(t.Context(), late)
		if id == "" {
			fails(t, err, storage.ErrOutcomeUnknown)
			check(t, lateErr)
			continue
		}
		check(t, err)
		fails(t, lateErr, storage.ErrConflict)
		if !result.Successor {
			t.Error("the message did not go to the successor")
		}
	}
}

// TestOutcomeStaysUnknown: the store does not answer afterwards either. The
// caller gives the command again with its ID.
func TestOutcomeStaysUnknown(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "msg-1"} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		chat := assignedChats(kit, 1)[0]
		store.onCommit = func(ctx context.Context, c storage.Commit) error {
			store.onLoad = func(context.Context, storage.Key, string) (storage.Loaded, error) {
				return storage.Loaded{}, errors.New("no route to host")
			}
			check(t, store.Store.Commit(ctx, c))
			return errBroken
		}
		call := withID(chat.By(vic), id)
		_, err := kit.Desk.Say(t.Context(), call, "Hello?")
		fails(t, err, storage.ErrOutcomeUnknown)
		store.onCommit, store.onLoad = nil, nil
		if id != "" {
			if result := accepted(t)(kit.Desk.Say(t.Context(), call, "Hello?")); !result.Repeated {
				t.Error("the repetition is not marked as one")
			}
		}
		chat.WantEvents("opened", "taken", "said")
	}
}

// TestStoreErrorsAreReturned as they are, and nothing is tried again.
func TestStoreErrorsAreReturned(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	full, calls := errors.New("disk full"), 0
	store.onCommit = func(context.Context, storage.Commit) error { calls++; return full }
	_, err := kit.Desk.Say(t.Context(), chat.By(vic), "Hello?")
	fails(t, err, full)
	if calls != 1 {
		t.Errorf("%d commits, want 1", calls)
	}
}

// TestBusy gives a command to a conversation that always changes first: it ends,
// and the error is not the store's.
func TestBusy(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	store.onCommit = func(context.Context, storage.Commit) error { return storage.ErrConflict }
	_, err := kit.Desk.Say(t.Context(), chat.By(vic), "Hello?")
	fails(t, err, lifecycle.ErrBusy)
	if errors.Is(err, storage.ErrConflict) {
		t.Errorf("error %v wraps the store's conflict", err)
	}
}

// TestDoneContext: nothing is applied for a caller who has left.
func TestDoneContext(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := assignedChats(kit, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := kit.Desk.Say(ctx, chat.By(vic), "Hello?")
	fails(t, err, context.Canceled)
	_, err = kit.Desk.Tick(ctx)
	fails(t, err, context.Canceled)
	chat.WantEvents("opened", "taken")
}
