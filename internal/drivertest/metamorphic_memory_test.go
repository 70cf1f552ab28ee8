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
	reopened func()
	player   *metaPlayer
}

func (m *metaMemory) store() storage.Store { return m.Store }
func (m *metaMemory) close() error         { return nil }

func (m *metaMemory) begin(ctx context.Context) (storage.Tx, func(commit bool) error, error) {
	draft := &metaDraft{below: m.Store}
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
	d.commits = append(d.commits, c)
	return nil
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
