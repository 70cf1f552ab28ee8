package drivertest_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// canary begins every text that must go.
const canary = "canary-7f3a"

// inFiles counts the canaries in the files of a database. Another process reads
// them: to close a file that SQLite has open would release its locks.
func inFiles(t *testing.T, file string) (n int) {
	t.Helper()
	for _, name := range []string{file, file + "-wal"} {
		if _, err := os.Stat(name); os.IsNotExist(err) {
			continue
		}
		content, err := exec.Command("cat", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(content, []byte(canary))
	}
	return n
}

// TestSQLiteEraseLeavesNothing looks for what was erased in the files: texts of
// all lengths, written in an order that splits and merges pages, reasons of
// setbacks that came and went, addresses of the visitor that were replaced, and
// commits in a host's transaction. SEED=n repeats a run.
func TestSQLiteEraseLeavesNothing(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		db := d.open(t, file, d.inTx)
		s := sqliteStore(t, db, nil)
		r := seeded(t)
		erased := 0
		versions := map[int]int64{}
		for range 600 {
			i := r.IntN(60)
			c := sized(i, versions[i])
			c.Head.Visitor, c.Events[0].Text = "kept", "kept "+strings.Repeat("k", r.IntN(300))
			if i%2 == 0 {
				c.Head.Visitor = "erased"
				c.Events[0].Text = canary + strings.Repeat("x", 1<<r.IntN(14))
				erased++
			}
			versions[i]++
			commit := s.Commit
			tx := begin(t, db)
			if r.IntN(4) == 0 {
				commit = s.Tx(tx).Commit
			} else if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			if err := commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			_ = tx.Commit() // unless it was rolled back
			if i%2 == 0 && r.IntN(3) == 0 {
				setback := storage.Setback{Failures: 1, Reason: canary + strings.Repeat("r", r.IntN(400))}
				if err := s.SetBack(t.Context(), c.Key, versions[i], setback); err != nil {
					t.Fatal(err)
				}
			}
			if r.IntN(3) == 0 {
				address(t, s, "erased", canary+strings.Repeat("e", r.IntN(3000)))
				address(t, s, "kept", "kept "+strings.Repeat("k", r.IntN(3000)))
			}
		}
		if n := inFiles(t, file); n < erased {
			t.Fatalf("%d canaries in the files before Erase, want %d: the test does not see them", n, erased)
		}
		if _, err := s.Erase(t.Context(), "acme", "erased"); err != nil {
			t.Fatal(err)
		}
		if n := inFiles(t, file); n > 0 {
			t.Errorf("%d canaries in the files after Erase", n)
		}
		for visitor, want := range map[string]string{"erased": "", "kept": "kept"} {
			v, err := s.Record(t.Context(), visitorKey(visitor))
			if err != nil || v.Version < 2 || string(v.Body) != "{}" || !strings.HasPrefix(v.Text, want) || (v.Text == "") != (want == "") {
				t.Errorf("the record of %s: version %d, %q, %.20q, %v", visitor, v.Version, v.Body, v.Text, err)
			}
		}
		entries, err := s.Feed(t.Context(), 0, 1000)
		if err != nil || len(entries) != 600 {
			t.Fatalf("%d entries in the feed, %v", len(entries), err)
		}
		for _, e := range entries {
			if kept := strings.HasPrefix(e.Events[0].Text, "kept"); kept == e.Events[0].Erased {
				t.Fatalf("entry %d has the text %.20q, erased: %t", e.Position, e.Events[0].Text, e.Events[0].Erased)
			}
		}
	})
}

func visitorKey(visitor string) storage.RecordKey {
	return storage.RecordKey{Workspace: "acme", Kind: storage.KindVisitor, ID: visitor}
}

// address puts a text into the record of a visitor.
func address(t *testing.T, s *sqlite.Store, visitor, text string) {
	t.Helper()
	v, err := s.Record(t.Context(), visitorKey(visitor))
	if err != nil {
		t.Fatal(err)
	}
	v.Body, v.Text = []byte("{}"), text
	if err := s.Put(t.Context(), v); err != nil {
		t.Fatal(err)
	}
}

// TestSQLiteReplacedTextsGo: of texts of records that were replaced nothing is
// left in the files, once the WAL was emptied; those that stay are not written
// anew.
func TestSQLiteReplacedTextsGo(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		db := d.open(t, file, "")
		s := sqliteStore(t, db, nil)
		r := seeded(t)
		const visitors = 40
		each := func(text func() string) {
			t.Helper()
			for _, i := range r.Perm(visitors) {
				address(t, s, strconv.Itoa(i), text())
			}
		}
		for round := range 5 { // no text like the one before it, which would stay
			each(func() string { return canary + strconv.Itoa(round) + strings.Repeat("x", r.IntN(5000)) })
		}
		if inFiles(t, file) < visitors {
			t.Fatal("too few canaries in the files: the test does not see them")
		}
		for range 3 {
			each(func() string { return "new" })
		}
		each(func() string { return "" })
		var busy, log, checkpointed int
		if err := db.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &checkpointed); err != nil || busy > 0 {
			t.Fatal(busy, err)
		}
		if n := inFiles(t, file); n > 0 {
			t.Errorf("%d canaries in the files after all were replaced", n)
		}
		var all, words int
		if err := db.QueryRow("SELECT count(*), count(text) FROM adjourn_texts").Scan(&all, &words); err != nil {
			t.Fatal(err)
		}
		if all != 6*visitors || words != 0 {
			t.Errorf("%d texts, %d of them with words, want %d and none", all, words, 6*visitors)
		}
	})
}

