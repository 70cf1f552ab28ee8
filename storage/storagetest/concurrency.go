package storagetest

import (
	"errors"
	"fmt"
	"sync/atomic"

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
		name:     "closings are seen with what closed it",
		sentence: commitApplies,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			for expect := range int64(10) {
				p.seenClosed(closing(change(chat("a"), expect+1, 1)))
			}
		},
	},
	{
		name:     "closings of those that succeed, and of no others",
		sentence: closingPut,
		run:      closingsUnderWriters,
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
		name:     "a setback and a commit",
		sentence: commitEnds,
		run: func(p probe) {
			for round := range 10 {
				k := chat(fmt.Sprint(round))
				p.commit(opening(k))
				together(2, func(i int) {
					if i == round%2 { // Either has its chance to be first.
						p.contend(k, 1)
						return
					}
					err := p.s.SetBack(p.Context(), k, 1, failed(1, never))
					if err != nil && !errors.Is(err, storage.ErrConflict) {
						p.Errorf("SetBack while others commit: %v, want nil or ErrConflict", err)
					}
				})
				p.same("the setback after the commit", p.load(k, "").Setback, storage.Setback{})
			}
			p.same("all setbacks", p.setbacks(storage.Key{}, all), []storage.SetbackOf{})
		},
	},
	{
		name:     "erased all at once",
		sentence: eraseRemoves,
		run: func(p probe) {
			for round := range 5 {
				p.erasedAtOnce(fmt.Sprint("visitor-", round))
			}
		},
	},
	{
		name:     "never more seats than there are",
		sentence: seatFull,
		run:      seatsUnderTakers,
	},
	{
		name:     "the last seat is taken once",
		sentence: seatFull,
		run: func(p probe) {
			for round := range 8 {
				p.lastSeat(fmt.Sprint("agent-", round))
			}
		},
	},
	{
		name:     "seats of two agents each for the other's",
		sentence: safeConcurrent,
		run:      seatsSwapped,
	},
	{
		name:     "seat moves none of which is lost",
		sentence: seatTaken,
		run:      seatMovesCounted,
	},
	{
		name:     "put or taken",
		sentence: putReplaces,
		run: func(p probe) {
			for round := range 10 {
				p.putOrTaken(fmt.Sprint("agent-", round), round%2)
			}
		},
	},
	{
		name:     "put or decided on",
		sentence: conflicts,
		run: func(p probe) {
			for round := range 10 {
				p.putOrSeen(fmt.Sprint("agent-", round), round%2)
			}
		},
	},
	{
		name:     "put or freed",
		sentence: seatDue,
		run: func(p probe) {
			for round := range 10 {
				p.changedOrFreed(fmt.Sprint("agent-", round), round%2, "Put", p.s.Put)
			}
		},
	},
	{
		name:     "settled or freed",
		sentence: settleChanges,
		run: func(p probe) {
			for round := range 10 {
				p.changedOrFreed(fmt.Sprint("agent-", round), round%2, "Settle", p.s.Settle)
			}
		},
	},
	{
		name:     "purged or reopened",
		sentence: safeConcurrent,
		run: func(p probe) {
			for round := range 10 {
				p.purgedOrReopened(chat(fmt.Sprint(round)), round%2)
			}
		},
	},
	{
		name:     "purged once",
		sentence: purgeRemoves,
		run: func(p probe) {
			for round := range 5 {
				const n = 4
				for i := range n {
					p.commit(closing(opening(chat(fmt.Sprint(round, "-", i)))))
				}
				var purged atomic.Int64
				together(3, func(int) {
					n, err := p.s.Purge(p.Context(), endOfTime, all)
					if err != nil {
						p.Errorf("Purge while others purge: %v", err)
					}
					purged.Add(int64(n))
				})
				p.same("the number of all", purged.Load()+int64(p.purge(endOfTime, all)), int64(n))
			}
		},
	},
	{
		name:     "feed whole or purged",
		sentence: purgedIs,
		run:      feedUnderPurges,
	},
	{
		name:     "mixed use",
		sentence: safeConcurrent,
		run: func(p probe) {
			together(6, func(i int) {
				for round := range int64(6) {
					if err := mixedUse(p, fmt.Sprint("w", i), round); err != nil {
						p.Errorf("user %d of 6, round %d: %v", i, round, err)
						return
					}
				}
			})
		},
	},
}
