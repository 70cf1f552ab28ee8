package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// all is more than any life has.
const all = 10_000

// An asker collects what a Desk answers. The first error ends it.
type asker struct {
	desk    *lifecycle.Desk
	answers []answer
	err     error
}

// answer takes down an answer. That there is no such conversation is one.
func (a *asker) answer(question, of string, value any, err error) {
	switch {
	case a.err != nil:
		return
	case errors.Is(err, conversation.ErrNotFound):
		of, value = "error", "not found"
	case err != nil:
		a.err = fmt.Errorf("%s: %w", question, err)
		return
	}
	body, err := json.Marshal(value)
	if err != nil {
		a.err = fmt.Errorf("%s: %w", question, err)
		return
	}
	a.answers = append(a.answers, answer{question, of, body})
}

// ask returns what a Desk says of a store that has the life.
func (l Life) ask(ctx context.Context, store storage.Store) ([]answer, error) {
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: stopped(l.end)})
	if err != nil {
		return nil, err
	}
	a := &asker{desk: desk}
	visitors := map[string]bool{}
	for _, key := range l.keys() {
		c := a.conversation(ctx, store, key)
		if c.Visitor != "" && !visitors[c.Visitor] {
			visitors[c.Visitor] = true
			a.visitor(ctx, key.Workspace, c.Visitor)
		}
	}
	for _, workspace := range l.workspaces() {
		a.workspace(ctx, workspace)
		a.reports(ctx, workspace)
	}
	a.feed(ctx)
	due, err := desk.NextDue(ctx, l.end.AddDate(10, 0, 0))
	a.answer("next due", "time", due, err)
	return a.answers, a.err
}

func (a *asker) conversation(ctx context.Context, store storage.Store, key storage.Key) conversation.Conversation {
	of := func(what string) string { return what + " of " + key.Conversation }
	loaded, err := store.Load(ctx, key, "")
	due := loaded.Head.Due
	loaded.Head.Body = nil // it is the conversation's, below
	a.answer(of("head"), "head", loaded.Head, err)
	c, err := a.desk.Get(ctx, key.Workspace, key.Conversation)
	body, encoding := conversation.Encode(c)
	a.answer(of("conversation"), "conversation", json.RawMessage(body), errors.Join(err, encoding))
	if err == nil {
		policies, _, err := a.desk.Policies(ctx, key.Workspace)
		next, _ := conversation.NextDue(c, policies.For(c.Group))
		a.answer(of("due"), "time", []any{due, next}, err)
	}
	journal, err := a.desk.History(ctx, key.Workspace, key.Conversation, 0, 0)
	a.answer(of("journal"), "record", journal, err)
	for _, audience := range []lifecycle.Audience{lifecycle.ForAgents, lifecycle.ForEverybody} {
		transcript, err := a.desk.Transcript(ctx, key.Workspace, key.Conversation, lifecycle.Notes{}, audience)
		for i, line := range transcript.Lines {
			if line.Kind != lifecycle.LineMessage && line.Kind != lifecycle.LineNote {
				transcript.Lines[i].Text = "" // words of the library, which may become better ones
			}
		}
		a.answer(of("transcript for "+string(audience)), "transcript", transcript, err)
	}
	return c
}

func (a *asker) visitor(ctx context.Context, workspace, id string) {
	v, err := a.desk.Visitor(ctx, workspace, id)
	a.answer("visitor "+id, "visitor", v, err)
	unread, err := a.desk.Unread(ctx, workspace, id)
	a.answer("unread by "+id, "unread", unread, err)
	history, err := a.desk.CustomerHistory(ctx, workspace, id, "", lifecycle.MaxCustomerPage)
	a.answer("history of "+id, "engagements", history, err)
}

func (a *asker) workspace(ctx context.Context, workspace string) {
	of := func(what string) string { return what + " of " + workspace }
	policies, revision, err := a.desk.Policies(ctx, workspace)
	body, encoding := conversation.EncodePolicies(policies)
	a.answer(of("policies"), "policies", json.RawMessage(body), errors.Join(err, encoding))
	a.answer(of("revision of policies"), "number", revision, nil)
	views := map[string]lifecycle.View{
		"waiting": lifecycle.Waiting(""), "bot's": lifecycle.BotPool(), "snoozed": lifecycle.Snoozed(""),
		"ann's": lifecycle.MyConversations("ann"), "ben's": lifecycle.MyConversations("ben"),
		"closed": lifecycle.History(), "resolved": {Outcome: closure.Resolved}, "tagged": {Tag: "late"},
		"updated": {Order: lifecycle.ByUpdated, Newest: true},
	}
	for _, name := range []string{"waiting", "bot's", "snoozed", "ann's", "ben's", "closed", "resolved", "tagged", "updated"} {
		page, err := a.desk.List(ctx, workspace, views[name], "", lifecycle.MaxPage)
		ids := page.Unreadable
		for _, c := range page.Conversations {
			ids = append(ids, c.ID)
		}
		a.answer(of("list "+name), "list", ids, err)
	}
	agents, err := a.desk.Agents(ctx, workspace, "", "", all)
	a.answer(of("agents"), "agents", agents, err)
	groups, err := a.desk.Groups(ctx, workspace, "", all)
	a.answer(of("groups"), "groups", groups, err)
	for _, group := range append(groups, roster.Group{}) {
		queue, err := a.desk.Queue(ctx, workspace, group.ID)
		a.answer(of("queue of "+group.ID), "queue", queue, err)
	}
}

func (a *asker) reports(ctx context.Context, workspace string) {
	of := func(what string) string { return what + " of " + workspace }
	page, err := a.desk.Closings(ctx, workspace, lifecycle.ClosingView{}, "", lifecycle.MaxPage)
	a.answer(of("closings"), "closings", page.Closings, err)
	for _, by := range [][]closure.Dimension{{closure.ByCause, closure.ByGrade}, {closure.ByTag}, {closure.ByAgent, closure.ByReason}} {
		report, err := a.desk.Report(ctx, workspace, lifecycle.ReportQuery{By: by})
		a.answer(of(fmt.Sprintf("report by %v", by)), "report", report, err)
	}
	articles, err := a.desk.Articles(ctx, workspace, closure.Filter{})
	a.answer(of("articles"), "articles", articles, err)
}

// feed asks for the feed from where it begins.
func (a *asker) feed(ctx context.Context) {
	deliveries, err := a.desk.Feed(ctx, "golden", all)
	if purged, ok := errors.AsType[*storage.PurgedError](err); ok {
		a.answer("purged up to", "number", purged.Oldest-1, nil)
		if _, err = a.desk.Advance(ctx, "golden", purged.Oldest-1); err == nil {
			deliveries, err = a.desk.Feed(ctx, "golden", all)
		}
	}
	a.answer("feed", "deliveries", deliveries, err)
}
