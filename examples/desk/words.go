package main

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// words returns a code as people read it: "visitor left".
func words(code any) string { return strings.ReplaceAll(fmt.Sprint(code), "_", " ") }

// newToken returns the ID of a form: sent twice, it has its effect once.
func newToken() string { return rand.Text() }

// At returns an instant as a clock shows it, with the day if it is another one.
func (p page) At(t time.Time) string {
	t, now := t.Local(), p.Now.Local()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("Mon 2 Jan 15:04")
}

// Ago returns how long ago something was, or in how long it will be.
func (p page) Ago(t time.Time) string {
	if d := t.Sub(p.Now); d > 0 {
		return "in " + brief(d)
	}
	return brief(p.Now.Sub(t)) + " ago"
}

// For returns how long something has lasted.
func (p page) For(since time.Time) string { return brief(p.Now.Sub(since)) }

// brief returns a duration in its largest unit: "3 h".
func brief(d time.Duration) string {
	switch d = max(0, d); {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%d d", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

// span returns a duration in the largest units: "3 h 20 min".
func span(d time.Duration) string {
	d = d.Round(time.Second)
	days, hours, minutes, seconds := d/(24*time.Hour), d/time.Hour%24, d/time.Minute%60, d/time.Second%60
	two := func(a time.Duration, unit string, b time.Duration, smaller string) string {
		if b == 0 {
			return fmt.Sprintf("%d %s", a, unit)
		}
		return fmt.Sprintf("%d %s %d %s", a, unit, b, smaller)
	}
	switch {
	case days > 0:
		return two(days, "d", hours, "h")
	case hours > 0:
		return two(hours, "h", minutes, "min")
	case minutes >= 10:
		return fmt.Sprintf("%d min", minutes)
	case minutes > 0:
		return two(minutes, "min", seconds, "s")
	}
	return fmt.Sprintf("%d s", max(0, seconds))
}

// refusal tells an agent why something was not done, and what to do instead.
func (a *app) refusal(e *conversation.RefusedError) string {
	switch e.Why {
	case conversation.ErrAlreadyClosed:
		return fmt.Sprintf("%s has closed it already, as %s.", a.people.Name(e.Closing.By), e.Closing.Outcome)
	case conversation.ErrHeld:
		if e.Holder == "" {
			return "Take it first."
		}
		return a.people.Name(conversation.Agent(e.Holder)) + " has it."
	case conversation.ErrStale:
		return "Something happened since you looked: the visitor has just written, or it changed hands. Look again before you go on."
	case conversation.ErrFormIncomplete:
		var missing []string
		for _, field := range e.Missing {
			missing = append(missing, words(field))
		}
		return "Please fill in: " + strings.Join(missing, ", ") + "."
	case conversation.ErrDiscourteous:
		return advice(e.Advice)
	}
	return sentence(e.Why.Error())
}

// advice says what to do before a closing that would be too hasty.
func advice(a *closure.Advice) string {
	const why = "The customer should have the last word. "
	switch a.Next {
	case closure.StepTake:
		return why + "Take the conversation first: who does not have it cannot answer."
	case closure.StepAnswer:
		return why + "They wrote last: please answer first."
	case closure.StepCheckIn:
		return why + "Please ask whether anything is left: “" + a.Phrase + "”"
	case closure.StepWait:
		return why + "You have asked; give them " + span(a.Wait) + " more to answer."
	case closure.StepFarewell:
		return why + "Please say goodbye: “" + a.Phrase + "”"
	}
	return why
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }
