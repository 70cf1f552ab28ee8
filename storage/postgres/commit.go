package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/adjourn/adjourn/storage"
)

const (
	// maxBatch is how many commits share a transaction.
	maxBatch = 128

	// maxAlone is how many commits wait alone for a conversation at once, each
	// with a connection of the host's pool.
	maxAlone = 4

	// batchLockTimeout is how long a batch waits for a lock. It waits only for
	// who is opening one of its new conversations, in a transaction of a host.
	// It must be shorter than the server's deadlock_timeout, of a second, so that
	// the host's transaction is not taken for the one to end.
	batchLockTimeout = 100 * time.Millisecond
)

// errAlone: the commit is to be tried outside the batch, so that the others do
// not wait for what it waits for.
var errAlone = errors.New("postgres: to be tried alone")

// A prepared commit is one as the statements take it: JSON, because it is the
// one form of a list that all drivers pass on alike.
type prepared struct {
	key    storage.Key
	expect int64
	whole  json.RawMessage
}

// Values of a commit in JSON. Bodies become base64, texts stay texts, and times
// microseconds.
type (
	commitValues struct {
		keyValues
		Expect         int64         `json:"expect"`
		Version        int64         `json:"version"`
		Body           []byte        `json:"body"`
		Visitor        string        `json:"visitor"`
		DormantSince   *int64        `json:"dormant_since"`
		Due            *int64        `json:"due"`
		PolicyRevision int64         `json:"policy_revision"`
		Command        string        `json:"command"`
		Fingerprint    []byte        `json:"fingerprint"`
		Events         []eventValues `json:"events"`
	}
	eventValues struct {
		Version int64  `json:"version"`
		Body    []byte `json:"body"`
		Text    string `json:"text"`
	}
	keyValues struct {
		Workspace    string `json:"workspace"`
		Conversation string `json:"conversation"`
	}
)

func prepare(c storage.Commit) (prepared, error) {
	if c.Expect == 0 && len(c.Events) == 0 {
		return prepared{}, errors.New("a commit without events needs a conversation that exists")
	}
	values := commitValues{
		keyValues:      keyValues(c.Key),
		Expect:         c.Expect,
		Version:        c.Expect + int64(len(c.Events)),
		Body:           notNil(c.Head.Body),
		Visitor:        c.Head.Visitor,
		DormantSince:   micros(c.Head.DormantSince),
		Due:            micros(c.Head.Due),
		PolicyRevision: c.Head.PolicyRevision,
		Command:        c.Command.ID,
		Fingerprint:    c.Command.Fingerprint[:],
		Events:         make([]eventValues, len(c.Events)),
	}
	for i, e := range c.Events {
		values.Events[i] = eventValues{Version: e.Version, Body: notNil(e.Body), Text: e.Text}
		if err := storable(e.Text); err != nil {
			return prepared{}, err
		}
	}
	if err := storable(c.Key.Workspace, c.Key.Conversation, c.Head.Visitor, c.Command.ID); err != nil {
		return prepared{}, err
	}
	whole, err := json.Marshal(values)
	return prepared{key: c.Key, expect: c.Expect, whole: whole}, err
}

func notNil(body []byte) []byte {
	if body == nil {
		return []byte{}
	}
	return body
}

// storable refuses what the server would refuse, because that would end the
// transaction of a host, and what JSON would change.
func storable(texts ...string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return errors.New("a text is not valid UTF-8 without NUL")
		}
	}
	return nil
}

// Commit implements [storage.Store]. Commits that come at the same time share a
// transaction, and each succeeds or fails on its own.
func (s *Store) Commit(ctx context.Context, c storage.Commit) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return failed(ctx, "commit", s.commit(ctx, c))
}

func (s *Store) commit(ctx context.Context, c storage.Commit) error {
	p, err := prepare(c)
	if err != nil {
		return err
	}
	if err := s.ready(ctx, s.db); err != nil {
		return err
	}
	err = s.committer.Commit(ctx, c.Key, p)
	if errors.Is(err, errAlone) {
		err = s.commitAlone(ctx, p)
	}
	return err
}

