package conversation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

func TestARefusalSaysInWordsWhatItKnows(t *testing.T) {
	t.Parallel()
	close := func(why error) conversation.RefusedError {
		return conversation.RefusedError{
			Command: conversation.NameClose, State: conversation.StateAssigned, By: ann, Why: why,
			Allowed: []conversation.CommandName{conversation.NameSay, conversation.NameAddNote},
		}
	}
	plain, none, held, closed := close(conversation.ErrForbidden), close(conversation.ErrNotFound), close(conversation.ErrHeld), close(conversation.ErrAlreadyClosed)
	incomplete, discourteous, stale := close(conversation.ErrFormIncomplete), close(conversation.ErrDiscourteous), close(conversation.ErrStale)
	none.State, none.Allowed = conversation.StateNone, nil
	held.Holder = "bob"
	closed.Closing = &conversation.Closing{By: sue, Outcome: closure.Resolved, Cause: closure.Agent}
	incomplete.Missing = []closure.Field{closure.FieldNotes, closure.FieldTags}
	discourteous.Advice = &closure.Advice{Grade: closure.Abrupt, Next: closure.StepCheckIn}
	stale.Since = 1
	const begin, end = "conversation: close by agent:ann refused in state assigned: ", "; allowed: [say add_note]"
	for _, test := range []struct {
		refused conversation.RefusedError
		want    string
	}{
		{plain, begin + "not allowed for this actor" + end},
		{none, "conversation: close by agent:ann refused in state none: no such conversation; allowed: []"},
		{held, begin + "held by somebody else (agent bob)" + end},
		{closed, begin + "already closed (by supervisor:sue as resolved, cause agent)" + end},
		{incomplete, begin + "required fields are empty [notes tags]" + end},
		{discourteous, begin + "the visitor should have the last word (it would be abrupt; first: check_in)" + end},
		{stale, begin + "decided on an old version (version 1 came later)" + end},
	} {
		if diff := cmp.Diff(test.want, test.refused.Error()); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.refused.Why, diff)
		}
	}
}

// A ticket that is given twice is one ticket: the same tickets again are no new decision.
func TestTheSameTicketsAreTheSameDecision(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	l.do(ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tickets: []string{"7", "8", "7"}}})
	for _, same := range [][]string{{"7", "8"}, {"7", "8", "8", "7"}} {
		l.already(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tickets: same}})
	}
	l.do(ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tickets: []string{"8", "7"}}})
}
