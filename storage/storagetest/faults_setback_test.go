package storagetest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/adjourn/adjourn/storage"
)

type setBackFunc = func(*broken, context.Context, storage.Key, int64, storage.Setback) error

var setBackFaults = []fault{
	{"keeps the reason when there is none", "SetBack/replaces", broken{
		setBack: replacing(func(before storage.Setback, setback *storage.Setback) {
			if setback.Reason == "" {
				setback.Reason = before.Reason
			}
		}),
	}},
	{"never shortens a setback", "SetBack/replaces", broken{
		setBack: replacing(func(before storage.Setback, setback *storage.Setback) {
			if before.RetryAt.After(setback.RetryAt) {
				setback.RetryAt = before.RetryAt
			}
		}),
	}},
	{"counts failures itself", "SetBack/replaces", broken{
		setBack: replacing(func(before storage.Setback, setback *storage.Setback) { setback.Failures = before.Failures + 1 }),
	}},
	{"moves the due instant", "SetBack/leaves everything else as it is", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if at := l.Setback.RetryAt; !at.IsZero() {
				l.Head.Due = at
			}
		},
	}},
	{"releases the others", "SetBack/leaves everything else as it is", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			b.releaseAll()
			return b.Store.SetBack(ctx, k, version, setback)
		},
	}},
	{"sets back at any version", "SetBack/at another version changes nothing", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			return b.Store.SetBack(ctx, k, cmp.Or(b.head(k).Version, version), setback)
		},
	}},
	{"writes the setback before it checks", "SetBack/at another version changes nothing", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			err := b.Store.SetBack(ctx, k, version, setback)
			if errors.Is(err, storage.ErrConflict) {
				_ = b.Store.SetBack(ctx, k, b.head(k).Version, setback)
			}
			return err
		},
	}},
	{"ignores a setback of nothing", "SetBack/of an unknown conversation conflicts", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			if b.head(k).Version == 0 {
				return ctx.Err()
			}
			return b.Store.SetBack(ctx, k, version, setback)
		},
	}},
	{"keeps setbacks of the unknown", "SetBack/of an unknown conversation conflicts", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			err := b.Store.SetBack(ctx, k, version, setback)
			if b.head(k).Version == 0 {
				b.note(k, setback)
			}
			return err
		},
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			if s := noted[storage.Setback](b, k); s.Failures > 0 {
				l.Setback = s
			}
		},
	}},
	{"cannot release", "SetBack/to zero releases", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			if setback == (storage.Setback{}) && b.head(k).Version == version {
				return ctx.Err()
			}
			return b.Store.SetBack(ctx, k, version, setback)
		},
	}},
	{"lists the released", "SetBack/to zero releases", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			err := b.Store.SetBack(ctx, k, version, setback)
			if err == nil && setback == (storage.Setback{}) {
				add(b, "released", storage.SetbackOf{Key: k})
			}
			return err
		},
		listed: func(b *broken, listed []storage.SetbackOf) []storage.SetbackOf {
			return append(listed, noted[[]storage.SetbackOf](b, "released")...)
		},
	}},
	{"ended by events only", "SetBack/ended by every commit", broken{
		commit: keepingSetback(func(c storage.Commit) bool { return len(c.Events) == 0 }),
	}},
	{"ended by hand only", "SetBack/ended by every commit", broken{
		commit: keepingSetback(func(c storage.Commit) bool { return len(c.Events) > 0 }),
	}},
	{"one commit ends all setbacks", "SetBack/ended by every commit", broken{
		commit: afterwards(nil, func(b *broken, _ storage.Commit) { b.releaseAll() }),
	}},
}

// replacing is SetBack with a rule for what of the setback before stays.
func replacing(rule func(before storage.Setback, setback *storage.Setback)) setBackFunc {
	return func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
		if setback.Failures > 0 {
			rule(b.setbackOf(k), &setback)
		}
		return b.Store.SetBack(ctx, k, version, setback)
	}
}

// keepingSetback is Commit when some commits do not end the setback.
func keepingSetback(keeps func(storage.Commit) bool) func(*broken, context.Context, storage.Commit) error {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		before := b.setbackOf(c.Key)
		err := b.Store.Commit(ctx, c)
		if err == nil && keeps(c) {
			_ = b.Store.SetBack(context.Background(), c.Key, b.head(c.Key).Version, before)
		}
		return err
	}
}

// releaseAll ends all setbacks.
func (b *broken) releaseAll() {
	listed, err := b.Store.Setbacks(context.Background(), storage.Key{}, 10_000)
	if err != nil {
		panic(err)
	}
	for _, s := range listed {
		_ = b.Store.SetBack(context.Background(), s.Key, b.head(s.Key).Version, storage.Setback{})
	}
}

var setbacksFaults = []fault{
	{"does not list those that are over", "Setbacks/over or not", broken{
		listed: unlisted(func(s storage.SetbackOf) bool { return !s.RetryAt.IsZero() && s.RetryAt.Before(nextCentury) }),
	}},
	{"does not list those without an instant", "Setbacks/over or not", broken{
		listed: unlisted(func(s storage.SetbackOf) bool { return s.RetryAt.IsZero() }),
	}},
	{"lists one workspace", "Setbacks/across workspaces, ordered by key, byte by byte", broken{
		listed: unlisted(func(s storage.SetbackOf) bool { return s.Key.Workspace == "ab" }),
	}},
	{"orders setbacks as people do", "Setbacks/across workspaces, ordered by key, byte by byte", broken{
		listed: func(_ *broken, listed []storage.SetbackOf) []storage.SetbackOf {
			slices.SortFunc(listed, func(x, y storage.SetbackOf) int { return asPeople(x.Key, y.Key) })
			return listed
		},
	}},
	{"begins with the given setback", "Setbacks/after a given one", broken{
		setbacks: func(b *broken, ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
			listed, err := b.Store.Setbacks(ctx, storage.Key{}, 1000)
			return page(listed, func(s storage.SetbackOf) bool { return s.Key.Compare(after) < 0 }, limit), err
		},
	}},
	{"looks for the given setback", "Setbacks/after a given one", broken{
		setbacks: func(b *broken, ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
			listed, err := b.Store.Setbacks(ctx, storage.Key{}, 1000)
			at := slices.IndexFunc(listed, func(s storage.SetbackOf) bool { return s.Key == after })
			listed = listed[at+1:]
			return listed[:min(limit, len(listed))], err
		},
	}},
	{"does not limit setbacks", "Setbacks/at most limit", broken{
		setbacks: func(b *broken, ctx context.Context, after storage.Key, _ int) ([]storage.SetbackOf, error) {
			return b.Store.Setbacks(ctx, after, 1000)
		},
	}},
}

var nextCentury = time.Date(2100, time.January, 1, 0, 0, 0, 0, time.UTC)

func unlisted(hidden func(storage.SetbackOf) bool) func(*broken, []storage.SetbackOf) []storage.SetbackOf {
	return func(_ *broken, listed []storage.SetbackOf) []storage.SetbackOf {
		return slices.DeleteFunc(listed, hidden)
	}
}
