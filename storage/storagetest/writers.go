package storagetest

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// seenWhole commits while others load: what they see is the conversation before
// or after, with head and command ID in agreement.
func (p probe) seenWhole(c storage.Commit) {
	p.Helper()
	var done atomic.Bool
	together(3, func(i int) {
		if i == 0 {
			if err := p.s.Commit(p.Context(), c); err != nil {
				p.Errorf("Commit at version %d: %v", c.Expect, err)
			}
			done.Store(true)
			return
		}
		for last := false; !last; runtime.Gosched() {
			last = done.Load()
			l, err := p.s.Load(p.Context(), c.Key, c.Command.ID)
			if err != nil {
				p.Errorf("Load: %v", err)
			} else if known, there := l.Applied != nil, l.Head.Version == c.Head.Version; known != there {
				p.Errorf("Load sees version %d while %d is committed, its command known: %t",
					l.Head.Version, c.Head.Version, known)
			}
		}
	})
}

// seenClosed commits a closing while others look: whoever sees one of head and
// closing sees the other.
func (p probe) seenClosed(c storage.Commit) {
	p.Helper()
	q := storage.ClosingQuery{Workspace: c.Key.Workspace, Filter: closure.Filter{Conversation: c.Key.Conversation}, Newest: true}
	last := func() (number int64) {
		found, err := p.s.Closings(p.Context(), q, all)
		if err != nil {
			p.Errorf("Closings: %v", err)
		}
		for _, r := range found {
			number = max(number, int64(r.Number))
		}
		return number
	}
	version := func() int64 {
		l, err := p.s.Load(p.Context(), c.Key, "")
		if err != nil {
			p.Errorf("Load: %v", err)
		}
		return l.Head.Version
	}
	var done atomic.Bool
	together(3, func(i int) {
		if i == 0 {
			if err := p.s.Commit(p.Context(), c); err != nil {
				p.Errorf("Commit at version %d: %v", c.Expect, err)
			}
			done.Store(true)
			return
		}
		for again := true; again; runtime.Gosched() {
			again = !done.Load()
			if at := version(); at == c.Head.Version && last() != at {
				p.Errorf("version %d is there without its closing", at)
				return
			}
			if number := last(); number == c.Head.Version && version() != number {
				p.Errorf("the closing of version %d is there without it", number)
				return
			}
		}
	})
}

// closingsUnderWriters lets several writers decide anew about the same closings.
// What is found afterwards are those of the commits that succeeded.
func closingsUnderWriters(p probe) {
	const conversations, writers, each = 3, 6, 8
	var mu sync.Mutex
	last := map[storage.Key]closure.Record{} // guarded by mu
	versions := map[storage.Key]int64{}      // guarded by mu
	together(writers, func(i int) {
		for step := range each {
			k := chat(fmt.Sprint((i + step) % conversations))
			l, err := p.s.Load(p.Context(), k, "")
			if err != nil {
				p.Errorf("Load of %v: %v", k, err)
				return
			}
			r := ending(k.Conversation, 1, 1)
			r.Agent, r.Tags = fmt.Sprint("agent-", i), []string{fmt.Sprint("step-", step), fmt.Sprint("writer-", i)}
			c := change(k, l.Head.Version, 1)
			c.Closings = []closure.Record{r}
			if p.attempt(c) {
				mu.Lock()
				if c.Head.Version > versions[k] {
					last[k], versions[k] = r, c.Head.Version
				}
				mu.Unlock()
			}
		}
	})
	want := slices.SortedFunc(maps.Values(last), closure.Record.Compare)
	p.finds(storage.ClosingQuery{}, want...)
	for _, r := range want {
		for _, tag := range r.Tags {
			q := storage.ClosingQuery{Filter: closure.Filter{Tag: tag}}
			p.finds(q, chosen(want, q)...)
		}
	}
}

// contend commits to a conversation that others commit to as well, until n of
// its commits have succeeded.
func (p probe) contend(k storage.Key, n int) {
	for range 100 * n * n {
		l, err := p.s.Load(p.Context(), k, "")
		if err == nil {
			err = p.s.Commit(p.Context(), change(k, l.Head.Version, 1))
		}
		switch {
		case errors.Is(err, storage.ErrConflict):
			continue
		case err != nil:
			p.Errorf("Load and Commit of %v: %v", k, err)
			return
		}
		if n--; n == 0 {
			return
		}
	}
	p.Errorf("%d commits to %v still met a conflict each time", n, k)
}

