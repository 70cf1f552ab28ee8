package conversation_test

import (
	"errors"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

var (
	shortly    = snooze.For(snooze.Short)
	untilReply = snooze.UntilReply()
)

// asleep begins a story in which ann has put vera's conversation aside.
func asleep(t testing.TB, s conversation.Snooze) *life {
	t.Helper()
	l := held(t, noBot)
	l.say(ann)
	l.do(ann, s)
	return l
}

func TestAnAgentSnoozesInFiveWays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		until snooze.Until
		want  snooze.Deadline
	}{
		{"3 hours", snooze.For(snooze.Short), snooze.Deadline{At: start.Add(3 * time.Hour)}},
		{"24 hours", snooze.For(snooze.Long), snooze.Deadline{At: start.Add(24 * time.Hour)}},
		{"a custom instant", snooze.At(start.Add(time.Hour)), snooze.Deadline{At: start.Add(time.Hour)}},
		{"beyond 24 hours", snooze.For(72 * time.Hour), snooze.Deadline{At: start.Add(72 * time.Hour)}},
		{"at the horizon", snooze.For(snooze.Horizon), snooze.Deadline{At: start.Add(400 * 24 * time.Hour)}},
		{"a calendar time", snooze.Calendar("2026-03-03T09:00", "Asia/Tokyo"), snooze.Deadline{
			At: time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC), Local: "2026-03-03T09:00", Zone: "Asia/Tokyo"}},
		{"until the visitor replies", snooze.UntilReply(), snooze.Deadline{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := asleep(t, conversation.Snooze{Until: test.until})
			l.is(conversation.StateSnoozed, "ann")
			same(t, "the snooze", *l.c.Snooze, conversation.SnoozeState{
				Deadline: test.want, AtEnd: snooze.Keep, OnReply: snooze.Wake,
			})
			if test.want.At.IsZero() {
				l.nothingNext()
				return
			}
			l.next(test.want.At.Sub(start))
			l.idle()
			l.is(conversation.StateAssigned, "ann")
		})
	}
}

func TestACalendarSnoozeKeepsTheLocalTimeOverAChangeOfTheClocks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		now   time.Time
		local string
		want  time.Time
	}{
		{"spring: the day has 23 hours", date(3, 28, 8, 0), "2026-03-29T09:00", date(3, 29, 7, 0)},
		{"autumn: the day has 25 hours", date(10, 24, 7, 0), "2026-10-25T09:00", date(10, 25, 8, 0)},
		{"in the gap: the first instant after it", date(3, 28, 8, 0), "2026-03-29T02:30", date(3, 29, 1, 0)},
		{"in the overlap: the first of the two", date(10, 24, 7, 0), "2026-10-25T02:30", date(10, 25, 0, 30)},
		{"in the overlap, the first has passed", date(10, 25, 0, 45), "2026-10-25T02:30", date(10, 25, 1, 30)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := held(t, noBot)
			l.now = test.now
			e := only[conversation.Snoozed](l, l.do(ann, conversation.Snooze{Until: snooze.Calendar(test.local, "Europe/Berlin")}))
			same(t, "the deadline", e.Deadline, snooze.Deadline{At: test.want, Local: test.local, Zone: "Europe/Berlin"})
			l.next(test.want.Sub(test.now))
		})
	}
}

func date(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
}

func TestPastZeroAndNegativeSnoozesAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		until snooze.Until
		want  error
	}{
		{"zero", snooze.For(0), snooze.ErrPast},
		{"negative", snooze.For(-time.Hour), snooze.ErrPast},
		{"less than a microsecond", snooze.For(999), snooze.ErrPast},
		{"now", snooze.At(start), snooze.ErrPast},
		{"past", snooze.At(start.Add(-time.Microsecond)), snooze.ErrPast},
		{"over the horizon", snooze.For(snooze.Horizon + time.Microsecond), snooze.ErrHorizon},
		{"an instant over the horizon", snooze.At(start.Add(snooze.Horizon + time.Microsecond)), snooze.ErrHorizon},
		{"a past calendar time", snooze.Calendar("2026-03-02T09:59", "Europe/Berlin"), snooze.ErrPast},
		{"a calendar time over the horizon", snooze.Calendar("2027-06-01T09:00", "Europe/Berlin"), snooze.ErrHorizon},
		{"no zone", snooze.Calendar("2026-03-03T09:00", ""), snooze.ErrZone},
		{"a zone that is no IANA name", snooze.Calendar("2026-03-03T09:00", "CEST"), snooze.ErrZone},
		{"the machine's zone", snooze.Calendar("2026-03-03T09:00", "Local"), snooze.ErrZone},
		{"no such day", snooze.Calendar("2026-02-30T09:00", "Europe/Berlin"), snooze.ErrLocal},
		{"nothing", snooze.Until{}, snooze.ErrChoice},
		{"two at once", snooze.Until{Reply: true, For: time.Hour}, snooze.ErrChoice},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := held(t, noBot)
			invalid := l.invalid(ann, conversation.Snooze{Until: test.until}, "until")
			if !errors.Is(invalid, test.want) {
				t.Errorf("error %v, want %v", invalid, test.want)
			}
			l.is(conversation.StateAssigned, "ann")
		})
	}
}

