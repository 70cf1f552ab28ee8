//go:build linux

package routing_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// A mortalOrder is a process that changes three things, each of which lets a
// conversation be assigned, and dies before anybody there looks.
type mortalOrder struct {
	URL    string
	Number int
}

// changed says that a conversation could have been assigned since an instant.
type changed struct {
	Conversation string
	At           time.Time
}

// The groups that a mortal changes something for: each has one agent with one
// seat, and the conversations first and second.
func groupOf(what string, number int) string { return fmt.Sprintf("%s-%d", what, number) }

const (
	opened = "opened" // first is opened while the agent is free
	freed  = "freed"  // first is closed while second waits
	came   = "came"   // the agent comes while first waits
)

func agentOf(group string) string { return group + "-agent" }

func callOf(group, which string) lifecycle.Call {
	c := lifecycle.Call{Workspace: workspace, Conversation: group + "-" + which}
	return c.As(conversation.Visitor(c.Conversation))
}

func openIn(ctx context.Context, desk *lifecycle.Desk, group, which string) error {
	_, err := desk.Open(ctx, callOf(group, which), conversation.Open{Group: group, ForAgent: true})
	return err
}

func (o *mortalOrder) obey(ctx context.Context) error {
	_, store, err := openPostgres(ctx, o.URL)
	if err != nil {
		return err
	}
	desk, err := lifecycle.New(store, nil)
	if err != nil {
		return err
	}
	tell := reporter()
	did := func(group, which string, err error) {
		if err != nil {
			tell(report{Complaint: err.Error()})
			return
		}
		tell(report{Changed: &changed{callOf(group, which).Conversation, time.Now()}})
	}
	group := groupOf(opened, o.Number)
	did(group, "first", openIn(ctx, desk, group, "first"))
	group = groupOf(freed, o.Number)
	_, err = desk.Close(ctx, callOf(group, "first").As(conversation.Agent(agentOf(group))), conversation.Close{Outcome: closure.Resolved})
	did(group, "second", err)
	group = groupOf(came, o.Number)
	_, err = desk.SetAvailability(ctx, workspace, agentOf(group), roster.Automatic, roster.Available)
	did(group, "first", err)
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// prepare makes what a mortal changes.
func (s *suite) prepare(number int) {
	s.Helper()
	for _, what := range []string{opened, freed, came} {
		group := groupOf(what, number)
		check(s, s.desk.SetGroup(s.Context(), workspace, group))
		_, err := s.desk.SetAgent(s.Context(), workspace, agentOf(group), 1, group)
		check(s, err)
		if what != came {
			_, err = s.desk.SetAvailability(s.Context(), workspace, agentOf(group), roster.Automatic, roster.Available)
			check(s, err)
		}
	}
	check(s, openIn(s.Context(), s.desk, groupOf(freed, number), "first"))
	check(s, openIn(s.Context(), s.desk, groupOf(came, number), "first"))
	_, err := s.desk.Tick(s.Context())
	check(s, err)
	check(s, openIn(s.Context(), s.desk, groupOf(freed, number), "second"))
	_, err = s.desk.Tick(s.Context())
	check(s, err)
}

// die lets n processes die, one after the other, and returns how long it took
// until the conversations were assigned, and which were not.
func (s *suite) die(n int) (waits []time.Duration, never []string) {
	s.Helper()
	for number := range n {
		s.prepare(number)
	}
	s.start(nodeOrder{Poll: s.poll})
	s.settle()
	for number := range n {
		p := spawn(s, s.hear)
		p.give(s, order{Mortal: &mortalOrder{URL: s.url, Number: number}})
		<-p.exited
		check(s, p.endedItself())
		pause(s.Context(), between(s.rand, 0, 100))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.changes) != 3*n || len(s.complaints) > 0 {
		s.Fatalf("%d changes of %d, %v", len(s.changes), 3*n, s.complaints)
	}
	end := time.Now().Add(3 * poll)
	for _, c := range s.changes {
		at := s.assigned(c.Conversation)
		for at.IsZero() && pause(s.Context(), 20*time.Millisecond) && time.Now().Before(end) {
			at = s.assigned(c.Conversation)
		}
		if at.IsZero() {
			never = append(never, c.Conversation)
			continue
		}
		waits = append(waits, max(at.Sub(c.At), 0))
	}
	slices.Sort(waits)
	return waits, never
}

// assigned returns when a conversation was assigned, or the zero time.
func (s *suite) assigned(id string) time.Time {
	s.Helper()
	records, err := s.desk.History(s.Context(), workspace, id, 0, 10)
	check(s, err)
	for _, r := range records {
		if _, ok := r.Event.(conversation.Assigned); ok {
			return r.At
		}
	}
	return time.Time{}
}

// TestRoutingOfKilled: when the node that recorded a change dies right after,
// another one assigns the conversation when it polls. A machine that is busy with
// other things makes that late, but not by another poll for most of them.
func TestRoutingOfKilled(t *testing.T) {
	proof.Long(t)
	r, seed := newRand(t)
	n := proof.Size(t, 15)
	s := newSuite(t, r)
	waits, never := s.die(n)
	if len(never) > 0 {
		t.Fatalf("%d of %d were not assigned, such as %s", len(never), 3*n, never[0])
	}
	at := func(part float64) time.Duration {
		return waits[int(part*float64(len(waits)-1))].Round(time.Millisecond)
	}
	if at(0.5) > poll*3/2 || at(1) > 3*poll {
		t.Errorf("conversations were assigned after p50 %v, max %v, want at most a poll of %v, and a moment", at(0.5), at(1), poll)
	}
	proof.Count(t, proof.Figure{
		Suite: "routing", Tried: int64(3 * n), Trials: "changes recorded by a node that then died", Broken: int64(len(never)), Breaks: "not assigned", Seed: seed,
		Details: fmt.Sprintf("poll %v, assigned after p50 %v p99 %v max %v", poll, at(0.5), at(0.99), at(1)),
	})
}

// TestRoutingOfKilledControl is the positive control: a node that does not poll
// assigns none of them.
func TestRoutingOfKilledControl(t *testing.T) {
	proof.Long(t)
	r, seed := newRand(t)
	s := newSuite(t, r)
	s.poll = time.Hour
	waits, never := s.die(1)
	if len(never) != 3 {
		t.Errorf("%d of 3 conversations were assigned without a poll, after %v: the suite is blind", len(waits), waits)
	}
	proof.Planted(t, "routing", "a node that does not poll", len(never) == 3)
	t.Logf("%d of 3 not assigned without a poll, seed %d", len(never), seed)
}
