package conversation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
)

// notMeantByAllowed are the forms of a command that do not count for Allowed: a
// message that is only accepted because it is automatic, and a wish for another
// group where it waits for a person already; and a requeue with the reason, which
// alone is accepted when the history is full.
var notMeantByAllowed = []string{"say-automatically", "request-agent-group", "requeue-removed", "answer-survey-2"}

// TestAllowedIsWhatIsAccepted compares Allowed with the specification: a command
// is allowed if one of its forms would do something.
func TestAllowedIsWhatIsAccepted(t *testing.T) {
	t.Parallel()
	type seat struct {
		situation string
		column    int
	}
	can := map[seat]map[conversation.CommandName]bool{}
	arranged := map[string]situation{}
	for _, x := range cells(t) {
		at := seat{x.name, x.column}
		if can[at] == nil {
			can[at] = map[conversation.CommandName]bool{}
		}
		arranged[x.name] = x.situation
		could := changes(x.want) || strings.HasPrefix(x.command, "assign-") && strings.Contains("glu", x.want) // another agent
		if could && !slices.Contains(notMeantByAllowed, x.command) {
			can[at][command(x.command, x.by()).Name()] = true
		}
	}
	for at, names := range can {
		s, by := arranged[at.situation], columns[at.column].by
		var want []conversation.CommandName
		for _, c := range conversation.Commands() {
			if names[c.Name()] {
				want = append(want, c.Name())
			}
		}
		got := conversation.Allowed(s.c, by, s.facts())
		if !slices.Equal(got, want) {
			t.Errorf("Allowed(%s, %s) = %v, want %v", s.name, by, got, want)
		}
	}
}

// The group that it has, and that nobody is away, must not change what somebody
// may do.
func TestAllowedIsNotAboutAValue(t *testing.T) {
	t.Parallel()
	for state, l := range openStates(t) {
		for _, group := range []string{"billing", "", "support"} {
			l.try(sue, conversation.Regroup{Group: group})
			for _, by := range []conversation.Actor{sue, host} {
				allowed := conversation.Allowed(l.c, by, l.facts())
				if !slices.Contains(allowed, conversation.NameRegroup) {
					t.Errorf("Allowed(%s, group %q) = %v, without regroup", by, group, allowed)
				}
			}
		}
		if state == conversation.StateAssigned {
			for _, c := range []conversation.Command{
				conversation.AssigneeGone{Agent: l.c.Agent, Since: l.now}, conversation.AssigneeBack{Agent: l.c.Agent},
			} {
				if allowed := conversation.Allowed(l.c, host, l.facts()); !slices.Contains(allowed, c.Name()) {
					t.Errorf("Allowed = %v, without %s", allowed, c.Name())
				}
				l.do(host, c)
			}
		}
	}
}

