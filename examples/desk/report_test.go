package main

import (
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/plots/plotstest"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage/memory"
)

const hostileName = `<script>alert("1")</script>`

// A reported is an app whose Desk has a memory and a clock of the test's own.
type reported struct {
	*app
	t     *testing.T
	now   time.Time
	pages http.Handler
	token string // of ann's session
}

// Now and After make it the Desk's clock.
func (r *reported) Now() time.Time                       { return r.now }
func (r *reported) After(time.Duration) <-chan time.Time { return nil }

func newReported(t *testing.T) *reported {
	t.Helper()
	a, err := newApp(t.Context(), filepath.Join(t.TempDir(), "desk.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.close() })
	r := &reported{app: a, t: t}
	r.at(0, 12, 0)
	a.desk, err = lifecycle.New(memory.New(), &lifecycle.Options{Clock: r})
	r.must(err)
	_, err = a.desk.SetPolicies(t.Context(), workspace, conversation.Policies{
		Default: conversation.Policy{Bot: true, PullOnly: true, Survey: conversation.Asking{Offer: true}},
		Tags:    []string{"parcel", "invoice"},
	}, 0)
	r.must(err)
	ann := person{Kind: conversation.KindAgent, ID: "ann", Name: "Ann Archer"}
	mallory := person{Kind: conversation.KindAgent, ID: "mallory", Name: hostileName}
	ben := person{Kind: conversation.KindAgent, ID: "ben", Name: "Ben Okafor"}
	for _, one := range []person{ann, ben, mallory} {
		r.must(a.people.Add(t.Context(), a.db, one))
	}
	_, err = a.desk.SetAgent(t.Context(), workspace, ann.ID, 10)
	r.must(err)
	_, err = a.desk.SetAvailability(t.Context(), workspace, ann.ID, roster.Manual, roster.Available)
	r.must(err)
	r.token, err = a.people.SignIn(t.Context(), ann.ID)
	r.must(err)
	r.pages = a.handler(loopback)
	return r
}

func (r *reported) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// at sets the clocks to an hour and a minute of a day, counted from the day of the
// report.
func (r *reported) at(day, hour, minute int) {
	r.now = time.Date(2026, time.June, 20+day, hour, minute, 0, 0, time.Local)
	r.clock = newDemoClock(r.now)
}

// wait lets time pass, and the Desk do what is due on the way.
func (r *reported) wait(d time.Duration) {
	r.t.Helper()
	until := r.now.Add(d)
	for {
		due, err := r.desk.NextDue(r.t.Context(), until)
		r.must(err)
		if due.IsZero() {
			r.now = until
			return
		}
		if due.After(r.now) {
			r.now = due
		}
		_, err = r.desk.Tick(r.t.Context())
		r.must(err)
	}
}

// do gives commands, one after the other.
func (r *reported) do(id string, by conversation.Actor, commands ...conversation.Command) {
	r.t.Helper()
	for _, command := range commands {
		call := lifecycle.Call{Workspace: workspace, Conversation: id, By: by}
		if by.Kind == conversation.KindBot {
			c, err := r.desk.Get(r.t.Context(), workspace, id)
			r.must(err)
			call.AsOf = c.Version
		}
		_, err := r.desk.Do(r.t.Context(), call, command)
		r.must(err)
	}
}

func (r *reported) get(path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	asks := httptest.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://localhost"+path, nil)
	asks.AddCookie(&http.Cookie{Name: sessionCookie, Value: r.token})
	r.pages.ServeHTTP(w, asks)
	return w
}

// page returns a page that must be there.
func (r *reported) page(path string) string {
	r.t.Helper()
	w := r.get(path)
	if w.Code != http.StatusOK {
		r.t.Fatalf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

var (
	tableRow = regexp.MustCompile(`(?s)<tr.*?</tr>`)
	cellEnd  = regexp.MustCompile(`</t[hd]>\s*<t[hd]`)
	tag      = regexp.MustCompile(`<[^>]*>`)
)

// readable returns what there is to read in a part of a page.
func readable(part string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(part, " "))), " ")
}

// tableRows returns the rows of all tables of a page, their cells between bars.
func tableRows(page string) []string {
	var all []string
	for _, one := range tableRow.FindAllString(page, -1) {
		all = append(all, strings.ReplaceAll(readable(cellEnd.ReplaceAllString(one, "| <td")), " |", "|"))
	}
	return all
}

// element returns what there is to read in the element of an ID, up to the next
// element that closes as it does.
func element(t *testing.T, page, id string) string {
	t.Helper()
	found := regexp.MustCompile(`(?s)<(\w+)[^>]* id="` + regexp.QuoteMeta(id) + `"[^>]*>(.*)`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("there is no %q", id)
	}
	inside, _, _ := strings.Cut(found[2], "</"+found[1]+">")
	return readable(inside)
}

// seed lets five conversations end on the day of the report, one twenty and one
// forty days before:
//
//	              outcome     by       grade       tags             article
//	-40  old      resolved    bot
//	-20  older    unresolved  Ann      abrupt      parcel           returns
//	  0  happy    resolved    Ann      confirmed
//	  0  hasty    unresolved  mallory  abrupt      parcel, invoice  returns
//	  0  left     unresolved  visitor
//	  0  easy     resolved    bot
//	  0  quiet    resolved    ben      unanswered  parcel
func seed(r *reported) {
	r.t.Helper()
	vic, bot, ann, ben, mallory := conversation.Visitor("vic"), conversation.Bot(""), conversation.Agent("ann"), conversation.Agent("ben"), conversation.Agent("mallory")
	say := func(text string) conversation.Say { return conversation.Say{Text: text} }

	r.at(-40, 10, 0)
	r.do("old", vic, conversation.Open{}, say("Where is my parcel?"))
	r.do("old", bot, say("On its way."), conversation.Close{Outcome: closure.Resolved})

	r.at(-20, 10, 0)
	r.do("older", vic, conversation.Open{ForAgent: true}, say("It is broken."))
	r.do("older", ann, conversation.Take{}, say("Hm."), conversation.LinkArticle{Article: "returns"})
	r.do("older", ann, conversation.Close{Outcome: closure.Unresolved, Form: closure.Form{Tags: []string{"parcel"}}})

	// First response after 90 seconds; 120 seconds with Ann, 40 of them the visitor's.
	r.at(0, 8, 0)
	r.do("happy", vic, conversation.Open{ForAgent: true, Group: "orders"}, say("It does not fit."))
	r.wait(time.Minute)
	r.do("happy", ann, conversation.Take{})
	r.wait(30 * time.Second)
	r.do("happy", ann, say("I have sent you another."))
	r.wait(30 * time.Second)
	r.do("happy", ann, conversation.Say{Text: "Anything else?", Marks: []closure.Mark{closure.CheckIn}})
	r.wait(40 * time.Second)
	r.do("happy", vic, conversation.Say{Text: "No, thanks.", Marks: []closure.Mark{closure.Confirmation}})
	r.wait(20 * time.Second)
	r.do("happy", ann, conversation.Say{Text: "Goodbye!", Marks: []closure.Mark{closure.Farewell}})
	r.do("happy", ann, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Sentiment: closure.Positive}})
	r.do("happy", vic, conversation.AnswerSurvey{Rating: 5})

	// First response after 5 minutes; 3 minutes with mallory.
	r.at(0, 9, 0)
	r.do("hasty", vic, conversation.Open{ForAgent: true}, say(`<img src=x onerror="alert(1)">`))
	r.wait(5 * time.Minute)
	r.do("hasty", mallory, conversation.Take{}, say("No."), conversation.LinkArticle{Article: "returns"})
	r.wait(90 * time.Second)
	r.do("hasty", mallory, say("Still no."))
	r.wait(90 * time.Second)
	r.do("hasty", mallory, conversation.Close{Outcome: closure.Unresolved, Form: closure.Form{Sentiment: closure.Negative, Tags: []string{"parcel", "invoice"}}})
	r.do("hasty", vic, conversation.AnswerSurvey{Rating: 2})

	r.at(0, 10, 0)
	r.do("left", vic, conversation.Open{ForAgent: true}, say("Never mind."), conversation.Close{})

	r.at(0, 10, 30)
	r.do("easy", vic, conversation.Open{}, say("What time is it?"))
	r.do("easy", bot, say("Half past ten."), conversation.Close{Outcome: closure.Resolved})

	// First response at once; 4 minutes with ben, who is prompted after 2.
	r.at(0, 11, 0)
	r.do("quiet", vic, conversation.Open{ForAgent: true})
	r.do("quiet", ben, conversation.Take{}, say("Hello."))
	r.do("quiet", vic, say("And?"))
	r.wait(4 * time.Minute)
	r.do("quiet", ben, conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"parcel"}}})
	r.at(0, 12, 0)
}

