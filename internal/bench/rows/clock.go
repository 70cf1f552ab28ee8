package rows

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
)

// Clock is a year on the fake clock.
func Clock() bench.Row {
	return bench.Row{
		Name: "clock",
		What: "A year on the fake clock",
		Note: "Ours are snoozed conversations in the kit of package lifecycletest, each due at an instant of its own, spread over a year, which Advance " +
			"wakes one by one: loaded, decided, committed, and the agent asked for. Beside it stand timers that only count: time.AfterFunc in a bubble of " +
			"testing/synctest, and AfterFunc on a clock.Mock. The mock sorts all its timers before each, so that it takes the longer for each the more there are; " +
			"it is given a tenth of them, which is in its favour. Given is the cost of one timer.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			bubble, err := buildBubble(ctx, e.Dir)
			if err != nil {
				return nil, err
			}
			inBubble := func(ctx context.Context, n int) (time.Duration, error) { return synctestOverYear(ctx, bubble, n) }
			timers := e.Size(100_000, 500)
			once := func(name string, n int, run func(ctx context.Context, n int) (time.Duration, error)) bench.Side {
				return bench.Side{Name: name, Run: func(ctx context.Context) (bench.Sample, error) {
					took, err := run(ctx, n)
					return bench.Sample{bench.NsPerOp: float64(took) / float64(n)}, err
				}}
			}
			return []bench.Case{{
				Name: fmt.Sprint(timers, " timers"),
				Sides: []bench.Side{
					once("adjourn", timers, wakeOverYear),
					once("synctest", timers, inBubble),
					once("clock.Mock", timers/10, mockOverYear),
				},
				Targets: []bench.Target{{Against: "clock.Mock", AtLeast: 10}},
			}}, nil
		},
	}
}

const year = 365 * 24 * time.Hour

// at returns when the ith of n timers rings.
func at(i, n int) time.Duration { return time.Duration(i+1) * (year / time.Duration(n+1)) }

// wakeOverYear returns how long the year took, without the snoozing.
func wakeOverYear(ctx context.Context, n int) (took time.Duration, err error) {
	kit := lifecycletest.New(new(testing.T), nil)
	kit.SetPolicy(conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Off: true}}})
	for i := range n {
		call := lifecycle.Call{Workspace: lifecycletest.Workspace, Conversation: nameOf(i)}
		until := snooze.At(kit.Clock.Now().Add(at(i, n)))
		for _, turn := range []turn{
			{conversation.Visitor(nameOf(i)), conversation.Open{}}, {ann, conversation.Take{}}, {ann, conversation.Snooze{Until: until}},
		} {
			if _, err := kit.Desk.Do(ctx, call.As(turn.by), turn.command); err != nil {
				return 0, err
			}
		}
	}
	began := time.Now()
	fired := len(kit.Advance(year))
	if took = time.Since(began); fired != n {
		return took, fmt.Errorf("%d woke, want %d", fired, n)
	}
	return took, nil
}

// buildBubble builds the test of package bubble: a bubble is to be had in tests
// only.
func buildBubble(ctx context.Context, dir string) (program string, err error) {
	program = filepath.Join(dir, "bubble.test")
	out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", program, "github.com/adjourn/adjourn/internal/bench/rows/bubble").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the bubble: %w: %s", err, out)
	}
	return program, nil
}

var tookNanoseconds = regexp.MustCompile(`took (\d+) ns`)

func synctestOverYear(ctx context.Context, program string, n int) (time.Duration, error) {
	out, err := exec.CommandContext(ctx, program, "-test.v", "-timers", strconv.Itoa(n)).CombinedOutput()
	took := tookNanoseconds.FindSubmatch(out)
	if err != nil || took == nil {
		return 0, fmt.Errorf("bubble: %w: %s", err, out)
	}
	ns, err := strconv.ParseInt(string(took[1]), 10, 64)
	return time.Duration(ns), err
}

func mockOverYear(_ context.Context, n int) (time.Duration, error) {
	mock := clock.NewMock()
	var rang atomic.Int64
	for i := range n {
		mock.AfterFunc(at(i, n), func() { rang.Add(1) })
	}
	began := time.Now()
	mock.Add(year)
	took := time.Since(began)
	if rang.Load() != int64(n) {
		return took, fmt.Errorf("%d rang, want %d", rang.Load(), n)
	}
	return took, nil
}
