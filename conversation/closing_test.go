package conversation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

// openStates tells a story up to each open state.
func openStates(t *testing.T) map[conversation.State]*life {
	t.Helper()
	all := map[conversation.State]*life{}
	for _, s := range []conversation.State{
		conversation.StateBot, conversation.StateWaiting, conversation.StateAssigned, conversation.StateSnoozed,
	} {
		l := opened(t, withBot)
		switch s {
		case conversation.StateWaiting:
			l.do(vera, conversation.RequestAgent{})
		case conversation.StateSnoozed:
			l.do(ann, conversation.Take{})
			l.do(ann, conversation.Snooze{Until: snooze.For(time.Hour)})
		case conversation.StateAssigned:
			l.do(ann, conversation.Take{})
		}
		all[s] = l
	}
	return all
}

func TestClosingIsLegalFromEveryOpenState(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{ann, sue, vera} {
		for s, l := range openStates(t) {
			e := only[conversation.Closed](l, l.do(by, unresolved))
			same(t, "the number of the closing", e.Number, 1)
			l.is(conversation.StateClosed, "")
			l.nothingNext()
			if l.c.Open() {
				t.Errorf("Open() = true after a closing from %s", s)
			}
		}
	}
	l := opened(t, withBot)
	l.do(robot, resolved)
	l.is(conversation.StateClosed, "")
}

func TestAnOutcomeIsAlwaysRequired(t *testing.T) {
	t.Parallel()
	l := held(t, withBot)
	for _, by := range []conversation.Actor{ann, sue} {
		for _, outcome := range []closure.Outcome{"", "Resolved", "not resolved"} {
			invalid := l.invalid(by, conversation.Close{Outcome: outcome}, "outcome")
			if !errors.Is(invalid, closure.ErrOutcome) {
				t.Errorf("close with outcome %q: %v, want %v", outcome, invalid, closure.ErrOutcome)
			}
		}
	}
	l.invalid(host, conversation.Close{Force: true}, "outcome")
	l.invalid(ann, conversation.Reclassify{}, "outcome")
	l.is(conversation.StateAssigned, "ann")
}

func TestAReasonIsOptionalAndForUnresolvedOnly(t *testing.T) {
	t.Parallel()
	for _, reason := range append(closure.Reasons(), "") {
		l := held(t, noBot)
		l.do(ann, conversation.Close{Outcome: closure.Unresolved, Reason: reason})
		same(t, "the reason", l.c.Closing.Reason, reason)
	}
	l := held(t, noBot)
	for _, c := range []conversation.Close{
		{Outcome: closure.Resolved, Reason: closure.ReasonOther},
		{Outcome: closure.Unresolved, Reason: "bored"},
	} {
		if invalid := l.invalid(ann, c, "outcome"); !errors.Is(invalid, closure.ErrReason) {
			t.Errorf("%+v: %v, want %v", c, invalid, closure.ErrReason)
		}
	}
}

func TestTheCauseIsRecordedApartFromTheOutcome(t *testing.T) {
	t.Parallel()
	tests := []struct {
		by   conversation.Actor
		give conversation.Close
		want closure.Cause
	}{
		{ann, resolved, closure.Agent},
		{ann, unresolved, closure.Agent},
		{ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam}, closure.Spam},
		{ann, conversation.Close{Outcome: closure.Resolved, Cause: closure.Merged}, closure.Merged},
		{sue, resolved, closure.Agent},
		{sue, conversation.Close{Outcome: closure.Resolved, Force: true}, closure.Forced},
		{vera, conversation.Close{}, closure.VisitorLeft},
		{host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.VisitorLeft}, closure.VisitorLeft},
		{host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.QueueTimeout}, closure.QueueTimeout},
		{host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam}, closure.Spam},
		{host, conversation.Close{Outcome: closure.Resolved, Cause: closure.Merged}, closure.Merged},
		{host, conversation.Close{Outcome: closure.Resolved, Force: true, Cause: closure.Forced}, closure.Forced},
	}
	for _, test := range tests {
		l := held(t, noBot)
		l.do(test.by, test.give)
		if l.c.Closing.Cause != test.want || l.c.Closing.By != test.by || l.c.Closing.Agent != "ann" {
			t.Errorf("%+v by %s: closing %+v, want cause %s", test.give, test.by, l.c.Closing, test.want)
		}
	}
	l := opened(t, withBot)
	l.do(robot, resolved)
	same(t, "the cause of the bot's closing", l.c.Closing.Cause, closure.Bot)
}

