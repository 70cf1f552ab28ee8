package lifecycle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// The people of these tests.
var (
	vic  = conversation.Visitor("vic")
	ann  = conversation.Agent("ann")
	ben  = conversation.Agent("ben")
	sue  = conversation.Supervisor("sue")
	bot  = conversation.Bot("")
	host = conversation.System("")
)

// withBot is a policy with a bot and without ladders.
var withBot = conversation.Policy{Bot: true, Idle: quiet}

// quiet is no idle ladder anywhere.
var quiet = conversation.Idle{
	Bot: idle.Ladder{Off: true}, Waiting: idle.Ladder{Off: true}, Assigned: idle.Ladder{Off: true},
}

// prompts returns a ladder for assigned conversations that prompts after each of
// the waits in turn.
func prompts(waits ...time.Duration) conversation.Policy {
	var l idle.Ladder
	for _, w := range waits {
		l.Steps = append(l.Steps, idle.Step{After: w, Action: idle.Prompt, Text: "Still there?"})
	}
	return conversation.Policy{Idle: conversation.Idle{Assigned: l}}
}

// informedClose is a ladder that follows up and then closes.
func informedClose(followUp, closing time.Duration) idle.Ladder {
	return idle.Ladder{Steps: []idle.Step{
		{After: followUp, Action: idle.FollowUp, Text: "Are you still there?"},
		{After: closing, Action: idle.Close},
	}}
}

// accepted returns a check that a command was accepted, which passes the result
// on: accepted(t)(desk.Take(ctx, call)).
func accepted(t testing.TB) func(lifecycle.Result, error) lifecycle.Result {
	return func(r lifecycle.Result, err error) lifecycle.Result {
		t.Helper()
		if err != nil {
			t.Fatalf("command refused: %v", err)
		}
		return r
	}
}

// refused returns a check that a command was refused for the reason why, which
// passes the details on.
func refused(t testing.TB, why error) func(lifecycle.Result, error) *conversation.RefusedError {
	return func(r lifecycle.Result, err error) *conversation.RefusedError {
		t.Helper()
		var e *conversation.RefusedError
		if !errors.Is(err, why) || !errors.As(err, &e) {
			t.Fatalf("command: %v, %v, want a RefusedError: %v", r, err, why)
		}
		return e
	}
}

// fails ends the test unless err is, or wraps, want.
func fails(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want one that wraps %q", err, want)
	}
}

// invalid ends the test unless err is an InvalidError about field.
func invalid(t testing.TB, err error, field string) {
	t.Helper()
	var e *conversation.InvalidError
	if !errors.As(err, &e) || e.Field != field {
		t.Fatalf("error %v, want an InvalidError about %q", err, field)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newDesk(t testing.TB, store storage.Store, o lifecycle.Options) *lifecycle.Desk {
	t.Helper()
	desk, err := lifecycle.New(store, &o)
	check(t, err)
	return desk
}

// tick ticks and ends the test unless everything went well.
func tick(t testing.TB, desk *lifecycle.Desk) lifecycle.Ticked {
	t.Helper()
	ticked, err := desk.Tick(t.Context())
	check(t, err)
	for _, f := range ticked.Failed {
		t.Fatalf("%s failed: %v", f.Conversation, f.Err)
	}
	return ticked
}

// eventNames returns what was recorded, as the journal names it.
func eventNames(records []conversation.Record) []string {
	var names []string
	for _, r := range records {
		names = append(names, conversation.EventName(r.Event))
	}
	return names
}

func count(names []string, name string) (n int) {
	for _, s := range names {
		if s == name {
			n++
		}
	}
	return n
}

// firedIDs returns the conversations of what fired, in order.
func firedIDs(fired []lifecycle.Fired) []string {
	var ids []string
	for _, f := range fired {
		ids = append(ids, f.Conversation)
	}
	return ids
}

// A tap is a store whose calls a test may turn aside. Hooks that are nil let the
// call through.
type tap struct {
	storage.Store
	onLoad     func(context.Context, storage.Key, string) (storage.Loaded, error)
	onCommit   func(context.Context, storage.Commit) error
	onDue      func(context.Context, time.Time, storage.Due, int) ([]storage.Due, error)
	onOutdated func(context.Context, time.Time, storage.Key, int) ([]storage.Key, error)
}

func (s *tap) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	if s.onLoad != nil {
		return s.onLoad(ctx, key, commandID)
	}
	return s.Store.Load(ctx, key, commandID)
}

func (s *tap) Commit(ctx context.Context, c storage.Commit) error {
	if s.onCommit != nil {
		return s.onCommit(ctx, c)
	}
	return s.Store.Commit(ctx, c)
}

func (s *tap) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	if s.onDue != nil {
		return s.onDue(ctx, by, after, limit)
	}
	return s.Store.Due(ctx, by, after, limit)
}

func (s *tap) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	if s.onOutdated != nil {
		return s.onOutdated(ctx, by, after, limit)
	}
	return s.Store.Outdated(ctx, by, after, limit)
}

// A wall is a clock that stands still until it is set. After never rings.
type wall struct{ at time.Time }

func (w *wall) Now() time.Time                       { return w.at }
func (w *wall) After(time.Duration) <-chan time.Time { return nil }

func newMemory() storage.Store { return memory.New() }
