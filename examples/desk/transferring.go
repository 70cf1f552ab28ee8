package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// A transferring is the dialog that gives a conversation to somebody else.
type transferring struct {
	*dialog
	Agents []taker
	Groups []taker // none to choose from for assign
}

// A taker is who can get it.
type taker struct {
	Value     string // as in "agent:ben"
	Name      string
	Says      string // how they stand
	Available bool
	Off       bool // they cannot get it now
	Chosen    bool
}

const manyAgents = 500

// transferring returns the dialog for passing it on.
func (a *app) transferring(ctx context.Context, p page, o *openConversation) (*transferring, error) {
	t := &transferring{dialog: o.dialog(p, "transfer")}
	if t.dialog == nil {
		return nil, nil
	}
	var err error
	if t.Agents, err = a.agentTakers(ctx, p, o.Conversation, t.dialog, false); err != nil {
		return nil, err
	}
	t.Groups, err = a.groupTakers(ctx, o.Conversation, t.dialog)
	return t, err
}

// assigning returns the dialog of supervisors for giving it to an agent.
func (a *app) assigning(ctx context.Context, p page, o *openConversation) (*transferring, error) {
	t := &transferring{dialog: o.dialog(p, "assign")}
	if t.dialog == nil {
		return nil, nil
	}
	var err error
	t.Agents, err = a.agentTakers(ctx, p, o.Conversation, t.dialog, true)
	return t, err
}

// agentTakers returns the agents but for who has it. A transfer reaches who is
// not available too, an assignment does not.
func (a *app) agentTakers(ctx context.Context, p page, c conversation.Conversation, d *dialog, availableOnly bool) ([]taker, error) {
	agents, err := a.desk.Agents(ctx, workspace, "", "", manyAgents)
	if err != nil {
		return nil, err
	}
	var all []taker
	for _, agent := range agents {
		if agent.ID == c.Agent && c.State == conversation.StateAssigned {
			continue
		}
		available := agent.Availability() == roster.Available
		t := taker{
			Value:     "agent:" + agent.ID,
			Name:      a.people.Name(conversation.Agent(agent.ID)),
			Available: available,
			Off:       agent.Seats >= agent.Capacity || availableOnly && !available,
			Says:      fmt.Sprintf("%s for %s, %d of %d conversations", agent.Availability(), p.For(agent.Since), agent.Seats, agent.Capacity),
		}
		t.Chosen = d.Or("to", "") == t.Value
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b taker) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

func (a *app) groupTakers(ctx context.Context, c conversation.Conversation, d *dialog) ([]taker, error) {
	groups, err := a.desk.Groups(ctx, workspace, "", manyAgents)
	if err != nil {
		return nil, err
	}
	var all []taker
	for _, group := range groups {
		if group.Removed || group.ID == c.Group && c.State == conversation.StateWaiting {
			continue
		}
		queue, err := a.desk.Queue(ctx, workspace, group.ID)
		if err != nil {
			return nil, err
		}
		t := taker{Value: "group:" + group.ID, Name: group.ID, Says: fmt.Sprintf("%d waiting", queue.Waiting)}
		t.Chosen = d.Or("to", "") == t.Value
		all = append(all, t)
	}
	return all, nil
}

func (a *app) transfer(ctx context.Context, call lifecycle.Call, form url.Values) error {
	kind, id, _ := strings.Cut(form.Get("to"), ":")
	var to conversation.Transfer
	switch kind {
	case "agent":
		to.Agent = id
	case "group":
		if err := a.checkGroup(ctx, id); err != nil {
			return err
		}
		to.Group = id
	default:
		return wrong("who gets it", "choose an agent or a group")
	}
	_, err := a.desk.Transfer(ctx, call, to)
	return err
}

func (a *app) assign(ctx context.Context, call lifecycle.Call, form url.Values) error {
	agent, ok := strings.CutPrefix(form.Get("to"), "agent:")
	if !ok {
		return wrong("who gets it", "choose an agent")
	}
	_, err := a.desk.Assign(ctx, call, agent)
	return err
}
