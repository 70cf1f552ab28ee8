package drivertest_test

import (
	"context"

	"github.com/adjourn/adjourn/storage"
)

// A metaMemory is a store in memory, sound or not, to which a host's
// transactions were added.
type metaMemory struct {
	storage.Store
	end      func(draft *metaDraft, commit bool) error // in place of the draft's own
	begun    func(draft *metaDraft)
	reopened func()
	player   *metaPlayer
}

func (m *metaMemory) store() storage.Store { return m.Store }
func (m *metaMemory) close() error         { return nil }

func (m *metaMemory) begin(ctx context.Context) (storage.Tx, func(commit bool) error, error) {
	draft := &metaDraft{below: m.Store, agents: map[storage.RecordKey]storage.Record{}}
	if m.begun != nil {
		m.begun(draft)
	}
	return draft, func(commit bool) error {
		switch {
		case m.end != nil:
			return m.end(draft, commit)
		case commit:
			return draft.apply(ctx)
		}
		return nil
	}, nil
}

func (m *metaMemory) reopen(context.Context) (bool, error) {
	if m.reopened != nil {
		m.reopened()
	}
	return true, nil
}

// A metaDraft is a transaction on a store that has none: commits that only its
// own reads see until it is applied.
type metaDraft struct {
	below   storage.Store
	commits []storage.Commit
	agents  map[storage.RecordKey]storage.Record // whose seats it moved
	blind   bool                                 // its reads do not see that
}

// Load implements storage.Tx.
func (d *metaDraft) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	l, err := d.below.Load(ctx, key, commandID)
	for _, c := range d.commits {
		if c.Key != key {
			continue
		}
		if len(c.Events) > 0 {
			l.Head = c.Head
		} else {
			l.Head.Due, l.Head.PolicyRevision = c.Head.Due, c.Head.PolicyRevision
		}
		l.Setback = storage.Setback{}
		if commandID != "" && c.Command.ID == commandID {
			l.Applied = &storage.Applied{Fingerprint: c.Command.Fingerprint, From: c.Expect, To: l.Head.Version}
		}
	}
	return l, err
}

// Commit implements storage.Tx.
func (d *metaDraft) Commit(ctx context.Context, c storage.Commit) error {
	l, err := d.Load(ctx, c.Key, c.Command.ID)
	if err != nil {
		return err
	}
	if l.Head.Version != c.Expect || l.Applied != nil {
		return storage.ErrConflict
	}
	if err := d.moveSeat(ctx, c, l.Head.Seat); err != nil {
		return err
	}
	d.commits = append(d.commits, c)
	return nil
}

// moveSeat frees the seat before and takes that of the commit, or refuses it.
func (d *metaDraft) moveSeat(ctx context.Context, c storage.Commit, before string) error {
	key := storage.RecordKey{Workspace: c.Key.Workspace, Kind: storage.KindAgent, ID: c.Seen.Agent}
	if seen, err := d.Record(ctx, key); err != nil {
		return err
	} else if c.Seen.Agent != "" && seen.Version != c.Seen.Version {
		return storage.ErrConflict
	}
	if len(c.Events) == 0 || c.Head.Seat == before {
		return nil
	}
	key.ID = c.Head.Seat
	taken, err := d.Record(ctx, key)
	if err != nil {
		return err
	}
	overfill := c.Seen.Overfill && c.Seen.Agent == c.Head.Seat
	if taken.Version > 0 && taken.Seats >= taken.Capacity && !overfill {
		return storage.ErrFull
	}
	key.ID = before
	freed, err := d.Record(ctx, key)
	if err != nil {
		return err
	}
	if freed.Due.IsZero() || c.At.Before(freed.Due) {
		freed.Due = c.At
	}
	taken.Seats++
	freed.Seats--
	for _, r := range []storage.Record{taken, freed} {
		if r.SeatsAt, r.SeatMoves = c.At, r.SeatMoves+1; r.Version > 0 {
			d.agents[r.Key] = r
		}
	}
	return nil
}

// Record implements storage.Tx.
func (d *metaDraft) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	if r, moved := d.agents[key]; moved && !d.blind {
		return r, ctx.Err()
	}
	return d.below.Record(ctx, key)
}

// History implements storage.Tx.
func (d *metaDraft) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := d.below.History(ctx, key, after, limit)
	for _, c := range d.commits {
		for _, e := range c.Events {
			if c.Key == key && e.Version > after {
				events = append(events, e)
			}
		}
	}
	return events[:min(limit, len(events))], err
}

func (d *metaDraft) apply(ctx context.Context) error {
	for _, c := range d.commits {
		if err := d.below.Commit(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
