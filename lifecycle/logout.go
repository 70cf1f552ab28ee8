package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A Blocker is a conversation that keeps an agent from logging out.
type Blocker struct {
	Conversation string
	Exits        []conversation.CommandName // what the agent may do to be rid of it
}

// A LogOutError says that an agent has conversations that are neither snoozed nor
// closed. Nothing was changed.
type LogOutError struct {
	Agent    string
	Blockers []Blocker // the oldest first
}

// Error names the conversations and the ways out.
func (e *LogOutError) Error() string {
	var list []string
	for _, b := range e.Blockers {
		list = append(list, fmt.Sprintf("%s (%v)", b.Conversation, b.Exits))
	}
	return fmt.Sprintf("lifecycle: agent %s cannot log out with %d conversations: %s", e.Agent, len(e.Blockers), strings.Join(list, ", "))
}

// exits are the commands by which an agent is rid of a conversation.
var exits = []conversation.CommandName{
	conversation.NameHandBack, conversation.NameTransfer, conversation.NameRequeue, conversation.NameSnooze, conversation.NameClose,
}

// LogOut logs an agent out: they are unavailable from then on, without grace, as if
// set by hand, so that a connection that is still reported does not bring them
// back. To log in again, set the manual availability, to Unset of package roster
// if the connection decides. Snoozed conversations stay theirs. With others it is
// refused, with a [*LogOutError]; a conversation that comes at the same time is
// either among them or does not come.
func (d *Desk) LogOut(ctx context.Context, workspace, id string) error {
	key, err := recordKey(workspace, storage.KindAgent, id)
	if err != nil {
		return err
	}
	var u unsure
	for range maxAttempts {
		_, err = d.changeRecord(ctx, key, func(r storage.Record, now time.Time) (storage.Record, error) {
			// Put fails if a seat is taken after r was read.
			if r.Seats > 0 {
				return r, d.blocked(ctx, workspace, id)
			}
			return loggedOut(r, now, id)
		})
		if err = u.about(err); !errors.Is(err, errNoneLeft) {
			return err
		}
	}
	return u.about(fmt.Errorf("%w: agent %s", ErrBusy, id))
}

// errNoneLeft: what kept the agent was gone when it was to be listed.
var errNoneLeft = errors.New("lifecycle: no conversation left")

func (d *Desk) blocked(ctx context.Context, workspace, id string) error {
	policies, err := d.policiesOf(ctx, workspace)
	if err != nil {
		return err
	}
	now, err := d.now(ctx)
	if err != nil {
		return err
	}
	e := &LogOutError{Agent: id}
	q := storage.Query{Workspace: workspace, State: string(conversation.StateAssigned), Agent: id}
	err = d.eachOf(ctx, q, func(c conversation.Conversation) error {
		facts := conversation.Facts{Now: now, Policy: policies.For(c.Group)}
		b := Blocker{Conversation: c.ID}
		for _, name := range conversation.Allowed(c, conversation.Agent(id), facts) {
			if slices.Contains(exits, name) {
				b.Exits = append(b.Exits, name)
			}
		}
		e.Blockers = append(e.Blockers, b)
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(e.Blockers) == 0:
		return errNoneLeft
	}
	return e
}

func loggedOut(r storage.Record, now time.Time, id string) (storage.Record, error) {
	a, err := decodeAgent(r)
	if err != nil {
		return r, err
	}
	if err := present(a, id); err != nil {
		return r, err
	}
	return withAgent(r, a.LoggedOut(now), now)
}

// ForceLogOut logs an agent out whatever they have, and gives each of their
// conversations that is neither snoozed nor closed the command that says what
// becomes of it: a [conversation.HandBack], [conversation.Transfer],
// [conversation.Requeue] or [conversation.Close], by a supervisor; the last two also
// by the system. It returns those that it was given to. One that it was refused for
// stays with the agent, and the error says so; so does what an error of the store
// left out. The agent is logged out either way, and calling again goes on.
func (d *Desk) ForceLogOut(ctx context.Context, workspace, id string, by conversation.Actor, fate conversation.Command) ([]conversation.Conversation, error) {
	switch fate.(type) {
	case conversation.HandBack, conversation.Transfer, conversation.Requeue, conversation.Close:
	default:
		return nil, &conversation.InvalidError{Field: "fate", Rule: "must be a hand-back, a transfer, a requeue or a closing"}
	}
	switch fate.(type) {
	case conversation.HandBack, conversation.Transfer:
		if by.Kind != conversation.KindSupervisor {
			return nil, &conversation.InvalidError{Field: "actor", Rule: "only a supervisor hands back or transfers what another has"}
		}
	default:
		if by.Kind != conversation.KindSupervisor && by.Kind != conversation.KindSystem {
			return nil, &conversation.InvalidError{Field: "actor", Rule: "only a supervisor or the system may force"}
		}
	}
	if err := conversation.CheckCommand(by, fate); err != nil {
		return nil, err
	}
	if t, ok := fate.(conversation.Transfer); ok && t.Agent == id {
		return nil, &conversation.InvalidError{Field: "fate", Rule: "must not transfer to the same agent"}
	}
	if _, ok := fate.(conversation.Requeue); ok {
		fate = conversation.Requeue{Reason: conversation.WaitLoggedOut}
	}
	key, err := recordKey(workspace, storage.KindAgent, id)
	if err != nil {
		return nil, err
	}
	_, err = d.changeRecord(ctx, key, func(r storage.Record, now time.Time) (storage.Record, error) {
		return loggedOut(r, now, id)
	})
	if err != nil {
		return nil, err
	}
	var done []conversation.Conversation
	var failed []error
	q := storage.Query{Workspace: workspace, State: string(conversation.StateAssigned), Agent: id}
	err = d.eachOf(ctx, q, func(c conversation.Conversation) error {
		result, err := d.Do(ctx, Call{Workspace: workspace, Conversation: c.ID, By: by}, fate)
		switch {
		case err == nil:
			done = append(done, result.Conversation)
		case ctx.Err() != nil:
			return err
		default:
			failed = append(failed, fmt.Errorf("%s: %w", c.ID, err))
		}
		return nil
	})
	return done, errors.Join(append(failed, err)...)
}
