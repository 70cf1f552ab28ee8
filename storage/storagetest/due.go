package storagetest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const dueReturns = "Due returns the conversations whose due instant is not after by, across workspaces, ordered by instant and key, beginning after the given one (the zero Due: from the oldest on), at most limit."

// leftOut stands at Due and at Outdated.
const leftOut = "Those whose setback lasts beyond by are left out."

var dueCases = []testCase{
	{
		name:     "at the instant, not a microsecond before",
		sentence: dueReturns,
		run: func(p probe) {
			c := sleeping(chat("a"), noon)
			p.commit(c)
			p.same("before", p.due(noon.Add(-time.Microsecond), storage.Due{}, all), []storage.Due{})
			p.same("at the instant", p.due(noon, storage.Due{}, all), []storage.Due{due(c)})
			p.same("later", p.due(noon.AddDate(1, 0, 0), storage.Due{}, all), []storage.Due{due(c)})
		},
	},
	{
		name:     "however long ago",
		sentence: dueReturns,
		run: func(p probe) {
			var want []storage.Due
			for i, at := range oldInstants() {
				c := sleeping(chat(fmt.Sprint(9-i)), at)
				p.commit(c)
				want = append(want, due(c))
			}
			p.same("what is due", p.due(noon, storage.Due{}, all), want)
		},
	},
	{
		name:     "never without an instant",
		sentence: dueReturns,
		run: func(p probe) {
			p.commit(opening(chat("a")), sleeping(chat("b"), noon), change(chat("b"), 1, 1))
			p.same("what is due", p.due(noon.AddDate(100, 0, 0), storage.Due{}, all), []storage.Due{})
		},
	},
	{
		name:     "also when closed",
		sentence: dueReturns,
		run: func(p probe) {
			c := closing(sleeping(chat("a"), noon))
			p.commit(c)
			p.same("what is due", p.due(noon, storage.Due{}, all), []storage.Due{due(c)})
		},
	},
	{
		name:     "across workspaces",
		sentence: dueReturns,
		run: func(p probe) {
			want := p.sleepers(noon, storage.Key{Workspace: "a", Conversation: "1"}, storage.Key{Workspace: "b", Conversation: "1"})
			p.same("what is due", p.due(noon, storage.Due{}, all), want)
		},
	},
	{
		name:     "ordered by instant",
		sentence: dueReturns,
		run: func(p probe) {
			var want []storage.Due
			for _, i := range []int{5, 2, 8, 1, 9, 3, 7, 4, 6, 0} {
				want = append(want, p.sleepers(noon.Add(time.Duration(i)*time.Microsecond), chat(fmt.Sprint(9-i)))...)
			}
			slices.SortFunc(want, storage.Due.Compare)
			p.same("what is due", p.due(noon.AddDate(1, 0, 0), storage.Due{}, all), want)
		},
	},
	{
		name:     "then by key, byte by byte",
		sentence: dueReturns,
		run: func(p probe) {
			want := p.sleepers(noon, sortableKeys()...)
			slices.SortFunc(want, storage.Due.Compare)
			p.same("what is due", p.due(noon, storage.Due{}, all), want)
		},
	},
	{
		name:     "after a given one",
		sentence: dueReturns,
		run: func(p probe) {
			want := p.queue()
			by := want[len(want)-1].At
			for i, after := range want {
				p.same(fmt.Sprint("after ", after), p.due(by, after, all), want[i+1:])
			}
			gone := storage.Due{At: noon, Key: chat("b0")}
			p.same("after one that is not there", p.due(by, gone, all), want[2:])
			p.same("after the beginning of an instant", p.due(by, storage.Due{At: want[3].At}, all), want[3:])
		},
	},
	{
		name:     "at most limit",
		sentence: dueReturns,
		run: func(p probe) {
			want := p.queue()
			by := want[len(want)-1].At
			for limit := 1; limit <= len(want)+1; limit++ {
				p.same(fmt.Sprint("at most ", limit), p.due(by, storage.Due{}, limit), want[:min(limit, len(want))])
			}
			p.same("at most 2 after the third", p.due(by, want[2], 2), want[3:5])
		},
	},
	{
		name:     "where it was moved to",
		sentence: dueReturns,
		run: func(p probe) {
			p.commit(sleeping(chat("a"), noon), sleeping(chat("b"), noon), sleeping(chat("c"), noon))
			later, sooner := change(chat("a"), 1, 1), change(chat("c"), 1, 1)
			later.Head.Due, sooner.Head.Due = noon.AddDate(0, 0, 1), noon.AddDate(0, 0, -1)
			p.commit(later, sooner)
			want := []storage.Due{due(sooner), {At: noon, Key: chat("b")}, due(later)}
			p.same("what is due at noon", p.due(noon, storage.Due{}, all), want[:2])
			p.same("what is due the next day", p.due(later.Head.Due, storage.Due{}, all), want)
		},
	},
	{
		name:     "pages skip nothing while others change",
		sentence: dueReturns,
		run:      pagesOfDue,
	},
	{
		name:     "left out until the setback is over",
		sentence: leftOut,
		run: func(p probe) {
			retry := noon.Add(time.Hour)
			later := sleeping(chat("b"), retry.Add(time.Hour))
			want := p.sleepers(noon, chat("a"))
			p.commit(later)
			p.setBack(chat("a"), 1, failed(1, retry))
			p.setBack(chat("b"), 1, failed(1, retry))
			p.same("a microsecond before", p.due(retry.Add(-time.Microsecond), storage.Due{}, all), []storage.Due{})
			p.same("at the instant", p.due(retry, storage.Due{}, all), want)
			p.same("when both are due", p.due(later.Head.Due, storage.Due{}, all), append(want, due(later)))
		},
	},
	{
		name:     "left out until it is released",
		sentence: leftOut,
		run: func(p probe) {
			want := p.sleepers(noon, chat("a"), chat("b"))
			p.setBack(chat("a"), 1, failed(3, never))
			p.same("what is due", p.due(noon, storage.Due{}, all), want[1:])
			p.same("what is due at the end of time", p.due(endOfTime, storage.Due{}, all), want[1:])
			p.setBack(chat("a"), 1, storage.Setback{})
			p.same("what is due after the release", p.due(noon, storage.Due{}, all), want)
		},
	},
	{
		name:     "pages are filled past those left out",
		sentence: leftOut,
		run: func(p probe) {
			queue := p.queue()
			by := queue[len(queue)-1].At
			for i, retryAt := range []time.Time{never, by.Add(time.Microsecond), by, endOfTime} {
				p.setBack(queue[i].Key, 1, failed(1, retryAt))
			}
			want := []storage.Due{queue[2], queue[4], queue[5]}
			for limit := 1; limit <= 4; limit++ {
				p.same(fmt.Sprint("at most ", limit), p.due(by, storage.Due{}, limit), want[:min(limit, 3)])
			}
			p.same("at most 1 after the first", p.due(by, want[0], 1), want[1:2])
			p.same("after one that is left out", p.due(by, queue[3], all), want[1:])
		},
	},
}

