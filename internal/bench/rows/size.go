package rows

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// bytesPerConversation is the unit of the rows of sizes.
const bytesPerConversation = "B/conversation"

const sizeNote = "An idle conversation was opened, written to, taken, answered and snoozed, each by a command with an ID: five events. The size of its fields is " +
	"what the store was given and has to know still: its key, the head with its body, the body and text of each event, and each command's ID and fingerprint, " +
	"with eight bytes for each number and each instant. What it takes beyond that are the indexes: by due instant, for five views, by command, and the feed."

// MemorySize is what an idle conversation takes in the memory store.
func MemorySize() bench.Row {
	return bench.Row{
		Name: "memory-size",
		What: "Bytes of an idle conversation in the memory store",
		Note: sizeNote + " What it takes is how much the heap grew.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			n := e.Size(20_000, 500)
			return []bench.Case{{
				Name: plural(n, "conversation"),
				Sides: []bench.Side{
					{Name: "memory store", Run: func(ctx context.Context) (bench.Sample, error) {
						before := heap()
						store := memory.New()
						_, err := fallAsleep(ctx, store, n)
						grown := heap() - before
						runtime.KeepAlive(store)
						return bench.Sample{bytesPerConversation: float64(grown) / float64(n)}, err
					}},
					{Name: "its fields", Run: func(ctx context.Context) (bench.Sample, error) {
						sized, err := fallAsleep(ctx, memory.New(), n)
						return bench.Sample{bytesPerConversation: sized / float64(n)}, err
					}},
				},
				Targets: []bench.Target{{Unit: bytesPerConversation, Against: "its fields", AtMost: 2}},
			}}, nil
		},
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// fallAsleep snoozes so many conversations on a store, and returns how large their
// fields are.
func fallAsleep(ctx context.Context, store storage.Store, n int) (fields float64, err error) {
	scale := &scale{Store: store}
	desk, err := lifecycle.New(scale, &lifecycle.Options{Clock: lifecycletest.NewClock(noon)})
	if err != nil {
		return 0, err
	}
	for i := range n {
		turns := life()
		turns[len(turns)-1] = turn{ann, conversation.Snooze{Until: snooze.For(time.Hour + time.Duration(i)*time.Second)}}
		for step := range turns {
			if turns[step].by == vera {
				turns[step].by = conversation.Visitor("visitor-" + strconv.Itoa(i))
			} else {
				turns[step].by = conversation.Agent("agent-" + strconv.Itoa(i%50))
			}
		}
		scale.head = 0
		if err := liveThrough(ctx, desk, nameOf(i), turns); err != nil {
			return 0, fmt.Errorf("conversation %d: %w", i, err)
		}
		fields += float64(scale.head)
	}
	return fields + float64(scale.others), nil
}

// A scale weighs what it is given.
type scale struct {
	storage.Store
	head   int // of the last conversation
	others int
}

const number = 8 // bytes, of a number or an instant

func (s *scale) Commit(ctx context.Context, c storage.Commit) error {
	h := c.Head
	const numbers = 6 // version, since, updated, due, policy revision, dormant since
	s.head = len(c.Key.Workspace) + len(c.Key.Conversation) + len(h.Body) + numbers*number +
		len(h.Visitor) + len(h.State) + len(h.Agent) + len(h.Group) + len(h.Outcome) + len(h.Seat)
	for _, tag := range h.Tags {
		s.head += len(tag)
	}
	for _, e := range c.Events {
		s.others += number + len(e.Body) + len(e.Text)
	}
	if c.Command.ID != "" {
		s.others += len(c.Command.ID) + len(c.Command.Fingerprint) + 2*number
	}
	return s.Store.Commit(ctx, c)
}
