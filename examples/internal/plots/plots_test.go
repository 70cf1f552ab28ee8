package plots_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"io"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/examples/internal/plots"
	"github.com/adjourn/adjourn/examples/internal/plots/plotstest"
)

// days returns the points of some dates.
func days(t *testing.T, dates ...string) []plots.Point {
	t.Helper()
	var lines []closure.Line
	for _, date := range dates {
		lines = append(lines, closure.Line{Keys: []string{date}, Share: closure.Share{Resolved: 3, Unresolved: 1}})
	}
	all, err := plots.Days(lines)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func shapes(t *testing.T, svg string) []plotstest.Shape {
	t.Helper()
	all, wrong, err := plotstest.Shapes(svg)
	if err != nil {
		t.Fatalf("%v:\n%s", err, svg)
	}
	if len(wrong) > 0 {
		t.Errorf("no browser knows %q", wrong)
	}
	return all
}

// drawn returns where a plot of shares has its dots, and the numbers of its lines
// and bands.
func drawn(t *testing.T, u plots.Unit, all []plots.Point) (dots []float64, joined, bands int) {
	t.Helper()
	image, err := plots.ShareByTime(u, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shapes(t, string(image)) {
		switch {
		case s.Fill == plotstest.Hex(plots.Blue):
			var x, y float64
			if _, err := fmt.Sscanf(s.Path, "M%g,%g", &x, &y); err != nil {
				t.Fatalf("%s: %v", s.Path, err)
			}
			dots = append(dots, x)
		case s.Stroke == plotstest.Hex(plots.Blue):
			joined++
		case s.Fill == plotstest.Hex(plots.Band):
			bands++
		}
	}
	return dots, joined, bands
}

// TestTimeAxis: a day is as wide as any other, and what has no closings between is
// not joined.
func TestTimeAxis(t *testing.T) {
	t.Parallel()
	tests := []struct {
		unit          plots.Unit
		dates         []string
		at            []int // units after the first
		joined, bands int
	}{
		{plots.Day, []string{"2026-03-09"}, []int{0}, 0, 1},
		{plots.Day, []string{"2026-03-09", "2026-03-10"}, []int{0, 1}, 1, 1},
		{plots.Day, []string{"2026-03-09", "2026-03-16"}, []int{0, 7}, 0, 2},
		{plots.Day, []string{"2026-03-02", "2026-03-03", "2026-03-05", "2026-03-06", "2026-03-07", "2026-03-09"}, []int{0, 1, 3, 4, 5, 7}, 2, 3},
		{plots.Day, []string{"2026-03-28", "2026-03-29", "2026-03-30"}, []int{0, 1, 2}, 1, 1}, // clocks change in Paris
		{plots.Day, []string{"2024-02-28", "2024-03-01"}, []int{0, 2}, 0, 2},
		{plots.Day, []string{"1969-12-30", "1970-01-02"}, []int{0, 3}, 0, 2},
		{plots.Month, []string{"2025-11-30", "2025-12-01", "2026-01-31", "2026-04-01"}, []int{0, 1, 2, 5}, 1, 2},
		{plots.Year, []string{"2019-05-05", "2025-12-31", "2026-01-01"}, []int{0, 6, 7}, 1, 2},
	}
	for _, tt := range tests {
		days := days(t, tt.dates...)
		var all []plots.Point
		for _, number := range tt.unit.With(days) {
			all = append(all, plots.Point{Number: number, Share: days[0].Share})
		}
		dots, joined, bands := drawn(t, tt.unit, all)
		if len(dots) != len(tt.at) || joined != tt.joined || bands != tt.bands {
			t.Errorf("%q: %d dots, %d lines, %d bands, want %d, %d, %d", tt.dates, len(dots), joined, bands, len(tt.at), tt.joined, tt.bands)
			continue
		}
		last := len(dots) - 1
		for i, x := range dots {
			want := dots[0]
			if last > 0 {
				want += (dots[last] - dots[0]) * float64(tt.at[i]) / float64(tt.at[last])
			}
			if x < want-0.1 || x > want+0.1 {
				t.Errorf("%q: dot %d is at %g, want %g", tt.dates, i, x, want)
			}
		}
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, date := range []string{"0001-01-01", "1969-12-31", "1970-01-01", "2024-02-29", "2026-11-21", "9999-12-31"} {
		at, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		for u, want := range map[*plots.Unit]string{&plots.Day: date, &plots.Month: date[:7], &plots.Year: date[:4]} {
			n := u.Number(at.Date())
			if got := u.Label(n); got != want {
				t.Errorf("%s %d of %s is called %s", u.Name, n, date, got)
			}
			if next := u.Begin(n+1, time.UTC); !next.After(at) || u.Number(next.Date()) != n+1 {
				t.Errorf("the %s after that of %s begins at %s", u.Name, date, next)
			}
		}
	}
	auckland, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := plots.Month.Begin(plots.Month.Number(2026, time.April, 5), auckland), time.Date(2026, time.April, 1, 0, 0, 0, 0, auckland); !got.Equal(want) {
		t.Errorf("April begins at %s in Auckland, want %s", got, want)
	}
}

// TestLatest: a plot by day has sixty days, whether they have closings or not.
func TestLatest(t *testing.T) {
	t.Parallel()
	days := days(t, "2025-01-01", "2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01")
	if got := plots.Latest(days); len(got) != 3 || plots.Fit(plots.Day.With(days)) {
		t.Errorf("the last days are %v", got)
	}
	if got := plots.Latest(days[2:]); len(got) != 3 || !plots.Fit(plots.Day.With(days[2:])) {
		t.Errorf("of sixty days the last are %v", got)
	}
	if got := plots.Latest(nil); len(got) != 0 {
		t.Errorf("of no days the last are %v", got)
	}
}

// TestGraded: who has closed the most comes first, and each grade has a bar of its
// colour as long as its number.
func TestGraded(t *testing.T) {
	t.Parallel()
	line := func(agent string, grade closure.Grade, n int64) closure.Line {
		return closure.Line{Keys: []string{agent, string(grade)}, Closings: n}
	}
	agents := plots.Graded([]closure.Line{
		line("ann", closure.Abrupt, 1), line("ann", closure.Confirmed, 2), line("ben", closure.CheckedIn, 4), line("zoe", closure.Unanswered, 3),
	})
	var order []string
	for _, a := range agents {
		order = append(order, fmt.Sprint(a.Agent, " ", a.Closings, " ", a.Of[closure.Confirmed], " ", a.Of[closure.Abrupt]))
	}
	if got, want := strings.Join(order, ", "), "ben 4 0 0, ann 3 2 1, zoe 3 0 0"; got != want {
		t.Errorf("graded %s, want %s", got, want)
	}
	image, err := plots.GradesByAgent(agents)
	if err != nil {
		t.Fatal(err)
	}
	widths := map[string]float64{}
	for _, s := range shapes(t, string(image)) {
		if wide := extent(s.Path); wide > 0 {
			widths[s.Fill] += wide
		}
	}
	one := widths[plotstest.Hex(plots.Grades[closure.Abrupt])]
	for grade, n := range map[closure.Grade]float64{closure.Confirmed: 2, closure.CheckedIn: 4, closure.Unanswered: 3, closure.Abrupt: 1} {
		if got := widths[plotstest.Hex(plots.Grades[grade])] / one; got < n-0.05 || got > n+0.05 {
			t.Errorf("%s is %.2f times as long as one closing, want %v", grade, got, n)
		}
	}
}

// extent returns how wide a path of straight lines is.
func extent(path string) (wide float64) {
	var low, high float64
	for i, point := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("MLZ", r) }) {
		var x, y float64
		if _, err := fmt.Sscanf(point, "%g,%g", &x, &y); err != nil {
			return 0
		}
		if i == 0 {
			low, high = x, x
		}
		low, high = min(low, x), max(high, x)
	}
	return high - low
}

// TestHostileNames: whatever somebody is called is text of the plot.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		`<script>alert(1)`:             `<script>alert(1)`,
		`"&amp;'`:                      `"&amp;'`,
		"two\nlines\x00\x1b\x7f\u0085": "two lines    ",
		"bad \xff and \ufffe":          "bad \ufffd and \ufffd",
		"日本語 🙂 עברית":                  "日本語 🙂 עברית",
		strings.Repeat("ä", 30):        strings.Repeat("ä", 21) + "…",
		"]]><!--":                      "]]><!--",
	} {
		image, err := plots.GradesByAgent([]plots.AgentGrades{{Agent: name, Closings: 1, Of: map[closure.Grade]int64{closure.Abrupt: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		spread := closure.Spread{N: 1, Values: []int64{1, 1, 1, 1, 1}}
		durations, err := plots.Durations([]plots.Duration{{Name: name, Spread: spread}})
		if err != nil {
			t.Fatal(err)
		}
		for _, svg := range []string{string(image), string(image.Document()), string(durations.Document())} {
			for _, s := range shapes(t, svg) {
				if s.Name == "script" {
					t.Errorf("%q became a script", name)
				}
			}
			if texts := texts(t, svg); !strings.Contains(texts, "|"+want+"|") {
				t.Errorf("%q is shown as %q, want %q", name, texts, want)
			}
		}
	}
}

// texts returns what there is to read in a plot.
func texts(t *testing.T, svg string) string {
	t.Helper()
	all := "|"
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok {
			all += string(text) + "|"
		}
	}
}

// TestDocument: a plot can be a file of its own, and a part of a page.
func TestDocument(t *testing.T) {
	t.Parallel()
	image, err := plots.ShareByTime(plots.Day, days(t, "2026-03-09", "2026-03-10"))
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		XMLName xml.Name
		Style   string `xml:"style"`
	}
	document := image.Document()
	if err := xml.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	if want := (xml.Name{Space: "http://www.w3.org/2000/svg", Local: "svg"}); root.XMLName != want {
		t.Errorf("the document is a %v, want %v", root.XMLName, want)
	}
	if !strings.Contains(root.Style, "font-family") {
		t.Errorf("the document has the style %q", root.Style)
	}
	if len(shapes(t, string(document))) != len(shapes(t, string(image)))+1 {
		t.Error("the document does not show what the plot does")
	}
	if inline := string(image.Inline()); inline != string(image) || !strings.HasPrefix(inline, "<svg") {
		t.Errorf("inline it begins with %.20q", inline)
	}
}

// TestEmpty: where there is nothing, there is no plot.
func TestEmpty(t *testing.T) {
	t.Parallel()
	_, shares := plots.ShareByTime(plots.Day, nil)
	_, grades := plots.GradesByAgent(nil)
	_, durations := plots.Durations([]plots.Duration{{Name: "handling"}})
	for _, err := range []error{shares, grades, durations} {
		if !errors.Is(err, plots.ErrEmpty) {
			t.Errorf("got %v, want %v", err, plots.ErrEmpty)
		}
	}
	some := closure.Spread{N: 1, Values: []int64{0, 1000, 60_000, 3_600_000, 7_200_000}}
	image, err := plots.Durations([]plots.Duration{{Name: "handling", Spread: some}, {Name: "first response"}})
	if err != nil {
		t.Fatal(err)
	}
	if texts := texts(t, string(image)); !strings.Contains(texts, "|first response|") {
		t.Errorf("a duration without values has no row: %q", texts)
	}
}

// TestShapes: what no browser knows is found.
func TestShapes(t *testing.T) {
	t.Parallel()
	p := plot.New()
	p.BackgroundColor = color.Transparent
	c := vgsvg.New(vg.Inch, vg.Inch)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if _, wrong, err := plotstest.Shapes(b.String()); err != nil || len(wrong) == 0 {
		t.Errorf("a colour that is none was not found: %v", err)
	}
	if _, _, err := plotstest.Shapes("<svg><g></svg>"); err == nil {
		t.Error("a plot that is no XML was not found")
	}
}
