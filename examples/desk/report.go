package main

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/plots"
)

// A period is what a report is about.
type period struct {
	Days     string    // as in the address
	Name     string    // as people read it
	From, To time.Time // zero: everything
}

// periods returns those that a report can be about. Days are those of this
// machine's zone.
func periods(now time.Time) []period {
	to := midnight(now, 1)
	return []period{
		{"7", "Last 7 days", midnight(now, -6), to},
		{"30", "Last 30 days", midnight(now, -29), to},
		{Days: "all", Name: "Everything"},
	}
}

// midnight returns when the day begins that is some days after that of t.
func midnight(t time.Time, days int) time.Time {
	year, month, day := t.Local().Date()
	return time.Date(year, month, day+days, 0, 0, 0, 0, time.Local)
}

// period returns the one that a request asks for, the first if it does not say.
func (p page) period(r *http.Request) (period, error) {
	all := periods(p.Now)
	days := r.URL.Query().Get("days")
	if days == "" {
		return all[0], nil
	}
	for _, one := range all {
		if one.Days == days {
			return one, nil
		}
	}
	return period{}, &conversation.InvalidError{Field: "days", Rule: "must be 7, 30 or all"}
}

// A reportView is the page of the report.
type reportView struct {
	page
	*figures
	Periods []period
	Grades  []closure.Grade
}

// Drawn changes with what the plots show, so that a page that is open asks for
// them anew.
func (v reportView) Drawn() string {
	sum := fnv.New64a()
	fmt.Fprint(sum, v.points, v.Graded, v.Durations)
	return fmt.Sprintf("%x", sum.Sum64())
}

// reportPage shows how conversations ended.
func (a *app) reportPage(w http.ResponseWriter, r *http.Request) {
	p := a.newPage(r, "Report")
	f, err := a.figures(r, p)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.render(w, r, http.StatusOK, "report.html", reportView{p, f, periods(p.Now), closure.Grades()})
}

// reportPlot draws one of the plots of the page, as a file of its own: the policy
// of the pages allows no inline styles, which plots have.
func (a *app) reportPlot(w http.ResponseWriter, r *http.Request) {
	image, err := a.plot(r)
	if errors.Is(err, plots.ErrEmpty) {
		err = errNoPage
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", plots.ContentType)
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Set("Cache-Control", "no-store")
	_, _ = w.Write(image.Document())
}

// plot draws what a request is for, and asks the Desk for that alone.
func (a *app) plot(r *http.Request) (image plots.SVG, err error) {
	p := a.newPage(r, "")
	ask, err := a.asker(r, p)
	if err != nil {
		return "", err
	}
	switch r.PathValue("plot") {
	case "share.svg":
		image, err = plotShare(ask.days(p.Now))
	case "grades.svg":
		image, err = plots.GradesByAgent(ask.grades())
	case "durations.svg":
		image, err = plotDurations(ask.durations())
	default:
		err = errNoPage
	}
	return image, cmp.Or(ask.err, err)
}

func plotShare(days []closure.Line) (plots.SVG, error) {
	points, err := plots.Days(days)
	if err != nil {
		return "", err
	}
	return plots.ShareByTime(plots.Day, points)
}

func plotDurations(all []duration) (plots.SVG, error) {
	var rows []plots.Duration
	for _, d := range all {
		rows = append(rows, plots.Duration{Name: d.Name, Spread: d.Spread})
	}
	return plots.Durations(rows)
}
