package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// informed is a ladder that closes: prompt, follow up, close, a minute apart.
var informed = steps(time.Minute, idle.Prompt, idle.FollowUp, idle.Close)

func onDesk(l idle.Ladder) conversation.Policy {
	return conversation.Policy{Bot: true, Idle: conversation.Idle{Assigned: l}}
}

func TestByDefaultTheAgentIsPromptedAfterTwoMinutes(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(vera)
	l.next(2 * time.Minute)
	l.after(2*time.Minute-time.Microsecond).already(timer, conversation.Expire{})
	e := only[conversation.Prompted](l, l.after(time.Microsecond).expire())
	same(t, "the prompt", e, conversation.Prompted{
		Text:   "This chat is idle. Before closing, please check in with the customer. Try saying: 'Are you still there? Is there anything else I can help with?'",
		Phrase: "Are you still there? Is there anything else I can help with?",
	})
}

func TestOnlyTheAgentSeesAPromptAndItRestartsNothing(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(vera)
	before := l.c
	e := only[conversation.Prompted](l, l.idle())
	if conversation.VisibleToVisitor(e) {
		t.Error("VisibleToVisitor(Prompted) = true")
	}
	want := before
	want.Version, want.UpdatedAt = l.c.Version, l.now
	want.Silence = conversation.Silence{Step: 1, Since: l.now}
	want.Cycle.Prompts = 1
	same(t, "the conversation after a prompt", l.c, want)
}

func TestAPromptComesOncePerSilenceAndTheNextMessageRearmsIt(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	for i, by := range []conversation.Actor{vera, ann, vera} {
		l.say(by)
		l.idle()
		l.nothingNext()
		l.after(time.Hour).already(timer, conversation.Expire{})
		same(t, "prompts", count[conversation.Prompted](l), i+1)
	}
}

func TestWhatIsNoMessageRearmsNothing(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(vera)
	l.after(time.Minute)
	l.do(bob, conversation.AddNote{Text: "…"})
	l.do(host, conversation.Regroup{Group: "billing"})
	l.do(host, conversation.AssigneeGone{Agent: "ann", Since: l.now})
	l.do(host, conversation.AssigneeBack{Agent: "ann"})
	l.do(host, conversation.Say{Text: "we are busy"})
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	l.do(vera, conversation.MarkRead{})
	l.do(bob, conversation.LinkArticle{Article: "kb-1"})
	l.next(time.Minute)
	l.idle()
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	l.nothingNext()
}

func TestEveryStepDoesWhatItSays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action idle.Action
		want   conversation.Event
		state  conversation.State
	}{
		{idle.Prompt, conversation.Prompted{Text: "Are you still there?"}, conversation.StateAssigned},
		{idle.FollowUp, conversation.FollowedUp{Text: "Are you still there?"}, conversation.StateAssigned},
		{idle.HandBack, conversation.HandedBack{Agent: "ann"}, conversation.StateBot},
		{idle.Requeue, conversation.Requeued{From: "ann"}, conversation.StateWaiting},
	}
	for _, test := range tests {
		l := held(t, onDesk(steps(time.Minute, test.action)))
		same(t, string(test.action), l.idle(), []conversation.Event{test.want})
		same(t, "the state", l.c.State, test.state)
		l.nothingNext()
	}
	l := held(t, onDesk(steps(time.Minute, idle.FollowUp, idle.Close)))
	l.idle()
	same(t, "close", l.idle(), []conversation.Event{conversation.Closed{
		Number: 1, Outcome: closure.Unresolved, Cause: closure.Idle, Agent: "ann",
	}})
	same(t, "who closed it", l.c.Closing.By, timer)
}

func TestEachStateHasALadderOfItsOwn(t *testing.T) {
	t.Parallel()
	p := conversation.Policy{Bot: true, Idle: conversation.Idle{
		Bot:      steps(time.Minute, idle.FollowUp, idle.Requeue),
		Waiting:  steps(time.Hour, idle.FollowUp, idle.FollowUp),
		Assigned: steps(2*time.Hour, idle.Prompt, idle.FollowUp, idle.Requeue),
	}}
	l := opened(t, p)
	for _, want := range []struct {
		wait  time.Duration
		state conversation.State
	}{
		{time.Minute, conversation.StateBot},
		{time.Minute, conversation.StateWaiting},
		{time.Hour, conversation.StateWaiting},
		{time.Hour, conversation.StateWaiting},
	} {
		l.next(want.wait)
		l.idle()
		l.is(want.state, "")
	}
	l.do(ann, conversation.Take{})
	l.next(2 * time.Hour)
	l.idle()
	l.is(conversation.StateAssigned, "ann")
	l.idle()
	l.idle()
	l.is(conversation.StateWaiting, "")
	l.next(time.Hour)
}

func TestAStateWithoutALadderIsNeverIdle(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.nothingNext()
	l.do(vera, conversation.RequestAgent{})
	l.nothingNext()

	l = held(t, onDesk(idle.Ladder{Off: true}))
	l.nothingNext()
	l.after(time.Hour).already(timer, conversation.Expire{})
}

func TestALadderMayBeRestrictedToWhoSpokeLast(t *testing.T) {
	t.Parallel()
	for last, other := range map[conversation.Actor]conversation.Actor{vera: ann, ann: vera} {
		ladder := steps(time.Minute, idle.Prompt)
		ladder.LastSpeaker = idle.Visitor
		if last == ann {
			ladder.LastSpeaker = idle.Responder
		}
		l := held(t, onDesk(ladder))
		l.nothingNext() // nobody has spoken
		l.say(other)
		l.nothingNext()
		l.after(time.Hour).already(timer, conversation.Expire{})
		l.say(last)
		l.next(time.Minute)
		l.idle()
		same(t, "prompts", count[conversation.Prompted](l), 1)
	}
}

