package storagetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

const (
	tallyReturns   = "Tally returns what closure.Tally makes of the closings that a query selects."
	spreadsReturn  = "Spreads returns what closure.Spreads makes of the closings that a query selects."
	tallierIgnores = "Of a query, Newest and After mean nothing here."
)

// tallyCases are for stores that count closings by themselves.
var tallyCases = []testCase{
	{
		name:     "all together",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			first, second := ending("a", 1, 1), fullClosing("b", 1, 2)
			p.file("acme", first, second)
			want := closure.Group{Closings: 2}
			for f := range closure.NumFigures {
				want.Figures[f] = closure.Sum{N: 2, Total: first.Figures[f] + second.Figures[f]}
			}
			want.Figures[closure.Rating] = closure.Sum{N: 1, Total: 5}
			p.same("the groups", tallier.tally(storage.ClosingQuery{}, closure.Breakdown{}), []closure.Group{want})
		},
	},
	{
		name:     "no groups of nothing",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			nothing := func(q storage.ClosingQuery) {
				p.Helper()
				for _, b := range append(breakdowns(1), closure.Breakdown{}) {
					p.same(fmt.Sprintf("what %+v counts by %v", q, b.By), tallier.tally(q, b), []closure.Group{})
				}
			}
			nothing(storage.ClosingQuery{})
			p.file("acme", fullClosing("a", 1, 1))
			nothing(storage.ClosingQuery{Workspace: "other"})
			nothing(storage.ClosingQuery{Filter: closure.Filter{Agent: "nobody"}})
			nothing(storage.ClosingQuery{Filter: closure.Filter{Tag: "green"}})
			nothing(storage.ClosingQuery{Filter: closure.Filter{To: closedAt(1)}})
		},
	},
	{
		name:     "by each dimension",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			for _, b := range breakdowns(1) {
				tallier.asDefined(storage.ClosingQuery{}, b)
			}
		},
	},
	{
		name:     "by several dimensions, in their order",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			for _, b := range breakdowns(2) {
				tallier.asDefined(storage.ClosingQuery{}, b)
			}
			dimensions := closure.Dimensions()
			tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{By: dimensions, Days: threeDays()})
			slices.Reverse(dimensions)
			tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{By: dimensions, Days: threeDays()})
		},
	},
	{
		name:     "in the group of each tag and article, or of none",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			both, tagged, linked, none := ending("a", 1, 1), ending("b", 1, 2), ending("c", 1, 3), ending("d", 1, 4)
			both.Tags, both.Articles = []string{"blue", "red"}, []string{"kb-1", "kb-2", "kb-3"}
			tagged.Tags, linked.Articles = []string{"red"}, []string{"kb-1"}
			p.file("acme", both, tagged, linked, none)
			counts := func(want map[string]int64, by ...closure.Dimension) {
				p.Helper()
				b := closure.Breakdown{By: by}
				got := map[string]int64{}
				for _, g := range tallier.tally(storage.ClosingQuery{}, b) {
					got[fmt.Sprint(g.Keys)] = g.Closings
				}
				p.same(fmt.Sprint("the closings by ", by), got, want)
				tallier.asDefined(storage.ClosingQuery{}, b)
			}
			counts(map[string]int64{"[]": 4})
			counts(map[string]int64{"[]": 2, "[blue]": 1, "[red]": 2}, closure.ByTag)
			counts(map[string]int64{"[]": 2, "[kb-1]": 2, "[kb-2]": 1, "[kb-3]": 1}, closure.ByArticle)
			counts(map[string]int64{"[resolved]": 4}, closure.ByOutcome)
			counts(map[string]int64{
				"[ ]": 1, "[ kb-1]": 1, "[red ]": 1,
				"[blue kb-1]": 1, "[blue kb-2]": 1, "[blue kb-3]": 1, "[red kb-1]": 1, "[red kb-2]": 1, "[red kb-3]": 1,
			}, closure.ByTag, closure.ByArticle)
		},
	},
	{
		name:     "by days, and what is outside in none",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
			var i int
			at := func(at time.Time) closure.Record {
				i++
				r := ending(fmt.Sprint(i), 1, i)
				r.At = at
				return r
			}
			p.file("acme", at(day(0).Add(-time.Microsecond)), at(day(0)), at(day(1).Add(-time.Microsecond)),
				at(day(1)), at(day(1).Add(time.Microsecond)), at(day(3).Add(-time.Microsecond)), at(day(3)), at(day(9)))
			by := []closure.Dimension{closure.ByDay}
			// A day of 25 hours, an empty one and one of 11.
			bounds := []time.Time{day(0), day(1).Add(time.Hour), day(2), day(2).Add(13 * time.Hour), day(3)}
			for _, days := range [][]time.Time{
				{day(0), day(1), day(2), day(3)}, bounds, bounds[1:], bounds[:2],
				{day(1), day(1).Add(time.Microsecond), day(1).Add(2 * time.Microsecond)},
				{day(1).Add(time.Nanosecond), day(3).Add(-time.Nanosecond)},
				{day(1).Add(-time.Nanosecond), day(3).Add(time.Nanosecond)},
				{day(4), day(5)}, {day(-9), day(-8)}, {day(-9), day(20)},
			} {
				tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{By: by, Days: days})
			}
			got := tallier.tally(storage.ClosingQuery{}, closure.Breakdown{By: by, Days: []time.Time{day(0), day(1), day(2), day(3)}})
			p.same("the keys", [][]string{got[0].Keys, got[1].Keys, got[2].Keys}, [][]string{{"00000"}, {"00001"}, {"00002"}})
			p.same("the closings", []int64{got[0].Closings, got[1].Closings, got[2].Closings}, []int64{2, 2, 1})
		},
	},
	{
		name:     "by thousands of days",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			const days = 4000
			var bounds []time.Time
			for i := range days + 1 {
				bounds = append(bounds, noon.AddDate(0, 0, i))
			}
			var records []closure.Record
			for i := range 30 {
				r := ending(fmt.Sprint(i), 1, i)
				r.At = bounds[i*i*i%days].Add(time.Duration(i%3-1) * time.Microsecond)
				records = append(records, r)
			}
			p.file("acme", records...)
			for _, by := range [][]closure.Dimension{{closure.ByDay}, {closure.ByOutcome, closure.ByDay}} {
				tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{By: by, Days: bounds})
			}
		},
	},
	{
		name:     "days that nobody asked for",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{Days: threeDays()})
			tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{By: []closure.Dimension{closure.ByAgent}, Days: threeDays()})
		},
	},
	{
		name:     "what a figure has none of is not counted",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			a, b, c := ending("a", 1, 1), ending("b", 1, 2), ending("c", 1, 3)
			for f := range closure.NumFigures {
				a.Figures[f], b.Figures[f], c.Figures[f] = closure.None, 0, closure.None
			}
			a.Agent, b.Agent, c.Agent = "zoe", "zoe", "yan"
			c.Figures[closure.Snoozes] = 7
			p.file("acme", a, b, c)
			got := tallier.tally(storage.ClosingQuery{}, closure.Breakdown{By: []closure.Dimension{closure.ByAgent}})
			want := []closure.Group{{Keys: []string{"yan"}, Closings: 1}, {Keys: []string{"zoe"}, Closings: 2}}
			want[0].Figures[closure.Snoozes] = closure.Sum{N: 1, Total: 7}
			for f := range closure.NumFigures {
				want[1].Figures[f] = closure.Sum{N: 1}
			}
			p.same("the groups", got, want)
			tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{})
		},
	},
	{
		name:     "sums that are whole",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			var records []closure.Record
			for i := range 5 {
				r := ending(fmt.Sprint(i), 1, i)
				for f := range r.Figures {
					r.Figures[f] = 1<<(30+2*f) + int64(i)
				}
				r.Figures[closure.Resolution] = 1<<60 + int64(i)
				r.Tags = []string{"blue", "red"}
				records = append(records, r)
			}
			p.file("acme", records...)
			got := tallier.tally(storage.ClosingQuery{}, closure.Breakdown{})
			p.same("the sum of the longest", got[0].Figures[closure.Resolution], closure.Sum{N: 5, Total: 5<<60 + 10})
			for _, b := range append(breakdowns(1), closure.Breakdown{}) {
				tallier.asDefined(storage.ClosingQuery{}, b)
			}
		},
	},
	{
		name:     "what the query selects",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			by := breakdowns(2)
			for i, q := range filters() {
				tallier.asDefined(q, closure.Breakdown{})
				tallier.asDefined(q, by[i*7%len(by)])
			}
		},
	},
	{
		name:     "a closing that has the tag, by all that it has",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			for _, by := range [][]closure.Dimension{{closure.ByTag}, {closure.ByArticle}, {closure.ByTag, closure.ByArticle}} {
				for _, f := range []closure.Filter{{Tag: "red"}, {Article: "kb-2"}, {Tag: "blue", Article: "kb-1"}, {Tag: "red", Last: true}} {
					tallier.asDefined(storage.ClosingQuery{Filter: f}, closure.Breakdown{By: by})
				}
			}
		},
	},
	{
		name:     "ordered by keys, byte by byte",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			words := awkwardKeys()
			var records []closure.Record
			for i, word := range words {
				r := worded(word, ending(fmt.Sprint(i), 1, i%5))
				r.Group = words[(i*7+3)%len(words)]
				r.Tags = slices.Clone(words[i/2 : i+1])
				slices.Sort(r.Tags)
				records = append(records, r)
			}
			p.file("acme", records...)
			for _, by := range [][]closure.Dimension{
				{closure.ByAgent}, {closure.ByGroup}, {closure.ByTag}, {closure.ByArticle}, {closure.ByOutcome}, {closure.ByReason},
				{closure.ByCause}, {closure.BySide}, {closure.BySentiment}, {closure.ByGrade},
				{closure.ByTag, closure.ByAgent}, {closure.ByGroup, closure.ByTag}, {closure.ByGroup, closure.ByDay, closure.ByArticle},
			} {
				tallier.asDefined(storage.ClosingQuery{}, closure.Breakdown{By: by, Days: threeDays()})
			}
		},
	},
	{
		name:     "in either direction and from any place",
		sentence: tallierIgnores,
		run: func(p probe) {
			tallier := p.tallier()
			archive := p.archive()
			b := closure.Breakdown{By: []closure.Dimension{closure.ByOutcome, closure.BySide}}
			want := tallier.tally(storage.ClosingQuery{}, b)
			for _, q := range []storage.ClosingQuery{
				{Newest: true}, {After: archive[7].Place()}, {Newest: true, After: archive[7].Place()},
			} {
				p.same(fmt.Sprintf("what %+v counts", q), tallier.tally(q, b), want)
			}
		},
	},
	{
		name:     "as they were put last",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			check := func() {
				p.Helper()
				for _, b := range append(breakdowns(1), closure.Breakdown{}) {
					tallier.asDefined(storage.ClosingQuery{}, b)
					tallier.asDefined(storage.ClosingQuery{Filter: closure.Filter{Last: true}}, b)
				}
			}
			p.file("acme", fullClosing("a", 1, 1), ending("b", 1, 2))
			check()
			p.file("acme", otherClosing("a", 1, 1), fullClosing("a", 2, 3))
			check()
			p.file("acme", ending("a", 2, 3))
			check()
			p.commit(closingOnly(change(chat("a"), 3, 1)))
			p.same("the number of purged conversations", p.purge(endOfTime, all), 1)
			check()
			got := tallier.tally(storage.ClosingQuery{}, closure.Breakdown{})
			p.same("the number of what is left", got[0].Closings, int64(1))
		},
	},
	{
		name:     "whatever is asked of whatever is there",
		sentence: tallyReturns,
		run: func(p probe) {
			tallier := p.tallier()
			r := p.dice()
			p.fileRandom(r)
			for range 30 {
				tallier.asDefined(r.query(), r.breakdown())
			}
		},
	},
}

