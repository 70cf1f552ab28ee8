//go:build linux

package crash_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// sqliteDrivers are the drivers whose files are killed in turn.
var sqliteDrivers = []string{"sqlite"}

// A database is a SQLite file, as a host opens it.
type database struct {
	Driver string
	Source string
}

func (d database) open(ctx context.Context) (*sql.DB, *sqlite.Store, error) {
	db, err := sql.Open(d.Driver, d.Source)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(4) // each reads the schema first, which takes long in so short a life
	store, err := sqlite.New(ctx, db, nil)
	if err == nil {
		err = store.Migrate(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, store, nil
}

// A writeOrder is a load on a SQLite file, of which the worker reports what
// happens.
type writeOrder struct {
	Database database
	Round    int
	Writers  int
	Behind   bool // it writes later than it says
}

func (o *writeOrder) obey(ctx context.Context) error {
	_, store, err := o.Database.open(ctx)
	if err != nil {
		return err
	}
	var wrapped storage.Store = store
	if o.Behind {
		wrapped = newWriteBehind(ctx, store)
	}
	desk, err := lifecycle.New(wrapped, nil)
	if err != nil {
		return err
	}
	l := load{desks: []*lifecycle.Desk{desk}, round: o.Round, writers: o.Writers, report: printer()}
	l.run(ctx)
	select {} // it waits for its end
}

// A sqliteSuite kills workers that write to SQLite files.
type sqliteSuite struct {
	*testing.T
	rand    *rand.Rand
	longest time.Duration // that a worker writes
	next    *process      // ready for the next round
	behind  bool          // the workers write later than they say
	round   int
	verdict verdict
}

// A sqliteFile is a file that several workers in turn were killed over.
type sqliteFile struct {
	database
	path    string
	ledgers []*ledger
	end     storage.Position // of the feed
}

const sqliteWriters = 6

// TestSQLiteKilled kills a process that writes, again and again.
func TestSQLiteKilled(t *testing.T) {
	t.Parallel()
	const each = 10 // rounds on a file
	r, seed := newRand(t)
	rounds := proof.Size(t, 150)
	s := sqliteSuite{T: t, rand: r, longest: 60 * time.Millisecond, next: spawn(t)}
	var f *sqliteFile
	dir := quickDir(t)
	for i := range rounds {
		if i%each == 0 {
			f = s.newFile(dir, i/each)
		}
		s.strike(f, func(p *process) {
			p.kill()
			check(t, p.endedItself())
		})
		s.look(f)
		if i%each == each-1 {
			s.lookBack(f)
		}
		if t.Failed() {
			t.Fatalf("in round %d, of file %d", i%each, i/each)
		}
	}
	proof.Count(t, s.figure("sqlite killed", "kills", rounds, seed))
}

// figure is what the rounds of a suite have counted.
func (s *sqliteSuite) figure(suite, rounds string, n int, seed uint64) proof.Figure {
	return proof.Figure{
		Suite: suite, Tried: int64(s.verdict.acknowledged), Trials: "acknowledged commands", Broken: int64(len(s.verdict.lost)), Breaks: "lost",
		Details: fmt.Sprintf("%s %s, %s unacknowledged commands of which %s applied", grouped(n), rounds, grouped(s.verdict.open), grouped(s.verdict.applied)),
		Seed:    seed,
	}
}

// TestSQLiteKilledControl is the positive control: a store that writes a moment
// later than it says loses what it said.
func TestSQLiteKilledControl(t *testing.T) {
	t.Parallel()
	const most = 30
	r, seed := newRand(t)
	s := sqliteSuite{T: t, rand: r, longest: 60 * time.Millisecond, next: spawn(t), behind: true}
	dir := quickDir(t)
	for i := range most {
		f := s.newFile(dir, i)
		s.strike(f, (*process).kill)
		v, _, err := f.audit(t.Context(), 0, f.ledgers...)
		check(t, err)
		if n := len(v.lost); n > 0 {
			proof.Planted(t, "sqlite killed", "a store that writes a moment later than it says", true)
			t.Logf("%d lost after %d rounds, seed %d", n, i+1, seed)
			return
		}
	}
	proof.Planted(t, "sqlite killed", "a store that writes a moment later than it says", false)
}

// quickDir is a directory in memory, if there is one. It is as good as one on a
// disk where only processes die: what they wrote is with the kernel.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "crash")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// newFile names a file that is not there yet. With some, the WAL is copied back
// all the time, not once in a thousand pages.
func (s *sqliteSuite) newFile(dir string, n int) *sqliteFile {
	kind := n % (len(sqliteDrivers) + 1)
	path := filepath.Join(dir, fmt.Sprint(n, ".db"))
	if kind == len(sqliteDrivers) {
		return &sqliteFile{database: database{"sqlite", path + "?_pragma=wal_autocheckpoint(10)"}, path: path}
	}
	return &sqliteFile{database: database{sqliteDrivers[kind], path}, path: path}
}

// strike lets a worker write to the file, and does something to it at a random
// moment. Some workers may not have come to writing.
func (s *sqliteSuite) strike(f *sqliteFile, blow func(*process)) {
	s.Helper()
	p := s.next
	s.next = spawn(s)
	s.round++
	p.give(s, order{Write: &writeOrder{f.database, s.round, sqliteWriters, s.behind}})
	if s.rand.IntN(5) > 0 {
		select {
		case <-p.ledger.accepted:
		case <-p.exited:
			s.Fatal(p.endedItself())
		case <-time.After(patience):
			s.Fatalf("nothing was accepted in %v:\n%s", patience, p.said)
		}
	}
	select {
	case <-time.After(time.Duration(s.rand.Int64N(int64(s.longest)))):
	case <-p.exited:
		s.Fatal(p.endedItself())
	}
	blow(p)
	f.ledgers = append(f.ledgers, p.ledger)
}

// look audits what the last round did.
func (s *sqliteSuite) look(f *sqliteFile) {
	s.Helper()
	last := len(f.ledgers) - 1
	v, end, err := f.audit(s.Context(), f.end, f.ledgers[last:]...)
	check(s, err)
	v.fail(s)
	s.verdict.add(v)
	f.end = end
}

// lookBack audits everything that is in the file once more, and removes it.
func (s *sqliteSuite) lookBack(f *sqliteFile) {
	s.Helper()
	v, _, err := f.audit(s.Context(), 0, f.ledgers...)
	check(s, err)
	v.fail(s)
	if !s.Failed() {
		check(s, os.Remove(f.path))
	}
}

// audit opens the file and audits what is in it after a position in the feed.
func (f *sqliteFile) audit(ctx context.Context, after storage.Position, ledgers ...*ledger) (verdict, storage.Position, error) {
	db, store, err := f.open(ctx)
	if err != nil {
		return verdict{}, 0, err
	}
	defer db.Close()
	defer store.Close()
	a := audit{store: store, writers: sqliteWriters, after: after}
	end, err := a.run(ctx, ledgers...)
	if err == nil {
		err = a.integrity(ctx, db)
	}
	return a.verdict, end, err
}

// integrity asks SQLite whether the file is whole.
func (a *audit) integrity(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA integrity_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	var said []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		said = append(said, line)
	}
	if text := strings.Join(said, "; "); text != "ok" {
		a.damage("integrity_check: %s", text)
	}
	return rows.Err()
}
