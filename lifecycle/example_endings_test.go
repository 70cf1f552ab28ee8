package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage/memory"
)

// Each agent's days, as they are in Paris: midnight is at 23:00 UTC.
func ExampleDesk_Report() {
	desk := eveningDesk()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		log.Fatal(err)
	}
	report, err := desk.Report(context.Background(), "acme", lifecycle.ReportQuery{
		Filter: closure.Filter{
			From: time.Date(2026, time.November, 20, 0, 0, 0, 0, paris),
			To:   time.Date(2026, time.November, 22, 0, 0, 0, 0, paris),
		},
		By:   []closure.Dimension{closure.ByDay, closure.ByAgent},
		Zone: paris,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range report.Lines {
		fmt.Printf("%s %s: %d of %d resolved\n", line.Keys[0], line.Keys[1], line.Share.Resolved, line.Closings)
	}
	share, _ := report.Total.Share.Value()
	fmt.Printf("together: %.0f %% of %d\n", 100*share, report.Total.Closings)
	// Output:
	// 2026-11-20 ann: 1 of 1 resolved
	// 2026-11-21 ann: 0 of 2 resolved
	// 2026-11-21 ben: 1 of 1 resolved
	// together: 50 % of 4
}

// How long it took each agent: in the middle, and at most in nine of ten.
func ExampleDesk_Spreads() {
	desk := eveningDesk()
	byAgent := lifecycle.ReportQuery{By: []closure.Dimension{closure.ByAgent}}
	spreads, err := desk.Spreads(context.Background(), "acme", byAgent, closure.Resolution, 50, 90)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range spreads {
		median, most := closure.Duration(float64(s.Values[0])), closure.Duration(float64(s.Values[1]))
		fmt.Printf("%s: %v and %v of %d\n", s.Keys[0], median, most, s.N)
	}
	// Output:
	// ann: 30m0s and 40m0s of 3
	// ben: 20m0s and 20m0s of 1
}

// The articles that left customers without an answer.
func ExampleDesk_Articles() {
	desk := eveningDesk()
	articles, err := desk.Articles(context.Background(), "acme", closure.Filter{})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range articles {
		fmt.Printf("%s: %d of %d unresolved, too few to say: %t\n", a.Article, a.Unresolved, a.Decided(), a.Few)
	}
	// Output:
	// kb-refunds: 2 of 2 unresolved, too few to say: true
}

// What a manager looks at: who did not hear back, and what was written.
func ExampleDesk_Unconfirmed() {
	ctx := context.Background()
	desk, chat, fake := morningChat(conversation.Policies{})
	desk.Say(ctx, chat.As(vic), "Where is my parcel?")
	fake.Add(time.Minute)
	desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})

	page, err := desk.Unconfirmed(ctx, "acme", lifecycle.ClosingView{Newest: true}, lifecycle.Notes{}, "", 10)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range page.Closings {
		fmt.Println(c.Conversation, c.Agent, c.Grade)
		c.Transcript.WriteText(os.Stdout)
	}
	// Output:
	// chat-1 ann unanswered
	// 2026-11-20 09:00:00 UTC  [agents only] The conversation began
	// 2026-11-20 09:00:00 UTC  [agents only] ann took the conversation
	// 2026-11-20 09:00:00 UTC  vic: Where is my parcel?
	// 2026-11-20 09:01:00 UTC  [agents only] ann closed the conversation (resolved)
}

// What the next agent wants to know of the customer.
func ExampleDesk_CustomerHistory() {
	ctx := context.Background()
	desk, chat, _ := morningChat(conversation.Policies{Tags: []string{"delivery"}})
	form := closure.Form{
		Sentiment: closure.Negative, Tags: []string{"delivery"}, Tickets: []string{"JIRA-12"},
		Notes: "Moved last month: check the address.",
	}
	desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Unresolved, Form: form})

	history, err := desk.CustomerHistory(ctx, "acme", "vic", "", 10)
	if err != nil {
		log.Fatal(err)
	}
	for _, engagement := range history.Engagements {
		for _, e := range engagement.Endings {
			fmt.Println(e.Conversation, e.By, e.Outcome, e.Sentiment, e.Tags, e.Tickets)
			fmt.Println(e.Notes)
		}
	}
	// Output:
	// chat-1 agent:ann unresolved negative [delivery] [JIRA-12]
	// Moved last month: check the address.
}

