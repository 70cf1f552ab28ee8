package conversation_test

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/snooze"
)

var (
	modelSeed     = flag.Uint64("model.seed", 0, "seed of the random lives of TestModel; 0 draws one")
	modelCommands = flag.Int64("model.commands", 0, "how many commands TestModel gives, at least; 0 is its usual size")
)

// A modelMachine is what the model runs beside: the package, or the package with
// a planted bug.
type modelMachine struct {
	decide  func(conversation.Conversation, conversation.Request, conversation.Facts) ([]conversation.Event, error)
	evolve  func(conversation.Conversation, conversation.Record) conversation.Conversation
	nextDue func(conversation.Conversation, conversation.Policy) (time.Time, bool)
	allowed func(conversation.Conversation, conversation.Actor, conversation.Facts) []conversation.CommandName
}

func modelReal() modelMachine {
	return modelMachine{conversation.Decide, conversation.Evolve, conversation.NextDue, conversation.Allowed}
}

// TestModel gives random commands to the machine and to the model, and demands
// that they agree on everything that can be seen after each of them.
func TestModel(t *testing.T) {
	t.Parallel()
	seed := modelSeedOf(t)
	tally, failed := modelLives(modelReal(), seed, modelSize(t))
	for _, f := range failed {
		t.Errorf("seed %d, life %d: %s", seed, f.life, f.shrunk())
	}
	proof.Count(t, proof.Figure{
		Suite: "model", Tried: tally.commands, Trials: "commands", Broken: int64(len(failed)), Breaks: "divergences", Seed: seed,
		Details: fmt.Sprintf("%s accepted, %s refused", proof.Grouped(tally.accepted), proof.Grouped(tally.refused)),
	})
	if len(failed) == 0 && tally.commands >= 400_000 {
		tally.checkHealth(t)
	}
}

// modelSeedOf is what random lives begin with.
func modelSeedOf(t *testing.T) uint64 {
	t.Helper()
	if *modelSeed != 0 {
		return *modelSeed
	}
	return proof.Seed(t)
}

// modelSize is how many commands TestModel gives: with the race detector, which
// has nothing to find in pure functions, ten million take half an hour.
func modelSize(t *testing.T) int64 {
	t.Helper()
	switch {
	case *modelCommands > 0:
		return *modelCommands
	case proof.Wanted():
		return int64(proof.Size(t, 10_000_000))
	case testing.Short():
		return 100_000
	default:
		return 400_000
	}
}

// TestModelCatches plants bugs into the machine, one at a time, and demands that
// the comparison finds each of them soon.
func TestModelCatches(t *testing.T) {
	t.Parallel()
	proof.Long(t)
	const enough = 500_000 // the rarest take some 30,000 on average
	seed := modelSeedOf(t)
	for _, bug := range modelBugs {
		machine := modelReal()
		bug.plant(&machine)
		given, f := modelHunt(machine, seed, enough)
		proof.Planted(t, "model", bug.name, f.diff != "")
		t.Logf("looked at %7s commands, seed %d: %s", proof.Grouped(given), seed, bug.name)
	}
}

// modelHunt runs lives until one fails or there were enough commands.
func modelHunt(machine modelMachine, seed uint64, enough int64) (given int64, f modelFailure) {
	tally := modelNewTally()
	for life := int64(1); given < enough && f.diff == ""; life++ {
		f = modelLiveOne(machine, seed, life, &tally)
		given += int64(len(f.moves))
	}
	return given, f
}

// A modelBug is a mistake that somebody could make in the machine.
type modelBug struct {
	name  string
	plant func(*modelMachine)
}

