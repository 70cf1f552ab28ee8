package sim_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// The workspaces. The policies of the second one may become unreadable.
const (
	first  = "w"
	second = "x"
)

var (
	agents = []string{"ann", "ben", "cat"}
	groups = []string{"g", "h"}
)

// An op is something that a client wants, and asks for until it is told: one with
// a command ID again and again, one without a single time.
type op struct {
	id      int
	call    lifecycle.Call
	command conversation.Command // nil: it is about people or policies
	what    string
	text    string // of no other op
	do      func(context.Context, *lifecycle.Desk) (lifecycle.Result, error)

	attempts []*attempt
	repeat   bool // it was lost or is unknown, and has a command ID
}

// An attempt is an op given to a Desk once.
type attempt struct {
	job    *job
	told   bool // the client has heard
	result lifecycle.Result
	err    error
}

// A workload is what clients, nodes and subscribers do.
type workload struct {
	run     *run
	left    int
	again   []*op
	known   map[storage.Key]conversation.Version // what clients last saw
	revised map[string]int64                     // revisions of policies that the client has seen
	readers []*reader
	opened  int
}

// A reader is a subscriber of the feed.
type reader struct {
	name    string
	busy    bool
	batches []*batch
}

// A batch is what a subscriber read at once.
type batch struct {
	deliveries []lifecycle.Delivery
	to         storage.Position // that it advanced to; zero: it crashed before
	told       bool             // that the cursor moved
}

// setUp begins with people and policies, without faults.
func (w *workload) setUp() {
	r := w.run
	w.known, w.revised = map[storage.Key]conversation.Version{}, map[string]int64{}
	w.readers = []*reader{{name: "mail"}, {name: "archive"}}
	r.troubled.Store(false)
	policies := w.policies()
	capacity := make([]int, len(agents))
	for i := range capacity {
		capacity[i] = 1 + r.rng.IntN(2)
	}
	staffed := 1 + r.rng.IntN(len(agents))
	if r.plan.turnover {
		staffed = len(agents)
	}
	r.launch(r.nodes[0], "set up", nil, 0, func(ctx context.Context, desk *lifecycle.Desk) {
		var err error
		_, set := desk.SetPolicies(ctx, first, policies, 0)
		err = errors.Join(err, set)
		for _, g := range groups {
			err = errors.Join(err, desk.SetGroup(ctx, first, g))
		}
		for i, a := range agents[:staffed] {
			_, set := desk.SetAgent(ctx, first, a, capacity[i], groups[:i%3]...)
			_, there := desk.SetAvailability(ctx, first, a, roster.Manual, roster.Available)
			err = errors.Join(err, set, there)
		}
		if err != nil {
			r.violated("setting up: %v", err)
		}
	}, func() {}, func() {})
	w.revised[first] = 1
	r.drain()
	r.troubled.Store(true)
}

// policies are short: what takes a day in life takes a minute here.
func (w *workload) policies() conversation.Policies {
	p := conversation.Policies{Default: w.policy(), Tags: []string{"late"}}
	p.AvailabilityGrace = []time.Duration{0, 10 * time.Second, -1}[w.run.rng.IntN(3)]
	if w.run.chance(0.5) {
		p.Groups = map[string]conversation.Policy{"g": w.policy()}
	}
	return p
}

func (w *workload) policy() conversation.Policy {
	r := w.run
	p := conversation.Policy{
		Bot: r.chance(0.5), PullOnly: r.chance(0.2), Sticky: r.chance(0.3), WakeOverCapacity: r.chance(0.3),
		KnownAgentsOnly: r.chance(0.2), NotifyByEmail: r.chance(0.4),
		ReopenWindow:  []time.Duration{0, time.Minute, 5 * time.Minute, -1}[r.rng.IntN(4)],
		ReassignAfter: []time.Duration{0, 30 * time.Second, time.Minute, -1}[r.rng.IntN(4)],
	}
	if r.plan.turnover {
		p.Bot, p.PullOnly = r.chance(0.2), r.chance(0.5)
	}
	p.Survey.Offer = r.chance(0.2)
	step := func(action idle.Action, least time.Duration) idle.Step {
		s := idle.Step{After: r.between(least, 3*least), Action: action}
		if action == idle.Prompt || action == idle.FollowUp {
			s.Text = "Are you still there?"
		}
		return s
	}
	p.Idle.Assigned.Steps = []idle.Step{step(idle.Prompt, 10*time.Second), step(idle.FollowUp, 20*time.Second)}
	ends := []idle.Action{idle.Prompt, idle.Close, idle.Requeue}
	if p.Bot {
		ends = append(ends, idle.HandBack)
		p.Idle.Bot.Steps = []idle.Step{step(idle.FollowUp, 15*time.Second), step(idle.Close, 40*time.Second)}
		if r.chance(0.4) {
			p.Idle.Bot.Steps[1].Action = idle.Requeue
		}
	}
	p.Idle.Assigned.Steps = append(p.Idle.Assigned.Steps, step(ends[r.rng.IntN(len(ends))], 30*time.Second))
	if r.chance(0.6) {
		p.Idle.Waiting.Steps = []idle.Step{step(idle.FollowUp, 20*time.Second), step(idle.Close, time.Minute)}
	}
	if r.chance(0.3) {
		p.Idle.Assigned.LastSpeaker = idle.Responder
	}
	return p
}

