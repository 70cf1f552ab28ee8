//go:build linux

package routing_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// traces keep who took a seat and what was so then, and when capacities changed.
// The row of the agent is locked meanwhile, so that n has the order of an agent's
// changes.
const traces = `
	CREATE SEQUENCE opened;
	CREATE TABLE trace (
		n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		agent    text   NOT NULL,
		what     text   NOT NULL,
		held     bigint, -- conversations that have seats of the agent, this one too
		capacity bigint  -- of the agent; null: they have no record
	);
	CREATE INDEX trace_agent ON trace (agent, what, n);
	CREATE INDEX trace_over ON trace (n) WHERE held > capacity;
	CREATE FUNCTION trace_taken() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO trace (agent, what, held, capacity)
		SELECT NEW.seat, 'taken',
			(SELECT count(*) FROM adjourn.conversations c WHERE c.workspace = NEW.workspace AND c.seat = NEW.seat AND c.seat <> ''),
			(SELECT r.capacity FROM adjourn.records r WHERE r.workspace = NEW.workspace AND r.kind = 'agent' AND r.id = NEW.seat);
		RETURN NULL;
	END $$;
	CREATE TRIGGER trace_taken AFTER UPDATE ON adjourn.conversations
		FOR EACH ROW WHEN (NEW.seat <> '' AND NEW.seat <> OLD.seat) EXECUTE FUNCTION trace_taken();
	CREATE FUNCTION trace_capacity() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO trace (agent, what, capacity) VALUES (NEW.id, 'capacity', NEW.capacity);
		RETURN NULL;
	END $$;
	CREATE TRIGGER trace_capacity AFTER UPDATE ON adjourn.records
		FOR EACH ROW WHEN (NEW.kind = 'agent' AND NEW.capacity <> OLD.capacity) EXECUTE FUNCTION trace_capacity()`

// A never is something that must not be.
type never string

const (
	overTaken never = "an agent got a conversation beyond their capacity"
	overfull  never = "an agent has more conversations than seats"
	twice     never = "a conversation was given to an agent while another had it"
	strayed   never = "a conversation is not as its journal says"
	beside    never = "a conversation waits beside an agent who could have it, and neither is due"
	leftOver  never = "a conversation waits beside an agent who could have it"
	overdue   never = "something is overdue"
	unequal   never = "the seats that were taken and freed are not those that are held"
	setBack   never = "a conversation could not be worked on"
)

// agentsHeld are the agents with how many conversations they have.
const agentsHeld = `(
	SELECT r.id, r.capacity, r.available, r.due, r.seat_moves, (
		SELECT count(*) FROM adjourn.conversations c
		WHERE c.workspace = r.workspace AND c.seat = r.id AND c.seat <> '') AS held
	FROM adjourn.records r
	WHERE r.workspace = 'acme' AND r.kind = 'agent')`

// free are the pairs of a conversation that waits and an agent who could have it.
const free = `
	SELECT c.conversation || ' beside ' || a.id || ', who has ' || a.held || ' of ' || a.capacity
	FROM adjourn.conversations c
	JOIN ` + agentsHeld + ` a ON a.available AND a.held < a.capacity AND (c.grp = '' OR EXISTS (
		SELECT FROM adjourn.memberships m WHERE m.workspace = c.workspace AND m.grp = c.grp AND m.agent = a.id))
	WHERE c.workspace = 'acme' AND c.state = 'waiting'`

// present is the time of the server, later than all that is seen of what nodes
// of the same machine did.
const present = `(extract(epoch FROM clock_timestamp()) * 1000000)`

// journals are the events that give seats and take them away, of $2
// conversations from $1 on, with whose seat it is after and was before.
const journals = `
	WITH picked AS MATERIALIZED (
		SELECT conversation, version, state, agent, seat FROM adjourn.conversations
		WHERE workspace = 'acme' AND conversation >= $1::text
		ORDER BY conversation LIMIT $2::bigint
	), events AS (
		SELECT e.conversation, e.version, convert_from(e.body, 'UTF8')::json AS event
		FROM picked JOIN adjourn.events e ON e.workspace = 'acme' AND e.conversation = picked.conversation
	), told AS (
		SELECT conversation, version, event ->> 'type' AS type, event -> 'data' ->> 'from' AS source,
			CASE WHEN event ->> 'type' = 'taken' THEN event -> 'by' ->> 'id'
				WHEN event ->> 'type' IN ('assigned', 'transferred', 'woken', 'reopened') THEN coalesce(event -> 'data' ->> 'agent', '')
				ELSE '' END AS seat
		FROM events
		WHERE event ->> 'type' IN ('opened', 'taken', 'assigned', 'handed_back', 'transferred', 'requeued',
			'snoozed', 'woken', 'closed', 'reopened')
	), steps AS MATERIALIZED (
		SELECT *, lag(seat, 1, '') OVER w AS had, lead(version) OVER w IS NULL AS last
		FROM told WINDOW w AS (PARTITION BY conversation ORDER BY version)
	)`

