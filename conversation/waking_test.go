package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

func TestAVisitorsMessageWakesAtOnce(t *testing.T) {
	t.Parallel()
	for _, until := range []snooze.Until{shortly, untilReply} {
		l := asleep(t, conversation.Snooze{Until: until, AtEnd: snooze.Release})
		same(t, "the events", l.after(time.Hour).do(vera, conversation.Say{Text: "found it"}), []conversation.Event{
			conversation.Said{Text: "found it"},
			conversation.Woken{Cause: conversation.WokenByVisitor, Agent: "ann"},
		})
		l.is(conversation.StateAssigned, "ann")
		same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerAgent)
	}
}

func TestAskingForAPersonWakesAsAMessageDoes(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{vera, host} {
		for group, want := range map[string]string{"": "support", "billing": "billing"} {
			l := asleep(t, conversation.Snooze{Until: shortly, OnReply: snooze.StayAsleep})
			l.c.Group = "support"
			same(t, "the events", l.after(time.Minute).do(by, conversation.RequestAgent{Group: group}), []conversation.Event{
				conversation.AgentRequested{Group: group},
				conversation.Woken{Cause: conversation.WokenByVisitor, Agent: "ann"},
			})
			l.is(conversation.StateAssigned, "ann")
			same(t, "the group", l.c.Group, want)
			same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerAgent)
			same(t, "since when", l.c.UnansweredSince, l.now)
			same(t, "the handover, which it is none", l.c.LastHandover, conversation.Version(2))
		}
	}
}

func TestAskingForAPersonWhoIsAwayEntersTheQueueOfTheGroup(t *testing.T) {
	t.Parallel()
	l := asleep(t, conversation.Snooze{Until: shortly})
	l.agent = conversation.AgentLeftGroup
	same(t, "the events", l.after(time.Minute).do(vera, conversation.RequestAgent{Group: "billing"}), []conversation.Event{
		conversation.AgentRequested{Group: "billing"},
		conversation.Woken{Cause: conversation.WokenByVisitor, Reason: "left_group"},
	})
	l.is(conversation.StateWaiting, "")
	same(t, "the group", l.c.Group, "billing")
	same(t, "the place in the queue", l.c.Since, l.now)
}

func TestOrItStaysAsleepFlaggedUnread(t *testing.T) {
	t.Parallel()
	l := asleep(t, conversation.Snooze{Until: shortly, OnReply: snooze.StayAsleep})
	only[conversation.Said](l, l.after(time.Hour).say(vera))
	l.is(conversation.StateSnoozed, "ann")
	same(t, "the flag", l.c.Snooze.Unread, true)
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerNobody)
	l.next(2 * time.Hour)
	l.idle()
	l.is(conversation.StateAssigned, "ann")
	same(t, "who must answer when it woke", l.c.MustAnswer(), conversation.AnswerAgent)
	same(t, "since when", l.c.UnansweredSince, start.Add(time.Hour))
}

func TestTheFlagStaysUntilTheKeeperAnswers(t *testing.T) {
	t.Parallel()
	quiet := conversation.Snooze{Until: shortly, OnReply: snooze.StayAsleep}
	l := asleep(t, quiet)
	l.do(ann, quiet)
	same(t, "the flag of a snooze without a message", l.c.Snooze.Unread, false)
	l.say(vera)
	l.do(ann, quiet)
	same(t, "the flag after snoozing again", l.c.Snooze.Unread, true)
	l.do(ann, conversation.Snooze{Until: untilReply})
	same(t, "the flag after snoozing until the reply", l.c.Snooze.Unread, true)
	l.do(ann, conversation.Say{Text: "on holiday", Automatic: true})
	l.do(host, conversation.Say{Text: "we are closed"})
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	same(t, "the flag after automatic texts", l.c.Snooze.Unread, true)
	before := *l.c.Snooze
	l.say(ann)
	same(t, "the flag after an answer", l.c.Snooze.Unread, false)
	before.Unread = false
	same(t, "what else the answer left of the snooze", *l.c.Snooze, before)
	l.do(ann, conversation.Wake{})
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerNobody)
	l.do(ann, quiet)
	same(t, "the flag of another snooze", l.c.Snooze.Unread, false)
}

func TestAnAutomaticTextNeitherWakesNorFlags(t *testing.T) {
	t.Parallel()
	for _, on := range []snooze.OnReply{snooze.Wake, snooze.StayAsleep} {
		l := asleep(t, conversation.Snooze{Until: shortly, OnReply: on})
		l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
		l.do(host, conversation.Say{Text: "we are closed"})
		l.is(conversation.StateSnoozed, "ann")
		same(t, "the flag", l.c.Snooze.Unread, false)
	}
}

func TestNotesGroupsAndTypingDoNotWake(t *testing.T) {
	t.Parallel()
	l := asleep(t, conversation.Snooze{Until: untilReply})
	l.do(host, conversation.Regroup{Group: "billing"})
	l.already(host, conversation.AssigneeGone{Agent: "ann", Since: l.now})
	l.do(vera, conversation.MarkRead{})
	l.already(vera, conversation.Typing{})
	l.do(bob, conversation.AddNote{Text: "…"})
	l.say(ann)
	l.is(conversation.StateSnoozed, "ann")
	same(t, "the flag", l.c.Snooze.Unread, false)
}

func TestASnoozeUntilTheReplyCannotStayAsleepOnIt(t *testing.T) {
	t.Parallel()
	held(t, noBot).invalid(ann, conversation.Snooze{Until: untilReply, OnReply: snooze.StayAsleep}, "on_reply")
}