// oldInstants are in order; some stores count from one of them.
func oldInstants() []time.Time {
	return []time.Time{
		time.Date(1901, time.December, 13, 20, 45, 51, 999_999_000, time.UTC),
		time.Date(1969, time.December, 31, 23, 59, 58, 1_000, time.UTC),
		time.Date(1969, time.December, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Unix(0, 0).UTC(),
		time.Unix(0, 1_000).UTC(),
		time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC),
	}
}

// sortableKeys are in no order. Orders of people, who ignore case and
// punctuation, differ from the order of bytes.
func sortableKeys() []storage.Key {
	var keys []storage.Key
	for _, id := range []string{"b", "a-c", "aa", "B", "a.b", "_", "ab", "A", "10", "a_c", "9", "a:b", "aB", "a@", "a"} {
		keys = append(keys, storage.Key{Workspace: "w", Conversation: id}, storage.Key{Workspace: id, Conversation: "w"})
	}
	return keys
}

// sleepers opens conversations that are due at an instant.
func (p probe) sleepers(at time.Time, keys ...storage.Key) (want []storage.Due) {
	p.Helper()
	for _, k := range keys {
		c := sleeping(k, at)
		p.commit(c)
		want = append(want, due(c))
	}
	return want
}

// queue is six conversations in the order in which they are due.
func (p probe) queue() []storage.Due {
	p.Helper()
	return slices.Concat(
		p.sleepers(noon, chat("a"), chat("b"), chat("c")),
		p.sleepers(noon.Add(time.Microsecond), chat("b1")),
		p.sleepers(noon.Add(time.Minute), chat("a2"), chat("d")),
	)
}

// pagesOfDue works through a queue as a runner does: what was returned moves to
// before, behind or out of the queue, and new ones come. Those that nobody
// touches must all come, and come once.
func pagesOfDue(p probe) {
	const n, touched = 40, 3 // every third one
	for i := range n {
		p.commit(sleeping(chat(fmt.Sprintf("%02d", i)), noon.Add(time.Duration(i/4)*time.Second)))
	}
	seen := map[storage.Key]int{}
	after := storage.Due{}
	for page := range n {
		found := p.due(noon.Add(time.Hour), after, 3)
		if len(found) == 0 {
			break
		}
		for i, d := range found {
			seen[d.Key]++
			if number, err := strconv.Atoi(d.Key.Conversation); err == nil && number%touched == 0 {
				c := change(d.Key, int64(seen[d.Key]), 1)
				c.Head.Due = []time.Time{{}, noon.Add(-time.Hour), noon.AddDate(0, 0, 1)}[(page+i)%3]
				p.commit(c)
			}
		}
		after = found[len(found)-1]
		p.commit(sleeping(chat(fmt.Sprint("new", page)), noon.Add(time.Duration(page)*time.Second)))
	}
	for i := range n {
		if k := chat(fmt.Sprintf("%02d", i)); i%touched != 0 && seen[k] != 1 {
			p.Errorf("%v came %d times, want once: nobody touched it", k, seen[k])
		}
	}
}
