package behaviour

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// inEvery opens a conversation of each state, and returns who may close it beside
// the visitor and supervisors, by ID.
func (w *world) inEvery() map[string][]conversation.Actor {
	w.Helper()
	w.policies(func(p *conversation.Policies) {
		p.Default.PullOnly = true
		p.Groups = map[string]conversation.Policy{"bots": {Idle: quiet, Bot: true, PullOnly: true}}
	})
	w.beginIn("bot", "bots")
	w.begin("waiting", "assigned", "snoozed")
	w.do("assigned", ann, conversation.Take{})
	w.do("snoozed", ann, conversation.Take{})
	w.do("snoozed", ann, conversation.Snooze{Until: snooze.UntilReply()})
	return map[string][]conversation.Actor{
		"bot": {ann, bot}, "waiting": {ann}, "assigned": {ann}, "snoozed": {ann},
	}
}

// closes has idle rules close conversations of three states, after a minute's
// notice.
func closes(w *world) {
	ladder := idle.Ladder{Steps: []idle.Step{
		{After: time.Minute, Action: idle.FollowUp, Text: "Still there?"}, {After: time.Minute, Action: idle.Close},
	}}
	ladders := conversation.Idle{Bot: ladder, Waiting: ladder, Assigned: ladder}
	w.policies(func(p *conversation.Policies) {
		p.Default.Idle, p.Default.PullOnly = ladders, true
		p.Groups = map[string]conversation.Policy{"bots": {Idle: ladders, Bot: true}}
	})
}

// An ending is how a conversation ended: the outcome, the cause and whose it was.
type ending struct {
	Outcome closure.Outcome
	Cause   closure.Cause
	Agent   string
}

func endingOf(r closure.Record) ending { return ending{r.Outcome, r.Cause, r.Agent} }

