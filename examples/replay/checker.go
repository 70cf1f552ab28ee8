package main

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A checker holds the library to its word. After every command and every
// deadline it checks, of the conversation concerned, that
//
//   - the stored state is what the events of the journal amount to;
//   - the version is the number of records in the journal;
//   - the stored due instant is the one that follows from state and policy, a
//     closed conversation has none, and what is due happens just then;
//   - one that has just come to Waiting is due at once, until somebody has looked
//     for an agent;
//   - the feed delivers each record once and in order;
//   - each message of the file is in a journal once, and nothing else is;
//   - the time that it spent in its states adds up to its life.
//
// It reads only what is new, so that a step costs the same however long the
// conversation is. At the end everything is read once more from the beginning.
type checker struct {
	desk     *lifecycle.Desk
	store    storage.Store
	policy   conversation.Policy
	census   *census
	shadows  map[storage.Key]*shadow
	position storage.Position // in the feed
	ledger   *ledger          // of the agents' seats; nil: nobody keeps one

	until   time.Time        // the end
	ticks   int              // so far
	lastAt  time.Time        // when the last one was
	idle    int              // ticks in a row at that instant without anything new
	fresh   []storage.Key    // came to Waiting since the last tick, or in it
	inTick  bool             // its consequences are being read
	touched map[*family]bool // what something happened to; whoever reads it empties it
}

func newChecker(desk *lifecycle.Desk, store storage.Store, policy conversation.Policy, total *census) *checker {
	return &checker{
		desk: desk, store: store, policy: policy, census: total,
		shadows: map[storage.Key]*shadow{}, touched: map[*family]bool{},
	}
}

// begin takes up the feed where the conversations before have left it.
func (k *checker) begin(ctx context.Context) (err error) {
	k.position, err = k.desk.Advance(ctx, subscriber, 0)
	return err
}

// watch makes a conversation known, before anything is done to it.
func (k *checker) watch(key storage.Key, f *family) {
	s := &shadow{
		key: key, family: f, heard: new(int), c: blank(key),
		spent: map[conversation.State]int64{}, bySince: map[conversation.State]int64{},
	}
	if len(f.ids) > 1 {
		s.heard = k.shadows[storage.Key{Workspace: key.Workspace, Conversation: f.ids[0]}].heard
	}
	k.shadows[key] = s
}

func blank(key storage.Key) conversation.Conversation {
	return conversation.Conversation{Workspace: key.Workspace, ID: key.Conversation}
}

// step checks after something was done to conversations: to those named, and to
// those that the feed tells of.
func (k *checker) step(ctx context.Context, after string, keys ...storage.Key) error {
	if !k.inTick {
		k.idle = 0
	}
	if err := k.read(ctx, after, keys); err != nil {
		return err
	}
	all, err := k.drain(ctx, after, keys)
	if err != nil {
		return err
	}
	for _, key := range all {
		if s := k.shadows[key]; s.delivered < len(s.journal) {
			return k.broken(key, after, "the feed does not deliver version %d", s.journal[s.delivered].Seq)
		}
	}
	if k.ledger == nil {
		return nil
	}
	if what := k.ledger.check(ctx); what != "" {
		return k.broken(storage.Key{}, after, "%s", what)
	}
	return nil
}

// read checks the journals of conversations.
func (k *checker) read(ctx context.Context, after string, keys []storage.Key) error {
	for _, key := range keys {
		s := k.shadows[key]
		if s == nil {
			return k.broken(key, after, "nobody opened it")
		}
		s.steps++
		k.census.steps++
		if what := k.catchUp(ctx, s); what != "" {
			return k.broken(key, after, "%s", what)
		}
	}
	return nil
}

// maxIdle is how many ticks at one instant may do nothing that is seen, such as
// looking for agents and finding none, or noticing how an agent stands.
const maxIdle = 10

// ticking checks before a tick at an instant.
func (k *checker) ticking(at, now time.Time) error {
	if !at.Equal(k.lastAt) {
		k.idle = 0
	}
	if at.Before(now) || k.idle > maxIdle {
		return k.broken(storage.Key{}, "a deadline", "something was due at %s, and nothing happened", stamp(at))
	}
	k.lastAt = at
	k.ticks++
	return nil
}

