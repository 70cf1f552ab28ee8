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
		r = brief{r}
		p := &positions{want: withEvents(batch)}
		for i, c := range batch {
			err := apply(ctx, r, c, p)
			if err != nil && !refused(err) {
				return err
			}
			results[i] = err
		}
		return p.putBack(ctx, r)
	})
	return results, err
}

func withEvents(batch []storage.Commit) (n int64) {
	for _, c := range batch {
		if len(c.Events) > 0 {
			n++
		}
	}
	return n
}

// positions are those of the feed that a transaction gives to its commits. They
// are taken at once, when the first is needed.
type positions struct {
	want int64 // how many there may be need of
	next int64 // zero: none were taken
	left int64
}

func (p *positions) take(ctx context.Context, r runner) (at int64, err error) {
	const text = `UPDATE {prefix}feed SET last = last + ? RETURNING last`
	if p.next == 0 {
		var last int64
		if _, err := first(ctx, r, text, []any{p.want}, &last); err != nil {
			return 0, err
		}
		p.next, p.left = last-p.want+1, p.want
	}
	at = p.next
	p.next++
	p.left--
	return at, nil
}

// putBack leaves no gap where commits were refused.
func (p *positions) putBack(ctx context.Context, r runner) error {
	if p.left == 0 {
		return nil
	}
	_, err := r.exec(ctx, `UPDATE {prefix}feed SET last = last - ?`, p.left)
	return err
}

// refused reports whether err says that the commit may not be: no failure, and
// nothing was written.
func refused(err error) bool {
	return errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrFull)
}

// apply writes a commit, if nothing stands against it. With the write lock held,
// what it reads first is still so when it writes: no statement can meet a
// constraint.
func apply(ctx context.Context, r runner, c storage.Commit, p *positions) error {
	now := settledOf(c.Head)
	if len(c.Events) > 0 && c.Expect > 0 && c.Seen.Agent == "" {
		goesOn, err := goOnWith(ctx, r, c, now) // as most do: that took one statement
		if err != nil {
			return err
		}
		if goesOn {
			return applyEvents(ctx, r, c, p)
		}
	}
	return applyChange(ctx, r, c, now, p)
}

// applyChange looks at what the conversation was, and changes whatever there may
// be to change.
func applyChange(ctx context.Context, r runner, c storage.Commit, now settled, p *positions) error {
	const present = `
SELECT h.version, EXISTS (
    SELECT 1 FROM {prefix}commits INDEXED BY {prefix}commits_command
    WHERE workspace = ?1 AND conversation = ?2 AND command_id = ?3),
    h.dormant_since, h.policy_revision, h.failures, h.reason_id,` + shownColumns + `
FROM {prefix}heads h INDEXED BY {prefix}heads_key
WHERE h.workspace = ?1 AND h.conversation = ?2`
	var version int64
	var known bool
	var old settled
	args := []any{c.Key.Workspace, c.Key.Conversation, c.Command.ID}
	found, err := first(ctx, r, present, args, append([]any{&version, &known}, old.dest()...)...)
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
		err = changeHead(ctx, r, c, old, now)
		if err == nil {
			err = applyEvents(ctx, r, c, p)
		}
	case found:
		err = applyNothing(ctx, r, c)
	default:
		err = errors.New("a commit without events to a conversation that does not exist")
	}
	if err == nil && old.reason.Valid { // the setback has ended
		err = wipe(ctx, r, old.reason.Int64)
	}
	if err != nil || found && old.standing == now.standing {
		return err
	}
	return markOutdated(ctx, r, c.Key.Workspace)
}

func changeHead(ctx context.Context, r runner, c storage.Commit, old, now settled) error {
	if err := putHead(ctx, r, c, now); err != nil {
		return err
	}
	if err := moveTags(ctx, r, c.Key, old.shown, now.shown); err != nil {
		return err
	}
	return moveSeat(ctx, r, c.Key.Workspace, old.seat, now.seat, c.At)
}

// applyEvents writes what comes beside the head.
func applyEvents(ctx context.Context, r runner, c storage.Commit, p *positions) error {
	at, err := p.take(ctx, r)
	if err != nil {
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
	if text == "" {
		return nil, nil
	}
	put, err := r.exec(ctx, `INSERT INTO {prefix}texts (text) VALUES (?)`, text)
	if err != nil {
		return nil, err
	}
	return put.LastInsertId()
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
