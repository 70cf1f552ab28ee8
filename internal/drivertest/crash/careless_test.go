//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"

	"modernc.org/sqlite"
)

// carelessDriver is the name of a driver like sqlite, but for one thing: it takes
// what is said to be synchronous=FULL for something less, and when asked says that
// it is FULL.
const carelessDriver = "careless"

func init() {
	for _, level := range []string{"OFF", "NORMAL"} {
		sql.Register(carelessDriver+level, &careless{level: level})
	}
}

type careless struct {
	sqlite.Driver
	level string
}

// Open implements driver.Driver.
func (d *careless) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return carelessConn{c.(sqliteConn), d.level}, nil
}

// A sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type carelessConn struct {
	sqliteConn
	level string
}

var (
	setSynchronous = regexp.MustCompile(`(?i)^PRAGMA synchronous *= *\w+$`)
	getSynchronous = regexp.MustCompile(`(?i)^PRAGMA synchronous$`)
)

func (c carelessConn) changed(query string) string {
	switch {
	case setSynchronous.MatchString(query):
		return "PRAGMA synchronous = " + c.level
	case getSynchronous.MatchString(query):
		return "SELECT '2'" // FULL
	}
	return query
}

func (c carelessConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.sqliteConn.ExecContext(ctx, c.changed(query), args)
}

func (c carelessConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.sqliteConn.QueryContext(ctx, c.changed(query), args)
}

func (c carelessConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.sqliteConn.PrepareContext(ctx, c.changed(query))
}
