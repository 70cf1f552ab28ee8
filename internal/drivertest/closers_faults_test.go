package drivertest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// A closersFault is a mistake of a store, or of a node, that a race must show.
type closersFault struct {
	name  string
	store func(ctx context.Context, s storage.Store, c storage.Commit) error
	node  func(r *closersRun)
	shows string // a part of what must be found
}

// records reports whether the commit has an event of the type.
func records[E conversation.Event](c storage.Commit) bool {
	return slices.ContainsFunc(c.Events, func(e storage.Event) bool {
		r, err := conversation.DecodeRecord(e.Body)
		_, ok := r.Event.(E)
		return err == nil && ok
	})
}

// closersOnConflict does f instead of refusing a commit that has an event of the
// type, if the conversation is in such a state by now.
func closersOnConflict[E conversation.Event](closed bool, f func(ctx context.Context, s storage.Store, c storage.Commit, now storage.Head) error) func(context.Context, storage.Store, storage.Commit) error {
	return func(ctx context.Context, s storage.Store, c storage.Commit) error {
		err := s.Commit(ctx, c)
		if !errors.Is(err, storage.ErrConflict) || !records[E](c) || c.Expect == 0 {
			return err
		}
		l, failed := s.Load(ctx, c.Key, "")
		if failed != nil || l.Head.DormantSince.IsZero() == closed {
			return err
		}
		return f(ctx, s, c, l.Head)
	}
}

// closersOverrun commits what was decided on an old version on the present one, as
// if nothing had happened since.
func closersOverrun(ctx context.Context, s storage.Store, c storage.Commit, now storage.Head) error {
	ahead := now.Version - c.Expect
	c.Events = slices.Clone(c.Events)
	for i, e := range c.Events {
		r, err := conversation.DecodeRecord(e.Body)
		if err != nil {
			return err
		}
		r.Seq += conversation.Version(ahead)
		if c.Events[i].Body, err = conversation.EncodeRecord(r); err != nil {
			return err
		}
		c.Events[i].Version += ahead
	}
	after, err := conversation.Decode(c.Head.Body)
	if err != nil {
		return err
	}
	after.Version += conversation.Version(ahead)
	if c.Head.Body, err = conversation.Encode(after); err != nil {
		return err
	}
	c.Head.Version += ahead
	c.Expect += ahead
	return s.Commit(ctx, c)
}

func closersLied(context.Context, storage.Store, storage.Commit, storage.Head) error { return nil }

// closersPut changes the closings of a commit.
func closersPut(change func(c *storage.Commit)) func(context.Context, storage.Store, storage.Commit) error {
	return func(ctx context.Context, s storage.Store, c storage.Commit) error {
		c.Closings = slices.Clone(c.Closings)
		change(&c)
		return s.Commit(ctx, c)
	}
}

var closersFaults = []closersFault{
	{
		name: "the version of a closing is not compared", shows: ", after message",
		store: closersOnConflict[conversation.Closed](false, closersOverrun),
	},
	{
		name: "the version of a closing is not compared, and shows in the grade", shows: "has grade",
		store: closersOnConflict[conversation.Closed](false, closersOverrun),
	},
	{
		name: "both closers are applied", shows: "of what is open: false",
		store: closersOnConflict[conversation.Closed](true, closersOverrun),
	},
	{
		name: "who loses is told that they won", shows: "which is not in the journal",
		store: closersOnConflict[conversation.Closed](true, closersLied),
	},
	{
		name: "a message is put behind the closing that was faster", shows: "nobody knows of it",
		store: closersOnConflict[conversation.Said](true, closersOverrun),
	},
	{
		name: "a message is lost to the closing that was faster", shows: "is 0 times here",
		store: closersOnConflict[conversation.Said](true, closersLied),
	},
	{
		name: "an answer is put whatever was decided meanwhile", shows: "is not what its journal amounts to",
		store: closersOnConflict[conversation.SurveyAnswered](true, closersOverrun),
	},
	{
		name: "the closings of a commit are lost", shows: "closings are not what the journal amounts to",
		store: closersPut(func(c *storage.Commit) { c.Closings = nil }),
	},
	{
		name: "closings count by the first decision", shows: "report by outcome",
		store: closersPut(func(c *storage.Commit) {
			if records[conversation.Reclassified](*c) {
				c.Closings = nil
			}
		}),
	},
	{
		name: "a closing that was reopened counts no more", shows: "report by cause",
		store: closersPut(func(c *storage.Commit) {
			for i := range c.Closings {
				c.Closings[i].Figures[closure.Reopened] = 0
			}
		}),
	},
	{
		name: "closings count twice", shows: "closings are counted",
		store: closersPut(func(c *storage.Commit) {
			for _, r := range c.Closings {
				r.Number += 100
				c.Closings = append(c.Closings, r)
			}
		}),
	},
	{name: "what a closing was decided on is forgotten", shows: ", after message", node: func(r *closersRun) { r.deaf = true }},
}

// TestClosersCatches is the positive control: each planted fault shows.
func TestClosersCatches(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	const enough = 2000 // conversations: more than are needed
	seed := metaEnvironment(t, "SEED", rand.Uint64())
	for _, f := range closersFaults {
		conversations, first, err := f.find(t.Context(), seed, enough)
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		proof.Planted(t, "closers", f.name, first != "")
		first, _, _ = strings.Cut(first, "\n")
		t.Logf("%s: after %d conversations, seed %d: %s", f.name, conversations, seed, first)
	}
}

// find returns the first thing that shows the fault.
func (f closersFault) find(ctx context.Context, seed uint64, most int) (conversations int, first string, err error) {
	for ; conversations < most; conversations += closersBatch {
		r, err := newClosersRun(seed+uint64(conversations), f.store, memory.New())
		if err != nil {
			return conversations, "", err
		}
		if f.node != nil {
			f.node(r)
		}
		if err := r.run(ctx, closersBatch); err != nil {
			return conversations, "", fmt.Errorf("%d conversations: %w", conversations, err)
		}
		for _, what := range r.wrong(ctx) {
			if strings.Contains(what, f.shows) {
				return conversations + closersBatch, what, nil
			}
		}
	}
	return conversations, "", nil
}
