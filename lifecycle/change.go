package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// maxAttempts bounds how often a change is decided anew. Every conflict means
// that somebody else's commit succeeded. There is no wait between attempts: a
// clock that stands still must not hang a command.
const maxAttempts = 1000

// maxUnknown bounds how many commits of one change may end without telling
// whether they were applied.
const maxUnknown = 5

// A proposal is what is to be committed to one conversation, and what it will
// then be.
type proposal struct {
	commit  storage.Commit
	after   conversation.Conversation
	records []conversation.Record
	idle    bool // there is nothing to commit
	freed   bool // an agent has a free seat then
}

// A decision is how a proposal came about.
type decision struct {
	id   storage.Command // the zero Command: nothing to remember
	at   time.Time
	seen storage.Seen // the agent that it depends on
}

// propose turns a decision into a proposal. Where nothing was decided, nothing
// is to be remembered and the due instant is right, there is nothing to commit.
func propose(s *snapshot, after conversation.Conversation, records []conversation.Record, d decision) (proposal, error) {
	p := proposal{after: after, records: records, freed: s.head.Seat != "" && s.head.Seat != seat(after)}
	due := s.due(after)
	p.idle = len(records) == 0 && d.id.ID == "" && due.Equal(s.head.Due) && s.revision == s.head.PolicyRevision
	if p.idle {
		return p, nil
	}
	body := s.head.Body
	if len(records) > 0 {
		var err error
		if body, err = s.rewrite(after); err != nil {
			return p, fmt.Errorf("lifecycle: encode %s: %w", s.key.Conversation, err)
		}
	}
	events, err := encodeEvents(records)
	if err != nil {
		return p, fmt.Errorf("lifecycle: encode %s: %w", s.key.Conversation, err)
	}
	p.commit = storage.Commit{
		Key: s.key, Expect: s.head.Version, Events: events, Command: d.id, At: d.at, Seen: d.seen,
		Head: head(after), Closings: closings(s.conversation, after),
	}
	p.commit.Head.Body, p.commit.Head.Due, p.commit.Head.PolicyRevision = body, due, s.revision
	return p, nil
}

// rewrite returns the body of the conversation as it will be.
func (s *snapshot) rewrite(after conversation.Conversation) ([]byte, error) {
	if s.whole {
		return conversation.Encode(after)
	}
	decoded := func([]byte) (conversation.Conversation, error) { return s.conversation, nil }
	return rewrite(s.head.Body, decoded, conversation.Encode, after)
}

// closings returns those that are not as they were before.
func closings(before, after conversation.Conversation) []closure.Record {
	if before.State == after.State && reflect.DeepEqual(before.Closing, after.Closing) &&
		reflect.DeepEqual(before.Earlier, after.Earlier) && slices.Equal(before.Articles, after.Articles) {
		return nil // nearly always, and told much sooner than by what reports want to know
	}
	was := before.Closings()
	return slices.DeleteFunc(after.Closings(), func(r closure.Record) bool {
		return slices.ContainsFunc(was, func(old closure.Record) bool { return reflect.DeepEqual(r, old) })
	})
}

// head returns what a conversation is found by.
func head(c conversation.Conversation) storage.Head {
	h := storage.Head{
		Version: int64(c.Version), DormantSince: dormantSince(c),
		Visitor: c.Visitor, State: string(c.State), Agent: c.Agent, Group: c.Group,
		Since: c.Since, Updated: c.UpdatedAt, Seat: seat(c),
	}
	if c.State == conversation.StateClosed {
		h.Agent, h.Outcome, h.Tags = c.Closing.Agent, string(c.Closing.Outcome), c.Closing.Tags
	}
	return h
}

// seat returns the agent of whose seats the conversation takes one. A snoozed one
// takes none.
func seat(c conversation.Conversation) string {
	if c.State == conversation.StateAssigned {
		return c.Agent
	}
	return ""
}

// due returns when the conversation is due as it will be. One that came to
// Waiting, or to another queue, is due at once, so that somebody looks for an
// agent; so is every waiting one when the policies have changed.
func (s *snapshot) due(after conversation.Conversation) time.Time {
	policy := s.policies.For(after.Group)
	came := after.State != s.conversation.State || after.Group != s.conversation.Group || s.revision != s.head.PolicyRevision
	if after.State == conversation.StateWaiting && !s.looked && (came || s.toLookAt()) {
		return after.Since
	}
	due, _ := conversation.NextDue(after, policy)
	return due
}

// toLookAt reports whether nobody has looked for an agent since it came to the
// queue. It is due at the instant at which it began to wait until somebody has.
func (s *snapshot) toLookAt() bool {
	c := s.conversation
	return c.State == conversation.StateWaiting && !s.head.Due.IsZero() && !s.head.Due.After(c.Since)
}

