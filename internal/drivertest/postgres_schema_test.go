package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// pgKey names a conversation of the workspace that most tests use.
func pgKey(conversation string) storage.Key {
	return storage.Key{Workspace: "acme", Conversation: conversation}
}

// pgNoon is when what tests commit was decided, unless they say otherwise.
var pgNoon = time.Date(2026, time.March, 2, 12, 0, 0, 123_456_000, time.UTC)

// pgAgent is the record of an available agent, to be put for the first time.
func pgAgent(id string, capacity int, groups ...string) storage.Record {
	return storage.Record{
		Key:  storage.RecordKey{Workspace: "acme", Kind: storage.KindAgent, ID: id},
		Body: []byte("agent"), Groups: groups, Available: true, Capacity: capacity,
	}
}

// pgSeated is c, with the conversation in a seat of an agent afterwards.
func pgSeated(agent string, c storage.Commit) storage.Commit {
	c.Head.Agent, c.Head.Seat = agent, agent
	return c
}

// pgChange is a commit of n events by a command.
func pgChange(k storage.Key, expect int64, n int, command string) storage.Commit {
	c := storage.Commit{
		Key: k, Expect: expect,
		Head: storage.Head{
			Version: expect + int64(n), Body: []byte("head"), Visitor: "ann",
			State: "waiting", Since: pgNoon, Updated: pgNoon,
		},
		Command: storage.Command{ID: command},
		At:      pgNoon,
	}
	for v := expect + 1; v <= c.Head.Version; v++ {
		c.Events = append(c.Events, storage.Event{Version: v, Body: []byte(command), Text: fmt.Sprint("text ", v)})
	}
	return c
}

func mustPg(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func execPg(tb testing.TB, db *sql.DB, statement string, args ...any) {
	tb.Helper()
	if _, err := db.ExecContext(context.Background(), statement, args...); err != nil {
		tb.Fatalf("%s: %v", statement, err)
	}
}

func TestPostgresWithoutDatabase(t *testing.T) {
	t.Parallel()
	if _, err := postgres.New(t.Context(), nil, nil); err == nil {
		t.Error("a store without a database was made")
	}
}

func TestPostgresOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []postgres.Options{
		{Schema: "Adjourn"}, {Schema: "a-b"}, {Schema: "1a"}, {Schema: `a"b`}, {Schema: strings.Repeat("a", 64)},
		{Timeout: -1}, {Timeout: time.Microsecond}, {LockTimeout: 25 * time.Hour},
	} {
		if _, err := postgres.New(t.Context(), nil, &o); err == nil {
			t.Errorf("New takes %+v", o)
		}
		if _, err := postgres.Migrations(&o); err == nil {
			t.Errorf("Migrations takes %+v", o)
		}
	}
}

func TestPostgresRefusesAnotherEncoding(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Shared(t)
	admin := pgx.open(t, cluster.NewDatabase(t))
	execPg(t, admin, `CREATE DATABASE adjourn_test_latin1 ENCODING 'LATIN1' TEMPLATE template0`)
	t.Cleanup(func() { execPg(t, admin, `DROP DATABASE adjourn_test_latin1 WITH (FORCE)`) })
	_, err := postgres.New(t.Context(), pgx.open(t, cluster.URL("adjourn_test_latin1")), nil)
	if err == nil || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("New on a database in LATIN1: %v", err)
	}
}

// TestPostgresRefusesOtherTables makes every call on tables that are not there,
// and that are newer.
func TestPostgresRefusesOtherTables(t *testing.T) {
	t.Parallel()
	db := pgx.open(t, pgtest.Shared(t).NewDatabase(t))
	s := postgresStore(t, db, nil)
	tx, err := db.BeginTx(t.Context(), nil)
	mustPg(t, err)
	refused := func(have int) {
		t.Helper()
		want := storage.SchemaError{Have: have, Want: 1}
		for name, call := range pgCalls(t.Context(), s, s.Tx(tx)) {
			got, ok := errors.AsType[*storage.SchemaError](call())
			if !ok || *got != want {
				t.Errorf("%s on tables of version %d: %v", name, have, got)
			}
		}
	}
	refused(0)
	if _, err := tx.Exec(`SELECT 1`); err != nil {
		t.Errorf("the transaction of the host after a refusal: %v", err)
	}
	mustPg(t, tx.Rollback())

	mustPg(t, s.Migrate(t.Context()))
	mustPg(t, s.CheckSchema(t.Context()))
	execPg(t, db, `INSERT INTO adjourn.schema_version VALUES (2)`)
	s = postgresStore(t, db, nil)
	tx, err = db.BeginTx(t.Context(), nil)
	mustPg(t, err)
	refused(2)
	mustPg(t, tx.Rollback())
	if _, ok := errors.AsType[*storage.SchemaError](s.Migrate(t.Context())); !ok {
		t.Error("Migrate takes newer tables")
	}
}

