package drivertest_test

import (
	"bytes"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
)

// TestReplay: the example reports the same from Postgres as from memory.
func TestReplay(t *testing.T) {
	t.Parallel()
	replay := func(store string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "go", "run", "./replay", "-store", store)
		c.Dir = "../../examples"
		var stderr bytes.Buffer
		c.Stderr = &stderr
		stdout, err := c.Output()
		if err != nil {
			t.Fatalf("%v:\n%s", err, stderr.Bytes())
		}
		return string(stdout)
	}
	want := replay("memory")
	if diff := cmp.Diff(want, replay("postgres:"+pgtest.Shared(t).NewDatabase(t))); diff != "" {
		t.Errorf("on Postgres (-memory +postgres):\n%s", diff)
	}
}
