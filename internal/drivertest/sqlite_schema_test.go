package drivertest_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// schemaVersion is the version of the tables that the store works with.
const schemaVersion = 1

func TestSQLiteSchemaRefused(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		for name, test := range map[string]struct {
			file func(tb testing.TB) string
			sql  string
			have int
		}{
			"none":  {newFile, "CREATE TABLE hosts (a)", 0},
			"empty": {migratedFile, "DELETE FROM adjourn_schema", 0},
			"newer": {migratedFile, "INSERT INTO adjourn_schema VALUES (99)", 99},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				db := d.open(t, test.file(t), "")
				if _, err := db.Exec(test.sql); err != nil {
					t.Fatal(err)
				}
				s := sqliteStore(t, db, nil)
				calls := writes(t.Context(), s)
				calls["Load"] = func() error { _, err := s.Load(t.Context(), sized(1, 0).Key, ""); return err }
				calls["Due"] = func() error { _, err := s.Due(t.Context(), noon, storage.Due{}, 1); return err }
				calls["CheckSchema"] = func() error { return s.CheckSchema(t.Context()) }
				if test.have > schemaVersion {
					calls["Migrate"] = func() error { return s.Migrate(t.Context()) }
				}
				for name, call := range calls {
					err := call()
					e, ok := errors.AsType[*storage.SchemaError](err)
					if !ok || *e != (storage.SchemaError{Have: test.have, Want: schemaVersion}) {
						t.Errorf("%s: %v, want a *storage.SchemaError of %d and %d", name, err, test.have, schemaVersion)
					}
				}
				if test.sql[0] != 'C' {
					return
				}
				for range 2 {
					if err := s.Migrate(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.Commit(t.Context(), sized(1, 0)); err != nil {
					t.Errorf("Commit after Migrate: %v", err)
				}
			})
		}
	})
}

// TestSQLiteMigrateAtOnce is 16 processes that start at once on a new file, as
// nearly as one process can.
func TestSQLiteMigrateAtOnce(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		const n = 16
		file := newFile(t)
		var wg sync.WaitGroup
		start := make(chan bool)
		for i := range n {
			db := d.open(t, file, "")
			wg.Go(func() {
				<-start
				s, err := sqlite.New(context.Background(), db, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				if err := s.Migrate(context.Background()); err != nil {
					t.Error(err)
				}
				if err := s.Commit(context.Background(), sized(i, 0)); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
		s := sqliteStore(t, d.open(t, file, ""), nil)
		if err := s.CheckSchema(t.Context()); err != nil {
			t.Error(err)
		}
		if entries, err := s.Feed(t.Context(), 0, 2*n); err != nil || len(entries) != n {
			t.Errorf("%d commits, %v, want %d", len(entries), err, n)
		}
	})
}

// TestSQLiteMigrateFails leaves nothing of a migration that could not be ended.
func TestSQLiteMigrateFails(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, newFile(t), "")
		s := sqliteStore(t, db, nil)
		w.fail(errDisk, func(s statement) (bool, bool) { return s.is("CREATE TABLE adjourn_texts"), false })
		if err := s.Migrate(t.Context()); !errors.Is(err, errDisk) {
			t.Errorf("Migrate: %v, want %v", err, errDisk)
		}
		w.meanwhile(nil)
		if e, ok := errors.AsType[*storage.SchemaError](s.CheckSchema(t.Context())); !ok || e.Have != 0 {
			t.Errorf("CheckSchema: %v, want no tables", e)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestSQLiteMigrations runs the files as a tool does that knows nothing of the
// store, such as goose.
func TestSQLiteMigrations(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		o := &sqlite.Options{Prefix: "hosts_"}
		files, err := sqlite.Migrations(o)
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.Glob(files, "*.sql")
		if err != nil || len(names) != schemaVersion {
			t.Fatalf("%v, %v, want %d files", names, err, schemaVersion)
		}
		if err := fstest.TestFS(files, names...); err != nil {
			t.Error(err)
		}
		db := d.open(t, newFile(t), "")
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(text), "-- +goose Up\n") || strings.Contains(string(text), "{prefix}") {
				t.Errorf("%s is not for goose, or not rendered", name)
			}
			inTransaction(t, db, string(text))
		}
		s := sqliteStore(t, db, o)
		if err := s.CheckSchema(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Commit(t.Context(), sized(1, 0)); err != nil {
			t.Error(err)
		}
	})
}

