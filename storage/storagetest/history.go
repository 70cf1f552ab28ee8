package storagetest

import (
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

const (
	historyReturns = "History returns the events of a conversation after a version, in order, at most limit."
	historyUnknown = "An unknown conversation has none."
)

var historyCases = []testCase{
	{
		name:     "in order",
		sentence: historyReturns,
		run: func(p probe) {
			want := p.twelve()
			p.same("twelve events", p.history(chat("a"), 0, all), want)
		},
	},
	{
		name:     "after a version",
		sentence: historyReturns,
		run: func(p probe) {
			want := p.twelve()
			for after := range 12 {
				p.same(fmt.Sprint("after ", after), p.history(chat("a"), int64(after), all), want[after:])
			}
			p.same("after the last", p.history(chat("a"), 12, all), []storage.Event{})
			p.same("after more than there are", p.history(chat("a"), 100, all), []storage.Event{})
		},
	},
	{
		name:     "at most limit",
		sentence: historyReturns,
		run: func(p probe) {
			want := p.twelve()
			for _, limit := range []int{1, 2, 11, 12, 13} {
				p.same(fmt.Sprint("at most ", limit), p.history(chat("a"), 0, limit), want[:min(limit, 12)])
			}
			p.same("at most 3 after 5", p.history(chat("a"), 5, 3), want[5:8])
		},
	},
	{
		name:     "unknown has none",
		sentence: historyUnknown,
		run: func(p probe) {
			p.twelve()
			for _, k := range []storage.Key{chat("nobody"), {Workspace: "other", Conversation: "a"}} {
				p.same(fmt.Sprint("the events of ", k), p.history(k, 0, all), []storage.Event{})
			}
		},
	},
}

// twelve commits twelve events to a conversation, between those of another.
func (p probe) twelve() (events []storage.Event) {
	p.Helper()
	for i, n := range []int{1, 4, 5, 2} {
		c := change(chat("a"), int64(len(events)), n)
		p.commit(c, change(chat("b"), int64(i), 1))
		events = append(events, c.Events...)
	}
	return events
}
