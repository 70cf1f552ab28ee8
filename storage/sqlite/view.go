package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// View implements [storage.Reader].
func (s *Store) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "view", err)
	}
	text, args := viewed(q, limit)
	found, err := list(ctx, r, text, args, func(rows *sql.Rows) (row storage.Row, err error) {
		var h headRow
		row.Key.Workspace = q.Workspace
		if err := rows.Scan(append(h.dest(), &row.Key.Conversation)...); err != nil {
			return row, err
		}
		row.Head, err = h.head()
		return row, err
	})
	if err != nil {
		return nil, failed(ctx, "view", err)
	}
	return found, nil
}

// Count implements [storage.Reader]. It passes over all that it counts.
func (s *Store) Count(ctx context.Context, q storage.Query) (int, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return 0, failed(ctx, "count", err)
	}
	var n int
	text, args := counted(q)
	if _, err := first(ctx, r, text, args, &n); err != nil {
		return 0, failed(ctx, "count", err)
	}
	return n, nil
}

// viewed returns the statement of a view, and its arguments.
func viewed(q storage.Query, limit int) (text string, args []any) {
	s := selectionOf(q)
	direction := ""
	if q.Newest {
		direction = " DESC"
	}
	text = "SELECT " + headColumns + ", h.conversation" + s.from + s.join + s.where() +
		"\nORDER BY " + s.at + direction + ", " + s.conversation + direction + "\nLIMIT ?"
	return text, append(s.args, limit)
}

// counted returns the statement that counts a view, and its arguments.
func counted(q storage.Query) (text string, args []any) {
	if q.From.IsZero() && q.To.IsZero() && fromFirst(q) {
		q.Order = storage.BySince // it does not matter, and there are more indexes
	}
	s := selectionOf(q)
	if !s.looks {
		s.join = ""
	}
	return "SELECT count(*)" + s.from + s.join + s.where(), s.args
}

// A selection is what a query selects. Its text depends on which fields of the
// query are set, not on what they are, so that there are few statements.
type selection struct {
	from       string // what it goes along
	join       string // brings the head h, if that is something else
	looks      bool   // a condition needs it
	conditions []string
	args       []any

	at, conversation string // columns of what it goes along
}

// selectionOf goes along an index of those conversations that have one thing that
// the query asks for, and looks at each whether it has the others.
func selectionOf(q storage.Query) *selection {
	s := &selection{}
	if q.Order == storage.ByUpdated {
		s.along("{prefix}heads h INDEXED BY {prefix}heads_"+updatedIndex(q), "h", "updated", q)
	} else if index := sinceIndex(q); index == "tags" {
		s.along("{prefix}tags t", "t", "since", q)
		s.join = `
CROSS JOIN {prefix}heads h INDEXED BY {prefix}heads_key ON h.workspace = t.workspace AND h.conversation = t.conversation`
		s.add("t.tag = ?", q.Tag)
	} else {
		s.along("{prefix}heads h INDEXED BY {prefix}heads_"+index, "h", "since", q)
	}
	s.filter(q)
	return s
}

func sinceIndex(q storage.Query) string {
	switch {
	case q.Visitor != "":
		return "visitor"
	case q.Agent != "":
		return "agent"
	case q.Tag != "":
		return "tags"
	case q.Group != "" || q.Ungrouped:
		return "group"
	case q.Outcome != "":
		return "outcome"
	}
	return "state"
}

// updatedIndex is heads_updated, but for the few conversations of a visitor,
// which are sorted.
func updatedIndex(q storage.Query) string {
	if q.Visitor != "" {
		return "visitor"
	}
	return "updated"
}

// along begins the selection. Both bounds are always there, as places that
// everything selected is between.
func (s *selection) along(from, alias, at string, q storage.Query) {
	s.from = "\nFROM " + from
	s.at, s.conversation = alias+"."+at, alias+".conversation"
	s.add(alias+".workspace = ?", q.Workspace)
	s.add(alias+".state = ?", q.State)
	low, high := bounds(q)
	place := "(" + s.at + ", " + s.conversation + ")"
	s.add(place+" >= (?, ?)", low.at, low.conversation)
	s.add(place+" < (?, ?)", high.at, high.conversation)
}

// filter adds what the query asks for beside the state. What an index is limited
// to is said where it is asked for: SQLite does not see it in an argument.
func (s *selection) filter(q storage.Query) {
	for _, f := range []struct{ value, condition string }{
		{q.Visitor, "h.visitor = ?"},
		{q.Agent, "h.agent = ? AND h.agent <> ''"},
		{q.Group, "h.grp = ?"},
		{q.Outcome, "h.outcome = ? AND h.outcome <> ''"},
	} {
		if f.value != "" {
			s.add(f.condition, f.value)
			s.looks = true
		}
	}
	if q.Ungrouped {
		s.add("h.grp = ''")
		s.looks = true
	}
	if q.Tag != "" && s.join == "" {
		s.add(`EXISTS (
    SELECT 1 FROM {prefix}tags t
    WHERE t.workspace = h.workspace AND t.tag = ? AND t.state = h.state AND t.since = h.since
        AND t.conversation = h.conversation)`, q.Tag)
	}
}

func (s *selection) add(condition string, args ...any) {
	s.conditions = append(s.conditions, condition)
	s.args = append(s.args, args...)
}

func (s *selection) where() string { return "\nWHERE " + strings.Join(s.conditions, " AND ") }

// A place is one in an index.
type place struct {
	at           int64
	conversation string
}

// bounds returns the place that a view begins at and the one that it ends before,
// by instant, whichever it is ordered by.
func bounds(q storage.Query) (low, high place) {
	low.at, high.at = since(q.From), until(q.To)
	if fromFirst(q) {
		return low, high
	}
	after := place{q.After.At.UnixMicro(), q.After.Conversation}
	if q.Newest {
		return low, earlier(high, after)
	}
	after.conversation += "\x00" // the first name behind it
	return later(low, after), high
}

func fromFirst(q storage.Query) bool { return q.After.At.IsZero() && q.After.Conversation == "" }

func earlier(a, b place) place {
	if a.compare(b) < 0 {
		return a
	}
	return b
}

func later(a, b place) place {
	if a.compare(b) > 0 {
		return a
	}
	return b
}

func (p place) compare(other place) int {
	return cmp.Or(cmp.Compare(p.at, other.at), strings.Compare(p.conversation, other.conversation))
}

// since is the least that a column holds for what is not before t, and until the
// first that it holds for what is. The zero time limits nothing.
func since(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return ceil(t)
}

func until(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return ceil(t)
}

// ceil is the first whole microsecond that is not before.
func ceil(t time.Time) int64 { return t.Add(time.Microsecond - time.Nanosecond).UnixMicro() }
