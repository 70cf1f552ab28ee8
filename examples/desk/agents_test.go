package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

func TestForcedLogOut(t *testing.T) {
	for fate, want := range map[string]string{
		"requeue": "waiting ", "hand-back": "bot ", "transfer": "waiting repairs", "close": "closed ",
	} {
		t.Run(fate, func(t *testing.T) {
			o := newOffice(t)
			o.has("tom", "c-1")
			o.has("tom", "c-2")
			tom, sue := o.signIn("tom"), o.signIn("sue")
			sue.shows(sue.page("/team"), `action="/agents/sue/team/tom/logout"`, "Tom &lt;i&gt;Teal", "2 of 9 seats")
			sue.sent("/team/tom/logout", "/team", "fate", fate, "group", "repairs")
			for _, id := range []string{"c-1", "c-2"} {
				c := o.get(id)
				if got := fmt.Sprintf("%s %s%s", c.State, c.Agent, c.Group); got != want {
					t.Errorf("%s is %q, want %q", id, got, want)
				}
			}
			if c := o.get("c-1"); c.Closing != nil && (c.Closing.Outcome != closure.Unresolved || c.Closing.Cause != closure.Forced) {
				t.Errorf("closed as %+v", c.Closing)
			}
			if got := o.agent("tom"); got.Manual != roster.Unavailable {
				t.Errorf("logged out, they are %+v", got)
			}
			if response, _ := tom.do(get(t, tom.base+"/")); response.Header.Get("Location") != "/?signed-out=logged-out" {
				t.Errorf("logged out by force, the desk is still there: %s", response.Status)
			}
			if code, _, _ := tom.send("/conversations/c-1/take"); code != http.StatusSeeOther || o.get("c-1").Agent != "" {
				t.Errorf("logged out by force, they take: %d", code)
			}
		})
	}
}

// What cannot go where it should stays, and the supervisor chooses again.
func TestForcedLogOutInVain(t *testing.T) {
	o := newOffice(t)
	policies, revision, err := o.desk.Policies(t.Context(), workspace)
	o.check(err)
	policies.Default.Bot = false
	_, err = o.desk.SetPolicies(t.Context(), workspace, policies, revision)
	o.check(err)
	o.has("tom", "c-1")
	sue := o.signIn("sue")
	code, _, body := sue.send("/team/tom/logout", "fate", "hand-back")
	if code != http.StatusConflict || !strings.Contains(problemOn(body), "no bot") {
		t.Errorf("to the bot that there is not: %d, %s", code, problemOn(body))
	}
	sue.shows(body, `id="logout-tom-dialog" aria-labelledby="logout-tom-title" open`, `value="hand-back" checked`)
	sue.hides(body, `id="logout-una-dialog" aria-labelledby="logout-una-title" open`)
	if c := o.get("c-1"); c.Agent != "tom" {
		t.Errorf("it is %s, of %q", c.State, c.Agent)
	}
	if got := o.agent("tom").Manual; got != roster.Unavailable {
		t.Errorf("they are %s", got)
	}
	sue.sent("/team/tom/logout", "/team", "fate", "requeue")
	if c := o.get("c-1"); c.State != conversation.StateWaiting {
		t.Errorf("it is %s", c.State)
	}
	for _, fields := range [][]string{{}, {"fate", "nothing"}, {"fate", "transfer"}} {
		if code, _, body := sue.send("/team/una/logout", fields...); code != http.StatusUnprocessableEntity || problemOn(body) == "" {
			t.Errorf("%v: %d, %s", fields, code, problemOn(body))
		}
	}
	if got := o.agent("una").Availability(); got != roster.Available {
		t.Errorf("refused, they are %s", got)
	}
	if code, _, _ := sue.send("/team/sue/logout", "fate", "requeue"); code != http.StatusUnprocessableEntity {
		t.Errorf("themselves: %d", code)
	}
}

