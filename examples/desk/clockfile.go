package main

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// A clockFile keeps what the clock shows, so that it does not go back with a
// restart: what happened has its times. It is safe for concurrent use.
type clockFile struct {
	db    *sql.DB
	clock *demoClock

	mu   sync.Mutex // guards kept, and the file
	kept time.Time  // ahead of the clock while it goes, for processes that are killed
}

const clockTable = `
CREATE TABLE IF NOT EXISTS clock (
	id    INTEGER PRIMARY KEY CHECK (id = 1),
	shows INTEGER NOT NULL -- microseconds since 1970
) STRICT`

// openClock returns the clock, which goes on where it ended, as fast as usual. It
// is not behind the real time.
func openClock(ctx context.Context, db *sql.DB) (*clockFile, error) {
	if _, err := db.ExecContext(ctx, clockTable); err != nil {
		return nil, err
	}
	f := &clockFile{db: db, clock: newDemoClock(time.Now())}
	var shows int64
	switch err := db.QueryRowContext(ctx, `SELECT shows FROM clock`).Scan(&shows); {
	case errors.Is(err, sql.ErrNoRows):
		return f, nil
	case err != nil:
		return nil, err
	}
	f.kept = time.UnixMicro(shows)
	f.clock.AdvanceTo(f.kept)
	return f, nil
}

// run keeps what the clock shows, until ctx is done.
func (f *clockFile) run(ctx context.Context, failed func(error)) error {
	seconds := time.NewTicker(time.Second)
	defer seconds.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-seconds.C:
			if err := f.Keep(ctx, f.clock.Now(), f.clock.Speed()); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// Keep is called before the clock shows an instant, from which on it goes so fast.
// It keeps what it will not have passed within the next seconds.
func (f *clockFile) Keep(ctx context.Context, from time.Time, speed int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	usual := speed == 1 && !from.After(time.Now()) // it shows the real time
	second := time.Duration(speed) * time.Second
	if usual || !from.Add(2*second).After(f.kept) {
		return nil
	}
	return f.write(ctx, from.Add(max(4*second, 30*time.Second)))
}

// Close keeps what the clock shows now.
func (f *clockFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept.IsZero() { // it always showed the real time
		return nil
	}
	return f.write(context.Background(), f.clock.Now())
}

func (f *clockFile) write(ctx context.Context, shows time.Time) error {
	_, err := f.db.ExecContext(ctx, `INSERT INTO clock (id, shows) VALUES (1, ?) ON CONFLICT DO UPDATE SET shows = excluded.shows`, shows.UnixMicro())
	if err == nil {
		f.kept = shows
	}
	return err
}
