package main

import (
	"strings"
	"testing"
	"time"
)

func TestHours(t *testing.T) {
	t.Parallel()
	const form = "2006-01-02T15:04Z"
	tests := []struct {
		hours, after string
		later        time.Duration
		begin, end   string
	}{
		{"Mon-Fri 09:00-17:00 UTC", "2026-03-02T08:00Z", 0, "2026-03-02T09:00Z", "2026-03-02T17:00Z"},
		{"Mon-Fri 09:00-17:00 UTC", "2026-03-02T12:00Z", 0, "2026-03-02T09:00Z", "2026-03-02T17:00Z"},
		{"Mon-Fri 09:00-17:00 UTC", "2026-03-02T17:00Z", 0, "2026-03-03T09:00Z", "2026-03-03T17:00Z"},
		{"Mon-Fri 09:00-17:00 UTC", "2026-03-02T17:00Z", time.Hour, "2026-03-02T10:00Z", "2026-03-02T18:00Z"},
		{"Mon-Fri 09:00-17:00 UTC", "2026-03-06T17:00Z", 0, "2026-03-09T09:00Z", "2026-03-09T17:00Z"},
		// The clocks change in the night to 29 March.
		{"Mon-Fri 09:00-17:00 Europe/Berlin", "2026-03-27T12:00Z", 0, "2026-03-27T08:00Z", "2026-03-27T16:00Z"},
		{"Mon-Fri 09:00-17:00 Europe/Berlin", "2026-03-28T12:00Z", 0, "2026-03-30T07:00Z", "2026-03-30T15:00Z"},
		// A night, and one around the clock.
		{"Mon 22:00-06:00 UTC", "2026-03-03T05:00Z", 0, "2026-03-02T22:00Z", "2026-03-03T06:00Z"},
		{"Sat-Sun 00:00-00:00 Asia/Tokyo", "2026-03-02T00:00Z", 0, "2026-03-06T15:00Z", "2026-03-07T15:00Z"},
		{"Fri-Mon,Wed 09:00-17:00 UTC", "2026-03-02T18:00Z", 0, "2026-03-04T09:00Z", "2026-03-04T17:00Z"},
		{"Fri-Mon,Wed 09:00-17:00 UTC", "2026-03-04T18:00Z", 0, "2026-03-06T09:00Z", "2026-03-06T17:00Z"},
	}
	for _, tt := range tests {
		var h hours
		if err := h.Set(tt.hours); err != nil {
			t.Fatal(err)
		}
		after, err := time.Parse(form, tt.after)
		if err != nil {
			t.Fatal(err)
		}
		s := h.next(after, tt.later)
		if begin, end := s.begin.Format(form), s.end.Format(form); begin != tt.begin || end != tt.end {
			t.Errorf("%s after %s: %s to %s, want %s to %s", tt.hours, tt.after, begin, end, tt.begin, tt.end)
		}
	}
}

func TestBadHours(t *testing.T) {
	t.Parallel()
	tests := []struct{ hours, says string }{
		{"", "want days, times and a zone"},
		{"Mon-Fri 09:00-17:00", "want days, times and a zone"},
		{"Mo-Fr 09:00-17:00 UTC", `days "Mo-Fr"`},
		{"Mon- 09:00-17:00 UTC", `days "Mon-"`},
		{"Mon-Fri 09:00 UTC", `times "09:00"`},
		{"Mon-Fri 9-17 UTC", `times "9-17"`},
		{"Mon-Fri 09:00-25:00 UTC", `times "09:00-25:00"`},
		{"Mon-Fri 09:00-17:00 Local", "zone Local"},
		{"Mon-Fri 09:00-17:00 Mars/Base", "Mars/Base"},
	}
	for _, tt := range tests {
		h := hours{text: "before"}
		if err := h.Set(tt.hours); err == nil || !strings.Contains(err.Error(), tt.says) || h.text != "before" {
			t.Errorf("Set(%q) = %v, want %q", tt.hours, err, tt.says)
		}
	}
}
