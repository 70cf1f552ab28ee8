package main

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/storage"
)

// A chat plays the people of one timeline at a desk with a staff.
type chat struct {
	*player
	staffed *staffed
	said    []time.Time // when each message was; zero: not yet
	serial  int         // of the last plan: earlier ones do not hold any more
}

func (s *staffed) newChat(t *timeline.Timeline) *chat {
	c := &chat{player: newPlayer(s.world, t), staffed: s, said: make([]time.Time, len(t.Messages))}
	c.family.lines, c.group = nil, team
	s.chats[c.family] = c
	return c
}

// shadow returns the conversation that is written to now, as the feed tells it.
func (c *chat) shadow() *shadow {
	return c.checker.shadows[storage.Key{Workspace: c.call.Workspace, Conversation: c.call.Conversation}]
}

// visit does what a visitor does, or the host for them.
func (c *chat) visit(ctx context.Context, i int) error {
	m := c.family.Messages[i]
	visitor := conversation.Visitor(c.family.Visitor)
	if i == 0 {
		by := visitor
		if m.Agent != "" {
			by = conversation.System("")
		}
		_, err := c.do(ctx, by, conversation.Open{Visitor: c.family.Visitor, Group: c.group, ForAgent: true})
		if err != nil || m.Agent != "" {
			return err
		}
	}
	err := c.withRoom(ctx, func() error {
		if now := c.shadow().c; now.Open() && len(now.Unread) > 0 {
			if _, err := c.do(ctx, visitor, conversation.MarkRead{}); err != nil {
				return err
			}
		}
		return c.say(ctx, visitor, i)
	})
	if err != nil {
		return err
	}
	return c.link(ctx, conversation.System(""), m.Article)
}

// say says message i, and notes that it was to be said.
func (c *chat) say(ctx context.Context, by conversation.Actor, i int) error {
	line := c.family.Messages[i]
	line.At, line.Agent = c.clock.Now(), ""
	if by.Kind == conversation.KindAgent {
		line.Agent = by.ID
	}
	lines := c.family.lines
	c.family.lines = append(lines, line)
	_, err := c.do(ctx, by, conversation.Say{Text: text[:line.Chars]})
	if err != nil {
		c.family.lines = lines
		return err
	}
	c.said[i] = line.At
	return c.checker.said(c.family, len(c.family.lines))
}

func (c *chat) link(ctx context.Context, by conversation.Actor, article string) error {
	if article == "" {
		return nil
	}
	return c.withRoom(ctx, func() error {
		_, err := c.do(ctx, by, conversation.LinkArticle{Article: article})
		return err
	})
}

// allSaid says which visitor's message was not said when it should.
func (c *chat) allSaid() string {
	for i, m := range c.family.Messages {
		switch {
		case m.Agent == "" && !c.said[i].Equal(m.At):
			return fmt.Sprintf("message %d is the visitor's of %s, and was said at %s", i+1, stamp(m.At), stamp(c.said[i]))
		case !c.said[i].IsZero() && c.said[i].Before(m.At):
			return fmt.Sprintf("message %d is of %s, and was said at %s", i+1, stamp(m.At), stamp(c.said[i]))
		}
	}
	return ""
}

// unsaid returns the index of the first message that was not said.
func (c *chat) unsaid() int {
	i := slices.IndexFunc(c.said, time.Time.IsZero)
	if i < 0 {
		return len(c.said)
	}
	return i
}

// A move is what an agent does next.
type move struct {
	at     time.Time
	agent  string
	answer int                  // the index of the message, if there is no command
	do     conversation.Command // a snooze or a closing
}

// move returns what the agent who has the conversation does next, if anything.
func (c *chat) move() (move, bool) {
	now := c.shadow().c
	m := move{agent: now.Agent, answer: c.unsaid()}
	if now.State == conversation.StateClosed {
		m.agent = now.Closing.Agent
	}
	if m.agent == "" {
		return m, false
	}
	present := c.clock.Now()
	if m.answer == len(c.said) {
		m.at, m.do = present, conversation.Close{Outcome: closure.Resolved}
		return m, now.Open()
	}
	next := c.family.Messages[m.answer]
	m.at = next.At
	if next.Agent != "" {
		m.at = c.ready(m.answer)
	}
	if now.State == conversation.StateAssigned && now.LastSpeaker == idle.Responder {
		if snooze, wanted := c.rules.snooze(m.at.Sub(present), next.Agent != ""); wanted {
			m.at, m.do = present, snooze
			return m, true
		}
	}
	return m, next.Agent != ""
}

