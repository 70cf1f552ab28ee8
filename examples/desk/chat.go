package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// A chat is a conversation as its visitor sees it; the zero chat is one in which
// nothing was said yet.
type chat struct {
	conversation.Conversation
	Lines  []chatLine
	Shown  conversation.Version // of the journal that Lines are of
	Status string               // who has it
	MayAsk bool                 // for a person
	MayEnd bool
}

// A chatLine is something in a chat.
type chatLine struct {
	Kind   string // mine, theirs, notice or survey
	ID     conversation.Version
	At     time.Time
	Name   string
	Text   string
	Erased bool
	Survey *surveyCard
}

// chat reads a conversation for its visitor.
func (a *app) chat(ctx context.Context, p page, id string) (chat, error) {
	journal, err := a.desk.History(ctx, workspace, id, 0, 0)
	if err != nil {
		return chat{}, err
	}
	v := chat{Conversation: conversation.Conversation{Workspace: workspace, ID: id}}
	for _, r := range journal {
		v.Conversation = conversation.Evolve(v.Conversation, r)
		v.Shown = r.Seq
	}
	v.Lines = a.chatLines(p, journal)
	allowed, err := a.desk.Allowed(ctx, workspace, id, p.Me.Actor())
	if err != nil {
		return chat{}, err
	}
	v.MayAsk = v.State == conversation.StateBot && slices.Contains(allowed, conversation.NameRequestAgent)
	v.MayEnd = slices.Contains(allowed, conversation.NameClose)
	v.Status, err = a.chatStatus(ctx, v.Conversation)
	return v, err
}

// chatLines returns what the visitor may see of a journal: the transcript for
// everybody, and where the chat ended and went on. They know that already.
func (a *app) chatLines(p page, journal []conversation.Record) []chatLine {
	visible := map[conversation.Version]lifecycle.Line{}
	for _, line := range a.notes().Transcript(workspace, "", journal, lifecycle.ForEverybody).Lines {
		visible[line.Version] = line
	}
	surveys := surveysOf(p, journal)
	var lines []chatLine
	for _, r := range journal {
		line := chatLine{Kind: "notice", ID: r.Seq, At: r.At}
		switch e := r.Event.(type) {
		case conversation.Opened:
			if e.Previous != "" {
				line.Text = "A new conversation"
			}
		case conversation.Closed:
			line.Text = "The chat has ended"
		case conversation.Reopened:
			line.Text = "Your conversation goes on"
			if last := len(lines) - 1; r.By.Kind == conversation.KindVisitor && last >= 0 { // by what they have just written
				lines = append(lines[:last], line, lines[last])
				continue
			}
		case conversation.SurveyOffered:
			line.Kind, line.Text, line.Survey = "survey", visible[r.Seq].Text, surveys[e.Number]
		default:
			seen, ok := visible[r.Seq]
			if !ok {
				continue
			}
			line.Kind, line.Name, line.Text, line.Erased = "theirs", teamName(seen), seen.Text, seen.Erased
			if r.By.Kind == conversation.KindVisitor {
				line.Kind, line.Name = "mine", "You"
			}
		}
		if line.Kind != "notice" || line.Text != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// teamName returns who wrote a message that is not the visitor's.
func teamName(line lifecycle.Line) string {
	switch line.By.Kind {
	case conversation.KindAgent, conversation.KindSupervisor, conversation.KindBot:
		return line.Name
	}
	return "The team" // the idle rules, or the host itself
}

// chatStatus tells the visitor who has the conversation.
func (a *app) chatStatus(ctx context.Context, c conversation.Conversation) (string, error) {
	if c.Blocked { // the chat says that they cannot write
		return "", nil
	}
	switch c.State {
	case conversation.StateBot:
		return "Our bot answers.", nil
	case conversation.StateWaiting:
		n, err := a.desk.QueuePosition(ctx, workspace, c.ID)
		if err != nil || n == 0 { // somebody has just taken it
			return "Somebody will be with you soon.", err
		}
		return fmt.Sprintf("You are number %d in the queue.", n), nil
	case conversation.StateAssigned, conversation.StateSnoozed: // that it was put aside is the team's own affair
		name := a.people.Name(conversation.Agent(c.Agent))
		switch {
		case c.Snooze == nil || c.Snooze.OnReply != snooze.StayAsleep:
			return name + " is here for you.", nil
		case c.Snooze.AtEnd == snooze.Release:
			return "We will get back to you.", nil
		}
		return name + " will be back.", nil
	case conversation.StateClosed:
		return "The chat has ended. Write whenever there is something else.", nil
	}
	return "", nil
}
