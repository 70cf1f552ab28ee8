package storagetest_test

import (
	"context"
	"errors"
	"runtime"
	"slices"

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
