package rows

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// Desk is a command on the memory store.
func Desk() bench.Row {
	return bench.Row{
		Name: "desk",
		What: "A Desk command on the memory store",
		Note: "A life is open, the visitor's message, take, the agent's message and close, each a command with an ID; what is given is the cost of one command. " +
			"The map by hand has 64 shards, each with a mutex. For each command it writes what the Desk has the memory store write: it looks the conversation up, " +
			"compares the version, copies the bodies it is given (the same bytes, made beforehand), appends the event, remembers the command ID, and puts the conversation's place " +
			"into the feed, the due instants and the five views, as plain entries of maps without an order. It decides nothing. With encoding/json it " +
			"also encodes the conversation and the event, which is where the bytes come from.",
		Open: openDesk,
	}
}

func openDesk(_ context.Context, e *bench.Env) ([]bench.Case, error) {
	commits, err := recordLife()
	if err != nil {
		return nil, err
	}
	steps, err := stepsOf(commits)
	if err != nil {
		return nil, err
	}
	given := func(ctx context.Context, n int) error { return liveByHand(ctx, n, steps, false) }
	encoded := func(ctx context.Context, n int) error { return liveByHand(ctx, n, steps, true) }
	side := func(name string, cores int, run func(context.Context, int) error) bench.Side {
		return liveOn(name, cores, e.Size(20_000, 100), run)
	}
	var cases []bench.Case
	for _, cores := range []int{1, 2} {
		cases = append(cases, bench.Case{
			Name:    counted(cores, "core"),
			Sides:   []bench.Side{side("adjourn", cores, liveOnDesk), side("map by hand", cores, given), side("map and encoding/json", cores, encoded)},
			Targets: []bench.Target{{Against: "map by hand", AtLeast: 0.5}, {Against: "map and encoding/json", AtLeast: 0.5}},
		})
	}
	return append(cases,
		bench.Case{
			Name:    "2 cores beside 1",
			Sides:   []bench.Side{side("2 cores", 2, liveOnDesk), side("1 core", 1, liveOnDesk)},
			Targets: []bench.Target{{Against: "1 core", AtLeast: 1.5}},
		},
		bench.Case{
			Name:  "2 cores beside 1, of the map by hand",
			Sides: []bench.Side{side("2 cores", 2, given), side("1 core", 1, given)},
		},
	), nil
}

// liveOn is a side that has so many conversations live on so many cores.
func liveOn(name string, cores, lives int, run func(ctx context.Context, lives int) error) bench.Side {
	return bench.Side{Name: name, Run: func(ctx context.Context) (bench.Sample, error) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		return bench.Once(lives*len(life()), func() error { return run(ctx, lives) })
	}}
}

// A turn is one command of a life.
type turn struct {
	by      conversation.Actor
	command conversation.Command
}

func life() []turn {
	return []turn{
		{vera, conversation.Open{}},
		{vera, conversation.Say{Text: "My parcel is late, it should have come on Monday."}},
		{ann, conversation.Take{}},
		{ann, conversation.Say{Text: "I am sorry to hear that. Let me see where it is."}},
		{ann, conversation.Close{Outcome: closure.Resolved}},
	}
}

func nameOf(i int) string { return fmt.Sprintf("conversation-%08d", i) }

