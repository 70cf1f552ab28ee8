package storagetest_test

import (
	"context"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var commandFaults = []fault{
	{"says yes to nothing for nobody", "CommitWithoutEvents/to nobody is an error", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if c.Expect == 0 && len(c.Events) == 0 {
				return nil
			}
			return b.Store.Commit(ctx, c)
		},
	}},
	{"writes the body without events", "CommitWithoutEvents/leaves version, body and events", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.Body) },
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			l.Head.Body = noted[[]byte](b, k)
		},
	}},
	{"counts commits, not events", "CommitWithoutEvents/leaves version, body and events", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				c.Events = []storage.Event{{Version: c.Expect + 1}}
				c.Head.Version++
			}
		},
	}},
	{"writes the visitor without events", "CommitWithoutEvents/leaves visitor and DormantSince", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.Visitor) },
		loaded:     func(b *broken, k storage.Key, l *storage.Loaded) { l.Head.Visitor = noted[string](b, k) },
	}},
	{"closes without events", "CommitWithoutEvents/leaves visitor and DormantSince", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.DormantSince) },
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			if at := noted[time.Time](b, k); !at.IsZero() {
				l.Head.DormantSince = at
			}
		},
	}},
	{"reopens without events", "CommitWithoutEvents/leaves visitor and DormantSince", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.DormantSince) },
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			if noted[time.Time](b, k).IsZero() {
				l.Head.DormantSince = time.Time{}
			}
		},
	}},
	{"tags without events", "CommitWithoutEvents/leaves what views show", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.Tags) },
		view:       byTags(func(b *broken, r storage.Row) []string { return noted[[]string](b, r.Key) }),
	}},
	{"shows an outcome without events", "CommitWithoutEvents/leaves what views show", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.Outcome) },
		loaded:     func(b *broken, k storage.Key, l *storage.Loaded) { l.Head.Outcome = noted[string](b, k) },
	}},
	{"moves in views without events", "CommitWithoutEvents/leaves what views show", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Head.Updated) },
		view: func(b *broken, ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
			found, err := b.Store.View(ctx, q, limit)
			for i := range found {
				found[i].Head.Updated = noted[time.Time](b, found[i].Key)
			}
			return found, err
		},
	}},
	{"frees a seat without events", "CommitWithoutEvents/keeps the seat", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			b.noteSeat(len(c.Events) == 0 && c.Head.Seat == "", b.head(c.Key).Seat)
		}),
		recorded: func(b *broken, r *storage.Record) { r.Seats -= b.notedSeats(r.Key) },
	}},
	{"takes a seat without events", "CommitWithoutEvents/keeps the seat", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			b.noteSeat(len(c.Events) == 0 && c.Head.Seat != b.head(c.Key).Seat, c.Head.Seat)
		}),
		recorded: func(b *broken, r *storage.Record) { r.Seats += b.notedSeats(r.Key) },
	}},
	{"feeds commits without events", "CommitWithoutEvents/enters nothing into the feed", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			if len(c.Events) == 0 {
				add(b, "more", storage.Entry{Position: 2, Key: c.Key})
			}
		}),
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			return append(entries, noted[[]storage.Entry](b, "more")...)
		},
	}},
	{"keeps the due instant without events", "CommitWithoutEvents/changes Due and PolicyRevision", broken{
		committing: func(b *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				c.Head.Due = b.head(c.Key).Due
			}
		},
	}},
	{"keeps the revision without events", "CommitWithoutEvents/changes Due and PolicyRevision", broken{
		committing: func(b *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				c.Head.PolicyRevision = b.head(c.Key).PolicyRevision
			}
		},
	}},
	{"forgets commands without events", "CommitWithoutEvents/remembers the command", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				c.Command = storage.Command{}
			}
		},
	}},
	{"applies a known command again", "Command/known at the right version conflicts", broken{
		committing: func(b *broken, c *storage.Commit) {
			if l, _ := b.Store.Load(context.Background(), c.Key, c.Command.ID); l.Applied != nil {
				c.Command = storage.Command{}
			}
		},
	}},
	{"knows a command by its fingerprint", "Command/known at the right version conflicts", broken{
		committing: func(b *broken, c *storage.Commit) {
			l, _ := b.Store.Load(context.Background(), c.Key, c.Command.ID)
			if l.Applied != nil && l.Applied.Fingerprint != c.Command.Fingerprint {
				c.Command = storage.Command{}
			}
		},
	}},
	{"knows the last command only", "Command/known at the right version conflicts", broken{
		committing: func(b *broken, c *storage.Commit) {
			if noted[string](b, c.Key) != c.Command.ID {
				b.note(c.Key, c.Command.ID)
				c.Command.ID += " after " + string(b.head(c.Key).Body)
			}
		},
	}},
	{"writes events of a known command", "Command/known applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			if b.head(c.Key).Version == c.Expect {
				c.Command = storage.Command{}
				_ = b.Store.Commit(context.Background(), c)
			}
		}),
	}},
	{"knows commands across conversations", "Command/known for this conversation only", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if c.Command.ID != "" && noted[bool](b, c.Command.ID) {
				return storage.ErrConflict
			}
			b.note(c.Command.ID, true)
			return b.Store.Commit(ctx, c)
		},
	}},
	{"knows commands across workspaces", "Command/known for this conversation only", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if by := c.Command.ID + c.Key.Conversation; c.Command.ID != "" && noted[bool](b, by) {
				return storage.ErrConflict
			}
			b.note(c.Command.ID+c.Key.Conversation, true)
			return b.Store.Commit(ctx, c)
		},
	}},
	{"ignores the case of command IDs", "Command/is its ID byte by byte", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Command.ID = strings.ToLower(c.Command.ID) },
	}},
	{"takes no ID for an ID", "Command/without ID is never known", broken{
		committing: func(_ *broken, c *storage.Commit) {
			if c.Command.ID == "" {
				c.Command.ID = "none"
			}
		},
	}},
	{"remembers one event of a command", "Command/did the events from and to", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if a := l.Applied; a != nil {
				a.To = min(a.To, a.From+1)
			}
		},
	}},
	{"tells of the newest events", "Command/did the events from and to", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if a := l.Applied; a != nil && a.To > a.From {
				a.From, a.To = l.Head.Version-(a.To-a.From), l.Head.Version
			}
		},
	}},
	{"a command always did something", "Command/did nothing", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if a := l.Applied; a != nil && a.From == a.To {
				a.To++
			}
		},
	}},
	{"looks for commands across conversations", "Command/never came", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) { b.note(c.Command.ID, c.Key) }),
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			other, _ := b.Store.Load(context.Background(), noted[storage.Key](b, id), id)
			l.Applied = other.Applied
			return l, err
		},
	}},
}
