//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const leases = `
	CREATE TABLE leases (
		conversation text PRIMARY KEY,
		holder       text NOT NULL,
		until        timestamptz NOT NULL
	)`

// A leaseholder is a store that takes a lease for a lock: who has leased a
// conversation commits to it, at whatever version it is.
type leaseholder struct {
	storage.Store
	db     *sql.DB
	holder string
	lease  time.Duration
}

var errLeased = errors.New("another node has the lease")

func (s *leaseholder) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	result, err := s.db.ExecContext(ctx, `
		INSERT INTO leases VALUES ($1, $2, clock_timestamp() + $3 * interval '1 microsecond')
		ON CONFLICT (conversation) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.holder = excluded.holder OR leases.until < clock_timestamp()`,
		key.Conversation, s.holder, s.lease.Microseconds())
	if err != nil {
		return storage.Loaded{}, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return storage.Loaded{}, fmt.Errorf("%w: %w", errLeased, err)
	}
	return s.Store.Load(ctx, key, commandID)
}

func (s *leaseholder) Commit(ctx context.Context, c storage.Commit) error {
	for {
		err := s.Store.Commit(ctx, c)
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
		loaded, err := s.Store.Load(ctx, c.Key, "")
		if err != nil {
			return err
		}
		c.Expect = loaded.Head.Version
		for i := range c.Events {
			c.Events[i].Version = c.Expect + int64(i) + 1
		}
		c.Head.Version = c.Expect + int64(len(c.Events))
	}
}
