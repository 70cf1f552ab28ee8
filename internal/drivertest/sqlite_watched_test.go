package drivertest_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A watcher stands between the store and a driver, sees each statement and may
// fail it.
type watcher struct {
	driver driver.Driver
	name   string // of the database

	mu    sync.Mutex
	ran   []statement
	hook  func(s statement, run func() error) error // in place of run; nil: run
	conns int                                       // opened so far
}

// A statement is one that was run.
type statement struct {
	conn *watchedConn
	text string
	args []driver.NamedValue

	limited bool // in time, by its context
}

// statementOf is what a connection is told to run.
func statementOf(ctx context.Context, c *watchedConn, text string, args []driver.NamedValue) statement {
	_, limited := ctx.Deadline()
	return statement{c, text, args, limited}
}

// is reports whether the statement begins with these words.
func (s statement) is(words string) bool {
	return strings.HasPrefix(strings.Join(strings.Fields(s.text), " "), words)
}

// about reports whether a value is among the arguments.
func (s statement) about(value string) bool {
	return slices.ContainsFunc(s.args, func(a driver.NamedValue) bool { return a.Value == value })
}

// watched opens a file through a watcher.
func (d sqliteDriver) watched(tb testing.TB, file, parameters string) (*sql.DB, *watcher) {
	tb.Helper()
	w := &watcher{driver: d.open(tb, file, "").Driver(), name: "file:" + file + parameters}
	db := sql.OpenDB(w)
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db, w
}

// meanwhile has every statement from now on go through the hook.
func (w *watcher) meanwhile(hook func(s statement, run func() error) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hook = hook
}

// fail fails the statements of which fails says so, after those have run that
// are executed all the same.
func (w *watcher) fail(failure error, which func(s statement) (fails, executed bool)) {
	w.meanwhile(func(s statement, run func() error) error {
		fails, executed := which(s)
		if !fails {
			return run()
		}
		if executed {
			if err := run(); err != nil {
				return err
			}
		}
		return failure
	})
}

// statements returns what ran and begins with these words.
func (w *watcher) statements(words string) (found []statement) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.ran {
		if s.is(words) {
			found = append(found, s)
		}
	}
	return found
}

// forget forgets what ran.
func (w *watcher) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran = nil
}

func (w *watcher) run(s statement, run func() error) error {
	w.mu.Lock()
	hook := w.hook
	w.ran = append(w.ran, s)
	w.mu.Unlock()
	if hook == nil {
		return run()
	}
	return hook(s, run)
}

// Connect implements driver.Connector.
func (w *watcher) Connect(context.Context) (driver.Conn, error) {
	c, err := w.driver.Open(w.name)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns++
	return &watchedConn{Conn: c, w: w, number: w.conns}, nil
}

// Driver implements driver.Connector.
func (w *watcher) Driver() driver.Driver { return w.driver }

// A watchedConn is a connection of one of the drivers, which have all these
// methods.
type watchedConn struct {
	driver.Conn
	w      *watcher
	number int
}

func (c *watchedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (result driver.Result, err error) {
	err = c.w.run(statementOf(ctx, c, text, args), func() (err error) {
		result, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
		return err
	})
	return result, err
}

func (c *watchedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.w.run(statementOf(ctx, c, text, args), func() (err error) {
		rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
		return err
	})
	return rows, err
}

func (c *watchedConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	return &watchedStmt{s, c, text}, nil
}

func (c *watchedConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}

// pragma reads a pragma of this very connection.
func (c *watchedConn) pragma(name string) (value driver.Value, err error) {
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(context.Background(), "PRAGMA "+name, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); errors.Is(err, io.EOF) || err != nil {
		return nil, err
	}
	return values[0], nil
}

type watchedStmt struct {
	driver.Stmt
	c    *watchedConn
	text string
}

func (s *watchedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (result driver.Result, err error) {
	err = s.c.w.run(statementOf(ctx, s.c, s.text, args), func() (err error) {
		result, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
	return result, err
}

func (s *watchedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = s.c.w.run(statementOf(ctx, s.c, s.text, args), func() (err error) {
		rows, err = s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
		return err
	})
	return rows, err
}
