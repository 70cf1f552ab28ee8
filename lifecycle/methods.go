package lifecycle

import (
	"context"

	"github.com/adjourn/adjourn/conversation"
)

// The commands by name: each is [Desk.Do] with the command of the same name in
// package conversation, which says what it means. Commands of more than one
// field take the command itself.

// Open begins a conversation. Without an ID in the call it gets one: derived
// from the command ID if there is one, otherwise new.
func (c *commands) Open(ctx context.Context, call Call, open conversation.Open) (Result, error) {
	return c.Do(ctx, call, open)
}

// Say adds a message. The result says who must answer now.
func (c *commands) Say(ctx context.Context, call Call, text string) (Result, error) {
	return c.Do(ctx, call, conversation.Say{Text: text})
}

// RequestAgent asks for a person, of the given group unless it is empty.
func (c *commands) RequestAgent(ctx context.Context, call Call, group string) (Result, error) {
	return c.Do(ctx, call, conversation.RequestAgent{Group: group})
}

// Take gives the conversation to the agent who calls.
func (c *commands) Take(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.Take{})
}

// Assign gives the conversation to an agent.
func (c *commands) Assign(ctx context.Context, call Call, agent string) (Result, error) {
	return c.Do(ctx, call, conversation.Assign{Agent: agent})
}

// HandBack gives the conversation back to the bot.
func (c *commands) HandBack(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.HandBack{})
}

// Transfer passes the conversation to an agent or a group.
func (c *commands) Transfer(ctx context.Context, call Call, transfer conversation.Transfer) (Result, error) {
	return c.Do(ctx, call, transfer)
}

// Requeue puts the conversation back into Waiting.
func (c *commands) Requeue(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.Requeue{})
}

// Snooze puts the conversation aside. The result carries [AdviceLongSnooze] if
// that is for long.
func (c *commands) Snooze(ctx context.Context, call Call, snooze conversation.Snooze) (Result, error) {
	return c.Do(ctx, call, snooze)
}

// Wake ends a snooze early.
func (c *commands) Wake(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.Wake{})
}

// Close ends the conversation.
func (c *commands) Close(ctx context.Context, call Call, closing conversation.Close) (Result, error) {
	return c.Do(ctx, call, closing)
}

// Reclassify replaces the decision about the last closing.
func (c *commands) Reclassify(ctx context.Context, call Call, decision conversation.Reclassify) (Result, error) {
	return c.Do(ctx, call, decision)
}

// OfferSurvey asks the visitor how satisfied they are with what the last closing
// ended.
func (c *commands) OfferSurvey(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.OfferSurvey{})
}

// AnswerSurvey answers a survey, for the visitor.
func (c *commands) AnswerSurvey(ctx context.Context, call Call, answer conversation.AnswerSurvey) (Result, error) {
	return c.Do(ctx, call, answer)
}

// Reopen opens a closed conversation again.
func (c *commands) Reopen(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.Reopen{})
}

// Regroup moves the conversation to another group; empty means none.
func (c *commands) Regroup(ctx context.Context, call Call, group string) (Result, error) {
	return c.Do(ctx, call, conversation.Regroup{Group: group})
}

// Typing says that the visitor is writing.
func (c *commands) Typing(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.Typing{})
}

// MarkRead says that the visitor has read the answers up to a version; zero
// means all.
func (c *commands) MarkRead(ctx context.Context, call Call, upTo conversation.Version) (Result, error) {
	return c.Do(ctx, call, conversation.MarkRead{UpTo: upTo})
}

// AddNote adds a note for agents.
func (c *commands) AddNote(ctx context.Context, call Call, text string) (Result, error) {
	return c.Do(ctx, call, conversation.AddNote{Text: text})
}

// LinkArticle links a knowledge base article to the conversation.
func (c *commands) LinkArticle(ctx context.Context, call Call, article string) (Result, error) {
	return c.Do(ctx, call, conversation.LinkArticle{Article: article})
}

// Block refuses everything that the visitor writes from now on.
func (c *commands) Block(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.Block{})
}

// Unblock lifts a block.
func (c *commands) Unblock(ctx context.Context, call Call) (Result, error) {
	return c.Do(ctx, call, conversation.Unblock{})
}
