package tenancy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

const suite = "tenancy"

// TestTenancy plays pairs of workspaces, with the same IDs of everything,
// interleaved on one Desk and each alone on its own: answers, bytes in the store,
// views, reports, the feed and what is due are the same.
func TestTenancy(t *testing.T) {
	t.Parallel()
	playPairs(t, inMemory, "memory", proof.Size(t, 1200), 10)
}

// TestTenancyStores is the same on the SQL stores.
func TestTenancyStores(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store string, open opening) { playPairs(t, open, store, proof.Size(t, 3), 1) })
}

func playPairs(t *testing.T, open opening, store string, pairs, answersEach int) {
	t.Helper()
	seed := proof.Seed(t)
	var total played
	broken := 0
	for i := range pairs {
		p := pair{t: t, open: open, answers: i%answersEach == 0}
		if different := p.play(rand.New(rand.NewPCG(seed, uint64(i)))); different != "" {
			if broken++; broken == 1 {
				t.Errorf("SEED=%d, pair %d: %s", seed, i, different)
			}
		}
		total.add(p.played)
	}
	if accepted := float64(total.accepted) / float64(total.operations); accepted < 0.3 || pairs > 100 && total.fired < pairs/2 {
		t.Errorf("%.0f %% of the operations were accepted, %d deadlines fired: the streams do too little", 100*accepted, total.fired)
	}
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(2 * pairs), Trials: "workspaces beside another on " + store, Broken: int64(broken), Breaks: "that were not as alone",
		Details: fmt.Sprintf("%s operations, %d deadlines and assignments", proof.Grouped(total.operations), total.fired), Seed: seed,
	})
}

// A pair is a stream of two workspaces on the way.
type pair struct {
	t       *testing.T
	open    opening
	wrap    func(names [2]string) func(storage.Store) storage.Store // nil: the store is sound
	answers bool                                                    // what the Desk answers is compared at the end, too
	played
}

type played struct {
	operations, accepted int64
	fired                int
}

func (p *played) add(other played) {
	p.operations += other.operations
	p.accepted += other.accepted
	p.fired += other.fired
}

// play returns the first difference.
func (p *pair) play(dice *rand.Rand) string {
	names := pick(dice, workspaceNames...)
	turns := stream(dice)
	together := p.run(turns, names, 0, 1)
	for who := range names {
		if different := difference(p.run(turns, names, who)[who], together[who]); different != "" {
			return fmt.Sprintf("%s beside %s: %s", names[who], names[1-who], different)
		}
	}
	return ""
}

// run plays what some of the workspaces do, and returns what was seen of each.
func (p *pair) run(turns []turn, names [2]string, who ...int) (seen [2][]sight) {
	p.t.Helper()
	var wrap func(storage.Store) storage.Store
	if p.wrap != nil {
		wrap = p.wrap(names)
	}
	w := newWorld(p.t, p.open, wrap, lifecycle.Options{})
	defer w.shut()
	ctx := p.t.Context()
	for _, turn := range turns {
		switch {
		case turn.who < 0:
			w.clock.at = w.clock.at.Add(turn.passes)
			if turn.working {
				p.tick(ctx, w, names, who, &seen)
			}
		case slices.Contains(who, turn.who):
			value, err := turn.does.play(ctx, w.desk, names[turn.who])
			s := sight{what: turn.does.name, value: value}
			if p.operations++; err == nil {
				p.accepted++
			} else {
				s.err = err.Error()
			}
			seen[turn.who] = append(seen[turn.who], s)
		}
	}
	for _, i := range who {
		seen[i] = append(seen[i], stored(ctx, w, names[i])...)
		seen[i] = append(seen[i], told(ctx, w, names[i])...)
		if p.answers {
			seen[i] = append(seen[i], answered(ctx, w, names[i])...)
		}
	}
	return seen
}

func (p *pair) tick(ctx context.Context, w *world, names [2]string, who []int, seen *[2][]sight) {
	ticked, err := w.desk.Tick(ctx)
	p.fired += len(ticked.Fired) + len(ticked.Assigned)
	for _, i := range who {
		v := viewer{}
		v.see("tick", nil, err)
		v.see("fired", of(ticked.Fired, func(f lifecycle.Fired) string { return f.Workspace }, names[i]), nil)
		v.see("assigned", of(ticked.Assigned, func(a lifecycle.Assignment) string { return a.Workspace }, names[i]), nil)
		for _, f := range ticked.Failed {
			if f.Workspace == names[i] {
				v.see("failed "+f.Conversation+f.Record, f.Setback, f.Err)
			}
		}
		seen[i] = append(seen[i], v.all...)
	}
}

