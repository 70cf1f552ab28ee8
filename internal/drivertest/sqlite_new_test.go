package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// writerSettings are what the store promises of the connection it writes with.
var writerSettings = map[string]string{
	"journal_mode": "wal", "synchronous": "2", "busy_timeout": "100", "secure_delete": "1",
	"fullfsync": "1", "checkpoint_fullfsync": "1",
}

// TestSQLitePragmas looks at the connection that wrote, whatever the name of the
// database asked for.
func TestSQLitePragmas(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), d.unsafe)
		s := sqliteStore(t, db, nil)
		if err := s.Commit(t.Context(), sized(1, 0)); err != nil {
			t.Fatal(err)
		}
		settled(t, w.statements("BEGIN IMMEDIATE")[0].conn)
	})
}

// settled checks the settings of a connection.
func settled(t *testing.T, c *watchedConn) {
	t.Helper()
	got := map[string]string{}
	for name := range writerSettings {
		value, err := c.pragma(name)
		if err != nil {
			t.Fatal(err)
		}
		got[name] = fmt.Sprint(value)
	}
	if diff := cmp.Diff(writerSettings, got); diff != "" {
		t.Errorf("settings of the writer (-want +got):\n%s", diff)
	}
}

func TestSQLiteRefusesOptions(t *testing.T) {
	t.Parallel()
	db := sqliteDrivers[0].open(t, newFile(t), "")
	for _, test := range []struct {
		options sqlite.Options
		want    string
	}{
		{sqlite.Options{Prefix: "Adjourn_"}, "prefix"},
		{sqlite.Options{Prefix: "1a"}, "prefix"},
		{sqlite.Options{Prefix: "a-b"}, "prefix"},
		{sqlite.Options{Prefix: "a; DROP TABLE x"}, "prefix"},
		{sqlite.Options{Prefix: "a\n"}, "prefix"},
		{sqlite.Options{Prefix: "sqlite_x"}, "prefix"},
		{sqlite.Options{Prefix: strings.Repeat("a", 33)}, "prefix"},
		{sqlite.Options{Timeout: -1}, "negative"},
	} {
		_, err := sqlite.New(t.Context(), db, &test.options)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("New(%+v): %v, want an error about %q", test.options, err, test.want)
		}
		if _, again := sqlite.Migrations(&test.options); again == nil || again.Error() != err.Error() {
			t.Errorf("Migrations(%+v): %v, want as New: %v", test.options, again, err)
		}
	}
	if _, err := sqlite.New(t.Context(), nil, nil); err == nil {
		t.Error("New without a database returned no error")
	}
}

// TestSQLitePrefix keeps two stores in one file apart.
func TestSQLitePrefix(t *testing.T) {
	t.Parallel()
	db := sqliteDrivers[0].open(t, newFile(t), "")
	stores := map[string]*sqlite.Store{}
	for _, prefix := range []string{"", "_", strings.Repeat("z", 32)} {
		s := sqliteStore(t, db, &sqlite.Options{Prefix: prefix})
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		stores[prefix] = s
	}
	if err := stores["_"].Commit(t.Context(), sized(1, 0)); err != nil {
		t.Fatal(err)
	}
	for prefix, s := range stores {
		l, err := s.Load(t.Context(), sized(1, 0).Key, "")
		if want := prefix == "_"; err != nil || (l.Head.Version > 0) != want {
			t.Errorf("prefix %q: version %d, %v, want the commit to be there: %t", prefix, l.Head.Version, err, want)
		}
	}
}

func TestSQLiteRefusesDatabases(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		for name, test := range map[string]struct {
			open func(t *testing.T) *sql.DB
			want string
		}{
			"one connection": {func(t *testing.T) *sql.DB {
				db := d.open(t, newFile(t), "")
				db.SetMaxOpenConns(1)
				return db
			}, "SetMaxOpenConns"},
			"memory":        {func(t *testing.T) *sql.DB { return d.open(t, ":memory:", "") }, "not a file"},
			"shared memory": {func(t *testing.T) *sql.DB { return d.open(t, "shared", "?mode=memory&cache=shared") }, "not a file"},
			"temporary":     {func(t *testing.T) *sql.DB { return d.open(t, "", "") }, "not a file"},
			"read only": {func(t *testing.T) *sql.DB {
				file := newFile(t)
				if _, err := d.open(t, file, "").Exec("CREATE TABLE t (a)"); err != nil {
					t.Fatal(err)
				}
				return d.open(t, file, "?mode=ro")
			}, "journal_mode"},
			"read only, in WAL already": {func(t *testing.T) *sql.DB {
				return d.open(t, migratedFile(t), "?mode=ro")
			}, "readonly"},
			"UTF-16": {func(t *testing.T) *sql.DB {
				file := newFile(t)
				if _, err := d.open(t, file, "").Exec("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a)"); err != nil {
					t.Fatal(err)
				}
				return d.open(t, file, "")
			}, "UTF-8"},
			"no directory": {func(t *testing.T) *sql.DB { return d.open(t, newFile(t)+"/none", "") }, "open"},
			"no database": {func(t *testing.T) *sql.DB {
				file := newFile(t)
				if err := os.WriteFile(file, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
					t.Fatal(err)
				}
				return d.open(t, file, "")
			}, "not a database"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				db := test.open(t)
				_, err := sqlite.New(t.Context(), db, &sqlite.Options{Timeout: time.Second})
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("New: %v, want an error about %q", err, test.want)
				}
				if n := db.Stats().InUse; n > 0 {
					t.Errorf("%d connections are in use after New failed", n)
				}
			})
		}
	})
}

