package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// TestOutcomeUnknownOfASuccessor breaks the connection under each commit of a
// message after the window in turn. It has an ID, so the Desk finds out.
func TestOutcomeUnknownOfASuccessor(t *testing.T) {
	t.Parallel()
	for _, apply := range []bool{true, false} {
		for nth := 1; nth <= 3; nth++ {
			store := &tap{Store: newMemory()}
			kit := lifecycletest.NewOn(t, store, nil)
			chat := assignedChats(kit, 1)[0]
			chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
			kit.Advance(48 * time.Hour)
			commits := 0
			store.onCommit = func(ctx context.Context, c storage.Commit) error {
				if commits++; commits == nth {
					return breaks(store, 1, apply)(ctx, c)
				}
				return store.Store.Commit(ctx, c)
			}
			result, err := kit.Desk.Say(t.Context(), withID(chat.By(vic), "msg-1"), "Me again.")
			if err != nil || !result.Successor {
				t.Errorf("commit %d, applied %t: successor %t, %v", nth, apply, result.Successor, err)
				continue
			}
			kit.Chat(result.Conversation.ID).WantEvents("opened", "said")
		}
	}
}

// TestOutcomeUnknownWhileRecomputing: storing a due instant anew does no harm, so
// an unknown outcome is no failure.
func TestOutcomeUnknownWhileRecomputing(t *testing.T) {
	t.Parallel()
	for _, apply := range []bool{true, false} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		assignedChats(kit, 1)
		setDefault(t, kit.Desk, prompts(time.Hour), 0)
		store.onCommit = breaks(store, 1, apply)
		ticked, err := kit.Desk.Tick(t.Context())
		if err != nil || len(ticked.Failed) != 0 || ticked.Recomputed != 1 {
			t.Errorf("applied %t: recomputed %d, failed %v, %v, want 1 and none", apply, ticked.Recomputed, ticked.Failed, err)
		}
	}
}

// TestStoreThatNeverTells: every commit fails with an unknown outcome and none is
// applied. The caller learns that soon, and not that others were faster.
func TestStoreThatNeverTells(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	kit.Clock.Add(time.Hour)
	commits := 0
	store.onCommit = func(context.Context, storage.Commit) error { commits++; return errBroken }
	_, err := kit.Desk.Say(t.Context(), withID(chat.By(vic), "msg-1"), "Hello?")
	if errors.Is(err, lifecycle.ErrBusy) || commits > 10 {
		t.Errorf("a command: %d commits, then %v", commits, err)
	}
	commits = 0
	ticked, err := kit.Desk.Tick(t.Context())
	check(t, err)
	if errors.Is(ticked.Failed[0].Err, lifecycle.ErrBusy) || commits > 10 {
		t.Errorf("a deadline: %d commits, then %v", commits, ticked.Failed[0].Err)
	}
}

// TestCommitAppliedLate: the connection broke, the Desk looked, and only then the
// store applied the commit, as a database may. It is still applied once.
func TestCommitAppliedLate(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "msg-1"} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		chat := assignedChats(kit, 1)[0]
		var first *storage.Commit
		store.onCommit = func(ctx context.Context, c storage.Commit) error {
			if first == nil {
				first = &c
				return errBroken
			}
			check(t, store.Store.Commit(ctx, *first))
			store.onCommit = nil
			return store.Commit(ctx, c)
		}
		result := accepted(t)(kit.Desk.Say(t.Context(), withID(chat.By(vic), id), "Hello?"))
		if len(result.Records) != 1 || result.Conversation.Version != 3 {
			t.Errorf("ID %q: %v at version %d, want the message at 3", id, eventNames(result.Records), result.Conversation.Version)
		}
		chat.WantEvents("opened", "taken", "said")
	}
}

// TestUnknownOutcomeOfAReusedID: my commit with ID msg-1 fails without being
// applied, while another command with the same ID is. Mine was not applied, and
// the result must not say so.
func TestUnknownOutcomeOfAReusedID(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	call := withID(chat.By(vic), "msg-1")
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		store.onCommit = nil
		accepted(t)(kit.Desk.Say(ctx, call, "Another."))
		return errBroken
	}
	_, err := kit.Desk.Say(t.Context(), call, "Mine.")
	fails(t, err, lifecycle.ErrCommandIDReused)
}

