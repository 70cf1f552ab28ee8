package storagetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/adjourn/adjourn/storage"
)

// attempt commits, and reports whether that was applied. A conflict or a full
// agent are no failures where others take seats.
func (p probe) attempt(c storage.Commit) bool {
	p.Helper()
	err := p.s.Commit(p.Context(), c)
	if err != nil && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrFull) {
		p.Errorf("Commit to %v for a seat of %q: %v, want nil, ErrFull or ErrConflict", c.Key, c.Head.Seat, err)
	}
	return err == nil
}

// seatsUnderTakers lets conversations go from agent to agent, while another call
// counts the seats that are taken.
func seatsUnderTakers(p probe) {
	const agents, capacity, takers, each = 2, 2, 6, 12
	name := func(i int) string { return fmt.Sprint("agent-", i%(agents+1)) }
	for i := range agents {
		p.put(agent(name(i), capacity))
	}
	var taking atomic.Int64
	taking.Store(takers)
	together(takers+1, func(i int) {
		if i == takers {
			for more := true; more; runtime.Gosched() {
				more = taking.Load() > 0
				p.neverMoreThan(capacity, name(0), name(1))
			}
			return
		}
		defer taking.Add(-1)
		version := int64(0)
		for step := range each {
			c := change(chat(fmt.Sprint(i)), version, 1)
			if seat := (i + step) % (agents + 1); seat < agents {
				c = seated(name(seat), c)
			}
			if p.attempt(c) {
				version++
			}
		}
	})
	taken := map[string]int{}
	for i := range takers {
		taken[p.load(chat(fmt.Sprint(i)), "").Head.Seat]++
	}
	for i := range agents {
		p.same("the seats of "+name(i), p.agent(name(i)).Seats, taken[name(i)])
	}
}

func (p probe) neverMoreThan(capacity int, ids ...string) {
	p.Helper()
	for _, id := range ids {
		r, err := p.s.Record(p.Context(), agentKey(id))
		if err != nil || r.Seats > capacity {
			p.Errorf("%d seats of %s are taken, %v, want at most %d", r.Seats, id, err, capacity)
		}
	}
}

// lastSeat lets several conversations take the only seat of an agent, some of
// which have one of another agent.
func (p probe) lastSeat(id string) {
	p.Helper()
	const takers = 6
	p.put(agent(id, 1))
	for i := range takers {
		if i%2 == 0 {
			p.commit(seated("without a record", opening(chat(fmt.Sprint(id, "-", i)))))
		}
	}
	var won atomic.Int64
	together(takers, func(i int) {
		if p.attempt(seated(id, change(chat(fmt.Sprint(id, "-", i)), int64(1-i%2), 1))) {
			won.Add(1)
		}
	})
	p.same("the number of those who took the last seat", won.Load(), int64(1))
	p.same("the seats that are taken", p.agent(id).Seats, 1)
	p.same("the seat moves", p.agent(id).SeatMoves, int64(1))
}

// seatsSwapped lets conversations go from one agent to another while others come
// the other way. A store that locks both must not lock them in any order.
func seatsSwapped(p probe) {
	const each = 10
	names := []string{"yan", "zoe"}
	p.put(agent("yan", 4), agent("zoe", 4))
	together(4, func(i int) {
		k := chat(fmt.Sprint(i))
		for version := range int64(each) {
			c := seated(names[(int64(i)+version)%2], change(k, version, 1))
			if err := p.persist(c); err != nil {
				p.Errorf("Commit to %v, which moves to %s while others move: %v", k, c.Head.Seat, err)
				return
			}
		}
	})
	p.same("the seats that are taken", p.agent("yan").Seats+p.agent("zoe").Seats, 4)
}

// seatMovesCounted takes and frees seats at the same time, and counts how often.
// In the end all are taken, so that what is lost does not come back.
func seatMovesCounted(p probe) {
	const takers, each = 4, 9
	p.put(agent("zoe", takers))
	together(takers, func(i int) {
		k := chat(fmt.Sprint(i))
		for version := range int64(each) {
			c := change(k, version, 1)
			if version%2 == 0 {
				c = seated("zoe", c)
			}
			if err := p.persist(c); err != nil {
				p.Errorf("Commit to %v, for a seat that is there: %v", k, err)
				return
			}
		}
	})
	p.seats("zoe", takers, takers*each, noon)
}

// persist commits until that meets no conflict.
func (p probe) persist(c storage.Commit) (err error) {
	for range 1000 {
		if err = p.s.Commit(p.Context(), c); !errors.Is(err, storage.ErrConflict) {
			return err
		}
		runtime.Gosched()
	}
	return err
}

// putOrTaken puts an agent without seats while a conversation takes one: one of
// them comes first, and the other one sees that. The caller says which of two
// goroutines puts, so that either has its chance to be first.
func (p probe) putOrTaken(id string, putter int) {
	p.Helper()
	p.put(agent(id, 1))
	p.putOrNot(id, putter, seated(id, opening(chat(id))), func(r *storage.Record) { r.Capacity = 0 })
}

// putOrSeen puts an agent while a conversation that was decided on the record
// takes a seat.
func (p probe) putOrSeen(id string, putter int) {
	p.Helper()
	p.put(agent(id, 1))
	p.putOrNot(id, putter, seeing(id, 1, seated(id, opening(chat(id)))), func(r *storage.Record) { r.Available = false })
}

func (p probe) putOrNot(id string, putter int, c storage.Commit, change func(*storage.Record)) {
	p.Helper()
	r := p.agent(id)
	change(&r)
	var putting error
	var taken bool
	together(2, func(i int) {
		if i == putter {
			putting = p.s.Put(p.Context(), r)
		} else {
			taken = p.attempt(c)
		}
	})
	if putting != nil && !errors.Is(putting, storage.ErrConflict) {
		p.Fatalf("Put of %s while a seat is taken: %v, want nil or ErrConflict", id, putting)
	}
	if put := putting == nil; put == taken {
		p.Fatalf("%s at version 1 was put: %t, and a seat taken, as if it were: %t, want either", id, put, taken)
	}
}

// changedOrFreed lets a record be due late while a seat is freed. Whichever comes
// first, the record is due when the seat was freed.
func (p probe) changedOrFreed(id string, changer int, name string, write func(context.Context, storage.Record) error) {
	p.Helper()
	p.put(agent(id, 1))
	p.commit(seated(id, opening(chat(id))))
	r := dueAt(evening.AddDate(0, 0, 1), p.agent(id))
	free := decided(evening, change(chat(id), 1, 1))
	var writing, freeing error
	together(2, func(i int) {
		if i == changer {
			writing = write(p.Context(), r)
		} else {
			freeing = p.persist(free)
		}
	})
	p.ok(freeing, "Commit that frees a seat during %s", name)
	if writing != nil && !errors.Is(writing, storage.ErrConflict) {
		p.Fatalf("%s of %s while a seat is freed: %v, want nil or ErrConflict", name, id, writing)
	}
	after := p.agent(id)
	p.same(fmt.Sprintf("when it is due after %s (%v) and a freed seat", name, writing), after.Due, evening)
	if queue := p.dueRecords(evening, storage.DueRecord{}, all); !slices.Contains(queue, dueRecord(after)) {
		p.Fatalf("what is due: %v, want %v among them", queue, dueRecord(after))
	}
	p.same("the seat moves", after.SeatMoves, int64(2))
	p.same("when a seat was freed", after.SeatsAt, evening)
}
