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

// idFields puts an ID into each field that has one.
var idFields = []struct {
	field string
	with  func(id string) conversation.Request
}{
	{"actor", func(id string) conversation.Request {
		return conversation.Request{By: conversation.Agent(id), Command: conversation.AddNote{Text: "…"}}
	}},
	{"actor", func(id string) conversation.Request {
		return conversation.Request{By: conversation.Visitor(id), Command: conversation.Typing{}}
	}},
	{"actor", func(id string) conversation.Request {
		return conversation.Request{By: conversation.Supervisor(id), Command: conversation.Take{}}
	}},
	{"visitor", func(id string) conversation.Request {
		return conversation.Request{By: host, Command: conversation.Open{Visitor: id}}
	}},
	{"agent", func(id string) conversation.Request {
		return conversation.Request{By: sue, Command: conversation.Assign{Agent: id}}
	}},
	{"agent", func(id string) conversation.Request {
		return conversation.Request{By: host, Command: conversation.AssigneeGone{Agent: id, Since: start}}
	}},
	{"agent", func(id string) conversation.Request {
		return conversation.Request{By: host, Command: conversation.AssigneeBack{Agent: id}}
	}},
	{"article", func(id string) conversation.Request {
		return conversation.Request{By: ann, Command: conversation.LinkArticle{Article: id}}
	}},
}

// optionalIDFields are those that may also be empty.
var optionalIDFields = []struct {
	field string
	with  func(id string) conversation.Request
}{
	{"actor", func(id string) conversation.Request {
		return conversation.Request{By: conversation.Bot(id), Command: conversation.AddNote{Text: "…"}}
	}},
	{"actor", func(id string) conversation.Request {
		return conversation.Request{By: conversation.System(id), Command: conversation.AddNote{Text: "…"}}
	}},
	{"group", func(id string) conversation.Request {
		return conversation.Request{By: vera, Command: conversation.Open{Group: id}}
	}},
	{"previous", func(id string) conversation.Request {
		return conversation.Request{By: vera, Command: conversation.Open{Previous: id}}
	}},
	{"previous agent", func(id string) conversation.Request {
		return conversation.Request{By: vera, Command: conversation.Open{PreviousAgent: id}}
	}},
	{"group", func(id string) conversation.Request {
		return conversation.Request{By: sue, Command: conversation.Regroup{Group: id}}
	}},
	{"group", func(id string) conversation.Request {
		return conversation.Request{By: vera, Command: conversation.RequestAgent{Group: id}}
	}},
	{"agent", func(id string) conversation.Request {
		return conversation.Request{By: ann, Command: transferTo(id, "")}
	}},
	{"group", func(id string) conversation.Request {
		return conversation.Request{By: ann, Command: transferTo("", id)}
	}},
}

// transferTo names the other target if its own is empty: a transfer needs one.
func transferTo(agent, group string) conversation.Transfer {
	if agent == "" && group == "" {
		group = "billing"
	}
	return conversation.Transfer{Agent: agent, Group: group}
}

var (
	goodIDs = []string{"a", "0", "Az09._:@-", strings.Repeat("x", 128)}
	badIDs  = []string{
		strings.Repeat("x", 129), " ", "a b", "a/b", "a+b", "a\x00", "a\n", "é", "a\u202e", "日", "a\xff", "a'", `"`, "a%20",
	}
)

// invalid reports the field for which the request is refused before anything
// else is looked at, or nothing.
func invalid(t *testing.T, r conversation.Request) string {
	t.Helper()
	for _, l := range []*life{tell(t, noBot), held(t, noBot)} {
		events, err := conversation.Decide(l.c, r, l.facts())
		if e, ok := errors.AsType[*conversation.InvalidError](err); ok {
			if len(events) > 0 || !errors.Is(err, conversation.ErrInvalid) || e.Rule == "" {
				t.Errorf("%+v: %d events, error %#v", r, len(events), err)
			}
			return e.Field
		}
	}
	return ""
}

func TestIDsHave1To128BytesOfTheAlphabet(t *testing.T) {
	t.Parallel()
	for _, f := range append(idFields, optionalIDFields...) {
		for _, id := range goodIDs {
			if got := invalid(t, f.with(id)); got != "" {
				t.Errorf("%+v: field %q is refused", f.with(id), got)
			}
		}
		for _, id := range badIDs {
			if got := invalid(t, f.with(id)); got != f.field {
				t.Errorf("%+v: field %q is refused, want %q", f.with(id), got, f.field)
			}
		}
	}
	for _, f := range idFields {
		if got := invalid(t, f.with("")); got != f.field {
			t.Errorf("%+v: field %q is refused, want %q", f.with(""), got, f.field)
		}
	}
	for _, f := range optionalIDFields {
		if got := invalid(t, f.with("")); got != "" {
			t.Errorf("%+v: field %q is refused", f.with(""), got)
		}
	}
}

