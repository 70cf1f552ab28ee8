package rows

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/lifecycle"
)

const poll = 20 * time.Millisecond

// feedPage is how many commits a subscriber reads before it moves its cursor.
const feedPage = 1000

// SQLiteFeed is what it costs to read what happened, and how late one learns of it.
func SQLiteFeed() bench.Row {
	const byHand, onePoll = "by hand", "one poll"
	return bench.Row{
		Name: "sqlite-feed",
		What: "The feed of SQLite to one subscriber",
		Note: "One operation is an event. 100,000 commits of a Desk wait, of one event each, and are read in pages of 1,000, after each of which the " +
			"cursor of the subscriber is on the disk.\n\n" +
			"- **adjourn** is `Feed` and `Advance` of a Desk, which decode the events.\n" +
			"- **by hand** is a prepared SELECT that joins the commits of the page with their events and texts, and an UPDATE of the cursor, through the " +
			"same driver. It decodes the events with the same function, because nobody knows what happened otherwise.\n" +
			"- **by hand, undecoded** leaves them as bytes.\n\n" +
			"The delay is from the call of a command, whose commit is part of it, until what it did is received, of 50 messages at odd moments: the longest " +
			"by `Subscribe`, in the same process, and the mean by `Feed`, which also reaches others, in a loop that looks every 20 ms.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			store, db, err := openSQLite(ctx, e, "sqlite", "feed.db")
			if err != nil {
				return nil, err
			}
			conversations := e.Size(20_000, 200)
			if err := snoozeAll(ctx, store, conversations); err != nil {
				return nil, err
			}
			desk, err := lifecycle.New(store, nil)
			if err != nil {
				return nil, err
			}
			hand, err := newFeedByHand(ctx, e, db)
			if err != nil {
				return nil, err
			}
			other, _, err := openSQLite(ctx, e, "sqlite", "delay.db")
			if err != nil {
				return nil, err
			}
			talking, err := lifecycle.New(other, nil)
			if err != nil {
				return nil, err
			}
			round := 0
			reading := func(read func(ctx context.Context, subscriber string) (int, error)) func(ctx context.Context) (bench.Sample, error) {
				return func(ctx context.Context) (bench.Sample, error) {
					round++ // a subscriber of its own, who has read nothing
					events := 5 * conversations
					return bench.Once(events, func() error {
						n, err := read(ctx, fmt.Sprint("subscriber-", round))
						if err == nil && n != events {
							return fmt.Errorf("%d events were read, want %d", n, events)
						}
						return err
					})
				}
			}
			return []bench.Case{
				{
					Name: "100,000 commits that wait",
					Sides: []bench.Side{
						{Name: "adjourn", Run: reading(func(ctx context.Context, subscriber string) (int, error) {
							return readFeed(ctx, desk, subscriber)
						})},
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
							all, err := delays(ctx, talking, live)
							return nanoseconds(slices.Max(all)), err
						}},
						{Name: "Feed, mean", Run: func(ctx context.Context) (bench.Sample, error) {
							all, err := delays(ctx, talking, polled)
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

func readFeed(ctx context.Context, desk *lifecycle.Desk, subscriber string) (events int, err error) {
	for {
		page, err := desk.Feed(ctx, subscriber, feedPage)
		if err != nil || len(page) == 0 {
			return events, err
		}
		for _, delivery := range page {
			events += len(delivery.Records)
		}
		if _, err := desk.Advance(ctx, subscriber, page[len(page)-1].Position); err != nil {
			return events, err
		}
	}
}

// feedByHand reads the feed as a subscriber does, who knows the tables.
type feedByHand struct{ where, page, move *sql.Stmt }

func newFeedByHand(ctx context.Context, e *bench.Env, db *sql.DB) (*feedByHand, error) {
	conn, err := handConn(ctx, e, db)
	if err != nil {
		return nil, err
	}
	h := &feedByHand{}
	return h, prepareAll(ctx, e, conn, []statement{
		{&h.where, "SELECT coalesce(max(position), 0) FROM adjourn_cursors WHERE subscriber = ?"},
		{&h.page, `
SELECT c.position, c.workspace, c.conversation, e.version, e.body, t.text
FROM adjourn_commits c
JOIN adjourn_events e ON e.workspace = c.workspace AND e.conversation = c.conversation
    AND e.version > c.from_version AND e.version <= c.to_version
LEFT JOIN adjourn_texts t ON t.id = e.text_id
WHERE c.position > ?1 AND c.position <= ?1 + ?2
ORDER BY c.position, e.version`},
		{&h.move, "INSERT INTO adjourn_cursors (subscriber, position) VALUES (?, ?) ON CONFLICT (subscriber) DO UPDATE SET position = excluded.position"},
	})
}

// A handEvent is what there is to know of an event.
type handEvent struct {
	position                int64
	workspace, conversation string
	version                 int64
	body                    []byte
	text                    sql.NullString
	record                  conversation.Record
}

func (h *feedByHand) read(subscriber string, decode bool) (events int, err error) {
	for {
		var after int64
		if err := h.where.QueryRow(subscriber).Scan(&after); err != nil {
			return events, err
		}
		page, err := h.readPage(after, decode)
		if err != nil || len(page) == 0 {
			return events, err
		}
		events += len(page)
		if _, err := h.move.Exec(subscriber, page[len(page)-1].position); err != nil {
			return events, err
		}
	}
}

func (h *feedByHand) readPage(after int64, decode bool) (page []handEvent, err error) {
	rows, err := h.page.Query(after, feedPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e handEvent
		if err := rows.Scan(&e.position, &e.workspace, &e.conversation, &e.version, &e.body, &e.text); err != nil {
			return nil, err
		}
		if decode {
			if e.record, err = conversation.DecodeRecord(e.body); err != nil {
				return nil, err
			}
			e.record.Event = conversation.WithText(e.record.Event, e.text.String)
		}
		page = append(page, e)
	}
	return page, rows.Err()
}

// A listener tells of what it received, until it is stopped.
type listener func(ctx context.Context, desk *lifecycle.Desk) (received <-chan error, stop func(), err error)

// delays has a visitor say something at odd moments, and returns how long each
// message took to the listener.
func delays(ctx context.Context, desk *lifecycle.Desk, listen listener) ([]time.Duration, error) {
	all := make([]time.Duration, 50)
	visitor := conversation.Visitor("vic")
	opened, err := desk.Open(ctx, lifecycle.Call{Workspace: "acme", By: visitor}, conversation.Open{})
	if err != nil {
		return all, err
	}
	received, stop, err := listen(ctx, desk)
	if err != nil {
		return all, err
	}
	defer stop()
	call := lifecycle.Call{Workspace: "acme", Conversation: opened.Conversation.ID, By: visitor}
	for i := range all {
		time.Sleep(rand.N(poll))
		began := time.Now()
		if _, err := desk.Say(ctx, call, "Are you there?"); err != nil {
			return all, err
		}
		if err := <-received; err != nil {
			return all, err
		}
		all[i] = time.Since(began)
	}
	return all, nil
}

// live receives what this Desk does.
func live(_ context.Context, desk *lifecycle.Desk) (<-chan error, func(), error) {
	received := make(chan error)
	s := desk.Subscribe(1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range s.Updates() {
			received <- nil
		}
	})
	return received, func() { s.Close(); wg.Wait() }, nil
}

// polled receives what anybody does who writes to the store.
func polled(ctx context.Context, desk *lifecycle.Desk) (<-chan error, func(), error) {
	const subscriber = "poll"
	if _, err := readFeed(ctx, desk, subscriber); err != nil {
		return nil, nil, err
	}
	received := make(chan error)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range time.Tick(poll) {
			n, err := readFeed(ctx, desk, subscriber)
			if n == 0 && err == nil {
				continue
			}
			select {
			case received <- err:
			case <-ctx.Done():
				return
			}
		}
	})
	return received, func() { cancel(); wg.Wait() }, nil
}

func nanoseconds(d time.Duration) bench.Sample { return bench.Sample{bench.NsPerOp: float64(d)} }
