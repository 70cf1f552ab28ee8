package storagetest

import (
	"encoding/json"
	"fmt"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

const slicesBelong = "Slices and bodies that a store returns belong to the caller, those it is given stay the caller's."

var ownershipCases = []testCase{
	{
		name:     "what Load returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.setPolicies("acme", 0, "ours")
			p.commit(identified("one", tagged(change(chat("a"), 0, 2))))
			p.untouched(func() {
				l := p.load(chat("a"), "one")
				scribble(l.Head.Body)
				scribbleWords(l.Head.Tags)
				scribble(l.Policies.Body)
				if l.Applied != nil {
					*l.Applied = storage.Applied{From: 8, To: 9}
				}
			})
		},
	},
	{
		name:     "what History returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.commit(change(chat("a"), 0, 2), change(chat("a"), 2, 2))
			p.untouched(func() {
				for _, limit := range []int{2, all} {
					scribbleEvents(p.history(chat("a"), 0, limit))
				}
			})
		},
	},
	{
		name:     "what Due returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.sleepers(noon, chat("a"), chat("b"), chat("c"))
			p.untouched(func() {
				for _, limit := range []int{2, all} {
					found := p.due(noon, storage.Due{}, limit)
					clear(found)
					_ = append(found, storage.Due{})
				}
			})
		},
	},
	{
		name:     "what Outdated returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.commit(opening(chat("a")), opening(chat("b")), opening(chat("c")))
			p.setPolicies("acme", 0, "ours")
			p.untouched(func() {
				for _, limit := range []int{2, all} {
					keys := p.outdated(noon, storage.Key{}, limit)
					clear(keys)
					_ = append(keys, storage.Key{})
				}
			})
		},
	},
	{
		name:     "what Setbacks returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			for _, k := range []storage.Key{chat("a"), chat("b"), chat("c")} {
				p.setBackOf(k, failed(1, noon))
			}
			p.untouched(func() {
				for _, limit := range []int{2, all} {
					setbacks := p.setbacks(storage.Key{}, limit)
					clear(setbacks)
					_ = append(setbacks, storage.SetbackOf{})
				}
			})
		},
	},
	{
		name:     "what Feed returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.commit(change(chat("a"), 0, 2), change(chat("a"), 2, 2))
			p.untouched(func() {
				for _, limit := range []int{1, all} {
					entries := p.feed(0, limit)
					for _, e := range entries {
						scribbleEvents(e.Events)
					}
					clear(entries)
					_ = append(entries, storage.Entry{})
				}
			})
		},
	},
	{
		name:     "what View returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.commit(tagged(opening(chat("a"))), tagged(opening(chat("b"))))
			p.untouched(func() {
				for _, limit := range []int{1, all} {
					found := p.view(openBySince(), limit)
					for _, r := range found {
						scribble(r.Head.Body)
						scribbleWords(r.Head.Tags)
					}
					clear(found)
					_ = append(found, storage.Row{})
				}
			})
		},
	},
	{
		name:     "what Closings returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.file("acme", fullClosing("a", 1, 1), fullClosing("b", 1, 2))
			p.untouched(func() {
				for _, limit := range []int{1, all} {
					found := p.closings(acme(storage.ClosingQuery{}), limit)
					scribbleClosings(found)
				}
			})
		},
	},
	{
		name:     "what Tally and Spreads return is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			tallier := p.tallier()
			p.file("acme", fullClosing("a", 1, 1), otherClosing("b", 1, 2))
			b := closure.Breakdown{By: []closure.Dimension{closure.ByTag}}
			for range 2 {
				groups := tallier.tally(storage.ClosingQuery{}, b)
				p.same("the first key", groups[0].Keys, []string{"blue"})
				scribbleWords(groups[0].Keys)
				clear(groups)
				spreads := tallier.spreads(storage.ClosingQuery{}, b, closure.Handling, []int{50})
				p.same("the first key and value", fmt.Sprint(spreads[0].Keys, spreads[0].Values), "[blue] [1101]")
				scribbleWords(spreads[0].Keys)
				clear(spreads[0].Values)
				clear(spreads)
			}
		},
	},
	{
		name:     "what Tally and Spreads are given stays the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			tallier := p.tallier()
			p.archive()
			b := closure.Breakdown{By: []closure.Dimension{closure.ByTag, closure.ByAgent}, Days: threeDays()}
			q := acme(storage.ClosingQuery{Filter: closure.Filter{Grades: []closure.Grade{closure.Unanswered, closure.Abrupt}}})
			percentages := []int{90, 50}
			tallier.tally(q, b)
			tallier.spreads(q, b, closure.Handling, percentages)
			p.closings(q, all)
			p.same("the dimensions", b.By, []closure.Dimension{closure.ByTag, closure.ByAgent})
			p.same("the days", b.Days, threeDays())
			p.same("the grades", q.Grades, []closure.Grade{closure.Unanswered, closure.Abrupt})
			p.same("the percentages", percentages, []int{90, 50})
		},
	},
	{
		name:     "the closings that Commit is given stay the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			own := func() []closure.Record {
				r := fullClosing("a", 1, 1)
				r.Tags, r.Articles = append(make([]string, 0, 8), r.Tags...), append(make([]string, 0, 8), r.Articles...)
				return append(make([]closure.Record, 0, 8), r)
			}
			given := own()
			p.commit(p.filing(chat("a"), given...))
			p.same("the closings that were given", given, own())
			p.untouched(func() { scribbleClosings(given) })
			p.finds(storage.ClosingQuery{}, own()...)
		},
	},
	{
		name:     "what Record and List return is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.put(grouped(agent("zoe", 1)), grouped(agent("yan", 1)))
			p.untouched(func() {
				one := p.agent("zoe")
				scribble(one.Body)
				scribbleWords(one.Groups)
				for _, limit := range []int{1, all} {
					found := p.list(agentQuery(), "", limit)
					for _, r := range found {
						scribble(r.Body)
						scribbleWords(r.Groups)
					}
					clear(found)
					_ = append(found, storage.Record{})
				}
			})
		},
	},
	{
		name:     "what DueRecords returns is the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			p.dueStaff()
			p.untouched(func() {
				for _, limit := range []int{2, all} {
					found := p.dueRecords(evening, storage.DueRecord{}, limit)
					clear(found)
					_ = append(found, storage.DueRecord{})
				}
			})
		},
	},
	{
		name:     "what Put is given stays the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			r, visitor := grouped(agent("zoe", 1)), record(visitorKey(ann))
			p.put(r, visitor)
			p.same("the record that was given", r, grouped(agent("zoe", 1)))
			p.untouched(func() {
				scribble(r.Body)
				scribbleWords(r.Groups)
				scribble(visitor.Body)
			})
			r = grouped(agent("zoe", 1))
			r.Version = 1
			p.same("the record", p.agent("zoe"), r)
		},
	},
	{
		name:     "what Commit is given stays the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			c := tagged(change(chat("a"), 0, 2))
			c.Events = append(make([]storage.Event, 0, 8), c.Events...)
			p.commit(c)
			p.untouched(func() {
				scribble(c.Head.Body)
				scribbleWords(c.Head.Tags)
				scribbleEvents(c.Events)
			})
			c = tagged(change(chat("a"), 0, 2))
			p.same("the head", p.load(chat("a"), "").Head, c.Head)
			p.same("the events", p.history(chat("a"), 0, all), c.Events)
		},
	},
	{
		name:     "Commit leaves what it is given as it was",
		sentence: slicesBelong,
		run: func(p probe) {
			c := tagged(change(chat("a"), 0, 2))
			p.commit(c)
			p.conflict(c)
			p.same("the commit", c, tagged(change(chat("a"), 0, 2)))
		},
	},
	{
		name:     "what SetPolicies is given stays the caller's",
		sentence: slicesBelong,
		run: func(p probe) {
			body := []byte("ours")
			p.ok(p.s.SetPolicies(p.Context(), "acme", 0, body), "SetPolicies")
			p.same("the body that was given", string(body), "ours")
			p.untouched(func() { scribble(body) })
			p.same("the policies", string(p.load(chat("a"), "").Policies.Body), "ours")
		},
	},
}

