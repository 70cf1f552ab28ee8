package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// Due implements [storage.Store].
func (s *Store) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	const text = `
SELECT due, workspace, conversation
FROM {prefix}heads INDEXED BY {prefix}heads_due
WHERE (due, workspace, conversation) > (?2, ?3, ?4) AND due <= ?1
    AND (failures = 0 OR retry_at IS NOT NULL) AND (failures = 0 OR retry_at <= ?1)
ORDER BY due, workspace, conversation
LIMIT ?5`
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "due", err)
	}
	args := []any{by.UnixMicro(), after.At.UnixMicro(), after.Key.Workspace, after.Key.Conversation, limit}
	found, err := list(ctx, r, text, args, func(rows *sql.Rows) (d storage.Due, err error) {
		var at int64
		err = rows.Scan(&at, &d.Key.Workspace, &d.Key.Conversation)
		d.At = time.UnixMicro(at).UTC()
		return d, err
	})
	if err != nil {
		return nil, failed(ctx, "due", err)
	}
	return found, nil
}

// SetBack implements [storage.Store].
func (s *Store) SetBack(ctx context.Context, key storage.Key, version int64, setback storage.Setback) error {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := s.change(ctx, func(r runner) error { return setBack(ctx, r, key, version, setback) })
	return result(ctx, "set back", err)
}

func setBack(ctx context.Context, r runner, key storage.Key, version int64, setback storage.Setback) error {
	const present = `
SELECT reason_id
FROM {prefix}heads INDEXED BY {prefix}heads_key
WHERE workspace = ? AND conversation = ? AND version = ?`
	const put = `
UPDATE {prefix}heads INDEXED BY {prefix}heads_key
SET failures = ?, retry_at = ?, reason_id = ?
WHERE workspace = ? AND conversation = ?`
	var old sql.NullInt64
	found, err := first(ctx, r, present, []any{key.Workspace, key.Conversation, version}, &old)
	if err != nil {
		return err
	}
	if !found {
		return storage.ErrConflict
	}
	if old.Valid {
		if err := wipe(ctx, r, old.Int64); err != nil {
			return err
		}
	}
	reason, err := putText(ctx, r, setback.Reason)
	if err != nil {
		return err
	}
	if _, err := r.exec(ctx, put, setback.Failures, micros(setback.RetryAt), reason, key.Workspace, key.Conversation); err != nil {
		return err
	}
	return markOutdated(ctx, r, key.Workspace)
}

// Setbacks implements [storage.Store].
func (s *Store) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	const text = `
SELECT h.workspace, h.conversation, h.failures, h.retry_at, coalesce(t.text, '')
FROM {prefix}heads h INDEXED BY {prefix}heads_setback
LEFT JOIN {prefix}texts t ON t.id = h.reason_id
WHERE h.failures > 0 AND (h.workspace, h.conversation) > (?, ?)
ORDER BY h.workspace, h.conversation
LIMIT ?`
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "setbacks", err)
	}
	args := []any{after.Workspace, after.Conversation, limit}
	found, err := list(ctx, r, text, args, func(rows *sql.Rows) (of storage.SetbackOf, err error) {
		var retryAt sql.NullInt64
		err = rows.Scan(&of.Key.Workspace, &of.Key.Conversation, &of.Failures, &retryAt, &of.Reason)
		of.RetryAt = instant(retryAt)
		return of, err
	})
	if err != nil {
		return nil, failed(ctx, "setbacks", err)
	}
	return found, nil
}
