package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

func (o office) policies() (conversation.Policies, int64) {
	o.t.Helper()
	policies, revision, err := o.desk.Policies(o.t.Context(), workspace)
	o.check(err)
	return policies, revision
}

// formOf returns the form of the settings as their page has it.
func (o office) formOf(group string) url.Values {
	o.t.Helper()
	policies, revision := o.policies()
	form := settingsOf(policies, group)
	form.Set("revision", fmt.Sprint(revision))
	form.Set("group", group)
	return form
}

// Whatever the form can say is said, and what it does not show stays.
func TestSettings(t *testing.T) {
	o := newOffice(t)
	policies, revision := o.policies()
	policies.Default.Sticky = true
	policies.Default.ReopenWindow = 5 * time.Hour
	policies.Default.Courtesy.Farewell = "Bye!"
	policies.AvailabilityGrace = time.Minute
	_, err := o.desk.SetPolicies(t.Context(), workspace, policies, revision)
	o.check(err)
	before, revision := o.policies()
	sue := o.signIn("sue")
	sue.shows(sue.page("/settings"), "All open conversations follow", `name="routing" value="pull" checked`,
		`name="patience" inputmode="decimal" value="2"`, `name="prompt" inputmode="decimal" value="2"`, "after 2 min the agent is prompted",
		fmt.Sprintf(`name="revision" value="%d"`, revision), ">late\nlost</textarea>")

	// Saved as it is, nothing changes.
	if code, to, body := sue.post("/settings", o.formOf("")); code != http.StatusSeeOther || to != fmt.Sprintf("/settings?saved=%d", revision+1) {
		t.Fatalf("%d, to %q: %s", code, to, problemOn(body))
	}
	after, saved := o.policies()
	sue.shows(sue.page(fmt.Sprintf("/settings?saved=%d", saved)), `id="saved"`)
	sue.hides(sue.page(fmt.Sprintf("/settings?saved=%d", saved-1)), `id="saved"`)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("saved as it was (-before +after):\n%s", diff)
	}

	form := o.formOf("")
	form.Set("guard", "enforce")
	form.Set("patience", "0.5")
	form.Set("routing", "push")
	form.Set("prompt", "3")
	form.Set("close", "on")
	form.Set("survey", "on")
	form.Set("email", "on")
	form["required"] = []string{"reason", "tags"}
	form.Set("tags", "zebra\r\n\r\n  <b>apple</b> \r\n")
	if code, _, body := sue.post("/settings", form); code != http.StatusSeeOther {
		t.Fatalf("%d: %s", code, problemOn(body))
	}
	want := before
	want.Tags = []string{"<b>apple</b>", "zebra"}
	want.Default.PullOnly = false
	want.Default.Courtesy.Guard = closure.GuardEnforce
	want.Default.Courtesy.Patience = 30 * time.Second
	want.Default.Survey.Offer = true
	want.Default.NotifyByEmail = true
	want.Default.Required = []closure.Field{closure.FieldReason, closure.FieldTags}
	want.Default.Idle.Assigned = idle.Ladder{LastSpeaker: idle.Responder, Steps: []idle.Step{
		{After: 3 * time.Minute, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
		{After: followUpAfter, Action: idle.FollowUp, Text: followUpText},
		{After: closeAfter, Action: idle.Close},
	}}
	got, _ := o.policies()
	if diff := cmp.Diff(want.Default, got.Default); diff != "" {
		t.Errorf("saved (-want +got):\n%s", diff)
	}
	if got.AvailabilityGrace != time.Minute || len(got.Tags) != 2 {
		t.Errorf("of the workspace: %v, %q", got.AvailabilityGrace, got.Tags)
	}
	body := sue.page("/settings")
	sue.shows(body, `value="enforce" checked`, `value="push" checked`, `value="0.5"`, `name="close" checked`, `name="survey" checked`,
		`name="email" checked`, `value="reason" checked`, "&lt;b&gt;apple&lt;/b&gt;", "after 3 min the agent is prompted, then after 10 min the visitor is asked, then after 1 h it is closed")
	sue.hides(body, "<b>apple", `value="notes" checked`)

	form = o.formOf("")
	form.Set("prompt", "")
	form.Del("close")
	if code, _, body := sue.post("/settings", form); code != http.StatusSeeOther {
		t.Fatalf("%d: %s", code, problemOn(body))
	}
	got, _ = o.policies()
	if diff := cmp.Diff(idle.Ladder{Off: true}, got.Default.Idle.Assigned, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Steps" }, cmp.Ignore())); diff != "" {
		t.Errorf("without any step (-want +got):\n%s", diff)
	}
	sue.shows(sue.page("/settings"), "At present: nothing happens.")
}

