package lifecycle

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// SetGroup adds a group of agents. Adding one that exists changes nothing; one
// that was removed is there again, without agents and conversations. A group's
// policy is set with [Desk.SetPolicies].
func (d *Desk) SetGroup(ctx context.Context, workspace, id string) error {
	key, err := recordKey(workspace, storage.KindGroup, id)
	if err != nil {
		return err
	}
	r, err := d.store.Record(ctx, key)
	if err != nil {
		return fmt.Errorf("lifecycle: group %s: %w", id, err)
	}
	if r.Version > 0 { // what is left of a removal comes first
		if _, err := (&worker{desk: d}).disband(ctx, r); err != nil {
			return err
		}
	}
	return d.changeGroup(ctx, workspace, id, func(roster.Group) (roster.Group, error) {
		return roster.Group{ID: id}, nil
	})
}

// RemoveGroup removes a group. Its agents leave it, and its open conversations,
// each with an event of its own, go to the group into, or to any agent if that is
// empty; who waits keeps their place. So does what is opened for it later. If that
// group is removed too, they go where its conversations go. Removing a group that
// does not exist is an error wrapping [ErrNoGroup], and so is moving its
// conversations into such a one.
func (d *Desk) RemoveGroup(ctx context.Context, workspace, id, into string) error {
	if into == id {
		return &conversation.InvalidError{Field: "into", Rule: "must be another group"}
	}
	if into != "" {
		if err := d.checkGroup(ctx, workspace, into); err != nil {
			return err
		}
	}
	return d.changeGroup(ctx, workspace, id, func(g roster.Group) (roster.Group, error) {
		if g.ID == "" {
			return g, fmt.Errorf("%w: %s", ErrNoGroup, id)
		}
		return roster.Group{ID: id, Removed: true, Into: into}, nil
	})
}

// Group returns a group, also a removed one, or an error wrapping [ErrNoGroup].
func (d *Desk) Group(ctx context.Context, workspace, id string) (roster.Group, error) {
	key, err := recordKey(workspace, storage.KindGroup, id)
	if err != nil {
		return roster.Group{}, err
	}
	r, err := d.store.Record(ctx, key)
	if err != nil {
		return roster.Group{}, fmt.Errorf("lifecycle: group %s: %w", id, err)
	}
	if r.Version == 0 {
		return roster.Group{}, fmt.Errorf("%w: %s", ErrNoGroup, id)
	}
	return decodeGroup(r)
}

// Groups returns the groups of a workspace, ordered by ID, beginning after the
// given one (empty: from the first on), at most limit. Removed ones are among
// them.
func (d *Desk) Groups(ctx context.Context, workspace, after string, limit int) ([]roster.Group, error) {
	if err := cmp.Or(checkList(workspace, limit), checkOptional("after", after)); err != nil {
		return nil, err
	}
	page, err := d.store.List(ctx, storage.RecordQuery{Workspace: workspace, Kind: storage.KindGroup}, after, limit)
	if err != nil {
		return nil, fmt.Errorf("lifecycle: groups of %s: %w", workspace, err)
	}
	groups := make([]roster.Group, len(page))
	for i, r := range page {
		if groups[i], err = decodeGroup(r); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

func decodeGroup(r storage.Record) (roster.Group, error) {
	g, err := roster.Decode[roster.Group](r.Body)
	if err != nil {
		return g, damagedRecord{fmt.Errorf("lifecycle: group %s: %w", r.Key.ID, err)}
	}
	return g, nil
}

func (d *Desk) changeGroup(ctx context.Context, workspace, id string, change func(roster.Group) (roster.Group, error)) error {
	key, err := recordKey(workspace, storage.KindGroup, id)
	if err != nil {
		return err
	}
	_, err = d.changeRecord(ctx, key, func(r storage.Record, now time.Time) (storage.Record, error) {
		var g roster.Group
		var err error
		if r.Version > 0 {
			if g, err = decodeGroup(r); err != nil {
				return r, err
			}
		}
		was := g
		if g, err = change(g); err != nil {
			return r, err
		}
		if was.Removed && !g.Removed {
			r.Body = nil // another group, of which it says nothing
		}
		if r.Due = (time.Time{}); g.Removed {
			r.Due = now
		}
		r.Body, err = rewrite(r.Body, roster.Decode[roster.Group], roster.Encode[roster.Group], g)
		return r, err
	})
	return err
}

// disband does what follows from a group's removal, as far as the group has not
// been added again. What is damaged keeps the others from nothing.
func (w *worker) disband(ctx context.Context, r storage.Record) (time.Time, error) {
	group, err := decodeGroup(r)
	if err != nil || !group.Removed {
		return time.Time{}, err
	}
	into, err := w.desk.successor(ctx, r.Key.Workspace, group.ID)
	if err != nil || into == group.ID {
		return time.Time{}, err
	}
	failed := w.leaveGroup(ctx, r.Key.Workspace, group.ID)
	for before := -1; before != w.given(); { // until nothing is left that moved meanwhile
		before = w.given()
		for _, state := range openStates {
			q := storage.Query{Workspace: r.Key.Workspace, State: string(state), Group: group.ID}
			err := w.desk.eachOf(ctx, q, func(c conversation.Conversation) error {
				return w.command(ctx, c, conversation.Regroup{Group: into}, r)
			})
			if failed = errors.Join(failed, err); ctx.Err() != nil {
				return time.Time{}, ctx.Err()
			}
		}
	}
	return time.Time{}, failed
}

// successor returns the group that has taken the place of one: itself, if it was
// not removed. Groups that were removed into each other have none.
func (d *Desk) successor(ctx context.Context, workspace, id string) (string, error) {
	passed := map[string]bool{}
	for id != "" && !passed[id] {
		group, err := d.Group(ctx, workspace, id)
		if errors.Is(err, ErrNoGroup) || err == nil && !group.Removed {
			return id, nil
		}
		if err != nil {
			return "", err
		}
		passed[id] = true
		id = group.Into
	}
	return "", nil
}

// leaveGroup has the agents of a removed group leave it.
func (w *worker) leaveGroup(ctx context.Context, workspace, group string) error {
	var failed error
	after := ""
	for {
		agents, err := w.desk.store.List(ctx, storage.RecordQuery{Workspace: workspace, Kind: storage.KindAgent, Group: group}, after, tickPage)
		if err != nil {
			return fmt.Errorf("lifecycle: agents of %s: %w", group, err)
		}
		for _, a := range agents {
			after = a.Key.ID
			failed = errors.Join(failed, w.desk.leave(ctx, workspace, a.Key.ID, group))
		}
		if len(agents) < tickPage {
			return failed
		}
	}
}

var openStates = []conversation.State{
	conversation.StateBot, conversation.StateWaiting, conversation.StateAssigned, conversation.StateSnoozed,
}
