package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/internal/group"
	"github.com/adjourn/adjourn/storage/internal/schema"
)

//go:embed migrations/*.sql
var embedded embed.FS

// files are the migrations, with {prefix} before the names.
var files = func() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the directory is part of the package
	}
	return sub
}()

// Migrations returns the files that Migrate runs, for hosts that have a tool of
// their own for this. They are numbered SQL files as goose reads them, to be run
// in order and each in one transaction; each records that it was run, so that the
// store knows. Of the options only the prefix counts, and it must be that of the
// store.
func Migrations(o *Options) (fs.FS, error) {
	options, err := o.checked()
	if err != nil {
		return nil, err
	}
	return schema.FS(files, options.Prefix)
}

// Migrate brings the tables to the version that this version of the library
// works with, and creates them if there are none. All of it happens or nothing,
// any number of processes may call it at once, and there is nothing left to do
// for those that come second. Tables that are newer are a *[storage.SchemaError].
func (s *Store) Migrate(ctx context.Context) error {
	err := s.writer.transaction(ctx, func(runner) error {
		r := plain{s.writer.conn, s.options.Prefix} // these statements do not come again
		have, err := tables(ctx, r)
		if err != nil {
			return err
		}
		if have > len(s.migrations) {
			return &storage.SchemaError{Have: have, Want: len(s.migrations)}
		}
		for _, m := range s.migrations[have:] {
			for _, statement := range m.Statements {
				if _, err := r.exec(ctx, statement); err != nil {
					return fmt.Errorf("to version %d: %w", m.Version, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return failed(ctx, "migrate", err)
	}
	return nil
}

// CheckSchema returns a *[storage.SchemaError] unless the tables are at the
// version that this version of the library works with. The first use of a store
// does the same.
func (s *Store) CheckSchema(ctx context.Context) error {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := s.checkSchema(ctx, plain{s.db, s.options.Prefix})
	if err != nil {
		return failed(ctx, "check schema", err)
	}
	return nil
}

func (s *Store) checkSchema(ctx context.Context, r runner) error {
	if s.closed.Load() {
		return group.ErrClosed
	}
	have, err := tables(ctx, r)
	if err != nil {
		return err
	}
	if want := len(s.migrations); have != want {
		return &storage.SchemaError{Have: have, Want: want}
	}
	s.current.Store(true)
	return nil
}

// tables returns the version of the tables, zero if there are none.
func tables(ctx context.Context, r runner) (version int, err error) {
	const created = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '{prefix}schema'`
	const recorded = `SELECT coalesce(max(version), 0) FROM {prefix}schema`
	found, err := first(ctx, r, created, nil, new(int))
	if err != nil || !found {
		return 0, err
	}
	_, err = first(ctx, r, recorded, nil, &version)
	return version, err
}
