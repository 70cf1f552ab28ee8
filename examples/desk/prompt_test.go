package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/idle"
)

// The prompt is for its agent alone, until somebody writes or it changes hands.
func TestPrompt(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann, ben := agentUser(t, a, "ann"), agentUser(t, a, "ben")
	opens(t, a, "c1", "Vic", "Hello?")
	shown := func(who *user) bool { return strings.Contains(who.Sees("c1").Text("prompted"), "Only you see this") }
	prompted := func() {
		t.Helper()
		passes(t, a, 3*time.Minute)
		if !shown(ann) {
			t.Fatal("there is no prompt")
		}
	}
	ann.Does("c1", "take-form", nil)
	if shown(ann) {
		t.Error("there is a prompt at once")
	}
	prompted()
	if shown(ben) {
		t.Error("another agent sees the prompt")
	}
	page := ann.Does("c1", "prompt-form", nil)
	page.wants(t, "what was said", page.Text("lines"), idle.DefaultPhrase)
	if shown(ann) {
		t.Error("the prompt is there after its phrase was sent")
	}
	prompted()
	visitorSays(t, a, "c1", "Yes")
	if shown(ann) {
		t.Error("the prompt is there after the visitor wrote")
	}
	prompted()
	ann.Does("c1", "requeue-form", nil)
	ann.Does("c1", "take-form", nil)
	if shown(ann) {
		t.Error("the prompt is there after it changed hands")
	}
	prompted()
	ann.Does("c1", "snooze-form", url.Values{"until": {"reply"}})
	if shown(ann) {
		t.Error("the prompt is there while it is snoozed")
	}
	ann.Does("c1", "wake-form", nil)
	if shown(ann) {
		t.Error("the prompt is there after a snooze")
	}
}