// feedUnderWriters reads the feed from its end while it grows, and a piece of
// what it read before. All must be the same in the end.
func feedUnderWriters(p probe) {
	const writers, readers, each = 4, 2, 20
	var writing atomic.Int64
	writing.Store(writers)
	read := make([][]storage.Entry, readers)
	together(writers+readers, func(i int) {
		if i < readers {
			read[i] = p.follow(func() bool { return writing.Load() > 0 })
			return
		}
		defer writing.Add(-1)
		own := chat(fmt.Sprint("writer ", i))
		for version := range int64(each / 2) {
			if err := p.s.Commit(p.Context(), change(own, version, 1)); err != nil {
				p.Errorf("Commit to %v: %v", own, err)
			}
		}
		p.contend(chat("shared"), each/2)
	})
	want := p.feed(0, all)
	p.same("the number of entries", len(want), writers*each)
	for _, entries := range read {
		p.same("what was read while the feed grew", entries, want)
	}
}

// follow reads the feed while it grows, and once more.
func (p probe) follow(growing func() bool) (read []storage.Entry) {
	for more := true; more; runtime.Gosched() {
		more = growing()
		for {
			from := max(0, len(read)-3)
			entries, err := p.s.Feed(p.Context(), storage.Position(from), 10)
			if err != nil {
				p.Errorf("Feed: %v", err)
				return read
			}
			again := min(len(entries), len(read)-from)
			if diff := difference(read[from:], entries[:again]); diff != "" {
				p.Errorf("entries changed after they were read (-before +after):\n%s", diff)
				return read
			}
			for i, e := range entries {
				if want := storage.Position(from + i + 1); e.Position != want {
					p.Errorf("position %d is visible where %d must be", e.Position, want)
					return read
				}
			}
			if again == len(entries) {
				break
			}
			read = append(read, entries[again:]...)
		}
	}
	return read
}

// newest returns the version of the last event of a conversation in the feed.
func newest(entries []storage.Entry, k storage.Key) int64 {
	for _, e := range slices.Backward(entries) {
		if e.Key == k && len(e.Events) > 0 {
			return e.Events[len(e.Events)-1].Version
		}
	}
	return 0
}

// mixedUse makes every call once, in a workspace of its own and on a
// conversation of all, and says what is not as if it were alone.
func mixedUse(p probe, workspace string, round int64) error {
	ctx := p.Context()
	own := storage.Key{Workspace: workspace, Conversation: "a"}
	c := identified(fmt.Sprint("command ", round), under(round, seated("zoe", change(own, round, 1))))
	c.Head.Due, c.Head.Tags = noon, []string{fmt.Sprint(round)}
	c.Closings = []closure.Record{fullClosing("a", int(round)+1, int(round))}
	if err := p.s.Commit(ctx, c); err != nil {
		return fmt.Errorf("calling Commit: %w", err)
	}
	if err := p.s.SetPolicies(ctx, workspace, round, []byte(workspace)); err != nil {
		return fmt.Errorf("calling SetPolicies: %w", err)
	}
	if l, err := p.s.Load(ctx, own, c.Command.ID); err != nil || difference(c.Head, l.Head) != "" || l.Applied == nil {
		return fmt.Errorf("calling Load: head %v, %v, want %v", l.Head, err, c.Head)
	}
	if events, err := p.s.History(ctx, own, round, all); err != nil || difference(c.Events, events) != "" {
		return fmt.Errorf("calling History: %v, %v, want %v", events, err, c.Events)
	}
	setback := storage.SetbackOf{Key: own, Setback: failed(int(round)+1, noon)}
	if err := p.s.SetBack(ctx, own, round+1, setback.Setback); err != nil {
		return fmt.Errorf("calling SetBack: %w", err)
	}
	if setbacks, err := p.s.Setbacks(ctx, storage.Key{}, all); err != nil || !slices.Contains(setbacks, setback) {
		return fmt.Errorf("calling Setbacks: %v, %v, want %v among them", setbacks, err, setback)
	}
	if found, err := p.s.Due(ctx, noon, storage.Due{}, all); err != nil || !slices.Contains(found, due(c)) {
		return fmt.Errorf("calling Due: %v, %v, want %v among them", found, err, due(c))
	}
	if keys, err := p.s.Outdated(ctx, noon, storage.Key{}, all); err != nil || !slices.Contains(keys, own) {
		return fmt.Errorf("calling Outdated: %v, %v, want %v among them", keys, err, own)
	}
	entries, err := p.s.Feed(ctx, 0, all)
	if got := newest(entries, own); err != nil || got != round+1 {
		return fmt.Errorf("calling Feed: version %d of %v, %v, want %d", got, own, err, round+1)
	}
	end := storage.Position(len(entries))
	if at, err := p.s.Advance(ctx, workspace, end); err != nil || at != end {
		return fmt.Errorf("calling Advance: %d, %v, want %d", at, err, end)
	}
	if n, err := p.s.Erase(ctx, workspace, ann); err != nil || n != 1 {
		return fmt.Errorf("calling Erase: %d, %v, want 1", n, err)
	}
	if n, err := p.s.Purge(ctx, evening, all); err != nil || n != 0 {
		return fmt.Errorf("calling Purge: %d, %v, want 0", n, err)
	}
	if err := mixedRecords(p, c, round); err != nil {
		return err
	}
	shared := storage.Key{Workspace: "shared", Conversation: "a"}
	if err := p.s.Commit(ctx, change(shared, round, 1)); err != nil && !errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("calling Commit on a conversation of all: %w", err)
	}
	return nil
}

