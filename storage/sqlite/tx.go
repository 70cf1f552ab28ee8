package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/adjourn/adjourn/storage"
)

// A Tx is a [storage.Tx] within a transaction that the host began and will end.
type Tx struct {
	store  *Store
	r      plain
	joined bool  // the transaction was found to be one that can be used
	broken error // what left it in a state that nobody knows
}

// Tx returns the store within a transaction of the host's, on the same database.
//
// The transaction must hold the write lock, or be able to get it: begin it with
// BEGIN IMMEDIATE, which drivers do when told so in the name of the database,
// with _txlock=immediate. Its connection must have synchronous=FULL, set there
// too; Tx turns secure_delete on. All other writers wait until the transaction
// ends, for the time that the store's options give them: so it should be short,
// and wait for nothing that waits for the store.
func (s *Store) Tx(tx *sql.Tx) *Tx {
	return &Tx{store: s, r: plain{tx, s.options.Prefix}}
}

// Load implements [storage.Tx].
func (t *Tx) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	ctx, cancel := t.store.limited(ctx)
	defer cancel()
	if err := t.join(ctx); err != nil {
		return storage.Loaded{}, failed(ctx, "load", err)
	}
	l, err := load(ctx, t.r, key, commandID)
	if err != nil {
		return storage.Loaded{}, failed(ctx, "load", err)
	}
	return l, nil
}

// History implements [storage.Tx].
func (t *Tx) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	ctx, cancel := t.store.limited(ctx)
	defer cancel()
	if err := t.join(ctx); err != nil {
		return nil, failed(ctx, "history", err)
	}
	events, err := history(ctx, t.r, key, after, limit)
	if err != nil {
		return nil, failed(ctx, "history", err)
	}
	return events, nil
}

// Record implements [storage.Tx].
func (t *Tx) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	ctx, cancel := t.store.limited(ctx)
	defer cancel()
	if err := t.join(ctx); err != nil {
		return storage.Record{}, failed(ctx, "record", err)
	}
	found, err := record(ctx, t.r, key)
	if err != nil {
		return storage.Record{}, failed(ctx, "record", err)
	}
	return found, nil
}

// Commit implements [storage.Tx]. It never returns [storage.ErrOutcomeUnknown]:
// what becomes of the transaction is for the host to find out.
func (t *Tx) Commit(ctx context.Context, c storage.Commit) error {
	if err := t.join(ctx); err != nil {
		return failed(ctx, "commit", err)
	}
	ctx, cancel := t.store.limited(context.WithoutCancel(ctx)) // as in join
	defer cancel()
	return result(ctx, "commit", t.apply(ctx, c))
}

// apply applies all of a commit or, of one that fails half-way, nothing.
func (t *Tx) apply(ctx context.Context, c storage.Commit) error {
	if _, err := t.r.exec(ctx, "SAVEPOINT adjourn"); err != nil {
		return err
	}
	err := apply(ctx, t.r, c, &positions{want: 1})
	if err != nil {
		_, t.broken = t.r.exec(ctx, "ROLLBACK TO adjourn")
	}
	if t.broken == nil {
		_, t.broken = t.r.exec(ctx, "RELEASE adjourn")
	}
	if t.broken != nil {
		return fmt.Errorf("%w, after %v", t.broken, err)
	}
	return err
}

// join makes sure, once, that the transaction is one that the store can be in.
// It does not end with ctx: a statement that is interrupted while it writes would
// end the host's transaction.
func (t *Tx) join(ctx context.Context) error {
	if t.broken != nil {
		return fmt.Errorf("an earlier commit broke the transaction: %w", t.broken)
	}
	if err := ctx.Err(); err != nil || t.joined {
		return err
	}
	ctx, cancel := t.store.limited(context.WithoutCancel(ctx))
	defer cancel()
	if err := t.lock(ctx); err != nil {
		return err
	}
	if err := t.store.ready(ctx, t.r); err != nil {
		return err
	}
	if err := t.settings(ctx); err != nil {
		return err
	}
	t.joined = true
	return nil
}

// lock writes nothing, but takes the write lock unless the transaction has it.
func (t *Tx) lock(ctx context.Context) error {
	const text = `UPDATE {prefix}feed SET last = last WHERE id = 0`
	_, err := t.r.exec(ctx, text)
	switch {
	case locked(err):
		return fmt.Errorf("the transaction does not have the write lock, begin it with BEGIN IMMEDIATE, such as by _txlock=immediate: %w", err)
	case err != nil && strings.Contains(err.Error(), "no such table"):
		return errors.Join(t.store.checkSchema(ctx, t.r), err)
	}
	return err
}

// settings compares what the connection is set to with what a commit needs to be
// safe.
func (t *Tx) settings(ctx context.Context) error {
	var journal string
	var synchronous, secure int
	for _, pragma := range []struct {
		text string
		dest any
	}{
		{"PRAGMA journal_mode", &journal},
		{"PRAGMA synchronous", &synchronous},
		{"PRAGMA secure_delete = ON", &secure},
	} {
		if _, err := first(ctx, t.r, pragma.text, nil, pragma.dest); err != nil {
			return err
		}
	}
	switch {
	case journal != "wal":
		return fmt.Errorf("the database of the transaction has journal_mode=%s: it is not the one of the store, which has WAL", journal)
	case synchronous < 2:
		return fmt.Errorf("the connection of the transaction has synchronous=%d, which can lose commits: set it to FULL where the database is opened", synchronous)
	case secure != 1:
		return fmt.Errorf("the connection of the transaction does not take secure_delete, it stays %d", secure)
	}
	return nil
}
