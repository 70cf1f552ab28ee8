package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// TestPostgresFeed has hosts commit in transactions that last a random time,
// and reads the feed meanwhile. The positive control is a cursor over a serial
// number that the same transactions take: it must lose some.
func TestPostgresFeed(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	const writers, transactions, commits, events = 16, 131, 3, 4
	const all = writers * transactions * commits
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	db, s := onPostgres(t, nil)
	db.SetMaxOpenConns(writers + 8)
	db.SetMaxIdleConns(writers + 8)
	execPg(t, db, `CREATE TABLE naive (id bigserial PRIMARY KEY, commits int NOT NULL)`)

	var writing atomic.Int64
	writing.Store(writers)
	var wg sync.WaitGroup
	for i := range writers {
		w := &hostWriter{T: t, db: db, s: s, dice: rand.New(rand.NewPCG(seed, uint64(i))), name: fmt.Sprint(i), events: events}
		wg.Go(func() {
			defer writing.Add(-1)
			for range transactions {
				if err := w.transaction(); err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
			}
		})
	}
	var feed feedReader
	var naive naiveReader
	for _, read := range []func() error{
		func() error { return feed.read(s) },
		func() error { return naive.read(db) },
	} {
		wg.Go(func() {
			for more := true; more; {
				more = writing.Load() > 0
				if err := read(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if feed.commits != all || feed.events != all*events {
		t.Errorf("the feed has %d commits with %d events, want %d with %d", feed.commits, feed.events, all, all*events)
	}
	lost := all - naive.commits
	proof.Count(t, proof.Figure{
		Suite: "feed", Tried: all, Trials: "commits", Broken: int64(all - feed.commits), Breaks: "lost",
		Details: fmt.Sprintf("%d events, %d writers in transactions of their own; a cursor over serial numbers lost %d", feed.events, writers, lost),
	})
	proof.Planted(t, "feed", "a cursor over serial numbers", lost > 0)
}

// A hostWriter commits in transactions of its own: to conversations that only it
// writes to, and to one that others write to as well.
type hostWriter struct {
	*testing.T
	db     *sql.DB
	s      *postgres.Store
	dice   *rand.Rand
	name   string
	events int
}

func (w *hostWriter) transaction() error {
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `INSERT INTO naive (commits) VALUES (3)`); err != nil {
		return err
	}
	keys := []string{"a of " + w.name, "b of " + w.name, fmt.Sprint("shared ", w.dice.IntN(8))}
	for _, k := range keys {
		if err := w.commit(ctx, w.s.Tx(tx), pgKey(k)); err != nil {
			return err
		}
	}
	time.Sleep(time.Duration(w.dice.IntN(4000)) * time.Microsecond) // what is tested is what others see meanwhile
	return tx.Commit()
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
	commits, events int
	versions        map[storage.Key]int64
}

func (r *feedReader) read(s *postgres.Store) error {
	if r.versions == nil {
		r.versions = map[storage.Key]int64{}
	}
	for {
		entries, err := s.Feed(context.Background(), storage.Position(r.commits), 500)
		if err != nil || len(entries) == 0 {
			return err
		}
		for _, e := range entries {
			if r.commits++; e.Position != storage.Position(r.commits) {
				return fmt.Errorf("position %d after %d", e.Position, r.commits-1)
			}
			for _, event := range e.Events {
				r.events++
				if r.versions[e.Key]++; event.Version != r.versions[e.Key] {
					return fmt.Errorf("version %d of %v after %d", event.Version, e.Key, r.versions[e.Key]-1)
				}
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
