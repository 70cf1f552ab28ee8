package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	key     storage.Key
	expect  int64
	events  bool // it has some
	tagged  bool // the conversation has tags afterwards
	closed  bool // it puts closings
	seat    string
	at      time.Time
	seen    storage.Seen
	command string
	whole   string // of commitValues
}

// Values of a commit in JSON. Bodies become base64, texts stay texts, and times
// microseconds.
type (
	commitValues struct {
		keyValues
		Expect         int64         `json:"expect"`
		Version        int64         `json:"version"`
		Body           []byte        `json:"body"`
		DormantSince   *int64        `json:"dormant_since"`
		Due            *int64        `json:"due"`
		PolicyRevision int64         `json:"policy_revision"`
		Visitor        string        `json:"visitor"`
		State          string        `json:"state"`
		Agent          string        `json:"agent"`
		Group          string        `json:"grp"`
		Outcome        string        `json:"outcome"`
		Tags           []string      `json:"tags"`
		Since          int64         `json:"since"`
		Updated        int64         `json:"updated"`
		Seat           string        `json:"seat"`
		Command        string        `json:"command"`
		Fingerprint    []byte        `json:"fingerprint"`
		Events         []eventValues `json:"events"`

		Closings []map[string]any `json:"closings,omitempty"`
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
	h := c.Head
	values := commitValues{
		keyValues:      keyValues(c.Key),
		Expect:         c.Expect,
		Version:        c.Expect + int64(len(c.Events)),
		Body:           notNil(h.Body),
		DormantSince:   micros(h.DormantSince),
		Due:            micros(h.Due),
		PolicyRevision: h.PolicyRevision,
		Visitor:        h.Visitor,
		State:          h.State,
		Agent:          h.Agent,
		Group:          h.Group,
		Outcome:        h.Outcome,
		Tags:           notNil(h.Tags),
		Since:          h.Since.UnixMicro(),
		Updated:        h.Updated.UnixMicro(),
		Seat:           h.Seat,
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
	err := errors.Join(
		storable(c.Key.Workspace, c.Key.Conversation, c.Command.ID, c.Seen.Agent),
		storable(h.Visitor, h.State, h.Agent, h.Group, h.Outcome, h.Seat),
		storable(h.Tags...))
	if err != nil {
		return prepared{}, err
	}
	if values.Closings, err = closingValues(c.Closings); err != nil {
		return prepared{}, err
	}
	whole, err := json.Marshal(values)
	return prepared{
		key: c.Key, expect: c.Expect, events: len(c.Events) > 0, tagged: len(h.Tags) > 0, closed: len(c.Closings) > 0,
		seat: h.Seat, at: c.At, seen: c.Seen, command: c.Command.ID, whole: string(whole),
	}, err
}

// notNil makes a list of none, which JSON tells from no list.
func notNil[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
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
	err = errAlone
	if p.expect > 0 || p.events { // otherwise it cannot succeed
		err = s.committer.Commit(ctx, c.Key, p)
	}
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
	err := s.patiently(ctx, func() error {
		return s.change(ctx, s.options.LockTimeout, func(tx *sql.Tx) error {
			return s.commitOne(ctx, tx, p)
		})
	})
	return raced(err)
}

// commitOne commits in a transaction, and waits for the conversation if another
// one holds it.
func (s *Store) commitOne(ctx context.Context, q querier, p prepared) error {
	a := &attempt{prepared: p}
	var version int64
	err := q.QueryRowContext(ctx, s.sql(`
		SELECT version, seat, tags::text <> '[]' FROM {prefix}.conversations
		WHERE workspace = $1::text AND conversation = $2::text
		FOR UPDATE`),
		p.key.Workspace, p.key.Conversation).Scan(&version, &a.had.seat, &a.had.tagged)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != p.expect {
		return storage.ErrConflict
	}
	if version == 0 && !p.events {
		return errors.New("a commit without events needs a conversation that exists")
	}
	if err := s.decide(ctx, q, []*attempt{a}); err != nil {
		return err
	}
	return a.err
}

// An attempt is a commit with what is known of its conversation.
type attempt struct {
	prepared
	had struct { // before it
		seat   string
		tagged bool
	}
	err error // it is refused
}

// writeBatch is what the committer calls. The deadline is the batch's own: the
// context of one caller does not end the commits of others. It comes before that
// of a caller without one, who so learns that nothing was applied.
//
// The next batch does not wait for one that the driver does not return from, and has
// another connection.
func (s *Store) writeBatch(batch []prepared) []error {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Timeout*3/4)
	defer cancel()
	var results []error
	err := s.patiently(ctx, func() error {
		results = s.writeWithin(ctx, batch)
		return nil
	})
	if err != nil { // what is written to results from now on is nobody's
		return slices.Repeat([]error{err}, len(batch))
	}
	return results
}

func (s *Store) writeWithin(ctx context.Context, batch []prepared) []error {
	attempts := make([]*attempt, len(batch))
	for i, p := range batch {
		attempts[i] = &attempt{prepared: p}
	}
	if left := s.tryAtOnce(ctx, slices.Clone(attempts)); len(left) > 0 {
		s.try(ctx, left)
	}
	results := make([]error, len(batch))
	for i, a := range attempts {
		results[i] = a.err
	}
	return results
}

// plain reports whether a commit does no more than a message does in a
// conversation that goes on as it was.
func (a *attempt) plain() bool {
	return a.expect > 0 && a.events && a.seen == storage.Seen{} && !a.tagged && !a.closed
}

// tryAtOnce writes a batch of plain commits in one statement that commits itself,
// which is one round trip instead of four, and returns those that are left to
// [Store.try]: all if one of the batch is not plain, or what was not so plain after
// all, because its conversation is held, is at another version, or has tags or
// another seat. What became of those it does not return is in their errors.
//
// A command ID that came to be known after the statement began fails it, by the
// key of the commands.
func (s *Store) tryAtOnce(ctx context.Context, batch []*attempt) (left []*attempt) {
	for _, a := range batch {
		if !a.plain() {
			return batch
		}
	}
	// The pool itself would run a statement again that lib/pq calls that of a bad
	// connection, though it may have been applied.
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return batch
	}
	defer conn.Close()
	won, err := s.writeFrom(ctx, conn, writeHeld, batch, nil)
	switch {
	case err != nil && rolledBack(err):
		return batch
	case err != nil:
		err = fmt.Errorf("%w: %w", storage.ErrOutcomeUnknown, err)
		for _, a := range batch {
			a.err = err
		}
		return nil
	}
	return slices.DeleteFunc(batch, func(a *attempt) bool { return won[a.key] })
}

