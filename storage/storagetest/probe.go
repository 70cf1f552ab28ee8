package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// all is a limit that no case reaches.
const all = 10_000

var (
	// noon is an ordinary instant, to the microsecond. Conversations are closed
	// in the evening.
	noon    = time.Date(2026, time.March, 2, 12, 0, 0, 123_456_000, time.UTC)
	evening = noon.Add(7*time.Hour + 7*time.Microsecond)

	never     time.Time
	endOfTime = time.Date(9999, time.December, 31, 23, 59, 59, 999_999_000, time.UTC)
)

// A probe asks one store, and fails its test when an answer is an error. Its
// methods are for the goroutine of the test, but for those of testing.T that
// others may call.
type probe struct {
	*testing.T
	s storage.Store

	transaction func(t *testing.T) (tx storage.Tx, commit, rollback func() error) // for RunTx
}

func (p probe) load(k storage.Key, commandID string) storage.Loaded {
	p.Helper()
	l, err := p.s.Load(p.Context(), k, commandID)
	p.ok(err, "Load(%v, %q)", k, commandID)
	return l
}

// applied returns what a command did, which must be known.
func (p probe) applied(k storage.Key, commandID string) storage.Applied {
	p.Helper()
	a := p.load(k, commandID).Applied
	if a == nil {
		p.Fatalf("Load(%v, %q) does not know the command", k, commandID)
	}
	return *a
}

func (p probe) commit(commits ...storage.Commit) {
	p.Helper()
	for _, c := range commits {
		err := p.s.Commit(p.Context(), c)
		p.ok(err, "Commit of %d events to %v at version %d", len(c.Events), c.Key, c.Expect)
	}
}

// conflict commits what must be refused.
func (p probe) conflict(c storage.Commit) {
	p.Helper()
	if err := p.s.Commit(p.Context(), c); !errors.Is(err, storage.ErrConflict) {
		p.Fatalf("Commit of %d events to %v at version %d with command %q: %v, want ErrConflict",
			len(c.Events), c.Key, c.Expect, c.Command.ID, err)
	}
}

func (p probe) history(k storage.Key, after int64, limit int) []storage.Event {
	p.Helper()
	events, err := p.s.History(p.Context(), k, after, limit)
	p.ok(err, "History(%v, %d, %d)", k, after, limit)
	return events
}

func (p probe) due(by time.Time, after storage.Due, limit int) []storage.Due {
	p.Helper()
	due, err := p.s.Due(p.Context(), by, after, limit)
	p.ok(err, "Due(%v, %v, %d)", by, after, limit)
	return due
}

func (p probe) setPolicies(workspace string, expect int64, body string) {
	p.Helper()
	err := p.s.SetPolicies(p.Context(), workspace, expect, []byte(body))
	p.ok(err, "SetPolicies(%q, %d)", workspace, expect)
}

func (p probe) outdated(by time.Time, after storage.Key, limit int) []storage.Key {
	p.Helper()
	keys, err := p.s.Outdated(p.Context(), by, after, limit)
	p.ok(err, "Outdated(%v, %v, %d)", by, after, limit)
	return keys
}

func (p probe) setBack(k storage.Key, version int64, setback storage.Setback) {
	p.Helper()
	err := p.s.SetBack(p.Context(), k, version, setback)
	p.ok(err, "SetBack(%v, %d, %v)", k, version, setback)
}

func (p probe) setbacks(after storage.Key, limit int) []storage.SetbackOf {
	p.Helper()
	setbacks, err := p.s.Setbacks(p.Context(), after, limit)
	p.ok(err, "Setbacks(%v, %d)", after, limit)
	return setbacks
}

func (p probe) feed(after storage.Position, limit int) []storage.Entry {
	p.Helper()
	entries, err := p.s.Feed(p.Context(), after, limit)
	p.ok(err, "Feed(%d, %d)", after, limit)
	return entries
}

func (p probe) advance(subscriber string, to storage.Position) storage.Position {
	p.Helper()
	at, err := p.s.Advance(p.Context(), subscriber, to)
	p.ok(err, "Advance(%q, %d)", subscriber, to)
	return at
}

// erase erases the texts of a visitor of the workspace that most cases use.
func (p probe) erase(visitor string) int {
	p.Helper()
	n, err := p.s.Erase(p.Context(), "acme", visitor)
	p.ok(err, "Erase(%q, %q)", "acme", visitor)
	return n
}

// record returns a record.
func (p probe) record(k storage.RecordKey) storage.Record {
	p.Helper()
	r, err := p.s.Record(p.Context(), k)
	p.ok(err, "Record(%v)", k)
	return r
}

// agent returns the record of an agent of the workspace that most cases use.
func (p probe) agent(id string) storage.Record {
	p.Helper()
	return p.record(agentKey(id))
}

func (p probe) put(records ...storage.Record) {
	p.Helper()
	for _, r := range records {
		err := p.s.Put(p.Context(), r)
		p.ok(err, "Put of %v at version %d and %d seat moves", r.Key, r.Version, r.SeatMoves)
	}
}

