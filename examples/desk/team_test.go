package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

func TestQueues(t *testing.T) {
	o := newOffice(t)
	for id, group := range map[string]string{"w-1": "repairs", "w-2": "repairs"} {
		_, err := o.desk.Open(t.Context(), lifecycle.Call{Workspace: workspace, Conversation: id, By: conversation.Visitor("v-1")},
			conversation.Open{ForAgent: true, Group: group})
		o.check(err)
	}
	sue := o.signIn("sue")
	_, err := o.desk.SetAvailability(t.Context(), workspace, "tom", roster.Manual, roster.Unavailable)
	o.check(err)
	o.clock.AdvanceTo(o.clock.Now().Add(time.Hour))
	if got := element(t, sue.page("/team"), "queue-repairs"); got != "repairs 2 1 h 2 of 3" {
		t.Errorf("the queue reads %q", got)
	}
}

// What fails again and again is shown to supervisors, who let it go on.
func TestSetbacks(t *testing.T) {
	o := newOffice(t)
	o.has("tom", "c-sick")
	sue := o.signIn("sue")
	sue.hides(sue.page("/team"), "Set aside")
	body := []byte{}
	o.check(o.db.QueryRowContext(t.Context(), `SELECT body FROM adjourn_heads WHERE conversation = 'c-sick'`).Scan(&body))
	exec := func(statement string, args ...any) {
		t.Helper()
		result, err := o.db.ExecContext(t.Context(), statement, args...)
		o.check(err)
		if n, err := result.RowsAffected(); n != 1 || err != nil {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
	exec(`UPDATE adjourn_heads SET body = ? WHERE conversation = 'c-sick'`, []byte("{"))
	o.clock.AdvanceTo(o.clock.Now().Add(10 * time.Minute))
	_, err := o.desk.Tick(t.Context())
	o.check(err)
	sue.shows(sue.page("/team"), "Set aside", `id="setback-c-sick"`, "failed 1 time,", `action="/agents/sue/team/setbacks/c-sick/release"`)

	exec(`UPDATE adjourn_heads SET body = ? WHERE conversation = 'c-sick'`, body)
	sue.sent("/team/setbacks/c-sick/release", "/team")
	sue.hides(sue.page("/team"), "Set aside")
	if code, _, _ := sue.send("/team/setbacks/nothing/release"); code != http.StatusNotFound {
		t.Errorf("releasing what there is not: %d", code)
	}
}

// Pages and forms of supervisors are not there for others.
func TestSupervisorsOnly(t *testing.T) {
	o := newOffice(t)
	o.has("una", "c-1")
	tom := o.signIn("tom")
	_, before, err := o.desk.Policies(t.Context(), workspace)
	o.check(err)
	for _, path := range []string{"/team", "/settings", "/settings?group=repairs"} {
		if response, _ := tom.do(get(t, tom.base+path)); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	for path, form := range map[string]url.Values{
		"/team":                      {"name": {"Mallory"}, "seats": {"3"}, "request": {"AAAA"}},
		"/team/una/change":           {"seats": {"1"}},
		"/team/una/logout":           {"fate": {"requeue"}},
		"/team/una/remove":           nil,
		"/team/tom/change":           {"seats": {"100"}},
		"/team/setbacks/c-1/release": nil,
		"/settings":                  {"revision": {fmt.Sprint(before)}, "guard": {"enforce"}},
		"/settings/drop":             {"revision": {fmt.Sprint(before)}, "group": {"repairs"}},
	} {
		if code, _, _ := tom.post(path, form); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
	if _, after, _ := o.desk.Policies(t.Context(), workspace); after != before {
		t.Error("an agent changed the policies")
	}
	if una := o.agent("una"); una.Capacity != 9 || una.Availability() != roster.Available || o.get("c-1").Agent != "una" {
		t.Errorf("an agent changed %+v", una)
	}
	if tom := o.agent("tom"); tom.Capacity != 9 {
		t.Errorf("an agent changed themselves: %+v", tom)
	}
	names := maps.Collect(func(yield func(string, bool) bool) {
		for _, one := range o.people.Of(conversation.KindAgent) {
			yield(one.Name, true)
		}
	})
	if names["Mallory"] {
		t.Error("an agent added another")
	}
}
