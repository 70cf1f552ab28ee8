package behaviour

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// grace is that of policies that do not say.
const grace = 30 * time.Second

var agentSentences = []sentence{
	{"a new agent is unavailable, has three seats and no group", func(w *world) {
		w.hire("ann", 0)
		w.same("agent", w.whois("ann").Agent, roster.Agent{ID: "ann", Capacity: 3, Since: lifecycletest.Start})
		w.wantAvailability("ann", roster.Unavailable)
		w.begin("c-1")
		w.settle()
		w.want(map[string]string{"c-1": inQueue})
	}},
	{"an agent keeps groups and capacity, and both can be changed", func(w *world) {
		w.groups("billing", "sales")
		w.hire("ann", 2, "sales", "billing", "sales")
		w.same("groups", w.whois("ann").Groups, []string{"billing", "sales"})
		w.connect("ann")
		w.hire("ann", 5, "sales")
		a := w.whois("ann")
		w.same("groups", a.Groups, []string{"sales"})
		w.same("capacity", a.Capacity, 5)
		w.wantAvailability("ann", roster.Available)
	}},
	{"agents are listed by group and in pages", func(w *world) {
		w.groups("billing", "sales")
		w.hire("cat", 1, "billing")
		w.hire("ann", 1, "billing", "sales")
		w.hire("ben", 1)
		ids := func(group, after string, limit int) (ids []string) {
			agents, err := w.Desk.Agents(w.Context(), workspace, group, after, limit)
			w.ok(err)
			for _, a := range agents {
				ids = append(ids, a.ID)
			}
			return ids
		}
		w.same("all", ids("", "", 10), []string{"ann", "ben", "cat"})
		w.same("first page", ids("", "", 2), []string{"ann", "ben"})
		w.same("second page", ids("", "ben", 2), []string{"cat"})
		w.same("of billing", ids("billing", "", 10), []string{"ann", "cat"})
		w.same("of sales", ids("sales", "", 10), []string{"ann"})
		w.ok(w.Desk.RemoveAgent(w.Context(), workspace, "ann"))
		w.same("without who was removed", ids("", "", 2), []string{"ben", "cat"})
	}},
	{"manual beats automatic", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.wantAvailability("ann", roster.Available)
		w.leave("ann")
		w.connect("ann")
		w.wantAvailability("ann", roster.Unavailable)
		w.begin("c-1")
		w.settle()
		w.want(map[string]string{"c-1": inQueue})
		w.come("ann")
		w.lose("ann")
		w.Advance(time.Hour)
		w.wantAvailability("ann", roster.Available)
		w.want(map[string]string{"c-1": "ann"})
		w.set("ann", roster.Manual, roster.Unset)
		w.wantAvailability("ann", roster.Unavailable)
		w.connect("ann")
		w.wantAvailability("ann", roster.Available)
	}},
	{"since when somebody is available is known, and repeating it does not move it", func(w *world) {
		w.hire("ann", 1)
		w.Advance(time.Minute)
		w.connect("ann")
		since := w.now()
		w.same("since", w.whois("ann").Since, since)
		w.Advance(time.Minute)
		w.connect("ann")
		w.come("ann")
		w.same("since", w.whois("ann").Since, since)
		w.leave("ann")
		w.same("since", w.whois("ann").Since, w.now())
	}},
	{"since when is kept over restarts", func(w *world) {
		w.groups("billing")
		w.agent("ann", 2, "billing")
		w.Advance(time.Hour)
		before := w.whois("ann")
		w.restart()
		w.Advance(time.Hour)
		w.same("ann after a restart", w.whois("ann"), before)
	}},
	{"who flaps within the grace was never gone", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.begin("c-1")
		w.settle()
		w.ask("c-1")
		since := w.whois("ann").Since
		for range 5 {
			w.Advance(time.Minute)
			w.lose("ann")
			w.Advance(grace - tickOfClock)
			w.wantAvailability("ann", roster.Available)
			w.connect("ann")
		}
		w.Advance(grace)
		w.same("since", w.whois("ann").Since, since)
		w.same("times told that she left", w.count("c-1", "assignee_left"), 0)
	}},
	{"no new conversation comes during the grace", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.lose("ann")
		w.begin("c-1")
		w.Advance(grace - tickOfClock)
		w.want(map[string]string{"c-1": inQueue})
		w.connect("ann")
		w.settle()
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"after the grace somebody has been unavailable since the loss", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.begin("c-1")
		w.settle()
		w.Advance(time.Minute)
		w.lose("ann")
		lost := w.now()
		w.Advance(grace - tickOfClock)
		w.wantAvailability("ann", roster.Available)
		w.lose("ann") // saying it again does not begin the grace anew
		w.Advance(tickOfClock)
		w.wantAvailability("ann", roster.Unavailable)
		w.same("since", w.whois("ann").Since, lost)
		w.same("c-1 was told", last[conversation.AssigneeLeft](w, "c-1").Since, lost)
	}},
	{"a grace survives a restart", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.Advance(time.Minute)
		w.lose("ann")
		lost := w.now()
		w.Advance(grace / 2)
		w.restart()
		w.Advance(grace/2 - tickOfClock)
		w.wantAvailability("ann", roster.Available)
		w.Advance(tickOfClock)
		w.wantAvailability("ann", roster.Unavailable)
		w.same("since", w.whois("ann").Since, lost)
	}},
	{"a grace that ran out while nothing ran is counted from the loss", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.lose("ann")
		lost := w.now()
		w.Clock.Add(time.Hour)
		w.restart()
		w.settle()
		w.wantAvailability("ann", roster.Unavailable)
		w.same("since", w.whois("ann").Since, lost)
	}},
	{"who is back after a grace that nobody worked off was gone", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.lose("ann")
		w.Clock.Add(time.Hour)
		w.connect("ann")
		w.wantAvailability("ann", roster.Available)
		w.same("since", w.whois("ann").Since, w.now())
	}},
	{"the grace is the workspace's choice", func(w *world) {
		w.policies(func(p *conversation.Policies) { p.AvailabilityGrace = 5 * time.Minute })
		w.hire("ann", 1)
		w.connect("ann")
		w.lose("ann")
		w.Advance(5*time.Minute - tickOfClock)
		w.wantAvailability("ann", roster.Available)
		w.Advance(tickOfClock)
		w.wantAvailability("ann", roster.Unavailable)
		w.policies(func(p *conversation.Policies) { p.AvailabilityGrace = -1 })
		w.connect("ann")
		w.lose("ann")
		w.wantAvailability("ann", roster.Unavailable)
	}},
	{"what is chosen by hand has no grace", func(w *world) {
		w.hire("ann", 1)
		w.connect("ann")
		w.leave("ann")
		w.wantAvailability("ann", roster.Unavailable)
		w.same("since", w.whois("ann").Since, w.now())
	}},
	{"unavailable blocks new conversations only", func(w *world) {
		w.agent("ann", 5)
		w.begin("said", "snoozed", "closed", "asleep", "handed-on")
		w.settle()
		w.do("asleep", ann, conversation.Snooze{Until: snooze.UntilReply()})
		w.leave("ann")
		w.begin("new")
		w.Advance(time.Minute)
		w.want(map[string]string{
			"said": "ann", "snoozed": "ann", "closed": "ann", "handed-on": "ann", "asleep": "snoozed ann", "new": inQueue,
		})
		w.refused("new", ann, conversation.Take{}, conversation.ErrAgentUnavailable)
		w.refused("new", sue, conversation.Assign{Agent: "ann"}, conversation.ErrAgentUnavailable)
		w.answer("said", ann)
		w.do("snoozed", ann, conversation.Snooze{Until: snooze.UntilReply()})
		w.do("closed", ann, conversation.Close{Outcome: closure.Resolved})
		w.do("asleep", ann, conversation.Wake{})
		w.hire("ben", 1)
		w.do("handed-on", ann, conversation.Transfer{Agent: "ben"})
		w.want(map[string]string{
			"said": "ann", "snoozed": "snoozed ann", "closed": closed, "asleep": "ann", "handed-on": "ben", "new": inQueue,
		})
	}},
	{"an agent gets what is of their groups, and what is of none", func(w *world) {
		w.groups("billing", "sales")
		w.agent("ann", 10, "billing")
		w.beginIn("c-billing", "billing")
		w.beginIn("c-sales", "sales")
		w.begin("c-none")
		w.settle()
		w.want(map[string]string{"c-billing": "ann", "c-sales": inQueue, "c-none": "ann"})
		w.hire("ann", 10, "billing", "sales")
		w.settle()
		w.want(map[string]string{"c-sales": "ann"})
	}},
	{"who has no group gets only what is of none", func(w *world) {
		w.groups("billing")
		w.agent("ann", 10)
		w.beginIn("c-billing", "billing")
		w.begin("c-none")
		w.settle()
		w.want(map[string]string{"c-billing": inQueue, "c-none": "ann"})
	}},
	{"who leaves while something is decided gets nothing new", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		store := &meddler{Store: w.Store, before: func(storage.Commit) { w.leave("ann") }}
		_, err := w.on(store).Take(w.Context(), w.Chat("c-1").By(ann))
		w.fails(err, conversation.ErrAgentUnavailable)
		w.settle()
		w.want(map[string]string{"c-1": inQueue})
	}},
	{"who leaves while something is routed gets nothing new", func(w *world) {
		w.agent("ann", 1)
		w.agent("ben", 1)
		w.settle()
		w.begin("c-1")
		store := &meddler{Store: w.Store, before: func(c storage.Commit) {
			if c.Head.Seat != "ann" {
				w.Fatalf("routing tries %q first, want ann", c.Head.Seat)
			}
			w.leave("ann")
		}}
		_, err := w.on(store).Tick(w.Context())
		w.ok(err)
		w.want(map[string]string{"c-1": "ben"})
	}},
}

