// Package memory keeps conversations in memory: the store of tests, examples
// and hosts that may lose everything when they stop.
//
// It keeps the whole contract of package storage, as storagetest shows, and is
// what the other stores are compared with. It will never write a file, and
// nothing in it survives the process.
package memory

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// A Store is a storage.Store in memory. Use [New]; it is safe for concurrent
// use.
type Store struct {
	mu            sync.RWMutex // guards the fields below
	conversations map[storage.Key]*conversation
	due           sorted[storage.Due]
	policies      map[string]storage.Policies
	outdated      sorted[storage.Key] // open, and decided on older policies
	setbacks      sorted[storage.Key]
	feed          []commit         // the commit at position purged+i+1
	purged        storage.Position // the last position that the feed no longer has
	cursors       map[string]storage.Position

	records    map[storage.RecordKey]*storage.Record
	ids        map[storage.RecordKey]*sorted[string] // of a kind, whose key has no ID
	dueRecords sorted[storage.DueRecord]
	seats      map[seatOf]int // how many conversations have one of the agent's
	views      map[index]*sorted[storage.Place]
	closings   map[string]*sorted[closure.Place] // of a workspace
}

var _ storage.Store = (*Store)(nil)

type conversation struct {
	key      storage.Key
	head     storage.Head
	events   []storage.Event // the event of version i+1
	commands map[string]storage.Applied
	setback  storage.Setback
	last     storage.Position // of its last commit in the feed
	closings map[int]closure.Record
}

// A commit is what the feed remembers: the events after from up to to.
type commit struct {
	conversation *conversation
	from, to     int64
}

// New returns an empty store.
func New() *Store {
	return &Store{
		conversations: map[storage.Key]*conversation{},
		policies:      map[string]storage.Policies{},
		due:           sorted[storage.Due]{compare: storage.Due.Compare},
		outdated:      sorted[storage.Key]{compare: storage.Key.Compare},
		setbacks:      sorted[storage.Key]{compare: storage.Key.Compare},
		cursors:       map[string]storage.Position{},
		records:       map[storage.RecordKey]*storage.Record{},
		ids:           map[storage.RecordKey]*sorted[string]{},
		dueRecords:    sorted[storage.DueRecord]{compare: storage.DueRecord.Compare},
		seats:         map[seatOf]int{},
		views:         map[index]*sorted[storage.Place]{},
		closings:      map[string]*sorted[closure.Place]{},
	}
}

// Load implements [storage.Store].
func (s *Store) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if err := ctx.Err(); err != nil {
		return storage.Loaded{}, fmt.Errorf("memory: load: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var l storage.Loaded
	l.Policies = s.policies[key.Workspace]
	l.Policies.Body = bytes.Clone(l.Policies.Body)
	c := s.conversations[key]
	if c == nil {
		return l, nil
	}
	l.Head = c.head
	l.Head.Body, l.Head.Tags = bytes.Clone(c.head.Body), slices.Clone(c.head.Tags)
	l.Setback = c.setback
	if a, known := c.commands[commandID]; known {
		l.Applied = &a
	}
	return l, nil
}

// Commit implements [storage.Store]. It never returns
// [storage.ErrOutcomeUnknown].
func (s *Store) Commit(ctx context.Context, in storage.Commit) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: commit: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[in.Key]
	if c == nil {
		c = &conversation{key: in.Key}
	}
	if c.head.Version != in.Expect {
		return storage.ErrConflict
	}
	if in.Expect == 0 && len(in.Events) == 0 {
		return errors.New("memory: a commit without events to a conversation that does not exist")
	}
	if _, known := c.commands[in.Command.ID]; known {
		return storage.ErrConflict
	}
	if err := s.checkSeat(in, c.head.Seat); err != nil {
		return err
	}
	s.conversations[in.Key] = c
	s.append(c, in)
	before := c.head.Seat
	s.setHead(c, in.Head, len(in.Events) > 0)
	s.moveSeat(in.Key.Workspace, before, c.head.Seat, in.At)
	s.setBack(c, storage.Setback{})
	if in.Command.ID != "" {
		if c.commands == nil {
			c.commands = map[string]storage.Applied{}
		}
		c.commands[in.Command.ID] = storage.Applied{
			Fingerprint: in.Command.Fingerprint, From: in.Expect, To: c.head.Version,
		}
	}
	return nil
}

func (s *Store) append(c *conversation, in storage.Commit) {
	if len(in.Events) == 0 {
		return
	}
	s.putClosings(c, in.Closings)
	c.events = append(c.events, cloneEvents(in.Events)...)
	s.feed = append(s.feed, commit{c, in.Expect, in.Expect + int64(len(in.Events))})
	c.last = s.end()
}

// end is the last position of the feed.
func (s *Store) end() storage.Position { return s.purged + storage.Position(len(s.feed)) }

// setHead replaces the head; a commit without events leaves most of it.
func (s *Store) setHead(c *conversation, head storage.Head, changed bool) {
	if changed {
		head.Body, head.Tags = bytes.Clone(head.Body), slices.Clone(head.Tags)
		s.hide(c.key, c.head)
		s.show(c.key, head)
	} else {
		changed := head
		head = c.head
		head.Due, head.PolicyRevision = changed.Due, changed.PolicyRevision
	}
	if !head.Due.Equal(c.head.Due) {
		s.due.remove(storage.Due{At: c.head.Due, Key: c.key})
	}
	if !head.Due.IsZero() {
		s.due.insert(storage.Due{At: head.Due, Key: c.key})
	}
	c.head = head
	if head.DormantSince.IsZero() && head.PolicyRevision < s.policies[c.key.Workspace].Revision {
		s.outdated.insert(c.key)
	} else {
		s.outdated.remove(c.key)
	}
}

