package snooze_test

import (
	"errors"
	"fmt"
	"log"
	"time"
	_ "time/tzdata"

	"github.com/adjourn/adjourn/snooze"
)

// Over a change of the clocks, "tomorrow 9:00" is not 24 hours away.
func Example() {
	now := time.Date(2026, 3, 28, 8, 0, 0, 0, time.UTC) // Saturday, 9:00 in Paris
	tomorrow, err := snooze.Tomorrow(now, "Europe/Paris", 9, 0)
	if err != nil {
		log.Fatal(err)
	}
	for _, until := range []snooze.Until{tomorrow, snooze.For(24 * time.Hour)} {
		d, err := until.Resolve(now)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.At, "after", d.At.Sub(now))
	}
	// Output:
	// 2026-03-29 07:00:00 +0000 UTC after 23h0m0s
	// 2026-03-29 08:00:00 +0000 UTC after 24h0m0s
}

func ExampleFor() {
	now := time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC)
	d, err := snooze.For(snooze.Short).Resolve(now)
	fmt.Println(d.At, err)

	_, err = snooze.For(-time.Hour).Resolve(now)
	fmt.Println(errors.Is(err, snooze.ErrPast))
	fmt.Println(err)
	// Output:
	// 2026-03-23 12:00:00 +0000 UTC <nil>
	// true
	// snooze: the end, in whole microseconds, must be after now: got -1h0m0s
}

func ExampleAt() {
	now := time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC)
	d, err := snooze.At(time.Date(2026, 3, 25, 16, 30, 0, 0, time.UTC)).Resolve(now)
	fmt.Println(d.At, err)
	fmt.Println("advise against it:", d.At.Sub(now) > snooze.Long)
	// Output:
	// 2026-03-25 16:30:00 +0000 UTC <nil>
	// advise against it: true
}

func ExampleCalendar() {
	now := time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC)
	d, err := snooze.Calendar("2026-03-24T09:00", "Europe/Paris").Resolve(now)
	fmt.Println(d.At, err)
	fmt.Println("shown as", d.Local, "in", d.Zone)
	// Output:
	// 2026-03-24 08:00:00 +0000 UTC <nil>
	// shown as 2026-03-24T09:00 in Europe/Paris
}

func ExampleUntilReply() {
	d, err := snooze.UntilReply().Resolve(time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC))
	fmt.Println("has a deadline:", !d.At.IsZero(), err)
	// Output:
	// has a deadline: false <nil>
}

// A clock that is changed shows some times never and some twice.
func ExampleUntil_Resolve() {
	paris := func(local string, now time.Time) {
		d, err := snooze.Calendar(local, "Europe/Paris").Resolve(now)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(local, "is", d.At.Format("2006-01-02 15:04 MST"))
	}
	paris("2026-03-29T02:30", time.Date(2026, 3, 28, 9, 0, 0, 0, time.UTC))   // never: it goes from 2:00 to 3:00
	paris("2026-10-25T02:30", time.Date(2026, 10, 24, 9, 0, 0, 0, time.UTC))  // the first of two
	paris("2026-10-25T02:30", time.Date(2026, 10, 25, 0, 45, 0, 0, time.UTC)) // the second is still to come
	// Output:
	// 2026-03-29T02:30 is 2026-03-29 01:00 UTC
	// 2026-10-25T02:30 is 2026-10-25 00:30 UTC
	// 2026-10-25T02:30 is 2026-10-25 01:30 UTC
}

func ExampleTomorrow() {
	now := time.Date(2026, 3, 23, 23, 30, 0, 0, time.UTC) // already Tuesday in Paris
	until, err := snooze.Tomorrow(now, "Europe/Paris", 9, 0)
	fmt.Println(until.Local, until.Zone, err)

	_, err = snooze.Tomorrow(now, "CEST", 9, 0)
	fmt.Println(errors.Is(err, snooze.ErrZone))
	// Output:
	// 2026-03-25T09:00 Europe/Paris <nil>
	// true
}

func ExampleNext() {
	now := time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC) // a Monday
	until, err := snooze.Next(now, time.Monday, "Europe/Paris", 9, 0)
	fmt.Println(until.Local, until.Zone, err)
	// Output:
	// 2026-03-30T09:00 Europe/Paris <nil>
}

func ExampleSuggest() {
	now := time.Date(2026, 3, 23, 15, 0, 0, 0, time.UTC) // Monday, 16:00 in Paris
	hours := &snooze.Hours{Zone: "Europe/Paris", Spans: []snooze.Span{
		{Day: time.Monday, From: 9 * 60, To: 17 * 60},
		{Day: time.Tuesday, From: 9 * 60, To: 12 * 60},
	}}
	for _, online := range []bool{true, false} {
		s, err := snooze.Suggest(now, online, hours)
		if err != nil {
			log.Fatal(err)
		}
		d, err := s.Until.Resolve(now)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.At, s.AtEnd)
	}

	tuesday := now.Add(24 * time.Hour) // and no work before Monday
	s, err := snooze.Suggest(tuesday, false, hours)
	fmt.Println(s.Until.For, s.AtEnd, err)
	// Output:
	// 2026-03-23 15:30:00 +0000 UTC keep
	// 2026-03-24 10:30:00 +0000 UTC keep
	// 24h0m0s release <nil>
}

func ExampleHours_Check() {
	night := snooze.Hours{Zone: "Europe/Paris", Spans: []snooze.Span{
		{Day: time.Friday, From: 22 * 60, To: 6 * 60}, // a To on the next day is above 1440
	}}
	err := night.Check()
	fmt.Println(err)

	night.Spans[0].To = (24 + 6) * 60
	fmt.Println(night.Check())
	// Output:
	// snooze: invalid working hours: span 1: a to of 360, must be after from (1320) and at most 1440 later
	// <nil>
}
