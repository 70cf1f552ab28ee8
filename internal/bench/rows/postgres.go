package rows

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// Postgres is commits beside pgbench.
func Postgres() bench.Row {
	return bench.Row{
		Name: "postgres",
		What: "Commits on Postgres, fsync and synchronous_commit on",
		Note: `A message in a conversation that exists: the head with its indexed columns, an event of 150 bytes, a text of 80,
the command ID and the entry that the feed is numbered from, of 10,000 conversations, each caller on its own.

Adjourn is the store's Commit in one process, through the pool of database/sql with pgx. pgbench sends the same writes as
one prepared statement, from one connection for each caller, to a copy of the database. It is let off what makes a commit
safe to repeat and to decide on: it takes the version from the row, so that it never conflicts, and looks for no command.`,
		Open: openPostgresCommits,
	}
}

func openPostgresCommits(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
	cluster, err := e.Postgres(benchSettings...)
	if err != nil {
		return nil, err
	}
	server, err := openPool(e, cluster, "postgres")
	if err != nil {
		return nil, err
	}
	pgbench, err := findPgbench(ctx, server)
	if err != nil {
		return nil, err
	}
	script := filepath.Join(e.Dir, "message.sql")
	if err := os.WriteFile(script, []byte(pgbenchMessage), 0o644); err != nil {
		return nil, err
	}
	if _, err := server.ExecContext(ctx, "CREATE DATABASE ours"); err != nil {
		return nil, err
	}
	filled, err := fillMessages(ctx, cluster.URL("ours"), e.Size(10_000, 1000))
	if err != nil {
		return nil, err
	}
	if _, err := server.ExecContext(ctx, "CREATE DATABASE peer TEMPLATE ours"); err != nil {
		return nil, err
	}
	db, err := openPool(e, cluster, "ours")
	if err != nil {
		return nil, err
	}
	store, err := openStore(ctx, e, db)
	if err != nil {
		return nil, err
	}
	const seconds = 2
	last := "--time=" + strconv.Itoa(seconds)
	if e.Quick {
		last = "--transactions=3" // a second may pass without any
	}
	targets := map[int]float64{1: 0.8, 128: 2}
	var cases []bench.Case
	for _, callers := range []int{1, 8, 32, 128} {
		c := bench.Case{
			Name: counted(callers, "caller"),
			Sides: []bench.Side{
				{Name: "adjourn", Run: func(ctx context.Context) (bench.Sample, error) {
					return filled.commit(ctx, store, callers, time.Duration(e.Size(seconds*1000, 100))*time.Millisecond)
				}},
				{Name: "pgbench", Run: func(ctx context.Context) (bench.Sample, error) {
					return runPgbench(ctx, pgbench, cluster.URL("peer"), script, callers, len(filled)/callers, last)
				}},
			},
		}
		if least, ok := targets[callers]; ok {
			c.Targets = []bench.Target{{Against: "pgbench", AtLeast: least}}
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// openPool opens a database as the documentation of the store advises.
func openPool(e *bench.Env, cluster *pgtest.Cluster, database string) (*sql.DB, error) {
	db, err := sql.Open("pgx", cluster.URL(database))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	e.Cleanup(func() { _ = db.Close() })
	return db, nil
}

func openStore(ctx context.Context, e *bench.Env, db *sql.DB) (*postgres.Store, error) {
	s, err := postgres.New(ctx, db, nil)
	if err != nil {
		return nil, err
	}
	e.Cleanup(func() { _ = s.Close() })
	return s, s.Migrate(ctx)
}

// openPostgres opens a store on a server of its own.
func openPostgres(ctx context.Context, e *bench.Env) (*postgres.Store, *sql.DB, error) {
	cluster, err := e.Postgres(benchSettings...)
	if err != nil {
		return nil, nil, err
	}
	db, err := openPool(e, cluster, "postgres")
	if err != nil {
		return nil, nil, err
	}
	store, err := openStore(ctx, e, db)
	return store, db, err
}

// benchSettings keep everything in memory and checkpoints apart.
var benchSettings = []string{"shared_buffers=512MB", "max_wal_size=4GB"}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Conversations by number, each with the version it is at.
type conversations []int64

// fillMessages migrates a database and fills it with conversations of one message.
func fillMessages(ctx context.Context, url string, n int) (conversations, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	s, err := postgres.New(ctx, db, nil)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	all := make(conversations, n)
	err = eachCaller(128, func(caller int) error {
		for i := caller; i < n; i += 128 {
			if err := s.Commit(ctx, message(i, 0)); err != nil {
				return err
			}
			all[i] = 1
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, "VACUUM ANALYZE")
	return all, err
}

// commit commits messages for as long as d.
func (all conversations) commit(ctx context.Context, s storage.Store, callers int, d time.Duration) (bench.Sample, error) {
	var commits atomic.Int64
	began := time.Now()
	err := eachCaller(callers, func(caller int) error {
		for i := caller; time.Since(began) < d; i += callers {
			if i >= len(all) {
				i = caller
			}
			if err := s.Commit(ctx, message(i, all[i])); err != nil {
				return err
			}
			all[i]++
			commits.Add(1)
		}
		return nil
	})
	return bench.Sample{bench.NsPerOp: float64(time.Since(began)) / float64(commits.Load())}, err
}

// eachCaller calls f for each caller at once and returns the first error.
func eachCaller(callers int, f func(caller int) error) error {
	var wg sync.WaitGroup
	errs := make(chan error, callers)
	for caller := range callers {
		wg.Go(func() {
			if err := f(caller); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// What a message has, in about the sizes that encodings have in life.
var (
	messageHead  = []byte(strings.Repeat("h", 600))
	messageEvent = []byte(strings.Repeat("e", 150))
	messageText  = strings.Repeat("t", 80)
	opened       = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

// message is the commit of a message in a conversation that an agent has. With the
// first one, at version zero, it begins.
func message(conversation int, version int64) storage.Commit {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return storage.Commit{
		Key:    storage.Key{Workspace: "acme", Conversation: fmt.Sprintf("c%025d", conversation)},
		Expect: version,
		Events: []storage.Event{{Version: version + 1, Body: messageEvent, Text: messageText}},
		Head: storage.Head{
			Version:        version + 1,
			Body:           messageHead,
			Due:            now.Add(24 * time.Hour),
			PolicyRevision: 1,
			Visitor:        fmt.Sprintf("v%025d", conversation),
			State:          "assigned",
			Agent:          fmt.Sprintf("agent-%03d", conversation%40),
			Group:          "support",
			Since:          opened,
			Updated:        now,
			Seat:           fmt.Sprintf("agent-%03d", conversation%40),
		},
		Command: storage.Command{ID: fmt.Sprintf("m%025d", version+1)},
		At:      now,
	}
}

// pgbenchMessage does what the store does for [message].
const pgbenchMessage = `
\set n :client_id + :callers * random(0, :each - 1)
WITH changed AS (
	UPDATE adjourn.conversations SET
		version = version + 1, body = convert_to(:head::text, 'UTF8'),
		dormant_since = NULL, due = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 86400000000, policy_revision = 1,
		visitor = 'v' || lpad(:n::text, 25, '0'), state = 'assigned', agent = 'agent-' || lpad((:n::bigint % 40)::text, 3, '0'),
		grp = 'support', outcome = '', tags = '[]',
		since = 1772442000000000, updated = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
		seat = 'agent-' || lpad((:n::bigint % 40)::text, 3, '0'),
		last_commit = nextval('adjourn.commit_ids'), failures = 0, retry_at = NULL, reason = ''
	WHERE workspace = 'acme' AND conversation = 'c' || lpad(:n::text, 25, '0')
	RETURNING workspace, conversation, version, last_commit
), new_events AS (
	INSERT INTO adjourn.events (workspace, conversation, version, body, has_text)
	SELECT workspace, conversation, version, convert_to(:event::text, 'UTF8'), true FROM changed
), new_texts AS (
	INSERT INTO adjourn.texts (workspace, conversation, version, text)
	SELECT workspace, conversation, version, :text::text FROM changed
), new_commands AS (
	INSERT INTO adjourn.commands (workspace, conversation, command, fingerprint, from_version, to_version)
	SELECT workspace, conversation, 'm' || lpad(version::text, 25, '0'), '\x00000000000000000000000000000000'::bytea, version - 1, version
	FROM changed
)
INSERT INTO adjourn.unnumbered (id, workspace, conversation, from_version, to_version)
SELECT last_commit, workspace, conversation, version - 1, version FROM changed;
`

// findPgbench returns the program that came with the server, or any.
func findPgbench(ctx context.Context, server *sql.DB) (string, error) {
	var dir string
	if err := server.QueryRowContext(ctx, `SELECT setting FROM pg_config WHERE name = 'BINDIR'`).Scan(&dir); err != nil {
		return "", err
	}
	if path, err := exec.LookPath(filepath.Join(dir, "pgbench")); err == nil {
		return path, nil
	}
	path, err := exec.LookPath("pgbench")
	if err != nil {
		return "", fmt.Errorf("pgbench is neither in %s nor in PATH; Debian's package postgresql has it: %w", dir, err)
	}
	return path, nil
}

var pgbenchRate = regexp.MustCompile(`tps = ([0-9.]+) \(without initial connection time\)`)

// runPgbench runs the script with callers that have so many conversations each. Last
// is the option that ends it.
func runPgbench(ctx context.Context, pgbench, url, script string, callers, each int, last string) (bench.Sample, error) {
	define := func(name string, value any) string { return fmt.Sprintf("--define=%s=%v", name, value) }
	cmd := exec.CommandContext(ctx, pgbench, "--no-vacuum", "--protocol=prepared",
		"--client="+strconv.Itoa(callers), "--jobs="+strconv.Itoa(min(2, callers)), last, "--file="+script,
		define("callers", callers), define("each", each),
		define("head", string(messageHead)), define("event", string(messageEvent)), define("text", messageText), url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	found := pgbenchRate.FindSubmatch(out)
	if found == nil {
		return nil, fmt.Errorf("pgbench says no rate:\n%s", out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil || rate == 0 {
		return nil, fmt.Errorf("pgbench made no commits:\n%s", out)
	}
	return bench.Sample{bench.NsPerOp: 1e9 / rate}, nil
}
