package storagetest

import (
	"context"
	"errors"
	"slices"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

const (
	txIs       = "A Tx is a store within a transaction that the host began and will end: what it is given takes effect with that transaction or not at all."
	txMethods  = "Its methods are those of [Store]."
	txConflict = "After ErrConflict and ErrFull nothing was applied and the transaction is as usable as before."
)

var txCases = []testCase{
	{
		name:     "reads what is there",
		sentence: txMethods,
		run: func(p probe) {
			p.setPolicies("acme", 0, "ours")
			p.commit(identified("one", change(chat("a"), 0, 4)), identified("two", change(chat("a"), 4, 1)))
			p.setBack(chat("a"), 5, failed(1, noon))
			one, two, nobody := p.load(chat("a"), "one"), p.load(chat("a"), "two"), p.load(chat("nobody"), "one")
			events := p.history(chat("a"), 0, all)
			in, _, rollback := p.begin()
			p.same("what Load tells", in.load(chat("a"), "one"), one)
			p.same("what Load tells with another command", in.load(chat("a"), "two"), two)
			p.same("what Load tells of an unknown conversation", in.load(chat("nobody"), "one"), nobody)
			p.same("what Load tells of another workspace",
				in.load(storage.Key{Workspace: "other", Conversation: "a"}, "one"), storage.Loaded{})
			p.same("the events", in.history(chat("a"), 0, all), events)
			p.same("at most 2 after the first", in.history(chat("a"), 1, 2), events[1:3])
			p.same("the events of an unknown conversation", in.history(chat("nobody"), 0, all), []storage.Event{})
			rollback()
		},
	},
	{
		name:     "reads what it committed",
		sentence: txIs,
		run: func(p probe) {
			p.commit(change(chat("a"), 0, 2))
			p.setBack(chat("a"), 2, failed(1, never))
			in, _, rollback := p.begin()
			c := identified("one", of("bob", change(chat("a"), 2, 2)))
			c.Head.Due = noon
			in.commit(c)
			p.same("what Load tells", in.load(chat("a"), "one"), storage.Loaded{
				Head:    c.Head,
				Applied: &storage.Applied{Fingerprint: fingerprint("one"), From: 2, To: 4},
			})
			p.same("the events", in.history(chat("a"), 0, all), append(change(chat("a"), 0, 2).Events, c.Events...))
			p.same("at most 2 after the first", in.history(chat("a"), 1, 2), []storage.Event{event(chat("a"), 2), event(chat("a"), 3)})
			later := identified("nothing", under(7, without(c)))
			later.Head.Due = never
			in.commit(later, opening(chat("b")))
			p.same("the head after a commit without events", in.load(chat("a"), "").Head, later.Head)
			p.same("the head of an opened conversation", in.load(chat("b"), "").Head, opening(chat("b")).Head)
			rollback()
		},
	},
	{
		name:     "is not seen outside before it ends",
		sentence: txIs,
		run: func(p probe) {
			first := identified("one", sleeping(chat("a"), noon))
			p.commit(first)
			p.setBack(chat("a"), 1, failed(1, noon))
			before, nobody := p.picture(chat("a"), "two"), p.picture(chat("b"), "two")
			in, commit, _ := p.begin()
			in.commit(identified("two", change(chat("a"), 1, 2)), identified("two", sleeping(chat("b"), noon)))
			p.same("what the store tells meanwhile", p.picture(chat("a"), "two"), before)
			p.same("what the store tells of the opened one", p.picture(chat("b"), "two"), nobody)
			commit()
			p.known(chat("b"))
		},
	},
	{
		name:     "takes effect with the transaction",
		sentence: txIs,
		run: func(p probe) {
			first := opening(chat("a"))
			p.commit(first)
			p.setBack(chat("a"), 1, failed(1, never))
			p.feed(0, all)
			in, commit, _ := p.begin()
			second := identified("two", change(chat("a"), 1, 2))
			second.Head.Due = noon
			in.commit(second)
			commit()
			want := picture{
				Loaded: storage.Loaded{
					Head:    second.Head,
					Applied: &storage.Applied{Fingerprint: fingerprint("two"), From: 1, To: 3},
				},
				History: append(first.Events, second.Events...),
				Due:     []storage.Due{due(second)},
				Feed:    []storage.Entry{entry(1, first), entry(2, second)},
				View:    rows(second),
			}
			p.same("what the store tells", p.picture(chat("a"), "two"), want)
			p.conflict(identified("two", change(chat("a"), 3, 1)))
			p.commit(change(chat("a"), 3, 1))
		},
	},
	{
		name:     "takes no effect when it is rolled back",
		sentence: txIs,
		run: func(p probe) {
			first := identified("one", sleeping(chat("a"), noon))
			p.commit(first)
			p.setBack(chat("a"), 1, failed(1, noon))
			before, nobody := p.picture(chat("a"), "two"), p.picture(chat("b"), "two")
			second, opened := identified("two", closing(change(chat("a"), 1, 2))), identified("two", sleeping(chat("b"), noon))
			in, _, rollback := p.begin()
			in.commit(second, opened, under(3, without(second)))
			rollback()
			p.same("what the store tells", p.picture(chat("a"), "two"), before)
			p.same("what the store tells of the opened one", p.picture(chat("b"), "two"), nobody)
			want := append(before.Feed, p.publishAfter(1, opened, second)...)
			p.same("the feed, which has no gap", p.feed(0, all), want)
		},
	},
	{
		name:     "one after the other",
		sentence: txIs,
		run: func(p probe) {
			var want []storage.Entry
			for i := range int64(6) {
				in, commit, rollback := p.begin()
				c := change(chat("a"), int64(len(want)), 1)
				in.commit(c, under(i, without(c)))
				if i%3 == 1 {
					rollback()
					continue
				}
				commit()
				want = append(want, entry(storage.Position(len(want))+1, c))
			}
			p.same("the feed", p.feed(0, all), want)
		},
	},
	{
		name:     "two commits to one conversation",
		sentence: txMethods,
		run: func(p probe) {
			first, second := identified("one", opening(chat("a"))), identified("two", change(chat("a"), 1, 2))
			in, commit, _ := p.begin()
			in.commit(first)
			in.conflict(opening(chat("a")))
			in.commit(second)
			p.same("the events within", in.history(chat("a"), 0, all), append(first.Events[:1:1], second.Events...))
			commit()
			p.same("the head", p.load(chat("a"), "").Head, second.Head)
			p.same("the feed", p.feed(0, all), []storage.Entry{entry(1, first), entry(2, second)})
			p.same("what the first command did", p.applied(chat("a"), "one").To, int64(1))
			p.same("what the second command did", p.applied(chat("a"), "two").To, int64(3))
		},
	},
	{
		name:     "a repeated command conflicts",
		sentence: txMethods,
		run: func(p probe) {
			first := identified("one", opening(chat("a")))
			in, commit, _ := p.begin()
			in.commit(first)
			in.conflict(identified("one", change(chat("a"), 1, 1)))
			in.conflict(identified("one", without(first)))
			p.same("what the command did", in.applied(chat("a"), "one"),
				storage.Applied{Fingerprint: fingerprint("one"), From: 0, To: 1})
			commit()
			p.same("the feed", p.feed(0, all), []storage.Entry{entry(1, first)})
		},
	},
	{
		name:     "usable after a conflict at an old version",
		sentence: txConflict,
		run: func(p probe) {
			p.commit(opening(chat("a")), change(chat("a"), 1, 1))
			p.usableAfter(identified("refused", closing(sleeping(chat("a"), noon))), identified("refused", change(chat("a"), 1, 2)))
		},
	},
	{
		name:     "usable after a conflict with what exists",
		sentence: txConflict,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			p.usableAfter(identified("refused", change(chat("a"), 0, 2)))
		},
	},
	{
		name:     "usable after a conflict with a known command",
		sentence: txConflict,
		run: func(p probe) {
			p.commit(identified("one", opening(chat("a"))))
			p.usableAfter(identified("one", closing(change(chat("a"), 1, 2))), identified("one", under(3, without(opening(chat("a"))))))
		},
	},
	{
		name:     "reads the records that are there",
		sentence: txMethods,
		run: func(p probe) {
			r := dueAt(noon, agent("zoe", 2))
			r.Groups = []string{"sales"}
			p.put(r, record(visitorKey(ann)))
			p.commit(seated("zoe", opening(chat("a"))))
			zoe, visitor := p.agent("zoe"), p.record(visitorKey(ann))
			in, _, rollback := p.begin()
			p.same("the agent", in.agent("zoe"), zoe)
			p.same("the visitor", in.record(visitor.Key), visitor)
			for _, k := range []storage.RecordKey{agentKey("yan"), groupKey("zoe"), {Workspace: "other", Kind: storage.KindAgent, ID: "zoe"}} {
				p.same("an unknown record", in.record(k), storage.Record{Key: k})
			}
			rollback()
		},
	},
	{
		name:     "takes and frees seats",
		sentence: txIs,
		run: func(p probe) {
			p.put(agent("zoe", 2), dueAt(endOfTime, agent("yan", 2)))
			p.commit(seated("yan", opening(chat("a"))))
			in, commit, _ := p.begin()
			first, second := seated("zoe", change(chat("a"), 1, 1)), decided(evening, seated("zoe", opening(chat("b"))))
			in.commit(first, second, without(second))
			in.seats("zoe", 2, 2, evening)
			in.seats("yan", 0, 2, noon)
			p.same("when the one is due whose seat was freed", in.agent("yan").Due, noon)
			zoe, yan := in.agent("zoe"), in.agent("yan")
			commit()
			p.same("the one agent", p.agent("zoe"), zoe)
			p.same("the other agent", p.agent("yan"), yan)
			p.same("what is due", p.dueRecords(endOfTime, storage.DueRecord{}, all), []storage.DueRecord{dueRecord(yan)})
			p.shows(storage.Query{}, first, second)
			p.full(seated("zoe", opening(chat("c"))))
		},
	},
	{
		name:     "seats and views are not seen outside before it ends",
		sentence: txIs,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 1))
			p.commit(seated("yan", opening(chat("a"))))
			before := p.picture(chat("a"), "")
			in, commit, _ := p.begin()
			in.commit(closing(change(chat("a"), 1, 1)), seated("zoe", opening(chat("b"))))
			p.same("what the store tells meanwhile", p.picture(chat("a"), ""), before)
			p.shows(storage.Query{State: stateClosed})
			p.lists(storage.RecordQuery{Free: true}, "zoe")
			commit()
			p.lists(storage.RecordQuery{Free: true}, "yan")
		},
	},
	{
		name:     "seats and views are as before when it is rolled back",
		sentence: txIs,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 1))
			p.commit(seated("yan", opening(chat("a"))))
			before := p.picture(chat("a"), "")
			in, _, rollback := p.begin()
			moved := seated("zoe", change(chat("a"), 1, 1))
			moved.Head.Tags = []string{"red"}
			in.commit(moved, seated("yan", opening(chat("b"))))
			rollback()
			p.same("what the store tells", p.picture(chat("a"), ""), before)
			p.shows(storage.Query{Tag: "red"})
			p.commit(seated("zoe", opening(chat("c"))))
			p.full(seated("yan", opening(chat("b"))))
		},
	},
	{
		name:     "closings are put with the transaction",
		sentence: txIs,
		run: func(p probe) {
			first, second, third := fullClosing("a", 1, 1), ending("a", 2, 2), fullClosing("b", 1, 3)
			p.file("acme", first)
			in, commit, _ := p.begin()
			in.commit(in.filing(chat("a"), otherClosing("a", 1, 1), second), in.filing(chat("b"), third))
			last := ending("a", 1, 1)
			in.commit(in.filing(chat("a"), last))
			nothing := without(in.filing(chat("b")))
			nothing.Head.Version, nothing.Expect = 1, 1
			nothing.Closings = []closure.Record{otherClosing("b", 1, 3)}
			in.commit(nothing)
			p.finds(storage.ClosingQuery{}, first)
			commit()
			p.finds(storage.ClosingQuery{}, last, second, third)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Tag: "red"}}, third)
		},
	},
	{
		name:     "closings are as before when it is rolled back",
		sentence: txIs,
		run: func(p probe) {
			first := fullClosing("a", 1, 1)
			p.file("acme", first)
			in, _, rollback := p.begin()
			in.commit(in.filing(chat("a"), otherClosing("a", 1, 1), ending("a", 2, 2)), in.filing(chat("b"), ending("b", 1, 3)))
			rollback()
			p.finds(storage.ClosingQuery{}, first)
			p.finds(storage.ClosingQuery{Filter: closure.Filter{Tag: "red"}}, first)
			other := ending("b", 1, 4)
			p.file("acme", other)
			p.finds(storage.ClosingQuery{}, first, other)
		},
	},
	{
		name:     "full by what it committed",
		sentence: txMethods,
		run: func(p probe) {
			p.put(agent("zoe", 2))
			p.commit(seated("zoe", opening(chat("a"))))
			in, commit, _ := p.begin()
			in.commit(seated("zoe", opening(chat("b"))))
			in.full(seated("zoe", opening(chat("c"))))
			in.commit(seated("zoe", change(chat("b"), 1, 1)), change(chat("a"), 1, 1))
			in.commit(seated("zoe", opening(chat("c"))))
			in.full(seated("zoe", opening(chat("d"))))
			in.commit(overfilling("zoe", 1, seated("zoe", opening(chat("d")))))
			commit()
			p.seats("zoe", 3, 5, noon)
		},
	},
	{
		name:     "usable when an agent is full",
		sentence: fullNothing,
		run: func(p probe) {
			p.put(agent("zoe", 1), agent("yan", 1))
			p.commit(seated("zoe", opening(chat("a"))), seated("yan", opening(chat("b"))))
			before := p.picture(chat("b"), "refused")
			in, commit, _ := p.begin()
			in.commit(opening(chat("x")))
			in.full(identified("refused", seated("zoe", closing(change(chat("b"), 1, 2)))))
			p.same("what Load tells of the refused", in.load(chat("b"), "refused"), before.Loaded)
			p.same("the events of the refused", in.history(chat("b"), 0, all), before.History)
			in.seats("yan", 1, 1, noon)
			in.commit(change(chat("x"), 1, 1))
			commit()
			p.same("what Load tells of the refused afterwards", p.load(chat("b"), "refused"), before.Loaded)
			p.same("the records", p.picture(chat("b"), "refused").Records, before.Records)
			p.same("the version of another", p.load(chat("x"), "").Head.Version, int64(2))
		},
	},
	{
		name:     "usable after a conflict with an agent's record",
		sentence: txConflict,
		run: func(p probe) {
			p.put(agent("zoe", 1))
			p.reput("zoe", func(r *storage.Record) { r.Capacity = 2 })
			p.commit(opening(chat("a")))
			p.usableAfter(
				identified("refused", seeing("zoe", 1, seated("zoe", change(chat("a"), 1, 1)))),
				identified("refused", seeing("zoe", 3, without(opening(chat("a"))))),
				identified("refused", seeing("nobody", 1, closing(change(chat("a"), 1, 1)))),
			)
			p.seats("zoe", 0, 0, never)
			in, commit, _ := p.begin()
			in.commit(seeing("zoe", 2, seated("zoe", change(chat("a"), 1, 1))))
			in.commit(seeing("zoe", 2, seated("zoe", change(chat("a"), 2, 1))), seeing("nobody", 0, opening(chat("b"))))
			commit()
			p.seats("zoe", 1, 1, noon)
		},
	},
	{
		name:     "a context that is done",
		sentence: txMethods,
		run: func(p probe) {
			p.commit(opening(chat("a")))
			before := p.picture(chat("a"), "one")
			in, commit, _ := p.begin()
			ctx, cancel := context.WithCancel(p.Context())
			cancel()
			for name, call := range map[string]func() error{
				"Load":    func() error { _, err := in.s.Load(ctx, chat("a"), "one"); return err },
				"Commit":  func() error { return in.s.Commit(ctx, identified("one", change(chat("a"), 1, 1))) },
				"History": func() error { _, err := in.s.History(ctx, chat("a"), 0, all); return err },
				"Record":  func() error { _, err := in.s.Record(ctx, agentKey("zoe")); return err },
			} {
				if err := call(); !errors.Is(err, context.Canceled) {
					p.Errorf("%s with a context that is done: %v, want an error that wraps %q", name, err, context.Canceled)
				}
			}
			commit()
			p.same("what the store tells", p.picture(chat("a"), "one"), before)
		},
	},
}

