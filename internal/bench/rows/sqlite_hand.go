package rows

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/storage"
)

// byHand writes what a store writes, with as few statements as one needs who knows
// what the conversation was before.
type byHand struct {
	mu sync.Mutex // there is one connection that can write

	begin, end, position, head, text, event, entry *sql.Stmt
}

func newByHand(ctx context.Context, e *bench.Env, db *sql.DB) (*byHand, error) {
	conn, err := handConn(ctx, e, db)
	if err != nil {
		return nil, err
	}
	h := &byHand{}
	return h, prepareAll(ctx, e, conn, []statement{
		{&h.begin, "BEGIN IMMEDIATE"},
		{&h.end, "COMMIT"},
		{&h.position, "UPDATE adjourn_feed SET last = last + 1 RETURNING last"},
		{&h.head, "UPDATE adjourn_heads SET version = version + 1, due = ?, updated = ?, body = ? WHERE workspace = ? AND conversation = ? AND version = ?"},
		{&h.text, "INSERT INTO adjourn_texts (text) VALUES (?)"},
		{&h.event, "INSERT INTO adjourn_events (workspace, conversation, version, text_id, body) VALUES (?, ?, ?, ?, ?)"},
		{&h.entry, "INSERT INTO adjourn_commits (position, workspace, conversation, from_version, to_version, command_id, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?)"},
	})
}

// handConn is a connection that keeps what was committed.
func handConn(ctx context.Context, e *bench.Env, db *sql.DB) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	e.Cleanup(func() { _ = conn.Close() })
	for _, pragma := range []string{"journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000"} {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return nil, err
		}
	}
	return conn, nil
}

type statement struct {
	into **sql.Stmt
	text string
}

func prepareAll(ctx context.Context, e *bench.Env, conn *sql.Conn, all []statement) error {
	for _, s := range all {
		prepared, err := conn.PrepareContext(ctx, s.text)
		if err != nil {
			return err
		}
		e.Cleanup(func() { _ = prepared.Close() })
		*s.into = prepared
	}
	return nil
}

// commit writes commits in one transaction.
func (h *byHand) commit(batch []storage.Commit) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, err := h.begin.Exec(); err != nil {
		return err
	}
	for _, c := range batch {
		if err := h.write(c); err != nil {
			return err // the end of the measurement
		}
	}
	_, err := h.end.Exec()
	return err
}

func (h *byHand) write(c storage.Commit) error {
	event := c.Events[0]
	var position int64
	if err := h.position.QueryRow().Scan(&position); err != nil {
		return err
	}
	updated, err := h.head.Exec(c.Head.Due.UnixMicro(), c.Head.Updated.UnixMicro(), c.Head.Body, c.Key.Workspace, c.Key.Conversation, c.Expect)
	if err != nil {
		return err
	}
	if n, err := updated.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%s is not at version %d: %w", c.Key.Conversation, c.Expect, err)
	}
	inserted, err := h.text.Exec(event.Text)
	if err != nil {
		return err
	}
	text, err := inserted.LastInsertId()
	if err != nil {
		return err
	}
	if _, err := h.event.Exec(c.Key.Workspace, c.Key.Conversation, event.Version, text, event.Body); err != nil {
		return err
	}
	_, err = h.entry.Exec(position, c.Key.Workspace, c.Key.Conversation, c.Expect, event.Version, c.Command.ID, c.Command.Fingerprint[:])
	return err
}
