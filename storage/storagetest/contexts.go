package storagetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

const (
	contextDone = "A call whose context is done returns an error that wraps the context's, and a commit then was not applied unless the error is ErrOutcomeUnknown too."
	otherErrors = "Any other error means that the call failed and changed nothing."
)

var contextCases = []testCase{
	{
		name:     "cancelled",
		sentence: contextDone,
		run: func(p probe) {
			p.publishTen()
			ctx, cancel := context.WithCancel(p.Context())
			cancel()
			p.wraps(ctx, context.Canceled)
		},
	},
	{
		name:     "past its deadline",
		sentence: contextDone,
		run: func(p probe) {
			p.publishTen()
			ctx, cancel := context.WithDeadline(p.Context(), time.Unix(0, 0))
			defer cancel()
			p.wraps(ctx, context.DeadlineExceeded)
		},
	},
	{
		name:     "not applied",
		sentence: contextDone,
		run: func(p probe) {
			p.publishTen()
			ctx, cancel := context.WithCancel(p.Context())
			cancel()
			p.put(agent("zoe", 1))
			before := p.picture(chat("a"), "refused")
			c := identified("refused", seated("zoe", closing(change(chat("a"), 5, 2))))
			c.Head.Due = noon
			if err := p.s.Commit(ctx, c); err == nil {
				p.Error("a commit with a cancelled context returned nil")
			}
			p.same("what the commit changed", p.picture(chat("a"), "refused"), before)
		},
	},
	{
		name:     "changes no policies and no cursor",
		sentence: otherErrors,
		run: func(p probe) {
			p.publishTen()
			p.setPolicies("acme", 0, "ours")
			p.advance("billing", 3)
			ctx, cancel := context.WithCancel(p.Context())
			cancel()
			before := p.picture(chat("a"), "")
			if err := p.s.SetPolicies(ctx, "acme", 1, []byte("refused")); err == nil {
				p.Error("SetPolicies with a cancelled context returned nil")
			}
			p.same("what SetPolicies changed", p.picture(chat("a"), ""), before)
			if _, err := p.s.Advance(ctx, "billing", 5); err == nil {
				p.Error("Advance with a cancelled context returned nil")
			}
			p.same("where the subscriber stands", p.advance("billing", 0), storage.Position(3))
		},
	},
	{
		name:     "sets back, erases and purges nothing",
		sentence: otherErrors,
		run: func(p probe) {
			c := identified("one", closing(sleeping(chat("a"), noon)))
			p.commit(c)
			p.setBack(c.Key, 1, failed(1, noon))
			ctx, cancel := context.WithCancel(p.Context())
			cancel()
			before := p.picture(c.Key, "one")
			if err := p.s.SetBack(ctx, c.Key, 1, failed(2, never)); err == nil {
				p.Error("SetBack with a cancelled context returned nil")
			}
			p.same("what SetBack changed", p.picture(c.Key, "one"), before)
			if _, err := p.s.Erase(ctx, "acme", ann); err == nil {
				p.Error("Erase with a cancelled context returned nil")
			}
			p.same("what Erase changed", p.picture(c.Key, "one"), before)
			if _, err := p.s.Purge(ctx, endOfTime, all); err == nil {
				p.Error("Purge with a cancelled context returned nil")
			}
			p.same("what Purge changed", p.picture(c.Key, "one"), before)
		},
	},
	{
		name:     "puts and settles nothing",
		sentence: otherErrors,
		run: func(p probe) {
			p.put(dueAt(noon, agent("zoe", 1)))
			r := p.agent("zoe")
			ctx, cancel := context.WithCancel(p.Context())
			cancel()
			before := p.picture(chat("a"), "")
			if err := p.s.Put(ctx, dueAt(evening, r)); err == nil {
				p.Error("Put with a cancelled context returned nil")
			}
			if err := p.s.Put(ctx, agent("yan", 1)); err == nil {
				p.Error("Put of a new record with a cancelled context returned nil")
			}
			p.same("what Put changed", p.picture(chat("a"), ""), before)
			if err := p.s.Settle(ctx, dueAt(evening, r)); err == nil {
				p.Error("Settle with a cancelled context returned nil")
			}
			p.same("what Settle changed", p.picture(chat("a"), ""), before)
		},
	},
	{
		name:     "cancelled meanwhile",
		sentence: contextDone,
		run:      cancelledMeanwhile,
	},
}

