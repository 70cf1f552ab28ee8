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
CREATE INDEX conversations_due ON "adjourn".conversations (due, workspace, conversation) WHERE due IS NOT NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX conversations_open ON "adjourn".conversations (workspace, policy_revision, conversation) WHERE dormant_since IS NULL AND (failures = 0 OR retry_at IS NOT NULL);
CREATE INDEX conversations_dormant ON "adjourn".conversations (dormant_since, workspace, conversation) WHERE dormant_since IS NOT NULL;
CREATE INDEX conversations_set_back ON "adjourn".conversations (workspace, conversation) WHERE failures > 0;
CREATE INDEX conversations_of_visitor ON "adjourn".conversations (workspace, visitor, conversation);

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
', '1', E'\\x00ff27', 'ann', NULL, '0', '1', '5', '0', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'closed', '3', E'\\x68656164', 'ann', '1772452800123456', NULL, '0', '3', '0', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'erased', '2', E'\\x68656164', 'bob', NULL, NULL, '0', '4', '1', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'oldest', '1', E'\\x68656164', 'ann', NULL, '-2177452800000000', '0', '2', '0', NULL, '');
INSERT INTO adjourn.conversations VALUES ('acme', 'set back', '1', E'\\x68656164', 'ann', NULL, '1772452800123456', '0', '6', '3', '1772456400123456', 'it''s sick');
INSERT INTO adjourn.conversations VALUES ('acme', 'unnumbered', '1', E'\\x68656164', 'ann', NULL, NULL, '0', '7', '0', NULL, '');
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
