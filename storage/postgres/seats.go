package postgres

import (
	"context"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/adjourn/adjourn/storage"
)

// A move takes a seat of an agent, or frees one.
type move struct {
	Place int `json:"place"` // in the order of the batch
	keyValues
	Agent string `json:"agent"`
	At    int64  `json:"at"`
	Freed bool   `json:"freed"`
}

// An agent is what is known of one, and its row is locked.
type agent struct {
	locked   bool
	version  int64 // zero: there is no record
	capacity int64
	seats    int64 // that are taken; known if commits want some
}

type agents map[storage.RecordKey]*agent

// Values of agents in JSON.
type agentValues struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Lock      int64  `json:"lock"`    // of its ID, while there is no row
	Counted   bool   `json:"counted"` // the seats
}

func (a *attempt) agentKey(id string) storage.RecordKey {
	return storage.RecordKey{Workspace: a.key.Workspace, Kind: storage.KindAgent, ID: id}
}

// leaves and takes are the agents of whose seats the commit frees one and takes
// one; empty: none.
func (a *attempt) leaves() string {
	if !a.events || a.prepared.seat == a.had.seat {
		return ""
	}
	return a.had.seat
}

func (a *attempt) takes() string {
	if !a.events || a.prepared.seat == a.had.seat {
		return ""
	}
	return a.prepared.seat
}

func (a *attempt) aboutAgents() bool {
	return a.seen.Agent != "" || a.leaves() != "" || a.takes() != ""
}

// seat refuses the commits that were not decided on the agents as they are, or
// want a seat that is not free, and returns what the others do to seats. The
// conversations must be locked.
func (s *Store) seat(ctx context.Context, q querier, batch []*attempt) ([]move, error) {
	var about []*attempt
	all := agents{}
	counted := map[storage.RecordKey]bool{}
	for _, a := range batch {
		if a.err != nil || !a.aboutAgents() {
			continue
		}
		about = append(about, a)
		for _, id := range []string{a.seen.Agent, a.leaves(), a.takes()} {
			if id != "" {
				all[a.agentKey(id)] = &agent{}
			}
		}
		if to := a.takes(); to != "" {
			counted[a.agentKey(to)] = true
		}
	}
	if len(about) == 0 {
		return nil, nil
	}
	values := make([]agentValues, 0, len(all))
	for _, key := range slices.SortedFunc(maps.Keys(all), storage.RecordKey.Compare) {
		values = append(values, agentValues{key.Workspace, key.ID, s.agentLock(key), counted[key]})
	}
	if err := s.lockAgents(ctx, q, values, all); err != nil {
		return nil, err
	}
	known, err := s.readAgents(ctx, q, values, all, about)
	if err != nil {
		return nil, err
	}
	var moves []move
	for i, a := range about {
		if known[a.key] {
			a.err = storage.ErrConflict
			continue
		}
		var own []move
		if own, a.err = all.decide(a, i); a.err == nil {
			moves = append(moves, own...)
		}
	}
	return moves, nil
}

// lockAgents locks the rows of agents in the order of their keys. Where there is
// none, [Store.Put] makes none as long as the transaction lasts.
func (s *Store) lockAgents(ctx context.Context, q querier, values []agentValues, all agents) error {
	params, err := jsonParams(values)
	if err != nil {
		return err
	}
	rows, err := q.QueryContext(ctx, s.sql(`
		WITH about AS MATERIALIZED (
			SELECT * FROM json_to_recordset($1::json) AS i (workspace text, id text, lock bigint)
		), locked AS MATERIALIZED (
			SELECT r.workspace, r.id
			FROM about i
			JOIN {prefix}.records r ON r.workspace = i.workspace AND r.kind = 'agent' AND r.id = i.id
			ORDER BY r.workspace, r.id
			FOR UPDATE OF r
		), none AS MATERIALIZED (
			SELECT lock FROM about i
			WHERE NOT EXISTS (SELECT FROM locked l WHERE l.workspace = i.workspace AND l.id = i.id)
			ORDER BY lock
		)
		SELECT workspace, id FROM locked
		UNION ALL
		SELECT '', '' FROM none WHERE pg_advisory_xact_lock_shared(lock) IS NULL`), params...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		key := storage.RecordKey{Kind: storage.KindAgent}
		if err := rows.Scan(&key.Workspace, &key.ID); err != nil {
			return err
		}
		if a := all[key]; a != nil {
			a.locked = true
		}
	}
	return rows.Err()
}

