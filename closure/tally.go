package closure

import (
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// A Dimension is something that closings are told apart by.
type Dimension string

// The dimensions. A closing with several tags or articles counts in the group of
// each, and one with none in the group of the empty key: groups by these do not
// sum to the total. The groups of every other dimension do.
const (
	ByOutcome   Dimension = "outcome"
	ByReason    Dimension = "reason"
	ByCause     Dimension = "cause"
	BySide      Dimension = "side"
	ByAgent     Dimension = "agent"
	ByGroup     Dimension = "group"
	BySentiment Dimension = "sentiment"
	ByGrade     Dimension = "grade"
	ByTag       Dimension = "tag"
	ByArticle   Dimension = "article"

	// ByDay tells closings apart by the days of a [Breakdown]: the key is the
	// number of the day, counted from zero.
	ByDay Dimension = "day"
)

// Dimensions returns every dimension.
func Dimensions() []Dimension {
	return []Dimension{
		ByOutcome, ByReason, ByCause, BySide, ByAgent, ByGroup, BySentiment, ByGrade, ByTag, ByArticle, ByDay,
	}
}

// A Breakdown says what closings are counted by. The zero value counts all
// together.
type Breakdown struct {
	By []Dimension // each once

	// Days are the instants at which the days of ByDay begin, ascending, and the
	// end of the last one: see [Days]. What is outside is in no group.
	Days []time.Time
}

// A Group is what closings of the same keys amount to. There is none without
// closings.
type Group struct {
	Keys     []string // of each dimension of the breakdown, in its order
	Closings int64
	Figures  [NumFigures]Sum
}

// A Sum is what values of a figure amount to.
type Sum struct {
	N     int64 // how many there are
	Total int64
}

// Mean returns the mean; ok is false if there are no values.
func (s Sum) Mean() (mean float64, ok bool) {
	if s.N == 0 {
		return 0, false
	}
	return float64(s.Total) / float64(s.N), true
}

// Add returns the sum of both.
func (s Sum) Add(other Sum) Sum { return Sum{s.N + other.N, s.Total + other.Total} }

// Tally counts records by a breakdown, and sums their figures: the definition of
// what stores and reports count. Groups are ordered by their keys, byte by byte.
func Tally(records iter.Seq[Record], b Breakdown) []Group {
	groups := map[string]*Group{}
	for r := range records {
		b.each(&r, func(keys []string) {
			id := strings.Join(keys, "\x00") // no key has one
			g := groups[id]
			if g == nil {
				g = &Group{Keys: slices.Clone(keys)}
				groups[id] = g
			}
			g.add(&r)
		})
	}
	all := make([]Group, 0, len(groups))
	for _, g := range groups {
		all = append(all, *g)
	}
	slices.SortFunc(all, CompareGroups)
	return all
}

// CompareGroups orders groups by their keys, byte by byte.
func CompareGroups(a, b Group) int {
	return slices.CompareFunc(a.Keys, b.Keys, strings.Compare)
}

// CompareSpreads orders spreads as CompareGroups orders groups.
func CompareSpreads(a, b Spread) int {
	return slices.CompareFunc(a.Keys, b.Keys, strings.Compare)
}

func (g *Group) add(r *Record) {
	g.Closings++
	for f, v := range r.Figures {
		if v >= 0 {
			g.Figures[f] = g.Figures[f].Add(Sum{1, v})
		}
	}
}

// each calls f with the keys of every group that the record is in.
func (b Breakdown) each(r *Record, f func(keys []string)) {
	keys := make([]string, len(b.By))
	var fill func(i int)
	fill = func(i int) {
		if i == len(keys) {
			f(keys)
			return
		}
		for _, key := range b.keys(r, b.By[i]) {
			keys[i] = key
			fill(i + 1)
		}
	}
	fill(0)
}

// keys returns the keys of a record in one dimension.
func (b Breakdown) keys(r *Record, d Dimension) []string {
	switch d {
	case ByOutcome:
		return []string{string(r.Outcome)}
	case ByReason:
		return []string{string(r.Reason)}
	case ByCause:
		return []string{string(r.Cause)}
	case BySide:
		return []string{string(r.Side)}
	case ByAgent:
		return []string{r.Agent}
	case ByGroup:
		return []string{r.Group}
	case BySentiment:
		return []string{string(r.Sentiment)}
	case ByGrade:
		return []string{string(r.Grade)}
	case ByTag:
		return orNone(r.Tags)
	case ByArticle:
		return orNone(r.Articles)
	case ByDay:
		if day, ok := b.day(r.At); ok {
			return []string{DayKey(day)}
		}
	}
	return nil
}

func orNone(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

// day returns the number of the day that an instant is in.
func (b Breakdown) day(at time.Time) (int, bool) {
	i, starts := slices.BinarySearchFunc(b.Days, at, time.Time.Compare)
	if !starts {
		i--
	}
	return i, i >= 0 && i < len(b.Days)-1
}

// DayKey returns the key of a day by its number, counted from zero: five digits,
// so that keys are ordered as days are.
func DayKey(day int) string {
	s := strconv.Itoa(day)
	return strings.Repeat("0", max(0, 5-len(s))) + s
}

// A Spread is how the values of a figure lie in the closings of a group.
type Spread struct {
	Keys   []string
	N      int64
	Values []int64 // by nearest rank, one for each percentage asked for
}

// Spreads returns how the values of a figure lie: for a percentage p, the least
// value that at least p percent of the values do not exceed, of p from 1 to 100.
// Groups without a value are left out; the others are ordered as [Tally]'s.
func Spreads(records iter.Seq[Record], b Breakdown, figure Figure, percentages []int) []Spread {
	values := map[string][]int64{}
	keysOf := map[string][]string{}
	for r := range records {
		v := r.Figures[figure]
		if v < 0 {
			continue
		}
		b.each(&r, func(keys []string) {
			id := strings.Join(keys, "\x00")
			values[id] = append(values[id], v)
			keysOf[id] = slices.Clone(keys)
		})
	}
	all := make([]Spread, 0, len(values))
	for id, list := range values {
		slices.Sort(list)
		s := Spread{Keys: keysOf[id], N: int64(len(list))}
		for _, p := range percentages {
			s.Values = append(s.Values, list[Rank(p, s.N)-1])
		}
		all = append(all, s)
	}
	slices.SortFunc(all, CompareSpreads)
	return all
}

// Rank returns which of n ascending values, counted from one, at least p percent
// do not exceed.
func Rank(p int, n int64) int64 { return max(1, (int64(p)*n+99)/100) }

// Days returns the instants at which the days of a zone begin, from an instant
// until another, with both of them at the ends: bounds of [ByDay]. A day without
// a midnight begins with its first instant, one that the zone skips is left out,
// and one that clocks put back leave again begins when it comes for good. It
// returns nil if to is not after from.
func Days(from, to time.Time, zone *time.Location) []time.Time {
	if !to.After(from) {
		return nil
	}
	bounds := []time.Time{from.UTC()}
	year, month, day := from.In(zone).Date()
	for {
		day++
		at := dayBegin(year, month, day, zone)
		if !at.Before(to) {
			return append(bounds, to.UTC())
		}
		if at.After(bounds[len(bounds)-1]) {
			bounds = append(bounds, at.UTC())
		}
	}
}

// dayBegin returns the instant from which on a zone's calendar shows the date, or
// a later one, and nothing earlier again.
//
// It asks neither time.Date, which does not say which of two instants it returns,
// nor Time.ZoneBounds, whose end on the last day of a leap year can be past.
func dayBegin(year int, month time.Month, day int, zone *time.Location) time.Time {
	const window = 26 * time.Hour // more than any real zone is off UTC
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	from, end := midnight.Add(-window), midnight.Add(window)
	for {
		change := nextChange(zone, from, end)
		changes := change.Before(end)
		if changes && change.Add(offsetAt(zone, change)).Before(midnight) {
			from = change
			continue
		}
		begin := midnight.Add(-offsetAt(zone, from))
		if changes && change.Before(begin) { // the clocks went over it
			return change
		}
		return begin
	}
}

// nextChange returns the first instant after from and before end at which a zone
// changes its clocks, else end. It relies on whole seconds, and on no zone changing
// them back within an hour.
func nextChange(zone *time.Location, from, end time.Time) time.Time {
	offset := offsetAt(zone, from)
	for t := from; t.Before(end); t = t.Add(time.Hour) {
		if offsetAt(zone, t.Add(time.Hour)) == offset {
			continue
		}
		seconds := sort.Search(3600, func(s int) bool {
			return offsetAt(zone, t.Add(time.Duration(s)*time.Second)) != offset
		})
		if change := t.Add(time.Duration(seconds) * time.Second); change.Before(end) {
			return change
		}
	}
	return end
}

func offsetAt(zone *time.Location, at time.Time) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
