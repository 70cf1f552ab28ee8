package lifecycletest

import (
	"context"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A Chat is one conversation of a kit. Its methods end the test if something
// goes otherwise than it says.
type Chat struct {
	ID string

	kit    *Kit
	called lifecycle.Call
}

// Chat returns the conversation with the given ID in [Workspace], which need not
// exist yet.
func (k *Kit) Chat(id string) *Chat {
	return &Chat{ID: id, kit: k, called: lifecycle.Call{Workspace: Workspace, Conversation: id}}
}

// By returns the call that by makes to this conversation, for the methods of the
// Desk.
func (c *Chat) By(by conversation.Actor) lifecycle.Call { return c.called.As(by) }

// Do gives a command, which must be accepted. What a bot says or closes is as of
// the present version.
func (c *Chat) Do(by conversation.Actor, command conversation.Command) lifecycle.Result {
	c.kit.t.Helper()
	call := c.By(by)
	if _, opening := command.(conversation.Open); !opening && by.Kind == conversation.KindBot {
		call.AsOf = c.Now().Version
	}
	result, err := c.kit.Desk.Do(context.Background(), call, command)
	if err != nil {
		c.kit.t.Fatalf("lifecycletest: %v", err)
	}
	return result
}

// Open begins the conversation of a visitor.
func (c *Chat) Open(visitor conversation.Actor) lifecycle.Result {
	c.kit.t.Helper()
	return c.Do(visitor, conversation.Open{})
}

// Say adds a message.
func (c *Chat) Say(by conversation.Actor, text string) lifecycle.Result {
	c.kit.t.Helper()
	return c.Do(by, conversation.Say{Text: text})
}

// Now returns the conversation as it stands.
func (c *Chat) Now() conversation.Conversation {
	c.kit.t.Helper()
	now, err := c.kit.Desk.Get(context.Background(), Workspace, c.ID)
	if err != nil {
		c.kit.t.Fatalf("lifecycletest: %v", err)
	}
	return now
}

// Journal returns everything that happened.
func (c *Chat) Journal() []conversation.Record {
	c.kit.t.Helper()
	records, err := c.kit.Desk.History(context.Background(), Workspace, c.ID, 0, 0)
	if err != nil {
		c.kit.t.Fatalf("lifecycletest: %v", err)
	}
	return records
}

// WantState ends the test unless the conversation is in the state.
func (c *Chat) WantState(want conversation.State) {
	c.kit.t.Helper()
	if got := c.Now(); got.State != want {
		c.kit.t.Fatalf("lifecycletest: %s is %s, want %s; it went %v", c.ID, got.State, want, c.events())
	}
}

// WantEvents ends the test unless the conversation went through exactly these
// events, named as in the journal: "opened", "said", "taken" …
func (c *Chat) WantEvents(want ...string) {
	c.kit.t.Helper()
	if diff := cmp.Diff(want, c.events()); diff != "" {
		c.kit.t.Fatalf("lifecycletest: events of %s (-want +got):\n%s", c.ID, diff)
	}
}

func (c *Chat) events() []string {
	c.kit.t.Helper()
	var names []string
	for _, r := range c.Journal() {
		names = append(names, conversation.EventName(r.Event))
	}
	return names
}
