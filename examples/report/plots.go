package main

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/adjourn/adjourn/closure"
)

// The colours of the page, which its style sheet has too.
var (
	ink    = color.NRGBA{0x22, 0x2b, 0x38, 0xff}
	faint  = color.NRGBA{0xd9, 0xdf, 0xe6, 0xff}
	blue   = color.NRGBA{0x1f, 0x5f, 0xa8, 0xff}
	band   = color.NRGBA{0xc9, 0xdc, 0xf2, 0xff}
	grades = map[closure.Grade]color.Color{
		closure.Confirmed:  color.NRGBA{0x1b, 0x7f, 0x5c, 0xff},
		closure.CheckedIn:  color.NRGBA{0x7c, 0xc4, 0xa0, 0xff},
		closure.Unanswered: color.NRGBA{0xe0, 0xa0, 0x30, 0xff},
		closure.Abrupt:     color.NRGBA{0xc2, 0x4a, 0x3a, 0xff},
	}
)

const plotWidth = 9 * vg.Inch

// newPlot returns a plot in the style of the page.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.Transparent
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font = sans(10)
		axis.Label.TextStyle.Color = ink
		axis.Label.Padding = vg.Points(6)
		axis.Tick.Label.Font = sans(9)
		axis.Tick.Label.Color = ink
		axis.Tick.Color, axis.Color = faint, faint
		axis.Padding = 0
	}
	return p
}

func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// svg draws a plot as a part of a page.
func svg(p *plot.Plot, height vg.Length) (template.HTML, error) {
	c := vgsvg.New(plotWidth, height)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	_, image, ok := bytes.Cut(b.Bytes(), []byte("<svg"))
	if !ok {
		return "", fmt.Errorf("a plot without an image")
	}
	return template.HTML("<svg" + string(image)), nil // texts in it are escaped
}

// plottedDays is how many days, or months, a plot can show.
const plottedDays = 60

// sharePlot shows the resolved share of the last days, or other periods, that have
// closings side by side: those without are left out.
func sharePlot(what string, days []closure.Line) (template.HTML, error) {
	days = days[max(0, len(days)-plottedDays):]
	p := newPlot(what+" with closings", "resolved, %")
	var line, low, high plotter.XYs
	for i, d := range days {
		value, _ := d.Share.Value() // every closing has an outcome
		from, to := d.Share.Interval()
		x := float64(i)
		line = append(line, plotter.XY{X: x, Y: 100 * value})
		low = append(low, plotter.XY{X: x, Y: 100 * from})
		high = append(high, plotter.XY{X: x, Y: 100 * to})
	}
	if len(days) == 1 { // a band needs some width
		low = plotter.XYs{{X: -0.2, Y: low[0].Y}, {X: 0.2, Y: low[0].Y}}
		high = plotter.XYs{{X: -0.2, Y: high[0].Y}, {X: 0.2, Y: high[0].Y}}
	}
	slices.Reverse(high)
	interval, err := plotter.NewPolygon(append(low, high...))
	if err != nil {
		return "", err
	}
	interval.Color, interval.LineStyle.Width = band, 0
	shares, points, err := plotter.NewLinePoints(line)
	if err != nil {
		return "", err
	}
	shares.Color, shares.Width = blue, vg.Points(1.2)
	points.GlyphStyle = draw.GlyphStyle{Color: blue, Radius: vg.Points(2.4), Shape: draw.CircleGlyph{}}
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, faint
	p.Add(interval, grid, shares, points)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = -0.5, float64(len(days))-0.5, 0, 100
	p.X.Tick.Marker, p.Y.Tick.Marker = dayTicks(days), plot.ConstantTicks{
		{Value: 0, Label: "0"}, {Value: 25, Label: "25"}, {Value: 50, Label: "50"}, {Value: 75, Label: "75"}, {Value: 100, Label: "100"},
	}
	return svg(p, 2.9*vg.Inch)
}

// dayTicks labels as many days as there is room for.
func dayTicks(days []closure.Line) plot.ConstantTicks {
	const room = 9
	step := (len(days) + room - 1) / room
	var ticks plot.ConstantTicks
	for i := 0; i < len(days); i += step {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: days[i].Keys[0]})
	}
	return ticks
}

// plottedAgents is how many agents a plot can show.
const plottedAgents = 12

