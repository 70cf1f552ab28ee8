package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// Record implements [storage.Records].
func (s *Store) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	if err := ctx.Err(); err != nil {
		return storage.Record{}, fmt.Errorf("memory: record: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record(key), nil
}

func (s *Store) record(key storage.RecordKey) storage.Record {
	r := s.records[key]
	if r == nil {
		return storage.Record{Key: key}
	}
	out := *r
	out.Body, out.Groups = bytes.Clone(r.Body), slices.Clone(r.Groups)
	if key.Kind == storage.KindAgent {
		out.Seats = s.seats[seatOf{key.Workspace, key.ID}]
	}
	return out
}

// Put implements [storage.Records].
func (s *Store) Put(ctx context.Context, in storage.Record) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: put: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.records[in.Key]
	if !stands(old, in) {
		return storage.ErrConflict
	}
	r := &storage.Record{Key: in.Key}
	if old != nil {
		r.SeatsAt, r.SeatMoves = old.SeatsAt, old.SeatMoves
		s.dueRecords.remove(storage.DueRecord{At: old.Due, Key: in.Key})
	} else {
		s.recordIDs(in.Key).insert(in.Key.ID)
	}
	r.Version, r.Body, r.Text, r.Due = in.Version+1, bytes.Clone(in.Body), in.Text, in.Due
	r.Groups, r.Available, r.Capacity = slices.Clone(in.Groups), in.Available, in.Capacity
	s.records[in.Key] = r
	if !r.Due.IsZero() {
		s.dueRecords.insert(storage.DueRecord{At: r.Due, Key: in.Key})
	}
	return nil
}

// Settle implements [storage.Records].
func (s *Store) Settle(ctx context.Context, in storage.Record) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memory: settle: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[in.Key]
	if r == nil || !stands(r, in) {
		return storage.ErrConflict
	}
	s.setRecordDue(r, in.Due)
	return nil
}

// stands reports whether a record is where the caller saw it; nil is none.
func stands(r *storage.Record, seen storage.Record) bool {
	if r == nil {
		return seen.Version == 0
	}
	return r.Version == seen.Version && r.SeatMoves == seen.SeatMoves
}

func (s *Store) setRecordDue(r *storage.Record, due time.Time) {
	s.dueRecords.remove(storage.DueRecord{At: r.Due, Key: r.Key})
	if r.Due = due; !due.IsZero() {
		s.dueRecords.insert(storage.DueRecord{At: due, Key: r.Key})
	}
}

// recordIDs are the IDs of a kind of records.
func (s *Store) recordIDs(key storage.RecordKey) *sorted[string] {
	all := storage.RecordKey{Workspace: key.Workspace, Kind: key.Kind}
	ids := s.ids[all]
	if ids == nil {
		ids = &sorted[string]{compare: strings.Compare}
		s.ids[all] = ids
	}
	return ids
}

// List implements [storage.Records]. It looks at every record of the kind.
func (s *Store) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: list: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := storage.RecordKey{Workspace: q.Workspace, Kind: q.Kind}
	ids := s.ids[key]
	if ids == nil {
		return nil, nil
	}
	var found []storage.Record
	for id := range ids.after(after) {
		if len(found) == limit {
			break
		}
		key.ID = id
		if s.selects(q, s.records[key]) {
			found = append(found, s.record(key))
		}
	}
	return found, nil
}

func (s *Store) selects(q storage.RecordQuery, r *storage.Record) bool {
	if q.Group != "" && !slices.Contains(r.Groups, q.Group) {
		return false
	}
	return !q.Free || r.Available && s.seats[seatOf{r.Key.Workspace, r.Key.ID}] < r.Capacity
}

// DueRecords implements [storage.Records].
func (s *Store) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("memory: due records: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []storage.DueRecord
	for d := range s.dueRecords.after(after) {
		if d.At.After(by) || len(found) == limit {
			break
		}
		found = append(found, d)
	}
	return found, nil
}

// A seatOf names an agent of a workspace.
type seatOf struct{ workspace, agent string }

// checkSeat returns an error unless the commit may have the seat that it takes.
func (s *Store) checkSeat(in *storage.Commit, before string) error {
	if seen := in.Seen; seen.Agent != "" && s.agentVersion(in.Key.Workspace, seen.Agent) != seen.Version {
		return storage.ErrConflict
	}
	seat := in.Head.Seat
	if len(in.Events) == 0 || seat == "" || seat == before || in.Seen.Overfill && in.Seen.Agent == seat {
		return nil
	}
	if r := s.agent(in.Key.Workspace, seat); r != nil && s.seats[seatOf{in.Key.Workspace, seat}] >= r.Capacity {
		return storage.ErrFull
	}
	return nil
}

// agent returns the record of an agent, nil if there is none.
func (s *Store) agent(workspace, id string) *storage.Record {
	return s.records[storage.RecordKey{Workspace: workspace, Kind: storage.KindAgent, ID: id}]
}

func (s *Store) agentVersion(workspace, id string) int64 {
	if r := s.agent(workspace, id); r != nil {
		return r.Version
	}
	return 0
}

// moveSeat takes the seat after, and frees the seat before.
func (s *Store) moveSeat(workspace, before, after string, at time.Time) {
	if before == after {
		return
	}
	if r := s.countSeat(workspace, before, -1, at); r != nil && (r.Due.IsZero() || at.Before(r.Due)) {
		s.setRecordDue(r, at)
	}
	s.countSeat(workspace, after, +1, at)
}

func (s *Store) addSeats(of seatOf, n int) {
	if s.seats[of] += n; s.seats[of] == 0 {
		delete(s.seats, of)
	}
}

// countSeat returns the agent's record, nil if there is none.
func (s *Store) countSeat(workspace, agent string, n int, at time.Time) *storage.Record {
	if agent == "" {
		return nil
	}
	s.addSeats(seatOf{workspace, agent}, n)
	r := s.agent(workspace, agent)
	if r != nil {
		r.SeatsAt = at
		r.SeatMoves++
	}
	return r
}
