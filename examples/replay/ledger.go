package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// A ledger keeps the books of a team, from what the feed delivers and in its
// order: who has which seat, and what waits. It holds the library to its word
// that
//
//   - nobody ever has more conversations than their capacity;
//   - the seats that the Desk names for an agent are those of the journals, and
//     as many as its view lists;
//   - what a tick says that it assigned, to whom and after which wait, is what
//     the journals say;
//   - only what waits is given away, the oldest first, and nothing waits while
//     somebody who is there has a free seat;
//   - a conversation knows whether its agent is away;
//   - seats taken are seats freed and held, waits begun are waits ended and
//     lasting, and the seats were taken for as long as the conversations were
//     with agents.
type ledger struct {
	desk  *lifecycle.Desk
	staff map[string]*seats
	found map[string]lifecycle.Agent // as the last check found them

	changed  map[string]bool // agents whose seats were taken or freed since
	freedBy  map[string]bool // agents who freed one; whoever reads it empties it
	waiting  map[storage.Key]*wait
	held     map[storage.Key]conversation.Conversation // with an agent now
	assigned []lifecycle.Assignment                    // by the journals, since the last tick

	figures
}

// Seats are those of one agent.
type seats struct {
	capacity, taken int
	here            bool
	since           time.Time // until when the times below are counted

	all, used, there int64 // microseconds: of seats taken, of these during shifts, and of seats there were during shifts
}

// A wait is a stretch of a conversation in Waiting.
type wait struct {
	since  time.Time
	first  bool   // of the conversation
	woken  bool   // out of a snooze
	before string // who had it before
}

// Figures are what a run comes to.
type figures struct {
	opened, closed         int
	firstWaits, laterWaits []int64 // microseconds; those still lasting are added at the end
	served, gaveUp         int     // how first waits ended
	stillWaiting           int

	taken, freed, atEnd int // seats
	routed              int // of the taken: given by the Desk to what waited
	used, there         int64

	takenAway      int // because the visitor waited too long for an agent who was away
	wokenElsewhere int // a snooze ended, and somebody else got the conversation
	transfers      int
}

func newLedger(desk *lifecycle.Desk) *ledger {
	return &ledger{
		desk: desk, staff: map[string]*seats{}, waiting: map[storage.Key]*wait{},
		held: map[storage.Key]conversation.Conversation{}, changed: map[string]bool{}, freedBy: map[string]bool{},
	}
}

// count counts the times of a team member up to now.
func (s *seats) count(now time.Time) {
	spent := micros(s.since, now)
	s.since = now
	s.all += int64(s.taken) * spent
	if s.here {
		s.used += int64(s.taken) * spent
		s.there += int64(s.capacity) * spent
	}
}

// come says that an agent comes, or goes.
func (l *ledger) come(agent string, here bool, now time.Time) {
	s := l.staff[agent]
	s.count(now)
	s.here = here
}

// take takes in a record of the feed, and says what is wrong with it.
func (l *ledger) take(key storage.Key, before, after conversation.Conversation, r conversation.Record) string {
	switch e := r.Event.(type) {
	case conversation.Opened:
		l.opened++
	case conversation.Closed:
		l.closed++
	case conversation.Reopened:
		l.closed--
	case conversation.Requeued:
		if r.By.Kind == conversation.KindTimer && e.Reason == conversation.WaitUnavailable {
			l.takenAway++
		}
	case conversation.Transferred:
		l.transfers++
	case conversation.Assigned:
		w := l.waiting[key]
		if w == nil {
			return fmt.Sprintf("it was given to %s, and did not wait but was %s", e.Agent, before.State)
		}
		l.routed++
		l.assigned = append(l.assigned, lifecycle.Assignment{
			Workspace: key.Workspace, Conversation: key.Conversation, Agent: e.Agent, Waited: r.At.Sub(w.since),
		})
	}
	l.wait(key, before, after, r)
	return l.seat(key, before, after, r.At)
}

