package wire_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/drivertest/wire"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

const (
	workspace  = "acme"
	beside     = "beside" // whose policies are set all the time
	subscriber = "search"

	// pool is how many connections a node has.
	pool = 8

	// patience of the stores: what Timeout and LockTimeout promise is put to the
	// test in seconds, not minutes.
	timeout     = 800 * time.Millisecond
	lockTimeout = 300 * time.Millisecond

	capacity = 4 // of each agent
)

var agents = []string{"ann", "ben", "cleo"}

// A node is a Desk with a store, a pool and a network of its own.
type node struct {
	name   string
	driver string
	proxy  *wire.Proxy
	db     *sql.DB
	store  *postgres.Store
	desk   *lifecycle.Desk

	accepted atomic.Int64 // commands
}

// A network is nodes on one database, each behind a proxy, what is asked of them,
// and a connection past all proxies that sees what is really there.
type network struct {
	testing.TB
	plan

	seed   uint64
	direct *sql.DB
	truth  *postgres.Store
	nodes  []*node

	ledger  ledger
	clock   *punctuality
	unclear ambiguities
	stop    chan struct{}
	calm    atomic.Bool
	tape    tape

	mu    sync.Mutex // guards the fields below
	rand  *rand.Rand
	found verdict
}

// A plan is what kind of network it is.
type plan struct {
	drivers []string // of the nodes
	writers int      // for each node
	hot     int      // conversations that all write to
	unlucky float64  // how likely a COMMIT of commands meets a fate
	hanging float64  // how likely that is one of those that hang
	rough   bool     // connections are cut, slowed and refused all the time
	pinned  bool     // writers stay with their node

	plant plant
}

// A plant is a fault of the library's or of a caller's, planted to be found.
type plant struct {
	store   func(*network, *node, storage.Store) storage.Store
	timeout time.Duration // of the stores, while they promise another
	anew    bool          // callers repeat under a new command ID
	hasty   bool          // the subscriber moves on before its work is done
	blind   bool          // the proxies do nothing
}

// newNetwork migrates a database and opens the nodes.
func newNetwork(t testing.TB, p plan, seed uint64) *network {
	t.Helper()
	address := pgtest.Shared(t).NewDatabase(t)
	n := &network{
		TB: t, plan: p, seed: seed, clock: new(punctuality), stop: make(chan struct{}),
		rand: rand.New(rand.NewPCG(seed, 0)), found: verdict{},
	}
	n.direct, n.truth = n.open("pgx", address+"&application_name=truth", time.Minute)
	check(t, n.truth.Migrate(t.Context()))
	n.hire()
	for i, driver := range p.drivers {
		n.nodes = append(n.nodes, n.node(fmt.Sprint("node ", i), driver, address))
	}
	return n
}

// hire makes the policies and the agents, on a network without faults.
func (n *network) hire() {
	n.Helper()
	desk, err := lifecycle.New(n.truth, nil)
	check(n, err)
	policies := conversation.Policies{Default: conversation.Policy{Idle: conversation.Idle{
		Assigned: idle.Ladder{Steps: []idle.Step{{After: time.Second, Action: idle.Prompt, Text: "Still there?"}}},
	}}}
	_, err = desk.SetPolicies(n.Context(), workspace, policies, 0)
	check(n, err)
	for _, id := range agents {
		_, err := desk.SetAgent(n.Context(), workspace, id, capacity)
		check(n, err)
		_, err = desk.SetAvailability(n.Context(), workspace, id, roster.Manual, roster.Available)
		check(n, err)
	}
}

func (n *network) open(driver, address string, timeout time.Duration) (*sql.DB, *postgres.Store) {
	n.Helper()
	db, err := sql.Open(driver, address)
	check(n, err)
	db.SetMaxOpenConns(pool)
	db.SetMaxIdleConns(pool)
	n.Cleanup(func() { _ = db.Close() })
	store, err := postgres.New(n.Context(), db, &postgres.Options{Timeout: timeout, LockTimeout: min(lockTimeout, timeout)})
	check(n, err)
	return db, store
}

func (n *network) node(name, driver, address string) *node {
	n.Helper()
	d := &node{name: name, driver: driver, proxy: wire.ListenFor(n, address)}
	d.db, d.store = n.open(driver, d.proxy.URL(), cmp.Or(n.plant.timeout, timeout))
	check(n, d.store.CheckSchema(n.Context()))
	var store storage.Store = noted{d.store, &n.unclear}
	if n.plant.store != nil {
		store = n.plant.store(n, d, store)
	}
	var err error
	d.desk, err = lifecycle.New(timed{n.clock, store, timeout}, nil)
	check(n, err)
	return d
}

