package compat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// A newer version of the library, as this test simulates it, has a field x_newer in
// everything that it stores. In a conversation, and in what is inside it, its value
// says what it belongs to:
//
//	the conversation      how often a newer node wrote to it
//	a closing             its number
//	a cycle or a silence  when it began
//	a snooze              when it ends
//	a survey              when it was offered
//	a courtesy            when the visitor was asked
//
// That of a step of a ladder is another with every write. What today's version writes
// must keep them there, and nowhere else.
const mark = "x_newer"

type object = map[string]any

// decoded reads JSON for the test to look into.
func decoded(body []byte) object {
	v, err := valueOf(body)
	o, ok := v.(object)
	if err != nil || !ok {
		panic(fmt.Sprintf("%s is no object: %v", body, err))
	}
	return o
}

func inside(o object, name string) object {
	in, _ := o[name].(object)
	return in
}

// things calls do for everything inside a conversation that has an identity of its
// own, with a name for it. A courtesy has none before the visitor is asked, nor a
// silence while nothing is waited for.
func things(data object, do func(name string, thing object, identity any)) {
	one := func(name string, thing object, identity string) {
		if is := thing[identity]; is != nil {
			do(fmt.Sprintf("%s %v", name, is), thing, is)
		}
	}
	one("cycle", inside(data, "cycle"), "since")
	one("snooze", inside(data, "snooze"), "at")
	one("silence", inside(data, "silence"), "since")
	one("courtesy", inside(data, "courtesy"), "asked_at")
	closings, _ := data["earlier"].([]any)
	for _, c := range append(closings, data["closing"]) {
		if c, ok := c.(object); ok {
			one("closing", c, "number")
			one("cycle", inside(c, "cycle"), "since")
			one("survey", inside(c, "survey"), "offered_at")
		}
	}
}

// ladders calls do for every ladder of policies, with its path.
func ladders(data object, do func(path string, steps []any)) {
	of := func(path string, policy object) {
		for state, ladder := range inside(policy, "idle") {
			if ladder, ok := ladder.(object); ok {
				steps, _ := ladder["steps"].([]any)
				do(path+"/"+state, steps)
			}
		}
	}
	of("default", inside(data, "default"))
	for name, policy := range inside(data, "groups") {
		of("groups/"+name, policy.(object))
	}
}

// inherited returns the marks that the steps of a ladder must have after today's
// version wrote it. A step is the one that was equal, and else the one that stood in
// its place in a list as long, unless that one is elsewhere now. No two steps of a
// ladder of this test are equal.
func inherited(was, is []any) []any {
	known := func(step any) string {
		o := maps.Clone(step.(object))
		delete(o, mark)
		return string(must(json.Marshal(o)))
	}
	marks := make([]any, len(is))
	for i, step := range is {
		same := func(other any) bool { return known(other) == known(step) }
		if at := slices.IndexFunc(was, same); at >= 0 {
			marks[i] = was[at].(object)[mark]
			continue
		}
		if len(was) == len(is) && !slices.ContainsFunc(is, func(other any) bool { return known(other) == known(was[i]) }) {
			marks[i] = was[i].(object)[mark]
		}
	}
	return marks
}

// A ledger is what newer nodes wrote, and what must be there because of it.
type ledger struct {
	wrote    map[storage.Key]int             // how often
	marked   map[storage.Key]map[string]bool // the things
	journals map[storage.Key][]string        // the bodies of all events, as they were committed
	records  map[storage.RecordKey]string
	policies map[string]bool             // the workspaces of which a newer node wrote them
	steps    map[string]map[string][]any // the marks of their ladders, by path
	written  int                         // steps

	seen   map[string]int // things with marks that were looked at, by their kind
	tried  int
	broken []string
}

func newLedger() *ledger {
	return &ledger{
		wrote: map[storage.Key]int{}, marked: map[storage.Key]map[string]bool{}, journals: map[storage.Key][]string{},
		records: map[storage.RecordKey]string{}, policies: map[string]bool{}, steps: map[string]map[string][]any{},
		seen: map[string]int{},
	}
}

func (l *ledger) fail(format string, args ...any) {
	l.broken = append(l.broken, fmt.Sprintf(format, args...))
}

// A node is the store as one node sees it. A newer one puts its marks into what it
// writes.
type node struct {
	storage.Store
	ledger *ledger
	newer  bool
}

