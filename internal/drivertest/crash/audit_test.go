//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/adjourn/adjourn/storage"
)

const (
	page    = 500 // how much is read at once
	readers = 8   // how many read at once
)

// An audit compares what a store keeps with itself and with what the callers
// know.
type audit struct {
	store   storage.Store
	writers int
	after   storage.Position // where the feed of what is audited begins

	mu       sync.Mutex // guards the fields below
	journals map[storage.Key]journal
	applied  map[storage.Key][]storage.Applied
	verdict
}

// run audits the conversations of the ledgers and all of the feed after the given
// position, and returns where that ends. An error means that the store could not
// be asked.
func (a *audit) run(ctx context.Context, ledgers ...*ledger) (end storage.Position, err error) {
	var entries []*entry
	var marks []mark
	for _, l := range ledgers {
		entries = append(entries, l.all()...)
		marks = append(marks, l.marks...)
	}
	feed, err := a.conversations(ctx, keys(entries, a.writers))
	if err != nil {
		return 0, err
	}
	a.applied = map[storage.Key][]storage.Applied{}
	if err := together(len(entries), readers, func(i int) error { return a.entry(ctx, entries[i]) }); err != nil {
		return 0, err
	}
	for key, j := range a.journals {
		a.explained(key, j)
	}
	a.texts(entries)
	a.marked(feed, marks)
	end = a.after + storage.Position(len(feed))
	at, err := a.store.Advance(ctx, subscriber, 0)
	if err != nil {
		return 0, err
	}
	a.cursor(at, end, marks)
	return end, nil
}

// conversations compares conversations with their journals, and these with the
// feed, which it returns.
func (a *audit) conversations(ctx context.Context, all []storage.Key) ([]storage.Entry, error) {
	a.journals = map[storage.Key]journal{}
	if err := together(len(all), readers, func(i int) error { return a.head(ctx, all[i]) }); err != nil {
		return nil, err
	}
	feed, err := a.readFeed(ctx)
	if err != nil {
		return nil, err
	}
	a.feed(feed)
	return feed, nil
}

func (a *audit) damage(format string, args ...any) {
	a.damaged = append(a.damaged, fmt.Sprintf(format, args...))
}

// head compares a conversation with its journal.
func (a *audit) head(ctx context.Context, key storage.Key) error {
	loaded, err := a.store.Load(ctx, key, "")
	if err != nil {
		return err
	}
	events, err := history(ctx, a.store, key)
	if err != nil {
		return err
	}
	j, folded, err := readJournal(key, events)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.journals[key] = j
	if err != nil {
		a.damage("%v: %v", key, err)
	} else if diff := differs(loaded, folded); diff != "" {
		a.damage("%v: its journal and its head (-journal +head):\n%s", key, diff)
	}
	return nil
}

// entry compares what is known of a request with what the store remembers of it.
func (a *audit) entry(ctx context.Context, e *entry) error {
	key := e.key(a.writers)
	var found []storage.Applied
	for _, id := range e.ids {
		loaded, err := a.store.Load(ctx, key, id)
		if err != nil {
			return err
		}
		if loaded.Applied != nil {
			found = append(found, *loaded.Applied)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verdict.count(e, found)
	a.applied[key] = append(a.applied[key], found...)
	return nil
}

// explained demands that each event of a journal came of one request.
func (a *audit) explained(key storage.Key, j journal) {
	by := a.applied[key]
	slices.SortFunc(by, func(a, b storage.Applied) int { return int(a.To - b.To) })
	at := int64(0)
	for _, p := range by {
		if p.From == p.To {
			continue
		}
		if p.From != at {
			a.damage("%v: version %d to %d came of no request, or of two", key, at, p.From)
		}
		at = p.To
	}
	if at != int64(len(j.events)) {
		a.damage("%v: its journal ends at %d, its last request at %d", key, len(j.events), at)
	}
}

// texts demands that what was written once is there at most once.
func (a *audit) texts(entries []*entry) {
	times := map[string]int{}
	for _, j := range a.journals {
		for _, e := range j.events {
			times[e.Text]++
		}
	}
	for _, e := range entries {
		if n := times[e.name()]; n > 1 && len(e.ids) == 1 { // with more, count has found it
			a.twice = append(a.twice, fmt.Sprintf("%s is there %d times", e.name(), n))
		}
	}
}

func (a *audit) readFeed(ctx context.Context) (all []storage.Entry, err error) {
	for {
		entries, err := a.store.Feed(ctx, a.after+storage.Position(len(all)), page)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
		if len(entries) < page {
			return all, nil
		}
	}
}

// feed compares the feed with the journals: dense, in order, and all of it.
func (a *audit) feed(entries []storage.Entry) {
	told := map[storage.Key][]storage.Event{}
	for i, e := range entries {
		if want := a.after + storage.Position(i+1); e.Position != want {
			a.damage("the feed has position %d where %d must be", e.Position, want)
		}
		if len(e.Events) == 0 {
			a.damage("the feed has nothing at %d", e.Position)
		}
		told[e.Key] = append(told[e.Key], e.Events...)
	}
	for key, j := range a.journals {
		if diff := differ(j.events, told[key]); diff != "" {
			a.damage("%v: its journal and the feed (-journal +feed):\n%s", key, diff)
		}
		delete(told, key)
	}
	for key := range told {
		a.damage("%v is in the feed, and nobody asked for it", key)
	}
}

// marked demands that what the subscriber was told is still there.
func (a *audit) marked(feed []storage.Entry, marks []mark) {
	for _, m := range marks {
		i := int(m.Position - a.after - 1)
		if i < 0 {
			continue // it is not audited now
		}
		if i >= len(feed) {
			a.damage("the feed ends before %d, which the subscriber was told", m.Position)
			continue
		}
		if e := feed[i]; len(e.Events) == 0 || e.Key != m.Key || e.Events[len(e.Events)-1].Version != m.Version {
			a.damage("the feed at %d is %v, the subscriber was told %v", m.Position, e, m)
		}
	}
}

// cursor demands that the subscriber's place is where it moved to, and not ahead
// of the feed.
func (a *audit) cursor(at, end storage.Position, marks []mark) {
	moved := storage.Position(0)
	for _, m := range marks {
		moved = max(moved, m.Position)
	}
	if at < moved || at > end {
		a.damage("the subscriber is at %d, moved to %d, and the feed ends at %d", at, moved, end)
	}
}
