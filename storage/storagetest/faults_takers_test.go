package storagetest_test

import (
	"context"
	"errors"

	"github.com/adjourn/adjourn/storage"
)

var takerFaults = []fault{
	{"counts the seats, then takes one", "Concurrency/never more seats than there are", broken{
		commit: countingFirst(func(r storage.Record) bool { return r.Capacity > 1 }),
	}},
	{"counts the seats, then takes the last one", "Concurrency/the last seat is taken once", broken{
		commit: countingFirst(func(r storage.Record) bool { return r.Capacity == 1 }),
	}},
	{"the last seat is for nobody who meets others", "Concurrency/the last seat is taken once", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if r := b.agentOf(c.Key, c.Head.Seat); r.Version == 0 || !b.takes(c) {
				return b.Store.Commit(ctx, c)
			}
			add(b, c.Head.Seat, true)
			await(func() bool { return len(noted[[]bool](b, c.Head.Seat)) > 1 })
			if len(noted[[]bool](b, c.Head.Seat)) > 1 {
				return storage.ErrFull
			}
			return b.Store.Commit(ctx, c)
		},
	}},
	{"fails when two want both agents", "Concurrency/seats of two agents each for the other's", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			before := b.head(c.Key).Seat
			if before == "" || before == c.Head.Seat {
				return b.Store.Commit(ctx, c)
			}
			b.note("to "+c.Head.Seat, true)
			defer b.note("to "+c.Head.Seat, false)
			linger()
			if noted[bool](b, "to "+before) {
				return errors.New("deadlock detected")
			}
			return b.Store.Commit(ctx, c)
		},
	}},
	{"reads the seat moves, then writes them", "Concurrency/seat moves none of which is lost", broken{
		commit:   rewriting(func(storage.Commit) int { return 1 }),
		recorded: func(b *broken, r *storage.Record) { r.SeatMoves = int64(noted[int](b, r.Key)) },
	}},
	{"reads how many seats are taken, then writes it", "Concurrency/seat moves none of which is lost", broken{
		commit: rewriting(func(c storage.Commit) int {
			if c.Head.Seat == "" {
				return -1
			}
			return 1
		}),
		recorded: func(b *broken, r *storage.Record) { r.Seats = noted[int](b, r.Key) },
	}},
	{"looks at the seat moves, then puts", "Concurrency/put or taken", broken{put: comparingFirst(storage.Store.Put)}},
	{"looks at the capacity, then commits", "Concurrency/put or taken", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			r := b.agentOf(c.Key, c.Head.Seat)
			if r.Version == 0 || r.Seats > 0 || r.Capacity > 1 {
				return b.Store.Commit(ctx, c)
			}
			await(func() bool { return b.agentOf(c.Key, c.Head.Seat).Version > r.Version })
			return b.overfill(c)
		},
	}},
	{"looks at Seen, then commits", "Concurrency/put or decided on", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if seen := b.agentOf(c.Key, c.Seen.Agent); seen.Version == 0 || seen.Version != c.Seen.Version {
				return b.Store.Commit(ctx, c)
			}
			await(func() bool { return b.agentOf(c.Key, c.Seen.Agent).Version > c.Seen.Version })
			c.Seen.Version = b.agentOf(c.Key, c.Seen.Agent).Version
			return b.Store.Commit(ctx, c)
		},
	}},
	{"puts over a seat that is freed meanwhile", "Concurrency/put or freed", broken{put: comparingFirst(storage.Store.Put)}},
	{"settles over a seat that is freed meanwhile", "Concurrency/settled or freed", broken{settle: comparingFirst(storage.Store.Settle)}},
}

// countingFirst counts the seats that are taken in a step of its own, for some
// agents.
func countingFirst(counts func(storage.Record) bool) commitFunc {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		r := b.agentOf(c.Key, c.Head.Seat)
		if !b.takes(c) || r.Version == 0 || !counts(r) {
			return b.Store.Commit(ctx, c)
		}
		if r.Seats >= r.Capacity {
			return storage.ErrFull
		}
		await(func() bool { return b.agentOf(c.Key, c.Head.Seat).Seats >= r.Capacity })
		return b.overfill(c)
	}
}

// comparingFirst compares Version and SeatMoves in a step of its own.
func comparingFirst(write func(storage.Store, context.Context, storage.Record) error) putFunc {
	return func(b *broken, ctx context.Context, r storage.Record) error {
		stored := b.stored(r.Key)
		if stored.Version != r.Version || stored.SeatMoves != r.SeatMoves && r.Version > 0 {
			return storage.ErrConflict
		}
		if r.Version > 0 && r.Key.Workspace == "acme" {
			await(func() bool { return b.stored(r.Key).SeatMoves != r.SeatMoves })
			r.SeatMoves = b.stored(r.Key).SeatMoves
		}
		return write(b.Store, ctx, r)
	}
}

// rewriting counts the moves of a seat of the agent of the kit in two steps.
func rewriting(n func(storage.Commit) int) commitFunc {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		k := agentKey("zoe")
		if before := b.head(c.Key).Seat; before == c.Head.Seat || before != k.ID && c.Head.Seat != k.ID {
			return b.Store.Commit(ctx, c)
		}
		counted := noted[int](b, k)
		await(func() bool { return noted[int](b, k) != counted })
		err := b.Store.Commit(ctx, c)
		if err == nil {
			b.note(k, counted+n(c))
		}
		return err
	}
}