var closingSentences = []sentence{
	{"legal from every open state, also straight from the bot, by agent, supervisor, bot or visitor", func(w *world) {
		for id, actors := range w.inEvery() {
			for _, by := range append(actors, sue, visitor(id)) {
				w.do(id, by, conversation.Close{Outcome: closure.Unresolved})
				w.Chat(id).WantState(conversation.StateClosed)
				w.same("who closed "+id, w.at(id).Closing.By, by)
				w.Clock.Add(time.Second)
				reopenInto(w, id)
			}
		}
	}},
	{"an idle rule closes with the bot, in the queue and with an agent, and never a snoozed one", func(w *world) {
		closes(w)
		w.beginIn("bot", "bots")
		w.begin("waiting", "assigned", "snoozed")
		w.do("assigned", ann, conversation.Take{})
		w.do("snoozed", ann, conversation.Take{})
		w.do("snoozed", ann, conversation.Snooze{Until: snooze.UntilReply()})
		w.Advance(time.Hour)
		w.want(map[string]string{"bot": closed, "waiting": closed, "assigned": closed, "snoozed": "snoozed ann"})
		got := map[string]ending{}
		for _, r := range w.every() {
			got[r.Conversation] = endingOf(r)
		}
		w.same("endings", got, map[string]ending{
			"bot":      {closure.Unresolved, closure.Idle, ""},
			"waiting":  {closure.Unresolved, closure.QueueTimeout, ""},
			"assigned": {closure.Unresolved, closure.Idle, "ann"},
		})
	}},
	{"an outcome is always required, but of the visitor, who is never resolved", func(w *world) {
		for id, actors := range w.inEvery() {
			for _, by := range append(actors, sue) {
				for _, outcome := range []closure.Outcome{"", "solved", "Resolved"} {
					call := w.Chat(id).By(by)
					call.AsOf = w.at(id).Version
					_, err := w.Desk.Close(w.Context(), call, conversation.Close{Outcome: outcome})
					w.invalid(fmt.Sprintf("%q by %s", outcome, by), err, "outcome")
				}
			}
			w.nothing(id, host, conversation.Close{Force: true}, "outcome")
			w.nothing(id, visitor(id), resolved, "outcome")
		}
		w.same("closings", len(w.every()), 0)
		w.do("waiting", visitor("waiting"), conversation.Close{})
		w.same("the visitor's", endingOf(w.row("waiting")), ending{closure.Unresolved, closure.VisitorLeft, ""})
	}},
	{"a reason is optional, of a list, and for unresolved ones alone", func(w *world) {
		w.taken(ann, "c-1")
		w.nothing("c-1", ann, conversation.Close{Outcome: closure.Resolved, Reason: closure.ReasonOther}, "outcome")
		w.nothing("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Reason: "bored"}, "outcome")
		w.do("c-1", ann, unresolved)
		w.same("without", w.row("c-1").Reason, closure.Reason(""))
		for _, reason := range closure.Reasons() {
			id := string(reason)
			w.shut(conversation.Close{Outcome: closure.Unresolved, Reason: reason}, id)
			w.same("reason", w.row(id).Reason, reason)
			w.same("reason of the conversation", w.at(id).Closing.Reason, reason)
		}
	}},
	{"the cause is recorded apart from the outcome", func(w *world) {
		closes(w)
		type end struct {
			by      conversation.Actor
			command conversation.Close
			want    closure.Cause
		}
		ends := map[string]end{
			"agent":        {ann, resolved, closure.Agent},
			"supervisor":   {sue, resolved, closure.Agent},
			"visitor":      {visitor("visitor"), conversation.Close{}, closure.VisitorLeft},
			"host-left":    {host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.VisitorLeft}, closure.VisitorLeft},
			"host-timeout": {host, conversation.Close{Outcome: closure.Unresolved, Cause: closure.QueueTimeout}, closure.QueueTimeout},
			"spam":         {ann, conversation.Close{Outcome: closure.Resolved, Cause: closure.Spam}, closure.Spam},
			"merged":       {ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Merged}, closure.Merged},
			"forced":       {sue, conversation.Close{Outcome: closure.Unresolved, Force: true}, closure.Forced},
			"host-forced":  {host, conversation.Close{Outcome: closure.Resolved, Force: true}, closure.Forced},
		}
		got, want := map[string]closure.Cause{}, map[string]closure.Cause{"bot": closure.Bot, "idle": closure.Idle}
		for id, e := range ends {
			w.taken(ann, id)
			w.do(id, e.by, e.command)
			want[id] = e.want
		}
		w.beginIn("bot", "bots")
		w.do("bot", bot, unresolved)
		w.taken(ann, "idle")
		w.Advance(time.Hour)
		for _, r := range w.every() {
			got[r.Conversation] = r.Cause
			w.same("cause of the conversation", w.at(r.Conversation).Closing.Cause, r.Cause)
		}
		w.same("causes", got, want)
	}},
	{"a note says who closed it, and with which outcome", func(w *world) {
		w.taken(ann, "c-1")
		record := w.do("c-1", ann, resolved).Records[0]
		note, ok := lifecycle.Notes{Name: func(conversation.Actor) string { return "Ann" }}.Render(record)
		w.same("note", [3]any{note.Text, note.ForVisitor, ok}, [3]any{"Ann closed the conversation (resolved)", false, true})
	}},
	{"the visitor's view does not change", func(w *world) {
		w.do("c-1", vic, conversation.Open{})
		w.do("c-1", ann, conversation.Take{})
		w.answer("c-1", ann)
		before, unread := w.seen("c-1"), w.unread()
		w.do("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Form: closure.Form{Notes: "A secret."}})
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved})
		w.same("what the visitor sees", w.seen("c-1"), before)
		w.same("what is unread", w.unread(), unread)
	}},
	{"it leaves the active lists and is in history with its outcome", func(w *world) {
		w.agent("ann", 2)
		w.inEvery()
		w.settle()
		lists := []lifecycle.View{
			lifecycle.MyConversations("ann"), lifecycle.Waiting(""), lifecycle.BotPool(), lifecycle.Snoozed(""),
		}
		for _, id := range []string{"bot", "waiting", "assigned", "snoozed"} {
			w.do(id, sue, resolved)
		}
		for _, v := range lists {
			w.wantView("an active list", v)
		}
		v := lifecycle.History()
		v.Outcome = closure.Resolved
		w.same("in history", len(w.list(v, 10)), 4)
		w.same("ann's seats", w.whois("ann").Seats, 0)
	}},
	{"changing one's mind replaces the decision, and reports read the latest", func(w *world) {
		w.shut(resolved, "c-1")
		w.same("resolved", w.share(), closure.Share{Resolved: 1})
		before := w.row("c-1")
		w.Advance(time.Hour)
		w.do("c-1", ben, conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonMissingKnowledge})
		w.same("unresolved", w.share(), closure.Share{Unresolved: 1})
		before.Outcome, before.Reason = closure.Unresolved, closure.ReasonMissingKnowledge
		w.same("row", w.row("c-1"), before)
		v := lifecycle.History()
		v.Outcome = closure.Unresolved
		w.wantView("unresolved", v, "c-1")
	}},
	{"history keeps every decision, and nothing reopens", func(w *world) {
		w.shut(resolved, "c-1")
		at := w.at("c-1")
		outcomes := []closure.Outcome{closure.Unresolved, closure.Resolved, closure.Unresolved}
		for _, outcome := range outcomes {
			w.Advance(time.Hour)
			w.do("c-1", ann, conversation.Reclassify{Outcome: outcome})
			w.Chat("c-1").WantState(conversation.StateClosed)
		}
		w.Chat("c-1").WantEvents("opened", "taken", "closed", "reclassified", "reclassified", "reclassified")
		var got []closure.Outcome
		for _, r := range w.Chat("c-1").Journal()[3:] {
			got = append(got, r.Event.(conversation.Reclassified).Outcome)
		}
		w.same("decisions", got, outcomes)
		c := w.at("c-1")
		w.same("first closed, closed, and by whom",
			[3]any{c.FirstClosedAt, c.Closing.At, c.Closing.By}, [3]any{at.FirstClosedAt, at.Closing.At, at.Closing.By})
		w.same("closings", len(w.every()), 1)
	}},
	{"a decision that was made already is accepted, and recorded once", func(w *world) {
		w.catalogue("a", "b")
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"a", "b"}}}, "c-1")
		version := w.at("c-1").Version
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved})
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Tags: []string{"b", "a"}}})
		w.same("version", w.at("c-1").Version, version)
	}},
	{"a new decision keeps the form, or replaces it whole", func(w *world) {
		w.catalogue("late", "refund")
		w.shut(conversation.Close{Outcome: closure.Unresolved, Form: filled()}, "c-1")
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved})
		kept := w.at("c-1").Closing
		w.same("kept", [4]any{kept.Sentiment, kept.Tags, kept.Tickets, kept.Noted},
			[4]any{closure.Negative, filled().Tags, filled().Tickets, true})
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved, Form: &closure.Form{Sentiment: closure.Positive}})
		replaced := w.at("c-1").Closing
		w.same("replaced", [4]any{replaced.Sentiment, len(replaced.Tags), len(replaced.Tickets), replaced.Noted},
			[4]any{closure.Positive, 0, 0, false})
		w.same("row", [2]any{w.row("c-1").Sentiment, w.row("c-1").Tags}, [2]any{closure.Positive, none})
	}},
	{"there is no mind to change about what is open", func(w *world) {
		for id := range w.inEvery() {
			w.refused(id, sue, conversation.Reclassify{Outcome: closure.Resolved}, conversation.ErrNotPossible)
		}
		w.shut(resolved, "c-1")
		w.refused("c-1", visitor("c-1"), conversation.Reclassify{Outcome: closure.Unresolved}, conversation.ErrForbidden)
		w.refused("c-1", bot, conversation.Reclassify{Outcome: closure.Unresolved}, conversation.ErrForbidden)
	}},
	{"looking at a closed conversation changes nothing", func(w *world) {
		w.shut(resolved, "c-1")
		before, rows := w.at("c-1"), w.every()
		w.unchanged(func() {
			_, err := w.Desk.Allowed(w.Context(), workspace, "c-1", ann)
			w.ok(err)
			w.Chat("c-1").Journal()
			w.text("c-1", lifecycle.Notes{}, lifecycle.ForAgents)
			w.list(lifecycle.History(), 10)
			w.report(lifecycle.ReportQuery{By: []closure.Dimension{closure.ByAgent}})
			_, err = w.Desk.CustomerHistory(w.Context(), workspace, "of-c-1", "", 10)
			w.ok(err)
			_, err = w.Desk.Unconfirmed(w.Context(), workspace, lifecycle.ClosingView{}, lifecycle.Notes{}, "", 10)
			w.ok(err)
		})
		w.same("conversation", w.at("c-1"), before)
		w.same("rows", w.every(), rows)
	}},
	{"a close on what is closed is refused to all, saying by whom and how it was closed", func(w *world) {
		w.shut(conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther}, "c-1")
		for _, by := range []conversation.Actor{ann, ben, sue, visitor("c-1")} {
			e := w.refused("c-1", by, conversation.Close{Outcome: closure.Unresolved}, conversation.ErrAlreadyClosed)
			w.same("who and how", [3]any{e.Closing.By, e.Closing.Outcome, e.Closing.Reason},
				[3]any{ann, closure.Unresolved, closure.ReasonOther})
			if !strings.Contains(e.Error(), "ann") || !strings.Contains(e.Error(), "unresolved") {
				w.Errorf("error %q does not say by whom and how", e)
			}
		}
		w.refused("c-1", host, conversation.Close{Outcome: closure.Resolved, Force: true}, conversation.ErrAlreadyClosed)
		w.same("closings", len(w.rowsOf("c-1")), 1)
	}},
	{"of two closers at once one wins, the other gets that refusal; one event, survey, row and statistic", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Survey.Offer = true })
		const rounds, closers = 20, 4
		desks := [closers]*lifecycle.Desk{}
		for i := range desks {
			desks[i] = w.another()
		}
		by := [closers]conversation.Actor{ann, sue, sue, ann}
		for round := range rounds {
			id := fmt.Sprint("c-", round)
			w.taken(ann, id)
			var won atomic.Int64
			together(closers, func(i int) {
				command := conversation.Close{Outcome: closure.Outcomes()[i%2]}
				_, err := desks[i].Close(w.Context(), w.Chat(id).By(by[i]), command)
				e, refused := errors.AsType[*conversation.RefusedError](err)
				switch {
				case err == nil:
					won.Add(1)
				case !refused || !errors.Is(err, conversation.ErrAlreadyClosed) || e.Closing == nil || e.Closing.Number != 1:
					w.Errorf("the other one got %v", err)
				}
			})
			w.same("who won, closed, offered, rows",
				[4]any{won.Load(), w.count(id, "closed"), w.count(id, "survey_offered"), len(w.rowsOf(id))}, [4]any{int64(1), 1, 1, 1})
		}
		w.same("decided", w.share().Decided(), int64(rounds))
	}},
	{"the one who comes second is told, also if both decided on the same version", func(w *world) {
		w.taken(ann, "c-1")
		m := &meddler{Store: w.Store, before: func(storage.Commit) { w.do("c-1", sue, unresolved) }}
		_, err := w.on(m).Close(w.Context(), w.Chat("c-1").By(ann), resolved)
		w.fails(err, conversation.ErrAlreadyClosed)
		w.same("ending", endingOf(w.row("c-1")), ending{closure.Unresolved, closure.Agent, "ann"})
	}},
	{"a close that nobody knows the fate of counts once", func(w *world) {
		w.taken(ann, "c-1")
		lost := &deaf{Store: w.Store}
		call := w.Chat("c-1").By(ann)
		call.CommandID = "close-1"
		_, err := w.on(lost).Close(w.Context(), call, resolved)
		w.ok(err)
		again, err := w.Desk.Close(w.Context(), call, resolved)
		w.ok(err)
		w.same("closed, rows, repeated", [3]any{w.count("c-1", "closed"), len(w.rowsOf("c-1")), again.Repeated}, [3]any{1, 1, true})
	}},
	{"a close as of a version before the visitor's latest message is refused, unless forced", func(w *world) {
		w.taken(ann, "c-1")
		seen := w.at("c-1").Version
		w.answer("c-1", ann)
		w.ask("c-1")
		said := w.at("c-1").Version
		for _, by := range []conversation.Actor{ann, sue, host} {
			call := w.Chat("c-1").By(by)
			call.AsOf = seen
			command := unresolved
			if by == host {
				command.Cause = closure.VisitorLeft
			}
			_, err := w.Desk.Close(w.Context(), call, command)
			e, ok := errors.AsType[*conversation.RefusedError](err)
			if !ok || !errors.Is(err, conversation.ErrStale) || e.Since != said {
				w.Errorf("by %s: %v, want it stale since %d", by, err, said)
			}
		}
		call := w.Chat("c-1").By(sue)
		call.AsOf = seen
		_, err := w.Desk.Close(w.Context(), call, conversation.Close{Outcome: closure.Unresolved, Force: true})
		w.ok(err)
		w.same("cause and grade", [2]any{w.row("c-1").Cause, w.row("c-1").Grade}, [2]any{closure.Forced, closure.Unanswered})
	}},
	{"as of the visitor's message it is legal, and without a version the grade records what happened", func(w *world) {
		w.taken(ann, "c-1", "c-2")
		w.ask("c-1")
		w.ask("c-2")
		call := w.Chat("c-1").By(ann)
		call.AsOf = w.at("c-1").Version
		_, err := w.Desk.Close(w.Context(), call, resolved)
		w.ok(err)
		w.do("c-2", ann, resolved)
		w.wantGrade("c-1", closure.Unanswered)
		w.wantGrade("c-2", closure.Unanswered)
	}},
	{"a message that comes just before the close is stored keeps it from being, as of what was seen", func(w *world) {
		w.taken(ann, "c-1")
		m := &meddler{Store: w.Store, before: func(storage.Commit) { w.ask("c-1") }}
		call := w.Chat("c-1").By(ann)
		call.AsOf = w.at("c-1").Version
		_, err := w.on(m).Close(w.Context(), call, resolved)
		w.fails(err, conversation.ErrStale)
		w.same("closings", len(w.every()), 0)
	}},
	{"a message that comes just before an idle rule closes wins", func(w *world) {
		closes(w)
		w.taken(ann, "c-1")
		w.Advance(time.Minute)
		w.Clock.Add(time.Minute)
		m := &meddler{Store: w.Store, before: func(storage.Commit) { w.ask("c-1") }}
		ticked, err := w.on(m).Tick(w.Context())
		w.ok(err)
		w.same("failed", len(ticked.Failed), 0)
		w.want(map[string]string{"c-1": "ann"})
		w.same("closings", len(w.every()), 0)
	}},
	{"a message that lands after the close reopens: to the bot, the agent, or the queue, and the caller is told", func(w *world) {
		w.policies(func(p *conversation.Policies) {
			p.Groups = map[string]conversation.Policy{"bots": {Idle: quiet, Bot: true}}
		})
		w.agent("ann", 5)
		w.agent("ben", 5)
		w.beginIn("bot", "bots")
		w.begin("ann", "queue")
		w.do("bot", ann, conversation.Take{})
		w.give("ann", "ann")
		w.give("queue", "ben")
		for _, id := range []string{"bot", "ann", "queue"} {
			w.do(id, sue, resolved)
		}
		w.leave("ben")
		for id, want := range map[string]string{"bot": withBot, "ann": "ann", "queue": inQueue} {
			result := w.Chat(id).Say(visitor(id), "One more thing.")
			w.same("told of "+id, [2]bool{result.Reopened(), result.Successor}, [2]bool{true, false})
			w.want(map[string]string{id: want})
			w.same("reopened in the row of "+id, w.row(id).Figures[closure.Reopened], int64(1))
		}
		w.same("recorded", w.count("ann", "reopened"), 1)
	}},
	{"after the window it opens another conversation, linked to the old one", func(w *world) {
		w.shut(resolved, "c-1")
		w.Advance(conversation.DefaultReopenWindow)
		w.same("within", w.Chat("c-1").Say(visitor("c-1"), "In time.").Reopened(), true)
		w.do("c-1", sue, resolved)
		w.Advance(conversation.DefaultReopenWindow + tickOfClock)
		result := w.Chat("c-1").Say(visitor("c-1"), "Late.")
		w.same("told", [2]bool{result.Reopened(), result.Successor}, [2]bool{false, true})
		w.same("linked", [2]string{result.Conversation.Previous, string(result.Conversation.State)}, [2]string{"c-1", inQueue})
		w.want(map[string]string{"c-1": closed})
		w.same("decided", w.share(), closure.Share{Resolved: 2})
	}},
	{"a message that lands between the decision and the close never ends with nobody knowing of it", func(w *world) {
		const rounds = 40
		desks := [2]*lifecycle.Desk{w.another(), w.another()}
		for round := range rounds {
			id := fmt.Sprint("c-", round)
			w.taken(ann, id)
			call := w.Chat(id).By(ann)
			if round%2 == 0 {
				call.AsOf = w.at(id).Version
			}
			together(2, func(i int) {
				if i == 0 {
					_, err := desks[0].Say(w.Context(), w.Chat(id).By(visitor(id)), "Wait!")
					w.check(err)
					return
				}
				_, err := desks[1].Close(w.Context(), call, resolved)
				if !errors.Is(err, conversation.ErrStale) {
					w.check(err)
				}
			})
			c := w.at(id)
			if c.State != conversation.StateClosed {
				continue
			}
			if call.AsOf != 0 || c.Closing.Grade != closure.Unanswered {
				w.Errorf("%s is closed as of %d with grade %q, and the visitor's message is %d",
					id, call.AsOf, c.Closing.Grade, c.LastVisitorMessage)
			}
		}
	}},
	{"blocked visitors and automatic texts reopen nothing", func(w *world) {
		w.shut(resolved, "blocked", "automatic")
		w.do("blocked", ann, conversation.Block{})
		w.refused("blocked", visitor("blocked"), conversation.Say{Text: "Hey!"}, conversation.ErrBlocked)
		w.do("automatic", visitor("automatic"), conversation.Say{Text: "I am away.", Automatic: true})
		w.do("automatic", host, conversation.Say{Text: "Thank you for your message."})
		w.want(map[string]string{"blocked": closed, "automatic": closed})
		w.same("reopened", w.row("automatic").Figures[closure.Reopened], int64(0))
	}},
	{"first and last closing times are both kept, and each closing has its number", func(w *world) {
		w.shut(resolved, "c-1")
		first := w.now()
		w.Advance(time.Hour)
		w.ask("c-1")
		w.Advance(time.Hour)
		w.do("c-1", sue, unresolved)
		c := w.at("c-1")
		w.same("first, last, number", [3]any{c.FirstClosedAt, c.Closing.At, c.Closing.Number}, [3]any{first, w.now(), 2})
		rows := w.rowsOf("c-1")
		w.same("rows", len(rows), 2)
		w.same("times", [2]time.Time{rows[0].At, rows[1].At}, [2]time.Time{first, w.now()})
		w.same("outcomes", [2]closure.Outcome{rows[0].Outcome, rows[1].Outcome}, [2]closure.Outcome{closure.Resolved, closure.Unresolved})
		w.same("reopened", [2]int64{rows[0].Figures[closure.Reopened], rows[1].Figures[closure.Reopened]}, [2]int64{1, 0})
	}},
	{"a reopened conversation is in every report by the closings it had", func(w *world) {
		w.shut(resolved, "c-1")
		w.ask("c-1")
		w.same("share", w.share(), closure.Share{Resolved: 1})
		w.refused("c-1", sue, conversation.Reclassify{Outcome: closure.Unresolved}, conversation.ErrNotPossible)
	}},
	{"closing cancels a snooze and takes the seat of nobody", func(w *world) {
		w.agent("ann", 1)
		w.begin("c-1")
		w.settle()
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(snooze.Short)})
		w.do("c-1", ann, resolved)
		w.Advance(2 * day)
		w.same("woken", w.count("c-1", "woken"), 0)
		w.same("ann", [2]any{w.whois("ann").Seats, w.whois("ann").Availability()}, [2]any{0, roster.Available})
	}},
}

// reopenInto brings a conversation that was closed back to the state that it is
// named after.
func reopenInto(w *world, id string) {
	w.Helper()
	w.do(id, ann, conversation.Reopen{})
	switch id {
	case "bot":
		w.do(id, ann, conversation.HandBack{})
	case "waiting":
		w.do(id, ann, conversation.Requeue{})
	case "snoozed":
		w.do(id, ann, conversation.Snooze{Until: snooze.UntilReply()})
	}
	w.same("state", string(w.at(id).State), id)
}

// check reports an error; it may be called by any goroutine.
func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Error(err)
	}
}

// A deaf store does not hear of what became of its first commit.
type deaf struct {
	storage.Store
	done atomic.Bool
}

func (s *deaf) Commit(ctx context.Context, c storage.Commit) error {
	err := s.Store.Commit(ctx, c)
	if s.done.CompareAndSwap(false, true) {
		return errors.Join(storage.ErrOutcomeUnknown, err)
	}
	return err
}