func TestNobodyNamesACauseThatIsNotTheirs(t *testing.T) {
	t.Parallel()
	theirs := map[conversation.ActorKind][]closure.Cause{
		conversation.KindVisitor:    {closure.VisitorLeft},
		conversation.KindAgent:      {closure.Agent, closure.Spam, closure.Merged},
		conversation.KindSupervisor: {closure.Agent, closure.Spam, closure.Merged},
		conversation.KindBot:        {closure.Bot},
		conversation.KindSystem:     {closure.VisitorLeft, closure.QueueTimeout, closure.Spam, closure.Merged},
	}
	for _, by := range []conversation.Actor{vera, ann, sue, robot, host} {
		for _, cause := range append(closure.Causes(), "boredom") {
			if !slices.Contains(theirs[by.Kind], cause) {
				opened(t, withBot).invalid(by, conversation.Close{Outcome: closure.Unresolved, Cause: cause}, "cause")
			}
		}
	}
}

func TestAVisitorWhoLeavesIsNotResolved(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.invalid(vera, resolved, "outcome")
	l.invalid(host, conversation.Close{Outcome: closure.Resolved, Cause: closure.VisitorLeft}, "outcome")
	l.do(vera, conversation.Close{})
	same(t, "the closing", decision(l), conversation.Closing{
		Number: 1, Outcome: closure.Unresolved, Reason: closure.ReasonVisitorLeft,
		Cause: closure.VisitorLeft, By: vera, Agent: "ann", At: start,
	})

	l = held(t, noBot)
	l.do(vera, conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonContactElsewhere})
	same(t, "the reason that the visitor gave", l.c.Closing.Reason, closure.ReasonContactElsewhere)
}

func TestReclassifyReplacesTheDecisionAndReopensNothing(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, unresolved)
	closed := *l.c.Closing
	e := l.after(48*time.Hour).do(bob, conversation.Reclassify{Outcome: closure.Resolved})
	same(t, "the event", e, []conversation.Event{conversation.Reclassified{
		Number: 1, Outcome: closure.Resolved, OldOutcome: closure.Unresolved,
	}})
	want := closed
	want.Outcome = closure.Resolved
	same(t, "the closing", *l.c.Closing, want)
	l.is(conversation.StateClosed, "")

	l.do(sue, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther})
	same(t, "the outcome", l.c.Closing.Outcome, closure.Unresolved)
	e = l.do(sue, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge})
	same(t, "the event of another reason", e, []conversation.Event{conversation.Reclassified{
		Number: 1, Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge,
		OldOutcome: closure.Unresolved, OldReason: closure.ReasonOther,
	}})
	same(t, "the reason", l.c.Closing.Reason, closure.ReasonMissingKnowledge)
	l.already(sue, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge})
	same(t, "the decisions in the journal", decisions(l), []closure.Outcome{
		closure.Unresolved, closure.Resolved, closure.Unresolved, closure.Unresolved,
	})
	same(t, "closings", count[conversation.Closed](l), 1)
	same(t, "reopenings", count[conversation.Reopened](l), 0)
}

// decision returns the last closing without what is only measured of it.
func decision(l *life) conversation.Closing {
	closing := *l.c.Closing
	closing.Grade, closing.Cycle = "", conversation.Cycle{}
	return closing
}

func decisions(l *life) []closure.Outcome {
	var all []closure.Outcome
	for _, r := range l.journal {
		switch e := r.Event.(type) {
		case conversation.Closed:
			all = append(all, e.Outcome)
		case conversation.Reclassified:
			all = append(all, e.Outcome)
		}
	}
	return all
}

