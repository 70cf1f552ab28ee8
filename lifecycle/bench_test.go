package lifecycle_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
)

// benchCall returns the call to the nth conversation of a benchmark.
func benchCall(n int64) lifecycle.Call {
	return lifecycle.Call{Workspace: "acme", Conversation: fmt.Sprintf("chat-%08d", n)}
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}

// talkAndClose lives a whole life in three commands.
func talkAndClose(b *testing.B, desk *lifecycle.Desk, n int64) {
	call := benchCall(n)
	_, err := desk.Open(b.Context(), call.As(vic), conversation.Open{})
	must(b, err)
	_, err = desk.Take(b.Context(), call.As(ann))
	must(b, err)
	_, err = desk.Close(b.Context(), call.As(ann), conversation.Close{Outcome: closure.Resolved})
	must(b, err)
}

// BenchmarkSay is one message. The conversation is a new one after a hundred, as
// in life.
func BenchmarkSay(b *testing.B) {
	b.ReportAllocs()
	desk := newDesk(b, newMemory(), lifecycle.Options{})
	for n := int64(0); b.Loop(); n++ {
		call := benchCall(n / 100).As(vic)
		if n%100 == 0 {
			_, err := desk.Open(b.Context(), call, conversation.Open{})
			must(b, err)
		}
		_, err := desk.Say(b.Context(), call, "My parcel is late.")
		must(b, err)
	}
}

// BenchmarkOpenTakeClose is the shortest life of a conversation: three commands.
func BenchmarkOpenTakeClose(b *testing.B) {
	b.ReportAllocs()
	desk := newDesk(b, newMemory(), lifecycle.Options{})
	for n := int64(0); b.Loop(); n++ {
		talkAndClose(b, desk, n)
	}
}

// BenchmarkOpenTakeCloseParallel does it on every CPU, each on conversations of
// its own.
func BenchmarkOpenTakeCloseParallel(b *testing.B) {
	b.ReportAllocs()
	desk := newDesk(b, newMemory(), lifecycle.Options{})
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			talkAndClose(b, desk, n.Add(1))
		}
	})
}

// BenchmarkSayParallel has every CPU write to the same conversation: what is lost
// to conflicts.
func BenchmarkSayParallel(b *testing.B) {
	b.ReportAllocs()
	desk := newDesk(b, newMemory(), lifecycle.Options{})
	var n atomic.Int64
	open := func(i int64) {
		_, err := desk.Open(b.Context(), benchCall(i).As(vic), conversation.Open{})
		must(b, err)
	}
	open(0)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			if i%100 == 0 {
				open(i / 100)
			}
			// The next conversation may not be open yet: that is no message.
			_, _ = desk.Say(b.Context(), benchCall(i/100).As(vic), "My parcel is late.")
		}
	})
}

// due is how many conversations the benchmarks of Tick work off.
const due = 100_000

// followUps keeps waiting conversations due, minute after minute.
func followUps() conversation.Policies {
	var l idle.Ladder
	for range idle.MaxSteps {
		l.Steps = append(l.Steps, idle.Step{After: time.Minute, Action: idle.FollowUp, Text: "Please hold on."})
	}
	return conversation.Policies{Default: conversation.Policy{Idle: conversation.Idle{Waiting: l}}}
}

func benchmarkTick(b *testing.B, workers int) {
	clock := &wall{at: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)}
	var desk *lifecycle.Desk
	steps := 0
	for b.Loop() {
		if steps%idle.MaxSteps == 0 {
			b.StopTimer()
			desk = newDesk(b, newMemory(), lifecycle.Options{Clock: clock, Workers: workers})
			_, err := desk.SetPolicies(b.Context(), "acme", followUps(), 0)
			must(b, err)
			for n := range int64(due) {
				_, err := desk.Open(b.Context(), benchCall(n).As(vic), conversation.Open{})
				must(b, err)
			}
			runtime.GC()
			b.StartTimer()
		}
		steps++
		clock.at = clock.at.Add(time.Minute)
		if fired := len(tick(b, desk).Fired); fired != due {
			b.Fatalf("fired %d, want %d", fired, due)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps)/due, "ns/conversation")
}

// BenchmarkTick works off 100,000 conversations that are due, one by one and with
// several workers.
func BenchmarkTick(b *testing.B) {
	for _, workers := range []int{1, 4} {
		b.Run(fmt.Sprint("workers=", workers), func(b *testing.B) { benchmarkTick(b, workers) })
	}
}

// BenchmarkTickNothingDue looks for due conversations among 100,000 that sleep.
func BenchmarkTickNothingDue(b *testing.B) {
	b.ReportAllocs()
	clock := &wall{at: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)}
	desk := newDesk(b, newMemory(), lifecycle.Options{Clock: clock})
	_, err := desk.SetPolicies(b.Context(), "acme", followUps(), 0)
	must(b, err)
	for n := range int64(due) {
		_, err := desk.Open(b.Context(), benchCall(n).As(vic), conversation.Open{})
		must(b, err)
	}
	for b.Loop() {
		if fired := len(tick(b, desk).Fired); fired != 0 {
			b.Fatalf("fired %d, want none", fired)
		}
	}
}

// BenchmarkMemory reports how many bytes a conversation takes on the memory
// store, with its journal of ten events, before and after it is closed.
func BenchmarkMemory(b *testing.B) {
	const conversations = 10_000
	var perOpen, perClosed float64
	for b.Loop() {
		desk := newDesk(b, newMemory(), lifecycle.Options{})
		before := heap()
		for n := range int64(conversations) {
			call := benchCall(n)
			_, err := desk.Open(b.Context(), call.As(vic), conversation.Open{})
			must(b, err)
			_, err = desk.Take(b.Context(), call.As(ann))
			must(b, err)
			for i := range 7 {
				_, err = desk.Say(b.Context(), call.As([]conversation.Actor{vic, ann}[i%2]), "My parcel is late, and so on.")
				must(b, err)
			}
		}
		perOpen = float64(heap()-before) / conversations
		for n := range int64(conversations) {
			_, err := desk.Close(b.Context(), benchCall(n).As(ann), conversation.Close{Outcome: closure.Resolved})
			must(b, err)
		}
		perClosed = float64(heap()-before) / conversations
		runtime.KeepAlive(desk)
	}
	b.ReportMetric(perOpen, "B/open-conversation")
	b.ReportMetric(perClosed, "B/closed-conversation")
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
