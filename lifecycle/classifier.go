package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// A Classifier says what a message of a visitor, an agent or a supervisor means
// for the goodbye. It is asked before a message is decided on, unless the host
// marked it or it is automatic; never for what bots and the system say. What it
// costs, every message costs.
type Classifier interface {
	// Marks returns the marks of a message, which must not be kept. Marks that a
	// message of the actor cannot have are left out. It must be safe for
	// concurrent use. A panic is logged and marks nothing.
	Marks(by conversation.Actor, text string) []closure.Mark
}

// ByPhrases recognises messages by the phrases in them.
type ByPhrases closure.Phrases

// Marks implements [Classifier].
func (p ByPhrases) Marks(by conversation.Actor, text string) []closure.Mark {
	if by.Kind == conversation.KindVisitor {
		return closure.Phrases(p).OfVisitor(text)
	}
	return closure.Phrases(p).OfAgent(text)
}

// classify marks a message that its host did not.
func (c *commands) classify(ctx context.Context, by conversation.Actor, command conversation.Command) conversation.Command {
	say, ok := command.(conversation.Say)
	if !ok || say.Marks != nil || say.Automatic || say.Text == "" {
		return command
	}
	switch by.Kind {
	case conversation.KindVisitor, conversation.KindAgent, conversation.KindSupervisor:
		say.Marks = c.marks(ctx, by, say.Text)
	}
	return say
}

func (c *commands) marks(ctx context.Context, by conversation.Actor, text string) (marks []closure.Mark) {
	defer func() {
		if p := recover(); p != nil {
			marks = nil
			// Its value may hold the message, which logs never get.
			c.log.ErrorContext(ctx, "classifier panicked", "panic", fmt.Sprintf("%T", p))
		}
	}()
	for _, mark := range c.judge.Marks(by, text) {
		say := conversation.Say{Marks: []closure.Mark{mark}}
		if conversation.CheckCommand(by, say) == nil && !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	}
	return marks
}

// Tags returns the catalogue of a workspace in the order that a list shows it:
// that of [Options].TagOrder, and byte by byte where it says that two are equal.
// An empty catalogue means that closings have no tags. It is set with
// [Desk.SetPolicies].
func (d *Desk) Tags(ctx context.Context, workspace string) ([]string, error) {
	policies, _, err := d.Policies(ctx, workspace)
	if err != nil {
		return nil, fmt.Errorf("lifecycle: tags of %s: %w", workspace, err)
	}
	tags := slices.Clone(policies.Tags)
	slices.Sort(tags)
	slices.SortStableFunc(tags, d.tagOrder)
	return tags, nil
}
