package postgres

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// recordColumns are those of a record r, for [scanRecord].
const recordColumns = `r.workspace, r.kind, r.id, r.version, r.body, r.text, r.due, r.groups::text, r.available, r.capacity,
	r.seats_at, r.seat_moves, s.seats`

// records are those r with the seats s that are taken. Only agents have some.
const records = `{prefix}.records r CROSS JOIN LATERAL ` + seatsOf

const seatsOf = `(
		SELECT count(*) AS seats FROM {prefix}.conversations c
		WHERE r.kind = 'agent' AND c.workspace = r.workspace AND c.seat = r.id AND c.seat <> '') s`

func scanRecord(row interface{ Scan(...any) error }) (r storage.Record, err error) {
	var due, seatsAt sql.NullInt64
	var groups []byte
	err = row.Scan(&r.Key.Workspace, &r.Key.Kind, &r.Key.ID, &r.Version, &r.Body, &r.Text, &due, &groups, &r.Available, &r.Capacity,
		&seatsAt, &r.SeatMoves, &r.Seats)
	if err != nil {
		return r, err
	}
	r.Due, r.SeatsAt = instant(due), instant(seatsAt)
	r.Groups, err = list(groups)
	return r, err
}

// Record implements [storage.Records].
func (s *Store) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	r, err := s.oneRecord(ctx, key)
	return r, failed(ctx, "record", err)
}

func (s *Store) oneRecord(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return storage.Record{}, err
	}
	if err := storable(key.Workspace, string(key.Kind), key.ID); err != nil {
		return storage.Record{}, err
	}
	return s.reads.Read(ctx, key)
}

func (s *Store) recordAll(ctx context.Context, keys []storage.RecordKey) ([]storage.Record, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	if len(keys) == 1 {
		r, err := s.record(ctx, s.db, keys[0])
		return []storage.Record{r}, err
	}
	type values struct {
		Workspace string       `json:"workspace"`
		Kind      storage.Kind `json:"kind"`
		ID        string       `json:"id"`
	}
	params := make([]values, len(keys))
	for i, k := range keys {
		params[i] = values{k.Workspace, k.Kind, k.ID}
	}
	args, err := jsonParams(params)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.sql(`
		SELECT `+recordColumns+`
		FROM (SELECT DISTINCT workspace, kind, id FROM json_to_recordset($1::json) AS i (workspace text, kind text, id text)) asked
		JOIN {prefix}.records r USING (workspace, kind, id) CROSS JOIN LATERAL `+seatsOf), args...)
	if err != nil {
		return nil, err
	}
	found, err := collect(rows, func() (storage.Record, error) { return scanRecord(rows) })
	if err != nil {
		return nil, err
	}
	of := make(map[storage.RecordKey]storage.Record, len(found))
	for _, r := range found {
		of[r.Key] = r
	}
	all := make([]storage.Record, len(keys))
	for i, k := range keys {
		all[i] = of[k]
		all[i].Key = k
	}
	return all, nil
}

func (s *Store) record(ctx context.Context, q querier, key storage.RecordKey) (storage.Record, error) {
	if err := s.ready(ctx, q); err != nil {
		return storage.Record{}, err
	}
	if err := storable(key.Workspace, string(key.Kind), key.ID); err != nil {
		return storage.Record{}, err
	}
	r, err := scanRecord(q.QueryRowContext(ctx, s.sql(`
		SELECT `+recordColumns+`
		FROM `+records+`
		WHERE workspace = $1::text AND kind = $2::text AND id = $3::text`),
		key.Workspace, string(key.Kind), key.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return storage.Record{Key: key}, nil
	}
	return r, err
}

// Put implements [storage.Records].
func (s *Store) Put(ctx context.Context, r storage.Record) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return failed(ctx, "put", s.put(ctx, r))
}

