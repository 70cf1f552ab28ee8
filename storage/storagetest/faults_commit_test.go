package storagetest_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var loadFaults = []fault{
	{"forgets the revision of the policies", "Load/returns the conversation", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) { l.Head.PolicyRevision = 0 },
	}},
	{"keeps the first visitor", "Load/returns the conversation", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Expect > 0 {
				c.Head.Visitor = b.head(c.Key).Visitor
			}
		},
	}},
	{"forgets the group", "Load/returns the conversation", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) { l.Head.Group = "" },
	}},
	{"stays closed", "Load/returns the conversation", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Head.DormantSince.IsZero() {
				c.Head.DormantSince = b.head(c.Key).DormantSince
			}
		},
	}},
	{"knows one set of policies", "Load/returns the policies of the workspace", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			other, _ := b.Store.Load(ctx, storage.Key{Workspace: "other"}, "")
			l.Policies = other.Policies
			return l, err
		},
	}},
	{"joins policies to conversations", "Load/returns the policies for an unknown conversation", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Head.Version == 0 {
				l.Policies = storage.Policies{}
			}
		},
	}},
	{"begins every workspace with policies", "Load/policies never set are zero", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) { l.Policies.Revision = max(l.Policies.Revision, 1) },
	}},
	{"unknown is an error", "Load/unknown is the zero head", broken{
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			if err == nil && l.Head.Version == 0 {
				return l, errors.New("no rows")
			}
			return l, err
		},
	}},
	{"loads by conversation alone", "Load/another workspace is unknown", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key.Conversation, c.Key) },
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			if l.Head.Version == 0 {
				l.Head = b.head(noted[storage.Key](b, k.Conversation))
			}
		},
	}},
	{"cuts long keys", "Load/keys are workspace and conversation byte by byte", broken{
		committing: func(_ *broken, c *storage.Commit) {
			c.Key.Conversation = c.Key.Conversation[:min(100, len(c.Key.Conversation))]
		},
	}},
}

var commitFaults = []fault{
	{"sets the due instant at opening only", "Commit/applies all", broken{
		committing: func(b *broken, c *storage.Commit) {
			if c.Expect > 0 && len(c.Events) > 0 {
				c.Head.Due = b.head(c.Key).Due
			}
		},
	}},
	{"closes all of a workspace", "Commit/applies to one conversation", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key.Workspace, c.Head.DormantSince) },
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			l.Head.DormantSince = noted[time.Time](b, k.Workspace)
		},
	}},
	{"joins texts to bodies", "Commit/keeps texts of events without body and bodies without text", broken{
		events: func(_ *broken, events []storage.Event) []storage.Event {
			return slices.DeleteFunc(events, func(e storage.Event) bool { return len(e.Body) == 0 })
		},
	}},
	{"rebases what is behind", "Conflict/behind", broken{
		committing: func(b *broken, c *storage.Commit) {
			if at := b.head(c.Key).Version; c.Expect > 0 && c.Expect < at {
				c.Expect = at
			}
		},
	}},
	{"accepts what is ahead", "Conflict/ahead", broken{
		committing: func(b *broken, c *storage.Commit) {
			if at := b.head(c.Key).Version; at > 0 && c.Expect > at {
				c.Expect = at
			}
		},
	}},
	{"ignores an insert of what exists", "Conflict/exists already", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if c.Expect == 0 && b.head(c.Key).Version > 0 {
				return nil
			}
			return b.Store.Commit(ctx, c)
		},
	}},
	{"ignores an update of nothing", "Conflict/does not exist", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			if c.Expect > 0 && b.head(c.Key).Version == 0 {
				return nil
			}
			return b.Store.Commit(ctx, c)
		},
	}},
	{"checks the version by the events", "Conflict/without events, at an old version", broken{
		committing: func(b *broken, c *storage.Commit) {
			if len(c.Events) == 0 {
				c.Expect = b.head(c.Key).Version
			}
		},
	}},
	{"writes the due instant before it checks", "Conflict/at an old version applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			head := b.head(c.Key)
			head.Due = c.Head.Due
			_ = b.Store.Commit(context.Background(), storage.Commit{Key: c.Key, Expect: head.Version, Head: head})
		}),
	}},
	{"writes the command ID before it checks", "Conflict/at an old version applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			head := b.head(c.Key)
			_ = b.Store.Commit(context.Background(), storage.Commit{
				Key: c.Key, Expect: head.Version, Head: head, Command: c.Command,
			})
		}),
	}},
	{"takes a seat before it checks", "Conflict/at an old version applies nothing", broken{
		commit:   afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) { b.noteSeat(true, c.Head.Seat) }),
		recorded: func(b *broken, r *storage.Record) { r.Seats += b.notedSeats(r.Key) },
	}},
	{"ends the setback before it checks", "Conflict/at an old version applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			_ = b.Store.SetBack(context.Background(), c.Key, b.head(c.Key).Version, storage.Setback{})
		}),
	}},
	{"writes events before it checks", "Conflict/at an old version applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) { add(b, "orphans", c.Events...) }),
		events: func(b *broken, events []storage.Event) []storage.Event {
			return append(events, noted[[]storage.Event](b, "orphans")...)
		},
	}},
	{"writes the feed before it checks", "Conflict/at an old version applies nothing", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			add(b, "orphans", storage.Entry{Position: 1, Key: c.Key, Events: c.Events})
		}),
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			return append(entries, noted[[]storage.Entry](b, "orphans")...)
		},
	}},
}

// afterwards does something when a commit returned a certain error, nil for
// none.
func afterwards(want error, do func(b *broken, c storage.Commit)) func(*broken, context.Context, storage.Commit) error {
	return func(b *broken, ctx context.Context, c storage.Commit) error {
		err := b.Store.Commit(ctx, c)
		if errors.Is(err, want) {
			do(b, c)
		}
		return err
	}
}

var historyFaults = []fault{
	{"orders versions as text", "History/in order", broken{
		events: func(_ *broken, events []storage.Event) []storage.Event {
			slices.SortFunc(events, func(x, y storage.Event) int {
				return strings.Compare(strconv.FormatInt(x.Version, 10), strconv.FormatInt(y.Version, 10))
			})
			return events
		},
	}},
	{"begins with the version", "History/after a version", broken{
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			return b.Store.History(ctx, k, max(after-1, 0), limit)
		},
	}},
	{"does not limit history", "History/at most limit", broken{
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, _ int) ([]storage.Event, error) {
			return b.Store.History(ctx, k, after, 1000)
		},
	}},
	{"limits history by version", "History/at most limit", broken{
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			events, err := b.Store.History(ctx, k, after, limit)
			return page(events, func(e storage.Event) bool { return e.Version > int64(limit) }, limit), err
		},
	}},
	{"history of unknown is an error", "History/unknown has none", broken{
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			if b.head(k).Version == 0 {
				return nil, errors.New("no rows")
			}
			return b.Store.History(ctx, k, after, limit)
		},
	}},
}
