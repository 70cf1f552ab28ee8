package hostile_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// sentinels are the errors that hosts tell apart.
var sentinels = []struct {
	name string
	err  error
}{
	{"canceled", context.Canceled},
	{"ErrCommandIDReused", lifecycle.ErrCommandIDReused},
	{"ErrNoAgent", lifecycle.ErrNoAgent},
	{"ErrNoGroup", lifecycle.ErrNoGroup},
	{"ErrPolicyConflict", lifecycle.ErrPolicyConflict},
	{"ErrPosition", storage.ErrPosition},
	{"ErrConflict", storage.ErrConflict},
	{"ErrNewer", conversation.ErrNewer},
	{"ErrNotFound", conversation.ErrNotFound},
}

// classOf returns what a host can tell of an error.
func classOf(err error) string {
	if err == nil {
		return "accepted"
	}
	if e, ok := errors.AsType[*conversation.InvalidError](err); ok {
		if !errors.Is(err, conversation.ErrInvalid) {
			return "invalid without its sentinel"
		}
		return "invalid " + e.Field
	}
	if e, ok := errors.AsType[*conversation.RefusedError](err); ok {
		return "refused " + e.Code()
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return s.name
		}
	}
	return fmt.Sprintf("untyped %T", err)
}

// longest is how long an error may be, in bytes: it names a rule, and what is
// allowed instead.
const longest = 512

// An answer is what a store made of a try.
type answer struct {
	class  string
	result [16]byte // of what was accepted
	broken []string // what it did that nothing may do
}

// ask makes a try.
func ask(ctx context.Context, w *world, one try) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{class: "panic", broken: []string{fmt.Sprintf("panic: %.300v\n%.2000s", p, debug.Stack())}}
		}
	}()
	results, err := one.give(ctx, w)
	a.class = classOf(err)
	if err == nil {
		a.result = digest(results)
		return a
	}
	text := err.Error()
	switch {
	case len(text) > longest:
		a.broken = append(a.broken, fmt.Sprintf("an error of %d bytes: %.100q", len(text), text))
	case strings.Contains(strings.ToLower(text), canary):
		a.broken = append(a.broken, fmt.Sprintf("an error that repeats the value: %.300q", text))
	case strings.HasPrefix(a.class, "untyped"):
		a.broken = append(a.broken, fmt.Sprintf("an error of no class: %.300q", text))
	}
	return a
}

// digest returns the sum of what was returned: the same for the same.
func digest(results []any) (sum [16]byte) {
	if len(results) == 1 {
		if s, ok := results[0].(*lifecycle.Subscription); ok {
			s.Close()
			return sum
		}
	}
	text, err := json.Marshal(results)
	if err != nil {
		text = fmt.Appendf(nil, "%+v", results)
	}
	all := sha256.Sum256(text)
	copy(sum[:], all[:])
	return sum
}

// fits reports whether a class is the wanted one.
func fits(class, want string) bool {
	if beginning, ok := strings.CutSuffix(want, "*"); ok {
		return strings.HasPrefix(class, beginning)
	}
	return class == want
}

// A verdict is what all tries on all stores came to.
type verdict struct {
	tries    int64
	panics   int
	stored   int
	problems []string
}

func (v *verdict) add(format string, arguments ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, arguments...))
}

// dumpEach is after how many entries all that is stored is compared.
const dumpEach = 10

// patience is how long a single try may take, with room for a loaded machine.
const patience = 5 * time.Minute

// throw makes every try of the table on a store, and compares the answers with
// those of the first store; without them it returns its own.
func throw(ctx context.Context, name string, w *world, entries []entry, first [][]answer) (v verdict, answers [][]answer) {
	var current atomic.Pointer[string]
	watchdog := time.AfterFunc(patience, func() { panic(name + " hangs at " + *current.Load()) })
	defer watchdog.Stop()
	before, err := w.dump()
	if err != nil {
		v.add("%s: dump: %v", name, err)
		return v, nil
	}
	for i, e := range entries {
		answers = append(answers, make([]answer, len(e.tries)))
		for j, one := range e.tries {
			where := fmt.Sprintf("%s: %s, %s", name, e.name, one.value)
			current.Store(&where)
			watchdog.Reset(patience)
			a := ask(ctx, w, one)
			v.tries++
			answers[i][j] = a
			if a.class == "panic" {
				v.panics++
			}
			for _, b := range a.broken {
				v.add("%s: %s", where, b)
			}
			if !fits(a.class, e.want) {
				v.add("%s: %s, want %s", where, a.class, e.want)
			}
			if first != nil && (a.class != first[i][j].class || a.result != first[i][j].result) {
				v.add("%s: %s, but elsewhere %s (the same result: %t)", where, a.class, first[i][j].class, a.result == first[i][j].result)
			}
		}
		if i%dumpEach != dumpEach-1 && i != len(entries)-1 {
			continue
		}
		after, err := w.dump()
		if err != nil {
			v.add("%s: dump: %v", name, err)
			return v, answers
		}
		if after != before {
			v.stored++
			v.add("%s: from %s to %s: something was stored: %s", name, entries[i-i%dumpEach].name, e.name, difference(before, after))
			before = after
		}
	}
	return v, answers
}

// difference shows where two dumps come apart.
func difference(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	from := max(0, i-40)
	return fmt.Sprintf("…%.160q is now …%.160q", a[from:], b[from:])
}

// report fails the test with the first problems.
func (v verdict) report(t *testing.T) {
	t.Helper()
	for i, p := range v.problems {
		if i == 40 {
			t.Errorf("and %d more", len(v.problems)-i)
			return
		}
		t.Error(p)
	}
}