// each has every core do its share of n.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	cores := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	for core := range cores {
		g.Go(func() error {
			for i := core; i < n; i += cores {
				if err := do(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func liveOnDesk(ctx context.Context, n int) error {
	desk, err := lifecycle.New(memory.New(), nil)
	if err != nil {
		return err
	}
	turns := life()
	return each(ctx, n, func(ctx context.Context, i int) error { return liveThrough(ctx, desk, nameOf(i), turns) })
}

func liveThrough(ctx context.Context, desk *lifecycle.Desk, id string, turns []turn) error {
	for step, t := range turns {
		call := lifecycle.Call{Workspace: "acme", Conversation: id, By: t.by, CommandID: "webhook-" + strconv.Itoa(step)}
		if _, err := desk.Do(ctx, call, t.command); err != nil {
			return err
		}
	}
	return nil
}

// A recorder keeps what a Desk commits.
type recorder struct {
	storage.Store
	commits []storage.Commit
}

func (r *recorder) Commit(ctx context.Context, c storage.Commit) error {
	r.commits = append(r.commits, c)
	return r.Store.Commit(ctx, c)
}

func recordLife() ([]storage.Commit, error) {
	r := &recorder{Store: memory.New()}
	desk, err := lifecycle.New(r, nil)
	if err != nil {
		return nil, err
	}
	err = liveThrough(context.Background(), desk, nameOf(0), life())
	return r.commits, err
}

// A step of a life is what its command commits, and what the bytes of that are of.
type step struct {
	storage.Commit
	after   conversation.Conversation
	records []plainRecord
}

// A plainRecord is a record as a program without a codec of its own would have it.
type plainRecord struct {
	Seq   conversation.Version
	At    time.Time
	By    conversation.Actor
	Type  string
	Event conversation.Event
}

func stepsOf(commits []storage.Commit) (steps []step, err error) {
	for _, c := range commits {
		s := step{Commit: c}
		if s.after, err = conversation.Decode(c.Head.Body); err != nil {
			return nil, err
		}
		for _, e := range c.Events {
			r, err := conversation.DecodeRecord(e.Body)
			if err != nil {
				return nil, err
			}
			s.records = append(s.records, plainRecord{r.Seq, r.At, r.By, conversation.EventName(r.Event), r.Event})
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// encoded returns the commit with its bytes made once more.
func (s step) encoded() (c storage.Commit, err error) {
	c = s.Commit
	if c.Head.Body, err = json.Marshal(s.after); err != nil {
		return c, err
	}
	c.Events = slices.Clone(c.Events)
	for i, r := range s.records {
		if c.Events[i].Body, err = json.Marshal(r); err != nil {
			return c, err
		}
	}
	return c, nil
}

func liveByHand(ctx context.Context, n int, life []step, encoding bool) error {
	m := newShardedMap()
	return each(ctx, n, func(_ context.Context, i int) (err error) {
		name := nameOf(i)
		for _, s := range life {
			c := s.Commit
			if encoding {
				if c, err = s.encoded(); err != nil {
					return err
				}
			}
			c.Key.Conversation = name
			if err := m.commit(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// A shardedMap keeps conversations as a program without a library would.
type shardedMap struct {
	seed   maphash.Seed
	shards [64]shard
}

type shard struct {
	mu            sync.Mutex
	conversations map[string]*kept
	due           map[string]time.Time
	views         map[view]map[string]time.Time
	feed          []fed
}

type kept struct {
	head     storage.Head
	events   []storage.Event
	commands map[string]storage.Command
}

type view struct{ by, value, state string }

type fed struct {
	conversation string
	from, to     int64
}

func newShardedMap() *shardedMap {
	m := &shardedMap{seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].conversations = map[string]*kept{}
		m.shards[i].due = map[string]time.Time{}
		m.shards[i].views = map[view]map[string]time.Time{}
	}
	return m
}

var errConflict = errors.New("conflict")

func (m *shardedMap) commit(c storage.Commit) error {
	id := c.Key.Conversation
	s := &m.shards[maphash.String(m.seed, id)%uint64(len(m.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.conversations[id]
	if k == nil {
		k = &kept{commands: map[string]storage.Command{}}
		s.conversations[id] = k
	}
	if k.head.Version != c.Expect {
		return errConflict
	}
	if _, known := k.commands[c.Command.ID]; known {
		return errConflict
	}
	for _, e := range c.Events {
		e.Body = bytes.Clone(e.Body)
		k.events = append(k.events, e)
	}
	k.commands[c.Command.ID] = c.Command
	s.feed = append(s.feed, fed{id, c.Expect, c.Head.Version})
	old := k.head
	k.head = c.Head
	k.head.Body = bytes.Clone(c.Head.Body)
	if c.Head.Due.IsZero() {
		delete(s.due, id)
	} else {
		s.due[id] = c.Head.Due
	}
	before, after := viewsOf(old), viewsOf(c.Head)
	for i, v := range after {
		if v != before[i] {
			delete(s.views[before[i]], id)
		}
		places := s.views[v]
		if places == nil {
			places = map[string]time.Time{}
			s.views[v] = places
		}
		places[id] = c.Head.Updated
	}
	return nil
}

func viewsOf(h storage.Head) [5]view {
	return [5]view{
		{"state", "", h.State}, {"updated", "", h.State},
		{"agent", h.Agent, h.State}, {"group", h.Group, h.State}, {"visitor", h.Visitor, h.State},
	}
}
