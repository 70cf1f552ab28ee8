package drivertest_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/adjourn/adjourn/internal/compat"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
)

// TestSQLGolden replays what every version has stored on the databases, migrates
// them once more, and asks a Desk on them what it answered then.
func TestSQLGolden(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	lives, err := compat.Lives()
	if err != nil {
		t.Fatal(err)
	}
	var tried, broken atomic.Int64
	check := func(t *testing.T, open func(*testing.T) (storage.Store, func(context.Context) error)) {
		for _, l := range lives {
			store, migrate := open(t)
			r, err := l.Check(t.Context(), &migrating{Store: store, migrate: migrate})
			if err != nil {
				t.Errorf("%s: %v", l.Name, err)
			}
			for _, d := range r.Differences {
				t.Error(d)
			}
			tried.Add(int64(r.Answers))
			broken.Add(int64(len(r.Differences)))
		}
	}
	t.Run("databases", func(t *testing.T) { // returns when both have ended
		t.Run("sqlite", func(t *testing.T) {
			t.Parallel()
			mattn := sqliteDrivers[1]
			check(t, func(t *testing.T) (storage.Store, func(context.Context) error) {
				s := mattn.store(t)
				return s, s.Migrate
			})
		})
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			pool := &postgresPool{db: pgx.open(t, pgtest.Shared(t).NewDatabase(t))}
			check(t, func(t *testing.T) (storage.Store, func(context.Context) error) {
				s := pool.store(t)
				return s, s.Migrate
			})
		})
	})
	proof.Count(t, proof.Figure{
		Suite: "compatibility", Tried: tried.Load(), Trials: "golden answers of databases", Broken: broken.Load(), Breaks: "read otherwise",
		Details: fmt.Sprintf("%d lives, on SQLite and Postgres", len(lives)),
	})
}

// A migrating store is migrated once more before it is first asked for a
// conversation.
type migrating struct {
	storage.Store
	migrate  func(context.Context) error
	migrated bool
}

func (m *migrating) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if !m.migrated {
		if err := m.migrate(ctx); err != nil {
			return storage.Loaded{}, err
		}
		m.migrated = true
	}
	return m.Store.Load(ctx, key, commandID)
}
