package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// An index names the conversations of a state that have one thing in common.
type index struct {
	workspace, state string
	order            storage.Order
	by               field
	value            string
}

// A field is what the conversations of an index have in common.
type field string

const (
	byState   field = ""
	byAgent   field = "agent"
	byGroup   field = "group"
	byVisitor field = "visitor"
)

func comparePlaces(a, b storage.Place) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Conversation, b.Conversation))
}

// indexes are those that a conversation is in. The filters without one of their
// own pass over what they do not select.
func indexes(workspace string, h storage.Head) []index {
	in := index{workspace: workspace, state: h.State, order: storage.BySince}
	all := []index{in, {workspace: workspace, state: h.State, order: storage.ByUpdated}}
	for _, f := range []struct {
		by    field
		value string
	}{{byAgent, h.Agent}, {byGroup, h.Group}, {byVisitor, h.Visitor}} {
		in.by, in.value = f.by, f.value
		all = append(all, in)
	}
	return all
}

func placeIn(order storage.Order, conversation string, h storage.Head) storage.Place {
	at := h.Since
	if order == storage.ByUpdated {
		at = h.Updated
	}
	return storage.Place{At: at, Conversation: conversation}
}

// show puts a conversation into the views; hide takes it out.
func (s *Store) show(key storage.Key, h storage.Head) {
	for _, in := range indexes(key.Workspace, h) {
		places := s.views[in]
		if places == nil {
			places = &sorted[storage.Place]{compare: comparePlaces}
			s.views[in] = places
		}
		places.insert(placeIn(in.order, key.Conversation, h))
	}
}

func (s *Store) hide(key storage.Key, h storage.Head) {
	for _, in := range indexes(key.Workspace, h) {
		places := s.views[in]
		if places == nil {
			continue // it is new
		}
		places.remove(placeIn(in.order, key.Conversation, h))
		if len(places.chunks) == 0 {
			delete(s.views, in)
		}
	}
}

// indexFor is the index with the fewest conversations for a query.
func indexFor(q storage.Query) index {
	in := index{workspace: q.Workspace, state: q.State, order: cmp.Or(q.Order, storage.BySince)}
	switch {
	case in.order == storage.ByUpdated:
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
	s.mu.RLock()
	defer s.mu.RUnlock()
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
	s.mu.RLock()
	defer s.mu.RUnlock()
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
			if over(p.At, q) {
				return
			}
			c := s.conversations[storage.Key{Workspace: q.Workspace, Conversation: p.Conversation}]
			if selects(q, c.head) && !yield(c) {
				return
			}
		}
	}
}

// behind yields the places that a view begins with.
func behind(places *sorted[storage.Place], q storage.Query) iter.Seq[storage.Place] {
	begin := q.After
	if !q.Newest {
		if from := (storage.Place{At: q.From}); !q.From.IsZero() && comparePlaces(from, begin) > 0 {
			begin = from // before any conversation of that instant, which has a name
		}
		return places.after(begin)
	}
	if to := (storage.Place{At: q.To}); !q.To.IsZero() && (begin == storage.Place{} || comparePlaces(to, begin) < 0) {
		begin = to
	}
	if begin == (storage.Place{}) {
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

func selects(q storage.Query, h storage.Head) bool {
	return (q.Agent == "" || q.Agent == h.Agent) &&
		(q.Group == "" || q.Group == h.Group) &&
		(!q.Ungrouped || h.Group == "") &&
		(q.Visitor == "" || q.Visitor == h.Visitor) &&
		(q.Outcome == "" || q.Outcome == h.Outcome) &&
		(q.Tag == "" || slices.Contains(h.Tags, q.Tag))
}
