package snooze_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/snooze"
)

// monday is 10:00 in Paris, before the clocks go forward on 29 March.
var monday = time.Date(2026, 3, 23, 9, 0, 0, 0, time.UTC)

func TestResolveInstants(t *testing.T) {
	t.Parallel()
	paris := mustLoad(t, "Europe/Paris")
	tests := []struct {
		name  string
		until snooze.Until
		now   time.Time
		want  time.Time
	}{
		{"short", snooze.For(snooze.Short), monday, monday.Add(3 * time.Hour)},
		{"beyond a day is allowed", snooze.For(snooze.Long + 1000), monday, monday.Add(24*time.Hour + 1000)},
		{"one microsecond", snooze.For(time.Microsecond), monday, monday.Add(time.Microsecond)},
		{"nanoseconds are cut off", snooze.For(1999), monday, monday.Add(time.Microsecond)},
		{"nanoseconds of now are cut off", snooze.For(1000), monday.Add(999), monday.Add(time.Microsecond)},
		{"both are cut off apart", snooze.For(1999), monday.Add(500), monday.Add(time.Microsecond)},
		{"the horizon itself", snooze.For(snooze.Horizon), monday, monday.Add(snooze.Horizon)},
		{"an instant becomes UTC", snooze.At(monday.Add(time.Hour).In(paris)), monday, monday.Add(time.Hour)},
		{"an instant is cut down", snooze.At(monday.Add(1999)), monday, monday.Add(time.Microsecond)},
		{"an instant at the horizon", snooze.At(monday.Add(snooze.Horizon)), monday, monday.Add(snooze.Horizon)},
		{"an instant cut down to the horizon", snooze.At(monday.Add(snooze.Horizon + 999)), monday, monday.Add(snooze.Horizon)},
		{"now in another zone", snooze.For(time.Hour), monday.In(paris), monday.Add(time.Hour)},
		{"no deadline", snooze.UntilReply(), monday, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.until.Resolve(tt.now)
			// ==, not Equal: the location and the monotonic reading count too.
			if err != nil || got != (snooze.Deadline{At: tt.want}) {
				t.Errorf("Resolve(%v) = %v, %v, want %v", tt.now, got, err, tt.want)
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	local, zone := "2026-03-24T09:00", "Europe/Paris"
	tests := []struct {
		name  string
		until snooze.Until
		errs  []error
		says  string
	}{
		{"nothing", snooze.Until{}, []error{snooze.ErrChoice, snooze.ErrPast}, "none"},
		{"no duration", snooze.For(0), []error{snooze.ErrChoice, snooze.ErrPast}, "zero duration"},
		{"no instant", snooze.At(time.Time{}), []error{snooze.ErrChoice, snooze.ErrPast}, "zero duration or instant"},
		{"two ways", snooze.Until{Reply: true, For: time.Hour}, []error{snooze.ErrChoice}, "got 2"},
		{"four ways", snooze.Until{Reply: true, For: 1, At: monday, Zone: zone}, []error{snooze.ErrChoice}, "got 4"},
		{"local and for", snooze.Until{For: time.Hour, Local: local, Zone: zone}, []error{snooze.ErrChoice}, "got 2"},
		{"no zone", snooze.Calendar(local, ""), []error{snooze.ErrChoice, snooze.ErrZone}, local},
		{"no local", snooze.Calendar("", zone), []error{snooze.ErrChoice}, zone},
		{"negative", snooze.For(-3 * time.Hour), []error{snooze.ErrPast}, "-3h0m0s"},
		{"most negative", snooze.For(math.MinInt64), []error{snooze.ErrPast}, "-2562047h"},
		{"less than a microsecond", snooze.For(999), []error{snooze.ErrPast}, "999ns"},
		{"too long", snooze.For(snooze.Horizon + 1), []error{snooze.ErrHorizon}, "9600h0m0.000000001s"},
		{"longest", snooze.For(math.MaxInt64), []error{snooze.ErrHorizon}, "2562047h"},
		{"now", snooze.At(monday), []error{snooze.ErrPast}, "2026-03-23 09:00:00"},
		{"now when cut down", snooze.At(monday.Add(999)), []error{snooze.ErrPast}, "2026-03-23"},
		{"a moment ago", snooze.At(monday.Add(-1)), []error{snooze.ErrPast}, "08:59:59.999999999"},
		{"long ago", snooze.At(time.Unix(math.MinInt32, 0)), []error{snooze.ErrPast}, "1901"},
		{"too far", snooze.At(monday.Add(snooze.Horizon + time.Microsecond)), []error{snooze.ErrHorizon}, "2027-04-27"},
		{"end of time", snooze.At(time.Unix(1<<40, 0)), []error{snooze.ErrHorizon}, "36812"},
		{"calendar past", snooze.Calendar("2026-03-23T10:00", zone), []error{snooze.ErrPast}, "2026-03-23T10:00 in Europe/Paris"},
		{"calendar too far", snooze.Calendar("2027-04-27T11:00:01", zone), []error{snooze.ErrHorizon}, "2027-04-27T11:00:01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.until.Resolve(monday)
			if got != (snooze.Deadline{}) {
				t.Errorf("Resolve = %v, want no deadline", got)
			}
			wantErrors(t, err, tt.errs, tt.says)
		})
	}
}

func TestResolveIgnoresMonotonicClock(t *testing.T) {
	t.Parallel()
	now := time.Now() // has a monotonic reading
	got, err := snooze.For(time.Hour).Resolve(now)
	want := now.Add(time.Hour).UTC().Truncate(time.Microsecond)
	if err != nil || got.At != want {
		t.Errorf("Resolve(%v) = %v, %v, want %v", now, got, err, want)
	}
	_, err = snooze.At(monday).Resolve(now)
	if err == nil || strings.Contains(err.Error(), "m=") {
		t.Errorf("error = %v, want one without a monotonic reading", err)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"for", snooze.For(3 * time.Hour), `{"for":10800000000000}`},
		{"at", snooze.At(monday), `{"at":"2026-03-23T09:00:00Z"}`},
		{"calendar", snooze.Calendar("2026-03-24T09:00", "UTC"), `{"local":"2026-03-24T09:00","zone":"UTC"}`},
		{"reply", snooze.UntilReply(), `{"reply":true}`},
		{"deadline", snooze.Deadline{At: monday, Local: "2026-03-23T09:00", Zone: "UTC"},
			`{"at":"2026-03-23T09:00:00Z","local":"2026-03-23T09:00","zone":"UTC"}`},
		{"no deadline", snooze.Deadline{}, `{}`},
		{"hours", snooze.Hours{Zone: "UTC", Spans: []snooze.Span{{Day: time.Friday, From: 1320, To: 1800}}},
			`{"zone":"UTC","spans":[{"day":5,"from":1320,"to":1800}]}`},
		{"suggestion", snooze.Suggestion{Until: snooze.For(time.Hour), AtEnd: snooze.Release},
			`{"until":{"for":3600000000000},"at_end":"release"}`},
		{"stored codes", []any{snooze.Keep, snooze.Release, snooze.Wake, snooze.StayAsleep},
			`["keep","release","wake","stay_asleep"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.value)
			if diff := cmp.Diff(tt.want, string(got)); err != nil || diff != "" {
				t.Errorf("Marshal: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// wantErrors checks that err wraps every one of want and says says.
func wantErrors(t *testing.T, err error, want []error, says string) {
	t.Helper()
	for _, w := range want {
		if !errors.Is(err, w) {
			t.Errorf("error = %v, want one that wraps %q", err, w)
		}
	}
	if err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("error = %q, want it to name %q", err, says)
	}
}

func mustLoad(tb testing.TB, zone string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}
