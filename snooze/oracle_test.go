package snooze_test

import (
	"fmt"
	"time"
)

// civil is what the clock of loc shows at t, written as UTC.
func civil(t time.Time, loc *time.Location) time.Time {
	return t.UTC().Add(offset(loc, t))
}

func offset(loc *time.Location, t time.Time) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// wanted is the calendar time of a question, written as UTC.
func wanted(q question) time.Time {
	want, err := time.Parse("2006-01-02T15:04", q.until.Local)
	if err != nil {
		panic(err)
	}
	return want
}

// check holds an answer against what the promises say of it, without knowing
// how to find it: in the future, not early on the wall clock, not late but for
// a gap, and the first such instant.
func check(q question, loc *time.Location, got time.Time) error {
	want := wanted(q)
	shown := civil(got, loc)
	wrong := func(why string) error {
		return fmt.Errorf("%v at %v: %v shows %v: %s", q.until, q.now, got, shown, why)
	}
	if !got.After(q.now) {
		return wrong("not in the future")
	}
	if shown.Before(want) {
		return wrong("early")
	}
	before := civil(got.Add(-1), loc)
	if !shown.Equal(want) && !before.Before(want) {
		return wrong("late, and no clock was put forward over it")
	}
	if gap := shown.Sub(before); shown.Sub(want) >= gap && !shown.Equal(want) {
		return wrong(fmt.Sprintf("late by %v, the gap is %v", shown.Sub(want), gap))
	}
	// Any instant that shows it differs from it by an offset in force nearby.
	for hour := -48; hour <= 48; hour++ {
		near := want.Add(-offset(loc, want.Add(time.Duration(hour)*time.Hour)))
		if near.After(q.now) && near.Before(got) && civil(near, loc).Equal(want) {
			return wrong(fmt.Sprintf("%v is earlier", near))
		}
	}
	return nil
}

// scan watches the clock of loc minute by minute, from now or two days before
// the time that is wanted, until it comes to that time. All changes since 1972
// are on whole minutes, and so are the questions.
func scan(q question, loc *time.Location, got time.Time) error {
	want := wanted(q)
	t := want.Add(-48 * time.Hour)
	if t.Before(q.now) {
		t = q.now
	}
	for {
		before := civil(t, loc)
		t = t.Add(time.Minute)
		shown := civil(t, loc)
		// Equal without having been before it: put back to that very minute.
		if shown.Equal(want) || before.Before(want) && shown.After(want) {
			break
		}
		if t.Sub(want) > 48*time.Hour {
			return fmt.Errorf("%v at %v: got %v, but no clock shows it", q.until, q.now, got)
		}
	}
	if !got.Equal(t) {
		return fmt.Errorf("%v at %v: got %v, want %v", q.until, q.now, got, t)
	}
	return nil
}
