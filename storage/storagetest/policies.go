package storagetest

import (
	"errors"
	"sync/atomic"

	"github.com/adjourn/adjourn/storage"
)

const (
	policiesReplaces  = "SetPolicies replaces the policies of a workspace, which must be at revision expect, and gives them revision expect+1."
	policiesOtherwise = "Otherwise it returns ErrConflict and changes nothing."
)

var setPoliciesCases = []testCase{
	{
		name:     "replaces and counts",
		sentence: policiesReplaces,
		run: func(p probe) {
			for i, body := range []string{"first", "second", "", "fourth"} {
				p.setPolicies("acme", int64(i), body)
				want := storage.Policies{Revision: int64(i) + 1, Body: []byte(body)}
				p.same("the policies", p.load(chat("a"), "").Policies, want)
			}
		},
	},
	{
		name:     "of one workspace",
		sentence: policiesReplaces,
		run: func(p probe) {
			p.setPolicies("acme", 0, "ours")
			p.setPolicies("other", 0, "theirs")
			p.setPolicies("other", 1, "theirs again")
			p.setPolicies("Acme", 0, "of a workspace that is written differently")
			want := storage.Policies{Revision: 1, Body: []byte("ours")}
			p.same("the policies", p.load(chat("a"), "").Policies, want)
		},
	},
	{
		name:     "leaves conversations as they are",
		sentence: policiesReplaces,
		run: func(p probe) {
			c := sleeping(chat("a"), noon)
			p.commit(c)
			p.setPolicies("acme", 0, "ours")
			p.same("the head", p.load(chat("a"), "").Head, c.Head)
			p.same("what is due", p.due(noon, storage.Due{}, all), []storage.Due{due(c)})
			p.same("the feed", p.feed(0, all), []storage.Entry{entry(1, c)})
		},
	},
	{
		name:     "at another revision changes nothing",
		sentence: policiesOtherwise,
		run: func(p probe) {
			p.commit(under(2, opening(chat("a"))))
			p.refusesPolicies(1)
			p.setPolicies("acme", 0, "first")
			p.refusesPolicies(0)
			p.setPolicies("acme", 1, "second")
			for _, expect := range []int64{0, 1, 3, 100} {
				p.refusesPolicies(expect)
			}
			p.setPolicies("acme", 2, "third")
		},
	},
	{
		name:     "of several at once, one succeeds",
		sentence: policiesOtherwise,
		run: func(p probe) {
			for expect := range int64(5) {
				var winner atomic.Pointer[string]
				won := p.race(8, func(i int) error {
					body := string(rune('a' + i))
					err := p.s.SetPolicies(p.Context(), "acme", expect, []byte(body))
					if err == nil {
						winner.Store(&body)
					}
					return err
				})
				if won != 1 {
					p.Fatalf("%d of 8 concurrent calls at revision %d succeeded, want 1", won, expect)
				}
				want := storage.Policies{Revision: expect + 1, Body: []byte(*winner.Load())}
				p.same("the policies", p.load(chat("a"), "").Policies, want)
			}
		},
	},
}

// refusesPolicies sets policies at a revision where they are not.
func (p probe) refusesPolicies(expect int64) {
	p.Helper()
	before := p.picture(chat("a"), "")
	err := p.s.SetPolicies(p.Context(), "acme", expect, []byte("refused"))
	if !errors.Is(err, storage.ErrConflict) {
		p.Fatalf("SetPolicies at revision %d, expecting %d: %v, want ErrConflict",
			before.Loaded.Policies.Revision, expect, err)
	}
	p.same("what changed in a conflict", p.picture(chat("a"), ""), before)
}

// race runs f n times at once and returns how many succeeded. The others must
// have met a conflict.
func (p probe) race(n int, f func(i int) error) (won int64) {
	p.Helper()
	var winners atomic.Int64
	together(n, func(i int) {
		switch err := f(i); {
		case err == nil:
			winners.Add(1)
		case !errors.Is(err, storage.ErrConflict):
			p.Errorf("one of %d concurrent calls: %v, want nil or ErrConflict", n, err)
		}
	})
	return winners.Load()
}
