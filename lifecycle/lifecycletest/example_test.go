package lifecycletest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
)

// Three days in the life of a conversation.
func Example() {
	t := new(testing.T) // a test has its own
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{
		{After: 2 * time.Minute, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
		{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Are you still there?"},
		{After: 24 * time.Hour, Action: idle.Close},
	}}}})
	vic, ann := conversation.Visitor("vic"), conversation.Agent("ann")
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Say(vic, "My parcel is late.")
	chat.Do(ann, conversation.Take{})
	chat.Do(ann, conversation.Snooze{Until: snooze.For(snooze.Long)})
	for _, f := range kit.Advance(72 * time.Hour) {
		fmt.Println(f.Due.Format("Mon 15:04"), conversation.EventName(f.Records[0].Event))
	}
	chat.WantState(conversation.StateClosed)
	// Output:
	// Tue 09:00 woken
	// Tue 09:02 prompted
	// Tue 09:12 followed_up
	// Wed 09:12 closed
}
