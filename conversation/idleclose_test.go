package conversation_test

import (
	"errors"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

func TestClosingByIdlenessIsOptIn(t *testing.T) {
	t.Parallel()
	for _, l := range openStates(t) {
		for range 100 {
			at, ok := conversation.NextDue(l.c, l.policy)
			if !ok {
				break
			}
			l.now = at
			l.expire()
		}
		if !l.c.Open() {
			t.Errorf("with the default policy it was closed: %+v", l.c.Closing)
		}
		l.nothingNext()
	}
}

func TestClosingByIdlenessMustFollowAFollowUp(t *testing.T) {
	t.Parallel()
	for _, ladder := range []idle.Ladder{
		steps(time.Minute, idle.Close),
		steps(time.Minute, idle.Prompt, idle.Close),
		steps(time.Minute, idle.Close, idle.FollowUp),
	} {
		err := onDesk(ladder).Check()
		if invalid, ok := errors.AsType[*conversation.InvalidError](err); !ok || invalid.Field != "idle.assigned" {
			t.Errorf("Check(%v) = %v, want an InvalidError of idle.assigned", ladder.Steps, err)
		}
	}
	l := held(t, onDesk(informed))
	l.say(vera)
	for i, want := range []string{"prompted", "followed_up", "closed"} {
		if got := conversation.EventName(l.idle()[0]); got != want {
			t.Errorf("step %d = %s, want %s", i, got, want)
		}
	}
}

// The visitor must have been told, whatever the ladder was when they were not.
func TestAPolicyChangeMidLadderClosesNobodyWhoWasNotTold(t *testing.T) {
	t.Parallel()
	before := onDesk(steps(time.Minute, idle.Prompt, idle.Prompt, idle.Prompt, idle.FollowUp, idle.Close))
	after := map[string]idle.Ladder{
		"the next step closes":         steps(time.Hour, idle.FollowUp, idle.Prompt, idle.Close),
		"the one after it closes":      steps(time.Hour, idle.FollowUp, idle.Prompt, idle.Prompt, idle.Close),
		"only the last follow-up left": steps(time.Hour, idle.FollowUp, idle.FollowUp, idle.Close),
	}
	for name, ladder := range after {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := held(t, before)
			l.say(vera)
			l.idle()
			l.idle()
			l.policy = onDesk(ladder)
			l.next(time.Hour)
			told := 0
			for l.c.Open() {
				if _, ok := l.idle()[0].(conversation.FollowedUp); ok {
					told++
				}
			}
			same(t, "the cause", l.c.Closing.Cause, closure.Idle)
			if told == 0 {
				t.Error("the visitor was never told")
			}
			last := len(l.journal) - 1
			if wait := l.journal[last].At.Sub(l.journal[last-1].At); wait != time.Hour {
				t.Errorf("it was closed %v after the step before, want an hour", wait)
			}
		})
	}
}

// What the visitor was told before they got an answer is no warning that this
// silence will end it.
func TestAFollowUpOfAnEarlierSilenceDoesNotCount(t *testing.T) {
	t.Parallel()
	again := map[string]func(*life){
		"the agent wrote":    func(l *life) { l.say(ann) },
		"it was transferred": func(l *life) { l.do(ann, conversation.Transfer{Agent: "bob"}) },
		"it was reopened":    func(l *life) { l.idle(); l.do(ann, conversation.Reopen{}) },
	}
	for name, restart := range again {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := held(t, onDesk(steps(time.Minute, idle.Prompt, idle.FollowUp, idle.Close)))
			l.say(vera)
			l.idle()
			l.idle()
			restart(l)
			l.idle() // the prompt of a new silence
			l.policy = onDesk(steps(time.Minute, idle.FollowUp, idle.Close))
			only[conversation.FollowedUp](l, l.idle())
		})
	}
}

