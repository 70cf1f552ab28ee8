package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// team adds available agents to the kit's workspace.
func team(t testing.TB, kit *lifecycletest.Kit, capacity int, agents ...string) {
	t.Helper()
	for _, id := range agents {
		if _, err := kit.Desk.SetAgent(t.Context(), lifecycletest.Workspace, id, capacity); err != nil {
			t.Fatal(err)
		}
		available(t, kit, id, roster.Available)
	}
}

func available(t testing.TB, kit *lifecycletest.Kit, id string, to roster.Availability) {
	t.Helper()
	if _, err := kit.Desk.SetAvailability(t.Context(), lifecycletest.Workspace, id, roster.Manual, to); err != nil {
		t.Fatal(err)
	}
}

// TestOldestFirst: what waits is given to agents as they have free seats, the
// oldest first.
func TestOldestFirst(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	for _, id := range []string{"c-1", "c-2", "c-3"} {
		kit.Chat(id).Open(conversation.Visitor(id))
		kit.Advance(time.Second)
	}
	team(t, kit, 1, "ann")
	kit.Advance(0)
	wantHolders(t, kit, map[string]string{"c-1": "ann", "c-2": "", "c-3": ""})
	team(t, kit, 1, "ben")
	kit.Advance(0)
	wantHolders(t, kit, map[string]string{"c-1": "ann", "c-2": "ben", "c-3": ""})
	kit.Chat("c-1").Do(ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
	kit.Advance(0)
	wantHolders(t, kit, map[string]string{"c-1": "ann", "c-2": "ben", "c-3": "ann"})
	kit.Advance(snooze.Short)
	kit.Chat("c-1").WantState(conversation.StateWaiting) // she is full
	if got := kit.Chat("c-1").Now().WaitReason; got != conversation.WaitFull {
		t.Errorf("waits because %q, want %q", got, conversation.WaitFull)
	}
}

func wantHolders(t testing.TB, kit *lifecycletest.Kit, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for id := range want {
		got[id] = kit.Chat(id).Now().Agent
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("holders (-want +got):\n%s", diff)
	}
}

// TestReassignedAfterADay: who waits for an unavailable agent for 24 hours goes to
// another.
func TestReassignedAfterADay(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(conversation.Policy{Idle: quiet})
	team(t, kit, 1, "ann")
	chat := kit.Chat("c-1")
	chat.Open(vic)
	kit.Advance(0)
	chat.Say(vic, "Hello?")
	available(t, kit, "ann", roster.Unavailable)
	kit.Advance(time.Hour)
	team(t, kit, 1, "ben")
	kit.Advance(23*time.Hour - time.Microsecond)
	wantHolders(t, kit, map[string]string{"c-1": "ann"})
	kit.Advance(time.Microsecond)
	wantHolders(t, kit, map[string]string{"c-1": "ben"})
	chat.WantEvents("opened", "assigned", "said", "assignee_left", "requeued", "assigned")
}

// TestLogOut is refused with what the agent has, and the ways out.
func TestLogOut(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	team(t, kit, 2, "ann")
	kit.Chat("c-1").Open(vic)
	kit.Advance(0)
	err := kit.Desk.LogOut(t.Context(), lifecycletest.Workspace, "ann")
	refusal, ok := errors.AsType[*lifecycle.LogOutError](err)
	if !ok {
		t.Fatalf("log-out: %v, want a LogOutError", err)
	}
	want := []lifecycle.Blocker{{"c-1", []conversation.CommandName{
		conversation.NameTransfer, conversation.NameRequeue, conversation.NameSnooze, conversation.NameClose,
	}}}
	if diff := cmp.Diff(want, refusal.Blockers); diff != "" {
		t.Errorf("blockers (-want +got):\n%s", diff)
	}
	if err := kit.Desk.RemoveAgent(t.Context(), lifecycletest.Workspace, "ann"); err != nil {
		t.Fatal(err)
	}
	kit.Advance(0)
	kit.Chat("c-1").WantEvents("opened", "assigned", "requeued")
}

// TestListByTag: what was closed with tags is found by each of them, and by those
// it was reclassified with.
func TestListByTag(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	_, err := kit.Desk.SetPolicies(t.Context(), lifecycletest.Workspace, conversation.Policies{Tags: []string{"refund", "late"}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	chat := kit.Chat("c-1")
	chat.Open(vic)
	_, err = kit.Desk.Close(t.Context(), chat.By(ann), conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"broken"}}})
	if invalid, ok := errors.AsType[*conversation.InvalidError](err); !ok || invalid.Field != "tags" {
		t.Fatalf("a tag that is not in the catalogue: %v", err)
	}
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"refund", "late"}}})
	list := func(tag string) int {
		t.Helper()
		view := lifecycle.History()
		view.Tag = tag
		page, err := kit.Desk.List(t.Context(), lifecycletest.Workspace, view, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Conversations)
	}
	if got := [3]int{list("late"), list("refund"), list("broken")}; got != [3]int{1, 1, 0} {
		t.Errorf("found %v", got)
	}
	chat.Do(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{"late"}}})
	if got := [2]int{list("late"), list("refund")}; got != [2]int{1, 0} {
		t.Errorf("after it was reclassified: found %v", got)
	}
}

