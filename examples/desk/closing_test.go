package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

func guard(g closure.Guard) func(*conversation.Policies) {
	return func(p *conversation.Policies) { p.Default.Courtesy.Guard = g }
}

// A guard that warns says what to do first, keeps what was typed, and lets agents
// close all the same, or follow the advice with a click.
func TestCourtesyWarns(t *testing.T) {
	t.Parallel()
	a := openDesk(t, guard(closure.GuardWarn))
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	typed := url.Values{"outcome": {"unresolved"}, "reason": {"other"}, "tag": {"parcel"}, "tickets": {"T-1"}, "notes": {"Was brief."}}

	page := ann.Sees("c1")
	page.wants(t, "what is said before", page.Text("close-hint"), "Take the conversation first")
	_, page = ann.Sends(page, "close-form", typed)
	page.wants(t, "the advice", page.Alerts(), "Take the conversation first")
	if _, page = ann.Sends(page, "take-first-form", nil); page.Text("state") != "assigned" {
		t.Fatalf("taken with one click, it is %q", page.Text("state"))
	}
	if strings.Contains(page.body, "Close all the same") {
		t.Error("who has not seen the advice can close all the same")
	}
	_, page = ann.Sends(page, "close-form", typed)
	page.wants(t, "the advice", page.Alerts(), "please answer first")
	ann.Does("c1", "composer", url.Values{"text": {"We are closed on Sundays."}})

	code, page := ann.Sends(ann.Sees("c1"), "close-form", typed)
	if code != http.StatusConflict || !slices.Equal(page.open, []string{"close-dialog"}) {
		t.Errorf("an abrupt closing: %d, and open is %q", code, page.open)
	}
	page.wants(t, "the advice", page.Alerts(), closure.DefaultCheckIn)
	for field, want := range typed {
		if diff := cmp.Diff(want, page.forms["close-form"].values[field]); diff != "" {
			t.Errorf("%s as typed (-want +got):\n%s", field, diff)
		}
	}

	_, asked := ann.Sends(page, "phrase-form", nil)
	asked.wants(t, "the last message", asked.Text("lines"), closure.DefaultCheckIn)
	asked.wants(t, "what is said before", asked.Text("close-hint"), "the visitor has until ")
	_, page = ann.Sends(asked, "close-form", typed)
	page.wants(t, "the advice", page.Alerts(), "give them")
	visitorSays(t, a, "c1", "No, thank you.")
	_, page = ann.Sends(ann.Sees("c1"), "close-form", typed)
	page.wants(t, "the advice", page.Alerts(), closure.DefaultFarewell)

	button := `name="acknowledged" value="abrupt"`
	if strings.Count(page.body, button) != 1 {
		t.Fatalf("no button to close all the same:\n%s", page.body)
	}
	if code, page = ann.Sends(page, "close-form", url.Values{"acknowledged": {"abrupt"}}); code != http.StatusOK {
		t.Errorf("closing all the same: %d: %s", code, page.Alerts())
	}
	c := stands(t, a, "c1", conversation.StateClosed, "")
	if c.Closing.Grade != closure.Abrupt || c.Closing.Outcome != closure.Unresolved || c.Closing.Tags[0] != "parcel" {
		t.Errorf("the closing is %+v", *c.Closing)
	}
}

func TestCourtesyIsFollowed(t *testing.T) {
	t.Parallel()
	a := openDesk(t, guard(closure.GuardEnforce))
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "take-form", nil)
	ann.Does("c1", "composer", url.Values{"text": {"Hello!"}})
	resolved := url.Values{"outcome": {"resolved"}}
	page := ann.Sees("c1")
	closes := func() int {
		t.Helper()
		var code int
		code, page = ann.Sends(page, "close-form", resolved)
		if strings.Contains(page.body, "acknowledged") {
			t.Error("a guard that enforces offers to close all the same")
		}
		return code
	}
	if code := closes(); code != http.StatusConflict {
		t.Errorf("an abrupt closing: %d", code)
	}
	_, page = ann.Sends(page, "phrase-form", nil)
	visitorSays(t, a, "c1", "No, thank you.")
	page = ann.Sees("c1")
	page.wants(t, "what is said before", page.Text("close-hint"), "say goodbye")
	if code := closes(); code != http.StatusConflict {
		t.Errorf("a closing without a goodbye: %d", code)
	}
	_, page = ann.Sends(page, "phrase-form", nil)
	if page.Text("close-hint") != "" {
		t.Errorf("a courteous closing is advised: %q", page.Text("close-hint"))
	}
	if code := closes(); code != http.StatusOK {
		t.Errorf("a courteous closing: %d: %s", code, page.Alerts())
	}
	if c := stands(t, a, "c1", conversation.StateClosed, ""); c.Closing.Grade != closure.Confirmed {
		t.Errorf("the grade is %s", c.Closing.Grade)
	}
}

// Nobody closes on a message they have not read.
func TestStaleClosings(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	opens(t, a, "c1", "Vic", "Hello?")
	ann.Does("c1", "take-form", nil)
	stale := ann.Sees("c1")
	fresh := stale
	visitorSays(t, a, "c1", "One more <thing>")
	for _, form := range []string{"close-form", "snooze-form", "hand-back-form"} {
		code, page := ann.Sends(stale, form, url.Values{"outcome": {"resolved"}, "notes": {"typed"}})
		if code != http.StatusConflict {
			t.Errorf("%s: %d", form, code)
		}
		page.wants(t, form, page.Alerts(), "The visitor has just written. Look again")
		if form == "close-form" {
			page.wants(t, "what is new", page.body, `<li><b>Vic:</b> One more &lt;thing&gt;</li>`)
			if got := page.Value("close-form", "notes"); got != "typed" {
				t.Errorf("the notes hold %q", got)
			}
			fresh = page
		}
	}
	stands(t, a, "c1", conversation.StateAssigned, "ann")
	if code, page := ann.Sends(fresh, "close-form", nil); code != http.StatusOK {
		t.Errorf("having read it: %d: %s", code, page.Alerts())
	}
	stands(t, a, "c1", conversation.StateClosed, "")
}

// Who closes second learns who was first, and can put what they typed into a new
// decision.
func TestSecondClosings(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann, ben := agentUser(t, a, "ann"), agentUser(t, a, "ben")
	opens(t, a, "c1", "Vic", "Hello?")
	first, second := ann.Sees("c1"), ben.Sees("c1")
	ann.Sends(first, "close-form", url.Values{"outcome": {"resolved"}})
	code, page := ben.Sends(second, "close-form", url.Values{"outcome": {"unresolved"}, "notes": {"No answer."}})
	if code != http.StatusConflict || len(page.open) > 0 {
		t.Errorf("the second closing: %d, and open is %q", code, page.open)
	}
	page.wants(t, "the problem", page.Text("problem"), "Ann Archer has closed it already, as resolved.")
	if got := page.Value("reclassify-form", "notes"); got != "No answer." {
		t.Errorf("the notes of the new decision hold %q", got)
	}
	if code, page = ben.Sends(page, "reclassify-form", nil); code != http.StatusOK {
		t.Errorf("the new decision: %d: %s", code, page.Alerts())
	}
	if c := stands(t, a, "c1", conversation.StateClosed, ""); c.Closing.Outcome != closure.Unresolved || !c.Closing.Noted {
		t.Errorf("the decision is %+v", *c.Closing)
	}
}
