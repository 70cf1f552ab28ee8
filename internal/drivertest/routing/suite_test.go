//go:build linux

package routing_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

var idleOff = idle.Ladder{Off: true}

// poll is that of the nodes.
const poll = time.Second

// A suite is nodes on one database.
type suite struct {
	*testing.T
	rand  *rand.Rand
	url   string
	db    *sql.DB
	desk  *lifecycle.Desk // of the host, without Run
	nodes [nodes]*process
	poll  time.Duration
	kills int
	rests int // how often all came to rest

	mu         sync.Mutex // guards the fields below
	counts     map[string]int
	complaints []string
	changes    []changed
	looks      int // how often the database was asked
	found      findings
}

// newSuite makes a database with groups and the traces.
func newSuite(t *testing.T, r *rand.Rand) *suite {
	t.Helper()
	s := &suite{T: t, rand: r, poll: poll, counts: map[string]int{}, found: findings{}}
	s.url = pgtest.Shared(t).NewDatabase(t)
	db, store, err := openPostgres(t.Context(), s.url)
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	t.Cleanup(func() { _ = store.Close() })
	s.db = db
	check(t, store.Migrate(t.Context()))
	_, err = db.Exec(traces)
	check(t, err)
	s.desk, err = lifecycle.New(store, nil)
	check(t, err)
	_, err = s.desk.SetPolicies(t.Context(), workspace, policies, 0)
	check(t, err)
	for _, group := range groups {
		check(t, s.desk.SetGroup(t.Context(), workspace, group))
	}
	return s
}

// start starts a node, in the place of one that was killed.
func (s *suite) start(o nodeOrder) {
	s.Helper()
	o.URL, o.Seed, o.Poll = s.url, s.rand.Uint64(), s.poll
	p := spawn(s, s.hear)
	p.give(s, order{Node: &o})
	s.nodes[o.Slot] = p
}

// stop kills a node. Its agents have lost their connection with it.
func (s *suite) stop(slot int) {
	s.Helper()
	check(s, s.nodes[slot].endedItself())
	s.nodes[slot].kill()
	s.kills++
	for i := slot; i < agents; i += nodes {
		_, err := s.desk.SetAvailability(s.Context(), workspace, agentID(i), roster.Automatic, roster.Unavailable)
		if err != nil && !isNoAgent(err) {
			s.Fatal(err)
		}
	}
}

// hear takes in what a node reports.
func (s *suite) hear(r report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for what, n := range r.Counts {
		s.counts[what] += n
	}
	if r.Changed != nil {
		s.changes = append(s.changes, *r.Changed)
	}
	if r.Complaint != "" {
		s.complaints = append(s.complaints, r.Complaint)
	}
}

// watched asks the database all the time what must always hold, while work is
// under way.
func (s *suite) watched(work func()) {
	s.Helper()
	ctx, stop := context.WithCancel(s.Context())
	done := make(chan error)
	r := rand.New(rand.NewPCG(s.rand.Uint64(), 0))
	go func() { done <- s.look(ctx, r) }()
	defer func() {
		s.Helper()
		stop()
		check(s, <-done)
	}()
	work()
}

// look asks until ctx is done: often what is asked quickly, and now and then about
// the journals of some conversations.
func (s *suite) look(ctx context.Context, r *rand.Rand) error {
	const slice = 100
	for i := 0; pause(ctx, 2*time.Millisecond); i++ {
		questions := quick()
		if i%10 == 0 {
			questions = always
		}
		var last int
		if err := s.db.QueryRow(`SELECT last_value FROM opened`).Scan(&last); err != nil {
			return err
		}
		found := findings{}
		from := fmt.Sprintf("chat-%06d", r.IntN(last+1))
		if err := found.ask(context.Background(), s.db, questions, from, slice); err != nil {
			return err
		}
		s.mu.Lock()
		s.looks++
		for what, examples := range found {
			s.found[what] = examples
		}
		s.mu.Unlock()
	}
	return nil
}

func quick() []question {
	return slices.DeleteFunc(slices.Clone(always), func(q question) bool { return q.sliced })
}

func (s *suite) number(query string) (n int) {
	s.Helper()
	check(s, s.db.QueryRow(query).Scan(&n))
	return n
}

func (s *suite) texts(query string) (all []string) {
	s.Helper()
	rows, err := s.db.Query(query)
	check(s, err)
	defer rows.Close()
	for rows.Next() {
		var text string
		check(s, rows.Scan(&text))
		all = append(all, text)
	}
	check(s, rows.Err())
	return all
}