// next begins something, and returns false if nothing can be begun now.
func (w *workload) next() bool {
	r := w.run
	var up []*node
	now := time.Now()
	for _, n := range r.nodes {
		if n.life != nil && !n.draining && !n.pausedUntil.After(now) {
			up = append(up, n)
		}
	}
	if len(up) == 0 {
		return false
	}
	n := up[r.rng.IntN(len(up))]
	if r.chance(0.5) {
		r.pass(w.gap())
		r.wait()
		if n.life == nil {
			return false
		}
	}
	switch x := r.rng.Float64(); {
	case x < 0.3:
		if n.life.ticks > 0 {
			return false
		}
		w.tick(n)
	case x < 0.4:
		if !w.subscribe(n) {
			return false
		}
	case x < 0.5 && len(w.again) > 0:
		i := r.rng.IntN(len(w.again))
		o := w.again[i]
		w.again = append(w.again[:i], w.again[i+1:]...)
		w.give(n, o)
	case r.chance(r.plan.people):
		w.give(n, w.aboutPeople())
	default:
		w.give(n, w.command())
	}
	w.left--
	return true
}

func (w *workload) gap() time.Duration {
	r := w.run
	switch x := r.rng.Float64(); {
	case x < 0.4:
		return r.between(time.Microsecond, time.Second)
	case x < 0.8:
		return r.between(time.Second, 20*time.Second)
	case x < 0.97:
		return r.between(20*time.Second, 2*time.Minute)
	}
	return r.between(2*time.Minute, 15*time.Minute)
}

// tick works off what is due, on a node.
func (w *workload) tick(n *node) {
	r := w.run
	l := n.life
	l.ticks++
	t := &ticked{node: n, skew: n.skew}
	t.job = r.launch(n, "tick", nil, 0, func(ctx context.Context, desk *lifecycle.Desk) {
		t.did, t.err = desk.Tick(ctx)
	}, func() {
		l.ticks--
		t.skewAfter = n.skew
		r.ticks = append(r.ticks, t)
		r.Fired += len(t.did.Fired)
		r.Assigned += len(t.did.Assigned)
		r.Failures += len(t.did.Failed)
		if errors.Is(t.err, lifecycle.ErrSkew) {
			r.RefusedTicks++
		}
		r.say("tick %d on node %d: fired %d, assigned %d, recomputed %d, failed %d, %v", t.job.id, n.id,
			len(t.did.Fired), len(t.did.Assigned), t.did.Recomputed, len(t.did.Failed), t.err)
	}, func() { l.ticks-- })
}

// subscribe has a subscriber read, do its work, and move its cursor, unless it
// crashes before.
func (w *workload) subscribe(n *node) bool {
	r := w.run
	s := w.readers[r.rng.IntN(len(w.readers))]
	if s.busy {
		return false
	}
	s.busy = true
	limit, crashes := 1+r.rng.IntN(10), r.troubled.Load() && r.chance(0.15)
	var b *batch
	done := func() { s.busy = false }
	r.launch(n, "subscriber "+s.name, nil, 0, func(ctx context.Context, desk *lifecycle.Desk) {
		deliveries, err := desk.Feed(ctx, s.name, limit)
		if err != nil || len(deliveries) == 0 {
			if err != nil && !r.troubled.Load() {
				r.violated("the feed for %s: %v", s.name, err)
			}
			return
		}
		b = &batch{deliveries: deliveries}
		s.batches = append(s.batches, b)
		r.Delivered += len(deliveries)
		if crashes {
			return
		}
		b.to = deliveries[len(deliveries)-1].Position
		at, err := desk.Advance(ctx, s.name, b.to)
		b.told = err == nil
		if b.told && at < b.to {
			r.violated("the cursor of %s stands at %d after it moved to %d", s.name, at, b.to)
		}
	}, done, func() {
		// It was done with what it read before it heard that the cursor had moved.
		if b != nil {
			b.told = false
		}
		done()
	})
	return true
}