// try commits a batch. If something in it was held for long, which may have been
// an agent, those that are about no agent are tried again without the others.
func (s *Store) try(ctx context.Context, batch []*attempt) {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if err := s.lock(ctx, tx, batch); err != nil {
			return err
		}
		return s.decide(ctx, tx, batch)
	})
	if err == nil {
		return
	}
	held := sqlState(err) == lockNotAvailable && slices.ContainsFunc(batch, (*attempt).aboutAgents)
	if worthAlone(err) {
		err = errAlone
	}
	var again []*attempt
	for _, a := range batch {
		switch {
		case a.err != nil && !errors.Is(a.err, storage.ErrFull): // it stays refused
		case held && !a.aboutAgents():
			*a = attempt{prepared: a.prepared}
			again = append(again, a)
		default:
			a.err = err // also if it was full, by what others now have not taken
		}
	}
	if len(again) > 0 {
		s.try(ctx, again)
	}
}

// held locks the conversations of an input i that nobody else holds. It looks each
// of them up, because the planner, who takes every list for one of a hundred, would
// rather read a table of some thousand from end to end.
const held = `
			CROSS JOIN LATERAL (
				SELECT c.version, c.seat, c.tags::text <> '[]' AS tagged
				FROM {prefix}.conversations c
				WHERE c.workspace = i.workspace AND c.conversation = i.conversation
				FOR UPDATE SKIP LOCKED
			) held`

// lock locks the conversations of a batch that nobody else holds, and refuses the
// commits that cannot succeed. It waits for none, so their order does not matter.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, batch []*attempt) error {
	keys := make([]keyValues, len(batch))
	of := make(map[storage.Key]*attempt, len(batch))
	for i, a := range batch {
		keys[i] = keyValues(a.key)
		of[a.key] = a
	}
	param, err := json.Marshal(keys)
	if err != nil {
		return err
	}
	// The settings stand on the outer side of the join, so they are made first.
	rows, err := tx.QueryContext(ctx, s.sql(`
		WITH settings AS MATERIALIZED (`+settings+`), heads AS MATERIALIZED (
			SELECT i.workspace, i.conversation, held.version, held.seat, held.tagged
			FROM json_to_recordset($3::json) AS i (workspace text, conversation text)`+held+`
		)
		SELECT coalesce(workspace, ''), coalesce(conversation, ''), version, coalesce(seat, ''), coalesce(tagged, false)
		FROM settings LEFT JOIN heads ON true`),
		milliseconds(s.options.Timeout), milliseconds(batchLockTimeout), string(param))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key storage.Key
		var version sql.NullInt64
		var seat string
		var tagged bool
		if err := rows.Scan(&key.Workspace, &key.Conversation, &version, &seat, &tagged); err != nil {
			return err
		}
		if !version.Valid {
			break // the one row of the settings
		}
		a := of[key]
		delete(of, key)
		a.had.seat, a.had.tagged = seat, tagged
		if version.Int64 != a.expect {
			a.err = storage.ErrConflict
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, a := range of {
		if a.expect != 0 { // somebody else holds it, or there is none
			a.err = errAlone
		}
	}
	return nil
}

