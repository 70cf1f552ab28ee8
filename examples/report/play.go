package main

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// workspace is that of all conversations. The workspaces of the files are its
// groups.
const workspace = "desk"

// A clock stands still until it is set. It implements lifecycle.Clock.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// After is what Desk.Run sleeps on, which nobody calls here.
func (c *clock) After(time.Duration) <-chan time.Time { return nil }

// A player plays the people of all timelines on one Desk, in the order of time.
type player struct {
	desk  *lifecycle.Desk
	clock *clock
	turns turns
	given int // how many turns there were

	conversations int
}

func newPlayer(store storage.Store) (*player, error) {
	c := &clock{}
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: c})
	return &player{desk: desk, clock: c}, err
}

func (p *player) play(ctx context.Context, timelines []*timeline.Timeline) error {
	for _, t := range timelines {
		c := &chat{player: p, timeline: t}
		c.follow(t.ID)
		for i, m := range t.Messages {
			if m.Agent != "" && i > 0 {
				p.at(story(t.Messages).begun(i), func(ctx context.Context) error { return c.takeUp(ctx, m.Agent) })
			}
			p.at(m.At, func(ctx context.Context) error { return c.message(ctx, i) })
		}
	}
	if len(p.turns) == 0 {
		return nil
	}
	p.clock.now = p.turns[0].at
	if _, err := p.desk.SetPolicies(ctx, workspace, policies(), 0); err != nil {
		return err
	}
	groups := map[string]bool{}
	for _, t := range timelines {
		if !groups[t.Origin] {
			groups[t.Origin] = true
			if err := p.desk.SetGroup(ctx, workspace, t.Origin); err != nil {
				return err
			}
		}
	}
	for len(p.turns) > 0 {
		next := heap.Pop(&p.turns).(turn)
		if err := p.wait(ctx, next.at); err != nil {
			return err
		}
		p.clock.now = next.at
		if err := next.do(ctx); err != nil {
			return err
		}
	}
	return p.wait(ctx, endOfTime)
}

var endOfTime = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// wait lets time pass until an instant, and the Desk do what is due on the way. A
// host has Desk.Run for this, which sleeps.
func (p *player) wait(ctx context.Context, until time.Time) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, err := p.desk.NextDue(ctx, until)
		if err != nil || at.IsZero() {
			return err
		}
		if at.After(p.clock.now) {
			p.clock.now = at
		}
		if _, err := p.desk.Tick(ctx); err != nil {
			return err
		}
	}
}

// A turn is what somebody will do.
type turn struct {
	at     time.Time
	number int
	do     func(context.Context) error
}

// Turns are a heap, by time and then as they were given.
type turns []turn

func (t turns) Len() int { return len(t) }
func (t turns) Less(i, j int) bool {
	return cmp.Or(t[i].at.Compare(t[j].at), cmp.Compare(t[i].number, t[j].number)) < 0
}
func (t turns) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

// Push is heap's.
func (t *turns) Push(v any) { *t = append(*t, v.(turn)) }

// Pop is heap's.
func (t *turns) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// at gives somebody a turn.
func (p *player) at(at time.Time, do func(context.Context) error) {
	p.given++
	heap.Push(&p.turns, turn{at, p.given, do})
}

// A chat plays one timeline.
type chat struct {
	*player
	timeline *timeline.Timeline
	call     lifecycle.Call // to the conversation that is written to now
}

// follow makes id the conversation that is written to from now on.
func (c *chat) follow(id string) {
	c.conversations++
	c.call = lifecycle.Call{Workspace: workspace, Conversation: id}
}

func (c *chat) now(ctx context.Context) (conversation.Conversation, error) {
	return c.desk.Get(ctx, workspace, c.call.Conversation)
}

// do gives a command to the Desk.
func (c *chat) do(ctx context.Context, by conversation.Actor, command conversation.Command) error {
	call := c.call.As(by)
	if by.Kind == conversation.KindBot {
		now, err := c.now(ctx)
		if err != nil {
			return err
		}
		call.AsOf = now.Version // it has seen everything
	}
	result, err := c.desk.Do(ctx, call, command)
	if err != nil {
		return fmt.Errorf("line %d, at %s: %s by %s: %w", c.timeline.Line, c.clock.now.Format(time.RFC3339), command.Name(), by, err)
	}
	if result.Successor {
		c.follow(result.Conversation.ID)
	}
	return nil
}

