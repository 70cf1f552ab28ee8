package main

import (
	"net/http"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// An unconfirmedView is the page of the closings that no customer confirmed.
type unconfirmedView struct {
	page
	Period   period
	Periods  []period
	Closings []hasty
	Next     string // the token of the page behind this one
}

// A hasty closing is one that no customer confirmed.
type hasty struct {
	lifecycle.UnconfirmedClosing
	Visitor   string // empty: the conversation is gone
	AgentName string
}

// Prompts returns how often the agent was told that the conversation was idle.
func (h hasty) Prompts() int64 { return max(0, h.Figures[closure.Prompts]) }

const shownUnconfirmed = 20

// unconfirmedPage lists the closings that no customer confirmed, the latest first.
func (a *app) unconfirmedPage(w http.ResponseWriter, r *http.Request) {
	v := unconfirmedView{page: a.newPage(r, "Unconfirmed closings")}
	v.Periods = periods(v.Now)
	var err error
	if v.Period, err = v.period(r); err != nil {
		a.fail(w, r, err)
		return
	}
	view := lifecycle.ClosingView{Filter: closure.Filter{From: v.Period.From, To: v.Period.To}, Newest: true}
	list, err := a.desk.Unconfirmed(r.Context(), workspace, view, a.notes(), r.URL.Query().Get("after"), shownUnconfirmed)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	for _, one := range list.Closings {
		h := hasty{UnconfirmedClosing: one, AgentName: "(no agent)"}
		if one.Agent != "" {
			h.AgentName = a.people.Name(conversation.Agent(one.Agent))
		}
		c, err := a.desk.Get(r.Context(), workspace, one.Conversation)
		if err == nil {
			h.Visitor = a.people.Name(conversation.Visitor(c.Visitor))
		} else if r.Context().Err() != nil {
			a.fail(w, r, err)
			return
		}
		v.Closings = append(v.Closings, h)
	}
	v.Next = list.Next
	a.render(w, r, http.StatusOK, "unconfirmed.html", v)
}
