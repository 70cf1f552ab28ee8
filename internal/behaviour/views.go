package behaviour

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
)

// list returns the conversations of a view, page by page.
func (w *world) list(v lifecycle.View, limit int) (ids []string) {
	w.Helper()
	token := ""
	for {
		page, err := w.Desk.List(w.Context(), workspace, v, token, limit)
		w.ok(err)
		if len(page.Conversations) > limit || page.Next != "" && len(page.Conversations) != limit {
			w.Fatalf("a page of %d with next %q, want %d", len(page.Conversations), page.Next, limit)
		}
		for _, c := range page.Conversations {
			ids = append(ids, c.ID)
		}
		if token = page.Next; token == "" {
			return ids
		}
	}
}

// wantView ends the test unless the view has those conversations in that order,
// on pages of any length, and counts them.
func (w *world) wantView(what string, v lifecycle.View, want ...string) {
	w.Helper()
	for _, limit := range []int{lifecycle.MaxPage, 1, 3} {
		w.same(fmt.Sprintf("%s in pages of %d", what, limit), w.list(v, limit), want)
	}
	n, err := w.Desk.Count(w.Context(), workspace, v)
	w.ok(err)
	w.same("count of "+what, n, len(want))
}

// house has conversations of every state, of two agents, two groups and several
// visitors, opened a minute apart.
func (w *world) house() []conversation.Conversation {
	w.Helper()
	w.policies(func(p *conversation.Policies) {
		p.Default.PullOnly = true
		p.Groups = map[string]conversation.Policy{
			"billing": {Idle: quiet, PullOnly: true}, "bots": {Idle: quiet, Bot: true},
		}
	})
	open := func(id, group, visitor string) {
		w.do(id, conversation.Visitor(visitor), conversation.Open{Group: group})
		w.Clock.Add(time.Minute)
	}
	open("b-1", "bots", "vic")
	open("b-2", "bots", "wanda")
	open("w-3", "", "vic")
	open("w-1", "billing", "wanda")
	open("w-2", "billing", "xenia")
	for _, by := range []conversation.Actor{ann, ben} {
		for _, group := range []string{"", "billing"} {
			for _, kind := range []string{"held", "snoozed", "resolved", "unresolved"} {
				id := strings.Join([]string{kind, by.ID, cmp.Or(group, "none")}, "-")
				open(id, group, "vic")
				w.do(id, by, conversation.Take{})
				switch kind {
				case "snoozed":
					w.do(id, by, conversation.Snooze{Until: snooze.UntilReply()})
				case "resolved":
					w.do(id, by, conversation.Close{Outcome: closure.Resolved})
				case "unresolved":
					w.do(id, by, conversation.Close{Outcome: closure.Unresolved})
				}
			}
		}
	}
	w.Chat("w-3").Say(conversation.Visitor("vic"), "Still waiting.")
	w.Clock.Add(time.Minute)
	w.do("held-ann-none", ann, conversation.AddNote{Text: "calls back"})
	page, err := w.Desk.List(w.Context(), workspace, lifecycle.View{}, "", lifecycle.MaxPage)
	w.ok(err)
	for _, c := range page.Conversations {
		w.same("listed "+c.ID, c, w.at(c.ID))
	}
	return page.Conversations
}

// pick returns, by definition, what a view selects.
func pick(v lifecycle.View, all []conversation.Conversation) (want []string) {
	at := func(c conversation.Conversation) time.Time {
		if v.Order == lifecycle.ByUpdated {
			return c.UpdatedAt
		}
		return c.Since
	}
	var found []conversation.Conversation
	for _, c := range all {
		agent, outcome := c.Agent, closure.Outcome("")
		if c.State == conversation.StateClosed {
			agent, outcome = c.Closing.Agent, c.Closing.Outcome
		}
		switch {
		case len(v.States) > 0 && !slices.Contains(v.States, c.State):
		case v.Agent != "" && v.Agent != agent:
		case v.Group != "" && v.Group != c.Group, v.Ungrouped && c.Group != "":
		case v.Visitor != "" && v.Visitor != c.Visitor:
		case v.Outcome != "" && v.Outcome != outcome:
		case !v.From.IsZero() && at(c).Before(v.From), !v.To.IsZero() && !at(c).Before(v.To):
		default:
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b conversation.Conversation) int {
		return cmp.Or(at(a).Compare(at(b)), strings.Compare(a.ID, b.ID))
	})
	if v.Newest {
		slices.Reverse(found)
	}
	for _, c := range found {
		want = append(want, c.ID)
	}
	return want
}

