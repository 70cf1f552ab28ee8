package drivertest_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// everyCall makes every call of the store at least once.
func everyCall(t *testing.T, s *sqlite.Store) {
	t.Helper()
	ctx := t.Context()
	for i := range 3 {
		for _, c := range []storage.Commit{sized(i, 0), sized(i, 1)} {
			c.Head.DormantSince = noon
			if err := s.Commit(ctx, c); err != nil {
				t.Fatal(err)
			}
		}
	}
	for version := range int64(2) {
		if err := s.Put(ctx, ann(version)); err != nil {
			t.Fatal(err)
		}
	}
	nothing := sized(1, 2)
	nothing.Events = nil
	open, moves, stays, frees := sized(5, 0), sized(5, 1), sized(5, 2), sized(5, 3)
	moves.Head.State, moves.Head.Tags, moves.Head.Seat = "snoozed", []string{"one", "two"}, "ann"
	moves.Seen = storage.Seen{Agent: "ann", Version: 2}
	stays.Head = moves.Head
	for _, c := range []storage.Commit{nothing, open, moves, stays, frees} {
		if err := s.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	for name, call := range map[string]func() error{
		"Load":     func() error { _, err := s.Load(ctx, sized(1, 0).Key, "1"); return err },
		"History":  func() error { _, err := s.History(ctx, sized(1, 0).Key, 0, 1); return err },
		"Due":      func() error { _, err := s.Due(ctx, noon, storage.Due{}, 1); return err },
		"SetBack":  func() error { return s.SetBack(ctx, open.Key, 4, storage.Setback{Failures: 1, RetryAt: noon}) },
		"Setbacks": func() error { _, err := s.Setbacks(ctx, storage.Key{}, 1); return err },
		"SetPolicies": func() error {
			if err := s.SetPolicies(ctx, "acme", 0, nil); err != nil {
				return err
			}
			return s.SetPolicies(ctx, "acme", 1, nil)
		},
		"Feed":    func() error { _, err := s.Feed(ctx, 0, 1); return err },
		"Advance": func() error { _, err := s.Advance(ctx, "billing", 1); return err },
		"Erase":   func() error { _, err := s.Erase(ctx, "acme", "ann"); return err },
		"Record":  func() error { _, err := s.Record(ctx, ann(2).Key); return err },
		"Settle": func() error {
			r := ann(2)
			r.SeatMoves = 2
			return s.Settle(ctx, r)
		},
		"DueRecords": func() error { _, err := s.DueRecords(ctx, noon, storage.DueRecord{}, 1); return err },
	} {
		if err := call(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, l := range shownLists() {
		if _, err := s.List(ctx, l.query, "", 5); err != nil {
			t.Fatalf("List of %s: %v", l.name, err)
		}
	}
	for _, v := range shownViews() {
		for _, newest := range []bool{false, true} {
			v.query.Newest = newest
			if _, err := s.View(ctx, v.query, 5); err != nil {
				t.Fatalf("View(%+v): %v", v.query, err)
			}
			if _, err := s.Count(ctx, v.query); err != nil {
				t.Fatalf("Count(%+v): %v", v.query, err)
			}
		}
	}
	for _, q := range closingQueries() {
		for _, newest := range []bool{false, true} {
			q.Newest = newest
			if _, err := s.Closings(ctx, q, 5); err != nil {
				t.Fatalf("Closings(%+v): %v", q, err)
			}
		}
		for _, b := range breakdowns() {
			if _, err := s.Tally(ctx, q, b); err != nil {
				t.Fatalf("Tally(%+v) by %s: %v", q, b.By, err)
			}
			if _, err := s.Spreads(ctx, q, b, closure.Handling, []int{50, 90}); err != nil {
				t.Fatalf("Spreads(%+v) by %s: %v", q, b.By, err)
			}
		}
	}
	if keys, err := s.Outdated(ctx, noon, storage.Key{}, 5); err != nil || len(keys) != 1 {
		t.Fatalf("Outdated: %v, %v, want one", keys, err)
	}
	if n, err := s.Purge(ctx, noon.Add(time.Second), 1); err != nil || n != 1 {
		t.Fatalf("Purge: %d, %v, want 1", n, err)
	}
}

// TestSQLitePlans: no statement looks at a whole table, whether SQLite has
// statistics, and whatever they say. The feed's table has one row.
func TestSQLitePlans(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), "")
		s := sqliteStore(t, db, nil)
		everyCall(t, s)
		all := ours(w)
		if len(all) < 70+len(closingQueries())*2*(1+len(breakdowns())) {
			t.Fatalf("only %d statements were seen", len(all))
		}
		for _, statistics := range []string{"", "ANALYZE"} {
			if _, err := db.Exec(statistics); err != nil {
				t.Fatal(err)
			}
			for _, text := range slices.Sorted(maps.Keys(all)) {
				plan := explain(t, db, text, all[text])
				if scans := scansOf(plan); len(scans) > 0 {
					t.Errorf("%s\nafter %q has the plan\n%s", text, statistics, strings.Join(plan, "\n"))
				}
				if sortsRows(plan) && !fewSorted(text) {
					t.Errorf("%s\nafter %q sorts what it reads:\n%s", text, statistics, strings.Join(plan, "\n"))
				}
			}
		}
		// The control: this must be found.
		if plan := explain(t, db, "SELECT * FROM adjourn_heads WHERE body = 'x'", nil); len(scansOf(plan)) == 0 {
			t.Errorf("a look at a whole table was not seen in %q", plan)
		}
	})
}

