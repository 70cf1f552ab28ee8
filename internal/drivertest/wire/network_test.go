package wire_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/drivertest/wire"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
)

const suite = "network"

// run has all nodes at work until a condition holds, calms the network down and
// judges. What it found is in n.found.
func (n *network) run(during func()) (slowest time.Duration) {
	n.Helper()
	n.setUp()
	n.storm()
	var writers, others sync.WaitGroup
	for i, d := range n.nodes {
		for j := range n.writers {
			w := &writer{network: n, at: d, rand: rand.New(rand.NewPCG(n.seed, uint64(1+i*n.writers+j)))}
			writers.Go(w.write)
		}
		if n.rough && !n.plant.blind {
			others.Go(func() { n.weather(d) })
		}
	}
	first, last := n.nodes[0], n.nodes[len(n.nodes)-1]
	others.Go(func() { n.ticking(first) })
	others.Go(func() { n.ticking(last) })
	others.Go(func() { n.reading(last) })
	others.Go(func() { n.subscribing(first) })
	others.Go(func() { n.staffing(last) })
	others.Go(func() { n.keeping(first) })
	others.Go(n.guarding)
	during()
	close(n.stop)
	others.Wait()
	n.calmDown()
	writers.Wait()
	slowest = n.recover()
	n.rest()
	n.shut()
	n.judge()
	return slowest
}

// setUp opens the conversations that all write to, past the proxies.
func (n *network) setUp() {
	n.Helper()
	desk, err := lifecycle.New(n.truth, nil)
	check(n, err)
	for i := range n.hot {
		o := n.ledger.open()
		o.chat, o.by, o.command = hotName(i), vic, conversation.Open{}
		if n.giveWithin(n.Context(), &node{desk: desk}, o); o.outcome != accepted {
			n.Fatal(o.err)
		}
	}
}

// untilAmbiguous waits until so many COMMITs of commands have met a fate, but not
// for ever.
func (n *network) untilAmbiguous(want int, most time.Duration) {
	for start := time.Now(); n.ambiguous() < want; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > most {
			n.find(untested, "%d ambiguous commits in %v, want %d", n.ambiguous(), most, want)
			return
		}
	}
}

// TestNetwork has nodes work through networks that fail, above all at COMMIT, and
// finds nothing that must not be. The seed repeats the choices, but not the
// order in which goroutines and the server come to them.
func TestNetwork(t *testing.T) {
	seed := proof.Seed(t)
	t.Run("of", func(t *testing.T) {
		t.Run("ambiguous commits", func(t *testing.T) {
			t.Parallel()
			ambiguousCommits(t, seed)
		})
		t.Run("partition", func(t *testing.T) {
			t.Parallel()
			partition(t, seed)
		})
	})
	nothingRuns(t)
}

func ambiguousCommits(t *testing.T, seed uint64) {
	drivers := []string{"pgx", "pgx", "postgres", "pgx", "postgres", "pgx"}
	if testing.Short() {
		drivers = []string{"pgx", "postgres"}
	}
	n := newNetwork(t, plan{
		drivers: drivers,
		writers: 3, hot: 24, unlucky: 0.6, hanging: 0.06, rough: true,
	}, seed)
	start := time.Now()
	slowest := n.run(func() { n.untilAmbiguous(proof.Size(t, 500), time.Duration(proof.Size(t, 180)+60)*time.Second) })
	n.found.report(t)

	fates := map[wire.Fate]int{}
	var others []string
	var cut, refusals, rows int
	for _, d := range n.nodes {
		c := d.proxy.Counts()
		for fate, times := range c.Fates {
			fates[fate&^(wire.Reset|wire.Marked)] += times
		}
		cut, refusals, rows = cut+c.Cut, refusals+c.Refused, rows+c.Rows
	}
	for _, fate := range wire.Fates() {
		others = append(others, fmt.Sprintf("%d %v", fates[fate], fate))
	}
	unclear, applied := n.unclearApplied()
	outcomes := map[outcome]int{}
	for _, o := range n.ledger.operations() {
		outcomes[o.outcome]++
	}
	broken := len(n.found[doubled]) + len(n.found[lost]) + len(n.found[wronglyDenied]) + len(n.found[stray])
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(n.ambiguous()), Trials: "ambiguous commits",
		Broken: int64(broken), Breaks: "doubled, lost or wrongly denied", Seed: seed,
		Details: fmt.Sprintf("%d commands, of which %d accepted, %d refused, %d failed, %d left unknown; %d outcomes unknown to a store, %d of them applied; of all COMMITs %s; %d connections cut besides, %d refused, %d cut within a row",
			len(n.ledger.operations()), outcomes[accepted], outcomes[refused], outcomes[denied], outcomes[unknown],
			unclear, applied, strings.Join(others, ", "), cut, refusals, rows),
	})
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(n.clock.calls), Trials: "calls with a deadline",
		Broken: int64(len(n.found[late])), Breaks: fmt.Sprintf("more than %v beyond it", grace),
		Details: fmt.Sprintf("the latest by %v; all nodes healthy again within %v", n.clock.worst.Round(time.Millisecond), slowest.Round(time.Millisecond)),
	})
	t.Logf("it took %v", time.Since(start).Round(time.Millisecond))
}
