package lifecycle_test

import (
	"context"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// TestPoliciesChangeWhileTheQueueIsServed: the queue of a new conversation was to
// be pulled from when the tick looked at it, and is not any more before the tick
// says that it has looked. The conversation does not wait beside a free agent,
// wherever in the tick the policies change.
func TestPoliciesChangeWhileTheQueueIsServed(t *testing.T) {
	t.Parallel()
	for name, waiting := range map[string]idle.Ladder{
		"and nothing else is due":   {Off: true},
		"and its ladder is due too": {Steps: []idle.Step{{After: time.Second, Action: idle.FollowUp, Text: "Still there?"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quiet := quiet
			quiet.Waiting = waiting
			changeWhileServed(t, quiet)
		})
	}
}

func changeWhileServed(t *testing.T, quiet conversation.Idle) {
	t.Helper()
	const most = 100
	nth := 1
	for ; nth <= most; nth++ {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		kit.SetPolicy(conversation.Policy{PullOnly: true, Idle: quiet})
		team(t, kit, 1, "ann")
		kit.Advance(time.Second)
		kit.Chat("c-1").Open(vic)
		kit.Chat("c-1").Say(vic, "Hello?")
		kit.Clock.Add(2 * time.Second)
		loads, set := 0, false
		store.onLoad = func(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
			if loads++; loads == nth {
				set = true
				setDefault(t, newDesk(t, store.Store, lifecycle.Options{Clock: kit.Clock}), conversation.Policy{Idle: quiet}, 1)
			}
			return store.Store.Load(ctx, key, id)
		}
		kit.Advance(0)
		store.onLoad = nil
		if !set {
			break
		}
		kit.Advance(time.Hour)
		if got := kit.Chat("c-1").Now(); got.Agent != "ann" {
			t.Errorf("the policies changed before load %d: the conversation is %s, and ann has a free seat", nth, got.State)
		}
	}
	if nth < 3 || nth > most {
		t.Errorf("the policies changed before %d loads of a tick", nth-1)
	}
}
