package storagetest

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const (
	viewReturns  = "View returns the conversations that a query selects, by the instant that the query orders by and then by conversation byte by byte, both backwards for the newest first, at most limit."
	countReturns = "Count returns how many conversations a query selects."
	queryIs      = "A Query selects conversations of a workspace in a state."
	queryEmpty   = "What is empty or zero selects nothing away."
	orderIs      = "An Order is what a view is ordered by."
	rowIs        = "A Row is a conversation in a view."
	statesMean   = "State, Group, Outcome and Tags mean nothing to a store: they are compared byte by byte."
)

var viewCases = []testCase{
	{
		name:     "of a workspace in a state",
		sentence: queryIs,
		run: func(p probe) {
			p.shows(storage.Query{})
			a, b, c := showing("a", 1, 9), showing("b", 2, 8), closing(showing("c", 3, 7))
			elsewhere := showing("a", 4, 6)
			elsewhere.Key.Workspace = "other"
			p.commit(a, b, c, elsewhere)
			p.shows(storage.Query{}, a, b)
			p.shows(storage.Query{State: stateClosed}, c)
			p.shows(storage.Query{State: "paused"})
			p.shows(storage.Query{Workspace: "other"}, elsewhere)
			p.shows(storage.Query{Workspace: "nobody"})
		},
	},
	{
		name:     "the whole conversation",
		sentence: rowIs,
		run: func(p probe) {
			c := under(7, seated("zoe", closing(sleeping(chat("a"), noon))))
			c.Head.Agent, c.Head.Group, c.Head.Outcome, c.Head.Tags = "yan", "sales", "won", []string{"blue", "red"}
			p.commit(c, opening(chat("b")))
			for _, order := range []storage.Order{storage.BySince, storage.ByUpdated} {
				for _, tag := range []string{"", "blue", "red"} {
					p.shows(storage.Query{State: stateClosed, Order: order, Tag: tag}, c)
				}
			}
			p.same("the head", p.load(chat("a"), "").Head, c.Head)
		},
	},
	{
		name:     "by one thing each",
		sentence: viewReturns,
		run: func(p probe) {
			a, b, c, d := showing("a", 1, 9), showing("b", 2, 8), showing("c", 3, 7), showing("d", 4, 6)
			a.Head.Agent, b.Head.Agent = "zoe", "yan"
			b.Head.Group, c.Head.Group = "sales", "support"
			c.Head.Visitor, d.Head.Visitor = "bob", "cleo"
			d.Head.Outcome, a.Head.Outcome = "won", "lost"
			a.Head.Tags, c.Head.Tags, d.Head.Tags = []string{"red"}, []string{"blue", "green", "red"}, []string{"blue"}
			b.Head.Seat = "zoe" // That she has it is not said by a seat.
			p.commit(a, b, c, d)
			p.shows(storage.Query{Agent: "zoe"}, a)
			p.shows(storage.Query{Group: "sales"}, b)
			p.shows(storage.Query{Ungrouped: true}, a, d)
			p.shows(storage.Query{Visitor: "bob"}, c)
			p.shows(storage.Query{Visitor: ann}, a, b)
			p.shows(storage.Query{Outcome: "won"}, d)
			p.shows(storage.Query{Tag: "red"}, a, c)
			p.shows(storage.Query{Tag: "green"}, c)
			p.shows(storage.Query{Tag: "blue", Order: storage.ByUpdated}, d, c)
			p.shows(storage.Query{Agent: "nobody"})
		},
	},
	{
		name:     "any when nothing is asked",
		sentence: queryEmpty,
		run: func(p probe) {
			a, b := showing("a", 1, 9), showing("b", 2, 8)
			b.Head.Agent, b.Head.Group, b.Head.Outcome, b.Head.Tags = "zoe", "sales", "won", []string{"blue", "red"}
			p.commit(a, b)
			p.shows(storage.Query{}, a, b)
			p.shows(storage.Query{Newest: true}, b, a)
			p.same("the number", p.count(storage.Query{Workspace: "acme", State: stateOpen, Order: storage.BySince}), 2)
		},
	},
	{
		name:     "by several things at once",
		sentence: viewReturns,
		run: func(p probe) {
			desk := p.desk()
			for _, q := range queries() {
				p.same(fmt.Sprintf("what %+v shows", q), p.view(q, all), selected(desk, q))
			}
		},
	},
	{
		name:     "compared byte by byte",
		sentence: statesMean,
		run: func(p probe) {
			words := []string{"red", "Red", "red ", "re", "reds", "r_d", "%", "red,blue", "0", "00", "é", "e\u0301", `"red"`}
			slices.Sort(words)
			var commits []storage.Commit
			for i, word := range words {
				c := showing(fmt.Sprintf("%02d", i), i, 0)
				c.Head.State, c.Head.Group, c.Head.Outcome = word, word, word
				c.Head.Tags = []string{word}
				tagged := showing(fmt.Sprintf("%02d-tagged", i), i, 0)
				tagged.Head.Group, tagged.Head.Outcome, tagged.Head.Tags = word, word, words[:i+1]
				commits = append(commits, c, tagged)
			}
			p.commit(commits...)
			for i, word := range words {
				own, tagged := commits[2*i], commits[2*i+1]
				p.shows(storage.Query{State: word}, own)
				p.shows(storage.Query{State: word, Tag: word}, own)
				p.shows(storage.Query{Group: word}, tagged)
				p.shows(storage.Query{Outcome: word}, tagged)
				var have []storage.Commit
				for j := i; j < len(words); j++ {
					have = append(have, commits[2*j+1])
				}
				p.shows(storage.Query{Tag: word}, have...)
			}
		},
	},
	{
		name:     "by what it is ordered by",
		sentence: orderIs,
		run: func(p probe) {
			a, b, c := showing("a", 2, 3), showing("b", 3, 1), showing("c", 1, 2)
			p.commit(a, b, c)
			p.shows(storage.Query{Order: storage.BySince}, c, a, b)
			p.shows(storage.Query{Order: storage.ByUpdated}, b, c, a)
			p.shows(storage.Query{Order: storage.BySince, Newest: true}, b, a, c)
			p.shows(storage.Query{Order: storage.ByUpdated, Newest: true}, a, c, b)
		},
	},
	{
		name:     "however long ago",
		sentence: viewReturns,
		run: func(p probe) {
			var commits []storage.Commit
			for i, at := range append(oldInstants(), noon) {
				c := opening(chat(fmt.Sprint(9 - i)))
				c.Head.Since, c.Head.Updated = at, at
				p.commit(c)
				commits = append(commits, c)
			}
			for _, order := range []storage.Order{storage.BySince, storage.ByUpdated} {
				p.shows(storage.Query{Order: order}, commits...)
				for i, at := range oldInstants() {
					p.shows(storage.Query{Order: order, From: at}, commits[i:]...)
					p.shows(storage.Query{Order: order, To: at}, commits[:i]...)
					p.shows(storage.Query{Order: order, After: storage.Place{At: at, Conversation: fmt.Sprint(9 - i)}}, commits[i+1:]...)
				}
			}
		},
	},
	{
		name:     "then by conversation, byte by byte, in both directions",
		sentence: viewReturns,
		run: func(p probe) {
			want := p.crowd()
			p.same("the earliest first", p.view(openBySince(), all), want)
			newest := openBySince()
			newest.Newest = true
			slices.Reverse(want)
			p.same("the newest first", p.view(newest, all), want)
		},
	},
	{
		name:     "not before From, and before To",
		sentence: viewReturns,
		run: func(p probe) {
			a, b, c, d := showing("a", 1, 4), showing("b", 2, 3), showing("c", 2, 2), showing("d", 3, 1)
			p.commit(a, b, c, d)
			one, two, three := viewedAt(1), viewedAt(2), viewedAt(3)
			p.shows(storage.Query{From: two}, b, c, d)
			p.shows(storage.Query{From: two.Add(time.Microsecond)}, d)
			p.shows(storage.Query{From: two.Add(-time.Microsecond)}, b, c, d)
			p.shows(storage.Query{To: two}, a)
			p.shows(storage.Query{To: two.Add(time.Microsecond)}, a, b, c)
			p.shows(storage.Query{From: one, To: three}, a, b, c)
			p.shows(storage.Query{From: two, To: three, Newest: true}, c, b)
			p.shows(storage.Query{From: two, To: two})
			p.shows(storage.Query{From: three, To: one})
			p.shows(storage.Query{From: two, To: three, Order: storage.ByUpdated}, c)
			p.shows(storage.Query{To: three, Order: storage.ByUpdated, Newest: true}, c, d)
		},
	},
	{
		name:     "after a place",
		sentence: viewReturns,
		run: func(p probe) {
			desk := p.desk()
			for _, q := range []storage.Query{
				{Order: storage.BySince}, {Order: storage.BySince, Newest: true},
				{Order: storage.ByUpdated}, {Order: storage.ByUpdated, Newest: true},
				{Order: storage.BySince, From: viewedAt(1), To: viewedAt(3)}, {Order: storage.ByUpdated, Tag: "red", Newest: true},
			} {
				q.Workspace, q.State = "acme", stateOpen
				want := selected(desk, q)
				for i, r := range want {
					q.After = placeOf(q, r)
					p.same(fmt.Sprintf("what %+v shows", q), p.view(q, all), want[i+1:])
				}
			}
		},
	},
	{
		name:     "after a place where nothing is",
		sentence: viewReturns,
		run: func(p probe) {
			b, d, x := showing("b", 2, 0), showing("d", 2, 0), showing("x", 3, 0)
			p.commit(b, d, x)
			for _, c := range []struct {
				after           storage.Place
				earliest, later []storage.Commit
			}{
				{storage.Place{At: viewedAt(2), Conversation: "c"}, []storage.Commit{d, x}, []storage.Commit{b}},
				{storage.Place{At: viewedAt(2), Conversation: "a"}, []storage.Commit{b, d, x}, nil},
				{storage.Place{At: viewedAt(2), Conversation: "z"}, []storage.Commit{x}, []storage.Commit{d, b}},
				{storage.Place{At: viewedAt(2)}, []storage.Commit{b, d, x}, nil},
				{storage.Place{At: viewedAt(1), Conversation: "z"}, []storage.Commit{b, d, x}, nil},
				{storage.Place{At: viewedAt(3), Conversation: "a"}, []storage.Commit{x}, []storage.Commit{d, b}},
				{storage.Place{At: viewedAt(4), Conversation: "a"}, nil, []storage.Commit{x, d, b}},
			} {
				p.shows(storage.Query{After: c.after}, c.earliest...)
				p.shows(storage.Query{After: c.after, Newest: true}, c.later...)
			}
		},
	},
	{
		name:     "at most limit",
		sentence: viewReturns,
		run: func(p probe) {
			want := p.crowd()
			for _, limit := range []int{1, 2, len(want) - 1, len(want), len(want) + 1} {
				p.same(fmt.Sprint("at most ", limit), p.view(openBySince(), limit), want[:min(limit, len(want))])
			}
			q := openBySince()
			q.After = placeOf(q, want[2])
			p.same("at most 2 after the third", p.view(q, 2), want[3:5])
		},
	},
	{
		name:     "pages are filled with what is selected",
		sentence: viewReturns,
		run: func(p probe) {
			desk := p.desk()
			for _, q := range queries() {
				want := selected(desk, q)
				var got []storage.Row
				for len(got) <= len(want) {
					page := p.view(q, 2)
					got = append(got, page...)
					if len(page) < 2 {
						break
					}
					q.After = placeOf(q, page[1])
				}
				p.same(fmt.Sprintf("what pages of %+v show", q), got, want)
			}
		},
	},
	{
		name:     "where it was moved to",
		sentence: viewReturns,
		run: func(p probe) {
			a, b := showing("a", 1, 1), showing("b", 2, 2)
			a.Head.Agent, a.Head.Group = "zoe", "sales"
			p.commit(a, b)
			next := change(chat("a"), 1, 1)
			next.Head.Since, next.Head.Updated = viewedAt(3), viewedAt(3)
			next.Head.Agent, next.Head.Visitor, next.Head.Outcome = "yan", "bob", "won"
			p.commit(next)
			p.shows(storage.Query{}, b, next)
			p.shows(storage.Query{Order: storage.ByUpdated, Newest: true}, next, b)
			p.shows(storage.Query{Agent: "zoe"})
			p.shows(storage.Query{Group: "sales"})
			p.shows(storage.Query{Agent: "yan", Ungrouped: true, Visitor: "bob", Outcome: "won"}, next)
		},
	},
	{
		name:     "in the state that it was moved to",
		sentence: queryIs,
		run: func(p probe) {
			a, b := showing("a", 1, 1), showing("b", 2, 2)
			a.Head.Tags = []string{"red"}
			p.commit(a, b)
			closed := closing(change(chat("a"), 1, 1))
			closed.Head.Tags = []string{"red"}
			p.commit(closed)
			p.shows(storage.Query{}, b)
			p.shows(storage.Query{Tag: "red"})
			p.shows(storage.Query{State: stateClosed}, closed)
			p.shows(storage.Query{State: stateClosed, Tag: "red"}, closed)
			reopened := change(chat("a"), 2, 1)
			p.commit(reopened)
			p.shows(storage.Query{State: stateClosed})
			p.shows(storage.Query{}, reopened, b)
		},
	},
	{
		name:     "with the tags that it has now",
		sentence: viewReturns,
		run: func(p probe) {
			var at storage.Commit
			other := showing("b", 9, 9)
			other.Head.Tags = []string{"blue", "green", "red"}
			p.commit(other)
			for i, tags := range [][]string{{"blue", "red"}, {"green", "red"}, nil, {"red"}, {"blue"}} {
				at = change(chat("a"), int64(i), 1)
				at.Head.Tags = tags
				p.commit(at)
				p.same("the tags", p.load(chat("a"), "").Head.Tags, tags)
				for _, tag := range other.Head.Tags {
					want := []storage.Commit{other}
					if slices.Contains(tags, tag) {
						want = []storage.Commit{at, other}
					}
					p.shows(storage.Query{Tag: tag}, want...)
				}
			}
			p.commit(without(at))
			p.shows(storage.Query{Tag: "blue"}, at, other)
		},
	},
	{
		name:     "after a refused commit as before",
		sentence: conflicts,
		run: func(p probe) {
			first := showing("a", 1, 1)
			first.Head.Tags, first.Head.Agent = []string{"red"}, "zoe"
			p.commit(first)
			refused := closing(change(chat("a"), 2, 1))
			refused.Head.Tags, refused.Head.Agent = []string{"blue"}, "yan"
			p.conflict(refused)
			p.shows(storage.Query{Tag: "red", Agent: "zoe"}, first)
			p.shows(storage.Query{Tag: "blue"})
			p.shows(storage.Query{State: stateClosed, Tag: "blue"})
		},
	},
	{
		name:     "pages skip nothing while others change",
		sentence: viewReturns,
		run:      pagesOfView,
	},
}

