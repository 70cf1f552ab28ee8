-- +goose Up

-- Times are microseconds since 1970 in UTC, NULL for none. Bodies are opaque.
-- Indexes have names so that statements can insist on them.

-- A conversation as it stands. Tags are a JSON array. The body is last, so that
-- reading the other columns does not pass over it.
CREATE TABLE {prefix}heads (
    workspace       TEXT    NOT NULL,
    conversation    TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    visitor         TEXT    NOT NULL,
    dormant_since   INTEGER,
    due             INTEGER,
    policy_revision INTEGER NOT NULL,
    failures        INTEGER NOT NULL DEFAULT 0,
    retry_at        INTEGER, -- NULL with failures: not until it is released
    reason_id       INTEGER, -- of its text
    state           TEXT    NOT NULL,
    agent           TEXT    NOT NULL,
    grp             TEXT    NOT NULL,
    outcome         TEXT    NOT NULL,
    tags            TEXT    NOT NULL,
    since           INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    seat            TEXT    NOT NULL,
    body            BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX {prefix}heads_key
    ON {prefix}heads (workspace, conversation);

-- What is not tried again until it is released is in neither of the next two, so
-- that however many there are, nobody passes over them.
CREATE INDEX {prefix}heads_due
    ON {prefix}heads (due, workspace, conversation, failures, retry_at)
    WHERE due IS NOT NULL AND (failures = 0 OR retry_at IS NOT NULL);

CREATE INDEX {prefix}heads_open
    ON {prefix}heads (workspace, policy_revision, conversation, failures, retry_at)
    WHERE dormant_since IS NULL AND (failures = 0 OR retry_at IS NOT NULL);

CREATE INDEX {prefix}heads_setback
    ON {prefix}heads (workspace, conversation)
    WHERE failures > 0;

CREATE INDEX {prefix}heads_dormant
    ON {prefix}heads (dormant_since, workspace, conversation)
    WHERE dormant_since IS NOT NULL;

-- The views.
CREATE INDEX {prefix}heads_state
    ON {prefix}heads (workspace, state, since, conversation);

CREATE INDEX {prefix}heads_agent
    ON {prefix}heads (workspace, agent, state, since, conversation)
    WHERE agent <> '';

CREATE INDEX {prefix}heads_group
    ON {prefix}heads (workspace, state, grp, since, conversation);

CREATE INDEX {prefix}heads_visitor
    ON {prefix}heads (workspace, visitor, state, since, conversation);

CREATE INDEX {prefix}heads_outcome
    ON {prefix}heads (workspace, state, outcome, since, conversation)
    WHERE outcome <> '';

-- What stands behind the conversation is there to be looked at without going to
-- the table: views in this order pass over what they do not select.
CREATE INDEX {prefix}heads_updated
    ON {prefix}heads (workspace, state, updated, conversation, since, agent, grp, outcome);

-- A seat of an agent is taken by each conversation that is here, and counted by
-- nothing else.
CREATE INDEX {prefix}heads_seat
    ON {prefix}heads (workspace, seat)
    WHERE seat <> '';

-- A conversation once for each of its tags.
CREATE TABLE {prefix}tags (
    workspace    TEXT    NOT NULL,
    tag          TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    since        INTEGER NOT NULL,
    conversation TEXT    NOT NULL,
    PRIMARY KEY (workspace, tag, state, since, conversation)
) STRICT, WITHOUT ROWID;

-- A closing of a conversation as reports count it, in the order in which lists
-- have it. Figures are NULL for none, tags and articles JSON arrays; these are
-- last, as bodies are.
CREATE TABLE {prefix}closings (
    workspace      TEXT    NOT NULL,
    at             INTEGER NOT NULL,
    conversation   TEXT    NOT NULL,
    number         INTEGER NOT NULL,
    outcome        TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    cause          TEXT    NOT NULL,
    side           TEXT    NOT NULL,
    agent          TEXT    NOT NULL,
    grp            TEXT    NOT NULL,
    sentiment      TEXT    NOT NULL,
    grade          TEXT    NOT NULL,
    first_response INTEGER,
    handling       INTEGER,
    net_handling   INTEGER,
    resolution     INTEGER,
    in_bot         INTEGER,
    in_waiting     INTEGER,
    in_snoozed     INTEGER,
    snoozes        INTEGER,
    reopened       INTEGER,
    prompts        INTEGER,
    follow_ups     INTEGER,
    surveyed       INTEGER,
    rating         INTEGER,
    tags           TEXT    NOT NULL,
    articles       TEXT    NOT NULL,
    PRIMARY KEY (workspace, at, conversation, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX {prefix}closings_key
    ON {prefix}closings (workspace, conversation, number);

-- Agents, groups and visitors. What grps holds is a JSON array.
CREATE TABLE {prefix}records (
    workspace  TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    due        INTEGER,
    grps       TEXT    NOT NULL,
    available  INTEGER NOT NULL,
    capacity   INTEGER NOT NULL,
    seats_at   INTEGER,
    seat_moves INTEGER NOT NULL DEFAULT 0,
    text_id    INTEGER, -- NULL: it came without
    body       BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX {prefix}records_key
    ON {prefix}records (workspace, kind, id);

CREATE INDEX {prefix}records_due
    ON {prefix}records (due, workspace, kind, id)
    WHERE due IS NOT NULL;

CREATE INDEX {prefix}records_available
    ON {prefix}records (workspace, kind, id)
    WHERE available = 1;

-- An agent once for each of its groups.
CREATE TABLE {prefix}memberships (
    workspace TEXT NOT NULL,
    grp       TEXT NOT NULL,
    agent     TEXT NOT NULL,
    PRIMARY KEY (workspace, grp, agent)
) STRICT, WITHOUT ROWID;

-- The events of a conversation lie together, as they are read.
CREATE TABLE {prefix}events (
    workspace    TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    text_id      INTEGER, -- NULL: it came without
    body         BLOB    NOT NULL,
    PRIMARY KEY (workspace, conversation, version)
) STRICT, WITHOUT ROWID;

-- All words, NULL for those that were erased or purged. Rows are appended, and
-- none is ever removed: rows that are inserted elsewhere, or removed, make SQLite
-- move others to another page, and it leaves readable copies where they were.
CREATE TABLE {prefix}texts (
    id   INTEGER NOT NULL PRIMARY KEY,
    text TEXT
) STRICT;

-- Commits that have events, which have a position in the feed, or a command ID.
CREATE TABLE {prefix}commits (
    id           INTEGER NOT NULL PRIMARY KEY,
    position     INTEGER, -- NULL: without events
    workspace    TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    from_version INTEGER NOT NULL,
    to_version   INTEGER NOT NULL,
    command_id   TEXT,
    fingerprint  BLOB
) STRICT;

CREATE UNIQUE INDEX {prefix}commits_position
    ON {prefix}commits (position)
    WHERE position IS NOT NULL;

CREATE UNIQUE INDEX {prefix}commits_command
    ON {prefix}commits (workspace, conversation, command_id);

-- The one row that counts the feed, so that purging all of it starts nothing anew.
CREATE TABLE {prefix}feed (
    id     INTEGER NOT NULL PRIMARY KEY,
    last   INTEGER NOT NULL, -- the last position given
    purged INTEGER NOT NULL  -- the last position that is no longer whole
) STRICT;

INSERT INTO {prefix}feed (id, last, purged) VALUES (1, 0, 0);

CREATE TABLE {prefix}cursors (
    subscriber TEXT    NOT NULL PRIMARY KEY,
    position   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE {prefix}policies (
    workspace TEXT    NOT NULL,
    revision  INTEGER NOT NULL,
    outdated  INTEGER NOT NULL DEFAULT 0, -- 1: {prefix}heads_open has conversations of an older revision
    body      BLOB    NOT NULL
) STRICT;

CREATE UNIQUE INDEX {prefix}policies_key
    ON {prefix}policies (workspace);

-- Usually empty: so that asking for what is outdated costs nothing, however many
-- workspaces there are.
CREATE INDEX {prefix}policies_outdated
    ON {prefix}policies (workspace)
    WHERE outdated = 1;

CREATE TABLE {prefix}schema (
    version INTEGER NOT NULL PRIMARY KEY
) STRICT;

INSERT INTO {prefix}schema (version) VALUES (1);
