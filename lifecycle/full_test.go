package lifecycle_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/storage"
)

// fill adds notes to the chat until its journal is full, past the Desk, which
// would take a second for it.
func fill(t *testing.T, kit *lifecycletest.Kit, chat *lifecycletest.Chat) {
	t.Helper()
	c := chat.Now()
	notes := make([]conversation.Event, conversation.MaxHistory-int(c.Version))
	for i := range notes {
		notes[i] = conversation.NoteAdded{}
	}
	after, records := conversation.Append(c, ann, kit.Clock.Now(), notes)
	in := storage.Commit{
		Key:    storage.Key{Workspace: c.Workspace, Conversation: c.ID},
		Expect: int64(c.Version),
		Events: make([]storage.Event, len(records)),
	}
	for i, r := range records {
		body, err := conversation.EncodeRecord(r)
		check(t, err)
		in.Events[i] = storage.Event{Version: int64(r.Seq), Body: body}
	}
	body, err := conversation.Encode(after)
	check(t, err)
	due, _ := conversation.NextDue(after, conversation.Policy{})
	in.Head = storage.Head{Version: int64(after.Version), Body: body, Due: due}
	check(t, kit.Store.Commit(t.Context(), in))
}

// TestFullHistory: a conversation whose journal is full can only end; what the
// visitor writes then goes to its successor, also within the reopen window.
func TestFullHistory(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := assignedChats(kit, 1)[0]
	fill(t, kit, chat)
	refused(t, conversation.ErrHistoryFull)(kit.Desk.Say(t.Context(), chat.By(vic), "Hello?"))
	refused(t, conversation.ErrHistoryFull)(kit.Desk.AddNote(t.Context(), chat.By(ann), "Noted."))
	if fired := kit.Advance(time.Hour); len(fired) != 1 {
		t.Errorf("fired %d, want the prompt", len(fired))
	}
	chat.Do(ann, conversation.Close{Outcome: closure.Unresolved})
	result := chat.Say(vic, "Hello?")
	if !result.Successor || result.Conversation.Previous != chat.ID {
		t.Errorf("successor %t of %q, want one", result.Successor, result.Conversation.Previous)
	}
}
