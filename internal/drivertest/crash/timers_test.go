//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// wait is that of every deadline.
const wait = time.Hour

// tempo is how many deadlines there are in a second.
var tempo = 10_000 / 15

// spread is how long n deadlines take.
func spread(n int) time.Duration { return time.Duration(n) * time.Second / time.Duration(tempo) }

// atEase is a policy under which a conversation that waits has one thing to
// happen to it, and one that an agent has none.
var atEase = conversation.Policies{Default: conversation.Policy{Idle: conversation.Idle{
	Waiting:  idle.Ladder{Steps: []idle.Step{{After: wait, Action: idle.FollowUp, Text: "It takes a little longer."}}},
	Assigned: idle.Ladder{Off: true},
}}}

// A wall is a clock that stands still until it is set.
type wall struct{ at time.Time }

func (w *wall) Now() time.Time                     { return w.at }
func (*wall) After(time.Duration) <-chan time.Time { return nil }

// A timerSuite is conversations with deadlines, and nodes that work them off
// while they are killed and stopped.
type timerSuite struct {
	*testing.T
	rand  *rand.Rand
	order runOrder
	store *postgres.Store
	nodes [timerNodes]node

	mu  sync.Mutex // guards the field below
	due map[storage.Key]time.Time

	kills, stops int
}

// newTimerSuite opens n conversations and has their deadlines begin in a second.
func newTimerSuite(t *testing.T, r *rand.Rand, n int, lease time.Duration) *timerSuite {
	t.Helper()
	s := &timerSuite{T: t, rand: r, due: map[storage.Key]time.Time{}}
	s.order = runOrder{URL: pgtest.Shared(t).NewDatabase(t), Lease: lease}
	db, store, err := openPostgres(t.Context(), s.order.URL)
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	t.Cleanup(func() { _ = store.Close() })
	s.store = store
	check(t, store.Migrate(t.Context()))
	_, err = db.Exec(leases)
	check(t, err)
	start := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	s.fill(n, start)
	s.order.Shift = start.Sub(time.Now().Add(time.Second))
	return s
}

// fill opens conversations whose deadlines are spread from start on.
func (s *timerSuite) fill(n int, start time.Time) {
	s.Helper()
	desk, err := lifecycle.New(s.store, nil)
	check(s, err)
	_, err = desk.SetPolicies(s.Context(), workspace, atEase, 0)
	check(s, err)
	offsets := make([]time.Duration, n)
	for i := range offsets {
		offsets[i] = time.Duration(s.rand.Int64N(int64(spread(n)))).Truncate(time.Microsecond)
	}
	check(s, together(n, 64, func(i int) error { // their commits share transactions
		key := storage.Key{Workspace: workspace, Conversation: fmt.Sprint("chat-", i)}
		due := start.Add(offsets[i])
		s.mu.Lock()
		s.due[key] = due
		s.mu.Unlock()
		return open(s.Context(), s.store, key, due.Add(-wait), i%10 == 0)
	}))
}

// open opens a conversation that is due after the wait: it is snoozed until then,
// or has waited for so long.
func open(ctx context.Context, store storage.Store, key storage.Key, at time.Time, snoozed bool) error {
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: &wall{at}})
	if err != nil {
		return err
	}
	call := lifecycle.Call{Workspace: key.Workspace, Conversation: key.Conversation, By: vic}
	if _, err := desk.Open(ctx, call, conversation.Open{}); err != nil || !snoozed {
		return err
	}
	if _, err := desk.Take(ctx, call.As(ann)); err != nil {
		return err
	}
	_, err = desk.Snooze(ctx, call.As(ann), conversation.Snooze{Until: snooze.For(wait)})
	return err
}

// run lets the nodes work until nothing is due any more, and disturbs them all
// the time.
func (s *timerSuite) run() {
	s.Helper()
	for i := range s.nodes {
		s.start(i)
	}
	end := time.Now().Add(spread(len(s.due)) + patience)
	for next := time.Now(); !s.done(); next = next.Add(300 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("it is not done a minute after the last deadline:\n%s", s.nodes[0].said)
		}
		s.resumeUntil(next)
		s.disturb(s.rand.IntN(timerNodes))
	}
	for i := range s.nodes {
		s.nodes[i].kill()
	}
}

func (s *timerSuite) done() bool {
	s.Helper()
	due, err := s.store.Due(s.Context(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), storage.Due{}, 1)
	check(s, err)
	return len(due) == 0
}

// effects are what became of the deadlines.
type effects struct {
	once, twice, never, early int
	late                      []time.Duration
}

func (e *effects) lateness(part float64) time.Duration {
	return e.late[int(part*float64(len(e.late)-1))].Round(time.Millisecond)
}

// count reads what became of the deadlines in the journals.
func (s *timerSuite) count(journals map[storage.Key]journal) *effects {
	e := new(effects)
	for key, due := range s.due {
		times := 0
		for _, r := range journals[key].records {
			if !isEffect(r) {
				continue
			}
			times++
			e.late = append(e.late, r.Now().Sub(due))
			if r.Now().Before(due) {
				e.early++
			}
		}
		switch times {
		case 0:
			e.never++
		case 1:
			e.once++
		default:
			e.twice++
		}
	}
	slices.Sort(e.late)
	return e
}

func isEffect(r conversation.Record) bool {
	return r.By == conversation.Timer()
}

// work disturbs the nodes and returns what became of the deadlines, and what is
// wrong with what is stored.
func (s *timerSuite) work() (*effects, verdict) {
	s.Helper()
	s.run()
	var all []storage.Key
	for key := range s.due {
		all = append(all, key)
	}
	a := audit{store: s.store}
	_, err := a.conversations(s.Context(), all)
	check(s, err)
	return s.count(a.journals), a.verdict
}

// TestTimersOnManyNodes lets processes work off deadlines while they are killed
// and stopped: each has its effect once, and none early.
func TestTimersOnManyNodes(t *testing.T) {
	r, seed := newRand(t)
	n := proof.Size(t, 10_000)
	s := newTimerSuite(t, r, n, 0)
	e, v := s.work()
	v.fail(t)
	setbacks, err := s.store.Setbacks(t.Context(), storage.Key{}, 10)
	check(t, err)
	if e.once != n || e.early > 0 || len(setbacks) > 0 {
		t.Errorf("of %d deadlines %d had their effect once, %d twice, %d never, %d early; set back: %v",
			n, e.once, e.twice, e.never, e.early, setbacks)
	}
	proof.Count(t, proof.Figure{
		Suite: "timers", Tried: int64(n), Trials: "deadlines", Broken: int64(e.twice + e.never + e.early), Breaks: "not once, or early", Seed: seed,
		Details: fmt.Sprintf("%d kills and %d stops of 3 nodes, lateness p50 %v p99 %v max %v",
			s.kills, s.stops, e.lateness(0.5), e.lateness(0.99), e.lateness(1)),
	})
}

// TestTimersControl is the positive control: nodes that trust a lease do something
// twice, because they do not know that they were stopped for longer.
func TestTimersControl(t *testing.T) {
	proof.Long(t)
	const n, most = 1_500, 6
	r, seed := newRand(t)
	stops := 0
	for i := range most {
		s := newTimerSuite(t, r, n, 300*time.Millisecond)
		e, _ := s.work()
		stops += s.stops
		if e.twice > 0 {
			proof.Planted(t, "timers", "nodes that trust a lease", true)
			t.Logf("%d twice of %s, %d stops, seed %d", e.twice, grouped(n*(i+1)), stops, seed)
			return
		}
	}
	proof.Planted(t, "timers", "nodes that trust a lease", false)
}
