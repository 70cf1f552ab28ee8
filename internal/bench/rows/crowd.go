package rows

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/postgres"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// A standing is a clock that stands still until it is moved.
type standing struct{ micros atomic.Int64 }

func standingAt(t time.Time) *standing {
	s := &standing{}
	s.set(t)
	return s
}

func (s *standing) set(t time.Time)                      { s.micros.Store(t.UnixMicro()) }
func (s *standing) Now() time.Time                       { return time.UnixMicro(s.micros.Load()).UTC() }
func (s *standing) After(time.Duration) <-chan time.Time { return nil }

// The one conversation that the others of a crowd are copies of, its agent, and
// when it was put aside until when.
const (
	modelWorkspace    = "WORKSPACE"
	modelConversation = "CONVERSATION"
	modelVisitor      = "VISITOR"
	modelAgent        = "AGENT"

	modelCapacity = 1000 // as many as come back
)

var (
	asideAt = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	asideTo = asideAt.Add(time.Hour + 10*time.Second)
)

// A model is what is stored of a conversation that was opened, said, taken and
// snoozed, and of its agent.
type model struct {
	head   storage.Head
	events []storage.Event
	agent  storage.Record
}

// snoozed makes the model with a Desk, so that it is stored as Desks store.
func snoozed(ctx context.Context) (m model, err error) {
	store := memory.New()
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: standingAt(asideAt)})
	if err != nil {
		return m, err
	}
	call := lifecycle.Call{Workspace: modelWorkspace, Conversation: modelConversation, By: conversation.Visitor(modelVisitor)}
	agent := call.As(conversation.Agent(modelAgent))
	steps := []func() error{
		func() error { _, err := desk.SetAgent(ctx, modelWorkspace, modelAgent, modelCapacity); return err },
		func() error {
			_, err := desk.SetAvailability(ctx, modelWorkspace, modelAgent, roster.Manual, roster.Available)
			return err
		},
		func() error { _, err := desk.Do(ctx, call, conversation.Open{}); return err },
		func() error {
			_, err := desk.Do(ctx, call, conversation.Say{Text: "The parcel has not come, and the page of the carrier shows nothing since Monday."})
			return err
		},
		func() error { _, err := desk.Do(ctx, agent, conversation.Take{}); return err },
		func() error {
			_, err := desk.Do(ctx, agent, conversation.Snooze{Until: snooze.At(asideTo)})
			return err
		},
		func() error { _, err := desk.Tick(ctx); return err }, // the agent's record rests
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return m, err
		}
	}
	key := storage.Key{Workspace: modelWorkspace, Conversation: modelConversation}
	loaded, err := store.Load(ctx, key, "")
	if err != nil {
		return m, err
	}
	m.head = loaded.Head
	if m.events, err = store.History(ctx, key, 0, 100); err != nil {
		return m, err
	}
	m.agent, err = store.Record(ctx, storage.RecordKey{Workspace: modelWorkspace, Kind: storage.KindAgent, ID: modelAgent})
	return m, err
}

// A stand is a database with a store on it.
type stand struct {
	name  string // of the database
	db    *sql.DB
	fill  *sql.DB // the same, for filling it
	store storage.Store

	connector func() (driver.Connector, error)                             // to the database
	open      func(ctx context.Context, db *sql.DB) (storage.Store, error) // on it

	// How the two databases differ, as far as a crowd is concerned.
	tables  string // what the names of tables begin with
	heads   string // the table of the conversations
	numbers string // a table of the numbers i from %d up to, but not, %d
	blob    string // a text as the bytes of a body
	tags    string // no tags
}

// connections are what a host allows each database. More of them are not quicker
// on two processors, with or without River.
const connections = 16

