package drivertest_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// Closings implements storage.Store.
func (b *metaBroken) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	if b.closingQuery != nil {
		b.closingQuery(&q)
	}
	if b.closings != nil {
		return b.closings(ctx, q, limit)
	}
	return b.Store.Closings(ctx, q, limit)
}

// A metaTallier is a broken store that counts by itself.
type metaTallier struct{ *metaBroken }

// Tally implements storage.Tallier.
func (t metaTallier) Tally(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
	if t.tally != nil {
		return t.tally(ctx, q, by)
	}
	all, err := metaAllClosings(ctx, t.Store, q)
	return closure.Tally(slices.Values(all), by), err
}

// Spreads implements storage.Tallier.
func (t metaTallier) Spreads(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
	all, err := metaAllClosings(ctx, t.Store, q)
	if t.spreads != nil {
		return t.spreads(all, by, figure, percentages), err
	}
	return closure.Spreads(slices.Values(all), by, figure, percentages), err
}

// metaPutFault changes closings before they are put. It gets those that the
// conversation has.
func metaPutFault(name string, change func(c *storage.Commit, now []closure.Record)) metaFault {
	return metaFault{name, func(b *metaBroken) {
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			q := storage.ClosingQuery{Workspace: c.Key.Workspace, Filter: closure.Filter{Conversation: c.Key.Conversation}}
			now, err := b.Store.Closings(ctx, q, 1000)
			c.Closings = slices.Clone(c.Closings)
			change(c, now)
			return err
		}
	}}
}

// metaEachPutFault changes each closing before it is put.
func metaEachPutFault(name string, change func(*closure.Record)) metaFault {
	return metaPutFault(name, func(c *storage.Commit, _ []closure.Record) {
		for i := range c.Closings {
			change(&c.Closings[i])
		}
	})
}

// metaClosingQueryFault changes what closings are asked for.
func metaClosingQueryFault(name string, change func(*storage.ClosingQuery)) metaFault {
	return metaFault{name, func(b *metaBroken) { b.closingQuery = change }}
}

// metaOrderFault lists closings in another order.
func metaOrderFault(name string, order func(a, b closure.Place, newest bool) int) metaFault {
	return metaFault{name, func(b *metaBroken) {
		b.closings = func(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			all, err := metaAllClosings(ctx, b.Store, q)
			if q.After != (closure.Place{}) {
				all = slices.DeleteFunc(all, func(r closure.Record) bool { return order(r.Place(), q.After, q.Newest) <= 0 })
			}
			slices.SortFunc(all, func(x, y closure.Record) int { return order(x.Place(), y.Place(), q.Newest) })
			return all[:min(limit, len(all))], err
		}
	}}
}

// metaShelfFault keeps closings on a shelf, which shelve puts them on.
func metaShelfFault(name string, shelve func(b *metaBroken, shelf metaShelf)) metaFault {
	return metaFault{name, func(b *metaBroken) {
		shelf := metaShelf{}
		b.committed = func(_ context.Context, c storage.Commit, _ storage.Head) { shelf.put(c.Key, c.Closings) }
		b.closings = func(_ context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			return shelf.find(q, limit), nil
		}
		b.purge = func(ctx context.Context, before time.Time, limit int) (int, error) {
			n, err := b.Store.Purge(ctx, before, limit)
			for key := range shelf {
				if l, _ := b.Store.Load(ctx, key, ""); l.Head.Version == 0 {
					delete(shelf, key)
				}
			}
			return n, err
		}
		shelve(b, shelf)
	}}
}

// metaTallyFault counts closings in another way.
func metaTallyFault(name string, tally func(all []closure.Record, by closure.Breakdown) []closure.Group) metaFault {
	return metaFault{name, func(b *metaBroken) {
		b.tally = func(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			all, err := metaAllClosings(ctx, b.Store, q)
			return tally(all, by), err
		}
	}}
}

// metaSpreadsFault says in another way how values lie.
func metaSpreadsFault(name string, spreads func(all []closure.Record, by closure.Breakdown, figure closure.Figure, percentages []int) []closure.Spread) metaFault {
	return metaFault{name, func(b *metaBroken) { b.spreads = spreads }}
}

