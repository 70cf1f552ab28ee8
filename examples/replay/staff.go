package main

import (
	"cmp"
	"container/heap"
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// With -agents, the file is replayed through a desk with a staff of its own: the
// visitors are those of the file, the agents are not. All conversations are of one
// workspace and one group, and the Desk routes them. What people do then:
//
//   - Visitors write when the file says, whether they were answered or not. The
//     first message opens the conversation; one that an agent begins in the file is
//     opened by the host, and waits for somebody to write that message.
//   - Agents have a capacity, and hours. Every second one is marked as available
//     by hand, the others by their connection; every fourth comes and goes an hour
//     later. Nobody comes on days when nobody writes and nothing is open: files
//     have gaps of months. Who is always there is there in the gaps, too, which
//     leaves little of the share of seats used.
//   - Who has the conversation gives the answers of the file, in their order. An
//     answer takes as long as in the file: from what stands before it there, or
//     from when somebody first had the conversation after that. So work that waits
//     is not lost but done later, and with agents enough, who are always there,
//     everybody writes just when the file says. The file does not say how much of
//     a gap was waiting: all of it counts as work.
//   - Agents write only during their hours. An answer that is ready when they are
//     gone, is given when they are back, or by who has the conversation then.
//   - An agent who wrote last, and will not hear or write for more than an hour,
//     snoozes as before: see [rules.snooze]. They wake it to answer, once they have
//     a free seat. So do they open again what the ladder closed before their
//     answer was ready.
//   - When everything is said, the agent closes the conversation as resolved.
//   - With -hand-over, agents who go pass what they have to the group, which puts
//     it at the end of the queue. Otherwise it stays theirs, until visitors have
//     waited for a day.
//   - A week after the last message of the file, the run ends.
type staff struct {
	agents   counts // one run for each
	capacity int
	hours    hours
	handOver bool
}

// The workspace and the group that they all belong to.
const (
	deskName = "desk"
	team     = "team"
)

// rest is how long a run goes on after the last message of the file.
const rest = 7 * 24 * time.Hour

// hourLater is by how much every fourth agent comes and goes later.
const hourLater = time.Hour

// Counts are numbers of agents. They implement flag.Value.
type counts []int

const maxAgents = 1000

func (c *counts) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(*c)), " ", ","), "[]")
}

// Set reads numbers such as "1,2,5".
func (c *counts) Set(text string) error {
	*c = nil
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > maxAgents {
			return fmt.Errorf("agents %q, want numbers from 1 to %d, as in 1,2,5", part, maxAgents)
		}
		*c = append(*c, n)
	}
	return nil
}

func (s *staff) flags(f *flag.FlagSet) {
	f.Var(&s.agents, "agents", "give the visitors of the file a desk with `N` agents of its own, to whom\nthe Desk gives what waits; 1,2,5 compares runs with 1, 2 and 5.\nThen -last-speaker is responder unless it is given")
	f.IntVar(&s.capacity, "capacity", roster.DefaultCapacity, "how many conversations each of the agents can have at once")
	_ = s.hours.Set("Mon-Fri 09:00-17:00 Europe/Berlin")
	f.Var(&s.hours, "hours", "when the agents work: `DAYS HH:MM-HH:MM ZONE`, or always")
	f.BoolVar(&s.handOver, "hand-over", false, "agents who go home pass what they have to the group")
}

func (s *staff) check() error {
	if s.capacity < 1 || s.capacity > roster.MaxCapacity {
		return fmt.Errorf("a capacity of %d, want 1 to %d", s.capacity, roster.MaxCapacity)
	}
	return nil
}

// A staffed is a world with a staff.
type staffed struct {
	*world
	agents []*agent
	byID   map[string]*agent
	ledger *ledger
	chats  map[*family]*chat

	visits []visit // what visitors will do, in the order of time
	plans  plans   // what agents will do
	end    time.Time
}

// An agent is one of the staff.
type agent struct {
	id     string
	source roster.Source
	later  time.Duration
	here   bool
	shift  shift // the present one, or the next
	parked []*chat
}