// spreadCases are for stores that count closings by themselves.
var spreadCases = []testCase{
	{
		name:     "by nearest rank",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			every := make([]int, 100)
			for i := range every {
				every[i] = i + 1
			}
			for n := range 13 {
				r := ending(fmt.Sprint(n), 1, n)
				r.Figures[closure.Handling] = []int64{7, 100, 9, 0, 9, 1000, 30, 2, 100, 55, 1, 9, 12}[n]
				p.file("acme", r)
				tallier.spreadAsDefined(storage.ClosingQuery{}, closure.Breakdown{}, closure.Handling, every)
			}
			got := tallier.spreads(storage.ClosingQuery{}, closure.Breakdown{}, closure.Handling, []int{1, 50, 54, 90, 93, 100})
			p.same("the spread", got, []closure.Spread{{N: 13, Values: []int64{0, 9, 12, 100, 1000, 1000}}})
		},
	},
	{
		name:     "each percentage where it was asked for",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			for _, percentages := range [][]int{nil, {50}, {90, 50, 10}, {50, 50}, {100, 1, 100, 99, 1}} {
				for _, b := range []closure.Breakdown{{}, {By: []closure.Dimension{closure.ByTag}}} {
					tallier.spreadAsDefined(storage.ClosingQuery{}, b, closure.Resolution, percentages)
				}
			}
		},
	},
	{
		name:     "of each figure",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			for _, figure := range closure.AllFigures() {
				tallier.spreadAsDefined(storage.ClosingQuery{}, closure.Breakdown{}, figure, []int{10, 50, 90})
				tallier.spreadAsDefined(storage.ClosingQuery{}, closure.Breakdown{By: []closure.Dimension{closure.BySide}}, figure, []int{10, 50, 90})
			}
		},
	},
	{
		name:     "without what a figure has none of",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			a, b, c, d := ending("a", 1, 1), ending("b", 1, 2), ending("c", 1, 3), ending("d", 1, 4)
			a.Agent, b.Agent, c.Agent, d.Agent = "zoe", "zoe", "yan", "zoe"
			a.Figures[closure.FirstResponse], b.Figures[closure.FirstResponse] = closure.None, 0
			c.Figures[closure.FirstResponse], d.Figures[closure.FirstResponse] = closure.None, 40
			by := closure.Breakdown{By: []closure.Dimension{closure.ByAgent}}
			none := func(b closure.Breakdown, figure closure.Figure) {
				p.Helper()
				p.same("the spreads of nothing", tallier.spreads(storage.ClosingQuery{}, b, figure, []int{50}), []closure.Spread{})
			}
			none(closure.Breakdown{}, closure.FirstResponse)
			p.file("acme", a, b, c, d)
			none(closure.Breakdown{}, closure.Rating)
			none(by, closure.Rating)
			p.same("the spreads", tallier.spreads(storage.ClosingQuery{}, by, closure.FirstResponse, []int{1, 50, 51}),
				[]closure.Spread{{Keys: []string{"zoe"}, N: 2, Values: []int64{0, 0, 40}}})
			p.same("the spread of all", tallier.spreads(storage.ClosingQuery{}, closure.Breakdown{}, closure.FirstResponse, []int{100}),
				[]closure.Spread{{N: 2, Values: []int64{40}}})
		},
	},
	{
		name:     "by dimensions, in their order",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			for i, b := range append(breakdowns(1), breakdowns(2)...) {
				tallier.spreadAsDefined(storage.ClosingQuery{}, b, closure.Figure(i%closure.NumFigures), []int{1, 50, 100})
			}
		},
	},
	{
		name:     "values that are whole",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			for i := range 4 {
				r := ending(fmt.Sprint(i), 1, i)
				r.Figures[closure.InSnoozed] = 1<<62 + int64(i)
				p.file("acme", r)
			}
			p.same("the spread", tallier.spreads(storage.ClosingQuery{}, closure.Breakdown{}, closure.InSnoozed, []int{25, 50, 75, 100}),
				[]closure.Spread{{N: 4, Values: []int64{1 << 62, 1<<62 + 1, 1<<62 + 2, 1<<62 + 3}}})
		},
	},
	{
		name:     "what the query selects",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			by := append(breakdowns(1), closure.Breakdown{})
			for i, q := range filters() {
				tallier.spreadAsDefined(q, by[i%len(by)], closure.Handling, []int{25, 50, 75})
				tallier.spreadAsDefined(q, closure.Breakdown{}, closure.Resolution, []int{25, 50, 75})
			}
		},
	},
	{
		name:     "in either direction and from any place",
		sentence: tallierIgnores,
		run: func(p probe) {
			tallier := p.tallier()
			archive := p.archive()
			want := tallier.spreads(storage.ClosingQuery{}, closure.Breakdown{}, closure.Handling, []int{50, 90})
			for _, q := range []storage.ClosingQuery{
				{Newest: true}, {After: archive[7].Place()}, {Newest: true, After: archive[7].Place()},
			} {
				p.same(fmt.Sprintf("what %+v spreads", q), tallier.spreads(q, closure.Breakdown{}, closure.Handling, []int{50, 90}), want)
			}
		},
	},
	{
		name:     "whatever is asked of whatever is there",
		sentence: spreadsReturn,
		run: func(p probe) {
			tallier := p.tallier()
			r := p.dice()
			p.fileRandom(r)
			for range 30 {
				tallier.spreadAsDefined(r.query(), r.breakdown(), closure.Figure(r.IntN(closure.NumFigures)), r.percentages())
			}
		},
	},
}