func TestAnAutomaticTextIsNobodysLastWord(t *testing.T) {
	t.Parallel()
	ladder := steps(time.Minute, idle.Prompt)
	ladder.LastSpeaker = idle.Visitor
	l := held(t, onDesk(ladder))
	l.say(vera)
	l.do(host, conversation.Say{Text: "we are busy"})
	l.next(time.Minute)
}

func TestSnoozedAndClosedConversationsNeverRunALadder(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(informed))
	l.do(ann, conversation.Snooze{Until: untilReply})
	l.nothingNext()
	l.after(1000*time.Hour).already(timer, conversation.Expire{})
	l.do(ann, unresolved)
	l.nothingNext()
	l.after(1000*time.Hour).already(timer, conversation.Expire{})
}

func TestComingBackStartsAtLevelZeroAndZeroSilence(t *testing.T) {
	t.Parallel()
	p := onDesk(informed)
	p.Idle.Waiting = steps(time.Minute, idle.FollowUp, idle.Close)
	back := map[string]func(*life){
		"waking": func(l *life) {
			l.do(ann, conversation.Snooze{Until: shortly})
			l.after(time.Hour).do(ann, conversation.Wake{})
		},
		"taking over":            func(l *life) { l.do(sue, conversation.Take{}) },
		"assignment":             func(l *life) { l.do(sue, conversation.Assign{Agent: "bob"}) },
		"transfer to an agent":   func(l *life) { l.do(ann, conversation.Transfer{Agent: "bob"}) },
		"transfer to a group":    func(l *life) { l.do(ann, conversation.Transfer{Group: "billing"}) },
		"requeue":                func(l *life) { l.do(ann, conversation.Requeue{}) },
		"reopening by an agent":  func(l *life) { l.do(ann, unresolved); l.do(ann, conversation.Reopen{}) },
		"closing and a message":  func(l *life) { l.do(ann, unresolved); l.policy.Bot = false; l.say(vera) },
		"snooze over, by itself": func(l *life) { l.do(ann, conversation.Snooze{Until: shortly}); l.idle() },
	}
	for name, come := range back {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := held(t, p)
			l.idle()
			l.idle()
			l.after(time.Second)
			come(l)
			same(t, "the silence", l.c.Silence, conversation.Silence{Since: l.now})
			l.next(time.Minute)
		})
	}
}

func TestLateIsNotBurst(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(informed))
	l.after(1000 * time.Hour) // an outage
	only[conversation.Prompted](l, l.expire())
	l.already(timer, conversation.Expire{})
	l.next(time.Minute) // the full wait, from when the prompt really came

	l.after(1000 * time.Hour)
	only[conversation.FollowedUp](l, l.expire())
	l.already(timer, conversation.Expire{})
	l.next(time.Minute)

	l.after(1000 * time.Hour)
	only[conversation.Closed](l, l.expire())
}

func TestTypingPostponesByNoticeableGrains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		wait  time.Duration
		grain time.Duration
	}{
		{2 * time.Minute, 10 * time.Second},
		{40 * time.Second, 10 * time.Second},
		{20 * time.Second, 5 * time.Second},
		{4 * time.Microsecond, time.Microsecond},
	}
	for _, test := range tests {
		l := held(t, onDesk(steps(test.wait, idle.Prompt, idle.Prompt)))
		l.say(vera)
		l.idle()
		l.after(test.grain-time.Microsecond).already(vera, conversation.Typing{})
		only[conversation.Typed](l, l.after(time.Microsecond).do(vera, conversation.Typing{}))
		l.next(test.wait)
		l.already(vera, conversation.Typing{})
		same(t, "the step, which typing does not rearm", l.c.Silence.Step, 1)
	}
}

func TestTypingIsRecordedOnlyWhereItMovesADeadline(t *testing.T) {
	t.Parallel()
	for s, l := range openStates(t) {
		if s == conversation.StateAssigned {
			l.policy.Idle.Assigned = idle.Ladder{Off: true}
		}
		l.after(time.Hour).already(vera, conversation.Typing{})
	}
	l := held(t, noBot)
	l.idle() // the whole ladder
	l.after(time.Hour).already(vera, conversation.Typing{})
}

func TestTheNumberOfFollowUpsSinceTheVisitorsLastMessageIsKnown(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(steps(time.Minute, idle.FollowUp, idle.FollowUp, idle.FollowUp)))
	l.say(vera)
	for want := 1; want <= 3; want++ {
		l.idle()
		same(t, "follow-ups", l.c.FollowUps, want)
	}
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	same(t, "follow-ups after an automatic text", l.c.FollowUps, 3)
	l.say(vera)
	same(t, "follow-ups after a message", l.c.FollowUps, 0)
}

func TestAFollowUpIsTheVisitorsToSee(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(steps(time.Minute, idle.FollowUp)))
	l.say(vera)
	e := only[conversation.FollowedUp](l, l.idle())
	if !conversation.VisibleToVisitor(e) {
		t.Error("VisibleToVisitor(FollowedUp) = false")
	}
	same(t, "what is unread", l.c.Unread, []conversation.Version{l.c.Version})
	same(t, "who must answer: it is no answer", l.c.MustAnswer(), conversation.AnswerAgent)
}
