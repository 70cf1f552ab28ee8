package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/plots"
	"github.com/adjourn/adjourn/lifecycle"
)

// figures are all that the report says of a period. Every number comes from the
// Desk.
type figures struct {
	Period    period
	Closings  int64
	All       share
	Bot, Team share
	Sections  []section
	Durations []duration
	Graded    []plots.AgentGrades // by name
	Articles  []article
	Offered   int64       // surveys
	Ratings   closure.Sum // of those that were answered
	ByDay     section     // those that are plotted, the latest first

	points []plots.Point
}

// A section is a part of the report that tells closings apart by something.
type section struct {
	Title, Key, Note string
	Rows             []row // those with the most closings first
	More             int   // how many it does not show
}

// A row is what closings of one kind amount to.
type row struct {
	Name     string
	Closings int64
	Share    share
}

const shownRows = 15

// figures asks the Desk for everything.
func (a *app) figures(r *http.Request, p page) (*figures, error) {
	ask, err := a.asker(r, p)
	if err != nil {
		return nil, err
	}
	total := ask.report(ask.query).Total
	f := &figures{
		Period: ask.period, Closings: total.Closings, All: share{total.Share}, Bot: share{total.Bot}, Team: share{total.Team},
		Offered: total.Figures[closure.Surveyed].Total, Ratings: total.Figures[closure.Rating],
		ByDay: section{Key: "Day"},
	}
	code := func(code string) string { return words(code) }
	itself := func(name string) string { return name }
	f.Sections = []section{
		ask.section(section{Title: "By tag", Key: "Tag", Note: "A closing counts for each of its tags."}, closure.ByTag, itself, "(no tag)"),
		ask.section(section{Title: "By sentiment", Key: "Sentiment"}, closure.BySentiment, code, "(not given)"),
		ask.section(section{Title: "By agent", Key: "Agent"}, closure.ByAgent, ask.agent, "(no agent)"),
		ask.section(section{Title: "By group", Key: "Group"}, closure.ByGroup, itself, "(no group)"),
		ask.section(section{Title: "By cause", Key: "Cause", Note: "What ended it, whatever the outcome."}, closure.ByCause, code, ""),
	}
	f.Durations, f.Graded = ask.durations(), ask.grades()
	f.Articles = ask.articles()
	days := ask.days(p.Now)
	if ask.err != nil {
		return nil, ask.err
	}
	for _, l := range slices.Backward(days) {
		f.ByDay.Rows = append(f.ByDay.Rows, row{l.Keys[0], l.Closings, share{l.Share}})
	}
	f.points, err = plots.Days(days)
	return f, err
}

// An asker asks the Desk about a period, until there is an error.
type asker struct {
	ctx    context.Context
	desk   *lifecycle.Desk
	agent  func(id string) string // what they are called
	period period
	query  lifecycle.ReportQuery
	err    error
}

func (a *app) asker(r *http.Request, p page) (*asker, error) {
	period, err := p.period(r)
	return &asker{
		ctx: r.Context(), desk: a.desk, period: period,
		agent: func(id string) string { return a.people.Name(conversation.Agent(id)) },
		query: lifecycle.ReportQuery{Filter: closure.Filter{From: period.From, To: period.To}, Zone: time.Local},
	}, err
}

func (a *asker) report(q lifecycle.ReportQuery, by ...closure.Dimension) (r lifecycle.Report) {
	if a.err == nil {
		q.By = by
		r, a.err = a.desk.Report(a.ctx, workspace, q)
	}
	return r
}

// section fills in the rows of a section, none being the name of what has no key.
func (a *asker) section(s section, by closure.Dimension, name func(key string) string, none string) section {
	for _, l := range a.report(a.query, by).Lines {
		one := row{none, l.Closings, share{l.Share}}
		if l.Keys[0] != "" {
			one.Name = name(l.Keys[0])
		}
		s.Rows = append(s.Rows, one)
	}
	slices.SortStableFunc(s.Rows, func(a, b row) int { return cmp.Compare(b.Closings, a.Closings) })
	s.More = max(0, len(s.Rows)-shownRows)
	s.Rows = s.Rows[:len(s.Rows)-s.More]
	return s
}

