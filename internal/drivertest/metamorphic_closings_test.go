package drivertest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
)

// A metaClosings reads closings in pages.
type metaClosings struct {
	query storage.ClosingQuery
	page  int
}

func (o metaClosings) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.closings(ctx, p.subject.store(), o.query, o.page)
}

// A metaTally counts closings: in the store where that is a [storage.Tallier], by
// the definition elsewhere.
type metaTally struct {
	query storage.ClosingQuery
	by    closure.Breakdown
}

func (o metaTally) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	s.tally(ctx, p.subject.store(), o.query, o.by)
}

// A metaSpreads says how the values of a figure lie, as metaTally counts.
type metaSpreads struct {
	query       storage.ClosingQuery
	by          closure.Breakdown
	figure      closure.Figure
	percentages []int
}

func (o metaSpreads) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	store := p.subject.store()
	var spreads []closure.Spread
	var err error
	if t, ok := store.(storage.Tallier); ok {
		spreads, err = t.Spreads(ctx, o.query, o.by, o.figure, o.percentages)
	} else {
		var all []closure.Record
		all, err = metaAllClosings(ctx, store, o.query)
		spreads = closure.Spreads(slices.Values(all), o.by, o.figure, o.percentages)
	}
	if !s.failed(err) {
		s.spreads(spreads)
	}
}

// A metaReport is what a Desk reports.
type metaReport struct {
	workspace   string
	query       lifecycle.ReportQuery
	figure      closure.Figure
	percentages []int
}

func (o metaReport) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	report, err := p.desk.Report(ctx, o.workspace, o.query)
	if !s.failed(err) {
		s.say("total %+v", report.Total)
		for _, line := range report.Lines {
			s.say("line %+v", line)
		}
	}
	spreads, err := p.desk.Spreads(ctx, o.workspace, o.query, o.figure, o.percentages...)
	if !s.failed(err) {
		s.spreads(spreads)
	}
	articles, err := p.desk.Articles(ctx, o.workspace, o.query.Filter)
	s.failed(err)
	for _, a := range articles {
		s.say("about %+v", a)
	}
	tags, err := p.desk.Tags(ctx, o.workspace)
	if !s.failed(err) {
		s.say("catalogue %q", tags)
	}
}

// A metaManager lists closings page by page, those that were not confirmed with
// their transcripts, and what a customer had.
type metaManager struct {
	workspace, visitor string
	view               lifecycle.ClosingView
	limit              int
}

func (o metaManager) play(ctx context.Context, p *metaPlayer, s *metaSight) {
	for token, pages := "", 0; pages < 1000; pages++ {
		page, err := p.desk.Closings(ctx, o.workspace, o.view, token, o.limit)
		if s.failed(err) {
			break
		}
		for _, r := range page.Closings {
			s.closing(r)
		}
		if token = page.Next; token == "" {
			break
		}
		s.say("next %s", token)
	}
	unconfirmed, err := p.desk.Unconfirmed(ctx, o.workspace, o.view, lifecycle.Notes{}, "", o.limit)
	s.failed(err)
	for _, c := range unconfirmed.Closings {
		s.closing(c.Record)
		transcript, err := json.Marshal(c.Transcript)
		s.failed(err)
		s.say("  purged %t, transcript %s", c.Purged, metaText(string(transcript)))
	}
	history, err := p.desk.CustomerHistory(ctx, o.workspace, o.visitor, "", min(o.limit, lifecycle.MaxCustomerPage))
	s.failed(err)
	for _, e := range history.Engagements {
		s.conversation(e.Conversation)
		for _, ending := range e.Endings {
			s.closing(ending.Record)
			s.say("  by %s, tickets %q, notes %s, erased %t", ending.By, ending.Tickets, metaText(ending.Notes), ending.Erased)
		}
		s.records(e.Notes)
	}
	s.say("unreadable %q, next %s", history.Unreadable, history.Next)
}

// metaAllClosings returns all that a query selects, the earliest first.
func metaAllClosings(ctx context.Context, store storage.Store, q storage.ClosingQuery) ([]closure.Record, error) {
	q.Newest, q.After = false, closure.Place{}
	return store.Closings(ctx, q, 10_000)
}

// The sights of closings.

func (s *metaSight) closing(r closure.Record) {
	s.say("closing %s %d at %s: %q %q %q %q by %q of %q, %q, %q, tags %q, articles %q, %d", r.Conversation, r.Number, metaTime(r.At),
		r.Outcome, r.Reason, r.Cause, r.Side, r.Agent, r.Group, r.Sentiment, r.Grade, r.Tags, r.Articles, r.Figures)
}