// message lets message i be written, and what follows from it.
func (c *chat) message(ctx context.Context, i int) error {
	all := story(c.timeline.Messages)
	m := all[i]
	if err := c.withRoom(ctx, func() error { return c.say(ctx, i) }); err != nil {
		return err
	}
	if m.Article != "" {
		if err := c.withRoom(ctx, func() error { return c.link(ctx, m) }); err != nil {
			return err
		}
	}
	if i+1 == len(all) || all[i+1].At.Sub(m.At) > settledAfter {
		c.at(m.At.Add(wrapUpAfter), func(ctx context.Context) error { return c.wrapUp(ctx, all[:i+1]) })
		return nil
	}
	if m.Agent != "" && all[i+1].At.Sub(m.At) > snoozeAfter {
		until := snooze.UntilReply()
		if all[i+1].Agent != "" {
			until = snooze.For(snooze.Long)
		}
		c.at(m.At.Add(wrapUpAfter), func(ctx context.Context) error { return c.putAside(ctx, until) })
	}
	return nil
}

// say says message i. Before that, a conversation that does not exist yet is
// opened, and an agent who does not have it gets it.
func (c *chat) say(ctx context.Context, i int) error {
	all := story(c.timeline.Messages)
	m, by := all[i], c.timeline.By(all[i])
	now, err := c.now(ctx)
	if errors.Is(err, conversation.ErrNotFound) {
		open := conversation.Open{Visitor: c.timeline.Visitor, Group: c.timeline.Origin, ForAgent: !forBot(all)}
		if err = c.do(ctx, by, open); err == nil {
			now, err = c.now(ctx)
		}
	}
	if err != nil {
		return err
	}
	first, _ := all.firstAnswer()
	botsTurn := forBot(all) && i <= first && now.State == conversation.StateBot
	switch {
	case m.Agent != "" && botsTurn:
		by = conversation.Bot(bot)
	case m.Agent != "":
		if err := c.hold(ctx, now, m.Agent); err != nil {
			return err
		}
	}
	say := conversation.Say{Text: fmt.Sprintf("[%d characters]", m.Chars)}
	if by.Kind != conversation.KindBot {
		say.Marks = all[:i+1].marks()
	}
	if err := c.do(ctx, by, say); err != nil || m.Agent != "" || botsTurn || all[:i+1].thanked() {
		return err
	}
	if now, err = c.now(ctx); err != nil || now.State != conversation.StateBot {
		return err
	}
	return c.do(ctx, by, conversation.RequestAgent{})
}

// takeUp lets an agent take the conversation if it waits for one.
func (c *chat) takeUp(ctx context.Context, agent string) error {
	now, err := c.now(ctx)
	if err != nil || now.State != conversation.StateWaiting {
		return err
	}
	return c.unlessFull(c.do(ctx, conversation.Agent(agent), conversation.Take{}))
}

// hold gives the conversation to the agent, as agents do.
func (c *chat) hold(ctx context.Context, now conversation.Conversation, agent string) error {
	me := conversation.Agent(agent)
	switch {
	case now.State == conversation.StateClosed:
		return c.do(ctx, me, conversation.Reopen{})
	case now.State == conversation.StateWaiting || now.State == conversation.StateBot:
		return c.do(ctx, me, conversation.Take{})
	case now.Agent != agent:
		return c.do(ctx, conversation.Agent(now.Agent), conversation.Transfer{Agent: agent})
	case now.State == conversation.StateSnoozed:
		return c.do(ctx, me, conversation.Wake{})
	}
	return nil
}

// link links the article of a message, as the host does for everybody.
func (c *chat) link(ctx context.Context, m timeline.Message) error {
	err := c.do(ctx, conversation.System(""), conversation.LinkArticle{Article: m.Article})
	if errors.Is(err, conversation.ErrTooManyArticles) {
		return nil
	}
	return err
}

