package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/adjourn/adjourn/lifecycle"
)

// setEmail says where the visitor wants to be written to; nowhere, if it is empty.
func (a *app) setEmail(ctx context.Context, call lifecycle.Call, form url.Values) error {
	_, err := a.desk.SetEmail(ctx, workspace, call.By.ID, strings.TrimSpace(form.Get("email")))
	a.live.Changed() // it is in no journal, so that nobody hears of it otherwise
	return err
}

// forgetMe erases what was said in the visitor's conversations, their address, and
// what only the host knows: their name. The conversations stay, as nobody's in
// particular.
func (a *app) forgetMe(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	if _, err := a.desk.Forget(ctx, workspace, call.By.ID); err != nil {
		return err
	}
	err := a.people.Add(ctx, a.db, person{Kind: call.By.Kind, ID: call.By.ID, Name: "Visitor"})
	a.live.Changed()
	return err
}
