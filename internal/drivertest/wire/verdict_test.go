package wire_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A kind is one of what must never be.
type kind string

const (
	doubled       kind = "doubled"            // a command was applied twice
	lost          kind = "lost"               // acknowledged, and not there
	wronglyDenied kind = "wrongly denied"     // said to have changed nothing, and applied
	late          kind = "late"               // a call beyond its deadline
	stray         kind = "stray"              // events that no command explains
	feedBroken    kind = "broken feed"        // not dense, not whole, not as told
	overfull      kind = "overfull"           // more conversations than seats
	unhealthy     kind = "unhealthy"          // it does not recover
	leaked        kind = "leaked"             // transactions, sessions or goroutines
	untested      kind = "nothing was tested" // too few ambiguous commits
)

// A verdict is what was found.
type verdict map[kind][]string

func (n *network) find(k kind, format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.found[k] = append(n.found[k], fmt.Sprintf(format, args...))
}

// report fails the test by what was found, some of each.
func (v verdict) report(t testing.TB) {
	t.Helper()
	const most = 5
	for k, all := range v {
		t.Errorf("%s: %d\n\t%s", k, len(all), strings.Join(all[:min(len(all), most)], "\n\t"))
	}
}

// recover has every node give plain commands after the storm, some at once, as
// long as they fail. It returns how long the slowest took.
func (n *network) recover() (slowest time.Duration) {
	const within = 5 * timeout // dead connections are found out one by one, each within a timeout
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, d := range n.nodes {
		for range pool / 2 {
			o := n.ledger.open()
			o.chat, o.by, o.command, o.text = hotName(0), vic, conversation.AddNote{Text: o.name()}, true
			o.by = conversation.Agent(agents[0])
			wg.Go(func() {
				start := time.Now()
				for time.Since(start) < 10*within && o.outcome != accepted {
					n.giveWithin(context.Background(), d, o)
				}
				mu.Lock()
				defer mu.Unlock()
				took := time.Since(start)
				slowest = max(slowest, took)
				if took > within+grace {
					n.find(unhealthy, "%s took %v to give a plain command: %v", d.name, took, o.err)
				}
			})
		}
	}
	wg.Wait()
	return slowest
}

// holding counts the open transactions of the nodes that hold anything. One whose
// connection fell silent behind BEGIN holds nothing, and stays until the server
// finds out that nobody is there.
const holding = `SELECT count(*) FROM pg_stat_activity a
	WHERE datname = current_database() AND application_name <> 'truth' AND state LIKE 'idle in transaction%'
		AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL
			OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype <> 'virtualxid'))`

// rest works off what is left, and demands that it is little: no transaction is
// open, nothing is due, and the feed was read to its end.
func (n *network) rest() {
	n.settled(holding, "transactions still hold something")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ticked, err := n.nodes[0].desk.Tick(ctx)
	if err != nil || len(ticked.Failed) > 0 {
		n.find(unhealthy, "a tick after the storm: %v, %+v", err, ticked.Failed)
	}
	due, err := n.truth.Due(ctx, ticked.At, storage.Due{}, 10)
	if err != nil || len(due) > 0 {
		n.find(lost, "overdue at the end: %v, %v", due, err)
	}
	if setbacks, err := n.truth.Setbacks(ctx, storage.Key{}, 10); err != nil || len(setbacks) > 0 {
		n.find(unhealthy, "the network set conversations back: %+v, %v", setbacks, err)
	}
	for more := true; more; {
		if more, err = n.follow(n.nodes[0]); err != nil {
			n.find(unhealthy, "the feed after the storm: %v", err)
		}
	}
}

// settled waits until a question past the proxies is answered with zero.
func (n *network) settled(query, otherwise string) {
	var left int
	for start := time.Now(); time.Since(start) < 2*timeout+2*grace; time.Sleep(20 * time.Millisecond) {
		if err := n.direct.QueryRow(query).Scan(&left); err != nil {
			n.Error(err)
		}
		if left == 0 {
			return
		}
	}
	n.find(leaked, "%d %s", left, otherwise)
}

