package behaviour

import (
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// badIDs are IDs that no workspace, agent, group or visitor has.
var badIDs = []string{"", strings.Repeat("x", 129), "a b", "ä", "a\x00", "a\n", "a/b", "\xff"}

// everything is what the store has of the people of a workspace, and how much
// has happened.
func (w *world) everything(workspace string) string {
	w.Helper()
	var all strings.Builder
	for _, kind := range []storage.Kind{storage.KindAgent, storage.KindGroup, storage.KindVisitor} {
		records, err := w.Store.List(w.Context(), storage.RecordQuery{Workspace: workspace, Kind: kind}, "", 1000)
		w.ok(err)
		for _, r := range records {
			fmt.Fprintf(&all, "%+v\n", r)
		}
	}
	feed, err := w.Store.Feed(w.Context(), 0, 1000)
	w.ok(err)
	fmt.Fprintf(&all, "%d commits\n", len(feed))
	return all.String()
}

// unchanged ends the test if what it does stores anything.
func (w *world) unchanged(do func()) {
	w.Helper()
	before := w.everything(workspace)
	do()
	w.same("what is stored", w.everything(workspace), before)
}

// withIDs are the methods that take an ID of the kind.
func (w *world) withIDs(kind string) map[string]func(id string) error {
	ctx, d := w.Context(), w.Desk
	switch kind {
	case "agent":
		return map[string]func(string) error{
			"SetAgent": func(id string) error { _, err := d.SetAgent(ctx, workspace, id, 1); return err },
			"SetAvailability": func(id string) error {
				_, err := d.SetAvailability(ctx, workspace, id, roster.Manual, roster.Available)
				return err
			},
			"RemoveAgent": func(id string) error { return d.RemoveAgent(ctx, workspace, id) },
			"Agent":       func(id string) error { _, err := d.Agent(ctx, workspace, id); return err },
			"LogOut":      func(id string) error { return d.LogOut(ctx, workspace, id) },
			"ForceLogOut": func(id string) error {
				_, err := d.ForceLogOut(ctx, workspace, id, sue, conversation.Requeue{})
				return err
			},
		}
	case "group":
		return map[string]func(string) error{
			"SetGroup":    func(id string) error { return d.SetGroup(ctx, workspace, id) },
			"RemoveGroup": func(id string) error { return d.RemoveGroup(ctx, workspace, id, "another") },
			"Group":       func(id string) error { _, err := d.Group(ctx, workspace, id); return err },
			"SetAgent":    func(id string) error { _, err := d.SetAgent(ctx, workspace, "ann", 1, id); return err },
		}
	case "visitor":
		return map[string]func(string) error{
			"SetPresence": func(id string) error { _, err := d.SetPresence(ctx, workspace, id, true); return err },
			"SetEmail":    func(id string) error { _, err := d.SetEmail(ctx, workspace, id, address); return err },
			"Visitor":     func(id string) error { _, err := d.Visitor(ctx, workspace, id); return err },
			"Unread":      func(id string) error { _, err := d.Unread(ctx, workspace, id); return err },
			"UnreadCount": func(id string) error { _, err := d.UnreadCount(ctx, workspace, id); return err },
		}
	case "conversation":
		return map[string]func(string) error{
			"QueuePosition": func(id string) error { _, err := d.QueuePosition(ctx, workspace, id); return err },
		}
	}
	return map[string]func(string) error{
		"SetAgent": func(ws string) error { _, err := d.SetAgent(ctx, ws, "ann", 1); return err },
		"SetAvailability": func(ws string) error {
			_, err := d.SetAvailability(ctx, ws, "ann", roster.Manual, roster.Available)
			return err
		},
		"RemoveAgent": func(ws string) error { return d.RemoveAgent(ctx, ws, "ann") },
		"Agent":       func(ws string) error { _, err := d.Agent(ctx, ws, "ann"); return err },
		"Agents":      func(ws string) error { _, err := d.Agents(ctx, ws, "", "", 1); return err },
		"SetGroup":    func(ws string) error { return d.SetGroup(ctx, ws, "billing") },
		"RemoveGroup": func(ws string) error { return d.RemoveGroup(ctx, ws, "billing", "") },
		"Group":       func(ws string) error { _, err := d.Group(ctx, ws, "billing"); return err },
		"Groups":      func(ws string) error { _, err := d.Groups(ctx, ws, "", 1); return err },
		"LogOut":      func(ws string) error { return d.LogOut(ctx, ws, "ann") },
		"ForceLogOut": func(ws string) error {
			_, err := d.ForceLogOut(ctx, ws, "ann", sue, conversation.Requeue{})
			return err
		},
		"SetPresence":   func(ws string) error { _, err := d.SetPresence(ctx, ws, "vic", true); return err },
		"SetEmail":      func(ws string) error { _, err := d.SetEmail(ctx, ws, "vic", address); return err },
		"Visitor":       func(ws string) error { _, err := d.Visitor(ctx, ws, "vic"); return err },
		"Unread":        func(ws string) error { _, err := d.Unread(ctx, ws, "vic"); return err },
		"UnreadCount":   func(ws string) error { _, err := d.UnreadCount(ctx, ws, "vic"); return err },
		"List":          func(ws string) error { _, err := d.List(ctx, ws, lifecycle.View{}, "", 1); return err },
		"Count":         func(ws string) error { _, err := d.Count(ctx, ws, lifecycle.View{}); return err },
		"Queue":         func(ws string) error { _, err := d.Queue(ctx, ws, ""); return err },
		"QueuePosition": func(ws string) error { _, err := d.QueuePosition(ctx, ws, "c-1"); return err },
	}
}

// badID tells every method that takes an ID of the kind a bad one.
func badID(kind string) func(w *world) {
	return func(w *world) {
		w.groups("another")
		w.unchanged(func() {
			for method, call := range w.withIDs(kind) {
				for _, id := range badIDs {
					w.invalid(fmt.Sprintf("%s of %q", method, id), call(id), kind)
				}
			}
		})
	}
}

var inputSentences = []sentence{
	{"a workspace is 1 to 128 bytes of the alphabet of IDs", badID("workspace")},
	{"an agent is 1 to 128 bytes of the alphabet of IDs", badID("agent")},
	{"a group is 1 to 128 bytes of the alphabet of IDs", badID("group")},
	{"a visitor is 1 to 128 bytes of the alphabet of IDs", badID("visitor")},
	{"a conversation is 1 to 128 bytes of the alphabet of IDs", badID("conversation")},
	{"what is optional may be empty and is otherwise an ID too", func(w *world) {
		ctx, d := w.Context(), w.Desk
		w.groups("billing")
		w.unchanged(func() {
			for _, id := range badIDs[1:] {
				_, err := d.Agents(ctx, workspace, id, "", 1)
				w.invalid(fmt.Sprintf("Agents of group %q", id), err, "group")
				_, err = d.Agents(ctx, workspace, "", id, 1)
				w.invalid(fmt.Sprintf("Agents after %q", id), err, "after")
				_, err = d.Groups(ctx, workspace, id, 1)
				w.invalid(fmt.Sprintf("Groups after %q", id), err, "after")
				_, err = d.Queue(ctx, workspace, id)
				w.invalid(fmt.Sprintf("Queue of %q", id), err, "group")
				err = d.RemoveGroup(ctx, workspace, "billing", id)
				w.invalid(fmt.Sprintf("RemoveGroup into %q", id), err, "group")
				for field, v := range map[string]lifecycle.View{
					"agent": {Agent: id}, "group": {Group: id}, "visitor": {Visitor: id},
				} {
					_, err := d.List(ctx, workspace, v, "", 1)
					w.invalid(fmt.Sprintf("List of %s %q", field, id), err, field)
					_, err = d.Count(ctx, workspace, v)
					w.invalid(fmt.Sprintf("Count of %s %q", field, id), err, field)
				}
			}
		})
	}},
	{"a capacity is 1 to 10000, and an agent is in at most 100 groups", func(w *world) {
		many := make([]string, 101)
		for i := range many {
			many[i] = fmt.Sprint("g-", i)
		}
		w.unchanged(func() {
			for _, capacity := range []int{-1, 10_001, -1 << 62, 1<<62 + 1} {
				_, err := w.Desk.SetAgent(w.Context(), workspace, "ann", capacity)
				w.invalid(fmt.Sprint("capacity ", capacity), err, "agent")
			}
			_, err := w.Desk.SetAgent(w.Context(), workspace, "ann", 1, many...)
			w.invalid("101 groups", err, "agent")
		})
		w.hire("ann", 10_000)
	}},
	{"an availability has a known source and value, of a known agent", func(w *world) {
		ctx, d := w.Context(), w.Desk
		w.agent("ann", 1)
		w.unchanged(func() {
			_, err := d.SetAvailability(ctx, workspace, "ann", "", roster.Available)
			w.invalid("no source", err, "source")
			_, err = d.SetAvailability(ctx, workspace, "ann", "guessed", roster.Available)
			w.invalid("unknown source", err, "source")
			_, err = d.SetAvailability(ctx, workspace, "ann", roster.Manual, "maybe")
			w.invalid("unknown value", err, "availability")
			_, err = d.SetAvailability(ctx, workspace, "ben", roster.Manual, roster.Available)
			w.fails(err, lifecycle.ErrNoAgent)
			_, err = d.Agent(ctx, workspace, "ben")
			w.fails(err, lifecycle.ErrNoAgent)
		})
	}},
	{"a list has a positive length, and a page at most 500", func(w *world) {
		ctx, d := w.Context(), w.Desk
		for _, limit := range []int{0, -1} {
			_, err := d.Agents(ctx, workspace, "", "", limit)
			w.invalid("agents", err, "limit")
			_, err = d.Groups(ctx, workspace, "", limit)
			w.invalid("groups", err, "limit")
			_, err = d.List(ctx, workspace, lifecycle.View{}, "", limit)
			w.invalid("list", err, "limit")
		}
		_, err := d.List(ctx, workspace, lifecycle.View{}, "", lifecycle.MaxPage+1)
		w.invalid("a long page", err, "limit")
		_, err = d.List(ctx, workspace, lifecycle.View{}, "", lifecycle.MaxPage)
		w.ok(err)
	}},
	{"a view has known states, once each, a known order and a known outcome", func(w *world) {
		for field, views := range map[string][]lifecycle.View{
			"states": {
				{States: []conversation.State{"open"}}, {States: []conversation.State{conversation.StateNone}},
				{States: []conversation.State{conversation.StateBot, conversation.StateBot}},
			},
			"order":   {{Order: "name"}, {Order: "since"}},
			"outcome": {{Outcome: "won"}, {Outcome: closure.Outcome("Resolved")}},
			"group":   {{Group: "billing", Ungrouped: true}},
		} {
			for _, v := range views {
				_, err := w.Desk.List(w.Context(), workspace, v, "", 1)
				w.invalid(fmt.Sprintf("List of %+v", v), err, field)
				_, err = w.Desk.Count(w.Context(), workspace, v)
				w.invalid(fmt.Sprintf("Count of %+v", v), err, field)
			}
		}
	}},
	{"a time range far away selects what a near one would", func(w *world) {
		w.begin("c-1")
		for _, far := range []time.Time{
			time.Date(1, time.January, 1, 0, 0, 0, 1000, time.UTC),
			time.Date(1969, time.December, 31, 0, 0, 0, 0, time.FixedZone("", 3600)),
		} {
			w.wantView("from long ago", lifecycle.View{From: far}, "c-1")
			w.wantView("until long ago", lifecycle.View{To: far})
		}
		far := time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)
		w.wantView("from far ahead", lifecycle.View{From: far})
		w.wantView("until far ahead", lifecycle.View{To: far}, "c-1")
	}},
	{"an e-mail address is one, of at most 254 bytes, and nothing else", func(w *world) {
		w.unchanged(func() {
			for _, to := range []string{
				"vic", "@example.com", "vic@", "Vic <vic@example.com>", "<vic@example.com>", "vic@example.com, x@example.com",
				"vic@example.com\n", "vic@exa mple.com", "\x00@example.com", "vic@example.com\r\nBcc: all@example.com", "\xff@example.com",
				"vic\u202e@example.com", strings.Repeat("x", 255-len("@example.com")) + "@example.com",
			} {
				_, err := w.Desk.SetEmail(w.Context(), workspace, "vic", to)
				w.invalid(fmt.Sprintf("%.40q", to), err, "email")
				if err != nil && strings.Contains(err.Error(), "example.com") {
					w.Errorf("the error repeats the address: %v", err)
				}
			}
		})
		for _, to := range []string{address, "v.i-c+x@mail.example.com", ""} {
			w.email(to)
			w.same("address", w.vic().Email, to)
		}
	}},
	{"a fate is a hand-back, a transfer, a requeue or a closing, by a supervisor or the host", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		force := func(by conversation.Actor, fate conversation.Command) error {
			_, err := w.Desk.ForceLogOut(w.Context(), workspace, "ann", by, fate)
			return err
		}
		w.unchanged(func() {
			w.invalid("no fate", force(sue, nil), "fate")
			w.invalid("a message", force(sue, conversation.Say{Text: "Bye."}), "fate")
			w.invalid("a snooze", force(sue, conversation.Snooze{}), "fate")
			w.invalid("a pointer", force(sue, &conversation.Requeue{}), "fate")
			w.invalid("to herself", force(sue, conversation.Transfer{Agent: "ann"}), "fate")
			w.invalid("to nobody", force(sue, conversation.Transfer{}), "transfer")
			w.invalid("to a bad ID", force(sue, conversation.Transfer{Agent: "a b"}), "agent")
			w.invalid("without an outcome", force(sue, conversation.Close{}), "outcome")
			w.invalid("by an agent", force(ben, conversation.Requeue{}), "actor")
			w.invalid("by a visitor", force(vic, conversation.Requeue{}), "actor")
			w.invalid("by a timer", force(conversation.Timer(), conversation.Requeue{}), "actor")
			w.invalid("by nobody", force(conversation.Actor{}, conversation.Requeue{}), "actor")
		})
		w.want(map[string]string{"c-1": "ann"})
		w.wantAvailability("ann", roster.Available)
	}},
	{"a conversation nobody opened has no place in a queue", func(w *world) {
		_, err := w.Desk.QueuePosition(w.Context(), workspace, "c-1")
		w.fails(err, conversation.ErrNotFound)
	}},
	{"policies that could not run are refused", func(w *world) {
		before, revision, err := w.Desk.Policies(w.Context(), workspace)
		w.ok(err)
		tooLong := 401 * day
		for field, p := range map[string]conversation.Policies{
			"reassign_after":     {Default: conversation.Policy{ReassignAfter: tooLong}},
			"availability_grace": {AvailabilityGrace: tooLong},
			"group":              {Groups: map[string]conversation.Policy{"a b": {}}},
		} {
			_, err := w.Desk.SetPolicies(w.Context(), workspace, p, revision)
			w.invalid(field, err, field)
		}
		after, _, err := w.Desk.Policies(w.Context(), workspace)
		w.ok(err)
		w.same("policies", after, before)
	}},
}

