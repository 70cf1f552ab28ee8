package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// closingColumns are those of a closing behind its key, with their types in
// JSON, and figureColumns its figures, NULL where there is none.
var (
	closingColumns = []string{
		"at bigint", "outcome text", "reason text", "cause text", "side text", "agent text", "grp text",
		"sentiment text", "grade text", "tags json", "articles json",
	}
	figureColumns = columnsOfFigures()
)

func columnsOfFigures() []string {
	var columns []string
	for _, f := range closure.AllFigures() {
		columns = append(columns, f.String()+" bigint")
	}
	return columns
}

// names are those of columns, each behind a prefix, without the types.
func names(prefix string, columns []string) string {
	list := make([]string, len(columns))
	for i, column := range columns {
		name, _, _ := strings.Cut(column, " ")
		list[i] = prefix + name
	}
	return strings.Join(list, ", ")
}

// writeClosings is a part of the statement of [Store.write].
var writeClosings = func() string {
	columns := slices.Concat(closingColumns, figureColumns)
	return `, closings AS (
			INSERT INTO {prefix}.closings (workspace, conversation, number, ` + names("", columns) + `)
			SELECT w.workspace, w.conversation, p.number, ` + names("p.", columns) + `
			FROM won w, json_to_recordset(w.closings) AS p (number bigint, ` + strings.Join(columns, ", ") + `)
			WHERE w.version > w.expect
			ON CONFLICT (workspace, conversation, number) DO UPDATE SET
				(` + names("", columns) + `) = ROW (` + names("excluded.", columns) + `)
		)`
}()

// closingValues are closings in JSON, by the names of their columns.
func closingValues(closings []closure.Record) ([]map[string]any, error) {
	var all []map[string]any
	for _, r := range closings {
		err := errors.Join(
			storable(string(r.Outcome), string(r.Reason), string(r.Cause), string(r.Side), r.Agent, r.Group,
				string(r.Sentiment), string(r.Grade)),
			storable(r.Tags...), storable(r.Articles...))
		if err != nil {
			return nil, err
		}
		values := map[string]any{
			"number": r.Number, "at": r.At.UnixMicro(),
			"outcome": r.Outcome, "reason": r.Reason, "cause": r.Cause, "side": r.Side, "agent": r.Agent, "grp": r.Group,
			"sentiment": r.Sentiment, "grade": r.Grade, "tags": notNil(r.Tags), "articles": notNil(r.Articles),
		}
		for f, value := range r.Figures {
			if value != closure.None {
				values[closure.Figure(f).String()] = value
			}
		}
		all = append(all, values)
	}
	return all, nil
}

// readClosing is the SELECT of a closing c for [scanClosing].
var readClosing = func() string {
	figures := make([]string, closure.NumFigures)
	for f := range figures {
		figures[f] = fmt.Sprintf(`coalesce(c.%s, %d)`, closure.Figure(f), closure.None)
	}
	return `SELECT c.conversation, c.number, c.at,
			c.outcome, c.reason, c.cause, c.side, c.agent, c.grp, c.sentiment, c.grade, c.tags::text, c.articles::text,
			` + strings.Join(figures, ", ")
}()

func scanClosing(row interface{ Scan(...any) error }) (r closure.Record, err error) {
	var at sql.NullInt64
	var tags, articles []byte
	targets := []any{
		&r.Conversation, &r.Number, &at,
		&r.Outcome, &r.Reason, &r.Cause, &r.Side, &r.Agent, &r.Group, &r.Sentiment, &r.Grade, &tags, &articles,
	}
	for f := range r.Figures {
		targets = append(targets, &r.Figures[f])
	}
	if err := row.Scan(targets...); err != nil {
		return r, err
	}
	r.At = instant(at)
	if r.Tags, err = list(tags); err != nil {
		return r, err
	}
	r.Articles, err = list(articles)
	return r, err
}

// Closings implements [storage.Reader].
func (s *Store) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	closings, err := s.closings(ctx, q, limit)
	return closings, failed(ctx, "closings", err)
}

func (s *Store) closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return nil, err
	}
	w := selected(q)
	direction, behind := ``, ` > `
	if q.Newest {
		direction, behind = ` DESC`, ` < `
	}
	if p := q.After; !p.At.IsZero() || p.Conversation != "" || p.Number != 0 {
		w.and(`(c.at, c.conversation, c.number)`+behind+`(?, ?, ?)`, p.At.UnixMicro(), p.Conversation, p.Number)
	}
	order := fmt.Sprintf(` ORDER BY c.at%[1]s, c.conversation%[1]s, c.number%[1]s`, direction)
	rows, err := s.db.QueryContext(ctx, s.sql(
		readClosing+` FROM {prefix}.closings c`+w.String()+order+w.limit(limit)),
		w.args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (closure.Record, error) { return scanClosing(rows) })
}

// selected are the conditions of a query for the closings c that it selects.
func selected(q storage.ClosingQuery) *where {
	var w where
	w.and(`c.workspace = ?`, q.Workspace)
	for _, is := range []struct{ column, value string }{
		{"conversation", q.Conversation},
		{"outcome", string(q.Outcome)},
		{"cause", string(q.Cause)},
		{"side", string(q.Side)},
		{"agent", q.Agent},
		{"grp", q.Group},
		{"sentiment", string(q.Sentiment)},
	} {
		if is.value != "" {
			w.and(`c.`+is.column+` = ?`, is.value)
		}
	}
	if n := len(q.Grades); n > 0 {
		grades := make([]any, n)
		for i, grade := range q.Grades {
			grades[i] = string(grade)
		}
		w.and(`c.grade IN (`+strings.Repeat(`?, `, n-1)+`?)`, grades...)
	}
	for _, has := range []struct{ column, value string }{{"tags", q.Tag}, {"articles", q.Article}} {
		if has.value != "" {
			w.and(`EXISTS (SELECT FROM json_array_elements_text(c.`+has.column+`) AS h (value) WHERE h.value COLLATE "C" = ?)`, has.value)
		}
	}
	if !q.From.IsZero() {
		w.and(`c.at >= ?`, microsUp(q.From))
	}
	if !q.To.IsZero() {
		w.and(`c.at < ?`, microsUp(q.To))
	}
	if q.Last {
		again := `n.workspace = c.workspace AND n.conversation = c.conversation AND n.number > c.number`
		if q.To.IsZero() {
			w.and(`NOT EXISTS (SELECT FROM {prefix}.closings n WHERE ` + again + `)`)
		} else {
			w.and(`NOT EXISTS (SELECT FROM {prefix}.closings n WHERE `+again+` AND n.at < ?)`, microsUp(q.To))
		}
	}
	return &w
}
