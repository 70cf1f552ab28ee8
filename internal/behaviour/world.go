package behaviour

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// The people of the sentences.
var (
	ann  = conversation.Agent("ann")
	ben  = conversation.Agent("ben")
	cat  = conversation.Agent("cat")
	sue  = conversation.Supervisor("sue")
	host = conversation.System("")
)

// workspace is the one that every sentence is about.
const workspace = lifecycletest.Workspace

// none is no conversations, groups or texts.
var none []string

// tickOfClock is the smallest step of time.
const tickOfClock = time.Microsecond

// quiet is no idle ladder anywhere.
var quiet = conversation.Idle{
	Bot: idle.Ladder{Off: true}, Waiting: idle.Ladder{Off: true}, Assigned: idle.Ladder{Off: true},
}

// A world is one sentence's store, clock, Desk and test.
type world struct {
	*testing.T
	*lifecycletest.Kit

	options lifecycle.Options
}

func newWorld(t *testing.T, options lifecycle.Options, store storage.Store) *world {
	t.Helper()
	w := &world{T: t, Kit: lifecycletest.NewOn(t, store, &options), options: options}
	w.SetPolicy(conversation.Policy{Idle: quiet})
	return w
}

// another returns a Desk of another node.
func (w *world) another() *lifecycle.Desk {
	w.Helper()
	return w.on(w.Store)
}

// on returns a Desk that sees the store through another.
func (w *world) on(store storage.Store) *lifecycle.Desk {
	w.Helper()
	return w.with(store, w.options)
}

func (w *world) with(store storage.Store, o lifecycle.Options) *lifecycle.Desk {
	w.Helper()
	o.Clock = w.Clock
	desk, err := lifecycle.New(store, &o)
	w.ok(err)
	return desk
}

// restart replaces the Desk, as a new process does.
func (w *world) restart() {
	w.Helper()
	w.Desk = w.another()
}

// routeBy replaces the Desk by one with another router.
func (w *world) routeBy(r lifecycle.Router) {
	w.Helper()
	o := w.options
	o.Router = r
	w.Desk = w.with(w.Store, o)
}

// settle works off what is due now.
func (w *world) settle() {
	w.Helper()
	w.Advance(0)
}

// now is what the clock says.
func (w *world) now() time.Time { return w.Clock.Now().UTC() }

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// same ends the test unless got is want.
func (w *world) same(what string, got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// fails ends the test unless err wraps want.
func (w *world) fails(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("error %v, want one that wraps %q", err, want)
	}
}

// invalid ends the test unless err names the field.
func (w *world) invalid(what string, err error, field string) {
	w.Helper()
	e, ok := errors.AsType[*conversation.InvalidError](err)
	if !ok || e.Field != field || e.Rule == "" {
		w.Errorf("%s: error %v, want an InvalidError about %q", what, err, field)
	}
}

// policies changes the policies of the workspace and applies them.
func (w *world) policies(change func(*conversation.Policies)) {
	w.Helper()
	p, revision, err := w.Desk.Policies(w.Context(), workspace)
	w.ok(err)
	change(&p)
	_, err = w.Desk.SetPolicies(w.Context(), workspace, p, revision)
	w.ok(err)
	w.settle()
}

// policy changes the default policy of the workspace and applies it.
func (w *world) policy(change func(*conversation.Policy)) {
	w.Helper()
	w.policies(func(p *conversation.Policies) { change(&p.Default) })
}

// groups adds groups.
func (w *world) groups(ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.ok(w.Desk.SetGroup(w.Context(), workspace, id))
	}
}

// hire adds an agent, who is unavailable at first.
func (w *world) hire(id string, capacity int, groups ...string) {
	w.Helper()
	_, err := w.Desk.SetAgent(w.Context(), workspace, id, capacity, groups...)
	w.ok(err)
}

// agent adds an agent who is available by hand.
func (w *world) agent(id string, capacity int, groups ...string) {
	w.Helper()
	w.hire(id, capacity, groups...)
	w.come(id)
}

func (w *world) come(id string) {
	w.Helper()
	w.set(id, roster.Manual, roster.Available)
}

func (w *world) leave(id string) {
	w.Helper()
	w.set(id, roster.Manual, roster.Unavailable)
}

func (w *world) connect(id string) {
	w.Helper()
	w.set(id, roster.Automatic, roster.Available)
}

func (w *world) lose(id string) {
	w.Helper()
	w.set(id, roster.Automatic, roster.Unavailable)
}

func (w *world) set(id string, source roster.Source, to roster.Availability) {
	w.Helper()
	_, err := w.Desk.SetAvailability(w.Context(), workspace, id, source, to)
	w.ok(err)
}

// whois returns an agent.
func (w *world) whois(id string) lifecycle.Agent {
	w.Helper()
	a, err := w.Desk.Agent(w.Context(), workspace, id)
	w.ok(err)
	return a
}

func (w *world) wantAvailability(id string, want roster.Availability) {
	w.Helper()
	if got := w.whois(id).Availability(); got != want {
		w.Fatalf("%s is %s, want %s", id, got, want)
	}
}

// visitor returns whose conversation it is.
func visitor(id string) conversation.Actor { return conversation.Visitor("of-" + id) }

// begin opens conversations without a group, in that order, at one instant.
func (w *world) begin(ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.beginIn(id, "")
	}
}

// beginApart opens conversations a second apart, and ends a second later.
func (w *world) beginApart(ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.begin(id)
		w.Clock.Add(time.Second)
	}
}

func (w *world) beginIn(id, group string) {
	w.Helper()
	w.do(id, visitor(id), conversation.Open{Group: group})
}

