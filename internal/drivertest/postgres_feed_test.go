package drivertest_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pgxdriver "github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// TestPostgresFeed has hosts commit in transactions that last a random time, through
// several stores on one database, while each of these reads the feed and one
// purges. Every reader must be told every commit once, all in the same order.
func TestPostgresFeed(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := proof.Seed(t)
	r := newFeedRun(t, seed, pgx.open)
	r.run(t, proof.Size(t, 131))
	for _, err := range r.wrong {
		t.Error(err)
	}
	committed, events := int(r.commits.Load()), 0
	for _, reader := range r.readers {
		events += reader.events
	}
	if committed == 0 || r.purged == 0 {
		t.Errorf("%d commits and %d purged conversations: nothing was tested", committed, r.purged)
	}
	lost := int(r.hosts.Load()) - r.naive.commits
	proof.Count(t, proof.Figure{
		Suite: "feed", Tried: int64(committed), Trials: "commits", Broken: int64(len(r.wrong)), Breaks: "lost, doubled or told in another order",
		Details: fmt.Sprintf("%d readers at once were told of %s events in all, %d writers in transactions of their own, %d conversations purged meanwhile; a cursor over serial numbers lost %d",
			len(r.readers), proof.Grouped(int64(events)), feedWriters, r.purged, lost),
		Seed: seed,
	})
	proof.Planted(t, "feed", "a cursor over serial numbers", lost > 0)
}

// TestPostgresFeedCatches takes the feed's lock away from the stores.
func TestPostgresFeedCatches(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := proof.Seed(t)
	const most = 5 // runs, if chance is against it
	caught := false
	for i := 0; i < most && !caught; i++ {
		r := newFeedRun(t, seed+uint64(i), func(tb testing.TB, address string) *sql.DB {
			return without(tb, address, "feed_state FOR UPDATE", "feed_state")
		})
		r.run(t, 30)
		if caught = len(r.wrong) > 0; caught {
			t.Log(r.wrong[0])
		}
	}
	proof.Planted(t, "feed", "positions are given without a lock", caught)
}

const (
	feedStores  = 3 // each as in a process of its own
	feedWriters = 16
	feedEvents  = 4 // of each commit
)

// A feedRun is stores on one database that write and read at the same time.
type feedRun struct {
	seed    uint64
	db      *sql.DB
	stores  []*postgres.Store
	readers []*feedReader
	naive   naiveReader

	writing atomic.Int64 // writers that have not ended
	commits atomic.Int64 // that were acknowledged
	hosts   atomic.Int64 // of these, in transactions of hosts
	purged  int

	mu    sync.Mutex // guards wrong
	wrong []error
}

func newFeedRun(t *testing.T, seed uint64, open func(testing.TB, string) *sql.DB) *feedRun {
	t.Helper()
	r := &feedRun{seed: seed}
	address := pgtest.Shared(t).NewDatabase(t)
	r.db = pgx.open(t, address)
	r.db.SetMaxOpenConns(feedWriters + 4)
	r.db.SetMaxIdleConns(feedWriters + 4)
	migratedPostgres(t, r.db, nil)
	execPg(t, r.db, `CREATE TABLE naive (id bigserial PRIMARY KEY, commits int NOT NULL)`)
	for range feedStores {
		r.stores = append(r.stores, postgresStore(t, open(t, address), nil))
		r.readers = append(r.readers, &feedReader{versions: map[storage.Key]int64{}})
	}
	return r
}

func (r *feedRun) fail(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Errorf(format, args...))
}

