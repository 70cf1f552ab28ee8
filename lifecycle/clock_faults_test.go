package lifecycle_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// A restless store has a clock that may show something else whenever it is asked.
type restless struct {
	storage.Store
	at     time.Time
	jitter func() time.Duration // nil: none
}

func (s *restless) Now(context.Context) (time.Time, error) {
	if s.jitter == nil {
		return s.at, nil
	}
	return s.at.Add(s.jitter()).Truncate(time.Microsecond), nil
}

// A clockRun is a store whose clock is set forward and back under nodes whose own
// clocks are wrong too, while snoozes come to their ends.
type clockRun struct {
	store *restless
	nodes []*lifecycle.Desk
	walls []*wall
	until map[string]time.Time // when what is asleep is to wake, by the deciding clock
	woken int
	wrong []string
}

// clockFault makes something of a run wrong.
type clockFault struct {
	store func(storage.Store) storage.Store
	node  func(*lifecycle.Options, *restless) // its clock
}

func newClockRun(t *testing.T, fault clockFault) *clockRun {
	t.Helper()
	store := newMemory()
	if fault.store != nil {
		store = fault.store(store)
	}
	r := &clockRun{store: &restless{Store: store, at: lifecycletest.Start}, until: map[string]time.Time{}}
	for range 3 {
		own := &wall{lifecycletest.Start}
		options := lifecycle.Options{Clock: own, StoreClock: true}
		if fault.node != nil {
			fault.node(&options, r.store)
		}
		r.walls = append(r.walls, own)
		r.nodes = append(r.nodes, newDesk(t, r.store, options))
	}
	return r
}

// play lets one run happen, as the dice fall.
func (r *clockRun) play(t *testing.T, dice *rand.Rand) {
	t.Helper()
	span := func(most time.Duration) time.Duration {
		return time.Duration(dice.Int64N(int64(most))).Truncate(time.Microsecond)
	}
	ids := []string{"chat-1", "chat-2", "chat-3"}
	for _, id := range ids {
		call := lifecycle.Call{Workspace: "acme", Conversation: id}
		accepted(t)(r.nodes[0].Open(t.Context(), call.As(vic), conversation.Open{}))
		accepted(t)(r.nodes[1].Take(t.Context(), call.As(ann)))
	}
	settled := func() {
		r.store.jitter = nil
		for i := range r.walls {
			r.walls[i].at = r.store.at
		}
	}
	for range 20 {
		switch dice.IntN(6) {
		case 0: // a jump back
			r.store.at = r.store.at.Add(-span(2 * time.Hour))
		case 1: // a jump ahead
			r.store.at = r.store.at.Add(span(2 * time.Hour))
		default:
			r.store.at = r.store.at.Add(span(20 * time.Minute))
		}
		r.store.jitter = nil
		if dice.IntN(3) == 0 {
			r.store.jitter = func() time.Duration { return span(8*time.Second) - 4*time.Second }
		}
		for i := range r.walls {
			r.walls[i].at = r.store.at.Add(span(2*time.Minute) - time.Minute)
			if dice.IntN(4) == 0 {
				r.walls[i].at = r.store.at.Add(span(4*time.Hour) - 2*time.Hour)
			}
		}
		for _, i := range dice.Perm(len(r.nodes)) {
			r.tick(t, i)
		}
		if id := ids[dice.IntN(len(ids))]; r.until[id].IsZero() {
			r.snooze(t, dice.IntN(len(r.nodes)), id, time.Minute+span(90*time.Minute))
		}
	}
	settled()
	for _, until := range r.until {
		if until.After(r.store.at) {
			r.store.at = until
		}
	}
	settled()
	r.tick(t, 0)
	// What was set back for a moment has its turn again.
	r.store.at = r.store.at.Add(time.Hour)
	settled()
	r.tick(t, 0)
	for id, until := range r.until {
		r.fail("%s sleeps beyond %v", id, until)
	}
	r.checkJournals(t, ids)
}

