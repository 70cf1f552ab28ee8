package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// closedBy begins a story that ann closed, as of whom nothing more is known.
func closedBy(t testing.TB, p conversation.Policy) *life {
	t.Helper()
	l := held(t, p)
	l.say(ann)
	l.do(ann, resolved)
	return l
}

func TestWithinTheWindowAMessageReopens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		window time.Duration // of the policy
		wait   time.Duration
		want   error
	}{
		{"at once", 0, 0, nil},
		{"24 hours by default", 0, 24 * time.Hour, nil},
		{"a microsecond more", 0, 24*time.Hour + time.Microsecond, conversation.ErrWindowOver},
		{"a workspace's own window", time.Hour, time.Hour, nil},
		{"a microsecond more than that", time.Hour, time.Hour + time.Microsecond, conversation.ErrWindowOver},
		{"nothing ever reopens", -1, 0, conversation.ErrWindowOver},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := closedBy(t, conversation.Policy{ReopenWindow: test.window})
			l.after(test.wait)
			if test.want != nil {
				l.refused(vera, conversation.Say{Text: "hello?"}, test.want)
				l.is(conversation.StateClosed, "")
				return
			}
			same(t, "the events", l.do(vera, conversation.Say{Text: "hello?"}), []conversation.Event{
				conversation.Said{Text: "hello?"},
				conversation.Reopened{Number: 1, To: conversation.StateAssigned, Agent: "ann"},
			})
		})
	}
}

func TestItReopensToTheBotElseToThePreviousAgentElseToWaiting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		policy conversation.Policy
		agent  conversation.Readiness
		want   conversation.Reopened
		answer conversation.Answerer
	}{
		{"there is a bot", withBot, conversation.AgentReady,
			conversation.Reopened{Number: 1, To: conversation.StateBot}, conversation.AnswerBot},
		{"there is a bot and no agent", withBot, conversation.AgentRemoved,
			conversation.Reopened{Number: 1, To: conversation.StateBot}, conversation.AnswerBot},
		{"the agent is there", noBot, conversation.AgentReady,
			conversation.Reopened{Number: 1, To: conversation.StateAssigned, Agent: "ann"}, conversation.AnswerAgent},
		{"the agent is away", noBot, conversation.AgentUnavailable,
			conversation.Reopened{Number: 1, To: conversation.StateWaiting, Reason: "unavailable"}, conversation.AnswerQueue},
		{"the agent is full", noBot, conversation.AgentFull,
			conversation.Reopened{Number: 1, To: conversation.StateWaiting, Reason: "full"}, conversation.AnswerQueue},
		{"the agent left the group", noBot, conversation.AgentLeftGroup,
			conversation.Reopened{Number: 1, To: conversation.StateWaiting, Reason: "left_group"}, conversation.AnswerQueue},
		{"the agent was removed", noBot, conversation.AgentRemoved,
			conversation.Reopened{Number: 1, To: conversation.StateWaiting, Reason: "removed"}, conversation.AnswerQueue},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, by := range []conversation.Actor{vera, host} { // a message, or the system's wish
				l := closedBy(t, test.policy)
				l.agent = test.agent
				c := conversation.Command(conversation.Reopen{})
				if by == vera {
					c = conversation.Say{}
				}
				events := l.after(time.Hour).do(by, c)
				same(t, "the reopening", events[len(events)-1], conversation.Event(test.want))
				l.is(test.want.To, test.want.Agent)
				if by == vera {
					same(t, "who must answer", l.c.MustAnswer(), test.answer)
				}
			}
		})
	}
}

func TestWithoutAPreviousAgentItReopensToWaiting(t *testing.T) {
	t.Parallel()
	l := opened(t, noBot)
	l.do(sue, unresolved)
	l.agent = conversation.AgentUnavailable // nobody's
	events := l.after(time.Minute).say(vera)
	same(t, "the reopening", events[1], conversation.Event(conversation.Reopened{Number: 1, To: conversation.StateWaiting}))
	l.is(conversation.StateWaiting, "")
	same(t, "the place in the queue", l.c.Since, l.now)
}

