//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

const (
	nodes           = 4 // Desks, each with a store and a pool of its own
	postgresWriters = 16
)

// A postgresSuite kills a server that is written to.
type postgresSuite struct {
	*testing.T
	rand    *rand.Rand
	cluster *pgtest.Cluster
	db      *sql.DB
	store   *postgres.Store // in db: that of the audits
	desks   []*lifecycle.Desk
	seen    *ambiguities

	// again is what a caller does whose command failed.
	again func(ctx context.Context, desk *lifecycle.Desk, e *entry) answer

	end     storage.Position // of the feed
	verdict verdict
	unclear int // commits of unknown outcome
	applied int // of these
}

// newPostgresSuite starts a server that keeps what it acknowledged, and Desks on
// it whose stores are wrapped.
func newPostgresSuite(t *testing.T, r *rand.Rand, wrap func(storage.Store) storage.Store) *postgresSuite {
	t.Helper()
	s := &postgresSuite{T: t, rand: r, seen: new(ambiguities)}
	s.cluster = pgtest.StartFor(t, pgtest.Options{Durable: true, Settings: []string{"recovery_init_sync_method=syncfs"}})
	s.db, s.store = s.open()
	s.db.SetMaxOpenConns(2)
	check(t, s.store.Migrate(t.Context()))
	for range nodes {
		_, store := s.open()
		desk, err := lifecycle.New(wrap(&watched{store, s.seen}), nil)
		check(t, err)
		s.desks = append(s.desks, desk)
	}
	return s
}

// pool is how many connections a store has. When the server was killed, the
// driver finds out about each of them by an error, unless it was idle for long.
const pool = 8

// openPostgres opens a database as a host does.
func openPostgres(ctx context.Context, url string) (*sql.DB, *postgres.Store, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	store, err := postgres.New(ctx, db, nil)
	return db, store, err
}

func (s *postgresSuite) open() (*sql.DB, *postgres.Store) {
	s.Helper()
	db, store, err := openPostgres(s.Context(), s.cluster.URL("postgres"))
	check(s, err)
	s.Cleanup(func() { _ = db.Close() })
	s.Cleanup(func() { _ = store.Close() })
	return db, store
}

// ambiguities are the commits of unknown outcome, by conversation and command ID.
// They are safe for concurrent use.
type ambiguities struct {
	mu  sync.Mutex
	all map[ambiguity]bool
}

type ambiguity struct {
	key storage.Key
	id  string
}

// take returns the ambiguities so far, and forgets them.
func (a *ambiguities) take() map[ambiguity]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.all
	a.all = nil
	return all
}

// A watched store notes the commits of unknown outcome.
type watched struct {
	storage.Store
	seen *ambiguities
}

func (s *watched) Commit(ctx context.Context, c storage.Commit) error {
	err := s.Store.Commit(ctx, c)
	if errors.Is(err, storage.ErrOutcomeUnknown) {
		s.seen.mu.Lock()
		defer s.seen.mu.Unlock()
		if s.seen.all == nil {
			s.seen.all = map[ambiguity]bool{}
		}
		s.seen.all[ambiguity{c.Key, c.Command.ID}] = true
	}
	return err
}

// TestPostgresKilled kills the whole server under writers, again and again, and
// gives what failed once more, under the same IDs.
func TestPostgresKilled(t *testing.T) {
	t.Parallel()
	r, seed := newRand(t)
	rounds := proof.Size(t, 30)
	s := newPostgresSuite(t, r, func(store storage.Store) storage.Store { return store })
	s.again = func(ctx context.Context, desk *lifecycle.Desk, e *entry) answer {
		return e.give(ctx, desk, postgresWriters, e.name())
	}
	for i := range rounds {
		s.round(i)
		s.verdict.fail(t)
		if t.Failed() {
			t.Fatalf("in round %d", i)
		}
	}
	proof.Count(t, proof.Figure{
		Suite: "postgres killed", Tried: int64(s.verdict.acknowledged), Trials: "acknowledged commands",
		Broken: int64(len(s.verdict.lost) + len(s.verdict.twice)), Breaks: "lost or applied twice", Seed: seed,
		Details: fmt.Sprintf("%s kills of the server, %s ambiguous commits of which %s applied, all resolved", grouped(rounds), grouped(s.unclear), grouped(s.applied)),
	})
}