// onPostgres opens a store on a server that the row has for itself.
func onPostgres(ctx context.Context, e *bench.Env, schema string, settings ...string) (*stand, error) {
	server, err := e.Postgres(settings...)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("pgx", server.URL("postgres"))
	if err != nil {
		return nil, err
	}
	e.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	open := func(ctx context.Context, db *sql.DB) (storage.Store, error) {
		s, err := postgres.New(ctx, db, &postgres.Options{Schema: schema, Timeout: time.Minute})
		if err != nil {
			return nil, err
		}
		e.Cleanup(func() { _ = s.Close() })
		return s, s.Migrate(ctx)
	}
	s, err := open(ctx, db)
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(server.URL("postgres"))
	if err != nil {
		return nil, err
	}
	return &stand{
		name: "Postgres", db: db, fill: db, store: s,
		connector: func() (driver.Connector, error) { return stdlib.GetConnector(*config), nil }, open: open,
		tables: schema + ".", heads: schema + ".conversations",
		numbers: "generate_series(%d::bigint, %d - 1) AS numbers (i)", blob: "convert_to(%s, 'UTF8')", tags: "[]",
	}, nil
}

// onSQLite opens a store on a new file.
func onSQLite(ctx context.Context, e *bench.Env, file string) (*stand, error) {
	path := "file:" + filepath.Join(e.Dir, file)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	e.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	fill, err := sql.Open("sqlite", path+"?_pragma=cache_size(-500000)&_pragma=temp_store(FILE)")
	if err != nil {
		return nil, err
	}
	e.Cleanup(func() { _ = fill.Close() })
	open := func(ctx context.Context, db *sql.DB) (storage.Store, error) {
		s, err := sqlite.New(ctx, db, &sqlite.Options{Timeout: time.Minute})
		if err != nil {
			return nil, err
		}
		e.Cleanup(func() { _ = s.Close() })
		return s, s.Migrate(ctx)
	}
	s, err := open(ctx, db)
	if err != nil {
		return nil, err
	}
	return &stand{
		name: "SQLite", db: db, fill: fill, store: s,
		connector: func() (driver.Connector, error) { return dsn{path, db.Driver()}, nil }, open: open,
		tables: "adjourn_", heads: "adjourn_heads",
		numbers: "(WITH RECURSIVE numbers (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < %d) SELECT i FROM numbers) AS numbers",
		blob:    "CAST(%s AS BLOB)",
	}, nil
}

// dsn connects with a driver that has no connector.
type dsn struct {
	name   string
	driver driver.Driver
}

// Connect implements [driver.Connector].
func (d dsn) Connect(context.Context) (driver.Conn, error) { return d.driver.Open(d.name) }

// Driver implements [driver.Connector].
func (d dsn) Driver() driver.Driver { return d.driver }

// quoted is a text in SQL.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// A pasted text is one of the model's with the names of each copy in their place,
// as an expression.
type names []string // pairs of what the model has and an expression

func (n names) text(model string) string {
	expression := quoted(model)
	for pair := range slices.Chunk(n, 2) {
		expression = fmt.Sprintf("replace(%s, %s, %s)", expression, quoted(pair[0]), pair[1])
	}
	return expression
}

func (n names) body(s *stand, model []byte) string { return fmt.Sprintf(s.blob, n.text(string(model))) }

// insert fills a table, portion by portion, with a row for each number. The
// columns come with their expressions.
func (s *stand) insert(ctx context.Context, table string, rows int, columns ...string) error {
	var into, values []string
	for pair := range slices.Chunk(columns, 2) {
		into, values = append(into, pair[0]), append(values, pair[1])
	}
	const portion = 200_000 // otherwise the journal of SQLite has it all at once
	for from := 0; from < rows; from += portion {
		statement := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM "+s.numbers, table,
			strings.Join(into, ", "), strings.Join(values, ", "), from, min(from+portion, rows))
		if _, err := s.fill.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("filling %s: %w", table, err)
		}
	}
	return nil
}

// withoutIndexes drops the indexes of a table while f fills it, and makes them
// again as the catalogue had them.
func (s *stand) withoutIndexes(ctx context.Context, table string, f func() error) error {
	catalogue := `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ` + quoted(table)
	if s.name == "Postgres" {
		catalogue = `
			SELECT format('%s.%I', n.nspname, c.relname), pg_get_indexdef(c.oid)
			FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE NOT i.indisprimary AND i.indrelid = to_regclass(` + quoted(table) + `)`
	}
	made := map[string]string{}
	rows, err := s.fill.QueryContext(ctx, catalogue)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			return err
		}
		made[name] = definition
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for name := range made {
		if _, err := s.fill.ExecContext(ctx, "DROP INDEX "+name); err != nil {
			return err
		}
	}
	if err := f(); err != nil {
		return err
	}
	for _, definition := range made {
		if _, err := s.fill.ExecContext(ctx, definition); err != nil {
			return err
		}
	}
	return nil
}

