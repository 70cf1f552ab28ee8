package lifecycle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// A steppingClock goes on by a millisecond whenever it is read, so that nothing
// happens at the same instant.
type steppingClock struct{ read time.Duration }

func (c *steppingClock) Now() time.Time {
	c.read += time.Millisecond
	return time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC).Add(c.read)
}

func (c *steppingClock) After(time.Duration) <-chan time.Time { return nil }

// BenchmarkNextFromQueue is an agent who closes a conversation and gets the next,
// while so many wait and so many other agents are busy.
func BenchmarkNextFromQueue(b *testing.B) {
	for _, size := range []struct{ waiting, agents int }{{100, 10}, {10_000, 10}, {10_000, 500}} {
		b.Run(fmt.Sprintf("waiting=%d/agents=%d", size.waiting, size.agents), func(b *testing.B) {
			b.ReportAllocs()
			desk := newDesk(b, newMemory(), lifecycle.Options{Clock: &steppingClock{}})
			for n := range size.waiting + size.agents {
				_, err := desk.Open(b.Context(), benchCall(int64(n)).As(vic), conversation.Open{})
				must(b, err)
			}
			for n := range size.agents {
				id := fmt.Sprintf("agent-%d", n)
				_, err := desk.SetAgent(b.Context(), "acme", id, 1)
				must(b, err)
				_, err = desk.SetAvailability(b.Context(), "acme", id, roster.Manual, roster.Available)
				must(b, err)
			}
			ticked, err := desk.Tick(b.Context())
			must(b, err)
			held := ticked.Assigned
			next := int64(size.waiting + size.agents)
			for b.Loop() {
				a := held[0]
				call := lifecycle.Call{Workspace: "acme", Conversation: a.Conversation, By: conversation.Agent(a.Agent)}
				_, err := desk.Close(b.Context(), call, conversation.Close{Outcome: closure.Resolved})
				must(b, err)
				_, err = desk.Open(b.Context(), benchCall(next).As(vic), conversation.Open{})
				must(b, err)
				next++
				ticked, err := desk.Tick(b.Context())
				must(b, err)
				if len(ticked.Assigned) != 1 {
					b.Fatalf("%d were assigned", len(ticked.Assigned))
				}
				held = append(held[1:], ticked.Assigned...)
			}
		})
	}
}
