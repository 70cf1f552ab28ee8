package rows

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/adjourn/adjourn/internal/bench"
)

// A wakeJob wakes a conversation of a host that keeps its own.
type wakeJob struct {
	Conversation int64 `json:"conversation"`
}

// Kind implements [river.JobArgs].
func (wakeJob) Kind() string { return "wake" }

// A wakeWorker does the least that waking takes: the conversation and its
// history are written in one transaction, in one round trip.
type wakeWorker struct {
	river.WorkerDefaults[wakeJob]
	pool *pgxpool.Pool
}

// Work implements [river.Worker].
func (w *wakeWorker) Work(ctx context.Context, job *river.Job[wakeJob]) error {
	var b pgx.Batch // its statements are one transaction
	b.Queue(`UPDATE by_hand SET state = 'assigned', version = version + 1 WHERE id = $1`, job.Args.Conversation)
	b.Queue(`INSERT INTO by_hand_events (conversation, version, body) VALUES ($1, 5, '{"type": "woken", "data": {"cause": "timer"}}')`, job.Args.Conversation)
	return w.pool.SendBatch(ctx, &b).Close()
}

// riverClock is the clock of its clients, which stands still.
type riverClock struct{ now time.Time }

// Now implements [rivertype.TimeGenerator].
func (c riverClock) Now() time.Time { return c.now }

// NowOrNil implements [rivertype.TimeGenerator].
func (c riverClock) NowOrNil() *time.Time { return &c.now }

// A riverside is a host that wakes its conversations with River.
type riverside struct {
	pool  *pgxpool.Pool
	jobs  int
	waves int // rounds that were
}

// riverWorkers is where it was the quickest, of 50, 100, 200 and 500.
var riverWorkers = 500

// riverWaves is in how many parts the jobs are due, a minute apart: River looks
// some seconds ahead.
const riverWaves = 10

func openRiver(ctx context.Context, e *bench.Env, jobs int) (*riverside, error) {
	server, err := e.Postgres()
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(server.URL("postgres"))
	if err != nil {
		return nil, err
	}
	config.MaxConns = 32
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	e.Cleanup(pool.Close)
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	began := time.Now()
	for _, statement := range []string{
		`CREATE TABLE by_hand (id bigint PRIMARY KEY, state text NOT NULL, version bigint NOT NULL, body jsonb NOT NULL)`,
		`CREATE TABLE by_hand_events (conversation bigint, version bigint, body jsonb NOT NULL, PRIMARY KEY (conversation, version))`,
		fmt.Sprintf(`INSERT INTO by_hand
			SELECT i, 'snoozed', 4, jsonb_build_object('id', i, 'visitor', 'visitor-' || i, 'agent', 'a' || i %% 1000)
			FROM generate_series(0, %d - 1) AS numbers (i)`, jobs),
		fmt.Sprintf(`INSERT INTO river_job (state, max_attempts, scheduled_at, args, kind)
			SELECT 'scheduled', 25, '%s'::timestamptz + i %% %d * interval '1 minute', jsonb_build_object('conversation', i), 'wake'
			FROM generate_series(0, %d - 1) AS numbers (i)`, asideTo.Format(time.RFC3339), riverWaves, jobs),
		`VACUUM ANALYZE`,
		`CHECKPOINT`,
	} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	e.Logf("wake: %d jobs in %v", jobs, time.Since(began).Round(time.Second))
	return &riverside{pool: pool, jobs: jobs}, nil
}

// run works off a wave, from when River begins until it has all completed.
func (r *riverside) run(ctx context.Context) (bench.Sample, error) {
	now := asideTo.Add(time.Duration(r.waves) * time.Minute)
	r.waves++
	n := r.jobs / riverWaves
	workers := river.NewWorkers()
	river.AddWorker(workers, &wakeWorker{pool: r.pool})
	client, err := river.NewClient(riverpgxv5.New(r.pool), &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
		Workers:           workers,
		FetchCooldown:     river.FetchCooldownMin,
		FetchPollInterval: riverPoll,
		Test:              river.TestConfig{Time: riverClock{now}},
		TestOnly:          true, // it begins at once
	})
	if err != nil {
		return nil, err
	}
	events, cancel := client.SubscribeConfig(&river.SubscribeConfig{
		ChanSize: n, Kinds: []river.EventKind{river.EventKindJobCompleted, river.EventKindJobFailed},
	})
	defer cancel()
	defer func() { _ = client.StopAndCancel(ctx) }()
	sample, err := bench.Once(n, func() error {
		if err := client.Start(ctx); err != nil {
			return err
		}
		for range n {
			select {
			case event := <-events:
				if event.Kind == river.EventKindJobFailed {
					return fmt.Errorf("job %d failed: %v", event.Job.ID, event.Job.Errors)
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return sample, err
}

var riverPoll = river.FetchPollIntervalMin
