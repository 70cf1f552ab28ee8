package rows

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/storage"
)

// The crowds: all conversations sleep, and each agent has a thousand of them, nine
// in ten snoozed.
const (
	scaleWorkspaces = 10
	scaleEach       = 1000 // conversations of an agent
	scalePage       = 50   // of a view
	scaleDue        = 500  // of a tick
	scaleAtWork     = 100  // agents who look, spread over all
)

// The conversations are due a second apart, in no order that the tables have. At
// scaleNow a fixed number is.
var (
	scaleBase = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	scaleNow  = scaleBase.Add(2 * 3600 * time.Second)
)

// ScalePostgres and ScaleSQLite ask stores of three sizes the same, and let a Desk
// be idle on the largest.
func ScalePostgres() bench.Row {
	return scaleRow("scale-postgres", "Postgres", func(ctx context.Context, e *bench.Env, size string) (*stand, error) {
		return onPostgres(ctx, e, "adjourn_"+size, "shared_buffers=2GB", "max_wal_size=1GB", "wal_level=minimal", "max_wal_senders=0", "maintenance_work_mem=512MB")
	})
}

// ScaleSQLite is [ScalePostgres] on SQLite.
func ScaleSQLite() bench.Row {
	return scaleRow("scale-sqlite", "SQLite", func(ctx context.Context, e *bench.Env, size string) (*stand, error) {
		return onSQLite(ctx, e, size+".db")
	})
}

func scaleRow(name, database string, open func(ctx context.Context, e *bench.Env, size string) (*stand, error)) bench.Row {
	return bench.Row{
		Name: name,
		What: "Due query, views of an agent and an idle Desk at 100 thousand, 1 and 10 million conversations: " + database,
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) { return openScale(ctx, e, open) },
	}
}

// A sized stand has so many conversations.
type sized struct {
	*stand
	size    int
	queries int // of each question, in each round
}

func openScale(ctx context.Context, e *bench.Env, open func(ctx context.Context, e *bench.Env, size string) (*stand, error)) ([]bench.Case, error) {
	var all []sized // the largest first
	for _, size := range []int{e.Size(10_000_000, 40_000), e.Size(1_000_000, 30_000), e.Size(100_000, 20_000)} {
		s, err := open(ctx, e, fmt.Sprint("of_", size))
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if err := s.fillScale(ctx, size); err != nil {
			return nil, err
		}
		e.Logf("scale: %d conversations in %s in %v", size, s.name, time.Since(began).Round(time.Second))
		all = append(all, sized{s, size, e.Size(2000, 20)})
	}
	var cases []bench.Case
	for _, q := range scaleQuestions() {
		if _, err := q.measure(ctx, all); err != nil { // from here on it is in memory
			return nil, err
		}
		if err := explain(ctx, e, all[0], q); err != nil {
			return nil, err
		}
		cases = append(cases, q.compare(all))
	}
	idle, err := idleCase(ctx, e, all[0])
	return append(cases, idle), err
}

// fillScale fills a store with what the queries look at. Nobody asks for events.
func (s *stand) fillScale(ctx context.Context, size int) error {
	// Neighbours in a table have nothing in common: p and q are other orders of i.
	p, q := fmt.Sprintf("i * 7919 %% %d", size), fmt.Sprintf("i * 104729 %% %d", size)
	agents := size / scaleEach
	state := fmt.Sprintf("CASE WHEN %s / %d %% 10 = 0 THEN 'assigned' ELSE 'snoozed' END", p, agents)
	agent := fmt.Sprintf("'agent-' || (%s %% %d)", p, agents)
	since := fmt.Sprintf("%d - (%s) * 1000000", scaleBase.UnixMicro(), q)
	columns := []string{
		"workspace", fmt.Sprintf("'w' || (%s %% %d)", p, scaleWorkspaces), "conversation", "'c' || (" + p + ")", "version", "4",
		"body", fmt.Sprintf(s.blob, quoted(strings.Repeat("0123456789", 50))), "due", fmt.Sprintf("%d + (%s) * 1000000", scaleBase.UnixMicro(), q),
		"policy_revision", "0", "visitor", "'v' || (" + q + ")", "state", state, "agent", agent, "grp", "''", "outcome", "''", "tags", quoted(s.tags),
		"since", since, "updated", since, "seat", fmt.Sprintf("CASE WHEN %s / %d %% 10 = 0 THEN %s ELSE '' END", p, agents, agent),
	}
	if s.name == "Postgres" {
		columns = append(columns, "last_commit", "i + 1")
	}
	if err := s.withoutIndexes(ctx, s.heads, func() error { return s.insert(ctx, s.heads, size, columns...) }); err != nil {
		return err
	}
	m, err := snoozed(ctx)
	if err != nil {
		return err
	}
	if err := s.fillAgents(ctx, m, scaleWorkspaces, agents/scaleWorkspaces); err != nil {
		return err
	}
	return s.settle(ctx)
}

// A question is asked of stores, about something else each time.
type question struct {
	name string
	ask  func(ctx context.Context, s sized, r *rand.Rand) (found int, err error)
	want int // how many are found; negative: more than one
}