// run has each writer do so many transactions, and compares what the readers were
// told.
func (r *feedRun) run(t *testing.T, transactions int) {
	t.Helper()
	var wg sync.WaitGroup
	r.writing.Store(feedWriters)
	for i := range feedWriters {
		w := &hostWriter{
			db: r.db, s: r.stores[i%feedStores], dice: rand.New(rand.NewPCG(r.seed, uint64(i))),
			name: fmt.Sprint(i), events: feedEvents,
		}
		wg.Go(func() {
			defer r.writing.Add(-1)
			for range transactions {
				n, err := w.transaction()
				if err != nil {
					r.fail("writer %d: %w", i, err)
					return
				}
				r.hosts.Add(int64(n))
				r.commits.Add(int64(n))
			}
		})
	}
	read := func(name string, read func() error) {
		wg.Go(func() {
			for more := true; more; {
				more = r.writing.Load() > 0
				if err := read(); err != nil {
					r.fail("%s: %w", name, err)
					return
				}
			}
		})
	}
	for i, reader := range r.readers {
		read(fmt.Sprint("reader ", i), func() error { return reader.read(r.stores[i]) })
	}
	read("the cursor", func() error { return r.naive.read(r.db) })
	var purger sync.WaitGroup
	purger.Go(r.purging)
	wg.Wait()
	purger.Wait()
	// What the purger committed last may have come after the readers had ended.
	for i, reader := range r.readers {
		if len(r.wrong) > 0 {
			return // they may have stopped anywhere
		}
		if err := reader.read(r.stores[i]); err != nil {
			r.fail("reader %d at the end: %w", i, err)
		}
		if n := r.commits.Load(); int64(len(reader.told)) != n || int64(reader.events) != n*feedEvents {
			r.fail("reader %d was told of %d commits with %d events, want %d with %d", i, len(reader.told), reader.events, n, n*feedEvents)
		}
		if !slices.Equal(reader.told, r.readers[0].told) {
			r.fail("reader %d was told otherwise than reader 0", i)
		}
	}
}

// purging purges a conversation again and again, as soon as all readers were told
// of it.
func (r *feedRun) purging() {
	ctx := context.Background()
	for i := 0; r.writing.Load() > 0; i++ {
		s := r.stores[i%feedStores]
		old := pgChange(pgKey(fmt.Sprint("old ", i)), 0, feedEvents, "")
		old.Head.DormantSince = pgNoon
		if err := s.Commit(ctx, old); err != nil {
			r.fail("purger: %w", err)
			return
		}
		r.commits.Add(1)
		for slices.ContainsFunc(r.readers, func(reader *feedReader) bool { return reader.purgeable.Load() <= int64(i) }) {
			if r.writing.Load() == 0 {
				return
			}
			time.Sleep(time.Millisecond)
		}
		if n, err := s.Purge(ctx, pgNoon.Add(time.Second), 10); err != nil || n != 1 {
			r.fail("Purge: %d, %v, want 1", n, err)
			return
		}
		r.purged++
	}
}

// without is a database that is sent one text for another.
func without(tb testing.TB, address, text, instead string) *sql.DB {
	tb.Helper()
	config, err := pgxdriver.ParseConfig(address)
	mustPg(tb, err)
	db := sql.OpenDB(rewriter{stdlib.GetConnector(*config), text, instead})
	db.SetMaxOpenConns(12)
	db.SetMaxIdleConns(12)
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

type rewriter struct {
	driver.Connector
	text, instead string
}

// Connect implements driver.Connector.
func (r rewriter) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return rewritingConn{c.(*stdlib.Conn), r}, nil
}

type rewritingConn struct {
	*stdlib.Conn
	rewriter rewriter
}

// ExecContext implements driver.ExecerContext.
func (c rewritingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	return c.Conn.ExecContext(ctx, strings.ReplaceAll(text, c.rewriter.text, c.rewriter.instead), args)
}

// A hostWriter commits in transactions of its own: to conversations that only it
// writes to, and to one that others write to as well.
type hostWriter struct {
	db     *sql.DB
	s      *postgres.Store
	dice   *rand.Rand
	name   string
	events int
}

// transaction returns how many commits it made.
func (w *hostWriter) transaction() (int, error) {
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	keys := []string{"a of " + w.name, "b of " + w.name, fmt.Sprint("shared ", w.dice.IntN(8))}
	if _, err := tx.ExecContext(ctx, `INSERT INTO naive (commits) VALUES ($1)`, len(keys)); err != nil {
		return 0, err
	}
	for _, k := range keys {
		if err := w.commit(ctx, w.s.Tx(tx), pgKey(k)); err != nil {
			return 0, err
		}
	}
	time.Sleep(time.Duration(w.dice.IntN(4000)) * time.Microsecond) // what is tested is what others see meanwhile
	return len(keys), tx.Commit()
}

