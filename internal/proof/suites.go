package proof

// A Suite is tests that put a promise to the test, and show that they would see
// it broken.
type Suite struct {
	Name     string
	Promise  string // what its zero says; empty in all rows of a suite but the first
	Package  string // where its tests are, from the root of the repository
	Run      string // which tests, as go test takes them
	Parallel int    // how many of its tests run at once: for those that mostly wait. 0 is as many as there are processors
}

// Suites are all of them, the longest first, so that none is left alone at the
// end. A suite in several packages has several rows.
var Suites = []Suite{
	{Name: "model", Package: "./conversation", Run: "^TestModel(Catches)?$",
		Promise: "the machine does after every command of a random life what a model written from the specification does"},
	{Name: "metamorphic", Package: "./internal/drivertest", Run: "^TestMetamorphic",
		Promise: "the same commands give the same answers, journals and feeds on every store, and on one that was closed and opened again"},
	{Name: "storage contract", Package: "./internal/drivertest", Run: "^TestStores$",
		Promise: "every store keeps every sentence of the contract"},
	{Name: "storage contract", Package: "./storage/storagetest", Run: "^Test(Broken|Sentences)$"},
	{Name: "simulator", Package: "./internal/sim", Run: "^Test(Simulator|SameSeed)",
		Promise: "nodes that crash, pause and lose answers do everything once, leave nothing overdue, fill no seat twice and deliver every record"},
	{Name: "linearizability", Package: "./internal/drivertest/linear", Run: "^TestLinear",
		Promise: "what processes see of a conversation is what they would see if one command happened at a time"},
	{Name: "network", Package: "./internal/drivertest/wire", Run: "^Test(Network|SilentCommit)", Parallel: 8,
		Promise: "however the network fails at COMMIT, no command is doubled, none acknowledged is lost, none said to have failed is applied, and no call outlasts its deadline by more than two seconds"},
	{Name: "timers", Package: "./internal/drivertest/crash", Run: "^TestTimers",
		Promise: "a deadline has its effect once and not early, whichever nodes are killed or stopped"},
	{Name: "sqlite killed", Package: "./internal/drivertest/crash", Run: "^TestSQLiteKilled",
		Promise: "what SQLite acknowledged outlives the process"},
	{Name: "sqlite power loss", Package: "./internal/drivertest/crash", Run: "^TestSQLitePowerLoss",
		Promise: "what SQLite acknowledged outlives the power"},
	{Name: "postgres killed", Package: "./internal/drivertest/crash", Run: "^TestPostgresKilled",
		Promise: "what Postgres acknowledged outlives the server, and what is repeated under its ID is done once"},
	{Name: "feed", Package: "./internal/drivertest", Run: "^TestPostgresFeed(Catches)?$",
		Promise: "a reader of the feed misses nothing, however long transactions of others take"},
	{Name: "behaviours", Package: "./internal/drivertest", Run: "^Test(SQLite|Postgres)Behaviour$",
		Promise: "every sentence that people are promised holds on every store"},
	{Name: "behaviours", Package: "./lifecycle", Run: "^TestSabotage$"},
	{Name: "routing", Package: "./internal/drivertest/routing", Run: "^TestRouting",
		Promise: "no agent gets more than the capacity, no conversation two agents, and none waits beside a free one"},
	{Name: "closers", Package: "./internal/drivertest", Run: "^TestClosers",
		Promise: "of those who close a conversation at once one wins, the others learn of it, and no message is silently left unanswered"},
	{Name: "exhaustive", Package: "./conversation", Run: "^TestEveryCell",
		Promise: "every command in every situation by every actor does what the specification says"},
	{Name: "closings", Package: "./conversation", Run: "^(TestClosingsAreWhatTheJournalSays|TestTheLedgerFindsWhatIsWrong)$",
		Promise: "what reports know of a closing is what its journal says"},
	{Name: "next", Package: "./conversation", Run: "^TestWhatComesNext",
		Promise: "what is said to come next comes, then, and nothing else before"},
	{Name: "lists", Package: "./internal/drivertest", Run: "^Test(SQLiteCrowd|SQLiteCrowdOfClosings|SQLiteViews|PostgresViews|PostgresViewsOfClosings)$",
		Promise: "no list, count or report reads more of a big table than its index gives it"},
	{Name: "replay", Package: "./examples/replay", Run: "^Test(RandomFiles|RandomStaff|EnoughAgents|FullHistory|FullHistoryOfStaff|Stores|Violations)$",
		Promise: "timelines of support lived through the library break no promise, one after the other or all together"},
	{Name: "hostile input", Package: "./internal/drivertest/hostile", Run: ".",
		Promise: "bad input is refused the same way by every store, and nothing of it is stored"},
	{Name: "clock", Package: "./snooze", Run: "^TestClock",
		Promise: "a calendar time is never earlier than asked and never later than the gap it fell into, in any zone; clocks that step make nothing early or twice"},
	{Name: "clock", Package: "./lifecycle", Run: "^TestClockFaults"},
	{Name: "tenancy", Package: "./internal/drivertest/tenancy", Run: "^Test(Tenancy|Templates)",
		Promise: "a workspace is the same as if it were alone, and what belongs to another is unknown"},
	{Name: "erasure", Package: "./internal/drivertest/tenancy", Run: "^TestErasure",
		Promise: "what was erased is in no live data, log or error"},
	{Name: "compatibility", Package: "./internal/compat", Run: ".",
		Promise: "what any version stored is read, folded and answered the same, and an older node loses nothing that a newer one wrote"},
	{Name: "compatibility", Package: "./internal/drivertest", Run: "^TestSQLGolden$"},
}