// give gives an op to a Desk.
func (w *workload) give(n *node, o *op) {
	r := w.run
	a := &attempt{}
	o.attempts = append(o.attempts, a)
	o.repeat = false
	if len(o.attempts) == 1 {
		r.ops = append(r.ops, o)
	}
	var patience time.Duration
	if r.trouble(r.plan.impatient) {
		patience = r.between(time.Second, 20*time.Second)
	}
	a.job = r.launch(n, fmt.Sprintf("op %d %s", o.id, o.what), o, patience, func(ctx context.Context, desk *lifecycle.Desk) {
		a.result, a.err = o.do(ctx, desk)
	}, func() {
		a.told = true
		r.say("op %d: version %d, %d records, repeated %t: %v", o.id, a.result.Conversation.Version, len(a.result.Records), a.result.Repeated, a.err)
		c := a.result.Conversation
		if key := keyOf(c.Workspace, c.ID); a.err == nil && c.Version > w.known[key] {
			w.known[key] = c.Version
		}
		if a.err == nil {
			r.Acknowledged++
		}
		w.decideRepeat(o, a)
	}, func() { w.decideRepeat(o, a) })
}

// decideRepeat has a client ask again who has not heard what became of it.
func (w *workload) decideRepeat(o *op, a *attempt) {
	refused := errors.Is(a.err, conversation.ErrInvalid)
	if _, is := errors.AsType[*conversation.RefusedError](a.err); is {
		refused = true
	}
	if o.call.CommandID != "" && (!a.told || a.err != nil && !refused) {
		o.repeat = true
		w.again = append(w.again, o)
	}
}

// retry asks for all that clients are not sure of, until they are.
func (w *workload) retry() {
	r := w.run
	for range 10 {
		again := w.again
		w.again = nil
		for _, o := range again {
			w.give(r.nodes[r.rng.IntN(len(r.nodes))], o)
			r.drain()
			if r.stuck() {
				return
			}
		}
	}
	for _, o := range w.again {
		r.violated("op %d: without faults, it still is %v", o.id, o.attempts[len(o.attempts)-1].err)
	}
}

// readOn has every subscriber read to the end.
func (w *workload) readOn() {
	r := w.run
	for _, s := range w.readers {
		for range 1000 {
			if r.stuck() {
				return
			}
			before := len(s.batches)
			w.subscribeAlone(s)
			if len(s.batches) == before {
				break
			}
		}
	}
}

func (w *workload) subscribeAlone(s *reader) {
	readers := w.readers
	w.readers = []*reader{s}
	w.subscribe(w.run.nodes[0])
	w.readers = readers
	w.run.drain()
}

// newOp returns an op, and says whether it has a command ID.
func (w *workload) newOp(key storage.Key, by conversation.Actor, command conversation.Command) *op {
	r := w.run
	r.opIDs++
	o := &op{id: r.opIDs, call: lifecycle.Call{Workspace: key.Workspace, Conversation: key.Conversation, By: by}, command: command}
	if r.chance(0.6) {
		o.call.CommandID = fmt.Sprintf("c%d", o.id)
	}
	if by.Kind == conversation.KindBot || r.chance(0.2) {
		o.call.AsOf = w.known[key]
	}
	switch c := command.(type) {
	case conversation.Say:
		o.text = fmt.Sprintf("message %d%s", o.id, "...."[:o.id%5])
		c.Text = o.text
		o.command = c
	case conversation.AddNote:
		o.text = fmt.Sprintf("note %d", o.id)
		c.Text = o.text
		o.command = c
	}
	o.what = fmt.Sprintf("%s/%s %s by %s as of %d id %q", key.Workspace, key.Conversation, command.Name(), by, o.call.AsOf, o.call.CommandID)
	o.do = func(ctx context.Context, desk *lifecycle.Desk) (lifecycle.Result, error) {
		return desk.Do(ctx, o.call, o.command)
	}
	return o
}

// opening is how likely somebody new comes.
func (w *workload) opening() float64 {
	if w.run.plan.rush || w.run.plan.turnover {
		return 0.4
	}
	return 0.15
}

// agent is one of the agents; in a rush mostly the first.
func (w *workload) agent() string {
	r := w.run
	if r.plan.rush && r.chance(0.7) {
		return agents[0]
	}
	return agents[r.rng.IntN(len(agents))]
}

