package behaviour

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

const day = 24 * time.Hour

var transferSentences = []sentence{
	{"a conversation is transferred to an agent", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.agent("ben", 1)
		w.do("c-1", ann, conversation.Transfer{Agent: "ben"})
		w.want(map[string]string{"c-1": "ben"})
		w.same("seats of ann and ben", []int{w.whois("ann").Seats, w.whois("ben").Seats}, []int{0, 1})
		w.same("event", last[conversation.Transferred](w, "c-1"), conversation.Transferred{From: "ann", Agent: "ben"})
	}},
	{"also to one who is unavailable", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.hire("ben", 1)
		w.do("c-1", ann, conversation.Transfer{Agent: "ben"})
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
		w.same("event", last[conversation.Transferred](w, "c-1"), conversation.Transferred{From: "ann", Agent: "ben", Unavailable: true})
	}},
	{"not to one who is full, available or not", func(w *world) {
		w.agent("ann", 2)
		w.agent("ben", 1)
		w.begin("c-1", "c-2")
		w.give("c-1", "ann")
		w.give("c-2", "ben")
		w.refused("c-1", ann, conversation.Transfer{Agent: "ben"}, conversation.ErrAgentFull)
		w.leave("ben")
		w.refused("c-1", ann, conversation.Transfer{Agent: "ben"}, conversation.ErrAgentFull)
		w.same("ben has", w.held("ben"), 1)
	}},
	{"not to one who was removed", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.hire("ben", 1)
		w.ok(w.Desk.RemoveAgent(w.Context(), workspace, "ben"))
		w.refused("c-1", ann, conversation.Transfer{Agent: "ben"}, conversation.ErrAgentGone)
	}},
	{"to a group, where one of its agents gets it", func(w *world) {
		w.groups("billing", "sales")
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.agent("cat", 1, "sales")
		w.agent("ben", 1, "billing")
		w.do("c-1", ann, conversation.Transfer{Group: "billing"})
		w.want(map[string]string{"c-1": inQueue})
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
		w.same("group", w.at("c-1").Group, "billing")
	}},
	{"to a group without a free agent, where it waits", func(w *world) {
		w.groups("billing")
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.agent("ben", 1, "billing")
		w.leave("ben")
		w.do("c-1", ann, conversation.Transfer{Group: "billing"})
		w.Advance(3 * day)
		w.want(map[string]string{"c-1": inQueue})
		w.come("ben")
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"a snoozed one too", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
		w.agent("ben", 1)
		w.do("c-1", ann, conversation.Transfer{Agent: "ben"})
		w.Advance(day)
		w.want(map[string]string{"c-1": "ben"})
		w.same("times woken", w.count("c-1", "woken"), 0)
	}},
}

// deserted has the visitor of c-1 wait for ann, who is the only one available.
func deserted(w *world) {
	w.agent("ann", 5)
	w.begin("c-1")
	w.settle()
	w.ask("c-1")
	w.Advance(time.Minute)
}

// wantAfter ends the test unless ann has c-1 until just before a wait is over, and
// then it is there.
func (w *world) wantAfter(wait time.Duration, there string) {
	w.Helper()
	w.Advance(wait - tickOfClock)
	w.want(map[string]string{"c-1": "ann"})
	w.Advance(tickOfClock)
	w.want(map[string]string{"c-1": there})
}

