package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A historyView is a page of the closed conversations that a filter selects. The
// filter and the page are in the address.
type historyView struct {
	page
	Filter   url.Values
	Cards    []card
	Next     string // the address of the page behind this one; empty: there is none
	First    string // that of the first page; empty: this is it
	Problem  string // what is wrong with the filter
	Outcomes []closure.Outcome
	Tags     []string
	Agents   []person
	Groups   []string
}

const historyPageSize = 25

// historyPage shows closed conversations, those closed last first.
func (a *app) historyPage(w http.ResponseWriter, r *http.Request) {
	v := historyView{page: a.newPage(r, "History"), Filter: r.URL.Query(), Outcomes: closure.Outcomes()}
	err := a.fillChoices(r.Context(), &v)
	if err == nil {
		err = a.fillHistory(r.Context(), &v)
	}
	status := http.StatusOK
	if invalid := (*conversation.InvalidError)(nil); errors.As(err, &invalid) {
		status, v.Problem = a.explain(err)
	} else if err != nil {
		a.fail(w, r, err)
		return
	}
	a.render(w, r, status, "history.html", v)
}

func (a *app) fillHistory(ctx context.Context, v *historyView) error {
	view, err := historyFilter(v.Filter)
	if err != nil {
		return err
	}
	list, err := a.desk.List(ctx, workspace, view, v.Filter.Get("page"), historyPageSize)
	if err != nil {
		return err
	}
	for _, c := range list.Conversations {
		one, err := a.card(ctx, v.page, c)
		if err != nil {
			return err
		}
		v.Cards = append(v.Cards, one)
	}
	if list.Next != "" {
		v.Next = v.at(list.Next)
	}
	if v.Filter.Has("page") {
		v.First = v.at("")
	}
	return nil
}

// at returns the address of the page of a token, of the same filter.
func (v historyView) at(token string) string {
	query := url.Values{}
	for field, values := range v.Filter {
		if field != "page" && values[0] != "" {
			query[field] = values[:1]
		}
	}
	if token != "" {
		query.Set("page", token)
	}
	return v.Me.Base() + "/history?" + query.Encode()
}

// historyFilter returns the view that a filter asks for. Its days are those of this
// machine's zone, both of them included.
func historyFilter(filter url.Values) (view lifecycle.View, err error) {
	view = lifecycle.History()
	view.Outcome = closure.Outcome(filter.Get("outcome"))
	view.Tag, view.Agent, view.Group = filter.Get("tag"), filter.Get("agent"), filter.Get("group")
	if view.From, err = day("from", filter.Get("from"), 0); err != nil {
		return view, err
	}
	view.To, err = day("to", filter.Get("to"), 1)
	return view, err
}

// day returns when the day begins that is some days after that of a field, or the
// zero time if the field is empty.
func day(field, s string, after int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, time.Local)
	if err != nil {
		return time.Time{}, wrong(field, "must be a day, as in 2026-03-30")
	}
	return t.AddDate(0, 0, after), nil
}

// fillChoices fills in what the filter offers. Who was of the team is among the
// agents, and so is a tag that has left the catalogue, if it is in the address.
func (a *app) fillChoices(ctx context.Context, v *historyView) (err error) {
	v.Agents = a.people.Of(conversation.KindAgent, conversation.KindSupervisor, former)
	slices.SortFunc(v.Agents, func(a, b person) int { return cmp.Compare(a.Name, b.Name) })
	if v.Tags, err = a.desk.Tags(ctx, workspace); err != nil {
		return err
	}
	if tag := v.Filter.Get("tag"); tag != "" && !slices.Contains(v.Tags, tag) {
		v.Tags = append(v.Tags, tag)
	}
	v.Groups, err = a.groups(ctx)
	return err
}

// Is reports whether a value of a field is chosen.
func (v historyView) Is(field string, value any) bool { return holds(v.Filter, field, value) }
