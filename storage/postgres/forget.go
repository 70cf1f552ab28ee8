package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"time"
)

// trimAtOnce is how many entries of the feed a call of Purge removes, so that it
// ends in time even if it is the first in years. What is behind the purged
// position is not read any more; the next calls remove it.
const trimAtOnce = 50_000

// Erase implements [storage.Store]. It waits for conversations that others are
// changing. What else is left of erased texts is said in the comment of the
// package.
func (s *Store) Erase(ctx context.Context, workspace, visitor string) (int, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	n, err := s.erase(ctx, workspace, visitor)
	return n, failed(ctx, "erase", err)
}

func (s *Store) erase(ctx context.Context, workspace, visitor string) (n int, err error) {
	if err := s.ready(ctx, s.db); err != nil {
		return 0, err
	}
	err = s.change(ctx, s.options.Timeout, func(tx *sql.Tx) error {
		n, err = s.eraseIn(ctx, tx, workspace, visitor)
		return err
	})
	return n, err
}

// eraseIn locks by a statement of its own, because the others must see the texts
// that were committed while it waited.
func (s *Store) eraseIn(ctx context.Context, tx *sql.Tx, workspace, visitor string) (n int, err error) {
	err = tx.QueryRowContext(ctx, s.sql(`
		WITH locked AS (
			SELECT FROM {prefix}.conversations
			WHERE workspace = $1::text AND visitor = $2::text
			ORDER BY workspace, conversation
			FOR UPDATE
		)
		SELECT count(*) FROM locked`),
		workspace, visitor).Scan(&n)
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, s.sql(`
		WITH of_visitor AS MATERIALIZED (
			SELECT workspace, conversation FROM {prefix}.conversations
			WHERE workspace = $1::text AND visitor = $2::text
		), texts AS (
			DELETE FROM {prefix}.texts t USING of_visitor v
			WHERE t.workspace = v.workspace AND t.conversation = v.conversation
		), commands AS (
			UPDATE {prefix}.commands m SET fingerprint = decode(repeat('00', 16), 'hex') FROM of_visitor v
			WHERE m.workspace = v.workspace AND m.conversation = v.conversation
				AND m.fingerprint <> decode(repeat('00', 16), 'hex')
		), records AS (
			UPDATE {prefix}.records SET text = '', version = version + 1
			WHERE workspace = $1::text AND kind = 'visitor' AND id = $2::text AND text <> ''
		)
		UPDATE {prefix}.conversations c SET reason = '' FROM of_visitor v
		WHERE c.workspace = v.workspace AND c.conversation = v.conversation AND c.reason <> ''`),
		workspace, visitor)
	return n, err
}

// Purge implements [storage.Store]. It passes over conversations that others are
// changing.
func (s *Store) Purge(ctx context.Context, dormantBefore time.Time, limit int) (int, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	n, err := s.purge(ctx, dormantBefore, limit)
	return n, failed(ctx, "purge", err)
}

func (s *Store) purge(ctx context.Context, dormantBefore time.Time, limit int) (n int, err error) {
	if err := s.ready(ctx, s.db); err != nil {
		return 0, err
	}
	if err := s.number(ctx); err != nil { // most of it, so that little is left for later
		return 0, err
	}
	err = s.change(ctx, s.options.Timeout, func(tx *sql.Tx) error {
		old, err := s.lockDormant(ctx, tx, dormantBefore, limit)
		if err != nil {
			return err
		}
		if n = len(old); n > 0 {
			if err := s.purgeIn(ctx, tx, old); err != nil {
				return err
			}
		}
		return s.trim(ctx, tx)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// A dormant conversation is one to purge.
type dormant struct {
	Workspace    string `json:"workspace"`
	Conversation string `json:"conversation"`
	LastCommit   int64  `json:"last_commit"`
}

func (s *Store) lockDormant(ctx context.Context, tx *sql.Tx, before time.Time, limit int) ([]dormant, error) {
	rows, err := tx.QueryContext(ctx, s.sql(`
		SELECT workspace, conversation, last_commit
		FROM {prefix}.conversations
		WHERE dormant_since IS NOT NULL AND dormant_since < $1::bigint
		ORDER BY dormant_since, workspace, conversation
		LIMIT $2::bigint
		FOR UPDATE SKIP LOCKED`),
		microsUp(before), limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (c dormant, err error) {
		err = rows.Scan(&c.Workspace, &c.Conversation, &c.LastCommit)
		return c, err
	})
}

// purgeIn removes conversations that are locked. The feed is locked as late as
// can be, because that holds up its readers.
func (s *Store) purgeIn(ctx context.Context, tx *sql.Tx, old []dormant) error {
	param, err := json.Marshal(old)
	if err != nil {
		return err
	}
	if err := s.remove(ctx, tx, string(param)); err != nil {
		return err
	}
	if err := s.lockFeed(ctx, tx); err != nil {
		return err
	}
	if _, err := s.numberIn(ctx, tx, math.MaxInt32); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, s.sql(`
		UPDATE {prefix}.feed_state SET purged = last.position
		FROM (
			SELECT max(f.position) AS position
			FROM json_to_recordset($1::json) AS o (last_commit bigint)
			JOIN {prefix}.feed f ON f.id = o.last_commit
		) last
		WHERE last.position > purged`), string(param))
	return err
}

func (s *Store) remove(ctx context.Context, tx *sql.Tx, old string) error {
	_, err := tx.ExecContext(ctx, s.sql(`
		WITH old AS MATERIALIZED (
			SELECT * FROM json_to_recordset($1::json) AS o (workspace text, conversation text)
		), events AS (
			DELETE FROM {prefix}.events e USING old
			WHERE e.workspace = old.workspace AND e.conversation = old.conversation
		), texts AS (
			DELETE FROM {prefix}.texts t USING old
			WHERE t.workspace = old.workspace AND t.conversation = old.conversation
		), commands AS (
			DELETE FROM {prefix}.commands m USING old
			WHERE m.workspace = old.workspace AND m.conversation = old.conversation
		), tags AS (
			DELETE FROM {prefix}.tags t USING old
			WHERE t.workspace = old.workspace AND t.conversation = old.conversation
		), closings AS (
			DELETE FROM {prefix}.closings t USING old
			WHERE t.workspace = old.workspace AND t.conversation = old.conversation
		)
		DELETE FROM {prefix}.conversations c USING old
		WHERE c.workspace = old.workspace AND c.conversation = old.conversation`), old)
	return err
}

// trim removes entries that the feed no longer has, the oldest first.
func (s *Store) trim(ctx context.Context, tx *sql.Tx) error {
	const oldest = `(SELECT min(position) FROM {prefix}.feed)`
	_, err := tx.ExecContext(ctx, s.sql(`
		DELETE FROM {prefix}.feed
		WHERE position BETWEEN `+oldest+` AND least((SELECT purged FROM {prefix}.feed_state), `+oldest+` + $1::bigint - 1)`),
		trimAtOnce)
	return err
}
