package storagetest_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/storagetest"
)

// A fault is a store that breaks one sentence of the contract.
type fault struct {
	name   string // what is wrong with it
	caught string // the subtest that must see it
	broken broken
}

// inTx reports whether it is the transactions that are broken.
func (f fault) inTx() bool { return strings.HasPrefix(f.caught, "Tx/") }

// group is the group of subtests that must see it.
func (f fault) group() string { group, _, _ := strings.Cut(f.caught, "/"); return group }

// faults are the broken stores, in the order of the cases.
func faults() (all []fault) {
	for _, list := range [][]fault{
		loadFaults, commitFaults, commandFaults, seatFaults, seenFaults, historyFaults, dueFaults, policiesFaults,
		outdatedFaults, setBackFaults, setbacksFaults, feedFaults, advanceFaults, eraseFaults, purgeFaults,
		recordFaults, listFaults, dueRecordsFaults, viewFaults, countFaults,
		closingFaults, tallyFaults, spreadFaults, aroundClosingFaults, clockFaults, valueFaults,
		ownershipFaults, contextFaults, concurrencyFaults, takerFaults, txFaults,
	} {
		all = append(all, list...)
	}
	return all
}

// broken is a memory store, but for what is set here.
type broken struct {
	storage.Store

	// In place of the call.
	load        func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error)
	commit      func(b *broken, ctx context.Context, c storage.Commit) error
	history     func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error)
	due         func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error)
	setPolicies func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error
	outdated    func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error)
	setBack     func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error
	setbacks    func(b *broken, ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error)
	feed        func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error)
	advance     func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error)
	erase       func(b *broken, ctx context.Context, workspace, visitor string) (int, error)
	purge       func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error)
	record      func(b *broken, ctx context.Context, k storage.RecordKey) (storage.Record, error)
	put         func(b *broken, ctx context.Context, r storage.Record) error
	settle      func(b *broken, ctx context.Context, r storage.Record) error
	list        func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error)
	dueRecords  func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error)
	view        func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error)
	count       func(b *broken, ctx context.Context, q storage.Query) (int, error)
	closings    func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error)
	tally       func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error)
	spreads     func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error)
	now         func(b *broken, ctx context.Context) (time.Time, error) // nil: it has no clock
	tx          func(b *broken) hostTx

	// On what the call is given or returns.
	committing func(b *broken, c *storage.Commit)
	loaded     func(b *broken, k storage.Key, l *storage.Loaded)
	events     func(b *broken, events []storage.Event) []storage.Event // of History and Feed
	found      func(b *broken, found []storage.Due) []storage.Due
	keys       func(b *broken, keys []storage.Key) []storage.Key
	listed     func(b *broken, listed []storage.SetbackOf) []storage.SetbackOf
	entries    func(b *broken, entries []storage.Entry) []storage.Entry
	putting    func(b *broken, r *storage.Record)
	recorded   func(b *broken, r *storage.Record) // by Record and List
	queued     func(b *broken, found []storage.DueRecord) []storage.DueRecord
	asking     func(b *broken, q *storage.Query) // by View and Count
	shown      func(b *broken, rows []storage.Row) []storage.Row
	seeking    func(b *broken, q *storage.ClosingQuery) // by Closings
	concluded  func(b *broken, q storage.ClosingQuery, closings []closure.Record) []closure.Record
	counting   func(b *broken, q *storage.ClosingQuery, by *closure.Breakdown) // by Tally and Spreads
	taking     func(b *broken, by closure.Breakdown, closings []closure.Record) []closure.Record
	tallied    func(b *broken, by closure.Breakdown, groups []closure.Group) []closure.Group
	spread     func(b *broken, by closure.Breakdown, spreads []closure.Spread) []closure.Spread

	mu    *sync.Mutex
	notes map[any]any // guarded by mu
}

// open returns a new store that is broken like f.
func (f fault) open() storage.Store {
	b := f.broken
	b.Store, b.mu, b.notes = memory.New(), new(sync.Mutex), map[any]any{}
	switch {
	case b.now != nil:
		return ticking{&b}
	case b.tally != nil, b.spreads != nil, b.counting != nil, b.taking != nil, b.tallied != nil, b.spread != nil:
		return tallying{&b}
	}
	return &b
}

