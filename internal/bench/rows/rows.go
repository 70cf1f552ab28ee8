// Package rows holds what is compared: each file a row or two, with the peers.
package rows

import "github.com/adjourn/adjourn/internal/bench"

// All returns the rows in the order of BENCHMARKS.md.
func All() []bench.Row {
	return []bench.Row{
		Decide(),
		Desk(),
		MemoryBytes(),
		Clock(),
		Wake(),
		ScalePostgres(),
		ScaleSQLite(),
		SQLite(),
		SQLiteBytes(),
		SQLiteFeed(),
		Postgres(),
		PostgresBytes(),
		PostgresFeed(),
	}
}