var modelBugs = append([]modelBug{
	{"closing keeps the snooze", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Closed) {
		after.Snooze = before.Snooze
	})},
	{"snoozing again keeps the deadline", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Snoozed) {
		if before.Snooze != nil {
			after.Snooze = before.Snooze
		}
	})},
	{"taking over keeps the level of the ladder", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Taken) {
		after.Silence.Step = before.Silence.Step
	})},
	{"waking keeps the silence", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Woken) {
		after.Silence = before.Silence
	})},
	{"reopening goes on with the old silence", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Reopened) {
		after.Silence = before.Silence
	})},
	{"typing postpones nothing", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Typed) {
		after.Silence = before.Silence
	})},
	{"typing arms the prompt again", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Typed) {
		after.Silence.Step = 0
	})},
	{"a note restarts the silence", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.NoteAdded) {
		after.Silence = conversation.Silence{Since: r.Now()}
	})},
	{"a hand-back leaves the question open", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.HandedBack) {
		after.UnansweredSince = before.UnansweredSince
	})},
	{"the prompt is repeated", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Prompted) {
		after.Silence.Step = before.Silence.Step
	})},
	{"late steps fire in a burst", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.FollowedUp) {
		after.Silence.Since = before.Silence.Since
	})},
	{"the count of follow-ups is not reset", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Said) {
		after.FollowUps = before.FollowUps
	})},
	{"a nagging visitor loses the place in the queue", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Said) {
		if after.State == conversation.StateWaiting && r.By.Kind == conversation.KindVisitor {
			after.Since = r.Now()
		}
	})},
	{"deciding again is counted as a closing", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Reclassified) {
		again := *after.Closing
		again.Number++
		after.Closing = &again
	})},
	{"reading writes into the value before it", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.MarkedRead) {
		after.Unread = slices.Clone(after.Unread)
		clear(before.Unread)
	})},
	{"deadlines come from the clamped time", func(m *modelMachine) {
		real := m.evolve
		m.evolve = func(c conversation.Conversation, r conversation.Record) conversation.Conversation {
			r.Clock = time.Time{}
			return real(c, r)
		}
	}},
	{"a snoozed conversation runs the ladder", func(m *modelMachine) {
		real := m.nextDue
		m.nextDue = func(c conversation.Conversation, p conversation.Policy) (time.Time, bool) {
			if due, ok := real(c, p); ok || c.State != conversation.StateSnoozed {
				return due, ok
			}
			c.State = conversation.StateAssigned
			return real(c, p)
		}
	}},
	{"a due instant is a microsecond late", func(m *modelMachine) {
		real := m.nextDue
		m.nextDue = func(c conversation.Conversation, p conversation.Policy) (time.Time, bool) {
			due, ok := real(c, p)
			return due.Add(time.Microsecond), ok
		}
	}},
	{"a deadline fires a microsecond early", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameExpire {
			f.Now = f.Now.Add(time.Microsecond)
		}
	})},
	{"a stale bot reply is accepted", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameSay && r.AsOf > 0 && r.AsOf < c.Version {
			r.AsOf = c.Version
		}
	})},
	{"a close ignores what the visitor has just written", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameClose && r.AsOf > 0 && r.AsOf < c.Version {
			r.AsOf = c.Version
		}
	})},
	{"it reopens after the window", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		f.Policy.ReopenWindow = idle.MaxWait
	})},
	{"not keeping is ignored", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if c.Snooze != nil {
			kept := *c.Snooze
			kept.AtEnd = snooze.Keep
			c.Snooze = &kept
		}
	})},
	{"an agent who is away gets it back", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		f.Agent = conversation.AgentReady
	})},
	{"an automatic message counts as one", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if say, ok := r.Command.(conversation.Say); ok {
			r.Command = conversation.Say{Text: say.Text}
		}
	})},
	{"a blocked visitor is heard", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.By.Kind == conversation.KindVisitor {
			c.Blocked = false
		}
	})},
	{"closing twice counts twice", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrAlreadyClosed) {
			return []conversation.Event{conversation.Closed{Number: c.Closing.Number + 1, Outcome: closure.Unresolved, Cause: closure.Agent}}, nil
		}
		return events, err
	})},
	{"the second to take it wins", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrHeld) && r.Command.Name() == conversation.NameTake {
			return []conversation.Event{conversation.Taken{From: c.Agent}}, nil
		}
		return events, err
	})},
	{"a message does not wake", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if c.State == conversation.StateSnoozed && r.Command.Name() == conversation.NameSay {
			return events[:min(len(events), 1)], err
		}
		return events, err
	})},
	{"opening for a person asks nothing", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Opened) {
		after.UnansweredSince = time.Time{}
	})},
	{"a person asked for leaves the group", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.AgentRequested) {
		after.Group = before.Group
	})},
	{"another group costs the place in the queue", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.AgentRequested) {
		if before.State == conversation.StateWaiting {
			after.Since = r.Now()
		}
	})},
	{"another group goes on with the old silence", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.AgentRequested) {
		if before.State == conversation.StateWaiting {
			after.Silence = before.Silence
		}
	})},
	{"a message leaves the visitor told", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Said) {
		after.Silence.Informed = before.Silence.Informed
	})},
	{"a new agent leaves the visitor told", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Assigned) {
		after.Silence.Informed = before.Silence.Informed
	})},
	{"a prompt forgets that the visitor was told", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Prompted) {
		after.Silence.Informed = false
	})},
	{"typing forgets that the visitor was told", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Typed) {
		after.Silence.Informed = false
	})},
	{"closing leaves the question open", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Closed) {
		after.UnansweredSince = before.UnansweredSince
	})},
	{"snoozing again forgets the message", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Snoozed) {
		fresh := *after.Snooze
		fresh.Unread = false
		after.Snooze = &fresh
	})},
	{"an answer leaves the sleeping message unread", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Said) {
		if before.Snooze != nil && after.Snooze != nil && r.By.Kind != conversation.KindVisitor {
			after.Snooze = before.Snooze
		}
	})},
	{"what is unread grows without end", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Said) {
		if len(after.Unread) == conversation.MaxUnread {
			after.Unread = append(slices.Clone(before.Unread), r.Seq)
		}
	})},
	{"it closes a visitor who was told before this silence", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		c.Silence.Informed = c.Silence.Informed || c.FollowUps > 0
	})},
	{"it closes a visitor who was never told", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		c.Silence.Informed = true
	})},
	{"a hand-back ignores what the visitor has just written", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameHandBack && r.AsOf > 0 && r.AsOf < c.Version {
			r.AsOf = c.Version
		}
	})},
	{"a snooze ignores what the visitor has just written", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameSnooze && r.AsOf > 0 && r.AsOf < c.Version {
			r.AsOf = c.Version
		}
	})},
	{"the keeper takes it back as of any version", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameTake && r.By.ID == c.Agent && r.AsOf > 0 && r.AsOf < c.Version {
			r.AsOf = c.Version
		}
	})},
	{"more articles are linked than can be", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameLinkArticle {
			c.Articles = c.Articles[:min(len(c.Articles), conversation.MaxArticles-1)]
		}
	})},
	{"a full history is decided on again", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameReclassify && c.Version >= conversation.MaxHistory {
			c.Version, r.AsOf = conversation.MaxHistory-1, 0
		}
	})},
	{"a full history is never over", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if c.Version >= conversation.MaxHistory && r.AsOf < conversation.MaxHistory {
			c.Version = conversation.MaxHistory - 1
		}
	})},
	{"only a message reopens what is full", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if r.Command.Name() == conversation.NameSay && c.State == conversation.StateClosed && c.Version >= conversation.MaxHistory {
			c.Version, r.AsOf = conversation.MaxHistory-1, 0
		}
	})},
	{"the visitor's closing can be too late", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if err == nil && r.By.Kind == conversation.KindVisitor && r.Command.Name() == conversation.NameClose && r.AsOf > 0 && r.AsOf < c.LastVisitorMessage {
			return nil, conversation.ErrStale
		}
		return events, err
	})},
	{"what nobody may is refused as held", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrForbidden) && r.By.Kind == conversation.KindAgent && c.Open() {
			return nil, &conversation.RefusedError{Command: r.Command.Name(), State: c.State, By: r.By, Why: conversation.ErrHeld, Holder: c.Agent}
		}
		return events, err
	})},
	{"a supervisor is not told that it is held", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrHeld) && r.By.Kind == conversation.KindSupervisor {
			return nil, conversation.ErrForbidden
		}
		return events, err
	})},
	{"held by the bot is forbidden", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrHeld) && c.Agent == "" {
			return nil, conversation.ErrForbidden
		}
		return events, err
	})},
	{"an unknown conversation has versions", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrNotFound) && r.AsOf > 0 {
			return nil, conversation.ErrInvalid
		}
		return events, err
	})},
	{"the timer's closing could never be meant", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if errors.Is(err, conversation.ErrForbidden) && r.By.Kind == conversation.KindTimer && r.Command.Name() == conversation.NameClose {
			return nil, conversation.ErrInvalid
		}
		return events, err
	})},
	{"asking for a person wakes without a record", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if len(events) == 2 && r.Command.Name() == conversation.NameRequestAgent {
			return events[1:], err
		}
		return events, err
	})},
	{"nobody asks for a person twice", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if len(events) == 1 && c.State == conversation.StateWaiting && r.Command.Name() == conversation.NameRequestAgent {
			return nil, nil
		}
		return events, err
	})},
	{"Allowed leaves out the group that is", modelAllows(func(c conversation.Conversation, name conversation.CommandName) bool {
		return name != conversation.NameRegroup || c.Group != ""
	})},
	{"Allowed leaves out what a full history takes", modelAllows(func(c conversation.Conversation, name conversation.CommandName) bool {
		return name != conversation.NameBlock || c.Version < conversation.MaxHistory
	})},
	{"an agent who is unavailable takes", modelReady(conversation.AgentUnavailable, conversation.NameTake)},
	{"an agent who is unavailable is assigned", modelReady(conversation.AgentUnavailable, conversation.NameAssign)},
	{"an agent who is unavailable reopens", modelReady(conversation.AgentUnavailable, conversation.NameReopen)},
	{"an agent without a seat takes", modelReady(conversation.AgentFull, conversation.NameTake)},
	{"an agent without a seat is transferred to", modelReady(conversation.AgentFull, conversation.NameTransfer)},
	{"an agent who was removed wakes", modelReady(conversation.AgentRemoved, conversation.NameWake)},
	{"an agent who is unknown is assigned", modelReady(conversation.AgentUnknown, conversation.NameAssign)},
	{"who has left the group cannot take", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if f.Agent == conversation.AgentLeftGroup && r.Command.Name() == conversation.NameTake {
			f.Agent = conversation.AgentRemoved
		}
	})},
	{"nobody transfers to who is unavailable", modelUnavailable(conversation.NameTransfer)},
	{"who is unavailable does not wake their own", modelUnavailable(conversation.NameWake)},
	{"who was transferred to counts as there", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Transferred) {
		after.AwaySince = time.Time{}
	})},
	{"who woke it counts as there", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Woken) {
		after.AwaySince = time.Time{}
	})},
	{"nothing overfills", modelPolicy(func(p *conversation.Policy) { p.WakeOverCapacity = false })},
	{"everything overfills", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if f.Policy.WakeOverCapacity && f.Agent == conversation.AgentFull {
			f.Agent = conversation.AgentReady
		}
	})},
	{"it is taken away though the agent is back", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if c.State == conversation.StateAssigned && r.Command.Name() == conversation.NameExpire && f.Agent == conversation.AgentReady {
			f.Agent = conversation.AgentUnavailable
		}
	})},
	{"only who is unavailable loses it", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if c.State == conversation.StateAssigned && r.Command.Name() == conversation.NameExpire && f.Agent == conversation.AgentRemoved {
			f.Agent = conversation.AgentReady
		}
	})},
	{"it is never taken away", modelPolicy(func(p *conversation.Policy) { p.ReassignAfter = -1 })},
	{"every policy takes it away after a day", modelPolicy(func(p *conversation.Policy) { p.ReassignAfter = 0 })},
	{"the time runs from the absence alone", modelDeadlines(func(c *conversation.Conversation) {
		if !c.UnansweredSince.IsZero() && !c.AwaySince.IsZero() {
			c.UnansweredSince = c.AwaySince
		}
	})},
	{"the time runs from the message alone", modelDeadlines(func(c *conversation.Conversation) {
		if !c.UnansweredSince.IsZero() && !c.AwaySince.IsZero() {
			c.AwaySince = c.UnansweredSince
		}
	})},
	{"an answer does not stop the time", modelDeadlines(func(c *conversation.Conversation) {
		if c.UnansweredSince.IsZero() {
			c.UnansweredSince = c.AwaySince
		}
	})},
	{"the ladder goes first", func(m *modelMachine) {
		real := m.nextDue
		m.nextDue = func(c conversation.Conversation, p conversation.Policy) (time.Time, bool) {
			alone := c
			alone.AwaySince = time.Time{}
			if due, ok := real(alone, p); ok {
				return due, ok
			}
			return real(c, p)
		}
	}},
	{"a return does not stop the time", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.AssigneeReturned) {
		after.AwaySince = before.AwaySince
	})},
	{"the next agent inherits the absence", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Assigned) {
		after.AwaySince = before.AwaySince
	})},
	{"an absence goes into the snooze", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Snoozed) {
		after.AwaySince = before.AwaySince
	})},
	{"an absence begins when it is told", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.AssigneeLeft) {
		after.AwaySince = r.Now()
	})},
	{"being told again moves the absence", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if gone, ok := r.Command.(conversation.AssigneeGone); ok && err == nil && c.State == conversation.StateAssigned && gone.Agent == c.Agent {
			return []conversation.Event{conversation.AssigneeLeft{Since: gone.Since}}, nil
		}
		return events, err
	})},
	{"whoever is gone, it is the agent", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if gone, ok := r.Command.(conversation.AssigneeGone); ok && c.Agent != "" && gone.Agent != "" {
			r.Command = conversation.AssigneeGone{Agent: c.Agent, Since: gone.Since}
		}
	})},
	{"the reason is forgotten", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Requeued) {
		after.WaitReason = ""
	})},
	{"the reason outlives the wait", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Taken) {
		after.WaitReason = before.WaitReason
	})},
	{"anybody gives a reason", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if q, ok := r.Command.(conversation.Requeue); ok && q.Reason != "" && r.By.Kind != conversation.KindSystem {
			r.Command = conversation.Requeue{}
		}
	})},
	{"a hand-back leaves the agent before", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, e conversation.HandedBack) {
		after.PreviousAgent = before.PreviousAgent
	})},
	{"who was relieved is not the agent before", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Taken) {
		after.PreviousAgent = before.PreviousAgent
	})},
	{"the agent before it is lost at the beginning", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Opened) {
		after.PreviousAgent = ""
	})},
	{"a move to another group costs the place in the queue", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Regrouped) {
		after.Since = r.Now()
	})},
	{"a move to another group takes it from the agent", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Regrouped) {
		if before.State == conversation.StateAssigned {
			after.State, after.Agent = conversation.StateWaiting, ""
		}
	})},
	{"a move in the queue goes on with the old silence", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.Regrouped) {
		after.Silence = before.Silence
	})},
	{"a move on the desk begins a new silence", modelEvolves(func(before, after *conversation.Conversation, r conversation.Record, _ conversation.Regrouped) {
		if before.State == conversation.StateAssigned {
			after.Silence = conversation.Silence{Since: r.Now()}
		}
	})},
	{"every answer asks for an e-mail", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.EmailRequested) {
		after.EmailRequested = false
	})},
	{"one e-mail is all that a conversation gets", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.MarkedRead) {
		after.EmailRequested = before.EmailRequested
	})},
	{"reading some is reading all", modelEvolves(func(before, after *conversation.Conversation, _ conversation.Record, _ conversation.MarkedRead) {
		after.EmailRequested = false
	})},
	{"who is there gets an e-mail", modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		f.AwayWithEmail = true
	})},
	{"an e-mail is asked for against the policy", modelPolicy(func(p *conversation.Policy) { p.NotifyByEmail = true })},
	{"a follow-up asks for no e-mail", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if len(events) > 1 && r.Command.Name() == conversation.NameExpire {
			return events[:1], err
		}
		return events, err
	})},
	{"an e-mail about nothing", modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		if err == nil && r.Command.Name() == conversation.NameNotifyByEmail && len(c.Unread) == 0 && c.Version > 0 {
			return []conversation.Event{conversation.EmailRequested{}}, nil
		}
		return events, err
	})},
}, modelEndingBugs...)

