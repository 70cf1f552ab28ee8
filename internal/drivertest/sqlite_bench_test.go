package drivertest_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

// sized is a commit of one event, of the sizes that conversations have. The first
// has a closing.
func sized(conversation int, expect int64) storage.Commit {
	c := storage.Commit{
		Key:    storage.Key{Workspace: "acme", Conversation: fmt.Sprintf("conversation-%08d", conversation)},
		Expect: expect,
		Events: []storage.Event{{Version: expect + 1, Body: make([]byte, 150), Text: string(make([]byte, 80))}},
		Head: storage.Head{
			Version: expect + 1,
			Body:    make([]byte, 600),
			Visitor: "visitor-" + strconv.Itoa(conversation/3),
			Due:     noon.Add(time.Duration(conversation) * time.Millisecond),
			State:   "open",
			Agent:   "agent-" + strconv.Itoa(conversation%50),
			Group:   "group-" + strconv.Itoa(conversation%7),
			Tags:    []string{"tag-" + strconv.Itoa(conversation%20)},
			Since:   noon.Add(time.Duration(conversation) * time.Second),
			Updated: noon.Add(time.Duration(conversation)*time.Second + time.Duration(expect)*time.Minute),
			Seat:    "agent-" + strconv.Itoa(conversation%50),
		},
		Command: storage.Command{ID: strconv.FormatInt(expect+1, 10)},
		At:      noon,
	}
	if expect == 0 {
		c.Closings = []closure.Record{{
			Conversation: c.Key.Conversation, Number: 1, At: c.Head.Since,
			Outcome: closure.Resolved, Cause: closure.Agent, Side: closure.SideTeam, Agent: c.Head.Agent, Group: c.Head.Group,
			Tags: c.Head.Tags, Articles: []string{"article-" + strconv.Itoa(conversation%100)},
		}}
	}
	return c
}

// fill opens conversations from many goroutines, so that they share transactions.
func fill(tb testing.TB, s storage.Store, conversations int) {
	tb.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 128 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(conversations); i = next.Add(1) - 1 {
				if err := s.Commit(context.Background(), sized(int(i), 0)); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if tb.Failed() {
		tb.FailNow()
	}
}

// BenchmarkSQLiteCommit is what one commit costs when so many callers commit at
// once, each to conversations of its own. Each transaction is on the disk before
// its commits return.
func BenchmarkSQLiteCommit(b *testing.B) {
	for _, d := range sqliteDrivers {
		for _, callers := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", d.name, callers), func(b *testing.B) {
				const conversations = 10_000
				s := d.store(b)
				fill(b, s, conversations)
				b.ResetTimer()
				var next atomic.Int64
				var wg sync.WaitGroup
				for caller := range callers {
					wg.Go(func() {
						own := conversations / callers // one in callers is of this one
						for i := 0; next.Add(1) <= int64(b.N); i++ {
							c := sized(i%own*callers+caller, int64(1+i/own))
							if err := s.Commit(context.Background(), c); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

func BenchmarkSQLiteLoad(b *testing.B) {
	for _, d := range sqliteDrivers {
		b.Run(d.name, func(b *testing.B) {
			const conversations = 10_000
			s := d.store(b)
			fill(b, s, conversations)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				key := sized(i*7919%conversations, 0).Key
				if l, err := s.Load(context.Background(), key, "1"); err != nil || l.Applied == nil {
					b.Fatal(l, err)
				}
			}
		})
	}
}

// BenchmarkSQLiteDue is a page of what is due, from the middle of 10,000.
func BenchmarkSQLiteDue(b *testing.B) {
	for _, d := range sqliteDrivers {
		b.Run(d.name, func(b *testing.B) {
			const conversations, limit = 10_000, 500
			s := d.store(b)
			fill(b, s, conversations)
			after := storage.Due{At: noon.Add(conversations / 2 * time.Millisecond)}
			b.ReportAllocs()
			for b.Loop() {
				found, err := s.Due(context.Background(), noon.Add(time.Hour), after, limit)
				if err != nil || len(found) != limit {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
