package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/storage"
)

const (
	recordReturns   = "Record returns a record."
	recordUnknown   = "An unknown one has its key and is otherwise the zero Record."
	recordsApart    = "A record of another workspace, or of another kind, is as unknown as one that does not exist."
	kindsApart      = "The IDs of each kind are their own."
	putReplaces     = "Put replaces a record by one whose Version and SeatMoves are those it is at, and gives it the next version."
	putUnknown      = "An unknown record is at version zero, whatever SeatMoves says; an agent who has seats before there is a record has them afterwards."
	putSeats        = "Of what is put, only SeatMoves is looked at, to compare it."
	recordOtherwise = "Otherwise it returns ErrConflict and changes nothing."
	settleChanges   = "Settle changes the due instant of a record whose Version and SeatMoves are those given, and nothing else."
	listReturns     = "List returns the records that a query selects, ordered by ID, beginning after the given one (empty: from the first on), at most limit."
	recordQueryIs   = "A RecordQuery selects records of a workspace and kind."
	dueRecordsAre   = "DueRecords returns the records whose due instant is not after by, across workspaces and kinds, ordered by instant and key, beginning after the given one (the zero DueRecord: from the oldest on), at most limit."
)

var recordCases = []testCase{
	{
		name:     "every field",
		sentence: recordReturns,
		run: func(p probe) {
			r := dueAt(noon, agent("zoe", 7))
			r.Groups = []string{"sales", "support"}
			p.put(r, record(groupKey("sales")), dueAt(evening, record(visitorKey(ann))))
			r.Version = 1
			p.same("the agent", p.agent("zoe"), r)
			group, visitor := record(groupKey("sales")), dueAt(evening, record(visitorKey(ann)))
			group.Version, visitor.Version = 1, 1
			p.same("the group", p.record(group.Key), group)
			p.same("the visitor", p.record(visitor.Key), visitor)
		},
	},
	{
		name:     "unknown has its key",
		sentence: recordUnknown,
		run: func(p probe) {
			p.put(agent("yan", 1))
			for _, k := range []storage.RecordKey{agentKey("zoe"), groupKey("sales"), visitorKey(ann)} {
				p.same("an unknown record", p.record(k), storage.Record{Key: k})
			}
		},
	},
	{
		name:     "another workspace or kind is unknown",
		sentence: recordsApart,
		run: func(p probe) {
			p.put(dueAt(noon, agent("zoe", 1)))
			for _, k := range []storage.RecordKey{
				groupKey("zoe"), visitorKey("zoe"), {Workspace: "other", Kind: storage.KindAgent, ID: "zoe"},
			} {
				p.same("a record of that ID", p.record(k), storage.Record{Key: k})
				r := record(k)
				p.refusesPut(storage.Record{Key: k, Version: 1})
				p.refusesSettle(storage.Record{Key: k, Version: 1})
				p.put(r)
			}
		},
	},
	{
		name:     "keys byte by byte",
		sentence: kindsApart,
		run: func(p probe) {
			var records []storage.Record
			for _, k := range alikeKeys() {
				for _, kind := range []storage.Kind{storage.KindAgent, storage.KindGroup, storage.KindVisitor} {
					r := record(storage.RecordKey{Workspace: k.Workspace, Kind: kind, ID: k.Conversation})
					p.same("the version of a key alike", p.record(r.Key).Version, int64(0))
					p.put(r)
					r.Version = 1
					records = append(records, r)
				}
			}
			for _, r := range records {
				p.same("the record", p.record(r.Key), r)
			}
		},
	},
	{
		name:     "replaced wholly",
		sentence: putReplaces,
		run: func(p probe) {
			full, other, empty := dueAt(noon, agent("zoe", 7)), dueAt(evening, agent("zoe", 2)), storage.Record{Key: agentKey("zoe")}
			full.Groups, other.Groups = []string{"sales", "support"}, []string{"billing", "sales"}
			other.Body, other.Text, other.Available = []byte("other"), "other", false
			for i, r := range []storage.Record{full, other, empty, full, empty, other} {
				r.Version = int64(i)
				p.put(r)
				r.Version++
				p.same("the record", p.agent("zoe"), r)
				p.same("the listed record", p.list(agentQuery(), "", all), []storage.Record{r})
			}
		},
	},
	{
		name:     "replaced by one that is due later",
		sentence: putReplaces,
		run: func(p probe) {
			p.put(dueAt(noon, agent("zoe", 1)))
			for _, at := range []time.Time{evening, endOfTime, noon} {
				p.reput("zoe", func(r *storage.Record) { r.Due = at })
				p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all),
					[]storage.DueRecord{{At: at, Key: agentKey("zoe")}})
			}
			p.reput("zoe", func(r *storage.Record) { r.Due = never })
			p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all), []storage.DueRecord{})
		},
	},
	{
		name:     "put at another version changes nothing",
		sentence: recordOtherwise,
		run: func(p probe) {
			p.refusesPut(storage.Record{Key: agentKey("zoe"), Version: 1})
			p.put(dueAt(noon, agent("zoe", 1)))
			p.refusesPut(agent("zoe", 2))
			p.reput("zoe", func(r *storage.Record) { r.Capacity = 3 })
			for _, version := range []int64{0, 1, 3, 100} {
				r := dueAt(evening, agent("zoe", 4))
				r.Version, r.Groups = version, []string{"sales"}
				p.refusesPut(r)
			}
			p.reput("zoe", func(r *storage.Record) { r.Capacity = 5 })
			p.same("the version", p.agent("zoe").Version, int64(3))
		},
	},
	{
		name:     "put after seats moved changes nothing",
		sentence: recordOtherwise,
		run: func(p probe) {
			p.put(agent("zoe", 2))
			old := []storage.Record{dueAt(evening, p.agent("zoe"))}
			for _, c := range []storage.Commit{seated("zoe", opening(chat("a"))), change(chat("a"), 1, 1)} {
				p.commit(c)
				for _, r := range old {
					p.refusesPut(r)
				}
				old = append(old, dueAt(evening, p.agent("zoe")))
			}
			ahead := old[2]
			ahead.SeatMoves++
			p.refusesPut(ahead)
			p.put(old[2])
			p.seats("zoe", 0, 2, noon)
		},
	},
	{
		name:     "new whatever SeatMoves says",
		sentence: putUnknown,
		run: func(p probe) {
			r := agent("zoe", 2)
			r.SeatMoves = 5
			p.put(r)
			p.seats("zoe", 0, 0, never)
			group := record(groupKey("sales"))
			group.SeatMoves = 1
			p.put(group)
			p.same("the moves of a group", p.record(group.Key).SeatMoves, int64(0))
		},
	},
	{
		name:     "new with the seats from before",
		sentence: putUnknown,
		run: func(p probe) {
			p.commit(
				seated("zoe", opening(chat("a"))), seated("zoe", opening(chat("b"))), seated("zoe", opening(chat("c"))),
				seated("yan", opening(chat("d"))), seated("zoe", opening(storage.Key{Workspace: "other", Conversation: "e"})),
				change(chat("a"), 1, 1),
			)
			p.put(agent("zoe", 2))
			p.seats("zoe", 2, 0, never)
			p.same("the listed seats", p.list(agentQuery(), "", all), []storage.Record{p.agent("zoe")})
			p.full(seated("zoe", change(chat("a"), 2, 1)))
			p.commit(decided(evening, change(chat("b"), 1, 1)))
			p.seats("zoe", 1, 1, evening)
			p.same("when it is due", p.agent("zoe").Due, evening)
			p.commit(seated("zoe", change(chat("a"), 2, 1)))
		},
	},
	{
		name:     "put without regard to seats",
		sentence: putSeats,
		run: func(p probe) {
			r := agent("zoe", 3)
			r.Seats, r.SeatsAt = 3, evening
			p.put(r)
			p.seats("zoe", 0, 0, never)
			p.commit(seated("zoe", opening(chat("a"))))
			for _, n := range []int{0, 3} {
				p.reput("zoe", func(r *storage.Record) { r.Seats, r.SeatsAt = n, evening })
				p.seats("zoe", 1, 1, noon)
			}
			p.commit(seated("zoe", opening(chat("b"))))
			p.seats("zoe", 2, 2, noon)
		},
	},
	{
		name:     "settled",
		sentence: settleChanges,
		run: func(p probe) {
			r := dueAt(noon, agent("zoe", 2))
			r.Groups = []string{"sales"}
			visitor := dueAt(noon, record(visitorKey(ann)))
			p.put(r, dueAt(noon, agent("yan", 2)), visitor)
			p.commit(seated("zoe", opening(chat("a"))))
			r.Version, r.Seats, r.SeatsAt, r.SeatMoves = 1, 1, noon, 1
			for _, at := range []time.Time{evening, oldInstants()[0], never, endOfTime} {
				p.settle(storage.Record{Key: r.Key, Version: 1, SeatMoves: 1, Due: at})
				r.Due = at
				p.same("the record", p.agent("zoe"), r)
				visitor.Version, visitor.Due = 1, at
				p.settle(visitor)
				p.same("the visitor", p.record(visitor.Key), visitor)
			}
			p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all), []storage.DueRecord{
				{At: noon, Key: agentKey("yan")}, {At: endOfTime, Key: agentKey("zoe")}, {At: endOfTime, Key: visitor.Key},
			})
			p.put(r) // It is at the same version.
		},
	},
	{
		name:     "settled at another version or after seats moved changes nothing",
		sentence: recordOtherwise,
		run: func(p probe) {
			for _, version := range []int64{0, 1} {
				p.refusesSettle(storage.Record{Key: agentKey("zoe"), Version: version, Due: evening})
			}
			p.put(dueAt(noon, agent("zoe", 2)))
			p.reput("zoe", func(r *storage.Record) { r.Capacity = 3 })
			now := dueAt(evening, p.agent("zoe"))
			for _, version := range []int64{0, 1, 3} {
				old := now
				old.Version = version
				p.refusesSettle(old)
			}
			p.commit(seated("zoe", opening(chat("a"))))
			p.refusesSettle(now)
			p.commit(change(chat("a"), 1, 1))
			p.refusesSettle(now)
			for _, moves := range []int64{0, 1, 3} {
				now.SeatMoves = moves
				p.refusesSettle(now)
			}
			now.SeatMoves = 2
			p.settle(now)
		},
	},
	{
		name:     "of several at once, one is put",
		sentence: putReplaces,
		run: func(p probe) {
			for version := range int64(5) {
				won := p.race(8, func(i int) error {
					r := agent("zoe", i)
					r.Version = version
					return p.s.Put(p.Context(), r)
				})
				if won != 1 {
					p.Fatalf("%d of 8 concurrent calls of Put at version %d succeeded, want 1", won, version)
				}
				p.same("the version", p.agent("zoe").Version, version+1)
			}
		},
	},
}