// ticked checks what a tick did: it was called because something was due.
func (k *checker) ticked(ctx context.Context, at time.Time, t lifecycle.Ticked) error {
	for _, f := range t.Failed {
		return k.broken(storage.Key{Workspace: f.Workspace, Conversation: f.Conversation}, "a deadline", "%s%v", f.Record, f.Err)
	}
	position := k.position
	fresh := k.fresh
	k.fresh = nil
	var keys []storage.Key
	for _, f := range t.Fired {
		key := storage.Key{Workspace: f.Workspace, Conversation: f.Conversation}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		if s := k.shadows[key]; s != nil {
			if due, _ := conversation.NextDue(s.c, k.policy); !due.Equal(at) || !due.Equal(f.Due) {
				return k.broken(key, "a deadline", "it was due at %s, and worked off at %s", stamp(due), stamp(at))
			}
		}
	}
	k.inTick = true
	err := k.step(ctx, "a deadline", keys...)
	for _, key := range fresh { // they have had their turn, and maybe nothing to tell
		if what := k.catchUp(ctx, k.shadows[key]); what != "" && err == nil {
			err = k.broken(key, "a deadline", "%s", what)
		}
	}
	k.inTick = false
	if k.idle++; k.position > position {
		k.idle = 0
	}
	if err != nil || k.ledger == nil {
		return err
	}
	if key, what := k.ledger.told(t.Assigned); what != "" {
		return k.broken(key, "routing", "%s", what)
	}
	return nil
}

// catchUp reads what is new of a conversation, and says what is wrong with it.
func (k *checker) catchUp(ctx context.Context, s *shadow) string {
	records, err := k.desk.History(ctx, s.key.Workspace, s.key.Conversation, s.c.Version, 0)
	if err != nil {
		return err.Error()
	}
	for _, r := range records {
		if r.Seq != s.c.Version+1 {
			return fmt.Sprintf("the journal goes on with version %d after %d", r.Seq, s.c.Version)
		}
		before := s.c
		s.take(r)
		k.census.record(before, r)
		if s.c.State == conversation.StateWaiting && (before.State != s.c.State || before.Group != s.c.Group) {
			s.came, s.cameInTick = k.ticks, k.inTick
			k.fresh = append(k.fresh, s.key)
		}
		k.touched[s.family] = true
		if what := s.family.hear(r, s.heard); what != "" {
			return what
		}
	}
	loaded, err := k.store.Load(ctx, s.key, "")
	if err != nil {
		return err.Error()
	}
	if what := k.compare(s, s.c, loaded.Head); what != "" {
		return what
	}
	return s.lifeAddsUp()
}

// compare says how the stored head differs from the journal, folded.
func (k *checker) compare(s *shadow, folded conversation.Conversation, head storage.Head) string {
	if head.Version != int64(folded.Version) {
		return fmt.Sprintf("the version is %d, and the journal has %d records", head.Version, folded.Version)
	}
	want, err := conversation.Encode(folded)
	if err != nil {
		return err.Error()
	}
	if !bytes.Equal(want, head.Body) {
		return "the stored state is not what the journal amounts to: " + difference(head.Body, want)
	}
	if folded.State == conversation.StateClosed && !head.Due.IsZero() {
		return fmt.Sprintf("it is closed, and due at %s", stamp(head.Due))
	}
	if due := k.due(s, folded, head); !due.Equal(head.Due) {
		return fmt.Sprintf("it is stored as due at %s, and by state and policy it is due at %s", stamp(head.Due), stamp(due))
	}
	if folded.Visitor != head.Visitor {
		return fmt.Sprintf("it is of %q, and stored as of %q", folded.Visitor, head.Visitor)
	}
	var dormantSince time.Time
	if !folded.Open() {
		dormantSince = folded.UpdatedAt
	}
	if !dormantSince.Equal(head.DormantSince) {
		return fmt.Sprintf("it is dormant since %s, and stored as dormant since %s", stamp(dormantSince), stamp(head.DormantSince))
	}
	return ""
}

// due returns when the conversation must be due. One that came to Waiting in a
// tick may have had its turn in the same tick or not.
func (k *checker) due(s *shadow, folded conversation.Conversation, head storage.Head) time.Time {
	due, _ := conversation.NextDue(folded, k.policy)
	toLookAt := folded.State == conversation.StateWaiting && s.came == k.ticks
	if toLookAt && (!s.cameInTick || head.Due.Equal(folded.Since)) {
		return folded.Since
	}
	return due
}

// said checks that the first messages of a family are in the journals.
func (k *checker) said(f *family, messages int) error {
	key := storage.Key{Workspace: f.Workspace, Conversation: f.ids[len(f.ids)-1]}
	if heard := *k.shadows[key].heard; heard != messages {
		return k.broken(key, "a message", "%d messages of the file were written, and %d are in the journal", messages, heard)
	}
	return nil
}

