package drivertest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage/memory"
)

// A normal run has so many streams on the fastest database, of so many operations
// each. It takes two minutes of two processors with the race detector.
const metaStreams, metaOperations = 240, 60

// A metaStore is a store that streams are played on.
type metaStore struct {
	name  string
	every int64 // it gets one stream of so many
	open  func(ctx context.Context) (metaSubject, error)
}

// A metaRun plays streams on stores.
type metaRun struct {
	seed   uint64
	stores []metaStore
	figure []metaFigure // of each store

	mu       sync.Mutex
	failures []string
}

// A metaFigure is what was counted on a store.
type metaFigure struct{ streams, operations, reopenings, differences atomic.Int64 }

// metaMost is how many failures end a run.
const metaMost = 3

// metaEnvironment returns the number in an environment variable, or other.
func metaEnvironment(t *testing.T, name string, other uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return other
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is no number: %v", name, err)
	}
	return n
}

// metaTest plays so many streams, in a soak more, on all stores, and reports
// differences and figures.
func metaTest(t *testing.T, stores []metaStore, streams int64) {
	r := &metaRun{seed: metaEnvironment(t, "SEED", rand.Uint64()), stores: stores, figure: make([]metaFigure, len(stores))}
	t.Logf("seed %d; SEED=%[1]d repeats it, with STREAM=n only that stream", r.seed)
	first, last := int64(0), streams*int64(proof.Soak(t))
	if os.Getenv("STREAM") != "" {
		first = int64(metaEnvironment(t, "STREAM", 0))
		last = first + 1
	}
	if err := r.run(t.Context(), first, last); err != nil {
		t.Fatal(err)
	}
	for _, failure := range r.failures {
		t.Error(failure)
	}
	r.report(t)
}

// run plays the streams from first to before last, on as many goroutines as
// there are processors.
func (r *metaRun) run(ctx context.Context, first, last int64) error {
	var next atomic.Int64
	next.Store(first)
	var workers sync.WaitGroup
	errs := make(chan error, runtime.GOMAXPROCS(0))
	for range cap(errs) {
		workers.Go(func() {
			for stream := next.Add(1) - 1; stream < last && !r.enough(); stream = next.Add(1) - 1 {
				if err := r.stream(ctx, stream); err != nil {
					errs <- fmt.Errorf("stream %d: %w", stream, err)
					return
				}
			}
		})
	}
	workers.Wait()
	close(errs)
	return <-errs
}

func (r *metaRun) enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.failures) >= metaMost
}

func metaDice(seed uint64, stream int64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(stream)))
}

// stream makes up one stream and plays it on each store.
func (r *metaRun) stream(ctx context.Context, stream int64) error {
	steps, want, err := metaInvent(ctx, metaDice(r.seed, stream), metaOperations)
	if err != nil {
		return err
	}
	for i, store := range r.stores {
		if stream%store.every != 0 && os.Getenv("STREAM") == "" {
			continue
		}
		d, err := store.play(ctx, steps, want, &r.figure[i])
		if err != nil {
			return fmt.Errorf("%s: %w", store.name, err)
		}
		if d == nil {
			continue
		}
		r.figure[i].differences.Add(1)
		if err := r.fail(ctx, stream, store, steps); err != nil {
			return err
		}
	}
	return nil
}

func (r *metaRun) fail(ctx context.Context, stream int64, store metaStore, steps []metaStep) error {
	few, d, err := store.shrink(ctx, steps)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf("%s differs; SEED=%d STREAM=%d repeats it; the %d of %d operations that it takes:\n%s",
		store.name, r.seed, stream, len(few), len(steps), metaTell(few, d)))
	return nil
}

// A metaDifference is where a store came apart from the model.
type metaDifference struct {
	step      int
	want, got string
}

// metaTell lists the steps up to the difference, and that.
func metaTell(steps []metaStep, d *metaDifference) string {
	var told strings.Builder
	for _, step := range steps[:d.step+1] {
		fmt.Fprintf(&told, "  %v\n", step)
	}
	fmt.Fprintf(&told, "after it (-memory +other):\n%s", cmp.Diff(strings.Split(d.want, "\n"), strings.Split(d.got, "\n")))
	return told.String()
}

// play plays the steps on a new store and returns the first difference from what
// the model saw, or nil.
func (s metaStore) play(ctx context.Context, steps []metaStep, want []string, count *metaFigure) (d *metaDifference, err error) {
	subject, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	p, err := newMetaPlayer(subject)
	if err != nil {
		return nil, err
	}
	played := 0
	for ; played < len(steps) && d == nil; played++ {
		if got := p.play(ctx, steps[played]); got != want[played] {
			d = &metaDifference{played, want[played], got}
		}
	}
	count.streams.Add(1)
	count.operations.Add(int64(played))
	count.reopenings.Add(p.reopened)
	if err := subject.close(); err != nil {
		return nil, err
	}
	return d, nil
}

// replay plays the steps on a new model and on a new store.
func (s metaStore) replay(ctx context.Context, steps []metaStep) (*metaDifference, error) {
	model, err := newMetaModel()
	if err != nil {
		return nil, err
	}
	want := make([]string, len(steps))
	for i, step := range steps {
		want[i] = model.play(ctx, step)
	}
	var uncounted metaFigure
	return s.play(ctx, steps, want, &uncounted)
}

// shrink drops operations as long as the store still differs.
func (s metaStore) shrink(ctx context.Context, steps []metaStep) ([]metaStep, *metaDifference, error) {
	d, err := s.replay(ctx, steps)
	if err == nil && d == nil {
		return steps, &metaDifference{len(steps) - 1, "", "the difference does not come again"}, nil
	}
	if err == nil {
		steps = steps[:d.step+1]
	}
	for size := len(steps); err == nil && size > 0; size /= 2 {
		for i := 0; i < len(steps) && err == nil; {
			fewer := slices.Delete(slices.Clone(steps), i, min(i+size, len(steps)))
			var still *metaDifference
			if still, err = s.replay(ctx, fewer); still != nil {
				steps, d = fewer[:still.step+1], still
				continue
			}
			i += size
		}
	}
	return steps, d, err
}

// report logs the figures: of each store, and of all.
func (r *metaRun) report(t *testing.T) {
	t.Helper()
	for i := range r.figure {
		f := &r.figure[i]
		proof.Count(t, proof.Figure{
			Suite: "metamorphic", Tried: f.operations.Load(), Trials: "operations on " + r.stores[i].name,
			Broken: f.differences.Load(), Breaks: "differences",
			Details: fmt.Sprintf("%d streams, %d reopenings", f.streams.Load(), f.reopenings.Load()),
		})
	}
}

// TestMetamorphicMemory: transactions of a host amount to their commands, and
// whoever makes a Desk anew at any time notices nothing. Closings are found as in
// the simplest way.
func TestMetamorphicMemory(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	metaTest(t, []metaStore{
		{"memory", 1, func(context.Context) (metaSubject, error) { return &metaMemory{Store: memory.New()}, nil }},
		{"memory with " + soundShelf.name, 1, soundShelf.open},
	}, 50)
}
