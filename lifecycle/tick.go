package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// Ticked is what one [Desk.Tick] did.
type Ticked struct {
	At time.Time // what the clock said: it worked off what was due by then

	// Fired are the deadlines that were worked off, in that order: the order in
	// which they were due, but for those that a change of policies made due. One
	// that somebody else worked off first, or that a command overtook, is not
	// among them.
	Fired []Fired

	// Assigned are the waiting conversations that were given to agents, in that
	// order.
	Assigned []Assignment

	// Recomputed counts the conversations whose due instant was brought in line
	// with changed policies.
	Recomputed int

	// Failed are the conversations that could not be worked on. They stay due
	// and did not keep the others waiting; see [Desk.Setbacks].
	Failed []Failure
}

// Fired is one deadline worked off.
type Fired struct {
	Workspace    string
	Conversation string
	Due          time.Time // when it was due: what it was late against
	Records      []conversation.Record
}

// A Failure is a conversation that could not be worked on, or what follows from
// an agent's, a group's or a visitor's record.
type Failure struct {
	Workspace    string
	Conversation string // empty: it is a record
	Record       string // the record's kind and ID, as in "agent ann"
	Err          error

	// Setback is what the failure led to; nil if it did not lie in the
	// conversation, but in the store or in the moment: then the next tick tries
	// again.
	Setback *Setback
}

// tickPage and recomputePage are how many conversations are read from the store
// at once. Between two pages to recompute, what is due has its turn.
const (
	tickPage      = 500
	recomputePage = 100
)

// Tick works off all that is due now, from the oldest on, until nothing is left,
// and brings conversations whose policies changed in line with them. Each
// conversation is worked off at most once; after an outage, too, it takes one
// step and starts the wait of the next.
//
// What is due is what was due when the tick began, so that a tick ends; each
// conversation is decided at what the clock says then, so that the waits of a
// long backlog run from when things really happened. Any number of nodes may tick
// at once: every deadline has its effect once. Tick returns an error if the store
// could not be asked, ctx is done or the clocks disagree ([ErrSkew]); what it did
// until then is returned with it.
func (d *Desk) Tick(ctx context.Context) (Ticked, error) {
	now, err := d.now(ctx)
	if err != nil {
		return Ticked{}, err
	}
	if err := d.checkSkew(now); err != nil {
		return Ticked{At: now}, err
	}
	t := ticker{
		desk: d, worker: worker{desk: d},
		sick: map[storage.Key]bool{}, sickRecords: map[storage.RecordKey]bool{}, Ticked: Ticked{At: now},
	}
	err = errors.Join(t.recompute(ctx), t.work(ctx)) // the one does not keep the other waiting
	t.Assigned = t.worker.assignments
	for _, f := range t.Failed {
		message := "conversation could not be worked on"
		if f.Setback != nil && f.Setback.Quarantined() {
			message = "conversation is quarantined"
		}
		if f.Conversation == "" {
			message = "record could not be worked on"
		}
		d.log.ErrorContext(ctx, message, "workspace", f.Workspace, "conversation", f.Conversation, "record", f.Record, "err", f.Err)
	}
	return t.Ticked, err
}

// A ticker is one Tick at work.
type ticker struct {
	desk   *Desk
	worker worker

	mu          sync.Mutex // guards Failed, sick and sickRecords
	sick        map[storage.Key]bool
	sickRecords map[storage.RecordKey]bool
	looked      atomic.Bool // a conversation was looked at, which may have made others due
	Ticked
}

// work works off the conversations and the records that are due, each of which
// may make others due, until none is.
func (t *ticker) work(ctx context.Context) error {
	for {
		// Agents have their turn first: they serve all their queues, the oldest
		// first, and what has just come only its own.
		worked, err := t.records(ctx)
		if err != nil {
			return err
		}
		fired := len(t.Fired)
		t.looked.Store(false)
		if err := t.fire(ctx); err != nil {
			return err
		}
		if worked == 0 && len(t.Fired) == fired && !t.looked.Load() {
			return nil
		}
	}
}

// records does what follows from the records that are due, page by page, and
// returns how many there were.
func (t *ticker) records(ctx context.Context) (worked int, err error) {
	var after storage.DueRecord
	for {
		page, err := t.desk.store.DueRecords(ctx, t.At, after, tickPage)
		if err != nil {
			return worked, fmt.Errorf("lifecycle: due records: %w", err)
		}
		if len(page) == 0 {
			return worked, nil
		}
		now, err := t.desk.now(ctx)
		if err != nil {
			return worked, err
		}
		for _, due := range page {
			if t.sickRecords[due.Key] || due.At.After(now) { // the clock was set back since the tick began
				continue
			}
			worked++
			if err := guarded(func() error { return t.worker.work(ctx, due.Key) }); err != nil && ctx.Err() == nil {
				t.sickRecords[due.Key] = true
				t.Failed = append(t.Failed, Failure{
					Workspace: due.Key.Workspace, Record: string(due.Key.Kind) + " " + due.Key.ID, Err: err,
				})
			}
			if ctx.Err() != nil {
				return worked, ctx.Err()
			}
		}
		after = page[len(page)-1]
	}
}

