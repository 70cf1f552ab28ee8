// Package plotstest reads plots in tests: their shapes, and whether browsers know
// how those are painted.
package plotstest

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"io"
	"regexp"
	"strings"
)

// A Shape is an element of a plot.
type Shape struct{ Name, Path, Fill, Stroke string }

// Shapes returns the elements of a plot, and what of their painting no browser
// knows. It returns an error if the plot is no XML.
func Shapes(svg string) (shapes []Shape, wrong []string, err error) {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return shapes, wrong, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("a plot is no XML: %w", err)
		}
		if element, ok := token.(xml.StartElement); ok {
			s, bad := painted(element)
			shapes, wrong = append(shapes, s), append(wrong, bad...)
		}
	}
}

var (
	colours   = regexp.MustCompile(`^(none|#[0-9A-Fa-f]{6})$`)
	fractions = regexp.MustCompile(`^(0(\.[0-9]+)?|1)$`)
	numbers   = regexp.MustCompile(`^[-+0-9.,AaZzMmLlCcQq ]*$`) // of a path
)

func painted(element xml.StartElement) (s Shape, wrong []string) {
	s.Name = element.Name.Local
	of := map[string]string{}
	for _, a := range element.Attr {
		of[a.Name.Local] = a.Value
	}
	for part := range strings.SplitSeq(of["style"], ";") {
		name, value, _ := strings.Cut(part, ":")
		of[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	for name, value := range of {
		form := colours
		switch name {
		case "fill", "stroke", "color", "stop-color":
		case "fill-opacity", "stroke-opacity", "opacity":
			form = fractions
		case "d":
			form = numbers
		default:
			continue
		}
		if !form.MatchString(value) {
			wrong = append(wrong, name+": "+value)
		}
	}
	s.Path, s.Fill, s.Stroke = of["d"], of["fill"], of["stroke"]
	return s, wrong
}

// Hex returns a colour as a plot names it.
func Hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02X%02X%02X", r>>8, g>>8, b>>8)
}