var countCases = []testCase{
	{
		name:     "as many as View shows",
		sentence: countReturns,
		run: func(p probe) {
			p.same("of an empty store", p.count(openBySince()), 0)
			p.desk()
			for _, q := range queries() {
				p.same(fmt.Sprintf("the number of what %+v shows", q), p.count(q), len(p.view(q, all)))
			}
		},
	},
	{
		name:     "behind a place",
		sentence: countReturns,
		run: func(p probe) {
			desk := p.desk()
			for _, q := range queries() {
				for i, r := range selected(desk, q) {
					q.After = placeOf(q, r)
					p.same(fmt.Sprintf("the number of what %+v shows", q), p.count(q), len(selected(desk, q)))
					if i == 3 {
						break
					}
				}
			}
		},
	},
	{
		name:     "how many are before one that waits",
		sentence: countReturns,
		run: func(p probe) {
			line := p.crowd()
			for before, r := range line {
				q := openBySince()
				q.Newest = true
				q.After = placeOf(q, r)
				p.same("the number before "+r.Key.Conversation, p.count(q), before)
			}
		},
	},
	{
		name:     "now and not before",
		sentence: countReturns,
		run: func(p probe) {
			p.crowd()
			n := p.count(openBySince())
			p.commit(closing(change(chat("a"), 1, 1)), change(chat("b"), 1, 1), opening(chat("new")))
			p.commit(without(opening(chat("new"))))
			p.same("the number after one left and one came", p.count(openBySince()), n)
			p.conflict(opening(chat("new")))
			p.commit(closing(change(chat("new"), 1, 1)))
			p.same("the number after one left", p.count(openBySince()), n-1)
			p.purge(endOfTime, 1)
			closed := openBySince()
			closed.State = stateClosed
			p.same("the number of the closed after one was purged", p.count(closed), 1)
		},
	},
}