// TestReport: the page says of the closings above what one counts by hand.
func TestReport(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	seed(r)
	page := r.page("/agents/ann/report")
	for id, want := range map[string]string{
		"resolved": "Resolved 60.0 % 3 of 5 95 % interval: 23.1 to 88.2",
		"bot":      "by the bot 100.0 % 1 of 1 95 % interval: 20.7 to 100.0",
		"team":     "by the team 50.0 % 2 of 4 95 % interval: 15.0 to 85.0",
		"surveys":  "Satisfaction, of 5 3.5 2 of 5 surveys answered",
	} {
		if got := element(t, page, id); got != want {
			t.Errorf("%s says %q, want %q", id, got, want)
		}
	}
	got := tableRows(page)
	for _, want := range []string{
		"2026-06-20| 5| 60.0 %| 23.1 to 88.2",
		"first response from when it came to people until one wrote| 3| 1 min 30 s| 5 min",
		"handling while an agent had it, of what is the team’s| 4| 2 min| 4 min",
		"handling, net without the wait after “is there anything else?”| 4| 1 min 20 s| 4 min",
		"resolution from the opening or reopening to the closing| 5| 3 min| 8 min",
		"parcel| 2| 50.0 %| 9.5 to 90.5", "invoice| 1| 0.0 %| 0.0 to 79.3", "(no tag)| 3| 66.7 %| 20.8 to 93.9",
		"positive| 1| 100.0 %| 20.7 to 100.0", "negative| 1| 0.0 %| 0.0 to 79.3", "(not given)| 3| 66.7 %| 20.8 to 93.9",
		"Ann Archer| 1| 100.0 %| 20.7 to 100.0", hostileName + "| 1| 0.0 %| 0.0 to 79.3", "(no agent)| 2| 50.0 %| 9.5 to 90.5",
		"orders| 1| 100.0 %| 20.7 to 100.0", "(no group)| 4| 50.0 %| 15.0 to 85.0",
		"agent| 3| 66.7 %| 20.8 to 93.9", "visitor left| 1| 0.0 %| 0.0 to 79.3", "bot| 1| 100.0 %| 20.7 to 100.0",
		"Agent| confirmed| checked in| unanswered| abrupt| Closings",
		"Ann Archer| 1| 0| 0| 0| 1", "Ben Okafor| 0| 0| 1| 0| 1", hostileName + "| 0| 0| 0| 1| 1",
		"returns| 1| 1| too few to say",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no row %q in\n%s", want, strings.Join(got, "\n"))
		}
	}
	if strings.Contains(page, "<script>") || !strings.Contains(page, html.EscapeString(hostileName)) {
		t.Error("the name of an agent is not escaped")
	}
	if strings.Contains(page, " style=") || strings.Contains(page, "<style") {
		t.Error("the page has inline styles, which its policy forbids")
	}
}

