package main

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// What people write is text wherever it is shown.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const evil = `<img src=x onerror=alert(1)>"'</textarea></title><script>alert(2)</script>{{.}}`
	const phrase = " Anything else?"
	a := openDesk(t, func(p *conversation.Policies) {
		p.Default.Courtesy = conversation.Courtesy{Guard: closure.GuardWarn, CheckIn: evil + phrase}
		p.Default.Idle.Assigned = idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.Prompt, Text: evil, Phrase: evil + phrase}}}
		p.Tags = []string{"<b>tag</b>", `"x" onclick="y`}
	})
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", evil, evil)
	clean := ann.Sees("c1").tags
	check := func(page *document) {
		t.Helper()
		for _, tag := range []string{"img", "b"} {
			if page.tags[tag] > 0 || page.tags["script"] != clean["script"] {
				t.Errorf("%s has a tag <%s> that somebody wrote", page.path, tag)
			}
		}
		for _, raw := range []string{"<img", "<script>", "<b>tag", `onclick="y`} {
			if strings.Contains(page.body, raw) {
				t.Errorf("%s has %q as it was written", page.path, raw)
			}
		}
	}
	ann.Does("c1", "take-form", nil)
	check(ann.Does("c1", "composer", url.Values{"text": {evil}}))
	check(ann.Does("c1", "add-note-form", url.Values{"note": {evil}}))
	_, page := ann.Sends(ann.Sees("c1"), "link-article-form", url.Values{"article": {evil}})
	check(page)
	if got := page.Value("link-article-form", "article"); got != evil {
		t.Errorf("the article typed is %q", got)
	}
	passes(t, a, 2*time.Minute)
	page = ann.Sees("c1")
	check(page)
	page.wants(t, "the prompt", page.Text("prompted"), strings.Join(strings.Fields(evil), " "))
	if got := page.Value("prompt-form", "text"); got != evil+phrase {
		t.Errorf("the phrase to send is %q", got)
	}
	closing := url.Values{"outcome": {"unresolved"}, "notes": {evil}, "tickets": {"T <b>1</b>"}, "tag": {"<b>tag</b>", `"x" onclick="y`}}
	_, page = ann.Sends(page, "close-form", closing)
	check(page)
	if got := page.Value("phrase-form", "text"); got != evil+phrase {
		t.Errorf("the phrase to send is %q", got)
	}
	if got := page.Value("close-form", "notes"); got != evil {
		t.Errorf("the notes are %q", got)
	}
	closing["acknowledged"] = []string{"abrupt"}
	page = ann.Does("c1", "close-form", closing)
	check(page)
	if got := page.Value("reclassify-form", "notes"); got != evil {
		t.Errorf("the notes to change are %q", got)
	}
}
