// Package bench measures the library beside what its users would pick instead,
// and beside the limit of what is under it, on one machine in one go.
//
// A [Row] has cases, and a case has sides: ours first. Every round runs each side
// once, one after the other, so that a slow minute of the machine meets them all;
// what counts is the ratio within a round, and its median over the rounds.
//
// The rows are in package rows, the program that runs them and writes
// BENCHMARKS.md in compare. It is a module of its own, so that the peers never
// come into the library's. It will never be imported by the library, and nothing
// in it decides whether a test passes: machines are too different for that. What
// guards against regressions are the counts of allocations in the packages
// themselves.
package bench
