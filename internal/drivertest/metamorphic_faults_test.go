package drivertest_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// A metaBroken is a memory store, but for what is set here: what it does with
// what it is given, and with what it returns.
type metaBroken struct {
	storage.Store
	subject *metaMemory

	commit  func(ctx context.Context, c *storage.Commit) error // before it is applied; an error in place of that
	key     func(storage.Key) storage.Key
	loaded  func(key storage.Key, commandID string, l *storage.Loaded)
	events  func(key storage.Key, events []storage.Event)
	history func(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error)
	due     func(found []storage.Due) []storage.Due
	entries func(entries []storage.Entry)
	setBack func(*storage.Setback)
	policy  func(expect *int64, body *[]byte, now storage.Policies)
	advance func(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error)
	erase   func(ctx context.Context, workspace, visitor string) (int, error)
	purge   func(ctx context.Context, dormantBefore time.Time, limit int) (int, error)

	committed  func(ctx context.Context, c storage.Commit, before storage.Head) // after it was applied
	record     func(*storage.Record)
	put        func(ctx context.Context, r *storage.Record, now storage.Record)
	settle     func(r *storage.Record, now storage.Record)
	list       func(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error)
	dueRecords func(found []storage.DueRecord) []storage.DueRecord
	query      func(*storage.Query)
	view       func(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error)
	count      func(ctx context.Context, q storage.Query) (int, error)

	closingQuery func(*storage.ClosingQuery)
	closings     func(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error)
	tally        func(ctx context.Context, q storage.ClosingQuery, by closure.Breakdown) ([]closure.Group, error)
	spreads      func(all []closure.Record, by closure.Breakdown, figure closure.Figure, percentages []int) []closure.Spread
}

// Load implements storage.Store.
func (b *metaBroken) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if b.key != nil {
		key = b.key(key)
	}
	l, err := b.Store.Load(ctx, key, commandID)
	if b.loaded != nil {
		b.loaded(key, commandID, &l)
	}
	return l, err
}

// Commit implements storage.Store.
func (b *metaBroken) Commit(ctx context.Context, c storage.Commit) error {
	if b.key != nil {
		c.Key = b.key(c.Key)
	}
	c.Events = slices.Clone(c.Events)
	if b.commit != nil {
		if err := b.commit(ctx, &c); err != nil {
			return err
		}
	}
	if b.committed == nil {
		return b.Store.Commit(ctx, c)
	}
	l, err := b.Store.Load(ctx, c.Key, "")
	if err != nil {
		return err
	}
	if err = b.Store.Commit(ctx, c); err == nil {
		b.committed(ctx, c, l.Head)
	}
	return err
}

// History implements storage.Store.
func (b *metaBroken) History(ctx context.Context, key storage.Key, after int64, limit int) (events []storage.Event, err error) {
	if b.key != nil {
		key = b.key(key)
	}
	if b.history != nil {
		events, err = b.history(ctx, key, after, limit)
	} else {
		events, err = b.Store.History(ctx, key, after, limit)
	}
	if b.events != nil {
		b.events(key, events)
	}
	return events, err
}

// Due implements storage.Store.
func (b *metaBroken) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	found, err := b.Store.Due(ctx, by, after, limit)
	if b.due != nil {
		found = b.due(found)
	}
	return found, err
}

// SetPolicies implements storage.Store.
func (b *metaBroken) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	if b.policy != nil {
		now, err := b.Store.Load(ctx, storage.Key{Workspace: workspace}, "")
		if err != nil {
			return err
		}
		b.policy(&expect, &body, now.Policies)
	}
	return b.Store.SetPolicies(ctx, workspace, expect, body)
}

// SetBack implements storage.Store.
func (b *metaBroken) SetBack(ctx context.Context, key storage.Key, version int64, s storage.Setback) error {
	if b.setBack != nil {
		b.setBack(&s)
	}
	return b.Store.SetBack(ctx, key, version, s)
}

// Feed implements storage.Store.
func (b *metaBroken) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	entries, err := b.Store.Feed(ctx, after, limit)
	if b.entries != nil {
		b.entries(entries)
	}
	for _, e := range entries {
		if b.events != nil {
			b.events(e.Key, e.Events)
		}
	}
	return entries, err
}

