package storagetest_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var eraseFaults = []fault{
	{"the feed keeps texts", "Erase/texts wherever they are read", broken{
		committing: keepTexts,
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			for _, e := range entries {
				b.restore(e.Key, e.Events)
			}
			return entries
		},
	}},
	{"erases the newest events", "Erase/texts wherever they are read", broken{
		committing: keepTexts,
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			events, err := b.Store.History(ctx, k, after, limit)
			b.restore(k, events[:min(1, len(events))])
			return events, err
		},
	}},
	{"does not say that it erased", "Erase/texts wherever they are read", broken{
		events: changed(func(e *storage.Event) { e.Erased = false }),
	}},
	{"keeps the texts of records", "Erase/the text of the visitor's record", broken{
		putting:  func(b *broken, r *storage.Record) { b.note(r.Key, r.Text) },
		recorded: func(b *broken, r *storage.Record) { r.Text = noted[string](b, r.Key) },
	}},
	{"lists the texts of records", "Erase/the text of the visitor's record", broken{
		putting: func(b *broken, r *storage.Record) { b.note(r.Key, r.Text) },
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, after, limit)
			for i := range found {
				found[i].Text = noted[string](b, found[i].Key)
			}
			return found, err
		},
	}},
	{"erases records of any kind", "Erase/the text of the visitor's record", broken{
		erase: noting("erased"),
		recorded: func(b *broken, r *storage.Record) {
			if noted[bool](b, "erased") && r.Key.ID == ann {
				r.Text = ""
			}
		},
	}},
	{"erases the record of who has conversations", "Erase/the text of the visitor's record", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			k := storage.RecordKey{Workspace: workspace, Kind: storage.KindVisitor, ID: visitor}
			text := b.stored(k).Text
			n, err := b.Store.Erase(ctx, workspace, visitor)
			if n == 0 {
				b.note(k, text)
			}
			return n, err
		},
		recorded: func(b *broken, r *storage.Record) { r.Text = cmp.Or(r.Text, noted[string](b, r.Key)) },
	}},
	{"erasing makes no version of the record", "Erase/the text of the visitor's record", broken{
		erase: noting("erased"),
		recorded: func(b *broken, r *storage.Record) {
			if noted[bool](b, "erased") && r.Version > 1 {
				r.Version--
			}
		},
	}},
	{"lets an erased text be put back", "Erase/the text of the visitor's record", broken{
		erase: noting("erased"),
		putting: func(b *broken, r *storage.Record) {
			if noted[bool](b, "erased") {
				r.Version = b.stored(r.Key).Version
			}
		},
	}},
	{"takes no texts of records any more", "Erase/the text of the visitor's record", broken{
		erase: noting("erased"),
		putting: func(b *broken, r *storage.Record) {
			if noted[bool](b, "erased") {
				r.Text = ""
			}
		},
	}},
	{"spares the closed", "Erase/of all conversations of the visitor", sparing(func(b *broken, k storage.Key) bool {
		return !b.head(k).DormantSince.IsZero()
	})},
	{"spares the due", "Erase/of all conversations of the visitor", sparing(func(b *broken, k storage.Key) bool {
		return !b.head(k).Due.IsZero()
	})},
	{"erases for the first visitor", "Erase/of all conversations of the visitor", sparing(func(b *broken, k storage.Key) bool {
		return noted[string](b, k) != b.head(k).Visitor
	})},
	{"ignores the case of visitors", "Erase/of no other visitor and workspace", broken{
		erase: erasingToo("acme", ann, "acme", "Ann"),
	}},
	{"takes a visitor for a pattern", "Erase/of no other visitor and workspace", broken{
		erase: erasingToo("acme", "_nn", "acme", "Ann"),
	}},
	{"erases in all workspaces", "Erase/of no other visitor and workspace", broken{
		erase: erasingToo("acme", ann, "other", ann),
	}},
	{"takes a visitor for a number", "Erase/of no other visitor and workspace", broken{
		erase: erasingToo("acme", "001", "acme", "1"),
	}},
	{"counts events", "Erase/returns how many conversations", broken{
		committing: keepTexts,
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			_, err := b.Store.Erase(ctx, workspace, visitor)
			return b.eventsOf(workspace, visitor, func(storage.Event) bool { return true }), err
		},
	}},
	{"counts those with texts", "Erase/returns how many conversations", broken{
		committing: keepTexts,
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			n, err := b.Store.Erase(ctx, workspace, visitor)
			return min(n, b.eventsOf(workspace, visitor, func(e storage.Event) bool { return e.Version == 1 && e.Text != "" })), err
		},
	}},
	{"counts what it had not erased yet", "Erase/again is the same", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			n, err := b.Store.Erase(ctx, workspace, visitor)
			if noted[bool](b, visitor) {
				n = 0
			}
			b.note(visitor, true)
			return n, err
		},
	}},
	{"erased twice never had a text", "Erase/again is the same", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			add(b, "erasures", visitor)
			return b.Store.Erase(ctx, workspace, visitor)
		},
		events: func(b *broken, events []storage.Event) []storage.Event {
			for i := range events {
				events[i].Erased = events[i].Erased && len(noted[[]string](b, "erasures")) < 2
			}
			return events
		},
	}},
	{"erases bodies too", "Erase/leaves versions, bodies and positions", broken{
		events: changed(func(e *storage.Event) {
			if e.Erased {
				e.Body = nil
			}
		}),
	}},
	{"an erased conversation is done", "Erase/leaves versions, bodies and positions", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			b.note("erased", true)
			return b.Store.Erase(ctx, workspace, visitor)
		},
		due: dueUnless(func(b *broken, _ storage.Due) bool { return noted[bool](b, "erased") }),
	}},
	{"forgets commands", "Erase/leaves command IDs", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Applied != nil && l.Applied.Fingerprint == [16]byte{} {
				l.Applied = nil
			}
		},
	}},
	{"forgets what commands did", "Erase/leaves command IDs", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Applied != nil && l.Applied.Fingerprint == [16]byte{} {
				*l.Applied = storage.Applied{}
			}
		},
	}},
	{"calls every event erased", "Erase/leaves events without text", broken{
		events: func(_ *broken, events []storage.Event) []storage.Event {
			erased := false
			for _, e := range events {
				erased = erased || e.Erased
			}
			for i := range events {
				events[i].Erased = erased
			}
			return events
		},
	}},
	{"calls events without text erased", "Erase/leaves events without text", broken{
		events: changed(func(e *storage.Event) { e.Erased = e.Text == "" }),
	}},
	{"erases what comes later", "Erase/leaves later texts", broken{
		erase: noting("erased"),
		committing: func(b *broken, c *storage.Commit) {
			if noted[bool](b, "erased") {
				c.Events = slices.Clone(c.Events)
				for i := range c.Events {
					c.Events[i].Text = ""
				}
			}
		},
	}},
	{"keeps fingerprints", "Erase/makes fingerprints zero", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Command.ID, c.Command.Fingerprint) },
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			if l.Applied != nil {
				l.Applied.Fingerprint = noted[[16]byte](b, id)
			}
			return l, err
		},
	}},
	{"keeps fingerprints of what did nothing", "Erase/makes fingerprints zero", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Command.ID, c.Command.Fingerprint) },
		load: func(b *broken, ctx context.Context, k storage.Key, id string) (storage.Loaded, error) {
			l, err := b.Store.Load(ctx, k, id)
			if l.Applied != nil && l.Applied.From == l.Applied.To {
				l.Applied.Fingerprint = noted[[16]byte](b, id)
			}
			return l, err
		},
	}},
	{"takes no fingerprints any more", "Erase/makes fingerprints zero", broken{
		erase: noting("erased"),
		committing: func(b *broken, c *storage.Commit) {
			if noted[bool](b, "erased") {
				c.Command.Fingerprint = [16]byte{}
			}
		},
	}},
	{"keeps reasons", "Erase/reasons of setbacks, which stay", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			b.note(k, setback)
			return b.Store.SetBack(ctx, k, version, setback)
		},
		listed: func(b *broken, listed []storage.SetbackOf) []storage.SetbackOf {
			for i := range listed {
				listed[i].Setback = noted[storage.Setback](b, listed[i].Key)
			}
			return listed
		},
	}},
	{"releases what it erases", "Erase/reasons of setbacks, which stay", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			n, err := b.Store.Erase(ctx, workspace, visitor)
			b.releaseAll()
			return n, err
		},
	}},
}

