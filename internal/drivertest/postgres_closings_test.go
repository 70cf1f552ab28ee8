package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// pgClosed is c with closings of some numbers.
func pgClosed(c storage.Commit, numbers ...int) storage.Commit {
	for _, number := range numbers {
		r := closure.Record{
			Conversation: c.Key.Conversation, Number: number, At: pgNoon.Add(time.Duration(number) * time.Minute),
			Outcome: closure.Resolved, Cause: "agent", Side: closure.SideTeam, Agent: "zoe",
			Tags: []string{"blue"}, Articles: []string{"kb-1", "kb-2"},
		}
		for f := range r.Figures {
			r.Figures[f] = int64(number*100 + f)
		}
		r.Figures[closure.Rating] = closure.None
		c.Closings = append(c.Closings, r)
	}
	return c
}

// TestPostgresClosingsAtOnce: commits that share a transaction put their closings,
// and those that lose a race put none.
func TestPostgresClosingsAtOnce(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, db *sql.DB) {
		const conversations = 40
		s := migratedPostgres(t, db, nil)
		var mu sync.Mutex // guards want
		var want []closure.Record
		var done sync.WaitGroup
		for i := range conversations {
			for rival := range 2 {
				done.Go(func() {
					c := pgClosed(pgChange(pgKey(fmt.Sprintf("c%02d", i)), 0, 1, fmt.Sprint(rival)), 2, 1)
					c.Closings[0].Agent, c.Closings[1].Agent = fmt.Sprint(rival), fmt.Sprint(rival)
					switch err := s.Commit(t.Context(), c); {
					case err == nil:
						mu.Lock()
						defer mu.Unlock()
						want = append(want, c.Closings...)
					case !errors.Is(err, storage.ErrConflict):
						t.Error(err)
					}
				})
			}
		}
		done.Wait()
		got, err := s.Closings(t.Context(), storage.ClosingQuery{Workspace: "acme"}, 10*conversations)
		mustPg(t, err)
		byPlace := cmp.Transformer("sorted", func(list []closure.Record) map[closure.Place]closure.Record {
			of := map[closure.Place]closure.Record{}
			for _, r := range list {
				of[r.Place()] = r
			}
			return of
		})
		if diff := cmp.Diff(want, got, byPlace); diff != "" || len(got) != 2*conversations {
			t.Errorf("%d closings (-want +got):\n%s", len(got), diff)
		}
	})
}

