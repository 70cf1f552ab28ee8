package storagetest_test

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

type commitFunc = func(*broken, context.Context, storage.Commit) error

var seatFaults = []fault{
	{"tells when a seat was taken first", "Seats/taken", broken{
		recorded: func(b *broken, r *storage.Record) {
			if at := noted[time.Time](b, r.Key); !at.IsZero() {
				r.SeatsAt = at
			}
			b.note(r.Key, r.SeatsAt)
		},
	}},
	{"takes seats at opening only", "Seats/taken", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Expect > 0 {
				c.Head.Seat = b.head(c.Key).Seat
			}
		},
	}},
	{"counts commits, not conversations", "Seats/had before", broken{
		commit:   movingSeats(func(b *broken, before string, c storage.Commit) { b.noteSeat(before == c.Head.Seat, before) }),
		recorded: func(b *broken, r *storage.Record) { r.SeatMoves += int64(b.notedSeats(r.Key)) },
	}},
	{"never frees a seat", "Seats/freed", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Head.Seat == "" {
				c.Head.Seat = b.head(c.Key).Seat
			}
		},
	}},
	{"counts seats freed as never moved", "Seats/freed", broken{
		commit:   movingSeats(func(b *broken, before string, c storage.Commit) { b.noteSeat(c.Head.Seat == "", before) }),
		recorded: func(b *broken, r *storage.Record) { r.SeatMoves -= int64(b.notedSeats(r.Key)) },
	}},
	{"counts whom an agent has", "Seats/freed by closing, though the agent is still named", broken{
		recorded: func(b *broken, r *storage.Record) {
			r.Seats = b.counted(func(k storage.Key, h storage.Head) bool {
				return k.Workspace == r.Key.Workspace && h.Agent == r.Key.ID
			})
		},
	}},
	{"counts the open", "Seats/kept by one that is closed", broken{
		recorded: func(b *broken, r *storage.Record) {
			r.Seats -= b.counted(func(k storage.Key, h storage.Head) bool {
				return agentOf(k, h.Seat) == r.Key && !h.DormantSince.IsZero()
			})
		},
	}},
	{"frees by closing", "Seats/kept by one that is closed", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if !c.Head.DormantSince.IsZero() {
				c.Head.Seat = ""
			}
		},
	}},
	{"moving frees nothing", "Seats/of another agent", broken{
		commit:   movingSeats(func(b *broken, before string, c storage.Commit) { b.noteSeat(c.Head.Seat != before, before) }),
		recorded: func(b *broken, r *storage.Record) { r.Seats += b.notedSeats(r.Key) },
	}},
	{"counts seats in all workspaces", "Seats/of an agent by ID and workspace", broken{
		recorded: func(b *broken, r *storage.Record) {
			if r.Key.Kind == storage.KindAgent {
				r.Seats = b.counted(func(_ storage.Key, h storage.Head) bool { return h.Seat == r.Key.ID })
			}
		},
	}},
	{"ignores the case of agents", "Seats/of an agent by ID and workspace", broken{
		recorded: func(b *broken, r *storage.Record) {
			if r.Key.Kind == storage.KindAgent {
				r.Seats = b.counted(func(k storage.Key, h storage.Head) bool {
					return k.Workspace == r.Key.Workspace && strings.EqualFold(h.Seat, r.Key.ID)
				})
			}
		},
	}},
	{"groups have seats", "Seats/of an agent by ID and workspace", broken{
		recorded: func(b *broken, r *storage.Record) {
			r.Seats = b.counted(func(k storage.Key, h storage.Head) bool {
				return k.Workspace == r.Key.Workspace && h.Seat == r.Key.ID
			})
		},
	}},
	{"full when there is one too many", "Seats/full", broken{
		commit: whenFull(func(b *broken, c storage.Commit, r storage.Record) error {
			if r.Seats == r.Capacity {
				return b.overfill(c)
			}
			return storage.ErrFull
		}),
	}},
	{"full is a conflict", "Seats/full", broken{
		commit: whenFull(func(*broken, storage.Commit, storage.Record) error { return storage.ErrConflict }),
	}},
	{"full for good", "Seats/full", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if noted[bool](b, agentOf(c.Key, c.Head.Seat)) {
				return storage.ErrFull
			}
			err := b.Store.Commit(ctx, c)
			b.note(agentOf(c.Key, c.Head.Seat), errors.Is(err, storage.ErrFull))
			return err
		},
	}},
	{"without capacity without end", "Seats/full", broken{
		commit: whenFull(func(b *broken, c storage.Commit, r storage.Record) error {
			if r.Capacity == 0 {
				return b.overfill(c)
			}
			return storage.ErrFull
		}),
	}},
	{"full when not available", "Seats/full, whether the agent is available or not", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			if r := b.agentOf(c.Key, c.Head.Seat); r.Version > 0 && !r.Available && b.takes(c) {
				return storage.ErrFull
			}
			return nil
		}),
	}},
	{"endless when not available", "Seats/full, whether the agent is available or not", broken{
		commit: whenFull(func(b *broken, c storage.Commit, r storage.Record) error {
			if !r.Available {
				return b.overfill(c)
			}
			return storage.ErrFull
		}),
	}},
	{"frees a seat before it finds none", "Seats/full applies nothing", broken{
		commit: afterwards(storage.ErrFull, func(b *broken, c storage.Commit) {
			b.noteSeat(true, b.head(c.Key).Seat)
		}),
		recorded: func(b *broken, r *storage.Record) { r.Seats -= b.notedSeats(r.Key) },
	}},
	{"writes all but the seat", "Seats/full applies nothing", broken{
		commit: afterwards(storage.ErrFull, func(b *broken, c storage.Commit) {
			c.Head.Seat = b.head(c.Key).Seat
			_ = b.Store.Commit(context.Background(), c)
		}),
	}},
	{"ends the setback of what is refused", "Seats/full applies nothing", broken{
		commit: afterwards(storage.ErrFull, func(b *broken, c storage.Commit) {
			_ = b.Store.SetBack(context.Background(), c.Key, b.head(c.Key).Version, storage.Setback{})
		}),
	}},
	{"keeps the command of what is refused", "Seats/full applies nothing", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if c.Command.ID != "" && noted[bool](b, commandOf{c.Key, c.Command.ID}) {
				return storage.ErrConflict
			}
			err := b.Store.Commit(ctx, c)
			b.note(commandOf{c.Key, c.Command.ID}, errors.Is(err, storage.ErrFull))
			return err
		},
	}},
	{"looks for a seat first", "Seats/full only after what conflicts", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			r := b.agentOf(c.Key, c.Head.Seat)
			if r.Version > 0 && r.Seats >= r.Capacity && !c.Seen.Overfill && len(c.Events) > 0 && b.head(c.Key).Seat != c.Head.Seat {
				return storage.ErrFull
			}
			return nil
		}),
	}},
	{"looks for a seat before it looks at Seen", "Seats/full only after what conflicts", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			err := b.Store.Commit(ctx, c)
			r := b.agentOf(c.Key, c.Seen.Agent)
			if errors.Is(err, storage.ErrConflict) && r.Version != c.Seen.Version && r.Seats >= r.Capacity {
				return storage.ErrFull
			}
			return err
		},
	}},
	{"counts itself", "Seats/not full for one that has its seat", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			r := b.agentOf(c.Key, c.Head.Seat)
			if before := b.head(c.Key); before.Version == c.Expect && before.Seat == c.Head.Seat && r.Version > 0 &&
				len(c.Events) > 0 && r.Seats >= r.Capacity {
				return storage.ErrFull
			}
			return nil
		}),
	}},
	{"counts the seats ever taken", "Seats/full again and again", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			taken := agentOf(c.Key, c.Head.Seat)
			if r := b.agentOf(c.Key, c.Head.Seat); b.takes(c) && r.Version > 0 && noted[int](b, taken) >= 2*r.Capacity {
				return storage.ErrFull
			}
			takes := b.takes(c)
			err := b.Store.Commit(ctx, c)
			if err == nil && takes {
				b.note(taken, noted[int](b, taken)+1)
			}
			return err
		},
	}},
	{"remembers the first capacity", "Seats/full by the capacity that the record has", broken{
		putting: func(b *broken, r *storage.Record) {
			if r.Version == 0 {
				b.note(r.Key, r.Capacity)
			}
		},
		commit: whenFull(func(b *broken, c storage.Commit, r storage.Record) error {
			if r.Seats < noted[int](b, r.Key) {
				return b.overfill(c)
			}
			return storage.ErrFull
		}),
	}},
	{"full at its capacity, not beyond", "Seats/full by the capacity that the record has", broken{
		commit: whenFull(func(b *broken, c storage.Commit, r storage.Record) error {
			if r.Seats > r.Capacity {
				return b.overfill(c)
			}
			return storage.ErrFull
		}),
	}},
	{"never overfills", "Seats/overfilled", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Seen.Overfill = false },
	}},
	{"overfilled once is overfilled by all", "Seats/overfilled", broken{
		commit: whenFull(func(b *broken, c storage.Commit, r storage.Record) error {
			if r.Seats > r.Capacity {
				return b.overfill(c)
			}
			return storage.ErrFull
		}),
	}},
	{"what overfills takes no seat", "Seats/overfilled", broken{
		committing: func(b *broken, c *storage.Commit) {
			if r := b.agentOf(c.Key, c.Head.Seat); c.Seen.Overfill && r.Seats > r.Capacity {
				c.Head.Seat = ""
			}
		},
	}},
	{"overfills any agent", "Seats/overfilled for the agent in Seen only", broken{
		commit: whenFull(func(b *broken, c storage.Commit, _ storage.Record) error {
			if c.Seen.Overfill {
				return b.overfill(c)
			}
			return storage.ErrFull
		}),
	}},
	{"who overfills need not look", "Seats/overfilled for the agent in Seen only", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Seen.Overfill {
				c.Seen.Version = b.agentOf(c.Key, c.Seen.Agent).Version
			}
		},
	}},
	{"no record, no seats", "Seats/without a record without end", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			if b.takes(c) && b.agentOf(c.Key, c.Head.Seat).Version == 0 {
				return storage.ErrFull
			}
			return nil
		}),
	}},
	{"ten seats for whom it does not know", "Seats/without a record without end", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			has := func(k storage.Key, h storage.Head) bool { return agentOf(k, h.Seat) == agentOf(c.Key, c.Head.Seat) }
			if b.takes(c) && b.agentOf(c.Key, c.Head.Seat).Version == 0 && b.counted(has) >= 10 {
				return storage.ErrFull
			}
			return nil
		}),
	}},
	{"counts for whom it does not know", "Seats/without a record without end", broken{
		recorded: func(b *broken, r *storage.Record) {
			if r.Version == 0 {
				r.Seats = b.counted(func(k storage.Key, h storage.Head) bool { return agentOf(k, h.Seat) == r.Key })
			}
		},
	}},
	{"a freed seat is no reason", "Seats/freed is due at At", broken{
		commit: freeing(func(before time.Time, _ storage.Commit) time.Time { return before }),
	}},
	{"a freed seat is a reason where there is none", "Seats/freed is due at At", broken{
		commit: freeing(func(before time.Time, c storage.Commit) time.Time {
			if before.IsZero() {
				return c.At
			}
			return before
		}),
	}},
	{"due when a seat is taken", "Seats/freed is due at At", broken{
		commit: movingSeats(func(b *broken, _ string, c storage.Commit) {
			b.resettle(agentOf(c.Key, c.Head.Seat), func(r *storage.Record) { r.Due = c.At })
		}),
	}},
	{"a freed seat is the newest reason", "Seats/freed is due earlier if it was", broken{
		commit: freeing(func(_ time.Time, c storage.Commit) time.Time { return c.At }),
	}},
	{"both are due", "Seats/freed for another agent is due, not the other", broken{
		commit: movingSeats(func(b *broken, before string, c storage.Commit) {
			if before != "" && before != c.Head.Seat {
				b.resettle(agentOf(c.Key, c.Head.Seat), func(r *storage.Record) { r.Due = c.At })
			}
		}),
	}},
	{"a seat makes a version", "Seats/its record stays as it is", broken{
		recorded: func(_ *broken, r *storage.Record) { r.Version += r.SeatMoves },
		putting:  func(_ *broken, r *storage.Record) { r.Version -= r.SeatMoves },
	}},
	{"a seat clears the text", "Seats/its record stays as it is", broken{
		recorded: func(_ *broken, r *storage.Record) {
			if r.SeatMoves > 0 {
				r.Text = ""
			}
		},
	}},
}

