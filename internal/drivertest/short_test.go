package drivertest_test

import "testing"

// long leaves a suite out of a short run, for those who try something out.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("not in a short run")
	}
}
