package group_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/storage/internal/group"
)

// A shelf keeps what was read of it together. Reading waits for a token.
type shelf struct {
	mu     sync.Mutex
	tokens chan bool
	read   [][]string
	err    error
}

func (s *shelf) all(ctx context.Context, keys []string) ([]string, error) {
	s.mu.Lock()
	s.read = append(s.read, keys)
	s.mu.Unlock()
	select {
	case <-s.tokens:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = "value of " + k
	}
	return values, s.err
}

// TestReader: reads share a statement while as many are under way as may be, and
// each gets what it asked for.
func TestReader(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{nil, errors.New("the disk")} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{tokens: make(chan bool), err: failure}
			r := group.NewReader(3, 2, s.all)
			var wg sync.WaitGroup
			for i := range 7 {
				wg.Go(func() {
					value, err := r.Read(t.Context(), fmt.Sprint(i))
					if !errors.Is(err, failure) || err == nil && value != fmt.Sprint("value of ", i) {
						t.Errorf("%d: %q, %v, want %v", i, value, err, failure)
					}
				})
				synctest.Wait()
			}
			for range 4 {
				s.tokens <- true
				synctest.Wait()
			}
			wg.Wait()
			want := [][]string{{"0"}, {"1"}, {"2", "3", "4"}, {"5", "6"}}
			if diff := cmp.Diff(want, s.read); diff != "" {
				t.Errorf("what was read together (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReaderContext: who waits no longer keeps nobody else from an answer.
func TestReaderContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{tokens: make(chan bool)}
		r := group.NewReader(10, 1, s.all)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		errs := make([]error, 3)
		var wg sync.WaitGroup
		for i, ctx := range []context.Context{ctx, ctx, t.Context()} {
			wg.Go(func() { _, errs[i] = r.Read(ctx, fmt.Sprint(i)) })
			synctest.Wait()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		close(s.tokens)
		wg.Wait()
		for i, want := range []error{context.DeadlineExceeded, context.DeadlineExceeded, nil} {
			if !errors.Is(errs[i], want) {
				t.Errorf("%d: %v, want %v", i, errs[i], want)
			}
		}
	})
}
