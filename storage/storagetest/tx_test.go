package storagetest_test

import (
	"context"
	"testing"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/storagetest"
)

func TestTx(t *testing.T) {
	t.Parallel()
	storagetest.RunTx(t, func(*testing.T) storagetest.TxHarness {
		s := memory.New()
		return harness(s, func() hostTx { return new(buffered{store: s}).host() })
	})
}

// A hostTx is a transaction with how its host ends it.
type hostTx struct {
	storage.Tx
	commit, rollback func() error
}

func harness(s storage.Store, begin func() hostTx) storagetest.TxHarness {
	return storagetest.TxHarness{
		Store: s,
		Begin: func(*testing.T) (tx storage.Tx, commit, rollback func() error) {
			host := begin()
			return host.Tx, host.commit, host.rollback
		},
	}
}

// A buffered is a transaction over a store that knows none: it keeps what it is
// given until its host commits. Nobody else may write meanwhile.
type buffered struct {
	store   storage.Store
	commits []storage.Commit
}

func (tx *buffered) host() hostTx { return hostTx{tx, tx.commit, tx.rollback} }

func (tx *buffered) Load(ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
	l, err := tx.store.Load(ctx, k, id)
	for _, c := range tx.commits {
		if err != nil || c.Key != k {
			continue
		}
		if len(c.Events) > 0 {
			l.Head = c.Head
		} else {
			l.Head.Due, l.Head.PolicyRevision = c.Head.Due, c.Head.PolicyRevision
		}
		l.Setback = storage.Setback{}
		if id != "" && c.Command.ID == id {
			l.Applied = &storage.Applied{Fingerprint: c.Command.Fingerprint, From: c.Expect, To: l.Head.Version}
		}
	}
	return l, err
}

func (tx *buffered) Commit(ctx context.Context, c storage.Commit) error {
	l, err := tx.Load(ctx, c.Key, c.Command.ID)
	if err != nil {
		return err
	}
	seen, err := tx.agent(ctx, c.Key.Workspace, c.Seen.Agent)
	if err != nil {
		return err
	}
	has, err := tx.agent(ctx, c.Key.Workspace, c.Head.Seat)
	if err != nil {
		return err
	}
	takes := len(c.Events) > 0 && c.Head.Seat != "" && c.Head.Seat != l.Head.Seat
	overfills := c.Seen.Overfill && c.Seen.Agent == c.Head.Seat
	switch {
	case l.Head.Version != c.Expect, l.Applied != nil, seen.Version != c.Seen.Version:
		return storage.ErrConflict
	case takes && has.Version > 0 && has.Seats >= has.Capacity && !overfills:
		return storage.ErrFull
	}
	tx.commits = append(tx.commits, c)
	return nil
}

// agent returns the record of an agent, who may be nobody.
func (tx *buffered) agent(ctx context.Context, workspace, id string) (storage.Record, error) {
	return tx.Record(ctx, storage.RecordKey{Workspace: workspace, Kind: storage.KindAgent, ID: id})
}

func (tx *buffered) Record(ctx context.Context, k storage.RecordKey) (storage.Record, error) {
	r, err := tx.store.Record(ctx, k)
	if err != nil || r.Version == 0 || k.Kind != storage.KindAgent {
		return r, err
	}
	seats := map[storage.Key]string{}
	for _, c := range tx.commits {
		before, known := seats[c.Key]
		if !known {
			l, err := tx.store.Load(ctx, c.Key, "")
			if err != nil {
				return r, err
			}
			before = l.Head.Seat
		}
		seats[c.Key] = before
		if len(c.Events) == 0 || before == c.Head.Seat || c.Key.Workspace != k.Workspace {
			continue
		}
		seats[c.Key] = c.Head.Seat
		switch k.ID {
		case before:
			r.Seats--
			if r.Due.IsZero() || c.At.Before(r.Due) {
				r.Due = c.At
			}
		case c.Head.Seat:
			r.Seats++
		default:
			continue
		}
		r.SeatsAt = c.At
		r.SeatMoves++
	}
	return r, nil
}

func (tx *buffered) History(ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := tx.store.History(ctx, k, after, limit)
	for _, c := range tx.commits {
		for _, e := range c.Events {
			if err == nil && c.Key == k && e.Version > after && len(events) < limit {
				events = append(events, e)
			}
		}
	}
	return events, err
}

func (tx *buffered) commit() error {
	for _, c := range tx.commits {
		if err := tx.store.Commit(context.Background(), c); err != nil {
			return err
		}
	}
	return nil
}

func (tx *buffered) rollback() error { return nil }
