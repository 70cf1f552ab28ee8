package lifecycle_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// TestClockStepsBack sets the clock back by an hour under a conversation: the
// order of the journal stays, and deadlines run from what the clock really said.
func TestClockStepsBack(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(prompts(2 * time.Minute))
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	kit.Clock.Add(10 * time.Minute)
	chat.Do(ann, conversation.Take{})
	before := kit.Clock.Now()
	back := before.Add(-time.Hour)
	kit.Clock.Set(back)
	chat.Say(vic, "Hello?")

	journal := chat.Journal()
	said := journal[2]
	if !said.At.Equal(before) || !said.Now().Equal(back) {
		t.Errorf("recorded at %v, clock %v, want %v and %v", said.At, said.Now(), before, back)
	}
	if c := chat.Now(); !c.UnansweredSince.Equal(back) || !c.LastMessageAt.Equal(back) {
		t.Errorf("unanswered since %v, last message at %v, want %v", c.UnansweredSince, c.LastMessageAt, back)
	}
	fired := kit.Advance(2 * time.Minute)
	if len(fired) != 1 || !fired[0].Due.Equal(back.Add(2*time.Minute)) {
		t.Fatalf("fired %+v, want the prompt two minutes after the message", fired)
	}

	asleep := chat.Do(ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
	if want := kit.Clock.Now().Add(snooze.Short); !asleep.Conversation.Snooze.At.Equal(want) {
		t.Errorf("asleep until %v, want %v", asleep.Conversation.Snooze.At, want)
	}
	if len(asleep.Advice) != 0 {
		t.Errorf("advice %v for three hours", asleep.Advice)
	}
	kit.Advance(snooze.Short)
	chat.WantState(conversation.StateAssigned)

	last := time.Time{}
	for _, r := range chat.Journal() {
		if r.At.Before(last) {
			t.Errorf("record %d at %v, before %v", r.Seq, r.At, last)
		}
		last = r.At
	}
}

// TestWindowAfterAStepBack: the reopen window runs from what the clock said at
// the closing.
func TestWindowAfterAStepBack(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	kit.Clock.Set(lifecycletest.Start.Add(-time.Hour))
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	kit.Advance(conversation.DefaultReopenWindow + time.Microsecond)
	if result := chat.Say(vic, "Me again."); !result.Successor {
		t.Error("within the window, want after it: the closing was an hour earlier than its record says")
	}
}

// TestAdviceAfterAStepBack: how long a snooze is, too, counts from what the clock
// says, and not from the later time in the journal.
func TestAdviceAfterAStepBack(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := assignedChats(kit, 1)[0]
	kit.Clock.Set(lifecycletest.Start.Add(-time.Hour))
	result := chat.Do(ann, conversation.Snooze{Until: snooze.For(snooze.Long + 30*time.Minute)})
	if len(result.Advice) != 1 {
		t.Errorf("advice %v, want one: it is over a day", result.Advice)
	}
}

// TestLongSnoozeAdvice: advice is given beyond a day only.
func TestLongSnoozeAdvice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		until snooze.Until
		want  []lifecycle.Advice
	}{
		{"a day", snooze.For(snooze.Long), nil},
		{"over a day", snooze.For(snooze.Long + time.Microsecond), []lifecycle.Advice{lifecycle.AdviceLongSnooze}},
		{"an instant far off", snooze.At(lifecycletest.Start.Add(300 * 24 * time.Hour)), []lifecycle.Advice{lifecycle.AdviceLongSnooze}},
		{"until the reply", snooze.UntilReply(), nil},
	}
	for _, tt := range tests {
		kit := lifecycletest.New(t, nil)
		chat := assignedChats(kit, 1)[0]
		result := accepted(t)(kit.Desk.Snooze(t.Context(), chat.By(ann), conversation.Snooze{Until: tt.until}))
		if diff := cmp.Diff(tt.want, result.Advice); diff != "" {
			t.Errorf("%s: advice (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestClocksWithNanoseconds: what is recorded, and when it is due, is in whole
// microseconds of UTC whatever the clock shows.
func TestClocksWithNanoseconds(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	check(t, err)
	clock := &wall{at: time.Date(2026, time.March, 2, 10, 0, 0, 123456789, paris)}
	store := newMemory()
	desk := newDesk(t, store, lifecycle.Options{Clock: clock})
	call := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	accepted(t)(desk.Open(t.Context(), call.As(vic), conversation.Open{}))
	taken := accepted(t)(desk.Take(t.Context(), call.As(ann)))
	want := time.Date(2026, time.March, 2, 9, 0, 0, 123456000, time.UTC)
	if at := taken.Records[0].At; at != want {
		t.Errorf("recorded at %v, want %v", at, want)
	}
	clock.at = clock.at.Add(idle.DefaultAfter - time.Microsecond)
	if fired := tick(t, desk).Fired; len(fired) != 0 {
		t.Errorf("a microsecond early: fired %v", fired)
	}
	clock.at = clock.at.Add(time.Microsecond)
	if fired := tick(t, desk).Fired; len(fired) != 1 || fired[0].Due != want.Add(idle.DefaultAfter) {
		t.Errorf("fired %v, want the prompt, due %v", fired, want.Add(idle.DefaultAfter))
	}
}

// A clocked store has a clock of its own.
type clocked struct {
	storage.Store
	at  time.Time
	err error
}

func (s *clocked) Now(context.Context) (time.Time, error) { return s.at, s.err }

// TestStoreClock: nodes whose clocks are half a minute off decide by the store's,
// so that none fires early and what they record agrees.
func TestStoreClock(t *testing.T) {
	t.Parallel()
	start := lifecycletest.Start
	store := &clocked{Store: newMemory(), at: start}
	fast, slow := &wall{start.Add(30 * time.Second)}, &wall{start.Add(-30 * time.Second)}
	desks := []*lifecycle.Desk{
		newDesk(t, store, lifecycle.Options{Clock: fast, StoreClock: true}),
		newDesk(t, store, lifecycle.Options{Clock: slow, StoreClock: true}),
	}
	call := lifecycle.Call{Workspace: lifecycletest.Workspace, Conversation: "chat-1", By: vic}
	accepted(t)(desks[0].Open(t.Context(), call, conversation.Open{}))
	taken := accepted(t)(desks[1].Take(t.Context(), call.As(ann)))
	if at := taken.Records[0].At; !at.Equal(start) {
		t.Errorf("taken at %v, want the store's %v", at, start)
	}
	pass := func(d time.Duration) (fired []lifecycle.Fired) {
		t.Helper()
		store.at, fast.at, slow.at = store.at.Add(d), fast.at.Add(d), slow.at.Add(d)
		for _, desk := range desks {
			fired = append(fired, tick(t, desk).Fired...)
		}
		return fired
	}
	if fired := pass(idle.DefaultAfter - time.Microsecond); len(fired) != 0 {
		t.Errorf("fired a microsecond early: %+v", fired)
	}
	if fired := pass(time.Microsecond); len(fired) != 1 {
		t.Errorf("fired %d times, want once", len(fired))
	}
}

// TestWithoutStoreClock is the control: a node whose clock is half a minute ahead
// fires half a minute early by the others' clocks, once.
func TestWithoutStoreClock(t *testing.T) {
	t.Parallel()
	store := &clocked{Store: newMemory(), at: lifecycletest.Start}
	fast, right := &wall{lifecycletest.Start.Add(30 * time.Second)}, &wall{lifecycletest.Start}
	ahead := newDesk(t, store, lifecycle.Options{Clock: fast})
	exact := newDesk(t, store, lifecycle.Options{Clock: right})
	call := lifecycle.Call{Workspace: lifecycletest.Workspace, Conversation: "chat-1", By: vic}
	accepted(t)(exact.Open(t.Context(), call, conversation.Open{}))
	accepted(t)(exact.Take(t.Context(), call.As(ann)))
	fast.at = fast.at.Add(idle.DefaultAfter - 30*time.Second)
	if n := len(tick(t, ahead).Fired); n != 1 {
		t.Errorf("fired %d times on the node that is ahead, want once", n)
	}
	right.at = right.at.Add(idle.DefaultAfter)
	if n := len(tick(t, exact).Fired); n != 0 {
		t.Errorf("fired %d times more on the other", n)
	}
}

// TestSkew: a node whose clock is more than a minute off the store's works
// nothing off, and says so, until they agree.
func TestSkew(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Minute + time.Microsecond, -time.Minute - time.Microsecond} {
		store := &clocked{Store: newMemory(), at: lifecycletest.Start}
		own := &wall{lifecycletest.Start}
		desk := newDesk(t, store, lifecycle.Options{Clock: own, StoreClock: true})
		call := lifecycle.Call{Workspace: lifecycletest.Workspace, Conversation: "chat-1", By: vic}
		accepted(t)(desk.Open(t.Context(), call, conversation.Open{}))
		accepted(t)(desk.Take(t.Context(), call.As(ann)))

		store.at = store.at.Add(time.Hour)
		own.at = store.at.Add(skew)
		ticked, err := desk.Tick(t.Context())
		fails(t, err, lifecycle.ErrSkew)
		if len(ticked.Fired) != 0 {
			t.Errorf("%v off, it fired %+v", skew, ticked.Fired)
		}
		own.at = store.at.Add(skew.Truncate(time.Minute))
		if n := len(tick(t, desk).Fired); n != 1 {
			t.Errorf("a minute off, it fired %d times, want once", n)
		}
	}
}

// TestStoreClockFails: what cannot be dated is not decided.
func TestStoreClockFails(t *testing.T) {
	t.Parallel()
	store := &clocked{Store: newMemory(), at: lifecycletest.Start}
	desk := newDesk(t, store, lifecycle.Options{Clock: &wall{lifecycletest.Start}, StoreClock: true})
	call := lifecycle.Call{Workspace: lifecycletest.Workspace, Conversation: "chat-1", By: vic}
	accepted(t)(desk.Open(t.Context(), call, conversation.Open{}))
	store.err = errBroken
	_, err := desk.Say(t.Context(), call, "Hello?")
	fails(t, err, errBroken)
	_, err = desk.Tick(t.Context())
	fails(t, err, errBroken)
	_, err = desk.Allowed(t.Context(), call.Workspace, call.Conversation, vic)
	fails(t, err, errBroken)
	_, err = desk.Purge(t.Context(), time.Hour)
	fails(t, err, errBroken)

	if _, err := lifecycle.New(newMemory(), &lifecycle.Options{StoreClock: true}); err == nil {
		t.Error("a store without a clock was accepted")
	}
}
