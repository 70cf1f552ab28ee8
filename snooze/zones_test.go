package snooze_test

import (
	"archive/zip"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/snooze"
)

// The promises about calendar times are checked at every change of the clocks
// from 2020 to 2037 in every zone of the IANA database.
var (
	firstYear = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	lastYear  = time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
)

// A question is a calendar time and when it is asked.
type question struct {
	now   time.Time
	until snooze.Until
	means time.Time // the calendar time that a preset should name, written as UTC; zero: it is no preset
}

// An answerer makes the presets of a dialog, and resolves what was chosen: the
// package, or one that must be caught.
type answerer struct {
	tomorrow func(now time.Time, zone string, hour int) (snooze.Until, error)
	monday   func(now time.Time, zone string, hour int) (snooze.Until, error)
	resolve  func(q question, loc *time.Location) time.Time
}

var ours = answerer{
	tomorrow: func(now time.Time, zone string, hour int) (snooze.Until, error) {
		return snooze.Tomorrow(now, zone, hour, 0)
	},
	monday: func(now time.Time, zone string, hour int) (snooze.Until, error) {
		return snooze.Next(now, time.Monday, zone, hour, 0)
	},
	resolve: func(q question, _ *time.Location) time.Time {
		d, err := q.until.Resolve(q.now)
		if err != nil {
			return time.Time{}
		}
		return d.At
	},
}

// TestClock asks for tomorrow 9:00, tomorrow's midnight, next Monday 9:00, its
// midnight, and the very minutes that are left out or come twice, around every
// change of the clocks of every zone from 2020 to 2037.
func TestClock(t *testing.T) {
	t.Parallel()
	names := zoneNames(t)
	zones := fewer(t, names)
	n := checkZones(t, zones, ours, check)
	n.report(t)
	proof.Count(t, proof.Figure{
		Suite: "clock", Tried: n.asked, Trials: "calendar times", Broken: int64(len(n.wrong)), Breaks: "early, late or in the past",
		Details: fmt.Sprintf("every change of the clocks 2020 to 2037 in %d of %d zones, %s; %s in a gap, all at its end",
			len(zones), len(names), proof.Grouped(n.changes), proof.Grouped(n.inGap)),
	})
	if len(zones) == len(names) && (n.changes < 5_000 || n.inGap < 5_000) {
		t.Errorf("%d changes, %d times in a gap: the search for changes finds too few", n.changes, n.inGap)
	}
}

