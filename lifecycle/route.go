package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// A Router chooses who gets a waiting conversation. It is asked outside of all
// transactions, may be asked by several nodes at once, and what it answers is only
// a proposal: an agent who has no seat left by then does not get the conversation,
// and it is asked again without that agent.
//
// It should return when ctx is done, after [RouterTimeout]; the Desk does not wait
// for it longer. If it is late, fails, panics or names somebody who is no candidate,
// that is logged and [LeastLoaded] chooses.
type Router interface {
	// Route returns the ID of one of the candidates, or an empty string to let
	// the conversation wait. It is asked about it again when the queue is served
	// the next time: when an agent of the group has a free seat again, another
	// conversation comes, or the policies change.
	Route(ctx context.Context, r Routing) (string, error)
}

// RouterTimeout is how long a [Router] may take for one answer.
const RouterTimeout = time.Second

// A Routing is what a [Router] decides on.
type Routing struct {
	Conversation conversation.Conversation
	Policy       conversation.Policy // of its workspace and group
	Candidates   []Candidate         // who could have it, ordered by ID; at least one
}

// A Candidate is an available agent of the conversation's group with a free seat.
type Candidate struct {
	Agent    string
	Groups   []string
	Capacity int
	Seats    int       // taken, fewer than Capacity
	SeatsAt  time.Time // when one was last taken or freed; zero: never
}

// LeastLoaded is the router of a Desk that is given none. It chooses who has the
// smallest share of their seats taken, of several the one who has been idle for
// longest, which is whose seats were not taken or freed for longest, and then the
// first by ID. Where the policy is Sticky, who had the conversation before comes
// first; but who gave it up, or put it aside not to be kept, comes last.
type LeastLoaded struct{}

// Route implements [Router].
func (LeastLoaded) Route(_ context.Context, r Routing) (string, error) {
	before := r.Conversation.PreviousAgent
	why := r.Conversation.WaitReason
	gaveUp := why == conversation.WaitReleased || why == conversation.WaitGivenUp
	best := slices.MinFunc(r.Candidates, func(a, b Candidate) int {
		aBefore, bBefore := a.Agent == before, b.Agent == before
		switch {
		case aBefore == bBefore:
		case gaveUp:
			return sign(aBefore)
		case r.Policy.Sticky:
			return sign(bBefore)
		}
		return cmp.Or(
			cmp.Compare(a.Seats*b.Capacity, b.Seats*a.Capacity),
			a.SeatsAt.Compare(b.SeatsAt),
			strings.Compare(a.Agent, b.Agent),
		)
	})
	return best.Agent, nil
}

// sign is +1 for what is true, so that it comes later.
func sign(later bool) int {
	if later {
		return 1
	}
	return -1
}

// An Assignment is a conversation that was given to an agent by routing.
type Assignment struct {
	Workspace    string
	Conversation string
	Agent        string
	Waited       time.Duration // how long it had been in Waiting
}

// candidates are the agents of one queue who have free seats, as far as is known.
type candidates []Candidate

func (d *Desk) candidates(ctx context.Context, workspace, group string) (candidates, error) {
	var all candidates
	after := ""
	for {
		page, err := d.store.List(ctx, storage.RecordQuery{Workspace: workspace, Kind: storage.KindAgent, Group: group, Free: true}, after, tickPage)
		if err != nil {
			return nil, fmt.Errorf("lifecycle: free agents: %w", err)
		}
		for _, r := range page {
			all = append(all, Candidate{r.Key.ID, r.Groups, r.Capacity, r.Seats, r.SeatsAt})
			after = r.Key.ID
		}
		if len(page) < tickPage {
			return all, nil
		}
	}
}

// seats returns how many are free.
func (c candidates) seats() int {
	n := 0
	for _, a := range c {
		n += a.Capacity - a.Seats
	}
	return n
}

func (c candidates) without(agent string) candidates {
	return slices.DeleteFunc(slices.Clone(c), func(a Candidate) bool { return a.Agent == agent })
}

// taken counts a seat that was just taken.
func (c candidates) taken(agent string, at time.Time) candidates {
	i := slices.IndexFunc(c, func(a Candidate) bool { return a.Agent == agent })
	if i < 0 {
		return c
	}
	c[i].Seats++
	c[i].SeatsAt = at
	if c[i].Seats >= c[i].Capacity {
		return c.without(agent)
	}
	return c
}

