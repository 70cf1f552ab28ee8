package main

import (
	"context"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// An earlier is a conversation that a customer had before.
type earlier struct {
	ID      string
	When    string
	Endings []earlierEnding
	Notes   []string
}

// An earlierEnding is how it ended, each time.
type earlierEnding struct {
	Says    string // who closed it, how and when
	Tags    []string
	Tickets []ticket
	Notes   string
}

// A ticket is a number, or a link.
type ticket struct {
	Text string
	Link bool
}

const shownEarlier = 5

// earlier reads the conversations that the customer had before this one.
func (a *app) earlier(ctx context.Context, p page, o *openConversation) error {
	history, err := a.desk.CustomerHistory(ctx, workspace, o.Conversation.Visitor, "", shownEarlier+1)
	if err != nil {
		return err
	}
	for _, e := range history.Engagements {
		if e.Conversation.ID == o.ID {
			continue
		}
		if len(o.Earlier) == shownEarlier {
			o.Older = true
			break
		}
		o.Earlier = append(o.Earlier, a.engagement(p, e))
	}
	o.Older = o.Older || history.Next != ""
	return nil
}

func (a *app) engagement(p page, e lifecycle.Engagement) earlier {
	one := earlier{ID: e.Conversation.ID, When: p.At(e.Conversation.OpenedAt)}
	for _, end := range e.Endings {
		how := outcomeSays(end.Outcome)
		if end.Reason != "" {
			how += " (" + reasonSays(end.Reason) + ")"
		}
		ending := earlierEnding{
			Says:  how + ": closed " + a.by(end.By) + ", " + p.At(end.At),
			Tags:  end.Tags,
			Notes: end.Notes,
		}
		if end.Sentiment != "" {
			ending.Says += ", " + words(end.Sentiment)
		}
		for _, text := range end.Tickets {
			ending.Tickets = append(ending.Tickets, ticket{text, strings.Contains(text, "://")})
		}
		one.Endings = append(one.Endings, ending)
	}
	for _, r := range e.Notes {
		if text, ok := conversation.Text(r.Event); ok && !r.Erased {
			one.Notes = append(one.Notes, a.people.Name(r.By)+": "+text)
		}
	}
	return one
}