// wait keeps the queue.
func (l *ledger) wait(key storage.Key, before, after conversation.Conversation, r conversation.Record) {
	if before.State == after.State {
		return
	}
	if w := l.waiting[key]; w != nil {
		delete(l.waiting, key)
		l.waited(w, r.At)
		switch {
		case w.first && after.State == conversation.StateAssigned:
			l.served++
		case w.first:
			l.gaveUp++
		case w.woken && after.State == conversation.StateAssigned && after.Agent != w.before:
			l.wokenElsewhere++
		}
	}
	if after.State == conversation.StateWaiting {
		_, woken := r.Event.(conversation.Woken)
		l.waiting[key] = &wait{since: r.At, first: before.State == conversation.StateNone, woken: woken, before: before.Agent}
	}
}

func (l *ledger) waited(w *wait, until time.Time) {
	if w.first {
		l.firstWaits = append(l.firstWaits, micros(w.since, until))
	} else {
		l.laterWaits = append(l.laterWaits, micros(w.since, until))
	}
}

// seat keeps the seats.
func (l *ledger) seat(key storage.Key, before, after conversation.Conversation, at time.Time) string {
	old, agent := holder(before), holder(after)
	if agent != "" {
		l.held[key] = after
	} else {
		delete(l.held, key)
	}
	if old == agent {
		return ""
	}
	if s := l.staff[old]; s != nil {
		s.count(at)
		s.taken--
		l.freed++
		l.changed[old], l.freedBy[old] = true, true
	}
	if agent == "" {
		return ""
	}
	s := l.staff[agent]
	if s == nil {
		return fmt.Sprintf("%s has it, and is not of the team", agent)
	}
	s.count(at)
	s.taken++
	l.taken++
	l.changed[agent] = true
	if s.taken > s.capacity {
		return fmt.Sprintf("%s has %d conversations, and a capacity of %d", agent, s.taken, s.capacity)
	}
	return ""
}

// holder returns who has the conversation on a seat.
func holder(c conversation.Conversation) string {
	if c.State == conversation.StateAssigned {
		return c.Agent
	}
	return ""
}

const listPage = lifecycle.MaxPage

// check compares the books with what the Desk says of its agents, and lists as
// their conversations.
func (l *ledger) check(ctx context.Context) string {
	listed := map[string]int{}
	view := lifecycle.View{States: []conversation.State{conversation.StateAssigned}}
	for token, more := "", true; more; more = token != "" {
		page, err := l.desk.List(ctx, deskName, view, token, listPage)
		if err != nil {
			return err.Error()
		}
		for _, c := range page.Conversations {
			listed[c.Agent]++
		}
		token = page.Next
	}
	found, err := l.agents(ctx)
	if err != nil {
		return err.Error()
	}
	l.found = found
	for _, id := range slices.Sorted(maps.Keys(l.staff)) {
		s, a := l.staff[id], found[id]
		switch {
		case listed[id] > s.capacity || a.Seats > s.capacity:
			return fmt.Sprintf("%s has %d conversations and %d seats taken, and a capacity of %d", id, listed[id], a.Seats, s.capacity)
		case listed[id] != s.taken:
			return fmt.Sprintf("the view lists %d conversations of %s, and by the journals they have %d", listed[id], id, s.taken)
		case a.Seats != s.taken:
			return fmt.Sprintf("%s has %d seats taken, and by the journals %d", id, a.Seats, s.taken)
		}
	}
	return ""
}

// agents returns the agents as the Desk lists them, and those whose seats have
// changed as it names them.
func (l *ledger) agents(ctx context.Context) (map[string]lifecycle.Agent, error) {
	found := map[string]lifecycle.Agent{}
	for after, more := "", true; more; {
		page, err := l.desk.Agents(ctx, deskName, team, after, listPage)
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			found[a.ID] = a
			after = a.ID
		}
		more = len(page) == listPage
	}
	for id := range l.changed {
		a, err := l.desk.Agent(ctx, deskName, id)
		if err != nil {
			return nil, err
		}
		found[id] = a
	}
	clear(l.changed)
	return found, nil
}

