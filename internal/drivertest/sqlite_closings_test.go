package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
)

// closingQueries are of every field alone and of all together, each another
// statement.
func closingQueries() []storage.ClosingQuery {
	all := closure.Filter{
		From: noon, To: noon.AddDate(1, 0, 0), Conversation: "conversation-00000001",
		Outcome: closure.Resolved, Cause: closure.Agent, Side: closure.SideTeam, Agent: "agent-1", Group: "group-1",
		Sentiment: closure.Positive, Grades: []closure.Grade{closure.CheckedIn, ""}, Tag: "tag-1", Article: "article-1", Last: true,
	}
	var queries []storage.ClosingQuery
	for _, f := range []closure.Filter{
		{}, {Conversation: all.Conversation}, {Outcome: all.Outcome}, {Cause: all.Cause}, {Side: all.Side}, {Agent: all.Agent},
		{Group: all.Group}, {Sentiment: all.Sentiment}, {Grades: all.Grades}, {Tag: all.Tag}, {Article: all.Article}, {Last: true}, all,
	} {
		queries = append(queries, storage.ClosingQuery{Workspace: "acme", Filter: f})
	}
	return queries
}

// breakdowns are by nothing, by every dimension, and by several.
func breakdowns() []closure.Breakdown {
	days := closure.Days(noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 3), time.UTC)
	all := []closure.Breakdown{
		{},
		{By: []closure.Dimension{closure.ByDay, closure.BySide, closure.ByOutcome}, Days: days},
		{By: []closure.Dimension{closure.ByTag, closure.ByArticle, closure.ByDay}, Days: days},
	}
	for _, d := range closure.Dimensions() {
		all = append(all, closure.Breakdown{By: []closure.Dimension{d}, Days: days})
	}
	return all
}

// TestSQLiteClosingPlans: lists go along the table in its order, and so do
// reports; what is asked of one conversation looks at no other.
func TestSQLiteClosingPlans(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		db, w := d.watched(t, file, "")
		s := sqliteStore(t, db, nil)
		if err := s.CheckSchema(t.Context()); err != nil { // as the first call does otherwise
			t.Fatal(err)
		}
		crowdOfClosings(t, d.open(t, file, ""), 500)
		for _, statistics := range []string{"", "ANALYZE"} {
			if _, err := db.Exec(statistics); err != nil {
				t.Fatal(err)
			}
			for _, q := range closingQueries() {
				q.After = closure.Place{At: noon.AddDate(0, 6, 0)}
				for _, read := range []func() error{
					func() error { _, err := s.Closings(t.Context(), q, 5); return err },
					func() error { q.Newest = true; _, err := s.Closings(t.Context(), q, 5); return err },
					func() error { _, err := s.Tally(t.Context(), q, breakdowns()[0]); return err },
					func() error { _, err := s.Tally(t.Context(), q, breakdowns()[1]); return err },
					func() error { _, err := s.Spreads(t.Context(), q, breakdowns()[1], closure.Handling, nil); return err },
				} {
					w.forget()
					if err := read(); err != nil {
						t.Fatal(err)
					}
					for text, args := range ours(w) {
						checkClosingPlan(t, q, text, explain(t, db, text, args))
					}
				}
			}
		}
	})
}

func checkClosingPlan(t *testing.T, q storage.ClosingQuery, text string, plan []string) {
	t.Helper()
	search := "SEARCH c USING PRIMARY KEY (workspace=? AND at>? AND at<?)"
	switch list := strings.Contains(text, "ORDER BY c.at"); {
	case q.Conversation != "":
		search = "SEARCH c USING INDEX adjourn_closings_key (workspace=? AND conversation=?)"
	case list:
		search = "SEARCH c USING PRIMARY KEY (workspace=? AND (at,conversation,number)>(?,?,?) AND (at,conversation,number)<(?,?,?))"
		if sortsRows(plan) {
			t.Errorf("%s\nsorts what it reads:\n%s", text, strings.Join(plan, "\n"))
		}
	}
	if !slices.Contains(plan, search) {
		t.Errorf("%s\nhas the plan\n%s", text, strings.Join(plan, "\n"))
	}
	if next := "SEARCH n USING COVERING INDEX adjourn_closings_key (workspace=? AND conversation=? AND number>?)"; q.Last && !slices.Contains(plan, next) {
		t.Errorf("%s\nlooks for the next closing as in\n%s", text, strings.Join(plan, "\n"))
	}
}

