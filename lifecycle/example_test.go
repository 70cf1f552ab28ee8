package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage/memory"
)

// A conversation from its beginning to its end. Who closes what is closed
// already learns how it ended.
func Example() {
	ctx := context.Background()
	desk, err := lifecycle.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	vic, ann := conversation.Visitor("vic"), conversation.Agent("ann")
	desk.Open(ctx, chat.As(vic), conversation.Open{})
	desk.Say(ctx, chat.As(vic), "My parcel is late.")
	desk.Take(ctx, chat.As(ann))
	closed, err := desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})
	fmt.Println(closed.Conversation.State, closed.Conversation.Closing.Outcome, err)
	_, err = desk.Close(ctx, chat.As(conversation.Agent("ben")), conversation.Close{Outcome: closure.Unresolved})
	fmt.Println(err)
	// Output:
	// closed resolved <nil>
	// conversation: close by agent:ben refused in state closed: already closed (by agent:ann as resolved, cause agent); allowed: [reclassify offer_survey reopen add_note link_article block]
}

// The caller's ID makes a command safe to repeat, such as a webhook that is
// delivered twice.
func ExampleCall() {
	ctx := context.Background()
	desk, err := lifecycle.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	call := lifecycle.Call{Workspace: "acme", By: conversation.Visitor("vic"), CommandID: "hook-1"}
	first, err := desk.Open(ctx, call, conversation.Open{})
	if err != nil {
		log.Fatal(err)
	}
	again, err := desk.Open(ctx, call, conversation.Open{})
	fmt.Println(again.Conversation.ID == first.Conversation.ID, again.Repeated, err)

	call.By = conversation.Visitor("eve")
	_, err = desk.Open(ctx, call, conversation.Open{})
	fmt.Println(errors.Is(err, lifecycle.ErrCommandIDReused))
	// Output:
	// true true <nil>
	// true
}

// An agent closes as of the version on their screen. A message that came
// meanwhile is not closed on.
func ExampleDesk_Close() {
	ctx := context.Background()
	desk, chat := assignedChat()
	seen, err := desk.Say(ctx, chat.As(ann), "Glad I could help. Goodbye!")
	if err != nil {
		log.Fatal(err)
	}
	desk.Say(ctx, chat.As(vic), "Wait, one more thing.")

	call := chat.As(ann)
	call.AsOf = seen.Conversation.Version
	_, err = desk.Close(ctx, call, conversation.Close{Outcome: closure.Resolved})
	fmt.Println(errors.Is(err, conversation.ErrStale))

	call.By = sue // a supervisor may
	result, err := desk.Close(ctx, call, conversation.Close{Outcome: closure.Unresolved, Force: true})
	fmt.Println(result.Conversation.Closing.Cause, err)
	// Output:
	// true
	// forced <nil>
}

// The result says who must answer the visitor now.
func ExampleDesk_Say() {
	ctx := context.Background()
	desk, chat := assignedChat()
	result, err := desk.Say(ctx, chat.As(vic), "Hello?")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.MustAnswer(), result.Conversation.Agent)

	desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})
	result, err = desk.Say(ctx, chat.As(vic), "It broke again.")
	fmt.Println(result.Reopened(), result.MustAnswer(), result.Conversation.Agent, err)
	// Output:
	// agent ann
	// true agent ann <nil>
}

func ExampleDesk_Snooze() {
	ctx := context.Background()
	desk, chat := assignedChat()
	result, err := desk.Snooze(ctx, chat.As(ann), conversation.Snooze{Until: snooze.For(48 * snooze.Short)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Conversation.State, result.Advice)

	result, err = desk.Say(ctx, chat.As(vic), "Here is the number you asked for.")
	fmt.Println(result.Conversation.State, result.MustAnswer(), err)
	// Output:
	// snoozed [long_snooze]
	// assigned agent <nil>
}

func ExampleDesk_Allowed() {
	desk, chat := assignedChat()
	for _, by := range []conversation.Actor{ann, ben, bot} {
		names, err := desk.Allowed(context.Background(), chat.Workspace, chat.Conversation, by)
		fmt.Println(by, names, err)
	}
	// Output:
	// agent:ann [say transfer requeue snooze close add_note link_article block] <nil>
	// agent:ben [add_note link_article block] <nil>
	// bot [add_note link_article] <nil>
}

// The journal of a conversation, as its agents read it: in German, with names.
func ExampleDesk_History() {
	ctx := context.Background()
	desk, chat := assignedChat()
	desk.Say(ctx, chat.As(ann), "Hello {name}!")
	desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})
	records, err := desk.History(ctx, chat.Workspace, chat.Conversation, 0, 0)
	if err != nil {
		log.Fatal(err)
	}
	notes := lifecycle.Notes{
		Texts: map[string]string{"closed": "{name} hat das Gespräch beendet ({outcome})", "outcome.resolved": "gelöst", "opened": ""},
		Name:  func(a conversation.Actor) string { return map[string]string{"ann": "Ann Weber", "vic": "Vic"}[a.ID] },
	}
	for _, r := range records {
		if note, ok := notes.Render(r); ok {
			fmt.Println(note.Text)
		}
	}
	// Output:
	// Ann Weber took the conversation
	// Ann Weber: Hello {name}!
	// Ann Weber hat das Gespräch beendet (gelöst)
}

// assignedChat returns a Desk with one conversation, which ann has taken.
func assignedChat() (*lifecycle.Desk, lifecycle.Call) {
	desk, err := lifecycle.New(memory.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	if _, err = desk.Open(context.Background(), chat.As(vic), conversation.Open{}); err != nil {
		log.Fatal(err)
	}
	if _, err = desk.Take(context.Background(), chat.As(ann)); err != nil {
		log.Fatal(err)
	}
	return desk, chat
}
