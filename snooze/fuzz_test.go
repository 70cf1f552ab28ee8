package snooze_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/adjourn/adjourn/snooze"
)

// Whatever an Until says, in whatever combination, and whenever it is asked: it is
// a deadline within the horizon, or an error of this package.
func FuzzUntil(f *testing.F) {
	f.Add(false, int64(time.Hour), int64(0), int64(0), "", "", int64(0))
	f.Add(true, int64(0), int64(0), int64(0), "", "", int64(0))
	f.Add(false, int64(0), int64(1_800_000_000), int64(999), "", "", int64(1_790_000_000))
	f.Add(false, int64(0), int64(0), int64(0), "2026-10-25T02:30:00", "Europe/Berlin", int64(1_792_900_000))
	f.Add(false, int64(math.MinInt64), int64(math.MaxInt64), int64(-1), "10000-01-01T00:00", "Etc/GMT-14", int64(math.MinInt64))
	f.Add(true, int64(1), int64(1), int64(1), "x", "Local", int64(math.MaxInt64))
	f.Add(false, int64(0), int64(0), int64(0), "2011-12-30T00:00", "Pacific/Apia", int64(1_325_000_000))
	f.Fuzz(func(t *testing.T, reply bool, d, second, nano int64, local, zone string, nowSecond int64) {
		u := snooze.Until{Reply: reply, For: time.Duration(d), Local: local, Zone: zone}
		if second != 0 || nano != 0 {
			u.At = time.Unix(second, nano%1e9)
		}
		now := time.Unix(nowSecond%(1<<38), 0).UTC()
		got, err := u.Resolve(now)
		if err != nil {
			if got != (snooze.Deadline{}) || !known(err) || len(err.Error()) > 2000 {
				t.Fatalf("%+v at %v: %v, %v", u, now, got, err)
			}
			return
		}
		if reply != got.At.IsZero() || !reply && (!got.At.After(now) || got.At.After(now.Add(snooze.Horizon)) || got.At.Nanosecond()%1000 != 0 || got.At.Location() != time.UTC) {
			t.Fatalf("%+v at %v: %v", u, now, got)
		}
		// What was asked for survives JSON, if JSON has its year.
		body, err := json.Marshal(u)
		if err != nil {
			return
		}
		var read snooze.Until
		if err := json.Unmarshal(body, &read); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if second, err := read.Resolve(now); err != nil || second != got {
			t.Fatalf("%s at %v: %v (%v), was %v", body, now, second, err, got)
		}
	})
}

func known(err error) bool {
	for _, sentinel := range []error{snooze.ErrPast, snooze.ErrHorizon, snooze.ErrZone, snooze.ErrLocal, snooze.ErrChoice, snooze.ErrHours} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

// Whatever hours say: a suggestion resolves within a day, and is to be kept only
// where the agent works.
func FuzzSuggest(f *testing.F) {
	f.Add(int64(1_792_900_000), true, "Europe/Berlin", []byte{1, 60, 120, 2, 0, 200})
	f.Add(int64(0), false, "UTC", []byte{})
	f.Add(int64(1_325_000_000), false, "Pacific/Apia", []byte{5, 0, 255, 6, 0, 255, 0, 0, 255})
	f.Fuzz(func(t *testing.T, second int64, online bool, zone string, spans []byte) {
		now := time.Unix(second%(1<<37), 0).UTC()
		h := snooze.Hours{Zone: zone}
		for ; len(spans) >= 3; spans = spans[3:] {
			from := int(spans[1]) * 6
			h.Spans = append(h.Spans, snooze.Span{Day: time.Weekday(int(spans[0])%9 - 1), From: from, To: from + int(spans[2])*6 - 6})
		}
		s, err := snooze.Suggest(now, online, &h)
		if err != nil {
			if !errors.Is(err, snooze.ErrHours) || h.Check() == nil {
				t.Fatalf("%+v: %v, but Check says %v", h, err, h.Check())
			}
			return
		}
		got, err := s.Until.Resolve(now)
		if err != nil || got.At.Sub(now) > snooze.Long || got.At.Sub(now) < 29*time.Minute {
			t.Fatalf("%+v at %v: %+v, %v", h, now, got, err)
		}
		if s.AtEnd == snooze.Keep && len(h.Spans) == 0 {
			t.Fatalf("kept for an agent who never works: %+v", s)
		}
	})
}
