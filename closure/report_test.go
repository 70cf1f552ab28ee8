package closure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

func TestWilson(t *testing.T) {
	t.Parallel()
	tests := []struct {
		k, n      int64
		low, high float64 // to four digits
	}{
		// R. G. Newcombe, Two-sided confidence intervals for the single proportion,
		// Statistics in Medicine 17 (1998), table I, method 3.
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},

		// What the formula comes to where it is short: z²/(n+z²) is the high end of
		// none, and the low end of all is 1 less that; of a half, both are 1/2 plus
		// or minus z/(2·sqrt(n+z²)).
		{0, 10, 0, 0.2775},
		{5, 10, 0.2366, 0.7634},
		{10, 10, 0.7225, 1},
		{0, 3, 0, 0.5615},
		{1, 1, 0.2065, 1},

		{0, 0, 0, 1},
		{3, -1, 0, 1},
	}
	for _, tt := range tests {
		low, high := closure.Wilson(tt.k, tt.n)
		if math.Abs(low-tt.low) > 0.00005 || math.Abs(high-tt.high) > 0.00005 {
			t.Errorf("Wilson(%d, %d) = %.4f, %.4f, want %.4f, %.4f", tt.k, tt.n, low, high, tt.low, tt.high)
		}
	}
}

// wrongInterval says what is wrong with an interval of every share of up to 200
// closings, and of some of many.
func wrongInterval(wilson func(k, n int64) (low, high float64)) error {
	numbers := []int64{1e3, 1e6, 1e9}
	for n := range int64(200) {
		numbers = append(numbers, n+1)
	}
	for _, n := range numbers {
		for i := range min(n, 200) + 1 {
			k := i * (n / min(n, 200))
			low, high := wilson(k, n)
			share := float64(k) / float64(n)
			if !(0 <= low && low <= share && share <= high && high <= 1 && low < high) {
				return fmt.Errorf("%d of %d: %v to %v", k, n, low, high)
			}
			// The ends are where the share lies z standard errors away: that is the definition.
			for _, end := range []float64{low, high} {
				if end == 0 || end == 1 {
					continue
				}
				if z := math.Abs(share-end) / math.Sqrt(end*(1-end)/float64(n)); math.Abs(z-1.96) > 0.001 {
					return fmt.Errorf("%d of %d: the end %v is %.4f standard errors away", k, n, end, z)
				}
			}
			if l, h := wilson(n-k, n); math.Abs(l-(1-high)) > 1e-9 || math.Abs(h-(1-low)) > 1e-9 {
				return fmt.Errorf("%d of %d: %v to %v, but of the others %v to %v", k, n, low, high, l, h)
			}
		}
	}
	return nil
}