// hire makes all agents. Only of one who has a record are the seats limited and
// counted.
func (s *suite) hire() {
	s.Helper()
	for i := range agents {
		check(s, arrive(s.Context(), s.desk, s.rand, agentID(i)))
	}
}

// rush lets the nodes work until n conversations were opened, and most are closed,
// and kills one of them all the time.
func (s *suite) rush(n int) {
	s.Helper()
	for slot := range nodes {
		s.start(nodeOrder{Slot: slot, Conversations: n})
	}
	end := time.Now().Add(patience + time.Duration(n)*50*time.Millisecond)
	for {
		pause(s.Context(), between(s.rand, 500, 2000))
		if s.finished(n) {
			break
		}
		if time.Now().After(end) {
			s.Fatalf("%d of %d conversations are closed when all should be; %v", s.closed(), n, s.counts)
		}
		slot := s.rand.IntN(nodes)
		s.stop(slot)
		pause(s.Context(), between(s.rand, 0, 1000))
		s.start(nodeOrder{Slot: slot, Conversations: n})
	}
	for slot := range nodes {
		s.stop(slot)
	}
}

// finished reports whether few conversations are left to be worked on.
func (s *suite) finished(n int) bool {
	s.Helper()
	open := s.number(`SELECT count(*) FROM adjourn.conversations WHERE state <> 'closed'`)
	return s.number(`SELECT last_value FROM opened`) >= n && open <= 2*agents
}

func (s *suite) closed() int {
	s.Helper()
	return s.number(`SELECT count(*) FROM adjourn.conversations WHERE state = 'closed'`)
}

// rest has all agents there and more conversations than they have seats, frees
// some seats when nobody looks, kills a node, and waits until the others have
// nothing to do. They only route.
func (s *suite) rest() {
	s.Helper()
	s.hire()
	seats := s.number(`SELECT sum(capacity) FROM adjourn.records WHERE kind = 'agent'`)
	for i := range seats + agents {
		id := fmt.Sprintf("late-%03d-%03d", s.rests, i)
		opening := conversation.Open{ForAgent: true}
		if i%4 > 0 {
			opening.Group = someGroup(s.rand)
		}
		_, err := s.desk.Open(s.Context(), lifecycle.Call{Workspace: workspace, Conversation: id, By: conversation.Visitor(id)}, opening)
		check(s, err)
	}
	for slot := range nodes {
		s.start(nodeOrder{Slot: slot})
	}
	s.settle()
	for i, c := range s.held() {
		if i%3 > 0 {
			continue
		}
		call := lifecycle.Call{Workspace: workspace, Conversation: c.ID, By: conversation.Agent(c.Agent)}
		_, err := s.desk.Close(s.Context(), call, conversation.Close{Outcome: closure.Resolved})
		check(s, err)
	}
	s.nodes[0].kill()
	s.kills++
	s.settle()
	for slot := 1; slot < nodes; slot++ {
		s.nodes[slot].kill()
	}
	s.rests++
}

func (s *suite) held() []conversation.Conversation {
	s.Helper()
	v := lifecycle.View{States: []conversation.State{conversation.StateAssigned}}
	page, err := s.desk.List(s.Context(), workspace, v, "", lifecycle.MaxPage)
	check(s, err)
	return page.Conversations
}

// settle waits until nothing is overdue for longer than a poll.
func (s *suite) settle() {
	s.Helper()
	const work = `
		SELECT count(*) FROM (
			SELECT due FROM adjourn.records UNION ALL SELECT due FROM adjourn.conversations
		) d WHERE due < ` + present
	end := time.Now().Add(patience)
	for quiet := time.Now(); time.Since(quiet) < poll*6/5 && time.Now().Before(end); {
		if s.number(work) > 0 {
			quiet = time.Now()
		}
		pause(s.Context(), 50*time.Millisecond)
	}
}

// verdict fails the test if there is something that must not be.
func (s *suite) verdict() {
	s.Helper()
	const slice = 500 // journals are compared with each other
	starts := s.texts(fmt.Sprintf(`
		SELECT conversation FROM (
			SELECT conversation, row_number() OVER (ORDER BY conversation) AS n FROM adjourn.conversations
		) c WHERE n %% %d = 1`, slice))
	for _, from := range starts {
		check(s, s.found.ask(s.Context(), s.db, always, from, slice))
	}
	check(s, s.found.ask(s.Context(), s.db, atRest, "", 1<<30))
	if len(s.found) > 0 {
		s.Error(s.found)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.complaints {
		if i < 5 {
			s.Errorf("a node complained, %d times: %s", len(s.complaints), c)
		}
	}
}
