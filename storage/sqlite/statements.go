package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/adjourn/adjourn/storage/internal/schema"
)

// A runner runs statements, in whose text {prefix} stands before the names of
// tables and indexes.
type runner interface {
	exec(ctx context.Context, text string, args ...any) (sql.Result, error)
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// plain runs statements as they come: in a host's transaction, and those that
// come once.
type plain struct {
	db interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
	prefix string
}

func (p plain) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return p.db.ExecContext(ctx, named(text, p.prefix), args...)
}

func (p plain) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return p.db.QueryContext(ctx, named(text, p.prefix), args...)
}

func named(text, prefix string) string {
	return strings.ReplaceAll(text, schema.Placeholder, prefix)
}

// prepared prepares each statement when it first comes. It is safe for
// concurrent use if db is.
type prepared struct {
	db interface {
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
	prefix string

	mu         sync.Mutex           // guards statements
	statements map[string]*sql.Stmt // by their text with {prefix}
}

func (p *prepared) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	s, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (p *prepared) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := p.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// statement does not hold the lock while it prepares, which may wait for a
// connection. Of two that prepare the same, one is kept.
func (p *prepared) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := p.known(text); s != nil {
		return s, nil
	}
	s, err := p.db.PrepareContext(ctx, named(text, p.prefix))
	if err != nil {
		return nil, err
	}
	return p.keep(text, s), nil
}

func (p *prepared) known(text string) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.statements[text]
}

func (p *prepared) keep(text string, s *sql.Stmt) *sql.Stmt {
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.statements[text]; other != nil {
		_ = s.Close()
		return other
	}
	if p.statements == nil {
		p.statements = map[string]*sql.Stmt{}
	}
	p.statements[text] = s
	return s
}

func (p *prepared) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.statements {
		_ = s.Close()
	}
	clear(p.statements)
}

// brief runs statements that are soon done: their context does not interrupt them,
// and is looked at before each. Drivers start a goroutine for every statement that
// may be interrupted.
type brief struct{ runner }

func (b brief) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.runner.exec(context.WithoutCancel(ctx), text, args...)
}

func (b brief) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return b.runner.query(context.WithoutCancel(ctx), text, args...)
}

// changed returns how many rows a statement changed.
func changed(ctx context.Context, r runner, text string, args ...any) (int64, error) {
	result, err := r.exec(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// each has scan read every row of a query.
func each(ctx context.Context, r runner, text string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := r.query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// list reads all rows of a query.
func list[T any](ctx context.Context, r runner, text string, args []any, scan func(rows *sql.Rows) (T, error)) (all []T, err error) {
	err = each(ctx, r, text, args, func(rows *sql.Rows) error {
		v, err := scan(rows)
		all = append(all, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// first reads the first row of a query, if there is one.
func first(ctx context.Context, r runner, text string, args []any, dest ...any) (found bool, err error) {
	rows, err := r.query(ctx, text, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(dest...); err != nil {
		return false, err
	}
	return true, rows.Close()
}

// micros is what a column holds for a time.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// instant reads what micros wrote.
func instant(column sql.NullInt64) time.Time {
	if !column.Valid {
		return time.Time{}
	}
	return time.UnixMicro(column.Int64).UTC()
}

// blob is never NULL, which drivers make of a nil slice.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
