package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// Get returns a conversation as it stands, or an error wrapping
// [conversation.ErrNotFound].
func (c *commands) Get(ctx context.Context, workspace, id string) (conversation.Conversation, error) {
	key, err := keyOf(workspace, id)
	if err != nil {
		return conversation.Conversation{}, err
	}
	s, err := c.load(ctx, key, "")
	if err != nil {
		return conversation.Conversation{}, err
	}
	if s.conversation.State == conversation.StateNone {
		return conversation.Conversation{}, notFound(id)
	}
	return s.conversation, nil
}

// Allowed returns the commands that would do something if by gave them to the
// Desk now; whether one is accepted may still depend on its fields. An unknown
// conversation can only be opened.
func (c *commands) Allowed(ctx context.Context, workspace, id string, by conversation.Actor) ([]conversation.CommandName, error) {
	key, err := keyOf(workspace, id)
	if err != nil {
		return nil, err
	}
	if err := by.Check(); err != nil {
		return nil, err
	}
	s, err := c.load(ctx, key, "")
	if err != nil {
		return nil, err
	}
	now, err := c.now(ctx)
	if err != nil {
		return nil, err
	}
	facts, _, err := c.facts(ctx, s, conversation.Request{By: by, Command: conversation.Take{}}, s.policies.For(s.conversation.Group), now)
	if err != nil {
		return nil, err
	}
	names := conversation.Allowed(s.conversation, by, facts)
	_, err = conversation.Decide(s.conversation, conversation.Request{By: by, Command: conversation.Say{}}, facts)
	if errors.Is(err, conversation.ErrWindowOver) { // the Desk has a successor for it
		names = slices.Insert(names, 0, conversation.NameSay)
	}
	return names, nil
}

// historyPage is how many events are read from the store at once.
const historyPage = 500

// History returns the journal of a conversation after a version (zero: from its
// beginning), at most limit records (zero: all), with the texts of messages and
// notes. An unknown conversation is an error wrapping
// [conversation.ErrNotFound]. [Notes] renders the records for people.
func (c *commands) History(ctx context.Context, workspace, id string, after conversation.Version, limit int) ([]conversation.Record, error) {
	key, err := keyOf(workspace, id)
	if err != nil {
		return nil, err
	}
	if limit < 0 || after < 0 {
		return nil, &conversation.InvalidError{Field: "history", Rule: "version and limit must not be negative"}
	}
	records, err := c.history(ctx, key, after, limit)
	if err != nil || len(records) > 0 {
		return records, err
	}
	_, err = c.Get(ctx, workspace, id)
	return nil, err
}

func (c *commands) history(ctx context.Context, key storage.Key, after conversation.Version, limit int) ([]conversation.Record, error) {
	var records []conversation.Record
	for limit == 0 || len(records) < limit {
		page := historyPage
		if limit != 0 {
			page = min(page, limit-len(records))
		}
		events, err := c.store.History(ctx, key, int64(after), page)
		if err != nil {
			return nil, fmt.Errorf("lifecycle: history of %s: %w", key.Conversation, err)
		}
		more, err := decodeEvents(events)
		if err != nil {
			return nil, unreadable{fmt.Errorf("lifecycle: history of %s: %w", key.Conversation, err)}
		}
		if !follow(more, after) {
			return nil, unreadable{damaged{fmt.Errorf("lifecycle: history of %s: the store lost or repeated a version after %d", key.Conversation, after)}}
		}
		records = append(records, more...)
		if len(events) < page {
			break
		}
		after = records[len(records)-1].Seq
	}
	return records, nil
}

// unreadable marks an error that lies in a stored journal: it is damaged, or of a
// newer version of the library.
type unreadable struct{ error }

func (u unreadable) Unwrap() error { return u.error }

func isUnreadable(err error) bool {
	_, is := errors.AsType[unreadable](err)
	return is
}

