package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/internal/group"
	"github.com/adjourn/adjourn/storage/internal/schema"
)

// DefaultPrefix and DefaultTimeout stand for the zero values of [Options].
const (
	DefaultPrefix  = "adjourn_"
	DefaultTimeout = 10 * time.Second
)

// Options are the choices of a host. The zero value, or nil for all of it, is
// the sensible default.
type Options struct {
	// Prefix begins the names of the tables and indexes: a small letter or _,
	// then small letters, digits and _, at most 32 bytes, not beginning with
	// sqlite_. Empty means DefaultPrefix. Stores of different prefixes in one
	// file know nothing of each other.
	Prefix string

	// Timeout limits every transaction and every read, beside the contexts of
	// the calls; waiting for another process to end its transaction is part of
	// it. Zero means DefaultTimeout, negative is an error. Migrate, Tally and
	// Spreads are limited by their contexts alone.
	Timeout time.Duration
}

var prefixes = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,31}$`)

// checked returns the options with their defaults, or what is wrong with them.
func (o *Options) checked() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Prefix == "" {
		c.Prefix = DefaultPrefix
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	switch {
	case !prefixes.MatchString(c.Prefix), strings.HasPrefix(c.Prefix, "sqlite_"): // which SQLite keeps for itself
		return c, fmt.Errorf("sqlite: the prefix %q cannot begin names of tables", c.Prefix)
	case c.Timeout < 0:
		return c, fmt.Errorf("sqlite: the timeout %v is negative", c.Timeout)
	}
	return c, nil
}

// ErrDiskFailed: a commit failed on its way to the disk, so that its outcome is
// unknown, and what is read no longer proves what is kept. The store does nothing
// more. Close it, see to the disk, and open it anew.
var ErrDiskFailed = errors.New("the disk failed under a commit: close the store, see to the disk, and open it anew")

// batchSize is the most commits that one transaction takes.
const batchSize = 128

// A Store is a [storage.Store] in a SQLite database. Use [New]; it is safe for
// concurrent use, and any number of stores, in any number of processes of one
// machine, may use the same file.
type Store struct {
	db         *sql.DB
	options    Options
	migrations []schema.Migration
	pool       *prepared // reads
	writer     *writer
	commits    *group.Committer[storage.Commit]
	current    atomic.Bool // the tables have been found to be those that the store works with
	closed     atomic.Bool
}

var (
	_ storage.Store   = (*Store)(nil)
	_ storage.Tallier = (*Store)(nil)
	_ storage.Tx      = (*Tx)(nil)
)

// New returns a store in the database, whose tables must be there before it is
// used: see [Store.Migrate]. Close releases what it keeps; db stays the host's.
//
// It takes one connection of db for itself, to write with, and sets on it what
// keeps commits safe: WAL, synchronous=FULL and secure_delete among them. It
// refuses a db limited to one connection, because nobody could read beside the
// writer; a database that is not a file; and one that does not take the settings,
// such as one that cannot be written. To know that, it waits until nobody holds
// the write lock, for Options.Timeout; then the error is storage.ErrHeld.
func New(ctx context.Context, db *sql.DB, o *Options) (*Store, error) {
	options, err := o.checked()
	if err != nil {
		return nil, err
	}
	if db == nil {
		return nil, errors.New("sqlite: no database was given")
	}
	if db.Stats().MaxOpenConnections == 1 {
		return nil, errors.New("sqlite: the database is limited to one connection: the store writes with one and reads with others, allow two or more with SetMaxOpenConns")
	}
	migrations, err := schema.Read(files, options.Prefix)
	if err != nil {
		return nil, err
	}
	s := &Store{
		db:         db,
		options:    options,
		migrations: migrations,
		pool:       &prepared{db: db, prefix: options.Prefix},
		writer:     newWriter(db, options.Prefix),
	}
	s.commits = group.New(batchSize, 1, s.write)
	ctx, cancel := s.limited(ctx)
	defer cancel()
	if err := s.writer.try(ctx); err != nil {
		s.writer.close()
		return nil, failed(ctx, "new", err)
	}
	return s, nil
}

// Close waits for the commits that were given, and releases what the store keeps
// of the database, which it does not close. Every later call returns an error.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.commits.Close()
	s.writer.close()
	s.pool.close()
	return nil
}

// limited is ctx with the timeout of the store.
func (s *Store) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.options.Timeout)
}

// reader is where reads go to, once the store is ready to be used.
func (s *Store) reader(ctx context.Context) (runner, error) {
	if err := s.ready(ctx, plain{s.db, s.options.Prefix}); err != nil {
		return nil, err
	}
	return s.pool, nil
}

// change runs f in a transaction of its own, once the store is ready.
func (s *Store) change(ctx context.Context, f func(r runner) error) error {
	if _, err := s.reader(ctx); err != nil {
		return err
	}
	return s.writer.transaction(ctx, f)
}

// ready refuses to use a store that was closed or whose disk failed, or tables
// that are not those that it works with. Once they were, it looks no more.
func (s *Store) ready(ctx context.Context, r runner) error {
	if s.writer.failed.Load() {
		return ErrDiskFailed
	}
	if s.current.Load() && !s.closed.Load() {
		return nil
	}
	return s.checkSchema(ctx, r)
}

// failed is err with what failed. Drivers do not say with every error that it
// came because the context was done.
func failed(ctx context.Context, what string, err error) error {
	if done := ctx.Err(); done != nil && !errors.Is(err, done) {
		return fmt.Errorf("sqlite: %s: %w: %w", what, err, done)
	}
	return fmt.Errorf("sqlite: %s: %w", what, err)
}

// result is what a call that changes something returns: a refusal is no failure.
func result(ctx context.Context, what string, err error) error {
	if err == nil || refused(err) {
		return err
	}
	return failed(ctx, what, err)
}
