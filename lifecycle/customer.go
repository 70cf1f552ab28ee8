package lifecycle

import (
	"context"
	"fmt"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// An Engagement is an earlier conversation with a customer, as the agent of the
// next one wants to know it.
type Engagement struct {
	Conversation conversation.Conversation
	Endings      []Ending // each closing, the earliest first
	Notes        []conversation.Record
}

// An Ending is a closing with all that the latest decision about it says.
type Ending struct {
	closure.Record
	By      conversation.Actor // who closed it
	Tickets []string
	Notes   string // of the form; empty: none
	Erased  bool   // the notes were erased
}

// A CustomerHistory is a part of the earlier conversations of a customer.
type CustomerHistory struct {
	Engagements []Engagement // those closed last first

	// Unreadable are the IDs of those whose stored state is damaged, or of a newer
	// version of the library.
	Unreadable []string

	Next string // the token of the page behind this one; empty: there is none
}

// MaxCustomerPage is how many conversations a page of a customer's history can
// have: the journal of each is read.
const MaxCustomerPage = 50

// CustomerHistory returns a page of the closed conversations of a visitor, at most
// limit, which is 1 to [MaxCustomerPage], with their notes, tickets, outcomes and
// tags. Tokens are as those of [Desk.List].
func (d *Desk) CustomerHistory(ctx context.Context, workspace, visitor, token string, limit int) (CustomerHistory, error) {
	if err := conversation.CheckID("visitor", visitor); err != nil {
		return CustomerHistory{}, err
	}
	if limit > MaxCustomerPage {
		return CustomerHistory{}, &conversation.InvalidError{Field: "limit", Rule: fmt.Sprintf("must be at most %d", MaxCustomerPage)}
	}
	v := History()
	v.Visitor = visitor
	page, err := d.List(ctx, workspace, v, token, limit)
	if err != nil {
		return CustomerHistory{}, err
	}
	h := CustomerHistory{Unreadable: page.Unreadable, Next: page.Next}
	for _, c := range page.Conversations {
		journal, err := d.history(ctx, storage.Key{Workspace: workspace, Conversation: c.ID}, 0, 0)
		if isUnreadable(err) {
			h.Unreadable = append(h.Unreadable, c.ID)
			continue
		}
		if err != nil {
			return CustomerHistory{}, err
		}
		h.Engagements = append(h.Engagements, engagement(c, journal))
	}
	return h, nil
}

func engagement(c conversation.Conversation, journal []conversation.Record) Engagement {
	e := Engagement{Conversation: c}
	places := map[int]int{} // in Endings, by number
	for i, r := range conversation.Recount(c.Workspace, c.ID, journal) {
		e.Endings = append(e.Endings, Ending{Record: r})
		places[r.Number] = i
	}
	for _, r := range journal {
		switch event := r.Event.(type) {
		case conversation.NoteAdded:
			e.Notes = append(e.Notes, r)
		case conversation.Closed:
			ending := &e.Endings[places[event.Number]]
			ending.By = r.By
			ending.fill(event.Form, r.Erased)
		case conversation.Reclassified:
			if i, ok := places[event.Number]; ok && event.Form != nil {
				e.Endings[i].fill(*event.Form, r.Erased)
			}
		}
	}
	return e
}

func (e *Ending) fill(f closure.Form, erased bool) {
	e.Tickets, e.Notes, e.Erased = f.Tickets, f.Notes, erased
}
