package sim_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A nodeStore is the store as a node sees it, as long as it lives: every call
// waits for the scheduler, and has the fate that it gives.
type nodeStore struct {
	run  *run
	life *life
}

var (
	_ storage.Store = (*nodeStore)(nil)
	_ storage.Clock = (*nodeStore)(nil)
)

// read asks the store.
func read[T any](ctx context.Context, s *nodeStore, what string, get func(context.Context) (T, error)) (T, error) {
	var none T
	if s.life.over.Load() {
		return none, errDead
	}
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("sim: %w", err)
	}
	j := jobOf(ctx)
	v, err := s.run.park(ctx, &request{job: j, what: what})
	switch {
	case err != nil:
		return none, s.givenUp(err)
	case v.fate == fails:
		return none, errFailed
	case v.fate != fine:
		return none, errDead
	}
	got, err := get(context.Background())
	if v.answer > 0 {
		if late := s.answer(ctx, j, what, v.answer); late != nil {
			return none, late
		}
	}
	return got, err
}

// answer waits for a slow answer.
func (s *nodeStore) answer(ctx context.Context, j *job, what string, d time.Duration) error {
	v, err := s.run.park(ctx, &request{job: j, what: what + " answers", answer: true, notBefore: time.Now().Add(d)})
	if err != nil {
		return s.givenUp(err)
	}
	if v.fate != fine {
		return errDead
	}
	return nil
}

func (s *nodeStore) givenUp(err error) error {
	if s.life.over.Load() {
		return errDead
	}
	return fmt.Errorf("sim: %w", err)
}

// write changes the store. Note is told when it was changed, however late and
// whoever hears of it.
func write[T any](ctx context.Context, s *nodeStore, what string, commit bool, set func(context.Context) (T, error), note func(*job)) (T, error) {
	var none T
	if s.life.over.Load() {
		return none, errDead
	}
	if err := ctx.Err(); err != nil {
		return none, fmt.Errorf("sim: %w", err)
	}
	j := jobOf(ctx)
	v, err := s.run.park(ctx, &request{job: j, what: what, write: true, commit: commit})
	if err != nil {
		return none, s.givenUp(err)
	}
	apply := func() (T, error) {
		got, err := set(context.Background())
		if err == nil {
			note(j)
		}
		return got, err
	}
	switch v.fate {
	case fails:
		return none, errFailed
	case held:
		return none, storage.ErrHeld
	case dead:
		return none, errDead
	case unknownNot:
		s.run.Unknown++
		return none, errUnknown
	case unknownLater, crashLater:
		at := time.Now().Add(lateness(j.id, what))
		s.run.late = append(s.run.late, late{at, what, func() error { _, err := apply(); return err }})
		if v.fate == crashLater {
			s.life.over.Store(true)
			return none, errDead
		}
		s.run.Unknown++
		return none, errUnknown
	}
	got, err := apply()
	switch {
	case v.fate == crashAfter:
		s.life.over.Store(true)
		return none, errDead
	case v.fate == unknownAfter:
		s.run.Unknown++
		if err == nil {
			s.run.UnknownApplied++
		}
		if f := s.run.fault; f != nil && f.tellsFailed {
			return none, errFailed
		}
		return none, errUnknown
	case v.answer > 0:
		if late := s.answer(ctx, j, what, v.answer); late != nil && !errors.Is(late, errDead) {
			s.run.Unknown++
			return none, fmt.Errorf("%w: %w", late, storage.ErrOutcomeUnknown)
		} else if late != nil {
			return none, late
		}
	}
	return got, err
}

// lateness is how long a write is on its way: it follows from what it is, because
// only the scheduler draws.
func lateness(job int, what string) time.Duration {
	n := job*7919 + len(what)*104_729
	return time.Duration(n%20_000) * time.Millisecond / 2
}

func (s *nodeStore) Load(ctx context.Context, key storage.Key, id string) (storage.Loaded, error) {
	return read(ctx, s, "load "+named(key)+" "+id, func(ctx context.Context) (storage.Loaded, error) {
		l, err := s.run.store.Load(ctx, key, id)
		if l.Head.Version > 0 {
			l.Head.Body = s.run.spoil(key, l.Head.Body)
		}
		return l, err
	})
}

