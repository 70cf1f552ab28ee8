package main

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// On a slow line nothing that is typed gets lost, nothing counts twice, and what is
// answered late does not show the past.
func TestBrowserSlowLine(t *testing.T) {
	t.Parallel()
	b := openBrowserOf(t, serveDesk(t, empty))
	ann, visitor := b.SignIn("Ann Archer"), b.Visit("Mika Salo")
	visitor.Say("A person, please")
	ann.Click(in("Waiting"), "Mika Salo")
	ann.Sees("#state", "waiting")
	ann.Slow(400)
	visitor.Slow(400)

	ann.TabTo("#actions", "Take")
	ann.Type(kb.Enter + kb.Enter + kb.Enter)
	ann.Sees("#state", "assigned")
	visitor.Fill("#composer", "Your message", "one"+kb.Enter+"two"+kb.Enter)
	visitor.Sees(".mine", "one")
	visitor.Has("Your message", "two")
	visitor.Type(kb.Enter)
	ann.Sees("#lines", "two")
	ann.Sees("#lines", "Ann Archer took the conversation")
	lines, err := ask[[]string](ann, `[...document.querySelectorAll("#lines .text")].map((e) => tidy(e.innerText))`)
	check(t, err)
	for _, once := range []string{"one", "two", "Ann Archer took the conversation"} {
		n := 0
		for _, line := range lines {
			if line == once {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%q happened %d times in %q", once, n, lines)
		}
	}
}

// Slow makes every answer so many milliseconds late.
func (p *tab) Slow(milliseconds float64) {
	p.t.Helper()
	slow := &network.Conditions{Latency: milliseconds, DownloadThroughput: -1, UploadThroughput: -1}
	_, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{slow},
	})
	check(p.t, err)
}

// Who is at work in a dialog stays in it, whatever happens to the conversation, and
// then hears of that with nothing lost.
func TestBrowserDialogStays(t *testing.T) {
	t.Parallel()
	b := openBrowserOf(t, serveDesk(t, empty))
	ann, visitor := b.SignIn("Ann Archer"), b.Visit("Mika Salo")
	visitor.Say("A person, please")
	ann.Click(in("Waiting"), "Mika Salo")
	ann.Click("#actions", "Take")
	ann.Say("Hello")
	ann.Click("#actions", "Close…")
	ann.Click("#close-dialog", "Resolved")
	ann.Fill("#close-dialog", "Notes for the next conversation", "All was fine")

	visitor.Sees("#talk", "Hello")
	visitor.Click("#chat", "End the chat…")
	visitor.Click("dialog", "End the chat")
	visitor.Sees("#chat-status", "The chat has ended")
	ann.Sees("#state", "closed")
	ann.Has("Notes for the next conversation", "All was fine")
	ann.Click("#close-dialog", "Close")
	ann.Sees("[role=alert]", "Mika Salo has closed it already")
	b.Expected("409")
	visitor.Say("Thank you")
	ann.Sees("#lines", "Thank you")
	ann.Sees("[role=alert]", "Mika Salo has closed it already")
}
