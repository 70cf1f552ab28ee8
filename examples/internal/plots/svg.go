package plots

import (
	"bytes"
	"errors"
	"html/template"
	"image/color"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/adjourn/adjourn/closure"
)

// ErrEmpty: there is nothing to draw.
var ErrEmpty = errors.New("plots: there is nothing to draw")

// The colours of the plots, which the style sheets of pages have too.
var (
	Ink    = color.NRGBA{0x22, 0x2b, 0x38, 0xff}
	Faint  = color.NRGBA{0xd9, 0xdf, 0xe6, 0xff}
	Blue   = color.NRGBA{0x1f, 0x5f, 0xa8, 0xff}
	Band   = color.NRGBA{0xc9, 0xdc, 0xf2, 0xff}
	Grades = map[closure.Grade]color.Color{
		closure.Confirmed:  color.NRGBA{0x1b, 0x7f, 0x5c, 0xff},
		closure.CheckedIn:  color.NRGBA{0x7c, 0xc4, 0xa0, 0xff},
		closure.Unanswered: color.NRGBA{0xe0, 0xa0, 0x30, 0xff},
		closure.Abrupt:     color.NRGBA{0xc2, 0x4a, 0x3a, 0xff},
	}
)

// ContentType is that of [SVG.Document].
const ContentType = "image/svg+xml"

// An SVG is a plot, drawn: the same values give the same bytes. Its background is
// left to the page, its texts are escaped, and it has inline styles: what serves it
// under a Content-Security-Policy must allow those for it, or serve a Document.
type SVG string

// Inline returns the plot as a part of a page.
func (s SVG) Inline() template.HTML { return template.HTML(s) }

// documentStyle names the typefaces for where "Liberation Sans" is not installed.
// A page that contains the plot does so itself.
const documentStyle = `<style>text { font-family: "Liberation Sans", Arial, Helvetica, sans-serif !important }</style>`

// Document returns the plot as a file of its own, of [ContentType], for an img
// element: what the policy of a page says of inline styles does not reach into it.
func (s SVG) Document() []byte {
	head, rest, _ := strings.Cut(string(s), ">")
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + head + ">\n" + documentStyle + rest)
}

const width = 9 * vg.Inch

// newPlot returns a plot in the style of the pages.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // none: vgsvg divides by alpha, and writes color.Transparent as no colour at all
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(10)
		axis.Label.TextStyle.Color = Ink
		axis.Label.Padding = vg.Points(6)
		axis.Tick.Label.Font = sans(9)
		axis.Tick.Label.Color = Ink
		axis.Tick.Color, axis.Color = Faint, Faint
		axis.Padding = 0
	}
	return p
}

func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// drawn returns a plot, drawn.
func drawn(p *plot.Plot, height vg.Length) (SVG, error) {
	c := vgsvg.New(width, height)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	_, image, ok := strings.Cut(b.String(), "<svg")
	if !ok {
		return "", errors.New("plots: a plot without an image")
	}
	return SVG("<svg" + image), nil
}

// short returns a name that fits beside a plot, without what XML cannot have.
func short(name string) string {
	const room = 22
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return ' '
		case r == '\uFFFE' || r == '\uFFFF':
			return unicode.ReplacementChar
		}
		return r // the replacement character for what is no UTF-8
	}, name)
	if letters := []rune(name); len(letters) > room {
		return string(letters[:room-1]) + "…"
	}
	return name
}
