package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"hash/fnv"
	"io/fs"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/internal/schema"
)

//go:embed migrations/*.sql
var embedded embed.FS

// files returns the migrations as they are in the repository.
func files() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the name is not one of a directory
	}
	return sub
}

// Migrations returns the files that make the tables in the schema of the
// options, for hosts that migrate with a tool of their own: goose takes them as
// they are. Each is to run once, in order. What they record in the table
// schema_version is what [Store.CheckSchema] reads.
func Migrations(o *Options) (fs.FS, error) {
	options, err := o.checked()
	if err != nil {
		return nil, err
	}
	return schema.FS(files(), quoted(options.Schema))
}

// Migrate makes the tables, or brings them to the version that this library
// works with, all in one transaction. It may be called at each start and by any
// number of processes at once. It returns a *storage.SchemaError if the tables
// are newer. Only ctx ends it, for tables can be large: Options.Timeout does
// not.
func (s *Store) Migrate(ctx context.Context) error {
	migrations, err := schema.Read(files(), quoted(s.options.Schema))
	if err != nil {
		return failed(ctx, "migrate", err)
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		// Without it, those who come at once fail on each other's tables, also
		// with IF NOT EXISTS.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1::bigint)`, s.migrationLock()); err != nil {
			return err
		}
		have, err := s.version(ctx, tx)
		if err != nil {
			return err
		}
		if have > len(migrations) {
			return &storage.SchemaError{Have: have, Want: len(migrations)}
		}
		for _, m := range migrations[have:] {
			for _, statement := range m.Statements {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return fmt.Errorf("to version %d: %w", m.Version, err)
				}
			}
		}
		return nil
	})
	return failed(ctx, "migrate", err)
}

// migrationLock is the key of the lock, another one for each schema.
func (s *Store) migrationLock() int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("adjourn migrates " + s.options.Schema))
	return int64(h.Sum64())
}

// CheckSchema returns a *storage.SchemaError if the tables are not of the
// version that this library works with. The first call of a store's methods does
// the same.
func (s *Store) CheckSchema(ctx context.Context) error {
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	return failed(ctx, "check schema", s.checkSchema(ctx, s.db))
}

func (s *Store) checkSchema(ctx context.Context, q querier) error {
	migrations, err := fs.Glob(files(), "*.sql")
	if err != nil {
		return err
	}
	have, err := s.version(ctx, q)
	if err != nil {
		return err
	}
	if have != len(migrations) {
		return &storage.SchemaError{Have: have, Want: len(migrations)}
	}
	s.checked.Store(true)
	return nil
}

// version returns the version of the tables. It asks whether there are any
// before it reads them: an error would end the transaction of a host.
func (s *Store) version(ctx context.Context, q querier) (version int, err error) {
	var exists bool
	err = q.QueryRowContext(ctx, s.sql(`SELECT to_regclass('{prefix}.schema_version') IS NOT NULL`)).Scan(&exists)
	if err != nil || !exists {
		return 0, err
	}
	err = q.QueryRowContext(ctx, s.sql(`SELECT coalesce(max(version), 0) FROM {prefix}.schema_version`)).Scan(&version)
	return version, err
}
