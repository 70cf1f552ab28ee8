package lifecycle_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// assignedChats opens conversations and gives them to ann.
func assignedChats(kit *lifecycletest.Kit, n int) []*lifecycletest.Chat {
	chats := make([]*lifecycletest.Chat, n)
	for i := range chats {
		chats[i] = kit.Chat(fmt.Sprintf("chat-%04d", i))
		chats[i].Open(vic)
		chats[i].Do(ann, conversation.Take{})
	}
	return chats
}

func setDefault(t *testing.T, desk *lifecycle.Desk, policy conversation.Policy, revision int64) {
	t.Helper()
	_, err := desk.SetPolicies(t.Context(), lifecycletest.Workspace, conversation.Policies{Default: policy}, revision)
	check(t, err)
}

// applied reports whether the policies of the kit's workspace are applied.
func applied(t *testing.T, desk *lifecycle.Desk) bool {
	t.Helper()
	done, err := desk.PoliciesApplied(t.Context(), lifecycletest.Workspace)
	check(t, err)
	return done
}

// TestSetPolicies sets policies on the revision that was read.
func TestSetPolicies(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, newMemory(), lifecycle.Options{})
	got, revision, err := desk.Policies(t.Context(), "acme")
	if diff := cmp.Diff(conversation.Policies{}, got); err != nil || revision != 0 || diff != "" {
		t.Fatalf("before: revision %d, %v, policies (-want +got):\n%s", revision, err, diff)
	}
	want := conversation.Policies{Default: patient, Groups: map[string]conversation.Policy{"sales": withBot}}
	revision, err = desk.SetPolicies(t.Context(), "acme", want, 0)
	if err != nil || revision != 1 {
		t.Fatalf("SetPolicies = %d, %v, want revision 1", revision, err)
	}
	for _, stale := range []int64{0, 2, -1} {
		_, err := desk.SetPolicies(t.Context(), "acme", conversation.Policies{}, stale)
		fails(t, err, lifecycle.ErrPolicyConflict)
	}
	got, revision, err = desk.Policies(t.Context(), "acme")
	if diff := cmp.Diff(want, got); err != nil || revision != 1 || diff != "" {
		t.Errorf("after: revision %d, %v, policies (-want +got):\n%s", revision, err, diff)
	}
	if revision, err = desk.SetPolicies(t.Context(), "acme", want, 1); err != nil || revision != 2 {
		t.Errorf("SetPolicies again = %d, %v, want revision 2", revision, err)
	}
	if _, revision, _ = desk.Policies(t.Context(), "umbrella"); revision != 0 {
		t.Errorf("another workspace is at revision %d, want 0", revision)
	}
}

// TestSetPoliciesRace: of many who set on one revision, one wins.
func TestSetPoliciesRace(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, newMemory(), lifecycle.Options{})
	var won atomic.Int64
	atOnce(16, func(int) {
		if _, err := desk.SetPolicies(t.Context(), "acme", conversation.Policies{}, 0); err == nil {
			won.Add(1)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d won, want 1", won.Load())
	}
}

// TestInvalidPoliciesLoseNothing sets policies that could not run.
func TestInvalidPoliciesLoseNothing(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, newMemory(), lifecycle.Options{})
	_, err := desk.SetPolicies(t.Context(), "acme", conversation.Policies{Default: patient}, 0)
	check(t, err)
	step := idle.Step{After: time.Minute, Action: idle.Close}
	tests := []struct {
		name     string
		policies conversation.Policies
	}{
		{"a close without a follow-up", conversation.Policies{Default: conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{step}}}}}},
		{"in a group", conversation.Policies{Groups: map[string]conversation.Policy{"sales": {Idle: conversation.Idle{Waiting: idle.Default()}}}}},
		{"a group that is no ID", conversation.Policies{Groups: map[string]conversation.Policy{"sales team": {}}}},
		{"a hand-back without a bot", conversation.Policies{Default: conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.HandBack}}}}}}},
		{"a window over the horizon", conversation.Policies{Default: conversation.Policy{ReopenWindow: idle.MaxWait + 1}}},
	}
	for _, tt := range tests {
		if _, err := desk.SetPolicies(t.Context(), "acme", tt.policies, 1); err == nil {
			t.Errorf("%s: accepted", tt.name)
		} else {
			fails(t, err, conversation.ErrInvalid)
		}
	}
	got, revision, err := desk.Policies(t.Context(), "acme")
	if diff := cmp.Diff(conversation.Policies{Default: patient}, got); err != nil || revision != 1 || diff != "" {
		t.Errorf("after: revision %d, %v, policies (-want +got):\n%s", revision, err, diff)
	}
}

