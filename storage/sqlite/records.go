package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// recordColumns are those of a record r with its text t, as [recordRow] reads
// them.
const recordColumns = `r.id, r.version, r.body, coalesce(t.text, ''), r.due, r.grps, r.available, r.capacity,
    r.seats_at, r.seat_moves, ` + seatsTaken

// A recordRow is what recordColumns are read into.
type recordRow struct {
	storage.Record
	due, seatsAt sql.NullInt64
	groups       string
}

func (r *recordRow) dest() []any {
	return []any{
		&r.Key.ID, &r.Version, &r.Body, &r.Text, &r.due, &r.groups, &r.Available, &r.Capacity,
		&r.seatsAt, &r.SeatMoves, &r.Seats,
	}
}

func (r *recordRow) record() (_ storage.Record, err error) {
	r.Due, r.SeatsAt = instant(r.due), instant(r.seatsAt)
	r.Groups, err = split(r.groups)
	return r.Record, err
}

// Record implements [storage.Records].
func (s *Store) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return storage.Record{}, failed(ctx, "record", err)
	}
	found, err := record(ctx, r, key)
	if err != nil {
		return storage.Record{}, failed(ctx, "record", err)
	}
	return found, nil
}

func record(ctx context.Context, r runner, key storage.RecordKey) (storage.Record, error) {
	const text = `
SELECT ` + recordColumns + `
FROM {prefix}records r INDEXED BY {prefix}records_key
LEFT JOIN {prefix}texts t ON t.id = r.text_id
WHERE r.workspace = ? AND r.kind = ? AND r.id = ?`
	row := recordRow{Record: storage.Record{Key: key}}
	if _, err := first(ctx, r, text, []any{key.Workspace, string(key.Kind), key.ID}, row.dest()...); err != nil {
		return storage.Record{}, err
	}
	return row.record()
}

// Put implements [storage.Records].
func (s *Store) Put(ctx context.Context, in storage.Record) error {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := s.change(ctx, func(r runner) error { return put(ctx, r, in) })
	return result(ctx, "put", err)
}

func put(ctx context.Context, r runner, in storage.Record) error {
	const present = `
SELECT r.version, r.seat_moves, r.grps, r.text_id, coalesce(t.text, '')
FROM {prefix}records r INDEXED BY {prefix}records_key
LEFT JOIN {prefix}texts t ON t.id = r.text_id
WHERE r.workspace = ? AND r.kind = ? AND r.id = ?`
	const put = `
INSERT INTO {prefix}records (workspace, kind, id, version, due, grps, available, capacity, text_id, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace, kind, id) DO UPDATE
SET version = excluded.version, due = excluded.due, grps = excluded.grps, available = excluded.available,
    capacity = excluded.capacity, text_id = excluded.text_id, body = excluded.body`
	var old struct {
		version, moves int64
		groups         string
		textID         sql.NullInt64
		text           string
	}
	workspace, kind, id := in.Key.Workspace, string(in.Key.Kind), in.Key.ID
	found, err := first(ctx, r, present, []any{workspace, kind, id}, &old.version, &old.moves, &old.groups, &old.textID, &old.text)
	if err != nil {
		return err
	}
	if old.version != in.Version || found && old.moves != in.SeatMoves {
		return storage.ErrConflict
	}
	if err := moveMemberships(ctx, r, in, old.groups); err != nil {
		return err
	}
	textID, err := replaceText(ctx, r, old.textID, old.text, in.Text)
	if err != nil {
		return err
	}
	_, err = r.exec(ctx, put, workspace, kind, id, in.Version+1, micros(in.Due), joined(in.Groups),
		in.Available, in.Capacity, textID, blob(in.Body))
	return err
}

// replaceText returns the ID of the text, nil if it is empty. The old one is
// overwritten where it is, and the new one appended, unless they are the same.
func replaceText(ctx context.Context, r runner, oldID sql.NullInt64, old, text string) (id any, err error) {
	if oldID.Valid && old == text {
		return oldID.Int64, nil
	}
	if oldID.Valid {
		if err := wipe(ctx, r, oldID.Int64); err != nil {
			return nil, err
		}
	}
	return putText(ctx, r, text)
}