// TestUnknownOutcomeOfATwin: on a clock that stands still, two messages are the
// same to the byte but for their command IDs. One is applied; the other's commit
// fails without being applied, and is made again.
func TestUnknownOutcomeOfATwin(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := assignedChats(kit, 1)[0]
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		store.onCommit = nil
		accepted(t)(kit.Desk.Say(ctx, withID(chat.By(vic), "msg-1"), "Hello?"))
		return errBroken
	}
	accepted(t)(kit.Desk.Say(t.Context(), withID(chat.By(vic), "msg-2"), "Hello?"))
	chat.WantEvents("opened", "taken", "said", "said")
}

// TestRefusedIsNotUnknown: ann's closing was not applied, and cannot be any more,
// because ben's was. She learns that, and not that nobody can tell.
func TestRefusedIsNotUnknown(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "close-1"} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		chat := kit.Chat("chat-1")
		chat.Open(vic)
		store.onCommit = func(ctx context.Context, c storage.Commit) error {
			store.onCommit = nil
			chat.Do(ben, conversation.Close{Outcome: closure.Unresolved})
			return errBroken
		}
		_, err := kit.Desk.Close(t.Context(), withID(chat.By(ann), id), conversation.Close{Outcome: closure.Resolved})
		fails(t, err, conversation.ErrAlreadyClosed)
		if errors.Is(err, storage.ErrOutcomeUnknown) {
			t.Errorf("ID %q: %v, want the refusal alone", id, err)
		}
	}
}

// TestPoliciesOfUnknownOutcome: whether they were replaced or not, SetPolicies
// says what is true in the end.
func TestPoliciesOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	ours, theirs := conversation.Policies{Default: withBot}, conversation.Policies{Default: prompts(time.Hour)}
	for name, tt := range map[string]struct {
		apply, overtaken bool
		want             error
	}{
		"applied":     {apply: true},
		"not applied": {},
		"overtaken":   {overtaken: true, want: lifecycle.ErrPolicyConflict},
	} {
		store := &policyTap{Store: newMemory()}
		desk := newDesk(t, store, lifecycle.Options{})
		store.breaks = func(set func() error) error {
			store.breaks = nil
			if tt.apply {
				check(t, set())
			}
			if tt.overtaken {
				_, err := newDesk(t, store.Store, lifecycle.Options{}).SetPolicies(t.Context(), "acme", theirs, 0)
				check(t, err)
			}
			return storage.ErrOutcomeUnknown
		}
		if _, err := desk.SetPolicies(t.Context(), "acme", ours, 0); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
		if _, revision, err := desk.Policies(t.Context(), "acme"); revision != 1 || err != nil {
			t.Errorf("%s: revision %d, %v, want 1", name, revision, err)
		}
	}
	store := &policyTap{Store: newMemory(), breaks: func(func() error) error { return storage.ErrOutcomeUnknown }}
	_, err := newDesk(t, store, lifecycle.Options{}).SetPolicies(t.Context(), "acme", ours, 0)
	fails(t, err, storage.ErrOutcomeUnknown)
}

type policyTap struct {
	storage.Store
	breaks func(set func() error) error
}

func (s *policyTap) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	set := func() error { return s.Store.SetPolicies(ctx, workspace, expect, body) }
	if s.breaks != nil {
		return s.breaks(set)
	}
	return set()
}

// TestAgentAddedWhileTheyTake: nobody knew of the agent when their take was decided.
// They are added, and unavailable at first, before it is committed.
func TestAgentAddedWhileTheyTake(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		store.onCommit = nil
		if _, err := kit.Desk.SetAgent(ctx, lifecycletest.Workspace, ann.ID, 1); err != nil {
			t.Error(err)
		}
		return store.Store.Commit(ctx, c)
	}
	_, err := kit.Desk.Take(t.Context(), chat.By(ann))
	fails(t, err, conversation.ErrAgentUnavailable)
	chat.WantEvents("opened")
}
