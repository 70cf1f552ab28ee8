package main

import (
	"net/http"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A holdsView is the page on which supervisors see what an agent has.
type holdsView struct {
	page
	Of      teammate
	Columns []column
}

func (a *app) holdsPage(w http.ResponseWriter, r *http.Request) {
	who := r.PathValue("who")
	if conversation.CheckID("agent", who) != nil {
		a.fail(w, r, errNoPage)
		return
	}
	agent, err := a.desk.Agent(r.Context(), workspace, who)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	v := holdsView{Of: teammate{a.settled(agent), a.personOf(who)}}
	v.page = a.newPage(r, v.Of.Name)
	for _, l := range []listing{
		{"Conversations", "They have none.", lifecycle.MyConversations(who)},
		{"Snoozed", "They put none aside.", lifecycle.Snoozed(who)},
	} {
		col, err := a.column(r.Context(), v.page, l, lifecycle.MaxPage)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		v.Columns = append(v.Columns, col)
	}
	a.render(w, r, http.StatusOK, "holds.html", v)
}
