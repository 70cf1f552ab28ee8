//go:build linux

package linear_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/drivertest/wire"
	"github.com/adjourn/adjourn/lifecycle"
)

// A suite makes histories on one server.
type suite struct {
	*testing.T
	cluster *pgtest.Cluster
	db      *sql.DB // one connection, beside the proxies
	desk    *lifecycle.Desk
	proxies [nodes]*wire.Proxy // each node has its own way to the server

	kills, restarts int
}

// newSuite starts a server that keeps what it acknowledged when it is killed, but
// not when its machine is.
func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{T: t}
	s.cluster = pgtest.StartFor(t, pgtest.Options{Durable: true, Settings: []string{"fsync=off"}})
	url := s.cluster.URL("postgres")
	db, store, err := openPostgres(t.Context(), url)
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	t.Cleanup(func() { _ = store.Close() })
	db.SetMaxOpenConns(1)
	check(t, store.Migrate(t.Context()))
	s.db = db
	s.desk, err = lifecycle.New(store, nil)
	check(t, err)
	_, err = s.desk.SetPolicies(t.Context(), workspace, conversation.Policies{Default: conversation.Policy{Bot: true}}, 0)
	check(t, err)
	for i := range s.proxies {
		s.proxies[i] = wire.ListenFor(t, url)
	}
	return s
}

// cuts is how many connections were cut at a COMMIT, and how many besides.
func (s *suite) cuts() (atCommit, besides int) {
	for _, p := range s.proxies {
		counts := p.Counts()
		besides += counts.Cut
		for _, times := range counts.Fates {
			atCommit += times
		}
	}
	return atCommit, besides
}

// disturbed checks that what histories were to have happened to them, with some
// allowance: a node may be killed that is dead already.
func (s *suite) disturbed(p plan, histories int) {
	s.Helper()
	atCommit, besides := s.cuts()
	for _, d := range []struct {
		what      string
		got, want int
	}{
		{"nodes died", s.kills, histories * (p.kills + p.deaths) / 2},
		{"times the server was killed", s.restarts, histories * p.restarts},
		{"connections were cut in blackouts", besides, histories * p.blackouts / 2},
		{"connections were cut at a COMMIT", atCommit, histories * p.operations / p.commitCuts / 8},
	} {
		if want := max(d.want, 1); d.got < want {
			s.Errorf("%d %s, want at least %d", d.got, d.what, want)
		}
	}
}

// A plan is what a history is to have.
type plan struct {
	operations int

	kills      int // at any moment
	deaths     int // just before or just after a commit
	blackouts  int // all connections of a node are cut
	commitCuts int // one in so many COMMITs is cut off; zero: none
	restarts   int // the server is killed

	planted      fault // what nodes do wrong,
	plantedEvery int   // at one in so many requests
	anew         bool  // clients repeat under a new ID
}

// A run is a history that is being made.
type run struct {
	*suite
	plan  plan
	seed  uint64
	nodes [nodes]*node
	began time.Time

	failures atomic.Int64
	doomed   atomic.Int64 // nodes that are to die at a commit

	mu      sync.Mutex // guards the fields below
	history history
	n       int // operations so far
	coming  []disturbance
	now     chan disturbance
	err     error
}

// A disturbance comes when there are so many operations.
type disturbance struct {
	at int
	do func(chances *rand.Rand) error
}

// play makes a history: clients and disturbances at once, and then, when nothing
// runs any more, what the journals tell.
func (s *suite) play(name string, seed uint64, p plan) *history {
	s.Helper()
	r := &run{suite: s, plan: p, seed: seed, began: time.Now(), history: history{Seed: seed, Name: name}}
	r.schedule()
	for i := range r.nodes {
		s.proxies[i].OnCommit(r.fates(rand.New(rand.NewPCG(seed, uint64(100+i)))))
		var err error
		r.nodes[i], err = newNode(s.proxies[i].URL())
		check(s, err)
	}
	var disturber, clients sync.WaitGroup
	disturber.Go(func() {
		chances := rand.New(rand.NewPCG(seed, 99))
		for d := range r.now {
			if err := d.do(chances); err != nil {
				r.give(err)
			}
		}
	})
	for i := range nodes * clientsPerNode {
		clients.Go(func() {
			(&client{run: r, n: i, rand: rand.New(rand.NewPCG(seed, uint64(i))), seen: map[string]standing{}}).work()
		})
	}
	clients.Wait()
	close(r.now)
	disturber.Wait()
	for i, n := range r.nodes {
		if err := n.close(); err != nil {
			r.give(err)
		}
		s.kills += n.deaths
		s.proxies[i].OnCommit(nil)
	}
	check(s, r.err)
	r.quiet()
	r.readJournals()
	return &r.history
}

// schedule spreads the disturbances over the history.
func (r *run) schedule() {
	chances := rand.New(rand.NewPCG(r.seed, 98))
	add := func(times int, do func(*rand.Rand) error) {
		for range times {
			at := r.plan.operations * (5 + chances.IntN(90)) / 100
			r.coming = append(r.coming, disturbance{at, do})
		}
	}
	add(r.plan.kills, r.kill)
	add(r.plan.deaths, func(*rand.Rand) error { r.doomed.Add(1); return nil })
	add(r.plan.blackouts, r.blackout)
	add(r.plan.restarts, r.restart)
	slices.SortFunc(r.coming, func(a, b disturbance) int { return a.at - b.at })
	r.now = make(chan disturbance, len(r.coming))
}