func TestRemoveAgent(t *testing.T) {
	o := newOffice(t)
	o.has("tom", "c-1")
	o.has("tom", "c-2")
	_, err := o.desk.Say(t.Context(), lifecycle.Call{Workspace: workspace, Conversation: "c-1", By: conversation.Agent("tom")}, "Hello")
	o.check(err)
	tom, sue := o.signIn("tom"), o.signIn("sue")
	o.check(o.presence.Here(t.Context(), o.personOf("tom"), "a page"))
	sue.shows(sue.page("/team"), `id="remove-tom-dialog"`)
	sue.hides(sue.page("/team"), `id="remove-sue-dialog"`)
	sue.sent("/team/tom/remove", "/team")
	sue.hides(sue.page("/team"), `id="agent-tom"`)
	_, err = o.desk.Tick(t.Context())
	o.check(err)
	for _, id := range []string{"c-1", "c-2"} {
		if c := o.get(id); c.State != conversation.StateWaiting || c.WaitReason != conversation.WaitRemoved {
			t.Errorf("%s is %s for %q", id, c.State, c.WaitReason)
		}
	}
	if response, _ := tom.do(get(t, tom.base+"/")); response.Header.Get("Location") != "/?signed-out=removed" {
		t.Errorf("removed, the desk is still there: %s", response.Status)
	}
	if code, _, _ := tom.send("/conversations/c-1/take"); code != http.StatusSeeOther || o.get("c-1").Agent != "" {
		t.Errorf("removed, they take: %d", code)
	}
	if code, _ := status(t, tom.client, post(t, tom.site+"/sign-in", url.Values{"agent": {"tom"}})); code != http.StatusNotFound {
		t.Errorf("removed, they sign in: %d", code)
	}
	if _, front := tom.do(get(t, tom.site+"/")); strings.Contains(front, "Teal") || !strings.Contains(front, "Una Umber") {
		t.Error("the front page does not offer who there is")
	}
	sue.shows(sue.page("/conversations/c-1"), "Tom &lt;i&gt;Teal&lt;/i&gt;")
	o.check(o.presence.sweep(t.Context(), time.Now().Add(time.Hour)))

	// A session that was begun meanwhile is none.
	token, err := o.people.SignIn(t.Context(), "tom")
	o.check(err)
	r := get(t, tom.base+"/")
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: token})
	if response, _ := tom.do(r); response.StatusCode != http.StatusSeeOther {
		t.Errorf("with a session that began meanwhile: %s", response.Status)
	}
	o.check(o.presence.expect(t.Context(), o.people.Of(conversation.KindAgent, former))) // as after a restart

	if code, _, _ := sue.send("/team/sue/remove"); code != http.StatusUnprocessableEntity {
		t.Errorf("themselves: %d", code)
	}
	o.agent("sue")
	for _, who := range []string{"tom", "nobody", "v-c-1", "%20"} {
		if code, _, _ := sue.send("/team/" + who + "/remove"); code == http.StatusSeeOther {
			t.Errorf("removing %q: %d", who, code)
		}
	}
	if _, ok := o.people.Find("v-c-1"); !ok {
		t.Error("a visitor is gone")
	}
}

// A process that dies while it removes somebody has locked them out at least, and
// a supervisor removes them again.
func TestRemoveAgentAgain(t *testing.T) {
	o := newOffice(t)
	o.check(o.people.Dismiss(t.Context(), "tom"))
	o.check(o.presence.expect(t.Context(), o.people.Of(conversation.KindAgent, former))) // as after a restart
	sue := o.signIn("sue")
	if code, _ := status(t, sue.client, post(t, sue.site+"/sign-in", url.Values{"agent": {"tom"}})); code != http.StatusNotFound {
		t.Errorf("half removed, they sign in: %d", code)
	}
	sue.shows(sue.page("/team"), `id="agent-tom"`)
	sue.sent("/team/tom/remove", "/team")
	sue.hides(sue.page("/team"), `id="agent-tom"`)
}

