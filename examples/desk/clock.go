package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/adjourn/adjourn/lifecycle"
)

// A demoClock goes as fast as it is told to. It implements lifecycle.Clock.
type demoClock struct {
	mu      sync.Mutex    // guards the fields below
	set     time.Time     // when it was last changed
	showed  time.Time     // what it showed then
	speed   int           // zero: it stands still
	changed chan struct{} // closed at the next change
}

func newDemoClock(at time.Time) *demoClock {
	return &demoClock{set: time.Now(), showed: at, speed: 1, changed: make(chan struct{})}
}

// Now returns what the clock shows.
func (c *demoClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *demoClock) now() time.Time {
	return c.showed.Add(time.Duration(c.speed) * time.Since(c.set))
}

// After sends when d has passed on this clock, however fast it goes meanwhile.
func (c *demoClock) After(d time.Duration) <-chan time.Time {
	over := make(chan time.Time, 1)
	go func() {
		for at := c.Now().Add(d); ; {
			now, left, changed := c.until(at)
			if left <= 0 {
				over <- now
				return
			}
			select {
			case <-time.After(left):
			case <-changed:
			}
		}
	}()
	return over
}

// until returns how long it really takes until the clock shows at, if it is not
// changed before.
func (c *demoClock) until(at time.Time) (now time.Time, left time.Duration, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now = c.now()
	left = at.Sub(now)
	switch {
	case left > 0 && c.speed == 0:
		left = math.MaxInt64
	case left > 0:
		left = max(1, left/time.Duration(c.speed))
	}
	return now, left, c.changed
}

// Speed returns how fast the clock goes; one is the usual.
func (c *demoClock) Speed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.speed
}

// SetSpeed makes the clock go so fast from now on.
func (c *demoClock) SetSpeed(speed int) {
	c.change(func(now time.Time) time.Time { c.speed = speed; return now })
}

// AdvanceTo sets the clock forward. It never goes back.
func (c *demoClock) AdvanceTo(at time.Time) {
	c.change(func(now time.Time) time.Time {
		if at.After(now) {
			return at
		}
		return now
	})
}

func (c *demoClock) change(to func(now time.Time) time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.showed = to(c.now()) // before set, which it counts from
	c.set = time.Now()
	close(c.changed)
	c.changed = make(chan struct{})
}

// skip lets time pass until an instant at once. It stops at whatever is due on
// the way, so that nothing is late.
func skip(ctx context.Context, desk *lifecycle.Desk, clock *demoClock, until time.Time) error {
	const enough = 10_000 // a conversation that fails stays due
	for range enough {
		due, err := desk.NextDue(ctx, until)
		if err != nil {
			return err
		}
		if due.IsZero() {
			clock.AdvanceTo(until)
			return nil
		}
		clock.AdvanceTo(due)
		if _, err := desk.Tick(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("until %s: %w", until.Format(time.RFC3339), errTooMuchDue)
}

var errTooMuchDue = errors.New("there is too much due")
