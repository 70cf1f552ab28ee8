package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

const (
	feedPage = 100
	feedPoll = 30 * time.Second // for what a hint got lost of

	firstRetry = 100 * time.Millisecond
	lastRetry  = time.Minute
	maxTries   = 10 // then the others have waited for one delivery long enough
)

// A feedHandler does what follows from a delivery. It may get one again, after a crash
// or an error. Work that may fail for long, and must not be left out then, it only
// puts into a table of its own.
type feedHandler func(ctx context.Context, d lifecycle.Delivery) error

// A handlerError is a delivery that a handler could not handle.
type handlerError struct {
	lifecycle.Delivery
	err error
}

func (e *handlerError) Error() string {
	return fmt.Sprintf("conversation %s: %v", e.Conversation, e.err)
}

func (e *handlerError) Unwrap() error { return e.err }

// follow gives everything that happens to a handler, in order, until ctx is done.
// How far the subscriber came is kept in the file, so that what happened while
// nothing ran is not missed. After an error it tries again, later and later; what
// fails ever again, such as a damaged conversation, is left out.
func (a *app) follow(ctx context.Context, subscriber string, handle feedHandler) error {
	hints := a.desk.Subscribe(1) // one says it: what happened is in the feed
	defer hints.Close()
	poll := time.NewTicker(feedPoll)
	defer poll.Stop()
	retry, tries, stuck := firstRetry, 0, storage.Position(0)
	for {
		var again <-chan time.Time
		hint := hints.Updates()
		err := a.catchUp(ctx, subscriber, handle)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if failed, ok := errors.AsType[*handlerError](err); ok {
			if failed.Position != stuck {
				tries, stuck, retry = 0, failed.Position, firstRetry
			}
			if tries++; tries == maxTries {
				a.log.Error("feed, left out", "subscriber", subscriber, "error", err)
				tries, retry = 0, firstRetry
				if _, err = a.desk.Advance(ctx, subscriber, failed.Position); err == nil {
					continue
				}
			}
		}
		if err != nil {
			a.log.Error("feed", "subscriber", subscriber, "error", err, "again in", retry)
			again, hint = time.After(retry), nil
			retry = min(2*retry, lastRetry)
		} else {
			retry = firstRetry
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hint:
		case <-poll.C:
		case <-again:
		}
	}
}

// catchUp gives the handler what happened since the subscriber's cursor.
func (a *app) catchUp(ctx context.Context, subscriber string, handle feedHandler) error {
	for {
		deliveries, err := a.desk.Feed(ctx, subscriber, feedPage)
		if unreadable, ok := errors.AsType[*lifecycle.FeedError](err); ok {
			a.log.Error("feed, left out", "subscriber", subscriber, "error", err)
			if _, err := a.desk.Advance(ctx, subscriber, unreadable.Position); err != nil {
				return err
			}
			continue
		}
		if err != nil || len(deliveries) == 0 {
			return err
		}
		var done storage.Position
		for _, d := range deliveries {
			if err = handle(ctx, d); err != nil {
				err = &handlerError{d, err}
				break
			}
			done = d.Position
		}
		if _, moved := a.desk.Advance(ctx, subscriber, done); err != nil || moved != nil {
			return cmp.Or(err, moved)
		}
	}
}
