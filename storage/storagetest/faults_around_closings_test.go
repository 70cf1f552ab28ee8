package storagetest_test

import (
	"context"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// aroundClosingFaults are of purges, transactions, owners, contexts and calls that
// come at the same time.
var aroundClosingFaults = []fault{
	{"keeps the closings of the purged", "Purge/with its closings", broken{
		commit:    afterwards(nil, putMore),
		concluded: moreWhere(func(b *broken, k storage.Key) bool { return b.head(k).Version == 0 }),
	}},
	{"finds the closings of the purged when it is opened again", "Purge/with its closings", broken{
		commit: afterwards(nil, putMore),
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			b.note("purged", true)
			return b.Store.Purge(ctx, dormantBefore, limit)
		},
		concluded: moreWhere(func(b *broken, k storage.Key) bool {
			return noted[bool](b, "purged") && b.head(k).Version == 1 && k.Conversation == "a"
		}),
	}},
	{"returns its own closings", "Ownership/what Closings returns is the caller's", broken{
		concluded: func(b *broken, _ storage.ClosingQuery, found []closure.Record) []closure.Record {
			return shared(b, found)
		},
	}},
	{"returns its own tags of closings", "Ownership/what Closings returns is the caller's", broken{
		concluded: ended(func(b *broken, r *closure.Record) { r.Tags = shared(b, r.Tags) }),
	}},
	{"returns its own articles of closings", "Ownership/what Closings returns is the caller's", broken{
		concluded: ended(func(b *broken, r *closure.Record) { r.Articles = shared(b, r.Articles) }),
	}},
	{"returns its own keys of what it counted", "Ownership/what Tally and Spreads return is the caller's", broken{
		tallied: func(b *broken, _ closure.Breakdown, groups []closure.Group) []closure.Group {
			for i := range groups {
				groups[i].Keys = shared(b, groups[i].Keys)
			}
			return groups
		},
	}},
	{"returns its own spreads", "Ownership/what Tally and Spreads return is the caller's", broken{
		spread: func(b *broken, _ closure.Breakdown, spreads []closure.Spread) []closure.Spread {
			return shared(b, spreads)
		},
	}},
	{"orders the dimensions that it was given", "Ownership/what Tally and Spreads are given stays the caller's", broken{
		counting: func(_ *broken, _ *storage.ClosingQuery, by *closure.Breakdown) { slices.Sort(by.By) },
	}},
	{"orders the percentages that it was given", "Ownership/what Tally and Spreads are given stays the caller's", broken{
		spreads: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
			slices.Sort(percentages)
			return spreadOut(b, ctx, q, by, figure, percentages)
		},
	}},
	{"orders the grades that it was given", "Ownership/what Tally and Spreads are given stays the caller's", broken{
		counting: func(_ *broken, q *storage.ClosingQuery, _ *closure.Breakdown) { slices.Sort(q.Grades) },
	}},
	{"keeps the tags of closings that it was given", "Ownership/the closings that Commit is given stay the caller's", broken{
		commit: afterwards(nil, overlay),
		concluded: func(b *broken, _ storage.ClosingQuery, found []closure.Record) []closure.Record {
			for i, r := range found {
				found[i].Tags = slices.Clone(noted[closure.Record](b, closingOf{r.Conversation, r.Number}).Tags)
			}
			return found
		},
	}},
	{"takes the articles out of the closings it was given", "Ownership/the closings that Commit is given stay the caller's", broken{
		commit: afterwards(nil, func(_ *broken, c storage.Commit) {
			for i := range c.Closings {
				c.Closings[i].Articles = nil
			}
		}),
	}},
	{"Closings ignores its context", "Context/cancelled", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			return b.Store.Closings(context.WithoutCancel(ctx), q, limit)
		},
	}},
	{"Tally ignores its context", "Context/cancelled", broken{
		tally: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error) {
			return define(b, context.WithoutCancel(ctx), q, by)
		},
	}},
	{"Spreads ignores its context", "Context/cancelled", broken{
		spreads: func(b *broken, ctx context.Context, q storage.ClosingQuery, by closure.Breakdown, figure closure.Figure, percentages []int) ([]closure.Spread, error) {
			return spreadOut(b, context.WithoutCancel(ctx), q, by, figure, percentages)
		},
	}},
	{"puts closings although it was cancelled", "Context/not applied", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			err := b.Store.Commit(ctx, c)
			if ctx.Err() != nil {
				putMore(b, c)
			}
			return err
		},
		concluded: moreWhere(func(*broken, storage.Key) bool { return true }),
	}},
	{"puts closings after it has committed", "Concurrency/closings are seen with what closed it", broken{
		loaded: func(b *broken, _ storage.Key, _ *storage.Loaded) { add(b, "reads", true) },
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			reads := len(noted[[]bool](b, "reads"))
			await(func() bool { return len(noted[[]bool](b, "reads")) >= reads+6 })
			overlay(b, c)
		}),
		concluded: without(func(b *broken, _ storage.ClosingQuery, r closure.Record) bool {
			return noted[closure.Record](b, closingOf{r.Conversation, r.Number}).Number == 0
		}),
	}},
	{"puts closings before it commits", "Concurrency/closings are seen with what closed it", broken{
		loaded: func(b *broken, _ storage.Key, _ *storage.Loaded) { add(b, "reads", true) },
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			putMore(b, c)
			reads := len(noted[[]bool](b, "reads"))
			await(func() bool { return len(noted[[]bool](b, "reads")) >= reads+6 })
			return b.Store.Commit(ctx, c)
		},
		concluded: moreWhere(func(*broken, storage.Key) bool { return true }),
	}},
	{"puts closings whoever was faster", "Concurrency/closings of those that succeed, and of no others", broken{
		loaded: func(*broken, storage.Key, *storage.Loaded) { linger() },
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			err := b.Store.Commit(ctx, c)
			overlay(b, c)
			return err
		},
		concluded: overlaid,
	}},
	{"puts closings before the transaction ends", "Tx/closings are put with the transaction", broken{
		tx: brokenTx{
			write: func(tx *brokenTx, ctx context.Context, c storage.Commit) error {
				err := tx.buffered.Commit(ctx, c)
				if err == nil {
					overlay(tx.b, c)
				}
				return err
			},
		}.begin,
		concluded: overlaid,
	}},
	{"puts closings once in a transaction", "Tx/closings are put with the transaction", inTx(brokenTx{
		end: ending(func(c *storage.Commit) {
			if c.Expect == 2 {
				c.Closings = nil
			}
		}),
	})},
	{"forgets closings in transactions", "Tx/closings are put with the transaction", inTx(brokenTx{
		end: ending(func(c *storage.Commit) { c.Closings = nil }),
	})},
	{"puts closings though it is rolled back", "Tx/closings are as before when it is rolled back", broken{
		tx: brokenTx{
			rollback: func(tx *brokenTx) error {
				for _, c := range tx.commits {
					overlay(tx.b, c)
				}
				return nil
			},
		}.begin,
		concluded: overlaid,
	}},
}

// A putOf is a closing that was put in a conversation.
type putOf struct {
	key storage.Key
	closure.Record
}

// putMore notes the closings of a commit, and moreWhere finds them in some
// conversations, also where they are not.
func putMore(b *broken, c storage.Commit) {
	for _, r := range c.Closings {
		add(b, "more", putOf{c.Key, r})
	}
}

func moreWhere(there func(b *broken, k storage.Key) bool) func(*broken, storage.ClosingQuery, []closure.Record) []closure.Record {
	return func(b *broken, q storage.ClosingQuery, found []closure.Record) []closure.Record {
		for _, put := range noted[[]putOf](b, "more") {
			known := slices.ContainsFunc(found, func(r closure.Record) bool { return r.Place() == put.Place() })
			if put.key.Workspace == q.Workspace && !known && there(b, put.key) {
				found = append(found, put.Record)
			}
		}
		return found
	}
}
