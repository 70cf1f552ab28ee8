//go:build !linux

package linear_test

import "testing"

func TestLinearizability(t *testing.T) {
	t.Skip("NOT TESTED: nodes that die are tested on Linux only")
}
