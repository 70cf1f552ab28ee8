package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// A botChat is a conversation of a visitor with the bot.
type botChat struct {
	t    *testing.T
	a    *app
	call lifecycle.Call
}

func newBotChat(t *testing.T, a *app, id string) *botChat {
	t.Helper()
	c := &botChat{t, a, lifecycle.Call{Workspace: workspace, Conversation: id, By: conversation.Visitor("v-1")}}
	c.does(c.call.By, conversation.Open{})
	return c
}

func (c *botChat) does(by conversation.Actor, command conversation.Command) {
	c.t.Helper()
	if _, err := c.a.desk.Do(c.t.Context(), c.call.As(by), command); err != nil {
		c.t.Fatal(err)
	}
}

func (c *botChat) says(text string) {
	c.t.Helper()
	c.does(c.call.By, conversation.Say{Text: text})
}

// botHears lets the bot do what it has to.
func (c *botChat) botHears() {
	c.t.Helper()
	if err := c.a.catchUp(c.t.Context(), "bot", c.a.botHears); err != nil {
		c.t.Fatal(err)
	}
}

func (c *botChat) now() conversation.Conversation {
	c.t.Helper()
	now, err := c.a.desk.Get(c.t.Context(), workspace, c.call.Conversation)
	if err != nil {
		c.t.Fatal(err)
	}
	return now
}

func (c *botChat) journal() []conversation.Record {
	c.t.Helper()
	journal, err := c.a.desk.History(c.t.Context(), workspace, c.call.Conversation, 0, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	return journal
}

// answers returns what the bot said.
func (c *botChat) answers() []string {
	c.t.Helper()
	var all []string
	for _, r := range c.journal() {
		if said, ok := r.Event.(conversation.Said); ok && r.By == theBot {
			all = append(all, said.Text)
		}
	}
	return all
}

func (c *botChat) wantAnswers(want ...string) {
	c.t.Helper()
	if diff := cmp.Diff(want, c.answers()); diff != "" {
		c.t.Errorf("what the bot said (-want +got):\n%s", diff)
	}
}

func answerTo(article string) string {
	i := slices.IndexFunc(topics, func(t topic) bool { return t.Article == article })
	if topics[i].Number {
		return topics[i].Answer
	}
	return topics[i].Answer + botAsksOn
}

func TestBotTalks(t *testing.T) {
	a := openApp(t, newFile(t))
	type end struct {
		State    conversation.State
		Group    string
		Outcome  closure.Outcome
		Reason   closure.Reason
		Articles string
	}
	withBot := func(articles string) end { return end{State: conversation.StateBot, Articles: articles} }
	waiting := func(group, articles string) end {
		return end{State: conversation.StateWaiting, Group: group, Articles: articles}
	}
	closed := func(outcome closure.Outcome, reason closure.Reason, articles string) end {
		return end{State: conversation.StateClosed, Outcome: outcome, Reason: reason, Articles: articles}
	}
	const where = "Order 12345 is ready for you at the post office." + botAsksOn
	for i, test := range []struct {
		name     string
		messages []string
		answers  []string
		end      end
	}{
		{"opening hours", []string{"When do you OPEN?"}, []string{answerTo("opening-hours")}, withBot("opening-hours")},
		{"greeting", []string{"Hello!", "how much is delivery"}, []string{botGreets, answerTo("prices-and-delivery")}, withBot("prices-and-delivery")},
		{"returns", []string{"I'd like to send it back"}, []string{answerTo("returns")}, withBot("returns")},
		{"parcel, then its number", []string{"where is my parcel", "12345"}, []string{answerTo("track-a-parcel"), where}, withBot("track-a-parcel")},
		{"parcel with its number", []string{"Where is my order 12345?"}, []string{where}, withBot("track-a-parcel")},
		{"a number of nothing", []string{"12345"}, []string{botIsLost}, withBot("")},
		{"thanks after an answer", []string{"Are there returns?", "Thanks!"}, []string{answerTo("returns"), botLeaves}, closed(closure.Resolved, "", "returns")},
		{"that's all", []string{"Are there returns?", "No, that's all."}, []string{answerTo("returns"), botLeaves}, closed(closure.Resolved, "", "returns")},
		{"thanks for nothing", []string{"Do you sell tea?", "no thanks, bye"}, []string{botIsLost, botLeaves}, closed(closure.Unresolved, closure.ReasonMissingKnowledge, "")},
		{"bye", []string{"hi", "bye"}, []string{botGreets, botLeaves}, closed(closure.Unresolved, "", "")},
		{"a person", []string{"Give me a person"}, []string{botHandsOff}, waiting("orders", "")},
		{"a person about an invoice", []string{"I need to talk to somebody about my invoice"}, []string{botHandsOff}, waiting("billing", "")},
		{"a person after a question", []string{"Where is my refund?", "a human please"}, []string{answerTo("invoices"), botHandsOff}, waiting("billing", "invoices")},
		{"lost twice", []string{"Do you sell tea?", "Green tea?"}, []string{botIsLost, botGivesUp}, waiting("orders", "")},
		{"lost, found, lost", []string{"Tea?", "opening hours?", "Tea?"}, []string{botIsLost, answerTo("opening-hours"), botIsLost}, withBot("opening-hours")},
		{"nothing but an attachment", []string{""}, []string{botIsLost}, withBot("")},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newBotChat(t, a, fmt.Sprint("chat-", i))
			for _, text := range test.messages {
				c.says(text)
				c.botHears()
			}
			c.wantAnswers(test.answers...)
			now := c.now()
			got := end{State: now.State, Group: now.Group, Articles: strings.Join(now.Articles, " ")}
			if now.State == conversation.StateClosed {
				got.Outcome, got.Reason = now.Closing.Outcome, now.Closing.Reason
			}
			if diff := cmp.Diff(test.end, got); diff != "" {
				t.Errorf("how it ended (-want +got):\n%s", diff)
			}
			if by := now.MustAnswer(); by == conversation.AnswerBot {
				t.Error("the bot still has to answer")
			}
		})
	}
}

