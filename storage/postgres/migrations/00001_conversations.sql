-- +goose Up

-- Who may not create schemas can migrate into one that is there.
DO $$ BEGIN IF to_regnamespace('{prefix}') IS NULL THEN CREATE SCHEMA {prefix}; END IF; END $$;

-- Times are microseconds since 1970 and NULL for none: 0 is an instant.
CREATE TABLE {prefix}.conversations (
	workspace       text COLLATE "C" NOT NULL,
	conversation    text COLLATE "C" NOT NULL,
	version         bigint           NOT NULL,
	body            bytea            NOT NULL,
	dormant_since   bigint,
	due             bigint,
	policy_revision bigint           NOT NULL,
	visitor         text COLLATE "C" NOT NULL,
	state           text COLLATE "C" NOT NULL,
	agent           text COLLATE "C" NOT NULL,
	grp             text COLLATE "C" NOT NULL,
	outcome         text COLLATE "C" NOT NULL,
	tags            json             NOT NULL,
	since           bigint           NOT NULL,
	updated         bigint           NOT NULL,
	seat            text COLLATE "C" NOT NULL,
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
-- The views.
CREATE INDEX conversations_in_state ON {prefix}.conversations (workspace, state, since, conversation);
CREATE INDEX conversations_updated ON {prefix}.conversations (workspace, state, updated, conversation);
CREATE INDEX conversations_of_agent ON {prefix}.conversations (workspace, agent, state, since, conversation) WHERE agent <> '';
CREATE INDEX conversations_of_group ON {prefix}.conversations (workspace, grp, state, since, conversation);
CREATE INDEX conversations_of_visitor ON {prefix}.conversations (workspace, visitor, state, since, conversation);
CREATE INDEX conversations_with_outcome ON {prefix}.conversations (workspace, outcome, state, since, conversation) WHERE outcome <> '';
CREATE INDEX conversations_in_seat ON {prefix}.conversations (workspace, seat) WHERE seat <> '';

-- The tags of the conversations once more, to find them by.
CREATE TABLE {prefix}.tags (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	tag          text COLLATE "C" NOT NULL,
	state        text COLLATE "C" NOT NULL,
	since        bigint           NOT NULL,
	PRIMARY KEY (workspace, conversation, tag)
);
CREATE INDEX tags_view ON {prefix}.tags (workspace, tag, state, since, conversation);

-- How conversations ended, by the latest decision about each closing. What was measured is NULL if there is none.
CREATE TABLE {prefix}.closings (
	workspace      text COLLATE "C" NOT NULL,
	conversation   text COLLATE "C" NOT NULL,
	number         bigint           NOT NULL,
	at             bigint           NOT NULL,
	outcome        text COLLATE "C" NOT NULL,
	reason         text COLLATE "C" NOT NULL,
	cause          text COLLATE "C" NOT NULL,
	side           text COLLATE "C" NOT NULL,
	agent          text COLLATE "C" NOT NULL,
	grp            text COLLATE "C" NOT NULL,
	sentiment      text COLLATE "C" NOT NULL,
	grade          text COLLATE "C" NOT NULL,
	tags           json             NOT NULL,
	articles       json             NOT NULL,
	first_response bigint,
	handling       bigint,
	net_handling   bigint,
	resolution     bigint,
	in_bot         bigint,
	in_waiting     bigint,
	in_snoozed     bigint,
	snoozes        bigint,
	reopened       bigint,
	prompts        bigint,
	follow_ups     bigint,
	surveyed       bigint,
	rating         bigint,
	PRIMARY KEY (workspace, conversation, number)
);
CREATE INDEX closings_at ON {prefix}.closings (workspace, at, conversation, number);

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

-- Of agents, groups and visitors. How many seats of an agent are taken is counted in the conversations.
CREATE TABLE {prefix}.records (
	workspace  text COLLATE "C" NOT NULL,
	kind       text COLLATE "C" NOT NULL,
	id         text COLLATE "C" NOT NULL,
	version    bigint           NOT NULL,
	body       bytea            NOT NULL,
	text       text             NOT NULL,
	due        bigint,
	groups     json             NOT NULL,
	available  boolean          NOT NULL,
	capacity   bigint           NOT NULL,
	seats_at   bigint,
	seat_moves bigint           NOT NULL DEFAULT 0,
	PRIMARY KEY (workspace, kind, id)
);
CREATE INDEX records_due ON {prefix}.records (due, workspace, kind, id) WHERE due IS NOT NULL;

-- The groups of the agents once more, to find them by.
CREATE TABLE {prefix}.memberships (
	workspace text COLLATE "C" NOT NULL,
	grp       text COLLATE "C" NOT NULL,
	agent     text COLLATE "C" NOT NULL,
	PRIMARY KEY (workspace, grp, agent)
);
CREATE INDEX memberships_of_agent ON {prefix}.memberships (workspace, agent, grp);

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
