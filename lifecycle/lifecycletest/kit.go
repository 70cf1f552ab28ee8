package lifecycletest

import (
	"context"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// Workspace is the workspace of [Kit.Chat].
const Workspace = "test"

// Start is what a kit's clock says at first: a Monday morning, in UTC.
var Start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// A Kit is a Desk on a fake clock and a store of its own.
type Kit struct {
	Desk  *lifecycle.Desk
	Clock FakeClock
	Store storage.Store

	t testing.TB
}

// New returns a kit on an empty memory store. Nil options are the defaults. If
// their Clock is a [FakeClock] it is the kit's, and stands where it stands;
// otherwise the kit's is a [Clock] at [Start].
func New(t testing.TB, options *lifecycle.Options) *Kit {
	t.Helper()
	return NewOn(t, memory.New(), options)
}

// NewOn is [New] on a store of the caller's.
func NewOn(t testing.TB, store storage.Store, options *lifecycle.Options) *Kit {
	t.Helper()
	var o lifecycle.Options
	if options != nil {
		o = *options
	}
	fake, given := o.Clock.(FakeClock)
	if !given {
		fake = NewClock(Start)
	}
	k := &Kit{Clock: fake, Store: store, t: t}
	o.Clock = fake
	desk, err := lifecycle.New(store, &o)
	if err != nil {
		t.Fatalf("lifecycletest: %v", err)
	}
	k.Desk = desk
	return k
}

// SetPolicy makes policy the default of [Workspace], applies it, and returns what
// fired because it is due under it.
func (k *Kit) SetPolicy(policy conversation.Policy) []lifecycle.Fired {
	k.t.Helper()
	ctx := context.Background()
	policies, revision, err := k.Desk.Policies(ctx, Workspace)
	if err != nil {
		k.t.Fatalf("lifecycletest: %v", err)
	}
	policies.Default = policy
	if _, err := k.Desk.SetPolicies(ctx, Workspace, policies, revision); err != nil {
		k.t.Fatalf("lifecycletest: %v", err)
	}
	return k.tick()
}

// Advance moves the clock forward by d, and stops on the way at every due
// instant, in order, to work off what is due there: no deadline is late. It
// returns everything that fired. A conversation that fails ends the test.
func (k *Kit) Advance(d time.Duration) []lifecycle.Fired {
	k.t.Helper()
	if d < 0 {
		k.t.Fatalf("lifecycletest: advance by %v: time does not go backward", d)
	}
	end := k.Clock.Now().Add(d)
	var fired []lifecycle.Fired
	for {
		fired = append(fired, k.tick()...)
		next, err := k.Desk.NextDue(context.Background(), end)
		if err != nil {
			k.t.Fatalf("lifecycletest: %v", err)
		}
		if next.IsZero() {
			break
		}
		k.Clock.Set(next)
	}
	if k.Clock.Now().Before(end) {
		k.Clock.Set(end)
	}
	return fired
}

func (k *Kit) tick() []lifecycle.Fired {
	k.t.Helper()
	ticked, err := k.Desk.Tick(context.Background())
	if err != nil {
		k.t.Fatalf("lifecycletest: %v", err)
	}
	for _, f := range ticked.Failed {
		k.t.Fatalf("lifecycletest: %s%s failed: %v", f.Conversation, f.Record, f.Err)
	}
	return ticked.Fired
}
