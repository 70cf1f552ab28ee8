package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite" // with the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// openFile opens a database, whatever characters are in its name.
func openFile(file, settings string) (*sql.DB, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") { // C:/desk.db
		path = "/" + path
	}
	source := url.URL{Scheme: "file", Path: path, RawQuery: settings}
	return sql.Open("sqlite", source.String())
}

// lockFile keeps other desks off a database, until unlock is called or the process
// ends, however it does: the pages of one would not hear of what another did. The
// lock is on a file beside the database, which may be deleted.
func lockFile(ctx context.Context, file string) (unlock func() error, err error) {
	db, err := openFile(file+".lock", "_txlock=exclusive&_pragma=busy_timeout(0)")
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		db.Close()
		if busy, ok := errors.AsType[*sqlite.Error](err); ok && busy.Code() == sqlite3.SQLITE_BUSY {
			err = fmt.Errorf("%s is in use by another desk (choose another file with -db)", file)
		}
		return nil, err
	}
	return func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
}