var seenFaults = []fault{
	{"looks at no agent", "Seen/at another version", broken{
		committing: func(b *broken, c *storage.Commit) { c.Seen.Version = b.agentOf(c.Key, c.Seen.Agent).Version },
	}},
	{"accepts a record that is older", "Seen/at another version", broken{
		committing: func(b *broken, c *storage.Commit) {
			c.Seen.Version = min(c.Seen.Version, b.agentOf(c.Key, c.Seen.Agent).Version)
		},
	}},
	{"zero is not compared", "Seen/at another version", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Seen.Version == 0 {
				c.Seen.Agent = ""
			}
		},
	}},
	{"the unknown are not compared", "Seen/unknown at version zero", broken{
		committing: func(b *broken, c *storage.Commit) {
			if b.agentOf(c.Key, c.Seen.Agent).Version == 0 {
				c.Seen.Version = 0
			}
		},
	}},
	{"the unknown conflict", "Seen/unknown at version zero", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			if c.Seen.Agent != "" && b.agentOf(c.Key, c.Seen.Agent).Version == 0 {
				return storage.ErrConflict
			}
			return nil
		}),
	}},
	{"looks at groups too", "Seen/unknown at version zero", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			if c.Seen.Agent != "" && b.stored(groupKey(c.Seen.Agent)).Version > c.Seen.Version {
				return storage.ErrConflict
			}
			return nil
		}),
	}},
	{"looks at whose seat is taken", "Seen/an agent whose seat is not taken", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if c.Seen.Agent != c.Head.Seat {
				c.Seen = storage.Seen{}
			}
		},
	}},
	{"compares what was seen with whose seat is taken", "Seen/an agent whose seat is not taken", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if c.Seen.Agent != "" && c.Head.Seat != "" {
				c.Seen.Agent = c.Head.Seat
			}
		},
	}},
	{"moves the seat before it looks at Seen", "Seen/applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			b.noteSeat(true, c.Head.Seat)
		}),
		recorded: func(b *broken, r *storage.Record) { r.SeatMoves += int64(b.notedSeats(r.Key)) },
	}},
	{"writes the due instant before it looks at Seen", "Seen/applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			head := b.head(c.Key)
			head.Due = c.Head.Due
			_ = b.Store.Commit(context.Background(), storage.Commit{Key: c.Key, Expect: head.Version, Head: head, At: c.At})
		}),
	}},
	{"looks at Seen when there are events", "Seen/without events", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				c.Seen = storage.Seen{}
			}
		},
	}},
	{"old when seats moved", "Seen/is not old when seats move or it is settled", broken{
		commit: checking(func(b *broken, c storage.Commit) error {
			if r := b.agentOf(c.Key, c.Seen.Agent); r.Version > 0 && r.SeatMoves > 0 {
				return storage.ErrConflict
			}
			return nil
		}),
	}},
	{"old when settled", "Seen/is not old when seats move or it is settled", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			b.note(r.Key, true)
			return b.Store.Settle(ctx, r)
		},
		commit: checking(func(b *broken, c storage.Commit) error {
			if noted[bool](b, agentOf(c.Key, c.Seen.Agent)) {
				return storage.ErrConflict
			}
			return nil
		}),
	}},
}