// TestReportPeriods: today is the last of the days that are asked for.
func TestReportPeriods(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	seed(r)
	for days, want := range map[string]string{
		"7":   "Resolved 60.0 % 3 of 5 95 % interval: 23.1 to 88.2",
		"30":  "Resolved 50.0 % 3 of 6 95 % interval: 18.8 to 81.2",
		"all": "Resolved 57.1 % 4 of 7 95 % interval: 25.0 to 84.2",
	} {
		page := r.page("/agents/ann/report?days=" + days)
		if got := element(t, page, "resolved"); got != want {
			t.Errorf("in %s days: %q, want %q", days, got, want)
		}
		if !strings.Contains(page, `href="?days=`+days+`" aria-current="page"`) {
			t.Errorf("%s days are not marked as chosen", days)
		}
		if !strings.Contains(page, `src="report/share.svg?days=`+days+`&amp;`) {
			t.Errorf("in %s days: the plot is of others", days)
		}
	}
	for _, tt := range []struct{ day, of, want int }{
		{-21, 7, 0}, {-20, 7, 1}, {-14, 7, 1}, {-13, 7, 0}, {-1, 7, 0}, {6, 7, 1}, {7, 7, 0}, // "older" was on -20
		{-21, 30, 1}, {-11, 30, 2}, {-10, 30, 1}, {9, 30, 2}, {10, 30, 1}, {30, 30, 0},
	} {
		r.at(tt.day, 23, 59)
		page := r.page(fmt.Sprintf("/agents/ann/report?days=%d", tt.of))
		count := 0
		for _, one := range tableRows(page) {
			if strings.HasPrefix(one, "2026-") {
				count++
			}
		}
		if nothing := strings.Contains(page, "Nothing to report yet"); count != tt.want || nothing != (tt.want == 0) {
			t.Errorf("%d days until day %d: %d days with closings, want %d; nothing to report: %v", tt.of, tt.day, count, tt.want, nothing)
		}
	}
	if w := r.get("/agents/ann/report?days=<b>"); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), "<b>") {
		t.Errorf("days that there are none of: %d\n%s", w.Code, w.Body)
	}
}

