// Package postgres keeps conversations in a Postgres database, for any number of
// processes at once.
//
//	store, err := postgres.New(ctx, db, nil) // any driver of database/sql
//	…
//	err = store.Migrate(ctx)
//
// It will never open or close a database, import a driver, listen for
// notifications or keep anything in a session: no setting, lock or prepared
// statement of its own outlives a transaction. So it works through PgBouncer in
// transaction mode, if the driver prepares nothing either; with pgx that is
// default_query_exec_mode=exec in the URL.
//
// # What operators should know
//
// Server. Postgres 14 or newer, with a database in UTF8. The pool of the host
// should allow eight connections: two write the batches of commits, up to four
// wait for conversations that others hold, and the rest read. Other work of the
// host in the same pool needs its own on top.
//
// Isolation. The store says read committed for each of its transactions,
// whatever the default is. A transaction of the host that [Store.Tx] joins has
// the level that the host chose. A batch of plain messages is one statement
// without a transaction around it, at the default level; what that refuses goes the
// way of the others.
//
// Timeouts. Options.Timeout ends a call at the client, by its context, and at the
// server, by statement_timeout, lock_timeout and
// idle_in_transaction_session_timeout, which are set for the transaction only; one
// statement has none at the server, and waits for no conversation. A process that is suspended in the middle of a commit so holds up the others
// for that time at most. lib/pq waits for the server's answer, however long, and a
// network can lose it: a COMMIT is given up then, as of unknown outcome, and so is a
// Commit, but other calls can take longer. The silent connection keeps its place in
// the pool until the operating system ends it, so give the pool a limit and some
// room; pgx ends it at the deadline.
//
// Commits. A commit to a conversation that a transaction of somebody else holds
// leaves its batch and waits by itself, for Options.LockTimeout, then it is
// storage.ErrHeld. A host should keep the transactions short in which it changes
// conversations, and change several in the order of their keys.
//
// Seats. A commit that takes or frees a seat of an agent, or was decided on one,
// locks the agent's row after the conversation, in the order of the agents' IDs,
// and takes two statements more. So nodes never take more seats than there are,
// and the commits about one agent go one after the other; those of one node share
// a batch. A transaction of a host holds the agents that its commits are about
// until it ends; commits that are about none do not wait for that. How many seats
// are taken is counted in an index of the conversations that have one.
//
// Views. A view by state, or by state and one of agent, group, visitor, outcome
// or tag, by since, is read from an index in its order, and so is one by state,
// by updated. A page costs the same wherever it is. Other filters pass over what
// they do not select. Counting reads all that is counted, from an index that
// VACUUM saves from visits to the table. These indexes take about a kilobyte for
// a conversation.
//
// Closings. Each closing of a conversation is one row of the table closings, with
// a column for each figure, NULL where there is none, so that SQL of the host's
// can count them too. A page of closings is read from an index in its order.
// Filters other than times pass over what they do not select.
//
// Reports. A report reads every closing that it counts: a million take one to
// three seconds. Options.Timeout does not end that, only the context of the call
// does. What work_mem does not hold is sorted on the disk, except that
// [Store.Spreads] has the values of one group after the other in memory, 8 bytes
// each.
//
// Feed. Commits are numbered when the feed is read, under a lock of one row.
// Rows of the table unnumbered live from a commit to the next reading. They are
// vacuumed often; a transaction that stays open for hours anywhere on the server
// keeps their remains, and every reading passes over them. The same goes for the
// indexes of conversations after all of them were recomputed.
//
// Vacuum. A commit leaves a dead row of the conversation and of the queue to be
// numbered, one of each tag when the state changes, one of each closing that
// changes, and one of each agent whose seat it takes or frees; events are only
// added. The default autovacuum keeps up. On databases with hundreds of commits a
// second, a lower autovacuum_vacuum_scale_factor for the table conversations, such
// as 0.02, keeps its indexes small.
//
// Erasure. [Store.Erase] takes texts out of every answer when it returns. Their
// bytes are on the disk of the server until VACUUM has passed over the tables
// texts, commands, records and conversations and the pages were used again, in the
// write-ahead log until its segments are recycled, and in archives, replicas
// that lag and backups for as long as those are kept.
//
// Times. Columns of times are microseconds since 1970:
// to_timestamp(due / 1000000.0) shows one.
package postgres
