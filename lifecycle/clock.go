package lifecycle

import "time"

// A Clock tells a Desk the time. *clock.Mock of github.com/benbjohnson/clock is
// one as it is, and so is its clock.New().
type Clock interface {
	Now() time.Time

	// After sends on its channel when d has passed on this clock.
	After(d time.Duration) <-chan time.Time
}

// systemClock is the only place in the library that reads the real time.
type systemClock struct{}

func (systemClock) Now() time.Time                         { return time.Now() }
func (systemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