// A check that never fails shows nothing: these are the plausible wrong ways.
func TestClockCatches(t *testing.T) {
	t.Parallel()
	resolving := func(r func(q question, loc *time.Location) time.Time) answerer {
		wrong := ours
		wrong.resolve = r
		return wrong
	}
	later := func(loc *time.Location, t time.Time) time.Time {
		if again := t.Add(time.Hour); civil(again, loc).Equal(civil(t, loc)) {
			return again
		}
		return t
	}
	faults := map[string]answerer{
		"what time.Date chooses": resolving(func(q question, loc *time.Location) time.Time {
			at, _ := time.ParseInLocation("2006-01-02T15:04", q.until.Local, loc)
			return at.UTC()
		}),
		"24 hours later": resolving(func(q question, loc *time.Location) time.Time {
			y, m, d := q.now.In(loc).Date()
			today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
			passed := civil(q.now, loc).Sub(today)
			return q.now.Add(wanted(q).Sub(today) - passed)
		}),
		"the later of two": resolving(func(q question, loc *time.Location) time.Time {
			return later(loc, ours.resolve(q, loc))
		}),
		"a minute late": resolving(func(q question, loc *time.Location) time.Time {
			return ours.resolve(q, loc).Add(time.Minute)
		}),
		"a microsecond early": resolving(func(q question, loc *time.Location) time.Time {
			return ours.resolve(q, loc).Add(-time.Microsecond)
		}),
		"late by the whole gap": resolving(func(q question, loc *time.Location) time.Time {
			at := ours.resolve(q, loc)
			return at.Add(civil(at, loc).Sub(wanted(q)))
		}),
		"early in a gap": resolving(func(q question, loc *time.Location) time.Time {
			at := ours.resolve(q, loc)
			return at.Add(wanted(q).Sub(civil(at, loc)))
		}),
		"the winter's offset all year": resolving(func(q question, loc *time.Location) time.Time {
			want := wanted(q)
			return want.Add(-offset(loc, time.Date(want.Year(), time.January, 1, 0, 0, 0, 0, time.UTC)))
		}),
		"the zone is forgotten": resolving(func(q question, _ *time.Location) time.Time { return wanted(q) }),
	}
	dayAfter := ours
	dayAfter.tomorrow = func(now time.Time, zone string, hour int) (snooze.Until, error) {
		return snooze.Tomorrow(now.Add(24*time.Hour), zone, hour, 0)
	}
	faults["tomorrow is the day after"] = dayAfter
	inUTC := ours
	inUTC.tomorrow = func(now time.Time, zone string, hour int) (snooze.Until, error) {
		y, m, d := now.UTC().Date()
		return snooze.Calendar(time.Date(y, m, d+1, hour, 0, 0, 0, time.UTC).Format("2006-01-02T15:04"), zone), nil
	}
	faults["today is what it is in UTC"] = inUTC
	sunday := ours
	sunday.monday = func(now time.Time, zone string, hour int) (snooze.Until, error) {
		return snooze.Next(now.Add(-24*time.Hour), time.Monday, zone, hour, 0)
	}
	faults["next Monday may be today"] = sunday

	for _, name := range slices.Sorted(maps.Keys(faults)) {
		zone := []string{"Asia/Tehran"} // whose clocks were last changed in 2022, at midnight
		checked, scanned := checkZones(t, zone, faults[name], check), checkZones(t, zone, faults[name], scan)
		proof.Planted(t, "clock", name, len(checked.wrong) > 0 && len(scanned.wrong) > 0)
	}
}

// TestClockByScanning asks about the zones with the strangest changes, against a
// clock that is watched minute by minute.
func TestClockByScanning(t *testing.T) {
	t.Parallel()
	strange := []string{
		"Europe/Paris", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "Africa/Cairo",
		"Asia/Beirut", "Asia/Gaza", "America/Havana", "Asia/Tehran", "America/Scoresbysund", "America/Nuuk",
		"Atlantic/Azores", "Europe/Dublin", "Pacific/Apia", "Pacific/Chatham", "America/Santiago", "America/Asuncion",
	}
	if testing.Short() {
		strange = strange[8:9]
	}
	n := checkZones(t, strange, ours, scan)
	n.report(t)
	names := zoneNames(t)
	seed := proof.Seed(t)
	rnd := rand.New(rand.NewPCG(seed, 0))
	var random tallied
	for range proof.Size(t, 2000) {
		zone := names[rnd.IntN(len(names))]
		loc := mustLoad(t, zone)
		now := firstYear.Add(time.Duration(rnd.IntN(18*365*24*60)) * time.Minute)
		ahead := time.Duration(1+rnd.IntN(10*24*60)) * time.Minute
		local := civil(now, loc).Add(ahead).Format("2006-01-02T15:04")
		random.ask(question{now: now, until: snooze.Calendar(local, zone)}, loc, ours, scan)
	}
	random.report(t)
	proof.Count(t, proof.Figure{
		Suite: "clock", Tried: n.asked + random.asked, Trials: "calendar times by a clock watched minute by minute",
		Broken: int64(len(n.wrong) + len(random.wrong)), Breaks: "differences",
		Details: fmt.Sprintf("around the changes of %d strange zones, and at random in all", len(strange)), Seed: seed,
	})
}

// fewer are a few of the zones in a short run, other ones each time.
func fewer(t *testing.T, zones []string) []string {
	if !testing.Short() {
		return zones
	}
	step := max(len(zones)/7, 9)
	var some []string
	for i := int(proof.Seed(t) % uint64(step)); i < len(zones); i += step {
		some = append(some, zones[i])
	}
	t.Logf("only %v", some)
	return some
}

// A checkFunc says what is wrong with got as the answer to q.
type checkFunc func(q question, loc *time.Location, got time.Time) error

// A tallied is what was asked, and what came of it.
type tallied struct {
	asked, changes, inGap int64
	wrong                 []error
}

