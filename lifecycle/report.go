package lifecycle

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/storage"
)

// A ReportQuery says what a report counts, and by what. The zero value counts
// every closing of the workspace that has not been purged, all together.
type ReportQuery struct {
	closure.Filter

	// By is what closings are told apart by, each once. Tags and articles count a
	// closing for each that it has; closure.ByDay needs From and To.
	By []closure.Dimension

	Zone *time.Location // whose days are meant; nil: UTC
}

// A Report is what closings amount to. Conversations that are open are in no
// report, but for the closings they had before.
type Report struct {
	Total closure.Line
	Lines []closure.Line // by their keys, byte by byte; days as in "2026-11-21"
}

// MaxReportDays is how many days a report by day can have.
const MaxReportDays = 4000

// Report counts the closings that a query selects, by the latest decision about
// each. Stores that are a [storage.Tallier] count by themselves; otherwise every
// closing is read. By tag or article, where lines do not sum to the total, that is
// counted a moment later, and has what was closed meanwhile.
func (d *Desk) Report(ctx context.Context, workspace string, q ReportQuery) (Report, error) {
	b, err := q.breakdown()
	if err != nil {
		return Report{}, err
	}
	for _, always := range []closure.Dimension{closure.BySide, closure.ByOutcome} {
		if !slices.Contains(b.By, always) {
			b.By = append(b.By, always)
		}
	}
	groups, err := d.tally(ctx, workspace, q.Filter, b)
	if err != nil {
		return Report{}, err
	}
	report := Report{Lines: closure.Lines(groups, b.By, q.By)}
	report.Total = closure.Total(report.Lines)
	if slices.Contains(q.By, closure.ByTag) || slices.Contains(q.By, closure.ByArticle) {
		together := q
		together.By = nil
		all, err := d.Report(ctx, workspace, together)
		if err != nil {
			return Report{}, err
		}
		report.Total = all.Total
	}
	for _, line := range report.Lines {
		q.nameDays(line.Keys, b.Days)
	}
	return report, nil
}

// maxPercentages is how many percentages can be asked for at once: each there is.
const maxPercentages = 100

// Spreads returns how the values of a figure lie in the closings that a query
// selects, such as their median with the percentage 50, from 1 to 100 and at most
// 100 of them, in groups as the lines of [Desk.Report]. Groups without a value are
// left out.
func (d *Desk) Spreads(ctx context.Context, workspace string, q ReportQuery, figure closure.Figure, percentages ...int) ([]closure.Spread, error) {
	b, err := q.breakdown()
	if err != nil {
		return nil, err
	}
	if figure < 0 || int(figure) >= closure.NumFigures {
		return nil, &conversation.InvalidError{Field: "figure", Rule: "must be one of the figures"}
	}
	if len(percentages) > maxPercentages || slices.ContainsFunc(percentages, func(p int) bool { return p < 1 || p > 100 }) {
		return nil, &conversation.InvalidError{Field: "percentages", Rule: fmt.Sprintf("must be 1 to 100, at most %d", maxPercentages)}
	}
	query, err := closingQuery(workspace, q.Filter)
	if err != nil {
		return nil, err
	}
	var spreads []closure.Spread
	if t, ok := d.store.(storage.Tallier); ok {
		spreads, err = t.Spreads(ctx, query, b, figure, percentages)
	} else {
		var failed error
		spreads = closure.Spreads(d.eachClosing(ctx, query, &failed), b, figure, percentages)
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("lifecycle: report of %s: %w", workspace, err)
	}
	for _, s := range spreads {
		q.nameDays(s.Keys, b.Days)
	}
	return spreads, nil
}

// Articles returns the articles that are linked to unresolved conversations. Each
// conversation counts once, by its last closing before To, if the filter selects
// that one: a decision that was replaced counts as it is now. Articles with too
// few conversations to say anything are marked.
func (d *Desk) Articles(ctx context.Context, workspace string, f closure.Filter) ([]closure.Article, error) {
	f.Last = true
	groups, err := d.tally(ctx, workspace, f, closure.Breakdown{By: []closure.Dimension{closure.ByArticle, closure.ByOutcome}})
	if err != nil {
		return nil, err
	}
	return closure.Articles(groups), nil
}

func (d *Desk) tally(ctx context.Context, workspace string, f closure.Filter, b closure.Breakdown) ([]closure.Group, error) {
	q, err := closingQuery(workspace, f)
	if err != nil {
		return nil, err
	}
	var groups []closure.Group
	if t, ok := d.store.(storage.Tallier); ok {
		groups, err = t.Tally(ctx, q, b)
	} else {
		var failed error
		groups = closure.Tally(d.eachClosing(ctx, q, &failed), b)
		err = failed
	}
	if err != nil {
		return nil, fmt.Errorf("lifecycle: report of %s: %w", workspace, err)
	}
	return groups, nil
}

