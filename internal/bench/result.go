package bench

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/perf/benchmath"
)

// A Result is what was measured of a row.
type Result struct {
	Row
	Cases []Measured
	Notes []string
	Took  time.Duration
}

// A Measured case has a sample of each side for each round.
type Measured struct {
	Case
	Samples [][]Sample // by side, then round
}

// A Verdict is how a target was met.
type Verdict struct {
	Target
	Median, Low, High float64 // of the rounds
	Reached           bool    // by the median
}

// Verdicts returns one for each target.
func (m Measured) Verdicts() []Verdict {
	var all []Verdict
	for _, t := range m.Targets {
		t.Unit = cmp.Or(t.Unit, NsPerOp)
		values := m.values(t)
		v := Verdict{Target: t, Median: median(values), Low: slices.Min(values), High: slices.Max(values)}
		v.Reached = t.AtLeast > 0 && v.Median >= t.AtLeast || t.AtMost > 0 && v.Median <= t.AtMost
		all = append(all, v)
	}
	return all
}

// values returns, for each round, what the target bounds.
func (m Measured) values(t Target) []float64 {
	values := m.unit(m.side(t.Side), t.Unit)
	if t.Against == "" {
		return values
	}
	for i, other := range m.unit(m.side(t.Against), t.Unit) {
		if values[i] /= other; t.AtLeast > 0 {
			values[i] = 1 / values[i]
		}
	}
	return values
}

// unit returns what a side measured in a unit, round by round.
func (m Measured) unit(side int, unit string) []float64 {
	values := make([]float64, len(m.Samples[side]))
	for i, s := range m.Samples[side] {
		values[i] = s[unit]
	}
	return values
}

func median(values []float64) float64 {
	sample := benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
	return benchmath.AssumeNothing.Summary(sample, 0.95).Center
}

// units returns the units of a case, time first.
func (m Measured) units() []string {
	seen := map[string]bool{}
	for _, samples := range m.Samples {
		for _, s := range samples {
			for unit := range s {
				seen[unit] = true
			}
		}
	}
	var units []string
	for _, first := range []string{NsPerOp, AllocsPerOp, BytesPerOp} {
		if seen[first] {
			units = append(units, first)
			delete(seen, first)
		}
	}
	var rest []string
	for unit := range seen {
		rest = append(rest, unit)
	}
	slices.Sort(rest)
	return append(units, rest...)
}

// shown returns the units of the table: time, and what a target is about.
func (m Measured) shown() []string {
	return slices.DeleteFunc(m.units(), func(unit string) bool {
		return unit != NsPerOp && !slices.ContainsFunc(m.Targets, func(t Target) bool { return t.Unit == unit })
	})
}

// Table returns the row as a table of Markdown: a line for each case, side and
// unit that matters, and the targets beside our side.
func (r Result) Table() string {
	var b strings.Builder
	b.WriteString("| case | side | median | range | ratio | to reach | |\n|---|---|--:|--:|--:|--:|---|\n")
	for _, c := range r.Cases {
		verdicts := c.Verdicts()
		for i, side := range c.Sides {
			for _, unit := range c.shown() {
				values := c.unit(i, unit)
				if !slices.ContainsFunc(c.Samples[i], func(s Sample) bool { _, ok := s[unit]; return ok }) {
					continue
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s – %s | %s |\n", c.Name, side.Name,
					format(median(values), unit), format(slices.Min(values), unit), format(slices.Max(values), unit),
					judged(c, i, unit, verdicts))
			}
		}
	}
	return b.String()
}

// judged returns the last three columns: how the other sides compare with ours, or
// where ours has a bound.
func judged(c Measured, side int, unit string, verdicts []Verdict) string {
	var ratios, wanted, reached []string
	for _, v := range verdicts {
		// A comparison stands beside the one that is compared with.
		if v.Unit != unit || cmp.Or(v.Against, v.Side, c.Sides[0].Name) != c.Sides[side].Name {
			continue
		}
		if v.Against == "" {
			wanted = append(wanted, "≤ "+format(v.AtMost, unit))
			ratios = append(ratios, "")
		} else {
			ratios = append(ratios, fmt.Sprintf("%s (%s – %s)", number(v.Median), number(v.Low), number(v.High)))
			wanted = append(wanted, v.bound())
		}
		reached = append(reached, map[bool]string{true: "reached", false: "**missed**"}[v.Reached])
	}
	return strings.Join(ratios, "; ") + " | " + strings.Join(wanted, "; ") + " | " + strings.Join(reached, "; ")
}

func (v Verdict) bound() string {
	if v.AtLeast > 0 {
		return "≥ " + number(v.AtLeast)
	}
	return "≤ " + number(v.AtMost)
}

// number writes three digits, and all of a number that has more before the point.
func number(v float64) string {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return fmt.Sprint(v)
	}
	if v >= 1000 {
		return humanize.Comma(int64(math.Round(v)))
	}
	digits := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	return fmt.Sprintf("%.*f", digits, v)
}

// format writes a value with its unit, as in "1.35 ms".
func format(v float64, unit string) string {
	if of, ok := strings.CutSuffix(unit, NsPerOp); ok { // such as "p99-"
		of = strings.TrimRight(" "+of, " -")
		d := time.Duration(v)
		switch {
		case d < time.Microsecond:
			return number(v) + " ns" + of
		case d < time.Millisecond:
			return number(v/1e3) + " µs" + of
		case d < time.Second:
			return number(v/1e6) + " ms" + of
		}
		return number(v/1e9) + " s" + of
	}
	return number(v) + " " + unit
}

// Raw writes every sample in the format of Go's benchmarks, for benchstat.
func (r Result) Raw(w io.Writer) error {
	name := func(s string) string { return strings.NewReplacer(" ", "_", "/", "|").Replace(s) }
	for _, c := range r.Cases {
		for i, side := range c.Sides {
			for _, s := range c.Samples[i] {
				line := fmt.Sprintf("Benchmark%s/%s/side=%s 1", name(strings.ToUpper(r.Name[:1])+r.Name[1:]), name(c.Name), name(side.Name))
				for _, unit := range c.units() {
					if v, ok := s[unit]; ok {
						line += fmt.Sprintf(" %g %s", v, unit)
					}
				}
				if _, err := fmt.Fprintln(w, line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Section returns the row's part of BENCHMARKS.md; measured says on what.
func (r Result) Section(measured string) string {
	return paragraphs("## "+r.What, r.Note, measured, strings.TrimSuffix(r.Table(), "\n"), strings.Join(r.Notes, "\n\n")) + "\n"
}

// Missed returns the targets that were not reached, each with its case.
func (r Result) Missed() (missed []string) {
	for _, c := range r.Cases {
		for _, v := range c.Verdicts() {
			if !v.Reached {
				missed = append(missed, fmt.Sprintf("%s, %s: %s %s, beside %s %s, wanted %s",
					r.Name, c.Name, number(v.Median), v.Unit, cmp.Or(v.Against, "nobody"), v.Side, v.bound()))
			}
		}
	}
	return missed
}
