package lifecycletest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
)

// rang returns what a channel has received so far, or the zero time.
func rang(c <-chan time.Time) time.Time {
	select {
	case at := <-c:
		return at
	default:
		return time.Time{}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	start := lifecycletest.Start
	c := lifecycletest.NewClock(start)
	if got := c.Now(); !got.Equal(start) {
		t.Fatalf("it stands at %v, want %v", got, start)
	}
	if got := rang(c.After(0)); !got.Equal(start) {
		t.Errorf("what is now was sent at %v", got)
	}
	if got := rang(c.After(-time.Hour)); !got.Equal(start) {
		t.Errorf("what has passed was sent at %v, want now", got)
	}
	day, minute, hour := c.After(24*time.Hour), c.After(time.Minute), c.After(time.Hour)
	if got := rang(minute); !got.IsZero() {
		t.Errorf("nobody moved the clock, and it rang at %v", got)
	}
	c.Set(start.Add(-time.Hour))
	if got := rang(minute); !got.IsZero() || !c.Now().Equal(start.Add(-time.Hour)) {
		t.Errorf("set back to %v, it rang at %v", c.Now(), got)
	}
	c.Add(2 * time.Hour)
	got := []time.Time{rang(minute), rang(hour), rang(day), c.Now()}
	want := []time.Time{start.Add(time.Minute), start.Add(time.Hour), {}, start.Add(time.Hour)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("minute, hour, day, now (-want +got):\n%s", diff)
	}
	c.Add(24 * time.Hour)
	if got := rang(day); !got.Equal(start.Add(24 * time.Hour)) {
		t.Errorf("the day rang at %v", got)
	}
	if got := rang(minute); !got.IsZero() {
		t.Errorf("the minute rang again at %v", got)
	}
}

// TestClockHasManyWaits: the order in which they were asked for does not matter.
func TestClockHasManyWaits(t *testing.T) {
	t.Parallel()
	const n = 1000
	c := lifecycletest.NewClock(lifecycletest.Start)
	var waits [n]<-chan time.Time
	for i := range n {
		waits[i] = c.After(time.Duration(1+i*7919%n) * time.Second)
	}
	for second := range n {
		c.Add(time.Second)
		for i := range n {
			got, due := rang(waits[i]), i*7919%n == second
			if due != !got.IsZero() || due && !got.Equal(c.Now()) {
				t.Fatalf("at %v, wait %d rang at %v", c.Now(), i, got)
			}
		}
	}
}
