package rows

import (
	"context"
	"database/sql/driver"
	"sync"
)

// A watch is a connector that takes down which statements are run, and how often.
// It is safe for concurrent use.
type watch struct {
	driver.Connector

	mu   sync.Mutex // guards runs
	runs map[string]*run
}

// A run is a statement with the values it was run with last.
type run struct {
	times  int
	values []driver.NamedValue
}

// forget has the watch begin anew.
func (w *watch) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = map[string]*run{}
}

// seen returns what was run since.
func (w *watch) seen() map[string]*run {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs
}

func (w *watch) ran(statement string, values []driver.NamedValue) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs == nil {
		w.runs = map[string]*run{}
	}
	r := w.runs[statement]
	if r == nil {
		r = &run{}
		w.runs[statement] = r
	}
	r.times++
	r.values = values
}

// Connect implements [driver.Connector].
func (w *watch) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &watchedConn{c.(wholeConn), w}, nil
}

// A wholeConn is a connection as both drivers have it.
type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
}

type watchedConn struct {
	wholeConn
	watch *watch
}

func (c *watchedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	c.watch.ran("BEGIN", nil)
	return c.wholeConn.BeginTx(ctx, o)
}

func (c *watchedConn) QueryContext(ctx context.Context, statement string, values []driver.NamedValue) (driver.Rows, error) {
	c.watch.ran(statement, values)
	return c.wholeConn.QueryContext(ctx, statement, values)
}

func (c *watchedConn) ExecContext(ctx context.Context, statement string, values []driver.NamedValue) (driver.Result, error) {
	c.watch.ran(statement, values)
	return c.wholeConn.ExecContext(ctx, statement, values)
}

func (c *watchedConn) PrepareContext(ctx context.Context, statement string) (driver.Stmt, error) {
	s, err := c.wholeConn.PrepareContext(ctx, statement)
	if err != nil {
		return nil, err
	}
	return &watchedStmt{s.(wholeStmt), c.watch, statement}, nil
}

// CheckNamedValue implements [driver.NamedValueChecker] where the driver does.
func (c *watchedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.wholeConn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type wholeStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type watchedStmt struct {
	wholeStmt
	watch     *watch
	statement string
}

func (s *watchedStmt) QueryContext(ctx context.Context, values []driver.NamedValue) (driver.Rows, error) {
	s.watch.ran(s.statement, values)
	return s.wholeStmt.QueryContext(ctx, values)
}

func (s *watchedStmt) ExecContext(ctx context.Context, values []driver.NamedValue) (driver.Result, error) {
	s.watch.ran(s.statement, values)
	return s.wholeStmt.ExecContext(ctx, values)
}