// closingsPage is how many closings are read from the store at once.
const closingsPage = 1000

// eachClosing yields what a query selects until there is an error, which it sets.
func (d *Desk) eachClosing(ctx context.Context, q storage.ClosingQuery, failed *error) iter.Seq[closure.Record] {
	return func(yield func(closure.Record) bool) {
		for {
			page, err := d.store.Closings(ctx, q, closingsPage)
			if err != nil {
				*failed = err
				return
			}
			for _, r := range page {
				if !yield(r) {
					return
				}
			}
			if len(page) < closingsPage {
				return
			}
			q.After = page[len(page)-1].Place()
		}
	}
}

// breakdown returns the breakdown of the query.
func (q ReportQuery) breakdown() (closure.Breakdown, error) {
	for i, dimension := range q.By {
		if !slices.Contains(closure.Dimensions(), dimension) || slices.Contains(q.By[:i], dimension) {
			return closure.Breakdown{}, &conversation.InvalidError{Field: "by", Rule: "must be dimensions, each once"}
		}
	}
	b := closure.Breakdown{By: slices.Clone(q.By)}
	if !slices.Contains(q.By, closure.ByDay) {
		return b, nil
	}
	if q.From.IsZero() || !q.To.After(q.From) || q.To.Sub(q.From) > MaxReportDays*24*time.Hour {
		return b, &conversation.InvalidError{Field: "to", Rule: fmt.Sprintf("must be after from, by at most %d days, in a report by day", MaxReportDays)}
	}
	b.Days = closure.Days(q.From, q.To, q.zone())
	return b, nil
}

func (q ReportQuery) zone() *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

// nameDays puts dates in the place of the numbers of days.
func (q ReportQuery) nameDays(keys []string, days []time.Time) {
	i := slices.Index(q.By, closure.ByDay)
	if i < 0 {
		return
	}
	if number, err := strconv.Atoi(keys[i]); err == nil && number < len(days) {
		keys[i] = days[number].In(q.zone()).Format(time.DateOnly)
	}
}

// A ClosingView selects closings, as managers list them.
type ClosingView struct {
	closure.Filter
	Newest bool // the latest first, otherwise the earliest
}

// A ClosingPage is a part of a list of closings.
type ClosingPage struct {
	Closings []closure.Record
	Next     string // the token of the page behind this one; empty: there is none
}

// Closings returns a page of the closings that a view selects, at most limit,
// which is 1 to [MaxPage], each by the latest decision about it. Tokens are as
// those of [Desk.List].
func (d *Desk) Closings(ctx context.Context, workspace string, v ClosingView, token string, limit int) (ClosingPage, error) {
	if err := checkPage(workspace, limit); err != nil {
		return ClosingPage{}, err
	}
	q, err := closingQuery(workspace, v.Filter)
	if err != nil {
		return ClosingPage{}, err
	}
	q.Newest = v.Newest
	if q.After, err = v.place(workspace, token); err != nil {
		return ClosingPage{}, err
	}
	found, err := d.store.Closings(ctx, q, limit+1)
	if err != nil {
		return ClosingPage{}, fmt.Errorf("lifecycle: closings of %s: %w", workspace, err)
	}
	page := ClosingPage{Closings: found}
	if len(found) > limit {
		page.Closings = found[:limit]
		page.Next = v.token(workspace, found[limit-1].Place())
	}
	return page, nil
}

// An UnconfirmedClosing is one that no customer confirmed, with what was written
// and prompted until then.
type UnconfirmedClosing struct {
	closure.Record
	Transcript Transcript

	// Purged: the conversation is gone, and its transcript with it.
	Purged bool

	// Unreadable: the stored journal is damaged, or of a newer version of the
	// library. There is no transcript.
	Unreadable bool
}

// MaxUnconfirmedPage is how many unconfirmed closings a page can have: the journal
// of each is read.
const MaxUnconfirmedPage = 50

// An UnconfirmedPage is a part of a list of unconfirmed closings.
type UnconfirmedPage struct {
	Closings []UnconfirmedClosing
	Next     string // the token of the page behind this one; empty: there is none
}

