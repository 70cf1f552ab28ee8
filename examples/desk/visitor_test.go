package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
)

// A shop is the application with an agent who can take whatever comes, and plain
// policies.
type shop struct {
	t testing.TB
	*app
	agent conversation.Actor
}

func newShop(t testing.TB) shop {
	t.Helper()
	a := openApp(t, newFile(t))
	policies, revision, err := a.desk.Policies(t.Context(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	policies.Default = conversation.Policy{Bot: true, PullOnly: true, NotifyByEmail: true, Survey: conversation.Asking{Offer: true}}
	if _, err := a.desk.SetPolicies(t.Context(), workspace, policies, revision); err != nil {
		t.Fatal(err)
	}
	if err := a.people.Add(t.Context(), a.db, person{conversation.KindAgent, "zoe", "Zoe <b>Z</b>"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.desk.SetAgent(t.Context(), workspace, "zoe", 9); err != nil {
		t.Fatal(err)
	}
	if _, err := a.desk.SetAvailability(t.Context(), workspace, "zoe", roster.Manual, roster.Available); err != nil {
		t.Fatal(err)
	}
	return shop{t, a, conversation.Agent("zoe")}
}

// call is a call of the agent.
func (s shop) call(id string) lifecycle.Call {
	return lifecycle.Call{Workspace: workspace, Conversation: id, By: s.agent}
}

func (s shop) must(_ lifecycle.Result, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// closed lets the agent close a conversation, whoever has it.
func (s shop) closed(id string) {
	s.t.Helper()
	s.must(s.desk.Close(s.t.Context(), s.call(id), conversation.Close{Outcome: closure.Resolved}))
}

func (s shop) get(id string) conversation.Conversation {
	s.t.Helper()
	c, err := s.desk.Get(s.t.Context(), workspace, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// A visitor is somebody with a browser.
type visitor struct {
	shop
	client       *http.Client
	server, base string
	id           string
}

func (s shop) visitor(name string) visitor {
	s.t.Helper()
	client, server := newBrowser(s.t, s.app)
	_, header := status(s.t, client, post(s.t, server+"/visit", url.Values{"name": {name}}))
	base := strings.TrimSuffix(header.Get("Location"), "/")
	return visitor{s, client, server, base, strings.TrimPrefix(base, "/visitors/")}
}

// page asks for a page of the visitor.
func (v visitor) page(path string) string {
	v.t.Helper()
	code, body := v.do(get(v.t, v.server+v.base+path))
	if code != http.StatusOK {
		v.t.Fatalf("%s: %d\n%s", path, code, body)
	}
	return body
}

// send sends a form and returns the status, and the page if it was refused.
func (v visitor) send(path string, fields ...string) (code int, body string) {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return v.do(post(v.t, v.server+v.base+path, form))
}

func (v visitor) do(r *http.Request) (code int, body string) {
	v.t.Helper()
	response, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// sent sends a form that is to be accepted.
func (v visitor) sent(path string, fields ...string) {
	v.t.Helper()
	if code, body := v.send(path, fields...); code != http.StatusSeeOther && code != http.StatusNoContent {
		v.t.Fatalf("%s: %d\n%s", path, code, body)
	}
}

// chats returns the visitor's conversations, the latest first.
func (v visitor) chats() []conversation.Conversation {
	v.t.Helper()
	list, err := v.desk.List(v.t.Context(), workspace, lifecycle.HistoryOf(v.id), "", 100)
	if err != nil {
		v.t.Fatal(err)
	}
	return list.Conversations
}

// begun writes a first message and returns the path and the ID of the conversation.
func (v visitor) begun() (path, id string) {
	v.t.Helper()
	v.sent("/say", "request", "first", "text", "Where is my parcel?")
	id = v.chats()[0].ID
	return "/conversations/" + id, id
}

// taken is begun, and the agent has it.
func (v visitor) taken() (path, id string) {
	v.t.Helper()
	path, id = v.begun()
	v.must(v.desk.Take(v.t.Context(), v.shop.call(id)))
	return path, id
}

// said returns what is in the chat of a page, kind by kind: "mine Hello".
func said(page string) []string {
	line := regexp.MustCompile(`(?s)<p class="(mine|theirs|notice)"[^>]*>.*?<span class="text[^"]*">(.*?)</span></p>`)
	var all []string
	for _, match := range line.FindAllStringSubmatch(page, -1) {
		all = append(all, match[1]+" "+html.UnescapeString(match[2]))
	}
	return all
}

func wantSaid(t testing.TB, page string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, said(page)); diff != "" {
		t.Errorf("the chat (-want +got):\n%s", diff)
	}
}

// contains fails unless a page has all of these.
func contains(t testing.TB, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q:\n%s", part, page)
		}
	}
}

// lacks fails if a page has any of these.
func lacks(t testing.TB, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(page, part) {
			t.Errorf("the page has %q:\n%s", part, page)
		}
	}
}

func TestFirstMessage(t *testing.T) {
	vic := newShop(t).visitor("Vic")
	contains(t, vic.page("/"), `id="composer"`, "What can we do for you?")
	for _, text := range []string{"", " \r\n ", "bell \a"} {
		if code, _ := vic.send("/say", "request", "r0", "text", text); code != http.StatusUnprocessableEntity {
			t.Errorf("the message %q: %d", text, code)
		}
	}
	if got := vic.chats(); len(got) != 0 {
		t.Fatalf("there are conversations before anything was said: %v", got)
	}
	for range 2 { // a double click
		vic.sent("/say", "request", "r1", "text", "Hello,\r\nanybody?")
	}
	page := vic.page("/")
	wantSaid(t, page, "mine Hello,\nanybody?")
	contains(t, page, "Our bot answers.")
	for range 2 {
		vic.sent("/say", "request", "r2", "text", "Hello?")
	}
	wantSaid(t, vic.page("/"), "mine Hello,\nanybody?", "mine Hello?")
	if code, page := vic.send("/say", "request", "r2", "text", "Another text"); code != http.StatusConflict || !strings.Contains(page, "Another text") {
		t.Errorf("the ID of a form that was sent, with another text: %d\n%s", code, page)
	}
	if got := vic.chats(); len(got) != 1 || got[0].State != conversation.StateBot {
		t.Errorf("the conversations: %v", got)
	}
}

// Several tabs, and clicks that come at the same time, begin one conversation.
func TestFirstMessagesAtOnce(t *testing.T) {
	vic := newShop(t).visitor("Vic")
	var tabs sync.WaitGroup
	for i := range 8 {
		tabs.Go(func() {
			code, _ := vic.send("/say", "request", fmt.Sprint("r", i/2), "text", fmt.Sprint("tab ", i/2))
			if code != http.StatusSeeOther {
				t.Errorf("tab %d: %d", i, code)
			}
		})
	}
	tabs.Wait()
	if got := vic.chats(); len(got) != 1 {
		t.Errorf("there are %d conversations", len(got))
	}
	if got := said(vic.page("/")); len(got) != 4 {
		t.Errorf("the chat: %q", got)
	}
}

func TestHostileVisitor(t *testing.T) {
	const name = `<img src=x onerror=alert(1)>"'`
	const text = `</textarea></p><script>alert("x")</script><a href="javascript:alert(1)">`
	vic := newShop(t).visitor(name)
	vic.sent("/say", "request", "r1", "text", text)
	id := vic.chats()[0].ID
	vic.must(vic.desk.Take(t.Context(), vic.shop.call(id)))
	vic.must(vic.desk.Say(t.Context(), vic.shop.call(id), text))
	page := vic.page("/")
	wantSaid(t, page, "mine "+text, "theirs "+text)
	contains(t, page, html.EscapeString("Zoe <b>Z</b>"))
	_, refused := vic.send("/say", "request", "r2", "text", text+strings.Repeat("x", conversation.MaxText))
	contains(t, refused, html.EscapeString(text), `role="alert"`)
	vic.closed(id)
	_, survey := vic.send("/conversations/"+id+"/survey", "number", "1", "comment", text)
	_, email := vic.send("/email", "email", text)
	for _, page := range []string{page, refused, survey, email} {
		lacks(t, page, "<img", "<script>alert", "<b>", "<a href=\"java", "onerror=alert(1)>")
	}
	contains(t, survey, html.EscapeString(text))
	contains(t, email, html.EscapeString(text))
}

// A visitor has nothing to do with the conversations of others, and does not learn
// which there are.
func TestOthersChats(t *testing.T) {
	s := newShop(t)
	vic, eve := s.visitor("Vic"), s.visitor("Eve")
	path, id := vic.taken()
	s.must(s.desk.Say(t.Context(), s.call(id), "It comes tomorrow."))
	eve.begun()
	before := s.get(id)
	for _, path := range []string{path, "/conversations/unknown", "/conversations/no%20id"} {
		code, page := eve.do(get(t, eve.server+eve.base+path))
		if code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, code)
		}
		lacks(t, page, "parcel", "tomorrow")
		for _, form := range []string{"/request-agent", "/close", "/survey", "/typing", "/read?up_to=99"} {
			if code, _ := eve.send(path+form, "number", "1", "rating", "5"); code != http.StatusNotFound {
				t.Errorf("POST %s%s: %d", path, form, code)
			}
		}
	}
	eve.base = vic.base // with Eve's cookie
	for _, path := range []string{"/", "/?chat=closed", path} {
		if code, page := eve.do(get(t, eve.server+eve.base+path)); code != http.StatusSeeOther || strings.Contains(page, "parcel") {
			t.Errorf("the page of another, %s: %d", path, code)
		}
	}
	eve.send("/say", "text", "I am Vic")
	eve.send("/forget")
	eve.send("/email", "email", "eve@example.com")
	if diff := cmp.Diff(before, s.get(id)); diff != "" {
		t.Errorf("it changed (-before +after):\n%s", diff)
	}
	if got, err := s.desk.Visitor(t.Context(), workspace, vic.id); err != nil || got.Email != "" {
		t.Errorf("the other's address: %q, %v", got.Email, err)
	}
}

// What is for agents only is on no page of a visitor.
func TestWhatIsForAgents(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.taken()
	s.must(s.desk.AddNote(t.Context(), s.call(id), "secret note"))
	s.must(s.desk.LinkArticle(t.Context(), s.call(id), "secret-article"))
	if err := skip(t.Context(), s.desk, s.clock, s.clock.Now().Add(10*time.Minute)); err != nil { // an idle prompt
		t.Fatal(err)
	}
	s.must(s.desk.Close(t.Context(), s.call(id), conversation.Close{
		Outcome: closure.Unresolved, Reason: closure.Reasons()[0],
		Form: closure.Form{Tickets: []string{"secret-ticket"}, Notes: "secret wrap-up"},
	}))
	code, refused := vic.send(path + "/request-agent")
	if code != http.StatusConflict {
		t.Errorf("asking for a person after the end: %d", code)
	}
	for _, page := range []string{vic.page("/"), vic.page(path), refused} {
		lacks(t, page, "secret", "esolved", "prompt", string(closure.Reasons()[0]))
		wantSaid(t, page, "mine Where is my parcel?", "notice The chat has ended")
	}
}