// untouched checks that the store tells the same before and after a caller does
// what he likes with what is his.
func (p probe) untouched(scribble func()) {
	p.Helper()
	// A copy, because he may hold the same slices.
	var before picture
	encoded, err := json.Marshal(p.picture(chat("a"), "one"))
	p.ok(err, "Marshal")
	p.ok(json.Unmarshal(encoded, &before), "Unmarshal")
	scribble()
	p.same("what changed when a caller wrote into his own slices", p.picture(chat("a"), "one"), before)
}

// tagged is c, with tags of its own.
func tagged(c storage.Commit) storage.Commit {
	c.Head.Tags = append(make([]string, 0, 8), "blue", "red")
	return c
}

// grouped is r, with groups of its own.
func grouped(r storage.Record) storage.Record {
	r.Groups = append(make([]string, 0, 8), "sales", "support")
	return r
}

func scribbleWords(words []string) {
	clear(words)
	_ = append(words, "appended")
}

func scribbleClosings(closings []closure.Record) {
	for _, r := range closings {
		scribbleWords(r.Tags)
		scribbleWords(r.Articles)
	}
	clear(closings)
	_ = append(closings, closure.Record{Conversation: "appended"})
}

func scribble(body []byte) {
	for i := range body {
		body[i] = '!'
	}
	_ = append(body, '?')
}

func scribbleEvents(events []storage.Event) {
	for i := range events {
		scribble(events[i].Body)
	}
	clear(events)
	_ = append(events, storage.Event{Text: "appended"})
}
