package conversation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

// full adds notes until the history has room for no more.
func (l *life) full() *life {
	l.Helper()
	for l.c.Version < conversation.MaxHistory {
		l.c = conversation.Evolve(l.c, conversation.Record{Seq: l.c.Version + 1, At: l.now, By: ann, Event: conversation.NoteAdded{}})
	}
	return l
}

func TestAFullHistoryCanOnlyEnd(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(vera)
	l.full().c.Version--
	l.do(ann, conversation.AddNote{Text: "the last one"})
	same(t, "MaxHistory", l.c.Version, conversation.Version(20_000))
	for _, c := range []conversation.Command{
		conversation.AddNote{Text: "…"}, conversation.Say{}, conversation.Requeue{}, conversation.Snooze{Until: shortly},
		conversation.LinkArticle{Article: "kb-1"}, conversation.Transfer{Agent: "bob"},
	} {
		l.refused(ann, c, conversation.ErrHistoryFull)
	}
	l.refused(vera, conversation.Say{}, conversation.ErrHistoryFull)
	for _, c := range []conversation.Command{
		conversation.AssigneeGone{Agent: "ann", Since: l.now}, conversation.Requeue{},
	} {
		l.refused(host, c, conversation.ErrHistoryFull)
	}
	same(t, "what ann may do", conversation.Allowed(l.c, ann, l.facts()), []conversation.CommandName{
		conversation.NameClose, conversation.NameBlock,
	})
	same(t, "what vera may do", conversation.Allowed(l.c, vera, l.facts()), []conversation.CommandName{conversation.NameClose})

	l.after(time.Hour).do(ann, unresolved)
	for _, by := range []conversation.Actor{ann, sue, host} {
		l.refused(by, conversation.Reclassify{Outcome: closure.Resolved}, conversation.ErrHistoryFull)
	}
	l.already(ann, conversation.Reclassify{Outcome: closure.Unresolved})
	l.do(ann, conversation.Block{})
	l.refused(ann, conversation.Reopen{}, conversation.ErrHistoryFull)
	l.refused(ann, conversation.Unblock{}, conversation.ErrHistoryFull)
	if names := conversation.Allowed(l.c, sue, l.facts()); len(names) > 0 {
		t.Errorf("Allowed = %v, want nothing", names)
	}
}

func TestDeadlinesPassOverAFullHistory(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(informed))
	l.say(vera)
	l.full()
	for _, want := range []string{"prompted", "followed_up", "closed"} {
		same(t, "what happened", conversation.EventName(l.idle()[0]), want)
	}
	same(t, "the version", l.c.Version, conversation.Version(conversation.MaxHistory+3))

	l = held(t, noBot).full()
	l.refused(host, conversation.Requeue{}, conversation.ErrHistoryFull)
	l.do(host, conversation.Regroup{Group: "billing"})
	l.do(host, conversation.Requeue{Reason: conversation.WaitRemoved})
	same(t, "the state", l.c.State, conversation.StateWaiting)

	l = asleep(t, conversation.Snooze{Until: snooze.For(time.Hour)}).full()
	only[conversation.Woken](l, l.idle())
}

func TestAFullConversationReopensAsANewOne(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, unresolved)
	l.c.Version = conversation.MaxHistory
	l.refused(vera, conversation.Say{Text: "hello?"}, conversation.ErrWindowOver)
}

func TestNoMoreArticlesAreLinkedThanCanBe(t *testing.T) {
	t.Parallel()
	same(t, "MaxArticles", conversation.MaxArticles, 100)
	link := func(i int) conversation.LinkArticle {
		return conversation.LinkArticle{Article: fmt.Sprintf("kb-%d", i)}
	}
	l := held(t, noBot)
	for i := range conversation.MaxArticles {
		l.do(ann, link(i))
	}
	before := l.c
	for _, by := range []conversation.Actor{ann, bob, sue, robot, host} {
		refused := l.refused(by, link(conversation.MaxArticles), conversation.ErrTooManyArticles)
		if slices.Contains(refused.Allowed, conversation.NameLinkArticle) {
			t.Errorf("%v, although it allows that", refused)
		}
		l.already(by, link(7))
	}
	l.refused(vera, link(7), conversation.ErrForbidden)
	same(t, "the conversation", l.c, before)
	l.do(ann, unresolved)
	l.refused(ann, link(conversation.MaxArticles), conversation.ErrTooManyArticles)
}
