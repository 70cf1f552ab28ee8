package behaviour

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// race has nodes route, and agents take, be given, snooze, wake and close, all at
// once, while somebody counts: no agent ever has more conversations than seats.
func (w *world) race() {
	w.Helper()
	const nodes, conversations = 3, 15
	capacity := map[string]int{"ann": 1, "ben": 2, "cat": 3}
	for id, seats := range capacity {
		w.agent(id, seats)
	}
	var ids []string
	for i := range conversations {
		ids = append(ids, fmt.Sprint("c-", i))
	}
	w.begin(ids...)
	desks := make([]*lifecycle.Desk, nodes)
	for i := range desks {
		desks[i] = w.another()
	}
	var working atomic.Int64
	working.Store(nodes)
	together(nodes+1, func(node int) {
		if node == nodes {
			for working.Load() > 0 {
				w.wantNobodyOverfull(capacity)
			}
			return
		}
		defer working.Add(-1)
		for i, id := range ids {
			w.raceFor(desks[node], id, i+node)
		}
	})
	w.settle()
	w.wantNobodyOverfull(capacity)
	for id := range capacity {
		if held, seats := w.held(id), w.whois(id).Seats; held != seats {
			w.Errorf("%s has %d conversations and %d seats taken", id, held, seats)
		}
	}
}

// raceFor gives a conversation some commands of agents, and routes. That they are
// refused is as good.
func (w *world) raceFor(desk *lifecycle.Desk, id string, turn int) {
	commands := []conversation.Command{
		conversation.Take{}, conversation.Snooze{Until: snooze.UntilReply()}, conversation.Wake{},
		conversation.Transfer{Agent: "ann"}, conversation.Close{Outcome: closure.Resolved},
	}
	by := []conversation.Actor{ann, ben, cat}[turn%3]
	for n := range 3 {
		command := commands[(turn+n)%len(commands)]
		_, err := desk.Do(w.Context(), lifecycle.Call{Workspace: workspace, Conversation: id, By: by}, command)
		if _, refused := errors.AsType[*conversation.RefusedError](err); err != nil && !refused {
			w.Errorf("%T by %s: %v", command, by, err)
		}
	}
	if ticked, err := desk.Tick(w.Context()); err != nil || len(ticked.Failed) > 0 {
		w.Errorf("tick: %v, failed %v", err, ticked.Failed)
	}
}

// wantNobodyOverfull may be called by any goroutine.
func (w *world) wantNobodyOverfull(capacity map[string]int) {
	for id, seats := range capacity {
		held, err := w.Desk.Count(w.Context(), workspace, lifecycle.MyConversations(id))
		if err != nil || held > seats {
			w.Errorf("%s has %d conversations on %d seats, error %v", id, held, seats, err)
		}
	}
}

// logOutRace has an agent log out while conversations are routed and taken.
// Whoever logged out has none, and whoever was refused was told of one.
func (w *world) logOutRace() {
	w.Helper()
	const rounds = 8
	desks := []*lifecycle.Desk{w.another(), w.another(), w.another()}
	for round := range rounds {
		id := fmt.Sprint("agent-", round)
		c := fmt.Sprint("c-", round)
		w.agent(id, 1)
		w.settle()
		w.begin(c)
		var mu sync.Mutex // guards logOut
		var logOut error
		together(len(desks), func(i int) {
			switch i {
			case 0:
				err := desks[i].LogOut(w.Context(), workspace, id)
				mu.Lock()
				defer mu.Unlock()
				logOut = err
			case 1:
				if ticked, err := desks[i].Tick(w.Context()); err != nil || len(ticked.Failed) > 0 {
					w.Errorf("tick: %v, failed %v", err, ticked.Failed)
				}
			case 2:
				call := lifecycle.Call{Workspace: workspace, Conversation: c, By: conversation.Agent(id)}
				_, err := desks[i].Take(w.Context(), call)
				if _, refused := errors.AsType[*conversation.RefusedError](err); err != nil && !refused {
					w.Errorf("take: %v", err)
				}
			}
		})
		w.settle()
		refusal, refused := errors.AsType[*lifecycle.LogOutError](logOut)
		switch {
		case refused && (len(refusal.Blockers) != 1 || refusal.Blockers[0].Conversation != c || w.held(id) != 1):
			w.Errorf("%s was refused because of %v and has %d conversations", id, refusal.Blockers, w.held(id))
		case !refused && logOut != nil:
			w.Errorf("log-out: %v", logOut)
		case !refused && w.held(id) != 0:
			w.Errorf("%s logged out and has %d conversations", id, w.held(id))
		}
		if w.held(id) > 0 {
			w.do(c, conversation.Agent(id), conversation.Close{Outcome: closure.Resolved})
			w.leave(id)
		} else {
			w.do(c, sue, conversation.Close{Outcome: closure.Resolved})
		}
	}
}
