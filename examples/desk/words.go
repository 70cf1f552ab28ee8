package main

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// words returns a code as people read it: "visitor left".
func words(code any) string {
	if outcome, ok := code.(closure.Outcome); ok {
		return strings.ToLower(outcomeSays(outcome))
	}
	return strings.ReplaceAll(fmt.Sprint(code), "_", " ")
}

// shorten returns a name that is not too long for a line.
func shorten(name string) string {
	const most = 24
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return name
}

var blankLines = regexp.MustCompile(`\n([ \t]*\n){2,}`)

// calm returns a text with one blank line where there are many.
func calm(text string) string { return blankLines.ReplaceAllString(text, "\n\n") }

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
		if e.Closing.By.Kind == conversation.KindTimer {
			return fmt.Sprintf("It was closed by itself already, as %s.", words(e.Closing.Outcome))
		}
		return fmt.Sprintf("%s has closed it already, as %s.", a.people.Name(e.Closing.By), words(e.Closing.Outcome))
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
	if e.Closing != nil {
		return "It is closed, " + a.by(e.Closing.By) + "."
	}
	return sentence(e.Why.Error())
}

// missed tells an agent what happened since they looked.
func (a *app) missed(journal []conversation.Record, since conversation.Version) string {
	const again = " Look again before you go on."
	for _, r := range journal {
		if r.Seq != since {
			continue
		}
		if _, said := r.Event.(conversation.Said); said && r.By.Kind == conversation.KindVisitor {
			return "The visitor has just written." + again
		}
		if note, ok := a.notes().Render(r); ok {
			return note.Text + "." + again
		}
	}
	return "Something happened since you looked." + again
}

// by says who did something: "by Ann".
func (a *app) by(who conversation.Actor) string {
	switch {
	case who.Kind == conversation.KindTimer:
		return "by itself"
	case who.Kind == conversation.KindBot, who.ID == "":
		return "by the " + strings.ToLower(a.people.Name(who))
	}
	return "by " + a.people.Name(who)
}

// rule says how a field is to be filled in.
func rule(e *conversation.InvalidError) string {
	text := e.Rule
	if strings.HasPrefix(text, "must be of [A-Za-z0-9._:@-]") {
		text = "may have letters, digits and . _ : @ -"
	}
	return sentence(words(e.Field) + ": " + text)
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