func (n node) Commit(ctx context.Context, c storage.Commit) error {
	times := n.ledger.wrote[c.Key]
	if n.newer && len(c.Events) > 0 {
		times++
		c.Head.Body = markState(c.Head.Body, times)
		for i, e := range c.Events {
			c.Events[i].Body = markEvent(e.Body)
		}
	}
	if err := n.Store.Commit(ctx, c); err != nil {
		return err
	}
	for _, e := range c.Events {
		n.ledger.journals[c.Key] = append(n.ledger.journals[c.Key], string(e.Body))
	}
	if n.newer && len(c.Events) > 0 {
		n.ledger.wrote[c.Key] = times
		marked := map[string]bool{}
		things(inside(decoded(c.Head.Body), "data"), func(name string, _ object, _ any) { marked[name] = true })
		n.ledger.marked[c.Key] = marked
	}
	return nil
}

func markState(body []byte, times int) []byte {
	o := decoded(body)
	data := inside(o, "data")
	data[mark] = times
	things(data, func(_ string, thing object, identity any) { thing[mark] = identity })
	return must(json.Marshal(o))
}

func markEvent(body []byte) []byte {
	o := decoded(body)
	o[mark] = "record"
	if data := inside(o, "data"); data != nil {
		data[mark] = object{"of": o["type"]}
	}
	return must(json.Marshal(o))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (n node) Put(ctx context.Context, r storage.Record) error {
	value := "by hand"
	if n.newer {
		o := decoded(r.Body)
		value = fmt.Sprintf("version %d", r.Version+1)
		if data := inside(o, "data"); data != nil {
			data[mark] = value
		} else {
			o[mark] = value // a visitor's
		}
		r.Body = must(json.Marshal(o))
	}
	before, err := n.Store.Record(ctx, r.Key)
	if err != nil {
		return err
	}
	if err := n.Store.Put(ctx, r); err != nil {
		return err
	}
	switch {
	case n.newer:
		n.ledger.records[r.Key] = value
	case anew(before, r):
		n.ledger.records[r.Key] = ""
	}
	return nil
}

// anew reports whether a record is of another group with the ID of a removed one.
func anew(before, r storage.Record) bool {
	return r.Key.Kind == storage.KindGroup && before.Version > 0 &&
		inside(decoded(before.Body), "data")["removed"] == true && inside(decoded(r.Body), "data")["removed"] == nil
}

func (n node) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	l := n.ledger
	marks := map[string][]any{}
	if n.newer {
		o := decoded(body)
		data := inside(o, "data")
		if data["default"] == nil {
			data["default"] = object{}
		}
		data[mark] = 1
		inside(data, "default")[mark] = 2
		for name := range inside(data, "groups") {
			inside(inside(data, "groups"), name)[mark] = 3
		}
		ladders(data, func(path string, steps []any) {
			for _, step := range steps {
				l.written++
				step.(object)[mark] = fmt.Sprint("step ", l.written)
				marks[path] = append(marks[path], step.(object)[mark])
			}
		})
		body = must(json.Marshal(o))
	} else {
		loaded, err := n.Store.Load(ctx, storage.Key{Workspace: workspace}, "")
		if err != nil {
			return err
		}
		was := map[string][]any{}
		if expect > 0 {
			ladders(inside(decoded(loaded.Policies.Body), "data"), func(path string, steps []any) { was[path] = steps })
		}
		ladders(inside(decoded(body), "data"), func(path string, steps []any) { marks[path] = inherited(was[path], steps) })
	}
	err := n.Store.SetPolicies(ctx, workspace, expect, body)
	if err == nil {
		l.steps[workspace] = marks
		l.policies[workspace] = l.policies[workspace] || n.newer
	}
	return err
}