func TestOnlyAClosedConversationIsReclassified(t *testing.T) {
	t.Parallel()
	for _, l := range openStates(t) {
		l.refused(ann, conversation.Reclassify{Outcome: closure.Resolved}, conversation.ErrNotPossible)
	}
	l := held(t, noBot)
	l.do(ann, unresolved)
	l.do(ann, conversation.Reopen{})
	l.refused(ann, conversation.Reclassify{Outcome: closure.Resolved}, conversation.ErrNotPossible)
}

func TestCloseOnWhatIsClosedSaysByWhomAndHow(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam})
	for _, c := range []conversation.Close{resolved, {Outcome: closure.Resolved, Force: true}} {
		refused := l.after(time.Hour).refused(sue, c, conversation.ErrAlreadyClosed)
		same(t, "the closing that the second closer is told of", refused.Closing, l.c.Closing)
		for _, word := range []string{"agent:ann", "unresolved", "spam"} {
			if !strings.Contains(refused.Error(), word) {
				t.Errorf("%q does not say %q", refused.Error(), word)
			}
		}
	}
	same(t, "closings", count[conversation.Closed](l), 1)
}

func TestOfTwoClosersAtOnceOneWins(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	seen := l.c.Version
	l.do(sue, resolved) // her commit came first: ann's is decided again
	refused := l.refusedAsOf(seen, ann, unresolved, conversation.ErrAlreadyClosed)
	same(t, "who won", refused.Closing.By, sue)
	same(t, "the outcome", l.c.Closing.Outcome, closure.Resolved)
	same(t, "closings", count[conversation.Closed](l), 1)
}

func TestACloseAsOfAVersionOlderThanTheVisitorsLatestMessageIsRefused(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{ann, sue, host} {
		l := held(t, noBot)
		seen := l.c.Version
		l.say(vera)
		message := l.c.Version
		l.do(ann, conversation.AddNote{Text: "…"})
		c := command("close", by)
		refused := l.refusedAsOf(seen, by, c, conversation.ErrStale)
		same(t, "the version that was missed", refused.Since, message)
		if _, err := l.tryAsOf(message, by, c); err != nil {
			t.Errorf("close by %s as of the message: %v", by, err)
		}
	}
}

func TestAForcedCloseIsNeverTooLate(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{sue, host} {
		l := held(t, noBot)
		l.say(vera)
		if _, err := l.tryAsOf(1, by, conversation.Close{Outcome: closure.Unresolved, Force: true}); err != nil {
			t.Errorf("forced close by %s: %v", by, err)
		}
		same(t, "the cause", l.c.Closing.Cause, closure.Forced)
	}
	l := held(t, noBot)
	for _, by := range []conversation.Actor{ann, vera, robot} {
		l.invalid(by, conversation.Close{Outcome: closure.Unresolved, Force: true}, "force")
	}
	l.invalid(sue, conversation.Close{Outcome: closure.Unresolved, Force: true, Cause: closure.Spam}, "cause")
}

func TestACloseWithoutAVersionOrAfterWhatIsNoMessageIsAccepted(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.say(vera)
	if _, err := l.tryAsOf(0, ann, unresolved); err != nil {
		t.Errorf("close without a version: %v", err)
	}
	l = held(t, noBot)
	seen := l.c.Version
	l.say(ann)
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	l.do(sue, conversation.Take{})
	if _, err := l.tryAsOf(seen, sue, unresolved); err != nil {
		t.Errorf("close as of %d: %v", seen, err)
	}
}

func TestLookingAtAClosedConversationChangesNothing(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, unresolved)
	before := l.c
	conversation.Allowed(l.c, ann, l.facts())
	l.c.MustAnswer()
	l.nothingNext()
	l.after(1000*time.Hour).already(timer, conversation.Expire{})
	same(t, "the conversation", l.c, before)
}
