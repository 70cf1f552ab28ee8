package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

func recordKey(workspace string, kind storage.Kind, id string) (storage.RecordKey, error) {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return storage.RecordKey{}, err
	}
	if err := conversation.CheckID(string(kind), id); err != nil {
		return storage.RecordKey{}, err
	}
	return storage.RecordKey{Workspace: workspace, Kind: kind, ID: id}, nil
}

// checkRange refuses instants that stores do not reach. The zero time is no bound.
func checkRange(from, to time.Time) error {
	for _, bound := range []struct {
		field string
		at    time.Time
	}{{"from", from}, {"to", to}} {
		if year := bound.at.UTC().Year(); year < 1 || year > 9999 {
			return &conversation.InvalidError{Field: bound.field, Rule: "must be in the years 1 to 9999"}
		}
	}
	return nil
}

func checkList(workspace string, limit int) error {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return err
	}
	if limit <= 0 {
		return &conversation.InvalidError{Field: "limit", Rule: "must be positive"}
	}
	return nil
}

// checkOptional checks an ID that may be empty.
func checkOptional(field, id string) error {
	if id == "" {
		return nil
	}
	return conversation.CheckID(field, id)
}

// damagedRecord marks an error that lies in the stored record of an agent, a group
// or a visitor.
type damagedRecord struct{ error }

func (d damagedRecord) Unwrap() error { return d.error }

func isDamagedRecord(err error) bool {
	_, is := errors.AsType[damagedRecord](err)
	return is
}

// unsure says that something may have been applied in an attempt.
type unsure bool

// about makes an error of a later attempt one of unknown outcome as well.
func (u *unsure) about(err error) error {
	switch {
	case errors.Is(err, storage.ErrOutcomeUnknown):
		*u = true
	case err != nil && bool(*u):
		return fmt.Errorf("%w: %w", storage.ErrOutcomeUnknown, err)
	}
	return err
}

// changeRecord changes a record as conversations are changed: read, decide, put
// on the version that was read. What changes neither body, text, nor what is
// looked for by, is not put. A change must find itself done if it is made again,
// so that one of unknown outcome can be repeated.
func (d *Desk) changeRecord(ctx context.Context, key storage.RecordKey, change func(storage.Record, time.Time) (storage.Record, error)) (storage.Record, error) {
	unknown := 0
	var u unsure
	for range maxAttempts {
		r, err := d.store.Record(ctx, key)
		if err != nil {
			return r, u.about(fmt.Errorf("lifecycle: %s %s: %w", key.Kind, key.ID, err))
		}
		now, err := d.now(ctx)
		if err != nil {
			return r, u.about(err)
		}
		changed, err := change(r, now)
		if err != nil {
			return r, u.about(err)
		}
		if r.Version > 0 && r.Text == changed.Text && r.Available == changed.Available && bytes.Equal(r.Body, changed.Body) {
			return r, nil
		}
		switch err = d.store.Put(ctx, changed); {
		case err == nil:
			d.wakeRun()
			changed.Version++
			return changed, nil
		case errors.Is(err, storage.ErrOutcomeUnknown) && unknown < maxUnknown && ctx.Err() == nil:
			unknown++
			u = true
		case !errors.Is(err, storage.ErrConflict):
			return r, u.about(fmt.Errorf("lifecycle: put %s %s: %w", key.Kind, key.ID, err))
		}
	}
	return storage.Record{}, u.about(fmt.Errorf("%w: %s %s", ErrBusy, key.Kind, key.ID))
}
