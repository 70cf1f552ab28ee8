package main

// A suite is tests that put a promise to the test, and show that they would see
// it broken.
type suite struct {
	name    string
	promise string // what its zero says
	pkg     string // where its tests are, from the root of the repository
	run     string // which tests, as go test takes them

	parallel int // how many of its tests run at once: for those that mostly wait. 0 is as many as there are processors
}

// suites are all of them, the longest first, so that none is left alone at the end.
var suites = []suite{
	{name: "model", pkg: "./conversation", run: "^TestModel(Catches)?$",
		promise: "the machine does after every command of a random life what a model written from the specification does"},
	{name: "metamorphic", pkg: "./internal/drivertest", run: "^TestMetamorphic",
		promise: "the same commands give the same answers, journals and feeds on every store, and on one that was closed and opened again"},
	{name: "storage contract", pkg: "./internal/drivertest", run: "^TestStores$",
		promise: "every store keeps every sentence of the contract"},
	{name: "storage contract", pkg: "./storage/storagetest", run: "^TestBroken$"},
	{name: "simulator", pkg: "./internal/sim", run: "^TestSimulator",
		promise: "nodes that crash, pause and lose answers do everything once, leave nothing overdue, fill no seat twice and deliver every record"},
	{name: "linearizability", pkg: "./internal/drivertest/linear", run: "^TestLinear",
		promise: "what processes see of a conversation is what they would see if one command happened at a time"},
	{name: "network", pkg: "./internal/drivertest/wire", run: "^Test(Network|SilentCommit)", parallel: 8,
		promise: "however the network fails at COMMIT, no command is doubled, none acknowledged is lost, none said to have failed is applied, and no call outlasts its deadline by more than two seconds"},
	{name: "timers", pkg: "./internal/drivertest/crash", run: "^TestTimers",
		promise: "a deadline has its effect once and not early, whichever nodes are killed or stopped"},
	{name: "sqlite killed", pkg: "./internal/drivertest/crash", run: "^TestSQLiteKilled",
		promise: "what SQLite acknowledged outlives the process"},
	{name: "sqlite power loss", pkg: "./internal/drivertest/crash", run: "^TestSQLitePowerLoss",
		promise: "what SQLite acknowledged outlives the power"},
	{name: "postgres killed", pkg: "./internal/drivertest/crash", run: "^TestPostgresKilled",
		promise: "what Postgres acknowledged outlives the server, and what is repeated under its ID is done once"},
	{name: "feed", pkg: "./internal/drivertest", run: "^TestPostgresFeed$",
		promise: "a reader of the feed misses nothing, however long transactions of others take"},
	{name: "behaviours", pkg: "./internal/drivertest", run: "^Test(SQLite|Postgres)Behaviour$",
		promise: "every sentence that people are promised holds on every store"},
	{name: "behaviours", pkg: "./lifecycle", run: "^TestSabotage$"},
	{name: "routing", pkg: "./internal/drivertest/routing", run: "^TestRouting",
		promise: "no agent gets more than the capacity, no conversation two agents, and none waits beside a free one"},
	{name: "closers", pkg: "./internal/drivertest", run: "^TestClosers",
		promise: "of those who close a conversation at once one wins, the others learn of it, and no message is silently left unanswered"},
	{name: "exhaustive", pkg: "./conversation", run: "^TestEveryCell",
		promise: "every command in every situation by every actor does what the specification says"},
	{name: "closings", pkg: "./conversation", run: "^(TestClosingsAreWhatTheJournalSays|TestTheLedgerFindsWhatIsWrong)$",
		promise: "what reports know of a closing is what its journal says"},
	{name: "next", pkg: "./conversation", run: "^TestWhatComesNext",
		promise: "what is said to come next comes, then, and nothing else before"},
	{name: "replay", pkg: "./examples/replay", run: "^Test(RandomFiles|RandomStaff|EnoughAgents|FullHistory|FullHistoryOfStaff|Stores|Violations)$",
		promise: "timelines of support lived through the library break no promise, one after the other or all together"},
	{name: "hostile input", pkg: "./internal/drivertest/hostile", run: "^TestHostile",
		promise: "bad input is refused the same way by every store, and nothing of it is stored"},
	{name: "clock", pkg: "./snooze", run: "^TestEvery",
		promise: "a calendar time is never earlier than asked and never later than the gap it fell into"},
	{name: "tenancy", pkg: "./internal/drivertest/tenancy", run: "^TestTenancy",
		promise: "a workspace is the same as if it were alone, and what belongs to another is unknown"},
	{name: "erasure", pkg: "./internal/drivertest/tenancy", run: "^TestErasure",
		promise: "what was erased is in no live data, log or error"},
	{name: "compatibility", pkg: "./internal/compat", run: "^Test",
		promise: "journals of every released format lead to the states they led to, and what a newer version wrote survives"},
}