func (s *metaSight) closings(ctx context.Context, store storage.Store, q storage.ClosingQuery, page int) {
	n := 0
	metaPages(s, func(last closure.Record) ([]closure.Record, error) {
		if last.Number > 0 {
			q.After = last.Place()
		}
		return store.Closings(ctx, q, page)
	}, func(found []closure.Record) {
		for _, r := range found {
			s.closing(r)
		}
		n += len(found)
	})
	s.say("%d closings", n)
}

func (s *metaSight) tally(ctx context.Context, store storage.Store, q storage.ClosingQuery, by closure.Breakdown) {
	var groups []closure.Group
	var err error
	if t, ok := store.(storage.Tallier); ok {
		groups, err = t.Tally(ctx, q, by)
	} else {
		var all []closure.Record
		all, err = metaAllClosings(ctx, store, q)
		groups = closure.Tally(slices.Values(all), by)
	}
	if s.failed(err) {
		return
	}
	for _, g := range groups {
		s.say("group %q of %d: %d", g.Keys, g.Closings, g.Figures)
	}
	s.say("%d groups", len(groups))
}

func (s *metaSight) spreads(spreads []closure.Spread) {
	for _, spread := range spreads {
		s.say("spread %q of %d: %d", spread.Keys, spread.N, spread.Values)
	}
	s.say("%d spreads", len(spreads))
}

// The rest is how a stream is made up.

// metaNumbers are those of closings that no Desk gave, and when each was: often at
// once in several conversations, or twice in one, and once before its
// predecessor, as by a clock that was set back.
var metaNumbers = map[int]time.Time{
	1001: metaStart,
	1002: metaStart.Add(time.Microsecond),
	1003: metaStart.Add(15 * time.Hour), // midnight
	1004: metaStart.Add(15 * time.Hour),
	1005: metaStart.Add(40 * time.Hour),
	1006: metaStart.Add(39 * time.Hour),
}

var (
	metaArticles    = [][]string{nil, nil, {"kb1"}, {"KB2", "kb2"}, {"KB2", "kb1", "kb2"}}
	metaZones       = []string{"UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu"}
	metaPercentages = [][]int{nil, {50}, {1, 50, 90, 100}, {99, 33, 34}}
	metaCatalogues  = [][]string{nil, {"vip"}, {"späть 👋", "vip", "VIP"}, {"späть 👋", "vip", "VIP"}}
)

// rawClosings makes up closings, each number once, with what no Desk would give. A
// number means the same instant whenever it comes.
func (v *metaInventor) rawClosings() []closure.Record {
	var all []closure.Record
	for _, i := range v.Perm(len(metaNumbers))[:metaPick(v.Rand, 0, 1, 2, 3, 4)] {
		number := 1001 + i
		r := closure.Record{
			Number: number, At: metaNumbers[number],
			Outcome:   metaPick(v.Rand, closure.Resolved, closure.Resolved, closure.Unresolved, "Resolved"),
			Reason:    metaPick(v.Rand, "", "", closure.ReasonOther, "Other"),
			Cause:     metaPick(v.Rand, closure.Agent, closure.Idle, "idle "),
			Side:      metaPick(v.Rand, closure.Sides()...),
			Agent:     metaPick(v.Rand, "", "ann", "Ann", "sue"),
			Group:     metaPick(v.Rand, metaGroups...),
			Sentiment: metaPick(v.Rand, "", closure.Positive, closure.Negative),
			Grade:     metaPick(v.Rand, "", closure.Confirmed, closure.CheckedIn, closure.Abrupt),
			Tags:      metaPick(v.Rand, metaTags...), Articles: metaPick(v.Rand, metaArticles...),
		}
		for f := range r.Figures {
			r.Figures[f] = metaPick(v.Rand, closure.None, 0, 0, 1, 2, 17, 90_000, 1<<40)
		}
		all = append(all, r)
	}
	return all
}

// modelClosings are some that the model has in a workspace.
func (v *metaInventor) modelClosings(ctx context.Context, workspace string) []closure.Record {
	all, _ := v.model.subject.store().Closings(ctx, storage.ClosingQuery{Workspace: workspace}, 100)
	return all
}

