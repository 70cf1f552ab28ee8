// Package proof takes down what the suites that claim "never" have counted: how
// often a promise was put to the test, how often it was broken, and which
// planted faults the suite has caught, without which its zero would show
// nothing. The program in prove runs the suites, prints a line for each, and
// writes RELIABILITY.md.
//
// It never judges: whether a suite passes is said by its test alone.
package proof