// openBySince selects the open conversations of the workspace that most cases
// use.
func openBySince() storage.Query {
	return storage.Query{Workspace: "acme", State: stateOpen, Order: storage.BySince}
}

// shows checks what a query shows, and how many that are. Unless the query says
// something else it is of the open ones of the workspace that most cases use, by
// Since.
func (p probe) shows(q storage.Query, want ...storage.Commit) {
	p.Helper()
	byDefault := openBySince()
	if q.Workspace == "" {
		q.Workspace = byDefault.Workspace
	}
	if q.State == "" {
		q.State = byDefault.State
	}
	if q.Order == "" {
		q.Order = byDefault.Order
	}
	p.same(fmt.Sprintf("what %+v shows", q), p.view(q, all), rows(want...))
	p.same(fmt.Sprintf("the number of what %+v shows", q), p.count(q), len(want))
}

// viewedAt are instants to order by.
func viewedAt(i int) time.Time { return noon.Add(time.Duration(i) * time.Millisecond) }

// showing opens a conversation with places in the orders of views.
func showing(conversation string, since, updated int) storage.Commit {
	c := opening(chat(conversation))
	c.Head.Since, c.Head.Updated = viewedAt(since), viewedAt(updated)
	return c
}

func placeOf(q storage.Query, r storage.Row) storage.Place {
	if q.Order == storage.ByUpdated {
		return storage.Place{At: r.Head.Updated, Conversation: r.Key.Conversation}
	}
	return storage.Place{At: r.Head.Since, Conversation: r.Key.Conversation}
}