// closingQuery mostly selects by what a closing has, with bounds and a place that
// closings have, or just beside them.
func (v *metaInventor) closingQuery(ctx context.Context) storage.ClosingQuery {
	q := storage.ClosingQuery{Workspace: v.hot[0].Workspace, Newest: v.one(2)}
	if v.one(3) {
		q.Workspace = v.workspace()
	}
	all := v.modelClosings(ctx, q.Workspace)
	if len(all) == 0 {
		q.Tag, q.Last = metaPick(v.Rand, "", "vip"), v.one(2)
		return q
	}
	like := metaPick(v.Rand, all...)
	for range metaPick(v.Rand, 0, 0, 0, 1, 1, 2) {
		v.closingFilter(&q.Filter, like)
	}
	beside := func() time.Time {
		return metaPick(v.Rand, all...).At.Add(metaPick(v.Rand, 0, 0, 0, -time.Microsecond, time.Microsecond))
	}
	if v.one(3) {
		q.From = beside()
	}
	if v.one(3) {
		q.To = beside()
	}
	q.Last = v.one(3)
	if v.one(3) {
		q.After = metaPick(v.Rand, all...).Place()
		switch v.IntN(6) {
		case 0:
			q.After.Conversation = metaPick(v.Rand, metaConversations...)
		case 1:
			q.After.Number += metaPick(v.Rand, -1, 1)
		}
	}
	return q
}

// closingFilter selects by something that the closing has, or, rarely, by the same
// in another case.
func (v *metaInventor) closingFilter(f *closure.Filter, like closure.Record) {
	switch v.IntN(12) {
	case 0:
		f.Conversation = metaPick(v.Rand, like.Conversation, like.Conversation, metaPick(v.Rand, metaConversations...))
	case 1:
		f.Outcome = like.Outcome
	case 2:
		f.Cause = like.Cause
	case 3:
		f.Side = like.Side
	case 4:
		f.Agent = metaPick(v.Rand, like.Agent, like.Agent, metaPick(v.Rand, metaAgents...))
	case 5:
		f.Group = metaPick(v.Rand, like.Group, like.Group, metaPick(v.Rand, metaGroups...))
	case 6:
		f.Sentiment = like.Sentiment
	case 7:
		f.Grades = []closure.Grade{metaPick(v.Rand, "", closure.Abrupt, closure.CheckedIn, closure.Unanswered), like.Grade}
	case 8, 9:
		if f.Tag = metaPick(v.Rand, "vip", "VIP", "vi"); len(like.Tags) > 0 {
			f.Tag = metaPick(v.Rand, like.Tags...)
		}
	case 10, 11:
		if f.Article = metaPick(v.Rand, "kb1", "KB2", "kb"); len(like.Articles) > 0 {
			f.Article = metaPick(v.Rand, like.Articles...)
		}
	}
}

// breakdown makes up what closings are counted by. The days begin where closings
// are, or are those of a zone.
func (v *metaInventor) breakdown(ctx context.Context, workspace string) closure.Breakdown {
	by := v.dimensions()
	b := closure.Breakdown{By: by}
	if !slices.Contains(by, closure.ByDay) {
		return b
	}
	all := v.modelClosings(ctx, workspace)
	if len(all) > 0 && v.one(2) {
		for range 2 + v.IntN(4) {
			b.Days = append(b.Days, metaPick(v.Rand, all...).At.Add(metaPick(v.Rand, 0, 0, -time.Microsecond, time.Hour)))
		}
		slices.SortFunc(b.Days, time.Time.Compare)
		b.Days = slices.CompactFunc(b.Days, time.Time.Equal)
	}
	if len(b.Days) < 2 {
		from := metaStart.Add(time.Duration(v.IntN(48)) * time.Hour)
		b.Days = closure.Days(from, from.AddDate(0, 0, 1+v.IntN(5)), v.zone())
	}
	return b
}

func (v *metaInventor) dimensions() []closure.Dimension {
	if v.one(4) { // a closing can have several of these
		return []closure.Dimension{metaPick(v.Rand, closure.ByTag, closure.ByArticle)}
	}
	all := closure.Dimensions()
	v.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:metaPick(v.Rand, 0, 1, 1, 1, 2, 2, 3, len(all))]
}

func (v *metaInventor) zone() *time.Location {
	zone, err := time.LoadLocation(metaPick(v.Rand, metaZones...))
	if err != nil {
		return time.UTC // on every store
	}
	return zone
}

func (v *metaInventor) figure() closure.Figure { return closure.Figure(v.IntN(closure.NumFigures)) }

