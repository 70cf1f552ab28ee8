package storagetest_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var concurrencyFaults = []fault{
	{"checks the version, then writes", "Concurrency/of several commits one succeeds", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if b.head(c.Key).Version != c.Expect {
				return storage.ErrConflict
			}
			linger()
			c.Expect = b.head(c.Key).Version
			return b.Store.Commit(ctx, c)
		},
	}},
	{"fails when others commit", "Concurrency/of several commits one succeeds", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if !b.enter("commit") {
				return errBusy
			}
			defer b.leave("commit")
			linger()
			return b.Store.Commit(ctx, c)
		},
	}},
	{"checks the command, then writes", "Concurrency/of several commits of one command one succeeds", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			l, err := b.Store.Load(ctx, c.Key, c.Command.ID)
			if err != nil || l.Applied != nil {
				return errors.Join(err, storage.ErrConflict)
			}
			linger()
			if err = b.Store.Commit(ctx, c); err != nil && b.head(c.Key).Version == c.Expect {
				return nil
			}
			return err
		},
	}},
	{"loads in two steps", "Concurrency/a commit is seen wholly or not at all", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			first, err := b.Store.Load(ctx, k, "")
			linger()
			second, _ := b.Store.Load(context.WithoutCancel(ctx), k, id)
			first.Applied = second.Applied
			return first, err
		},
	}},
	{"takes positions before it commits", "Concurrency/feed without gaps or changes under writers", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			if c.Head.Version%2 == 1 { // Others overtake.
				hidden := inFlight{c.Key, c.Head.Version}
				b.note(hidden, true)
				reads := len(noted[[]bool](b, "reads"))
				for i := 0; i < 2000 && len(noted[[]bool](b, "reads")) < reads+3; i++ {
					runtime.Gosched()
				}
				b.note(hidden, false)
			}
		}),
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			add(b, "reads", true)
			return slices.DeleteFunc(entries, func(e storage.Entry) bool {
				return noted[bool](b, inFlight{e.Key, e.Events[len(e.Events)-1].Version})
			})
		},
	}},
	{"takes positions after it committed", "Concurrency/feed in the order of versions under writers", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			if c.Head.Version%3 == 1 {
				linger()
			}
			if len(c.Events) > 0 {
				b.number(c)
			}
		}),
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			entries := noted[[]storage.Entry](b, "feed")
			return page(entries, func(e storage.Entry) bool { return e.Position <= after }, limit), ctx.Err()
		},
	}},
	{"serves an old feed while another reads", "Concurrency/feed prompt under writers", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			if b.enter("feed") {
				defer b.leave("feed")
				entries, err := b.Store.Feed(ctx, 0, 1000)
				if err != nil {
					return nil, err
				}
				linger()
				b.note("read", entries)
			}
			entries := noted[[]storage.Entry](b, "read")
			return page(entries, func(e storage.Entry) bool { return e.Position <= after }, limit), ctx.Err()
		},
	}},
	{"checks the version, then sets back", "Concurrency/a setback and a commit", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			if b.head(k).Version != version {
				return storage.ErrConflict
			}
			await(func() bool { return b.head(k).Version != version })
			return b.Store.SetBack(ctx, k, b.head(k).Version, setback)
		},
	}},
	{"fails when others set back", "Concurrency/a setback and a commit", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			b.note("locked", k)
			await(func() bool { return noted[int64](b, k) == version })
			b.note("locked", nil)
			return b.Store.SetBack(ctx, k, version, setback)
		},
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			locked := noted[storage.Key](b, "locked")
			b.note(c.Key, c.Expect)
			if locked == c.Key {
				return errBusy
			}
			return b.Store.Commit(ctx, c)
		},
	}},
	{"erases one conversation after the other", "Concurrency/erased all at once", broken{
		committing: keepTexts,
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			b.note("erasing", true)
			n, err := b.Store.Erase(ctx, workspace, visitor)
			reads := len(noted[[]bool](b, "reads"))
			await(func() bool { return len(noted[[]bool](b, "reads")) >= reads+6 })
			b.note("erasing", false)
			return n, err
		},
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			add(b, "reads", true)
			late := noted[bool](b, "erasing") && strings.HasPrefix(k.Conversation, "second")
			events, err := b.Store.History(ctx, k, after, limit)
			if late {
				b.restore(k, events)
			}
			return events, err
		},
	}},
	{"erases the feed first", "Concurrency/erased all at once", broken{
		committing: keepTexts,
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			b.note("erasing", true)
			n, err := b.Store.Erase(ctx, workspace, visitor)
			reads := len(noted[[]bool](b, "reads"))
			await(func() bool { return len(noted[[]bool](b, "reads")) >= reads+3 })
			b.note("erasing", false)
			return n, err
		},
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			add(b, "reads", true)
			late := noted[bool](b, "erasing")
			entries, err := b.Store.Feed(ctx, after, limit)
			if len(entries) > 0 && late {
				b.restore(entries[0].Key, entries[0].Events)
				b.restore(entries[len(entries)-1].Key, entries[len(entries)-1].Events)
			}
			return entries, err
		},
	}},
	{"looks for the closed, then purges", "Concurrency/purged or reopened", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) { add(b, "keys", c.Key) }),
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			closed := b.closed()
			await(func() bool { return len(b.closed()) < len(closed) })
			if _, err := b.Store.Purge(ctx, dormantBefore, limit); err != nil {
				return 0, err
			}
			for _, k := range closed {
				b.note(k, true)
			}
			return len(closed), nil
		},
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			if noted[bool](b, k) {
				l.Head = storage.Head{}
			}
		},
	}},
	{"counts, then purges", "Concurrency/purged once", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) { add(b, "keys", c.Key) }),
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			n := min(limit, len(b.closed()))
			linger()
			_, err := b.Store.Purge(ctx, dormantBefore, limit)
			return n, err
		},
	}},
	{"begins with what is left under purges", "Concurrency/feed whole or purged", broken{
		commit: afterwards(nil, func(*broken, storage.Commit) { linger() }),
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			up := b.purgedUpTo()
			if after < up || up == 0 {
				return b.Store.Feed(ctx, after, limit)
			}
			await(func() bool { up = b.purgedUpTo(); return up > after && b.end() > up })
			return b.Store.Feed(ctx, max(after, up), limit)
		},
	}},
	{"has no events of what is being purged", "Concurrency/feed whole or purged", broken{
		commit: afterwards(nil, func(*broken, storage.Commit) { linger() }),
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			entries, err := b.Store.Feed(ctx, after, limit)
			for i, e := range entries {
				if b.purgedUpTo() > 0 {
					await(func() bool { return b.head(e.Key).Version == 0 })
				}
				if b.head(e.Key).Version == 0 {
					entries[i].Events = nil
				}
			}
			return entries, err
		},
	}},
	{"loads for one at a time", "Concurrency/mixed use", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			if !b.enter("load") {
				return storage.Loaded{}, errBusy
			}
			defer b.leave("load")
			linger()
			return b.Store.Load(ctx, k, id)
		},
	}},
	{"returns what another loaded", "Concurrency/mixed use", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			b.note("loaded", l)
			linger()
			return noted[storage.Loaded](b, "loaded"), err
		},
	}},
}

// await lets other goroutines run until something has happened, or for a while.
func await(happened func() bool) {
	for i := 0; i < 5000 && !happened(); i++ {
		runtime.Gosched()
	}
}

// closed returns the noted keys of conversations that are closed.
func (b *broken) closed() (closed []storage.Key) {
	for _, k := range noted[[]storage.Key](b, "keys") {
		if !b.head(k).DormantSince.IsZero() {
			closed = append(closed, k)
		}
	}
	return closed
}

var errBusy = errors.New("database is locked")

// inFlight is a commit that has a position and is not visible yet.
type inFlight struct {
	key     storage.Key
	version int64
}

// enter reports whether nobody else is in a room, and is in it then.
func (b *broken) enter(room string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if taken, _ := b.notes["in "+room].(bool); taken {
		return false
	}
	b.notes["in "+room] = true
	return true
}

func (b *broken) leave(room string) { b.note("in "+room, false) }

// number gives a commit the next position of a feed of its own.
func (b *broken) number(c storage.Commit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	feed, _ := b.notes["feed"].([]storage.Entry)
	at := storage.Position(len(feed)) + 1
	b.notes["feed"] = append(feed[:len(feed):len(feed)], storage.Entry{Position: at, Key: c.Key, Events: c.Events})
}