func (r *clockRun) fail(format string, args ...any) {
	r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
}

// snooze puts a conversation aside. It is dated by the store's clock whatever the
// node's own says.
func (r *clockRun) snooze(t *testing.T, node int, id string, d time.Duration) {
	t.Helper()
	call := lifecycle.Call{Workspace: "acme", Conversation: id}
	result, err := r.nodes[node].Snooze(t.Context(), call.As(ann), conversation.Snooze{Until: snooze.For(d)})
	if err != nil {
		r.fail("snooze: %v", err)
		return
	}
	r.until[id] = result.Conversation.Snooze.At
	if off := r.until[id].Sub(r.store.at.Add(d)).Abs(); off > 4*time.Second {
		r.fail("asleep until %v, %v off", r.until[id], off)
	}
}

// tick has a node work off what is due, and holds it against what is promised.
func (r *clockRun) tick(t *testing.T, node int) {
	t.Helper()
	disagree := r.store.at.Sub(r.walls[node].at).Abs()
	ticked, err := r.nodes[node].Tick(t.Context())
	near := disagree > lifecycle.MaxSkew-4*time.Second && disagree < lifecycle.MaxSkew+4*time.Second && r.store.jitter != nil
	switch skewed := disagree > lifecycle.MaxSkew; {
	case near:
	case skewed && (!errors.Is(err, lifecycle.ErrSkew) || len(ticked.Fired) > 0):
		r.fail("%v off, it fired %d: %v", disagree, len(ticked.Fired), err)
	case !skewed && err != nil:
		r.fail("%v off: %v", disagree, err)
	}
	for _, f := range ticked.Failed {
		r.fail("%s failed: %v", f.Conversation, f.Err)
	}
	for _, f := range ticked.Fired {
		for _, record := range f.Records {
			if _, ok := record.Event.(conversation.Woken); !ok {
				continue
			}
			until, asleep := r.until[f.Conversation]
			switch {
			case !asleep:
				r.fail("%s woke twice", f.Conversation)
			case record.Now().Before(until):
				r.fail("%s woke %v early", f.Conversation, until.Sub(record.Now()))
			}
			delete(r.until, f.Conversation)
			r.woken++
		}
	}
	if err != nil || r.store.jitter != nil {
		return
	}
	for id, until := range r.until {
		if !until.After(r.store.at) {
			r.fail("%s sleeps at %v, was to wake at %v", id, r.store.at, until)
		}
	}
}

func (r *clockRun) checkJournals(t *testing.T, ids []string) {
	t.Helper()
	for _, id := range ids {
		records, err := r.nodes[0].History(t.Context(), "acme", id, 0, 0)
		check(t, err)
		for i := 1; i < len(records); i++ {
			if records[i].At.Before(records[i-1].At) {
				r.fail("%s: record %d is older than the one before it", id, records[i].Seq)
			}
		}
	}
}

// TestClockFaults sets the store's clock forward and back, also between two
// questions, under nodes whose own clocks are wrong: no snooze ends before the
// store's clock has reached its end, each ends once, and at the first tick of a
// node that agrees with it; no node fails on it, and nodes that disagree do
// nothing and say so.
func TestClockFaults(t *testing.T) {
	t.Parallel()
	seed := proof.Seed(t)
	woken, broken := 0, 0
	runs := proof.Size(t, 1500)
	for i := range runs {
		r := newClockRun(t, clockFault{})
		r.play(t, rand.New(rand.NewPCG(seed, uint64(i))))
		woken += r.woken
		if len(r.wrong) > 0 {
			if broken++; broken == 1 {
				t.Errorf("SEED=%d, run %d: %v", seed, i, r.wrong)
			}
		}
	}
	proof.Count(t, proof.Figure{
		Suite: "clock", Tried: int64(runs), Trials: "runs of 3 nodes under clocks that jump", Broken: int64(broken), Breaks: "with a snooze early, late or twice",
		Details: fmt.Sprintf("%s snoozes ended", proof.Grouped(int64(woken))), Seed: seed,
	})
	if woken < runs {
		t.Errorf("%d snoozes ended in %d runs: too few to show anything", woken, runs)
	}
}

