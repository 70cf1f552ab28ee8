package main

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
)

var action = regexp.MustCompile(`<button[^>]*>([^<]+)</button>`)

// actionsOn returns what an agent may do, in order.
func actionsOn(page *document) (all []string) {
	_, rest, _ := strings.Cut(page.body, `id="actions"`)
	rest, _, _ = strings.Cut(rest, `class="about"`)
	for _, found := range action.FindAllStringSubmatch(rest, -1) {
		all = append(all, found[1])
	}
	return all
}

// Who clicks twice on what gets a conversation does not give it away.
func TestOrderOfActions(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	away := []string{"Hand back", "Requeue", "Block…"}
	safe := func(was string) {
		t.Helper()
		if first := actionsOn(ann.Sees("c1"))[0]; slices.Contains(away, first) {
			t.Errorf("after %s the first action is %s", was, first)
		}
	}
	if first := actionsOn(ann.Sees("c1"))[0]; first != "Take" {
		t.Errorf("the first action is %s", first)
	}
	ann.Does("c1", "take-form", nil)
	want := append([]string{"Snooze…", "Close…", "Transfer…", "Note…", "Article…"}, away...)
	if diff := cmp.Diff(want, actionsOn(ann.Sees("c1"))); diff != "" {
		t.Errorf("the actions (-want +got):\n%s", diff)
	}
	ann.Does("c1", "snooze-form", url.Values{"until": {"reply"}})
	ann.Does("c1", "wake-form", nil)
	safe("waking")
	ann.Does("c1", "close-form", url.Values{"outcome": {"resolved"}})
	ann.Does("c1", "reopen-form", nil)
	safe("reopening")
}

// What cannot be undone easily asks first, and Enter does not do it.
func TestAsksFirst(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	vic := shop{t: t, app: a}.visitor("Vic")
	vic.begun()
	for id, page := range map[string]string{
		"block-dialog": ann.Sees("c1").body,
		"end-chat":     vic.page("/"),
		"forget-me":    vic.page("/"),
	} {
		_, dialog, found := strings.Cut(page, `<dialog id="`+id+`"`)
		dialog, _, _ = strings.Cut(dialog, "</dialog>")
		if !found || !strings.Contains(dialog, `<button type="button" autofocus command="close"`) {
			t.Errorf("%s is %q: the focus is not on what does nothing", id, dialog)
		}
	}
	ann.Does("c1", "block-form", nil)
	if c := stands(t, a, "c1", conversation.StateWaiting, ""); !c.Blocked {
		t.Error("not blocked")
	}
}
