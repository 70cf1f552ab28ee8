package drivertest_test

import (
	"testing"

	"github.com/adjourn/adjourn/internal/behaviour"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
)

// TestSQLiteBehaviour: every sentence about people, visitors and views, on both
// drivers.
func TestSQLiteBehaviour(t *testing.T) {
	long(t)
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		behaviour.Run(t, func(t *testing.T) storage.Store { return d.store(t) })
	})
}

// TestPostgresBehaviour is the same on one driver: what drivers do differently is
// seen by the contract's tests.
func TestPostgresBehaviour(t *testing.T) {
	long(t)
	t.Parallel()
	pool := &postgresPool{db: pgx.open(t, pgtest.Shared(t).NewDatabase(t))}
	t.Run("sentences", func(t *testing.T) { // returns when all have ended
		behaviour.Run(t, func(t *testing.T) storage.Store { return pool.store(t) })
	})
}
