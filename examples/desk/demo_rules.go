package main

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// demoPolicies are what happens by itself in the demo.
func demoPolicies() conversation.Policies {
	orders := conversation.Policy{
		Bot:           true,
		PullOnly:      true, // agents take from the queue
		NotifyByEmail: true,
		Idle:          conversation.Idle{Assigned: agentsLadder, Bot: botsLadder},
		Courtesy:      conversation.Courtesy{Guard: closure.GuardWarn},
		Survey:        conversation.Asking{Offer: true},
	}
	billing := orders
	billing.PullOnly = false // the Desk gives what waits to whoever has a free seat
	return conversation.Policies{
		Default: orders, // also of conversations without a group
		Groups:  map[string]conversation.Policy{"billing": billing},
		Tags:    []string{"address", "damaged", "delivery", "invoice", "parcel", "password", "refund", "returns"},
	}
}

// The ladders begin when the visitor does not answer. Who waits for an answer is
// neither asked whether they are still there, nor closed upon.
var (
	agentsLadder = idle.Ladder{LastSpeaker: idle.Responder, Steps: []idle.Step{
		{After: idle.DefaultAfter, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
		{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Are you still there? If nothing is left, we close this conversation in an hour. You can write again at any time."},
		{After: time.Hour, Action: idle.Close},
	}}
	botsLadder = idle.Ladder{LastSpeaker: idle.Responder, Steps: []idle.Step{
		{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Is there anything else? Otherwise I close this conversation in half an hour. You can write again at any time."},
		{After: 30 * time.Minute, Action: idle.Close},
	}}
)
