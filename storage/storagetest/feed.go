package storagetest

import (
	"errors"
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

const (
	feedReturns = "Feed returns the commits with events after a position, across workspaces, in order of position, at most limit."
	feedDense   = "Positions are dense: if one is visible, all before it are, and none is ever skipped or given twice."
	feedOrder   = "Commits to one conversation have the order of their versions."
	feedPrompt  = "A commit is in the feed at the latest for the next call of Feed that begins after Commit returned."
	positionIs  = "A Position is a place in the feed, counted from one without gaps."
	entryIs     = "An Entry is one commit in the feed."
	feedPurged  = "A position before what was purged is a *PurgedError."
)

var feedCases = []testCase{
	{
		name:     "empty",
		sentence: feedReturns,
		run: func(p probe) {
			p.same("of an empty store", p.feed(0, all), []storage.Entry{})
			p.setPolicies("acme", 0, "ours")
			p.same("after setting policies", p.feed(0, all), []storage.Entry{})
		},
	},
	{
		name:     "an entry is a commit",
		sentence: entryIs,
		run: func(p probe) {
			one, three := opening(chat("a")), change(chat("a"), 1, 3)
			p.commit(one, three)
			p.same("the feed", p.feed(0, all), []storage.Entry{entry(1, one), entry(2, three)})
		},
	},
	{
		name:     "across workspaces",
		sentence: feedReturns,
		run: func(p probe) {
			want := p.publish(
				opening(storage.Key{Workspace: "b", Conversation: "1"}),
				opening(storage.Key{Workspace: "a", Conversation: "1"}),
				opening(storage.Key{Workspace: "c", Conversation: "2"}),
			)
			p.same("the feed", p.feedOneByOne(len(want)), want)
		},
	},
	{
		name:     "after a position",
		sentence: feedReturns,
		run: func(p probe) {
			want := p.publishTen()
			for after := range want {
				p.same(fmt.Sprint("after ", after), p.feed(storage.Position(after), all), want[after:])
			}
			p.same("after the last", p.feed(10, all), []storage.Entry{})
			p.same("after more than there are", p.feed(1000, all), []storage.Entry{})
		},
	},
	{
		name:     "at most limit",
		sentence: feedReturns,
		run: func(p probe) {
			want := p.publishTen()
			for limit := 1; limit <= 11; limit++ {
				p.same(fmt.Sprint("at most ", limit), p.feed(0, limit), want[:min(limit, 10)])
			}
			p.same("at most 3 after 5", p.feed(5, 3), want[5:8])
		},
	},
	{
		name:     "counted from one",
		sentence: positionIs,
		run: func(p probe) {
			p.publishTen()
			for i, e := range p.feed(0, all) {
				p.same(fmt.Sprint("the position of entry ", i), e.Position, storage.Position(i)+1)
			}
		},
	},
	{
		name:     "refused commits leave no gap",
		sentence: feedDense,
		run: func(p probe) {
			first, second := identified("one", opening(chat("a"))), change(chat("a"), 1, 2)
			p.commit(first)
			p.conflict(opening(chat("a")))
			p.conflict(identified("one", change(chat("a"), 1, 1)))
			p.conflict(change(chat("b"), 1, 1))
			p.commit(second)
			p.same("the feed", p.feed(0, all), []storage.Entry{entry(1, first), entry(2, second)})
		},
	},
	{
		name:     "read again is the same",
		sentence: feedDense,
		run: func(p probe) {
			want := p.publishTen()
			p.advance("billing", 7)
			p.same("the feed after a subscriber advanced", p.feed(0, all), want)
			p.commit(closing(change(chat("a"), 5, 1)), opening(chat("c")))
			p.same("its beginning after more commits", p.feed(0, 10), want)
			p.same("the same one by one", p.feedOneByOne(10), want)
		},
	},
	{
		name:     "in the order of versions",
		sentence: feedOrder,
		run: func(p probe) {
			var want []storage.Commit
			for i := range int64(6) {
				for _, k := range []storage.Key{chat("b"), chat("a")} {
					want = append(want, change(k, 2*i, 2))
				}
			}
			p.commit(want...)
			at := map[storage.Key]int64{}
			for _, e := range p.feed(0, all) {
				for _, event := range e.Events {
					at[e.Key]++
					p.same(fmt.Sprint("the version at position ", e.Position), event.Version, at[e.Key])
				}
			}
		},
	},
	{
		name:     "visible after the commit",
		sentence: feedPrompt,
		run: func(p probe) {
			for i := range int64(10) {
				c := change(chat("a"), i, 1)
				p.commit(c)
				want := []storage.Entry{entry(storage.Position(i)+1, c)}
				p.same("the feed after the commit", p.feed(storage.Position(i), all), want)
			}
		},
	},
	{
		name:     "before what was purged is an error",
		sentence: feedPurged,
		run: func(p probe) {
			want := p.publish(opening(chat("a")), opening(chat("b")), closing(change(chat("a"), 1, 1)), opening(chat("c")))
			p.purge(endOfTime, all)
			for after := range storage.Position(3) {
				for _, limit := range []int{1, all} {
					entries, err := p.s.Feed(p.Context(), after, limit)
					if _, ok := errors.AsType[*storage.PurgedError](err); !ok || len(entries) > 0 {
						p.Fatalf("Feed(%d, %d), purged up to 3: %d entries, %v, want a *PurgedError", after, limit, len(entries), err)
					}
				}
			}
			p.same("the feed after what was purged", p.feed(3, all), want[3:])
			p.same("the feed after its end", p.feed(4, all), []storage.Entry{})
		},
	},
}

// publish commits, each after the one before was read from the feed: otherwise
// the order between conversations is open. It returns the feed that this gives.
func (p probe) publish(commits ...storage.Commit) (want []storage.Entry) {
	p.Helper()
	return p.publishAfter(0, commits...)
}

// publishAfter publishes at the end of a feed that is there already.
func (p probe) publishAfter(end storage.Position, commits ...storage.Commit) (want []storage.Entry) {
	p.Helper()
	for _, c := range commits {
		p.commit(c)
		p.feed(end, all)
		end++
		want = append(want, entry(end, c))
	}
	return want
}

// publishTen makes ten entries of two conversations.
func (p probe) publishTen() []storage.Entry {
	p.Helper()
	var commits []storage.Commit
	for i := range int64(5) {
		commits = append(commits, change(chat("a"), i, 1), change(chat("b"), 2*i, 2))
	}
	return p.publish(commits...)
}

// feedOneByOne reads n entries with a limit of one.
func (p probe) feedOneByOne(n int) (entries []storage.Entry) {
	p.Helper()
	for after := range storage.Position(n) {
		entries = append(entries, p.feed(after, 1)...)
	}
	return entries
}
