package behaviour

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
	"github.com/adjourn/adjourn/snooze"
)

// by returns how many closings each line of a report has.
func (w *world) by(f closure.Filter, zone *time.Location, by ...closure.Dimension) map[string]int64 {
	w.Helper()
	lines := map[string]int64{}
	for _, l := range w.report(lifecycle.ReportQuery{Filter: f, By: by, Zone: zone}).Lines {
		lines[strings.Join(l.Keys, " ")] = l.Closings
	}
	return lines
}

func (w *world) articles(f closure.Filter) []closure.Article {
	w.Helper()
	all, err := w.Desk.Articles(w.Context(), workspace, f)
	w.ok(err)
	return all
}

// linked has ann close conversations with a link to an article.
func (w *world) linked(article string, command conversation.Close, ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.taken(ann, id)
		w.do(id, ann, conversation.LinkArticle{Article: article})
		w.do(id, ann, command)
	}
}

func article(id string, resolved, unresolved int64, few bool) closure.Article {
	return closure.Article{Article: id, Share: closure.Share{Resolved: resolved, Unresolved: unresolved}, Few: few}
}

// filters are filters of every kind, for the closings of a random hour.
func filters() []closure.Filter {
	at := lifecycletest.Start.Add
	all := []closure.Filter{
		{}, {Conversation: "c-1"}, {Agent: "ann"}, {Agent: "nobody"}, {Group: "bots"}, {Tag: "late"}, {Tag: "Ärger"}, {Tag: "LATE"},
		{Article: "kb-1"}, {Last: true}, {Last: true, To: at(40 * time.Minute)}, {From: at(20 * time.Minute)}, {To: at(30 * time.Minute)},
		{From: at(10 * time.Minute), To: at(50 * time.Minute), Outcome: closure.Resolved, Side: closure.SideTeam},
		{From: at(time.Minute), To: at(time.Minute)}, {From: at(time.Hour), To: at(time.Minute)},
		{Grades: closure.Grades()}, {Grades: []closure.Grade{closure.Abrupt, closure.CheckedIn}, Last: true},
	}
	for _, o := range closure.Outcomes() {
		all = append(all, closure.Filter{Outcome: o})
	}
	for _, c := range closure.Causes() {
		all = append(all, closure.Filter{Cause: c})
	}
	for _, s := range closure.Sides() {
		all = append(all, closure.Filter{Side: s})
	}
	for _, s := range closure.Sentiments() {
		all = append(all, closure.Filter{Sentiment: s})
	}
	return all
}

// chosen returns, the plain way, the rows that a filter selects.
func chosen(rows []closure.Record, f closure.Filter) (some []closure.Record) {
	for _, r := range rows {
		again := slices.ContainsFunc(rows, func(other closure.Record) bool {
			return other.Conversation == r.Conversation && other.Number > r.Number && (f.To.IsZero() || other.At.Before(f.To))
		})
		switch {
		case r.At.Before(f.From), !f.To.IsZero() && !r.At.Before(f.To):
		case f.Conversation != "" && r.Conversation != f.Conversation, f.Outcome != "" && r.Outcome != f.Outcome:
		case f.Cause != "" && r.Cause != f.Cause, f.Side != "" && r.Side != f.Side, f.Agent != "" && r.Agent != f.Agent:
		case f.Group != "" && r.Group != f.Group, f.Sentiment != "" && r.Sentiment != f.Sentiment:
		case len(f.Grades) > 0 && !slices.Contains(f.Grades, r.Grade):
		case f.Tag != "" && !slices.Contains(r.Tags, f.Tag), f.Article != "" && !slices.Contains(r.Articles, f.Article):
		case f.Last && again:
		default:
			some = append(some, r)
		}
	}
	return some
}

