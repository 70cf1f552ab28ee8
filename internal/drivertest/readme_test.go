package drivertest_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// service is the README's second piece of code, which TestREADME compares.
func service(ctx context.Context, db *sql.DB, serve func(context.Context, *lifecycle.Desk)) error {
	store, err := sqlite.New(ctx, db, nil) // or postgres.New; db is your *sql.DB
	if err != nil {
		return err
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	desk, err := lifecycle.New(store, &lifecycle.Options{Logger: slog.Default()})
	if err != nil {
		return err
	}
	policies, revision, err := desk.Policies(ctx, "acme")
	if err != nil {
		return err
	}
	if revision == 0 { // the first start: from then on the store keeps them
		policies.Default.Bot = true
		if _, err := desk.SetPolicies(ctx, "acme", policies, revision); err != nil {
			return err
		}
	}
	go serve(ctx, desk)  // what you write: your handlers give it commands
	return desk.Run(ctx) // works off what becomes due, until ctx is done
}

// TestREADME: what the README tells a service to do compiles, and runs, also when
// it starts again.
func TestREADME(t *testing.T) {
	t.Parallel()
	shown := between(t, "../../README.md", "work off what becomes due:\n\n```go", "```")
	tested := between(t, "readme_test.go", "*lifecycle.Desk)) error {", "\n}\n")
	if diff := cmp.Diff(strings.ReplaceAll(tested, "\n\t", "\n")+"\n", shown); diff != "" {
		t.Errorf("README.md (-tested +shown):\n%s", diff)
	}
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "readme.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		err := service(ctx, db, func(context.Context, *lifecycle.Desk) { stop() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the service ended with %v", err)
		}
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
