package lifecycle_test

import (
	"context"
	"errors"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// A severed store loses the answers to the next calls: Put takes effect or does
// not, and what is read afterwards fails.
type severed struct {
	storage.Store
	puts   int // whose outcome is unknown
	apply  bool
	good   int // reads that succeed after that
	reads  int // that fail then
	broken bool
}

func (s *severed) Put(ctx context.Context, r storage.Record) error {
	if s.puts == 0 {
		return s.Store.Put(ctx, r)
	}
	s.puts--
	s.broken = true
	if s.apply {
		if err := s.Store.Put(ctx, r); err != nil {
			return err
		}
	}
	return errBroken
}

var errUnreachable = errors.New("the server cannot be reached")

func (s *severed) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	switch {
	case s.broken && s.good > 0:
		s.good--
	case s.broken && s.reads > 0:
		s.reads--
		return storage.Record{}, errUnreachable
	}
	return s.Store.Record(ctx, key)
}

// TestOutcomeUnknownOfARecord: a change of a record that may have been applied is
// never said to have failed, whatever goes wrong afterwards.
func TestOutcomeUnknownOfARecord(t *testing.T) {
	t.Parallel()
	for _, apply := range []bool{true, false} {
		for _, reads := range []int{0, 1} {
			store := &severed{Store: newMemory()}
			desk := newDesk(t, store, lifecycle.Options{})
			_, err := desk.SetAgent(t.Context(), "acme", "ann", 3)
			check(t, err)
			store.puts, store.apply, store.reads = 1, apply, reads
			_, err = desk.SetAvailability(t.Context(), "acme", "ann", roster.Manual, roster.Available)
			if reads == 0 {
				check(t, err)
			} else if !errors.Is(err, storage.ErrOutcomeUnknown) || !errors.Is(err, errUnreachable) {
				t.Errorf("applied %t: %v, want one that wraps %v", apply, err, storage.ErrOutcomeUnknown)
			}
			ann, err := desk.Agent(t.Context(), "acme", "ann")
			check(t, err)
			if want := apply || reads == 0; (ann.Availability() == roster.Available) != want {
				t.Errorf("applied %t, %d reads fail: she is %s", apply, reads, ann.Availability())
			}
		}
	}
}

// TestOutcomeUnknownOfAnAgent: an agent is changed in several rounds, and none of
// them forgets what another one did not know.
func TestOutcomeUnknownOfAnAgent(t *testing.T) {
	t.Parallel()
	for good := range 6 {
		store := &severed{Store: newMemory()}
		desk := newDesk(t, store, lifecycle.Options{})
		_, err := desk.SetAgent(t.Context(), "acme", "ann", 3)
		check(t, err)
		store.puts, store.apply, store.good, store.reads = 1, true, good, 100
		_, err = desk.SetAgent(t.Context(), "acme", "ann", 5)
		if err != nil && !errors.Is(err, storage.ErrOutcomeUnknown) {
			t.Errorf("after %d good reads: %v, want one that wraps %v", good, err, storage.ErrOutcomeUnknown)
		}
	}
}

// A doubtful store answers the first SetPolicies with an unknown outcome, after it
// was applied or not, and the next as it is told.
type doubtful struct {
	storage.Store
	apply bool
	next  func() error // what happens at the second call, nil if nothing does
	calls int
}

func (s *doubtful) SetPolicies(ctx context.Context, workspace string, revision int64, body []byte) error {
	s.calls++
	switch {
	case s.calls == 1 && s.apply:
		if err := s.Store.SetPolicies(ctx, workspace, revision, body); err != nil {
			return err
		}
		return errBroken
	case s.calls == 1:
		return errBroken
	case s.calls == 2 && s.next != nil:
		if err := s.next(); err != nil {
			return err
		}
	}
	return s.Store.SetPolicies(ctx, workspace, revision, body)
}

// TestOutcomeUnknownOfPolicies: nor is a change of policies that may have been
// applied.
func TestOutcomeUnknownOfPolicies(t *testing.T) {
	t.Parallel()
	unreachable := func() error { return errUnreachable }
	for _, tt := range []struct {
		name  string
		apply bool
		next  func(storage.Store) func() error
		fails error
	}{
		{"applied, and found", true, nil, nil},
		{"not applied, and repeated", false, nil, nil},
		{"applied, and unreachable", true, func(storage.Store) func() error { return unreachable }, storage.ErrOutcomeUnknown},
		{"not applied, and unreachable", false, func(storage.Store) func() error { return unreachable }, storage.ErrOutcomeUnknown},
		{"applied, and replaced since", true, func(s storage.Store) func() error {
			return func() error { return s.SetPolicies(t.Context(), "acme", 1, []byte(`{"format":1}`)) }
		}, storage.ErrOutcomeUnknown},
		{"not applied, and somebody was faster", false, func(s storage.Store) func() error {
			return func() error { return s.SetPolicies(t.Context(), "acme", 0, []byte(`{"format":1}`)) }
		}, lifecycle.ErrPolicyConflict},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := &doubtful{Store: newMemory(), apply: tt.apply}
			if tt.next != nil {
				store.next = tt.next(store.Store)
			}
			_, err := newDesk(t, store, lifecycle.Options{}).SetPolicies(t.Context(), "acme", conversation.Policies{}, 0)
			if !errors.Is(err, tt.fails) || tt.fails == nil && err != nil {
				t.Errorf("SetPolicies = %v, want %v", err, tt.fails)
			}
		})
	}
}
