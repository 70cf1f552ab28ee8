package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/adjourn/adjourn/lifecycle"
)

// logOut logs an agent out, on every device. Who still has conversations is shown
// what they are, with the ways to be rid of each.
func (a *app) logOut(w http.ResponseWriter, r *http.Request) {
	who := me(r)
	err := a.desk.LogOut(r.Context(), workspace, who.ID)
	if refused := (*lifecycle.LogOutError)(nil); errors.As(err, &refused) {
		http.Redirect(w, r, who.Base()+"/logout", http.StatusSeeOther)
		return
	}
	if err == nil {
		err = a.signOut(r.Context(), who)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Path: who.Base() + "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signOut ends the sessions of somebody, whose open pages then show the front page.
func (a *app) signOut(ctx context.Context, who person) error {
	if err := a.people.EndSessions(ctx, who.ID); err != nil {
		return err
	}
	defer a.live.Changed()
	return a.presence.Left(ctx, who)
}

// A logOutView is the page that stands between an agent and the end of their day.
type logOutView struct {
	page
	Total    int       // how many conversations they still have
	Blockers []blocker // the oldest of them
	Snoozed  int       // what stays theirs
	Team     []teammate
	Groups   []string
	Problem  string // why an exit was not taken
}

// A blocker is a conversation that keeps an agent from logging out.
type blocker struct {
	card
	Exits map[string]bool // what the agent may do to be rid of it, among others
}

// logOutPage shows what keeps an agent from logging out.
func (a *app) logOutPage(w http.ResponseWriter, r *http.Request) {
	a.showLogOut(w, r, http.StatusOK, "")
}

func (a *app) showLogOut(w http.ResponseWriter, r *http.Request, status int, problem string) {
	v := logOutView{page: a.newPage(r, "Log out"), Problem: problem}
	v.Path = v.Me.Base() + "/logout" // whatever form was sent
	if err := a.fillLogOut(r.Context(), &v); err != nil {
		a.fail(w, r, err)
		return
	}
	a.render(w, r, status, "logout.html", v)
}

func (a *app) fillLogOut(ctx context.Context, v *logOutView) error {
	mine, err := a.column(ctx, v.page, listing{view: lifecycle.MyConversations(v.Me.ID)}, shownCards)
	if err != nil {
		return err
	}
	v.Total = mine.Count()
	for _, c := range mine.Cards {
		exits, err := a.allowed(ctx, c.ID, v.Me)
		if err != nil {
			return err
		}
		v.Blockers = append(v.Blockers, blocker{c, exits})
	}
	if v.Snoozed, err = a.desk.Count(ctx, workspace, lifecycle.Snoozed(v.Me.ID)); err != nil {
		return err
	}
	if v.Team, err = a.team(ctx); err != nil {
		return err
	}
	v.Groups, err = a.groups(ctx)
	return err
}

// exit returns the handler of a form that rids an agent of one of them: the command
// is that of the form on the page of the conversation.
func (a *app) exit(give command) http.HandlerFunc {
	return a.form(give, func(who person, _ string) string { return who.Base() + "/logout" },
		func(w http.ResponseWriter, r *http.Request, status int, _ string, why *problem) {
			a.showLogOut(w, r, status, why.Text)
		})
}
