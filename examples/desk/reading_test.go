package main

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

// A user is somebody with pages of their own in a browser that runs no scripts.
type user struct {
	t      testing.TB
	client *http.Client
	server string
	base   string
}

// agentUser signs an agent in and opens their page.
func agentUser(t testing.TB, a *app, id string) *user {
	t.Helper()
	client, server := newBrowser(t, a)
	u := &user{t, client, server, "/agents/" + id}
	if code, _ := status(t, client, post(t, server+"/sign-in", url.Values{"agent": {id}})); code != http.StatusSeeOther {
		t.Fatalf("signing in %s: %d", id, code)
	}
	if code, _ := status(t, client, post(t, server+u.base+"/here", url.Values{"page": {"1"}})); code != http.StatusNoContent {
		t.Fatalf("opening the page of %s: %d", id, code)
	}
	return u
}

// Sees returns the page of a conversation.
func (u *user) Sees(id string) *document {
	u.t.Helper()
	code, page := u.get(u.base + "/conversations/" + id)
	if code != http.StatusOK {
		u.t.Fatalf("%s: %d: %.200s", page.path, code, page.body)
	}
	return page
}

func (u *user) get(path string) (int, *document) {
	u.t.Helper()
	return u.do(get(u.t, u.server+path))
}

func (u *user) do(r *http.Request) (int, *document) {
	u.t.Helper()
	response, err := u.client.Do(r)
	if err != nil {
		u.t.Fatal(err)
	}
	defer response.Body.Close()
	if to := response.Header.Get("Location"); to != "" {
		return u.get(to)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	return response.StatusCode, readDocument(u.t, r.URL.Path, string(body))
}

// Sends sends a form of a page, with some fields as given, and returns what comes.
func (u *user) Sends(page *document, form string, changes url.Values) (int, *document) {
	u.t.Helper()
	f, ok := page.forms[form]
	if !ok {
		u.t.Fatalf("%s has no form %q, only %q", page.path, form, page.Forms())
	}
	values := url.Values{}
	for name, value := range f.values {
		values[name] = value
	}
	for name, value := range changes {
		values[name] = value
	}
	return u.do(post(u.t, u.server+f.action, values))
}

// Does sends a form that must be accepted.
func (u *user) Does(id, form string, changes url.Values) *document {
	u.t.Helper()
	code, page := u.Sends(u.Sees(id), form, changes)
	if code != http.StatusOK {
		u.t.Fatalf("%s: %d: %s", form, code, page.Alerts())
	}
	return page
}

// A document is a page as a test reads it.
type document struct {
	path   string
	body   string
	forms  map[string]*filledForm
	texts  map[string]string // by ID
	alerts []string
	open   []string // dialogs
	tags   map[string]int
}

// A filledForm is a form as it would be sent.
type filledForm struct {
	action string
	values url.Values
}

// Forms returns the IDs of the forms.
func (d *document) Forms() []string {
	var all []string
	for id := range d.forms {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// Text returns the text of an element by its ID.
func (d *document) Text(id string) string { return strings.Join(strings.Fields(d.texts[id]), " ") }

// Alerts returns what is said to be wrong.
func (d *document) Alerts() string {
	return strings.Join(strings.Fields(strings.Join(d.alerts, " | ")), " ")
}

// Value returns what a field of a form holds.
func (d *document) Value(form, field string) string {
	if f := d.forms[form]; f != nil {
		return f.values.Get(field)
	}
	return "(no form)"
}

func (d *document) wants(t testing.TB, what, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: %s is %q, want %q in it", d.path, what, got, want)
	}
}

// readDocument reads a page, which must be well-formed.
func readDocument(t testing.TB, path, body string) *document {
	t.Helper()
	r := reader{page: &document{path: path, body: body, forms: map[string]*filledForm{}, texts: map[string]string{}, tags: map[string]int{}}}
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if err == io.EOF {
			return r.page
		}
		if err != nil {
			t.Fatalf("%s is not well-formed: %v\n%s", path, err, body)
		}
		switch token := token.(type) {
		case xml.StartElement:
			r.begin(token.Copy())
		case xml.CharData:
			for _, e := range r.within {
				e.text.Write(token)
			}
		case xml.EndElement:
			r.end()
		}
	}
}

// A reader is within some elements of a page.
type reader struct {
	page   *document
	within []*markup
}

type markup struct {
	xml.StartElement
	text strings.Builder
}

func (e *markup) attr(name string) (value string, ok bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// form returns the form that the reader is in, or one that nobody sends.
func (r *reader) form() url.Values {
	for _, e := range slices.Backward(r.within) {
		if e.Name.Local == "form" {
			id, _ := e.attr("id")
			return r.page.forms[id].values
		}
	}
	return url.Values{}
}

func (r *reader) begin(start xml.StartElement) {
	e := &markup{StartElement: start}
	r.within = append(r.within, e)
	r.page.tags[e.Name.Local]++
	id, _ := e.attr("id")
	name, _ := e.attr("name")
	value, given := e.attr("value")
	switch e.Name.Local {
	case "form":
		action, _ := e.attr("action")
		r.page.forms[id] = &filledForm{action, url.Values{}}
	case "dialog":
		if _, open := e.attr("open"); open {
			r.page.open = append(r.page.open, id)
		}
	case "input":
		kind, _ := e.attr("type")
		if _, checked := e.attr("checked"); (kind == "radio" || kind == "checkbox") && !checked {
			return
		}
		if !given && kind == "checkbox" {
			value = "on"
		}
		r.form().Add(name, value)
	case "option":
		if _, selected := e.attr("selected"); selected {
			name, _ := r.within[len(r.within)-2].attr("name")
			r.form().Add(name, value)
		}
	}
}

func (r *reader) end() {
	e := r.within[len(r.within)-1]
	if id, ok := e.attr("id"); ok {
		r.page.texts[id] = e.text.String()
	}
	if role, _ := e.attr("role"); role == "alert" {
		r.page.alerts = append(r.page.alerts, e.text.String())
	}
	if name, _ := e.attr("name"); e.Name.Local == "textarea" {
		r.form().Add(name, e.text.String())
	}
	r.within = r.within[:len(r.within)-1]
}

// opens has a visitor open a conversation for a person, as they are called.
func opens(t testing.TB, a *app, id, name, text string) {
	t.Helper()
	vic := person{conversation.KindVisitor, "v-" + id, name}
	if err := a.people.Add(t.Context(), a.db, vic); err != nil {
		t.Fatal(err)
	}
	call := callFor(id, vic.Actor())
	if _, err := a.desk.Open(t.Context(), call, conversation.Open{Group: "orders", ForAgent: true}); err != nil {
		t.Fatal(err)
	}
	visitorSays(t, a, id, text)
}

func visitorSays(t testing.TB, a *app, id, text string) {
	t.Helper()
	if _, err := a.desk.Say(t.Context(), callFor(id, conversation.Visitor("v-"+id)), text); err != nil {
		t.Fatal(err)
	}
}
