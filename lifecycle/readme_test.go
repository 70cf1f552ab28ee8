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
	readme := functionBody(t, "../README.md", "func main() {")
	example := functionBody(t, "example_test.go", "func Example() {")
	if diff := cmp.Diff(example, readme); diff != "" {
		t.Errorf("README.md (-example +readme):\n%s", diff)
	}
	if n := strings.Count(readme, "\n"); n > 20 {
		t.Errorf("the first program has %d lines in main", n)
	}
}

// functionBody returns what stands between a function's first line and its end.
func functionBody(t *testing.T, file, head string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	_, rest, found := strings.Cut(string(text), head)
	body, _, ended := strings.Cut(rest, "\n}\n")
	if !found || !ended {
		t.Fatalf("no %q in %s", head, file)
	}
	return body
}