// Of two who change the settings at once, the second is told, and has nothing to
// type again.
func TestSettingsConflict(t *testing.T) {
	o := newOffice(t)
	sue, again := o.signIn("sue"), o.signIn("sue")
	mine, theirs := o.formOf(""), o.formOf("")
	theirs.Set("routing", "push")
	if code, _, body := again.post("/settings", theirs); code != http.StatusSeeOther {
		t.Fatalf("%d: %s", code, problemOn(body))
	}
	mine.Set("patience", "7")
	mine.Set("tags", "mine <only>")
	mine.Set("guard", "warn")
	mine.Set("survey", "on")
	code, _, body := sue.post("/settings", mine)
	if code != http.StatusConflict || !strings.Contains(problemOn(body), "Somebody else has changed the settings") {
		t.Fatalf("%d: %s", code, problemOn(body))
	}
	sue.shows(body, "data-keep", `value="7"`, "mine &lt;only&gt;</textarea>", `value="warn" checked`, `value="pull" checked`, `name="survey" checked`)
	held, revision := o.policies()
	if held.Default.PullOnly || held.Default.Courtesy.Patience != 0 || held.Default.Survey.Offer {
		t.Errorf("after the conflict, what holds is %+v", held.Default)
	}
	sue.shows(body, fmt.Sprintf(`name="revision" value="%d"`, revision))

	mine.Set("revision", fmt.Sprint(revision))
	if code, _, body := sue.post("/settings", mine); code != http.StatusSeeOther {
		t.Fatalf("saved again: %d: %s", code, problemOn(body))
	}
	held, _ = o.policies()
	if !held.Default.PullOnly || held.Default.Courtesy.Patience != 7*time.Minute || held.Tags[0] != "mine <only>" {
		t.Errorf("saved again, what holds is %+v", held)
	}
}

func TestSettingsRefused(t *testing.T) {
	o := newOffice(t)
	sue := o.signIn("sue")
	before, _ := o.policies()
	for _, test := range []struct{ field, value, kept string }{
		{"patience", "soon", `value="soon"`},
		{"patience", "-1", `value="-1"`},
		{"patience", "NaN", `value="NaN"`},
		{"patience", "1e300", `value="1e300"`},
		{"prompt", "0", `value="0"`},
		{"prompt", "99999999", `value="99999999"`},
		{"guard", "nonsense", ""},
		{"required", "nonsense", ""},
		{"tags", "same\nsame", "same\nsame</textarea>"},
		{"tags", strings.Repeat("x", conversation.MaxTag+1), "xxx</textarea>"},
	} {
		form := o.formOf("")
		form.Set(test.field, test.value)
		code, _, body := sue.post("/settings", form)
		if code != http.StatusUnprocessableEntity || problemOn(body) == "" {
			t.Errorf("%s %q: %d, %s", test.field, test.value, code, problemOn(body))
		}
		sue.shows(body, test.kept, "data-keep")
	}
	if after, _ := o.policies(); !cmp.Equal(before, after) {
		t.Errorf("refused, the policies changed:\n%s", cmp.Diff(before, after))
	}
	for _, group := range []string{"nowhere", "%00", "<b>"} {
		if response, _ := sue.do(get(t, sue.base+"/settings?group="+url.QueryEscape(group))); response.StatusCode < 400 || response.StatusCode >= 500 {
			t.Errorf("the group %q: %s", group, response.Status)
		}
	}
}

