package sim_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
)

// A planted fault is a mistake in the store, or between a Desk and the store,
// that the checker must find.
type planted struct {
	name string

	store func(*run, storage.Store) storage.Store        // a store that has it
	desk  func(*run, *node, storage.Store) storage.Store // a Desk's side that has it

	tellsFailed bool // what has an unknown outcome is told to have failed

	rare bool // it takes many runs to be found, or long ones, and is not planted in a short run
}

// A tampered store does something of its own in place of some calls.
type tampered struct {
	storage.Store
	commit   func(context.Context, storage.Commit) error
	load     func(storage.Loaded) storage.Loaded
	history  func([]storage.Event) []storage.Event
	feed     func(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error)
	advance  func(storage.Position) storage.Position
	due      func([]storage.Due) []storage.Due
	outdated func([]storage.Key) []storage.Key
	view     func(storage.Query, []storage.Row) []storage.Row
	put      func(context.Context, storage.Record) error
	settle   func(context.Context, storage.Record) error
}

func (s *tampered) Commit(ctx context.Context, c storage.Commit) error {
	if s.commit != nil {
		return s.commit(ctx, c)
	}
	return s.Store.Commit(ctx, c)
}

func (s *tampered) Load(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
	l, err := s.Store.Load(ctx, key, id)
	if s.load != nil {
		l = s.load(l)
	}
	return l, err
}

func (s *tampered) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := s.Store.History(ctx, key, after, limit)
	if s.history != nil {
		events = s.history(events)
	}
	return events, err
}

func (s *tampered) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	if s.feed != nil {
		return s.feed(ctx, after, limit)
	}
	return s.Store.Feed(ctx, after, limit)
}

func (s *tampered) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	at, err := s.Store.Advance(ctx, subscriber, to)
	if s.advance != nil && to == 0 {
		at = s.advance(at)
	}
	return at, err
}

func (s *tampered) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	found, err := s.Store.Due(ctx, by, after, limit)
	if s.due != nil {
		found = s.due(found)
	}
	return found, err
}

func (s *tampered) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	found, err := s.Store.Outdated(ctx, by, after, limit)
	if s.outdated != nil {
		found = s.outdated(found)
	}
	return found, err
}

func (s *tampered) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	rows, err := s.Store.View(ctx, q, limit)
	if s.view != nil {
		rows = s.view(q, rows)
	}
	return rows, err
}

func (s *tampered) Put(ctx context.Context, r storage.Record) error {
	if s.put != nil {
		return s.put(ctx, r)
	}
	return s.Store.Put(ctx, r)
}

func (s *tampered) Settle(ctx context.Context, r storage.Record) error {
	if s.settle != nil {
		return s.settle(ctx, r)
	}
	return s.Store.Settle(ctx, r)
}

// tamper returns a planted fault of a store.
func tamper(name string, with func(*tampered)) *planted {
	return &planted{name: name, store: func(_ *run, store storage.Store) storage.Store {
		s := &tampered{Store: store}
		with(s)
		return s
	}}
}

// tamperCommits returns a planted fault that changes each nth commit with events.
func tamperCommits(name string, nth int, change func(*storage.Commit)) *planted {
	return tamper(name, func(s *tampered) {
		n := 0
		s.commit = func(ctx context.Context, c storage.Commit) error {
			if len(c.Events) > 0 {
				if n++; n%nth == 0 {
					change(&c)
				}
			}
			return s.Store.Commit(ctx, c)
		}
	})
}

// anew commits what was decided on another version to the present one, as a store
// does that does not compare them.
func anew(ctx context.Context, store storage.Store, c storage.Commit) error {
	l, err := store.Load(ctx, c.Key, "")
	if err != nil || l.Head.Version == 0 || len(c.Events) == 0 {
		return storage.ErrConflict
	}
	state, err := conversation.Decode(l.Head.Body)
	if err != nil {
		return err
	}
	events := slices.Clone(c.Events)
	for i := range events {
		record, err := decodeEvent(events[i])
		if err != nil {
			return err
		}
		record.Seq = state.Version + 1
		state = conversation.Evolve(state, record)
		body, err := conversation.EncodeRecord(record)
		if err != nil {
			return err
		}
		events[i] = storage.Event{Version: int64(record.Seq), Body: body, Text: events[i].Text}
	}
	if c.Head.Body, err = conversation.Encode(state); err != nil {
		return err
	}
	c.Expect, c.Events, c.Closings = l.Head.Version, events, nil
	c.Head.Version, c.Head.State, c.Head.Agent, c.Head.Seat = int64(state.Version), string(state.State), state.Agent, seatOf(state)
	c.Seen = storage.Seen{}
	return store.Commit(ctx, c)
}

