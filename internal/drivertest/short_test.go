package drivertest_test

import "testing"

// long leaves a suite out of a short run, which shows that the module builds and
// works on its own and leaves the rest to the run with the race detector.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("not in a short run")
	}
}
