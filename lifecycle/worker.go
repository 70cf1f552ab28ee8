package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A worker does what follows from deadlines and from the records of people.
type worker struct {
	desk *Desk

	mu          sync.Mutex // guards the fields below
	assignments []Assignment
	gave        int // how many commands changed something
}

func (w *worker) assigned(a Assignment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.assignments = append(w.assignments, a)
}

func (w *worker) given() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gave
}

// command gives a command of the system to a conversation that is still as it was
// seen, if the record that the command follows from is, too. A refusal means that
// somebody else was faster.
func (w *worker) command(ctx context.Context, c conversation.Conversation, command conversation.Command, follows ...storage.Record) error {
	d := w.desk
	key := storage.Key{Workspace: c.Workspace, Conversation: c.ID}
	call := Call{Workspace: c.Workspace, Conversation: c.ID, By: conversation.System("desk")}
	p, err := d.change(ctx, key, "", func(s *snapshot) (proposal, error) {
		now := s.conversation
		if now.State != c.State || now.Agent != c.Agent || now.Group != c.Group {
			return proposal{idle: true}, nil
		}
		at, err := d.now(ctx)
		if err != nil {
			return proposal{}, err
		}
		for _, r := range follows {
			present, err := d.store.Record(ctx, r.Key)
			if err != nil || present.Version != r.Version {
				return proposal{idle: true}, err
			}
		}
		return d.decide(ctx, s, call, command, storage.Command{}, at)
	})
	if len(p.records) > 0 {
		w.mu.Lock()
		w.gave++
		w.mu.Unlock()
	}
	if _, refused := errors.AsType[*conversation.RefusedError](err); refused {
		return nil
	}
	return err
}

// maxSettle bounds how often a record is worked on in a row. Each time somebody
// else changed it meanwhile.
const maxSettle = 100

// work does what is due of a record, and has it rest until it is due again. One
// that changed meanwhile is worked on anew.
func (w *worker) work(ctx context.Context, key storage.RecordKey) error {
	for range maxSettle {
		err := w.workOnce(ctx, key)
		if !errors.Is(err, storage.ErrConflict) || ctx.Err() != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %s %s", ErrBusy, key.Kind, key.ID)
}

func (w *worker) workOnce(ctx context.Context, key storage.RecordKey) error {
	r, err := w.desk.store.Record(ctx, key)
	if err != nil {
		return fmt.Errorf("lifecycle: %s %s: %w", key.Kind, key.ID, err)
	}
	switch key.Kind {
	case storage.KindAgent:
		r.Due, err = w.attend(ctx, r)
	case storage.KindGroup:
		r.Due, err = w.disband(ctx, r)
	case storage.KindVisitor:
		r.Due, err = w.remind(ctx, r)
	default:
		err = fmt.Errorf("lifecycle: a record of unknown kind %q", key.Kind)
	}
	if err != nil {
		return err
	}
	if err = w.desk.store.Settle(ctx, r); err != nil {
		return fmt.Errorf("lifecycle: settle %s %s: %w", key.Kind, key.ID, err)
	}
	return nil
}

// errRepeats: asked for what is behind a place, the store gave that again. Going
// on would never end.
var errRepeats = errors.New("the store repeated a conversation, or lost the order")

// eachOf calls do for the conversations that a query selects, page by page. What do
// changes may leave the view meanwhile. One that is damaged keeps the others from
// nothing, but is an error in the end.
func (d *Desk) eachOf(ctx context.Context, q storage.Query, do func(conversation.Conversation) error) error {
	var unreadable error
	for {
		rows, err := d.store.View(ctx, q, tickPage)
		if err != nil {
			return fmt.Errorf("lifecycle: view of %s: %w", q.Workspace, err)
		}
		for _, row := range rows {
			at := placeOf(q.Order, row)
			if q.After != (storage.Place{}) && comparePlaces(at, q.After) <= 0 {
				return fmt.Errorf("lifecycle: view of %s: %w", q.Workspace, errRepeats)
			}
			q.After = at
			c, err := conversation.Decode(row.Head.Body)
			if err != nil {
				unreadable = damaged{fmt.Errorf("lifecycle: view of %s: %s: %w", q.Workspace, row.Key.Conversation, err)}
				continue
			}
			if err := do(c); err != nil {
				return err
			}
		}
		if len(rows) < tickPage {
			return unreadable
		}
	}
}
