package hostile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
)

// TestHostile throws the whole table at every store.
func TestHostile(t *testing.T) {
	thin := 1
	if testing.Short() {
		thin = 40
	}
	b := newTable(t, thin)
	if testing.Short() { // a Tx does what a Desk does
		b.entries = slices.DeleteFunc(b.entries, func(e entry) bool { return strings.HasPrefix(e.name, "Tx.") && !strings.HasPrefix(e.name, "Tx.Say.") })
	}
	reference, answers := on(t, subjects[0], b.entries, nil)
	all := reference
	var mu sync.Mutex
	t.Run("others", func(t *testing.T) { // returns when all have ended
		for _, s := range subjects[1:] {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				v, _ := on(t, s, b.entries, answers)
				mu.Lock()
				defer mu.Unlock()
				all.tries += v.tries
				all.panics += v.panics
				all.stored += v.stored
				all.problems = append(all.problems, v.problems...)
			})
		}
	})
	all.report(t)
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: all.tries, Trials: "calls with a bad value", Broken: int64(len(all.problems)), Breaks: "accepted or answered otherwise than they must be",
		Details: fmt.Sprintf("%d bad values x %d entries x %d stores: %d panics, %d stored, the same error on every store",
			values(b.entries), len(b.entries), len(subjects), all.panics, all.stored),
	})
}

// on throws the table at a store.
func on(t *testing.T, s subject, entries []entry, first [][]answer) (verdict, [][]answer) {
	t.Helper()
	store, dump := s.open(t)
	return throw(context.Background(), s.name, newWorld(t, store, dump), entries, first)
}

// values counts the different values.
func values(entries []entry) int {
	distinct := map[string]bool{}
	for _, e := range entries {
		for _, one := range e.tries {
			switch v := one.v.(type) {
			case string: // which may be long
				distinct[fmt.Sprintf("%d %q", len(v), v[:min(len(v), 80)])] = true
			case []string, conversation.Command:
				distinct[fmt.Sprintf("%T %s", v, one.value)] = true
			default:
				distinct[fmt.Sprintf("%T %.80v", v, v)] = true
			}
		}
	}
	return len(distinct)
}

// TestEveryEntryIsInTheTable: whoever gives the Desk a method, a parameter or a
// field says what becomes of bad values in it.
func TestEveryEntryIsInTheTable(t *testing.T) {
	t.Parallel()
	b := newTable(t, 1)
	for _, place := range append(b.missing(b.desk, "Desk"), b.missing(b.tx, "Tx")...) {
		t.Errorf("%s is not in the table", place)
	}
	if n := len(b.desk.methods); n < 60 {
		t.Errorf("a Desk has %d methods: some were not found", n)
	}
	for _, e := range b.entries {
		if len(e.tries) == 0 {
			t.Errorf("%s has no values", e.name)
		}
	}
	if n := values(b.entries); n < 400 {
		t.Errorf("%d different values, want at least 400", n)
	}
}
