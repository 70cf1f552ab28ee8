package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// TestSQLiteTwoStores races two stores on one file, as two processes are: of the
// commits at one version exactly one succeeds, and the other is told so.
func TestSQLiteTwoStores(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		stores := []storage.Store{
			sqliteStore(t, d.open(t, file, ""), nil),
			sqliteStore(t, d.open(t, file, ""), nil),
		}
		const rounds = 50
		won := make([]int, len(stores))
		for version := range int64(rounds) {
			results := make([]error, len(stores))
			var wg sync.WaitGroup
			for i, s := range stores {
				wg.Go(func() { results[i] = s.Commit(context.Background(), sized(1, version)) })
			}
			wg.Wait()
			winners := 0
			for i, err := range results {
				switch {
				case err == nil:
					winners++
					won[i]++
				case !errors.Is(err, storage.ErrConflict):
					t.Fatalf("version %d, store %d: %v, want ErrConflict or success", version, i, err)
				}
			}
			if winners != 1 {
				t.Fatalf("version %d: %d commits succeeded, want 1", version, winners)
			}
		}
		entries, err := stores[0].Feed(t.Context(), 0, rounds+1)
		if err != nil || len(entries) != rounds {
			t.Errorf("%d entries in the feed, %v, want %d", len(entries), err, rounds)
		}
		t.Logf("won: %v", won)
	})
}

// atOnce makes commits that share transactions: the first is held up until the
// others wait behind it. Statements that fails returns an error for fail with it.
// It also returns how many transactions there were.
func atOnce(s storage.Store, w *watcher, commits []storage.Commit, fails func(s statement) error) (results []error, transactions int) {
	w.forget()
	held, open := make(chan bool), make(chan bool)
	holdUp(w, held, open, fails)
	defer w.meanwhile(nil)
	results = make([]error, len(commits))
	var wg sync.WaitGroup
	wg.Go(func() { results[0] = s.Commit(context.Background(), commits[0]) })
	<-held
	for i := 1; i < len(commits); i++ {
		wg.Go(func() { results[i] = s.Commit(context.Background(), commits[i]) })
	}
	for range 1000 { // nothing tells that they wait
		runtime.Gosched()
	}
	close(open)
	wg.Wait()
	return results, len(w.statements("BEGIN IMMEDIATE"))
}

// holdUp stops the first commit that is written until open is closed.
func holdUp(w *watcher, held chan<- bool, open <-chan bool, fails func(s statement) error) {
	var once sync.Once
	w.meanwhile(func(s statement, run func() error) error {
		if s.is("INSERT INTO adjourn_heads") || s.is("UPDATE adjourn_heads") {
			once.Do(func() { held <- true; <-open })
		}
		if err := fails(s); err != nil {
			return err
		}
		return run()
	})
}

func nothingFails(statement) error { return nil }

// TestSQLiteSharedTransaction: a conflict in a shared transaction is that of one
// commit, and nobody else's.
func TestSQLiteSharedTransaction(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), "")
		s := sqliteStore(t, db, nil)
		const n = 20
		for round := int64(0); ; round++ {
			commits := make([]storage.Commit, n)
			for i := range commits {
				commits[i] = sized(i, round)
				if conflicts(i) {
					commits[i] = sized(i, 7000) // nothing is at this version
				}
			}
			results, transactions := atOnce(s, w, commits, nothingFails)
			for i, err := range results {
				want, at := error(nil), round+1
				if conflicts(i) {
					want, at = storage.ErrConflict, 0
				}
				l, loadErr := s.Load(t.Context(), commits[i].Key, "")
				if !errors.Is(err, want) || loadErr != nil || l.Head.Version != at {
					t.Errorf("commit %d: %v, at version %d afterwards, %v; want %v and %d",
						i, err, l.Head.Version, loadErr, want, at)
				}
			}
			if err := s.Commit(t.Context(), sized(n+int(round), 0)); err != nil { // stands behind them in the feed
				t.Fatal(err)
			}
			all, err := s.Feed(t.Context(), 0, 1000*n)
			if want := (n - n/5 + 1) * int(round+1); err != nil || len(all) != want || all[want-1].Position != storage.Position(want) {
				t.Errorf("%d entries in the feed, %v, want %d without gaps", len(all), err, want)
			}
			switch {
			case t.Failed():
				return
			case transactions < n:
				t.Logf("%d commits in %d transactions", n, transactions)
				return
			case round == 100:
				t.Fatal("no commits shared a transaction")
			}
		}
	})
}