// told compares what a tick says that it assigned with the journals.
func (l *ledger) told(said []lifecycle.Assignment) (storage.Key, string) {
	recorded := l.assigned
	l.assigned = nil
	said = slices.SortedFunc(slices.Values(said), byConversation)
	slices.SortFunc(recorded, byConversation)
	for i := 0; i < len(said) || i < len(recorded); i++ {
		switch {
		case i == len(recorded), i < len(said) && keyOf(said[i]).Compare(keyOf(recorded[i])) < 0:
			return keyOf(said[i]), fmt.Sprintf("the tick says that it gave it to %s, and the journal does not", said[i].Agent)
		case i == len(said), keyOf(said[i]) != keyOf(recorded[i]):
			return keyOf(recorded[i]), fmt.Sprintf("it was given to %s, and the tick does not say so", recorded[i].Agent)
		case recorded[i] != said[i]:
			return keyOf(said[i]), fmt.Sprintf("the tick says that %s got it after %v, and the journal that %s did after %v",
				said[i].Agent, said[i].Waited, recorded[i].Agent, recorded[i].Waited)
		}
	}
	return l.inOrder(said)
}

func byConversation(a, b lifecycle.Assignment) int {
	return cmp.Or(keyOf(a).Compare(keyOf(b)), cmp.Compare(a.Waited, b.Waited))
}

func keyOf(a lifecycle.Assignment) storage.Key {
	return storage.Key{Workspace: a.Workspace, Conversation: a.Conversation}
}

// inOrder checks that nothing waits any more that came before what was assigned.
func (l *ledger) inOrder(assigned []lifecycle.Assignment) (storage.Key, string) {
	for _, a := range assigned {
		got, ok := l.held[keyOf(a)]
		if !ok {
			continue
		}
		since := got.Since.Add(-a.Waited)
		for key, w := range l.waiting {
			if w.since.Before(since) {
				return key, fmt.Sprintf("it waits since %s, and %s, which waited since %s, was assigned before it",
					stamp(w.since), a.Conversation, stamp(since))
			}
		}
	}
	return storage.Key{}, ""
}

// settled checks what must hold when nothing is due.
func (l *ledger) settled() (storage.Key, string) {
	if len(l.assigned) > 0 {
		return keyOf(l.assigned[0]), fmt.Sprintf("it was assigned to %s, and no tick says so", l.assigned[0].Agent)
	}
	for id, a := range l.found {
		if key := l.anyWaiting(); key != (storage.Key{}) && a.TakesNew() && a.Seats < a.Capacity {
			return key, fmt.Sprintf("it waits, and %s has a free seat", id)
		}
	}
	for key, c := range l.held {
		away := l.found[c.Agent].Availability() == roster.Unavailable
		if away == c.AwaySince.IsZero() {
			return key, fmt.Sprintf("that %s is %s it was not told", c.Agent, l.found[c.Agent].Availability())
		}
	}
	return storage.Key{}, ""
}

func (l *ledger) anyWaiting() storage.Key {
	for key := range l.waiting {
		return key
	}
	return storage.Key{}
}

// close closes the books at the end, and says what does not add up. Spent is how
// long conversations were with agents, by their journals.
func (l *ledger) close(ctx context.Context, end time.Time, spent int64) string {
	for _, w := range l.waiting {
		l.waited(w, end)
		if w.first {
			l.stillWaiting++
		}
	}
	all := int64(0)
	for _, id := range slices.Sorted(maps.Keys(l.staff)) {
		s := l.staff[id]
		s.count(end)
		all += s.all
		l.used += s.used
		l.there += s.there
		l.atEnd += s.taken
	}
	open, err := l.desk.Count(ctx, deskName, lifecycle.View{States: openStates})
	if err != nil {
		return err.Error()
	}
	seated := 0
	for id := range l.staff {
		n, err := l.desk.Count(ctx, deskName, lifecycle.MyConversations(id))
		if err != nil {
			return err.Error()
		}
		seated += n
	}
	switch {
	case l.opened != l.closed+open:
		return fmt.Sprintf("%d conversations were opened, %d are closed and %d open", l.opened, l.closed, open)
	case l.taken != l.freed+seated:
		return fmt.Sprintf("%d seats were taken, %d freed, and %d are taken", l.taken, l.freed, seated)
	case l.served+l.gaveUp+l.stillWaiting != l.opened:
		return fmt.Sprintf("%d conversations waited, %d got somebody, %d gave up, and %d wait", l.opened, l.served, l.gaveUp, l.stillWaiting)
	case all != spent:
		return fmt.Sprintf("seats were taken for %s, and conversations with agents for %s", span(all), span(spent))
	}
	return ""
}

var openStates = []conversation.State{
	conversation.StateBot, conversation.StateWaiting, conversation.StateAssigned, conversation.StateSnoozed,
}
