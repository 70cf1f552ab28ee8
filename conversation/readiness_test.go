package conversation_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

// asked says on whose readiness a command depends, by the situation and who gives
// it. "self" is who gives it, "held"
// the agent who has it, "former" the one who had it, and a name itself; with
// "back" it would go back to them. "-" is nobody.
//
// What is refused whoever it is about may name anybody.
const asked = `
	say            bot waiting assigned   any     -
	say            snoozed                any     held,back
	say            closed                 any     former,back
	request-agent  bot waiting assigned   any     -
	request-agent  snoozed                any     held,back
	take           bot waiting assigned   person  self
	take           snoozed                person  self
	assign-bob     bot waiting assigned snoozed  any  bob
	transfer-bob   waiting assigned snoozed      any  bob
	transfer-group waiting assigned snoozed      any  -
	wake           snoozed                holder  held
	wake           snoozed                other   held,back
	reopen         closed                 person  self
	reopen         closed                 system  former,back
	expire         snoozed                timer   held,back
	expire         assigned               timer   -
	expire         assigned/away          timer   held
	expire         bot waiting closed     timer   -
	hand-back      assigned               any     -
	requeue        assigned snoozed       any     -
	snooze         assigned snoozed       any     -
	close          bot waiting assigned snoozed closed  any -
	regroup        bot waiting assigned snoozed  any -
	gone-ann       bot waiting assigned snoozed  any -
	back-ann       bot waiting assigned snoozed  any -
	notify-by-email bot waiting assigned snoozed closed any -
	mark-read      bot waiting assigned snoozed closed  any -
	add-note       bot waiting assigned snoozed closed  any -
	reclassify     closed                 any     -
	open           none                   any     -`

func TestWhoseReadinessADecisionDependsOn(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(asked) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		name, who, want := words[0], words[len(words)-2], words[len(words)-1]
		for _, state := range words[1 : len(words)-2] {
			s := arrange(t, state)
			for _, column := range columns {
				if !isOne(column.by, who) {
					continue
				}
				r := conversation.Request{By: column.by, Command: command(name, column.by)}
				agent, how, _ := strings.Cut(want, ",")
				q := conversation.AgentQuestion{Agent: agent, GoingBack: how == "back"}
				switch agent {
				case "self":
					q.Agent = column.by.ID
				case "held", "former":
					q.Agent = "ann"
				case "-":
					q.Agent = ""
				}
				got := conversation.AgentFor(s.c, r)
				if got.Agent == "" {
					got.GoingBack = false // it makes no difference
				}
				same(t, name+" by "+column.by.String()+" in "+state, got, q)
			}
		}
	}
}

// isOne reports whether somebody is meant by a word of asked.
func isOne(by conversation.Actor, who string) bool {
	person := by.Kind == conversation.KindAgent || by.Kind == conversation.KindSupervisor
	switch who {
	case "any":
		return true
	case "person":
		return person
	case "holder":
		return person && by.ID == "ann"
	case "other":
		return by == sue
	case "system":
		return by == host
	case "timer":
		return by == timer
	}
	return false
}

// Whom AgentFor names, or that it names nobody, is the whole truth: nothing else
// that is said of an agent makes a difference.
func TestNobodyElsesReadinessMatters(t *testing.T) {
	t.Parallel()
	depends := 0
	for _, x := range cells(t) {
		if x.agent != conversation.AgentReady || x.want == "." || x.want == "!" {
			continue
		}
		r, f := x.request(x.c.Version), x.facts()
		events, err := conversation.Decide(x.c, r, f)
		for flag, ready := range readiness {
			f.Agent = ready
			other, otherwise := conversation.Decide(x.c, r, f)
			if why(err) == why(otherwise) && reflect.DeepEqual(events, other) {
				continue
			}
			depends++
			if conversation.AgentFor(x.c, r).Agent == "" {
				t.Errorf("%v, %s: %v, %v instead of %v, %v, but it depends on nobody", x, flag, other, otherwise, events, err)
			}
		}
	}
	if depends < 500 {
		t.Errorf("only %d decisions depend on an agent", depends)
	}
}

// why returns the reason of a refusal without what is allowed instead.
func why(err error) string {
	if refused, ok := errors.AsType[*conversation.RefusedError](err); ok {
		return refused.Code()
	}
	return fmt.Sprint(err)
}

// What speaks against one agent is not held against a command about another.
func TestARefusalAllowsWhatIsAboutOthers(t *testing.T) {
	t.Parallel()
	l := opened(t, noBot)
	l.agent = conversation.AgentRemoved
	taken := l.refused(sue, conversation.Take{}, conversation.ErrAgentGone)
	same(t, "what sue may do, who was removed", taken.Allowed, []conversation.CommandName{
		conversation.NameAssign, conversation.NameTransfer, conversation.NameClose, conversation.NameRegroup,
		conversation.NameAddNote, conversation.NameLinkArticle, conversation.NameBlock,
	})
	same(t, "and what Allowed says of her", conversation.Allowed(l.c, sue, l.facts()), taken.Allowed)
	given := l.refused(sue, conversation.Assign{Agent: "bob"}, conversation.ErrAgentGone)
	same(t, "what sue may do, when bob was removed", given.Allowed,
		append([]conversation.CommandName{conversation.NameTake}, taken.Allowed...))
}
