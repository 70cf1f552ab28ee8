package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/examples/internal/plots"
	"github.com/adjourn/adjourn/lifecycle"
)

const pageName = "report.html"

//go:embed report.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New(pageName).Funcs(template.FuncMap{
	"share":   func(s closure.Share) shareCell { return shareCell{s} },
	"span":    func(ms int64) string { return span(float64(ms)) },
	"mean":    meanSpan,
	"number":  meanNumber,
	"outcome": outcomes,
	"grade":   func(g closure.Grade) string { return gradeNames[g] },
	"low":     func(a closure.Article) string { low, _ := a.UnresolvedShare(); return percent(low) },
	"high":    func(a closure.Article) string { _, high := a.UnresolvedShare(); return percent(high) },
	"excerpt": excerpt,
	"words":   func(s any) string { return strings.ReplaceAll(fmt.Sprint(s), "_", " ") },
	"join":    func(s []string) string { return strings.Join(s, ", ") },
}).Parse(pageText))

var gradeNames = map[closure.Grade]string{
	closure.Confirmed:  "confirmed",
	closure.CheckedIn:  "checked in",
	closure.Unanswered: "unanswered",
	closure.Abrupt:     "abrupt",
}

// A page is what the template gets.
type page struct {
	*figures
	DayPlot, PeriodPlot, GradePlot, DurationPlot plots.SVG

	Durations []durationRow
	States    []durationRow
	Surveys   durationRow

	Sections     []section
	AgentRows    []agentRow
	MoreAgents   int
	GradeRows    []plots.AgentGrades
	MoreGrades   int
	ArticleRows  []closure.Article
	MoreArticles int
	Listed       []lifecycle.UnconfirmedClosing
	MoreListed   int
	AllGrades    []closure.Grade
	PlottedDays  int // with closings, in the plot by day
	PlotSpan     int // days
	ExcerptLines int
}

// A section is a table of shares.
type section struct {
	Title, Key, Note string
	Lines            []closure.Line
	More             int
}

// Rows that the page shows; the CSV files have all.
const (
	shownLines       = 15
	shownUnconfirmed = 20
)

// page returns the page.
func (f *figures) page() ([]byte, error) {
	p := page{
		figures: f, AllGrades: closure.Grades(), PlotSpan: plots.MaxUnits, ExcerptLines: excerptLines,
		Durations: f.durations(closure.FirstResponse, closure.Handling, closure.NetHandling, closure.Resolution),
		States:    f.durations(closure.InBot, closure.InWaiting, closure.Handling, closure.InSnoozed),
	}
	p.States[2].Name, p.States[2].Means = "assigned", "an agent had it"
	p.Surveys = f.durations(closure.Rating)[0]
	for _, s := range []section{
		{Title: "By tag", Key: "tag", Note: "A closing counts for each of its tags.", Lines: named(f.Tags, "(no tag)")},
		{Title: "By sentiment", Key: "sentiment", Lines: named(f.Sentiments, "(not given)")},
		{Title: "By group", Key: "group", Note: "Here: the workspaces of the file.", Lines: named(f.Groups, "(no group)")},
		{Title: "By cause", Key: "cause", Note: "What ended it, whatever the outcome.", Lines: named(f.Causes, "")},
	} {
		s.Lines, s.More = cut(byClosings(s.Lines), shownLines)
		p.Sections = append(p.Sections, s)
	}
	p.AgentRows, p.MoreAgents = cut(f.agentRows(), shownLines)
	graded := plots.Graded(f.Courtesy)
	p.GradeRows, p.MoreGrades = cut(graded, plots.MaxAgents)
	p.ArticleRows, p.MoreArticles = cut(f.Articles, shownLines)
	p.Listed, p.MoreListed = cut(f.Unconfirmed, shownUnconfirmed)
	var err error
	if len(f.Days) > 0 {
		plotted := plots.Latest(f.dayPoints)
		p.PlottedDays = len(plotted)
		if p.DayPlot, err = plots.ShareByTime(plots.Day, plotted); err != nil {
			return nil, err
		}
		if p.DurationPlot, err = plots.Durations(durationsOf(p.Durations)); err != nil {
			return nil, err
		}
	}
	if len(f.Periods) > 0 {
		if p.PeriodPlot, err = plots.ShareByTime(f.Period, f.Periods); err != nil {
			return nil, err
		}
	}
	if len(graded) > 0 {
		if p.GradePlot, err = plots.GradesByAgent(graded); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, p)
	return b.Bytes(), err
}

// cut returns the first n, and how many there are beside them.
func cut[T any](all []T, n int) ([]T, int) {
	n = min(n, len(all))
	return all[:n], len(all) - n
}

// named returns lines with a name for what has no key.
func named(lines []closure.Line, none string) []closure.Line {
	all := slices.Clone(lines)
	for i, l := range all {
		if l.Keys[0] == "" {
			all[i].Keys = []string{none}
		}
	}
	return all
}

// byClosings returns lines with the most closings first.
func byClosings(lines []closure.Line) []closure.Line {
	return slices.SortedStableFunc(slices.Values(lines), func(a, b closure.Line) int {
		return cmp.Compare(b.Closings, a.Closings)
	})
}

// A durationRow is a figure with how its values lie.
type durationRow struct {
	Name, Means string
	Sum         closure.Sum
	Spread      closure.Spread
}

// value returns the value at one of the percentages, in words.
func (r durationRow) value(i int) string {
	if r.Spread.N == 0 {
		return "–"
	}
	return span(float64(r.Spread.Values[i]))
}

// Median returns the median in words.
func (r durationRow) Median() string { return r.value(plots.Median) }

