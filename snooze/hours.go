package snooze

import (
	"fmt"
	"slices"
	"time"
)

// MaxSpans is the most spans that an [Hours] may have.
const MaxSpans = 64

// Hours are the weekly working hours of an agent. Without spans the agent
// never works; the zero value is invalid because it has no zone.
type Hours struct {
	Zone  string `json:"zone"` // IANA name
	Spans []Span `json:"spans,omitempty"`
}

// A Span is one stretch of working time each week, from From up to but
// excluding To. Spans may touch and overlap: together they are the hours. The
// agent works while the clock of the zone shows a time in a span, so that a
// change of the clocks shortens or lengthens it.
type Span struct {
	Day time.Weekday `json:"day"` // the day on which it starts, 0 is Sunday

	// From and To are minutes of the local day, counted on the clock: 540 is
	// 9:00. From is within 0 to 1439, To is after From and at most 1440 later.
	// A To above 1440 lies on the next day: 22:00 to 6:00 is 1320 to 1800.
	From int `json:"from"`
	To   int `json:"to"`
}

const dayMinutes = 24 * 60

// Check reports whether h is valid: a zone in the zone database and at most
// [MaxSpans] spans within their limits. Its error wraps [ErrHours] and names
// the span, counted from one; for the zone it wraps [ErrZone] as well.
func (h Hours) Check() error {
	_, err := h.load()
	return err
}

func (h Hours) load() (*time.Location, error) {
	if len(h.Spans) > MaxSpans {
		return nil, fmt.Errorf("%w: %d spans, at most %d", ErrHours, len(h.Spans), MaxSpans)
	}
	for i, s := range h.Spans {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("%w: span %d: %w", ErrHours, i+1, err)
		}
	}
	loc, err := loadZone(h.Zone)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHours, err)
	}
	return loc, nil
}

func (s Span) check() error {
	switch {
	case s.Day < time.Sunday || s.Day > time.Saturday:
		return fmt.Errorf("a day of %d, must be within 0 to 6", int(s.Day))
	case s.From < 0 || s.From >= dayMinutes:
		return fmt.Errorf("a from of %d, must be within 0 to %d", s.From, dayMinutes-1)
	case s.To <= s.From || s.To > s.From+dayMinutes:
		return fmt.Errorf("a to of %d, must be after from (%d) and at most %d later", s.To, s.From, dayMinutes)
	}
	return nil
}

// A shift is working time from open up to but excluding close.
type shift struct{ open, close time.Time }

func (s shift) holds(t time.Time) bool {
	return !t.Before(s.open) && t.Before(s.close)
}

// shifts returns the working time from now until past a day later, in order,
// with touching stretches joined.
func (h Hours) shifts(now time.Time, loc *time.Location) []shift {
	var all []shift
	start := now.Truncate(time.Second)
	end := start.Add(Long + time.Hour)
	for from := start; from.Before(end); {
		to := nextChange(loc, from, end)
		all = append(all, h.between(from, to, offsetAt(loc, from), now.In(loc))...)
		from = to
	}
	return join(all)
}

// between returns the shifts between two instants while the clock has one
// offset: cut off where it is changed, so that a time that exists twice or
// never counts twice or never.
func (h Hours) between(from, to time.Time, offset time.Duration, now time.Time) []shift {
	var found []shift
	y, m, d := now.Date()
	// A span reaches into the next day, a change of the clocks may go back over
	// midnight or leave out a day.
	for ahead := -2; ahead <= 2; ahead++ {
		day := time.Date(y, m, d+ahead, 0, 0, 0, 0, time.UTC)
		for _, s := range h.Spans {
			if s.Day != day.Weekday() {
				continue
			}
			open := day.Add(time.Duration(s.From)*time.Minute - offset)
			shut := day.Add(time.Duration(s.To)*time.Minute - offset)
			if open.Before(to) && shut.After(from) {
				found = append(found, shift{latest(open, from), earliest(shut, to)})
			}
		}
	}
	return found
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// join sorts shifts and merges those that touch.
func join(all []shift) []shift {
	slices.SortFunc(all, func(a, b shift) int { return a.open.Compare(b.open) })
	var joined []shift
	for _, s := range all {
		last := len(joined) - 1
		if last < 0 || s.open.After(joined[last].close) {
			joined = append(joined, s)
			continue
		}
		joined[last].close = latest(s.close, joined[last].close)
	}
	return joined
}
