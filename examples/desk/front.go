package main

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/roster"
)

// frontPage lets people choose who they are. An application has its own way to
// find out: a password, or the sign-in of the company.
func (a *app) frontPage(w http.ResponseWriter, r *http.Request) {
	agents := a.people.Of(conversation.KindAgent, conversation.KindSupervisor)
	slices.SortFunc(agents, func(a, b person) int { return cmp.Compare(a.Name, b.Name) })
	a.render(w, r, http.StatusOK, "front.html", struct {
		page
		Agents    []person
		SignedOut string // why somebody sees this page again; empty: they are new
	}{a.newPage(r, "adjourn: the live desk"), agents, signedOut[r.URL.Query().Get("signed-out")]})
}

// signIn begins the session of an agent. What they were by hand, as after logging
// out, is over: their open pages say again whether they are there.
func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	who, ok := a.people.Find(r.PostFormValue("agent"))
	if !ok || who.Kind != conversation.KindAgent && who.Kind != conversation.KindSupervisor {
		a.fail(w, r, errNoPage)
		return
	}
	if _, err := a.desk.SetAvailability(r.Context(), workspace, who.ID, roster.Manual, roster.Unset); err != nil {
		a.fail(w, r, err)
		return
	}
	a.begin(w, r, who)
}

// visit begins the session of a new visitor, who is called what they say.
func (a *app) visit(w http.ResponseWriter, r *http.Request) {
	name, err := checkName(r.PostFormValue("name"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	who := person{Kind: conversation.KindVisitor, ID: "v-" + strings.ToLower(rand.Text()[:16]), Name: cmp.Or(name, "Visitor")}
	if err := a.people.Add(r.Context(), a.db, who); err != nil {
		a.fail(w, r, err)
		return
	}
	a.begin(w, r, who)
}

// checkName returns a name as it is kept, empty for none. What shows nothing, or
// turns the text around it the other way, is taken out.
func checkName(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", wrong("name", "must be valid UTF-8")
	}
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	return name, conversation.CheckText("name", name, 100)
}