// serve gives what waits in queues to agents, the oldest first, until nobody has
// a free seat or nothing waits. What an agent frees after it began is due by
// itself.
func (w *worker) serve(ctx context.Context, workspace string, policies conversation.Policies, groups ...string) error {
	var queues []*queue
	for _, group := range groups {
		if policy := policies.For(group); !policy.PullOnly {
			queues = append(queues, &queue{desk: w.desk, workspace: workspace, group: group, policy: policy})
		}
	}
	var held error // the queue has to be served again for it
	for {
		q, next, err := first(ctx, queues)
		if err != nil || q == nil {
			return cmp.Or(err, held)
		}
		if err := w.place(ctx, q, next); errors.Is(err, storage.ErrHeld) {
			held = err
		} else if err != nil {
			return err
		}
	}
}

// place gives a waiting conversation to one of the agents of its queue. One that
// is damaged does not keep the next waiting, and one that a transaction of the host
// holds no longer than the store waits for it; any other error means that the queue
// has to be served again.
func (w *worker) place(ctx context.Context, q *queue, c conversation.Conversation) error {
	for left := q.free; len(left) > 0; {
		agent := w.desk.route(ctx, Routing{Conversation: c, Policy: q.policy, Candidates: slices.Clone(left)})
		if agent == "" {
			return ctx.Err()
		}
		records, now, err := w.desk.assign(ctx, c, agent)
		switch {
		case err == nil && len(records) > 0:
			q.free = q.free.taken(agent, now)
			w.assigned(Assignment{c.Workspace, c.ID, agent, now.Sub(c.Since)})
			return nil
		case err == nil: // somebody else was faster
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, conversation.ErrAgentFull), errors.Is(err, conversation.ErrAgentUnavailable), errors.Is(err, conversation.ErrAgentGone):
			left = left.without(agent)
			q.free = q.free.without(agent)
		case isDamagedRecord(err):
			w.desk.log.ErrorContext(ctx, "agent is passed over", "workspace", c.Workspace, "agent", agent, "err", err)
			left = left.without(agent)
			q.free = q.free.without(agent)
		case liesInConversation(err):
			w.desk.log.ErrorContext(ctx, "conversation could not be assigned", "workspace", c.Workspace, "conversation", c.ID, "err", err)
			return nil
		default:
			return err
		}
	}
	return nil
}

// route asks the Router, and whom it does not answer LeastLoaded.
func (d *Desk) route(ctx context.Context, r Routing) string {
	agent, err := d.ask(ctx, r)
	if err == nil && agent != "" && !slices.ContainsFunc(r.Candidates, func(c Candidate) bool { return c.Agent == agent }) {
		err = errors.New("lifecycle: the router named an agent who is no candidate")
	}
	if err != nil && ctx.Err() == nil {
		d.log.ErrorContext(ctx, "router failed", "workspace", r.Conversation.Workspace, "conversation", r.Conversation.ID, "err", err)
		agent, _ = LeastLoaded{}.Route(ctx, r)
	}
	return agent
}

// ask waits for the Router no longer than it may take.
func (d *Desk) ask(ctx context.Context, r Routing) (string, error) {
	if _, ours := d.router.(LeastLoaded); ours {
		return d.router.Route(ctx, r)
	}
	asked := r
	asked.Candidates = slices.Clone(r.Candidates)
	agent, err := within(ctx, RouterTimeout, func(ctx context.Context) (string, error) { return d.router.Route(ctx, asked) })
	if err != nil {
		return "", fmt.Errorf("lifecycle: router: %w", err)
	}
	return agent, nil
}

// assign gives a conversation that still waits in its group to an agent.
func (d *Desk) assign(ctx context.Context, c conversation.Conversation, agent string) ([]conversation.Record, time.Time, error) {
	key := storage.Key{Workspace: c.Workspace, Conversation: c.ID}
	call := Call{Workspace: c.Workspace, Conversation: c.ID, By: conversation.System("router")}
	var now time.Time
	p, err := d.change(ctx, key, "", func(s *snapshot) (proposal, error) {
		if s.conversation.State != conversation.StateWaiting || s.conversation.Group != c.Group {
			return proposal{idle: true}, nil
		}
		var err error
		if now, err = d.now(ctx); err != nil {
			return proposal{}, err
		}
		return d.decide(ctx, s, call, conversation.Assign{Agent: agent}, storage.Command{}, now)
	})
	return p.records, now, err
}

