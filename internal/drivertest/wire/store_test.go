package wire_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// grace is what a call may take beyond its deadline: the time that a busy machine
// needs to notice that it has passed.
const grace = 2 * time.Second

// A punctuality is how the calls keep their deadlines. It is safe for concurrent
// use.
type punctuality struct {
	mu    sync.Mutex // guards the fields below
	calls int
	worst time.Duration // beyond a deadline
	late  []string      // beyond the grace too
}

// watch says how a call that begins now kept its deadline, when what it returns is
// called: that of its context, and limit unless that is zero.
func (p *punctuality) watch(ctx context.Context, call string, limit time.Duration) func() {
	start := time.Now()
	by, has := ctx.Deadline()
	if end := start.Add(limit); limit > 0 && (!has || end.Before(by)) {
		by, has = end, true
	}
	if by.Before(start) { // what was over before it began is over at once
		by = start
	}
	return func() {
		end := time.Now()
		p.mu.Lock()
		defer p.mu.Unlock()
		if !has {
			return
		}
		p.calls++
		over := end.Sub(by)
		p.worst = max(p.worst, over)
		if over > grace {
			p.late = append(p.late, fmt.Sprintf("%s took %v, %v too long", call, end.Sub(start), over))
		}
	}
}

// An ambiguity is a commit whose outcome its store did not know.
type ambiguity struct {
	key    storage.Key
	id     string
	expect int64
	events []storage.Event
}

// ambiguities are safe for concurrent use.
type ambiguities struct {
	mu  sync.Mutex
	all []ambiguity
}

// A noted store takes down the commits of unknown outcome.
type noted struct {
	storage.Store
	seen *ambiguities
}

func (s noted) Commit(ctx context.Context, c storage.Commit) error {
	err := s.Store.Commit(ctx, c)
	if errors.Is(err, storage.ErrOutcomeUnknown) {
		s.seen.mu.Lock()
		defer s.seen.mu.Unlock()
		s.seen.all = append(s.seen.all, ambiguity{c.Key, c.Command.ID, c.Expect, c.Events})
	}
	return err
}

// A timed store watches how every call keeps its deadline: that of its caller and
// the store's own.
type timed struct {
	*punctuality
	store storage.Store
	limit time.Duration // the Timeout of the store
}

func (s timed) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	defer s.watch(ctx, "Load", s.limit)()
	return s.store.Load(ctx, key, commandID)
}

func (s timed) Commit(ctx context.Context, c storage.Commit) error {
	defer s.watch(ctx, "Commit", s.limit)()
	return s.store.Commit(ctx, c)
}

func (s timed) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	defer s.watch(ctx, "History", s.limit)()
	return s.store.History(ctx, key, after, limit)
}

func (s timed) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	defer s.watch(ctx, "Due", s.limit)()
	return s.store.Due(ctx, by, after, limit)
}

func (s timed) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	defer s.watch(ctx, "Outdated", s.limit)()
	return s.store.Outdated(ctx, by, after, limit)
}

func (s timed) SetBack(ctx context.Context, key storage.Key, version int64, setback storage.Setback) error {
	defer s.watch(ctx, "SetBack", s.limit)()
	return s.store.SetBack(ctx, key, version, setback)
}

func (s timed) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	// It may number the commits between two readings.
	defer s.watch(ctx, "Feed", s.limit)()
	return s.store.Feed(ctx, after, limit)
}

func (s timed) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	defer s.watch(ctx, "Advance", s.limit)()
	return s.store.Advance(ctx, subscriber, to)
}

func (s timed) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	defer s.watch(ctx, "Record", s.limit)()
	return s.store.Record(ctx, key)
}

func (s timed) Put(ctx context.Context, r storage.Record) error {
	defer s.watch(ctx, "Put", s.limit)()
	return s.store.Put(ctx, r)
}

func (s timed) Settle(ctx context.Context, r storage.Record) error {
	defer s.watch(ctx, "Settle", s.limit)()
	return s.store.Settle(ctx, r)
}

func (s timed) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	defer s.watch(ctx, "List", s.limit)()
	return s.store.List(ctx, q, after, limit)
}

func (s timed) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	defer s.watch(ctx, "DueRecords", s.limit)()
	return s.store.DueRecords(ctx, by, after, limit)
}

func (s timed) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	defer s.watch(ctx, "View", s.limit)()
	return s.store.View(ctx, q, limit)
}

func (s timed) Count(ctx context.Context, q storage.Query) (int, error) {
	defer s.watch(ctx, "Count", s.limit)()
	return s.store.Count(ctx, q)
}

func (s timed) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	defer s.watch(ctx, "SetPolicies", s.limit)()
	return s.store.SetPolicies(ctx, workspace, expect, body)
}

func (s timed) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	defer s.watch(ctx, "Setbacks", s.limit)()
	return s.store.Setbacks(ctx, after, limit)
}

func (s timed) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	defer s.watch(ctx, "Erase", s.limit)()
	return s.store.Erase(ctx, workspace, visitor)
}

func (s timed) Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
	defer s.watch(ctx, "Purge", s.limit)()
	return s.store.Purge(ctx, dormantBefore, limit)
}

func (s timed) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	defer s.watch(ctx, "Closings", s.limit)()
	return s.store.Closings(ctx, q, limit)
}
