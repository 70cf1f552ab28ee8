package postgres

import (
	"context"
	"database/sql"
	"encoding/base64"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// Due implements [storage.Store].
func (s *Store) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	due, err := s.due(ctx, by, after, limit)
	return due, failed(ctx, "due", err)
}

func (s *Store) due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.sql(`
		SELECT due, workspace, conversation
		FROM {prefix}.conversations
		WHERE due IS NOT NULL AND due <= $1::bigint
			AND (due, workspace, conversation) > ($2::bigint, $3::text, $4::text)
			AND (failures = 0 OR retry_at IS NOT NULL) AND (failures = 0 OR retry_at <= $1::bigint)
		ORDER BY due, workspace, conversation
		LIMIT $5::bigint`),
		by.UnixMicro(), after.At.UnixMicro(), after.Key.Workspace, after.Key.Conversation, limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (d storage.Due, err error) {
		var at int64
		err = rows.Scan(&at, &d.Key.Workspace, &d.Key.Conversation)
		d.At = time.UnixMicro(at).UTC()
		return d, err
	})
}

// SetPolicies implements [storage.Store].
func (s *Store) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return failed(ctx, "set policies", s.setPolicies(ctx, workspace, expect, body))
}

func (s *Store) setPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	const create = `
		INSERT INTO {prefix}.policies (workspace, body, revision)
		SELECT $1::text, decode($2::text, 'base64'), 1 WHERE $3::bigint = 0
		ON CONFLICT DO NOTHING`
	const replace = `
		UPDATE {prefix}.policies SET body = decode($2::text, 'base64'), revision = revision + 1
		WHERE workspace = $1::text AND revision = $3::bigint`
	statement := replace
	if expect == 0 {
		statement = create
	}
	return s.changeOne(ctx, statement, workspace, base64.StdEncoding.EncodeToString(body), expect)
}

// changeOne runs a statement that changes one row, unless what was expected of
// that row is not so.
func (s *Store) changeOne(ctx context.Context, statement string, args ...any) error {
	if err := s.ready(ctx, s.db); err != nil {
		return err
	}
	err := s.change(ctx, s.options.LockTimeout, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, s.sql(statement), args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); n == 0 || err != nil {
			return storage.ErrConflict
		}
		return nil
	})
	return raced(err)
}

// Outdated implements [storage.Store].
func (s *Store) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	var keys []storage.Key
	err := s.ready(ctx, s.db)
	if err == nil {
		err = s.look(ctx, func(tx *sql.Tx) (err error) {
			keys, err = s.outdated(ctx, tx, by, after, limit)
			return err
		})
	}
	return keys, failed(ctx, "outdated", err)
}

// outdated looks, in each workspace, only where older revisions stand in the
// index: it steps from one revision to the next, of which there are few, and
// takes a page of each. That costs little when nothing is outdated, and what was
// recomputed is not passed over again when much is.
func (s *Store) outdated(ctx context.Context, tx *sql.Tx, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	rows, err := tx.QueryContext(ctx, s.sql(`
		SELECT p.workspace, o.conversation
		FROM {prefix}.policies p
		CROSS JOIN LATERAL (
			WITH RECURSIVE older (revision) AS (
				(SELECT c.policy_revision FROM {prefix}.conversations c
				WHERE c.workspace = p.workspace AND c.dormant_since IS NULL AND c.policy_revision < p.revision
					AND (c.failures = 0 OR c.retry_at IS NOT NULL)
				ORDER BY c.policy_revision LIMIT 1)
				UNION ALL
				SELECT next.policy_revision
				FROM older CROSS JOIN LATERAL (
					SELECT c.policy_revision FROM {prefix}.conversations c
					WHERE c.workspace = p.workspace AND c.dormant_since IS NULL
						AND c.policy_revision > older.revision AND c.policy_revision < p.revision
						AND (c.failures = 0 OR c.retry_at IS NOT NULL)
					ORDER BY c.policy_revision LIMIT 1) next
			)
			SELECT page.conversation
			FROM older CROSS JOIN LATERAL (
				SELECT c.conversation FROM {prefix}.conversations c
				WHERE c.workspace = p.workspace AND c.dormant_since IS NULL AND c.policy_revision = older.revision
					AND c.conversation >= CASE WHEN p.workspace = $1::text THEN $2::text ELSE '' END
					AND (c.workspace, c.conversation) <> ($1::text, $2::text)
					AND (c.failures = 0 OR c.retry_at IS NOT NULL) AND (c.failures = 0 OR c.retry_at <= $3::bigint)
				ORDER BY c.conversation LIMIT $4::bigint) page
			ORDER BY page.conversation LIMIT $4::bigint
		) o
		WHERE p.workspace >= $1::text
		ORDER BY p.workspace, o.conversation
		LIMIT $4::bigint`),
		after.Workspace, after.Conversation, by.UnixMicro(), limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (key storage.Key, err error) {
		err = rows.Scan(&key.Workspace, &key.Conversation)
		return key, err
	})
}

// SetBack implements [storage.Store].
func (s *Store) SetBack(ctx context.Context, key storage.Key, version int64, setback storage.Setback) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	err := s.changeOne(ctx, `
		UPDATE {prefix}.conversations
		SET failures = $4::bigint, retry_at = $5::bigint, reason = $6::text
		WHERE workspace = $1::text AND conversation = $2::text AND version = $3::bigint`,
		key.Workspace, key.Conversation, version, setback.Failures, micros(setback.RetryAt), setback.Reason)
	return failed(ctx, "set back", err)
}

// Setbacks implements [storage.Store].
func (s *Store) Setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	setbacks, err := s.setbacks(ctx, after, limit)
	return setbacks, failed(ctx, "setbacks", err)
}

func (s *Store) setbacks(ctx context.Context, after storage.Key, limit int) ([]storage.SetbackOf, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.sql(`
		SELECT workspace, conversation, failures, retry_at, reason
		FROM {prefix}.conversations
		WHERE failures > 0 AND (workspace, conversation) > ($1::text, $2::text)
		ORDER BY workspace, conversation
		LIMIT $3::bigint`),
		after.Workspace, after.Conversation, limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (of storage.SetbackOf, err error) {
		var retryAt sql.NullInt64
		err = rows.Scan(&of.Key.Workspace, &of.Key.Conversation, &of.Failures, &retryAt, &of.Reason)
		of.RetryAt = instant(retryAt)
		return of, err
	})
}