func TestAtTheEndKeepReturnsItAndReleaseGivesItAway(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		atEnd snooze.AtEnd
		agent conversation.Readiness
		want  conversation.Woken
	}{
		{"keep is the default", "", conversation.AgentReady, conversation.Woken{Agent: "ann"}},
		{"keep", snooze.Keep, conversation.AgentReady, conversation.Woken{Agent: "ann"}},
		{"keep, but unavailable", snooze.Keep, conversation.AgentUnavailable, conversation.Woken{Reason: "unavailable"}},
		{"keep, but full", snooze.Keep, conversation.AgentFull, conversation.Woken{Reason: "full"}},
		{"keep, but gone from the group", snooze.Keep, conversation.AgentLeftGroup, conversation.Woken{Reason: "left_group"}},
		{"keep, but deleted", snooze.Keep, conversation.AgentRemoved, conversation.Woken{Reason: "removed"}},
		{"keep, but unknown", snooze.Keep, conversation.AgentUnknown, conversation.Woken{Reason: "unknown"}},
		{"release", snooze.Release, conversation.AgentReady, conversation.Woken{Reason: conversation.WaitReleased}},
		{"release, and unavailable", snooze.Release, conversation.AgentUnavailable, conversation.Woken{Reason: conversation.WaitReleased}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := asleep(t, conversation.Snooze{Until: shortly, AtEnd: test.atEnd})
			l.agent = test.agent
			want := test.want
			want.Cause = conversation.WokenByTimer
			same(t, "the wake", l.idle(), []conversation.Event{want})
			if want.Agent == "" {
				l.is(conversation.StateWaiting, "")
				same(t, "the place in the queue", l.c.Since, l.now)
				same(t, "why it waits", l.c.WaitReason, want.Reason)
				return
			}
			l.is(conversation.StateAssigned, "ann")
		})
	}
}

func TestAReplyFindsTheKeeperOrWaits(t *testing.T) {
	t.Parallel()
	for _, c := range []conversation.Command{conversation.Say{}, conversation.RequestAgent{}} {
		for _, agent := range []conversation.Readiness{
			conversation.AgentUnavailable, conversation.AgentFull, conversation.AgentLeftGroup, conversation.AgentRemoved,
			conversation.AgentUnknown,
		} {
			l := asleep(t, conversation.Snooze{Until: shortly})
			l.agent = agent
			events := l.do(vera, c)
			same(t, "the wake", events[len(events)-1], conversation.Event(conversation.Woken{
				Cause: conversation.WokenByVisitor, Reason: conversation.WaitReason(agent),
			}))
			l.is(conversation.StateWaiting, "")
		}
	}
}

func TestTheKeeperOrASupervisorWakesItEarly(t *testing.T) {
	t.Parallel()
	for _, c := range []conversation.Command{conversation.Wake{}, conversation.Take{}} {
		l := asleep(t, conversation.Snooze{Until: shortly, AtEnd: snooze.Release})
		e := only[conversation.Woken](l, l.do(ann, c))
		same(t, "the wake", e, conversation.Woken{Cause: conversation.WokenByAgent, Agent: "ann"})
	}
	l := asleep(t, conversation.Snooze{Until: shortly})
	l.refused(bob, conversation.Wake{}, conversation.ErrHeld)
	e := only[conversation.Woken](l, l.do(sue, conversation.Wake{}))
	same(t, "the wake by a supervisor", e, conversation.Woken{Cause: conversation.WokenByAgent, Agent: "ann"})
	l.is(conversation.StateAssigned, "ann")
	l.already(sue, conversation.Wake{})

	l = asleep(t, conversation.Snooze{Until: shortly})
	l.agent = conversation.AgentRemoved
	e = only[conversation.Woken](l, l.do(sue, conversation.Wake{}))
	same(t, "the wake of a removed agent's", e, conversation.Woken{Cause: conversation.WokenByAgent, Reason: "removed"})
	l.is(conversation.StateWaiting, "")
}

func TestEveryWakeIsExactlyOneEventWithTrueLateness(t *testing.T) {
	t.Parallel()
	for _, late := range []time.Duration{0, time.Microsecond, 90 * time.Minute, 1000 * time.Hour} {
		l := asleep(t, conversation.Snooze{Until: shortly})
		l.after(snooze.Short-time.Microsecond).already(timer, conversation.Expire{})
		e := only[conversation.Woken](l, l.after(late+time.Microsecond).expire())
		same(t, "the lateness", e.Late, late)
		l.already(timer, conversation.Expire{})
		same(t, "wakes", count[conversation.Woken](l), 1)
	}
}

func TestAWakeByAMessageIsNotLate(t *testing.T) {
	t.Parallel()
	l := asleep(t, conversation.Snooze{Until: shortly})
	l.after(4 * time.Hour) // over, but the visitor came before the timer
	events := l.say(vera)
	same(t, "the wake", events[1], conversation.Event(conversation.Woken{Cause: conversation.WokenByVisitor, Agent: "ann"}))
	l.already(timer, conversation.Expire{})
}

func TestAWakeIsNoReopening(t *testing.T) {
	t.Parallel()
	l := asleep(t, conversation.Snooze{Until: shortly})
	l.idle()
	if count[conversation.Reopened](l) > 0 || l.c.Closing != nil {
		t.Errorf("a wake reopened: closing %+v", l.c.Closing)
	}
}
