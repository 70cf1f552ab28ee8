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
	const text = `
UPDATE {prefix}heads
SET failures = ?, retry_at = ?, reason = ?
WHERE workspace = ? AND conversation = ? AND version = ?`
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := s.change(ctx, func(r runner) error {
		changed, err := r.exec(ctx, text, setback.Failures, micros(setback.RetryAt), setback.Reason,
			key.Workspace, key.Conversation, version)
		if err != nil {
			return err
		}
		if changed == 0 {
			return storage.ErrConflict
		}
		return markOutdated(ctx, r, key.Workspace)
	})
	return result(ctx, "set back", err)
}

// Setbacks implements [storage.Store].
func (s *Store) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	const text = `
SELECT workspace, conversation, failures, retry_at, reason
FROM {prefix}heads INDEXED BY {prefix}heads_setback
WHERE failures > 0 AND (workspace, conversation) > (?, ?)
ORDER BY workspace, conversation
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
