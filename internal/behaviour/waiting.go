package behaviour

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
)

func waitingSentences() []sentence {
	all := []sentence{
		{"waiting is served oldest first", func(w *world) {
			ids := []string{"c-9", "c-1", "c-5", "c-3"} // not in the order of their names
			w.beginApart(ids...)
			w.agent("ann", 1)
			for i, id := range ids {
				w.settle()
				w.want(map[string]string{id: "ann"})
				for _, later := range ids[i+1:] {
					w.want(map[string]string{later: inQueue})
				}
				w.do(id, ann, conversation.Close{Outcome: closure.Resolved})
			}
		}},
		{"the oldest of all the queues that an agent serves is first", func(w *world) {
			w.groups("billing", "sales")
			w.beginIn("c-1", "sales")
			w.Clock.Add(time.Second)
			w.begin("c-2")
			w.Clock.Add(time.Second)
			w.beginIn("c-3", "billing")
			w.agent("ann", 1, "billing", "sales")
			for _, id := range []string{"c-1", "c-2", "c-3"} {
				w.settle()
				w.want(map[string]string{id: "ann"})
				w.do(id, ann, conversation.Close{Outcome: closure.Resolved})
			}
		}},
		{"who comes last to one queue does not get ahead of who waits in another for the same agent", func(w *world) {
			w.groups("billing")
			w.beginIn("c-1", "billing")
			w.Advance(time.Minute)
			w.agent("ann", 1, "billing")
			w.begin("c-2") // before what follows from ann's coming is worked off
			w.settle()
			w.want(map[string]string{"c-1": "ann", "c-2": inQueue})
		}},
		{"a nagging visitor does not lose the place", func(w *world) {
			w.beginApart("c-1", "c-2")
			since := w.at("c-1").Since
			for range 3 {
				w.ask("c-1")
				w.do("c-1", visitor("c-1"), conversation.RequestAgent{})
				w.do("c-1", visitor("c-1"), conversation.Typing{})
				w.Advance(time.Minute)
			}
			w.same("since", w.at("c-1").Since, since)
			w.wantPositions(map[string]int{"c-1": 1, "c-2": 2})
			w.agent("ann", 1)
			w.settle()
			w.want(map[string]string{"c-1": "ann", "c-2": inQueue})
		}},
		{"a nagging visitor does not get ahead either", func(w *world) {
			w.beginApart("c-1", "c-2")
			w.ask("c-2")
			w.do("c-2", visitor("c-2"), conversation.RequestAgent{})
			w.agent("ann", 1)
			w.settle()
			w.want(map[string]string{"c-1": "ann", "c-2": inQueue})
		}},
		{"at equal age who is there comes before who is gone", func(w *world) {
			w.begin("c-1", "c-2", "c-3")
			w.online("c-3", true)
			w.online("c-1", true)
			w.online("c-1", false)
			w.wantPositions(map[string]int{"c-3": 1, "c-1": 2, "c-2": 3})
			w.agent("ann", 1)
			w.settle()
			w.want(map[string]string{"c-1": inQueue, "c-2": inQueue, "c-3": "ann"})
		}},
		{"who is gone and came earlier comes before who is there", func(w *world) {
			w.begin("c-1")
			w.Clock.Add(tickOfClock)
			w.begin("c-2")
			w.online("c-2", true)
			w.wantPositions(map[string]int{"c-1": 1, "c-2": 2})
			w.agent("ann", 1)
			w.settle()
			w.want(map[string]string{"c-1": "ann", "c-2": inQueue})
		}},
		{"take pulls out of turn, also where conversations are pushed", func(w *world) {
			w.beginApart("c-1", "c-2", "c-3")
			w.agent("ann", 2)
			w.do("c-3", ann, conversation.Take{})
			w.settle()
			w.want(map[string]string{"c-1": "ann", "c-2": inQueue, "c-3": "ann"})
		}},
		{"a group that pulls is never pushed to, beside one that is", func(w *world) {
			w.groups("pull", "push")
			w.policies(func(p *conversation.Policies) {
				p.Groups = map[string]conversation.Policy{"pull": {Idle: quiet, PullOnly: true}}
			})
			w.beginIn("c-1", "pull")
			w.beginIn("c-2", "push")
			w.begin("c-3")
			w.agent("ann", 5, "pull", "push")
			w.settle()
			w.beginIn("c-4", "pull")
			w.Advance(time.Hour)
			w.want(map[string]string{"c-1": inQueue, "c-2": "ann", "c-3": "ann", "c-4": inQueue})
			w.do("c-4", ann, conversation.Take{})
			w.want(map[string]string{"c-1": inQueue, "c-4": "ann"})
		}},
		{"a group that is changed from pull to push has its queue served", func(w *world) {
			w.policy(func(p *conversation.Policy) { p.PullOnly = true })
			w.agent("ann", 1)
			w.beginApart("c-1", "c-2")
			w.settle()
			w.want(map[string]string{"c-1": inQueue, "c-2": inQueue})
			w.policy(func(p *conversation.Policy) { p.PullOnly = false })
			w.want(map[string]string{"c-1": "ann", "c-2": inQueue})
			w.policy(func(p *conversation.Policy) { p.PullOnly = true })
			w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved})
			w.settle()
			w.want(map[string]string{"c-2": inQueue})
		}},
		{"when nobody is free it stays waiting", func(w *world) {
			w.agent("ann", 1)
			w.agent("ben", 1)
			w.leave("ben")
			w.beginApart("c-1", "c-2")
			w.Advance(100 * time.Hour)
			w.want(map[string]string{"c-1": "ann", "c-2": inQueue})
			w.same("what happened to c-2", w.count("c-2", "assigned"), 0)
		}},
		{"two agents take at once, one wins and the others learn who holds it", func(w *world) { w.takers() }},
		{"two nodes route at once and each conversation is given once", func(w *world) {
			for i := range 4 {
				w.agent(fmt.Sprint("agent-", i), 3)
			}
			desks := []*lifecycle.Desk{w.another(), w.another(), w.another(), w.another()}
			var ids []string
			for i := range 12 {
				ids = append(ids, fmt.Sprint("c-", i))
			}
			w.begin(ids...)
			var mu sync.Mutex // guards assigned
			var assigned int
			together(len(desks), func(i int) {
				ticked, err := desks[i].Tick(w.Context())
				if err != nil || len(ticked.Failed) > 0 {
					w.Errorf("tick: %v, failed %v", err, ticked.Failed)
				}
				mu.Lock()
				defer mu.Unlock()
				assigned += len(ticked.Assigned)
			})
			w.settle()
			for _, id := range ids {
				if n := w.count(id, "assigned"); n != 1 {
					w.Errorf("%s was assigned %d times", id, n)
				}
			}
			if assigned > len(ids) {
				w.Errorf("the ticks report %d assignments of %d conversations", assigned, len(ids))
			}
		}},
		{"the position in the queue and the oldest wait are known", func(w *world) {
			w.groups("billing")
			start := w.now()
			w.beginApart("c-1", "c-2")
			w.beginIn("b-1", "billing")
			w.beginApart("c-3")
			w.wantPositions(map[string]int{"c-1": 1, "c-2": 2, "c-3": 3, "b-1": 1})
			w.Advance(time.Minute)
			q, err := w.Desk.Queue(w.Context(), workspace, "")
			w.ok(err)
			w.same("queue", q, lifecycle.Queue{Waiting: 3, Oldest: start})
			w.same("oldest wait", q.OldestWait(w.now()), w.now().Sub(start))
			q, err = w.Desk.Queue(w.Context(), workspace, "billing")
			w.ok(err)
			w.same("queue of billing", q, lifecycle.Queue{Waiting: 1, Oldest: start.Add(2 * time.Second)})
			w.do("c-1", ann, conversation.Take{})
			w.wantPositions(map[string]int{"c-1": 0, "c-2": 1, "c-3": 2})
			w.do("c-2", visitor("c-2"), conversation.Close{})
			w.do("c-3", ann, conversation.Take{})
			w.wantPositions(map[string]int{"c-2": 0, "c-3": 0})
			q, err = w.Desk.Queue(w.Context(), workspace, "")
			w.ok(err)
			w.same("empty queue", q, lifecycle.Queue{})
			w.same("its oldest wait", q.OldestWait(w.now()), time.Duration(0))
			w.do("c-1", ann, conversation.Requeue{})
			w.do("c-3", ann, conversation.Requeue{})
			w.same("who comes back waits anew", w.at("c-1").Since, w.now())
		}},
		{"what was decided on an older holder is refused, not a second take", func(w *world) {
			w.begin("c-1")
			seen := w.at("c-1").Version
			w.do("c-1", ann, conversation.Take{})
			w.do("c-1", ann, conversation.Requeue{})
			call := w.Chat("c-1").By(ben)
			call.AsOf = seen
			_, err := w.Desk.Take(w.Context(), call)
			w.fails(err, conversation.ErrStale)
		}},
	}
	return append(all, nextFreeSentences()...)
}