func recordKey(kind storage.Kind, id string) storage.RecordKey {
	return storage.RecordKey{Workspace: "acme", Kind: kind, ID: id}
}

func agentKey(id string) storage.RecordKey { return recordKey(storage.KindAgent, id) }

func groupKey(id string) storage.RecordKey { return recordKey(storage.KindGroup, id) }

// agentOf names an agent of the workspace of a conversation.
func agentOf(k storage.Key, id string) storage.RecordKey {
	return storage.RecordKey{Workspace: k.Workspace, Kind: storage.KindAgent, ID: id}
}

// agentOf is of the store below.
func (b *broken) agentOf(k storage.Key, id string) storage.Record { return b.stored(agentOf(k, id)) }

// stored is of the store below.
func (b *broken) stored(k storage.RecordKey) storage.Record {
	r, err := b.Store.Record(context.Background(), k)
	if err != nil {
		panic(err)
	}
	return r
}

// heads are of the store below: those of the states and workspaces of the kit.
func (b *broken) heads() (rows []storage.Row) {
	for _, workspace := range []string{"acme", "other"} {
		for _, state := range []string{"open", "closed"} {
			found, err := b.Store.View(context.Background(), storage.Query{
				Workspace: workspace, State: state, Order: storage.BySince,
			}, 10_000)
			if err != nil {
				panic(err)
			}
			rows = append(rows, found...)
		}
	}
	return rows
}

