package main

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

func (a *app) closeConversation(ctx context.Context, call lifecycle.Call, form url.Values) error {
	outcome, reason, filled := decision(form)
	_, err := a.desk.Close(ctx, call, conversation.Close{
		Outcome:      outcome,
		Reason:       reason,
		Form:         filled,
		Acknowledged: closure.Grade(form.Get("acknowledged")),
		Force:        form.Has("force"),
	})
	return clearly(err)
}

func (a *app) reclassify(ctx context.Context, call lifecycle.Call, form url.Values) error {
	outcome, reason, filled := decision(form)
	_, err := a.desk.Reclassify(ctx, call, conversation.Reclassify{Outcome: outcome, Reason: reason, Form: &filled})
	return clearly(err)
}

func (a *app) reopen(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.Reopen(ctx, call)
	return err
}

func (a *app) offerSurvey(ctx context.Context, call lifecycle.Call, _ url.Values) error {
	_, err := a.desk.OfferSurvey(ctx, call)
	return err
}

// decision reads the fields of both dialogs. Why it was not resolved is asked of
// what was not only.
func decision(form url.Values) (closure.Outcome, closure.Reason, closure.Form) {
	outcome, reason := closure.Outcome(form.Get("outcome")), closure.Reason(form.Get("reason"))
	if outcome == closure.Resolved {
		reason = ""
	}
	return outcome, reason, closure.Form{
		Sentiment: closure.Sentiment(form.Get("sentiment")),
		Notes:     strings.TrimSpace(form.Get("notes")),
		Tags:      form["tag"],
		Tickets:   tickets(form.Get("tickets")),
	}
}

// tickets reads them one a line, or with commas between; a link may have commas of
// its own.
func tickets(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		comma := ","
		if strings.Contains(line, "://") {
			comma = ", "
		}
		for ticket := range strings.SplitSeq(line, comma) {
			if ticket = strings.TrimSpace(ticket); ticket != "" {
				all = append(all, ticket)
			}
		}
	}
	return all
}

// clearly says in the words of the dialog what the library says in its own.
func clearly(err error) error {
	switch {
	case errors.Is(err, closure.ErrOutcome):
		return wrong("the outcome", "choose Resolved or Not resolved")
	case errors.Is(err, closure.ErrReason):
		return wrong("the reason", "choose one of the list")
	}
	return err
}