// neverSettles is a store in which somebody else is always faster to change a
// record.
type neverSettles struct{ storage.Store }

func (neverSettles) Settle(context.Context, storage.Record) error { return storage.ErrConflict }

// TestARecordThatNeverRests keeps neither the tick from ending nor others waiting.
func TestARecordThatNeverRests(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, neverSettles{memory.New()}, lifecycle.Options{Clock: clock.NewMock()})
	call := lifecycle.Call{Workspace: "acme", Conversation: "c-1", By: vic}
	accepted(t)(desk.Open(t.Context(), call, conversation.Open{}))
	if _, err := desk.SetAgent(t.Context(), "acme", "ann", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.SetAvailability(t.Context(), "acme", "ann", roster.Manual, roster.Available); err != nil {
		t.Fatal(err)
	}
	ticked, err := desk.Tick(t.Context())
	if err != nil || len(ticked.Assigned) != 1 {
		t.Errorf("assigned %v, %v", ticked.Assigned, err)
	}
	if len(ticked.Failed) != 1 || ticked.Failed[0].Record != "agent ann" || !errors.Is(ticked.Failed[0].Err, lifecycle.ErrBusy) {
		t.Errorf("failed %v, want the agent, with ErrBusy", ticked.Failed)
	}
}

// beforeLoad calls do once, before a conversation is loaded.
type beforeLoad struct {
	storage.Store
	conversation string
	do           func()
}

func (b *beforeLoad) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if do := b.do; do != nil && key.Conversation == b.conversation {
		b.do = nil
		do()
	}
	return b.Store.Load(ctx, key, commandID)
}

// TestRegroupedInTheMiddleOfATick: what comes to a queue after that was served is
// looked at too, though it stood among what is due before.
func TestRegroupedInTheMiddleOfATick(t *testing.T) {
	t.Parallel()
	store := &beforeLoad{Store: memory.New(), conversation: "late"}
	kit := lifecycletest.NewOn(t, store, nil)
	const workspace = lifecycletest.Workspace
	for _, id := range []string{"sales", "billing"} {
		if err := kit.Desk.SetGroup(t.Context(), workspace, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := kit.Desk.SetAgent(t.Context(), workspace, "ann", 2, "sales"); err != nil {
		t.Fatal(err)
	}
	available(t, kit, "ann", roster.Available)
	kit.Advance(0)
	kit.Chat("early").Do(vic, conversation.Open{Group: "sales"})
	kit.Clock.Add(time.Second)
	kit.Chat("late").Do(vic, conversation.Open{Group: "billing"})
	kit.Clock.Add(time.Second)
	other, err := lifecycle.New(store.Store, &lifecycle.Options{Clock: kit.Clock})
	if err != nil {
		t.Fatal(err)
	}
	store.do = func() {
		accepted(t)(other.Regroup(context.Background(), kit.Chat("late").By(sue), "sales"))
	}
	kit.Advance(0)
	wantHolders(t, kit, map[string]string{"early": "ann", "late": "ann"})
}