// seeded returns the randomness of a test.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// TestSQLiteEraseWhileRead erases while a host reads: the texts are gone from
// every query that begins then, and from the files with the next Erase.
func TestSQLiteEraseWhileRead(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		db := d.open(t, file, "")
		s := sqliteStore(t, db, nil)
		c := sized(1, 0)
		c.Head.Visitor, c.Events[0].Text = "ann", canary
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		reader := begin(t, db)
		if err := reader.QueryRow("SELECT count(*) FROM adjourn_texts").Scan(new(int)); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Erase(t.Context(), "acme", "ann"); err != nil || n != 1 {
			t.Errorf("Erase while somebody reads: %d, %v, want 1", n, err)
		}
		events, err := s.History(t.Context(), c.Key, 0, 1)
		if err != nil || len(events) != 1 || events[0].Text != "" || !events[0].Erased {
			t.Errorf("History after Erase: %+v, %v", events, err)
		}
		if inFiles(t, file) == 0 {
			t.Error("nothing is left in the files while somebody reads: the comment of the package is too cautious")
		}
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Erase(t.Context(), "acme", "ann"); err != nil {
			t.Fatal(err)
		}
		if n := inFiles(t, file); n > 0 {
			t.Errorf("%d canaries in the files after Erase without readers", n)
		}
	})
}

// TestSQLitePurgeLeavesNothing of what was said, once the WAL was emptied: of
// those that stay, it can still be erased.
func TestSQLitePurgeLeavesNothing(t *testing.T) {
	t.Parallel()
	eachSQLite(t, func(t *testing.T, d sqliteDriver) {
		file := migratedFile(t)
		db := d.open(t, file, "")
		s := sqliteStore(t, db, nil)
		r := seeded(t)
		const purged, kept = 50, 50
		for _, i := range r.Perm(purged + kept) {
			c := sized(i, 0)
			c.Head.Visitor, c.Events[0].Text = "ann", canary+strings.Repeat("x", 1<<r.IntN(12))
			if i < purged {
				c.Head.DormantSince = noon.Add(time.Duration(i) * time.Second)
			}
			if err := s.Commit(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if err := s.SetBack(t.Context(), c.Key, 1, storage.Setback{Failures: 1, Reason: canary}); err != nil {
				t.Fatal(err)
			}
		}
		if inFiles(t, file) == 0 {
			t.Fatal("no canaries before Purge: the test does not see them")
		}
		for _, want := range []int{20, 20, 10, 0} {
			if n, err := s.Purge(t.Context(), noon.Add(time.Hour), 20); err != nil || n != want {
				t.Errorf("Purge: %d, %v, want %d", n, err, want)
			}
		}
		var busy, log, checkpointed int
		if err := db.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &checkpointed); err != nil || busy > 0 {
			t.Fatal(busy, err)
		}
		if n := inFiles(t, file); n != 2*kept {
			t.Errorf("%d canaries in the files after Purge, want the %d of those that stay", n, 2*kept)
		}
		if n, err := s.Erase(t.Context(), "acme", "ann"); err != nil || n != kept {
			t.Errorf("Erase: %d, %v, want %d", n, err, kept)
		}
		if n := inFiles(t, file); n > 0 {
			t.Errorf("%d canaries in the files after Purge and Erase", n)
		}
	})
}

// TestSQLiteDoesNotEraseForOthers: Erase of one store leaves the tables of
// another prefix alone.
func TestSQLiteDoesNotEraseForOthers(t *testing.T) {
	t.Parallel()
	db := sqliteDrivers[0].open(t, migratedFile(t), "")
	mine := sqliteStore(t, db, nil)
	theirs := sqliteStore(t, db, &sqlite.Options{Prefix: "theirs_"})
	if err := theirs.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := sized(1, 0)
	if err := theirs.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if n, err := mine.Erase(t.Context(), "acme", c.Head.Visitor); err != nil || n != 0 {
		t.Errorf("Erase: %d, %v, want 0", n, err)
	}
	events, err := theirs.History(t.Context(), c.Key, 0, 1)
	if err != nil || len(events) != 1 || events[0].Erased {
		t.Errorf("History of the other store: %+v, %v", events, err)
	}
}
