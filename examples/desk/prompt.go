package main

import (
	"strings"

	"github.com/adjourn/adjourn/conversation"
)

// A prompt is what the idle rules tell an agent in private, with a phrase to send.
type prompt struct {
	Version conversation.Version // of the event
	Text    string
	Phrase  string
}

// promptFor returns the prompt that its agent has not acted on: nothing was written
// and nothing else became of the conversation since. Others are shown none.
func promptFor(who person, c conversation.Conversation, journal []conversation.Record) *prompt {
	if c.State != conversation.StateAssigned || c.Agent != who.ID {
		return nil
	}
	for i := len(journal) - 1; i >= 0; i-- {
		r := journal[i]
		if r.Seq <= c.LastHandover || r.At.Before(c.Since) {
			return nil // that was before they had it
		}
		switch e := r.Event.(type) {
		case conversation.Prompted:
			return &prompt{r.Seq, instruction(e), e.Phrase}
		case conversation.Said:
			if !e.Automatic {
				return nil
			}
		case conversation.FollowedUp:
			return nil
		}
	}
	return nil
}

// instruction returns what a prompt tells the agent, without the phrase, which is
// beside it to be sent.
func instruction(e conversation.Prompted) string {
	before, after, found := strings.Cut(e.Text, e.Phrase)
	if e.Phrase == "" || !found {
		return e.Text
	}
	const quotes = `"'“”‘’«» `
	return strings.TrimSpace(strings.TrimRight(before, quotes) + " " + strings.TrimLeft(after, quotes))
}
