package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// A closing is the dialog that ends a conversation, or changes how it ended.
type closing struct {
	*dialog
	Outcomes   []choice
	Reasons    []choice
	Sentiments []choice
	Tags       []choice // none: there is no catalogue
	Tickets    string
	Notes      string

	MayForce, Force bool // a supervisor may close over a guard
	MayTake         bool // who does not have it, to follow the advice

	Advice      *closure.Advice // of the courtesy guard: what to do first
	Hint        string          // the same, before anybody tried to close
	Acknowledge closure.Grade   // to close all the same; empty: that cannot be

	required, missing []closure.Field
}

// Requires reports whether the policy demands a field.
func (c *closing) Requires(field closure.Field) bool { return slices.Contains(c.required, field) }

// Misses reports whether a field is why the form was refused.
func (c *closing) Misses(field closure.Field) bool { return slices.Contains(c.missing, field) }

// closing returns the dialog to close it.
func (a *app) closing(ctx context.Context, p page, o *openConversation, policy conversation.Policy) (*closing, error) {
	d := o.dialog(p, "close")
	if d == nil {
		return nil, nil
	}
	c, err := a.fillClosing(ctx, d, conversation.Close{}, policy)
	if err != nil {
		return nil, err
	}
	c.MayForce, c.Force = p.Me.Supervisor(), d.Ticked("force", false)
	c.MayTake = o.Allowed[string(conversation.NameTake)]
	if d.sent == nil {
		if c.Advice = foreseen(p, o.Conversation, policy); c.Advice != nil {
			c.Hint = hint(p, c.Advice)
		}
		return c, nil
	}
	var refused *conversation.RefusedError
	if errors.As(d.sent.Err, &refused) {
		c.missing, c.Advice = refused.Missing, refused.Advice
	}
	if c.Advice != nil && policy.Courtesy.Guard == closure.GuardWarn {
		c.Acknowledge = c.Advice.Grade
	}
	return c, nil
}

// foreseen returns what the courtesy guard would say now. To decide is to compute:
// it changes nothing.
func foreseen(p page, c conversation.Conversation, policy conversation.Policy) *closure.Advice {
	policy.Required = nil // that is another question
	_, err := conversation.Decide(c, conversation.Request{
		By:      p.Me.Actor(),
		Command: conversation.Close{Outcome: closure.Resolved},
	}, conversation.Facts{Now: p.Now.UTC().Truncate(time.Microsecond), Policy: policy})
	var refused *conversation.RefusedError
	if !errors.As(err, &refused) {
		return nil
	}
	return refused.Advice
}

// hint is advice that stays true while the dialog is open.
func hint(p page, a *closure.Advice) string {
	if a.Next == closure.StepWait {
		return "You have asked whether anything is left; the visitor has until " + p.Now.Add(a.Wait).Local().Format("15:04:05") + " to answer."
	}
	return advice(a)
}

// reclassifying returns the dialog to change how it ended: as it stands now, or as
// somebody filled it in who was not the first to close.
func (a *app) reclassifying(ctx context.Context, p page, o *openConversation, policy conversation.Policy) (*closing, error) {
	d := o.dialog(p, "reclassify")
	if d == nil {
		return nil, nil
	}
	if o.wrong != nil && o.wrong.Command == "close" {
		d.sent = o.wrong
	}
	last := o.Conversation.Closing
	c, err := a.fillClosing(ctx, d, conversation.Close{
		Outcome: last.Outcome,
		Reason:  last.Reason,
		Form:    closure.Form{Sentiment: last.Sentiment, Tags: last.Tags, Tickets: last.Tickets, Notes: closingNotes(o.journal)},
	}, policy)
	if err != nil {
		return nil, err
	}
	var refused *conversation.RefusedError
	if d.Refused && errors.As(d.sent.Err, &refused) {
		c.missing = refused.Missing
	}
	return c, nil
}

func (a *app) fillClosing(ctx context.Context, d *dialog, first conversation.Close, policy conversation.Policy) (*closing, error) {
	tags, err := a.desk.Tags(ctx, workspace)
	if err != nil {
		return nil, err
	}
	chosen := d.all("tag", first.Tags)
	for _, tag := range first.Tags {
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag) // it has left the catalogue, and can be kept
		}
	}
	return &closing{
		dialog:     d,
		Outcomes:   choices(closure.Outcomes(), outcomeSays, d.Or("outcome", string(first.Outcome))),
		Reasons:    choices(closure.Reasons(), reasonSays, d.Or("reason", string(first.Reason))),
		Sentiments: choices(closure.Sentiments(), sentimentSays, d.Or("sentiment", string(first.Sentiment))),
		Tags:       choices(tags, itself, chosen...),
		Tickets:    d.Or("tickets", strings.Join(first.Tickets, "\n")),
		Notes:      d.Or("notes", first.Notes),
		required:   policy.Required,
	}, nil
}

// closingNotes returns the notes of the last closing, which only the journal has.
func closingNotes(journal []conversation.Record) string {
	notes := ""
	for _, r := range journal {
		switch e := r.Event.(type) {
		case conversation.Closed:
			notes = e.Notes
		case conversation.Reclassified:
			if e.Form != nil {
				notes = e.Form.Notes
			}
		}
	}
	return notes
}
