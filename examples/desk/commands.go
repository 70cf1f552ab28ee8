package main

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strconv"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A command is what the form of a route asks the Desk for.
type command func(ctx context.Context, call lifecycle.Call, form url.Values) error

// command returns the handler of a form on the page of a conversation. The form
// says which version its agent saw, and has an ID, so that clicked twice it has
// its effect once.
func (a *app) command(give command) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, "bad form", http.StatusBadRequest)
			return
		}
		id := r.PathValue("id")
		seen, _ := strconv.ParseInt(r.PostForm.Get("seen"), 10, 64) // none: any version
		err := give(r.Context(), lifecycle.Call{
			Workspace:    workspace,
			Conversation: id,
			By:           me(r).Actor(),
			CommandID:    r.PostForm.Get("request"),
			AsOf:         conversation.Version(seen),
		}, r.PostForm)
		if err == nil {
			http.Redirect(w, r, me(r).Base()+"/conversations/"+url.PathEscape(id), http.StatusSeeOther)
			return
		}
		status, text := a.explain(err)
		if status == http.StatusInternalServerError || status == http.StatusNotFound {
			a.fail(w, r, err)
			return
		}
		a.showDesk(w, r, status, id, &problem{Command: path.Base(r.URL.Path), Text: text, Err: err, Form: r.PostForm})
	}
}

func (a *app) take(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Take(ctx, call)
	return err
}

func (a *app) say(ctx context.Context, call lifecycle.Call, form url.Values) error {
	_, err := a.desk.Say(ctx, call, form.Get("text"))
	return err
}
