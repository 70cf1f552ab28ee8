package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A Delivery is what one command or deadline did, in the feed.
type Delivery struct {
	Position     storage.Position
	Workspace    string
	Conversation string
	Records      []conversation.Record
}

// Feed returns what happened since the durable cursor of the named subscriber,
// across workspaces, at most limit deliveries. The cursor does not move: do the
// work, then [Desk.Advance] to the last position that is done. So everything is
// delivered at least once, in order within a conversation; after a crash some of
// it again, with the same positions.
//
// A new subscriber starts at the beginning, which [Desk.Purge] may have removed:
// whoever stands before what was purged gets a [*storage.PurgedError], and goes
// on after advancing to the position before its Oldest. Names are IDs. What
// cannot be read, such as what a newer version of the library wrote, is a
// [*FeedError] once everything before it was delivered.
func (d *Desk) Feed(ctx context.Context, subscriber string, limit int) ([]Delivery, error) {
	if limit <= 0 {
		return nil, &conversation.InvalidError{Field: "limit", Rule: "must be positive"}
	}
	after, err := d.Advance(ctx, subscriber, 0)
	if err != nil {
		return nil, err
	}
	entries, err := d.store.Feed(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("lifecycle: feed: %w", err)
	}
	deliveries := make([]Delivery, len(entries))
	for i, e := range entries {
		delivery, err := deliver(after+storage.Position(i)+1, e)
		if err != nil && i > 0 {
			return deliveries[:i], nil
		}
		if err != nil {
			return nil, err
		}
		deliveries[i] = delivery
	}
	return deliveries, nil
}

// deliver turns the entry at a position into a delivery. Its errors are
// [*FeedError].
func deliver(at storage.Position, e storage.Entry) (Delivery, error) {
	if e.Position != at {
		return Delivery{}, &FeedError{Position: at, Err: errors.New("the store has lost it")}
	}
	records, err := decodeEvents(e.Events)
	if err != nil {
		return Delivery{}, &FeedError{Position: at, Workspace: e.Key.Workspace, Conversation: e.Key.Conversation, Err: err}
	}
	return Delivery{at, e.Key.Workspace, e.Key.Conversation, records}, nil
}

// A FeedError is a place in the feed that cannot be read, or is not there: a host
// that would rather go on than wait notes it and advances to Position.
type FeedError struct {
	Position     storage.Position
	Workspace    string // empty if it is not there, as is Conversation
	Conversation string
	Err          error
}

// Error names the place and the cause.
func (e *FeedError) Error() string {
	return fmt.Sprintf("lifecycle: feed at %d, conversation %s: %v", e.Position, e.Conversation, e.Err)
}

// Unwrap returns Err.
func (e *FeedError) Unwrap() error { return e.Err }

// Advance moves the durable cursor of the named subscriber forward and returns
// where it stands, never behind where it was. Moving to zero only asks. A
// position that the feed does not have is an error wrapping
// [storage.ErrPosition].
func (d *Desk) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	if err := conversation.CheckID("subscriber", subscriber); err != nil {
		return 0, err
	}
	if to < 0 {
		return 0, fmt.Errorf("lifecycle: advance %s to %d: %w", subscriber, to, storage.ErrPosition)
	}
	at, err := d.store.Advance(ctx, subscriber, to)
	if err != nil {
		return at, fmt.Errorf("lifecycle: advance %s to %d: %w", subscriber, to, err)
	}
	return at, nil
}

// An Update is what one command or deadline did, live: the conversation as it is
// now, and what was recorded.
type Update struct {
	Conversation conversation.Conversation
	Records      []conversation.Record
}

// A Subscription receives live what this Desk does, for screens and hints. It is
// best effort: an update that finds the channel full is dropped and counted, and
// what other Desks do is not in it. What must not be missed is in
// [Desk.Feed].
type Subscription struct {
	updates chan Update
	dropped atomic.Int64
	live    *broadcaster
}

// MaxBuffer is how many updates the channel of a subscription holds at most.
const MaxBuffer = 1 << 14

// Subscribe begins a subscription whose channel holds up to buffer updates (at
// least one, at most [MaxBuffer]). Close it when done.
func (d *Desk) Subscribe(buffer int) *Subscription {
	s := &Subscription{updates: make(chan Update, min(max(buffer, 1), MaxBuffer)), live: &d.live}
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	if s.live.subscriptions == nil {
		s.live.subscriptions = map[*Subscription]struct{}{}
	}
	s.live.subscriptions[s] = struct{}{}
	return s
}

// Updates returns the channel; it is closed by Close. The updates of one
// conversation may overtake each other: the version says which is later.
func (s *Subscription) Updates() <-chan Update { return s.updates }

// Dropped returns how many updates found the channel full.
func (s *Subscription) Dropped() int64 { return s.dropped.Load() }

// Close ends the subscription. Closing twice is legal.
func (s *Subscription) Close() {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	if _, open := s.live.subscriptions[s]; open {
		delete(s.live.subscriptions, s)
		close(s.updates)
	}
}

// A broadcaster hands updates to the subscriptions without ever waiting.
type broadcaster struct {
	mu            sync.RWMutex // guards the field below
	subscriptions map[*Subscription]struct{}
}

func (b *broadcaster) publish(c conversation.Conversation, records []conversation.Record) {
	if len(records) == 0 {
		return
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.subscriptions {
		select {
		case s.updates <- Update{c, records}:
		default:
			s.dropped.Add(1)
		}
	}
}
