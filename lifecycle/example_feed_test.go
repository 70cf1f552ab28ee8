package lifecycle_test

import (
	"context"
	"fmt"
	"log"

	"github.com/adjourn/adjourn/conversation"
)

// A subscriber does its work and then advances: after a crash in between, the
// same deliveries come again.
func ExampleDesk_Feed() {
	ctx := context.Background()
	desk, chat := assignedChat()
	for range 2 {
		deliveries, err := desk.Feed(ctx, "crm", 100)
		if err != nil {
			log.Fatal(err)
		}
		for _, d := range deliveries {
			for _, r := range d.Records {
				fmt.Println(d.Position, d.Conversation, r.Seq, conversation.EventName(r.Event), "by", r.By)
			}
			if _, err := desk.Advance(ctx, "crm", d.Position); err != nil {
				log.Fatal(err)
			}
		}
		fmt.Println(len(deliveries), "deliveries")
		desk.AddNote(ctx, chat.As(ann), "Calls again.")
	}
	// Output:
	// 1 chat-1 1 opened by visitor:vic
	// 2 chat-1 2 taken by agent:ann
	// 2 deliveries
	// 3 chat-1 3 note_added by agent:ann
	// 1 deliveries
}

// A screen shows live what happens on this Desk.
func ExampleDesk_Subscribe() {
	ctx := context.Background()
	desk, chat := assignedChat()
	live := desk.Subscribe(16)
	defer live.Close()
	desk.Say(ctx, chat.As(vic), "Hello?")
	desk.HandBack(ctx, chat.As(ann)) // refused: there is no bot
	desk.Requeue(ctx, chat.As(ann))
	for range 2 {
		u := <-live.Updates()
		fmt.Println(u.Conversation.Version, conversation.EventName(u.Records[0].Event), u.Conversation.State)
	}
	fmt.Println(live.Dropped(), "dropped")
	// Output:
	// 3 said assigned
	// 4 requeued waiting
	// 0 dropped
}
