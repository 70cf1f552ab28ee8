-- The first schema, with what TestPostgresFirstSchema put into it.

-- +goose Up

-- Who may not create schemas can migrate into one that is there.
DO $$ BEGIN IF to_regnamespace('"adjourn"') IS NULL THEN CREATE SCHEMA "adjourn"; END IF; END $$;

-- Times are microseconds since 1970 and NULL for none: 0 is an instant.
CREATE TABLE "adjourn".conversations (
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
CREATE INDEX conversations_due ON "adjourn".conversations (due, workspace, conversation) WHERE due IS NOT NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX conversations_open ON "adjourn".conversations (workspace, policy_revision, conversation) WHERE dormant_since IS NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX conversations_dormant ON "adjourn".conversations (dormant_since, workspace, conversation) WHERE dormant_since IS NOT NULL;
CREATE INDEX conversations_set_back ON "adjourn".conversations (workspace, conversation) WHERE failures > 0;
-- The views.
CREATE INDEX conversations_in_state ON "adjourn".conversations (workspace, state, since, conversation);
CREATE INDEX conversations_updated ON "adjourn".conversations (workspace, state, updated, conversation);
CREATE INDEX conversations_of_agent ON "adjourn".conversations (workspace, agent, state, since, conversation) WHERE agent <> '';
CREATE INDEX conversations_of_group ON "adjourn".conversations (workspace, grp, state, since, conversation);
CREATE INDEX conversations_of_visitor ON "adjourn".conversations (workspace, visitor, state, since, conversation);
CREATE INDEX conversations_with_outcome ON "adjourn".conversations (workspace, outcome, state, since, conversation) WHERE outcome <> '';
CREATE INDEX conversations_in_seat ON "adjourn".conversations (workspace, seat) WHERE seat <> '';

-- The tags of the conversations once more, to find them by.
CREATE TABLE "adjourn".tags (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	tag          text COLLATE "C" NOT NULL,
	state        text COLLATE "C" NOT NULL,
	since        bigint           NOT NULL,
	PRIMARY KEY (workspace, conversation, tag)
);
CREATE INDEX tags_view ON "adjourn".tags (workspace, tag, state, since, conversation);

-- How conversations ended, by the latest decision about each closing. What was measured is NULL if there is none.
CREATE TABLE "adjourn".closings (
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
CREATE INDEX closings_at ON "adjourn".closings (workspace, at, conversation, number);

CREATE TABLE "adjourn".events (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	version      bigint           NOT NULL,
	body         bytea            NOT NULL,
	has_text     boolean          NOT NULL, -- it has no row in texts any more: erased
	PRIMARY KEY (workspace, conversation, version)
);

CREATE TABLE "adjourn".texts (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	version      bigint           NOT NULL,
	text         text             NOT NULL,
	PRIMARY KEY (workspace, conversation, version)
);

CREATE TABLE "adjourn".commands (
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	command      text COLLATE "C" NOT NULL,
	fingerprint  bytea            NOT NULL,
	from_version bigint           NOT NULL,
	to_version   bigint           NOT NULL,
	PRIMARY KEY (workspace, conversation, command)
);

CREATE TABLE "adjourn".policies (
	workspace text COLLATE "C" NOT NULL PRIMARY KEY,
	revision  bigint           NOT NULL,
	body      bytea            NOT NULL
);

-- Of agents, groups and visitors. How many seats of an agent are taken is counted in the conversations.
CREATE TABLE "adjourn".records (
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
CREATE INDEX records_due ON "adjourn".records (due, workspace, kind, id) WHERE due IS NOT NULL;

-- The groups of the agents once more, to find them by.
CREATE TABLE "adjourn".memberships (
	workspace text COLLATE "C" NOT NULL,
	grp       text COLLATE "C" NOT NULL,
	agent     text COLLATE "C" NOT NULL,
	PRIMARY KEY (workspace, grp, agent)
);
CREATE INDEX memberships_of_agent ON "adjourn".memberships (workspace, agent, grp);

-- CACHE must stay 1: the commits to a conversation are numbered in this order.
CREATE SEQUENCE "adjourn".commit_ids AS bigint CACHE 1;

-- Commits that have no position yet. Rows come and go, so it is vacuumed often.
CREATE TABLE "adjourn".unnumbered (
	id           bigint           NOT NULL PRIMARY KEY,
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	from_version bigint           NOT NULL,
	to_version   bigint           NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE "adjourn".feed (
	position     bigint           NOT NULL PRIMARY KEY,
	id           bigint           NOT NULL,
	workspace    text COLLATE "C" NOT NULL,
	conversation text COLLATE "C" NOT NULL,
	from_version bigint           NOT NULL,
	to_version   bigint           NOT NULL
);
CREATE INDEX feed_id ON "adjourn".feed (id);

-- One row. Who numbers locks it.
CREATE TABLE "adjourn".feed_state (
	purged bigint NOT NULL -- the last position that the feed no longer has
);
INSERT INTO "adjourn".feed_state (purged) VALUES (0);

CREATE TABLE "adjourn".cursors (
	subscriber text COLLATE "C" NOT NULL PRIMARY KEY,
	position   bigint           NOT NULL
);

CREATE TABLE "adjourn".schema_version (
	version integer NOT NULL PRIMARY KEY
);
INSERT INTO "adjourn".schema_version (version) VALUES (1);

-- What the tables are filled with.
DELETE FROM adjourn.feed_state;
INSERT INTO adjourn.conversations VALUES ('Zoë''s', E'quotes '' " \\ 
', '1', E'\\x00ff27', NULL, '0', '1', 'ann', 'waiting', '', '', '', '[]', '1772452800123456', '1772452800123456', '', '5', '0', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'closed', '3', E'\\x68656164', '1772452800123456', NULL, '0', 'ann', 'closed', '', '', 'solved', '["Rot"]', '1772452800123456', '1772452800123456', '', '3', '0', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'erased', '2', E'\\x68656164', NULL, NULL, '0', 'bob', 'waiting', '', '', '', '[]', '1772452800123456', '1772452800123456', '', '4', '1', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'oldest', '1', E'\\x68656164', NULL, '-2177452800000000', '0', 'ann', 'waiting', '', '', '', '[]', '1772452800123456', '1772452800123456', '', '2', '0', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'set back', '1', E'\\x68656164', NULL, '1772452800123456', '0', 'ann', 'waiting', '', 'sales', '', E'["Rot","ä \\" \\\\"]', '1772449200123456', '1772452800123456', '', '6', '3', '1772456400123456', 'it''s sick');
INSERT INTO adjourn.conversations VALUES ('acme', 'unnumbered', '1', E'\\x68656164', NULL, NULL, '0', 'ann', 'waiting', 'zoe', '', '', '[]', '1772452800123456', '1772452800123456', 'zoe', '7', '0', NULL, '');
INSERT INTO adjourn.tags VALUES ('acme', 'closed', 'Rot', 'closed', '1772452800123456');
INSERT INTO adjourn.tags VALUES ('acme', 'set back', 'Rot', 'waiting', '1772449200123456');
INSERT INTO adjourn.tags VALUES ('acme', 'set back', E'ä " \\', 'waiting', '1772449200123456');
INSERT INTO adjourn.closings VALUES ('acme', 'closed', '1', '1772452860123456', 'resolved', '', 'agent', 'team', 'zoe', '', '', '', '["blue"]', '["kb-1","kb-2"]', '100', '101', '102', '103', '104', '105', '106', '107', '108', '109', '110', '111', NULL);
INSERT INTO adjourn.closings VALUES ('acme', 'closed', '2', '1772452920123456', 'resolved', '', 'agent', 'team', 'zoë''s "', '', '', '', E'["Rot","ä \\" \\\\"]', '["kb-1","kb-2"]', '200', '201', '202', '203', '204', '205', '206', '207', '208', '209', '210', '211', NULL);
INSERT INTO adjourn.events VALUES ('Zoë''s', E'quotes '' " \\ 
', '1', E'\\xc3b666666e656e', 'true');
INSERT INTO adjourn.events VALUES ('acme', 'closed', '1', E'\\x636c6f7365', 'true');
INSERT INTO adjourn.events VALUES ('acme', 'closed', '2', E'\\x636c6f7365', 'true');
INSERT INTO adjourn.events VALUES ('acme', 'closed', '3', E'\\x636c6f7365', 'true');
INSERT INTO adjourn.events VALUES ('acme', 'erased', '1', E'\\x6f70656e', 'true');
INSERT INTO adjourn.events VALUES ('acme', 'erased', '2', E'\\x6f70656e', 'false');
INSERT INTO adjourn.events VALUES ('acme', 'oldest', '1', E'\\x6f70656e', 'true');
INSERT INTO adjourn.events VALUES ('acme', 'set back', '1', E'\\x6f70656e', 'true');
INSERT INTO adjourn.events VALUES ('acme', 'unnumbered', '1', E'\\x6f70656e', 'true');
INSERT INTO adjourn.texts VALUES ('Zoë''s', E'quotes '' " \\ 
', '1', E'it''s \\ 	
 👩🏽‍🚀');
INSERT INTO adjourn.texts VALUES ('acme', 'closed', '1', 'text 1');
INSERT INTO adjourn.texts VALUES ('acme', 'closed', '2', 'text 2');
INSERT INTO adjourn.texts VALUES ('acme', 'closed', '3', 'text 3');
INSERT INTO adjourn.texts VALUES ('acme', 'oldest', '1', 'text 1');
INSERT INTO adjourn.texts VALUES ('acme', 'set back', '1', 'text 1');
INSERT INTO adjourn.texts VALUES ('acme', 'unnumbered', '1', 'text 1');
INSERT INTO adjourn.commands VALUES ('Zoë''s', E'quotes '' " \\ 
', 'öffnen', E'\\x00000000000000000000000000000000', '0', '1');
INSERT INTO adjourn.commands VALUES ('acme', 'closed', 'close', E'\\x010000000000000000000000000000ff', '0', '3');
INSERT INTO adjourn.commands VALUES ('acme', 'erased', 'open', E'\\x00000000000000000000000000000000', '0', '2');
INSERT INTO adjourn.commands VALUES ('acme', 'oldest', 'open', E'\\x00000000000000000000000000000000', '0', '1');
INSERT INTO adjourn.commands VALUES ('acme', 'set back', 'nothing', E'\\x00000000000000000000000000000000', '1', '1');
INSERT INTO adjourn.commands VALUES ('acme', 'set back', 'open', E'\\x00000000000000000000000000000000', '0', '1');
INSERT INTO adjourn.commands VALUES ('acme', 'unnumbered', 'open', E'\\x00000000000000000000000000000000', '0', '1');
INSERT INTO adjourn.policies VALUES ('acme', '2', E'\\x7365636f6e64');
INSERT INTO adjourn.records VALUES ('acme', 'agent', 'yan', '1', E'\\x6167656e74', '', NULL, '[]', 'true', '0', NULL, '0');
INSERT INTO adjourn.records VALUES ('acme', 'agent', 'zoe', '1', E'\\x6167656e74', '', '1772456400123456', '["sales","ünique"]', 'true', '2', '1772452800123456', '1');
INSERT INTO adjourn.records VALUES ('acme', 'group', 'sales', '1', E'\\x00ff', '', NULL, '[]', 'false', '0', NULL, '0');
INSERT INTO adjourn.records VALUES ('acme', 'visitor', 'ann', '1', E'\\x', 'ann''s address', NULL, '[]', 'false', '0', NULL, '0');
INSERT INTO adjourn.records VALUES ('acme', 'visitor', 'bob', '2', E'\\x', '', NULL, '[]', 'false', '0', NULL, '0');
INSERT INTO adjourn.memberships VALUES ('acme', 'sales', 'zoe');
INSERT INTO adjourn.memberships VALUES ('acme', 'ünique', 'zoe');
INSERT INTO adjourn.unnumbered VALUES ('7', 'acme', 'unnumbered', '0', '1');
INSERT INTO adjourn.feed VALUES ('2', '2', 'acme', 'oldest', '0', '1');
INSERT INTO adjourn.feed VALUES ('3', '3', 'acme', 'closed', '0', '3');
INSERT INTO adjourn.feed VALUES ('4', '4', 'acme', 'erased', '0', '2');
INSERT INTO adjourn.feed VALUES ('5', '5', 'Zoë''s', E'quotes '' " \\ 
', '0', '1');
INSERT INTO adjourn.feed VALUES ('6', '6', 'acme', 'set back', '0', '1');
INSERT INTO adjourn.feed_state VALUES ('1');
INSERT INTO adjourn.cursors VALUES ('billing', '4');
SELECT setval('adjourn.commit_ids', (SELECT max(last_commit) FROM adjourn.conversations));
