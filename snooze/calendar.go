package snooze

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

const (
	minuteLayout = "2006-01-02T15:04"
	secondLayout = "2006-01-02T15:04:05"
	maxZone      = 64 // bytes; the longest IANA name has half of it
)

// Tomorrow returns the calendar time hour:minute on the day after today, as
// today is in zone at now. Its error wraps [ErrZone], or [ErrLocal] if the hour
// is not within 0 to 23 or the minute not within 0 to 59. The result resolves
// at now; if the zone leaves out the whole of tomorrow, to the start of the day
// after.
func Tomorrow(now time.Time, zone string, hour, minute int) (Until, error) {
	return daysAhead(now, 1, zone, hour, minute)
}

// Next returns the calendar time hour:minute on the next such weekday after
// today, as today is in zone at now: asked on a Monday, the next Monday is a
// week away. Its error wraps [ErrZone], or [ErrLocal] if the day is no weekday,
// the hour not within 0 to 23 or the minute not within 0 to 59. The result
// resolves at now.
func Next(now time.Time, day time.Weekday, zone string, hour, minute int) (Until, error) {
	if day < time.Sunday || day > time.Saturday {
		return Until{}, fmt.Errorf("%w: got weekday %d", ErrLocal, int(day))
	}
	loc, err := loadZone(zone)
	if err != nil {
		return Until{}, err
	}
	ahead := int(day-now.In(loc).Weekday()+7) % 7
	if ahead == 0 {
		ahead = 7
	}
	return daysAhead(now, ahead, zone, hour, minute)
}

func daysAhead(now time.Time, days int, zone string, hour, minute int) (Until, error) {
	loc, err := loadZone(zone)
	if err != nil {
		return Until{}, err
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return Until{}, fmt.Errorf("%w: got %d:%02d", ErrLocal, hour, minute)
	}
	y, m, d := now.In(loc).Date()
	civil := time.Date(y, m, d+days, hour, minute, 0, 0, time.UTC)
	return Calendar(civil.Format(minuteLayout), zone), nil
}

func resolveLocal(local, zone string, now time.Time) (time.Time, error) {
	loc, err := loadZone(zone)
	if err != nil {
		return time.Time{}, err
	}
	civil, err := parseLocal(local)
	if err != nil {
		return time.Time{}, err
	}
	at := firstAfter(arrivals(civil, loc), now)
	if err := checkRange(at, now); err != nil {
		return time.Time{}, fmt.Errorf("%w: got %s in %s at %v", err, local, zone, now)
	}
	return at, nil
}

// parseLocal returns the civil time that local names, as if it were UTC.
func parseLocal(local string) (time.Time, error) {
	for _, layout := range []string{minuteLayout, secondLayout} {
		civil, err := time.Parse(layout, local)
		// Parse is lenient ("T9:00", fractions of a second); the way back is not.
		if err == nil && civil.Format(layout) == local {
			return civil, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: got %.64q", ErrLocal, local)
}

// loadZone is the only place that reads the zone database.
func loadZone(name string) (*time.Location, error) {
	if !wellFormed(name) {
		return nil, fmt.Errorf("%w: got %.64q", ErrZone, name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%w: got %q: %w", ErrZone, name, err)
	}
	return loc, nil
}

// wellFormed reports whether name is spelled like an IANA name: parts that
// begin with a capital. It keeps out what LoadLocation would take: "", "Local",
// and files beside the zones such as posixrules, localtime and right/UTC.
func wellFormed(name string) bool {
	if name == "Local" || len(name) > maxZone {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] < 'A' || part[0] > 'Z' {
			return false
		}
		if strings.IndexFunc(part, notInZone) >= 0 {
			return false
		}
	}
	return true
}

func notInZone(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') &&
		r != '_' && r != '-' && r != '+'
}

// arrivals returns, in order, the instants at which the clock of loc comes to
// civil, a civil time written as UTC: by running up to it or by being put
// forward over it. There is at least one.
//
// It does not ask time.Date, which does not promise a side for times that
// exist twice or never, nor Time.ZoneBounds, which returns an end before the
// instant itself on the last day of a leap year.
func arrivals(civil time.Time, loc *time.Location) []time.Time {
	// Wider than any offset from UTC (16 hours, Manila before 1844), so that
	// the clock is before civil at the start and after it at the end.
	const window = 26 * time.Hour
	var found []time.Time
	var shown time.Time // what the clock was about to show when it was changed
	end := civil.Add(window)
	for from := civil.Add(-window); from.Before(end); {
		to := nextChange(loc, from, end)
		offset := offsetAt(loc, from)
		at := civil.Add(-offset)
		switch {
		case !at.Before(from) && at.Before(to):
			found = append(found, at)
		case at.Before(from) && !shown.After(civil):
			found = append(found, from)
		}
		shown = to.Add(offset)
		from = to
	}
	return found
}

// nextChange returns the first instant after from and before end at which loc
// changes its offset, else end. It relies on whole seconds, and on no zone
// changing its offset and changing it back within an hour.
func nextChange(loc *time.Location, from, end time.Time) time.Time {
	offset := offsetAt(loc, from)
	for t := from; t.Before(end); t = t.Add(time.Hour) {
		if offsetAt(loc, t.Add(time.Hour)) == offset {
			continue
		}
		seconds := sort.Search(3600, func(s int) bool {
			return offsetAt(loc, t.Add(time.Duration(s)*time.Second)) != offset
		})
		if change := t.Add(time.Duration(seconds) * time.Second); change.Before(end) {
			return change
		}
	}
	return end
}

func offsetAt(loc *time.Location, t time.Time) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// firstAfter returns the first of times after now, or the last if none is.
func firstAfter(times []time.Time, now time.Time) time.Time {
	for _, t := range times {
		if t.After(now) {
			return t
		}
	}
	return times[len(times)-1]
}
