package drivertest_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A metaSight is what was seen of an operation. It holds whatever a store
// returned, byte for byte, and nothing that stores may differ in.
type metaSight struct{ strings.Builder }

func (s *metaSight) say(format string, args ...any) {
	fmt.Fprintf(s, format, args...)
	s.WriteByte('\n')
}

// failed notes an error, and reports whether there is one: the values beside it
// mean nothing.
func (s *metaSight) failed(err error) bool {
	if err != nil {
		s.say("error: %s", metaError(err))
	}
	return err != nil
}

// metaError is what stores must agree on in an error: its words where they are
// the library's own, else the sentinel that it wraps. Of any other error, such as one of a driver, it is all
// of it.
func metaError(err error) string {
	var unreadable *lifecycle.FeedError
	var refused *conversation.RefusedError
	var purged *storage.PurgedError
	var keeps *lifecycle.LogOutError
	switch {
	case errors.As(err, &unreadable), errors.As(err, &keeps):
		return err.Error()
	case errors.As(err, &refused):
		closing, _ := json.Marshal(refused.Closing)
		text := fmt.Sprintf("%v holder %q since %d closing %s", err, refused.Holder, refused.Since, closing)
		if refused.Advice != nil {
			text += fmt.Sprintf(" advice %+v", *refused.Advice)
		}
		return text
	case errors.As(err, &purged):
		return purged.Error()
	}
	for _, own := range []error{
		conversation.ErrInvalid, conversation.ErrNotFound, lifecycle.ErrCommandIDReused, lifecycle.ErrBusy, lifecycle.ErrPolicyConflict,
		lifecycle.ErrNoAgent, lifecycle.ErrNoGroup,
	} {
		if errors.Is(err, own) {
			return err.Error()
		}
	}
	for _, sentinel := range []error{storage.ErrConflict, storage.ErrFull, storage.ErrPosition} {
		if errors.Is(err, sentinel) {
			return sentinel.Error()
		}
	}
	return "other: " + err.Error()
}

// metaTime tells two instants apart that differ in a nanosecond or in their
// zone.
func metaTime(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("2006-01-02T15:04:05.999999999 MST")
}

func metaText(text string) string {
	if len(text) > 200 {
		return fmt.Sprintf("%.20q and so on, %d bytes, %x", text, len(text), sha256.Sum256([]byte(text)))
	}
	return fmt.Sprintf("%q", text)
}

func (s *metaSight) result(r lifecycle.Result, err error) {
	if s.failed(err) {
		return
	}
	s.say("successor %t, repeated %t, advice %q, %q must answer", r.Successor, r.Repeated, r.Advice, r.MustAnswer())
	s.conversation(r.Conversation)
	s.records(r.Records)
}

func (s *metaSight) conversation(c conversation.Conversation) {
	body, err := conversation.Encode(c)
	s.say("%s %s %s", c.Workspace, c.ID, body)
	s.failed(err)
}

func (s *metaSight) records(records []conversation.Record) {
	for _, r := range records {
		body, err := conversation.EncodeRecord(r)
		text, _ := conversation.Text(r.Event)
		s.say("  %s %s erased %t", body, metaText(text), r.Erased)
		s.failed(err)
	}
}

func (s *metaSight) setback(b lifecycle.Setback) {
	s.say("set back %s %s %d %s %q", b.Workspace, b.Conversation, b.Failures, metaTime(b.RetryAt), b.Reason)
}

func (s *metaSight) cursor(at storage.Position, err error) {
	if !s.failed(err) {
		s.say("cursor %d", at)
	}
}

// metaLegal reports whether a store may be asked for it.
func metaLegal(key storage.Key, commandID string) bool {
	return conversation.CheckID("workspace", key.Workspace) == nil && conversation.CheckID("conversation", key.Conversation) == nil &&
		(commandID == "" || conversation.CheckID("command ID", commandID) == nil)
}