func rare(p *planted) *planted {
	p.rare = true
	return p
}

func byTimer(c storage.Commit) bool {
	if len(c.Events) == 0 {
		return false
	}
	record, err := conversation.DecodeRecord(c.Events[0].Body)
	return err == nil && record.By.Kind == conversation.KindTimer
}

var faults = []*planted{
	tamper("a commit is acknowledged and lost", func(s *tampered) {
		n := 0
		s.commit = func(ctx context.Context, c storage.Commit) error {
			if n++; n%13 == 0 {
				return nil
			}
			return s.Store.Commit(ctx, c)
		}
	}),
	tamper("a commit does not compare versions", func(s *tampered) {
		s.commit = func(ctx context.Context, c storage.Commit) error {
			err := s.Store.Commit(ctx, c)
			if errors.Is(err, storage.ErrConflict) {
				return anew(ctx, s.Store, c)
			}
			return err
		}
	}),
	tamper("a deadline has its effect whatever happened since", func(s *tampered) {
		s.commit = func(ctx context.Context, c storage.Commit) error {
			err := s.Store.Commit(ctx, c)
			if errors.Is(err, storage.ErrConflict) && byTimer(c) {
				return anew(ctx, s.Store, c)
			}
			return err
		}
	}),
	tamper("the driver sends a commit twice", func(s *tampered) {
		n := 0
		s.commit = func(ctx context.Context, c storage.Commit) error {
			err := s.Store.Commit(ctx, c)
			if n++; err == nil && n%20 == 0 {
				c.Command = storage.Command{}
				_ = anew(ctx, s.Store, c)
			}
			return err
		}
	}),
	tamperCommits("command IDs are not remembered", 1, func(c *storage.Commit) { c.Command = storage.Command{} }),
	rare(tamper("a repetition is not told from the first", func(s *tampered) {
		s.load = func(l storage.Loaded) storage.Loaded {
			l.Applied = nil
			return l
		}
	})),
	{name: "what is due is judged by the node's clock", rare: true, desk: func(_ *run, n *node, store storage.Store) storage.Store {
		return ownClock{store, n}
	}},
	{name: "an unknown outcome is told as a failure", tellsFailed: true},
	tamper("the feed gives a commit twice", func(s *tampered) {
		s.feed = func(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			return shifted(ctx, s.Store, after, limit, -1)
		}
	}),
	tamper("the feed leaves a commit out", func(s *tampered) {
		s.feed = func(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			return shifted(ctx, s.Store, after, limit, +1)
		}
	}),
	tamper("the cursor goes back", func(s *tampered) {
		n := 0
		s.advance = func(at storage.Position) storage.Position {
			if n++; n%3 == 0 {
				return max(at-1, 0)
			}
			return at
		}
	}),
	rare(tamperCommits("a seat that is not there can be taken", 1, func(c *storage.Commit) {
		c.Seen.Overfill = true
	})),
	tamper("seats are not counted", func(s *tampered) {
		s.commit = func(ctx context.Context, c storage.Commit) error {
			if len(c.Events) > 0 {
				c.Head.Seat = ""
			}
			return s.Store.Commit(ctx, c)
		}
	}),
	rare(tamperCommits("an agent's record may have changed since", 1, func(c *storage.Commit) { c.Seen = storage.Seen{} })),
	tamper("the journal has a gap", func(s *tampered) {
		s.history = func(events []storage.Event) []storage.Event {
			return slices.DeleteFunc(events, func(e storage.Event) bool { return e.Version == 5 })
		}
	}),
	tamperCommits("a due instant is not stored", 9, func(c *storage.Commit) { c.Head.Due = time.Time{} }),
	tamper("the index of deadlines has lost a conversation", func(s *tampered) {
		s.due = func(found []storage.Due) []storage.Due {
			return slices.DeleteFunc(found, func(d storage.Due) bool { return d.Key.Conversation == "c2" })
		}
	}),
	tamperCommits("the stored state forgets how far the idle ladder has come", 1, func(c *storage.Commit) {
		state, err := conversation.Decode(c.Head.Body)
		if err == nil {
			state.Silence.Step = 0
			c.Head.Body, err = conversation.Encode(state)
		}
		if err != nil {
			panic(err)
		}
	}),
	rare(tamper("a freed seat tells nobody", func(s *tampered) {
		s.commit = func(ctx context.Context, c storage.Commit) error {
			l, err := s.Store.Load(ctx, c.Key, "")
			if err != nil {
				return err
			}
			key := storage.RecordKey{Workspace: c.Key.Workspace, Kind: storage.KindAgent, ID: l.Head.Seat}
			before, err := s.Record(ctx, key)
			if err != nil {
				return err
			}
			if err := s.Store.Commit(ctx, c); err != nil {
				return err
			}
			after, err := s.Record(ctx, key)
			if err != nil || after.SeatMoves == before.SeatMoves || after.Version == 0 {
				return err
			}
			after.Due = before.Due
			return s.Store.Settle(ctx, after)
		}
	})),
	rare(tamper("a put does not compare versions", func(s *tampered) {
		s.put = func(ctx context.Context, r storage.Record) error {
			now, err := s.Record(ctx, r.Key)
			if err != nil {
				return err
			}
			r.Version, r.SeatMoves = now.Version, now.SeatMoves
			return s.Store.Put(ctx, r)
		}
	})),
	rare(tamper("nobody is told of new policies", func(s *tampered) {
		s.outdated = func([]storage.Key) []storage.Key { return nil }
	})),
	rare(tamper("what an agent has snoozed is not found", hide(conversation.StateSnoozed))),
	tamper("what an agent has is not found", hide(conversation.StateAssigned)),
	tamperCommits("closings are not counted", 3, func(c *storage.Commit) { c.Closings = nil }),
}