// modelReady plants that one thing that speaks against an agent does not count for
// a command.
func modelReady(not conversation.Readiness, name conversation.CommandName) func(*modelMachine) {
	return modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
		if f.Agent == not && r.Command.Name() == name {
			f.Agent = conversation.AgentReady
		}
	})
}

// modelUnavailable plants that a command is refused for an agent who is not
// available, though others may not be given to them.
func modelUnavailable(name conversation.CommandName) func(*modelMachine) {
	return modelDecides(func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error) {
		for _, e := range events {
			transferred, _ := e.(conversation.Transferred)
			woken, _ := e.(conversation.Woken)
			if r.Command.Name() == name && (transferred.Unavailable || woken.Unavailable) {
				return nil, conversation.ErrAgentUnavailable
			}
		}
		return events, err
	})
}

// modelPolicy plants that the machine goes by another policy.
func modelPolicy(bug func(p *conversation.Policy)) func(*modelMachine) {
	return func(m *modelMachine) {
		modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) { bug(&f.Policy) })(m)
		real := m.nextDue
		m.nextDue = func(c conversation.Conversation, p conversation.Policy) (time.Time, bool) {
			bug(&p)
			return real(c, p)
		}
	}
}

// modelDeadlines plants that deadlines are reckoned from another conversation.
func modelDeadlines(bug func(c *conversation.Conversation)) func(*modelMachine) {
	return func(m *modelMachine) {
		modelAsks(func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts) {
			if r.Command.Name() == conversation.NameExpire {
				bug(c)
			}
		})(m)
		real := m.nextDue
		m.nextDue = func(c conversation.Conversation, p conversation.Policy) (time.Time, bool) {
			bug(&c)
			return real(c, p)
		}
	}
}

// modelAllows plants a bug into what somebody may do: what the bug says no to is
// left out.
func modelAllows(bug func(c conversation.Conversation, name conversation.CommandName) bool) func(*modelMachine) {
	return func(m *modelMachine) {
		real := m.allowed
		m.allowed = func(c conversation.Conversation, by conversation.Actor, f conversation.Facts) []conversation.CommandName {
			return slices.DeleteFunc(real(c, by, f), func(name conversation.CommandName) bool { return !bug(c, name) })
		}
	}
}

// modelEvolves plants a bug into what an event of type E does.
func modelEvolves[E conversation.Event](bug func(before, after *conversation.Conversation, r conversation.Record, e E)) func(*modelMachine) {
	return func(m *modelMachine) {
		real := m.evolve
		m.evolve = func(c conversation.Conversation, r conversation.Record) conversation.Conversation {
			after := real(c, r)
			if e, ok := r.Event.(E); ok {
				bug(&c, &after, r, e)
			}
			return after
		}
	}
}

// modelAsks plants a bug into what a decision is told.
func modelAsks(bug func(c *conversation.Conversation, r *conversation.Request, f *conversation.Facts)) func(*modelMachine) {
	return func(m *modelMachine) {
		real := m.decide
		m.decide = func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
			bug(&c, &r, &f)
			return real(c, r, f)
		}
	}
}

// modelDecides plants a bug into what a decision says.
func modelDecides(bug func(c conversation.Conversation, r conversation.Request, events []conversation.Event, err error) ([]conversation.Event, error)) func(*modelMachine) {
	return func(m *modelMachine) {
		real := m.decide
		m.decide = func(c conversation.Conversation, r conversation.Request, f conversation.Facts) ([]conversation.Event, error) {
			events, err := real(c, r, f)
			return bug(c, r, events, err)
		}
	}
}

// modelLives runs lives of 60 to 100 commands until there were enough, or a few
// of them failed. What a life does depends on the seed and its number alone.
func modelLives(machine modelMachine, seed uint64, commands int64) (modelTally, []modelFailure) {
	var (
		next, given atomic.Int64
		mu          sync.Mutex
		all         = modelNewTally()
		failed      []modelFailure
		workers     sync.WaitGroup
	)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			tally := modelNewTally()
			for given.Load() < commands {
				life := next.Add(1)
				f := modelLiveOne(machine, seed, life, &tally)
				given.Add(int64(len(f.moves)))
				if f.diff != "" {
					given.Add(commands / 4) // a few are enough
					mu.Lock()
					failed = append(failed, f)
					mu.Unlock()
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all.add(tally)
		})
	}
	workers.Wait()
	slices.SortFunc(failed, func(a, b modelFailure) int { return int(a.life - b.life) })
	return all, failed
}

// modelLiveOne makes up one life while it goes on.
func modelLiveOne(machine modelMachine, seed uint64, life int64, tally *modelTally) modelFailure {
	rng := rand.New(rand.NewPCG(seed, uint64(life)))
	f := modelFailure{machine: machine, life: life}
	switch life % 64 {
	case 5, 30, 47:
		f.first = conversation.MaxHistory - conversation.Version(1+rng.IntN(60))
	case 9, 41:
		f.moves = modelCrowd(rng)
	case 20:
		f.moves = modelReturning(rng)
	}
	pair := modelNewPair(machine, tally, f.first)
	for i := range len(f.moves) + 60 + rng.IntN(41) {
		if i >= len(f.moves) {
			f.moves = append(f.moves, modelInvent(rng, pair))
		}
		move := f.moves[i]
		if f.diff = pair.play(move); f.diff != "" {
			return f
		}
	}
	f.diff = pair.checkJournal()
	return f
}

// modelCrowd returns the first moves of a life in which much is linked and little
// is read.
func modelCrowd(rng *rand.Rand) []modelMove {
	moves := []modelMove{{by: conversation.Visitor("vic"), command: conversation.Open{}, policy: new(modelInventPolicy(rng))}}
	host := conversation.System("")
	for i := range conversation.MaxArticles - 1 {
		moves = append(moves, modelMove{by: host, command: conversation.LinkArticle{Article: fmt.Sprintf("old%d", i)}})
	}
	for range conversation.MaxUnread - 2 {
		moves = append(moves, modelMove{by: host, command: conversation.Say{Text: "words"}})
	}
	return moves
}

// modelReturning returns the first moves of a life in which a visitor comes back
// again and again, and is asked each time.
func modelReturning(rng *rand.Rand) []modelMove {
	policy := modelInventPolicy(rng)
	policy.Survey = conversation.Asking{Offer: true, Open: modelPick(rng, time.Hour, 48*time.Hour)}
	host := conversation.System("")
	moves := []modelMove{{by: conversation.Visitor("vic"), command: conversation.Open{}, policy: &policy}}
	for range conversation.MaxEarlier + rng.IntN(4) {
		moves = append(moves,
			modelMove{by: host, wait: time.Second, command: conversation.Close{Outcome: closure.Unresolved, Force: true}},
			modelMove{by: host, wait: time.Second, command: conversation.Reopen{}})
	}
	return moves
}

// A modelMove is one command of a life, written so that it keeps its meaning
// when moves before it are dropped.
type modelMove struct {
	toDue   bool          // the clock goes to the next due instant, if that is ahead,
	wait    time.Duration // and then this far, possibly back
	policy  *conversation.Policy
	tags    []string // the catalogue from now on, if there is another policy
	by      conversation.Actor
	command conversation.Command
	seen    conversation.Version // as of: 0 nothing, -1 the future, else the present version is 1, the one before 2 …
	ready   conversation.Readiness
	offline bool
}

