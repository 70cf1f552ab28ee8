package rows

import (
	"context"
	"database/sql"

	"github.com/adjourn/adjourn/internal/bench"
)

// PostgresBytes is how large the tables get.
func PostgresBytes() bench.Row {
	const unit, fields = "B/conversation", "its fields"
	return bench.Row{
		Name: "postgres-bytes",
		What: "Bytes of an idle conversation in Postgres",
		Note: "A Desk opened 20,000 conversations, had a visitor say something, an agent take it and answer, and put it aside: " +
			"five commands, each with an ID, and five events, which a subscriber has read. The tables are measured with their indexes, after VACUUM, " +
			"and after VACUUM FULL, which nobody has to run.\n\n" +
			"**its fields** is what the store was given and has to keep: the key once, the last head, and every event, text, command ID and fingerprint, " +
			"strings and bodies with their bytes and eight for each number and time that is set. Heads that were overwritten do not count.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			conversations := e.Size(20_000, 200)
			store, db, err := openPostgres(ctx, e)
			if err != nil {
				return nil, err
			}
			g := &given{Store: store}
			if err := snoozeAll(ctx, g, conversations); err != nil {
				return nil, err
			}
			if _, err := store.Feed(ctx, 0, 1); err != nil { // it gives all their positions
				return nil, err
			}
			size, err := sizeAfter(ctx, db, "VACUUM")
			if err != nil {
				return nil, err
			}
			full, err := sizeAfter(ctx, db, "VACUUM FULL")
			if err != nil {
				return nil, err
			}
			side := func(name string, bytes int) bench.Side {
				sample := bench.Sample{unit: float64(bytes) / float64(conversations)}
				return bench.Side{Name: name, Run: func(context.Context) (bench.Sample, error) { return sample, nil }}
			}
			return []bench.Case{{
				Name:    "snoozed, five events",
				Sides:   []bench.Side{side("adjourn", size), side("after VACUUM FULL", full), side(fields, g.total)},
				Targets: []bench.Target{{Unit: unit, Against: fields, AtMost: 2}},
			}}, nil
		},
	}
}

// sizeAfter is how much the tables and their indexes take when a statement is done.
func sizeAfter(ctx context.Context, db *sql.DB, statement string) (bytes int, err error) {
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `
		SELECT sum(pg_total_relation_size(c.oid))
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'adjourn' AND c.relkind = 'r'`).Scan(&bytes)
	return bytes, err
}
