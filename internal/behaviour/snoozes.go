package behaviour

import (
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// asleep has ann, the only agent, snooze c-1 of the group for three hours.
func asleep(atEnd snooze.AtEnd) func(w *world) {
	return func(w *world) {
		w.groups("billing")
		w.agent("ann", 1, "billing")
		w.beginIn("c-1", "billing")
		w.settle()
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(snooze.Short), AtEnd: atEnd})
		w.settle()
	}
}

var snoozeSentences = []sentence{
	{"keep returns it to the same agent at the end, whoever else is free", func(w *world) {
		asleep(snooze.Keep)(w)
		w.agent("ben", 5, "billing")
		w.Advance(snooze.Short - tickOfClock)
		w.want(map[string]string{"c-1": "snoozed ann"})
		w.Advance(tickOfClock)
		w.want(map[string]string{"c-1": "ann"})
		w.same("event", last[conversation.Woken](w, "c-1"), conversation.Woken{Cause: conversation.WokenByTimer, Agent: "ann"})
	}},
	{"keep is the default", func(w *world) {
		asleep("")(w)
		w.agent("ben", 5, "billing")
		w.Advance(snooze.Short)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"not keep gives it to another agent of the group at once", func(w *world) {
		asleep(snooze.Release)(w)
		w.groups("sales")
		w.agent("cat", 5, "sales")
		w.agent("ben", 5, "billing")
		w.beginIn("c-2", "billing")
		w.give("c-2", "ben") // ann is less loaded
		w.Advance(snooze.Short)
		w.want(map[string]string{"c-1": "ben"})
		w.same("reason", last[conversation.Woken](w, "c-1").Reason, conversation.WaitReleased)
		w.same("waited", w.at("c-1").Since, w.now())
	}},
	{"not keep gives it to another even where conversations stick", func(w *world) {
		asleep(snooze.Release)(w)
		w.policy(func(p *conversation.Policy) { p.Sticky = true })
		w.agent("ben", 5, "billing")
		w.Advance(snooze.Short)
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"keep with an agent who is unavailable waits for that reason, and is routed", func(w *world) {
		asleep(snooze.Keep)(w)
		w.leave("ann")
		w.Advance(snooze.Short)
		w.waits("c-1", conversation.WaitUnavailable)
		w.agent("ben", 5, "billing")
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"keep with an agent who is unavailable goes to who is free at once", func(w *world) {
		asleep(snooze.Keep)(w)
		w.leave("ann")
		w.agent("ben", 5, "billing")
		w.Advance(snooze.Short)
		w.want(map[string]string{"c-1": "ben"})
		w.same("reason", last[conversation.Woken](w, "c-1").Reason, conversation.WaitUnavailable)
	}},
	{"keep with an agent whose connection is gone for less than the grace returns to them", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.agent("ben", 1)
		w.begin("c-1")
		w.give("c-1", "ann")
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
		w.Advance(snooze.Short - time.Second)
		w.lose("ann")
		w.Advance(time.Second)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"keep with an agent who is full waits for that reason, and is routed", func(w *world) {
		asleep(snooze.Keep)(w)
		w.beginIn("c-2", "billing")
		w.settle()
		w.want(map[string]string{"c-2": "ann"})
		w.Advance(snooze.Short)
		w.waits("c-1", conversation.WaitFull)
		w.do("c-2", ann, conversation.Close{Outcome: closure.Resolved})
		w.settle()
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"keep with an agent who left the group waits for that reason, and is routed", func(w *world) {
		asleep(snooze.Keep)(w)
		w.hire("ann", 1)
		w.Advance(snooze.Short)
		w.waits("c-1", conversation.WaitLeftGroup)
		w.agent("ben", 5, "billing")
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"keep with an agent who was deleted waits for that reason, and is routed", func(w *world) {
		asleep(snooze.Keep)(w)
		w.remove("ann")
		w.settle()
		w.waits("c-1", conversation.WaitRemoved)
		w.agent("ben", 5, "billing")
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"waking at full capacity is an explicit policy", func(w *world) {
		asleep(snooze.Keep)(w)
		w.policies(func(p *conversation.Policies) {
			p.Groups = map[string]conversation.Policy{"billing": {Idle: quiet, WakeOverCapacity: true}}
		})
		w.beginIn("c-2", "billing")
		w.settle()
		w.Advance(snooze.Short)
		w.want(map[string]string{"c-1": "ann", "c-2": "ann"})
		w.beginIn("c-3", "billing")
		w.settle()
		w.want(map[string]string{"c-3": inQueue})
		w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved})
		w.settle()
		w.want(map[string]string{"c-3": inQueue}) // her one seat is taken
		w.do("c-2", ann, conversation.Close{Outcome: closure.Resolved})
		w.settle()
		w.want(map[string]string{"c-3": "ann"})
	}},
	{"the policy does not let anything else overfill", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.WakeOverCapacity = true })
		w.agent("ann", 1)
		w.begin("c-1", "c-2", "c-3")
		w.give("c-1", "ann")
		w.refused("c-2", ann, conversation.Take{}, conversation.ErrAgentFull)
		w.refused("c-2", sue, conversation.Assign{Agent: "ann"}, conversation.ErrAgentFull)
		w.do("c-3", conversation.Agent("zoe"), conversation.Take{})
		w.do("c-3", conversation.Agent("zoe"), conversation.Snooze{Until: snooze.UntilReply()})
		w.refused("c-3", conversation.Agent("zoe"), conversation.Transfer{Agent: "ann"}, conversation.ErrAgentFull)
		w.refused("c-3", sue, conversation.Assign{Agent: "ann"}, conversation.ErrAgentFull)
	}},
	{"a full agent wakes nothing early without the policy", func(w *world) {
		asleep(snooze.Keep)(w)
		w.beginIn("c-2", "billing")
		w.settle()
		w.refused("c-1", ann, conversation.Wake{}, conversation.ErrAgentFull)
		w.policies(func(p *conversation.Policies) {
			p.Groups = map[string]conversation.Policy{"billing": {Idle: quiet, WakeOverCapacity: true}}
		})
		w.do("c-1", ann, conversation.Wake{})
		w.want(map[string]string{"c-1": "ann", "c-2": "ann"})
	}},
	{"a message of the visitor wakes it at once, to who kept it", func(w *world) {
		asleep(snooze.Keep)(w)
		w.agent("ben", 5, "billing")
		w.ask("c-1")
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"a message wakes it to the queue if who kept it cannot have it", func(w *world) {
		asleep(snooze.Keep)(w)
		w.beginIn("c-2", "billing")
		w.settle()
		w.ask("c-1")
		w.waits("c-1", conversation.WaitFull)
		w.agent("ben", 5, "billing")
		w.settle()
		w.want(map[string]string{"c-1": "ben"})
	}},
	{"presence alone does not wake", func(w *world) {
		asleep(snooze.Keep)(w)
		w.online("c-1", true)
		w.Advance(time.Minute)
		w.online("c-1", false)
		w.Advance(time.Minute)
		w.want(map[string]string{"c-1": "snoozed ann"})
	}},
	{"every wake is one event with its lateness, whatever nodes tick, and no reopening", func(w *world) {
		asleep(snooze.Keep)(w)
		const late = 7 * time.Minute
		w.Clock.Add(snooze.Short + late)
		desks := []*lifecycle.Desk{w.another(), w.another(), w.another()}
		var mu sync.Mutex // guards failures
		var failures []error
		together(len(desks), func(i int) {
			_, err := desks[i].Tick(w.Context())
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, err)
		})
		for _, err := range failures {
			w.ok(err)
		}
		w.settle()
		w.same("times woken", w.count("c-1", "woken"), 1)
		w.same("event", last[conversation.Woken](w, "c-1"), conversation.Woken{Cause: conversation.WokenByTimer, Late: late, Agent: "ann"})
		w.same("times reopened", w.count("c-1", "reopened"), 0)
	}},
	{"who leaves while the wake is decided does not get it back", func(w *world) {
		asleep(snooze.Keep)(w)
		w.Clock.Add(snooze.Short)
		_, err := w.on(&meddler{Store: w.Store, before: func(storage.Commit) { w.leave("ann") }}).Tick(w.Context())
		w.ok(err)
		w.waits("c-1", conversation.WaitUnavailable)
	}},
}
