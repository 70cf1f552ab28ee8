package behaviour

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// A routerFunc is a router as a host writes one.
type routerFunc func(context.Context, lifecycle.Routing) (string, error)

// Route implements lifecycle.Router.
func (f routerFunc) Route(ctx context.Context, r lifecycle.Routing) (string, error) { return f(ctx, r) }

func routingSentences() []sentence {
	all := []sentence{
		{"the least loaded gets it, by the share of the seats", func(w *world) {
			w.agent("ann", 2)
			w.agent("ben", 10)
			w.begin("c-1", "c-2", "c-3")
			w.give("c-1", "ann")
			w.give("c-2", "ben")
			w.give("c-3", "ben")
			w.begin("c-4") // 1 of 2, 2 of 10
			w.settle()
			w.want(map[string]string{"c-4": "ben"})
		}},
		{"conversations that come together are spread", func(w *world) {
			for _, id := range []string{"ann", "ben", "cat"} {
				w.agent(id, 3)
			}
			w.begin("c-1", "c-2", "c-3", "c-4", "c-5", "c-6")
			w.settle()
			for _, id := range []string{"ann", "ben", "cat"} {
				w.same(id+" has", w.held(id), 2)
			}
		}},
		{"of the least loaded, who has been idle for longest gets it", func(w *world) {
			w.agent("ann", 1)
			w.agent("ben", 1)
			w.agent("cat", 1)
			w.begin("c-1", "c-2", "c-3")
			w.give("c-1", "ann")
			w.give("c-2", "ben")
			w.give("c-3", "cat")
			for _, c := range []struct {
				id string
				by conversation.Actor
			}{{"c-2", ben}, {"c-3", cat}, {"c-1", ann}} {
				w.Clock.Add(time.Minute)
				w.do(c.id, c.by, conversation.Close{Outcome: closure.Resolved})
			}
			w.beginApart("c-4", "c-5", "c-6")
			w.settle()
			w.want(map[string]string{"c-4": "ben", "c-5": "cat", "c-6": "ann"})
		}},
		{"what was routed, to whom and after how long, is told and recorded", func(w *world) {
			w.begin("c-1")
			w.Clock.Add(time.Minute)
			w.agent("ann", 1)
			ticked, err := w.Desk.Tick(w.Context())
			w.ok(err)
			w.same("assigned", ticked.Assigned, []lifecycle.Assignment{
				{Workspace: workspace, Conversation: "c-1", Agent: "ann", Waited: time.Minute},
			})
			w.same("event", last[conversation.Assigned](w, "c-1"), conversation.Assigned{Agent: "ann"})
			journal := w.Chat("c-1").Journal()
			w.same("kind of who did it", journal[len(journal)-1].By.Kind, conversation.KindSystem)
		}},
		{"routing never touches what is with the bot, snoozed or closed", func(w *world) {
			w.policy(func(p *conversation.Policy) { p.Bot = true })
			w.begin("bot", "snoozed", "closed")
			w.hire("ben", 1)
			w.do("snoozed", sue, conversation.Assign{Agent: "zoe"})
			w.do("snoozed", conversation.Agent("zoe"), conversation.Snooze{Until: snooze.UntilReply()})
			w.do("closed", sue, conversation.Close{Outcome: closure.Resolved})
			for _, id := range []string{"ann", "ben", "zoe"} {
				w.agent(id, 10)
			}
			w.Advance(48 * time.Hour)
			w.want(map[string]string{"bot": withBot, "snoozed": "snoozed zoe", "closed": closed})
		}},
		{"a router of the host's decides", func(w *world) {
			w.groups("billing")
			var mu sync.Mutex
			var asked []lifecycle.Routing
			w.routeBy(routerFunc(func(_ context.Context, r lifecycle.Routing) (string, error) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, r)
				return "cat", nil
			}))
			w.agent("cat", 4, "billing")
			w.agent("ann", 4, "billing")
			w.agent("ben", 4)
			w.begin("c-1")
			w.give("c-1", "cat")
			w.settle()
			seatsAt := w.whois("cat").SeatsAt
			w.beginIn("c-2", "billing")
			before := w.at("c-2")
			w.settle()
			w.want(map[string]string{"c-2": "cat"})
			w.same("what the router was asked", asked, []lifecycle.Routing{{
				Conversation: before,
				Policy:       conversation.Policy{Idle: quiet},
				Candidates: []lifecycle.Candidate{
					{Agent: "ann", Groups: []string{"billing"}, Capacity: 4},
					{Agent: "cat", Groups: []string{"billing"}, Capacity: 4, Seats: 1, SeatsAt: seatsAt},
				},
			}})
		}},
		{"a router may let it wait for the next free seat", func(w *world) {
			w.routeBy(routerFunc(func(_ context.Context, r lifecycle.Routing) (string, error) {
				for _, c := range r.Candidates {
					if c.Agent == "ben" {
						return "ben", nil
					}
				}
				return "", nil
			}))
			w.agent("ann", 1)
			w.begin("c-1")
			w.Advance(time.Hour)
			w.want(map[string]string{"c-1": inQueue})
			w.agent("ben", 1)
			w.settle()
			w.want(map[string]string{"c-1": "ben"})
		}},
		{"what waits by the router's choice does not keep the next waiting", func(w *world) {
			w.routeBy(routerFunc(func(_ context.Context, r lifecycle.Routing) (string, error) {
				if r.Conversation.ID == "c-1" {
					return "", nil
				}
				return r.Candidates[0].Agent, nil
			}))
			w.agent("ann", 1)
			w.beginApart("c-1", "c-2")
			w.settle()
			w.want(map[string]string{"c-1": inQueue, "c-2": "ann"})
		}},
		{"an agent who fills up while the router thinks is not overfilled", func(w *world) {
			desk := w.another()
			var once sync.Once
			w.routeBy(routerFunc(func(ctx context.Context, r lifecycle.Routing) (string, error) {
				once.Do(func() {
					if _, err := desk.Do(ctx, w.Chat("taken").By(ann), conversation.Take{}); err != nil {
						w.Error(err)
					}
				})
				return r.Candidates[0].Agent, nil
			}))
			w.policies(func(p *conversation.Policies) {
				p.Groups = map[string]conversation.Policy{"pull": {Idle: quiet, PullOnly: true}}
			})
			w.beginIn("taken", "pull")
			w.agent("ann", 1)
			w.agent("ben", 1)
			w.begin("c-1")
			w.settle()
			w.want(map[string]string{"taken": "ann", "c-1": "ben"})
		}},
		{"who had it before gets it again where that is wanted", func(w *world) {
			w.policy(func(p *conversation.Policy) { p.Sticky = true })
			w.agent("ann", 5)
			w.agent("ben", 5)
			w.begin("c-1", "c-2", "c-3")
			w.give("c-1", "ben")
			w.give("c-2", "ben")
			w.give("c-3", "ben")
			lost := conversation.Requeue{Reason: conversation.WaitUnavailable}
			w.do("c-1", host, lost)
			w.settle()
			w.want(map[string]string{"c-1": "ben"})
			w.do("c-1", host, lost)
			w.leave("ben")
			w.settle()
			w.want(map[string]string{"c-1": "ann"})
		}},
		{"who gave it up gets it last", func(w *world) {
			w.policy(func(p *conversation.Policy) { p.Sticky = true })
			w.groups("all")
			w.agent("ann", 5, "all")
			w.agent("ben", 5, "all")
			for i, up := range []conversation.Command{conversation.Requeue{}, conversation.Transfer{Group: "all"}} {
				his, hers := fmt.Sprint("his-", i), fmt.Sprint("hers-", i)
				w.begin(his, hers)
				w.give(his, "ben")
				w.give(hers, "ann")
				w.do(his, ben, up)
				w.settle()
				w.want(map[string]string{his: "ann"})
			}
		}},
		{"who had it before has no claim where that is not wanted", func(w *world) {
			w.agent("ann", 5)
			w.agent("ben", 5)
			w.begin("c-1", "c-2", "c-3")
			w.give("c-1", "ben")
			w.give("c-2", "ben")
			w.give("c-3", "ben")
			w.do("c-1", ben, conversation.Requeue{})
			w.settle()
			w.want(map[string]string{"c-1": "ann"})
		}},
		{"who handed back has no hold on it", func(w *world) {
			w.policy(func(p *conversation.Policy) { p.Sticky, p.Bot = true, true })
			w.agent("ann", 5)
			w.agent("ben", 5)
			w.begin("c-1", "c-2")
			w.give("c-1", "ben")
			w.give("c-2", "ben")
			w.do("c-1", ben, conversation.HandBack{})
			w.Advance(time.Minute)
			w.do("c-1", visitor("c-1"), conversation.RequestAgent{})
			w.same("a fresh place", w.at("c-1").Since, w.now())
			w.settle()
			w.want(map[string]string{"c-1": "ann"})
		}},
		{"the successor of a closed conversation knows who had it", func(w *world) {
			w.policy(func(p *conversation.Policy) { p.Sticky, p.ReopenWindow = true, -1 })
			w.agent("ann", 5)
			w.agent("ben", 5)
			w.begin("c-1", "c-2")
			w.give("c-1", "ben")
			w.give("c-2", "ben")
			w.do("c-1", ben, conversation.Close{Outcome: closure.Resolved})
			next := w.Chat("c-1").Say(visitor("c-1"), "One more thing.")
			if !next.Successor {
				w.Fatal("the message did not open a successor")
			}
			w.settle()
			w.want(map[string]string{next.Conversation.ID: "ben"})
		}},
	}
	for name, answer := range badRouters {
		all = append(all, sentence{"a router that " + name + " keeps nobody waiting", func(w *world) {
			w.routeBy(routerFunc(answer))
			w.agent("ann", 1)
			w.agent("ben", 2)
			w.begin("c-1", "c-2")
			w.give("c-1", "ben")
			w.settle()
			w.want(map[string]string{"c-2": "ann"}) // who is least loaded
		}})
	}
	return all
}

var badRouters = map[string]func(context.Context, lifecycle.Routing) (string, error){
	"panics":           func(context.Context, lifecycle.Routing) (string, error) { panic("no idea") },
	"fails":            func(context.Context, lifecycle.Routing) (string, error) { return "ben", errors.New("no idea") },
	"names a stranger": func(context.Context, lifecycle.Routing) (string, error) { return "zoe", nil },
	"spoils its question": func(_ context.Context, r lifecycle.Routing) (string, error) {
		for i := range r.Candidates {
			r.Candidates[i] = lifecycle.Candidate{Agent: fmt.Sprint("nobody-", i), Capacity: 1}
		}
		return "nobody-0", nil
	},
	"hangs until its time is over": func(ctx context.Context, _ lifecycle.Routing) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	},
}