// look is the turn of a conversation that came to Waiting, as it was loaded: its
// queue is served. Then, if it still waits, it is due when its ladder says; whoever
// frees a seat after the look finds it in the queue. If the ladder is due already,
// look returns the version that it looked at, otherwise zero.
func (w *worker) look(ctx context.Context, s *snapshot) (version int64, err error) {
	d := w.desk
	if moved, err := w.leaveRemovedGroup(ctx, s.conversation); err != nil || moved {
		return 0, err
	}
	if err := w.serve(ctx, s.key.Workspace, *s.policies, s.conversation.Group); err != nil {
		return 0, err
	}
	_, err = d.change(ctx, s.key, "", func(now *snapshot) (proposal, error) {
		version = 0
		if now.head.Version != s.head.Version || now.revision != s.revision {
			return proposal{idle: true}, nil // it was given away, or is to be looked at again
		}
		now.looked = true
		at, err := d.now(ctx)
		if err != nil {
			return proposal{}, err
		}
		if next := now.due(now.conversation); !next.IsZero() && !next.After(at) {
			version = now.head.Version
		}
		return propose(now, now.conversation, nil, decision{at: at})
	})
	return version, err
}

// leaveRemovedGroup moves a conversation that was opened, or opened again, for a
// group after that was removed.
func (w *worker) leaveRemovedGroup(ctx context.Context, c conversation.Conversation) (moved bool, err error) {
	to, err := w.desk.successor(ctx, c.Workspace, c.Group)
	if err != nil || to == c.Group {
		return false, err
	}
	before := w.given()
	err = w.command(ctx, c, conversation.Regroup{Group: to})
	return w.given() > before, err
}

// A queue is what waits for the agents of a group, the oldest first, as it was
// when it was read.
type queue struct {
	desk             *Desk
	workspace, group string
	policy           conversation.Policy

	free  candidates
	asked bool          // free was read
	page  []storage.Row // not decoded before their turn: of a thousand that tie, few get an agent
	after storage.Place
	ended bool
}

// queuePage is how many waiting conversations are read at most at once, and maxTied how
// many of the same instant are put into an order among themselves.
const (
	queuePage = 50
	maxTied   = 1000
)

// first returns the queue whose first conversation is the oldest of all that
// have a free agent, and takes that conversation out; nil if there is none.
func first(ctx context.Context, queues []*queue) (*queue, conversation.Conversation, error) {
	for {
		var oldest *queue
		for _, q := range queues {
			if err := q.fill(ctx); err != nil {
				return nil, conversation.Conversation{}, err
			}
			if len(q.page) > 0 && len(q.free) > 0 && (oldest == nil || q.page[0].Head.Since.Before(oldest.page[0].Head.Since)) {
				oldest = q
			}
		}
		if oldest == nil {
			return nil, conversation.Conversation{}, nil
		}
		next := oldest.page[0]
		oldest.page = oldest.page[1:]
		if c, err := conversation.Decode(next.Head.Body); err == nil { // its own turn fails, and says so
			return oldest, c, nil
		}
	}
}

// fill reads who is free and, when nothing is left of the page, the next one. A
// page ends with the last of those who came at the same time.
func (q *queue) fill(ctx context.Context) error {
	if !q.asked {
		free, err := q.desk.candidates(ctx, q.workspace, q.group)
		if err != nil {
			return err
		}
		q.free, q.asked = free, true
	}
	if len(q.page) > 0 || q.ended || len(q.free) == 0 {
		return nil
	}
	size := min(q.free.seats()+1, queuePage) // one more shows that the last came alone
	for {
		rows, err := q.desk.store.View(ctx, storage.Query{
			Workspace: q.workspace, State: string(conversation.StateWaiting),
			Group: q.group, Ungrouped: q.group == "", After: q.after,
		}, size)
		if err != nil {
			return fmt.Errorf("lifecycle: queue of %s: %w", q.workspace, err)
		}
		q.ended = len(rows) < size
		for _, row := range rows {
			at := placeOf(storage.BySince, row)
			if comparePlaces(at, q.after) <= 0 {
				return fmt.Errorf("lifecycle: queue of %s: %w", q.workspace, errRepeats)
			}
			q.after = at
		}
		q.page = append(q.page, rows...)
		n := len(q.page)
		if q.ended || n >= maxTied || n > 0 && !q.page[0].Head.Since.Equal(q.page[n-1].Head.Since) {
			break
		}
	}
	return q.desk.liveFirst(ctx, q.page)
}

