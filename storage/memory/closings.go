package memory

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// putClosings puts closings of a conversation, and removeClosings takes all away.
func (s *Store) putClosings(c *conversation, closings []closure.Record) {
	for _, r := range closings {
		if i, known := c.findClosing(r.Number); known {
			c.closings[i] = cloneClosing(r)
		} else {
			c.closings = slices.Insert(grown(c.closings, 1), i, cloneClosing(r))
		}
		places := s.closings[c.key.Workspace]
		if places == nil {
			places = &sorted[closure.Place]{compare: closure.ComparePlaces}
			s.closings[c.key.Workspace] = places
		}
		places.insert(r.Place())
	}
}

func (s *Store) removeClosings(c *conversation) {
	for _, r := range c.closings {
		s.closings[c.key.Workspace].remove(r.Place())
	}
}

// findClosing returns where the closing of a number is, or would go.
func (c *conversation) findClosing(number int) (int, bool) {
	return slices.BinarySearchFunc(c.closings, number, func(r closure.Record, number int) int { return r.Number - number })
}

func cloneClosing(r closure.Record) closure.Record {
	r.Tags, r.Articles = slices.Clone(r.Tags), slices.Clone(r.Articles)
	return r
}

// Closings implements [storage.Reader].
func (s *Store) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: closings: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []closure.Record
	for r := range s.closingsOf(q) {
		if len(found) == limit {
			break
		}
		found = append(found, cloneClosing(r))
	}
	return found, nil
}

// closingsOf yields what a query selects, in its order.
func (s *Store) closingsOf(q storage.ClosingQuery) iter.Seq[closure.Record] {
	return func(yield func(closure.Record) bool) {
		places := s.closings[q.Workspace]
		if places == nil {
			return
		}
		for p := range behindClosing(places, q) {
			if q.Newest && p.At.Before(q.From) || !q.Newest && !q.To.IsZero() && !p.At.Before(q.To) {
				return
			}
			c := s.conversations[storage.Key{Workspace: q.Workspace, Conversation: p.Conversation}]
			var next time.Time
			if q.Last {
				next = c.closedAfter(p.Number)
			}
			i, _ := c.findClosing(p.Number)
			if r := c.closings[i]; q.Selects(r, next) && !yield(r) {
				return
			}
		}
	}
}

// behindClosing yields the places that a list of closings begins with.
func behindClosing(places *sorted[closure.Place], q storage.ClosingQuery) iter.Seq[closure.Place] {
	begin := q.After
	first := begin == closure.Place{}
	if !q.Newest {
		if from := (closure.Place{At: q.From}); first || closure.ComparePlaces(from, begin) > 0 {
			begin = from // before every closing of that instant, which has a name
		}
		return places.after(begin)
	}
	if to := (closure.Place{At: q.To}); !q.To.IsZero() && (first || closure.ComparePlaces(to, begin) < 0) {
		begin, first = to, false
	}
	if first {
		return places.backward()
	}
	return places.before(begin)
}

// closedAfter returns when the conversation was first closed again after the
// closing of a number, zero if it was not. The clock may have been set back in
// between, so that this need not be the next one.
func (c *conversation) closedAfter(number int) (at time.Time) {
	for _, r := range c.closings {
		if r.Number > number && (at.IsZero() || r.At.Before(at)) {
			at = r.At
		}
	}
	return at
}