// TestPostgresKilledControl is the positive control: a caller who takes an unknown
// outcome for a failure, and gives the command anew, does something twice.
func TestPostgresKilledControl(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	r, seed := newRand(t)
	const most = 30
	s := newPostgresSuite(t, r, func(store storage.Store) storage.Store { return sanguine{store} })
	s.again = func(ctx context.Context, desk *lifecycle.Desk, e *entry) answer {
		e.ids = append(e.ids, fmt.Sprint(e.name(), "-again", len(e.ids)))
		return e.give(ctx, desk, postgresWriters, e.ids[len(e.ids)-1])
	}
	for i := range most {
		s.round(i)
		if n := len(s.verdict.twice); n > 0 {
			proof.Planted(t, "postgres killed", "a caller that takes an unknown outcome for a failure", true)
			t.Logf("%d twice after %d rounds, seed %d", n, i+1, seed)
			return
		}
	}
	proof.Planted(t, "postgres killed", "a caller that takes an unknown outcome for a failure", false)
}

// A sanguine store takes an unknown outcome for a failure.
type sanguine struct{ storage.Store }

func (s sanguine) Commit(ctx context.Context, c storage.Commit) error {
	err := s.Store.Commit(ctx, c)
	if errors.Is(err, storage.ErrOutcomeUnknown) {
		return fmt.Errorf("not applied, it is believed: %v", err)
	}
	return err
}

// round lets the writers write, kills the server, starts it again and clears up
// what failed.
func (s *postgresSuite) round(n int) {
	s.Helper()
	l := newLedger()
	work := load{desks: s.desks, round: n, writers: postgresWriters, report: l.enter}
	done := make(chan struct{})
	go func() {
		defer close(done)
		work.run(s.Context())
	}()
	select {
	case <-l.accepted:
	case <-done:
		s.Fatalf("all failed while the server ran: %v", l.unanswered()[0].Err)
	}
	<-time.After(time.Duration(s.rand.IntN(200_000)) * time.Microsecond)
	check(s, s.cluster.Kill())
	<-done // without a server, everybody's next call fails
	check(s, s.cluster.Restart())
	s.db.SetMaxIdleConns(0) // the connections are dead
	s.db.SetMaxIdleConns(pool)
	ctx := within(s, patience)
	s.settle(ctx)
	s.repeat(ctx, l)
	a := audit{store: s.store, writers: postgresWriters, after: s.end}
	var err error
	s.end, err = a.run(ctx, l)
	check(s, err)
	s.verdict.add(a.verdict)
}

// settle counts the commits of unknown outcome, and those that were applied.
func (s *postgresSuite) settle(ctx context.Context) {
	s.Helper()
	for a := range s.seen.take() {
		loaded, err := s.store.Load(ctx, a.key, a.id)
		check(s, err)
		s.unclear++
		if loaded.Applied != nil {
			s.applied++
		}
	}
}

// repeat gives every request that failed once more. What had been said to have
// changed nothing must not be there before, and what was there must be answered
// as it would have been.
func (s *postgresSuite) repeat(ctx context.Context, l *ledger) {
	s.Helper()
	for _, e := range l.unanswered() {
		before, err := s.store.Load(ctx, e.key(postgresWriters), e.name())
		check(s, err)
		there := before.Applied != nil
		if there && e.Outcome == failed {
			s.verdict.wrong = append(s.verdict.wrong, fmt.Sprintf("%s failed with %q, and is %v", e.name(), e.Err, before.Applied))
		}
		desk := s.desks[e.Writer%len(s.desks)]
		a := s.again(ctx, desk, e)
		for tries := 0; a.Outcome == failed && tries < pool; tries++ {
			a = s.again(ctx, desk, e)
		}
		if same := len(e.ids) == 1; same && !answers(a, there) {
			s.Errorf("%s was there: %t, and repeated after %q is answered with %+v", e.name(), there, e.Err, a)
		}
		l.enter(report{Request: &e.request, Answer: &a})
	}
}

// answers reports whether a is what a repeated request may be answered with.
func answers(a answer, there bool) bool {
	if there {
		return a.Outcome == accepted && a.Repeated
	}
	return a.Outcome == refused || a.Outcome == accepted && !a.Repeated
}