func TestSQLiteClose(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		db, w := d.watched(t, file, "")
		s := sqliteStore(t, db, nil)
		fill(t, s, 20)
		writer := w.statements("BEGIN IMMEDIATE")[0].conn
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		ctx, key := t.Context(), sized(1, 0).Key
		for name, call := range map[string]func() error{
			"Load":        func() error { _, err := s.Load(ctx, key, ""); return err },
			"Commit":      func() error { return s.Commit(ctx, sized(1, 1)) },
			"History":     func() error { _, err := s.History(ctx, key, 0, 1); return err },
			"Due":         func() error { _, err := s.Due(ctx, noon, storage.Due{}, 1); return err },
			"SetPolicies": func() error { return s.SetPolicies(ctx, "acme", 0, nil) },
			"Outdated":    func() error { _, err := s.Outdated(ctx, noon, storage.Key{}, 1); return err },
			"SetBack":     func() error { return s.SetBack(ctx, key, 1, storage.Setback{Failures: 1}) },
			"Setbacks":    func() error { _, err := s.Setbacks(ctx, storage.Key{}, 1); return err },
			"Feed":        func() error { _, err := s.Feed(ctx, 0, 1); return err },
			"Advance":     func() error { _, err := s.Advance(ctx, "billing", 1); return err },
			"Erase":       func() error { _, err := s.Erase(ctx, "acme", "ann"); return err },
			"Purge":       func() error { _, err := s.Purge(ctx, noon, 1); return err },
			"Record":      func() error { _, err := s.Record(ctx, ann(0).Key); return err },
			"Put":         func() error { return s.Put(ctx, ann(0)) },
			"Settle":      func() error { return s.Settle(ctx, ann(1)) },
			"List":        func() error { _, err := s.List(ctx, storage.RecordQuery{Workspace: "acme"}, "", 1); return err },
			"DueRecords":  func() error { _, err := s.DueRecords(ctx, noon, storage.DueRecord{}, 1); return err },
			"View":        func() error { _, err := s.View(ctx, storage.Query{Workspace: "acme"}, 1); return err },
			"Count":       func() error { _, err := s.Count(ctx, storage.Query{Workspace: "acme"}); return err },
			"Migrate":     func() error { return s.Migrate(ctx) },
			"CheckSchema": func() error { return s.CheckSchema(ctx) },
		} {
			if err := call(); err == nil || !strings.Contains(err.Error(), "closed") {
				t.Errorf("%s after Close: %v, want an error that says so", name, err)
			}
		}
		// The database is still the host's, without what was set for the writer.
		if n := db.Stats().InUse; n > 0 {
			t.Errorf("%d connections are in use after Close", n)
		}
		w.forget()
		if _, err := db.ExecContext(ctx, "CREATE TABLE hosts (a)"); err != nil {
			t.Error(err)
		}
		if used := w.statements("CREATE TABLE")[0].conn; used == writer {
			t.Error("the connection of the writer went back to the pool")
		}
		again := sqliteStore(t, d.open(t, file, ""), nil)
		if l, err := again.Load(ctx, key, "1"); err != nil || l.Applied == nil {
			t.Errorf("a new store finds %v, %v", l, err)
		}
	})
}

// TestSQLiteCloseWaits closes while commits come: each either succeeded and is
// there, or is refused because the store is closed.
func TestSQLiteCloseWaits(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		s := sqliteStore(t, d.open(t, file, ""), nil)
		const n = 40
		results := make(chan error, n)
		first := make(chan bool, n)
		for i := range n {
			go func() {
				err := s.Commit(context.Background(), sized(i, 0))
				first <- true
				results <- err
			}()
		}
		<-first
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		succeeded := 0
		for range n {
			switch err := <-results; {
			case err == nil:
				succeeded++
			case !strings.Contains(err.Error(), "closed") || errors.Is(err, storage.ErrOutcomeUnknown):
				t.Error(err)
			}
		}
		again := sqliteStore(t, d.open(t, file, ""), nil)
		entries, err := again.Feed(t.Context(), 0, n)
		if err != nil || len(entries) != succeeded {
			t.Errorf("%d commits are there, %v, but %d succeeded", len(entries), err, succeeded)
		}
	})
}
