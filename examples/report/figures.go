package main

import (
	"context"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/examples/internal/plots"
	"github.com/adjourn/adjourn/lifecycle"
)

// figures are all that the report says. Every number comes from the Desk.
type figures struct {
	Files         []string
	Timelines     int
	Conversations int
	Skipped       int // lines

	Zone     *time.Location
	From, To time.Time // the days of the closings; zero: there are none

	Total      closure.Line
	Days       []closure.Line
	dayPoints  []plots.Point
	Period     plots.Unit
	Periods    []plots.Point // months with closings, or years; only if a plot cannot show all days
	Agents     []closure.Line
	Groups     []closure.Line
	Tags       []closure.Line
	Sentiments []closure.Line
	Reasons    []closure.Line // of the unresolved
	Causes     []closure.Line
	Grades     []closure.Line // of closings by people
	Courtesy   []closure.Line // of closings by people, by agent and grade

	Spreads      [closure.NumFigures]closure.Spread // of all closings, at plots.Percentages
	AgentSpreads map[closure.Figure]map[string]closure.Spread

	Articles    []closure.Article
	Unconfirmed []lifecycle.UnconfirmedClosing // the latest first
}

// gather asks the Desk for everything.
func gather(ctx context.Context, desk *lifecycle.Desk, zone *time.Location) (*figures, error) {
	f := &figures{Zone: zone, AgentSpreads: map[closure.Figure]map[string]closure.Spread{}}
	q := lifecycle.ReportQuery{Zone: zone}
	var err error
	if q.From, q.To, err = period(ctx, desk, zone); err != nil {
		return nil, err
	}
	f.From, f.To = q.From, q.To
	a := &asker{ctx: ctx, desk: desk}
	byPeople := q
	byPeople.Grades = closure.Grades()
	unresolved := q
	unresolved.Outcome = closure.Unresolved
	f.Total = a.total(q)
	f.Days = a.days(q)
	if f.dayPoints, err = plots.Days(f.Days); err != nil {
		return nil, err
	}
	f.Period, f.Periods = a.periods(q, f.dayPoints)
	f.Agents = a.lines(q, closure.ByAgent)
	f.Groups = a.lines(q, closure.ByGroup)
	f.Tags = a.lines(q, closure.ByTag)
	f.Sentiments = a.lines(q, closure.BySentiment)
	f.Reasons = a.lines(unresolved, closure.ByReason)
	f.Causes = a.lines(q, closure.ByCause)
	f.Grades = a.lines(byPeople, closure.ByGrade)
	f.Courtesy = a.lines(byPeople, closure.ByAgent, closure.ByGrade)
	for _, figure := range closure.AllFigures() {
		for _, s := range a.spreads(q, figure) {
			f.Spreads[figure] = s
		}
	}
	for _, figure := range []closure.Figure{closure.FirstResponse, closure.Handling, closure.NetHandling} {
		f.AgentSpreads[figure] = map[string]closure.Spread{}
		for _, s := range a.spreads(q, figure, closure.ByAgent) {
			f.AgentSpreads[figure][s.Keys[0]] = s
		}
	}
	f.Articles = a.articles(q.Filter)
	f.Unconfirmed = a.unconfirmed(q.Filter, lifecycle.Notes{Location: zone})
	return f, a.err
}

// period returns the days of the closings, from the midnight before the first to
// the midnight after the last.
func period(ctx context.Context, desk *lifecycle.Desk, zone *time.Location) (from, to time.Time, err error) {
	first, err := desk.Closings(ctx, workspace, lifecycle.ClosingView{}, "", 1)
	if err != nil || len(first.Closings) == 0 {
		return from, to, err
	}
	last, err := desk.Closings(ctx, workspace, lifecycle.ClosingView{Newest: true}, "", 1)
	if err != nil {
		return from, to, err
	}
	midnight := func(at time.Time, days int) time.Time {
		year, month, day := at.In(zone).Date()
		return time.Date(year, month, day+days, 0, 0, 0, 0, zone)
	}
	return midnight(first.Closings[0].At, 0), midnight(last.Closings[0].At, 1), nil
}

// An asker asks the Desk until there is an error.
type asker struct {
	ctx  context.Context
	desk *lifecycle.Desk
	err  error
}

func (a *asker) report(q lifecycle.ReportQuery, by ...closure.Dimension) (r lifecycle.Report) {
	if a.err == nil {
		q.By = by
		r, a.err = a.desk.Report(a.ctx, workspace, q)
	}
	return r
}

func (a *asker) total(q lifecycle.ReportQuery) closure.Line { return a.report(q).Total }

func (a *asker) lines(q lifecycle.ReportQuery, by ...closure.Dimension) []closure.Line {
	return a.report(q, by...).Lines
}

// days returns a line for each day with closings. Files may have more days than a
// report: then it asks for one after the other.
func (a *asker) days(q lifecycle.ReportQuery) []closure.Line {
	var all []closure.Line
	bounds := closure.Days(q.From, q.To, q.Zone)
	for len(bounds) > 1 {
		n := min(lifecycle.MaxReportDays-1, len(bounds)-1) // one less: a day may have 25 hours
		part := q
		part.From, part.To = bounds[0], bounds[n]
		all = append(all, a.lines(part, closure.ByDay)...)
		bounds = bounds[n:]
	}
	return all
}

// periods returns the share of each month with closings, or if those are too far
// apart to plot, each year; nothing if all days can be plotted.
func (a *asker) periods(q lifecycle.ReportQuery, days []plots.Point) (plots.Unit, []plots.Point) {
	if plots.Fit(plots.Day.With(days)) {
		return plots.Unit{}, nil
	}
	u := plots.Month
	if !plots.Fit(u.With(days)) {
		u = plots.Year
	}
	var all []plots.Point
	for _, number := range u.With(days) {
		part := q
		part.From, part.To = u.Begin(number, q.Zone), u.Begin(number+1, q.Zone)
		all = append(all, plots.Point{Number: number, Share: a.total(part).Share})
	}
	return u, all
}

func (a *asker) spreads(q lifecycle.ReportQuery, figure closure.Figure, by ...closure.Dimension) (s []closure.Spread) {
	if a.err == nil {
		q.By = by
		s, a.err = a.desk.Spreads(a.ctx, workspace, q, figure, plots.Percentages()...)
	}
	return s
}

func (a *asker) articles(f closure.Filter) (articles []closure.Article) {
	if a.err == nil {
		articles, a.err = a.desk.Articles(a.ctx, workspace, f)
	}
	return articles
}

func (a *asker) unconfirmed(f closure.Filter, notes lifecycle.Notes) []lifecycle.UnconfirmedClosing {
	var all []lifecycle.UnconfirmedClosing
	for token := ""; a.err == nil; {
		var page lifecycle.UnconfirmedPage
		page, a.err = a.desk.Unconfirmed(a.ctx, workspace, lifecycle.ClosingView{Filter: f, Newest: true}, notes, token, lifecycle.MaxUnconfirmedPage)
		all = append(all, page.Closings...)
		if token = page.Next; token == "" {
			break
		}
	}
	return all
}
