package conversation_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// recorded is the event that a command causes where it is accepted.
var recorded = map[conversation.CommandName]string{
	"open": "opened", "say": "said", "request_agent": "agent_requested", "take": "taken", "assign": "assigned",
	"hand_back": "handed_back", "transfer": "transferred", "requeue": "requeued", "snooze": "snoozed", "wake": "woken",
	"close": "closed", "reclassify": "reclassified", "offer_survey": "survey_offered", "answer_survey": "survey_answered", "reopen": "reopened", "regroup": "regrouped",
	"assignee_gone": "assignee_left", "assignee_back": "assignee_returned", "notify_by_email": "email_requested",
	"typing": "typed", "mark_read": "marked_read", "add_note": "note_added", "link_article": "article_linked",
	"block": "blocked", "unblock": "unblocked",
}

// recordedWhenDue is the event of an idle action.
var recordedWhenDue = map[idle.Action]string{
	idle.Prompt: "prompted", idle.FollowUp: "followed_up", idle.HandBack: "handed_back", idle.Requeue: "requeued",
	idle.Close: "closed", "": "woken",
}

// events returns the names of the events of the cell, if its outcome is right.
func (x cell) events(outcome string) string {
	name := command(x.command, x.by()).Name()
	switch stays := outcome == letters[x.c.State]; {
	case name == conversation.NameExpire && x.takenAway() && stays:
		return "assignee_returned"
	case name == conversation.NameExpire && x.takenAway():
		return "requeued"
	case x.offers(outcome):
		return "closed survey_offered"
	case x.answers() && x.has("mail"):
		return x.said() + " email_requested"
	case name == conversation.NameExpire:
		return recordedWhenDue[x.due()]
	case x.state == "snoozed" && name == conversation.NameTake && x.by().ID == "ann":
		return "woken"
	case x.state == "snoozed" && !stays && (name == conversation.NameSay || name == conversation.NameRequestAgent):
		return recorded[name] + " woken"
	case x.state == "closed" && !stays && name == conversation.NameSay:
		return "said reopened"
	case x.state == "bot" && !stays && name == conversation.NameSay:
		return "said requeued"
	}
	return recorded[name]
}

func (x cell) checkEvents(outcome string, events []conversation.Event) error {
	var names []string
	for _, e := range events {
		names = append(names, conversation.EventName(e))
		closed, _ := e.(conversation.Closed)
		if over := x.acknowledges() && x.discourteous() && x.person(); closed.Acknowledged != over {
			return fmt.Errorf("closed over a warning: %t, want %t", closed.Acknowledged, over)
		}
		o, opened := e.(conversation.Opened)
		if asked := x.command == "open-for-agent"; opened && o.AgentRequested != asked {
			return fmt.Errorf("the opening asks for a person: %t, want %t", o.AgentRequested, asked)
		}
	}
	if got, want := strings.Join(names, " "), x.events(outcome); got != want {
		return fmt.Errorf("the events are %s, want %s", got, want)
	}
	after, _ := conversation.Append(x.c, x.by(), x.now, events)
	for _, check := range []func(conversation.Conversation) error{
		x.checkPlace, x.checkOpenQuestion, x.checkHolder, x.checkEmail, x.checkClosing, x.checkSurvey, x.checkTurn,
	} {
		if err := check(after); err != nil {
			return err
		}
	}
	return x.checkReasons(after, events)
}

// offers reports whether the cell ends the conversation with the offer of a
// survey.
func (x cell) offers(outcome string) bool {
	return outcome == "C" && x.state != "closed" && x.has("asks") && !x.has("blocked") && !x.has("full") && x.command != "close-spam"
}

