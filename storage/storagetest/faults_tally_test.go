package storagetest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

var tallyFaults = []fault{
	{"counts one closing less", "Tally/all together", broken{
		taking: func(_ *broken, _ closure.Breakdown, found []closure.Record) []closure.Record {
			return found[min(1, len(found)):]
		},
	}},
	{"sums the first figure everywhere", "Tally/all together", broken{
		tallied: grouped(func(_ closure.Breakdown, g *closure.Group) {
			g.Figures[closure.Handling] = g.Figures[closure.FirstResponse]
		}),
	}},
	{"means in the place of sums", "Tally/all together", broken{
		tallied: grouped(func(_ closure.Breakdown, g *closure.Group) {
			for f, sum := range g.Figures {
				g.Figures[f].Total = sum.Total / max(1, sum.N)
			}
		}),
	}},
	{"a group of nothing", "Tally/no groups of nothing", broken{
		tallied: func(_ *broken, by closure.Breakdown, groups []closure.Group) []closure.Group {
			if len(by.By) == 0 && len(groups) == 0 {
				return []closure.Group{{}}
			}
			return groups
		},
	}},
	{"a group of nothing for each day", "Tally/no groups of nothing", broken{
		tallied: func(_ *broken, by closure.Breakdown, groups []closure.Group) []closure.Group {
			if len(groups) == 0 && slices.Equal(by.By, []closure.Dimension{closure.ByDay}) {
				for day := range len(by.Days) - 1 {
					groups = append(groups, closure.Group{Keys: []string{closure.DayKey(day)}})
				}
			}
			return groups
		},
	}},
	{"counts all workspaces", "Tally/no groups of nothing", broken{
		counting: func(_ *broken, q *storage.ClosingQuery, _ *closure.Breakdown) { q.Workspace = "acme" },
	}},
	{"leaves out what has no agent", "Tally/by each dimension", broken{
		taking: leavingOut(closure.ByAgent, func(r closure.Record) bool { return r.Agent == "" }),
	}},
	{"leaves out what has no reason", "Tally/by each dimension", broken{
		taking: leavingOut(closure.ByReason, func(r closure.Record) bool { return r.Reason == "" }),
	}},
	{"leaves out what has no grade", "Tally/by each dimension", broken{
		taking: leavingOut(closure.ByGrade, func(r closure.Record) bool { return r.Grade == "" }),
	}},
	{"leaves out what has no sentiment", "Tally/by each dimension", broken{
		taking: leavingOut(closure.BySentiment, func(r closure.Record) bool { return r.Sentiment == "" }),
	}},
	{"calls what has no group unknown", "Tally/by each dimension", broken{
		taking: recounted(func(_ closure.Breakdown, r *closure.Record) { r.Group = cmp.Or(r.Group, "unknown") }),
	}},
	{"counts causes for reasons", "Tally/by each dimension", broken{
		taking: recounted(func(by closure.Breakdown, r *closure.Record) {
			if slices.Contains(by.By, closure.ByReason) {
				r.Reason = closure.Reason(r.Cause)
			}
		}),
	}},
	{"ignores the case of agents that it counts", "Tally/by each dimension", broken{
		taking: recounted(func(_ closure.Breakdown, r *closure.Record) { r.Agent = strings.ToLower(r.Agent) }),
	}},
	{"keys in an order of its own", "Tally/by several dimensions, in their order", broken{
		counting: func(_ *broken, _ *storage.ClosingQuery, by *closure.Breakdown) {
			by.By = slices.Sorted(slices.Values(by.By))
		},
	}},
	{"orders by the last key first", "Tally/by several dimensions, in their order", broken{
		tallied: reordered(func(x, y closure.Group) int {
			return slices.CompareFunc(reversed(x.Keys), reversed(y.Keys), strings.Compare)
		}),
	}},
	{"counts by two dimensions at most", "Tally/by several dimensions, in their order", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			if len(by.By) > 2 {
				return nil, errors.New("too many dimensions")
			}
			return define(b, ctx, q, by)
		},
	}},
	{"puts one dimension in the place of another", "Tally/by several dimensions, in their order", broken{
		tallied: grouped(func(by closure.Breakdown, g *closure.Group) {
			if len(by.By) > 1 && by.By[1] == closure.ByOutcome {
				g.Keys[0], g.Keys[1] = g.Keys[1], g.Keys[0]
			}
		}),
	}},
	{"counts tags only where there are any", "Tally/in the group of each tag and article, or of none", broken{
		taking: leavingOut(closure.ByTag, func(r closure.Record) bool { return len(r.Tags) == 0 }),
	}},
	{"counts articles only where there are any", "Tally/in the group of each tag and article, or of none", broken{
		taking: leavingOut(closure.ByArticle, func(r closure.Record) bool { return len(r.Articles) == 0 }),
	}},
	{"counts the first tag", "Tally/in the group of each tag and article, or of none", broken{
		taking: recounted(func(_ closure.Breakdown, r *closure.Record) { r.Tags = r.Tags[:min(1, len(r.Tags))] }),
	}},
	{"counts a closing for each of its articles, whatever is asked", "Tally/in the group of each tag and article, or of none", broken{
		taking: func(_ *broken, by closure.Breakdown, found []closure.Record) (joined []closure.Record) {
			for _, r := range found {
				times := len(r.Articles)
				if slices.Contains(by.By, closure.ByArticle) {
					times = 1
				}
				for range max(1, times) {
					joined = append(joined, r)
				}
			}
			return joined
		},
	}},
	{"pairs the first tag with the first article", "Tally/in the group of each tag and article, or of none", broken{
		taking: func(_ *broken, by closure.Breakdown, found []closure.Record) (zipped []closure.Record) {
			for _, r := range found {
				if !slices.Contains(by.By, closure.ByTag) || !slices.Contains(by.By, closure.ByArticle) {
					zipped = append(zipped, r)
					continue
				}
				for i := range max(1, len(r.Tags), len(r.Articles)) {
					one := r
					one.Tags, one.Articles = r.Tags[min(i, len(r.Tags)):min(i+1, len(r.Tags))], r.Articles[min(i, len(r.Articles)):min(i+1, len(r.Articles))]
					zipped = append(zipped, one)
				}
			}
			return zipped
		},
	}},
	{"shares a closing out among its tags", "Tally/in the group of each tag and article, or of none", broken{
		tallied: grouped(func(by closure.Breakdown, g *closure.Group) {
			if slices.Contains(by.By, closure.ByTag) {
				g.Closings = (g.Closings + 1) / 2
			}
		}),
	}},
	{"days begin a microsecond late", "Tally/by days, and what is outside in none", broken{
		counting: days(func(bounds []time.Time) []time.Time { return shifted(bounds, time.Microsecond) }),
	}},
	{"days begin a microsecond early", "Tally/by days, and what is outside in none", broken{
		counting: days(func(bounds []time.Time) []time.Time { return shifted(bounds, -time.Microsecond) }),
	}},
	{"numbers days from one", "Tally/by days, and what is outside in none", broken{
		tallied: dayKeys(func(day int) string { return closure.DayKey(day + 1) }),
	}},
	{"numbers days without zeros", "Tally/by days, and what is outside in none", broken{
		tallied: dayKeys(strconv.Itoa),
	}},
	{"has a day behind the last", "Tally/by days, and what is outside in none", broken{
		counting: days(func(bounds []time.Time) []time.Time {
			return append(bounds, bounds[len(bounds)-1].AddDate(1, 0, 0))
		}),
	}},
	{"the first day has no beginning", "Tally/by days, and what is outside in none", broken{
		counting: days(func(bounds []time.Time) []time.Time {
			bounds[0] = bounds[0].AddDate(-1, 0, 0)
			return bounds
		}),
	}},
	{"days are 24 hours", "Tally/by days, and what is outside in none", broken{
		counting: days(func(bounds []time.Time) []time.Time {
			for i := range bounds {
				if bounds[i].Sub(bounds[0]) > time.Hour {
					bounds[i] = bounds[0].AddDate(0, 0, i)
				}
			}
			return bounds
		}),
	}},
	{"cuts days to microseconds", "Tally/by days, and what is outside in none", broken{
		counting: days(func(bounds []time.Time) []time.Time {
			for i := range bounds {
				bounds[i] = bounds[i].Truncate(time.Microsecond)
			}
			return bounds
		}),
	}},
	{"what is outside has an empty key", "Tally/by days, and what is outside in none", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			groups, err := define(b, ctx, q, by)
			if slices.Equal(by.By, []closure.Dimension{closure.ByDay}) && err == nil {
				every, _ := define(b, ctx, q, closure.Breakdown{})
				outside := closure.Group{Keys: []string{""}}
				for _, g := range every {
					outside.Closings += g.Closings
				}
				for _, g := range groups {
					outside.Closings -= g.Closings
				}
				groups = append([]closure.Group{outside}, groups...)
			}
			return groups, err
		},
	}},
	{"an empty day is a group", "Tally/by days, and what is outside in none", broken{
		tallied: func(_ *broken, by closure.Breakdown, groups []closure.Group) []closure.Group {
			if !slices.Equal(by.By, []closure.Dimension{closure.ByDay}) {
				return groups
			}
			for day := range len(by.Days) - 1 {
				has := func(g closure.Group) bool { return g.Keys[0] == closure.DayKey(day) }
				if !slices.ContainsFunc(groups, has) {
					groups = append(groups, closure.Group{Keys: []string{closure.DayKey(day)}})
				}
			}
			slices.SortFunc(groups, closure.CompareGroups)
			return groups
		},
	}},
	{"has a thousand days", "Tally/by thousands of days", broken{
		counting: days(func(bounds []time.Time) []time.Time { return bounds[:min(1001, len(bounds))] }),
	}},
	{"has a parameter for each bound, of which there are 999", "Tally/by thousands of days", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			if len(by.Days) > 999 {
				return nil, errors.New("too many parameters")
			}
			return define(b, ctx, q, by)
		},
	}},
	{"counts within days that nobody asked for", "Tally/days that nobody asked for", broken{
		taking: func(_ *broken, by closure.Breakdown, found []closure.Record) []closure.Record {
			return slices.DeleteFunc(found, func(r closure.Record) bool {
				return len(by.Days) > 0 && (r.At.Before(by.Days[0]) || !r.At.Before(by.Days[len(by.Days)-1]))
			})
		},
	}},
	{"counts figures that there are none of", "Tally/what a figure has none of is not counted", broken{
		tallied: grouped(func(_ closure.Breakdown, g *closure.Group) {
			for f := range g.Figures {
				g.Figures[f].N = g.Closings
			}
		}),
	}},
	{"subtracts one for what there is none of", "Tally/what a figure has none of is not counted", broken{
		tallied: grouped(func(_ closure.Breakdown, g *closure.Group) {
			for f, sum := range g.Figures {
				g.Figures[f].Total -= g.Closings - sum.N
			}
		}),
	}},
	{"counts no zeros", "Tally/what a figure has none of is not counted", broken{
		taking: recounted(func(_ closure.Breakdown, r *closure.Record) {
			for f, value := range r.Figures {
				if value == 0 {
					r.Figures[f] = closure.None
				}
			}
		}),
	}},
	{"leaves out groups without figures", "Tally/what a figure has none of is not counted", broken{
		tallied: func(_ *broken, _ closure.Breakdown, groups []closure.Group) []closure.Group {
			return slices.DeleteFunc(groups, func(g closure.Group) bool { return g.Figures[closure.Handling].N == 0 })
		},
	}},
	{"sums floating point numbers", "Tally/sums that are whole", broken{
		tallied: grouped(func(_ closure.Breakdown, g *closure.Group) {
			for f, sum := range g.Figures {
				g.Figures[f].Total = int64(float64(sum.Total))
			}
		}),
	}},
	{"sums in 32 bits", "Tally/sums that are whole", broken{
		tallied: grouped(func(_ closure.Breakdown, g *closure.Group) {
			for f, sum := range g.Figures {
				g.Figures[f].Total = int64(int32(sum.Total))
			}
		}),
	}},
	{"sums values that differ", "Tally/sums that are whole", broken{
		taking: func(_ *broken, _ closure.Breakdown, found []closure.Record) []closure.Record {
			for f := range closure.NumFigures {
				seen := map[int64]bool{}
				for i := range found {
					value := found[i].Figures[f]>>20 + int64(f)
					if seen[value] {
						found[i].Figures[f] = closure.None
					}
					seen[value] = true
				}
			}
			return found
		},
	}},
	{"ignores the conversation that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Conversation = "" }),
	}},
	{"ignores the outcome that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Outcome = "" }),
	}},
	{"ignores the cause that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Cause = "" }),
	}},
	{"ignores the side that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Side = "" }),
	}},
	{"ignores the agent whom it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Agent = "" }),
	}},
	{"ignores the group that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Group = "" }),
	}},
	{"ignores the sentiment that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Sentiment = "" }),
	}},
	{"ignores the grades that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Grades = nil }),
	}},
	{"ignores the article that it counts", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Article = "" }),
	}},
	{"counts all, not the last", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Last = false }),
	}},
	{"counts before From", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.From = time.Time{} }),
	}},
	{"counts behind To", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.To = time.Time{} }),
	}},
	{"counts a part of the first microsecond", "Tally/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.From = q.From.Truncate(time.Microsecond) }),
	}},
	{"closings of an asked tag have no other", "Tally/a closing that has the tag, by all that it has", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			groups, err := define(b, ctx, q, by)
			at := slices.Index(by.By, closure.ByTag)
			return slices.DeleteFunc(groups, func(g closure.Group) bool { return q.Tag != "" && at >= 0 && g.Keys[at] != q.Tag }), err
		},
	}},
	{"closings of an asked article have no other", "Tally/a closing that has the tag, by all that it has", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			groups, err := define(b, ctx, q, by)
			at := slices.Index(by.By, closure.ByArticle)
			return slices.DeleteFunc(groups, func(g closure.Group) bool { return q.Article != "" && at >= 0 && g.Keys[at] != q.Article }), err
		},
	}},
	{"ignores the tag that it counts", "Tally/a closing that has the tag, by all that it has", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Tag = "" }),
	}},
	{"orders keys as people do", "Tally/ordered by keys, byte by byte", broken{
		tallied: reordered(func(x, y closure.Group) int {
			fold := func(a, b string) int {
				return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
			}
			return slices.CompareFunc(x.Keys, y.Keys, fold)
		}),
	}},
	{"orders keys by UTF-16", "Tally/ordered by keys, byte by byte", broken{
		tallied: reordered(func(x, y closure.Group) int {
			surrogates := func(s string) string { return strings.ReplaceAll(s, "\U0010ffff", "\ud7ff") }
			return slices.CompareFunc(x.Keys, y.Keys, func(a, b string) int { return strings.Compare(surrogates(a), surrogates(b)) })
		}),
	}},
	{"orders the largest first", "Tally/ordered by keys, byte by byte", broken{
		tallied: reordered(func(x, y closure.Group) int {
			return cmp.Or(cmp.Compare(y.Closings, x.Closings), closure.CompareGroups(x, y))
		}),
	}},
	{"trims keys", "Tally/ordered by keys, byte by byte", broken{
		tallied: grouped(func(_ closure.Breakdown, g *closure.Group) {
			for i := range g.Keys {
				g.Keys[i] = strings.TrimSpace(g.Keys[i])
			}
		}),
	}},
	{"takes a key for NULL", "Tally/ordered by keys, byte by byte", broken{
		taking: recounted(func(_ closure.Breakdown, r *closure.Record) {
			if r.Agent == "NULL" {
				r.Agent = ""
			}
		}),
	}},
	{"counts what is behind a place", "Tally/in either direction and from any place", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			found, err := b.Store.Closings(ctx, q, 10_000)
			return closure.Tally(slices.Values(found), by), err
		},
	}},
	{"counts the newest first", "Tally/in either direction and from any place", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			groups, err := define(b, ctx, q, by)
			if q.Newest {
				slices.Reverse(groups)
			}
			return groups, err
		},
	}},
	{"counts what was put first", "Tally/as they were put last", broken{
		committing: func(b *broken, c *storage.Commit) {
			for _, r := range c.Closings {
				if k := (closingOf{r.Conversation, r.Number}); noted[closure.Record](b, k).Number == 0 {
					b.note(k, r)
				}
			}
		},
		taking: recounting,
	}},
	{"counts closings that were purged", "Tally/as they were put last", broken{
		committing: func(b *broken, c *storage.Commit) { add(b, "put", c.Closings...) },
		taking: func(b *broken, _ closure.Breakdown, found []closure.Record) []closure.Record {
			for _, r := range noted[[]closure.Record](b, "put") {
				if b.head(storage.Key{Workspace: "acme", Conversation: r.Conversation}).Version == 0 {
					found = append(found, r)
				}
			}
			return found
		},
	}},
	{"counts a hundred closings", "Tally/whatever is asked of whatever is there", broken{
		taking: func(_ *broken, _ closure.Breakdown, found []closure.Record) []closure.Record {
			return found[:min(100, len(found))]
		},
	}},
}

