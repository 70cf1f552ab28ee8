package lifecycletest_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

var (
	vic = conversation.Visitor("vic")
	ann = conversation.Agent("ann")
	ben = conversation.Agent("ben")
)

// A recorder stands in for a host's test: it notes how the kit ended it.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.ended = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// ends runs a host's test and returns how the kit ended it, or nothing.
func ends(t *testing.T, test func(testing.TB)) string {
	r := &recorder{TB: t}
	var group sync.WaitGroup
	group.Go(func() { test(r) })
	group.Wait()
	return r.ended
}

// TestKitEndsTests shows that the kit tells a host's test when something goes
// otherwise than it says, and what happened instead.
func TestKitEndsTests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		test func(*lifecycletest.Kit, *lifecycletest.Chat)
		says []string // none: the test goes on
	}{
		{"all well", func(k *lifecycletest.Kit, c *lifecycletest.Chat) {
			c.WantState(conversation.StateWaiting)
			c.WantEvents("opened")
		}, nil},
		{"another state", func(k *lifecycletest.Kit, c *lifecycletest.Chat) {
			c.WantState(conversation.StateClosed)
		}, []string{"chat-1 is waiting", "want closed", "opened"}},
		{"other events", func(k *lifecycletest.Kit, c *lifecycletest.Chat) {
			c.WantEvents("opened", "taken")
		}, []string{"chat-1", "opened", "taken"}},
		{"fewer events", func(k *lifecycletest.Kit, c *lifecycletest.Chat) { c.WantEvents() }, []string{"opened"}},
		{"refused", func(k *lifecycletest.Kit, c *lifecycletest.Chat) {
			c.Do(ann, conversation.Take{})
			c.Do(ben, conversation.Take{})
		}, []string{"held by somebody else (agent ann)"}},
		{"refused message", func(k *lifecycletest.Kit, c *lifecycletest.Chat) { c.Say(ben, "Hello") }, []string{"refused"}},
		{"opened twice", func(k *lifecycletest.Kit, c *lifecycletest.Chat) { c.Open(vic) }, []string{"exists already"}},
		{"unknown chat", func(k *lifecycletest.Kit, c *lifecycletest.Chat) { k.Chat("chat-2").Now() }, []string{"no such conversation"}},
		{"journal of an unknown chat", func(k *lifecycletest.Kit, c *lifecycletest.Chat) { k.Chat("chat-2").Journal() }, []string{"no such conversation"}},
		{"policy that could not run", func(k *lifecycletest.Kit, c *lifecycletest.Chat) {
			k.SetPolicy(conversation.Policy{Idle: conversation.Idle{Waiting: idle.Default()}})
		}, []string{"prompt"}},
		{"a conversation that fails", func(k *lifecycletest.Kit, c *lifecycletest.Chat) {
			c.Do(ann, conversation.Take{})
			spoil(t, k, c.ID)
			k.Advance(time.Hour)
		}, []string{"chat-1 failed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ended := ends(t, func(tb testing.TB) {
				kit := lifecycletest.New(tb, nil)
				chat := kit.Chat("chat-1")
				chat.Open(vic)
				tt.test(kit, chat)
			})
			if (ended == "") != (tt.says == nil) {
				t.Fatalf("the test ended with %q", ended)
			}
			for _, part := range tt.says {
				if !strings.Contains(ended, part) {
					t.Errorf("the test ended with %q, want it to say %q", ended, part)
				}
			}
		})
	}
}

