package behaviour

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
	"github.com/adjourn/adjourn/storage"
)

// offer has the workspace offer a survey after every closing.
func offer(w *world) {
	w.policy(func(p *conversation.Policy) { p.Survey.Offer = true })
}

func rated(rating int) conversation.AnswerSurvey { return conversation.AnswerSurvey{Rating: rating} }

// ratings returns offered and answered of each closing of a conversation.
func (w *world) ratings(id string) (all [][]int64) {
	w.Helper()
	for _, r := range w.rowsOf(id) {
		all = append(all, figures(r, closure.Surveyed, closure.Rating))
	}
	return all
}

const surveyOpen = conversation.DefaultSurveyOpen

var surveySentences = []sentence{
	{"it is offered after every closing if the workspace wants that, and not otherwise", func(w *world) {
		w.shut(resolved, "without")
		offer(w)
		w.shut(resolved, "agent")
		w.taken(ann, "visitor", "forced")
		w.do("visitor", visitor("visitor"), conversation.Close{})
		w.do("forced", host, conversation.Close{Outcome: closure.Resolved, Force: true})
		w.same("without", w.ratings("without"), [][]int64{{0, closure.None}})
		for _, id := range []string{"agent", "visitor", "forced"} {
			w.same(id, w.ratings(id), [][]int64{{1, closure.None}})
		}
	}},
	{"after a closing by an idle rule or the bot too, as the group's policy says", func(w *world) {
		closes(w)
		w.policies(func(p *conversation.Policies) {
			p.Default.Survey.Offer = true
			p.Groups["silent"] = conversation.Policy{Idle: p.Default.Idle}
			bots := p.Groups["bots"]
			bots.Survey = conversation.Asking{Offer: true, Open: time.Hour}
			p.Groups["bots"] = bots
		})
		w.beginIn("bot", "bots")
		w.beginIn("silent", "silent")
		w.begin("timer")
		w.do("bot", bot, resolved)
		until := w.now().Add(time.Hour)
		w.Advance(time.Hour)
		w.same("bot, silent, timer", [][][]int64{w.ratings("bot"), w.ratings("silent"), w.ratings("timer")},
			[][][]int64{{{1, closure.None}}, {{0, closure.None}}, {{1, closure.None}}})
		w.same("until", w.at("bot").Closing.Survey.Until, until)
	}},
	{"the visitor sees the offer, and nothing of the closing", func(w *world) {
		offer(w)
		w.taken(ann, "c-1")
		before := w.seen("c-1")
		w.do("c-1", ann, conversation.Close{Outcome: closure.Unresolved, Form: closure.Form{Notes: "A secret."}})
		w.same("what the visitor sees", strings.TrimPrefix(w.seen("c-1"), before),
			"2026-03-02 09:00:00 UTC  How satisfied are you with this conversation?\n")
		visible := 0
		for _, r := range w.Chat("c-1").Journal() {
			note, _ := lifecycle.Notes{}.Render(r)
			if note.ForVisitor != conversation.VisibleToVisitor(r.Event) {
				w.Errorf("%T: the note says %t", r.Event, note.ForVisitor)
			}
			if note.ForVisitor {
				visible++
			}
		}
		w.same("visible events", visible, 1)
	}},
	{"spam, what was merged, and blocked visitors are not asked", func(w *world) {
		offer(w)
		w.taken(ann, "spam", "merged", "blocked")
		w.do("spam", ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam})
		w.do("merged", ann, conversation.Close{Outcome: closure.Unresolved, Cause: closure.Merged})
		w.do("blocked", ann, conversation.Block{})
		w.do("blocked", ann, resolved)
		for _, id := range []string{"spam", "merged", "blocked"} {
			w.same(id, w.ratings(id), [][]int64{{0, closure.None}})
		}
	}},
	{"agents, supervisors and the host offer it by hand, once for each closing", func(w *world) {
		for _, by := range []conversation.Actor{ann, sue, host} {
			id := string(by.Kind)
			w.shut(resolved, id)
			w.do(id, by, conversation.OfferSurvey{})
			w.Advance(time.Hour)
			w.do(id, ann, conversation.OfferSurvey{})
			w.same("offered", w.count(id, "survey_offered"), 1)
		}
		w.shut(resolved, "c-1")
		w.refused("c-1", visitor("c-1"), conversation.OfferSurvey{}, conversation.ErrForbidden)
		w.refused("c-1", bot, conversation.OfferSurvey{}, conversation.ErrForbidden)
		for id := range w.inEvery() {
			w.refused(id, sue, conversation.OfferSurvey{}, conversation.ErrNotPossible)
		}
	}},
	{"it is optional for the visitor: nothing comes of not answering", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		before := w.at("c-1")
		w.same("fired", len(w.Advance(30*day)), 0)
		w.same("conversation", w.at("c-1"), before)
	}},
	{"an answer changes nobody's turn: it neither reopens, wakes nor counts as a message", func(w *world) {
		offer(w)
		w.shut(resolved, "closed", "snoozed")
		w.do("snoozed", ann, conversation.Reopen{})
		w.do("snoozed", ann, conversation.Snooze{Until: snooze.UntilReply()})
		for _, id := range []string{"closed", "snoozed"} {
			before := w.at(id)
			w.do(id, visitor(id), rated(5))
			after := w.at(id)
			w.same("state", after.State, before.State)
			w.same("last message", after.LastVisitorMessage, before.LastVisitorMessage)
		}
	}},
	{"it expires, to the microsecond", func(w *world) {
		offer(w)
		w.shut(resolved, "early", "late")
		w.Advance(surveyOpen - tickOfClock)
		w.do("early", visitor("early"), rated(4))
		w.Advance(tickOfClock)
		w.refused("late", visitor("late"), rated(4), conversation.ErrSurveyOver)
		w.refused("late", host, rated(4), conversation.ErrSurveyOver)
		w.same("ratings", [2][][]int64{w.ratings("early"), w.ratings("late")}, [2][][]int64{{{1, 4}}, {{1, closure.None}}})
	}},
	{"how long it is open is the policy's, when it is offered", func(w *world) {
		w.policy(func(p *conversation.Policy) { p.Survey = conversation.Asking{Offer: true, Open: time.Hour} })
		w.shut(resolved, "c-1")
		w.policy(func(p *conversation.Policy) { p.Survey.Open = 30 * day })
		w.shut(resolved, "c-2")
		w.Advance(time.Hour)
		w.refused("c-1", visitor("c-1"), rated(1), conversation.ErrSurveyOver)
		w.do("c-2", visitor("c-2"), rated(1))
	}},
	{"the first answer stands, and a second one is told so, however late", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		w.do("c-1", visitor("c-1"), rated(2))
		w.refused("c-1", visitor("c-1"), rated(5), conversation.ErrSurveyAnswered)
		w.refused("c-1", visitor("c-1"), rated(2), conversation.ErrSurveyAnswered)
		w.Advance(2 * surveyOpen)
		w.refused("c-1", visitor("c-1"), rated(5), conversation.ErrSurveyAnswered)
		w.same("ratings", w.ratings("c-1"), [][]int64{{1, 2}})
	}},
	{"of two answers at once one stands", func(w *world) {
		offer(w)
		desks := [2]*lifecycle.Desk{w.another(), w.another()}
		for round := range 10 {
			id := fmt.Sprint("c-", round)
			w.shut(resolved, id)
			var stands atomic.Int64
			together(len(desks), func(i int) {
				switch _, err := desks[i].AnswerSurvey(w.Context(), w.Chat(id).By(visitor(id)), rated(i+1)); {
				case err == nil:
					stands.Store(int64(i + 1))
				case !errors.Is(err, conversation.ErrSurveyAnswered):
					w.Error(err)
				}
			})
			w.same("ratings", w.ratings(id), [][]int64{{1, stands.Load()}})
			w.same("answers", w.count(id, "survey_answered"), 1)
		}
	}},
	{"an answer while another is being stored comes second", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		m := &meddler{Store: w.Store, before: func(storage.Commit) { w.do("c-1", visitor("c-1"), rated(1)) }}
		_, err := w.on(m).AnswerSurvey(w.Context(), w.Chat("c-1").By(visitor("c-1")), rated(5))
		w.fails(err, conversation.ErrSurveyAnswered)
		w.same("ratings", w.ratings("c-1"), [][]int64{{1, 1}})
	}},
	{"an answer belongs to that closing and its agent", func(w *world) {
		offer(w)
		w.taken(ann, "c-1")
		w.taken(ben, "c-2")
		w.do("c-1", ann, resolved)
		w.do("c-2", ben, resolved)
		w.do("c-1", visitor("c-1"), rated(5))
		w.do("c-2", visitor("c-2"), rated(2))
		w.do("c-1", ben, conversation.Reopen{})
		w.do("c-1", ben, resolved)
		got := map[string]closure.Sum{}
		for _, l := range w.report(lifecycle.ReportQuery{By: []closure.Dimension{closure.ByAgent}}).Lines {
			got[l.Keys[0]] = l.Figures[closure.Rating]
		}
		w.same("ratings", got, map[string]closure.Sum{"ann": {N: 1, Total: 5}, "ben": {N: 1, Total: 2}})
	}},
	{"an earlier closing can be answered after the conversation was reopened and closed again", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		w.ask("c-1")
		w.do("c-1", visitor("c-1"), conversation.AnswerSurvey{Number: 1, Rating: 3}) // while it is open
		w.do("c-1", sue, unresolved)
		w.ask("c-1")
		w.do("c-1", sue, resolved)
		w.do("c-1", visitor("c-1"), conversation.AnswerSurvey{Number: 2, Rating: 1, Comment: "Again!"})
		w.do("c-1", visitor("c-1"), rated(5)) // the last
		w.same("ratings", w.ratings("c-1"), [][]int64{{1, 3}, {1, 1}, {1, 5}})
		for _, number := range []int{1, 2, 3} {
			w.refused("c-1", visitor("c-1"), conversation.AnswerSurvey{Number: number, Rating: 4}, conversation.ErrSurveyAnswered)
		}
		w.refused("c-1", visitor("c-1"), conversation.AnswerSurvey{Number: 4, Rating: 4}, conversation.ErrNoSurvey)
	}},
	{"an answer without a number is for the last closing, unless two could be meant", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		w.Advance(time.Hour)
		w.ask("c-1")
		w.do("c-1", sue, resolved)
		w.refused("c-1", visitor("c-1"), rated(4), conversation.ErrNoSurvey)
		w.refused("c-1", host, rated(4), conversation.ErrNoSurvey)
		w.do("c-1", visitor("c-1"), conversation.AnswerSurvey{Number: 1, Rating: 2})
		w.do("c-1", visitor("c-1"), rated(4))
		w.same("ratings", w.ratings("c-1"), [][]int64{{1, 2}, {1, 4}})
		w.refused("c-1", visitor("c-1"), rated(4), conversation.ErrSurveyAnswered)
		w.shut(resolved, "c-2")
		w.Advance(time.Hour)
		w.do("c-2", ann, conversation.Reopen{})
		w.do("c-2", ann, resolved)
		w.Advance(surveyOpen - time.Hour - tickOfClock)
		w.refused("c-2", visitor("c-2"), rated(4), conversation.ErrNoSurvey)
		w.Advance(tickOfClock) // at which the first one is over
		w.do("c-2", visitor("c-2"), rated(4))
		w.same("ratings", w.ratings("c-2"), [][]int64{{1, closure.None}, {1, 4}})
	}},
	{"but not one that is long over, nor one of too many", func(w *world) {
		offer(w)
		w.shut(resolved, "over", "many")
		w.Advance(surveyOpen)
		w.do("over", sue, conversation.Reopen{})
		w.do("over", sue, resolved)
		w.refused("over", visitor("over"), conversation.AnswerSurvey{Number: 1, Rating: 4}, conversation.ErrNoSurvey)
		for range conversation.MaxEarlier + 2 {
			w.do("many", sue, conversation.Reopen{})
			w.do("many", sue, resolved)
		}
		first := w.at("many").Closing.Number - conversation.MaxEarlier
		w.refused("many", visitor("many"), conversation.AnswerSurvey{Number: first - 1, Rating: 4}, conversation.ErrNoSurvey)
		w.do("many", visitor("many"), conversation.AnswerSurvey{Number: first, Rating: 4})
		w.same("rating", w.ratings("many")[first-1], []int64{1, 4})
	}},
	{"what was not offered cannot be answered", func(w *world) {
		w.shut(resolved, "c-1")
		w.refused("c-1", visitor("c-1"), rated(4), conversation.ErrNoSurvey)
		for id := range w.inEvery() {
			w.refused(id, visitor(id), rated(4), conversation.ErrNoSurvey)
		}
	}},
	{"a new decision brings no second survey, and takes no answer away", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		w.do("c-1", visitor("c-1"), rated(2))
		w.do("c-1", ann, conversation.Reclassify{Outcome: closure.Unresolved, Form: &closure.Form{Notes: "x"}})
		w.same("offered", w.count("c-1", "survey_offered"), 1)
		w.same("ratings", w.ratings("c-1"), [][]int64{{1, 2}})
	}},
	{"a blocked visitor is offered none by hand", func(w *world) {
		w.shut(resolved, "c-1")
		w.do("c-1", ann, conversation.Block{})
		for _, by := range []conversation.Actor{ann, sue, host} {
			w.refused("c-1", by, conversation.OfferSurvey{}, conversation.ErrBlocked)
		}
		w.do("c-1", ann, conversation.Unblock{})
		w.do("c-1", ann, conversation.OfferSurvey{})
		w.same("offered", w.count("c-1", "survey_offered"), 1)
	}},
	{"a blocked visitor does not answer, nor does anybody for another", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		for _, by := range []conversation.Actor{ann, sue, bot, visitor("another")} {
			w.refused("c-1", by, rated(5), conversation.ErrForbidden)
		}
		w.do("c-1", ann, conversation.Block{})
		w.refused("c-1", visitor("c-1"), rated(5), conversation.ErrBlocked)
		w.do("c-1", ann, conversation.Unblock{})
		w.do("c-1", visitor("c-1"), rated(5))
	}},
	{"the host can pass an answer on that came another way", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		w.do("c-1", host, conversation.AnswerSurvey{Rating: 3, Comment: "by e-mail"})
		w.same("ratings", w.ratings("c-1"), [][]int64{{1, 3}})
	}},
	{"an answer that breaks a limit is refused with its field, and nothing is stored", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		w.unchanged(func() {
			for field, answers := range map[string][]conversation.AnswerSurvey{
				"rating": {{}, {Rating: -1}, {Rating: conversation.MaxRating + 1}},
				"number": {{Number: -1, Rating: 1}},
				"comment": {
					{Rating: 1, Comment: strings.Repeat("x", conversation.MaxNote+1)}, {Rating: 1, Comment: "\xff"}, {Rating: 1, Comment: "a\x00"},
				},
			} {
				for _, answer := range answers {
					w.nothing("c-1", visitor("c-1"), answer, field)
				}
			}
		})
	}},
	{"the comment is for agents, and erased with the visitor's texts; the rating stays", func(w *world) {
		offer(w)
		const secret = "I live at Elm Street."
		w.shut(resolved, "c-1")
		w.do("c-1", visitor("c-1"), conversation.AnswerSurvey{Rating: 4, Comment: secret})
		agents := func() string { return w.text("c-1", lifecycle.Notes{}, lifecycle.ForAgents) }
		w.same("told", [2]bool{strings.Contains(agents(), "4 of 5, and: "+secret), strings.Contains(w.seen("c-1"), "Elm")}, [2]bool{true, false})
		_, err := w.Desk.Forget(w.Context(), workspace, "of-c-1")
		w.ok(err)
		w.same("told", [2]bool{strings.Contains(agents(), "4 of 5, and: (erased)"), strings.Contains(agents(), "Elm")}, [2]bool{true, false})
		w.same("event", last[conversation.SurveyAnswered](w, "c-1"), conversation.SurveyAnswered{Number: 1, Rating: 4})
		w.same("ratings", w.ratings("c-1"), [][]int64{{1, 4}})
	}},
	{"a repeated answer is the first", func(w *world) {
		offer(w)
		w.shut(resolved, "c-1")
		call := w.Chat("c-1").By(visitor("c-1"))
		call.CommandID = "answer-1"
		for i := range 2 {
			result, err := w.Desk.AnswerSurvey(w.Context(), call, rated(3))
			w.ok(err)
			w.same("repeated", result.Repeated, i == 1)
		}
		w.same("answers", w.count("c-1", "survey_answered"), 1)
	}},
}