var listCases = []testCase{
	{
		name:     "of a workspace and kind",
		sentence: recordQueryIs,
		run: func(p probe) {
			p.same("of an empty store", p.list(agentQuery(), "", all), []storage.Record{})
			r := agent("zoe", 2)
			r.Groups = []string{"sales"}
			elsewhere := agent("zoe", 1)
			elsewhere.Key.Workspace = "other"
			group, visitor := record(groupKey("zoe")), record(visitorKey("zoe"))
			p.put(r, elsewhere, group, visitor)
			p.commit(seated("zoe", opening(chat("a"))))
			for _, r := range []storage.Record{r, elsewhere, group, visitor} {
				q := storage.RecordQuery{Workspace: r.Key.Workspace, Kind: r.Key.Kind}
				p.same(fmt.Sprintf("what %+v selects", q), p.list(q, "", all), []storage.Record{p.record(r.Key)})
			}
		},
	},
	{
		name:     "of a group",
		sentence: listReturns,
		run: func(p probe) {
			groups := map[string][]string{
				"a": {"sales"}, "b": {"billing", "sales", "support"}, "c": {"Sales"}, "d": {"sale", "sales.eu"}, "e": nil,
				"f": {"s_les", "salesmen"}, "g": {"support"}, "h": {`"sales"`, "a,sales,b"}, "i": {"sales", "é"},
			}
			for id, groups := range groups {
				r := agent(id, 1)
				r.Groups = groups
				p.put(r)
			}
			for group, want := range map[string][]string{
				"sales": {"a", "b", "i"}, "support": {"b", "g"}, "Sales": {"c"}, "sale": {"d"}, "s_les": {"f"}, "%": nil, "é": {"i"},
				"": {"a", "b", "c", "d", "e", "f", "g", "h", "i"},
			} {
				p.lists(storage.RecordQuery{Group: group}, want...)
			}
			p.reput("b", func(r *storage.Record) { r.Groups = []string{"support"} })
			p.reput("e", func(r *storage.Record) { r.Groups = []string{"sales"} })
			p.lists(storage.RecordQuery{Group: "sales"}, "a", "e", "i")
		},
	},
	{
		name:     "who are free",
		sentence: listReturns,
		run: func(p probe) {
			away := agent("away", 2)
			away.Available = false
			p.put(away, agent("none", 0), agent("one", 1), agent("two", 2))
			p.lists(storage.RecordQuery{Free: true}, "one", "two")
			p.commit(seated("one", opening(chat("a"))), seated("two", opening(chat("b"))))
			p.lists(storage.RecordQuery{Free: true}, "two")
			p.reput("away", func(r *storage.Record) { r.Available = true })
			p.reput("two", func(r *storage.Record) { r.Capacity = 1 })
			p.lists(storage.RecordQuery{Free: true}, "away")
			p.commit(overfilling("two", 2, seated("two", opening(chat("c")))), change(chat("a"), 1, 1))
			p.lists(storage.RecordQuery{Free: true}, "away", "one")
			p.reput("two", func(r *storage.Record) { r.Capacity = 3 })
			p.reput("one", func(r *storage.Record) { r.Available = false })
			p.lists(storage.RecordQuery{Free: true}, "away", "two")
			p.lists(storage.RecordQuery{}, "away", "none", "one", "two")
		},
	},
	{
		name:     "who are free in a group",
		sentence: listReturns,
		run: func(p probe) {
			for i := range 8 {
				r := agent(fmt.Sprint(i), i%4/2)
				if i%2 == 0 {
					r.Groups = []string{"sales"}
				}
				r.Available = i < 4
				p.put(r)
			}
			p.lists(storage.RecordQuery{Group: "sales", Free: true}, "2")
			p.lists(storage.RecordQuery{Group: "sales"}, "0", "2", "4", "6")
			p.lists(storage.RecordQuery{Free: true}, "2", "3")
		},
	},
	{
		name:     "ordered by ID, byte by byte",
		sentence: listReturns,
		run: func(p probe) {
			want := p.staff()
			p.lists(storage.RecordQuery{}, want...)
		},
	},
	{
		name:     "after a given one",
		sentence: listReturns,
		run: func(p probe) {
			want := p.staff()
			for i, after := range want {
				p.sameIDs("after "+after, p.list(agentQuery(), after, all), want[i+1:])
			}
			p.sameIDs("after one that is not there", p.list(agentQuery(), want[4]+"!", all), want[5:])
		},
	},
	{
		name:     "at most limit",
		sentence: listReturns,
		run: func(p probe) {
			want := p.staff()
			for _, limit := range []int{1, 2, len(want) - 1, len(want), len(want) + 1} {
				p.sameIDs(fmt.Sprint("at most ", limit), p.list(agentQuery(), "", limit), want[:min(limit, len(want))])
			}
			p.sameIDs("at most 2 after the third", p.list(agentQuery(), want[2], 2), want[3:5])
		},
	},
	{
		name:     "pages are filled with those who are selected",
		sentence: listReturns,
		run: func(p probe) {
			var want []string
			for i, id := range p.staff() {
				if i%3 == 0 {
					want = append(want, id)
					continue
				}
				p.reput(id, func(r *storage.Record) { r.Available, r.Capacity = i%3 == 1, 0 })
			}
			free := storage.RecordQuery{Workspace: "acme", Kind: storage.KindAgent, Free: true}
			for _, limit := range []int{1, 2, len(want), len(want) + 1} {
				p.sameIDs(fmt.Sprint("at most ", limit), p.list(free, "", limit), want[:min(limit, len(want))])
			}
			p.sameIDs("at most 2 after the second", p.list(free, want[1], 2), want[2:4])
		},
	},
	{
		name:     "pages skip nobody while others leave",
		sentence: listReturns,
		run: func(p probe) {
			want := p.staff()
			var got []string
			free := storage.RecordQuery{Workspace: "acme", Kind: storage.KindAgent, Free: true}
			for after := ""; len(got) < len(want); after = got[len(got)-1] {
				page := p.list(free, after, 4)
				if len(page) == 0 {
					break
				}
				for _, r := range page {
					got = append(got, r.Key.ID)
					p.commit(seated(r.Key.ID, opening(chat(r.Key.ID))))
				}
			}
			p.same("all pages", got, want)
			p.lists(storage.RecordQuery{Free: true})
		},
	},
}