// counted counts conversations.
func (b *broken) counted(counts func(storage.Key, storage.Head) bool) (n int) {
	for _, r := range b.heads() {
		if counts(r.Key, r.Head) {
			n++
		}
	}
	return n
}

// takes reports whether a commit would take a seat that its conversation has not.
func (b *broken) takes(c storage.Commit) bool {
	before := b.head(c.Key)
	return before.Version == c.Expect && len(c.Events) > 0 && c.Head.Seat != "" && c.Head.Seat != before.Seat
}

// overfill commits beyond the capacity.
func (b *broken) overfill(c storage.Commit) error {
	c.Seen = storage.Seen{Agent: c.Head.Seat, Version: b.agentOf(c.Key, c.Head.Seat).Version, Overfill: true}
	return b.Store.Commit(context.Background(), c)
}

// noteSeat notes something about a seat of an agent of the workspace of the kit.
func (b *broken) noteSeat(moved bool, agent string) {
	if moved && agent != "" {
		add(b, agentKey(agent), agent)
	}
}

// notedSeats is how often that was.
func (b *broken) notedSeats(k storage.RecordKey) int { return len(noted[[]string](b, k)) }

// resettle changes the due instant of a record that is there.
func (b *broken) resettle(k storage.RecordKey, change func(*storage.Record)) {
	if r := b.stored(k); r.Version > 0 {
		change(&r)
		_ = b.Store.Settle(context.Background(), r)
	}
}

