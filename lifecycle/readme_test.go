package lifecycle_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestREADME: the first program of the README is the package's first example,
// whose output is checked.
func TestREADME(t *testing.T) {
	t.Parallel()
	readme := between(t, "../README.md", "func main() {", "\n}\n")
	example := between(t, "example_test.go", "func Example() {", "\n}\n")
	if diff := cmp.Diff(example, readme); diff != "" {
		t.Errorf("README.md (-example +readme):\n%s", diff)
	}
	if n := strings.Count(readme, "\n"); n > 20 {
		t.Errorf("the first program has %d lines in main", n)
	}
}

// between returns the first text between head and tail in a file.
func between(t *testing.T, file, head, tail string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	_, rest, found := strings.Cut(string(text), head)
	body, _, ended := strings.Cut(rest, tail)
	if !found || !ended {
		t.Fatalf("no %q up to %q in %s", head, tail, file)
	}
	return body
}
