package conversation_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// start is a Monday morning. Every story begins there.
var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// The people of every story: vera's conversation, which ann gets first.
var (
	vera   = conversation.Visitor("vera")
	victor = conversation.Visitor("victor")
	ann    = conversation.Agent("ann")
	bob    = conversation.Agent("bob")
	sue    = conversation.Supervisor("sue")
	robot  = conversation.Bot("")
	host   = conversation.System("")
	timer  = conversation.Timer()
)

var (
	noBot   = conversation.Policy{}
	withBot = conversation.Policy{Bot: true}

	resolved   = conversation.Close{Outcome: closure.Resolved}
	unresolved = conversation.Close{Outcome: closure.Unresolved}
)

// A life is the story of one conversation. What is done is decided, recorded and
// evolved at the present time of the story, which only [life.after] moves.
type life struct {
	testing.TB
	now     time.Time
	policy  conversation.Policy
	agent   conversation.Readiness // of the agent on whom the decision depends
	left    bool                   // the visitor has left the site, and an e-mail address
	c       conversation.Conversation
	journal []conversation.Record
}

// tell begins a story in which nothing has happened yet.
func tell(t testing.TB, p conversation.Policy) *life {
	t.Helper()
	if err := p.Check(); err != nil {
		t.Fatalf("the policy of the story: %v", err)
	}
	return &life{TB: t, now: start, policy: p, c: conversation.Conversation{Workspace: "acme", ID: "c1"}}
}

// opened begins a story in which vera has opened a conversation.
func opened(t testing.TB, p conversation.Policy) *life {
	t.Helper()
	l := tell(t, p)
	l.do(vera, conversation.Open{})
	return l
}

// held begins a story in which ann has taken vera's conversation.
func held(t testing.TB, p conversation.Policy) *life {
	t.Helper()
	l := opened(t, p)
	l.do(ann, conversation.Take{})
	return l
}

func (l *life) facts() conversation.Facts {
	return conversation.Facts{Now: l.now, Policy: l.policy, Agent: l.agent, AwayWithEmail: l.left}
}

// after lets time pass.
func (l *life) after(d time.Duration) *life {
	l.now = l.now.Add(d)
	return l
}

// try gives a command as of the present version, and applies what it causes.
func (l *life) try(by conversation.Actor, c conversation.Command) ([]conversation.Event, error) {
	l.Helper()
	return l.tryAsOf(l.c.Version, by, c)
}

func (l *life) tryAsOf(v conversation.Version, by conversation.Actor, c conversation.Command) ([]conversation.Event, error) {
	l.Helper()
	events, err := conversation.Decide(l.c, conversation.Request{By: by, Command: c, AsOf: v}, l.facts())
	if err != nil && len(events) > 0 {
		l.Fatalf("%s by %s: refused with %v, but with events %v", c.Name(), by, err, events)
	}
	after, records := conversation.Append(l.c, by, l.now, events)
	l.c, l.journal = after, append(l.journal, records...)
	return events, err
}

// do gives a command that must be accepted and cause something.
func (l *life) do(by conversation.Actor, c conversation.Command) []conversation.Event {
	l.Helper()
	events, err := l.try(by, c)
	if err != nil {
		l.Fatalf("%s by %s in %q: %v", c.Name(), by, l.c.State, err)
	}
	if len(events) == 0 {
		l.Fatalf("%s by %s in %q: no event", c.Name(), by, l.c.State)
	}
	return events
}

func (l *life) say(by conversation.Actor) []conversation.Event {
	l.Helper()
	return l.do(by, conversation.Say{Text: "…"})
}

// expire lets the deadline act that has passed.
func (l *life) expire() []conversation.Event {
	l.Helper()
	return l.do(timer, conversation.Expire{})
}

// idle lets time pass until what is due next, and lets it act.
func (l *life) idle() []conversation.Event {
	l.Helper()
	at, ok := conversation.NextDue(l.c, l.policy)
	if !ok {
		l.Fatalf("NextDue in %q: nothing is due", l.c.State)
	}
	l.now = at
	return l.expire()
}

// already gives a command that must be accepted without an event.
func (l *life) already(by conversation.Actor, c conversation.Command) {
	l.Helper()
	before := l.c
	events, err := l.try(by, c)
	if err != nil || len(events) > 0 {
		l.Errorf("%s by %s in %q = %v, %v, want nothing to happen", c.Name(), by, before.State, events, err)
	}
}

// refused gives a command that must be refused for the reason why.
func (l *life) refused(by conversation.Actor, c conversation.Command, why error) *conversation.RefusedError {
	l.Helper()
	return l.refusedAsOf(l.c.Version, by, c, why)
}

func (l *life) refusedAsOf(v conversation.Version, by conversation.Actor, c conversation.Command, why error) *conversation.RefusedError {
	l.Helper()
	before := l.c
	_, err := l.tryAsOf(v, by, c)
	refused, ok := errors.AsType[*conversation.RefusedError](err)
	if !ok || !errors.Is(err, why) {
		l.Fatalf("%s by %s in %q: error %v, want %v", c.Name(), by, before.State, err, why)
	}
	return refused
}

// invalid gives a command that must be refused because of a field.
func (l *life) invalid(by conversation.Actor, c conversation.Command, field string) *conversation.InvalidError {
	l.Helper()
	_, err := l.try(by, c)
	invalid, ok := errors.AsType[*conversation.InvalidError](err)
	if !ok || !errors.Is(err, conversation.ErrInvalid) || invalid.Field != field {
		l.Fatalf("%s by %s: error %v, want an InvalidError of field %q", c.Name(), by, err, field)
	}
	return invalid
}

// is checks where the conversation is and who has it.
func (l *life) is(s conversation.State, agent string) {
	l.Helper()
	if l.c.State != s || l.c.Agent != agent {
		l.Errorf("the conversation is %s of %q, want %s of %q", l.c.State, l.c.Agent, s, agent)
	}
}

// next checks when the conversation will next do something by itself.
func (l *life) next(in time.Duration) {
	l.Helper()
	at, ok := conversation.NextDue(l.c, l.policy)
	if want := l.now.Add(in); !ok || !at.Equal(want) {
		l.Errorf("NextDue in %q = %v, %v, want %v", l.c.State, at, ok, want)
	}
}

// nothingNext checks that it never will.
func (l *life) nothingNext() {
	l.Helper()
	if at, ok := conversation.NextDue(l.c, l.policy); ok {
		l.Errorf("NextDue in %q = %v, want none", l.c.State, at)
	}
}

// same fails with the difference if got is not want.
func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// only returns the one event that there must be.
func only[E conversation.Event](l *life, events []conversation.Event) E {
	l.Helper()
	var none E
	if len(events) != 1 {
		l.Fatalf("events %#v, want one %T", events, none)
	}
	e, ok := events[0].(E)
	if !ok {
		l.Fatalf("event %#v, want a %T", events[0], none)
	}
	return e
}

// count returns how many events of a kind the journal has.
func count[E conversation.Event](l *life) int {
	n := 0
	for _, r := range l.journal {
		if _, ok := r.Event.(E); ok {
			n++
		}
	}
	return n
}

// steps returns a ladder of follow-ups, prompts and so on, a wait apart.
func steps(wait time.Duration, actions ...idle.Action) idle.Ladder {
	var l idle.Ladder
	for _, a := range actions {
		s := idle.Step{After: wait, Action: a}
		if a == idle.Prompt || a == idle.FollowUp {
			s.Text = "Are you still there?"
		}
		l.Steps = append(l.Steps, s)
	}
	return l
}
