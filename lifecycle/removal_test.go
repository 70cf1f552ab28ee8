package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestAddedAnew: who gets the ID of somebody who was removed inherits nothing, nor
// does a group.
func TestAddedAnew(t *testing.T) {
	t.Parallel()
	const workspace = lifecycletest.Workspace
	kit := lifecycletest.New(t, nil)
	desk := kit.Desk
	ok(t, desk.SetGroup(t.Context(), workspace, "sales"))
	team(t, kit, 5, "ann")
	_, err := desk.SetAgent(t.Context(), workspace, "ann", 5, "sales")
	ok(t, err)
	for _, id := range []string{"held", "snoozed"} {
		kit.Chat(id).Do(vic, conversation.Open{Group: "sales"})
	}
	kit.Advance(0)
	kit.Chat("snoozed").Do(ann, conversation.Snooze{Until: snooze.UntilReply()})

	ok(t, desk.RemoveAgent(t.Context(), workspace, "ann"))
	_, err = desk.SetAgent(t.Context(), workspace, "ann", 1, "sales") // before anybody ticked
	ok(t, err)
	kit.Advance(0)
	wantHolders(t, kit, map[string]string{"held": "", "snoozed": ""})
	kit.Chat("snoozed").WantEvents("opened", "assigned", "snoozed", "requeued")

	ok(t, desk.RemoveGroup(t.Context(), workspace, "sales", ""))
	ok(t, desk.SetGroup(t.Context(), workspace, "sales"))
	kit.Advance(0)
	agent, err := desk.Agent(t.Context(), workspace, "ann")
	ok(t, err)
	if group := kit.Chat("held").Now().Group; group != "" || len(agent.Groups) > 0 {
		t.Errorf("the conversation is in %q, the agent in %q", group, agent.Groups)
	}
}

// betweenPuts calls do once, before the next Put.
type betweenPuts struct {
	storage.Store
	once sync.Once
	do   func()
}

func (b *betweenPuts) Put(ctx context.Context, r storage.Record) error {
	b.once.Do(b.do)
	return b.Store.Put(ctx, r)
}

// TestGroupsRemovedIntoEachOther: their conversations go to any agent, and the
// tick ends.
func TestGroupsRemovedIntoEachOther(t *testing.T) {
	t.Parallel()
	store := &betweenPuts{Store: memory.New(), do: func() {}}
	kit := lifecycletest.NewOn(t, store, nil)
	const workspace = lifecycletest.Workspace
	for _, id := range []string{"a", "b", "c"} {
		ok(t, kit.Desk.SetGroup(t.Context(), workspace, id))
		kit.Chat("in-"+id).Do(vic, conversation.Open{Group: id})
	}
	other, err := lifecycle.New(store.Store, &lifecycle.Options{Clock: kit.Clock})
	ok(t, err)
	store.once, store.do = sync.Once{}, func() { ok(t, other.RemoveGroup(t.Context(), workspace, "b", "a")) }
	ok(t, kit.Desk.RemoveGroup(t.Context(), workspace, "a", "b"))
	ok(t, kit.Desk.RemoveGroup(t.Context(), workspace, "c", ""))
	kit.Advance(time.Hour)
	for _, id := range []string{"a", "b", "c"} {
		kit.Chat("in-"+id).WantEvents("opened", "regrouped")
		if got := kit.Chat("in-" + id).Now().Group; got != "" {
			t.Errorf("in-%s is in %q", id, got)
		}
	}
}