// What is no message does not take back that the visitor was told.
func TestWhoWasToldInThisSilenceStaysTold(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(steps(time.Minute, idle.FollowUp, idle.Prompt, idle.FollowUp, idle.Prompt, idle.Prompt)))
	l.say(vera)
	same(t, "the silence at first", l.c.Silence, conversation.Silence{Since: l.now})
	l.idle()
	same(t, "the silence after a follow-up", l.c.Silence, conversation.Silence{Step: 1, Since: l.now, Informed: true})
	l.idle()
	same(t, "the silence after a prompt", l.c.Silence, conversation.Silence{Step: 2, Since: l.now, Informed: true})
	l.after(30*time.Second).do(vera, conversation.Typing{})
	same(t, "the silence after typing", l.c.Silence, conversation.Silence{Step: 2, Since: l.now, Informed: true})
	l.do(vera, conversation.Say{Text: "out of office", Automatic: true})
	l.do(sue, conversation.AddNote{Text: "…"})
	l.policy = onDesk(steps(time.Minute, idle.FollowUp, idle.Prompt, idle.Close))
	only[conversation.Closed](l, l.idle())
	same(t, "the silence of what is closed", l.c.Silence, conversation.Silence{})
}

func TestAnIdleClosingIsUnresolvedUnlessTheStepSaysOtherwise(t *testing.T) {
	t.Parallel()
	ladder := steps(time.Minute, idle.FollowUp, idle.Close)
	for _, outcome := range []closure.Outcome{"", closure.Unresolved, closure.Resolved} {
		ladder.Steps[1].Outcome = string(outcome)
		l := held(t, onDesk(ladder))
		l.idle()
		l.idle()
		want := outcome
		if outcome == "" {
			want = closure.Unresolved
		}
		same(t, "the closing", decision(l), conversation.Closing{
			Number: 1, Outcome: want, Cause: closure.Idle, By: timer, Agent: "ann", At: start.Add(2 * time.Minute),
		})
	}
}

func TestAVisitorsMessageBetweenSelectionAndCloseWins(t *testing.T) {
	t.Parallel()
	l := held(t, onDesk(informed))
	l.say(vera)
	l.idle()
	l.idle()
	l.after(time.Minute) // the close is selected here
	l.say(vera)
	l.already(timer, conversation.Expire{})
	l.is(conversation.StateAssigned, "ann")
	l.next(time.Minute)
	only[conversation.Prompted](l, l.idle())
}

func TestWaitingVisitorsAreNotClosedAsIdleUnlessTheHostSaysSo(t *testing.T) {
	t.Parallel()
	l := opened(t, noBot)
	l.say(vera)
	l.after(1000 * time.Hour).nothingNext()

	l = opened(t, conversation.Policy{Idle: conversation.Idle{Waiting: steps(time.Minute, idle.FollowUp, idle.Close)}})
	l.say(vera)
	l.idle()
	l.idle()
	same(t, "the cause, which is its own", l.c.Closing.Cause, closure.QueueTimeout)
	same(t, "who held it", l.c.Closing.Agent, "")
}

func TestTheIdleClosingOfTheBotIsIdle(t *testing.T) {
	t.Parallel()
	l := opened(t, conversation.Policy{Bot: true, Idle: conversation.Idle{Bot: steps(time.Minute, idle.FollowUp, idle.Close)}})
	l.idle()
	l.idle()
	same(t, "the cause", l.c.Closing.Cause, closure.Idle)
}

