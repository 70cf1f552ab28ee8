package drivertest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/storage"
)

// ann is the record of an agent with one seat, at a version.
func ann(version int64) storage.Record {
	return storage.Record{
		Key:     storage.RecordKey{Workspace: "acme", Kind: storage.KindAgent, ID: "ann"},
		Version: version, Body: []byte("{}"), Groups: []string{"billing", "sales"}, Available: true, Capacity: 1,
	}
}

// seated is a commit of one event, after which the conversation has that seat.
func seated(conversation int, expect int64, seat string) storage.Commit {
	c := sized(conversation, expect)
	c.Head.Seat = seat
	return c
}

// TestSQLiteSeats goes through the rules of seats, in a store and in transactions
// of a host.
func TestSQLiteSeats(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		for _, inTx := range []bool{false, true} {
			name := "store"
			if inTx {
				name = "tx"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				db := d.open(t, migratedFile(t), d.inTx)
				s := sqliteStore(t, db, nil)
				commit := s.Commit
				if inTx {
					commit = func(ctx context.Context, c storage.Commit) error {
						tx := begin(t, db)
						err := s.Tx(tx).Commit(ctx, c)
						return errors.Join(err, tx.Commit())
					}
				}
				seatRules(t, s, commit)
			})
		}
	})
}

func seatRules(t *testing.T, s storage.Store, commit func(ctx context.Context, c storage.Commit) error) {
	at := noon
	// does commits, a second after what came before, and expects that result.
	does := func(what string, c storage.Commit, want error) {
		t.Helper()
		at = at.Add(time.Second)
		c.At = at
		if err := commit(t.Context(), c); !errors.Is(err, want) || err != nil && want == nil {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	want := ann(0)
	want.Version, want.Due = 1, noon.Add(time.Hour)
	// is expects the record, with so many seats and moves.
	is := func(what string, seats int, moves int64) {
		t.Helper()
		want.Seats, want.SeatMoves = seats, moves
		got, err := s.Record(t.Context(), want.Key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", what, diff)
		}
	}

	does("a seat of nobody known", seated(1, 0, "ann"), nil)
	does("and one more", seated(2, 0, "ann"), nil)
	unseen := seated(3, 0, "")
	unseen.Seen = storage.Seen{Agent: "ann", Version: 1}
	does("seen at a version, and there is none", unseen, storage.ErrConflict)
	unseen.Seen.Version = 0
	does("seen that there is none", unseen, nil)

	in := ann(0)
	in.Due, in.Seats, in.SeatMoves, in.SeatsAt = want.Due, 9, 9, noon
	if err := s.Put(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	is("Put", 2, 0)
	does("a third of one", seated(4, 0, "ann"), storage.ErrFull)
	does("to keep a seat", seated(1, 1, "ann"), nil)
	is("keeping a seat", 2, 0)

	does("to free one", seated(1, 2, ""), nil)
	want.SeatsAt, want.Due = at, at
	is("freeing one", 1, 1)
	does("to free one later", seated(2, 1, "bob"), nil)
	want.SeatsAt = at
	is("moving away", 0, 2)

	does("to take one", seated(1, 3, "ann"), nil)
	want.SeatsAt = at
	is("taking one", 1, 3)
	overfill := seated(4, 0, "ann")
	overfill.Seen = storage.Seen{Agent: "bob", Overfill: true}
	does("to overfill another", overfill, storage.ErrFull)
	overfill.Seen = storage.Seen{Agent: "ann", Version: 2, Overfill: true}
	does("to overfill one seen at another version", overfill, storage.ErrConflict)
	is("refusals", 1, 3)
	overfill.Seen.Version = 1
	does("to overfill", overfill, nil)
	want.SeatsAt = at
	is("overfilling", 2, 4)

	nothing := seated(4, 1, "")
	nothing.Events = nil
	nothing.Command.ID, nothing.Head.PolicyRevision = "", 7
	nothing.Seen = storage.Seen{Agent: "ann", Version: 7}
	does("nothing, seen at another version", nothing, storage.ErrConflict)
	nothing.Seen.Version = 1
	does("nothing", nothing, nil)
	is("a commit without events", 2, 4)
	l, err := s.Load(t.Context(), nothing.Key, "")
	if err != nil || l.Head.Seat != "ann" || l.Head.PolicyRevision != 7 {
		t.Errorf("Load: %+v, %v, want the seat of ann and revision 7", l.Head, err)
	}

	does("to close one", ended(seated(4, 1, "")), nil)
	want.SeatsAt = at
	is("closing one", 1, 5)
	left := ended(seated(1, 4, "ann"))
	does("to close one that keeps its seat", left, nil)
	is("closing one that keeps its seat", 1, 5)
	if n, err := s.Purge(t.Context(), noon.Add(time.Hour), 5); err != nil || n != 2 {
		t.Errorf("Purge: %d, %v, want 2", n, err)
	}
	is("purging it, which moves no seat", 0, 5)
}

func ended(c storage.Commit) storage.Commit {
	c.Head.DormantSince, c.Head.State = noon.Add(time.Millisecond), "closed"
	return c
}

// TestSQLiteSeatsAtOnce lets two stores on one file, and in each many callers,
// fight for five seats, and free them: never are more taken, nor fewer counted.
func TestSQLiteSeatsAtOnce(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		stores := []storage.Store{
			sqliteStore(t, d.open(t, file, ""), nil),
			sqliteStore(t, d.open(t, file, ""), nil),
		}
		const capacity, callers, rounds = 5, 12, 20
		r := ann(0)
		r.Capacity = capacity
		if err := stores[0].Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex // guards the fields below
		var had, most, moves, full int
		take := func(s storage.Store, conversation int, expect int64) bool {
			err := s.Commit(context.Background(), seated(conversation, expect, "ann"))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				had, moves = had+1, moves+1
				most = max(most, had)
			case errors.Is(err, storage.ErrFull):
				full++
			default:
				t.Error(err)
			}
			return err == nil
		}
		free := func(s storage.Store, conversation int, expect int64) {
			mu.Lock()
			had, moves = had-1, moves+1 // before it is so
			mu.Unlock()
			if err := s.Commit(context.Background(), seated(conversation, expect, "")); err != nil {
				t.Error(err)
			}
		}
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				s, version := stores[caller%len(stores)], int64(0)
				for range rounds {
					if !take(s, caller, version) {
						continue
					}
					free(s, caller, version+1)
					version += 2
				}
			})
		}
		wg.Wait()
		got, err := stores[1].Record(t.Context(), r.Key)
		if err != nil || got.Seats != 0 || got.SeatMoves != int64(moves) || most > capacity {
			t.Errorf("%d seats and %d moves, %v, want none and %d; at most %d were taken, want %d or fewer",
				got.Seats, got.SeatMoves, err, moves, most, capacity)
		}
		if full == 0 || moves == 0 {
			t.Errorf("%d were told that there is none left, after %d moves: nobody fought", full, moves)
		}
	})
}

