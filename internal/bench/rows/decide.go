package rows

import (
	"context"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/bench"
)

// Decide is one command on the machine alone.
func Decide() bench.Row {
	return bench.Row{
		Name: "decide",
		What: "Decide, Evolve and NextDue for one command",
		Open: func(context.Context, *bench.Env) ([]bench.Case, error) {
			c := conversation.Conversation{Workspace: "acme", ID: "1"}
			facts := conversation.Facts{Now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
			request := conversation.Request{By: conversation.Visitor("vic"), Command: conversation.Open{}}
			return []bench.Case{{
				Name: "open",
				Sides: []bench.Side{{Name: "adjourn", Run: func(ctx context.Context) (bench.Sample, error) {
					return bench.PerOp(ctx, 100*time.Millisecond, func(n int) error {
						for range n {
							events, err := conversation.Decide(c, request, facts)
							if err != nil {
								return err
							}
							after := conversation.Evolve(c, conversation.Record{Seq: 1, At: facts.Now, By: request.By, Event: events[0]})
							conversation.NextDue(after, facts.Policy)
						}
						return nil
					})
				}}},
				Targets: []bench.Target{{Unit: bench.AllocsPerOp, AtMost: 2}},
			}}, nil
		},
	}
}