// wraps makes every call with a context that is done.
func (p probe) wraps(ctx context.Context, want error) {
	p.Helper()
	calls := map[string]func() error{
		"Load":        func() error { _, err := p.s.Load(ctx, chat("a"), "one"); return err },
		"Commit":      func() error { return p.s.Commit(ctx, change(chat("a"), 5, 1)) },
		"History":     func() error { _, err := p.s.History(ctx, chat("a"), 0, all); return err },
		"Due":         func() error { _, err := p.s.Due(ctx, noon, storage.Due{}, all); return err },
		"SetPolicies": func() error { return p.s.SetPolicies(ctx, "acme", 0, []byte("ours")) },
		"Outdated":    func() error { _, err := p.s.Outdated(ctx, noon, storage.Key{}, all); return err },
		"SetBack":     func() error { return p.s.SetBack(ctx, chat("a"), 5, failed(1, noon)) },
		"Setbacks":    func() error { _, err := p.s.Setbacks(ctx, storage.Key{}, all); return err },
		"Feed":        func() error { _, err := p.s.Feed(ctx, 0, all); return err },
		"Advance":     func() error { _, err := p.s.Advance(ctx, "billing", 1); return err },
		"Erase":       func() error { _, err := p.s.Erase(ctx, "acme", ann); return err },
		"Purge":       func() error { _, err := p.s.Purge(ctx, endOfTime, all); return err },
		"Record":      func() error { _, err := p.s.Record(ctx, agentKey("zoe")); return err },
		"Put":         func() error { return p.s.Put(ctx, agent("zoe", 1)) },
		"Settle":      func() error { return p.s.Settle(ctx, agent("yan", 1)) },
		"List":        func() error { _, err := p.s.List(ctx, agentQuery(), "", all); return err },
		"DueRecords":  func() error { _, err := p.s.DueRecords(ctx, noon, storage.DueRecord{}, all); return err },
		"View":        func() error { _, err := p.s.View(ctx, openBySince(), all); return err },
		"Count":       func() error { _, err := p.s.Count(ctx, openBySince()); return err },
		"Closings":    func() error { _, err := p.s.Closings(ctx, acme(storage.ClosingQuery{}), all); return err },
	}
	if clock, ok := p.s.(storage.Clock); ok {
		calls["Now"] = func() error { _, err := clock.Now(ctx); return err }
	}
	if tallier, ok := p.s.(storage.Tallier); ok {
		q, b := acme(storage.ClosingQuery{}), closure.Breakdown{}
		calls["Tally"] = func() error { _, err := tallier.Tally(ctx, q, b); return err }
		calls["Spreads"] = func() error { _, err := tallier.Spreads(ctx, q, b, closure.Handling, []int{50}); return err }
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, want) {
			p.Errorf("%s with a context that is done: %v, want an error that wraps %q", name, err, want)
		}
	}
}

// cancelledMeanwhile cancels commits that have begun. Each may still succeed,
// fail or, if the store says so, have an unknown outcome: but what it says must
// be so. Each has a conversation of its own, because what is unknown may still be
// applied later.
func cancelledMeanwhile(p probe) {
	for i := range 30 {
		c := identified("one", change(chat(fmt.Sprint(i)), 1, 1))
		p.commit(opening(c.Key))
		ctx, cancel := context.WithCancel(p.Context())
		var err error
		together(2, func(who int) {
			if who == 0 {
				err = p.s.Commit(ctx, c)
				return
			}
			for range i { // Let a fast store come further,
				runtime.Gosched()
			}
			for range i % 4 { // and a slow one.
				_, _ = p.s.Load(p.Context(), chat("b"), "")
			}
			cancel()
		})
		applied := p.load(c.Key, c.Command.ID).Applied != nil
		switch {
		case errors.Is(err, storage.ErrOutcomeUnknown):
			p.settled(c)
		case err == nil && !applied:
			p.Fatalf("commit %d returned nil and was not applied", i)
		case err != nil && !errors.Is(err, context.Canceled):
			p.Fatalf("commit %d: %v, want an error that wraps %q", i, err, context.Canceled)
		case err != nil && applied:
			p.Fatalf("commit %d was applied, though it returned %v", i, err)
		}
	}
}

// settled makes another commit on the same version as one whose outcome is
// unknown: exactly one of the two succeeds.
func (p probe) settled(unknown storage.Commit) {
	p.Helper()
	other := unknown
	other.Command.ID = "another"
	err := p.s.Commit(p.Context(), other)
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		p.Fatalf("Commit on the version of one of unknown outcome: %v, want nil or ErrConflict", err)
	}
	first := p.load(unknown.Key, unknown.Command.ID).Applied != nil
	second := p.load(unknown.Key, other.Command.ID).Applied != nil
	if first != (err != nil) || second != (err == nil) {
		p.Fatalf("applied the commit of unknown outcome: %t, another on the same version: %t, which returned %v",
			first, second, err)
	}
}
