package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// An openConversation is a conversation as its page shows it to an agent.
type openConversation struct {
	card
	Lines   []lifecycle.Line
	Allowed map[conversation.CommandName]bool // what the agent may do now
}

// conversationPage shows the desk with a conversation open.
func (a *app) conversationPage(w http.ResponseWriter, r *http.Request) {
	a.showDesk(w, r, http.StatusOK, r.PathValue("id"), nil)
}

// open reads what the page of a conversation shows.
func (a *app) open(ctx context.Context, p page, id string, wrong *problem) (*openConversation, error) {
	c, err := a.desk.Get(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	o := &openConversation{Allowed: map[conversation.CommandName]bool{}}
	if o.card, err = a.card(ctx, p, c); err != nil {
		return nil, err
	}
	transcript, err := a.desk.Transcript(ctx, workspace, id, a.notes(), lifecycle.ForAgents)
	if err != nil {
		return nil, err
	}
	o.Lines = transcript.Lines
	allowed, err := a.desk.Allowed(ctx, workspace, id, p.Me.Actor())
	if err != nil {
		return nil, err
	}
	for _, name := range allowed {
		o.Allowed[name] = true
	}
	return o, nil
}

// notes are the words for what happened.
func (a *app) notes() lifecycle.Notes {
	return lifecycle.Notes{Name: a.people.Name, Location: time.Local}
}

// A problem is why a command was not given, and the form that gave it: the page
// shows both again, so that nothing typed is lost.
type problem struct {
	Command string // the last part of the route, as in "close"
	Text    string
	Err     error
	Form    url.Values
}

// Filled returns what was typed into a field of the form of a command.
func (w *problem) Filled(command, field string) string {
	if w == nil || w.Command != command {
		return ""
	}
	return w.Form.Get(field)
}

// Chosen reports whether a value of a field was chosen in the form of a command.
func (w *problem) Chosen(command, field, value string) bool {
	return w != nil && w.Command == command && slices.Contains(w.Form[field], value)
}