// mixedRecords makes every call of Records and Reader once in the workspace of a
// commit, of which there is one in each round.
func mixedRecords(p probe, c storage.Commit, round int64) error {
	ctx := p.Context()
	r := dueAt(noon, agent("zoe", int(round)+1))
	r.Key.Workspace, r.Version = c.Key.Workspace, round
	if err := p.s.Put(ctx, r); err != nil {
		return fmt.Errorf("calling Put: %w", err)
	}
	r.Version, r.Seats, r.Due = round+1, 1, evening
	if err := p.s.Settle(ctx, r); err != nil {
		return fmt.Errorf("calling Settle: %w", err)
	}
	if got, err := p.s.Record(ctx, r.Key); err != nil || difference(r, got) != "" {
		return fmt.Errorf("calling Record: %v, %v, want %v", got, err, r)
	}
	found, err := p.s.List(ctx, storage.RecordQuery{Workspace: r.Key.Workspace, Kind: r.Key.Kind}, "", all)
	if want := []storage.Record{r}; err != nil || difference(want, found) != "" {
		return fmt.Errorf("calling List: %v, %v, want %v", found, err, want)
	}
	queue, err := p.s.DueRecords(ctx, evening, storage.DueRecord{}, all)
	if want := dueRecord(r); err != nil || !slices.Contains(queue, want) {
		return fmt.Errorf("calling DueRecords: %v, %v, want %v among them", queue, err, want)
	}
	q := storage.Query{Workspace: c.Key.Workspace, State: stateOpen, Tag: c.Head.Tags[0], Order: storage.ByUpdated}
	view, err := p.s.View(ctx, q, all)
	if want := rows(c); err != nil || difference(want, view) != "" {
		return fmt.Errorf("calling View: %v, %v, want %v", view, err, want)
	}
	if n, err := p.s.Count(ctx, q); err != nil || n != 1 {
		return fmt.Errorf("calling Count: %d, %v, want 1", n, err)
	}
	closings := storage.ClosingQuery{Workspace: c.Key.Workspace, Newest: true}
	if got, err := p.s.Closings(ctx, closings, 1); err != nil || difference(c.Closings, got) != "" {
		return fmt.Errorf("calling Closings: %v, %v, want %v", got, err, c.Closings)
	}
	if t, ok := p.s.(storage.Tallier); ok {
		got, err := t.Tally(ctx, closings, closure.Breakdown{})
		if err != nil || len(got) != 1 || got[0].Closings != round+1 {
			return fmt.Errorf("calling Tally: %v, %v, want one of %d", got, err, round+1)
		}
	}
	return nil
}
