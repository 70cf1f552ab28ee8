package behaviour

import (
	"fmt"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

func (w *world) remove(agent string) {
	w.Helper()
	w.ok(w.Desk.RemoveAgent(w.Context(), workspace, agent))
}

func (w *world) disband(group, into string) {
	w.Helper()
	w.ok(w.Desk.RemoveGroup(w.Context(), workspace, group, into))
}

// owned returns the conversations that are not closed and have the agent.
func (w *world) owned(agent string) (ids []string) {
	w.Helper()
	page, err := w.Desk.List(w.Context(), workspace, lifecycle.View{Agent: agent}, "", lifecycle.MaxPage)
	w.ok(err)
	for _, c := range page.Conversations {
		if c.Open() {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func removalSentences() []sentence {
	all := []sentence{
		{"each conversation of a removed agent gets its own event and is routed, snoozed ones too", func(w *world) {
			w.agent("ann", 5)
			w.begin("c-1", "c-2", "s-1", "s-2", "closed")
			for _, id := range []string{"c-1", "c-2", "s-1", "s-2", "closed"} {
				w.give(id, "ann")
			}
			w.do("s-1", ann, conversation.Snooze{Until: snooze.For(snooze.Long)})
			w.do("s-2", ann, conversation.Snooze{Until: snooze.UntilReply()})
			w.do("closed", ann, conversation.Close{Outcome: closure.Resolved})
			w.agent("ben", 3)
			w.remove("ann")
			w.settle()
			for _, id := range []string{"c-1", "c-2", "s-1", "s-2"} {
				w.same("event of "+id, last[conversation.Requeued](w, id), conversation.Requeued{From: "ann", Reason: conversation.WaitRemoved})
				w.same("events of "+id, w.count(id, "requeued"), 1)
			}
			w.same("conversations of ann", w.owned("ann"), none)
			w.same("ben has", w.held("ben"), 3)
			w.same("who had the closed one", w.at("closed").Closing.Agent, "ann")
			w.Advance(3 * day)
			w.same("times woken", w.count("s-1", "woken"), 0)
		}},
		{"a removed agent is nowhere", func(w *world) {
			w.agent("ann", 5)
			w.begin("c-1")
			w.remove("ann")
			_, err := w.Desk.Agent(w.Context(), workspace, "ann")
			w.fails(err, lifecycle.ErrNoAgent)
			_, err = w.Desk.SetAvailability(w.Context(), workspace, "ann", roster.Manual, roster.Available)
			w.fails(err, lifecycle.ErrNoAgent)
			w.remove("ann") // again changes nothing
			w.settle()
			w.want(map[string]string{"c-1": inQueue})
			w.refused("c-1", ann, conversation.Take{}, conversation.ErrAgentGone)
			w.refused("c-1", sue, conversation.Assign{Agent: "ann"}, conversation.ErrAgentGone)
			w.refused("c-1", sue, conversation.Transfer{Agent: "ann"}, conversation.ErrAgentGone)
		}},
		{"what a removed agent closed is reopened for somebody else", func(w *world) {
			w.agent("ann", 5)
			w.begin("said", "asked")
			w.settle()
			w.do("said", ann, conversation.Close{Outcome: closure.Resolved})
			w.do("asked", ann, conversation.Close{Outcome: closure.Resolved})
			w.remove("ann")
			w.settle()
			w.agent("ben", 5)
			w.refused("asked", ann, conversation.Reopen{}, conversation.ErrAgentGone)
			w.ask("said")
			w.do("asked", host, conversation.Reopen{})
			w.waits("said", conversation.WaitRemoved)
			w.waits("asked", conversation.WaitRemoved)
			w.settle()
			w.want(map[string]string{"said": "ben", "asked": "ben"})
		}},
		{"whoever writes before the removal is worked off does not bring the agent back", func(w *world) {
			w.agent("ann", 5)
			w.begin("snoozed", "held")
			w.settle()
			w.do("snoozed", ann, conversation.Snooze{Until: snooze.UntilReply()})
			w.remove("ann")
			w.ask("snoozed")
			w.waits("snoozed", conversation.WaitRemoved)
			w.settle()
			w.want(map[string]string{"snoozed": inQueue, "held": inQueue})
		}},
		{"who is removed while a conversation is given to them does not get it", func(w *world) {
			w.agent("ann", 5)
			w.begin("c-1")
			store := &meddler{Store: w.Store, before: func(storage.Commit) { w.remove("ann") }}
			_, err := w.on(store).Take(w.Context(), w.Chat("c-1").By(ann))
			w.fails(err, conversation.ErrAgentGone)
			w.settle()
			w.same("conversations of ann", w.owned("ann"), none)
		}},
		{"an agent of the ID can be added again, and is new", func(w *world) {
			w.groups("billing")
			w.agent("ann", 5, "billing")
			w.begin("c-1")
			w.settle()
			w.remove("ann")
			w.Advance(time.Minute)
			w.hire("ann", 1)
			a := w.whois("ann")
			w.same("ann", a.Agent, roster.Agent{ID: "ann", Capacity: 1, Groups: nil, Since: w.now()})
			w.settle()
			w.want(map[string]string{"c-1": inQueue})
			w.come("ann")
			w.settle()
			w.want(map[string]string{"c-1": "ann"})
		}},
		{"an agent who is added again before the removal is worked off keeps what they had", func(w *world) {
			w.agent("ann", 5)
			w.begin("c-1")
			w.settle()
			w.ask("c-1")
			w.remove("ann")
			w.hire("ann", 5)
			w.settle()
			if c := w.at("c-1"); c.State == conversation.StateAssigned && c.AwaySince.IsZero() {
				w.Errorf("ann is unavailable, has c-1, and its time does not run")
			}
		}},
		{"many conversations of a removed agent are all routed", func(w *world) {
			w.agent("ann", 100)
			var ids []string
			for i := range 40 {
				ids = append(ids, fmt.Sprint("c-", i))
			}
			w.begin(ids...)
			w.settle()
			w.remove("ann")
			w.agent("ben", 100)
			w.settle()
			w.same("conversations of ann", w.owned("ann"), none)
			w.same("ben has", w.held("ben"), 40)
		}},
		{"a removed group passes on its conversations, each with its own event", func(w *world) {
			w.groups("old", "new")
			w.policies(func(p *conversation.Policies) {
				p.Groups = map[string]conversation.Policy{"old": {Idle: quiet, PullOnly: true, Bot: true}}
			})
			w.agent("ann", 5, "old")
			for _, id := range []string{"bot", "waiting", "held", "snoozed", "closed"} {
				w.beginIn(id, "old")
			}
			w.do("waiting", visitor("waiting"), conversation.RequestAgent{})
			for _, id := range []string{"held", "snoozed", "closed"} {
				w.give(id, "ann")
			}
			w.do("snoozed", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
			w.do("closed", ann, conversation.Close{Outcome: closure.Resolved})
			since := w.at("waiting").Since
			w.Advance(time.Minute)
			w.disband("old", "new")
			w.settle()
			w.same("groups of ann", w.whois("ann").Groups, none)
			for _, id := range []string{"bot", "waiting", "held", "snoozed"} {
				w.same("group of "+id, w.at(id).Group, "new")
				w.same("event of "+id, last[conversation.Regrouped](w, id), conversation.Regrouped{From: "old", Group: "new"})
				w.same("events of "+id, w.count(id, "regrouped"), 1)
			}
			w.want(map[string]string{"waiting": inQueue, "held": "ann", "snoozed": "snoozed ann", "closed": closed})
			w.same("place in the queue", w.at("waiting").Since, since)
			w.agent("ben", 1, "new")
			w.settle()
			w.want(map[string]string{"waiting": "ben"})
			w.Advance(snooze.Short) // ann is not of the group it has now
			w.waits("snoozed", conversation.WaitLeftGroup)
		}},
		{"a removed group without a successor passes them on to any agent", func(w *world) {
			w.groups("old")
			w.beginIn("c-1", "old")
			w.agent("ann", 5)
			w.settle()
			w.want(map[string]string{"c-1": inQueue})
			w.disband("old", "")
			w.settle()
			w.want(map[string]string{"c-1": "ann"})
			w.same("group", w.at("c-1").Group, "")
		}},
		{"a removed group has no agents, and its policy does not decide any more", func(w *world) {
			w.groups("old")
			w.agent("ann", 5, "old")
			w.disband("old", "")
			w.settle()
			agents, err := w.Desk.Agents(w.Context(), workspace, "old", "", 10)
			w.ok(err)
			w.same("agents", len(agents), 0)
			_, err = w.Desk.SetAgent(w.Context(), workspace, "ann", 5, "old")
			w.fails(err, lifecycle.ErrNoGroup)
			w.groups("old")
			w.agent("ann", 5, "old")
			w.same("groups", w.whois("ann").Groups, []string{"old"})
		}},
		{"what a removed group closed is reopened for its successor", func(w *world) {
			w.groups("old", "new")
			w.agent("ann", 5, "old")
			w.beginIn("c-1", "old")
			w.settle()
			w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved})
			w.disband("old", "new")
			w.settle()
			w.agent("ben", 5, "new")
			w.ask("c-1")
			w.settle()
			w.want(map[string]string{"c-1": "ben"})
			w.same("group", w.at("c-1").Group, "new")
		}},
		{"what is transferred to a removed group goes to its successor", func(w *world) {
			w.groups("old", "new")
			w.disband("old", "new")
			w.settle()
			w.agent("ben", 5, "new")
			w.begin("c-1")
			w.give("c-1", "zoe")
			w.do("c-1", sue, conversation.Transfer{Group: "old"})
			w.settle()
			w.want(map[string]string{"c-1": "ben"})
		}},
		{"successors of successors are followed", func(w *world) {
			w.groups("oldest", "old", "new")
			w.disband("oldest", "old")
			w.disband("old", "new")
			w.settle()
			w.agent("ben", 5, "new")
			w.beginIn("c-1", "oldest")
			w.settle()
			w.want(map[string]string{"c-1": "ben"})
		}},
		{"who is not there cannot be removed, nor followed", func(w *world) {
			w.groups("old", "gone")
			w.disband("gone", "")
			w.fails(w.Desk.RemoveGroup(w.Context(), workspace, "unknown", ""), lifecycle.ErrNoGroup)
			w.fails(w.Desk.RemoveGroup(w.Context(), workspace, "old", "unknown"), lifecycle.ErrNoGroup)
			w.fails(w.Desk.RemoveGroup(w.Context(), workspace, "old", "gone"), lifecycle.ErrNoGroup)
			w.invalid("into itself", w.Desk.RemoveGroup(w.Context(), workspace, "old", "old"), "into")
			w.fails(w.Desk.RemoveAgent(w.Context(), workspace, "unknown"), lifecycle.ErrNoAgent)
			_, err := w.Desk.SetAgent(w.Context(), workspace, "ann", 1, "unknown")
			w.fails(err, lifecycle.ErrNoGroup)
			_, err = w.Desk.Group(w.Context(), workspace, "unknown")
			w.fails(err, lifecycle.ErrNoGroup)
			groups, err := w.Desk.Groups(w.Context(), workspace, "", 10)
			w.ok(err)
			w.same("groups", groups, []roster.Group{{ID: "gone", Removed: true}, {ID: "old"}})
			groups, err = w.Desk.Groups(w.Context(), workspace, "gone", 1)
			w.ok(err)
			w.same("second page", groups, []roster.Group{{ID: "old"}})
		}},
	}
	all = append(all, sentence{"each group has a policy of its own, and one without has the workspace's", func(w *world) {
		w.groups("bots", "people")
		w.policies(func(p *conversation.Policies) {
			p.Groups = map[string]conversation.Policy{"bots": {Idle: quiet, Bot: true}}
		})
		w.beginIn("c-1", "bots")
		w.beginIn("c-2", "people")
		w.begin("c-3")
		w.want(map[string]string{"c-1": withBot, "c-2": inQueue, "c-3": inQueue})
		w.do("c-1", ann, conversation.Take{})
		w.do("c-2", ann, conversation.Take{})
		w.do("c-1", ann, conversation.HandBack{})
		w.refused("c-2", ann, conversation.HandBack{}, conversation.ErrNoBot)
	}})
	for _, kind := range []string{"pushed to", "pulled from", "with a bot"} {
		all = append(all, sentence{"what is opened for a removed group goes to its successor, if it was " + kind, func(w *world) {
			w.groups("old", "new")
			w.policies(func(p *conversation.Policies) {
				p.Groups = map[string]conversation.Policy{"old": {Idle: quiet, PullOnly: kind == "pulled from", Bot: kind == "with a bot"}}
			})
			w.disband("old", "new")
			w.settle()
			w.agent("ben", 5, "new")
			w.beginIn("c-1", "old")
			w.settle()
			if kind == "with a bot" {
				w.do("c-1", visitor("c-1"), conversation.RequestAgent{})
				w.settle()
			}
			w.same("group", w.at("c-1").Group, "new")
			w.want(map[string]string{"c-1": "ben"})
		}})
	}
	for writes := range 8 {
		all = append(all, sentence{fmt.Sprintf("a node that dies %d writes into a removal leaves nothing undone", writes), func(w *world) {
			w.agent("ann", 5)
			w.begin("c-1", "c-2", "snoozed")
			w.settle()
			w.do("snoozed", ann, conversation.Snooze{Until: snooze.For(snooze.Long)})
			w.settle()
			w.remove("ann")
			w.agent("ben", 5)
			_, _ = w.on(newMortal(w.Store, writes)).Tick(w.Context()) // it fails somewhere, or is done
			w.settle()
			w.want(map[string]string{"c-1": "ben", "c-2": "ben", "snoozed": "ben"})
			for _, id := range []string{"c-1", "c-2", "snoozed"} {
				w.same("events of "+id, w.count(id, "requeued"), 1)
			}
		}})
	}
	return all
}
