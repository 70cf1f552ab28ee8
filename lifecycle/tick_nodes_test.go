package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// effects counts how often each conversation was prompted, by what the ticks
// say and by what the store was given.
type effects struct {
	mu     sync.Mutex
	fired  map[string]int
	stored map[string]int
	failed []lifecycle.Failure
}

// doubles returns how many conversations were prompted more than once.
func doubles(prompted map[string]int) (n int) {
	for _, times := range prompted {
		if times > 1 {
			n++
		}
	}
	return n
}

// tickTogether lets several Desks tick at once over conversations that are all
// due, and counts the effects.
func tickTogether(t *testing.T, store storage.Store, chats, desks int) *effects {
	t.Helper()
	e := &effects{fired: map[string]int{}, stored: map[string]int{}}
	clock := &wall{at: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)}
	counting := &tap{Store: store, onCommit: func(ctx context.Context, c storage.Commit) error {
		err := store.Commit(ctx, c)
		if err == nil && len(c.Events) > 0 {
			e.mu.Lock()
			e.stored[c.Key.Conversation]++
			e.mu.Unlock()
		}
		return err
	}}
	setup := newDesk(t, store, lifecycle.Options{Clock: clock})
	for i := range chats {
		call := lifecycle.Call{Workspace: "acme", Conversation: fmt.Sprint("chat-", i)}
		accepted(t)(setup.Open(t.Context(), call.As(vic), conversation.Open{}))
		accepted(t)(setup.Take(t.Context(), call.As(ann)))
	}
	clock.at = clock.at.Add(idle.DefaultAfter)
	atOnce(desks, func(int) {
		desk := newDesk(t, counting, lifecycle.Options{Clock: clock, Workers: 4})
		ticked, err := desk.Tick(t.Context())
		check(t, err)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.failed = append(e.failed, ticked.Failed...)
		for _, f := range ticked.Fired {
			e.fired[f.Conversation]++
		}
	})
	return e
}

// TestNodesTickTogether: each deadline has its effect once, and exactly one tick
// reports it.
func TestNodesTickTogether(t *testing.T) {
	t.Parallel()
	const chats, desks = 300, 6
	e := tickTogether(t, newMemory(), chats, desks)
	if len(e.failed) > 0 {
		t.Errorf("failed: %v", e.failed)
	}
	if len(e.stored) != chats || doubles(e.stored) != 0 {
		t.Errorf("%d of %d prompted, %d of them twice", len(e.stored), chats, doubles(e.stored))
	}
	if len(e.fired) != chats || doubles(e.fired) != 0 {
		t.Errorf("%d of %d reported, %d of them twice", len(e.fired), chats, doubles(e.fired))
	}
}

// TestNodesTickTogetherControl is the positive control: on a store that ignores
// the version, the same test sees doubles.
func TestNodesTickTogetherControl(t *testing.T) {
	t.Parallel()
	e := tickTogether(t, careless{newMemory()}, 300, 6)
	if doubles(e.stored) == 0 || doubles(e.fired) == 0 {
		t.Errorf("a store that ignores versions gave %d double effects, %d reported: the test is blind",
			doubles(e.stored), doubles(e.fired))
	}
}

// careless is a store that commits on whatever version there is.
type careless struct{ storage.Store }

func (s careless) Commit(ctx context.Context, c storage.Commit) error {
	runtime.Gosched() // on one CPU, too, others have loaded by now
	for {
		err := s.Store.Commit(ctx, c)
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
		now, err := s.Load(ctx, c.Key, "")
		if err != nil {
			return err
		}
		c.Expect = now.Head.Version
		c.Head.Version = c.Expect + int64(len(c.Events))
	}
}
