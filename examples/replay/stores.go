package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
	"github.com/adjourn/adjourn/storage/sqlite"
)

// A database is a store with the tables that it needs.
type database interface {
	storage.Store
	Migrate(context.Context) error
	Close() error
}

// openStore opens the store that the flag -store names, and returns it with what
// closes it. In memory each conversation gets a store of its own: then it is nil.
func openStore(ctx context.Context, name string) (store storage.Store, done func() error, err error) {
	kind, where, _ := strings.Cut(name, ":")
	switch {
	case name == "memory":
		return nil, func() error { return nil }, nil
	case name == "sqlite":
		return temporaryFile(ctx)
	case kind == "sqlite" && where != "":
		return openFile(ctx, where)
	case kind == "postgres" && where != "":
		url := where
		if strings.HasPrefix(where, "//") {
			url = name // the flag is the URL
		}
		return openDatabase(ctx, "pgx", url, func(db *sql.DB) (database, error) { return postgres.New(ctx, db, nil) })
	}
	return nil, nil, fmt.Errorf("a store %q, want memory, sqlite, sqlite:FILE or postgres:URL", name)
}

func openFile(ctx context.Context, file string) (storage.Store, func() error, error) {
	return openDatabase(ctx, "sqlite", file, func(db *sql.DB) (database, error) { return sqlite.New(ctx, db, nil) })
}

func temporaryFile(ctx context.Context) (storage.Store, func() error, error) {
	dir, err := os.MkdirTemp("", "replay")
	if err != nil {
		return nil, nil, err
	}
	store, done, err := openFile(ctx, filepath.Join(dir, "replay.db"))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return store, func() error { return errors.Join(done(), os.RemoveAll(dir)) }, nil
}

// openDatabase makes the tables. What somebody else left in them would be mixed
// up with what is replayed, so there must be nothing.
func openDatabase(ctx context.Context, driver, source string, open func(*sql.DB) (database, error)) (storage.Store, func() error, error) {
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, nil, err
	}
	store, err := open(db)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	done := func() error { return errors.Join(store.Close(), db.Close()) }
	if err = store.Migrate(ctx); err == nil {
		err = checkEmpty(ctx, store)
	}
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return store, done, nil
}

func checkEmpty(ctx context.Context, store storage.Store) error {
	entries, err := store.Feed(ctx, 0, 1)
	if err == nil && len(entries) > 0 {
		return errors.New("there are conversations in the store already: give one that is empty")
	}
	return err
}