var dueRecordsCases = []testCase{
	{
		name:     "at the instant, not a microsecond before",
		sentence: dueRecordsAre,
		run: func(p probe) {
			r := dueAt(noon, agent("zoe", 1))
			p.put(r, agent("yan", 1))
			p.same("before", p.dueRecords(noon.Add(-time.Microsecond), storage.DueRecord{}, all), []storage.DueRecord{})
			p.same("at the instant", p.dueRecords(noon, storage.DueRecord{}, all), []storage.DueRecord{dueRecord(r)})
			p.same("later", p.dueRecords(endOfTime, storage.DueRecord{}, all), []storage.DueRecord{dueRecord(r)})
		},
	},
	{
		name:     "however long ago",
		sentence: dueRecordsAre,
		run: func(p probe) {
			var want []storage.DueRecord
			for i, at := range oldInstants() {
				r := dueAt(at, record(visitorKey(fmt.Sprint(9-i))))
				p.put(r)
				want = append(want, dueRecord(r))
			}
			p.same("what is due", p.dueRecords(noon, storage.DueRecord{}, all), want)
		},
	},
	{
		name:     "whether an agent is available or not",
		sentence: dueRecordsAre,
		run: func(p probe) {
			away := dueAt(noon, agent("zoe", 0))
			away.Available = false
			p.put(away)
			p.same("what is due", p.dueRecords(noon, storage.DueRecord{}, all), []storage.DueRecord{dueRecord(away)})
		},
	},
	{
		name:     "across workspaces and kinds, ordered by instant",
		sentence: dueRecordsAre,
		run: func(p probe) {
			var want []storage.DueRecord
			kinds := []storage.Kind{storage.KindAgent, storage.KindGroup, storage.KindVisitor}
			for _, i := range []int{5, 2, 8, 1, 9, 3, 7, 4, 6, 0} {
				k := storage.RecordKey{Workspace: []string{"a", "b"}[i%2], Kind: kinds[i%3], ID: fmt.Sprint(9 - i)}
				r := dueAt(noon.Add(time.Duration(i)*time.Microsecond), record(k))
				p.put(r)
				want = append(want, dueRecord(r))
			}
			slices.SortFunc(want, storage.DueRecord.Compare)
			p.same("what is due", p.dueRecords(evening, storage.DueRecord{}, all), want)
		},
	},
	{
		name:     "then by key, byte by byte",
		sentence: dueRecordsAre,
		run: func(p probe) {
			var want []storage.DueRecord
			for i, k := range sortableKeys() {
				kind := []storage.Kind{storage.KindVisitor, storage.KindAgent, storage.KindGroup}[i%3]
				r := dueAt(noon, record(storage.RecordKey{Workspace: k.Workspace, Kind: kind, ID: k.Conversation}))
				p.put(r)
				want = append(want, dueRecord(r))
			}
			slices.SortFunc(want, storage.DueRecord.Compare)
			p.same("what is due", p.dueRecords(noon, storage.DueRecord{}, all), want)
		},
	},
	{
		name:     "after a given one",
		sentence: dueRecordsAre,
		run: func(p probe) {
			want := p.dueStaff()
			by := want[len(want)-1].At
			for i, after := range want {
				p.same(fmt.Sprint("after ", after), p.dueRecords(by, after, all), want[i+1:])
			}
			gone := storage.DueRecord{At: noon, Key: agentKey("b0")}
			p.same("after one that is not there", p.dueRecords(by, gone, all), want[2:])
			p.same("after the beginning of an instant", p.dueRecords(by, storage.DueRecord{At: want[3].At}, all), want[3:])
		},
	},
	{
		name:     "at most limit",
		sentence: dueRecordsAre,
		run: func(p probe) {
			want := p.dueStaff()
			by := want[len(want)-1].At
			for limit := 1; limit <= len(want)+1; limit++ {
				p.same(fmt.Sprint("at most ", limit), p.dueRecords(by, storage.DueRecord{}, limit), want[:min(limit, len(want))])
			}
			p.same("at most 2 after the third", p.dueRecords(by, want[2], 2), want[3:5])
		},
	},
	{
		name:     "where it was moved to",
		sentence: dueRecordsAre,
		run: func(p probe) {
			p.put(dueAt(noon, agent("a", 1)), dueAt(noon, agent("b", 1)), dueAt(noon, agent("c", 1)))
			p.settle(dueAt(evening, p.agent("a")))
			p.reput("c", func(r *storage.Record) { r.Due = noon.Add(-time.Hour) })
			want := []storage.DueRecord{
				{At: noon.Add(-time.Hour), Key: agentKey("c")}, {At: noon, Key: agentKey("b")}, {At: evening, Key: agentKey("a")},
			}
			p.same("what is due at noon", p.dueRecords(noon, storage.DueRecord{}, all), want[:2])
			p.same("what is due in the evening", p.dueRecords(evening, storage.DueRecord{}, all), want)
			p.settle(dueAt(never, p.agent("b")))
			p.reput("c", func(r *storage.Record) { r.Due = never })
			p.same("what is due after two were settled", p.dueRecords(endOfTime, storage.DueRecord{}, all), want[2:])
		},
	},
	{
		name:     "pages skip nothing while others change",
		sentence: dueRecordsAre,
		run:      pagesOfDueRecords,
	},
}

