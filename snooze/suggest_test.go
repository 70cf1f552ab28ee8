package snooze_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/adjourn/adjourn/snooze"
)

// office returns Monday to Friday, 9:00 to 12:00 and 13:00 to 17:00.
func office(zone string) *snooze.Hours {
	h := &snooze.Hours{Zone: zone}
	for day := time.Monday; day <= time.Friday; day++ {
		h.Spans = append(h.Spans, snooze.Span{Day: day, From: 540, To: 720}, snooze.Span{Day: day, From: 780, To: 1020})
	}
	return h
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	always := &snooze.Hours{Zone: "UTC"}
	for day := time.Sunday; day <= time.Saturday; day++ {
		always.Spans = append(always.Spans, snooze.Span{Day: day, From: 0, To: 1440})
	}
	night := &snooze.Hours{Zone: "UTC", Spans: []snooze.Span{{Day: time.Sunday, From: 1320, To: 1800}}}
	at := func(s string) snooze.Until { return snooze.At(parse(t, s)) }
	short, long := snooze.For(snooze.Short), snooze.For(snooze.Long)
	tests := []struct {
		name, now string
		online    bool
		hours     *snooze.Hours
		until     snooze.Until
		atEnd     snooze.AtEnd
	}{
		{"online", "2026-03-23T09:00:00Z", true, nil, short, snooze.Keep},
		{"gone", "2026-03-23T09:00:00Z", false, nil, long, snooze.Keep},
		{"always there, online", "2026-03-23T22:00:00Z", true, always, short, snooze.Keep},
		{"always there, gone", "2026-03-23T22:00:00Z", false, always, long, snooze.Keep},
		{"never there", "2026-03-23T09:00:00Z", true, &snooze.Hours{Zone: "UTC"}, short, snooze.Release},

		{"in the hours", "2026-03-23T13:00:00Z", true, office("UTC"), short, snooze.Keep},
		{"at the opening", "2026-03-23T10:00:00Z", true, office("UTC"), short, snooze.Keep},
		{"over lunch", "2026-03-23T09:30:00Z", true, office("UTC"), at("2026-03-23T13:00:00Z"), snooze.Keep},
		{"at the close", "2026-03-23T14:00:00Z", true, office("UTC"), at("2026-03-23T16:30:00Z"), snooze.Keep},
		{"over night", "2026-03-23T16:59:00Z", true, office("UTC"), at("2026-03-24T09:00:00Z"), snooze.Keep},
		{"the same tomorrow", "2026-03-23T11:00:00Z", false, office("UTC"), long, snooze.Keep},
		{"tomorrow, earlier than now", "2026-03-23T18:00:00Z", false, office("UTC"), at("2026-03-24T16:30:00Z"), snooze.Keep},
		{"in the zone of the agent", "2026-03-23T23:00:00Z", false, office("Asia/Tokyo"), at("2026-03-24T07:30:00Z"), snooze.Keep},

		{"the last hours of Friday", "2026-03-27T15:00:00Z", true, office("UTC"), at("2026-03-27T16:30:00Z"), snooze.Keep},
		{"Friday, for later on Friday", "2026-03-27T11:59:00Z", false, office("UTC"), at("2026-03-27T16:30:00Z"), snooze.Keep},
		{"an hour before the weekend", "2026-03-27T16:00:00Z", false, office("UTC"), at("2026-03-27T16:30:00Z"), snooze.Keep},
		{"59 minutes before the weekend", "2026-03-27T16:01:00Z", false, office("UTC"), long, snooze.Release},
		{"weekend", "2026-03-27T17:00:00Z", false, office("UTC"), long, snooze.Release},
		{"weekend, online", "2026-03-28T08:59:00Z", true, office("UTC"), short, snooze.Release},
		{"opening in exactly a day", "2026-03-29T09:00:00Z", true, office("UTC"), at("2026-03-30T09:00:00Z"), snooze.Keep},
		{"opening in more than a day", "2026-03-29T08:59:59Z", true, office("UTC"), short, snooze.Release},

		{"in a night that began yesterday", "2026-03-23T00:30:00Z", true, night, short, snooze.Keep},
		{"before the end of that night", "2026-03-23T04:00:00Z", true, night, at("2026-03-23T05:30:00Z"), snooze.Keep},

		{"the nearer of a close and an opening", "2026-03-23T08:00:00Z", true,
			&snooze.Hours{Zone: "UTC", Spans: []snooze.Span{{Day: time.Monday, From: 540, To: 600}, {Day: time.Monday, From: 780, To: 1020}}},
			at("2026-03-23T09:30:00Z"), snooze.Keep},

		// Paris works from 7:00 to 8:00 UTC on Sunday 29 March, not from 8:00.
		{"the clocks go forward", "2026-03-28T20:00:00Z", false,
			&snooze.Hours{Zone: "Europe/Paris", Spans: []snooze.Span{{Day: time.Sunday, From: 540, To: 600}}},
			at("2026-03-29T07:30:00Z"), snooze.Keep},
		{"hours that are in the gap", "2026-03-28T20:00:00Z", false,
			&snooze.Hours{Zone: "Europe/Paris", Spans: []snooze.Span{{Day: time.Sunday, From: 120, To: 180}}},
			long, snooze.Release},
		{"opening in the gap, asked within a second", "2026-03-28T22:30:00.5Z", false,
			&snooze.Hours{Zone: "Europe/Paris", Spans: []snooze.Span{{Day: time.Sunday, From: 150, To: 300}}},
			at("2026-03-29T02:30:00Z"), snooze.Keep},
		{"a day is two dates ahead", "2026-03-28T22:30:00Z", false, // 23:30 in Paris
			&snooze.Hours{Zone: "Europe/Paris", Spans: []snooze.Span{{Day: time.Monday, From: 0, To: 60}}},
			long, snooze.Keep},
		{"the clocks go back over midnight", "2010-11-07T02:30:30Z", true, // Sunday, then Saturday 23:01
			&snooze.Hours{Zone: "America/St_Johns", Spans: []snooze.Span{{Day: time.Friday, From: 1439, To: 2879}}},
			short, snooze.Release},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := snooze.Suggest(parse(t, tt.now), tt.online, tt.hours)
			if want := (snooze.Suggestion{Until: tt.until, AtEnd: tt.atEnd}); err != nil || got != want {
				t.Errorf("Suggest = %v, %v, want %v", got, err, want)
			}
		})
	}
}

