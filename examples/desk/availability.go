package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// standing returns how an agent stands. It is not ok for one who was removed from
// the team; visitors stand nowhere.
func (a *app) standing(ctx context.Context, who person) (agent lifecycle.Agent, ok bool, err error) {
	if who.Kind == conversation.KindVisitor {
		return lifecycle.Agent{}, true, nil
	}
	agent, err = a.desk.Agent(ctx, workspace, who.ID)
	if errors.Is(err, lifecycle.ErrNoAgent) {
		return lifecycle.Agent{}, false, nil
	}
	return agent, err == nil, err
}

// setAvailability is what an agent chose by hand; nothing lets their open pages
// decide again (presence.go).
func (a *app) setAvailability(w http.ResponseWriter, r *http.Request) {
	to := roster.Availability(r.PostFormValue("to"))
	if _, err := a.desk.SetAvailability(r.Context(), workspace, me(r).ID, roster.Manual, to); err != nil {
		a.fail(w, r, err)
		return
	}
	a.live.Changed() // what a Desk tells its subscribers is about conversations only
	back(w, r)
}
