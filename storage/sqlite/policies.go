package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// SetPolicies implements [storage.Store].
func (s *Store) SetPolicies(ctx context.Context, workspace string, expect int64, body []byte) error {
	const create = `
INSERT INTO {prefix}policies (revision, body, workspace) VALUES (? + 1, ?, ?)
ON CONFLICT (workspace) DO NOTHING`
	const replace = `
UPDATE {prefix}policies INDEXED BY {prefix}policies_key
SET revision = ?1 + 1, body = ?2
WHERE workspace = ?3 AND revision = ?1`
	text := replace
	if expect == 0 {
		text = create
	}
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := s.change(ctx, func(r runner) error {
		n, err := changed(ctx, r, text, expect, blob(body), workspace)
		if err != nil {
			return err
		}
		if n == 0 {
			return storage.ErrConflict
		}
		return markOutdated(ctx, r, workspace)
	})
	return result(ctx, "set policies", err)
}

// markOutdated keeps the mark of a workspace true that has outdated
// conversations. Whatever changes policies or what the index of open
// conversations holds calls it, in the same transaction.
func markOutdated(ctx context.Context, r runner, workspace string) error {
	const text = `
UPDATE {prefix}policies AS p INDEXED BY {prefix}policies_key
SET outdated = 1 - outdated
WHERE workspace = ? AND outdated <> EXISTS (
    SELECT 1
    FROM {prefix}heads h INDEXED BY {prefix}heads_open
    WHERE h.workspace = p.workspace AND h.policy_revision < p.revision AND h.dormant_since IS NULL
        AND (h.failures = 0 OR h.retry_at IS NOT NULL))`
	_, err := r.exec(ctx, text, workspace)
	return err
}

// Outdated implements [storage.Store]. It looks at one workspace after the other.
func (s *Store) Outdated(ctx context.Context, by time.Time, after storage.Key, limit int) ([]storage.Key, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "outdated", err)
	}
	var found []storage.Key
	for len(found) < limit {
		policies, ok, err := nextOutdated(ctx, r, by, after.Workspace)
		if err != nil {
			return nil, failed(ctx, "outdated", err)
		}
		if !ok {
			break
		}
		if policies.workspace != after.Workspace {
			after = storage.Key{Workspace: policies.workspace}
		}
		page, err := outdatedOf(ctx, r, by, policies, after.Conversation, limit-len(found))
		if err != nil {
			return nil, failed(ctx, "outdated", err)
		}
		found = append(found, page...)
		after = storage.Key{Workspace: policies.workspace + "\x00"} // the first name behind it
	}
	return found, nil
}

type revision struct {
	workspace string
	number    int64
}

// nextOutdated returns the policies of the first workspace, from the given one
// on, that has outdated conversations.
func nextOutdated(ctx context.Context, r runner, by time.Time, from string) (next revision, found bool, err error) {
	const text = `
SELECT p.workspace, p.revision
FROM {prefix}policies p INDEXED BY {prefix}policies_outdated
WHERE p.outdated = 1 AND p.workspace >= ?2 AND EXISTS (
    SELECT 1
    FROM {prefix}heads h INDEXED BY {prefix}heads_open
    WHERE h.workspace = p.workspace AND h.policy_revision < p.revision AND h.dormant_since IS NULL
        AND (h.failures = 0 OR h.retry_at IS NOT NULL) AND (h.failures = 0 OR h.retry_at <= ?1))
ORDER BY p.workspace
LIMIT 1`
	found, err = first(ctx, r, text, []any{by.UnixMicro(), from}, &next.workspace, &next.number)
	return next, found, err
}

// outdatedOf returns a page of the outdated conversations of a workspace. The
// index has them by revision, then key: each older revision, of which there are
// few, gives a page, and the first of these are the page.
func outdatedOf(ctx context.Context, r runner, by time.Time, current revision, after string, limit int) (page []storage.Key, err error) {
	const text = `
SELECT workspace, conversation
FROM {prefix}heads INDEXED BY {prefix}heads_open
WHERE workspace = ?1 AND policy_revision = ?2 AND conversation > ?3 AND dormant_since IS NULL
    AND (failures = 0 OR retry_at IS NOT NULL) AND (failures = 0 OR retry_at <= ?4)
ORDER BY conversation
LIMIT ?5`
	revisions, err := olderRevisions(ctx, r, current)
	if err != nil {
		return nil, err
	}
	for _, older := range revisions {
		args := []any{current.workspace, older, after, by.UnixMicro(), limit}
		err := each(ctx, r, text, args, func(rows *sql.Rows) error {
			var key storage.Key
			err := rows.Scan(&key.Workspace, &key.Conversation)
			page = append(page, key)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(page, storage.Key.Compare)
	page = slices.Compact(page) // one may have moved from revision to revision meanwhile
	return page[:min(limit, len(page))], nil
}

// olderRevisions returns the revisions that outdated conversations of a
// workspace have.
func olderRevisions(ctx context.Context, r runner, current revision) ([]int64, error) {
	const text = `
WITH RECURSIVE older (revision) AS (
    SELECT min(policy_revision)
    FROM {prefix}heads INDEXED BY {prefix}heads_open
    WHERE workspace = ?1 AND policy_revision < ?2 AND dormant_since IS NULL AND (failures = 0 OR retry_at IS NOT NULL)
    UNION ALL
    SELECT (
        SELECT min(h.policy_revision)
        FROM {prefix}heads h INDEXED BY {prefix}heads_open
        WHERE h.workspace = ?1 AND h.policy_revision > older.revision AND h.policy_revision < ?2
            AND h.dormant_since IS NULL AND (h.failures = 0 OR h.retry_at IS NOT NULL))
    FROM older
    WHERE older.revision IS NOT NULL
)
SELECT revision FROM older WHERE revision IS NOT NULL`
	return list(ctx, r, text, []any{current.workspace, current.number}, func(rows *sql.Rows) (number int64, err error) {
		err = rows.Scan(&number)
		return number, err
	})
}