// inTransaction runs statements by the rule of goose: a semicolon at the end of a
// line ends one.
func inTransaction(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	tx := begin(t, db)
	defer tx.Rollback()
	for statement := range strings.SplitSeq(text, ";\n") {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

var update = flag.Bool("update-sqlite", false, "write testdata/sqlite-schema-* anew, from what the store does now")

// TestSQLiteFirstSchema reads a file of the first schema after Migrate, and finds
// what was written to it then.
func TestSQLiteFirstSchema(t *testing.T) {
	t.Parallel()
	const dumped, golden = "testdata/sqlite-schema-1.sql", "testdata/sqlite-schema-1.txt"
	if *update {
		if schemaVersion > 1 {
			t.Fatal("the first schema is no more what the store writes: its dump must stay")
		}
		db := sqliteDrivers[0].open(t, migratedFile(t), "")
		s := sqliteStore(t, db, nil)
		furnish(t, s)
		write(t, dumped, dump(t, db))
		write(t, golden, read(t, s))
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		text, err := os.ReadFile(dumped)
		if err != nil {
			t.Fatal(err)
		}
		db := d.open(t, newFile(t), "")
		inTransaction(t, db, string(text))
		s := sqliteStore(t, db, nil)
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), read(t, s)); diff != "" {
			t.Errorf("what the store reads (-want +got):\n%s", diff)
		}
		// And it goes on.
		if err := s.Commit(t.Context(), sized(1, 0)); err != nil {
			t.Error(err)
		}
	})
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// furnish writes a few conversations of each kind.
func furnish(t *testing.T, s *sqlite.Store) {
	t.Helper()
	ctx := t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	commit := func(workspace, conversation, visitor string, expect int64, dormantSince, due time.Time, command string, texts ...string) {
		t.Helper()
		c := storage.Commit{
			Key:     storage.Key{Workspace: workspace, Conversation: conversation},
			Expect:  expect,
			Command: storage.Command{ID: command},
			Head: storage.Head{
				Version: expect + int64(len(texts)), Visitor: visitor, DormantSince: dormantSince, Due: due, PolicyRevision: 1,
				Body:  fmt.Appendf(nil, `{"at":%d}`, expect+int64(len(texts))),
				State: "open", Agent: "ann", Tags: []string{"new", `it's "quoted"`}, Seat: "ann",
				Since: noon, Updated: noon.Add(time.Duration(expect) * time.Second),
			},
			At: noon.Add(time.Minute),
		}
		if !dormantSince.IsZero() {
			c.Head.State, c.Head.Group, c.Head.Outcome, c.Head.Seat = "closed", "billing", "resolved", ""
			c.Head.Since, c.Head.Updated = dormantSince, dormantSince
			c.Closings = []closure.Record{
				furnished(closure.Record{Conversation: conversation, Number: 1, At: noon, Outcome: closure.Unresolved, Reason: closure.ReasonOther}, closure.None),
				furnished(closure.Record{
					Conversation: conversation, Number: 2, At: dormantSince, Outcome: closure.Resolved, Agent: "ann", Group: "billing",
					Sentiment: closure.Positive, Grade: closure.Confirmed, Tags: c.Head.Tags, Articles: []string{"a<b>", "“ünïcode” 🙂"},
				}, 1_000_000_000_000),
			}
		}
		copy(c.Command.Fingerprint[:], command)
		for i, text := range texts {
			c.Events = append(c.Events, storage.Event{
				Version: expect + int64(i) + 1, Body: fmt.Appendf(nil, "{\"n\":%d}\x00\xff", expect+int64(i)+1), Text: text,
			})
		}
		ok(s.Commit(ctx, c))
	}
	never := time.Time{}
	ok(s.SetPolicies(ctx, "acme", 0, []byte(`{"idle":"5m"}`)))
	ok(s.Put(ctx, storage.Record{
		Key:  storage.RecordKey{Workspace: "acme", Kind: storage.KindAgent, ID: "ann"},
		Body: []byte(`{"name":"Ann"}`), Due: noon.Add(time.Hour), Groups: []string{"billing", "sales"}, Available: true, Capacity: 9,
	}))
	for version, text := range []string{"old@example.com", "vic@example.com"} {
		ok(s.Put(ctx, storage.Record{Key: visitorKey("vic"), Version: int64(version), Body: []byte("{}"), Text: text}))
	}
	ok(s.Put(ctx, storage.Record{Key: visitorKey("bob"), Body: []byte("{}"), Text: "bob@example.com"}))
	commit("acme", "gone", "ann", 0, noon, never, "", "is purged")
	commit("acme", "open", "ann", 0, never, noon.Add(time.Hour), "open-1", "", "it's me — “ünïcode” 🙂", "three")
	commit("acme", "open", "ann", 3, never, time.Unix(0, 0), "open-2", "four")
	commit("acme", "open", "ann", 4, never, time.Date(1901, 12, 13, 20, 45, 51, 999_999_000, time.UTC), "open-nothing")
	commit("acme", "closed", "ann", 0, noon.Add(time.Microsecond), noon.AddDate(1, 0, 0), "closed-1", "bye", "")
	commit("acme", "erased", "bob", 0, never, never, "erased-1", "secret", "", "secret too")
	commit("acme", "later", "cem", 0, never, noon, "", "fails")
	commit("acme", "set aside", "cem", 0, never, noon, "", "fails for good")
	commit("other", "open", "ann", 0, never, noon.Add(time.Minute), "open-1", "elsewhere")
	ok(s.SetPolicies(ctx, "acme", 1, []byte(`{"idle":"7m"}`)))
	commit("acme", "after", "", 0, never, never, "", "written under old policies")
	ok(s.SetBack(ctx, storage.Key{Workspace: "acme", Conversation: "later"}, 1,
		storage.Setback{Failures: 2, RetryAt: noon.Add(time.Hour), Reason: "no such template"}))
	ok(s.SetBack(ctx, storage.Key{Workspace: "acme", Conversation: "set aside"}, 1,
		storage.Setback{Failures: 9, Reason: "panic: it's broken"}))
	_, err := s.Advance(ctx, "billing", 5)
	ok(err)
	_, err = s.Erase(ctx, "acme", "bob")
	ok(err)
	_, err = s.Purge(ctx, noon.Add(time.Microsecond), 1)
	ok(err)
}

