package storagetest_test

import (
	"context"
	"errors"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// A brokenTx is a transaction over a memory store, but for what is set here.
type brokenTx struct {
	*buffered
	b *broken

	load     func(tx *brokenTx, ctx context.Context, k storage.Key, id string) (storage.Loaded, error)
	write    func(tx *brokenTx, ctx context.Context, c storage.Commit) error
	read     func(tx *brokenTx, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error)
	record   func(tx *brokenTx, ctx context.Context, k storage.RecordKey) (storage.Record, error)
	end      func(tx *brokenTx) error // when the host commits
	rollback func(tx *brokenTx) error
}

// begin begins a transaction that is broken like tx.
func (tx brokenTx) begin(b *broken) hostTx {
	tx.buffered, tx.b = &buffered{store: b}, b
	host := hostTx{&tx, tx.buffered.commit, tx.buffered.rollback}
	if tx.end != nil {
		host.commit = func() error { return tx.end(&tx) }
	}
	if tx.rollback != nil {
		host.rollback = func() error { return tx.rollback(&tx) }
	}
	return host
}

func (tx *brokenTx) Load(ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
	if tx.load != nil {
		return tx.load(tx, ctx, k, id)
	}
	return tx.buffered.Load(ctx, k, id)
}

func (tx *brokenTx) Commit(ctx context.Context, c storage.Commit) error {
	if tx.write != nil {
		return tx.write(tx, ctx, c)
	}
	return tx.buffered.Commit(ctx, c)
}

func (tx *brokenTx) History(ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
	if tx.read != nil {
		return tx.read(tx, ctx, k, after, limit)
	}
	return tx.buffered.History(ctx, k, after, limit)
}

func (tx *brokenTx) Record(ctx context.Context, k storage.RecordKey) (storage.Record, error) {
	if tx.record != nil {
		return tx.record(tx, ctx, k)
	}
	return tx.buffered.Record(ctx, k)
}

var txFaults = []fault{
	{"loads no policies within", "Tx/reads what is there", inTx(brokenTx{
		load: func(tx *brokenTx, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := tx.buffered.Load(ctx, k, id)
			l.Policies = storage.Policies{}
			return l, err
		},
	})},
	{"loads no setback within", "Tx/reads what is there", inTx(brokenTx{
		load: func(tx *brokenTx, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := tx.buffered.Load(ctx, k, id)
			l.Setback = storage.Setback{}
			return l, err
		},
	})},
	{"does not limit history within", "Tx/reads what is there", inTx(brokenTx{
		read: func(tx *brokenTx, ctx context.Context, k storage.Key, after int64, _ int) ([]storage.Event, error) {
			return tx.buffered.History(ctx, k, after, 1000)
		},
	})},
	{"loads outside", "Tx/reads what it committed", inTx(brokenTx{
		load: func(tx *brokenTx, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			return tx.b.Load(ctx, k, id)
		},
	})},
	{"reads the history outside", "Tx/reads what it committed", inTx(brokenTx{
		read: func(tx *brokenTx, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			return tx.b.History(ctx, k, after, limit)
		},
	})},
	{"is set back until the transaction ends", "Tx/reads what it committed", inTx(brokenTx{
		load: func(tx *brokenTx, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := tx.buffered.Load(ctx, k, id)
			l.Setback = tx.b.setbackOf(k)
			return l, err
		},
	})},
	{"commits at once", "Tx/is not seen outside before it ends", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error { return tx.b.Commit(ctx, c) },
	})},
	{"is due before it ends", "Tx/is not seen outside before it ends", broken{
		tx: brokenTx{
			write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
				err := tx.buffered.Commit(ctx, c)
				if err == nil && !c.Head.Due.IsZero() {
					add(tx.b, "due", storage.Due{At: c.Head.Due, Key: c.Key})
				}
				return err
			},
			end: func(tx *brokenTx) error {
				tx.b.note("due", []storage.Due(nil))
				return tx.buffered.commit()
			},
		}.begin,
		found: func(b *broken, found []storage.Due) []storage.Due {
			return append(found, noted[[]storage.Due](b, "due")...)
		},
	}},
	{"loses the due instant", "Tx/takes effect with the transaction", inTx(brokenTx{
		end: ending(func(c *storage.Commit) {
			if len(c.Events) > 0 {
				c.Head.Due = time.Time{}
			}
		}),
	})},
	{"loses the command ID", "Tx/takes effect with the transaction", inTx(brokenTx{
		end: ending(func(c *storage.Commit) { c.Command = storage.Command{} }),
	})},
	{"feeds nothing from within", "Tx/takes effect with the transaction", broken{
		tx: brokenTx{
			end: func(tx *brokenTx) error {
				for _, c := range tx.commits {
					tx.b.note(eventOf{c.Key, c.Head.Version}, true)
				}
				return tx.buffered.commit()
			},
		}.begin,
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			var outside []storage.Entry
			for _, e := range entries {
				if !noted[bool](b, eventOf{e.Key, e.Events[len(e.Events)-1].Version}) {
					outside = append(outside, e)
				}
			}
			return outside
		},
	}},
	{"remembers a setback that it ended", "Tx/takes effect with the transaction", inTx(brokenTx{
		end: func(tx *brokenTx) error {
			before := map[storage.Key]storage.Setback{}
			for _, c := range tx.commits {
				before[c.Key] = tx.b.setbackOf(c.Key)
			}
			err := tx.buffered.commit()
			for k, setback := range before {
				_ = tx.b.Store.SetBack(context.Background(), k, tx.b.head(k).Version, setback)
			}
			return err
		},
	})},
	{"cannot be rolled back", "Tx/takes no effect when it is rolled back", inTx(brokenTx{
		rollback: func(tx *brokenTx) error { return tx.buffered.commit() },
	})},
	{"what was rolled back takes positions", "Tx/takes no effect when it is rolled back", broken{
		tx: brokenTx{
			rollback: func(tx *brokenTx) error {
				tx.b.note("gap", storage.Position(len(tx.commits)))
				return nil
			},
		}.begin,
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			for i := range entries {
				if entries[i].Position > 1 {
					entries[i].Position += noted[storage.Position](b, "gap")
				}
			}
			return entries
		},
	}},
	{"remembers commands that were rolled back", "Tx/takes no effect when it is rolled back", broken{
		tx: brokenTx{
			rollback: func(tx *brokenTx) error {
				for _, c := range tx.commits {
					tx.b.note(commandOf{c.Key, c.Command.ID}, true)
				}
				return nil
			},
		}.begin,
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if c.Command.ID != "" && noted[bool](b, commandOf{c.Key, c.Command.ID}) {
				return storage.ErrConflict
			}
			return b.Store.Commit(ctx, c)
		},
	}},
	{"releases though it was rolled back", "Tx/takes no effect when it is rolled back", inTx(brokenTx{
		rollback: func(tx *brokenTx) error {
			tx.b.releaseAll()
			return nil
		},
	})},
	{"a rollback ends the next transaction too", "Tx/one after the other", inTx(brokenTx{
		end: func(tx *brokenTx) error {
			if noted[bool](tx.b, "rolled back") {
				tx.b.note("rolled back", false)
				return nil
			}
			return tx.buffered.commit()
		},
		rollback: func(tx *brokenTx) error {
			tx.b.note("rolled back", true)
			return nil
		},
	})},
	{"joins the commits to a conversation", "Tx/two commits to one conversation", inTx(brokenTx{
		end: func(tx *brokenTx) error {
			var joined []storage.Commit
			for _, c := range tx.commits {
				if n := len(joined); n > 0 && joined[n-1].Key == c.Key {
					joined[n-1].Events = append(joined[n-1].Events, c.Events...)
					joined[n-1].Head, joined[n-1].Command = c.Head, c.Command
				} else {
					joined = append(joined, c)
				}
			}
			tx.commits = joined
			return tx.buffered.commit()
		},
	})},
	{"looks for commands outside", "Tx/a repeated command conflicts", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			l, _ := tx.buffered.Load(ctx, c.Key, c.Command.ID)
			outside, _ := tx.b.Load(ctx, c.Key, c.Command.ID)
			if l.Applied != nil && outside.Applied == nil {
				c.Command.ID += " again"
			}
			return tx.buffered.Commit(ctx, c)
		},
	})},
	{"an update of nothing ends the transaction", "Tx/usable after a conflict at an old version", inTx(
		aborting(func(_ *brokenTx, c storage.Commit, l storage.Loaded) bool {
			return c.Expect > 0 && c.Expect != l.Head.Version
		}),
	)},
	{"a duplicate conversation ends the transaction", "Tx/usable after a conflict with what exists", inTx(
		aborting(func(_ *brokenTx, c storage.Commit, l storage.Loaded) bool { return c.Expect == 0 && l.Head.Version > 0 }),
	)},
	{"a duplicate command ends the transaction", "Tx/usable after a conflict with a known command", inTx(
		aborting(func(_ *brokenTx, c storage.Commit, l storage.Loaded) bool {
			return c.Expect == l.Head.Version && l.Applied != nil
		}),
	)},
	{"a duplicate command undoes what was before", "Tx/usable after a conflict with a known command", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			l, _ := tx.buffered.Load(ctx, c.Key, c.Command.ID)
			err := tx.buffered.Commit(ctx, c)
			if errors.Is(err, storage.ErrConflict) && l.Applied != nil && len(tx.commits) > 0 {
				tx.commits = tx.commits[:len(tx.commits)-1]
			}
			return err
		},
	})},
	{"keeps the events of a known command", "Tx/usable after a conflict with a known command", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			err := tx.buffered.Commit(ctx, c)
			if l, _ := tx.buffered.Load(ctx, c.Key, ""); errors.Is(err, storage.ErrConflict) && l.Head.Version == c.Expect {
				c.Command = storage.Command{}
				tx.commits = append(tx.commits, c)
			}
			return err
		},
	})},
	{"knows no visitors within", "Tx/reads the records that are there", inTx(brokenTx{
		record: func(tx *brokenTx, ctx context.Context, k storage.RecordKey) (storage.Record, error) {
			if k.Kind != storage.KindAgent {
				return storage.Record{Key: k}, ctx.Err()
			}
			return tx.buffered.Record(ctx, k)
		},
	})},
	{"reads records outside", "Tx/takes and frees seats", inTx(brokenTx{
		record: func(tx *brokenTx, ctx context.Context, k storage.RecordKey) (storage.Record, error) {
			return tx.b.Record(ctx, k)
		},
	})},
	{"seats freed within are no reason", "Tx/takes and frees seats", inTx(brokenTx{
		end: func(tx *brokenTx) error {
			before, err := tx.b.Record(context.Background(), agentKey("yan"))
			if err != nil {
				return err
			}
			err = tx.buffered.commit()
			tx.b.resettle(agentKey("yan"), func(r *storage.Record) { r.Due = before.Due })
			return err
		},
	})},
	{"takes seats before it ends", "Tx/seats and views are not seen outside before it ends", broken{
		tx: brokenTx{
			write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
				err := tx.buffered.Commit(ctx, c)
				if err == nil && c.Head.Seat != "" {
					tx.b.note(agentKey(c.Head.Seat), 1)
				}
				return err
			},
		}.begin,
		recorded: func(b *broken, r *storage.Record) { r.Seats += noted[int](b, r.Key) },
	}},
	{"frees no seats when it is rolled back", "Tx/seats and views are as before when it is rolled back", broken{
		tx: brokenTx{
			rollback: func(tx *brokenTx) error {
				for _, c := range tx.commits {
					tx.b.note(agentKey(c.Head.Seat), int64(1))
				}
				return nil
			},
		}.begin,
		recorded: func(b *broken, r *storage.Record) { r.SeatMoves += noted[int64](b, r.Key) },
	}},
	{"tags though it was rolled back", "Tx/seats and views are as before when it is rolled back", broken{
		tx: brokenTx{
			rollback: func(tx *brokenTx) error {
				for _, c := range tx.commits {
					tx.b.note(c.Key, c.Head.Tags)
				}
				return nil
			},
		}.begin,
		view: byTags(func(b *broken, r storage.Row) []string { return noted[[]string](b, r.Key) }),
	}},
	{"counts seats outside", "Tx/full by what it committed", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			err := tx.buffered.Commit(ctx, c)
			if r := tx.b.agentOf(c.Key, c.Head.Seat); errors.Is(err, storage.ErrFull) && r.Seats < r.Capacity {
				tx.commits = append(tx.commits, c)
				return nil
			}
			return err
		},
	})},
	{"a full agent ends the transaction", "Tx/usable when an agent is full", inTx(
		aborting(func(tx *brokenTx, c storage.Commit, _ storage.Loaded) bool {
			r, _ := tx.buffered.Record(context.Background(), agentKey(c.Head.Seat))
			return r.Version > 0 && r.Seats >= r.Capacity
		}),
	)},
	{"keeps the events when an agent is full", "Tx/usable when an agent is full", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			err := tx.buffered.Commit(ctx, c)
			if errors.Is(err, storage.ErrFull) {
				c.Head.Seat = ""
				tx.commits = append(tx.commits, c)
			}
			return err
		},
	})},
	{"an agent who changed ends the transaction", "Tx/usable after a conflict with an agent's record", inTx(
		aborting(func(tx *brokenTx, c storage.Commit, _ storage.Loaded) bool {
			return c.Seen.Agent != "" && tx.b.agentOf(c.Key, c.Seen.Agent).Version != c.Seen.Version
		}),
	)},
	{"looks at no agent within", "Tx/usable after a conflict with an agent's record", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			c.Seen = storage.Seen{}
			return tx.buffered.Commit(ctx, c)
		},
	})},
	{"Record within ignores its context", "Tx/a context that is done", inTx(brokenTx{
		record: func(tx *brokenTx, ctx context.Context, k storage.RecordKey) (storage.Record, error) {
			return tx.buffered.Record(context.WithoutCancel(ctx), k)
		},
	})},
	{"Load within ignores its context", "Tx/a context that is done", inTx(brokenTx{
		load: func(tx *brokenTx, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			return tx.buffered.Load(context.WithoutCancel(ctx), k, id)
		},
	})},
	{"Commit within ignores its context", "Tx/a context that is done", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			return tx.buffered.Commit(context.WithoutCancel(ctx), c)
		},
	})},
	{"History within ignores its context", "Tx/a context that is done", inTx(brokenTx{
		read: func(tx *brokenTx, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			return tx.buffered.History(context.WithoutCancel(ctx), k, after, limit)
		},
	})},
	{"commits within although it was cancelled", "Tx/a context that is done", inTx(brokenTx{
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			if err := tx.buffered.Commit(context.WithoutCancel(ctx), c); err != nil {
				return err
			}
			return ctx.Err()
		},
	})},
}

func inTx(tx brokenTx) broken { return broken{tx: tx.begin} }

// ending changes what was committed when the host commits.
func ending(change func(*storage.Commit)) func(*brokenTx) error {
	return func(tx *brokenTx) error {
		for i := range tx.commits {
			change(&tx.commits[i])
		}
		return tx.buffered.commit()
	}
}

// aborting is a transaction that some conflicts end, as Postgres does.
func aborting(ends func(*brokenTx, storage.Commit, storage.Loaded) bool) brokenTx {
	aborted := errors.New("current transaction is aborted")
	return brokenTx{
		load: func(tx *brokenTx, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			if noted[bool](tx.b, "aborted") {
				return storage.Loaded{}, aborted
			}
			return tx.buffered.Load(ctx, k, id)
		},
		write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
			if noted[bool](tx.b, "aborted") {
				return aborted
			}
			l, _ := tx.buffered.Load(ctx, c.Key, c.Command.ID)
			tx.b.note("aborted", ends(tx, c, l))
			return tx.buffered.Commit(ctx, c)
		},
	}
}