// ann is the visitor of the kit.
const ann = "ann"

// keepTexts notes the events that are committed, and the first visitor.
func keepTexts(b *broken, c *storage.Commit) {
	if c.Expect == 0 {
		b.note(c.Key, c.Head.Visitor)
		add(b, "keys", c.Key)
	}
	for _, e := range c.Events {
		b.note(eventOf{c.Key, e.Version}, e)
	}
}

// An eventOf is the key of a note.
type eventOf struct {
	key     storage.Key
	version int64
}

// restore puts erased texts back.
func (b *broken) restore(k storage.Key, events []storage.Event) {
	for i, e := range events {
		if e.Erased {
			events[i] = noted[storage.Event](b, eventOf{k, e.Version})
		}
	}
}

// eventsOf counts events of a visitor, as they were committed.
func (b *broken) eventsOf(workspace, visitor string, counts func(storage.Event) bool) (n int) {
	for _, k := range noted[[]storage.Key](b, "keys") {
		if k.Workspace != workspace || b.head(k).Visitor != visitor {
			continue
		}
		for version := range b.head(k).Version {
			if counts(noted[storage.Event](b, eventOf{k, version + 1})) {
				n++
			}
		}
	}
	return n
}

// sparing erases no texts of some conversations.
func sparing(spared func(b *broken, k storage.Key) bool) broken {
	return broken{
		committing: keepTexts,
		history: func(b *broken, ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
			events, err := b.Store.History(ctx, k, after, limit)
			if spared(b, k) {
				b.restore(k, events)
			}
			return events, err
		},
	}
}

// erasingToo erases a second visitor with a first one.
func erasingToo(workspace, visitor, otherWorkspace, other string) func(*broken, context.Context, string, string) (int, error) {
	return func(b *broken, ctx context.Context, w, v string) (int, error) {
		if w == workspace && v == visitor {
			_, _ = b.Store.Erase(ctx, otherWorkspace, other)
		}
		return b.Store.Erase(ctx, w, v)
	}
}

// noting notes that something was erased.
func noting(what string) func(*broken, context.Context, string, string) (int, error) {
	return func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
		b.note(what, true)
		return b.Store.Erase(ctx, workspace, visitor)
	}
}

var clockFaults = []fault{
	{"tells nanoseconds", "Clock/in UTC to the microsecond", broken{
		now: func(*broken, context.Context) (time.Time, error) { return time.Unix(1_800_000_000, 1).UTC(), nil },
	}},
	{"tells the time of a zone", "Clock/in UTC to the microsecond", broken{
		now: func(*broken, context.Context) (time.Time, error) {
			return time.Unix(1_800_000_000, 0).In(time.FixedZone("", 3600)), nil
		},
	}},
	{"asks two machines", "Clock/never back", broken{
		now: func(b *broken, _ context.Context) (time.Time, error) {
			add(b, "calls", true)
			calls := int64(len(noted[[]bool](b, "calls")))
			return time.Unix(1_800_000_000+calls+10*(calls%2), 0).UTC(), nil
		},
	}},
}