// guards says for the words of each guard, as Transitions shows them, whether
// they are true of a cell.
var guards = map[string]func(cell) bool{
	"":                      func(cell) bool { return true },
	"a person is asked for": func(x cell) bool { return x.command == "open-for-agent" },
	"there is a bot":        func(x cell) bool { return !x.has("no-bot") },

	"there is no bot":        func(x cell) bool { return x.has("no-bot") },
	"the visitor is blocked": func(x cell) bool { return x.has("blocked") },
	"the message is automatic": func(x cell) bool {
		return x.command == "say-automatically" || x.by() == host
	},
	"the message is automatic, or the snooze stays asleep": func(x cell) bool {
		return x.command == "say-automatically" || x.by() == host || x.has("asleep")
	},
	"the agent who had it can have it again": func(x cell) bool {
		return x.canHaveItAgain() && !x.has("nobody-before")
	},
	"there is no such agent":     func(x cell) bool { return x.speaks("removed", "unknown") },
	"the agent has no seat left": func(x cell) bool { return x.speaks("seats-taken") },
	"the agent has no seat left, and waking may not overfill": func(x cell) bool {
		return x.speaks("seats-taken") && !x.has("overfill")
	},
	"the agent is not available": func(x cell) bool { return x.speaks("unavailable") },
	"it is of the group":         func(x cell) bool { return (x.command == "regroup") == x.has("in-group") },
	"the agent has it and was available": func(x cell) bool {
		return x.state == "assigned" && x.command == "gone-ann" && !x.isAway()
	},
	"the agent has it and was away": func(x cell) bool {
		return x.state == "assigned" && x.command == "back-ann" && x.isAway()
	},
	"an e-mail is wanted about unread answers": func(x cell) bool { return x.has("busy") && x.has("mail") },
	"the visitor has waited too long for an agent who is away": func(x cell) bool {
		return x.takenAway() && x.speaks("unavailable", "removed", "unknown")
	},
	"the visitor has waited too long, but the agent is back": func(x cell) bool { return x.takenAway() },
	"the reopen window is over": func(x cell) bool {
		return x.has("window-over") || x.has("no-window") || x.has("full")
	},
	"another group is asked for": func(x cell) bool {
		return x.command == "request-agent-group" && !x.has("in-group")
	},
	"the agent has it":       func(x cell) bool { return x.command == "assign-ann" },
	"the target is an agent": func(x cell) bool { return x.command != "transfer-group" },
	"the target has it": func(x cell) bool {
		return x.state == "assigned" && x.command == "transfer-ann" ||
			x.state == "waiting" && x.command == "transfer-group" && x.has("in-group")
	},
	"the decision is the same": func(x cell) bool { return x.command == "reclassify-same" },
	"a required field is empty": func(x cell) bool {
		return x.has("demands") && slices.Contains([]string{"close", "close-over-unanswered", "close-over-abrupt", "reclassify-form"}, x.command)
	},
	"the guard finds it discourteous": func(x cell) bool {
		return x.discourteous() && !x.acknowledges() && x.command != "close-forced" && x.command != "close-spam"
	},
	"it was offered": func(x cell) bool { return x.hasSurvey() },
	"there is no such survey": func(x cell) bool {
		return !x.hasSurvey() || x.has("twice") != (x.command == "answer-survey-2")
	},
	"it was answered": func(x cell) bool { return x.has("survey-answered") },
	"it is over":      func(x cell) bool { return x.has("survey-over") },
	"it moves the idle deadline, or the end of patience, noticeably": func(x cell) bool {
		return x.has("silent") || x.has("late-step") || x.due() != "" || x.asked() && !x.has("asked")
	},
	"nothing is unread": func(x cell) bool { return !x.has("busy") || x.command == "mark-read-older" },
	"it is linked": func(x cell) bool {
		return (x.has("busy") || x.has("all-linked")) && x.command == "link-kb-1"
	},
	"it has as many as it can have": func(x cell) bool { return x.has("all-linked") },
	"the snooze is over, it is kept, and the agent can have it": func(x cell) bool {
		return x.has("over") && !x.has("released") && x.canHaveItAgain()
	},
	"the snooze is over":       func(x cell) bool { return x.has("over") },
	"a prompt is due":          func(x cell) bool { return x.due() == "prompt" },
	"a follow-up is due":       func(x cell) bool { return x.due() == "follow_up" },
	"an idle hand-back is due": func(x cell) bool { return x.due() == "hand_back" },
	"an idle requeue is due":   func(x cell) bool { return x.due() == "requeue" },
	"an idle closing is due":   func(x cell) bool { return x.due() == "close" },
}

// acknowledges reports whether the cell closes over what the situation warns of.
func (x cell) acknowledges() bool {
	return x.has("warned") && (x.command == "close-over-unanswered" && x.grade() == closure.Unanswered ||
		x.command == "close-over-abrupt" && x.grade() == closure.Abrupt)
}

// speaks reports whether one of these speaks against the agent whom the command
// is about. A group is no agent.
func (x cell) speaks(flags ...string) bool {
	return x.command != "transfer-group" && slices.ContainsFunc(flags, x.has)
}