// movingSeats does something after each commit with events, with the seat that
// the conversation had before.
func movingSeats(do func(b *broken, before string, c storage.Commit)) commitFunc {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		before := b.head(c.Key).Seat
		err := b.Store.Commit(ctx, c)
		if err == nil && len(c.Events) > 0 {
			do(b, before, c)
		}
		return err
	}
}

// whenFull does something else when an agent is full.
func whenFull(do func(b *broken, c storage.Commit, r storage.Record) error) commitFunc {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		err := b.Store.Commit(ctx, c)
		if errors.Is(err, storage.ErrFull) {
			return do(b, c, b.agentOf(c.Key, c.Head.Seat))
		}
		return err
	}
}

// checking refuses some commits before the store looks at them.
func checking(check func(b *broken, c storage.Commit) error) commitFunc {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		if err := check(b, c); err != nil {
			return err
		}
		return b.Store.Commit(ctx, c)
	}
}

// freeing lets a record be due at another instant when its seat is freed.
func freeing(other func(before time.Time, c storage.Commit) time.Time) commitFunc {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		k := agentOf(c.Key, b.head(c.Key).Seat)
		before := b.stored(k).Due
		err := b.Store.Commit(ctx, c)
		if err == nil && len(c.Events) > 0 && c.Head.Seat != k.ID {
			b.resettle(k, func(r *storage.Record) { r.Due = other(before, c) })
		}
		return err
	}
}