// fire works off the passed deadlines, page by page.
func (t *ticker) fire(ctx context.Context) error {
	var after storage.Due
	for {
		page, err := t.desk.store.Due(ctx, t.At, after, tickPage)
		if err != nil {
			return fmt.Errorf("lifecycle: due: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		now, err := t.desk.now(ctx)
		if err != nil {
			return err
		}
		due := slices.DeleteFunc(slices.Clone(page), func(d storage.Due) bool { return d.At.After(now) }) // as of records
		fired := make([][]conversation.Record, len(due))
		err = t.each(ctx, len(due), func(i int) storage.Key { return due[i].Key }, func(i int) (err error) {
			fired[i], err = t.expire(ctx, due[i].Key)
			return err
		})
		for i, records := range fired {
			if len(records) > 0 {
				t.Fired = append(t.Fired, Fired{due[i].Key.Workspace, due[i].Key.Conversation, due[i].At, records})
			}
		}
		if err != nil {
			return err
		}
		after = page[len(page)-1]
	}
}

// recompute brings the due instants of conversations in line with changed
// policies, page by page, and works off what is due by then, in the same order as
// ever: what one workspace changes puts nothing of another in front of the rest.
func (t *ticker) recompute(ctx context.Context) error {
	var after storage.Key
	for {
		page, err := t.desk.store.Outdated(ctx, t.At, after, recomputePage)
		if err != nil {
			return fmt.Errorf("lifecycle: outdated: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		var done atomic.Int64
		err = t.each(ctx, len(page), func(i int) storage.Key { return page[i] }, func(i int) error {
			err := t.desk.recompute(ctx, page[i])
			if err == nil {
				done.Add(1)
			}
			return err
		})
		t.Recomputed += int(done.Load())
		if err != nil {
			return err
		}
		if err := t.work(ctx); err != nil {
			return err
		}
		after = page[len(page)-1]
	}
}

// each works on n conversations with the Desk's workers. A failure is noted and keeps
// nobody waiting; only a done context ends it.
func (t *ticker) each(ctx context.Context, n int, key func(int) storage.Key, work func(int) error) error {
	var begun atomic.Int64
	takeTurns := func() {
		for ctx.Err() == nil {
			i := int(begun.Add(1)) - 1
			if i >= n {
				return
			}
			if t.isSick(key(i)) {
				continue // it has had its turn in this tick
			}
			if err := guarded(func() error { return work(i) }); err != nil && ctx.Err() == nil {
				t.fail(ctx, key(i), err)
			}
		}
	}
	if t.desk.workers == 1 {
		takeTurns()
		return ctx.Err()
	}
	var workers sync.WaitGroup
	for range min(t.desk.workers, n) {
		workers.Go(takeTurns)
	}
	workers.Wait()
	return ctx.Err()
}

// guarded turns a panic of one conversation into its failure.
func guarded(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged{fmt.Errorf("lifecycle: panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return work()
}

func (t *ticker) isSick(key storage.Key) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sick[key]
}

func (t *ticker) fail(ctx context.Context, key storage.Key, err error) {
	failure := Failure{Workspace: key.Workspace, Conversation: key.Conversation, Err: err}
	if liesInConversation(err) {
		also := guarded(func() (err error) {
			failure.Setback, err = t.desk.setBack(ctx, key, t.At, failure.Err)
			return err
		})
		failure.Err = errors.Join(err, also)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sick[key] = true
	t.Failed = append(t.Failed, failure)
}

// errStuck: a deadline has passed, but nothing came of it. Trying again at once
// would go on for ever.
var errStuck = damaged{errors.New("lifecycle: due, and nothing to do")}

// expire works off the passed deadline of one conversation, and looks for an agent
// if it has just come to Waiting. Whoever changed the conversation first wins, and
// it is looked at again. Still being due when the tick began and having nothing to
// do is an error.
func (t *ticker) expire(ctx context.Context, key storage.Key) ([]conversation.Record, error) {
	d := t.desk
	call := Call{Workspace: key.Workspace, Conversation: key.Conversation, By: conversation.Timer()}
	var seen *snapshot // nobody has looked for an agent
	var lookedAt int64 // the version at which somebody has, under the policies that are stored with it
	by := t.At         // what was due by then has something to do
	decide := func(s *snapshot) (proposal, error) {
		seen = nil
		s.looked = s.head.Version == lookedAt && s.head.PolicyRevision == s.revision
		if s.toLookAt() && !s.looked {
			seen = s
			return proposal{idle: true}, nil
		}
		now, err := d.now(ctx)
		if err != nil {
			return proposal{}, err
		}
		if now.Before(by) {
			by = now // the clock was set back since the tick began
		}
		return d.decide(ctx, s, call, conversation.Expire{}, storage.Command{}, now)
	}
	p, err := d.change(ctx, key, "", decide)
	if seen != nil && err == nil {
		t.looked.Store(true)
		if lookedAt, err = t.worker.look(ctx, seen); err != nil || lookedAt == 0 {
			return nil, err
		}
		p, err = d.change(ctx, key, "", decide)
	}
	if err != nil || len(p.records) > 0 || seen != nil {
		return p.records, err
	}
	return nil, d.checkStuck(ctx, key, p.after.Version, by)
}

// checkStuck finds a conversation that is due still, though there was nothing to
// do. One that somebody has changed meanwhile has its next turn.
func (d *Desk) checkStuck(ctx context.Context, key storage.Key, at conversation.Version, now time.Time) error {
	loaded, err := d.store.Load(ctx, key, "")
	if err != nil {
		return fmt.Errorf("lifecycle: load %s: %w", key.Conversation, err)
	}
	due := loaded.Head.Due
	if loaded.Head.Version == int64(at) && !due.IsZero() && !due.After(now) {
		return errStuck
	}
	return nil
}

// recompute stores the due instant of one conversation under the present
// policies.
func (d *Desk) recompute(ctx context.Context, key storage.Key) error {
	_, err := d.change(ctx, key, "", func(s *snapshot) (proposal, error) {
		now, err := d.now(ctx)
		if err != nil {
			return proposal{}, err
		}
		return propose(s, s.conversation, nil, decision{at: now})
	})
	return err
}