// commit tries until it succeeds, in the same transaction: a conflict leaves it
// usable.
func (w *hostWriter) commit(ctx context.Context, tx *postgres.Tx, k storage.Key) error {
	for {
		l, err := tx.Load(ctx, k, "")
		if err != nil {
			return err
		}
		err = tx.Commit(ctx, pgChange(k, l.Head.Version, w.events, ""))
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
}

// A feedReader checks what it reads: dense, and in order within a conversation.
type feedReader struct {
	told      []string // what stands at each position, from the first
	events    int
	versions  map[storage.Key]int64
	purgeable atomic.Int64 // how many conversations that are to be purged it was told of
}

func (r *feedReader) read(s *postgres.Store) error {
	for {
		entries, err := s.Feed(context.Background(), storage.Position(len(r.told)), 500)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			if want := storage.Position(len(r.told) + 1); e.Position != want {
				return fmt.Errorf("position %d where %d must be", e.Position, want)
			}
			for _, event := range e.Events {
				r.events++
				if r.versions[e.Key]++; event.Version != r.versions[e.Key] {
					return fmt.Errorf("version %d of %v after %d", event.Version, e.Key, r.versions[e.Key]-1)
				}
			}
			r.told = append(r.told, fmt.Sprint(e.Key, r.versions[e.Key]))
			if strings.HasPrefix(e.Key.Conversation, "old ") {
				r.purgeable.Add(1)
			}
		}
	}
}

// A naiveReader continues after the highest number that it has seen.
type naiveReader struct {
	last    int64
	commits int
}

func (r *naiveReader) read(db *sql.DB) error {
	rows, err := db.Query(`SELECT id, commits FROM naive WHERE id > $1 ORDER BY id`, r.last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&r.last, &n); err != nil {
			return err
		}
		r.commits += n
	}
	return rows.Err()
}

// TestPostgresFeedInParts: what is numbered or removed in several transactions
// is the same as in one. Nobody reads for long, and then all is read and purged.
func TestPostgresFeedInParts(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, nil)
	ctx := t.Context()
	const many = 60_000 // more than are numbered, and removed, at once
	execPg(t, db, `
		INSERT INTO adjourn.unnumbered
		SELECT nextval('adjourn.commit_ids'), 'acme', 'long', i - 1, i FROM generate_series(1, $1) i ORDER BY i`, many)
	execPg(t, db, `
		INSERT INTO adjourn.conversations (workspace, conversation, version, body, dormant_since, policy_revision,
			visitor, state, agent, grp, outcome, tags, since, updated, seat, last_commit)
		SELECT 'acme', 'long', $1::bigint, '', 1, 0,
			'ann', 'closed', '', '', '', '[]', 0, 0, '', $1::bigint`, many)
	execPg(t, db, `INSERT INTO adjourn.events SELECT 'acme', 'long', i, '', false FROM generate_series(1, $1) i`, many)
	end, err := s.Advance(ctx, "billing", many)
	if err != nil || end != many {
		t.Fatalf("Advance: %d, %v, want %d", end, err, many)
	}
	if _, err := s.Advance(ctx, "billing", many+1); !errors.Is(err, storage.ErrPosition) {
		t.Errorf("Advance beyond the end: %v", err)
	}
	entries, err := s.Feed(ctx, many-2, 10)
	mustPg(t, err)
	if len(entries) != 2 || entries[1].Position != many || entries[1].Events[0].Version != many {
		t.Errorf("the end of the feed: %+v", entries)
	}
	mustPg(t, s.Commit(ctx, pgChange(pgKey("short"), 0, 1, "")))
	for i, want := range []int{1, 0} {
		if n, err := s.Purge(ctx, time.UnixMicro(2), 10); err != nil || n != want {
			t.Errorf("Purge %d: %d, %v, want %d", i+1, n, err, want)
		}
		purged, ok := errors.AsType[*storage.PurgedError](lastError(s.Feed(ctx, many-1, 10)))
		if !ok || purged.Oldest != many+1 {
			t.Errorf("what Feed says of what was purged: %v", purged)
		}
	}
	entries, err = s.Feed(ctx, many, 10)
	if err != nil || len(entries) != 1 || entries[0].Key != pgKey("short") {
		t.Errorf("the feed after what was purged: %+v, %v", entries, err)
	}
	var left int
	mustPg(t, db.QueryRow(`SELECT count(*) FROM adjourn.feed`).Scan(&left))
	if left != 1 {
		t.Errorf("%d rows are left of the feed, want 1", left)
	}
}

func lastError(_ []storage.Entry, err error) error { return err }
