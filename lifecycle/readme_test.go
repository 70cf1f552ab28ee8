package lifecycle_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
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

// service is the README's second piece of code, which TestREADMEService compares.
func service(ctx context.Context, desk *lifecycle.Desk, stopped chan<- error) error {
	bot := conversation.Policies{Default: conversation.Policy{Bot: true}}
	if _, err := desk.SetPolicies(ctx, "acme", bot, 0); err != nil { // once: the store keeps them
		return err
	}
	go func() { stopped <- desk.Run(ctx) }() // until ctx is done
	return nil
}

// TestREADMEService: what the README tells a service to do compiles, and runs.
func TestREADMEService(t *testing.T) {
	t.Parallel()
	shown := between(t, "../README.md", "off what becomes due:\n\n```go", "```")
	tested := between(t, "readme_test.go", "stopped chan<- error) error {", "\treturn nil\n}\n")
	if diff := cmp.Diff(strings.ReplaceAll(tested, "\n\t", "\n"), shown); diff != "" {
		t.Errorf("README.md (-tested +shown):\n%s", diff)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	check(t, service(ctx, newDesk(t, newMemory(), lifecycle.Options{}), stopped))
	stop()
	fails(t, <-stopped, context.Canceled)
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
