//go:build !linux

package crash_test

import "testing"

func TestCrashes(t *testing.T) {
	t.Skip("NOT TESTED: what happens when processes and machines die is tested on Linux only")
}