func TestEveryShareIsInItsInterval(t *testing.T) {
	t.Parallel()
	if err := wrongInterval(closure.Wilson); err != nil {
		t.Error(err)
	}
	wald := func(k, n int64) (low, high float64) {
		p := float64(k) / float64(n)
		width := 1.96 * math.Sqrt(p*(1-p)/float64(n))
		return max(0, p-width), min(1, p+width)
	}
	wide := func(k, n int64) (low, high float64) {
		low, high = closure.Wilson(k, n)
		return low * 0.99, high
	}
	if wrongInterval(wald) == nil || wrongInterval(wide) == nil {
		t.Error("nothing is found wrong with other intervals")
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	if value, ok := (closure.Share{}).Value(); ok || value != 0 {
		t.Errorf("the share of nothing is %v, %v", value, ok)
	}
	if low, high := (closure.Share{}).Interval(); low != 0 || high != 1 {
		t.Errorf("the interval of nothing is %v to %v", low, high)
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 1000 {
		s := closure.Share{Resolved: rng.Int64N(100), Unresolved: rng.Int64N(100)}.Add(closure.Share{Unresolved: 1})
		value, ok := s.Value()
		low, high := s.Interval()
		if !ok || value < low || value > high || value*float64(s.Decided()) > float64(s.Resolved)+1e-9 || s.Decided() != s.Resolved+s.Unresolved {
			t.Errorf("seed %d, %+v: %v, %v, %v to %v", seed, s, value, ok, low, high)
		}
	}
}

// Lines and their total are what counting the records says, whatever order the
// groups have been broken down in.
func TestLines(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		records := drawn(rng, rng.IntN(80))
		dimensions := closure.Dimensions()
		rng.Shuffle(len(dimensions), func(i, j int) { dimensions[i], dimensions[j] = dimensions[j], dimensions[i] })
		by := slices.Clone(dimensions[:rng.IntN(3)])
		of := slices.Clone(by)
		for _, d := range []closure.Dimension{closure.BySide, closure.ByOutcome} {
			if !slices.Contains(of, d) {
				of = append(of, d)
			}
		}
		rng.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		b := closure.Breakdown{By: of, Days: closure.Days(noon, noon.AddDate(0, 0, 10), paris)}
		lines := closure.Lines(closure.Tally(slices.Values(records), b), of, by)

		want := map[string]*closure.Line{}
		var total closure.Line
		for _, r := range records {
			for _, keys := range combinations(r, by, b) {
				id := strings.Join(keys, "|")
				if want[id] == nil {
					want[id] = &closure.Line{Keys: keys}
				}
				count(want[id], r)
				count(&total, r)
			}
		}
		if len(lines) != len(want) {
			t.Fatalf("seed %d, by %q of %q: %d lines, want %d", seed, by, of, len(lines), len(want))
		}
		for i, l := range lines {
			if i > 0 && slices.Compare(lines[i-1].Keys, l.Keys) >= 0 {
				t.Fatalf("seed %d: line %q comes after %q", seed, l.Keys, lines[i-1].Keys)
			}
			if diff := cmp.Diff(*want[strings.Join(l.Keys, "|")], l); diff != "" {
				t.Fatalf("seed %d, by %q of %q, line %q (-want +got):\n%s", seed, by, of, l.Keys, diff)
			}
			if l.Share.Decided() != l.Closings || l.Bot.Add(l.Team) != l.Share {
				t.Fatalf("seed %d: a line that is not the sum of its sides: %+v", seed, l)
			}
		}
		if diff := cmp.Diff(total, closure.Total(lines)); diff != "" {
			t.Fatalf("seed %d, by %q: total (-want +got):\n%s", seed, by, diff)
		}
	}
	if lines := closure.Lines(nil, []closure.Dimension{closure.BySide, closure.ByOutcome}, nil); len(lines) != 0 {
		t.Errorf("lines of nothing: %v", lines)
	}
}

func combinations(r closure.Record, by []closure.Dimension, b closure.Breakdown) [][]string {
	all := [][]string{{}}
	for _, d := range by {
		var longer [][]string
		for _, keys := range all {
			for _, key := range keysOf(r, d, b) {
				longer = append(longer, append(slices.Clone(keys), key))
			}
		}
		all = longer
	}
	return all
}

func count(l *closure.Line, r closure.Record) {
	l.Closings++
	shares := []*closure.Share{&l.Share, &l.Team}
	if r.Side == closure.SideBot {
		shares[1] = &l.Bot
	}
	for _, s := range shares {
		if r.Outcome == closure.Resolved {
			s.Resolved++
		} else {
			s.Unresolved++
		}
	}
	for f, v := range r.Figures {
		if v != closure.None {
			l.Figures[f].N++
			l.Figures[f].Total += v
		}
	}
}

func TestArticles(t *testing.T) {
	t.Parallel()
	linked := func(article string, resolved, unresolved int64) []closure.Group {
		var groups []closure.Group
		if resolved > 0 {
			groups = append(groups, closure.Group{Keys: []string{article, "resolved"}, Closings: resolved})
		}
		if unresolved > 0 {
			groups = append(groups, closure.Group{Keys: []string{article, "unresolved"}, Closings: unresolved})
		}
		return groups
	}
	groups := slices.Concat(
		linked("", 3, 9), // conversations without an article
		linked("a-half-of-many", 50, 50),
		linked("b-half-of-few-more", 4, 4),
		linked("c-fine", 80, 0),
		linked("d-one-of-one", 0, 1),
		linked("e-four-of-four", 0, 4),
		linked("f-five-of-five", 0, 5),
		linked("g-one-of-two", 1, 1),
		linked("h-rarely-of-many", 999, 1),
		linked("i-half-of-few-more", 4, 4),
		linked("j-four-of-five", 1, 4),
	)
	article := func(name string, resolved, unresolved int64, few bool) closure.Article {
		return closure.Article{Article: name, Share: closure.Share{Resolved: resolved, Unresolved: unresolved}, Few: few}
	}
	want := []closure.Article{
		article("f-five-of-five", 0, 5, false),     // at least 57 %
		article("a-half-of-many", 50, 50, false),   // at least 40 %
		article("j-four-of-five", 1, 4, false),     // at least 38 %
		article("b-half-of-few-more", 4, 4, false), // at least 22 %
		article("i-half-of-few-more", 4, 4, false),
		article("h-rarely-of-many", 999, 1, false),
		article("e-four-of-four", 0, 4, true),
		article("d-one-of-one", 0, 1, true),
		article("g-one-of-two", 1, 1, true),
	}
	if diff := cmp.Diff(want, closure.Articles(groups)); diff != "" {
		t.Errorf("Articles (-want +got):\n%s", diff)
	}
	if got := closure.Articles(nil); len(got) != 0 {
		t.Errorf("Articles of nothing = %v", got)
	}
	low, high := want[0].UnresolvedShare()
	if wantLow, wantHigh := closure.Wilson(5, 5); low != wantLow || high != wantHigh {
		t.Errorf("UnresolvedShare = %v to %v, want %v to %v", low, high, wantLow, wantHigh)
	}
}

// An article whose unresolved conversations are decided anew leaves the report.
func TestArticlesLeaveWhenReclassified(t *testing.T) {
	t.Parallel()
	records := []closure.Record{
		{Conversation: "a", Number: 1, At: noon, Outcome: closure.Unresolved, Articles: []string{"kb-1", "kb-2"}},
		{Conversation: "b", Number: 1, At: noon, Outcome: closure.Resolved, Articles: []string{"kb-1"}},
		{Conversation: "c", Number: 1, At: noon, Outcome: closure.Unresolved},
	}
	names := func() []string {
		b := closure.Breakdown{By: []closure.Dimension{closure.ByArticle, closure.ByOutcome}}
		var all []string
		for _, a := range closure.Articles(closure.Tally(slices.Values(records), b)) {
			all = append(all, fmt.Sprintf("%s %d/%d", a.Article, a.Unresolved, a.Decided()))
		}
		return all
	}
	if diff := cmp.Diff([]string{"kb-1 1/2", "kb-2 1/1"}, names()); diff != "" { // by name: both have few
		t.Errorf("before (-want +got):\n%s", diff)
	}
	records[0].Outcome = closure.Resolved
	if got := names(); len(got) != 0 {
		t.Errorf("after: %v, want nothing", got)
	}
}
