package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// TestPostgresSeatsOfTwoNodes: two nodes take, move and free the seats of a few
// agents, and none ever has more than there are. After each round the database
// is asked, not the store.
func TestPostgresSeatsOfTwoNodes(t *testing.T) {
	t.Parallel()
	const rounds, callers, capacity = 12, 16, 3
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	address := pgtest.Shared(t).NewDatabase(t)
	db := pgx.open(t, address)
	one := migratedPostgres(t, db, &postgres.Options{Timeout: time.Minute, LockTimeout: 30 * time.Second})
	two := postgresStore(t, pgx.open(t, address), &postgres.Options{Timeout: time.Minute, LockTimeout: 30 * time.Second})
	for _, id := range []string{"a", "b", "c"} {
		mustPg(t, one.Put(t.Context(), pgAgent(id, capacity)))
	}
	n := &seatNodes{T: t, agents: []string{"a", "b", "c", "", "nobody"}}
	for round := range rounds {
		var wg sync.WaitGroup
		for i := range 2 * callers {
			s := []*postgres.Store{one, two}[i%2]
			random := rand.New(rand.NewPCG(seed, uint64(round*1000+i)))
			wg.Go(func() {
				for range 10 { // of 24 conversations, so that callers meet
					n.move(s, pgKey(fmt.Sprint(random.IntN(24))), n.agents[random.IntN(len(n.agents))])
				}
			})
		}
		wg.Wait()
		n.check(db, capacity)
	}
	n.checkMoves(db)
	if got := pgInt(t, db, `SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`); got != 0 {
		t.Errorf("the nodes waited for each other %d times", got)
	}
	t.Logf("%d seats were taken or freed, %d commits found the agent full, %d conflicted", n.moves.Load(), n.full.Load(), n.lost.Load())
	if n.full.Load() == 0 || n.moves.Load() == 0 {
		t.Error("no agent was ever full, or no seat moved: nothing was tested")
	}
}

type seatNodes struct {
	*testing.T
	agents            []string
	moves, full, lost atomic.Int64
}

// move gives a conversation to an agent, on the version it is at.
func (n *seatNodes) move(s *postgres.Store, k storage.Key, agent string) {
	ctx := context.Background()
	l, err := s.Load(ctx, k, "")
	if err != nil {
		n.Error(err)
		return
	}
	err = s.Commit(ctx, pgSeated(agent, pgChange(k, l.Head.Version, 1, "")))
	switch had := l.Head.Seat; {
	case errors.Is(err, storage.ErrFull):
		n.full.Add(1)
	case errors.Is(err, storage.ErrConflict):
		n.lost.Add(1)
	case err != nil:
		n.Errorf("a commit that moves a seat: %v", err)
	case had != agent:
		for _, of := range []string{had, agent} {
			if of != "" && of != "nobody" {
				n.moves.Add(1)
			}
		}
	}
}

func (n *seatNodes) check(db *sql.DB, capacity int) {
	n.Helper()
	for _, id := range []string{"a", "b", "c"} {
		if taken := pgInt(n, db, `SELECT count(*) FROM adjourn.conversations WHERE seat = $1`, id); taken > capacity {
			n.Errorf("agent %s has %d conversations and %d seats", id, taken, capacity)
		}
	}
}

// checkMoves compares what the rows of the agents say with what was committed.
func (n *seatNodes) checkMoves(db *sql.DB) {
	n.Helper()
	if got := pgInt(n, db, `SELECT sum(seat_moves) FROM adjourn.records`); got != int(n.moves.Load()) {
		n.Errorf("the agents count %d moves of seats, the callers made %d", got, n.moves.Load())
	}
}

func pgInt(tb testing.TB, db *sql.DB, query string, args ...any) (got int) {
	tb.Helper()
	mustPg(tb, db.QueryRow(query, args...).Scan(&got))
	return got
}

