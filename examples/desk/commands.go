package main

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A command is what the form of a route asks the Desk for.
type command func(ctx context.Context, call lifecycle.Call, form url.Values) error

// command returns the handler of a form on the page of a conversation.
func (a *app) command(give command) http.HandlerFunc {
	return a.form(give, func(who person, id string) string {
		return who.Base() + "/conversations/" + url.PathEscape(id)
	}, a.showDesk)
}

// form returns the handler of a form about a conversation, which goes on with a
// page. What is refused comes back there with the form, as it was filled in.
func (a *app) form(
	give command,
	page func(who person, id string) string,
	refused func(w http.ResponseWriter, r *http.Request, status int, id string, why *problem),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		form, err := formOf(r)
		if err == nil && conversation.CheckID("conversation", id) != nil {
			err = errNoPage
		}
		if err != nil {
			a.fail(w, r, err)
			return
		}
		err = give(r.Context(), callOf(r, form), form)
		status, text := a.explain(err)
		switch status {
		case http.StatusOK:
			http.Redirect(w, r, page(me(r), id), http.StatusSeeOther)
		case http.StatusNotFound, http.StatusInternalServerError:
			a.fail(w, r, err)
		default:
			refused(w, r, status, id, &problem{Command: path.Base(r.URL.Path), Text: text, Err: err, Form: form})
		}
	}
}

func (a *app) say(ctx context.Context, call lifecycle.Call, form url.Values) error {
	text := form.Get("text")
	if strings.TrimSpace(text) == "" {
		return wrong("your message", "it is empty")
	}
	_, err := a.desk.Say(ctx, call, text)
	return err
}

func (a *app) take(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Take(ctx, call)
	return err
}

func (a *app) handBack(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.HandBack(ctx, call)
	return err
}

func (a *app) requeue(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Requeue(ctx, call)
	return err
}

func (a *app) addNote(ctx context.Context, call lifecycle.Call, form url.Values) error {
	_, err := a.desk.AddNote(ctx, call, strings.TrimSpace(form.Get("note")))
	return err
}

func (a *app) linkArticle(ctx context.Context, call lifecycle.Call, form url.Values) error {
	_, err := a.desk.LinkArticle(ctx, call, strings.TrimSpace(form.Get("article")))
	return err
}

func (a *app) block(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Block(ctx, call)
	return err
}

func (a *app) unblock(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Unblock(ctx, call)
	return err
}
