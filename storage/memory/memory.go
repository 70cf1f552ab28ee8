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
	"strings"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// A Store is a storage.Store in memory. Use [New]; it is safe for concurrent
// use.
type Store struct {
	mu            sync.Mutex // guards the fields below
	conversations map[storage.Key]*conversation
	due           sorted[place]
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
	views      map[index]*sorted[place]
	closings   map[string]*sorted[closure.Place] // of a workspace
}

var _ storage.Store = (*Store)(nil)

// A conversation is what is kept of one. What its bodies and tags hold is never
// written to, only replaced, so that whoever read them under the lock can clone them
// without.
type conversation struct {
	key      storage.Key
	head     storage.Head
	events   []event   // the event of version i+1
	commands []command // ascending by ID
	setback  storage.Setback
	last     storage.Position // of its last commit in the feed
	closings []closure.Record // ascending by number
}

// An event is a storage.Event whose version is its place.
type event struct {
	body, text string
	erased     bool
}

type command struct {
	id string
	storage.Applied
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
		due:           sorted[place]{compare: comparePlaces},
		outdated:      sorted[storage.Key]{compare: storage.Key.Compare},
		setbacks:      sorted[storage.Key]{compare: storage.Key.Compare},
		cursors:       map[string]storage.Position{},
		records:       map[storage.RecordKey]*storage.Record{},
		ids:           map[storage.RecordKey]*sorted[string]{},
		dueRecords:    sorted[storage.DueRecord]{compare: storage.DueRecord.Compare},
		seats:         map[seatOf]int{},
		views:         map[index]*sorted[place]{},
		closings:      map[string]*sorted[closure.Place]{},
	}
}

// Load implements [storage.Store].
func (s *Store) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if err := ctx.Err(); err != nil {
		return storage.Loaded{}, fmt.Errorf("memory: load: %w", err)
	}
	l := s.load(key, commandID)
	l.Policies.Body = bytes.Clone(l.Policies.Body)
	l.Head.Body, l.Head.Tags = bytes.Clone(l.Head.Body), slices.Clone(l.Head.Tags)
	return l, nil
}

// load returns bodies and tags that are the store's.
func (s *Store) load(key storage.Key, commandID string) storage.Loaded {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := storage.Loaded{Policies: s.policies[key.Workspace]}
	c := s.conversations[key]
	if c == nil {
		return l
	}
	l.Head, l.Setback = c.head, c.setback
	if i, known := c.findCommand(commandID); known {
		applied := c.commands[i].Applied
		l.Applied = &applied
	}
	return l
}

// Commit implements [storage.Store]. It never returns
// [storage.ErrOutcomeUnknown].
func (s *Store) Commit(ctx context.Context, in storage.Commit) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: commit: %w", err)
	}
	in.Head.Body, in.Head.Tags = bytes.Clone(in.Head.Body), slices.Clone(in.Head.Tags)
	events := ownEvents(in.Events)
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
	at, known := c.findCommand(in.Command.ID)
	if known {
		return storage.ErrConflict
	}
	if err := s.checkSeat(&in, c.head.Seat); err != nil {
		return err
	}
	if in.Command.ID != "" {
		applied := storage.Applied{Fingerprint: in.Command.Fingerprint, From: in.Expect, To: in.Expect + int64(len(in.Events))}
		c.commands = slices.Insert(grown(c.commands, 1), at, command{in.Command.ID, applied})
	}
	if len(events) > 0 {
		s.append(c, &in, events)
	} else {
		head := c.head
		head.Due, head.PolicyRevision = in.Head.Due, in.Head.PolicyRevision
		s.setHead(c, &head)
	}
	s.setBack(c, storage.Setback{})
	return nil
}

// append applies a commit with events.
func (s *Store) append(c *conversation, in *storage.Commit, events []event) {
	if in.Expect == 0 {
		s.conversations[c.key] = c
	}
	c.events = append(grown(c.events, len(events)), events...)
	s.feed = append(s.feed, commit{c, in.Expect, in.Expect + int64(len(events))})
	c.last = s.end()
	s.putClosings(c, in.Closings)
	keepStrings(&in.Head, &c.head)
	s.show(c, &in.Head)
	s.moveSeat(c.key.Workspace, c.head.Seat, in.Head.Seat, in.At)
	s.setHead(c, &in.Head)
}

// end is the last position of the feed.
func (s *Store) end() storage.Position { return s.purged + storage.Position(len(s.feed)) }