// moveMemberships puts an agent into its groups, and out of the old ones.
func moveMemberships(ctx context.Context, r runner, in storage.Record, column string) error {
	const leave = `DELETE FROM {prefix}memberships WHERE workspace = ? AND grp = ? AND agent = ?`
	const enter = `INSERT INTO {prefix}memberships (workspace, grp, agent) VALUES (?, ?, ?)`
	if in.Key.Kind != storage.KindAgent {
		return nil
	}
	old, err := split(column)
	if err != nil {
		return err
	}
	for _, of := range []struct {
		text      string
		these, no []string
	}{{leave, old, in.Groups}, {enter, in.Groups, old}} {
		for _, group := range of.these {
			if slices.Contains(of.no, group) {
				continue
			}
			if _, err := r.exec(ctx, of.text, in.Key.Workspace, group, in.Key.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// Settle implements [storage.Records].
func (s *Store) Settle(ctx context.Context, in storage.Record) error {
	const text = `
UPDATE {prefix}records INDEXED BY {prefix}records_key
SET due = ?
WHERE workspace = ? AND kind = ? AND id = ? AND version = ? AND seat_moves = ?`
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := s.change(ctx, func(r runner) error {
		args := []any{micros(in.Due), in.Key.Workspace, string(in.Key.Kind), in.Key.ID, in.Version, in.SeatMoves}
		n, err := changed(ctx, r, text, args...)
		if err == nil && n == 0 {
			return storage.ErrConflict
		}
		return err
	})
	return result(ctx, "settle", err)
}

// List implements [storage.Records].
func (s *Store) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	if q.Kind != storage.KindAgent && (q.Group != "" || q.Free) {
		return nil, nil // only agents are in groups, or free
	}
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "list", err)
	}
	text, args := listed(q, after, limit)
	found, err := list(ctx, r, text, args, func(rows *sql.Rows) (storage.Record, error) {
		row := recordRow{Record: storage.Record{Key: storage.RecordKey{Workspace: q.Workspace, Kind: q.Kind}}}
		if err := rows.Scan(row.dest()...); err != nil {
			return storage.Record{}, err
		}
		return row.record()
	})
	if err != nil {
		return nil, failed(ctx, "list", err)
	}
	return found, nil
}

// listed returns the statement of a list, and its arguments.
func listed(q storage.RecordQuery, after string, limit int) (text string, args []any) {
	const (
		columns = "SELECT " + recordColumns
		texts   = `
LEFT JOIN {prefix}texts t ON t.id = r.text_id`
		all = columns + `
FROM {prefix}records r INDEXED BY {prefix}records_key` + texts + `
WHERE r.workspace = ? AND r.kind = ? AND r.id > ?
ORDER BY r.id
LIMIT ?`
		free = columns + `
FROM {prefix}records r INDEXED BY {prefix}records_available` + texts + `
WHERE r.workspace = ? AND r.kind = ? AND r.id > ? AND r.available = 1 AND ` + seatsTaken + ` < r.capacity
ORDER BY r.id
LIMIT ?`
		members = columns + `
FROM {prefix}memberships m
CROSS JOIN {prefix}records r INDEXED BY {prefix}records_key
    ON r.workspace = m.workspace AND r.kind = 'agent' AND r.id = m.agent` + texts + `
WHERE m.workspace = ? AND m.grp = ? AND m.agent > ?
ORDER BY m.agent
LIMIT ?`
		freeMembers = columns + `
FROM {prefix}memberships m
CROSS JOIN {prefix}records r INDEXED BY {prefix}records_key
    ON r.workspace = m.workspace AND r.kind = 'agent' AND r.id = m.agent` + texts + `
WHERE m.workspace = ? AND m.grp = ? AND m.agent > ? AND r.available = 1 AND ` + seatsTaken + ` < r.capacity
ORDER BY m.agent
LIMIT ?`
	)
	switch of := []any{q.Workspace, q.Group, after, limit}; {
	case q.Group != "" && q.Free:
		return freeMembers, of
	case q.Group != "":
		return members, of
	}
	text = all
	if q.Free {
		text = free
	}
	return text, []any{q.Workspace, string(q.Kind), after, limit}
}

// DueRecords implements [storage.Records].
func (s *Store) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	const text = `
SELECT due, workspace, kind, id
FROM {prefix}records INDEXED BY {prefix}records_due
WHERE (due, workspace, kind, id) > (?2, ?3, ?4, ?5) AND due <= ?1
ORDER BY due, workspace, kind, id
LIMIT ?6`
	ctx, cancel := s.limited(ctx)
	defer cancel()
	r, err := s.reader(ctx)
	if err != nil {
		return nil, failed(ctx, "due records", err)
	}
	args := []any{by.UnixMicro(), after.At.UnixMicro(), after.Key.Workspace, string(after.Key.Kind), after.Key.ID, limit}
	found, err := list(ctx, r, text, args, func(rows *sql.Rows) (d storage.DueRecord, err error) {
		var at int64
		err = rows.Scan(&at, &d.Key.Workspace, &d.Key.Kind, &d.Key.ID)
		d.At = time.UnixMicro(at).UTC()
		return d, err
	})
	if err != nil {
		return nil, failed(ctx, "due records", err)
	}
	return found, nil
}