var workspaceSentences = []sentence{
	{"agents of another workspace are unknown and get nothing", func(w *world) {
		ctx, d := w.Context(), w.Desk
		w.agent("ann", 5)
		w.ok(d.SetGroup(ctx, "other", "billing"))
		_, err := d.Agent(ctx, "other", "ann")
		w.fails(err, lifecycle.ErrNoAgent)
		w.fails(d.RemoveAgent(ctx, "other", "ann"), lifecycle.ErrNoAgent)
		w.fails(d.LogOut(ctx, "other", "ann"), lifecycle.ErrNoAgent)
		agents, err := d.Agents(ctx, "other", "", "", 10)
		w.ok(err)
		w.same("agents", len(agents), 0)
		_, err = d.Group(ctx, workspace, "billing")
		w.fails(err, lifecycle.ErrNoGroup)
		_, err = d.SetAgent(ctx, workspace, "ben", 1, "billing")
		w.fails(err, lifecycle.ErrNoGroup)
		call := lifecycle.Call{Workspace: "other", Conversation: "c-1", By: vic}
		_, err = d.Open(ctx, call, conversation.Open{})
		w.ok(err)
		w.settle()
		c, err := d.Get(ctx, "other", "c-1")
		w.ok(err)
		w.same("state in the other workspace", c.State, conversation.StateWaiting)
	}},
	{"an agent of the same ID in another workspace has other seats", func(w *world) {
		ctx, d := w.Context(), w.Desk
		w.agent("ann", 1)
		_, err := d.SetAgent(ctx, "other", "ann", 1)
		w.ok(err)
		_, err = d.SetAvailability(ctx, "other", "ann", roster.Manual, roster.Available)
		w.ok(err)
		w.begin("c-1")
		_, err = d.Open(ctx, lifecycle.Call{Workspace: "other", Conversation: "c-1", By: vic}, conversation.Open{})
		w.ok(err)
		w.settle()
		w.want(map[string]string{"c-1": "ann"})
		c, err := d.Get(ctx, "other", "c-1")
		w.ok(err)
		w.same("who has it in the other workspace", c.Agent, "ann")
		before := w.whois("ann")
		w.ok(d.RemoveAgent(ctx, "other", "ann"))
		w.settle()
		w.same("ann", w.whois("ann"), before)
		w.want(map[string]string{"c-1": "ann"})
	}},
	{"visitors of another workspace are unknown, and what they have not read too", func(w *world) {
		ctx, d := w.Context(), w.Desk
		w.talk("c-1")
		w.answer("c-1", ann)
		w.presence(true)
		w.email(address)
		v, err := d.Visitor(ctx, "other", "vic")
		w.ok(err)
		w.same("vic elsewhere", v, lifecycle.Visitor{ID: "vic"})
		n, err := d.UnreadCount(ctx, "other", "vic")
		w.ok(err)
		w.same("unread elsewhere", n, 0)
		_, err = d.Forget(ctx, "other", "vic")
		w.ok(err)
		w.same("address", w.vic().Email, address)
	}},
	{"views of another workspace are empty", func(w *world) {
		ctx, d := w.Context(), w.Desk
		w.house()
		page, err := d.List(ctx, "other", lifecycle.View{}, "", 10)
		w.ok(err)
		n, err := d.Count(ctx, "other", lifecycle.View{})
		w.ok(err)
		q, err := d.Queue(ctx, "other", "")
		w.ok(err)
		w.same("seen elsewhere", []any{len(page.Conversations), page.Next, n, q}, []any{0, "", 0, lifecycle.Queue{}})
		_, err = d.QueuePosition(ctx, "other", "w-1")
		w.fails(err, conversation.ErrNotFound)
	}},
}
