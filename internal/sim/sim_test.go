package sim_test

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/adjourn/adjourn/internal/proof"
)

const suite = "simulator"

// seeds is how many runs there are in CI.
const seeds = 5000

// An outcome is what is left of a run.
type outcome struct {
	figures
	digest     uint64
	violations []string
	lines      []string
}

// simulate is one run, in a bubble of its own.
func simulate(t *testing.T, seed uint64, fault *planted, verbose bool) (o outcome) {
	synctest.Test(t, func(*testing.T) {
		r := newRun(seed, fault, verbose)
		r.play()
		o = outcome{r.figures, r.digest.Sum64(), r.violations, r.lines}
	})
	return o
}

// runSeed is the seed of a run of a base seed.
func runSeed(base uint64, i int) uint64 {
	x := base + uint64(i)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// TestSimulator plays many runs, and checks each.
func TestSimulator(t *testing.T) {
	t.Parallel()
	base, n := proof.Seed(t), proof.Size(t, seeds)
	if testing.Short() {
		n = min(n, 100) // they are slow with the race detector
	}
	total, broken := playAll(t, base, n)
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(n), Trials: "seeds", Broken: int64(broken), Breaks: "violations", Seed: base, Details: total.String(),
	})
}

func (f figures) String() string {
	var b strings.Builder
	for i, part := range []struct {
		n    int
		what string
	}{
		{f.Calls, "store calls"}, {f.Commits, "commits"}, {f.Fired, "fires"}, {f.Assigned, "assignments"}, {f.Acknowledged, "acknowledged"},
		{f.Delivered, "deliveries"}, {f.Crashes, "crashes"}, {f.Unknown, "unknown outcomes"}, {f.UnknownApplied, "of them applied"},
		{f.Conflicts, "conflicts"}, {f.Pauses, "pauses"}, {f.Skews, "clock jumps"}, {f.RefusedTicks, "ticks refused for skew"},
		{f.Restarts, "restarts"}, {f.Poisonings, "poisonings"}, {f.Setbacks, "setbacks"}, {f.Released, "quarantines"},
		{f.Lulls, "lulls"},
	} {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", proof.Grouped(int64(part.n)), part.what)
	}
	return b.String()
}

// playAll plays n runs on all cores.
func playAll(t *testing.T, base uint64, n int) (total figures, broken int) {
	var mu sync.Mutex // guards the results
	var next atomic.Int64
	t.Run("runs", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
					seed := runSeed(base, int(i))
					o := simulate(t, seed, nil, false)
					mu.Lock()
					total.add(o.figures)
					if len(o.violations) > 0 {
						broken++
						if broken <= 5 {
							t.Errorf("%s\n\nSIM_RUN=%d go test -v -run 'TestReplay$' ./internal/sim", strings.Join(o.violations, "\n"), seed)
						}
					}
					mu.Unlock()
				}
			})
		}
	})
	return total, broken
}

// TestReplay repeats one run, and tells it step by step.
func TestReplay(t *testing.T) {
	text := os.Getenv("SIM_RUN")
	if text == "" {
		t.Skip("SIM_RUN is not set")
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	var fault *planted
	if name := os.Getenv("SIM_FAULT"); name != "" {
		if fault = faultNamed(name); fault == nil {
			t.Fatalf("SIM_FAULT=%s is no planted fault", name)
		}
	}
	o := simulate(t, seed, fault, true)
	t.Log("\n" + strings.Join(o.lines, "\n"))
	t.Log(o.figures)
	for _, v := range o.violations {
		t.Error(v)
	}
}

// TestSameSeedSameHistory plays runs twice, and compares all that happened in
// them: the trace, the journals and the feed.
func TestSameSeedSameHistory(t *testing.T) {
	t.Parallel()
	base := proof.Seed(t)
	n := 200
	if testing.Short() {
		n = 10
	}
	for i := range n {
		seed := runSeed(base, i)
		once, again := simulate(t, seed, nil, false), simulate(t, seed, nil, false)
		if once.digest == again.digest {
			continue
		}
		once, again = simulate(t, seed, nil, true), simulate(t, seed, nil, true)
		for i := range min(len(once.lines), len(again.lines)) {
			if once.lines[i] != again.lines[i] {
				t.Fatalf("SIM_RUN=%d is not the same twice, from step %d on:\n%s\n%s", seed, i, once.lines[i], again.lines[i])
			}
		}
		t.Fatalf("SIM_RUN=%d is not the same twice: %d steps and %d", seed, len(once.lines), len(again.lines))
	}
}
