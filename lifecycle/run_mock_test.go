package lifecycle_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// TestRunOnTheMock runs on *clock.Mock as it is.
func TestRunOnTheMock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mock := clock.NewMock()
		desk := newDesk(t, newMemory(), lifecycle.Options{Clock: mock, Poll: time.Hour})
		done := make(chan error)
		ctx, stop := context.WithCancel(t.Context())
		go func() { done <- desk.Run(ctx) }()
		b := &bubble{T: t, desk: desk, start: mock.Now()}
		call := b.assign(desk, "chat-1")
		accepted(t)(desk.Snooze(ctx, call.As(ann), conversation.Snooze{Until: snooze.For(snooze.Short)}))
		synctest.Wait()
		for range 4 * 60 {
			mock.Add(time.Minute)
			synctest.Wait()
		}
		b.wantTimeline("chat-1", "0s opened", "0s taken", "0s snoozed", "3h0m0s woken", "3h2m0s prompted")
		stop()
		fails(t, <-done, context.Canceled)
	})
}

var (
	_ lifecycle.Clock = (*clock.Mock)(nil)
	_ lifecycle.Clock = clock.New()
)

// TestDueWhileASickOneIsTried: while a tick waits for a store that does not
// answer for one conversation, another becomes due. It does not wait for the
// poll.
func TestDueWhileASickOneIsTried(t *testing.T) {
	t.Parallel()
	inBubble(t, lifecycle.Options{Poll: time.Hour}, func(b *bubble) {
		b.assign(b.desk, "sick")
		time.Sleep(500 * time.Millisecond)
		b.assign(b.desk, "well")
		b.sick.Store("sick")
		b.slow.Store(int64(time.Second))
		time.Sleep(30 * time.Minute)
		b.wantTimeline("well", "500ms opened", "500ms taken", "2m2s prompted") // behind the sick one, tried again at 2m1s
	})
}