// decide refuses the commits that the agents they are about do not allow, and
// writes the others. The conversations are locked, or not there as far as is
// known.
func (s *Store) decide(ctx context.Context, q querier, batch []*attempt) error {
	moves, err := s.seat(ctx, q, batch)
	if err != nil {
		return err
	}
	var may []*attempt
	for _, a := range batch {
		if a.err == nil {
			may = append(may, a)
		}
	}
	if len(may) == 0 {
		return nil
	}
	won, err := s.write(ctx, q, may, moves)
	if err != nil || len(won) == len(may) {
		return err
	}
	for _, a := range batch {
		switch {
		case a.err == nil && !won[a.key]:
			a.err = storage.ErrConflict
		case errors.Is(a.err, storage.ErrFull):
			a.err = errAlone // it may have been full by one that lost
		}
	}
	return nil
}

// The statement of [Store.write] in its parts. Those that have nothing to do are
// left out: with each comes much for the server to set up.
const (
	writeInput = `
		WITH input AS MATERIALIZED (` + inputs + `)`
	writeHeld = `
		WITH input AS MATERIALIZED (
			SELECT i.*
			FROM (` + inputs + `) i` + held + `
			WHERE held.version = i.expect AND held.seat = i.seat AND NOT held.tagged
		)`
	inputs = `
			SELECT * FROM json_to_recordset($1::json) AS i (
				workspace text, conversation text, expect bigint,
				version bigint, body text, dormant_since bigint, due bigint, policy_revision bigint,
				visitor text, state text, agent text, grp text, outcome text, tags json, since bigint, updated bigint, seat text,
				command text, fingerprint text, events json, closings json)`
	writeOpened = `, opened AS (
			INSERT INTO {prefix}.conversations
				(workspace, conversation, version, body, dormant_since, due, policy_revision,
				visitor, state, agent, grp, outcome, tags, since, updated, seat, last_commit)
			SELECT workspace, conversation, version, decode(body, 'base64'), dormant_since, due, policy_revision,
				visitor, state, agent, grp, outcome, tags, since, updated, seat, nextval('{prefix}.commit_ids')
			FROM input
			WHERE expect = 0
			ORDER BY workspace, conversation
			ON CONFLICT DO NOTHING
			RETURNING workspace, conversation, last_commit
		)`
	writeChanged = `, changed AS (
			UPDATE {prefix}.conversations c SET
				version = i.version, body = decode(i.body, 'base64'),
				dormant_since = i.dormant_since, due = i.due, policy_revision = i.policy_revision,
				visitor = i.visitor, state = i.state, agent = i.agent, grp = i.grp, outcome = i.outcome,
				tags = i.tags, since = i.since, updated = i.updated, seat = i.seat,
				last_commit = nextval('{prefix}.commit_ids'),
				failures = 0, retry_at = NULL, reason = ''
			FROM input i
			WHERE i.expect > 0 AND i.version > i.expect AND ` + writable + `
			RETURNING i.*, c.last_commit
		)`
	writeRecomputed = `, recomputed AS (
			UPDATE {prefix}.conversations c SET
				due = i.due, policy_revision = i.policy_revision,
				failures = 0, retry_at = NULL, reason = ''
			FROM input i
			WHERE i.version = i.expect AND ` + writable + `
			RETURNING i.*, c.last_commit
		)`
	writable = `c.workspace = i.workspace AND c.conversation = i.conversation AND c.version = i.expect
				AND NOT EXISTS (
					SELECT FROM {prefix}.commands m
					WHERE m.workspace = i.workspace AND m.conversation = i.conversation AND m.command = i.command)`
	wonOpened = `SELECT input.*, last_commit FROM input JOIN opened USING (workspace, conversation)`
	writeWon  = `, written AS MATERIALIZED (
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
		)`
	writeTags = `, wanted AS MATERIALIZED (
			SELECT DISTINCT w.workspace, w.conversation, t.tag, w.state, w.since
			FROM won w, json_array_elements_text(w.tags) AS t (tag)
			WHERE w.version > w.expect
		), untagged AS (
			DELETE FROM {prefix}.tags t USING won w
			WHERE t.workspace = w.workspace AND t.conversation = w.conversation AND w.version > w.expect
				AND NOT EXISTS (
					SELECT FROM wanted n
					WHERE n.workspace = t.workspace AND n.conversation = t.conversation AND n.tag = t.tag)
		), tagged AS (
			INSERT INTO {prefix}.tags AS t (workspace, conversation, tag, state, since)
			SELECT workspace, conversation, tag, state, since FROM wanted
			ON CONFLICT (workspace, conversation, tag) DO UPDATE SET state = excluded.state, since = excluded.since
			WHERE t.state <> excluded.state OR t.since <> excluded.since
		)`
	writeMoves = `, moves AS MATERIALIZED (
			SELECT m.workspace, m.agent, count(*) AS n,
				(array_agg(m.at ORDER BY m.place DESC))[1] AS at, min(m.at) FILTER (WHERE m.freed) AS freed_at
			FROM json_to_recordset($2::json) AS m (
				place bigint, workspace text, conversation text, agent text, at bigint, freed boolean)
			JOIN won USING (workspace, conversation)
			GROUP BY m.workspace, m.agent
		), moved AS (
			UPDATE {prefix}.records r
			SET seats_at = m.at, seat_moves = r.seat_moves + m.n, due = least(r.due, m.freed_at)
			FROM moves m
			WHERE r.workspace = m.workspace AND r.kind = 'agent' AND r.id = m.agent
		)`
	writeEnd = `
		SELECT workspace, conversation FROM won`
)

