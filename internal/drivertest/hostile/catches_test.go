package hostile_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
)

// TestHostileCatches plants faults, one at a time, and demands that the same
// check finds each, and says what it is.
func TestHostileCatches(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("throws much at many faults")
	}
	b := newTable(t, 1)
	b.entries = slices.DeleteFunc(b.entries, func(e entry) bool {
		return !slices.ContainsFunc(spoiled, func(p string) bool { return strings.HasPrefix(e.name, "Desk."+p) })
	})
	_, answers := on(t, subjects[0], b.entries, nil)
	for _, fault := range []struct {
		name  string
		store func(storage.Store) storage.Store // nil: as it is
		entry func(e *entry)                    // nil: as they are
		says  string
	}{
		{"a bad note is stored all the same", nil, after("AddNote.text", func(w *world, _ try, err error) error {
			put := w.store.Put(context.Background(), storage.Record{Key: storage.RecordKey{Workspace: acme, Kind: storage.KindVisitor, ID: "eve"}, Body: []byte("x"), Text: "x"})
			return errors.Join(err, put)
		}), "something was stored"},
		{"the cursor of a subscriber moves", nil, after("Advance.to", func(w *world, _ try, err error) error {
			_, moved := w.store.Advance(context.Background(), "crm", 1)
			return errors.Join(err, moved)
		}), "something was stored"},
		{"a setback is left behind", nil, after("Release.id", func(w *world, _ try, err error) error {
			return errors.Join(err, w.store.SetBack(context.Background(), storage.Key{Workspace: acme, Conversation: "c-bot"}, 1, storage.Setback{Failures: 1, Reason: "x"}))
		}), "something was stored"},
		{"policies of a workspace nobody looks at change", nil, after("SetPolicies.revision", func(w *world, _ try, err error) error {
			return errors.Join(err, w.store.SetPolicies(context.Background(), "hidden", 0, []byte("{}")))
		}), "something was stored"},
		{"an ID without end panics", nil, after("Get.id", func(_ *world, one try, err error) error {
			if s, ok := one.v.(string); ok && len(s) > conversation.MaxID {
				panic("index out of range")
			}
			return err
		}), "panic: index out of range"},
		{"a nil pointer is followed", nil, after("Do.command", func(_ *world, one try, err error) error {
			if take, ok := one.v.(*conversation.Take); ok && take == nil {
				_ = *take
			}
			return err
		}), "panic: runtime error"},
		{"a bad zone is accepted", nil, after("Snooze.snooze.Until.Zone", func(*world, try, error) error { return nil }), "accepted, want invalid until"},
		{"the error names another field", nil, after("Assign.agent", func(*world, try, error) error {
			return &conversation.InvalidError{Field: "group", Rule: "must not be so"}
		}), "invalid group, want invalid agent"},
		{"the error has no class", nil, after("List.token", func(*world, try, error) error { return errors.New("unexpected end of JSON input") }), "an error of no class"},
		{"the error repeats a text", nil, after("Say.text", func(_ *world, one try, err error) error {
			return fmt.Errorf("%w: got %.20q", err, one.v)
		}), "an error that repeats the value"},
		{"the error is as long as the value", nil, after("SetEmail.email", func(_ *world, one try, err error) error {
			return fmt.Errorf("%w: %s", err, strings.Repeat("x", len(one.v.(string))))
		}), "an error of 1048"},
		{"one store has an error for what is unknown", func(s storage.Store) storage.Store { return strict{s} }, nil, "want ErrNotFound"},
		{"one store has another error for a position", func(s storage.Store) storage.Store { return otherPosition{s} }, nil, "want ErrPosition"},
		{"one store ignores that a call is over", func(s storage.Store) storage.Store { return untiring{s} }, nil, "want canceled"},
		{"one store finds less", func(s storage.Store) storage.Store { return shortSighted{s} }, nil, "the same result: false"},
	} {
		t.Run(fault.name, func(t *testing.T) {
			caught := false
			for _, p := range planted(t, b, answers, fault.store, fault.entry).problems {
				caught = caught || strings.Contains(p, fault.says)
			}
			proof.Planted(t, suite, fault.name, caught)
		})
	}
	t.Run("nothing", func(t *testing.T) {
		if found := planted(t, b, answers, nil, nil).problems; len(found) > 0 {
			t.Errorf("without a fault: %.300q", found)
		}
	})
	t.Run("a method that is not in the table", func(t *testing.T) {
		s := surface{reflect.TypeFor[larger](), map[string][]string{"Shred": {"workspace", "id", "q"}}}
		missing := strings.Join(b.missing(s, "Desk"), " ")
		caught := strings.Contains(missing, "Desk.Shred.workspace") && strings.Contains(missing, "Desk.Shred.q.From") && strings.HasSuffix(missing, "Desk.Shred")
		proof.Planted(t, suite, "a method, a parameter and a field that are not in the table", caught)
	})
}

// A larger has a method more than a Desk.
type larger struct{}

func (larger) Shred(context.Context, string, string, struct{ From time.Time }) error { return nil }

// after changes what becomes of bad values in a place.
func after(place string, change func(*world, try, error) error) func(*entry) {
	return func(e *entry) {
		if !strings.HasPrefix(e.name, "Desk."+place) {
			return
		}
		for i, one := range e.tries {
			e.tries[i].give = func(ctx context.Context, w *world) ([]any, error) {
				results, err := one.give(ctx, w)
				return results, change(w, one, err)
			}
		}
	}
}

// planted throws the table at two stores, the second of which has the fault.
func planted(t *testing.T, b *table, answers [][]answer, store func(storage.Store) storage.Store, change func(*entry)) verdict {
	t.Helper()
	entries := make([]entry, len(b.entries))
	for i, e := range b.entries {
		entries[i] = entry{e.name, e.want, append([]try(nil), e.tries...)}
		if change != nil {
			change(&entries[i])
		}
	}
	s, dump := onMemory(t)
	w := newWorld(t, s, dump)
	if store != nil {
		w.store = store(s)
		w.desk = frozen(t, w.store)
	}
	v, _ := throw(context.Background(), "planted", w, entries, answers)
	return v
}

// spoiled are the places that faults are planted in.
var spoiled = []string{
	"AddNote.text", "Advance.to", "Release", "SetPolicies.revision", "Get.", "Do.command", "Snooze.snooze.Until.Zone", "Assign.agent", "List.token", "Say.text", "SetEmail.email", "Policies",
}

type strict struct{ storage.Store }

func (s strict) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	loaded, err := s.Store.Load(ctx, key, commandID)
	if err == nil && loaded.Head.Version == 0 && key.Conversation != "" {
		err = errors.New("sql: no rows in result set")
	}
	return loaded, err
}

type otherPosition struct{ storage.Store }

func (s otherPosition) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	at, err := s.Store.Advance(ctx, subscriber, to)
	if errors.Is(err, storage.ErrPosition) {
		err = fmt.Errorf("position %d: %w", to, storage.ErrConflict)
	}
	return at, err
}

type untiring struct{ storage.Store }

func (s untiring) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	return s.Store.Load(context.WithoutCancel(ctx), key, commandID)
}

type shortSighted struct{ storage.Store }

func (s shortSighted) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	rows, err := s.Store.View(ctx, q, limit)
	if q.Tag == "" && len(rows) > 0 && !q.After.At.IsZero() {
		rows = rows[1:]
	}
	return rows, err
}