// TestSQLiteClosings compares lists, tallies and spreads of random closings, by
// random queries, with what package closure makes of them. SEED=n repeats a run.
func TestSQLiteClosings(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		s := d.store(t)
		r := seeded(t)
		all := closedAtRandom(t, r, s)
		listed, grouped, spreads := 0, 0, 0
		for range 100 {
			q := storage.ClosingQuery{Workspace: "a", Filter: randomFilter(r)}
			want := slices.Collect(selected(all[q.Workspace], q.Filter))
			listed += len(want)
			closingsInPages(t, s, q, want, 1+len(want)/(1+r.IntN(9)))
			b := randomBreakdown(r)
			q.Newest, q.After = true, closure.Place{At: noon} // which mean nothing
			groups, err := s.Tally(t.Context(), q, b)
			if diff := gocmp.Diff(closure.Tally(slices.Values(want), b), groups); err != nil || diff != "" {
				t.Fatalf("Tally(%+v) by %s: %v (-want +got):\n%s", q, b.By, err, diff)
			}
			figure, percentages := closure.Figure(r.IntN(closure.NumFigures)), [][]int{nil, {50}, {100, 1, 90, 90, 33}}[r.IntN(3)]
			spread, err := s.Spreads(t.Context(), q, b, figure, percentages)
			if diff := gocmp.Diff(closure.Spreads(slices.Values(want), b, figure, percentages), spread); err != nil || diff != "" {
				t.Fatalf("Spreads(%+v) of %s by %s at %v: %v (-want +got):\n%s", q, figure, b.By, percentages, err, diff)
			}
			grouped, spreads = grouped+len(groups), spreads+len(spread)
		}
		if listed < 500 || grouped < 300 || spreads < 100 {
			t.Errorf("only %d closings were listed, %d groups counted, %d spreads", listed, grouped, spreads)
		}
	})
}

// closedAtRandom puts closings, many of them again, and returns those of each
// workspace in their order.
func closedAtRandom(t *testing.T, r *rand.Rand, s storage.Store) map[string][]closure.Record {
	t.Helper()
	closings := map[storage.Key][]closure.Record{}
	versions := map[storage.Key]int64{}
	for range 300 {
		key := storage.Key{Workspace: pick(r, "a", "a", "a", "b"), Conversation: fmt.Sprint(r.IntN(100))}
		of := closings[key]
		c := sized(0, 0)
		c.Key, c.Expect, c.Command.ID, c.Closings = key, versions[key], "", nil
		versions[key]++
		c.Events[0].Version, c.Head.Version = versions[key], versions[key]
		for i := range of {
			if r.IntN(3) == 0 {
				of[i] = randomClosing(r, of[i])
				c.Closings = append(c.Closings, of[i])
			}
		}
		at := noon.Add(time.Duration(r.IntN(100)) * time.Hour)
		if n := len(of); n > 0 {
			at = of[n-1].At.Add(time.Duration(r.IntN(5)-1) * time.Microsecond) // clocks are set back, too
		}
		closing := randomClosing(r, closure.Record{Conversation: key.Conversation, Number: len(of) + 1, At: at})
		closings[key] = append(of, closing)
		c.Closings = append(c.Closings, closing)
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string][]closure.Record{}
	for key, of := range closings {
		all[key.Workspace] = append(all[key.Workspace], of...)
	}
	for _, of := range all {
		slices.SortFunc(of, closure.Record.Compare)
	}
	return all
}

