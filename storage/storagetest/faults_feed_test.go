package storagetest_test

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/adjourn/adjourn/storage"
)

var policiesFaults = []fault{
	{"keeps policies when the new are empty", "SetPolicies/replaces and counts", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			if len(body) == 0 {
				l, _ := b.Store.Load(ctx, storage.Key{Workspace: workspace}, "")
				body = l.Policies.Body
			}
			return b.Store.SetPolicies(ctx, workspace, expect, body)
		},
	}},
	{"ignores the case of workspaces", "SetPolicies/of one workspace", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			return b.Store.SetPolicies(ctx, strings.ToLower(workspace), expect, body)
		},
	}},
	{"brings conversations up to date by itself", "SetPolicies/leaves conversations as they are", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Head.Version > 0 {
				l.Head.PolicyRevision = l.Policies.Revision
			}
		},
	}},
	{"the last policies win", "SetPolicies/at another revision changes nothing", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			return b.Store.SetPolicies(ctx, workspace, b.revision(workspace), body)
		},
	}},
	{"writes policies before it checks", "SetPolicies/at another revision changes nothing", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			err := b.Store.SetPolicies(ctx, workspace, expect, body)
			if errors.Is(err, storage.ErrConflict) {
				_ = b.Store.SetPolicies(ctx, workspace, b.revision(workspace), body)
			}
			return err
		},
	}},
	{"checks the revision, then writes", "SetPolicies/of several at once, one succeeds", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			if b.revision(workspace) != expect {
				return storage.ErrConflict
			}
			linger()
			return b.Store.SetPolicies(ctx, workspace, b.revision(workspace), body)
		},
	}},
}

func (b *broken) revision(workspace string) int64 {
	l, err := b.Store.Load(context.Background(), storage.Key{Workspace: workspace}, "")
	if err != nil {
		panic(err)
	}
	return l.Policies.Revision
}

var feedFaults = []fault{
	{"feeds policies", "Feed/empty", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			add(b, "more", storage.Entry{Position: 1, Key: storage.Key{Workspace: workspace}})
			return b.Store.SetPolicies(ctx, workspace, expect, body)
		},
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			return append(entries, noted[[]storage.Entry](b, "more")...)
		},
	}},
	{"the end of the feed is an error", "Feed/empty", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			entries, err := b.Store.Feed(ctx, after, limit)
			if err == nil && len(entries) == 0 {
				err = errors.New("no rows")
			}
			return entries, err
		},
	}},
	{"an entry for each event", "Feed/an entry is a commit", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			whole, err := b.Store.Feed(ctx, 0, 1000)
			var entries []storage.Entry
			for _, e := range whole {
				for _, event := range e.Events {
					at := storage.Position(len(entries)) + 1
					entries = append(entries, storage.Entry{Position: at, Key: e.Key, Events: []storage.Event{event}})
				}
			}
			return page(entries, func(e storage.Entry) bool { return e.Position <= after }, limit), err
		},
	}},
	{"feeds one workspace", "Feed/across workspaces", broken{
		entries: func(_ *broken, entries []storage.Entry) []storage.Entry {
			return slices.DeleteFunc(entries, func(e storage.Entry) bool { return e.Key.Workspace == "b" })
		},
	}},
	{"begins with the position", "Feed/after a position", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			return b.Store.Feed(ctx, max(after-1, 0), limit)
		},
	}},
	{"does not limit the feed", "Feed/at most limit", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, _ int) ([]storage.Entry, error) {
			return b.Store.Feed(ctx, after, 1000)
		},
	}},
	{"limits the feed by events", "Feed/at most limit", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			entries, err := b.Store.Feed(ctx, after, limit)
			for i, events := 0, 0; i < len(entries); i++ {
				if events += len(entries[i].Events); events > limit {
					entries = entries[:i+1]
				}
			}
			return entries, err
		},
	}},
	{"counts from zero", "Feed/counted from one", broken{
		entries: moved(func(*broken) storage.Position { return -1 }),
	}},
	{"a refused commit takes a position", "Feed/refused commits leave no gap", broken{
		commit:  afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) { add(b, "refused", c) }),
		entries: moved(func(b *broken) storage.Position { return storage.Position(len(noted[[]storage.Commit](b, "refused"))) }),
	}},
	{"drops what a subscriber has seen", "Feed/read again is the same", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			b.note("seen", max(to, noted[storage.Position](b, "seen")))
			return b.Store.Advance(ctx, subscriber, to)
		},
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			return slices.DeleteFunc(entries, func(e storage.Entry) bool { return e.Position <= noted[storage.Position](b, "seen") })
		},
	}},
	{"numbers the newest first", "Feed/in the order of versions", broken{
		entries: func(_ *broken, entries []storage.Entry) []storage.Entry {
			slices.Reverse(entries)
			for i := range len(entries) / 2 {
				j := len(entries) - 1 - i
				entries[i].Position, entries[j].Position = entries[j].Position, entries[i].Position
			}
			return entries
		},
	}},
	{"feeds all but the newest", "Feed/visible after the commit", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			whole, err := b.Store.Feed(ctx, 0, 1000)
			whole = whole[:max(0, len(whole)-1)]
			return page(whole, func(e storage.Entry) bool { return e.Position <= after }, limit), err
		},
	}},
	{"goes on with what is left", "Feed/before what was purged is an error", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			return b.Store.Feed(ctx, max(after, b.purgedUpTo()), limit)
		},
	}},
	{"what was purged is the end of the feed", "Feed/before what was purged is an error", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			if after < b.purgedUpTo() {
				return nil, ctx.Err()
			}
			return b.Store.Feed(ctx, after, limit)
		},
	}},
}

