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

// groups are the cases in the order of the contract.
var groups = []struct {
	name  string
	cases []testCase
}{
	{"Load", loadCases},
	{"Commit", commitCases},
	{"Conflict", conflictCases},
	{"CommitWithoutEvents", withoutEventsCases},
	{"Command", commandCases},
	{"History", historyCases},
	{"Due", dueCases},
	{"SetPolicies", setPoliciesCases},
	{"Outdated", outdatedCases},
	{"Feed", feedCases},
	{"Advance", advanceCases},
	{"Values", valueCases},
	{"Ownership", ownershipCases},
	{"Context", contextCases},
	{"Concurrency", concurrencyCases},
}

// Run tests that a store keeps the contract of package storage. Each promise is
// a subtest, which calls open for an empty store of its own. Subtests run in
// parallel, so open must be safe for concurrent use; it closes what it opened
// with t.Cleanup.
//
// A subtest that fails ends with the sentence of the contract that was broken.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	for _, group := range groups {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					s := open(t)
					defer func() {
						if t.Failed() {
							t.Logf("broken: %q", c.sentence)
						}
					}()
					c.run(probe{T: t, s: s})
				})
			}
		})
	}
}
