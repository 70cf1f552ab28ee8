package behaviour

import (
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

var formSentences = []sentence{
	{"every field of the form is optional, and all of it is kept", func(w *world) {
		w.catalogue("refund", "late", "broken")
		w.shut(resolved, "empty")
		w.shut(conversation.Close{Outcome: closure.Unresolved, Form: filled()}, "full")
		empty, full := w.row("empty"), w.row("full")
		w.same("empty", [2]any{empty.Sentiment, empty.Tags}, [2]any{closure.Sentiment(""), none})
		w.same("full", [2]any{full.Sentiment, full.Tags}, [2]any{closure.Negative, []string{"late", "refund"}})
		w.same("tickets", w.at("full").Closing.Tickets, filled().Tickets)
		w.same("noted", [2]bool{w.at("empty").Closing.Noted, w.at("full").Closing.Noted}, [2]bool{false, true})
		w.same("form in the journal", last[conversation.Closed](w, "full").Form, filled())
	}},
	{"notes are in the journal, and not in the state of a conversation", func(w *world) {
		const secret = "Calls himself the king of the bus lane."
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Notes: secret}}, "c-1")
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Notes: secret}})
		loaded, err := w.Store.Load(w.Context(), storage.Key{Workspace: workspace, Conversation: "c-1"}, "")
		w.ok(err)
		events, err := w.Store.History(w.Context(), storage.Key{Workspace: workspace, Conversation: "c-1"}, 0, 100)
		w.ok(err)
		bodies := string(loaded.Head.Body)
		texts := 0
		for _, e := range events {
			bodies += string(e.Body)
			texts += strings.Count(e.Text, secret)
		}
		w.same("in texts, in bodies", [2]int{texts, strings.Count(bodies, secret)}, [2]int{2, 0})
	}},
	{"tickets are links and numbers, any count, in the order given, each once", func(w *world) {
		var tickets []string
		for i := range conversation.MaxTickets - 1 {
			tickets = append(tickets, fmt.Sprint("JIRA-", i))
		}
		tickets = append(tickets, "https://jira.example.com/browse/ABC-1?x=1#c")
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tickets: tickets}}, "c-1")
		w.same("tickets", w.at("c-1").Closing.Tickets, tickets)
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tickets: []string{"B-2", "A-1", "B-2"}}}, "c-2")
		w.same("tickets", w.at("c-2").Closing.Tickets, []string{"B-2", "A-1"})
		like := []string{"JIRA:123", "Case: 12", "#12", "12", "Fall Ä-12", "HTTPS://tickets.example.com", "http://localhost:8080/12"}
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tickets: like}}, "c-3")
		w.same("tickets", w.at("c-3").Closing.Tickets, like)
	}},
	{"a form that breaks a limit is refused with its field, and nothing is stored", func(w *world) {
		w.catalogue("late")
		w.taken(ann, "c-1")
		w.shut(resolved, "c-2")
		manyTags, manyTickets := make([]string, conversation.MaxTags+1), make([]string, conversation.MaxTickets+1)
		for i := range manyTickets {
			manyTickets[i] = fmt.Sprint("T-", i)
		}
		for i := range manyTags {
			manyTags[i] = "late"
		}
		bad := map[string][]closure.Form{
			"sentiment": {{Sentiment: "angry"}, {Sentiment: "Positive"}},
			"notes": {
				{Notes: strings.Repeat("x", conversation.MaxNote+1)}, {Notes: "\xff"}, {Notes: "a\x00"}, {Notes: "a\x1b"},
			},
			"tags": {
				{Tags: []string{"unknown"}}, {Tags: []string{"late", "Late"}}, {Tags: manyTags}, {Tags: []string{""}},
				{Tags: []string{strings.Repeat("x", conversation.MaxTag+1)}}, {Tags: []string{"a\nb"}}, {Tags: []string{"\u202elate"}}, {Tags: []string{"\u200b"}},
			},
			"tickets": {
				{Tickets: manyTickets}, {Tickets: []string{""}}, {Tickets: []string{" T-1"}}, {Tickets: []string{"a\nb"}},
				{Tickets: []string{"javascript:alert(1)"}}, {Tickets: []string{"JavaScript:alert(1)"}}, {Tickets: []string{"ftp://x/y"}},
				{Tickets: []string{"data:text/html,x"}}, {Tickets: []string{strings.Repeat("x", conversation.MaxTicket+1)}},
				{Tickets: []string{"//example.com"}}, {Tickets: []string{"about:blank"}}, {Tickets: []string{"ms-x:/y"}},
				{Tickets: []string{"javascript:1,alert(1)"}}, {Tickets: []string{"vbscript: x"}}, {Tickets: []string{`/\evil.example`}},
				{Tickets: []string{"https://"}}, {Tickets: []string{"\u200b"}}, {Tickets: []string{"T-1", "mailto:vic@example.com"}},
			},
		}
		w.unchanged(func() {
			for field, forms := range bad {
				for _, form := range forms {
					w.nothing("c-1", ann, conversation.Close{Outcome: closure.Resolved, Form: form}, field)
					w.nothing("c-2", ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &form}, field)
				}
			}
			for _, f := range []struct {
				field string
				form  closure.Form
			}{
				{"sentiment", closure.Form{Sentiment: closure.Positive}}, {"notes", closure.Form{Notes: "x"}},
				{"tags", closure.Form{Tags: []string{"late"}}}, {"tickets", closure.Form{Tickets: []string{"T-1"}}},
			} {
				w.nothing("c-1", visitor("c-1"), conversation.Close{Form: f.form}, f.field)
			}
		})
	}},
	{"fields that the host demands are demanded of agents and supervisors, and named", func(w *world) {
		w.catalogue("refund", "late")
		w.policy(func(p *conversation.Policy) { p.Required = closure.Fields() })
		for _, by := range []conversation.Actor{ann, sue} {
			id := "of-" + by.ID
			w.taken(ann, id)
			full := conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: filled()}
			missing := func(spoil func(*conversation.Close), want ...closure.Field) {
				w.Helper()
				c := full
				spoil(&c)
				w.same("missing", w.refused(id, by, c, conversation.ErrFormIncomplete).Missing, want)
			}
			missing(func(c *conversation.Close) { c.Form, c.Reason = closure.Form{}, "" }, closure.Fields()...)
			missing(func(c *conversation.Close) { c.Reason = "" }, closure.FieldReason)
			missing(func(c *conversation.Close) { c.Sentiment = "" }, closure.FieldSentiment)
			missing(func(c *conversation.Close) { c.Notes = " \n\t" }, closure.FieldNotes)
			missing(func(c *conversation.Close) { c.Tags = nil }, closure.FieldTags)
			missing(func(c *conversation.Close) { c.Tickets = nil }, closure.FieldTickets)
			w.do(id, by, full)
		}
	}},
	{"a reason is demanded of unresolved ones alone", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Required = []closure.Field{closure.FieldReason} })
		w.taken(ann, "c-1")
		w.refused("c-1", ann, unresolved, conversation.ErrFormIncomplete)
		w.do("c-1", ann, resolved)
		w.refused("c-1", ann, conversation.Reclassify{Outcome: closure.Unresolved}, conversation.ErrFormIncomplete)
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther})
	}},
	{"they are never demanded of timers, visitors, bots, the system and who forces", func(w *world) {
		w.catalogue("late")
		closes(w)
		demand := func(p *conversation.Policy) { p.Required = closure.Fields() }
		w.policies(func(p *conversation.Policies) {
			demand(&p.Default)
			bots := p.Groups["bots"]
			demand(&bots)
			p.Groups["bots"] = bots
		})
		w.beginIn("bot", "bots")
		w.taken(ann, "visitor", "host", "forced", "timer", "person")
		w.do("bot", bot, resolved)
		w.do("visitor", visitor("visitor"), conversation.Close{})
		w.do("host", host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.VisitorLeft})
		w.do("forced", sue, conversation.Close{Outcome: closure.Resolved, Force: true})
		w.refused("person", ann, resolved, conversation.ErrFormIncomplete)
		w.Advance(time.Hour)
		w.want(map[string]string{
			"bot": closed, "visitor": closed, "host": closed, "forced": closed, "timer": closed, "person": closed,
		})
		w.same("cause", w.row("person").Cause, closure.Idle)
	}},
	{"a new form has to be complete too, and who keeps the old one need not fill it in", func(w *world) {
		w.shut(resolved, "c-1")
		w.policy(func(p *conversation.Policy) { p.Required = []closure.Field{closure.FieldSentiment, closure.FieldNotes} })
		change := conversation.Reclassify{Outcome: closure.Unresolved, Form: &closure.Form{Sentiment: closure.Neutral}}
		w.same("missing", w.refused("c-1", ann, change, conversation.ErrFormIncomplete).Missing, []closure.Field{closure.FieldNotes})
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Unresolved})
		w.do("c-1", host, change)
		w.same("sentiment", w.row("c-1").Sentiment, closure.Neutral)
	}},
	{"the demands are those of the conversation's group", func(w *world) {
		w.policies(func(p *conversation.Policies) {
			p.Groups = map[string]conversation.Policy{"strict": {Idle: quiet, Required: []closure.Field{closure.FieldNotes}}}
		})
		w.beginIn("strict", "strict")
		w.begin("easy")
		w.refused("strict", ann, resolved, conversation.ErrFormIncomplete)
		w.do("easy", ann, resolved)
	}},
	{"tags come from the host's catalogue, listed alphabetically, without regard to case", func(w *world) {
		w.catalogue("refund", "Late", "late", "apple", "Zebra", "éclair", "LATE")
		tags, err := w.Desk.Tags(w.Context(), workspace)
		w.ok(err)
		w.same("tags", tags, []string{"apple", "LATE", "Late", "late", "refund", "Zebra", "éclair"})
		other, err := w.Desk.Tags(w.Context(), "other")
		w.ok(err)
		w.same("tags of another workspace", len(other), 0)
		_, err = w.Desk.Tags(w.Context(), "a b")
		w.invalid("a workspace that is none", err, "workspace")
	}},
	{"in the order of the host's language, and what that takes for equal stands byte by byte", func(w *world) {
		o := w.options
		o.TagOrder = func(a, b string) int { // as a German list: umlauts as their vowels, case aside
			fold := strings.NewReplacer("ä", "a", "ö", "o", "ü", "u")
			return strings.Compare(fold.Replace(strings.ToLower(a)), fold.Replace(strings.ToLower(b)))
		}
		w.Desk = w.with(w.Store, o)
		w.catalogue("zoll", "öl", "oma", "Öl", "ärger", "Apfel", "OL")
		for range 3 {
			tags, err := w.Desk.Tags(w.Context(), workspace)
			w.ok(err)
			w.same("tags", tags, []string{"Apfel", "ärger", "OL", "Öl", "öl", "oma", "zoll"})
		}
		p, _, err := w.Desk.Policies(w.Context(), workspace)
		w.ok(err)
		w.same("the catalogue as it was set", p.Tags[0], "zoll")
	}},
	{"what was tagged keeps a tag that leaves the catalogue, and no other gets it", func(w *world) {
		w.catalogue("late", "refund")
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"late"}}}, "c-1")
		w.taken(ann, "c-2")
		w.catalogue("refund")
		w.same("tags", w.row("c-1").Tags, []string{"late"})
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{"refund", "late"}}})
		w.same("tags", w.row("c-1").Tags, []string{"late", "refund"})
		w.nothing("c-2", ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"late"}}}, "tags")
	}},
	{"an empty catalogue means no tag field and never a dead end", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Required = []closure.Field{closure.FieldTags} })
		tags, err := w.Desk.Tags(w.Context(), workspace)
		w.ok(err)
		w.same("tags", len(tags), 0)
		w.shut(resolved, "c-1")
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Unresolved, Form: &closure.Form{Notes: "x"}})
		w.taken(ann, "c-2")
		w.nothing("c-2", ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"x"}}}, "tags")
		w.catalogue("x")
		w.refused("c-2", ann, resolved, conversation.ErrFormIncomplete)
	}},
}