// A transcript for the customer has what they have seen, and no notes.
func ExampleDesk_Transcript() {
	ctx := context.Background()
	desk, chat, fake := morningChat(conversation.Policies{})
	desk.Say(ctx, chat.As(vic), "Where is my parcel?\nIt was due on Monday.")
	fake.Add(time.Minute)
	desk.AddNote(ctx, chat.As(ann), "The third one this week.")
	desk.Say(ctx, chat.As(ann), "It arrives today.")

	notes := lifecycle.Notes{
		Name:     func(a conversation.Actor) string { return map[string]string{"ann": "Ann", "vic": "You"}[a.ID] },
		Location: time.FixedZone("CET", 3600),
	}
	transcript, err := desk.Transcript(ctx, "acme", "chat-1", notes, lifecycle.ForEverybody)
	if err != nil {
		log.Fatal(err)
	}
	transcript.WriteText(os.Stdout)
	// Output:
	// 2026-11-20 10:00:00 CET  You: Where is my parcel?
	//     It was due on Monday.
	// 2026-11-20 10:01:00 CET  Ann: It arrives today.
}

// The tags that a dialog lists.
func ExampleDesk_Tags() {
	desk, _, _ := morningChat(conversation.Policies{Tags: []string{"refund", "Delivery", "account"}})
	fmt.Println(desk.Tags(context.Background(), "acme"))
	// Output:
	// [account Delivery refund] <nil>
}

// The visitor is asked after the closing, and answers once.
func ExampleDesk_AnswerSurvey() {
	ctx := context.Background()
	desk, chat, _ := morningChat(conversation.Policies{
		Default: conversation.Policy{Survey: conversation.Asking{Offer: true}},
	})
	closed, err := desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("open until", closed.Conversation.Closing.Survey.Until)

	answer := conversation.AnswerSurvey{Rating: 4, Comment: "Quick!"}
	answered, err := desk.AnswerSurvey(ctx, chat.As(vic), answer)
	fmt.Println(answered.Conversation.State, answered.Conversation.Closing.Survey.Rating, err)

	_, err = desk.AnswerSurvey(ctx, chat.As(vic), conversation.AnswerSurvey{Rating: 1})
	fmt.Println(errors.Is(err, conversation.ErrSurveyAnswered))
	// Output:
	// open until 2026-11-27 09:00:00 +0000 UTC
	// closed 4 <nil>
	// true
}

// A guard that warns tells what to do first. A second yes, to the grade that was
// warned of, closes all the same.
func ExampleDesk_Close_warned() {
	ctx := context.Background()
	desk, chat, _ := morningChat(conversation.Policies{
		Default: conversation.Policy{Courtesy: conversation.Courtesy{Guard: closure.GuardWarn}},
	})
	desk.Say(ctx, chat.As(vic), "Where is my parcel?")
	desk.Say(ctx, chat.As(ann), "It arrives today.")

	closing := conversation.Close{Outcome: closure.Resolved}
	_, err := desk.Close(ctx, chat.As(ann), closing)
	warning, ok := errors.AsType[*conversation.RefusedError](err)
	if !ok || warning.Advice == nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, better %s: %q\n", warning.Advice.Grade, warning.Advice.Next, warning.Advice.Phrase)

	closing.Acknowledged = warning.Advice.Grade // the agent has seen it
	closed, err := desk.Close(ctx, chat.As(ann), closing)
	fmt.Println(closed.Conversation.State, closed.Conversation.Closing.Grade, err)
	// Output:
	// abrupt, better check_in: "Is there anything else I can help you with?"
	// closed abrupt <nil>
}