func (r *run) kill(chances *rand.Rand) error {
	r.nodes[chances.IntN(nodes)].now().kill()
	return nil
}

func (r *run) blackout(chances *rand.Rand) error {
	r.proxies[chances.IntN(nodes)].CutAll(chances.IntN(2) == 0)
	return nil
}

func (r *run) restart(*rand.Rand) error {
	err := errors.Join(r.cluster.Kill(), r.cluster.Restart())
	if err == nil {
		r.restarts++
	}
	return err
}

// fates decide what becomes of the COMMITs of a node.
func (r *run) fates(chances *rand.Rand) func(wire.Commit) wire.Fate {
	if r.plan.commitCuts == 0 {
		return nil
	}
	var mu sync.Mutex
	return func(wire.Commit) wire.Fate {
		mu.Lock()
		defer mu.Unlock()
		if chances.IntN(r.plan.commitCuts) > 0 {
			return wire.Pass
		}
		cuts := []wire.Fate{wire.CutBefore, wire.CutBetween, wire.CutAfter, wire.CutAfter | wire.Reset}
		return cuts[chances.IntN(len(cuts))]
	}
}

// plant returns what the node is to do wrong at a request.
func (r *run) plant(of request, chances *rand.Rand) fault {
	p := r.plan
	if of.Do != read && r.doomed.Load() > 0 && r.doomed.Add(-1) >= 0 {
		if chances.IntN(4) == 0 && !p.anew {
			return dieBefore
		}
		return dieAfter
	}
	if p.planted == "" || (of.Do == read) != (p.planted == stale) || chances.IntN(p.plantedEvery) > 0 {
		return ""
	}
	return p.planted
}

// clock is the time of the history: monotonic, and the same for all clients.
func (r *run) clock() int64 { return int64(time.Since(r.began)) }

// record takes down an operation, and lets come what is to come then.
func (r *run) record(o operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history.Operations = append(r.history.Operations, o)
	if o.Answer.Outcome != failed {
		r.n++
	}
	for len(r.coming) > 0 && r.coming[0].at <= r.n {
		r.now <- r.coming[0]
		r.coming = r.coming[1:]
	}
}

// give ends the history because of what should not have happened.
func (r *run) give(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}

func (r *run) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err != nil || r.n >= r.plan.operations
}

// quiet returns when the server does nothing any more that dead nodes or cut
// connections left to it: from then on the journals are what they are.
func (r *run) quiet() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	r.db.SetMaxIdleConns(0) // the connection may be dead
	r.db.SetMaxIdleConns(1)
	const others = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`
	for {
		var left int
		check(r, r.db.QueryRowContext(ctx, others).Scan(&left))
		if left == 0 {
			return
		}
		<-time.After(time.Millisecond)
	}
}

// readJournals finds out what nobody was told, and reads each conversation a last
// time.
func (r *run) readJournals() {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	r.history.Quiet = r.clock()
	for i := range r.history.Operations {
		if o := &r.history.Operations[i]; o.Answer.Outcome == unknown {
			r.lookUp(ctx, o)
		}
	}
	for i := range conversations {
		last := request{Conversation: fmt.Sprintf("%s-c%d", r.history.Name, i), By: conversation.System(""), Do: read}
		o := operation{Client: nodes * clientsPerNode, Request: last, Call: r.clock()}
		o.Answer = answerOf(ctx, r.desk, last)
		o.Return = r.clock()
		if o.Answer.Outcome == failed {
			r.Fatal(o.Answer.Err)
		}
		r.history.Operations = append(r.history.Operations, o)
		if o.Answer.Outcome == accepted {
			r.findEnds(ctx, last.Conversation)
		}
	}
}

// lookUp looks for a command that nobody answered.
func (r *run) lookUp(ctx context.Context, o *operation) {
	r.Helper()
	for _, id := range append([]string{o.Request.ID}, o.Others...) {
		var a answer
		const query = `SELECT from_version, to_version FROM adjourn.commands
			WHERE workspace = $1 AND conversation = $2 AND command = $3`
		err := r.db.QueryRowContext(ctx, query, workspace, o.Request.Conversation, id).Scan(&a.From, &a.To)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		check(r, err)
		there := *o
		a.Outcome = found
		there.Answer = a
		r.history.Journal = append(r.history.Journal, there)
		return
	}
}

// findEnds finds the ends of snoozes in a journal.
func (r *run) findEnds(ctx context.Context, id string) {
	r.Helper()
	records, err := r.desk.History(ctx, workspace, id, 0, 0)
	if err != nil { // it is damaged, which the order shows too
		r.Log(err)
	}
	for _, e := range records {
		if e.By.Kind != conversation.KindTimer {
			continue
		}
		r.history.Journal = append(r.history.Journal, operation{
			Request: request{Conversation: id, By: e.By, Do: ended},
			Answer:  answer{Outcome: found, From: int64(e.Seq) - 1, To: int64(e.Seq)},
		})
	}
}