// spoil makes the stored conversation unreadable.
func spoil(t *testing.T, kit *lifecycletest.Kit, id string) {
	key := storage.Key{Workspace: lifecycletest.Workspace, Conversation: id}
	loaded, err := kit.Store.Load(t.Context(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	head := loaded.Head
	head.Version, head.Body = head.Version+1, []byte("spoilt")
	err = kit.Store.Commit(t.Context(), storage.Commit{
		Key: key, Expect: loaded.Head.Version, Head: head, Events: []storage.Event{{Version: head.Version, Body: []byte("spoilt")}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNewRefusesBadOptions, and ends the test.
func TestNewRefusesBadOptions(t *testing.T) {
	t.Parallel()
	ended := ends(t, func(tb testing.TB) { lifecycletest.New(tb, &lifecycle.Options{Workers: -1}) })
	if !strings.Contains(ended, "workers") {
		t.Errorf("the test ended with %q, want it to say workers", ended)
	}
	if ended = ends(t, func(tb testing.TB) { lifecycletest.NewOn(tb, nil, nil) }); !strings.Contains(ended, "store") {
		t.Errorf("the test ended with %q, want it to say store", ended)
	}
}

// TestNew: the options are the caller's but for the clock, and stay as they are.
func TestNew(t *testing.T) {
	t.Parallel()
	options := lifecycle.Options{NewID: func() string { return "mine" }}
	kit := lifecycletest.New(t, &options)
	if options.Clock != nil {
		t.Error("the caller's options were changed")
	}
	if got := kit.Clock.Now(); !got.Equal(lifecycletest.Start) || got.Location() != time.UTC {
		t.Errorf("the clock begins at %v, want %v", got, lifecycletest.Start)
	}
	if got := lifecycletest.Start.Weekday(); got != time.Monday {
		t.Errorf("it begins on a %v", got)
	}
	result, err := kit.Desk.Open(t.Context(), lifecycle.Call{Workspace: "acme", By: vic}, conversation.Open{})
	if err != nil || result.Conversation.ID != "mine" || !result.Conversation.OpenedAt.Equal(lifecycletest.Start) {
		t.Errorf("opened %+v, %v", result.Conversation, err)
	}
	store := memory.New()
	if on := lifecycletest.NewOn(t, store, nil); on.Store != store {
		t.Error("not on the store that was given")
	}
}

// TestSetPolicyKeepsGroups changes the default only, again and again.
func TestSetPolicyKeepsGroups(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	sales := map[string]conversation.Policy{"sales": {ReopenWindow: time.Hour}}
	if _, err := kit.Desk.SetPolicies(t.Context(), lifecycletest.Workspace, conversation.Policies{Groups: sales}, 0); err != nil {
		t.Fatal(err)
	}
	kit.Chat("chat-1").Open(vic) // for which the policies are to be applied
	for _, withBot := range []bool{true, false, true} {
		kit.SetPolicy(conversation.Policy{Bot: withBot})
		policies, _, err := kit.Desk.Policies(t.Context(), lifecycletest.Workspace)
		want := conversation.Policies{Default: conversation.Policy{Bot: withBot}, Groups: sales}
		if diff := cmp.Diff(want, policies); err != nil || diff != "" {
			t.Errorf("policies: %v, (-want +got):\n%s", err, diff)
		}
	}
	if done, err := kit.Desk.PoliciesApplied(t.Context(), lifecycletest.Workspace); err != nil || !done {
		t.Errorf("PoliciesApplied = %t, %v", done, err)
	}
}

// TestBots say and close as of the present version, and may open too.
func TestBots(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(conversation.Policy{Bot: true})
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Say(vic, "Hello")
	chat.Say(conversation.Bot("robo"), "Hello!")
	chat.Do(conversation.Bot(""), conversation.Close{Outcome: "resolved"})
	chat.WantEvents("opened", "said", "said", "closed")
}

// TestHostsTimers: the clock is the host's too, or is the host's own, and its timers
// run on the way.
func TestHostsTimers(t *testing.T) {
	t.Parallel()
	t.Run("kit's clock", func(t *testing.T) { testHostsTimers(t, lifecycletest.New(t, nil)) })
	t.Run("clock.Mock", func(t *testing.T) {
		mock := clock.NewMock()
		mock.Set(lifecycletest.Start)
		kit := lifecycletest.New(t, &lifecycle.Options{Clock: mock})
		if kit.Clock != lifecycletest.FakeClock(mock) {
			t.Fatal("the host's clock was replaced")
		}
		testHostsTimers(t, kit)
	})
}

func testHostsTimers(t *testing.T, kit *lifecycletest.Kit) {
	t.Helper()
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	chat.Do(ann, conversation.Snooze{Until: snooze.For(2 * time.Hour)})
	reminder := kit.Clock.After(time.Hour)
	fired := kit.Advance(3 * time.Hour)
	if at := <-reminder; !at.Equal(lifecycletest.Start.Add(time.Hour)) {
		t.Errorf("the host's timer rang at %v, want after an hour", at)
	}
	var got []time.Duration
	for _, f := range fired {
		got = append(got, f.Due.Sub(lifecycletest.Start))
	}
	if diff := cmp.Diff([]time.Duration{2 * time.Hour, 2*time.Hour + idle.DefaultAfter}, got); diff != "" {
		t.Errorf("due instants (-want +got):\n%s", diff)
	}
}

// TestAdvanceOfOtherWorkspaces: the clock stops for every workspace, not only for
// the kit's own.
func TestAdvanceOfOtherWorkspaces(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	call := lifecycle.Call{Workspace: "umbrella", Conversation: "chat-1"}
	for _, give := range []func() (lifecycle.Result, error){
		func() (lifecycle.Result, error) { return kit.Desk.Open(t.Context(), call.As(vic), conversation.Open{}) },
		func() (lifecycle.Result, error) { return kit.Desk.Take(t.Context(), call.As(ann)) },
	} {
		if _, err := give(); err != nil {
			t.Fatal(err)
		}
	}
	fired := kit.Advance(time.Hour)
	if len(fired) != 1 || fired[0].Workspace != "umbrella" || !fired[0].Records[0].At.Equal(fired[0].Due) {
		t.Errorf("fired %+v, want umbrella's prompt in time", fired)
	}
}

// TestBotOpens: a bot may open a conversation, which then has no present version.
func TestBotOpens(t *testing.T) {
	t.Parallel()
	ended := ends(t, func(tb testing.TB) {
		lifecycletest.New(tb, nil).Chat("chat-1").Do(conversation.Bot(""), conversation.Open{Visitor: "vic"})
	})
	if ended != "" {
		t.Errorf("the test ended with %q", ended)
	}
}

// TestAdvanceBackward: a clock that is to go backward is a mistake of the test.
func TestAdvanceBackward(t *testing.T) {
	t.Parallel()
	ended := ends(t, func(tb testing.TB) { lifecycletest.New(tb, nil).Advance(-time.Hour) })
	if ended == "" {
		t.Error("advancing by a negative duration was taken in silence")
	}
}