// liveFirst puts, among conversations that came at the same time, those whose
// visitors are on the site before the others.
func (d *Desk) liveFirst(ctx context.Context, page []storage.Row) error {
	for begin := 0; begin < len(page); {
		end := begin + 1
		for end < len(page) && page[end].Head.Since.Equal(page[begin].Head.Since) {
			end++
		}
		if same := page[begin:end]; len(same) > 1 {
			absent := map[string]bool{}
			for _, row := range same {
				v, err := d.visitor(ctx, storage.RecordKey{Workspace: row.Key.Workspace, Kind: storage.KindVisitor, ID: row.Head.Visitor})
				if err != nil && !isDamagedRecord(err) {
					return err
				}
				absent[row.Head.Visitor] = !v.Online
			}
			slices.SortStableFunc(same, func(a, b storage.Row) int {
				if absent[a.Head.Visitor] == absent[b.Head.Visitor] {
					return 0
				}
				return sign(absent[a.Head.Visitor])
			})
		}
		begin = end
	}
	return nil
}

// attend does what follows from how an agent stands: a grace that is over makes
// them unavailable, their conversations are told, and who has a free seat gets
// what waits.
func (w *worker) attend(ctx context.Context, r storage.Record) (time.Time, error) {
	d := w.desk
	a, err := decodeAgent(r)
	if err != nil {
		return time.Time{}, err
	}
	policies, err := d.policiesOf(ctx, r.Key.Workspace)
	if err != nil {
		return time.Time{}, err
	}
	now, err := d.now(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if due := a.Due(grace(policies)); !due.IsZero() && !due.After(now) {
		_, err := d.changeAgent(ctx, r.Key.Workspace, a.ID, func(a roster.Agent, now time.Time, p conversation.Policies) (roster.Agent, error) {
			return a.Expire(now, grace(p)), nil
		})
		return now, err // it has changed, and is due again
	}
	err = w.tellConversations(ctx, r, a)
	if a.TakesNew() && r.Seats < a.Capacity {
		err = errors.Join(err, w.serve(ctx, r.Key.Workspace, policies, append([]string{""}, a.Groups...)...))
	}
	return a.Due(grace(policies)), err
}

// tellConversations tells the conversations of an agent how the agent stands.
// Those that know it already are not told again, so this can be repeated.
func (w *worker) tellConversations(ctx context.Context, r storage.Record, a roster.Agent) error {
	away := a.Availability() == roster.Unavailable
	held := storage.Query{Workspace: r.Key.Workspace, State: string(conversation.StateAssigned), Agent: a.ID}
	kept := held
	kept.State = string(conversation.StateSnoozed)
	if a.Removed {
		requeue := func(c conversation.Conversation) error {
			return w.command(ctx, c, conversation.Requeue{Reason: conversation.WaitRemoved}, r)
		}
		for before := -1; before != w.given(); { // until nothing is left that moved meanwhile
			before = w.given()
			if err := errors.Join(w.desk.eachOf(ctx, held, requeue), w.desk.eachOf(ctx, kept, requeue)); err != nil {
				return err
			}
		}
		return nil
	}
	return w.desk.eachOf(ctx, held, func(c conversation.Conversation) error {
		switch {
		case away && c.AwaySince.IsZero():
			return w.command(ctx, c, conversation.AssigneeGone{Agent: a.ID, Since: a.Since}, r)
		case !away && !c.AwaySince.IsZero():
			return w.command(ctx, c, conversation.AssigneeBack{Agent: a.ID}, r)
		}
		return nil
	})
}
