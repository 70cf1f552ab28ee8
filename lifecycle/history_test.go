package lifecycle_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
)

// TestHistoryPages reads a journal longer than the Desk's own pages, in pages of
// every kind.
func TestHistoryPages(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	const events = 1234
	for range events - 1 {
		chat.Do(ann, conversation.AddNote{Text: "Noted."})
	}
	read := func(after conversation.Version, limit int) []conversation.Record {
		records, err := kit.Desk.History(t.Context(), lifecycletest.Workspace, "chat-1", after, limit)
		check(t, err)
		return records
	}
	whole := read(0, 0)
	tests := []struct {
		after conversation.Version
		limit int
		want  []conversation.Record
	}{
		{0, 1, whole[:1]},
		{0, 500, whole[:500]},
		{0, 501, whole[:501]},
		{0, events, whole},
		{0, 10 * events, whole},
		{700, 0, whole[700:]},
		{700, 34, whole[700:734]},
		{events - 1, 5, whole[events-1:]},
		{events, 5, nil},
		{events + 9, 0, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, read(tt.after, tt.limit)); diff != "" {
			t.Errorf("after %d, limit %d (-want +got):\n%s", tt.after, tt.limit, diff)
		}
	}
	if len(whole) != events || whole[0].Seq != 1 || whole[events-1].Seq != events {
		t.Errorf("%d records from %d to %d, want all %d", len(whole), whole[0].Seq, whole[len(whole)-1].Seq, events)
	}
	var paged []conversation.Record
	for after := conversation.Version(0); ; after = paged[len(paged)-1].Seq {
		page := read(after, 100)
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
	}
	if diff := cmp.Diff(whole, paged); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}
}

// TestHistoryTellsTheLife: the journal, with its texts, evolves to what Get
// returns.
func TestHistoryTellsTheLife(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Say(vic, "Grüß Gott\n\t👋")
	chat.Do(ann, conversation.Take{})
	chat.Do(ann, conversation.AddNote{Text: "Speaks German."})
	chat.Do(ann, conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: closure.Form{Notes: "Calls again."}})
	chat.Do(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Notes: "Called."}})
	chat.Do(ann, conversation.OfferSurvey{})
	chat.Do(vic, conversation.AnswerSurvey{Rating: 5, Comment: "Danke!"})
	c := conversation.Conversation{Workspace: lifecycletest.Workspace, ID: "chat-1"}
	var texts []string
	for _, r := range chat.Journal() {
		c = conversation.Evolve(c, r)
		if text, ok := conversation.Text(r.Event); ok {
			texts = append(texts, text)
		}
	}
	if diff := cmp.Diff(chat.Now(), c); diff != "" {
		t.Errorf("Get and the journal (-get +journal):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Grüß Gott\n\t👋", "Speaks German.", "Calls again.", "Called.", "Danke!"}, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}

// TestUnknownConversations: one of another workspace is as unknown as one that
// never was, to every reader and every command.
func TestUnknownConversations(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.Chat("chat-1").Open(vic)
	for _, at := range []struct{ workspace, id string }{
		{"umbrella", "chat-1"},
		{lifecycletest.Workspace, "chat-2"},
		{lifecycletest.Workspace, "CHAT-1"},
	} {
		_, err := kit.Desk.Get(t.Context(), at.workspace, at.id)
		fails(t, err, conversation.ErrNotFound)
		_, err = kit.Desk.History(t.Context(), at.workspace, at.id, 0, 0)
		fails(t, err, conversation.ErrNotFound)
		allowed, err := kit.Desk.Allowed(t.Context(), at.workspace, at.id, vic)
		if diff := cmp.Diff([]conversation.CommandName{conversation.NameOpen}, allowed); err != nil || diff != "" {
			t.Errorf("allowed: %v, (-want +got):\n%s", err, diff)
		}
		call := kit.Chat(at.id).By(sue)
		call.Workspace = at.workspace
		for _, command := range conversation.Commands() {
			switch command := command.(type) {
			case conversation.Open, conversation.Expire:
			case conversation.Assign, conversation.Transfer, conversation.AddNote, conversation.LinkArticle, conversation.Close, conversation.Reclassify, conversation.Say,
				conversation.AssigneeGone, conversation.AssigneeBack, conversation.AnswerSurvey:
				// Their zero values are invalid, or others may give them.
			default:
				e := refused(t, conversation.ErrNotFound)(kit.Desk.Do(t.Context(), call, command))
				if e.State != conversation.StateNone {
					t.Errorf("%s: state %q, want none", command.Name(), e.State)
				}
			}
		}
		refused(t, conversation.ErrNotFound)(kit.Desk.Say(t.Context(), call, "Hello"))
		refused(t, conversation.ErrNotFound)(kit.Desk.Close(t.Context(), call, conversation.Close{Outcome: closure.Resolved}))
		refused(t, conversation.ErrNotFound)(kit.Desk.Assign(t.Context(), call, "ann"))
		refused(t, conversation.ErrNotFound)(kit.Desk.AnswerSurvey(t.Context(), call, conversation.AnswerSurvey{Rating: 1}))
		_, err = kit.Desk.Transcript(t.Context(), at.workspace, at.id, lifecycle.Notes{}, lifecycle.ForAgents)
		fails(t, err, conversation.ErrNotFound)
	}
	kit.Chat("chat-1").WantEvents("opened")
}

