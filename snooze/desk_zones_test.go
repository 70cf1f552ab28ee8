package snooze_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/memory"
)

// A stopped clock of a Desk shows what it was set to.
type stopped struct{ at time.Time }

func (c *stopped) Now() time.Time                       { return c.at }
func (c *stopped) After(time.Duration) <-chan time.Time { return nil }

// A showing is what the clock shows at an instant: that instant, or something
// wrong.
type showing func(at time.Time) time.Time

func right(at time.Time) time.Time { return at }

// deskZones have every kind of change: over an hour, half an hour or two, at
// midnight and by day, by a change of the standard, around Ramadan, and none.
var deskZones = []string{
	"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "Africa/Cairo",
	"Asia/Beirut", "America/Havana", "America/Asuncion", "America/Nuuk", "Asia/Almaty", "Africa/Juba", "Europe/Volgograd",
	"Asia/Tehran", "Pacific/Chatham", "Atlantic/Azores", "Asia/Tokyo",
}

// TestClockDesk snoozes conversations of a Desk by the presets around the changes
// of the clocks: each is asleep a microsecond before, and awake at the instant.
func TestClockDesk(t *testing.T) {
	t.Parallel()
	var n tallied
	zones := fewer(t, deskZones)
	for _, zone := range zones {
		snoozeAround(t, &n, zone, right)
	}
	n.report(t)
	proof.Count(t, proof.Figure{
		Suite: "clock", Tried: n.asked, Trials: "snoozes of a Desk", Broken: int64(len(n.wrong)), Breaks: "woken early, late or not once",
		Details: fmt.Sprintf("around the %d changes of %d zones; a microsecond before the instant and at it", n.changes, len(zones)),
	})
}

func TestClockDeskCatches(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]showing{
		"a Desk whose clock is a microsecond fast": func(at time.Time) time.Time { return at.Add(time.Microsecond) },
		"a Desk whose clock is a microsecond slow": func(at time.Time) time.Time { return at.Add(-time.Microsecond) },
		"a Desk whose clock shows whole hours":     func(at time.Time) time.Time { return at.Truncate(time.Hour) },
	} {
		var n tallied
		snoozeAround(t, &n, "Asia/Tehran", wrong)
		proof.Planted(t, "clock", name, len(n.wrong) > 0)
	}
}

func snoozeAround(t *testing.T, n *tallied, zone string, shows showing) {
	t.Helper()
	loc := mustLoad(t, zone)
	changes := changesOf(loc)
	n.changes += int64(len(changes))
	for _, at := range append(changes, monday) {
		for _, before := range []time.Duration{26 * time.Hour, time.Minute, -time.Minute} {
			for _, q := range presets(t, at.Add(-before), zone, loc, ours) {
				n.asked++
				if err := snoozed(t, q, loc, shows); err != nil {
					n.wrong = append(n.wrong, err)
				}
			}
		}
	}
}

// snoozed puts a conversation aside, and says what is wrong with when it wakes.
func snoozed(t *testing.T, q question, loc *time.Location, shows showing) error {
	t.Helper()
	clock := &stopped{q.now}
	desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Clock: clock})
	if err != nil {
		return err
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	vic, ann := conversation.Visitor("vic"), conversation.Agent("ann")
	_, err1 := desk.Open(t.Context(), chat.As(vic), conversation.Open{})
	_, err2 := desk.Take(t.Context(), chat.As(ann))
	result, err3 := desk.Snooze(t.Context(), chat.As(ann), conversation.Snooze{Until: q.until})
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	at := result.Conversation.Snooze.At
	if err := check(q, loc, at); err != nil {
		return err
	}
	clock.at = shows(at.Add(-time.Microsecond))
	early, err1 := tick(desk)
	clock.at = shows(at)
	fired, err2 := tick(desk)
	again, err3 := tick(desk)
	after, err4 := desk.Get(t.Context(), "acme", "chat-1")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	if len(early) > 0 || len(fired) != 1 || len(again) > 0 {
		return fmt.Errorf("%v at %v, due %v: fired %d times just before, %d at it, %d again", q.until, q.now, at, len(early), len(fired), len(again))
	}
	record := fired[0].Records[0]
	woken, ok := record.Event.(conversation.Woken)
	if !ok || woken.Late != 0 || !record.At.Equal(at) || after.State != conversation.StateAssigned {
		return fmt.Errorf("%v at %v, due %v: woken by %+v", q.until, q.now, at, record)
	}
	if civil(record.At, loc).Before(wanted(q)) {
		return fmt.Errorf("%v: woken when the clock shows %v", q.until, civil(record.At, loc))
	}
	return nil
}

func tick(desk *lifecycle.Desk) ([]lifecycle.Fired, error) {
	ticked, err := desk.Tick(context.Background())
	if err != nil {
		return nil, err
	}
	for _, f := range ticked.Failed {
		return nil, f.Err
	}
	return ticked.Fired, nil
}
