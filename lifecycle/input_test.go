package lifecycle_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// badIDs break the rule of every ID.
var badIDs = []string{
	"", strings.Repeat("x", conversation.MaxID+1), "two words", "tab\t", "nul\x00", "ümlaut", "semi;colon",
	"slash/", "\xff", "{name}", "a,b", "\u202eevil", "new\nline",
}

// longestID is as long as an ID may be and has every byte that is legal at the
// edges of the ranges.
var longestID = strings.Repeat("azAZ09._:@-", 12)[:conversation.MaxID]

// stored returns all that a store holds of these tests, to see that nothing was
// added.
func stored(t *testing.T, store storage.Store) []any {
	t.Helper()
	entries, err := store.Feed(t.Context(), 0, 1000)
	check(t, err)
	due, err := store.Due(t.Context(), lifecycletest.Start.Add(1e6*time.Hour), storage.Due{}, 1000)
	check(t, err)
	loaded, err := store.Load(t.Context(), storage.Key{Workspace: lifecycletest.Workspace, Conversation: "chat-1"}, "cmd-1")
	check(t, err)
	return []any{entries, due, loaded}
}

// TestBadCalls goes through every method with every bad ID in every place of a
// call.
func TestBadCalls(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	before := stored(t, kit.Store)
	for name, m := range methods() {
		good := withID(chat.By(m.by), "cmd-1")
		for _, id := range badIDs {
			try := func(field string, spoil func(*lifecycle.Call)) {
				t.Helper()
				call := good
				spoil(&call)
				_, err := m.call(t.Context(), kit.Desk, call)
				var e *conversation.InvalidError
				if !errors.As(err, &e) || e.Field != field {
					t.Errorf("%s with %s %q: %v, want an InvalidError", name, field, id, err)
				}
				if id != "" && err != nil && strings.Contains(err.Error(), id) {
					t.Errorf("%s with %s %q: the error repeats it: %v", name, field, id, err)
				}
			}
			try("workspace", func(c *lifecycle.Call) { c.Workspace = id })
			if name != "Open" || id != "" {
				try("conversation", func(c *lifecycle.Call) { c.Conversation = id })
			}
			try("actor", func(c *lifecycle.Call) { c.By = conversation.Visitor(id) })
			try("actor", func(c *lifecycle.Call) { c.By = conversation.Agent(id) })
			if id != "" {
				try("actor", func(c *lifecycle.Call) { c.By = conversation.Bot(id) })
				try("command ID", func(c *lifecycle.Call) { c.CommandID = id })
			}
		}
		for _, by := range []conversation.Actor{{}, {Kind: "robot", ID: "r2"}, {Kind: "Agent", ID: "ann"}, conversation.Timer(), {Kind: conversation.KindTimer, ID: "x"}} {
			call := good
			call.By = by
			_, err := m.call(t.Context(), kit.Desk, call)
			invalid(t, err, "actor")
		}
	}
	if diff := cmp.Diff(before, stored(t, kit.Store)); diff != "" {
		t.Errorf("stored (-before +after):\n%s", diff)
	}
}

// TestBadCommands gives what could never be meant.
func TestBadCommands(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	before := stored(t, kit.Store)
	long := strings.Repeat("x", conversation.MaxText+1)
	tests := []struct {
		by      conversation.Actor
		command conversation.Command
		field   string
	}{
		{ann, nil, "command"},
		{vic, conversation.Say{Text: long}, "text"},
		{vic, conversation.Say{Text: "\xff"}, "text"},
		{vic, conversation.Say{Text: "bell\a"}, "text"},
		{vic, conversation.Say{Text: "nul\x00"}, "text"},
		{vic, conversation.Say{Text: "C1\u0085"}, "text"},
		{ann, conversation.AddNote{Text: long[:conversation.MaxNote+1]}, "note"},
		{ann, conversation.AddNote{}, "note"},
		{sue, conversation.Assign{}, "agent"},
		{sue, conversation.Assign{Agent: "two words"}, "agent"},
		{ann, conversation.Transfer{}, "transfer"},
		{ann, conversation.Transfer{Agent: "ben", Group: "sales"}, "transfer"},
		{ann, conversation.Transfer{Group: "two words"}, "group"},
		{vic, conversation.RequestAgent{Group: "two words"}, "group"},
		{ann, conversation.Snooze{}, "until"},
		{ann, conversation.Snooze{Until: snooze.For(-time.Hour)}, "until"},
		{ann, conversation.Snooze{Until: snooze.At(lifecycletest.Start)}, "until"},
		{ann, conversation.Snooze{Until: snooze.For(snooze.Horizon + 1)}, "until"},
		{ann, conversation.Snooze{Until: snooze.Calendar("2026-03-03T09:00", "+01:00")}, "until"},
		{ann, conversation.Snooze{Until: snooze.UntilReply(), AtEnd: "later"}, "at_end"},
		{ann, conversation.Close{}, "outcome"},
		{ann, conversation.Close{Outcome: "Not resolved"}, "outcome"},
		{ann, conversation.Close{Outcome: "resolved", Reason: "other"}, "outcome"},
		{ann, conversation.Close{Outcome: "resolved", Cause: "idle"}, "cause"},
		{vic, conversation.Close{Outcome: "resolved"}, "outcome"},
		{vic, conversation.MarkRead{UpTo: -1}, "up_to"},
		{ann, conversation.LinkArticle{}, "article"},
	}
	for _, tt := range tests {
		for _, id := range []string{"", "cmd-1"} {
			_, err := kit.Desk.Do(t.Context(), withID(chat.By(tt.by), id), tt.command)
			var e *conversation.InvalidError
			if !errors.As(err, &e) || e.Field != tt.field {
				t.Errorf("%+.60v: %v, want an InvalidError about %q", tt.command, err, tt.field)
			}
		}
	}
	if diff := cmp.Diff(before, stored(t, kit.Store)); diff != "" {
		t.Errorf("stored (-before +after):\n%s", diff)
	}
}