// withRoom does something again in a new conversation if the history of the
// present one is full.
func (c *chat) withRoom(ctx context.Context, do func() error) error {
	err := do()
	if !errors.Is(err, conversation.ErrHistoryFull) {
		return err
	}
	full, err := c.now(ctx)
	if err != nil {
		return err
	}
	host := conversation.System("")
	if full.Open() {
		if err := c.do(ctx, host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Merged}); err != nil {
			return err
		}
	}
	c.follow(timeline.DerivedID("continues", full.ID))
	open := conversation.Open{Visitor: full.Visitor, Group: full.Group, Previous: full.ID, ForAgent: true}
	if err := c.do(ctx, host, open); err != nil {
		return err
	}
	return do()
}

func (c *chat) putAside(ctx context.Context, until snooze.Until) error {
	now, err := c.now(ctx)
	if err != nil || now.State != conversation.StateAssigned {
		return err
	}
	return c.unlessFull(c.do(ctx, conversation.Agent(now.Agent), conversation.Snooze{Until: until}))
}

// unlessFull forgives that a history is full: the next message goes elsewhere.
func (c *chat) unlessFull(err error) error {
	if errors.Is(err, conversation.ErrHistoryFull) {
		return nil
	}
	return err
}

// wrapUp begins to end the conversation: see the rules.
func (c *chat) wrapUp(ctx context.Context, s story) error {
	now, err := c.now(ctx)
	if err != nil {
		return err
	}
	c.at(s.last().At.Add(surveyAfter), func(ctx context.Context) error { return c.answerSurvey(ctx, s) })
	closeAfter := func(d time.Duration) {
		c.at(c.clock.now.Add(d), func(ctx context.Context) error { return c.close(ctx, s) })
	}
	switch {
	case now.State == conversation.StateBot && s.thanked():
		return c.close(ctx, s)
	case now.State == conversation.StateBot:
		closeAfter(botPatience)
		return nil
	case now.State != conversation.StateAssigned:
		return nil
	case now.LastSpeaker == idle.Visitor && !s.thanked():
		closeAfter(giveUpAfter)
		return nil
	}
	has, err := c.desk.Count(ctx, workspace, lifecycle.MyConversations(now.Agent))
	switch {
	case err != nil:
		return err
	case has > 1 && s.forgotten():
		return nil
	case has > 1:
		return c.close(ctx, s)
	case s.thanked():
		closeAfter(0)
		return c.unlessFull(c.do(ctx, conversation.Agent(now.Agent), conversation.Say{Text: closure.DefaultFarewell}))
	}
	closeAfter(patience)
	if s.asked() {
		return nil
	}
	return c.unlessFull(c.do(ctx, conversation.Agent(now.Agent), conversation.Say{Text: closure.DefaultCheckIn}))
}

// close closes the conversation with its form, by who has it.
func (c *chat) close(ctx context.Context, s story) error {
	now, err := c.now(ctx)
	if err != nil {
		return err
	}
	by := conversation.Bot(bot)
	switch now.State {
	case conversation.StateAssigned:
		by = conversation.Agent(now.Agent)
		c.at(c.clock.now.Add(reviewAfter), func(ctx context.Context) error { return c.review(ctx, s) })
	case conversation.StateBot:
	default:
		return nil
	}
	return c.do(ctx, by, conversation.Close{Outcome: s.outcome(), Reason: s.reason(), Form: s.form(c.timeline.Line)})
}

// answerSurvey answers the survey about the last closing, if there is one.
func (c *chat) answerSurvey(ctx context.Context, s story) error {
	now, err := c.now(ctx)
	if err != nil || now.State != conversation.StateClosed || now.Closing.Survey == nil {
		return err
	}
	rating, answers := s.rating(now.Closing.Outcome)
	if !answers {
		return nil
	}
	err = c.do(ctx, conversation.Visitor(c.timeline.Visitor), conversation.AnswerSurvey{Number: now.Closing.Number, Rating: rating})
	return c.unlessFull(err)
}

// review decides anew about a hasty closing.
func (c *chat) review(ctx context.Context, s story) error {
	now, err := c.now(ctx)
	if err != nil || now.State != conversation.StateClosed {
		return err
	}
	hasty := now.Closing.Grade == closure.Abrupt && now.Closing.Outcome == closure.Resolved
	if !hasty || s.thanked() || s.linked() {
		return nil
	}
	err = c.do(ctx, conversation.Supervisor(reviewer), conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther})
	return c.unlessFull(err)
}
