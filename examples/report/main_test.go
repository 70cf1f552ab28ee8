package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"flag"
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/plots"
	"github.com/adjourn/adjourn/examples/internal/plots/plotstest"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/sqlite"
)

var update = flag.Bool("update", false, "write the golden files anew")

// program runs the program into a directory of its own.
func program(t *testing.T, stdin string, args ...string) (dir, stdout, stderr string, status int) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "out")
	var out, err bytes.Buffer
	status = run(t.Context(), append([]string{"-out", dir}, args...), strings.NewReader(stdin), &out, &err)
	return dir, out.String(), err.String(), status
}

func read1(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	styles = regexp.MustCompile(`(?s)<style>.*?</style>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
)

// text returns what there is to read on a page, also in its plots, a line each.
func text(page string) string {
	page = tags.ReplaceAllString(styles.ReplaceAllString(page, ""), "\n")
	var lines []string
	for line := range strings.Lines(html.UnescapeString(page)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestGolden: the report of the sample.
func TestGolden(t *testing.T) {
	t.Parallel()
	dir, stdout, stderr, status := program(t, "", "-zone", "Europe/Paris")
	if status != 0 {
		t.Fatalf("ended with %d: %s", status, stderr)
	}
	got := map[string]string{
		"stdout.txt": strings.ReplaceAll(stdout, dir, "DIR"),
		"report.txt": text(read1(t, filepath.Join(dir, pageName))),
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil || len(files) != 9 {
		t.Fatalf("wrote %q, %v", files, err)
	}
	for _, file := range files {
		got[filepath.Base(file)] = read1(t, file)
	}
	for name, text := range got {
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := read1(t, golden); text != want {
			t.Errorf("%s is not as in testdata (-update writes it anew):\n%s", name, text)
		}
	}
}

// TestSame: the same file gives the same page, plots included.
func TestSame(t *testing.T) {
	t.Parallel()
	first, _, _, _ := program(t, "")
	second, _, _, _ := program(t, "")
	a, b := read1(t, filepath.Join(first, pageName)), read1(t, filepath.Join(second, pageName))
	if a != b {
		t.Error("two pages of the sample differ")
	}
	if plots := strings.Count(a, "<svg"); plots != 3 {
		t.Errorf("%d plots", plots)
	}
	if regexp.MustCompile(`(?i)<script|src=|href=|url\(|@import`).MatchString(a) {
		t.Error("the page wants something from elsewhere")
	}
}

// A played file, with what the journals say of its closings.
type played struct {
	*figures
	desk    *lifecycle.Desk
	records []closure.Record
}

func play(t *testing.T, zone *time.Location, timelines []*timeline.Timeline) played {
	t.Helper()
	return playOn(t, memory.New(), zone, timelines)
}

func playOn(t *testing.T, store storage.Store, zone *time.Location, timelines []*timeline.Timeline) played {
	t.Helper()
	p, err := newPlayer(store)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.play(t.Context(), timelines); err != nil {
		t.Fatal(err)
	}
	f, err := gather(t.Context(), p.desk, zone)
	if err != nil {
		t.Fatal(err)
	}
	f.Conversations = p.conversations
	return played{f, p.desk, recount(t, p.desk)}
}

// recount returns all closings as the journals tell them.
func recount(t *testing.T, desk *lifecycle.Desk) []closure.Record {
	t.Helper()
	var all []closure.Record
	for token := ""; ; {
		page, err := desk.List(t.Context(), workspace, lifecycle.View{}, token, lifecycle.MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Conversations {
			journal, err := desk.History(t.Context(), workspace, c.ID, 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, conversation.Recount(workspace, c.ID, journal)...)
		}
		if token = page.Next; token == "" {
			slices.SortFunc(all, closure.Record.Compare)
			return all
		}
	}
}

// cells returns the rows of a table as it is in its file, by their first columns.
func cells(t *testing.T, all []table, name string, keys int) (head []string, rows map[string][]string) {
	t.Helper()
	i := slices.IndexFunc(all, func(t table) bool { return t.name == name })
	if i < 0 {
		t.Fatalf("no table %s", name)
	}
	text, err := all[i].csv()
	if err != nil {
		t.Fatal(err)
	}
	read, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = map[string][]string{}
	for _, row := range read[1:] {
		rows[strings.Join(row[:keys], "|")] = row[keys:]
	}
	if len(rows) != len(read)-1 {
		t.Errorf("%s.csv has a key twice", name)
	}
	return read[0][keys:], rows
}

// compare says how the CSV files differ from what the records amount to.
func compare(t *testing.T, f *figures, records []closure.Record) (differences []string) {
	t.Helper()
	differ := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	same := func(table, key, column, got, want string) {
		if got != want {
			differ("%s.csv: %s of %q is %s, recounted %s", table, column, key, got, want)
		}
	}
	all := f.tables()
	for _, d := range []struct {
		table string
		by    closure.Dimension
	}{
		{"agents", closure.ByAgent}, {"groups", closure.ByGroup}, {"tags", closure.ByTag},
		{"sentiments", closure.BySentiment}, {"days", closure.ByDay},
	} {
		b := closure.Breakdown{By: []closure.Dimension{d.by, closure.BySide, closure.ByOutcome}, Days: closure.Days(f.From, f.To, f.Zone)}
		head, rows := cells(t, all, d.table, 1)
		lines := closure.Lines(closure.Tally(slices.Values(records), b), b.By, b.By[:1])
		if len(lines) != len(rows) {
			differ("%s.csv has %d rows, recounted %d", d.table, len(rows), len(lines))
		}
		for _, l := range lines {
			key := l.Keys[0]
			if d.by == closure.ByDay {
				number, err := strconv.Atoi(key)
				if err != nil {
					t.Fatal(err)
				}
				key = b.Days[number].In(f.Zone).Format(time.DateOnly)
			}
			row := rows[key]
			if row == nil {
				differ("%s.csv has no %q", d.table, key)
				continue
			}
			want := map[string]int64{
				"closings": l.Closings, "resolved": l.Share.Resolved, "unresolved": l.Share.Unresolved,
				"bot_resolved": l.Bot.Resolved, "bot_unresolved": l.Bot.Unresolved,
				"team_resolved": l.Team.Resolved, "team_unresolved": l.Team.Unresolved,
			}
			for figure, sum := range l.Figures {
				name := closure.Figure(figure).String()
				want[name+"_n"], want[name+"_total"] = sum.N, sum.Total
			}
			for column, n := range want {
				same(d.table, key, column, row[slices.Index(head, column)], fmt.Sprint(n))
			}
		}
	}
	_, summary := cells(t, all, "summary", 3)
	none := closure.Breakdown{}
	if len(records) > 0 {
		total := closure.Tally(slices.Values(records), none)[0]
		same("summary", "all", "closings", summary["closings|all|n"][0], fmt.Sprint(total.Closings))
		for _, figure := range closure.AllFigures() {
			same("summary", figure.String(), "total", summary[figure.String()+"|all|total"][0], fmt.Sprint(total.Figures[figure].Total))
			for _, s := range closure.Spreads(slices.Values(records), none, figure, []int{50, 90}) {
				same("summary", figure.String(), "median", summary[figure.String()+"|all|p50"][0], fmt.Sprint(s.Values[0]))
				same("summary", figure.String(), "p90", summary[figure.String()+"|all|p90"][0], fmt.Sprint(s.Values[1]))
			}
		}
	}
	_, courtesy := cells(t, all, "courtesy", 2)
	graded := slices.DeleteFunc(slices.Clone(records), func(r closure.Record) bool { return r.Grade == "" })
	groups := closure.Tally(slices.Values(graded), closure.Breakdown{By: []closure.Dimension{closure.ByAgent, closure.ByGrade}})
	if len(groups) != len(courtesy) {
		differ("courtesy.csv has %d rows, recounted %d", len(courtesy), len(groups))
	}
	for _, g := range groups {
		row := courtesy[strings.Join(g.Keys, "|")]
		same("courtesy", g.Keys[0], g.Keys[1], strings.Join(row[:min(1, len(row))], ""), fmt.Sprint(g.Closings))
	}
	last := map[string]closure.Record{}
	for _, r := range records { // in order
		last[r.Conversation] = r
	}
	var lasts []closure.Record
	for _, r := range last {
		lasts = append(lasts, r)
	}
	articles := closure.Articles(closure.Tally(slices.Values(lasts), closure.Breakdown{By: []closure.Dimension{closure.ByArticle, closure.ByOutcome}}))
	head, rows := cells(t, all, "articles", 1)
	if len(articles) != len(rows) {
		differ("articles.csv has %d rows, recounted %d", len(rows), len(articles))
	}
	for _, a := range articles {
		if row := rows[a.Article]; row != nil {
			same("articles", a.Article, "unresolved", row[slices.Index(head, "unresolved")], fmt.Sprint(a.Unresolved))
		}
	}
	_, unconfirmed := cells(t, all, "unconfirmed", 2)
	for _, r := range graded {
		_, listed := unconfirmed[r.Conversation+"|"+strconv.Itoa(r.Number)]
		if listed == (r.Grade == closure.Confirmed) {
			differ("unconfirmed.csv lists closing %d of %s: %v", r.Number, r.Conversation, listed)
		}
	}
	return differences
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func timelines(t *testing.T, input string) []*timeline.Timeline {
	t.Helper()
	r := timeline.NewReader(strings.NewReader(input), "input")
	r.Desk = workspace
	all, err := r.All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRecount: the numbers in the files are those of the journals.
func TestRecount(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Paris", "Pacific/Auckland"} {
		p := play(t, zone(t, name), timelines(t, timeline.Sample))
		if len(p.records) < 30 {
			t.Fatalf("the journals have %d closings", len(p.records))
		}
		for _, difference := range compare(t, p.figures, p.records) {
			t.Errorf("in %s: %s", name, difference)
		}
		if found := compare(t, p.figures, p.records[1:]); len(found) < 5 {
			t.Errorf("a closing that is left out shows as %q", found)
		}
		wrong := slices.Clone(p.records)
		wrong[0].Figures[closure.Handling]++
		if found := compare(t, p.figures, wrong); len(found) < 4 {
			t.Errorf("a millisecond too much shows as %q", found)
		}
	}
}

// TestSQLite: a store that counts by itself reports the same.
func TestSQLite(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "report.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := sqlite.New(t.Context(), db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, counts := storage.Store(store).(storage.Tallier); !counts {
		t.Error("SQLite does not count by itself")
	}
	paris, sample := zone(t, "Europe/Paris"), timelines(t, timeline.Sample)
	want := play(t, paris, sample).tables()
	for i, got := range playOn(t, store, paris, sample).tables() {
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%s.csv differs:\n%q\nin memory\n%q", got.name, got.rows, want[i].rows)
		}
	}
}

// The sample is there to show everything.
func TestSampleShowsEverything(t *testing.T) {
	t.Parallel()
	p := play(t, time.UTC, timelines(t, timeline.Sample))
	keys := func(lines []closure.Line) (keys []string) {
		for _, l := range lines {
			keys = append(keys, l.Keys[0])
		}
		return keys
	}
	for _, grade := range closure.Grades() {
		if !slices.Contains(keys(p.Grades), string(grade)) {
			t.Errorf("no closing is %s", grade)
		}
	}
	for _, cause := range []closure.Cause{closure.Agent, closure.Bot, closure.QueueTimeout} {
		if !slices.Contains(keys(p.Causes), string(cause)) {
			t.Errorf("no closing by %s", cause)
		}
	}
	if got := len(p.Tags); got != len(policies().Tags)+1 {
		t.Errorf("tags %q", keys(p.Tags))
	}
	for name, n := range map[string]int64{
		"articles": int64(len(p.Articles)), "reopened": p.Count("reopened"), "snoozes": p.Count("snoozes"), "prompts": p.Count("prompts"),
		"follow-ups": p.Count("follow_ups"), "answers": p.Total.Figures[closure.Rating].N, "by the bot": p.Total.Bot.Decided(),
		"reviewed": int64(len(slices.DeleteFunc(slices.Clone(p.Reasons), func(l closure.Line) bool { return l.Keys[0] != string(closure.ReasonOther) }))),
	} {
		if n == 0 {
			t.Errorf("no %s", name)
		}
	}
}

// line returns a line of a file. Each message is its second, from and chars.
func line(id string, messages ...string) string {
	var all []string
	for _, m := range messages {
		var second, chars int
		var from string
		if _, err := fmt.Sscan(m, &second, &from, &chars); err != nil {
			panic(err)
		}
		at := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(second) * time.Second)
		all = append(all, fmt.Sprintf(`{"at":%q,"from":%q,"author":%q,"chars":%d}`, at.Format(time.RFC3339), from, from+"-1", chars))
	}
	return fmt.Sprintf(`{"id":%q,"workspace":"w","messages":[%s]}`, id, strings.Join(all, ",")) + "\n"
}

// Files that are odd, but of the form.
func TestOddInput(t *testing.T) {
	t.Parallel()
	var long []string
	for i := range 10_100 {
		long = append(long, fmt.Sprint(2*i, " visitor 30"), fmt.Sprint(2*i+1, " agent 30"))
	}
	var chat []string
	for i := range 200 {
		chat = append(chat, line(fmt.Sprint("c-", i), fmt.Sprint(i*86400*3, " visitor 100"), fmt.Sprint(i*86400*3+60, " agent 100")))
	}
	day := int64(86400)
	tests := []struct {
		name, input string
		closings    int64
		says        string // on the page
	}{
		{"empty", "", 0, "There are no closings."},
		{"one message", line("c", "0 visitor 50"), 1, "queue timeout"},
		{"short question to the bot", line("c", "0 visitor 50", "60 agent 100"), 1, "resolved by the bot 100.0 %"},
		{"thanks to the bot", line("c", "0 visitor 50", "60 agent 10", "70 visitor 5"), 1, "resolved by the bot 100.0 %"},
		{"more than the bot knows", line("c", "0 visitor 50", "60 agent 100", "120 visitor 50", "180 agent 100"), 1, "resolved by the bot –"},
		{"an agent begins", line("c", "0 agent 100", "60 visitor 5"), 1, "confirmed"},
		{"only agents", line("c", "0 agent 10", "90000 agent 10", "90001 agent 10"), 2, "unresolved: visitor left"},
		{"equal times", line("c", "0 visitor 100", "0 agent 100", "0 visitor 5"), 1, "resolved by the team 100.0 %"},
		{"back within a day", line("c", "0 visitor 100", "1 agent 100", fmt.Sprint(day+30, " visitor 100"), fmt.Sprint(day+60, " agent 90")), 2, "closings that were reopened 1"},
		{"back after a week", line("c", "0 visitor 100", "1 agent 100", fmt.Sprint(7*day, " visitor 100"), fmt.Sprint(7*day+60, " agent 90")), 2, "2 conversations, 2 closings"},
		{"years apart", line("c", "0 visitor 100", "1 agent 100") + line("d", fmt.Sprint(5000*day, " visitor 100"), fmt.Sprint(5000*day+60, " agent 100")), 2, "2 days with closings"},
		{"many days", strings.Join(chat, ""), 200, "Resolved share by month"},
		{"a full history", line("c", long...), 2, "merged"},
		{"odd IDs", strings.ReplaceAll(line("c", "0 visitor 100", "1 agent 100"), `"agent-1"`, `"<script>alert(1)</script>"`), 1, "x-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && len(tt.input) > 1<<20 {
				t.Skip("takes a while")
			}
			p := play(t, time.UTC, timelines(t, tt.input))
			if p.Total.Closings != tt.closings {
				t.Errorf("%d closings, want %d", p.Total.Closings, tt.closings)
			}
			for _, difference := range compare(t, p.figures, p.records) {
				t.Error(difference)
			}
			page, err := p.page()
			if err != nil {
				t.Fatal(err)
			}
			if read := strings.Join(strings.Fields(text(string(page))), " "); !strings.Contains(read, tt.says) {
				t.Errorf("want %q in\n%s", tt.says, read)
			}
			if bytes.Contains(page, []byte("<script")) {
				t.Error("an ID became a script")
			}
			_, wrong := paint(t, string(page))
			if len(wrong) > 0 {
				t.Errorf("no browser knows %q", wrong)
			}
		})
	}
}

var svgs = regexp.MustCompile(`(?s)<svg.*?</svg>`)

// paint returns the shapes of all plots on a page, and what is wrong with how they
// are painted.
func paint(t *testing.T, page string) (shapes []plotstest.Shape, wrong []string) {
	t.Helper()
	for _, plot := range svgs.FindAllString(page, -1) {
		some, bad, err := plotstest.Shapes(plot)
		if err != nil {
			t.Fatal(err)
		}
		shapes, wrong = append(shapes, some...), append(wrong, bad...)
	}
	return shapes, wrong
}

// TestColours: browsers know all colours of the plots.
func TestColours(t *testing.T) {
	t.Parallel()
	page, err := play(t, time.UTC, timelines(t, timeline.Sample)).page()
	if err != nil {
		t.Fatal(err)
	}
	shapes, wrong := paint(t, string(page))
	if len(wrong) > 0 {
		t.Errorf("no browser knows %q", wrong)
	}
	found := map[string]bool{}
	for _, s := range shapes {
		found[s.Fill], found[s.Stroke] = true, true
	}
	for _, c := range []color.Color{
		plots.Ink, plots.Faint, plots.Blue, plots.Band, plots.Grades[closure.Confirmed], plots.Grades[closure.Abrupt],
	} {
		if name := plotstest.Hex(c); !found[name] {
			t.Errorf("nothing is %s", name)
		}
	}
}

// TestOutcomes: the list says what was decided at the closing too, if that was
// something else.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	p := play(t, time.UTC, timelines(t, timeline.Sample))
	page, err := p.page()
	if err != nil {
		t.Fatal(err)
	}
	anew := 0
	for i, u := range p.Unconfirmed {
		journal, err := p.desk.History(t.Context(), workspace, u.Conversation, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := string(u.Outcome)
		for _, r := range journal {
			if e, ok := r.Event.(conversation.Closed); ok && e.Number == u.Number && e.Outcome != u.Outcome {
				want = fmt.Sprintf("%s when closed, later decided %s", e.Outcome, u.Outcome)
				anew++
			}
		}
		if got := outcomes(u); got != want {
			t.Errorf("closing %d of %s is %q, want %q", u.Number, u.Conversation, got, want)
		}
		if i < shownUnconfirmed && !strings.Contains(string(page), gradeNames[u.Grade]+", "+want+"</summary>") {
			t.Errorf("the page does not say %q", want)
		}
	}
	if anew == 0 {
		t.Error("nothing was decided anew")
	}

	at := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	closed := func(by conversation.Actor, number int, outcome closure.Outcome, cause closure.Cause) conversation.Record {
		return conversation.Record{At: at, By: by, Event: conversation.Closed{Number: number, Outcome: outcome, Cause: cause}}
	}
	odd, timer, boss := conversation.Agent("(unresolved)"), conversation.Timer(), conversation.Supervisor("sue")
	decided := func(to closure.Outcome) conversation.Record {
		return conversation.Record{At: at, By: boss, Event: conversation.Reclassified{Number: 1, Outcome: to}}
	}
	const resolved, unresolved = closure.Resolved, closure.Unresolved
	tests := []struct {
		name    string
		journal []conversation.Record
		now     closure.Outcome
		want    string
	}{
		{"purged", nil, unresolved, "unresolved"},
		{"the same", []conversation.Record{closed(odd, 1, resolved, closure.Agent)}, resolved, "resolved"},
		{"without the decision", []conversation.Record{closed(odd, 1, resolved, closure.Agent)}, unresolved, "resolved when closed, later decided unresolved"},
		{"with it", []conversation.Record{closed(odd, 1, resolved, closure.Agent), decided(unresolved)}, unresolved, "resolved when closed, later decided unresolved"},
		{"the other way", []conversation.Record{closed(odd, 1, unresolved, closure.Agent), decided(resolved)}, resolved, "unresolved when closed, later decided resolved"},
		{"there and back", []conversation.Record{closed(odd, 1, resolved, closure.Agent), decided(unresolved), decided(resolved)}, resolved, "resolved"},
		{"nobody wrote", []conversation.Record{closed(timer, 1, unresolved, closure.Idle)}, resolved, "unresolved when closed, later decided resolved"},
		{"after another", []conversation.Record{closed(odd, 1, unresolved, closure.Agent), closed(odd, 2, resolved, closure.Agent)}, resolved, "resolved"},
	}
	for _, tt := range tests {
		u := lifecycle.UnconfirmedClosing{Transcript: lifecycle.Notes{}.Transcript(workspace, "c", tt.journal, lifecycle.ForAgents)}
		u.Outcome = tt.now
		if got := outcomes(u); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What a file is called is text, and nothing else.
func TestTitleIsEscaped(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "<img onerror=x>&.jsonl")
	if err := os.WriteFile(file, []byte(timeline.Sample), 0o644); err != nil {
		t.Skip(err)
	}
	dir, _, stderr, status := program(t, "", file)
	if status != 0 {
		t.Fatalf("ended with %d: %s", status, stderr)
	}
	page := read1(t, filepath.Join(dir, pageName))
	if strings.Contains(page, "<img") || !strings.Contains(page, "&lt;img onerror=x&gt;&amp;.jsonl") {
		t.Error("the name of the file is not escaped")
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stdin string
		args        []string
		says        string // on stdout or stderr
		status      int
	}{
		{"help", "", []string{"-h"}, "usage: report [flags] [FILE...]", 0},
		{"unknown flag", "", []string{"-fast"}, "not defined: -fast", 2},
		{"unknown zone", "", []string{"-zone", "Mars/Base"}, "Mars/Base", 2},
		{"the zone of the machine", "", []string{"-zone", "Local"}, "want a name such as Europe/Paris", 2},
		{"no such file", "", []string{"testdata/none.jsonl"}, "no such file", 2},
		{"a directory", "", []string{"testdata"}, "is a directory", 2},
		{"standard input", line("c", "0 visitor 100", "1 agent 100"), []string{"-"}, "1 conversations, 1 closings, resolved: 100.0 % (1 of 1;", 0},
		{"bad line", "\n{", []string{"-"}, "standard input: line 2: invalid JSON", 2},
		{"bad line skipped", "{\n" + line("c", "0 visitor 9"), []string{"-skip-bad", "-"}, "1 conversations, 1 closings", 0},
		{"nothing", "", []string{"-"}, "0 conversations, 0 closings, resolved: none to say", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, stdout, stderr, status := program(t, tt.stdin, tt.args...)
			if status != tt.status || !strings.Contains(stdout+stderr, tt.says) {
				t.Errorf("run(%q) = %d and said %q, %q, want %d and %q", tt.args, status, stdout, stderr, tt.status, tt.says)
			}
		})
	}
}

// Files are one report, and the same ID in two of them means two conversations.
func TestSeveralFiles(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(file, []byte(line("c", "0 visitor 100", "1 agent 100")), 0o644); err != nil {
		t.Fatal(err)
	}
	_, stdout, stderr, status := program(t, line("c", "5 visitor 100", "6 agent 10"), file, "-")
	if want := "2 conversations, 2 closings"; status != 0 || !strings.Contains(stdout, want) {
		t.Errorf("ended with %d and %q, %q, want %q", status, stdout, stderr, want)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if status := run(ctx, []string{"-out", t.TempDir()}, nil, &stdout, &stderr); status != 2 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("ended with %d and %q", status, stderr.String())
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for ms, want := range map[float64]string{
		0: "0 s", 1: "< 1 s", 999: "< 1 s", 1000: "1 s", 59_400: "59 s", 59_600: "1 min", 61_000: "1 min 1 s",
		3_600_000: "1 h", 3_659_000: "1 h", 86_399_000: "23 h 59 min", 90_000_000: "1 d 1 h",
	} {
		if got := span(ms); got != want {
			t.Errorf("span(%v) = %q, want %q", ms, got, want)
		}
	}
}

// Files of the same form, named in the environment: REPLAY_FILES=a.jsonl:b.jsonl
func TestRealFiles(t *testing.T) {
	t.Parallel()
	files := filepath.SplitList(os.Getenv("REPLAY_FILES"))
	if len(files) == 0 {
		t.Skip("REPLAY_FILES names no files")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			p := play(t, zone(t, "Europe/Paris"), timelines(t, read1(t, file)))
			for _, difference := range compare(t, p.figures, p.records) {
				t.Error(difference)
			}
			if err := p.writeInto(t.TempDir()); err != nil {
				t.Error(err)
			}
			t.Logf("%d conversations, %d closings, resolved: %s", p.Conversations, p.Total.Closings, shareText(p.Total.Share))
		})
	}
}