// check looks into the store for what newer nodes wrote.
func (l *ledger) check(ctx context.Context, store storage.Store, key storage.Key) {
	l.tried++
	loaded, err := store.Load(ctx, key, "")
	if err != nil {
		l.fail("%v", err)
		return
	}
	if loaded.Head.Version != 0 {
		l.checkState(key, loaded.Head)
		l.checkJournal(ctx, store, key)
	}
	if l.policies[key.Workspace] {
		data := inside(decoded(loaded.Policies.Body), "data")
		if data[mark] == nil || inside(data, "default")[mark] == nil {
			l.fail("the policies lost what a newer node wrote: %s", loaded.Policies.Body)
		}
		for name, p := range inside(data, "groups") {
			if p.(object)[mark] == nil {
				l.fail("the policy of %s lost what a newer node wrote: %s", name, loaded.Policies.Body)
			}
		}
		ladders(data, func(path string, steps []any) {
			want := l.steps[key.Workspace][path]
			for i, step := range steps {
				if has := step.(object)[mark]; i >= len(want) || has != want[i] {
					l.fail("step %d of %s has %v, the ladder should have %v: %s", i, path, has, want, loaded.Policies.Body)
				} else if has != nil {
					l.seen["step"]++
				}
			}
		})
	}
	for key, value := range l.records {
		r, err := store.Record(ctx, key)
		if err != nil {
			l.fail("%v", err)
			continue
		}
		o := decoded(r.Body)
		has := cmp.Or(o[mark], inside(o, "data")[mark])
		switch {
		case value == "" && has != nil:
			l.fail("%s %s has what a newer node wrote of another: %s", key.Kind, key.ID, r.Body)
		case value != "" && has != value:
			l.fail("%s %s lost %q: %s", key.Kind, key.ID, value, r.Body)
		}
		l.seen[string(key.Kind)]++
	}
}

func (l *ledger) checkState(key storage.Key, head storage.Head) {
	data := inside(decoded(head.Body), "data")
	if times := l.wrote[key]; times > 0 && fmt.Sprint(data[mark]) != strconv.Itoa(times) {
		l.fail("%s has %v, a newer node wrote %d: %s", key.Conversation, data[mark], times, head.Body)
	}
	things(data, func(name string, thing object, identity any) {
		switch has := thing[mark]; {
		case has == nil && l.marked[key][name]:
			l.fail("%s: %s lost what a newer node wrote: %s", key.Conversation, name, head.Body)
		case has != nil && has != identity:
			l.fail("%s: %s has what a newer node wrote of %v: %s", key.Conversation, name, has, head.Body)
		case has != nil:
			kind, _, _ := strings.Cut(name, " ")
			l.seen[kind]++
		}
	})
	earlier, _ := data["earlier"].([]any)
	for _, c := range earlier {
		if c.(object)[mark] != nil {
			l.seen["earlier closing"]++
		}
	}
}

// checkJournal compares the journal with what was committed, and the state with what
// the journal amounts to.
func (l *ledger) checkJournal(ctx context.Context, store storage.Store, key storage.Key) {
	events, err := store.History(ctx, key, 0, all)
	if err != nil || len(events) != len(l.journals[key]) {
		l.fail("%s has %d events, %d were committed (%v)", key.Conversation, len(events), len(l.journals[key]), err)
		return
	}
	for i, e := range events {
		if want := l.journals[key][i]; string(e.Body) != want {
			l.fail("%s: event %d is %s, was %s", key.Conversation, e.Version, e.Body, want)
		}
	}
}

// checkDesk asks a Desk of today, which must give all there is, and ends where the
// journal ends.
func (l *ledger) checkDesk(ctx context.Context, desk *lifecycle.Desk, key storage.Key) {
	l.tried++
	now, err := desk.Get(ctx, key.Workspace, key.Conversation)
	if err != nil {
		l.fail("%v", err)
		return
	}
	journal, err := desk.History(ctx, key.Workspace, key.Conversation, 0, 0)
	if err != nil || len(journal) != len(l.journals[key]) {
		l.fail("%s: the desk has %d records, %d were committed (%v)", key.Conversation, len(journal), len(l.journals[key]), err)
		return
	}
	for _, audience := range []lifecycle.Audience{lifecycle.ForAgents, lifecycle.ForEverybody} {
		if _, err := desk.Transcript(ctx, key.Workspace, key.Conversation, lifecycle.Notes{}, audience); err != nil {
			l.fail("transcript of %s: %v", key.Conversation, err)
		}
	}
	if _, err := json.Marshal(journal); err != nil {
		l.fail("journal of %s: %v", key.Conversation, err)
	}
	if page, err := desk.CustomerHistory(ctx, key.Workspace, now.Visitor, "", 1); err != nil || len(page.Unreadable) > 0 {
		l.fail("history of %s: %v, unreadable %v", now.Visitor, err, page.Unreadable)
	}
	c := conversation.Conversation{Workspace: key.Workspace, ID: key.Conversation}
	for i, r := range journal {
		c = conversation.Evolve(c, r)
		u, unknown := r.Event.(conversation.Unknown)
		if unknown && !strings.Contains(l.journals[key][i], string(u.Data)) {
			l.fail("%s: record %d has %s of %s", key.Conversation, r.Seq, u.Data, l.journals[key][i])
		}
		if unknown != strings.Contains(l.journals[key][i], `"applauded"`) {
			l.fail("%s: record %d, %s, is a %T", key.Conversation, r.Seq, l.journals[key][i], r.Event)
		}
	}
	if got, want := must(conversation.Encode(now)), must(conversation.Encode(c)); !bytes.Equal(got, want) {
		l.fail("%s is\n\t%s\nthe journal amounts to\n\t%s", key.Conversation, got, want)
	}
}