// agentQuery selects all agents of the workspace that most cases use.
func agentQuery() storage.RecordQuery {
	return storage.RecordQuery{Workspace: "acme", Kind: storage.KindAgent}
}

// lists checks which agents of the workspace that most cases use a query selects.
func (p probe) lists(q storage.RecordQuery, want ...string) {
	p.Helper()
	q.Workspace, q.Kind = "acme", storage.KindAgent
	p.sameIDs(fmt.Sprintf("who %+v selects", q), p.list(q, "", all), want)
}

func (p probe) sameIDs(what string, got []storage.Record, want []string) {
	p.Helper()
	var ids []string
	for _, r := range got {
		ids = append(ids, r.Key.ID)
	}
	p.same(what, ids, want)
}

// staff puts agents who all have a seat left, and returns their IDs in order.
func (p probe) staff() (ids []string) {
	p.Helper()
	for _, k := range sortableKeys() {
		if k.Workspace == "w" {
			p.put(agent(k.Conversation, 1))
			ids = append(ids, k.Conversation)
		}
	}
	slices.Sort(ids)
	return ids
}

// dueStaff puts six records, and returns them in the order in which they are due.
func (p probe) dueStaff() (want []storage.DueRecord) {
	p.Helper()
	for _, r := range []storage.Record{
		dueAt(noon, agent("a", 1)), dueAt(noon, agent("b", 1)), dueAt(noon, record(groupKey("a"))),
		dueAt(noon.Add(time.Microsecond), agent("b1", 1)),
		dueAt(noon.Add(time.Minute), record(groupKey("a2"))), dueAt(noon.Add(time.Minute), record(visitorKey("a"))),
	} {
		p.put(r)
		want = append(want, dueRecord(r))
	}
	return want
}

