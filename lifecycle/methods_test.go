package lifecycle_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
)

// A method is a method of the Desk that gives a command, and that command.
type method struct {
	call    func(context.Context, *lifecycle.Desk, lifecycle.Call) (lifecycle.Result, error)
	command conversation.Command
	by      conversation.Actor // who may give it
	first   []conversation.Command
}

// methods returns every method that gives a command, by name, with input that is
// accepted once ann has given what comes first.
func methods() map[string]method {
	type (
		ctx  = context.Context
		desk = *lifecycle.Desk
		call = lifecycle.Call
		res  = lifecycle.Result
	)
	open := conversation.Open{Group: "sales"}
	transfer := conversation.Transfer{Agent: "ben"}
	away := conversation.Snooze{Until: snooze.For(snooze.Short)}
	end := conversation.Close{Outcome: closure.Resolved}
	other := conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther}
	rated := conversation.AnswerSurvey{Number: 1, Rating: 4, Comment: "x"}
	take := []conversation.Command{conversation.Take{}}
	taken := func(more ...conversation.Command) []conversation.Command { return append(take[:1:1], more...) }
	return map[string]method{
		"Open":         {func(c ctx, d desk, in call) (res, error) { return d.Open(c, in, open) }, open, vic, nil},
		"Say":          {func(c ctx, d desk, in call) (res, error) { return d.Say(c, in, "x") }, conversation.Say{Text: "x"}, vic, nil},
		"RequestAgent": {func(c ctx, d desk, in call) (res, error) { return d.RequestAgent(c, in, "sales") }, conversation.RequestAgent{Group: "sales"}, vic, nil},
		"Take":         {func(c ctx, d desk, in call) (res, error) { return d.Take(c, in) }, conversation.Take{}, ann, nil},
		"Assign":       {func(c ctx, d desk, in call) (res, error) { return d.Assign(c, in, "ben") }, conversation.Assign{Agent: "ben"}, host, nil},
		"HandBack":     {func(c ctx, d desk, in call) (res, error) { return d.HandBack(c, in) }, conversation.HandBack{}, ann, take},
		"Transfer":     {func(c ctx, d desk, in call) (res, error) { return d.Transfer(c, in, transfer) }, transfer, ann, take},
		"Requeue":      {func(c ctx, d desk, in call) (res, error) { return d.Requeue(c, in) }, conversation.Requeue{}, ann, take},
		"Snooze":       {func(c ctx, d desk, in call) (res, error) { return d.Snooze(c, in, away) }, away, ann, take},
		"Wake":         {func(c ctx, d desk, in call) (res, error) { return d.Wake(c, in) }, conversation.Wake{}, ann, taken(away)},
		"Close":        {func(c ctx, d desk, in call) (res, error) { return d.Close(c, in, end) }, end, ann, nil},
		"Reclassify":   {func(c ctx, d desk, in call) (res, error) { return d.Reclassify(c, in, other) }, other, ann, taken(end)},
		"OfferSurvey":  {func(c ctx, d desk, in call) (res, error) { return d.OfferSurvey(c, in) }, conversation.OfferSurvey{}, ann, taken(end)},
		"AnswerSurvey": {func(c ctx, d desk, in call) (res, error) { return d.AnswerSurvey(c, in, rated) }, rated, vic, taken(end, conversation.OfferSurvey{})},
		"Reopen":       {func(c ctx, d desk, in call) (res, error) { return d.Reopen(c, in) }, conversation.Reopen{}, ann, taken(end)},
		"Regroup":      {func(c ctx, d desk, in call) (res, error) { return d.Regroup(c, in, "sales") }, conversation.Regroup{Group: "sales"}, host, nil},
		"Typing":       {func(c ctx, d desk, in call) (res, error) { return d.Typing(c, in) }, conversation.Typing{}, vic, take},
		"MarkRead":     {func(c ctx, d desk, in call) (res, error) { return d.MarkRead(c, in, 3) }, conversation.MarkRead{UpTo: 3}, vic, taken(conversation.Say{})},
		"AddNote":      {func(c ctx, d desk, in call) (res, error) { return d.AddNote(c, in, "x") }, conversation.AddNote{Text: "x"}, ann, nil},
		"LinkArticle":  {func(c ctx, d desk, in call) (res, error) { return d.LinkArticle(c, in, "kb-1") }, conversation.LinkArticle{Article: "kb-1"}, ann, nil},
		"Block":        {func(c ctx, d desk, in call) (res, error) { return d.Block(c, in) }, conversation.Block{}, ann, nil},
		"Unblock":      {func(c ctx, d desk, in call) (res, error) { return d.Unblock(c, in) }, conversation.Unblock{}, ann, taken(conversation.Block{})},
	}
}

// TestMethodsAreShorthands: each method does what Do does with the command of its
// name, with the fields it was given.
func TestMethodsAreShorthands(t *testing.T) {
	t.Parallel()
	covered := map[conversation.CommandName]bool{
		conversation.NameExpire:       true,
		conversation.NameAssigneeGone: true, conversation.NameAssigneeBack: true, conversation.NameNotifyByEmail: true, // a Desk's own
	}
	for name, m := range methods() {
		covered[m.command.Name()] = true
		do := func(give func(*lifecycle.Desk, lifecycle.Call) (lifecycle.Result, error)) lifecycle.Result {
			t.Helper()
			kit := lifecycletest.New(t, nil)
			kit.SetPolicy(withBot)
			if m.command.Name() == conversation.NameTyping {
				kit.SetPolicy(patient)
			}
			chat := kit.Chat("chat-1")
			if name != "Open" {
				chat.Open(vic)
			}
			for _, command := range m.first {
				chat.Do(ann, command)
			}
			kit.Clock.Add(time.Minute)
			return accepted(t)(give(kit.Desk, chat.By(m.by)))
		}
		got := do(func(d *lifecycle.Desk, c lifecycle.Call) (lifecycle.Result, error) { return m.call(t.Context(), d, c) })
		want := do(func(d *lifecycle.Desk, c lifecycle.Call) (lifecycle.Result, error) {
			return d.Do(t.Context(), c, m.command)
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-Do +%s):\n%s", name, name, diff)
		}
		if len(got.Records) != 1 {
			t.Errorf("%s recorded %v, want one event", name, eventNames(got.Records))
		}
	}
	for _, c := range conversation.Commands() {
		if !covered[c.Name()] {
			t.Errorf("no method gives %s", c.Name())
		}
	}
}

// TestAllowedAgreesWithTheDesk: a visitor may write after the reopen window.
func TestAllowedAgreesWithTheDesk(t *testing.T) {
	t.Parallel()
	kit, chat := closedChat(t, conversation.Policy{}, 48*time.Hour)
	names, err := kit.Desk.Allowed(t.Context(), lifecycletest.Workspace, chat.ID, vic)
	check(t, err)
	if !slices.Contains(names, conversation.NameSay) {
		t.Errorf("say is not allowed to the visitor, only %v", names)
	}
	chat.Say(vic, "Me again.")
}