// chance draws from what the network's own goroutines share.
func (n *network) chance(p float64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.rand.Float64() < p
}

func (n *network) intN(of int) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.rand.IntN(of)
}

// storm begins to do to the network what the plan says.
func (n *network) storm() {
	if n.plant.blind {
		return
	}
	for _, d := range n.nodes {
		d.proxy.LateBy(time.Duration(1+n.intN(80)) * time.Millisecond)
		d.proxy.OnCommit(func(c wire.Commit) wire.Fate { return n.fate(d, c) })
		if n.rough {
			d.proxy.OnRow(func() bool { return n.chance(1.0 / 400) })
		}
	}
}

// fate decides about a COMMIT: most are those of commands.
func (n *network) fate(d *node, c wire.Commit) wire.Fate {
	command := c.Contains(commandMark)
	likely := n.unlucky
	if !command { // of a tick, the feed or a record
		likely /= 4
	}
	if !n.chance(likely) {
		return wire.Pass
	}
	cuts := []wire.Fate{wire.CutBefore, wire.CutWithin, wire.CutBetween, wire.CutLate, wire.CutAfter, wire.CutAfter}
	fate := cuts[n.intN(len(cuts))]
	switch {
	case d.driver == "pgx" && n.chance(n.hanging): // lib/pq waits for the server however long it takes
		fate = []wire.Fate{wire.HangBefore, wire.HangAfter}[n.intN(2)]
	case n.chance(0.5):
		fate |= wire.Reset
	}
	if command {
		fate |= wire.Marked
	}
	return fate
}

// ambiguous is how many COMMITs of commands have met a fate.
func (n *network) ambiguous() (met int) {
	for _, d := range n.nodes {
		for fate, times := range d.proxy.Counts().Fates {
			if fate&wire.Marked != 0 {
				met += times
			}
		}
	}
	return met
}

// weather is what else happens to a node's network, until it stops.
func (n *network) weather(d *node) {
	for n.sleep(time.Duration(100+n.intN(500)) * time.Millisecond) {
		switch n.intN(8) {
		case 0, 1:
			d.proxy.CutAll(n.chance(0.5))
		case 2, 3:
			d.proxy.Slow(time.Duration(1+n.intN(10)) * time.Millisecond)
			n.sleep(100 * time.Millisecond)
			d.proxy.Slow(0)
		case 4, 5:
			d.proxy.Refuse(true)
			n.sleep(time.Duration(n.intN(100)) * time.Millisecond)
			d.proxy.Refuse(false)
		case 6:
			d.proxy.Partition()
			n.sleep(time.Duration(n.intN(100)) * time.Millisecond)
			d.proxy.Heal()
		case 7:
			if d.driver == "pgx" && n.chance(0.3) {
				d.proxy.HangAll()
			}
		}
	}
}

// calmDown ends all that is done to the network. What was done to connections
// before is not undone.
func (n *network) calmDown() {
	n.calm.Store(true)
	for _, d := range n.nodes {
		d.proxy.OnCommit(nil)
		d.proxy.OnRow(nil)
		d.proxy.Slow(0)
		d.proxy.Refuse(false)
		d.proxy.Heal()
	}
}

// sleep reports false once the network has stopped.
func (n *network) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-n.stop:
		return false
	}
}

// ticking works off deadlines at a node, until the network stops.
func (n *network) ticking(d *node) {
	for n.sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		over := n.clock.watch(ctx, "Tick", 0)
		_, _ = d.desk.Tick(ctx)
		over()
		cancel()
	}
}

// reading looks at lists and conversations at a node: what was acknowledged there
// or elsewhere is never gone again.
func (n *network) reading(d *node) {
	seen := map[string]conversation.Version{}
	for n.sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(100+n.intN(900))*time.Millisecond)
		over := n.clock.watch(ctx, "reading", 0)
		id := hotName(n.intN(n.hot))
		least := max(seen[id], n.ledger.newest(id))
		c, err := d.desk.Get(ctx, workspace, id)
		if err == nil {
			if c.Version < least {
				n.find(lost, "%s is read at version %d after %d was acknowledged", id, c.Version, least)
			}
			seen[id] = c.Version
		}
		_, _ = d.desk.List(ctx, workspace, lifecycle.Waiting(""), "", 10)
		_, _ = d.desk.History(ctx, workspace, id, 0, 0)
		over()
		cancel()
	}
}