func (s *metaSight) load(ctx context.Context, store storage.Tx, key storage.Key, commandID string) {
	if !metaLegal(key, commandID) {
		return
	}
	l, err := store.Load(ctx, key, commandID)
	if s.failed(err) {
		return
	}
	s.say("%s %s under policies %d", key.Workspace, key.Conversation, l.Policies.Revision)
	s.head(l.Head)
	if l.Setback != (storage.Setback{}) {
		s.say("  set back %d %s %q", l.Setback.Failures, metaTime(l.Setback.RetryAt), l.Setback.Reason)
	}
	s.command(commandID, l.Applied)
}

func (s *metaSight) applied(ctx context.Context, store storage.Store, key storage.Key, commandID string) {
	l, err := store.Load(ctx, key, commandID)
	if !s.failed(err) {
		s.command(commandID, l.Applied)
	}
}

func (s *metaSight) command(id string, a *storage.Applied) {
	if a != nil {
		s.say("  command %s %x %d to %d", id, a.Fingerprint, a.From, a.To)
	}
}

// metaPages reads page after page, each beginning after the last that was found.
// A store that never comes to the end is found out.
func metaPages[T any](s *metaSight, read func(last T) ([]T, error), say func(found []T)) {
	var last T
	for range 1000 {
		found, err := read(last)
		if s.failed(err) || len(found) == 0 {
			return
		}
		say(found)
		last = found[len(found)-1]
	}
	s.say("pages without end")
}

func (s *metaSight) history(ctx context.Context, store storage.Store, key storage.Key, page int) {
	metaPages(s, func(last storage.Event) ([]storage.Event, error) {
		return store.History(ctx, key, last.Version, page)
	}, s.events)
}

func (s *metaSight) events(events []storage.Event) {
	for _, e := range events {
		s.say("  %d %q %s erased %t", e.Version, e.Body, metaText(e.Text), e.Erased)
	}
	s.say("  %d events", len(events))
}

func (s *metaSight) due(ctx context.Context, store storage.Store, by time.Time, page int) {
	metaPages(s, func(last storage.Due) ([]storage.Due, error) {
		return store.Due(ctx, by, last, page)
	}, func(found []storage.Due) {
		for _, d := range found {
			s.say("due %s %s %s", metaTime(d.At), d.Key.Workspace, d.Key.Conversation)
		}
	})
}

func (s *metaSight) outdated(ctx context.Context, store storage.Store, by time.Time, page int) {
	metaPages(s, func(last storage.Key) ([]storage.Key, error) {
		return store.Outdated(ctx, by, last, page)
	}, func(found []storage.Key) {
		for _, key := range found {
			s.say("outdated %s %s", key.Workspace, key.Conversation)
		}
	})
}

func (s *metaSight) setbacks(ctx context.Context, store storage.Store, page int) {
	metaPages(s, func(last storage.SetbackOf) ([]storage.SetbackOf, error) {
		return store.Setbacks(ctx, last.Key, page)
	}, func(found []storage.SetbackOf) {
		for _, b := range found {
			s.setback(lifecycle.Setback{Workspace: b.Key.Workspace, Conversation: b.Key.Conversation, Failures: b.Failures, RetryAt: b.RetryAt, Reason: b.Reason})
		}
	})
}

// feed reads the whole feed, from where it begins.
func (s *metaSight) feed(ctx context.Context, store storage.Store, page int) {
	begin := storage.Position(0)
	_, err := store.Feed(ctx, 0, 1)
	if purged := (*storage.PurgedError)(nil); errors.As(err, &purged) {
		begin = purged.Oldest - 1
	}
	s.failed(err)
	metaPages(s, func(last storage.Entry) ([]storage.Entry, error) {
		return store.Feed(ctx, max(begin, last.Position), page)
	}, func(found []storage.Entry) {
		for _, e := range found {
			s.say("feed %d %s %s", e.Position, e.Key.Workspace, e.Key.Conversation)
			s.events(e.Events)
		}
	})
}
