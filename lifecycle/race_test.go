package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// atOnce calls f(0) to f(n-1) together, held back until all are ready.
func atOnce(n int, f func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	group.Wait()
}

// TestClosersRace: one closing wins; the others learn by whom and how.
func TestClosersRace(t *testing.T) {
	t.Parallel()
	const closers = 40
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	errs := make([]error, closers)
	atOnce(closers, func(i int) {
		by := conversation.Agent(fmt.Sprint("agent-", i))
		outcome := closure.Outcomes()[i%2]
		_, errs[i] = kit.Desk.Close(t.Context(), chat.By(by), conversation.Close{Outcome: outcome})
	})
	winner := slices.Index(errs, nil)
	if winner < 0 {
		t.Fatalf("nobody won: %v", errs[0])
	}
	for i, err := range errs {
		if i == winner {
			continue
		}
		e := refused(t, conversation.ErrAlreadyClosed)(lifecycle.Result{}, err)
		by := conversation.Agent(fmt.Sprint("agent-", winner))
		if e.Closing.By != by || e.Closing.Outcome != closure.Outcomes()[winner%2] || e.Closing.Cause != closure.Agent {
			t.Errorf("closer %d learned %+v, want how %v closed it", i, e.Closing, by)
		}
	}
	chat.WantEvents("opened", "closed")
}

// TestTakersRace: one taker wins; the others learn who has it.
func TestTakersRace(t *testing.T) {
	t.Parallel()
	const takers = 40
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	errs := make([]error, takers)
	atOnce(takers, func(i int) {
		_, errs[i] = kit.Desk.Take(t.Context(), chat.By(conversation.Agent(fmt.Sprint("agent-", i))))
	})
	winner := slices.Index(errs, nil)
	for i, err := range errs {
		if i == winner {
			continue
		}
		e := refused(t, conversation.ErrHeld)(lifecycle.Result{}, err)
		if want := fmt.Sprint("agent-", winner); e.Holder != want {
			t.Errorf("taker %d learned of %q, want %q", i, e.Holder, want)
		}
	}
	chat.WantEvents("opened", "taken")
}

// TestMessageRacesIdleClose sends a message at the moment at which the idle
// ladder closes, again and again: the conversation ends open, whoever was first.
func TestMessageRacesIdleClose(t *testing.T) {
	t.Parallel()
	won := map[string]int{}
	for round := range 200 {
		kit := lifecycletest.New(t, nil)
		kit.SetPolicy(conversation.Policy{Idle: conversation.Idle{Assigned: informedClose(time.Minute, time.Minute)}})
		chat := kit.Chat(fmt.Sprint("chat-", round))
		chat.Open(vic)
		chat.Do(ann, conversation.Take{})
		kit.Advance(time.Minute)
		kit.Clock.Set(lifecycletest.Start.Add(2 * time.Minute))
		var sayErr, tickErr error
		atOnce(2, func(i int) {
			if i == round%2 {
				_, sayErr = kit.Desk.Say(t.Context(), chat.By(vic), "I am here!")
			} else {
				_, tickErr = kit.Desk.Tick(t.Context())
			}
		})
		check(t, errors.Join(sayErr, tickErr))
		chat.WantState(conversation.StateAssigned)
		end := eventNames(chat.Journal())[3:]
		won[fmt.Sprint(end)]++
	}
	for end := range won {
		if end != "[said]" && end != "[closed said reopened]" {
			t.Errorf("%d times it went %s", won[end], end)
		}
	}
	t.Log("rounds by how they ended:", won)
}

// TestMessageBetweenSelectionAndClose does deterministically what the test above
// leaves to chance: the tick has loaded, decided to close, and then the message
// comes.
func TestMessageBetweenSelectionAndClose(t *testing.T) {
	t.Parallel()
	store := &tap{Store: newMemory()}
	kit := lifecycletest.NewOn(t, store, nil)
	kit.SetPolicy(conversation.Policy{Idle: conversation.Idle{Assigned: informedClose(time.Minute, time.Minute)}})
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	kit.Advance(time.Minute)
	kit.Clock.Set(lifecycletest.Start.Add(2 * time.Minute))
	store.onCommit = sayFirst(t, kit, chat, store)
	if ticked := tick(t, kit.Desk); len(ticked.Fired) != 0 {
		t.Errorf("fired %v, want nothing: the message was first", ticked.Fired)
	}
	chat.WantEvents("opened", "taken", "followed_up", "said")
}

// TestManyWriters lets visitors and agents do at once what they like: every
// accepted command is in the journal, in an order without gaps.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 25
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	atOnce(writers, func(w int) {
		for range each {
			var err error
			if w%2 == 0 {
				_, err = kit.Desk.Say(t.Context(), chat.By(vic), "Hello")
			} else {
				_, err = kit.Desk.AddNote(t.Context(), chat.By(ann), "Noted")
			}
			if err != nil {
				t.Errorf("writer %d: %v", w, err)
			}
		}
	})
	got := map[string]int{}
	for i, r := range chat.Journal() {
		if r.Seq != conversation.Version(i+1) {
			t.Fatalf("record %d has number %d", i+1, r.Seq)
		}
		got[conversation.EventName(r.Event)]++
	}
	want := map[string]int{"opened": 1, "said": writers / 2 * each, "note_added": writers / 2 * each}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

// sayFirst returns a commit hook that lets the visitor say something before the
// first commit it sees.
func sayFirst(t *testing.T, kit *lifecycletest.Kit, chat *lifecycletest.Chat, store *tap) func(context.Context, storage.Commit) error {
	return func(ctx context.Context, c storage.Commit) error {
		store.onCommit = nil
		if _, err := kit.Desk.Say(ctx, chat.By(vic), "I am here!"); err != nil {
			t.Error(err)
		}
		return store.Commit(ctx, c)
	}
}
