package memory_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

func BenchmarkCommit(b *testing.B) {
	const conversations = 1000
	s := memory.New()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Commit(context.Background(), change(i%conversations, int64(i/conversations))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	const conversations = 1000
	s := filled(b, conversations, 5)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key := change(i%conversations, 0).Key
		if l, err := s.Load(context.Background(), key, "3"); err != nil || l.Applied == nil {
			b.Fatal(l, err)
		}
	}
}

// BenchmarkDue is a page of 100 of what is due, out of 100,000: at the front of
// the queue, in its middle, and all pages from front to end.
func BenchmarkDue(b *testing.B) {
	const sleeping, limit = 100_000, 100
	s := filled(b, sleeping, 1)
	by := noon.Add(sleeping * time.Millisecond)
	page := func(b *testing.B, after storage.Due) []storage.Due {
		found, err := s.Due(context.Background(), by, after, limit)
		if err != nil {
			b.Fatal(err)
		}
		return found
	}
	for _, from := range []struct {
		name  string
		after storage.Due
	}{
		{"front", storage.Due{}},
		{"middle", storage.Due{At: noon.Add(sleeping / 2 * time.Millisecond)}},
	} {
		b.Run(from.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found := page(b, from.after); len(found) != limit {
					b.Fatalf("%d due, want %d", len(found), limit)
				}
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			var after storage.Due
			n := 0
			for found := page(b, after); len(found) > 0; found = page(b, after) {
				n, after = n+len(found), found[len(found)-1]
			}
			if n != sleeping {
				b.Fatalf("%d due, want %d", n, sleeping)
			}
		}
	})
}

// BenchmarkConversation measures what a conversation of twenty events occupies.
// What it carries itself is 20 × 230 bytes of events and 600 of its head.
func BenchmarkConversation(b *testing.B) {
	const conversations, events = 1000, 20
	for b.Loop() {
		before := heap()
		s := filled(b, conversations, events)
		b.ReportMetric(float64(heap()-before)/conversations, "B/conversation")
		runtime.KeepAlive(s)
	}
}

// heap is what is in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