func TestEveryByteOfAnID(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-"
	for b := range 256 {
		err := conversation.CheckID("agent", string([]byte{byte(b)}))
		if want := strings.IndexByte(alphabet, byte(b)) >= 0; (err == nil) != want {
			t.Errorf("CheckID(%q) = %v, want accepted: %t", []byte{byte(b)}, err, want)
		}
	}
}

func TestTextIsLimitedUTF8WithoutControlCharacters(t *testing.T) {
	t.Parallel()
	fields := []struct {
		field string
		limit int
		with  func(text string) conversation.Request
	}{
		{"text", 64 << 10, func(text string) conversation.Request {
			return conversation.Request{By: ann, Command: conversation.Say{Text: text}}
		}},
		{"note", 4 << 10, func(text string) conversation.Request {
			return conversation.Request{By: ann, Command: conversation.AddNote{Text: text}}
		}},
	}
	for _, f := range fields {
		good := []string{
			"a", "line\nand\ttab", "日本語 😀 \u200fשלום", "\u202e is a text's own affair", "\u2028",
			strings.Repeat("x", f.limit), strings.Repeat("é", f.limit/2),
		}
		for _, text := range good {
			if got := invalid(t, f.with(text)); got != "" {
				t.Errorf("%s %.20q: field %q is refused", f.field, text, got)
			}
		}
		bad := []string{
			strings.Repeat("x", f.limit+1), strings.Repeat("é", f.limit/2) + "x",
			"\xff", "a\xc3", "\xed\xa0\x80", "a\x00", "\r\n", "\x1b[2J", "\x7f", "\u0085", "\b", "\v", "\f",
		}
		for _, text := range bad {
			if got := invalid(t, f.with(text)); got != f.field {
				t.Errorf("%s %.20q: field %q is refused, want %q", f.field, text, got, f.field)
			}
		}
	}
	if got := invalid(t, conversation.Request{By: ann, Command: conversation.Say{}}); got != "" {
		t.Errorf("a message that is only an attachment: field %q is refused", got)
	}
	if got := invalid(t, conversation.Request{By: ann, Command: conversation.AddNote{}}); got != "note" {
		t.Errorf("an empty note: field %q is refused, want note", got)
	}
}

func goneSince(since time.Time) conversation.AssigneeGone {
	return conversation.AssigneeGone{Agent: "ann", Since: since}
}

func TestInputThatCouldNeverBeMeant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		give  conversation.Request
		field string
	}{
		{"no command", conversation.Request{By: ann}, "command"},
		{"nobody", conversation.Request{Command: conversation.Take{}}, "actor"},
		{"an unknown kind", conversation.Request{By: conversation.Actor{Kind: "cat", ID: "tom"}, Command: conversation.Take{}}, "actor"},
		{"a timer with an ID", conversation.Request{By: conversation.Actor{Kind: "timer", ID: "t1"}, Command: conversation.Expire{}}, "actor"},
		{"a negative version", conversation.Request{By: ann, Command: conversation.Take{}, AsOf: -1}, "as of"},
		{"a version of the future", conversation.Request{By: ann, Command: conversation.Take{}, AsOf: 3}, "as of"},
		{"a bot without a version", conversation.Request{By: robot, Command: conversation.Say{}}, "as of"},
		{"for no visitor", conversation.Request{By: host, Command: conversation.Open{}}, "visitor"},
		{"for another visitor", conversation.Request{By: vera, Command: conversation.Open{Visitor: "victor"}}, "visitor"},
		{"to nobody", conversation.Request{By: ann, Command: conversation.Transfer{}}, "transfer"},
		{"to two", conversation.Request{By: ann, Command: conversation.Transfer{Agent: "bob", Group: "g"}}, "transfer"},
		{"at_end", conversation.Request{By: ann, Command: conversation.Snooze{Until: shortly, AtEnd: "drop"}}, "at_end"},
		{"on_reply", conversation.Request{By: ann, Command: conversation.Snooze{Until: shortly, OnReply: "bark"}}, "on_reply"},
		{"outcome", conversation.Request{By: ann, Command: conversation.Close{Outcome: "happy"}}, "outcome"},
		{"cause", conversation.Request{By: ann, Command: conversation.Close{Outcome: closure.Resolved, Cause: "idle"}}, "cause"},
		{"a reason of an agent's", conversation.Request{By: ann, Command: conversation.Requeue{Reason: "full"}}, "reason"},
		{"a supervisor's", conversation.Request{By: sue, Command: conversation.Requeue{Reason: "full"}}, "reason"},
		{"an unknown reason", conversation.Request{By: host, Command: conversation.Requeue{Reason: "bored"}}, "reason"},
		{"gone since ever", conversation.Request{By: host, Command: conversation.AssigneeGone{Agent: "ann"}}, "since"},
		{"gone since what is stored as ever", conversation.Request{By: host, Command: goneSince(time.Time{}.Add(999))}, "since"},
		{"gone since before that", conversation.Request{By: host, Command: goneSince(time.Time{}.Add(-time.Hour))}, "since"},
		{"gone since what cannot be written", conversation.Request{By: host, Command: goneSince(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))}, "since"},
		{"up_to", conversation.Request{By: vera, Command: conversation.MarkRead{UpTo: -1}}, "up_to"},
	}
	for _, test := range tests {
		if got := invalid(t, test.give); got != test.field {
			t.Errorf("%s: field %q is refused, want %q", test.name, got, test.field)
		}
	}
}