// commitAlone waits for a conversation that another transaction holds.
func (s *Store) commitAlone(ctx context.Context, p prepared) error {
	select {
	case s.alone <- struct{}{}:
		defer func() { <-s.alone }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.change(ctx, s.options.LockTimeout, func(tx *sql.Tx) error {
		return s.commitOne(ctx, tx, p)
	})
	return raced(err)
}

// commitOne commits in a transaction, and waits for the conversation if another
// one holds it.
func (s *Store) commitOne(ctx context.Context, q querier, p prepared) error {
	var version int64
	err := q.QueryRowContext(ctx, s.sql(`
		SELECT version FROM {prefix}.conversations
		WHERE workspace = $1::text AND conversation = $2::text
		FOR UPDATE`),
		p.key.Workspace, p.key.Conversation).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != p.expect {
		return storage.ErrConflict
	}
	won, err := s.write(ctx, q, []prepared{p})
	if err == nil && !won[p.key] {
		err = storage.ErrConflict
	}
	return err
}

// writeBatch is what the committer calls. The deadline is the batch's own: the
// context of one caller does not end the commits of others. It comes before that
// of a caller without one, who so learns that nothing was applied.
func (s *Store) writeBatch(batch []prepared) []error {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Timeout*3/4)
	defer cancel()
	results := make([]error, len(batch))
	err := s.transact(ctx, func(tx *sql.Tx) error {
		versions, err := s.lock(ctx, tx, batch)
		if err != nil {
			return err
		}
		may := candidates(batch, versions, results)
		if len(may) == 0 {
			return nil
		}
		won, err := s.write(ctx, tx, may)
		if err != nil {
			return err
		}
		for i, p := range batch {
			if results[i] == nil && !won[p.key] {
				results[i] = storage.ErrConflict
			}
		}
		return nil
	})
	switch {
	case err == nil:
		return results
	case worthAlone(err):
		err = errAlone
	}
	for i := range results {
		if results[i] == nil { // what was refused before stays refused
			results[i] = err
		}
	}
	return results
}

// candidates returns the commits that may succeed, given the versions of the
// conversations that are locked, and puts the results of the others.
func candidates(batch []prepared, versions map[storage.Key]int64, results []error) []prepared {
	var may []prepared
	for i, p := range batch {
		switch version, locked := versions[p.key]; {
		case version == p.expect:
			may = append(may, p)
		case locked:
			results[i] = storage.ErrConflict
		default: // somebody else holds it, or there is none
			results[i] = errAlone
		}
	}
	return may
}

// lock locks the conversations of a batch that nobody else holds, in the order
// of their keys, and returns their versions. It waits for none.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, batch []prepared) (map[storage.Key]int64, error) {
	keys := make([]keyValues, len(batch))
	for i, p := range batch {
		keys[i] = keyValues(p.key)
	}
	param, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	// The settings stand on the outer side of the join, so they are made first.
	rows, err := tx.QueryContext(ctx, s.sql(`
		WITH settings AS MATERIALIZED (`+settings+`), heads AS MATERIALIZED (
			SELECT c.workspace, c.conversation, c.version
			FROM json_to_recordset($3::json) AS i (workspace text, conversation text)
			JOIN {prefix}.conversations c ON c.workspace = i.workspace AND c.conversation = i.conversation
			ORDER BY c.workspace, c.conversation
			FOR UPDATE OF c SKIP LOCKED
		)
		SELECT coalesce(workspace, ''), coalesce(conversation, ''), version
		FROM settings LEFT JOIN heads ON true`),
		milliseconds(s.options.Timeout), milliseconds(batchLockTimeout), string(param))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	versions := make(map[storage.Key]int64, len(batch))
	for rows.Next() {
		var key storage.Key
		var version sql.NullInt64
		if err := rows.Scan(&key.Workspace, &key.Conversation, &version); err != nil {
			return nil, err
		}
		if version.Valid {
			versions[key] = version.Int64
		}
	}
	return versions, rows.Err()
}

