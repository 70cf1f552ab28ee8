package storagetest

import (
	"testing"

	"github.com/adjourn/adjourn/storage"
)

// A testCase is one promise of the contract.
type testCase struct {
	name     string // of the subtest: the gist
	sentence string // of the contract, as it stands there
	run      func(p probe)
}

// A group is the cases of a part of the contract.
type group struct {
	name  string
	cases []testCase
}

// groups are the cases of Run in the order of the contract.
var groups = []group{
	{"Load", loadCases},
	{"Commit", commitCases},
	{"Conflict", conflictCases},
	{"CommitWithoutEvents", withoutEventsCases},
	{"Command", commandCases},
	{"Seats", seatCases},
	{"Seen", seenCases},
	{"History", historyCases},
	{"Due", dueCases},
	{"SetPolicies", setPoliciesCases},
	{"Outdated", outdatedCases},
	{"SetBack", setBackCases},
	{"Setbacks", setbacksCases},
	{"Feed", feedCases},
	{"Advance", advanceCases},
	{"Erase", eraseCases},
	{"Purge", purgeCases},
	{"Records", recordCases},
	{"List", listCases},
	{"DueRecords", dueRecordsCases},
	{"View", viewCases},
	{"Count", countCases},
	{"Closings", closingCases},
	{"Tally", tallyCases},
	{"Spreads", spreadCases},
	{"Clock", clockCases},
	{"Values", valueCases},
	{"Ownership", ownershipCases},
	{"Context", contextCases},
	{"Concurrency", concurrencyCases},
}

// Run tests that a store keeps the contract of package storage. Each promise is
// a subtest, which calls open for an empty store of its own. Subtests run in
// parallel, so open must be safe for concurrent use; it closes what it opened
// with t.Cleanup. The clock is tested of a store that is a [storage.Clock] too, and
// what closings amount to of one that is a [storage.Tallier].
//
// A subtest that fails ends with the sentence of the contract that was broken.
// Some draw what they ask, and print the STORAGETEST_SEED that repeats it.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	runGroups(t, groups, func(t *testing.T) probe { return probe{T: t, s: open(t)} })
}

// A TxHarness is a store with transactions of a host.
type TxHarness struct {
	Store storage.Store

	// Begin begins a transaction as a host does, and returns what the store makes
	// of it, and how the host ends it. Exactly one of commit and rollback is
	// called, and one transaction ends before the next begins. Nothing is written
	// to the store meanwhile; but it is read, which must not wait for the
	// transaction. A test that fails rolls back in t.Cleanup, when the context of
	// t is done.
	Begin func(t *testing.T) (tx storage.Tx, commit, rollback func() error)
}

// RunTx tests that a [storage.Tx] keeps its part of the contract, as [Run] does
// for a store.
func RunTx(t *testing.T, open func(t *testing.T) TxHarness) {
	runGroups(t, []group{{"Tx", txCases}}, func(t *testing.T) probe {
		h := open(t)
		return probe{T: t, s: h.Store, transaction: h.Begin}
	})
}

func runGroups(t *testing.T, groups []group, open func(t *testing.T) probe) {
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					p := open(t)
					defer func() {
						if t.Failed() {
							t.Logf("broken: %q", c.sentence)
						}
					}()
					c.run(p)
				})
			}
		})
	}
}
