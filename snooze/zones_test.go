package snooze_test

import (
	"archive/zip"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
}

// A resolver answers a question: the package, or one that must be caught.
type resolver func(q question, loc *time.Location) time.Time

func resolve(q question, _ *time.Location) time.Time {
	d, err := q.until.Resolve(q.now)
	if err != nil {
		return time.Time{}
	}
	return d.At
}

func TestEveryChangeOfEveryZone(t *testing.T) {
	t.Parallel()
	asked, wrong := checkZones(t, zoneNames(t), resolve, check)
	if len(wrong) > 0 {
		t.Errorf("%d of %d wrong, the first: %v", len(wrong), asked, wrong[0])
	}
	t.Logf("%d questions", asked)
	if asked < 10_000 {
		t.Errorf("only %d questions: the search for changes finds too few", asked)
	}
}

// A check that never fails shows nothing: these are the plausible wrong ways.
func TestEveryZoneCatches(t *testing.T) {
	t.Parallel()
	naive := map[string]resolver{
		"time.Date": func(q question, loc *time.Location) time.Time {
			at, _ := time.ParseInLocation("2006-01-02T15:04", q.until.Local, loc)
			return at.UTC()
		},
		"24 hours later": func(q question, loc *time.Location) time.Time {
			y, m, d := q.now.In(loc).Date()
			today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
			passed := civil(q.now, loc).Sub(today)
			return q.now.Add(wanted(q).Sub(today) - passed)
		},
		"the later of two": func(q question, loc *time.Location) time.Time {
			at := resolve(q, loc)
			if again := at.Add(time.Hour); civil(again, loc).Equal(wanted(q)) {
				return again
			}
			return at
		},
		"a minute late": func(q question, loc *time.Location) time.Time {
			return resolve(q, loc).Add(time.Minute)
		},
	}
	zones := []string{"Europe/Paris", "America/New_York", "Australia/Lord_Howe"}
	for name, r := range naive {
		for checker, c := range map[string]checkFunc{"check": check, "scan": scan} {
			if _, wrong := checkZones(t, zones, r, c); len(wrong) == 0 {
				t.Errorf("%s finds nothing wrong with %q", checker, name)
			}
		}
	}
}

// The zones with the strangest changes, against a clock that is watched minute
// by minute.
func TestStrangeZonesByScanning(t *testing.T) {
	t.Parallel()
	asked, wrong := checkZones(t, []string{
		"Europe/Paris", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "Africa/Cairo",
		"Asia/Beirut", "Asia/Gaza", "America/Havana", "America/Santiago", "America/Scoresbysund", "America/Nuuk",
		"Atlantic/Azores", "Europe/Dublin", "Pacific/Apia", "Pacific/Chatham", "Asia/Tehran", "America/Asuncion",
	}, resolve, scan)
	if len(wrong) > 0 {
		t.Errorf("%d of %d wrong, the first: %v", len(wrong), asked, wrong[0])
	}
	t.Logf("%d questions", asked)
}

func TestRandomTimesByScanning(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	names := zoneNames(t)
	for range 500 {
		zone := names[rnd.IntN(len(names))]
		loc := mustLoad(t, zone)
		now := firstYear.Add(time.Duration(rnd.IntN(18*365*24*60)) * time.Minute)
		ahead := time.Duration(1+rnd.IntN(10*24*60)) * time.Minute
		local := civil(now, loc).Add(ahead).Format("2006-01-02T15:04")
		q := question{now, snooze.Calendar(local, zone)}
		if err := scan(q, loc, resolve(q, loc)); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// A checkFunc says what is wrong with got as the answer to q.
type checkFunc func(q question, loc *time.Location, got time.Time) error

// checkZones asks r about every change of the zones. Zones that share their
// changes, as links do, are asked once.
func checkZones(tb testing.TB, zones []string, r resolver, c checkFunc) (asked int, wrong []error) {
	tb.Helper()
	seen := map[string]bool{}
	for _, zone := range zones {
		loc := mustLoad(tb, zone)
		changes := changesOf(loc)
		key := fmt.Sprint(offset(loc, firstYear))
		for _, at := range changes {
			key += fmt.Sprint(" ", at.Unix(), offset(loc, at))
		}
		if seen[key] {
			changes = nil
		}
		seen[key] = true
		for _, q := range questions(tb, zone, loc, changes) {
			asked++
			if err := c(q, loc, r(q, loc)); err != nil {
				wrong = append(wrong, err)
			}
		}
	}
	return asked, wrong
}

// questions asks around each change, and once on an ordinary day.
func questions(tb testing.TB, zone string, loc *time.Location, changes []time.Time) []question {
	tb.Helper()
	all := presets(tb, monday, zone)
	for _, at := range changes {
		for _, before := range []time.Duration{26 * time.Hour, 90 * time.Minute, time.Minute, -time.Minute} {
			all = append(all, presets(tb, at.Add(-before), zone)...)
		}
		before, after := civil(at.Add(-time.Minute), loc), civil(at, loc)
		middle := before.Add(after.Sub(before) / 2).Truncate(time.Minute)
		for _, local := range []time.Time{before, middle, after, before.Add(time.Minute)} {
			u := snooze.Calendar(local.Format("2006-01-02T15:04"), zone)
			all = append(all, question{at.Add(-25 * time.Hour), u})
			if local.Before(before) { // shown twice
				all = append(all, question{at.Add(-time.Minute), u})
			}
		}
	}
	return all
}

func presets(tb testing.TB, now time.Time, zone string) []question {
	tb.Helper()
	morning, err1 := snooze.Tomorrow(now, zone, 9, 0)
	midnight, err2 := snooze.Tomorrow(now, zone, 0, 0)
	week, err3 := snooze.Next(now, time.Monday, zone, 9, 0)
	if err1 != nil || err2 != nil || err3 != nil {
		tb.Fatal(zone, err1, err2, err3)
	}
	return []question{{now, morning}, {now, midnight}, {now, week}}
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
