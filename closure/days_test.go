package closure_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

var paris = mustLoad("Europe/Paris")

func mustLoad(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func parse(tb testing.TB, at string) time.Time {
	tb.Helper()
	parsed, err := time.Parse(time.RFC3339, at)
	if err != nil {
		tb.Fatal(err)
	}
	return parsed.UTC()
}

func TestDays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone string
		want       []string // from and to at the ends
	}{
		{"three days", "UTC", []string{"2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"}},
		{"part of a day", "UTC", []string{"2026-03-02T09:00:00Z", "2026-03-02T09:00:01Z"}},
		{"up to midnight", "UTC", []string{"2026-03-02T09:00:00Z", "2026-03-03T00:00:00Z"}},
		{"over midnight", "UTC", []string{"2026-03-02T23:59:59Z", "2026-03-03T00:00:00Z", "2026-03-03T00:00:01Z"}},
		{"a leap day", "UTC", []string{"2028-02-28T00:00:00Z", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"}},
		{"a day of 23 hours", "Europe/Paris", []string{"2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"}},
		{"a day of 25 hours", "Europe/Paris", []string{"2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"}},
		{"a day of 23 hours", "America/New_York", []string{"2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"}},
		{"a day of 23 and a half hours", "Australia/Lord_Howe", []string{"2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"}},
		{"no midnight", "America/Sao_Paulo", []string{"2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"}},
		{"midnight twice", "America/Sao_Paulo", []string{"2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z", "2018-02-19T03:00:00Z"}},
		{"no midnight", "Africa/Cairo", []string{"2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"}},
		{"no midnight", "Asia/Beirut", []string{"2026-03-27T22:00:00Z", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"}},
		{"no 30 December", "Pacific/Apia", []string{"2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"}},
		{"no 21 August", "Pacific/Kwajalein", []string{"1993-08-20T12:00:00Z", "1993-08-21T12:00:00Z", "1993-08-22T12:00:00Z"}},
		{"a minute of the next day, and back", "America/St_Johns", []string{"2006-10-28T02:30:00Z", "2006-10-29T03:30:00Z", "2006-10-30T03:30:00Z"}},
		{"beginning in that minute", "America/St_Johns", []string{"2006-10-29T02:30:30Z", "2006-10-30T03:30:00Z"}},
		{"beginning behind that minute", "America/St_Johns", []string{"2006-10-29T02:31:00Z", "2006-10-29T03:30:00Z", "2006-10-30T03:30:00Z"}},

		// Time.ZoneBounds is wrong on the last day of a leap year: following it would not end.
		{"the end of a leap year", "Europe/Paris", []string{"2040-12-30T23:00:00Z", "2040-12-31T23:00:00Z", "2041-01-01T23:00:00Z", "2041-01-02T01:00:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.zone+" "+tt.name, func(t *testing.T) {
			var want []time.Time
			for _, at := range tt.want {
				want = append(want, parse(t, at))
			}
			got := closure.Days(want[0], want[len(want)-1], mustLoad(tt.zone))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Days (-want +got):\n%s", diff)
			}
		})
	}
	if got := closure.Days(noon, noon, time.UTC); got != nil {
		t.Errorf("Days of nothing = %v, want nil", got)
	}
	if got := closure.Days(noon, noon.Add(-time.Hour), time.UTC); got != nil {
		t.Errorf("Days of less than nothing = %v, want nil", got)
	}
}

// A divider returns the bounds of days: the package, or one that must be caught.
type divider func(from, to time.Time, zone *time.Location) []time.Time

// checkDays says what is wrong with bounds, by watching the calendar minute by
// minute: an instant is of the earliest date that the calendar shows then or
// later, but not of one before the range.
func checkDays(bounds []time.Time, from, to time.Time, zone *time.Location) error {
	date := func(at time.Time) string { return at.In(zone).Format(time.DateOnly) }
	switch {
	case len(bounds) < 2 || !bounds[0].Equal(from) || !bounds[len(bounds)-1].Equal(to):
		return errors.New("the bounds do not begin and end with the range")
	case !slices.IsSortedFunc(bounds, time.Time.Compare) || len(slices.Compact(slices.Clone(bounds))) < len(bounds):
		return errors.New("the bounds do not ascend")
	}
	want := date(to.Add(26 * time.Hour))
	day := len(bounds) - 2
	for at := to.Add(26 * time.Hour).Truncate(time.Minute); !at.Before(from); at = at.Add(-time.Minute) {
		want = min(want, date(at))
		if !at.Before(to) {
			continue
		}
		for at.Before(bounds[day]) {
			day--
		}
		if got := date(bounds[day]); got != max(want, date(from)) {
			return fmt.Errorf("%v is counted on %s, want %s", at.In(zone), got, max(want, date(from)))
		}
	}
	return nil
}

// huntDays checks a divider around changes of the clocks from 1975 to 2045, at
// the ends of years, and at random.
func huntDays(seed uint64, zones []string, each int, days divider) (asked int, err error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, name := range zones {
		zone := mustLoad(name)
		changes := changesOf(zone)
		for range each {
			around := time.Date(1975+rng.IntN(70), 12, 31, 12, 0, 0, 0, time.UTC)
			switch {
			case rng.IntN(8) == 0:
				around = around.AddDate(0, 0, -rng.IntN(365))
			case rng.IntN(8) > 0 && len(changes) > 0:
				around = changes[rng.IntN(len(changes))]
			}
			from := around.Add(-time.Duration(rng.IntN(2*24*3600)) * time.Second)
			if rng.IntN(2) == 0 {
				from = around.Add(-time.Duration(rng.IntN(2*24*4)) * 15 * time.Minute)
			}
			to := around.Add(time.Duration(1+rng.IntN(2*24*3600)) * time.Second)
			asked++
			if err := checkDays(days(from, to, zone), from, to, zone); err != nil {
				return asked, fmt.Errorf("seed %d, %s from %v to %v: %w", seed, name, from, to, err)
			}
		}
	}
	return asked, nil
}

func changesOf(zone *time.Location) []time.Time {
	offset := func(at time.Time) int {
		_, seconds := at.In(zone).Zone()
		return seconds
	}
	var changes []time.Time
	const step = 12 * time.Hour
	for at := time.Date(1975, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2045; at = at.Add(step) {
		if offset(at) == offset(at.Add(step)) {
			continue
		}
		s := sort.Search(int(step/time.Second), func(s int) bool { return offset(at.Add(time.Duration(s)*time.Second)) != offset(at) })
		changes = append(changes, at.Add(time.Duration(s)*time.Second))
	}
	return changes
}

var strangeZones = []string{
	"Europe/Paris", "America/New_York", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "Asia/Gaza", "Pacific/Apia", "Pacific/Kwajalein",
	"Australia/Lord_Howe", "America/St_Johns", "America/Havana", "America/Nuuk", "America/Scoresbysund", "Atlantic/Azores",
	"Africa/Casablanca", "Antarctica/Troll", "Asia/Tehran", "Asia/Kathmandu", "UTC",
}

func TestDaysByWatchingTheCalendar(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	asked, err := huntDays(seed, strangeZones, 15, closure.Days)
	if err != nil {
		t.Error(err)
	}
	t.Logf("seed %d: %d ranges", seed, asked)
}

// A watch that never finds anything shows nothing: these are the plausible wrong
// ways.
func TestWatchingTheCalendarCatches(t *testing.T) {
	t.Parallel()
	by := func(begin func(year int, month time.Month, day int, zone *time.Location) time.Time) divider {
		return func(from, to time.Time, zone *time.Location) []time.Time {
			bounds := []time.Time{from.UTC()}
			year, month, day := from.In(zone).Date()
			for at := bounds[0]; ; at = begin(year, month, day, zone).UTC() {
				if !at.Before(to) {
					return append(bounds, to.UTC())
				}
				if at.After(bounds[len(bounds)-1]) {
					bounds = append(bounds, at)
				}
				day++
			}
		}
	}
	planted := map[string]divider{
		"time.Date": by(func(year int, month time.Month, day int, zone *time.Location) time.Time {
			return time.Date(year, month, day, 0, 0, 0, 0, zone)
		}),
		"days of UTC": func(from, to time.Time, _ *time.Location) []time.Time { return closure.Days(from, to, time.UTC) },
		"24 hours": func(from, to time.Time, zone *time.Location) []time.Time {
			bounds := []time.Time{from}
			at := time.Date(from.In(zone).Year(), from.In(zone).Month(), from.In(zone).Day(), 0, 0, 0, 0, zone)
			for at = at.Add(24 * time.Hour); at.Before(to); at = at.Add(24 * time.Hour) {
				if at.After(from) {
					bounds = append(bounds, at)
				}
			}
			return append(bounds, to)
		},
		"a skipped day has no length": func(from, to time.Time, zone *time.Location) []time.Time {
			bounds := closure.Days(from, to, zone)
			return slices.Insert(bounds, 1, bounds[0])
		},
		"the last day is lost": func(from, to time.Time, zone *time.Location) []time.Time {
			bounds := closure.Days(from, to, zone)
			return append(bounds[:max(1, len(bounds)-2)], bounds[len(bounds)-1])
		},
	}
	for name, days := range planted {
		if _, err := huntDays(1, strangeZones, 40, days); err == nil {
			t.Errorf("nothing is found wrong with: %s", name)
		}
	}
}

// Every closing of the range is in one day, and no other closing is.
func TestDaysSumToTheRange(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, name := range strangeZones {
		zone := mustLoad(name)
		for _, change := range changesOf(zone) {
			from, to := change.AddDate(0, 0, -rng.IntN(3)), change.Add(time.Duration(1+rng.IntN(72*60))*time.Minute)
			records := drawn(rng, 20)
			records[0].At, records[1].At, records[2].At, records[3].At = from, to, to.Add(-1), from.Add(-1)
			var want int64
			for i := range records {
				if i > 3 {
					records[i].At = from.Add(time.Duration(rng.IntN(6*24*60)-24*60) * time.Minute)
				}
				if (closure.Filter{From: from, To: to}).Selects(records[i], time.Time{}) {
					want++
				}
			}
			var got int64
			for _, g := range closure.Tally(slices.Values(records), closure.Breakdown{By: []closure.Dimension{closure.ByDay}, Days: closure.Days(from, to, zone)}) {
				got += g.Closings
			}
			if got != want {
				t.Errorf("seed %d, %s from %v to %v: %d closings in days, want %d", seed, name, from, to, got, want)
			}
		}
	}
}

// A zone that nobody has, farther off than any: its days are days, and they end.
func TestDaysOfAZoneFarOff(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, hours := range []int{-300_000, -48, -27, 27, 48, 300_000} {
		zone := time.FixedZone("", hours*3600)
		days := closure.Days(from, from.AddDate(0, 0, 3), zone)
		if len(days) != 5 {
			t.Errorf("%d hours off: %v, want a part of a day at each end and two between", hours, days)
			continue
		}
		for _, at := range days[1:4] {
			if h, m, s := at.In(zone).Clock(); h+m+s != 0 {
				t.Errorf("%d hours off: a day begins at %v", hours, at.In(zone))
			}
		}
	}
}

func BenchmarkDays(b *testing.B) {
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		closure.Days(from, from.AddDate(0, 0, 4000), paris)
	}
}