func (s *nodeStore) Commit(ctx context.Context, c storage.Commit) error {
	c = cloneCommit(c) // it may be applied when the caller has long gone on
	what := fmt.Sprintf("commit %s %d+%d due %s seat %s id %s", named(c.Key), c.Expect, len(c.Events), s.run.since(c.Head.Due), c.Head.Seat, c.Command.ID)
	_, err := write(ctx, s, what, true, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.run.store.Commit(ctx, c)
	}, func(j *job) { s.run.committed(j, s.life.node, c) })
	if errors.Is(err, storage.ErrConflict) {
		s.run.Conflicts++
	}
	return err
}

func cloneCommit(c storage.Commit) storage.Commit {
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		c.Events[i].Body = bytes.Clone(c.Events[i].Body)
	}
	c.Head.Body, c.Head.Tags = bytes.Clone(c.Head.Body), slices.Clone(c.Head.Tags)
	c.Closings = slices.Clone(c.Closings)
	return c
}

func (s *nodeStore) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	return read(ctx, s, "history "+named(key), func(ctx context.Context) ([]storage.Event, error) {
		return s.run.store.History(ctx, key, after, limit)
	})
}

func (s *nodeStore) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	return read(ctx, s, "due", func(ctx context.Context) ([]storage.Due, error) {
		return s.run.store.Due(ctx, by, after, limit)
	})
}

func (s *nodeStore) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	body = bytes.Clone(body)
	_, err := write(ctx, s, "policies "+workspace, false, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.run.store.SetPolicies(ctx, workspace, expect, body)
	}, func(*job) { s.run.policiesSet(workspace, expect+1, body) })
	return err
}

func (s *nodeStore) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	return read(ctx, s, "outdated", func(ctx context.Context) ([]storage.Key, error) {
		return s.run.store.Outdated(ctx, by, after, limit)
	})
}

func (s *nodeStore) SetBack(ctx context.Context, key storage.Key, version int64, setback storage.Setback) error {
	_, err := write(ctx, s, fmt.Sprintf("set back %s at %d: %d", named(key), version, setback.Failures), false, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.run.store.SetBack(ctx, key, version, setback)
	}, func(*job) { s.run.Setbacks++ })
	return err
}

func (s *nodeStore) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	return read(ctx, s, "setbacks", func(ctx context.Context) ([]storage.SetbackOf, error) {
		return s.run.store.Setbacks(ctx, after, limit)
	})
}

func (s *nodeStore) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	return read(ctx, s, fmt.Sprint("feed after ", after), func(ctx context.Context) ([]storage.Entry, error) {
		return s.run.store.Feed(ctx, after, limit)
	})
}

func (s *nodeStore) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	return write(ctx, s, fmt.Sprint("advance ", subscriber, " to ", to), false, func(ctx context.Context) (storage.Position, error) {
		return s.run.store.Advance(ctx, subscriber, to)
	}, func(*job) {})
}

func (s *nodeStore) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	return write(ctx, s, "erase "+visitor, false, func(ctx context.Context) (int, error) {
		return s.run.store.Erase(ctx, workspace, visitor)
	}, func(*job) {})
}

func (s *nodeStore) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	return write(ctx, s, "purge", false, func(ctx context.Context) (int, error) {
		return s.run.store.Purge(ctx, before, limit)
	}, func(*job) {})
}

func (s *nodeStore) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	return read(ctx, s, "record "+key.ID, func(ctx context.Context) (storage.Record, error) {
		return s.run.store.Record(ctx, key)
	})
}

func (s *nodeStore) Put(ctx context.Context, rec storage.Record) error {
	rec.Body, rec.Groups = bytes.Clone(rec.Body), slices.Clone(rec.Groups)
	_, err := write(ctx, s, fmt.Sprintf("put %s %d %s", rec.Key.ID, rec.Version, rec.Body), false, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.run.store.Put(ctx, rec)
	}, func(j *job) { s.run.put(j, rec) })
	return err
}

func (s *nodeStore) Settle(ctx context.Context, rec storage.Record) error {
	_, err := write(ctx, s, fmt.Sprintf("settle %s %d due %s", rec.Key.ID, rec.Version, s.run.since(rec.Due)), false, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, s.run.store.Settle(ctx, rec)
	}, func(*job) {})
	return err
}

func (s *nodeStore) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	return read(ctx, s, "list "+q.Group, func(ctx context.Context) ([]storage.Record, error) {
		return s.run.store.List(ctx, q, after, limit)
	})
}

func (s *nodeStore) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	return read(ctx, s, "due records", func(ctx context.Context) ([]storage.DueRecord, error) {
		return s.run.store.DueRecords(ctx, by, after, limit)
	})
}

