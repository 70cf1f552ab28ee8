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

// TestDueQueue compares the queue with a sorted slice, through random moves,
// setbacks and purges. SEED=n repeats a run.
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
	m := model{heads: map[storage.Key]storage.Head{}, setbacks: map[storage.Key]storage.Setback{}}
	for step := range 400 {
		m.move(t, r, s)
		if r.IntN(3) == 0 {
			m.setBack(t, r, s)
		}
		if r.IntN(40) == 0 {
			m.purge(t, r, s)
		}
		if step%10 > 0 {
			continue
		}
		by, limit := randomInstant(r), 1+r.IntN(20)
		after := storage.Due{}
		if r.IntN(3) > 0 {
			after = storage.Due{At: randomInstant(r), Key: randomKey(r)}
		}
		got, err := s.Due(t.Context(), by, after, limit)
		if diff := cmp.Diff(m.due(by, after, limit), got); err != nil || diff != "" {
			t.Fatalf("step %d: Due(%v, %v, %d): %v (-want +got):\n%s", step, by, after, limit, err, diff)
		}
		compared += len(got)
	}
	return compared
}

// TestQueueOfMany compares a queue of thousands with a sorted slice while it grows in
// no order, moves to its end, and empties.
func TestQueueOfMany(t *testing.T) {
	t.Parallel()
	const many = 3000
	s, r := memory.New(), rand.New(rand.NewPCG(1, 2))
	m := model{heads: map[storage.Key]storage.Head{}}
	set := func(i int, due time.Time) {
		k := storage.Key{Workspace: "acme", Conversation: strconv.Itoa(i)}
		version := m.heads[k].Version
		head := storage.Head{Version: version + 1, State: "waiting", Since: noon, Updated: noon, Due: due}
		c := storage.Commit{Key: k, Expect: version, Events: []storage.Event{{Version: version + 1}}, Head: head}
		if err := s.Commit(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		m.heads[k] = head
	}
	same := func(phase string) {
		for _, after := range []storage.Due{{}, {At: noon.Add(many / 2 * time.Second)}, {At: noon.Add(2 * many * time.Second)}} {
			got, err := s.Due(t.Context(), noon.Add(24*time.Hour), after, many)
			if diff := cmp.Diff(m.due(noon.Add(24*time.Hour), after, many), got); err != nil || diff != "" {
				t.Fatalf("%s, after %v: %v (-want +got):\n%s", phase, after.At, err, diff)
			}
		}
	}
	for _, i := range r.Perm(many) {
		set(i, noon.Add(time.Duration(i)*time.Second))
	}
	same("grown")
	for n, i := range r.Perm(many)[:many*9/10] {
		set(i, noon.Add(time.Duration(2*many+n)*time.Second))
	}
	same("moved")
	for n, i := range r.Perm(many) {
		set(i, time.Time{})
		if n%(many/5) == 0 {
			same("emptied")
		}
	}
	same("empty")
}

// A model is what the store must know.
type model struct {
	heads    map[storage.Key]storage.Head
	setbacks map[storage.Key]storage.Setback
}

// move gives a random conversation a random due instant, and may close it.
func (m *model) move(t *testing.T, r *rand.Rand, s *memory.Store) {
	t.Helper()
	c := storage.Commit{Key: randomKey(r)}
	before := m.heads[c.Key]
	c.Expect = before.Version
	c.Head = storage.Head{Version: c.Expect, DormantSince: before.DormantSince}
	if c.Expect == 0 || r.IntN(2) == 0 {
		c.Head.Version++
		c.Events = []storage.Event{{Version: c.Head.Version}}
		c.Head.DormantSince = time.Time{}
		if r.IntN(3) == 0 {
			c.Head.DormantSince = randomInstant(r)
		}
	}
	if r.IntN(4) > 0 {
		c.Head.Due = randomInstant(r)
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	m.heads[c.Key] = c.Head
	delete(m.setbacks, c.Key)
}

// setBack sets a random conversation back, or releases it.
func (m *model) setBack(t *testing.T, r *rand.Rand, s *memory.Store) {
	t.Helper()
	k := randomKey(r)
	head, there := m.heads[k]
	if !there {
		return
	}
	setback := storage.Setback{Failures: r.IntN(3)}
	if setback.Failures > 0 && r.IntN(3) > 0 {
		setback.RetryAt = randomInstant(r)
	}
	if err := s.SetBack(t.Context(), k, head.Version, setback); err != nil {
		t.Fatal(err)
	}
	m.setbacks[k] = setback
}

// purge removes what was closed before a random instant.
func (m *model) purge(t *testing.T, r *rand.Rand, s *memory.Store) {
	t.Helper()
	before, want := randomInstant(r), 0
	for k, head := range m.heads {
		if !head.DormantSince.IsZero() && head.DormantSince.Before(before) {
			want++
			delete(m.heads, k)
			delete(m.setbacks, k)
		}
	}
	if n, err := s.Purge(t.Context(), before, 1000); n != want || err != nil {
		t.Fatalf("Purge(%v): %d, %v, want %d", before, n, err, want)
	}
}

// due is what is due, by sorting everything.
func (m *model) due(by time.Time, after storage.Due, limit int) []storage.Due {
	var all []storage.Due
	for k, head := range m.heads {
		d := storage.Due{At: head.Due, Key: k}
		setback := m.setbacks[k]
		heldBack := setback.Failures > 0 && (setback.RetryAt.IsZero() || setback.RetryAt.After(by))
		if !head.Due.IsZero() && !head.Due.After(by) && !heldBack && d.Compare(after) > 0 {
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
