package main

import (
	"context"
	"fmt"
	"io"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// notes renders the journal. The texts are the library's; those of messages and
// of the ladder are ours, to tell who reads them.
var notes = lifecycle.Notes{Texts: map[string]string{
	"said":        "{name} wrote {text}",
	"prompted":    "to the agent: {text}",
	"followed_up": "to the visitor: {text}",
}}

// show prints the timelines of a conversation and its successors: when, the
// state from then on, and what happened.
func show(ctx context.Context, out io.Writer, desk *lifecycle.Desk, f *family) error {
	for i, id := range f.ids {
		if i == 0 {
			fmt.Fprintf(out, "conversation %s of workspace %s, line %d of the file\n\n", title(f), f.Workspace, f.Line)
		} else {
			fmt.Fprintf(out, "\nits successor %s\n\n", id)
		}
		records, err := desk.History(ctx, f.Workspace, id, 0, 0)
		if err != nil {
			return err
		}
		c := conversation.Conversation{Workspace: f.Workspace, ID: id}
		for _, r := range records {
			c = conversation.Evolve(c, r)
			if err := showRecord(out, c, r); err != nil {
				return err
			}
		}
		if c.Open() {
			fmt.Fprintf(out, "%s  %-8s  and nothing more will happen by itself\n", when(records[len(records)-1]), c.State)
		}
	}
	_, err := fmt.Fprintln(out)
	return err
}

func showRecord(out io.Writer, c conversation.Conversation, r conversation.Record) error {
	// Messages have no words here, only a length.
	if said, ok := r.Event.(conversation.Said); ok {
		r.Event = conversation.WithText(said, fmt.Sprintf("%d characters", len(said.Text)))
	}
	note, ok := notes.Render(r)
	if !ok {
		return nil // nothing for people, such as a receipt
	}
	_, err := fmt.Fprintf(out, "%s  %-8s  %s\n", when(r), c.State, note.Text)
	return err
}

func when(r conversation.Record) string { return r.At.Format("2006-01-02 15:04:05") }

// title returns the ID of the conversation, and the one in the file if it had to
// be replaced.
func title(f *family) string {
	if f.ID == f.Name {
		return f.ID
	}
	return fmt.Sprintf("%s (in the file %.64q)", f.ID, f.Name)
}
