package tenancy_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/lib/pq"
	_ "github.com/mattn/go-sqlite3"
	_ "modernc.org/sqlite"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/postgres"
	"github.com/adjourn/adjourn/storage/sqlite"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// A place is an empty store.
type place struct {
	storage.Store
	rows  func(context.Context) (string, error) // every row of every table; nil: there are none
	close func() error
}

// opening returns new places of a kind.
type opening func(t *testing.T) place

func inMemory(*testing.T) place {
	return place{Store: memory.New(), close: func() error { return nil }}
}

// eachStore runs a test on every store but memory, with every driver. Without a
// server of Postgres it says that it was not whole.
func eachStore(t *testing.T, test func(t *testing.T, store string, open opening)) {
	t.Helper()
	proof.Long(t)
	var mu sync.Mutex // guards left
	var left []string
	t.Run("each", func(t *testing.T) { // returns when all have ended
		for _, driver := range []string{"sqlite", "sqlite3"} {
			t.Run(driver, func(t *testing.T) {
				t.Parallel()
				dir := directory(t)
				test(t, driver, func(t *testing.T) place { return onSQLite(t, driver, dir) })
			})
		}
		for _, driver := range []string{"pgx", "postgres"} {
			t.Run(driver, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Skipped() {
						mu.Lock()
						defer mu.Unlock()
						left = append(left, driver)
					}
				})
				db, err := sql.Open(driver, pgtest.Shared(t).NewDatabase(t))
				must(t, err)
				t.Cleanup(func() { _ = db.Close() })
				test(t, driver, func(t *testing.T) place { return onPostgres(t, db) })
			})
		}
	})
	if len(left) > 0 {
		t.Skipf("NOT TESTED with %q: what was counted is of the other stores", left)
	}
}

// directory is in memory where there is such a place: each commit waits until the
// file is safe.
func directory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "adjourn")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

var places atomic.Int64

// migrated is a file with tables.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "adjourn")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "template.db")
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.New(context.Background(), db, nil)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(store.Migrate(context.Background()), store.Close(), db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file) // whole: the last connection to close leaves no WAL
})

func onSQLite(t *testing.T, driver, dir string) place {
	t.Helper()
	content, err := migrated()
	must(t, err)
	file := filepath.Join(dir, fmt.Sprintf("%s-%d.db", driver, places.Add(1)))
	must(t, os.WriteFile(file, content, 0o600))
	db, err := sql.Open(driver, "file:"+file)
	must(t, err)
	store, err := sqlite.New(t.Context(), db, nil)
	must(t, err)
	return place{
		Store: store,
		rows: func(ctx context.Context) (string, error) {
			return everyRow(ctx, db, "SELECT name FROM sqlite_master WHERE type = 'table'")
		},
		close: func() error { return errors.Join(store.Close(), db.Close()) },
	}
}

func onPostgres(t *testing.T, db *sql.DB) place {
	t.Helper()
	schema := fmt.Sprint("s", places.Add(1))
	store, err := postgres.New(t.Context(), db, &postgres.Options{Schema: schema})
	must(t, err)
	must(t, store.Migrate(t.Context()))
	return place{
		Store: store,
		rows: func(ctx context.Context) (string, error) {
			return everyRow(ctx, db, fmt.Sprintf("SELECT '%s.' || table_name FROM information_schema.tables WHERE table_schema = '%[1]s'", schema))
		},
		close: store.Close,
	}
}

// everyRow reads every table that a query names.
func everyRow(ctx context.Context, db *sql.DB, tables string) (string, error) {
	var b strings.Builder
	names, err := column(ctx, db, tables)
	if err != nil {
		return "", err
	}
	if len(names) < 5 {
		return "", fmt.Errorf("only the tables %q", names)
	}
	for _, name := range names {
		rows, err := db.QueryContext(ctx, "SELECT * FROM "+name)
		if err != nil {
			return "", err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return "", err
		}
		values := make([]any, len(columns))
		for rows.Next() {
			for i := range values {
				values[i] = new(sql.RawBytes)
			}
			if err := rows.Scan(values...); err != nil {
				return "", err
			}
			for i, v := range values {
				fmt.Fprintf(&b, "%s.%s %s\n", name, columns[i], *v.(*sql.RawBytes))
			}
		}
		if err := rows.Err(); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

func column(ctx context.Context, db *sql.DB, query string) (all []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, rows.Err()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
