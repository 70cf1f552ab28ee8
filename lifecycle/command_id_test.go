package lifecycle_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage/memory"
)

func withID(call lifecycle.Call, id string) lifecycle.Call {
	call.CommandID = id
	return call
}

// sameResult ends the test unless again is what first was, marked as repeated.
func sameResult(t *testing.T, first, again lifecycle.Result) {
	t.Helper()
	first.Repeated = true
	if diff := cmp.Diff(first, again); diff != "" {
		t.Fatalf("repetition (-first +again):\n%s", diff)
	}
}

// TestRepetition gives a command twice with one command ID, with much happening
// between: the second is the first result, and nothing is recorded.
func TestRepetition(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		by      conversation.Actor
		command conversation.Command
		records int
	}{
		{"a message", vic, conversation.Say{Text: "Hello?"}, 1},
		{"a take", sue, conversation.Take{}, 1},
		{"a long snooze, with its advice", ann, conversation.Snooze{Until: snooze.For(48 * time.Hour)}, 1},
		{"a closing", ann, conversation.Close{Outcome: closure.Resolved}, 1},
		{"a note", ann, conversation.AddNote{Text: "Calls again."}, 1},
		{"what holds already", ann, conversation.Take{}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kit := lifecycletest.New(t, nil)
			chat := kit.Chat("chat-1")
			chat.Open(vic)
			chat.Do(ann, conversation.Take{})
			call := withID(chat.By(tt.by), "cmd-1")
			first := accepted(t)(kit.Desk.Do(t.Context(), call, tt.command))
			if len(first.Records) != tt.records || first.Repeated {
				t.Fatalf("first: %d records, repeated %t, want %d records", len(first.Records), first.Repeated, tt.records)
			}
			sameResult(t, first, accepted(t)(kit.Desk.Do(t.Context(), call, tt.command)))

			chat.Do(sue, conversation.AddNote{Text: "Later."})
			chat.Do(sue, conversation.Block{})
			kit.Advance(100 * time.Hour)
			before := len(chat.Journal())
			sameResult(t, first, accepted(t)(kit.Desk.Do(t.Context(), call, tt.command)))
			if after := len(chat.Journal()); after != before {
				t.Errorf("the repetition recorded %d events", after-before)
			}
		})
	}
}

// TestRepetitionComesBeforeAsOf repeats a closing as of a version that has
// become old: the ID is looked at before the version.
func TestRepetitionComesBeforeAsOf(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	call := withID(chat.By(ann), "close-1")
	call.AsOf = chat.Now().Version
	closing := conversation.Close{Outcome: closure.Resolved}
	first := accepted(t)(kit.Desk.Close(t.Context(), call, closing))
	chat.Say(vic, "One more thing!")
	sameResult(t, first, accepted(t)(kit.Desk.Close(t.Context(), call, closing)))
	chat.WantState(conversation.StateAssigned)
}

