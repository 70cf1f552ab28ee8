package rows_test

import (
	"testing"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/internal/bench/rows"
)

// TestRows runs every row once, in sizes that show nothing but that it works. The
// gate runs it without the race detector, which makes databases ten times as slow.
func TestRows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	for _, r := range rows.All() {
		t.Run(r.Name, func(t *testing.T) {
			e := &bench.Env{Rounds: 1, Quick: true, Dir: t.TempDir(), Log: t.Output()}
			result, err := e.Run(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range result.Cases {
				for i, samples := range c.Samples {
					if len(samples) != 1 || len(samples[0]) == 0 {
						t.Errorf("%s, %s: nothing was measured", c.Name, c.Sides[i].Name)
					}
				}
			}
			t.Log("\n" + result.Table())
		})
	}
}
