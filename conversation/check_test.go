package conversation_test

import (
	"errors"
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

func fieldOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	invalid, ok := errors.AsType[*conversation.InvalidError](err)
	if !ok || !errors.Is(err, conversation.ErrInvalid) {
		t.Errorf("error %v of type %T, want an InvalidError", err, err)
		return "?"
	}
	return invalid.Field
}

func TestACommandCanBeCheckedByItself(t *testing.T) {
	t.Parallel()
	var none *conversation.Take
	tests := []struct {
		name    string
		by      conversation.Actor
		command conversation.Command
		field   string
	}{
		{"a take", ann, conversation.Take{}, ""},
		{"what nobody may, but could mean", vera, conversation.Take{}, ""},
		{"a bot's answer, without a version", robot, conversation.Say{Text: "42"}, ""},
		{"a deadline that only the time can judge", ann, conversation.Snooze{}, ""},
		{"a closing by a timer", timer, conversation.Close{}, ""},
		{"nothing", ann, nil, "command"},
		{"a pointer", ann, &conversation.Take{}, "command"},
		{"a nil pointer", ann, none, "command"},
		{"a pointer to what is invalid", ann, &conversation.Assign{}, "command"},
		{"nobody", conversation.Actor{}, conversation.Take{}, "actor"},
		{"nobody and nothing", conversation.Actor{}, nil, "actor"},
		{"an actor who is none", conversation.Agent("a b"), conversation.Take{}, "actor"},
		{"to nobody", sue, conversation.Assign{}, "agent"},
		{"a text with NUL", vera, conversation.Say{Text: "a\x00"}, "text"},
		{"an unknown outcome", ann, conversation.Close{Outcome: "happy"}, "outcome"},
		{"another's cause", ann, conversation.Close{Outcome: closure.Resolved, Cause: closure.Idle}, "cause"},
		{"another's conversation", vera, conversation.Open{Visitor: "victor"}, "visitor"},
	}
	for _, test := range tests {
		if got := fieldOf(t, conversation.CheckCommand(test.by, test.command)); got != test.field {
			t.Errorf("%s: field %q is refused, want %q", test.name, got, test.field)
		}
	}
}

// Decide refuses what CheckCommand refuses, and in its words.
func TestCheckingACommandIsWhatDecideDoesFirst(t *testing.T) {
	t.Parallel()
	for _, l := range []*life{tell(t, noBot), held(t, noBot)} {
		for _, by := range []conversation.Actor{vera, ann, sue, robot, host, timer, {}} {
			for _, c := range append(conversation.Commands(), nil) {
				want := conversation.CheckCommand(by, c)
				_, err := conversation.Decide(l.c, conversation.Request{By: by, Command: c, AsOf: l.c.Version}, l.facts())
				if want != nil {
					same(t, "the error of Decide", err.Error(), want.Error())
				} else if invalid, ok := errors.AsType[*conversation.InvalidError](err); ok && invalid.Field != "until" {
					t.Errorf("%s by %s: CheckCommand accepts it, Decide says %v", c.Name(), by, err)
				}
			}
		}
	}
}

func TestAnActorCanBeCheckedByItself(t *testing.T) {
	t.Parallel()
	for _, by := range []conversation.Actor{
		vera, ann, sue, robot, conversation.Bot("robo"), host, conversation.System("api"), timer,
	} {
		if err := by.Check(); err != nil {
			t.Errorf("%s: %v", by, err)
		}
	}
	for _, by := range []conversation.Actor{
		{}, {ID: "ann"}, {Kind: "cat", ID: "tom"}, {Kind: conversation.KindTimer, ID: "t1"}, conversation.Visitor(""),
		conversation.Agent(""), conversation.Supervisor(""), conversation.Agent("a b"), conversation.Bot("é"),
		conversation.System("a/b"),
	} {
		if got := fieldOf(t, by.Check()); got != "actor" {
			t.Errorf("%+v: field %q is refused, want actor", by, got)
		}
	}
}

// Who may never close, and never could, is not told that they mistyped.
func TestATimerThatClosesIsForbiddenTo(t *testing.T) {
	t.Parallel()
	for _, c := range []conversation.Close{
		{}, resolved, {Outcome: "happy"}, {Outcome: closure.Unresolved, Cause: closure.Idle}, {Outcome: closure.Resolved, Force: true},
	} {
		for _, l := range openStates(t) {
			l.refused(timer, c, conversation.ErrForbidden)
		}
		l := held(t, noBot)
		l.do(ann, unresolved)
		l.refused(timer, c, conversation.ErrForbidden)
		tell(t, noBot).refused(timer, c, conversation.ErrNotFound)
	}
}
