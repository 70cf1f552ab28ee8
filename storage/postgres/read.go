package postgres

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/adjourn/adjourn/storage"
)

// Load implements [storage.Store].
func (s *Store) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	if err := s.ready(ctx, s.db); err != nil {
		return storage.Loaded{}, failed(ctx, "load", err)
	}
	if err := storable(key.Workspace, key.Conversation, commandID); err != nil {
		return storage.Loaded{}, failed(ctx, "load", err)
	}
	l, err := s.loads.Read(ctx, asked{key, commandID})
	return l, failed(ctx, "load", err)
}

// readTogether and maxRead are how many statements that load, or that read
// records, run beside each other, and how many of these share one.
const (
	readTogether = 2
	maxRead      = 128
)

// asked is what a Load asks for.
type asked struct {
	key     storage.Key
	command string
}

func (s *Store) loadAll(ctx context.Context, all []asked) ([]storage.Loaded, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	if len(all) == 1 {
		l, err := s.load(ctx, s.db, all[0].key, all[0].command)
		return []storage.Loaded{l}, err
	}
	type values struct {
		keyValues
		Place   int    `json:"place"`
		Command string `json:"command"`
	}
	params := make([]values, len(all))
	for i, a := range all {
		params[i] = values{keyValues(a.key), i, a.command}
	}
	args, err := jsonParams(params)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.sql(`
		SELECT place, `+loadColumns+`
		FROM json_to_recordset($1::json) AS asked (place integer, workspace text, conversation text, command text)`+loadJoins), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	loaded := make([]storage.Loaded, len(all))
	for rows.Next() {
		var place int
		l, err := scanLoaded(rows, &place)
		if err != nil {
			return nil, err
		}
		loaded[place] = l
	}
	return loaded, rows.Err()
}

// load is one statement, so that all it returns is of one moment.
func (s *Store) load(ctx context.Context, q querier, key storage.Key, commandID string) (storage.Loaded, error) {
	if err := storable(key.Workspace, key.Conversation, commandID); err != nil {
		return storage.Loaded{}, err
	}
	return scanLoaded(q.QueryRowContext(ctx, s.sql(`
		SELECT `+loadColumns+`
		FROM (SELECT $1::text AS workspace, $2::text AS conversation, $3::text AS command) asked`+loadJoins),
		key.Workspace, key.Conversation, commandID))
}

const loadColumns = headColumns + `,
			coalesce(c.failures, 0), c.retry_at, coalesce(c.reason, ''),
			coalesce(p.revision, 0), p.body,
			m.fingerprint, m.from_version, m.to_version`

const loadJoins = `
		LEFT JOIN {prefix}.conversations c USING (workspace, conversation)
		LEFT JOIN {prefix}.policies p USING (workspace)
		LEFT JOIN {prefix}.commands m USING (workspace, conversation, command)`

func scanLoaded(row interface{ Scan(...any) error }, before ...any) (l storage.Loaded, err error) {
	var h headRow
	var retryAt, from, to sql.NullInt64
	var fingerprint []byte
	err = row.Scan(append(append(before, h.targets()...),
		&l.Setback.Failures, &retryAt, &l.Setback.Reason,
		&l.Policies.Revision, &l.Policies.Body,
		&fingerprint, &from, &to,
	)...)
	if err != nil {
		return storage.Loaded{}, err
	}
	if l.Head, err = h.head(); err != nil {
		return storage.Loaded{}, err
	}
	l.Setback.RetryAt = instant(retryAt)
	if from.Valid {
		l.Applied = &storage.Applied{From: from.Int64, To: to.Int64}
		copy(l.Applied.Fingerprint[:], fingerprint)
	}
	return l, nil
}

// headColumns are those of the head of a conversation c, for a headRow.
const headColumns = `c.version, c.body, c.dormant_since, c.due, c.policy_revision,
	c.visitor, c.state, c.agent, c.grp, c.outcome, c.tags::text, c.since, c.updated, c.seat`

// A headRow is what headColumns are scanned into. All are NULL where there is no
// conversation.
type headRow struct {
	version, dormantSince, due, policyRevision, since, updated sql.NullInt64
	visitor, state, agent, group, outcome, seat                sql.NullString
	body, tags                                                 []byte
}

func (r *headRow) targets() []any {
	return []any{
		&r.version, &r.body, &r.dormantSince, &r.due, &r.policyRevision,
		&r.visitor, &r.state, &r.agent, &r.group, &r.outcome, &r.tags, &r.since, &r.updated, &r.seat,
	}
}

func (r *headRow) head() (storage.Head, error) {
	tags, err := list(r.tags)
	return storage.Head{
		Version:        r.version.Int64,
		Body:           r.body,
		DormantSince:   instant(r.dormantSince),
		Due:            instant(r.due),
		PolicyRevision: r.policyRevision.Int64,
		Visitor:        r.visitor.String,
		State:          r.state.String,
		Agent:          r.agent.String,
		Group:          r.group.String,
		Outcome:        r.outcome.String,
		Tags:           tags,
		Since:          instant(r.since),
		Updated:        instant(r.updated),
		Seat:           r.seat.String,
	}, err
}

// list is what a column of JSON has in it; nil: nothing.
func list(text []byte) (values []string, err error) {
	if len(text) > len(`[]`) {
		err = json.Unmarshal(text, &values)
	}
	return values, err
}

// History implements [storage.Store].
func (s *Store) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	if err := s.ready(ctx, s.db); err != nil {
		return nil, failed(ctx, "history", err)
	}
	events, err := s.history(ctx, s.db, key, after, limit)
	return events, failed(ctx, "history", err)
}

func (s *Store) history(ctx context.Context, q querier, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	if err := storable(key.Workspace, key.Conversation); err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, s.sql(`
		SELECT version, body, has_text, (
			SELECT text FROM {prefix}.texts t
			WHERE t.workspace = e.workspace AND t.conversation = e.conversation AND t.version = e.version)
		FROM {prefix}.events e
		WHERE workspace = $1::text AND conversation = $2::text AND version > $3::bigint
		ORDER BY version
		LIMIT $4::bigint`),
		key.Workspace, key.Conversation, after, limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (e storage.Event, err error) {
		var hasText bool
		var text sql.NullString
		err = rows.Scan(&e.Version, &e.Body, &hasText, &text)
		e.Text, e.Erased = text.String, hasText && !text.Valid
		return e, err
	})
}

// collect reads all rows, and closes them.
func collect[T any](rows *sql.Rows, scan func() (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
