package conversation

import "time"

// Facts is what [Decide] needs to know beyond the conversation itself: plain
// data, gathered anew for each attempt.
type Facts struct {
	// Now is the time of the decision, in UTC and whole microseconds. It is the
	// only clock there is.
	Now time.Time

	// Policy is the present policy of the conversation's workspace and group.
	Policy Policy

	// Agent says whether the agent on whom the decision depends can have the
	// conversation: see [AgentFor]; for [Allowed] it is by, if by is one. The
	// zero value means that nothing speaks against it. Where the decision
	// depends on nobody, it is not looked at.
	Agent Readiness

	// Tags is the workspace's catalogue of tags: see [Policies].
	Tags []string

	// AwayWithEmail: the visitor is not on the site, and has left an e-mail
	// address.
	AwayWithEmail bool
}

// Readiness says whether an agent can have a conversation.
type Readiness string

// What may speak against an agent. The values are stored as the reason of a
// wait: never change one.
const (
	AgentReady       Readiness = ""
	AgentUnavailable Readiness = "unavailable"
	AgentFull        Readiness = "full"       // at capacity
	AgentLeftGroup   Readiness = "left_group" // no longer in the conversation's group
	AgentRemoved     Readiness = "removed"
	AgentUnknown     Readiness = "unknown" // there is no record, and the policy wants one
)

// An AgentQuestion names the agent on whom a decision depends.
type AgentQuestion struct {
	Agent string // empty: on none

	// GoingBack: the conversation would go back to Agent, who must then be of
	// its group. Otherwise somebody names the agent, who may be of any.
	GoingBack bool
}

// AgentFor returns whose [Readiness] the decision about a request depends on.
// Where more than one thing speaks against the agent, it is the first of:
// unknown, removed; then, going back, left the group, unavailable, full, and
// otherwise full, unavailable. Who has the conversation is not full for it.
func AgentFor(c Conversation, r Request) AgentQuestion {
	return agentFor(&c, r.By, standing(&c, r.By), r.Command)
}

func agentFor(c *Conversation, by Actor, who Who, command Command) AgentQuestion {
	back := AgentQuestion{Agent: c.Agent, GoingBack: true}
	switch command := command.(type) {
	case Take:
		return AgentQuestion{Agent: by.ID}
	case Assign:
		return AgentQuestion{Agent: command.Agent}
	case Transfer:
		return AgentQuestion{Agent: command.Agent}
	case Wake:
		if who&TheHolder != 0 {
			return AgentQuestion{Agent: c.Agent}
		}
		return back
	case Reopen:
		if who&(AnyAgent|AnySupervisor) != 0 {
			return AgentQuestion{Agent: by.ID}
		}
	case Expire:
		switch {
		case c.State != StateAssigned:
			return back
		case !c.AwaySince.IsZero():
			return AgentQuestion{Agent: c.Agent}
		}
	case Say, RequestAgent:
		if c.State == StateSnoozed {
			return back
		}
	default:
		return AgentQuestion{}
	}
	if c.State == StateClosed {
		return AgentQuestion{Agent: c.Closing.Agent, GoingBack: true}
	}
	return AgentQuestion{}
}

// Decide returns the events that the request causes, without applying them; the
// caller gives them to [Evolve]. No events and no error means that what was
// asked for holds already. An error is an [*InvalidError] if the request could
// never be meant, and a [*RefusedError] if it is not possible or not allowed
// here and now.
//
// Decide is a function: the same arguments give the same result. It reads no
// clock and no store; resolving a calendar time reads the zone database.
func Decide(c Conversation, r Request, f Facts) ([]Event, error) {
	// This much is inlined, so that the slice, which has room for the events of any
	// command, is on the stack of a caller who does not keep it.
	return decide(&c, &r, &f, make([]Event, 0, 2))
}

func decide(c *Conversation, r *Request, f *Facts, events []Event) ([]Event, error) {
	if err := r.check(c); err != nil {
		return nil, err
	}
	d := decision{c: c, Request: r, facts: f, who: standing(c, r.By), index: indexOf(r.Command)}
	d.about = agentFor(c, r.By, d.who, r.Command).Agent
	if d.about == "" {
		f.Agent = AgentReady
	}
	match, why := d.find()
	if why != nil {
		return nil, d.refuse(why)
	}
	if seen := d.missed(match.asOf, d.AsOf); seen != 0 {
		e := d.refuse(ErrStale)
		e.Since = seen
		return nil, e
	}
	if !match.records() {
		return nil, nil
	}
	if !d.room() {
		return nil, d.refuse(ErrHistoryFull)
	}
	return d.apply(match, events)
}

// Allowed returns the commands that would do something if by gave them now, in
// the order of [Commands]; say and request_agent are meant in their plain form,
// neither automatic nor for a group, requeue without a reason, and answer_survey
// of the last closing. Whether one is accepted may still depend on its fields,
// such as the target of a transfer, or the form of a closing.
func Allowed(c Conversation, by Actor, f Facts) []CommandName {
	d := decision{c: &c, Request: &Request{By: by}, facts: &f, who: standing(&c, by), about: by.ID}
	return d.allowed()
}