func (n *tallied) ask(q question, loc *time.Location, a answerer, c checkFunc) {
	n.asked++
	if !q.means.IsZero() && !q.means.Equal(wanted(q)) {
		n.wrong = append(n.wrong, fmt.Errorf("at %v the preset names %v, want %v", q.now, q.until, q.means))
		return
	}
	got := a.resolve(q, loc)
	if err := c(q, loc, got); err != nil {
		n.wrong = append(n.wrong, err)
	} else if !civil(got, loc).Equal(wanted(q)) {
		n.inGap++
	}
}

func (n *tallied) report(t *testing.T) {
	t.Helper()
	if len(n.wrong) > 0 {
		t.Errorf("%d of %d wrong, the first: %v", len(n.wrong), n.asked, n.wrong[0])
	}
}

// checkZones asks about every change of the zones.
func checkZones(tb testing.TB, zones []string, a answerer, c checkFunc) (n tallied) {
	tb.Helper()
	for _, zone := range zones {
		loc := mustLoad(tb, zone)
		changes := changesOf(loc)
		n.changes += int64(len(changes))
		for _, q := range questions(tb, zone, loc, changes, a) {
			n.ask(q, loc, a, c)
		}
	}
	return n
}

// questions asks around each change, and once on an ordinary day.
func questions(tb testing.TB, zone string, loc *time.Location, changes []time.Time, a answerer) []question {
	tb.Helper()
	all := presets(tb, monday, zone, loc, a)
	for _, at := range changes {
		for _, before := range []time.Duration{50 * time.Hour, 26 * time.Hour, 90 * time.Minute, time.Minute, -time.Minute} {
			all = append(all, presets(tb, at.Add(-before), zone, loc, a)...)
		}
		before, after := civil(at.Add(-time.Minute), loc), civil(at, loc)
		middle := before.Add(after.Sub(before) / 2).Truncate(time.Minute)
		for _, local := range []time.Time{before, middle, after, before.Add(time.Minute)} {
			u := snooze.Calendar(local.Format("2006-01-02T15:04"), zone)
			all = append(all, question{now: at.Add(-25 * time.Hour), until: u})
			if local.Before(before) { // shown twice
				all = append(all, question{now: at.Add(-time.Minute), until: u})
			}
		}
	}
	return all
}

// presets are those of a dialog, with what they mean by the calendar on the wall.
func presets(tb testing.TB, now time.Time, zone string, loc *time.Location, a answerer) []question {
	tb.Helper()
	today := civil(now, loc).Truncate(24 * time.Hour)
	next := today.AddDate(0, 0, 1)
	for next.Weekday() != time.Monday {
		next = next.AddDate(0, 0, 1)
	}
	var all []question
	for _, hour := range []int{9, 0} {
		tomorrow, err := a.tomorrow(now, zone, hour)
		week, err2 := a.monday(now, zone, hour)
		if err != nil || err2 != nil {
			tb.Fatal(zone, err, err2)
		}
		of := time.Duration(hour) * time.Hour
		all = append(all,
			question{now, tomorrow, today.AddDate(0, 0, 1).Add(of)},
			question{now, week, next.Add(of)})
	}
	return all
}

// changesOf finds the changes by bisecting the days with different offsets.
func changesOf(loc *time.Location) []time.Time {
	var changes []time.Time
	for day := firstYear; day.Before(lastYear); day = day.AddDate(0, 0, 1) {
		from, to := day, day.AddDate(0, 0, 1)
		if offset(loc, from) == offset(loc, to) {
			continue
		}
		for to.Sub(from) > time.Second {
			if half := from.Add(to.Sub(from) / 2); offset(loc, half) == offset(loc, day) {
				from = half
			} else {
				to = half
			}
		}
		changes = append(changes, to.Truncate(time.Second))
	}
	return changes
}

// zoneNames lists the database that comes with the Go toolchain.
func zoneNames(tb testing.TB) []string {
	tb.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		tb.Fatal(err)
	}
	database, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		tb.Fatal(err)
	}
	defer database.Close()
	var names []string
	for _, f := range database.File {
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	return names
}
