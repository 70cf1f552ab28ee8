package storagetest

import (
	"context"
	"errors"
	"slices"

	"github.com/adjourn/adjourn/storage"
)

const (
	txIs       = "A Tx is a store within a transaction that the host began and will end: what it is given takes effect with that transaction or not at all."
	txMethods  = "Its methods are those of [Store]."
	txConflict = "After ErrConflict nothing was applied and the transaction is as usable as before."
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