// put makes no row while a commit takes a seat of the agent without a record:
// the commit's transaction has the lock of [Store.lockAgents].
func (s *Store) put(ctx context.Context, r storage.Record) error {
	const create = `
		WITH alone AS MATERIALIZED (
			SELECT pg_advisory_xact_lock($10::bigint)
		), put AS (
			INSERT INTO {prefix}.records (workspace, kind, id, version, body, text, due, groups, available, capacity)
			SELECT $1::text, $2::text, $3::text, 1, decode($4::text, 'base64'), $5::text, $6::bigint, $7::json, $8::boolean, $9::bigint
			FROM alone
			ON CONFLICT DO NOTHING
			RETURNING workspace, kind, id, groups
		)`
	const replace = `
		WITH put AS (
			UPDATE {prefix}.records
			SET version = version + 1, body = decode($4::text, 'base64'), text = $5::text, due = $6::bigint,
				groups = $7::json, available = $8::boolean, capacity = $9::bigint
			WHERE workspace = $1::text AND kind = $2::text AND id = $3::text
				AND version = $10::bigint AND seat_moves = $11::bigint
			RETURNING workspace, kind, id, groups
		)`
	const join = `, wanted AS MATERIALIZED (
			SELECT DISTINCT p.workspace, g.grp, p.id AS agent
			FROM put p, json_array_elements_text(p.groups) AS g (grp)
			WHERE p.kind = 'agent'
		), joined AS (
			INSERT INTO {prefix}.memberships (workspace, grp, agent)
			SELECT workspace, grp, agent FROM wanted
			ON CONFLICT DO NOTHING
		), left_out AS (
			DELETE FROM {prefix}.memberships m USING put p
			WHERE p.kind = 'agent' AND m.workspace = p.workspace AND m.agent = p.id
				AND NOT EXISTS (SELECT FROM wanted w WHERE w.grp = m.grp)
		)
		SELECT FROM put`
	err := errors.Join(storable(r.Key.Workspace, string(r.Key.Kind), r.Key.ID, r.Text), storable(r.Groups...))
	if err != nil {
		return err
	}
	groups, err := json.Marshal(notNil(r.Groups))
	if err != nil {
		return err
	}
	args := []any{
		r.Key.Workspace, string(r.Key.Kind), r.Key.ID, base64.StdEncoding.EncodeToString(r.Body), r.Text, micros(r.Due),
		string(groups), r.Available, r.Capacity,
	}
	if r.Version == 0 {
		return s.changeOne(ctx, create+join, append(args, s.agentLock(r.Key))...)
	}
	return s.changeOne(ctx, replace+join, append(args, r.Version, r.SeatMoves)...)
}

// Settle implements [storage.Records].
func (s *Store) Settle(ctx context.Context, r storage.Record) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	err := s.changeOne(ctx, `
		UPDATE {prefix}.records SET due = $6::bigint
		WHERE workspace = $1::text AND kind = $2::text AND id = $3::text AND version = $4::bigint AND seat_moves = $5::bigint`,
		r.Key.Workspace, string(r.Key.Kind), r.Key.ID, r.Version, r.SeatMoves, micros(r.Due))
	return failed(ctx, "settle", err)
}

// List implements [storage.Records].
func (s *Store) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	records, err := s.list(ctx, q, after, limit)
	return records, failed(ctx, "list", err)
}

func (s *Store) list(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return nil, err
	}
	var w where
	from, id := records, `r.id`
	w.and(`r.workspace = ? AND r.kind = ?`, q.Workspace, string(q.Kind))
	if q.Group != "" {
		from += ` JOIN {prefix}.memberships m ON m.workspace = r.workspace AND m.agent = r.id`
		id = `m.agent`
		w.and(`r.kind = 'agent' AND m.workspace = ? AND m.grp = ?`, q.Workspace, q.Group)
	}
	if q.Free {
		w.and(`r.kind = 'agent' AND r.available AND s.seats < r.capacity`)
	}
	w.and(id+` > ?`, after)
	rows, err := s.db.QueryContext(ctx, s.sql(
		`SELECT `+recordColumns+` FROM `+from+w.String()+` ORDER BY `+id+w.limit(limit)),
		w.args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (storage.Record, error) { return scanRecord(rows) })
}

// DueRecords implements [storage.Records].
func (s *Store) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	due, err := s.dueRecords(ctx, by, after, limit)
	return due, failed(ctx, "due records", err)
}

func (s *Store) dueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	if err := s.ready(ctx, s.db); err != nil {
		return nil, err
	}
	rows, err := s.db.QueryContext(ctx, s.sql(`
		SELECT due, workspace, kind, id
		FROM {prefix}.records
		WHERE due IS NOT NULL AND due <= $1::bigint
			AND (due, workspace, kind, id) > ($2::bigint, $3::text, $4::text, $5::text)
		ORDER BY due, workspace, kind, id
		LIMIT $6::bigint`),
		by.UnixMicro(), after.At.UnixMicro(), after.Key.Workspace, string(after.Key.Kind), after.Key.ID, limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, func() (d storage.DueRecord, err error) {
		var at int64
		err = rows.Scan(&at, &d.Key.Workspace, &d.Key.Kind, &d.Key.ID)
		d.At = time.UnixMicro(at).UTC()
		return d, err
	})
}
