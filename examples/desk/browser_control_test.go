package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// What the other tests look for in vain is found where it is planted.
func TestBrowserFindsTrouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, page, want string }{
		{"console", `<script src="/planted.js"></script>`, `console: "planted error"`},
		{"uncaught", `<script src="/planted.js?throw"></script>`, "uncaught: .*planted exception"},
		{"rejected", `<script src="/planted.js?reject"></script>`, "uncaught: .*planted rejection"},
		{"alert", `<script src="/planted.js?alert"></script>`, "a alert: planted alert"},
		{"inline script", `<script>document.title = "ran"</script>`, "security: .*Content Security Policy"},
		{"handler", `<img src="/icon.svg" onload="document.title = 'ran'">`, "security: .*Content Security Policy"},
		{"inline style", `<p style="color: red">red</p>`, "security: .*Content Security Policy"},
		{"missing", `<img src="/none.png">`, "network: .*404"},
		{"elsewhere", `<img src="http://elsewhere.example/x.png">`, "not of the site"},
		{"cut off", `<img src="/cut.png">`, "failed: net::ERR_EMPTY_RESPONSE .*/cut.png"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := openBrowserOf(t, plantedSite(t, c.page))
			p := b.Open("planted", "/")
			b.Expected(c.want)
			p.Sees("h1", "planted")
			p.until("a page on which nothing ran", `document.title !== "ran"`)
			b.Troubles() // others that come with it
		})
	}
}

// plantedSite serves a page with something in it, and all that makes pages safe.
func plantedSite(t *testing.T, body string) (site string) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = strings.NewReader("<!doctype html><link rel=icon href=/icon.svg><h1>planted</h1>" + body).WriteTo(w)
	})
	mux.Handle("GET /icon.svg", http.FileServerFS(os.DirFS("static")))
	mux.HandleFunc("GET /cut.png", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("GET /planted.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = strings.NewReader(map[string]string{
			"":       `console.error("planted error")`,
			"throw":  `throw new Error("planted exception")`,
			"reject": `Promise.reject(new Error("planted rejection"))`,
			"alert":  `alert("planted alert")`,
		}[r.URL.RawQuery]).WriteTo(w)
	})
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = safely(mux, hostsOf(server.Listener.Addr(), nil))
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}
