package closure_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

func TestTally(t *testing.T) {
	t.Parallel()
	record := func(agent string, outcome closure.Outcome, handling int64, tags ...string) closure.Record {
		r := closure.Record{At: noon, Agent: agent, Outcome: outcome, Tags: tags}
		for f := range r.Figures {
			r.Figures[f] = closure.None
		}
		r.Figures[closure.Handling] = handling
		return r
	}
	records := []closure.Record{
		record("bob", closure.Resolved, 0, "app"),
		record("ann", closure.Resolved, 10, "app", "billing"),
		record("ann", closure.Unresolved, closure.None),
		record("ann", closure.Resolved, 5, "billing"),
	}
	type dimensions = []closure.Dimension
	tests := []struct {
		name string
		of   []closure.Record
		by   dimensions
		want string // keys: closings, values of handling and their sum
	}{
		{"nothing", nil, nil, ""},
		{"nothing by agent", nil, dimensions{closure.ByAgent}, ""},
		{"all together", records, nil, "[]: 4, 3 15"},
		{"by agent", records, dimensions{closure.ByAgent}, "[ann]: 3, 2 15; [bob]: 1, 1 0"},
		{"by agent and outcome", records, dimensions{closure.ByAgent, closure.ByOutcome},
			"[ann resolved]: 2, 2 15; [ann unresolved]: 1, 0 0; [bob resolved]: 1, 1 0"},
		{"by outcome and agent", records, dimensions{closure.ByOutcome, closure.ByAgent},
			"[resolved ann]: 2, 2 15; [resolved bob]: 1, 1 0; [unresolved ann]: 1, 0 0"},
		{"by tag", records, dimensions{closure.ByTag}, "[]: 1, 0 0; [app]: 2, 2 10; [billing]: 2, 2 15"},
		{"by tag and agent", records, dimensions{closure.ByTag, closure.ByAgent},
			"[ ann]: 1, 0 0; [app ann]: 1, 1 10; [app bob]: 1, 1 0; [billing ann]: 2, 2 15"},
		{"by day without days", records, dimensions{closure.ByDay}, ""},
		{"by what there is not", records, dimensions{"weather"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			groups := closure.Tally(slices.Values(tt.of), closure.Breakdown{By: tt.by})
			var got []string
			for _, g := range groups {
				f := g.Figures[closure.Handling]
				got = append(got, fmt.Sprintf("%v: %d, %d %d", g.Keys, g.Closings, f.N, f.Total))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "; ")); diff != "" {
				t.Errorf("Tally (-want +got):\n%s", diff)
			}
		})
	}
}

// keysOf returns the keys of a record in a dimension, told a second time.
func keysOf(r closure.Record, d closure.Dimension, b closure.Breakdown) []string {
	lists := map[closure.Dimension][]string{closure.ByTag: r.Tags, closure.ByArticle: r.Articles}
	single := map[closure.Dimension]string{
		closure.ByOutcome: string(r.Outcome), closure.ByReason: string(r.Reason), closure.ByCause: string(r.Cause),
		closure.BySide: string(r.Side), closure.ByAgent: r.Agent, closure.ByGroup: r.Group,
		closure.BySentiment: string(r.Sentiment), closure.ByGrade: string(r.Grade),
	}
	if list, ok := lists[d]; ok {
		return append(slices.Repeat([]string{""}, max(0, 1-len(list))), list...)
	}
	if key, ok := single[d]; ok {
		return []string{key}
	}
	var days []string
	for i := 0; i+1 < len(b.Days); i++ {
		if !r.At.Before(b.Days[i]) && r.At.Before(b.Days[i+1]) {
			days = append(days, fmt.Sprintf("%05d", i))
		}
	}
	return days
}

