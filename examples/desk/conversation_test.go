package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

func callFor(id string, by conversation.Actor) lifecycle.Call {
	return lifecycle.Call{Workspace: workspace, Conversation: id, By: by}
}

// openDesk opens a desk on a new file whose policies are the default ones but for
// what is changed.
func openDesk(t testing.TB, change func(*conversation.Policies)) *app {
	t.Helper()
	a := openApp(t, newFile(t))
	a.clock.SetSpeed(0) // however busy the machine is
	setPolicies(t, a, func(p *conversation.Policies) {
		*p = conversation.Policies{Default: conversation.Policy{Bot: true, PullOnly: true}, Tags: []string{"parcel", "Invoice"}}
		if change != nil {
			change(p)
		}
	})
	return a
}

func setPolicies(t testing.TB, a *app, change func(*conversation.Policies)) {
	t.Helper()
	policies, revision, err := a.desk.Policies(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	change(&policies)
	if _, err := a.desk.SetPolicies(t.Context(), workspace, policies, revision); err != nil {
		t.Fatal(err)
	}
}

// stands checks the state of a conversation, and who has it.
func stands(t testing.TB, a *app, id string, state conversation.State, agent string) conversation.Conversation {
	t.Helper()
	c, err := a.desk.Get(t.Context(), workspace, id)
	if err != nil {
		t.Fatal(err)
	}
	if c.State != state || c.Agent != agent {
		t.Errorf("%s is %s, with %q, want %s with %q", id, c.State, c.Agent, state, agent)
	}
	return c
}

func events(t testing.TB, a *app, id string) []string {
	t.Helper()
	journal, err := a.desk.History(t.Context(), workspace, id, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range journal {
		names = append(names, conversation.EventName(r.Event))
	}
	return names
}

func passes(t testing.TB, a *app, d time.Duration) {
	t.Helper()
	if err := skip(t.Context(), a.desk, a.clock, a.clock.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

// Each thing that an agent does with a conversation, from the form to the journal.
func TestWhatAgentsDo(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann, ben := agentUser(t, a, "ann"), agentUser(t, a, "ben")
	opens(t, a, "c1", "Vic", "My parcel is late.")

	ann.Sees("c1").wants(t, "what comes next", ann.Sees("c1").Text("next"), "Number 1 in the queue of orders. It waits until somebody takes it.")
	ann.Does("c1", "take-form", nil)
	stands(t, a, "c1", conversation.StateAssigned, "ann")
	if page := ann.Does("c1", "composer", url.Values{"text": {"I am\r\nlooking."}}); !strings.Contains(page.Text("lines"), "I am looking.") {
		t.Errorf("the message is not there: %q", page.Text("lines"))
	}
	ann.Does("c1", "transfer-form", url.Values{"to": {"agent:ben"}})
	stands(t, a, "c1", conversation.StateAssigned, "ben")
	if forms := ann.Sees("c1").Forms(); slices.Contains(forms, "close-form") || slices.Contains(forms, "composer") {
		t.Errorf("who gave it away can still do %q", forms)
	}
	ben.Does("c1", "transfer-form", url.Values{"to": {"group:billing"}})
	if c := stands(t, a, "c1", conversation.StateWaiting, ""); c.Group != "billing" {
		t.Errorf("it went to the group %q", c.Group)
	}
	ben.Does("c1", "take-form", nil)
	ben.Does("c1", "requeue-form", nil)
	stands(t, a, "c1", conversation.StateWaiting, "")
	ann.Does("c1", "take-form", nil)
	ann.Does("c1", "hand-back-form", nil)
	stands(t, a, "c1", conversation.StateBot, "")
	ann.Does("c1", "take-form", nil)

	page := ann.Does("c1", "snooze-form", nil)
	c := stands(t, a, "c1", conversation.StateSnoozed, "ann")
	if left := c.Snooze.At.Sub(a.clock.Now()); left > snooze.Long || left < snooze.Long-time.Minute || c.Snooze.AtEnd != snooze.Keep {
		t.Errorf("snoozed for %v, %s; the visitor is away, and 24 h and keep are recommended", left, c.Snooze.AtEnd)
	}
	page.wants(t, "what comes next", page.Text("next"), "it is back with Ann Archer, because the snooze is over.")
	ann.Does("c1", "wake-form", nil)
	stands(t, a, "c1", conversation.StateAssigned, "ann")

	ann.Does("c1", "add-note-form", url.Values{"note": {"Ask the depot."}})
	ann.Does("c1", "link-article-form", url.Values{"article": {"late-parcels"}})
	ann.Does("c1", "block-form", nil)
	ann.Does("c1", "unblock-form", nil)
	ann.Does("c1", "close-form", url.Values{
		"outcome": {"unresolved"}, "reason": {"contact_elsewhere"}, "sentiment": {"neutral"},
		"tag": {"parcel", "Invoice"}, "tickets": {"T-1, T-2\nhttps://tickets.example/3,4"}, "notes": {"Call on Monday."},
	})
	c = stands(t, a, "c1", conversation.StateClosed, "")
	want := &conversation.Closing{
		Number: 1, Outcome: closure.Unresolved, Reason: closure.ReasonContactElsewhere, Sentiment: closure.Neutral,
		Tags: []string{"Invoice", "parcel"}, Tickets: []string{"T-1", "T-2", "https://tickets.example/3,4"}, Noted: true,
	}
	got := &conversation.Closing{
		Number: c.Closing.Number, Outcome: c.Closing.Outcome, Reason: c.Closing.Reason, Sentiment: c.Closing.Sentiment,
		Tags: c.Closing.Tags, Tickets: c.Closing.Tickets, Noted: c.Closing.Noted,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the closing (-want +got):\n%s", diff)
	}

	ann.Does("c1", "offer-survey-form", nil)
	form := ann.Sees("c1").forms["reclassify-form"].values
	if diff := cmp.Diff(url.Values{
		"outcome": {"unresolved"}, "reason": {"contact_elsewhere"}, "sentiment": {"neutral"}, "tag": {"Invoice", "parcel"},
		"tickets": {"T-1\nT-2\nhttps://tickets.example/3,4"}, "notes": {"Call on Monday."},
		"request": form["request"], "seen": form["seen"],
	}, form); diff != "" {
		t.Errorf("the decision that can be changed (-want +got):\n%s", diff)
	}
	ann.Does("c1", "reclassify-form", url.Values{"outcome": {"resolved"}})
	if c = stands(t, a, "c1", conversation.StateClosed, ""); c.Closing.Outcome != closure.Resolved || c.Closing.Reason != "" || !c.Closing.Noted {
		t.Errorf("the new decision is %+v", *c.Closing)
	}
	ben.Does("c1", "reopen-form", nil)
	stands(t, a, "c1", conversation.StateAssigned, "ben")

	want2 := strings.Fields(`opened said taken said transferred transferred taken requeued taken handed_back taken snoozed woken
		note_added article_linked blocked unblocked closed survey_offered reclassified reopened`)
	if diff := cmp.Diff(want2, events(t, a, "c1")); diff != "" {
		t.Errorf("the journal (-want +got):\n%s", diff)
	}
}

// Sent twice, a form has its effect once.
func TestDoubleClicks(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	twice := func(form string, changes url.Values) {
		t.Helper()
		page := ann.Sees("c1")
		for range 2 {
			if code, answer := ann.Sends(page, form, changes); code != http.StatusOK {
				t.Errorf("%s: %d: %s", form, code, answer.Alerts())
			}
		}
	}
	twice("take-form", nil)
	twice("composer", url.Values{"text": {"Hello"}})
	twice("add-note-form", url.Values{"note": {"n"}})
	twice("snooze-form", url.Values{"until": {"reply"}})
	twice("wake-form", nil)
	twice("close-form", url.Values{"outcome": {"resolved"}})
	twice("reclassify-form", url.Values{"outcome": {"unresolved"}})
	twice("reopen-form", nil)
	want := strings.Fields("opened said taken said note_added snoozed woken closed reclassified reopened")
	if diff := cmp.Diff(want, events(t, a, "c1")); diff != "" {
		t.Errorf("the journal (-want +got):\n%s", diff)
	}

	page := ann.Sees("c1")
	ann.Sends(page, "composer", url.Values{"text": {"one"}})
	code, answer := ann.Sends(page, "composer", url.Values{"text": {"two"}})
	if code != http.StatusConflict || answer.Value("composer", "text") != "two" {
		t.Errorf("the form of another message sent with a new one: %d, and %q is left of it", code, answer.Value("composer", "text"))
	}
	answer.wants(t, "the problem", answer.Text("problem"), "sent before")
}

// What is filled in wrongly comes back as it was, with what to correct.
func TestRefusedForms(t *testing.T) {
	t.Parallel()
	a := openDesk(t, func(p *conversation.Policies) {
		p.Default.Required = []closure.Field{closure.FieldReason, closure.FieldNotes, closure.FieldTags}
	})
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "take-form", nil)
	year := a.clock.Now().Add(500 * 24 * time.Hour).Format(localTime)
	for name, test := range map[string]struct {
		form   string
		fields url.Values
		want   string
	}{
		"no message":      {"composer", url.Values{"text": {" \r\n"}}, "it is empty"},
		"a long message":  {"composer", url.Values{"text": {strings.Repeat("x", conversation.MaxText+1)}}, "at most 65536 bytes"},
		"a control":       {"composer", url.Values{"text": {"a\x00b"}}, "control characters"},
		"no note":         {"add-note-form", url.Values{"note": {""}}, "must not be empty"},
		"a long note":     {"add-note-form", url.Values{"note": {strings.Repeat("y", conversation.MaxNote+1)}}, "at most 4096 bytes"},
		"an article":      {"link-article-form", url.Values{"article": {"a b"}}, "Article: may have letters, digits and . _ : @ -."},
		"nobody":          {"transfer-form", nil, "choose an agent or a group"},
		"somebody else":   {"transfer-form", url.Values{"to": {"agent:zoe zoe"}}, "Agent: "},
		"no length":       {"snooze-form", url.Values{"until": {""}}, "choose one"},
		"no date":         {"snooze-form", url.Values{"until": {"clock"}, "at": {"tomorrow"}, "keep": nil}, "By the clock: give a date and a time."},
		"the past":        {"snooze-form", url.Values{"until": {"clock"}, "at": {"2020-01-02T03:04"}}, "that time has passed"},
		"too far":         {"snooze-form", url.Values{"until": {"clock"}, "at": {year}}, "400 days"},
		"no outcome":      {"close-form", url.Values{"notes": {"kept"}}, "choose Resolved or Not resolved"},
		"no such outcome": {"close-form", url.Values{"outcome": {"great"}}, "choose Resolved or Not resolved"},
		"no such reason":  {"close-form", url.Values{"outcome": {"unresolved"}, "reason": {"x"}}, "choose one of the list"},
		"a ticket":        {"close-form", url.Values{"outcome": {"resolved"}, "tickets": {"javascript:alert(1)"}}, "must be numbers, or links"},
		"a tag":           {"close-form", url.Values{"outcome": {"resolved"}, "tag": {"unheard of"}, "notes": {"n"}}, "Tags: "},
		"what is missing": {"close-form", url.Values{"outcome": {"unresolved"}, "tickets": {"T-1"}}, "Please fill in: reason, notes, tags."},
		"by force":        {"close-form", url.Values{"outcome": {"resolved"}, "force": {"on"}}, "only a supervisor"},
	} {
		code, page := ann.Sends(ann.Sees("c1"), test.form, test.fields)
		if code != http.StatusUnprocessableEntity && code != http.StatusConflict {
			t.Errorf("%s: %d", name, code)
		}
		page.wants(t, name, page.Alerts(), test.want)
		if len(page.alerts) != 1 {
			t.Errorf("%s: %d alerts", name, len(page.alerts))
		}
		if dialog := strings.TrimSuffix(test.form, "-form") + "-dialog"; test.form != "composer" && !slices.Equal(page.open, []string{dialog}) {
			t.Errorf("%s: open are %q", name, page.open)
		}
		for field, values := range test.fields {
			want := strings.ReplaceAll(strings.Join(values, ""), "\r\n", "\n")
			if field == "force" || slices.Contains([]string{"great", "x", "unheard of", "", "agent:zoe zoe", "a\x00b"}, want) {
				continue // what cannot be chosen is not chosen, and what cannot be shown is not shown
			}
			if got := page.Value(test.form, field); got != want {
				t.Errorf("%s: %s holds %.40q, want what was typed: %.40q", name, field, got, want)
			}
		}
		if name == "no date" && page.forms["snooze-form"].values.Has("keep") {
			t.Errorf("%s: what was unticked is ticked again", name)
		}
	}
	if diff := cmp.Diff(strings.Fields("opened said taken"), events(t, a, "c1")); diff != "" {
		t.Errorf("the journal (-want +got):\n%s", diff)
	}
}

func TestUnknownConversations(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	page := ann.Sees("c1")
	for _, id := range []string{"c2", "a%20b", "%00", strings.Repeat("x", 200)} {
		if code, _ := ann.get(ann.base + "/conversations/" + id); code != http.StatusNotFound {
			t.Errorf("the page of %.20q: %d", id, code)
		}
		for form, f := range page.forms {
			if !strings.Contains(f.action, "/conversations/c1/") {
				continue
			}
			values := url.Values{"outcome": {"resolved"}, "to": {"agent:ben"}, "until": {"3h"}, "text": {"t"}, "note": {"n"}, "article": {"a"}, "request": {"r-" + form}}
			r := post(t, ann.server+strings.Replace(f.action, "/c1/", "/"+id+"/", 1), values)
			if code, _ := ann.do(r); code != http.StatusNotFound {
				t.Errorf("%s of %.20q: %d", form, id, code)
			}
		}
	}
}