// A lateStore does not tell of what has just become due.
type lateStore struct{ storage.Store }

func (s lateStore) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	return s.Store.Due(ctx, by.Add(-10*time.Minute), after, limit)
}

// A hastyStore tells of what is not due yet, and answers as if it were earlier.
type hastyStore struct{ storage.Store }

func (s hastyStore) Load(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
	loaded, err := s.Store.Load(ctx, key, id)
	if c, bad := conversation.Decode(loaded.Head.Body); err == nil && bad == nil && c.Snooze != nil && !c.Snooze.At.IsZero() {
		c.Snooze.At = c.Snooze.At.Add(-10 * time.Minute)
		loaded.Head.Body, err = conversation.Encode(c)
	}
	return loaded, err
}

func (s hastyStore) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	if after != (storage.Due{}) {
		after.At = after.At.Add(10 * time.Minute)
	}
	page, err := s.Store.Due(ctx, by.Add(10*time.Minute), after, limit)
	for i := range page {
		page[i].At = page[i].At.Add(-10 * time.Minute)
	}
	return page, err
}

func TestClockFaultsCatches(t *testing.T) {
	t.Parallel()
	seed := proof.Seed(t)
	for name, fault := range map[string]clockFault{
		"deadlines by the node's own clock": {node: func(o *lifecycle.Options, _ *restless) { o.StoreClock = false }},
		"clocks that disagree are not noticed": {node: func(o *lifecycle.Options, s *restless) {
			o.Clock = agreeing{s}
		}},
		"what is due is seen late":      {store: func(s storage.Store) storage.Store { return lateStore{s} }},
		"what is not due yet is worked": {store: func(s storage.Store) storage.Store { return hastyStore{s} }},
	} {
		caught := false
		for i := 0; i < 50 && !caught; i++ {
			r := newClockRun(t, fault)
			r.play(t, rand.New(rand.NewPCG(seed, uint64(i))))
			caught = len(r.wrong) > 0
		}
		proof.Planted(t, "clock", name, caught)
	}
}

// An agreeing clock says what the store's says.
type agreeing struct{ *restless }

func (a agreeing) Now() time.Time                       { return a.at }
func (a agreeing) After(time.Duration) <-chan time.Time { return nil }

// TestClockStepsBackWithinATick: what was due when the tick began, and is not due
// any more when it is decided, is no failure. It is worked off when the clock has
// come to it again.
func TestClockStepsBackWithinATick(t *testing.T) {
	t.Parallel()
	store := &restless{Store: newMemory(), at: lifecycletest.Start}
	own := &wall{lifecycletest.Start}
	desk := newDesk(t, store, lifecycle.Options{Clock: own, StoreClock: true})
	call := lifecycle.Call{Workspace: lifecycletest.Workspace, Conversation: "chat-1"}
	accepted(t)(desk.Open(t.Context(), call.As(vic), conversation.Open{}))
	accepted(t)(desk.Take(t.Context(), call.As(ann)))
	result := accepted(t)(desk.Snooze(t.Context(), call.As(ann), conversation.Snooze{Until: snooze.For(time.Hour)}))
	until := result.Conversation.Snooze.At

	store.at, own.at = until, until
	asked := 0
	store.jitter = func() time.Duration {
		if asked++; asked > 1 {
			return -time.Second
		}
		return 0
	}
	if fired := tick(t, desk).Fired; len(fired) != 0 {
		t.Errorf("fired %+v a second early", fired)
	}
	setbacks, err := desk.Setbacks(t.Context(), "", "", 1)
	if check(t, err); len(setbacks) != 0 {
		t.Errorf("set back: %+v", setbacks)
	}
	store.jitter = nil
	if fired := tick(t, desk).Fired; len(fired) != 1 {
		t.Errorf("fired %d times at the instant, want once", len(fired))
	}
}