// A decision is one walk through the rule table. What it is about is behind pointers,
// so that keeping a part of it, as events and refusals do, keeps no more than that.
type decision struct {
	c *Conversation
	*Request
	facts *Facts

	who   Who    // the standing of By
	index int    // of the command
	about string // the agent whom Facts.Agent is about
}

// row returns the first row that fits, nil if none does.
func (d *decision) row() *rule {
	for _, r := range rulesOf[d.c.State.index()][d.index] {
		if r.who&d.who != 0 && d.holds(r.guard) {
			return r
		}
	}
	return nil
}

// find returns the row that decides, or why the command is refused.
func (d *decision) find() (*rule, error) {
	if r := d.row(); r != nil {
		return r, r.why
	}
	rows := rulesOf[d.c.State.index()][d.index]
	switch {
	case len(rows) == 0 && d.c.State == StateNone:
		return nil, ErrNotFound
	case len(rows) == 0:
		return nil, ErrNotPossible
	case d.heldByAnother():
		return nil, ErrHeld
	}
	return nil, ErrForbidden
}

// heldByAnother reports whether the actor would be granted the command if they
// had the conversation, but somebody else has it.
func (d *decision) heldByAnother() bool {
	switch {
	case d.c.State == StateNone, d.c.State == StateClosed:
		return false
	case d.who&(AnyAgent|AnySupervisor) != 0:
		return d.who&TheHolder == 0 && d.granted(StateAssigned, TheHolder)
	case d.who&TheBot != 0:
		return d.c.State != StateBot && d.granted(StateBot, TheBot)
	}
	return false
}

// granted reports whether a row of the table lets who do it in a state.
func (d *decision) granted(state State, who Who) bool {
	for _, r := range rulesOf[state.index()][d.index] {
		if r.who&who != 0 && r.why == nil {
			return true
		}
	}
	return false
}

// missed returns the version of the first thing that matters and that a request
// as of asOf has not seen, or zero.
func (d *decision) missed(matters relevance, asOf Version) Version {
	if asOf == 0 || d.forced() {
		return 0
	}
	if matters&visitorMessage != 0 && d.c.LastVisitorMessage > asOf {
		return d.c.LastVisitorMessage
	}
	if matters&handover != 0 && d.c.LastHandover > asOf {
		return d.c.LastHandover
	}
	return 0
}

func (d *decision) forced() bool {
	c, ok := d.Command.(Close)
	return ok && c.Force
}

func (d *decision) refuse(why error) *RefusedError {
	e := &RefusedError{
		Command: d.Command.Name(),
		State:   d.c.State,
		By:      d.By,
		Why:     why,
	}
	if why == ErrHeld {
		e.Holder = d.c.Agent
	}
	if d.c.State == StateClosed {
		e.Closing = d.c.Closing
	}
	switch why {
	case ErrFormIncomplete:
		e.Missing = d.missing()
	case ErrDiscourteous:
		c := d.Command.(Close)
		advice, _ := d.advice(&c)
		e.Advice = &advice
	}
	e.Allowed = d.allowed()
	return e
}

// allowed counts what speaks against an agent only for the commands that depend
// on that agent. Whoever else could be named may be somebody who is ready.
func (d *decision) allowed() []CommandName {
	var found [unknownCommand]CommandName
	names := found[:0]
	known := d.facts.Agent
	for i, c := range commands {
		d.Command, d.index = d.plain(c), i
		d.facts.Agent = AgentReady
		if d.about != "" && agentFor(d.c, d.By, d.who, d.Command).Agent == d.about {
			d.facts.Agent = known
		}
		if r := d.row(); r != nil && r.records() && d.room() {
			names = append(names, c.Name())
		}
	}
	return append([]CommandName(nil), names...) // nil for none
}

// plain returns the form of a zero command that does something if any does.
func (d *decision) plain(c Command) Command {
	switch c.(type) {
	case Regroup:
		return Regroup{Group: " "} // no conversation is of it
	case AssigneeGone:
		return AssigneeGone{Agent: d.c.Agent}
	case AssigneeBack:
		return AssigneeBack{Agent: d.c.Agent}
	case Close:
		return Close{Force: true} // what speaks against it depends on its fields
	}
	return c
}

// room reports whether the journal has room for what the command does.
func (d *decision) room() bool {
	return d.c.Version < MaxHistory || endsOrExpires(d.Command)
}

// endsOrExpires reports whether the command is one of those that a full history
// still takes: they are few and do not repeat.
func endsOrExpires(c Command) bool {
	switch c := c.(type) {
	case Close, Block, Expire, Regroup:
		return true
	case Requeue:
		return c.Reason != "" // nobody stays with an agent who is gone
	}
	return false
}