var (
	agentNames   = []string{"", "ann", "Ann", `ann "b" \ %_'`}
	groupNames   = []string{"", "sales", "ünï 🙂", "[\"x\"]"}
	tagLists     = [][]string{nil, {"a"}, {"a", "b", `c"a"`}, {`"a"`, "<&>", "[]"}, {"A", "\u2028", "🙂"}}
	articleLists = [][]string{nil, nil, {"1"}, {"1", "10", "2"}}
)

// randomClosing returns the closing with everything but its place drawn anew.
func randomClosing(r *rand.Rand, c closure.Record) closure.Record {
	c.Outcome, c.Reason = oneOf(r, closure.Outcomes()), oneOf(r, append(closure.Reasons(), ""))
	c.Cause, c.Side = oneOf(r, closure.Causes()), oneOf(r, closure.Sides())
	c.Agent, c.Group = oneOf(r, agentNames), oneOf(r, groupNames)
	c.Sentiment, c.Grade = oneOf(r, append(closure.Sentiments(), "")), oneOf(r, append(closure.Grades(), ""))
	c.Tags, c.Articles = oneOf(r, tagLists), oneOf(r, articleLists)
	for f := range c.Figures {
		switch r.IntN(4) {
		case 0:
			c.Figures[f] = closure.None
		case 1:
			c.Figures[f] = r.Int64N(4)
		default:
			c.Figures[f] = r.Int64N(1 << 50)
		}
	}
	c.Figures[closure.Prompts] = closure.None
	return c
}

func oneOf[T any](r *rand.Rand, values []T) T { return values[r.IntN(len(values))] }

func randomFilter(r *rand.Rand) (f closure.Filter) {
	often := r.IntN(3) * 2
	set := func(choose func()) {
		if r.IntN(12) < often {
			choose()
		}
	}
	set(func() { f.From = noon.Add(time.Duration(r.IntN(50)) * time.Hour).Add(time.Duration(r.IntN(2_000))) })
	set(func() { f.To = noon.Add(time.Duration(50+r.IntN(60)) * time.Hour).Add(time.Duration(r.IntN(2_000))) })
	set(func() { f.Outcome = oneOf(r, closure.Outcomes()) })
	set(func() { f.Cause = oneOf(r, closure.Causes()) })
	set(func() { f.Side = oneOf(r, closure.Sides()) })
	set(func() { f.Agent = oneOf(r, agentNames) })
	set(func() { f.Group = oneOf(r, groupNames) })
	set(func() { f.Sentiment = oneOf(r, closure.Sentiments()) })
	set(func() { f.Grades = []closure.Grade{closure.Abrupt, oneOf(r, []closure.Grade{closure.Confirmed, ""})} })
	set(func() { f.Tag = pick(r, "a", "A", `"a"`, "<&>", "nobody's") })
	set(func() { f.Article = pick(r, "1", "10", "2") })
	f.Last = r.IntN(3) == 0
	if r.IntN(10) == 0 {
		f.Conversation = fmt.Sprint(r.IntN(100))
	}
	return f
}

func randomBreakdown(r *rand.Rand) (b closure.Breakdown) {
	by := closure.Dimensions()
	r.Shuffle(len(by), func(i, j int) { by[i], by[j] = by[j], by[i] })
	b.By = by[:r.IntN(4)]
	if !slices.Contains(b.By, closure.ByDay) {
		return b
	}
	at := noon.Add(time.Duration(r.IntN(100)-20) * time.Hour)
	for range r.IntN(8) {
		b.Days = append(b.Days, at)
		at = at.Add(time.Duration(1 + r.Int64N(int64(25*time.Hour))))
	}
	return b
}

