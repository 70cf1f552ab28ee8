package main

import (
	"fmt"
	"maps"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A shadow is what the checker makes of a conversation by itself.
type shadow struct {
	key       storage.Key
	family    *family
	heard     *int                      // messages of the family, so far
	c         conversation.Conversation // the journal, folded
	steps     int
	journal   []conversation.Record
	delivered int                       // of the journal, by the feed
	told      conversation.Conversation // what was delivered, folded, for the ledger

	came       int  // after how many ticks it came to Waiting
	cameInTick bool // in the last of these

	spent   map[conversation.State]int64 // microseconds, by the times of the records
	bySince map[conversation.State]int64 // the same, by what the states say; without the present state
}

// take takes in a record of the journal.
func (s *shadow) take(r conversation.Record) {
	before := s.c
	s.c = conversation.Evolve(s.c, r)
	s.journal = append(s.journal, r)
	s.family.hold(before.Agent, s.c.Agent, r.At)
	if before.State == conversation.StateNone {
		return
	}
	s.spent[before.State] += micros(before.UpdatedAt, r.At)
	if s.c.State != before.State {
		s.bySince[before.State] += micros(before.Since, s.c.Since)
	}
}

// withAgents returns how long it was on seats of agents until an instant.
func (s *shadow) withAgents(until time.Time) int64 {
	spent := s.spent[conversation.StateAssigned]
	if s.c.State == conversation.StateAssigned {
		spent += micros(s.c.UpdatedAt, until)
	}
	return spent
}

// hear counts a record that is a message, which must be the next to be said.
func (f *family) hear(r conversation.Record, heard *int) string {
	said, ok := r.Event.(conversation.Said)
	if !ok {
		return ""
	}
	*heard++
	if *heard > len(f.lines) {
		return fmt.Sprintf("the journal has a message more than the %d that were to be said", len(f.lines))
	}
	m := f.lines[*heard-1]
	got := fmt.Sprintf("%d characters by %s at %s", len(said.Text), r.By, stamp(r.At))
	if want := fmt.Sprintf("%d characters by %s at %s", m.Chars, f.By(m), stamp(m.At)); got != want {
		return fmt.Sprintf("message %d of the file is %s, and in the journal %s", *heard, want, got)
	}
	return ""
}

// lifeAddsUp compares the time in each state, as the records' times have it,
// with what the states themselves say, and the sum with the life.
func (s *shadow) lifeAddsUp() string {
	bySince := maps.Clone(s.bySince)
	bySince[s.c.State] += micros(s.c.Since, s.c.UpdatedAt)
	sum := int64(0)
	for _, state := range conversation.States() {
		sum += s.spent[state]
		if s.spent[state] != bySince[state] {
			return fmt.Sprintf("it was %s for %s by the journal, and for %s by its states",
				state, span(s.spent[state]), span(bySince[state]))
		}
	}
	if life := micros(s.c.OpenedAt, s.c.UpdatedAt); life != sum {
		return fmt.Sprintf("it lived for %s, and was in its states for %s", span(life), span(sum))
	}
	return ""
}

func micros(from, to time.Time) int64 { return to.UnixMicro() - from.UnixMicro() }
