package drivertest_test

import (
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
	t.Run("sentences", func(t *testing.T) { // returns when all have ended
		behaviour.Run(t, func(t *testing.T) storage.Store { return mattn.store(t) })
	})
}

// TestPostgresBehaviour is the same on Postgres.
func TestPostgresBehaviour(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	pool := &postgresPool{db: pgx.open(t, pgtest.Shared(t).NewDatabase(t))}
	t.Run("sentences", func(t *testing.T) { // returns when all have ended
		behaviour.Run(t, func(t *testing.T) storage.Store { return pool.store(t) })
	})
}
