package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// ErrRunning: the Desk has a Run already.
var ErrRunning = errors.New("lifecycle: the Desk is running already")

// Run ticks whenever something is due, until ctx is done, and returns ctx's
// error. Between ticks it sleeps on the Desk's clock until the next due instant,
// but no longer than Options.Poll, because others may write to the store; a
// command of this Desk that is due earlier wakes it. What goes wrong is logged
// and tried again.
//
// Call it in a goroutine of the host's own, once for each Desk: a second Run
// beside it returns [ErrRunning] at once. On a fake clock that nobody moves it
// does nothing; see package lifecycletest.
func (d *Desk) Run(ctx context.Context) error {
	if !d.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer d.running.Store(false)
	defer d.wakeAt.Store(0)
	var alarm <-chan time.Time // at most one is outstanding
	var rings time.Time
	for {
		t, err := d.Tick(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			d.log.ErrorContext(ctx, "tick failed", "err", err)
		}
		now, clockErr := d.now(ctx)
		if clockErr != nil {
			now = d.ownNow() // only to sleep until the next poll
		}
		next := d.nextLook(ctx, now, t, err == nil && clockErr == nil)
		if !next.After(now) {
			continue
		}
		if alarm == nil || next.Before(rings) {
			alarm, rings = d.clock.After(next.Sub(now)), next
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-alarm:
			alarm = nil
		case <-d.sooner:
		}
	}
}

// nextLook returns when to look at the store again: at once if something has
// become due, otherwise at the next due instant, but after a poll at the latest.
// What went wrong waits for the poll, and so does everything if the tick itself
// did.
func (d *Desk) nextLook(ctx context.Context, now time.Time, last Ticked, well bool) time.Time {
	poll := now.Add(d.poll)
	d.wakeAt.Store(poll.UnixMicro())
	if !well {
		return poll
	}
	var tried time.Time // what failed is among what was due for the last tick
	if len(last.Failed) > 0 {
		tried = last.At.Add(time.Microsecond)
	}
	next := d.firstDue(ctx, poll, tried)
	if !next.IsZero() && !next.After(now) {
		// It has passed, but may be set back until a time before the poll.
		if passed := d.firstDue(ctx, now, tried); !passed.IsZero() {
			return passed
		}
		next = d.firstDue(ctx, poll, now.Add(time.Microsecond))
	}
	if next.IsZero() {
		return poll
	}
	d.wakeAt.Store(next.UnixMicro())
	return next
}

// firstDue returns the first due instant that is not before after and not later
// than by, or the zero time.
func (d *Desk) firstDue(ctx context.Context, by, after time.Time) time.Time {
	first, err := d.nextDue(ctx, by, after)
	if err != nil {
		d.log.ErrorContext(ctx, "due failed", "err", err)
	}
	return first
}

// NextDue returns the first instant, not later than by, at which a tick has
// something to do, or the zero time: for hosts that call [Desk.Tick] from a
// scheduler of their own, and for tests. Other nodes and commands may make
// something due before it.
func (d *Desk) NextDue(ctx context.Context, by time.Time) (time.Time, error) {
	if by = by.UTC(); by.After(farFuture) {
		by = farFuture // what stores reach
	} else if by.Before(time.Time{}) {
		by = time.Time{}
	}
	return d.nextDue(ctx, by, time.Time{})
}

func (d *Desk) nextDue(ctx context.Context, by, after time.Time) (time.Time, error) {
	var first time.Time
	conversations, err := d.store.Due(ctx, by, storage.Due{At: after}, 1)
	if err != nil {
		return first, fmt.Errorf("lifecycle: due: %w", err)
	}
	if len(conversations) > 0 {
		first = conversations[0].At
	}
	records, err := d.store.DueRecords(ctx, by, storage.DueRecord{At: after}, 1)
	if err != nil {
		return first, fmt.Errorf("lifecycle: due records: %w", err)
	}
	if len(records) > 0 && (first.IsZero() || records[0].At.Before(first)) {
		first = records[0].At
	}
	return first, nil
}

// tellRun wakes Run if it means to sleep beyond due.
func (d *Desk) tellRun(due time.Time) {
	if !due.IsZero() && due.UnixMicro() < d.wakeAt.Load() {
		d.wakeRun()
	}
}

func (d *Desk) wakeRun() {
	select {
	case d.sooner <- struct{}{}:
	default:
	}
}