// columns are those of a conversation, with their expressions. Instants and
// agents differ, and so does the state.
func (s *stand) columns(m model, n names, due string) []string {
	h := m.head
	all := []string{
		"workspace", n.text(modelWorkspace), "conversation", n.text(modelConversation), "version", fmt.Sprint(h.Version),
		"body", n.body(s, h.Body), "due", due, "policy_revision", fmt.Sprint(h.PolicyRevision),
		"visitor", n.text(h.Visitor), "state", quoted(h.State), "agent", n.text(h.Agent), "grp", quoted(h.Group),
		"outcome", "''", "tags", quoted(s.tags), "since", fmt.Sprint(h.Since.UnixMicro()), "updated", fmt.Sprint(h.Updated.UnixMicro()),
		"seat", n.text(h.Seat),
	}
	if s.name == "Postgres" {
		all = append(all, "last_commit", "i + 1")
	}
	return all
}

// fillAgents gives each of the workspaces its agents.
func (s *stand) fillAgents(ctx context.Context, m model, workspaces, agents int) error {
	n := names{modelWorkspace, fmt.Sprintf("'w' || (i %% %d)", workspaces), modelAgent, fmt.Sprintf("'a' || (i / %d)", workspaces)}
	columns := []string{
		"workspace", n.text(modelWorkspace), "kind", quoted(string(storage.KindAgent)), "id", n.text(modelAgent),
		"version", fmt.Sprint(m.agent.Version), "body", n.body(s, m.agent.Body), "capacity", fmt.Sprint(m.agent.Capacity),
	}
	if s.name == "Postgres" {
		columns = append(columns, "text", "''", "groups", "'[]'", "available", "true")
	} else {
		columns = append(columns, "grps", "''", "available", "1")
	}
	return s.insert(ctx, s.tables+"records", workspaces*agents, columns...)
}

// settle has the database know what it holds, and leaves nothing for later.
func (s *stand) settle(ctx context.Context) error {
	statements := []string{"PRAGMA wal_checkpoint(TRUNCATE)"} // no ANALYZE: hosts of SQLite do not run it
	if s.name == "Postgres" {
		statements = []string{"VACUUM ANALYZE", "CHECKPOINT"}
	}
	var all error
	for _, statement := range statements {
		_, err := s.fill.ExecContext(ctx, statement)
		all = cmp.Or(all, err)
	}
	return all
}

var errSpent = errors.New("all that sleeps was woken: fewer rounds")

// watched opens the store once more, so that its statements are seen.
func (s *stand) watched(ctx context.Context, e *bench.Env) (*watch, *stand, error) {
	connector, err := s.connector()
	if err != nil {
		return nil, nil, err
	}
	w := &watch{Connector: connector}
	db := sql.OpenDB(w)
	e.Cleanup(func() { _ = db.Close() })
	other := *s
	other.db = db
	other.store, err = s.open(ctx, db)
	if err != nil {
		return nil, nil, err
	}
	_, err = other.store.Due(ctx, time.Time{}, storage.Due{}, 1) // the tables are looked at once
	return w, &other, err
}

// scans are how often each table and index was scanned, and how many entries were
// read then, as Postgres counts.
func (s *stand) scans(ctx context.Context) (map[string][2]int64, error) {
	if s.name != "Postgres" {
		return nil, nil
	}
	time.Sleep(2 * time.Second) // sessions tell it with a delay
	rows, err := s.db.QueryContext(ctx, `
		SELECT 'index ' || indexrelname, idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE schemaname || '.' = $1
		UNION ALL
		SELECT 'table ' || relname, seq_scan, seq_tup_read FROM pg_stat_user_tables WHERE schemaname || '.' = $1`, s.tables)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][2]int64{}
	for rows.Next() {
		var name string
		var counts [2]int64
		if err := rows.Scan(&name, &counts[0], &counts[1]); err != nil {
			return nil, err
		}
		all[name] = counts
	}
	return all, rows.Err()
}
