package lifecycle_test

import (
	"context"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/memory"
)

type classifierFunc func(ctx context.Context, text string) []closure.Mark

func (f classifierFunc) Marks(ctx context.Context, _ conversation.Actor, text string) []closure.Mark {
	return f(ctx, text)
}

// A classifier of the host's cannot lose a message, nor keep it for long, nor put
// its words into the log.
func TestAFailingClassifierMarksNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		classifier classifierFunc
		takes      time.Duration
		logs       string
	}{
		"never answers": {func(ctx context.Context, _ string) []closure.Mark {
			<-ctx.Done()
			time.Sleep(time.Hour)
			return []closure.Mark{closure.Farewell}
		}, lifecycle.ClassifierTimeout, "it did not answer in time"},
		"panics":              {func(_ context.Context, text string) []closure.Mark { panic(text) }, 0, "panic of string"},
		"ends its goroutine":  {func(context.Context, string) []closure.Mark { runtime.Goexit(); return nil }, 0, "it ended its goroutine"},
		"answers before long": {func(context.Context, string) []closure.Mark { time.Sleep(time.Millisecond); return nil }, time.Millisecond, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log strings.Builder
				desk, err := lifecycle.New(memory.New(), &lifecycle.Options{
					Classifier: test.classifier, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				})
				if err != nil {
					t.Fatal(err)
				}
				chat := lifecycle.Call{Workspace: "acme", Conversation: "c-1", By: conversation.Visitor("vera")}
				if _, err := desk.Open(t.Context(), chat, conversation.Open{}); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				result, err := desk.Say(t.Context(), chat, "my secret")
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took != test.takes {
					t.Errorf("the message took %v, want %v", took, test.takes)
				}
				if said := result.Records[0].Event.(conversation.Said); said.Marks != nil || said.Text != "my secret" {
					t.Errorf("said %+v, want it without marks", said)
				}
				if got := log.String(); !strings.Contains(got, test.logs) || strings.Contains(got, "secret") || test.logs == "" && got != "" {
					t.Errorf("log %q, want %q and nothing of the message", got, test.logs)
				}
				time.Sleep(2 * time.Hour) // what did not answer in time ends
			})
		})
	}
}
