package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A command is what the form of a route asks the Desk for.
type command func(ctx context.Context, call lifecycle.Call, form url.Values) error

// command returns the handler of a form on the page of a conversation. The form
// says which version its agent saw, and has an ID, so that clicked twice it has
// its effect once. What is refused comes back with the form, as it was filled in.
func (a *app) command(give command) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, "bad form", http.StatusBadRequest)
			return
		}
		id, form := r.PathValue("id"), typed(r.PostForm)
		if conversation.CheckID("conversation", id) != nil {
			a.fail(w, r, errNoPage)
			return
		}
		err := give(r.Context(), lifecycle.Call{
			Workspace:    workspace,
			Conversation: id,
			By:           me(r).Actor(),
			CommandID:    form.Get("request"),
			AsOf:         seen(form),
		}, form)
		if err == nil {
			http.Redirect(w, r, me(r).Base()+"/conversations/"+url.PathEscape(id), http.StatusSeeOther)
			return
		}
		status, text := a.explain(err)
		switch {
		case errors.Is(err, lifecycle.ErrCommandIDReused): // sent, changed, and sent again
			status, text = http.StatusConflict, "This form was sent before. See what it did; if you still mean it, send it again."
		case errors.Is(err, conversation.ErrNotFound):
			a.fail(w, r, errNoPage)
			return
		case status == http.StatusInternalServerError:
			a.fail(w, r, err)
			return
		}
		a.showDesk(w, r, status, id, &problem{Command: path.Base(r.URL.Path), Text: text, Err: err, Form: form})
	}
}

// typed returns a form as it was typed: browsers send a new line as two
// characters.
func typed(form url.Values) url.Values {
	for _, values := range form {
		for i, value := range values {
			values[i] = strings.ReplaceAll(value, "\r\n", "\n")
		}
	}
	return form
}

// seen returns the version that the sender of a form saw; without one it is any.
func seen(form url.Values) conversation.Version {
	version, _ := strconv.ParseInt(form.Get("seen"), 10, 64)
	return conversation.Version(version)
}

// wrong says that a field was filled in wrongly.
func wrong(field, rule string) error { return &conversation.InvalidError{Field: field, Rule: rule} }

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