// crowd opens conversations of which many have an instant in common, and returns
// them in order.
func (p probe) crowd() []storage.Row {
	p.Helper()
	var commits []storage.Commit
	for i, k := range sortableKeys() {
		if k.Workspace == "w" {
			c := showing(k.Conversation, i%3/2, i)
			p.commit(c)
			commits = append(commits, c)
		}
	}
	return selected(rows(commits...), openBySince())
}

// desk opens conversations that have a few of each thing, in two workspaces.
func (p probe) desk() []storage.Row {
	p.Helper()
	some := func(i int, of ...string) string { return of[i%len(of)] }
	var commits []storage.Commit
	for i := range 36 {
		c := opening(storage.Key{Workspace: some(i, "acme", "acme", "acme", "acme", "other"), Conversation: fmt.Sprint(i * 7 % 36)})
		c.Head.State = some(i/2, stateOpen, stateOpen, stateClosed)
		c.Head.Agent = some(i/3, "", "zoe", "yan")
		c.Head.Group = some(i, "", "sales", "support")
		c.Head.Visitor = some(i/5, ann, "bob")
		c.Head.Outcome = some(i/4, "", "won")
		c.Head.Tags = [][]string{nil, {"red"}, {"blue", "red"}, {"blue"}}[i%4]
		c.Head.Since, c.Head.Updated = viewedAt(i*5%4), viewedAt(i*11%5)
		commits = append(commits, c)
	}
	p.commit(commits...)
	return rows(commits...)
}

