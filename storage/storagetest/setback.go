package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const (
	setBackReplaces  = "SetBack replaces the setback of a conversation, and leaves everything else as it is."
	setBackConflicts = "It returns ErrConflict and changes nothing if the conversation is not at the given version."
	zeroSetback      = "The zero value is no setback."
	commitEnds       = "Every commit ends the conversation's setback."
	setbacksReturns  = "Setbacks returns the conversations that have a setback, over or not, ordered by key, beginning after the given one (the zero Key: from the first on), at most limit."
)

var setBackCases = []testCase{
	{
		name:     "replaces",
		sentence: setBackReplaces,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			for _, want := range []storage.Setback{
				failed(1, noon),
				failed(2, never),
				failed(3, noon.Add(-time.Hour)),
				{Failures: 1, RetryAt: noon}, // nobody knows why
			} {
				p.setBack(chat("a"), 1, want)
				p.same("the setback", p.load(chat("a"), "").Setback, want)
				p.same("all setbacks", p.setbacks(storage.Key{}, all), []storage.SetbackOf{{Key: chat("a"), Setback: want}})
			}
		},
	},
	{
		name:     "leaves everything else as it is",
		sentence: setBackReplaces,
		run: func(p probe) {
			other := storage.Key{Workspace: "other", Conversation: "a"}
			p.commit(identified("one", sleeping(chat("a"), noon)), sleeping(chat("b"), noon), opening(other))
			p.setPolicies("acme", 0, "ours")
			p.setBack(other, 1, failed(5, never))
			want := p.picture(chat("a"), "one")
			setback := failed(1, noon.Add(-time.Hour))
			p.setBack(chat("a"), 1, setback)
			want.Loaded.Setback = setback
			want.Setbacks = slices.Insert(want.Setbacks, 0, storage.SetbackOf{Key: chat("a"), Setback: setback})
			p.same("what the store tells", p.picture(chat("a"), "one"), want)
			p.commit(change(chat("a"), 1, 1))
		},
	},
	{
		name:     "at another version changes nothing",
		sentence: setBackConflicts,
		run: func(p probe) {
			p.commit(sleeping(chat("a"), noon), change(chat("a"), 1, 2))
			for _, before := range []storage.Setback{{}, failed(1, noon)} {
				p.setBack(chat("a"), 3, before)
				for _, version := range []int64{0, 1, 2, 4} {
					p.refusesSetback(chat("a"), version, failed(2, never))
					p.refusesSetback(chat("a"), version, storage.Setback{})
				}
			}
		},
	},
	{
		name:     "of an unknown conversation conflicts",
		sentence: setBackConflicts,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			for _, k := range []storage.Key{chat("nobody"), {Workspace: "other", Conversation: "a"}} {
				p.refusesSetback(k, 0, failed(1, never))
				p.refusesSetback(k, 1, failed(1, never))
				p.commit(opening(k))
				p.same("the setback of the opened", p.load(k, "").Setback, storage.Setback{})
			}
		},
	},
	{
		name:     "to zero releases",
		sentence: zeroSetback,
		run: func(p probe) {
			p.commit(sleeping(chat("a"), noon), sleeping(chat("b"), noon))
			p.setPolicies("acme", 0, "first")
			before := p.picture(chat("a"), "")
			for _, retryAt := range []time.Time{never, endOfTime} {
				p.setBack(chat("a"), 1, failed(1, retryAt))
				p.setBack(chat("a"), 1, storage.Setback{})
				p.same("what the store tells", p.picture(chat("a"), ""), before)
			}
			p.setBack(chat("a"), 1, storage.Setback{})
			p.same("what the store tells, released twice", p.picture(chat("a"), ""), before)
		},
	},
	{
		name:     "ended by every commit",
		sentence: commitEnds,
		run: func(p probe) {
			first := sleeping(chat("a"), noon)
			p.commit(first, sleeping(chat("b"), noon))
			p.setBack(chat("b"), 1, failed(2, never))
			for _, c := range []storage.Commit{without(first), identified("nothing", without(first)), change(chat("a"), 1, 1)} {
				c.Head.Due = noon
				p.setBack(chat("a"), 1, failed(1, never))
				p.commit(c)
				what := fmt.Sprintf("after a commit of %d events, ", len(c.Events))
				p.same(what+"the setback", p.load(chat("a"), "").Setback, storage.Setback{})
				p.same(what+"all setbacks", p.setbacks(storage.Key{}, all),
					[]storage.SetbackOf{{Key: chat("b"), Setback: failed(2, never)}})
				p.same(what+"what is due", p.due(noon, storage.Due{}, all), []storage.Due{due(c)})
			}
		},
	},
}

var setbacksCases = []testCase{
	{
		name:     "over or not",
		sentence: setbacksReturns,
		run: func(p probe) {
			p.same("of an empty store", p.setbacks(storage.Key{}, all), []storage.SetbackOf{})
			var want []storage.SetbackOf
			for i, retryAt := range []time.Time{oldInstants()[0], noon, endOfTime, never} {
				want = append(want, p.setBackOf(chat(fmt.Sprint(i)), failed(i+1, retryAt)))
			}
			p.commit(opening(chat("x")), sleeping(chat("y"), noon))
			p.same("all setbacks", p.setbacks(storage.Key{}, all), want)
		},
	},
	{
		name:     "across workspaces, ordered by key, byte by byte",
		sentence: setbacksReturns,
		run: func(p probe) {
			want := p.failures()
			p.same("all setbacks", p.setbacks(storage.Key{}, all), want)
		},
	},
	{
		name:     "after a given one",
		sentence: setbacksReturns,
		run: func(p probe) {
			want := p.failures()
			for i, after := range want {
				p.same(fmt.Sprint("after ", after.Key), p.setbacks(after.Key, all), want[i+1:])
			}
			gone := want[4].Key
			gone.Conversation += "!" // Sorts right after it.
			p.same("after one that is not there", p.setbacks(gone, all), want[5:])
		},
	},
	{
		name:     "at most limit",
		sentence: setbacksReturns,
		run: func(p probe) {
			want := p.failures()
			for _, limit := range []int{1, 2, len(want) - 1, len(want), len(want) + 1} {
				p.same(fmt.Sprint("at most ", limit), p.setbacks(storage.Key{}, limit), want[:min(limit, len(want))])
			}
			p.same("at most 2 after the third", p.setbacks(want[2].Key, 2), want[3:5])
		},
	},
}

// refusesSetback sets back a conversation at a version where it is not.
func (p probe) refusesSetback(k storage.Key, version int64, setback storage.Setback) {
	p.Helper()
	before := p.picture(k, "")
	if err := p.s.SetBack(p.Context(), k, version, setback); !errors.Is(err, storage.ErrConflict) {
		p.Fatalf("SetBack of %v, which is at version %d, at version %d: %v, want ErrConflict",
			k, before.Loaded.Head.Version, version, err)
	}
	p.same("what changed in a conflict", p.picture(k, ""), before)
}

// setBackOf opens a conversation and sets it back.
func (p probe) setBackOf(k storage.Key, setback storage.Setback) storage.SetbackOf {
	p.Helper()
	p.commit(opening(k))
	p.setBack(k, 1, setback)
	return storage.SetbackOf{Key: k, Setback: setback}
}

// failures sets conversations back, and returns them in order.
func (p probe) failures() (want []storage.SetbackOf) {
	p.Helper()
	for i, k := range sortableKeys() {
		want = append(want, p.setBackOf(k, failed(i+1, noon)))
	}
	slices.SortFunc(want, func(x, y storage.SetbackOf) int { return x.Key.Compare(y.Key) })
	return want
}
