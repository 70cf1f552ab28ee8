package conversation_test

import (
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/snooze"
)

// A whole short life: from the bot to an agent, put aside, woken by itself, and
// closed. Append gives events their places in the journal.
func Example() {
	facts := conversation.Facts{
		Now:    time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC),
		Policy: conversation.Policy{Bot: true},
	}
	vera, ann := conversation.Visitor("vera"), conversation.Agent("ann")
	c := conversation.Conversation{Workspace: "acme", ID: "chat-1"}

	for _, step := range []conversation.Request{
		{By: vera, Command: conversation.Open{}},
		{By: vera, Command: conversation.Say{Text: "My parcel is late."}},
		{By: vera, Command: conversation.RequestAgent{}},
		{By: ann, Command: conversation.Take{}},
		{By: ann, Command: conversation.Say{Text: "I will ask the courier."}},
		{By: ann, Command: conversation.Snooze{Until: snooze.For(snooze.Short)}},
		{By: conversation.Timer(), Command: conversation.Expire{}},
		{By: ann, Command: conversation.Close{Outcome: closure.Resolved}},
	} {
		if due, ok := conversation.NextDue(c, facts.Policy); ok && step.By == conversation.Timer() {
			facts.Now = due // a host waits until then
		}
		events, err := conversation.Decide(c, step, facts)
		if err != nil {
			log.Fatal(err)
		}
		var records []conversation.Record
		c, records = conversation.Append(c, step.By, facts.Now, events)
		for _, r := range records {
			fmt.Println(r.At.Format("15:04"), r.By, conversation.EventName(r.Event), "→", c.State)
		}
	}

	// Output:
	// 09:00 visitor:vera opened → bot
	// 09:00 visitor:vera said → bot
	// 09:00 visitor:vera agent_requested → waiting
	// 09:00 agent:ann taken → assigned
	// 09:00 agent:ann said → assigned
	// 09:00 agent:ann snoozed → snoozed
	// 12:00 timer woken → assigned
	// 12:00 agent:ann closed → closed
}

func ExampleDecide() {
	c := conversation.Conversation{
		Version: 2, State: conversation.StateAssigned, Visitor: "vera", Agent: "ann",
	}
	facts := conversation.Facts{
		Now:    time.Date(2026, time.March, 28, 8, 0, 0, 0, time.UTC),
		Policy: conversation.Policy{Bot: true},
	}
	events, err := conversation.Decide(c, conversation.Request{
		By:      conversation.Agent("ann"),
		Command: conversation.Snooze{Until: snooze.Calendar("2026-03-29T09:00", "Europe/Berlin")},
	}, facts)
	if err != nil {
		log.Fatal(err)
	}
	e := events[0].(conversation.Snoozed)
	fmt.Println(e.Local, "in", e.Zone, "is", e.At)
	fmt.Println("at its end:", e.AtEnd, "and on a reply:", e.OnReply)

	// What holds already is accepted without an event.
	events, err = conversation.Decide(c, conversation.Request{
		By:      conversation.Agent("ann"),
		Command: conversation.Take{},
	}, facts)
	fmt.Println(len(events), err)

	// Output:
	// 2026-03-29T09:00 in Europe/Berlin is 2026-03-29 07:00:00 +0000 UTC
	// at its end: keep and on a reply: wake
	// 0 <nil>
}

func ExampleEvolve() {
	journal := []conversation.Record{
		{Seq: 1, By: conversation.Visitor("vera"), Event: conversation.Opened{Visitor: "vera", To: conversation.StateBot}},
		{Seq: 2, By: conversation.Visitor("vera"), Event: conversation.Said{}},
		{Seq: 3, By: conversation.Agent("ann"), Event: conversation.Taken{}},
		{Seq: 4, By: conversation.Agent("ann"), Event: conversation.HandedBack{Agent: "ann"}},
	}
	var c conversation.Conversation
	for _, r := range journal {
		r.At = time.Date(2026, time.March, 2, 9, int(r.Seq), 0, 0, time.UTC)
		c = conversation.Evolve(c, r)
		fmt.Printf("%d %s %q, must answer: %q\n", c.Version, c.State, c.Agent, c.MustAnswer())
	}
	// Output:
	// 1 bot "", must answer: ""
	// 2 bot "", must answer: "bot"
	// 3 assigned "ann", must answer: "agent"
	// 4 bot "", must answer: ""
}

func ExampleNextDue() {
	since := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	c := conversation.Conversation{
		State: conversation.StateAssigned, Agent: "ann", Silence: conversation.Silence{Since: since},
	}
	at, ok := conversation.NextDue(c, conversation.Policy{}) // the default: a prompt after two minutes
	fmt.Println(at, ok)

	slow := conversation.Policy{Idle: conversation.Idle{Assigned: idle.Ladder{Steps: []idle.Step{
		{After: time.Hour, Action: idle.FollowUp, Text: "Are you still there?"},
		{After: 24 * time.Hour, Action: idle.Close},
	}}}}
	at, ok = conversation.NextDue(c, slow)
	fmt.Println(at, ok)

	c.Silence.Step = 2 // it has been through the whole ladder
	_, ok = conversation.NextDue(c, slow)
	fmt.Println(ok)

	// Output:
	// 2026-03-02 09:02:00 +0000 UTC true
	// 2026-03-02 10:00:00 +0000 UTC true
	// false
}

