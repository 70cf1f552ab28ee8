package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pgxdriver "github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// hostTransaction begins a transaction as a host does, which ends with the test
// at the latest.
func hostTransaction(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(context.Background(), nil)
	mustPg(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// TestPostgresHeldConversation: a host's transaction that holds conversations
// stalls no commit to others. Who wants those waits until it ends.
func TestPostgresHeldConversation(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, &postgres.Options{Timeout: time.Minute, LockTimeout: 30 * time.Second})
	tx := holding(t, db, s)
	ctx := t.Context()
	results := make(chan error, 3)
	for _, c := range wantHeld {
		go func() { results <- s.Commit(ctx, c) }()
	}
	untilBlocked(t, db, len(wantHeld))
	var others sync.WaitGroup
	for i := range 8 {
		others.Go(func() {
			for v := range int64(5) {
				if err := s.Commit(ctx, pgChange(pgKey(fmt.Sprint("other ", i)), v, 1, "")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	others.Wait()
	select {
	case err := <-results:
		t.Errorf("a commit to what a host holds ended before the others: %v", err)
	default:
	}
	mustPg(t, tx.Commit())
	succeeded := 0
	for range wantHeld {
		switch err := <-results; {
		case err == nil:
			succeeded++
		case !errors.Is(err, storage.ErrConflict):
			t.Errorf("a commit to what a host held: %v", err)
		}
	}
	if succeeded != 1 {
		t.Errorf("%d commits that waited succeeded, want the one on what the host left", succeeded)
	}
}

// wantHeld are commits to what [holding] holds. The second is right if the host
// commits.
var wantHeld = []storage.Commit{
	pgChange(pgKey("held"), 1, 1, "waiter"), pgChange(pgKey("held"), 2, 1, "waiter too"), pgChange(pgKey("opened"), 0, 1, "waiter"),
}

// holding is a host's transaction that has changed a conversation and opened
// another one.
func holding(t *testing.T, db *sql.DB, s *postgres.Store) *sql.Tx {
	t.Helper()
	mustPg(t, s.Commit(t.Context(), pgChange(pgKey("held"), 0, 1, "")))
	tx := hostTransaction(t, db)
	mustPg(t, s.Tx(tx).Commit(t.Context(), pgChange(pgKey("held"), 1, 1, "host")))
	mustPg(t, s.Tx(tx).Commit(t.Context(), pgChange(pgKey("opened"), 0, 1, "host")))
	return tx
}

func TestPostgresLockTimeout(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, &postgres.Options{LockTimeout: 50 * time.Millisecond})
	tx := holding(t, db, s)
	for _, c := range wantHeld {
		if err := s.Commit(t.Context(), c); !errors.Is(err, storage.ErrHeld) {
			t.Errorf("a commit to what a host holds for long: %v, want %v", err, storage.ErrHeld)
		}
	}
	if err := s.SetBack(t.Context(), pgKey("held"), 1, storage.Setback{Failures: 1}); !errors.Is(err, storage.ErrHeld) {
		t.Errorf("SetBack of what a host holds for long: %v, want %v", err, storage.ErrHeld)
	}
	mustPg(t, tx.Commit())
	mustPg(t, s.Commit(t.Context(), pgChange(pgKey("held"), 2, 1, "after")))
	mustPg(t, s.Commit(t.Context(), pgChange(pgKey("opened"), 1, 1, "after")))
}

// TestPostgresWaitsForTheHost: who waits for a host's transaction goes on when
// that ends, by what it left.
func TestPostgresWaitsForTheHost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  func(*sql.Tx) error
		want error
	}{
		{"commit", (*sql.Tx).Commit, storage.ErrConflict},
		{"rollback", (*sql.Tx).Rollback, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db, s := onPostgres(t, &postgres.Options{LockTimeout: 10 * time.Second})
			mustPg(t, s.Commit(t.Context(), pgChange(pgKey("held"), 0, 1, "")))
			tx := hostTransaction(t, db)
			mustPg(t, s.Tx(tx).Commit(t.Context(), pgChange(pgKey("held"), 1, 1, "")))
			mustPg(t, s.Tx(tx).Commit(t.Context(), pgChange(pgKey("opened"), 0, 1, "")))
			results := make(chan error, 2)
			go func() { results <- s.Commit(t.Context(), pgChange(pgKey("held"), 1, 2, "")) }()
			go func() { results <- s.Commit(t.Context(), pgChange(pgKey("opened"), 0, 2, "")) }()
			untilBlocked(t, db, 2)
			mustPg(t, test.end(tx))
			for range 2 {
				if err := <-results; !errors.Is(err, test.want) {
					t.Errorf("the commit that waited: %v, want %v", err, test.want)
				}
			}
		})
	}
}

// untilBlocked waits until n sessions of the database wait for another one.
func untilBlocked(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	for start := time.Now(); ; {
		if time.Since(start) > 30*time.Second {
			t.Fatalf("nobody waits: fewer than %d sessions are blocked", n)
		}
		var blocked int
		mustPg(t, db.QueryRowContext(t.Context(), `
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`).Scan(&blocked))
		if blocked >= n {
			return
		}
	}
}

func TestPostgresDeadlockOfHosts(t *testing.T) {
	t.Parallel()
	db, s := onPostgres(t, nil)
	ctx := t.Context()
	mustPg(t, s.Commit(ctx, pgChange(pgKey("a"), 0, 1, "")))
	mustPg(t, s.Commit(ctx, pgChange(pgKey("b"), 0, 1, "")))
	one, two := hostTransaction(t, db), hostTransaction(t, db)
	mustPg(t, s.Tx(one).Commit(ctx, pgChange(pgKey("a"), 1, 1, "")))
	mustPg(t, s.Tx(two).Commit(ctx, pgChange(pgKey("b"), 1, 1, "")))
	results := make(chan error, 2)
	end := func(tx *sql.Tx, k storage.Key) {
		err := s.Tx(tx).Commit(ctx, pgChange(k, 1, 1, ""))
		if err == nil {
			err = tx.Commit()
		} else {
			_ = tx.Rollback()
		}
		results <- err
	}
	go end(one, pgKey("b"))
	go end(two, pgKey("a"))
	first, second := <-results, <-results
	if !errors.Is(errors.Join(first, second), storage.ErrConflict) || (first != nil && second != nil) {
		t.Errorf("two hosts that wait for each other: %v and %v, want one conflict", first, second)
	}
}

// TestPostgresSnapshotIsolation: a host may have made a level the default that
// fails where the store must look again.
func TestPostgresSnapshotIsolation(t *testing.T) {
	t.Parallel()
	db := pgxSnapshot.open(t, pgtest.Shared(t).NewDatabase(t))
	var level string
	mustPg(t, db.QueryRow(`SHOW default_transaction_isolation`).Scan(&level))
	if level != "repeatable read" {
		t.Fatalf("the default is %s", level)
	}
	s := migratedPostgres(t, db, nil)
	ctx := t.Context()
	mustPg(t, s.Commit(ctx, pgChange(pgKey("a"), 0, 1, "")))
	var wg sync.WaitGroup
	var won, lost sync.Map
	for i := range 16 {
		wg.Go(func() {
			for v := int64(1); v <= 5; v++ {
				err := s.Commit(ctx, pgChange(pgKey("a"), v, 1, fmt.Sprint(i, " ", v)))
				switch {
				case err == nil:
					won.Store(v, i)
				case errors.Is(err, storage.ErrConflict):
					lost.Store(fmt.Sprint(i, v), true)
				default:
					t.Errorf("a commit that lost a race: %v", err)
				}
				if _, err := s.Feed(ctx, 0, 100); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()

	late := hostTransaction(t, db) // with the default of the host
	_, err := s.Tx(late).Load(ctx, pgKey("a"), "")
	mustPg(t, err)
	l, err := s.Load(ctx, pgKey("a"), "")
	mustPg(t, err)
	mustPg(t, s.Commit(ctx, pgChange(pgKey("a"), l.Head.Version, 1, "")))
	if err := s.Tx(late).Commit(ctx, pgChange(pgKey("a"), l.Head.Version, 1, "")); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("a commit of a host on an old snapshot: %v, want a conflict", err)
	}
}

// TestPostgresKeepsItsDeadlines makes every call while the tables are locked.
func TestPostgresKeepsItsDeadlines(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, db *sql.DB) {
		migratedPostgres(t, db, nil)
		const timeout = 200 * time.Millisecond
		s := postgresStore(t, db, &postgres.Options{Timeout: timeout, LockTimeout: timeout / 4})
		mustPg(t, s.CheckSchema(t.Context()))
		tx := hostTransaction(t, db)
		_, err := tx.Exec(`LOCK TABLE adjourn.conversations, adjourn.records, adjourn.events, adjourn.policies, adjourn.feed_state, adjourn.cursors, adjourn.unnumbered, adjourn.closings, adjourn.schema_version`)
		mustPg(t, err)
		var wg sync.WaitGroup
		for name, call := range pgCalls(t.Context(), s, nil) {
			if name == "Tally" || name == "Spreads" { // only their context ends them
				continue
			}
			wg.Go(func() {
				start := time.Now()
				if err := call(); err == nil {
					t.Errorf("%s on locked tables succeeds", name)
				}
				if took := time.Since(start); took > timeout+5*time.Second { // a busy machine
					t.Errorf("%s took %v", name, took)
				}
			})
		}
		wg.Wait()
		mustPg(t, tx.Rollback())
		s = postgresStore(t, db, nil)
		mustPg(t, s.Commit(t.Context(), pgChange(pgKey("a"), 0, 1, "")))
	})
}

// TestPostgresLeavesTheHostsTransactionAlone: no setting is changed in it, and
// what cannot be stored does not end it.
func TestPostgresLeavesTheHostsTransactionAlone(t *testing.T) {
	t.Parallel()
	eachPostgres(t, func(t *testing.T, db *sql.DB) {
		s := migratedPostgres(t, db, nil)
		ctx := t.Context()
		mustPg(t, s.Commit(ctx, pgChange(pgKey("a"), 0, 1, "known")))
		tx := hostTransaction(t, db)
		before := pgSettings(t, tx)
		for name, c := range map[string]storage.Commit{
			"no UTF-8": pgChange(pgKey("\xff"), 0, 1, ""),
			"NUL":      pgChange(pgKey("a"), 1, 1, "\x00"),
			"nothing":  pgChange(pgKey("none"), 0, 0, "x"),
		} {
			if err := s.Tx(tx).Commit(ctx, c); err == nil {
				t.Errorf("a commit with %s succeeds", name)
			}
		}
		if _, err := s.Tx(tx).Load(ctx, pgKey("\x00"), ""); err == nil {
			t.Error("Load of what cannot be a key succeeds")
		}
		mustPg(t, s.Tx(tx).Commit(ctx, pgChange(pgKey("a"), 1, 1, "")))
		if diff := cmp.Diff(before, pgSettings(t, tx)); diff != "" {
			t.Errorf("settings of the host (-before +after):\n%s", diff)
		}
		mustPg(t, tx.Commit())
	})
}

// pgSettings are all settings, but for those of extensions.
func pgSettings(t *testing.T, tx *sql.Tx) map[string]string {
	t.Helper()
	rows, err := tx.Query(`SELECT name, setting FROM pg_settings WHERE name NOT LIKE '%.%'`)
	mustPg(t, err)
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var name, setting string
		mustPg(t, rows.Scan(&name, &setting))
		all[name] = setting
	}
	mustPg(t, rows.Err())
	return all
}

// TestPostgresLeavesNoSessionState: what a session was set to for one
// transaction is gone for the next user of the session.
func TestPostgresLeavesNoSessionState(t *testing.T) {
	t.Parallel()
	db := pgxExec.open(t, pgtest.Shared(t).NewDatabase(t))
	db.SetMaxOpenConns(1)
	tx := hostTransaction(t, db)
	before := pgSettings(t, tx)
	mustPg(t, tx.Rollback())
	s := migratedPostgres(t, db, nil)
	for _, call := range pgCalls(t.Context(), s, nil) {
		_ = call()
	}
	tx = hostTransaction(t, db)
	if diff := cmp.Diff(before, pgSettings(t, tx)); diff != "" {
		t.Errorf("settings of the session (-before +after):\n%s", diff)
	}
	var left int
	mustPg(t, tx.QueryRow(`
		SELECT (SELECT count(*) FROM pg_prepared_statements)
			+ (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
			+ (SELECT count(*) FROM pg_listening_channels())`).Scan(&left))
	if left != 0 {
		t.Errorf("%d things are left in the session", left)
	}
}

// A pause is a tracer that stops before a COMMIT, as a process does that is
// suspended there.
type pause struct {
	reached, proceed chan struct{}
}

// TraceQueryStart implements pgx.QueryTracer.
func (p *pause) TraceQueryStart(ctx context.Context, _ *pgxdriver.Conn, data pgxdriver.TraceQueryStartData) context.Context {
	if strings.EqualFold(data.SQL, "commit") {
		close(p.reached)
		<-p.proceed
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (p *pause) TraceQueryEnd(context.Context, *pgxdriver.Conn, pgxdriver.TraceQueryEndData) {}

// TestPostgresOutlivesAPausedProcess: the server ends the transaction of a
// process that stopped within it, and another one goes on.
func TestPostgresOutlivesAPausedProcess(t *testing.T) {
	t.Parallel()
	address := pgtest.Shared(t).NewDatabase(t)
	s := migratedPostgres(t, pgx.open(t, address), &postgres.Options{LockTimeout: 10 * time.Second})
	ctx := t.Context()
	mustPg(t, s.Commit(ctx, pgChange(pgKey("a"), 0, 1, "")))

	config, err := pgxdriver.ParseConfig(address)
	mustPg(t, err)
	p := &pause{reached: make(chan struct{}), proceed: make(chan struct{})}
	config.Tracer = p
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { _ = db.Close() })
	paused := postgresStore(t, db, &postgres.Options{Timeout: 500 * time.Millisecond})
	result := make(chan error, 1)
	go func() {
		// With a tag, it is not one statement that commits itself.
		c := tagged("blue", pgChange(pgKey("a"), 1, 1, "paused"))
		result <- paused.Commit(context.WithoutCancel(ctx), c)
	}()
	<-p.reached
	if err := s.Commit(ctx, pgChange(pgKey("a"), 1, 2, "other")); err != nil {
		t.Errorf("a commit to what a suspended process holds: %v", err)
	}
	close(p.proceed)
	if err := <-result; err == nil {
		t.Error("the commit of the suspended process succeeds")
	}
	l, err := s.Load(ctx, pgKey("a"), "paused")
	mustPg(t, err)
	if l.Applied != nil || l.Head.Version != 3 {
		t.Errorf("version %d, the command of the suspended process known: %t", l.Head.Version, l.Applied != nil)
	}
}
