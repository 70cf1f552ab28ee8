package storagetest

import (
	"fmt"

	"github.com/adjourn/adjourn/storage"
)

const (
	eraseRemoves      = "Erase removes the texts of all conversations of a visitor and of the visitor's record, wherever they are read, and the fingerprints of the commands and the reasons of the setbacks, because they can tell of texts: all at once."
	eraseCounts       = "It returns how many conversations the visitor has."
	eraseLeaves       = "Versions, bodies, positions and command IDs stay, but a record that had a text goes on to its next version, so that nobody puts back what they read before."
	erasedTexts       = "Erased texts read as empty, with Erased set; an event that had no text stays as it is."
	erasedFingerprint = "Erased fingerprints are zero."
)

var eraseCases = []testCase{
	{
		name:     "texts wherever they are read",
		sentence: eraseRemoves,
		run: func(p probe) {
			first, second := change(chat("a"), 0, 3), change(chat("a"), 3, 2)
			p.commit(first, second)
			p.erase(ann)
			first.Events, second.Events = erased(first.Events), erased(second.Events)
			p.same("the events in History", p.history(chat("a"), 0, all), append(first.Events[:3:3], second.Events...))
			p.same("the last of them", p.history(chat("a"), 4, 1), second.Events[1:])
			p.same("the events in Feed", p.feed(0, all), []storage.Entry{entry(1, first), entry(2, second)})
			p.same("the last entry", p.feed(1, 1), []storage.Entry{entry(2, second)})
		},
	},
	{
		name:     "the text of the visitor's record",
		sentence: eraseRemoves,
		run: func(p probe) {
			visitor, silent := dueAt(noon, record(visitorKey(ann))), record(visitorKey("cleo"))
			silent.Text = ""
			others := []storage.Record{
				record(agentKey(ann)), record(groupKey(ann)), record(visitorKey("Ann")), record(visitorKey("bob")),
				record(storage.RecordKey{Workspace: "other", Kind: storage.KindVisitor, ID: ann}),
			}
			p.put(visitor, silent)
			p.put(others...)
			p.commit(opening(chat("a")))
			p.same("the number", p.erase(ann), 1)
			p.same("the number of a visitor without conversations", p.erase("cleo"), 0)
			p.same("the number of a visitor whose record is all there is", p.erase("bob"), 0)
			visitor.Version = 1
			p.refusesPut(visitor)
			others[3].Version, others[3].Text = 1, ""
			visitor.Version, visitor.Text = 2, ""
			p.same("the record", p.record(visitor.Key), visitor)
			for _, r := range others {
				r.Version++
				p.same("another record", p.record(r.Key), r)
			}
			for _, r := range p.list(storage.RecordQuery{Workspace: "acme", Kind: storage.KindVisitor}, "", all) {
				p.same("the listed text is gone", r.Text == "", r.Key.ID != "Ann")
			}
			visitor.Text = "another address"
			p.put(visitor)
			p.same("the text that was put later", p.record(visitor.Key).Text, "another address")
		},
	},
	{
		name:     "of all conversations of the visitor",
		sentence: eraseRemoves,
		run: func(p probe) {
			p.commit(
				opening(chat("open")),
				closing(opening(chat("closed"))),
				sleeping(chat("due"), noon),
				of("bob", opening(chat("taken over"))), change(chat("taken over"), 1, 1),
			)
			p.erase(ann)
			for _, k := range []storage.Key{chat("open"), chat("closed"), chat("due"), chat("taken over")} {
				want := []storage.Event{event(k, 1), event(k, 2)}[:p.load(k, "").Head.Version]
				p.same(fmt.Sprint("the events of ", k), p.history(k, 0, all), erased(want))
			}
		},
	},
	{
		name:     "of no other visitor and workspace",
		sentence: eraseRemoves,
		run: func(p probe) {
			others := []storage.Commit{opening(storage.Key{Workspace: "other", Conversation: "a"})}
			for i, visitor := range []string{"Ann", "an", "anna", "a.n", "a_n", "ann:", "1", "01", "1.0", "bob"} {
				others = append(others, of(visitor, opening(chat(fmt.Sprint(i)))))
			}
			for i, c := range others {
				p.commit(identified("one", c))
				p.setBack(c.Key, 1, failed(i+1, noon))
			}
			p.commit(opening(chat("handed over")), of("bob", change(chat("handed over"), 1, 1)))
			before := p.picture(chat("handed over"), "")
			for _, visitor := range []string{ann, "a-n", "_nn", "001", "1."} {
				p.same("the number of conversations of visitor "+visitor, p.erase(visitor), 0)
			}
			p.same("what the store tells", p.picture(chat("handed over"), ""), before)
			for _, c := range others {
				p.same(fmt.Sprint("the fingerprint in ", c.Key), p.applied(c.Key, "one").Fingerprint, fingerprint("one"))
			}
		},
	},
	{
		name:     "returns how many conversations",
		sentence: eraseCounts,
		run: func(p probe) {
			p.same("in an empty store", p.erase(ann), 0)
			silent := opening(chat("silent"))
			silent.Events[0].Text = ""
			p.commit(silent, closing(opening(chat("closed"))), change(chat("long"), 0, 4), change(chat("long"), 4, 2))
			p.commit(of("bob", opening(chat("b"))), opening(storage.Key{Workspace: "other", Conversation: "a"}))
			p.same("of a visitor of three", p.erase(ann), 3)
			p.same("of a visitor of one", p.erase("bob"), 1)
			p.same("of a visitor of none", p.erase("cleo"), 0)
		},
	},
	{
		name:     "again is the same",
		sentence: eraseCounts,
		run: func(p probe) {
			c := identified("one", change(chat("a"), 0, 2))
			c.Events[0].Text = ""
			p.commit(c, opening(chat("b")))
			p.setBack(chat("a"), 1+1, failed(1, noon))
			p.same("the first time", p.erase(ann), 2)
			before := p.picture(chat("a"), "one")
			p.same("the second time", p.erase(ann), 2)
			p.same("what the store tells", p.picture(chat("a"), "one"), before)
		},
	},
	{
		name:     "leaves versions, bodies and positions",
		sentence: eraseLeaves,
		run: func(p probe) {
			first, second := change(chat("a"), 0, 2), change(chat("a"), 2, 1)
			second.Head.Due, second.Head.Tags = noon, []string{"red"}
			p.commit(first, second)
			p.put(agent("zoe", 1), dueAt(noon, record(visitorKey(ann))))
			p.setPolicies("acme", 0, "ours")
			p.setBack(chat("a"), 3, storage.Setback{Failures: 1, RetryAt: noon})
			want := p.picture(chat("a"), "")
			want.History = erased(want.History)
			for i := range want.Feed {
				want.Feed[i].Events = erased(want.Feed[i].Events)
			}
			want.Records[1].Text = ""
			want.Records[1].Version++
			p.erase(ann)
			p.same("what the store tells", p.picture(chat("a"), ""), want)
			p.commit(change(chat("a"), 3, 1))
		},
	},
	{
		name:     "leaves command IDs",
		sentence: eraseLeaves,
		run: func(p probe) {
			first := opening(chat("a"))
			p.commit(first, identified("one", change(chat("a"), 1, 2)), identified("nothing", without(change(chat("a"), 1, 2))))
			p.erase(ann)
			p.conflict(identified("one", change(chat("a"), 3, 1)))
			p.conflict(identified("nothing", change(chat("a"), 3, 1)))
			p.same("what a command did", p.applied(chat("a"), "one"), storage.Applied{From: 1, To: 3})
			p.same("what a command did that did nothing", p.applied(chat("a"), "nothing"), storage.Applied{From: 3, To: 3})
		},
	},
	{
		name:     "leaves events without text",
		sentence: erasedTexts,
		run: func(p probe) {
			c := change(chat("a"), 0, 4)
			c.Events[0].Text, c.Events[2].Text = "", ""
			c.Events[3].Text = " "
			p.commit(c)
			p.same("the events before", p.history(chat("a"), 0, all), c.Events)
			p.erase(ann)
			c.Events[1].Text, c.Events[1].Erased = "", true
			c.Events[3].Text, c.Events[3].Erased = "", true
			p.same("the events in History", p.history(chat("a"), 0, all), c.Events)
			p.same("the events in Feed", p.feed(0, all), []storage.Entry{entry(1, c)})
		},
	},
	{
		name:     "leaves later texts",
		sentence: erasedTexts,
		run: func(p probe) {
			first, second := opening(chat("a")), change(chat("a"), 1, 2)
			p.commit(first)
			p.erase(ann)
			p.commit(second)
			first.Events = erased(first.Events)
			p.same("the events", p.history(chat("a"), 0, all), append(first.Events[:1:1], second.Events...))
			p.same("the feed", p.feed(0, all), []storage.Entry{entry(1, first), entry(2, second)})
			p.erase(ann)
			p.same("the events, erased again", p.history(chat("a"), 1, all), erased(second.Events))
		},
	},
	{
		name:     "makes fingerprints zero",
		sentence: erasedFingerprint,
		run: func(p probe) {
			first := opening(chat("a"))
			first.Events[0].Text = ""
			p.commit(identified("one", first), identified("nothing", without(first)), identified("one", opening(chat("b"))))
			p.erase(ann)
			for _, id := range []string{"one", "nothing"} {
				p.same("the fingerprint of "+id, p.applied(chat("a"), id).Fingerprint, [16]byte{})
			}
			p.same("the fingerprint in another conversation", p.applied(chat("b"), "one").Fingerprint, [16]byte{})
			p.commit(identified("later", change(chat("a"), 1, 1)))
			p.same("a later fingerprint", p.applied(chat("a"), "later").Fingerprint, fingerprint("later"))
		},
	},
	{
		name:     "reasons of setbacks, which stay",
		sentence: eraseRemoves,
		run: func(p probe) {
			want := p.sleepers(noon, chat("a"), chat("b"), chat("c"))
			p.setBack(chat("a"), 1, failed(3, never))
			p.setBack(chat("b"), 1, failed(2, noon))
			p.erase(ann)
			reasonless := []storage.SetbackOf{
				{Key: chat("a"), Setback: storage.Setback{Failures: 3}},
				{Key: chat("b"), Setback: storage.Setback{Failures: 2, RetryAt: noon}},
			}
			p.same("all setbacks", p.setbacks(storage.Key{}, all), reasonless)
			p.same("the setback", p.load(chat("a"), "").Setback, reasonless[0].Setback)
			p.same("what is due", p.due(noon, storage.Due{}, all), want[1:])
		},
	},
}
