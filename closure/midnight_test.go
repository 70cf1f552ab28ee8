package closure_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

// On 30 March 1919 the clocks of Toronto went from 23:30 to 0:30: the next day began in the middle of an hour.
func TestADayThatBeginsWithinAnHour(t *testing.T) {
	t.Parallel()
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(1919, time.March, 30, 12, 0, 0, 0, time.UTC)
	to := from.Add(48 * time.Hour)
	want := []time.Time{
		from, time.Date(1919, time.March, 31, 4, 30, 0, 0, time.UTC), time.Date(1919, time.April, 1, 4, 0, 0, 0, time.UTC), to,
	}
	got := closure.Days(from.In(toronto), to.In(toronto), toronto)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, at := range got {
		if at.Location() != time.UTC {
			t.Errorf("%v is not in UTC", at)
		}
	}
}

func TestKeysOfVeryManyDays(t *testing.T) {
	t.Parallel()
	for day, want := range map[int]string{0: "00000", 99_999: "99999", 100_000: "100000"} {
		if got := closure.DayKey(day); got != want {
			t.Errorf("DayKey(%d) = %q", day, got)
		}
	}
}
