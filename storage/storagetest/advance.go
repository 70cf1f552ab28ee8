package storagetest

import (
	"errors"
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

const (
	advanceMoves = "Advance moves the durable cursor of a subscriber forward to a position and returns where it stands: never behind where it was."
	advanceNew   = "A new subscriber stands at zero, and moving to zero only asks."
	advanceEnd   = "A position that the feed does not have yet is ErrPosition, and moves nothing."
)

var advanceCases = []testCase{
	{
		name:     "forward",
		sentence: advanceMoves,
		run: func(p probe) {
			p.publishTen()
			for _, to := range []storage.Position{1, 2, 7, 7, 10} {
				p.same(fmt.Sprint("where Advance to ", to, " stands"), p.advance("billing", to), to)
				p.same("where the subscriber stands", p.advance("billing", 0), to)
			}
		},
	},
	{
		name:     "never back",
		sentence: advanceMoves,
		run: func(p probe) {
			p.publishTen()
			p.advance("billing", 6)
			for _, to := range []storage.Position{5, 1, 0, 5} {
				p.same(fmt.Sprint("where Advance to ", to, " stands"), p.advance("billing", to), storage.Position(6))
			}
			p.same("where Advance to 8 stands", p.advance("billing", 8), storage.Position(8))
		},
	},
	{
		name:     "each subscriber for itself",
		sentence: advanceMoves,
		run: func(p probe) {
			p.publishTen()
			p.advance("billing", 6)
			p.advance("search", 3)
			p.advance("Billing", 2)
			for subscriber, want := range map[string]storage.Position{"billing": 6, "search": 3, "Billing": 2, "audit": 0} {
				p.same("where "+subscriber+" stands", p.advance(subscriber, 0), want)
			}
		},
	},
	{
		name:     "concurrently to the furthest",
		sentence: advanceMoves,
		run: func(p probe) {
			p.publishTen()
			for round := range 10 {
				subscriber := fmt.Sprint("subscriber ", round)
				together(10, func(i int) {
					to := storage.Position(10 - i)
					at, err := p.s.Advance(p.Context(), subscriber, to)
					if err != nil || at < to {
						p.Errorf("one of ten calls, Advance to %d: %d, %v, want %d or further", to, at, err, to)
					}
				})
				p.same("where the subscriber stands", p.advance(subscriber, 0), storage.Position(10))
			}
		},
	},
	{
		name:     "new at zero",
		sentence: advanceNew,
		run: func(p probe) {
			p.same("in an empty store", p.advance("billing", 0), storage.Position(0))
			p.publishTen()
			p.same("after commits", p.advance("billing", 0), storage.Position(0))
			p.same("another", p.advance("search", 0), storage.Position(0))
		},
	},
	{
		name:     "to zero only asks",
		sentence: advanceNew,
		run: func(p probe) {
			p.publishTen()
			p.advance("billing", 6)
			for range 3 {
				p.same("where the subscriber stands", p.advance("billing", 0), storage.Position(6))
			}
		},
	},
	{
		name:     "not beyond the end",
		sentence: advanceEnd,
		run: func(p probe) {
			p.refusesPosition("billing", 1, 0)
			p.publishTen()
			p.refusesPosition("billing", 11, 0)
			p.advance("billing", 4)
			p.refusesPosition("billing", 11, 4)
			p.refusesPosition("billing", 1000, 4)
			p.advance("billing", 10)
			p.refusesPosition("billing", 11, 10)
			p.publishMore()
			p.same("where Advance to what was the end stands", p.advance("billing", 11), storage.Position(11))
		},
	},
	{
		name:     "as before in a feed that was purged",
		sentence: advanceMoves,
		run: func(p probe) {
			p.publishTen()
			p.advance("billing", 6)
			p.commit(closing(change(chat("a"), 5, 1)), closing(change(chat("b"), 10, 1)))
			p.purge(endOfTime, all)
			p.same("where a subscriber stands that was there", p.advance("billing", 0), storage.Position(6))
			p.same("where Advance to 3 stands", p.advance("billing", 3), storage.Position(6))
			p.same("where Advance to the end stands", p.advance("billing", 12), storage.Position(12))
			p.same("where a new subscriber stands", p.advance("search", 0), storage.Position(0))
			p.same("where Advance to what was purged stands", p.advance("search", 2), storage.Position(2))
			p.refusesPosition("search", 13, 2)
		},
	},
}

// publishMore makes an eleventh entry after publishTen.
func (p probe) publishMore() {
	p.Helper()
	p.commit(opening(chat("c")))
	p.feed(0, all)
}

// refusesPosition advances beyond the end a subscriber that stands somewhere.
func (p probe) refusesPosition(subscriber string, to, stands storage.Position) {
	p.Helper()
	if _, err := p.s.Advance(p.Context(), subscriber, to); !errors.Is(err, storage.ErrPosition) {
		p.Fatalf("Advance to %d, beyond the end: %v, want ErrPosition", to, err)
	}
	p.same("where the subscriber stands after ErrPosition", p.advance(subscriber, 0), stands)
}
