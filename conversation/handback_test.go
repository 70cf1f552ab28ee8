package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

func TestOnlyTheAssignedAgentOrASupervisorHandsBack(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{ann, conversation.Supervisor("ann"), sue} {
		l := held(t, withBot)
		same(t, "the event", l.do(by, conversation.HandBack{}), []conversation.Event{conversation.HandedBack{Agent: "ann"}})
		l.is(conversation.StateBot, "")
	}
	l := held(t, withBot)
	refused := l.refused(bob, conversation.HandBack{}, conversation.ErrHeld)
	same(t, "the holder that bob is told of", refused.Holder, "ann")
	for _, by := range []conversation.Actor{vera, victor, robot, host, timer} {
		l.refused(by, conversation.HandBack{}, conversation.ErrForbidden)
	}
	l.is(conversation.StateAssigned, "ann")
}

func TestHandingBackAnswersNothingAlreadySaid(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	l.say(vera)
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerAgent)
	l.do(ann, conversation.HandBack{})
	same(t, "who must answer after the hand-back", l.c.MustAnswer(), conversation.AnswerNobody)
	l.nothingNext()

	l.after(time.Minute).say(vera)
	same(t, "who must answer the next message", l.c.MustAnswer(), conversation.AnswerBot)
	same(t, "since when it is unanswered", l.c.UnansweredSince, l.now)
	l.is(conversation.StateBot, "")
	l.say(robot)
	same(t, "who must answer after the bot did", l.c.MustAnswer(), conversation.AnswerNobody)
}

func TestTheVisitorSeesNothingOfAHandBack(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	unread := l.c.Unread
	e := only[conversation.HandedBack](l, l.do(ann, conversation.HandBack{}))
	if conversation.VisibleToVisitor(e) {
		t.Error("VisibleToVisitor(HandedBack) = true")
	}
	same(t, "what is unread", l.c.Unread, unread)
}

func TestAHandedBackConversationWaitsAgainOnlyWhenTheVisitorAsks(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.do(vera, conversation.RequestAgent{})
	l.after(time.Minute).do(ann, conversation.Take{})
	l.do(ann, conversation.HandBack{})
	for range 3 {
		l.after(time.Hour).say(vera)
		l.is(conversation.StateBot, "")
	}
	l.do(vera, conversation.RequestAgent{})
	l.is(conversation.StateWaiting, "")
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerQueue)
	same(t, "the place in the queue", l.c.Since, l.now)
}

func TestTheFormerAgentHasNoHoldOnIt(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	l.do(ann, conversation.HandBack{})
	l.refused(ann, conversation.Say{Text: "still here"}, conversation.ErrHeld)
	l.refused(ann, conversation.Snooze{}, conversation.ErrNotPossible)
	l.do(vera, conversation.RequestAgent{})
	l.refused(ann, conversation.Say{Text: "still here"}, conversation.ErrHeld)
	l.do(bob, conversation.Take{})
	l.refused(ann, conversation.Take{}, conversation.ErrHeld)
}

func TestAHandBackIsNoOutcome(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	l.do(ann, conversation.HandBack{})
	if l.c.Closing != nil || !l.c.FirstClosedAt.IsZero() || count[conversation.Closed](l) > 0 {
		t.Errorf("after a hand-back: closing %+v, first closed at %v", l.c.Closing, l.c.FirstClosedAt)
	}
	if !l.c.Open() {
		t.Error("Open() = false after a hand-back")
	}
}

func TestHandingBackWithoutABotIsATypedError(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	refused := l.refused(ann, conversation.HandBack{}, conversation.ErrNoBot)
	same(t, "the command", refused.Command, conversation.NameHandBack)
	for _, name := range refused.Allowed {
		if name == conversation.NameHandBack {
			t.Errorf("Allowed = %v, with the hand-back", refused.Allowed)
		}
	}
	l.is(conversation.StateAssigned, "ann")
}

func TestPendingHumanTimersEndWithAHandBack(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	l.next(idle.DefaultAfter)
	l.after(time.Minute).do(ann, conversation.HandBack{})
	l.nothingNext()
	l.after(time.Hour).already(timer, conversation.Expire{})
	same(t, "prompts", count[conversation.Prompted](l), 0)
}

func TestTheBotLearnsOfAHandBackOnce(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	l.do(ann, conversation.HandBack{})
	for _, by := range []conversation.Actor{ann, bob, sue} {
		l.already(by, conversation.HandBack{})
	}
	same(t, "hand-backs", count[conversation.HandedBack](l), 1)
}