func (w *world) online(id string, there bool) {
	w.Helper()
	_, err := w.Desk.SetPresence(w.Context(), workspace, visitor(id).ID, there)
	w.ok(err)
}

func (w *world) wantPositions(want map[string]int) {
	w.Helper()
	got := map[string]int{}
	for id := range want {
		n, err := w.Desk.QueuePosition(w.Context(), workspace, id)
		w.ok(err)
		got[id] = n
	}
	w.same("positions", got, want)
}

// takers has agents on several nodes take one conversation at once.
func (w *world) takers() {
	w.Helper()
	const agents = 6
	desks := []*lifecycle.Desk{w.another(), w.another()}
	for i := range agents {
		w.agent(fmt.Sprint("agent-", i), 1)
	}
	w.settle()
	w.policy(func(p *conversation.Policy) { p.PullOnly = true })
	w.begin("c-1")
	errs := make([]error, agents)
	together(agents, func(i int) {
		_, errs[i] = desks[i%2].Take(w.Context(), w.Chat("c-1").By(conversation.Agent(fmt.Sprint("agent-", i))))
	})
	holder := w.where("c-1")
	w.same("times taken", w.count("c-1", "taken"), 1)
	for i, err := range errs {
		refusal, refused := errors.AsType[*conversation.RefusedError](err)
		switch own := fmt.Sprint("agent-", i) == holder; {
		case own && err != nil:
			w.Errorf("the winner got %v", err)
		case !own && (!refused || !errors.Is(err, conversation.ErrHeld) || refusal.Holder != holder):
			w.Errorf("agent-%d got %v, want to learn that %s holds it", i, err, holder)
		}
	}
}