var spreadFaults = []fault{
	{"interpolates between values", "Spreads/by nearest rank", broken{
		spreads: ranked(func(list []int64, p int) int64 {
			at := float64(p) / 100 * float64(len(list)-1)
			low := int(at)
			high := min(low+1, len(list)-1)
			return list[low] + int64((at-float64(low))*float64(list[high]-list[low]))
		}),
	}},
	{"takes the next higher rank", "Spreads/by nearest rank", broken{
		spreads: ranked(func(list []int64, p int) int64 { return list[min(len(list)*p/100, len(list)-1)] }),
	}},
	{"takes the next lower rank", "Spreads/by nearest rank", broken{
		spreads: ranked(func(list []int64, p int) int64 { return list[max(0, len(list)*p/100-1)] }),
	}},
	{"rounds ranks", "Spreads/by nearest rank", broken{
		spreads: ranked(func(list []int64, p int) int64 { return list[max(0, (len(list)*p+50)/100-1)] }),
	}},
	{"orders values as text", "Spreads/by nearest rank", broken{
		spreads: ranked(func(list []int64, p int) int64 {
			slices.SortFunc(list, func(x, y int64) int {
				return strings.Compare(strconv.FormatInt(x, 10), strconv.FormatInt(y, 10))
			})
			return list[closure.Rank(p, int64(len(list)))-1]
		}),
	}},
	{"spreads values that differ", "Spreads/by nearest rank", broken{
		spreads: ranked(func(list []int64, p int) int64 {
			list = slices.Compact(list)
			return list[closure.Rank(p, int64(len(list)))-1]
		}),
	}},
	{"orders values descending", "Spreads/by nearest rank", broken{
		spreads: ranked(func(list []int64, p int) int64 { return list[len(list)-int(closure.Rank(p, int64(len(list))))] }),
	}},
	{"orders percentages", "Spreads/each percentage where it was asked for", broken{
		spread: spreading(func(s *closure.Spread) { slices.Sort(s.Values) }),
	}},
	{"answers a percentage once", "Spreads/each percentage where it was asked for", broken{
		spreads: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
			return spreadOut(b, ctx, q, by, figure, slices.Compact(slices.Clone(percentages)))
		},
	}},
	{"needs a percentage", "Spreads/each percentage where it was asked for", broken{
		spreads: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
			if len(percentages) == 0 {
				return nil, ctx.Err()
			}
			return spreadOut(b, ctx, q, by, figure, percentages)
		},
	}},
	{"spreads the figure beside", "Spreads/of each figure", broken{
		spreads: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
			return spreadOut(b, ctx, q, by, max(figure, 1)-1, percentages)
		},
	}},
	{"spreads handling for handling without the wait", "Spreads/of each figure", broken{
		spreads: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
			if figure == closure.NetHandling {
				figure = closure.Handling
			}
			return spreadOut(b, ctx, q, by, figure, percentages)
		},
	}},
	{"spreads what there is none of", "Spreads/without what a figure has none of", broken{
		spreads: spreadTally(func(g closure.Group, _ closure.Sum) int64 { return g.Closings }, 0),
	}},
	{"a spread of no values", "Spreads/without what a figure has none of", broken{
		spreads: spreadTally(func(_ closure.Group, sum closure.Sum) int64 { return sum.N }, 0),
	}},
	{"spreads no zeros", "Spreads/without what a figure has none of", broken{
		taking: recounted(func(_ closure.Breakdown, r *closure.Record) {
			for f, value := range r.Figures {
				if value == 0 {
					r.Figures[f] = closure.None
				}
			}
		}),
	}},
	{"numbers the closings of a spread", "Spreads/without what a figure has none of", broken{
		spreads: spreadTally(func(g closure.Group, _ closure.Sum) int64 { return g.Closings }, 1),
	}},
	{"spreads all together", "Spreads/by dimensions, in their order", broken{
		counting: func(_ *broken, _ *storage.ClosingQuery, by *closure.Breakdown) { by.By = nil },
	}},
	{"spreads without tags nothing", "Spreads/by dimensions, in their order", broken{
		taking: leavingOut(closure.ByTag, func(r closure.Record) bool { return len(r.Tags) == 0 }),
	}},
	{"spreads the first article", "Spreads/by dimensions, in their order", broken{
		taking: recounted(func(_ closure.Breakdown, r *closure.Record) { r.Articles = r.Articles[:min(1, len(r.Articles))] }),
	}},
	{"spreads over the whole of time by day", "Spreads/by dimensions, in their order", broken{
		counting: days(func(bounds []time.Time) []time.Time {
			return append(bounds, bounds[len(bounds)-1].AddDate(1, 0, 0))
		}),
	}},
	{"orders spreads by their size", "Spreads/by dimensions, in their order", broken{
		spread: func(_ *broken, _ closure.Breakdown, spreads []closure.Spread) []closure.Spread {
			slices.SortStableFunc(spreads, func(x, y closure.Spread) int { return cmp.Compare(y.N, x.N) })
			return spreads
		},
	}},
	{"spreads floating point numbers", "Spreads/values that are whole", broken{
		spread: spreading(func(s *closure.Spread) {
			for i := range s.Values {
				s.Values[i] = int64(float64(s.Values[i]))
			}
		}),
	}},
	{"spreads all, not the last", "Spreads/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Last = false }),
	}},
	{"spreads any grade", "Spreads/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Grades = nil }),
	}},
	{"spreads any tag", "Spreads/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.Tag = "" }),
	}},
	{"spreads what is behind To", "Spreads/what the query selects", broken{
		counting: asked(func(q *storage.ClosingQuery) { q.To = time.Time{} }),
	}},
	{"spreads what is behind a place", "Spreads/in either direction and from any place", broken{
		spreads: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
			found, err := b.Store.Closings(ctx, q, 10_000)
			return closure.Spreads(slices.Values(found), by, figure, percentages), err
		},
	}},
	{"spreads a hundred closings", "Spreads/whatever is asked of whatever is there", broken{
		taking: func(_ *broken, _ closure.Breakdown, found []closure.Record) []closure.Record {
			return found[:min(100, len(found))]
		},
	}},
}

