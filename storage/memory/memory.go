// Package memory keeps conversations in memory: the store of tests, examples
// and hosts that may lose everything when they stop.
//
// It keeps the whole contract of package storage, as storagetest shows, and is
// what the other stores are compared with. It will never write a file, and
// nothing in it survives the process.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

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
	feed          []commit            // the commit at position i+1
	cursors       map[string]storage.Position
}

var _ storage.Store = (*Store)(nil)

type conversation struct {
	key      storage.Key
	head     storage.Head
	events   []storage.Event // the event of version i+1
	commands map[string]storage.Applied
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
		cursors:       map[string]storage.Position{},
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
	l.Head.Body = bytes.Clone(c.head.Body)
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
	if _, known := c.commands[in.Command.ID]; known {
		return storage.ErrConflict
	}
	s.conversations[in.Key] = c
	s.append(c, in)
	s.setHead(c, in.Head, len(in.Events) > 0)
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
	c.events = append(c.events, cloneEvents(in.Events)...)
	s.feed = append(s.feed, commit{c, in.Expect, in.Expect + int64(len(in.Events))})
}

// setHead replaces the head; a commit without events leaves version and body.
func (s *Store) setHead(c *conversation, head storage.Head, changed bool) {
	if changed {
		head.Body = bytes.Clone(head.Body)
	} else {
		head.Version, head.Body, head.Open = c.head.Version, c.head.Body, c.head.Open
	}
	if !head.Due.Equal(c.head.Due) {
		s.due.remove(storage.Due{At: c.head.Due, Key: c.key})
	}
	if !head.Due.IsZero() {
		s.due.insert(storage.Due{At: head.Due, Key: c.key})
	}
	c.head = head
	if head.Open && head.PolicyRevision < s.policies[c.key.Workspace].Revision {
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
	return s.due.after(after, limit, func(d storage.Due) bool { return !d.At.After(by) }), nil
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
		if key.Workspace == workspace && c.head.Open && c.head.PolicyRevision <= expect {
			s.outdated.insert(key)
		}
	}
	return nil
}

// Outdated implements [storage.Store].
func (s *Store) Outdated(ctx context.Context, after storage.Key, limit int) ([]storage.Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: outdated: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.outdated.after(after, limit, func(storage.Key) bool { return true }), nil
}

// Feed implements [storage.Store].
func (s *Store) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: feed: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	after = max(after, 0)
	if after >= storage.Position(len(s.feed)) {
		return nil, nil
	}
	commits := s.feed[after:]
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
	if to > storage.Position(len(s.feed)) {
		return s.cursors[subscriber], storage.ErrPosition
	}
	if to > s.cursors[subscriber] {
		s.cursors[subscriber] = to
	}
	return s.cursors[subscriber], nil
}

func cloneEvents(events []storage.Event) []storage.Event {
	clones := slices.Clone(events)
	for i := range clones {
		clones[i].Body = bytes.Clone(clones[i].Body)
	}
	return clones
}