// Goodbyes in German: the marks of a message are those of the phrases in it.
func ExampleByPhrases() {
	ctx := context.Background()
	german := closure.Phrases{
		CheckIn:  []string{"sonst noch etwas", "noch Fragen?"},
		Farewell: []string{"tschüss", "auf Wiedersehen", "schönen Tag"},
		Brief:    []string{"nein", "danke", "vielen Dank", "das war's"},
		Unless:   []string{"aber", "nicht", "noch"},
	}
	desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Classifier: lifecycle.ByPhrases(german)})
	if err != nil {
		log.Fatal(err)
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	desk.Open(ctx, chat.As(vic), conversation.Open{})
	desk.Take(ctx, chat.As(ann))
	for _, m := range []struct {
		by   conversation.Actor
		text string
	}{
		{ann, "Kann ich sonst noch etwas für Sie tun?"},
		{vic, "Danke, aber es geht nicht."},
		{ann, "Jetzt?"},
		{vic, "Vielen Dank, das war's!"},
		{ann, "Gern. Schönen Tag noch!"},
	} {
		said, err := desk.Say(ctx, chat.As(m.by), m.text)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.by.Kind, said.Records[0].Event.(conversation.Said).Marks)
	}
	closed, err := desk.Close(ctx, chat.As(ann), conversation.Close{Outcome: closure.Resolved})
	fmt.Println(closed.Conversation.Closing.Grade, err)
	// Output:
	// agent [check_in]
	// visitor []
	// agent []
	// visitor [confirmation]
	// agent [farewell]
	// confirmed <nil>
}

// morningChat returns a Desk with those policies and one conversation, which ann
// has taken at nine o'clock, and the clock.
func morningChat(policies conversation.Policies) (*lifecycle.Desk, lifecycle.Call, *clock.Mock) {
	fake := clock.NewMock()
	fake.Set(time.Date(2026, time.November, 20, 9, 0, 0, 0, time.UTC))
	desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Clock: fake})
	if err != nil {
		log.Fatal(err)
	}
	if _, err = desk.SetPolicies(context.Background(), "acme", policies, 0); err != nil {
		log.Fatal(err)
	}
	chat := lifecycle.Call{Workspace: "acme", Conversation: "chat-1"}
	if _, err = desk.Open(context.Background(), chat.As(vic), conversation.Open{}); err != nil {
		log.Fatal(err)
	}
	if _, err = desk.Take(context.Background(), chat.As(ann)); err != nil {
		log.Fatal(err)
	}
	return desk, chat, fake
}

// eveningDesk returns a Desk on which four conversations were closed, one after the
// other, from half past ten on, UTC.
func eveningDesk() *lifecycle.Desk {
	ctx := context.Background()
	fake := clock.NewMock()
	fake.Set(time.Date(2026, time.November, 20, 22, 30, 0, 0, time.UTC))
	desk, err := lifecycle.New(memory.New(), &lifecycle.Options{Clock: fake})
	if err != nil {
		log.Fatal(err)
	}
	done := func(_ lifecycle.Result, err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	for i, c := range []struct {
		by      conversation.Actor
		took    time.Duration
		outcome closure.Outcome
		article string
	}{
		{ann, 10 * time.Minute, closure.Resolved, "kb-parcels"},
		{ben, 20 * time.Minute, closure.Resolved, "kb-parcels"},
		{ann, 40 * time.Minute, closure.Unresolved, "kb-refunds"},
		{ann, 30 * time.Minute, closure.Unresolved, "kb-refunds"},
	} {
		chat := lifecycle.Call{Workspace: "acme", Conversation: fmt.Sprint("chat-", i+1)}
		done(desk.Open(ctx, chat.As(vic), conversation.Open{}))
		done(desk.Take(ctx, chat.As(c.by)))
		done(desk.LinkArticle(ctx, chat.As(c.by), c.article))
		fake.Add(c.took)
		done(desk.Close(ctx, chat.As(c.by), conversation.Close{Outcome: c.outcome}))
	}
	return desk
}