// define and spreadOut count as the definition does.
func define(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
	return tallying{&broken{Store: b.Store}}.Tally(ctx, q, by)
}

func spreadOut(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
	return tallying{&broken{Store: b.Store}}.Spreads(ctx, q, by, figure, percentages)
}

// grouped changes every group that is counted.
func grouped(change func(closure.Breakdown, *closure.Group)) func(*broken, closure.Breakdown, []closure.Group) []closure.Group {
	return func(_ *broken, by closure.Breakdown, groups []closure.Group) []closure.Group {
		for i := range groups {
			change(by, &groups[i])
		}
		return groups
	}
}

// reordered orders groups in another way.
func reordered(compare func(x, y closure.Group) int) func(*broken, closure.Breakdown, []closure.Group) []closure.Group {
	return func(_ *broken, _ closure.Breakdown, groups []closure.Group) []closure.Group {
		slices.SortStableFunc(groups, compare)
		return groups
	}
}

// dayKeys makes other keys of the numbers of days.
func dayKeys(key func(day int) string) func(*broken, closure.Breakdown, []closure.Group) []closure.Group {
	return grouped(func(by closure.Breakdown, g *closure.Group) {
		for i, d := range by.By {
			if day, err := strconv.Atoi(g.Keys[i]); err == nil && d == closure.ByDay {
				g.Keys[i] = key(day)
			}
		}
	})
}

