package drivertest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/postgres"
)

const (
	closersNodes     = 3
	closersBatch     = 20 // conversations that are closed at once
	closersWorkspace = "acme"
)

// closersPolicies are the policies of the groups in which conversations are closed.
// In all of them a survey is offered, and who is silent for two minutes is closed.
func closersPolicies() conversation.Policies {
	ladder := idle.Ladder{Steps: []idle.Step{
		{After: time.Minute, Action: idle.FollowUp, Text: "Are you still there?"},
		{After: time.Minute, Action: idle.Close},
	}}
	plain := conversation.Policy{
		PullOnly: true, Idle: conversation.Idle{Bot: ladder, Waiting: ladder, Assigned: ladder},
		Survey: conversation.Asking{Offer: true}, Courtesy: conversation.Courtesy{Patience: 30 * time.Second},
	}
	bot, warn, enforce, shut, form := plain, plain, plain, plain, plain
	bot.Bot = true
	warn.Courtesy.Guard, enforce.Courtesy.Guard = closure.GuardWarn, closure.GuardEnforce
	shut.ReopenWindow = -1
	form.Required = []closure.Field{closure.FieldSentiment}
	return conversation.Policies{
		Default: plain, Tags: []string{"late", "refund"},
		Groups: map[string]conversation.Policy{"bot": bot, "warn": warn, "enforce": enforce, "shut": shut, "form": form},
	}
}

// A closersRun lets many close the same conversations on several nodes at once,
// while their visitors write.
type closersRun struct {
	seed  uint64
	store storage.Store // whose reports count
	nodes []*lifecycle.Desk
	raced []*closersStore // what the nodes work on
	clock closersClock

	deaf bool // a fault: what a closing was decided on is forgotten

	chats  []*closersChat
	failed []string // what is wrong beside the conversations

	did map[string]int
}

// A closersClock goes on by a microsecond whenever somebody looks at it.
type closersClock struct{ micros atomic.Int64 }

func (c *closersClock) Now() time.Time                       { return time.UnixMicro(c.micros.Add(1)).UTC() }
func (c *closersClock) After(time.Duration) <-chan time.Time { return nil }
func (c *closersClock) set(at time.Time)                     { c.micros.Store(at.UnixMicro()) }

// A closersChat is a conversation and all that was tried on it.
type closersChat struct {
	id, group string
	visitor   conversation.Actor
	assigned  bool
	chatter   int // what was said before: see closersRun.chat
	seen      conversation.Version
	plans     [][]closersStep
	tried     chan struct{} // is closed when somebody has tried to close it
	once      sync.Once

	mu       sync.Mutex // guards attempts
	attempts []closersAttempt
}

// A closersStep is what one of the racers does.
type closersStep struct {
	by      conversation.Actor
	asOf    conversation.Version // counted back from what was last seen; negative: none
	command conversation.Command
	node    int
	later   bool // not before somebody tried to close it
}

// A closersAttempt is a step and what came of it. A timer's has records only.
type closersAttempt struct {
	call    lifecycle.Call
	command conversation.Command
	result  lifecycle.Result
	err     error
}

// A closersStore is a store on which others come in between what is loaded and
// what is committed, and which may have a fault.
type closersStore struct {
	storage.Store
	fault     func(ctx context.Context, s storage.Store, c storage.Commit) error // in place of Commit
	conflicts atomic.Int64
}

// Load implements storage.Store.
func (s *closersStore) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	l, err := s.Store.Load(ctx, key, commandID)
	for range 4 {
		runtime.Gosched()
	}
	return l, err
}

// Commit implements storage.Store.
func (s *closersStore) Commit(ctx context.Context, c storage.Commit) (err error) {
	if s.fault != nil {
		err = s.fault(ctx, s.Store, c)
	} else {
		err = s.Store.Commit(ctx, c)
	}
	if errors.Is(err, storage.ErrConflict) {
		s.conflicts.Add(1)
	}
	return err
}

// newClosersRun returns a run on stores that have the same conversations, as nodes
// have.
func newClosersRun(seed uint64, fault func(context.Context, storage.Store, storage.Commit) error, stores ...storage.Store) (*closersRun, error) {
	r := &closersRun{seed: seed, store: stores[0], did: map[string]int{}}
	r.clock.set(noon)
	for i := range closersNodes {
		raced := &closersStore{Store: stores[i%len(stores)], fault: fault}
		desk, err := lifecycle.New(raced, &lifecycle.Options{Clock: &r.clock, Workers: 1 + i})
		if err != nil {
			return nil, err
		}
		r.raced, r.nodes = append(r.raced, raced), append(r.nodes, desk)
	}
	_, err := r.nodes[0].SetPolicies(context.Background(), closersWorkspace, closersPolicies(), 0)
	return r, err
}

