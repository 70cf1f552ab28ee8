package lifecycle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
)

// closedChat returns a conversation that ann closed and that is that old.
func closedChat(t *testing.T, policy conversation.Policy, age time.Duration) (*lifecycletest.Kit, *lifecycletest.Chat) {
	t.Helper()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(policy)
	chat := kit.Chat("chat-1")
	chat.Do(vic, conversation.Open{Group: "sales"})
	chat.Do(ann, conversation.Take{})
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	kit.Advance(age)
	return kit, chat
}

// TestMessageReopens: within the window, to the bot if there is one, else to the
// agent it had, else to the queue. The caller is told.
func TestMessageReopens(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name   string
		policy conversation.Policy
		taken  bool
		age    time.Duration
		state  conversation.State
		agent  string
		answer conversation.Answerer
	}{
		{"to the bot", withBot, true, time.Hour, conversation.StateBot, "", conversation.AnswerBot},
		{"to the agent", conversation.Policy{}, true, time.Hour, conversation.StateAssigned, "ann", conversation.AnswerAgent},
		{"to the queue", conversation.Policy{}, false, time.Hour, conversation.StateWaiting, "", conversation.AnswerQueue},
		{"in the last moment of the default window", conversation.Policy{}, true, day, conversation.StateAssigned, "ann", conversation.AnswerAgent},
		{"in the last moment of another window", conversation.Policy{ReopenWindow: time.Hour}, true, time.Hour, conversation.StateAssigned, "ann", conversation.AnswerAgent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kit := lifecycletest.New(t, nil)
			kit.SetPolicy(tt.policy)
			chat := kit.Chat("chat-1")
			chat.Open(vic)
			if tt.taken {
				chat.Do(ann, conversation.Take{})
			}
			first := chat.Do(sue, conversation.Close{Outcome: closure.Resolved}).Conversation.Closing.At
			kit.Advance(tt.age)
			result := chat.Say(vic, "It broke again.")
			c := result.Conversation
			if c.State != tt.state || c.Agent != tt.agent || result.MustAnswer() != tt.answer {
				t.Errorf("%s with %q, %q must answer, want %s with %q, %q",
					c.State, c.Agent, result.MustAnswer(), tt.state, tt.agent, tt.answer)
			}
			if !result.Reopened() || result.Successor || c.ID != "chat-1" {
				t.Errorf("reopened %t, successor %t, ID %s, want the same conversation reopened", result.Reopened(), result.Successor, c.ID)
			}
			kit.Advance(time.Minute)
			last := chat.Do(sue, conversation.Close{Outcome: closure.Unresolved}).Conversation
			if !last.FirstClosedAt.Equal(first) || !last.Closing.At.Equal(kit.Clock.Now()) || last.Closing.Number != 2 {
				t.Errorf("first closed at %v, last %+v", last.FirstClosedAt, last.Closing)
			}
		})
	}
}

// TestMessageAfterTheWindow opens a conversation that continues the closed one.
func TestMessageAfterTheWindow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		policy conversation.Policy
		age    time.Duration
		answer conversation.Answerer
	}{
		{"a microsecond over the default window", conversation.Policy{}, 24*time.Hour + time.Microsecond, conversation.AnswerQueue},
		{"over a window of an hour", conversation.Policy{ReopenWindow: time.Hour}, 61 * time.Minute, conversation.AnswerQueue},
		{"without a window", conversation.Policy{ReopenWindow: -1}, 0, conversation.AnswerQueue},
		{"with a bot", withBot, 48 * time.Hour, conversation.AnswerBot},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kit, chat := closedChat(t, tt.policy, tt.age)
			old := chat.Now()
			call := chat.By(vic)
			call.AsOf = old.Version // which the successor has not had
			result := accepted(t)(kit.Desk.Say(t.Context(), call, "Me again."))
			c := result.Conversation
			if !result.Successor || result.Reopened() || result.MustAnswer() != tt.answer {
				t.Errorf("successor %t, reopened %t, %q must answer, want a successor for %q",
					result.Successor, result.Reopened(), result.MustAnswer(), tt.answer)
			}
			if c.Previous != "chat-1" || c.Visitor != "vic" || c.Group != "sales" || c.ID == "chat-1" {
				t.Errorf("successor %+v, want vic's for sales, continuing chat-1", c)
			}
			kit.Chat(c.ID).WantEvents("opened", "said")
			if diff := cmp.Diff(old, chat.Now()); diff != "" {
				t.Errorf("the closed conversation changed (-before +after):\n%s", diff)
			}
		})
	}
}

