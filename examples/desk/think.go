package main

import (
	"slices"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// botPatience is how many messages in a row the bot does not understand before it
// asks for a person.
const botPatience = 2

// think returns what the bot does after what happened in a conversation. It
// remembers nothing but the journal, so that any bot can go on after any other.
func think(journal []conversation.Record) []conversation.Command {
	var c conversation.Conversation
	var m mind
	var heard conversation.Said
	var does []conversation.Command
	for _, r := range journal {
		before := c.State
		c = conversation.Evolve(c, r)
		said, spoke := r.Event.(conversation.Said)
		byVisitor := r.By.Kind == conversation.KindVisitor
		if spoke = spoke && byVisitor && !said.Automatic; spoke {
			heard = said
		}
		switch _, reopened := r.Event.(conversation.Reopened); {
		case c.State != conversation.StateBot:
		case before == conversation.StateBot && spoke:
			does = m.hear(heard)
		case before != conversation.StateBot: // the bot has it from now on
			m, does = mind{helped: c.Cycle.PersonWrote}, nil
			if reopened && byVisitor { // by the message before it
				does = m.hear(heard)
			}
		}
	}
	return does
}

// A mind is what the bot makes of a conversation.
type mind struct {
	about  *topic // nil: nothing yet
	helped bool   // there was an answer
	lost   int    // how many messages in a row made no sense
}

// hear returns what the bot does after a message of the visitor. What says that
// nothing is left was marked when it was said: see lifecycle.Options.Classifier.
func (m *mind) hear(said conversation.Said) []conversation.Command {
	text := plain(said.Text)
	about := topicOf(text)
	if about == nil && m.about != nil && m.about.Number && orderNumber.MatchString(said.Text) {
		about = m.about
	}
	if about != nil {
		m.about = about
	}
	switch {
	case slices.Contains(said.Marks, closure.Confirmation), slices.Contains(said.Marks, closure.Farewell):
		return []conversation.Command{conversation.Say{Text: botLeaves}, m.closing()}
	case has(text, wantsPerson):
		return m.handOff(botHandsOff)
	case about != nil:
		return m.answer(said.Text)
	case has(text, greetings):
		return []conversation.Command{conversation.Say{Text: botGreets}}
	}
	if m.lost++; m.lost >= botPatience {
		return m.handOff(botGivesUp)
	}
	return []conversation.Command{conversation.Say{Text: botIsLost}}
}

// answer answers a message about m.about.
func (m *mind) answer(text string) []conversation.Command {
	m.lost = 0
	link := conversation.LinkArticle{Article: m.about.Article}
	if !m.about.Number {
		m.helped = true
		return []conversation.Command{link, conversation.Say{Text: m.about.Answer + botAsksOn}}
	}
	order := orderNumber.FindString(text)
	if order == "" {
		return []conversation.Command{conversation.Say{Text: m.about.Answer}}
	}
	m.helped = true
	return []conversation.Command{link, conversation.Say{Text: whereIs(order) + botAsksOn}}
}

func (m *mind) handOff(text string) []conversation.Command {
	group := "orders"
	if m.about != nil {
		group = m.about.Group
	}
	return []conversation.Command{conversation.Say{Text: text}, conversation.RequestAgent{Group: group}}
}

// closing is honest: who goes without an answer was not helped.
func (m *mind) closing() conversation.Close {
	switch {
	case m.helped:
		return conversation.Close{Outcome: closure.Resolved}
	case m.lost > 0:
		return conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge}
	}
	return conversation.Close{Outcome: closure.Unresolved}
}
