package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A View selects conversations of a workspace, as desks list them. What is empty
// or zero selects nothing away. The constructors below are the usual ones; their
// fields may be changed.
type View struct {
	States    []conversation.State // empty: all
	Agent     string               // who has it, keeps it, or had it when it was closed
	Group     string
	Ungrouped bool // only those without a group
	Visitor   string
	Outcome   closure.Outcome // of the last closing
	Tag       string          // that the last closing has, among others

	// Order is what the list is ordered by, and what From and To bound: not
	// before From, and before To.
	Order    Order
	Newest   bool // the latest first, otherwise the earliest
	From, To time.Time
}

// An Order is what a list of conversations is ordered by; those of the same
// instant are ordered by ID.
type Order string

// The orders.
const (
	BySince   Order = ""        // when they entered their state: in Waiting, the queue
	ByUpdated Order = "updated" // when something last happened to them
)

// MyConversations are those that an agent has, the oldest first.
func MyConversations(agent string) View {
	return View{States: []conversation.State{conversation.StateAssigned}, Agent: agent}
}

// Waiting is the queue of a group, the oldest first; all queues if group is
// empty.
func Waiting(group string) View {
	return View{States: []conversation.State{conversation.StateWaiting}, Group: group}
}

// BotPool is what the bot has, the newest first.
func BotPool() View {
	return View{States: []conversation.State{conversation.StateBot}, Newest: true}
}

// Snoozed are those that an agent put aside, or all if agent is empty.
func Snoozed(agent string) View {
	return View{States: []conversation.State{conversation.StateSnoozed}, Agent: agent}
}

// History are the closed ones, those closed last first.
func History() View {
	return View{States: []conversation.State{conversation.StateClosed}, Newest: true}
}

// HistoryOf are all of a visitor, those that changed their state last first.
func HistoryOf(visitor string) View { return View{Visitor: visitor, Newest: true} }

// A Page is a part of a list.
type Page struct {
	Conversations []conversation.Conversation

	// Unreadable are the IDs of those that belong on the page, but whose stored
	// state is damaged, or of a newer version of the library.
	Unreadable []string

	// Next is the token of the page behind this one; empty: there is none.
	Next string
}

// MaxPage is how many conversations a page can have.
const MaxPage = 500

// List returns a page of the conversations that a view selects, at most limit,
// which is 1 to [MaxPage]. An empty token begins with the first; a page's Next is
// the token of the one behind it, for the same view only. What changes its place
// between two pages may be on both or on neither; everything else is on one.
func (d *Desk) List(ctx context.Context, workspace string, v View, token string, limit int) (Page, error) {
	if err := checkPage(workspace, limit); err != nil {
		return Page{}, err
	}
	queries, err := v.queries(workspace)
	if err != nil {
		return Page{}, err
	}
	after, err := v.place(workspace, token)
	if err != nil {
		return Page{}, err
	}
	var rows []storage.Row
	for _, q := range queries {
		q.After = after
		found, err := d.store.View(ctx, q, limit+1)
		if err != nil {
			return Page{}, fmt.Errorf("lifecycle: view of %s: %w", workspace, err)
		}
		rows = append(rows, found...)
	}
	order := queries[0].Order
	slices.SortFunc(rows, func(a, b storage.Row) int {
		c := comparePlaces(placeOf(order, a), placeOf(order, b))
		if v.Newest {
			return -c
		}
		return c
	})
	var page Page
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = v.token(workspace, placeOf(order, rows[limit-1]))
	}
	for _, row := range rows {
		if c, err := conversation.Decode(row.Head.Body); err == nil {
			page.Conversations = append(page.Conversations, c)
		} else {
			page.Unreadable = append(page.Unreadable, row.Key.Conversation)
		}
	}
	return page, nil
}

// Count returns how many conversations a view selects.
func (d *Desk) Count(ctx context.Context, workspace string, v View) (int, error) {
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return 0, err
	}
	queries, err := v.queries(workspace)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, q := range queries {
		of, err := d.store.Count(ctx, q)
		if err != nil {
			return 0, fmt.Errorf("lifecycle: count of %s: %w", workspace, err)
		}
		n += of
	}
	return n, nil
}

// queries are those of each state.
func (v View) queries(workspace string) ([]storage.Query, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	q := storage.Query{
		Workspace: workspace, Agent: v.Agent, Group: v.Group, Ungrouped: v.Ungrouped, Visitor: v.Visitor,
		Outcome: string(v.Outcome), Tag: v.Tag, Order: storage.BySince, Newest: v.Newest, From: v.From.UTC(), To: v.To.UTC(),
	}
	if v.Order == ByUpdated {
		q.Order = storage.ByUpdated
	}
	states := v.States
	if len(states) == 0 {
		states = conversation.States()
	}
	var queries []storage.Query
	for _, state := range states {
		q.State = string(state)
		queries = append(queries, q)
	}
	return queries, nil
}

