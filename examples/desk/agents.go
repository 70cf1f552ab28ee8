package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// A teamCommand is what a supervisor's form about an agent asks for.
type teamCommand func(ctx context.Context, by, of person, form url.Values) error

// aboutAgent returns the handler of a form on the page of the team. One that is
// refused comes back open, as it was filled in.
func (a *app) aboutAgent(name string, do teamCommand) http.HandlerFunc {
	return a.supervisors(func(w http.ResponseWriter, r *http.Request) {
		form, err := formOf(r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		var of person
		dialog := name
		if id := r.PathValue("who"); id != "" {
			if _, err := a.desk.Agent(r.Context(), workspace, id); err != nil {
				a.fail(w, r, err)
				return
			}
			of = a.personOf(id)
			dialog += "-" + id
		}
		err = do(r.Context(), me(r), of, form)
		a.live.Changed()
		if err == nil {
			http.Redirect(w, r, me(r).Base()+"/team", http.StatusSeeOther)
			return
		}
		status, text := a.explain(err)
		if status == http.StatusInternalServerError {
			a.fail(w, r, err)
			return
		}
		a.showTeam(w, r, status, &problem{Command: dialog, Text: text, Err: err, Form: form})
	})
}

// addAgent adds an agent. Their ID comes from their name and the ID of the form, so
// that a form that is sent twice adds one.
func (a *app) addAgent(ctx context.Context, _, _ person, form url.Values) error {
	name, err := checkName(form.Get("name"))
	if err != nil {
		return err
	}
	if name == "" {
		return wrong("name", "it is empty")
	}
	id := agentID(name, form.Get("request"))
	if one, taken := a.people.Find(id); taken {
		if one.Kind == conversation.KindAgent {
			return nil // by the same form
		}
		return wrong("name", "it is in use")
	}
	seats, err := seatsOf(form)
	if err != nil {
		return err
	}
	// The Desk first: who is not on its roster does not get in (availability.go).
	if _, err := a.desk.SetAgent(ctx, workspace, id, seats, form["group"]...); err != nil {
		return err
	}
	return a.people.Add(ctx, a.db, person{conversation.KindAgent, id, name})
}

// agentID returns an ID that shows whose it is: "tom-okoro-k3qf".
func agentID(name, request string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	if len(words) == 0 {
		words = []string{"agent"}
	}
	id := strings.Join(words, "-")
	return id[:min(len(id), 40)] + "-" + strings.ToLower(request[:min(len(request), 4)])
}

func seatsOf(form url.Values) (int, error) {
	seats, err := strconv.Atoi(form.Get("seats"))
	if err != nil || seats < 1 {
		return 0, wrong("seats", "must be a number from 1 on")
	}
	return seats, nil
}

// changeAgent sets how many conversations an agent can have at once, and of which
// groups.
func (a *app) changeAgent(ctx context.Context, _, of person, form url.Values) error {
	seats, err := seatsOf(form)
	if err != nil {
		return err
	}
	_, err = a.desk.SetAgent(ctx, workspace, of.ID, seats, form["group"]...)
	return err
}

// forceLogOut logs an agent out, whatever they have. Their sessions end first, so
// that they take nothing on meanwhile.
func (a *app) forceLogOut(ctx context.Context, by, of person, form url.Values) error {
	if of == by {
		return wrong("agent", "log out yourself")
	}
	var fate conversation.Command
	switch form.Get("fate") {
	case "hand-back":
		fate = conversation.HandBack{}
	case "requeue":
		fate = conversation.Requeue{}
	case "transfer":
		fate = conversation.Transfer{Group: form.Get("group")}
	case "close":
		fate = conversation.Close{Outcome: closure.Unresolved, Force: true}
	default:
		return wrong("what becomes of the conversations", "choose one")
	}
	if err := conversation.CheckCommand(by.Actor(), fate); err != nil {
		return err
	}
	if to, ok := fate.(conversation.Transfer); ok {
		if err := a.checkGroup(ctx, to.Group); err != nil {
			return err
		}
	}
	if err := a.signOut(ctx, of); err != nil {
		return err
	}
	_, err := a.desk.ForceLogOut(ctx, workspace, of.ID, by.Actor(), fate)
	return err
}

// removeAgent removes an agent from the team. They are forgotten here first: who
// is left on the roster only can be removed again.
func (a *app) removeAgent(ctx context.Context, by, of person, _ url.Values) error {
	if of == by {
		return wrong("agent", "somebody else must remove you")
	}
	if err := a.people.Dismiss(ctx, of.ID); err != nil {
		return err
	}
	if err := a.signOut(ctx, of); err != nil {
		return err
	}
	return a.desk.RemoveAgent(ctx, workspace, of.ID)
}

// Former is the kind of who was of the team. They keep their name, because it
// stands in conversations, and sign in no more.
const former conversation.ActorKind = "former"

// Dismiss makes somebody former.
func (p *people) Dismiss(ctx context.Context, id string) error {
	one, ok := p.Find(id)
	if !ok {
		return nil
	}
	one.Kind = former
	return p.Add(ctx, p.db, one)
}
