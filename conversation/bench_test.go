package conversation_test

import (
	"runtime"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// A given is a command in a conversation in which it is accepted.
type given struct {
	name    string
	l       *life
	by      conversation.Actor
	command conversation.Command
}

func givenCommands(t testing.TB) []given {
	prompted := held(t, onDesk(steps(idle.DefaultAfter, idle.Prompt)))
	prompted.say(vera)
	prompted.after(idle.DefaultAfter)
	asleep := held(t, withBot)
	asleep.do(ann, conversation.Snooze{Until: shortly})
	asleep.after(snooze.Short)
	return []given{
		{"open", tell(t, withBot), vera, conversation.Open{}},
		{"say", held(t, withBot), vera, conversation.Say{Text: "My parcel is late."}},
		{"say-agent", held(t, withBot), ann, conversation.Say{Text: "It will be there today."}},
		{"take", opened(t, withBot), ann, conversation.Take{}},
		{"snooze", held(t, withBot), ann, conversation.Snooze{Until: shortly}},
		{"snooze-calendar", held(t, withBot), ann, conversation.Snooze{Until: snooze.Calendar("2026-03-29T09:00", "Europe/Berlin")}},
		{"close", held(t, withBot), ann, resolved},
		{"expire", prompted, timer, conversation.Expire{}},
		{"expire-snooze", asleep, timer, conversation.Expire{}},
		{"already", held(t, withBot), ann, conversation.Take{}},
	}
}

// BenchmarkCommand measures what a command costs without its journal: decided, each of
// its events evolved, and the next due instant computed.
func BenchmarkCommand(b *testing.B) {
	for _, c := range givenCommands(b) {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			request := conversation.Request{By: c.by, Command: c.command}
			facts := c.l.facts()
			for b.Loop() {
				if err := carryOut(c.l, request, &facts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func carryOut(l *life, request conversation.Request, facts *conversation.Facts) error {
	events, err := conversation.Decide(l.c, request, *facts)
	if err != nil {
		return err
	}
	c := l.c
	for _, e := range events {
		c = conversation.Evolve(c, conversation.Record{Seq: c.Version + 1, At: facts.Now, By: request.By, Event: e})
	}
	conversation.NextDue(c, facts.Policy)
	return nil
}

// BenchmarkDecideEvolve measures one command as a Desk gives it: decided,
// evolved into a conversation and its records, and the next due instant computed.
func BenchmarkDecideEvolve(b *testing.B) {
	for _, c := range givenCommands(b) {
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