// check says what is wrong with groups and spreads of records, told a second
// time: by asking of every group which records are in it.
func check(records []closure.Record, b closure.Breakdown, groups []closure.Group, spread func(closure.Figure, int) []closure.Spread) error {
	in := func(r closure.Record, keys []string) bool {
		for i, d := range b.By {
			if !slices.Contains(keysOf(r, d, b), keys[i]) {
				return false
			}
		}
		return true
	}
	var counted, want int64
	for i, g := range groups {
		if i > 0 && slices.Compare(groups[i-1].Keys, g.Keys) >= 0 {
			return fmt.Errorf("group %q comes after %q", g.Keys, groups[i-1].Keys)
		}
		expected := closure.Group{Keys: g.Keys}
		for _, r := range records {
			if !in(r, g.Keys) {
				continue
			}
			expected.Closings++
			for f, v := range r.Figures {
				if v != closure.None {
					expected.Figures[f].N++
					expected.Figures[f].Total += v
				}
			}
		}
		if diff := cmp.Diff(expected, g); diff != "" {
			return fmt.Errorf("group %q (-want +got):\n%s", g.Keys, diff)
		}
		if g.Closings == 0 {
			return fmt.Errorf("group %q is empty", g.Keys)
		}
		counted += g.Closings
	}
	for _, r := range records {
		combinations := int64(1)
		for _, d := range b.By {
			combinations *= int64(len(keysOf(r, d, b)))
		}
		want += combinations
	}
	if counted != want {
		return fmt.Errorf("the groups have %d closings, want %d", counted, want)
	}
	return checkSpreads(records, in, groups, spread)
}

func checkSpreads(records []closure.Record, in func(closure.Record, []string) bool, groups []closure.Group, spread func(closure.Figure, int) []closure.Spread) error {
	for _, f := range []closure.Figure{closure.FirstResponse, closure.Rating} {
		for _, p := range []int{1, 33, 50, 90, 100} {
			var want []closure.Spread
			for _, g := range groups {
				var values []int64
				for _, r := range records {
					if v := r.Figures[f]; v != closure.None && in(r, g.Keys) {
						values = append(values, v)
					}
				}
				if len(values) > 0 {
					want = append(want, closure.Spread{Keys: g.Keys, N: int64(len(values)), Values: []int64{leastOf(values, p)}})
				}
			}
			if diff := cmp.Diff(want, spread(f, p)); diff != "" && len(want)+len(spread(f, p)) > 0 {
				return fmt.Errorf("%d %% of %s (-want +got):\n%s", p, f, diff)
			}
		}
	}
	return nil
}

// leastOf returns the least value that at least p percent do not exceed.
func leastOf(values []int64, p int) int64 {
	slices.Sort(values)
	for _, least := range values {
		notOver := 0
		for _, v := range values {
			if v <= least {
				notOver++
			}
		}
		if notOver*100 >= p*len(values) {
			return least
		}
	}
	panic("no value is the greatest")
}

// A tallier counts and spreads: the package, or one that must be caught.
type tallier struct {
	tally   func(iter.Seq[closure.Record], closure.Breakdown) []closure.Group
	spreads func(iter.Seq[closure.Record], closure.Breakdown, closure.Figure, []int) []closure.Spread
}

// hunt checks a tallier with random records and breakdowns until something is
// wrong.
func hunt(seed uint64, rounds int, of tallier) error {
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		records := drawn(rng, rng.IntN(60))
		dimensions := closure.Dimensions()
		rng.Shuffle(len(dimensions), func(i, j int) { dimensions[i], dimensions[j] = dimensions[j], dimensions[i] })
		b := closure.Breakdown{By: dimensions[:rng.IntN(4)], Days: closure.Days(noon.AddDate(0, 0, rng.IntN(3)-1), noon.AddDate(0, 0, 7+rng.IntN(5)), paris)}
		groups := of.tally(slices.Values(records), b)
		spread := func(f closure.Figure, p int) []closure.Spread {
			return of.spreads(slices.Values(records), b, f, []int{p})
		}
		if err := check(records, b, groups, spread); err != nil {
			return fmt.Errorf("seed %d, round %d, by %q: %w", seed, round, b.By, err)
		}
	}
	return nil
}

func TestTallyAgainstTheDefinition(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	if err := hunt(seed, 60, tallier{closure.Tally, closure.Spreads}); err != nil {
		t.Error(err)
	}
}

