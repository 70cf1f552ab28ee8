package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// Errors about the people of a workspace.
var (
	// ErrNoAgent: the workspace has no such agent.
	ErrNoAgent = errors.New("lifecycle: no such agent")

	// ErrNoGroup: the workspace has no such group.
	ErrNoGroup = errors.New("lifecycle: no such group")
)

// An Agent is an agent as they stand.
type Agent struct {
	roster.Agent
	Version int64     // counts the changes of how they stand, their seats apart
	Seats   int       // how many conversations they have; snoozed ones are not among them
	SeatsAt time.Time // when they last got or gave up one; zero: never
}

// SetAgent adds an agent, or replaces the capacity and the groups of one. A
// capacity of zero means [roster.DefaultCapacity], no groups that the agent is in
// none; then they still get conversations without a group. The groups must exist
// ([ErrNoGroup]). A new agent is unavailable until [Desk.SetAvailability] says
// otherwise. One who was removed is added anew, after what they had has gone to
// Waiting; one whose record is damaged too. A lower capacity takes no conversation
// away.
func (d *Desk) SetAgent(ctx context.Context, workspace, id string, capacity int, groups ...string) (Agent, error) {
	wanted := roster.New(id, capacity, groups...)
	if err := wanted.Check(); err != nil {
		return Agent{}, &conversation.InvalidError{Field: "agent", Rule: err.Error(), Err: err}
	}
	for _, group := range wanted.Groups {
		if err := d.checkGroup(ctx, workspace, group); err != nil {
			return Agent{}, err
		}
	}
	agent, err := d.setAgent(ctx, workspace, id, wanted)
	if err != nil {
		return Agent{}, err
	}
	return agent, d.leaveRemovedGroups(ctx, workspace, wanted)
}

// setAgent finishes the removal of an agent before it adds them anew, so that
// nobody inherits what somebody else had.
func (d *Desk) setAgent(ctx context.Context, workspace, id string, wanted roster.Agent) (Agent, error) {
	key, err := recordKey(workspace, storage.KindAgent, id)
	if err != nil {
		return Agent{}, err
	}
	var u unsure
	for range maxAttempts {
		r, a, err := d.agent(ctx, key)
		switch {
		case errors.Is(err, roster.ErrNewer):
			return Agent{}, u.about(err)
		case isDamagedRecord(err):
		case err != nil:
			return Agent{}, u.about(err)
		case a.Removed:
			if err := (&worker{desk: d}).tellConversations(ctx, r, a); err != nil {
				return Agent{}, u.about(err)
			}
		}
		agent, err := d.changeAgentAt(ctx, r, func(a roster.Agent, now time.Time) roster.Agent {
			if a.ID == "" || a.Removed {
				a = wanted
				a.Since = now
			}
			a.Capacity, a.Groups = wanted.Capacity, wanted.Groups
			return a
		})
		if err = u.about(err); !errors.Is(err, storage.ErrConflict) {
			return agent, err
		}
	}
	return Agent{}, u.about(fmt.Errorf("%w: agent %s", ErrBusy, id))
}

// changeAgentAt changes the record of an agent that is still at the version that
// was read. One that is damaged is changed as if there were none.
func (d *Desk) changeAgentAt(ctx context.Context, at storage.Record, change func(roster.Agent, time.Time) roster.Agent) (Agent, error) {
	var after roster.Agent
	r, err := d.changeRecord(ctx, at.Key, func(r storage.Record, now time.Time) (storage.Record, error) {
		if r.Version != at.Version {
			return r, storage.ErrConflict
		}
		a, err := decodeAgent(r)
		if isDamagedRecord(err) {
			a = roster.Agent{}
		}
		if after = change(a, now); a.Removed && !after.Removed {
			r.Body = nil // somebody else, of whom it says nothing
		}
		return withAgent(r, after, now)
	})
	return agentOf(r, after), err
}

