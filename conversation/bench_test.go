package conversation_test

import (
	"runtime"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// BenchmarkDecideEvolve measures one command as a Desk gives it: decided,
// evolved, and the next due instant computed.
func BenchmarkDecideEvolve(b *testing.B) {
	prompted := held(b, onDesk(steps(idle.DefaultAfter, idle.Prompt)))
	prompted.say(vera)
	prompted.after(idle.DefaultAfter)
	commands := []struct {
		name    string
		l       *life
		by      conversation.Actor
		command conversation.Command
	}{
		{"open", tell(b, withBot), vera, conversation.Open{}},
		{"say", held(b, withBot), vera, conversation.Say{Text: "My parcel is late."}},
		{"take", opened(b, withBot), ann, conversation.Take{}},
		{"snooze", held(b, withBot), ann, conversation.Snooze{Until: shortly}},
		{"snooze-calendar", held(b, withBot), ann, conversation.Snooze{Until: snooze.Calendar("2026-03-29T09:00", "Europe/Berlin")}},
		{"close", held(b, withBot), ann, resolved},
		{"expire", prompted, timer, conversation.Expire{}},
		{"already", held(b, withBot), ann, conversation.Take{}},
	}
	for _, c := range commands {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			request := conversation.Request{By: c.by, Command: c.command}
			facts := c.l.facts()
			for b.Loop() {
				events, err := conversation.Decide(c.l.c, request, facts)
				if err != nil {
					b.Fatal(err)
				}
				after, _ := conversation.Append(c.l.c, c.by, facts.Now, events)
				conversation.NextDue(after, facts.Policy)
			}
		})
	}
	b.Run("refused", func(b *testing.B) {
		l := held(b, withBot)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := conversation.Decide(l.c, conversation.Request{By: bob, Command: resolved}, l.facts()); err == nil {
				b.Fatal("accepted")
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	l := eventful(b)
	b.Run("conversation", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := conversation.Encode(l.c); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("record", func(b *testing.B) {
		r := l.journal[len(l.journal)-1]
		b.ReportAllocs()
		for b.Loop() {
			encode(b, r)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	l := eventful(b)
	b.Run("conversation", func(b *testing.B) {
		body, err := conversation.Encode(l.c)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := conversation.Decode(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("record", func(b *testing.B) {
		body := encode(b, l.journal[len(l.journal)-1])
		b.ReportAllocs()
		for b.Loop() {
			if _, err := conversation.DecodeRecord(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSize reports how many bytes a conversation takes: its state as JSON
// and in memory, and its whole journal as JSON, without the texts.
func BenchmarkSize(b *testing.B) {
	for name, story := range map[string]func(testing.TB) *life{
		"short":    func(t testing.TB) *life { return held(t, withBot) },
		"eventful": eventful,
	} {
		b.Run(name, func(b *testing.B) {
			l := story(b)
			body, err := conversation.Encode(l.c)
			if err != nil {
				b.Fatal(err)
			}
			journal := 0
			for _, r := range l.journal {
				journal += len(encode(b, r))
			}
			memory := bytesOf(b, body)
			for b.Loop() {
			}
			b.ReportMetric(0, "ns/op") // nothing is timed
			b.ReportMetric(float64(len(body)), "encoded-B/conversation")
			b.ReportMetric(float64(memory), "memory-B/conversation")
			b.ReportMetric(float64(journal), "journal-B/conversation")
			b.ReportMetric(float64(len(l.journal)), "events/conversation")
		})
	}
}

// bytesOf returns how much the heap grows with each conversation that is read
// from a store.
func bytesOf(b *testing.B, body []byte) uint64 {
	const n = 10_000
	before := heap()
	all := make([]conversation.Conversation, n)
	for i := range all {
		c, err := conversation.Decode(body)
		if err != nil {
			b.Fatal(err)
		}
		all[i] = c
	}
	grown := heap() - before
	runtime.KeepAlive(all)
	return grown / n
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
