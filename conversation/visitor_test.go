package conversation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

func TestAnswersAreUnreadUntilTheReceipt(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.say(vera)
	l.say(robot)
	l.do(ann, conversation.Take{})
	l.say(ann)
	l.do(ann, conversation.AddNote{Text: "for us only"})
	l.say(host)
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	same(t, "what is unread", l.c.Unread, []conversation.Version{3, 5, 7})

	l.already(vera, conversation.MarkRead{UpTo: 2})
	l.do(vera, conversation.MarkRead{UpTo: 3})
	e := only[conversation.MarkedRead](l, l.do(vera, conversation.MarkRead{UpTo: 5}))
	same(t, "the receipt", e.UpTo, conversation.Version(5))
	same(t, "what is still unread", l.c.Unread, []conversation.Version{7})
	l.already(vera, conversation.MarkRead{UpTo: 5})

	l.do(host, conversation.MarkRead{})
	same(t, "what is unread after all was read", l.c.Unread, []conversation.Version(nil))
	l.already(vera, conversation.MarkRead{})
}

func TestAReceiptForTheFutureReadsWhatThereIs(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(ann)
	last := l.c.Version
	e := only[conversation.MarkedRead](l, l.do(vera, conversation.MarkRead{UpTo: 1_000_000}))
	same(t, "the receipt", e.UpTo, last)
	l.say(ann)
	same(t, "what is unread", len(l.c.Unread), 1)
}

func TestOnlyTheLastUnreadAnswersAreCounted(t *testing.T) {
	t.Parallel()
	const limit = 100
	same(t, "MaxUnread", conversation.MaxUnread, limit)
	l := held(t, onDesk(steps(time.Minute, idle.FollowUp)))
	for range limit {
		l.say(ann)
	}
	first := l.c.Unread[0]
	same(t, "the oldest of as many as there can be", first, conversation.Version(3))
	l.say(ann)
	l.idle() // a follow-up is one too
	same(t, "how many are unread", len(l.c.Unread), limit)
	same(t, "the oldest of more", l.c.Unread[0], first+2)
	same(t, "the last of more", l.c.Unread[limit-1], l.c.Version)
	l.already(vera, conversation.MarkRead{UpTo: first + 1})
	l.do(vera, conversation.MarkRead{UpTo: first + 2})
	same(t, "how many are still unread", len(l.c.Unread), limit-1)
}

func TestAnswersToAClosedConversationAreReadToo(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(ann)
	l.do(ann, resolved)
	l.do(vera, conversation.MarkRead{})
	same(t, "what is unread", len(l.c.Unread), 0)
	l.is(conversation.StateClosed, "")
}

func TestNothingABlockedVisitorWritesIsAccepted(t *testing.T) {
	t.Parallel()
	writes := []conversation.Command{
		conversation.Say{Text: "!"}, conversation.Say{Text: "!", Automatic: true},
		conversation.Typing{}, conversation.RequestAgent{},
	}
	for _, l := range openStates(t) {
		l.do(sue, conversation.Block{})
		l.already(ann, conversation.Block{})
		for _, c := range writes {
			l.refused(vera, c, conversation.ErrBlocked)
		}
		l.do(host, conversation.Say{Text: "you are blocked"})
		l.do(vera, conversation.MarkRead{}) // is no writing
		l.do(sue, conversation.Unblock{})
		l.already(ann, conversation.Unblock{})
		l.say(vera)
	}
}

func TestABlockOutlivesTheClosing(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	l.do(ann, conversation.Block{})
	l.do(ann, unresolved)
	l.refused(vera, conversation.Say{Text: "!"}, conversation.ErrBlocked)
	l.do(ann, conversation.Reopen{})
	l.refused(vera, conversation.Say{Text: "!"}, conversation.ErrBlocked)
}

func TestAnAutomaticTextAnswersNothing(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(vera)
	before := l.c
	l.after(time.Second).do(host, conversation.Say{Text: "we are busy"})
	l.do(ann, conversation.Say{Text: "on holiday", Automatic: true})
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerAgent)
	same(t, "the last message", l.c.LastMessageAt, before.LastMessageAt)
	same(t, "the silence", l.c.Silence, before.Silence)
	same(t, "what is unread", len(l.c.Unread), 2)
}

func TestWhatTheSystemSaysIsAlwaysAutomatic(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	e := only[conversation.Said](l, l.do(host, conversation.Say{Text: "we are busy"}))
	same(t, "the message", e, conversation.Said{Text: "we are busy", Automatic: true})
}

