//go:build !linux

package routing_test

import "testing"

func TestRoutingKilled(t *testing.T) {
	t.Skip("NOT TESTED: routing by processes that die is tested on Linux only")
}