// TestPostgresReportsTakeTheirTime: only the caller's context ends a report.
func TestPostgresReportsTakeTheirTime(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, db *sql.DB) {
		ctx, q := t.Context(), storage.ClosingQuery{Workspace: "acme"}
		s := migratedPostgres(t, db, &postgres.Options{Timeout: time.Second})
		mustPg(t, s.Commit(ctx, pgClosed(pgChange(pgKey("a"), 0, 1, ""), 1)))
		ask := map[string]func(context.Context) error{
			"Tally": func(ctx context.Context) error {
				groups, err := s.Tally(ctx, q, closure.Breakdown{})
				if err == nil && len(groups) != 1 {
					err = fmt.Errorf("%d groups", len(groups))
				}
				return err
			},
			"Spreads": func(ctx context.Context) error {
				spreads, err := s.Spreads(ctx, q, closure.Breakdown{}, closure.Handling, []int{50})
				if err == nil && len(spreads) != 1 {
					err = fmt.Errorf("%d spreads", len(spreads))
				}
				return err
			},
			"Tally that is given up": func(ctx context.Context) error {
				ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
				defer cancel()
				if _, err := s.Tally(ctx, q, closure.Breakdown{}); !errors.Is(err, context.DeadlineExceeded) {
					return fmt.Errorf("it returned %w", err)
				}
				return nil
			},
			"Closings, which have a limit": func(ctx context.Context) error {
				if _, err := s.Closings(ctx, q, 10); !errors.Is(err, context.DeadlineExceeded) {
					return fmt.Errorf("they returned %w", err)
				}
				return nil
			},
		}
		held, err := db.BeginTx(ctx, nil)
		mustPg(t, err)
		defer func() { _ = held.Rollback() }()
		_, err = held.ExecContext(ctx, `LOCK TABLE adjourn.closings IN ACCESS EXCLUSIVE MODE`)
		mustPg(t, err)
		var done sync.WaitGroup
		for name, call := range ask {
			done.Go(func() {
				if err := call(ctx); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		_, err = held.ExecContext(ctx, `SELECT pg_sleep(2)`)
		mustPg(t, err)
		mustPg(t, held.Commit())
		done.Wait()
	})
}

// openBigArchive is a desk with many closings in a year: a fifth of them second
// ones, and a tenth of another workspace.
func openBigArchive(t *testing.T) *bigDesk {
	d := &bigDesk{T: t, n: 20_000}
	if os.Getenv(million) != "" {
		d.n = 1_000_000
	}
	d.r, d.db, d.explain = recorded(t)
	d.s = migratedPostgres(t, d.db, &postgres.Options{Timeout: 10 * time.Minute})
	start := time.Now()
	execPg(t, d.explain, `
		INSERT INTO adjourn.closings (workspace, conversation, number, at,
			outcome, reason, cause, side, agent, grp, sentiment, grade, tags, articles,
			first_response, handling, net_handling, resolution, in_bot, in_waiting, in_snoozed,
			snoozes, reopened, prompts, follow_ups, surveyed, rating)
		SELECT w.workspace, md5((i / 5 * 4 + least(i % 5, 3))::text), 1 + i % 5 / 4, 1735689600000000 + i * (31536000000000 / $1),
			CASE WHEN hash % 10 < 7 THEN 'resolved' WHEN hash % 10 < 9 THEN 'unresolved' ELSE '' END,
			CASE WHEN hash % 10 IN (7, 8) THEN 'r' || hash % 5 ELSE '' END, 'agent', CASE WHEN hash % 3 = 0 THEN 'bot' ELSE 'team' END,
			CASE WHEN hash % 3 > 0 THEN 'a' || hash % 50 ELSE '' END, 'g' || hash % 9, CASE WHEN hash % 4 > 0 THEN 's' || hash % 3 ELSE '' END,
			CASE WHEN hash % 3 > 0 THEN (ARRAY['confirmed', 'checked_in', 'abrupt'])[1 + hash % 7 % 3] ELSE '' END,
			CASE hash % 4 WHEN 0 THEN '[]' WHEN 1 THEN json_build_array('t' || hash % 30, 'u' || hash % 7) ELSE json_build_array('t' || hash % 30) END,
			CASE WHEN hash % 5 = 0 THEN json_build_array('kb-' || hash % 200) ELSE '[]' END,
			CASE WHEN hash % 3 > 0 THEN hash % 600011 END, hash % 7200007, hash % 7000003, hash % 86400017, hash % 1009, hash % 90001, 0,
			hash % 2, CASE WHEN i % 5 = 3 THEN 1 ELSE 0 END, hash % 3, 0, hash % 2, CASE WHEN hash % 8 = 0 THEN 1 + hash % 5 END
		FROM (SELECT i, hashint8(i)::bigint + 2147483648 AS hash FROM generate_series(0, $1::bigint - 1) i) numbers
		JOIN (VALUES ('acme', 1), ('other', 10)) w (workspace, every) ON i % w.every = 0`, d.n)
	execPg(t, d.explain, `VACUUM ANALYZE`)
	t.Logf("views: %d closings, filled in %v, %s", d.n, time.Since(start).Round(time.Second),
		pgText(t, d.explain, `
			SELECT 'table ' || pg_size_pretty(pg_table_size('adjourn.closings'))
				|| ', its indexes ' || pg_size_pretty(pg_indexes_size('adjourn.closings'))`))
	return d
}

// TestPostgresViewsOfClosings: a page of closings comes from the index, in its
// order, and what is counted in SQL is what package closure counts. With
// ADJOURN_MILLION it tells times.
func TestPostgresViewsOfClosings(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	d := openBigArchive(t)
	d.pagesOfClosings()
	d.reports()
	d.spreads()
	d.figure("closings")
}

func (d *bigDesk) pagesOfClosings() {
	begin := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name string
		f    closure.Filter
	}{
		{"all", closure.Filter{}},
		{"a year", closure.Filter{From: begin, To: begin.AddDate(1, 0, 0)}},
		{"a week", closure.Filter{From: begin.AddDate(0, 6, 0), To: begin.AddDate(0, 6, 7)}},
		{"outcome", closure.Filter{Outcome: closure.Unresolved}},
		{"side", closure.Filter{Side: closure.SideBot}},
		{"agent", closure.Filter{Agent: "a7"}},
		{"group", closure.Filter{Group: "g7"}},
		{"sentiment", closure.Filter{Sentiment: "s1"}},
		{"grades", closure.Filter{Grades: []closure.Grade{closure.CheckedIn, closure.Abrupt}}},
		{"tag", closure.Filter{Tag: "t7"}},
		{"article", closure.Filter{Article: "kb-5"}},
		{"last", closure.Filter{Last: true}},
		{"last of a year", closure.Filter{From: begin, To: begin.AddDate(1, 0, 0), Last: true}},
	} {
		q := storage.ClosingQuery{Workspace: "acme", Filter: test.f}
		for _, newest := range []bool{false, true} {
			q.Newest, q.After = newest, closure.Place{}
			d.closings(test.name, q)
			q.After = d.closingInTheMiddle()
			d.closings(test.name+", deep", q)
		}
	}
	one := storage.ClosingQuery{Workspace: "acme", Filter: closure.Filter{Conversation: d.closingInTheMiddle().Conversation}}
	d.counted("closings of a conversation", func(ctx context.Context) (int, error) {
		closings, err := d.s.Closings(ctx, one, 50)
		return len(closings), err
	}, "closings_pkey", false)
	control := `SELECT * FROM adjourn.closings WHERE workspace = 'acme' ORDER BY resolution LIMIT 50`
	if plan := pgPlan(d.T, d.explain, control); !wholeTable.MatchString(plan) || !sorts.MatchString(plan) {
		d.Errorf("the positive control does not read the whole table and sort it:\n%s", plan)
	}
}

