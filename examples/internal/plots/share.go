package plots

import (
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/adjourn/adjourn/closure"
)

// MaxUnits is how many days, or other units, a plot can show, with closings or
// without.
const MaxUnits = 60

// A Unit is what the time axis of a plot counts.
type Unit struct {
	Name   string
	form   string // of a date
	number func(year int, month time.Month, day int) int
	begin  func(number int, zone *time.Location) time.Time
}

// The units.
var (
	Day = Unit{"day", time.DateOnly,
		func(year int, month time.Month, day int) int {
			return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
		},
		func(n int, zone *time.Location) time.Time {
			return time.Date(1970, time.January, 1+n, 0, 0, 0, 0, zone)
		},
	}
	Month = Unit{"month", "2006-01",
		func(year int, month time.Month, _ int) int { return 12*year + int(month) - 1 },
		func(n int, zone *time.Location) time.Time {
			return time.Date(0, time.Month(1+n), 1, 0, 0, 0, 0, zone)
		},
	}
	Year = Unit{"year", "2006",
		func(year int, _ time.Month, _ int) int { return year },
		func(n int, zone *time.Location) time.Time {
			return time.Date(n, time.January, 1, 0, 0, 0, 0, zone)
		},
	}
)

// Number returns the number of the unit that a date is in. Each has one more than
// the one before.
func (u Unit) Number(year int, month time.Month, day int) int { return u.number(year, month, day) }

// Begin returns when the unit of a number begins in a zone.
func (u Unit) Begin(number int, zone *time.Location) time.Time { return u.begin(number, zone) }

// Label returns what the time axis calls the unit of a number.
func (u Unit) Label(number int) string { return u.begin(number, time.UTC).Format(u.form) }

// A Point is the share of a unit of time that has closings.
type Point struct {
	Number int // of the unit
	Share  closure.Share
}

// Days returns the points of a report by day.
func Days(lines []closure.Line) ([]Point, error) {
	var all []Point
	for _, l := range lines {
		date, err := time.Parse(time.DateOnly, l.Keys[0])
		if err != nil {
			return nil, err
		}
		all = append(all, Point{Day.number(date.Date()), l.Share})
	}
	return all, nil
}

// With returns the numbers of the units that days are in.
func (u Unit) With(days []Point) []int {
	var numbers []int
	for _, d := range days {
		numbers = append(numbers, u.number(Day.begin(d.Number, time.UTC).Date()))
	}
	return slices.Compact(numbers)
}

// Fit reports whether a plot can show all units from the first to the last.
func Fit(numbers []int) bool {
	return len(numbers) == 0 || numbers[len(numbers)-1]-numbers[0] < MaxUnits
}

// Latest returns the points that one plot can show, up to the last.
func Latest(all []Point) []Point {
	if len(all) == 0 {
		return nil
	}
	from := all[len(all)-1].Number - MaxUnits
	return all[slices.IndexFunc(all, func(p Point) bool { return p.Number > from }):]
}

// runs returns the points in parts, where one follows the other without a gap.
func runs(all []Point) [][]Point {
	var parts [][]Point
	for begin, i := 0, 1; i <= len(all); i++ {
		if i == len(all) || all[i].Number > all[i-1].Number+1 {
			parts = append(parts, all[begin:i])
			begin = i
		}
	}
	return parts
}

// ShareByTime shows the resolved share along the time, with its interval. The points
// are ascending, and no more than a plot can show. There is nothing where there are
// no closings.
func ShareByTime(u Unit, all []Point) (SVG, error) {
	if len(all) == 0 {
		return "", ErrEmpty
	}
	p := newPlot(u.Name+"s", "resolved, %")
	for _, run := range runs(all) {
		if err := addBand(p, run); err != nil {
			return "", err
		}
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width, grid.Horizontal.Color = 0, Faint
	p.Add(grid)
	for _, run := range runs(all) {
		if err := addShares(p, run); err != nil {
			return "", err
		}
	}
	first, last := all[0].Number, all[len(all)-1].Number
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = float64(first)-0.5, float64(last)+0.5, 0, 100
	p.X.Tick.Marker, p.Y.Tick.Marker = u.ticks(first, last), plot.ConstantTicks{
		{Value: 0, Label: "0"}, {Value: 25, Label: "25"}, {Value: 50, Label: "50"}, {Value: 75, Label: "75"}, {Value: 100, Label: "100"},
	}
	return drawn(p, 2.9*vg.Inch)
}

// addBand draws the intervals of shares that are joined. It is a little wider than
// they are, so that there is something to see of a single one.
func addBand(p *plot.Plot, run []Point) error {
	const wider = 0.3
	var low, high plotter.XYs
	add := func(x float64, s closure.Share) {
		from, to := s.Interval()
		low, high = append(low, plotter.XY{X: x, Y: 100 * from}), append(high, plotter.XY{X: x, Y: 100 * to})
	}
	first, last := run[0], run[len(run)-1]
	add(float64(first.Number)-wider, first.Share)
	for _, of := range run {
		add(float64(of.Number), of.Share)
	}
	add(float64(last.Number)+wider, last.Share)
	slices.Reverse(high)
	interval, err := plotter.NewPolygon(append(low, high...))
	if err != nil {
		return err
	}
	interval.Color, interval.LineStyle.Width = Band, 0
	p.Add(interval)
	return nil
}

// addShares draws shares that are joined.
func addShares(p *plot.Plot, run []Point) error {
	var at plotter.XYs
	for _, of := range run {
		value, _ := of.Share.Value() // every closing has an outcome
		at = append(at, plotter.XY{X: float64(of.Number), Y: 100 * value})
	}
	line, dots, err := plotter.NewLinePoints(at)
	if err != nil {
		return err
	}
	line.Color, line.Width = Blue, vg.Points(1.2)
	dots.GlyphStyle = draw.GlyphStyle{Color: Blue, Radius: vg.Points(2.4), Shape: draw.CircleGlyph{}}
	p.Add(line, dots)
	return nil
}

// ticks labels as many units as there is room for, evenly.
func (u Unit) ticks(first, last int) plot.ConstantTicks {
	const room = 9
	step := (last-first)/room + 1
	var ticks plot.ConstantTicks
	for n := first; n <= last; n += step {
		ticks = append(ticks, plot.Tick{Value: float64(n), Label: u.Label(n)})
	}
	return ticks
}
