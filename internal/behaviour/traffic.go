package behaviour

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/idle"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/snooze"
)

// seedOfTraffic names the variable that repeats a random hour.
const seedOfTraffic = "BEHAVIOUR_SEED"

// An hour is random traffic: conversations of several groups, with bots and
// without, whom three agents, a supervisor, their visitors, the host and the clock
// do all kinds of things to.
type hour struct {
	*world
	dice *rand.Rand
	ids  []string
}

// traffic lets an hour go by, and returns the IDs of its conversations.
func (w *world) traffic() []string {
	w.Helper()
	seed := rand.Uint64()
	if given := os.Getenv(seedOfTraffic); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		w.ok(err)
	}
	w.Logf("seed %d; %s=%[1]d repeats it", seed, seedOfTraffic)
	ladder := idle.Ladder{Steps: []idle.Step{
		{After: 2 * time.Minute, Action: idle.Prompt, Text: "Check in."},
		{After: 4 * time.Minute, Action: idle.FollowUp, Text: "Still there?"},
		{After: 6 * time.Minute, Action: idle.Close},
	}}
	survey := conversation.Asking{Offer: true, Open: 20 * time.Minute}
	w.policies(func(p *conversation.Policies) {
		p.Tags = []string{"late", "refund", "Ärger"}
		p.Default = conversation.Policy{Idle: conversation.Idle{Assigned: ladder}, PullOnly: true, Survey: survey}
		p.Groups = map[string]conversation.Policy{
			"bots":  {Bot: true, Idle: quiet, PullOnly: true, ReopenWindow: 10 * time.Minute},
			"sales": {Idle: quiet, PullOnly: true, Survey: survey, Courtesy: conversation.Courtesy{Patience: time.Minute}},
		}
	})
	h := &hour{world: w, dice: rand.New(rand.NewPCG(seed, 0))}
	for end := w.now().Add(time.Hour); w.now().Before(end); {
		w.Advance(time.Duration(h.dice.Int64N(int64(15 * time.Second))).Truncate(time.Microsecond))
		h.something()
	}
	return h.ids
}

// one returns one of the choices.
func one[T any](h *hour, of ...T) T { return of[h.dice.IntN(len(of))] }

func (h *hour) something() {
	h.Helper()
	if len(h.ids) < 20 && h.dice.IntN(5) == 0 || len(h.ids) == 0 {
		id := fmt.Sprint("c-", len(h.ids))
		h.ids = append(h.ids, id)
		h.beginIn(id, one(h, "", "bots", "sales"))
		return
	}
	id := one(h, h.ids...)
	by := one(h, ann, ben, cat, sue, visitor(id), visitor(id), host, bot)
	if agent := h.at(id).Agent; agent != "" && h.dice.IntN(2) == 0 {
		by = conversation.Agent(agent)
	}
	call := h.Chat(id).By(by)
	if by == bot {
		call.AsOf = h.at(id).Version
	}
	_, err := h.Desk.Do(h.Context(), call, h.command(id, by))
	_, refused := errors.AsType[*conversation.RefusedError](err)
	if err != nil && !refused && !errors.Is(err, conversation.ErrInvalid) {
		h.Fatal(err)
	}
}

func (h *hour) form() closure.Form {
	return closure.Form{
		Sentiment: one(h, "", closure.Positive, closure.Neutral, closure.Negative),
		Tags:      one(h, nil, []string{"late"}, []string{"refund", "late"}, []string{"Ärger", "refund"}),
		Notes:     one(h, "", "Noted."), Tickets: one(h, nil, []string{"T-1"}),
	}
}

// command returns what the actor may want; some of it is refused.
func (h *hour) command(id string, by conversation.Actor) conversation.Command {
	outcome := one(h, closure.Resolved, closure.Resolved, closure.Unresolved)
	say := conversation.Say{Text: one(h, "Hm.", "No, thanks.", "Anything else?", "Bye!"), Automatic: h.dice.IntN(9) == 0}
	if by.Kind == conversation.KindVisitor {
		return one[conversation.Command](h, say, say, say, conversation.Typing{}, conversation.RequestAgent{}, conversation.Close{},
			conversation.AnswerSurvey{Rating: 1 + h.dice.IntN(5)}, conversation.AnswerSurvey{Number: 1 + h.dice.IntN(3), Rating: 3})
	}
	end := conversation.Close{Outcome: outcome, Form: h.form()}
	if by.Kind == conversation.KindBot {
		return one[conversation.Command](h, say, conversation.Close{Outcome: outcome})
	}
	if outcome == closure.Unresolved {
		end.Reason = one(h, "", closure.ReasonOther, closure.ReasonMissingKnowledge)
	}
	if by.Kind == conversation.KindAgent || by.Kind == conversation.KindSupervisor {
		end.Cause = one(h, "", "", "", closure.Spam, closure.Merged)
	}
	form := h.form()
	again := []conversation.Command{
		conversation.Reclassify{Outcome: outcome}, conversation.Reclassify{Outcome: outcome, Form: &form},
		conversation.OfferSurvey{}, conversation.LinkArticle{Article: one(h, "kb-1", "kb-2", "kb-3")},
	}
	state := h.at(id).State
	if state == conversation.StateClosed && h.dice.IntN(3) > 0 {
		return one(h, again...)
	}
	if state == conversation.StateWaiting && h.dice.IntN(2) == 0 {
		return conversation.Take{}
	}
	return one[conversation.Command](h, say, say, conversation.Take{}, end, end,
		conversation.Close{Outcome: outcome, Force: true},
		conversation.Snooze{Until: snooze.For(one(h, time.Minute, 10*time.Minute))}, conversation.Wake{},
		conversation.HandBack{}, conversation.Requeue{}, conversation.Transfer{Agent: one(h, "ann", "ben", "cat")},
		conversation.Transfer{Group: "sales"}, conversation.Regroup{Group: one(h, "", "bots", "sales")}, conversation.Reopen{},
		one(h, again...), conversation.AddNote{Text: "Noted."}, conversation.AnswerSurvey{Rating: 2})
}