// TestAFullHistoryLeavesAGroup: a conversation that can only end keeps no removal
// from ending.
func TestAFullHistoryLeavesAGroup(t *testing.T) {
	t.Parallel()
	store := memory.New()
	desk := newDesk(t, store, lifecycle.Options{Clock: clock.NewMock()})
	call := lifecycle.Call{Workspace: "acme", Conversation: "full", By: vic}
	ok(t, desk.SetGroup(t.Context(), "acme", "sales"))
	accepted(t)(desk.Open(t.Context(), call, conversation.Open{Group: "sales"}))
	for {
		_, err := desk.Say(t.Context(), call, "x")
		if errors.Is(err, conversation.ErrHistoryFull) {
			break
		}
		ok(t, err)
	}
	ok(t, desk.RemoveGroup(t.Context(), "acme", "sales", ""))
	ticked, err := desk.Tick(t.Context())
	if err != nil || len(ticked.Failed) > 0 {
		t.Fatalf("tick: %v, %v", ticked.Failed, err)
	}
	c, err := desk.Get(t.Context(), "acme", "full")
	ok(t, err)
	if c.Group != "" {
		t.Errorf("it is still in %q", c.Group)
	}
}

// damages is a store in which the bodies of some records cannot be read.
type damages struct {
	storage.Store
	ids []string
}

func (d damages) damage(r storage.Record) storage.Record {
	for _, id := range d.ids {
		if r.Key.ID == id {
			r.Body = []byte(`{"x`)
		}
	}
	return r
}

func (d damages) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	r, err := d.Store.Record(ctx, key)
	return d.damage(r), err
}

func (d damages) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	records, err := d.Store.List(ctx, q, after, limit)
	for i := range records {
		records[i] = d.damage(records[i])
	}
	return records, err
}

// TestADamagedRecordKeepsNobodyWaiting, neither an agent's nor a visitor's; the
// others are still listed, and setting the agent puts the record in order.
func TestADamagedRecordKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	store := memory.New()
	kit := lifecycletest.NewOn(t, store, nil)
	team(t, kit, 9, "ann", "ben")
	kit.Advance(0)
	for _, id := range []string{"c-1", "c-2", "c-3"} {
		kit.Chat(id).Open(vic)
	}
	_, err := kit.Desk.SetPresence(t.Context(), lifecycletest.Workspace, vic.ID, true)
	ok(t, err)
	sick, err := lifecycle.New(damages{store, []string{"ann", vic.ID}}, &lifecycle.Options{Clock: kit.Clock})
	ok(t, err)
	ticked, err := sick.Tick(t.Context())
	if err != nil || len(ticked.Assigned) != 3 {
		t.Fatalf("assigned %v, failed %v, %v", ticked.Assigned, ticked.Failed, err)
	}
	agents, err := sick.Agents(t.Context(), lifecycletest.Workspace, "", "", 10)
	if len(agents) != 1 || err == nil || !strings.Contains(err.Error(), "ann") {
		t.Errorf("agents %v, %v", agents, err)
	}
	_, err = sick.SetAgent(t.Context(), lifecycletest.Workspace, "ann", 2)
	ok(t, err)
	if agent, err := kit.Desk.Agent(t.Context(), lifecycletest.Workspace, "ann"); err != nil || agent.Capacity != 2 {
		t.Errorf("after it was set: %+v, %v", agent, err)
	}
}

// hangs is a Router that never returns.
type hangs struct{ asked chan struct{} }

func (h hangs) Route(context.Context, lifecycle.Routing) (string, error) {
	h.asked <- struct{}{}
	select {}
}

// TestARouterThatHangs is passed over; so is one that ends its goroutine.
func TestARouterThatHangs(t *testing.T) {
	t.Parallel()
	for name, router := range map[string]lifecycle.Router{
		"hangs": hangs{make(chan struct{}, 1)},
		"exits": routerFunc(func() (string, error) { runtime.Goexit(); return "", nil }),
	} {
		kit := lifecycletest.New(t, &lifecycle.Options{Router: router})
		team(t, kit, 1, "ann")
		kit.Chat("c-1").Open(vic)
		kit.Advance(0)
		wantHolders(t, kit, map[string]string{"c-1": "ann"})
		t.Log(name)
	}
}

type routerFunc func() (string, error)

func (f routerFunc) Route(context.Context, lifecycle.Routing) (string, error) { return f() }