func scaleQuestions() []question {
	inbox := func(s sized, r *rand.Rand, state conversation.State) storage.Query {
		agents := s.size / scaleEach
		agent := r.IntN(agents)
		if step := agents / scaleAtWork; step >= scaleWorkspaces { // as many at each size, so that as much is kept in memory
			work := agent / step
			agent = work*step + work%scaleWorkspaces
		}
		return storage.Query{
			Workspace: fmt.Sprint("w", agent%scaleWorkspaces), Agent: fmt.Sprint("agent-", agent), State: string(state),
		}
	}
	view := func(state conversation.State) func(ctx context.Context, s sized, r *rand.Rand) (int, error) {
		return func(ctx context.Context, s sized, r *rand.Rand) (int, error) {
			rows, err := s.store.View(ctx, inbox(s, r, state), scalePage)
			return len(rows), err
		}
	}
	due := func(ctx context.Context, s sized, now time.Time, after storage.Due) (int, error) {
		page, err := s.store.Due(ctx, now, after, scaleDue)
		return len(page), err
	}
	return []question{
		{"due, 500 of 7,200", func(ctx context.Context, s sized, r *rand.Rand) (int, error) {
			return due(ctx, s, scaleNow, storage.Due{At: scaleBase.Add(time.Duration(r.IntN(6000)) * time.Second)})
		}, scaleDue},
		{"due, none", func(ctx context.Context, s sized, r *rand.Rand) (int, error) {
			return due(ctx, s, scaleBase.Add(-time.Duration(1+r.IntN(3600))*time.Second), storage.Due{})
		}, 0},
		{"an agent's snoozed, 50 of 900", view(conversation.StateSnoozed), scalePage},
		{"an agent's assigned, 50 of 100", view(conversation.StateAssigned), scalePage},
		{"count of an agent's assigned", func(ctx context.Context, s sized, r *rand.Rand) (int, error) {
			return s.store.Count(ctx, inbox(s, r, conversation.StateAssigned))
		}, scaleEach / 10},
	}
}

const p99 = "p99-" + bench.NsPerOp

// compare asks stores in turns, so that what happens to the machine happens to
// all of them.
func (q question) compare(all []sized) bench.Case {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = millions(s.size)
	}
	return bench.Case{
		Name:    q.name,
		Sides:   together(names, func(ctx context.Context) ([]bench.Sample, error) { return q.measure(ctx, all) }),
		Targets: []bench.Target{{Unit: p99, Against: names[len(names)-1], AtMost: 1.5}},
	}
}

// together makes sides of what is measured all at once, in each round when the
// first of them has its turn.
func together(names []string, measure func(ctx context.Context) ([]bench.Sample, error)) []bench.Side {
	samples := make([]bench.Sample, len(names)) // of this round, until their side has its turn
	sides := make([]bench.Side, len(names))
	for i, name := range names {
		sides[i] = bench.Side{Name: name, Run: func(ctx context.Context) (sample bench.Sample, err error) {
			if samples[i] == nil {
				if samples, err = measure(ctx); err != nil {
					return nil, err
				}
			}
			sample, samples[i] = samples[i], nil
			return sample, nil
		}}
	}
	return sides
}

func (q question) measure(ctx context.Context, all []sized) ([]bench.Sample, error) {
	took := make([][]time.Duration, len(all))
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	for range all[0].queries {
		for i, s := range all {
			began := time.Now()
			found, err := q.ask(ctx, s, r)
			took[i] = append(took[i], time.Since(began))
			if err == nil && found != q.want {
				err = fmt.Errorf("%d were found of %d, wanted %d", found, s.size, q.want)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	samples := make([]bench.Sample, len(all))
	for i, t := range took {
		slices.Sort(t)
		samples[i] = bench.Sample{bench.NsPerOp: float64(t[len(t)/2]), p99: float64(t[len(t)*99/100])}
	}
	return samples, nil
}

func millions(n int) string {
	switch {
	case n%1_000_000 == 0:
		return fmt.Sprint(n/1_000_000, " million")
	default:
		return fmt.Sprint(n/1000, " thousand")
	}
}

// explain notes how a question is answered.
func explain(ctx context.Context, e *bench.Env, s sized, q question) error {
	w, watched, err := s.watched(ctx, e)
	if err != nil {
		return err
	}
	w.forget()
	r := rand.New(rand.NewPCG(1, 2))
	if _, err := q.ask(ctx, sized{watched, s.size, 1}, r); err != nil {
		return err
	}
	for statement, run := range w.seen() {
		if !strings.Contains(statement, "FROM") || strings.Contains(statement, "schema") {
			continue
		}
		plan, err := s.plan(ctx, statement, run)
		if err != nil {
			return err
		}
		e.Notef("Plan of “%s” at %s:\n\n```\n%s\n```", q.name, millions(s.size), plan)
	}
	return nil
}

// plan is how the database runs a statement.
func (s *stand) plan(ctx context.Context, statement string, r *run) (string, error) {
	explain := "EXPLAIN QUERY PLAN "
	if s.name == "Postgres" {
		explain = "EXPLAIN (COSTS OFF) "
	}
	args := make([]any, len(r.values))
	for i, v := range r.values {
		args[i] = v.Value
	}
	rows, err := s.db.QueryContext(ctx, explain+statement, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var lines []string
	for rows.Next() {
		values, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if err := rows.Scan(targets...); err != nil {
			return "", err
		}
		lines = append(lines, values[len(values)-1].String) // the last column is the text
	}
	return strings.Join(lines, "\n"), rows.Err()
}

// perPoll returns how often each statement was run in so many polls.
func perPoll(runs map[string]*run, polls int) string {
	var lines []string
	for _, statement := range slices.Sorted(maps.Keys(runs)) {
		lines = append(lines, fmt.Sprintf("%.2f × %s", float64(runs[statement].times)/float64(polls), strings.Join(strings.Fields(statement), " ")))
	}
	return strings.Join(lines, "\n")
}