// P90 returns what nine of ten do not exceed, in words.
func (r durationRow) P90() string { return r.value(plots.P90) }

var figureMeanings = map[closure.Figure][2]string{
	closure.FirstResponse: {"first response", "from when it came to people to the first message of one"},
	closure.Handling:      {"handling", "while an agent had it"},
	closure.NetHandling:   {"handling, net", "without the wait after “is there anything else?”"},
	closure.Resolution:    {"resolution", "from the opening or reopening to the closing"},
	closure.InBot:         {"bot", "the bot had it"},
	closure.InWaiting:     {"waiting", "nobody had it"},
	closure.InSnoozed:     {"snoozed", "an agent had put it aside"},
	closure.Rating:        {"rating", "1 to 5"},
}

func (f *figures) durations(of ...closure.Figure) []durationRow {
	var rows []durationRow
	for _, figure := range of {
		meaning := figureMeanings[figure]
		rows = append(rows, durationRow{meaning[0], meaning[1], f.Total.Figures[figure], f.Spreads[figure]})
	}
	return rows
}

// Count returns what the values of a figure of all closings sum to.
func (f *figures) Count(name string) int64 {
	for _, figure := range closure.AllFigures() {
		if figure.String() == name {
			return f.Total.Figures[figure].Total
		}
	}
	return 0
}

func durationsOf(rows []durationRow) []plots.Duration {
	var all []plots.Duration
	for _, r := range rows {
		all = append(all, plots.Duration{Name: r.Name, Spread: r.Spread})
	}
	return all
}

// An agentRow is what the page says of an agent.
type agentRow struct {
	closure.Line
	FirstResponse, Handling, NetHandling durationRow
	Rating, Reopened                     closure.Sum
}

func (f *figures) agentRows() []agentRow {
	var rows []agentRow
	for _, l := range byClosings(f.Agents) {
		row := agentRow{Line: l, Rating: l.Figures[closure.Rating], Reopened: l.Figures[closure.Reopened]}
		row.FirstResponse.Spread = f.AgentSpreads[closure.FirstResponse][l.Keys[0]]
		row.Handling.Spread = f.AgentSpreads[closure.Handling][l.Keys[0]]
		row.NetHandling.Spread = f.AgentSpreads[closure.NetHandling][l.Keys[0]]
		if l.Keys[0] == "" {
			row.Keys = []string{"(no agent)"}
		}
		rows = append(rows, row)
	}
	return rows
}

// A shareCell is a share as the page shows it.
type shareCell struct{ closure.Share }

// Known reports whether there is anything to share.
func (s shareCell) Known() bool { return s.Decided() > 0 }

// Percent returns the share in percent.
func (s shareCell) Percent() string {
	value, ok := s.Value()
	if !ok {
		return "–"
	}
	return percent(value)
}

// Between returns the interval in percent.
func (s shareCell) Between() string {
	low, high := s.Interval()
	return fmt.Sprintf("%s to %s", percent(low), percent(high))
}

// Left, Width and Mark are where a bar of 100 wide shows the interval and the
// share.
func (s shareCell) Left() string  { low, _ := s.Interval(); return percent(low) }
func (s shareCell) Width() string { low, high := s.Interval(); return percent(high - low) }
func (s shareCell) Mark() string  { value, _ := s.Value(); return percent(value) }

func percent(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) }

// shareText returns a share in words.
func shareText(s closure.Share) string {
	if s.Decided() == 0 {
		return "none to say"
	}
	cell := shareCell{s}
	return fmt.Sprintf("%s %% (%d of %d; 95 %% interval %s)", cell.Percent(), s.Resolved, s.Decided(), cell.Between())
}

func meanSpan(s closure.Sum) string {
	value, ok := s.Mean()
	if !ok {
		return "–"
	}
	return span(value)
}

func meanNumber(s closure.Sum) string {
	value, ok := s.Mean()
	if !ok {
		return "–"
	}
	return strconv.FormatFloat(value, 'f', 1, 64)
}

// span returns milliseconds in words: the two largest units.
func span(ms float64) string {
	d := closure.Duration(ms).Round(time.Second)
	if ms > 0 && ms < 1000 {
		return "< 1 s"
	}
	units := []struct {
		name string
		of   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.of {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.of, u.name)
		if i+1 < len(units) {
			if rest := d % u.of / units[i+1].of; rest > 0 {
				text += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0 s"
}

// outcomes returns the outcome of a closing, and if another was decided later, both.
func outcomes(u lifecycle.UnconfirmedClosing) string {
	if first := closedAs(u.Transcript.Lines); first != "" && first != u.Outcome {
		return fmt.Sprintf("%s when closed, later decided %s", first, u.Outcome)
	}
	return string(u.Outcome)
}

// closedAs returns the outcome in the words of the last closing of a transcript,
// which are those of [lifecycle.DefaultTexts]; empty: there is none.
func closedAs(lines []lifecycle.Line) closure.Outcome {
	for _, line := range slices.Backward(lines) {
		if name, _, _ := strings.Cut(line.Code, "."); name != "closed" {
			continue
		}
		for _, outcome := range closure.Outcomes() {
			if strings.HasSuffix(line.Text, fmt.Sprintf("(%s)", outcome)) {
				return outcome
			}
		}
		return ""
	}
	return ""
}

// LastDay returns the last day of the report.
func (f *figures) LastDay() time.Time { return f.To.Add(-time.Second) }

// Local returns an instant as the reader's clock shows it.
func (f *figures) Local(t time.Time) string { return t.In(f.Zone).Format("2006-01-02 15:04 MST") }
