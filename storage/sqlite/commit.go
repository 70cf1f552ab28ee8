package sqlite

import (
	"bytes"
	"context"
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
	c.Head.Body = bytes.Clone(c.Head.Body)
	c.Events = slices.Clone(c.Events)
	for i := range c.Events {
		c.Events[i].Body = bytes.Clone(c.Events[i].Body)
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
// are nil or [storage.ErrConflict].
func (s *Store) writeTogether(batch []storage.Commit) (results []error, err error) {
	results = make([]error, len(batch))
	ctx, cancel := s.limited(context.Background())
	defer cancel()
	err = s.writer.transaction(ctx, func(r runner) error {
		for i, c := range batch {
			err := apply(ctx, r, c)
			if err != nil && !errors.Is(err, storage.ErrConflict) {
				return err
			}
			results[i] = err
		}
		return nil
	})
	return results, err
}

// apply writes a commit, if nothing stands against it. With the write lock held,
// what it reads first is still so when it writes: no statement can meet a
// constraint.
func apply(ctx context.Context, r runner, c storage.Commit) error {
	const present = `
SELECT version, EXISTS (
    SELECT 1 FROM {prefix}commits
    WHERE workspace = ?1 AND conversation = ?2 AND command_id = ?3)
FROM {prefix}heads
WHERE workspace = ?1 AND conversation = ?2`
	var version int64
	var known bool
	found, err := first(ctx, r, present, []any{c.Key.Workspace, c.Key.Conversation, c.Command.ID}, &version, &known)
	switch {
	case err != nil:
		return err
	case version != c.Expect, known:
		return storage.ErrConflict
	case len(c.Events) > 0:
		err = applyEvents(ctx, r, c)
	case found:
		err = applyNothing(ctx, r, c)
	default:
		err = errors.New("a commit without events to a conversation that does not exist")
	}
	if err != nil {
		return err
	}
	return markOutdated(ctx, r, c.Key.Workspace)
}

func applyEvents(ctx context.Context, r runner, c storage.Commit) error {
	const position = `UPDATE {prefix}feed SET last = last + 1 RETURNING last`
	var at int64
	if _, err := first(ctx, r, position, nil, &at); err != nil {
		return err
	}
	if err := putHead(ctx, r, c); err != nil {
		return err
	}
	for i, e := range c.Events {
		if err := putEvent(ctx, r, c.Key, c.Expect+int64(i)+1, e); err != nil {
			return err
		}
	}
	return putCommit(ctx, r, c, at)
}

// applyNothing writes a commit without events.
func applyNothing(ctx context.Context, r runner, c storage.Commit) error {
	const put = `
UPDATE {prefix}heads
SET due = ?, policy_revision = ?, failures = 0, retry_at = NULL, reason = ''
WHERE workspace = ? AND conversation = ?`
	_, err := r.exec(ctx, put, micros(c.Head.Due), c.Head.PolicyRevision, c.Key.Workspace, c.Key.Conversation)
	if err != nil || c.Command.ID == "" {
		return err
	}
	return putCommit(ctx, r, c, nil)
}

func putHead(ctx context.Context, r runner, c storage.Commit) error {
	const put = `
INSERT INTO {prefix}heads (workspace, conversation, version, visitor, closed_at, due, policy_revision, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace, conversation) DO UPDATE
SET version = excluded.version, visitor = excluded.visitor, closed_at = excluded.closed_at, due = excluded.due,
    policy_revision = excluded.policy_revision, body = excluded.body,
    failures = 0, retry_at = NULL, reason = ''`
	_, err := r.exec(ctx, put, c.Key.Workspace, c.Key.Conversation, c.Expect+int64(len(c.Events)),
		c.Head.Visitor, micros(c.Head.ClosedAt), micros(c.Head.Due), c.Head.PolicyRevision, blob(c.Head.Body))
	return err
}

func putEvent(ctx context.Context, r runner, key storage.Key, version int64, e storage.Event) error {
	const put = `
INSERT INTO {prefix}events (workspace, conversation, version, has_text, body)
VALUES (?, ?, ?, ?, ?)`
	const putText = `
INSERT INTO {prefix}texts (workspace, conversation, version, text)
VALUES (?, ?, ?, ?)`
	_, err := r.exec(ctx, put, key.Workspace, key.Conversation, version, e.Text != "", blob(e.Body))
	if err != nil || e.Text == "" {
		return err
	}
	_, err = r.exec(ctx, putText, key.Workspace, key.Conversation, version, e.Text)
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