// A question is asked in one statement, which sees one moment, and answered by
// what should not be.
type question struct {
	never
	query  string
	sliced bool // it is asked about $2 conversations from $1 on
}

// always must hold at every moment.
var always = []question{
	{overTaken, `
		SELECT agent || ' had ' || held || ' of ' || capacity FROM trace WHERE held > capacity`, false},
	{overfull, `
		SELECT id || ' has ' || held || ' of ' || capacity FROM ` + agentsHeld + ` a
		WHERE held > capacity AND (SELECT max(n) FROM trace t WHERE t.agent = a.id AND what = 'taken') >
			coalesce((SELECT max(n) FROM trace t WHERE t.agent = a.id AND what = 'capacity'), 0)`, false},
	{beside, free + `
		AND (c.due IS NULL OR c.due > c.since) AND (a.due IS NULL OR a.due > ` + present + `)`, false},
	{twice, journals + `
		SELECT conversation || ' at ' || version || ': ' || type || ' to ' || seat || ', ' || had || ' had it'
		FROM steps WHERE seat <> '' AND had <> '' AND (had <> coalesce(source, '') OR had = seat)`, true},
	{strayed, journals + `, ends AS (
			SELECT conversation, max(version) AS version, count(*) AS n FROM events GROUP BY conversation
		)
		SELECT p.conversation || ' at ' || p.version || ' is ' || state || ' of ' || agent || ', seat ' || p.seat ||
			', journal ' || coalesce(steps.seat, 'empty') || ' at ' || coalesce(ends.version, 0)
		FROM picked p LEFT JOIN ends ON ends.conversation = p.conversation
			LEFT JOIN steps ON steps.conversation = p.conversation AND steps.last
		WHERE p.seat IS DISTINCT FROM steps.seat OR p.seat <> CASE WHEN state = 'assigned' THEN agent ELSE '' END
			OR p.version IS DISTINCT FROM ends.version OR p.version <> ends.n`, true},
}

// atRest must hold, too, when all that was due was worked off.
var atRest = []question{
	{leftOver, free, false},
	{overdue, `
		SELECT kind || ' ' || id FROM adjourn.records WHERE due < ` + present + `
		UNION ALL
		SELECT 'conversation ' || conversation FROM adjourn.conversations WHERE due < ` + present, false},
	{unequal, journals + `, moves AS (
			SELECT seat AS agent, 1 AS taken, 0 AS freed FROM steps WHERE seat <> '' AND seat <> had
			UNION ALL
			SELECT had, 0, 1 FROM steps WHERE had <> '' AND seat <> had
		), sums AS (
			SELECT agent, sum(taken) AS taken, sum(freed) AS freed FROM moves GROUP BY agent
		)
		SELECT a.id || ' took ' || coalesce(taken, 0) || ', freed ' || coalesce(freed, 0) || ', has ' || held || ', moved ' || seat_moves
		FROM ` + agentsHeld + ` a LEFT JOIN sums ON sums.agent = a.id
		WHERE coalesce(taken, 0) - coalesce(freed, 0) <> held OR coalesce(taken, 0) + coalesce(freed, 0) <> seat_moves`, true},
	{setBack, `
		SELECT conversation || ': ' || reason FROM adjourn.conversations WHERE failures > 0`, false},
}

// A querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ask returns the answers to a question, some of them.
func (q question) ask(ctx context.Context, db querier, from string, limit int) (answers []string, err error) {
	const most = 5
	var args []any
	if q.sliced {
		args = []any{from, limit}
	}
	rows, err := db.QueryContext(ctx, q.query+fmt.Sprintf(" LIMIT %d", most), args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.never, err)
	}
	defer rows.Close()
	for rows.Next() {
		var answer string
		if err := rows.Scan(&answer); err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, rows.Err()
}

// Findings are what must not be, with examples.
type findings map[never][]string

func (f findings) total() (n int) {
	for _, answers := range f {
		n += len(answers)
	}
	return n
}

// ask asks questions about some or all conversations.
func (f findings) ask(ctx context.Context, db querier, questions []question, from string, limit int) error {
	for _, q := range questions {
		answers, err := q.ask(ctx, db, from, limit)
		if err != nil {
			return err
		}
		if len(answers) > 0 && len(f[q.never]) == 0 {
			f[q.never] = answers
		}
	}
	return nil
}

// String lists what was found.
func (f findings) String() string {
	var b strings.Builder
	for what, examples := range f {
		fmt.Fprintf(&b, "%s:\n\t%s\n", what, strings.Join(examples, "\n\t"))
	}
	return b.String()
}
