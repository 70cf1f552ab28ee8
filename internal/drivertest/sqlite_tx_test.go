package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// TestSQLiteTxRefuses transactions in which commits would not be safe.
func TestSQLiteTxRefuses(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		s := sqliteStore(t, d.open(t, file, ""), nil)
		deferred := strings.Replace(d.inTx, "_txlock=immediate", "_txlock=deferred", 1)
		deferred = strings.NewReplacer("5000", "50").Replace(deferred)
		for name, test := range map[string]struct {
			begin func(t *testing.T) *sql.Tx
			want  string
		}{
			"old snapshot": {func(t *testing.T) *sql.Tx {
				tx := begin(t, d.open(t, file, deferred))
				if err := tx.QueryRow("SELECT count(*) FROM adjourn_heads").Scan(new(int)); err != nil {
					t.Fatal(err)
				}
				if err := s.SetPolicies(t.Context(), "acme", 0, nil); err != nil {
					t.Fatal(err)
				}
				return tx
			}, "BEGIN IMMEDIATE"},
			"lock of somebody else": {func(t *testing.T) *sql.Tx {
				other := begin(t, d.open(t, file, d.inTx))
				t.Cleanup(func() { other.Rollback() })
				return begin(t, d.open(t, file, deferred))
			}, "BEGIN IMMEDIATE"},
			"synchronous": {func(t *testing.T) *sql.Tx { return begin(t, d.open(t, file, d.unsafe)) }, "synchronous=1"},
			"no tables":   {func(t *testing.T) *sql.Tx { return begin(t, d.open(t, newFile(t), d.inTx)) }, "version 0"},
			"not WAL": {func(t *testing.T) *sql.Tx {
				db := d.open(t, migratedFile(t), d.inTx)
				if err := db.QueryRow("PRAGMA journal_mode = DELETE").Scan(new(string)); err != nil {
					t.Fatal(err)
				}
				return begin(t, db)
			}, "journal_mode=delete"},
			"ended": {func(t *testing.T) *sql.Tx {
				tx := begin(t, d.open(t, file, d.inTx))
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
				return tx
			}, sql.ErrTxDone.Error()},
		} {
			t.Run(name, func(t *testing.T) {
				tx := test.begin(t)
				defer tx.Rollback()
				in, key := s.Tx(tx), sized(1, 0).Key
				_, load := in.Load(t.Context(), key, "")
				_, history := in.History(t.Context(), key, 0, 1)
				_, record := in.Record(t.Context(), ann(0).Key)
				for call, err := range map[string]error{
					"Load": load, "History": history, "Record": record, "Commit": in.Commit(t.Context(), sized(1, 0)),
				} {
					if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, storage.ErrConflict) {
						t.Errorf("%s: %v, want an error about %q", call, err, test.want)
					}
				}
			})
		}
		if l, err := s.Load(t.Context(), sized(1, 0).Key, ""); err != nil || l.Head.Version > 0 {
			t.Errorf("Load: %+v, %v, want nothing", l, err)
		}
	})
}

// TestSQLiteTxSchema: the check of the tables comes before everything, also in a
// transaction.
func TestSQLiteTxSchema(t *testing.T) {
	t.Parallel()
	db := sqliteDrivers[0].open(t, newFile(t), sqliteDrivers[0].inTx)
	s := sqliteStore(t, db, nil)
	tx := begin(t, db)
	defer tx.Rollback()
	err := s.Tx(tx).Commit(t.Context(), sized(1, 0))
	if _, ok := errors.AsType[*storage.SchemaError](err); !ok {
		t.Errorf("Commit: %v, want a *storage.SchemaError", err)
	}
}

// TestSQLiteTxDeferred: a transaction that has read nothing yet gets the write
// lock when the store first needs it, and keeps it.
func TestSQLiteTxDeferred(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		s := sqliteStore(t, d.open(t, file, ""), nil)
		db := d.open(t, file, strings.Replace(d.inTx, "_txlock=immediate", "_txlock=deferred", 1))
		tx := begin(t, db)
		in := s.Tx(tx)
		if _, err := in.Load(t.Context(), sized(1, 0).Key, ""); err != nil {
			t.Fatal(err)
		}
		other := begin(t, d.open(t, file, ""))
		defer other.Rollback()
		if _, err := other.Exec("PRAGMA busy_timeout = 0; UPDATE adjourn_feed SET last = last"); err == nil {
			t.Error("somebody else could write beside the transaction")
		}
		if err := in.Commit(t.Context(), sized(1, 0)); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
		if l, err := s.Load(t.Context(), sized(1, 0).Key, "1"); err != nil || l.Applied == nil {
			t.Errorf("Load: %+v, %v, want the commit", l, err)
		}
	})
}

