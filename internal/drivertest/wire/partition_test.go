package wire_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/drivertest/wire"
	"github.com/adjourn/adjourn/internal/proof"
)

// partition cuts one of two nodes off for a while, in the middle of whatever it
// does. The other goes on, also with the conversations that the first had locked,
// and the first goes on when it is back.
func partition(t *testing.T, seed uint64) {
	length := 10 * time.Second
	if testing.Short() {
		length = time.Second
	}
	n := newNetwork(t, plan{drivers: []string{"pgx", "pgx"}, writers: 4, hot: 8, pinned: true}, seed)
	cut, other := n.nodes[0], n.nodes[1]
	var stood, back time.Duration
	var meanwhile int64
	n.run(func() {
		n.busy(cut, other)
		cut.proxy.Partition()
		<-time.After(100 * time.Millisecond) // what was under way has arrived
		before, began := cut.accepted.Load(), other.accepted.Load()
		stood = longestStop(other, length)
		meanwhile = other.accepted.Load() - began
		if got := cut.accepted.Load(); got != before {
			n.find(unhealthy, "%d commands were accepted through a partition", got-before)
		}
		cut.proxy.Heal()
		healed := time.Now()
		for time.Since(healed) < 20*timeout && cut.accepted.Load() == before {
			time.Sleep(time.Millisecond)
		}
		back = time.Since(healed)
		n.busy(cut, other)
	})
	if most := timeout + lockTimeout + grace; stood > most {
		n.find(unhealthy, "the other node stood still for %v, want %v at most", stood, most)
	}
	if most := timeout + grace; back > most {
		n.find(unhealthy, "the node was back %v after the partition, want %v at most", back, most)
	}
	n.found.report(t)
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: meanwhile, Trials: "commands beside a node that was cut off",
		Broken: int64(len(n.found)), Breaks: "kinds of damage",
		Details: fmt.Sprintf("cut off for %v; the other stood still for %v at most, the first was back after %v; the latest call by %v",
			length, stood.Round(time.Millisecond), back.Round(time.Millisecond), n.clock.worst.Round(time.Millisecond)),
	})
}

// busy waits until each node has done something more.
func (n *network) busy(nodes ...*node) {
	n.Helper()
	for _, d := range nodes {
		from, start := d.accepted.Load(), time.Now()
		for d.accepted.Load() < from+10 {
			if time.Since(start) > time.Minute {
				n.find(unhealthy, "%s does nothing", d.name)
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// longestStop watches a node for a while and returns for how long it did nothing
// at a stretch.
func longestStop(d *node, length time.Duration) (longest time.Duration) {
	start := time.Now()
	since, count := start, d.accepted.Load()
	for time.Since(start) < length {
		time.Sleep(5 * time.Millisecond)
		now := d.accepted.Load()
		longest = max(longest, time.Since(since))
		if now != count {
			since, count = time.Now(), now
		}
	}
	return longest
}

// TestSilentCommitOfLibPQ: lib/pq waits for the answer to COMMIT however long it
// takes, but the store does not: it keeps its deadlines, and goes on by other
// connections.
func TestSilentCommitOfLibPQ(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, plan{drivers: []string{"postgres"}, hot: 1}, 1)
	d := n.nodes[0]
	n.setUp()
	for _, fate := range []wire.Fate{wire.HangAfter, wire.HangBefore} {
		for _, alone := range []bool{false, true, false} {
			met := false // one goroutine at a time commits
			d.proxy.OnCommit(func(c wire.Commit) wire.Fate {
				if met || !c.Contains(commandMark) {
					return wire.Pass
				}
				met = true
				return fate
			})
			o := n.ledger.open()
			o.chat, o.by, o.command, o.text = hotName(0), vic, conversation.Say{Text: o.name()}, true
			if alone { // who waits for a conversation that somebody holds commits alone
				n.hold(o.chat, timeout/8)
			}
			start := time.Now()
			for o.outcome != accepted && time.Since(start) < 10*timeout {
				n.giveWithin(t.Context(), d, o)
			}
			// It may wait for its own deadline, then for the locks that the server
			// holds for the silent transaction.
			if took := time.Since(start); o.outcome != accepted || took > 3*timeout+grace {
				t.Errorf("%v: a command took %v: %v", fate, took, o.err)
			}
		}
	}
	start := time.Now()
	closed := make(chan error, 1)
	go func() { closed <- d.store.Close() }()
	select {
	case err := <-closed:
		check(t, err)
	case <-time.After(10 * timeout):
	}
	if took := time.Since(start); took > timeout+grace {
		t.Errorf("Close took %v, want %v at most", took, timeout)
	}
	d.proxy.Close() // which ends the wait of lib/pq
	n.clock.mu.Lock()
	defer n.clock.mu.Unlock()
	if len(n.clock.late) > 0 {
		t.Error(n.clock.late)
	}
}

// hold locks a conversation for a time, as a transaction of a host does.
func (n *network) hold(chat string, d time.Duration) {
	n.Helper()
	tx, err := n.direct.Begin()
	check(n, err)
	_, err = tx.Exec(`SELECT FROM adjourn.conversations WHERE conversation = $1 FOR UPDATE`, chat)
	check(n, err)
	time.AfterFunc(d, func() { _ = tx.Rollback() })
}
