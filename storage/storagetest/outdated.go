package storagetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const outdatedReturns = "Outdated returns the open conversations whose PolicyRevision is older than the policies of their workspace, ordered by key, beginning after the given one (the zero Key: from the first on), at most limit."

var outdatedCases = []testCase{
	{
		name:     "after the policies changed",
		sentence: outdatedReturns,
		run: func(p probe) {
			p.setPolicies("acme", 0, "first")
			p.commit(under(1, opening(chat("a"))), under(1, opening(chat("b"))))
			p.isOutdated()
			p.setPolicies("acme", 1, "second")
			p.isOutdated(chat("a"), chat("b"))
		},
	},
	{
		name:     "decided on older policies",
		sentence: outdatedReturns,
		run: func(p probe) {
			p.setPolicies("acme", 0, "first")
			p.setPolicies("acme", 1, "second")
			p.commit(under(1, opening(chat("a"))), under(2, opening(chat("b"))), under(0, opening(chat("c"))))
			p.isOutdated(chat("a"), chat("c"))
			p.commit(under(1, change(chat("b"), 1, 1)))
			p.isOutdated(chat("a"), chat("b"), chat("c"))
		},
	},
	{
		name:     "recomputed no longer",
		sentence: outdatedReturns,
		run: func(p probe) {
			first := opening(chat("a"))
			p.commit(first, opening(chat("b")), opening(chat("c")))
			p.setPolicies("acme", 0, "first")
			p.commit(under(1, without(first)))
			p.isOutdated(chat("b"), chat("c"))
			p.commit(under(1, change(chat("b"), 1, 1)))
			p.isOutdated(chat("c"))
			p.setPolicies("acme", 1, "second")
			p.isOutdated(chat("a"), chat("b"), chat("c"))
		},
	},
	{
		name:     "closed no longer",
		sentence: outdatedReturns,
		run: func(p probe) {
			p.commit(closing(opening(chat("a"))), opening(chat("b")), opening(chat("c")))
			p.setPolicies("acme", 0, "first")
			p.isOutdated(chat("b"), chat("c"))
			p.commit(closing(change(chat("b"), 1, 1)))
			p.isOutdated(chat("c"))
		},
	},
	{
		name:     "reopened again",
		sentence: outdatedReturns,
		run: func(p probe) {
			p.commit(closing(opening(chat("a"))), closing(opening(chat("b"))))
			p.setPolicies("acme", 0, "first")
			p.commit(change(chat("a"), 1, 1), under(1, change(chat("b"), 1, 1)))
			p.isOutdated(chat("a"))
		},
	},
	{
		name:     "by the policies of their own workspace",
		sentence: outdatedReturns,
		run: func(p probe) {
			inOther := storage.Key{Workspace: "other", Conversation: "a"}
			inThird := storage.Key{Workspace: "third", Conversation: "a"}
			p.commit(opening(chat("a")), opening(inOther), opening(inThird))
			p.setPolicies("other", 0, "theirs")
			p.isOutdated(inOther)
			p.setPolicies("acme", 0, "ours")
			p.isOutdated(chat("a"), inOther)
		},
	},
	{
		name:     "never where no policies were set",
		sentence: outdatedReturns,
		run: func(p probe) {
			p.commit(opening(chat("a")), change(chat("a"), 1, 1))
			p.isOutdated()
		},
	},
	{
		name:     "ordered by key, byte by byte",
		sentence: outdatedReturns,
		run: func(p probe) {
			keys := p.stale()
			p.isOutdated(keys...)
		},
	},
	{
		name:     "after a given one",
		sentence: outdatedReturns,
		run: func(p probe) {
			keys := p.stale()
			for i, after := range keys {
				p.same(fmt.Sprint("after ", after), p.outdated(noon, after, all), keys[i+1:])
			}
			gone := keys[4]
			gone.Conversation += "!" // Sorts right after it.
			p.same("after one that is not there", p.outdated(noon, gone, all), keys[5:])
		},
	},
	{
		name:     "at most limit",
		sentence: outdatedReturns,
		run: func(p probe) {
			keys := p.stale()
			for limit := 1; limit <= len(keys)+1; limit++ {
				p.same(fmt.Sprint("at most ", limit), p.outdated(noon, storage.Key{}, limit), keys[:min(limit, len(keys))])
			}
			p.same("at most 2 after the third", p.outdated(noon, keys[2], 2), keys[3:5])
		},
	},
	{
		name:     "pages skip nothing while rows leave",
		sentence: outdatedReturns,
		run: func(p probe) {
			want := p.stale()
			var got []storage.Key
			var after storage.Key
			for len(got) < len(want) {
				page := p.outdated(noon, after, 4)
				if len(page) == 0 {
					break
				}
				for _, k := range page {
					got, after = append(got, k), k
					p.commit(under(1, without(opening(k))))
				}
			}
			p.same("all pages", got, want)
			p.isOutdated()
		},
	},
	{
		name:     "left out while set back",
		sentence: leftOut,
		run: func(p probe) {
			p.commit(opening(chat("a")), opening(chat("b")), opening(chat("c")))
			p.setPolicies("acme", 0, "first")
			p.setBack(chat("a"), 1, failed(1, noon.Add(time.Microsecond)))
			p.setBack(chat("b"), 1, failed(3, never))
			p.setBack(chat("c"), 1, failed(2, noon))
			p.isOutdated(chat("c"))
			p.same("a microsecond later", p.outdated(noon.Add(time.Microsecond), storage.Key{}, all),
				[]storage.Key{chat("a"), chat("c")})
			p.setBack(chat("b"), 1, storage.Setback{})
			p.same("after the release", p.outdated(endOfTime, storage.Key{}, all),
				[]storage.Key{chat("a"), chat("b"), chat("c")})
		},
	},
	{
		name:     "pages are filled past those left out",
		sentence: leftOut,
		run: func(p probe) {
			var want []storage.Key
			for i, k := range p.stale() {
				if i%3 == 0 {
					want = append(want, k)
					continue
				}
				p.setBack(k, 1, failed(i, []time.Time{never, never, endOfTime}[i%3]))
			}
			for _, limit := range []int{1, 2, 5, len(want), len(want) + 1} {
				p.same(fmt.Sprint("at most ", limit), p.outdated(noon, storage.Key{}, limit), want[:min(limit, len(want))])
			}
			p.same("at most 2 after the third", p.outdated(noon, want[2], 2), want[3:5])
		},
	},
}

// isOutdated compares what is outdated, all of it and in order.
func (p probe) isOutdated(want ...storage.Key) {
	p.Helper()
	p.same("what is outdated", p.outdated(noon, storage.Key{}, all), want)
}

// stale opens conversations that are all outdated, and returns them in order.
func (p probe) stale() []storage.Key {
	p.Helper()
	keys := sortableKeys()
	workspaces := map[string]bool{}
	for _, k := range keys {
		p.commit(opening(k))
		if !workspaces[k.Workspace] {
			p.setPolicies(k.Workspace, 0, "first")
			workspaces[k.Workspace] = true
		}
	}
	slices.SortFunc(keys, storage.Key.Compare)
	return keys
}
