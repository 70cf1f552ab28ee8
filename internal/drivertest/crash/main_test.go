//go:build linux

package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
)

// workerVariable makes the test binary a worker, which does what it reads from
// its standard input.
const workerVariable = "CRASH_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) == "" {
		pgtest.Main(m)
	}
	fmt.Fprintln(os.Stderr, obey(context.Background()))
	os.Exit(1)
}

// An order is what a worker does until it is killed: one of the two.
type order struct {
	Write *writeOrder
	Run   *runOrder
}

func obey(ctx context.Context) error {
	var o order
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return err
	}
	if o.Run != nil {
		return o.Run.obey(ctx)
	}
	return o.Write.obey(ctx)
}

// newRand returns the chances of a suite, and their seed.
func newRand(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := proof.Seed(t)
	return rand.New(rand.NewPCG(seed, 0)), seed
}

// grouped writes a number as people do.
func grouped(n int) string { return proof.Grouped(int64(n)) }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// printer returns what tells the parent of a worker.
func printer() func(report) {
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	return func(r report) {
		mu.Lock()
		defer mu.Unlock()
		if err := out.Encode(r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// together calls f(0) to f(n-1), some at once, and returns an error of theirs.
func together(n, atOnce int, f func(i int) error) error {
	var group sync.WaitGroup
	next := make(chan int)
	errs := make(chan error, atOnce)
	for range min(atOnce, n) {
		group.Go(func() {
			for i := range next {
				if err := f(i); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	close(errs)
	return <-errs
}

// within is a context for what must not take for ever.
func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
