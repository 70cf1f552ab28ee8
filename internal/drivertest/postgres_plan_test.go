package drivertest_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pgxdriver "github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// A recorder is a tracer that keeps the statements.
type recorder struct {
	address    string     // of the database
	mu         sync.Mutex // guards the field below
	statements []pgxdriver.TraceQueryStartData
}

// TraceQueryStart implements pgx.QueryTracer.
func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgxdriver.Conn, data pgxdriver.TraceQueryStartData) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statements = append(r.statements, data)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (r *recorder) TraceQueryEnd(context.Context, *pgxdriver.Conn, pgxdriver.TraceQueryEndData) {}

// take returns the statements on tables since it was last called.
func (r *recorder) take() []pgxdriver.TraceQueryStartData {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []pgxdriver.TraceQueryStartData
	for _, s := range r.statements {
		if strings.Contains(s.SQL, `"adjourn".`) {
			all = append(all, s)
		}
	}
	r.statements = nil
	return all
}

// recorded is a database whose statements are kept, and the same one without.
func recorded(t *testing.T) (r *recorder, db, explain *sql.DB) {
	t.Helper()
	address := pgtest.Shared(t).NewDatabase(t)
	config, err := pgxdriver.ParseConfig(address)
	mustPg(t, err)
	r = &recorder{address: address}
	config.Tracer = r
	config.DefaultQueryExecMode = pgxdriver.QueryExecModeExec
	db = stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	return r, db, pgxExec.open(t, address)
}

// manyConversations is a store with 100,000 conversations of 500 workspaces, a
// tenth of them closed, all events of which are in the feed.
func manyConversations(tb testing.TB, db *sql.DB, o *postgres.Options) *postgres.Store {
	tb.Helper()
	s := migratedPostgres(tb, db, o)
	for _, statement := range []string{
		`INSERT INTO adjourn.conversations (workspace, conversation, version, body, dormant_since, due, policy_revision, last_commit, failures,
			visitor, state, agent, grp, outcome, tags, since, updated, seat)
		SELECT 'w' || i % 500, 'c' || i, 1, 'body', CASE WHEN i % 10 = 0 THEN i END, CASE WHEN i % 10 > 0 THEN i END, 1, i,
			CASE WHEN i % 1000 = 1 THEN 1 ELSE 0 END,
			'v' || i / 1000, CASE WHEN i % 10 = 0 THEN 'closed' ELSE 'active' END, 'a' || i % 40, CASE WHEN i % 3 > 0 THEN 'g' || i % 3 ELSE '' END,
			CASE WHEN i % 10 = 0 THEN 'won' ELSE '' END, '["red"]', i, 2 * i, CASE WHEN i % 10 > 0 THEN 'a' || i % 40 ELSE '' END
		FROM generate_series(1, 100000) i`,
		`INSERT INTO adjourn.tags SELECT workspace, conversation, 'red', state, since FROM adjourn.conversations`,
		`INSERT INTO adjourn.closings (workspace, conversation, number, at, outcome, reason, cause, side, agent, grp, sentiment, grade, tags, articles)
		SELECT workspace, conversation, 1, since, outcome, '', 'agent', 'team', agent, grp, '', '', tags, '[]' FROM adjourn.conversations`,
		`INSERT INTO adjourn.records (workspace, kind, id, version, body, text, due, groups, available, capacity)
		SELECT 'w' || i % 500, 'agent', 'a' || i / 500, 1, '', '', CASE WHEN i % 10 = 0 THEN i END, '["g0"]', i % 2 = 0, 100
		FROM generate_series(0, 19999) i`,
		`INSERT INTO adjourn.memberships SELECT workspace, 'g0', id FROM adjourn.records`,
		`INSERT INTO adjourn.events SELECT workspace, conversation, 1, 'body', true FROM adjourn.conversations`,
		`INSERT INTO adjourn.texts SELECT workspace, conversation, 1, 'text' FROM adjourn.conversations`,
		`INSERT INTO adjourn.commands SELECT workspace, conversation, 'open', '', 0, 1 FROM adjourn.conversations`,
		`INSERT INTO adjourn.feed SELECT last_commit, last_commit, workspace, conversation, 0, 1 FROM adjourn.conversations ORDER BY last_commit`,
		`SELECT setval('adjourn.commit_ids', 100000)`,
		`INSERT INTO adjourn.policies SELECT 'w' || i, CASE i WHEN 7 THEN 2 ELSE 1 END, '' FROM generate_series(0, 499) i`,
		`ANALYZE`,
	} {
		execPg(tb, db, statement)
	}
	return s
}