// applaud has a newer node record what today's version does not know. It says
// whether it did, as the conversation may be of no one yet.
func applaud(ctx context.Context, n storage.Store, key storage.Key, now time.Time) (bool, error) {
	loaded, err := n.Load(ctx, key, "")
	if err != nil || loaded.Head.Version == 0 {
		return false, err
	}
	c, err := conversation.Decode(loaded.Head.Body)
	if err != nil {
		return false, err
	}
	data := json.RawMessage(fmt.Sprintf(`{"score":%d,"words":"caf\u00e9 <3","of":[1.50,null,{"b":1,"a":2}]}`, loaded.Head.Version))
	c, records := conversation.Append(c, conversation.System("newer"), now, []conversation.Event{conversation.Unknown{Name: "applauded", Data: data}})
	head := loaded.Head
	head.Version, head.Updated = int64(c.Version), c.UpdatedAt
	if !c.Open() {
		head.DormantSince = c.UpdatedAt
	}
	// The newer version knows its own fields, and so keeps them.
	o := decoded(must(conversation.Encode(c)))
	head.Body = must(json.Marshal(o))
	commit := storage.Commit{Key: key, Expect: loaded.Head.Version, Head: head, At: now}
	for _, r := range records {
		commit.Events = append(commit.Events, storage.Event{Version: int64(r.Seq), Body: must(conversation.EncodeRecord(r))})
	}
	return true, n.Commit(ctx, commit)
}

// An upgrade is a rolling one: a Desk of today and one of a newer version on one
// store.
type upgrade struct {
	t      testing.TB
	ctx    context.Context
	store  storage.Store
	ledger *ledger
	clock  *clock.Mock
	desks  [2]*lifecycle.Desk // today's and the newer
	nodes  [2]storage.Store
	keys   []storage.Key
	dice   *rand.Rand
}

// newUpgrade sets one up. What between puts between today's Desk and the store is a
// fault, if it is not nil.
func newUpgrade(t testing.TB, seed uint64, between func(storage.Store) storage.Store) *upgrade {
	t.Helper()
	u := &upgrade{t: t, ctx: t.Context(), store: memory.New(), ledger: newLedger(), clock: clock.NewMock(), dice: rand.New(rand.NewPCG(seed, 0))}
	u.clock.Set(lifecycletest.Start)
	today := node{u.store, u.ledger, false}
	u.nodes = [2]storage.Store{today, node{u.store, u.ledger, true}}
	if between != nil {
		u.nodes[0] = between(today)
	}
	for i, n := range u.nodes {
		var err error
		if u.desks[i], err = lifecycle.New(n, &lifecycle.Options{Clock: u.clock}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		u.keys = append(u.keys, storage.Key{Workspace: here, Conversation: fmt.Sprintf("chat-%d", i+1)})
	}
	u.people()
	return u
}

func (u *upgrade) fatal(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatal(err)
	}
}

func (u *upgrade) people() {
	u.t.Helper()
	newer := u.desks[1]
	u.fatal(newer.SetGroup(u.ctx, here, "billing"))
	u.fatal(u.desks[0].SetGroup(u.ctx, here, "sales"))
	for _, id := range []string{"ann", "ben"} {
		_, err := newer.SetAgent(u.ctx, here, id, 2, "billing")
		u.fatal(err)
	}
	_, err := newer.SetPresence(u.ctx, here, "vic", true)
	u.fatal(err)
	_, err = newer.SetPolicies(u.ctx, here, u.policies(), 0)
	u.fatal(err)
}