// do gives a command that must be accepted.
func (w *world) do(id string, by conversation.Actor, command conversation.Command) lifecycle.Result {
	w.Helper()
	return w.Chat(id).Do(by, command)
}

// ask is a message of the visitor.
func (w *world) ask(id string) {
	w.Helper()
	w.Chat(id).Say(visitor(id), "Hello?")
}

// answer is a message of the agent.
func (w *world) answer(id string, by conversation.Actor) {
	w.Helper()
	w.Chat(id).Say(by, "Just a moment.")
}

// give assigns a conversation to an agent by hand.
func (w *world) give(id, agent string) {
	w.Helper()
	w.do(id, sue, conversation.Assign{Agent: agent})
}

// refused gives a command that must be refused, and must change nothing.
func (w *world) refused(id string, by conversation.Actor, command conversation.Command, why error) *conversation.RefusedError {
	w.Helper()
	before := w.at(id)
	_, err := w.Desk.Do(w.Context(), w.Chat(id).By(by), command)
	e, ok := errors.AsType[*conversation.RefusedError](err)
	if !ok || !errors.Is(err, why) {
		w.Fatalf("%T by %s: error %v, want a RefusedError: %v", command, by, err, why)
	}
	w.same("a refused command", w.at(id), before)
	return e
}

// at returns a conversation as it stands.
func (w *world) at(id string) conversation.Conversation {
	w.Helper()
	return w.Chat(id).Now()
}

// where says who has a conversation: an agent by their ID, and otherwise the
// state, with the agent who keeps a snoozed one.
func (w *world) where(id string) string {
	w.Helper()
	c := w.at(id)
	if c.State == conversation.StateAssigned {
		return c.Agent
	}
	return strings.TrimSpace(string(c.State) + " " + c.Agent)
}

const (
	inQueue = string(conversation.StateWaiting)
	withBot = string(conversation.StateBot)
	closed  = string(conversation.StateClosed)
)

// want ends the test unless every conversation is where it says.
func (w *world) want(places map[string]string) {
	w.Helper()
	got := map[string]string{}
	for id := range places {
		got[id] = w.where(id)
	}
	if diff := cmp.Diff(places, got); diff != "" {
		w.Fatalf("who has what at %s (-want +got):\n%s", w.now().Format(time.TimeOnly), diff)
	}
}

// waits ends the test unless the conversation waits for that reason.
func (w *world) waits(id string, why conversation.WaitReason) {
	w.Helper()
	if c := w.at(id); c.State != conversation.StateWaiting || c.WaitReason != why {
		w.Fatalf("%s is %s because %q, want it to wait because %q", id, w.where(id), c.WaitReason, why)
	}
}

// count returns how often something happened to a conversation.
func (w *world) count(id, event string) (n int) {
	w.Helper()
	for _, r := range w.Chat(id).Journal() {
		if conversation.EventName(r.Event) == event {
			n++
		}
	}
	return n
}

// last returns the last event of a kind.
func last[E conversation.Event](w *world, id string) E {
	w.Helper()
	var found *E
	for _, r := range w.Chat(id).Journal() {
		if e, ok := r.Event.(E); ok {
			found = &e
		}
	}
	if found == nil {
		var e E
		w.Fatalf("%s has no %T", id, e)
	}
	return *found
}

// held counts the conversations that an agent has.
func (w *world) held(agent string) int {
	w.Helper()
	n, err := w.Desk.Count(w.Context(), workspace, lifecycle.MyConversations(agent))
	w.ok(err)
	return n
}

// together runs f n times at once, as nearly as it can, and waits for all.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	var ready atomic.Int64
	for i := range n {
		wg.Go(func() {
			for ready.Add(1); ready.Load() < int64(n); {
				runtime.Gosched()
			}
			f(i)
		})
	}
	wg.Wait()
}

// A meddler is a store with something that happens just before a commit.
type meddler struct {
	storage.Store
	before func(storage.Commit) // called once
	done   atomic.Bool
}

func (m *meddler) Commit(ctx context.Context, c storage.Commit) error {
	if m.done.CompareAndSwap(false, true) {
		m.before(c)
	}
	return m.Store.Commit(ctx, c)
}

var errDied = errors.New("the node died")

// A mortal is a store as a node sees it that dies after some writes.
type mortal struct {
	storage.Store
	left atomic.Int64
}

func newMortal(s storage.Store, writes int) *mortal {
	m := &mortal{Store: s}
	m.left.Store(int64(writes))
	return m
}

func (m *mortal) dead() bool { return m.left.Add(-1) < 0 }

func (m *mortal) Commit(ctx context.Context, c storage.Commit) error {
	if m.dead() {
		return errDied
	}
	return m.Store.Commit(ctx, c)
}

func (m *mortal) Put(ctx context.Context, r storage.Record) error {
	if m.dead() {
		return errDied
	}
	return m.Store.Put(ctx, r)
}

func (m *mortal) Settle(ctx context.Context, r storage.Record) error {
	if m.dead() {
		return errDied
	}
	return m.Store.Settle(ctx, r)
}

// A putMeddler meddles before a record is put.
type putMeddler struct{ meddler }

func (m *putMeddler) Commit(ctx context.Context, c storage.Commit) error {
	return m.Store.Commit(ctx, c)
}

func (m *putMeddler) Put(ctx context.Context, r storage.Record) error {
	if m.done.CompareAndSwap(false, true) {
		m.before(storage.Commit{})
	}
	return m.Store.Put(ctx, r)
}
