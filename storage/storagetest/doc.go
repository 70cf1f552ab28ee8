// Package storagetest tests that a store keeps the contract of package storage.
// The stores of this module run it, and so should any other.
//
// # The test of a store
//
// [Run] is all that there is. It calls a function for a new, empty store and
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
// # Writing a store
//
// With a database, a store is five tables and little more than a statement for
// each method:
//
//   - conversations by (workspace, conversation): version, body, due, open,
//     policy revision. An index on (due, workspace, conversation).
//   - events by (workspace, conversation, version): body and, apart from it,
//     text; and the position in the feed.
//   - commands by (workspace, conversation, command ID): fingerprint, from, to.
//   - policies by workspace.
//   - cursors by subscriber.
//
// The groups of subtests are an order to write the methods in. While the others
// return an error, -run shows how far one is:
//
//	go test -run 'TestStore/(Load|Commit|Conflict|CommitWithoutEvents|Command|History)'
//	go test -run 'TestStore/Due'
//	go test -run 'TestStore/(SetPolicies|Outdated)'
//	go test -run 'TestStore/(Feed|Advance)'
//	go test -run 'TestStore/(Values|Ownership|Context|Concurrency)'
//
// Many subtests of Load and Commit also look at the feed and the queue, to see
// that what must not change did not. They pass when those methods are there.
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
