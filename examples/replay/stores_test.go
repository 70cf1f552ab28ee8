package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/internal/proof"
)

// TestStores: the same conversations on SQLite give the same report, whether the
// file is kept or not, and side by side.
func TestStores(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	want, _, _ := program(t, "")
	file := filepath.Join(t.TempDir(), "replay.db")
	for _, args := range [][]string{{"-store", "sqlite"}, {"-store", "sqlite", "-together"}, {"-store", "sqlite:" + file}} {
		got, stderr, status := program(t, "", args...)
		if status != 0 || got != want {
			t.Errorf("run(%q) = %d:\n%s%s\nwant\n%s", args, status, stderr, got, want)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	want, _, _ = program(t, "", "-agents", "1,3")
	if got, stderr, status := program(t, "", "-agents", "1,3", "-store", "sqlite"); status != 0 || got != want {
		t.Errorf("with agents: %d:\n%s%s\nwant\n%s", status, stderr, got, want)
	}
	_, stderr, status := program(t, "", "-store", "sqlite:"+file)
	if status != 2 || !strings.Contains(stderr, "empty") {
		t.Errorf("on a file that was used: %d, %s", status, stderr)
	}
}

func TestUnknownStores(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"", "sqlite:", "postgres", "postgres:", "redis:x", "memory:x"} {
		if _, stderr, status := program(t, "", "-store", store); status != 2 || !strings.Contains(stderr, "store") {
			t.Errorf("-store %q = %d, %s", store, status, stderr)
		}
	}
}
