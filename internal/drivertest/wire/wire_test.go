package wire_test

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/drivertest/wire"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// through are a database directly and through a proxy, with a table in it.
func through(t *testing.T, driver string) (direct, db *sql.DB, p *wire.Proxy) {
	t.Helper()
	address := pgtest.Shared(t).NewDatabase(t)
	p = wire.ListenFor(t, address)
	open := func(driver, address string) *sql.DB {
		db, err := sql.Open(driver, address)
		check(t, err)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	direct, db = open("pgx", address), open(driver, p.URL())
	_, err := direct.Exec(`CREATE TABLE things (name text PRIMARY KEY)`)
	check(t, err)
	return direct, db, p
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// insert commits a thing, as most programs do.
func insert(ctx context.Context, db *sql.DB, name string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 300`); err != nil {
		return fmt.Errorf("set: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO things VALUES ($1)`, name); err != nil {
		return fmt.Errorf("insert: %w", err)
	}
	return tx.Commit()
}

// there reports whether a thing is, or comes to be, in the table.
func there(t *testing.T, db *sql.DB, name string, want bool) bool {
	t.Helper()
	var found bool
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		check(t, db.QueryRow(`SELECT EXISTS (SELECT FROM things WHERE name = $1)`, name).Scan(&found))
		if found == want || time.Since(start) > 10*time.Second {
			return found
		}
	}
}

// TestFates: what each fate says of a COMMIT is so, the client fails, and the
// next one succeeds.
func TestFates(t *testing.T) {
	t.Parallel()
	for _, driver := range []string{"pgx", "postgres"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			m := &meeting{T: t}
			m.direct, m.db, m.proxy = through(t, driver)
			for _, fate := range wire.Fates() {
				if !fate.Hangs() {
					m.meets(fate)
					m.meets(fate | wire.Reset)
				} else if driver == "pgx" { // lib/pq would wait for ever
					m.meets(fate)
				}
			}
			noTransactions(t, m.direct)
		})
	}
}

// A meeting is of COMMITs and their fates.
type meeting struct {
	*testing.T
	direct, db *sql.DB
	proxy      *wire.Proxy
}

func (m *meeting) meets(fate wire.Fate) {
	unlucky := "the unlucky one of " + fate.String()
	m.proxy.OnCommit(func(c wire.Commit) wire.Fate {
		if c.Contains(unlucky) {
			return fate
		}
		return wire.Pass
	})
	before := m.proxy.Counts()
	const patience = 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(m.Context(), patience)
	if !fate.Hangs() {
		cancel()
		ctx, cancel = context.WithTimeout(m.Context(), time.Minute)
	}
	defer cancel()
	start := time.Now()
	err := insert(ctx, m.db, unlucky)
	if err == nil {
		m.Errorf("%v: COMMIT succeeds", fate)
	}
	if took := time.Since(start); fate.Hangs() && took < patience {
		m.Errorf("%v: it took %v: %v", fate, took, err)
	}
	check(m, insert(m.Context(), m.db, "after "+fate.String()))
	kind := fate &^ wire.Reset
	want := kind == wire.CutBetween || kind == wire.CutLate || kind == wire.CutAfter || kind == wire.HangAfter
	if got := there(m.T, m.direct, unlucky, want); got != want {
		m.Errorf("%v: applied: %t", fate, got)
	}
	after := m.proxy.Counts()
	if after.Commits-before.Commits != 2 || after.Fates[fate]-before.Fates[fate] != 1 {
		m.Errorf("%v: the counts go from %+v to %+v", fate, before, after)
	}
}

