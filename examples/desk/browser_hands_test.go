package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// These are what somebody does with a page: look, click, type and press keys.

// eyes finds things as people do: what is seen, by what it says. While a dialog is
// open nothing else can be reached.
const eyes = `
const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && e.getClientRects().length > 0;
const tidy = (s) => s.replace(/\s+/g, " ").trim();
const says = (e) => tidy(e.getAttribute("aria-label") ?? ([...e.labels ?? []].map((l) => l.textContent).join(" ") || e.textContent || e.title));
const room = () => [...document.querySelectorAll("dialog:modal")].at(-1) ?? document;
const controls = "a[href], button, input:not([type=hidden]), textarea, select, summary";
const all = (where, what) => [...room().querySelectorAll(what)].filter((e) => seen(e) && (!where || e.closest(where)));
const control = (where, name) => {
	const found = all(where, controls).filter((e) => !e.disabled);
	return found.find((e) => says(e) === name) ?? found.find((e) => says(e).startsWith(name + " "));
};
const text = (where) => [...document.querySelectorAll(where)].filter(seen).map((e) => tidy(e.innerText)).join("\n");
`

// script returns an expression that can use what is above, with arguments.
func script(expression string, args ...any) string {
	for i, arg := range args {
		literal, err := json.Marshal(arg)
		if err != nil {
			panic(err)
		}
		expression = strings.ReplaceAll(expression, fmt.Sprintf("$%d", i+1), string(literal))
	}
	return "(() => {" + eyes + "return " + expression + "})()"
}

// until waits until an expression is true.
func (p *tab) until(what, expression string, args ...any) {
	p.t.Helper()
	eventually(p.t, p.name+" to show "+what, func() bool {
		so, err := ask[bool](p, "!!("+expression+")", args...)
		return err == nil && so // an error: the page is just being left
	})
}

func ask[T any](p *tab, expression string, args ...any) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](script(expression, args...)))
}

// Sees waits until elements of a selector show a text.
func (p *tab) Sees(where, what string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q in %s", what, where), `text($1).includes(tidy($2))`, where, what)
}

// SeesNo waits until no element of a selector shows a text.
func (p *tab) SeesNo(where, what string) {
	p.t.Helper()
	p.until(fmt.Sprintf("no %q in %s", what, where), `!text($1).includes(tidy($2))`, where, what)
}

// Has waits until a field has a value.
func (p *tab) Has(name, value string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q in the field %q", value, name), `control("", $1)?.value === $2`, name, value)
}

// A spot is where something can be clicked, or why not.
type spot struct {
	X, Y    float64
	Problem string
}

const spotScript = `(() => {
	if (document.readyState !== "complete") return { problem: "it has no style yet" };
	const e = control($1, $2);
	if (!e) return { problem: "there is none" };
	const inView = (r) => r.top >= 0 && r.left >= 0 && r.bottom <= innerHeight && r.right <= innerWidth;
	if (!inView(e.getBoundingClientRect())) e.scrollIntoView({ block: "center", behavior: "instant" });
	const r = e.getClientRects()[0];
	const x = r.left + r.width / 2, y = r.top + r.height / 2;
	const top = document.elementFromPoint(x, y);
	const mine = (x) => e.contains(x) || [...e.labels ?? []].some((l) => l.contains(x));
	if (!top || !mine(top)) return { problem: "it is covered by " + top?.outerHTML.slice(0, 200) };
	globalThis.missed = false;
	addEventListener("click", (event) => { globalThis.missed = !mine(event.target) && event.target.outerHTML.slice(0, 200); }, { capture: true, once: true });
	return { x, y, problem: "" };
})()`

// Click clicks on what has a name, within the elements of a selector or, if that
// is empty, anywhere. A click that went wide, because the page moved just then, is
// tried again, unless it hit something else.
func (p *tab) Click(where, name string) {
	p.t.Helper()
	what := fmt.Sprintf("something to click that says %q in %q", name, where)
	eventually(p.t, p.name+" to show "+what, func() bool {
		at, err := ask[spot](p, spotScript, where, name)
		if err != nil || at.Problem != "" {
			return false
		}
		check(p.t, chromedp.Do(p.ctx, chromedp.MouseClickXY(at.X, at.Y)))
		missed, err := ask[string](p, `globalThis.missed || ""`)
		if err == nil && missed != "" {
			p.t.Logf("%s: a click on %q hit %s", p.name, name, missed)
			return false
		}
		return true
	})
}

// Type types a text, and presses keys such as kb.Tab, where the caret is.
func (p *tab) Type(keys string) {
	p.t.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		down, up := *events[0], *events[len(events)-1]
		if len(events) == 3 {
			down.Text = events[1].Text // as an event of its own it is typed even if the page prevents that
		}
		for _, event := range []input.DispatchKeyEventParams{down, up} {
			_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, event)
			check(p.t, err)
		}
	}
}

// Fill clicks into a field and types a text in place of what it has.
func (p *tab) Fill(where, name, text string) {
	p.t.Helper()
	p.Click(where, name)
	p.until("the caret in "+name, `control($1, $2) === document.activeElement`, where, name)
	_, err := ask[bool](p, `(document.activeElement.select(), true)`)
	check(p.t, err)
	p.Type(text)
}

// TabTo presses Tab until what has a name has the focus.
func (p *tab) TabTo(where, name string) {
	p.t.Helper()
	for range 150 {
		p.Type(kb.Tab)
		if there, err := ask[bool](p, `document.activeElement === control($1, $2)`, where, name); err == nil && there {
			return
		}
	}
	p.t.Fatalf("%s: no Tab leads to %q in %q", p.name, name, where)
}

// Say writes a message and sends it with Enter.
func (p *tab) Say(text string) {
	p.t.Helper()
	p.Fill("#composer", "Your message", text)
	p.Type(kb.Enter)
	p.Has("Your message", "")
}

// Choose chooses an option of a list by the keys, which is so far down.
func (p *tab) Choose(where, name string, down int) {
	p.t.Helper()
	p.until("the list "+name, `(control($1, $2).focus(), true)`, where, name)
	p.Type(strings.Repeat(kb.ArrowDown, down))
	p.until("what was chosen", `control($1, $2).selectedIndex === $3`, where, name, down)
}

// Pass lets time pass with a button of the clock until something is so.
func (p *tab) Pass(button, until string) {
	p.t.Helper()
	for range 50 {
		if so, err := ask[bool](p, until); err == nil && so {
			return
		}
		now, err := ask[string](p, `document.getElementById("now").dateTime`)
		check(p.t, err)
		p.Click("#clock", button)
		p.until("a later time", `document.getElementById("now").dateTime > $1`, now)
	}
	p.until("what happens with the time", until)
}

// Loaded returns when the page was loaded; a page that only changes stays the same.
func (p *tab) Loaded() float64 {
	p.t.Helper()
	at, err := ask[float64](p, `performance.timeOrigin`)
	check(p.t, err)
	return at
}

// Resize makes the window as large as that of a phone, or of a desk.
func (p *tab) Resize(width, height int64) {
	p.t.Helper()
	check(p.t, chromedp.Do(p.ctx, chromedp.EmulateViewport(width, height)))
}

// Picture returns what is seen.
func (p *tab) Picture() []byte {
	p.t.Helper()
	png, err := chromedp.Call(p.ctx, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{})
	check(p.t, err)
	return png.Data
}
