package lifecycle_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// TestRowsThatHoldAnotherConversation are not decided on: the version, the ID or
// the workspace in the body is not that of its row.
func TestRowsThatHoldAnotherConversation(t *testing.T) {
	t.Parallel()
	for name, swap := range map[string][2]string{
		"version":   {`"version":1`, `"version":40`},
		"ID":        {`"id":"chat-1"`, `"id":"chat-2"`},
		"workspace": {`"workspace":"test"`, `"workspace":"acme"`},
	} {
		store := &tap{Store: newMemory()}
		kit := lifecycletest.NewOn(t, store, nil)
		chat := kit.Chat("chat-1")
		chat.Open(vic)
		store.onLoad = func(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
			l, err := store.Store.Load(ctx, key, id)
			edited := bytes.Replace(l.Head.Body, []byte(swap[0]), []byte(swap[1]), 1)
			if bytes.Equal(edited, l.Head.Body) {
				t.Errorf("%s: nothing to edit in %s", name, edited)
			}
			l.Head.Body = edited
			return l, err
		}
		if _, err := kit.Desk.Do(t.Context(), chat.By(ann), conversation.Take{}); err == nil {
			t.Errorf("%s: a command was decided on it", name)
		}
		store.onLoad = nil
		chat.WantEvents("opened")
	}
}

// A lossy store has lost a version of every journal and a position of the feed.
type lossy struct{ storage.Store }

func (s lossy) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := s.Store.History(ctx, key, after, limit)
	return slices.DeleteFunc(events, func(e storage.Event) bool { return e.Version == 2 }), err
}

func (s lossy) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	entries, err := s.Store.Feed(ctx, after, limit)
	return slices.DeleteFunc(entries, func(e storage.Entry) bool { return e.Position == 2 }), err
}

// TestLostRows are never passed over in silence.
func TestLostRows(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.NewOn(t, lossy{newMemory()}, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(vic, conversation.Say{Text: "Hello?"})
	chat.Do(ann, conversation.Take{})
	for _, limit := range []int{0, 3} {
		if records, err := kit.Desk.History(t.Context(), lifecycletest.Workspace, chat.ID, 0, limit); err == nil {
			t.Errorf("a journal without its second version: %v", records)
		}
	}
	if got := deliveries(t, kit.Desk, "crm", 10); len(got) != 1 {
		t.Errorf("%d deliveries, want the one before the gap", len(got))
	}
	advance(t, kit.Desk, "crm", 1)
	_, err := kit.Desk.Feed(t.Context(), "crm", 10)
	var lost *lifecycle.FeedError
	if !errors.As(err, &lost) || lost.Position != 2 {
		t.Fatalf("at the gap: %v, want a FeedError at 2", err)
	}
	advance(t, kit.Desk, "crm", lost.Position)
	if got := deliveries(t, kit.Desk, "crm", 10); len(got) != 1 || got[0].Position != 3 {
		t.Errorf("behind the gap: %v, want position 3", got)
	}
}
