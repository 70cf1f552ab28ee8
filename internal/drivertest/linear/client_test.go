//go:build linux

package linear_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

const (
	nodes          = 3
	clientsPerNode = 4
	conversations  = 4 // so each is wanted by all
)

var (
	vic    = conversation.Visitor("vic")
	agents = []string{"ann", "ben", "cat"} // each of them at several clients at once
)

// A client asks for one thing after the other, mostly its own node.
type client struct {
	*run
	n    int
	rand *rand.Rand
	made int                 // commands so far
	seen map[string]standing // by conversation, as it saw it last
}

// work asks until there are enough operations.
func (c *client) work() {
	for !c.over() {
		c.perform(c.choose())
	}
}

// perform asks for one thing. A command that nobody answered is repeated under the
// same ID, mostly by way of another node, until there is an answer; or the client
// gives it up, and never knows.
func (c *client) perform(r request) {
	const mostTries = 50
	o := operation{Client: c.n, Request: r, Call: c.clock()}
	at := c.n / clientsPerNode
	unclear := false // an earlier try may have been applied
	for try := 1; ; try++ {
		n, err := c.nodes[at].running()
		if err != nil {
			c.give(err)
			return
		}
		call := c.clock()
		a := n.ask(r)
		o.Return = c.clock()
		if a.Err == tooLate {
			c.give(fmt.Errorf("%s: %s", r, a.Err))
		}
		if r.Plant.dies() && a.Outcome != unknown {
			c.doomed.Add(1) // there was nothing to commit: it dies another time
		}
		switch {
		case a.Outcome == accepted:
			o.Answer = a
			c.saw(r.Conversation, a.Sight)
			c.record(o)
			return
		case a.Outcome == rejected:
			if unclear { // that says nothing of the earlier tries
				o.Answer.Outcome = unknown
				c.record(o)
			}
			c.record(operation{Client: c.n, Request: r, Call: call, Return: o.Return, Answer: a})
			return
		case r.Do == read: // nothing was learnt
			c.failures.Add(1)
			c.pause()
			return
		case a.Outcome == unknown:
			unclear = true
		case !unclear:
			c.failures.Add(1)
			o.Answer = a
			c.record(o)
			c.pause()
			return
		}
		if givesUp := c.rand.IntN(2) == 0 && !c.plan.anew; givesUp || try == mostTries {
			o.Answer.Outcome = unknown
			c.record(o)
			return
		}
		r.Plant = ""
		if c.plan.anew {
			r.ID = fmt.Sprint(r.ID, "-again")
			o.Others = append(o.Others, r.ID)
		}
		c.pause()
		at = c.rand.IntN(nodes)
	}
}

// pause lets a server or a node come back.
func (c *client) pause() { <-time.After(5 * time.Millisecond) }

func (c *client) saw(id string, now standing) {
	if now.Version > c.seen[id].Version {
		c.seen[id] = now
	}
}

// What clients ask for, how often.
var wishes = []struct {
	weight int
	by     conversation.ActorKind
	do     conversation.CommandName
}{
	{24, conversation.KindAgent, read},
	{14, conversation.KindVisitor, conversation.NameSay},
	{13, conversation.KindAgent, conversation.NameSay},
	{14, conversation.KindAgent, conversation.NameTake},
	{7, conversation.KindAgent, conversation.NameHandBack},
	{8, conversation.KindAgent, conversation.NameTransfer},
	{7, conversation.KindAgent, conversation.NameSnooze},
	{5, conversation.KindAgent, conversation.NameClose},
	{1, conversation.KindVisitor, conversation.NameClose},
	{6, conversation.KindAgent, conversation.NameReopen},
	{1, conversation.KindVisitor, conversation.NameOpen},
}

// choose makes a request, mostly one that may be accepted by what the client saw
// last.
func (c *client) choose() request {
	r := request{Conversation: fmt.Sprintf("%s-c%d", c.history.Name, c.rand.IntN(conversations))}
	last, opened := c.seen[r.Conversation]
	which := c.rand.IntN(100)
	for _, w := range wishes {
		if which -= w.weight; which < 0 {
			r.Do, r.By.Kind = w.do, w.by
			break
		}
	}
	switch half := c.rand.IntN(2) == 0; {
	case !opened && half:
		r.Do, r.By.Kind = conversation.NameOpen, conversation.KindVisitor
	case !opened:
		r.Do, r.By.Kind = read, conversation.KindAgent
	case r.By.Kind == conversation.KindAgent && r.Do != read && c.rand.IntN(4) > 0:
		r.Do = likelier(last.State, r.Do)
	}
	r.By.ID = vic.ID
	if r.By.Kind == conversation.KindAgent {
		r.By.ID = agents[c.rand.IntN(len(agents))]
		if last.Agent != "" && c.rand.IntN(3) > 0 {
			r.By.ID = last.Agent
		}
		if r.Do != read && c.rand.IntN(2) == 0 {
			r.AsOf = last.Version
		}
	}
	switch r.Do {
	case conversation.NameTransfer:
		if r.Group = "sales"; c.rand.IntN(3) > 0 {
			r.Agent, r.Group = agents[c.rand.IntN(len(agents))], ""
		}
	case conversation.NameSnooze:
		if r.For = time.Hour; c.rand.IntN(2) == 0 {
			r.For = 20 * time.Millisecond
		}
	}
	if r.Do != read {
		c.made++
		r.ID = fmt.Sprintf("%s-%d-%d", c.history.Name, c.n, c.made)
	}
	r.Plant = c.plant(r, c.rand)
	return r
}

// likelier is what an agent does in a state in place of what is not possible.
func likelier(in conversation.State, do conversation.CommandName) conversation.CommandName {
	switch in {
	case conversation.StateBot, conversation.StateWaiting:
		if do != conversation.NameClose {
			return conversation.NameTake
		}
	case conversation.StateClosed:
		return conversation.NameReopen
	default:
		if do == conversation.NameReopen {
			return conversation.NameSay
		}
	}
	return do
}