// metaDaysFault counts by other days than those asked for.
func metaDaysFault(name string, change func(days []time.Time)) metaFault {
	return metaTallyFault(name, func(all []closure.Record, by closure.Breakdown) []closure.Group {
		by.Days = slices.Clone(by.Days)
		if len(by.Days) > 0 {
			change(by.Days)
		}
		return closure.Tally(slices.Values(all), by)
	})
}

func forwards(a, b closure.Place, newest bool) int {
	if newest {
		return closure.ComparePlaces(b, a)
	}
	return closure.ComparePlaces(a, b)
}

// soundShelf has no fault: a shelf is no worse than a store.
var soundShelf = metaShelfFault("closings on a shelf", func(*metaBroken, metaShelf) {})

var metaClosingFaults = []metaFault{
	metaPutFault("closings are lost", func(c *storage.Commit, _ []closure.Record) { c.Closings = nil }),
	metaPutFault("of the closings of a commit the first is put", func(c *storage.Commit, _ []closure.Record) {
		c.Closings = c.Closings[:min(1, len(c.Closings))]
	}),
	metaPutFault("a closing stays as it was first put", func(c *storage.Commit, now []closure.Record) {
		c.Closings = slices.DeleteFunc(c.Closings, func(r closure.Record) bool {
			return slices.ContainsFunc(now, func(old closure.Record) bool { return old.Number == r.Number })
		})
	}),
	metaPutFault("a closing keeps its tags", func(c *storage.Commit, now []closure.Record) {
		for i, r := range c.Closings {
			if was := slices.IndexFunc(now, func(old closure.Record) bool { return old.Number == r.Number }); was >= 0 {
				c.Closings[i].Tags = now[was].Tags
			}
		}
	}),
	metaPutFault("a value stays where there is none any more", func(c *storage.Commit, now []closure.Record) {
		for i, r := range c.Closings {
			for _, old := range now {
				for f := range r.Figures {
					if old.Number == r.Number && r.Figures[f] == closure.None {
						c.Closings[i].Figures[f] = old.Figures[f]
					}
				}
			}
		}
	}),
	metaEachPutFault("no value of a figure is kept as zero", func(r *closure.Record) {
		for f, v := range r.Figures {
			r.Figures[f] = max(0, v)
		}
	}),
	metaEachPutFault("zero is kept as no value", func(r *closure.Record) {
		for f, v := range r.Figures {
			if v == 0 {
				r.Figures[f] = closure.None
			}
		}
	}),
	metaEachPutFault("figures have 32 bits", func(r *closure.Record) {
		for f, v := range r.Figures {
			r.Figures[f] = int64(int32(v))
		}
	}),
	metaEachPutFault("two figures are confused", func(r *closure.Record) {
		f := &r.Figures
		f[closure.Handling], f[closure.NetHandling] = f[closure.NetHandling], f[closure.Handling]
	}),
	metaEachPutFault("closings are kept to the millisecond", func(r *closure.Record) { r.At = r.At.Truncate(time.Millisecond) }),
	metaEachPutFault("tags of closings are kept in lower case", func(r *closure.Record) {
		r.Tags = slices.Clone(r.Tags)
		for i := range r.Tags {
			r.Tags[i] = strings.ToLower(r.Tags[i])
		}
	}),
	metaEachPutFault("the second article is lost", func(r *closure.Record) { r.Articles = r.Articles[:min(1, len(r.Articles))] }),
	metaEachPutFault("spaces at the end are cut", func(r *closure.Record) {
		r.Cause = closure.Cause(strings.TrimSpace(string(r.Cause)))
	}),

	metaShelfFault("closings of a commit that conflicts are put", func(b *metaBroken, shelf metaShelf) {
		b.commit = func(_ context.Context, c *storage.Commit) error {
			shelf.put(c.Key, c.Closings)
			return nil
		}
	}),
	metaShelfFault("closings that were rolled back remain", func(b *metaBroken, shelf metaShelf) {
		b.subject.end = func(draft *metaDraft, commit bool) error {
			for _, c := range draft.commits {
				shelf.put(c.Key, c.Closings)
			}
			if commit {
				return draft.apply(context.Background())
			}
			return nil
		}
	}),
	metaShelfFault("a purge leaves closings", func(b *metaBroken, _ metaShelf) { b.purge = nil }),
	metaShelfFault("a purge takes the closings of every workspace", func(b *metaBroken, shelf metaShelf) {
		b.purge = func(ctx context.Context, before time.Time, limit int) (int, error) {
			n, err := b.Store.Purge(ctx, before, limit)
			gone := map[string]bool{}
			for key := range shelf {
				l, _ := b.Store.Load(ctx, key, "")
				gone[key.Conversation] = gone[key.Conversation] || l.Head.Version == 0
			}
			for key := range shelf {
				if gone[key.Conversation] {
					delete(shelf, key)
				}
			}
			return n, err
		}
	}),
	metaShelfFault("a closing that is put again stands beside itself", func(b *metaBroken, shelf metaShelf) {
		b.closings = func(_ context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			found := shelf.find(q, limit)
			for i, r := range found {
				if r.Number == 1001 && len(found) < limit {
					return slices.Insert(found, i, r), nil
				}
			}
			return found, nil
		}
	}),
	metaShelfFault("closings of IDs that differ in case are the same", func(b *metaBroken, shelf metaShelf) {
		b.committed = func(_ context.Context, c storage.Commit, _ storage.Head) {
			shelf.put(c.Key, c.Closings)
			key := c.Key
			key.Conversation = strings.ToLower(key.Conversation)
			if key != c.Key {
				delete(shelf, key)
			}
		}
	}),

	metaClosingQueryFault("closings at From are left out", func(q *storage.ClosingQuery) {
		if !q.From.IsZero() {
			q.From = q.From.Add(time.Microsecond)
		}
	}),
	metaClosingQueryFault("closings at To are not left out", func(q *storage.ClosingQuery) {
		if !q.To.IsZero() {
			q.To = q.To.Add(time.Microsecond)
		}
	}),
	metaClosingQueryFault("closings of any conversation", func(q *storage.ClosingQuery) { q.Conversation = "" }),
	metaClosingQueryFault("closings of any outcome", func(q *storage.ClosingQuery) { q.Outcome = "" }),
	metaClosingQueryFault("closings of any cause", func(q *storage.ClosingQuery) { q.Cause = "" }),
	metaClosingQueryFault("closings of either side", func(q *storage.ClosingQuery) { q.Side = "" }),
	metaClosingQueryFault("closings of agents in lower case", func(q *storage.ClosingQuery) { q.Agent = strings.ToLower(q.Agent) }),
	metaClosingQueryFault("closings of groups in lower case", func(q *storage.ClosingQuery) { q.Group = strings.ToLower(q.Group) }),
	metaClosingQueryFault("closings of any sentiment", func(q *storage.ClosingQuery) { q.Sentiment = "" }),
	metaClosingQueryFault("closings of the first grade", func(q *storage.ClosingQuery) { q.Grades = q.Grades[:min(1, len(q.Grades))] }),
	metaClosingQueryFault("closings of tags in lower case", func(q *storage.ClosingQuery) { q.Tag = strings.ToLower(q.Tag) }),
	metaClosingQueryFault("closings of any article", func(q *storage.ClosingQuery) { q.Article = "" }),
	metaClosingQueryFault("closings that were not the last", func(q *storage.ClosingQuery) { q.Last = false }),
	metaClosingQueryFault("closings behind a place are behind its instant", func(q *storage.ClosingQuery) {
		if !q.After.At.IsZero() && !q.Newest {
			q.After.Conversation = "~"
		}
	}),
	metaClosingQueryFault("closings behind a place are behind its conversation", func(q *storage.ClosingQuery) {
		if !q.After.At.IsZero() && !q.Newest {
			q.After.Number = 1 << 30
		}
	}),
	metaClosingQueryFault("the latest closings come last", func(q *storage.ClosingQuery) { q.Newest = false }),
	{"the last closing is the last that is selected", func(b *metaBroken) {
		b.closings = func(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			if !q.Last {
				return b.Store.Closings(ctx, q, limit)
			}
			q.Last = false
			all, err := metaAllClosings(ctx, b.Store, q)
			found, failed := b.Store.Closings(ctx, q, 1000)
			found = slices.DeleteFunc(found, func(r closure.Record) bool {
				return slices.ContainsFunc(all, func(other closure.Record) bool {
					return other.Conversation == r.Conversation && other.Number > r.Number
				})
			})
			return found[:min(limit, len(found))], errors.Join(err, failed)
		}
	}},
	{"the last closing is the last ever", func(b *metaBroken) {
		b.closings = func(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			all, err := metaAllClosings(ctx, b.Store, storage.ClosingQuery{Workspace: q.Workspace})
			found, failed := b.Store.Closings(ctx, q, 1000)
			found = slices.DeleteFunc(found, func(r closure.Record) bool {
				return q.Last && slices.ContainsFunc(all, func(other closure.Record) bool {
					return other.Conversation == r.Conversation && other.Number > r.Number
				})
			})
			return found[:min(limit, len(found))], errors.Join(err, failed)
		}
	}},
	{"the last closing is the one before the next number", func(b *metaBroken) {
		b.closings = func(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			if !q.Last || q.To.IsZero() {
				return b.Store.Closings(ctx, q, limit)
			}
			every, err := metaAllClosings(ctx, b.Store, storage.ClosingQuery{Workspace: q.Workspace})
			q.Last = false
			found, failed := b.Store.Closings(ctx, q, 1000)
			found = slices.DeleteFunc(found, func(r closure.Record) bool {
				next := closure.Record{Number: 1 << 30}
				for _, other := range every {
					if other.Conversation == r.Conversation && other.Number > r.Number && other.Number < next.Number {
						next = other
					}
				}
				return !next.At.IsZero() && next.At.Before(q.To)
			})
			return found[:min(limit, len(found))], errors.Join(err, failed)
		}
	}},
	metaOrderFault("closings of one instant go forwards, also for the newest first", func(a, b closure.Place, newest bool) int {
		if !a.At.Equal(b.At) {
			return forwards(a, b, newest)
		}
		return closure.ComparePlaces(a, b)
	}),
	metaOrderFault("closings of one instant go by number", func(a, b closure.Place, newest bool) int {
		if a.At.Equal(b.At) && a.Number != b.Number {
			a.Conversation, b.Conversation = "", ""
		}
		return forwards(a, b, newest)
	}),
	metaOrderFault("closings of one instant go by people's alphabet", func(a, b closure.Place, newest bool) int {
		a.Conversation, b.Conversation = strings.ToLower(a.Conversation)+b.Conversation, strings.ToLower(b.Conversation)+a.Conversation
		return forwards(a, b, newest)
	}),
	metaOrderFault("closings behind a place begin with it", func(a, b closure.Place, newest bool) int {
		if a == b && a.Number == 1001 {
			return 1
		}
		return forwards(a, b, newest)
	}),

	metaTallyFault("the first tag counts", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		for i, r := range all {
			all[i].Tags = r.Tags[:min(1, len(r.Tags))]
		}
		return closure.Tally(slices.Values(all), by)
	}),
	metaTallyFault("closings count once for each tag, whatever they are counted by", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		var joined []closure.Record
		for _, r := range all {
			for range max(1, len(r.Tags)) {
				joined = append(joined, r)
			}
		}
		if slices.Contains(by.By, closure.ByTag) {
			joined = all
		}
		return closure.Tally(slices.Values(joined), by)
	}),
	metaTallyFault("what has no article is in no group", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		if slices.Contains(by.By, closure.ByArticle) {
			all = slices.DeleteFunc(all, func(r closure.Record) bool { return len(r.Articles) == 0 })
		}
		return closure.Tally(slices.Values(all), by)
	}),
	metaTallyFault("keys are the same in upper case and in lower case", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		for i, r := range all {
			all[i].Agent = strings.ToLower(r.Agent)
		}
		return closure.Tally(slices.Values(all), by)
	}),
	metaTallyFault("groups go by people's alphabet", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		groups := closure.Tally(slices.Values(all), by)
		slices.SortStableFunc(groups, func(a, b closure.Group) int {
			return strings.Compare(strings.ToLower(strings.Join(a.Keys, "\x00")), strings.ToLower(strings.Join(b.Keys, "\x00")))
		})
		return groups
	}),
	metaTallyFault("there is a group of nothing", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		groups := closure.Tally(slices.Values(all), by)
		if len(groups) == 0 && len(by.By) == 0 {
			groups = []closure.Group{{}}
		}
		return groups
	}),
	metaTallyFault("no value counts as one", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		groups := closure.Tally(slices.Values(all), by)
		for i, g := range groups {
			for f := range g.Figures {
				groups[i].Figures[f].N = g.Closings
			}
		}
		return groups
	}),
	metaTallyFault("totals are of 32 bits", func(all []closure.Record, by closure.Breakdown) []closure.Group {
		groups := closure.Tally(slices.Values(all), by)
		for i, g := range groups {
			for f, sum := range g.Figures {
				groups[i].Figures[f].Total = int64(int32(sum.Total))
			}
		}
		return groups
	}),
	metaDaysFault("days begin behind their first instant", func(days []time.Time) {
		for i := range days {
			days[i] = days[i].Add(time.Microsecond)
		}
	}),
	metaDaysFault("what is at the end of the days is in the last", func(days []time.Time) {
		last := len(days) - 1
		days[last] = days[last].Add(time.Microsecond)
	}),
	metaDaysFault("what is before the days is in the first", func(days []time.Time) { days[0] = days[0].Add(-240 * time.Hour) }),
	{"counting begins behind a place", func(b *metaBroken) {
		b.tally = func(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			all, err := b.Store.Closings(ctx, q, 1000)
			return closure.Tally(slices.Values(all), by), err
		}
	}},
	metaSpreadsFault("ranks are rounded down", func(all []closure.Record, by closure.Breakdown, figure closure.Figure, percentages []int) []closure.Spread {
		spreads := closure.Spreads(slices.Values(all), by, figure, percentages)
		whole := make([]int, 100)
		for i := range whole {
			whole[i] = i + 1
		}
		for i, of := range closure.Spreads(slices.Values(all), by, figure, whole) {
			for j, p := range percentages {
				if rank := int64(p) * of.N / 100; rank > 0 { // the percentage that has this rank
					spreads[i].Values[j] = of.Values[max(1, rank*100/of.N)-1]
				}
			}
		}
		return spreads
	}),
	metaSpreadsFault("zero is no value", func(all []closure.Record, by closure.Breakdown, figure closure.Figure, percentages []int) []closure.Spread {
		all = slices.DeleteFunc(all, func(r closure.Record) bool { return r.Figures[figure] == 0 })
		return closure.Spreads(slices.Values(all), by, figure, percentages)
	}),
	metaSpreadsFault("values go as words do", func(all []closure.Record, by closure.Breakdown, figure closure.Figure, percentages []int) []closure.Spread {
		spreads := closure.Spreads(slices.Values(all), by, figure, percentages)
		words := map[string][]string{}
		for _, r := range all {
			for _, g := range closure.Tally(slices.Values([]closure.Record{r}), by) {
				if v := r.Figures[figure]; v >= 0 {
					keys := strings.Join(g.Keys, "\x00")
					words[keys] = append(words[keys], strconv.FormatInt(v, 10))
				}
			}
		}
		for _, s := range spreads {
			of := words[strings.Join(s.Keys, "\x00")]
			slices.Sort(of)
			for i, p := range percentages {
				s.Values[i], _ = strconv.ParseInt(of[closure.Rank(p, s.N)-1], 10, 64)
			}
		}
		return spreads
	}),
	metaSpreadsFault("there are spreads of no values", func(all []closure.Record, by closure.Breakdown, figure closure.Figure, percentages []int) []closure.Spread {
		spreads := closure.Spreads(slices.Values(all), by, figure, percentages)
		for _, g := range closure.Tally(slices.Values(all), by) {
			if !slices.ContainsFunc(spreads, func(s closure.Spread) bool { return slices.Equal(s.Keys, g.Keys) }) {
				spreads = append(spreads, closure.Spread{Keys: g.Keys})
			}
		}
		return spreads
	}),
}
