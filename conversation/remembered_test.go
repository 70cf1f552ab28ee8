package conversation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

func TestTheKindsOfActors(t *testing.T) {
	t.Parallel()
	want := []conversation.ActorKind{"visitor", "agent", "supervisor", "bot", "system", "timer"}
	if diff := cmp.Diff(want, conversation.ActorKinds()); diff != "" {
		t.Errorf("ActorKinds() (-want +got):\n%s", diff)
	}
}

func TestAConversationRemembersHowItBegan(t *testing.T) {
	t.Parallel()
	l := tell(t, noBot)
	l.do(vera, conversation.Open{Group: "sales", Previous: "c0", PreviousAgent: "bob"})
	l.after(time.Hour).say(vera)
	same(t, "the conversation that it continues", l.c.Previous, "c0")
	same(t, "who had that one", l.c.PreviousAgent, "bob")
	same(t, "the group", l.c.Group, "sales")
	same(t, "when it was opened", l.c.OpenedAt, start)
}

// Nothing takes a moment, and nothing less than none, whatever the clock does.
func TestNoTimeIsSpentInNoTime(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{0, -time.Hour} {
		l := opened(t, withBot)
		l.after(step).do(vera, conversation.RequestAgent{})
		l.after(step).do(ann, conversation.Take{})
		l.after(step).say(ann)
		cycle := l.c.Cycle
		if spent := cycle.InBot + cycle.InWaiting + cycle.InAssigned; spent != 0 || !cycle.PersonWrote || cycle.FirstResponse != 0 {
			t.Errorf("steps of %v: %+v", step, cycle)
		}
	}
}

func TestWhenItFirstCameToPeopleStays(t *testing.T) {
	t.Parallel()
	l := opened(t, withBot)
	l.after(time.Minute).do(ann, conversation.Take{})
	l.after(time.Minute).do(ann, conversation.HandBack{}) // nobody wrote
	same(t, "given back without a word, when it came to people", l.c.Cycle.ToPeopleAt, time.Time{})
	l.after(time.Minute).do(ann, conversation.Take{})
	first := l.now
	l.after(time.Minute).say(ann)
	l.after(time.Minute).do(ann, conversation.HandBack{})
	l.after(time.Minute).do(bob, conversation.Take{})
	same(t, "when it came to people", l.c.Cycle.ToPeopleAt, first)
	same(t, "the first response", l.c.Cycle.FirstResponse, time.Minute)
}

// A ladder that was exchanged under way so that a closing comes next, goes back to the last follow-up before it.
func TestWhoWasNotToldIsToldByTheLastFollowUp(t *testing.T) {
	t.Parallel()
	wait := func(action idle.Action, text string) idle.Step {
		return idle.Step{After: time.Minute, Action: action, Text: text}
	}
	l := held(t, noBot)
	l.c.Silence.Step = 3
	l.policy.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
		wait(idle.FollowUp, "Are you there?"), wait(idle.FollowUp, "Are you still there?"), wait(idle.Prompt, "Wait."), wait(idle.Close, ""),
	}}
	next, ok := conversation.Next(l.c, l.policy)
	if !ok || next.Step != 1 || next.Action != idle.FollowUp {
		t.Errorf("Next() = %+v, %t, want the second follow-up", next, ok)
	}
}

func TestWhenAnAgentLeftIsStoredInUTC(t *testing.T) {
	t.Parallel()
	l := held(t, noBot)
	since := start.In(time.FixedZone("", 3600))
	e := only[conversation.AssigneeLeft](l, l.do(host, conversation.AssigneeGone{Agent: "ann", Since: since}))
	if e.Since != start {
		t.Errorf("since %v, want %v", e.Since, start)
	}
}

func TestWhatCannotBeStoredIsAnError(t *testing.T) {
	t.Parallel()
	r := conversation.Record{Seq: 7, At: start, By: host, Event: conversation.AssigneeLeft{Since: start.AddDate(10_000, 0, 0)}}
	body, err := conversation.EncodeRecord(r)
	if err == nil || body != nil || !strings.HasPrefix(err.Error(), "conversation: record 7: ") {
		t.Errorf("EncodeRecord = %s, %v", body, err)
	}
	r.Event = nil
	if body, err := r.MarshalJSON(); err == nil {
		t.Errorf("a record without an event is %s", body)
	}
}

func TestStoredRecordsThatAreDamagedSayWhere(t *testing.T) {
	t.Parallel()
	_, record := conversation.DecodeRecord([]byte(`{"v":1,"seq":7,"type":"said","data":[]}`))
	_, newer := conversation.DecodePolicies([]byte(`{"v":2,"data":{}}`))
	_, damaged := conversation.Decode([]byte(`{"v":1,"data":[]}`))
	_, cut := conversation.DecodePolicies([]byte(`{`))
	for want, err := range map[string]error{
		"conversation: stored record 7, said: ": record, "policies: ": newer,
		"conversation: stored conversation: ": damaged, "conversation: stored policies: ": cut,
	} {
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want an error that begins with %q", err, want)
		}
	}
	if !errors.Is(newer, conversation.ErrNewer) {
		t.Errorf("%v, want %q", newer, conversation.ErrNewer)
	}
}

func TestAnErasedRecordSaysSo(t *testing.T) {
	t.Parallel()
	r := conversation.Record{Seq: 1, At: start, By: vera, Event: conversation.Said{}, Erased: true}
	body, err := json.Marshal(r)
	if err != nil || !strings.Contains(string(body), `"erased":true`) {
		t.Errorf("Marshal = %s, %v", body, err)
	}
}
