package rows

import (
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// snoozeAll has a Desk open conversations, have something said, taken, answered
// and put aside: five commands and five events each, as hosts give them.
func snoozeAll(ctx context.Context, store storage.Store, conversations int) error {
	clock := &steps{}
	clock.now.Store(monday.UnixMicro())
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: clock})
	if err != nil {
		return err
	}
	return atOnce(ctx, 64, conversations, func(ctx context.Context, i int) error {
		number := strconv.Itoa(i)
		visitor, agent := conversation.Visitor("visitor-"+number), conversation.Agent("agent-"+strconv.Itoa(i%50))
		call := lifecycle.Call{Workspace: "acme"}
		give := func(by conversation.Actor, command conversation.Command) error {
			call := call.As(by)
			call.CommandID = rand.Text()
			_, err := desk.Do(ctx, call, command)
			return err
		}
		call.Conversation = rand.Text()
		for _, turn := range []struct {
			by      conversation.Actor
			command conversation.Command
		}{
			{visitor, conversation.Open{Group: "group-" + strconv.Itoa(i%7)}},
			{visitor, conversation.Say{Text: "Good morning. My parcel " + number + " should have been here on Friday. Do you know where it is?"}},
			{agent, conversation.Take{}},
			{agent, conversation.Say{Text: "I have asked the carrier and come back to you as soon as they answer. It may take a day or two."}},
			{agent, conversation.Snooze{Until: snooze.For(48 * time.Hour)}},
		} {
			if err := give(turn.by, turn.command); err != nil {
				return err
			}
		}
		return nil
	})
}

// steps is a clock that is a second later whenever somebody looks.
type steps struct{ now atomic.Int64 }

func (c *steps) Now() time.Time {
	return time.UnixMicro(c.now.Add(time.Second.Microseconds()))
}

func (c *steps) After(time.Duration) <-chan time.Time { return nil }

// A given store knows how many bytes of what it was given it has to keep: of heads
// the last, of everything else all.
type given struct {
	storage.Store

	mu    sync.Mutex // guards the fields below
	heads map[storage.Key]int
	total int
}

func (g *given) Commit(ctx context.Context, c storage.Commit) error {
	err := g.Store.Commit(ctx, c)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.heads == nil {
		g.heads = map[storage.Key]int{}
	}
	head := headSize(c.Key, c.Head)
	g.total += head - g.heads[c.Key] + commitSize(c)
	g.heads[c.Key] = head
	return nil
}

const eight = 8 // what a number or a time takes

func headSize(key storage.Key, h storage.Head) int {
	n := len(key.Workspace) + len(key.Conversation) + len(h.Body) +
		len(h.Visitor) + len(h.State) + len(h.Agent) + len(h.Group) + len(h.Outcome) + len(h.Seat) +
		2*eight // version and revision of the policies
	for _, tag := range h.Tags {
		n += len(tag)
	}
	for _, t := range []time.Time{h.DormantSince, h.Due, h.Since, h.Updated} {
		if !t.IsZero() {
			n += eight
		}
	}
	return n
}

// commitSize is that of events and command, which come beside the head.
func commitSize(c storage.Commit) (n int) {
	for _, e := range c.Events {
		n += eight + len(e.Body) + len(e.Text)
	}
	if c.Command.ID != "" {
		n += len(c.Command.ID) + len(c.Command.Fingerprint) + 2*eight // and the versions before and after
	}
	return n
}