// keeping does at a node what is done seldom: the policies of another workspace are
// set, what nobody wants any more is erased and purged, and lists are made. Nobody
// else sets those policies, unless an earlier call is still under way.
func (n *network) keeping(d *node) {
	var unclear time.Time
	for n.sleep(time.Duration(100+n.intN(400)) * time.Millisecond) {
		before := n.revision()
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(200+n.intN(800))*time.Millisecond)
		over := n.clock.watch(ctx, "SetPolicies", 0)
		_, err := d.desk.SetPolicies(ctx, beside, conversation.Policies{}, before)
		over()
		cancel()
		after := n.revision()
		settled := time.Since(unclear) > 2*timeout
		switch {
		case errors.Is(err, storage.ErrOutcomeUnknown):
			unclear = time.Now()
		case err != nil && after != before && settled:
			n.find(wronglyDenied, "SetPolicies failed with %q and set them", err)
		case err == nil && after == before:
			n.find(lost, "SetPolicies succeeded and changed nothing")
		}
		ctx, cancel = context.WithTimeout(context.Background(), time.Duration(200+n.intN(800))*time.Millisecond)
		over = n.clock.watch(ctx, "keeping", 0)
		_, _ = d.desk.Forget(ctx, workspace, "nobody")
		_, _ = d.desk.Purge(ctx, 24*time.Hour)
		_, _ = d.desk.Setbacks(ctx, "", "", 10)
		_, _ = d.desk.Closings(ctx, workspace, lifecycle.ClosingView{}, "", 10)
		over()
		cancel()
	}
}

// revision looks past the proxies at the policies that keeping sets.
func (n *network) revision() int64 {
	loaded, err := n.truth.Load(context.Background(), storage.Key{Workspace: beside}, "")
	if err != nil {
		n.Error(err)
	}
	return loaded.Policies.Revision
}

// staffing makes an agent available and unavailable at a node. Nobody else does, so
// that what a call says it did can be seen in the agent's record, unless an earlier
// one is still under way.
func (n *network) staffing(d *node) {
	key := storage.RecordKey{Workspace: workspace, Kind: storage.KindAgent, ID: agents[0]}
	look := func() storage.Record {
		r, err := n.truth.Record(context.Background(), key)
		if err != nil {
			n.Error(err)
		}
		return r
	}
	var unclear time.Time
	for available := false; n.sleep(100 * time.Millisecond); {
		to := roster.Unavailable
		if available {
			to = roster.Available
		}
		before := look()
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(200+n.intN(800))*time.Millisecond)
		over := n.clock.watch(ctx, "SetAvailability", 0)
		_, err := d.desk.SetAvailability(ctx, workspace, key.ID, roster.Manual, to)
		over()
		cancel()
		after := look()
		settled := time.Since(unclear) > 2*timeout
		switch {
		case errors.Is(err, storage.ErrOutcomeUnknown):
			unclear = time.Now()
		case err != nil && before.Version != after.Version && settled:
			n.find(wronglyDenied, "SetAvailability failed with %q and changed the record", err)
		case err == nil && after.Available != available && settled:
			n.find(lost, "SetAvailability succeeded and changed nothing")
		}
		if err == nil {
			available = !available
		}
	}
}

// guarding looks past the proxies for agents who have more than their seats.
func (n *network) guarding() {
	for n.sleep(100 * time.Millisecond) {
		n.overfull()
	}
}

func (n *network) overfull() {
	rows, err := n.direct.Query(`SELECT seat, count(*) FROM adjourn.conversations WHERE seat <> '' GROUP BY seat HAVING count(*) > $1`, capacity)
	if err != nil {
		n.Error(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var agent string
		var seats int
		if err := rows.Scan(&agent, &seats); err != nil {
			n.Error(err)
		}
		n.find(overfull, "%s has %d conversations and %d seats", agent, seats, capacity)
	}
	if err := rows.Err(); err != nil {
		n.Error(err)
	}
}

// A tape is what a subscriber was told, in that order.
type tape struct {
	mu  sync.Mutex
	all []lifecycle.Delivery
}

// subscribing follows the feed at a node, until the network stops.
func (n *network) subscribing(d *node) {
	for n.sleep(40 * time.Millisecond) {
		_, _ = n.follow(d)
	}
}

// follow takes one page of the feed, and reports whether there was any.
func (n *network) follow(d *node) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	defer n.clock.watch(ctx, "subscribing", 0)()
	page, err := d.desk.Feed(ctx, subscriber, 20)
	if err != nil || len(page) == 0 {
		return false, err
	}
	work := func() {
		n.tape.mu.Lock()
		defer n.tape.mu.Unlock()
		n.tape.all = append(n.tape.all, page...)
	}
	if !n.plant.hasty {
		work()
	}
	_, err = d.desk.Advance(ctx, subscriber, page[len(page)-1].Position)
	if err == nil && n.plant.hasty {
		work()
	}
	return true, err
}
