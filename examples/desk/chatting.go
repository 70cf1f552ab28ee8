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

// chatForm returns the handler of a form of a visitor, on a conversation of their
// own if the route names one.
func (a *app) chatForm(give command) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := formOf(r)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		call := callOf(r, form)
		call.AsOf = 0 // who is served need not have read everything
		if call.Conversation != "" {
			err = a.own(r.Context(), call.By, call.Conversation)
		}
		if err == nil {
			err = give(r.Context(), call, form)
		}
		a.answerVisitor(w, r, err)
	}
}

// answerVisitor shows the page anew on which a form was sent. If it was refused,
// what was typed is there again.
func (a *app) answerVisitor(w http.ResponseWriter, r *http.Request, err error) {
	id := r.PathValue("id")
	if err == nil {
		to := me(r).Base() + "/"
		if r.PostForm.Get("past") != "" {
			to += "conversations/" + url.PathEscape(id)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	status, text := a.explainToVisitor(err)
	if status == http.StatusInternalServerError || status == http.StatusNotFound {
		a.fail(w, r, err)
		return
	}
	a.showSite(w, r, status, id, &problem{Command: path.Base(r.URL.Path), Text: text, Err: err, Form: r.PostForm})
}

// sayAsVisitor adds a message to the visitor's latest conversation. The first one
// opens it, and to one that was closed the Desk finds the way: it goes on, or has a
// successor.
func (a *app) sayAsVisitor(ctx context.Context, call lifecycle.Call, form url.Values) error {
	text := form.Get("text")
	err := checkMessage(text) // before anything is opened
	if err == nil {
		call.Conversation, err = a.latestOrNew(ctx, call.By)
	}
	if err == nil {
		_, err = a.desk.Say(ctx, call, text)
	}
	return err
}

// latestOrNew returns the latest conversation of a visitor, and opens one if there
// is none. The ID of their first follows from their own, so that two clicks, or two
// tabs, open the same.
func (a *app) latestOrNew(ctx context.Context, visitor conversation.Actor) (string, error) {
	all, err := a.desk.List(ctx, workspace, lifecycle.HistoryOf(visitor.ID), "", 1)
	if err != nil {
		return "", err
	}
	if len(all.Conversations) > 0 {
		return all.Conversations[0].ID, nil
	}
	call := lifecycle.Call{Workspace: workspace, Conversation: "chat-" + visitor.ID, By: visitor}
	if _, err := a.desk.Open(ctx, call, conversation.Open{}); err != nil && !errors.Is(err, conversation.ErrExists) {
		return "", err
	}
	return call.Conversation, nil
}

// askForPerson asks for a person instead of the bot.
func (a *app) askForPerson(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.RequestAgent(ctx, call, "")
	return err
}

// endChat ends the conversation. If somebody else was faster it has ended, too.
func (a *app) endChat(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Close(ctx, call, conversation.Close{})
	if errors.Is(err, conversation.ErrAlreadyClosed) {
		return nil
	}
	return err
}

// typing and read are what talk.js says by itself: the visitor is writing, and has
// seen the answers up to a version. That it does not count is nothing to tell.
func (a *app) typing(w http.ResponseWriter, r *http.Request) {
	call := callOf(r, nil)
	err := a.own(r.Context(), call.By, call.Conversation)
	if err == nil {
		_, err = a.desk.Typing(r.Context(), call)
	}
	if errors.Is(err, conversation.ErrBlocked) {
		err = nil
	}
	a.answerPage(w, r, err)
}

func (a *app) read(w http.ResponseWriter, r *http.Request) {
	call := callOf(r, nil)
	upTo, err := strconv.ParseInt(r.URL.Query().Get("up_to"), 10, 64)
	if err != nil || upTo < 1 { // zero would mean all, also what was not shown
		a.fail(w, r, errNoPage)
		return
	}
	if err = a.own(r.Context(), call.By, call.Conversation); err == nil {
		_, err = a.desk.MarkRead(r.Context(), call, conversation.Version(upTo))
	}
	a.answerPage(w, r, err)
}

// checkMessage refuses a message that the Desk would refuse, and an empty one.
func checkMessage(text string) error {
	if strings.TrimSpace(text) == "" {
		return &conversation.InvalidError{Field: "your message", Rule: "it is empty"}
	}
	return conversation.CheckText("your message", text, conversation.MaxText)
}

// explainToVisitor returns the status for an error, and what to tell a visitor: how
// a conversation was closed, or who has it, is nothing for them.
func (a *app) explainToVisitor(err error) (status int, text string) {
	var refused *conversation.RefusedError
	if !errors.As(err, &refused) {
		return a.explain(err)
	}
	text = "That is not possible now."
	switch refused.Why {
	case conversation.ErrBlocked:
		text = "You cannot write in this chat."
	case conversation.ErrSurveyAnswered:
		text = "You have answered already. Thank you!"
	case conversation.ErrSurveyOver, conversation.ErrNoSurvey:
		text = "It is too late to answer this."
	case conversation.ErrHistoryFull:
		text = "This chat has become too long. Please end it and begin a new one."
	}
	return http.StatusConflict, text
}