// TestSQLiteFullAlone: who finds no seat left, in a shared transaction, takes
// nothing from the others.
func TestSQLiteFullAlone(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), "")
		s := sqliteStore(t, db, nil)
		if err := s.Put(t.Context(), ann(0)); err != nil {
			t.Fatal(err)
		}
		const n = 20
		commits := make([]storage.Commit, n)
		for i := range commits {
			commits[i] = seated(i, 0, "ann")
		}
		results, _ := atOnce(s, w, commits, nothingFails)
		succeeded := 0
		for i, err := range results {
			l, loadErr := s.Load(t.Context(), commits[i].Key, "1")
			if err == nil {
				succeeded++
			} else if !errors.Is(err, storage.ErrFull) {
				t.Errorf("commit %d: %v, want %v", i, err, storage.ErrFull)
			}
			if applied := l.Applied != nil; loadErr != nil || applied != (err == nil) {
				t.Errorf("commit %d: %v, applied: %t, %v", i, err, applied, loadErr)
			}
		}
		if succeeded != 1 {
			t.Errorf("%d commits took the one seat", succeeded)
		}
		if n := len(w.statements("ROLLBACK")); n > 0 {
			t.Errorf("%d transactions were rolled back: a refusal is no failure", n)
		}
		whole(t, db)
	})
}
