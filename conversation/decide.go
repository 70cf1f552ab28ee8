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

	// Agent says whether the agent to whom the conversation would go back can
	// have it: the keeper of a snooze, or whoever held a conversation that was
	// closed. The zero value means that nothing speaks against it.
	Agent Readiness
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
)

// Decide returns the events that the request causes, without applying them; the
// caller gives them to [Evolve]. No events and no error means that what was
// asked for holds already. An error is an [*InvalidError] if the request could
// never be meant, and a [*RefusedError] if it is not possible or not allowed
// here and now.
//
// Decide is a function: the same arguments give the same result. It reads no
// clock and no store; resolving a calendar time reads the zone database.
func Decide(c Conversation, r Request, f Facts) ([]Event, error) {
	if err := r.check(&c); err != nil {
		return nil, err
	}
	d := decision{c: &c, by: r.By, command: r.Command, facts: &f}
	match, why := d.find()
	if why != nil {
		return nil, d.refuse(why)
	}
	if seen := d.missed(match.asOf, r.AsOf); seen != 0 {
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
	match.effect(&d)
	return d.events, d.err
}

// Allowed returns the commands that would do something if by gave them now, in
// the order of [Commands]; say and request_agent are meant in their plain form,
// neither automatic nor for a group. Whether one is accepted may still depend on
// its fields, such as the target of a transfer.
func Allowed(c Conversation, by Actor, f Facts) []CommandName {
	d := decision{c: &c, by: by, facts: &f}
	return d.allowed()
}

// A decision is one walk through the rule table.
type decision struct {
	c       *Conversation
	by      Actor
	command Command
	facts   *Facts

	events []Event
	err    error
}

func (d *decision) record(e Event) { d.events = append(d.events, e) }

// find returns the row that decides, or why there is none.
func (d *decision) find() (*rule, error) {
	rows := rulesOf[cell{d.c.State, d.command.Name()}]
	if len(rows) == 0 {
		if d.c.State == StateNone {
			return nil, ErrNotFound
		}
		return nil, ErrNotPossible
	}
	who := standing(d.c, d.by)
	for _, r := range rows {
		if r.who&who != 0 && r.guard.open(d) {
			return r, r.why
		}
	}
	if d.heldByAnother(who) {
		return nil, ErrHeld
	}
	return nil, ErrForbidden
}

// heldByAnother reports whether the actor would be granted the command if they
// had the conversation, but somebody else has it.
func (d *decision) heldByAnother(who Who) bool {
	switch {
	case !d.c.Open():
		return false
	case who&(AnyAgent|AnySupervisor) != 0:
		return who&TheHolder == 0 && grants(StateAssigned, d.command.Name(), TheHolder)
	case who&TheBot != 0:
		return d.c.State != StateBot && grants(StateBot, d.command.Name(), TheBot)
	}
	return false
}

// grants reports whether a row of the table lets who do it.
func grants(state State, command CommandName, who Who) bool {
	for _, r := range rulesOf[cell{state, command}] {
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
	c, ok := d.command.(Close)
	return ok && c.Force
}

func (d *decision) refuse(why error) *RefusedError {
	e := &RefusedError{
		Command: d.command.Name(),
		State:   d.c.State,
		By:      d.by,
		Why:     why,
	}
	if why == ErrHeld {
		e.Holder = d.c.Agent
	}
	if d.c.State == StateClosed {
		e.Closing = d.c.Closing
	}
	e.Allowed = d.allowed()
	return e
}

func (d *decision) allowed() []CommandName {
	var names []CommandName
	for _, c := range Commands() {
		if _, ok := c.(SetPresence); ok {
			c = SetPresence{Online: !d.c.Online}
		}
		d.command = c
		if r, why := d.find(); why == nil && r.records() && d.room() {
			names = append(names, c.Name())
		}
	}
	return names
}

// room reports whether the journal has room for what the command does.
func (d *decision) room() bool {
	return d.c.Version < MaxHistory || endsOrExpires(d.command)
}

// endsOrExpires reports whether the command is one of those that a full history
// still takes: they are few and do not repeat.
func endsOrExpires(c Command) bool {
	switch c.(type) {
	case Close, Block, Expire:
		return true
	}
	return false
}
