package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A family is a timeline with the conversations that it became: the first, and
// its successors.
type family struct {
	*timeline.Timeline
	ids   []string
	lines []timeline.Message // what is said, in the order in which it is: the file's, or the staff's
	held  []stretch          // when agents had it, on a seat or put aside
}

// A stretch is a time; without an end it lasts.
type stretch struct{ begin, end time.Time }

// hold notes who has the conversation.
func (f *family) hold(before, after string, at time.Time) {
	switch {
	case before == "" && after != "":
		f.held = append(f.held, stretch{begin: at})
	case before != "" && after == "":
		f.held[len(f.held)-1].end = at
	}
}

// A player plays the people of one timeline.
type player struct {
	*world
	family *family
	call   lifecycle.Call // to the conversation that is written to now
	group  string         // of the conversations
}

func newPlayer(w *world, t *timeline.Timeline) *player {
	p := &player{world: w, family: &family{Timeline: t, lines: t.Messages}}
	p.follow(t.ID)
	return p
}

// follow makes id the conversation that is written to from now on.
func (p *player) follow(id string) {
	p.family.ids = append(p.family.ids, id)
	p.call = lifecycle.Call{Workspace: p.family.Workspace, Conversation: id}
	p.checker.watch(storage.Key{Workspace: p.family.Workspace, Conversation: id}, p.family)
}

// do gives a command to the Desk. By the rules it is always possible: a refusal
// is as wrong as anything.
func (p *player) do(ctx context.Context, by conversation.Actor, command conversation.Command) (lifecycle.Result, error) {
	name := fmt.Sprintf("%s by %s", command.Name(), by)
	key := storage.Key{Workspace: p.call.Workspace, Conversation: p.call.Conversation}
	result, err := p.desk.Do(ctx, p.call.As(by), command)
	switch {
	case errors.Is(err, conversation.ErrHistoryFull):
		return result, err
	case err != nil:
		return result, p.checker.broken(key, name, "%v", err)
	case result.Successor:
		p.follow(result.Conversation.ID)
		key.Conversation = result.Conversation.ID
	}
	return result, p.checker.step(ctx, name, key)
}

// write writes message i of the timeline, and does what belongs to it.
func (p *player) write(ctx context.Context, i int) error {
	m := p.family.Messages[i]
	if err := p.withRoom(ctx, func() error { return p.say(ctx, m) }); err != nil {
		return err
	}
	if err := p.checker.said(p.family, i+1); err != nil {
		return err
	}
	if m.Article != "" {
		if err := p.withRoom(ctx, func() error { return p.link(ctx, m) }); err != nil {
			return err
		}
	}
	if m.Agent == "" || i+1 == len(p.family.Messages) {
		return nil
	}
	next := p.family.Messages[i+1]
	snooze, wanted := p.rules.snooze(next.At.Sub(m.At), next.Agent != "")
	if !wanted {
		return nil
	}
	_, err := p.do(ctx, conversation.Agent(m.Agent), snooze)
	if errors.Is(err, conversation.ErrHistoryFull) {
		return nil // the next message goes elsewhere anyway
	}
	return err
}

// say says a message. Before that, a conversation that does not exist yet is
// opened, and an agent who does not have it gets it.
func (p *player) say(ctx context.Context, m timeline.Message) error {
	by := p.family.By(m)
	c, err := p.desk.Get(ctx, p.call.Workspace, p.call.Conversation)
	if errors.Is(err, conversation.ErrNotFound) {
		var result lifecycle.Result
		result, err = p.do(ctx, by, conversation.Open{Visitor: p.family.Visitor, ForAgent: true})
		c = result.Conversation
	}
	switch {
	case err != nil:
	case m.Agent != "":
		err = p.hold(ctx, c, m.Agent)
	case c.Open() && len(c.Unread) > 0:
		_, err = p.do(ctx, by, conversation.MarkRead{})
	}
	if err != nil {
		return err
	}
	// A visitor's message wakes, reopens, or goes to a successor by itself.
	_, err = p.do(ctx, by, conversation.Say{Text: text[:m.Chars]})
	return err
}

// text is what all messages are made of: the file says only how long they are.
var text = strings.Repeat("x", conversation.MaxText)

// hold gives the conversation to the agent, as agents do.
func (p *player) hold(ctx context.Context, c conversation.Conversation, agent string) (err error) {
	me := conversation.Agent(agent)
	switch {
	case c.State == conversation.StateClosed:
		_, err = p.do(ctx, me, conversation.Reopen{})
	case c.State == conversation.StateWaiting:
		_, err = p.do(ctx, me, conversation.Take{})
	case c.Agent != agent:
		_, err = p.do(ctx, conversation.Agent(c.Agent), conversation.Transfer{Agent: agent})
	case c.State == conversation.StateSnoozed:
		_, err = p.do(ctx, me, conversation.Wake{})
	}
	return err
}

// link links the article of a message. Visitors cannot: theirs the host links.
func (p *player) link(ctx context.Context, m timeline.Message) error {
	by := conversation.System("")
	if m.Agent != "" {
		by = conversation.Agent(m.Agent)
	}
	_, err := p.do(ctx, by, conversation.LinkArticle{Article: m.Article})
	return err
}

// withRoom does something again in a new conversation if the history of the
// present one is full, which is after 20,000 events. The host then closes the
// full one and opens another that continues it. For a closed one that is full the
// library does it by itself, when the visitor writes.
func (p *player) withRoom(ctx context.Context, do func() error) error {
	err := do()
	if !errors.Is(err, conversation.ErrHistoryFull) {
		return err
	}
	if err := p.moveOn(ctx); err != nil {
		return err
	}
	return do()
}

// moveOn goes on in a new conversation.
func (p *player) moveOn(ctx context.Context) error {
	full, err := p.desk.Get(ctx, p.call.Workspace, p.call.Conversation)
	if err != nil {
		return err
	}
	host := conversation.System("")
	if full.Open() {
		_, err = p.do(ctx, host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Merged})
		if err != nil {
			return err
		}
	}
	p.follow(timeline.DerivedID("continues", full.ID))
	_, err = p.do(ctx, host, conversation.Open{Visitor: full.Visitor, Group: p.group, Previous: full.ID, ForAgent: true})
	return err
}
