//go:build linux

package routing_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
)

func isNoAgent(err error) bool { return errors.Is(err, lifecycle.ErrNoAgent) }

// TestRoutingKilled has processes take, route and work on conversations while
// they are killed and their agents come and go, and finds nothing that must not
// be: not while it goes on, and not when it has ended.
func TestRoutingKilled(t *testing.T) {
	proof.Long(t)
	const most = 2_000 // conversations before a rest
	r, seed := newRand(t)
	n := proof.Size(t, 600)
	s := newSuite(t, r)
	s.hire()
	left := 0 // in the queues of agents who had no seat left
	for opened := 0; opened < n && !t.Failed(); {
		opened = min(n, opened+min(most, (n+1)/2))
		s.watched(func() {
			s.rush(opened)
			s.rest()
		})
		s.verdict()
		left += s.number(`SELECT count(*) FROM adjourn.conversations WHERE state = 'waiting'`)
	}
	if n := s.number(`SELECT count(*) FROM trace WHERE capacity IS NULL`); n > 0 {
		t.Errorf("%d conversations were given to somebody without a record", n)
	}
	if left == 0 {
		t.Error("no queue was left at any rest: nothing could have waited beside an agent")
	}
	for _, what := range slices.Sorted(maps.Keys(s.counts)) {
		t.Logf("%8s %s", grouped(s.counts[what]), what)
	}
	proof.Count(t, proof.Figure{
		Suite: "routing", Tried: int64(s.number(`SELECT sum(seat_moves) FROM adjourn.records`)), Trials: "seats taken or freed",
		Breaks: "beyond capacity, taken twice or left beside a waiting visitor", Broken: int64(s.found.total()), Seed: seed,
		Details: fmt.Sprintf("%s conversations, %s closed, %s routed, %s taken, %s came too late, %s full, %d kills, asked %s times, at rest %d times with %s waiting",
			grouped(s.number(`SELECT count(*) FROM adjourn.conversations`)), grouped(s.closed()), grouped(s.routed()),
			grouped(s.counts["take"]), grouped(s.counts["take held"]), grouped(s.counts["take agent_full"]),
			s.kills, grouped(s.looks), s.rests, grouped(left)),
	})
}

// routed returns how many conversations were assigned by the nodes.
func (s *suite) routed() int {
	s.Helper()
	return s.number(`
		SELECT count(*) FROM adjourn.events
		WHERE convert_from(body, 'UTF8')::json -> 'by' ->> 'id' = 'router'`)
}

// TestRoutingKilledControl are the positive controls: nodes with a mistake, and
// what must be found of it while they work.
func TestRoutingKilledControl(t *testing.T) {
	proof.Long(t)
	const enough = 3_000 // conversations: more than are needed
	for _, control := range []struct {
		name  string
		fault fault
		finds []never
	}{
		{"seats are taken without looking", overfilling, []never{overTaken, overfull}},
		{"who has it is forgotten", forgetful, []never{twice}},
	} {
		t.Run(control.name, func(t *testing.T) {
			r, seed := newRand(t)
			s := newSuite(t, r)
			s.hire()
			begin := time.Now()
			s.watched(func() {
				for slot := range nodes {
					s.start(nodeOrder{Slot: slot, Conversations: enough, Fault: control.fault})
				}
				for time.Since(begin) < patience && !s.hasAll(control.finds) {
					pause(t.Context(), 20*time.Millisecond)
				}
			})
			if !s.hasAll(control.finds) {
				t.Fatalf("the suite is blind: it found only %v", s.found)
			}
			proof.Planted(t, "routing", control.name, true)
			t.Logf("%s: found after %s conversations and %v, seed %d",
				control.name, grouped(s.number(`SELECT last_value FROM opened`)), time.Since(begin).Round(10*time.Millisecond), seed)
		})
	}
}

func (s *suite) hasAll(all []never) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.ContainsFunc(all, func(what never) bool { return len(s.found[what]) == 0 })
}

// TestRoutingKilledControlAtRest is the positive control of a rest: where nobody
// hears of free seats, something is left to wait beside them.
func TestRoutingKilledControlAtRest(t *testing.T) {
	proof.Long(t)
	r, seed := newRand(t)
	s := newSuite(t, r)
	_, err := s.db.Exec(deaf)
	check(t, err)
	s.watched(s.rest)
	check(t, s.found.ask(t.Context(), s.db, atRest, "", 1<<30))
	if !s.hasAll([]never{beside, leftOver}) {
		t.Fatalf("the suite is blind: it found only %v", s.found)
	}
	proof.Planted(t, "routing", "nobody hears of free seats", true)
	t.Logf("found such as %s, seed %d", s.found[leftOver][0], seed)
}

// TestQuestionsFind plants what must not be, one after the other, and asks.
func TestQuestionsFind(t *testing.T) {
	r, _ := newRand(t)
	s := newSuite(t, r)
	for number := range 2 {
		s.prepare(number)
	}
	const first, second, agent = "'freed-0-first'", "'freed-0-second'", "'freed-0-agent'"
	for _, control := range []struct {
		plant string
		finds []never
	}{
		{"SELECT", nil},
		{"INSERT INTO trace (agent, what, held, capacity) VALUES ('a', 'taken', 2, 1)", []never{overTaken}},
		{"UPDATE adjourn.conversations SET seat = " + agent + " WHERE conversation = " + second, []never{overTaken, overfull, strayed, unequal}},
		{"UPDATE adjourn.conversations SET seat = '' WHERE conversation = " + first, []never{beside, strayed, leftOver, unequal}},
		{"UPDATE adjourn.conversations SET version = 9 WHERE conversation = " + first, []never{strayed}},
		{"UPDATE adjourn.records SET capacity = 2 WHERE id = " + agent, []never{beside, leftOver}},
		{"UPDATE adjourn.records SET capacity = 2, due = 1 WHERE id = " + agent, []never{leftOver, overdue}},
		{"UPDATE adjourn.records SET seat_moves = seat_moves + 1 WHERE id = " + agent, []never{unequal}},
		{"UPDATE adjourn.conversations SET due = 1 WHERE conversation = " + first, []never{overdue}},
		{"UPDATE adjourn.conversations SET failures = 1 WHERE conversation = " + first, []never{setBack}},
		{"INSERT INTO adjourn.events SELECT workspace, conversation, version + 1, body, has_text FROM adjourn.events WHERE conversation = " + first + " AND version = 2",
			[]never{twice, strayed}},
	} {
		tx, err := s.db.Begin()
		check(t, err)
		_, err = tx.Exec(control.plant)
		check(t, err)
		found := findings{}
		check(t, found.ask(t.Context(), tx, slices.Concat(always, atRest), "", 1<<30))
		check(t, tx.Rollback())
		if diff := cmp.Diff(slices.Sorted(slices.Values(control.finds)), slices.Sorted(maps.Keys(found))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", control.plant, diff)
		}
	}
}
