package storagetest

import (
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

const (
	oneSucceeds    = "Of several commits with events and the same Expect exactly one succeeds."
	safeConcurrent = "It is safe for concurrent use."
)

var concurrencyCases = []testCase{
	{
		name:     "of several commits one succeeds",
		sentence: oneSucceeds,
		run: func(p probe) {
			for expect := range int64(8) {
				won := p.race(8, func(i int) error {
					c := identified(fmt.Sprint(expect, " by ", i), change(chat("a"), expect, 1))
					return p.s.Commit(p.Context(), c)
				})
				if won != 1 {
					p.Fatalf("%d of 8 concurrent commits at version %d succeeded, want 1", won, expect)
				}
			}
			p.same("the events", len(p.history(chat("a"), 0, all)), 8)
		},
	},
	{
		name:     "of several commits of one command one succeeds",
		sentence: conflicts,
		run: func(p probe) {
			first := opening(chat("a"))
			p.commit(first)
			for round := range 8 {
				won := p.race(8, func(int) error {
					return p.s.Commit(p.Context(), identified(fmt.Sprint("round ", round), without(first)))
				})
				if won != 1 {
					p.Fatalf("%d of 8 concurrent commits of one command without events succeeded, want 1", won)
				}
			}
		},
	},
	{
		name:     "a commit is seen wholly or not at all",
		sentence: commitApplies,
		run: func(p probe) {
			for expect := range int64(10) {
				p.seenWhole(identified(fmt.Sprint("command ", expect), change(chat("a"), expect, 1)))
			}
		},
	},
	{
		name:     "feed without gaps or changes under writers",
		sentence: feedDense,
		run:      feedUnderWriters,
	},
	{
		name:     "feed in the order of versions under writers",
		sentence: feedOrder,
		run: func(p probe) {
			const writers, each = 4, 10
			together(writers, func(int) { p.contend(chat("a"), each) })
			at := int64(0)
			for _, e := range p.feed(0, all) {
				at++
				p.same(fmt.Sprint("the event at position ", e.Position), e.Events, []storage.Event{event(chat("a"), at)})
			}
			p.same("the number of commits", at, int64(writers*each))
		},
	},
	{
		name:     "feed prompt under writers",
		sentence: feedPrompt,
		run: func(p probe) {
			together(4, func(i int) {
				k := chat(fmt.Sprint(i))
				for version := range int64(10) {
					if err := p.s.Commit(p.Context(), change(k, version, 1)); err != nil {
						p.Errorf("Commit to %v: %v", k, err)
					}
					entries, err := p.s.Feed(p.Context(), 0, all)
					if got := newest(entries, k); err != nil || got != version+1 {
						p.Errorf("%v in the feed after commit of version %d: %d, %v", k, version+1, got, err)
					}
				}
			})
		},
	},
	{
		name:     "mixed use",
		sentence: safeConcurrent,
		run: func(p probe) {
			together(6, func(i int) {
				for round := range int64(10) {
					if err := mixedUse(p, fmt.Sprint("w", i), round); err != nil {
						p.Errorf("user %d of 6, round %d: %v", i, round, err)
						return
					}
				}
			})
		},
	},
}