// The feed is read as a host's worker would: do the work, then move the cursor.
const (
	subscriber = "checker"
	feedPage   = 100
)

// drain checks what the feed delivers, and the journals of the conversations
// among it that were not read yet. It returns all that were.
func (k *checker) drain(ctx context.Context, after string, read []storage.Key) ([]storage.Key, error) {
	for {
		deliveries, err := k.desk.Feed(ctx, subscriber, feedPage)
		if err != nil {
			return nil, err
		}
		var others []storage.Key
		for _, d := range deliveries {
			key := storage.Key{Workspace: d.Workspace, Conversation: d.Conversation}
			if k.shadows[key] != nil && !slices.Contains(read, key) && !slices.Contains(others, key) {
				others = append(others, key)
			}
		}
		if err := k.read(ctx, after, others); err != nil {
			return nil, err
		}
		read = append(read, others...)
		for _, d := range deliveries {
			if err := k.delivered(d, after); err != nil {
				return nil, err
			}
		}
		if _, err := k.desk.Advance(ctx, subscriber, k.position); err != nil {
			return nil, err
		}
		if len(deliveries) < feedPage {
			return read, nil
		}
	}
}

func (k *checker) delivered(d lifecycle.Delivery, after string) error {
	key := storage.Key{Workspace: d.Workspace, Conversation: d.Conversation}
	s := k.shadows[key]
	k.position++
	switch {
	case d.Position != k.position:
		return k.broken(key, after, "the feed delivers position %d after %d", d.Position, k.position-1)
	case s == nil:
		return k.broken(key, after, "the feed delivers it, and nobody opened it")
	}
	for _, r := range d.Records {
		if s.delivered == len(s.journal) {
			return k.broken(key, after, "the feed delivers version %d, which is not new", r.Seq)
		}
		if want := s.journal[s.delivered]; !reflect.DeepEqual(r, want) {
			return k.broken(key, after, "the feed delivers %+v, and the journal has %+v", r, want)
		}
		s.delivered++
		if k.ledger == nil {
			continue
		}
		before := s.told
		s.told = conversation.Evolve(before, r)
		if what := k.ledger.take(key, before, s.told, r); what != "" {
			return k.broken(key, after, "%s", what)
		}
	}
	return nil
}

// finish checks a family from the beginning, and forgets it.
func (k *checker) finish(ctx context.Context, f *family) error {
	const after = "all"
	if _, err := k.drain(ctx, after, nil); err != nil {
		return err
	}
	heard, previous := 0, ""
	for _, id := range f.ids {
		key := storage.Key{Workspace: f.Workspace, Conversation: id}
		s := k.shadows[key]
		c, what := k.refold(ctx, s, &heard)
		if what == "" && c.Previous != previous {
			what = fmt.Sprintf("it continues %q, and should continue %q", c.Previous, previous)
		}
		if what != "" {
			return k.broken(key, after, "%s", what)
		}
		previous = id
		k.census.ended(c, s.spent)
	}
	if heard != len(f.lines) {
		key := storage.Key{Workspace: f.Workspace, Conversation: f.ID}
		return k.broken(key, after, "%d messages were said, and the journals have %d", len(f.lines), heard)
	}
	for _, id := range f.ids {
		delete(k.shadows, storage.Key{Workspace: f.Workspace, Conversation: id})
	}
	return nil
}

// refold folds the whole journal anew, and says what is wrong with it. Nothing
// may be due any more.
func (k *checker) refold(ctx context.Context, s *shadow, heard *int) (conversation.Conversation, string) {
	c := blank(s.key)
	records, err := k.desk.History(ctx, s.key.Workspace, s.key.Conversation, 0, 0)
	if err != nil {
		return c, err.Error()
	}
	for i, r := range records {
		if i < len(s.journal) && !reflect.DeepEqual(r, s.journal[i]) {
			return c, fmt.Sprintf("the journal has changed: %+v was %+v", r, s.journal[i])
		}
		c = conversation.Evolve(c, r)
		if what := s.family.hear(r, heard); what != "" {
			return c, what
		}
	}
	loaded, err := k.store.Load(ctx, s.key, "")
	switch {
	case err != nil:
		return c, err.Error()
	case loaded.Head.Version != int64(len(records)):
		return c, fmt.Sprintf("the version is %d, and the journal has %d records", loaded.Head.Version, len(records))
	case !loaded.Head.Due.IsZero() && !loaded.Head.Due.After(k.until):
		return c, fmt.Sprintf("it was due at %s, and nothing happened", stamp(loaded.Head.Due))
	}
	return c, k.compare(s, c, loaded.Head)
}
