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
func (d *Desk) Open(ctx context.Context, call Call, open conversation.Open) (Result, error) {
	return d.Do(ctx, call, open)
}

// Say adds a message. The result says who must answer now.
func (d *Desk) Say(ctx context.Context, call Call, text string) (Result, error) {
	return d.Do(ctx, call, conversation.Say{Text: text})
}

// RequestAgent asks for a person, of the given group unless it is empty.
func (d *Desk) RequestAgent(ctx context.Context, call Call, group string) (Result, error) {
	return d.Do(ctx, call, conversation.RequestAgent{Group: group})
}

// Take gives the conversation to the agent who calls.
func (d *Desk) Take(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.Take{})
}

// Assign gives the conversation to an agent.
func (d *Desk) Assign(ctx context.Context, call Call, agent string) (Result, error) {
	return d.Do(ctx, call, conversation.Assign{Agent: agent})
}

// HandBack gives the conversation back to the bot.
func (d *Desk) HandBack(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.HandBack{})
}

// Transfer passes the conversation to an agent or a group.
func (d *Desk) Transfer(ctx context.Context, call Call, transfer conversation.Transfer) (Result, error) {
	return d.Do(ctx, call, transfer)
}

// Requeue puts the conversation back into Waiting.
func (d *Desk) Requeue(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.Requeue{})
}

// Snooze puts the conversation aside. The result carries [AdviceLongSnooze] if
// that is for long.
func (d *Desk) Snooze(ctx context.Context, call Call, snooze conversation.Snooze) (Result, error) {
	return d.Do(ctx, call, snooze)
}

// Wake ends a snooze early.
func (d *Desk) Wake(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.Wake{})
}

// Close ends the conversation.
func (d *Desk) Close(ctx context.Context, call Call, closing conversation.Close) (Result, error) {
	return d.Do(ctx, call, closing)
}

// Reclassify replaces the decision about the last closing.
func (d *Desk) Reclassify(ctx context.Context, call Call, decision conversation.Reclassify) (Result, error) {
	return d.Do(ctx, call, decision)
}

// Reopen opens a closed conversation again.
func (d *Desk) Reopen(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.Reopen{})
}

// SetPresence says whether the visitor is on the site.
func (d *Desk) SetPresence(ctx context.Context, call Call, online bool) (Result, error) {
	return d.Do(ctx, call, conversation.SetPresence{Online: online})
}

// Typing says that the visitor is writing.
func (d *Desk) Typing(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.Typing{})
}

// MarkRead says that the visitor has read the answers up to a version; zero
// means all.
func (d *Desk) MarkRead(ctx context.Context, call Call, upTo conversation.Version) (Result, error) {
	return d.Do(ctx, call, conversation.MarkRead{UpTo: upTo})
}

// AddNote adds a note for agents.
func (d *Desk) AddNote(ctx context.Context, call Call, text string) (Result, error) {
	return d.Do(ctx, call, conversation.AddNote{Text: text})
}

// LinkArticle links a knowledge base article to the conversation.
func (d *Desk) LinkArticle(ctx context.Context, call Call, article string) (Result, error) {
	return d.Do(ctx, call, conversation.LinkArticle{Article: article})
}

// Block refuses everything that the visitor writes from now on.
func (d *Desk) Block(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.Block{})
}

// Unblock lifts a block.
func (d *Desk) Unblock(ctx context.Context, call Call) (Result, error) {
	return d.Do(ctx, call, conversation.Unblock{})
}
