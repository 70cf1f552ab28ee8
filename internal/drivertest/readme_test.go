package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// service is the README's second piece of code, which TestREADME compares.
func service(ctx context.Context, db *sql.DB, stopped chan<- error) error {
	store, err := sqlite.New(ctx, db, nil) // or postgres.New; db is your *sql.DB
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	desk, err := lifecycle.New(store, nil)
	if err != nil {
		return err
	}
	bot := conversation.Policies{Default: conversation.Policy{Bot: true}}
	if _, err := desk.SetPolicies(ctx, "acme", bot, 0); err != nil { // once: the store keeps them
		return err
	}
	go func() { stopped <- desk.Run(ctx) }() // until ctx is done
	return nil
}

// TestREADME: what the README tells a service to do compiles, and runs.
func TestREADME(t *testing.T) {
	t.Parallel()
	shown := between(t, "../../README.md", "works off what becomes due:\n\n```go", "```")
	tested := between(t, "readme_test.go", "stopped chan<- error) error {", "\treturn nil\n}\n")
	if diff := cmp.Diff(strings.ReplaceAll(tested, "\n\t", "\n"), shown); diff != "" {
		t.Errorf("README.md (-tested +shown):\n%s", diff)
	}
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "readme.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	if err := service(ctx, db, stopped); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-stopped; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

// between returns the first text between head and tail in a file.
func between(t *testing.T, file, head, tail string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), head)
	body, _, ended := strings.Cut(rest, tail)
	if !found || !ended {
		t.Fatalf("no %q up to %q in %s", head, tail, file)
	}
	return body
}
