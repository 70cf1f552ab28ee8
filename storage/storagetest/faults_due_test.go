package storagetest_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var dueFaults = []fault{
	{"excludes the instant", "Due/at the instant, not a microsecond before", broken{
		due: dueBy(func(by time.Time) time.Time { return by.Add(-time.Microsecond) }),
	}},
	{"includes later ones", "Due/at the instant, not a microsecond before", broken{
		due: dueBy(func(by time.Time) time.Time { return by.Add(time.Microsecond) }),
	}},
	{"begins in 1970", "Due/however long ago", broken{
		found: func(_ *broken, found []storage.Due) []storage.Due {
			return slices.DeleteFunc(found, func(d storage.Due) bool { return d.At.Unix() < 0 })
		},
	}},
	{"cannot take a due instant back", "Due/never without an instant", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Head.Due.IsZero() {
				c.Head.Due = b.head(c.Key).Due
			}
		},
	}},
	{"the closed are never due", "Due/also when closed", broken{
		due: dueUnless(func(b *broken, d storage.Due) bool { return !b.head(d.Key).DormantSince.IsZero() }),
	}},
	{"sees one workspace", "Due/across workspaces", broken{
		due: dueUnless(func(_ *broken, d storage.Due) bool { return d.Key.Workspace == "b" }),
	}},
	{"orders by key first", "Due/ordered by instant", broken{
		due: dueOrder(func(x, y storage.Due) int { return x.Key.Compare(y.Key) }),
	}},
	{"the latest first", "Due/ordered by instant", broken{
		due: dueOrder(func(x, y storage.Due) int { return cmp.Or(y.At.Compare(x.At), x.Key.Compare(y.Key)) }),
	}},
	{"orders due keys as people do", "Due/then by key, byte by byte", broken{
		due: dueOrder(func(x, y storage.Due) int { return cmp.Or(x.At.Compare(y.At), asPeople(x.Key, y.Key)) }),
	}},
	{"begins with the given one", "Due/after a given one", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found, err := b.Store.Due(ctx, by, storage.Due{}, 1000)
			return page(found, func(d storage.Due) bool { return d.Compare(after) < 0 }, limit), err
		},
	}},
	{"begins after the instant", "Due/after a given one", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found, err := b.Store.Due(ctx, by, storage.Due{}, 1000)
			return page(found, func(d storage.Due) bool { return !d.At.After(after.At) }, limit), err
		},
	}},
	{"does not limit what is due", "Due/at most limit", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, _ int) ([]storage.Due, error) {
			return b.Store.Due(ctx, by, after, 1000)
		},
	}},
	{"limits before it looks for the given one", "Due/at most limit", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found, err := b.Store.Due(ctx, by, storage.Due{}, limit)
			return page(found, func(d storage.Due) bool { return d.Compare(after) <= 0 }, limit), err
		},
	}},
	{"leaves old due instants behind", "Due/where it was moved to", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			if !c.Head.Due.IsZero() {
				add(b, "due", storage.Due{At: c.Head.Due, Key: c.Key})
			}
		}),
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found := slices.SortedFunc(slices.Values(noted[[]storage.Due](b, "due")), storage.Due.Compare)
			passed := func(d storage.Due) bool { return d.At.After(by) || d.Compare(after) <= 0 }
			return page(found, passed, limit), ctx.Err()
		},
	}},
	{"pages what is due by offset", "Due/pages skip nothing while others change", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found, err := b.Store.Due(ctx, by, storage.Due{}, 1000)
			found = offset(b, found, after == storage.Due{}, limit)
			return found, err
		},
	}},
	{"does not look at setbacks", "Due/left out until the setback is over", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found, err := b.Store.Due(ctx, afterAll, after, 1000)
			return page(found, func(d storage.Due) bool { return d.At.After(by) }, limit), err
		},
	}},
	{"still set back at the instant", "Due/left out until the setback is over", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found, err := b.Store.Due(ctx, by, after, 1000)
			return page(found, func(d storage.Due) bool { return b.setbackOf(d.Key).RetryAt.Equal(by) }, limit), err
		},
	}},
	{"due when it is to be tried again", "Due/left out until the setback is over", broken{
		found: func(b *broken, found []storage.Due) []storage.Due {
			for i, d := range found {
				if at := b.setbackOf(d.Key).RetryAt; at.After(d.At) {
					found[i].At = at
				}
			}
			return found
		},
	}},
	{"no instant is long ago", "Due/left out until it is released", longAgo},
	{"limits what is due before it leaves out", "Due/pages are filled past those left out", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			found, err := b.Store.Due(ctx, afterAll, after, limit)
			return page(found, func(d storage.Due) bool { return d.At.After(by) || b.heldBack(d.Key, by) }, limit), err
		},
	}},
}

