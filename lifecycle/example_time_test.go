package lifecycle_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage/memory"
)

// On a fake clock, a night passes at once. A host without Run calls Tick from a
// scheduler of its own.
func ExampleDesk_Tick() {
	ctx := context.Background()
	fake := clock.NewMock()
	desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Clock: fake})
	if err != nil {
		log.Fatal(err)
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	desk.Open(ctx, chat.As(vic), conversation.Open{})
	desk.Take(ctx, chat.As(ann))
	desk.Snooze(ctx, chat.As(ann), conversation.Snooze{Until: snooze.For(12 * time.Hour)})

	for _, wait := range []time.Duration{11 * time.Hour, time.Hour, 5 * time.Minute} {
		fake.Add(wait)
		ticked, err := desk.Tick(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(wait, "later:", len(ticked.Fired), "fired")
		for _, f := range ticked.Fired {
			fmt.Println(f.Conversation, conversation.EventName(f.Records[0].Event), "late by", fake.Now().Sub(f.Due))
		}
	}
	// Output:
	// 11h0m0s later: 0 fired
	// 1h0m0s later: 1 fired
	// chat-1 woken late by 0s
	// 5m0s later: 1 fired
	// chat-1 prompted late by 3m0s
}

// Run works off the deadlines in a goroutine of the host's.
func ExampleDesk_Run() {
	fake := clock.NewMock() // production leaves Clock out
	desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Clock: fake})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- desk.Run(ctx) }()

	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	desk.Open(ctx, chat.As(vic), conversation.Open{})
	desk.Take(ctx, chat.As(ann))
	live := desk.Subscribe(1)
	defer live.Close()
	for passing := true; passing; {
		select {
		case u := <-live.Updates():
			fmt.Println(u.Records[0].Event.(conversation.Prompted).Phrase)
			passing = false
		default:
			fake.Add(10 * time.Second)
		}
	}
	stop()
	fmt.Println(<-done)
	// Output:
	// Are you still there? Is there anything else I can help with?
	// context canceled
}

// A workspace with a bot, whose sales agents get more time.
func ExampleDesk_SetPolicies() {
	ctx := context.Background()
	desk, _ := assignedChat()
	policies, revision, err := desk.Policies(ctx, "acme")
	if err != nil {
		log.Fatal(err)
	}
	policies.Default.Bot = true
	sales := policies.Default
	sales.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
		{After: 5 * time.Minute, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
		{After: 30 * time.Minute, Action: idle.FollowUp, Text: "Are you still there?"},
		{After: 24 * time.Hour, Action: idle.Close},
	}}
	policies.Groups = map[string]conversation.Policy{"sales": sales}
	if revision, err = desk.SetPolicies(ctx, "acme", policies, revision); err != nil {
		log.Fatal(err)
	}
	ticked, err := desk.Tick(ctx) // as Run would
	applied, _ := desk.PoliciesApplied(ctx, "acme")
	fmt.Println(revision, ticked.Recomputed, applied, err)

	_, err = desk.SetPolicies(ctx, "acme", policies, 0) // somebody else's page, opened before
	fmt.Println(err)
	// Output:
	// 1 1 true <nil>
	// lifecycle: the policies have changed meanwhile: workspace acme is not at revision 0
}
