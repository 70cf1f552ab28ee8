//go:build linux

package routing_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

const (
	workspace = "acme"

	nodes   = 3
	routers = 4 // the workers of each node's Desk
	agents  = 40
	takers  = 20 // of all nodes: with their routers, 32
	openers = 2  // of each node
)

var groups = []string{"billing", "orders", "returns", "tech", "vip"}

// A nodeOrder is a node that routes, and where agents and visitors come in.
type nodeOrder struct {
	URL   string
	Slot  int // of the nodes: it has every third agent
	Seed  uint64
	Poll  time.Duration
	Fault fault

	Conversations int // that are opened at all nodes together; zero: it only routes
}

// A node is one at work.
type node struct {
	nodeOrder
	db     *sql.DB
	desk   *lifecycle.Desk
	report func(report)

	waiting atomic.Int64 // how long the queues were a moment ago

	mu     sync.Mutex // guards the field below
	counts map[string]int
}

func (o *nodeOrder) obey(ctx context.Context) error {
	db, store, err := openPostgres(ctx, o.URL)
	if err != nil {
		return err
	}
	n := &node{nodeOrder: *o, db: db, report: reporter(), counts: map[string]int{}}
	n.desk, err = lifecycle.New(o.Fault.plant(store), &lifecycle.Options{
		Workers: routers, Poll: o.Poll, Logger: slog.New(complainer{slog.DiscardHandler, n.complain}),
	})
	if err != nil {
		return err
	}
	if o.Conversations > 0 {
		n.load(ctx)
	}
	go n.tell(ctx)
	return n.desk.Run(ctx)
}

// load begins all that people do at the node.
func (n *node) load(ctx context.Context) {
	chances := uint64(0)
	begin := func(work func(context.Context, *rand.Rand)) {
		chances++
		r := rand.New(rand.NewPCG(n.Seed, chances))
		go work(ctx, r)
	}
	begin(n.watch)
	begin(n.visit)
	for range openers {
		begin(n.open)
	}
	for i := n.Slot; i < takers; i += nodes {
		begin(n.take)
	}
	for i := n.Slot; i < agents; i += nodes {
		begin(func(ctx context.Context, r *rand.Rand) { n.attend(ctx, r, agentID(i)) })
	}
}

// do gives a command, and counts what became of it.
func (n *node) do(ctx context.Context, c conversation.Conversation, by conversation.Actor, command conversation.Command) {
	_, err := n.desk.Do(ctx, lifecycle.Call{Workspace: workspace, Conversation: c.ID, By: by}, command)
	n.count(string(command.Name()), err)
}

// count counts an answer. One that is neither yes nor no must not come.
func (n *node) count(what string, err error) {
	var no *conversation.RefusedError
	var has *lifecycle.LogOutError
	switch {
	case errors.As(err, &no):
		what += " " + no.Code()
	case errors.As(err, &has):
		what += " kept"
	case errors.Is(err, lifecycle.ErrNoAgent):
		what += " gone"
	case err != nil:
		n.complain(fmt.Sprintf("%s: %v", what, err))
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts[what]++
}

func (n *node) complain(what string) { n.report(report{Complaint: what}) }

// tell reports the counts as they grow.
func (n *node) tell(ctx context.Context) {
	for pause(ctx, 50*time.Millisecond) {
		n.mu.Lock()
		counts := maps.Clone(n.counts)
		clear(n.counts)
		n.mu.Unlock()
		if len(counts) > 0 {
			n.report(report{Counts: counts})
		}
	}
}

// A complainer is a log of what must not happen.
type complainer struct {
	slog.Handler
	complain func(string)
}

// Enabled implements slog.Handler.
func (complainer) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements slog.Handler.
func (c complainer) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	c.complain(text)
	return nil
}

// An agent's ID, how many seats they have and which groups they are in, to begin
// with: some are in none.
func agentID(i int) string { return fmt.Sprintf("agent-%02d", i) }

func somebody(r *rand.Rand) string { return agentID(r.IntN(agents)) }

func someGroup(r *rand.Rand) string { return groups[r.IntN(len(groups))] }

func someGroups(r *rand.Rand) (some []string) {
	for range r.IntN(4) {
		some = append(some, someGroup(r))
	}
	return some
}

// arrive makes an agent one who is there.
func arrive(ctx context.Context, desk *lifecycle.Desk, r *rand.Rand, id string) error {
	if _, err := desk.SetAgent(ctx, workspace, id, 1+r.IntN(5), someGroups(r)...); err != nil {
		return err
	}
	if _, err := desk.SetAvailability(ctx, workspace, id, roster.Automatic, roster.Available); err != nil {
		return err
	}
	_, err := desk.SetAvailability(ctx, workspace, id, roster.Manual, roster.Unset)
	return err
}