// write writes commits to conversations that are locked, or not there as far as
// is known, and returns which succeeded. It is a statement after the one that
// locked, and so sees all that was committed before the lock was had.
//
// The ID of a commit is drawn while its conversation is locked, so that the
// commits to one conversation have ascending IDs, and none of them is visible
// before those with lower ones.
func (s *Store) write(ctx context.Context, q querier, commits []prepared) (map[storage.Key]bool, error) {
	whole := make([]json.RawMessage, len(commits))
	for i, p := range commits {
		whole[i] = p.whole
	}
	param, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, s.sql(`
		WITH input AS MATERIALIZED (
			SELECT * FROM json_to_recordset($1::json) AS i (
				workspace text, conversation text, expect bigint,
				version bigint, body text, visitor text, dormant_since bigint, due bigint, policy_revision bigint,
				command text, fingerprint text, events json)
		), opened AS (
			INSERT INTO {prefix}.conversations
				(workspace, conversation, version, body, visitor, dormant_since, due, policy_revision, last_commit)
			SELECT workspace, conversation, version, decode(body, 'base64'), visitor, dormant_since, due, policy_revision,
				nextval('{prefix}.commit_ids')
			FROM input
			WHERE expect = 0
			ORDER BY workspace, conversation
			ON CONFLICT DO NOTHING
			RETURNING workspace, conversation, last_commit
		), changed AS (
			UPDATE {prefix}.conversations c SET
				version = i.version,
				body = CASE WHEN i.version > i.expect THEN decode(i.body, 'base64') ELSE c.body END,
				visitor = CASE WHEN i.version > i.expect THEN i.visitor ELSE c.visitor END,
				dormant_since = CASE WHEN i.version > i.expect THEN i.dormant_since ELSE c.dormant_since END,
				due = i.due,
				policy_revision = i.policy_revision,
				last_commit = CASE WHEN i.version > i.expect THEN nextval('{prefix}.commit_ids') ELSE c.last_commit END,
				failures = 0, retry_at = NULL, reason = ''
			FROM input i
			WHERE c.workspace = i.workspace AND c.conversation = i.conversation AND c.version = i.expect
				AND NOT EXISTS (
					SELECT FROM {prefix}.commands m
					WHERE m.workspace = i.workspace AND m.conversation = i.conversation AND m.command = i.command)
			RETURNING c.workspace, c.conversation, c.last_commit
		), won AS MATERIALIZED (
			SELECT i.*, w.last_commit
			FROM input i
			JOIN (TABLE opened UNION ALL TABLE changed) w USING (workspace, conversation)
		), written AS MATERIALIZED (
			SELECT w.workspace, w.conversation, e.version, e.body, e.text
			FROM won w, json_to_recordset(w.events) AS e (version bigint, body text, text text)
		), new_events AS (
			INSERT INTO {prefix}.events (workspace, conversation, version, body, has_text)
			SELECT workspace, conversation, version, decode(body, 'base64'), text <> '' FROM written
		), new_texts AS (
			INSERT INTO {prefix}.texts (workspace, conversation, version, text)
			SELECT workspace, conversation, version, text FROM written WHERE text <> ''
		), new_commands AS (
			INSERT INTO {prefix}.commands (workspace, conversation, command, fingerprint, from_version, to_version)
			SELECT workspace, conversation, command, decode(fingerprint, 'base64'), expect, version
			FROM won WHERE command <> ''
		), new_commits AS (
			INSERT INTO {prefix}.unnumbered (id, workspace, conversation, from_version, to_version)
			SELECT last_commit, workspace, conversation, expect, version FROM won WHERE version > expect
		)
		SELECT workspace, conversation FROM won`), string(param))
	if err != nil {
		return nil, err
	}
	keys, err := collect(rows, func() (key storage.Key, err error) {
		err = rows.Scan(&key.Workspace, &key.Conversation)
		return key, err
	})
	won := make(map[storage.Key]bool, len(keys))
	for _, key := range keys {
		won[key] = true
	}
	return won, err
}
