package drivertest_test

import (
	"sync/atomic"
	"testing"

	"github.com/adjourn/adjourn/internal/behaviour"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
)

// TestSQLiteBehaviour: every sentence that people are promised, on one driver: what
// drivers do differently is seen by the contract's tests.
func TestSQLiteBehaviour(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	mattn := sqliteDrivers[1]
	behaves(t, "SQLite", func(t *testing.T) storage.Store { return mattn.store(t) })
}

// TestPostgresBehaviour is the same on Postgres.
func TestPostgresBehaviour(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	pool := &postgresPool{db: pgx.open(t, pgtest.Shared(t).NewDatabase(t))}
	behaves(t, "Postgres", func(t *testing.T) storage.Store { return pool.store(t) })
}

// behaves demands every sentence. It opens a store for each.
func behaves(t *testing.T, name string, open func(*testing.T) storage.Store) {
	t.Helper()
	var sentences, broken atomic.Int64
	t.Run("sentences", func(t *testing.T) { // returns when all have ended
		behaviour.Run(t, func(t *testing.T) storage.Store {
			sentences.Add(1)
			t.Cleanup(func() {
				if t.Failed() {
					broken.Add(1)
				}
			})
			return open(t)
		})
	})
	proof.Count(t, proof.Figure{
		Suite: "behaviours", Tried: sentences.Load(), Trials: "sentences on " + name, Broken: broken.Load(), Breaks: "broken", Every: true,
	})
}
