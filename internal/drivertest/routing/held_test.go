//go:build linux

package routing_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage/postgres"
)

// TestRoutingPastHeld: the first of a queue, held by a transaction of the host,
// keeps the next one waiting no longer than a lock is waited for, and is assigned
// when the transaction has ended.
func TestRoutingPastHeld(t *testing.T) {
	r, _ := newRand(t)
	s := newSuite(t, r)
	store, err := postgres.New(t.Context(), s.db, &postgres.Options{LockTimeout: 50 * time.Millisecond})
	check(t, err)
	t.Cleanup(func() { _ = store.Close() })
	desk, err := lifecycle.New(store, nil)
	check(t, err)
	tick := func() {
		t.Helper()
		_, err := desk.Tick(t.Context())
		check(t, err)
	}
	check(t, desk.SetGroup(t.Context(), workspace, "g"))
	check(t, openIn(t.Context(), desk, "g", "first"))
	check(t, openIn(t.Context(), desk, "g", "second"))
	tick()
	_, err = desk.SetAgent(t.Context(), workspace, "ann", 1, "g")
	check(t, err)
	_, err = desk.SetAvailability(t.Context(), workspace, "ann", roster.Manual, roster.Available)
	check(t, err)
	tx, err := s.db.Begin()
	check(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.Exec(`SELECT FROM adjourn.conversations WHERE conversation = 'g-first' FOR UPDATE`)
	check(t, err)
	tick()
	if s.assigned("g-second").IsZero() || !s.assigned("g-first").IsZero() {
		t.Fatal("while the first is held, the second is not assigned, or the first is")
	}
	check(t, tx.Rollback())
	_, err = desk.Close(t.Context(), callOf("g", "second").As(conversation.Agent("ann")), conversation.Close{Outcome: closure.Resolved})
	check(t, err)
	tick()
	if s.assigned("g-first").IsZero() {
		t.Error("the first is not assigned, though nobody holds it any more")
	}
}