var viewSentences = []sentence{
	{"my conversations are what an agent has, the oldest first", func(w *world) {
		w.house()
		w.wantView("ann's", lifecycle.MyConversations("ann"), "held-ann-none", "held-ann-billing")
		w.wantView("nobody's", lifecycle.MyConversations("zoe"))
	}},
	{"waiting is the queue of a group, or all queues, the oldest first", func(w *world) {
		w.house()
		w.wantView("all queues", lifecycle.Waiting(""), "w-3", "w-1", "w-2")
		w.wantView("billing", lifecycle.Waiting("billing"), "w-1", "w-2")
		v := lifecycle.Waiting("")
		v.Ungrouped = true
		w.wantView("of no group", v, "w-3")
	}},
	{"the bot pool is what the bot has, the newest first", func(w *world) {
		w.house()
		w.wantView("bot pool", lifecycle.BotPool(), "b-2", "b-1")
	}},
	{"snoozed is what an agent put aside, or everybody", func(w *world) {
		w.house()
		w.wantView("ann's", lifecycle.Snoozed("ann"), "snoozed-ann-none", "snoozed-ann-billing")
		w.wantView("all", lifecycle.Snoozed(""),
			"snoozed-ann-none", "snoozed-ann-billing", "snoozed-ben-none", "snoozed-ben-billing")
	}},
	{"history is what was closed, the last first, with outcome and who had it", func(w *world) {
		w.house()
		w.wantView("history", lifecycle.History(),
			"unresolved-ben-billing", "resolved-ben-billing", "unresolved-ben-none", "resolved-ben-none",
			"unresolved-ann-billing", "resolved-ann-billing", "unresolved-ann-none", "resolved-ann-none")
		v := lifecycle.History()
		v.Agent, v.Outcome = "ann", closure.Resolved
		w.wantView("resolved by ann", v, "resolved-ann-billing", "resolved-ann-none")
		w.do("resolved-ann-none", ann, conversation.Reclassify{Outcome: closure.Unresolved})
		w.wantView("after a change of mind", v, "resolved-ann-billing")
	}},
	{"a customer's history is all of theirs, the latest first", func(w *world) {
		w.house()
		w.wantView("wanda's", lifecycle.HistoryOf("wanda"), "w-1", "b-2")
	}},
	{"what changes its state changes its view", func(w *world) {
		w.house()
		w.do("w-1", ann, conversation.Take{})
		w.wantView("waiting", lifecycle.Waiting("billing"), "w-2")
		w.wantView("ann's", lifecycle.MyConversations("ann"), "held-ann-none", "held-ann-billing", "w-1")
		w.do("w-1", ann, conversation.Snooze{Until: snooze.UntilReply()})
		w.wantView("ann's", lifecycle.MyConversations("ann"), "held-ann-none", "held-ann-billing")
		w.do("w-1", ann, conversation.Close{Outcome: closure.Resolved})
		if first := w.list(lifecycle.History(), 500)[0]; first != "w-1" {
			w.Errorf("history begins with %s, want w-1", first)
		}
	}},
	{"views are filtered by state, agent, group, visitor, outcome and time, in either order", func(w *world) {
		all := w.house()
		noon := lifecycletest.Start
		views := []lifecycle.View{
			{},
			{States: []conversation.State{conversation.StateAssigned, conversation.StateSnoozed}},
			{States: []conversation.State{conversation.StateClosed, conversation.StateBot, conversation.StateWaiting}},
			{Agent: "ann"},
			{Agent: "ben", Group: "billing"},
			{Group: "billing"},
			{Group: "bots"},
			{Ungrouped: true},
			{Ungrouped: true, Agent: "ann"},
			{Visitor: "vic"},
			{Visitor: "vic", Agent: "ben"},
			{Visitor: "nobody"},
			{Outcome: closure.Resolved},
			{Outcome: closure.Unresolved, Group: "billing"},
			{From: noon.Add(3 * time.Minute)},
			{To: noon.Add(3 * time.Minute)},
			{From: noon.Add(3 * time.Minute), To: noon.Add(3*time.Minute + tickOfClock)},
			{From: noon.Add(3*time.Minute + tickOfClock), To: noon.Add(9 * time.Minute), Agent: "ann"},
			{From: noon.Add(9 * time.Minute), To: noon.Add(9 * time.Minute)},
		}
		for _, v := range views {
			for _, order := range []lifecycle.Order{lifecycle.BySince, lifecycle.ByUpdated} {
				for _, newest := range []bool{false, true} {
					v.Order, v.Newest = order, newest
					w.wantView(fmt.Sprintf("%+v", v), v, pick(v, all)...)
				}
			}
		}
	}},
	{"conversations of one instant are on one page each", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.PullOnly = true })
		w.begin("c-5", "c-2", "c-4", "c-1", "c-3")
		w.wantView("waiting", lifecycle.Waiting(""), "c-1", "c-2", "c-3", "c-4", "c-5")
	}},
	{"what stays in its place is on exactly one page, whatever changes meanwhile", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.PullOnly = true })
		w.beginApart("c-1", "c-2", "c-3", "c-4", "c-5", "c-6")
		var seen []string
		token := ""
		for i := 0; ; i++ {
			page, err := w.Desk.List(w.Context(), workspace, lifecycle.Waiting(""), token, 2)
			w.ok(err)
			for _, c := range page.Conversations {
				seen = append(seen, c.ID)
			}
			if token = page.Next; token == "" {
				break
			}
			switch i {
			case 0: // one that was listed goes, another that was not goes and comes back last, and a new one comes
				w.do("c-2", ann, conversation.Take{})
				w.do("c-3", ann, conversation.Take{})
				w.do("c-3", ann, conversation.Requeue{})
				w.begin("c-7")
			case 1:
				w.do("c-5", ann, conversation.Take{})
			}
		}
		w.same("seen", seen, []string{"c-1", "c-2", "c-4", "c-5", "c-6", "c-3", "c-7"})
	}},
	{"the token of a page is for its view, its workspace and nothing else", func(w *world) {
		w.house()
		page, err := w.Desk.List(w.Context(), workspace, lifecycle.Waiting(""), "", 1)
		w.ok(err)
		if page.Next == "" {
			w.Fatal("a page of 1 of 3 has no next")
		}
		turned := lifecycle.Waiting("")
		turned.Newest = true
		byUpdate := lifecycle.Waiting("")
		byUpdate.Order = lifecycle.ByUpdated
		for what, v := range map[string]lifecycle.View{
			"another group": lifecycle.Waiting("billing"), "another state": lifecycle.BotPool(),
			"the other end": turned, "another order": byUpdate,
		} {
			_, err := w.Desk.List(w.Context(), workspace, v, page.Next, 1)
			w.invalid(what, err, "token")
		}
		_, err = w.Desk.List(w.Context(), "other", lifecycle.Waiting(""), page.Next, 1)
		w.invalid("another workspace", err, "token")
		for _, token := range []string{"x", "\x00", page.Next + "A", page.Next[1:], "e30", "bnVsbA"} {
			_, err := w.Desk.List(w.Context(), workspace, lifecycle.Waiting(""), token, 1)
			w.invalid(fmt.Sprintf("token %q", token), err, "token")
		}
		next, err := w.another().List(w.Context(), workspace, lifecycle.Waiting(""), page.Next, 5) // on another node, of another length
		w.ok(err)
		w.same("second page", []string{next.Conversations[0].ID, next.Conversations[1].ID, next.Next}, []string{"w-1", "w-2", ""})
	}},
	{"the timeline of one conversation is its history, in pages, with notes for people", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.ask("c-1")
		w.answer("c-1", ann)
		w.do("c-1", ann, conversation.AddNote{Text: "calls back"})
		w.do("c-1", ann, conversation.Close{Outcome: closure.Resolved})
		w.Chat("c-1").WantEvents("opened", "assigned", "said", "said", "note_added", "closed")
		first, err := w.Desk.History(w.Context(), workspace, "c-1", 0, 4)
		w.ok(err)
		rest, err := w.Desk.History(w.Context(), workspace, "c-1", first[3].Seq, 4)
		w.ok(err)
		w.same("pages", append(first, rest...), w.Chat("c-1").Journal())
		var notes []string
		for _, r := range rest {
			note, _ := lifecycle.Notes{}.Render(r)
			notes = append(notes, note.Text)
		}
		w.same("notes", notes, []string{"Note by ann: calls back", "ann closed the conversation (resolved)"})
	}},
	{"looking changes nothing", func(w *world) {
		before := w.house()
		for _, v := range []lifecycle.View{lifecycle.History(), lifecycle.Waiting(""), lifecycle.HistoryOf("vic")} {
			w.list(v, 2)
		}
		for _, c := range before {
			w.same(c.ID, w.at(c.ID), c)
		}
	}},
}
