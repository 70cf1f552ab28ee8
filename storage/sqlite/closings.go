package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// closingColumns are those of a closing but for the workspace, as [closingRow]
// reads them.
var closingColumns = func() []string {
	columns := []string{
		"at", "conversation", "number", "outcome", "reason", "cause", "side", "agent", "grp", "sentiment", "grade", "tags", "articles",
	}
	for _, f := range closure.AllFigures() {
		columns = append(columns, f.String())
	}
	return columns
}()

var (
	putClosingText = "\nINSERT OR REPLACE INTO {prefix}closings (workspace, " + strings.Join(closingColumns, ", ") + ")" +
		"\nVALUES (?" + strings.Repeat(", ?", len(closingColumns)) + ")"
	closingsText = "\nSELECT c." + strings.Join(closingColumns, ", c.")
)

func putClosing(ctx context.Context, r runner, key storage.Key, c closure.Record) error {
	args := []any{
		key.Workspace, c.At.UnixMicro(), key.Conversation, c.Number,
		string(c.Outcome), string(c.Reason), string(c.Cause), string(c.Side), c.Agent, c.Group,
		string(c.Sentiment), string(c.Grade), joined(c.Tags), joined(c.Articles),
	}
	for _, v := range c.Figures {
		args = append(args, sql.NullInt64{Int64: v, Valid: v != closure.None})
	}
	_, err := r.exec(ctx, putClosingText, args...)
	return err
}

// A closingRow is what closingColumns are read into.
type closingRow struct {
	record         closure.Record
	at             int64
	tags, articles string
	figures        [closure.NumFigures]sql.NullInt64
}

func (r *closingRow) dest() []any {
	c := &r.record
	dest := []any{
		&r.at, &c.Conversation, &c.Number, &c.Outcome, &c.Reason, &c.Cause, &c.Side, &c.Agent, &c.Group,
		&c.Sentiment, &c.Grade, &r.tags, &r.articles,
	}
	for i := range r.figures {
		dest = append(dest, &r.figures[i])
	}
	return dest
}

func (r *closingRow) closing() (c closure.Record, err error) {
	c = r.record
	c.At = time.UnixMicro(r.at).UTC()
	for i, f := range r.figures {
		c.Figures[i] = closure.None
		if f.Valid {
			c.Figures[i] = f.Int64
		}
	}
	if c.Tags, err = split(r.tags); err != nil {
		return c, err
	}
	c.Articles, err = split(r.articles)
	return c, err
}

// Closings implements [storage.Reader].
func (s *Store) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reporter(ctx)
	if err != nil {
		return nil, failed(ctx, "closings", err)
	}
	text, args := closings(q, limit)
	found, err := list(ctx, r, text, args, func(rows *sql.Rows) (closure.Record, error) {
		var row closingRow
		if err := rows.Scan(row.dest()...); err != nil {
			return closure.Record{}, err
		}
		return row.closing()
	})
	if err != nil {
		return nil, failed(ctx, "closings", err)
	}
	return found, nil
}

// reporter is where statements about closings go to. They come in too many shapes
// for each to be kept prepared.
func (s *Store) reporter(ctx context.Context) (runner, error) {
	r := plain{s.db, s.options.Prefix}
	return r, s.ready(ctx, r)
}

// closings returns the statement of a list of closings, and its arguments. It goes
// along the table, or sorts the few closings of a conversation.
func closings(q storage.ClosingQuery, limit int) (text string, args []any) {
	const place = "(c.at, c.conversation, c.number)"
	s := &selection{from: "\nFROM " + closingsTable(q)}
	s.add("c.workspace = ?", q.Workspace)
	low, high := closingBounds(q)
	s.add(place+" >= (?, ?, ?)", low.at, low.conversation, low.number)
	s.add(place+" < (?, ?, ?)", high.at, high.conversation, high.number)
	s.filterClosings(q.Filter)
	direction := ""
	if q.Newest {
		direction = " DESC"
	}
	text = closingsText + s.from + s.where() +
		"\nORDER BY c.at" + direction + ", c.conversation" + direction + ", c.number" + direction + "\nLIMIT ?"
	return text, append(s.args, limit)
}

// closingsTable is the table in the order of time, or that of conversations.
func closingsTable(q storage.ClosingQuery) string {
	if q.Conversation != "" {
		return "{prefix}closings c INDEXED BY {prefix}closings_key"
	}
	return "{prefix}closings c"
}

// filterClosings adds what a filter asks for beside the time.
func (s *selection) filterClosings(f closure.Filter) {
	for _, is := range []struct{ column, value string }{
		{"conversation", f.Conversation},
		{"outcome", string(f.Outcome)},
		{"cause", string(f.Cause)},
		{"side", string(f.Side)},
		{"agent", f.Agent},
		{"grp", f.Group},
		{"sentiment", string(f.Sentiment)},
	} {
		if is.value != "" {
			s.add("c."+is.column+" = ?", is.value)
		}
	}
	if len(f.Grades) > 0 {
		grades := make([]string, len(f.Grades))
		for i, g := range f.Grades {
			grades[i] = string(g)
		}
		s.add("c.grade IN (SELECT value FROM json_each(?))", joined(grades))
	}
	for _, has := range []struct{ column, value string }{{"tags", f.Tag}, {"articles", f.Article}} {
		if has.value != "" {
			s.add("EXISTS (SELECT 1 FROM json_each(nullif(c."+has.column+", '')) WHERE value = ?)", has.value)
		}
	}
	if f.Last {
		s.add(`NOT EXISTS (
    SELECT 1 FROM {prefix}closings n INDEXED BY {prefix}closings_key
    WHERE n.workspace = c.workspace AND n.conversation = c.conversation AND n.number > c.number AND n.at < ?)`, until(f.To))
	}
}

// A closingPlace is a place in the table of closings.
type closingPlace struct {
	place
	number int
}

func (p closingPlace) compare(other closingPlace) int {
	return cmp.Or(p.place.compare(other.place), cmp.Compare(p.number, other.number))
}

// closingBounds returns the earliest place that a list of closings can have, and
// the one that all of it is before.
func closingBounds(q storage.ClosingQuery) (low, high closingPlace) {
	low.at, high.at = since(q.From), until(q.To)
	if q.After == (closure.Place{}) {
		return low, high
	}
	after := closingPlace{place{q.After.At.UnixMicro(), q.After.Conversation}, q.After.Number}
	if q.Newest {
		if after.compare(high) < 0 {
			high = after
		}
		return low, high
	}
	after.number++
	if after.compare(low) > 0 {
		low = after
	}
	return low, high
}