func (u *upgrade) policies() conversation.Policies {
	p := conversation.Policy{
		Bot: u.dice.IntN(2) == 0, Sticky: u.dice.IntN(2) == 0, ReopenWindow: 100 * time.Hour,
		Survey: conversation.Asking{Offer: true}, Idle: conversation.Idle{Assigned: u.ladder(), Waiting: u.ladder()},
	}
	return conversation.Policies{Default: p, Groups: map[string]conversation.Policy{"billing": p}, Tags: []string{"late"}}
}

// ladder returns some of a few steps, in any order, and a close.
func (u *upgrade) ladder() idle.Ladder {
	all := []idle.Step{
		{After: time.Duration(1+u.dice.IntN(60)) * time.Minute, Action: idle.FollowUp, Text: "Hello?"},
		{After: time.Hour, Action: idle.FollowUp, Text: "Are you there?"},
		{After: time.Hour, Action: idle.FollowUp, Text: "Still there?"},
	}
	u.dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return steps(append(all[:1+u.dice.IntN(len(all))], idle.Step{After: 5 * time.Hour, Action: idle.Close})...)
}

// step has one of the two do something, and looks what became of what the newer
// wrote. Refusals are answers too.
func (u *upgrade) step() {
	u.clock.Add(time.Second) // so that no two things begin at one instant
	which := u.dice.IntN(2)
	desk, key := u.desks[which], u.keys[u.dice.IntN(len(u.keys))]
	actors := []conversation.Actor{vic, ann, ben, sue, host, bot}
	asleep := conversation.Snooze{
		Until:   snooze.For(time.Duration(1+u.dice.IntN(10)) * time.Hour),
		OnReply: []snooze.OnReply{snooze.Wake, snooze.StayAsleep}[u.dice.IntN(2)],
	}
	commands := []conversation.Command{
		conversation.Open{Visitor: "vic", Group: "billing"}, conversation.Say{Text: "Hello?"}, conversation.Say{Text: "Hello."},
		conversation.Say{Text: closure.DefaultCheckIn}, conversation.Say{Text: closure.DefaultCheckIn},
		conversation.Take{}, conversation.RequestAgent{}, conversation.HandBack{}, conversation.Transfer{Agent: "ben"}, conversation.Requeue{},
		asleep, asleep,
		conversation.Wake{}, conversation.Close{Outcome: closure.Resolved}, conversation.Close{Outcome: closure.Resolved},
		conversation.Reclassify{Outcome: closure.Unresolved, Form: &closure.Form{Notes: "Hm.", Tags: []string{"late"}}},
		conversation.AnswerSurvey{Rating: 3}, conversation.Reopen{}, conversation.AddNote{Text: "A note."}, conversation.LinkArticle{Article: "kb-1"},
		conversation.Typing{}, conversation.MarkRead{},
	}
	groups := []string{"billing", "sales"}
	group := u.dice.IntN(len(groups))
	var err error
	switch kind := u.dice.IntN(36); kind {
	case 0, 1, 2:
		u.clock.Add(time.Duration(u.dice.IntN(300)) * time.Minute)
		_, err = desk.Tick(u.ctx)
	case 3:
		_, err = desk.SetAvailability(u.ctx, here, []string{"ann", "ben"}[u.dice.IntN(2)], roster.Manual,
			[]roster.Availability{roster.Available, roster.Available, roster.Unavailable}[u.dice.IntN(3)])
	case 4:
		if _, err = desk.SetAgent(u.ctx, here, "ann", 1+u.dice.IntN(4), groups[group]); errors.Is(err, lifecycle.ErrNoGroup) {
			err = nil // it was removed
		}
	case 5:
		_, err = desk.SetPresence(u.ctx, here, "vic", u.dice.IntN(2) == 0)
	case 6:
		_, err = desk.Forget(u.ctx, here, "vic")
	case 7, 8, 9:
		_, revision, asking := desk.Policies(u.ctx, here)
		u.fatal(asking)
		_, err = desk.SetPolicies(u.ctx, here, u.policies(), revision)
	case 10, 11:
		_, err = applaud(u.ctx, u.nodes[1], key, u.clock.Now().UTC())
	case 12, 13, 14:
		err = desk.SetGroup(u.ctx, here, groups[group])
	case 15:
		err = desk.RemoveGroup(u.ctx, here, groups[group], []string{"", groups[1-group]}[u.dice.IntN(2)])
		if errors.Is(err, lifecycle.ErrNoGroup) {
			err = nil // it was removed, or the other was
		}
	default:
		call := lifecycle.Call{Workspace: here, Conversation: key.Conversation, By: actors[u.dice.IntN(len(actors))]}
		command := commands[u.dice.IntN(len(commands))]
		switch c, _ := u.desks[1].Get(u.ctx, here, key.Conversation); {
		case c.Agent != "" && u.dice.IntN(2) == 0:
			call.By = conversation.Agent(c.Agent)
			if u.dice.IntN(2) == 0 {
				command = []conversation.Command{asleep, conversation.Close{Outcome: closure.Resolved}}[u.dice.IntN(2)]
			}
		case c.State == conversation.StateClosed && u.dice.IntN(2) == 0:
			call.By, command = vic, conversation.Say{Text: "Not yet."}
		}
		if _, err = desk.Do(u.ctx, call, command); expected(err) {
			err = nil
		}
	}
	if err != nil {
		u.ledger.fail("%v", err)
	}
	u.ledger.check(u.ctx, u.store, key)
}

