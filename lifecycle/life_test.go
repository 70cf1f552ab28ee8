package lifecycle_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage/memory"
)

// patient prompts the agent after two minutes, follows up with the visitor ten
// minutes later, and closes a day after that.
var patient = conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{
	{After: 2 * time.Minute, Action: idle.Prompt, Text: idle.DefaultText, Phrase: idle.DefaultPhrase},
	{After: 10 * time.Minute, Action: idle.FollowUp, Text: "Are you still there?"},
	{After: 24 * time.Hour, Action: idle.Close},
}}}}

// threeDays is the life that both tests below live: when each thing happened,
// counted from the start.
var threeDays = []string{
	"0s opened", "0s said", "0s taken", "0s said", "0s snoozed",
	"24h0m0s woken", "24h2m0s prompted", "24h12m0s followed_up", "48h12m0s closed",
	"72h0m0s said", "72h0m0s reopened",
}

// TestThreeDaysOnTheFakeClock lives three days with the test kit.
func TestThreeDaysOnTheFakeClock(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(patient)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Say(vic, "My parcel is late.")
	chat.Do(ann, conversation.Take{})
	chat.Say(ann, "I will know more tomorrow.")
	chat.Do(ann, conversation.Snooze{Until: snooze.For(snooze.Long)})
	kit.Advance(24 * time.Hour)
	chat.WantState(conversation.StateAssigned)
	kit.Advance(48 * time.Hour)
	chat.WantState(conversation.StateClosed)
	chat.Say(vic, "It came!")
	chat.WantState(conversation.StateAssigned)

	if diff := cmp.Diff(threeDays, timeline(lifecycletest.Start, chat.Journal())); diff != "" {
		t.Errorf("the life (-want +got):\n%s", diff)
	}
}

// TestThreeDaysInABubble lives the same three days in a synctest bubble: a Desk
// on the real clock, and Run as in production.
func TestThreeDaysInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Poll: time.Hour})
		check(t, err)
		_, err = desk.SetPolicies(t.Context(), "acme", conversation.Policies{Default: patient}, 0)
		check(t, err)
		go func() { _ = desk.Run(t.Context()) }()
		start, ctx := time.Now(), t.Context()
		chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
		accepted(t)(desk.Open(ctx, chat.As(vic), conversation.Open{}))
		accepted(t)(desk.Say(ctx, chat.As(vic), "My parcel is late."))
		accepted(t)(desk.Take(ctx, chat.As(ann)))
		accepted(t)(desk.Say(ctx, chat.As(ann), "I will know more tomorrow."))
		accepted(t)(desk.Snooze(ctx, chat.As(ann), conversation.Snooze{Until: snooze.For(snooze.Long)}))
		time.Sleep(72 * time.Hour)
		accepted(t)(desk.Say(ctx, chat.As(vic), "It came!"))

		records, err := desk.History(ctx, "acme", "chat-1", 0, 0)
		check(t, err)
		if diff := cmp.Diff(threeDays, timeline(start, records)); diff != "" {
			t.Errorf("the life (-want +got):\n%s", diff)
		}
	})
}

func timeline(start time.Time, records []conversation.Record) []string {
	var lines []string
	for _, r := range records {
		lines = append(lines, fmt.Sprint(r.At.Sub(start), " ", conversation.EventName(r.Event)))
	}
	return lines
}

// TestAdvanceStopsAtEveryDueInstant interleaves three conversations whose
// deadlines come in turn.
func TestAdvanceStopsAtEveryDueInstant(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	kit.SetPolicy(prompts(2*time.Minute, 45*time.Second))
	for i, id := range []string{"c", "a", "b"} {
		chat := kit.Chat(id)
		chat.Open(vic)
		chat.Do(ann, conversation.Take{})
		if i < 2 {
			kit.Advance(30 * time.Second)
		}
	}
	fired := kit.Advance(8 * time.Minute)

	want := []string{
		"2m0s c prompted", "2m30s a prompted", "2m45s c prompted",
		"3m0s b prompted", "3m15s a prompted", "3m45s b prompted",
	}
	var got []string
	for _, f := range fired {
		due := f.Due.Sub(lifecycletest.Start)
		got = append(got, fmt.Sprint(due, " ", f.Conversation, " ", conversation.EventName(f.Records[0].Event)))
		if at := f.Records[0].At; !at.Equal(f.Due) {
			t.Errorf("%s: recorded at %v, due at %v", f.Conversation, at, f.Due)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fired (-want +got):\n%s", diff)
	}
	if got, want := kit.Clock.Now(), lifecycletest.Start.Add(9*time.Minute); !got.Equal(want) {
		t.Errorf("the clock says %v, want %v", got, want)
	}
}

// TestAdvanceFiresWhatIsDueAtItsEnd shows that the end belongs to the way.
func TestAdvanceFiresWhatIsDueAtItsEnd(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	if fired := kit.Advance(idle.DefaultAfter - time.Microsecond); len(fired) != 0 {
		t.Errorf("a microsecond early: fired %v", fired)
	}
	if fired := kit.Advance(time.Microsecond); len(fired) != 1 {
		t.Errorf("in time: fired %v, want the prompt", fired)
	}
	if fired := kit.Advance(0); len(fired) != 0 {
		t.Errorf("again: fired %v", fired)
	}
}