// Advance implements storage.Store.
func (b *metaBroken) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	if b.advance != nil {
		return b.advance(ctx, subscriber, to)
	}
	return b.Store.Advance(ctx, subscriber, to)
}

// Erase implements storage.Store.
func (b *metaBroken) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	if b.erase != nil {
		return b.erase(ctx, workspace, visitor)
	}
	return b.Store.Erase(ctx, workspace, visitor)
}

// Purge implements storage.Store.
func (b *metaBroken) Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
	if b.purge != nil {
		return b.purge(ctx, dormantBefore, limit)
	}
	return b.Store.Purge(ctx, dormantBefore, limit)
}

// Record implements storage.Store.
func (b *metaBroken) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	r, err := b.Store.Record(ctx, key)
	if b.record != nil {
		b.record(&r)
	}
	return r, err
}

// Put implements storage.Store.
func (b *metaBroken) Put(ctx context.Context, r storage.Record) error {
	if b.put != nil {
		now, err := b.Store.Record(ctx, r.Key)
		if err != nil {
			return err
		}
		b.put(ctx, &r, now)
	}
	return b.Store.Put(ctx, r)
}

// Settle implements storage.Store.
func (b *metaBroken) Settle(ctx context.Context, r storage.Record) error {
	if b.settle != nil {
		now, err := b.Store.Record(ctx, r.Key)
		if err != nil {
			return err
		}
		b.settle(&r, now)
	}
	return b.Store.Settle(ctx, r)
}

// List implements storage.Store.
func (b *metaBroken) List(ctx context.Context, q storage.RecordQuery, after string, limit int) (found []storage.Record, err error) {
	if b.list != nil {
		found, err = b.list(ctx, q, after, limit)
	} else {
		found, err = b.Store.List(ctx, q, after, limit)
	}
	for i := range found {
		if b.record != nil {
			b.record(&found[i])
		}
	}
	return found, err
}

// DueRecords implements storage.Store.
func (b *metaBroken) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	found, err := b.Store.DueRecords(ctx, by, after, limit)
	if b.dueRecords != nil {
		found = b.dueRecords(found)
	}
	return found, err
}

// View implements storage.Store.
func (b *metaBroken) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	if b.query != nil {
		b.query(&q)
	}
	if b.view != nil {
		return b.view(ctx, q, limit)
	}
	return b.Store.View(ctx, q, limit)
}

// Count implements storage.Store.
func (b *metaBroken) Count(ctx context.Context, q storage.Query) (int, error) {
	if b.query != nil {
		b.query(&q)
	}
	if b.count != nil {
		return b.count(ctx, q)
	}
	return b.Store.Count(ctx, q)
}

// A metaFault is a mistake of a store that a stream must show.
type metaFault struct {
	name  string
	plant func(b *metaBroken)
}

// metaTextFault changes texts before they are kept.
func metaTextFault(name string, change func(string) string) metaFault {
	return metaFault{name, func(b *metaBroken) {
		b.commit = func(_ context.Context, c *storage.Commit) error {
			for i := range c.Events {
				c.Events[i].Text = change(c.Events[i].Text)
			}
			return nil
		}
	}}
}

// metaKeyFault takes some conversations for others.
func metaKeyFault(name string, change func(string) string) metaFault {
	return metaFault{name, func(b *metaBroken) {
		b.key = func(k storage.Key) storage.Key {
			return storage.Key{Workspace: k.Workspace, Conversation: change(k.Conversation)}
		}
	}}
}

// metaSetbackFault shows setbacks that some commits should have ended.
func metaSetbackFault(name string, leaves func(c *storage.Commit) bool) metaFault {
	return metaFault{name, func(b *metaBroken) {
		setbacks := map[storage.Key]storage.Setback{}
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			if l, _ := b.Store.Load(ctx, c.Key, ""); l.Setback.Failures > 0 && leaves(c) {
				setbacks[c.Key] = l.Setback
			}
			return nil
		}
		b.loaded = func(key storage.Key, _ string, l *storage.Loaded) {
			if old, known := setbacks[key]; known {
				l.Setback = old
			}
		}
	}}
}

var metaFaults = []metaFault{
	{"instants are kept to the millisecond", func(b *metaBroken) {
		b.commit = func(_ context.Context, c *storage.Commit) error {
			c.Head.Due, c.Head.DormantSince = c.Head.Due.Truncate(time.Millisecond), c.Head.DormantSince.Truncate(time.Millisecond)
			return nil
		}
	}},
	{"instants come back in another zone", func(b *metaBroken) {
		b.loaded = func(_ storage.Key, _ string, l *storage.Loaded) {
			if !l.Head.Due.IsZero() {
				l.Head.Due = l.Head.Due.In(time.FixedZone("CET", 3600))
			}
		}
	}},
	{"the text of the second event of a commit is lost", func(b *metaBroken) {
		b.events = func(_ storage.Key, events []storage.Event) {
			for i := range events {
				if events[i].Version == 2 {
					events[i].Text = ""
				}
			}
		}
	}},
	metaTextFault("white space around texts is cut", strings.TrimSpace),
	metaTextFault("texts are kept to 65,535 bytes", func(s string) string { return s[:min(len(s), 65_535)] }),
	metaTextFault("what is beyond the first plane of Unicode becomes a question mark", func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > 0xFFFF {
				return '?'
			}
			return r
		}, s)
	}),
	metaKeyFault("IDs are the same in upper case and in lower case", strings.ToLower),
	metaKeyFault("IDs of digits are numbers", func(id string) string { return strings.TrimLeft(id, "0") }),
	{"bodies are written anew, as by a column of JSON", func(b *metaBroken) {
		b.loaded = func(_ storage.Key, _ string, l *storage.Loaded) {
			l.Head.Body = bytes.ReplaceAll(l.Head.Body, []byte(`":`), []byte(`": `))
		}
	}},
	{"Due goes by key", func(b *metaBroken) {
		b.due = func(found []storage.Due) []storage.Due {
			slices.SortFunc(found, func(a, c storage.Due) int { return a.Key.Compare(c.Key) })
			return found
		}
	}},
	{"Due leaves out what is due at this very instant", func(b *metaBroken) {
		b.due = func(found []storage.Due) []storage.Due {
			return slices.DeleteFunc(found, func(d storage.Due) bool { return d.At.Equal(b.subject.player.now.Truncate(time.Microsecond)) })
		}
	}},
	{"the command ID of a commit without events is forgotten", func(b *metaBroken) {
		b.commit = func(_ context.Context, c *storage.Commit) error {
			if len(c.Events) == 0 {
				c.Command = storage.Command{}
			}
			return nil
		}
	}},
	{"a commit without events leaves the due instant", func(b *metaBroken) {
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			l, err := b.Store.Load(ctx, c.Key, "")
			if err == nil && len(c.Events) == 0 && l.Head.Due.After(c.At) { // what is over would be due for ever
				c.Head.Due = l.Head.Due
			}
			return nil
		}
	}},
	metaSetbackFault("a command leaves the setback", func(c *storage.Commit) bool { return len(c.Events) > 0 }),
	metaSetbackFault("a commit without events leaves the setback", func(c *storage.Commit) bool { return len(c.Events) == 0 }),
	{"setbacks are not longer than a minute", func(b *metaBroken) {
		b.setBack = func(s *storage.Setback) {
			if most := b.subject.player.now.Add(time.Minute).Truncate(time.Microsecond); s.RetryAt.After(most) {
				s.RetryAt = most
			}
		}
	}},
	{"quarantine ends by itself", func(b *metaBroken) {
		b.setBack = func(s *storage.Setback) {
			if s.Failures > 0 && s.RetryAt.IsZero() {
				s.RetryAt = b.subject.player.now.Add(time.Hour).Truncate(time.Microsecond)
			}
		}
	}},
	{"the second page of a history leaves one out", func(b *metaBroken) {
		b.history = func(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
			if after > 0 {
				after++
			}
			return b.Store.History(ctx, key, after, limit)
		}
	}},
	{"policies of a workspace are kept as they first were", func(b *metaBroken) {
		b.policy = func(_ *int64, body *[]byte, now storage.Policies) {
			if now.Revision > 0 {
				*body = now.Body
			}
		}
	}},
	{"the feed counts for each workspace", func(b *metaBroken) {
		b.entries = func(entries []storage.Entry) {
			counts := map[string]storage.Position{}
			for i, e := range entries {
				counts[e.Key.Workspace]++
				entries[i].Position += counts[e.Key.Workspace] - storage.Position(i) - 1
			}
		}
	}},
	{"the feed has texts that were erased", func(b *metaBroken) {
		texts := map[string]string{}
		b.commit = func(_ context.Context, c *storage.Commit) error {
			for _, e := range c.Events {
				texts[string(e.Body)] = e.Text
			}
			return nil
		}
		b.entries = func(entries []storage.Entry) {
			for _, entry := range entries {
				for i, e := range entry.Events {
					entry.Events[i].Text = texts[string(e.Body)]
				}
			}
		}
	}},
	{"an erased text is as one that never was", func(b *metaBroken) {
		b.events = func(_ storage.Key, events []storage.Event) {
			for i := range events {
				events[i].Erased = false
			}
		}
	}},
	{"Erase leaves closed conversations", metaEraseLeaves},
	{"Erase leaves fingerprints", func(b *metaBroken) {
		fingerprints := map[string][16]byte{}
		b.commit = func(_ context.Context, c *storage.Commit) error {
			fingerprints[fmt.Sprint(c.Key, c.Command.ID)] = c.Command.Fingerprint
			return nil
		}
		b.loaded = func(key storage.Key, id string, l *storage.Loaded) {
			if l.Applied != nil {
				l.Applied.Fingerprint = fingerprints[fmt.Sprint(key, id)]
			}
		}
	}},
	{"Purge leaves command IDs", func(b *metaBroken) {
		applied := map[string]storage.Applied{}
		b.loaded = func(key storage.Key, id string, l *storage.Loaded) {
			if l.Applied != nil {
				applied[fmt.Sprint(key, id)] = *l.Applied
			} else if a, known := applied[fmt.Sprint(key, id)]; known {
				l.Applied = &a
			}
		}
	}},
	{"Purge takes what was closed at the very instant", func(b *metaBroken) {
		b.purge = func(ctx context.Context, before time.Time, limit int) (int, error) {
			return b.Store.Purge(ctx, before.Add(time.Microsecond), limit)
		}
	}},
	{"Purge takes no notice of its limit", func(b *metaBroken) {
		b.purge = func(ctx context.Context, before time.Time, _ int) (int, error) {
			return b.Store.Purge(ctx, before, 1000)
		}
	}},
	{"a cursor can go back", func(b *metaBroken) {
		cursors := map[string]storage.Position{}
		b.advance = func(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			_, err := b.Store.Advance(ctx, subscriber, to)
			if err == nil && to > 0 {
				cursors[subscriber] = to
			}
			return cursors[subscriber], err
		}
	}},
	{"reopening loses the cursors", func(b *metaBroken) {
		cursors := map[string]storage.Position{}
		b.advance = func(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
			_, err := b.Store.Advance(ctx, subscriber, to)
			if err == nil {
				cursors[subscriber] = max(cursors[subscriber], to)
			}
			return cursors[subscriber], err
		}
		b.subject.reopened = func() { clear(cursors) }
	}},
	{"reopening loses the last commit", func(b *metaBroken) {
		var before storage.Head
		var last storage.Key
		b.commit = func(ctx context.Context, c *storage.Commit) error {
			l, err := b.Store.Load(ctx, c.Key, "")
			last, before = c.Key, l.Head
			return err
		}
		lost := map[storage.Key]storage.Head{}
		b.subject.reopened = func() { lost[last] = before }
		b.loaded = func(key storage.Key, _ string, l *storage.Loaded) {
			if head, known := lost[key]; known {
				l.Head = head
			}
		}
	}},
	{"a command that was rolled back remains", func(b *metaBroken) {
		b.subject.end = func(draft *metaDraft, _ bool) error { return draft.apply(context.Background()) }
	}},
	{"a transaction commits its last command only", func(b *metaBroken) {
		b.subject.end = func(draft *metaDraft, commit bool) error {
			if n := len(draft.commits); !commit {
				return nil
			} else if n > 1 {
				draft.commits = draft.commits[n-1:]
			}
			return draft.apply(context.Background())
		}
	}},
}

