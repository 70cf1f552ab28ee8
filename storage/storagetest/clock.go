package storagetest

import (
	"time"

	"github.com/adjourn/adjourn/storage"
)

const nowReturns = "Now returns the time of the store, in UTC to the microsecond."

// clockCases are for stores that have a clock.
var clockCases = []testCase{
	{
		name:     "in UTC to the microsecond",
		sentence: nowReturns,
		run: func(p probe) {
			now := p.clock()
			for range 3 { // A time of nanoseconds ends in zeros now and then.
				at := now()
				p.sameTime("the time of the store", at, at.UTC().Truncate(time.Microsecond))
			}
		},
	},
	{
		name:     "never back",
		sentence: nowReturns,
		run: func(p probe) {
			now := p.clock()
			before := now()
			for range 20 {
				at := now()
				if at.Before(before) {
					p.Fatalf("the time of the store is %v after it was %v", at, before)
				}
				before = at
			}
		},
	},
}

// clock returns the time of the store. Without a clock the test is skipped.
func (p probe) clock() func() time.Time {
	p.Helper()
	clock, ok := p.s.(storage.Clock)
	if !ok {
		p.Skip("the store has no clock")
	}
	return func() time.Time {
		p.Helper()
		at, err := clock.Now(p.Context())
		p.ok(err, "Now")
		return at
	}
}
