package hostile_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/adjourn/adjourn/internal/proof"
)

// fuzzTargets are those whose inputs are kept: every go test of their packages runs
// them again.
var fuzzTargets = []string{
	"conversation/FuzzDecode", "conversation/FuzzDecodeRecord", "conversation/FuzzDecodePolicies", "conversation/FuzzModel",
	"lifecycle/FuzzToken", "roster/FuzzDecode", "snooze/FuzzSuggest", "snooze/FuzzUntil",
}

// TestCorpora: what fuzzing found interesting is kept beside each target, readable
// and small.
func TestCorpora(t *testing.T) {
	t.Parallel()
	kept := 0
	for _, target := range fuzzTargets {
		dir, name := filepath.Split(target)
		files, err := filepath.Glob(filepath.Join(root, dir, "testdata", "fuzz", name, "*"))
		must(t, err)
		if len(files) == 0 || len(files) > 60 {
			t.Errorf("%s has %d inputs, want 1 to 60", target, len(files))
		}
		kept += len(files)
		for _, file := range files {
			body, err := os.ReadFile(file)
			must(t, err)
			if !bytes.HasPrefix(body, []byte("go test fuzz v1\n")) || len(body) > 4<<10 {
				t.Errorf("%s is no small input: %d bytes", file, len(body))
			}
		}
	}
	proof.Count(t, proof.Figure{
		Suite: suite, Tried: int64(kept), Trials: "kept inputs of fuzz targets", Breaks: "missing", Details: fmt.Sprintf("%d targets", len(fuzzTargets)),
	})
}
