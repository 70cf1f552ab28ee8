package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/internal/group"
)

// A writer is the one connection that a store writes with, kept for it because
// pragmas reach one connection only. It is safe for concurrent use: transactions
// follow each other.
type writer struct {
	db     *sql.DB
	prefix string

	failed atomic.Bool // a commit failed on its way to the disk

	turn   chan struct{} // holds one token, which guards the fields below; a lock that a context can stop waiting for
	conn   *sql.Conn     // nil: lost, and pinned anew by the next transaction
	kept   *prepared     // the statements of conn
	closed bool
}

func newWriter(db *sql.DB, prefix string) *writer {
	w := &writer{db: db, prefix: prefix, turn: make(chan struct{}, 1)}
	w.turn <- struct{}{}
	return w
}

// errNotBegun: the transaction never got the write lock, so that another would
// not either.
var errNotBegun = errors.New("no transaction begun")

// transaction runs f with the write lock held. Unless it returns nil or
// [storage.ErrOutcomeUnknown], nothing was changed. Until f is done, ctx ends it.
func (w *writer) transaction(ctx context.Context, f func(r runner) error) error {
	if err := w.take(ctx); err != nil {
		return fmt.Errorf("%w: %w", errNotBegun, err)
	}
	defer w.release()
	if err := w.begin(ctx); err != nil {
		return fmt.Errorf("%w: %w", errNotBegun, err)
	}
	err := f(w.kept)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		w.rollback(ctx)
		return err
	}
	return w.commit(ctx)
}

func (w *writer) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-w.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if w.closed {
		w.release()
		return group.ErrClosed
	}
	if w.failed.Load() {
		w.release()
		return ErrDiskFailed
	}
	if w.conn == nil {
		if err := w.pin(ctx); err != nil {
			w.release()
			return err
		}
	}
	return nil
}

func (w *writer) release() { w.turn <- struct{}{} }

// begin waits for the write lock, which another process or a host's transaction
// may hold, as long as ctx lasts. SQLite cannot be interrupted while it waits, and
// a driver that returns the error of ctx does not say whether the transaction
// began: so it waits for a moment at a time, and is not given ctx.
func (w *writer) begin(ctx context.Context) error {
	for {
		_, err := w.kept.exec(context.WithoutCancel(ctx), "BEGIN IMMEDIATE")
		if err == nil {
			return nil
		}
		if !locked(err) {
			w.drop()
			return err
		}
		if done := ctx.Err(); done != nil {
			return fmt.Errorf("%w: %w: %w", storage.ErrHeld, err, done)
		}
	}
}

// commit ends the transaction. If COMMIT fails and the transaction is still
// there to be rolled back, nothing was applied. If it is not, nobody knows: what
// the disk did not take may still be read, until the power fails, so that nothing
// that is read from here on proves anything. It is not given ctx, which would end
// it in the middle.
func (w *writer) commit(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	_, err := w.kept.exec(ctx, "COMMIT")
	if err == nil {
		return nil
	}
	if _, failed := w.conn.ExecContext(ctx, "ROLLBACK"); failed != nil {
		w.failed.Store(true)
		w.drop()
		return fmt.Errorf("%w: %w", storage.ErrOutcomeUnknown, err)
	}
	return fmt.Errorf("not committed: %w", err)
}

// rollback ends the transaction. After some errors SQLite has done so by itself;
// after others the connection is of no more use.
func (w *writer) rollback(ctx context.Context) {
	_, err := w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if err != nil && !strings.Contains(err.Error(), "no transaction is active") {
		w.drop()
	}
}

// try pins the connection and makes sure that the file can be written, which
// SQLite does not say before it is. Nothing is changed.
func (w *writer) try(ctx context.Context) error {
	return w.transaction(ctx, func(runner) error {
		version, err := w.text(ctx, "PRAGMA user_version")
		if err != nil {
			return err
		}
		_, err = w.conn.ExecContext(ctx, "PRAGMA user_version = "+version)
		return err
	})
}

// locked reports whether an error is SQLITE_BUSY. Its text is SQLite's own, and
// all that drivers have in common.
func locked(err error) bool {
	return err != nil && strings.Contains(err.Error(), "database is locked")
}

