//go:build linux

package linear_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
)

const name = "linearizability"

// decideWithin is how long the search for an order may take. It takes a fraction
// of a second where there is one.
const decideWithin = 20 * time.Second

// TestLinearizability looks for an order in histories of nodes that are killed, of
// connections that are cut, and of a server that is killed.
func TestLinearizability(t *testing.T) {
	if file := os.Getenv(historyVariable); file != "" {
		h, err := load(file)
		check(t, err)
		if h.judge(t, decideWithin) {
			t.Logf("%s is linearizable", file)
		}
		return
	}
	seed := proof.Seed(t)
	p := plan{operations: 2000, kills: 2, deaths: 5, blackouts: 4, commitCuts: 80, restarts: 1}
	if testing.Short() {
		p = plan{operations: 300, kills: 1, deaths: 2, blackouts: 1, commitCuts: 20, restarts: 1}
	}
	s := newSuite(t)
	histories := proof.Size(t, 6)
	var operations, broken, unknowns, applied int
	answers := map[string]int{}
	for i := range histories {
		h := s.play(fmt.Sprintf("h%d", i), seed+uint64(i), p)
		if !h.judge(t, decideWithin) {
			broken++
		}
		n, u, a := h.counted()
		operations, unknowns, applied = operations+n, unknowns+u, applied+a
		h.tally(answers)
	}
	t.Log(answers)
	if !testing.Short() {
		varied(t, answers)
	}
	s.disturbed(p, histories)
	atCommit, besides := s.cuts()
	proof.Count(t, proof.Figure{
		Suite: name,
		Tried: int64(histories), Trials: "histories",
		Broken: int64(broken), Breaks: "not linearizable",
		Details: fmt.Sprintf("%s operations, %d kills, %d cuts, %d restarts, %d unknown outcomes (%d were applied)",
			proof.Grouped(int64(operations)), s.kills, atCommit+besides, s.restarts, unknowns, applied),
		Seed: seed,
	})
}

// tally counts what was accepted that changed something, and what was refused and
// why.
func (h *history) tally(counts map[string]int) {
	for _, o := range slices.Concat(h.Operations, h.Journal) {
		switch a := o.Answer; {
		case a.Outcome == rejected:
			counts[a.Refusal.Code]++
		case o.Request.Do == read || a.To > a.From:
			counts[string(o.Request.Do)]++
		}
	}
}

// varied checks that all that the model knows was there: an order of what was
// mostly refused would show little.
func varied(t *testing.T, counts map[string]int) {
	t.Helper()
	want := map[string]int{
		"not_found": 1, "exists": 1, "forbidden": 1, "held": 100, "not_possible": 100, "already_closed": 10, "stale": 50,
		string(ended): 1, string(conversation.NameOpen): conversations,
	}
	for _, w := range wishes {
		if w.do != conversation.NameOpen {
			want[string(w.do)] = 30
		}
	}
	for _, what := range slices.Sorted(maps.Keys(want)) {
		if counts[what] < want[what] {
			t.Errorf("%q came %d times, want at least %d", what, counts[what], want[what])
		}
	}
}

// TestLinearizabilityCatches plants mistakes, and checks what comes of them as
// TestLinearizability does.
func TestLinearizabilityCatches(t *testing.T) {
	seed := proof.Seed(t)
	s := newSuite(t)
	planted := []struct {
		name string
		plan plan
	}{
		{"a node reads from its own cache", plan{planted: stale, plantedEvery: 4}},
		{"a commit ignores the expected version: lost updates", plan{planted: overwrite, plantedEvery: 2}},
		{"a node acknowledges what it did not write", plan{planted: unwritten, plantedEvery: 30}},
		{"a node denies what it wrote", plan{planted: denied, plantedEvery: 30}},
		{"a client repeats without its command ID: doubles", plan{deaths: 4, anew: true}},
	}
	n := 300
	if testing.Short() {
		n, planted = 150, planted[:2]
	}
	sane := s.play("sane", seed, plan{operations: n, deaths: 2})
	if !sane.judge(t, decideWithin) {
		t.Fatal("without a mistake there is no order either")
	}
	for i, tt := range planted {
		const most = 4 // what is planted must also come to bear
		tt.plan.operations = n
		caught := false
		for try := 0; try < most && !caught; try++ {
			h := s.play(fmt.Sprintf("planted%d-%d", i, try), seed+uint64(10*i+try), tt.plan)
			v, _ := h.check(decideWithin)
			caught = v == illegal && fails(t, h)
		}
		proof.Planted(t, name, tt.name, caught)
	}
}

// fails reports whether a history makes a test fail, and does again when it is read
// from the file that it was saved in.
func fails(t *testing.T, h *history) bool {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(directoryVariable, dir)
	sham := &failing{TB: t}
	if h.judge(sham, decideWithin) || !sham.failed {
		return false
	}
	again, err := load(filepath.Join(dir, h.Name+".json"))
	check(t, err)
	if diff := cmp.Diff(h, again); diff != "" {
		t.Errorf("the file differs from the history (-want +got):\n%s", diff)
	}
	v, _ := again.check(decideWithin)
	return v == illegal
}

// failing is a test that may fail.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Errorf(string, ...any) { f.failed = true }
