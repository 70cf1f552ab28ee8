package plots

import (
	"image/color"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/adjourn/adjourn/closure"
)

// Indices into the values of spreads of [Percentages].
const (
	P10 = iota
	P25
	Median
	P75
	P90
)

// Percentages returns what the spreads of [Durations] are asked for.
func Percentages() []int { return []int{P10: 10, P25: 25, Median: 50, P75: 75, P90: 90} }

// A Duration is how long something took.
type Duration struct {
	Name   string
	Spread closure.Spread // of [Percentages], in milliseconds
}

// Durations shows for each duration where a tenth, a quarter, a half, three quarters
// and nine tenths of its values end, on a logarithmic scale. One without values has
// a row, and nothing in it.
func Durations(rows []Duration) (SVG, error) {
	if !slices.ContainsFunc(rows, func(d Duration) bool { return d.Spread.N > 0 }) {
		return "", ErrEmpty
	}
	p := newPlot("duration, on a logarithmic scale", "")
	grid := plotter.NewGrid()
	grid.Horizontal.Width, grid.Vertical.Color = 0, Faint
	p.Add(grid)
	var names []string
	longest := int64(1000)
	for _, d := range slices.Backward(rows) { // the first on top
		y := float64(len(names))
		names = append(names, short(d.Name))
		if d.Spread.N == 0 {
			continue
		}
		longest = max(longest, d.Spread.Values[P90])
		if err := addSpread(p, y, d.Spread); err != nil {
			return "", err
		}
	}
	p.NominalY(names...)
	p.Y.Tick.Label.Font, p.Y.Width = sans(9), 0
	p.Y.Min, p.Y.Max = -0.6, float64(len(rows))-0.4
	p.X.Tick.Marker = durationTicks
	p.X.Min, p.X.Max = 0, logarithm(longest)+0.15
	return drawn(p, vg.Points(float64(len(rows)*26+54)))
}

func addSpread(p *plot.Plot, y float64, s closure.Spread) error {
	at := func(i int) float64 { return logarithm(s.Values[i]) }
	for _, stroke := range []struct {
		from, to float64
		width    vg.Length
		color    color.Color
	}{{at(P10), at(P90), 2, Blue}, {at(P25), at(P75), 11, Band}} {
		line, err := plotter.NewLine(plotter.XYs{{X: stroke.from, Y: y}, {X: stroke.to, Y: y}})
		if err != nil {
			return err
		}
		line.Width, line.Color = stroke.width, stroke.color
		p.Add(line)
	}
	point, err := plotter.NewScatter(plotter.XYs{{X: at(Median), Y: y}})
	if err != nil {
		return err
	}
	point.GlyphStyle = draw.GlyphStyle{Color: Blue, Radius: vg.Points(4), Shape: draw.CircleGlyph{}}
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