// usableAfter begins a transaction in which some commits are refused between
// others that are not.
func (p probe) usableAfter(refused ...storage.Commit) {
	p.Helper()
	k, id := refused[0].Key, refused[0].Command.ID
	before := p.picture(k, id)
	end := storage.Position(len(before.Feed))
	first, second := identified("x", opening(chat("x"))), identified("y", change(chat("x"), 1, 1))
	third := identified("z", opening(chat("z")))

	in, commit, _ := p.begin()
	in.commit(first)
	for _, c := range refused {
		in.conflict(c)
		p.same("what Load tells after a conflict", in.load(k, id), before.Loaded)
		p.same("the events after a conflict", in.history(k, 0, all), before.History)
	}
	in.commit(second)
	in.conflict(refused[0])
	in.commit(third)
	commit()

	p.same("what Load tells of the refused", p.load(k, id), before.Loaded)
	p.same("the events of the refused", p.history(k, 0, all), before.History)
	p.same("the closings", p.closings(acme(storage.ClosingQuery{}), all), before.Closings)
	p.same("the head of the one", p.load(chat("x"), "").Head, second.Head)
	p.same("the head of the other", p.load(chat("z"), "").Head, third.Head)
	// Between conversations the order is open.
	entries := p.feed(end, all)
	for i, e := range entries {
		p.same("the position", e.Position, end+storage.Position(i)+1)
		entries[i].Position = 0
	}
	slices.SortStableFunc(entries, func(x, y storage.Entry) int { return x.Key.Compare(y.Key) })
	p.same("the entries in the feed", entries, []storage.Entry{entry(0, first), entry(0, second), entry(0, third)})
}