var awaySentences = []sentence{
	{"after 24 hours another agent of the same group gets it, to the microsecond", func(w *world) {
		w.groups("billing", "sales")
		w.agent("ann", 1, "billing")
		w.beginIn("c-1", "billing")
		w.settle()
		w.ask("c-1")
		w.agent("cat", 5, "sales")
		w.Advance(time.Hour)
		w.leave("ann")
		w.agent("ben", 5, "billing")
		w.wantAfter(day, "ben")
		w.same("why", last[conversation.Requeued](w, "c-1"), conversation.Requeued{From: "ann", Reason: conversation.WaitUnavailable})
	}},
	{"it waits if only agents of other groups are available", func(w *world) {
		w.groups("billing", "sales")
		w.agent("ann", 1, "billing")
		w.beginIn("c-1", "billing")
		w.settle()
		w.ask("c-1")
		w.agent("cat", 5, "sales")
		w.leave("ann")
		w.wantAfter(day, inQueue)
		w.waits("c-1", conversation.WaitUnavailable)
	}},
	{"it waits if nobody is available, and the next who is gets it", func(w *world) {
		deserted(w)
		w.leave("ann")
		w.wantAfter(day, inQueue)
		w.waits("c-1", conversation.WaitUnavailable)
		w.Advance(day)
		w.come("ann")
		w.settle()
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"it waits if the group pulls", func(w *world) {
		deserted(w)
		w.policy(func(p *conversation.Policy) { p.PullOnly = true })
		w.agent("ben", 5)
		w.leave("ann")
		w.wantAfter(day, inQueue)
		w.Advance(day)
		w.waits("c-1", conversation.WaitUnavailable)
		w.do("c-1", ben, conversation.Take{})
	}},
	{"counted from when the visitor writes, if the agent was away by then", func(w *world) {
		deserted(w)
		w.answer("c-1", ann)
		w.leave("ann")
		w.agent("ben", 5)
		w.Advance(3 * day)
		w.ask("c-1")
		w.Advance(time.Hour)
		w.ask("c-1") // a second message does not begin it anew
		w.wantAfter(day-time.Hour, "ben")
	}},
	{"a visitor who was answered does not wait", func(w *world) {
		deserted(w)
		w.leave("ann")
		w.agent("ben", 5)
		w.answer("c-1", ann)
		w.Advance(10 * day)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"23:59 then back, nothing happens", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(day - time.Minute)
		w.come("ann")
		w.Advance(10 * day)
		w.want(map[string]string{"c-1": "ann"})
		w.same("times requeued", w.count("c-1", "requeued"), 0)
	}},
	{"back a microsecond before the end on a node that does nothing more, nothing happens", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(day - tickOfClock)
		_, err := w.another().SetAvailability(w.Context(), workspace, "ann", roster.Manual, roster.Available)
		w.ok(err)
		w.Clock.Add(time.Hour)
		w.settle()
		w.want(map[string]string{"c-1": "ann"})
		w.same("times requeued", w.count("c-1", "requeued"), 0)
	}},
	{"back while the end is being decided, nothing happens", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(day - tickOfClock)
		w.Clock.Add(tickOfClock)
		_, err := w.on(&meddler{Store: w.Store, before: func(storage.Commit) { w.come("ann") }}).Tick(w.Context())
		w.ok(err)
		w.settle()
		w.want(map[string]string{"c-1": "ann"})
		w.same("times requeued", w.count("c-1", "requeued"), 0)
	}},
	{"who was back and leaves again has 24 hours again", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(day - time.Minute)
		w.come("ann")
		w.settle()
		w.leave("ann")
		w.wantAfter(day, "ben")
	}},
	{"an answer cancels it, and the next message begins it anew", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(day - time.Minute)
		w.answer("c-1", ann)
		w.Advance(time.Hour)
		w.want(map[string]string{"c-1": "ann"})
		w.ask("c-1")
		w.wantAfter(day, "ben")
	}},
	{"who flaps within the grace does not begin it anew", func(w *world) {
		w.hire("ann", 5)
		w.connect("ann")
		w.begin("c-1")
		w.settle()
		w.ask("c-1")
		w.agent("ben", 5)
		w.lose("ann") // gone for a moment: it does not begin
		w.Advance(grace - tickOfClock)
		w.connect("ann")
		w.Advance(time.Hour)
		w.lose("ann")
		w.Advance(grace / 2)
		w.lose("ann") // said again
		w.Advance(time.Hour)
		w.lose("ann")
		w.wantAfter(day-time.Hour-grace/2, "ben")
	}},
	{"a lost connection counts from the loss, not from the end of the grace", func(w *world) {
		w.hire("ann", 5)
		w.connect("ann")
		w.begin("c-1")
		w.settle()
		w.ask("c-1")
		w.Advance(time.Hour)
		w.lose("ann")
		w.agent("ben", 5)
		w.wantAfter(day, "ben")
	}},
	{"after a transfer to somebody unavailable too", func(w *world) {
		w.agent("ben", 5)
		w.begin("c-1")
		w.settle()
		w.ask("c-1")
		w.Advance(5 * time.Hour)
		w.hire("ann", 5)
		w.do("c-1", ben, conversation.Transfer{Agent: "ann"})
		w.wantAfter(day, "ben")
	}},
	{"after a transfer it is counted from the next message, if there was an answer", func(w *world) {
		w.agent("ben", 5)
		w.begin("c-1")
		w.settle()
		w.ask("c-1")
		w.answer("c-1", ben)
		w.hire("ann", 5)
		w.do("c-1", ben, conversation.Transfer{Agent: "ann"})
		w.Advance(2 * day)
		w.ask("c-1")
		w.wantAfter(day, "ben")
	}},
	{"who comes after the transfer has it, and nothing happens", func(w *world) {
		w.agent("ben", 5)
		w.begin("c-1")
		w.settle()
		w.ask("c-1")
		w.hire("ann", 5)
		w.do("c-1", ben, conversation.Transfer{Agent: "ann"})
		w.Advance(time.Hour)
		w.come("ann")
		w.Advance(10 * day)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"after an early wake by somebody unavailable too", func(w *world) {
		deserted(w)
		w.do("c-1", ann, conversation.Snooze{Until: snooze.UntilReply()})
		w.leave("ann")
		w.agent("ben", 5)
		w.Advance(3 * day)
		w.want(map[string]string{"c-1": "snoozed ann"})
		w.do("c-1", ann, conversation.Wake{})
		w.wantAfter(day, "ben")
	}},
	{"it does not run while the conversation is snoozed", func(w *world) {
		deserted(w)
		w.leave("ann")
		w.agent("ben", 5)
		w.Advance(23 * time.Hour)
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(7 * day)})
		w.Advance(6 * day)
		w.want(map[string]string{"c-1": "snoozed ann"})
		w.come("ann")
		w.Advance(3 * day)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"who wakes it by a message waits for whoever is available", func(w *world) {
		deserted(w)
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(3 * day)})
		w.leave("ann")
		w.agent("ben", 5)
		w.Advance(time.Hour)
		w.ask("c-1")
		w.waits("c-1", conversation.WaitUnavailable)
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"after a wake it is counted from when the agent leaves", func(w *world) {
		deserted(w)
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(time.Hour)
		w.come("ann")
		w.Advance(snooze.Short)
		w.want(map[string]string{"c-1": "ann"})
		w.leave("ann")
		w.wantAfter(day, "ben")
	}},
	{"how long is the group's choice", func(w *world) {
		w.groups("billing")
		w.policies(func(p *conversation.Policies) {
			p.Groups = map[string]conversation.Policy{"billing": {Idle: quiet, ReassignAfter: time.Hour}}
		})
		w.agent("ann", 5, "billing")
		w.beginIn("c-1", "billing")
		w.begin("c-2")
		w.settle()
		w.ask("c-1")
		w.ask("c-2")
		w.agent("ben", 5, "billing")
		w.leave("ann")
		w.wantAfter(time.Hour, "ben")
		w.want(map[string]string{"c-2": "ann"})
	}},
	{"a negative choice is never", func(w *world) {
		deserted(w)
		w.policy(func(p *conversation.Policy) { p.ReassignAfter = -1 })
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(100 * day)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"a changed choice holds for who waits already", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(2 * time.Hour)
		w.policy(func(p *conversation.Policy) { p.ReassignAfter = 3 * time.Hour })
		w.wantAfter(time.Hour, "ben")
	}},
	{"it survives a restart, and is late only if nothing ran", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.settle()
		w.Advance(day / 2)
		w.restart()
		w.wantAfter(day/2, "ben")
	}},
	{"a change of availability that its node did not work off counts from the change", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.settle()
		w.leave("ann")
		w.Clock.Add(day) // nothing runs meanwhile
		w.restart()
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"what is closed is left alone", func(w *world) {
		deserted(w)
		w.agent("ben", 5)
		w.leave("ann")
		w.Advance(time.Hour)
		w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved})
		w.Advance(3 * day)
		w.want(map[string]string{"c-1": closed})
	}},
	{"an agent nobody spoke of is never away", func(w *world) {
		w.begin("c-1")
		w.do("c-1", ann, conversation.Take{})
		w.ask("c-1")
		w.agent("ben", 5)
		w.Advance(10 * day)
		w.want(map[string]string{"c-1": "ann"})
	}},
}