func (m modelMove) asOf(version conversation.Version) conversation.Version {
	if m.seen == 0 {
		return 0
	}
	return max(version+1-max(m.seen, 0), min(version, 1))
}

// A modelPair is the machine and the model in the same life.
type modelPair struct {
	machine modelMachine
	real    conversation.Conversation
	model   modelLife
	now     time.Time
	policy  conversation.Policy
	tags    []string
	moves   int
	each    int // moves for each in which all that the actor may do is asked for; 1: spare nothing
	journal []conversation.Record
	past    []conversation.Conversation // after each record
	tally   *modelTally
}

var modelStart = time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)

// modelNewPair begins a life, with a history that is full at once if it begins
// late.
func modelNewPair(machine modelMachine, tally *modelTally, first conversation.Version) *modelPair {
	return &modelPair{machine: machine, now: modelStart, tally: tally, each: 8, model: modelLife{version: first},
		real: conversation.Conversation{Workspace: "w", ID: "c", Version: first}}
}

// play gives the move to both and returns how they differ, or "".
func (p *modelPair) play(move modelMove) string {
	p.wait(move)
	p.moves++
	request := conversation.Request{By: move.by, Command: move.command, AsOf: move.asOf(p.real.Version)}
	facts := conversation.Facts{Now: p.now, Policy: p.policy, Agent: move.ready, AwayWithEmail: move.offline, Tags: p.tags}
	before := p.real
	if p.moves%p.each == 0 {
		if got, want := p.machine.allowed(before, move.by, facts), p.allowed(move.by, facts); !slices.Equal(got, want) {
			return fmt.Sprintf("model: %s may %v\nmachine: %v", move.by, want, got)
		}
	}
	events, err := p.machine.decide(before, request, facts)
	ask := modelAsk{by: move.by, command: move.command, asOf: request.AsOf, now: p.now, policy: p.policy, ready: move.ready, offline: move.offline, tags: p.tags}
	want := p.model.step(ask)
	p.record(events, move.by)
	p.tally.count(before.State, move.command.Name(), p.real.State, events, move.by, modelWhy(err))
	if got := modelWhy(err); got != want {
		return fmt.Sprintf("model: %v\nmachine: %v (%v)", want, got, err)
	}
	if got, want := modelSeeReal(p, events), modelSeeModel(p); got != want {
		return "after it (-model +machine):\n" + cmp.Diff(want, got)
	}
	if diff := p.checkEnds(ask); diff != "" {
		return diff
	}
	if err != nil {
		return p.checkRefusal(request, facts, err)
	}
	return p.checkSense(before, request, facts, events)
}

// allowed returns what would do something if by did it now, given what speaks
// against by. For some commands only the form that modelPlain gives counts.
func (p *modelPair) allowed(by conversation.Actor, f conversation.Facts) []conversation.CommandName {
	var names []conversation.CommandName
	ask := modelAsk{by: by, asOf: p.model.version, now: f.Now, policy: f.Policy, offline: f.AwayWithEmail, tags: f.Tags}
	ask.policy.Required, ask.policy.Courtesy.Guard = nil, "" // it could be another form, and another moment
	for _, c := range conversation.Commands() {
		ask.command = modelPlain(c.Name(), by, &p.real)
		ask.ready = f.Agent
		if c.Name() == conversation.NameAssign || c.Name() == conversation.NameTransfer {
			ask.ready = "" // it can be somebody else
		}
		if then := p.model.copy(); then.step(ask) == nil && len(then.facts) > 0 {
			names = append(names, c.Name())
		}
	}
	return names
}

func (p *modelPair) wait(move modelMove) {
	if move.policy != nil {
		p.policy, p.tags = *move.policy, move.tags
	}
	if due := p.model.due(p.policy); move.toDue && due.After(p.now) {
		p.now = due
	}
	p.now = p.now.Add(move.wait)
}

// at is when a record of now would be: never before the record before.
func (p *modelPair) at() time.Time {
	if n := len(p.journal); n > 0 && p.journal[n-1].At.After(p.now) {
		return p.journal[n-1].At
	}
	return p.now
}

func (p *modelPair) record(events []conversation.Event, by conversation.Actor) {
	for _, e := range events {
		r := conversation.Record{Seq: p.real.Version + 1, At: p.at(), By: by, Event: e}
		if !r.At.Equal(p.now) {
			r.Clock = p.now
		}
		p.real = p.machine.evolve(p.real, r)
		p.journal = append(p.journal, r)
		p.past = append(p.past, p.real)
	}
}

// modelSentinels are all reasons to refuse.
var modelSentinels = []error{
	conversation.ErrInvalid, conversation.ErrNotPossible, conversation.ErrNotFound, conversation.ErrForbidden,
	conversation.ErrHeld, conversation.ErrExists, conversation.ErrNoBot, conversation.ErrAlreadyClosed,
	conversation.ErrWindowOver, conversation.ErrBlocked, conversation.ErrStale, conversation.ErrTooManyArticles,
	conversation.ErrHistoryFull, conversation.ErrAgentGone, conversation.ErrAgentFull, conversation.ErrAgentUnavailable,
	conversation.ErrFormIncomplete, conversation.ErrDiscourteous, conversation.ErrNoSurvey, conversation.ErrSurveyAnswered,
	conversation.ErrSurveyOver,
}

// modelWhy returns the one sentinel that err wraps, or nil, or an error that says
// that it is not one.
func modelWhy(err error) error {
	if err == nil {
		return nil
	}
	var why error
	for _, sentinel := range modelSentinels {
		if !errors.Is(err, sentinel) {
			continue
		}
		if why != nil {
			return fmt.Errorf("more than one sentinel: %w", err)
		}
		why = sentinel
	}
	if why == nil {
		return fmt.Errorf("no sentinel: %w", err)
	}
	return why
}

// A modelView is what both show.
type modelView struct {
	Facts                            string
	State                            conversation.State
	Version                          conversation.Version
	Visitor, Group, Agent            string
	Since                            time.Time
	Blocked, EmailRequested          bool
	AwaySince                        time.Time
	PreviousAgent                    string
	WaitReason                       conversation.WaitReason
	Unread                           int
	UnreadSum                        conversation.Version
	Articles                         int
	MustAnswer                       conversation.Answerer
	Unanswered                       time.Time
	Silence                          conversation.Silence
	LastSpeaker                      idle.Speaker
	LastVisitorMessage, LastHandover conversation.Version
	FollowUps                        int
	SnoozeEnd                        time.Time
	Keep, Asleep, Missed             bool
	Closing                          modelClosing
	FirstClosed                      time.Time
	Grade                            closure.Grade // of a closing now
	Due                              time.Time
}

// A modelClosing is the last closing, as far as it is not in its record.
type modelClosing struct {
	Number                           int
	By                               conversation.Actor
	Agent, Tickets                   string
	At, Reopened                     time.Time
	Noted                            bool
	SurveyOffered, Until, AnsweredAt time.Time
}

func modelSeeClosing(c conversation.Closing) modelClosing {
	v := modelClosing{
		Number: c.Number, By: c.By, Agent: c.Agent, Tickets: strings.Join(c.Tickets, " "), At: c.At, Reopened: c.ReopenedAt, Noted: c.Noted,
	}
	if s := c.Survey; s != nil {
		v.SurveyOffered, v.Until, v.AnsweredAt = s.OfferedAt, s.Until, s.AnsweredAt
	}
	return v
}

// checkEnds compares what reports would count of the closings. It does not ask
// each time: nothing of them may get lost on the way.
func (p *modelPair) checkEnds(q modelAsk) string {
	if p.real.Closing == nil || p.moves%p.each != 0 && len(p.model.facts) == 0 {
		return ""
	}
	if got, want := p.real.Closings(), p.model.records(); !reflect.DeepEqual(got, want) {
		return "the closings (-model +machine):\n" + cmp.Diff(want, got)
	}
	return ""
}

func modelSeeReal(p *modelPair, events []conversation.Event) modelView {
	c := &p.real
	v := modelView{
		Facts: modelTell(events), State: c.State, Version: c.Version, Visitor: c.Visitor, Group: c.Group, Agent: c.Agent,
		Since: c.Since, Blocked: c.Blocked, Unread: len(c.Unread), Articles: len(c.Articles),
		MustAnswer: c.MustAnswer(), LastSpeaker: c.LastSpeaker, LastVisitorMessage: c.LastVisitorMessage,
		LastHandover: c.LastHandover, FollowUps: c.FollowUps, Unanswered: c.UnansweredSince, Silence: c.Silence,
		AwaySince: c.AwaySince, PreviousAgent: c.PreviousAgent, WaitReason: c.WaitReason, EmailRequested: c.EmailRequested,
	}
	for _, u := range c.Unread {
		v.UnreadSum += u
	}
	if s := c.Snooze; s != nil {
		v.SnoozeEnd, v.Keep, v.Asleep, v.Missed = s.At, s.AtEnd == snooze.Keep, s.OnReply == snooze.StayAsleep, s.Unread
	}
	if c.Closing != nil {
		v.Closing = modelSeeClosing(*c.Closing)
	}
	v.FirstClosed = c.FirstClosedAt
	v.Grade = c.Courtesy.Grade(p.now, modelAsk{policy: p.policy}.patience())
	v.Due, _ = p.machine.nextDue(*c, p.policy)
	return v
}