// TestPostgresOverfillIsFound is the positive control: an overfilled agent is
// seen by the check of the test above.
func TestPostgresOverfillIsFound(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, nil)
	mustPg(t, s.Put(t.Context(), pgAgent("a", 1)))
	for i := range 2 {
		c := pgSeated("a", pgChange(pgKey(fmt.Sprint(i)), 0, 1, ""))
		c.Seen = storage.Seen{Agent: "a", Version: 1, Overfill: true}
		mustPg(t, s.Commit(t.Context(), c))
	}
	if taken := pgInt(t, db, `SELECT count(*) FROM adjourn.conversations WHERE seat = $1`, "a"); taken != 2 {
		t.Errorf("%d seats are taken of the agent that was overfilled, want 2", taken)
	}
}

// inOneBatch commits all at once, while a lock keeps the batches before them from
// ending, so that they share the next one. It returns their results in order.
func inOneBatch(t *testing.T, db *sql.DB, s *postgres.Store, commits ...storage.Commit) []error {
	t.Helper()
	results := make([]error, len(commits))
	wait := startBatch(t, db, s, commits, func(i int, err error) { results[i] = err })
	wait()
	return results
}

// startBatch is inOneBatch that does not wait for the results.
func startBatch(t *testing.T, db *sql.DB, s *postgres.Store, commits []storage.Commit, result func(i int, err error)) (wait func()) {
	t.Helper()
	tx := hostTransaction(t, db)
	_, err := tx.Exec(`LOCK TABLE adjourn.tags IN EXCLUSIVE MODE`)
	mustPg(t, err)
	var wg, ready sync.WaitGroup
	for before := range 2 { // so many batches can be under way
		wg.Go(func() {
			c := pgChange(storage.Key{Workspace: "blocker", Conversation: fmt.Sprint(rand.Uint64())}, 0, 1, "")
			c.Head.Tags = []string{"blue"}
			if err := s.Commit(context.Background(), c); err != nil {
				t.Errorf("a commit before the batch: %v", err)
			}
		})
		untilBlocked(t, db, before+1)
	}
	const blocked = `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0 AND xact_start > $1::timestamptz`
	began := pgText(t, db, `SELECT clock_timestamp()::text`)
	ready.Add(len(commits))
	for i, c := range commits {
		wg.Go(func() {
			ready.Done()
			result(i, s.Commit(context.Background(), c))
		})
	}
	ready.Wait()
	// Until the first batch has given up, if it had not before we looked: then they
	// are not in one batch, and there is nothing more to wait for.
	for soon := time.Now().Add(2 * time.Second); pgInt(t, db, blocked, began) == 0 && time.Now().Before(soon); {
	}
	mustPg(t, tx.Rollback())
	return wg.Wait
}

// TestPostgresLastSeat: of several commits that want the last seat, in one batch
// or not, one gets it.
func TestPostgresLastSeat(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, db *sql.DB) {
		s := migratedPostgres(t, db, nil)
		ctx := t.Context()
		mustPg(t, s.Put(ctx, pgAgent("zoe", 2)))
		mustPg(t, s.Commit(ctx, pgSeated("zoe", pgChange(pgKey("first"), 0, 1, ""))))
		shared := 0
		for round := range 5 {
			commits := []storage.Commit{pgChange(pgKey(fmt.Sprint("without ", round)), 0, 1, "")}
			for i := range 12 {
				c := pgSeated("zoe", pgChange(pgKey(fmt.Sprint(round, " ", i)), 0, 1, "take"))
				c.Head.Tags = []string{"blue"}
				commits = append(commits, c)
			}
			won := -1
			for i, err := range inOneBatch(t, db, s, commits...) {
				switch {
				case i == 0:
					mustPg(t, err)
				case err == nil && won < 0:
					won = i
				case err == nil:
					t.Errorf("commits %d and %d both took the last seat", won, i)
				case !errors.Is(err, storage.ErrFull):
					t.Errorf("a commit that wanted the last seat: %v", err)
				}
			}
			if won < 0 {
				t.Fatal("no commit took the last seat")
			}
			const transactions = `SELECT count(DISTINCT xmin::text) FROM adjourn.conversations WHERE conversation IN ($1, $2)`
			if pgInt(t, db, transactions, commits[0].Key.Conversation, commits[won].Key.Conversation) == 1 {
				shared++
			}
			if got := pgInt(t, db, `SELECT count(*) FROM adjourn.events WHERE conversation LIKE $1`, fmt.Sprint(round, " %")); got != 1 {
				t.Errorf("%d conversations were opened, want the one that won", got)
			}
			mustPg(t, s.Commit(ctx, pgChange(commits[won].Key, 1, 1, "leave")))
		}
		if shared == 0 {
			t.Error("no batch was shared: nothing was tested")
		}
		r, err := s.Record(ctx, pgAgent("zoe", 0).Key)
		mustPg(t, err)
		want := pgAgent("zoe", 2)
		want.Version, want.Seats, want.SeatsAt, want.SeatMoves, want.Due = 1, 1, pgNoon, 11, pgNoon
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("the record of the agent (-want +got):\n%s", diff)
		}
	})
}