// command is something that somebody would do to a conversation as it stands, or
// that anybody might.
func (w *workload) command() *op {
	r := w.run
	if len(r.keys) == 0 || w.opened < r.plan.chats && r.chance(w.opening()) {
		return w.open()
	}
	key := r.keys[r.rng.IntN(len(r.keys))]
	c := r.shadows[key]
	visitor := conversation.Visitor(c.Visitor)
	agent := conversation.Agent(w.agent())
	boss := conversation.Supervisor("sue")
	if r.chance(0.15) {
		anybody := []conversation.Actor{visitor, agent, boss, conversation.Bot("bot"), conversation.System("host")}
		return w.newOp(key, anybody[r.rng.IntN(len(anybody))], w.anything())
	}
	holder := agent
	if c.Agent != "" {
		holder = conversation.Agent(c.Agent)
	}
	if r.chance(0.25) {
		return w.newOp(key, visitor, conversation.Say{})
	}
	var do []func() *op
	add := func(by conversation.Actor, commands ...conversation.Command) {
		for _, command := range commands {
			do = append(do, func() *op { return w.newOp(key, by, command) })
		}
	}
	add(agent, conversation.AddNote{})
	add(visitor, conversation.MarkRead{}, conversation.Typing{})
	switch c.State {
	case conversation.StateBot:
		add(conversation.Bot("bot"), conversation.Say{}, conversation.Say{}, conversation.Close{Outcome: closure.Resolved})
		add(visitor, conversation.RequestAgent{}, conversation.RequestAgent{Group: "g"})
		add(agent, conversation.Take{})
	case conversation.StateWaiting:
		add(agent, conversation.Take{}, conversation.Take{}, conversation.Close{Outcome: closure.Unresolved})
		add(boss, conversation.Assign{Agent: agent.ID}, conversation.Transfer{Group: "h"})
	case conversation.StateAssigned:
		add(holder, conversation.Say{}, conversation.Say{}, w.snooze(), conversation.HandBack{}, conversation.Close{Outcome: closure.Resolved},
			conversation.Transfer{Agent: agent.ID}, conversation.Transfer{Group: "g"}, conversation.Requeue{})
		add(boss, conversation.Take{}, conversation.Assign{Agent: agent.ID})
		if r.plan.turnover {
			add(holder, w.snooze(), w.snooze(), w.snooze(), w.snooze())
		}
	case conversation.StateSnoozed:
		add(holder, conversation.Wake{}, conversation.Take{}, w.snooze(), conversation.Say{}, conversation.Requeue{})
		add(boss, conversation.Wake{})
		add(visitor, conversation.Say{}, conversation.RequestAgent{})
	case conversation.StateClosed:
		add(agent, conversation.Reopen{}, conversation.Reclassify{Outcome: closure.Unresolved}, conversation.OfferSurvey{})
		add(visitor, conversation.Say{}, conversation.AnswerSurvey{Rating: 3})
		add(conversation.System("host"), conversation.Reopen{})
	}
	return do[r.rng.IntN(len(do))]()
}

func (w *workload) anything() conversation.Command {
	r := w.run
	all := []conversation.Command{
		conversation.Say{}, conversation.RequestAgent{Group: "g"}, conversation.Take{}, conversation.Assign{Agent: "ann"},
		conversation.HandBack{}, conversation.Transfer{Agent: "ben"}, conversation.Requeue{}, w.snooze(), conversation.Wake{},
		conversation.Close{Outcome: closure.Unresolved}, conversation.Reclassify{Outcome: closure.Resolved}, conversation.OfferSurvey{},
		conversation.Reopen{}, conversation.Regroup{Group: "h"}, conversation.AddNote{}, conversation.LinkArticle{Article: "faq"},
		conversation.Block{}, conversation.Unblock{}, conversation.NotifyByEmail{},
	}
	return all[r.rng.IntN(len(all))]
}

func (w *workload) snooze() conversation.Snooze {
	r := w.run
	s := conversation.Snooze{Until: snooze.For(r.between(5*time.Second, 3*time.Minute))}
	switch {
	case r.chance(0.1), r.plan.turnover && r.chance(0.5):
		s.Until = snooze.UntilReply()
	case r.chance(0.3):
		s.OnReply = snooze.StayAsleep
	}
	if r.chance(0.3) {
		s.AtEnd = snooze.Release
	}
	return s
}

