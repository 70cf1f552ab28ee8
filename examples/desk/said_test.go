package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

// What somebody wrote is theirs, even if they may send it no more.
func TestUnsent(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann, sue := agentUser(t, a, "ann"), agentUser(t, a, "sue")
	opens(t, a, "c1", "Vic", "Hello?")
	refused := func(page *document, why string) {
		t.Helper()
		code, answer := ann.Sends(page, "composer", url.Values{"text": {"I have </textarea> it"}})
		if code != http.StatusConflict {
			t.Errorf("sent: %d", code)
		}
		answer.wants(t, "why", answer.Text("problem"), why)
		answer.wants(t, "what was not sent", answer.Text("unsent"), "Not sent: I have </textarea> it")
		if slices.Contains(answer.Forms(), "composer") {
			t.Error("it can be sent again")
		}
	}
	ann.Does("c1", "take-form", nil)
	page := ann.Sees("c1")
	sue.Does("c1", "take-form", nil)
	refused(page, "Sue Lindqvist has it.")

	sue.Does("c1", "transfer-form", url.Values{"to": {"agent:ann"}})
	page = ann.Sees("c1")
	vic := callFor("c1", conversation.Visitor("v-c1"))
	if _, err := a.desk.Close(t.Context(), vic, conversation.Close{}); err != nil {
		t.Fatal(err)
	}
	refused(page, "It is closed, by Vic.")
	if page = ann.Sees("c1"); page.Text("unsent") != "" || !strings.Contains(page.body, `<span class="holder">by Vic</span>`) {
		t.Error("the page is not that of a conversation that Vic closed")
	}
	page.wants(t, "the history", page.body, "not resolved, ")
}

// Whoever looked at what is over hears what happened since.
func TestStaleSays(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann, sue := agentUser(t, a, "ann"), agentUser(t, a, "sue")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "take-form", nil)
	page := ann.Sees("c1")
	visitorSays(t, a, "c1", "Are you there?")
	_, answer := ann.Sends(page, "hand-back-form", nil)
	answer.wants(t, "why", answer.Text("problem"), "The visitor has just written. Look again")

	page = sue.Sees("c1")
	ann.Does("c1", "transfer-form", url.Values{"to": {"agent:ben"}})
	_, answer = sue.Sends(page, "take-form", nil)
	answer.wants(t, "why", answer.Text("problem"), "Ann Archer transferred the conversation to Ben Okafor. Look again")
	stands(t, a, "c1", conversation.StateAssigned, "ben")
}

func TestCalm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\n\nb":                                "a\n\nb",
		"a" + strings.Repeat("\n", 20) + "b\nc": "a\n\nb\nc",
		"a\n \n\t\n\n  b":                       "a\n\n  b",
	} {
		if got := calm(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