func sortsRows(plan []string) bool {
	return slices.ContainsFunc(plan, func(line string) bool { return strings.Contains(line, "FOR ORDER BY") })
}

// fewSorted reports whether a statement is one that may sort: the view of what a
// visitor has, which is little, by when something last happened; the closings of
// one conversation; and spreads, which sort all that they look at.
func fewSorted(text string) bool {
	return strings.Contains(text, "INDEXED BY adjourn_heads_visitor") && strings.Contains(text, "ORDER BY h.updated") ||
		strings.Contains(text, "c INDEXED BY adjourn_closings_key") || strings.Contains(text, "row_number() OVER")
}

// ours are the statements about the store's tables, with the arguments they had.
func ours(w *watcher) map[string][]any {
	all := map[string][]any{}
	for _, s := range w.statements("") {
		if !strings.Contains(s.text, "adjourn_") {
			continue
		}
		args := make([]any, len(s.args))
		for i, a := range s.args {
			args[i] = a.Value
		}
		all[s.text] = args
	}
	return all
}

func explain(t *testing.T, db *sql.DB, text string, args []any) (plan []string) {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

// small are what may be read as a whole: tables of one row, results of parts of a
// statement, and lists in a column or an argument.
var small = regexp.MustCompile(`^SCAN (adjourn_feed|adjourn_schema|sqlite_master|older|d|[a-z_]+( EXISTS)? VIRTUAL TABLE.*|CONSTANT ROW|\(subquery-\d+\))( |$)`)

func scansOf(plan []string) (scans []string) {
	for _, line := range plan {
		if strings.HasPrefix(line, "SCAN ") && !small.MatchString(line) {
			scans = append(scans, line)
		}
	}
	return scans
}

// TestSQLiteOutdatedPages: what is outdated comes in order and once, whatever
// revisions it has, in pages of every size.
func TestSQLiteOutdatedPages(t *testing.T) {
	t.Parallel()
	d := sqliteDrivers[0]
	s := d.store(t)
	r := seeded(t)
	var want []storage.Key
	for revision := range int64(4) {
		for _, workspace := range []string{"a", "a\x01", "b", "c"} {
			if err := s.SetPolicies(t.Context(), workspace, revision, nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 25 {
			c := sized(0, 0)
			c.Key = storage.Key{Workspace: []string{"a", "a\x01", "b"}[r.IntN(3)], Conversation: fmt.Sprint(r.Uint64())}
			c.Head.PolicyRevision = r.Int64N(revision + 2)
			if err := s.Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if c.Head.PolicyRevision < 4 {
				want = append(want, c.Key)
			}
		}
	}
	slices.SortFunc(want, storage.Key.Compare)
	for _, limit := range []int{1, 2, 7, 100} {
		var got []storage.Key
		var after storage.Key
		for {
			page, err := s.Outdated(t.Context(), noon, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %d conversations, want %d, or in another order", limit, len(got), len(want))
		}
	}
}
