package storagetest_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

type viewFunc = func(*broken, context.Context, storage.Query, int) ([]storage.Row, error)

var viewFaults = []fault{
	{"shows all workspaces", "View/of a workspace in a state", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) (all []storage.Row, err error) {
			for _, q.Workspace = range []string{"acme", "other"} {
				found, err := b.Store.View(ctx, q, limit)
				if err != nil {
					return nil, err
				}
				all = append(all, found...)
			}
			return all, nil
		},
	}},
	{"shows whatever is not closed", "View/of a workspace in a state", broken{
		asking: func(_ *broken, q *storage.Query) {
			if q.State != "closed" {
				q.State = "open"
			}
		},
	}},
	{"shows no bodies", "View/the whole conversation", broken{
		shown: showing(func(r *storage.Row) { r.Head.Body = nil }),
	}},
	{"shows no seats", "View/the whole conversation", broken{
		shown: showing(func(r *storage.Row) { r.Head.Seat = "" }),
	}},
	{"shows the tag that was asked for", "View/the whole conversation", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			found, err := b.Store.View(ctx, q, limit)
			for i := range found {
				if q.Tag != "" {
					found[i].Head.Tags = []string{q.Tag}
				}
			}
			return found, err
		},
	}},
	{"shows one row for each tag", "View/the whole conversation", broken{
		shown: func(_ *broken, rows []storage.Row) (joined []storage.Row) {
			for _, r := range rows {
				for range max(1, len(r.Head.Tags)) {
					joined = append(joined, r)
				}
			}
			return joined
		},
	}},
	{"ignores the agent", "View/by one thing each", broken{
		asking: func(_ *broken, q *storage.Query) { q.Agent = "" },
	}},
	{"looks for the agent in seats", "View/by one thing each", broken{
		view: viewed(func(_ *broken, q storage.Query, r storage.Row) bool {
			return q.Agent == "" || r.Head.Agent == q.Agent || r.Head.Seat == q.Agent
		}, func(q *storage.Query) { q.Agent = "" }),
	}},
	{"ignores the group", "View/by one thing each", broken{
		asking: func(_ *broken, q *storage.Query) { q.Group = "" },
	}},
	{"ignores Ungrouped", "View/by one thing each", broken{
		asking: func(_ *broken, q *storage.Query) { q.Ungrouped = false },
	}},
	{"ignores the visitor", "View/by one thing each", broken{
		asking: func(_ *broken, q *storage.Query) { q.Visitor = "" },
	}},
	{"ignores the outcome", "View/by one thing each", broken{
		asking: func(_ *broken, q *storage.Query) { q.Outcome = "" },
	}},
	{"ignores the tag", "View/by one thing each", broken{
		asking: func(_ *broken, q *storage.Query) { q.Tag = "" },
	}},
	{"looks at the first tag", "View/by one thing each", broken{
		view: byTags(func(_ *broken, r storage.Row) []string { return r.Head.Tags[:min(1, len(r.Head.Tags))] }),
	}},
	{"no group is no group", "View/any when nothing is asked", broken{
		asking: func(_ *broken, q *storage.Query) { q.Ungrouped = q.Group == "" },
	}},
	{"no outcome is no outcome", "View/any when nothing is asked", broken{
		view: viewed(func(_ *broken, q storage.Query, r storage.Row) bool { return q.Outcome == r.Head.Outcome },
			func(q *storage.Query) { q.Outcome = "" }),
	}},
	{"asks for one thing at a time", "View/by several things at once", broken{
		asking: func(_ *broken, q *storage.Query) {
			if q.Group != "" {
				q.Tag = ""
			}
		},
	}},
	{"the group of an agent is the agent's", "View/by several things at once", broken{
		asking: func(_ *broken, q *storage.Query) {
			if q.Agent != "" {
				q.Group, q.Ungrouped = "", false
			}
		},
	}},
	{"ignores the case of states", "View/compared byte by byte", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			found, err := b.Store.View(ctx, q, limit)
			other := q
			other.State = strings.ToUpper(q.State[:1]) + q.State[1:]
			more, _ := b.Store.View(ctx, other, limit)
			if other.State != q.State {
				found = append(found, more...)
			}
			return found, err
		},
	}},
	{"trims groups for views", "View/compared byte by byte", broken{
		view: viewed(func(_ *broken, q storage.Query, r storage.Row) bool {
			return q.Group == "" || strings.TrimSpace(q.Group) == strings.TrimSpace(r.Head.Group)
		}, func(q *storage.Query) { q.Group = "" }),
	}},
	{"looks for a tag in the text of all", "View/compared byte by byte", broken{
		view: viewed(func(_ *broken, q storage.Query, r storage.Row) bool {
			return strings.Contains(strings.Join(r.Head.Tags, ","), q.Tag)
		}, func(q *storage.Query) { q.Tag = "" }),
	}},
	{"ignores the case of outcomes", "View/compared byte by byte", broken{
		view: viewed(func(_ *broken, q storage.Query, r storage.Row) bool {
			return q.Outcome == "" || strings.EqualFold(q.Outcome, r.Head.Outcome)
		}, func(q *storage.Query) { q.Outcome = "" }),
	}},
	{"orders by Since alone", "View/by what it is ordered by", broken{
		asking: func(_ *broken, q *storage.Query) { q.Order = storage.BySince },
	}},
	{"the newest are the earliest", "View/by what it is ordered by", broken{
		asking: func(_ *broken, q *storage.Query) { q.Newest = false },
	}},
	{"views begin in 1970", "View/however long ago", broken{
		shown: func(_ *broken, rows []storage.Row) []storage.Row {
			return slices.DeleteFunc(rows, func(r storage.Row) bool { return r.Head.Since.Unix() < 0 })
		},
	}},
	{"1970 is no bound", "View/however long ago", broken{
		asking: func(_ *broken, q *storage.Query) {
			if q.From.Unix() == 0 {
				q.From = time.Time{}
			}
		},
	}},
	{"orders conversations as people do", "View/then by conversation, byte by byte, in both directions", broken{
		shown: func(_ *broken, rows []storage.Row) []storage.Row {
			slices.SortFunc(rows, func(x, y storage.Row) int {
				return cmp.Or(x.Head.Since.Compare(y.Head.Since), asPeople(x.Key, y.Key))
			})
			return rows
		},
	}},
	{"the newest first, but names forwards", "View/then by conversation, byte by byte, in both directions", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			found, err := b.Store.View(ctx, q, limit)
			if q.Newest {
				slices.SortFunc(found, func(x, y storage.Row) int {
					return cmp.Or(y.Head.Since.Compare(x.Head.Since), x.Key.Compare(y.Key))
				})
			}
			return found, err
		},
	}},
	{"From is excluded", "View/not before From, and before To", broken{
		asking: func(_ *broken, q *storage.Query) {
			if !q.From.IsZero() {
				q.From = q.From.Add(time.Microsecond)
			}
		},
	}},
	{"To is included", "View/not before From, and before To", broken{
		asking: func(_ *broken, q *storage.Query) {
			if !q.To.IsZero() {
				q.To = q.To.Add(time.Microsecond)
			}
		},
	}},
	{"the newest first, From is To", "View/not before From, and before To", broken{
		asking: func(_ *broken, q *storage.Query) {
			if q.Newest {
				q.From, q.To = q.To, q.From
			}
		},
	}},
	{"From and To are of Since", "View/not before From, and before To", broken{
		view: viewed(func(_ *broken, q storage.Query, r storage.Row) bool {
			return (q.From.IsZero() || !r.Head.Since.Before(q.From)) && (q.To.IsZero() || r.Head.Since.Before(q.To))
		}, func(q *storage.Query) { q.From, q.To = time.Time{}, time.Time{} }),
	}},
	{"begins with the given place", "View/after a place", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			after := q.After
			q.After = storage.Place{}
			found, err := b.Store.View(ctx, q, 1000)
			at := slices.IndexFunc(found, func(r storage.Row) bool { return placeOf(q, r) == after })
			return page(found[max(at, 0):], func(storage.Row) bool { return false }, limit), err
		},
	}},
	{"begins after the instant of the place", "View/after a place", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			found, err := b.Store.View(ctx, q, 1000)
			return page(found, func(r storage.Row) bool { return placeOf(q, r).At.Equal(q.After.At) }, limit), err
		},
	}},
	{"compares instants and names apart", "View/after a place", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			found, err := b.Store.View(ctx, q, 1000)
			return page(found, func(r storage.Row) bool {
				return q.After.Conversation != "" && (placeOf(q, r).Conversation > q.After.Conversation) == q.Newest
			}, limit), err
		},
	}},
	{"looks for the given place", "View/after a place where nothing is", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			after := q.After
			q.After = storage.Place{}
			found, err := b.Store.View(ctx, q, 1000)
			at := slices.IndexFunc(found, func(r storage.Row) bool { return placeOf(q, r) == after })
			return page(found[at+1:], func(storage.Row) bool { return false }, limit), err
		},
	}},
	{"does not limit views", "View/at most limit", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, _ int) ([]storage.Row, error) {
			return b.Store.View(ctx, q, 1000)
		},
	}},
	{"limits views before it looks for the place", "View/at most limit", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			after := q.After
			q.After = storage.Place{}
			found, err := b.Store.View(ctx, q, limit)
			at := slices.IndexFunc(found, func(r storage.Row) bool { return placeOf(q, r) == after })
			return found[at+1:], err
		},
	}},
	{"limits views before it selects", "View/pages are filled with what is selected", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			tag := q.Tag
			q.Tag = ""
			found, err := b.Store.View(ctx, q, limit)
			return page(found, func(r storage.Row) bool { return tag != "" && !slices.Contains(r.Head.Tags, tag) }, limit), err
		},
	}},
	{"stays at the place where it was opened", "View/where it was moved to", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Expect > 0 && len(c.Events) > 0 {
				c.Head.Since = b.head(c.Key).Since
			}
		},
	}},
	{"shows it to the agent before, too", "View/where it was moved to", broken{
		committing: func(b *broken, c *storage.Commit) { add(b, c.Key, c.Head.Agent) },
		view: viewed(func(b *broken, q storage.Query, r storage.Row) bool {
			return q.Agent == "" || slices.Contains(noted[[]string](b, r.Key), q.Agent)
		}, func(q *storage.Query) { q.Agent = "" }),
	}},
	{"shows the group before", "View/where it was moved to", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Expect > 0 && c.Head.Group == "" {
				c.Head.Group = b.head(c.Key).Group
			}
		},
	}},
	{"shows it in the state before, too", "View/in the state that it was moved to", broken{
		committing: func(b *broken, c *storage.Commit) { add(b, c.Key, c.Head.State) },
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			found, err := b.Store.View(ctx, q, limit)
			for _, r := range b.heads() {
				if r.Head.State != q.State && slices.Contains(noted[[]string](b, r.Key), q.State) {
					found = append(found, r)
				}
			}
			return found, err
		},
	}},
	{"closed for good", "View/in the state that it was moved to", broken{
		committing: func(b *broken, c *storage.Commit) {
			if before := b.head(c.Key).State; before == "closed" {
				c.Head.State = before
			}
		},
	}},
	{"keeps the tags from before", "View/with the tags that it has now", broken{
		committing: func(b *broken, c *storage.Commit) { add(b, c.Key, c.Head.Tags...) },
		view:       byTags(func(b *broken, r storage.Row) []string { return noted[[]string](b, r.Key) }),
	}},
	{"tags at opening only", "View/with the tags that it has now", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Expect > 0 {
				c.Head.Tags = b.head(c.Key).Tags
			}
		},
	}},
	{"no tags is no change", "View/with the tags that it has now", broken{
		committing: func(b *broken, c *storage.Commit) {
			if len(c.Head.Tags) == 0 {
				c.Head.Tags = b.head(c.Key).Tags
			}
		},
	}},
	{"tags before it checks", "View/after a refused commit as before", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.Tags) },
		view:       byTags(func(b *broken, r storage.Row) []string { return noted[[]string](b, r.Key) }),
	}},
	{"pages views by offset", "View/pages skip nothing while others change", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			first := q.After == storage.Place{}
			q.After = storage.Place{}
			found, err := b.Store.View(ctx, q, 1000)
			return offset(b, found, first, limit), err
		},
	}},
}