// run has so many conversations closed, batch after batch.
func (r *closersRun) run(ctx context.Context, conversations int) error {
	for batch := 0; batch < conversations; batch += closersBatch {
		r.clock.set(noon) // at which nothing of the batches before is due
		var chats []*closersChat
		for i := range min(closersBatch, conversations-batch) {
			c := newClosersChat(metaDice(r.seed, int64(batch+i)), batch+i)
			if err := r.open(ctx, c); err != nil {
				return err
			}
			chats = append(chats, c)
		}
		r.clock.set(noon.Add(70 * time.Second))
		if _, err := r.nodes[0].Tick(ctx); err != nil { // which follows up
			return err
		}
		r.clock.set(noon.Add(80 * time.Second))
		for _, c := range chats {
			if err := r.chat(ctx, c); err != nil {
				return err
			}
		}
		r.clock.set(noon.Add(150 * time.Second))
		r.chats = append(r.chats, chats...)
		if err := r.race(ctx, chats); err != nil {
			return err
		}
	}
	return nil
}

// newClosersChat makes up a conversation and who does what to it at once.
func newClosersChat(dice *rand.Rand, i int) *closersChat {
	c := &closersChat{
		id: fmt.Sprint("chat-", i), visitor: conversation.Visitor(fmt.Sprint("vic-", i)),
		group:    metaPick(dice, "", "", "bot", "bot", "warn", "enforce", "shut", "form"),
		assigned: dice.IntN(3) > 0,
		chatter:  dice.IntN(5),
		tried:    make(chan struct{}),
	}
	if c.group == "bot" {
		c.assigned = dice.IntN(3) == 0
	}
	outcome := func() closure.Outcome { return metaPick(dice, closure.Outcomes()...) }
	asOf := func() conversation.Version { return metaPick[conversation.Version](dice, -1, 0, 0, 1) }
	form := func() closure.Form {
		return closure.Form{
			Sentiment: metaPick(dice, "", closure.Positive, closure.Negative),
			Tags:      metaPick(dice, nil, []string{"late"}, []string{"refund", "late"}),
			Notes:     metaPick(dice, "", "to be continued"),
		}
	}
	ann, ben := conversation.Agent("ann"), conversation.Agent("ben")
	sue, api, robo := conversation.Supervisor("sue"), conversation.System("api"), conversation.Bot("robo")
	people := func(by conversation.Actor) closersStep {
		yes := metaPick(dice, "", closure.Abrupt, closure.Unanswered)
		return closersStep{by: by, asOf: asOf(), command: conversation.Close{Outcome: outcome(), Form: form(), Acknowledged: yes}}
	}
	closers := [][]closersStep{
		{people(ann)}, {people(ann), people(ann)}, {people(ben)},
		{people(sue)},
		{{by: sue, asOf: asOf(), command: conversation.Close{Outcome: outcome(), Force: true}}},
		{{by: api, asOf: asOf(), command: conversation.Close{Outcome: outcome(), Cause: closure.QueueTimeout}}},
		{{by: robo, asOf: metaPick[conversation.Version](dice, 0, 0, 1), command: conversation.Close{Outcome: outcome()}}},
		{{by: c.visitor, asOf: -1, command: conversation.Close{}}},
	}
	dice.Shuffle(len(closers), func(i, j int) { closers[i], closers[j] = closers[j], closers[i] })
	closing := 2 + dice.IntN(2)
	if c.chatter < 2 {
		closing-- // a timer is one of them
	}
	bots := func(plan []closersStep) bool { return plan[0].by == robo }
	if i := slices.IndexFunc(closers, bots); c.group == "bot" && !c.assigned {
		closers[0], closers[i] = closers[i], closers[0] // it has it
	}
	c.plans = closers[:closing]
	var messages []closersStep
	for n := range dice.IntN(4) {
		say := conversation.Say{Text: fmt.Sprintf("message %d to %s", n, c.id), Marks: []closure.Mark{}}
		if dice.IntN(4) == 0 {
			say.Marks = []closure.Mark{closure.Confirmation}
		}
		messages = append(messages, closersStep{by: c.visitor, asOf: -1, command: say})
	}
	reclassify := conversation.Reclassify{Outcome: outcome()}
	if dice.IntN(2) == 0 {
		f := form()
		reclassify.Form = &f
	}
	answer := func() closersStep {
		return closersStep{by: c.visitor, asOf: -1, command: conversation.AnswerSurvey{Rating: 1 + dice.IntN(5)}, later: dice.IntN(4) > 0}
	}
	c.plans = append(c.plans, messages, []closersStep{answer()}, []closersStep{answer()},
		[]closersStep{{by: metaPick(dice, ann, sue, api), asOf: -1, command: reclassify, later: dice.IntN(4) > 0}})
	for _, plan := range c.plans {
		for i := range plan {
			plan[i].node = dice.IntN(closersNodes)
		}
	}
	return c
}

