package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// What is made up is there as a whole, once, and nobody acts on it.
func TestDemo(t *testing.T) {
	file := newFile(t)
	a := openApp(t, file)
	sabotage := func(statement string) {
		t.Helper()
		if _, err := a.db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	sabotage(`CREATE TRIGGER planted BEFORE INSERT ON people WHEN NEW.id = 'visitor-05' BEGIN SELECT RAISE(ABORT, 'planted'); END`)
	if err := a.fill(t.Context()); err == nil || !strings.Contains(err.Error(), "planted") {
		t.Fatalf("with a fault half way: %v", err)
	}
	if all := everything(t, a); len(all) > 0 {
		t.Fatalf("a fault half way left %d conversations", len(all))
	}
	if n := rowsOf(t, a, `SELECT count(*) FROM people WHERE kind = 'visitor'`); n > 0 {
		t.Fatalf("a fault half way left %d visitors", n)
	}
	sabotage(`DROP TRIGGER planted`)

	a = openApp(t, file) // with the next start
	if err := a.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := everything(t, a)
	if err := a.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all, everything(t, a)); diff != "" {
		t.Errorf("filled twice (-once +twice):\n%s", diff)
	}
	t.Run("people", func(t *testing.T) { wantDemoPeople(t, a, all) })
	t.Run("present", func(t *testing.T) { wantDemoPresent(t, a, all) })
	t.Run("past", func(t *testing.T) { wantDemoPast(t, a, all) })
	t.Run("journals", func(t *testing.T) { wantDemoJournals(t, a, all) })
	t.Run("subscribers", func(t *testing.T) { wantDemoDone(t, a, all) })
	t.Run("first tick", func(t *testing.T) { wantDemoStable(t, a, all) })
}

func everything(t *testing.T, a *app) []conversation.Conversation {
	t.Helper()
	page, err := a.desk.List(t.Context(), workspace, lifecycle.View{}, "", lifecycle.MaxPage)
	if err != nil || page.Next != "" {
		t.Fatalf("a list with the next page %q, %v", page.Next, err)
	}
	return page.Conversations
}