func TestANaggingVisitorDoesNotLoseThePlace(t *testing.T) {
	t.Parallel()
	l := opened(t, noBot)
	for range 5 {
		l.after(time.Minute).say(vera)
		l.already(vera, conversation.RequestAgent{})
	}
	same(t, "the place in the queue", l.c.Since, start)
	same(t, "since when it is unanswered", l.c.UnansweredSince, start.Add(time.Minute))
	l.do(sue, conversation.Transfer{Group: "billing"})
	same(t, "the place in the queue of another group", l.c.Since, start)
}

func TestAVisitorOpensOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	l := tell(t, noBot)
	l.invalid(victor, conversation.Open{Visitor: "vera"}, "visitor")
	e := only[conversation.Opened](l, l.do(vera, conversation.Open{Group: "billing", Previous: "c0"}))
	same(t, "the opening", e, conversation.Opened{
		Visitor: "vera", Group: "billing", Previous: "c0", To: conversation.StateWaiting,
	})
	l.refused(vera, conversation.Open{}, conversation.ErrExists)
	for _, c := range []conversation.Command{
		conversation.Say{}, conversation.Close{}, conversation.MarkRead{}, conversation.Typing{}, conversation.Open{},
	} {
		l.refused(victor, c, conversation.ErrForbidden)
	}
}

func TestAskingForAPersonPastTheBot(t *testing.T) {
	t.Parallel()
	l := tell(t, withBot)
	e := only[conversation.Opened](l, l.do(vera, conversation.Open{ForAgent: true}))
	same(t, "the opening", e, conversation.Opened{Visitor: "vera", To: conversation.StateWaiting, AgentRequested: true})
	l.is(conversation.StateWaiting, "")
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerQueue)

	l = opened(t, withBot)
	l.after(time.Minute).do(vera, conversation.RequestAgent{Group: "billing"})
	l.is(conversation.StateWaiting, "")
	same(t, "the group", l.c.Group, "billing")
	same(t, "since when it is unanswered", l.c.UnansweredSince, l.now)
}

// Who opens and asks for nobody waits, but for no answer.
func TestWhoOnlyOpensAsksForNobody(t *testing.T) {
	t.Parallel()
	l := tell(t, noBot)
	e := only[conversation.Opened](l, l.do(vera, conversation.Open{}))
	same(t, "the opening", e, conversation.Opened{Visitor: "vera", To: conversation.StateWaiting})
	l.do(ann, conversation.Take{})
	same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerNobody)
	same(t, "since when", l.c.UnansweredSince, time.Time{})
}

func TestAskingForAnotherGroupKeepsThePlace(t *testing.T) {
	t.Parallel()
	l := opened(t, noBot)
	l.already(vera, conversation.RequestAgent{})
	e := only[conversation.AgentRequested](l, l.after(time.Minute).do(vera, conversation.RequestAgent{Group: "billing"}))
	same(t, "the event", e, conversation.AgentRequested{Group: "billing"})
	l.is(conversation.StateWaiting, "")
	same(t, "the group", l.c.Group, "billing")
	same(t, "the place in the queue", l.c.Since, start)
	same(t, "the silence, anew", l.c.Silence, conversation.Silence{Since: l.now})
	same(t, "the handover, which it is none", l.c.LastHandover, conversation.Version(1))
	same(t, "since when it is unanswered", l.c.UnansweredSince, l.now)

	for _, group := range []string{"", "billing"} {
		l.after(time.Minute).already(vera, conversation.RequestAgent{Group: group})
	}
	l.do(sue, conversation.RequestAgent{Group: "sales"})
	same(t, "since when it is unanswered, asked again", l.c.UnansweredSince, start.Add(time.Minute))

	l.do(ann, conversation.Take{})
	for _, group := range []string{"", "sales", "billing"} {
		l.already(vera, conversation.RequestAgent{Group: group})
	}
	same(t, "the group of an agent's", l.c.Group, "sales")
}

// Both visitors asked for a person at the start, so both wait for an answer.
func TestWhoOpensForAPersonWaitsForAnAnswerLikeWhoAsksForOne(t *testing.T) {
	t.Parallel()
	for _, c := range [][]conversation.Command{
		{conversation.Open{ForAgent: true}},
		{conversation.Open{}, conversation.RequestAgent{}},
	} {
		l := tell(t, withBot)
		for _, c := range c {
			l.do(vera, c)
		}
		l.do(ann, conversation.Take{})
		same(t, "who must answer", l.c.MustAnswer(), conversation.AnswerAgent)
		same(t, "since when", l.c.UnansweredSince, start)
	}
}

func TestAVisitorSeesMessagesFollowUpsAndOffersOnly(t *testing.T) {
	t.Parallel()
	for _, e := range sampleEvents() {
		name := conversation.EventName(e)
		want := slices.Contains([]string{"said", "followed_up", "survey_offered"}, name)
		if got := conversation.VisibleToVisitor(e); got != want {
			t.Errorf("VisibleToVisitor(%s) = %t, want %t", name, got, want)
		}
	}
}