func conflicts(i int) bool { return i%5 == 4 }

var errDisk = errors.New("disk I/O error")

// TestSQLiteFailsAlone: the failure of one commit in a shared transaction is that
// of this one.
func TestSQLiteFailsAlone(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), "")
		s := sqliteStore(t, db, nil)
		const n, bad = 20, 13
		commits := make([]storage.Commit, n)
		for i := range commits {
			commits[i] = sized(i, 0)
		}
		results, _ := atOnce(s, w, commits, func(s statement) error {
			if s.is("INSERT INTO adjourn_events") && s.about(commits[bad].Key.Conversation) {
				return errDisk
			}
			return nil
		})
		for i, err := range results {
			want := error(nil)
			if i == bad {
				want = errDisk
			}
			l, loadErr := s.Load(t.Context(), commits[i].Key, "1")
			applied := l.Applied != nil
			if !errors.Is(err, want) || errors.Is(err, storage.ErrOutcomeUnknown) || loadErr != nil || applied != (i != bad) {
				t.Errorf("commit %d: %v, applied: %t, %v; want %v", i, err, applied, loadErr, want)
			}
		}
		entries, err := s.Feed(t.Context(), 0, n)
		if err != nil || len(entries) != n-1 || entries[n-2].Position != n-1 {
			t.Errorf("%d entries in the feed, %v, want %d without gaps", len(entries), err, n-1)
		}
		whole(t, db)
	})
}

// TestSQLiteContexts: who stops waiting is told what is known, and harms nobody.
func TestSQLiteContexts(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		db, w := d.watched(t, migratedFile(t), "")
		s := sqliteStore(t, db, nil)
		held, open := make(chan bool), make(chan bool)
		holdUp(w, held, open, nothingFails)
		writing, stopWriting := context.WithCancel(t.Context())
		waiting, stopWaiting := context.WithCancel(t.Context())
		written, waited := make(chan error), make(chan error)
		go func() { written <- s.Commit(writing, sized(1, 0)) }()
		<-held
		go func() { waited <- s.Commit(waiting, sized(2, 0)) }()
		stopWaiting()
		if err := <-waited; !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrOutcomeUnknown) {
			t.Errorf("a commit that waited: %v, want %v and nothing unknown", err, context.Canceled)
		}
		stopWriting()
		if err := <-written; !errors.Is(err, context.Canceled) || !errors.Is(err, storage.ErrOutcomeUnknown) {
			t.Errorf("a commit that was being written: %v, want %v and ErrOutcomeUnknown", err, context.Canceled)
		}
		close(open)
		if err := s.Commit(t.Context(), sized(3, 0)); err != nil { // comes after both
			t.Error(err)
		}
		for conversation, want := range map[int]bool{1: true, 2: false, 3: true} {
			l, err := s.Load(t.Context(), sized(conversation, 0).Key, "1")
			if applied := l.Applied != nil; err != nil || applied != want {
				t.Errorf("commit to %d: applied: %t, %v, want %t", conversation, applied, err, want)
			}
		}
	})
}

