// Package storagetest tests that a store keeps the contract of package storage.
// The stores of this module run it, and so should any other.
//
// # The test of a store
//
// [Run] is nearly all that there is. It calls a function for a new, empty store and
// tests one promise of the contract with it, once for each promise:
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T) storage.Store {
//			db := openDatabase(t) // a fresh one, closed with t.Cleanup
//			return mystore.New(db)
//		})
//	}
//
// A failure ends with the sentence that was broken:
//
//	--- FAIL: TestStore/Due/however_long_ago
//	    due.go:34: what is due (-want +got): …
//	    storagetest.go:54: broken: "Due returns the conversations whose due instant is not after by, …"
//
// Run it with -race: some promises are about calls that come at the same time.
//
// A store that can work within a transaction of its host has a [storage.Tx]. The
// host's part differs from store to store, so that [RunTx] is told how to begin
// a transaction and how to end it.
//
// # Writing a store
//
// With a database, a store is nine tables and little more than a statement for
// each method:
//
//   - conversations by (workspace, conversation): version, body, the instants of
//     closing and due, policy revision, the setback; what views show, which is
//     visitor, state, agent, group, outcome, and the instants Since and Updated;
//     and whose seat it has. Indexes on (due, workspace, conversation), on
//     (workspace, visitor), on the instant of closing; for views on (workspace,
//     state, since, conversation), the same with updated, and with agent, group
//     or visitor before the instant; and on (workspace, seat), where there is one.
//   - tags by (workspace, conversation, tag), with an index on (workspace, tag,
//     conversation).
//   - events by (workspace, conversation, version): body and, apart from it,
//     text and whether it was erased; and the position in the feed.
//   - commands by (workspace, conversation, command ID): fingerprint, from, to.
//   - policies by workspace.
//   - records by (workspace, kind, ID): version, body, text, due, groups, whether
//     available, capacity, when a seat was last taken or freed and how often. How
//     many seats are taken is no column: it is counted. An index on (due,
//     workspace, kind, ID).
//   - closings by (workspace, conversation, number): when, what they are told apart
//     by, and each figure, in columns of their own, with an index on (workspace,
//     instant, conversation, number).
//   - tags and articles of closings by (workspace, conversation, number, kind,
//     word), with an index on (workspace, kind, word).
//   - cursors by subscriber; and one row for where the feed begins and ends,
//     which no event tells any more when all were purged.
//
// The groups of subtests are an order to write the methods in. While the others
// return an error, -run shows how far one is:
//
//	go test -run 'TestStore/(Load|Commit|Conflict|CommitWithoutEvents|Command|History)'
//	go test -run 'TestStore/Due$'
//	go test -run 'TestStore/(SetPolicies|Outdated)'
//	go test -run 'TestStore/(SetBack|Setbacks)'
//	go test -run 'TestStore/(Feed|Advance)'
//	go test -run 'TestStore/(Erase|Purge)'
//	go test -run 'TestStore/(Records|List|DueRecords)'
//	go test -run 'TestStore/(View|Count)'
//	go test -run 'TestStore/(Seats|Seen)'
//	go test -run 'TestStore/(Closings|Tally|Spreads)'
//	go test -run 'TestStore/(Clock|Values|Ownership|Context|Concurrency)'
//
// Many subtests of Load and Commit also look at the feed, the queues, the
// setbacks, the records, the views and the closings, to see that what must not change did not.
// They pass when those methods are there.
//
// # What is easy to get wrong
//
// Commit. The version must be compared by the statement that writes, not by one
// before it, and the number of rows that it changed is the answer. A violated
// unique key is ErrConflict, and so is a serialization failure: the caller
// loads and decides again. A busy or locked database is neither; wait, as long
// as the context lasts.
//
// Feed. A number from a sequence is taken before its transaction is visible,
// so a reader that has seen 8 may find that 7 comes later, or never. Give
// positions after the commit and under one lock, such as when Feed is called,
// or take them in transactions that follow each other. Of the commits to one
// conversation the lower version comes first.
//
// Due and Outdated. Pages continue after the last key, never by an offset: rows
// come and go meanwhile. Keys are ordered by their bytes, as COLLATE "C" and
// BINARY do; the order of a locale is another one. There is no oldest instant.
// What is set back is left out by the statement and not after it: otherwise a
// page is short, and looks like the last one.
//
// Seats. Whether there is a seat left must be counted under a lock on the agent's
// record: two commits that count at the same time both find the last one. A
// commit that moves a conversation from one agent to another locks two records;
// lock them in the order of their IDs, whoever is left and whoever is joined. Count
// the conversations. A stored counter drifts: a purge, an import, a record that is
// put later, each must remember to correct it. What conflicts is ErrConflict and
// not ErrFull: a repeated command that took the last seat would otherwise hear that
// it came too late.
//
// Put and Settle. Version and SeatMoves must be compared by the statement that
// writes. Otherwise an agent is put, or settled, over the due instant that a seat
// which was freed meanwhile has left, and nobody looks for more work for that
// agent. What the store keeps of the seats must not be written by Put at all.
//
// View, List and DueRecords. Pages continue after the place of the last row, never
// by an offset. The place is compared as a pair, (instant, conversation), in the
// direction of the view: two comparisons joined by "and" lose rows. From, To and
// After are of what the view is ordered by. A tag that is joined to conversations
// must not make two rows of one, and groups and tags in one column must not be
// searched for text: "sales" is in "sales.eu". What is selected is limited, not
// what is looked at.
//
// Closings. A closing that is put again is another one in the same place: whatever
// it said before, also its tags and articles, is gone. The place is compared as a
// triple, and numbers are numbers: 10 is behind 9. That a conversation was closed
// again is asked of all its closings, not of those that are selected.
//
// Tally and Spreads. A closing without tags is in the group of the empty key, and
// one with two tags and three articles in six groups by both. Tables of tags and
// articles that are joined where nobody asked for them count a closing several
// times. A filter by a tag selects closings, with all their tags. An aggregate
// without GROUP BY makes a row of nothing. What there is none of is in no number,
// sum or rank; zero is. Sums are whole: floating point is not. Bounds of filters
// and days may be finer than microseconds, which closings are not: round them up.
//
// SetBack. It changes no version, so that a commit does not see it. The version
// must be compared by the statement that writes; it could otherwise set back a
// conversation that another node has just worked on.
//
// Erase. The texts of several tables, that of the records among them, go in one transaction. That an event had a
// text is no longer to be seen in the text: keep it.
//
// Purge. What is removed must still be closed in the statement that removes it:
// it may be reopened meanwhile. The feed is read in one statement, or at one
// snapshot, with where it begins; otherwise it can have a hole at its front. When
// all entries are gone their last position is not forgotten: the next one
// follows it, and subscribers may still move there.
//
// Transactions of the host. After an error Postgres refuses everything until the
// transaction ends: a violated key that is ErrConflict needs a savepoint, or a
// statement that does nothing on conflict. Reading the feed must not wait for a
// transaction that is open, nor number what is in it.
//
// Values. Bodies are bytes, whatever they look like; a column of JSON or text
// changes them. Times fit into a count of microseconds since 1970, with NULL
// for the zero time and not 0, which is an instant; they come back in UTC.
//
// Contexts. The error of a driver whose context has ended often does not wrap
// the context's: wrap it. If the context ends while the database commits, and
// the store cannot tell what became of it, that is ErrOutcomeUnknown.
//
// # What is not tested
//
// A kit that knows a store by its methods cannot stop its process or cut its
// connection. That commits survive the one, and that a store says
// ErrOutcomeUnknown after the other, is for its own tests.
package storagetest