// selected yields the closings of a workspace that a filter selects.
func selected(all []closure.Record, f closure.Filter) iter.Seq[closure.Record] {
	again := func(r closure.Record) (at time.Time) {
		for _, next := range all {
			if next.Conversation == r.Conversation && next.Number > r.Number {
				return next.At // the first, because all are in their order
			}
		}
		return at
	}
	return func(yield func(closure.Record) bool) {
		for _, r := range all {
			if f.Selects(r, again(r)) && !yield(r) {
				return
			}
		}
	}
}

// closingsInPages reads a list forwards and backwards.
func closingsInPages(t *testing.T, s storage.Store, q storage.ClosingQuery, want []closure.Record, limit int) {
	t.Helper()
	for _, newest := range []bool{false, true} {
		left := slices.Clone(want)
		if q.Newest = newest; newest {
			slices.Reverse(left)
		}
		for q.After = (closure.Place{}); ; {
			page, err := s.Closings(t.Context(), q, limit)
			if err != nil {
				t.Fatal(err)
			}
			expected := left[:min(limit, len(left))]
			if diff := gocmp.Diff(expected, page); diff != "" && len(expected)+len(page) > 0 {
				t.Fatalf("Closings(%+v) (-want +got):\n%s", q, diff)
			}
			if len(page) == 0 {
				break
			}
			left, q.After = left[len(page):], page[len(page)-1].Place()
		}
	}
}

// TestSQLiteReportsTakeTheirTime: nothing but the caller's context ends a report.
func TestSQLiteReportsTakeTheirTime(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), "")
		s := sqliteStore(t, db, nil)
		if err := s.Commit(t.Context(), sized(1, 0)); err != nil {
			t.Fatal(err)
		}
		q := storage.ClosingQuery{Workspace: "acme"}
		for name, call := range map[string]func(ctx context.Context) error{
			"Tally": func(ctx context.Context) error { _, err := s.Tally(ctx, q, breakdowns()[1]); return err },
			"Spreads": func(ctx context.Context) error {
				_, err := s.Spreads(ctx, q, breakdowns()[1], closure.Rating, nil)
				return err
			},
			"Closings": func(ctx context.Context) error { _, err := s.Closings(ctx, q, 1); return err },
		} {
			w.forget()
			if err := call(context.Background()); err != nil {
				t.Fatal(err)
			}
			for _, ran := range w.statements("") {
				if limited := name == "Closings"; ran.limited != limited {
					t.Errorf("%s: limited in time: %t, want %t", name, ran.limited, limited)
				}
			}
			if len(w.statements("")) != 1 {
				t.Errorf("%s ran %d statements, want one", name, len(w.statements("")))
			}
			ctx, cancel := context.WithCancel(t.Context())
			w.meanwhile(func(_ statement, run func() error) error { cancel(); return run() })
			if err := call(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("%s while the context ends: %v, want %v", name, err, context.Canceled)
			}
			w.meanwhile(nil)
		}
	})
}

// TestSQLiteReportUnknown: a dimension that there is not is an error.
func TestSQLiteReportUnknown(t *testing.T) {
	t.Parallel()
	s := sqliteDrivers[0].store(t)
	b := closure.Breakdown{By: []closure.Dimension{"weather"}}
	if groups, err := s.Tally(t.Context(), storage.ClosingQuery{Workspace: "acme"}, b); err == nil || !strings.Contains(err.Error(), `"weather"`) {
		t.Errorf("Tally: %v, %v, want an error", groups, err)
	}
	if spreads, err := s.Spreads(t.Context(), storage.ClosingQuery{Workspace: "acme"}, b, closure.Rating, nil); err == nil {
		t.Errorf("Spreads: %v, want an error", spreads)
	}
}