// openTx returns a new store whose transactions are broken like f.
func (f fault) openTx() storagetest.TxHarness {
	b := f.broken
	b.Store, b.mu, b.notes = memory.New(), new(sync.Mutex), map[any]any{}
	return harness(&b, func() hostTx { return b.tx(&b) })
}

func (b *broken) note(key, value any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes[key] = value
}

// noted returns the note under key, zero if there is none.
func noted[T any](b *broken, key any) T {
	b.mu.Lock()
	defer b.mu.Unlock()
	value, _ := b.notes[key].(T)
	return value
}

// add appends to the list under key.
func add[T any](b *broken, key any, values ...T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list, _ := b.notes[key].([]T)
	b.notes[key] = append(list[:len(list):len(list)], values...)
}

// head is of the store below.
func (b *broken) head(k storage.Key) storage.Head {
	l, err := b.Store.Load(context.Background(), k, "")
	if err != nil {
		panic(err)
	}
	return l.Head
}

// linger lets other goroutines overtake.
func linger() {
	for range 200 {
		runtime.Gosched()
	}
}

// page is the part of list after those that are passed, at most limit.
func page[T any](list []T, passed func(T) bool, limit int) []T {
	var part []T
	for _, x := range list {
		if !passed(x) && len(part) < limit {
			part = append(part, x)
		}
	}
	return part
}

// shared returns the slice that was returned when the content was the same.
func shared[T any](b *broken, fresh []T) []T {
	key := fmt.Sprintf("%T %[1]v", fresh)
	if old := noted[[]T](b, key); old != nil {
		return old
	}
	b.note(key, fresh)
	return fresh
}

func (b *broken) Load(ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
	if b.load != nil {
		return b.load(b, ctx, k, id)
	}
	l, err := b.Store.Load(ctx, k, id)
	if err == nil && b.loaded != nil {
		b.loaded(b, k, &l)
	}
	return l, err
}

func (b *broken) Commit(ctx context.Context, c storage.Commit) error {
	if b.committing != nil {
		b.committing(b, &c)
	}
	if b.commit != nil {
		return b.commit(b, ctx, c)
	}
	return b.Store.Commit(ctx, c)
}

func (b *broken) History(ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
	if b.history != nil {
		return b.history(b, ctx, k, after, limit)
	}
	events, err := b.Store.History(ctx, k, after, limit)
	if b.events != nil {
		events = b.events(b, events)
	}
	return events, err
}

func (b *broken) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	if b.due != nil {
		return b.due(b, ctx, by, after, limit)
	}
	found, err := b.Store.Due(ctx, by, after, limit)
	if b.found != nil {
		found = b.found(b, found)
	}
	return found, err
}

func (b *broken) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	if b.setPolicies != nil {
		return b.setPolicies(b, ctx, workspace, expect, body)
	}
	return b.Store.SetPolicies(ctx, workspace, expect, body)
}

func (b *broken) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	if b.outdated != nil {
		return b.outdated(b, ctx, by, after, limit)
	}
	keys, err := b.Store.Outdated(ctx, by, after, limit)
	if b.keys != nil {
		keys = b.keys(b, keys)
	}
	return keys, err
}

func (b *broken) SetBack(ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
	if b.setBack != nil {
		return b.setBack(b, ctx, k, version, setback)
	}
	return b.Store.SetBack(ctx, k, version, setback)
}

func (b *broken) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	if b.setbacks != nil {
		return b.setbacks(b, ctx, after, limit)
	}
	listed, err := b.Store.Setbacks(ctx, after, limit)
	if b.listed != nil {
		listed = b.listed(b, listed)
	}
	return listed, err
}

func (b *broken) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	if b.feed != nil {
		return b.feed(b, ctx, after, limit)
	}
	entries, err := b.Store.Feed(ctx, after, limit)
	if b.entries != nil {
		entries = b.entries(b, entries)
	}
	if b.events != nil {
		for i := range entries {
			entries[i].Events = b.events(b, entries[i].Events)
		}
	}
	return entries, err
}

func (b *broken) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	if b.advance != nil {
		return b.advance(b, ctx, subscriber, to)
	}
	return b.Store.Advance(ctx, subscriber, to)
}