// An unknown conversation is not found, whatever version of it is named.
func TestAnUnknownConversationIsNotFound(t *testing.T) {
	t.Parallel()
	for _, c := range conversation.Commands()[1:] {
		switch c.Name() {
		case conversation.NameAddNote:
			c = conversation.AddNote{Text: "…"}
		case conversation.NameAssign:
			c = conversation.Assign{Agent: "bob"}
		case conversation.NameTransfer:
			c = conversation.Transfer{Agent: "bob"}
		case conversation.NameAssigneeGone:
			c = goneSince(start)
		case conversation.NameAssigneeBack:
			c = conversation.AssigneeBack{Agent: "ann"}
		case conversation.NameReclassify:
			c = conversation.Reclassify{Outcome: closure.Resolved}
		case conversation.NameLinkArticle:
			c = conversation.LinkArticle{Article: "kb-1"}
		case conversation.NameAnswerSurvey:
			c = conversation.AnswerSurvey{Rating: 1}
		}
		for _, by := range []conversation.Actor{vera, ann, sue, robot, timer} {
			if c.Name() == conversation.NameClose {
				c = command("close", by)
			}
			for _, v := range []conversation.Version{-1, 0, 1, conversation.MaxHistory} {
				tell(t, noBot).refusedAsOf(v, by, c, conversation.ErrNotFound)
			}
		}
	}
	for _, v := range []conversation.Version{-1, 1} {
		if _, err := tell(t, noBot).tryAsOf(v, vera, conversation.Open{}); !errors.Is(err, conversation.ErrInvalid) {
			t.Errorf("open as of %d: %v, want %v", v, err, conversation.ErrInvalid)
		}
	}
}

func TestErrorsRepeatNoTextOrIDAndStayShort(t *testing.T) {
	t.Parallel()
	secret := "SECRET\x00" + strings.Repeat("s", 70<<10)
	quoted := []conversation.CommandName{conversation.NameClose, conversation.NameSnooze} // a piece of a code or a zone
	for _, r := range []conversation.Request{
		{By: conversation.Agent(secret), Command: conversation.Take{}},
		{By: ann, Command: conversation.Say{Text: secret}},
		{By: ann, Command: conversation.AddNote{Text: secret}},
		{By: sue, Command: conversation.Assign{Agent: secret}},
		{By: ann, Command: conversation.LinkArticle{Article: secret}},
		{By: host, Command: conversation.Requeue{Reason: conversation.WaitReason(secret)}},
		{By: host, Command: conversation.Regroup{Group: secret}},
		{By: host, Command: conversation.AssigneeBack{Agent: secret}},
		{By: ann, Command: conversation.Close{Outcome: closure.Outcome(secret)}},
		{By: ann, Command: conversation.Close{Outcome: closure.Unresolved, Reason: closure.Reason(secret)}},
		{By: ann, Command: conversation.Close{Outcome: closure.Resolved, Cause: closure.Cause(secret)}},
		{By: ann, Command: conversation.Snooze{Until: snooze.Calendar(secret, "UTC")}},
		{By: ann, Command: conversation.Snooze{Until: snooze.Calendar("2026-03-03T09:00", secret)}},
		{By: ann, Command: conversation.Snooze{Until: shortly, AtEnd: snooze.AtEnd(secret)}},
	} {
		l := held(t, noBot)
		_, err := conversation.Decide(l.c, r, l.facts())
		if err == nil || len(err.Error()) > 400 {
			t.Errorf("%s: the error is not short: %.400v", r.Command.Name(), err)
			continue
		}
		if strings.Contains(err.Error(), "SECRET") && !slices.Contains(quoted, r.Command.Name()) {
			t.Errorf("%s: the error repeats its input: %v", r.Command.Name(), err)
		}
	}
}