// metaEraseLeaves gives the texts of conversations back that were closed when
// they were erased.
func metaEraseLeaves(b *metaBroken) {
	kept := map[storage.Key]map[int64]string{}
	keys := map[storage.Key]bool{}
	b.commit = func(_ context.Context, c *storage.Commit) error {
		keys[c.Key] = true
		return nil
	}
	b.erase = func(ctx context.Context, workspace, visitor string) (int, error) {
		for key := range maps.Keys(keys) {
			l, _ := b.Store.Load(ctx, key, "")
			if key.Workspace != workspace || l.Head.Visitor != visitor || l.Head.DormantSince.IsZero() {
				continue
			}
			events, _ := b.Store.History(ctx, key, 0, 1000)
			kept[key] = map[int64]string{}
			for _, e := range events {
				kept[key][e.Version] = e.Text
			}
		}
		return b.Store.Erase(ctx, workspace, visitor)
	}
	b.events = func(key storage.Key, events []storage.Event) {
		for i, e := range events {
			if text := kept[key][e.Version]; text != "" && e.Erased {
				events[i].Text, events[i].Erased = text, false
			}
		}
	}
}

// open returns a new store with the fault.
func (f metaFault) open(context.Context) (metaSubject, error) {
	b := &metaBroken{Store: memory.New()}
	b.subject = &metaMemory{Store: b}
	f.plant(b)
	if b.tally != nil || b.spreads != nil {
		b.subject.Store = metaTallier{b}
	}
	return b.subject, nil
}

