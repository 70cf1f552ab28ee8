package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// errGone is why code of the host's gave no answer that ended its goroutine.
var errGone = errors.New("it ended its goroutine")

// A panicError is why code of the host's gave no answer that panicked.
type panicError struct {
	value any
	stack []byte
}

func (p panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// within asks code of the host's, and waits for the answer no longer than the limit.
// Code that does not return keeps its goroutine.
func within[T any](ctx context.Context, limit time.Duration, ask func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answered := make(chan answer, 1)
	go func() {
		a := answer{err: errGone}
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: panicError{p, debug.Stack()}}
			}
			answered <- a
		}()
		value, err := ask(ctx)
		a = answer{value, err}
	}()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("it did not answer in time: %w", ctx.Err())
	}
}