func (v *metaInventor) readClosings(ctx context.Context) metaOperation {
	q := v.closingQuery(ctx)
	if v.one(2) {
		return metaClosings{q, metaPick(v.Rand, 1, 2, 100)}
	}
	by := v.breakdown(ctx, q.Workspace)
	if v.one(3) {
		return metaSpreads{q, by, v.figure(), metaPick(v.Rand, metaPercentages...)}
	}
	return metaTally{q, by}
}

// report makes up what a Desk is asked, sometimes what it refuses.
func (v *metaInventor) report(ctx context.Context) metaOperation {
	q := v.closingQuery(ctx)
	if q.Outcome != "" {
		q.Outcome = metaPick(v.Rand, metaOutcomes...) // or it is refused too often
	}
	if v.one(20) {
		bad := metaPick(v.Rand, &q.Workspace, &q.Conversation, &q.Agent, &q.Group, &q.Article)
		*bad = metaPick(v.Rand, metaBadIDs...)
	}
	if v.one(2) {
		return metaManager{
			q.Workspace, metaPick(v.Rand, metaVisitors...), lifecycle.ClosingView{Filter: q.Filter, Newest: q.Newest},
			metaPick(v.Rand, 1, 2, 100, 0),
		}
	}
	o := metaReport{q.Workspace, lifecycle.ReportQuery{Filter: q.Filter, By: v.dimensions(), Zone: v.zone()}, v.figure(), metaPick(v.Rand, metaPercentages...)}
	if slices.Contains(o.query.By, closure.ByDay) && !v.one(6) {
		o.query.From = metaStart.Add(time.Duration(v.IntN(48)) * time.Hour)
		o.query.To = o.query.From.AddDate(0, 0, 1+v.IntN(5))
	}
	if v.one(20) {
		o.query.By = append(o.query.By, metaPick(v.Rand, closure.ByTag, "colour"))
	}
	return o
}

// form makes up a wrap-up, mostly with tags of the catalogue.
func (v *metaInventor) form(ctx context.Context, workspace string) closure.Form {
	f := closure.Form{
		Sentiment: metaPick(v.Rand, "", closure.Positive, closure.Neutral, closure.Negative),
		Tickets:   metaPick(v.Rand, nil, nil, []string{"T-1"}, []string{"https://example.com/T-2", "T-1", "JIRA:12", "T-1"}),
	}
	policies, _, _ := v.model.desk.Policies(ctx, workspace)
	for _, tag := range policies.Tags {
		if v.one(2) {
			f.Tags = append(f.Tags, tag)
		}
	}
	if v.one(3) {
		f.Notes = v.text()
	}
	switch v.IntN(40) {
	case 0:
		f.Sentiment = "grumpy"
	case 1:
		f.Tickets = []string{metaPick(v.Rand, "javascript:alert(1)", "//example.com")}
	case 2:
		f.Tags = metaPick(v.Rand, metaTags...)
	}
	return f
}

func (v *metaInventor) marks(by conversation.Actor) []closure.Mark {
	switch {
	case v.one(40):
		return closure.Marks()
	case !v.one(3):
		return nil
	case by.Kind == conversation.KindVisitor:
		return metaPick(v.Rand, []closure.Mark{}, []closure.Mark{closure.Confirmation}, []closure.Mark{closure.Farewell})
	case by.Kind == conversation.KindAgent || by.Kind == conversation.KindSupervisor:
		return metaPick(v.Rand, []closure.Mark{closure.CheckIn}, []closure.Mark{closure.CheckIn}, []closure.Mark{closure.Farewell})
	}
	return nil
}

// ending makes up a goodbye of which steps are left out, and plans the rest of it.
func (v *metaInventor) ending(ctx context.Context) metaOperation {
	open := slices.DeleteFunc(v.all(), func(key storage.Key) bool { return !v.get(ctx, key).Open() })
	if len(open) == 0 {
		return v.do(ctx, v.key())
	}
	key := metaPick(v.Rand, open...)
	c := v.get(ctx, key)
	agent, visitor := conversation.Agent(c.Agent), conversation.Visitor(c.Visitor)
	if c.Agent == "" {
		agent = conversation.Agent(metaPick(v.Rand, metaAgents...))
		v.planned = append(v.planned, v.step(key, conversation.Supervisor("sue"), conversation.Assign{Agent: agent.ID}))
	}
	outcome := metaPick(v.Rand, metaOutcomes...)
	form := v.form(ctx, key.Workspace)
	for _, step := range []metaOperation{
		v.step(key, agent, conversation.Say{Text: metaPick(v.Rand, closure.DefaultCheckIn, "So. "+metaCheckIn)}),
		v.step(key, visitor, conversation.Say{Text: "No, thanks", Marks: []closure.Mark{closure.Confirmation}}),
		v.step(key, agent, conversation.Say{Text: metaPick(v.Rand, closure.DefaultFarewell, "I see.")}),
		v.step(key, agent, conversation.Close{Outcome: outcome, Form: form, Acknowledged: metaPick(v.Rand, "", "", closure.Abrupt)}),
		v.step(key, visitor, v.answer(c)),
		v.step(key, visitor, v.answer(c)),
		v.step(key, agent, conversation.Reclassify{Outcome: metaPick(v.Rand, metaOutcomes...), Form: metaPick(v.Rand, nil, &form)}),
		v.step(key, visitor, conversation.Say{Text: "One more thing"}),
	} {
		if !v.one(4) {
			v.planned = append(v.planned, step)
		}
	}
	return v.readClosings(ctx)
}

