package main

import (
	"io/fs"
	"net"
	"net/http"
)

// handler returns all pages. Every click of an agent or a visitor is one of these
// routes; those that change something give the Desk one command.
func (a *app) handler(addr net.Addr, names ...string) http.Handler {
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
	agent("POST /conversations/{id}/hand-back", a.command(a.handBack))
	agent("POST /conversations/{id}/transfer", a.command(a.transfer))
	agent("POST /conversations/{id}/requeue", a.command(a.requeue))
	agent("POST /conversations/{id}/assign", a.command(a.assign))
	agent("POST /conversations/{id}/snooze", a.command(a.snooze))
	agent("POST /conversations/{id}/wake", a.command(a.wake))
	agent("POST /conversations/{id}/close", a.command(a.closeConversation))
	agent("POST /conversations/{id}/reclassify", a.command(a.reclassify))
	agent("POST /conversations/{id}/reopen", a.command(a.reopen))
	agent("POST /conversations/{id}/offer-survey", a.command(a.offerSurvey))
	agent("POST /conversations/{id}/add-note", a.command(a.addNote))
	agent("POST /conversations/{id}/link-article", a.command(a.linkArticle))
	agent("POST /conversations/{id}/block", a.command(a.block))
	agent("POST /conversations/{id}/unblock", a.command(a.unblock))

	// The team: availability, log-out, supervision, history, policies.
	agent("POST /availability", a.setAvailability)
	agent("GET /logout", a.logOutPage)
	agent("POST /logout", a.logOut)
	agent("POST /logout/{id}/hand-back", a.exit(a.handBack))
	agent("POST /logout/{id}/requeue", a.exit(a.requeue))
	agent("POST /logout/{id}/transfer", a.exit(a.transfer))
	agent("POST /logout/{id}/snooze", a.exit(a.snooze))
	agent("GET /history", a.historyPage)
	agent("GET /team", a.supervisors(a.teamPage))
	agent("POST /team", a.aboutAgent("add", a.addAgent))
	agent("GET /team/{who}", a.supervisors(a.holdsPage))
	agent("POST /team/{who}/change", a.aboutAgent("change", a.changeAgent))
	agent("POST /team/{who}/logout", a.aboutAgent("logout", a.forceLogOut))
	agent("POST /team/{who}/remove", a.aboutAgent("remove", a.removeAgent))
	agent("POST /team/setbacks/{id}/release", a.supervisors(a.release))
	agent("GET /settings", a.supervisors(a.settingsPage))
	agent("POST /settings", a.supervisors(a.saveSettings))
	agent("POST /settings/drop", a.supervisors(a.dropSettings))

	// Reports.
	agent("GET /report", a.reportPage)
	agent("GET /report/{plot}", a.reportPlot)
	agent("GET /unconfirmed", a.unconfirmedPage)

	// Visitors.
	visitor := func(route string, h http.HandlerFunc) {
		mux.Handle(method(route, "/visitors/{visitor}"), a.signedIn(h))
	}
	visitor("GET /{$}", a.sitePage)
	visitor("GET /conversations/{id}", a.earlierPage)
	visitor("POST /say", a.chatForm(a.sayAsVisitor))
	visitor("POST /email", a.chatForm(a.setEmail))
	visitor("POST /forget", a.chatForm(a.forgetMe))
	visitor("POST /conversations/{id}/request-agent", a.chatForm(a.askForPerson))
	visitor("POST /conversations/{id}/close", a.chatForm(a.endChat))
	visitor("POST /conversations/{id}/survey", a.chatForm(a.answerSurvey))
	visitor("POST /conversations/{id}/typing", a.typing)
	visitor("POST /conversations/{id}/read", a.read)
	visitor("GET /events", a.events)
	visitor("POST /here", a.here)
	visitor("POST /gone", a.gone)
	return safely(mux, hostsOf(addr, names))
}
