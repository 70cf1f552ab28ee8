// Package archtest has no code, only tests, which hold the module to the shape that its packages promise:
//
//   - Imports point downward. Every package stands in a map with the packages of this module and the third-party
//     modules that it may import; a package that is not in the map fails, and so does any other import.
//   - Floors 1 and 2 (snooze, closure, idle, conversation) are pure: no clock, I/O, context, goroutine, channel, lock
//     or randomness.
//   - The machine's clock is read in one file, lifecycle/clock.go.
//   - Only the kits for tests (storagetest, lifecycletest) import testing.
//   - Tests are in external packages (package x_test), so that they use what users use.
//   - go.mod requires exactly three modules and replaces none.
//
// Files of tests are bound by the last two only. To change a rule, change the maps in house_test.go and their reasons.
package archtest
