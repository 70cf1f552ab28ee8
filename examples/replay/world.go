package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

type options struct {
	rules     rules
	staff     staff
	together  bool
	skipBad   bool
	timeline  string // the ID in the file of the conversation to show; empty: all, in numbers
	storeName string
	store     storage.Store // for all conversations; nil: each has one of its own, in memory
	show      io.Writer
	progress  *progress
}

// storeFor returns the store of the next world.
func (o options) storeFor() storage.Store {
	if o.store != nil {
		return o.store
	}
	return memory.New()
}

// replay replays what r reads, and counts what happened. By default each
// conversation has a Desk and a clock of its own, after the one before has come
// to its end: what one does cannot depend on another, and the file may be larger
// than the memory.
func replay(ctx context.Context, r *timeline.Reader, o options) (*census, error) {
	total := newCensus()
	found := false
	var all []*timeline.Timeline
	for {
		t, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if o.timeline != "" && t.Name != o.timeline {
			continue
		}
		found = true
		all = append(all, t)
		if o.together {
			continue
		}
		if err := newWorld(o.storeFor(), &fakeClock{}, o, total).play(ctx, all, func(int) {}); err != nil {
			return nil, err
		}
		all = all[:0]
		o.progress.update(r.Read, total.timelines)
	}
	if o.timeline != "" && !found {
		return nil, fmt.Errorf("%s has no conversation with the ID %q", r.Name, o.timeline)
	}
	if !o.together {
		return total, nil
	}
	messages := 0
	for _, t := range all {
		messages += len(t.Messages)
	}
	o.progress.total = int64(messages)
	err := newWorld(o.storeFor(), &fakeClock{}, o, total).play(ctx, all, func(played int) {
		o.progress.update(int64(played), len(all)*played/messages)
	})
	return total, err
}

// A world is a Desk with all that it needs, on a time of its own.
type world struct {
	options
	clock   settableClock
	desk    *lifecycle.Desk
	checker *checker
	census  *census
}

func newWorld(store storage.Store, clock settableClock, o options, total *census) *world {
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: clock})
	if err != nil {
		panic(err) // the options above are right
	}
	return &world{
		options: o, clock: clock, desk: desk, census: total,
		checker: newChecker(desk, store, o.rules.policy(), total),
	}
}

// play replays timelines side by side, in the order of time. It calls played
// after each message with the number of them.
func (w *world) play(ctx context.Context, timelines []*timeline.Timeline, played func(int)) error {
	type turn struct {
		player *player
		at     time.Time
		index  int
	}
	if err := w.checker.begin(ctx); err != nil {
		return err
	}
	var players []*player
	var turns []turn
	for _, t := range timelines {
		if err := w.setPolicy(ctx, t.Workspace); err != nil {
			return err
		}
		p := newPlayer(w, t)
		players = append(players, p)
		for i, m := range t.Messages {
			turns = append(turns, turn{p, m.At, i})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	for i, t := range turns {
		if err := w.wait(ctx, t.at); err != nil {
			return err
		}
		w.clock.set(t.at)
		if err := t.player.write(ctx, t.index); err != nil {
			return err
		}
		played(i + 1)
	}
	// Nobody writes any more. Time goes on until nothing is due.
	w.checker.until = endOfTime
	if err := w.wait(ctx, endOfTime); err != nil {
		return err
	}
	for _, p := range players {
		if err := w.finish(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

var endOfTime = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// setPolicy gives a workspace its policy, once.
func (w *world) setPolicy(ctx context.Context, workspace string) error {
	_, revision, err := w.desk.Policies(ctx, workspace)
	if err != nil || revision > 0 {
		return err
	}
	_, err = w.desk.SetPolicies(ctx, workspace, conversation.Policies{Default: w.rules.policy()}, 0)
	return err
}

// wait lets time pass until an instant. It stops at every due instant on the
// way, in order, so that each deadline is worked off exactly when it is due.
// A host has Desk.Run for this, which sleeps.
func (w *world) wait(ctx context.Context, until time.Time) error {
	for {
		ticked, err := w.tick(ctx, until)
		if err != nil || !ticked {
			return err
		}
	}
}

// tick goes on to the next instant at which the Desk has something to do, and
// lets it. It reports false if there is none until the given one.
func (w *world) tick(ctx context.Context, until time.Time) (bool, error) {
	at, err := w.desk.NextDue(ctx, until)
	if err != nil || at.IsZero() {
		return false, err
	}
	if err := w.checker.ticking(at, w.clock.Now()); err != nil {
		return false, err
	}
	w.clock.set(at)
	ticked, err := w.desk.Tick(ctx)
	if err != nil {
		return false, err
	}
	return true, w.checker.ticked(ctx, at, ticked)
}

// finish takes leave of a timeline: everything is checked once more from the
// beginning, and shown if that was asked for.
func (w *world) finish(ctx context.Context, p *player) error {
	if err := w.checker.finish(ctx, p.family); err != nil {
		return err
	}
	w.census.timelines++
	if w.timeline == "" || w.timeline != p.family.Name {
		return nil
	}
	return show(ctx, w.options.show, w.desk, p.family)
}