// The bot begins anew with what it gets back, and knows the message by which it got
// it.
func TestBotGetsItBack(t *testing.T) {
	a := openApp(t, newFile(t))
	c := newBotChat(t, a, "chat")
	c.says("Do you sell tea?")
	c.botHears()
	c.does(c.call.By, conversation.RequestAgent{})
	sue := conversation.Supervisor("sue")
	if _, err := a.desk.SetAvailability(t.Context(), workspace, "sue", "manual", "available"); err != nil {
		t.Fatal(err)
	}
	c.does(sue, conversation.Take{})
	c.says("Green tea?")
	c.botHears()
	c.wantAnswers(botIsLost) // it is not the bot's
	c.does(sue, conversation.Say{Text: "We do."})
	c.does(sue, conversation.HandBack{})
	c.botHears()
	c.says("Black tea?")
	c.botHears()
	c.wantAnswers(botIsLost, botIsLost) // not the second in a row
	c.says("ok thanks")
	c.botHears()
	if now := c.now(); now.State != conversation.StateClosed || now.Closing.Outcome != closure.Resolved {
		t.Errorf("whom a person has answered is %s, %+v", now.State, now.Closing)
	}
	c.says("How do I send back tea?")
	c.botHears()
	c.wantAnswers(botIsLost, botIsLost, botLeaves, answerTo("returns"))
}