// queries are of what desk opens: each thing alone and with others.
func queries() []storage.Query {
	list := []storage.Query{{}}
	with := func(changes ...func(*storage.Query)) {
		for _, q := range list {
			for _, change := range changes {
				changed := q
				change(&changed)
				list = append(list, changed)
			}
		}
	}
	with(func(q *storage.Query) { q.Agent = "zoe" })
	with(func(q *storage.Query) { q.Group = "sales" }, func(q *storage.Query) { q.Ungrouped = true })
	with(func(q *storage.Query) { q.Visitor = "bob" })
	with(func(q *storage.Query) { q.Outcome = "won" })
	with(func(q *storage.Query) { q.Tag = "red" })
	with(func(q *storage.Query) { q.From, q.To = viewedAt(1), viewedAt(3) })
	with(func(q *storage.Query) { q.Newest = true })
	for i := range list {
		q := &list[i]
		q.Workspace, q.State = "acme", []string{stateOpen, stateOpen, stateClosed}[i%3]
		q.Order = []storage.Order{storage.BySince, storage.ByUpdated}[bits.OnesCount(uint(i))%2] // With each thing both.
	}
	return list
}

// selected is what a query shows of rows.
func selected(rows []storage.Row, q storage.Query) []storage.Row {
	compare := func(x, y storage.Place) int {
		order := x.At.Compare(y.At)
		if order == 0 {
			order = strings.Compare(x.Conversation, y.Conversation)
		}
		if q.Newest {
			return -order
		}
		return order
	}
	var found []storage.Row
	for _, r := range rows {
		at := placeOf(q, r)
		if r.Key.Workspace == q.Workspace && r.Head.State == q.State && holds(q, r.Head) &&
			(q.From.IsZero() || !at.At.Before(q.From)) && (q.To.IsZero() || at.At.Before(q.To)) &&
			(q.After == storage.Place{} || compare(at, q.After) > 0) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(x, y storage.Row) int { return compare(placeOf(q, x), placeOf(q, y)) })
	return found
}

