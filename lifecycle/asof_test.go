package lifecycle_test

import (
	"testing"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
)

// TestStale gives commands as of the version that everybody saw before something
// happened. Those that it matters to are refused.
func TestStale(t *testing.T) {
	t.Parallel()
	resolved := conversation.Close{Outcome: closure.Resolved}
	forced := conversation.Close{Outcome: closure.Resolved, Force: true}
	say := conversation.Say{Text: "x"}
	type step struct {
		by      conversation.Actor
		command conversation.Command
	}
	tests := []struct {
		name      string
		before    []step
		meanwhile []step
		then      step
		stale     bool
	}{
		{"close after a message", []step{{ann, conversation.Take{}}}, []step{{vic, say}}, step{ann, resolved}, true},
		{"close by the supervisor after a message", []step{{ann, conversation.Take{}}}, []step{{vic, say}}, step{sue, resolved}, true},
		{"forced close after a message", []step{{ann, conversation.Take{}}}, []step{{vic, say}}, step{sue, forced}, false},
		{"close after a note", []step{{ann, conversation.Take{}}}, []step{{ben, conversation.AddNote{Text: "x"}}}, step{ann, resolved}, false},
		{"close after one's own message", []step{{ann, conversation.Take{}}}, []step{{ann, say}}, step{ann, resolved}, false},
		{"close after an automatic message", []step{{ann, conversation.Take{}}}, []step{{vic, conversation.Say{Automatic: true}}}, step{ann, resolved}, false},
		{"close while typing", []step{{ann, conversation.Take{}}}, []step{{vic, conversation.Typing{}}}, step{ann, resolved}, false},

		{"bot reply after a message", nil, []step{{vic, say}}, step{bot, say}, true},
		{"bot close after a message", nil, []step{{vic, say}}, step{bot, resolved}, true},
		{"bot reply after it came back", nil, []step{{ann, conversation.Take{}}, {ann, conversation.HandBack{}}}, step{bot, say}, true},
		{"bot close after it came back", nil, []step{{ann, conversation.Take{}}, {ann, conversation.HandBack{}}}, step{bot, resolved}, true},
		{"bot reply after nothing", nil, nil, step{bot, say}, false},

		{"take after another's", nil, []step{{ann, conversation.Take{}}, {ann, conversation.Requeue{}}}, step{ben, conversation.Take{}}, true},
		{"take over another's", nil, []step{{ann, conversation.Take{}}}, step{sue, conversation.Take{}}, true},
		{"take after a message", nil, []step{{vic, say}}, step{ben, conversation.Take{}}, false},
		{"assign after a take", nil, []step{{ann, conversation.Take{}}}, step{sue, conversation.Assign{Agent: "ben"}}, true},
		{"assign by the host after a take", nil, []step{{ann, conversation.Take{}}}, step{host, conversation.Assign{Agent: "ben"}}, true},
		{"assign after a message", nil, []step{{vic, say}}, step{host, conversation.Assign{Agent: "ben"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kit := lifecycletest.New(t, nil)
			kit.SetPolicy(withBot)
			chat := kit.Chat("chat-1")
			chat.Open(vic)
			for _, s := range tt.before {
				chat.Do(s.by, s.command)
			}
			call := chat.By(tt.then.by)
			call.AsOf = chat.Now().Version
			for _, s := range tt.meanwhile {
				chat.Do(s.by, s.command)
			}
			seen := chat.Now().Version
			if !tt.stale {
				accepted(t)(kit.Desk.Do(t.Context(), call, tt.then.command))
				return
			}
			e := refused(t, conversation.ErrStale)(kit.Desk.Do(t.Context(), call, tt.then.command))
			if e.Since <= call.AsOf || e.Since > seen {
				t.Errorf("since version %d, want one after %d", e.Since, call.AsOf)
			}
			if chat.Now().Version != seen {
				t.Error("a refused command was recorded")
			}
		})
	}
}

// TestBotAfterTakeOver: what the bot was still working on when a person came is
// dropped, stale or not.
func TestBotAfterTakeOver(t *testing.T) {
	t.Parallel()
	for _, command := range []conversation.Command{conversation.Say{Text: "x"}, conversation.Close{Outcome: closure.Resolved}} {
		kit := lifecycletest.New(t, nil)
		kit.SetPolicy(withBot)
		chat := kit.Chat("chat-1")
		chat.Open(vic)
		call := chat.By(bot)
		call.AsOf = chat.Now().Version
		chat.Do(ann, conversation.Take{})
		e := refused(t, conversation.ErrHeld)(kit.Desk.Do(t.Context(), call, command))
		if e.Holder != "ann" {
			t.Errorf("%s: held by %q, want ann", command.Name(), e.Holder)
		}
		chat.WantEvents("opened", "taken")
	}
}

// TestForcedCloseIsMarked: the cause says that a guard was passed over.
func TestForcedCloseIsMarked(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	call := chat.By(sue)
	call.AsOf = chat.Now().Version
	chat.Say(vic, "Wait!")
	result := accepted(t)(kit.Desk.Close(t.Context(), call, conversation.Close{Outcome: closure.Unresolved, Force: true}))
	if c := result.Conversation.Closing; c.Cause != closure.Forced || c.By != sue {
		t.Errorf("closed by %v with cause %q, want forced by sue", c.By, c.Cause)
	}
	_, err := kit.Desk.Close(t.Context(), chat.By(ann), conversation.Close{Outcome: closure.Unresolved, Force: true})
	invalid(t, err, "force")
}

// TestAsOfTheFuture names a version that the conversation has not had.
func TestAsOfTheFuture(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	for _, asOf := range []conversation.Version{-1, 2} {
		call := chat.By(ann)
		call.AsOf = asOf
		_, err := kit.Desk.Take(t.Context(), call)
		invalid(t, err, "as of")
	}
	_, err := kit.Desk.Say(t.Context(), chat.By(bot), "Hello")
	invalid(t, err, "as of")
}