func (p probe) settle(r storage.Record) {
	p.Helper()
	err := p.s.Settle(p.Context(), r)
	p.ok(err, "Settle of %v at version %d and %d seat moves", r.Key, r.Version, r.SeatMoves)
}

func (p probe) list(q storage.RecordQuery, after string, limit int) []storage.Record {
	p.Helper()
	records, err := p.s.List(p.Context(), q, after, limit)
	p.ok(err, "List(%+v, %q, %d)", q, after, limit)
	return records
}

func (p probe) dueRecords(by time.Time, after storage.DueRecord, limit int) []storage.DueRecord {
	p.Helper()
	found, err := p.s.DueRecords(p.Context(), by, after, limit)
	p.ok(err, "DueRecords(%v, %v, %d)", by, after, limit)
	return found
}

func (p probe) view(q storage.Query, limit int) []storage.Row {
	p.Helper()
	found, err := p.s.View(p.Context(), q, limit)
	p.ok(err, "View(%+v, %d)", q, limit)
	return found
}

func (p probe) count(q storage.Query) int {
	p.Helper()
	n, err := p.s.Count(p.Context(), q)
	p.ok(err, "Count(%+v)", q)
	return n
}

func (p probe) closings(q storage.ClosingQuery, limit int) []closure.Record {
	p.Helper()
	found, err := p.s.Closings(p.Context(), q, limit)
	p.ok(err, "Closings(%+v, %d)", q, limit)
	return found
}

func (p probe) purge(dormantBefore time.Time, limit int) int {
	p.Helper()
	n, err := p.s.Purge(p.Context(), dormantBefore, limit)
	p.ok(err, "Purge(%v, %d)", dormantBefore, limit)
	return n
}

// ok ends the test if a call failed that must not.
func (p probe) ok(err error, format string, args ...any) {
	p.Helper()
	if err != nil {
		p.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// same ends the test unless got is want.
func (p probe) same(what string, got, want any) {
	p.Helper()
	if diff := difference(want, got); diff != "" {
		p.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// difference is cmp.Diff, but for nil slices, which are as good as empty ones.
func difference(want, got any) string {
	if reflect.DeepEqual(want, got) { // which is faster, and nearly always so
		return ""
	}
	return cmp.Diff(want, got, cmp.Comparer(bytes.Equal),
		nilIsEmpty[storage.Event](), nilIsEmpty[storage.Due](), nilIsEmpty[storage.Key](), nilIsEmpty[storage.Entry](),
		nilIsEmpty[storage.SetbackOf](), nilIsEmpty[storage.Record](), nilIsEmpty[storage.DueRecord](),
		nilIsEmpty[storage.Row](), nilIsEmpty[string](), nilIsEmpty[closure.Record](),
		nilIsEmpty[closure.Group](), nilIsEmpty[closure.Spread](), nilIsEmpty[int64]())
}

func nilIsEmpty[E any]() cmp.Option {
	return cmp.FilterValues(
		func(x, y []E) bool { return len(x) == 0 && len(y) == 0 },
		cmp.Comparer(func(_, _ []E) bool { return true }),
	)
}

// A picture is all that a store tells about a conversation and around it.
type picture struct {
	Loaded     storage.Loaded
	History    []storage.Event
	Due        []storage.Due
	Outdated   []storage.Key
	Setbacks   []storage.SetbackOf
	Feed       []storage.Entry
	View       []storage.Row    // of the workspace, the open and then the closed ones
	Records    []storage.Record // of the workspace, without groups
	DueRecords []storage.DueRecord
	Closings   []closure.Record // of the workspace
}

func (p probe) picture(k storage.Key, commandID string) picture {
	p.Helper()
	return picture{
		Loaded:   p.load(k, commandID),
		History:  p.history(k, 0, all),
		Due:      p.due(noon.AddDate(10, 0, 0), storage.Due{}, all),
		Outdated: p.outdated(noon, storage.Key{}, all),
		Setbacks: p.setbacks(storage.Key{}, all),
		Feed:     p.feed(p.begins()-1, all),
		View: append(
			p.view(storage.Query{Workspace: k.Workspace, State: stateOpen, Order: storage.BySince}, all),
			p.view(storage.Query{Workspace: k.Workspace, State: stateClosed, Order: storage.BySince}, all)...),
		Records: append(
			p.list(storage.RecordQuery{Workspace: k.Workspace, Kind: storage.KindAgent}, "", all),
			p.list(storage.RecordQuery{Workspace: k.Workspace, Kind: storage.KindVisitor}, "", all)...),
		DueRecords: p.dueRecords(noon.AddDate(10, 0, 0), storage.DueRecord{}, all),
		Closings:   p.closings(storage.ClosingQuery{Workspace: k.Workspace}, all),
	}
}

// begins is the oldest position from which on the feed is whole.
func (p probe) begins() storage.Position {
	p.Helper()
	_, err := p.s.Feed(p.Context(), 0, 1)
	if purged, ok := errors.AsType[*storage.PurgedError](err); ok {
		return purged.Oldest
	}
	p.ok(err, "Feed(0, 1)")
	return 1
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
