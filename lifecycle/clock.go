package lifecycle

import (
	"errors"
	"fmt"
	"time"
)

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

// MaxSkew is how far a Desk's own clock may be from the store's.
const MaxSkew = time.Minute

// ErrSkew: this node's clock and the store's are further apart than [MaxSkew].
// One of them is wrong, so nothing is worked off here until they agree.
var ErrSkew = errors.New("lifecycle: the clocks of this node and of the store disagree")

// checkSkew compares what the deciding clock said with this node's.
func (d *Desk) checkSkew(now time.Time) error {
	if d.storeClock == nil {
		return nil
	}
	if skew := now.Sub(d.ownNow()); skew.Abs() > MaxSkew {
		return fmt.Errorf("%w: the store's less this node's is %v", ErrSkew, skew)
	}
	return nil
}