// TestReportEmpty: before anything was closed there is a page, and nothing on it.
func TestReportEmpty(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	page := r.page("/agents/ann/report")
	if got := element(t, page, "nothing"); !strings.Contains(got, "Nothing to report yet") {
		t.Errorf("the page says %q", got)
	}
	if strings.Contains(page, "<img") || len(tableRows(page)) > 0 {
		t.Error("the page shows plots or tables of nothing")
	}
	if got := element(t, r.page("/agents/ann/unconfirmed"), "nothing"); got != "There are none." {
		t.Errorf("the list says %q", got)
	}
	for _, plot := range []string{"share", "grades", "durations"} {
		if w := r.get("/agents/ann/report/" + plot + ".svg"); w.Code != http.StatusNotFound {
			t.Errorf("a plot of nothing: %d", w.Code)
		}
	}

	// A bot's closing has no grade and no durations of agents.
	r.do("c", conversation.Visitor("vic"), conversation.Open{})
	r.do("c", conversation.Bot(""), conversation.Close{Outcome: closure.Resolved})
	page = r.page("/agents/ann/report")
	if strings.Contains(page, "grades.svg") || !strings.Contains(page, "No person closed anything.") {
		t.Error("the page shows grades that there are none of")
	}
	if got, want := element(t, page, "team"), "by the team – nothing was theirs"; got != want {
		t.Errorf("the team's share is %q, want %q", got, want)
	}
}

