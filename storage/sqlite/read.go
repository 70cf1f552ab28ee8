package sqlite

import (
	"context"
	"database/sql"

	"github.com/adjourn/adjourn/storage"
)

// Load implements [storage.Store].
func (s *Store) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return storage.Loaded{}, failed(ctx, "load", err)
	}
	l, err := load(ctx, r, key, commandID)
	if err != nil {
		return storage.Loaded{}, failed(ctx, "load", err)
	}
	return l, nil
}

// load is one statement, so that what it reads belongs together.
func load(ctx context.Context, r runner, key storage.Key, commandID string) (l storage.Loaded, _ error) {
	const text = `
SELECT ` + headColumns + `,
    coalesce(h.failures, 0), h.retry_at, coalesce(t.text, ''),
    coalesce(p.revision, 0), p.body,
    c.fingerprint, coalesce(c.from_version, 0), coalesce(c.to_version, 0)
FROM (SELECT 1)
LEFT JOIN {prefix}heads h INDEXED BY {prefix}heads_key
    ON h.workspace = ?1 AND h.conversation = ?2
LEFT JOIN {prefix}texts t ON t.id = h.reason_id
LEFT JOIN {prefix}policies p INDEXED BY {prefix}policies_key
    ON p.workspace = ?1
LEFT JOIN {prefix}commits c INDEXED BY {prefix}commits_command
    ON c.workspace = ?1 AND c.conversation = ?2 AND c.command_id = ?3`
	var h headRow
	var retryAt sql.NullInt64
	var fingerprint []byte
	var applied storage.Applied
	dest := append(h.dest(), &l.Setback.Failures, &retryAt, &l.Setback.Reason,
		&l.Policies.Revision, &l.Policies.Body, &fingerprint, &applied.From, &applied.To)
	if _, err := first(ctx, r, text, []any{key.Workspace, key.Conversation, commandID}, dest...); err != nil {
		return l, err
	}
	l.Setback.RetryAt = instant(retryAt)
	if len(fingerprint) == len(applied.Fingerprint) {
		applied.Fingerprint = [16]byte(fingerprint)
		l.Applied = &applied
	}
	var err error
	l.Head, err = h.head()
	return l, err
}

// History implements [storage.Store].
func (s *Store) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "history", err)
	}
	events, err := history(ctx, r, key, after, limit)
	if err != nil {
		return nil, failed(ctx, "history", err)
	}
	return events, nil
}

func history(ctx context.Context, r runner, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	const text = `
SELECT e.version, e.body, coalesce(t.text, ''), e.text_id IS NOT NULL AND t.text IS NULL
FROM {prefix}events e
LEFT JOIN {prefix}texts t ON t.id = e.text_id
WHERE e.workspace = ? AND e.conversation = ? AND e.version > ?
ORDER BY e.version
LIMIT ?`
	args := []any{key.Workspace, key.Conversation, after, limit}
	return list(ctx, r, text, args, func(rows *sql.Rows) (e storage.Event, err error) {
		err = rows.Scan(&e.Version, &e.Body, &e.Text, &e.Erased)
		return e, err
	})
}