// shut closes the nodes, and demands that nothing of them is left.
func (n *network) shut() {
	for _, d := range n.nodes {
		over := n.clock.watch(context.Background(), "Close", timeout)
		_ = d.store.Close()
		over()
		_ = d.db.Close()
		d.proxy.Close()
	}
	n.settled(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'truth'`, "sessions are left")
}

// judge compares what the callers know with what is there. Nothing is going on
// any more.
func (n *network) judge() {
	journals := map[storage.Key][]storage.Event{}
	applied := map[storage.Key][]storage.Applied{}
	ctx := context.Background()
	for _, o := range n.ledger.operations() {
		key := o.key()
		if _, read := journals[key]; !read {
			events, err := n.truth.History(ctx, key, 0, 1_000_000)
			check(n, err)
			journals[key] = events
		}
		var found []storage.Applied
		for _, id := range o.ids {
			loaded, err := n.truth.Load(ctx, key, id)
			check(n, err)
			if loaded.Applied != nil {
				found = append(found, *loaded.Applied)
			}
		}
		applied[key] = append(applied[key], found...)
		n.judgeOne(o, found, journals[key])
	}
	for key, events := range journals {
		n.explained(key, events, applied[key])
	}
	n.judgeFeed(ctx, journals)
	n.overfull()
	n.clock.mu.Lock()
	defer n.clock.mu.Unlock()
	for _, what := range n.clock.late {
		n.find(late, "%s", what)
	}
}

func (n *network) judgeOne(o *operation, found []storage.Applied, journal []storage.Event) {
	times := 0
	for _, e := range journal {
		if e.Text == o.name() {
			times++
		}
	}
	switch {
	case len(found) > 1 || times > 1:
		n.find(doubled, "%s is %v, its text is there %d times", o.name(), found, times)
		return
	case o.text && times != len(found):
		n.find(lost, "%s is %v, its text is there %d times", o.name(), found, times)
	}
	switch {
	case o.outcome == accepted && len(found) == 0:
		n.find(lost, "%s was acknowledged and is not there", o.name())
	case o.outcome == accepted && (found[0].From != o.from || found[0].To != o.to):
		n.find(lost, "%s was acknowledged with %d to %d, and is %v", o.name(), o.from, o.to, found)
	case o.outcome == refused && len(found) > 0:
		n.find(wronglyDenied, "%s was refused, %v, and is %v", o.name(), o.err, found)
	case o.outcome == denied && !o.unclear && len(found) > 0:
		n.find(wronglyDenied, "%s failed with %q, and is %v", o.name(), o.err, found)
	}
}

// explained demands that the versions of a journal are dense, and that each event of a
// person came of one command.
func (n *network) explained(key storage.Key, events []storage.Event, by []storage.Applied) {
	for i, e := range events {
		r, err := conversation.DecodeRecord(e.Body)
		if err != nil || e.Version != int64(i+1) {
			n.find(stray, "event %d of %v has version %d, %v", i+1, key, e.Version, err)
			continue
		}
		commands := 0
		for _, a := range by {
			if a.From < e.Version && e.Version <= a.To {
				commands++
			}
		}
		person := r.By.Kind == conversation.KindAgent || r.By.Kind == conversation.KindVisitor
		if commands > 1 || person && commands == 0 {
			n.find(stray, "event %d of %v, %T by %v, came of %d commands", e.Version, key, r.Event, r.By, commands)
		}
	}
}

// judgeFeed demands that the feed is dense and has each journal whole and in
// order, and that the subscriber was told all of it, as it is.
func (n *network) judgeFeed(ctx context.Context, journals map[storage.Key][]storage.Event) {
	entries, err := n.truth.Feed(ctx, 0, 1_000_000)
	check(n, err)
	told := map[storage.Key]int64{}
	for i, e := range entries {
		if e.Position != storage.Position(i+1) {
			n.find(feedBroken, "position %d stands where %d must be", e.Position, i+1)
		}
		for _, event := range e.Events {
			if told[e.Key]++; told[e.Key] != event.Version {
				n.find(feedBroken, "position %d has version %d of %v after %d", e.Position, event.Version, e.Key, told[e.Key]-1)
			}
		}
	}
	for key, events := range journals {
		if told[key] != int64(len(events)) {
			n.find(feedBroken, "%v has %d events, %d in the feed", key, len(events), told[key])
		}
	}
	heard := make([]bool, len(entries))
	for _, d := range n.tape.all {
		i := int(d.Position) - 1
		if i >= len(entries) || entries[i].Key.Conversation != d.Conversation || len(entries[i].Events) != len(d.Records) ||
			entries[i].Events[0].Version != int64(d.Records[0].Seq) {
			n.find(feedBroken, "the subscriber was told %+v", d)
			continue
		}
		heard[i] = true
	}
	if i := slices.Index(heard, false); i >= 0 {
		n.find(feedBroken, "the subscriber was never told of position %d of %d", i+1, len(entries))
	}
}

// unclearApplied returns how many commits of unknown outcome there were, and how
// many of these are in the journals. A command that was decided anew has another
// time in its events. Commits without events are not told apart.
func (n *network) unclearApplied() (all, applied int) {
	for _, a := range n.unclear.all {
		events, err := n.truth.History(context.Background(), a.key, a.expect, len(a.events)+1)
		check(n, err)
		if len(events) > 0 && len(a.events) > 0 && bytes.Equal(events[0].Body, a.events[0].Body) {
			applied++
		}
	}
	return len(n.unclear.all), applied
}

// nothingRuns waits until no goroutine of the library, of a driver or of a proxy
// is left.
func nothingRuns(t testing.TB) {
	t.Helper()
	var left []string
	for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		left = nil
		for _, stack := range strings.Split(string(stacks), "\n\n") {
			for _, of := range []string{"/storage/", "/lifecycle.", "wire.(*", "jackc/pgx", "lib/pq"} {
				if strings.Contains(stack, of) && !strings.Contains(stack, "nothingRuns") {
					left = append(left, stack)
					break
				}
			}
		}
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("%s: %d goroutines, such as\n%s", leaked, len(left), left[0])
}