// A check that never fails shows nothing: these are the plausible wrong ways.
func TestTheDefinitionCatches(t *testing.T) {
	t.Parallel()
	changed := func(change func(*closure.Record)) tallier {
		over := func(records iter.Seq[closure.Record]) iter.Seq[closure.Record] {
			return func(yield func(closure.Record) bool) {
				for r := range records {
					change(&r)
					if !yield(r) {
						return
					}
				}
			}
		}
		return tallier{
			func(records iter.Seq[closure.Record], b closure.Breakdown) []closure.Group {
				return closure.Tally(over(records), b)
			},
			func(records iter.Seq[closure.Record], b closure.Breakdown, f closure.Figure, p []int) []closure.Spread {
				return closure.Spreads(over(records), b, f, p)
			},
		}
	}
	planted := map[string]tallier{
		"the first tag only":   changed(func(r *closure.Record) { r.Tags = r.Tags[:min(1, len(r.Tags))] }),
		"case does not matter": changed(func(r *closure.Record) { r.Agent = strings.ToLower(r.Agent) }),
		"none is zero": changed(func(r *closure.Record) {
			r.Figures[closure.FirstResponse] = max(0, r.Figures[closure.FirstResponse])
		}),
		"a day begins a little late": changed(func(r *closure.Record) { r.At = r.At.Add(-3600e9) }),
		"the largest group first": {func(records iter.Seq[closure.Record], b closure.Breakdown) []closure.Group {
			groups := closure.Tally(records, b)
			slices.SortStableFunc(groups, func(a, b closure.Group) int { return int(b.Closings - a.Closings) })
			return groups
		}, closure.Spreads},
		"a group is lost": {func(records iter.Seq[closure.Record], b closure.Breakdown) []closure.Group {
			groups := closure.Tally(records, b)
			return groups[:max(1, len(groups)-1)]
		}, closure.Spreads},
		"the rank is rounded down": {closure.Tally, func(records iter.Seq[closure.Record], b closure.Breakdown, f closure.Figure, p []int) []closure.Spread {
			return closure.Spreads(records, b, f, []int{max(1, p[0]-3)})
		}},
	}
	for name, of := range planted {
		if err := hunt(1, 400, of); err == nil {
			t.Errorf("nothing is found wrong with: %s", name)
		}
	}
}

func TestSingleValuedGroupsSumToTheTotal(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		records := drawn(rng, 1+rng.IntN(100))
		total := closure.Tally(slices.Values(records), closure.Breakdown{})[0]
		for _, d := range closure.Dimensions() {
			sum := closure.Group{Keys: []string{}}
			b := closure.Breakdown{By: []closure.Dimension{d}, Days: closure.Days(noon.AddDate(0, 0, -1), noon.AddDate(0, 0, 11), paris)}
			for _, g := range closure.Tally(slices.Values(records), b) {
				sum.Closings += g.Closings
				for f := range sum.Figures {
					sum.Figures[f] = sum.Figures[f].Add(g.Figures[f])
				}
			}
			equal := cmp.Equal(total, sum)
			if several := d == closure.ByTag || d == closure.ByArticle; !several && !equal || sum.Closings < total.Closings {
				t.Errorf("seed %d: by %s (-total +sum):\n%s", seed, d, cmp.Diff(total, sum))
			}
		}
	}
}