// TestPoliciesPerGroup: a group's policy replaces the default whole, from the
// opening on.
func TestPoliciesPerGroup(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	_, err := kit.Desk.SetPolicies(t.Context(), lifecycletest.Workspace, conversation.Policies{
		Default: prompts(time.Minute),
		Groups:  map[string]conversation.Policy{"sales": withBot, "night": prompts(time.Hour)},
	}, 0)
	check(t, err)
	for group, want := range map[string]conversation.State{"": conversation.StateWaiting, "sales": conversation.StateBot, "other": conversation.StateWaiting} {
		chat := kit.Chat("chat-" + group)
		chat.Do(vic, conversation.Open{Group: group})
		chat.WantState(want)
	}
	chat := kit.Chat("moved")
	chat.Do(vic, conversation.Open{Group: "night"})
	chat.Do(ann, conversation.Take{})
	kit.Advance(30 * time.Minute)
	chat.WantEvents("opened", "taken")
	chat.Do(ann, conversation.Transfer{Group: "other"})
	chat.Do(ben, conversation.Take{})
	kit.Advance(time.Minute)
	chat.WantEvents("opened", "taken", "transferred", "taken", "prompted")
}

// TestTickRecomputes: a shorter ladder fires in the tick that applies it, a longer
// one puts off, and closed conversations are let alone.
func TestTickRecomputes(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(prompts(time.Hour))
	chats := assignedChats(kit, 3)
	chats[2].Do(ann, conversation.Close{Outcome: closure.Resolved})
	kit.Clock.Add(10 * time.Minute)
	if !applied(t, kit.Desk) {
		t.Error("before: not applied, want applied")
	}

	setDefault(t, kit.Desk, prompts(5*time.Minute), 1)
	if applied(t, kit.Desk) {
		t.Error("a new policy is applied before a tick")
	}
	ticked := tick(t, kit.Desk)
	if ticked.Recomputed != 2 || len(ticked.Fired) != 2 {
		t.Errorf("recomputed %d, fired %d, want 2 and 2", ticked.Recomputed, len(ticked.Fired))
	}
	for _, f := range ticked.Fired {
		if want := lifecycletest.Start.Add(5 * time.Minute); !f.Due.Equal(want) {
			t.Errorf("%s fired as due at %v, want %v", f.Conversation, f.Due, want)
		}
	}
	if !applied(t, kit.Desk) {
		t.Error("after: not applied")
	}

	fresh := kit.Chat("fresh")
	fresh.Open(vic)
	fresh.Do(ann, conversation.Take{})
	setDefault(t, kit.Desk, prompts(time.Hour, time.Hour), 2)
	kit.Clock.Add(10 * time.Minute)
	if ticked := tick(t, kit.Desk); ticked.Recomputed != 3 || len(ticked.Fired) != 0 {
		t.Errorf("put off: recomputed %d, fired %v, want 3 and none", ticked.Recomputed, firedIDs(ticked.Fired))
	}
}

// TestCommandsFollowNewPoliciesAtOnce needs no tick.
func TestCommandsFollowNewPoliciesAtOnce(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	other := newDesk(t, kit.Store, lifecycle.Options{Clock: kit.Clock})
	chat := assignedChats(kit, 1)[0]
	refused(t, conversation.ErrNoBot)(other.HandBack(t.Context(), chat.By(ann)))
	setDefault(t, kit.Desk, withBot, 0)
	accepted(t)(other.HandBack(t.Context(), chat.By(ann)))
}