// recounted changes every closing before it is counted, and recounting takes
// those that were noted.
func recounted(change func(closure.Breakdown, *closure.Record)) func(*broken, closure.Breakdown, []closure.Record) []closure.Record {
	return func(_ *broken, by closure.Breakdown, found []closure.Record) []closure.Record {
		for i := range found {
			change(by, &found[i])
		}
		return found
	}
}

func recounting(b *broken, _ closure.Breakdown, found []closure.Record) []closure.Record {
	return overlaid(b, storage.ClosingQuery{}, found)
}

// leavingOut leaves some closings out where a dimension is asked for.
func leavingOut(d closure.Dimension, drop func(closure.Record) bool) func(*broken, closure.Breakdown, []closure.Record) []closure.Record {
	return func(_ *broken, by closure.Breakdown, found []closure.Record) []closure.Record {
		if !slices.Contains(by.By, d) {
			return found
		}
		return slices.DeleteFunc(found, drop)
	}
}

// asked changes what is asked.
func asked(change func(*storage.ClosingQuery)) func(*broken, *storage.ClosingQuery, *closure.Breakdown) {
	return func(_ *broken, q *storage.ClosingQuery, _ *closure.Breakdown) { change(q) }
}

// days has other days.
func days(change func([]time.Time) []time.Time) func(*broken, *storage.ClosingQuery, *closure.Breakdown) {
	return func(_ *broken, _ *storage.ClosingQuery, by *closure.Breakdown) {
		if len(by.Days) > 0 {
			by.Days = change(slices.Clone(by.Days))
		}
	}
}

