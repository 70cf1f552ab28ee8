package main

import (
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

var loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8088}

// A browser is a client with cookies that stays where it is sent.
func newBrowser(t testing.TB, a *app) (client *http.Client, server string) {
	t.Helper()
	s := httptest.NewServer(a.handler(loopback))
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s.URL
}

func status(t testing.TB, client *http.Client, r *http.Request) (code int, header http.Header) {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode, response.Header
}

func post(t testing.TB, address string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func get(t testing.TB, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Who somebody is follows from their cookie alone, and one is several people by
// having several.
func TestSessions(t *testing.T) {
	a := openApp(t, newFile(t))
	client, server := newBrowser(t, a)
	reaches := func(path string, want int) {
		t.Helper()
		if got, _ := status(t, client, get(t, server+path)); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	reaches("/agents/ann/", http.StatusSeeOther)
	code, header := status(t, client, post(t, server+"/sign-in", url.Values{"agent": {"ann"}}))
	if code != http.StatusSeeOther || header.Get("Location") != "/agents/ann/" {
		t.Fatalf("signing in: %d, to %q", code, header.Get("Location"))
	}
	cookie := header.Get("Set-Cookie")
	for _, want := range []string{"Path=/agents/ann/", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s", want)
		}
	}
	reaches("/agents/ann/", http.StatusOK)
	reaches("/agents/ben/", http.StatusSeeOther)
	if code, _ := status(t, client, post(t, server+"/sign-in", url.Values{"agent": {"ben"}})); code != http.StatusSeeOther {
		t.Fatalf("signing in as another: %d", code)
	}
	reaches("/agents/ben/", http.StatusOK)
	reaches("/agents/ann/", http.StatusOK)

	// The cookie of one, sent for the pages of another, proves nothing.
	token, _, _ := strings.Cut(strings.TrimPrefix(cookie, "session="), ";")
	for _, path := range []string{"/agents/ben/", "/agents/annabel/", "/visitors/ann/", "/agents/sue/"} {
		forged := get(t, server+path)
		forged.AddCookie(&http.Cookie{Name: "session", Value: token})
		if code, _ := status(t, &http.Client{CheckRedirect: client.CheckRedirect}, forged); code == http.StatusOK {
			t.Errorf("with the cookie of ann, %s: %d", path, code)
		}
	}
	if code, _ := status(t, client, post(t, server+"/sign-in", url.Values{"agent": {"nobody"}})); code != http.StatusNotFound {
		t.Errorf("signing in as nobody: %d", code)
	}
}

func TestVisitorsDoNotSignInAsAgents(t *testing.T) {
	a := openApp(t, newFile(t))
	client, server := newBrowser(t, a)
	code, header := status(t, client, post(t, server+"/visit", url.Values{"name": {"  Vic \n \u202eQuinn "}}))
	if code != http.StatusSeeOther || !strings.HasPrefix(header.Get("Location"), "/visitors/v-") {
		t.Fatalf("a visit: %d, to %q", code, header.Get("Location"))
	}
	id := strings.Trim(strings.TrimPrefix(header.Get("Location"), "/visitors/"), "/")
	if got := a.people.Name(conversation.Visitor(id)); got != "Vic Quinn" {
		t.Errorf("the visitor is called %q", got)
	}
	if code, _ := status(t, client, post(t, server+"/sign-in", url.Values{"agent": {id}})); code != http.StatusNotFound {
		t.Errorf("a visitor signs in as an agent: %d", code)
	}
	for _, name := range []string{strings.Repeat("x", 101), "a\x00b", "a\xffb"} {
		if code, _ := status(t, client, post(t, server+"/visit", url.Values{"name": {name}})); code != http.StatusUnprocessableEntity {
			t.Errorf("the name %q: %d", name, code)
		}
	}
}

// What the page of another site sends is refused, whoever is signed in.
func TestOtherSites(t *testing.T) {
	a := openApp(t, newFile(t))
	client, server := newBrowser(t, a)
	status(t, client, post(t, server+"/sign-in", url.Values{"agent": {"ann"}}))
	for name, test := range map[string]struct {
		header, value string
		want          int
	}{
		"another site":      {"Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		"the same host":     {"Sec-Fetch-Site", "same-site", http.StatusForbidden},
		"another origin":    {"Origin", "https://evil.example", http.StatusForbidden},
		"our own page":      {"Sec-Fetch-Site", "same-origin", http.StatusSeeOther},
		"no browser at all": {"User-Agent", "curl", http.StatusSeeOther},
	} {
		r := post(t, server+"/agents/ann/speed", url.Values{"speed": {"0"}})
		r.Header.Set(test.header, test.value)
		if got, _ := status(t, client, r); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

func TestHeaders(t *testing.T) {
	a := openApp(t, newFile(t))
	client, server := newBrowser(t, a)
	for _, path := range []string{"/", "/static/live.js", "/nothing"} {
		_, header := status(t, client, get(t, server+path))
		if got := header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'self'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: the policy is %q", path, got)
		}
		if got := header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: nosniff is missing", path)
		}
	}
	if code, _ := status(t, client, get(t, server+"/nothing")); code != http.StatusNotFound {
		t.Errorf("a page that there is not: %d", code)
	}
}
