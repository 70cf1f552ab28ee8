package behaviour

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// bot is the bot of every workspace that has one.
var bot = conversation.Bot("")

// resolved and unresolved are closings with nothing else to say.
var (
	resolved   = conversation.Close{Outcome: closure.Resolved}
	unresolved = conversation.Close{Outcome: closure.Unresolved}
)

// filled is a form with everything in it; its tags are of the catalogue that
// [world.catalogue] sets.
func filled() closure.Form {
	return closure.Form{
		Sentiment: closure.Negative, Notes: "Wants a call.\nAfter six.",
		Tags: []string{"late", "refund"}, Tickets: []string{"JIRA-12", "https://tickets.example.com/12"},
	}
}

func (w *world) catalogue(tags ...string) {
	w.Helper()
	w.policies(func(p *conversation.Policies) { p.Tags = tags })
}

// taken opens conversations that an agent has.
func (w *world) taken(by conversation.Actor, ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.begin(id)
		w.do(id, by, conversation.Take{})
	}
}

// shut opens conversations that ann closes, all as one command says.
func (w *world) shut(command conversation.Close, ids ...string) {
	w.Helper()
	for _, id := range ids {
		w.taken(ann, id)
		w.do(id, ann, command)
	}
}

// say is a message with marks of the host's.
func (w *world) say(id string, by conversation.Actor, marks ...closure.Mark) {
	w.Helper()
	if marks == nil {
		marks = []closure.Mark{}
	}
	w.do(id, by, conversation.Say{Text: "Something.", Marks: marks})
}

// goodbye has ann ask, the visitor answer, and ann say goodbye.
func (w *world) goodbye(id string) {
	w.Helper()
	w.say(id, ann, closure.CheckIn)
	w.say(id, visitor(id), closure.Confirmation)
	w.say(id, ann, closure.Farewell)
}

// rows returns the closings that a view lists, page by page.
func (w *world) rows(v lifecycle.ClosingView, limit int) (rows []closure.Record) {
	w.Helper()
	token := ""
	for {
		page, err := w.Desk.Closings(w.Context(), workspace, v, token, limit)
		w.ok(err)
		if len(page.Closings) > limit || page.Next != "" && len(page.Closings) != limit {
			w.Fatalf("a page of %d with next %q, want %d", len(page.Closings), page.Next, limit)
		}
		rows = append(rows, page.Closings...)
		if token = page.Next; token == "" {
			return rows
		}
	}
}

// every returns all closings.
func (w *world) every() []closure.Record {
	w.Helper()
	return w.rows(lifecycle.ClosingView{}, lifecycle.MaxPage)
}

// rowsOf returns the closings of a conversation, and ends the test unless they are
// what its journal says.
func (w *world) rowsOf(id string) []closure.Record {
	w.Helper()
	rows := w.rows(lifecycle.ClosingView{Filter: closure.Filter{Conversation: id}}, lifecycle.MaxPage)
	w.same("closings of "+id+", and its journal recounted", rows, conversation.Recount(workspace, id, w.Chat(id).Journal()))
	return rows
}

// row returns the only closing of a conversation.
func (w *world) row(id string) closure.Record {
	w.Helper()
	rows := w.rowsOf(id)
	if len(rows) != 1 {
		w.Fatalf("%s has %d closings, want one", id, len(rows))
	}
	return rows[0]
}

func (w *world) report(q lifecycle.ReportQuery) lifecycle.Report {
	w.Helper()
	r, err := w.Desk.Report(w.Context(), workspace, q)
	w.ok(err)
	return r
}

// share returns how much of everything is resolved.
func (w *world) share() closure.Share {
	w.Helper()
	return w.report(lifecycle.ReportQuery{}).Total.Share
}

// wantGrade ends the test unless the last closing of a conversation has the grade.
func (w *world) wantGrade(id string, want closure.Grade) {
	w.Helper()
	w.same("grade of "+id, w.at(id).Closing.Grade, want)
	rows := w.rowsOf(id)
	w.same("grade of the row of "+id, rows[len(rows)-1].Grade, want)
}

// nothing ends the test if a command changes the conversation or is not refused as
// invalid because of the field.
func (w *world) nothing(id string, by conversation.Actor, command conversation.Command, field string) {
	w.Helper()
	before := w.at(id)
	_, err := w.Desk.Do(w.Context(), w.Chat(id).By(by), command)
	w.invalid(fmt.Sprintf("%+.200v by %s", command, by), err, field)
	if diff := cmp.Diff(before, w.at(id)); diff != "" {
		w.Errorf("an invalid command (-before +after):\n%s", diff)
	}
}

// ms is a duration as a figure holds it.
func ms(d time.Duration) int64 { return d.Milliseconds() }

// text returns a transcript as plain text.
func (w *world) text(id string, notes lifecycle.Notes, audience lifecycle.Audience) string {
	w.Helper()
	t, err := w.Desk.Transcript(w.Context(), workspace, id, notes, audience)
	w.ok(err)
	return w.plain(t)
}

func (w *world) plain(t lifecycle.Transcript) string {
	w.Helper()
	var b strings.Builder
	w.ok(t.WriteText(&b))
	return b.String()
}

// seen is what a visitor sees of a conversation.
func (w *world) seen(id string) string {
	w.Helper()
	return w.text(id, lifecycle.Notes{}, lifecycle.ForEverybody)
}

// figures returns some figures of a closing.
func figures(r closure.Record, of ...closure.Figure) []int64 {
	var values []int64
	for _, f := range of {
		values = append(values, r.Figures[f])
	}
	return values
}