// dormantSince is later than the closing if something happened since, such as a
// note: until then the feed has to be kept.
func dormantSince(c conversation.Conversation) time.Time {
	if c.Open() {
		return time.Time{}
	}
	return c.UpdatedAt
}

// change is the way of everything that is written to a conversation: load,
// decide, commit on the version that was loaded. Whoever was faster wins, and it
// is decided anew. A commit of unknown outcome is settled by what is loaded
// next: it was applied if the journal holds its events.
func (c *commands) change(ctx context.Context, key storage.Key, commandID string, decide func(*snapshot) (proposal, error)) (proposal, error) {
	var unsettled []proposal
	for range c.attempts {
		s, err := c.load(ctx, key, commandID)
		if err != nil {
			return proposal{}, unknownIf(unsettled, err)
		}
		var applied *proposal
		if applied, unsettled, err = c.settle(ctx, s, unsettled); err != nil {
			return proposal{}, unknownIf(unsettled, err)
		}
		if applied != nil {
			return *applied, nil
		}
		p, err := decide(s)
		if err != nil {
			return proposal{}, unknownIf(unsettled, err)
		}
		if len(p.records) == 0 && p.commit.Command.ID == "" && slices.ContainsFunc(unsettled, func(p proposal) bool { return len(p.records) > 0 }) {
			// What was to be done once is not any more, and may yet be: a commit
			// without events takes no version from it.
			return proposal{}, fmt.Errorf("lifecycle: commit %s: %w", key.Conversation, storage.ErrOutcomeUnknown)
		}
		if p.idle {
			return p, nil
		}
		err = c.store.Commit(ctx, p.commit)
		switch {
		case err == nil:
			c.tell(p)
			return p, nil
		case errors.Is(err, storage.ErrOutcomeUnknown) && len(unsettled) < maxUnknown && ctx.Err() == nil:
			unsettled = append(unsettled, p)
		case !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrFull) || c.attempts == 1:
			return proposal{}, unknownIf(unsettled, fmt.Errorf("lifecycle: commit %s: %w", key.Conversation, err))
		}
	}
	return proposal{}, unknownIf(unsettled, fmt.Errorf("%w: %s", ErrBusy, key.Conversation))
}

// settle looks for the commits of unknown outcome in what was loaded after them.
// It returns the one that was applied, or those that are still open: they may yet
// be applied, but then the next commit is not, because it expects the same
// version. One whose version, or command ID, somebody else has taken never will be.
func (c *commands) settle(ctx context.Context, s *snapshot, unsettled []proposal) (applied *proposal, open []proposal, err error) {
	for i, p := range unsettled {
		applied, err := c.wasApplied(ctx, s, p.commit)
		switch {
		case err != nil:
			return nil, unsettled, err
		case applied:
			c.tell(p)
			return &unsettled[i], nil, nil
		case s.head.Version == p.commit.Expect && s.applied == nil:
			open = append(open, p)
		}
	}
	return nil, open, nil
}

// wasApplied reports whether a commit is the one whose events follow the version
// that it was decided on, and that the store remembers under its command ID if it
// has one. Of several attempts at a command, decided at different times, the events
// tell which it was. Without a command ID, two commits of the same microsecond,
// actor and content are told apart by nothing.
func (c *commands) wasApplied(ctx context.Context, s *snapshot, commit storage.Commit) (bool, error) {
	if commit.Command.ID != "" {
		a := s.applied
		known := a != nil && sameFingerprint(*a, commit.Command) &&
			a.From == commit.Expect && a.To == commit.Expect+int64(len(commit.Events))
		if !known || len(commit.Events) == 0 {
			return known, nil
		}
	}
	if len(commit.Events) == 0 || s.head.Version == commit.Expect {
		return false, nil
	}
	events, err := c.store.History(ctx, commit.Key, commit.Expect, len(commit.Events))
	if err != nil {
		return false, fmt.Errorf("lifecycle: history of %s: %w", commit.Key.Conversation, err)
	}
	return sameEvents(events, commit.Events), nil
}

// sameFingerprint reports whether what was applied was the command. Where the
// fingerprint was erased with the visitor's texts, the ID alone tells.
func sameFingerprint(a storage.Applied, command storage.Command) bool {
	return a.Fingerprint == command.Fingerprint || a.Fingerprint == [16]byte{}
}

func sameEvents(stored, sent []storage.Event) bool {
	return slices.EqualFunc(stored, sent, func(a, b storage.Event) bool {
		return a.Version == b.Version && (a.Erased || a.Text == b.Text) && bytes.Equal(a.Body, b.Body)
	})
}

// unknownIf makes an error one of unknown outcome if a commit is not settled.
func unknownIf(unsettled []proposal, err error) error {
	if len(unsettled) == 0 || errors.Is(err, storage.ErrOutcomeUnknown) {
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrOutcomeUnknown, err)
}