// TestALogOutIsNotUndoneByAConnection: only the agent's own choice ends it.
func TestALogOutIsNotUndoneByAConnection(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	const workspace = lifecycletest.Workspace
	_, err := kit.Desk.SetAgent(t.Context(), workspace, "ann", 1)
	ok(t, err)
	set := func(source roster.Source, to roster.Availability) roster.Availability {
		t.Helper()
		a, err := kit.Desk.SetAvailability(t.Context(), workspace, "ann", source, to)
		ok(t, err)
		return a.Availability()
	}
	set(roster.Automatic, roster.Available)
	ok(t, kit.Desk.LogOut(t.Context(), workspace, "ann"))
	if got := set(roster.Automatic, roster.Available); got != roster.Unavailable {
		t.Errorf("after another report of the connection: %s", got)
	}
	if got := set(roster.Manual, roster.Unset); got != roster.Available {
		t.Errorf("after the agent let the connection decide: %s", got)
	}
	kit.Chat("c-1").Open(vic)
	kit.Advance(0)
	_, err = kit.Desk.ForceLogOut(t.Context(), workspace, "ann", sue, conversation.Requeue{})
	ok(t, err)
	if got := kit.Chat("c-1").Now().WaitReason; got != conversation.WaitLoggedOut {
		t.Errorf("it waits because %q, want %q", got, conversation.WaitLoggedOut)
	}
}

// TestNoEmailAboutTheLongClosed.
func TestNoEmailAboutTheLongClosed(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(conversation.Policy{NotifyByEmail: true, Idle: quiet})
	chat := kit.Chat("c-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	chat.Say(ann, "Hello?")
	chat.Do(ann, conversation.Close{Outcome: "unresolved"})
	kit.Advance(365 * 24 * time.Hour)
	_, err := kit.Desk.SetEmail(t.Context(), lifecycletest.Workspace, vic.ID, "vic@example.org")
	ok(t, err)
	kit.Advance(time.Hour)
	chat.WantEvents("opened", "taken", "said", "closed")
}

// TestDamageHoldsUpNoOtherRemoval: one conversation that cannot be read keeps
// neither those in other states from leaving a group, nor lists from being read.
func TestDamageHoldsUpNoOtherRemoval(t *testing.T) {
	t.Parallel()
	store := memory.New()
	kit := lifecycletest.NewOn(t, store, nil)
	const workspace = lifecycletest.Workspace
	ok(t, kit.Desk.SetGroup(t.Context(), workspace, "sales"))
	for i := range 3 {
		kit.Chat(fmt.Sprint("c-", i)).Do(vic, conversation.Open{Group: "sales"})
	}
	kit.Advance(0)
	kit.Chat("c-2").Do(ann, conversation.Take{})
	loaded, err := store.Load(t.Context(), storage.Key{Workspace: workspace, Conversation: "c-1"}, "")
	ok(t, err)
	head := loaded.Head
	head.Body, head.Version = []byte("{"), 2
	ok(t, store.Commit(t.Context(), storage.Commit{
		Key: storage.Key{Workspace: workspace, Conversation: "c-1"}, Expect: 1, At: kit.Clock.Now(),
		Events: []storage.Event{{Version: 2, Body: []byte("{}")}}, Head: head,
	}))
	ok(t, kit.Desk.RemoveGroup(t.Context(), workspace, "sales", ""))
	_, err = kit.Desk.Tick(t.Context())
	ok(t, err)
	for _, id := range []string{"c-0", "c-2"} {
		if got := kit.Chat(id).Now().Group; got != "" {
			t.Errorf("%s is still in %q", id, got)
		}
	}
	page, err := kit.Desk.List(t.Context(), workspace, lifecycle.Waiting(""), "", 10)
	if err != nil || len(page.Conversations) != 1 || len(page.Unreadable) != 1 || page.Unreadable[0] != "c-1" {
		t.Errorf("listed %d, unreadable %q, %v", len(page.Conversations), page.Unreadable, err)
	}
}
