package drivertest_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// updatePostgres is set to write testdata/postgres-schema-1 anew. What the first
// schema was will not change: that is only for before its first release.
const updatePostgres = "ADJOURN_UPDATE_POSTGRES_FIXTURE"

const (
	postgresFixture = "postgres-schema-1.sql"
	postgresGolden  = "postgres-schema-1.json"
)

// TestPostgresFirstSchema migrates tables that the first version left, and reads
// from them what it wrote.
func TestPostgresFirstSchema(t *testing.T) {
	t.Parallel()
	if os.Getenv(updatePostgres) != "" {
		writePostgresFixture(t)
	}
	text, err := os.ReadFile(filepath.Join("testdata", postgresFixture))
	mustPg(t, err)
	db := pgxSimple.open(t, pgtest.Shared(t).NewDatabase(t))
	execPg(t, db, string(text))
	s := migratedPostgres(t, db, nil)
	want, err := os.ReadFile(filepath.Join("testdata", postgresGolden))
	mustPg(t, err)
	if diff := cmp.Diff(string(want), readAll(t, s)); diff != "" {
		t.Errorf("what is read from the first schema (-want +got):\n%s", diff)
	}
	// And it goes on from there.
	mustPg(t, s.Commit(t.Context(), pgChange(pgKey("set back"), 1, 1, "later")))
	entries, err := s.Feed(t.Context(), 7, 10)
	if err != nil || len(entries) != 1 || entries[0].Position != 8 {
		t.Errorf("the feed after a further commit: %+v, %v", entries, err)
	}
}

func writePostgresFixture(t *testing.T) {
	db, s := onPostgres(t, nil)
	fillPostgres(t, s)
	dump := dumpPostgres(t, db) // before the feed is read, which numbers the last commit
	mustPg(t, os.MkdirAll("testdata", 0o755))
	mustPg(t, os.WriteFile(filepath.Join("testdata", postgresGolden), []byte(readAll(t, s)), 0o644))

	files, err := postgres.Migrations(nil)
	mustPg(t, err)
	first, err := fs.ReadFile(files, "00001_conversations.sql")
	mustPg(t, err)
	text := "-- The first schema, with what TestPostgresFirstSchema put into it.\n\n" + string(first) + "\n" + dump
	mustPg(t, os.WriteFile(filepath.Join("testdata", postgresFixture), []byte(text), 0o644))
}

// fillPostgres leaves something of each kind.
func fillPostgres(t *testing.T, s *postgres.Store) {
	t.Helper()
	ctx := context.Background()
	at := pgNoon

	purged := pgChange(pgKey("purged"), 0, 1, "open")
	purged.Head.DormantSince = at.AddDate(-1, 0, 0)
	old := pgChange(pgKey("oldest"), 0, 1, "open")
	old.Head.Due = time.Date(1901, time.January, 1, 0, 0, 0, 0, time.UTC)
	ended := pgChange(pgKey("closed"), 0, 3, "close")
	ended.Head.DormantSince = at
	ended.Command.Fingerprint = [16]byte{0: 1, 15: 0xff}
	erased := pgChange(pgKey("erased"), 0, 2, "open")
	erased.Head.Visitor, erased.Events[1].Text = "bob", ""
	erased.Command.Fingerprint = [16]byte{1}
	kept := pgChange(storage.Key{Workspace: "Zoë's", Conversation: "quotes ' \" \\ \n"}, 0, 1, "öffnen")
	kept.Head.PolicyRevision, kept.Head.Due, kept.Head.Body = 1, time.UnixMicro(0), []byte{0, 0xff, '\''}
	kept.Events[0].Text = "it's \\ \t\n 👩🏽‍🚀"
	back := pgChange(pgKey("set back"), 0, 1, "open")
	back.Head.Due = at
	back.Head.Group, back.Head.Tags, back.Head.Since = "sales", []string{"Rot", "ä \" \\"}, at.Add(-time.Hour)
	ended.Head.State, ended.Head.Outcome, ended.Head.Tags = "closed", "solved", []string{"Rot"}
	ended = pgClosed(ended, 2, 1)
	ended.Closings[0].Agent, ended.Closings[0].Tags = "zoë's \"", []string{"Rot", "ä \" \\"}
	agent := pgAgent("zoe", 2, "sales", "ünique")
	agent.Due = at.Add(time.Hour)
	for _, r := range []storage.Record{
		agent, pgAgent("yan", 0),
		{Key: storage.RecordKey{Workspace: "acme", Kind: storage.KindGroup, ID: "sales"}, Body: []byte{0, 0xff}},
		{Key: storage.RecordKey{Workspace: "acme", Kind: storage.KindVisitor, ID: "ann"}, Text: "ann's address"},
		{Key: storage.RecordKey{Workspace: "acme", Kind: storage.KindVisitor, ID: "bob"}, Text: "told of a text"},
	} {
		mustPg(t, s.Put(ctx, r))
	}
	for _, c := range []storage.Commit{pgClosed(purged, 1), old, ended, erased, kept, back} {
		mustPg(t, s.Commit(ctx, c))
	}
	nothing := storage.Commit{Key: back.Key, Expect: 1, Head: back.Head, Command: storage.Command{ID: "nothing"}}
	mustPg(t, s.Commit(ctx, nothing))
	mustPg(t, s.SetPolicies(ctx, "acme", 0, []byte("first")))
	mustPg(t, s.SetPolicies(ctx, "acme", 1, []byte("second")))
	mustPg(t, s.SetBack(ctx, back.Key, 1, storage.Setback{Failures: 3, RetryAt: at.Add(time.Hour), Reason: "it's sick"}))
	mustPg(t, s.SetBack(ctx, erased.Key, 2, storage.Setback{Failures: 1, Reason: "told of a text"}))
	_, err := s.Erase(ctx, "acme", "bob")
	mustPg(t, err)
	_, err = s.Purge(ctx, at, 1)
	mustPg(t, err)
	_, err = s.Advance(ctx, "billing", 4)
	mustPg(t, err)
	mustPg(t, s.Commit(ctx, pgSeated("zoe", pgChange(pgKey("unnumbered"), 0, 1, "open"))))
}

