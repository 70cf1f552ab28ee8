//go:build linux

package routing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
)

// policies: there is a bot, nothing is idle, and who waits for an agent who died
// waits for seconds instead of a day.
var policies = conversation.Policies{
	Default: conversation.Policy{
		Bot:           true,
		Idle:          conversation.Idle{Assigned: idleOff},
		ReassignAfter: 2 * time.Second,
	},
	AvailabilityGrace: grace,
}

const grace = 300 * time.Millisecond

// watch looks how long the queues are.
func (n *node) watch(ctx context.Context, _ *rand.Rand) {
	for pause(ctx, 100*time.Millisecond) {
		waiting, err := n.desk.Count(ctx, workspace, lifecycle.Waiting(""))
		if err != nil {
			n.complain(err.Error())
		}
		n.waiting.Store(int64(waiting))
	}
}

// crowded reports whether the queues are long enough. For some seconds that is
// soon, so that who comes finds a free agent, and then it is not.
func (n *node) crowded() bool {
	limit := int64(8)
	if time.Now().Unix()/3%2 == 0 {
		limit = 120
	}
	return n.waiting.Load() > limit
}

// open opens conversations until all nodes have opened enough.
func (n *node) open(ctx context.Context, r *rand.Rand) {
	for pause(ctx, between(r, 1, 20)) {
		if n.crowded() {
			continue
		}
		var number int
		if err := n.db.QueryRowContext(ctx, `SELECT nextval('opened')`).Scan(&number); err != nil {
			n.complain(err.Error())
			return
		}
		if number > n.Conversations {
			return
		}
		opening := conversation.Open{ForAgent: r.IntN(10) > 0}
		if r.IntN(6) > 0 {
			opening.Group = someGroup(r)
		}
		c := conversation.Conversation{ID: fmt.Sprintf("chat-%06d", number)}
		n.do(ctx, c, conversation.Visitor(fmt.Sprint("visitor-", number)), opening)
	}
}

// visit is what visitors do who have a conversation: they ask the bot for a
// person, go away, nag, and write to who has put them aside.
func (n *node) visit(ctx context.Context, r *rand.Rand) {
	views := []lifecycle.View{lifecycle.BotPool(), lifecycle.Waiting(""), lifecycle.Snoozed("")}
	for pause(ctx, between(r, 20, 60)) {
		for _, c := range n.list(ctx, views[r.IntN(len(views))], 10) {
			vic := conversation.Visitor(c.Visitor)
			switch {
			case c.State != conversation.StateBot:
				if r.IntN(5) == 0 {
					n.do(ctx, c, vic, conversation.Say{Text: "Hello?"})
				}
			case r.IntN(4) == 0:
				n.do(ctx, c, vic, conversation.Close{})
			default:
				n.do(ctx, c, vic, conversation.RequestAgent{Group: someGroup(r)})
			}
		}
	}
}

func (n *node) list(ctx context.Context, v lifecycle.View, most int) []conversation.Conversation {
	page, err := n.desk.List(ctx, workspace, v, "", most)
	if err != nil {
		n.complain(err.Error())
	}
	return page.Conversations
}

// take has some agent of this node take one of the first that wait, mostly the
// very first, which others want too.
func (n *node) take(ctx context.Context, r *rand.Rand) {
	for pause(ctx, between(r, 20, 200)) {
		group := ""
		if r.IntN(2) == 0 {
			group = someGroup(r)
		}
		waiting := n.list(ctx, lifecycle.Waiting(group), 1+r.IntN(3))
		if len(waiting) == 0 {
			continue
		}
		agent := agentID(n.Slot + nodes*r.IntN((agents-n.Slot+nodes-1)/nodes))
		n.do(ctx, waiting[len(waiting)-1], conversation.Agent(agent), conversation.Take{})
	}
}

// attend is an agent's day.
func (n *node) attend(ctx context.Context, r *rand.Rand, id string) {
	n.count("arrive", arrive(ctx, n.desk, r, id))
	for pause(ctx, between(r, 40, 160)) {
		n.live(ctx, r, id)
		for _, c := range n.list(ctx, lifecycle.MyConversations(id), 10) {
			if r.IntN(3) > 0 { // otherwise it is held for a moment longer
				n.finish(ctx, r, c)
			}
		}
		if r.IntN(20) == 0 {
			for _, c := range n.list(ctx, lifecycle.Snoozed(id), 1) {
				n.do(ctx, c, conversation.Agent(id), conversation.Wake{})
			}
		}
	}
}

// finish is what an agent does with a conversation.
func (n *node) finish(ctx context.Context, r *rand.Rand, c conversation.Conversation) {
	var command conversation.Command
	switch k := r.IntN(100); {
	case k < 60:
		command = conversation.Close{Outcome: closure.Resolved}
	case k < 70:
		command = conversation.Snooze{
			Until: snooze.For(between(r, 50, 1500)),
			AtEnd: []snooze.AtEnd{snooze.Keep, snooze.Keep, snooze.Release}[r.IntN(3)],
		}
	case k < 78:
		command = conversation.HandBack{}
	case k < 86:
		command = conversation.Requeue{}
	case k < 94:
		command = conversation.Transfer{Agent: somebody(r)}
	default:
		command = conversation.Transfer{Group: someGroup(r)}
	}
	n.do(ctx, c, conversation.Agent(c.Agent), command)
}

// live is what becomes of an agent, now and then. A connection is lost for less
// than the grace, or for more.
func (n *node) live(ctx context.Context, r *rand.Rand, id string) {
	switch r.IntN(60) {
	case 0:
		n.count("remove", n.desk.RemoveAgent(ctx, workspace, id))
		pause(ctx, between(r, 1, 500))
		n.count("arrive", arrive(ctx, n.desk, r, id))
	case 1, 2:
		err := n.desk.LogOut(ctx, workspace, id)
		n.count("log out", err)
		if err == nil {
			pause(ctx, between(r, 1, 300))
			n.set(ctx, id, roster.Automatic, roster.Available)
		}
	case 3, 4, 5:
		n.set(ctx, id, roster.Automatic, roster.Unavailable)
		pause(ctx, between(r, 1, 2*int(grace.Milliseconds())))
		n.set(ctx, id, roster.Automatic, roster.Available)
	case 6, 7:
		n.set(ctx, id, roster.Manual, roster.Unavailable)
		pause(ctx, between(r, 1, 300))
		n.set(ctx, id, roster.Manual, roster.Unset)
	case 8, 9:
		_, err := n.desk.SetAgent(ctx, workspace, id, 1+r.IntN(5), someGroups(r)...)
		n.count("change", err)
	}
}

func (n *node) set(ctx context.Context, id string, source roster.Source, to roster.Availability) {
	_, err := n.desk.SetAvailability(ctx, workspace, id, source, to)
	n.count("set "+string(to), err)
}
