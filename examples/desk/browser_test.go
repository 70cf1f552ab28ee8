package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience is how long anything may take, on a machine that is busy with other
// things. Nothing that works waits for it.
const patience = time.Minute

// TestMain lets the test binary be the desk, as a process that can be killed.
func TestMain(m *testing.M) {
	if os.Getenv(deskVariable) != "" {
		main()
		return
	}
	flag.Parse()
	code := m.Run()
	if stopChromium != nil {
		stopChromium()
	}
	os.Exit(code)
}

var stopChromium func()

// chromium is the one browser of all tests. It runs without a window and without
// the network.
var chromium = sync.OnceValues(func() (context.Context, error) {
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		return nil, errNoChromium
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.DisableGPU,
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-component-update", true),
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stopProcess := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // of no consequence to a page
	stopChromium = func() {
		closeBrowser()
		stopProcess()
	}
	return ctx, chromedp.Do(ctx)
})

var errNoChromium = errors.New("there is no chromium on this machine")

// A browser is what one person at one machine has: tabs, and cookies that they
// share. It notes whatever goes wrong in them.
type browser struct {
	t    testing.TB
	ctx  context.Context
	id   cdp.BrowserContextID
	site string // the only one that its pages may ask for anything

	mu       sync.Mutex // guards the fields below
	tabs     []*tab
	troubles []string
}

// openBrowserOf returns a browser for the pages of a site. With the test it is
// closed, and what went wrong in it fails the test.
func openBrowserOf(t testing.TB, site string) *browser {
	t.Helper()
	ctx, err := chromium()
	if errors.Is(err, errNoChromium) && os.Getenv("CI") == "" {
		t.Skip("NOT TESTED in a browser: ", err)
	}
	check(t, err)
	made, err := chromedp.CallBrowser(ctx, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	check(t, err)
	b := &browser{t: t, ctx: ctx, id: made.BrowserContextID, site: site}
	t.Cleanup(b.close)
	return b
}

func (b *browser) close() {
	for _, trouble := range b.Troubles() {
		b.t.Error(trouble)
	}
	if b.t.Failed() {
		b.show()
	}
	for len(b.tabs) > 0 {
		b.tabs[0].Close()
	}
	_, err := chromedp.CallBrowser(b.ctx, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: b.id})
	check(b.t, err)
}

// Troubles returns what went wrong in the tabs since it was last asked.
func (b *browser) Troubles() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.troubles
	b.troubles = nil
	return all
}

// Expected takes what must go wrong out of the troubles. It waits for it.
func (b *browser) Expected(pattern string) {
	b.t.Helper()
	eventually(b.t, "trouble like "+pattern, func() bool { return b.Forgive(pattern) > 0 })
}

// Forgive takes what may have gone wrong out of the troubles, and returns how much
// that was.
func (b *browser) Forgive(pattern string) int {
	forgiven := regexp.MustCompile(pattern)
	b.mu.Lock()
	defer b.mu.Unlock()
	before := len(b.troubles)
	b.troubles = slices.DeleteFunc(b.troubles, forgiven.MatchString)
	return before - len(b.troubles)
}

func (b *browser) trouble(p *tab, format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, p.name+": "+fmt.Sprintf(format, args...))
}

// show saves what the tabs show, for whoever looks into a failure.
func (b *browser) show() {
	dir := b.t.ArtifactDir()
	for i, p := range b.tabs {
		ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
		defer cancel()
		_, _ = chromedp.Call(ctx, cdppage.BringToFront, cdp.Empty{}) // what is hidden is not painted
		file := filepath.Join(dir, fmt.Sprintf("%d-%s", i, p.name))
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		b.t.Logf("%s shows %s\n%s (error: %v)", p.name, file, text, err)
		if html, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.documentElement.outerHTML`)); err == nil {
			_ = os.WriteFile(file+".html", []byte(html), 0o600)
		}
		if png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
			_ = os.WriteFile(file+".png", png, 0o600)
		}
	}
}

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

// Popup returns the tab that a page opens when something is done with it.
func (p *tab) Popup(name string, do func()) *tab {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	opened := chromedp.WaitNewTarget(ctx, func(info *target.Info) bool { return info.BrowserContextID == p.id })
	do()
	id := <-opened
	if id == "" {
		p.t.Fatalf("%s opened no tab", p.name)
	}
	popup := p.tab(name, chromedp.WithTargetID(id))
	popup.until("the page", `document.readyState === "complete" && location.href !== "about:blank"`)
	return popup
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
		left := e.Canceled || e.ErrorText == "net::ERR_ABORTED" // the page was left
		if to := p.requestOf(e.RequestID); to != "" && !left {
			p.trouble(p, "failed: %s %s", e.ErrorText, to)
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

// eventually waits until something is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(patience); !so(); <-look.C {
		if time.Now().After(end) {
			t.Fatalf("waited for %s for %s", what, patience)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