// ready returns when an answer is ready: as long as in the file after what stands
// before it there was said, or after somebody first had the conversation then.
func (c *chat) ready(i int) time.Time {
	var from time.Time
	for _, said := range c.said[:i] {
		if said.After(from) {
			from = said
		}
	}
	work := time.Duration(0)
	if i > 0 {
		work = c.family.Messages[i].At.Sub(c.family.Messages[i-1].At)
	}
	for _, h := range c.family.held {
		if h.end.IsZero() || h.end.After(from) {
			if h.begin.After(from) {
				from = h.begin
			}
			break
		}
	}
	return from.Add(work)
}

// plan plans what the agent does next. Earlier plans are void.
func (c *chat) plan() {
	c.serial++
	if c.shadow().c.State == conversation.StateNone {
		return
	}
	m, ok := c.move()
	if !ok {
		return
	}
	if m.at.Before(c.clock.Now()) {
		m.at = c.clock.Now()
	}
	heap.Push(&c.staffed.plans, &plan{c, m.at, c.serial})
}

// act does what was planned. If the history is full, it goes on in another
// conversation, which waits for an agent.
func (c *chat) act(ctx context.Context) error {
	m, ok := c.move()
	if !ok || m.at.After(c.clock.Now()) {
		return nil // cannot be: whatever changes it plans anew
	}
	free, err := c.free(ctx, m)
	if err != nil || !free {
		return err
	}
	err = c.make(ctx, m)
	if errors.Is(err, conversation.ErrHistoryFull) {
		return c.moveOn(ctx)
	}
	if err != nil || m.do != nil {
		return err
	}
	return c.link(ctx, conversation.Agent(m.agent), c.family.Messages[m.answer].Article)
}

// free reports whether the agent is there, and has a seat if they need one.
// Otherwise the chat waits for that.
func (c *chat) free(ctx context.Context, m move) (bool, error) {
	a := c.staffed.byID[m.agent]
	free := a.here
	if free && m.do == nil && c.back() != nil {
		now, err := c.desk.Agent(ctx, deskName, m.agent)
		if err != nil {
			return false, err
		}
		free = now.Seats < now.Capacity
	}
	if !free && !slices.Contains(a.parked, c) {
		a.parked = append(a.parked, c)
	}
	return free, nil
}

// make makes a move.
func (c *chat) make(ctx context.Context, m move) error {
	me := conversation.Agent(m.agent)
	if m.do != nil {
		_, err := c.do(ctx, me, m.do)
		return err
	}
	if back := c.back(); back != nil {
		if _, err := c.do(ctx, me, back); err != nil {
			return err
		}
	}
	return c.say(ctx, me, m.answer)
}

// back returns the command by which the agent gets back on a seat what they have
// put aside, or what was closed.
func (c *chat) back() conversation.Command {
	switch c.shadow().c.State {
	case conversation.StateSnoozed:
		return conversation.Wake{}
	case conversation.StateClosed:
		return conversation.Reopen{}
	}
	return nil
}

// A plan is when an agent will do something for a chat.
type plan struct {
	chat   *chat
	at     time.Time
	serial int
}

// Plans are a heap, by time and then by the place in the file.
type plans []*plan

func (p plans) Len() int { return len(p) }
func (p plans) Less(i, j int) bool {
	return cmp.Or(p[i].at.Compare(p[j].at), cmp.Compare(p[i].chat.family.Line, p[j].chat.family.Line)) < 0
}
func (p plans) Swap(i, j int) { p[i], p[j] = p[j], p[i] }

// Push is heap's.
func (p *plans) Push(v any) { *p = append(*p, v.(*plan)) }

// Pop is heap's.
func (p *plans) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

// first returns the next plan that still holds, or nil.
func (p *plans) first() *plan {
	for len(*p) > 0 {
		if first := (*p)[0]; first.serial == first.chat.serial {
			return first
		}
		heap.Pop(p)
	}
	return nil
}