func modelSeeModel(p *modelPair) modelView {
	m := &p.model
	v := modelView{
		Facts: strings.Join(m.facts, "; "), State: m.state, Version: m.version, Visitor: m.visitor, Group: m.group, Agent: m.agent,
		Since: m.since, Blocked: m.blocked, Unread: len(m.unread), Articles: len(m.articles),
		MustAnswer: m.mustAnswer(), LastSpeaker: m.speaker, LastVisitorMessage: m.spoke,
		LastHandover: m.handed, FollowUps: m.followUps, Unanswered: m.asked,
		SnoozeEnd: m.wakeAt, Keep: m.keep, Asleep: m.asleep, Missed: m.missed, Due: m.due(p.policy),
		Grade:     m.grade(modelAsk{now: p.now, policy: p.policy}),
		AwaySince: m.away, PreviousAgent: m.before, WaitReason: m.why, EmailRequested: m.mailed,
	}
	if m.state == "bot" || m.state == "waiting" || m.state == "assigned" {
		v.Silence = conversation.Silence{Step: m.rung, Since: m.quiet, Informed: m.told}
	}
	for _, u := range m.unread {
		v.UnreadSum += u
	}
	if e := m.last(); e != nil {
		v.Closing = modelClosing{
			Number: len(m.ends), By: e.by, Agent: e.agent, Tickets: strings.Join(e.form.Tickets, " "), At: e.at, Reopened: e.reopened,
			Noted: e.form.Notes != "", SurveyOffered: e.offered, Until: e.until, AnsweredAt: e.answered,
		}
		v.FirstClosed = m.ends[0].at
	}
	return v
}

// modelTell names the events as the model does.
func modelTell(events []conversation.Event) string {
	told := make([]string, len(events))
	for i, e := range events {
		told[i] = conversation.EventName(e)
		switch e := e.(type) {
		case conversation.Opened:
			if e.AgentRequested {
				told[i] += " for a person"
			}
		case conversation.Said:
			told[i] = modelSaid(e.Marks)
		case conversation.AgentRequested:
			told[i] += " for " + e.Group
		case conversation.Woken:
			told[i] += fmt.Sprintf(" by %s, %v late, to %s for %s", e.Cause, e.Late, e.Agent, e.Reason)
			if e.Agent != "" {
				told[i] += fmt.Sprintf(", unavailable %t", e.Unavailable)
			}
		case conversation.Reopened:
			told[i] += fmt.Sprintf(" to %s for %s", e.Agent, e.Reason)
		case conversation.Taken:
			told[i] += " from " + e.From
		case conversation.Assigned:
			told[i] += " from " + e.From
		case conversation.Transferred:
			told[i] += fmt.Sprintf(" from %s, unavailable %t", e.From, e.Unavailable)
		case conversation.Requeued:
			told[i] += fmt.Sprintf(" from %s for %s", e.From, e.Reason)
		case conversation.Regrouped:
			told[i] += " from " + e.From + " to " + e.Group
		case conversation.HandedBack:
			told[i] += " from " + e.Agent
		case conversation.Closed:
			told[i] += fmt.Sprintf(" as %s, over a warning %t, noted %t", e.Grade, e.Acknowledged, e.Noted)
		case conversation.Reclassified:
			told[i] += fmt.Sprintf(", form %t, noted %t", e.Form != nil, e.Noted)
		case conversation.SurveyOffered:
			told[i] += fmt.Sprintf(" %d", e.Number)
		case conversation.SurveyAnswered:
			told[i] += fmt.Sprintf(" with %d", e.Rating)
		}
	}
	return strings.Join(told, "; ")
}

// checkSense checks what holds after every accepted command, whatever the model
// says.
func (p *modelPair) checkSense(before conversation.Conversation, r conversation.Request, f conversation.Facts, events []conversation.Event) string {
	c := p.real
	held := c.State == conversation.StateAssigned || c.State == conversation.StateSnoozed
	due, ok := p.machine.nextDue(c, p.policy)
	switch {
	case c.Version != before.Version+conversation.Version(len(events)):
		return "the version does not count the events"
	case (c.Snooze != nil) != (c.State == conversation.StateSnoozed):
		return "a snooze that does not go with the state"
	case (c.Agent != "") != held:
		return "an agent who does not go with the state"
	case ok == due.IsZero():
		return "a due instant that is none"
	case ok && !c.Open():
		return "due after the end"
	case c.State == conversation.StateSnoozed && !due.Equal(c.Snooze.At):
		return "due at another time than the end of the snooze"
	case len(events) > 0 && p.moves%p.each == 0 && modelMeant(r.Command, &before) &&
		!slices.Contains(p.machine.allowed(before, r.By, f), r.Command.Name()):
		return "did something that Allowed does not list"
	}
	return ""
}

// modelMeant reports whether Allowed speaks of the command: not of an automatic
// message, not of asking for another group's people than those it waits for, and
// not of a requeue for a reason.
func modelMeant(command conversation.Command, before *conversation.Conversation) bool {
	switch command := command.(type) {
	case conversation.Say:
		return !command.Automatic
	case conversation.RequestAgent:
		return before.State != conversation.StateWaiting
	case conversation.Requeue:
		return command.Reason == ""
	case conversation.AnswerSurvey:
		return command.Number == 0
	}
	return true
}

// checkRefusal checks that the refusal speaks the truth.
func (p *modelPair) checkRefusal(r conversation.Request, f conversation.Facts, err error) string {
	var refused *conversation.RefusedError
	if !errors.As(err, &refused) {
		return ""
	}
	switch {
	case refused.Command != r.Command.Name() || refused.State != p.real.State || refused.By != r.By:
		return "a refusal of something else: " + err.Error()
	case refused.Why == conversation.ErrHeld && refused.Holder != p.real.Agent:
		return "held by another than it says: " + err.Error()
	case refused.Why == conversation.ErrAlreadyClosed && !reflect.DeepEqual(refused.Closing, p.real.Closing):
		return "closed otherwise than it says: " + err.Error()
	case refused.Why == conversation.ErrStale && (refused.Since <= r.AsOf || refused.Since > p.real.Version):
		return "stale since another version: " + err.Error()
	case refused.Why == conversation.ErrFormIncomplete && !slices.Equal(refused.Missing, p.model.lacks):
		return fmt.Sprintf("%v, but %v are missing", err, p.model.lacks)
	case refused.Why == conversation.ErrDiscourteous && (refused.Advice == nil || *refused.Advice != *p.model.advised):
		return fmt.Sprintf("%v, with the advice %+v, not %+v", err, refused.Advice, p.model.advised)
	}
	if conversation.AgentFor(p.real, r).Agent != r.By.ID {
		f.Agent = conversation.AgentReady // it was about somebody else
	}
	if allowed := p.machine.allowed(p.real, r.By, f); p.moves%p.each == 0 && !slices.Equal(refused.Allowed, allowed) {
		return fmt.Sprintf("%v, but Allowed says %v", refused, allowed)
	}
	for _, name := range refused.Allowed {
		allowed := conversation.Request{By: r.By, Command: modelPlain(name, r.By, &p.real), AsOf: p.real.Version}
		if _, err := p.machine.decide(p.real, allowed, f); errors.Is(err, conversation.ErrForbidden) || errors.Is(err, conversation.ErrNotPossible) {
			return fmt.Sprintf("%v, but %v", refused, err)
		}
	}
	return ""
}

// modelPlain returns a command of the name that makes sense for by.
func modelPlain(name conversation.CommandName, by conversation.Actor, c *conversation.Conversation) conversation.Command {
	switch name {
	case conversation.NameOpen:
		if by.Kind == conversation.KindVisitor {
			return conversation.Open{}
		}
		return conversation.Open{Visitor: "vic"}
	case conversation.NameAssign:
		return conversation.Assign{Agent: "zoe"}
	case conversation.NameTransfer:
		return conversation.Transfer{Group: "elsewhere"}
	case conversation.NameSnooze:
		return conversation.Snooze{Until: snooze.For(time.Hour)}
	case conversation.NameClose:
		if by.Kind == conversation.KindSystem {
			return conversation.Close{Outcome: closure.Unresolved, Force: true}
		}
		return conversation.Close{Outcome: closure.Unresolved}
	case conversation.NameReclassify:
		if c.Closing != nil && c.Closing.Outcome == closure.Resolved {
			return conversation.Reclassify{Outcome: closure.Unresolved}
		}
		return conversation.Reclassify{Outcome: closure.Resolved}
	case conversation.NameRegroup:
		return conversation.Regroup{Group: c.Group + "-too"}
	case conversation.NameAssigneeGone:
		return conversation.AssigneeGone{Agent: modelAgent(c.Agent), Since: modelStart}
	case conversation.NameAssigneeBack:
		return conversation.AssigneeBack{Agent: modelAgent(c.Agent)}
	case conversation.NameAddNote:
		return conversation.AddNote{Text: "note"}
	case conversation.NameLinkArticle:
		return conversation.LinkArticle{Article: "new"}
	case conversation.NameAnswerSurvey:
		return conversation.AnswerSurvey{Rating: 3}
	}
	for _, command := range conversation.Commands() {
		if command.Name() == name {
			return command
		}
	}
	panic("no command " + name)
}