// TestSQLiteLockHeld: while somebody else holds the write lock for longer than
// the store waits, everything that writes fails, changes nothing, and works again
// later. Reading goes on.
func TestSQLiteLockHeld(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		s := sqliteStore(t, d.open(t, file, ""), &sqlite.Options{Timeout: time.Second})
		key := sized(1, 0).Key
		if err := s.Commit(t.Context(), sized(1, 0)); err != nil {
			t.Fatal(err)
		}
		host := begin(t, d.open(t, file, d.inTx))
		for name, call := range writes(t.Context(), s) {
			switch err := call(); {
			case err == nil, errors.Is(err, storage.ErrConflict), errors.Is(err, storage.ErrOutcomeUnknown):
				t.Errorf("%s while the lock is held: %v, want another error", name, err)
			case !errors.Is(err, context.DeadlineExceeded), !errors.Is(err, storage.ErrHeld):
				t.Errorf("%s while the lock is held: %v, want one that wraps %v and %v",
					name, err, storage.ErrHeld, context.DeadlineExceeded)
			}
		}
		if l, err := s.Load(t.Context(), key, ""); err != nil || l.Head.Version != 1 || l.Setback.Failures > 0 {
			t.Errorf("Load while the lock is held: %+v, %v", l, err)
		}
		if err := host.Rollback(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Commit", "SetPolicies", "SetBack", "Advance", "Put", "Settle", "Erase", "Purge"} {
			if err := writes(t.Context(), s)[name](); err != nil {
				t.Errorf("%s after the lock was released: %v", name, err)
			}
		}
	})
}

// writes are the calls that write, to a conversation at version 1. They succeed
// once, in the order of the contract.
func writes(ctx context.Context, s storage.Store) map[string]func() error {
	return map[string]func() error{
		"Commit":      func() error { return s.Commit(ctx, sized(1, 1)) },
		"SetPolicies": func() error { return s.SetPolicies(ctx, "acme", 0, []byte("{}")) },
		"SetBack":     func() error { return s.SetBack(ctx, sized(1, 0).Key, 2, storage.Setback{Failures: 1}) },
		"Advance":     func() error { _, err := s.Advance(ctx, "billing", 1); return err },
		"Put":         func() error { return s.Put(ctx, ann(0)) },
		"Settle":      func() error { return s.Settle(ctx, ann(1)) },
		"Erase":       func() error { _, err := s.Erase(ctx, "acme", "ann"); return err },
		"Purge":       func() error { _, err := s.Purge(ctx, noon, 1); return err },
	}
}

// TestSQLiteLockHeldContext: a caller that has less time than the store does not
// wait for longer.
func TestSQLiteLockHeldContext(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		s := sqliteStore(t, d.open(t, file, ""), &sqlite.Options{Timeout: time.Hour})
		host := begin(t, d.open(t, file, d.inTx))
		defer host.Rollback()
		for name, call := range map[string]func(ctx context.Context) error{
			"SetPolicies": func(ctx context.Context) error { return s.SetPolicies(ctx, "acme", 0, nil) },
			"Commit":      func(ctx context.Context) error { return s.Commit(ctx, sized(1, 0)) },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v, want one that wraps %v", name, err, context.DeadlineExceeded)
			}
			cancel()
		}
	})
}

