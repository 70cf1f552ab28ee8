package drivertest_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
	"github.com/adjourn/adjourn/storage/storagetest"
)

// A sqliteDriver is a driver with the parameters that a host gives it.
type sqliteDriver struct {
	name   string // that it is registered with
	inTx   string // for a host that uses Store.Tx
	unsafe string // for one that forgot about synchronous
}

var sqliteDrivers = []sqliteDriver{
	{
		name:   "sqlite", // modernc.org/sqlite
		inTx:   "?_txlock=immediate&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)",
		unsafe: "?_txlock=immediate&_pragma=synchronous(NORMAL)",
	},
	{
		name:   "sqlite3", // github.com/mattn/go-sqlite3
		inTx:   "?_txlock=immediate&_synchronous=FULL&_busy_timeout=5000",
		unsafe: "?_txlock=immediate&_synchronous=NORMAL",
	},
}

// eachSQLite runs a test with each driver.
func eachSQLite(t *testing.T, test func(t *testing.T, d sqliteDriver)) {
	for _, d := range sqliteDrivers {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

// open opens a file as a host does.
func (d sqliteDriver) open(tb testing.TB, file, parameters string) *sql.DB {
	tb.Helper()
	db, err := sql.Open(d.name, "file:"+file+parameters)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// sqliteStore returns a store that is closed with the test.
func sqliteStore(tb testing.TB, db *sql.DB, o *sqlite.Options) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.New(context.Background(), db, o)
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

// store returns a store in a new file with tables.
func (d sqliteDriver) store(tb testing.TB) *sqlite.Store {
	tb.Helper()
	return sqliteStore(tb, d.open(tb, migratedFile(tb), ""), nil)
}

// migratedFile returns the name of a new file with tables, a copy of one that was
// migrated once.
func migratedFile(tb testing.TB) string {
	tb.Helper()
	content, err := template()
	if err != nil {
		tb.Fatal(err)
	}
	file := newFile(tb)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

func newFile(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "conversations.db")
}

var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "adjourn")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "template.db")
	if err := migrate(file); err != nil {
		return nil, err
	}
	return os.ReadFile(file) // whole: the last connection to close leaves no WAL
})

func migrate(file string) error {
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := sqlite.New(context.Background(), db, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Migrate(context.Background())
}

func TestSQLiteTx(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		storagetest.RunTx(t, func(t *testing.T) storagetest.TxHarness {
			db := d.open(t, migratedFile(t), d.inTx)
			s := sqliteStore(t, db, nil)
			return storagetest.TxHarness{Store: s, Begin: func(t *testing.T) (storage.Tx, func() error, func() error) {
				tx := begin(t, db)
				return s.Tx(tx), tx.Commit, tx.Rollback
			}}
		})
	})
}

// begin begins a transaction of the host.
func begin(tb testing.TB, db *sql.DB) *sql.Tx {
	tb.Helper()
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return tx
}

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
