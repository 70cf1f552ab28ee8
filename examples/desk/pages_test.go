package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
)

var titled = regexp.MustCompile(`<title>(.*)</title>`)

// The tab says who is open and how many wait, and a desk on which nothing happened
// how to begin.
func TestDeskPage(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	title := func(page *document, want string) {
		t.Helper()
		if got := titled.FindStringSubmatch(page.body)[1]; got != want {
			t.Errorf("the title is %q, want %q", got, want)
		}
	}
	passes(t, a, time.Second) // the policies are applied
	_, page := ann.get(ann.base + "/")
	title(page, "Desk")
	page.wants(t, "an empty desk", page.Text("begin"), "Open a visitor’s chat on the front page.")
	page.wants(t, "the clock", page.Text("nothing-due"), "Nothing is due.")

	opens(t, a, "c1", "Vic & Co", "Hello?")
	ann.Does("c1", "take-form", nil)
	page = ann.Sees("c1")
	title(page, "(1) Vic &amp; Co")
	for _, want := range []string{
		`<h1 class="hidden">`, `href="#conversation"`, `href="#lists"`, `<div class="board" id="lists" tabindex="-1">`,
		`<h2 id="conversation" tabindex="-1" data-focus>`, `id="lines" role="log" aria-live="polite" tabindex="0" aria-label="`,
		`name="by" value="due"`,
	} {
		page.wants(t, "the page", page.body, want)
	}
	if page.Text("begin")+page.Text("nothing-due") != "" {
		t.Error("it is the page of an empty desk")
	}
	ann.Does("c1", "composer", url.Values{"text": {"Hello"}})
	title(ann.Sees("c1"), "Vic &amp; Co")
}

// What supervisors do by force says so, and times are written as all others.
func TestLines(t *testing.T) {
	t.Parallel()
	a := openDesk(t, func(p *conversation.Policies) { p.Default.Courtesy.Guard = closure.GuardEnforce })
	ann, sue := agentUser(t, a, "ann"), agentUser(t, a, "sue")
	opens(t, a, "c1", strings.Repeat("Vic ", 20), "Hello?")
	page := ann.Does("c1", "take-form", nil)
	page.wants(t, "the placeholder", page.body, `placeholder="Write to Vic Vic Vic Vic Vic Vic… (Enter sends)"`)
	page = ann.Does("c1", "snooze-form", url.Values{"until": {"24h"}, "keep": nil})
	at := stands(t, a, "c1", conversation.StateSnoozed, "ann").Snooze.At.Local().Format("Mon 2 Jan 15:04")
	page.wants(t, "the lines", page.Text("lines"), "snoozed the conversation until "+at)
	page.wants(t, "the dialog", page.Text("snooze-form"), "do not keep it: then it waits for whoever takes it.")
	setPolicies(t, a, func(p *conversation.Policies) { p.Default.PullOnly = false })
	page = ann.Sees("c1")
	page.wants(t, "the dialog", page.Text("snooze-form"), "do not keep it: then it goes to another agent.")
	page.wants(t, "what comes next", page.Text("next"), "it goes to another agent, because the snooze is over")
	sue.Does("c1", "take-form", nil)
	page = sue.Does("c1", "close-form", url.Values{"outcome": {"unresolved"}, "force": {"on"}})
	page.wants(t, "the lines", page.Text("lines"), "closed the conversation (not resolved), by force")
}

// The phrase of a prompt is shown once, where it can be sent.
func TestPhraseOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, phrase, want string }{
		{idle.DefaultText, idle.DefaultPhrase, "This chat is idle. Before closing, please check in with the customer. Try saying:"},
		{"Ask “Still there?” now.", "Still there?", "Ask now."},
		{"Ask them.", "Still there?", "Ask them."},
		{"Ask them.", "", "Ask them."},
	} {
		if got := instruction(conversation.Prompted{Text: test.text, Phrase: test.phrase}); got != test.want {
			t.Errorf("of %q remains %q, want %q", test.text, got, test.want)
		}
	}
}