// crowdOfClosings fills a file with closings of a year, one in four of a
// conversation that is closed again, by SQL.
func crowdOfClosings(tb testing.TB, db *sql.DB, closings int) {
	tb.Helper()
	const fill = `
WITH RECURSIVE numbers (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ?2),
drawn AS (SELECT i, i * 7919 % 1000003 AS x, i * 104729 % 1000003 AS y, i * 15485863 % 1000003 AS z FROM numbers)
INSERT INTO adjourn_closings (
    workspace, at, conversation, number, outcome, reason, cause, side, agent, grp, sentiment, grade, tags, articles,
    first_response, handling, net_handling, resolution, in_bot, in_waiting, in_snoozed,
    snoozes, reopened, prompts, follow_ups, surveyed, rating)
SELECT 'acme', ?3 + i * (31536000000000 / ?4), printf('conversation-%08d', i % (?4 * 3 / 4)), 1 + i / (?4 * 3 / 4),
    iif(x % 5 = 0, 'unresolved', 'resolved'), iif(x % 10 = 0, 'missing_knowledge', ''), iif(x % 3 = 0, 'bot', 'agent'),
    iif(x % 3 = 0, 'bot', 'team'), iif(x % 3 = 0, '', 'agent-' || (y % 200)), iif(x % 3 = 0, '', 'group-' || (z % 10)),
    iif(z % 2 = 0, 'positive', ''), iif(x % 3 = 0, '', iif(y % 2 = 0, 'confirmed', 'abrupt')),
    CASE z % 3 WHEN 0 THEN '' WHEN 1 THEN json_array('tag-' || (y % 40)) ELSE json_array('tag-' || (y % 40), 'tag-' || (40 + x % 40)) END,
    iif(y % 4 = 0, json_array('article-' || (z % 500)), ''),
    iif(x % 3 = 0, NULL, x), iif(x % 3 = 0, 0, y), iif(x % 3 = 0, 0, y * 9 / 10), x + y + z, z, x / 2, 0,
    0, i < ?4 / 4, x % 2, 0, z % 2, iif(z % 8 = 0, 1 + x % 5, NULL)
FROM drawn`
	const portion = 100_000
	for from := 0; from < closings; from += portion {
		if _, err := db.Exec(fill, from, min(from+portion, closings), noon.UnixMicro(), closings); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestSQLiteCrowdOfClosings lists and counts many closings and logs what that
// takes. ADJOURN_MILLION=1 has a million of them; otherwise the times mean little.
func TestSQLiteCrowdOfClosings(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	closings := 5_000
	if os.Getenv("ADJOURN_MILLION") != "" {
		closings = 1_000_000
	}
	file := migratedFile(t)
	start := time.Now()
	crowdOfClosings(t, sqliteDrivers[1].open(t, file, "?_synchronous=OFF&_cache_size=-1000000"), closings)
	stat, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("views: %d closings, %d MB, filled in %.0f s", closings, stat.Size()>>20, time.Since(start).Seconds())
	year := closure.Filter{From: noon, To: noon.AddDate(1, 0, 0)}
	byDay := closure.Breakdown{
		By:   []closure.Dimension{closure.ByDay, closure.BySide, closure.ByOutcome},
		Days: closure.Days(year.From, year.To, time.UTC),
	}
	last := year
	last.Last = true
	month := closure.Filter{From: noon.AddDate(0, 6, 0), To: noon.AddDate(0, 7, 0)}
	for _, d := range sqliteDrivers {
		db, w := d.watched(t, file, "")
		s := sqliteStore(t, db, nil)
		if err := s.CheckSchema(t.Context()); err != nil { // as the first call does otherwise
			t.Fatal(err)
		}
		c := crowded{t, db, w, s, new(int)}
		for _, v := range []struct {
			name   string
			filter closure.Filter
		}{
			{"all", closure.Filter{}},
			{"of an agent", closure.Filter{Agent: "agent-7"}},
			{"of a tag", closure.Filter{Tag: "tag-7"}},
			{"of an article, last, unresolved", closure.Filter{Article: "article-7", Last: true, Outcome: closure.Unresolved}},
			{"of a conversation", closure.Filter{Conversation: "conversation-00000007"}},
			{"nobody's", closure.Filter{Agent: "nobody"}},
		} {
			q := storage.ClosingQuery{Workspace: "acme", Filter: v.filter, Newest: true}
			c.measure(d.name+": closings "+v.name, "", func() (int, error) {
				found, err := s.Closings(t.Context(), q, 50)
				return len(found), err
			})
		}
		for _, report := range []struct {
			name   string
			filter closure.Filter
			b      closure.Breakdown
			groups int // at least
		}{
			{"all together", year, closure.Breakdown{}, 1},
			{"by side and outcome", year, closure.Breakdown{By: []closure.Dimension{closure.BySide, closure.ByOutcome}}, 4},
			{"of a month by side and outcome", month, closure.Breakdown{By: []closure.Dimension{closure.BySide, closure.ByOutcome}}, 4},
			{"by agent", year, closure.Breakdown{By: []closure.Dimension{closure.ByAgent}}, 201},
			{"by tag", year, closure.Breakdown{By: []closure.Dimension{closure.ByTag}}, 81},
			{"by day, side and outcome", year, byDay, 366 * 3},
			{"by article and outcome, of the last closings", last, closure.Breakdown{By: []closure.Dimension{closure.ByArticle, closure.ByOutcome}}, 300},
		} {
			q := storage.ClosingQuery{Workspace: "acme", Filter: report.filter}
			c.report(d.name+": report "+report.name, report.groups, func() (int, error) {
				groups, err := s.Tally(t.Context(), q, report.b)
				return len(groups), err
			})
		}
		c.report(d.name+": spreads of handling by agent", 201, func() (int, error) {
			spreads, err := s.Spreads(t.Context(), storage.ClosingQuery{Workspace: "acme", Filter: year},
				closure.Breakdown{By: []closure.Dimension{closure.ByAgent}}, closure.Handling, []int{50, 90, 95})
			return len(spreads), err
		})
		c.commitsMeanwhile(d.name, storage.ClosingQuery{Workspace: "acme"})
		c.figure("closings with " + d.name)
	}
}

// report logs how long a report takes, which has so many groups or more.
func (c crowded) report(name string, least int, read func() (int, error)) {
	c.t.Helper()
	start := time.Now()
	n, err := read()
	took := time.Since(start)
	if err != nil || n < least {
		c.t.Errorf("%s: %d groups, %v, want %d", name, n, err, least)
	}
	c.t.Logf("views: %s: %d groups in %.2f s", name, n, took.Seconds())
}

// commitsMeanwhile logs what commits take while reports are made, one after
// another.
func (c crowded) commitsMeanwhile(name string, q storage.ClosingQuery) {
	c.t.Helper()
	const commits = 100
	ctx, cancel := context.WithCancel(c.t.Context())
	reports := make(chan bool) // one is going to be made
	go func() {
		defer close(reports)
		for ctx.Err() == nil {
			reports <- true
			if _, err := c.s.Tally(ctx, q, closure.Breakdown{By: []closure.Dimension{closure.ByAgent}}); err != nil && ctx.Err() == nil {
				c.t.Error(err)
			}
		}
	}()
	<-reports
	var sum, slowest time.Duration
	for i := range int64(commits) {
		in := sized(0, i)
		in.Key.Conversation = name
		in.Closings = nil
		start := time.Now()
		if err := c.s.Commit(c.t.Context(), in); err != nil {
			c.t.Fatal(err)
		}
		took := time.Since(start)
		sum, slowest = sum+took, max(slowest, took)
		select {
		case <-reports: // goes on with the next
		default:
		}
	}
	cancel()
	for range reports { // until the last has ended
	}
	c.t.Logf("views: %s: commit while a report is made: %.2f ms, at most %.2f ms",
		name, float64(sum.Microseconds())/1000/commits, float64(slowest.Microseconds())/1000)
}
