package drivertest_test

import (
	"database/sql"
	"fmt"
	"sync"
	"testing"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/storagetest"
)

// TestStores: every store keeps the contract, in the same subtests. Only those
// of a clock are skipped, where there is none.
func TestStores(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	var all tally
	t.Run("every", func(t *testing.T) { // returns when all have ended
		t.Run("memory", func(t *testing.T) {
			t.Parallel()
			all.run(t, "memory", func(*testing.T) storage.Store { return memory.New() })
		})
		t.Run("sqlite", func(t *testing.T) {
			t.Parallel()
			eachSQLite(t, func(t *testing.T, d sqliteDriver) {
				all.run(t, "sqlite "+d.name, func(t *testing.T) storage.Store { return d.store(t) })
			})
		})
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			eachPostgres(t, func(t *testing.T, db *sql.DB) {
				pool := &postgresPool{db: db}
				all.run(t, t.Name(), func(t *testing.T) storage.Store { return pool.store(t) })
			})
		})
	})
	all.compare(t)
}

// A tally counts the subtests that each store passed, or skipped.
type tally struct {
	mu     sync.Mutex // guards the fields below
	stores map[string]*tallied
}

type tallied struct{ passed, skipped int }

// run runs the kit. It opens a store in each subtest.
func (a *tally) run(t *testing.T, name string, open func(*testing.T) storage.Store) {
	t.Helper()
	own := &tallied{}
	a.mu.Lock()
	if a.stores == nil {
		a.stores = map[string]*tallied{}
	}
	a.stores[name] = own
	a.mu.Unlock()
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Cleanup(func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			switch {
			case t.Skipped():
				own.skipped++
			case !t.Failed():
				own.passed++
			}
		})
		return open(t)
	})
}

func (a *tally) compare(t *testing.T) {
	t.Helper()
	const stores = 7
	if t.Failed() || len(a.stores) < stores { // -run left some out
		return
	}
	want := a.stores["memory"]
	all := want.passed + want.skipped
	const ofClock = 2 // in and of it: SQLite has none
	for name, got := range a.stores {
		if got.passed+got.skipped != all || name != "memory" && got.skipped > ofClock {
			t.Errorf("%s passed %d and skipped %d subtests, memory %d and %d",
				name, got.passed, got.skipped, want.passed, want.skipped)
		}
	}
	if want.passed < all/2 {
		t.Errorf("memory passed %d and skipped %d subtests", want.passed, want.skipped)
	}
	proof.Count(t, proof.Figure{
		Suite: "storage contract", Tried: int64(all * len(a.stores)), Trials: "subtests", Breaks: "failed", Every: true,
		Details: fmt.Sprintf("%d on each of %d stores and drivers, %d of them not for every store", all, len(a.stores), want.skipped),
	})
}
