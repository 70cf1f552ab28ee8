package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
)

// A settingsView is the page on which supervisors set some of the policies. What it
// does not show stays as it is.
type settingsView struct {
	page
	Group    string // whose settings they are; empty: those of everything else
	Own      bool   // the group has its own, otherwise it follows those
	Groups   []string
	Revision int64
	Applied  bool        // every open conversation follows the present ones
	Ladder   []idle.Step // what happens while nobody writes to an agent
	Form     url.Values
	Guards   []closure.Guard
	Fields   []closure.Field

	Saved    string // the revision that was saved just now
	Refused  bool   // the form was not saved, and holds what was typed
	Problem  string
	Conflict bool // because somebody else has changed the settings
}

// settingsPage shows the settings of a group, or those of everything else.
func (a *app) settingsPage(w http.ResponseWriter, r *http.Request) {
	v := settingsView{page: a.newPage(r, "Settings"), Group: r.URL.Query().Get("group"), Saved: r.URL.Query().Get("saved")}
	a.showSettings(w, r, http.StatusOK, v)
}

// showSettings shows the settings as they are, or the form that was refused.
func (a *app) showSettings(w http.ResponseWriter, r *http.Request, status int, v settingsView) {
	v.Path = settingsPath(v.Me, v.Group)
	if err := a.fillSettings(r.Context(), &v); err != nil {
		a.fail(w, r, err)
		return
	}
	a.render(w, r, status, "settings.html", v)
}

// settingsPath returns the address of the settings of a group, with pairs of names
// and values.
func settingsPath(who person, group string, more ...string) string {
	query := url.Values{}
	if group != "" {
		query.Set("group", group)
	}
	for pair := range slices.Chunk(more, 2) {
		query.Set(pair[0], pair[1])
	}
	path := who.Base() + "/settings"
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// JustSaved reports whether nobody has changed them since they were saved.
func (v settingsView) JustSaved() bool { return v.Saved == strconv.FormatInt(v.Revision, 10) }

func (a *app) fillSettings(ctx context.Context, v *settingsView) error {
	if err := a.checkGroup(ctx, v.Group); err != nil {
		return err
	}
	policies, revision, err := a.desk.Policies(ctx, workspace)
	if err != nil {
		return err
	}
	_, v.Own = policies.Groups[v.Group]
	v.Revision, v.Ladder = revision, ladderOf(policies.For(v.Group)).Steps
	if !v.Refused {
		v.Form = settingsOf(policies, v.Group)
	}
	v.Guards, v.Fields = closure.Guards(), closure.Fields()
	if v.Groups, err = a.groups(ctx); err != nil {
		return err
	}
	v.Applied, err = a.desk.PoliciesApplied(ctx, workspace)
	return err
}

func (a *app) checkGroup(ctx context.Context, group string) error {
	if group == "" {
		return nil
	}
	g, err := a.desk.Group(ctx, workspace, group)
	if err == nil && g.Removed {
		err = lifecycle.ErrNoGroup
	}
	return err
}

// saveSettings sets what the form says, unless somebody else has changed the
// policies since it was opened.
func (a *app) saveSettings(w http.ResponseWriter, r *http.Request) {
	a.setPolicies(w, r, applySettings)
}

// dropSettings lets a group follow the settings of everything else again.
func (a *app) dropSettings(w http.ResponseWriter, r *http.Request) {
	a.setPolicies(w, r, func(p *conversation.Policies, group string, _ url.Values) error {
		delete(p.Groups, group)
		return nil
	})
}

func (a *app) setPolicies(w http.ResponseWriter, r *http.Request, change func(*conversation.Policies, string, url.Values) error) {
	form, err := formOf(r)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	v := settingsView{page: a.newPage(r, "Settings"), Group: form.Get("group"), Form: form, Refused: true}
	policies, revision, err := a.desk.Policies(r.Context(), workspace)
	if err == nil {
		err = a.checkGroup(r.Context(), v.Group)
	}
	if err == nil {
		policies.Groups = maps.Clone(policies.Groups)
		err = change(&policies, v.Group, form)
	}
	if err == nil {
		// What it was opened on decides: changes since then are refused.
		opened, _ := strconv.ParseInt(form.Get("revision"), 10, 64)
		revision, err = a.desk.SetPolicies(r.Context(), workspace, policies, opened)
	}
	if err == nil {
		a.live.Changed()
		http.Redirect(w, r, settingsPath(v.Me, v.Group, "saved", strconv.FormatInt(revision, 10)), http.StatusSeeOther)
		return
	}
	var status int
	status, v.Problem = a.explain(err)
	if errors.Is(err, lifecycle.ErrPolicyConflict) {
		status, v.Conflict = http.StatusConflict, true
		v.Problem = "Somebody else has changed the settings since you opened them. Nothing was saved; what you typed is still here."
	}
	if status == http.StatusInternalServerError || status == http.StatusNotFound {
		a.fail(w, r, err)
		return
	}
	a.showSettings(w, r, status, v)
}

// Is reports whether a field of the form has a value, among others.
func (v settingsView) Is(field string, value any) bool { return holds(v.Form, field, value) }

var deeds = map[idle.Action]string{
	idle.Prompt:   "the agent is prompted",
	idle.FollowUp: "the visitor is asked",
	idle.HandBack: "it goes back to the bot",
	idle.Requeue:  "it goes back to the queue",
	idle.Close:    "it is closed",
}

// Does returns what a step does, and after how long.
func (v settingsView) Does(s idle.Step) string { return span(s.After) + " " + deeds[s.Action] }