// write writes commits to conversations that are locked, or not there as far as
// is known, and returns which succeeded. It is a statement after the one that
// locked, and so sees all that was committed before the lock was had.
//
// The ID of a commit is drawn while its conversation is locked, so that the
// commits to one conversation have ascending IDs, and none of them is visible
// before those with lower ones.
func (s *Store) write(ctx context.Context, q querier, commits []*attempt, moves []move) (map[storage.Key]bool, error) {
	return s.writeFrom(ctx, q, writeInput, commits, moves)
}

// writeFrom writes the commits that an input has.
func (s *Store) writeFrom(ctx context.Context, q querier, input string, commits []*attempt, moves []move) (map[storage.Key]bool, error) {
	whole := make([]string, len(commits))
	for i, a := range commits {
		whole[i] = a.whole
	}
	params := []any{"[" + strings.Join(whole, ",") + "]"}
	if len(moves) > 0 {
		text, err := json.Marshal(moves)
		if err != nil {
			return nil, err
		}
		params = append(params, string(text))
	}
	rows, err := q.QueryContext(ctx, s.sql(input+writing(commits, len(moves) > 0)), params...)
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

// writing is the statement without its input.
func writing(commits []*attempt, moves bool) string {
	var statement string
	var won []string
	add := func(part string, needed func(a *attempt) bool) (added bool) {
		if added = slices.ContainsFunc(commits, needed); added {
			statement += part
		}
		return added
	}
	if add(writeOpened, func(a *attempt) bool { return a.expect == 0 }) {
		won = append(won, wonOpened)
	}
	if add(writeChanged, func(a *attempt) bool { return a.expect > 0 && a.events }) {
		won = append(won, `TABLE changed`)
	}
	if add(writeRecomputed, func(a *attempt) bool { return !a.events }) {
		won = append(won, `TABLE recomputed`)
	}
	statement += `, won AS MATERIALIZED (` + strings.Join(won, ` UNION ALL `) + `)` + writeWon
	add(writeTags, func(a *attempt) bool { return a.tagged || a.had.tagged })
	add(writeClosings, func(a *attempt) bool { return a.closed })
	if moves {
		statement += writeMoves
	}
	return statement + writeEnd
}

// jsonParams are lists as parameters of a statement.
func jsonParams(lists ...any) ([]any, error) {
	params := make([]any, len(lists))
	for i, list := range lists {
		text, err := json.Marshal(list)
		if err != nil {
			return nil, err
		}
		params[i] = string(text)
	}
	return params, nil
}