// give gives a command on a node and keeps what came of it.
func (r *closersRun) give(ctx context.Context, c *closersChat, s closersStep) error {
	a := closersAttempt{command: s.command}
	a.call = lifecycle.Call{Workspace: closersWorkspace, Conversation: c.id, By: s.by}
	if s.asOf >= 0 {
		a.call.AsOf = max(1, c.seen-s.asOf)
	}
	call := a.call
	if closing, ok := s.command.(conversation.Close); ok && r.deaf && s.by.Kind != conversation.KindBot && !closing.Force {
		call.AsOf = 0
	}
	a.result, a.err = r.nodes[s.node].Do(ctx, call, s.command)
	c.mu.Lock()
	c.attempts = append(c.attempts, a)
	c.mu.Unlock()
	return a.err
}

// open opens a conversation, which an agent may take.
func (r *closersRun) open(ctx context.Context, c *closersChat) error {
	err := r.give(ctx, c, closersStep{by: c.visitor, asOf: -1, command: conversation.Open{Group: c.group}})
	if err == nil && c.assigned {
		err = r.give(ctx, c, closersStep{by: conversation.Agent("ann"), asOf: -1, command: conversation.Take{}, node: 1})
	}
	return err
}

// chat has them talk after the follow-up, so that it is not idle: nothing, or the
// visitor alone, or both, or all that a courteous ending needs. It notes what those
// who close have seen.
func (r *closersRun) chat(ctx context.Context, c *closersChat) error {
	says := func(by conversation.Actor, text string, marks ...closure.Mark) closersStep {
		say := conversation.Say{Text: text + " " + c.id, Marks: append([]closure.Mark{}, marks...)}
		return closersStep{by: by, asOf: -1, command: say}
	}
	var steps []closersStep
	if c.chatter >= 2 {
		steps = append(steps, says(c.visitor, "Hello"))
	}
	if ann := conversation.Agent("ann"); c.chatter >= 3 && c.assigned {
		steps = append(steps, says(ann, "Is that all?", closure.CheckIn))
		if c.chatter == 4 {
			steps = append(steps, says(c.visitor, "Yes", closure.Confirmation), says(ann, "Bye", closure.Farewell))
		}
	}
	for _, step := range steps {
		if err := r.give(ctx, c, step); err != nil {
			return err
		}
	}
	now, err := r.nodes[0].Get(ctx, closersWorkspace, c.id)
	c.seen = now.Version
	return err
}

// race does all that is planned at once, while each node works off what is due.
func (r *closersRun) race(ctx context.Context, chats []*closersChat) error {
	start := make(chan struct{})
	var racers, tickers sync.WaitGroup
	var racing atomic.Int64
	ticked := make([]closersTicks, len(r.nodes))
	for _, c := range chats {
		for _, plan := range c.plans {
			racing.Add(1)
			racers.Go(func() {
				defer racing.Add(-1)
				<-start
				for _, step := range plan {
					if step.later {
						<-c.tried
					}
					_ = r.give(ctx, c, step) // kept with the attempt
					if _, ok := step.command.(conversation.Close); ok {
						c.once.Do(func() { close(c.tried) })
					}
				}
			})
		}
	}
	for i, node := range r.nodes {
		tickers.Go(func() {
			<-start
			for last := false; !last; {
				last = racing.Load() == 0
				t, err := node.Tick(ctx)
				ticked[i] = append(ticked[i], t)
				if err != nil {
					ticked[i] = append(ticked[i], lifecycle.Ticked{Failed: []lifecycle.Failure{{Err: err}}})
					return
				}
			}
		})
	}
	close(start)
	racers.Wait()
	tickers.Wait()
	for _, ticks := range ticked {
		r.failed = append(r.failed, ticks.note(chats)...)
	}
	return ctx.Err()
}

type closersTicks []lifecycle.Ticked

