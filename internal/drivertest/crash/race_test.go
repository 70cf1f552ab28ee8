//go:build linux && race

package crash_test

// The race detector takes its share of a machine on which three nodes and a
// server run.
func init() { tempo /= 2 }
