package main

import (
	"fmt"
	"testing"
)

// On a phone the messages have half of the screen, and the newest is seen.
func TestBrowserRoomForMessages(t *testing.T) {
	t.Parallel()
	b := openBrowserOf(t, serveDesk(t, empty))
	ann, visitor := b.SignIn("Ann Archer"), b.Visit("Mika Salo")
	ann.Resize(phoneWidth, phoneHeight)
	visitor.Say("A person, please")
	ann.Click(in("Waiting"), "Mika Salo")
	ann.Click("#actions", "Take")
	const newest = `((r) => r.top >= 0 && r.bottom <= document.querySelector("#composer").getBoundingClientRect().top)([...document.querySelectorAll("#lines .line")].at(-1).getBoundingClientRect())`
	for i := range 12 {
		ann.Say(fmt.Sprintf("%d: I am looking for it, please wait.", i))
	}
	ann.Sees("#lines", "11: I am looking")
	ann.until("what was just sent", newest)
	visitor.Say("I am waiting")
	ann.Sees("#lines", "I am waiting")
	ann.until("what was just written", newest)
	ann.until("the messages on half of the screen", `document.querySelector("#lines").clientHeight >= innerHeight / 2`)
	ann.until("a page that does not scroll", `document.scrollingElement.scrollHeight <= innerHeight`)

	// Beside an open conversation the lists fit a small screen, too.
	ann.Resize(1024, 768)
	ann.until("all of the lists", `((b) => b.scrollWidth <= b.clientWidth)(document.querySelector(".board"))`)
}

// A long name makes nothing wide, nor high.
func TestBrowserLongName(t *testing.T) {
	t.Parallel()
	b := openBrowserOf(t, serveDesk(t, empty))
	sue := b.SignIn("Sue Lindqvist")
	sue.Go("/agents/sue/team")
	sue.Click("main", "Add an agent…")
	name := longWord + " " + longWord[:18]
	sue.Fill("#add-dialog", "Name", name)
	sue.Click("#add-dialog", "Add")
	sue.Sees("#agents-title + ul", name)
	sue.until("lines of more than a few letters", `[...document.querySelectorAll(".agents-list p")].every((p) => p.clientHeight < 150)`)
	sue.Resize(phoneWidth, phoneHeight)
	for _, path := range []string{"team", "history"} {
		sue.Go("/agents/sue/" + path)
		sue.Sees("main", name)
		fits(sue)
	}
}
