package snooze_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/snooze"
)

// The working hours that are suggested for: by day, by night, over the hours in
// which clocks are changed, and from midnight on.
func zoneHours(zone string) []*snooze.Hours {
	nights := &snooze.Hours{Zone: zone}
	early := &snooze.Hours{Zone: zone}
	for day := time.Sunday; day <= time.Saturday; day++ {
		nights.Spans = append(nights.Spans, snooze.Span{Day: day, From: 22 * 60, To: 30 * 60})
		early.Spans = append(early.Spans, snooze.Span{Day: day, From: 0, To: 60}, snooze.Span{Day: day, From: 150, To: 270})
	}
	return []*snooze.Hours{office(zone), nights, early}
}

// A suggester answers what [snooze.Suggest] answers: when, and whether to keep.
type suggester func(now time.Time, online bool, hours *snooze.Hours) (time.Time, snooze.AtEnd)

func suggest(now time.Time, online bool, hours *snooze.Hours) (time.Time, snooze.AtEnd) {
	s, err := snooze.Suggest(now, online, hours)
	if err != nil {
		return time.Time{}, ""
	}
	d, err := s.Until.Resolve(now)
	if err != nil {
		return time.Time{}, ""
	}
	return d.At, s.AtEnd
}

// TestClockSuggestions asks for suggestions around the changes of the clocks, with
// the hours watched minute by minute.
func TestClockSuggestions(t *testing.T) {
	t.Parallel()
	zones := fewer(t, []string{
		"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo", "Asia/Beirut",
		"America/Havana", "America/Asuncion", "Africa/Casablanca", "Asia/Tehran", "America/Nuuk", "Asia/Tokyo",
	})
	asked, wrong := checkSuggestions(t, zones, 12, suggest)
	if len(wrong) > 0 {
		t.Errorf("%d of %d wrong, the first: %v", len(wrong), asked, wrong[0])
	}
	proof.Count(t, proof.Figure{
		Suite: "clock", Tried: asked, Trials: "suggested ends", Broken: int64(len(wrong)), Breaks: "in the past, beyond a day or outside the hours",
		Details: fmt.Sprintf("around the changes of %d zones, against hours watched minute by minute", len(zones)),
	})
}

func TestClockSuggestionsCatches(t *testing.T) {
	t.Parallel()
	faults := map[string]suggester{
		"a suggestion outside the hours is kept": func(now time.Time, online bool, _ *snooze.Hours) (time.Time, snooze.AtEnd) {
			return suggest(now, online, nil)
		},
		"hours are counted from midnight": func(now time.Time, online bool, hours *snooze.Hours) (time.Time, snooze.AtEnd) {
			loc := mustLoad(t, hours.Zone)
			at, end := suggest(now, online, hours)
			return at.Add(offset(loc, now) - offset(loc, at)), end // as if no clock were changed meanwhile
		},
		"a shift that is near enough is overlooked": func(now time.Time, online bool, hours *snooze.Hours) (time.Time, snooze.AtEnd) {
			at, end := suggest(now, online, hours)
			if at.Equal(now.Add(snooze.Short)) || at.Equal(now.Add(snooze.Long)) {
				return at, end
			}
			return now.Add(snooze.Long), snooze.Release
		},
		"the farther of two": func(now time.Time, online bool, hours *snooze.Hours) (time.Time, snooze.AtEnd) {
			at, end := suggest(now, online, hours)
			if later, also := suggest(now, !online, hours); also == snooze.Keep {
				return later, also
			}
			return at, end
		},
	}
	for name, fault := range faults {
		_, wrong := checkSuggestions(t, []string{"Asia/Tehran"}, 2, fault)
		proof.Planted(t, "clock", name, len(wrong) > 0)
	}
}

// checkSuggestions asks around so many changes of each zone, and on an ordinary day.
func checkSuggestions(tb testing.TB, zones []string, most int, s suggester) (asked int64, wrong []error) {
	tb.Helper()
	for _, zone := range zones {
		changes := changesOf(mustLoad(tb, zone))
		for _, at := range append(changes[:min(len(changes), most)], monday) {
			for _, before := range []time.Duration{25 * time.Hour, 8 * time.Hour, 3 * time.Hour, time.Hour, time.Minute, 0} {
				now := at.Add(-before)
				for _, hours := range zoneHours(zone) {
					for _, online := range []bool{true, false} {
						asked++
						got, end := s(now, online, hours)
						want, wantEnd := suggestByScanning(now, online, hours)
						if !got.Equal(want) || end != wantEnd || !got.After(now) || got.After(now.Add(snooze.Long)) {
							wrong = append(wrong, fmt.Errorf("%s at %v, online %t: %v to %s, want %v to %s", zone, now, online, got, end, want, wantEnd))
						}
					}
				}
			}
		}
	}
	return asked, wrong
}