// TestWorkspacesAreApart uses one ID in two workspaces.
func TestWorkspacesAreApart(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	here := kit.Chat("chat-1")
	here.Open(vic)
	there := here.By(conversation.Visitor("eve"))
	there.Workspace = "umbrella"
	accepted(t)(kit.Desk.Open(t.Context(), there, conversation.Open{}))
	accepted(t)(kit.Desk.Close(t.Context(), there, conversation.Close{}))
	here.WantEvents("opened")
	here.WantState(conversation.StateWaiting)
}

// TestAllowed shows what each may do to conversations of each kind.
func TestAllowed(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(withBot)
	chat := kit.Chat("chat-1")
	allowed := func(by conversation.Actor) []conversation.CommandName {
		t.Helper()
		names, err := kit.Desk.Allowed(t.Context(), lifecycletest.Workspace, "chat-1", by)
		check(t, err)
		return names
	}
	want := func(by conversation.Actor, want ...conversation.CommandName) {
		t.Helper()
		if diff := cmp.Diff(want, allowed(by)); diff != "" {
			t.Errorf("allowed to %v in %s (-want +got):\n%s", by, chat.Now().State, diff)
		}
	}
	chat.Open(vic)
	want(bot, conversation.NameSay, conversation.NameRequestAgent, conversation.NameClose, conversation.NameAddNote, conversation.NameLinkArticle)
	chat.Do(ann, conversation.Take{})
	want(ann, conversation.NameSay, conversation.NameHandBack, conversation.NameTransfer, conversation.NameRequeue,
		conversation.NameSnooze, conversation.NameClose, conversation.NameAddNote, conversation.NameLinkArticle, conversation.NameBlock)
	want(ben, conversation.NameAddNote, conversation.NameLinkArticle, conversation.NameBlock)
	want(conversation.Visitor("eve"))
	want(conversation.Timer())
	setDefault(t, kit.Desk, conversation.Policy{}, 1)
	for _, name := range allowed(ann) {
		if name == conversation.NameHandBack {
			t.Error("a hand-back is allowed without a bot")
		}
	}
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	want(ann, conversation.NameReclassify, conversation.NameOfferSurvey, conversation.NameReopen, conversation.NameAddNote, conversation.NameLinkArticle, conversation.NameBlock)
	want(vic, conversation.NameSay)
	chat.Do(ann, conversation.OfferSurvey{})
	want(ann, conversation.NameReclassify, conversation.NameReopen, conversation.NameAddNote, conversation.NameLinkArticle, conversation.NameBlock)
	want(vic, conversation.NameSay, conversation.NameAnswerSurvey)
}

// TestHistoryOfNothingAfterSomething: a page of an unknown conversation is an
// error too.
func TestHistoryOfNothingAfterSomething(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	_, err := kit.Desk.History(t.Context(), lifecycletest.Workspace, "unknown", 5, 0)
	fails(t, err, conversation.ErrNotFound)
}
