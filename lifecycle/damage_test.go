package lifecycle_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/adjourn/adjourn/conversation"
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