// pagesOfDueRecords works through what is due as a runner does: what was returned
// is settled or moves, and more becomes due. Those that nobody touches must all
// come, and come once.
func pagesOfDueRecords(p probe) {
	const n, touched = 40, 3 // every third one
	for i := range n {
		p.put(dueAt(noon.Add(time.Duration(i/4)*time.Second), agent(fmt.Sprintf("%02d", i), 1)))
	}
	seen := map[storage.RecordKey]int{}
	after := storage.DueRecord{}
	for page := range n {
		found := p.dueRecords(noon.Add(time.Hour), after, 3)
		if len(found) == 0 {
			break
		}
		for i, d := range found {
			seen[d.Key]++
			if number, err := strconv.Atoi(d.Key.ID); err == nil && number%touched == 0 {
				at := []time.Time{never, noon.Add(-time.Hour), noon.AddDate(0, 0, 1)}[(page+i)%3]
				p.settle(dueAt(at, p.record(d.Key)))
			}
		}
		after = found[len(found)-1]
		p.put(dueAt(noon.Add(time.Duration(page)*time.Second), agent(fmt.Sprint("new", page), 1)))
	}
	for i := range n {
		if k := agentKey(fmt.Sprintf("%02d", i)); i%touched != 0 && seen[k] != 1 {
			p.Errorf("%v came %d times, want once: nobody touched it", k, seen[k])
		}
	}
}

// refusesPut puts a record that is not where the store has it.
func (p probe) refusesPut(r storage.Record) {
	p.Helper()
	p.refusesRecord("Put", r, func() error { return p.s.Put(p.Context(), r) })
}

// refusesSettle settles a record that is not where the store has it.
func (p probe) refusesSettle(r storage.Record) {
	p.Helper()
	p.refusesRecord("Settle", r, func() error { return p.s.Settle(p.Context(), r) })
}

func (p probe) refusesRecord(name string, r storage.Record, call func() error) {
	p.Helper()
	at := p.record(r.Key)
	before := p.picture(chat("a"), "")
	if err := call(); !errors.Is(err, storage.ErrConflict) {
		p.Fatalf("%s of %v at version %d and %d seat moves, which is at %d and %d: %v, want ErrConflict",
			name, r.Key, r.Version, r.SeatMoves, at.Version, at.SeatMoves, err)
	}
	p.same("what changed in a conflict", p.picture(chat("a"), ""), before)
	p.same("the record after a conflict", p.record(r.Key), at)
}