// What the bot remembers is in the journal: another process goes on where one ended,
// and answers nothing twice.
func TestBotOutlivesTheProcess(t *testing.T) {
	file := newFile(t)
	c := newBotChat(t, openApp(t, file), "chat")
	c.says("Do you sell tea?")
	c.botHears()
	c.says("Green tea?") // while no bot runs

	c.a = openApp(t, file)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.a.runBot(ctx) }()
	defer func() { stop(); <-ended }()
	waitForBot(c)
	c.wantAnswers(botIsLost, botGivesUp)
	if now := c.now(); now.State != conversation.StateWaiting {
		t.Errorf("it is in %s", now.State)
	}
	other := newBotChat(t, c.a, "other")
	other.says("When do you open?")
	waitForBot(other)
	other.wantAnswers(answerTo("opening-hours"))
	c.wantAnswers(botIsLost, botGivesUp)
}

// waitForBot waits until a bot that runs has nothing to answer in a conversation.
func waitForBot(c *botChat) {
	c.t.Helper()
	updates := c.a.desk.Subscribe(64)
	defer updates.Close()
	enough := time.After(time.Minute)
	for c.now().MustAnswer() == conversation.AnswerBot {
		select {
		case <-updates.Updates():
		case <-enough:
			c.t.Fatal("the bot does not answer")
		}
	}
}

// What is delivered twice is answered once, also by two bots that thought of the
// same at the same time.
func TestBotAnswersOnce(t *testing.T) {
	a := openApp(t, newFile(t))
	c := newBotChat(t, a, "chat")
	c.says("When do you open?")
	deliveries, err := a.desk.Feed(t.Context(), "bot", feedPage)
	if err != nil {
		t.Fatal(err)
	}
	seen := c.now()
	thought := think(c.journal())
	for range 2 {
		for _, d := range deliveries {
			if err := a.botHears(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.wantAnswers(answerTo("opening-hours"))
	after := c.now().Version
	if err := a.botSays(t.Context(), seen, thought); err != nil {
		t.Fatal(err)
	}
	if err := a.botSays(t.Context(), seen, []conversation.Command{conversation.Say{Text: "Another thought."}}); err != nil {
		t.Fatal(err)
	}
	c.wantAnswers(answerTo("opening-hours"))
	if now := c.now().Version; now != after {
		t.Errorf("the journal went on from %d to %d", after, now)
	}
}

// An answer that comes too late is not given, and nothing of it is.
func TestBotIsLate(t *testing.T) {
	a := openApp(t, newFile(t))
	ann := conversation.Agent("ann")
	if _, err := a.desk.SetAvailability(t.Context(), workspace, "ann", "manual", "available"); err != nil {
		t.Fatal(err)
	}
	for name, meanwhile := range map[string]func(c *botChat){
		"the visitor goes on":        func(c *botChat) { c.says("And where is my parcel?") },
		"an agent takes it":          func(c *botChat) { c.does(ann, conversation.Take{}) },
		"an agent gives it back":     func(c *botChat) { c.does(ann, conversation.Take{}); c.does(ann, conversation.HandBack{}) },
		"the visitor closes it":      func(c *botChat) { c.does(c.call.By, conversation.Close{}) },
		"the visitor asks and waits": func(c *botChat) { c.does(c.call.By, conversation.RequestAgent{}) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newBotChat(t, a, strings.ReplaceAll(name, " ", "-"))
			c.t = t
			c.says("When do you open?")
			seen := c.now()
			thought := think(c.journal())
			meanwhile(c)
			before := c.now()
			if err := a.botSays(t.Context(), seen, thought); err != nil {
				t.Errorf("it is not dropped: %v", err)
			}
			if diff := cmp.Diff(before, c.now()); diff != "" {
				t.Errorf("something of it was done (-want +got):\n%s", diff)
			}
			c.botHears()
			if now := c.now(); now.MustAnswer() == conversation.AnswerBot {
				t.Error("what came meanwhile is not answered")
			}
		})
	}
}

// IDs of commands have limits; the bot's do not grow with the conversation's.
func TestBotInAConversationWithALongID(t *testing.T) {
	c := newBotChat(t, openApp(t, newFile(t)), strings.Repeat("x", conversation.MaxID))
	c.says("When do you open?")
	c.botHears()
	c.wantAnswers(answerTo("opening-hours"))
}
