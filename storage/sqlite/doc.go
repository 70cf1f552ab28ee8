// Package sqlite keeps conversations in a SQLite database: the store of hosts on
// one machine, with nothing to run beside them.
//
// It works through database/sql with whatever driver the host brings, and is
// tested with modernc.org/sqlite and github.com/mattn/go-sqlite3. SQLite must be
// 3.38 or newer, and the file on a local disk, because WAL does not work over a
// network. The package will never choose a driver, open or close a database,
// delete by itself what is old, or touch tables other than its own.
//
//	db, err := sql.Open("sqlite", "conversations.db")
//	store, err := sqlite.New(ctx, db, nil)
//	err = store.Migrate(ctx)
//	desk, err := lifecycle.New(store, nil)
//
// # Connections
//
// The store writes with one connection, which it takes out of db when it is made
// and gives up in Close; the commits that come while one transaction is written
// share the next. It reads with the others. A host that reads a lot keeps them
// open with SetMaxIdleConns: database/sql keeps two, and opens and closes those
// beyond. What one process is told was committed is on the disk.
//
// Several processes may use one file. They wait for each other's transactions,
// as long as [Options] says. Because the clock of all of them is the machine's,
// the store is no storage.Clock.
//
// While a host reads, what was written since it began stays in the WAL, which
// grows with a transaction that is forgotten.
//
// Tally and Spreads look at every closing of the time that is asked for, which
// takes seconds for a million. They have as long as their context lasts, hold up
// no commit, and keep one connection busy. Where SQLite's cache of the connection
// is too small to sort in, it does so in temporary files.
//
// What a host sets in the driver's data source name reaches every connection. It
// must leave journal_mode, locking_mode and auto_vacuum alone, and must not share
// a cache between connections (mattn's cache=shared): reads would then fail on
// locks.
//
// # Transactions of the host
//
// [Store.Tx] needs a transaction that began with BEGIN IMMEDIATE on a connection
// with synchronous=FULL. With modernc.org/sqlite a data source name such as
//
//	file:conversations.db?_txlock=immediate&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)
//
// makes all transactions of the pool so, and with github.com/mattn/go-sqlite3
//
//	file:conversations.db?_txlock=immediate&_synchronous=FULL&_busy_timeout=5000
//
// Such a transaction holds the one write lock of the file, also if it only reads:
// all commits wait until it ends, for [Options].Timeout, and are then
// storage.ErrHeld.
//
// # What Erase and Purge leave on the disk
//
// Texts of events and records, and the reasons of setbacks, are overwritten in
// the database, not only unlinked: secure_delete is on wherever the store writes,
// and their table is kept such that SQLite never moves them, because it leaves
// readable copies of what it moves. Each leaves an empty row of some ten bytes.
// Erase then empties the WAL, in which they may still stand. They remain
// readable, with tools that read files, in
//
//   - the WAL, if somebody was reading from it during Erase, and after Purge and
//     after Put replaced a text: until the next checkpoint that truncates it, such
//     as that of the next Erase or the host's own PRAGMA
//     wal_checkpoint(TRUNCATE);
//   - backups, snapshots and copies, which are the host's;
//   - sectors that the file system or an SSD gave up without overwriting them,
//     those of a WAL that was truncated and of temporary files among them;
//   - what was written to other tables, or to these by connections without
//     secure_delete.
//
// All else has no such care: what was purged, such as bodies, keys, tags and
// visitors, bodies of records that were replaced, and the fingerprints of
// commands, which are no words, may leave copies in the file until VACUUM.
package sqlite