// checkpoint moves what is in the WAL to the database and empties it, unless
// somebody still reads from it.
func (w *writer) checkpoint(ctx context.Context) {
	if w.take(ctx) != nil {
		return
	}
	defer w.release()
	_, _ = w.conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA wal_checkpoint(TRUNCATE)")
}

// close waits for a transaction that is under way, and refuses others.
func (w *writer) close() {
	<-w.turn
	defer w.release()
	w.closed = true
	w.drop()
}

// drop gives the connection up. It does not go back to the pool, where its
// pragmas, or a transaction that could not be ended, would meet others.
func (w *writer) drop() {
	if w.conn == nil {
		return
	}
	// If database/sql closed it already, its statements must not be touched: they
	// point to memory that is no longer theirs.
	if w.conn.Raw(func(any) error { return nil }) == nil {
		w.kept.close()
		_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = w.conn.Close()
	w.conn, w.kept = nil, nil
}

// pin takes a connection out of the pool and makes it the writer.
func (w *writer) pin(ctx context.Context) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return err
	}
	w.conn, w.kept = conn, &prepared{db: conn, prefix: w.prefix}
	if err := w.prepare(ctx); err != nil {
		w.drop()
		return err
	}
	return nil
}

// A pragma is set, and read back.
type pragma struct{ name, set, want string }

// waiting has SQLite wait so many milliseconds for a lock, at a time.
var waiting = pragma{"busy_timeout", "100", "100"}

// pragmas are what a connection needs, to keep what was committed and to leave
// nothing of what was erased.
var pragmas = []pragma{
	{"locking_mode", "NORMAL", "normal"}, // otherwise nobody reads beside the writer
	{"journal_mode", "WAL", "wal"},
	{"synchronous", "FULL", "2"},
	{"fullfsync", "ON", "1"}, // of macOS, whose fsync leaves data in the disk's cache
	{"checkpoint_fullfsync", "ON", "1"},
	{"secure_delete", "ON", "1"},
}

// prepare waits while others have the whole database to themselves, as each does
// for a moment who changes it to WAL, and begins anew: SQLite itself does not
// always wait for that.
func (w *writer) prepare(ctx context.Context) error {
	for {
		err := w.settings(ctx)
		if !locked(err) {
			return err
		}
		if err := w.begin(ctx); err != nil {
			return err
		}
		if _, err := w.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
			return err
		}
	}
}

func (w *writer) settings(ctx context.Context) error {
	if err := w.set(ctx, waiting); err != nil {
		return err
	}
	if err := w.checkFile(ctx); err != nil {
		return err
	}
	for _, p := range pragmas {
		if err := w.set(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) set(ctx context.Context, p pragma) error {
	if _, err := w.conn.ExecContext(ctx, "PRAGMA "+p.name+" = "+p.set); err != nil {
		return fmt.Errorf("set %s to %s: %w", p.name, p.set, err)
	}
	got, err := w.text(ctx, "PRAGMA "+p.name)
	if err != nil {
		return fmt.Errorf("read %s: %w", p.name, err)
	}
	if got != p.want {
		return fmt.Errorf("the database does not take %s=%s, it stays %s", p.name, p.set, got)
	}
	return nil
}

// checkFile refuses databases in memory, which each connection has its own of,
// and those that compare texts otherwise than byte by byte.
func (w *writer) checkFile(ctx context.Context) error {
	file, err := w.text(ctx, "SELECT coalesce(file, '') FROM pragma_database_list WHERE name = 'main'")
	switch {
	case err != nil:
		return err
	case file == "":
		return errors.New("the database is not a file: use storage/memory to keep conversations in memory")
	}
	encoding, err := w.text(ctx, "PRAGMA encoding")
	switch {
	case err != nil:
		return err
	case encoding != "UTF-8":
		return fmt.Errorf("the database has texts in %s: UTF-8 is needed", encoding)
	}
	return nil
}

// text is the one value that a query returns.
func (w *writer) text(ctx context.Context, query string) (value string, err error) {
	err = w.conn.QueryRowContext(ctx, query).Scan(&value)
	return value, err
}
