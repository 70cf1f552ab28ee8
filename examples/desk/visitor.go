package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// shopName is the site on which the visitors are.
const shopName = "Alder & Wren"

// A visitorView is a page of the site, with the chat in its corner. It has what
// visitors may see and nothing else.
type visitorView struct {
	page
	Shop    string
	Folded  bool // the chat is a button
	Unread  int  // how many answers, in all their conversations
	Email   string
	Chat    chat
	Past    bool // Chat is an earlier conversation
	Earlier []conversation.Conversation
	Wrong   *problem
}

// ReadTo returns where the page says that its answers were read, if there are new
// ones on it. Answers are not read because the page was asked for, which browsers
// do in advance and for pages in the background: talk.js says it, when somebody
// can see them, and up to the last of them that is there. A folded chat delivers
// nothing.
func (v visitorView) ReadTo() string {
	if len(v.Chat.Unread) == 0 {
		return ""
	}
	return fmt.Sprintf("%s/conversations/%s/read?up_to=%d", v.Me.Base(), v.Chat.ID, v.Chat.Shown)
}

// Problem returns why a form was refused; empty: it was not, or is another one.
func (v visitorView) Problem(command string) string {
	if v.Wrong == nil || v.Wrong.Command != command {
		return ""
	}
	return v.Wrong.Text
}

// sitePage shows the site. The chat is open unless the address says otherwise.
func (a *app) sitePage(w http.ResponseWriter, r *http.Request) {
	a.showSite(w, r, http.StatusOK, "", nil)
}

// earlierPage shows an earlier conversation of the visitor.
func (a *app) earlierPage(w http.ResponseWriter, r *http.Request) {
	a.showSite(w, r, http.StatusOK, r.PathValue("id"), nil)
}

// showSite shows the site with a conversation, the latest if id is empty, and with
// what went wrong.
func (a *app) showSite(w http.ResponseWriter, r *http.Request, status int, id string, wrong *problem) {
	v := visitorView{page: a.newPage(r, shopName), Shop: shopName, Wrong: wrong}
	v.Folded = r.Method == http.MethodGet && r.URL.Query().Get("chat") == "closed"
	if err := a.fillSite(r.Context(), &v, id); err != nil {
		a.fail(w, r, err)
		return
	}
	if v.Unread > 0 {
		v.Title = fmt.Sprintf("(%d) %s", v.Unread, shopName)
	}
	a.render(w, r, status, "visitor.html", v)
}

const earlierChats = 10

func (a *app) fillSite(ctx context.Context, v *visitorView, id string) (err error) {
	if v.Unread, err = a.desk.UnreadCount(ctx, workspace, v.Me.ID); err != nil || v.Folded {
		return err
	}
	visitor, err := a.desk.Visitor(ctx, workspace, v.Me.ID)
	if err != nil {
		return err
	}
	v.Email = visitor.Email
	all, err := a.desk.List(ctx, workspace, lifecycle.HistoryOf(v.Me.ID), "", 1+earlierChats)
	if err != nil {
		return err
	}
	if len(all.Conversations) > 0 {
		if id == "" {
			id = all.Conversations[0].ID
		}
		v.Past = id != all.Conversations[0].ID
		v.Earlier = all.Conversations[1:]
	}
	if id == "" {
		return nil
	}
	if err := a.own(ctx, v.Me.Actor(), id); err != nil {
		return err
	}
	v.Chat, err = a.chat(ctx, v.page, id)
	return err
}

// own returns conversation.ErrNotFound unless a conversation is the visitor's:
// whose it is, and whether there is one, is nobody else's business.
func (a *app) own(ctx context.Context, visitor conversation.Actor, id string) error {
	if conversation.CheckID("conversation", id) != nil {
		return conversation.ErrNotFound
	}
	c, err := a.desk.Get(ctx, workspace, id)
	if err == nil && c.Visitor != visitor.ID {
		err = conversation.ErrNotFound
	}
	return err
}