// pgCalls are the methods that need tables.
func pgCalls(ctx context.Context, s *postgres.Store, tx *postgres.Tx) map[string]func() error {
	soon, k, closings := time.UnixMicro(0), pgKey("a"), storage.ClosingQuery{Workspace: "acme"}
	calls := map[string]func() error{
		"CheckSchema": func() error { return s.CheckSchema(ctx) },
		"Load":        func() error { _, err := s.Load(ctx, k, ""); return err },
		"Commit":      func() error { return s.Commit(ctx, pgChange(k, 1, 1, "")) },
		"History":     func() error { _, err := s.History(ctx, k, 0, 1); return err },
		"Due":         func() error { _, err := s.Due(ctx, soon, storage.Due{}, 1); return err },
		"SetPolicies": func() error { return s.SetPolicies(ctx, "acme", 0, nil) },
		"Outdated":    func() error { _, err := s.Outdated(ctx, soon, storage.Key{}, 1); return err },
		"SetBack":     func() error { return s.SetBack(ctx, k, 1, storage.Setback{}) },
		"Setbacks":    func() error { _, err := s.Setbacks(ctx, storage.Key{}, 1); return err },
		"Feed":        func() error { _, err := s.Feed(ctx, 0, 1); return err },
		"Advance":     func() error { _, err := s.Advance(ctx, "billing", 1); return err },
		"Erase":       func() error { _, err := s.Erase(ctx, "acme", "ann"); return err },
		"Purge":       func() error { _, err := s.Purge(ctx, soon, 1); return err },
		"Record":      func() error { _, err := s.Record(ctx, pgAgent("zoe", 1).Key); return err },
		"Put":         func() error { return s.Put(ctx, pgAgent("zoe", 1, "sales")) },
		"Settle":      func() error { return s.Settle(ctx, storage.Record{Key: pgAgent("zoe", 1).Key, Version: 1}) },
		"List": func() error {
			_, err := s.List(ctx, storage.RecordQuery{Workspace: "acme", Kind: storage.KindAgent}, "", 1)
			return err
		},
		"DueRecords": func() error { _, err := s.DueRecords(ctx, soon, storage.DueRecord{}, 1); return err },
		"View":       func() error { _, err := s.View(ctx, storage.Query{Workspace: "acme", State: "waiting"}, 1); return err },
		"Count":      func() error { _, err := s.Count(ctx, storage.Query{Workspace: "acme", State: "waiting"}); return err },
		"Closings":   func() error { _, err := s.Closings(ctx, closings, 1); return err },
		"Tally":      func() error { _, err := s.Tally(ctx, closings, closure.Breakdown{}); return err },
		"Spreads": func() error {
			_, err := s.Spreads(ctx, closings, closure.Breakdown{}, closure.Handling, []int{50})
			return err
		},
	}
	if tx != nil {
		calls["Tx.Load"] = func() error { _, err := tx.Load(ctx, k, ""); return err }
		calls["Tx.Commit"] = func() error { return tx.Commit(ctx, pgChange(k, 0, 1, "")) }
		calls["Tx.History"] = func() error { _, err := tx.History(ctx, k, 0, 1); return err }
		calls["Tx.Record"] = func() error { _, err := tx.Record(ctx, pgAgent("zoe", 1).Key); return err }
	}
	return calls
}

func TestPostgresMigratesAtOnce(t *testing.T) {
	t.Parallel()
	const nodes = 16
	address := pgtest.Shared(t).NewDatabase(t)
	errs := make([]error, nodes)
	var ready, done sync.WaitGroup
	ready.Add(nodes)
	for i := range nodes {
		db := pgx.open(t, address)
		s := postgresStore(t, db, nil)
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = errors.Join(s.Migrate(t.Context()), s.Commit(t.Context(), pgChange(pgKey(fmt.Sprint(i)), 0, 1, "")))
		})
	}
	done.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("node %d of %d: %v", i, nodes, err)
		}
	}
}