// Unconfirmed returns a page of the closings by people that a view selects and
// that were not [closure.Confirmed], unless the view names grades, each with its
// transcript for agents, as notes renders it: until it was closed, and the new
// decisions about that. The limit is 1 to [MaxUnconfirmedPage]; tokens are as those
// of [Desk.Closings].
func (d *Desk) Unconfirmed(ctx context.Context, workspace string, v ClosingView, notes Notes, token string, limit int) (UnconfirmedPage, error) {
	if limit > MaxUnconfirmedPage {
		return UnconfirmedPage{}, &conversation.InvalidError{Field: "limit", Rule: fmt.Sprintf("must be at most %d", MaxUnconfirmedPage)}
	}
	if len(v.Grades) == 0 {
		v.Grades = []closure.Grade{closure.CheckedIn, closure.Unanswered, closure.Abrupt}
	}
	found, err := d.Closings(ctx, workspace, v, token, limit)
	if err != nil {
		return UnconfirmedPage{}, err
	}
	page := UnconfirmedPage{Next: found.Next}
	for _, r := range found.Closings {
		journal, err := d.history(ctx, storage.Key{Workspace: workspace, Conversation: r.Conversation}, 0, 0)
		if err != nil && !isUnreadable(err) {
			return UnconfirmedPage{}, err
		}
		journal, closed := upTo(r.Number, journal)
		page.Closings = append(page.Closings, UnconfirmedClosing{
			Record:     r,
			Transcript: notes.Transcript(workspace, r.Conversation, journal, ForAgents),
			Purged:     !closed && err == nil,
			Unreadable: err != nil,
		})
	}
	return page, nil
}

// upTo returns the journal until a closing, with the later decisions about it.
func upTo(closing int, journal []conversation.Record) (part []conversation.Record, found bool) {
	for _, r := range journal {
		later := found
		switch e := r.Event.(type) {
		case conversation.Closed:
			found = found || e.Number == closing
		case conversation.Reclassified:
			later = found && e.Number != closing
		}
		if !later {
			part = append(part, r)
		}
	}
	return part, found
}

func checkPage(workspace string, limit int) error {
	if err := checkList(workspace, limit); err != nil {
		return err
	}
	if limit > MaxPage {
		return &conversation.InvalidError{Field: "limit", Rule: fmt.Sprintf("must be at most %d", MaxPage)}
	}
	return nil
}

// closingQuery returns the query of a filter that could select something.
func closingQuery(workspace string, f closure.Filter) (storage.ClosingQuery, error) {
	f.From, f.To = f.From.UTC(), f.To.UTC()
	if err := checkRange(f.From, f.To); err != nil {
		return storage.ClosingQuery{}, err
	}
	q := storage.ClosingQuery{Workspace: workspace, Filter: f}
	if err := conversation.CheckID("workspace", workspace); err != nil {
		return q, err
	}
	for _, id := range []struct{ field, id string }{
		{"conversation", f.Conversation}, {"agent", f.Agent}, {"group", f.Group}, {"article", f.Article},
	} {
		if id.id == "" {
			continue
		}
		if err := conversation.CheckID(id.field, id.id); err != nil {
			return q, err
		}
	}
	switch {
	case len(f.Tag) > conversation.MaxTag || !utf8.ValidString(f.Tag) || strings.ContainsRune(f.Tag, 0):
		return q, &conversation.InvalidError{Field: "tag", Rule: fmt.Sprintf("must be valid UTF-8 without NUL, at most %d bytes", conversation.MaxTag)}
	case f.Outcome != "" && !slices.Contains(closure.Outcomes(), f.Outcome):
		return q, &conversation.InvalidError{Field: "outcome", Rule: "must be one of the outcomes"}
	case f.Cause != "" && !slices.Contains(closure.Causes(), f.Cause):
		return q, &conversation.InvalidError{Field: "cause", Rule: "must be one of the causes"}
	case f.Side != "" && !slices.Contains(closure.Sides(), f.Side):
		return q, &conversation.InvalidError{Field: "side", Rule: "must be one of the sides"}
	case f.Sentiment != "" && !slices.Contains(closure.Sentiments(), f.Sentiment):
		return q, &conversation.InvalidError{Field: "sentiment", Rule: "must be one of the sentiments"}
	}
	for _, grade := range f.Grades {
		if !slices.Contains(closure.Grades(), grade) {
			return q, &conversation.InvalidError{Field: "grades", Rule: "must be of the grades"}
		}
	}
	return q, nil
}

func (v ClosingView) token(workspace string, p closure.Place) string {
	return pageToken{At: p.At.UnixMicro(), ID: p.Conversation, Number: p.Number, View: v.sum(workspace)}.encode()
}

func (v ClosingView) place(workspace, token string) (closure.Place, error) {
	if token == "" {
		return closure.Place{}, nil
	}
	t, err := decodeToken(token, v.sum(workspace))
	if err == nil && (t.Number < 1 || t.Number > conversation.MaxHistory) {
		err = errToken()
	}
	if err != nil {
		return closure.Place{}, err
	}
	return closure.Place{At: time.UnixMicro(t.At).UTC(), Conversation: t.ID, Number: t.Number}, nil
}

func (v ClosingView) sum(workspace string) []byte {
	v.From, v.To = v.From.UTC(), v.To.UTC()
	return sumOf(workspace, v)
}
