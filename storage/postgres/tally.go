package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// Tally implements [storage.Tallier]. Only ctx ends it, for there can be much to
// count: Options.Timeout does not.
func (s *Store) Tally(ctx context.Context, q storage.ClosingQuery, b closure.Breakdown) ([]closure.Group, error) {
	groups, err := s.tally(ctx, q, b)
	return groups, failed(ctx, "tally", err)
}

func (s *Store) tally(ctx context.Context, q storage.ClosingQuery, b closure.Breakdown) ([]closure.Group, error) {
	r, err := reportOf(q, b)
	if err != nil {
		return nil, err
	}
	groups := []closure.Group{}
	err = s.report(ctx, r.selects(tallied), r.args, func(rows *sql.Rows) error {
		g := closure.Group{Keys: make([]string, len(b.By))}
		targets := append(pointers(g.Keys), &g.Closings)
		for f := range g.Figures {
			targets = append(targets, &g.Figures[f].N, &g.Figures[f].Total)
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		groups = append(groups, g)
		return r.nameDay(g.Keys)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(groups, closure.CompareGroups)
	return groups, nil
}

// tallied are the columns of a group of closings c.
var tallied = func() string {
	columns := `count(*)`
	for _, f := range closure.AllFigures() {
		columns += fmt.Sprintf(`, count(c.%[1]s), coalesce(sum(c.%[1]s), 0)::bigint`, f)
	}
	return columns
}()

// Spreads implements [storage.Tallier]. As for [Store.Tally], only ctx ends it.
func (s *Store) Spreads(ctx context.Context, q storage.ClosingQuery, b closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
	spreads, err := s.spreads(ctx, q, b, figure, percentages)
	return spreads, failed(ctx, "spreads", err)
}

func (s *Store) spreads(ctx context.Context, q storage.ClosingQuery, b closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
	r, err := reportOf(q, b)
	if err != nil {
		return nil, err
	}
	asked, err := json.Marshal(notNil(percentages))
	if err != nil {
		return nil, err
	}
	r.and(`c.` + figure.String() + ` IS NOT NULL`)
	groups := r.selects(fmt.Sprintf(`count(*) AS n, array_agg(c.%[1]s ORDER BY c.%[1]s) AS ascending`, figure))
	// The rank is that of closure.Rank. What Postgres has for it counts in
	// fractions, which are not exact.
	statement := `
		SELECT ` + r.names("g.", `g.n`, `(
				SELECT json_agg(g.ascending[greatest(1, (p.percentage::bigint * g.n + 99) / 100)] ORDER BY p.place)::text
				FROM json_array_elements_text(`+r.param(string(asked))+`::json) WITH ORDINALITY AS p (percentage, place))`) + `
		FROM (` + groups + `) g`
	spreads := []closure.Spread{}
	err = s.report(ctx, statement, r.args, func(rows *sql.Rows) error {
		spread := closure.Spread{Keys: make([]string, len(b.By))}
		var values []byte
		if err := rows.Scan(append(pointers(spread.Keys), &spread.N, &values)...); err != nil {
			return err
		}
		if len(percentages) > 0 {
			if err := json.Unmarshal(values, &spread.Values); err != nil {
				return err
			}
		}
		spreads = append(spreads, spread)
		return r.nameDay(spread.Keys)
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(spreads, closure.CompareSpreads)
	return spreads, nil
}

// report reads what a statement counts. It has a transaction for its settings
// only.
func (s *Store) report(ctx context.Context, statement string, args []any, read func(rows *sql.Rows) error) error {
	if err := s.ready(ctx, s.db); err != nil {
		return err
	}
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	const settings = `SELECT
		set_config('statement_timeout', '0', true),
		set_config('idle_in_transaction_session_timeout', $1, true),
		set_config('jit', 'off', true)`
	if _, err := tx.ExecContext(ctx, settings, milliseconds(s.options.Timeout)); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, s.sql(statement), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// A report is what is counted, and by what, in SQL.
type report struct {
	*where
	from string
	keys []string // what makes the key of each dimension
	day  int      // which of them is the day; negative: none
}

// keyColumns are those of the dimensions that have one.
var keyColumns = map[closure.Dimension]string{
	closure.ByOutcome:   "outcome",
	closure.ByReason:    "reason",
	closure.ByCause:     "cause",
	closure.BySide:      "side",
	closure.ByAgent:     "agent",
	closure.ByGroup:     "grp",
	closure.BySentiment: "sentiment",
	closure.ByGrade:     "grade",
}

func reportOf(q storage.ClosingQuery, b closure.Breakdown) (*report, error) {
	r := &report{where: selected(q), from: `{prefix}.closings c`, day: slices.Index(b.By, closure.ByDay)}
	for _, dimension := range b.By {
		column, ok := keyColumns[dimension]
		switch {
		case ok:
			r.keys = append(r.keys, `c.`+column)
		case dimension == closure.ByTag:
			r.each("tags")
		case dimension == closure.ByArticle:
			r.each("articles")
		case dimension == closure.ByDay:
			if err := r.byDay(b); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%q is no dimension", dimension)
		}
	}
	return r, nil
}

// each breaks down by a list, in which there may be nothing.
func (r *report) each(list string) {
	r.from += fmt.Sprintf(` LEFT JOIN LATERAL json_array_elements_text(c.%[1]s) AS in_%[1]s (value) ON true`, list)
	r.keys = append(r.keys, fmt.Sprintf(`coalesce(in_%s.value, '') COLLATE "C"`, list))
}

// byDay breaks down by how many days began before.
func (r *report) byDay(b closure.Breakdown) error {
	bounds := make([]int64, len(b.Days))
	for i, day := range b.Days {
		bounds[i] = microsUp(day)
	}
	text, err := json.Marshal(bounds)
	if err != nil {
		return err
	}
	if n := len(bounds); n > 0 {
		r.and(`c.at >= ? AND c.at < ?`, bounds[0], bounds[n-1])
	} else {
		r.and(`false`)
	}
	// The array is made once, because it depends on no row.
	r.keys = append(r.keys, `width_bucket(c.at, (
				SELECT array_agg(d.begin::bigint ORDER BY d.place)
				FROM json_array_elements_text(`+r.param(string(text))+`::json) WITH ORDINALITY AS d (begin, place))) - 1`)
	return nil
}

// nameDay puts the key of a day in the place of its number.
func (r *report) nameDay(keys []string) error {
	if r.day < 0 {
		return nil
	}
	number, err := strconv.Atoi(keys[r.day])
	keys[r.day] = closure.DayKey(number)
	return err
}

// selects is the SELECT of the keys, as key1, key2 and so on, and of columns, a
// row for each group.
func (r *report) selects(columns string) string {
	keys := make([]string, len(r.keys))
	for i, key := range r.keys {
		keys[i] = fmt.Sprintf(`%s AS key%d`, key, i+1)
	}
	text := `SELECT ` + strings.Join(append(keys, columns), `, `) + ` FROM ` + r.from + r.String()
	if len(r.keys) > 0 {
		text += ` GROUP BY ` + r.names("")
	}
	return text + ` HAVING count(*) > 0`
}

// names are those of the keys behind a prefix, and columns.
func (r *report) names(prefix string, columns ...string) string {
	keys := make([]string, len(r.keys))
	for i := range keys {
		keys[i] = fmt.Sprintf(`%skey%d`, prefix, i+1)
	}
	return strings.Join(append(keys, columns...), `, `)
}

// pointers are what keys are scanned into.
func pointers(keys []string) []any {
	all := make([]any, len(keys))
	for i := range keys {
		all[i] = &keys[i]
	}
	return all
}
