package main

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

// Who has a customer again knows how it went before.
func TestEarlierConversations(t *testing.T) {
	t.Parallel()
	const evil = `<b>"'`
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "add-note-form", url.Values{"note": {"Nice. " + evil}})
	ann.Does("c1", "close-form", url.Values{
		"outcome": {"unresolved"}, "reason": {"missing_knowledge"}, "sentiment": {"negative"}, "tag": {"parcel"},
		"tickets": {"T-1\nhttps://tickets.example/?a=<b>"}, "notes": {"Call back. " + evil},
	})
	if page := ann.Sees("c1"); strings.Contains(page.body, `id="customer"`) {
		t.Error("the only conversation is an earlier one")
	}
	vic := conversation.Visitor("v-c1")
	if _, err := a.desk.Open(t.Context(), callFor("c2", vic), conversation.Open{Previous: "c1"}); err != nil {
		t.Fatal(err)
	}
	page := ann.Sees("c2")
	for _, want := range []string{
		"Earlier with Vic: 1", "Not resolved (missing from the knowledge base): closed by Ann Archer", "negative", "parcel", "T-1",
		"Call back. " + evil, "Ann Archer: Nice. " + evil,
	} {
		page.wants(t, "what was before", page.Text("customer"), want)
	}
	if !strings.Contains(page.body, `<a href="https://tickets.example/?a=%3cb%3e" target="_blank" rel="noopener noreferrer">`) {
		t.Error("the ticket is no link")
	}
	if strings.Count(page.body, `/agents/ann/conversations/c1"`) < 2 {
		t.Error("there is no link to the conversation that this one continues")
	}
	for _, id := range []string{"c3", "c4", "c5", "c6", "c7", "c8"} {
		if _, err := a.desk.Open(t.Context(), callFor(id, vic), conversation.Open{ForAgent: true}); err != nil {
			t.Fatal(err)
		}
		ann.Does(id, "close-form", url.Values{"outcome": {"resolved"}})
	}
	page = ann.Sees("c2")
	page.wants(t, "what was before", page.Text("customer"), "Earlier with Vic: 5 and more")
	if slices.Contains(page.open, "close-dialog") {
		t.Error("a dialog is open that nobody opened")
	}
}