// expected reports whether an error is an answer: a refusal, or that the
// conversation is not there.
func expected(err error) bool {
	_, refused := errors.AsType[*conversation.RefusedError](err)
	_, invalid := errors.AsType[*conversation.InvalidError](err)
	return err == nil || refused || invalid || errors.Is(err, conversation.ErrNotFound)
}

// run does so many steps, and returns what it tried and what was broken.
func (u *upgrade) run(n int) (int, []string) {
	for range n {
		if u.step(); len(u.ledger.broken) > 0 {
			break
		}
	}
	u.checkAll()
	u.checkFeed()
	u.clock.Add(365 * 24 * time.Hour)
	if _, err := u.desks[0].Purge(u.ctx, time.Hour); err != nil {
		u.ledger.fail("purge: %v", err)
	}
	for key := range u.ledger.journals {
		if loaded, err := u.store.Load(u.ctx, key, ""); err == nil && loaded.Head.Version == 0 {
			delete(u.ledger.journals, key)
		}
	}
	u.checkAll()
	return u.ledger.tried, u.ledger.broken
}

func (u *upgrade) checkAll() {
	for key := range u.ledger.journals {
		u.ledger.check(u.ctx, u.store, key)
		u.ledger.checkDesk(u.ctx, u.desks[0], key)
	}
}

// checkFeed: today's Desk delivers everything, the unknown among it.
func (u *upgrade) checkFeed() {
	deliveries, err := u.desks[0].Feed(u.ctx, "crm", all)
	if err != nil {
		u.ledger.fail("feed: %v", err)
	}
	got := map[storage.Key]int{}
	for _, d := range deliveries {
		got[storage.Key{Workspace: d.Workspace, Conversation: d.Conversation}] += len(d.Records)
	}
	for key, journal := range u.ledger.journals {
		if got[key] != len(journal) {
			u.ledger.fail("the feed has %d records of %s, want %d", got[key], key.Conversation, len(journal))
		}
	}
}

// TestRollingUpgrade has a Desk of today and one of a newer version work on one
// store, each on what the other wrote. Nothing that the newer wrote is lost, nor
// passed on to what it was not written of.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	seed := proof.Seed(t)
	sum := 0
	var broken []string
	runs, n := proof.Size(t, 60), 150
	seen := map[string]int{}
	for i := range runs {
		u := newUpgrade(t, seed+uint64(i), nil)
		tried, b := u.run(n)
		sum += tried
		for kind, times := range u.ledger.seen {
			seen[kind] += times
		}
		broken = append(broken, b...)
		if len(b) > 0 {
			t.Errorf("run %d: %s", i, strings.Join(b, "\n"))
			break
		}
	}
	for _, kind := range []string{
		"cycle", "snooze", "silence", "courtesy", "closing", "earlier closing", "survey", "step",
		string(storage.KindAgent), string(storage.KindGroup), string(storage.KindVisitor),
	} {
		if runs >= 60 && len(broken) == 0 && seen[kind] < runs/2 {
			t.Errorf("only %d looks at a %s with what a newer node wrote: the runs do too little", seen[kind], kind)
		}
	}
	t.Logf("looked at %v", seen)
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(sum), Trials: "looks at what a newer node wrote", Broken: int64(len(broken)), Breaks: "lost or misplaced",
		Details: fmt.Sprintf("%d rolling upgrades of %d steps", runs, n), Seed: seed,
	})
}
