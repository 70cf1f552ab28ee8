package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/adjourn/adjourn/storage"
)

// Commit implements [storage.Store]. Commits that come at the same time share a
// transaction, and succeed or fail each on its own.
func (s *Store) Commit(ctx context.Context, c storage.Commit) error {
	limited, cancel := s.limited(ctx)
	defer cancel()
	if _, err := s.reader(limited); err != nil {
		return failed(limited, "commit", err)
	}
	return result(ctx, "commit", s.commits.Commit(ctx, c.Key, clone(c)))
}

// clone keeps what is the caller's out of a batch, which the caller may not wait
// for.
func clone(c storage.Commit) storage.Commit {
	c.Head.Body, c.Head.Tags = bytes.Clone(c.Head.Body), slices.Clone(c.Head.Tags)
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		c.Events[i].Body = bytes.Clone(c.Events[i].Body)
	}
	c.Closings = slices.Clone(c.Closings)
	for i, of := range c.Closings {
		c.Closings[i].Tags, c.Closings[i].Articles = slices.Clone(of.Tags), slices.Clone(of.Articles)
	}
	return c
}

// write applies a batch under a deadline of its own. If one of its commits
// fails, each is tried alone, so that it fails the others no more.
func (s *Store) write(batch []storage.Commit) []error {
	results, err := s.writeTogether(batch)
	if err == nil {
		return results
	}
	alone := len(batch) > 1 && !errors.Is(err, errNotBegun) && !errors.Is(err, storage.ErrOutcomeUnknown)
	for i := range batch {
		results[i] = err
		if alone {
			results[i] = s.write(batch[i : i+1])[0]
			// Nor would the next find what this one waited for in vain.
			if alone = !errors.Is(results[i], errNotBegun); !alone {
				err = results[i]
			}
		}
	}
	return results
}

// writeTogether applies a batch in one transaction. Without an error the results
// are nil or refusals.
func (s *Store) writeTogether(batch []storage.Commit) (results []error, err error) {
	results = make([]error, len(batch))
	ctx, cancel := s.limited(context.Background())
	defer cancel()
	err = s.writer.transaction(ctx, func(r runner) error {
		for i, c := range batch {
			err := apply(ctx, r, c)
			if err != nil && !refused(err) {
				return err
			}
			results[i] = err
		}
		return nil
	})
	return results, err
}

// refused reports whether err says that the commit may not be: no failure, and
// nothing was written.
func refused(err error) bool {
	return errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrFull)
}

// apply writes a commit, if nothing stands against it. With the write lock held,
// what it reads first is still so when it writes: no statement can meet a
// constraint.
func apply(ctx context.Context, r runner, c storage.Commit) error {
	const present = `
SELECT h.version, h.reason_id, EXISTS (
    SELECT 1 FROM {prefix}commits INDEXED BY {prefix}commits_command
    WHERE workspace = ?1 AND conversation = ?2 AND command_id = ?3),` + shownColumns + `
FROM {prefix}heads h INDEXED BY {prefix}heads_key
WHERE h.workspace = ?1 AND h.conversation = ?2`
	var version int64
	var reason sql.NullInt64
	var known bool
	var old shown
	args := []any{c.Key.Workspace, c.Key.Conversation, c.Command.ID}
	found, err := first(ctx, r, present, args, append([]any{&version, &reason, &known}, old.dest()...)...)
	if err != nil {
		return err
	}
	if version != c.Expect || known {
		return storage.ErrConflict
	}
	if err := checkSeats(ctx, r, c, old.seat); err != nil {
		return err
	}
	switch {
	case len(c.Events) > 0:
		err = applyEvents(ctx, r, c, old)
	case found:
		err = applyNothing(ctx, r, c)
	default:
		err = errors.New("a commit without events to a conversation that does not exist")
	}
	if err == nil && reason.Valid { // the setback has ended
		err = wipe(ctx, r, reason.Int64)
	}
	if err != nil {
		return err
	}
	return markOutdated(ctx, r, c.Key.Workspace)
}

func applyEvents(ctx context.Context, r runner, c storage.Commit, old shown) error {
	const position = `UPDATE {prefix}feed SET last = last + 1 RETURNING last`
	var at int64
	if _, err := first(ctx, r, position, nil, &at); err != nil {
		return err
	}
	if err := putHead(ctx, r, c, old); err != nil {
		return err
	}
	if err := moveSeat(ctx, r, c.Key.Workspace, old.seat, c.Head.Seat, c.At); err != nil {
		return err
	}
	for i, e := range c.Events {
		if err := putEvent(ctx, r, c.Key, c.Expect+int64(i)+1, e); err != nil {
			return err
		}
	}
	for _, closing := range c.Closings {
		if err := putClosing(ctx, r, c.Key, closing); err != nil {
			return err
		}
	}
	return putCommit(ctx, r, c, at)
}

// applyNothing writes a commit without events.
func applyNothing(ctx context.Context, r runner, c storage.Commit) error {
	const put = `
UPDATE {prefix}heads INDEXED BY {prefix}heads_key
SET due = ?, policy_revision = ?, failures = 0, retry_at = NULL, reason_id = NULL
WHERE workspace = ? AND conversation = ?`
	_, err := r.exec(ctx, put, micros(c.Head.Due), c.Head.PolicyRevision, c.Key.Workspace, c.Key.Conversation)
	if err != nil || c.Command.ID == "" {
		return err
	}
	return putCommit(ctx, r, c, nil)
}

func putEvent(ctx context.Context, r runner, key storage.Key, version int64, e storage.Event) error {
	const put = `
INSERT INTO {prefix}events (workspace, conversation, version, text_id, body)
VALUES (?, ?, ?, ?, ?)`
	text, err := putText(ctx, r, e.Text)
	if err != nil {
		return err
	}
	_, err = r.exec(ctx, put, key.Workspace, key.Conversation, version, text, blob(e.Body))
	return err
}

// putText returns the ID of a new text, nil if it is empty.
func putText(ctx context.Context, r runner, text string) (id any, err error) {
	const put = `INSERT INTO {prefix}texts (text) VALUES (?) RETURNING id`
	if text == "" {
		return nil, nil
	}
	var given int64
	_, err = first(ctx, r, put, []any{text}, &given)
	return given, err
}

// wipe takes the words out of a text.
func wipe(ctx context.Context, r runner, id int64) error {
	_, err := r.exec(ctx, `UPDATE {prefix}texts SET text = NULL WHERE id = ?`, id)
	return err
}

// putCommit records a commit. Its position is nil if it has no events, its
// command NULL if it has no ID.
func putCommit(ctx context.Context, r runner, c storage.Commit, position any) error {
	const put = `
INSERT INTO {prefix}commits (position, workspace, conversation, from_version, to_version, command_id, fingerprint)
VALUES (?, ?, ?, ?, ?, ?, ?)`
	var id, fingerprint any
	if c.Command.ID != "" {
		id, fingerprint = c.Command.ID, c.Command.Fingerprint[:]
	}
	_, err := r.exec(ctx, put, position, c.Key.Workspace, c.Key.Conversation,
		c.Expect, c.Expect+int64(len(c.Events)), id, fingerprint)
	return err
}
