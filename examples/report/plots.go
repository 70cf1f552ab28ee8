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
	p.BackgroundColor = nil // none: vgsvg divides by alpha, and writes color.Transparent as no colour at all
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

// plottedUnits is how many days, or months, a plot can show, with closings or
// without.
const plottedUnits = 60

// A unit is what the time axis of a plot counts.
type unit struct {
	Name   string
	form   string // of a date
	number func(year int, month time.Month, day int) int
	begin  func(number int, zone *time.Location) time.Time
}

var (
	day = unit{"day", time.DateOnly,
		func(year int, month time.Month, day int) int {
			return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
		},
		func(n int, zone *time.Location) time.Time {
			return time.Date(1970, time.January, 1+n, 0, 0, 0, 0, zone)
		},
	}
	month = unit{"month", "2006-01",
		func(year int, month time.Month, _ int) int { return 12*year + int(month) - 1 },
		func(n int, zone *time.Location) time.Time {
			return time.Date(0, time.Month(1+n), 1, 0, 0, 0, 0, zone)
		},
	}
	year = unit{"year", "2006",
		func(year int, _ time.Month, _ int) int { return year },
		func(n int, zone *time.Location) time.Time {
			return time.Date(n, time.January, 1, 0, 0, 0, 0, zone)
		},
	}
)

// A point is the share of a unit of time that has closings.
type point struct {
	number int // of the unit
	share  closure.Share
}

// dayPoints returns the shares of days.
func dayPoints(days []closure.Line) ([]point, error) {
	var all []point
	for _, d := range days {
		date, err := time.Parse(time.DateOnly, d.Keys[0])
		if err != nil {
			return nil, err
		}
		all = append(all, point{day.number(date.Date()), d.Share})
	}
	return all, nil
}

// with returns the units that days are in.
func (u unit) with(days []point) []int {
	var numbers []int
	for _, d := range days {
		numbers = append(numbers, u.number(day.begin(d.number, time.UTC).Date()))
	}
	return slices.Compact(numbers)
}

// fit reports whether a plot can show all units from the first to the last.
func fit(numbers []int) bool {
	return len(numbers) == 0 || numbers[len(numbers)-1]-numbers[0] < plottedUnits
}

// latest returns the points that one plot can show, up to the last.
func latest(all []point) []point {
	from := all[len(all)-1].number - plottedUnits
	return all[slices.IndexFunc(all, func(p point) bool { return p.number > from }):]
}

// runs returns the points in parts, where one follows the other without a gap.
func runs(all []point) [][]point {
	var parts [][]point
	for begin, i := 0, 1; i <= len(all); i++ {
		if i == len(all) || all[i].number > all[i-1].number+1 {
			parts = append(parts, all[begin:i])
			begin = i
		}
	}
	return parts
}

// sharePlot shows the resolved share along the time. There is nothing where there
// are no closings.
func sharePlot(u unit, all []point) (template.HTML, error) {
	p := newPlot(u.Name+"s", "resolved, %")
	for _, run := range runs(all) {
		if err := addBand(p, run); err != nil {
			return "", err
		}
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, faint
	p.Add(grid)
	for _, run := range runs(all) {
		if err := addShares(p, run); err != nil {
			return "", err
		}
	}
	first, last := all[0].number, all[len(all)-1].number
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = float64(first)-0.5, float64(last)+0.5, 0, 100
	p.X.Tick.Marker, p.Y.Tick.Marker = u.ticks(first, last), plot.ConstantTicks{
		{Value: 0, Label: "0"}, {Value: 25, Label: "25"}, {Value: 50, Label: "50"}, {Value: 75, Label: "75"}, {Value: 100, Label: "100"},
	}
	return svg(p, 2.9*vg.Inch)
}

// addBand draws the intervals of shares that are joined. It is a little wider than
// they are, so that there is something to see of a single one.
func addBand(p *plot.Plot, run []point) error {
	const wider = 0.3
	var low, high plotter.XYs
	add := func(x float64, s closure.Share) {
		from, to := s.Interval()
		low, high = append(low, plotter.XY{X: x, Y: 100 * from}), append(high, plotter.XY{X: x, Y: 100 * to})
	}
	first, last := run[0], run[len(run)-1]
	add(float64(first.number)-wider, first.share)
	for _, of := range run {
		add(float64(of.number), of.share)
	}
	add(float64(last.number)+wider, last.share)
	slices.Reverse(high)
	interval, err := plotter.NewPolygon(append(low, high...))
	if err != nil {
		return err
	}
	interval.Color, interval.LineStyle.Width = band, 0
	p.Add(interval)
	return nil
}

// addShares draws shares that are joined.
func addShares(p *plot.Plot, run []point) error {
	var at plotter.XYs
	for _, of := range run {
		value, _ := of.share.Value() // every closing has an outcome
		at = append(at, plotter.XY{X: float64(of.number), Y: 100 * value})
	}
	line, dots, err := plotter.NewLinePoints(at)
	if err != nil {
		return err
	}
	line.Color, line.Width = blue, vg.Points(1.2)
	dots.GlyphStyle = draw.GlyphStyle{Color: blue, Radius: vg.Points(2.4), Shape: draw.CircleGlyph{}}
	p.Add(line, dots)
	return nil
}

// ticks labels as many units as there is room for, evenly.
func (u unit) ticks(first, last int) plot.ConstantTicks {
	const room = 9
	step := (last-first)/room + 1
	var ticks plot.ConstantTicks
	for n := first; n <= last; n += step {
		ticks = append(ticks, plot.Tick{Value: float64(n), Label: u.begin(n, time.UTC).Format(u.form)})
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