// TestMetamorphicCatches is the positive control: each planted fault shows within
// the streams of two normal runs, and in few operations.
func TestMetamorphicCatches(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	streams := metaInvented{seed: 2}
	faults := slices.Concat(metaFaults, metaSeatFaults, metaRecordFaults, metaViewFaults, metaClosingFaults)
	for _, f := range faults {
		stream, few, err := f.find(t.Context(), &streams)
		if err != nil {
			t.Fatal(err)
		}
		proof.Planted(t, "metamorphic", f.name, few != nil)
		if len(few) > 20 {
			t.Errorf("%s: shrunk to %d operations only", f.name, len(few))
		}
		t.Logf("%s: stream %d, %d operations", f.name, stream, len(few))
	}
}

// metaControl is in how many streams a planted fault is looked for.
const metaControl = 2 * metaStreams

// metaInvented are the streams of a seed, made up when they are first needed.
type metaInvented struct {
	seed  uint64
	steps [][]metaStep
	want  [][]string
}

func (i *metaInvented) stream(ctx context.Context, n int) ([]metaStep, []string, error) {
	for len(i.steps) <= n {
		steps, want, err := metaInvent(ctx, metaDice(i.seed, int64(len(i.steps))), metaOperations)
		if err != nil {
			return nil, nil, err
		}
		i.steps, i.want = append(i.steps, steps), append(i.want, want)
	}
	return i.steps[n], i.want[n], nil
}

// find returns the first stream that shows the fault, and what it takes.
func (f metaFault) find(ctx context.Context, streams *metaInvented) (stream int, few []metaStep, err error) {
	store := metaStore{name: f.name, open: f.open}
	for stream := range metaControl {
		steps, want, err := streams.stream(ctx, stream)
		if err != nil {
			return 0, nil, err
		}
		var uncounted metaFigure
		d, err := store.play(ctx, steps, want, &uncounted)
		if err != nil {
			return 0, nil, err
		}
		if d != nil {
			few, _, err := store.shrink(ctx, steps)
			return stream, few, err
		}
	}
	return 0, nil, nil
}
