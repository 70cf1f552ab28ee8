package behaviour

import (
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// engagements returns the earlier conversations of vic, page by page.
func (w *world) engagements(limit int) (all []lifecycle.Engagement) {
	w.Helper()
	token := ""
	for {
		page, err := w.Desk.CustomerHistory(w.Context(), workspace, vic.ID, token, limit)
		w.ok(err)
		if len(page.Engagements) > limit || len(page.Unreadable) > 0 {
			w.Fatalf("a page of %d with %v, want at most %d", len(page.Engagements), page.Unreadable, limit)
		}
		all = append(all, page.Engagements...)
		if token = page.Next; token == "" {
			return all
		}
	}
}

// ended has vic talk to ann, who closes.
func (w *world) ended(id string, command conversation.Close) {
	w.Helper()
	w.talk(id)
	w.do(id, ann, command)
	w.Clock.Add(time.Minute)
}

var customerSentences = []sentence{
	{"earlier conversations come with their notes, tickets, outcomes and tags", func(w *world) {
		w.catalogue("late", "refund")
		w.talk("c-1")
		w.do("c-1", ben, conversation.AddNote{Text: "Is in a hurry."})
		w.do("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge, Form: filled()})
		found := w.engagements(10)
		w.same("how many", len(found), 1)
		e := found[0]
		w.same("conversation", e.Conversation, w.at("c-1"))
		w.same("endings", e.Endings, []lifecycle.Ending{
			{Record: w.row("c-1"), By: ann, Tickets: filled().Tickets, Notes: filled().Notes},
		})
		w.same("row", [2]any{e.Endings[0].Outcome, e.Endings[0].Tags}, [2]any{closure.Unresolved, filled().Tags})
		w.same("notes", [3]any{len(e.Notes), e.Notes[0].By, e.Notes[0].Event}, [3]any{1, ben, conversation.NoteAdded{Text: "Is in a hurry."}})
	}},
	{"those closed last come first, in pages of any length", func(w *world) {
		var want []string
		for i := range 7 {
			id := fmt.Sprint("c-", i)
			w.ended(id, resolved)
			want = append([]string{id}, want...)
		}
		for _, limit := range []int{1, 3, 7, lifecycle.MaxCustomerPage} {
			var got []string
			for _, e := range w.engagements(limit) {
				got = append(got, e.Conversation.ID)
			}
			w.same(fmt.Sprint("in pages of ", limit), got, want)
		}
	}},
	{"each of its closings is there, by the latest decision about it", func(w *world) {
		w.catalogue("late", "refund")
		w.ended("c-1", conversation.Close{Outcome: closure.Unresolved, Form: filled()})
		w.do("c-1", ben, conversation.Reclassify{Outcome: closure.Resolved})
		w.do("c-1", vic, conversation.Say{Text: "Again!"})
		w.do("c-1", sue, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: "first", Tickets: []string{"T-1"}}})
		w.do("c-1", ben, conversation.Reclassify{Outcome: closure.Unresolved, Form: &closure.Form{Notes: "second", Tags: []string{"late"}}})
		rows := w.rowsOf("c-1")
		w.same("endings", w.engagements(10)[0].Endings, []lifecycle.Ending{
			{Record: rows[0], By: ann, Tickets: filled().Tickets, Notes: filled().Notes},
			{Record: rows[1], By: sue, Notes: "second"},
		})
		w.same("outcomes", [2]closure.Outcome{rows[0].Outcome, rows[1].Outcome}, [2]closure.Outcome{closure.Resolved, closure.Unresolved})
	}},
	{"what is open is not in it, nor what is another customer's or another workspace's", func(w *world) {
		w.ended("c-1", resolved)
		w.ended("c-2", resolved)
		w.talk("open")
		w.do("c-2", vic, conversation.Say{Text: "Again!"})
		w.shut(resolved, "another")
		there := w.Chat("there").By(vic)
		there.Workspace = "elsewhere"
		_, err := w.Desk.Open(w.Context(), there, conversation.Open{})
		w.ok(err)
		_, err = w.Desk.Close(w.Context(), there, conversation.Close{})
		w.ok(err)
		found := w.engagements(10)
		w.same("found", []any{len(found), found[0].Conversation.ID}, []any{1, "c-1"})
	}},
	{"a customer who never came has none", func(w *world) {
		w.same("found", len(w.engagements(10)), 0)
	}},
	{"forgetting the customer erases what was noted, in the form too; outcomes, tags and tickets stay", func(w *world) {
		w.catalogue("late", "refund")
		w.talk("c-1")
		w.do("c-1", ann, conversation.AddNote{Text: "Wants a call."})
		w.do("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Form: filled()})
		w.ended("c-2", conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: "Wants a call."}})
		w.do("c-2", ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Notes: "Still wants a call."}})
		w.ended("c-3", resolved)
		_, err := w.Desk.Forget(w.Context(), workspace, vic.ID)
		w.ok(err)
		if all := fmt.Sprintf("%+v", w.engagements(10)); strings.Contains(all, "call") {
			w.Errorf("still told: %s", all)
		}
		ends := map[string]lifecycle.Ending{}
		for _, e := range w.engagements(10) {
			ends[e.Conversation.ID] = e.Endings[0]
		}
		w.same("endings", ends, map[string]lifecycle.Ending{
			"c-1": {Record: w.row("c-1"), By: ann, Tickets: filled().Tickets, Erased: true},
			"c-2": {Record: w.row("c-2"), By: ann, Erased: true},
			"c-3": {Record: w.row("c-3"), By: ann},
		})
		w.same("outcome and tags", [2]any{ends["c-1"].Outcome, ends["c-1"].Tags}, [2]any{closure.Unresolved, filled().Tags})
		for _, e := range w.engagements(10) {
			for _, n := range e.Notes {
				w.same("note", [2]any{n.Erased, n.Event}, [2]any{true, conversation.NoteAdded{}})
			}
		}
	}},
	{"what is asked for wrongly is refused with its field", func(w *world) {
		ask := func(workspace, visitor, token string, limit int) error {
			_, err := w.Desk.CustomerHistory(w.Context(), workspace, visitor, token, limit)
			return err
		}
		for _, id := range badIDs {
			w.invalid(fmt.Sprintf("visitor %q", id), ask(workspace, id, "", 1), "visitor")
			w.invalid(fmt.Sprintf("workspace %q", id), ask(id, vic.ID, "", 1), "workspace")
		}
		for _, limit := range []int{0, -1, lifecycle.MaxCustomerPage + 1} {
			w.invalid(fmt.Sprint("limit ", limit), ask(workspace, vic.ID, "", limit), "limit")
		}
		w.ended("c-1", resolved)
		w.ended("c-2", resolved)
		page, err := w.Desk.CustomerHistory(w.Context(), workspace, vic.ID, "", 1)
		w.ok(err)
		w.invalid("another's token", ask(workspace, "wanda", page.Next, 1), "token")
		w.invalid("no token", ask(workspace, vic.ID, "x", 1), "token")
	}},
}