// gradePlot shows how the closings of the agents with the most were graded.
func gradePlot(agents []agentGrades) (template.HTML, error) {
	agents = agents[:min(plottedAgents, len(agents))]
	p := newPlot("closings by people", "")
	var names []string
	for _, a := range slices.Backward(agents) { // the first on top
		names = append(names, short(a.Agent))
	}
	var below *plotter.BarChart
	for _, grade := range closure.Grades() {
		var values plotter.Values
		for _, a := range slices.Backward(agents) {
			values = append(values, float64(a.Of[grade]))
		}
		bars, err := plotter.NewBarChart(values, vg.Points(13))
		if err != nil {
			return "", err
		}
		bars.Horizontal, bars.Color, bars.LineStyle.Width = true, grades[grade], 0
		if below != nil {
			bars.StackOn(below)
		}
		below = bars
		p.Add(bars)
	}
	p.NominalY(names...)
	p.Y.Tick.Label.Font, p.Y.Width = sans(9), 0
	p.X.Min = 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(agents))-0.4
	p.X.Tick.Marker = plot.TickerFunc(wholeTicks)
	return svg(p, vg.Points(float64(len(agents)*20+54)))
}

// wholeTicks are the default ticks without fractions, which closings do not come
// in.
func wholeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, t := range (plot.DefaultTicks{}).Ticks(low, high) {
		if !t.IsMinor() && t.Value == math.Trunc(t.Value) {
			ticks = append(ticks, plot.Tick{Value: t.Value, Label: count(int64(t.Value))})
		}
	}
	return ticks
}

// short returns a name that fits beside a plot.
func short(name string) string {
	const room = 22
	if letters := []rune(name); len(letters) > room {
		return string(letters[:room-1]) + "…"
	}
	return name
}

// durationPlot shows for each figure where a tenth, a quarter, a half, three
// quarters and nine tenths of its values end, on a logarithmic scale.
func durationPlot(rows []durationRow) (template.HTML, error) {
	p := newPlot("duration, on a logarithmic scale", "")
	var names []string
	grid := plotter.NewGrid()
	grid.Horizontal.Width, grid.Vertical.Color = 0, faint
	p.Add(grid)
	longest := int64(1000)
	for i, r := range slices.Collect(backward(rows)) {
		names = append(names, r.Name)
		if r.Spread.N == 0 {
			continue
		}
		longest = max(longest, r.Spread.Values[p90])
		y := float64(i)
		if err := addSpread(p, y, r.Spread); err != nil {
			return "", err
		}
	}
	p.NominalY(names...)
	p.Y.Tick.Label.Font, p.Y.Width = sans(9), 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.4
	p.X.Tick.Marker = durationTicks
	p.X.Min, p.X.Max = 0, logarithm(longest)+0.15
	return svg(p, vg.Points(float64(len(rows)*26+54)))
}

func addSpread(p *plot.Plot, y float64, s closure.Spread) error {
	at := func(i int) float64 { return logarithm(s.Values[i]) }
	for _, stroke := range []struct {
		from, to float64
		width    vg.Length
		color    color.Color
	}{{at(p10), at(p90), 2, blue}, {at(p25), at(p75), 11, band}} {
		line, err := plotter.NewLine(plotter.XYs{{X: stroke.from, Y: y}, {X: stroke.to, Y: y}})
		if err != nil {
			return err
		}
		line.Width, line.Color = stroke.width, stroke.color
		p.Add(line)
	}
	point, err := plotter.NewScatter(plotter.XYs{{X: at(median), Y: y}})
	if err != nil {
		return err
	}
	point.GlyphStyle = draw.GlyphStyle{Color: blue, Radius: vg.Points(4), Shape: draw.CircleGlyph{}}
	p.Add(point)
	return nil
}

// logarithm returns where milliseconds stand on the scale, which begins with a
// second.
func logarithm(ms int64) float64 { return math.Log10(float64(max(1000, ms)) / 1000) }

var durationTicks = func() plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, t := range []struct {
		d     time.Duration
		label string
	}{
		{time.Second, "≤ 1 s"}, {10 * time.Second, "10 s"}, {time.Minute, "1 min"}, {10 * time.Minute, "10 min"},
		{time.Hour, "1 h"}, {6 * time.Hour, "6 h"}, {24 * time.Hour, "1 d"}, {7 * 24 * time.Hour, "7 d"}, {30 * 24 * time.Hour, "30 d"},
		{365 * 24 * time.Hour, "1 a"},
	} {
		ticks = append(ticks, plot.Tick{Value: logarithm(t.d.Milliseconds()), Label: t.label})
	}
	return ticks
}()
