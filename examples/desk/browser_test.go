package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience is how long anything may take, on a machine that is busy with other
// things. Nothing that works waits for it.
const patience = 3 * time.Minute

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

	close func() // before the test is over, too

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
		t.Skipf("NOT TESTED in a browser: %v", err)
	}
	check(t, err)
	made, err := chromedp.CallBrowser(ctx, target.CreateBrowserContext, target.CreateBrowserContextParams{})
	check(t, err)
	b := &browser{t: t, ctx: ctx, id: made.BrowserContextID, site: site}
	b.close = sync.OnceFunc(b.end)
	t.Cleanup(b.close)
	return b
}

func (b *browser) end() {
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