// furnished gives a closing what every one has, and figures from one on, or none.
func furnished(c closure.Record, from int64) closure.Record {
	c.Cause, c.Side = closure.Agent, closure.SideTeam
	for f := range c.Figures {
		c.Figures[f] = closure.None
		if from >= 0 {
			c.Figures[f] = from + int64(f)
		}
	}
	return c
}

// dump returns a database as SQL, each statement ending at the end of a line.
func dump(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("-- What the first version of the tables looked like, with what the store had written.\n\n")
	for _, created := range column(t, db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid") {
		b.WriteString(created + ";\n")
	}
	for _, table := range column(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid") {
		columns := column(t, db, "SELECT 'quote(' || name || ')' FROM pragma_table_info('"+table+"')")
		rows := "SELECT " + strings.Join(columns, " || ', ' || ") + " FROM " + table + " ORDER BY 1"
		for _, row := range column(t, db, rows) {
			b.WriteString("INSERT INTO " + table + " VALUES (" + row + ");\n")
		}
	}
	return b.String()
}

func column(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
		all = append(all, value)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// read returns all that a store tells, as lines of JSON.
func read(t *testing.T, s *sqlite.Store) string {
	t.Helper()
	ctx := t.Context()
	var b strings.Builder
	tell := func(about string, value any, err error) {
		t.Helper()
		line, encodeErr := json.Marshal(value)
		if err := errors.Join(err, encodeErr); err != nil {
			t.Fatalf("%s: %v", about, err)
		}
		fmt.Fprintf(&b, "%s: %s\n", about, line)
	}
	for _, asked := range [][3]string{
		{"acme", "open", "open-1"}, {"acme", "open", "open-2"}, {"acme", "open", "open-nothing"}, {"acme", "closed", "closed-1"},
		{"acme", "erased", "erased-1"}, {"acme", "later", ""}, {"acme", "set aside", ""}, {"acme", "after", ""},
		{"other", "open", "open-1"}, {"acme", "gone", ""},
	} {
		k := storage.Key{Workspace: asked[0], Conversation: asked[1]}
		loaded, err := s.Load(ctx, k, asked[2])
		tell(strings.Join(asked[:], " "), loaded, err)
		events, err := s.History(ctx, k, 0, 100)
		tell("  history", events, err)
	}
	found, err := s.Due(ctx, noon.Add(time.Hour-1), storage.Due{}, 100)
	tell("due", found, err)
	found, err = s.Due(ctx, noon.AddDate(2, 0, 0), storage.Due{}, 100)
	tell("due later", found, err)
	keys, err := s.Outdated(ctx, noon, storage.Key{}, 100)
	tell("outdated", keys, err)
	setbacks, err := s.Setbacks(ctx, storage.Key{}, 100)
	tell("setbacks", setbacks, err)
	for _, k := range []storage.RecordKey{
		{Workspace: "acme", Kind: storage.KindAgent, ID: "ann"}, visitorKey("vic"), visitorKey("bob"), visitorKey("ann"),
	} {
		r, err := s.Record(ctx, k)
		tell(string(k.Kind)+" "+k.ID, r, err)
	}
	free, err := s.List(ctx, storage.RecordQuery{Workspace: "acme", Kind: storage.KindAgent, Group: "sales", Free: true}, "", 100)
	tell("free in sales", free, err)
	dueRecords, err := s.DueRecords(ctx, noon.AddDate(1, 0, 0), storage.DueRecord{}, 100)
	tell("due records", dueRecords, err)
	for _, q := range []storage.Query{
		{State: "open"}, {State: "open", Tag: "new"}, {State: "open", Order: storage.ByUpdated, Newest: true},
		{State: "open", Agent: "ann", Visitor: "cem"}, {State: "closed", Outcome: "resolved"}, {State: "closed", Group: "billing"},
	} {
		about := fmt.Sprintf("view %q", []string{q.State, q.Agent, q.Group, q.Visitor, q.Outcome, q.Tag, string(q.Order)})
		q.Workspace = "acme"
		rows, err := s.View(ctx, q, 100)
		var names []string
		for _, row := range rows {
			names = append(names, row.Key.Conversation)
		}
		tell(about, names, err)
		n, err := s.Count(ctx, q)
		tell("  count", n, err)
	}
	for _, q := range []storage.ClosingQuery{
		{}, {Newest: true}, {Filter: closure.Filter{Last: true}}, {Filter: closure.Filter{Tag: `it's "quoted"`}},
	} {
		q.Workspace = "acme"
		closings, err := s.Closings(ctx, q, 100)
		tell(fmt.Sprintf("closings, newest %t, last %t, tag %q", q.Newest, q.Last, q.Tag), closings, err)
		groups, err := s.Tally(ctx, q, closure.Breakdown{By: []closure.Dimension{closure.ByTag, closure.ByOutcome}})
		tell("  by tag and outcome", groups, err)
	}
	at, err := s.Advance(ctx, "billing", 0)
	tell("billing stands at", at, err)
	_, err = s.Feed(ctx, 0, 100)
	tell("feed from the beginning", fmt.Sprint(err), nil)
	entries, err := s.Feed(ctx, 1, 100)
	tell("feed, entries", len(entries), err)
	for _, e := range entries {
		tell("  entry", e, nil)
	}
	return b.String()
}