// grades returns how the closings by people were graded.
func (a *asker) grades() []plots.AgentGrades {
	q := a.query
	q.Grades = closure.Grades()
	all := plots.Graded(a.report(q, closure.ByAgent, closure.ByGrade).Lines)
	for i, one := range all {
		all[i].Agent = a.agent(one.Agent)
	}
	return all
}

func (a *asker) articles() (all []article) {
	if a.err != nil {
		return nil
	}
	var linked []closure.Article
	linked, a.err = a.desk.Articles(a.ctx, workspace, a.query.Filter)
	for _, one := range linked {
		all = append(all, article{one})
	}
	return all
}

// days returns the last days of the period, as many as a plot can show.
func (a *asker) days(now time.Time) []closure.Line {
	q := a.query
	q.To = midnight(now, 1)
	if first := midnight(now, 1-plots.MaxUnits); q.From.Before(first) {
		q.From = first
	}
	return a.report(q, closure.ByDay).Lines
}

// A duration is how long something took.
type duration struct {
	Name, Means string
	Spread      closure.Spread
}

func (a *asker) durations() []duration {
	return []duration{
		a.duration("first response", "from when it came to people until one wrote", closure.FirstResponse),
		a.team("handling", "while an agent had it, of what is the team’s", closure.Handling),
		a.team("handling, net", "without the wait after “is there anything else?”", closure.NetHandling),
		a.duration("resolution", "from the opening or reopening to the closing", closure.Resolution),
	}
}

func (a *asker) duration(name, means string, figure closure.Figure) duration {
	return a.durationOf(a.query, name, means, figure)
}

// team returns a duration without what the bot did alone, which agents never had.
func (a *asker) team(name, means string, figure closure.Figure) duration {
	q := a.query
	q.Side = closure.SideTeam
	return a.durationOf(q, name, means, figure)
}

func (a *asker) durationOf(q lifecycle.ReportQuery, name, means string, figure closure.Figure) duration {
	d := duration{Name: name, Means: means}
	if a.err != nil {
		return d
	}
	var all []closure.Spread
	all, a.err = a.desk.Spreads(a.ctx, workspace, q, figure, plots.Percentages()...)
	for _, one := range all { // one, or none without values
		d.Spread = one
	}
	return d
}

// Median and Most return what half of the values, and nine of ten, do not exceed.
func (d duration) Median() string { return d.value(plots.Median) }
func (d duration) Most() string   { return d.value(plots.P90) }

func (d duration) value(i int) string {
	if d.Spread.N == 0 {
		return "–"
	}
	return span(closure.Duration(float64(d.Spread.Values[i])))
}

// LastDay returns the last day with closings that is plotted; nil: there is none.
func (f *figures) LastDay() *row {
	if len(f.ByDay.Rows) == 0 {
		return nil
	}
	return &f.ByDay.Rows[0]
}

// Rating returns the mean answer to the surveys.
func (f *figures) Rating() string {
	mean, ok := f.Ratings.Mean()
	if !ok {
		return "–"
	}
	return strconv.FormatFloat(mean, 'f', 1, 64)
}

// A share is one as the page shows it.
type share struct{ closure.Share }

// Percent returns the share in percent.
func (s share) Percent() string {
	value, ok := s.Value()
	if !ok {
		return "–"
	}
	return percent(value)
}

// Between returns its Wilson interval in percent.
func (s share) Between() string { return between(s.Interval()) }

// Low, Wide and Mark are where a bar of 100 shows the interval and the share.
func (s share) Low() string  { low, _ := s.Interval(); return percent(low) }
func (s share) Wide() string { low, high := s.Interval(); return percent(high - low) }
func (s share) Mark() string { value, _ := s.Value(); return percent(value) }

// An article is one that is linked to unresolved conversations.
type article struct{ closure.Article }

// Between returns the Wilson interval of the unresolved share in percent.
func (a article) Between() string { return between(a.UnresolvedShare()) }

func between(low, high float64) string { return fmt.Sprintf("%s to %s", percent(low), percent(high)) }

func percent(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) }
