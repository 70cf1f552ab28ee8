package storagetest

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/adjourn/adjourn/storage"
)

// erasedAtOnce erases the texts of a visitor while others read them. Each call
// must see all of them erased or none, and none any more that begins after one
// that saw them erased.
func (p probe) erasedAtOnce(visitor string) {
	p.Helper()
	first, second := chat("first-of-"+visitor), chat("second-of-"+visitor)
	p.commit(of(visitor, change(first, 0, 2)), of(visitor, change(second, 0, 2)), of(visitor, change(first, 2, 1)))
	readers := [][]func() ([]storage.Event, error){
		{p.historyOf(first), p.historyOf(second)},
		{p.historyOf(second), p.historyOf(first)},
		{p.feedOf(first, second)},
	}
	var done atomic.Bool
	together(len(readers)+1, func(i int) {
		if i == len(readers) {
			if n, err := p.s.Erase(p.Context(), "acme", visitor); n != 2 || err != nil {
				p.Errorf("Erase while others read: %d, %v, want 2", n, err)
			}
			done.Store(true)
			return
		}
		for last := false; !last; runtime.Gosched() {
			last = done.Load()
			if err := readErased(readers[i]); err != nil {
				p.Errorf("reading while others erase: %v", err)
				return
			}
		}
	})
}

// readErased makes calls that read events with texts, one after the other.
func readErased(calls []func() ([]storage.Event, error)) error {
	gone := false
	for _, call := range calls {
		events, err := call()
		if err != nil {
			return err
		}
		erased := 0
		for _, e := range events {
			if e.Erased {
				erased++
			}
		}
		switch {
		case 0 < erased && erased < len(events):
			return fmt.Errorf("%d of %d texts that one call returned are erased, want all or none", erased, len(events))
		case gone && erased == 0:
			return errors.New("there are texts in one conversation after those in another were erased")
		}
		gone = erased > 0
	}
	return nil
}

func (p probe) historyOf(k storage.Key) func() ([]storage.Event, error) {
	return func() ([]storage.Event, error) { return p.s.History(p.Context(), k, 0, all) }
}

// feedOf reads the events of two conversations from the feed.
func (p probe) feedOf(first, second storage.Key) func() ([]storage.Event, error) {
	return func() (events []storage.Event, err error) {
		entries, err := p.s.Feed(p.Context(), 0, all)
		for _, e := range entries {
			if e.Key == first || e.Key == second {
				events = append(events, e.Events...)
			}
		}
		return events, err
	}
}

// purgedOrReopened purges a closed conversation while another call reopens it:
// one of them comes first, and the other one sees that. The caller says which of
// two goroutines purges, so that either has its chance to be first.
func (p probe) purgedOrReopened(k storage.Key, purger int) {
	p.Helper()
	p.commit(closing(opening(k)))
	var purged int
	var purging, reopening error
	together(2, func(i int) {
		if i == purger {
			purged, purging = p.s.Purge(p.Context(), endOfTime, all)
		} else {
			reopening = p.s.Commit(p.Context(), change(k, 1, 1))
		}
	})
	p.ok(purging, "Purge while another call reopens")
	head := p.load(k, "").Head
	switch {
	case purged == 1 && errors.Is(reopening, storage.ErrConflict):
		p.same("the head of what was purged", head, storage.Head{})
	case purged == 0 && reopening == nil:
		p.same("the head of what was reopened", head, change(k, 1, 1).Head)
	default:
		p.Fatalf("%d purged while another call reopened it with %v, want either", purged, reopening)
	}
}

// feedUnderPurges reads the feed from its end while conversations are opened,
// closed and purged. What is read is whole, or said to be purged.
func feedUnderPurges(p probe) {
	const writers, readers, each = 3, 2, 8
	var writing atomic.Int64
	writing.Store(writers)
	growing := func() bool { return writing.Load() > 0 }
	together(writers+readers, func(i int) {
		if i < readers {
			if err := p.followPurged(growing); err != nil {
				p.Errorf("reading the feed while others purge: %v", err)
			}
			return
		}
		defer writing.Add(-1)
		for n := range each {
			k := chat(fmt.Sprint(i, "-", n))
			for _, c := range []storage.Commit{opening(k), closing(change(k, 1, 1))} {
				if err := p.s.Commit(p.Context(), c); err != nil {
					p.Errorf("Commit to %v while others purge: %v", k, err)
				}
				runtime.Gosched()
			}
			if _, err := p.s.Purge(p.Context(), endOfTime, 1); err != nil {
				p.Errorf("Purge while others commit: %v", err)
			}
		}
	})
	const end = 2 * writers * each
	p.purge(endOfTime, all)
	p.feedFrom(end+1, nil)
	p.feedFrom(end+1, p.publishAfter(end, opening(chat("last"))))
}

// followPurged reads the feed while it grows, and once more. Where something was
// purged it goes on with the oldest position.
func (p probe) followPurged(growing func() bool) error {
	at := storage.Position(0)
	for more := true; more; runtime.Gosched() {
		more = growing()
		entries, err := p.s.Feed(p.Context(), at, 3)
		if purged, ok := errors.AsType[*storage.PurgedError](err); ok {
			if purged.Oldest <= at+1 {
				return fmt.Errorf("nothing is missing after %d, but: %w", at, err)
			}
			at, more = purged.Oldest-1, true
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			at, more = at+1, true
			switch {
			case e.Position != at:
				return fmt.Errorf("position %d is visible where %d must be", e.Position, at)
			case len(e.Events) != 1:
				return fmt.Errorf("%d events at position %d, want 1", len(e.Events), at)
			}
			if diff := difference(event(e.Key, e.Events[0].Version), e.Events[0]); diff != "" {
				return fmt.Errorf("the event at position %d (-want +got):\n%s", at, diff)
			}
		}
	}
	return nil
}