// modelAgent returns the agent, or one who never has anything.
func modelAgent(agent string) string {
	if agent == "" {
		return "zoe"
	}
	return agent
}

// checkJournal folds the journal from zero, as it is and as it is stored, and
// expects the conversation that is running at the end and that was on the way: a
// later record that wrote into an earlier value would show.
func (p *modelPair) checkJournal() string {
	store := p.each == 1 || p.moves%4 == 0 // the lives of some lengths: it takes its time
	plain := conversation.Conversation{Workspace: "w", ID: "c", Version: p.real.Version - conversation.Version(len(p.journal))}
	stored := plain
	for i, r := range p.journal {
		plain = p.machine.evolve(plain, r)
		if store {
			again, err := modelStored(r)
			if err != nil {
				return err.Error()
			}
			bare := r
			if bare.Event = conversation.WithText(r.Event, ""); !reflect.DeepEqual(again, bare) {
				return "stored and read (-decided +read):\n" + cmp.Diff(bare, again)
			}
			stored = p.machine.evolve(stored, again)
		}
		if i%8 == 0 && !reflect.DeepEqual(plain, p.past[i]) {
			return fmt.Sprintf("folded up to record %d (-running +folded):\n%s", i+1, cmp.Diff(p.past[i], plain))
		}
	}
	if !reflect.DeepEqual(plain, p.real) || store && !reflect.DeepEqual(stored, p.real) {
		return "folded (-running +folded):\n" + cmp.Diff(p.real, plain) +
			"stored and folded (-running +folded):\n" + cmp.Diff(p.real, stored)
	}
	if !store || p.real.State == conversation.StateNone {
		return ""
	}
	body, err := conversation.Encode(p.real)
	if err != nil {
		return err.Error()
	}
	decoded, err := conversation.Decode(body)
	if err != nil {
		return fmt.Sprintf("%v: %s", err, body)
	}
	if reflect.DeepEqual(decoded, p.real) {
		return ""
	}
	return "stored and read (-running +read):\n" + cmp.Diff(p.real, decoded)
}

func modelStored(r conversation.Record) (conversation.Record, error) {
	body, err := conversation.EncodeRecord(r)
	if err != nil {
		return r, err
	}
	return conversation.DecodeRecord(body)
}

// A modelFailure is a life in which machine and model came apart.
type modelFailure struct {
	machine modelMachine
	life    int64
	first   conversation.Version // it begins at
	moves   []modelMove
	diff    string
}

// shrunk returns the failure of the shortest life that dropping moves leads to.
func (f modelFailure) shrunk() string {
	moves := f.moves
	for size := len(moves); size > 0; size /= 2 {
		for i := 0; i < len(moves); {
			fewer := slices.Delete(slices.Clone(moves), i, min(i+size, len(moves)))
			if n, _, d := f.replay(fewer); d != "" {
				moves = fewer[:n]
				continue
			}
			i += size
		}
	}
	_, trace, diff := f.replay(moves)
	return fmt.Sprintf("%d of %d moves\n%s%s", len(moves), len(f.moves), trace, diff)
}

// replay plays the moves up to the first difference. It returns how many that
// were, what they were, and the difference.
func (f modelFailure) replay(moves []modelMove) (played int, trace, diff string) {
	var told strings.Builder
	tally := modelNewTally()
	pair := modelNewPair(f.machine, &tally, f.first)
	pair.each = 1
	for i, move := range moves {
		from, asOf := pair.real.State, move.asOf(pair.real.Version)
		diff = pair.play(move)
		if move.policy != nil {
			fmt.Fprintf(&told, "  policy %+v\n", *move.policy)
		}
		fmt.Fprintf(&told, "  %s %q v%d: %v %T%+[5]v as of %d, agent %q\n", pair.now.Format("02 15:04:05.000000"), from,
			pair.real.Version, move.by, move.command, asOf, move.ready)
		if diff != "" {
			return i + 1, told.String(), diff
		}
	}
	return len(moves), told.String(), pair.checkJournal()
}

// modelInvent makes up the next move of a life.
func modelInvent(rng *rand.Rand, p *modelPair) modelMove {
	move := modelMove{by: modelInventActor(rng, &p.model)}
	if len(p.journal) == 0 || rng.IntN(30) == 0 {
		policy := modelInventPolicy(rng)
		move.policy, move.tags = &policy, modelPick(rng, nil, []string{"late"}, []string{"late", "refund", "spam"})
	} else if p.model.state == conversation.StateAssigned && p.model.rung > 0 && !p.model.told && rng.IntN(4) == 0 {
		policy := p.policy
		policy.Idle.Assigned = modelCloseNext(rng, p.model.rung)
		move.policy, move.tags = &policy, p.tags
	}
	move.toDue, move.wait = modelInventWait(rng)
	if move.toDue && rng.IntN(3) > 0 {
		move.by = conversation.Timer()
	}
	if rng.IntN(3) == 0 {
		move.ready = modelPick(rng, conversation.AgentUnavailable, conversation.AgentFull, conversation.AgentLeftGroup,
			conversation.AgentRemoved, conversation.AgentUnknown)
	}
	move.offline = rng.IntN(2) == 0
	name := modelInventName(rng, &p.model, move.by)
	if p.model.agent != "" && rng.IntN(16) == 0 {
		move.by, name = conversation.System(""), modelPick(rng, conversation.NameAssigneeGone, conversation.NameAssigneeGone, conversation.NameAssigneeBack)
	} else if p.model.agent != "" && rng.IntN(40) == 0 {
		move.by = conversation.Agent(p.model.agent)
		move.ready = modelPick(rng, conversation.AgentUnavailable, conversation.AgentUnavailable, conversation.AgentFull, conversation.AgentRemoved)
		name = modelPick(rng, conversation.NameWake, conversation.NameTake, conversation.NameTransfer)
	} else if len(p.model.unread) > 0 && !p.model.mailed && rng.IntN(40) == 0 {
		move.by, move.offline, name = conversation.System(""), true, conversation.NameNotifyByEmail
	} else if last := p.model.last(); last != nil && !last.offered.IsZero() && rng.IntN(16) == 0 {
		move.by, name = modelPick(rng, conversation.Visitor("vic"), conversation.System("")), conversation.NameAnswerSurvey
	}
	move.command = modelInventCommand(rng, name, move.by, p)
	if p.model.state == conversation.StateAssigned && rng.IntN(8) == 0 {
		move.toDue, move.wait, move.by, move.command = modelPolite(rng, p)
		name = move.command.Name()
	}
	answers := move.by.Kind == conversation.KindBot && (name == conversation.NameSay || name == conversation.NameClose)
	switch {
	case rng.IntN(200) == 0, len(p.journal) == 0 && rng.IntN(10) == 0:
		move.seen = -1
	case answers && rng.IntN(50) > 0 || rng.IntN(4) == 0:
		move.seen = modelPick[conversation.Version](rng, 1, 1, 1, 2, 3, 5, 9, 1000)
	}
	return move
}

// modelPolite makes up the next step towards a courteous end, or one beside it.
func modelPolite(rng *rand.Rand, p *modelPair) (toDue bool, wait time.Duration, by conversation.Actor, command conversation.Command) {
	wait = time.Duration(rng.Int64N(int64(30 * time.Second))).Truncate(time.Microsecond)
	agent, visitor := conversation.Agent(p.model.agent), conversation.Visitor("vic")
	say := func(marks ...closure.Mark) conversation.Command { return conversation.Say{Text: "words", Marks: marks} }
	since, active := p.model.asking()
	switch {
	case since == nil:
		return false, wait, agent, say(closure.CheckIn)
	case p.model.pending() && rng.IntN(3) > 0:
		return false, wait, visitor, say(modelPick(rng, closure.Confirmation, closure.Farewell))
	case p.model.pending() && rng.IntN(2) == 0: // to the end of patience, or just before it
		ask := modelAsk{policy: p.policy}
		wait = active.Add(ask.patience()).Sub(p.now) + modelPick(rng, 0, -time.Microsecond, -20*time.Second)
		command = modelPick[conversation.Command](rng, conversation.Close{Outcome: closure.Resolved}, conversation.Typing{})
		if command.Name() == conversation.NameTyping {
			agent = visitor
		}
		return false, max(0, wait), agent, command
	case !p.model.confirmed():
		return false, wait, agent, say(closure.Farewell)
	}
	return false, wait, agent, conversation.Close{Outcome: closure.Resolved}
}

func modelPick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func modelInventActor(rng *rand.Rand, m *modelLife) conversation.Actor {
	visitor := conversation.Visitor("vic")
	agents := []conversation.Actor{conversation.Agent("ann"), conversation.Agent("bob"), conversation.Supervisor("sue"), conversation.Supervisor("ann")}
	switch n := rng.IntN(100); {
	case n < 24 || m.state == conversation.StateNone && n < 80:
		return visitor
	case n < 26:
		return conversation.Visitor("eve")
	case n < 62 && m.agent != "":
		return conversation.Agent(m.agent)
	case n < 80:
		return modelPick(rng, agents...)
	case n < 88:
		return conversation.Bot(modelPick(rng, "", "robo"))
	case n < 94:
		return conversation.System("")
	}
	return conversation.Timer()
}