// History implements [storage.Store].
func (s *Store) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: history: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.conversations[key]
	if c == nil || after >= int64(len(c.events)) {
		return nil, nil
	}
	events := c.events[max(after, 0):]
	return cloneEvents(events[:min(limit, len(events))]), nil
}

// Due implements [storage.Store].
func (s *Store) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: due: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []storage.Due
	for d := range s.due.after(after) {
		if d.At.After(by) || len(found) == limit {
			break
		}
		if !s.heldBack(d.Key, by) {
			found = append(found, d)
		}
	}
	return found, nil
}

// SetPolicies implements [storage.Store].
func (s *Store) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: set policies: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.policies[workspace].Revision != expect {
		return storage.ErrConflict
	}
	s.policies[workspace] = storage.Policies{Revision: expect + 1, Body: bytes.Clone(body)}
	for key, c := range s.conversations {
		if key.Workspace == workspace && c.head.DormantSince.IsZero() && c.head.PolicyRevision <= expect {
			s.outdated.insert(key)
		}
	}
	return nil
}

// Outdated implements [storage.Store].
func (s *Store) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: outdated: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []storage.Key
	for key := range s.outdated.after(after) {
		if len(found) == limit {
			break
		}
		if !s.heldBack(key, by) {
			found = append(found, key)
		}
	}
	return found, nil
}

// heldBack reports whether the setback of a conversation lasts beyond by.
func (s *Store) heldBack(key storage.Key, by time.Time) bool {
	setback := s.conversations[key].setback
	return setback.Failures > 0 && (setback.RetryAt.IsZero() || setback.RetryAt.After(by))
}

// SetBack implements [storage.Store].
func (s *Store) SetBack(ctx context.Context, key storage.Key, version int64, setback storage.Setback) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: set back: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[key]
	if c == nil || c.head.Version != version {
		return storage.ErrConflict
	}
	s.setBack(c, setback)
	return nil
}

func (s *Store) setBack(c *conversation, setback storage.Setback) {
	switch {
	case setback.Failures > 0:
		s.setbacks.insert(c.key)
	case c.setback.Failures > 0:
		s.setbacks.remove(c.key)
	}
	c.setback = setback
}

// Setbacks implements [storage.Store].
func (s *Store) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: setbacks: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []storage.SetbackOf
	for key := range s.setbacks.after(after) {
		if len(found) == limit {
			break
		}
		found = append(found, storage.SetbackOf{Key: key, Setback: s.conversations[key].setback})
	}
	return found, nil
}

// Feed implements [storage.Store].
func (s *Store) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: feed: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	after = max(after, 0)
	if after < s.purged {
		return nil, &storage.PurgedError{Oldest: s.purged + 1}
	}
	if after >= s.end() {
		return nil, nil
	}
	commits := s.feed[after-s.purged:]
	commits = commits[:min(limit, len(commits))]
	entries := make([]storage.Entry, len(commits))
	for i, c := range commits {
		entries[i] = storage.Entry{
			Position: after + storage.Position(i) + 1,
			Key:      c.conversation.key,
			Events:   cloneEvents(c.conversation.events[c.from:c.to]),
		}
	}
	return entries, nil
}

// Advance implements [storage.Store].
func (s *Store) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("memory: advance: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if to > s.end() {
		return s.cursors[subscriber], storage.ErrPosition
	}
	if to > s.cursors[subscriber] {
		s.cursors[subscriber] = to
	}
	return s.cursors[subscriber], nil
}

// Erase implements [storage.Store].
func (s *Store) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("memory: erase: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for key, c := range s.conversations {
		if key.Workspace == workspace && c.head.Visitor == visitor {
			c.erase()
			n++
		}
	}
	if r := s.records[storage.RecordKey{Workspace: workspace, Kind: storage.KindVisitor, ID: visitor}]; r != nil && r.Text != "" {
		r.Text = ""
		r.Version++
	}
	return n, nil
}

func (c *conversation) erase() {
	for i := range c.events {
		e := &c.events[i]
		e.Erased = e.Erased || e.Text != ""
		e.Text = ""
	}
	for id, applied := range c.commands {
		applied.Fingerprint = [16]byte{}
		c.commands[id] = applied
	}
	c.setback.Reason = ""
}

// Purge implements [storage.Store]. It looks at every conversation.
func (s *Store) Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("memory: purge: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var old []*conversation
	for _, c := range s.conversations {
		if at := c.head.DormantSince; !at.IsZero() && at.Before(dormantBefore) {
			old = append(old, c)
		}
	}
	slices.SortFunc(old, func(a, b *conversation) int {
		return cmp.Or(a.head.DormantSince.Compare(b.head.DormantSince), a.key.Compare(b.key))
	})
	old = old[:min(limit, len(old))]
	for _, c := range old {
		s.purge(c)
	}
	return len(old), nil
}

func (s *Store) purge(c *conversation) {
	delete(s.conversations, c.key)
	s.removeClosings(c)
	s.hide(c.key, c.head)
	if c.head.Seat != "" {
		s.addSeats(seatOf{c.key.Workspace, c.head.Seat}, -1)
	}
	s.due.remove(storage.Due{At: c.head.Due, Key: c.key})
	s.setbacks.remove(c.key)
	if gone := c.last - s.purged; gone > 0 {
		s.feed = slices.Clone(s.feed[gone:])
		s.purged = c.last
	}
}

func cloneEvents(events []storage.Event) []storage.Event {
	clones := slices.Clone(events)
	for i := range clones {
		clones[i].Body = bytes.Clone(clones[i].Body)
	}
	return clones
}