func (w *workload) open() *op {
	r := w.run
	w.opened++
	key := keyOf(first, fmt.Sprintf("c%d", w.opened))
	if r.chance(0.15) {
		key.Workspace = second
	}
	open := conversation.Open{ForAgent: r.chance(0.5)}
	if r.chance(0.4) {
		open.Group = groups[r.rng.IntN(len(groups))]
	}
	o := w.newOp(key, conversation.Visitor(fmt.Sprintf("v%d", 1+r.rng.IntN(3))), open)
	if r.chance(0.2) {
		o.call.Conversation = "" // it gets one
	}
	return o
}

// sleeper is an agent who has a snoozed conversation, if there is one.
func (w *workload) sleeper() string {
	for _, key := range w.run.keys {
		if c := w.run.shadows[key]; key.Workspace == first && c.State == conversation.StateSnoozed {
			return c.Agent
		}
	}
	return ""
}

// Turnover is what aboutPeople draws from in a turnover.
var turnover = []int{0, 0, 0, 10, 10, 11, 11, 13, 14, 14, 17, 17, 17, 17}

// aboutPeople is about agents, groups, visitors or policies.
func (w *workload) aboutPeople() *op {
	r := w.run
	r.opIDs++
	o := &op{id: r.opIDs}
	a := w.agent()
	g := groups[r.rng.IntN(len(groups))]
	v := fmt.Sprintf("v%d", 1+r.rng.IntN(3))
	var do func(context.Context, *lifecycle.Desk) error
	n := r.rng.IntN(20)
	switch {
	case r.plan.rush:
		n = r.rng.IntN(12)
	case r.plan.turnover:
		n = turnover[r.rng.IntN(len(turnover))]
		if s := w.sleeper(); n == 10 && s != "" {
			a = s
		}
	}
	switch {
	case n < 4:
		to := []roster.Availability{roster.Available, roster.Available, roster.Unavailable, roster.Unset}[r.rng.IntN(4)]
		o.what = fmt.Sprintf("%s is %q by hand", a, to)
		do = func(ctx context.Context, desk *lifecycle.Desk) error {
			_, err := desk.SetAvailability(ctx, first, a, roster.Manual, to)
			return err
		}
	case n < 7:
		to := []roster.Availability{roster.Available, roster.Unavailable}[r.rng.IntN(2)]
		o.what = fmt.Sprintf("%s's connection is %q", a, to)
		do = func(ctx context.Context, desk *lifecycle.Desk) error {
			_, err := desk.SetAvailability(ctx, first, a, roster.Automatic, to)
			return err
		}
	case n < 10:
		o.what = logOut + a
		do = func(ctx context.Context, desk *lifecycle.Desk) error { return desk.LogOut(ctx, first, a) }
	case n < 11:
		o.what = a + " is removed"
		do = func(ctx context.Context, desk *lifecycle.Desk) error { return desk.RemoveAgent(ctx, first, a) }
	case n < 13:
		capacity := 1 + r.rng.IntN(3)
		o.what = fmt.Sprintf("%s has %d seats, and is in %s", a, capacity, g)
		do = func(ctx context.Context, desk *lifecycle.Desk) error {
			_, err := desk.SetAgent(ctx, first, a, capacity, g)
			return err
		}
	case n < 14:
		o.what = "group " + g
		do = func(ctx context.Context, desk *lifecycle.Desk) error { return desk.SetGroup(ctx, first, g) }
	case n < 15:
		into := groups[r.rng.IntN(len(groups))]
		if into == g {
			into = ""
		}
		o.what = "group " + g + " is removed into " + into
		do = func(ctx context.Context, desk *lifecycle.Desk) error { return desk.RemoveGroup(ctx, first, g, into) }
	case n < 16:
		online := r.chance(0.4)
		o.what = fmt.Sprintf("%s is online: %t", v, online)
		do = func(ctx context.Context, desk *lifecycle.Desk) error {
			_, err := desk.SetPresence(ctx, first, v, online)
			return err
		}
	case n < 17:
		o.what = v + " has an address"
		do = func(ctx context.Context, desk *lifecycle.Desk) error {
			_, err := desk.SetEmail(ctx, first, v, v+"@example.com")
			return err
		}
	default:
		policies := w.policies()
		o.what = "policies"
		do = func(ctx context.Context, desk *lifecycle.Desk) error {
			_, revision, err := desk.Policies(ctx, first)
			if err == nil {
				_, err = desk.SetPolicies(ctx, first, policies, revision)
			}
			return err
		}
	}
	o.do = func(ctx context.Context, desk *lifecycle.Desk) (lifecycle.Result, error) {
		return lifecycle.Result{}, do(ctx, desk)
	}
	return o
}

// logOut is what begins the name of an op that logs an agent out.
const logOut = "log out "
