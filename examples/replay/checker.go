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
}

func newChecker(desk *lifecycle.Desk, store storage.Store, policy conversation.Policy, total *census) *checker {
	return &checker{desk: desk, store: store, policy: policy, census: total, shadows: map[storage.Key]*shadow{}}
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

// step checks after something was done to conversations.
func (k *checker) step(ctx context.Context, after string, keys ...storage.Key) error {
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
	if err := k.drain(ctx, after); err != nil {
		return err
	}
	for _, key := range keys {
		if s := k.shadows[key]; s.delivered < len(s.journal) {
			return k.broken(key, after, "the feed does not deliver version %d", s.journal[s.delivered].Seq)
		}
	}
	return nil
}

// ticked checks what a tick did: it was called because something was due.
func (k *checker) ticked(ctx context.Context, due storage.Due, t lifecycle.Ticked) error {
	for _, f := range t.Failed {
		return k.broken(storage.Key{Workspace: f.Workspace, Conversation: f.Conversation}, "a deadline", "%v", f.Err)
	}
	var keys []storage.Key
	for _, f := range t.Fired {
		key := storage.Key{Workspace: f.Workspace, Conversation: f.Conversation}
		keys = append(keys, key)
		if s := k.shadows[key]; s != nil {
			if at, _ := conversation.NextDue(s.c, k.policy); !at.Equal(due.At) {
				return k.broken(key, "a deadline", "it was due at %s, and worked off at %s", stamp(at), stamp(due.At))
			}
		}
	}
	if !slices.Contains(keys, due.Key) {
		return k.broken(due.Key, "a deadline", "it was due at %s, and nothing happened", stamp(due.At))
	}
	return k.step(ctx, "a deadline", keys...)
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
		if what := s.family.hear(r, s.heard); what != "" {
			return what
		}
	}
	loaded, err := k.store.Load(ctx, s.key, "")
	if err != nil {
		return err.Error()
	}
	if what := k.compare(s.c, loaded.Head); what != "" {
		return what
	}
	return s.lifeAddsUp()
}

// compare says how the stored head differs from the journal, folded.
func (k *checker) compare(folded conversation.Conversation, head storage.Head) string {
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
	if due, _ := conversation.NextDue(folded, k.policy); !due.Equal(head.Due) {
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

// said checks that the first messages of a family are in the journals.
func (k *checker) said(f *family, messages int) error {
	key := storage.Key{Workspace: f.workspace, Conversation: f.ids[len(f.ids)-1]}
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

func (k *checker) drain(ctx context.Context, after string) error {
	for {
		deliveries, err := k.desk.Feed(ctx, subscriber, feedPage)
		if err != nil {
			return err
		}
		for _, d := range deliveries {
			if err := k.delivered(d, after); err != nil {
				return err
			}
		}
		if _, err := k.desk.Advance(ctx, subscriber, k.position); err != nil {
			return err
		}
		if len(deliveries) < feedPage {
			return nil
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
	}
	return nil
}

// finish checks a family from the beginning, and forgets it.
func (k *checker) finish(ctx context.Context, f *family) error {
	const after = "all"
	if err := k.drain(ctx, after); err != nil {
		return err
	}
	heard, previous := 0, ""
	for _, id := range f.ids {
		key := storage.Key{Workspace: f.workspace, Conversation: id}
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
	if heard != len(f.messages) {
		key := storage.Key{Workspace: f.workspace, Conversation: f.id}
		return k.broken(key, after, "the file has %d messages, and the journals %d", len(f.messages), heard)
	}
	for _, id := range f.ids {
		delete(k.shadows, storage.Key{Workspace: f.workspace, Conversation: id})
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
	case !loaded.Head.Due.IsZero():
		return c, fmt.Sprintf("it was due at %s, and nothing happened", stamp(loaded.Head.Due))
	}
	return c, k.compare(c, loaded.Head)
}