// Random hours on random days, some of them days on which the clocks change,
// against a clock that is watched minute by minute.
func TestSuggestByScanning(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	days := []time.Time{monday}
	zones := []string{"Europe/Paris", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Antarctica/Troll"}
	for _, zone := range zones {
		days = append(days, changesOf(mustLoad(t, zone))...)
	}
	days = append(days, time.Date(2011, 12, 30, 10, 0, 0, 0, time.UTC)) // of Apia
	zones = append(zones, "Pacific/Apia", "Asia/Kathmandu", "UTC")
	released := 0
	for range 2000 {
		hours := randomHours(rnd, zones[rnd.IntN(len(zones))])
		now := days[rnd.IntN(len(days))].Add(time.Duration(rnd.IntN(48*60)-36*60) * time.Minute)
		online := rnd.IntN(2) == 0
		got, err := snooze.Suggest(now, online, hours)
		if err != nil {
			t.Fatalf("seed %d: Suggest: %v", seed, err)
		}
		end, err := got.Until.Resolve(now)
		wantEnd, wantAtEnd := suggestByScanning(now, online, hours)
		if err != nil || !end.At.Equal(wantEnd) || got.AtEnd != wantAtEnd {
			t.Fatalf("seed %d: Suggest(%v, %t, %v) = %v, %v, %v, want %v, %v",
				seed, now, online, hours, end.At, got.AtEnd, err, wantEnd, wantAtEnd)
		}
		if end.At.After(now.Add(snooze.Long)) {
			t.Fatalf("seed %d: Suggest(%v, %t, %v) = %v, more than a day", seed, now, online, hours, end.At)
		}
		if got.AtEnd == snooze.Release {
			released++
		}
	}
	if released < 100 || released > 1900 {
		t.Errorf("%d of 2000 released: the hours are not varied", released)
	}
}

func randomHours(rnd *rand.Rand, zone string) *snooze.Hours {
	h := &snooze.Hours{Zone: zone}
	for range rnd.IntN(7) {
		from := rnd.IntN(1440)
		longest := []int{90, 600, 1440}[rnd.IntN(3)]
		h.Spans = append(h.Spans, snooze.Span{Day: time.Weekday(rnd.IntN(7)), From: from, To: from + 1 + rnd.IntN(longest)})
	}
	return h
}

// suggestByScanning follows the comment of Suggest literally.
func suggestByScanning(now time.Time, online bool, h *snooze.Hours) (time.Time, snooze.AtEnd) {
	loc, err := time.LoadLocation(h.Zone)
	if err != nil {
		panic(err)
	}
	at := func(n int) time.Time { return now.Add(time.Duration(n) * time.Minute) }
	works := func(n int) bool { return working(at(n), h, loc) }
	opens := func(n int) bool { return works(n) && !works(n-1) }
	end, day := 24*60, 24*60
	if online {
		end = 3 * 60
	}
	if works(end) {
		return at(end), snooze.Keep
	}
	// lasts: the shift goes on for half an hour more, or began just now.
	lasts := func(n int) bool {
		for m := n; m < n+30; m++ {
			if !works(m) {
				return works(n) && opens(n)
			}
		}
		return true
	}
	best := 0
	for n := 30; n <= day; n++ {
		if lasts(n) && (best == 0 || distance(n, end) < distance(best, end)) {
			best = n
		}
	}
	if best > 0 {
		return at(best), snooze.Keep
	}
	return at(end), snooze.Release
}

func distance(a, b int) int { return max(a-b, b-a) }

// working reports whether the clock on the wall is within a span.
func working(t time.Time, h *snooze.Hours, loc *time.Location) bool {
	shown := civil(t, loc)
	minute := shown.Hour()*60 + shown.Minute()
	yesterday := shown.AddDate(0, 0, -1).Weekday()
	for _, s := range h.Spans {
		if s.Day == shown.Weekday() && s.From <= minute && minute < s.To {
			return true
		}
		if s.Day == yesterday && minute+1440 < s.To {
			return true
		}
	}
	return false
}
