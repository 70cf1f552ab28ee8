package storagetest

import (
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

const (
	toNobody      = "To one that does not exist it is an error."
	withoutEvents = "A commit without events, to a conversation that exists, enters nothing into the feed, and may change Due, PolicyRevision and the known command IDs, but leaves everything else of the head as it is."
	appliedIs     = "Applied is what a command did when it came first: the events after version From up to To."
	appliedEqual  = "They are equal if it changed nothing."
)

var withoutEventsCases = []testCase{
	{
		name:     "to nobody is an error",
		sentence: toNobody,
		run: func(p probe) {
			nobody := identified("nothing", change(chat("a"), 0, 0))
			if err := p.s.Commit(p.Context(), nobody); err == nil {
				p.Errorf("Commit without events to a conversation that does not exist: no error")
			}
			p.same("what it left", p.load(chat("a"), "nothing"), storage.Loaded{})
			p.commit(opening(chat("a")))
		},
	},
	{
		name:     "leaves version, body and events",
		sentence: withoutEvents,
		run: func(p probe) {
			first := change(chat("a"), 0, 2)
			p.commit(first)
			c := without(first)
			c.Head.Body = nil // A caller that changes nothing need not send it again.
			p.commit(c, c)
			p.same("the head", p.load(chat("a"), "").Head, first.Head)
			p.same("the events", p.history(chat("a"), 0, all), first.Events)
			p.commit(change(chat("a"), 2, 1))
		},
	},
	{
		name:     "leaves visitor and DormantSince",
		sentence: withoutEvents,
		run: func(p probe) {
			opened, closed := opening(chat("a")), closing(opening(chat("b")))
			p.commit(opened, closed)
			p.commit(closing(of("bob", without(opened))))
			p.commit(closingAt(never, of("", without(closed))))
			p.same("the head of the open one", p.load(chat("a"), "").Head, opened.Head)
			p.same("the head of the closed one", p.load(chat("b"), "").Head, closed.Head)
		},
	},
	{
		name:     "leaves what views show",
		sentence: withoutEvents,
		run: func(p probe) {
			first := opening(chat("a"))
			first.Head.Agent, first.Head.Group, first.Head.Outcome = "zoe", "sales", "won"
			first.Head.Tags = []string{"blue", "red"}
			p.commit(first)
			c := without(first)
			c.Head = storage.Head{
				Version: 1, Body: first.Head.Body, Visitor: "bob", State: "lost", Agent: "yan", Group: "support",
				Outcome: "gone", Tags: []string{"green"}, Since: evening, Updated: evening,
			}
			p.commit(c)
			p.same("the head", p.load(chat("a"), "").Head, first.Head)
			for _, q := range []storage.Query{{}, {Tag: "blue"}, {Tag: "red"}, {Agent: "zoe", Group: "sales", Outcome: "won"}} {
				q.Workspace, q.State, q.Order = "acme", stateOpen, storage.ByUpdated
				p.same(fmt.Sprintf("what %+v shows", q), p.view(q, all), rows(first))
			}
			for _, q := range []storage.Query{{State: "lost"}, {State: stateOpen, Tag: "green"}, {State: stateOpen, Agent: "yan"}} {
				q.Workspace, q.Order = "acme", storage.BySince
				p.same(fmt.Sprintf("what %+v shows", q), p.view(q, all), []storage.Row{})
			}
		},
	},
	{
		name:     "keeps the seat",
		sentence: withoutEvents,
		run: func(p probe) {
			p.put(agent("zoe", 2), agent("yan", 2))
			with, none := seated("zoe", opening(chat("a"))), opening(chat("b"))
			p.commit(with, none)
			zoe, yan := p.agent("zoe"), p.agent("yan")
			for _, seat := range []string{"", "zoe", "yan"} {
				for _, c := range []storage.Commit{with, none} {
					nothing := without(c)
					nothing.Head.Seat = seat
					p.commit(nothing)
					p.same("the head", p.load(c.Key, "").Head, c.Head)
				}
			}
			p.same("the agent who has it", p.agent("zoe"), zoe)
			p.same("the agent who has it not", p.agent("yan"), yan)
		},
	},
	{
		name:     "enters nothing into the feed",
		sentence: withoutEvents,
		run: func(p probe) {
			first, second := opening(chat("a")), change(chat("a"), 1, 1)
			p.commit(first, identified("nothing", without(first)), without(first), second)
			p.same("the feed", p.feed(0, all), []storage.Entry{entry(1, first), entry(2, second)})
		},
	},
	{
		name:     "changes Due and PolicyRevision",
		sentence: withoutEvents,
		run: func(p probe) {
			first := opening(chat("a"))
			p.commit(first)
			c := under(3, without(first))
			c.Head.Due = noon
			p.commit(c)
			p.same("the head", p.load(chat("a"), "").Head, c.Head)
			p.same("what is due", p.due(noon, storage.Due{}, all), []storage.Due{due(c)})
			c.Head.Due = c.Head.Due.AddDate(-50, 0, 0)
			p.commit(c)
			p.same("what is due earlier", p.due(noon, storage.Due{}, all), []storage.Due{due(c)})
			p.commit(without(first))
			p.same("what is due no longer", p.due(noon, storage.Due{}, all), []storage.Due{})
		},
	},
	{
		name:     "remembers the command",
		sentence: withoutEvents,
		run: func(p probe) {
			first := opening(chat("a"))
			p.commit(first, identified("nothing", without(first)))
			p.applied(chat("a"), "nothing")
			p.conflict(identified("nothing", without(first)))
		},
	},
}

var commandCases = []testCase{
	{
		name:     "known at the right version conflicts",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(identified("one", opening(chat("a"))), identified("two", change(chat("a"), 1, 1)))
			p.conflict(identified("one", change(chat("a"), 2, 1)))
			p.conflict(identified("two", change(chat("a"), 2, 1)))
			p.conflict(identified("one", without(change(chat("a"), 1, 1))))
			other := identified("one", change(chat("a"), 2, 1))
			other.Command.Fingerprint = fingerprint("something else")
			p.conflict(other)
		},
	},
	{
		name:     "known applies nothing",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(identified("one", sleeping(chat("a"), noon)))
			p.setBack(chat("a"), 1, failed(1, noon))
			again := closing(identified("one", change(chat("a"), 1, 2)))
			again.Command.Fingerprint = fingerprint("something else")
			again.Head.Due = noon.AddDate(0, 0, 2)
			p.appliesNothing(again)
		},
	},
	{
		name:     "known for this conversation only",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(
				identified("one", opening(chat("a"))),
				identified("one", opening(chat("b"))),
				identified("one", opening(storage.Key{Workspace: "other", Conversation: "a"})),
			)
		},
	},
	{
		name:     "is its ID byte by byte",
		sentence: conflicts,
		run: func(p probe) {
			for i, id := range []string{"one", "One", "one.", "on", "1", "01", "1.0"} {
				p.commit(identified(id, change(chat("a"), int64(i), 1)))
			}
		},
	},
	{
		name:     "without ID is never known",
		sentence: conflicts,
		run: func(p probe) {
			p.commit(opening(chat("a")), change(chat("a"), 1, 1), without(change(chat("a"), 1, 1)), change(chat("a"), 2, 1))
		},
	},
	{
		name:     "did the events from and to",
		sentence: appliedIs,
		run: func(p probe) {
			for i, n := range []int{1, 3, 2} {
				at := p.load(chat("a"), "").Head.Version
				p.commit(identified(fmt.Sprint("command ", i), change(chat("a"), at, n)))
			}
			p.commit(change(chat("a"), 6, 1), closing(change(chat("a"), 7, 1)))
			for i, want := range []storage.Applied{{From: 0, To: 1}, {From: 1, To: 4}, {From: 4, To: 6}} {
				id := fmt.Sprint("command ", i)
				want.Fingerprint = fingerprint(id)
				p.same("what "+id+" did", p.applied(chat("a"), id), want)
			}
		},
	},
	{
		name:     "did nothing",
		sentence: appliedEqual,
		run: func(p probe) {
			first := change(chat("a"), 0, 2)
			p.commit(first, identified("nothing", without(first)), change(chat("a"), 2, 1))
			want := storage.Applied{Fingerprint: fingerprint("nothing"), From: 2, To: 2}
			p.same("what it did", p.applied(chat("a"), "nothing"), want)
		},
	},
	{
		name:     "never came",
		sentence: loadReturns,
		run: func(p probe) {
			p.commit(identified("one", opening(chat("a"))), opening(chat("b")))
			for _, k := range []storage.Key{chat("b"), chat("nobody"), {Workspace: "other", Conversation: "a"}} {
				if p.load(k, "one").Applied != nil {
					p.Errorf("Load(%v) tells of a command that came to %v", k, chat("a"))
				}
			}
			for _, id := range []string{"", "two", "ONE"} {
				if p.load(chat("a"), id).Applied != nil {
					p.Errorf("Load with command ID %q tells of another command", id)
				}
			}
		},
	},
}
