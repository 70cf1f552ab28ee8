//go:build !race

package conversation_test

import (
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

// What is allocated is what is kept: the event, and of the conversation what is behind
// a pointer. The slice of events is not, as long as the caller does not keep it.
func TestAllocations(t *testing.T) {
	most := map[string]float64{
		"open":          1,
		"say":           1,
		"say-agent":     2, // and the unread answers
		"take":          0, // taken from nobody: an event of zeros takes no room
		"snooze":        2, // and the running snooze
		"close":         2, // and the closing
		"expire":        1,
		"expire-snooze": 1,
		"already":       0,
	}
	for _, c := range givenCommands(t) {
		want, bounded := most[c.name]
		if !bounded { // a calendar time reads the zone database
			continue
		}
		delete(most, c.name)
		request := conversation.Request{By: c.by, Command: c.command}
		facts := c.l.facts()
		allocations(t, c.name, want, func() {
			if err := carryOut(c.l, request, &facts); err != nil {
				t.Fatal(err)
			}
		})
	}
	if len(most) > 0 {
		t.Errorf("no commands are called %v", most)
	}

	l := held(t, withBot)
	facts := l.facts()
	var refused conversation.Command = resolved
	allocations(t, "refused", 4, func() { // the refusal, and what is allowed instead
		if _, err := conversation.Decide(l.c, conversation.Request{By: bob, Command: refused}, facts); err == nil {
			t.Fatal("accepted")
		}
	})
	allocations(t, "allowed", 3, func() { conversation.Allowed(l.c, ann, facts) })

	var events []conversation.Event
	var records []conversation.Record
	waiting := opened(t, withBot)
	allocations(t, "take, kept", 2, func() { // the slices of events and of records
		events, _ = conversation.Decide(waiting.c, conversation.Request{By: ann, Command: conversation.Take{}}, facts)
		_, records = conversation.Append(waiting.c, ann, facts.Now, events)
	})
	if len(records) != 1 {
		t.Errorf("%d records of %v, want 1", len(records), events)
	}
}

func allocations(t *testing.T, name string, most float64, f func()) {
	t.Helper()
	if got := testing.AllocsPerRun(100, f); got > most {
		t.Errorf("%s: %v allocations, want at most %v", name, got, most)
	}
}
