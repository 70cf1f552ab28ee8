package rows

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var monday = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// Sizes that the encodings of a conversation have.
var (
	headBody  = bytes.Repeat([]byte("h"), 600)
	eventBody = bytes.Repeat([]byte("e"), 150)
	eventText = string(bytes.Repeat([]byte("t"), 80))
)

// said returns the nth of the messages that go round so many conversations: the
// first to each creates it. As with every message, the conversation is due at
// another time and was updated; what else views look at stays. The number of
// conversations is no multiple of 7919.
func said(n, conversations int) storage.Commit {
	i, expect := n*7919%conversations, int64(n/conversations) // neighbours in time are none in the tables
	number := strconv.Itoa(i)
	agent := "agent-" + strconv.Itoa(i%50)
	c := storage.Commit{
		Key:    storage.Key{Workspace: "acme", Conversation: fmt.Sprintf("conversation-%08d", i)},
		Expect: expect,
		Events: []storage.Event{{Version: expect + 1, Body: eventBody, Text: eventText}},
		Head: storage.Head{
			Version: expect + 1,
			Body:    headBody,
			Visitor: "visitor-" + number,
			Due:     monday.Add(time.Duration(n) * time.Second),
			State:   "assigned",
			Agent:   agent,
			Group:   "group-" + strconv.Itoa(i%7),
			Since:   monday.Add(time.Duration(i) * time.Second),
			Updated: monday.Add(time.Duration(n) * time.Second),
			Seat:    agent,
		},
		Command: storage.Command{ID: "command-" + strconv.FormatInt(expect+1, 10)},
		At:      monday.Add(time.Duration(n) * time.Second),
	}
	copy(c.Command.Fingerprint[:], c.Key.Conversation)
	return c
}

// atOnce has callers do n things, each with the next number when it is done with
// one, until all are done or one fails.
func atOnce(ctx context.Context, callers, n int, do func(ctx context.Context, i int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					stop(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
