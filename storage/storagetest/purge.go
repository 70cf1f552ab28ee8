package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

const (
	purgeRemoves  = "Purge removes conversations whose DormantSince is before an instant, across workspaces, the longest dormant first, at most limit, and returns how many."
	purgedUnknown = "They are then unknown, with everything that was kept for them, and the feed begins after the last of their commits."
	purgedIs      = "A PurgedError says that the feed after the asked position is not whole any more, because what was there has been purged."
)

var purgeCases = []testCase{
	{
		name:     "closed before the instant",
		sentence: purgeRemoves,
		run: func(p probe) {
			p.same("the number in an empty store", p.purge(endOfTime, all), 0)
			want := p.publish(opening(chat("a")), closing(opening(chat("b"))))
			p.same("the number at the instant", p.purge(evening, all), 0)
			p.same("the number before it", p.purge(noon, all), 0)
			p.same("the feed while nothing is purged", p.feed(0, all), want)
			p.same("the number a microsecond later", p.purge(evening.Add(time.Microsecond), all), 1)
			p.known(chat("a"))
			p.unknown(chat("b"))
			p.same("the number at the end of time", p.purge(endOfTime, all), 0)
			p.known(chat("a"))
		},
	},
	{
		name:     "reopened no longer",
		sentence: purgeRemoves,
		run: func(p probe) {
			later := evening.Add(time.Hour)
			p.commit(closing(opening(chat("a"))), change(chat("a"), 1, 1))
			p.commit(closing(opening(chat("b"))), change(chat("b"), 1, 1), closingAt(later, change(chat("b"), 2, 1)))
			p.same("the number of those that stayed closed", p.purge(later, all), 0)
			p.known(chat("a"), chat("b"))
			p.same("the number of those that were closed again", p.purge(endOfTime, all), 1)
			p.known(chat("a"))
			p.unknown(chat("b"))
		},
	},
	{
		name:     "those closed first, across workspaces",
		sentence: purgeRemoves,
		run: func(p probe) {
			var commits []storage.Commit
			for i, at := range oldInstants() {
				k := storage.Key{Workspace: []string{"b", "a"}[i%2], Conversation: fmt.Sprint(9 - i)}
				commits = append(commits, closingAt(at, opening(k)))
			}
			for _, c := range slices.Backward(commits) {
				p.commit(c)
			}
			for i, c := range commits {
				p.same("the number", p.purge(noon, 1), 1)
				p.unknown(c.Key)
				if i+1 < len(commits) {
					p.known(commits[i+1].Key)
				}
			}
		},
	},
	{
		name:     "at most limit, and returns how many",
		sentence: purgeRemoves,
		run: func(p probe) {
			for i := range 5 {
				p.commit(closing(opening(chat(fmt.Sprint(i)))))
			}
			p.commit(opening(chat("open")))
			for _, want := range []int{2, 2, 1, 0} {
				p.same("the number", p.purge(endOfTime, 2), want)
			}
		},
	},
	{
		name:     "unknown then",
		sentence: purgedUnknown,
		run: func(p probe) {
			p.setPolicies("acme", 0, "ours")
			p.commit(identified("one", closing(sleeping(chat("a"), noon))))
			p.setBack(chat("a"), 1, failed(1, noon))
			want := picture{Loaded: storage.Loaded{Policies: storage.Policies{Revision: 1, Body: []byte("ours")}}}
			p.purge(endOfTime, all)
			p.same("what the store tells", p.picture(chat("a"), "one"), want)
			p.same("the conversations of the visitor", p.erase(ann), 0)
			p.conflict(change(chat("a"), 1, 1))
			p.refusesSetback(chat("a"), 1, failed(1, noon))
		},
	},
	{
		name:     "opened again from version zero",
		sentence: purgedUnknown,
		run: func(p probe) {
			p.commit(identified("one", closing(change(chat("a"), 0, 3))))
			p.purge(endOfTime, all)
			again := identified("one", sleeping(chat("a"), noon))
			again.Command.Fingerprint = fingerprint("again")
			p.commit(again)
			p.same("what the store tells", p.picture(chat("a"), "one"), picture{
				Loaded: storage.Loaded{
					Head:    again.Head,
					Applied: &storage.Applied{Fingerprint: fingerprint("again"), From: 0, To: 1},
				},
				History: again.Events,
				Due:     []storage.Due{due(again)},
				Feed:    []storage.Entry{entry(2, again)},
				View:    rows(again),
			})
		},
	},
	{
		name:     "in no view, with no tag and in no seat",
		sentence: purgedUnknown,
		run: func(p probe) {
			p.put(agent("zoe", 1))
			gone := closing(seated("zoe", opening(chat("a"))))
			gone.Head.Tags = []string{"blue", "red"}
			p.commit(gone)
			tagged := storage.Query{Workspace: "acme", State: stateClosed, Tag: "red", Order: storage.BySince}
			p.same("what is tagged before", p.view(tagged, all), rows(gone))
			p.purge(endOfTime, all)
			p.same("what is tagged", p.view(tagged, all), []storage.Row{})
			p.same("the number of what is tagged", p.count(tagged), 0)
			p.same("the seats that are taken", p.agent("zoe").Seats, 0)
			again := closing(opening(chat("a")))
			p.commit(again, seated("zoe", opening(chat("b"))))
			p.same("what is tagged when it was opened again", p.view(tagged, all), []storage.Row{})
			tagged.Tag = ""
			p.same("what is closed", p.view(tagged, all), rows(again))
		},
	},
	{
		name:     "with its closings",
		sentence: purgedUnknown,
		run: func(p probe) {
			first, second := fullClosing("a", 1, 1), fullClosing("a", 2, 2)
			other, elsewhere := fullClosing("b", 1, 3), otherClosing("a", 1, 1)
			p.file("acme", first, other)
			p.file("other", elsewhere)
			gone := closing(change(chat("a"), 1, 1))
			gone.Closings = []closure.Record{second}
			p.commit(gone)
			p.finds(storage.ClosingQuery{}, first, second, other)
			p.same("the number", p.purge(endOfTime, all), 1)
			p.finds(storage.ClosingQuery{}, other)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Tag: "red"}}, other)
			p.finds(storage.ClosingQuery{Workspace: "other"}, elsewhere)
			p.commit(opening(chat("a")))
			p.finds(storage.ClosingQuery{}, other)
			again := ending("a", 2, 1) // At another time than that of the same number.
			p.file("acme", again)
			p.finds(storage.ClosingQuery{}, again, other)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Article: "kb-1"}}, other)
		},
	},
	{
		name:     "leaves others as they are",
		sentence: purgeRemoves,
		run: func(p probe) {
			others := []storage.Key{chat("a"), chat("c"), {Workspace: "other", Conversation: "b"}}
			p.setPolicies("acme", 0, "ours")
			p.put(agent("zoe", 1), dueAt(noon, record(visitorKey(ann))))
			for _, k := range others {
				p.commit(identified("one", sleeping(k, noon)), change(k, 1, 2))
				p.setBack(k, 3, failed(1, noon))
			}
			p.commit(closingAt(endOfTime, change(chat("c"), 3, 1)))
			p.commit(identified("one", opening(chat("b"))), closing(change(chat("b"), 1, 1)))
			var before []picture
			for _, k := range others {
				before = append(before, p.picture(k, "one"))
			}
			p.purge(endOfTime, all)
			for i, k := range others {
				after := p.picture(k, "one")
				before[i].Feed = after.Feed
				before[i].Closings = slices.DeleteFunc(before[i].Closings, func(r closure.Record) bool { return r.Conversation == "b" })
				before[i].View = slices.DeleteFunc(before[i].View, func(r storage.Row) bool { return r.Key == chat("b") })
				p.same(fmt.Sprint("what the store tells of ", k), after, before[i])
			}
		},
	},
	{
		name:     "feed begins after the last of their commits",
		sentence: purgedUnknown,
		run: func(p probe) {
			closed := closingAt(noon, change(chat("a"), 1, 1))
			want := p.publish(
				opening(chat("a")), opening(chat("b")), opening(chat("c")),
				closed, change(chat("b"), 1, 1), closing(change(chat("c"), 1, 1)), opening(chat("d")),
			)
			p.commit(without(closed))
			p.purge(endOfTime, 1)
			p.feedFrom(5, want[4:])
			p.purge(endOfTime, 1)
			p.feedFrom(7, want[6:])
		},
	},
	{
		name:     "feed is whole from there on",
		sentence: purgedIs,
		run: func(p probe) {
			want := p.publish(
				closing(opening(chat("b"))),
				opening(chat("a")), closingAt(noon, change(chat("a"), 1, 1)),
				opening(chat("c")), change(chat("c"), 1, 2), opening(chat("d")),
			)
			p.purge(endOfTime, 1)
			p.feedFrom(4, want[3:])
			p.purge(endOfTime, 1) // Its only commit was gone already.
			p.feedFrom(4, want[3:])
			p.same("one entry of it", p.feed(4, 1), want[4:5])
		},
	},
	{
		name:     "positions go on",
		sentence: feedDense,
		run: func(p probe) {
			p.commit(opening(chat("a")), closing(opening(chat("b"))), closing(change(chat("a"), 1, 2)))
			p.purge(endOfTime, all) // Nobody has read the feed.
			p.feedFrom(4, nil)
			more := p.publishAfter(3, opening(chat("a")), closing(opening(chat("b"))), opening(chat("c")))
			p.feedFrom(4, more)
			p.purge(endOfTime, all)
			p.feedFrom(6, more[2:])
		},
	},
}

// known checks that conversations are still there.
func (p probe) known(keys ...storage.Key) {
	p.Helper()
	for _, k := range keys {
		if p.load(k, "").Head.Version == 0 {
			p.Fatalf("%v is unknown", k)
		}
	}
}

// unknown checks that a conversation is not there any more.
func (p probe) unknown(k storage.Key) {
	p.Helper()
	p.same(fmt.Sprint("what Load tells of ", k), p.load(k, ""), storage.Loaded{})
}

// feedFrom checks that the feed begins at a position, with what it must have.
func (p probe) feedFrom(oldest storage.Position, want []storage.Entry) {
	p.Helper()
	for after := range oldest - 1 {
		_, err := p.s.Feed(p.Context(), after, all)
		if purged, ok := errors.AsType[*storage.PurgedError](err); !ok || purged.Oldest != oldest {
			p.Fatalf("Feed(%d): %v, want a *PurgedError with position %d", after, err, oldest)
		}
	}
	p.same("the feed from its beginning on", p.feed(oldest-1, all), want)
}
