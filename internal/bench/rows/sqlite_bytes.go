package rows

import (
	"context"
	"database/sql"

	"github.com/adjourn/adjourn/internal/bench"
)

// SQLiteBytes is how large a file gets.
func SQLiteBytes() bench.Row {
	const unit, fields = "B/conversation", "its fields"
	return bench.Row{
		Name: "sqlite-bytes",
		What: "Bytes of an idle conversation in SQLite",
		Note: "A Desk opened 20,000 conversations, had a visitor say something, an agent take it and answer, and put it aside: " +
			"five commands, each with an ID, and five events. The file is measured after a checkpoint, and after VACUUM, which nobody has to run.\n\n" +
			"**its fields** is what the store was given and has to keep: the key once, the last head, and every event, text, command ID and fingerprint, " +
			"strings and bodies with their bytes and eight for each number and time that is set. Heads that were overwritten do not count.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			conversations := e.Size(20_000, 200)
			store, db, err := openSQLite(ctx, e, "sqlite", "snoozed.db")
			if err != nil {
				return nil, err
			}
			g := &given{Store: store}
			if err := snoozeAll(ctx, g, conversations); err != nil {
				return nil, err
			}
			size, err := fileSize(ctx, db)
			if err != nil {
				return nil, err
			}
			if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
				return nil, err
			}
			vacuumed, err := fileSize(ctx, db)
			if err != nil {
				return nil, err
			}
			side := func(name string, bytes int) bench.Side {
				sample := bench.Sample{unit: float64(bytes) / float64(conversations)}
				return bench.Side{Name: name, Run: func(context.Context) (bench.Sample, error) { return sample, nil }}
			}
			return []bench.Case{{
				Name:    "snoozed, five events",
				Sides:   []bench.Side{side("adjourn", size), side("after VACUUM", vacuumed), side(fields, g.total)},
				Targets: []bench.Target{{Unit: unit, Against: fields, AtMost: 2}},
			}}, nil
		},
	}
}

// fileSize is how large the file is when all that was written is in it.
func fileSize(ctx context.Context, db *sql.DB) (bytes int, err error) {
	var busy, log, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&bytes)
	return bytes, err
}
