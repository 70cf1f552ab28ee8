package hostile_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/postgres"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// A subject is a store under test, and all that is in it.
type subject struct {
	name string
	open func(t testing.TB) (store storage.Store, dump func() (string, error))
}

// subjects are the stores with their drivers. The first is what the others are
// compared with.
var subjects = []subject{
	{"memory", onMemory},
	{"sqlite (modernc)", onSQLite("sqlite")},
	{"sqlite (mattn)", onSQLite("sqlite3")},
	{"postgres (pgx)", onPostgres("pgx")},
	{"postgres (lib/pq)", onPostgres("postgres")},
}

func onMemory(testing.TB) (storage.Store, func() (string, error)) {
	s := memory.New()
	return s, func() (string, error) {
		var b strings.Builder
		walk(&b, reflect.ValueOf(s).Elem(), map[uintptr]bool{})
		return b.String(), nil
	}
}

// walk writes all that a value holds, in fields that are not exported too. What
// synchronises is left out.
func walk(b *strings.Builder, v reflect.Value, passed map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || passed[v.Pointer()] {
			fmt.Fprintf(b, "%t", v.IsNil())
			return
		}
		passed[v.Pointer()] = true
		walk(b, v.Elem(), passed)
		delete(passed, v.Pointer())
	case reflect.Struct:
		if v.Type().PkgPath() == "sync" {
			return
		}
		b.WriteByte('{')
		for i := range v.NumField() {
			walk(b, v.Field(i), passed)
			b.WriteByte(',')
		}
		b.WriteByte('}')
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
			b.Write(v.Bytes())
			return
		}
		fmt.Fprintf(b, "%d[", v.Len())
		for i := range v.Len() {
			walk(b, v.Index(i), passed)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case reflect.Map:
		var entries []string
		for key, value := range v.Seq2() {
			var e strings.Builder
			walk(&e, key, passed)
			e.WriteByte(':')
			walk(&e, value, passed)
			entries = append(entries, e.String())
		}
		slices.Sort(entries)
		b.WriteString(strings.Join(entries, ";"))
	case reflect.Func:
	case reflect.Interface:
		walk(b, v.Elem(), passed)
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Int64, reflect.Int:
		b.WriteString(strconv.FormatInt(v.Int(), 10))
	default:
		fmt.Fprint(b, v)
	}
}

func onSQLite(driver string) func(testing.TB) (storage.Store, func() (string, error)) {
	return func(t testing.TB) (storage.Store, func() (string, error)) {
		db, err := sql.Open(driver, "file:"+filepath.Join(t.TempDir(), "conversations.db"))
		must(t, err)
		t.Cleanup(func() { must(t, db.Close()) })
		s, err := sqlite.New(context.Background(), db, nil)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		must(t, s.Migrate(context.Background()))
		return s, func() (string, error) {
			return dumped(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", "SELECT * FROM %q")
		}
	}
}

func onPostgres(driver string) func(testing.TB) (storage.Store, func() (string, error)) {
	return func(t testing.TB) (storage.Store, func() (string, error)) {
		db, err := sql.Open(driver, pgtest.Shared(t).NewDatabase(t))
		must(t, err)
		t.Cleanup(func() { _ = db.Close() })
		s, err := postgres.New(context.Background(), db, nil)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		must(t, s.Migrate(context.Background()))
		const tables = `SELECT table_schema || '.' || table_name FROM information_schema.tables
			WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`
		return s, func() (string, error) { return dumped(db, tables, "SELECT t::text FROM %s t") }
	}
}

// dumped returns every row of every table, in an order of its own.
func dumped(db *sql.DB, tables, rows string) (string, error) {
	names, err := rowsOf(db, tables)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, name := range names {
		content, err := rowsOf(db, fmt.Sprintf(rows, name))
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		slices.Sort(content)
		fmt.Fprintf(&all, "%s\n%s\n", name, strings.Join(content, "\n"))
	}
	return all.String(), nil
}

// rowsOf returns the rows of a query, each as one string.
func rowsOf(db *sql.DB, query string) (all []string, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row := ""
		for i, v := range values {
			if b, ok := v.([]byte); ok {
				values[i] = string(b)
			}
			if i > 0 {
				row += "|"
			}
			row += fmt.Sprint(values[i])
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