// modelInventWait returns where the clock goes: mostly a little on, often to the
// due instant or just beside it, sometimes far, sometimes back.
func modelInventWait(rng *rand.Rand) (toDue bool, wait time.Duration) {
	switch n := rng.IntN(100); {
	case n < 15:
		return false, 0
	case n < 30:
		return true, modelPick(rng, 0, 0, -time.Microsecond, time.Microsecond)
	case n < 34:
		return true, time.Duration(rng.Int64N(int64(48 * time.Hour))).Truncate(time.Microsecond)
	case n < 39:
		return false, -time.Duration(rng.Int64N(int64(time.Hour))).Truncate(time.Microsecond)
	case n < 75:
		return false, time.Duration(rng.Int64N(int64(30 * time.Second))).Truncate(time.Microsecond)
	case n < 90:
		return false, modelPick(rng, modelWaits...)
	}
	return false, time.Duration(rng.Int64N(int64(72 * time.Hour))).Truncate(time.Microsecond)
}

var modelWaits = []time.Duration{time.Microsecond, time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 24 * time.Hour}

// modelOften are the commands that lead on, or that need more than one go.
var modelOften = []conversation.CommandName{
	conversation.NameSay, conversation.NameSay, conversation.NameSay, conversation.NameSay,
	conversation.NameSnooze, conversation.NameSnooze, conversation.NameSnooze, conversation.NameSnooze,
	conversation.NameTake, conversation.NameAssign, conversation.NameReopen, conversation.NameTyping, conversation.NameUnblock,
}

// modelInventName prefers what the actor may do now.
func modelInventName(rng *rand.Rand, m *modelLife, by conversation.Actor) conversation.CommandName {
	if m.state == conversation.StateNone && rng.IntN(4) > 0 {
		return conversation.NameOpen
	}
	if by.Kind == conversation.KindTimer && rng.IntN(8) > 0 {
		return conversation.NameExpire
	}
	if len(m.articles) >= conversation.MaxArticles-1 && rng.IntN(8) == 0 {
		return conversation.NameLinkArticle
	}
	if m.version >= conversation.MaxHistory && rng.IntN(8) == 0 {
		return conversation.NameReclassify
	}
	all := conversation.Commands()
	for {
		name := modelPick(rng, all...).Name()
		if rng.IntN(2) == 0 {
			name = modelPick(rng, modelOften...)
		}
		if rng.IntN(8) == 0 || strings.ContainsAny(m.may(name), m.roles(by)) {
			return name
		}
	}
}

func modelInventCommand(rng *rand.Rand, name conversation.CommandName, by conversation.Actor, p *modelPair) conversation.Command {
	agent := modelPick(rng, "ann", "bob", "sue")
	group := modelPick(rng, "", "", "sales", "support")
	outcome := modelPick(rng, closure.Resolved, closure.Unresolved, closure.Unresolved, closure.Unresolved, "")
	reason := modelPick(rng, "", "", closure.ReasonOther)
	switch name {
	case conversation.NameOpen:
		return conversation.Open{Visitor: modelPick(rng, "vic", "vic", ""), Group: group, ForAgent: rng.IntN(4) == 0,
			PreviousAgent: modelPick(rng, "", "", "ann")}
	case conversation.NameSay:
		return conversation.Say{
			Text:      modelPick(rng, "words", "words", "words", "Well, ALL GOOD?", "so long. Or longer.", "And now? Yes", strings.ToLower(idle.DefaultPhrase)),
			Automatic: rng.IntN(6) == 0, Marks: modelInventMarks(rng, by),
		}
	case conversation.NameRequestAgent:
		return conversation.RequestAgent{Group: group}
	case conversation.NameAssign:
		return conversation.Assign{Agent: agent}
	case conversation.NameTransfer:
		if rng.IntN(2) == 0 {
			agent = ""
		}
		if agent != "" && rng.IntN(12) > 0 {
			group = ""
		}
		return conversation.Transfer{Agent: agent, Group: group}
	case conversation.NameSnooze:
		return modelInventSnooze(rng, p.now)
	case conversation.NameClose:
		c := conversation.Close{Outcome: outcome, Reason: reason}
		if by.Kind == conversation.KindSystem || rng.IntN(8) == 0 {
			c.Cause = modelPick(rng, closure.Causes()...)
		}
		if (by.Kind == conversation.KindSupervisor || by.Kind == conversation.KindSystem) && rng.IntN(3) == 0 || rng.IntN(30) == 0 {
			c.Force, c.Cause = true, modelPick(rng, "", "", closure.Forced, closure.Spam)
		}
		if by.Kind != conversation.KindVisitor && rng.IntN(2) == 0 || rng.IntN(20) == 0 {
			c.Form = modelInventForm(rng)
		}
		grade := p.model.grade(modelAsk{now: p.now, policy: p.policy})
		c.Acknowledged = modelPick(rng, append(closure.Grades(), "", "", "polite", grade, grade, grade)...)
		return c
	case conversation.NameReclassify:
		c := conversation.Reclassify{Outcome: outcome, Reason: reason}
		if last := p.model.last(); last != nil && rng.IntN(2) == 0 {
			c.Outcome, c.Reason = last.outcome, last.reason
			if form := last.form; rng.IntN(3) == 0 {
				form.Notes = modelPick(rng, "", "called")
				form.Tickets = append(slices.Clone(form.Tickets), form.Tickets...)
				c.Form = &form
			}
		}
		if rng.IntN(2) == 0 {
			c.Form = new(modelInventForm(rng))
		}
		return c
	case conversation.NameAnswerSurvey:
		return conversation.AnswerSurvey{
			Number: max(-1, modelPick(rng, 0, 0, len(p.model.ends)-rng.IntN(4), rng.IntN(20)-1)), Rating: rng.IntN(7), Comment: "words",
		}
	case conversation.NameRequeue:
		if by.Kind == conversation.KindSystem && rng.IntN(4) > 0 || rng.IntN(20) == 0 {
			return conversation.Requeue{Reason: modelPick(rng, conversation.WaitUnavailable, conversation.WaitFull,
				conversation.WaitLeftGroup, conversation.WaitRemoved, conversation.WaitUnknown, conversation.WaitReleased,
				conversation.WaitLoggedOut, "bored")}
		}
	case conversation.NameRegroup:
		return conversation.Regroup{Group: modelPick(rng, "", "sales", "support")}
	case conversation.NameAssigneeGone:
		return modelInventGone(rng, modelPick(rng, p.model.agent, p.model.agent, p.model.agent, agent), p.now)
	case conversation.NameAssigneeBack:
		return conversation.AssigneeBack{Agent: modelPick(rng, p.model.agent, agent)}
	case conversation.NameMarkRead:
		return conversation.MarkRead{UpTo: conversation.Version(max(0, rng.IntN(40)-20))}
	case conversation.NameAddNote:
		return conversation.AddNote{Text: modelPick(rng, "note", "note", "note", "")}
	case conversation.NameLinkArticle:
		return conversation.LinkArticle{Article: modelPick(rng, "kb1", "kb2", "kb3", "kb4", "old1", "old2")}
	}
	return modelPlain(name, by, nil)
}

func modelInventMarks(rng *rand.Rand, by conversation.Actor) []closure.Mark {
	if rng.IntN(60) == 0 {
		return []closure.Mark{modelPick(rng, append(closure.Marks(), "wave")...), closure.Farewell}
	}
	of := closure.CheckIn
	switch by.Kind {
	case conversation.KindVisitor:
		of = closure.Confirmation
	case conversation.KindBot, conversation.KindSystem, conversation.KindTimer:
		return nil
	}
	return modelPick(rng, nil, nil, []closure.Mark{}, []closure.Mark{of}, []closure.Mark{of}, []closure.Mark{closure.Farewell}, []closure.Mark{closure.Farewell, of})
}

func modelInventForm(rng *rand.Rand) closure.Form {
	f := closure.Form{
		Sentiment: modelPick(rng, append(closure.Sentiments(), "", "")...),
		Notes:     modelPick(rng, "", "", "called", " "),
		Tags:      modelPick(rng, nil, []string{}, []string{"late"}, []string{"refund", "late", "refund"}),
		Tickets:   modelPick(rng, nil, []string{"T-1"}, []string{"T-2", "https://t.example/1", "T-2"}),
	}
	switch rng.IntN(60) {
	case 0:
		f.Sentiment = "bored"
	case 1:
		f.Notes = "a\x00"
	case 2:
		f.Tags = []string{" late"}
	case 3:
		f.Tickets = []string{"ftp://t.example/1"}
	}
	return f
}

// modelInventGone makes up an absence, mostly of a little while.
func modelInventGone(rng *rand.Rand, agent string, now time.Time) conversation.AssigneeGone {
	since := now.Add(modelPick(rng, 0, -time.Nanosecond, -time.Second, -time.Minute, -time.Hour, time.Second, 48*time.Hour))
	if rng.IntN(30) == 0 {
		since = time.Time{}
	}
	return conversation.AssigneeGone{Agent: agent, Since: since}
}