// nextFreeSentences are the ways in which an agent becomes free for what waits,
// each of them also with a node that dies right after it accepted the change: it
// never works off what follows.
func nextFreeSentences() []sentence {
	ways := []struct {
		name string
		set  func(w *world)
		free func(w *world, desk *lifecycle.Desk) error
	}{
		{"when she closes one", occupied, commandOn("held", ann, conversation.Close{Outcome: closure.Resolved})},
		{"when the visitor closes one", occupied, commandOn("held", visitor("held"), conversation.Close{})},
		{"when she snoozes one", occupied, commandOn("held", ann, conversation.Snooze{Until: snooze.UntilReply()})},
		{"when she transfers one", occupied, commandOn("held", ann, conversation.Transfer{Agent: "nobody-known"})},
		{"when a supervisor takes one from her", occupied, commandOn("held", sue, conversation.Take{})},
		{"when one is given to another", occupied, commandOn("held", host, conversation.Assign{Agent: "nobody-known"})},
		{"when she hands one back", func(w *world) {
			w.policies(func(p *conversation.Policies) {
				p.Groups = map[string]conversation.Policy{"bots": {Idle: quiet, Bot: true}}
			})
			w.agent("ann", 1)
			w.beginIn("held", "bots")
			w.give("held", "ann")
		}, commandOn("held", ann, conversation.HandBack{})},
		{"when her capacity is raised", occupied, func(w *world, desk *lifecycle.Desk) error {
			_, err := desk.SetAgent(w.Context(), workspace, "ann", 2)
			return err
		}},
		{"when she is added and available", func(w *world) { w.hire("ann", 1) }, func(w *world, desk *lifecycle.Desk) error {
			_, err := desk.SetAvailability(w.Context(), workspace, "ann", roster.Manual, roster.Available)
			return err
		}},
		{"when she is back within the grace", func(w *world) {
			w.hire("ann", 1)
			w.connect("ann")
			w.lose("ann")
		}, func(w *world, desk *lifecycle.Desk) error {
			_, err := desk.SetAvailability(w.Context(), workspace, "ann", roster.Automatic, roster.Available)
			return err
		}},
		{"when what was by hand is taken back", func(w *world) {
			w.hire("ann", 1)
			w.connect("ann")
			w.leave("ann")
		}, func(w *world, desk *lifecycle.Desk) error {
			_, err := desk.SetAvailability(w.Context(), workspace, "ann", roster.Manual, roster.Unset)
			return err
		}},
		{"when she joins the group", func(w *world) {
			w.groups("billing")
			w.agent("ann", 1)
		}, func(w *world, desk *lifecycle.Desk) error {
			_, err := desk.SetAgent(w.Context(), workspace, "ann", 1, "billing")
			return err
		}},
		{"when it moves to her group", func(w *world) {
			w.groups("sales")
			w.agent("ann", 1, "sales")
		}, func(w *world, desk *lifecycle.Desk) error {
			_, err := desk.Do(w.Context(), w.Chat("next").By(sue), conversation.Transfer{Group: "sales"})
			return err
		}},
	}
	var all []sentence
	for _, way := range ways {
		group := ""
		if way.name == "when she joins the group" || way.name == "when it moves to her group" {
			group = "billing"
		}
		prepare := func(w *world) {
			way.set(w)
			w.beginIn("next", group)
			w.Clock.Add(time.Second)
			w.beginIn("later", group)
			w.Advance(time.Second)
			w.want(map[string]string{"next": inQueue, "later": inQueue})
		}
		all = append(all,
			sentence{"the next free agent gets it, " + way.name, func(w *world) {
				prepare(w)
				w.ok(way.free(w, w.Desk))
				w.settle()
				w.want(map[string]string{"next": "ann", "later": inQueue})
			}},
			sentence{"also after a crash of the node that accepted the change, " + way.name, func(w *world) {
				prepare(w)
				w.ok(way.free(w, w.another()))
				w.Clock.Add(time.Hour)
				w.restart()
				w.settle()
				w.want(map[string]string{"next": "ann", "later": inQueue})
			}},
		)
	}
	for writes := range 6 {
		all = append(all, sentence{fmt.Sprintf("a node that dies after %d writes leaves nothing undone", writes), func(w *world) {
			occupied(w)
			w.beginApart("next", "later")
			w.settle()
			dying := w.on(newMortal(w.Store, writes))
			_, err := dying.Do(w.Context(), w.Chat("held").By(ann), conversation.Close{Outcome: closure.Resolved})
			done := err == nil
			if done != (writes > 0) {
				w.Fatalf("closing with %d writes left: %v", writes, err)
			}
			_, _ = dying.Tick(w.Context()) // it fails somewhere, or is done
			w.Advance(time.Minute)
			if done {
				w.want(map[string]string{"held": closed, "next": "ann", "later": inQueue})
			} else {
				w.want(map[string]string{"held": "ann", "next": inQueue, "later": inQueue})
			}
		}})
	}
	return append(all, sentence{"what is opened on a node that dies is given to who is free", func(w *world) {
		w.agent("ann", 1)
		w.settle()
		_, err := w.another().Open(w.Context(), w.Chat("c-1").By(visitor("c-1")), conversation.Open{})
		w.ok(err)
		w.Clock.Add(time.Minute)
		w.settle()
		w.want(map[string]string{"c-1": "ann"})
	}})
}

// occupied has ann have one conversation on her one seat.
func occupied(w *world) {
	w.agent("ann", 1)
	w.begin("held")
	w.settle()
	w.want(map[string]string{"held": "ann"})
}

func commandOn(id string, by conversation.Actor, command conversation.Command) func(*world, *lifecycle.Desk) error {
	return func(w *world, desk *lifecycle.Desk) error {
		_, err := desk.Do(w.Context(), w.Chat(id).By(by), command)
		return err
	}
}
