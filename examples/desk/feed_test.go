package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/memory"
)

// What a handler fails at comes again, and nothing behind it before.
func TestFollow(t *testing.T) {
	a := openApp(t, newFile(t))
	newBotChat(t, a, "one")
	newBotChat(t, a, "two")
	newBotChat(t, a, "three")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var got []string
	failures := 0
	err := a.follow(ctx, "test", func(_ context.Context, d lifecycle.Delivery) error {
		got = append(got, d.Conversation)
		switch {
		case d.Conversation == "two" && failures < 2:
			failures++
			return errors.New("planted")
		case d.Conversation == "three":
			newBotChat(t, a, "four")
		case d.Conversation == "four":
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"one", "two", "two", "two", "three", "four"}, got); diff != "" {
		t.Errorf("what was delivered (-want +got):\n%s", diff)
	}
}

// What can never be handled is left out, and what comes behind it is not.
func TestFollowLeavesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk, err := lifecycle.New(memory.New(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"one", "two", "three"} {
			call := lifecycle.Call{Workspace: workspace, Conversation: id, By: conversation.Visitor("vic")}
			if _, err := desk.Open(t.Context(), call, conversation.Open{}); err != nil {
				t.Fatal(err)
			}
		}
		a := &app{desk: desk, log: slog.New(slog.DiscardHandler)}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		got, failures := map[string]int{}, 0
		began := time.Now()
		_ = a.follow(ctx, "test", func(_ context.Context, d lifecycle.Delivery) error {
			got[d.Conversation]++
			switch d.Conversation {
			case "one":
				if failures++; failures < maxTries {
					return errors.New("planted")
				}
			case "two":
				return errors.New("planted")
			case "three":
				stop()
			}
			return nil
		})
		if diff := cmp.Diff(map[string]int{"one": maxTries, "two": maxTries, "three": 1}, got); diff != "" {
			t.Errorf("what was delivered how often (-want +got):\n%s", diff)
		}
		if waited := time.Since(began); waited > 2*time.Minute {
			t.Errorf("the others waited for %s", waited)
		}
	})
}
