package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// Erase implements [storage.Store]. When it returns, what was erased is in no
// query; the package comment says what may be left on the disk.
func (s *Store) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	var n int
	err := s.change(ctx, func(r runner) (err error) {
		n, err = erase(ctx, r, workspace, visitor)
		return err
	})
	if err != nil {
		return 0, failed(ctx, "erase", err)
	}
	s.writer.checkpoint(ctx)
	return n, nil
}

func erase(ctx context.Context, r runner, workspace, visitor string) (n int, err error) {
	const texts = `
SELECT e.text_id
FROM {prefix}heads h INDEXED BY {prefix}heads_visitor
CROSS JOIN {prefix}events e ON e.workspace = h.workspace AND e.conversation = h.conversation
WHERE h.workspace = ?1 AND h.visitor = ?2 AND e.text_id IS NOT NULL
UNION ALL
SELECT reason_id
FROM {prefix}heads INDEXED BY {prefix}heads_visitor
WHERE workspace = ?1 AND visitor = ?2 AND reason_id IS NOT NULL
UNION ALL
SELECT text_id
FROM {prefix}records INDEXED BY {prefix}records_key
WHERE workspace = ?1 AND kind = 'visitor' AND id = ?2 AND text_id IS NOT NULL`
	const fingerprints = `
UPDATE {prefix}commits INDEXED BY {prefix}commits_command SET fingerprint = zeroblob(16)
WHERE workspace = ?1 AND command_id IS NOT NULL AND conversation IN (
    SELECT conversation
    FROM {prefix}heads INDEXED BY {prefix}heads_visitor
    WHERE workspace = ?1 AND visitor = ?2)`
	const record = `
UPDATE {prefix}records INDEXED BY {prefix}records_key SET text_id = NULL, version = version + 1
WHERE workspace = ? AND kind = 'visitor' AND id = ? AND text_id IS NOT NULL`
	const count = `
SELECT count(*)
FROM {prefix}heads INDEXED BY {prefix}heads_visitor
WHERE workspace = ? AND visitor = ?`
	if err := wipeAll(ctx, r, texts, workspace, visitor); err != nil {
		return 0, err
	}
	if _, err := r.exec(ctx, record, workspace, visitor); err != nil {
		return 0, err
	}
	if _, err := r.exec(ctx, fingerprints, workspace, visitor); err != nil {
		return 0, err
	}
	_, err = first(ctx, r, count, []any{workspace, visitor}, &n)
	return n, err
}

// wipeAll takes the words out of the texts whose IDs a query finds.
func wipeAll(ctx context.Context, r runner, query string, args ...any) error {
	ids, err := list(ctx, r, query, args, func(rows *sql.Rows) (id int64, err error) {
		err = rows.Scan(&id)
		return id, err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := wipe(ctx, r, id); err != nil {
			return err
		}
	}
	return nil
}

// Purge implements [storage.Store].
func (s *Store) Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	var n int
	err := s.change(ctx, func(r runner) error {
		keys, err := dormant(ctx, r, dormantBefore, limit)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := purge(ctx, r, key); err != nil {
				return err
			}
		}
		n = len(keys)
		return nil
	})
	if err != nil {
		return 0, failed(ctx, "purge", err)
	}
	return n, nil
}

func dormant(ctx context.Context, r runner, before time.Time, limit int) ([]storage.Key, error) {
	const text = `
SELECT workspace, conversation
FROM {prefix}heads INDEXED BY {prefix}heads_dormant
WHERE dormant_since < ?
ORDER BY dormant_since, workspace, conversation
LIMIT ?`
	return list(ctx, r, text, []any{ceil(before), limit}, func(rows *sql.Rows) (key storage.Key, err error) {
		err = rows.Scan(&key.Workspace, &key.Conversation)
		return key, err
	})
}

// purge removes a conversation. The feed, which is no longer whole before its
// last commit, keeps what it has of others: nobody reads it any more.
func purge(ctx context.Context, r runner, key storage.Key) error {
	const feed = `
UPDATE {prefix}feed SET purged = max(purged, (
    SELECT coalesce(max(position), 0)
    FROM {prefix}commits INDEXED BY {prefix}commits_command
    WHERE workspace = ?1 AND conversation = ?2))`
	const texts = `
SELECT text_id
FROM {prefix}events
WHERE workspace = ?1 AND conversation = ?2 AND text_id IS NOT NULL
UNION ALL
SELECT reason_id
FROM {prefix}heads INDEXED BY {prefix}heads_key
WHERE workspace = ?1 AND conversation = ?2 AND reason_id IS NOT NULL`
	const (
		events   = `DELETE FROM {prefix}events WHERE workspace = ? AND conversation = ?`
		closings = `DELETE FROM {prefix}closings INDEXED BY {prefix}closings_key WHERE workspace = ? AND conversation = ?`
		commits  = `DELETE FROM {prefix}commits INDEXED BY {prefix}commits_command WHERE workspace = ? AND conversation = ?`
		heads    = `DELETE FROM {prefix}heads INDEXED BY {prefix}heads_key WHERE workspace = ? AND conversation = ?`
	)
	if err := hide(ctx, r, key); err != nil {
		return err
	}
	if err := wipeAll(ctx, r, texts, key.Workspace, key.Conversation); err != nil {
		return err
	}
	for _, text := range []string{feed, events, closings, commits, heads} {
		if _, err := r.exec(ctx, text, key.Workspace, key.Conversation); err != nil {
			return err
		}
	}
	return nil
}

// hide takes a conversation that is going to be removed out of the views by tag.
func hide(ctx context.Context, r runner, key storage.Key) error {
	const present = `
SELECT ` + shownColumns + `
FROM {prefix}heads h INDEXED BY {prefix}heads_key
WHERE h.workspace = ? AND h.conversation = ?`
	var old shown
	args := []any{key.Workspace, key.Conversation}
	if _, err := first(ctx, r, present, args, old.dest()...); err != nil {
		return err
	}
	return removeTags(ctx, r, key, old)
}
