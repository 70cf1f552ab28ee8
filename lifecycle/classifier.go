package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// A Classifier says what a message of a visitor, an agent or a supervisor means
// for the goodbye. It is asked before a message is decided on, unless the host
// marked it or it is automatic; never about what bots and the system say. The
// message waits for it, and with a [Tx] so does the host's transaction: mark
// messages yourself there if it is slow.
//
// It should return when ctx is done, after [ClassifierTimeout]; the Desk does not
// wait for it longer. If it is late or panics, that is logged and the message has
// no marks.
type Classifier interface {
	// Marks returns the marks of a message, which must not be kept. Marks that a
	// message of the actor cannot have are left out. It must be safe for
	// concurrent use.
	Marks(ctx context.Context, by conversation.Actor, text string) []closure.Mark
}

// ClassifierTimeout is how long a [Classifier] may take for one message.
const ClassifierTimeout = time.Second

// ByPhrases returns a classifier that recognises messages by the phrases in them,
// as they are now.
func ByPhrases(p closure.Phrases) Classifier { return byPhrases{p.Recognizer()} }

type byPhrases struct{ closure.Recognizer }

func (p byPhrases) Marks(_ context.Context, by conversation.Actor, text string) []closure.Mark {
	if by.Kind == conversation.KindVisitor {
		return p.OfVisitor(text)
	}
	return p.OfAgent(text)
}

// classify marks a message that its host did not.
func (c *commands) classify(ctx context.Context, by conversation.Actor, command conversation.Command) conversation.Command {
	say, ok := command.(conversation.Say)
	if !ok || say.Marks != nil || say.Automatic || say.Text == "" {
		return command
	}
	switch by.Kind {
	case conversation.KindVisitor, conversation.KindAgent, conversation.KindSupervisor:
		for _, mark := range c.marks(ctx, by, say.Text) {
			one := conversation.Say{Marks: []closure.Mark{mark}}
			if conversation.CheckCommand(by, one) == nil && !slices.Contains(say.Marks, mark) {
				say.Marks = append(say.Marks, mark)
			}
		}
	}
	return say
}

// marks waits for the classifier no longer than it may take.
func (c *commands) marks(ctx context.Context, by conversation.Actor, text string) []closure.Mark {
	if _, ours := c.judge.(byPhrases); ours {
		return c.judge.Marks(ctx, by, text)
	}
	marks, err := within(ctx, ClassifierTimeout, func(ctx context.Context) ([]closure.Mark, error) {
		return slices.Clone(c.judge.Marks(ctx, by, text)), nil
	})
	if p, panicked := errors.AsType[panicError](err); panicked {
		err = fmt.Errorf("panic of %T", p.value) // it may hold the message, which logs never get
	}
	if err != nil {
		c.log.ErrorContext(ctx, "classifier failed", "err", err)
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
		return nil, err
	}
	tags := slices.Clone(policies.Tags)
	slices.Sort(tags)
	slices.SortStableFunc(tags, d.tagOrder)
	return tags, nil
}