// checkClosing checks how the closing is graded, that a form was taken over, and
// whether the agent closed over a warning.
func (x cell) checkClosing(after conversation.Conversation) error {
	if after.State != conversation.StateClosed || x.state == "closed" {
		return nil
	}
	var grade closure.Grade
	var sentiment closure.Sentiment
	if x.person() {
		grade = x.grade()
	}
	if x.command == "close-filled" && x.by() != vera || x.command == "close-spam" {
		sentiment = closure.Neutral
	}
	if got := after.Closing; got.Grade != grade || got.Sentiment != sentiment {
		return fmt.Errorf("it is graded %q with the sentiment %q, want %q and %q", got.Grade, got.Sentiment, grade, sentiment)
	}
	return nil
}

// checkTurn checks whether the visitor has said something that a goodbye would
// leave open: they wrote, or asked for a person themselves.
func (x cell) checkTurn(after conversation.Conversation) error {
	want := x.state != "none" && x.state != "closed" && x.grade() == closure.Unanswered
	switch name := command(x.command, x.by()).Name(); {
	case after.State == conversation.StateClosed:
		want = false
	case x.command == "open-for-agent":
		want = x.by().Kind == conversation.KindVisitor
	case x.by() == vera && (x.command == "say" || name == conversation.NameRequestAgent):
		want = true
	case x.command == "say" && x.by() != host && x.by() != vera:
		want = false
	}
	if got := after.Courtesy.Open; got != want {
		return fmt.Errorf("the visitor has said something that is open: %t, want %t", got, want)
	}
	return nil
}

// checkSurvey checks the survey of the last closing.
func (x cell) checkSurvey(after conversation.Conversation) error {
	closed := after.State == conversation.StateClosed && x.state != "closed"
	want := x.hasSurvey() && !closed || x.command == "offer-survey" || closed && x.offers("C")
	rating := 0
	switch {
	case x.command == "answer-survey", x.command == "answer-survey-2":
		rating = 4
	case x.has("survey-answered") && !closed:
		rating = 2
	}
	var got *conversation.Survey
	if after.Closing != nil {
		got = after.Closing.Survey
	}
	if (got != nil) != want || want && got.Rating != rating {
		return fmt.Errorf("the survey is %+v, want one: %t, rated %d", got, want, rating)
	}
	return nil
}

// answers reports whether the cell writes to the visitor.
func (x cell) answers() bool {
	switch x.command {
	case "say", "say-automatically":
		return x.by() != vera
	case "expire":
		return x.due() == idle.FollowUp
	}
	return false
}

func (x cell) said() string {
	if x.command == "expire" {
		return "followed_up"
	}
	return "said"
}

// comesBack is the reason for which a conversation that leaves a snooze, or is
// opened again, would not go back to the agent.
func (x cell) comesBack() conversation.WaitReason {
	switch {
	case x.state == "snoozed" && x.command == "expire" && x.has("released"):
		return conversation.WaitReleased
	case x.state == "closed" && x.has("nobody-before"):
		return ""
	}
	return conversation.WaitReason(x.ready())
}

// checkReasons checks why it waits.
func (x cell) checkReasons(after conversation.Conversation, events []conversation.Event) error {
	var want conversation.WaitReason
	switch name := command(x.command, x.by()).Name(); {
	case after.State != conversation.StateWaiting:
	case x.command == "requeue-removed":
		want = conversation.WaitRemoved
	case (x.command == "transfer-group" || name == conversation.NameRequeue) && x.c.Agent != "":
		want = conversation.WaitGivenUp
	case x.command == "transfer-group":
	case x.state == "waiting":
		want = x.c.WaitReason
	case x.state == "snoozed" || x.state == "closed":
		want = x.comesBack()
	case x.state == "assigned" && x.takenAway() && x.command == "expire":
		want = conversation.WaitReason(x.ready())
	case x.state == "assigned" && x.command == "expire": // nobody wrote
		want = conversation.WaitGivenUp
	}
	if after.WaitReason != want {
		return fmt.Errorf("it waits for the reason %q, want %q", after.WaitReason, want)
	}
	for _, e := range events {
		told := want
		switch e := e.(type) {
		case conversation.Woken:
			told = e.Reason
		case conversation.Reopened:
			told = e.Reason
		case conversation.Requeued:
			if told = e.Reason; told == "" && e.From != "" {
				told = conversation.WaitGivenUp
			}
		}
		if told != want {
			return fmt.Errorf("the event gives the reason %q, want %q: %+v", told, want, e)
		}
	}
	return nil
}

