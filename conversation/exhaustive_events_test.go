package conversation_test

import (
	"fmt"
	"strings"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
)

// recorded is the event that a command causes where it is accepted.
var recorded = map[conversation.CommandName]string{
	"open": "opened", "say": "said", "request_agent": "agent_requested", "take": "taken", "assign": "assigned",
	"hand_back": "handed_back", "transfer": "transferred", "requeue": "requeued", "snooze": "snoozed", "wake": "woken",
	"close": "closed", "reclassify": "reclassified", "reopen": "reopened", "set_presence": "presence_changed",
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
		o, opened := e.(conversation.Opened)
		if asked := x.command == "open-for-agent"; opened && o.AgentRequested != asked {
			return fmt.Errorf("the opening asks for a person: %t, want %t", o.AgentRequested, asked)
		}
	}
	if got, want := strings.Join(names, " "), x.events(outcome); got != want {
		return fmt.Errorf("the events are %s, want %s", got, want)
	}
	after, _ := conversation.Append(x.c, x.by(), x.now, events)
	if err := x.checkPlace(after); err != nil {
		return err
	}
	return x.checkOpenQuestion(after)
}

// checkPlace checks the group, the place in the queue, and that asking for another
// group does not begin another silence.
func (x cell) checkPlace(after conversation.Conversation) error {
	group := x.c.Group
	if x.command == "request-agent-group" || x.command == "transfer-group" {
		group = "support"
	}
	switch {
	case after.Group != group:
		return fmt.Errorf("it is the group %q's, want %q", after.Group, group)
	case after.State == x.c.State && !after.Since.Equal(x.c.Since):
		return fmt.Errorf("it is %s since %v, want %v", after.State, after.Since, x.c.Since)
	case x.state == "waiting" && x.command == "request-agent-group" && x.c.Group != group && after.Silence != (conversation.Silence{Since: x.now}):
		return fmt.Errorf("the silence is %+v, want a new one at %v", after.Silence, x.now)
	}
	return nil
}

// checkOpenQuestion checks whether the visitor waits for an answer after the
// cell. In every situation that has begun they do: they have written.
func (x cell) checkOpenQuestion(after conversation.Conversation) error {
	want := x.state != "none" && x.state != "closed"
	switch name := command(x.command, x.by()).Name(); {
	case x.command == "open-for-agent":
		want = true
	case name == conversation.NameSay && x.by() == vera && x.command == "say":
		want = true
	case after.State == conversation.StateClosed, x.command == "hand-back", x.due() == idle.HandBack && x.command == "expire":
		want = false
	case x.command == "say" && x.by() != host: // an answer
		want = false
	}
	if got := !after.UnansweredSince.IsZero(); got != want {
		return fmt.Errorf("the visitor waits for an answer: %t, want %t", got, want)
	}
	return nil
}