// What ended by itself was not closed by somebody called timer.
func TestByItself(t *testing.T) {
	t.Parallel()
	a := openDesk(t, func(p *conversation.Policies) {
		p.Default.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
			{After: time.Minute, Action: idle.FollowUp, Text: "Are you there?"}, {After: time.Minute, Action: idle.Close},
		}}
	})
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "take-form", nil)
	page := ann.Sees("c1")
	passes(t, a, time.Hour)
	_, answer := ann.Sends(page, "close-form", url.Values{"outcome": {"resolved"}})
	answer.wants(t, "why", answer.Alerts(), "It was closed by itself already, as not resolved.")
	answer.wants(t, "the header", answer.body, `<span class="holder">by itself</span>`)
	_, history := ann.get(ann.base + "/history")
	history.wants(t, "the history", history.Text("closed-c1"), ", by itself")
}

// Supervisors find what their colleagues have.
func TestHolds(t *testing.T) {
	o := newOffice(t)
	o.has("tom", "c-1")
	o.has("tom", "c-2")
	o.has("una", "c-3")
	call := callFor("c-2", conversation.Agent("tom"))
	_, err := o.desk.Snooze(t.Context(), call, conversation.Snooze{Until: snooze.UntilReply()})
	o.check(err)
	sue := o.signIn("sue")
	sue.shows(sue.page("/team"), `href="/agents/sue/team/tom"`)
	body := sue.page("/team/tom")
	sue.shows(body, "What Tom &lt;i&gt;Teal&lt;/i&gt; has", `href="/agents/sue/conversations/c-1"`, `href="/agents/sue/conversations/c-2"`)
	sue.hides(body, "conversations/c-3")
	for _, path := range []string{"/team/nobody", "/team/a%20b"} {
		if response, _ := sue.do(get(t, sue.base+path)); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	tom := o.signIn("tom")
	if response, _ := tom.do(get(t, tom.base+"/team/una")); response.StatusCode != http.StatusNotFound {
		t.Errorf("an agent sees what others have: %s", response.Status)
	}
}

// Who was removed is on the front page no more, but what they closed is found.
func TestWhoWasRemoved(t *testing.T) {
	o := newOffice(t)
	o.closed("tom", "h-1", conversation.Close{Outcome: closure.Resolved})
	sue := o.signIn("sue")
	sue.sent("/team/tom/remove", "/team")
	body := sue.page("/history?agent=tom")
	sue.shows(body, `<option value="tom" selected>Tom &lt;i&gt;Teal`, `id="closed-h-1"`)
	for query, want := range map[string]string{
		"?signed-out=logged-out": "You were logged out.", "?signed-out=removed": "You are no longer on the team.", "?signed-out=<b>": "", "": "",
	} {
		_, front := sue.do(get(t, sue.site+"/"+strings.ReplaceAll(query, "<b>", "%3Cb%3E")))
		got := ""
		if strings.Contains(front, `id="signed-out"`) {
			got = element(t, front, "signed-out")
		}
		if got != want {
			t.Errorf("%q says %q, want %q", query, got, want)
		}
	}
}

// Between one page and the next nobody is said to be away.
func TestLostConnection(t *testing.T) {
	o := newOffice(t)
	policies, revision := o.policies()
	policies.AvailabilityGrace = time.Minute
	_, err := o.desk.SetPolicies(t.Context(), workspace, policies, revision)
	o.check(err)
	una, sue := o.signIn("una"), o.signIn("sue")
	_, err = o.desk.SetAvailability(t.Context(), workspace, "una", roster.Automatic, roster.Unavailable)
	o.check(err)
	una.hides(una.page("/"), "connection lost")
	sue.hides(sue.page("/team"), "connection lost")
	o.clock.AdvanceTo(o.clock.Now().Add(6 * time.Second))
	una.shows(una.page("/"), "connection lost")
	sue.shows(sue.page("/team"), "connection lost")
}
