package rows

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
)

// PostgresFeed is what it costs to read what happened, and how late one learns of it.
func PostgresFeed() bench.Row {
	const byHand, onePoll = "by hand", "one poll"
	return bench.Row{
		Name: "postgres-feed",
		What: "The feed of Postgres to one subscriber",
		Note: "One operation is an event. 100,000 commits of a Desk wait, of one event each, and are read in pages of 1,000, after each of which the " +
			"cursor of the subscriber is on the disk.\n\n" +
			"- **adjourn** is `Feed` and `Advance` of a Desk, which decode the events. The first of all subscribers also has the commits numbered, " +
			"which nobody has to wait for who is behind; **adjourn, first** is that one.\n" +
			"- **by hand** is a prepared SELECT that joins the numbered commits of the page with their events and texts, and an UPDATE of the cursor, " +
			"through the same driver. It decodes the events with the same function, because nobody knows what happened otherwise.\n" +
			"- **by hand, undecoded** leaves them as bytes.\n\n" +
			"The delay is from the call of a command, whose commit is part of it, until what it did is received, of 50 messages at odd moments: the longest " +
			"by `Subscribe`, in the same process, and the mean by `Feed`, which also reaches others, in a loop that looks every 20 ms.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			store, db, err := openPostgres(ctx, e)
			if err != nil {
				return nil, err
			}
			conversations := e.Size(20_000, 200)
			if err := snoozeAll(ctx, store, conversations); err != nil {
				return nil, err
			}
			if _, err := db.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
				return nil, err
			}
			desk, err := lifecycle.New(store, nil)
			if err != nil {
				return nil, err
			}
			hand, err := newPostgresFeedByHand(ctx, e, db)
			if err != nil {
				return nil, err
			}
			events, round := 5*conversations, 0
			reading := func(read func(ctx context.Context, subscriber string) (int, error)) func(ctx context.Context) (bench.Sample, error) {
				return func(ctx context.Context) (bench.Sample, error) {
					round++ // a subscriber of its own, who has read nothing
					return bench.Once(events, func() error {
						n, err := read(ctx, fmt.Sprint("subscriber-", round))
						if err == nil && n < events { // the delays are measured by some hundred more
							return fmt.Errorf("%d events were read, want %d", n, events)
						}
						return err
					})
				}
			}
			ours := reading(func(ctx context.Context, subscriber string) (int, error) { return readFeed(ctx, desk, subscriber) })
			return []bench.Case{
				{
					Name: "100,000 commits that wait",
					Sides: []bench.Side{
						{Name: "adjourn", Run: ours},
						{Name: "adjourn, first", Run: func(ctx context.Context) (bench.Sample, error) {
							if err := unnumber(ctx, db); err != nil {
								return nil, err
							}
							return ours(ctx)
						}},
						{Name: byHand, Run: reading(func(_ context.Context, subscriber string) (int, error) {
							return hand.read(subscriber, true)
						})},
						{Name: byHand + ", undecoded", Run: reading(func(_ context.Context, subscriber string) (int, error) {
							return hand.read(subscriber, false)
						})},
					},
					Targets: []bench.Target{{Against: byHand, AtLeast: 0.8}},
				},
				{
					Name: "delay",
					Sides: []bench.Side{
						{Name: "Subscribe, longest", Run: func(ctx context.Context) (bench.Sample, error) {
							all, err := delays(ctx, desk, live)
							return nanoseconds(slices.Max(all)), err
						}},
						{Name: "Feed, mean", Run: func(ctx context.Context) (bench.Sample, error) {
							all, err := delays(ctx, desk, polled)
							var sum time.Duration
							for _, d := range all {
								sum += d
							}
							return nanoseconds(sum / time.Duration(len(all))), err
						}},
						{Name: onePoll, Run: func(context.Context) (bench.Sample, error) { return nanoseconds(poll), nil }},
					},
					Targets: []bench.Target{{Against: onePoll, AtMost: 1}, {Side: "Feed, mean", Against: onePoll, AtMost: 1}},
				},
			}, nil
		},
	}
}

// unnumber takes the positions away from all commits.
func unnumber(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, `
		WITH gone AS (DELETE FROM adjourn.feed RETURNING id, workspace, conversation, from_version, to_version)
		INSERT INTO adjourn.unnumbered SELECT * FROM gone`)
	if err == nil {
		_, err = db.ExecContext(ctx, "VACUUM ANALYZE adjourn.feed, adjourn.unnumbered")
	}
	return err
}

func newPostgresFeedByHand(ctx context.Context, e *bench.Env, db *sql.DB) (*feedByHand, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	e.Cleanup(func() { _ = conn.Close() })
	h := &feedByHand{}
	return h, prepareAll(ctx, e, conn, []statement{
		{&h.where, "SELECT coalesce(max(position), 0) FROM adjourn.cursors WHERE subscriber = $1"},
		{&h.page, `
			SELECT f.position, f.workspace, f.conversation, e.version, e.body, t.text
			FROM (SELECT * FROM adjourn.feed WHERE position > $1 ORDER BY position LIMIT $2) f
			JOIN adjourn.events e ON e.workspace = f.workspace AND e.conversation = f.conversation
				AND e.version > f.from_version AND e.version <= f.to_version
			LEFT JOIN adjourn.texts t ON t.workspace = e.workspace AND t.conversation = e.conversation AND t.version = e.version
			ORDER BY f.position, e.version`},
		{&h.move, `
			INSERT INTO adjourn.cursors (subscriber, position) VALUES ($1, $2)
			ON CONFLICT (subscriber) DO UPDATE SET position = excluded.position`},
	})
}
