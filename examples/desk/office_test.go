package main

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// An office is the application with a team that the tests know: Tom and Una, who
// answer, and Sue, who supervises.
type office struct {
	t testing.TB
	*app
}

func newOffice(t testing.TB) office {
	t.Helper()
	o := office{t, openApp(t, newFile(t))}
	_, revision, err := o.desk.Policies(t.Context(), workspace)
	o.check(err)
	policies := conversation.Policies{Default: conversation.Policy{Bot: true, PullOnly: true}, Tags: []string{"late", "lost"}}
	_, err = o.desk.SetPolicies(t.Context(), workspace, policies, revision)
	o.check(err)
	o.check(o.desk.SetGroup(t.Context(), workspace, "repairs"))
	for _, one := range []person{
		{conversation.KindAgent, "tom", "Tom <i>Teal</i>"},
		{conversation.KindAgent, "una", "Una Umber"},
		{conversation.KindSupervisor, "sue", "Sue Lindqvist"},
	} {
		o.check(o.people.Add(t.Context(), o.db, one))
		_, err = o.desk.SetAgent(t.Context(), workspace, one.ID, 9, "repairs")
		o.check(err)
		_, err = o.desk.SetAvailability(t.Context(), workspace, one.ID, roster.Automatic, roster.Available)
		o.check(err)
	}
	return o
}

func (o office) check(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// has opens a conversation that an agent takes.
func (o office) has(agent, id string) {
	o.t.Helper()
	visitor := person{conversation.KindVisitor, "v-" + id, "Vic <b>" + id + "</b>"}
	o.check(o.people.Add(o.t.Context(), o.db, visitor))
	call := lifecycle.Call{Workspace: workspace, Conversation: id, By: visitor.Actor()}
	_, err := o.desk.Open(o.t.Context(), call, conversation.Open{ForAgent: true})
	o.check(err)
	_, err = o.desk.Take(o.t.Context(), call.As(conversation.Agent(agent)))
	o.check(err)
}

func (o office) get(id string) conversation.Conversation {
	o.t.Helper()
	c, err := o.desk.Get(o.t.Context(), workspace, id)
	o.check(err)
	return c
}

func (o office) agent(id string) lifecycle.Agent {
	o.t.Helper()
	agent, err := o.desk.Agent(o.t.Context(), workspace, id)
	o.check(err)
	return agent
}

// A seat is a browser in which an agent is signed in.
type seat struct {
	t      testing.TB
	client *http.Client
	site   string
	base   string
}

// signIn signs an agent in by the front page.
func (o office) signIn(agent string) seat {
	o.t.Helper()
	client, site := newBrowser(o.t, o.app)
	s := seat{o.t, client, site, site + "/agents/" + agent}
	code, header := status(o.t, client, post(o.t, site+"/sign-in", url.Values{"agent": {agent}}))
	if want := "/agents/" + agent + "/"; code != http.StatusSeeOther || header.Get("Location") != want {
		o.t.Fatalf("signing in: %d, to %q", code, header.Get("Location"))
	}
	return s
}

// do returns the answer, and what it says, without its escapes.
func (s seat) do(r *http.Request) (response *http.Response, body string) {
	s.t.Helper()
	response, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(b)
}

func (s seat) page(path string) string {
	s.t.Helper()
	response, body := s.do(get(s.t, s.base+path))
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s", path, response.Status)
	}
	return body
}

// send posts a form of pairs of names and values.
func (s seat) send(path string, fields ...string) (code int, to, body string) {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return s.post(path, form)
}

func (s seat) post(path string, form url.Values) (code int, to, body string) {
	s.t.Helper()
	response, body := s.do(post(s.t, s.base+path, form))
	return response.StatusCode, strings.TrimPrefix(response.Header.Get("Location"), strings.TrimPrefix(s.base, s.site)), body
}

// sent is send, of a form that is accepted, after which a page shows.
func (s seat) sent(path, to string, fields ...string) {
	s.t.Helper()
	if code, got, body := s.send(path, fields...); code != http.StatusSeeOther || got != to {
		s.t.Fatalf("%s: %d, to %q, want to %q: %s", path, code, got, to, problemOn(body))
	}
}

// problemOn returns what a page says went wrong.
func problemOn(body string) string {
	_, rest, ok := strings.Cut(body, `role="alert"`)
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, ">")
	text, _, _ := strings.Cut(rest, "<")
	return strings.TrimSpace(html.UnescapeString(text))
}

func (s seat) shows(body string, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) {
			s.t.Errorf("the page lacks %q", part)
		}
	}
}

func (s seat) hides(body string, parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if strings.Contains(body, part) {
			s.t.Errorf("the page has %q", part)
		}
	}
}
