package drivertest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/drivertest/pgtest"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/postgres"
)

// The server of the benchmarks is the one of the tests: it waits for no disk.

func BenchmarkPostgresCommit(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
			_, s := onPostgres(b, nil)
			mustPg(b, s.CheckSchema(context.Background()))
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range callers {
				wg.Go(func() {
					k := pgKey(fmt.Sprint(i))
					for v := range int64(b.N / callers) {
						if err := s.Commit(context.Background(), pgChange(k, v, 1, fmt.Sprint(v))); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// BenchmarkPostgresSeats takes and frees seats of twenty agents, and changes what
// the views show.
func BenchmarkPostgresSeats(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(callers, " callers"), func(b *testing.B) {
			_, s := onPostgres(b, nil)
			for i := range 20 {
				mustPg(b, s.Put(context.Background(), pgAgent(fmt.Sprint(i), 100)))
			}
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range callers {
				wg.Go(func() {
					k := pgKey(fmt.Sprint(i))
					for v := range int64(b.N / callers) {
						c := pgChange(k, v, 1, fmt.Sprint(v))
						if v%2 == 0 {
							c = pgSeated(fmt.Sprint(i%20), c)
						}
						c.Head.Since = pgNoon.Add(time.Duration(v) * time.Second)
						c.Head.Updated, c.Head.Tags = c.Head.Since, []string{"blue"}
						if err := s.Commit(context.Background(), c); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func BenchmarkPostgresRead(b *testing.B) {
	db := pgx.open(b, pgtest.Shared(b).NewDatabase(b))
	s := manyConversations(b, db, &postgres.Options{Timeout: time.Minute})
	ctx := context.Background()
	k := storage.Key{Workspace: "w7", Conversation: "c7"}
	for _, bench := range []struct {
		name string
		call func() error
	}{
		{"Load", func() error { _, err := s.Load(ctx, k, "open"); return err }},
		{"Due", func() error { _, err := s.Due(ctx, time.UnixMicro(99_999), storage.Due{}, 100); return err }},
		{"Outdated", func() error { _, err := s.Outdated(ctx, time.UnixMicro(0), storage.Key{}, 100); return err }},
		{"Feed", func() error { _, err := s.Feed(ctx, 50_000, 100); return err }},
		{"Feed at its end", func() error { _, err := s.Feed(ctx, 100_000, 100); return err }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				mustPg(b, bench.call())
			}
		})
	}
}
