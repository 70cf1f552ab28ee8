package drivertest_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	pgxdriver "github.com/jackc/pgx/v5"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// million is set to look at the views of a million conversations, not of fewer.
const million = "ADJOURN_MILLION"

// A bigDesk is a workspace with many conversations, nine of ten of them closed,
// and of the others as many as people work on.
type bigDesk struct {
	*testing.T
	r           *recorder
	db, explain *sql.DB
	s           *postgres.Store
	n           int
	asked       int // how many reads were looked at
}

// figure takes down that none of the reads looked at everything.
func (d *bigDesk) figure(of string) {
	d.Helper()
	proof.Count(d, proof.Figure{
		Suite: "lists", Tried: int64(d.asked), Trials: "reads of " + of + " in Postgres", Breaks: "looked at everything", Every: true,
	})
}

func openBigDesk(t *testing.T) *bigDesk {
	d := &bigDesk{T: t, n: 30_000}
	if os.Getenv(million) != "" {
		d.n = 1_000_000
	}
	d.r, d.db, d.explain = recorded(t)
	d.s = migratedPostgres(t, d.db, &postgres.Options{Timeout: 10 * time.Minute})
	start := time.Now()
	// Consecutive numbers must not be close in every column: they are not in life.
	execPg(t, d.explain, `
		INSERT INTO adjourn.conversations (workspace, conversation, version, body, policy_revision, last_commit,
			dormant_since, visitor, state, agent, grp, outcome, tags, since, updated, seat)
		SELECT 'acme', md5(i::text), 1, convert_to(repeat('body', 100), 'UTF8'), 1, i,
			CASE WHEN closed THEN at END, 'v' || i % ($1 / 30), CASE WHEN closed THEN 'closed' WHEN i % 20 = 0 THEN 'queued' ELSE 'assigned' END,
			CASE WHEN closed OR i % 20 > 0 THEN 'a' || hash % 50 ELSE '' END, CASE WHEN hash % 9 > 0 THEN 'g' || hash % 9 ELSE '' END,
			CASE WHEN closed THEN 'o' || hash % 4 ELSE '' END,
			CASE WHEN hash % 3 = 0 THEN '[]' ELSE json_build_array('t' || hash % 30) END,
			at, at + hash % 1000000007, CASE WHEN NOT closed AND i % 20 > 0 THEN 'a' || hash % 50 ELSE '' END
		FROM (
			SELECT i, i % 10 > 0 AS closed, hashint8(i)::bigint + 2147483648 AS hash, 1700000000000000 + i * 30000000 AS at
			FROM generate_series(1::bigint, $1::bigint) i) numbers`, d.n)
	execPg(t, d.explain, `
		INSERT INTO adjourn.tags
		SELECT workspace, conversation, tags->>0, state, since FROM adjourn.conversations WHERE json_array_length(tags) > 0`)
	execPg(t, d.explain, `
		INSERT INTO adjourn.records (workspace, kind, id, version, body, text, groups, available, capacity)
		SELECT 'acme', 'agent', 'a' || i, 1, '', '', '[]', true, $1::bigint FROM generate_series(0, 49) i`, d.n)
	execPg(t, d.explain, `VACUUM ANALYZE`)
	t.Logf("views: %d conversations, filled in %v, %s", d.n, time.Since(start).Round(time.Second),
		pgText(t, d.explain, `
			SELECT 'table ' || pg_size_pretty(pg_table_size('adjourn.conversations'))
				|| ', its indexes ' || pg_size_pretty(pg_indexes_size('adjourn.conversations'))
				|| ', tags ' || pg_size_pretty(pg_total_relation_size('adjourn.tags'))`))
	return d
}

func pgText(tb testing.TB, db *sql.DB, query string, args ...any) (got string) {
	tb.Helper()
	mustPg(tb, db.QueryRow(query, args...).Scan(&got))
	return got
}