// TestSQLiteConnectionLost breaks the writer's connection at each statement of a
// transaction. What the error says must be so, and the next commit gets a
// connection with the same settings.
func TestSQLiteConnectionLost(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		for _, test := range []struct {
			at       string // the statement that fails
			executed bool   // all the same
			rollback bool   // fails too
			unknown  bool   // so that nobody knows
			there    bool
		}{
			{at: "BEGIN IMMEDIATE"},
			{at: "BEGIN IMMEDIATE", executed: true},
			{at: "SELECT h.version"},
			{at: "INSERT INTO adjourn_heads", executed: true},
			{at: "INSERT INTO adjourn_heads", rollback: true},
			{at: "INSERT INTO adjourn_tags", executed: true},
			{at: "INSERT OR REPLACE INTO adjourn_closings", executed: true},
			{at: "INSERT INTO adjourn_commits", executed: true, rollback: true},
			{at: "COMMIT"},
			{at: "COMMIT", rollback: true, unknown: true},
			{at: "COMMIT", executed: true, unknown: true, there: true},
		} {
			t.Run(fmt.Sprintf("%s, executed %t, rollback fails %t", test.at, test.executed, test.rollback), func(t *testing.T) {
				t.Parallel()
				db, w := d.watched(t, migratedFile(t), "")
				s := sqliteStore(t, db, nil)
				if err := s.Commit(t.Context(), sized(1, 0)); err != nil {
					t.Fatal(err)
				}
				w.fail(errDisk, func(s statement) (fails, executed bool) {
					return s.is(test.at) || test.rollback && s.is("ROLLBACK"), test.executed && s.is(test.at)
				})
				err := s.Commit(t.Context(), sized(2, 0))
				w.meanwhile(nil)
				if !errors.Is(err, errDisk) || errors.Is(err, storage.ErrOutcomeUnknown) != test.unknown {
					t.Errorf("Commit: %v, want %v, of unknown outcome: %t", err, errDisk, test.unknown)
				}
				if test.unknown { // what can be read proves nothing, before somebody has seen to the disk
					_, err := s.Load(t.Context(), sized(2, 0).Key, "1")
					again := s.Commit(t.Context(), sized(2, 0))
					if !errors.Is(err, sqlite.ErrDiskFailed) || !errors.Is(again, sqlite.ErrDiskFailed) {
						t.Errorf("afterwards: Load %v, Commit %v, want %v", err, again, sqlite.ErrDiskFailed)
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
					s = sqliteStore(t, db, nil)
				}
				l, err := s.Load(t.Context(), sized(2, 0).Key, "1")
				if there := l.Applied != nil; err != nil || there != test.there {
					t.Errorf("applied: %t, %v, want %t", there, err, test.there)
				}
				w.forget()
				if err := s.Commit(t.Context(), sized(1, 1)); err != nil {
					t.Errorf("the next commit: %v", err)
				}
				settled(t, w.statements("BEGIN IMMEDIATE")[0].conn)
				if n := db.Stats().InUse; n != 1 {
					t.Errorf("%d connections are in use, want that of the writer", n)
				}
				whole(t, db)
			})
		}
	})
}

// whole looks for parts of commits.
func whole(t *testing.T, db *sql.DB) {
	t.Helper()
	const text = `
SELECT (SELECT count(*) FROM adjourn_heads), (SELECT count(*) FROM adjourn_events WHERE version = 1),
    (SELECT count(*) FROM adjourn_commits WHERE to_version = 1), (SELECT count(*) FROM adjourn_events),
    (SELECT count(*) FROM adjourn_texts WHERE text IS NOT NULL), (SELECT last - purged FROM adjourn_feed),
    (SELECT count(*) FROM adjourn_tags), (SELECT count(*) FROM adjourn_closings)`
	var heads, first, commits, events, texts, positions, tags, closings int
	if err := db.QueryRow(text).Scan(&heads, &first, &commits, &events, &texts, &positions, &tags, &closings); err != nil {
		t.Fatal(err)
	}
	if heads != first || heads != commits || heads != tags || heads != closings || events != texts || events != positions {
		t.Errorf("%d heads, %d first events, %d first commits, %d tags, %d closings; %d events, %d texts, %d positions",
			heads, first, commits, tags, closings, events, texts, positions)
	}
}

