package group

import (
	"context"
	"sync"
)

// A Reader gathers concurrent reads, so that many share a statement. A read that
// comes while fewer statements than it may have are under way is made at once, by
// itself; those that come later wait until one has ended, and share the next. It is
// safe for concurrent use.
//
// A statement begins after all that it reads was asked for, and so sees what was
// committed before.
type Reader[K, V any] struct {
	read   func(ctx context.Context, keys []K) ([]V, error)
	beside int
	max    int

	mu      sync.Mutex // guards the fields below
	reading int        // statements
	waiting []*question[K, V]
}

type question[K, V any] struct {
	key    K
	answer chan answer[V] // takes one without waiting
}

type answer[V any] struct {
	value V
	err   error
}

// NewReader returns a Reader that has so many statements beside each other, each
// of at most max keys. Read returns a value for each key, in their order. Its
// context is that of the caller if there is only one.
func NewReader[K, V any](max, beside int, read func(ctx context.Context, keys []K) ([]V, error)) *Reader[K, V] {
	return &Reader[K, V]{read: read, beside: beside, max: max}
}

// Read returns the value of a key.
func (r *Reader[K, V]) Read(ctx context.Context, key K) (value V, err error) {
	q := r.ask(key)
	if q == nil {
		defer r.next()
		values, err := r.read(ctx, []K{key})
		if err != nil {
			return value, err
		}
		return values[0], nil
	}
	select {
	case a := <-q.answer:
		return a.value, a.err
	case <-ctx.Done():
		return value, ctx.Err()
	}
}

// ask returns nil if the caller is to read by itself.
func (r *Reader[K, V]) ask(key K) *question[K, V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reading < r.beside {
		r.reading++
		return nil
	}
	q := &question[K, V]{key, make(chan answer[V], 1)}
	r.waiting = append(r.waiting, q)
	return q
}

// next reads what waits. If nothing does, there is a statement less.
func (r *Reader[K, V]) next() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		r.reading--
		return
	}
	n := min(len(r.waiting), r.max)
	batch := r.waiting[:n:n]
	r.waiting = r.waiting[n:]
	go r.answer(batch)
}

func (r *Reader[K, V]) answer(batch []*question[K, V]) {
	defer r.next()
	keys := make([]K, len(batch))
	for i, q := range batch {
		keys[i] = q.key
	}
	values, err := r.read(context.Background(), keys)
	for i, q := range batch {
		if err != nil {
			q.answer <- answer[V]{err: err}
		} else {
			q.answer <- answer[V]{value: values[i]}
		}
	}
}
