-- What the first version of the tables looked like, with what the store had written.

CREATE TABLE adjourn_heads (
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
CREATE UNIQUE INDEX adjourn_heads_key
    ON adjourn_heads (workspace, conversation);
CREATE INDEX adjourn_heads_due
    ON adjourn_heads (due, workspace, conversation, failures, retry_at)
    WHERE due IS NOT NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX adjourn_heads_open
    ON adjourn_heads (workspace, policy_revision, conversation, failures, retry_at)
    WHERE dormant_since IS NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX adjourn_heads_setback
    ON adjourn_heads (workspace, conversation)
    WHERE failures > 0;
CREATE INDEX adjourn_heads_dormant
    ON adjourn_heads (dormant_since, workspace, conversation)
    WHERE dormant_since IS NOT NULL;
CREATE INDEX adjourn_heads_state
    ON adjourn_heads (workspace, state, since, conversation);
CREATE INDEX adjourn_heads_agent
    ON adjourn_heads (workspace, agent, state, since, conversation)
    WHERE agent <> '';
CREATE INDEX adjourn_heads_group
    ON adjourn_heads (workspace, state, grp, since, conversation);
CREATE INDEX adjourn_heads_visitor
    ON adjourn_heads (workspace, visitor, state, since, conversation);
CREATE INDEX adjourn_heads_outcome
    ON adjourn_heads (workspace, state, outcome, since, conversation)
    WHERE outcome <> '';
CREATE INDEX adjourn_heads_updated
    ON adjourn_heads (workspace, state, updated, conversation, since, agent, grp, outcome);
CREATE INDEX adjourn_heads_seat
    ON adjourn_heads (workspace, seat)
    WHERE seat <> '';
CREATE TABLE adjourn_tags (
    workspace    TEXT    NOT NULL,
    tag          TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    since        INTEGER NOT NULL,
    conversation TEXT    NOT NULL,
    PRIMARY KEY (workspace, tag, state, since, conversation)
) STRICT, WITHOUT ROWID;
CREATE TABLE adjourn_closings (
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
CREATE UNIQUE INDEX adjourn_closings_key
    ON adjourn_closings (workspace, conversation, number);
CREATE TABLE adjourn_records (
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
CREATE UNIQUE INDEX adjourn_records_key
    ON adjourn_records (workspace, kind, id);
CREATE INDEX adjourn_records_due
    ON adjourn_records (due, workspace, kind, id)
    WHERE due IS NOT NULL;
CREATE INDEX adjourn_records_available
    ON adjourn_records (workspace, kind, id)
    WHERE available = 1;
CREATE TABLE adjourn_memberships (
    workspace TEXT NOT NULL,
    grp       TEXT NOT NULL,
    agent     TEXT NOT NULL,
    PRIMARY KEY (workspace, grp, agent)
) STRICT, WITHOUT ROWID;
CREATE TABLE adjourn_events (
    workspace    TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    text_id      INTEGER, -- NULL: it came without
    body         BLOB    NOT NULL,
    PRIMARY KEY (workspace, conversation, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE adjourn_texts (
    id   INTEGER NOT NULL PRIMARY KEY,
    text TEXT
) STRICT;
CREATE TABLE adjourn_commits (
    id           INTEGER NOT NULL PRIMARY KEY,
    position     INTEGER, -- NULL: without events
    workspace    TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    from_version INTEGER NOT NULL,
    to_version   INTEGER NOT NULL,
    command_id   TEXT,
    fingerprint  BLOB
) STRICT;
CREATE UNIQUE INDEX adjourn_commits_position
    ON adjourn_commits (position)
    WHERE position IS NOT NULL;
CREATE UNIQUE INDEX adjourn_commits_command
    ON adjourn_commits (workspace, conversation, command_id);
CREATE TABLE adjourn_feed (
    id     INTEGER NOT NULL PRIMARY KEY,
    last   INTEGER NOT NULL, -- the last position given
    purged INTEGER NOT NULL  -- the last position that is no longer whole
) STRICT;
CREATE TABLE adjourn_cursors (
    subscriber TEXT    NOT NULL PRIMARY KEY,
    position   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE adjourn_policies (
    workspace TEXT    NOT NULL,
    revision  INTEGER NOT NULL,
    outdated  INTEGER NOT NULL DEFAULT 0, -- 1: adjourn_heads_open has conversations of an older revision
    body      BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX adjourn_policies_key
    ON adjourn_policies (workspace);
CREATE INDEX adjourn_policies_outdated
    ON adjourn_policies (workspace)
    WHERE outdated = 1;
CREATE TABLE adjourn_schema (
    version INTEGER NOT NULL PRIMARY KEY
) STRICT;
INSERT INTO adjourn_heads VALUES ('acme', 'after', 1, '', NULL, NULL, 1, 0, NULL, NULL, 'open', 'ann', '', '', '["new","it''s \"quoted\""]', 1772452800000000, 1772452800000000, 'ann', X'7B226174223A317D');
INSERT INTO adjourn_heads VALUES ('acme', 'closed', 2, 'ann', 1772452800000001, 1803988800000000, 1, 0, NULL, NULL, 'closed', 'ann', 'billing', 'resolved', '["new","it''s \"quoted\""]', 1772452800000001, 1772452800000001, '', X'7B226174223A327D');
INSERT INTO adjourn_heads VALUES ('acme', 'erased', 3, 'bob', NULL, NULL, 1, 0, NULL, NULL, 'open', 'ann', '', '', '["new","it''s \"quoted\""]', 1772452800000000, 1772452800000000, 'ann', X'7B226174223A337D');
INSERT INTO adjourn_heads VALUES ('acme', 'later', 1, 'cem', NULL, 1772452800000000, 1, 2, 1772456400000000, 15, 'open', 'ann', '', '', '["new","it''s \"quoted\""]', 1772452800000000, 1772452800000000, 'ann', X'7B226174223A317D');
INSERT INTO adjourn_heads VALUES ('acme', 'open', 4, 'ann', NULL, -2147483648000001, 1, 0, NULL, NULL, 'open', 'ann', '', '', '["new","it''s \"quoted\""]', 1772452800000000, 1772452803000000, 'ann', X'7B226174223A347D');
INSERT INTO adjourn_heads VALUES ('acme', 'set aside', 1, 'cem', NULL, 1772452800000000, 1, 9, NULL, 16, 'open', 'ann', '', '', '["new","it''s \"quoted\""]', 1772452800000000, 1772452800000000, 'ann', X'7B226174223A317D');
INSERT INTO adjourn_heads VALUES ('other', 'open', 1, 'ann', NULL, 1772452860000000, 1, 0, NULL, NULL, 'open', 'ann', '', '', '["new","it''s \"quoted\""]', 1772452800000000, 1772452800000000, 'ann', X'7B226174223A317D');
INSERT INTO adjourn_tags VALUES ('acme', 'it''s "quoted"', 'closed', 1772452800000001, 'closed');
INSERT INTO adjourn_tags VALUES ('acme', 'it''s "quoted"', 'open', 1772452800000000, 'after');
INSERT INTO adjourn_tags VALUES ('acme', 'it''s "quoted"', 'open', 1772452800000000, 'erased');
INSERT INTO adjourn_tags VALUES ('acme', 'it''s "quoted"', 'open', 1772452800000000, 'later');
INSERT INTO adjourn_tags VALUES ('acme', 'it''s "quoted"', 'open', 1772452800000000, 'open');
INSERT INTO adjourn_tags VALUES ('acme', 'it''s "quoted"', 'open', 1772452800000000, 'set aside');
INSERT INTO adjourn_tags VALUES ('acme', 'new', 'closed', 1772452800000001, 'closed');
INSERT INTO adjourn_tags VALUES ('acme', 'new', 'open', 1772452800000000, 'after');
INSERT INTO adjourn_tags VALUES ('acme', 'new', 'open', 1772452800000000, 'erased');
INSERT INTO adjourn_tags VALUES ('acme', 'new', 'open', 1772452800000000, 'later');
INSERT INTO adjourn_tags VALUES ('acme', 'new', 'open', 1772452800000000, 'open');
INSERT INTO adjourn_tags VALUES ('acme', 'new', 'open', 1772452800000000, 'set aside');
INSERT INTO adjourn_tags VALUES ('other', 'it''s "quoted"', 'open', 1772452800000000, 'open');
INSERT INTO adjourn_tags VALUES ('other', 'new', 'open', 1772452800000000, 'open');
INSERT INTO adjourn_closings VALUES ('acme', 1772452800000000, 'closed', 1, 'unresolved', 'other', 'agent', 'team', '', '', '', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', '');
INSERT INTO adjourn_closings VALUES ('acme', 1772452800000001, 'closed', 2, 'resolved', '', 'agent', 'team', 'ann', 'billing', 'positive', 'confirmed', 1000000000000, 1000000000001, 1000000000002, 1000000000003, 1000000000004, 1000000000005, 1000000000006, 1000000000007, 1000000000008, 1000000000009, 1000000000010, 1000000000011, 1000000000012, '["new","it''s \"quoted\""]', '["a\u003cb\u003e","“ünïcode” 🙂"]');
INSERT INTO adjourn_records VALUES ('acme', 'agent', 'ann', 1, 1772456400000000, '["billing","sales"]', 1, 9, 1772452860000000, 5, NULL, X'7B226E616D65223A22416E6E227D');
INSERT INTO adjourn_records VALUES ('acme', 'visitor', 'bob', 2, NULL, '', 0, 0, NULL, 0, NULL, X'7B7D');
INSERT INTO adjourn_records VALUES ('acme', 'visitor', 'vic', 2, NULL, '', 0, 0, NULL, 0, 2, X'7B7D');
INSERT INTO adjourn_memberships VALUES ('acme', 'billing', 'ann');
INSERT INTO adjourn_memberships VALUES ('acme', 'sales', 'ann');
INSERT INTO adjourn_events VALUES ('acme', 'after', 1, 14, X'7B226E223A317D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'closed', 1, 8, X'7B226E223A317D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'closed', 2, NULL, X'7B226E223A327D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'erased', 1, 9, X'7B226E223A317D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'erased', 2, NULL, X'7B226E223A327D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'erased', 3, 10, X'7B226E223A337D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'later', 1, 11, X'7B226E223A317D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'open', 1, NULL, X'7B226E223A317D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'open', 2, 5, X'7B226E223A327D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'open', 3, 6, X'7B226E223A337D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'open', 4, 7, X'7B226E223A347D00FF');
INSERT INTO adjourn_events VALUES ('acme', 'set aside', 1, 12, X'7B226E223A317D00FF');
INSERT INTO adjourn_events VALUES ('other', 'open', 1, 13, X'7B226E223A317D00FF');
INSERT INTO adjourn_texts VALUES (1, NULL);
INSERT INTO adjourn_texts VALUES (10, NULL);
INSERT INTO adjourn_texts VALUES (11, 'fails');
INSERT INTO adjourn_texts VALUES (12, 'fails for good');
INSERT INTO adjourn_texts VALUES (13, 'elsewhere');
INSERT INTO adjourn_texts VALUES (14, 'written under old policies');
INSERT INTO adjourn_texts VALUES (15, 'no such template');
INSERT INTO adjourn_texts VALUES (16, 'panic: it''s broken');
INSERT INTO adjourn_texts VALUES (2, 'vic@example.com');
INSERT INTO adjourn_texts VALUES (3, NULL);
INSERT INTO adjourn_texts VALUES (4, NULL);
INSERT INTO adjourn_texts VALUES (5, 'it''s me — “ünïcode” 🙂');
INSERT INTO adjourn_texts VALUES (6, 'three');
INSERT INTO adjourn_texts VALUES (7, 'four');
INSERT INTO adjourn_texts VALUES (8, 'bye');
INSERT INTO adjourn_texts VALUES (9, NULL);
INSERT INTO adjourn_commits VALUES (10, 9, 'acme', 'after', 0, 1, NULL, NULL);
INSERT INTO adjourn_commits VALUES (2, 2, 'acme', 'open', 0, 3, 'open-1', X'6F70656E2D3100000000000000000000');
INSERT INTO adjourn_commits VALUES (3, 3, 'acme', 'open', 3, 4, 'open-2', X'6F70656E2D3200000000000000000000');
INSERT INTO adjourn_commits VALUES (4, NULL, 'acme', 'open', 4, 4, 'open-nothing', X'6F70656E2D6E6F7468696E6700000000');
INSERT INTO adjourn_commits VALUES (5, 4, 'acme', 'closed', 0, 2, 'closed-1', X'636C6F7365642D310000000000000000');
INSERT INTO adjourn_commits VALUES (6, 5, 'acme', 'erased', 0, 3, 'erased-1', X'00000000000000000000000000000000');
INSERT INTO adjourn_commits VALUES (7, 6, 'acme', 'later', 0, 1, NULL, NULL);
INSERT INTO adjourn_commits VALUES (8, 7, 'acme', 'set aside', 0, 1, NULL, NULL);
INSERT INTO adjourn_commits VALUES (9, 8, 'other', 'open', 0, 1, 'open-1', X'6F70656E2D3100000000000000000000');
INSERT INTO adjourn_feed VALUES (1, 9, 1);
INSERT INTO adjourn_cursors VALUES ('billing', 5);
INSERT INTO adjourn_policies VALUES ('acme', 2, 1, X'7B2269646C65223A22376D227D');
INSERT INTO adjourn_schema VALUES (1);
