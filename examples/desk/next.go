package main

import (
	"context"
	"fmt"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
)

// next says what a conversation does next by itself, when, and why.
func (a *app) next(ctx context.Context, p page, c conversation.Conversation, policy conversation.Policy) (string, error) {
	place, err := a.place(ctx, c, policy)
	if err != nil {
		return "", err
	}
	next, ok := conversation.Next(c, policy)
	if !ok {
		return place + nothingNext(p, c, policy), nil
	}
	left := next.At.Sub(p.Now)
	switch {
	case left <= 0:
		return place + "Now: " + a.what(p, c, next, policy), nil
	case next.Why == conversation.IdleStep:
		return place + "If nobody writes, " + a.what(p, c, next, policy), nil
	}
	return place + "In " + span(left) + ": " + a.what(p, c, next, policy), nil
}

// what says what comes and why.
func (a *app) what(p page, c conversation.Conversation, next conversation.Upcoming, policy conversation.Policy) string {
	agent := "the agent"
	if c.Agent != "" {
		agent = a.people.Name(conversation.Agent(c.Agent))
	}
	wait := span(next.At.Sub(next.Since))
	switch next.Why {
	case conversation.SnoozeOver:
		if c.Snooze.AtEnd == snooze.Release {
			return released(policy) + ", because the snooze is over and it is not kept."
		}
		return "it is back with " + agent + ", because the snooze is over."
	case conversation.Reassignment:
		return fmt.Sprintf("another agent gets it, because the visitor has waited for %s, who is away, for %s.", agent, wait)
	}
	rule := ". The rule: after " + wait + " of silence."
	if next.Step > 0 {
		rule = ". The rule: after " + wait + " more of silence."
	}
	if left := next.At.Sub(p.Now); left > 0 {
		rule = " in " + span(left) + rule
	}
	switch next.Action {
	case idle.Prompt:
		if c.Agent == p.Me.ID {
			return "you are prompted" + rule
		}
		return agent + " is prompted" + rule
	case idle.FollowUp:
		return "the visitor gets a follow-up" + rule
	case idle.HandBack:
		return "it goes back to the bot" + rule
	case idle.Requeue:
		return "it goes into the queue" + rule
	case idle.Close:
		return "it is closed" + rule
	}
	return words(next.Action) + rule
}

// released says what becomes of what nobody keeps after a snooze.
func released(policy conversation.Policy) string {
	if policy.PullOnly {
		return "it waits for whoever takes it"
	}
	return "it goes to another agent"
}

// place says which one in the queue it is.
func (a *app) place(ctx context.Context, c conversation.Conversation, policy conversation.Policy) (string, error) {
	if c.State != conversation.StateWaiting {
		return "", nil
	}
	n, err := a.desk.QueuePosition(ctx, workspace, c.ID)
	if err != nil || n == 0 { // somebody took it just now
		return "", err
	}
	queue := "the queue"
	if c.Group != "" {
		queue += " of " + c.Group
	}
	text := fmt.Sprintf("Number %d in %s. ", n, queue)
	if !policy.PullOnly {
		text += "It goes to the next agent with a free seat. "
	}
	return text, nil
}

// nothingNext says what ends the wait if time does not.
func nothingNext(p page, c conversation.Conversation, policy conversation.Policy) string {
	switch c.State {
	case conversation.StateBot:
		return "Nothing happens by itself until somebody writes or asks for a person."
	case conversation.StateWaiting:
		return "It waits until somebody takes it."
	case conversation.StateSnoozed:
		return "Nothing happens by itself until the visitor replies."
	case conversation.StateClosed:
		return afterClosing(p, c, policy)
	}
	return "Nothing happens by itself until somebody writes."
}

// afterClosing says what a message of the visitor does.
func afterClosing(p page, c conversation.Conversation, policy conversation.Policy) string {
	window := policy.ReopenWindow
	if window == 0 {
		window = conversation.DefaultReopenWindow
	}
	until := c.Closing.At.Add(window)
	switch {
	case c.Blocked:
		return "The visitor is blocked: nothing reopens it but an agent."
	case window < 0 || until.Before(p.Now):
		return "What the visitor writes is a new conversation."
	}
	return "Until " + p.At(until) + " a message of the visitor reopens it; later it is a new conversation."
}

// hints are what else an agent should know.
func (a *app) hints(ctx context.Context, p page, o *openConversation, policy conversation.Policy) ([]string, error) {
	var all []string
	if o.State == conversation.StateSnoozed && o.Snooze.Unread {
		all = append(all, "The visitor has written; it stays asleep as you wished.")
	}
	if tooLong(o.Conversation, o.journal) {
		all = append(all, "That is a long snooze, and the visitor waits. Will you be back? Otherwise do not keep it: then "+released(policy)+".")
	}
	if o.Blocked {
		all = append(all, "The visitor is blocked: nothing they write is accepted.")
	}
	if o.State == conversation.StateClosed && o.Closing.Survey != nil {
		all = append(all, surveySays(p, *o.Closing.Survey))
	}
	unheld := o.State == conversation.StateBot || o.State == conversation.StateWaiting
	if !unheld || o.Allowed[string(conversation.NameTake)] {
		return all, nil
	}
	agent, err := a.desk.Agent(ctx, workspace, p.Me.ID)
	if err != nil {
		return nil, err
	}
	return append(all, cannotTake(agent)), nil
}

func cannotTake(agent lifecycle.Agent) string {
	switch {
	case agent.Seats >= agent.Capacity:
		return fmt.Sprintf("To take it you need a free seat: you have %d of %d conversations.", agent.Seats, agent.Capacity)
	case agent.Availability() != roster.Available:
		return "To take it you have to be available."
	}
	return "You cannot take it now."
}

func surveySays(p page, s conversation.Survey) string {
	switch {
	case s.Rating > 0:
		return fmt.Sprintf("The visitor rated it %d of %d, %s.", s.Rating, conversation.MaxRating, p.Ago(s.AnsweredAt))
	case p.Now.Before(s.Until):
		return "The visitor is asked how satisfied they are, and can answer until " + p.At(s.Until) + "."
	}
	return "The visitor was asked how satisfied they are, and did not answer."
}
