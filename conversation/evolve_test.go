package conversation_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// eventful tells a story in which nearly everything happens.
func eventful(t testing.TB) *life {
	t.Helper()
	l := opened(t, withBot)
	l.say(vera)
	l.say(robot)
	l.do(vera, conversation.RequestAgent{Group: "billing"})
	l.after(time.Minute).do(ann, conversation.Take{})
	l.say(ann)
	l.do(host, conversation.AssigneeGone{Agent: "ann", Since: l.now})
	l.do(host, conversation.AssigneeBack{Agent: "ann"})
	l.do(vera, conversation.MarkRead{})
	l.idle()
	l.do(ann, conversation.LinkArticle{Article: "kb-1"})
	l.do(ann, conversation.Snooze{Until: snooze.For(time.Hour), OnReply: snooze.StayAsleep})
	l.say(vera)
	l.idle()
	l.do(ann, conversation.AddNote{Text: "paid twice"})
	l.do(ann, unresolved)
	l.do(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &filledLater})
	l.do(ann, conversation.OfferSurvey{})
	l.say(vera)
	l.do(sue, conversation.Take{})
	l.do(sue, conversation.Say{Text: "Anything else?", Marks: []closure.Mark{closure.CheckIn}})
	l.do(sue, unresolved)
	l.do(host, conversation.OfferSurvey{})
	l.do(sue, conversation.Reopen{})
	l.do(vera, conversation.AnswerSurvey{Number: 1, Rating: 4})
	l.do(vera, conversation.AnswerSurvey{Rating: 5})
	l.do(sue, conversation.Transfer{Agent: "bob"})
	l.do(host, conversation.Regroup{Group: "support"})
	l.do(host, conversation.Requeue{Reason: conversation.WaitLoggedOut})
	l.do(host, conversation.Assign{Agent: "ann"})
	l.do(ann, conversation.Block{})
	l.do(ann, conversation.HandBack{})
	return l
}

var filledLater = closure.Form{Sentiment: closure.Neutral, Tickets: []string{"T-1"}}

func TestTheJournalAmountsToTheConversation(t *testing.T) {
	t.Parallel()
	l := eventful(t)
	again := conversation.Conversation{Workspace: "acme", ID: "c1"}
	for i, r := range l.journal {
		same(t, "the sequence number", r.Seq, conversation.Version(i+1))
		stored, err := conversation.DecodeRecord(encode(t, r))
		if err != nil {
			t.Fatal(err)
		}
		again = conversation.Evolve(again, stored)
	}
	same(t, "what the stored journal amounts to", again, l.c)
}

func TestEvolveChangesNeitherItsArgumentNorWhatItReturned(t *testing.T) {
	t.Parallel()
	l := eventful(t)
	c := conversation.Conversation{Workspace: "acme", ID: "c1"}
	var states []conversation.Conversation
	var bodies []string
	for _, r := range l.journal {
		c = conversation.Evolve(c, r)
		body, err := conversation.Encode(c)
		if err != nil {
			t.Fatal(err)
		}
		states, bodies = append(states, c), append(bodies, string(body))
	}
	for i, s := range states {
		body, err := conversation.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "an earlier conversation", string(body), bodies[i])
	}
}

func TestTwoFuturesOfAConversationShareNothing(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	for _, article := range []string{"a", "b", "c", "d", "e"} {
		next := l.c.Version + 1
		for _, other := range []conversation.Version{next, next + 1000} {
			said := conversation.Evolve(l.c, conversation.Record{Seq: other, By: ann, Event: conversation.Said{}})
			linked := conversation.Evolve(l.c, conversation.Record{Seq: other, By: ann, Event: conversation.ArticleLinked{Article: article}})
			conversation.Evolve(l.c, conversation.Record{Seq: 9, By: ann, Event: conversation.Said{}})
			conversation.Evolve(l.c, conversation.Record{Seq: 9, By: ann, Event: conversation.ArticleLinked{Article: "x"}})
			same(t, "what is unread in one future", said.Unread[len(said.Unread)-1], other)
			same(t, "what is linked in one future", linked.Articles[len(linked.Articles)-1], article)
		}
		l.say(ann)
		l.do(ann, conversation.LinkArticle{Article: article})
	}
}

// It may have been closed by an event of a later version of the library, which
// left no decision that could be replaced.
func TestDecidingOnWhatWasNeverClosedOnlyCounts(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	want := l.c
	r := conversation.Record{Seq: 3, At: start.Add(time.Hour), By: ann, Event: conversation.Reclassified{
		Number: 1, Outcome: closure.Resolved, OldOutcome: closure.Unresolved,
	}}
	want.Version, want.UpdatedAt = r.Seq, r.At
	same(t, "the conversation", conversation.Evolve(l.c, r), want)
}

func TestTheOrderOfTheJournalOutlivesAClockThatStepsBack(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.after(time.Hour).say(vera)
	l.after(-10 * time.Minute).say(ann)
	last := l.journal[len(l.journal)-1]
	same(t, "the time of the record", last.At, start.Add(time.Hour))
	same(t, "what the clock said", last.Clock, start.Add(50*time.Minute))
	same(t, "the last message", l.c.LastMessageAt, l.now)
	l.next(idle.DefaultAfter) // from what the clock says
	l.after(20 * time.Minute).say(vera)
	same(t, "what the clock said, when it had caught up", l.journal[len(l.journal)-1].Clock, time.Time{})
}

// TestEvolveIsTotal: whatever follows whatever, in an order that no decision
// would give, Evolve and NextDue take it.
func TestEvolveIsTotal(t *testing.T) {
	t.Parallel()
	for _, to := range conversation.States() {
		for _, first := range sampleEvents() {
			for _, second := range sampleEvents() {
				why := crash(func() {
					c, _ := conversation.Append(conversation.Conversation{}, vera, start,
						[]conversation.Event{conversation.Opened{To: to}, first, second, conversation.Said{}})
					conversation.NextDue(c, noBot)
				})
				if why != nil {
					t.Fatalf("%s, then %s and %s: %v", to, conversation.EventName(first), conversation.EventName(second), why)
				}
			}
		}
	}
}