func (v *metaInventor) step(key storage.Key, by conversation.Actor, command conversation.Command) metaDo {
	o := metaDo{lifecycle.Call{Workspace: key.Workspace, Conversation: key.Conversation, By: by}, command}
	v.note(o)
	return o
}

// yes makes up the answer to a warning: none, to the one that would come, or to
// another.
func (v *metaInventor) yes(of conversation.Conversation) closure.Grade {
	return metaPick(v.Rand, "", "", of.Courtesy.Grade(v.now, closure.DefaultPatience), closure.Abrupt, closure.Unanswered)
}

// metaCheckIn is what some policies would have agents say.
const metaCheckIn = "Noch etwas? 👋"

// endings makes up what a policy says of forms, courtesy and surveys.
func (v *metaInventor) endings(p *conversation.Policy) {
	p.Required = metaPick(v.Rand, nil, nil, nil, []closure.Field{closure.FieldReason}, []closure.Field{closure.FieldSentiment, closure.FieldTags})
	p.Courtesy.Guard = metaPick(v.Rand, closure.GuardOff, closure.GuardWarn, closure.GuardEnforce)
	p.Courtesy.Patience = metaPick(v.Rand, 0, time.Second, time.Hour)
	p.Courtesy.CheckIn = metaPick(v.Rand, "", metaCheckIn)
	p.Survey = conversation.Asking{Offer: !v.one(3), Open: metaPick(v.Rand, 0, time.Minute, time.Hour)}
}

func (v *metaInventor) answer(c conversation.Conversation) conversation.Command {
	a := conversation.AnswerSurvey{Rating: 1 + v.IntN(conversation.MaxRating)}
	if c.Closing != nil && v.one(2) {
		a.Number = max(0, c.Closing.Number-v.IntN(3))
	}
	if v.one(3) {
		a.Comment = v.text()
	}
	if v.one(30) {
		a.Rating = metaPick(v.Rand, 0, conversation.MaxRating+1)
	}
	return a
}

// closingsOf returns what a Desk would put of a conversation that was changed.
func closingsOf(before, after conversation.Conversation) []closure.Record {
	was := before.Closings()
	return slices.DeleteFunc(after.Closings(), func(r closure.Record) bool {
		return slices.ContainsFunc(was, func(old closure.Record) bool { return fmt.Sprint(old) == fmt.Sprint(r) })
	})
}

// A metaShelf keeps closings in the place of a store, and finds them in the
// simplest way.
type metaShelf map[storage.Key]map[int]closure.Record

func (shelf metaShelf) put(key storage.Key, closings []closure.Record) {
	if shelf[key] == nil {
		shelf[key] = map[int]closure.Record{}
	}
	for _, r := range closings {
		shelf[key][r.Number] = r
	}
}

func (shelf metaShelf) find(q storage.ClosingQuery, limit int) []closure.Record {
	var all []closure.Record
	for key, of := range shelf {
		for number, r := range of {
			var again time.Time
			for next := range of {
				if next > number && (again.IsZero() || of[next].At.Before(again)) {
					again = of[next].At
				}
			}
			if key.Workspace == q.Workspace && q.Selects(r, again) {
				all = append(all, r)
			}
		}
	}
	order := func(a, b closure.Place) int {
		if q.Newest {
			a, b = b, a
		}
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Number, b.Number))
	}
	slices.SortFunc(all, func(a, b closure.Record) int { return order(a.Place(), b.Place()) })
	if q.After != (closure.Place{}) {
		all = slices.DeleteFunc(all, func(r closure.Record) bool { return order(r.Place(), q.After) <= 0 })
	}
	return all[:min(limit, len(all))]
}
