package closure_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
)

func ExampleCheck() {
	fmt.Println(closure.Check(closure.Unresolved, closure.ReasonMissingKnowledge))

	err := closure.Check(closure.Resolved, closure.ReasonVisitorLeft)
	fmt.Println(errors.Is(err, closure.ErrReason))
	fmt.Println(err)

	fmt.Println(closure.Check("Not resolved", ""))
	// Output:
	// <nil>
	// true
	// closure: the reason is for unresolved conversations and must be a known one: got "visitor_left" beside "resolved"
	// closure: the outcome must be resolved or unresolved: got "Not resolved"
}

// The words of a dialog are the host's; the codes are stored.
func ExampleOutcomes() {
	words := map[closure.Outcome]string{
		closure.Resolved:   "Resolved",
		closure.Unresolved: "Not resolved",
	}
	for _, outcome := range closure.Outcomes() {
		fmt.Println(words[outcome], "is stored as", outcome)
	}
	// Output:
	// Resolved is stored as resolved
	// Not resolved is stored as unresolved
}

func ExampleForm_Missing() {
	demanded := []closure.Field{closure.FieldReason, closure.FieldNotes, closure.FieldTags}
	form := closure.Form{Notes: "sent the invoice again", Tickets: []string{"BILL-7"}}

	fmt.Println(form.Missing(demanded, closure.Unresolved, "", []string{"billing", "shipping"}))
	fmt.Println(form.Missing(demanded, closure.Resolved, "", nil)) // no catalogue, no tag
	// Output:
	// [reason tags]
	// []
}

// An agent who would close is told what to do first.
func ExampleCourtesy() {
	now := time.Date(2026, time.March, 2, 16, 45, 0, 0, time.UTC)
	phrases := closure.DefaultPhrases()
	var c closure.Courtesy

	advise := func() {
		advice, ok := c.Advise(now, closure.DefaultPatience)
		if !ok {
			fmt.Println("may close:", c.Grade(now, closure.DefaultPatience))
			return
		}
		fmt.Printf("%s: %s, %v, %q\n", advice.Grade, advice.Next, advice.Wait, advice.Phrase)
	}
	agent := func(text string) { c = c.AgentSaid(now, phrases.OfAgent(text)) }
	visitor := func(text string) { c = c.VisitorSaid(now, phrases.OfVisitor(text)) }

	visitor("Where is my parcel?")
	advise()
	agent("It arrives tomorrow.")
	advise()
	agent("Is there anything else I can help you with?")
	now = now.Add(time.Minute)
	advise()
	visitor("No, that's all. Thank you!")
	advise()
	agent("Thank you for contacting us. Have a nice day!")
	advise()
	// Output:
	// unanswered: answer, 0s, ""
	// abrupt: check_in, 0s, "Is there anything else I can help you with?"
	// abrupt: wait, 1m0s, ""
	// abrupt: say_goodbye, 0s, "Thank you for contacting us. Have a nice day!"
	// may close: confirmed
}

func ExamplePhrases() {
	phrases := closure.DefaultPhrases()
	phrases.Farewell = append(phrases.Farewell, "tschüss")
	for _, text := range []string{
		"No, thank you. Tschüss!",
		"Thank you, but it still fails",
		"I can't say goodbye to my data",
		"Can I close this now? Bye",
	} {
		fmt.Println(phrases.OfVisitor(text), text)
	}
	// Output:
	// [confirmation farewell] No, thank you. Tschüss!
	// [] Thank you, but it still fails
	// [] I can't say goodbye to my data
	// [] Can I close this now? Bye
}

func ExampleTally() {
	records := []closure.Record{
		{Agent: "ann", Outcome: closure.Resolved, Figures: closure.Figures{closure.Handling: 60_000}},
		{Agent: "ann", Outcome: closure.Resolved, Figures: closure.Figures{closure.Handling: 30_000}},
		{Agent: "bob", Outcome: closure.Unresolved, Figures: closure.Figures{closure.Handling: closure.None}},
	}
	by := closure.Breakdown{By: []closure.Dimension{closure.ByAgent, closure.ByOutcome}}
	for _, g := range closure.Tally(slices.Values(records), by) {
		mean, ok := g.Figures[closure.Handling].Mean()
		fmt.Println(g.Keys, g.Closings, closure.Duration(mean), ok)
	}
	// Output:
	// [ann resolved] 2 45s true
	// [bob unresolved] 1 0s false
}

// Few closings say little: the interval shows how little.
func ExampleWilson() {
	for _, n := range []int64{3, 30, 300} {
		low, high := closure.Wilson(n*2/3, n)
		fmt.Printf("%d of %d: %.0f %% to %.0f %%\n", n*2/3, n, 100*low, 100*high)
	}
	// Output:
	// 2 of 3: 21 % to 94 %
	// 20 of 30: 49 % to 81 %
	// 200 of 300: 61 % to 72 %
}

func ExampleShare() {
	bot, team := closure.Share{Resolved: 6, Unresolved: 2}, closure.Share{Resolved: 1, Unresolved: 1}
	value, ok := bot.Add(team).Value()
	fmt.Printf("%.0f %% of %d, %v\n", 100*value, bot.Add(team).Decided(), ok)

	_, ok = closure.Share{}.Value()
	fmt.Println(ok)
	// Output:
	// 70 % of 10, true
	// false
}

// In Samoa the last but one day of 2011 never was.
func ExampleDays() {
	apia, err := time.LoadLocation("Pacific/Apia")
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2011, time.December, 29, 0, 0, 0, 0, apia)
	to := time.Date(2012, time.January, 1, 0, 0, 0, 0, apia)
	bounds := closure.Days(from, to, apia)
	for i, begin := range bounds[:len(bounds)-1] {
		fmt.Println(begin.In(apia).Format("2 January, 15:04"), "for", bounds[i+1].Sub(begin))
	}
	// Output:
	// 29 December, 00:00 for 24h0m0s
	// 31 December, 00:00 for 24h0m0s
}

// Two of two say less than six of eight.
func ExampleArticles() {
	groups := []closure.Group{
		{Keys: []string{"refunds", "resolved"}, Closings: 2},
		{Keys: []string{"refunds", "unresolved"}, Closings: 6},
		{Keys: []string{"returns", "resolved"}, Closings: 9},
		{Keys: []string{"shipping", "unresolved"}, Closings: 2},
	}
	for _, a := range closure.Articles(groups) {
		low, high := a.UnresolvedShare()
		fmt.Printf("%s: %d of %d unresolved, %.0f %% to %.0f %%, few: %v\n", a.Article, a.Unresolved, a.Decided(), 100*low, 100*high, a.Few)
	}
	// Output:
	// refunds: 6 of 8 unresolved, 41 % to 93 %, few: false
	// shipping: 2 of 2 unresolved, 34 % to 100 %, few: true
}