// A visit is a visitor's message, or the opening of a conversation for one.
type visit struct {
	chat  *chat
	at    time.Time
	index int // of the message
}

// newStaffed hires n agents for timelines.
func newStaffed(ctx context.Context, w *world, n int, timelines []*timeline.Timeline) (*staffed, error) {
	s := &staffed{world: w, byID: map[string]*agent{}, chats: map[*family]*chat{}, ledger: newLedger(w.desk)}
	w.checker.ledger = s.ledger
	if err := w.checker.begin(ctx); err != nil {
		return nil, err
	}
	for _, t := range timelines {
		c := s.newChat(t)
		for i, m := range t.Messages {
			if i == 0 || m.Agent == "" {
				s.visits = append(s.visits, visit{c, m.At, i})
			}
			if m.At.After(s.end) {
				s.end = m.At
			}
		}
	}
	slices.SortStableFunc(s.visits, func(a, b visit) int { return a.at.Compare(b.at) })
	s.end = s.end.Add(rest)
	if len(s.visits) == 0 {
		return s, nil
	}
	w.checker.until = s.end
	return s, s.hire(ctx, n)
}

// hire sets up the workspace, the group and its agents.
func (s *staffed) hire(ctx context.Context, n int) error {
	begin := s.visits[0].at
	if first := s.staff.hours.next(begin, 0).begin; first.Before(begin) {
		begin = first
	}
	s.clock.set(begin.Add(-time.Hour))
	if err := s.setPolicy(ctx, deskName); err != nil {
		return err
	}
	if err := s.desk.SetGroup(ctx, deskName, team); err != nil {
		return err
	}
	for i := range n {
		a := &agent{id: fmt.Sprintf("agent-%02d", i+1), source: roster.Manual}
		if i%2 == 1 {
			a.source = roster.Automatic
		}
		if i%4 == 3 {
			a.later = hourLater
		}
		a.shift = s.staff.hours.next(s.visits[0].at, a.later)
		s.agents = append(s.agents, a)
		s.byID[a.id] = a
		if _, err := s.desk.SetAgent(ctx, deskName, a.id, s.staff.capacity, team); err != nil {
			return err
		}
		s.ledger.staff[a.id] = &seats{capacity: s.staff.capacity, since: s.clock.Now()}
	}
	return s.checker.step(ctx, "the hiring")
}

// play lets time go on until the end. At one instant the Desk comes first, then
// agents come and go, then visitors write, then agents.
func (s *staffed) play(ctx context.Context, played func()) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, do := s.next()
		ticked, err := s.tick(ctx, at)
		switch {
		case err != nil:
			return err
		case !ticked && do == nil:
			return s.closeBooks(ctx)
		case !ticked:
			if key, what := s.ledger.settled(); what != "" {
				return s.checker.broken(key, "all that was due", "%s", what)
			}
			s.clock.set(at)
			if err := do(ctx); err != nil {
				return err
			}
		}
		s.plan()
		played()
	}
}

// next returns what happens next that is not the Desk's, and when; nothing until
// the end.
func (s *staffed) next() (time.Time, func(context.Context) error) {
	at, do := s.end, (func(context.Context) error)(nil)
	if p := s.plans.first(); p != nil && !p.at.After(at) {
		at, do = p.at, func(ctx context.Context) error {
			heap.Pop(&s.plans)
			return p.chat.act(ctx)
		}
	}
	if len(s.visits) > 0 && !s.visits[0].at.After(at) {
		v := s.visits[0]
		at, do = v.at, func(ctx context.Context) error {
			s.visits = s.visits[1:]
			return v.chat.visit(ctx, v.index)
		}
	}
	busy := s.busy()
	for _, a := range slices.Backward(s.agents) {
		if !a.here && !busy {
			s.skipIdle(a)
		}
		switch {
		case a.here && !a.shift.end.IsZero() && !a.shift.end.After(at):
			at, do = a.shift.end, s.leave
		case !a.here && !a.shift.begin.IsZero() && !a.shift.begin.After(at):
			at, do = a.shift.begin, func(ctx context.Context) error { return s.arrive(ctx, a) }
		}
	}
	return at, do
}