func TestBlockedVisitorsAndAutomaticTextsReopenNothing(t *testing.T) {
	t.Parallel()
	l := closedBy(t, withBot)
	e := only[conversation.Said](l, l.do(vera, conversation.Say{Text: "out of office", Automatic: true}))
	same(t, "the message", e, conversation.Said{Text: "out of office", Automatic: true})
	l.is(conversation.StateClosed, "")
	l.do(host, conversation.Say{Text: "how did we do?"})
	l.is(conversation.StateClosed, "")

	l.do(ann, conversation.Block{})
	l.refused(vera, conversation.Say{Text: "hello?"}, conversation.ErrBlocked)
	l.refused(vera, conversation.Say{Text: "out of office", Automatic: true}, conversation.ErrBlocked)
	l.is(conversation.StateClosed, "")
	l.do(ann, conversation.Unblock{})
	l.say(vera)
	l.is(conversation.StateBot, "")
}

func TestReopeningIsRecordedAndFirstAndLastClosingTimesAreKept(t *testing.T) {
	t.Parallel()
	l := closedBy(t, noBot)
	first := l.now
	l.after(time.Hour).say(vera)
	same(t, "the last closing, while it is open", l.c.Closing.At, first)
	second := l.after(time.Hour).now
	l.do(ann, unresolved)
	same(t, "the first closing time", l.c.FirstClosedAt, first)
	same(t, "the last closing", decision(l), conversation.Closing{
		Number: 2, Outcome: closure.Unresolved, Cause: closure.Agent, By: ann, Agent: "ann", At: second,
	})
	same(t, "reopenings", count[conversation.Reopened](l), 1)
}

func TestWhatWasOpenAtTheClosingIsNotOpenAgain(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(vera)
	l.do(ann, unresolved)
	same(t, "since when it is unanswered", l.c.UnansweredSince, time.Time{})
	l.after(time.Hour).do(ann, conversation.Reopen{})
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerNobody)
	l.do(ann, unresolved)
	l.after(time.Hour).say(vera)
	same(t, "who must answer a new message", l.c.MustAnswer(), conversation.AnswerAgent)
	same(t, "since when", l.c.UnansweredSince, l.now)
}

func TestTheWindowIsThatOfTheLastClosing(t *testing.T) {
	t.Parallel()
	l := closedBy(t, noBot)
	l.after(20 * time.Hour).say(vera)
	l.do(ann, unresolved)
	l.after(20*time.Hour).do(ann, conversation.Reclassify{Outcome: closure.Resolved})
	l.after(4 * time.Hour).say(vera)
	l.is(conversation.StateAssigned, "ann")

	l.do(ann, unresolved)
	l.after(20*time.Hour).do(ann, conversation.Reclassify{Outcome: closure.Resolved})
	l.after(4*time.Hour+1*time.Microsecond).refused(vera, conversation.Say{}, conversation.ErrWindowOver)
}

func TestAnAgentReopensAtAnyTimeForThemselves(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{ann, bob, sue} {
		l := closedBy(t, withBot)
		l.after(90*24*time.Hour).do(by, conversation.Reopen{})
		l.is(conversation.StateAssigned, by.ID)
		l.next(idle.DefaultAfter)
	}
	l := closedBy(t, withBot)
	for _, by := range []conversation.Actor{vera, victor, robot, timer} {
		l.refused(by, conversation.Reopen{}, conversation.ErrForbidden)
	}
}

// A conversation never ends closed with a message that nobody knows of: in
// either order of a message and a closing, it is answered for or refused.
func TestAMessageAndAClosingInEitherOrder(t *testing.T) {
	t.Parallel()
	first := held(t, noBot)
	seen := first.c.Version
	first.say(vera)
	first.refusedAsOf(seen, ann, resolved, conversation.ErrStale)
	same(t, "who must answer", first.c.MustAnswer(), conversation.AnswerAgent)

	then := held(t, noBot)
	then.do(ann, resolved)
	then.say(vera)
	then.is(conversation.StateAssigned, "ann")
	same(t, "who must answer", then.c.MustAnswer(), conversation.AnswerAgent)
}
