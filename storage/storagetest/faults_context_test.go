package storagetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var contextFaults = []fault{
	{"Load ignores its context", "Context/cancelled", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			return b.Store.Load(context.WithoutCancel(ctx), k, id)
		},
	}},
	{"Commit ignores its context", "Context/cancelled", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			return b.Store.Commit(context.WithoutCancel(ctx), c)
		},
	}},
	{"History ignores its context", "Context/cancelled", broken{
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			return b.Store.History(context.WithoutCancel(ctx), k, after, limit)
		},
	}},
	{"Due ignores its context", "Context/cancelled", broken{
		due: func(b *broken, ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
			return b.Store.Due(context.WithoutCancel(ctx), by, after, limit)
		},
	}},
	{"SetPolicies ignores its context", "Context/cancelled", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			return b.Store.SetPolicies(context.WithoutCancel(ctx), workspace, expect, body)
		},
	}},
	{"Outdated ignores its context", "Context/cancelled", broken{
		outdated: func(b *broken, ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
			return b.Store.Outdated(context.WithoutCancel(ctx), by, after, limit)
		},
	}},
	{"Feed ignores its context", "Context/cancelled", broken{
		feed: func(b *broken, ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
			return b.Store.Feed(context.WithoutCancel(ctx), after, limit)
		},
	}},
	{"Advance ignores its context", "Context/cancelled", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			return b.Store.Advance(context.WithoutCancel(ctx), subscriber, to)
		},
	}},
	{"SetBack ignores its context", "Context/cancelled", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			return b.Store.SetBack(context.WithoutCancel(ctx), k, version, setback)
		},
	}},
	{"Setbacks ignores its context", "Context/cancelled", broken{
		setbacks: func(b *broken, ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
			return b.Store.Setbacks(context.WithoutCancel(ctx), after, limit)
		},
	}},
	{"Erase ignores its context", "Context/cancelled", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			return b.Store.Erase(context.WithoutCancel(ctx), workspace, visitor)
		},
	}},
	{"Purge ignores its context", "Context/cancelled", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			return b.Store.Purge(context.WithoutCancel(ctx), dormantBefore, limit)
		},
	}},
	{"Record ignores its context", "Context/cancelled", broken{
		record: func(b *broken, ctx context.Context, k storage.RecordKey) (storage.Record, error) {
			return b.Store.Record(context.WithoutCancel(ctx), k)
		},
	}},
	{"Put ignores its context", "Context/cancelled", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			return b.Store.Put(context.WithoutCancel(ctx), r)
		},
	}},
	{"Settle ignores its context", "Context/cancelled", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			return b.Store.Settle(context.WithoutCancel(ctx), r)
		},
	}},
	{"List ignores its context", "Context/cancelled", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			return b.Store.List(context.WithoutCancel(ctx), q, after, limit)
		},
	}},
	{"DueRecords ignores its context", "Context/cancelled", broken{
		dueRecords: func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
			return b.Store.DueRecords(context.WithoutCancel(ctx), by, after, limit)
		},
	}},
	{"View ignores its context", "Context/cancelled", broken{
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			return b.Store.View(context.WithoutCancel(ctx), q, limit)
		},
	}},
	{"Count ignores its context", "Context/cancelled", broken{
		count: func(b *broken, ctx context.Context, q storage.Query) (int, error) {
			return b.Store.Count(context.WithoutCancel(ctx), q)
		},
	}},
	{"Now ignores its context", "Context/cancelled", broken{
		now: func(*broken, context.Context) (time.Time, error) { return time.Unix(0, 0).UTC(), nil },
	}},
	{"hides why it stopped", "Context/cancelled", broken{
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			events, err := b.Store.History(ctx, k, after, limit)
			if err != nil {
				err = errors.New("interrupted")
			}
			return events, err
		},
	}},
	{"calls every end a cancellation", "Context/past its deadline", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			if err != nil {
				err = fmt.Errorf("load: %w", context.Canceled)
			}
			return l, err
		},
	}},
	{"commits although it was cancelled", "Context/not applied", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if err := b.Store.Commit(context.WithoutCancel(ctx), c); err != nil {
				return err
			}
			return ctx.Err()
		},
	}},
	{"sets policies although it was cancelled", "Context/changes no policies and no cursor", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			if err := b.Store.SetPolicies(context.WithoutCancel(ctx), workspace, expect, body); err != nil {
				return err
			}
			return ctx.Err()
		},
	}},
	{"moves a cursor although it was cancelled", "Context/changes no policies and no cursor", broken{
		advance: func(b *broken, ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			at, err := b.Store.Advance(context.WithoutCancel(ctx), subscriber, to)
			if err == nil {
				err = ctx.Err()
			}
			return at, err
		},
	}},
	{"sets back although it was cancelled", "Context/sets back, erases and purges nothing", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			if err := b.Store.SetBack(context.WithoutCancel(ctx), k, version, setback); err != nil {
				return err
			}
			return ctx.Err()
		},
	}},
	{"erases although it was cancelled", "Context/sets back, erases and purges nothing", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			n, err := b.Store.Erase(context.WithoutCancel(ctx), workspace, visitor)
			if err == nil {
				err = ctx.Err()
			}
			return n, err
		},
	}},
	{"purges although it was cancelled", "Context/sets back, erases and purges nothing", broken{
		purge: func(b *broken, ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
			n, err := b.Store.Purge(context.WithoutCancel(ctx), dormantBefore, limit)
			if err == nil {
				err = ctx.Err()
			}
			return n, err
		},
	}},
	{"puts although it was cancelled", "Context/puts and settles nothing", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			if err := b.Store.Put(context.WithoutCancel(ctx), r); err != nil {
				return err
			}
			return ctx.Err()
		},
	}},
	{"settles although it was cancelled", "Context/puts and settles nothing", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			if err := b.Store.Settle(context.WithoutCancel(ctx), r); err != nil {
				return err
			}
			return ctx.Err()
		},
	}},
	{"reports a cancellation after it has committed", "Context/cancelled meanwhile", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if err := b.Store.Commit(ctx, c); err != nil {
				return err
			}
			for i := 0; i < 2000 && ctx.Err() == nil; i++ {
				runtime.Gosched()
			}
			return ctx.Err()
		},
	}},
	{"applies on top what it had called unknown", "Context/cancelled meanwhile", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			for i := 0; i < 2000 && ctx.Err() == nil; i++ {
				runtime.Gosched()
			}
			if ctx.Err() != nil {
				b.note(c.Key, c)
				return errors.Join(storage.ErrOutcomeUnknown, ctx.Err())
			}
			err := b.Store.Commit(ctx, c)
			if late := noted[storage.Commit](b, c.Key); err == nil && late.Command.ID != "" {
				late.Expect, late.Head.Version = c.Head.Version, c.Head.Version+1
				_ = b.Store.Commit(ctx, late)
			}
			return err
		},
	}},
}
