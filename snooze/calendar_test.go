package snooze_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/snooze"
)

func TestResolveCalendar(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, local, zone string
		now, want         string // RFC 3339
	}{
		{"plain", "2026-03-24T09:00", "Europe/Paris", "2026-03-23T09:00:00Z", "2026-03-24T08:00:00Z"},
		{"seconds", "2026-03-24T09:00:59", "Europe/Paris", "2026-03-23T09:00:00Z", "2026-03-24T08:00:59Z"},
		{"later today", "2026-03-23T10:01", "Europe/Paris", "2026-03-23T09:00:59Z", "2026-03-23T09:01:00Z"},
		{"UTC", "2026-03-24T09:00", "UTC", "2026-03-23T09:00:00Z", "2026-03-24T09:00:00Z"},
		{"leap day", "2028-02-29T12:00", "UTC", "2028-02-01T00:00:00Z", "2028-02-29T12:00:00Z"},

		{"before a gap", "2026-03-29T01:59:59", "Europe/Paris", "2026-03-28T09:00:00Z", "2026-03-29T00:59:59Z"},
		{"start of a gap", "2026-03-29T02:00", "Europe/Paris", "2026-03-28T09:00:00Z", "2026-03-29T01:00:00Z"},
		{"in a gap", "2026-03-29T02:30", "Europe/Paris", "2026-03-28T09:00:00Z", "2026-03-29T01:00:00Z"},
		{"end of a gap", "2026-03-29T03:00", "Europe/Paris", "2026-03-28T09:00:00Z", "2026-03-29T01:00:00Z"},
		{"gap of half an hour", "2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
		{"gap of two hours", "2026-03-29T02:59", "Antarctica/Troll", "2026-03-28T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"gap at midnight", "2026-04-24T00:00", "Africa/Cairo", "2026-04-23T10:00:00Z", "2026-04-23T22:00:00Z"},
		{"skipped day", "2011-12-30T09:00", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-30T10:00:00Z"},
		{"skipped midnight", "2011-12-30T00:00", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-30T10:00:00Z"},

		{"before an overlap", "2026-10-25T01:59", "Europe/Paris", "2026-10-24T09:00:00Z", "2026-10-24T23:59:00Z"},
		{"first of two", "2026-10-25T02:30", "Europe/Paris", "2026-10-24T09:00:00Z", "2026-10-25T00:30:00Z"},
		{"first is now", "2026-10-25T02:30", "Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		{"first is past", "2026-10-25T02:30", "Europe/Paris", "2026-10-25T00:59:00Z", "2026-10-25T01:30:00Z"},
		{"start of an overlap", "2026-10-25T02:00", "Europe/Paris", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"},
		{"end of an overlap", "2026-10-25T03:00", "Europe/Paris", "2026-10-24T09:00:00Z", "2026-10-25T02:00:00Z"},

		// Time.ZoneBounds is wrong on that day: following it would not end.
		{"last day of a leap year", "2040-12-31T12:00", "Europe/Paris", "2040-12-30T09:00:00Z", "2040-12-31T11:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := parse(t, tt.now)
			got, err := snooze.Calendar(tt.local, tt.zone).Resolve(now)
			want := snooze.Deadline{At: parse(t, tt.want), Local: tt.local, Zone: tt.zone}
			if err != nil || got != want {
				t.Errorf("Resolve(%v) = %v, %v, want %v", now, got, err, want)
			}
		})
	}
}

func TestResolveCalendarPast(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, local, now string }{
		{"both of an overlap", "2026-10-25T02:30", "2026-10-25T01:30:00Z"},
		{"a gap that is over", "2026-03-29T02:30", "2026-03-29T01:00:00Z"},
		{"this very instant", "2026-03-23T10:00", "2026-03-23T09:00:00Z"},
		{"the year 0", "0000-01-01T00:00", "2026-03-23T09:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := snooze.Calendar(tt.local, "Europe/Paris").Resolve(parse(t, tt.now))
			if !errors.Is(err, snooze.ErrPast) {
				t.Errorf("error = %v, want %q", err, snooze.ErrPast)
			}
		})
	}
}

func TestLocalRefused(t *testing.T) {
	t.Parallel()
	for _, local := range []string{
		"2026-02-30T09:00", "2027-02-29T09:00", "2026-04-31T09:00", "2026-13-01T09:00", "2026-00-01T09:00",
		"2026-03-24T24:00", "2026-03-24T09:60", "2026-03-24T09:00:60", "2026-03-24T9:00", "2026-03-24T09:0",
		"2026-03-24 09:00", "2026-03-24", "09:00", "2026-03-24T09:00Z", "2026-03-24T09:00+01:00", "26-03-24T09:00",
		"2026-03-24T09:00:00.5", "2026-03-24T09:00:00,5", " 2026-03-24T09:00", "2026-03-24T09:00\n", "10000-01-01T00:00",
		"-001-01-01T00:00", "tomorrow", "\x00", "\xff", strings.Repeat("9", 1<<16),
	} {
		_, err := snooze.Calendar(local, "UTC").Resolve(monday)
		if !errors.Is(err, snooze.ErrLocal) {
			t.Errorf("Calendar(%.40q).Resolve: %v, want %q", local, err, snooze.ErrLocal)
		}
		if len(err.Error()) > 400 {
			t.Errorf("Calendar(%.40q).Resolve: an error of %d bytes", local, len(err.Error()))
		}
	}
}

func TestZoneRefused(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{
		"", "Local", "local", "LOCAL", "posixrules", "localtime", "posix/Europe/Paris", "right/UTC", "zone.tab", "tzdata.zi",
		"europe/paris", "EUROPE/PARIS", "Europe/paris", "utc", "Utc", "CEST", "Paris", "Europe", "Europe/", "Europe//Paris",
		"Europe/Atlantis", "/Europe/Paris", "\\Europe\\Paris", "Europe\\Paris", "../Europe/Paris", "Europe/../Europe/Paris",
		"./UTC", "Europe/./Paris", "Europe/Paris\x00", "\x00", " UTC", "UTC ", "UTC\n", "+01:00", "UTC+1", "Z", "\xff", "Ürümqi",
		"/etc/localtime", "/usr/share/zoneinfo/UTC", strings.Repeat("A", 1<<16),
	} {
		_, err := snooze.Tomorrow(monday, zone, 9, 0)
		if !errors.Is(err, snooze.ErrZone) {
			t.Errorf("Tomorrow(%.40q): %v, want %q", zone, err, snooze.ErrZone)
			continue
		}
		if len(err.Error()) > 400 {
			t.Errorf("Tomorrow(%.40q): an error of %d bytes", zone, len(err.Error()))
		}
		_, err = snooze.Next(monday, time.Monday, zone, 9, 0)
		if !errors.Is(err, snooze.ErrZone) {
			t.Errorf("Next(%.40q): %v, want %q", zone, err, snooze.ErrZone)
		}
		_, err = snooze.Calendar("2026-03-24T09:00", zone).Resolve(monday)
		if !errors.Is(err, snooze.ErrZone) {
			t.Errorf("Calendar(%.40q).Resolve: %v, want %q", zone, err, snooze.ErrZone)
		}
	}
}

func TestPresets(t *testing.T) {
	t.Parallel()
	const late = "2026-03-23T23:30:00Z" // Monday in UTC, Tuesday in Paris
	tests := []struct {
		name, now, zone, want string
		day                   time.Weekday // -1 for tomorrow
	}{
		{"tomorrow", late, "UTC", "2026-03-24T09:05", -1},
		{"tomorrow is another day elsewhere", late, "Europe/Paris", "2026-03-25T09:05", -1},
		{"tomorrow after the end of a year", "2026-12-31T12:00:00Z", "UTC", "2027-01-01T09:05", -1},
		{"tomorrow is a leap day", "2028-02-28T12:00:00Z", "UTC", "2028-02-29T09:05", -1},
		{"the same weekday is a week away", late, "UTC", "2026-03-30T09:05", time.Monday},
		{"a weekday in six days", late, "Europe/Paris", "2026-03-30T09:05", time.Monday},
		{"a weekday tomorrow", late, "UTC", "2026-03-24T09:05", time.Tuesday},
		{"a weekday over the end of the week", late, "UTC", "2026-03-29T09:05", time.Sunday},
		{"a weekday over the end of the month", "2026-03-31T12:00:00Z", "UTC", "2026-04-03T09:05", time.Friday},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := parse(t, tt.now)
			got, err := snooze.Tomorrow(now, tt.zone, 9, 5)
			if tt.day >= 0 {
				got, err = snooze.Next(now, tt.day, tt.zone, 9, 5)
			}
			if want := snooze.Calendar(tt.want, tt.zone); err != nil || got != want {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		})
	}
}

func TestPresetsRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		day          time.Weekday
		hour, minute int
	}{
		{time.Monday, -1, 0}, {time.Monday, 24, 0}, {time.Monday, 9, -1}, {time.Monday, 9, 60}, {-1, 9, 0}, {7, 9, 0},
	}
	for _, tt := range tests {
		_, err := snooze.Next(monday, tt.day, "UTC", tt.hour, tt.minute)
		if !errors.Is(err, snooze.ErrLocal) {
			t.Errorf("Next(%d, %d:%d): %v, want %q", tt.day, tt.hour, tt.minute, err, snooze.ErrLocal)
		}
		if tt.day != time.Monday {
			continue
		}
		_, err = snooze.Tomorrow(monday, "UTC", tt.hour, tt.minute)
		if !errors.Is(err, snooze.ErrLocal) {
			t.Errorf("Tomorrow(%d:%d): %v, want %q", tt.hour, tt.minute, err, snooze.ErrLocal)
		}
	}
}

func FuzzCalendar(f *testing.F) {
	f.Add("2026-03-29T02:30", "Europe/Paris", int64(0))
	f.Add("2011-12-30T09:00:00", "Pacific/Apia", int64(-450_000_000))
	f.Add("2026-02-30T02:30", "../UTC", int64(1))
	f.Fuzz(func(t *testing.T, local, zone string, seconds int64) {
		now := monday.Add(time.Duration(seconds%1e9) * time.Second)
		got, err := snooze.Calendar(local, zone).Resolve(now)
		if err == nil && (!got.At.After(now) || got.At.After(now.Add(snooze.Horizon))) {
			t.Errorf("Calendar(%q, %q).Resolve(%v) = %v, want after now and within the horizon", local, zone, now, got)
		}
	})
}

func parse(tb testing.TB, s string) time.Time {
	tb.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		tb.Fatal(err)
	}
	return at.UTC()
}
