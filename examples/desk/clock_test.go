package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage/memory"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func TestClockGoesAsFastAsItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newDemoClock(noon)
		passes := func(really, want time.Duration) {
			t.Helper()
			before := c.Now()
			time.Sleep(really)
			if got := c.Now().Sub(before); got != want {
				t.Errorf("in %s it went on by %s, want %s", really, got, want)
			}
		}
		passes(time.Second, time.Second)
		c.SetSpeed(60)
		passes(time.Second, time.Minute)
		c.SetSpeed(3600)
		passes(time.Second, time.Hour)
		c.SetSpeed(0)
		passes(time.Second, 0)
		c.SetSpeed(1)
		passes(time.Second, time.Second)
		if got, want := c.Now(), noon.Add(time.Hour+time.Minute+2*time.Second); !got.Equal(want) {
			t.Errorf("it shows %s, want %s", got, want)
		}
	})
}

// A wait of the clock ends when the clock shows the time, whatever was done to it.
func TestClockAfter(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*demoClock)
		want time.Duration // that it really takes
	}{
		"as usual":         {func(*demoClock) {}, time.Hour},
		"fast":             {func(c *demoClock) { c.SetSpeed(60) }, time.Minute},
		"set forward":      {func(c *demoClock) { c.AdvanceTo(noon.Add(59 * time.Minute)) }, time.Minute},
		"set behind it":    {func(c *demoClock) { c.AdvanceTo(noon.Add(2 * time.Hour)) }, 0},
		"stopped":          {func(c *demoClock) { c.SetSpeed(0); time.Sleep(time.Hour); c.SetSpeed(1) }, 2 * time.Hour},
		"never set back":   {func(c *demoClock) { c.AdvanceTo(noon.Add(-time.Hour)) }, time.Hour},
		"fast, then usual": {func(c *demoClock) { c.SetSpeed(60); time.Sleep(30 * time.Second); c.SetSpeed(1) }, 30*time.Minute + 30*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newDemoClock(noon)
				began := time.Now()
				over := c.After(time.Hour)
				synctest.Wait()
				test.do(c)
				at := <-over
				if got := time.Since(began); got != test.want {
					t.Errorf("it took %s, want %s", got, test.want)
				}
				if at.Before(noon.Add(time.Hour)) {
					t.Errorf("it ended at %s, before it was over", at)
				}
			})
		})
	}
}

// Skipping a day stops at what is due on the way: nothing is late.
func TestSkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newDemoClock(noon)
		desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Clock: c})
		if err != nil {
			t.Fatal(err)
		}
		chat := lifecycle.Call{Workspace: workspace, Conversation: "c-1", By: conversation.Agent("ann")}
		for _, command := range []func() error{
			func() error {
				_, err := desk.Open(t.Context(), chat.As(conversation.Visitor("vic")), conversation.Open{})
				return err
			},
			func() error { _, err := desk.Take(t.Context(), chat); return err },
			func() error {
				_, err := desk.Snooze(t.Context(), chat, conversation.Snooze{Until: snooze.For(snooze.Short)})
				return err
			},
			func() error { return skip(t.Context(), desk, c, noon.Add(24*time.Hour)) },
		} {
			if err := command(); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := c.Now(), noon.Add(24*time.Hour); !got.Equal(want) {
			t.Errorf("the clock shows %s, want %s", got, want)
		}
		journal, err := desk.History(t.Context(), workspace, "c-1", 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		type happened struct {
			After time.Duration
			Event string
		}
		var got []happened
		for _, r := range journal[3:] {
			got = append(got, happened{r.At.Sub(noon), conversation.EventName(r.Event)})
		}
		want := []happened{{snooze.Short, "woken"}, {snooze.Short + idle.DefaultAfter, "prompted"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("what happened (-want +got):\n%s", diff)
		}
		if woken := journal[3].Event.(conversation.Woken); woken.Late != 0 {
			t.Errorf("it woke %s late", woken.Late)
		}
	})
}