// TestLimitsAreLegal: exactly at its limit, everything is accepted and comes back.
func TestLimitsAreLegal(t *testing.T) {
	t.Parallel()
	desk := newDesk(t, newMemory(), lifecycle.Options{})
	person := conversation.Visitor(longestID)
	call := lifecycle.Call{Workspace: longestID, Conversation: longestID, By: person, CommandID: longestID}
	accepted(t)(desk.Open(t.Context(), call, conversation.Open{}))
	call.CommandID = longestID[1:]
	text := strings.Repeat("ö", conversation.MaxText/2)
	accepted(t)(desk.Say(t.Context(), call, text))
	accepted(t)(desk.AddNote(t.Context(), withID(call, "").As(ann), text[:conversation.MaxNote]))
	records, err := desk.History(t.Context(), longestID, longestID, 1, 0)
	check(t, err)
	for i, want := range []string{text, text[:conversation.MaxNote]} {
		if got, _ := conversation.Text(records[i].Event); got != want {
			t.Errorf("text %d came back with %d bytes, want %d", i+1, len(got), len(want))
		}
	}
	if _, err := desk.Feed(t.Context(), longestID, 1); err != nil {
		t.Errorf("subscriber: %v", err)
	}
}

// TestBadReads goes through the methods that give no command.
func TestBadReads(t *testing.T) {
	t.Parallel()
	desk, ctx := newDesk(t, newMemory(), lifecycle.Options{}), t.Context()
	for _, id := range badIDs {
		_, err := desk.Get(ctx, id, "chat-1")
		invalid(t, err, "workspace")
		_, err = desk.Get(ctx, "acme", id)
		invalid(t, err, "conversation")
		_, err = desk.History(ctx, id, "chat-1", 0, 0)
		invalid(t, err, "workspace")
		_, err = desk.History(ctx, "acme", id, 0, 0)
		invalid(t, err, "conversation")
		_, err = desk.Allowed(ctx, id, "chat-1", ann)
		invalid(t, err, "workspace")
		_, err = desk.Allowed(ctx, "acme", id, ann)
		invalid(t, err, "conversation")
		_, _, err = desk.Policies(ctx, id)
		invalid(t, err, "workspace")
		_, err = desk.SetPolicies(ctx, id, conversation.Policies{}, 0)
		invalid(t, err, "workspace")
		_, err = desk.PoliciesApplied(ctx, id)
		invalid(t, err, "workspace")
		_, err = desk.Feed(ctx, id, 1)
		invalid(t, err, "subscriber")
		_, err = desk.Advance(ctx, id, 0)
		invalid(t, err, "subscriber")
	}
	for _, limit := range []int{0, -1} {
		_, err := desk.Feed(ctx, "crm", limit)
		invalid(t, err, "limit")
	}
	_, err := desk.History(ctx, "acme", "chat-1", 0, -1)
	invalid(t, err, "history")
	_, err = desk.History(ctx, "acme", "chat-1", -1, 0)
	invalid(t, err, "history")
}

// TestNew refuses what could not work.
func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := lifecycle.New(nil, nil); err == nil {
		t.Error("a Desk without a store")
	}
	for _, o := range []lifecycle.Options{{Poll: -1}, {Workers: -1}, {MaxFailures: -1}} {
		if _, err := lifecycle.New(newMemory(), &o); err == nil {
			t.Errorf("a Desk with %+v", o)
		}
	}
	if _, err := lifecycle.New(newMemory(), nil); err != nil {
		t.Errorf("New without options: %v", err)
	}
}

// TestExpireIsNotForHosts: nobody but a tick works off deadlines.
func TestExpireIsNotForHosts(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := assignedChats(kit, 1)[0]
	kit.Clock.Add(time.Hour)
	for _, by := range []conversation.Actor{vic, ann, sue, bot, host} {
		_, err := kit.Desk.Do(t.Context(), chat.By(by), conversation.Expire{})
		if err == nil {
			t.Errorf("%v let a deadline expire", by)
		}
	}
	_, err := kit.Desk.Do(t.Context(), chat.By(conversation.Timer()), conversation.Expire{})
	invalid(t, err, "actor")
	chat.WantEvents("opened", "taken")
}

// TestPointerCommands gives pointers: the compiler takes them for commands.
// Whatever the Desk makes of them, it does not panic.
func TestPointerCommands(t *testing.T) {
	t.Parallel()
	for _, command := range []conversation.Command{&conversation.Take{}, (*conversation.Take)(nil), &conversation.Open{}} {
		for _, id := range []string{"", "cmd-1"} {
			func() {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("%T: panic: %v", command, p)
					}
				}()
				kit := lifecycletest.New(t, nil)
				chat := kit.Chat("chat-1")
				chat.Open(vic)
				_, _ = kit.Desk.Do(t.Context(), withID(chat.By(ann), id), command)
			}()
		}
	}
}

// TestAllowedToNobody: what Do calls an invalid actor is allowed nothing.
func TestAllowedToNobody(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.Chat("chat-1").Open(vic)
	for _, by := range []conversation.Actor{{}, {Kind: "robot"}, conversation.Agent(""), conversation.Agent("two words"), {Kind: conversation.KindTimer, ID: "x"}} {
		_, err := kit.Desk.Allowed(t.Context(), lifecycletest.Workspace, "chat-1", by)
		var e *conversation.InvalidError
		if !errors.As(err, &e) || e.Field != "actor" {
			t.Errorf("Allowed to %v: %v, want an InvalidError about the actor", by, err)
		}
	}
}