func TestAStaleBotReplyOrBotCloseIsRefused(t *testing.T) {
	t.Parallel()
	commands := []conversation.Command{conversation.Say{Text: "42"}, unresolved}
	meanwhile := map[string]func(*life){
		"the visitor wrote": func(l *life) { l.say(vera) },
		"it was taken over and handed back": func(l *life) {
			l.do(ann, conversation.Take{})
			l.do(ann, conversation.HandBack{})
		},
		"it was closed and reopened": func(l *life) {
			l.do(ann, unresolved)
			l.do(host, conversation.Reopen{})
		},
	}
	for name, happen := range meanwhile {
		for _, c := range commands {
			l := opened(t, withBot)
			l.say(vera)
			seen := l.c.Version
			l.do(ann, conversation.AddNote{Text: "matters to nobody"})
			happen(l)
			refused := l.refusedAsOf(seen, robot, c, conversation.ErrStale)
			if refused.Since <= seen {
				t.Errorf("%s, %s: Since = %d, want later than %d", name, c.Name(), refused.Since, seen)
			}
			l.do(robot, c) // as of now
		}
	}
}

func TestWhatMattersToNoBotDoesNotMakeItStale(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.say(vera)
	seen := l.c.Version
	l.do(ann, conversation.AddNote{Text: "look here"})
	l.do(host, conversation.Regroup{Group: "billing"})
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	if _, err := l.tryAsOf(seen, robot, conversation.Say{Text: "42"}); err != nil {
		t.Errorf("say by the bot as of %d: %v", seen, err)
	}
	if _, err := l.tryAsOf(seen, robot, conversation.Say{Text: "and 43"}); err != nil {
		t.Errorf("second say by the bot as of %d: %v", seen, err)
	}
}

func TestABotMustNameTheVersionItAnswers(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	for _, c := range []conversation.Command{conversation.Say{}, conversation.Close{Outcome: closure.Resolved}} {
		_, err := l.tryAsOf(0, robot, c)
		same(t, "the error", err, error(&conversation.InvalidError{
			Field: "as of", Rule: "a bot must name the version it answers",
		}))
	}
}

func TestBotWorkFromBeforeATakeOverIsDropped(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.say(vera)
	seen := l.c.Version
	l.do(ann, conversation.Take{})
	refused := l.refusedAsOf(seen, robot, conversation.Say{Text: "42"}, conversation.ErrHeld)
	same(t, "the holder", refused.Holder, "ann")
	l.refusedAsOf(seen, robot, unresolved, conversation.ErrHeld)
}

func TestSayTellsWhoMustAnswerNow(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.say(vera)
	same(t, "with the bot", l.c.MustAnswer(), conversation.AnswerBot)
	l.do(vera, conversation.RequestAgent{})
	l.say(vera)
	same(t, "in the queue", l.c.MustAnswer(), conversation.AnswerQueue)
	l.do(ann, conversation.Take{})
	same(t, "with an agent who has not answered", l.c.MustAnswer(), conversation.AnswerAgent)
	l.say(ann)
	same(t, "with an agent who has", l.c.MustAnswer(), conversation.AnswerNobody)
	l.say(vera)
	l.do(ann, conversation.Snooze{Until: shortly})
	same(t, "asleep", l.c.MustAnswer(), conversation.AnswerNobody)
	l.say(vera)
	same(t, "woken", l.c.MustAnswer(), conversation.AnswerAgent)
	l.do(ann, unresolved)
	same(t, "closed", l.c.MustAnswer(), conversation.AnswerNobody)
	same(t, "closed, since when", l.c.UnansweredSince, time.Time{})
	l.say(vera)
	same(t, "reopened", l.c.MustAnswer(), conversation.AnswerBot)
}

// TestABotThatIsSwitchedOffKeepsNobodyWaiting: what the visitor says next goes to
// the queue, and waits for an answer there. An automatic text moves nothing.
func TestABotThatIsSwitchedOffKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.is(conversation.StateBot, "")
	l.policy = noBot
	l.do(vera, conversation.Say{Text: "I am away.", Automatic: true})
	l.is(conversation.StateBot, "")
	l.after(time.Minute).do(vera, conversation.Say{Text: "Hello?"})
	l.is(conversation.StateWaiting, "")
	same(t, "its place in the queue", l.c.Since, l.now)
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerQueue)
	same(t, "since when", l.c.UnansweredSince, l.now)
}
