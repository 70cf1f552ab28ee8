package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

var theBot = conversation.Bot("bot")

// runBot lets the bot answer, until ctx is done. What was written while nothing
// ran it answers first.
func (a *app) runBot(ctx context.Context) error { return a.follow(ctx, "bot", a.botHears) }

// botHears lets the bot answer a conversation in which something happened, if the
// Desk says that it must. It need not know what happened: of two messages in a row
// it answers the second, and one that was delivered twice is answered already.
func (a *app) botHears(ctx context.Context, d lifecycle.Delivery) error {
	c, err := a.desk.Get(ctx, d.Workspace, d.Conversation)
	switch {
	case errors.Is(err, conversation.ErrNotFound): // purged since
		return nil
	case err != nil:
		return err
	case c.MustAnswer() != conversation.AnswerBot:
		return nil
	}
	journal, err := a.desk.History(ctx, d.Workspace, d.Conversation, 0, int(c.Version))
	if err != nil {
		return err
	}
	return a.botSays(ctx, c, think(journal))
}

// botSays gives the commands of the bot, which thought of them when the
// conversation was as c says. They are given together or not at all: nobody is told
// to wait for a person who was never asked for. Thinking may take long, so it
// happens before the transaction, which holds up everybody else who writes. If the
// visitor wrote again meanwhile, or an agent took over, the commands are refused,
// and nobody misses them.
func (a *app) botSays(ctx context.Context, c conversation.Conversation, commands []conversation.Command) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // without effect after the commit
	desk := a.desk.Tx(a.store.Tx(tx))
	if _, err := botDoes(ctx, desk, c, commands); err != nil {
		if _, refused := errors.AsType[*conversation.RefusedError](err); refused || errors.Is(err, lifecycle.ErrCommandIDReused) {
			return nil
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	desk.Committed()
	return nil
}

// botDoes gives the commands, as of what the bot saw. Their IDs follow from the
// message that they answer, so that two bots, or one that does not know whether its
// commit arrived, have their effect once. IDs are those of one conversation, whose
// own ID need not be in them.
func botDoes(ctx context.Context, desk *lifecycle.Tx, c conversation.Conversation, commands []conversation.Command) ([]conversation.Record, error) {
	var records []conversation.Record
	for i, command := range commands {
		result, err := desk.Do(ctx, lifecycle.Call{
			Workspace:    c.Workspace,
			Conversation: c.ID,
			By:           theBot,
			CommandID:    fmt.Sprintf("bot-%d-%d", c.LastVisitorMessage, i+1),
			AsOf:         c.Version,
		}, command)
		if err != nil {
			return nil, err
		}
		records = append(records, result.Records...)
	}
	return records, nil
}