var countFaults = []fault{
	{"counts ten at most", "Count/as many as View shows", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			n, err := b.Store.Count(ctx, q)
			return min(n, 10), err
		},
	}},
	{"counts at any time", "Count/as many as View shows", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			q.From, q.To = time.Time{}, time.Time{}
			return b.Store.Count(ctx, q)
		},
	}},
	{"counts tags", "Count/as many as View shows", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (n int, _ error) {
			found, err := b.Store.View(ctx, q, 1000)
			for _, r := range found {
				n += max(1, len(r.Head.Tags))
			}
			return n, err
		},
	}},
	{"counts from the first on", "Count/behind a place", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			q.After = storage.Place{}
			return b.Store.Count(ctx, q)
		},
	}},
	{"counts itself too", "Count/how many are before one that waits", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			n, err := b.Store.Count(ctx, q)
			if (q.After != storage.Place{}) {
				n++
			}
			return n, err
		},
	}},
	{"counts in one direction", "Count/how many are before one that waits", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			q.Newest = false
			return b.Store.Count(ctx, q)
		},
	}},
	{"counts once", "Count/now and not before", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			key := fmt.Sprint(q)
			if n := noted[int](b, key); n > 0 {
				return n, ctx.Err()
			}
			n, err := b.Store.Count(ctx, q)
			b.note(key, n)
			return n, err
		},
	}},
	{"counts commits", "Count/now and not before", broken{
		commit: movingSeats(func(b *broken, _ string, c storage.Commit) { b.note(c.Head.State, noted[int](b, c.Head.State)+1) }),
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			return noted[int](b, q.State), ctx.Err()
		},
	}},
}

