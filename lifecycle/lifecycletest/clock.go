package lifecycletest

import (
	"container/heap"
	"sync"
	"time"

	"github.com/adjourn/adjourn/lifecycle"
)

// A FakeClock is a clock that only tests move. A [Clock] is one, and so is the
// *clock.Mock of github.com/benbjohnson/clock.
type FakeClock interface {
	lifecycle.Clock

	// Set moves the clock to an instant, forward or back. What was waited for
	// until then happens on the way, in order.
	Set(t time.Time)

	// Add moves the clock forward by d.
	Add(d time.Duration)
}

// A Clock is a [FakeClock] that moves at once: a year costs what happens in it, and
// nothing else. It waits for nobody. Who waits in another goroutine for what After
// sends runs when the scheduler lets it, which a test that depends on it has to see
// to, such as by synctest.Wait. It is safe for concurrent use.
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	waits waits
	asked int
}

var _ FakeClock = (*Clock)(nil)

// NewClock returns a clock that stands at t.
func NewClock(t time.Time) *Clock { return &Clock{now: t} }

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After implements [lifecycle.Clock]. What is not in the future is sent at once.
func (c *Clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := wait{at: c.now.Add(d), asked: c.asked, rings: make(chan time.Time, 1)}
	c.asked++
	if d <= 0 {
		w.rings <- c.now
	} else {
		heap.Push(&c.waits, w)
	}
	return w.rings
}

// Set implements [FakeClock].
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waits) > 0 && !c.waits[0].at.After(t) {
		w := heap.Pop(&c.waits).(wait)
		w.rings <- w.at
	}
	c.now = t
}

// Add implements [FakeClock].
func (c *Clock) Add(d time.Duration) { c.Set(c.Now().Add(d)) }

// A wait is for an instant. Of several for the same, the first that was asked for
// is the first.
type wait struct {
	at    time.Time
	asked int
	rings chan time.Time // has room for the one time
}

type waits []wait

func (w waits) Len() int { return len(w) }
func (w waits) Less(i, j int) bool {
	if w[i].at.Equal(w[j].at) {
		return w[i].asked < w[j].asked
	}
	return w[i].at.Before(w[j].at)
}
func (w waits) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waits) Push(v any)   { *w = append(*w, v.(wait)) }
func (w *waits) Pop() any {
	last := len(*w) - 1
	v := (*w)[last]
	*w = (*w)[:last]
	return v
}