func shifted(bounds []time.Time, by time.Duration) []time.Time {
	for i := range bounds {
		bounds[i] = bounds[i].Add(by)
	}
	return bounds
}

func reversed(keys []string) []string {
	keys = slices.Clone(keys)
	slices.Reverse(keys)
	return keys
}

// ranked finds the values of a spread of ascending ones in another way.
func ranked(value func(list []int64, p int) int64) func(*broken, context.Context, storage.ClosingQuery, closure.Breakdown, closure.Figure, []int) ([]closure.Spread, error) {
	return func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
		spreads, err := spreadOut(b, ctx, q, by, figure, percentages)
		if len(by.By) > 0 || len(spreads) == 0 {
			return spreads, err
		}
		found, _ := b.Store.Closings(ctx, q, 10_000)
		var list []int64
		for _, r := range found {
			if v := r.Figures[figure]; v >= 0 {
				list = append(list, v)
			}
		}
		slices.Sort(list)
		for i, p := range percentages {
			spreads[0].Values[i] = value(slices.Clone(list), p)
		}
		return spreads, err
	}
}

// spreadTally numbers the values of each group that has at least some, in another
// way. Where there are none, they are zero.
func spreadTally(number func(closure.Group, closure.Sum) int64, least int64) func(*broken, context.Context, storage.ClosingQuery, closure.Breakdown, closure.Figure, []int) ([]closure.Spread, error) {
	return func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
		spreads, err := spreadOut(b, ctx, q, by, figure, percentages)
		groups, _ := define(b, ctx, q, by)
		var all []closure.Spread
		for _, g := range groups {
			if g.Figures[figure].N < least {
				continue
			}
			s := closure.Spread{Keys: g.Keys, Values: make([]int64, len(percentages))}
			for _, of := range spreads {
				if slices.Equal(of.Keys, g.Keys) {
					s = of
				}
			}
			s.N = number(g, g.Figures[figure])
			all = append(all, s)
		}
		return all, err
	}
}

// spreading changes every spread.
func spreading(change func(*closure.Spread)) func(*broken, closure.Breakdown, []closure.Spread) []closure.Spread {
	return func(_ *broken, _ closure.Breakdown, spreads []closure.Spread) []closure.Spread {
		for i := range spreads {
			change(&spreads[i])
		}
		return spreads
	}
}