// checkHolder checks who had it before, and since when the agent who has it is
// away.
func (x cell) checkHolder(after conversation.Conversation) error {
	previous := x.c.PreviousAgent
	if x.c.Agent != "" && after.Agent != x.c.Agent {
		previous = x.c.Agent
	}
	if x.command == "hand-back" || x.command == "expire" && x.due() == idle.HandBack && !x.takenAway() {
		previous = ""
	}
	if after.PreviousAgent != previous {
		return fmt.Errorf("the agent before is %q, want %q", after.PreviousAgent, previous)
	}
	var away time.Time
	name := command(x.command, x.by()).Name()
	switch {
	case after.State != conversation.StateAssigned:
	case name == conversation.NameTransfer, x.state == "snoozed" && (name == conversation.NameTake || name == conversation.NameWake):
		if x.ready() == conversation.AgentUnavailable {
			away = x.now
		}
	case x.command == "gone-ann":
		away = start.Add(-time.Minute)
	case x.state != "assigned" || after.Agent != "ann" || x.command == "back-ann" || x.takenAway() && x.command == "expire":
	default:
		away = x.c.AwaySince
	}
	if !after.AwaySince.Equal(away) {
		return fmt.Errorf("the agent is away since %v, want %v", after.AwaySince, away)
	}
	return nil
}

// checkEmail checks whether an e-mail was asked for in this stretch of unread
// answers.
func (x cell) checkEmail(after conversation.Conversation) error {
	want := x.has("mailed") && x.command != "mark-read" ||
		x.has("mail") && (x.answers() || x.command == "notify-by-email")
	if after.EmailRequested != want {
		return fmt.Errorf("an e-mail was asked for: %t, want %t", after.EmailRequested, want)
	}
	return nil
}

// checkPlace checks the group, the place in the queue, and that another group
// begins another silence in the queue, and nowhere else.
func (x cell) checkPlace(after conversation.Conversation) error {
	group := x.c.Group
	switch x.command {
	case "request-agent-group", "transfer-group", "regroup":
		group = "support"
	case "ungroup":
		group = ""
	}
	moved := x.command == "request-agent-group" || x.command == "regroup" || x.command == "ungroup"
	switch {
	case after.Group != group:
		return fmt.Errorf("it is the group %q's, want %q", after.Group, group)
	case after.State == x.c.State && !after.Since.Equal(x.c.Since):
		return fmt.Errorf("it is %s since %v, want %v", after.State, after.Since, x.c.Since)
	case x.state == "waiting" && moved && after.Silence != (conversation.Silence{Since: x.now}):
		return fmt.Errorf("the silence is %+v, want a new one at %v", after.Silence, x.now)
	case x.state != "waiting" && (x.command == "regroup" || x.command == "ungroup") && after.Silence != x.c.Silence:
		return fmt.Errorf("the silence is %+v, want %+v as before", after.Silence, x.c.Silence)
	}
	return nil
}

// checkOpenQuestion checks whether the visitor waits for an answer after the
// cell. In every situation that has begun they do, unless they were answered:
// they have written.
func (x cell) checkOpenQuestion(after conversation.Conversation) error {
	want := x.state != "none" && x.state != "closed" && !x.saidLast()
	switch name := command(x.command, x.by()).Name(); {
	case x.command == "open-for-agent", name == conversation.NameRequestAgent:
		want = true
	case name == conversation.NameSay && x.by() == vera && x.command == "say":
		want = true
	case after.State == conversation.StateClosed, x.command == "hand-back", x.due() == idle.HandBack && x.command == "expire":
		want = false
	case x.command == "say" && x.by() != host && x.by() != vera: // an answer
		want = false
	}
	if got := !after.UnansweredSince.IsZero(); got != want {
		return fmt.Errorf("the visitor waits for an answer: %t, want %t", got, want)
	}
	return nil
}
