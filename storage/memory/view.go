package memory

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// An index names the conversations of a state that have one thing in common.
type index struct {
	workspace, state string
	by               field
	value            string
}

// A field is what the conversations of an index have in common beside their state.
type field uint8

// The fields. All are ordered by when the conversation entered its state, but for
// one that has all of a state in the order in which something happened to them.
// The filters without an index of their own pass over what they do not select.
const (
	byState field = iota
	byUpdated
	byAgent
	byGroup
	byVisitor
	fields
)

// index returns the index that a conversation is in.
func (by field) index(workspace string, h *storage.Head) index {
	in := index{workspace: workspace, state: h.State, by: by}
	switch by {
	case byAgent:
		in.value = h.Agent
	case byGroup:
		in.value = h.Group
	case byVisitor:
		in.value = h.Visitor
	}
	return in
}

// at returns what the index is ordered by.
func (by field) at(h *storage.Head) time.Time {
	if by == byUpdated {
		return h.Updated
	}
	return h.Since
}

// show moves a conversation in the views from where its head has it to where the
// next one has it. A zero Head is nowhere.
func (s *Store) show(c *conversation, next *storage.Head) {
	known, stays := c.head.Version > 0, next.Version > 0
	for by := range fields {
		from, to := by.index(c.key.Workspace, &c.head), by.index(c.key.Workspace, next)
		was, is := placeAt(by.at(&c.head), c), placeAt(by.at(next), c)
		if known && stays && from == to && was == is { // nearly always: a message changes the last update alone
			continue
		}
		if known {
			s.leave(from, was)
		}
		if stays {
			s.enter(to, is)
		}
	}
}

func (s *Store) enter(in index, p place) {
	places := s.views[in]
	if places == nil {
		places = &sorted[place]{compare: comparePlaces}
		s.views[in] = places
	}
	places.insert(p)
}

func (s *Store) leave(in index, p place) {
	places := s.views[in]
	places.remove(p)
	if len(places.chunks) == 0 {
		delete(s.views, in)
	}
}

// indexFor is the index with the fewest conversations for a query.
func indexFor(q storage.Query) index {
	in := index{workspace: q.Workspace, state: q.State}
	switch {
	case q.Order == storage.ByUpdated:
		in.by = byUpdated
	case q.Visitor != "":
		in.by, in.value = byVisitor, q.Visitor
	case q.Agent != "":
		in.by, in.value = byAgent, q.Agent
	case q.Group != "" || q.Ungrouped:
		in.by, in.value = byGroup, q.Group
	}
	return in
}

// View implements [storage.Reader].
func (s *Store) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: view: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []storage.Row
	for c := range s.view(q) {
		if len(found) == limit {
			break
		}
		h := c.head
		h.Body, h.Tags = bytes.Clone(h.Body), slices.Clone(h.Tags)
		found = append(found, storage.Row{Key: c.key, Head: h})
	}
	return found, nil
}

// Count implements [storage.Reader]. It looks at each of them.
func (s *Store) Count(ctx context.Context, q storage.Query) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("memory: count: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for range s.view(q) {
		n++
	}
	return n, nil
}

// view yields what a query selects, in its order.
func (s *Store) view(q storage.Query) iter.Seq[*conversation] {
	return func(yield func(*conversation) bool) {
		places := s.views[indexFor(q)]
		if places == nil {
			return
		}
		for p := range behind(places, q) {
			if over(time.UnixMicro(p.at), q) {
				return
			}
			if selects(q, &p.of.head) && !yield(p.of) {
				return
			}
		}
	}
}

// behind yields the places that a view begins with.
func behind(places *sorted[place], q storage.Query) iter.Seq[place] {
	first := q.After == storage.Place{}
	begin := placeOf(q.After.At, storage.Key{Workspace: q.Workspace, Conversation: q.After.Conversation})
	if !q.Newest {
		if from := placeFrom(q.From); !q.From.IsZero() && comparePlaces(from, begin) > 0 {
			begin = from
		}
		return places.after(begin)
	}
	if to := placeFrom(q.To); !q.To.IsZero() && (first || comparePlaces(to, begin) < 0) {
		begin, first = to, false
	}
	if first {
		return places.backward()
	}
	return places.before(begin)
}

// over reports whether a view has come to its end.
func over(at time.Time, q storage.Query) bool {
	if q.Newest {
		return !q.From.IsZero() && at.Before(q.From)
	}
	return !q.To.IsZero() && !at.Before(q.To)
}

func selects(q storage.Query, h *storage.Head) bool {
	return (q.Agent == "" || q.Agent == h.Agent) &&
		(q.Group == "" || q.Group == h.Group) &&
		(!q.Ungrouped || h.Group == "") &&
		(q.Visitor == "" || q.Visitor == h.Visitor) &&
		(q.Outcome == "" || q.Outcome == h.Outcome) &&
		(q.Tag == "" || slices.Contains(h.Tags, q.Tag))
}
