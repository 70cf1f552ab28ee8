package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/adjourn/adjourn/storage"
)

// numberAtOnce is how many commits a transaction numbers: however many wait, it
// ends in time.
const numberAtOnce = 10_000

// Feed implements [storage.Store].
func (s *Store) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	entries, err := s.feed(ctx, max(after, 0), limit)
	return entries, failed(ctx, "feed", err)
}

// feed numbers only if the page is not full without it.
func (s *Store) feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return nil, err
	}
	var entries []storage.Entry
	var more bool
	read := func(tx *sql.Tx) (err error) {
		entries, more, err = s.page(ctx, tx, after, limit)
		return err
	}
	if err := s.look(ctx, read); err != nil || !more || len(entries) == limit {
		return entries, err
	}
	if err := s.number(ctx); err != nil {
		return nil, err
	}
	err := s.look(ctx, read)
	return entries, err
}

// page reads what has a position, and whether there is more that has none. The
// events of each commit are looked up: for a statement that a driver has prepared,
// the planner takes a page for a tenth of the feed, and would rather read all events.
func (s *Store) page(ctx context.Context, tx *sql.Tx, after storage.Position, limit int) (entries []storage.Entry, more bool, err error) {
	rows, err := tx.QueryContext(ctx, s.sql(`
		SELECT (SELECT purged FROM {prefix}.feed_state), (SELECT id FROM {prefix}.unnumbered ORDER BY id LIMIT 1) IS NOT NULL,
			f.position, coalesce(f.workspace, ''), coalesce(f.conversation, ''),
			coalesce(e.version, 0), e.body, coalesce(e.has_text, false), e.text
		FROM (SELECT) one
		LEFT JOIN (
			SELECT * FROM {prefix}.feed WHERE position > $1::bigint ORDER BY position LIMIT $2::bigint
		) f ON true
		LEFT JOIN LATERAL (
			SELECT version, body, has_text, CASE WHEN has_text THEN (
				SELECT text FROM {prefix}.texts t
				WHERE t.workspace = events.workspace AND t.conversation = events.conversation AND t.version = events.version) END AS text
			FROM {prefix}.events
			WHERE workspace = f.workspace AND conversation = f.conversation
				AND version > f.from_version AND version <= f.to_version
			ORDER BY version
		) e ON true
		ORDER BY f.position, e.version`),
		int64(after), limit)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var purged int64
		var position sql.NullInt64
		var key storage.Key
		var e storage.Event
		var hasText bool
		var text sql.NullString
		err := rows.Scan(&purged, &more, &position, &key.Workspace, &key.Conversation, &e.Version, &e.Body, &hasText, &text)
		if err != nil {
			return nil, false, err
		}
		if int64(after) < purged {
			return nil, false, &storage.PurgedError{Oldest: storage.Position(purged + 1)}
		}
		if !position.Valid {
			break // the one row of an empty page
		}
		e.Text, e.Erased = text.String, hasText && !text.Valid
		at := storage.Position(position.Int64)
		if n := len(entries); n == 0 || entries[n-1].Position != at {
			entries = append(entries, storage.Entry{Position: at, Key: key})
		}
		last := &entries[len(entries)-1]
		last.Events = append(last.Events, e)
	}
	return entries, more, rows.Err()
}

// number gives a position to all commits that are committed and have none.
func (s *Store) number(ctx context.Context) error {
	for {
		var n int64
		err := s.change(ctx, s.options.Timeout, func(tx *sql.Tx) error {
			if err := s.lockFeed(ctx, tx); err != nil {
				return err
			}
			var err error
			n, err = s.numberIn(ctx, tx, numberAtOnce)
			return err
		})
		if errors.Is(err, storage.ErrOutcomeUnknown) {
			// Whether they are numbered now does not matter: what is read next tells.
			n, err = numberAtOnce, nil
		}
		if err != nil || n < numberAtOnce {
			return err
		}
	}
}

// lockFeed makes positions given one transaction after the other.
func (s *Store) lockFeed(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, s.sql(`SELECT FROM {prefix}.feed_state FOR UPDATE`))
	return err
}

// numberIn numbers the commits with the lowest IDs, at most limit, and returns
// how many. The feed must be locked by a statement before, so that this one sees
// all positions that were given.
//
// The order of IDs is not that of commits, so a lower ID may come to light
// later: then it gets a later position, and is not missed. Within a conversation
// it cannot, see [Store.write].
func (s *Store) numberIn(ctx context.Context, tx *sql.Tx, limit int) (int64, error) {
	result, err := tx.ExecContext(ctx, s.sql(`
		WITH taken AS (
			DELETE FROM {prefix}.unnumbered
			WHERE id IN (SELECT id FROM {prefix}.unnumbered ORDER BY id LIMIT $1::bigint)
			RETURNING id, workspace, conversation, from_version, to_version
		)
		INSERT INTO {prefix}.feed (position, id, workspace, conversation, from_version, to_version)
		SELECT `+feedEnd+` + row_number() OVER (ORDER BY id), id, workspace, conversation, from_version, to_version
		FROM taken
		ORDER BY id`), limit)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// feedEnd is the last position that was given.
const feedEnd = `greatest((SELECT purged FROM {prefix}.feed_state), (SELECT max(position) FROM {prefix}.feed))`

// Advance implements [storage.Store].
func (s *Store) Advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	at, err := s.advance(ctx, subscriber, to)
	return at, failed(ctx, "advance", err)
}

func (s *Store) advance(ctx context.Context, subscriber string, to storage.Position) (storage.Position, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return 0, err
	}
	at, end, err := s.cursor(ctx, subscriber)
	if err == nil && to > end {
		if err = s.number(ctx); err == nil {
			at, end, err = s.cursor(ctx, subscriber)
		}
	}
	switch {
	case err != nil:
		return 0, err
	case to > end:
		return at, storage.ErrPosition
	case to <= at:
		return at, nil
	}
	err = s.change(ctx, s.options.Timeout, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, s.sql(`
			INSERT INTO {prefix}.cursors AS c (subscriber, position) VALUES ($1::text, $2::bigint)
			ON CONFLICT (subscriber) DO UPDATE SET position = greatest(c.position, excluded.position)
			RETURNING position`),
			subscriber, int64(to)).Scan(&at)
	})
	return at, err
}

// cursor returns where a subscriber stands, and the end of the feed.
func (s *Store) cursor(ctx context.Context, subscriber string) (at, end storage.Position, err error) {
	err = s.db.QueryRowContext(ctx, s.sql(`
		SELECT coalesce((SELECT position FROM {prefix}.cursors WHERE subscriber = $1::text), 0), `+feedEnd),
		subscriber).Scan(&at, &end)
	return at, end, err
}
