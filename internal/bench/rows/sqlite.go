package rows

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	_ "github.com/mattn/go-sqlite3" // one of the drivers
	_ "modernc.org/sqlite"          // the other

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// SQLite is what a commit costs in a file, each on the disk before its caller goes
// on.
func SQLite() bench.Row {
	return bench.Row{
		Name: "sqlite",
		What: "A commit in SQLite, synchronous=FULL",
		Note: "One operation is a message in one of 10,000 conversations: an event of 150 bytes with a text of 80, a head of 600, and a " +
			"command ID. So many callers commit, each the next message when its last is on the disk. WAL and synchronous=FULL on all sides.\n\n" +
			"- **adjourn** is `Commit` of storage/sqlite.\n" +
			"- **one each** is the same writes by hand, through the same driver and into the same tables: BEGIN IMMEDIATE, five prepared " +
			"statements (the counter of the feed, the head if it is at the version, the text, the event, the commit) and COMMIT. " +
			"They know what the conversation was before, read nothing, and set no column that stays as it was. " +
			"The callers share the one connection that can write under a mutex.\n" +
			"- **batches of 64** is the same with 64 commits in a transaction, by one goroutine that has them all at hand: nobody could wait for less.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			var cases []bench.Case
			for _, d := range []struct {
				name    string
				driver  string
				callers []int
			}{
				{"modernc.org/sqlite", "sqlite", []int{1, 8, 64, 256}},
				{"mattn/go-sqlite3", "sqlite3", []int{64}},
			} {
				f, err := sqliteSides(ctx, e, d.driver)
				if err != nil {
					return nil, err
				}
				for _, callers := range d.callers {
					cases = append(cases, f.commits(d.name, callers))
				}
			}
			cost, err := fsyncCost(e.Dir)
			e.Notef("To append 4 kB to a file there and have it on the disk took %v (median of 200).", cost)
			return cases, err
		},
	}
}

// sqliteFiles are those that the sides write to, one each.
type sqliteFiles struct {
	conversations int
	atLeast       time.Duration // that one measurement takes

	store           *sqlite.Store
	oneEach, batch  *byHand
	ours, one, many int // messages so far, in each
}

func sqliteSides(ctx context.Context, e *bench.Env, driver string) (f *sqliteFiles, err error) {
	f = &sqliteFiles{conversations: e.Size(10_000, 2000), atLeast: time.Duration(e.Size(400, 10)) * time.Millisecond}
	var db [3]*sql.DB
	for i, name := range []string{"ours", "one", "many"} {
		var s *sqlite.Store
		if s, db[i], err = openSQLite(ctx, e, driver, driver+"-"+name+".db"); err != nil {
			return nil, err
		}
		if err := atOnce(ctx, 256, f.conversations, func(ctx context.Context, n int) error {
			return s.Commit(ctx, said(n, f.conversations))
		}); err != nil {
			return nil, err
		}
		if i == 0 {
			f.store = s
		}
	}
	f.ours, f.one, f.many = f.conversations, f.conversations, f.conversations
	if f.oneEach, err = newByHand(ctx, e, db[1]); err != nil {
		return nil, err
	}
	f.batch, err = newByHand(ctx, e, db[2])
	return f, err
}

// openSQLite opens a store in a new file.
func openSQLite(ctx context.Context, e *bench.Env, driver, name string) (*sqlite.Store, *sql.DB, error) {
	db, err := sql.Open(driver, "file:"+filepath.Join(e.Dir, name))
	if err != nil {
		return nil, nil, err
	}
	e.Cleanup(func() { _ = db.Close() })
	s, err := sqlite.New(ctx, db, nil)
	if err != nil {
		return nil, nil, err
	}
	e.Cleanup(func() { _ = s.Close() })
	return s, db, s.Migrate(ctx)
}

func (f *sqliteFiles) commits(driver string, callers int) bench.Case {
	const oneEach, batches = "one each", "batches of 64"
	measure := func(total *int, do func(ctx context.Context, from, n int) error) func(ctx context.Context) (bench.Sample, error) {
		return func(ctx context.Context) (bench.Sample, error) {
			return bench.PerOp(ctx, f.atLeast, func(n int) error {
				from := *total
				*total += n
				return do(ctx, from, n)
			})
		}
	}
	c := bench.Case{
		Name: fmt.Sprintf("%s, %d callers", driver, callers),
		Sides: []bench.Side{
			{Name: "adjourn", Run: measure(&f.ours, func(ctx context.Context, from, n int) error {
				return atOnce(ctx, callers, n, func(ctx context.Context, i int) error {
					return f.store.Commit(ctx, said(from+i, f.conversations))
				})
			})},
			{Name: oneEach, Run: measure(&f.one, func(ctx context.Context, from, n int) error {
				return atOnce(ctx, callers, n, func(ctx context.Context, i int) error {
					return f.oneEach.commit([]storage.Commit{said(from+i, f.conversations)})
				})
			})},
		},
	}
	if callers == 1 {
		c.Name = driver + ", 1 caller"
		c.Targets = []bench.Target{{Against: oneEach, AtLeast: 0.8}}
		return c
	}
	c.Targets = []bench.Target{{Against: oneEach, AtLeast: 1}}
	if callers < 64 {
		return c
	}
	c.Sides = append(c.Sides, bench.Side{Name: batches, Run: measure(&f.many, func(ctx context.Context, from, n int) error {
		for i := 0; i < n && ctx.Err() == nil; i += 64 {
			batch := make([]storage.Commit, min(64, n-i))
			for j := range batch {
				batch[j] = said(from+i+j, f.conversations)
			}
			if err := f.batch.commit(batch); err != nil {
				return err
			}
		}
		return nil
	})})
	c.Targets = []bench.Target{{Against: oneEach, AtLeast: 2.5}, {Against: batches, AtLeast: 0.8}}
	return c
}

// fsyncCost is what it takes to have 4 kB more of a file on the disk.
func fsyncCost(dir string) (time.Duration, error) {
	f, err := os.CreateTemp(dir, "fsync")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	took := make([]time.Duration, 200)
	for i := range took {
		began := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[len(took)/2].Round(time.Microsecond), nil
}
