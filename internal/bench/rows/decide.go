package rows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/looplab/fsm"
	"github.com/qmuntal/stateless"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/snooze"
)

// Decide is one command on the machine alone.
func Decide() bench.Row {
	return bench.Row{
		Name: "decide",
		What: "Decide, Evolve and NextDue for one command",
		Note: "Ours checks the actor, what stands in the conversation, the policy with its idle ladder, and computes the next deadline. " +
			"The peers fire the trigger of the same name in a machine with the same five states, without guards, actions or anything kept " +
			"beside the state: stateless with its state in a variable and firing immediately, looplab/fsm without callbacks. Their state is " +
			"set back before each. The switch is what one would write by hand for these commands alone: a state, an actor, a due instant and an event.",
		Open: func(_ context.Context, e *bench.Env) ([]bench.Case, error) {
			var cases []bench.Case
			for _, m := range moves() {
				c, err := decideCase(e, m)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", m.name, err)
				}
				cases = append(cases, c)
			}
			return cases, nil
		},
	}
}

// A move is a command as each side knows it.
type move struct {
	name     string
	from, to conversation.State
	by       conversation.Actor
	command  conversation.Command
}

var (
	vera = conversation.Visitor("vera")
	ann  = conversation.Agent("ann")
	noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
)

func moves() []move {
	const held = conversation.StateAssigned
	return []move{
		{"say", held, held, vera, conversation.Say{Text: "My parcel is late."}},
		{"take", conversation.StateWaiting, held, ann, conversation.Take{}},
		{"snooze", held, conversation.StateSnoozed, ann, conversation.Snooze{Until: snooze.For(time.Hour)}},
		{"close", held, conversation.StateClosed, ann, conversation.Close{Outcome: closure.Resolved}},
	}
}

// busy is a policy with deadlines: the agent is prompted, the visitor written to,
// and the conversation closed.
func busy() conversation.Policy {
	return conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{
		{After: 2 * time.Minute, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
		{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Are you still there?"},
		{After: 24 * time.Hour, Action: idle.Close},
	}}}}
}

// before returns a conversation that the move can be made in.
func (m move) before(facts conversation.Facts) (conversation.Conversation, error) {
	c := conversation.Conversation{Workspace: "acme", ID: "conversation-1"}
	life := []conversation.Request{
		{By: vera, Command: conversation.Open{}},
		{By: vera, Command: conversation.Say{Text: "Hello"}},
		{By: vera, Command: conversation.RequestAgent{}},
	}
	if m.from == conversation.StateAssigned {
		life = append(life, conversation.Request{By: ann, Command: conversation.Take{}})
	}
	for _, r := range life {
		events, err := conversation.Decide(c, r, facts)
		if err != nil {
			return c, err
		}
		c, _ = conversation.Append(c, r.By, facts.Now, events)
	}
	if c.State != m.from {
		return c, fmt.Errorf("it is %s, want %s", c.State, m.from)
	}
	return c, nil
}

func decideCase(e *bench.Env, m move) (bench.Case, error) {
	facts := conversation.Facts{Now: noon, Policy: busy()}
	c, err := m.before(facts)
	if err != nil {
		return bench.Case{}, err
	}
	request := conversation.Request{By: m.by, Command: m.command}
	peer := newStateless()
	var trigger, from any = m.name, m.from // made once: in its interfaces they would be allocated each time
	machine := newLooplab()
	hand := handMachine{}
	return bench.Case{
		Name: m.name,
		Sides: []bench.Side{
			perOp(e, "adjourn", func() error {
				events, err := conversation.Decide(c, request, facts)
				if err != nil || len(events) != 1 {
					return fmt.Errorf("%d events: %w", len(events), err)
				}
				after := conversation.Evolve(c, conversation.Record{Seq: c.Version + 1, At: facts.Now, By: m.by, Event: events[0]})
				if after.State != m.to {
					return fmt.Errorf("it is %s", after.State)
				}
				conversation.NextDue(after, facts.Policy)
				return nil
			}),
			perOp(e, "stateless", func() error {
				peer.state = from
				return peer.Fire(trigger)
			}),
			perOp(e, "looplab/fsm", func() error {
				machine.SetState(string(m.from))
				err := machine.Event(context.Background(), m.name)
				if same := (fsm.NoTransitionError{}); m.from == m.to && errors.As(err, &same) {
					err = nil
				}
				return err
			}),
			perOp(e, "a switch", func() error {
				hand = handMachine{state: m.from, agent: "ann"}
				return hand.step(m.name, m.by, noon)
			}),
		},
		Targets: []bench.Target{
			{Against: "stateless", AtLeast: 1},
			{Against: "looplab/fsm", AtLeast: 1},
			{Unit: bench.AllocsPerOp, AtMost: 2},
		},
	}, nil
}

// perOp is a side that does one thing again and again.
func perOp(e *bench.Env, name string, f func() error) bench.Side {
	long := time.Duration(e.Size(200, 1)) * time.Millisecond
	return bench.Side{Name: name, Run: func(ctx context.Context) (bench.Sample, error) {
		return bench.PerOp(ctx, long, func(n int) error {
			for range n {
				if err := f(); err != nil {
					return err
				}
			}
			return nil
		})
	}}
}

type statelessMachine struct {
	*stateless.StateMachine
	state stateless.State
}

func newStateless() *statelessMachine {
	m := &statelessMachine{}
	m.StateMachine = stateless.NewStateMachineWithExternalStorage(
		func(context.Context) (stateless.State, error) { return m.state, nil },
		func(_ context.Context, s stateless.State) error { m.state = s; return nil },
		stateless.FiringImmediate)
	for _, move := range moves() {
		if move.from == move.to {
			m.Configure(move.from).InternalTransition(move.name, func(context.Context, ...any) error { return nil })
		} else {
			m.Configure(move.from).Permit(move.name, move.to)
		}
	}
	return m
}

func newLooplab() *fsm.FSM {
	var events fsm.Events
	for _, m := range moves() {
		events = append(events, fsm.EventDesc{Name: m.name, Src: []string{string(m.from)}, Dst: string(m.to)})
	}
	return fsm.NewFSM(string(conversation.StateBot), events, fsm.Callbacks{})
}

// A handMachine is a conversation as a program without a library would keep it.
type handMachine struct {
	state      conversation.State
	agent      string
	due        time.Time
	updated    time.Time
	unanswered time.Time
	events     int
}

var errRefused = errors.New("refused")

func (h *handMachine) step(command string, by conversation.Actor, now time.Time) error {
	switch command {
	case "say":
		if h.state == conversation.StateClosed {
			return errRefused
		}
		if by.Kind == conversation.KindVisitor {
			h.unanswered = now
		}
		h.due = now.Add(2 * time.Minute)
	case "take":
		if h.state != conversation.StateWaiting || by.Kind != conversation.KindAgent {
			return errRefused
		}
		h.state, h.agent, h.due = conversation.StateAssigned, by.ID, now.Add(2*time.Minute)
	case "snooze":
		if h.state != conversation.StateAssigned || by.ID != h.agent {
			return errRefused
		}
		h.state, h.due = conversation.StateSnoozed, now.Add(time.Hour)
	case "close":
		if h.state != conversation.StateAssigned || by.ID != h.agent {
			return errRefused
		}
		h.state, h.due, h.unanswered = conversation.StateClosed, time.Time{}, time.Time{}
	default:
		return errRefused
	}
	h.updated = now
	h.events++
	return nil
}