var reportSentences = []sentence{
	{"the resolved share is that of resolved in resolved and unresolved, of the latest decisions", func(w *world) {
		w.same("of nothing", w.report(lifecycle.ReportQuery{}), lifecycle.Report{})
		w.shut(resolved, "c-1", "c-2", "c-3")
		w.shut(unresolved, "c-4")
		w.taken(ann, "open")
		w.same("share", w.share(), closure.Share{Resolved: 3, Unresolved: 1})
		share, _ := w.share().Value()
		w.same("value", share, 0.75)
		w.do("c-4", ann, conversation.Reclassify{Outcome: closure.Resolved})
		share, _ = w.share().Value()
		w.same("value", share, 1.0)
	}},
	{"of the closings in [from, to), to the microsecond, whenever they were decided anew", func(w *world) {
		w.Advance(time.Hour)
		w.shut(resolved, "c-1")
		at := w.now()
		w.Advance(time.Hour)
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Unresolved})
		closings := func(from, to time.Time) int64 {
			w.Helper()
			return w.report(lifecycle.ReportQuery{Filter: closure.Filter{From: from, To: to}}).Total.Share.Unresolved
		}
		w.same("from it", closings(at, at.Add(tickOfClock)), int64(1))
		w.same("until it", closings(at.Add(-time.Hour), at), int64(0))
		w.same("after it", closings(at.Add(tickOfClock), time.Time{}), int64(0))
		w.same("from any zone", closings(at.In(time.FixedZone("x", 3600)), at.Add(tickOfClock).In(time.FixedZone("y", -3600))), int64(1))
	}},
	{"an instant between two microseconds means the same on every store", func(w *world) {
		w.shut(resolved, "c-1")
		at := w.now()
		for _, f := range []struct {
			from, to time.Time
			want     int64
		}{
			{at.Add(-time.Nanosecond), time.Time{}, 1}, {at.Add(time.Nanosecond), time.Time{}, 0},
			{time.Time{}, at.Add(-time.Nanosecond), 0}, {time.Time{}, at.Add(time.Nanosecond), 1},
		} {
			filter := closure.Filter{From: f.from, To: f.to}
			w.same("counted", w.report(lifecycle.ReportQuery{Filter: filter}).Total.Closings, f.want)
			w.same("listed", int64(len(w.rows(lifecycle.ClosingView{Filter: filter}, 10))), f.want)
			v := lifecycle.History()
			v.From, v.To = f.from, f.to
			w.same("in history", int64(len(w.list(v, 10))), f.want)
		}
	}},
	{"split bot and team: the bot's only if no person wrote in that cycle", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.begin("bot", "taken", "written", "mine", "again")
		w.do("bot", bot, resolved)
		w.do("taken", ann, conversation.Take{})
		w.do("taken", ann, conversation.AddNote{Text: "No word to the visitor."})
		w.do("taken", ann, resolved)
		w.do("written", ann, conversation.Take{})
		w.answer("written", ann)
		w.do("written", ann, conversation.HandBack{})
		w.do("written", bot, unresolved)
		w.do("mine", ann, unresolved)
		w.do("again", ann, conversation.Take{})
		w.answer("again", ann)
		w.do("again", ann, resolved)
		w.ask("again") // to the bot, in a cycle of its own
		w.Chat("again").Say(bot, "Hello again.")
		w.do("again", bot, resolved)
		w.do("human", visitor("human"), conversation.Open{ForAgent: true})
		w.do("human", ann, unresolved)
		total := w.report(lifecycle.ReportQuery{}).Total
		w.same("bot", total.Bot, closure.Share{Resolved: 3, Unresolved: 1})
		w.same("team", total.Team, closure.Share{Resolved: 1, Unresolved: 2})
		w.same("all", total.Share, closure.Share{Resolved: 4, Unresolved: 3})
	}},
	{"handing back is no outcome", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.begin("c-1")
		w.do("c-1", ann, conversation.Take{})
		w.do("c-1", ann, conversation.HandBack{})
		w.same("report", w.report(lifecycle.ReportQuery{}), lifecycle.Report{})
	}},
	{"by topic, sentiment, agent, group, cause, reason and grade", func(w *world) {
		w.catalogue("late", "refund")
		w.beginIn("c-1", "billing")
		w.begin("c-2", "c-3")
		w.do("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Form: filled()})
		w.do("c-2", ben, conversation.Take{})
		w.do("c-2", ben, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"late"}, Sentiment: closure.Positive}})
		w.do("c-3", visitor("c-3"), conversation.Close{})
		for dimension, want := range map[closure.Dimension]map[string]int64{
			closure.ByTag:       {"late": 2, "refund": 1, "": 1},
			closure.BySentiment: {"negative": 1, "positive": 1, "": 1},
			closure.ByAgent:     {"ann": 1, "ben": 1, "": 1},
			closure.ByGroup:     {"billing": 1, "": 2},
			closure.ByCause:     {"agent": 2, "visitor_left": 1},
			closure.ByReason:    {"other": 1, "visitor_left": 1, "": 1},
			closure.ByGrade:     {"abrupt": 2, "": 1},
			closure.ByOutcome:   {"resolved": 1, "unresolved": 2},
			closure.BySide:      {"team": 3},
			closure.ByArticle:   {"": 3},
		} {
			w.same(string(dimension), w.by(closure.Filter{}, nil, dimension), want)
		}
		w.same("two at once", w.by(closure.Filter{}, nil, closure.ByTag, closure.ByAgent),
			map[string]int64{"late ann": 1, "refund ann": 1, "late ben": 1, " ": 1})
	}},
	{"with several tags a closing counts for each, and once in the total", func(w *world) {
		w.catalogue("a", "b", "c")
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"a", "b", "c"}}}, "c-1")
		r := w.report(lifecycle.ReportQuery{By: []closure.Dimension{closure.ByTag}})
		w.same("lines, closings, share", []any{len(r.Lines), r.Total.Closings, r.Total.Share}, []any{3, int64(1), closure.Share{Resolved: 1}})
	}},
	{"by day in the reader's zone, also on the days that the clocks change", func(w *world) {
		paris, err := time.LoadLocation("Europe/Paris")
		w.ok(err)
		for i, at := range []string{ // in UTC; the 29th of March has 23 hours in Paris
			"2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z",
			"2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z", "2026-03-30T21:59:59Z",
		} {
			when, err := time.Parse(time.RFC3339, at)
			w.ok(err)
			w.Advance(when.Sub(w.now()))
			w.shut(resolved, fmt.Sprint("c-", i))
		}
		f := closure.Filter{From: time.Date(2026, 3, 28, 0, 0, 0, 0, paris), To: time.Date(2026, 3, 31, 0, 0, 0, 0, paris)}
		w.same("in Paris", w.by(f, paris, closure.ByDay), map[string]int64{"2026-03-28": 1, "2026-03-29": 4, "2026-03-30": 2})
		w.same("in UTC", w.by(f, nil, closure.ByDay), map[string]int64{"2026-03-28": 2, "2026-03-29": 4, "2026-03-30": 1})
		q := lifecycle.ReportQuery{Filter: f, By: []closure.Dimension{closure.ByDay}, Zone: paris}
		spreads, err := w.Desk.Spreads(w.Context(), workspace, q, closure.Resolution, 50)
		w.ok(err)
		w.same("spreads", []string{spreads[0].Keys[0], spreads[2].Keys[0]}, []string{"2026-03-28", "2026-03-30"})
	}},
	{"and in autumn, when a day has 25 hours", func(w *world) {
		paris, err := time.LoadLocation("Europe/Paris")
		w.ok(err)
		w.Clock.Set(time.Date(2026, 10, 24, 21, 30, 0, 0, time.UTC)) // 23:30 in Paris
		for i := range 27 {
			w.shut(resolved, fmt.Sprint("c-", i))
			w.Advance(time.Hour)
		}
		f := closure.Filter{From: time.Date(2026, 10, 24, 0, 0, 0, 0, paris), To: time.Date(2026, 10, 27, 0, 0, 0, 0, paris)}
		w.same("in Paris", w.by(f, paris, closure.ByDay), map[string]int64{"2026-10-24": 1, "2026-10-25": 25, "2026-10-26": 1})
	}},
	{"topics by day have the day's name too", func(w *world) {
		w.catalogue("late")
		w.shut(conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"late"}}}, "c-1")
		f := closure.Filter{From: w.now(), To: w.now().Add(day)}
		w.same("lines", w.by(f, nil, closure.ByTag, closure.ByDay), map[string]int64{"late 2026-03-02": 1})
		w.same("lines", w.by(f, nil, closure.ByDay, closure.ByArticle), map[string]int64{"2026-03-02 ": 1})
	}},
	{"first response is from the hand-off to the first answer of a person", func(w *world) {
		w.policies(func(p *conversation.Policies) {
			p.Groups = map[string]conversation.Policy{"bots": {Idle: quiet, Bot: true}}
		})
		w.beginIn("c-1", "bots")
		w.Chat("c-1").Say(visitor("c-1"), "Hello?")
		w.Advance(time.Minute)
		w.Chat("c-1").Say(bot, "I am a bot.")
		w.Advance(time.Minute)
		w.do("c-1", visitor("c-1"), conversation.RequestAgent{})
		w.Advance(3 * time.Minute)
		w.do("c-1", ann, conversation.Take{})
		w.Chat("c-1").Say(host, "Somebody is with you.")
		w.do("c-1", ann, conversation.Say{Text: "I am away.", Automatic: true})
		w.do("c-1", ann, conversation.AddNote{Text: "Hm."})
		w.Advance(2 * time.Minute)
		w.answer("c-1", ann)
		w.Advance(time.Minute)
		w.answer("c-1", ann)
		w.do("c-1", ann, resolved)
		w.same("first response", figures(w.row("c-1"), closure.FirstResponse), []int64{ms(5 * time.Minute)})
	}},
	{"it is none if no person wrote, and begins anew when the bot had it back before", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.begin("silent", "back")
		w.do("silent", ann, conversation.Take{})
		w.do("silent", ann, resolved)
		w.do("back", ann, conversation.Take{})
		w.Advance(time.Hour)
		w.do("back", ann, conversation.HandBack{})
		w.Advance(time.Hour)
		w.do("back", ben, conversation.Take{})
		w.Advance(time.Minute)
		w.answer("back", ben)
		w.do("back", ben, resolved)
		w.same("silent", w.row("silent").Figures[closure.FirstResponse], closure.None)
		w.same("back", w.row("back").Figures[closure.FirstResponse], ms(time.Minute))
		w.same("counted", w.report(lifecycle.ReportQuery{}).Total.Figures[closure.FirstResponse], closure.Sum{N: 1, Total: ms(time.Minute)})
	}},
	{"time in each state, by whoever had it, and they add up to the resolution", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Bot = true })
		w.begin("c-1")
		w.Advance(time.Minute)
		w.do("c-1", visitor("c-1"), conversation.RequestAgent{})
		w.Advance(2 * time.Minute)
		w.do("c-1", ann, conversation.Take{})
		w.Advance(4 * time.Minute)
		w.do("c-1", ann, conversation.Transfer{Agent: "ben"})
		w.Advance(8 * time.Minute)
		w.do("c-1", ben, conversation.Snooze{Until: snooze.For(16 * time.Minute)})
		w.Advance(16 * time.Minute)
		w.Advance(32*time.Minute + 999*tickOfClock)
		w.do("c-1", ben, conversation.HandBack{})
		w.Advance(64 * time.Minute)
		w.do("c-1", bot, resolved)
		got := figures(w.row("c-1"), closure.InBot, closure.InWaiting, closure.Handling, closure.NetHandling, closure.InSnoozed, closure.Resolution)
		w.same("figures", got, []int64{
			ms(65 * time.Minute), ms(2 * time.Minute), ms(44 * time.Minute), ms(44 * time.Minute), ms(16 * time.Minute), ms(127 * time.Minute),
		})
	}},
	{"each cycle has its own figures, from the opening or reopening to the closing", func(w *world) {
		w.begin("c-1")
		w.Advance(time.Minute)
		w.do("c-1", ann, conversation.Take{})
		w.answer("c-1", ann)
		w.do("c-1", ann, conversation.Snooze{Until: snooze.UntilReply()})
		w.do("c-1", ann, resolved)
		w.Advance(5 * time.Hour)
		w.do("c-1", ann, conversation.Reopen{})
		w.Advance(2 * time.Minute)
		w.do("c-1", ann, resolved)
		of := []closure.Figure{closure.FirstResponse, closure.Handling, closure.Resolution, closure.Snoozes, closure.Reopened}
		rows := w.rowsOf("c-1")
		w.same("first", figures(rows[0], of...), []int64{ms(time.Minute), 0, ms(time.Minute), 1, 1})
		w.same("second", figures(rows[1], of...), []int64{closure.None, ms(2 * time.Minute), ms(2 * time.Minute), 0, 0})
	}},
	{"reopenings, snoozes, prompts and follow-ups are counted", func(w *world) {
		w.policy(func(p *conversation.Policy) {
			p.Idle.Assigned = idle.Ladder{Steps: []idle.Step{
				{After: time.Minute, Action: idle.Prompt, Text: "Check in."}, {After: time.Minute, Action: idle.FollowUp, Text: "There?"},
			}}
		})
		w.taken(ann, "c-1")
		w.Advance(2 * time.Minute)
		w.answer("c-1", ann)
		w.Advance(time.Minute)
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(time.Hour)})
		w.do("c-1", ann, conversation.Snooze{Until: snooze.For(2 * time.Hour)})
		w.do("c-1", ann, resolved)
		w.same("figures", figures(w.row("c-1"), closure.Prompts, closure.FollowUps, closure.Snoozes), []int64{2, 1, 2})
		for range 3 {
			w.do("c-1", ann, conversation.Reopen{})
			w.do("c-1", ann, resolved)
		}
		total := w.report(lifecycle.ReportQuery{}).Total
		w.same("closings, reopened", [2]int64{total.Closings, total.Figures[closure.Reopened].Total}, [2]int64{4, 3})
	}},
	{"means and medians are those of the closings that have the figure", func(w *world) {
		for i, minutes := range []int{1, 2, 4, 60} {
			id := fmt.Sprint("c-", i)
			w.taken(ann, id)
			w.Advance(time.Duration(minutes) * time.Minute)
			w.do(id, ann, resolved)
		}
		mean, ok := w.report(lifecycle.ReportQuery{}).Total.Figures[closure.Handling].Mean()
		w.same("mean", [2]any{closure.Duration(mean), ok}, [2]any{16*time.Minute + 45*time.Second, true})
		byAgent := lifecycle.ReportQuery{By: []closure.Dimension{closure.ByAgent}}
		spreads, err := w.Desk.Spreads(w.Context(), workspace, byAgent, closure.Handling, 1, 50, 75, 76, 100)
		w.ok(err)
		w.same("spreads", spreads, []closure.Spread{{Keys: []string{"ann"}, N: 4, Values: []int64{
			ms(time.Minute), ms(2 * time.Minute), ms(4 * time.Minute), ms(time.Hour), ms(time.Hour),
		}}})
		none, err := w.Desk.Spreads(w.Context(), workspace, lifecycle.ReportQuery{}, closure.Rating, 50)
		w.ok(err)
		w.same("of nothing", len(none), 0)
	}},
	{"articles linked to unresolved conversations are listed, each conversation once", func(w *world) {
		w.linked("kb-1", unresolved, "c-1", "c-2")
		w.do("c-1", ann, conversation.LinkArticle{Article: "kb-1"})
		w.ask("c-1")
		w.do("c-1", sue, unresolved)
		w.linked("kb-1", resolved, "c-3")
		w.linked("kb-2", resolved, "c-4")
		w.shut(unresolved, "c-5")
		w.same("articles", w.articles(closure.Filter{}), []closure.Article{article("kb-1", 1, 2, true)})
		w.do("c-5", ann, conversation.LinkArticle{Article: "kb-3"}) // afterwards
		w.same("articles", w.articles(closure.Filter{}), []closure.Article{article("kb-1", 1, 2, true), article("kb-3", 0, 1, true)})
	}},
	{"by the last closing of each conversation, within the time asked for", func(w *world) {
		w.linked("kb-1", unresolved, "c-1")
		first := w.now()
		w.Advance(time.Hour)
		w.ask("c-1")
		w.do("c-1", sue, resolved)
		w.same("by now", len(w.articles(closure.Filter{})), 0)
		w.same("by then", w.articles(closure.Filter{To: first.Add(time.Minute)}), []closure.Article{article("kb-1", 0, 1, true)})
	}},
	{"an article that is linked after a reopening does not touch the closing before", func(w *world) {
		for _, surveys := range []bool{false, true} {
			w.policy(func(p *conversation.Policy) { p.Survey.Offer = surveys })
			id := fmt.Sprint("c-", surveys)
			w.linked("kb-2", resolved, id)
			w.do(id, ann, conversation.LinkArticle{Article: "kb-1"}) // while it is closed
			w.ask(id)
			w.do(id, sue, conversation.LinkArticle{Article: "kb-3"})
			of := func() (all [][]string) {
				for _, r := range w.rowsOf(id) {
					all = append(all, r.Articles)
				}
				return all
			}
			w.same("reopened", of(), [][]string{{"kb-1", "kb-2"}})
			w.do(id, sue, unresolved)
			w.do(id, sue, conversation.LinkArticle{Article: "kb-4"})
			w.same("closed again", of(), [][]string{{"kb-1", "kb-2"}, {"kb-1", "kb-2", "kb-3", "kb-4"}})
		}
		w.same("report", w.by(closure.Filter{}, nil, closure.ByArticle), map[string]int64{"kb-1": 4, "kb-2": 4, "kb-3": 2, "kb-4": 2})
	}},
	{"they are gone when reclassified", func(w *world) {
		w.linked("kb-1", unresolved, "c-1", "c-2")
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Resolved})
		w.same("articles", w.articles(closure.Filter{}), []closure.Article{article("kb-1", 1, 1, true)})
		w.do("c-2", ann, conversation.Reclassify{Outcome: closure.Resolved})
		w.same("articles", len(w.articles(closure.Filter{})), 0)
		w.do("c-2", ann, conversation.Reclassify{Outcome: closure.Unresolved})
		w.same("articles", w.articles(closure.Filter{}), []closure.Article{article("kb-1", 1, 1, true)})
	}},
	{"a small sample is marked, and does not come before what is sure", func(w *world) {
		ids := func(article string, n int) (ids []string) {
			for i := range n {
				ids = append(ids, fmt.Sprint(article, "-", i))
			}
			return ids
		}
		w.linked("few", unresolved, ids("few", closure.FewConversations-1)...)
		w.linked("sure", unresolved, ids("sure", closure.FewConversations)...)
		w.linked("mixed", unresolved, ids("mixed-u", 3)...)
		w.linked("mixed", resolved, ids("mixed-r", 3)...)
		w.same("articles", w.articles(closure.Filter{}), []closure.Article{
			article("sure", 0, 5, false), article("mixed", 3, 3, false), article("few", 0, 4, true),
		})
	}},
	{"after a random hour a recount from the journals equals the running figures, of every conversation", func(w *world) {
		w.traffic()
		closings := 0
		for _, id := range w.all() {
			closings += len(w.rowsOf(id))
		}
		w.same("closings", len(w.every()), closings)
		w.same("share, by nothing but the journals", w.toldByJournal(w.all()), w.share())
		for _, r := range w.every() {
			spent := figures(r, closure.InBot, closure.InWaiting, closure.Handling, closure.InSnoozed)
			apart := spent[0] + spent[1] + spent[2] + spent[3] - r.Figures[closure.Resolution]
			if apart < -3 || apart > 0 || r.Figures[closure.NetHandling] > spent[2] { // each is rounded down
				w.Errorf("%s closed after %d ms, of which %d in its states, %d net", r.Conversation, r.Figures[closure.Resolution], spent, r.Figures[closure.NetHandling])
			}
		}
		if closings < 5 {
			w.Errorf("only %d closings: a quiet hour", closings)
		}
	}},
	{"after a random hour every report is what its closings say, never over 100 %", func(w *world) {
		w.traffic()
		rows := w.every()
		window := closure.Filter{From: lifecycletest.Start, To: lifecycletest.Start.Add(2 * time.Hour)}
		for i, d := range closure.Dimensions() {
			for _, by := range [][]closure.Dimension{{d}, {d, closure.Dimensions()[(i+3)%len(closure.Dimensions())]}} {
				r := w.report(lifecycle.ReportQuery{Filter: window, By: by})
				w.same(fmt.Sprint("report by ", by), r.Lines, counted(rows, by...))
				w.same("total", []closure.Line{r.Total}, withoutKeys(counted(rows)))
				for _, l := range append(r.Lines, r.Total) {
					share, ok := l.Share.Value()
					if ok && (share < 0 || share > 1) || l.Bot.Add(l.Team) != l.Share || l.Share.Decided() != l.Closings {
						w.Errorf("line %+v", l)
					}
				}
			}
		}
		for _, figure := range closure.AllFigures() {
			spreads, err := w.Desk.Spreads(w.Context(), workspace, lifecycle.ReportQuery{}, figure, 1, 50, 90, 100)
			w.ok(err)
			for _, s := range spreads {
				w.same(figure.String(), s.Values, spread(rows, figure, 1, 50, 90, 100))
			}
		}
	}},
	{"after a random hour every filter selects the same in lists and reports, in either order and any pages", func(w *world) {
		w.traffic()
		rows := w.every()
		if !slices.IsSortedFunc(rows, byPlace) {
			w.Error("the list of closings is not in order")
		}
		for _, f := range filters() {
			want := chosen(rows, f)
			w.same(fmt.Sprintf("list of %+v", f), w.rows(lifecycle.ClosingView{Filter: f}, 7), want)
			w.same(fmt.Sprintf("report of %+v", f), w.report(lifecycle.ReportQuery{Filter: f}).Total.Closings, int64(len(want)))
			slices.Reverse(want)
			w.same(fmt.Sprintf("newest of %+v", f), w.rows(lifecycle.ClosingView{Filter: f, Newest: true}, 3), want)
		}
	}},
	{"what is purged is in no report", func(w *world) {
		w.shut(unresolved, "c-1")
		w.linked("kb-1", unresolved, "c-2")
		w.Advance(3 * day)
		w.shut(resolved, "c-3")
		n, err := w.Desk.Purge(w.Context(), 2*day)
		w.ok(err)
		w.same("purged", n, 2)
		w.same("share", w.share(), closure.Share{Resolved: 1})
		w.same("rows, articles", [2]int{len(w.every()), len(w.articles(closure.Filter{}))}, [2]int{1, 0})
		w.same("unconfirmed", idsOf(w.unconfirmed(lifecycle.ClosingView{}, 10)), []string{"c-3"})
	}},
	{"no report, list or history shows another workspace", func(w *world) {
		w.shut(unresolved, "c-1")
		r, err := w.Desk.Report(w.Context(), "other", lifecycle.ReportQuery{})
		w.ok(err)
		w.same("report", r, lifecycle.Report{})
		page, err := w.Desk.Closings(w.Context(), "other", lifecycle.ClosingView{}, "", 10)
		w.ok(err)
		w.same("closings", len(page.Closings), 0)
		unconfirmed, err := w.Desk.Unconfirmed(w.Context(), "other", lifecycle.ClosingView{}, lifecycle.Notes{}, "", 10)
		w.ok(err)
		w.same("unconfirmed", len(unconfirmed.Closings), 0)
		history, err := w.Desk.CustomerHistory(w.Context(), "other", "of-c-1", "", 10)
		w.ok(err)
		w.same("history", len(history.Engagements), 0)
		articles, err := w.Desk.Articles(w.Context(), "other", closure.Filter{})
		w.ok(err)
		w.same("articles", len(articles), 0)
	}},
	{"the token of a page is for its view, its workspace and nothing else", func(w *world) {
		w.shut(resolved, "c-1", "c-2", "c-3")
		page, err := w.Desk.Closings(w.Context(), workspace, lifecycle.ClosingView{}, "", 1)
		w.ok(err)
		for _, v := range []lifecycle.ClosingView{{Newest: true}, {Filter: closure.Filter{Agent: "ann"}}} {
			_, err := w.Desk.Closings(w.Context(), workspace, v, page.Next, 1)
			w.invalid("another view", err, "token")
			_, err = w.Desk.Unconfirmed(w.Context(), workspace, v, lifecycle.Notes{}, page.Next, 1)
			w.invalid("another list", err, "token")
		}
		_, err = w.Desk.Closings(w.Context(), "other", lifecycle.ClosingView{}, page.Next, 1)
		w.invalid("another workspace", err, "token")
		for _, token := range []string{"x", "\x00", page.Next[1:], "e30", "bnVsbA"} {
			_, err := w.Desk.Closings(w.Context(), workspace, lifecycle.ClosingView{}, token, 1)
			w.invalid(fmt.Sprintf("token %q", token), err, "token")
		}
		rest, err := w.another().Closings(w.Context(), workspace, lifecycle.ClosingView{}, page.Next, 5)
		w.ok(err)
		w.same("the rest", []string{rest.Closings[0].Conversation, rest.Closings[1].Conversation, rest.Next}, []string{"c-2", "c-3", ""})
	}},
	{"what is asked for wrongly is refused with its field", func(w *world) {
		report := func(q lifecycle.ReportQuery) error { _, err := w.Desk.Report(w.Context(), workspace, q); return err }
		list := func(f closure.Filter) error {
			_, err := w.Desk.Closings(w.Context(), workspace, lifecycle.ClosingView{Filter: f}, "", 1)
			return err
		}
		now := w.now()
		for field, queries := range map[string][]lifecycle.ReportQuery{
			"by": {{By: []closure.Dimension{"weather"}}, {By: []closure.Dimension{closure.ByTag, closure.ByTag}}},
			"to": {
				{By: []closure.Dimension{closure.ByDay}}, {By: []closure.Dimension{closure.ByDay}, Filter: closure.Filter{From: now}},
				{By: []closure.Dimension{closure.ByDay}, Filter: closure.Filter{From: now, To: now}},
				{By: []closure.Dimension{closure.ByDay}, Filter: closure.Filter{From: now, To: now.AddDate(20, 0, 0)}},
			},
		} {
			for _, q := range queries {
				w.invalid(fmt.Sprint(q.By), report(q), field)
				_, err := w.Desk.Spreads(w.Context(), workspace, q, closure.Handling, 50)
				w.invalid(fmt.Sprint("spreads ", q.By), err, field)
			}
		}
		for field, bad := range map[string][]closure.Filter{
			"conversation": {{Conversation: "a b"}}, "agent": {{Agent: "ä"}}, "group": {{Group: "a/b"}}, "article": {{Article: "\x00"}},
			"tag":     {{Tag: "a\x00"}, {Tag: "\xff"}, {Tag: strings.Repeat("x", conversation.MaxTag+1)}},
			"outcome": {{Outcome: "solved"}}, "cause": {{Cause: "x"}}, "side": {{Side: "x"}}, "sentiment": {{Sentiment: "angry"}},
			"grades": {{Grades: []closure.Grade{closure.Abrupt, ""}}, {Grades: []closure.Grade{"good"}}},
		} {
			for _, f := range bad {
				w.invalid("report", report(lifecycle.ReportQuery{Filter: f}), field)
				w.invalid("list", list(f), field)
				_, err := w.Desk.Articles(w.Context(), workspace, f)
				w.invalid("articles", err, field)
			}
		}
		for _, id := range badIDs {
			_, err := w.Desk.Report(w.Context(), id, lifecycle.ReportQuery{})
			w.invalid("report", err, "workspace")
			_, err = w.Desk.Closings(w.Context(), id, lifecycle.ClosingView{}, "", 1)
			w.invalid("closings", err, "workspace")
		}
		for _, limit := range []int{0, -1, lifecycle.MaxPage + 1} {
			_, err := w.Desk.Closings(w.Context(), workspace, lifecycle.ClosingView{}, "", limit)
			w.invalid("closings", err, "limit")
		}
		for _, limit := range []int{0, -1, lifecycle.MaxUnconfirmedPage + 1} {
			_, err := w.Desk.Unconfirmed(w.Context(), workspace, lifecycle.ClosingView{}, lifecycle.Notes{}, "", limit)
			w.invalid("unconfirmed", err, "limit")
		}
		for _, figure := range []closure.Figure{-1, closure.Figure(closure.NumFigures)} {
			_, err := w.Desk.Spreads(w.Context(), workspace, lifecycle.ReportQuery{}, figure, 50)
			w.invalid("figure", err, "figure")
		}
		for _, p := range []int{0, 101, -5} {
			_, err := w.Desk.Spreads(w.Context(), workspace, lifecycle.ReportQuery{}, closure.Handling, 50, p)
			w.invalid("percentage", err, "percentages")
		}
	}},
}

// withoutKeys makes the only line of a report by nothing a total.
func withoutKeys(lines []closure.Line) []closure.Line {
	for i := range lines {
		lines[i].Keys = nil
	}
	if lines == nil {
		lines = []closure.Line{{}}
	}
	return lines
}
