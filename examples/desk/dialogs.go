package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A dialog is a form that opens over the page. The last part of its route is the
// name of its command, with dashes.
type dialog struct {
	Name    string // its route, as in "add-note"
	Path    string // of the conversation
	Version conversation.Version

	Refused bool             // what was sent: the form is open again, as it was filled in
	Problem string           // why
	News    []lifecycle.Line // what happened since the sender of the form had looked

	sent *problem
}

// dialog returns the dialog of a command, or nil if the agent may not give it.
func (o *openConversation) dialog(p page, name string) *dialog {
	if !o.Allowed[commandOf(name)] {
		return nil
	}
	d := &dialog{Name: name, Path: p.Me.Base() + "/conversations/" + o.ID, Version: o.Version}
	if o.wrong == nil || o.wrong.Command != name {
		return d
	}
	d.Refused, d.Problem, d.sent = true, o.wrong.Text, o.wrong
	if _, ok := stale(o.wrong); ok {
		since := seen(o.wrong.Form)
		d.News = slices.DeleteFunc(slices.Clone(o.Lines), func(l lifecycle.Line) bool { return l.Version <= since })
	}
	return d
}

// stale returns why a form was refused, if that is what happened since its sender
// had looked.
func stale(w *problem) (*conversation.RefusedError, bool) {
	if w == nil {
		return nil, false
	}
	refused, ok := errors.AsType[*conversation.RefusedError](w.Err)
	return refused, ok && refused.Why == conversation.ErrStale
}

// commandOf returns the name of the command of a route.
func commandOf(route string) string { return strings.ReplaceAll(route, "-", "_") }

// Asked reports whether a dialog shows the problem, so that the page need not.
func (o *openConversation) Asked() bool {
	return o.wrong != nil && slices.Contains(dialogs, o.wrong.Command) && o.Allowed[commandOf(o.wrong.Command)]
}

var dialogs = []string{"transfer", "assign", "snooze", "close", "reclassify", "add-note", "link-article"}

// Or returns what was typed into a field, or, in a form that was not sent, what
// stands there at first.
func (d *dialog) Or(field, first string) string {
	if d.sent == nil {
		return first
	}
	return d.sent.Form.Get(field)
}

// Ticked is Or for a checkbox.
func (d *dialog) Ticked(field string, first bool) bool {
	if d.sent == nil {
		return first
	}
	return d.sent.Form.Has(field)
}

// Kept reports whether the form holds what somebody typed.
func (d *dialog) Kept() bool { return d.sent != nil }

// all returns the values of a field, or what is chosen at first.
func (d *dialog) all(field string, first []string) []string {
	if d.sent == nil {
		return first
	}
	return d.sent.Form[field]
}

// Typed returns what a dialog with one field holds.
func (d *dialog) Typed(field string) string { return d.Or(field, "") }