// A countedStore ends the context when due records were asked for too often.
type countedStore struct {
	*restless
	asked int
	end   func()
}

func (s *countedStore) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	if s.asked++; s.asked > 100 {
		s.end()
	}
	return s.restless.DueRecords(ctx, by, after, limit)
}

// TestTickEndsWhenTheClockIsSetBack: a grace that was over when the tick began, and
// is not any more, is not worked on until the clock has come to it again.
func TestTickEndsWhenTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	ctx, end := context.WithCancel(t.Context())
	store := &countedStore{restless: &restless{Store: newMemory(), at: lifecycletest.Start}, end: end}
	own := &wall{lifecycletest.Start}
	desk := newDesk(t, store, lifecycle.Options{Clock: own, StoreClock: true})
	_, err := desk.SetAgent(ctx, lifecycletest.Workspace, "ann", 1)
	check(t, err)
	for _, to := range []roster.Availability{roster.Available, roster.Unavailable} {
		_, err = desk.SetAvailability(ctx, lifecycletest.Workspace, "ann", roster.Automatic, to)
		check(t, err)
	}
	tick(t, desk)
	due, err := desk.NextDue(ctx, lifecycletest.Start.Add(time.Hour))
	check(t, err)
	if !due.After(lifecycletest.Start) {
		t.Fatalf("due at %v, want a grace", due)
	}
	store.at, own.at, store.asked = due, due, 0
	read := 0
	store.jitter = func() time.Duration {
		if read++; read > 1 {
			return -time.Second
		}
		return 0
	}
	if _, err := desk.Tick(ctx); err != nil {
		t.Errorf("Tick = %v after asking %d times", err, store.asked)
	}
}

// TestRunWhileClocksDisagree: Run says that they do at every poll, works nothing
// off, takes commands dated by the store's clock, and goes on once they agree.
func TestRunWhileClocksDisagree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &offStore{Store: newMemory()}
		var log bytes.Buffer
		desk := newDesk(t, store, lifecycle.Options{StoreClock: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- desk.Run(ctx) }()
		call := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
		accepted(t)(desk.Open(ctx, call.As(vic), conversation.Open{}))
		accepted(t)(desk.Take(ctx, call.As(ann)))
		start := time.Now()
		accepted(t)(desk.Snooze(ctx, call.As(ann), conversation.Snooze{Until: snooze.For(time.Minute)}))

		store.off.Store(int64(2 * time.Hour))
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		said := accepted(t)(desk.Do(ctx, call.As(sue), conversation.AddNote{Text: "?"}))
		if ahead := time.Until(said.Records[0].At).Round(time.Second); ahead != 2*time.Hour {
			t.Errorf("a command is dated %v ahead, want two hours: by the store's clock", ahead)
		}
		if said.Conversation.State != conversation.StateSnoozed {
			t.Errorf("it is %s while the clocks disagree", said.Conversation.State)
		}
		if n := bytes.Count(log.Bytes(), []byte(lifecycle.ErrSkew.Error())); n < 100 || n > 130 {
			t.Errorf("said %d times in two minutes, want about every second", n)
		}
		store.off.Store(0)
		time.Sleep(lifecycle.DefaultPoll + time.Second)
		synctest.Wait()
		c, err := desk.Get(ctx, "acme", "chat-1")
		if check(t, err); c.State != conversation.StateAssigned {
			t.Errorf("it is %s at %v after it was to wake, want assigned", c.State, time.Since(start)-time.Minute)
		}
		stop()
		fails(t, <-ended, context.Canceled)
	})
}

// An offStore has a clock that is off by a time.
type offStore struct {
	storage.Store
	off atomic.Int64 // a time.Duration
}

func (s *offStore) Now(context.Context) (time.Time, error) {
	return time.Now().Add(time.Duration(s.off.Load())), nil
}
