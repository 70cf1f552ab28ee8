package main

import (
	"io/fs"
	"net"
	"net/http"
)

// handler returns all pages. Every click of an agent or a visitor is one of these
// routes; those that change something give the Desk one command.
func (a *app) handler(addr net.Addr) http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // they are embedded
	}
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(files)))

	mux.HandleFunc("GET /{$}", a.frontPage)
	mux.HandleFunc("POST /sign-in", a.signIn)
	mux.HandleFunc("POST /visit", a.visit)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, errNoPage) })

	// Agents: their desk, and the time.
	agent := func(route string, h http.HandlerFunc) { mux.Handle(method(route, "/agents/{agent}"), a.signedIn(h)) }
	agent("GET /{$}", a.deskPage)
	agent("GET /events", a.events)
	agent("POST /here", a.here)
	agent("POST /gone", a.gone)
	agent("POST /speed", a.setSpeed)
	agent("POST /skip", a.skipTime)

	// What an agent does with a conversation.
	agent("GET /conversations/{id}", a.conversationPage)
	agent("POST /conversations/{id}/take", a.command(a.take))
	agent("POST /conversations/{id}/say", a.command(a.say))

	// The team: availability, log-out, supervision, history, policies.

	// Reports.

	// Visitors.
	visitor := func(route string, h http.HandlerFunc) {
		mux.Handle(method(route, "/visitors/{visitor}"), a.signedIn(h))
	}
	visitor("GET /events", a.events)
	visitor("POST /here", a.here)
	visitor("POST /gone", a.gone)
	return safely(mux, addr)
}