// follow reports whether records are those right after a version.
func follow(records []conversation.Record, after conversation.Version) bool {
	for i, r := range records {
		if r.Seq != after+conversation.Version(i)+1 {
			return false
		}
	}
	return true
}

func notFound(id string) error { return fmt.Errorf("lifecycle: %s: %w", id, conversation.ErrNotFound) }

func keyOf(workspace, id string) (storage.Key, error) {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return storage.Key{}, err
	}
	if err := conversation.CheckID("conversation", id); err != nil {
		return storage.Key{}, err
	}
	return storage.Key{Workspace: workspace, Conversation: id}, nil
}

// A snapshot is a conversation as loaded for one decision.
type snapshot struct {
	key          storage.Key
	head         storage.Head
	conversation conversation.Conversation
	whole        bool                   // the body has nothing else
	policies     *conversation.Policies // shared: not to be changed
	revision     int64                  // of policies
	applied      *storage.Applied
	looked       bool // somebody has just looked for an agent
}

func (c *commands) load(ctx context.Context, key storage.Key, commandID string) (*snapshot, error) {
	loaded, err := c.store.Load(ctx, key, commandID)
	if err != nil {
		return nil, fmt.Errorf("lifecycle: load %s: %w", key.Conversation, err)
	}
	s := &snapshot{key: key, head: loaded.Head, revision: loaded.Policies.Revision, applied: loaded.Applied}
	if s.policies, err = c.policies.decode(key.Workspace, loaded.Policies); err != nil {
		return nil, fmt.Errorf("lifecycle: load %s: %w", key.Conversation, err)
	}
	if s.head.Version == 0 {
		s.conversation = conversation.Conversation{Workspace: key.Workspace, ID: key.Conversation}
		return s, nil
	}
	if s.conversation, s.whole, err = conversation.DecodeWhole(s.head.Body); err != nil {
		return nil, damaged{fmt.Errorf("lifecycle: load %s: %w", key.Conversation, err)}
	}
	if c := s.conversation; int64(c.Version) != s.head.Version || c.Workspace != key.Workspace || c.ID != key.Conversation {
		return nil, damaged{fmt.Errorf("lifecycle: load %s: the stored conversation is not the one of its row", key.Conversation)}
	}
	return s, nil
}

// A policyCache keeps the last decoded policies of each workspace.
type policyCache struct {
	byWorkspace sync.Map // of *decodedPolicies
}

type decodedPolicies struct {
	revision int64
	policies conversation.Policies
}

// noPolicies are those of a workspace that never set any.
var noPolicies conversation.Policies

func (p *policyCache) decode(workspace string, stored storage.Policies) (*conversation.Policies, error) {
	if stored.Revision == 0 {
		return &noPolicies, nil
	}
	if v, ok := p.byWorkspace.Load(workspace); ok && v.(*decodedPolicies).revision == stored.Revision {
		return &v.(*decodedPolicies).policies, nil
	}
	policies, err := conversation.DecodePolicies(stored.Body)
	if err != nil {
		return nil, err
	}
	decoded := &decodedPolicies{stored.Revision, policies}
	p.byWorkspace.Store(workspace, decoded)
	return &decoded.policies, nil
}

func encodeEvents(records []conversation.Record) ([]storage.Event, error) {
	events := make([]storage.Event, len(records))
	for i, r := range records {
		body, err := conversation.EncodeRecord(r)
		if err != nil {
			return nil, err
		}
		text, _ := conversation.Text(r.Event)
		events[i] = storage.Event{Version: int64(r.Seq), Body: body, Text: text}
	}
	return events, nil
}

func decodeEvents(events []storage.Event) ([]conversation.Record, error) {
	records := make([]conversation.Record, len(events))
	for i, e := range events {
		r, err := conversation.DecodeRecord(e.Body)
		if err != nil {
			return nil, err
		}
		r.Event, r.Erased = conversation.WithText(r.Event, e.Text), e.Erased
		records[i] = r
	}
	return records, nil
}
