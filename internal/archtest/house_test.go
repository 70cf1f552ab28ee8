package archtest_test

// module is the path that every package of the house begins with.
const module = "github.com/adjourn/adjourn"

// room is what a package may do, beyond importing the standard library.
type room struct {
	pure    bool     // no clock, I/O, context, goroutine, channel, lock or randomness
	imports []string // packages of this module, by their path below it
	modules []string // third-party modules
	testing bool     // may import testing outside its own tests
	why     string   // why nothing else is allowed
}

// house is every package of the module, by its path below it, the lowest floor first. A package may import those that
// are listed with it and no others. Packages that do not exist do no harm.
var house = map[string]room{
	"": {why: "the front door is documentation and re-exports nothing"},

	"snooze":  {pure: true, why: "floor 1 is vocabulary and policy on plain values, each package readable alone"},
	"closure": {pure: true, why: "floor 1 is vocabulary and policy on plain values, each package readable alone"},
	"idle":    {pure: true, why: "floor 1 is vocabulary and policy on plain values, each package readable alone"},
	"roster":  {pure: true, why: "floor 1 is vocabulary and policy on plain values, each package readable alone"},

	"conversation": {
		pure:    true,
		imports: []string{"snooze", "closure", "idle"},
		why:     "the machine is a function of its arguments: hosts with a store of their own use it without the floors above",
	},

	"storage": {
		imports: []string{"conversation", "snooze", "closure", "idle"},
		why:     "the contract knows what is stored, and neither who stores it nor who asks",
	},
	"storage/memory": {
		imports: []string{"storage", "closure", "conversation"},
		why:     "a store knows the contract, and nothing of the desk or of other stores",
	},
	"storage/sqlite": {
		imports: []string{"storage", "closure", "storage/internal/group", "storage/internal/schema"},
		why:     "a store knows the contract, and nothing of the desk or of other stores; the host brings the driver",
	},
	"storage/postgres": {
		imports: []string{"storage", "closure", "storage/internal/group", "storage/internal/schema"},
		why:     "a store knows the contract, and nothing of the desk or of other stores; the host brings the driver",
	},
	"storage/internal/group": {
		imports: []string{"storage"},
		why:     "gathering commits is the same for every database, and knows none",
	},
	"storage/internal/schema": {why: "reading migrations is the same for every database, and knows none"},
	"storage/storagetest": {
		imports: []string{"storage", "conversation", "closure"},
		modules: []string{"github.com/google/go-cmp"},
		testing: true,
		why:     "the kit judges a store by the contract alone, as authors of stores elsewhere do",
	},

	"lifecycle": {
		imports: []string{"conversation", "storage", "snooze", "closure", "idle", "roster"},
		why:     "the desk works over any store, so it names none",
	},
	"lifecycle/lifecycletest": {
		imports: []string{"lifecycle", "storage", "storage/memory", "conversation", "snooze", "closure", "idle", "roster"},
		modules: []string{"github.com/google/go-cmp"},
		testing: true,
		why:     "the kit sets up what a host sets up: a desk over the memory store, on a fake clock",
	},

	"internal/behaviour": {
		imports: []string{"lifecycle", "lifecycle/lifecycletest", "storage", "conversation", "snooze", "closure", "idle", "roster"},
		modules: []string{"github.com/google/go-cmp"},
		testing: true,
		why:     "the sentences judge a desk from outside, on whatever store they are given, so they name none",
	},
	"internal/compat": {
		imports: []string{"lifecycle", "storage", "conversation", "closure", "roster"},
		why:     "it keeps what was stored and asks a desk on whatever store it is given, so it names none",
	},
	"internal/diagram":     {imports: []string{"conversation"}, why: "it prints the rule table, and needs nothing else"},
	"internal/proof":       {testing: true, why: "suites of every floor tell it what they have counted"},
	"internal/proof/prove": {imports: []string{"internal/proof"}, why: "it runs the suites from outside, by their names"},
	"internal/sim":         {why: "it is all tests: Desks on a simulated store, in simulated time"},
	"internal/archtest":    {why: "it looks at the other packages from outside"},
}

// requirements are the modules that go.mod requires, and what for. Each is a cost to every host, so there are no others.
var requirements = map[string]string{
	"github.com/benbjohnson/clock": "the fake clock that many hosts have, in tests that hold it to be one of ours",
	"github.com/google/go-cmp":     "differences in the failures of storagetest, lifecycletest and tests",
}

// clockFile is the one file, tests aside, that may read the machine's clock.
const clockFile = "lifecycle/clock.go"

// clockNames are the names of package time that read the machine's clock or wait for it.
var clockNames = map[string]bool{
	"Now": true, "Since": true, "Until": true,
	"After": true, "AfterFunc": true, "Sleep": true, "Tick": true, "NewTimer": true, "NewTicker": true,
}

// impure are the packages of the standard library that a pure package must not import, those below them included, with
// the reason.
var impure = map[string]string{
	"context":       "nothing in a pure package blocks or can be cancelled",
	"crypto/rand":   "randomness: the same arguments must give the same result",
	"database/sql":  "I/O belongs to the stores",
	"embed":         "package data is hidden input",
	"expvar":        "process-wide state",
	"flag":          "process-wide state",
	"hash/maphash":  "randomness: its seed differs between processes",
	"io/fs":         "I/O belongs to the stores and the host",
	"io/ioutil":     "I/O belongs to the stores and the host",
	"log":           "a result says what happened; the desk logs it",
	"math/rand":     "randomness: the same arguments must give the same result",
	"net":           "I/O belongs to the host",
	"os":            "I/O and the environment belong to the host",
	"path/filepath": "I/O and the environment belong to the host",
	"plugin":        "process-wide state",
	"runtime":       "the process and its goroutines are hidden input",
	"sync":          "values need no lock: nothing is shared",
	"syscall":       "I/O and the environment belong to the host",
	"unsafe":        "values are what their types say",
}

// internalTests are the files of tests that are in the package they test, with the reason.
var internalTests = map[string]string{
	"internal/compat/golden_test.go":         compatInside,
	"internal/compat/golden_catches_test.go": compatInside,
	"internal/compat/lives_test.go":          compatInside,
	"internal/compat/newer_test.go":          compatInside,
	"internal/compat/newer_catches_test.go":  compatInside,
	"internal/compat/formats_test.go":        compatInside,
}

const compatInside = "they write the files that the package reads, and plant faults in the code that it asks"