// afterAll is later than any setback that has an instant.
var afterAll = time.Date(20_000, time.January, 1, 0, 0, 0, 0, time.UTC)

// longAgo keeps the instant of a setback without one as 1970.
var longAgo = broken{
	setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
		if setback.Failures > 0 && setback.RetryAt.IsZero() {
			setback.RetryAt = time.Unix(0, 0).UTC()
		}
		return b.Store.SetBack(ctx, k, version, setback)
	},
	loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
		if l.Setback.RetryAt.Unix() == 0 {
			l.Setback.RetryAt = time.Time{}
		}
	},
}

// setbackOf is of the store below.
func (b *broken) setbackOf(k storage.Key) storage.Setback {
	l, err := b.Store.Load(context.Background(), k, "")
	if err != nil {
		panic(err)
	}
	return l.Setback
}

// heldBack reports whether the setback of a conversation lasts beyond by.
func (b *broken) heldBack(k storage.Key, by time.Time) bool {
	s := b.setbackOf(k)
	return s.Failures > 0 && (s.RetryAt.IsZero() || s.RetryAt.After(by))
}

func dueBy(change func(time.Time) time.Time) dueFunc {
	return func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
		return b.Store.Due(ctx, change(by), after, limit)
	}
}

func dueUnless(hidden func(*broken, storage.Due) bool) dueFunc {
	return func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
		found, err := b.Store.Due(ctx, by, after, 1000)
		return page(found, func(d storage.Due) bool { return hidden(b, d) }, limit), err
	}
}

func dueOrder(order func(x, y storage.Due) int) dueFunc {
	return func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
		found, err := b.Store.Due(ctx, by, storage.Due{}, 1000)
		slices.SortFunc(found, order)
		passed := func(d storage.Due) bool { return after != storage.Due{} && order(d, after) <= 0 }
		return page(found, passed, limit), err
	}
}

type dueFunc = func(*broken, context.Context, time.Time, storage.Due, int) ([]storage.Due, error)

// asPeople orders without regard to case.
func asPeople(x, y storage.Key) int {
	return cmp.Or(
		strings.Compare(strings.ToLower(x.Workspace), strings.ToLower(y.Workspace)),
		strings.Compare(strings.ToLower(x.Conversation), strings.ToLower(y.Conversation)),
		x.Compare(y),
	)
}

// offset pages by the number of those that were returned before.
func offset[T any](b *broken, list []T, first bool, limit int) []T {
	from := noted[int](b, "offset")
	if first {
		from = 0
	}
	list = list[min(from, len(list)):]
	list = list[:min(limit, len(list))]
	b.note("offset", from+len(list))
	return list
}

