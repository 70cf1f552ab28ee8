package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A browser opens six connections to a server at most. More pages than that are
// served all the same, in windows that are all seen and in tabs behind each other.
func TestBrowserManyPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		open func(b *browser, name, path string) *tab
	}{
		{"windows", (*browser).Open},
		{"tabs", (*browser).OpenBehind},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := openBrowserOf(t, serveDesk(t, empty))
			b.SignIn("Ann Archer")
			var pages []*tab
			for i := range 8 {
				pages = append(pages, c.open(b, fmt.Sprint("page ", i), "/agents/ann/"))
			}
			// The page that listens for all is closed, and another one takes over.
			b.tabs[1].Close()
			visitor := b.Visit("Newcomer")
			visitor.Fill("", "Your message", "Hello")
			visitor.Click("", "Send")
			for _, p := range pages {
				p.Front()
				p.Sees(".card", "Newcomer")
			}
		})
	}
}

// Front shows a tab in place of the others of its window.
func (p *tab) Front() {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, cdppage.BringToFront, cdp.Empty{})
	check(p.t, err)
}