func TestOnlyTheAssignedAgentSnoozesAndOnlyWhatIsAssigned(t *testing.T) {
	t.Parallel()
	s := conversation.Snooze{Until: shortly}
	l := held(t, withBot)
	for _, by := range []conversation.Actor{bob, sue} { // they could, if it were theirs
		same(t, "the holder", l.refused(by, s, conversation.ErrHeld).Holder, "ann")
	}
	for _, by := range []conversation.Actor{vera, robot, host, timer} {
		l.refused(by, s, conversation.ErrForbidden)
	}
	for state, l := range openStates(t) {
		if state == conversation.StateBot || state == conversation.StateWaiting {
			l.refused(ann, s, conversation.ErrNotPossible)
		}
	}
	l.do(ann, unresolved)
	l.refused(ann, s, conversation.ErrNotPossible)
}

func TestSnoozingAgainReplacesTheDeadline(t *testing.T) {
	t.Parallel()
	l := asleep(t, conversation.Snooze{Until: snooze.For(24 * time.Hour), AtEnd: snooze.Release})
	l.after(time.Hour).do(ann, conversation.Snooze{Until: shortly, OnReply: snooze.StayAsleep})
	l.next(3 * time.Hour)
	same(t, "the snooze", *l.c.Snooze, conversation.SnoozeState{
		Deadline: snooze.Deadline{At: l.now.Add(3 * time.Hour)}, AtEnd: snooze.Keep, OnReply: snooze.StayAsleep,
	})
	same(t, "since when it is snoozed", l.c.Since, start)
	l.do(ann, conversation.Snooze{Until: untilReply})
	l.nothingNext()
}

func TestAnyOtherTransitionClearsTheSnooze(t *testing.T) {
	t.Parallel()
	clear := map[string]func(*life){
		"taken over":           func(l *life) { l.do(sue, conversation.Take{}) },
		"assigned":             func(l *life) { l.do(sue, conversation.Assign{Agent: "bob"}) },
		"assigned to the same": func(l *life) { l.do(host, conversation.Assign{Agent: "ann"}) },
		"to an agent":          func(l *life) { l.do(ann, conversation.Transfer{Agent: "bob"}) },
		"to a group":           func(l *life) { l.do(ann, conversation.Transfer{Group: "billing"}) },
		"requeued":             func(l *life) { l.do(host, conversation.Requeue{}) },
		"closed":               func(l *life) { l.do(ann, unresolved) },
		"closed by a visitor":  func(l *life) { l.do(vera, conversation.Close{}) },
		"woken":                func(l *life) { l.do(ann, conversation.Wake{}) },
	}
	for name, happen := range clear {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := asleep(t, conversation.Snooze{Until: shortly})
			l.policy = onDesk(idle.Ladder{Off: true})
			happen(l)
			if l.c.Snooze != nil || l.c.State == conversation.StateSnoozed {
				t.Errorf("it is %s, with the snooze %+v", l.c.State, l.c.Snooze)
			}
			l.nothingNext()
			l.after(snooze.Short).already(timer, conversation.Expire{})
		})
	}
}

func TestAfterThePeriodWithoutAnAnswerTheLadderFollowsUpAndCloses(t *testing.T) {
	t.Parallel()
	ladder := steps(time.Hour, idle.FollowUp, idle.Close)
	ladder.LastSpeaker = idle.Responder
	l := asleep(t, conversation.Snooze{Until: shortly})
	l.policy = onDesk(ladder)
	l.idle()
	only[conversation.FollowedUp](l, l.idle())
	only[conversation.Closed](l, l.idle())
	same(t, "when it was closed", l.c.Closing.At, start.Add(5*time.Hour))
	same(t, "the cause", l.c.Closing.Cause, closure.Idle)
}
