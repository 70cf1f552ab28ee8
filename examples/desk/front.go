package main

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/adjourn/adjourn/conversation"
)

// frontPage lets people choose who they are. An application has its own way to
// find out: a password, or the sign-in of the company.
func (a *app) frontPage(w http.ResponseWriter, r *http.Request) {
	agents := a.people.Of(conversation.KindAgent, conversation.KindSupervisor)
	slices.SortFunc(agents, func(a, b person) int { return cmp.Compare(a.Name, b.Name) })
	a.render(w, r, http.StatusOK, "front.html", struct {
		page
		Agents []person
	}{a.newPage(r, "adjourn: the live desk"), agents})
}

// signIn begins the session of an agent.
func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	who, ok := a.people.Find(r.PostFormValue("agent"))
	if !ok || who.Kind == conversation.KindVisitor {
		a.fail(w, r, errNoPage)
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
	who := person{Kind: conversation.KindVisitor, ID: "v-" + strings.ToLower(rand.Text()[:16]), Name: name}
	if err := a.people.Add(r.Context(), a.db, who); err != nil {
		a.fail(w, r, err)
		return
	}
	a.begin(w, r, who)
}

// checkName returns a name as it is kept.
func checkName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		return "Visitor", nil
	}
	return name, conversation.CheckText("name", name, 100)
}
