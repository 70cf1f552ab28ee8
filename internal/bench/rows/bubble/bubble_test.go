// Package bubble_test holds the side of row clock that runs in tests only.
package bubble_test

import (
	"flag"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var timers = flag.Int("timers", 100, "how many timers ring in a year")

// TestYear prints how long a year takes.
func TestYear(t *testing.T) {
	began := time.Now() // outside of the bubble, where time is real
	synctest.Test(t, func(t *testing.T) {
		const year = 365 * 24 * time.Hour
		var rang atomic.Int64
		for i := range *timers {
			time.AfterFunc(time.Duration(i+1)*(year/time.Duration(*timers+1)), func() { rang.Add(1) })
		}
		time.Sleep(year)
		synctest.Wait()
		if got := rang.Load(); got != int64(*timers) {
			t.Fatalf("%d rang, want %d", got, *timers)
		}
	})
	t.Logf("took %d ns", time.Since(began).Nanoseconds())
}
