package drivertest_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"sync"
	"testing"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
	"github.com/adjourn/adjourn/storage/storagetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// A postgresDriver is a driver with the parameters that a host gives it.
type postgresDriver struct {
	name       string
	driver     string // that it is registered with
	parameters string // of the URL
}

var (
	pgx         = postgresDriver{name: "pgx", driver: "pgx"}
	pgxExec     = postgresDriver{name: "pgx exec", driver: "pgx", parameters: "&default_query_exec_mode=exec"}
	pgxSimple   = postgresDriver{name: "pgx simple", driver: "pgx", parameters: "&default_query_exec_mode=simple_protocol"}
	libpq       = postgresDriver{name: "lib/pq", driver: "postgres"}
	pgxSnapshot = postgresDriver{name: "repeatable read", driver: "pgx", parameters: "&default_transaction_isolation=repeatable%20read"}
)

// open opens a database as a host does.
func (d postgresDriver) open(tb testing.TB, address string) *sql.DB {
	tb.Helper()
	db, err := sql.Open(d.driver, address+d.parameters)
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(12)
	db.SetMaxIdleConns(12)
	tb.Cleanup(func() { _ = db.Close() }) // its sessions may have been ended by then
	return db
}

// eachPostgres runs a test with each driver, on a database of its own.
func eachPostgres(t *testing.T, test func(t *testing.T, db *sql.DB)) {
	for _, d := range []postgresDriver{pgx, pgxExec, pgxSimple, libpq} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			test(t, d.open(t, pgtest.Shared(t).NewDatabase(t)))
		})
	}
}

// onPostgres is a database with a store in it.
func onPostgres(tb testing.TB, o *postgres.Options) (*sql.DB, *postgres.Store) {
	tb.Helper()
	db := pgx.open(tb, pgtest.Shared(tb).NewDatabase(tb))
	return db, migratedPostgres(tb, db, o)
}

func postgresStore(tb testing.TB, db *sql.DB, o *postgres.Options) *postgres.Store {
	tb.Helper()
	s, err := postgres.New(context.Background(), db, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func migratedPostgres(tb testing.TB, db *sql.DB, o *postgres.Options) *postgres.Store {
	tb.Helper()
	s := postgresStore(tb, db, o)
	if err := s.Migrate(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return s
}

// A postgresPool has migrated schemas of one database. They are emptied and used
// again, because making one takes longer than most tests.
type postgresPool struct {
	db   *sql.DB
	mu   sync.Mutex // guards the fields below
	made int
	free []string
}

// store is an empty store, with a schema that no other test has at the time.
func (p *postgresPool) store(tb testing.TB) *postgres.Store {
	tb.Helper()
	name := p.take()
	tb.Cleanup(func() {
		if !tb.Failed() {
			p.giveBack(tb, name)
		}
	})
	return migratedPostgres(tb, p.db, &postgres.Options{Schema: name})
}

func (p *postgresPool) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		name := p.free[n-1]
		p.free = p.free[:n-1]
		return name
	}
	p.made++
	return fmt.Sprint("s", p.made)
}

// giveBack empties a schema. The locks wait for what the server still does for
// clients that have left.
func (p *postgresPool) giveBack(tb testing.TB, name string) {
	tb.Helper()
	const empty = `DO $$ BEGIN
		SET LOCAL search_path = %s;
		LOCK TABLE conversations, tags, closings, events, texts, commands, policies, records, memberships, unnumbered, feed, feed_state, cursors;
		DELETE FROM conversations; DELETE FROM tags; DELETE FROM closings; DELETE FROM events; DELETE FROM texts; DELETE FROM commands;
		DELETE FROM policies; DELETE FROM records; DELETE FROM memberships;
		DELETE FROM unnumbered; DELETE FROM feed; UPDATE feed_state SET purged = 0; DELETE FROM cursors;
	END $$`
	if _, err := p.db.ExecContext(context.Background(), fmt.Sprintf(empty, name)); err != nil {
		tb.Error(err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, name)
}

func TestPostgresTx(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, db *sql.DB) {
		pool := &postgresPool{db: db}
		storagetest.RunTx(t, func(t *testing.T) storagetest.TxHarness { return postgresTx(t, pool) })
	})
}

func postgresTx(t *testing.T, pool *postgresPool) storagetest.TxHarness {
	s := pool.store(t)
	return storagetest.TxHarness{Store: s, Begin: func(t *testing.T) (storage.Tx, func() error, func() error) {
		tx, err := pool.db.BeginTx(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s.Tx(tx), tx.Commit, tx.Rollback
	}}
}

// TestPostgresBouncer goes through a PgBouncer that lends a session for each
// transaction.
func TestPostgresBouncer(t *testing.T) {
	t.Parallel()
	for _, d := range []postgresDriver{pgxExec, pgxSimple} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			cluster := pgtest.Shared(t)
			bouncer := cluster.Bouncer(t)
			address, err := url.Parse(cluster.NewDatabase(t))
			mustPg(t, err)
			pool := &postgresPool{db: d.open(t, bouncer.URL(address.Path[1:]))}
			if d == pgxExec {
				storagetest.Run(t, func(t *testing.T) storage.Store { return pool.store(t) })
			}
			storagetest.RunTx(t, func(t *testing.T) storagetest.TxHarness { return postgresTx(t, pool) })
		})
	}
}
