package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/adjourn/adjourn/storage"
)

// View implements [storage.Reader].
func (s *Store) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	rows, err := s.view(ctx, q, limit)
	return rows, failed(ctx, "view", err)
}

func (s *Store) view(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return nil, err
	}
	v := viewOf(q)
	from := v.from
	if v.tags {
		from += ` JOIN {prefix}.conversations c ON c.workspace = t.workspace AND c.conversation = t.conversation`
	}
	rows, err := s.db.QueryContext(ctx, s.sql(
		`SELECT c.conversation, `+headColumns+` FROM `+from+v.String()+v.order+v.limit(limit)),
		v.args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (row storage.Row, err error) {
		var h headRow
		row.Key.Workspace = q.Workspace
		if err := rows.Scan(append([]any{&row.Key.Conversation}, h.targets()...)...); err != nil {
			return row, err
		}
		row.Head, err = h.head()
		return row, err
	})
}

// Count implements [storage.Reader].
func (s *Store) Count(ctx context.Context, q storage.Query) (int, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	n, err := s.count(ctx, q)
	return n, failed(ctx, "count", err)
}

// count can have much to pass over, so the server ends it too.
func (s *Store) count(ctx context.Context, q storage.Query) (n int, err error) {
	if err := s.ready(ctx, s.db); err != nil {
		return 0, err
	}
	if q.From.IsZero() && q.To.IsZero() && first(q.After) {
		q.Order = storage.BySince // no matter which, and this one has more indexes
	}
	v := viewOf(q)
	err = s.look(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, s.sql(`SELECT count(*) FROM `+v.from+v.String()), v.args...).Scan(&n)
	})
	return n, err
}

// A view is a query in SQL. It has only the conditions that it needs, so that
// the planner sees which index has them in its order.
type view struct {
	where
	from  string
	order string
	tags  bool // it is read in the order of the tags t, not of the conversations c
}

func viewOf(q storage.Query) view {
	updated := q.Order == storage.ByUpdated
	narrow := q.Agent != "" || q.Group != "" || q.Ungrouped || q.Visitor != "" || q.Outcome != ""
	v := view{from: `{prefix}.conversations c`, tags: q.Tag != "" && !narrow && !updated}
	table, at := "c.", "since"
	if v.tags {
		v.from, table = `{prefix}.tags t`, "t."
	}
	if updated {
		at = "updated"
	}
	at = table + at
	v.and(table+`workspace = ? AND `+table+`state = ?`, q.Workspace, q.State)
	if q.Agent != "" {
		v.and(`c.agent = ? AND c.agent <> ''`, q.Agent)
	}
	if q.Group != "" {
		v.and(`c.grp = ?`, q.Group)
	}
	if q.Ungrouped {
		v.and(`c.grp = ''`)
	}
	if q.Visitor != "" {
		v.and(`c.visitor = ?`, q.Visitor)
	}
	if q.Outcome != "" {
		v.and(`c.outcome = ? AND c.outcome <> ''`, q.Outcome)
	}
	switch {
	case v.tags:
		v.and(`t.tag = ?`, q.Tag)
	case q.Tag != "":
		v.and(`EXISTS (
			SELECT FROM {prefix}.tags t
			WHERE t.workspace = ? AND t.tag = ? AND t.state = ? AND t.conversation = c.conversation)`,
			q.Workspace, q.Tag, q.State)
	}
	v.between(q, at, table+`conversation`)
	return v
}

// between adds the order, and where in it the view begins and ends.
func (v *view) between(q storage.Query, at, conversation string) {
	direction, behind := ``, ` > `
	if q.Newest {
		direction, behind = ` DESC`, ` < `
	}
	v.order = ` ORDER BY ` + at + direction + `, ` + conversation + direction
	if !q.From.IsZero() {
		v.and(at+` >= ?`, microsUp(q.From))
	}
	if !q.To.IsZero() {
		v.and(at+` < ?`, microsUp(q.To))
	}
	if !first(q.After) {
		v.and(`(`+at+`, `+conversation+`)`+behind+`(?, ?)`, q.After.At.UnixMicro(), q.After.Conversation)
	}
}

// first reports whether a place is that before all others.
func first(p storage.Place) bool { return p.At.IsZero() && p.Conversation == "" }

// A where collects conditions and their parameters. Its zero value is empty.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition in which each ? stands for a value, a text or a number.
func (w *where) and(condition string, values ...any) {
	var b strings.Builder
	for i, part := range strings.Split(condition, "?") {
		if i > 0 {
			b.WriteString(w.param(values[i-1]))
		}
		b.WriteString(part)
	}
	w.conditions = append(w.conditions, b.String())
}

// param adds a value and returns what stands for it in the statement. The type
// is said, because not all drivers tell it the server.
func (w *where) param(value any) string {
	w.args = append(w.args, value)
	kind := "bigint"
	if _, ok := value.(string); ok {
		kind = "text"
	}
	return fmt.Sprintf("$%d::%s", len(w.args), kind)
}

// String is the WHERE of a statement.
func (w *where) String() string { return ` WHERE ` + strings.Join(w.conditions, ` AND `) }

// limit is the LIMIT of a statement.
func (w *where) limit(n int) string { return ` LIMIT ` + w.param(n) }
