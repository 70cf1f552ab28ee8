package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/adjourn/adjourn/storage"
)

// shownColumns are those of a head h that views look at, as [shown] has them.
const shownColumns = `
    coalesce(h.visitor, ''), coalesce(h.state, ''), coalesce(h.agent, ''), coalesce(h.grp, ''),
    coalesce(h.outcome, ''), coalesce(h.tags, ''), coalesce(h.since, 0), coalesce(h.seat, '')`

// headColumns are those of a head h, as [headRow] reads them.
const headColumns = `coalesce(h.version, 0), h.body, h.dormant_since, h.due,
    coalesce(h.policy_revision, 0), coalesce(h.updated, 0),` + shownColumns

// shown is what views look at, but for updated, which changes with every commit.
type shown struct {
	visitor, state, agent, group, outcome string
	tags                                  string // as a column holds them
	since                                 int64
	seat                                  string
}

func shownOf(h storage.Head) shown {
	return shown{
		visitor: h.Visitor, state: h.State, agent: h.Agent, group: h.Group, outcome: h.Outcome,
		tags: joined(h.Tags), since: h.Since.UnixMicro(), seat: h.Seat,
	}
}

func (s *shown) dest() []any {
	return []any{&s.visitor, &s.state, &s.agent, &s.group, &s.outcome, &s.tags, &s.since, &s.seat}
}

func (s shown) args() []any {
	return []any{s.visitor, s.state, s.agent, s.group, s.outcome, s.tags, s.since, s.seat}
}

// A headRow is what headColumns are read into.
type headRow struct {
	version        int64
	body           []byte
	dormantSince   sql.NullInt64
	due            sql.NullInt64
	policyRevision int64
	updated        int64
	shown
}

func (r *headRow) dest() []any {
	own := []any{&r.version, &r.body, &r.dormantSince, &r.due, &r.policyRevision, &r.updated}
	return append(own, r.shown.dest()...)
}

// head returns the zero Head if there was no row.
func (r *headRow) head() (storage.Head, error) {
	if r.version == 0 {
		return storage.Head{}, nil
	}
	tags, err := split(r.tags)
	return storage.Head{
		Version: r.version, Body: r.body,
		DormantSince: instant(r.dormantSince), Due: instant(r.due), PolicyRevision: r.policyRevision,
		Visitor: r.visitor, State: r.state, Agent: r.agent, Group: r.group, Outcome: r.outcome, Tags: tags,
		Since: time.UnixMicro(r.since).UTC(), Updated: time.UnixMicro(r.updated).UTC(),
		Seat: r.seat,
	}, err
}

// settled is what most commits leave as it is: what indexes hold, but due and
// updated, and the setback.
type settled struct {
	standing
	shown
}

// standing is what decides, with the key, about the index of open conversations.
type standing struct {
	dormantSince sql.NullInt64
	revision     int64 // of the policies
	failures     int64
	reason       sql.NullInt64 // the ID of its text
}

func settledOf(h storage.Head) settled {
	s := settled{standing{revision: h.PolicyRevision}, shownOf(h)}
	if !h.DormantSince.IsZero() {
		s.dormantSince = sql.NullInt64{Int64: h.DormantSince.UnixMicro(), Valid: true}
	}
	return s
}

func (s *settled) dest() []any {
	return append([]any{&s.dormantSince, &s.revision, &s.failures, &s.reason}, s.shown.dest()...)
}

// headArgs are the arguments of goOnWith and putHead.
func headArgs(c storage.Commit, now settled) []any {
	return append([]any{
		c.Key.Workspace, c.Key.Conversation, c.Expect + int64(len(c.Events)),
		micros(c.Head.Due), c.Head.Updated.UnixMicro(), blob(c.Head.Body), micros(c.Head.DormantSince), now.revision,
	}, now.shown.args()...)
}

// goOnWith writes the head of a conversation that stays as settled as it was, and
// reports whether it is one, has no setback, is at the version, and does not know
// the command. It sets nothing else: SQLite writes indexes anew whose columns are
// set, even to what they were.
func goOnWith(ctx context.Context, r runner, c storage.Commit, now settled) (bool, error) {
	const text = `
UPDATE {prefix}heads INDEXED BY {prefix}heads_key
SET version = ?3, due = ?4, updated = ?5, body = ?6
WHERE workspace = ?1 AND conversation = ?2 AND version = ?17
    AND dormant_since IS ?7 AND policy_revision = ?8 AND failures = 0
    AND visitor = ?9 AND state = ?10 AND agent = ?11 AND grp = ?12 AND outcome = ?13 AND tags = ?14 AND since = ?15 AND seat = ?16
    AND NOT EXISTS (
        SELECT 1 FROM {prefix}commits INDEXED BY {prefix}commits_command
        WHERE workspace = ?1 AND conversation = ?2 AND command_id = ?18)`
	n, err := changed(ctx, r, text, append(headArgs(c, now), c.Expect, c.Command.ID)...)
	return n > 0, err
}

// putHead writes the head as it is after a commit with events.
func putHead(ctx context.Context, r runner, c storage.Commit, now settled) error {
	const create = `
INSERT INTO {prefix}heads (
    workspace, conversation, version, due, updated, body, dormant_since, policy_revision,
    visitor, state, agent, grp, outcome, tags, since, seat)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)`
	const replace = `
UPDATE {prefix}heads INDEXED BY {prefix}heads_key
SET version = ?3, due = ?4, updated = ?5, body = ?6, dormant_since = ?7, policy_revision = ?8,
    visitor = ?9, state = ?10, agent = ?11, grp = ?12, outcome = ?13, tags = ?14, since = ?15, seat = ?16,
    failures = 0, retry_at = NULL, reason_id = NULL
WHERE workspace = ?1 AND conversation = ?2`
	text := replace
	if c.Expect == 0 {
		text = create
	}
	_, err := r.exec(ctx, text, headArgs(c, now)...)
	return err
}

// moveTags puts a conversation under its tags. Of a new one old is the zero
// value.
func moveTags(ctx context.Context, r runner, key storage.Key, old, now shown) error {
	const put = `INSERT INTO {prefix}tags (workspace, tag, state, since, conversation) VALUES (?, ?, ?, ?, ?)`
	if old.tags == now.tags && old.state == now.state && old.since == now.since {
		return nil
	}
	if err := removeTags(ctx, r, key, old); err != nil {
		return err
	}
	return eachTag(now, func(tag string) error {
		_, err := r.exec(ctx, put, key.Workspace, tag, now.state, now.since, key.Conversation)
		return err
	})
}

func removeTags(ctx context.Context, r runner, key storage.Key, old shown) error {
	const remove = `
DELETE FROM {prefix}tags
WHERE workspace = ? AND tag = ? AND state = ? AND since = ? AND conversation = ?`
	return eachTag(old, func(tag string) error {
		_, err := r.exec(ctx, remove, key.Workspace, tag, old.state, old.since, key.Conversation)
		return err
	})
}

func eachTag(s shown, f func(tag string) error) error {
	tags, err := split(s.tags)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if err := f(tag); err != nil {
			return err
		}
	}
	return nil
}

// joined is what a column holds for strings: JSON, and nothing for none.
func joined(list []string) string {
	if len(list) == 0 {
		return ""
	}
	column, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings have no way to fail
	}
	return string(column)
}

// split reads what joined wrote.
func split(column string) (list []string, err error) {
	if column == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(column), &list)
	return list, err
}
