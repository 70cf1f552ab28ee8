package storagetest_test

import (
	"context"
	"time"

	"github.com/adjourn/adjourn/storage"
)

type (
	purgeFunc = func(*broken, context.Context, time.Time, int) (int, error)
	feedFunc  = func(*broken, context.Context, storage.Position, int) ([]storage.Entry, error)
)

var purgeFaults = []fault{
	{"purges at the instant", "Purge/closed before the instant", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			return b.Store.Purge(ctx, dormantBefore.Add(time.Microsecond), limit)
		},
	}},
	{"the open were closed in 1970", "Purge/closed before the instant", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if c.Head.DormantSince.IsZero() {
				c.Head.DormantSince = time.Unix(0, 0).UTC()
			}
		},
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Head.DormantSince.Unix() == 0 {
				l.Head.DormantSince = time.Time{}
			}
		},
	}},
	{"purging nothing empties the feed", "Purge/closed before the instant", broken{
		purge: purging(func(b *broken, _ int) { b.note("from", b.end()) }),
		feed:  feedAfter,
	}},
	{"once closed is closed", "Purge/reopened no longer", broken{
		committing: func(b *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				return
			}
			b.note(c.Key, c.Head.DormantSince)
			if before := b.head(c.Key).DormantSince; !before.IsZero() {
				c.Head.DormantSince = before
			}
		},
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			if l.Head.Version > 0 {
				l.Head.DormantSince = noted[time.Time](b, k)
			}
		},
	}},
	{"those closed last first", "Purge/those closed first, across workspaces", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if !c.Head.DormantSince.IsZero() {
				c.Head.DormantSince = time.Unix(-c.Head.DormantSince.Unix(), 0).UTC()
			}
		},
		purge: func(b *broken, ctx context.Context, _ time.Time, limit int) (int, error) {
			return b.Store.Purge(ctx, afterAll, limit)
		},
	}},
	{"purges one workspace", "Purge/those closed first, across workspaces", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if c.Key.Workspace == "b" {
				c.Head.DormantSince = time.Time{}
			}
		},
	}},
	{"does not limit purges", "Purge/at most limit, and returns how many", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, _ int) (int, error) {
			return b.Store.Purge(ctx, dormantBefore, 1000)
		},
	}},
	{"returns the limit", "Purge/at most limit, and returns how many", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			n, err := b.Store.Purge(ctx, dormantBefore, limit)
			if n > 0 {
				n = limit
			}
			return n, err
		},
	}},
	{"keeps the commands of the purged", "Purge/unknown then", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			if l.Applied != nil {
				b.note(commandOf{k, id}, *l.Applied)
			} else if a := noted[storage.Applied](b, commandOf{k, id}); a.To > 0 {
				l.Applied = &a
			}
			return l, err
		},
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			b.note(commandOf{c.Key, c.Command.ID}, storage.Applied{From: c.Expect, To: c.Head.Version})
		}),
	}},
	{"keeps the setbacks of the purged", "Purge/unknown then", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			b.note("set back", storage.SetbackOf{Key: k, Setback: setback})
			return b.Store.SetBack(ctx, k, version, setback)
		},
		listed: func(b *broken, listed []storage.SetbackOf) []storage.SetbackOf {
			if last := noted[storage.SetbackOf](b, "set back"); last.Failures > 0 && b.head(last.Key).Version == 0 {
				listed = append(listed, last)
			}
			return listed
		},
	}},
	{"the purged are still due", "Purge/unknown then", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) { b.note("due", storage.Due{At: c.Head.Due, Key: c.Key}) }),
		found: func(b *broken, found []storage.Due) []storage.Due {
			if last := noted[storage.Due](b, "due"); !last.At.IsZero() && b.head(last.Key).Version == 0 {
				found = append(found, last)
			}
			return found
		},
	}},
	{"commands of the purged conflict", "Purge/opened again from version zero", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			key := commandOf{c.Key, c.Command.ID}
			if c.Command.ID != "" && noted[bool](b, key) {
				return storage.ErrConflict
			}
			err := b.Store.Commit(ctx, c)
			if err == nil {
				b.note(key, true)
			}
			return err
		},
	}},
	{"opens a key once", "Purge/opened again from version zero", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if c.Expect == 0 && noted[bool](b, c.Key) {
				return storage.ErrConflict
			}
			b.note(c.Key, true)
			return b.Store.Commit(ctx, c)
		},
	}},
	{"opens again with the old events", "Purge/opened again from version zero", broken{
		committing: keepTexts,
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			events, err := b.Store.History(ctx, k, after, limit)
			if n := len(events); n > 0 && n < limit {
				if e := noted[storage.Event](b, eventOf{k, events[n-1].Version + 1}); e.Version > 0 {
					events = append(events, e)
				}
			}
			return events, err
		},
	}},
	{"shows what was purged", "Purge/in no view, with no tag and in no seat", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			b.note("heads", b.heads())
			return b.Store.Purge(ctx, dormantBefore, limit)
		},
		shown: func(b *broken, rows []storage.Row) []storage.Row {
			return append(rows, noted[[]storage.Row](b, "heads")...)
		},
	}},
	{"keeps the tags of the purged", "Purge/in no view, with no tag and in no seat", broken{
		committing: func(b *broken, c *storage.Commit) { add(b, c.Key, c.Head.Tags...) },
		view:       byTags(func(b *broken, r storage.Row) []string { return noted[[]string](b, r.Key) }),
	}},
	{"counts what was purged", "Purge/in no view, with no tag and in no seat", broken{
		purge: purging(func(b *broken, n int) { b.note("purged", n) }),
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			n, err := b.Store.Count(ctx, q)
			return n + noted[int](b, "purged"), err
		},
	}},
	{"the purged keep their seats", "Purge/in no view, with no tag and in no seat", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			before := b.stored(agentKey("zoe")).Seats
			n, err := b.Store.Purge(ctx, dormantBefore, limit)
			b.note("kept", before-b.stored(agentKey("zoe")).Seats)
			return n, err
		},
		recorded: func(b *broken, r *storage.Record) { r.Seats += noted[int](b, "kept") },
	}},
	{"a purge erases the visitors", "Purge/leaves others as they are", broken{
		purge: purging(func(b *broken, n int) { b.note("purged", n > 0) }),
		recorded: func(b *broken, r *storage.Record) {
			if r.Key.Kind == storage.KindVisitor && noted[bool](b, "purged") {
				r.Text = ""
			}
		},
	}},
	{"a purge releases all", "Purge/leaves others as they are", broken{
		purge: purging(func(b *broken, _ int) { b.releaseAll() }),
	}},
	{"a purge forgets all commands", "Purge/leaves others as they are", broken{
		purge: purging(func(b *broken, n int) { b.note("purged", n > 0) }),
		loaded: func(b *broken, _ storage.Key, l *storage.Loaded) {
			if noted[bool](b, "purged") {
				l.Applied = nil
			}
		},
	}},
	{"tells what was purged, not what is left", "Purge/feed begins after the last of their commits", broken{
		feed: oldest(func(_ *broken, at storage.Position) storage.Position { return at - 1 }),
	}},
	{"the feed begins at its end", "Purge/feed begins after the last of their commits", broken{
		purge: purging(func(b *broken, n int) {
			if n > 0 {
				b.note("from", b.end())
			}
		}),
		feed: feedAfter,
	}},
	{"purges holes into the feed", "Purge/feed is whole from there on", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			if len(c.Events) > 0 {
				b.number(c)
			}
		}),
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			hidden := func(e storage.Entry) bool { return e.Position <= after || b.head(e.Key).Version == 0 }
			return page(noted[[]storage.Entry](b, "feed"), hidden, limit), ctx.Err()
		},
	}},
	{"the feed begins earlier again", "Purge/feed is whole from there on", broken{
		purge: purging(func(b *broken, n int) {
			if n > 0 {
				add(b, "purges", n)
			}
		}),
		feed: oldest(func(b *broken, at storage.Position) storage.Position {
			return at - storage.Position(len(noted[[]int](b, "purges"))) + 1
		}),
	}},
	{"counts from one when all was purged", "Purge/positions go on", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			end := b.end()
			n, err := b.Store.Purge(ctx, dormantBefore, limit)
			if n > 0 && b.end() == 0 {
				b.note("restart", end)
			}
			return n, err
		},
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			restart := noted[storage.Position](b, "restart")
			if after < restart {
				return nil, &storage.PurgedError{Oldest: restart + 1}
			}
			entries, err := b.Store.Feed(ctx, after+restart, limit)
			for i := range entries {
				entries[i].Position -= restart
			}
			return entries, err
		},
	}},
}

// A commandOf is the key of a note.
type commandOf struct {
	key storage.Key
	id  string
}

// purging does something after each purge.
func purging(do func(b *broken, n int)) purgeFunc {
	return func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
		n, err := b.Store.Purge(ctx, dormantBefore, limit)
		if err == nil {
			do(b, n)
		}
		return n, err
	}
}

// feedAfter has nothing up to the position that is noted.
func feedAfter(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	if from := noted[storage.Position](b, "from"); after < from {
		return nil, &storage.PurgedError{Oldest: from + 1}
	}
	return b.Store.Feed(ctx, after, limit)
}

// oldest tells another oldest position.
func oldest(other func(b *broken, at storage.Position) storage.Position) feedFunc {
	return func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
		if up := b.purgedUpTo(); after < up && ctx.Err() == nil {
			return nil, &storage.PurgedError{Oldest: other(b, up+1)}
		}
		return b.Store.Feed(ctx, after, limit)
	}
}