// TestSQLiteOneThingChanges: whatever one thing a commit changes, all of the head
// is as the commit says, and views find it so.
func TestSQLiteOneThingChanges(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		s := d.store(t)
		for i, change := range []func(h *storage.Head){
			func(*storage.Head) {},
			func(h *storage.Head) { h.DormantSince = noon },
			func(h *storage.Head) { h.Due = time.Time{} },
			func(h *storage.Head) { h.PolicyRevision = 7 },
			func(h *storage.Head) { h.Visitor = "another" },
			func(h *storage.Head) { h.State = "another" },
			func(h *storage.Head) { h.Agent = "another" },
			func(h *storage.Head) { h.Group = "another" },
			func(h *storage.Head) { h.Outcome = "another" },
			func(h *storage.Head) { h.Tags = []string{"another"} },
			func(h *storage.Head) { h.Since = h.Since.Add(time.Microsecond) },
			func(h *storage.Head) { h.Seat = "another" },
		} {
			first, second := sized(i, 0), sized(i, 1)
			change(&second.Head)
			for _, c := range []storage.Commit{first, second} {
				if err := s.Commit(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			l, err := s.Load(t.Context(), second.Key, "2")
			if diff := cmp.Diff(second.Head, l.Head); diff != "" || err != nil || l.Applied == nil {
				t.Errorf("change %d, %v (-want +got):\n%s", i, err, diff)
			}
			h := second.Head
			rows, err := s.View(t.Context(), storage.Query{
				Workspace: "acme", State: h.State, Agent: h.Agent, Group: h.Group, Visitor: h.Visitor, Outcome: h.Outcome, Tag: h.Tags[0],
				From: h.Since, To: h.Since.Add(time.Microsecond),
			}, 2)
			if err != nil || len(rows) != 1 || rows[0].Key != second.Key {
				t.Errorf("change %d: the view has %v, %v", i, rows, err)
			}
		}
	})
}

// TestSQLiteNothingChanges: what stands against a commit does so also where the
// conversation stays as it was, and its setback ends.
func TestSQLiteNothingChanges(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		s := d.store(t)
		for i, setback := range []storage.Setback{
			{}, {Failures: 1, RetryAt: noon}, {Failures: 1}, {Failures: 2, RetryAt: noon, Reason: canary},
		} {
			if err := s.Commit(t.Context(), sized(i, 0)); err != nil {
				t.Fatal(err)
			}
			if err := s.SetBack(t.Context(), sized(i, 0).Key, 1, setback); err != nil {
				t.Fatal(err)
			}
			next := sized(i, 1)
			known, old, agent := next, next, next
			known.Command.ID = sized(i, 0).Command.ID
			old.Expect = 7
			agent.Seen = storage.Seen{Agent: "ann", Version: 7}
			for name, c := range map[string]storage.Commit{"a known command": known, "an old version": old, "another agent": agent} {
				if err := s.Commit(t.Context(), c); !errors.Is(err, storage.ErrConflict) {
					t.Errorf("%s, %+v: %v, want %v", name, setback, err, storage.ErrConflict)
				}
			}
			if err := s.Commit(t.Context(), next); err != nil {
				t.Fatal(err)
			}
			l, err := s.Load(t.Context(), next.Key, "")
			if err != nil || l.Setback != (storage.Setback{}) || l.Head.Version != 2 {
				t.Errorf("after %+v: %+v, %v", setback, l, err)
			}
			if entries, err := s.Feed(t.Context(), 0, 10); err != nil || len(entries) != 2*(i+1) {
				t.Errorf("%d entries in the feed, %v, want %d", len(entries), err, 2*(i+1))
			}
		}
	})
}

// TestSQLiteBornOutdated: a conversation that is opened under older policies than
// its workspace has is outdated at once.
func TestSQLiteBornOutdated(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		s := d.store(t)
		if err := s.SetPolicies(t.Context(), "acme", 0, nil); err != nil {
			t.Fatal(err)
		}
		for version := range int64(2) { // and stays so
			c := sized(1, version)
			if err := s.Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if keys, err := s.Outdated(t.Context(), noon, storage.Key{}, 2); err != nil || !slices.Equal(keys, []storage.Key{c.Key}) {
				t.Errorf("at version %d: outdated are %v, %v, want %v", version+1, keys, err, c.Key)
			}
		}
		c := sized(1, 2)
		c.Head.PolicyRevision = 1
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if keys, err := s.Outdated(t.Context(), noon, storage.Key{}, 2); err != nil || len(keys) > 0 {
			t.Errorf("under the new policies: outdated are %v, %v, want none", keys, err)
		}
	})
}