// difference returns what is seen otherwise, or nothing.
func difference(alone, together []sight) string {
	for i := range min(len(alone), len(together)) {
		if !reflect.DeepEqual(alone[i], together[i]) {
			return fmt.Sprintf("%s alone:\n%s\ntogether, %s:\n%s", alone[i].what, rendered(alone[i]), together[i].what, rendered(together[i]))
		}
	}
	if len(alone) != len(together) {
		return fmt.Sprintf("%d things alone, %d together", len(alone), len(together))
	}
	return ""
}

// A leaky store lets one workspace see, or change, what is another's.
type leaky struct {
	storage.Store
	names [2]string
	leak  leaks
}

// leaks are what leaks; those that are nil do not.
type leaks struct {
	load     func(s *leaky, l storage.Loaded, key storage.Key, other storage.Loaded) storage.Loaded
	commit   func(s *leaky, ctx context.Context, c storage.Commit)
	history  bool
	view     bool
	count    bool
	closings bool
	list     bool
	record   func(own, other storage.Record) storage.Record
	erase    bool
	due      bool
	outdated bool
	feed     bool
}

func (s *leaky) other(workspace string) string {
	if workspace == s.names[0] {
		return s.names[1]
	}
	return s.names[0]
}

func (s *leaky) Load(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
	own, err := s.Store.Load(ctx, key, id)
	if err != nil || s.leak.load == nil {
		return own, err
	}
	other, err := s.Store.Load(ctx, storage.Key{Workspace: s.other(key.Workspace), Conversation: key.Conversation}, id)
	return s.leak.load(s, own, key, other), err
}

func (s *leaky) Commit(ctx context.Context, c storage.Commit) error {
	err := s.Store.Commit(ctx, c)
	if err == nil && s.leak.commit != nil {
		s.leak.commit(s, ctx, c)
	}
	return err
}

func (s *leaky) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := s.Store.History(ctx, key, after, limit)
	if s.leak.history && err == nil && len(events) == 0 {
		key.Workspace = s.other(key.Workspace)
		return s.Store.History(ctx, key, after, limit)
	}
	return events, err
}

func (s *leaky) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	rows, err := s.Store.View(ctx, q, limit)
	if s.leak.view && err == nil && len(rows) < limit {
		q.Workspace = s.other(q.Workspace)
		more, err := s.Store.View(ctx, q, limit-len(rows))
		return append(rows, more...), err
	}
	return rows, err
}

func (s *leaky) Count(ctx context.Context, q storage.Query) (int, error) {
	n, err := s.Store.Count(ctx, q)
	if s.leak.count && err == nil {
		q.Workspace = s.other(q.Workspace)
		more, err := s.Store.Count(ctx, q)
		return n + more, err
	}
	return n, err
}

func (s *leaky) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	all, err := s.Store.Closings(ctx, q, limit)
	if s.leak.closings && err == nil && len(all) < limit {
		q.Workspace = s.other(q.Workspace)
		more, err := s.Store.Closings(ctx, q, limit-len(all))
		return append(all, more...), err
	}
	return all, err
}

func (s *leaky) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	all, err := s.Store.List(ctx, q, after, limit)
	if s.leak.list && err == nil && len(all) == 0 && after == "" {
		q.Workspace = s.other(q.Workspace)
		return s.Store.List(ctx, q, after, limit)
	}
	return all, err
}

func (s *leaky) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	own, err := s.Store.Record(ctx, key)
	if err != nil || s.leak.record == nil {
		return own, err
	}
	key.Workspace = s.other(key.Workspace)
	other, err := s.Store.Record(ctx, key)
	return s.leak.record(own, other), err
}

func (s *leaky) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	if s.leak.erase {
		if _, err := s.Store.Erase(ctx, s.other(workspace), visitor); err != nil {
			return 0, err
		}
	}
	return s.Store.Erase(ctx, workspace, visitor)
}

