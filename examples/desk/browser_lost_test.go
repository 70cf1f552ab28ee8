package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// The answer to a message gets lost on the way, after the server did what it says.
// The page is made anew meanwhile, and the message is sent again: it counts once.
func TestBrowserLostAnswer(t *testing.T) {
	t.Parallel()
	site, lose := losing(t, serveDesk(t, empty))
	b := openBrowserOf(t, site)
	ann, visitor := b.SignIn("Ann Archer"), b.Visit("Mika Salo")
	visitor.Say("A person, please")
	ann.Click(in("Waiting"), "Mika Salo")
	ann.Click("#actions", "Take")
	ann.Sees("#state", "assigned")

	lose.Store(true)
	ann.Fill("#composer", "Your message", "only once"+kb.Enter)
	ann.Sees("#toast", "it counts once")
	b.Expected(`net::ERR_`)
	visitor.Sees("#talk", "only once")
	visitor.Say("I read it") // and Ann's page is made anew
	ann.Sees("#lines", "I read it")
	ann.Has("Your message", "only once")
	ann.Type(kb.Enter)
	ann.Has("Your message", "")
	ann.Say("and this")
	visitor.Sees("#talk", "and this")
	said, err := ask[string](visitor, `document.querySelector("#talk").innerText`)
	check(t, err)
	if n := strings.Count(said, "only once"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
}

// losing returns the address of a proxy that loses the answer to the next message
// when it is told to.
func losing(t *testing.T, site string) (address string, lose *atomic.Bool) {
	t.Helper()
	to, err := url.Parse(site)
	check(t, err)
	lose = &atomic.Bool{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/say") || !lose.CompareAndSwap(true, false) {
			proxy.ServeHTTP(w, r)
			return
		}
		again := r.Clone(r.Context())
		again.RequestURI, again.URL.Scheme, again.URL.Host = "", to.Scheme, to.Host
		response, err := http.DefaultTransport.RoundTrip(again)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush() // before an answer has begun, the browser itself would ask again
		panic(http.ErrAbortHandler)               // closes the connection
	}))
	t.Cleanup(server.CloseClientConnections)
	t.Cleanup(func() { go server.Close() }) // event streams end when the desk does
	return server.URL, lose
}
