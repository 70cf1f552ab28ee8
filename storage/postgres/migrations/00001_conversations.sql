-- +goose Up

-- Who may not create schemas can migrate into one that is there.
DO $$ BEGIN IF to_regnamespace('{prefix}') IS NULL THEN CREATE SCHEMA {prefix}; END IF; END $$;

-- Times are microseconds since 1970 and NULL for none: 0 is an instant.
CREATE TABLE {prefix}.conversations (
	workspace       text COLLATE "C" NOT NULL,
	conversation    text COLLATE "C" NOT NULL,
	version         bigint           NOT NULL,
	body            bytea            NOT NULL,
	visitor         text COLLATE "C" NOT NULL,
	dormant_since   bigint,
	due             bigint,
	policy_revision bigint           NOT NULL,
	last_commit     bigint           NOT NULL, -- the last with events
	failures        bigint           NOT NULL DEFAULT 0,
	retry_at        bigint,
	reason          text             NOT NULL DEFAULT '',
	PRIMARY KEY (workspace, conversation)
);
-- What is quarantined, failures without retry_at, is in neither of the next two: nobody passes over it.
CREATE INDEX conversations_due ON {prefix}.conversations (due, workspace, conversation) WHERE due IS NOT NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX conversations_open ON {prefix}.conversations (workspace, policy_revision, conversation) WHERE dormant_since IS NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX conversations_dormant ON {prefix}.conversations (dormant_since, workspace, conversation) WHERE dormant_since IS NOT NULL;
CREATE INDEX conversations_set_back ON {prefix}.conversations (workspace, conversation) WHERE failures > 0;
CREATE INDEX conversations_of_visitor ON {prefix}.conversations (workspace, visitor, conversation);

CREATE TABLE {prefix}.events (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	version      bigint           NOT NULL,
	body         bytea            NOT NULL,
	has_text     boolean          NOT NULL, -- it has no row in texts any more: erased
	PRIMARY KEY (workspace, conversation, version)
);

CREATE TABLE {prefix}.texts (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	version      bigint           NOT NULL,
	text         text             NOT NULL,
	PRIMARY KEY (workspace, conversation, version)
);

CREATE TABLE {prefix}.commands (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	command      text COLLATE "C" NOT NULL,
	fingerprint  bytea            NOT NULL,
	from_version bigint           NOT NULL,
	to_version   bigint           NOT NULL,
	PRIMARY KEY (workspace, conversation, command)
);

CREATE TABLE {prefix}.policies (
	workspace text COLLATE "C" NOT NULL PRIMARY KEY,
	revision  bigint           NOT NULL,
	body      bytea            NOT NULL
);

-- CACHE must stay 1: the commits to a conversation are numbered in this order.
CREATE SEQUENCE {prefix}.commit_ids AS bigint CACHE 1;

-- Commits that have no position yet. Rows come and go, so it is vacuumed often.
CREATE TABLE {prefix}.unnumbered (
	id           bigint           NOT NULL PRIMARY KEY,
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	from_version bigint           NOT NULL,
	to_version   bigint           NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE {prefix}.feed (
	position     bigint           NOT NULL PRIMARY KEY,
	id           bigint           NOT NULL,
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	from_version bigint           NOT NULL,
	to_version   bigint           NOT NULL
);
CREATE INDEX feed_id ON {prefix}.feed (id);

-- One row. Who numbers locks it.
CREATE TABLE {prefix}.feed_state (
	purged bigint NOT NULL -- the last position that the feed no longer has
);
INSERT INTO {prefix}.feed_state (purged) VALUES (0);

CREATE TABLE {prefix}.cursors (
	subscriber text COLLATE "C" NOT NULL PRIMARY KEY,
	position   bigint           NOT NULL
);

CREATE TABLE {prefix}.schema_version (
	version integer NOT NULL PRIMARY KEY
);
INSERT INTO {prefix}.schema_version (version) VALUES (1);
