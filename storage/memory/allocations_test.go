//go:build !race

package memory_test

import (
	"testing"
	"time"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// TestAllocations guards what the store allocates, the growth of long lists apart.
func TestAllocations(t *testing.T) {
	const runs, events = 1000, 5
	key := change(0, 0).Key
	message := make([]storage.Commit, runs+1) // one to warm up
	for i := range message {
		c := change(i, events)
		c.Head.Visitor, c.Head.State, c.Head.Updated = "vic", "waiting", noon.Add(time.Duration(i)*time.Millisecond)
		message[i] = c
	}
	for _, test := range []struct {
		operation string
		do        func(s *memory.Store, i int) error
		most      float64
	}{
		{"load", func(s *memory.Store, i int) error {
			_, err := s.Load(t.Context(), key, "")
			return err
		}, 1},
		{"load with a known command", func(s *memory.Store, i int) error {
			_, err := s.Load(t.Context(), key, "3")
			return err
		}, 2},
		{"commit", func(s *memory.Store, i int) error { return s.Commit(t.Context(), message[i]) }, 5},
		{"due, of which there is none", func(s *memory.Store, i int) error {
			_, err := s.Due(t.Context(), time.Time{}, storage.Due{}, 100)
			return err
		}, 1},
	} {
		t.Run(test.operation, func(t *testing.T) {
			s, i := filled(t, runs+1, events), 0
			got := testing.AllocsPerRun(runs, func() {
				if err := test.do(s, i); err != nil {
					t.Fatal(err)
				}
				i++
			})
			if got > test.most {
				t.Errorf("%v allocations, want at most %v", got, test.most)
			}
		})
	}
}
