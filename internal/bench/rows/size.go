package rows

import (
	"context"
	"runtime"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/storage/memory"
)

// MemoryBytes is how much of the heap the memory store takes.
func MemoryBytes() bench.Row {
	const unit, fields = "B/conversation", "its fields"
	return bench.Row{
		Name: "memory-bytes",
		What: "Bytes of an idle conversation in the memory store",
		Note: "What the heap has grown by, beside the fields of the same conversations. These are those of the next row, and so is what counts as their fields.",
		Open: func(ctx context.Context, e *bench.Env) ([]bench.Case, error) {
			conversations := e.Size(20_000, 200)
			weigh := func(n int) bench.Sample { return bench.Sample{unit: float64(n) / float64(conversations)} }
			return []bench.Case{{
				Name: "snoozed, five events",
				Sides: []bench.Side{
					{Name: "adjourn", Run: func(ctx context.Context) (bench.Sample, error) {
						before := heap()
						store := memory.New()
						err := snoozeAll(ctx, store, conversations)
						grown := heap() - before
						runtime.KeepAlive(store)
						return weigh(grown), err
					}},
					{Name: fields, Run: func(ctx context.Context) (bench.Sample, error) {
						g := &given{Store: memory.New()}
						err := snoozeAll(ctx, g, conversations)
						return weigh(g.total), err
					}},
				},
				Targets: []bench.Target{{Unit: unit, Against: fields, AtMost: 2}},
			}}, nil
		},
	}
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
