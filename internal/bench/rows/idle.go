package rows

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
)

// An idle Desk looks every five seconds, for an hour: so many times in ten
// minutes, and in all.
const (
	idlePoll   = 5 * time.Second
	idleSixth  = int(10 * time.Minute / idlePoll)
	idlePolls  = 6 * idleSixth
	firstSixth = "the first ten minutes"
	lastSixth  = "the last ten minutes"
)

// An hour is a clock on which a Desk sleeps no longer than it takes to say so. It
// ends with the hour, and reads what has been allocated at the ends of the first
// and the last sixth.
type hour struct {
	*standing
	polls int
	marks []mark
	end   context.CancelFunc
}

type mark struct {
	at      time.Time
	mallocs uint64
	bytes   uint64
}

// After implements [lifecycle.Clock].
func (h *hour) After(d time.Duration) <-chan time.Time {
	h.set(h.Now().Add(d))
	switch h.polls++; h.polls {
	case 1, 1 + idleSixth, 1 + idlePolls - idleSixth, 1 + idlePolls: // the first poll makes ready
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.marks = append(h.marks, mark{time.Now(), m.Mallocs, m.TotalAlloc})
	}
	if h.polls > idlePolls {
		h.end()
	}
	rings := make(chan time.Time, 1)
	rings <- h.Now()
	return rings
}

// sleep runs a Desk for an hour in which nothing is due.
func sleep(ctx context.Context, s *stand) (*hour, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := &hour{standing: standingAt(scaleBase.Add(-2 * time.Hour)), end: cancel}
	desk, err := lifecycle.New(s.store, &lifecycle.Options{Clock: h, Poll: idlePoll})
	if err != nil {
		return nil, err
	}
	if err := desk.Run(ctx); len(h.marks) < 4 || !errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("the Desk ended after %d polls: %w", h.polls, err)
	}
	return h, nil
}

// sample is what a poll took between two marks. Allocations are whole, as
// testing.AllocsPerRun has them.
func (h *hour) sample(from, to int) bench.Sample {
	a, b := h.marks[from], h.marks[to]
	return bench.Sample{
		bench.NsPerOp:     float64(b.at.Sub(a.at)) / float64(idleSixth),
		bench.AllocsPerOp: math.Floor(float64(b.mallocs-a.mallocs) / float64(idleSixth)),
		bench.BytesPerOp:  float64(b.bytes-a.bytes) / float64(idleSixth),
	}
}

// idleCase is a Desk that has nothing to do.
func idleCase(ctx context.Context, e *bench.Env, s sized) (bench.Case, error) {
	if err := noteIdle(ctx, e, s); err != nil {
		return bench.Case{}, err
	}
	return bench.Case{
		Name: "an idle Desk, a poll, " + millions(s.size),
		Sides: together([]string{lastSixth, firstSixth}, func(ctx context.Context) ([]bench.Sample, error) {
			h, err := sleep(ctx, s.stand)
			if err != nil {
				return nil, err
			}
			return []bench.Sample{h.sample(2, 3), h.sample(0, 1)}, nil
		}),
		Targets: []bench.Target{{Unit: bench.AllocsPerOp, Against: firstSixth, AtMost: 1}},
	}, nil
}

// noteIdle notes the statements of a poll, and what they read.
func noteIdle(ctx context.Context, e *bench.Env, s sized) error {
	w, watched, err := s.watched(ctx, e)
	if err != nil {
		return err
	}
	before, err := s.scans(ctx)
	if err != nil {
		return err
	}
	w.forget()
	h, err := sleep(ctx, watched)
	if err != nil {
		return err
	}
	var plans []string
	for statement, run := range w.seen() {
		if strings.Contains(statement, "FROM") {
			plan, err := s.plan(ctx, statement, run)
			if err != nil {
				return err
			}
			plans = append(plans, plan)
		}
	}
	if err := watched.db.Close(); err != nil { // its sessions tell what they did
		return err
	}
	after, err := s.scans(ctx)
	if err != nil {
		return err
	}
	e.Notef("An idle Desk on %s, statements of a poll:\n\n```\n%s\n```\n\nTheir plans:\n\n```\n%s\n```", millions(s.size), perPoll(w.seen(), h.polls), strings.Join(plans, "\n\n"))
	if after != nil {
		var lines []string
		for name, a := range after {
			scans, entries := float64(a[0]-before[name][0])/float64(h.polls), float64(a[1]-before[name][1])/float64(h.polls)
			if max(scans, entries) >= 0.01 { // otherwise it was not the Desk
				lines = append(lines, fmt.Sprintf("%s: %.2f scans, %.2f entries read", name, scans, entries))
			}
		}
		e.Notef("What Postgres counted, for each poll:\n\n```\n%s\n```", strings.Join(lines, "\n"))
	}
	return nil
}