// canHaveItAgain reports whether nothing keeps it from the agent who had it.
func (x cell) canHaveItAgain() bool {
	return x.ready() == conversation.AgentReady || x.state == "snoozed" && x.has("seats-taken") && x.has("overfill")
}

// roles returns what the actor of a column is to the conversation.
func (x cell) roles() conversation.Who {
	switch by := x.by(); by.Kind {
	case conversation.KindVisitor:
		if by == vera || x.state == "none" {
			return conversation.TheVisitor
		}
		return 0
	case conversation.KindAgent, conversation.KindSupervisor:
		who := conversation.AnyAgent
		if by.Kind == conversation.KindSupervisor {
			who = conversation.AnySupervisor
		}
		if by.ID == "ann" && (x.state == "assigned" || x.state == "snoozed") {
			who |= conversation.TheHolder
		}
		return who
	case conversation.KindBot:
		return conversation.TheBot
	case conversation.KindSystem:
		return conversation.TheSystem
	}
	return conversation.TheTimer
}

// row returns the row of Transitions that decides the cell, by its words alone.
func (x cell) row(t *testing.T, rows []conversation.Transition) int {
	name := command(x.command, x.by()).Name()
	return slices.IndexFunc(rows, func(r conversation.Transition) bool {
		holds, ok := guards[r.When]
		if !ok {
			t.Fatalf("the table has a guard %q, which this test does not know", r.When)
		}
		return r.From == x.c.State && r.Command == name && r.Who&x.roles() != 0 && holds(x)
	})
}

// TestTransitionsTellTheTruth reads the printed table as a person would: the
// first row whose state, command, actor and words fit says what happens. That
// must be what the specification says, as must what it is refused for having
// missed; and no row may be there for nothing.
func TestTransitionsTellTheTruth(t *testing.T) {
	t.Parallel()
	rows := conversation.Transitions()
	reached := make([]bool, len(rows))
	for _, x := range cells(t) {
		if x.want == "!" {
			continue // judged before any row
		}
		i := x.row(t, rows)
		if i < 0 {
			if changes(x.want) || x.want == "=" {
				t.Errorf("%v: accepted (%s) without a row", x, x.want)
			}
			continue
		}
		reached[i] = true
		if want := x.asOfWords(); rows[i].AsOf != want {
			t.Errorf("%v: the row says that it must not have missed %q, the specification %q", x, rows[i].AsOf, want)
		}
		if x.want == "F" && rows[i].Changes {
			continue
		}
		if got := rowOutcome(rows[i]); got != x.want {
			t.Errorf("%v: the row says %q, the specification %q: %+v", x, got, x.want, rows[i])
		}
	}
	for i, r := range rows {
		if !reached[i] {
			t.Errorf("no cell reaches %+v", r)
		}
	}
}

// asOfWords returns what the row of the cell should say under AsOf. What force
// overrides, the row says for all closings alike.
func (x cell) asOfWords() string {
	if !changes(x.want) && x.want != "F" {
		return ""
	}
	if x.command == "close-forced" {
		x.command = "close"
	}
	return x.matters()
}

func rowOutcome(r conversation.Transition) string {
	switch {
	case r.Refused != nil:
		return sentinels[r.Refused]
	case !r.Changes:
		return "="
	}
	return letters[r.To]
}

// TestEveryCellFindsWhatIsWrong is the positive control: whatever outcome is
// planted in place of the specified one, the cell complains.
func TestEveryCellFindsWhatIsWrong(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	found, all := 0, cells(t)
	const outcomes = "BWASC=.hnfecxowmglu!Fsidqrz"
	for i, x := range all {
		planted := outcomes[i%len(outcomes)]
		if string(planted) == x.want {
			planted = outcomes[(i+1)%len(outcomes)]
		}
		if x.check(conversation.Decide, x.c.Version, string(planted)) == nil {
			t.Errorf("%v: %c planted for %s was not noticed", x, planted, x.want)
			continue
		}
		found++
	}
	proof.Planted(t, "exhaustive", "a wrong expectation, in any cell", found == len(all))
}