// TestSuccessorsRace: many late messages at once go to the one successor.
func TestSuccessorsRace(t *testing.T) {
	t.Parallel()
	const writers = 24
	kit, chat := closedChat(t, conversation.Policy{}, 48*time.Hour)
	ids := make([]string, writers)
	atOnce(writers, func(i int) {
		result, err := kit.Desk.Say(t.Context(), chat.By(vic), "Anybody?")
		if err != nil || !result.Successor {
			t.Errorf("writer %d: successor %t, %v", i, result.Successor, err)
		}
		ids[i] = result.Conversation.ID
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("two successors, %q and %q", ids[0], id)
		}
	}
	if got := count(eventNames(kit.Chat(ids[0]).Journal()), "said"); got != writers {
		t.Errorf("%d messages in the successor, want %d", got, writers)
	}
}

// TestRepetitionAfterTheWindow repeats a late message with its command ID.
func TestRepetitionAfterTheWindow(t *testing.T) {
	t.Parallel()
	kit, chat := closedChat(t, conversation.Policy{}, 48*time.Hour)
	call := withID(chat.By(vic), "msg-1")
	first := accepted(t)(kit.Desk.Say(t.Context(), call, "Me again."))
	sameResult(t, first, accepted(t)(kit.Desk.Say(t.Context(), call, "Me again.")))
	_, err := kit.Desk.Say(t.Context(), call, "Something else.")
	fails(t, err, lifecycle.ErrCommandIDReused)

	next := kit.Chat(first.Conversation.ID)
	next.Do(ann, conversation.Take{})
	next.Do(ann, conversation.Close{Outcome: closure.Resolved})
	kit.Advance(48 * time.Hour)
	sameResult(t, first, accepted(t)(kit.Desk.Say(t.Context(), call, "Me again.")))
	next.WantEvents("opened", "said", "taken", "closed")
}

// TestChainOfSuccessors writes to the oldest conversation again and again: each
// message goes to the youngest successor.
func TestChainOfSuccessors(t *testing.T) {
	t.Parallel()
	kit, oldest := closedChat(t, conversation.Policy{}, 48*time.Hour)
	previous := oldest.ID
	for range 4 {
		result := oldest.Say(vic, "Me again.")
		c := result.Conversation
		if !result.Successor || c.Previous != previous {
			t.Fatalf("successor %t of %q, want of %q", result.Successor, c.Previous, previous)
		}
		again := oldest.Say(vic, "And another thing.").Conversation
		if again.ID != c.ID || again.Version != c.Version+1 {
			t.Fatalf("the next message went to %s at %d, want %s at %d", again.ID, again.Version, c.ID, c.Version+1)
		}
		kit.Chat(c.ID).Do(sue, conversation.Close{Outcome: closure.Resolved})
		kit.Advance(48 * time.Hour)
		previous = c.ID
	}
}

// TestSuccessorPerClosing: a conversation that a person reopened and closed again
// gets another successor.
func TestSuccessorPerClosing(t *testing.T) {
	t.Parallel()
	kit, chat := closedChat(t, conversation.Policy{}, 48*time.Hour)
	first := chat.Say(vic, "Me again.").Conversation
	chat.Do(ann, conversation.Reopen{})
	chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
	kit.Advance(48 * time.Hour)
	second := chat.Say(vic, "And again.").Conversation
	if second.ID == first.ID || second.Previous != "chat-1" {
		t.Errorf("successor %s of %q, want another than %s", second.ID, second.Previous, first.ID)
	}
}

