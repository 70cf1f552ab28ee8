// Package sim is the deterministic simulator: real Desks, several of them, on a
// simulated store and simulated clocks in one process, where everything that can
// go wrong does, and where the same seed is the same history, byte for byte.
//
// All of it is in the tests. TestSimulator runs thousands of seeds, and
// TestSimulatorCatches plants faults that the same checker must find. One run is
// repeated, and told step by step, with
//
//	SIM_RUN=seed go test -v -run 'TestReplay$' ./internal/sim
//
// # How it is deterministic
//
// A run is a synctest bubble, whose time is the true time. Each call of a Desk is
// a goroutine, and every call of the store is a place where it stops. One
// goroutine, the scheduler, waits until all others have stopped, and lets exactly
// one go on, chosen by the seed. Only the scheduler draws random numbers, and only
// it lets time pass.
//
// # What goes wrong
//
// Nodes crash, before a commit, after it, or with it on the way; the answer is
// lost, and a Desk that knows nothing takes the place of the old. Commits fail,
// end without telling whether they were applied, or are applied later. Calls and
// answers are slow, callers give up, nodes stand still and go on with what they
// had loaded, are restarted one by one, and have clocks that are wrong and jump.
// Routers and classifiers fail, panic and sleep; stored conversations and policies
// cannot be read. Each run draws which of these it has, and how often.
//
// Then the faults end, but for what cannot be read, and everything else must come
// to rest; then that is healed too, and all of it must.
package sim