// Whose readiness matters depends on the command. The host looks the agent up, and
// says what it found as a fact.
func ExampleAgentFor() {
	c := conversation.Conversation{Version: 2, State: conversation.StateWaiting, Visitor: "vera", Group: "billing"}
	r := conversation.Request{By: conversation.System(""), Command: conversation.Assign{Agent: "ann"}}
	fmt.Printf("%+v\n", conversation.AgentFor(c, r))

	_, err := conversation.Decide(c, r, conversation.Facts{Agent: conversation.AgentUnavailable})
	fmt.Println(errors.Is(err, conversation.ErrAgentUnavailable))

	// A message of the visitor gives it to nobody.
	r = conversation.Request{By: conversation.Visitor("vera"), Command: conversation.Say{Text: "Hello?"}}
	fmt.Printf("%+v\n", conversation.AgentFor(c, r))
	// Output:
	// {Agent:ann GoingBack:false}
	// true
	// {Agent: GoingBack:false}
}

func ExampleAllowed() {
	c := conversation.Conversation{
		Version: 3, State: conversation.StateWaiting, Visitor: "vera",
	}
	var facts conversation.Facts
	fmt.Println(conversation.Allowed(c, conversation.Visitor("vera"), facts))
	fmt.Println(conversation.Allowed(c, conversation.Agent("ann"), facts))
	fmt.Println(conversation.Allowed(c, conversation.Bot(""), facts))
	fmt.Println(conversation.Allowed(c, conversation.Timer(), facts))
	// Output:
	// [say close]
	// [take close add_note link_article block]
	// [add_note link_article]
	// []
}

func ExampleMermaid() {
	for i, line := range strings.Split(conversation.Mermaid(), "\n") {
		if i < 4 {
			fmt.Println(line)
		}
	}
	// Output:
	// stateDiagram-v2
	//     [*] --> bot: open
	//     [*] --> waiting: open
	//     bot --> waiting: say, request agent, silence
}

func ExampleRefusedError() {
	c := conversation.Conversation{Version: 9, State: conversation.StateClosed, Visitor: "vera", Closing: &conversation.Closing{
		Number: 1, Outcome: closure.Resolved, Cause: closure.Agent, By: conversation.Agent("ann"), Agent: "ann",
	}}
	_, err := conversation.Decide(c, conversation.Request{
		By:      conversation.Agent("bob"),
		Command: conversation.Close{Outcome: closure.Unresolved},
	}, conversation.Facts{})

	if errors.Is(err, conversation.ErrAlreadyClosed) {
		fmt.Println("somebody was faster")
	}
	var refused *conversation.RefusedError
	if errors.As(err, &refused) {
		fmt.Println("closed by", refused.Closing.By, "as", refused.Closing.Outcome)
		fmt.Println("allowed:", refused.Allowed)
	}
	fmt.Println(err)

	// Output:
	// somebody was faster
	// closed by agent:ann as resolved
	// allowed: [reclassify offer_survey reopen add_note link_article block]
	// conversation: close by agent:bob refused in state closed: already closed (by agent:ann as resolved, cause agent); allowed: [reclassify offer_survey reopen add_note link_article block]
}

func ExampleInvalidError() {
	_, err := conversation.Decide(conversation.Conversation{}, conversation.Request{
		By:      conversation.Visitor("vera jones"),
		Command: conversation.Open{},
	}, conversation.Facts{})

	var invalid *conversation.InvalidError
	if errors.As(err, &invalid) {
		fmt.Println(invalid.Field)
	}
	fmt.Println(err)
	// Output:
	// actor
	// conversation: invalid actor: must be of [A-Za-z0-9._:@-], byte 4 is not
}

func ExamplePolicies_For() {
	all := conversation.Policies{
		Default: conversation.Policy{Bot: true},
		Groups: map[string]conversation.Policy{
			"billing": {ReopenWindow: 72 * time.Hour}, // no bot: a group's policy replaces the default whole
		},
	}
	for _, group := range []string{"", "sales", "billing"} {
		p := all.For(group)
		fmt.Printf("%q: bot %t, window %v\n", group, p.Bot, p.ReopenWindow)
	}
	// Output:
	// "": bot true, window 0s
	// "sales": bot true, window 0s
	// "billing": bot false, window 72h0m0s
}

func ExampleText() {
	r := conversation.Record{
		Seq: 2, At: time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC),
		By: conversation.Visitor("vera"), Event: conversation.Said{Text: "my card is 4111"},
	}
	body, err := conversation.EncodeRecord(r)
	if err != nil {
		log.Fatal(err)
	}
	text, _ := conversation.Text(r.Event)
	fmt.Println(string(body))
	fmt.Println("stored apart:", text)
	// Output:
	// {"v":1,"seq":2,"at":"2026-03-02T09:00:00Z","by":{"kind":"visitor","id":"vera"},"type":"said","data":{}}
	// stored apart: my card is 4111
}