// readAll is all that a store tells.
func readAll(t *testing.T, s *postgres.Store) string {
	t.Helper()
	ctx := context.Background()
	end := time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)
	var all struct {
		Feed       []storage.Entry
		Loaded     []storage.Loaded
		History    [][]storage.Event
		Due        []storage.Due
		Outdated   []storage.Key
		Setbacks   []storage.SetbackOf
		Billing    storage.Position
		Views      [][]storage.Row
		Records    [][]storage.Record
		DueRecords []storage.DueRecord
		Closings   []closure.Record
		Tally      []closure.Group
		Spreads    []closure.Spread
	}
	var errs [9]error
	all.Feed, errs[0] = s.Feed(ctx, 1, 100)
	all.Due, errs[1] = s.Due(ctx, end, storage.Due{}, 100)
	all.Outdated, errs[2] = s.Outdated(ctx, end, storage.Key{}, 100)
	all.Setbacks, errs[3] = s.Setbacks(ctx, storage.Key{}, 100)
	all.Billing, errs[4] = s.Advance(ctx, "billing", 0)
	all.DueRecords, errs[5] = s.DueRecords(ctx, end, storage.DueRecord{}, 100)
	closings, byTag := storage.ClosingQuery{Workspace: "acme"}, closure.Breakdown{By: []closure.Dimension{closure.ByTag}}
	all.Closings, errs[6] = s.Closings(ctx, closings, 100)
	all.Tally, errs[7] = s.Tally(ctx, closings, byTag)
	all.Spreads, errs[8] = s.Spreads(ctx, closings, byTag, closure.Handling, []int{50, 100})
	for _, q := range []storage.Query{{State: "waiting"}, {State: "waiting", Group: "sales"}, {State: "closed", Tag: "Rot"}} {
		q.Workspace = "acme"
		rows, err := s.View(ctx, q, 100)
		mustPg(t, err)
		all.Views = append(all.Views, rows)
	}
	for _, q := range []storage.RecordQuery{
		{Kind: storage.KindAgent}, {Kind: storage.KindAgent, Group: "sales", Free: true}, {Kind: storage.KindGroup}, {Kind: storage.KindVisitor},
	} {
		q.Workspace = "acme"
		records, err := s.List(ctx, q, "", 100)
		mustPg(t, err)
		all.Records = append(all.Records, records)
	}
	for _, e := range all.Feed {
		for _, command := range []string{"open", "close", "öffnen", "nothing"} {
			l, err := s.Load(ctx, e.Key, command)
			mustPg(t, err)
			all.Loaded = append(all.Loaded, l)
		}
		events, err := s.History(ctx, e.Key, 0, 100)
		mustPg(t, err)
		all.History = append(all.History, events)
	}
	for _, err := range errs {
		mustPg(t, err)
	}
	text, err := json.MarshalIndent(all, "", "\t")
	mustPg(t, err)
	return string(text) + "\n"
}

// dumpPostgres returns the statements that put into empty tables what is in
// these.
func dumpPostgres(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("-- What the tables are filled with.\nDELETE FROM adjourn.feed_state;\n")
	for _, table := range []string{
		"conversations", "tags", "closings", "events", "texts", "commands", "policies", "records", "memberships", "unnumbered", "feed", "feed_state", "cursors",
	} {
		var columns string
		mustPg(t, db.QueryRow(`
			SELECT string_agg(format('quote_nullable(%I::text)', column_name), ' || '', '' || ' ORDER BY ordinal_position)
			FROM information_schema.columns WHERE table_schema = 'adjourn' AND table_name = $1`, table).Scan(&columns))
		rows, err := db.Query(fmt.Sprintf(`SELECT %s FROM adjourn.%s ORDER BY 1`, columns, table))
		mustPg(t, err)
		for rows.Next() {
			var values string
			mustPg(t, rows.Scan(&values))
			fmt.Fprintf(&b, "INSERT INTO adjourn.%s VALUES (%s);\n", table, values)
		}
		mustPg(t, rows.Err())
	}
	b.WriteString("SELECT setval('adjourn.commit_ids', (SELECT max(last_commit) FROM adjourn.conversations));\n")
	return b.String()
}
