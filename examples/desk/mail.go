package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// Mails are a table of the host's own: about which request an e-mail was sent.
const mailTable = `
CREATE TABLE IF NOT EXISTS mails (
	conversation TEXT NOT NULL,
	version      INTEGER NOT NULL, -- of the request
	PRIMARY KEY (conversation, version)
) STRICT, WITHOUT ROWID`

// runMailer writes to visitors who left before they had read an answer, until ctx
// is done.
func (a *app) runMailer(ctx context.Context) error { return a.follow(ctx, "mailer", a.mailRequested) }

// mailRequested sends an e-mail for each request in a delivery that has none.
func (a *app) mailRequested(ctx context.Context, d lifecycle.Delivery) error {
	for _, r := range d.Records {
		if _, ok := r.Event.(conversation.EmailRequested); !ok {
			continue
		}
		sent, err := a.mailSent(ctx, d.Conversation, r.Seq)
		if err != nil {
			return err
		}
		if sent {
			continue
		}
		if err := a.sendMail(ctx, d.Conversation, r.Seq); err != nil {
			return err
		}
		if err := noteMail(ctx, a.db, d.Conversation, r.Seq); err != nil {
			return err
		}
	}
	return nil
}

// sendMail is where your mailer goes. It gets the conversation and the version as
// the key by which it knows an e-mail that it has sent: one that is sent just before
// a crash, and not noted, is sent again.
func (a *app) sendMail(ctx context.Context, id string, version conversation.Version) error {
	c, err := a.desk.Get(ctx, workspace, id)
	if errors.Is(err, conversation.ErrNotFound) { // purged since
		return nil
	}
	if err != nil {
		return err
	}
	visitor, err := a.desk.Visitor(ctx, workspace, c.Visitor)
	if err != nil || visitor.Email == "" { // they took it back, or were forgotten
		return err
	}
	// Logs get neither the address nor what was written.
	a.log.Info("e-mail: you have an answer", "conversation", id, "version", version)
	return nil
}

func (a *app) mailSent(ctx context.Context, id string, version conversation.Version) (sent bool, err error) {
	row := a.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM mails WHERE conversation = ? AND version = ?)`, id, version)
	return sent, row.Scan(&sent)
}

// noteMail notes that an e-mail was sent.
func noteMail(ctx context.Context, to executor, id string, version conversation.Version) error {
	_, err := to.ExecContext(ctx, `INSERT INTO mails (conversation, version) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, version)
	return err
}

func openMails(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, mailTable)
	return err
}
