package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// withHand are the commands that a person may give who has the conversation.
var withHand = []conversation.Command{
	conversation.Say{}, conversation.Say{Automatic: true}, conversation.Take{}, conversation.HandBack{},
	conversation.Transfer{Agent: "bob"}, conversation.Transfer{Group: "billing"}, conversation.Requeue{},
	conversation.Snooze{Until: shortly}, conversation.Wake{}, resolved,
}

// never are those that no agent may ever give, whoever has it; the first two a
// supervisor may.
var never = []conversation.Command{
	conversation.Assign{Agent: "ann"}, conversation.Regroup{Group: "billing"},
	conversation.AssigneeGone{Agent: "ann", Since: start}, conversation.AssigneeBack{Agent: "ann"},
	conversation.NotifyByEmail{}, conversation.Typing{},
	conversation.MarkRead{}, conversation.Expire{},
}

func TestHeldMeansThatItWouldBeGrantedWithTheConversationInHand(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	for _, c := range withHand {
		same(t, "the holder", l.refused(bob, c, conversation.ErrHeld).Holder, "ann")
	}
	for _, c := range never {
		l.refused(bob, c, conversation.ErrForbidden)
		l.refused(ann, c, conversation.ErrForbidden)
	}
	for _, by := range []conversation.Actor{vera, victor, host, timer} {
		for _, c := range []conversation.Command{conversation.Take{}, conversation.HandBack{}, conversation.Snooze{Until: shortly}} {
			l.refused(by, c, conversation.ErrForbidden)
		}
	}
}

func TestASupervisorIsToldThatItIsHeldToo(t *testing.T) {
	t.Parallel()
	for _, snoozed := range []bool{false, true} {
		l := held(t, withBot)
		if snoozed {
			l.do(ann, conversation.Snooze{Until: shortly})
		}
		for _, c := range []conversation.Command{
			conversation.Say{}, conversation.Say{Automatic: true}, conversation.Snooze{Until: shortly},
		} {
			refused := l.refused(sue, c, conversation.ErrHeld)
			same(t, "the holder", refused.Holder, "ann")
		}
		for _, c := range never[2:] {
			l.refused(sue, c, conversation.ErrForbidden)
		}
	}
	l := held(t, withBot) // whose it is may
	l.do(conversation.Supervisor("ann"), conversation.Say{})
	l.do(conversation.Supervisor("ann"), conversation.Snooze{Until: shortly})
}

func TestWhatTheBotOrTheQueueHasIsHeldByNoAgent(t *testing.T) {
	t.Parallel()
	for state, l := range openStates(t) {
		if state != conversation.StateBot && state != conversation.StateWaiting {
			continue
		}
		for _, by := range []conversation.Actor{ann, sue} {
			refused := l.refused(by, conversation.Say{Text: "hello"}, conversation.ErrHeld)
			same(t, "the holder", refused.Holder, "")
			for _, c := range never[2:] {
				l.refused(by, c, conversation.ErrForbidden)
			}
		}
		for _, c := range never[:2] {
			l.refused(ann, c, conversation.ErrForbidden)
		}
	}
	l := opened(t, noBot)
	for _, c := range []conversation.Command{conversation.Transfer{Agent: "bob"}, conversation.Transfer{Group: "billing"}} {
		same(t, "the holder", l.refused(ann, c, conversation.ErrHeld).Holder, "")
	}
}

func TestABotIsToldThatSomebodyElseHasItWhereItCouldItself(t *testing.T) {
	t.Parallel()
	for state, l := range openStates(t) {
		if state == conversation.StateBot {
			continue
		}
		for _, c := range []conversation.Command{conversation.Say{}, resolved} {
			same(t, "the holder", l.refused(robot, c, conversation.ErrHeld).Holder, l.c.Agent)
		}
		for _, c := range []conversation.Command{conversation.Block{}, conversation.NotifyByEmail{}, conversation.Typing{}, conversation.Expire{}} {
			l.refused(robot, c, conversation.ErrForbidden)
		}
	}
	l := held(t, withBot)
	l.do(ann, conversation.Snooze{Until: shortly})
	l.refused(robot, conversation.RequestAgent{}, conversation.ErrHeld)
	l.refused(bob, conversation.RequestAgent{}, conversation.ErrForbidden) // nor could ann
	l.refused(ann, conversation.RequestAgent{}, conversation.ErrForbidden)

	l = opened(t, withBot)
	for _, c := range []conversation.Command{conversation.Take{}, conversation.HandBack{}, conversation.Block{}} {
		l.refused(robot, c, conversation.ErrForbidden)
	}
}

func TestNobodyHoldsWhatIsClosed(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, unresolved)
	l.after(time.Hour)
	for _, by := range []conversation.Actor{ann, bob, sue, robot} {
		l.refused(by, conversation.Say{}, conversation.ErrForbidden)
	}
	l.refused(robot, conversation.Reclassify{Outcome: closure.Resolved}, conversation.ErrForbidden)
}