// TestPostgresFullByOneThatLost: a commit is not refused for want of a seat that
// another one of its batch wanted, and did not get for another reason.
func TestPostgresFullByOneThatLost(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, &postgres.Options{Timeout: time.Minute, LockTimeout: 30 * time.Second})
	ctx := t.Context()
	mustPg(t, s.Put(ctx, pgAgent("zoe", 1)))
	for round := range 5 {
		opened, known := pgKey(fmt.Sprint("opened ", round)), pgKey(fmt.Sprint("known ", round))
		mustPg(t, s.Commit(ctx, pgChange(opened, 0, 1, "")))
		mustPg(t, s.Commit(ctx, pgChange(known, 0, 1, "known")))
		free := pgChange(pgKey(fmt.Sprint("free ", round)), 0, 1, "take")
		results := inOneBatch(t, db, s,
			pgSeated("zoe", pgChange(opened, 0, 1, "")),
			pgSeated("zoe", pgChange(known, 1, 1, "known")),
			pgSeated("zoe", free))
		if !errors.Is(results[0], storage.ErrConflict) || !errors.Is(results[1], storage.ErrConflict) || results[2] != nil {
			t.Errorf("the results are %v", results)
		}
		mustPg(t, s.Commit(ctx, pgChange(free.Key, 1, 1, "leave")))
	}
}

// TestPostgresHeldAgent: a host's transaction that holds an agent stalls no
// commit that is about no agent, also of the same batch, and who wants that agent
// waits for it.
func TestPostgresHeldAgent(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, &postgres.Options{Timeout: time.Minute, LockTimeout: 50 * time.Second})
	ctx := t.Context()
	mustPg(t, s.Put(ctx, pgAgent("zoe", 1)))
	tx := hostTransaction(t, db)
	mustPg(t, s.Tx(tx).Commit(ctx, pgSeated("zoe", pgChange(pgKey("host"), 0, 1, ""))))
	const wanting, others = 16, 16 // more than may wait alone
	var commits []storage.Commit
	for i := range wanting {
		commits = append(commits, pgSeated("zoe", pgChange(pgKey(fmt.Sprint("wants ", i)), 0, 1, "")))
	}
	for i := range others {
		commits = append(commits, pgChange(pgKey(fmt.Sprint("other ", i)), 0, 1, ""))
	}
	var done sync.WaitGroup
	done.Add(others)
	var free atomic.Bool // the agent
	wait := startBatch(t, db, s, commits, func(i int, err error) {
		switch {
		case i >= wanting:
			if err != nil || free.Load() {
				t.Errorf("a commit that is about no agent: %v, after the host: %t", err, free.Load())
			}
			done.Done()
		case !free.Load():
			t.Errorf("a commit that wants a held agent ended before the host: %v", err)
		case !errors.Is(err, storage.ErrFull):
			t.Errorf("a commit that wants the seat that the host took: %v", err)
		}
	})
	stalled := time.AfterFunc(20*time.Second, func() {
		free.Store(true)
		_ = tx.Commit()
	})
	done.Wait()
	if stalled.Stop() {
		free.Store(true)
		mustPg(t, tx.Commit())
	}
	wait()
}