// note keeps the deadlines that were worked off with their conversations, and
// returns what failed.
func (ticks closersTicks) note(chats []*closersChat) (failed []string) {
	for _, t := range ticks {
		for _, f := range t.Failed {
			failed = append(failed, fmt.Sprintf("%s%s failed: %v", f.Conversation, f.Record, f.Err))
		}
		for _, f := range t.Fired {
			of := slices.IndexFunc(chats, func(c *closersChat) bool { return c.id == f.Conversation })
			if of < 0 {
				failed = append(failed, fmt.Sprintf("%s was due, which nobody races for", f.Conversation))
				continue
			}
			c := chats[of]
			c.attempts = append(c.attempts, closersAttempt{
				call:    lifecycle.Call{Workspace: closersWorkspace, Conversation: c.id, By: conversation.Timer()},
				command: conversation.Expire{}, result: lifecycle.Result{Records: f.Records},
			})
		}
	}
	return failed
}

// TestClosers: of those who close a conversation at once, on any node and any
// store, one wins and the others learn of it, and no message of the visitor is
// silently left unanswered.
func TestClosers(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := metaEnvironment(t, "SEED", rand.Uint64())
	times := proof.Soak(t)
	t.Logf("seed %d; SEED=%[1]d repeats what is tried, not who is faster", seed)
	for _, store := range []struct {
		name          string
		conversations int
		open          func(t *testing.T) []storage.Store
	}{
		{"memory", 300, func(*testing.T) []storage.Store { return []storage.Store{memory.New()} }},
		{"SQLite modernc", 40, func(t *testing.T) []storage.Store { return closersSQLite(t, sqliteDrivers[0]) }},
		{"SQLite mattn", 120, func(t *testing.T) []storage.Store { return closersSQLite(t, sqliteDrivers[1]) }},
		{"Postgres pgx", 120, closersPostgres},
	} {
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			r, err := newClosersRun(seed, nil, store.open(t)...)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.run(t.Context(), store.conversations*times); err != nil {
				t.Fatal(err)
			}
			wrong := r.wrong(t.Context())
			for _, what := range wrong[:min(20, len(wrong))] {
				t.Error(what)
			}
			if store.name == "memory" {
				r.raceWasOne(t)
			}
			r.report(t, store.name, len(wrong))
		})
	}
}

// closersSQLite returns two stores on one file.
func closersSQLite(t *testing.T, d sqliteDriver) []storage.Store {
	content, err := template()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(metaDirectory(t), d.name+".db")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return []storage.Store{sqliteStore(t, d.open(t, file, ""), nil), sqliteStore(t, d.open(t, file, ""), nil)}
}

// closersPostgres returns two stores on one database.
func closersPostgres(t *testing.T) []storage.Store {
	db := pgx.open(t, pgtest.Shared(t).NewDatabase(t))
	first := migratedPostgres(t, db, &postgres.Options{})
	return []storage.Store{first, postgresStore(t, db, &postgres.Options{})}
}

// raceWasOne reports what a race must have seen, so that finding nothing wrong says
// something.
func (r *closersRun) raceWasOne(t *testing.T) {
	t.Helper()
	for _, what := range []string{
		"closings", "closings by timer", "closings by visitor", "closings by bot", "closings by agent", "closings as of",
		"came too late", "were stale", "held by another", "incomplete", "discourteous", "acknowledged", "yes to another warning",
		"messages before", "messages that reopened", "messages to a successor", "new decisions", "answers", "answers refused", "conflicts",
	} {
		if r.did[what] == 0 {
			t.Errorf("it never came to: %s", what)
		}
	}
}

func (r *closersRun) report(t *testing.T, store string, wrong int) {
	t.Helper()
	n := r.did
	proof.Count(t, proof.Figure{
		Suite: "closers", Tried: int64(n["tried"]), Trials: "closings of " + store, Broken: int64(wrong), Breaks: "wrong", Seed: r.seed,
		Details: fmt.Sprintf("%d conversations on %d nodes, %d won (%d of them timers), %d came too late, %d stale, %d refused otherwise, %d messages (%d before, %d reopened, %d to successors), %d new decisions, %d answers, %d conflicts",
			len(r.chats), len(r.nodes), n["closings"], n["closings by timer"], n["came too late"], n["were stale"],
			n["held by another"]+n["incomplete"]+n["discourteous"],
			n["messages before"]+n["messages that reopened"]+n["messages to a successor"], n["messages before"], n["messages that reopened"], n["messages to a successor"],
			n["new decisions"], n["answers"], n["conflicts"]),
	})
}
