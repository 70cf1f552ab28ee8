//go:build linux

package crash_test

import (
	"slices"
	"sync"

	"github.com/adjourn/adjourn/storage"
)

// A ledger is what the callers know: what was asked, what was answered, and how
// far the subscriber was. It is safe for concurrent use.
type ledger struct {
	accepted chan struct{} // closed when the first request was accepted

	mu      sync.Mutex // guards the fields below
	entries map[request]*entry
	marks   []mark
	any     bool // accepted is closed
}

// An entry is what is known of a request.
type entry struct {
	request
	answer
	ids []string // under which it was given
}

func newLedger() *ledger {
	return &ledger{accepted: make(chan struct{}), entries: map[request]*entry{}}
}

func (l *ledger) enter(r report) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case r.Mark != nil:
		l.marks = append(l.marks, *r.Mark)
	case r.Answer == nil:
		l.entries[*r.Request] = &entry{request: *r.Request, ids: []string{r.Request.name()}}
	default:
		l.entries[*r.Request].answer = *r.Answer
		if r.Answer.Outcome == accepted && !l.any {
			l.any = true
			close(l.accepted)
		}
	}
}

// all returns the entries in a fixed order.
func (l *ledger) all() []*entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*entry
	for _, e := range l.entries {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *entry) int {
		if a.Writer != b.Writer {
			return a.Writer - b.Writer
		}
		return a.N - b.N
	})
	return all
}

// unanswered returns the entries of which it is not known that they were
// accepted or refused.
func (l *ledger) unanswered() (open []*entry) {
	for _, e := range l.all() {
		if e.Outcome != accepted && e.Outcome != refused {
			open = append(open, e)
		}
	}
	return open
}

// keys returns the conversations that the entries are about.
func keys(entries []*entry, writers int) []storage.Key {
	var all []storage.Key
	for _, e := range entries {
		all = append(all, e.key(writers))
	}
	slices.SortFunc(all, storage.Key.Compare)
	return slices.Compact(all)
}
