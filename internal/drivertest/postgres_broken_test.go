package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// TestPostgresBrokenConnections ends the sessions of the store again and again
// while it commits. Whatever a commit returned must agree with the journal, and
// each command was applied once.
func TestPostgresBrokenConnections(t *testing.T) {
	t.Parallel()
	for _, d := range []postgresDriver{pgx, libpq} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			address := pgtest.Shared(t).NewDatabase(t)
			b := &breaking{T: t, s: migratedPostgres(t, d.open(t, address), nil), db: d.open(t, address)}
			b.db.SetMaxOpenConns(1) // this one is spared
			b.applied = make(chan struct{})
			var writers, breaker sync.WaitGroup
			for i := range 8 {
				writers.Go(func() { b.write(pgKey(fmt.Sprint(i)), 40) })
			}
			// One session for every change: sessions that end at a given rate end
			// sooner than a slow machine opens them, and nothing is ever written.
			breaker.Go(func() {
				for range b.applied {
					b.breakOne()
				}
			})
			writers.Wait()
			close(b.applied)
			breaker.Wait()
			t.Logf("%d commits failed, of %d the outcome was unknown, and %d of these were applied",
				b.failed.Load(), b.unknown.Load(), b.unknownApplied.Load())
			if b.failed.Load() == 0 {
				t.Error("no commit failed: nothing was tested")
			}
		})
	}
}

type breaking struct {
	*testing.T
	s                               *postgres.Store
	db                              *sql.DB
	applied                         chan struct{} // the news that something was
	failed, unknown, unknownApplied atomic.Int64
}

// breakOne ends a session of the database, not its own.
func (b *breaking) breakOne() {
	const next = `SELECT pg_sleep(random() * 0.002), pg_terminate_backend(pid)
		FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`
	if _, err := b.db.Exec(next); err != nil {
		b.Error(err)
	}
}

// write makes n commits of one event by a command each, and finds out what
// became of those that failed.
func (b *breaking) write(k storage.Key, n int64) {
	for v := range n {
		for b.try(pgChange(k, v, 1, fmt.Sprint("command ", v))) {
		}
		b.applied <- struct{}{}
	}
	b.resolve(k, "")
	var events []storage.Event
	b.insist(func() (err error) {
		events, err = b.s.History(context.Background(), k, 0, int(2*n))
		return err
	})
	if len(events) != int(n) {
		b.Errorf("%v has %d events, want %d", k, len(events), n)
		return
	}
	for v, e := range events {
		if want := fmt.Sprint("command ", v); e.Version != int64(v)+1 || string(e.Body) != want {
			b.Errorf("event %d of %v is of %q, want %q", e.Version, k, e.Body, want)
		}
	}
}

// try commits, and reports whether to try again.
func (b *breaking) try(c storage.Commit) bool {
	err := b.s.Commit(context.Background(), c)
	if err == nil {
		return false
	}
	b.failed.Add(1)
	applied := b.resolve(c.Key, c.Command.ID)
	switch {
	case errors.Is(err, storage.ErrOutcomeUnknown):
		b.unknown.Add(1)
		if applied {
			b.unknownApplied.Add(1)
		}
	case errors.Is(err, storage.ErrConflict):
		// What was unknown before has been applied since.
		if !applied {
			b.Errorf("a conflict with nobody: %v", err)
		}
	case applied:
		b.Errorf("a commit that failed was applied: %v", err)
	}
	return !applied
}

// resolve reports whether a command was applied.
func (b *breaking) resolve(k storage.Key, command string) bool {
	var l storage.Loaded
	b.insist(func() (err error) {
		l, err = b.s.Load(context.Background(), k, command)
		return err
	})
	return l.Applied != nil
}

// insist repeats what only reads until it succeeds.
func (b *breaking) insist(f func() error) {
	start := time.Now()
	for err := f(); err != nil; err = f() {
		if time.Since(start) > time.Minute {
			b.Errorf("still failing: %v", err)
			return
		}
	}
}