// busy reports whether something is open, or an agent has something to do.
func (s *staffed) busy() bool {
	return s.ledger.opened > s.ledger.closed || s.plans.first() != nil ||
		slices.ContainsFunc(s.agents, func(a *agent) bool { return len(a.parked) > 0 })
}

// skipIdle lets an agent stay at home while there is nothing to do.
func (s *staffed) skipIdle(a *agent) {
	switch {
	case len(s.visits) == 0:
		a.shift = shift{}
	case !a.shift.end.IsZero() && !a.shift.end.After(s.visits[0].at):
		a.shift = s.staff.hours.next(s.visits[0].at, a.later)
	}
}

func (s *staffed) arrive(ctx context.Context, a *agent) error {
	a.here = true
	s.ledger.come(a.id, true, s.clock.Now())
	if err := s.available(ctx, a, roster.Available); err != nil {
		return err
	}
	s.unpark(a)
	return nil
}

// leave lets everybody go whose shift ends now. Only then do they hand over, lest
// they hand over to each other.
func (s *staffed) leave(ctx context.Context) error {
	var leavers []*agent
	for _, a := range s.agents {
		if !a.here || !a.shift.end.Equal(s.clock.Now()) {
			continue
		}
		leavers = append(leavers, a)
		a.here = false
		a.shift = s.staff.hours.next(a.shift.end, a.later)
		s.ledger.come(a.id, false, s.clock.Now())
		if err := s.available(ctx, a, roster.Unavailable); err != nil {
			return err
		}
	}
	if !s.staff.handOver {
		return nil
	}
	for _, a := range leavers {
		if err := s.passOn(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// passOn passes what an agent has to the group.
func (s *staffed) passOn(ctx context.Context, a *agent) error {
	for {
		page, err := s.desk.List(ctx, deskName, lifecycle.MyConversations(a.id), "", listPage)
		if err != nil || len(page.Conversations) == 0 {
			return err
		}
		for _, c := range page.Conversations {
			chat := s.chats[s.checker.shadows[storage.Key{Workspace: c.Workspace, Conversation: c.ID}].family]
			if _, err := chat.do(ctx, conversation.Agent(a.id), conversation.Transfer{Group: team}); err != nil {
				return err
			}
		}
	}
}

func (s *staffed) available(ctx context.Context, a *agent, to roster.Availability) error {
	if _, err := s.desk.SetAvailability(ctx, deskName, a.id, a.source, to); err != nil {
		return err
	}
	return s.checker.step(ctx, fmt.Sprintf("%s is %s", a.id, to))
}

// plan plans anew for the conversations to which something has happened, and for
// those whose agents could not do what they meant to.
func (s *staffed) plan() {
	for f := range s.checker.touched {
		s.chats[f].plan()
	}
	clear(s.checker.touched)
	for id := range s.ledger.freedBy {
		s.unpark(s.byID[id])
	}
	clear(s.ledger.freedBy)
}

func (s *staffed) unpark(a *agent) {
	parked := a.parked
	a.parked = nil
	for _, c := range parked {
		c.plan()
	}
}

// closeBooks ends a run: everything is checked once more from the beginning.
func (s *staffed) closeBooks(ctx context.Context) error {
	s.clock.set(s.end)
	spent := int64(0)
	for _, c := range s.sorted() {
		for _, id := range c.family.ids {
			spent += s.checker.shadows[storage.Key{Workspace: deskName, Conversation: id}].withAgents(s.end)
		}
		if what := c.allSaid(); what != "" {
			return s.checker.broken(storage.Key{Workspace: deskName, Conversation: c.family.ID}, "all", "%s", what)
		}
		if err := s.finish(ctx, c.player); err != nil {
			return err
		}
	}
	if what := s.ledger.close(ctx, s.end, spent); what != "" {
		return s.checker.broken(storage.Key{}, "all", "%s", what)
	}
	return nil
}

// sorted returns the chats in the order of the file.
func (s *staffed) sorted() []*chat {
	all := make([]*chat, 0, len(s.chats))
	for _, c := range s.chats {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *chat) int { return cmp.Compare(a.family.Line, b.family.Line) })
	return all
}