var wholeTable = regexp.MustCompile(`Seq Scan on (conversations|tags|closings|events|texts|commands|feed|records|memberships)\b`)

// TestPostgresPlans: no call reads a whole table that grows, with a plan for its
// values or with one for any, as drivers get that prepare their statements.
func TestPostgresPlans(t *testing.T) {
	t.Parallel()
	r, db, explain := recorded(t)
	generic := pgxSimple.open(t, r.address) // it puts the values into the text
	generic.SetMaxOpenConns(1)
	execPg(t, generic, `SET plan_cache_mode = force_generic_plan`)
	s := manyConversations(t, db, nil)

	ctx, k := t.Context(), storage.Key{Workspace: "w7", Conversation: "c7"}
	zoe := storage.Record{Key: storage.RecordKey{Workspace: "w13", Kind: storage.KindAgent, ID: "a7"}, Version: 1}
	active := storage.Query{Workspace: "w7", State: "active"}
	r.take()
	for name, call := range map[string]func() error{
		"Load":   func() error { _, err := s.Load(ctx, k, "open"); return err },
		"Commit": func() error { return s.Commit(ctx, pgChange(k, 1, 2, "two")) },
		"opening": func() error {
			return s.Commit(ctx, pgChange(storage.Key{Workspace: "w7", Conversation: "new"}, 0, 1, ""))
		},
		"History": func() error { _, err := s.History(ctx, k, 0, 100); return err },
		"Due":     func() error { _, err := s.Due(ctx, time.UnixMicro(99_999), storage.Due{}, 100); return err },
		"Due after": func() error {
			_, err := s.Due(ctx, time.UnixMicro(99_999), storage.Due{At: time.UnixMicro(50_000), Key: k}, 100)
			return err
		},
		"SetPolicies":    func() error { return s.SetPolicies(ctx, "w9", 1, nil) },
		"Outdated":       func() error { _, err := s.Outdated(ctx, time.UnixMicro(0), storage.Key{}, 100); return err },
		"Outdated after": func() error { _, err := s.Outdated(ctx, time.UnixMicro(0), k, 100); return err },
		"SetBack": func() error {
			return s.SetBack(ctx, storage.Key{Workspace: "w8", Conversation: "c8"}, 1, storage.Setback{})
		},
		"Setbacks": func() error { _, err := s.Setbacks(ctx, k, 100); return err },
		"Feed":     func() error { _, err := s.Feed(ctx, 50_000, 100); return err },
		"Advance":  func() error { _, err := s.Advance(ctx, "billing", 100); return err },
		"Erase":    func() error { _, err := s.Erase(ctx, "w1", "v1"); return err },
		"Purge":    func() error { _, err := s.Purge(ctx, time.UnixMicro(1000), 100); return err },
		"taking a seat, with tags": func() error {
			c := pgSeated("a9", pgChange(storage.Key{Workspace: "w11", Conversation: "c11"}, 1, 1, "two"))
			c.Seen, c.Head.Tags = storage.Seen{Agent: "a10", Version: 1}, []string{"blue"}
			return s.Commit(ctx, c)
		},
		"closing": func() error {
			k := storage.Key{Workspace: "w12", Conversation: "c12"}
			return s.Commit(ctx, pgClosed(pgChange(k, 1, 1, "two"), 1, 2))
		},
		"Record": func() error { _, err := s.Record(ctx, zoe.Key); return err },
		"first Put": func() error {
			return s.Put(ctx, storage.Record{Key: storage.RecordKey{Workspace: "w7", Kind: storage.KindAgent, ID: "new"}, Groups: []string{"g0"}})
		},
		"Put": func() error {
			return s.Put(ctx, storage.Record{Key: storage.RecordKey{Workspace: "w8", Kind: storage.KindAgent, ID: "a8"}, Version: 1})
		},
		"Settle": func() error { return s.Settle(ctx, zoe) },
		"List": func() error {
			_, err := s.List(ctx, storage.RecordQuery{Workspace: "w7", Kind: storage.KindAgent}, "a2", 10)
			return err
		},
		"List of the free of a group": func() error {
			_, err := s.List(ctx, storage.RecordQuery{Workspace: "w7", Kind: storage.KindAgent, Group: "g0", Free: true}, "a2", 10)
			return err
		},
		"DueRecords": func() error {
			_, err := s.DueRecords(ctx, time.UnixMicro(9_999), storage.DueRecord{At: time.UnixMicro(100), Key: zoe.Key}, 10)
			return err
		},
		"View":  func() error { _, err := s.View(ctx, active, 10); return err },
		"Count": func() error { _, err := s.Count(ctx, active); return err },
		"Closings": func() error {
			_, err := s.Closings(ctx, storage.ClosingQuery{Workspace: "w7", Filter: closure.Filter{Last: true}}, 10)
			return err
		},
		"Tally": func() error {
			_, err := s.Tally(ctx, storage.ClosingQuery{Workspace: "w7"}, closure.Breakdown{By: []closure.Dimension{closure.ByTag}})
			return err
		},
		"Spreads": func() error {
			_, err := s.Spreads(ctx, storage.ClosingQuery{Workspace: "w7"}, closure.Breakdown{}, closure.Handling, []int{50})
			return err
		},
	} {
		if err := call(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		statements := r.take()
		if len(statements) == 0 {
			t.Errorf("%s: no statement was recorded", name)
		}
		for _, statement := range statements {
			for _, plan := range []string{
				pgPlan(t, explain, statement.SQL, statement.Args...),
				genericPgPlan(t, generic, statement.SQL, statement.Args...),
			} {
				if wholeTable.MatchString(plan) {
					t.Errorf("%s reads a whole table:\n%s\n%s", name, statement.SQL, plan)
				}
			}
		}
	}
	if plan := pgPlan(t, explain, `SELECT * FROM adjourn.events WHERE body = ''`); !wholeTable.MatchString(plan) {
		t.Errorf("the positive control does not read a whole table:\n%s", plan)
	}
}

// TestPostgresPlansOfSmallTables: a commit looks up its conversation also where the
// planner would rather read all, because it takes every list for one of a hundred.
func TestPostgresPlansOfSmallTables(t *testing.T) {
	t.Parallel()
	r, db, explain := recorded(t)
	s := migratedPostgres(t, db, nil)
	execPg(t, db, `INSERT INTO adjourn.conversations (workspace, conversation, version, body, policy_revision, last_commit,
			visitor, state, agent, grp, outcome, tags, since, updated, seat)
		SELECT 'acme', i, 1, decode(repeat('00', 600), 'hex'), 1, i, 'v' || i, 'waiting', '', '', '', '[]', i, i, '' FROM generate_series(1, 2000) i`)
	execPg(t, db, `ANALYZE`)
	mustPg(t, s.CheckSchema(t.Context()))
	r.take()
	mustPg(t, s.Commit(t.Context(), pgChange(pgKey("7"), 1, 1, "plain")))
	mustPg(t, s.Commit(t.Context(), tagged("blue", pgChange(pgKey("8"), 1, 1, "not plain"))))
	statements := r.take()
	if len(statements) != 1+2 {
		t.Errorf("%d statements were recorded, want 3", len(statements))
	}
	for _, statement := range statements {
		if plan := pgPlan(t, explain, statement.SQL, statement.Args...); strings.Contains(plan, "Seq Scan on conversations") {
			t.Errorf("a commit reads all conversations:\n%s\n%s", statement.SQL, plan)
		}
	}
	const list = `SELECT FROM json_to_recordset('[]') AS i (workspace text, conversation text) JOIN adjourn.conversations USING (workspace, conversation)`
	if plan := pgPlan(t, explain, list); !strings.Contains(plan, "Seq Scan on conversations") {
		t.Errorf("the positive control looks up:\n%s", plan)
	}
}

func pgPlan(t *testing.T, db *sql.DB, statement string, args ...any) string {
	t.Helper()
	rows, err := db.Query(`EXPLAIN `+statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	lines, err := pgLines(rows)
	mustPg(t, err)
	return lines
}

// genericPgPlan is the plan of a prepared statement, which knows no values. The
// database has one connection.
func genericPgPlan(t *testing.T, db *sql.DB, statement string, args ...any) string {
	t.Helper()
	execPg(t, db, `PREPARE generic AS `+statement)
	defer execPg(t, db, `DEALLOCATE generic`)
	args = slices.DeleteFunc(slices.Clone(args), func(a any) bool { // what pgx itself is told
		switch a.(type) {
		case pgxdriver.QueryExecMode, pgxdriver.QueryResultFormats, pgxdriver.QueryResultFormatsByOID:
			return true
		}
		return false
	})
	execute := `EXECUTE generic`
	for i := range args {
		execute += map[bool]string{true: `($1`, false: fmt.Sprintf(`, $%d`, i+1)}[i == 0]
	}
	if len(args) > 0 {
		execute += `)`
	}
	return pgPlan(t, db, execute, args...)
}

// pgLines reads rows of one text each.
func pgLines(rows *sql.Rows) (string, error) {
	defer rows.Close()
	var all strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return "", err
		}
		all.WriteString(line + "\n")
	}
	return all.String(), rows.Err()
}
