package idle_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/idle"
)

func ExampleDefault() {
	for _, step := range idle.Default().Steps {
		fmt.Println(step.After, step.Action)
		fmt.Println("the agent reads:", step.Text)
		fmt.Println("one click sends:", step.Phrase)
	}
	// Output:
	// 2m0s prompt
	// the agent reads: This chat is idle. Before closing, please check in with the customer. Try saying: 'Are you still there? Is there anything else I can help with?'
	// one click sends: Are you still there? Is there anything else I can help with?
}

// Nobody is closed on without having been told.
func ExampleLadder_Check() {
	ladder := idle.Ladder{Steps: []idle.Step{
		{After: 24 * time.Hour, Action: idle.Close},
	}}
	err := ladder.Check(idle.Actions()...)
	fmt.Println(errors.Is(err, idle.ErrLadder))
	fmt.Println(err)

	ladder.Steps = []idle.Step{
		{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Are you still there?"},
		{After: 24 * time.Hour, Action: idle.Close},
	}
	fmt.Println(ladder.Check(idle.Actions()...))

	// In Waiting there is no agent to prompt.
	err = idle.Default().Check(idle.FollowUp, idle.Close)
	fmt.Println(err)
	// Output:
	// true
	// idle: invalid ladder: step 1: a close must come after a follow-up
	// <nil>
	// idle: invalid ladder: step 1: action "prompt", allowed are ["follow_up" "close"]
}