// TestPostgresFirstRecordOfAnAgent: the record of an agent is not made while a
// transaction takes a seat of the agent without one, so that nobody counts too
// few.
func TestPostgresFirstRecordOfAnAgent(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, &postgres.Options{Timeout: time.Minute, LockTimeout: 30 * time.Second})
	ctx := t.Context()
	tx := hostTransaction(t, db)
	mustPg(t, s.Tx(tx).Commit(ctx, pgSeated("zoe", pgChange(pgKey("host"), 0, 1, ""))))
	put := make(chan error, 1)
	go func() { put <- s.Put(ctx, pgAgent("zoe", 1)) }()
	untilBlocked(t, db, 1)
	mustPg(t, tx.Commit())
	mustPg(t, <-put)
	if err := s.Commit(ctx, pgSeated("zoe", pgChange(pgKey("other"), 0, 1, ""))); !errors.Is(err, storage.ErrFull) {
		t.Errorf("a commit that wants the seat that the host took: %v", err)
	}
}

// TestPostgresSeatsInSnapshots: a host's transaction on an old snapshot does not
// take a seat that was taken since.
func TestPostgresSeatsInSnapshots(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, nil)
	ctx := t.Context()
	mustPg(t, s.Put(ctx, pgAgent("zoe", 1)))
	old, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	mustPg(t, err)
	defer func() { _ = old.Rollback() }()
	r, err := s.Tx(old).Record(ctx, pgAgent("zoe", 1).Key)
	mustPg(t, err)
	if r.Version != 1 || r.Seats != 0 {
		t.Fatalf("the record is %+v", r)
	}
	mustPg(t, s.Commit(ctx, pgSeated("zoe", pgChange(pgKey("one"), 0, 1, ""))))
	if err := s.Tx(old).Commit(ctx, pgSeated("zoe", pgChange(pgKey("two"), 0, 1, ""))); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("a commit of a host on an old snapshot: %v, want a conflict", err)
	}
}

// TestPostgresRoundTrips: a message in a conversation that goes on as it was is one
// statement, which commits itself; what is about no agent has none for agents.
func TestPostgresRoundTrips(t *testing.T) {
	t.Parallel()
	r, db, _ := recorded(t)
	s := migratedPostgres(t, db, nil)
	ctx := t.Context()
	mustPg(t, s.Put(ctx, pgAgent("zoe", 3)))
	seen := func(c storage.Commit) storage.Commit {
		c.Seen = storage.Seen{Agent: "zoe", Version: 1}
		return c
	}
	for _, test := range []struct {
		name   string
		commit storage.Commit
		want   int
	}{
		{"opening", pgChange(pgKey("a"), 0, 1, ""), 2},
		{"taking a seat", seen(pgSeated("zoe", pgChange(pgKey("a"), 1, 1, ""))), 4},
		{"keeping it", pgSeated("zoe", pgChange(pgKey("a"), 2, 1, "")), 1},
		{"seeing the agent and freeing it", seen(pgChange(pgKey("a"), 3, 1, "")), 4},
		{"without a seat", pgChange(pgKey("a"), 4, 1, ""), 1},
		{"taking one, which the statement notices", pgSeated("zoe", pgChange(pgKey("a"), 5, 1, "")), 1 + 4},
		{"freeing it, which the statement notices", pgChange(pgKey("a"), 6, 1, ""), 1 + 4},
		{"with a tag", tagged("blue", pgChange(pgKey("a"), 7, 1, "")), 2},
		{"without it, which the statement notices", pgChange(pgKey("a"), 8, 1, ""), 1 + 2},
		{"closing", pgClosed(pgChange(pgKey("a"), 9, 1, ""), 1), 2},
		{"recomputing", pgChange(pgKey("a"), 10, 0, "recompute"), 2},
	} {
		r.take()
		mustPg(t, s.Commit(ctx, test.commit))
		if got := r.take(); len(got) != test.want {
			t.Errorf("%s takes %d statements, want %d", test.name, len(got), test.want)
		}
	}
}

func tagged(tag string, c storage.Commit) storage.Commit {
	c.Head.Tags = []string{tag}
	return c
}
