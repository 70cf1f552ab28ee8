package main

import (
	"testing"
)

const (
	phoneWidth, phoneHeight = 390, 844
	longWord                = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
)

// On a phone nothing is wider than the screen, and a conversation can be had.
func TestBrowserPhone(t *testing.T) {
	t.Parallel()
	b := openBrowserOf(t, serveDesk(t, empty))
	ann, visitor := b.SignIn("Ann Archer"), b.Visit(longWord)
	for _, p := range []*tab{ann, visitor} {
		p.Resize(phoneWidth, phoneHeight)
	}
	visitor.Say("A person, please: " + longWord)
	ann.Click(in("Waiting"), longWord)
	ann.Click("#actions", "Take")
	ann.Say("Hello " + longWord)
	visitor.Sees("#talk", "Hello "+longWord)
	fits(visitor)
	visitor.Click("#chat", "E-mail, earlier chats, your data")
	fits(visitor)
	visitor.Click("#chat", "Fold the chat")
	visitor.Sees("#chat-button", "Chat")
	fits(visitor)
	fits(ann)
	for _, dialog := range []string{"Transfer…", "Snooze…", "Close…", "Note…", "Article…"} {
		ann.Click("#actions", dialog)
		ann.until("the dialog", `room() !== document`)
		fits(ann)
		ann.until("a dialog on the screen", `((r) => r.left >= 0 && r.right <= innerWidth && r.top >= 0 && r.bottom <= innerHeight)(room().getBoundingClientRect())`)
		ann.Click("dialog", "Cancel")
		ann.until("no dialog", `room() === document`)
	}
	ann.Click(".open", "‹ Desk")
	ann.Sees(in("My conversations"), longWord)
	fits(ann)
}

// Every page fits the screen of a phone, and has a name for everything that can be
// clicked or filled in. To make up two weeks is much under the race detector, so it
// is not done while others run.
func TestBrowserPagesFit(t *testing.T) {
	b := openBrowserOf(t, serveDesk(t))
	sue := b.SignIn("Sue Lindqvist")
	sue.Resize(phoneWidth, phoneHeight)
	for _, path := range []string{"", "history", "report", "unconfirmed", "team", "settings"} {
		sue.Go("/agents/sue/" + path)
		sue.Sees("main", "")
		fits(sue)
	}
	front := b.Open("front", "/")
	front.Resize(phoneWidth, phoneHeight)
	fits(front)
	front.Go("/nothing")
	front.Sees("#problem", "There is no such thing here.")
	b.Expected("404")
	fits(front)
}

// fits fails the test unless the page is as wide as the screen, and everything in
// it has a name.
func fits(p *tab) {
	p.t.Helper()
	p.until("the whole page", `document.readyState === "complete"`)
	type look struct {
		Page, Screen int
		Wide         []string
		Nameless     []string
	}
	seen, err := ask[look](p, `({
		page: document.documentElement.scrollWidth, screen: innerWidth,
		wide: [...document.querySelectorAll("body *")].filter((e) => seen(e) && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 120)),
		nameless: all("", controls).filter((e) => !says(e)).map((e) => e.outerHTML.slice(0, 120)),
	})`)
	check(p.t, err)
	where, err := ask[string](p, `location.pathname`)
	check(p.t, err)
	if seen.Page > seen.Screen {
		p.t.Errorf("%s: %s is %d wide on a screen of %d: %q", p.name, where, seen.Page, seen.Screen, seen.Wide)
	}
	if len(seen.Nameless) > 0 {
		p.t.Errorf("%s: %s has things without a name: %q", p.name, where, seen.Nameless)
	}
}