// TestPostgresMigrationsNeedALock is the positive control: what Migrate does,
// but for the lock, fails for all nodes but one.
func TestPostgresMigrationsNeedALock(t *testing.T) {
	t.Parallel()
	const nodes = 4
	address := pgtest.Shared(t).NewDatabase(t)
	files, err := postgres.Migrations(nil)
	mustPg(t, err)
	text, err := fs.ReadFile(files, "00001_conversations.sql")
	mustPg(t, err)
	errs := make([]error, nodes)
	var looked, done sync.WaitGroup
	looked.Add(nodes)
	for i := range nodes {
		db := pgxSimple.open(t, address)
		done.Go(func() {
			var none bool
			err := db.QueryRow(`SELECT to_regclass('adjourn.schema_version') IS NULL`).Scan(&none)
			looked.Done()
			looked.Wait()
			if err == nil && none {
				_, err = db.Exec(string(text))
			}
			errs[i] = err
		})
	}
	done.Wait()
	failed := 0
	for _, err := range errs {
		if err != nil {
			failed++
		}
	}
	if failed != nodes-1 {
		t.Errorf("%d of %d nodes failed without the lock, want %d", failed, nodes, nodes-1)
	}
}

func TestPostgresMigrationsByHand(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "order", "two_words_2"} {
		o := &postgres.Options{Schema: name}
		files, err := postgres.Migrations(o)
		mustPg(t, err)
		mustPg(t, fstest.TestFS(files, "00001_conversations.sql"))
		db := pgxSimple.open(t, pgtest.Shared(t).NewDatabase(t))
		names, err := fs.Glob(files, "*.sql")
		mustPg(t, err)
		for _, file := range names {
			text, err := fs.ReadFile(files, file)
			mustPg(t, err)
			if !strings.HasPrefix(string(text), "-- +goose Up\n") {
				t.Errorf("%s does not begin as goose needs it", file)
			}
			execPg(t, db, string(text))
		}
		s := postgresStore(t, db, o)
		mustPg(t, s.CheckSchema(t.Context()))
		mustPg(t, s.Migrate(t.Context()))
		mustPg(t, s.Commit(t.Context(), pgChange(pgKey("a"), 0, 1, "")))
	}
}

// TestPostgresMigratesIntoAGivenSchema: the user may not create schemas.
func TestPostgresMigratesIntoAGivenSchema(t *testing.T) {
	t.Parallel()
	address := pgtest.Shared(t).NewDatabase(t)
	admin := pgx.open(t, address)
	execPg(t, admin, `DO $$ BEGIN CREATE ROLE adjourn_guest; EXCEPTION WHEN duplicate_object THEN END $$`)
	execPg(t, admin, `CREATE SCHEMA adjourn AUTHORIZATION adjourn_guest`)
	d := pgx
	d.parameters = "&role=adjourn_guest"
	s := migratedPostgres(t, d.open(t, address), nil)
	mustPg(t, s.Commit(t.Context(), pgChange(pgKey("a"), 0, 1, "")))
}

// TestPostgresSchemasAreApart: stores in one database know nothing of each other.
func TestPostgresSchemasAreApart(t *testing.T) {
	t.Parallel()
	db, one := onPostgres(t, &postgres.Options{Schema: "one"})
	two := migratedPostgres(t, db, &postgres.Options{Schema: "two"})
	mustPg(t, one.Commit(t.Context(), pgChange(pgKey("a"), 0, 1, "")))
	entries, err := two.Feed(t.Context(), 0, 10)
	mustPg(t, err)
	if diff := cmp.Diff([]storage.Entry(nil), entries); diff != "" {
		t.Errorf("the feed of the other store (-want +got):\n%s", diff)
	}
}

func TestPostgresNow(t *testing.T) {
	t.Parallel()
	_, s := onPostgres(t, nil)
	before := time.Now()
	now, err := s.Now(t.Context())
	mustPg(t, err)
	if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Errorf("Now is not UTC in whole microseconds: %v", now)
	}
	if now.Before(before.Add(-time.Minute)) || now.After(before.Add(time.Minute)) {
		t.Errorf("Now is %v, here it is %v", now, before)
	}
}