// TestPostgresViews: every view with an index of its own comes from that, in its
// order, and none reads the whole table. With ADJOURN_MILLION it tells times.
func TestPostgresViews(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	d := openBigDesk(t)
	defer d.figure("conversations")
	plan := pgPlan(t, d.explain, `SELECT * FROM adjourn.conversations WHERE updated + 0 > 1`)
	proof.Planted(t, "lists", "a statement in Postgres that no index serves", wholeTable.MatchString(plan))
	closed, queued := storage.Query{State: "closed"}, storage.Query{State: "queued"}
	visitor := pgText(t, d.explain, `SELECT visitor FROM adjourn.conversations WHERE visitor <> '' GROUP BY visitor HAVING count(*) FILTER (WHERE state = 'closed') > 5 ORDER BY visitor LIMIT 1`)
	for _, test := range []struct {
		name  string
		q     storage.Query
		with  func(*storage.Query)
		index string // that has it in order; empty: any will do, and a sort
	}{
		{"state", closed, func(*storage.Query) {}, "conversations_in_state"},
		{"state of few", queued, func(*storage.Query) {}, "conversations_in_state"},
		{"agent", closed, func(q *storage.Query) { q.Agent = "a7" }, "conversations_of_agent"},
		{"group", closed, func(q *storage.Query) { q.Group = "g7" }, "conversations_of_group"},
		{"ungrouped", closed, func(q *storage.Query) { q.Ungrouped = true }, "conversations_of_group"},
		{"visitor", closed, func(q *storage.Query) { q.Visitor = visitor }, "conversations_of_visitor"},
		{"outcome", closed, func(q *storage.Query) { q.Outcome = "o2" }, "conversations_with_outcome"},
		{"tag", closed, func(q *storage.Query) { q.Tag = "t7" }, "tags_view"},
		{"updated", closed, func(q *storage.Query) { q.Order = storage.ByUpdated }, "conversations_updated"},
		{"between", closed, func(q *storage.Query) {
			q.From, q.To = time.UnixMicro(1_700_000_100_000_000), time.UnixMicro(1_700_000_000_000_000+int64(d.n)*29_000_000)
		}, "conversations_in_state"},
		{"agent, updated", closed, func(q *storage.Query) { q.Agent, q.Order = "a7", storage.ByUpdated }, ""},
		{"agent and tag", closed, func(q *storage.Query) { q.Agent, q.Tag = "a7", "t7" }, ""},
		{"group and tag", closed, func(q *storage.Query) { q.Group, q.Tag = "g7", "t7" }, ""},
		{"tag, updated", closed, func(q *storage.Query) { q.Tag, q.Order = "t7", storage.ByUpdated }, ""},
	} {
		q := test.q
		test.with(&q)
		q.Workspace = "acme"
		for _, newest := range []bool{false, true} {
			q.Newest, q.After = newest, storage.Place{}
			d.view(test.name, q, test.index)
			q.After = d.deep(q)
			d.view(test.name+", deep", q, test.index)
		}
		q.Newest, q.After = true, storage.Place{}
		d.count(test.name, q)
		q.After = d.deep(q)
		d.count(test.name+", behind a place", q)
	}
	d.counted("agents with their seats", func(ctx context.Context) (int, error) {
		records, err := d.s.List(ctx, storage.RecordQuery{Workspace: "acme", Kind: storage.KindAgent, Free: true}, "", 50)
		return len(records), err
	}, "conversations_in_seat", true)
}

// deep is the place in the middle of a view.
func (d *bigDesk) deep(q storage.Query) storage.Place {
	d.Helper()
	at := "since"
	if q.Order == storage.ByUpdated {
		at = "updated"
	}
	conditions := []string{"true"}
	for column, value := range map[string]string{"agent": q.Agent, "grp": q.Group, "visitor": q.Visitor, "outcome": q.Outcome, "tags->>0": q.Tag} {
		if value != "" {
			conditions = append(conditions, fmt.Sprintf("%s = '%s'", column, value))
		}
	}
	if q.Ungrouped {
		conditions = append(conditions, "grp = ''")
	}
	var micros int64
	var p storage.Place
	mustPg(d, d.explain.QueryRow(fmt.Sprintf(`
		SELECT %[1]s, conversation FROM adjourn.conversations WHERE state = '%[2]s' AND %[3]s ORDER BY %[1]s, conversation
		OFFSET (SELECT count(*) / 2 FROM adjourn.conversations WHERE state = '%[2]s' AND %[3]s) LIMIT 1`,
		at, q.State, strings.Join(conditions, " AND "))).Scan(&micros, &p.Conversation))
	p.At = time.UnixMicro(micros)
	return p
}

