package conversation_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

func numbered(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(i)
	}
	return all
}

// An InvalidError tells its reader what would have been right, and which one is wrong.
func TestErrorsOfCommandsSayTheRule(t *testing.T) {
	t.Parallel()
	closing := func(f closure.Form) conversation.Command {
		return conversation.Close{Outcome: closure.Resolved, Form: f}
	}
	for _, test := range []struct {
		by      conversation.Actor
		command conversation.Command
		want    string
	}{
		{ann, conversation.Assign{Agent: strings.Repeat("x", 129)}, "must have 1 to 128 bytes, has 129"},
		{robot, conversation.Say{Marks: []closure.Mark{closure.CheckIn}}, "for a bot, each once"},
		{ann, closing(closure.Form{Sentiment: "angry"}), `must be one of ["positive" "neutral" "negative"], or empty`},
		{ann, closing(closure.Form{Tickets: numbered(1001)}), "must be at most 1000, are 1001"},
		{ann, closing(closure.Form{Tickets: []string{"1", "javascript:x"}}), "number 2 is not"},
		{ann, closing(closure.Form{Tags: numbered(33)}), "must be at most 32, are 33"},
		{ann, closing(closure.Form{Tags: []string{"late", "a\nb"}}), "byte 1 is one"},
		{vera, conversation.AnswerSurvey{Rating: 6}, "must be 1 to 5"},
		{ann, conversation.Close{Outcome: "won"}, closure.ErrOutcome.Error()},
		{ann, conversation.Close{Outcome: closure.Resolved, Reason: closure.ReasonOther}, closure.ErrReason.Error()},
	} {
		err := conversation.CheckCommand(test.by, test.command)
		if invalid, ok := errors.AsType[*conversation.InvalidError](err); !ok || !strings.HasSuffix(invalid.Rule, test.want) {
			t.Errorf("%s: %v, want an error that ends in %q", test.command.Name(), err, test.want)
		}
	}
	l := held(t, noBot)
	_, err := l.tagging(ann, closing(closure.Form{Tags: []string{"late", "lost"}}), "late")
	if err == nil || !strings.HasSuffix(err.Error(), "must be of the catalogue, number 2 is not") {
		t.Errorf("a tag that is not of the catalogue: %v", err)
	}
	if err := l.invalid(ann, conversation.Snooze{Until: snooze.For(-1)}, "until"); err.Rule == "" {
		t.Error("a snooze into the past breaks no rule")
	}
}

func TestErrorsOfPoliciesSayTheRule(t *testing.T) {
	t.Parallel()
	const long = idle.MaxWait + 1
	text := strings.Repeat("x", idle.MaxText)
	ladder := func(steps ...idle.Step) conversation.Idle {
		return conversation.Idle{Waiting: idle.Ladder{Steps: steps}}
	}
	for _, test := range []struct {
		policy conversation.Policy
		want   string
		is     error
	}{
		{conversation.Policy{ReopenWindow: long}, "reopen_window: must be at most 9600h0m0s", nil},
		{conversation.Policy{ReassignAfter: long}, "reassign_after: must be at most 9600h0m0s", nil},
		{conversation.Policy{Required: []closure.Field{"name"}}, `"tags" "tickets"], each once`, nil},
		{conversation.Policy{Courtesy: conversation.Courtesy{Guard: "ask"}}, `must be one of ["" "warn" "enforce"]`, nil},
		{conversation.Policy{Courtesy: conversation.Courtesy{Patience: long}}, "patience: must be at most 9600h0m0s, and not negative", nil},
		{conversation.Policy{Survey: conversation.Asking{Open: long}}, "open: must be at most 9600h0m0s, and not negative", nil},
		{conversation.Policy{Courtesy: conversation.Courtesy{Farewell: text + "x"}}, "farewell: must have at most 4096 bytes, has 4097", nil},
		{conversation.Policy{Idle: ladder(idle.Step{})}, "idle.waiting: ", idle.ErrLadder},
		{conversation.Policy{Idle: ladder(idle.Step{After: 1000, Action: idle.HandBack})}, "without a bot", conversation.ErrNoBot},
	} {
		err := test.policy.Check()
		if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("Check() = %v, want one of %q that wraps %v", err, test.want, test.is)
		}
		if invalid, ok := errors.AsType[*conversation.InvalidError](err); !ok || invalid.Rule == "" {
			t.Errorf("Check() = %v, want an InvalidError with a rule", err)
		}
	}
	for want, policies := range map[string]conversation.Policies{
		"tags: must be at most 1000, are 1001":             {Tags: numbered(1001)},
		"availability_grace: must be at most 9600h0m0s":    {AvailabilityGrace: long},
		"default policy: conversation: invalid ":           {Default: conversation.Policy{ReopenWindow: long}},
		"policy of group sales: conversation: invalid reo": {Groups: map[string]conversation.Policy{"sales": {ReopenWindow: long}}},
	} {
		if err := policies.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check() = %v, want one of %q", err, want)
		}
	}
}

// What a policy can have at most, it can have.
func TestTheLargestPolicyIsAccepted(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", idle.MaxText)
	prompt := idle.Step{After: idle.MaxWait, Action: idle.Prompt, Text: text, Phrase: text}
	policies := conversation.Policies{
		Tags: numbered(conversation.MaxCatalogue), AvailabilityGrace: idle.MaxWait,
		Default: conversation.Policy{
			ReopenWindow: idle.MaxWait, ReassignAfter: idle.MaxWait,
			Courtesy: conversation.Courtesy{Patience: idle.MaxWait, CheckIn: text, Farewell: text},
			Survey:   conversation.Asking{Open: idle.MaxWait},
			Idle:     conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{prompt}}},
		},
	}
	if err := policies.Check(); err != nil {
		t.Error(err)
	}
}

func TestTheEdgesOfInput(t *testing.T) {
	t.Parallel()
	year := func(n int) conversation.Command {
		return conversation.AssigneeGone{Agent: "ann", Since: time.Date(n, time.March, 1, 0, 0, 0, 0, time.UTC)}
	}
	ticket := func(s string) conversation.Command {
		return conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tickets: []string{s}}}
	}
	for _, test := range []struct {
		by      conversation.Actor
		command conversation.Command
		legal   bool
	}{
		{host, year(0), false}, {host, year(1), true}, {host, year(9999), true}, {host, year(10_000), false},
		{ann, ticket("SHOP:0"), true}, {ann, ticket("SHOP:9"), true}, {ann, ticket("SHOP:x"), false},
		{ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"a\u200d"}}}, true},
		{ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"\u200d"}}}, false},
		{host, conversation.AssigneeGone{Agent: "ann", Since: time.Date(10_000, time.January, 1, 0, 30, 0, 0, time.FixedZone("", 3600))}, true},
		{ann, ticket("é:x"), true}, {ann, ticket("a\u0141:x"), true}, {ann, ticket(""), false},
		{robot, conversation.Close{Outcome: closure.Resolved, Cause: closure.Bot}, true},
	} {
		if err := conversation.CheckCommand(test.by, test.command); (err == nil) != test.legal {
			t.Errorf("%+v: %v, want legal: %t", test.command, err, test.legal)
		}
	}
}
