package main

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// Supervisors can do what other agents cannot.
func TestSupervisors(t *testing.T) {
	t.Parallel()
	a := openDesk(t, func(p *conversation.Policies) {
		p.Default.Courtesy.Guard = closure.GuardEnforce
		p.Default.Required = []closure.Field{closure.FieldNotes}
	})
	ann, ben, sue := agentUser(t, a, "ann"), agentUser(t, a, "ben"), agentUser(t, a, "sue")
	opens(t, a, "c1", "Vic", "Hello?")
	if slices.Contains(ann.Sees("c1").Forms(), "assign-form") {
		t.Error("an agent can assign")
	}
	sue.Does("c1", "assign-form", url.Values{"to": {"agent:ann"}})
	stands(t, a, "c1", conversation.StateAssigned, "ann")

	theirs := ben.Sees("c1")
	for _, form := range []string{"take-form", "close-form", "transfer-form", "assign-form", "requeue-form", "hand-back-form", "snooze-form", "composer"} {
		if slices.Contains(theirs.Forms(), form) {
			t.Errorf("another agent has the form %s", form)
		}
	}
	for route, form := range map[string]url.Values{
		"take": nil, "requeue": nil, "hand-back": nil, "assign": {"to": {"agent:ben"}}, "transfer": {"to": {"agent:ben"}},
		"say": {"text": {"Hi"}}, "snooze": {"until": {"3h"}}, "close": {"outcome": {"resolved"}, "notes": {"n"}},
	} {
		code, page := ben.do(post(t, ben.server+ben.base+"/conversations/c1/"+route, form))
		if code != http.StatusConflict {
			t.Errorf("%s by another agent: %d", route, code)
		}
		if page.Text("problem") == "" {
			t.Errorf("%s by another agent is refused without a reason", route)
		}
	}
	stands(t, a, "c1", conversation.StateAssigned, "ann")
	for _, form := range []url.Values{{"to": {"agent:zoe"}}, {"to": {"agent:"}}, {"to": {"group:orders"}}} {
		if code, _ := sue.Sends(sue.Sees("c1"), "assign-form", form); code != http.StatusUnprocessableEntity && code != http.StatusOK {
			t.Errorf("assigning %v: %d", form, code)
		}
	}

	page := sue.Sees("c1")
	page.wants(t, "taking", page.Text("take-form"), "Take over")
	sue.Does("c1", "take-form", nil)
	stands(t, a, "c1", conversation.StateAssigned, "sue")
	sue.Does("c1", "transfer-form", url.Values{"to": {"agent:ben"}})
	page = sue.Sees("c1")
	visitorSays(t, a, "c1", "Wait")
	_, page = sue.Sends(page, "close-form", url.Values{"outcome": {"unresolved"}})
	page.wants(t, "the refusal", page.Alerts(), "fill in: notes")
	if code, page := sue.Sends(page, "close-form", url.Values{"force": {"on"}}); code != http.StatusOK {
		t.Errorf("by force: %d: %s", code, page.Alerts())
	}
	if c := stands(t, a, "c1", conversation.StateClosed, ""); c.Closing.Cause != closure.Forced || c.Closing.By != conversation.Supervisor("sue") {
		t.Errorf("the closing is %+v", *c.Closing)
	}
}
