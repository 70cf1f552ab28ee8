// Package group gathers concurrent commits into batches, so that a store pays
// for one transaction instead of many, and reads into statements.
//
// It knows nothing of what a batch is written to. It will never write two
// batches with the same conversation at once, wait for more to come, or try
// anything again.
package group

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/adjourn/adjourn/storage"
)

// ErrClosed: the store was closed. The commit was not applied.
var ErrClosed = errors.New("storage: the store is closed")

// A Committer collects what is given to Commit while as many batches are being
// written as may be, and writes that as the next one. It is safe for concurrent
// use.
type Committer[T any] struct {
	write  func(batch []T) []error
	max    int
	beside int

	mu      sync.Mutex // guards the fields below
	waiting []*item[T]
	busy    map[storage.Key]bool // the conversations in batches that are being written
	writing int                  // batches
	closed  bool
	idle    sync.Cond // signals that writing has ended
}

type item[T any] struct {
	key    storage.Key
	value  T
	result chan error // takes one without waiting
}

// New returns a Committer that writes so many batches beside each other, of at most
// max values each, no two of the same conversation. Write returns a result for each
// value, in their order; a goroutine that calls it ends when nothing waits.
func New[T any](max, beside int, write func(batch []T) []error) *Committer[T] {
	c := &Committer[T]{write: write, max: max, beside: beside, busy: map[storage.Key]bool{}}
	c.idle.L = &c.mu
	return c
}

// Commit writes the value with the next batch and returns its result. A batch is
// not ended by the context of one of its values: when ctx is done, a value that
// waits is taken back, and the outcome of one that is being written is
// [storage.ErrOutcomeUnknown]. The error then wraps that of ctx.
func (c *Committer[T]) Commit(ctx context.Context, key storage.Key, value T) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	it := &item[T]{key: key, value: value, result: make(chan error, 1)}
	if !c.add(it) {
		return ErrClosed
	}
	select {
	case err := <-it.result:
		return err
	case <-ctx.Done():
	}
	if c.takeBack(it) {
		return ctx.Err()
	}
	select {
	case err := <-it.result: // it was ready at the same moment
		return err
	default:
		return fmt.Errorf("%w: %w", storage.ErrOutcomeUnknown, ctx.Err())
	}
}

// Close refuses new values and waits until those that were given are written.
func (c *Committer[T]) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for c.writing > 0 {
		c.idle.Wait()
	}
}

func (c *Committer[T]) add(it *item[T]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.waiting = append(c.waiting, it)
	if c.writing < c.beside {
		c.writing++
		go c.writeAll()
	}
	return true
}

func (c *Committer[T]) takeBack(it *item[T]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range c.waiting {
		if w == it {
			c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// writeAll writes batches until nothing waits.
func (c *Committer[T]) writeAll() {
	for batch := c.next(); len(batch) > 0; batch = c.next() {
		values := make([]T, len(batch))
		for i, it := range batch {
			values[i] = it.value
		}
		for i, err := range c.write(values) {
			batch[i].result <- err
		}
		c.done(batch)
		c.gather()
	}
}

// done lets the conversations of a batch be in another.
func (c *Committer[T]) done(batch []*item[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, it := range batch {
		delete(c.busy, it.key)
	}
}

// gather lets those run who were just told, as long as that brings more values:
// they often come again at once, and the next batch is as large as this one then,
// instead of what few were faster than its beginning.
func (c *Committer[T]) gather() {
	for before, now := -1, 0; now > before; before, now = now, c.waits() {
		runtime.Gosched()
	}
}

func (c *Committer[T]) waits() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.waiting)
}

// next takes the next batch: the oldest values, one of each conversation.
func (c *Committer[T]) next() []*item[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	var batch, left []*item[T]
	for _, it := range c.waiting {
		if len(batch) == c.max || c.busy[it.key] {
			left = append(left, it)
			continue
		}
		c.busy[it.key] = true
		batch = append(batch, it)
	}
	c.waiting = left
	if len(batch) == 0 {
		c.writing--
		c.idle.Broadcast()
	}
	return batch
}
