package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

// The bar has every state with its time, in order, and fills its width.
func TestCourse(t *testing.T) {
	t.Parallel()
	a := openDesk(t, nil)
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var c conversation.Conversation
	var journal []conversation.Record
	happens := func(at time.Duration, by conversation.Actor, events ...conversation.Event) {
		var records []conversation.Record
		c, records = conversation.Append(c, by, start.Add(at), events)
		journal = append(journal, records...)
	}
	if bar := a.course(c, nil, start); len(bar.Stretches) > 0 {
		t.Errorf("of nothing there is a bar: %+v", bar)
	}
	happens(0, conversation.Visitor("v"), conversation.Opened{Visitor: "v", To: conversation.StateBot}, conversation.AgentRequested{})
	happens(time.Minute, conversation.Agent("ann"), conversation.Taken{})
	happens(3*time.Minute, conversation.Agent("ann"), conversation.Transferred{From: "ann", Agent: "ben"})
	happens(4*time.Minute, conversation.Agent("ben"), conversation.Snoozed{AtEnd: snooze.Keep})
	happens(24*time.Hour, conversation.Agent("ben"), conversation.Closed{Number: 1, Outcome: closure.Resolved, Cause: closure.Agent, Agent: "ben"})
	bar := a.course(c, journal, start.Add(48*time.Hour))
	want := "waiting 1 min, then assigned (Ann Archer) 2 min, then assigned (Ben Okafor) 1 min, then snoozed (Ben Okafor) 23 h 56 min"
	if got := bar.Says(); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	var sums []string
	for _, s := range bar.Sums {
		sums = append(sums, s.Says)
	}
	if diff := cmp.Diff([]string{"waiting 1 min", "assigned 3 min", "snoozed 23 h 56 min"}, sums); diff != "" {
		t.Errorf("the legend (-want +got):\n%s", diff)
	}
	x := 0.0
	for _, s := range bar.Stretches {
		if s.X != x || s.Width < leastBar {
			t.Errorf("%s is at %.1f, %.1f wide; want %.1f", s.Says, s.X, s.Width, x)
		}
		x += s.Width
	}
	if x < barWidth-.01 || x > barWidth+.01 {
		t.Errorf("the bar is %.2f wide", x)
	}
}