// A tallier asks a store that counts closings by itself. Like a probe it fails its
// test when an answer is an error.
type tallier struct {
	probe
	t storage.Tallier
}

// tallier returns that of the store. Without one the test is skipped.
func (p probe) tallier() tallier {
	p.Helper()
	t, ok := p.s.(storage.Tallier)
	if !ok {
		p.Skip("the store does not count closings by itself")
	}
	return tallier{p, t}
}

func (t tallier) tally(q storage.ClosingQuery, b closure.Breakdown) []closure.Group {
	t.Helper()
	groups, err := t.t.Tally(t.Context(), acme(q), b)
	t.ok(err, "Tally(%+v, %+v)", q, b)
	return groups
}

func (t tallier) spreads(q storage.ClosingQuery, b closure.Breakdown, figure closure.Figure, percentages []int) []closure.Spread {
	t.Helper()
	spreads, err := t.t.Spreads(t.Context(), acme(q), b, figure, percentages)
	t.ok(err, "Spreads(%+v, %+v, %v, %v)", q, b, figure, percentages)
	return spreads
}

// asDefined compares what the store counts with the definition.
func (t tallier) asDefined(q storage.ClosingQuery, b closure.Breakdown) {
	t.Helper()
	want := closure.Tally(slices.Values(t.closings(acme(q), all)), b)
	what, got := fmt.Sprintf("what %+v counts by %v with days %v", q, b.By, b.Days), t.tally(q, b)
	t.same("the number of groups of "+what, len(got), len(want))
	for i, g := range got { // One at a time: differences of thousands take long.
		t.same(fmt.Sprintf("group %d of %s", i, what), g, want[i])
	}
}

