//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// timerNodes is how many nodes work off what is due.
const timerNodes = 3

// A node is a process that works off what is due.
type node struct {
	*process
	resume time.Time // when it goes on; zero: it is not stopped
}

// A runOrder is a node that works off what is due.
type runOrder struct {
	URL   string
	Shift time.Duration // of all clocks
	Lease time.Duration // zero: it trusts versions, as it should
}

func (o *runOrder) obey(ctx context.Context) error {
	db, store, err := openPostgres(ctx, o.URL)
	if err != nil {
		return err
	}
	shared := sharedClock{store, store, o.Shift}
	if o.Lease > 0 {
		shared.Store = &leaseholder{store, db, fmt.Sprint(os.Getpid()), o.Lease}
	}
	desk, err := lifecycle.New(shared, &lifecycle.Options{
		Workers: 4, Poll: 200 * time.Millisecond,
		StoreClock: true, Clock: ownClock{o.Shift},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	return desk.Run(ctx)
}

// A sharedClock is a store whose clock is moved, so that the first deadline is
// soon, however long it took to open the conversations.
type sharedClock struct {
	storage.Store
	clock storage.Clock
	shift time.Duration
}

func (c sharedClock) Now(ctx context.Context) (time.Time, error) {
	now, err := c.clock.Now(ctx)
	return now.Add(c.shift), err
}

// An ownClock is this machine's clock, moved as much.
type ownClock struct{ shift time.Duration }

func (c ownClock) Now() time.Time                       { return time.Now().Add(c.shift) }
func (ownClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// start starts a node, in the place of one that was killed.
func (s *timerSuite) start(i int) {
	s.Helper()
	s.nodes[i] = node{process: spawn(s)}
	s.nodes[i].give(s, order{Run: &s.order})
}

// resumeUntil waits until an instant, and lets the stopped go on when it is time.
func (s *timerSuite) resumeUntil(until time.Time) {
	for {
		next := until
		for i := range s.nodes {
			n := &s.nodes[i]
			switch {
			case n.resume.IsZero():
			case n.resume.After(time.Now()):
				next = earlier(next, n.resume)
			default:
				n.signal(syscall.SIGCONT)
				n.resume = time.Time{}
			}
		}
		left := time.Until(next)
		if left <= 0 {
			return
		}
		<-time.After(left)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// disturb kills a node and starts another in its place, or stops it for a while.
func (s *timerSuite) disturb(i int) {
	s.Helper()
	n := &s.nodes[i]
	select {
	case <-n.exited:
		s.Fatal(n.endedItself())
	default:
	}
	if s.rand.IntN(2) == 0 {
		n.kill()
		s.kills++
		s.start(i)
	} else if n.resume.IsZero() {
		n.signal(syscall.SIGSTOP)
		s.stops++
		n.resume = time.Now().Add(time.Duration(500+s.rand.IntN(1500)) * time.Millisecond)
	}
}