func (d *bigDesk) closingInTheMiddle() (p closure.Place) {
	d.Helper()
	var micros int64
	mustPg(d, d.explain.QueryRow(`
		SELECT at, conversation, number FROM adjourn.closings WHERE workspace = 'acme' ORDER BY at, conversation, number
		OFFSET (SELECT count(*) / 2 FROM adjourn.closings WHERE workspace = 'acme') LIMIT 1`).Scan(&micros, &p.Conversation, &p.Number))
	p.At = time.UnixMicro(micros).UTC()
	return p
}

func (d *bigDesk) closings(name string, q storage.ClosingQuery) {
	d.Helper()
	if q.Newest {
		name += ", newest"
	}
	const index = "closings_at"
	statement := d.counted("view of closings by "+name, func(ctx context.Context) (int, error) {
		closings, err := d.s.Closings(ctx, q, 50)
		if len(closings) == 0 && err == nil {
			err = fmt.Errorf("%+v shows nothing", q)
		}
		return len(closings), err
	}, index, false)
	// A driver that prepares statements has them planned once for all values.
	if plan := pgGenericPlan(d.T, d.explain, statement); !strings.Contains(plan, index) || sorts.MatchString(plan) || wholeTable.MatchString(plan) {
		d.Errorf("view of closings by %s does not come from %s in order when it is prepared:\n%s", name, index, plan)
	}
}

// aYear is 2025 in Berlin, and its days.
func (d *bigDesk) aYear() (closure.Filter, []time.Time) {
	d.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	mustPg(d, err)
	from := time.Date(2025, time.January, 1, 0, 0, 0, 0, berlin)
	f := closure.Filter{From: from, To: from.AddDate(1, 0, 0)}
	return f, closure.Days(f.From, f.To, berlin)
}

func (d *bigDesk) reports() {
	year, days := d.aYear()
	month := closure.Filter{From: year.From.AddDate(0, 5, 0), To: year.From.AddDate(0, 6, 0)}
	last := func(f closure.Filter) closure.Filter {
		f.Last = true
		return f
	}
	by := func(dimensions ...closure.Dimension) closure.Breakdown {
		return closure.Breakdown{By: append(dimensions, closure.BySide, closure.ByOutcome), Days: days}
	}
	articles := closure.Breakdown{By: []closure.Dimension{closure.ByArticle, closure.ByOutcome}}
	for _, test := range []struct {
		name string
		f    closure.Filter
		b    closure.Breakdown
	}{
		{"side and outcome", year, by()},
		{"side and outcome, a month", month, by()},
		{"agent", year, by(closure.ByAgent)},
		{"tag", year, by(closure.ByTag)},
		{"day", year, by(closure.ByDay)},
		{"day and agent, a month", month, by(closure.ByDay, closure.ByAgent)},
		{"last article", last(year), articles},
		{"last article, a month", last(month), articles},
	} {
		q := storage.ClosingQuery{Workspace: "acme", Filter: test.f}
		var got []closure.Group
		d.counted("report by "+test.name, func(ctx context.Context) (n int, err error) {
			got, err = d.s.Tally(ctx, q, test.b)
			return len(got), err
		}, "", true)
		if d.n >= 1_000_000 { // then the rest would take minutes
			continue
		}
		if diff := cmp.Diff(closure.Tally(d.allClosings(q), test.b), got); diff != "" || len(got) < 4 {
			d.Errorf("report by %s, of %d groups (-want +got):\n%s", test.name, len(got), diff)
		}
	}
}

func (d *bigDesk) spreads() {
	year, days := d.aYear()
	q := storage.ClosingQuery{Workspace: "acme", Filter: year}
	percentages := []int{50, 7, 90, 99, 100, 1}
	for _, test := range []struct {
		name string
		b    closure.Breakdown
	}{
		{"handling", closure.Breakdown{}},
		{"handling by agent", closure.Breakdown{By: []closure.Dimension{closure.ByAgent}}},
		{"handling by tag and day", closure.Breakdown{By: []closure.Dimension{closure.ByTag, closure.ByDay}, Days: days}},
	} {
		var got []closure.Spread
		d.counted("spread of "+test.name, func(ctx context.Context) (n int, err error) {
			got, err = d.s.Spreads(ctx, q, test.b, closure.Handling, percentages)
			return len(got), err
		}, "", true)
		if d.n >= 1_000_000 {
			continue
		}
		if diff := cmp.Diff(closure.Spreads(d.allClosings(q), test.b, closure.Handling, percentages), got); diff != "" || len(got) == 0 {
			d.Errorf("spread of %s, of %d groups (-want +got):\n%s", test.name, len(got), diff)
		}
	}
}

// allClosings are those that a query selects, page by page.
func (d *bigDesk) allClosings(q storage.ClosingQuery) iter.Seq[closure.Record] {
	return func(yield func(closure.Record) bool) {
		for {
			page, err := d.s.Closings(d.Context(), q, 5000)
			mustPg(d, err)
			for _, r := range page {
				if !yield(r) {
					return
				}
			}
			if len(page) == 0 {
				return
			}
			q.After = page[len(page)-1].Place()
		}
	}
}