// A closing that is decided anew leaves one group for another, and nothing else
// changes: not the total, not the day, however often the decision is made.
func TestReclassifiedClosingsCountOnce(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	days := closure.Days(noon, noon.AddDate(0, 0, 10), paris)
	for range 4 {
		store := map[closure.Place]closure.Record{}
		for _, r := range drawn(rng, 30) {
			store[r.Place()] = r
		}
		tally := func(by ...closure.Dimension) []closure.Group {
			return closure.Tally(func(yield func(closure.Record) bool) {
				for _, r := range store {
					if !yield(r) {
						return
					}
				}
			}, closure.Breakdown{By: by, Days: days})
		}
		count := func(outcome closure.Outcome) int64 {
			for _, g := range tally(closure.ByOutcome) {
				if g.Keys[0] == string(outcome) {
					return g.Closings
				}
			}
			return 0
		}
		for _, r := range store {
			total, byDay := tally(), tally(closure.ByDay)
			from, to := closure.Resolved, closure.Unresolved
			if r.Outcome != from {
				from, to = to, from
			}
			leaves, gets := count(from), count(to)
			r.Outcome, r.Reason, r.Sentiment = to, "", one(rng, closure.Sentiments()...)
			for again := range 3 {
				store[r.Place()] = r
				if count(from) != leaves-1 || count(to) != gets+1 {
					t.Fatalf("seed %d: decided %d times: %d and %d, were %d and %d", seed, again+1, count(from), count(to), leaves, gets)
				}
			}
			if !cmp.Equal(total, tally()) || !cmp.Equal(byDay, tally(closure.ByDay)) {
				t.Fatalf("seed %d: another decision changed the total or the days", seed)
			}
		}
	}
}

func TestSums(t *testing.T) {
	t.Parallel()
	if mean, ok := (closure.Sum{}).Mean(); ok || mean != 0 {
		t.Errorf("the mean of nothing is %v, %v", mean, ok)
	}
	if mean, ok := (closure.Sum{N: 4, Total: 10}).Mean(); !ok || mean != 2.5 {
		t.Errorf("the mean is %v, %v, want 2.5", mean, ok)
	}
	if got, want := (closure.Sum{N: 1, Total: 2}).Add(closure.Sum{N: 3, Total: 40}), (closure.Sum{N: 4, Total: 42}); got != want {
		t.Errorf("the sum is %v, want %v", got, want)
	}
}

func TestSpreads(t *testing.T) {
	t.Parallel()
	var records []closure.Record
	for _, v := range []int64{20, 15, closure.None, 50, 35, 40} {
		var r closure.Record
		r.Figures[closure.Resolution] = v
		records = append(records, r)
	}
	// The textbook example of the nearest rank: 15, 20, 35, 40, 50.
	got := closure.Spreads(slices.Values(records), closure.Breakdown{}, closure.Resolution, []int{5, 30, 40, 50, 100})
	want := []closure.Spread{{Keys: []string{}, N: 5, Values: []int64{15, 20, 20, 35, 50}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Spreads (-want +got):\n%s", diff)
	}
	for i := range records {
		records[i].Figures[closure.Rating] = closure.None
	}
	if got := closure.Spreads(slices.Values(records), closure.Breakdown{}, closure.Rating, []int{50}); len(got) != 0 {
		t.Errorf("without a value: %v, want nothing", got)
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		p       int
		n, want int64
	}{
		{1, 1, 1}, {100, 1, 1}, {50, 2, 1}, {51, 2, 2}, {50, 3, 2}, {1, 100, 1}, {2, 100, 2}, {99, 100, 99}, {100, 100, 100},
		{1, 101, 2}, {90, 10, 9}, {91, 10, 10}, {100, 1 << 50, 1 << 50},
	} {
		if got := closure.Rank(tt.p, tt.n); got != tt.want {
			t.Errorf("Rank(%d, %d) = %d, want %d", tt.p, tt.n, got, tt.want)
		}
	}
	for n := int64(1); n < 300; n++ {
		for p := 1; p <= 100; p++ {
			rank := closure.Rank(p, n)
			if rank < 1 || rank > n || rank*100 < int64(p)*n || (rank-1)*100 >= int64(p)*n {
				t.Fatalf("Rank(%d, %d) = %d", p, n, rank)
			}
		}
	}
}

func TestDayKeys(t *testing.T) {
	t.Parallel()
	for day, want := range map[int]string{0: "00000", 7: "00007", 365: "00365", 99_999: "99999"} {
		if got := closure.DayKey(day); got != want {
			t.Errorf("DayKey(%d) = %q, want %q", day, got, want)
		}
	}
	for day := range 99_999 {
		if closure.DayKey(day) >= closure.DayKey(day+1) {
			t.Fatalf("day %d comes after the next", day)
		}
	}
}
