package main

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// A tab is one in which somebody is at work.
type tab struct {
	*browser
	name  string // for messages
	ctx   context.Context
	close func()

	mu       sync.Mutex // guards requests
	requests map[network.RequestID]string
}

// Open opens a page in a window of its own, so that it is seen.
func (b *browser) Open(name, path string) *tab {
	b.t.Helper()
	p := b.tab(name, chromedp.WithExistingBrowserContext(b.id))
	p.Go(path)
	return p
}

// OpenBehind opens a page in a tab of the last window, which hides the others.
func (b *browser) OpenBehind(name, path string) *tab {
	b.t.Helper()
	p := b.tab(name, chromedp.WithExistingBrowserContext(b.id), chromedp.WithNewWindow(false))
	p.Go(path)
	return p
}

// Popup opens the page that comes up in a tab when something is done. That tab is
// closed, because chromedp's own tabs alone are free of races.
func (p *tab) Popup(name string, do func()) *tab {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	opened := chromedp.WaitNewTarget(ctx, func(info *target.Info) bool { return info.BrowserContextID == p.id })
	do()
	id, ok := <-opened
	if !ok {
		p.t.Fatalf("%s opened no tab", p.name)
	}
	var path string
	eventually(p.t, "the page that comes up", func() bool {
		popup, err := chromedp.CallBrowser(p.browser.ctx, target.GetTargetInfo, target.GetTargetInfoParams{TargetID: id})
		check(p.t, err)
		path = strings.TrimPrefix(popup.TargetInfo.URL, p.site)
		return strings.HasPrefix(path, "/") && strings.HasSuffix(path, "/") // as of somebody's first page
	})
	_, err := chromedp.CallBrowser(p.browser.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: id})
	check(p.t, err)
	return p.Open(name, path)
}

func (b *browser) tab(name string, options ...chromedp.ContextOption) *tab {
	b.t.Helper()
	p := &tab{browser: b, name: name, requests: map[network.RequestID]string{}}
	p.ctx, p.close = chromedp.NewContext(b.ctx, append(options, chromedp.WithListener(p.hear))...)
	check(b.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(1280, 800)))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tabs = append(b.tabs, p)
	return p
}

// Close closes the tab.
func (p *tab) Close() {
	p.close()
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	p.tabs = slices.DeleteFunc(p.tabs, func(other *tab) bool { return other == p })
}

// Go loads a page of the site.
func (p *tab) Go(path string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(p.site+path)); err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, path, err)
	}
}

// hear notes what goes wrong in the page.
func (p *tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		details := e.ExceptionDetails
		p.trouble(p, "uncaught: %s %s", details.Text, consoleText(details.Exception))
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			p.trouble(p, "console: %s", consoleText(e.Args...))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.trouble(p, "%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		p.requested(e)
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" { // the page was left
			p.trouble(p, "failed: %s %s", e.ErrorText, p.requestOf(e.RequestID))
		}
	case *cdppage.EventJavascriptDialogOpening:
		p.trouble(p, "a %s: %s", e.Type, e.Message)
		go func() {
			_, _ = chromedp.Call(p.ctx, cdppage.HandleJavaScriptDialog, cdppage.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *inspector.EventTargetCrashed:
		p.trouble(p, "the page crashed")
	}
}

func (p *tab) requested(e *network.EventRequestWillBeSent) {
	p.mu.Lock()
	p.requests[e.RequestID] = e.Request.URL
	p.mu.Unlock()
	to, err := url.Parse(e.Request.URL)
	if err != nil || (to.Scheme != "data" && to.Scheme != "blob" && !strings.HasPrefix(e.Request.URL, p.site+"/")) {
		p.trouble(p, "asked for %s, which is not of the site", e.Request.URL)
	}
}

func (p *tab) requestOf(id network.RequestID) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[id]
}

func consoleText(args ...*runtime.RemoteObject) string {
	var all []string
	for _, arg := range args {
		if arg == nil {
			continue
		}
		all = append(all, strings.TrimSpace(string(arg.Value)+" "+arg.Description))
		if arg.Preview != nil {
			for _, property := range arg.Preview.Properties {
				all = append(all, property.Name+": "+property.Value)
			}
		}
	}
	return strings.Join(all, " ")
}
