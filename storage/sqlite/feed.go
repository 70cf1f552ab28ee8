package sqlite

import (
	"context"
	"database/sql"

	"github.com/adjourn/adjourn/storage"
)

// Feed implements [storage.Store].
func (s *Store) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "feed", err)
	}
	after = max(after, 0)
	entries, err := entries(ctx, r, after, limit)
	if err != nil {
		return nil, failed(ctx, "feed", err)
	}
	// Asked last: if the feed is whole now, it was when the entries were read.
	var purged storage.Position
	if _, err := first(ctx, r, `SELECT purged FROM {prefix}feed`, nil, &purged); err != nil {
		return nil, failed(ctx, "feed", err)
	}
	if after < purged {
		return nil, &storage.PurgedError{Oldest: purged + 1}
	}
	return entries, nil
}

// entries reads the feed. Positions have no gaps, so that a limit of entries is
// one of positions.
func entries(ctx context.Context, r runner, after storage.Position, limit int) (all []storage.Entry, _ error) {
	const text = `
SELECT c.position, c.workspace, c.conversation, e.version, e.body, coalesce(t.text, ''), e.text_id IS NOT NULL AND t.text IS NULL
FROM {prefix}commits c INDEXED BY {prefix}commits_position
CROSS JOIN {prefix}events e
    ON e.workspace = c.workspace AND e.conversation = c.conversation
    AND e.version > c.from_version AND e.version <= c.to_version
LEFT JOIN {prefix}texts t ON t.id = e.text_id
WHERE c.position > ?1 AND c.position <= ?1 + ?2
ORDER BY c.position, e.version`
	err := each(ctx, r, text, []any{int64(after), limit}, func(rows *sql.Rows) error {
		var of storage.Entry
		var e storage.Event
		err := rows.Scan(&of.Position, &of.Key.Workspace, &of.Key.Conversation, &e.Version, &e.Body, &e.Text, &e.Erased)
		if len(all) == 0 || all[len(all)-1].Position != of.Position {
			all = append(all, of)
		}
		entry := &all[len(all)-1]
		entry.Events = append(entry.Events, e)
		return err
	})
	return all, err
}

// Advance implements [storage.Store]. Asking, or moving to where the subscriber
// stands, does not write.
func (s *Store) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	const stands = `
SELECT last, coalesce((SELECT position FROM {prefix}cursors WHERE subscriber = ?), 0)
FROM {prefix}feed`
	const move = `
INSERT INTO {prefix}cursors (subscriber, position) VALUES (?, ?)
ON CONFLICT (subscriber) DO UPDATE SET position = max(position, excluded.position)
RETURNING position`
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return 0, failed(ctx, "advance", err)
	}
	var last, at storage.Position
	if _, err := first(ctx, r, stands, []any{subscriber}, &last, &at); err != nil {
		return 0, failed(ctx, "advance", err)
	}
	if to > last {
		return at, storage.ErrPosition
	}
	if to <= at {
		return at, nil
	}
	err = s.writer.transaction(ctx, func(r runner) error {
		_, err := first(ctx, r, move, []any{subscriber, int64(to)}, &at)
		return err
	})
	if err != nil {
		return 0, failed(ctx, "advance", err)
	}
	return at, nil
}