// begin begins a transaction of the host, and returns a probe of the store
// within it.
func (p probe) begin() (in probe, commit, rollback func()) {
	p.Helper()
	tx, end, undo := p.transaction(p.T)
	ended := false
	p.Cleanup(func() {
		if !ended {
			_ = undo()
		}
	})
	call := func(name string, f func() error) func() {
		return func() {
			p.Helper()
			ended = true
			p.ok(f(), "%s of the transaction", name)
		}
	}
	return probe{T: p.T, s: within{tx: tx}}, call("commit", end), call("rollback", undo)
}

// within is a Tx where a store is asked for. It has no more than the methods of
// a Tx.
type within struct {
	storage.Store
	tx storage.Tx
}

func (w within) Load(ctx context.Context, k storage.Key, commandID string) (storage.Loaded, error) {
	return w.tx.Load(ctx, k, commandID)
}

func (w within) Commit(ctx context.Context, c storage.Commit) error { return w.tx.Commit(ctx, c) }

func (w within) History(ctx context.Context, k storage.Key, after int64, limit int) ([]storage.Event, error) {
	return w.tx.History(ctx, k, after, limit)
}

func (w within) Record(ctx context.Context, k storage.RecordKey) (storage.Record, error) {
	return w.tx.Record(ctx, k)
}