// A group follows the general settings until it has its own.
func TestSettingsOfAGroup(t *testing.T) {
	o := newOffice(t)
	sue := o.signIn("sue")
	sue.shows(sue.page("/settings?group=repairs"), "repairs follows the general settings", "Save as repairs’s own")
	form := o.formOf("repairs")
	form.Set("routing", "push")
	form.Set("tags", "not of a group")
	if code, to, body := sue.post("/settings", form); code != http.StatusSeeOther || !strings.HasPrefix(to, "/settings?group=repairs&saved=") {
		t.Fatalf("%d, to %q: %s", code, to, problemOn(body))
	}
	got, revision := o.policies()
	if got.For("repairs").PullOnly || !got.Default.PullOnly || !got.For("repairs").Bot || len(got.Tags) != 2 {
		t.Errorf("the group has %+v, of %+v", got.For("repairs"), got)
	}
	body := sue.page("/settings?group=repairs")
	sue.shows(body, "repairs’s own", `action="/agents/sue/settings/drop"`, `value="push" checked`)
	sue.shows(sue.page("/settings"), `value="pull" checked`)

	if code, _, _ := sue.send("/settings/drop", "group", "repairs", "revision", fmt.Sprint(revision-1)); code != http.StatusConflict {
		t.Errorf("dropped as of what was: %d", code)
	}
	sue.sent("/settings/drop", fmt.Sprintf("/settings?group=repairs&saved=%d", revision+1), "group", "repairs", "revision", fmt.Sprint(revision))
	if got, _ := o.policies(); len(got.Groups) != 0 {
		t.Errorf("the group has its own still: %+v", got.Groups)
	}
}

// The ladder of a policy that somebody made otherwise keeps what the form does not
// show.
func TestLadderIsKept(t *testing.T) {
	made := idle.Ladder{LastSpeaker: idle.Visitor, Steps: []idle.Step{
		{After: time.Minute, Action: idle.Prompt, Text: "Hurry", Phrase: "One moment"},
		{After: time.Minute, Action: idle.Prompt, Text: "Hurry!"},
		{After: 5 * time.Minute, Action: idle.FollowUp, Text: "Hello?"},
		{After: 2 * time.Hour, Action: idle.Close, Outcome: "resolved"},
	}}
	for _, test := range []struct {
		name, prompt string
		closes       bool
		want         func(*idle.Ladder)
	}{
		{"another wait", "4", true, func(l *idle.Ladder) { l.Steps[0].After = 4 * time.Minute }},
		{"without closing", "1", false, func(l *idle.Ladder) { l.LastSpeaker, l.Steps = idle.Anyone, l.Steps[:2] }},
		{"without a prompt", "", true, func(l *idle.Ladder) { l.Steps = l.Steps[2:] }},
	} {
		want := made
		want.Steps = append([]idle.Step(nil), made.Steps...)
		test.want(&want)
		got, err := changeLadder(made, test.prompt, test.closes)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if err := (conversation.Policy{Idle: conversation.Idle{Assigned: got}}).Check(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	back := idle.Ladder{Steps: []idle.Step{{After: time.Minute, Action: idle.FollowUp, Text: "Hello?"}, {After: time.Minute, Action: idle.Requeue}}}
	got, err := changeLadder(back, "2", true)
	if err != nil || (conversation.Policy{Idle: conversation.Idle{Assigned: got}}).Check() != nil || len(got.Steps) != 3 {
		t.Errorf("closing where it went back to the queue: %+v, %v", got, err)
	}
}
