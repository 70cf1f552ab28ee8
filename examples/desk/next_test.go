package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/roster"
)

// The line says of everything that comes by itself when it comes and why; then it
// comes.
func TestWhatComesNext(t *testing.T) {
	t.Parallel()
	a := openDesk(t, func(p *conversation.Policies) {
		p.Default.ReassignAfter = 20 * time.Minute
		p.Default.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
			{After: 2 * time.Minute, Action: idle.Prompt, Text: "Ask.", Phrase: "Still there?"},
			{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Are you there?"},
			{After: time.Hour, Action: idle.Close},
		}}
		p.Default.Idle.Waiting = idle.Ladder{Steps: []idle.Step{{After: time.Hour, Action: idle.HandBack}}}
	})
	ann, ben := agentUser(t, a, "ann"), agentUser(t, a, "ben")
	opens(t, a, "c1", "Vic", "Hello?")
	says := func(who *user, want string) {
		t.Helper()
		page := who.Sees("c1")
		page.wants(t, "what comes next", page.Text("next"), want)
	}
	says(ann, "If nobody writes, it goes back to the bot in 1 h. The rule: after 1 h of silence.")
	passes(t, a, time.Hour)
	says(ann, "Nothing happens by itself until somebody writes or asks for a person.")
	setPolicies(t, a, func(p *conversation.Policies) {
		p.Default.Idle.Waiting = idle.Ladder{}
		p.Default.Idle.Bot = idle.Ladder{Steps: []idle.Step{{After: 2 * time.Hour, Action: idle.Requeue}}}
	})
	says(ann, "If nobody writes, it goes into the queue in 2 h. The rule: after 2 h of silence.")
	ann.Does("c1", "take-form", nil)
	ann.Does("c1", "composer", url.Values{"text": {"Hello!"}})
	says(ann, "If nobody writes, you are prompted in 2 min. The rule: after 2 min of silence.")
	says(ben, "If nobody writes, Ann Archer is prompted in 2 min. The rule: after 2 min of silence.")
	passes(t, a, 2*time.Minute)
	says(ann, "If nobody writes, the visitor gets a follow-up in 10 min. The rule: after 10 min more of silence.")
	passes(t, a, 10*time.Minute)
	says(ann, "If nobody writes, it is closed in 1 h. The rule: after 1 h more of silence.")

	visitorSays(t, a, "c1", "Yes.")
	if _, err := a.desk.SetAvailability(t.Context(), workspace, "ann", roster.Manual, roster.Unavailable); err != nil {
		t.Fatal(err)
	}
	passes(t, a, 13*time.Minute) // the prompt and the follow-up
	says(ben, "another agent gets it, because the visitor has waited for Ann Archer, who is away, for 20 min.")
	passes(t, a, 8*time.Minute)
	stands(t, a, "c1", conversation.StateWaiting, "")
	if _, err := a.desk.SetAvailability(t.Context(), workspace, "ann", roster.Manual, roster.Unset); err != nil {
		t.Fatal(err)
	}

	ann.Does("c1", "take-form", nil)
	ann.Does("c1", "snooze-form", url.Values{"until": {"3h"}, "keep": nil})
	says(ann, "it waits for whoever takes it, because the snooze is over and it is not kept.")
	ann.Does("c1", "snooze-form", url.Values{"until": {"reply"}})
	says(ann, "Nothing happens by itself until the visitor replies.")
	ann.Does("c1", "close-form", url.Values{"outcome": {"resolved"}})
	says(ann, "a message of the visitor reopens it; later it is a new conversation.")
	passes(t, a, 25*time.Hour)
	says(ann, "What the visitor writes is a new conversation.")
}

func TestWhenItComes(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c := conversation.Conversation{
		Workspace: workspace, ID: "c1", State: conversation.StateAssigned, Agent: "ann",
		Silence: conversation.Silence{Since: now.Add(-40 * time.Second)},
	}
	ladder := func(action idle.Action) conversation.Policy {
		return conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{{After: 2 * time.Minute, Action: action}}}}}
	}
	for want, policy := range map[string]conversation.Policy{
		"If nobody writes, Ann Archer is prompted in 1 min 20 s. The rule: after 2 min of silence.":  {},
		"If nobody writes, it goes back to the bot in 1 min 20 s. The rule: after 2 min of silence.": ladder(idle.HandBack),
		"If nobody writes, it goes into the queue in 1 min 20 s. The rule: after 2 min of silence.":  ladder(idle.Requeue),
		"If nobody writes, it is closed in 1 min 20 s. The rule: after 2 min of silence.":            ladder(idle.Close),
		"Nothing happens by itself until somebody writes.":                                           {Idle: conversation.Idle{Assigned: idle.Ladder{Off: true}}},
	} {
		if got, err := a.next(t.Context(), page{Now: now}, c, policy); got != want || err != nil {
			t.Errorf("it says %q, %v, want %q", got, err, want)
		}
	}
	got, err := a.next(t.Context(), page{Now: now.Add(time.Hour), Me: person{ID: "ann"}}, c, conversation.Policy{})
	if want := "Now: you are prompted. The rule: after 2 min of silence."; got != want || err != nil {
		t.Errorf("it says %q, %v, want %q", got, err, want)
	}
}

func TestWhyNotTake(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	ann := agentUser(t, a, "ann")
	for _, id := range []string{"c1", "c2", "c3", "c4"} {
		opens(t, a, id, "Vic", "Hello?")
	}
	for _, id := range []string{"c1", "c2", "c3"} {
		ann.Does(id, "take-form", nil)
	}
	page := ann.Sees("c4")
	page.wants(t, "the hint", page.body, "you have 3 of 3 conversations")
	ann.Does("c1", "hand-back-form", nil)
	if _, err := a.desk.SetAvailability(t.Context(), workspace, "ann", roster.Manual, roster.Unavailable); err != nil {
		t.Fatal(err)
	}
	page = ann.Sees("c4")
	page.wants(t, "the hint", page.body, "you have to be available")
}