// TestEveryCellFindsABrokenMachine is the other positive control: each way to
// sabotage Decide is noticed by some cell.
func TestEveryCellFindsABrokenMachine(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	all := cells(t)
	for name, broken := range brokenMachines {
		proof.Planted(t, "exhaustive", name, slices.ContainsFunc(all, func(x cell) bool {
			return x.check(broken, x.c.Version, x.want) != nil
		}))
	}
}

var brokenMachines = map[string]decider{
	"every agent is a supervisor": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		if r.By.Kind == conversation.KindAgent {
			r.By.Kind = conversation.KindSupervisor
		}
		return conversation.Decide(c, r, f)
	},
	"a second closing is accepted": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		if errors.Is(err, conversation.ErrAlreadyClosed) {
			return nil, nil
		}
		return events, err
	},
	"a refusal comes with an event": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		if errors.Is(err, conversation.ErrBlocked) {
			events = []conversation.Event{conversation.Said{}}
		}
		return events, err
	},
	"a blocked visitor is heard": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		c.Blocked = c.Blocked && r.Command.Name() != conversation.NameSay
		return conversation.Decide(c, r, f)
	},
	"a kept snooze is released": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		for i, e := range events {
			if w, ok := e.(conversation.Woken); ok {
				w.Agent = ""
				events[i] = w
			}
		}
		return events, err
	},
	"an idle closing is only a prompt": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		for i, e := range events {
			if closed, ok := e.(conversation.Closed); ok && closed.Cause == closure.Idle {
				events[i] = conversation.Prompted{}
			}
		}
		return events, err
	},
	"who is not available takes it all the same": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		if r.Command.Name() == conversation.NameTake && f.Agent == conversation.AgentUnavailable {
			f.Agent = conversation.AgentReady
		}
		return conversation.Decide(c, r, f)
	},
	"nobody says why it waits": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		for i, e := range events {
			if requeued, ok := e.(conversation.Requeued); ok {
				requeued.Reason = ""
				events[i] = requeued
			}
		}
		return events, err
	},
	"who is transferred to is there": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		for i, e := range events {
			if transferred, ok := e.(conversation.Transferred); ok {
				transferred.Unavailable = false
				events[i] = transferred
			}
		}
		return events, err
	},
	"every snooze may overfill": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		f.Policy.WakeOverCapacity = true
		return conversation.Decide(c, r, f)
	},
	"a guard that warns enforces": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		if f.Policy.Courtesy.Guard == closure.GuardWarn {
			f.Policy.Courtesy.Guard = closure.GuardEnforce
		}
		return conversation.Decide(c, r, f)
	},
	"no field is required": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		f.Policy.Required = nil
		return conversation.Decide(c, r, f)
	},
	"every agent says that they have seen the advice": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		if closing, ok := r.Command.(conversation.Close); ok {
			closing.Acknowledged = closure.Unanswered
			r.Command = closing
		}
		return conversation.Decide(c, r, f)
	},
	"patience ends with the first word": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		c.Courtesy.ActiveAt = c.Courtesy.AskedAt
		return conversation.Decide(c, r, f)
	},
	"a second answer is taken": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		if errors.Is(err, conversation.ErrSurveyAnswered) {
			return []conversation.Event{conversation.SurveyAnswered{Number: 1, Rating: 4}}, nil
		}
		return events, err
	},
	"a closing by a person is not graded": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		events, err := conversation.Decide(c, r, f)
		for i, e := range events {
			if closed, ok := e.(conversation.Closed); ok {
				closed.Grade = ""
				events[i] = closed
			}
		}
		return events, err
	},
	"nobody is asked by itself": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		f.Policy.Survey.Offer = false
		return conversation.Decide(c, r, f)
	},
	"a second e-mail is asked for": func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
		c.EmailRequested = false
		return conversation.Decide(c, r, f)
	},
}
