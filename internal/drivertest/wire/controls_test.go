package wire_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
)

// controls are faults, with what the suite must find of them and how many
// ambiguous commits that takes, more or less.
var controls = []struct {
	name  string
	finds kind
	after int
	plan  plan
}{
	{"a store reports an unknown outcome as not applied", wronglyDenied, 15,
		plan{plant: plant{store: sanguine}}},
	{"a store reports an unknown outcome as a success", lost, 15,
		plan{plant: plant{store: rash}}},
	{"a caller repeats an unknown outcome under a new command ID", doubled, 6,
		plan{hanging: 0.7, plant: plant{anew: true}}},
	{"a call goes on beyond its deadline", late, 3,
		plan{hanging: 1, plant: plant{store: untimely, timeout: 2*grace + time.Second/2}}},
	{"a subscriber moves on before its work is done", feedBroken, 40,
		plan{plant: plant{hasty: true}}},
	{"seats are taken without looking", overfull, 30,
		plan{plant: plant{store: overfilling}}},
	{"a transaction is left open", leaked, 5,
		plan{plant: plant{store: leaking}}},
	{"the proxies do nothing", untested, 5,
		plan{plant: plant{blind: true}}},
}

// TestNetworkCatches plants faults, and has the suite find them.
func TestNetworkCatches(t *testing.T) {
	seed := proof.Seed(t)
	for i, c := range controls {
		if testing.Short() && i >= 1 {
			break // the others take longer
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.plan.drivers = []string{"pgx", "pgx"}
			c.plan.writers, c.plan.hot, c.plan.unlucky = 4, 20, 0.5
			found := verdict{}
			const enough = 5 // runs, if chance is against it
			for i := 0; i < enough && len(found[c.finds]) == 0; i++ {
				n := newNetwork(t, c.plan, seed+uint64(i))
				most := 20 * time.Second
				if c.plan.plant.blind {
					most = time.Second
				}
				n.run(func() { n.untilAmbiguous(c.after, most) })
				found = n.found
			}
			proof.Planted(t, suite, c.name, len(found[c.finds]) > 0)
			for k, all := range found {
				t.Logf("%s: %d, such as: %s", k, len(all), all[0])
			}
		})
	}
}

// A tampered store commits in a way of its own.
type tampered struct {
	storage.Store
	commit func(context.Context, storage.Commit) error
}

func (s tampered) Commit(ctx context.Context, c storage.Commit) error { return s.commit(ctx, c) }

// sanguine takes an unknown outcome for a failure.
func sanguine(_ *network, _ *node, s storage.Store) storage.Store {
	return tampered{s, func(ctx context.Context, c storage.Commit) error {
		err := s.Commit(ctx, c)
		if errors.Is(err, storage.ErrOutcomeUnknown) {
			return fmt.Errorf("not applied, it is believed: %v", err)
		}
		return err
	}}
}

// rash takes an unknown outcome for a success.
func rash(_ *network, _ *node, s storage.Store) storage.Store {
	return tampered{s, func(ctx context.Context, c storage.Commit) error {
		err := s.Commit(ctx, c)
		if errors.Is(err, storage.ErrOutcomeUnknown) {
			return nil
		}
		return err
	}}
}

// untimely forgets the deadline of its caller.
func untimely(_ *network, _ *node, s storage.Store) storage.Store {
	return tampered{s, func(ctx context.Context, c storage.Commit) error {
		return s.Commit(context.WithoutCancel(ctx), c)
	}}
}

// overfilling says that each agent has free seats, and insists.
func overfilling(_ *network, _ *node, s storage.Store) storage.Store {
	return seatless{tampered{s, func(ctx context.Context, c storage.Commit) error {
		c.Seen.Overfill = c.Seen.Agent != ""
		return s.Commit(ctx, c)
	}}}
}

type seatless struct{ storage.Store }

func (s seatless) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	r, err := s.Store.Record(ctx, key)
	r.Seats = 0
	return r, err
}

// leaking begins one transaction that it never ends.
func leaking(_ *network, d *node, s storage.Store) storage.Store {
	var leaks atomic.Int64
	return tampered{s, func(ctx context.Context, c storage.Commit) error {
		if leaks.Add(1) == 1 {
			if tx, err := d.db.BeginTx(context.Background(), nil); err == nil {
				_, _ = tx.Exec(`SELECT FROM adjourn.feed_state`)
			}
		}
		return s.Commit(ctx, c)
	}}
}