// TestWhatReopensNothing: blocked visitors and automatic texts, within the window
// and after it.
func TestWhatReopensNothing(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{time.Hour, 48 * time.Hour} {
		kit, chat := closedChat(t, withBot, age)
		for _, by := range []conversation.Actor{vic, host} {
			result := chat.Do(by, conversation.Say{Text: "Out of office.", Automatic: true})
			if result.Reopened() || result.Successor {
				t.Errorf("after %v, automatic by %v: reopened %t, successor %t", age, by, result.Reopened(), result.Successor)
			}
		}
		chat.WantState(conversation.StateClosed)
		chat.Do(ann, conversation.Block{})
		refused(t, conversation.ErrBlocked)(kit.Desk.Say(t.Context(), chat.By(vic), "Let me in!"))
		refused(t, conversation.ErrForbidden)(kit.Desk.Say(t.Context(), chat.By(conversation.Visitor("eve")), "And me!"))
		chat.WantState(conversation.StateClosed)
		if entries, err := kit.Store.Feed(t.Context(), 0, 100); err != nil || len(entries) != len(chat.Journal()) {
			t.Errorf("after %v: %d commits, %v, want those of chat-1 alone", age, len(entries), err)
		}
	}
}

// TestReopenByPeople: an agent gets it, at any time; asked by the host it goes
// where a message would have brought it.
func TestReopenByPeople(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		policy conversation.Policy
		by     conversation.Actor
		state  conversation.State
		agent  string
	}{
		{"another agent", withBot, ben, conversation.StateAssigned, "ben"},
		{"supervisor", withBot, sue, conversation.StateAssigned, "sue"},
		{"host, with a bot", withBot, host, conversation.StateBot, ""},
		{"host, without", conversation.Policy{}, host, conversation.StateAssigned, "ann"},
	}
	for _, tt := range tests {
		kit, chat := closedChat(t, tt.policy, 1000*time.Hour)
		result := accepted(t)(kit.Desk.Reopen(t.Context(), chat.By(tt.by)))
		if c := result.Conversation; !result.Reopened() || c.State != tt.state || c.Agent != tt.agent {
			t.Errorf("%s: %s with %q, want %s with %q", tt.name, c.State, c.Agent, tt.state, tt.agent)
		}
	}
}

// TestRepetitionAfterSuccessorAndReopening gives a late message, then an agent
// reopens the old conversation, then the message comes again with its ID.
func TestRepetitionAfterSuccessorAndReopening(t *testing.T) {
	t.Parallel()
	again := map[string]func(*lifecycletest.Kit, *lifecycletest.Chat){
		"reopened": func(_ *lifecycletest.Kit, chat *lifecycletest.Chat) { chat.Do(ann, conversation.Reopen{}) },
		"closed again, window over again": func(kit *lifecycletest.Kit, chat *lifecycletest.Chat) {
			chat.Do(ann, conversation.Reopen{})
			chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
			kit.Advance(48 * time.Hour)
		},
		"longer window": func(kit *lifecycletest.Kit, _ *lifecycletest.Chat) {
			kit.SetPolicy(conversation.Policy{ReopenWindow: 1000 * time.Hour})
		},
	}
	for name, then := range again {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit, chat := closedChat(t, conversation.Policy{}, 48*time.Hour)
			call := withID(chat.By(vic), "msg-1")
			first := accepted(t)(kit.Desk.Say(t.Context(), call, "Me again."))
			then(kit, chat)
			second := accepted(t)(kit.Desk.Say(t.Context(), call, "Me again."))
			if second.Conversation.ID != first.Conversation.ID || !second.Repeated {
				t.Errorf("the repetition said it in %s again, repeated %t; first in %s",
					second.Conversation.ID, second.Repeated, first.Conversation.ID)
			}
		})
	}
}
