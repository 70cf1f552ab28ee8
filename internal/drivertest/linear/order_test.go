//go:build linux

package linear_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

// TestOrders says for histories of a few operations whether they have an order.
func TestOrders(t *testing.T) {
	t.Parallel()
	const quiet = 90
	var (
		none   = standing{}
		opened = none.pass(conversation.StateBot, "")
		anns   = opened.pass(conversation.StateAssigned, "ann")
		bens   = opened.pass(conversation.StateAssigned, "ben")
		asleep = anns.pass(conversation.StateSnoozed, "ann")
		awake  = asleep.pass(conversation.StateAssigned, "ann")

		open   = request{By: vic, Do: conversation.NameOpen}
		look   = request{By: conversation.Agent("cat"), Do: read}
		take   = func(agent string) request { return request{By: conversation.Agent(agent), Do: conversation.NameTake} }
		snooze = request{By: conversation.Agent("ann"), Do: conversation.NameSnooze}
		end1   = request{By: conversation.Timer(), Do: ended}
	)
	to := func(s standing, events int64) answer {
		return answer{Outcome: accepted, From: s.Version - events, To: s.Version, Sight: s}
	}
	no := func(code string, s standing) answer {
		return answer{Outcome: rejected, Refusal: refuse(code), Sight: standing{State: s.State, Agent: s.Agent}}
	}
	inJournal := func(from, to int64) answer { return answer{Outcome: found, From: from, To: to} }
	nobody := answer{Outcome: unknown}
	first := operation{Request: open, Call: 0, Return: 1, Answer: to(opened, 1)}

	for _, tt := range []struct {
		name       string
		operations []operation
		journal    []operation
		want       verdict
	}{
		{"a read during a command sees it or not", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: to(anns, 1)},
			{Request: look, Call: 11, Return: 12, Answer: to(opened, 0)},
			{Request: look, Call: 13, Return: 14, Answer: to(anns, 0)},
		}, nil, linearizable},
		{"but not back and forth", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: to(anns, 1)},
			{Request: look, Call: 11, Return: 12, Answer: to(anns, 0)},
			{Request: look, Call: 13, Return: 14, Answer: to(opened, 0)},
		}, nil, illegal},
		{"what returned was seen before", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: to(anns, 1)},
			{Request: look, Call: 21, Return: 22, Answer: to(opened, 0)},
		}, nil, illegal},
		{"two took it", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: to(anns, 1)},
			{Request: take("ben"), Call: 10, Return: 20, Answer: to(bens, 1)},
		}, nil, illegal},
		{"one took it, the other hears who has it", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: to(anns, 1)},
			{Request: take("ben"), Call: 10, Return: 20, Answer: no("held", anns)},
		}, nil, linearizable},
		{"refused before there was a reason", []operation{
			{Request: take("ben"), Call: 10, Return: 20, Answer: no("held", anns)},
			{Request: take("ann"), Call: 21, Return: 30, Answer: to(anns, 1)},
		}, nil, illegal},
		{"nobody answered, and it never happened", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: nobody},
			{Request: look, Call: 21, Return: 22, Answer: to(opened, 0)},
		}, nil, linearizable},
		{"nobody answered, and it happened late", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: nobody},
			{Request: look, Call: 21, Return: 22, Answer: to(opened, 0)},
			{Request: look, Call: 91, Return: 92, Answer: to(anns, 0)},
		}, []operation{{Request: take("ann"), Call: 10, Return: 20, Answer: inJournal(1, 2)}}, linearizable},
		{"nobody answered, and it happened before it was asked for", []operation{
			{Request: look, Call: 5, Return: 6, Answer: to(anns, 0)},
			{Request: take("ann"), Call: 10, Return: 20, Answer: nobody},
		}, []operation{{Request: take("ann"), Call: 10, Return: 20, Answer: inJournal(1, 2)}}, illegal},
		{"nobody answered, and it is in the journal, but was never to be seen", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: nobody},
			{Request: look, Call: 91, Return: 92, Answer: to(opened, 0)},
		}, []operation{{Request: take("ann"), Call: 10, Return: 20, Answer: inJournal(1, 2)}}, illegal},
		{"it is said to have failed, and is there", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: answer{Outcome: failed}},
			{Request: look, Call: 91, Return: 92, Answer: to(anns, 0)},
		}, nil, illegal},
		{"a snooze ended", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: to(anns, 1)},
			{Request: snooze, Call: 21, Return: 22, Answer: to(asleep, 1)},
			{Request: look, Call: 23, Return: 24, Answer: to(asleep, 0)},
			{Request: look, Call: 91, Return: 92, Answer: to(awake, 0)},
		}, []operation{{Request: end1, Answer: inJournal(3, 4)}}, linearizable},
		{"a snooze ended that had not begun", []operation{
			{Request: take("ann"), Call: 10, Return: 20, Answer: to(anns, 1)},
			{Request: look, Call: 91, Return: 92, Answer: to(anns.pass(anns.State, "ann"), 0)},
		}, []operation{{Request: end1, Answer: inJournal(2, 3)}}, illegal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := history{Operations: append([]operation{first}, tt.operations...), Quiet: quiet, Journal: tt.journal}
			if got, _ := h.check(time.Minute); got != tt.want {
				t.Errorf("it is %s, want %s", got, tt.want)
			}
		})
	}
}