// withAgent returns the record with an agent who is due now.
func withAgent(r storage.Record, a roster.Agent, now time.Time) (storage.Record, error) {
	r.Groups, r.Capacity, r.Available, r.Due = a.Groups, a.Capacity, a.TakesNew(), now
	var err error
	r.Body, err = rewrite(r.Body, roster.Decode[roster.Agent], roster.Encode[roster.Agent], a)
	return r, err
}

// leaveRemovedGroups takes an agent out of groups that were removed while they
// were put into them, which is an error wrapping [ErrNoGroup].
func (d *Desk) leaveRemovedGroups(ctx context.Context, workspace string, a roster.Agent) error {
	var gone error
	for _, group := range a.Groups {
		err := d.checkGroup(ctx, workspace, group)
		if errors.Is(err, ErrNoGroup) {
			gone = err
			err = d.leave(ctx, workspace, a.ID, group)
		}
		if err != nil {
			return err
		}
	}
	return gone
}

// leave takes an agent out of a group that is removed.
func (d *Desk) leave(ctx context.Context, workspace, id, group string) error {
	_, err := d.changeAgent(ctx, workspace, id, func(a roster.Agent, _ time.Time, _ conversation.Policies) (roster.Agent, error) {
		// Asked after the agent was read: who was put into the group when it was
		// there again stays.
		switch err := d.checkGroup(ctx, workspace, group); {
		case errors.Is(err, ErrNoGroup):
			return a.Leave(group), nil
		default:
			return a, err
		}
	})
	return err
}

func (d *Desk) checkGroup(ctx context.Context, workspace, id string) error {
	group, err := d.Group(ctx, workspace, id)
	if err == nil && group.Removed {
		err = fmt.Errorf("%w: %s", ErrNoGroup, id)
	}
	return err
}

// SetAvailability says whether an agent is available, as a source sees it: what
// is set by hand beats what the host saw, and [roster.Unset] lets the other source
// decide. A lost connection counts only after the grace of the workspace's
// policies. Being unavailable keeps new conversations away and takes none away,
// but see [conversation.Policy].ReassignAfter. Saying what holds already changes
// nothing.
func (d *Desk) SetAvailability(ctx context.Context, workspace, id string, source roster.Source, to roster.Availability) (Agent, error) {
	if source != roster.Manual && source != roster.Automatic {
		return Agent{}, &conversation.InvalidError{Field: "source", Rule: "must be manual or automatic"}
	}
	if !slices.Contains([]roster.Availability{roster.Unset, roster.Available, roster.Unavailable}, to) {
		return Agent{}, &conversation.InvalidError{Field: "availability", Rule: "must be available, unavailable or unset"}
	}
	return d.changeAgent(ctx, workspace, id, func(a roster.Agent, now time.Time, p conversation.Policies) (roster.Agent, error) {
		if err := present(a, id); err != nil {
			return a, err
		}
		return a.Expire(now, grace(p)).With(source, to, now, grace(p)), nil
	})
}

// RemoveAgent removes an agent. Each of their conversations, snoozed ones too,
// goes to Waiting with an event of its own, and is routed. Removing one who was
// removed changes nothing. An agent of the ID can be added again.
func (d *Desk) RemoveAgent(ctx context.Context, workspace, id string) error {
	_, err := d.changeAgent(ctx, workspace, id, func(a roster.Agent, now time.Time, _ conversation.Policies) (roster.Agent, error) {
		if a.Removed {
			return a, nil
		}
		if err := present(a, id); err != nil {
			return a, err
		}
		return a.Gone(now), nil
	})
	return err
}

// Agent returns an agent, or an error wrapping [ErrNoAgent].
func (d *Desk) Agent(ctx context.Context, workspace, id string) (Agent, error) {
	key, err := recordKey(workspace, storage.KindAgent, id)
	if err != nil {
		return Agent{}, err
	}
	r, a, err := d.agent(ctx, key)
	if err == nil {
		err = present(a, id)
	}
	if err != nil {
		return Agent{}, err
	}
	return agentOf(r, a), nil
}