func TestAPolicyThatCouldNotRunIsRefused(t *testing.T) {
	t.Parallel()
	long := steps(time.Minute, idle.FollowUp)
	long.Steps[0].Text = string(make([]byte, idle.MaxText+1))
	odd := steps(time.Minute, idle.FollowUp)
	odd.Steps[0].Text = "a\x00b"
	cr := steps(time.Minute, idle.Prompt)
	cr.Steps[0].Phrase = "a\rb"
	outcome := steps(time.Minute, idle.FollowUp, idle.Close)
	outcome.Steps[1].Outcome = "happy"
	tests := []struct {
		name   string
		policy conversation.Policy
		field  string
	}{
		{"a prompt without an agent", conversation.Policy{Idle: conversation.Idle{Bot: steps(1e9, idle.Prompt)}}, "idle.bot"},
		{"hand-back from the bot", conversation.Policy{Bot: true, Idle: conversation.Idle{Bot: steps(1e9, idle.HandBack)}}, "idle.bot"},
		{"requeue from the queue", conversation.Policy{Idle: conversation.Idle{Waiting: steps(1e9, idle.Requeue)}}, "idle.waiting"},
		{"hand-back without a bot", conversation.Policy{Idle: conversation.Idle{Waiting: steps(1e9, idle.HandBack)}}, "idle.waiting"},
		{"hand-back of an agent without a bot", conversation.Policy{Idle: conversation.Idle{Assigned: steps(1e9, idle.HandBack)}}, "idle.assigned"},
		{"a step after a close", onDesk(steps(1e9, idle.FollowUp, idle.Close, idle.Prompt)), "idle.assigned"},
		{"no wait", onDesk(steps(0, idle.Prompt)), "idle.assigned"},
		{"a wait over the horizon", onDesk(steps(idle.MaxWait+time.Microsecond, idle.Prompt)), "idle.assigned"},
		{"less than a microsecond", onDesk(steps(1500*time.Nanosecond, idle.Prompt)), "idle.assigned"},
		{"a text too long", onDesk(long), "idle.assigned"},
		{"a text with NUL", onDesk(odd), "idle.assigned"},
		{"a phrase with a control character", onDesk(cr), "idle.assigned"},
		{"an unknown outcome", onDesk(outcome), "idle.assigned"},
		{"off, with steps", onDesk(idle.Ladder{Off: true, Steps: informed.Steps}), "idle.assigned"},
		{"an unknown speaker", onDesk(idle.Ladder{LastSpeaker: "cat", Steps: informed.Steps}), "idle.assigned"},
		{"a speaker and no steps", onDesk(idle.Ladder{LastSpeaker: idle.Visitor}), "idle.assigned"},
		{"off for a speaker", onDesk(idle.Ladder{Off: true, LastSpeaker: idle.Responder}), "idle.assigned"},
		{"a window over the horizon", conversation.Policy{ReopenWindow: idle.MaxWait + 1}, "reopen_window"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.policy.Check()
			invalid, ok := errors.AsType[*conversation.InvalidError](err)
			if !ok || invalid.Field != test.field {
				t.Errorf("Check() = %v, want an InvalidError of field %q", err, test.field)
			}
			all := conversation.Policies{Groups: map[string]conversation.Policy{"g": test.policy}}
			if err := all.Check(); !errors.Is(err, conversation.ErrInvalid) {
				t.Errorf("Policies.Check() = %v, want %v", err, conversation.ErrInvalid)
			}
		})
	}
}

func TestAGroupOfPoliciesIsAnID(t *testing.T) {
	t.Parallel()
	err := conversation.Policies{Groups: map[string]conversation.Policy{"billing": {}, "no group": {}}}.Check()
	if invalid, ok := errors.AsType[*conversation.InvalidError](err); !ok || invalid.Field != "group" {
		t.Errorf("Check() = %v, want an InvalidError of field group", err)
	}
	if err := (conversation.Policies{Default: withBot, Groups: map[string]conversation.Policy{"billing": {}}}).Check(); err != nil {
		t.Errorf("Check() = %v", err)
	}
}

// Two ladders that pass a conversation to and fro would fill its history by
// themselves.
func TestLaddersThatNeverEndAreRefused(t *testing.T) {
	t.Parallel()
	back, forth := steps(1e9, idle.FollowUp, idle.HandBack), steps(1e9, idle.FollowUp, idle.Requeue)
	p := conversation.Policy{Bot: true, Idle: conversation.Idle{Bot: forth, Waiting: back}}
	for name, err := range map[string]error{
		"Policy.Check":                p.Check(),
		"Policies.Check, the default": conversation.Policies{Default: p}.Check(),
		"Policies.Check, a group":     conversation.Policies{Groups: map[string]conversation.Policy{"g": p}}.Check(),
	} {
		if invalid, ok := errors.AsType[*conversation.InvalidError](err); !ok || invalid.Field != "idle.waiting" {
			t.Errorf("%s = %v, want an InvalidError of idle.waiting", name, err)
		}
	}
	for _, i := range []conversation.Idle{
		{Bot: forth}, {Waiting: back}, {Bot: forth, Assigned: back}, {Waiting: back, Assigned: forth},
		{Bot: steps(1e9, idle.FollowUp, idle.Close), Waiting: back}, {Bot: forth, Waiting: steps(1e9, idle.FollowUp, idle.Close)},
	} {
		l := opened(t, conversation.Policy{Bot: true, Idle: i}) // accepted, and it ends
		for range 100 {
			if at, ok := conversation.NextDue(l.c, l.policy); ok {
				l.now = at
				l.expire()
			}
		}
		l.nothingNext()
	}
}
