package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A column is a list of conversations on an agent's desk.
type column struct {
	Title string
	Empty string // what stands there if nothing does
	Cards []card
	More  int    // how many it does not show
	Rest  string // where they are; empty: nowhere

	Unreadable []string // the IDs of those whose stored state is damaged
}

// Count returns how many conversations are in the list.
func (c column) Count() int { return len(c.Cards) + c.More }

// A card is a conversation in a column.
type card struct {
	conversation.Conversation
	Link    string // its page
	Current bool   // the page it is on
	Visitor string // their name
	Online  bool
	Holder  string // the name of who has it or keeps it, or "by Vic" who closed it; empty: nobody
	Says    string // what matters of it in its column
	Calls   bool   // the agent should look at it
}

const shownCards = 12

// A listing is what a column lists.
type listing struct {
	title, empty string
	view         lifecycle.View
}

// columns returns the five lists of an agent.
func (a *app) columns(ctx context.Context, p page) ([]column, error) {
	var all []column
	found := map[string]bool{}
	for _, l := range []listing{
		{"Bot", "The bot has nobody.", lifecycle.BotPool()},
		{"Waiting", "Nobody waits.", lifecycle.Waiting("")},
		{"My conversations", "You have none.", lifecycle.MyConversations(p.Me.ID)},
		{"Snoozed", "You put none aside.", lifecycle.Snoozed(p.Me.ID)},
		{"History", "None was closed.", lifecycle.History()},
	} {
		col, err := a.column(ctx, p, l, shownCards)
		if err != nil {
			return nil, err
		}
		col.Cards = slices.DeleteFunc(col.Cards, func(c card) bool { // it has just moved on
			_, shown := found[c.ID]
			found[c.ID] = true
			return shown
		})
		all = append(all, col)
	}
	all[len(all)-1].Rest = p.Me.Base() + "/history"
	return all, nil
}

// column returns a list with at most so many cards.
func (a *app) column(ctx context.Context, p page, l listing, most int) (column, error) {
	list, err := a.desk.List(ctx, workspace, l.view, "", most)
	if err != nil {
		return column{}, err
	}
	col := column{Title: l.title, Empty: l.empty, Unreadable: list.Unreadable}
	for _, c := range list.Conversations {
		one, err := a.card(ctx, p, c)
		if err != nil {
			return column{}, err
		}
		col.Cards = append(col.Cards, one)
	}
	if list.Next != "" {
		n, err := a.desk.Count(ctx, workspace, l.view)
		if err != nil {
			return column{}, err
		}
		col.More = n - len(col.Cards)
	}
	return col, nil
}

func (a *app) card(ctx context.Context, p page, c conversation.Conversation) (card, error) {
	visitor, err := a.desk.Visitor(ctx, workspace, c.Visitor)
	if err != nil {
		return card{}, err
	}
	link := p.Me.Base() + "/conversations/" + c.ID
	one := card{
		Conversation: c,
		Link:         link,
		Current:      p.Path == link,
		Visitor:      a.people.Name(conversation.Visitor(c.Visitor)),
		Online:       visitor.Online,
	}
	if c.Agent != "" {
		one.Holder = a.people.Name(conversation.Agent(c.Agent))
	}
	switch c.State {
	case conversation.StateBot:
		one.Says = "since " + p.For(c.Since)
	case conversation.StateWaiting:
		one.Says = "waits for " + p.For(c.Since)
		one.Calls = p.Now.Sub(c.Since) > 5*time.Minute
	case conversation.StateAssigned:
		one.Says = "quiet"
		if !c.UnansweredSince.IsZero() {
			one.Says = "unanswered for " + p.For(c.UnansweredSince)
			one.Calls = true
		}
	case conversation.StateSnoozed:
		one.Says = "until the visitor replies"
		if !c.Snooze.At.IsZero() {
			one.Says = p.Ago(c.Snooze.At)
		}
		one.Calls = c.Snooze.Unread
	case conversation.StateClosed:
		one.Says = words(c.Closing.Outcome) + ", " + p.Ago(c.Closing.At)
		one.Holder = a.by(c.Closing.By)
	}
	return one, nil
}

// A deskView is an agent's desk, with the conversation that is open on it.
type deskView struct {
	page
	Columns []column
	Open    *openConversation // nil: none
	Problem string            // why something was not done
}

// An opened is what the part of the page gets that shows a conversation.
type opened struct {
	page
	*openConversation
	Problem string
}

// Empty reports whether there is no conversation at all.
func (v deskView) Empty() bool {
	return !slices.ContainsFunc(v.Columns, func(c column) bool { return c.Count()+len(c.Unreadable) > 0 })
}

// title returns what the tab is called. First comes how many wait for an answer of
// the agent, whose own are the only assigned ones on the desk.
func (v deskView) title() string {
	unanswered := 0
	for _, column := range v.Columns {
		for _, c := range column.Cards {
			if c.State == conversation.StateAssigned && !c.UnansweredSince.IsZero() {
				unanswered++
			}
		}
	}
	title := v.Title
	if v.Open != nil {
		title = v.Open.Visitor
	}
	if unanswered > 0 {
		title = fmt.Sprintf("(%d) %s", unanswered, title)
	}
	return title
}

// Opened returns it.
func (v deskView) Opened() opened { return opened{v.page, v.Open, v.Problem} }

// deskPage shows the desk.
func (a *app) deskPage(w http.ResponseWriter, r *http.Request) {
	a.showDesk(w, r, http.StatusOK, "", nil)
}

// showDesk shows the desk with a conversation open on it, unless id is empty, and
// with what went wrong.
func (a *app) showDesk(w http.ResponseWriter, r *http.Request, status int, id string, wrong *problem) {
	v := deskView{page: a.newPage(r, "Desk")}
	if id != "" {
		v.Path = v.Me.Base() + "/conversations/" + id // whatever form was sent
	}
	var err error
	v.Columns, err = a.columns(r.Context(), v.page)
	if err == nil && id != "" {
		v.Open, err = a.open(r.Context(), v.page, id, wrong)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	if wrong != nil {
		v.Problem = wrong.Text
	}
	v.Title = v.title()
	a.render(w, r, status, "desk.html", v)
}
