package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are when agents work: the days of the week, from when to when by the
// clock on the wall. They implement flag.Value.
type hours struct {
	text     string
	always   bool
	days     [7]bool // by time.Weekday
	from, to int     // minutes after midnight; if to is not after from, it is on the next day
	zone     *time.Location
}

// A shift is a stretch of work. A shift without an end has none.
type shift struct{ begin, end time.Time }

func (h *hours) String() string { return h.text }

// Set reads hours such as "Mon-Fri 09:00-17:00 Europe/Berlin", or "always".
func (h *hours) Set(text string) error {
	if text == "always" {
		*h = hours{text: text, always: true}
		return nil
	}
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return errors.New(`want days, times and a zone, as in "Mon-Fri 09:00-17:00 Europe/Berlin", or always`)
	}
	set := hours{text: strings.Join(fields, " ")}
	var errs [3]error
	set.days, errs[0] = parseDays(fields[0])
	set.from, set.to, errs[1] = parseTimes(fields[1])
	set.zone, errs[2] = parseZone(fields[2])
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	*h = set
	return nil
}

var weekdays = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// parseDays reads days and ranges of days, as in "Mon,Wed-Fri".
func parseDays(text string) (days [7]bool, err error) {
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		i, j := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if i < 0 || j < 0 {
			return days, fmt.Errorf("days %q, want such as Mon-Fri or Mon,Wed,Sat-Sun", text)
		}
		for days[i] = true; i != j; days[i] = true {
			i = (i + 1) % 7
		}
	}
	return days, nil
}

func parseTimes(text string) (from, to int, err error) {
	first, last, _ := strings.Cut(text, "-")
	begin, err1 := time.Parse("15:04", first)
	end, err2 := time.Parse("15:04", last)
	if err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("times %q, want such as 09:00-17:00", text)
	}
	return begin.Hour()*60 + begin.Minute(), end.Hour()*60 + end.Minute(), nil
}

func parseZone(text string) (*time.Location, error) {
	if text == "Local" {
		return nil, errors.New("zone Local, want a name such as Europe/Berlin: the same everywhere")
	}
	return time.LoadLocation(text)
}

// next returns the first shift that ends after an instant, of somebody who comes
// and goes later than the others.
func (h *hours) next(after time.Time, later time.Duration) shift {
	if h.always {
		return shift{begin: after}
	}
	at := after.In(h.zone)
	for day := -2; ; day++ {
		date := time.Date(at.Year(), at.Month(), at.Day()+day, 12, 0, 0, 0, h.zone)
		if !h.days[date.Weekday()] {
			continue
		}
		s := shift{h.clock(date, h.from, later), h.clock(date, h.to, later)}
		if h.to <= h.from {
			s.end = h.clock(date.AddDate(0, 0, 1), h.to, later)
		}
		if s.end.After(after) {
			return s
		}
	}
}

// clock returns when a clock on the wall shows so many minutes after midnight.
func (h *hours) clock(date time.Time, minutes int, later time.Duration) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), 0, minutes, 0, 0, h.zone).Add(later).UTC()
}