func (s *leaky) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	all, err := s.Store.Due(ctx, by, after, limit)
	if s.leak.due {
		ever, err := s.Store.Due(ctx, farFuture, storage.Due{}, most)
		if first := of(ever, func(d storage.Due) string { return d.Key.Workspace }, s.names[0]); len(first) > 0 {
			return of(all, func(d storage.Due) string { return d.Key.Workspace }, s.names[0]), err
		}
	}
	return all, err
}

func (s *leaky) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	all, err := s.Store.Outdated(ctx, by, after, limit)
	if l, loadErr := s.Store.Load(ctx, storage.Key{Workspace: s.names[0]}, ""); s.leak.outdated && loadErr == nil && l.Policies.Revision > 0 {
		all = of(all, func(k storage.Key) string { return k.Workspace }, s.names[0])
	}
	return all, err
}

func (s *leaky) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	all, err := s.Store.Feed(ctx, after, limit)
	if s.leak.feed {
		for i := range all {
			if i > 0 && all[i].Key.Conversation == all[i-1].Key.Conversation {
				all[i].Key.Workspace = all[i-1].Key.Workspace
			}
		}
	}
	return all, err
}

var plantedLeaks = map[string]leaks{
	"a conversation is looked up without its workspace": {load: func(_ *leaky, own storage.Loaded, _ storage.Key, other storage.Loaded) storage.Loaded {
		if own.Head.Version == 0 {
			own.Head = other.Head
		}
		return own
	}},
	"command IDs are one space": {load: func(_ *leaky, own storage.Loaded, _ storage.Key, other storage.Loaded) storage.Loaded {
		if own.Applied == nil {
			own.Applied = other.Applied
		}
		return own
	}},
	"policies are those of whoever set them last": {load: func(_ *leaky, own storage.Loaded, _ storage.Key, other storage.Loaded) storage.Loaded {
		if other.Policies.Revision > own.Policies.Revision {
			own.Policies = other.Policies
		}
		return own
	}},
	"setbacks are shared": {
		load: func(_ *leaky, own storage.Loaded, _ storage.Key, other storage.Loaded) storage.Loaded {
			own.Setback = other.Setback
			own.Setback.Failures += int(other.Head.Version)
			return own
		}},
	"a commit moves the due instant of the other's": {commit: func(s *leaky, ctx context.Context, c storage.Commit) {
		key := storage.Key{Workspace: s.other(c.Key.Workspace), Conversation: c.Key.Conversation}
		if l, err := s.Store.Load(ctx, key, ""); err == nil && l.Head.Version > 0 {
			l.Head.Due = c.Head.Due
			_ = s.Store.Commit(ctx, storage.Commit{Key: key, Expect: l.Head.Version, Head: l.Head, At: c.At})
		}
	}},
	"a journal is found without its workspace": {history: true},
	"lists have everybody's":                   {view: true},
	"counts count everybody's":                 {count: true},
	"reports have everybody's":                 {closings: true},
	"everybody's agents are asked":             {list: true},
	"seats of an agent are counted together": {record: func(own, other storage.Record) storage.Record {
		own.Seats += other.Seats
		return own
	}},
	"a visitor's presence and address are shared": {record: func(own, other storage.Record) storage.Record {
		if own.Key.Kind == storage.KindVisitor && own.Version == 0 {
			own.Version, own.Body, own.Text = other.Version, other.Body, other.Text
		}
		return own
	}},
	"who is erased in one is erased in both": {erase: true},
	"the deadlines of one hide the other's":  {due: true},
	"policies are applied for one alone":     {outdated: true},
	"the feed names the wrong workspace":     {feed: true},
}

func TestTenancyCatches(t *testing.T) {
	t.Parallel()
	seed := proof.Seed(t)
	for _, name := range planted(seed, plantedLeaks) {
		caught := false
		for i := 0; i < 100 && !caught; i++ {
			p := pair{t: t, open: inMemory, answers: i%4 == 0, wrap: func(names [2]string) func(storage.Store) storage.Store {
				return func(s storage.Store) storage.Store { return &leaky{Store: s, names: names, leak: plantedLeaks[name]} }
			}}
			caught = p.play(rand.New(rand.NewPCG(seed, uint64(i)))) != ""
		}
		proof.Planted(t, suite, name, caught)
	}
}