// readAgents reads what locked agents are like, and which commands are known. It
// is a statement after the one that locked, and so sees the seats that others
// took before the lock was had.
func (s *Store) readAgents(ctx context.Context, q querier, values []agentValues, all agents, about []*attempt) (known map[storage.Key]bool, err error) {
	type commandValues struct {
		keyValues
		Command string `json:"command"`
	}
	commands := []commandValues{}
	for _, a := range about {
		if a.command != "" && a.expect > 0 {
			commands = append(commands, commandValues{keyValues(a.key), a.command})
		}
	}
	params, err := jsonParams(values, commands)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, s.sql(`
		SELECT r.workspace, r.id, r.version, r.capacity, CASE WHEN i.counted THEN (
			SELECT count(*) FROM {prefix}.conversations c
			WHERE c.workspace = r.workspace AND c.seat = r.id AND c.seat <> '') ELSE 0 END
		FROM json_to_recordset($1::json) AS i (workspace text, id text, counted boolean)
		JOIN {prefix}.records r ON r.workspace = i.workspace AND r.kind = 'agent' AND r.id = i.id
		UNION ALL
		SELECT i.workspace, i.conversation, 0, 0, 0
		FROM json_to_recordset($2::json) AS i (workspace text, conversation text, command text)
		CROSS JOIN LATERAL (
			SELECT FROM {prefix}.commands m
			WHERE m.workspace = i.workspace AND m.conversation = i.conversation AND m.command = i.command
			LIMIT 1) known`), params...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known = map[storage.Key]bool{}
	for rows.Next() {
		var workspace, id string
		var read agent
		if err := rows.Scan(&workspace, &id, &read.version, &read.capacity, &read.seats); err != nil {
			return nil, err
		}
		if read.version == 0 {
			known[storage.Key{Workspace: workspace, Conversation: id}] = true
			continue
		}
		a := all[storage.RecordKey{Workspace: workspace, Kind: storage.KindAgent, ID: id}]
		read.locked = a.locked
		*a = read
	}
	return known, rows.Err()
}

// decide returns what a commit does to seats, or why it is refused, and counts
// it for those behind it.
func (all agents) decide(a *attempt, place int) ([]move, error) {
	of := func(id string) *agent { return all[a.agentKey(id)] }
	seen, from, to := a.seen.Agent, a.leaves(), a.takes()
	for _, id := range []string{seen, from, to} {
		if id != "" && of(id).version > 0 && !of(id).locked {
			return nil, storage.ErrConflict // its record was made a moment ago
		}
	}
	if seen != "" && of(seen).version != a.seen.Version {
		return nil, storage.ErrConflict
	}
	var moves []move
	if to != "" {
		taken := of(to)
		overfill := a.seen.Overfill && seen == to
		if taken.version > 0 && taken.seats >= taken.capacity && !overfill {
			return nil, storage.ErrFull
		}
		taken.seats++
		moves = append(moves, move{Place: place, keyValues: keyValues(a.key), Agent: to, At: a.at.UnixMicro()})
	}
	if from != "" {
		of(from).seats--
		moves = append(moves, move{Place: place, keyValues: keyValues(a.key), Agent: from, At: a.at.UnixMicro(), Freed: true})
	}
	return moves, nil
}

// agentLock is the key of the lock of an agent that has no row.
func (s *Store) agentLock(key storage.RecordKey) int64 {
	h := fnv.New64a()
	for _, part := range []string{"adjourn agent", s.options.Schema, key.Workspace, key.ID} {
		_, _ = h.Write([]byte(part + "\x00"))
	}
	return int64(h.Sum64())
}
