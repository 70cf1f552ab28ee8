package main

import (
	"time"

	"github.com/adjourn/adjourn/lifecycle"
)

// A fakeClock stands still until it is set. It implements lifecycle.Clock.
type fakeClock struct{ now time.Time }

func (c *fakeClock) Now() time.Time { return c.now }

// After is what Desk.Run sleeps on. The replay calls Desk.Tick instead, so
// nobody waits.
func (c *fakeClock) After(time.Duration) <-chan time.Time { return nil }

// A settableClock is a clock that the replay moves.
type settableClock interface {
	lifecycle.Clock
	set(time.Time)
}

func (c *fakeClock) set(t time.Time) { c.now = t }
