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
	rows, err := feed(ctx, r, after, limit)
	if err != nil {
		return nil, failed(ctx, "feed", err)
	}
	var entries []storage.Entry
	for _, row := range rows {
		switch {
		case row.purged > after:
			return nil, &storage.PurgedError{Oldest: row.purged + 1}
		case row.position == 0: // nothing came after
			return nil, nil
		case len(entries) == 0 || entries[len(entries)-1].Position != row.position:
			entries = append(entries, storage.Entry{Position: row.position, Key: row.key})
		}
		entry := &entries[len(entries)-1]
		entry.Events = append(entry.Events, row.event)
	}
	return entries, nil
}

// An inFeed is an event in the feed, and how far the feed was purged.
type inFeed struct {
	purged   storage.Position
	position storage.Position
	key      storage.Key
	event    storage.Event
}

// feed is one statement, so that nothing is purged while it reads. It returns at
// least one row, without a position if nothing is there.
func feed(ctx context.Context, r runner, after storage.Position, limit int) ([]inFeed, error) {
	const text = `
SELECT f.purged, coalesce(c.position, 0), coalesce(c.workspace, ''), coalesce(c.conversation, ''),
    coalesce(e.version, 0), e.body, coalesce(t.text, ''), coalesce(e.has_text AND t.text IS NULL, 0)
FROM {prefix}feed f
LEFT JOIN (
    SELECT position, workspace, conversation, from_version, to_version
    FROM {prefix}commits
    WHERE position > ?1
    ORDER BY position
    LIMIT ?2) c
LEFT JOIN {prefix}events e
    ON e.workspace = c.workspace AND e.conversation = c.conversation
    AND e.version > c.from_version AND e.version <= c.to_version
LEFT JOIN {prefix}texts t
    ON t.workspace = e.workspace AND t.conversation = e.conversation AND t.version = e.version
ORDER BY c.position, e.version`
	return list(ctx, r, text, []any{int64(after), limit}, func(rows *sql.Rows) (i inFeed, err error) {
		err = rows.Scan(&i.purged, &i.position, &i.key.Workspace, &i.key.Conversation,
			&i.event.Version, &i.event.Body, &i.event.Text, &i.event.Erased)
		return i, err
	})
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
