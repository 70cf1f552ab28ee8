//go:build linux

package crash_test

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// A writeBehind keeps conversations in memory, and writes them down later.
type writeBehind struct {
	storage.Store
	later chan storage.Commit
	mu    sync.Mutex // keeps the commits in order
}

func newWriteBehind(ctx context.Context, to storage.Store) *writeBehind {
	w := &writeBehind{Store: memory.New(), later: make(chan storage.Commit, 1000)}
	go func() {
		for c := range w.later {
			if err := to.Commit(ctx, c); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}()
	return w
}

func (w *writeBehind) Commit(ctx context.Context, c storage.Commit) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.Store.Commit(ctx, c)
	if err == nil {
		w.later <- c
	}
	return err
}
