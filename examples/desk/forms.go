package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

var (
	errBadForm = errors.New("the form cannot be read")
	errTooLong = errors.New("the form is too long")
)

// formOf reads the form that was sent, as it was typed: browsers send a new line as
// two characters.
func formOf(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			return nil, errTooLong
		}
		return nil, errBadForm
	}
	for _, values := range r.PostForm {
		for i, value := range values {
			values[i] = strings.ReplaceAll(value, "\r\n", "\n")
		}
	}
	return r.PostForm, nil
}

// callOf returns the call of who sent a form about the conversation of the route.
func callOf(r *http.Request, form url.Values) lifecycle.Call {
	return lifecycle.Call{
		Workspace:    workspace,
		Conversation: r.PathValue("id"),
		By:           me(r).Actor(),
		CommandID:    commandID(form),
		AsOf:         seen(form),
	}
}

// commandID returns the ID of the command of a form, with which it has its effect
// once, however often it is sent. No form can take the ID of a command of the bot.
func commandID(form url.Values) string {
	if request := form.Get("request"); request != "" {
		return "form-" + request
	}
	return ""
}

// seen returns the version that the sender of a form saw; without one it is any.
func seen(form url.Values) conversation.Version {
	version, _ := strconv.ParseInt(form.Get("seen"), 10, 64)
	return conversation.Version(version)
}

// wrong says that a field was filled in wrongly.
func wrong(field, rule string) error { return &conversation.InvalidError{Field: field, Rule: rule} }

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
