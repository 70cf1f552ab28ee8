package bench_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/internal/bench"
)

// takes is a side whose rounds take so many nanoseconds, one after the other.
func takes(name string, ns ...float64) bench.Side {
	round := 0
	return bench.Side{Name: name, Run: func(context.Context) (bench.Sample, error) {
		round++
		return bench.Sample{bench.NsPerOp: ns[(round-1)%len(ns)], bench.AllocsPerOp: 3}, nil
	}}
}

func env(rounds int) *bench.Env { return &bench.Env{Rounds: rounds, Log: io.Discard} }

func row(cases ...bench.Case) bench.Row {
	return bench.Row{Name: "row", What: "A row", Open: func(context.Context, *bench.Env) ([]bench.Case, error) { return cases, nil }}
}

// TestVerdicts: a ratio is of the sides within a round, so a slow round of both
// does not change it.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	result, err := env(3).Run(t.Context(), row(bench.Case{
		Name:  "one",
		Sides: []bench.Side{takes("ours", 100, 1000, 200), takes("theirs", 250, 2000, 500)},
		Targets: []bench.Target{
			{Against: "theirs", AtLeast: 2.5},
			{Against: "theirs", AtLeast: 2.6},
			{Side: "theirs", Against: "ours", AtMost: 2.5},
			{Side: "theirs", Against: "ours", AtMost: 2.4},
			{Unit: bench.AllocsPerOp, AtMost: 3},
			{Unit: bench.AllocsPerOp, AtMost: 2},
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	type verdict struct {
		Median, Low, High float64
		Reached           bool
	}
	var got []verdict
	for _, v := range result.Cases[0].Verdicts() {
		got = append(got, verdict{v.Median, v.Low, v.High, v.Reached})
	}
	want := []verdict{
		{2.5, 2, 2.5, true}, {2.5, 2, 2.5, false}, {2.5, 2, 2.5, true}, {2.5, 2, 2.5, false}, {3, 3, 3, true}, {3, 3, 3, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if got := len(result.Missed()); got != 3 {
		t.Errorf("%d missed, want 3: %q", got, result.Missed())
	}
	table := result.Table()
	for _, line := range []string{
		"| one | ours | 200 ns | 100 ns – 1.00 µs |",
		"| one | theirs | 500 ns | 250 ns – 2.00 µs | 2.50 (2.00 – 2.50); 2.50 (2.00 – 2.50) | ≥ 2.50; ≥ 2.60 | reached; **missed** |",
		"| ≤ 3.00 allocs/op; ≤ 2.00 allocs/op | reached; **missed** |",
	} {
		if !strings.Contains(table, line) {
			t.Errorf("no %q in\n%s", line, table)
		}
	}
	var raw strings.Builder
	if err := result.Raw(&raw); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(raw.String(), "\n"); got != 6 || !strings.HasPrefix(raw.String(), "BenchmarkRow/one/side=ours 1 100 ns/op 3 allocs/op\n") {
		t.Errorf("raw:\n%s", &raw)
	}
}

// TestRounds: each round runs every side once, and another is the first.
func TestRounds(t *testing.T) {
	t.Parallel()
	var order strings.Builder
	side := func(name string) bench.Side {
		return bench.Side{Name: name, Run: func(context.Context) (bench.Sample, error) {
			order.WriteString(name)
			return bench.Sample{bench.NsPerOp: 1}, nil
		}}
	}
	if _, err := env(4).Run(t.Context(), row(bench.Case{Sides: []bench.Side{side("a"), side("b"), side("c")}})); err != nil {
		t.Fatal(err)
	}
	if got := order.String(); got != "abcbcacababc" {
		t.Errorf("order %s", got)
	}
}

// TestRunCleansUp, also after a failure.
func TestRunCleansUp(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	e := env(1)
	e.Dir = t.TempDir()
	var dir, order string
	_, err := e.Run(t.Context(), bench.Row{Name: "row", Open: func(_ context.Context, e *bench.Env) ([]bench.Case, error) {
		dir = e.Dir
		e.Cleanup(func() { order += "first" })
		e.Cleanup(func() { order += "last," })
		return nil, broken
	}})
	if !errors.Is(err, broken) || order != "last,first" {
		t.Errorf("%v, cleaned up %q", err, order)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the row's directory is still there: %v", err)
	}
}

// TestTargets that name nobody, or ask nothing, are mistakes of the row.
func TestTargets(t *testing.T) {
	t.Parallel()
	for _, target := range []bench.Target{{Against: "nobody", AtLeast: 1}, {Side: "nobody", AtMost: 1}, {Against: "ours"}, {AtLeast: 1}} {
		_, err := env(1).Run(t.Context(), row(bench.Case{Sides: []bench.Side{takes("ours", 1)}, Targets: []bench.Target{target}}))
		if err == nil {
			t.Errorf("%+v was accepted", target)
		}
	}
}

// TestPerOp goes on until it has taken long enough, and counts what the last call
// allocated.
func TestPerOp(t *testing.T) {
	var kept [][]byte
	calls, last := 0, 0
	sample, err := bench.PerOp(t.Context(), 2*time.Millisecond, func(n int) error {
		calls, last, kept = calls+1, n, kept[:0]
		for range n {
			kept = append(kept, make([]byte, 1000))
		}
		return nil
	})
	if err != nil || calls < 2 || last < 2 {
		t.Fatalf("%d calls, the last with %d operations, %v", calls, last, err)
	}
	if got := sample[bench.BytesPerOp]; got < 1000 || got > 1500 {
		t.Errorf("%v B/op, want about 1,024", got)
	}
	if got := sample[bench.AllocsPerOp]; got < 1 || got > 1.5 {
		t.Errorf("%v allocs/op, want about 1", got)
	}
	if _, err := bench.PerOp(t.Context(), time.Hour, func(int) error { return io.EOF }); !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want that of the operation", err)
	}
}
