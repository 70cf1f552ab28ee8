package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A Visitor is a visitor as they stand. Who never came to the site, as far as the
// Desk was told, is away.
type Visitor struct {
	ID     string
	Online bool      // on the site
	Since  time.Time // since when they are there or away; zero: the Desk was never told
	Email  string    // where to write while they are away; empty: nowhere
}

// AwayGrace is how long a visitor has to be away before an e-mail is asked for:
// who goes from page to page is back before.
const AwayGrace = 30 * time.Second

// MaxEmail is the longest e-mail address, in bytes.
const MaxEmail = 254

// storedVisitor is what a visitor's record holds beside the address, which is
// erased with their texts.
type storedVisitor struct {
	Format int       `json:"v"`
	Online bool      `json:"online"`
	Since  time.Time `json:"since,omitzero"`
}

// SetPresence says whether a visitor is on the site. Presence wakes and restarts
// nothing. What was said to them meanwhile is in [Desk.Unread].
func (d *Desk) SetPresence(ctx context.Context, workspace, visitor string, online bool) (Visitor, error) {
	return d.changeVisitor(ctx, workspace, visitor, func(v Visitor, now time.Time) Visitor {
		if v.Online != online || v.Since.IsZero() {
			v.Online, v.Since = online, now
		}
		return v
	})
}

// SetEmail says where a visitor can be written to while they are away; empty
// means nowhere. The address is kept apart and erased by [Desk.Forget]. The Desk
// sends nothing: with [conversation.Policy].NotifyByEmail it asks the host to, by
// a [conversation.EmailRequested].
func (d *Desk) SetEmail(ctx context.Context, workspace, visitor, email string) (Visitor, error) {
	if err := checkEmail(email); err != nil {
		return Visitor{}, err
	}
	return d.changeVisitor(ctx, workspace, visitor, func(v Visitor, _ time.Time) Visitor {
		v.Email = email
		return v
	})
}

func checkEmail(email string) error {
	if email == "" {
		return nil
	}
	if len(email) > MaxEmail {
		return &conversation.InvalidError{Field: "email", Rule: fmt.Sprintf("must have at most %d bytes, has %d", MaxEmail, len(email))}
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || strings.ContainsFunc(email, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return &conversation.InvalidError{Field: "email", Rule: "must be an address and nothing else"}
	}
	return nil
}

// Visitor returns a visitor. One that the Desk was never told about is away.
func (d *Desk) Visitor(ctx context.Context, workspace, id string) (Visitor, error) {
	key, err := recordKey(workspace, storage.KindVisitor, id)
	if err != nil {
		return Visitor{}, err
	}
	return d.visitor(ctx, key)
}

func (c *commands) visitor(ctx context.Context, key storage.RecordKey) (Visitor, error) {
	r, err := c.store.Record(ctx, key)
	if err != nil {
		return Visitor{}, fmt.Errorf("lifecycle: visitor %s: %w", key.ID, err)
	}
	return decodeVisitor(r)
}

func decodeVisitor(r storage.Record) (Visitor, error) {
	v := Visitor{ID: r.Key.ID, Email: r.Text}
	if r.Version == 0 {
		return v, nil
	}
	s, err := storedVisitorOf(r.Body)
	if err != nil {
		return v, damagedRecord{fmt.Errorf("lifecycle: visitor %s: %w", r.Key.ID, err)}
	}
	v.Online, v.Since = s.Online, s.Since
	return v, nil
}

func (s storedVisitor) encode() ([]byte, error) { return json.Marshal(s) }

func storedVisitorOf(body []byte) (storedVisitor, error) {
	var s storedVisitor
	err := json.Unmarshal(body, &s)
	if s.Format > 1 {
		err = conversation.ErrNewer
	}
	return s, err
}

func (d *Desk) changeVisitor(ctx context.Context, workspace, id string, change func(Visitor, time.Time) Visitor) (Visitor, error) {
	key, err := recordKey(workspace, storage.KindVisitor, id)
	if err != nil {
		return Visitor{}, err
	}
	var after Visitor
	_, err = d.changeRecord(ctx, key, func(r storage.Record, now time.Time) (storage.Record, error) {
		before, err := decodeVisitor(r)
		if err != nil {
			return r, err
		}
		after = change(before, now)
		r.Due = time.Time{}
		if !after.Online && after.Email != "" {
			r.Due = now.Add(AwayGrace)
		}
		r.Text = after.Email
		r.Body, err = rewrite(r.Body, storedVisitorOf, storedVisitor.encode, storedVisitor{1, after.Online, after.Since})
		return r, err
	})
	return after, err
}

// remind asks for an e-mail about what a visitor who went away left unread. What
// was closed for longer than [conversation.DefaultReopenWindow] is over.
func (w *worker) remind(ctx context.Context, r storage.Record) (time.Time, error) {
	v, err := decodeVisitor(r)
	if err != nil || v.Online || v.Email == "" {
		return time.Time{}, err
	}
	now, err := w.desk.now(ctx)
	if err != nil {
		return time.Time{}, err
	}
	var failed error
	for _, state := range conversation.States() {
		err := w.desk.eachOf(ctx, storage.Query{Workspace: r.Key.Workspace, State: string(state), Visitor: v.ID}, func(c conversation.Conversation) error {
			over := !c.Open() && now.Sub(c.Closing.At) > conversation.DefaultReopenWindow
			if len(c.Unread) == 0 || c.EmailRequested || over {
				return nil
			}
			return w.command(ctx, c, conversation.NotifyByEmail{})
		})
		failed = errors.Join(failed, err)
	}
	return time.Time{}, failed
}

// An UnreadAnswer is a message, or a follow-up, that a visitor has not read.
type UnreadAnswer struct {
	Conversation string
	Record       conversation.Record
}

// UnreadCount returns how many answers a visitor has not read in all their
// conversations, for the button of the chat; of one conversation it counts at most
// [conversation.MaxUnread].
func (d *Desk) UnreadCount(ctx context.Context, workspace, visitor string) (int, error) {
	n := 0
	err := d.eachUnread(ctx, workspace, visitor, func(c conversation.Conversation) error {
		n += len(c.Unread)
		return nil
	})
	return n, err
}

// Unread returns the answers that a visitor has not read, with their texts, for
// each conversation in the order in which they were written: what is to be
// delivered when the visitor is back. [Desk.MarkRead] says that they were seen.
func (d *Desk) Unread(ctx context.Context, workspace, visitor string) ([]UnreadAnswer, error) {
	var answers []UnreadAnswer
	err := d.eachUnread(ctx, workspace, visitor, func(c conversation.Conversation) error {
		for _, seq := range c.Unread {
			records, err := d.History(ctx, workspace, c.ID, seq-1, 1)
			if err != nil {
				return err
			}
			for _, r := range records {
				answers = append(answers, UnreadAnswer{c.ID, r})
			}
		}
		return nil
	})
	return answers, err
}

func (d *Desk) eachUnread(ctx context.Context, workspace, visitor string, do func(conversation.Conversation) error) error {
	if _, err := recordKey(workspace, storage.KindVisitor, visitor); err != nil {
		return err
	}
	for _, state := range conversation.States() {
		q := storage.Query{Workspace: workspace, State: string(state), Visitor: visitor}
		err := d.eachOf(ctx, q, func(c conversation.Conversation) error {
			if len(c.Unread) == 0 {
				return nil
			}
			return do(c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
