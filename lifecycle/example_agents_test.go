package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage/memory"
)

// Agents are added once and say when they are available. A waiting conversation
// then finds the next free seat by itself, while somebody runs the Desk.
func ExampleDesk_SetAvailability() {
	ctx := context.Background()
	desk, _ := lifecycle.New(memory.New(), &lifecycle.Options{Clock: clock.NewMock()})
	desk.SetAgent(ctx, "acme", "ann", 1)
	for _, id := range []string{"chat-1", "chat-2"} {
		call := lifecycle.Call{Workspace: "acme", Conversation: id, By: conversation.Visitor("vic-" + id)}
		desk.Open(ctx, call, conversation.Open{})
	}
	desk.Tick(ctx)
	show := func(when string) {
		mine, _ := desk.List(ctx, "acme", lifecycle.MyConversations("ann"), "", 10)
		queue, _ := desk.Queue(ctx, "acme", "")
		fmt.Printf("%s: ann has %d, %d wait\n", when, len(mine.Conversations), queue.Waiting)
	}
	show("nobody is there")

	desk.SetAvailability(ctx, "acme", "ann", roster.Manual, roster.Available)
	desk.Tick(ctx)
	show("ann is there")

	call := lifecycle.Call{Workspace: "acme", Conversation: "chat-1", By: conversation.Agent("ann")}
	desk.Snooze(ctx, call, conversation.Snooze{Until: snooze.For(snooze.Short)})
	desk.Tick(ctx)
	show("ann put one aside")
	// Output:
	// nobody is there: ann has 0, 2 wait
	// ann is there: ann has 1, 1 wait
	// ann put one aside: ann has 1, 0 wait
}

// seniorsFirst is a Router of a host: conversations in its premium group go to
// seniors, if one has a free seat.
type seniorsFirst struct{ seniors []string }

func (s seniorsFirst) Route(ctx context.Context, r lifecycle.Routing) (string, error) {
	for _, c := range r.Candidates {
		if r.Conversation.Group == "premium" && slices.Contains(s.seniors, c.Agent) {
			return c.Agent, nil
		}
	}
	return lifecycle.LeastLoaded{}.Route(ctx, r)
}

// A Router of the host's own chooses among the agents who have a free seat.
func ExampleRouter() {
	ctx := context.Background()
	desk, _ := lifecycle.New(memory.New(), &lifecycle.Options{
		Clock: clock.NewMock(), Router: seniorsFirst{seniors: []string{"sal"}},
	})
	desk.SetGroup(ctx, "acme", "premium")
	for _, agent := range []string{"ann", "sal"} {
		desk.SetAgent(ctx, "acme", agent, 2, "premium")
		desk.SetAvailability(ctx, "acme", agent, roster.Manual, roster.Available)
	}
	for _, id := range []string{"chat-1", "chat-2", "chat-3"} {
		call := lifecycle.Call{Workspace: "acme", Conversation: id, By: conversation.Visitor("vic-" + id)}
		desk.Open(ctx, call, conversation.Open{Group: "premium"})
	}
	ticked, _ := desk.Tick(ctx)
	for _, a := range ticked.Assigned {
		fmt.Println(a.Conversation, a.Agent)
	}
	// Output:
	// chat-1 sal
	// chat-2 sal
	// chat-3 ann
}

// Who still has conversations cannot log out, and learns what to do with them.
func ExampleDesk_LogOut() {
	ctx := context.Background()
	desk, _ := lifecycle.New(memory.New(), &lifecycle.Options{Clock: clock.NewMock()})
	desk.SetAgent(ctx, "acme", "ann", 3)
	desk.SetAvailability(ctx, "acme", "ann", roster.Manual, roster.Available)
	vic, ann := conversation.Visitor("vic"), conversation.Agent("ann")
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	desk.Open(ctx, chat.As(vic), conversation.Open{})
	desk.Take(ctx, chat.As(ann))

	err := desk.LogOut(ctx, "acme", "ann")
	if refusal, ok := errors.AsType[*lifecycle.LogOutError](err); ok {
		for _, b := range refusal.Blockers {
			fmt.Println(b.Conversation, b.Exits)
		}
	}
	desk.Snooze(ctx, chat.As(ann), conversation.Snooze{Until: snooze.For(snooze.Long)})
	fmt.Println(desk.LogOut(ctx, "acme", "ann"))
	// Output:
	// chat-1 [transfer requeue snooze close]
	// <nil>
}

// What was said to a visitor who is away is there when they return, and the host
// is asked once to write an e-mail.
func ExampleDesk_SetPresence() {
	ctx := context.Background()
	mock := clock.NewMock()
	desk, _ := lifecycle.New(memory.New(), &lifecycle.Options{Clock: mock})
	desk.SetPolicies(ctx, "acme", conversation.Policies{Default: conversation.Policy{NotifyByEmail: true}}, 0)
	vic, ann := conversation.Visitor("vic"), conversation.Agent("ann")
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	desk.Open(ctx, chat.As(vic), conversation.Open{})
	desk.SetEmail(ctx, "acme", "vic", "vic@example.org")
	desk.SetPresence(ctx, "acme", "vic", false)
	mock.Add(lifecycle.AwayGrace)

	desk.Take(ctx, chat.As(ann))
	for _, text := range []string{"Hello.", "Your parcel is on its way."} {
		result, _ := desk.Say(ctx, chat.As(ann), text)
		for _, r := range result.Records {
			fmt.Println(conversation.EventName(r.Event))
		}
	}
	desk.SetPresence(ctx, "acme", "vic", true)
	unread, _ := desk.Unread(ctx, "acme", "vic")
	for _, u := range unread {
		fmt.Println(u.Record.Event.(conversation.Said).Text)
	}
	desk.MarkRead(ctx, chat.As(vic), 0)
	n, _ := desk.UnreadCount(ctx, "acme", "vic")
	fmt.Println(n, "unread")
	// Output:
	// said
	// email_requested
	// said
	// Hello.
	// Your parcel is on its way.
	// 0 unread
}

// A list is read page by page.
func ExampleDesk_List() {
	ctx := context.Background()
	mock := clock.NewMock()
	desk, _ := lifecycle.New(memory.New(), &lifecycle.Options{Clock: mock})
	for i := range 5 {
		call := lifecycle.Call{Workspace: "acme", Conversation: fmt.Sprint("chat-", i+1), By: conversation.Visitor("vic")}
		desk.Open(ctx, call, conversation.Open{Group: "billing"})
		mock.Add(time.Minute)
	}
	token := ""
	for {
		page, _ := desk.List(ctx, "acme", lifecycle.Waiting("billing"), token, 2)
		var ids []string
		for _, c := range page.Conversations {
			ids = append(ids, c.ID)
		}
		fmt.Println(ids)
		if token = page.Next; token == "" {
			break
		}
	}
	position, _ := desk.QueuePosition(ctx, "acme", "chat-4")
	fmt.Println("chat-4 is number", position)
	// Output:
	// [chat-1 chat-2]
	// [chat-3 chat-4]
	// [chat-5]
	// chat-4 is number 4
}