// Agents returns the agents of a group, or of the workspace if group is empty,
// ordered by ID, beginning after the given one (empty: from the first on), at most
// limit. Removed ones are not among them, and neither are those whose record is
// damaged, which the error names; the others are returned with it.
func (d *Desk) Agents(ctx context.Context, workspace, group, after string, limit int) ([]Agent, error) {
	if err := cmp.Or(checkList(workspace, limit), checkOptional("group", group), checkOptional("after", after)); err != nil {
		return nil, err
	}
	var agents []Agent
	var unreadable error
	for len(agents) < limit {
		page, err := d.store.List(ctx, storage.RecordQuery{Workspace: workspace, Kind: storage.KindAgent, Group: group}, after, limit)
		if err != nil {
			return nil, fmt.Errorf("lifecycle: agents of %s: %w", workspace, err)
		}
		for _, r := range page {
			a, err := decodeAgent(r)
			if err != nil {
				unreadable = errors.Join(unreadable, err)
			} else if !a.Removed && len(agents) < limit {
				agents = append(agents, agentOf(r, a))
			}
			after = r.Key.ID
		}
		if len(page) < limit {
			break
		}
	}
	return agents, unreadable
}

func agentOf(r storage.Record, a roster.Agent) Agent {
	return Agent{Agent: a, Version: r.Version, Seats: r.Seats, SeatsAt: r.SeatsAt}
}

// present returns an error unless the agent exists.
func present(a roster.Agent, id string) error {
	if a.ID == "" || a.Removed {
		return fmt.Errorf("%w: %s", ErrNoAgent, id)
	}
	return nil
}

func grace(p conversation.Policies) time.Duration {
	if p.AvailabilityGrace == 0 {
		return conversation.DefaultAvailabilityGrace
	}
	return p.AvailabilityGrace
}

// agent reads the record of an agent; the zero Agent if there is none.
func (c *commands) agent(ctx context.Context, key storage.RecordKey) (storage.Record, roster.Agent, error) {
	r, err := c.store.Record(ctx, key)
	if err != nil || r.Version == 0 {
		if err != nil {
			err = fmt.Errorf("lifecycle: agent %s: %w", key.ID, err)
		}
		return r, roster.Agent{}, err
	}
	a, err := decodeAgent(r)
	return r, a, err
}

// decodeAgent returns the agent of a record, the zero Agent if there is none.
func decodeAgent(r storage.Record) (roster.Agent, error) {
	if r.Version == 0 {
		return roster.Agent{}, nil
	}
	a, err := roster.Decode[roster.Agent](r.Body)
	if err != nil {
		return a, damagedRecord{fmt.Errorf("lifecycle: agent %s: %w", r.Key.ID, err)}
	}
	return a, nil
}

// changeAgent changes the record of an agent, and has the consequences worked off
// from now on.
func (d *Desk) changeAgent(ctx context.Context, workspace, id string, change func(roster.Agent, time.Time, conversation.Policies) (roster.Agent, error)) (Agent, error) {
	key, err := recordKey(workspace, storage.KindAgent, id)
	if err != nil {
		return Agent{}, err
	}
	policies, err := d.policiesOf(ctx, workspace)
	if err != nil {
		return Agent{}, err
	}
	var after roster.Agent
	r, err := d.changeRecord(ctx, key, func(r storage.Record, now time.Time) (storage.Record, error) {
		a, err := decodeAgent(r)
		if err != nil {
			return r, err
		}
		if after, err = change(a, now, policies); err != nil {
			return r, err
		}
		return withAgent(r, after, now)
	})
	return agentOf(r, after), err
}

// policiesOf returns the policies of a workspace.
func (d *Desk) policiesOf(ctx context.Context, workspace string) (conversation.Policies, error) {
	loaded, err := d.store.Load(ctx, storage.Key{Workspace: workspace}, "")
	if err == nil {
		var p *conversation.Policies
		if p, err = d.policies.decode(workspace, loaded.Policies); err == nil {
			return *p, nil
		}
	}
	return conversation.Policies{}, fmt.Errorf("lifecycle: policies of %s: %w", workspace, err)
}