var seatSentences = []sentence{
	{"nobody gets more than they have seats", func(w *world) {
		w.agent("ann", 2)
		w.begin("c-1", "c-2", "c-3")
		w.settle()
		w.same("ann has", w.held("ann"), 2)
		w.same("seats", w.whois("ann").Seats, 2)
		w.refused("c-3", ann, conversation.Take{}, conversation.ErrAgentFull)
		w.refused("c-3", sue, conversation.Assign{Agent: "ann"}, conversation.ErrAgentFull)
	}},
	{"a snoozed conversation takes no seat", func(w *world) {
		w.agent("ann", 1)
		w.beginApart("c-1", "c-2")
		w.settle()
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
		w.settle()
		w.want(map[string]string{"c-1": "snoozed ann", "c-2": "ann"})
		w.same("seats", w.whois("ann").Seats, 1)
	}},
	{"a lower capacity takes no conversation away", func(w *world) {
		w.agent("ann", 3)
		w.begin("c-1", "c-2", "c-3")
		w.settle()
		w.hire("ann", 1)
		w.begin("c-4")
		w.settle()
		w.same("ann has", w.held("ann"), 3)
		for _, id := range []string{"c-1", "c-2"} {
			w.do(id, ann, conversation.Close{Outcome: closure.Resolved})
			w.settle()
			w.want(map[string]string{"c-4": inQueue})
		}
		w.do("c-3", ann, conversation.Close{Outcome: closure.Resolved})
		w.settle()
		w.want(map[string]string{"c-4": "ann"})
	}},
	{"an agent nobody spoke of has seats without end and is never routed to", func(w *world) {
		w.begin("c-1", "c-2", "c-3", "c-4")
		for _, id := range []string{"c-1", "c-2", "c-3", "c-4"} {
			w.do(id, ann, conversation.Take{})
		}
		w.begin("c-5")
		w.settle()
		w.want(map[string]string{"c-4": "ann", "c-5": inQueue})
	}},
	{"where only known agents may, an unknown one gets nothing", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.KnownAgentsOnly = true })
		w.begin("c-1")
		w.refused("c-1", ann, conversation.Take{}, conversation.ErrAgentGone)
		w.refused("c-1", sue, conversation.Assign{Agent: "ann"}, conversation.ErrAgentGone)
		w.agent("ann", 1)
		w.do("c-1", ann, conversation.Take{})
	}},
	{"whoever becomes known has the seats that they had", func(w *world) {
		w.begin("c-1", "c-2")
		w.do("c-1", ann, conversation.Take{})
		w.agent("ann", 1)
		w.settle()
		w.same("seats", w.whois("ann").Seats, 1)
		w.want(map[string]string{"c-2": inQueue})
	}},
	{"a seat that is taken while something is decided is not there", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1", "c-2")
		store := &meddler{Store: w.Store, before: func(storage.Commit) { w.do("c-2", ann, conversation.Take{}) }}
		_, err := w.on(store).Take(w.Context(), w.Chat("c-1").By(ann))
		w.fails(err, conversation.ErrAgentFull)
		w.same("ann has", w.held("ann"), 1)
	}},
	{"seats are never overfilled by races", func(w *world) { w.race() }},
}
