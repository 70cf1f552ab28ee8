package storagetest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

const (
	closingPut       = "Each of the Closings is put in the place of the conversation's closing of that number, whose time is the same, or beside the others."
	closingWithout   = "A commit without events puts none."
	closingQueryIs   = "A ClosingQuery selects closings of a workspace."
	closingWords     = "The strings of a closing mean nothing to a store: they come back byte for byte, and are compared byte by byte."
	closedAgain      = "A closing of a higher number closed the conversation again, whatever its time."
	closingsReturned = "Closings returns the closings that a query selects, as they were put last, ordered as closure.ComparePlaces orders, backwards for the newest first, at most limit."
)

var closingCases = []testCase{
	{
		name:     "beside the others",
		sentence: closingPut,
		run: func(p probe) {
			p.finds(storage.ClosingQuery{})
			first, second, other := ending("a", 1, 1), ending("a", 2, 3), ending("b", 1, 2)
			p.file("acme", first)
			p.finds(storage.ClosingQuery{}, first)
			p.file("acme", other)
			p.finds(storage.ClosingQuery{}, first, other)
			p.file("acme", second)
			p.finds(storage.ClosingQuery{}, first, other, second)
		},
	},
	{
		name:     "in the place of that number",
		sentence: closingPut,
		run: func(p probe) {
			for i, decisions := range [][]closure.Record{
				{fullClosing("a", 1, 1), ending("a", 1, 1)},
				{ending("b", 1, 2), fullClosing("b", 1, 2)},
				{fullClosing("c", 1, 3), otherClosing("c", 1, 3), fullClosing("c", 1, 3), otherClosing("c", 1, 3)},
			} {
				name := decisions[0].Conversation
				beside := ending(name, 2, 10+i)
				p.file("acme", decisions[0])
				p.file("acme", beside)
				for n, r := range decisions {
					p.file("acme", r)
					of := storage.ClosingQuery{Filter: closure.Filter{Conversation: name}}
					p.finds(of, r, beside)
					for _, before := range append(decisions[:n:n], r) {
						queries := []storage.ClosingQuery{exactly(before)}
						for _, tag := range before.Tags {
							of.Tag = tag
							queries = append(queries, of)
						}
						of.Tag = ""
						for _, article := range before.Articles {
							of.Article = article
							queries = append(queries, of)
						}
						of.Article = ""
						for _, q := range queries {
							p.finds(q, chosen([]closure.Record{r, beside}, q)...)
						}
					}
					p.finds(exactly(r), r)
				}
			}
		},
	},
	{
		name:     "several at once",
		sentence: closingPut,
		run: func(p probe) {
			first, second, third := ending("a", 1, 1), ending("a", 2, 2), ending("a", 3, 3)
			p.file("acme", first, second)
			p.finds(storage.ClosingQuery{}, first, second)
			first, third.Tags = otherClosing("a", 1, 1), []string{"blue", "red"}
			p.file("acme", third, first) // In any order, the second not among them.
			p.finds(storage.ClosingQuery{}, first, second, third)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Tag: "red"}}, third)
		},
	},
	{
		name:     "none without events",
		sentence: closingWithout,
		run: func(p probe) {
			first := fullClosing("a", 1, 1)
			p.file("acme", first)
			c := identified("nothing", under(3, without(opening(chat("a")))))
			c.Closings = []closure.Record{otherClosing("a", 1, 1), ending("a", 2, 2)}
			p.commit(c)
			p.same("what the command did", p.applied(c.Key, "nothing").To, int64(1))
			p.finds(storage.ClosingQuery{}, first)
		},
	},
	{
		name:     "after a refused commit as before",
		sentence: conflicts,
		run: func(p probe) {
			first := fullClosing("a", 1, 1)
			opened := identified("one", opening(chat("a")))
			opened.Closings = []closure.Record{first}
			p.commit(opened)
			p.put(agent("zoe", 1))
			for name, c := range map[string]storage.Commit{
				"behind":                          change(chat("a"), 0, 1),
				"ahead":                           change(chat("a"), 2, 1),
				"to one that does not exist":      change(chat("nobody"), 1, 1),
				"of a known command":              identified("one", change(chat("a"), 1, 1)),
				"decided on another agent record": seeing("zoe", 2, change(chat("a"), 1, 1)),
			} {
				r := otherClosing(c.Key.Conversation, 1, 1)
				c.Closings = []closure.Record{r, ending(r.Conversation, 2, 2)}
				p.conflict(c)
				p.same("the closings after a conflict "+name, p.closings(acme(storage.ClosingQuery{}), all), []closure.Record{first})
			}
			next := ending("a", 2, 2)
			p.file("acme", next)
			p.finds(storage.ClosingQuery{}, first, next)
		},
	},
	{
		name:     "after one that is full as before",
		sentence: fullNothing,
		run: func(p probe) {
			p.put(agent("zoe", 0))
			first := fullClosing("a", 1, 1)
			p.file("acme", first)
			for _, k := range []storage.Key{chat("a"), chat("b")} {
				c := seated("zoe", p.filing(k, otherClosing(k.Conversation, 1, 1), ending(k.Conversation, 2, 2)))
				p.full(c)
				p.finds(storage.ClosingQuery{}, first)
			}
		},
	},
	{
		name:     "left as they are",
		sentence: closingsReturned,
		run: func(p probe) {
			want := []closure.Record{fullClosing("a", 1, 1), otherClosing("b", 1, 2), fullClosing("a", 2, 3)}
			p.file("acme", want...)
			before := func(after string) {
				p.Helper()
				p.same("the closings after "+after, p.closings(acme(storage.ClosingQuery{}), all), want)
			}
			reopened := change(chat("a"), 1, 1)
			reopened.Head.Tags = []string{"green"}
			p.commit(reopened, without(reopened))
			before("commits that put none")
			p.commit(closingOnly(change(chat("a"), 2, 1)))
			before("a commit that closes and puts none")
			p.setBack(chat("a"), 3, failed(1, noon))
			p.setPolicies("acme", 0, "ours")
			before("other calls")
			p.same("the number of conversations", p.erase(ann), 2)
			before("texts were erased")
			p.same("the number of what was purged", p.purge(evening, all), 0)
			before("a purge of nothing")
		},
	},
	{
		name:     "whole",
		sentence: closingsReturned,
		run: func(p probe) {
			var want []closure.Record
			for i, change := range []func(*closure.Record){
				func(r *closure.Record) { *r = ending("00", 1, 0) },
				func(r *closure.Record) { *r = fullClosing("01", 1, 1) },
				func(r *closure.Record) { r.Outcome = closure.Unresolved },
				func(r *closure.Record) { r.Reason = closure.ReasonOther },
				func(r *closure.Record) { r.Cause = closure.Idle },
				func(r *closure.Record) { r.Side = closure.SideBot },
				func(r *closure.Record) { r.Agent = "zoe" },
				func(r *closure.Record) { r.Group = "sales" },
				func(r *closure.Record) { r.Sentiment = closure.Negative },
				func(r *closure.Record) { r.Grade = closure.Abrupt },
				func(r *closure.Record) { r.Tags = []string{"blue", "green", "red"} },
				func(r *closure.Record) { r.Articles = []string{"kb-1", "kb-2", "kb-3"} },
				func(r *closure.Record) { r.Number = math.MaxInt32 },
				func(r *closure.Record) { r.Figures = closure.Figures{} },
				func(r *closure.Record) {
					for f := range r.Figures {
						r.Figures[f] = closure.None
					}
				},
				func(r *closure.Record) {
					for f := range r.Figures {
						r.Figures[f] = math.MaxInt64 - int64(f)
					}
				},
			} {
				r := ending(fmt.Sprintf("%02d", i), 1, i)
				change(&r)
				want = append(want, r)
			}
			p.file("acme", want...)
			for _, r := range want {
				p.same("closing "+r.Conversation, p.closings(acme(exactly(r)), all), []closure.Record{r})
			}
			p.finds(storage.ClosingQuery{}, want...)
			for _, tag := range []string{"blue", "green", "red"} {
				p.finds(storage.ClosingQuery{Filter: closure.Filter{Tag: tag}}, chosen(want, storage.ClosingQuery{Filter: closure.Filter{Tag: tag}})...)
			}
		},
	},
	{
		name:     "of a workspace",
		sentence: closingQueryIs,
		run: func(p probe) {
			ours, theirs := ending("a", 1, 1), fullClosing("a", 1, 2)
			again := ending("a", 2, 3)
			p.file("acme", ours)
			p.file("other", theirs, again)
			p.finds(storage.ClosingQuery{}, ours)
			p.finds(storage.ClosingQuery{Workspace: "other"}, theirs, again)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Last: true}}, ours)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Tag: "red"}})
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Article: "kb-1"}})
			p.finds(storage.ClosingQuery{Workspace: "Acme"})
			p.finds(storage.ClosingQuery{Workspace: "acm"})
		},
	},
	{
		name:     "by one thing each",
		sentence: closingsReturned,
		run: func(p probe) {
			a, b, c, d := ending("a", 1, 1), ending("b", 1, 2), ending("c", 1, 3), ending("d", 1, 4)
			a.Outcome, c.Outcome = closure.Unresolved, closure.Unresolved
			b.Cause, d.Cause = closure.Idle, closure.Spam
			a.Side = closure.SideBot
			a.Agent, b.Agent, c.Agent = "zoe", "yan", "zoe"
			b.Group, c.Group, d.Group = "sales", "zoe", "sales"
			c.Sentiment, d.Sentiment = closure.Positive, closure.Negative
			a.Grade, b.Grade = closure.Abrupt, closure.Confirmed
			a.Tags, c.Tags, d.Tags = []string{"red"}, []string{"blue", "green", "red"}, []string{"blue"}
			b.Articles, c.Articles, d.Articles = []string{"kb-1", "kb-2", "red"}, []string{"kb-2"}, []string{"kb-1"}
			p.file("acme", a, b, c, d)
			for _, by := range []struct {
				closure.Filter
				want []closure.Record
			}{
				{closure.Filter{}, []closure.Record{a, b, c, d}},
				{closure.Filter{Conversation: "b"}, []closure.Record{b}},
				{closure.Filter{Conversation: "nobody"}, nil},
				{closure.Filter{Outcome: closure.Unresolved}, []closure.Record{a, c}},
				{closure.Filter{Outcome: closure.Resolved}, []closure.Record{b, d}},
				{closure.Filter{Cause: closure.Idle}, []closure.Record{b}},
				{closure.Filter{Side: closure.SideBot}, []closure.Record{a}},
				{closure.Filter{Side: closure.SideTeam}, []closure.Record{b, c, d}},
				{closure.Filter{Agent: "zoe"}, []closure.Record{a, c}},
				{closure.Filter{Group: "sales"}, []closure.Record{b, d}},
				{closure.Filter{Group: "zoe"}, []closure.Record{c}},
				{closure.Filter{Sentiment: closure.Negative}, []closure.Record{d}},
				{closure.Filter{Grades: []closure.Grade{closure.Confirmed}}, []closure.Record{b}},
				{closure.Filter{Tag: "red"}, []closure.Record{a, c}},
				{closure.Filter{Tag: "green"}, []closure.Record{c}},
				{closure.Filter{Tag: "blue"}, []closure.Record{c, d}},
				{closure.Filter{Tag: "kb-1"}, nil},
				{closure.Filter{Article: "kb-1"}, []closure.Record{b, d}},
				{closure.Filter{Article: "kb-2"}, []closure.Record{b, c}},
				{closure.Filter{Article: "red"}, []closure.Record{b}},
			} {
				p.finds(storage.ClosingQuery{Filter: by.Filter}, by.want...)
				slices.Reverse(by.want)
				p.finds(storage.ClosingQuery{Filter: by.Filter, Newest: true}, by.want...)
			}
		},
	},
	{
		name:     "any of the grades",
		sentence: closingsReturned,
		run: func(p probe) {
			graded := map[closure.Grade]closure.Record{}
			for i, grade := range append(closure.Grades(), "") {
				r := ending(fmt.Sprint(9-i), 1, i)
				r.Grade = grade
				p.file("acme", r)
				graded[grade] = r
			}
			for _, grades := range [][]closure.Grade{
				nil,
				{},
				{closure.Confirmed, closure.Abrupt},
				{closure.Abrupt, closure.Unanswered, closure.Confirmed},
				{closure.CheckedIn, closure.CheckedIn},
				{""},
				{"", closure.Abrupt},
				{"none of these"},
				append(closure.Grades(), "", "none of these"),
			} {
				q := storage.ClosingQuery{Filter: closure.Filter{Grades: grades}}
				p.finds(q, chosen(slices.Collect(maps.Values(graded)), q)...)
			}
		},
	},
	{
		name:     "by several things at once",
		sentence: closingsReturned,
		run: func(p probe) {
			archive := p.archive()
			for _, q := range closingQueries() {
				p.finds(q, chosen(archive, q)...)
			}
		},
	},
	{
		name:     "compared byte by byte",
		sentence: closingWords,
		run: func(p probe) {
			words := []string{"red", "Red", "red ", "re", "reds", "r_d", "%", "red,blue", "0", "00", "é", "e\u0301", `"red"`, `\`, "🙂"}
			slices.Sort(words)
			var own, many []closure.Record
			for i, word := range words {
				r := worded(word, ending(fmt.Sprint("own-", i), 1, i))
				listed := ending(fmt.Sprint("many-", i), 1, i)
				listed.Tags, listed.Articles = words[:i+1], words[i:]
				own, many = append(own, r), append(many, listed)
			}
			p.file("acme", append(own, many...)...)
			for i, word := range words {
				for _, f := range []closure.Filter{
					{Outcome: closure.Outcome(word)}, {Cause: closure.Cause(word)}, {Side: closure.Side(word)},
					{Agent: word}, {Group: word}, {Sentiment: closure.Sentiment(word)}, {Grades: []closure.Grade{closure.Grade(word)}},
				} {
					p.finds(storage.ClosingQuery{Filter: f}, own[i])
				}
				for _, f := range []closure.Filter{{Tag: word}, {Article: word}} {
					q := storage.ClosingQuery{Filter: f}
					p.finds(q, chosen(append(own, many...), q)...)
				}
			}
		},
	},
	{
		name:     "byte for byte",
		sentence: closingWords,
		run: func(p probe) {
			var words []string
			for _, word := range awkwardTexts() {
				if word == "" || len(word) > 1000 { // Longer ones are not for indexes.
					continue
				}
				words = append(words, word)
			}
			slices.Sort(words)
			for i, word := range words {
				r := worded(word, ending(fmt.Sprint(i), 1, i))
				p.file("acme", r)
				p.finds(exactly(r), r)
				r.Tags, r.Articles = words, words[i:]
				p.file("acme", r)
				p.finds(exactly(r), r)
			}
		},
	},
	{
		name:     "times to the microsecond in UTC",
		sentence: bytesAndTimes,
		run: func(p probe) {
			for i, at := range awkwardTimes() {
				r := ending(fmt.Sprint(i), 1, 0)
				r.At = at
				p.file("acme", r)
				q := storage.ClosingQuery{Filter: closure.Filter{From: at, To: at.Add(time.Microsecond)}}
				p.finds(q, r)
				p.sameTime("when it was closed", p.closings(acme(q), all)[0].At, at)
			}
		},
	},
	{
		name:     "the last of a conversation",
		sentence: closedAgain,
		run: func(p probe) {
			first, second, third := otherClosing("a", 1, 1), ending("a", 2, 3), otherClosing("a", 3, 5)
			third.Tags = []string{"blue"}
			other, one, two := ending("b", 1, 2), ending("c", 9, 4), ending("c", 10, 4)
			p.file("acme", first, other)
			last := func(f closure.Filter, want ...closure.Record) {
				p.Helper()
				f.Last = true
				p.finds(storage.ClosingQuery{Filter: f}, want...)
				slices.Reverse(want)
				p.finds(storage.ClosingQuery{Filter: f, Newest: true}, want...)
			}
			last(closure.Filter{}, first, other)
			p.file("acme", second)
			last(closure.Filter{}, other, second)
			p.file("acme", third, one, two)
			last(closure.Filter{}, other, two, third)
			last(closure.Filter{To: closedAt(5)}, other, second, two)
			last(closure.Filter{To: closedAt(5).Add(time.Microsecond)}, other, two, third)
			last(closure.Filter{To: closedAt(5).Add(-time.Microsecond)}, other, second, two)
			last(closure.Filter{To: closedAt(3)}, first, other)
			last(closure.Filter{From: closedAt(2), To: closedAt(4)}, other, second)
			last(closure.Filter{From: closedAt(6)})
			last(closure.Filter{Outcome: closure.Resolved}, other, two)
			last(closure.Filter{Outcome: closure.Unresolved}, third)
			last(closure.Filter{Tag: "green"})
			last(closure.Filter{Tag: "green", To: closedAt(3)}, first)
			last(closure.Filter{Conversation: "a"}, third)
			last(closure.Filter{Conversation: "a", To: closedAt(5)}, second)
			p.finds(storage.ClosingQuery{}, first, other, second, one, two, third)
		},
	},
	{
		name:     "the last by its number, not by its time",
		sentence: closedAgain,
		run: func(p probe) {
			first, second, third := ending("a", 1, 1), ending("a", 2, 5), ending("a", 3, 3) // The clock was set back.
			other, again := ending("b", 1, 6), ending("b", 2, 4)
			p.file("acme", first, second, third, other, again)
			records := []closure.Record{first, second, third, other, again}
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Last: true}}, third, again)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Last: true, To: closedAt(4)}}, third)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Last: true, From: closedAt(5)}})
			for to := range 8 {
				q := storage.ClosingQuery{Filter: closure.Filter{Last: true, To: closedAt(to)}}
				p.finds(q, chosen(records, q)...)
			}
		},
	},
	{
		name:     "however long ago",
		sentence: closingsReturned,
		run: func(p probe) {
			var want []closure.Record
			for i, at := range append(oldInstants(), noon) {
				r := ending(fmt.Sprint(9-i), 1, 0)
				r.At = at
				want = append(want, r)
			}
			p.file("acme", want...)
			p.finds(storage.ClosingQuery{}, want...)
			for i, at := range oldInstants() {
				p.finds(storage.ClosingQuery{Filter: closure.Filter{From: at}}, want[i:]...)
				p.finds(storage.ClosingQuery{Filter: closure.Filter{To: at}}, want[:i]...)
				p.finds(storage.ClosingQuery{After: want[i].Place()}, want[i+1:]...)
			}
		},
	},
	{
		name:     "not before From, and before To",
		sentence: closingsReturned,
		run: func(p probe) {
			a, b, c, d := ending("a", 1, 1), ending("b", 1, 2), ending("c", 1, 2), ending("d", 1, 3)
			p.file("acme", a, b, c, d)
			within := func(from, to time.Time, want ...closure.Record) {
				p.Helper()
				f := closure.Filter{From: from, To: to}
				p.finds(storage.ClosingQuery{Filter: f}, want...)
				slices.Reverse(want)
				p.finds(storage.ClosingQuery{Filter: f, Newest: true}, want...)
			}
			one, two, three := closedAt(1), closedAt(2), closedAt(3)
			within(two, never, b, c, d)
			within(two.Add(time.Microsecond), never, d)
			within(two.Add(-time.Microsecond), never, b, c, d)
			within(never, two, a)
			within(never, two.Add(time.Microsecond), a, b, c)
			within(never, two.Add(-time.Microsecond), a)
			within(one, three, a, b, c)
			within(two, two)
			within(three, one)
			// Instants of hosts may be finer than those of closings.
			within(two.Add(time.Nanosecond), never, d)
			within(two.Add(-time.Nanosecond), never, b, c, d)
			within(never, two.Add(time.Nanosecond), a, b, c)
			within(never, two.Add(-time.Nanosecond), a)
		},
	},
	{
		name:     "by time, then conversation byte by byte, then number",
		sentence: closingsReturned,
		run: func(p probe) {
			want := p.pile()
			p.finds(storage.ClosingQuery{}, want...)
			slices.Reverse(want)
			p.finds(storage.ClosingQuery{Newest: true}, want...)
		},
	},
	{
		name:     "after a place",
		sentence: closingsReturned,
		run: func(p probe) {
			records := p.pile()
			for i := range records {
				r := &records[i]
				if i%3 > 0 {
					r.Tags, r.Outcome = []string{"blue", "red"}, closure.Unresolved
					p.file("acme", *r)
				}
			}
			for _, f := range []closure.Filter{
				{}, {Last: true}, {From: closedAt(1), To: closedAt(2)}, {Tag: "red"}, {Outcome: closure.Unresolved, From: closedAt(1)},
			} {
				for _, newest := range []bool{false, true} {
					q := storage.ClosingQuery{Filter: f, Newest: newest}
					want := chosen(records, q)
					for i, r := range want {
						q.After = r.Place()
						p.finds(q, want[i+1:]...)
					}
				}
			}
		},
	},
	{
		name:     "after a place where nothing is",
		sentence: closingsReturned,
		run: func(p probe) {
			b, d, x := ending("b", 5, 2), ending("d", 5, 2), ending("x", 5, 3)
			p.file("acme", b, d, x)
			for _, c := range []struct {
				after           closure.Place
				earliest, later []closure.Record
			}{
				{closure.Place{At: closedAt(2), Conversation: "c", Number: 5}, []closure.Record{d, x}, []closure.Record{b}},
				{closure.Place{At: closedAt(2), Conversation: "b", Number: 4}, []closure.Record{b, d, x}, nil},
				{closure.Place{At: closedAt(2), Conversation: "b", Number: 6}, []closure.Record{d, x}, []closure.Record{b}},
				{closure.Place{At: closedAt(2), Conversation: "d", Number: 10}, []closure.Record{x}, []closure.Record{d, b}},
				{closure.Place{At: closedAt(2)}, []closure.Record{b, d, x}, nil},
				{closure.Place{At: closedAt(1), Conversation: "z", Number: 9}, []closure.Record{b, d, x}, nil},
				{closure.Place{At: closedAt(3), Conversation: "a", Number: 1}, []closure.Record{x}, []closure.Record{d, b}},
				{closure.Place{At: closedAt(4), Conversation: "a", Number: 1}, nil, []closure.Record{x, d, b}},
			} {
				p.finds(storage.ClosingQuery{After: c.after}, c.earliest...)
				p.finds(storage.ClosingQuery{After: c.after, Newest: true}, c.later...)
			}
		},
	},
	{
		name:     "at most limit",
		sentence: closingsReturned,
		run: func(p probe) {
			want := p.pile()
			for _, limit := range []int{1, 2, len(want) - 1, len(want), len(want) + 1} {
				p.same(fmt.Sprint("at most ", limit), p.closings(acme(storage.ClosingQuery{}), limit), want[:min(limit, len(want))])
			}
			after := acme(storage.ClosingQuery{After: want[2].Place()})
			p.same("at most 2 after the third", p.closings(after, 2), want[3:5])
		},
	},
	{
		name:     "pages are filled with what is selected",
		sentence: closingsReturned,
		run: func(p probe) {
			archive := p.archive()
			for _, q := range closingQueries() {
				want := chosen(archive, q)
				var got []closure.Record
				for len(got) <= len(want) {
					page := p.closings(acme(q), 3)
					got = append(got, page...)
					if len(page) < 3 {
						break
					}
					q.After = page[2].Place()
				}
				p.sameClosings(fmt.Sprintf("what pages of %+v find", q), got, want)
			}
		},
	},
	{
		name:     "pages skip nothing while others change",
		sentence: closingsReturned,
		run:      pagesOfClosings,
	},
	{
		name:     "whatever is asked of whatever is there",
		sentence: closingsReturned,
		run: func(p probe) {
			r := p.dice()
			records := p.fileRandom(r)
			for range 30 {
				q := r.query()
				q.Newest = r.one(2)
				if r.one(2) {
					q.After = records[r.IntN(len(records))].Place()
				}
				want, limit := chosen(records, q), all
				if r.one(3) {
					limit = 1 + r.IntN(20)
				}
				what := fmt.Sprintf("the first %d of what %+v finds", limit, q)
				p.sameClosings(what, p.closings(acme(q), limit), want[:min(limit, len(want))])
			}
		},
	},
}

// closingOnly is c, with the conversation closed by it, and no closing put.
func closingOnly(c storage.Commit) storage.Commit {
	c = closing(c)
	c.Closings = nil
	return c
}

// closedAt are instants at which conversations are closed.
func closedAt(i int) time.Time { return evening.Add(time.Duration(i) * time.Millisecond) }

// ending is a closing about which little is known, with figures that tell it from
// others.
func ending(conversation string, number, at int) closure.Record {
	r := closure.Record{
		Conversation: conversation, Number: number, At: closedAt(at),
		Outcome: closure.Resolved, Cause: closure.Agent, Side: closure.SideTeam,
	}
	for f := range r.Figures {
		r.Figures[f] = int64(1000*f + 100*at + number)
	}
	r.Figures[closure.Rating] = closure.None
	return r
}

// fullClosing and otherClosing are closings about which everything is known, and
// nothing is the same but their places.
func fullClosing(conversation string, number, at int) closure.Record {
	r := ending(conversation, number, at)
	r.Outcome, r.Reason, r.Cause, r.Side = closure.Resolved, closure.ReasonVisitorLeft, closure.Forced, closure.SideTeam
	r.Agent, r.Group, r.Sentiment, r.Grade = "zoe", "sales", closure.Positive, closure.Confirmed
	r.Tags, r.Articles = []string{"blue", "red"}, []string{"kb-1", "kb-2"}
	r.Figures[closure.Rating] = 5
	return r
}

func otherClosing(conversation string, number, at int) closure.Record {
	r := ending(conversation, number, at)
	r.Outcome, r.Reason, r.Cause, r.Side = closure.Unresolved, closure.ReasonOther, closure.Idle, closure.SideBot
	r.Agent, r.Group, r.Sentiment, r.Grade = "yan", "support", closure.Negative, closure.Abrupt
	r.Tags, r.Articles = []string{"green"}, []string{"kb-3"}
	for f := range r.Figures {
		r.Figures[f] = closure.None
	}
	r.Figures[closure.Handling] = 0
	return r
}

// worded is r, with a word wherever one can be.
func worded(word string, r closure.Record) closure.Record {
	r.Outcome, r.Reason, r.Cause, r.Side = closure.Outcome(word), closure.Reason(word), closure.Cause(word), closure.Side(word)
	r.Agent, r.Group, r.Sentiment, r.Grade = word, word, closure.Sentiment(word), closure.Grade(word)
	r.Tags, r.Articles = []string{word}, []string{word}
	return r
}

// exactly selects a closing by all that is known about it.
func exactly(r closure.Record) storage.ClosingQuery {
	q := storage.ClosingQuery{Filter: closure.Filter{
		From: r.At, To: r.At.Add(time.Microsecond),
		Conversation: r.Conversation, Outcome: r.Outcome, Cause: r.Cause, Side: r.Side,
		Agent: r.Agent, Group: r.Group, Sentiment: r.Sentiment, Grades: []closure.Grade{r.Grade},
	}}
	if len(r.Tags) > 0 {
		q.Tag = r.Tags[len(r.Tags)-1]
	}
	if len(r.Articles) > 0 {
		q.Article = r.Articles[len(r.Articles)-1]
	}
	return q
}

// acme is q, of the workspace that most cases use unless it says another.
func acme(q storage.ClosingQuery) storage.ClosingQuery {
	if q.Workspace == "" {
		q.Workspace = "acme"
	}
	return q
}

// finds checks which closings a query selects.
func (p probe) finds(q storage.ClosingQuery, want ...closure.Record) {
	p.Helper()
	p.sameClosings(fmt.Sprintf("what %+v finds", q), p.closings(acme(q), all), want)
}

// sameClosings is same, and says first which closings they are.
func (p probe) sameClosings(what string, got, want []closure.Record) {
	p.Helper()
	names := func(closings []closure.Record) []string {
		var list []string
		for _, r := range closings {
			list = append(list, fmt.Sprint(r.Conversation, " ", r.Number))
		}
		return list
	}
	p.same("the names in "+what, names(got), names(want))
	for i := range got {
		p.same("closing "+strconv.Itoa(i)+" in "+what, got[i], want[i])
	}
}

// filing is the next commit to a conversation, with closings.
func (p probe) filing(k storage.Key, closings ...closure.Record) storage.Commit {
	p.Helper()
	c := change(k, p.load(k, "").Head.Version, 1)
	c.Closings = closings
	return c
}

// file puts closings into a workspace, those of a conversation in one commit.
func (p probe) file(workspace string, closings ...closure.Record) {
	p.Helper()
	of := map[string][]closure.Record{}
	for _, r := range closings {
		of[r.Conversation] = append(of[r.Conversation], r)
	}
	for _, conversation := range slices.Sorted(maps.Keys(of)) {
		p.commit(p.filing(storage.Key{Workspace: workspace, Conversation: conversation}, of[conversation]...))
	}
}

// pile puts closings of which many have an instant in common, and returns them in
// order.
func (p probe) pile() []closure.Record {
	p.Helper()
	var records []closure.Record
	for i, k := range sortableKeys() {
		if k.Workspace == "w" {
			for n, number := range []int{1, 2, 9, 10, 11}[:1+i%5] {
				records = append(records, ending(k.Conversation, number, i%3/2+n/4))
			}
		}
	}
	p.file("acme", records...)
	return chosen(records, storage.ClosingQuery{})
}

// archive puts closings that have a few of each thing, and others into another
// workspace.
func (p probe) archive() []closure.Record {
	p.Helper()
	var records, elsewhere []closure.Record
	for i := range 48 {
		number := 1 + i/20
		r := ending(fmt.Sprint(i%20), number, i*7%5+4*(number-1))
		r.Outcome = some(i, closure.Resolved, closure.Unresolved, closure.Unresolved)
		if r.Outcome == closure.Unresolved {
			r.Reason = some(i/3, "", closure.ReasonVisitorLeft, closure.ReasonOther)
		}
		r.Cause = some(i/2, closure.Causes()[:5]...)
		r.Side = some(i/4, closure.Sides()...)
		r.Agent = some(i/3, "", "zoe", "yan", "Zoe")
		r.Group = some(i, "", "sales", "support", "sales")
		r.Sentiment = some(i/5, "", closure.Positive, closure.Negative)
		r.Grade = some(i/2, append(closure.Grades(), "")...)
		r.Tags = [][]string{nil, {"red"}, {"blue", "red"}, {"blue"}, {"Blue", "green", "red"}}[i%5]
		r.Articles = [][]string{nil, {"kb-1"}, {"kb-1", "kb-2"}}[i/2%3]
		for f := range r.Figures {
			r.Figures[f] = int64(i * (f + 3) % 17 * 1000)
			if (i+f)%4 == 0 {
				r.Figures[f] = closure.None
			}
		}
		records = append(records, r)
		r.Tags, r.Agent = []string{"red"}, "elsewhere"
		r.Number++
		elsewhere = append(elsewhere, r)
	}
	p.file("acme", records...)
	p.file("other", elsewhere...)
	return records
}

// some is one of several values.
func some[T any](i int, of ...T) T { return of[i%len(of)] }

// closingQueries are of what archive puts: each thing alone and with others.
func closingQueries() []storage.ClosingQuery {
	list := []storage.ClosingQuery{{}}
	with := func(changes ...func(*storage.ClosingQuery)) {
		for _, q := range list {
			for _, change := range changes {
				changed := q
				change(&changed)
				list = append(list, changed)
			}
		}
	}
	with(func(q *storage.ClosingQuery) { q.Outcome = closure.Unresolved })
	with(func(q *storage.ClosingQuery) { q.Agent = "zoe" }, func(q *storage.ClosingQuery) { q.Group = "sales" })
	with(func(q *storage.ClosingQuery) { q.Tag = "red" }, func(q *storage.ClosingQuery) { q.Article = "kb-1" })
	with(func(q *storage.ClosingQuery) { q.Last = true })
	with(func(q *storage.ClosingQuery) { q.From, q.To = closedAt(2), closedAt(7) })
	for i := range list {
		q := &list[i]
		q.Newest = i%2 == 1
		switch i % 5 {
		case 1:
			q.Side = closure.SideTeam
		case 2:
			q.Grades = []closure.Grade{closure.Confirmed, closure.Abrupt, ""}
		case 3:
			q.Sentiment = closure.Positive
		case 4:
			q.Cause = closure.Agent
		}
	}
	return list
}

// chosen is what a query selects of the closings of its workspace.
func chosen(records []closure.Record, q storage.ClosingQuery) []closure.Record {
	compare := closure.ComparePlaces
	if q.Newest {
		compare = func(x, y closure.Place) int { return closure.ComparePlaces(y, x) }
	}
	var found []closure.Record
	for _, r := range records {
		var next time.Time
		if q.Last {
			next = again(records, r)
		}
		if q.Selects(r, next) && (q.After == closure.Place{} || compare(r.Place(), q.After) > 0) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(x, y closure.Record) int { return compare(x.Place(), y.Place()) })
	return found
}

// again is when the conversation of a closing was first closed again.
func again(records []closure.Record, r closure.Record) (at time.Time) {
	for _, other := range records {
		if other.Conversation == r.Conversation && other.Number > r.Number && (at.IsZero() || other.At.Before(at)) {
			at = other.At
		}
	}
	return at
}

// pagesOfClosings turns the pages of a list while closings in it are decided anew
// and new ones come. Those that were there from the beginning must all come, and
// come once.
func pagesOfClosings(p probe) {
	const n = 40
	var records []closure.Record
	for i := range n {
		records = append(records, ending(fmt.Sprintf("%02d", i), 1, 10+i/4))
	}
	p.file("acme", records...)
	seen := map[string]int{}
	q := acme(storage.ClosingQuery{})
	for page := range n {
		found := p.closings(q, 3)
		if len(found) == 0 {
			break
		}
		for i, r := range found {
			if r.Number > 1 {
				continue
			}
			if seen[r.Conversation]++; seen[r.Conversation] > 1 || i >= 3 {
				p.Fatalf("%s came again, or on a page of more than 3", r.Conversation)
			}
			if (page+i)%3 == 0 {
				next := ending(r.Conversation, 2, some(page, 0, 9, 100))
				r.Outcome, r.Tags = closure.Unresolved, []string{"red"}
				p.file("acme", r, next)
			}
		}
		q.After = found[len(found)-1].Place()
		p.file("acme", ending(fmt.Sprint("new-", page), 1, page))
	}
	for _, r := range records {
		if seen[r.Conversation] == 0 {
			p.Errorf("%s was skipped", r.Conversation)
		}
	}
}
