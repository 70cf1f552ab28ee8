package snooze_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/snooze"
)

func TestTheLastDayHourAndMinuteAreAccepted(t *testing.T) {
	t.Parallel()
	got, err := snooze.Next(monday, time.Saturday, "UTC", 23, 59)
	if want := snooze.Calendar("2026-03-28T23:59", "UTC"); err != nil || got != want {
		t.Errorf("Next = %v, %v, want %v", got, err, want)
	}
}

func TestErrorsSayWhatWasGiven(t *testing.T) {
	t.Parallel()
	_, day := snooze.Next(monday, 7, "UTC", 9, 0)
	_, hour := snooze.Tomorrow(monday, "UTC", 24, 5)
	_, local := snooze.Calendar("2026-02-30T09:00", "UTC").Resolve(monday)
	_, zone := snooze.Tomorrow(monday, "Europe/Atlantis", 9, 0)
	from := snooze.Hours{Zone: "UTC", Spans: []snooze.Span{{From: 1440, To: 1500}}}.Check()
	for want, err := range map[string]error{
		"weekday 7": day, "24:05": hour, `"2026-02-30T09:00"`: local, `"Europe/Atlantis": unknown time zone`: zone,
		"must be within 0 to 1439": from,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that says %s", err, want)
		}
	}
}

// A calendar time that has passed stays past, also where the clocks change soon after.
func TestAChangeOfTheClocksBringsNothingBack(t *testing.T) {
	t.Parallel()
	now := parse(t, "2026-03-28T23:00:00Z") // two hours before the change
	if got, err := snooze.Calendar("2026-03-28T22:00", "Europe/Paris").Resolve(now); !errors.Is(err, snooze.ErrPast) {
		t.Errorf("Resolve = %v, %v, want %q", got, err, snooze.ErrPast)
	}
}

func TestTheHorizonIsCountedFromNowToTheNanosecond(t *testing.T) {
	t.Parallel()
	now := monday.Add(999)
	if got, err := snooze.At(now.Add(snooze.Horizon + 1)).Resolve(now); !errors.Is(err, snooze.ErrHorizon) {
		t.Errorf("Resolve = %v, %v, want %q", got, err, snooze.ErrHorizon)
	}
	if got, err := snooze.For(1).Resolve(now); !errors.Is(err, snooze.ErrPast) {
		t.Errorf("Resolve = %v, %v, want %q", got, err, snooze.ErrPast)
	}
}

func TestSuggestionsAtTheEdges(t *testing.T) {
	t.Parallel()
	paris := mustLoad(t, "Europe/Paris")
	day := func(spans ...snooze.Span) *snooze.Hours { return &snooze.Hours{Zone: "Europe/Paris", Spans: spans} }
	for _, test := range []struct {
		name, now string
		online    bool
		hours     *snooze.Hours
		want      string // empty: there is none, and the end is to release
	}{
		// From 2:30 to 3:20, of which the gap leaves 3:00 to 3:20, too short for half an hour before its close.
		{"an opening in the gap", "2026-03-28T12:00:00.5Z", false,
			day(snooze.Span{Day: time.Sunday, From: 150, To: 200}), "2026-03-29T01:00:00Z"},
		{"spans that touch are one", "2026-03-23T15:00:00Z", true,
			day(snooze.Span{Day: time.Monday, From: 540, To: 1020}, snooze.Span{Day: time.Monday, From: 1020, To: 1040}),
			"2026-03-23T15:50:00Z"},
		{"the earlier of two that are as near", "2026-03-23T07:00:00Z", true, // 8:00 in Paris, until 11:00
			day(snooze.Span{Day: time.Monday, From: 540, To: 630}, snooze.Span{Day: time.Monday, From: 720, To: 1020}),
			"2026-03-23T09:00:00Z"},
		{"a nanosecond beyond a day", "2026-03-23T07:59:59.999999999Z", true,
			day(snooze.Span{Day: time.Tuesday, From: 540, To: 1020}), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := snooze.Suggestion{Until: snooze.For(snooze.Short), AtEnd: snooze.Release}
			if test.want != "" {
				want = snooze.Suggestion{Until: snooze.At(parse(t, test.want)), AtEnd: snooze.Keep}
			}
			now := parse(t, test.now)
			for _, now := range []time.Time{now, now.In(paris)} {
				if got, err := snooze.Suggest(now, test.online, test.hours); err != nil || got != want {
					t.Errorf("Suggest(%v) = %v, %v, want %v", now, got, err, want)
				}
			}
		})
	}
}