// keepStrings makes a head share what it has in common with the one that was kept,
// so that each string is kept once.
func keepStrings(head, kept *storage.Head) {
	keep := func(s *string, kept string) {
		if *s == kept {
			*s = kept
		}
	}
	keep(&head.Visitor, kept.Visitor)
	keep(&head.State, kept.State)
	keep(&head.Agent, kept.Agent)
	keep(&head.Group, kept.Group)
	keep(&head.Outcome, kept.Outcome)
	keep(&head.Seat, kept.Seat)
}

// setHead replaces the head, and what follows from it but for the views.
func (s *Store) setHead(c *conversation, head *storage.Head) {
	if !head.Due.Equal(c.head.Due) {
		s.setDue(c, head.Due)
	}
	revision := s.policies[c.key.Workspace].Revision
	was, is := isOutdated(&c.head, revision), isOutdated(head, revision)
	c.head = *head
	switch {
	case is && !was:
		s.outdated.insert(c.key)
	case was && !is:
		s.outdated.remove(c.key)
	}
}

func (s *Store) setDue(c *conversation, due time.Time) {
	if !c.head.Due.IsZero() {
		s.due.remove(placeAt(c.head.Due, c))
	}
	if !due.IsZero() {
		s.due.insert(placeAt(due, c))
	}
}

// isOutdated reports whether a conversation is open and was decided on older
// policies than those of a revision.
func isOutdated(h *storage.Head, revision int64) bool {
	return h.Version > 0 && h.DormantSince.IsZero() && h.PolicyRevision < revision
}

// findCommand returns where a command is, or would go.
func (c *conversation) findCommand(id string) (int, bool) {
	return slices.BinarySearchFunc(c.commands, id, func(c command, id string) int { return strings.Compare(c.id, id) })
}

// History implements [storage.Store].
func (s *Store) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: history: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conversations[key]
	if c == nil || after >= int64(len(c.events)) {
		return nil, nil
	}
	after = max(after, 0)
	return c.between(after, after+min(int64(limit), int64(len(c.events))-after)), nil
}

// Due implements [storage.Store].
func (s *Store) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: due: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []storage.Due
	for p := range s.due.after(placeOf(after.At, after.Key)) {
		if p.at > by.UnixMicro() || len(found) == limit {
			break
		}
		if !p.of.heldBack(by) {
			found = append(found, storage.Due{At: p.of.head.Due, Key: p.of.key})
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
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []storage.Key
	for key := range s.outdated.after(after) {
		if len(found) == limit {
			break
		}
		if !s.conversations[key].heldBack(by) {
			found = append(found, key)
		}
	}
	return found, nil
}

// heldBack reports whether the setback of a conversation lasts beyond by.
func (c *conversation) heldBack(by time.Time) bool {
	return c.setback.Failures > 0 && (c.setback.RetryAt.IsZero() || c.setback.RetryAt.After(by))
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
	s.mu.Lock()
	defer s.mu.Unlock()
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
	s.mu.Lock()
	defer s.mu.Unlock()
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
			Events:   c.conversation.between(c.from, c.to),
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
		e.erased = e.erased || e.text != ""
		e.text = ""
	}
	for i := range c.commands {
		c.commands[i].Fingerprint = [16]byte{}
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
	purged := s.purged
	for _, c := range old {
		s.forget(c)
		purged = max(purged, c.last)
	}
	if purged > s.purged {
		s.feed = slices.Clone(s.feed[purged-s.purged:])
		s.purged = purged
	}
	return len(old), nil
}

// forget removes all of a conversation but what the feed has of it.
func (s *Store) forget(c *conversation) {
	delete(s.conversations, c.key)
	s.removeClosings(c)
	s.setBack(c, storage.Setback{})
	if c.head.Seat != "" {
		s.addSeats(seatOf{c.key.Workspace, c.head.Seat}, -1)
	}
	s.show(c, &storage.Head{})
	s.setHead(c, &storage.Head{})
}

func ownEvents(in []storage.Event) []event {
	events := make([]event, len(in))
	for i, e := range in {
		events[i] = event{body: string(e.Body), text: e.Text}
	}
	return events
}

// between returns the events after a version up to another.
func (c *conversation) between(after, to int64) []storage.Event {
	events := make([]storage.Event, to-after)
	for i, e := range c.events[after:to] {
		events[i] = storage.Event{Version: after + int64(i) + 1, Body: []byte(e.body), Text: e.text, Erased: e.erased}
	}
	return events
}

// grown returns s with room for n more. It grows by an eighth, where append would
// double it: conversations are many, and rest for longer than they grow.
func grown[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) {
		return s
	}
	return append(slices.Grow([]T(nil), len(s)+n+len(s)/8), s...)
}