func (b *broken) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	if b.erase != nil {
		return b.erase(b, ctx, workspace, visitor)
	}
	return b.Store.Erase(ctx, workspace, visitor)
}

func (b *broken) Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
	if b.purge != nil {
		return b.purge(b, ctx, dormantBefore, limit)
	}
	return b.Store.Purge(ctx, dormantBefore, limit)
}

func (b *broken) Record(ctx context.Context, k storage.RecordKey) (storage.Record, error) {
	if b.record != nil {
		return b.record(b, ctx, k)
	}
	r, err := b.Store.Record(ctx, k)
	if err == nil && b.recorded != nil {
		b.recorded(b, &r)
	}
	return r, err
}

func (b *broken) Put(ctx context.Context, r storage.Record) error {
	if b.putting != nil {
		b.putting(b, &r)
	}
	if b.put != nil {
		return b.put(b, ctx, r)
	}
	return b.Store.Put(ctx, r)
}

func (b *broken) Settle(ctx context.Context, r storage.Record) error {
	if b.settle != nil {
		return b.settle(b, ctx, r)
	}
	return b.Store.Settle(ctx, r)
}

func (b *broken) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	if b.list != nil {
		return b.list(b, ctx, q, after, limit)
	}
	found, err := b.Store.List(ctx, q, after, limit)
	if b.recorded != nil {
		for i := range found {
			b.recorded(b, &found[i])
		}
	}
	return found, err
}

func (b *broken) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	if b.dueRecords != nil {
		return b.dueRecords(b, ctx, by, after, limit)
	}
	found, err := b.Store.DueRecords(ctx, by, after, limit)
	if b.queued != nil {
		found = b.queued(b, found)
	}
	return found, err
}

func (b *broken) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	if b.asking != nil {
		b.asking(b, &q)
	}
	if b.view != nil {
		return b.view(b, ctx, q, limit)
	}
	found, err := b.Store.View(ctx, q, limit)
	if b.shown != nil {
		found = b.shown(b, found)
	}
	return found, err
}

func (b *broken) Count(ctx context.Context, q storage.Query) (int, error) {
	if b.asking != nil {
		b.asking(b, &q)
	}
	if b.count != nil {
		return b.count(b, ctx, q)
	}
	return b.Store.Count(ctx, q)
}

func (b *broken) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	if b.seeking != nil {
		b.seeking(b, &q)
	}
	if b.closings != nil {
		return b.closings(b, ctx, q, limit)
	}
	found, err := b.Store.Closings(ctx, q, limit)
	if err == nil && b.concluded != nil {
		found = b.concluded(b, q, found)
	}
	return found, err
}

// tallying is a broken store that counts closings by itself.
type tallying struct{ *broken }

func (t tallying) Tally(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
	if t.tally != nil {
		return t.tally(t.broken, ctx, q, by)
	}
	closings, by, err := t.toCount(ctx, q, by)
	groups := closure.Tally(slices.Values(closings), by)
	if err == nil && t.tallied != nil {
		groups = t.tallied(t.broken, by, groups)
	}
	return groups, err
}

func (t tallying) Spreads(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
	if t.broken.spreads != nil {
		return t.broken.spreads(t.broken, ctx, q, by, figure, percentages)
	}
	closings, by, err := t.toCount(ctx, q, by)
	spreads := closure.Spreads(slices.Values(closings), by, figure, percentages)
	if err == nil && t.spread != nil {
		spreads = t.spread(t.broken, by, spreads)
	}
	return spreads, err
}

// toCount returns what is counted, and by what.
func (t tallying) toCount(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Record, closure.Breakdown, error) {
	q.Newest, q.After = false, closure.Place{}
	if t.counting != nil {
		t.counting(t.broken, &q, &by)
	}
	closings, err := t.Store.Closings(ctx, q, 10_000)
	if t.taking != nil {
		closings = t.taking(t.broken, by, closings)
	}
	return closings, by, err
}

// ticking is a broken store with a clock.
type ticking struct{ *broken }

func (t ticking) Now(ctx context.Context) (time.Time, error) { return t.now(t.broken, ctx) }