func (s *nodeStore) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	return read(ctx, s, "view "+q.State+" "+q.Agent+q.Group+q.Visitor, func(ctx context.Context) ([]storage.Row, error) {
		rows, err := s.run.store.View(ctx, q, limit)
		for i := range rows {
			rows[i].Head.Body = s.run.spoil(rows[i].Key, rows[i].Head.Body)
		}
		return rows, err
	})
}

func (s *nodeStore) Count(ctx context.Context, q storage.Query) (int, error) {
	return read(ctx, s, "count", func(ctx context.Context) (int, error) { return s.run.store.Count(ctx, q) })
}

func (s *nodeStore) Closings(ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
	return read(ctx, s, "closings", func(ctx context.Context) ([]closure.Record, error) {
		return s.run.store.Closings(ctx, q, limit)
	})
}

// Now is the clock that all nodes share: true time.
func (s *nodeStore) Now(ctx context.Context) (time.Time, error) {
	return read(ctx, s, "now", func(context.Context) (time.Time, error) { return time.Now(), nil })
}

// A poisoning is how a stored conversation cannot be read.
type poisoning int

const (
	garbled poisoning = iota + 1
	newer             // written by a later version of the library
	panics            // the driver panics
)

type poisonPanic struct{}

// spoil returns a stored body as it is read, for as long as it is poisoned.
func (r *run) spoil(key storage.Key, body []byte) []byte {
	switch r.poison[key] {
	case garbled:
		return []byte(`{"v":1,"data":{"id":`)
	case newer:
		return []byte(`{"v":99,"data":{}}`)
	case panics:
		panic(poisonPanic{})
	}
	return body
}

// poisonOne makes something that is stored unreadable, or heals it: a
// conversation, or the policies of the second workspace.
func (r *run) poisonOne() {
	if r.chance(0.2) {
		if r.badPolicies {
			r.healPolicies()
			return
		}
		r.badPolicies = true
		r.setPoliciesRaw([]byte(`{"v":1,"data":{"default":`))
		r.say("the policies of %s cannot be read", second)
		return
	}
	keys := r.keys
	if len(keys) == 0 {
		return
	}
	key := keys[r.rng.IntN(len(keys))]
	if r.poison[key] != 0 {
		delete(r.poison, key)
		r.say("%s is healed", named(key))
		return
	}
	r.poison[key] = poisoning(1 + r.rng.IntN(3))
	r.Poisonings++
	r.wasPoisoned[key] = true
	r.say("%s is poisoned: %d", named(key), r.poison[key])
}

func (r *run) healPolicies() {
	if !r.badPolicies {
		return
	}
	body, err := conversation.EncodePolicies(conversation.Policies{})
	if err != nil {
		panic(err)
	}
	r.badPolicies = false
	r.setPoliciesRaw(body)
}

func (r *run) setPoliciesRaw(body []byte) {
	ctx := context.Background()
	loaded, err := r.store.Load(ctx, storage.Key{Workspace: second}, "")
	if err == nil {
		err = r.store.SetPolicies(ctx, second, loaded.Policies.Revision, body)
	}
	if err != nil {
		panic(err)
	}
	r.policiesSet(second, loaded.Policies.Revision+1, body)
}

// poisoned reports whether nobody can work on a conversation.
func (r *run) poisoned(key storage.Key) bool {
	return r.poison[key] != 0 || r.badPolicies && key.Workspace == second
}

// since is an instant as the trace tells it.
func (r *run) since(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Sub(r.start).String()
}

// A router is the host's, and bad: by turns it fails, panics, names nobody there
// is, sleeps, and chooses.
type router struct{ run *run }

func (b router) Route(ctx context.Context, q lifecycle.Routing) (string, error) {
	switch n := int(q.Conversation.Version) + len(q.Candidates); {
	case !b.run.troubled.Load():
	case n%7 == 1:
		return "", errFailed
	case n%7 == 2:
		panic("the host's router")
	case n%7 == 3:
		return "nobody", nil
	case n%7 == 4:
		time.Sleep(3 * time.Second)
	}
	return q.Candidates[len(q.Candidates)-1].Agent, nil
}

// A classifier is the host's, and bad.
type classifier struct{ run *run }

func (b classifier) Marks(_ context.Context, _ conversation.Actor, text string) []closure.Mark {
	switch n := len(text); {
	case !b.run.troubled.Load():
	case n%5 == 1:
		panic("the host's classifier")
	case n%5 == 2:
		time.Sleep(3 * time.Second)
	case n%5 == 3:
		return []closure.Mark{closure.Farewell, "nonsense", closure.Farewell}
	}
	return nil
}
