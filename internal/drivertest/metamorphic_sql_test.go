package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// A metaSQLite is a store in a file of its own.
type metaSQLite struct {
	driver  sqliteDriver
	file    string
	reopens bool

	db *sql.DB
	s  *sqlite.Store
}

// metaOnSQLite returns a store for streams, each of which gets a new file: feed,
// due instants and purges go across workspaces, so that streams in one file would
// see each other. The file is a copy of one that was migrated once.
func metaOnSQLite(t *testing.T, driver sqliteDriver, dir string, reopens bool) func(context.Context) (metaSubject, error) {
	content, err := template()
	if err != nil {
		t.Fatal(err)
	}
	var files atomic.Int64
	return func(ctx context.Context) (metaSubject, error) {
		file := filepath.Join(dir, fmt.Sprintf("%s-%t-%d.db", driver.name, reopens, files.Add(1)))
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return nil, err
		}
		m := &metaSQLite{driver: driver, file: file, reopens: reopens}
		return m, m.open(ctx)
	}
}

func (m *metaSQLite) store() storage.Store { return m.s }

func (m *metaSQLite) open(ctx context.Context) (err error) {
	if m.db, err = sql.Open(m.driver.name, "file:"+m.file+m.driver.inTx); err != nil {
		return err
	}
	m.s, err = sqlite.New(ctx, m.db, nil)
	return err
}

func (m *metaSQLite) begin(ctx context.Context) (storage.Tx, func(commit bool) error, error) {
	tx, err := m.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	return m.s.Tx(tx), metaEnding(tx), nil
}

// metaEnding returns what ends the transaction.
func metaEnding(tx *sql.Tx) func(commit bool) error {
	return func(commit bool) error {
		if commit {
			return tx.Commit()
		}
		return tx.Rollback()
	}
}

func (m *metaSQLite) reopen(ctx context.Context) (bool, error) {
	if !m.reopens {
		return false, nil
	}
	if err := errors.Join(m.s.Close(), m.db.Close()); err != nil {
		return false, err
	}
	return true, m.open(ctx)
}

func (m *metaSQLite) close() error {
	err := errors.Join(m.s.Close(), m.db.Close())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(m.file + suffix)
	}
	return err
}

// metaDirectory returns a directory in memory where there is one: each commit
// waits until the file is safe.
func metaDirectory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "adjourn")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// A metaPostgres is a store in a schema of its own.
type metaPostgres struct {
	db      *sql.DB
	options postgres.Options
	reopens bool
	s       *postgres.Store
}

var metaSchemas atomic.Int64

func metaOnPostgres(db *sql.DB, reopens bool) func(context.Context) (metaSubject, error) {
	return func(ctx context.Context) (metaSubject, error) {
		m := &metaPostgres{db: db, options: postgres.Options{Schema: fmt.Sprintf("meta%d", metaSchemas.Add(1))}, reopens: reopens}
		if err := m.open(ctx); err != nil {
			return nil, err
		}
		return m, m.s.Migrate(ctx)
	}
}

func (m *metaPostgres) store() storage.Store { return m.s }

func (m *metaPostgres) open(ctx context.Context) (err error) {
	m.s, err = postgres.New(ctx, m.db, &m.options)
	return err
}

func (m *metaPostgres) begin(ctx context.Context) (storage.Tx, func(commit bool) error, error) {
	tx, err := m.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	return m.s.Tx(tx), metaEnding(tx), nil
}

func (m *metaPostgres) reopen(ctx context.Context) (bool, error) {
	if !m.reopens {
		return false, nil
	}
	if err := m.s.Close(); err != nil {
		return false, err
	}
	return true, m.open(ctx)
}

func (m *metaPostgres) close() error {
	err := m.s.Close()
	_, failed := m.db.Exec("DROP SCHEMA " + m.options.Schema + " CASCADE")
	return errors.Join(err, failed)
}

// TestMetamorphicSQLite: what happens does not depend on the driver, nor on when
// a process ends and another goes on. With the race detector modernc, which is
// Go, takes twenty times as long, so it gets fewer streams.
func TestMetamorphicSQLite(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	dir := metaDirectory(t)
	modernc, mattn := sqliteDrivers[0], sqliteDrivers[1]
	metaTest(t, []metaStore{
		{"SQLite mattn", 1, metaOnSQLite(t, mattn, dir, false)},
		{"SQLite modernc", 30, metaOnSQLite(t, modernc, dir, false)},
		{"SQLite modernc reopened", 10, metaOnSQLite(t, modernc, dir, true)},
	}, metaStreams)
}

// TestMetamorphicPostgres: nor does it depend on the database.
func TestMetamorphicPostgres(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	address := pgtest.Shared(t).NewDatabase(t)
	metaTest(t, []metaStore{
		{"Postgres pgx", 1, metaOnPostgres(pgx.open(t, address), false)},
		{"Postgres lib/pq reopened", 1, metaOnPostgres(libpq.open(t, address), true)},
	}, 48)
}
