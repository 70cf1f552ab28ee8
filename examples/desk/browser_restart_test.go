package main

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// The process of the desk is killed and started again on the same file: the pages
// that are open go on by themselves, with everything that was there.
func TestBrowserRestart(t *testing.T) {
	t.Parallel()
	addr, file := freePort(t), newFile(t)
	site, kill := startDesk(t, addr, file, empty)
	b := openBrowserOf(t, site)
	ann, visitor := b.SignIn("Ann Archer"), b.Visit("Mika Salo")
	visitor.Say("I want to talk to a person")
	ann.Click(in("Waiting"), "Mika Salo")
	ann.Click("#actions", "Take")
	ann.Say("What is it about?")
	visitor.Sees("#talk", "What is it about?")
	visitor.Fill("", "Your message", "Half a sentence")
	loaded := ann.Loaded()

	kill()
	ann.Sees("#toast", "The server cannot be reached")
	visitor.Sees("#toast", "The server cannot be reached")
	visitor.Type(kb.Enter)
	visitor.Sees("#toast", "Please try again")
	b.Expected(`net::ERR_`)
	startDesk(t, addr, file, empty)
	t.Cleanup(b.close) // before this desk is killed

	visitor.Has("Your message", "Half a sentence")
	visitor.Type(kb.Enter)
	ann.Sees("#lines", "Half a sentence")
	ann.Sees("#lines", "What is it about?")
	ann.Say("The other half, please")
	visitor.Sees("#talk", "The other half, please")
	b.Forgive(`net::ERR_`) // what was still asked for while it was away
	if ann.Loaded() != loaded {
		t.Error("the page was loaded anew")
	}
}
