package memory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/storagetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(*testing.T) storage.Store { return memory.New() })
}

// TestDueQueue compares the queue with a sorted slice, through random moves.
// SEED=n repeats a run.
func TestDueQueue(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SEED=%d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	compared := 0
	for range 20 {
		compared += compareQueue(t, r)
	}
	if compared < 1000 {
		t.Errorf("only %d entries were compared", compared)
	}
}

// compareQueue returns how many entries it compared.
func compareQueue(t *testing.T, r *rand.Rand) (compared int) {
	t.Helper()
	s := memory.New()
	heads := map[storage.Key]storage.Head{}
	for step := range 400 {
		c := move(r, heads)
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		heads[c.Key] = c.Head
		if step%10 > 0 {
			continue
		}
		by, limit := randomInstant(r), 1+r.IntN(20)
		after := storage.Due{}
		if r.IntN(3) > 0 {
			after = storage.Due{At: randomInstant(r), Key: randomKey(r)}
		}
		got, err := s.Due(t.Context(), by, after, limit)
		if diff := cmp.Diff(expected(heads, by, after, limit), got); err != nil || diff != "" {
			t.Fatalf("step %d: Due(%v, %v, %d): %v (-want +got):\n%s", step, by, after, limit, err, diff)
		}
		compared += len(got)
	}
	return compared
}

// move is a commit that gives a random conversation a random due instant.
func move(r *rand.Rand, heads map[storage.Key]storage.Head) storage.Commit {
	c := storage.Commit{Key: randomKey(r)}
	c.Expect = heads[c.Key].Version
	c.Head = storage.Head{Version: c.Expect}
	if c.Expect == 0 || r.IntN(2) == 0 {
		c.Head.Version++
		c.Events = []storage.Event{{Version: c.Head.Version}}
	}
	if r.IntN(4) > 0 {
		c.Head.Due = randomInstant(r)
	}
	return c
}

// expected is what is due, by sorting everything.
func expected(heads map[storage.Key]storage.Head, by time.Time, after storage.Due, limit int) []storage.Due {
	var all []storage.Due
	for k, head := range heads {
		d := storage.Due{At: head.Due, Key: k}
		if !head.Due.IsZero() && !head.Due.After(by) && d.Compare(after) > 0 {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, storage.Due.Compare)
	return all[:min(limit, len(all))]
}

// randomKey and randomInstant are from a few, so that many are equal.
func randomKey(r *rand.Rand) storage.Key {
	return storage.Key{Workspace: fmt.Sprint("w", r.IntN(3)), Conversation: fmt.Sprint(r.IntN(60))}
}

func randomInstant(r *rand.Rand) time.Time {
	return noon.Add(time.Duration(r.IntN(30)) * time.Microsecond)
}

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// change is a commit of one event, of the sizes that conversations have.
func change(i int, expect int64) storage.Commit {
	version := expect + 1
	return storage.Commit{
		Key:    storage.Key{Workspace: "acme", Conversation: strconv.Itoa(i)},
		Expect: expect,
		Events: []storage.Event{{Version: version, Body: make([]byte, 150), Text: string(make([]byte, 80))}},
		Head: storage.Head{
			Version: version, Body: make([]byte, 600),
			Due: noon.Add(time.Duration(i) * time.Millisecond),
		},
		Command: storage.Command{ID: strconv.FormatInt(version, 10)},
	}
}

func filled(tb testing.TB, conversations, events int) *memory.Store {
	tb.Helper()
	s := memory.New()
	for i := range conversations {
		for version := range int64(events) {
			if err := s.Commit(context.Background(), change(i, version)); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return s
}
