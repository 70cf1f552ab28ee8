package conversation_test

import (
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// What an agent's screen shows: what comes by itself, when, and why.
func ExampleNext() {
	wrote := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	c := conversation.Conversation{
		State: conversation.StateAssigned, Agent: "ann",
		UnansweredSince: wrote, Silence: conversation.Silence{Since: wrote},
	}
	p := conversation.Policy{ReassignAfter: 10 * time.Minute, Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{
		{After: 20 * time.Minute, Action: idle.FollowUp, Text: "We have not forgotten you."},
	}}}}
	show := func() {
		next, ok := conversation.Next(c, p)
		if !ok {
			fmt.Println("nothing")
			return
		}
		fmt.Println(next.At.Format("15:04"), next.Why, next.Action, "after", next.At.Sub(next.Since))
	}
	show()

	c.AwaySince = wrote.Add(5 * time.Minute) // ann left without an answer
	show()
	next, _ := conversation.Next(c, p)
	body, err := json.Marshal(next)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(body))

	c.AwaySince, c.Silence.Step = time.Time{}, 1 // she is back, and the visitor was written to
	show()

	// Output:
	// 09:20 idle_step follow_up after 20m0s
	// 09:15 reassignment  after 10m0s
	// {"why":"reassignment","at":"2026-03-02T09:15:00Z","since":"2026-03-02T09:05:00Z","step":0}
	// nothing
}