func TestAddAgent(t *testing.T) {
	o := newOffice(t)
	sue := o.signIn("sue")
	before := o.people.Of(conversation.KindAgent)
	fields := []string{"request", "K3QFABCD", "name", " <b>Zoë</b>  O'Neil ", "seats", "4", "group", "repairs"}
	sue.sent("/team", "/team", fields...)
	sue.sent("/team", "/team", fields...)
	const id = "b-zo-b-o-neil-k3qf"
	if got := len(o.people.Of(conversation.KindAgent)) - len(before); got != 1 {
		t.Errorf("one form, sent twice, added %d agents", got)
	}
	agent := o.agent(id)
	if agent.Capacity != 4 || !slices.Equal(agent.Groups, []string{"repairs"}) {
		t.Errorf("added %+v", agent)
	}
	sue.shows(sue.page("/team"), "&lt;b&gt;Zoë&lt;/b&gt; O&#39;Neil")
	sue.hides(sue.page("/team"), "<b>Zoë")
	zoe := o.signIn(id)
	zoe.shows(zoe.page("/"), "0 of 4 seats")

	// Of the same name, by another form: another agent.
	fields[1] = "WXYZABCD"
	sue.sent("/team", "/team", fields...)
	o.agent("b-zo-b-o-neil-wxyz")
	sue.sent("/team", "/team", "request", "AAAA", "name", "李雷", "seats", "1")
	o.agent("agent-aaaa")

	for name, fields := range map[string][]string{
		"no name":        {"name", " ", "seats", "2"},
		"a long name":    {"name", strings.Repeat("x", 101), "seats", "2"},
		"no seats":       {"name", "Kim Ray", "seats", ""},
		"seats below 1":  {"name", "Kim Ray", "seats", "0"},
		"too many seats": {"name", "Kim Ray", "seats", "99999"},
		"a forged form":  {"name", "Kim Ray", "seats", "2", "request", "<é/"},
	} {
		code, _, body := sue.send("/team", append(fields, "request", "BBBB")...)
		if code != http.StatusUnprocessableEntity || problemOn(body) == "" {
			t.Errorf("%s: %d, %s", name, code, problemOn(body))
		}
		sue.shows(body, `id="add-dialog" aria-labelledby="add-title" open`, fmt.Sprintf(`name="name" maxlength="100" required autocomplete="off" value="%s"`, fields[1]))
	}
	if got := len(o.people.Of(conversation.KindAgent)) - len(before); got != 3 {
		t.Errorf("%d agents were added, want 3", got)
	}
}

func TestChangeAgent(t *testing.T) {
	o := newOffice(t)
	sue := o.signIn("sue")
	sue.sent("/team/tom/change", "/team", "seats", "2")
	if got := o.agent("tom"); got.Capacity != 2 || len(got.Groups) != 0 {
		t.Errorf("changed to %+v", got)
	}
	sue.sent("/team/tom/change", "/team", "seats", "5", "group", "repairs")
	if got := o.agent("tom"); got.Capacity != 5 || !slices.Equal(got.Groups, []string{"repairs"}) {
		t.Errorf("changed to %+v", got)
	}
	code, _, body := sue.send("/team/tom/change", "seats", "many")
	if code != http.StatusUnprocessableEntity {
		t.Errorf("many seats: %d", code)
	}
	sue.shows(body, `id="change-tom-dialog" aria-labelledby="change-tom-title" open`, `value="many"`)
	for _, test := range [][]string{{"/team/nobody/change", "seats", "2"}, {"/team/tom/change", "seats", "2", "group", "nowhere"}} {
		if code, _, _ := sue.send(test[0], test[1:]...); code != http.StatusNotFound {
			t.Errorf("%v: %d", test, code)
		}
	}
	if got := o.agent("tom").Capacity; got != 5 {
		t.Errorf("refused, the seats are %d", got)
	}
}
