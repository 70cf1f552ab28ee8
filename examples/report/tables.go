package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/examples/internal/plots"
	"github.com/adjourn/adjourn/lifecycle"
)

// A table is a CSV file: durations are in milliseconds, shares from 0 to 1, and
// what there is none of is empty.
type table struct {
	name string
	head []string
	rows [][]string
}

func (t table) csv() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(append([][]string{t.head}, t.rows...))
	return b.Bytes(), err
}

func (f *figures) tables() []table {
	return []table{
		f.summary(),
		lines("days", "day", f.Days),
		lines("agents", "agent", f.Agents),
		lines("groups", "group", f.Groups),
		lines("tags", "tag", f.Tags),
		lines("sentiments", "sentiment", f.Sentiments),
		f.articlesTable(),
		f.courtesyTable(),
		f.unconfirmedTable(),
	}
}

// lines returns a table of a report: for each line its key, the shares, and of
// every figure how many values there are and what they sum to.
func lines(name, key string, all []closure.Line) table {
	t := table{name: name, head: []string{key, "closings", "resolved", "unresolved", "share", "low", "high",
		"bot_resolved", "bot_unresolved", "team_resolved", "team_unresolved"}}
	for _, figure := range closure.AllFigures() {
		t.head = append(t.head, figure.String()+"_n", figure.String()+"_total")
	}
	for _, l := range all {
		row := append([]string{l.Keys[0], count(l.Closings)}, shareCells(l.Share)...)
		row = append(row, count(l.Bot.Resolved), count(l.Bot.Unresolved), count(l.Team.Resolved), count(l.Team.Unresolved))
		for _, sum := range l.Figures {
			row = append(row, count(sum.N), count(sum.Total))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// shareCells returns resolved, unresolved, share, low and high.
func shareCells(s closure.Share) []string {
	cells := []string{count(s.Resolved), count(s.Unresolved), "", "", ""}
	if value, ok := s.Value(); ok {
		low, high := s.Interval()
		cells[2], cells[3], cells[4] = ratio(value), ratio(low), ratio(high)
	}
	return cells
}

// summary is a long table, so that other measures can join it.
func (f *figures) summary() table {
	t := table{name: "summary", head: []string{"measure", "of", "statistic", "value"}}
	add := func(measure, of, statistic, value string) {
		t.rows = append(t.rows, []string{measure, of, statistic, value})
	}
	add("conversations", "all", "n", strconv.Itoa(f.Conversations))
	add("closings", "all", "n", count(f.Total.Closings))
	for _, part := range []struct {
		of    string
		share closure.Share
	}{{"all", f.Total.Share}, {"bot", f.Total.Bot}, {"team", f.Total.Team}} {
		for i, cell := range shareCells(part.share) {
			add("resolved_share", part.of, []string{"resolved", "unresolved", "share", "low", "high"}[i], cell)
		}
	}
	for _, dimension := range []struct {
		name  string
		lines []closure.Line
	}{{"reason_of_unresolved", f.Reasons}, {"cause", f.Causes}, {"grade", f.Grades}} {
		for _, l := range dimension.lines {
			add(dimension.name, l.Keys[0], "n", count(l.Closings))
		}
	}
	for _, figure := range closure.AllFigures() {
		sum, spread := f.Total.Figures[figure], f.Spreads[figure]
		add(figure.String(), "all", "n", count(sum.N))
		add(figure.String(), "all", "total", count(sum.Total))
		mean := ""
		if value, ok := sum.Mean(); ok {
			mean = strconv.FormatFloat(value, 'f', 2, 64)
		}
		add(figure.String(), "all", "mean", mean)
		for i, percentage := range plots.Percentages() {
			value := ""
			if spread.N > 0 {
				value = count(spread.Values[i])
			}
			add(figure.String(), "all", fmt.Sprintf("p%d", percentage), value)
		}
	}
	return t
}

func (f *figures) articlesTable() table {
	t := table{name: "articles", head: []string{"article", "conversations", "resolved", "unresolved", "unresolved_low", "unresolved_high", "few"}}
	for _, a := range f.Articles {
		low, high := a.UnresolvedShare()
		t.rows = append(t.rows, []string{
			a.Article, count(a.Decided()), count(a.Resolved), count(a.Unresolved), ratio(low), ratio(high), strconv.FormatBool(a.Few),
		})
	}
	return t
}

func (f *figures) courtesyTable() table {
	t := table{name: "courtesy", head: []string{"agent", "grade", "closings", "resolved", "unresolved"}}
	for _, l := range f.Courtesy {
		t.rows = append(t.rows, append(slices.Clone(l.Keys), count(l.Closings), count(l.Share.Resolved), count(l.Share.Unresolved)))
	}
	return t
}

func (f *figures) unconfirmedTable() table {
	t := table{name: "unconfirmed", head: []string{
		"conversation", "number", "closed_at", "agent", "group", "grade", "outcome", "prompts", "follow_ups", "transcript_end",
	}}
	for _, u := range f.Unconfirmed {
		var text bytes.Buffer
		_ = excerpt(u.Transcript).WriteText(&text) // cannot fail: a buffer
		t.rows = append(t.rows, []string{
			u.Conversation, strconv.Itoa(u.Number), u.At.In(f.Zone).Format(time.RFC3339), u.Agent, u.Group,
			string(u.Grade), string(u.Outcome), count(u.Figures[closure.Prompts]), count(u.Figures[closure.FollowUps]), text.String(),
		})
	}
	return t
}

// excerptLines is how many lines of a transcript are shown.
const excerptLines = 8

// excerpt returns the end of a transcript.
func excerpt(t lifecycle.Transcript) lifecycle.Transcript {
	t.Lines = t.Lines[max(0, len(t.Lines)-excerptLines):]
	return t
}

func count(n int64) string   { return strconv.FormatInt(n, 10) }
func ratio(x float64) string { return strconv.FormatFloat(x, 'f', 4, 64) }