// TestCommandIDReused gives another command, or another actor's, with an ID that
// came before.
func TestCommandIDReused(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	accepted(t)(kit.Desk.Say(t.Context(), withID(chat.By(ann), "cmd-1"), "Hello"))
	before := chat.Now()
	tests := []struct {
		name    string
		by      conversation.Actor
		command conversation.Command
	}{
		{"another text", ann, conversation.Say{Text: "Hello!"}},
		{"another field", ann, conversation.Say{Text: "Hello", Automatic: true}},
		{"another command", ann, conversation.AddNote{Text: "Hello"}},
		{"another actor", vic, conversation.Say{Text: "Hello"}},
		{"a command that would hold already", ann, conversation.Take{}},
		{"a command that would be refused", ben, conversation.Take{}},
	}
	for _, tt := range tests {
		_, err := kit.Desk.Do(t.Context(), withID(chat.By(tt.by), "cmd-1"), tt.command)
		fails(t, err, lifecycle.ErrCommandIDReused)
	}
	if diff := cmp.Diff(before, chat.Now()); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

// TestCommandIDsBelongToOneConversation uses one ID on two conversations.
func TestCommandIDsBelongToOneConversation(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	for _, id := range []string{"chat-1", "chat-2"} {
		chat := kit.Chat(id)
		chat.Open(vic)
		result := accepted(t)(kit.Desk.Say(t.Context(), withID(chat.By(vic), "cmd-1"), "Hello"))
		if result.Repeated {
			t.Errorf("%s: repeated, want a first result", id)
		}
		chat.WantEvents("opened", "said")
	}
}

// TestRefusedCommandsAreNotRemembered gives a refused command again once it is
// possible.
func TestRefusedCommandsAreNotRemembered(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	call := withID(chat.By(ben), "take-1")
	refused(t, conversation.ErrHeld)(kit.Desk.Take(t.Context(), call))
	chat.Do(ann, conversation.Requeue{})
	result := accepted(t)(kit.Desk.Take(t.Context(), call))
	if result.Repeated || result.Conversation.Agent != "ben" {
		t.Errorf("agent %q, repeated %t, want a first result for ben", result.Conversation.Agent, result.Repeated)
	}
}

// TestOpenWithoutID covers where the ID of a new conversation comes from.
func TestOpenWithoutID(t *testing.T) {
	t.Parallel()
	ids := []string{"one", "two", "not an ID"}
	next := func() string { id := ids[0]; ids = ids[1:]; return id }
	desk := newDesk(t, memory.New(), lifecycle.Options{NewID: next})
	open := func(desk *lifecycle.Desk, workspace, commandID string) lifecycle.Result {
		call := lifecycle.Call{Workspace: workspace, By: vic, CommandID: commandID}
		return accepted(t)(desk.Open(t.Context(), call, conversation.Open{}))
	}
	if got := open(desk, "acme", "").Conversation.ID; got != "one" {
		t.Errorf("ID %q, want the first of NewID", got)
	}
	if got := open(desk, "acme", "").Conversation.ID; got != "two" {
		t.Errorf("ID %q, want the second of NewID", got)
	}
	_, err := desk.Open(t.Context(), lifecycle.Call{Workspace: "acme", By: vic}, conversation.Open{})
	invalid(t, err, "conversation")

	first := open(desk, "acme", "hook-1")
	sameResult(t, first, open(desk, "acme", "hook-1"))
	other := newDesk(t, memory.New(), lifecycle.Options{})
	if got := open(other, "acme", "hook-1"); got.Conversation.ID != first.Conversation.ID {
		t.Errorf("another node derived %q, want %q", got.Conversation.ID, first.Conversation.ID)
	}
	for _, id := range []string{open(desk, "acme", "hook-2").Conversation.ID, open(desk, "umbrella", "hook-1").Conversation.ID} {
		if id == first.Conversation.ID {
			t.Errorf("another command or workspace derived the same ID %q", id)
		}
	}
	if a, b := open(other, "acme", "").Conversation.ID, open(other, "acme", "").Conversation.ID; a == b || conversation.CheckID("", a) != nil {
		t.Errorf("IDs by default: %q and %q", a, b)
	}
	_, err = desk.Open(t.Context(), lifecycle.Call{Workspace: "acme", By: conversation.Visitor("eve"), CommandID: "hook-1"}, conversation.Open{})
	fails(t, err, lifecycle.ErrCommandIDReused)
}

// TestConcurrentRepetitionsApplyOnce sends one webhook many times at once.
func TestConcurrentRepetitionsApplyOnce(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, memory.New(), lifecycle.Options{})
	call := lifecycle.Call{Workspace: "acme", Conversation: "chat-1", By: vic}
	accepted(t)(desk.Open(t.Context(), call, conversation.Open{}))
	const senders = 32
	results := make([]lifecycle.Result, senders)
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			results[i], _ = desk.Say(t.Context(), withID(call, "msg-1"), "Hello")
		})
	}
	group.Wait()
	firsts := 0
	for _, r := range results {
		if !r.Repeated {
			firsts++
		}
		r.Repeated = false
		if r.Conversation.Version != 2 || strings.Join(eventNames(r.Records), " ") != "said" {
			t.Errorf("result at version %d with %v", r.Conversation.Version, eventNames(r.Records))
		}
	}
	if firsts != 1 {
		t.Errorf("%d first results, want 1", firsts)
	}
	records, err := desk.History(t.Context(), "acme", "chat-1", 0, 0)
	check(t, err)
	if diff := cmp.Diff([]string{"opened", "said"}, eventNames(records)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

// TestDerivedIDsStay pins IDs that follow from others. Nodes of two versions of
// the library must agree on them, or a repetition would open a second
// conversation: never change one.
func TestDerivedIDsStay(t *testing.T) {
	t.Parallel()
	kit, chat := closedChat(t, conversation.Policy{}, 48*time.Hour)
	call := lifecycle.Call{Workspace: "acme", By: vic, CommandID: "hook-1"}
	opened := accepted(t)(kit.Desk.Open(t.Context(), call, conversation.Open{})).Conversation.ID
	if want := "QN52IEGGUMOD5N5Q4VQOWY2UJL5D4QA6"; opened != want {
		t.Errorf("derived from a command ID: %s, want %s", opened, want)
	}
	if got, want := chat.Say(vic, "Me again.").Conversation.ID, "3YZBMO2DJ7H5ASACTI5QQ5JUYRVWYVBY"; got != want {
		t.Errorf("successor: %s, want %s", got, want)
	}
}