// TestReportPlots: plots are files of their own, for the images of the page.
func TestReportPlots(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	seed(r)
	page := r.page("/agents/ann/report?days=all")
	images := regexp.MustCompile(`(?s)<img[^>]* src="([^"]*)"[^>]*alt="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(images) != 3 {
		t.Fatalf("%d plots on the page", len(images))
	}
	for _, image := range images {
		src, alt := html.UnescapeString(image[1]), html.UnescapeString(image[2])
		if len(alt) < 40 {
			t.Errorf("%s is described as %q", src, alt)
		}
		w := r.get("/agents/ann/" + src)
		if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "image/svg+xml" {
			t.Fatalf("%s: %d, %q", src, w.Code, got)
		}
		if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") {
			t.Errorf("%s has the policy %q", src, got)
		}
		body := w.Body.String()
		shapes, wrong, err := plotstest.Shapes(body)
		if err != nil || len(wrong) > 0 || len(shapes) < 10 || shapes[0].Name != "svg" {
			t.Errorf("%s: %d shapes, %q, %v", src, len(shapes), wrong, err)
		}
		if !strings.Contains(body, `xmlns="http://www.w3.org/2000/svg"`) || strings.Contains(body, "<script") {
			t.Errorf("%s begins with %.200s", src, body)
		}
		if strings.Contains(src, "grades") && !strings.Contains(body, `&lt;script&gt;`) {
			t.Errorf("%s does not name everybody", src)
		}
	}
	if got := strings.Count(r.get("/agents/ann/report/share.svg?days=all").Body.String(), "fill:#1F5FA8"); got != 3 {
		t.Errorf("%d days are plotted, want 3", got)
	}
	if w := r.get("/agents/ann/report/other.svg"); w.Code != http.StatusNotFound {
		t.Errorf("a plot that there is none of: %d", w.Code)
	}

	// A page that is open asks for the plots anew when they show something else.
	if again := r.page("/agents/ann/report?days=all"); !strings.Contains(again, images[0][1]) {
		t.Errorf("the same plot is no longer at %s", images[0][1])
	}
	r.do("quiet", conversation.Supervisor("sue"), conversation.Reclassify{Outcome: closure.Unresolved})
	if later := r.page("/agents/ann/report?days=all"); strings.Contains(later, images[0][1]) {
		t.Errorf("another plot is at %s too", images[0][1])
	}
}

// TestUnconfirmed: the list has the closings by people that no customer confirmed.
func TestUnconfirmed(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	seed(r)
	page := r.page("/agents/ann/unconfirmed")
	if got, want := strings.Count(page, `<section class="hasty"`), 2; got != want {
		t.Errorf("%d closings, want %d", got, want)
	}
	for id, want := range map[string]string{
		"closing-quiet-1": "vic, 11:04 unanswered · Ben Okafor · resolved · prompted 1 time Transcript",
		"closing-hasty-1": "vic, 09:08 abrupt · " + hostileName + " · not resolved · never prompted Transcript",
	} {
		if got := element(t, page, id); !strings.HasPrefix(got, want) {
			t.Errorf("%s says %q, want %q", id, got, want)
		}
	}
	if strings.Index(page, "closing-quiet-1") > strings.Index(page, "closing-hasty-1") {
		t.Error("the latest does not come first")
	}
	for _, want := range []string{
		`href="conversations/quiet"`, `href="conversations/hasty"`,
		html.EscapeString(`<img src=x onerror="alert(1)">`), "to the agent: ",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
	if strings.Contains(page, "<img") || strings.Contains(page, "<script>") {
		t.Error("what somebody wrote, or is called, is not escaped")
	}
	if page := r.page("/agents/ann/unconfirmed?days=all"); !strings.Contains(page, "closing-older-1") || strings.Contains(page, `"?days=all&amp;after=`) {
		t.Error("the list of everything is not all")
	}
}

// TestManyClosings: the list has pages, and the report says what it leaves out.
func TestManyClosings(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	const want = shownUnconfirmed + 3
	for i := range want {
		id := string(rune('a' + i))
		ann := conversation.Agent("agent-" + id)
		r.do(id, conversation.Visitor("vic"), conversation.Open{ForAgent: true})
		r.do(id, ann, conversation.Take{}, conversation.LinkArticle{Article: "guide"}, conversation.Close{Outcome: closure.Unresolved})
	}
	next := regexp.MustCompile(`href="(unconfirmed\?days=30&amp;after=[^"]+)"`)
	link := regexp.MustCompile(`href="conversations/(\w)"`)
	seen := map[string]bool{}
	pages := 0
	for path := "unconfirmed?days=30"; path != ""; pages++ {
		page := r.page("/agents/ann/" + html.UnescapeString(path))
		for _, found := range link.FindAllStringSubmatch(page, -1) {
			seen[found[1]] = true
		}
		path = ""
		if found := next.FindStringSubmatch(page); found != nil {
			path = found[1]
		}
	}
	if len(seen) != want || pages != 2 {
		t.Errorf("%d closings on %d pages, want %d on 2", len(seen), pages, want)
	}
	if w := r.get("/agents/ann/unconfirmed?after=nothing"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a token that there is none of: %d", w.Code)
	}

	page := r.page("/agents/ann/report")
	if !slices.Contains(tableRows(page), "guide| 23| 23| 85.7 to 100.0 %") {
		t.Error("the article that all of them have is not judged")
	}
	if got := strings.Count(readable(page), "and 8 more"); got != 1 {
		t.Errorf("the report leaves out 8 agents %d times", got)
	}
}

// TestReportIsForAgents: who is not signed in gets nothing.
func TestReportIsForAgents(t *testing.T) {
	t.Parallel()
	r := newReported(t)
	r.token = "made up"
	for _, path := range []string{"report", "report/share.svg", "unconfirmed"} {
		if w := r.get("/agents/ann/" + path); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