func (d *bigDesk) view(name string, q storage.Query, index string) {
	d.Helper()
	if q.Newest {
		name += ", newest"
	}
	const page = 50
	statement := d.counted("view by "+name, func(ctx context.Context) (int, error) {
		rows, err := d.s.View(ctx, q, page)
		if len(rows) == 0 && err == nil {
			err = fmt.Errorf("%+v shows nothing", q)
		}
		return len(rows), err
	}, index, false)
	if index == "" {
		return
	}
	// A driver that prepares statements has them planned once for all values.
	if plan := pgGenericPlan(d.T, d.explain, statement); !strings.Contains(plan, index) || sorts.MatchString(plan) {
		d.Errorf("view by %s does not come from %s in order when it is prepared:\n%s", name, index, plan)
	}
}

func (d *bigDesk) count(name string, q storage.Query) {
	d.Helper()
	d.counted("count by "+name, func(ctx context.Context) (int, error) { return d.s.Count(ctx, q) }, "", q.State == "closed")
}

var (
	sorts     = regexp.MustCompile(`\bSort\b`)
	usedIndex = regexp.MustCompile(`(?:using|on) ([a-z]+_[a-z_]+)`)
)

// counted makes a call, some times, and looks at the plan of its statement. What
// is about most of the table may read all of it.
func (d *bigDesk) counted(name string, call func(context.Context) (int, error), index string, mostOfIt bool) pgxdriver.TraceQueryStartData {
	d.Helper()
	var times []time.Duration
	d.asked++
	d.r.take()
	rows := 0
	for range 5 {
		start := time.Now()
		n, err := call(d.Context())
		times = append(times, time.Since(start))
		if err != nil {
			d.Fatalf("%s: %v", name, err)
		}
		rows = n
	}
	slices.Sort(times)
	statements := d.r.take()
	statement := statements[len(statements)-1] // the first is on the version of the tables
	plan := pgPlan(d.T, d.explain, statement.SQL, statement.Args...)
	switch {
	case wholeTable.MatchString(plan) && !mostOfIt:
		d.Errorf("%s reads a whole table:\n%s", name, plan)
	case index != "" && !strings.Contains(plan, index):
		d.Errorf("%s does not use %s:\n%s", name, index, plan)
	case index != "" && strings.HasPrefix(name, "view") && sorts.MatchString(plan):
		d.Errorf("%s sorts:\n%s", name, plan)
	}
	var used []string
	for _, match := range usedIndex.FindAllStringSubmatch(plan, -1) {
		used = append(used, match[1])
	}
	if sorts.MatchString(plan) {
		used = append(used, "sort")
	}
	if d.n >= 1_000_000 {
		d.Logf("views: %-42s %7d rows or conversations, %v at the median, %v at the worst, from %s",
			name, rows, times[len(times)/2].Round(10*time.Microsecond), times[len(times)-1].Round(10*time.Microsecond), strings.Join(used, ", "))
	}
	return statement
}

// pgGenericPlan is the plan for whatever values.
func pgGenericPlan(t *testing.T, db *sql.DB, statement pgxdriver.TraceQueryStartData) string {
	t.Helper()
	conn, err := db.Conn(t.Context())
	mustPg(t, err)
	defer conn.Close()
	var values []string
	for _, arg := range statement.Args {
		switch arg.(type) {
		case string, int64, int: // the driver has put others there, for itself
			values = append(values, "'"+strings.ReplaceAll(fmt.Sprint(arg), "'", "''")+"'")
		}
	}
	for _, text := range []string{`SET plan_cache_mode = force_generic_plan`, `PREPARE looked AS ` + statement.SQL} {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	defer func() {
		_, err := conn.ExecContext(context.WithoutCancel(t.Context()), `DEALLOCATE looked; RESET plan_cache_mode`, pgxdriver.QueryExecModeSimpleProtocol)
		mustPg(t, err)
	}()
	rows, err := conn.QueryContext(t.Context(), `EXPLAIN EXECUTE looked (`+strings.Join(values, ", ")+`)`)
	mustPg(t, err)
	lines, err := pgLines(rows)
	mustPg(t, err)
	return lines
}
