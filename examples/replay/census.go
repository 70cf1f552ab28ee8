package main

import (
	"slices"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// A census counts what happened, from the events: they say all there is to
// know.
type census struct {
	timelines     int // conversations of the file
	conversations int // and with their successors
	steps         int // commands and deadlines, each checked

	events      map[string]int                 // by their stored names
	said        map[conversation.ActorKind]int // messages
	snoozes     map[bool]int                   // by whether they have a deadline
	woken       map[conversation.WakeCause]int
	passedOn    int // snoozes that ended because the conversation was transferred
	closings    map[ending]int
	unanswered  int // closings while the visitor waited for an answer
	reopened    map[conversation.ActorKind]int
	successors  int
	leftOpen    map[conversation.State]int
	timeInState map[conversation.State][]int64 // microseconds, of each conversation that was in it
}

// An ending is how a conversation was closed.
type ending struct {
	cause   closure.Cause
	outcome closure.Outcome
}

func newCensus() *census {
	return &census{
		events:      map[string]int{},
		said:        map[conversation.ActorKind]int{},
		snoozes:     map[bool]int{},
		woken:       map[conversation.WakeCause]int{},
		closings:    map[ending]int{},
		reopened:    map[conversation.ActorKind]int{},
		leftOpen:    map[conversation.State]int{},
		timeInState: map[conversation.State][]int64{},
	}
}

func (n *census) messages() int {
	return n.said[conversation.KindVisitor] + n.said[conversation.KindAgent]
}

// record counts a record that followed on before.
func (n *census) record(before conversation.Conversation, r conversation.Record) {
	n.events[conversation.EventName(r.Event)]++
	switch e := r.Event.(type) {
	case conversation.Opened:
		if e.Previous != "" {
			n.successors++
		}
	case conversation.Said:
		n.said[r.By.Kind]++
	case conversation.Snoozed:
		n.snoozes[!e.At.IsZero()]++
	case conversation.Woken:
		n.woken[e.Cause]++
	case conversation.Transferred:
		if before.State == conversation.StateSnoozed {
			n.passedOn++
		}
	case conversation.Closed:
		n.closings[ending{e.Cause, e.Outcome}]++
		if !before.UnansweredSince.IsZero() {
			n.unanswered++
		}
	case conversation.Reopened:
		n.reopened[r.By.Kind]++
	}
}

// ended counts a conversation to which nothing will happen any more.
func (n *census) ended(c conversation.Conversation, spent map[conversation.State]int64) {
	n.conversations++
	if c.Open() {
		n.leftOpen[c.State]++
	}
	for state, time := range spent {
		if time > 0 {
			n.timeInState[state] = append(n.timeInState[state], time)
		}
	}
}

func sum(all []int64) (total int64) {
	for _, v := range all {
		total += v
	}
	return total
}

// median returns the middle value, of two the mean, and zero of none.
func median(all []int64) int64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
