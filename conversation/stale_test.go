package conversation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// A visitor knows what they wrote, and may leave over anything else.
func TestAVisitorsOwnCloseIsNeverTooLate(t *testing.T) {
	t.Parallel()
	for state, l := range openStates(t) {
		if state == conversation.StateSnoozed {
			l.do(sue, conversation.Take{})
		}
		l.say(vera)
		if _, err := l.tryAsOf(1, vera, conversation.Close{}); err != nil {
			t.Errorf("close by the visitor in %s as of the opening: %v", state, err)
		}
		l.is(conversation.StateClosed, "")
	}
}

func TestTheKeepersTakeAsOfAVersionBeforeTheHandoverIsRefused(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	seen := l.c.Version
	l.do(ann, conversation.Snooze{Until: shortly})
	l.do(ann, conversation.AddNote{Text: "…"})
	if _, err := l.tryAsOf(seen, ann, conversation.Take{}); err != nil {
		t.Errorf("take by the keeper as of %d, when she had it: %v", seen, err)
	}
	l.do(sue, conversation.Assign{Agent: "bob"})
	l.do(sue, conversation.Assign{Agent: "ann"})
	again := l.c.Version
	l.do(ann, conversation.Snooze{Until: shortly})
	refused := l.refusedAsOf(again-1, ann, conversation.Take{}, conversation.ErrStale)
	same(t, "the version that was missed", refused.Since, again)
	if _, err := l.tryAsOf(again-1, ann, conversation.Wake{}); err != nil {
		t.Errorf("wake by the keeper, who asks for nothing new: %v", err)
	}
	if events, err := l.tryAsOf(1, ann, conversation.Take{}); err != nil || len(events) > 0 {
		t.Errorf("take by the holder as of the opening = %v, %v, want nothing to happen", events, err)
	}
}

// Neither may put away a message that nobody saw.
func TestAHandBackOrSnoozeAsOfAVersionBeforeAMessageIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []conversation.Command{
		conversation.HandBack{}, conversation.Snooze{Until: shortly}, conversation.Snooze{Until: untilReply},
	} {
		l := held(t, withBot)
		seen := l.c.Version
		l.say(ann)
		l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
		if _, err := conversation.Decide(l.c, conversation.Request{By: ann, Command: c, AsOf: seen}, l.facts()); err != nil {
			t.Errorf("%s as of %d, after which the visitor wrote nothing: %v", c.Name(), seen, err)
		}
		l.say(vera)
		message := l.c.Version
		l.do(ann, conversation.AddNote{Text: "…"})
		refused := l.refusedAsOf(seen, ann, c, conversation.ErrStale)
		same(t, "the version that was missed", refused.Since, message)
		l.is(conversation.StateAssigned, "ann")
		for _, v := range []conversation.Version{0, message} {
			if _, err := conversation.Decide(l.c, conversation.Request{By: ann, Command: c, AsOf: v}, l.facts()); err != nil {
				t.Errorf("%s as of %d: %v", c.Name(), v, err)
			}
		}
	}
	l := held(t, withBot)
	l.say(vera)
	l.refusedAsOf(1, sue, conversation.HandBack{}, conversation.ErrStale)
	l.do(ann, conversation.HandBack{})
	if events, err := l.tryAsOf(1, sue, conversation.HandBack{}); err != nil || len(events) > 0 {
		t.Errorf("a second hand-back as of the opening = %v, %v, want nothing to happen", events, err)
	}
}

func TestSnoozingAgainAsOfAVersionBeforeAMessageIsRefused(t *testing.T) {
	t.Parallel()
	l := asleep(t, conversation.Snooze{Until: shortly, OnReply: "stay_asleep"})
	seen := l.c.Version
	l.after(time.Minute).say(vera)
	l.refusedAsOf(seen, ann, conversation.Snooze{Until: shortly}, conversation.ErrStale)
	l.do(ann, conversation.Snooze{Until: shortly})
}

// The table has a column for what must not have been missed.
func TestTheTableSaysWhatMustNotHaveBeenMissed(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(conversation.Table()), "\n")
	same(t, "the head of the table", lines[0], "| state | command | who | when | then | refused if missed |")
	rows := conversation.Transitions()
	same(t, "the number of lines", len(lines), len(rows)+2)
	said := map[string]int{}
	for i, r := range rows {
		columns := strings.Split(lines[i+2], " | ")
		same(t, "the last column of "+lines[i+2], strings.TrimSuffix(columns[len(columns)-1], " |"), r.AsOf)
		if !r.Changes && r.AsOf != "" {
			t.Errorf("nothing can be missed where nothing happens: %+v", r)
		}
		said[r.AsOf]++
	}
	if said["visitor message"] == 0 || said["handover"] == 0 || said["visitor message, handover"] == 0 || len(said) != 4 {
		t.Errorf("the words of the column: %v", said)
	}
}