// spreadAsDefined compares what the store spreads with the definition.
func (t tallier) spreadAsDefined(q storage.ClosingQuery, b closure.Breakdown, figure closure.Figure, percentages []int) {
	t.Helper()
	want := closure.Spreads(slices.Values(t.closings(acme(q), all)), b, figure, percentages)
	t.same(fmt.Sprintf("how %v of what %+v selects spreads by %v with days %v, in percentages %v", figure, q, b.By, b.Days, percentages),
		t.spreads(q, b, figure, percentages), want)
}

// breakdowns are by n dimensions, one or two: all in every order.
func breakdowns(n int) (all []closure.Breakdown) {
	for _, first := range closure.Dimensions() {
		if n == 1 {
			all = append(all, closure.Breakdown{By: []closure.Dimension{first}, Days: threeDays()})
			continue
		}
		for _, second := range closure.Dimensions() {
			if first != second {
				all = append(all, closure.Breakdown{By: []closure.Dimension{first, second}, Days: threeDays()})
			}
		}
	}
	return all
}

// threeDays are the bounds of three short days, with some of what archive puts
// before, within and behind.
func threeDays() []time.Time {
	return []time.Time{closedAt(1), closedAt(3), closedAt(4), closedAt(8)}
}

// filters are one for each thing, and those with several.
func filters() []storage.ClosingQuery {
	list := []storage.ClosingQuery{
		{},
		{Workspace: "other"},
		{Filter: closure.Filter{From: closedAt(3)}},
		{Filter: closure.Filter{To: closedAt(3)}},
		{Filter: closure.Filter{From: closedAt(3).Add(time.Nanosecond), To: closedAt(6).Add(time.Nanosecond)}},
		{Filter: closure.Filter{Conversation: "3"}},
		{Filter: closure.Filter{Outcome: closure.Unresolved}},
		{Filter: closure.Filter{Cause: closure.Agent}},
		{Filter: closure.Filter{Side: closure.SideBot}},
		{Filter: closure.Filter{Agent: "zoe"}},
		{Filter: closure.Filter{Group: "sales"}},
		{Filter: closure.Filter{Sentiment: closure.Negative}},
		{Filter: closure.Filter{Grades: []closure.Grade{closure.Confirmed, "", closure.Confirmed}}},
		{Filter: closure.Filter{Tag: "red"}},
		{Filter: closure.Filter{Article: "kb-1"}},
		{Filter: closure.Filter{Last: true}},
		{Filter: closure.Filter{Last: true, To: closedAt(5)}},
	}
	for _, q := range closingQueries() {
		q.Newest = false
		list = append(list, q)
	}
	return list
}

// awkwardKeys are in no order. Orders of people differ from the order of bytes.
func awkwardKeys() []string {
	return []string{
		"b", "B", "a", "A", "aa", "ab", "aB", "a b", "a-b", "a_b", "a.b", "_", "%", "%%", "10", "9", "09", "-1",
		`a"b`, `"`, "'", "''", `\`, `\\`, `a\`, "é", "e\u0301", "z", "Z", "zé", "ß", "ss", "🙂", "\uffff", "\U0010ffff",
		"a,b", "[]", "{}", "null", "NULL", "\t", "\n", "a\x01", "\x7f", " ", "  ", "$1", "?", ":a", "\u00a0",
	}
}
