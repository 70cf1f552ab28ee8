package main

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// speeds are what the slider for the speed of the clock offers.
var speeds = []int{1, 10, 60, 600, 3600}

// farAhead is further than anything is due.
const farAhead = 400 * 24 * time.Hour

// setSpeed makes the clock go faster, or as usual.
func (a *app) setSpeed(w http.ResponseWriter, r *http.Request) {
	i, err := strconv.Atoi(r.PostFormValue("speed"))
	if err != nil || i < 0 || i >= len(speeds) {
		a.fail(w, r, errNoPage)
		return
	}
	if err := a.kept.Keep(r.Context(), a.clock.Now(), speeds[i]); err != nil {
		a.fail(w, r, err)
		return
	}
	a.clock.SetSpeed(speeds[i])
	a.live.Changed()
	back(w, r)
}

// skipTime lets an hour pass, a day, or what it takes until something is due.
func (a *app) skipTime(w http.ResponseWriter, r *http.Request) {
	until := a.clock.Now()
	switch r.PostFormValue("by") {
	case "hour":
		until = until.Add(time.Hour)
	case "day":
		until = until.Add(24 * time.Hour)
	case "due":
		due, err := a.desk.NextDue(r.Context(), until.Add(farAhead))
		if err != nil {
			a.fail(w, r, err)
			return
		}
		if due.After(until) {
			until = due
		}
	}
	err := a.kept.Keep(r.Context(), until, a.clock.Speed())
	if err == nil {
		err = skip(r.Context(), a.desk, a.clock, until)
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.live.Changed()
	back(w, r)
}

// back shows the page anew on which something was clicked.
func back(w http.ResponseWriter, r *http.Request) {
	to := r.PostFormValue("back")
	if base := me(r).Base() + "/"; !strings.HasPrefix(to, base) {
		to = base
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