func modelInventSnooze(rng *rand.Rand, now time.Time) conversation.Snooze {
	return conversation.Snooze{
		Until: modelPick(rng, snooze.UntilReply(), snooze.For(snooze.Short), snooze.For(snooze.Long),
			snooze.For(modelPick(rng, modelWaits...)), snooze.At(now.Add(90*time.Minute)),
			snooze.At(now.Add(modelPick(rng, -time.Hour, 30*time.Second, snooze.Horizon, 3*snooze.Horizon))),
			snooze.Calendar(now.AddDate(0, 0, 1).Format("2006-01-02T09:00"), "Europe/Paris"), snooze.Until{}),
		AtEnd:   modelPick(rng, "", snooze.Keep, snooze.Release),
		OnReply: modelPick(rng, "", snooze.Wake, snooze.StayAsleep),
	}
}

// modelInventPolicy makes up a policy with any legal ladders.
func modelInventPolicy(rng *rand.Rand) conversation.Policy {
	p := conversation.Policy{Bot: rng.IntN(5) < 3}
	p.ReassignAfter = modelPick(rng, 0, 0, time.Minute, 10*time.Minute, time.Hour, -1)
	p.Required = modelPick(rng, nil, nil, nil, []closure.Field{closure.FieldReason}, []closure.Field{closure.FieldTags},
		[]closure.Field{closure.FieldTickets, closure.FieldSentiment}, closure.Fields())
	p.Courtesy = conversation.Courtesy{
		Guard:    modelPick(rng, closure.GuardOff, closure.GuardOff, closure.GuardWarn, closure.GuardEnforce),
		Patience: modelPick(rng, 0, 0, 20*time.Second, 10*time.Minute),
		CheckIn:  modelPick(rng, "", "All good?"), Farewell: modelPick(rng, "", "So long."),
	}
	p.Survey = conversation.Asking{Offer: rng.IntN(2) == 0, Open: modelPick(rng, 0, time.Minute, time.Hour, 48*time.Hour)}
	p.WakeOverCapacity, p.NotifyByEmail = rng.IntN(2) == 0, rng.IntN(3) > 0
	p.ReopenWindow = modelPick(rng, 0, 0, time.Hour, time.Minute, 7*24*time.Hour, -1)
	leave := []idle.Action{idle.Requeue, idle.Close, idle.Close}
	p.Idle.Bot = modelInventLadder(rng, []idle.Action{idle.FollowUp}, leave)
	if p.Bot {
		leave = append(leave, idle.HandBack, idle.HandBack)
	}
	p.Idle.Assigned = modelInventLadder(rng, []idle.Action{idle.Prompt, idle.FollowUp}, leave)
	p.Idle.Waiting = modelInventLadder(rng, []idle.Action{idle.FollowUp}, slices.DeleteFunc(leave, func(a idle.Action) bool { return a == idle.Requeue }))
	// One that would pass it to and fro must be refused, and is made up again.
	if toAndFro := modelLast(p.Idle.Bot) == idle.Requeue && modelLast(p.Idle.Waiting) == idle.HandBack; toAndFro != (p.Check() != nil) {
		panic(fmt.Sprintf("to and fro: %t, Check: %v of %+v", toAndFro, p.Check(), p))
	} else if toAndFro {
		return modelInventPolicy(rng)
	}
	return p
}

func modelLast(l idle.Ladder) idle.Action {
	if len(l.Steps) == 0 {
		return ""
	}
	return l.Steps[len(l.Steps)-1].Action
}

// modelCloseNext makes up a ladder that closes at the rung, which the visitor was
// perhaps never told of.
func modelCloseNext(rng *rand.Rand, rung int) idle.Ladder {
	var l idle.Ladder
	for range rung {
		action := modelPick(rng, idle.FollowUp, idle.Prompt)
		l.Steps = append(l.Steps, idle.Step{After: modelPick(rng, modelWaits[1:]...), Action: action, Text: "still there?"})
	}
	l.Steps[rng.IntN(rung)].Action = idle.FollowUp
	l.Steps = append(l.Steps, idle.Step{After: time.Minute, Action: idle.Close})
	return l
}

func modelInventLadder(rng *rand.Rand, stay, leave []idle.Action) idle.Ladder {
	switch rng.IntN(8) {
	case 0:
		return idle.Ladder{}
	case 1:
		return idle.Ladder{Off: true}
	}
	l := idle.Ladder{LastSpeaker: modelPick(rng, idle.Anyone, idle.Anyone, idle.Visitor, idle.Responder)}
	informed := false
	for range rng.IntN(4) {
		s := idle.Step{After: modelPick(rng, modelWaits[1:]...), Action: modelPick(rng, stay...), Text: "still there?"}
		if s.Action == idle.Prompt {
			s.Phrase = modelPick(rng, "", "and now?")
		}
		informed = informed || s.Action == idle.FollowUp
		l.Steps = append(l.Steps, s)
	}
	if last := modelPick(rng, leave...); last != idle.Close || informed {
		s := idle.Step{After: modelPick(rng, modelWaits[1:]...), Action: last}
		if last == idle.Close {
			s.Outcome = string(modelPick(rng, "", closure.Resolved, closure.Unresolved))
		}
		l.Steps = append(l.Steps, s)
	}
	if len(l.Steps) == 0 {
		return idle.Ladder{}
	}
	return l
}

// A modelTally counts what was given and what came of it.
type modelTally struct {
	commands, accepted, refused int64
	cells                       map[modelCell]int64
	events                      map[string]int64
}

// A modelCell is a command in a state and what came of it: the state after it,
// "holds already", or the reason of the refusal.
type modelCell struct {
	from    conversation.State
	command conversation.CommandName
	then    string
}

func modelNewTally() modelTally {
	return modelTally{cells: map[modelCell]int64{}, events: map[string]int64{}}
}

func (t *modelTally) add(other modelTally) {
	t.commands += other.commands
	t.accepted += other.accepted
	t.refused += other.refused
	for cell, n := range other.cells {
		t.cells[cell] += n
	}
	for name, n := range other.events {
		t.events[name] += n
	}
}

func (t *modelTally) count(from conversation.State, command conversation.CommandName, to conversation.State, events []conversation.Event, by conversation.Actor, why error) {
	t.commands++
	cell := modelCell{from, command, string(to)}
	switch {
	case why != nil:
		t.refused++
		cell.then = why.Error()
	case len(events) == 0:
		cell.then = "holds already"
	}
	if why == nil {
		t.accepted++
	}
	t.cells[cell]++
	t.events["refused: "+cell.then]++
	for _, e := range events {
		t.events[conversation.EventName(e)]++
		if by.Kind == conversation.KindTimer {
			t.events["timer "+conversation.EventName(e)]++
		}
		if closed, ok := e.(conversation.Closed); ok {
			t.events["graded "+string(closed.Grade)]++
			t.events[fmt.Sprintf("closed over a warning: %t", closed.Acknowledged)]++
		}
		if woken, ok := e.(conversation.Woken); ok {
			t.events["woken by "+string(woken.Cause)]++
			t.events["woken for "+string(woken.Reason)]++
		}
		switch e := e.(type) {
		case conversation.Requeued:
			t.events["requeued for "+string(e.Reason)]++
		case conversation.Reopened:
			t.events["reopened for "+string(e.Reason)]++
		}
	}
}

// checkHealth demands that the lives went everywhere: every command in every
// state, every row of the rule table, every event, wake cause, idle action and
// reason to refuse.
func (t *modelTally) checkHealth(tt *testing.T) {
	tt.Helper()
	seen := map[[2]string]bool{}
	for cell := range t.cells {
		seen[[2]string{string(cell.from), string(cell.command)}] = true
	}
	for _, state := range append(conversation.States(), conversation.StateNone) {
		for _, command := range conversation.Commands() {
			if !seen[[2]string{string(state), string(command.Name())}] {
				tt.Errorf("never gave %s in state %q", command.Name(), state)
			}
		}
	}
	for _, row := range conversation.Transitions() {
		cell := modelCell{row.From, row.Command, string(row.To)}
		switch {
		case row.Refused != nil:
			cell.then = row.Refused.Error()
		case !row.Changes:
			cell.then = "holds already"
		}
		if t.cells[cell] == 0 {
			tt.Errorf("never walked the row %+v", row)
		}
	}
	want := []string{"graded confirmed", "graded checked_in", "graded unanswered", "graded abrupt", "graded ",
		"closed over a warning: true", "timer survey_offered", "woken by timer", "woken by visitor", "woken by agent",
		"timer prompted", "timer followed_up", "timer handed_back", "timer requeued", "timer closed",
		"timer assignee_returned", "timer email_requested", "woken for released", "requeued for logged_out"}
	for _, why := range []conversation.Readiness{"unavailable", "full", "left_group", "removed", "unknown"} {
		want = append(want, "woken for "+string(why), "reopened for "+string(why), "requeued for "+string(why))
	}
	for _, why := range modelSentinels {
		want = append(want, "refused: "+why.Error())
	}
	want = append(want, strings.Fields(`opened said agent_requested taken assigned handed_back transferred requeued
		snoozed woken closed reclassified survey_offered survey_answered reopened regrouped assignee_left
		assignee_returned email_requested typed marked_read note_added article_linked
		blocked unblocked prompted followed_up`)...)
	for _, name := range want {
		if t.events[name] == 0 {
			tt.Errorf("never happened: %s", name)
		}
	}
}