// holds reports whether a conversation has all the things that a query asks for.
func holds(q storage.Query, h storage.Head) bool {
	for _, ask := range []struct{ want, have string }{
		{q.Agent, h.Agent}, {q.Group, h.Group}, {q.Visitor, h.Visitor}, {q.Outcome, h.Outcome},
	} {
		if ask.want != "" && ask.want != ask.have {
			return false
		}
	}
	return (!q.Ungrouped || h.Group == "") && (q.Tag == "" || slices.Contains(h.Tags, q.Tag))
}

// pagesOfView turns the pages of a view while conversations move before, behind
// and out of it, and new ones come. Those that nobody touches must all come, and
// come once.
func pagesOfView(p probe) {
	const n, touched = 40, 3 // every third one
	for i := range n {
		p.commit(showing(fmt.Sprintf("%02d", i), 10+i/4, 0))
	}
	seen := map[string]int{}
	q := openBySince()
	for page := range n {
		found := p.view(q, 3)
		if len(found) == 0 {
			break
		}
		for i, r := range found {
			id := r.Key.Conversation
			seen[id]++
			if number, err := strconv.Atoi(id); err == nil && number%touched == 0 {
				c := change(r.Key, r.Head.Version, 1)
				if (page+i)%3 == 0 {
					c = closing(c)
				}
				c.Head.Since = viewedAt([]int{0, 1, 100}[(page+i)%3])
				p.commit(c)
			}
		}
		q.After = placeOf(q, found[len(found)-1])
		p.commit(showing(fmt.Sprint("new", page), page, 0))
	}
	for i := range n {
		if id := fmt.Sprintf("%02d", i); i%touched != 0 && seen[id] != 1 {
			p.Errorf("%s came %d times, want once: nobody touched it", id, seen[id])
		}
	}
}
