package plots

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/adjourn/adjourn/closure"
)

// MaxAgents is how many agents a plot shows.
const MaxAgents = 12

// AgentGrades are how the closings of an agent were graded.
type AgentGrades struct {
	Agent    string
	Closings int64
	Of       map[closure.Grade]int64
}

// Graded returns the agents of a report by agent and grade, those with the most
// closings first.
func Graded(lines []closure.Line) []AgentGrades {
	var all []AgentGrades
	for _, l := range lines { // ordered by agent, then grade
		if len(all) == 0 || all[len(all)-1].Agent != l.Keys[0] {
			all = append(all, AgentGrades{Agent: l.Keys[0], Of: map[closure.Grade]int64{}})
		}
		a := &all[len(all)-1]
		a.Of[closure.Grade(l.Keys[1])] = l.Closings
		a.Closings += l.Closings
	}
	slices.SortStableFunc(all, func(a, b AgentGrades) int { return cmp.Compare(b.Closings, a.Closings) })
	return all
}

// GradesByAgent shows how the closings of the first [MaxAgents] agents were graded.
func GradesByAgent(agents []AgentGrades) (SVG, error) {
	if len(agents) == 0 {
		return "", ErrEmpty
	}
	agents = agents[:min(MaxAgents, len(agents))]
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
		bars.Horizontal, bars.Color, bars.LineStyle.Width = true, Grades[grade], 0
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
	return drawn(p, vg.Points(float64(len(agents)*20+54)))
}

// wholeTicks are the default ticks without fractions, which closings do not come
// in.
func wholeTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for _, t := range (plot.DefaultTicks{}).Ticks(low, high) {
		if !t.IsMinor() && t.Value == math.Trunc(t.Value) {
			ticks = append(ticks, plot.Tick{Value: t.Value, Label: strconv.FormatInt(int64(t.Value), 10)})
		}
	}
	return ticks
}