// TestSQLiteTxHalfACommit fails a commit half-way: what was written of it goes,
// what the host and other commits wrote stays.
func TestSQLiteTxHalfACommit(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), d.inTx)
		s := sqliteStore(t, db, nil)
		if _, err := db.Exec("CREATE TABLE hosts (a)"); err != nil {
			t.Fatal(err)
		}
		tx := begin(t, db)
		in := s.Tx(tx)
		if _, err := tx.Exec("INSERT INTO hosts VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if err := in.Commit(t.Context(), sized(1, 0)); err != nil {
			t.Fatal(err)
		}
		w.fail(errDisk, func(s statement) (bool, bool) { return s.is("INSERT INTO adjourn_commits"), true })
		if err := in.Commit(t.Context(), sized(2, 0)); !errors.Is(err, errDisk) {
			t.Errorf("Commit: %v, want %v", err, errDisk)
		}
		w.meanwhile(nil)
		if err := in.Commit(t.Context(), sized(3, 0)); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		whole(t, db)
		var rows int
		if err := db.QueryRow("SELECT count(*) FROM hosts").Scan(&rows); err != nil || rows != 1 {
			t.Errorf("%d rows of the host, %v, want 1", rows, err)
		}
		if entries, err := s.Feed(t.Context(), 0, 5); err != nil || len(entries) != 2 {
			t.Errorf("%d entries in the feed, %v, want 2", len(entries), err)
		}
	})
}

// TestSQLiteTxBroken: when not even half a commit can be taken back, the store
// does nothing more in the transaction.
func TestSQLiteTxBroken(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), d.inTx)
		s := sqliteStore(t, db, nil)
		tx := begin(t, db)
		defer tx.Rollback()
		in := s.Tx(tx)
		w.fail(errDisk, func(s statement) (bool, bool) {
			return s.is("INSERT INTO adjourn_commits") || s.is("ROLLBACK TO"), false
		})
		if err := in.Commit(t.Context(), sized(1, 0)); !errors.Is(err, errDisk) {
			t.Errorf("Commit: %v, want %v", err, errDisk)
		}
		w.meanwhile(nil)
		if err := in.Commit(t.Context(), sized(2, 0)); !errors.Is(err, errDisk) {
			t.Errorf("the next commit: %v, want %v", err, errDisk)
		}
		if _, err := in.Load(t.Context(), sized(2, 0).Key, ""); !errors.Is(err, errDisk) {
			t.Errorf("the next Load: %v, want %v", err, errDisk)
		}
	})
}

// TestSQLiteTxContext: a context that is done does not end the transaction.
func TestSQLiteTxContext(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db := d.open(t, migratedFile(t), d.inTx)
		s := sqliteStore(t, db, nil)
		tx := begin(t, db)
		in := s.Tx(tx)
		done, cancel := context.WithCancel(t.Context())
		cancel()
		for range 2 {
			if err := in.Commit(done, sized(1, 0)); !errors.Is(err, context.Canceled) {
				t.Errorf("Commit: %v, want %v", err, context.Canceled)
			}
			if err := in.Commit(t.Context(), sized(2, 0)); err != nil && !errors.Is(err, storage.ErrConflict) {
				t.Error(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
		if entries, err := s.Feed(t.Context(), 0, 5); err != nil || len(entries) != 1 {
			t.Errorf("%d entries in the feed, %v, want 1", len(entries), err)
		}
	})
}

// TestSQLiteTxWriters: the store writes again when the transaction is over.
func TestSQLiteTxWriters(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db := d.open(t, migratedFile(t), d.inTx)
		s := sqliteStore(t, db, &sqlite.Options{})
		tx := begin(t, db)
		if err := s.Tx(tx).Commit(t.Context(), sized(1, 0)); err != nil {
			t.Fatal(err)
		}
		waited := make(chan error)
		go func() { waited <- s.Commit(context.Background(), sized(2, 0)) }()
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := <-waited; err != nil {
			t.Error(err)
		}
		entries, err := s.Feed(t.Context(), 0, 5)
		if err != nil || len(entries) != 2 || entries[0].Key != sized(1, 0).Key {
			t.Errorf("the feed: %v, %v, want the transaction first", entries, err)
		}
	})
}