// hide leaves the conversations of a state out where those of an agent are asked for.
func hide(state conversation.State) func(*tampered) {
	return func(s *tampered) {
		s.view = func(q storage.Query, rows []storage.Row) []storage.Row {
			if q.Agent != "" && q.State == string(state) {
				return nil
			}
			return rows
		}
	}
}

// An ownClock is a store whose clock is the node's.
type ownClock struct {
	storage.Store
	node *node
}

func (c ownClock) Now(context.Context) (time.Time, error) { return nodeClock{c.node}.Now(), nil }

// shifted is the feed with one commit twice, or left out, from the fifth on.
func shifted(ctx context.Context, store storage.Store, after storage.Position, limit, by int) ([]storage.Entry, error) {
	const from = 5
	all, err := store.Feed(ctx, 0, 100_000)
	if err != nil {
		return nil, err
	}
	var found []storage.Entry
	for at := after + 1; len(found) < limit; at++ {
		of := at
		if at >= from {
			of += storage.Position(by)
		}
		if int(of) > len(all) || int(at) > len(all) {
			break
		}
		e := all[of-1]
		e.Position = at
		found = append(found, e)
	}
	return found, nil
}

func faultNamed(name string) *planted {
	for _, f := range faults {
		if f.name == name {
			return f
		}
	}
	return nil
}

// maxSeeds is how many runs a planted fault may stay hidden.
const maxSeeds = 1000

// TestSimulatorCatches plants faults, one at a time, and plays until each is found.
func TestSimulatorCatches(t *testing.T) {
	t.Parallel()
	base := proof.Seed(t)
	var mu sync.Mutex // guards caught
	caught := map[string]int{}
	t.Run("faults", func(t *testing.T) {
		for _, fault := range faults {
			if fault.rare && testing.Short() {
				continue
			}
			t.Run(fault.name, func(t *testing.T) {
				t.Parallel()
				for i := range maxSeeds {
					seed := runSeed(base, i)
					o := simulate(t, seed, fault, false)
					if len(o.violations) == 0 {
						continue
					}
					what := o.violations[0]
					t.Logf("caught in run %d: %s\nSIM_FAULT=%q SIM_RUN=%d", i+1, what[:min(len(what), 300)], fault.name, seed)
					mu.Lock()
					caught[fault.name] = i + 1
					mu.Unlock()
					return
				}
			})
		}
	})
	for _, fault := range faults {
		if fault.rare && testing.Short() {
			continue
		}
		proof.Planted(t, suite, fault.name, caught[fault.name] > 0)
	}
}