// noTransactions waits until the server has no open transaction but the one that
// asks.
func noTransactions(t *testing.T, db *sql.DB) {
	t.Helper()
	var n int
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		check(t, db.QueryRow(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'`).Scan(&n))
		if n == 0 {
			return
		}
	}
	t.Errorf("%d transactions are still open", n)
}

// TestCommitsAreFound in whatever form a driver sends them, and nothing else is
// taken for one.
func TestCommitsAreFound(t *testing.T) {
	t.Parallel()
	_, db, p := through(t, "pgx")
	ctx := t.Context()
	conn, err := db.Conn(ctx)
	check(t, err)
	defer conn.Close()
	for _, statement := range []struct {
		text string
		n    int
	}{
		{`SELECT 'commit'`, 0},
		{`INSERT INTO things VALUES ('commit'); SELECT 1`, 1},
		{`WITH it AS (SELECT 'delete') SELECT FROM it`, 0},
		{`WITH it AS (DELETE FROM things WHERE name = 'x' RETURNING name) SELECT FROM it`, 1},
		{`BEGIN; INSERT INTO things VALUES ('a'); COMMIT`, 1},
		{`BEGIN; INSERT INTO things VALUES ('b'); end; `, 1},
		{`BEGIN; ROLLBACK`, 0},
		{`BEGIN; COMMIT AND CHAIN`, 1},
		{`commit work`, 1},
	} {
		before := p.Counts().Commits
		if _, err := conn.ExecContext(ctx, statement.text); err != nil {
			t.Fatalf("%s: %v", statement.text, err)
		}
		if got := p.Counts().Commits - before; got != statement.n {
			t.Errorf("%s: %d commits", statement.text, got)
		}
	}
	// Prepared, and executed twice.
	_, err = conn.ExecContext(ctx, `BEGIN`)
	check(t, err)
	stmt, err := conn.PrepareContext(ctx, `COMMIT`)
	check(t, err)
	before := p.Counts().Commits
	for range 2 {
		_, err = stmt.ExecContext(ctx)
		check(t, err)
	}
	if got := p.Counts().Commits - before; got != 2 {
		t.Errorf("a prepared COMMIT: %d commits, want 2", got)
	}
}

// TestSentIsOfOneTransaction: what a hook sees ends with the transaction.
func TestSentIsOfOneTransaction(t *testing.T) {
	t.Parallel()
	_, db, p := through(t, "postgres")
	var stale atomic.Bool
	p.OnCommit(func(c wire.Commit) wire.Fate {
		if c.Contains("first") && c.Contains("second") {
			stale.Store(true)
		}
		return wire.Pass
	})
	db.SetMaxOpenConns(1)
	check(t, insert(t.Context(), db, "first"))
	check(t, insert(t.Context(), db, "second"))
	if stale.Load() {
		t.Error("the second COMMIT has what the first transaction sent")
	}
}

func TestCutRows(t *testing.T) {
	t.Parallel()
	for _, driver := range []string{"pgx", "postgres"} {
		_, db, p := through(t, driver)
		var rows atomic.Int64
		p.OnRow(func() bool { return rows.Add(1) == 50 })
		all, err := db.Query(`SELECT generate_series(1, 100)`)
		seen := 0
		if err == nil {
			for all.Next() {
				seen++
			}
			err = all.Err()
			_ = all.Close()
		}
		if err == nil || seen >= 50 || p.Counts().Rows != 1 {
			t.Errorf("%s: %d rows seen, %d cut, and then: %v", driver, seen, p.Counts().Rows, err)
		}
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	_, db, p := through(t, "pgx")
	check(t, insert(t.Context(), db, "before"))
	p.Partition()
	p.Partition()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := insert(ctx, db, "old connection"); err == nil {
		t.Error("something passes")
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := insert(ctx, db, "new connection"); err == nil {
		t.Error("something passes a new connection")
	}
	healed := time.AfterFunc(50*time.Millisecond, p.Heal)
	defer healed.Stop()
	check(t, insert(t.Context(), db, "after"))
}

func TestConnectionsEnd(t *testing.T) {
	t.Parallel()
	direct, db, p := through(t, "pgx")
	ctx := t.Context()
	open := func() *sql.Conn {
		conn, err := db.Conn(ctx)
		check(t, err)
		check(t, conn.PingContext(ctx))
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	for _, reset := range []bool{false, true} {
		one, two := open(), open()
		if n := p.CutAll(reset); n < 2 { // pgx may be about to cancel something
			t.Errorf("%d connections were cut, want 2", n)
		}
		if one.PingContext(ctx) == nil || two.PingContext(ctx) == nil {
			t.Error("a connection that was cut answers")
		}
	}
	silent := open()
	p.HangAll()
	start := time.Now()
	waiting, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	if err := silent.PingContext(waiting); err == nil || time.Since(start) < 200*time.Millisecond {
		t.Errorf("a silent connection: %v after %v", err, time.Since(start))
	}
	check(t, insert(ctx, db, "by a new connection"))
	p.CutAll(false)

	p.Refuse(true)
	if err := insert(ctx, db, "refused"); err == nil || p.Counts().Refused == 0 {
		t.Errorf("a refused connection: %v", err)
	}
	p.Refuse(false)
	p.Slow(20 * time.Millisecond)
	start = time.Now()
	check(t, insert(ctx, db, "slow"))
	if took := time.Since(start); took < 100*time.Millisecond {
		t.Errorf("a slow network takes %v for a transaction", took)
	}
	noTransactions(t, direct)
}

// TestNothingIsLeft: when a proxy is closed, no goroutine of it runs and its
// sessions end.
func TestNothingIsLeft(t *testing.T) {
	direct, db, p := through(t, "pgx")
	for i := range 10 {
		p.OnCommit(func(wire.Commit) wire.Fate { return wire.Fates()[i%len(wire.Fates())] })
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_ = insert(ctx, db, fmt.Sprint(i))
		cancel()
	}
	p.Partition()
	conn, err := sql.Open("pgx", p.URL())
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	_ = conn.PingContext(ctx)
	cancel()
	check(t, conn.Close())
	p.Close()
	p.Close()
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if strings.Contains(string(stacks), "wire.(*Proxy)") || strings.Contains(string(stacks), "wire.(*link)") {
		t.Errorf("goroutines of the proxy are left:\n%s", stacks)
	}
	noTransactions(t, direct)
}
