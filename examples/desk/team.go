package main

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// A teamView is the page on which supervisors see who is there, what waits, and
// what went wrong.
type teamView struct {
	page
	Team     []teammate
	Groups   []string
	Queues   []queue
	Setbacks []lifecycle.Setback
	Add      *dialog
	Dialogs  []teamDialogs
}

// A teammate is an agent or supervisor as they stand.
type teammate struct {
	lifecycle.Agent
	person
}

// A queue is what waits for a group, and who is there for it.
type queue struct {
	Group string // empty: what is for any agent
	lifecycle.Queue
	Available, Agents int
}

// TeamDialogs are the forms about an agent.
type teamDialogs struct {
	Of                     teammate
	Change, LogOut, Remove *dialog
}

// teamPage shows the team.
func (a *app) teamPage(w http.ResponseWriter, r *http.Request) {
	a.showTeam(w, r, http.StatusOK, nil)
}

// showTeam shows the team, with the form open again that was refused, if any.
func (a *app) showTeam(w http.ResponseWriter, r *http.Request, status int, wrong *problem) {
	v := teamView{page: a.newPage(r, "Team")}
	v.Path = v.Me.Base() + "/team" // whatever form was sent
	if err := a.fillTeam(r.Context(), &v, wrong); err != nil {
		a.fail(w, r, err)
		return
	}
	a.render(w, r, status, "team.html", v)
}

func (a *app) fillTeam(ctx context.Context, v *teamView, wrong *problem) (err error) {
	if v.Team, err = a.team(ctx); err != nil {
		return err
	}
	if v.Groups, err = a.groups(ctx); err != nil {
		return err
	}
	for _, group := range append([]string{""}, v.Groups...) {
		q := queue{Group: group}
		if q.Queue, err = a.desk.Queue(ctx, workspace, group); err != nil {
			return err
		}
		for _, one := range v.Team {
			if one.In(group) {
				q.Agents++
				if one.Available() {
					q.Available++
				}
			}
		}
		v.Queues = append(v.Queues, q)
	}
	form := func(name, path string) *dialog {
		d := &dialog{Name: name, Path: v.Path + path}
		if wrong != nil && wrong.Command == name {
			d.Refused, d.Problem, d.sent = true, wrong.Text, wrong
		}
		return d
	}
	v.Add = form("add", "")
	for _, one := range v.Team {
		path := "/" + one.ID
		v.Dialogs = append(v.Dialogs, teamDialogs{
			Of:     one,
			Change: form("change-"+one.ID, path+"/change"),
			LogOut: form("logout-"+one.ID, path+"/logout"),
			Remove: form("remove-"+one.ID, path+"/remove"),
		})
	}
	v.Setbacks, err = a.desk.Setbacks(ctx, "", "", lifecycle.MaxPage)
	return err
}

// team returns everybody who answers, by name.
func (a *app) team(ctx context.Context) ([]teammate, error) {
	agents, err := a.desk.Agents(ctx, workspace, "", "", manyAgents)
	if err != nil {
		return nil, err
	}
	var all []teammate
	for _, agent := range agents {
		all = append(all, teammate{a.settled(agent), a.personOf(agent.ID)})
	}
	slices.SortFunc(all, func(a, b teammate) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// settled returns an agent as pages show them: a connection that was lost just now
// is mostly one page after another.
func (a *app) settled(agent lifecycle.Agent) lifecycle.Agent {
	const just = 5 * time.Second
	if a.clock.Now().Sub(agent.LostAt) < just*time.Duration(a.clock.Speed()) {
		agent.LostAt = time.Time{}
	}
	return agent
}

// personOf returns the person that an agent of the Desk is.
func (a *app) personOf(agent string) person {
	if one, ok := a.people.Find(agent); ok {
		return one
	}
	return person{conversation.KindAgent, agent, agent}
}

// Available reports whether new conversations may come.
func (t teammate) Available() bool { return t.Availability() == roster.Available }

// groups returns the groups that there are.
func (a *app) groups(ctx context.Context) ([]string, error) {
	groups, err := a.desk.Groups(ctx, workspace, "", manyAgents)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, group := range groups {
		if !group.Removed {
			all = append(all, group.ID)
		}
	}
	return all, nil
}

// release lets a conversation that was set aside be worked off again.
func (a *app) release(w http.ResponseWriter, r *http.Request) {
	if err := a.desk.Release(r.Context(), workspace, r.PathValue("id")); err != nil {
		a.fail(w, r, err)
		return
	}
	a.live.Changed()
	http.Redirect(w, r, me(r).Base()+"/team", http.StatusSeeOther)
}

// Picked reports whether a value of a field is chosen, or, in a form that was not
// sent, whether it is at first.
func (d *dialog) Picked(field, value string, first bool) bool {
	if d.sent == nil {
		return first
	}
	return holds(d.sent.Form, field, value)
}
