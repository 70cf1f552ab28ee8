package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/internal/group"
	"github.com/adjourn/adjourn/storage/internal/schema"
)

// What the zero [Options] stand for.
const (
	DefaultSchema      = "adjourn"
	DefaultTimeout     = 10 * time.Second
	DefaultLockTimeout = 2 * time.Second
)

// oldestServer is the oldest version that its makers still maintain.
const oldestServer = 14

// Options of a [Store]. Nil and the zero value are good.
type Options struct {
	// Schema is where the tables are: lower-case letters, digits and
	// underscores, not beginning with a digit, at most 63 of them. Empty means
	// DefaultSchema. Stores with different schemas know nothing of each other.
	Schema string

	// Timeout ends every call but Migrate, Tally, Spreads and those of a Tx, if
	// its context does not do so before. It is at least a millisecond and at most
	// a day; zero means DefaultTimeout.
	Timeout time.Duration

	// LockTimeout is how long a call waits for a conversation or a record that
	// somebody else's transaction holds, before that is storage.ErrHeld. It has
	// the limits of Timeout; zero means DefaultLockTimeout.
	LockTimeout time.Duration
}

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// checked returns the options with what the zero values stand for.
func (o *Options) checked() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Schema == "" {
		c.Schema = DefaultSchema
	}
	if !schemaName.MatchString(c.Schema) {
		return c, fmt.Errorf("postgres: Options.Schema %q is not the name of a schema", c.Schema)
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.LockTimeout == 0 {
		c.LockTimeout = DefaultLockTimeout
	}
	for name, d := range map[string]time.Duration{"Timeout": c.Timeout, "LockTimeout": c.LockTimeout} {
		if d < time.Millisecond || d > 24*time.Hour {
			return c, fmt.Errorf("postgres: Options.%s of %v is not between a millisecond and a day", name, d)
		}
	}
	return c, nil
}

// A Store is a storage.Store, storage.Tallier and storage.Clock in a Postgres
// database. Use [New]; it is safe for concurrent use, also by any number of processes.
type Store struct {
	db        *sql.DB
	options   Options
	committer *group.Committer[prepared]
	loads     *group.Reader[asked, storage.Loaded]
	reads     *group.Reader[storage.RecordKey, storage.Record]
	alone     chan struct{} // holds one for each commit that is tried alone
	checked   atomic.Bool   // the schema is the right one
}

var (
	_ storage.Store   = (*Store)(nil)
	_ storage.Tallier = (*Store)(nil)
	_ storage.Clock   = (*Store)(nil)
)

// New returns a store in a database, which stays the caller's to close. Its pool
// should allow eight connections or more. New looks whether the server can be
// used, and changes nothing: the tables are made by [Store.Migrate]. A store on
// tables of another version returns a *storage.SchemaError from every call.
func New(ctx context.Context, db *sql.DB, o *Options) (*Store, error) {
	options, err := o.checked()
	if err != nil {
		return nil, err
	}
	if db == nil {
		return nil, errors.New("postgres: no database was given")
	}
	s := &Store{db: db, options: options, alone: make(chan struct{}, maxAlone)}
	s.committer = group.New(maxBatch, 2, s.writeBatch)
	s.loads = group.NewReader(maxRead, readTogether, s.loadAll)
	s.reads = group.NewReader(maxRead, readTogether, s.recordAll)
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	var encoding string
	var version int
	const query = `SELECT current_setting('server_encoding'), current_setting('server_version_num')::integer`
	if err := db.QueryRowContext(ctx, query).Scan(&encoding, &version); err != nil {
		return nil, failed(ctx, "new", err)
	}
	if encoding != "UTF8" {
		return nil, fmt.Errorf("postgres: the encoding of the database is %s, must be UTF8", encoding)
	}
	if version < oldestServer*10_000 {
		return nil, fmt.Errorf("postgres: the server is of version %d, must be %d or newer", version/10_000, oldestServer)
	}
	return s, nil
}

// Close refuses new commits and waits for those that are being written, at most
// Options.Timeout. It does not close the database.
func (s *Store) Close() error {
	s.committer.Close()
	return nil
}