// keysOf are the keys of a closing in a dimension, but for days.
func keysOf(r closure.Record, d closure.Dimension) []string {
	keys := map[closure.Dimension][]string{
		closure.ByOutcome: {string(r.Outcome)}, closure.ByReason: {string(r.Reason)}, closure.ByCause: {string(r.Cause)},
		closure.BySide: {string(r.Side)}, closure.ByAgent: {r.Agent}, closure.ByGroup: {r.Group},
		closure.BySentiment: {string(r.Sentiment)}, closure.ByGrade: {string(r.Grade)}, closure.ByTag: r.Tags, closure.ByArticle: r.Articles,
		closure.ByDay: {r.At.Format(time.DateOnly)},
	}[d]
	if len(keys) == 0 {
		return []string{""}
	}
	return keys
}

// counted makes a report the plain way: row by row.
func counted(rows []closure.Record, by ...closure.Dimension) []closure.Line {
	lines := map[string]*closure.Line{}
	for _, r := range rows {
		combinations := [][]string{{}}
		for _, d := range by {
			var longer [][]string
			for _, c := range combinations {
				for _, key := range keysOf(r, d) {
					longer = append(longer, append(slices.Clone(c), key))
				}
			}
			combinations = longer
		}
		for _, keys := range combinations {
			id := strings.Join(keys, "\x00")
			if lines[id] == nil {
				lines[id] = &closure.Line{Keys: keys}
			}
			count(lines[id], r)
		}
	}
	var all []closure.Line
	for _, l := range lines {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b closure.Line) int { return slices.Compare(a.Keys, b.Keys) })
	return all
}

func count(l *closure.Line, r closure.Record) {
	l.Closings++
	shares := []*closure.Share{&l.Share, &l.Team}
	if r.Side == closure.SideBot {
		shares[1] = &l.Bot
	}
	for _, s := range shares {
		if r.Outcome == closure.Resolved {
			s.Resolved++
		} else {
			s.Unresolved++
		}
	}
	for f, v := range r.Figures {
		if v != closure.None {
			l.Figures[f].N++
			l.Figures[f].Total += v
		}
	}
}

// spread returns the least values that at least each percentage of the values of a
// figure do not exceed.
func spread(rows []closure.Record, figure closure.Figure, percentages ...int) (values []int64) {
	var all []int64
	for _, r := range rows {
		if v := r.Figures[figure]; v != closure.None {
			all = append(all, v)
		}
	}
	slices.Sort(all)
	for _, p := range percentages {
		i := slices.IndexFunc(all, func(v int64) bool {
			within := 0
			for _, other := range all {
				if other <= v {
					within++
				}
			}
			return within*100 >= p*len(all)
		})
		values = append(values, all[i])
	}
	return values
}

// toldByJournal returns how often conversations were resolved and unresolved, by
// nothing but what their journals say.
func (w *world) toldByJournal(ids []string) (s closure.Share) {
	w.Helper()
	for _, id := range ids {
		latest := map[int]closure.Outcome{}
		for _, r := range w.Chat(id).Journal() {
			switch e := r.Event.(type) {
			case conversation.Closed:
				latest[e.Number] = e.Outcome
			case conversation.Reclassified:
				latest[e.Number] = e.Outcome
			}
		}
		for _, outcome := range latest {
			if outcome == closure.Resolved {
				s.Resolved++
			} else {
				s.Unresolved++
			}
		}
	}
	return s
}

// all returns the conversations of the workspace, with successors.
func (w *world) all() (ids []string) {
	w.Helper()
	return w.list(lifecycle.View{}, lifecycle.MaxPage)
}

func byPlace(a, b closure.Record) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Number, b.Number))
}