func (v View) check() error {
	if err := checkRange(v.From, v.To); err != nil {
		return err
	}
	for i, state := range v.States {
		if !slices.Contains(conversation.States(), state) || slices.Contains(v.States[:i], state) {
			return &conversation.InvalidError{Field: "states", Rule: "must be states, each once"}
		}
	}
	for field, id := range map[string]string{"agent": v.Agent, "group": v.Group, "visitor": v.Visitor} {
		if id == "" {
			continue
		}
		if err := conversation.CheckID(field, id); err != nil {
			return err
		}
	}
	switch {
	case len(v.Tag) > conversation.MaxTag || !utf8.ValidString(v.Tag) || strings.ContainsRune(v.Tag, 0):
		return &conversation.InvalidError{Field: "tag", Rule: fmt.Sprintf("must be valid UTF-8 without NUL, at most %d bytes", conversation.MaxTag)}
	case v.Ungrouped && v.Group != "":
		return &conversation.InvalidError{Field: "group", Rule: "must be empty for those without a group"}
	case v.Order != BySince && v.Order != ByUpdated:
		return &conversation.InvalidError{Field: "order", Rule: "must be one of the orders"}
	case v.Outcome != "" && closure.Check(v.Outcome, "") != nil:
		return &conversation.InvalidError{Field: "outcome", Rule: "must be one of the outcomes"}
	}
	return nil
}

func placeOf(order storage.Order, row storage.Row) storage.Place {
	if order == storage.ByUpdated {
		return storage.Place{At: row.Head.Updated, Conversation: row.Key.Conversation}
	}
	return storage.Place{At: row.Head.Since, Conversation: row.Key.Conversation}
}

func comparePlaces(a, b storage.Place) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return strings.Compare(a.Conversation, b.Conversation)
}

func (v View) token(workspace string, p storage.Place) string {
	return pageToken{At: p.At.UnixMicro(), ID: p.Conversation, View: v.sum(workspace)}.encode()
}

func (v View) place(workspace, token string) (storage.Place, error) {
	if token == "" {
		return storage.Place{}, nil
	}
	t, err := decodeToken(token, v.sum(workspace))
	if err != nil {
		return storage.Place{}, err
	}
	return storage.Place{At: time.UnixMicro(t.At).UTC(), Conversation: t.ID}, nil
}

func (v View) sum(workspace string) []byte {
	v.From, v.To = v.From.UTC(), v.To.UTC()
	return sumOf(workspace, v)
}

// A Queue is what waits for the agents of a group.
type Queue struct {
	Waiting int       // how many conversations
	Oldest  time.Time // since when the first has been waiting; zero: nothing waits
}

// OldestWait returns how long the first has been waiting.
func (q Queue) OldestWait(now time.Time) time.Duration {
	if q.Oldest.IsZero() {
		return 0
	}
	return now.Sub(q.Oldest)
}

// Queue returns the queue of a group; empty: of the conversations without one.
func (d *Desk) Queue(ctx context.Context, workspace, group string) (Queue, error) {
	v := Waiting(group)
	v.Ungrouped = group == ""
	n, err := d.Count(ctx, workspace, v)
	if err != nil || n == 0 {
		return Queue{}, err
	}
	page, err := d.List(ctx, workspace, v, "", 1)
	if err != nil || len(page.Conversations) == 0 {
		return Queue{}, err
	}
	return Queue{n, page.Conversations[0].Since}, nil
}

// QueuePosition returns the place of a conversation in the queue of its group,
// counted from one; zero if it does not wait. Of those that came at the same
// instant, the ones whose visitors are on the site come first, as they are served.
func (d *Desk) QueuePosition(ctx context.Context, workspace, id string) (int, error) {
	c, err := d.Get(ctx, workspace, id)
	if err != nil || c.State != conversation.StateWaiting {
		return 0, err
	}
	q := storage.Query{
		Workspace: workspace, State: string(conversation.StateWaiting), Group: c.Group, Ungrouped: c.Group == "", To: c.Since,
	}
	ahead, err := d.store.Count(ctx, q)
	if err != nil {
		return 0, fmt.Errorf("lifecycle: count of %s: %w", workspace, err)
	}
	q.From, q.To = c.Since, c.Since.Add(time.Microsecond)
	var same []storage.Row
	err = d.eachOf(ctx, q, func(other conversation.Conversation) error {
		same = append(same, storage.Row{Key: storage.Key{Workspace: workspace, Conversation: other.ID}, Head: head(other)})
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := d.liveFirst(ctx, same); err != nil {
		return 0, err
	}
	i := slices.IndexFunc(same, func(other storage.Row) bool { return other.Key.Conversation == id })
	if i < 0 {
		return 0, nil // it has just been taken
	}
	return ahead + i + 1, nil
}
