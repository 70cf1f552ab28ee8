package sqlite

import (
	"context"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// seatsTaken counts the seats of a record r: conversations, which nobody else
// counts.
const seatsTaken = `CASE r.kind WHEN 'agent' THEN (
        SELECT count(*)
        FROM {prefix}heads s INDEXED BY {prefix}heads_seat
        WHERE s.workspace = r.workspace AND s.seat = r.id AND s.seat <> '')
    ELSE 0 END`

// checkSeats returns an error if the agent that the commit was decided on has
// changed, or the one whose seat it takes has none left. The conversation has had
// a seat of before.
func checkSeats(ctx context.Context, r runner, c storage.Commit, before string) error {
	if c.Seen.Agent != "" {
		version, _, err := agent(ctx, r, c.Key.Workspace, c.Seen.Agent)
		if err != nil {
			return err
		}
		if version != c.Seen.Version {
			return storage.ErrConflict
		}
	}
	seat := c.Head.Seat
	overfills := c.Seen.Overfill && c.Seen.Agent == seat
	if len(c.Events) == 0 || seat == "" || seat == before || overfills {
		return nil
	}
	version, left, err := agent(ctx, r, c.Key.Workspace, seat)
	if err == nil && version > 0 && left <= 0 {
		return storage.ErrFull
	}
	return err
}

// agent returns the version of the record of an agent, zero if there is none, and
// how many seats are left.
func agent(ctx context.Context, r runner, workspace, id string) (version int64, left int, err error) {
	const text = `
SELECT r.version, r.capacity - ` + seatsTaken + `
FROM {prefix}records r INDEXED BY {prefix}records_key
WHERE r.workspace = ? AND r.kind = 'agent' AND r.id = ?`
	_, err = first(ctx, r, text, []any{workspace, id}, &version, &left)
	return version, left, err
}

// moveSeat tells the records of the agents, if there are any, that a seat of one
// was freed and one of the other taken.
func moveSeat(ctx context.Context, r runner, workspace, before, after string, at time.Time) error {
	const freed = `
UPDATE {prefix}records INDEXED BY {prefix}records_key
SET seats_at = ?3, seat_moves = seat_moves + 1, due = min(coalesce(due, ?3), ?3)
WHERE workspace = ?1 AND kind = 'agent' AND id = ?2`
	const taken = `
UPDATE {prefix}records INDEXED BY {prefix}records_key
SET seats_at = ?3, seat_moves = seat_moves + 1
WHERE workspace = ?1 AND kind = 'agent' AND id = ?2`
	if before == after {
		return nil
	}
	if before != "" {
		if _, err := r.exec(ctx, freed, workspace, before, at.UnixMicro()); err != nil {
			return err
		}
	}
	if after == "" {
		return nil
	}
	_, err := r.exec(ctx, taken, workspace, after, at.UnixMicro())
	return err
}