// purgedUpTo is the last position that the store below no longer has.
func (b *broken) purgedUpTo() storage.Position {
	_, err := b.Store.Feed(context.Background(), 0, 1)
	if purged, ok := errors.AsType[*storage.PurgedError](err); ok {
		return purged.Oldest - 1
	}
	return 0
}

// end is the last position of the store below, zero if its feed is empty.
func (b *broken) end() storage.Position {
	entries, err := b.Store.Feed(context.Background(), b.purgedUpTo(), 10_000)
	if err != nil || len(entries) == 0 {
		return 0
	}
	return entries[len(entries)-1].Position
}

// moved adds to the positions of all entries.
func moved(by func(*broken) storage.Position) func(*broken, []storage.Entry) []storage.Entry {
	return func(b *broken, entries []storage.Entry) []storage.Entry {
		for i := range entries {
			entries[i].Position += by(b)
		}
		return entries
	}
}

var advanceFaults = []fault{
	{"returns where it stood before", "Advance/forward", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			before, _ := b.Store.Advance(ctx, subscriber, 0)
			_, err := b.Store.Advance(ctx, subscriber, to)
			return before, err
		},
	}},
	{"moves back", "Advance/never back", broken{
		advance: cursor(func(stands, to storage.Position) storage.Position {
			if to == 0 {
				return stands
			}
			return to
		}),
	}},
	{"says it moved back", "Advance/never back", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			at, err := b.Store.Advance(ctx, subscriber, to)
			if to > 0 && err == nil {
				at = to
			}
			return at, err
		},
	}},
	{"one cursor for all", "Advance/each subscriber for itself", broken{
		advance: func(b *broken, ctx context.Context, _ string, to storage.Position) (storage.Position, error) {
			return b.Store.Advance(ctx, "all", to)
		},
	}},
	{"compares, then moves", "Advance/concurrently to the furthest", broken{
		advance: cursor(func(stands, to storage.Position) storage.Position {
			linger()
			return max(stands, to)
		}),
	}},
	{"begins at the end", "Advance/new at zero", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			if !noted[bool](b, subscriber) {
				b.note(subscriber, true)
				entries, _ := b.Store.Feed(ctx, 0, 1000)
				_, _ = b.Store.Advance(ctx, subscriber, storage.Position(len(entries)))
			}
			return b.Store.Advance(ctx, subscriber, to)
		},
	}},
	{"zero begins again", "Advance/to zero only asks", broken{
		advance: cursor(func(stands, to storage.Position) storage.Position {
			if to == 0 {
				return 0
			}
			return max(stands, to)
		}),
	}},
	{"stops at the end", "Advance/not beyond the end", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			entries, _ := b.Store.Feed(ctx, 0, 1000)
			return b.Store.Advance(ctx, subscriber, min(to, storage.Position(len(entries))))
		},
	}},
	{"moves to the end before it refuses", "Advance/not beyond the end", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			at, err := b.Store.Advance(ctx, subscriber, to)
			if errors.Is(err, storage.ErrPosition) {
				entries, _ := b.Store.Feed(ctx, 0, 1000)
				_, _ = b.Store.Advance(ctx, subscriber, storage.Position(len(entries)))
			}
			return at, err
		},
	}},
	{"a purge moves the cursors", "Advance/as before in a feed that was purged", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			if _, err := b.Store.Advance(ctx, subscriber, to); err != nil {
				return 0, err
			}
			return b.Store.Advance(ctx, subscriber, b.purgedUpTo())
		},
	}},
	{"an empty feed has no end", "Advance/as before in a feed that was purged", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			if to > b.end() {
				return 0, storage.ErrPosition
			}
			return b.Store.Advance(ctx, subscriber, to)
		},
	}},
}

// cursor is Advance with another rule for where a subscriber stands after.
func cursor(rule func(stands, to storage.Position) storage.Position) func(*broken, context.Context, string, storage.Position) (storage.Position, error) {
	return func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
		if _, err := b.Store.Advance(ctx, "the end", to); err != nil {
			return 0, err
		}
		stands := noted[storage.Position](b, subscriber)
		after := rule(stands, to)
		b.note(subscriber, after)
		return after, nil
	}
}
