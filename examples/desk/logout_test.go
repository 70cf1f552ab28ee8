package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

func TestAvailability(t *testing.T) {
	o := newOffice(t)
	o.has("tom", "c-1")
	tom := o.signIn("tom")
	body := tom.page("/")
	tom.shows(body, "Tom &lt;i&gt;Teal&lt;/i&gt;", "available for", "1 of 9 seats", `value="unavailable"`)
	tom.hides(body, "by hand", `id="availability-automatic"`, "/agents/tom/team", "/agents/tom/settings")

	tom.sent("/availability", "/history", "to", "unavailable", "back", "/agents/tom/history")
	if got := o.agent("tom"); got.Manual != roster.Unavailable || got.Availability() != roster.Unavailable {
		t.Errorf("chosen by hand, they are %+v", got)
	}
	body = tom.page("/history")
	tom.shows(body, "unavailable <small>by hand</small>", `value="available"`, `id="availability-automatic"`)
	tom.sent("/availability", "/", "to", "available")
	if got := o.agent("tom").Manual; got != roster.Available {
		t.Errorf("chosen by hand, they are %q", got)
	}
	tom.sent("/availability", "/", "to", "")
	if got := o.agent("tom"); got.Manual != roster.Unset || got.Availability() != roster.Available {
		t.Errorf("left to the connection, they are %+v", got)
	}
	if code, _, _ := tom.send("/availability", "to", "perhaps"); code != http.StatusUnprocessableEntity {
		t.Errorf("to be perhaps there: %d", code)
	}
}

// Who has conversations is not let go before each had a way out.
func TestLogOut(t *testing.T) {
	o := newOffice(t)
	exits := map[string][]string{
		"c-back":     {"hand-back"},
		"c-queue":    {"requeue"},
		"c-group":    {"transfer", "to", "group:repairs"},
		"c-una":      {"transfer", "to", "agent:una"},
		"c-snoozed":  {"snooze", "until", "3h", "keep", "on"},
		"c-finished": nil, // closed on its own page
	}
	for id := range exits {
		o.has("tom", id)
	}
	tom, elsewhere := o.signIn("tom"), o.signIn("tom")
	o.check(o.presence.Here(t.Context(), o.personOf("tom"), "a page"))
	tom.sent("/logout", "/logout")
	if got := o.agent("tom").Availability(); got != roster.Available {
		t.Errorf("refused to log out, they are %s", got)
	}
	body := tom.page("/logout")
	tom.shows(body, "You still have 6 conversations.")
	for id := range exits {
		tom.shows(body, "Vic &lt;b&gt;"+id+"&lt;/b&gt;", "/conversations/"+id)
		for _, form := range []string{"hand-back", "requeue", "transfer", "snooze"} {
			tom.shows(body, fmt.Sprintf(`action="/agents/tom/logout/%s/%s"`, id, form))
		}
	}
	tom.hides(body, "Log out now", "<b>c-back", `value="agent:tom"`)

	// The visitor writes while the page is open: the hand-back is refused.
	seen := fmt.Sprint(o.get("c-back").Version)
	_, err := o.desk.Say(t.Context(), lifecycle.Call{Workspace: workspace, Conversation: "c-back", By: conversation.Visitor("v-c-back")}, "Wait!")
	o.check(err)
	code, _, body := tom.send("/logout/c-back/hand-back", "seen", seen, "request", "r-stale")
	if code != http.StatusConflict || !strings.Contains(problemOn(body), "the visitor has just written") {
		t.Errorf("handed back as of what was: %d, %s", code, problemOn(body))
	}
	code, _, body = tom.send("/logout/c-group/transfer", "to", "nobody")
	if code != http.StatusUnprocessableEntity || problemOn(body) == "" {
		t.Errorf("transferred to nobody: %d, %s", code, problemOn(body))
	}
	if code, _, _ := tom.send("/logout/c-nothing/requeue"); code != http.StatusNotFound {
		t.Errorf("a conversation that there is not: %d", code)
	}

	for id, exit := range exits {
		if exit == nil {
			continue
		}
		tom.hides(tom.page("/logout"), "Log out now")
		tom.sent("/logout/"+id+"/"+exit[0], "/logout", append(exit[1:], "request", "r-"+id, "seen", fmt.Sprint(o.get(id).Version))...)
	}
	_, err = o.desk.Close(t.Context(), lifecycle.Call{Workspace: workspace, Conversation: "c-finished", By: conversation.Agent("tom")}, conversation.Close{Outcome: closure.Resolved})
	o.check(err)
	got := map[string]string{}
	for id := range exits {
		c := o.get(id)
		got[id] = fmt.Sprintf("%s %s%s", c.State, c.Agent, c.Group)
	}
	want := map[string]string{
		"c-back": "bot ", "c-queue": "waiting ", "c-group": "waiting repairs", "c-una": "assigned una",
		"c-snoozed": "snoozed tom", "c-finished": "closed ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after the exits (-want +got):\n%s", diff)
	}

	body = tom.page("/logout")
	tom.shows(body, "Nothing keeps you", "Log out now", "What you snoozed stays yours: 1")
	response, _ := tom.do(post(t, tom.base+"/logout", nil))
	if response.StatusCode != http.StatusSeeOther || response.Header.Get("Location") != "/" {
		t.Fatalf("logging out: %s, to %q", response.Status, response.Header.Get("Location"))
	}
	if cookies := response.Cookies(); len(cookies) != 1 || cookies[0].MaxAge >= 0 || cookies[0].Path != "/agents/tom/" {
		t.Errorf("the cookies after logging out: %v", cookies)
	}
	for s, to := range map[seat]string{tom: "/", elsewhere: "/?signed-out=logged-out"} {
		if response, _ := s.do(get(t, s.base+"/")); response.Header.Get("Location") != to {
			t.Errorf("logged out, the desk is still there: %s", response.Status)
		}
	}
	if got := o.agent("tom"); got.Manual != roster.Unavailable || got.LostAt.IsZero() && got.Automatic == roster.Available {
		t.Errorf("logged out, they are %+v", got)
	}

	o.signIn("tom")
	if got := o.agent("tom").Manual; got != roster.Unset {
		t.Errorf("signed in again, they are still %s by hand", got)
	}
}
