package rows

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// Of a crowd that sleeps, 1 in wakeUnits wakes at each second. A round wakes
// tickUnits of them at once, and commits one by itself.
const (
	wakeUnits = 50
	tickUnits = 5
	maxWakes  = 8 // rounds, until nobody sleeps

	wakeWorkspaces = 100
)

// wakesAt is when a unit is due.
func wakesAt(unit int) time.Time { return asideTo.Add(time.Duration(unit) * time.Second) }

// Wake works off the snoozes of a tenth of all conversations.
func Wake() bench.Row {
	return bench.Row{
		Name: "wake",
		What: "Waking 100,000 due of 1,000,000 snoozed conversations",
		Open: openWake,
	}
}

func openWake(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
	if e.Rounds > maxWakes {
		return nil, fmt.Errorf("%d rounds, at most %d: %w", e.Rounds, maxWakes, errSpent)
	}
	sleepers := e.Size(1_000_000, 20_000)
	var cases []bench.Case
	for _, open := range []func() (*stand, int, error){
		func() (*stand, int, error) {
			s, err := onPostgres(ctx, e, "adjourn", wakeSettings...)
			return s, 256, err
		},
		func() (*stand, int, error) { s, err := onSQLite(ctx, e, "wake.db"); return s, 128, err },
	} {
		s, callers, err := open()
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if err := fillSleepers(ctx, s, sleepers); err != nil {
			return nil, err
		}
		e.Logf("wake: %d conversations in %s in %v", sleepers, s.name, time.Since(began).Round(time.Second))
		w := &waker{stand: s, sleepers: sleepers, callers: callers}
		c := bench.Case{
			Name:    s.name,
			Sides:   []bench.Side{{Name: "adjourn", Run: w.tick}, {Name: "Commit alone", Run: w.commit}},
			Targets: []bench.Target{{Against: "Commit alone", AtLeast: 0.7}},
		}
		if s.name == "Postgres" {
			river, err := openRiver(ctx, e, sleepers)
			if err != nil {
				return nil, err
			}
			c.Sides = append(c.Sides, bench.Side{Name: "River", Run: river.run})
			c.Targets = append(c.Targets, bench.Target{Against: "River", AtLeast: 3})
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// wakeSettings are those of a server with some memory.
var wakeSettings = []string{"shared_buffers=2GB", "max_wal_size=4GB", "checkpoint_timeout=15min"}

// fillSleepers fills a store with snoozed conversations.
func fillSleepers(ctx context.Context, s *stand, sleepers int) error {
	m, err := snoozed(ctx)
	if err != nil {
		return err
	}
	if err := s.fillAgents(ctx, m, wakeWorkspaces, sleepers/(wakeWorkspaces*wakeUnits)); err != nil {
		return err
	}
	unit, agent := fmt.Sprintf("i / %d %% %d", wakeWorkspaces, wakeUnits), fmt.Sprintf("i / %d", wakeWorkspaces*wakeUnits)
	n := names{
		modelWorkspace, fmt.Sprintf("'w' || (i %% %d)", wakeWorkspaces),
		modelAgent, "'a' || (" + agent + ")",
		modelConversation, fmt.Sprintf("'conversation-' || (i * 7919 %% %d)", sleepers),
		modelVisitor, fmt.Sprintf("'visitor-' || (i * 7919 %% %d)", sleepers),
		asideTo.Format(time.RFC3339), "'2026-03-02T10:00:' || (10 + " + unit + ") || 'Z'", // all in the same minute
	}
	due := fmt.Sprintf("%d + %s * 1000000", asideTo.UnixMicro(), unit)
	err = s.withoutIndexes(ctx, s.heads, func() error {
		return s.insert(ctx, s.heads, sleepers, s.columns(m, n, due)...)
	})
	if err != nil {
		return err
	}
	for _, event := range m.events {
		if err := s.fillEvent(ctx, n, event, sleepers); err != nil {
			return err
		}
	}
	return s.settle(ctx)
}

// fillEvent gives each conversation an event, with its text.
func (s *stand) fillEvent(ctx context.Context, n names, event storage.Event, conversations int) error {
	key := []string{"workspace", n.text(modelWorkspace), "conversation", n.text(modelConversation), "version", fmt.Sprint(event.Version)}
	columns := append(slices.Clone(key), "body", n.body(s, event.Body))
	texts := []string{"id", "i + 1", "text", quoted(event.Text)}
	if s.name == "Postgres" {
		columns = append(columns, "has_text", fmt.Sprint(event.Text != ""))
		texts = append(key, "text", quoted(event.Text))
	} else if event.Text != "" {
		columns = append(columns, "text_id", "i + 1")
	}
	if err := s.insert(ctx, s.tables+"events", conversations, columns...); err != nil || event.Text == "" {
		return err
	}
	return s.insert(ctx, s.tables+"texts", conversations, texts...)
}

// A waker wakes the conversations of a store, other ones in each round.
type waker struct {
	*stand
	sleepers int
	callers  int // workers of the Desk, and who commits
	ticks    int // rounds that were
	commits  int
}

func (w *waker) desk(store storage.Store, now time.Time) (*lifecycle.Desk, error) {
	return lifecycle.New(store, &lifecycle.Options{Clock: standingAt(now), Workers: w.callers})
}

// tick has a Desk wake all that is due.
func (w *waker) tick(ctx context.Context) (bench.Sample, error) {
	w.ticks++
	desk, err := w.desk(w.store, wakesAt(w.ticks*tickUnits-1))
	if err != nil {
		return nil, err
	}
	n := w.sleepers / wakeUnits * tickUnits
	return bench.Once(n, func() error {
		t, err := desk.Tick(ctx)
		if err == nil && (len(t.Fired) != n || len(t.Failed) > 0) {
			err = fmt.Errorf("%d of %d were woken, %d failed", len(t.Fired), n, len(t.Failed))
		}
		return err
	})
}

// commit commits what a Desk would, as it would, but knows it before.
func (w *waker) commit(ctx context.Context) (bench.Sample, error) {
	unit := maxWakes*tickUnits + w.commits
	w.commits++
	r := &dueRecorder{Store: w.store, from: wakesAt(unit)}
	desk, err := w.desk(r, wakesAt(unit))
	if err != nil {
		return nil, err
	}
	if _, err := desk.Tick(ctx); err != nil {
		return nil, err
	}
	n := w.sleepers / wakeUnits
	if len(r.commits) != n {
		return nil, fmt.Errorf("%d commits of %d were recorded", len(r.commits), n)
	}
	return bench.Once(n, func() error {
		var next atomic.Int64
		var group errgroup.Group
		for range w.callers {
			group.Go(func() error {
				for i := next.Add(1); i <= int64(n); i = next.Add(1) {
					if err := w.store.Commit(ctx, r.commits[i-1]); err != nil {
						return err
					}
				}
				return nil
			})
		}
		return group.Wait()
	})
}

// A dueRecorder is a store in which what is due from an instant on is due once, and
// that keeps what is committed to itself.
type dueRecorder struct {
	storage.Store
	from time.Time
	done bool // all that is due was returned

	mu      sync.Mutex // guards commits
	commits []storage.Commit
}

// Due implements [storage.Store].
func (r *dueRecorder) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	if r.done {
		return nil, nil
	}
	if after.At.Before(r.from) {
		after = storage.Due{At: r.from}
	}
	page, err := r.Store.Due(ctx, by, after, limit)
	r.done = len(page) == 0
	return page, err
}

// Commit implements [storage.Store].
func (r *dueRecorder) Commit(_ context.Context, c storage.Commit) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commits = append(r.commits, c)
	return nil
}
