package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// A Tx is a storage.Tx: a store within a transaction of the host. Use
// [Store.Tx].
type Tx struct {
	s  *Store
	tx *sql.Tx
}

var (
	_ storage.Tx    = (*Tx)(nil)
	_ storage.Clock = (*Tx)(nil)
)

// Tx returns a store within a transaction that the host began with the same
// database, and ends. It changes no settings of that transaction, so that only
// ctx and what the host has set, such as lock_timeout, limit how long it waits
// for a conversation or an agent that another transaction holds. Others wait for
// the conversations that it has changed, and for the agents that it has seen or
// moved seats of, until the host's transaction ends.
//
// A refused commit raises no error in the server, so the transaction goes on.
// There are three exceptions, after which Postgres lets it only be rolled back:
// when ctx ends during a call, when two transactions wait for each other, which
// is ErrConflict to one of them, and when the host chose an isolation above read
// committed and somebody else's commit came in between, which is ErrConflict
// too.
//
// Whether the host's COMMIT took effect is the host's to find out. The feed has
// the commits after that, however long it takes.
func (s *Store) Tx(tx *sql.Tx) *Tx { return &Tx{s: s, tx: tx} }

// Load implements [storage.Tx].
func (t *Tx) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if err := t.s.ready(ctx, t.tx); err != nil {
		return storage.Loaded{}, failed(ctx, "load", err)
	}
	l, err := t.s.load(ctx, t.tx, key, commandID)
	return l, failed(ctx, "load", err)
}

// Commit implements [storage.Tx].
func (t *Tx) Commit(ctx context.Context, c storage.Commit) error {
	p, err := prepare(c)
	if err == nil {
		err = t.s.ready(ctx, t.tx)
	}
	if err == nil {
		err = t.s.commitOne(ctx, t.tx, p)
	}
	if sqlState(err) != lockNotAvailable { // the host set that time, and will know it
		err = raced(err)
	}
	return failed(ctx, "commit", err)
}

// Now implements [storage.Clock] with the clock of the server, which does not
// stand still during the transaction.
func (t *Tx) Now(ctx context.Context) (time.Time, error) {
	now, err := serverTime(ctx, t.tx)
	return now, failed(ctx, "now", err)
}

// History implements [storage.Tx].
func (t *Tx) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	if err := t.s.ready(ctx, t.tx); err != nil {
		return nil, failed(ctx, "history", err)
	}
	events, err := t.s.history(ctx, t.tx, key, after, limit)
	return events, failed(ctx, "history", err)
}

// Record implements [storage.Tx].
func (t *Tx) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	r, err := t.s.record(ctx, t.tx, key)
	return r, failed(ctx, "record", err)
}