func placeOf(q storage.Query, r storage.Row) storage.Place {
	if q.Order == storage.ByUpdated {
		return storage.Place{At: r.Head.Updated, Conversation: r.Key.Conversation}
	}
	return storage.Place{At: r.Head.Since, Conversation: r.Key.Conversation}
}

// showing changes every row that a view shows.
func showing(change func(*storage.Row)) func(*broken, []storage.Row) []storage.Row {
	return func(_ *broken, rows []storage.Row) []storage.Row {
		for i := range rows {
			change(&rows[i])
		}
		return rows
	}
}

// viewed selects for itself from what a wider query shows.
func viewed(selects func(*broken, storage.Query, storage.Row) bool, widen func(*storage.Query)) viewFunc {
	return func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
		wide := q
		widen(&wide)
		found, err := b.Store.View(ctx, wide, 1000)
		return page(found, func(r storage.Row) bool { return !selects(b, q, r) }, limit), err
	}
}

// byTags looks for tags that are not those of the head.
func byTags(tags func(*broken, storage.Row) []string) viewFunc {
	return func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
		tag := q.Tag
		q.Tag = ""
		found, err := b.Store.View(ctx, q, 1000)
		return page(found, func(r storage.Row) bool { return tag != "" && !slices.Contains(tags(b, r), tag) }, limit), err
	}
}
