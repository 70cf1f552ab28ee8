package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
)

// A name that leads here, of a site that is not ours, shows nothing.
func TestHosts(t *testing.T) {
	a := openApp(t, newFile(t))
	own, err := os.Hostname()
	check(t, err)
	const here, not = http.StatusOK, http.StatusMisdirectedRequest
	for name, test := range map[string]struct {
		addr  net.Addr
		hosts map[string]int
	}{
		"from this machine": {loopback, map[string]int{
			"localhost:8088": here, "LocalHost": here, "127.0.0.1": here, "127.0.0.1:8088": here, "[::1]:8088": here, "[::1]": here,
			"desk.example": here, "desk.example:443": here,
			"evil.example": not, "localhost.evil": not, "desk.example.evil": not, "192.0.2.1:8088": not, "[2001:db8::1]": not,
		}},
		"from everywhere": {&net.TCPAddr{IP: net.IPv4zero, Port: 8088}, map[string]int{
			"localhost:8088": here, "127.0.0.1": here, "192.0.2.1:8088": here, "192.0.2.1": here, "[2001:db8::1]:8088": here,
			own: here, own + ":8088": here, own + ".local": here, "DESK.example:8088": here,
			"evil.example": not, "localhost.evil:8088": not, "192.0.2.1.evil.example": not, own + ".evil.example": not,
		}},
		"from an address": {&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 8088}, map[string]int{
			"192.0.2.1:8088": here, own: here, "evil.example": not,
		}},
	} {
		pages := a.handler(test.addr, "desk.example")
		for host, want := range test.hosts {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.Host = host
			w := httptest.NewRecorder()
			if pages.ServeHTTP(w, r); w.Code != want {
				t.Errorf("%s, by the name %s: %d, want %d", name, host, w.Code, want)
			}
		}
	}
}