// TestPoliciesOfOneWorkspace: applying those of one says nothing about another.
func TestPoliciesOfOneWorkspace(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, newMemory(), lifecycle.Options{})
	for _, workspace := range []string{"a", "b", "c"} {
		call := lifecycle.Call{Workspace: workspace, Conversation: "chat-1", By: vic}
		accepted(t)(desk.Open(t.Context(), call, conversation.Open{}))
	}
	_, err := desk.SetPolicies(t.Context(), "b", conversation.Policies{}, 0)
	check(t, err)
	_, err = desk.SetPolicies(t.Context(), "a", conversation.Policies{}, 0)
	check(t, err)
	for workspace, want := range map[string]bool{"a": false, "b": false, "c": true, "unknown": true} {
		if got, err := desk.PoliciesApplied(t.Context(), workspace); err != nil || got != want {
			t.Errorf("PoliciesApplied(%s) = %t, %v, want %t", workspace, got, err, want)
		}
	}
}

// TestRecomputingResumes interrupts the recomputation half-way; the next tick
// does the rest, and nothing twice.
func TestRecomputingResumes(t *testing.T) {
	t.Parallel()
	const chats, before = 1200, 700 // more than one page of the tick, and not at its end
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	assignedChats(kit, chats)
	setDefault(t, kit.Desk, prompts(time.Hour), 0)

	ctx, cancel := context.WithCancel(t.Context())
	var commits atomic.Int64
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		if commits.Add(1) == before {
			defer cancel()
		}
		return store.Store.Commit(ctx, c)
	}
	_, err := kit.Desk.Tick(ctx)
	fails(t, err, context.Canceled)
	if commits.Load() != before || applied(t, kit.Desk) {
		t.Errorf("interrupted after %d commits, applied %t, want %d and false", commits.Load(), applied(t, kit.Desk), before)
	}
	if rest := tick(t, kit.Desk); rest.Recomputed != chats-before {
		t.Errorf("the rest: recomputed %d, want %d", rest.Recomputed, chats-before)
	}
	if !applied(t, kit.Desk) || commits.Load() != chats {
		t.Errorf("applied %t after %d commits, want %d", applied(t, kit.Desk), commits.Load(), chats)
	}
}

// TestPoliciesSetUnderACommand: a command that was decided on policies which
// then changed is brought in line by the next tick.
func TestPoliciesSetUnderACommand(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		store.onCommit = nil
		setDefault(t, kit.Desk, prompts(30*time.Second), 0)
		return store.Store.Commit(ctx, c)
	}
	chat.Do(ann, conversation.Take{})
	if applied(t, kit.Desk) {
		t.Error("applied before a tick")
	}
	if fired := kit.Advance(30 * time.Second); len(fired) != 1 || !applied(t, kit.Desk) {
		t.Errorf("fired %d, applied %t, want the prompt of the new policy", len(fired), applied(t, kit.Desk))
	}
}

// TestRecomputedCountsWhatWasDone when the tick is interrupted half-way through a
// page.
func TestRecomputedCountsWhatWasDone(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	assignedChats(kit, 20)
	setDefault(t, kit.Desk, prompts(time.Hour), 0)
	ctx, cancel := context.WithCancel(t.Context())
	var commits atomic.Int64
	store.onCommit = func(ctx context.Context, c storage.Commit) error {
		if commits.Add(1) == 3 {
			defer cancel()
		}
		return store.Store.Commit(ctx, c)
	}
	ticked, err := kit.Desk.Tick(ctx)
	fails(t, err, context.Canceled)
	if ticked.Recomputed != 3 {
		t.Errorf("recomputed %d, want the 3 that were committed", ticked.Recomputed)
	}
}
