package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

//go:embed static
var static embed.FS

//go:embed templates
var templates embed.FS

// pages are the templates by the names of their files, each with the parts that
// they share.
var pages = func() map[string]*template.Template {
	parts := template.Must(template.New("").Funcs(template.FuncMap{
		"words": words,
		"calm":  calm,
		"short": shorten,
		"token": newToken,
	}).ParseFS(templates, "templates/parts/*.html"))
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		panic(err) // a bad pattern
	}
	all := map[string]*template.Template{}
	for _, file := range files {
		all[path.Base(file)] = template.Must(template.Must(parts.Clone()).ParseFS(templates, file))
	}
	return all
}()

// render writes a page. Nothing is written before the whole of it is there.
func (a *app) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := pages[name].ExecuteTemplate(&b, "layout", data); err != nil {
		a.log.Error("render", "page", name, "error", err)
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store") // it shows what visitors wrote
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}

// fail shows what went wrong, and logs it if that is nobody's fault but ours.
func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil { // nobody is there any more, or the server stops
		http.Error(w, "This was not finished. Please try again.", http.StatusServiceUnavailable)
		return
	}
	status, text := a.explain(err)
	if status == http.StatusInternalServerError {
		a.log.Error("request", "path", r.URL.Path, "error", err)
	}
	a.render(w, r, status, "error.html", struct {
		page
		Problem string
	}{a.newPage(r, "Sorry"), text})
}

// explain returns the status for an error, and what to tell people.
func (a *app) explain(err error) (status int, text string) {
	var refused *conversation.RefusedError
	var invalid *conversation.InvalidError
	switch {
	case err == nil:
		return http.StatusOK, ""
	case errors.Is(err, errBadForm):
		return http.StatusBadRequest, "What was sent cannot be read."
	case errors.Is(err, errTooLong):
		return http.StatusRequestEntityTooLarge, "That is too long."
	case errors.Is(err, lifecycle.ErrCommandIDReused): // sent, changed, and sent again
		return http.StatusConflict, "This was sent before. Look at what it did; if you still mean it, send it again."
	case errors.Is(err, conversation.ErrNotFound), errors.Is(err, lifecycle.ErrNoAgent), errors.Is(err, lifecycle.ErrNoGroup), errors.Is(err, errNoPage):
		return http.StatusNotFound, "There is no such thing here."
	case errors.As(err, &refused):
		return http.StatusConflict, a.refusal(refused)
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity, rule(invalid)
	case errors.Is(err, lifecycle.ErrBusy), errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "That took too long. Please try again."
	}
	return http.StatusInternalServerError, "Something went wrong. It was noted."
}

var errNoPage = errors.New("no such page")

// A page is what every page has.
type page struct {
	Title    string
	Path     string          // its own, with the query
	Me       person          // nobody on the front page
	Standing lifecycle.Agent // of an agent, when they asked for the page
	Now      time.Time
	Speed    int
	Due      bool // something is, some time: the clock can go there
}

// newPage returns the page of whoever asks.
func (a *app) newPage(r *http.Request, title string) page {
	standing, _ := r.Context().Value(standingKey{}).(lifecycle.Agent)
	p := page{Title: title, Path: r.URL.RequestURI(), Me: me(r), Now: a.clock.Now(), Speed: a.clock.Speed()}
	p.Standing = a.settled(standing)
	if standing.ID != "" {
		due, err := a.desk.NextDue(r.Context(), p.Now.Add(farAhead))
		p.Due = err != nil || !due.IsZero()
	}
	return p
}

// SpeedStep returns where the slider for the speed stands.
func (p page) SpeedStep() int { return max(0, slices.Index(speeds, p.Speed)) }

type (
	meKey       struct{}
	standingKey struct{}
)

// me returns whose session the request is of, or nobody.
func me(r *http.Request) person {
	who, _ := r.Context().Value(meKey{}).(person)
	return who
}

const sessionCookie = "session"

// signedIn lets those through whose session it is: the path names who they say
// they are, the cookie proves it. Who was removed from the team is not let through.
func (a *app) signedIn(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, standing, ok, err := a.admitted(r)
		switch {
		case err != nil:
			a.fail(w, r, err)
		case !ok:
			http.Redirect(w, r, "/"+a.whyOut(r), http.StatusSeeOther)
		default:
			ctx := context.WithValue(r.Context(), meKey{}, who)
			h(w, r.WithContext(context.WithValue(ctx, standingKey{}, standing)))
		}
	})
}

// signedOut are what the front page says to those who were signed out, by the
// query of its address.
var signedOut = map[string]string{
	"logged-out": "You were logged out.",
	"removed":    "You are no longer on the team.",
}

// whyOut returns the query of the front page for who had a session.
func (a *app) whyOut(r *http.Request) string {
	if _, err := r.Cookie(sessionCookie); err != nil {
		return ""
	}
	if one, _ := a.people.Find(r.PathValue("agent")); one.Kind == former {
		return "?signed-out=removed"
	}
	return "?signed-out=logged-out"
}

// admitted returns whose session a request is of, and how they stand.
func (a *app) admitted(r *http.Request) (who person, standing lifecycle.Agent, ok bool, err error) {
	if who, ok, err = a.session(r); ok && err == nil {
		standing, ok, err = a.standing(r.Context(), who)
	}
	return who, standing, ok, err
}

func (a *app) session(r *http.Request) (person, bool, error) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return person{}, false, nil
	}
	who, ok, err := a.people.Session(r.Context(), cookie.Value)
	return who, ok && strings.HasPrefix(r.URL.Path, who.Base()+"/"), err
}

// begin signs somebody in and shows their first page.
func (a *app) begin(w http.ResponseWriter, r *http.Request, who person) {
	token, err := a.people.SignIn(r.Context(), who.ID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: token, Path: who.Base() + "/", MaxAge: int(sessionLasts.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil, // always, where a proxy speaks TLS for you
	})
	http.Redirect(w, r, who.Base()+"/", http.StatusSeeOther)
}

// supervisors lets only those through.
func (a *app) supervisors(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !me(r).Supervisor() {
			a.fail(w, r, errNoPage)
			return
		}
		h(w, r)
	}
}

// safely sets what every response has, and refuses what other sites' pages send
// on behalf of who is signed in here.
func safely(h http.Handler, hosts hosts) http.Handler {
	h = http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts.Expected(r.Host) {
			http.Error(w, "unknown host (-host makes it known)", http.StatusMisdirectedRequest)
			return
		}
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		h.ServeHTTP(w, r)
	})
}

// method puts a prefix before the path of a route: "GET /events".
func method(route, prefix string) string {
	name, path, _ := strings.Cut(route, " ")
	return name + " " + prefix + path
}
