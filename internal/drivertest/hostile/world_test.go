package hostile_test

import (
	"context"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

const acme = "acme"

var start = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

var (
	vic  = conversation.Visitor("vic")
	ann  = conversation.Agent("ann")
	sue  = conversation.Supervisor("sue")
	bot  = conversation.Bot("bot")
	host = conversation.System("")
)

// A world is a Desk on a store with people and conversations in every state. Its
// clock stands still, so that it is the same on every store.
type world struct {
	desk  *lifecycle.Desk
	store storage.Store
	dump  func() (string, error)
}

// newWorld fills an empty store.
func newWorld(t testing.TB, store storage.Store, dump func() (string, error)) *world {
	t.Helper()
	desk := frozen(t, store)
	w := &world{desk: desk, store: store, dump: dump}
	ctx := context.Background()
	_, err := desk.SetPolicies(ctx, acme, policies(), 0)
	must(t, err)
	must(t, desk.SetGroup(ctx, acme, "billing"))
	must(t, desk.SetGroup(ctx, acme, "sales"))
	for _, id := range []string{"ann", "ben"} {
		_, err = desk.SetAgent(ctx, acme, id, 5, "billing")
		must(t, err)
		_, err = desk.SetAvailability(ctx, acme, id, roster.Manual, roster.Available)
		must(t, err)
	}
	_, err = desk.SetEmail(ctx, acme, "vic", "vic@example.com")
	must(t, err)
	for _, id := range []string{"c-open", "c-snoozed", "c-closed-1", "c-closed-2", "c-closed-3", "c-waiting", "c-bot"} {
		w.do(t, id, "", vic, conversation.Open{Group: "billing", ForAgent: id != "c-bot"})
	}
	for _, id := range []string{"c-open", "c-snoozed", "c-closed-1", "c-closed-2", "c-closed-3"} {
		w.do(t, id, "cmd-1", vic, conversation.Say{Text: "My parcel is late."})
		w.do(t, id, "", ann, conversation.Take{})
		w.do(t, id, "", ann, conversation.Say{Text: "Let me see."})
		w.do(t, id, "", ann, conversation.AddNote{Text: "Asked the carrier."})
	}
	w.do(t, "c-snoozed", "", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
	for _, id := range []string{"c-closed-1", "c-closed-2", "c-closed-3"} {
		w.do(t, id, "", ann, conversation.LinkArticle{Article: "kb-1"})
		w.do(t, id, "", sue, conversation.Close{Outcome: closure.Unresolved, Force: true, Form: closure.Form{Tags: []string{"late"}, Notes: "Carrier."}})
		w.do(t, id, "", ann, conversation.OfferSurvey{})
	}
	_, err = desk.Open(ctx, lifecycle.Call{Workspace: "other", Conversation: "c-other", By: vic}, conversation.Open{})
	must(t, err)
	for range 3 { // until nothing is left to do at this instant
		_, err = desk.Tick(ctx)
		must(t, err)
	}
	_, err = desk.Feed(ctx, "crm", 1000) // Postgres numbers what is read first
	must(t, err)
	return w
}

// frozen returns a Desk whose clock stands still.
func frozen(t testing.TB, store storage.Store) *lifecycle.Desk {
	t.Helper()
	c := clock.NewMock()
	c.Set(start)
	desk, err := lifecycle.New(store, &lifecycle.Options{Clock: c})
	must(t, err)
	return desk
}

// policies leave nothing to happen by itself while the clock stands still.
func policies() conversation.Policies {
	return conversation.Policies{
		Default: conversation.Policy{Bot: true, PullOnly: true},
		Groups: map[string]conversation.Policy{"billing": {
			Bot: true, PullOnly: true, Courtesy: conversation.Courtesy{Guard: closure.GuardWarn},
		}},
		Tags: []string{"late", "refund"},
	}
}

func (w *world) do(t testing.TB, id, commandID string, by conversation.Actor, command conversation.Command) {
	t.Helper()
	_, err := w.desk.Do(context.Background(), lifecycle.Call{Workspace: acme, Conversation: id, By: by, CommandID: commandID}, command)
	must(t, err)
}