var outdatedFaults = []fault{
	{"one revision older is not older", "Outdated/after the policies changed", broken{
		outdated: outdatedUnless(func(b *broken, k storage.Key) bool {
			l, _ := b.Store.Load(context.Background(), k, "")
			return l.Head.PolicyRevision+1 == l.Policies.Revision
		}),
	}},
	{"marks the outdated when policies change", "Outdated/decided on older policies", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			l, _ := b.Store.Load(context.Background(), c.Key, "")
			b.note(c.Key, l.Policies.Revision)
		}),
		outdated: outdatedUnless(func(b *broken, k storage.Key) bool {
			l, _ := b.Store.Load(context.Background(), k, "")
			return l.Policies.Revision == noted[int64](b, k)
		}),
	}},
	{"needs an event to be up to date", "Outdated/recomputed no longer", broken{
		committing: func(b *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				c.Head.PolicyRevision = b.head(c.Key).PolicyRevision
			}
		},
	}},
	{"never up to date again", "Outdated/recomputed no longer", broken{
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			keys, err := b.Store.Outdated(ctx, by, storage.Key{}, 1000)
			keys = append(keys, noted[[]storage.Key](b, "once")...)
			slices.SortFunc(keys, storage.Key.Compare)
			b.note("once", slices.Compact(keys))
			return page(slices.Compact(keys), func(k storage.Key) bool { return k.Compare(after) <= 0 }, limit), err
		},
	}},
	{"the closed are outdated too", "Outdated/closed no longer", broken{
		committing: func(b *broken, c *storage.Commit) {
			if len(c.Events) > 0 {
				b.note(c.Key, c.Head.DormantSince)
			}
			c.Head.DormantSince = time.Time{}
		},
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) { l.Head.DormantSince = noted[time.Time](b, k) },
	}},
	{"the reopened are never outdated", "Outdated/reopened again", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			b.note(c.Key, noted[bool](b, c.Key) || !c.Head.DormantSince.IsZero())
		}),
		outdated: outdatedUnless(func(b *broken, k storage.Key) bool {
			return noted[bool](b, k)
		}),
	}},
	{"outdated by any workspace", "Outdated/by the policies of their own workspace", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			if c.Expect == 0 {
				add(b, "keys", c.Key)
			}
		}),
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			keys, err := b.Store.Outdated(ctx, by, after, limit)
			if len(keys) > 0 {
				keys = noted[[]storage.Key](b, "keys")
			}
			return keys, err
		},
	}},
	{"outdated at the same revision", "Outdated/never where no policies were set", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			if c.Expect == 0 {
				add(b, "keys", c.Key)
			}
		}),
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			return noted[[]storage.Key](b, "keys"), ctx.Err()
		},
	}},
	{"orders outdated keys as people do", "Outdated/ordered by key, byte by byte", broken{
		keys: func(_ *broken, keys []storage.Key) []storage.Key {
			return slices.SortedFunc(slices.Values(keys), asPeople)
		},
	}},
	{"begins with the given key", "Outdated/after a given one", broken{
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			keys, err := b.Store.Outdated(ctx, by, storage.Key{}, 1000)
			return page(keys, func(k storage.Key) bool { return k.Compare(after) < 0 }, limit), err
		},
	}},
	{"does not limit what is outdated", "Outdated/at most limit", broken{
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, _ int) ([]storage.Key, error) {
			return b.Store.Outdated(ctx, by, after, 1000)
		},
	}},
	{"pages the outdated by offset", "Outdated/pages skip nothing while rows leave", broken{
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			keys, err := b.Store.Outdated(ctx, by, storage.Key{}, 1000)
			return offset(b, keys, after == storage.Key{}, limit), err
		},
	}},
	{"outdated in spite of a setback", "Outdated/left out while set back", broken{
		outdated: func(b *broken, ctx context.Context, _ time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			return b.Store.Outdated(ctx, afterAll, after, limit)
		},
	}},
	{"outdated though it waits for a release", "Outdated/left out while set back", longAgo},
	{"not outdated once it was set back", "Outdated/left out while set back", broken{
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			keys, err := b.Store.Outdated(ctx, by, after, 1000)
			return page(keys, func(k storage.Key) bool { return b.setbackOf(k).Failures > 0 }, limit), err
		},
	}},
	{"limits the outdated before it leaves out", "Outdated/pages are filled past those left out", broken{
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			keys, err := b.Store.Outdated(ctx, afterAll, after, limit)
			return page(keys, func(k storage.Key) bool { return b.heldBack(k, by) }, limit), err
		},
	}},
}

func outdatedUnless(hidden func(*broken, storage.Key) bool) outdatedFunc {
	return func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
		keys, err := b.Store.Outdated(ctx, by, after, 1000)
		return page(keys, func(k storage.Key) bool { return hidden(b, k) }, limit), err
	}
}

type outdatedFunc = func(*broken, context.Context, time.Time, storage.Key, int) ([]storage.Key, error)