// Now implements [storage.Clock] with the clock of the server.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	now, err := serverTime(ctx, s.db)
	return now, failed(ctx, "now", err)
}

func serverTime(ctx context.Context, q querier) (time.Time, error) {
	const query = `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint`
	var now int64
	if err := q.QueryRowContext(ctx, query).Scan(&now); err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(now).UTC(), nil
}

func (s *Store) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, s.options.Timeout)
}

// A querier is a database or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// sql puts the schema into a statement.
func (s *Store) sql(statement string) string {
	return strings.ReplaceAll(statement, schema.Placeholder, quoted(s.options.Schema))
}

// quoted makes a name of what might be a word of SQL.
func quoted(name string) string { return `"` + name + `"` }

// settings are local to the transaction, so that nothing is left in a session
// that may be another's next. They end what hangs even if this process cannot.
// Compiling a statement takes far longer than running it, whatever the planner
// thinks of tables that it has no statistics of.
const settings = `SELECT
	set_config('statement_timeout', $1, true),
	set_config('idle_in_transaction_session_timeout', $1, true),
	set_config('lock_timeout', $2, true),
	set_config('jit', 'off', true)`

func (s *Store) set(ctx context.Context, tx *sql.Tx, lockTimeout time.Duration) error {
	_, err := tx.ExecContext(ctx, settings, milliseconds(s.options.Timeout), milliseconds(lockTimeout))
	return err
}

// look runs f in a transaction that changes nothing.
func (s *Store) look(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := s.set(ctx, tx, s.options.Timeout); err != nil {
		return err
	}
	return f(tx)
}

// change runs f in a transaction in which no lock is waited for longer than
// lockTimeout. The error is ErrOutcomeUnknown if nobody knows whether it took
// effect, otherwise it did not.
func (s *Store) change(ctx context.Context, lockTimeout time.Duration, f func(tx *sql.Tx) error) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		if err := s.set(ctx, tx, lockTimeout); err != nil {
			return err
		}
		return f(tx)
	})
}

// transact is change without the settings.
func (s *Store) transact(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // from here on it would not be known
		return err
	}
	err = s.patiently(ctx, tx.Commit)
	if err != nil && !rolledBack(err) {
		err = fmt.Errorf("%w: %w", storage.ErrOutcomeUnknown, err)
	}
	return err
}

// patiently does what is no longer known to have no effect, and gives it up soon
// after ctx is done. A driver may not return then: lib/pq waits for an answer of the
// server, which a network can lose.
func (s *Store) patiently(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	patience, stop := context.WithTimeout(context.WithoutCancel(ctx), s.options.Timeout/8)
	defer stop()
	select {
	case err := <-done:
		return err
	case <-patience.Done():
		return fmt.Errorf("%w: the driver does not return: %w", storage.ErrOutcomeUnknown, ctx.Err())
	}
}

// begin says the level of isolation, because the host may have made another one
// the default, and all relies on each statement seeing what was committed before
// it.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	return s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// ready makes sure, once, that the tables are of the right version.
func (s *Store) ready(ctx context.Context, q querier) error {
	if s.checked.Load() {
		return nil
	}
	return s.checkSchema(ctx, q)
}

// failed says which call failed, and that its context was done, if it was: the
// errors of drivers then speak of canceled statements or closed connections.
func failed(ctx context.Context, call string, err error) error {
	switch done := ctx.Err(); {
	case err == nil:
		return nil
	case done != nil && !errors.Is(err, done):
		return fmt.Errorf("postgres: %s: %w: %w", call, done, err)
	default:
		return fmt.Errorf("postgres: %s: %w", call, err)
	}
}

// micros is the column of a time: NULL for the zero time.
func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

// microsUp is the first whole microsecond not before t.
func microsUp(t time.Time) int64 {
	us := t.UnixMicro()
	if us < math.MaxInt64 && time.UnixMicro(us).Before(t) {
		us++
	}
	return us
}

// instant is the time of a column.
func instant(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return time.UnixMicro(us.Int64).UTC()
}