func rowsOf(t *testing.T, a *app, query string) (n int) {
	t.Helper()
	if err := a.db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func wantDemoPeople(t *testing.T, a *app, all []conversation.Conversation) {
	for _, c := range all {
		if name := a.people.Name(conversation.Visitor(c.Visitor)); name == c.Visitor {
			t.Errorf("%s: the visitor has no name", c.ID)
		}
		if c.UpdatedAt.After(a.clock.Now()) {
			t.Errorf("%s has happened in the future, at %s", c.ID, c.UpdatedAt)
		}
	}
	again := openPeopleOf(t, a)
	for _, agent := range demoAgents {
		if diff := cmp.Diff(agent.person, again[agent.ID]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		got, err := a.desk.Agent(t.Context(), workspace, agent.ID)
		if err != nil || got.Capacity != demoCapacity || got.Availability() == roster.Available || got.Manual != roster.Unset {
			t.Errorf("%s: %+v, %v; nobody is there yet", agent.ID, got.Agent, err)
		}
	}
}

// openPeopleOf reads people from the file.
func openPeopleOf(t *testing.T, a *app) map[string]person {
	t.Helper()
	p, err := openPeople(t.Context(), a.db)
	if err != nil {
		t.Fatal(err)
	}
	return p.names
}

func wantDemoPresent(t *testing.T, a *app, all []conversation.Conversation) {
	type open struct {
		State  conversation.State
		Agent  string
		Group  string
		Answer conversation.Answerer
	}
	got := map[open]int{}
	for _, c := range all {
		if c.Open() {
			got[open{c.State, c.Agent, c.Group, c.MustAnswer()}]++
		}
	}
	want := map[open]int{
		{conversation.StateBot, "", "", conversation.AnswerNobody}:               2,
		{conversation.StateWaiting, "", "orders", conversation.AnswerQueue}:      2,
		{conversation.StateWaiting, "", "billing", conversation.AnswerQueue}:     1,
		{conversation.StateSnoozed, "ann", "orders", conversation.AnswerNobody}:  1,
		{conversation.StateAssigned, "ann", "orders", conversation.AnswerAgent}:  1,
		{conversation.StateAssigned, "ben", "orders", conversation.AnswerNobody}: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is open (-want +got):\n%s", diff)
	}
	orders, err := a.desk.Queue(t.Context(), workspace, "orders")
	if wait := orders.OldestWait(a.clock.Now()); err != nil || wait < 12*time.Minute || wait > 15*time.Minute {
		t.Errorf("the first in the queue has waited for %s, %v", wait, err)
	}
}

func wantDemoPast(t *testing.T, a *app, all []conversation.Conversation) {
	closed := 0
	for _, c := range all {
		if c.State == conversation.StateClosed {
			closed++
		}
	}
	if closed < 55 || closed > 65 {
		t.Errorf("%d are closed, want about 60", closed)
	}
	day := 24 * time.Hour
	total := func(f closure.Filter) closure.Line {
		t.Helper()
		f.From, f.To = a.clock.Now().Add(-15*day), a.clock.Now()
		report, err := a.desk.Report(t.Context(), workspace, lifecycle.ReportQuery{Filter: f})
		if err != nil {
			t.Fatal(err)
		}
		return report.Total
	}
	line := total(closure.Filter{})
	if int(line.Closings) <= closed {
		t.Errorf("%d closings of %d closed conversations: none was reopened", line.Closings, closed)
	}
	for name, n := range map[string]int64{
		"resolved by the bot":    line.Bot.Resolved,
		"unresolved by the bot":  line.Bot.Unresolved,
		"resolved by the team":   line.Team.Resolved,
		"unresolved by the team": line.Team.Unresolved,
		"snoozes":                line.Figures[closure.Snoozes].Total,
		"reopened":               line.Figures[closure.Reopened].Total,
		"surveys":                line.Figures[closure.Surveyed].Total,
		"ratings":                line.Figures[closure.Rating].N,
	} {
		if n == 0 {
			t.Errorf("there is none: %s", name)
		}
	}
	var filters []closure.Filter
	for _, grade := range closure.Grades() {
		filters = append(filters, closure.Filter{Grades: []closure.Grade{grade}})
	}
	for _, cause := range []closure.Cause{closure.Agent, closure.Bot, closure.VisitorLeft, closure.Spam, closure.Forced} {
		filters = append(filters, closure.Filter{Cause: cause})
	}
	for _, felt := range closure.Sentiments() {
		filters = append(filters, closure.Filter{Sentiment: felt})
	}
	for _, tag := range demoPolicies().Tags {
		filters = append(filters, closure.Filter{Tag: tag})
	}
	for _, agent := range []string{"ann", "ben", "cleo"} {
		filters = append(filters, closure.Filter{Agent: agent})
	}
	for _, topic := range topics {
		if topic.Article != "sign-in" {
			filters = append(filters, closure.Filter{Article: topic.Article})
		}
	}
	for _, f := range filters {
		if total(f).Closings == 0 {
			t.Errorf("there is none of %+v", f)
		}
	}
	reasons, err := a.desk.Report(t.Context(), workspace, lifecycle.ReportQuery{By: []closure.Dimension{closure.ByReason}})
	if err != nil || len(reasons.Lines) != len(closure.Reasons())+1 {
		t.Errorf("closings have %d reasons and none, want all: %v", len(reasons.Lines)-1, err)
	}
	days, err := a.desk.Report(t.Context(), workspace, lifecycle.ReportQuery{By: []closure.Dimension{closure.ByDay},
		Filter: closure.Filter{From: a.clock.Now().Add(-15 * day), To: a.clock.Now()}})
	if err != nil || len(days.Lines) < 10 {
		t.Errorf("they were closed on %d days, %v", len(days.Lines), err)
	}
}

// Journals that were made up are as real ones: they amount to what is stored.
func wantDemoJournals(t *testing.T, a *app, all []conversation.Conversation) {
	seen := map[string]bool{}
	for _, c := range all {
		journal, err := a.desk.History(t.Context(), workspace, c.ID, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		from := conversation.Conversation{Workspace: workspace, ID: c.ID}
		for _, r := range journal {
			from = conversation.Evolve(from, r)
			seen[conversation.EventName(r.Event)] = true
			if text, _ := conversation.Text(r.Event); strings.ContainsAny(text, "{}") {
				t.Errorf("%s: %q", c.ID, text)
			}
		}
		if diff := cmp.Diff(c, from); diff != "" {
			t.Errorf("%s (-stored +evolved):\n%s", c.ID, diff)
		}
	}
	for _, e := range []conversation.Event{
		conversation.Transferred{}, conversation.HandedBack{}, conversation.Snoozed{}, conversation.Woken{},
		conversation.Reclassified{}, conversation.NoteAdded{}, conversation.Blocked{}, conversation.EmailRequested{},
		conversation.Assigned{}, conversation.SurveyAnswered{}, conversation.MarkedRead{},
	} {
		if name := conversation.EventName(e); !seen[name] {
			t.Errorf("nothing was %s", name)
		}
	}
}

// Neither the subscribers nor ones that begin at the beginning do anything about
// what was made up.
func wantDemoDone(t *testing.T, a *app, all []conversation.Conversation) {
	for _, name := range []string{"bot", "mailer"} {
		if left, err := a.desk.Feed(t.Context(), name, 1); err != nil || len(left) > 0 {
			t.Errorf("%s is to get %v, %v", name, left, err)
		}
	}
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, nil))
	for name, handle := range map[string]feedHandler{"second-bot": a.botHears, "second-mailer": a.mailRequested} {
		heard := 0
		err := a.catchUp(t.Context(), name, func(ctx context.Context, d lifecycle.Delivery) error {
			heard++
			return handle(ctx, d)
		})
		if err != nil || heard < 500 {
			t.Errorf("it heard of %d, %v", heard, err)
		}
	}
	if log.Len() > 0 {
		t.Errorf("e-mails were sent:\n%s", log.String())
	}
	if diff := cmp.Diff(all, everything(t, a)); diff != "" {
		t.Errorf("something was answered (-before +after):\n%s", diff)
	}
}

// The first tick does nothing, until somebody comes.
func wantDemoStable(t *testing.T, a *app, all []conversation.Conversation) {
	ticked, err := a.desk.Tick(t.Context())
	if err != nil || len(ticked.Fired)+len(ticked.Assigned)+len(ticked.Failed) > 0 {
		t.Errorf("the first tick did %+v, %v", ticked, err)
	}
	states := func(all []conversation.Conversation) map[string]conversation.State {
		of := map[string]conversation.State{}
		for _, c := range all {
			of[c.ID] = c.State
		}
		return of
	}
	if diff := cmp.Diff(states(all), states(everything(t, a))); diff != "" {
		t.Errorf("after the first tick (-before +after):\n%s", diff)
	}
	cleo, _ := a.people.Find("cleo")
	if err := a.presence.Here(t.Context(), cleo, "tab"); err != nil {
		t.Fatal(err)
	}
	if ticked, err = a.desk.Tick(t.Context()); err != nil || len(ticked.Assigned) != 1 || ticked.Assigned[0].Agent != "cleo" {
		t.Errorf("when somebody of billing comes: %+v, %v", ticked.Assigned, err)
	}
}

// Whenever it is made up, the past is over.
func TestDemoIsOver(t *testing.T) {
	for hour := range 48 {
		now := time.Date(2026, time.March, 29, hour, 30, 0, 0, time.UTC)
		for _, p := range program(now) {
			limit := now.Add(-2 * time.Hour)
			switch {
			case strings.HasPrefix(p.ID, "now-"):
				limit = now.Add(-time.Minute)
			case p.Long:
				limit = now.Add(-30 * time.Hour)
			}
			if p.Start.After(limit) || p.Start.Before(now.AddDate(0, 0, -demoDays-1)) {
				t.Errorf("at %s: %s, %s, begins at %s", now, p.ID, p.Title, p.Start)
			}
		}
	}
}

// Both ways of routing are seen.
func TestDemoPolicies(t *testing.T) {
	p := demoPolicies()
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	if !p.For("").PullOnly || !p.For("orders").PullOnly || p.For("billing").PullOnly {
		t.Error("only what is for billing is given to agents")
	}
}
