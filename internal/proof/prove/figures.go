package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
)

// read returns what a suite wrote down.
func read(file string) (figures []proof.Figure, faults []proof.Fault, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	lines := json.NewDecoder(bytes.NewReader(text))
	for {
		var l proof.Line
		err := lines.Decode(&l)
		switch {
		case errors.Is(err, io.EOF):
			return figures, faults, nil
		case err != nil:
			return nil, nil, err
		case l.Figure != nil:
			figures = append(figures, *l.Figure)
		case l.Fault != nil:
			faults = append(faults, *l.Fault)
		}
	}
}

const (
	page    = "RELIABILITY.md"
	records = "RELIABILITY.json"
	opening = "<!-- figures: written by make figures -->\n"
	closing = "<!-- end of figures -->\n"
)

// write puts the figures between the marks of the page, and into the records.
func write(ctx context.Context, results []result) error {
	for _, r := range results {
		if len(r.skipped) > 0 {
			return fmt.Errorf("%s was not run whole: %q", r.suite.Name, r.skipped)
		}
	}
	environment := environment(ctx)
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), opening)
	_, after, ok2 := strings.Cut(rest, closing)
	if !ok || !ok2 {
		return fmt.Errorf("%s lacks the marks %q and %q", page, opening, closing)
	}
	if err := os.WriteFile(page, []byte(before+opening+table(environment, results)+closing+after), 0o666); err != nil {
		return err
	}
	var lines bytes.Buffer
	for _, r := range results {
		line, err := json.Marshal(record{r.suite.Name, r.figures, names(r.faults), r.took.Round(time.Second).Seconds(), environment})
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
	}
	return os.WriteFile(records, lines.Bytes(), 0o666)
}

// A record is a line of RELIABILITY.json.
type record struct {
	Suite       string
	Figures     []proof.Figure
	Faults      []string // all of them were caught
	Seconds     float64
	Environment string
}

func names(faults []proof.Fault) []string {
	all := []string{}
	for _, f := range faults {
		all = append(all, f.Fault)
	}
	return all
}

func escaped(faults []proof.Fault) []string {
	all := names(faults)
	for i := range all {
		all[i] = html.EscapeString(all[i])
	}
	return all
}

// table is what the page says of a run.
func table(environment string, results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMeasured on %s, with %s, two suites at a time.\n\n", time.Now().UTC().Format(time.DateOnly), environment)
	b.WriteString("| suite | promise | tried | broken | bound | planted faults caught | time |\n|---|---|---:|---|---|---:|---:|\n")
	for _, r := range results {
		var tried, broken, bounds []string
		for _, f := range r.figures {
			bound, ok := f.Bound()
			switch {
			case f.Every:
				bound = "all there are"
			case ok:
				bound = "< " + bound
			}
			tried = append(tried, proof.Grouped(f.Tried)+" "+f.Trials)
			broken = append(broken, fmt.Sprint(f.Broken, " ", f.Breaks))
			bounds = append(bounds, bound)
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s | %d of %[7]d | %v |\n", r.suite.Name, anchor(r.suite.Name), r.suite.Promise,
			strings.Join(tried, "<br>"), strings.Join(broken, "<br>"), strings.Join(bounds, "<br>"), len(r.faults), r.took.Round(time.Second))
	}
	for _, r := range results {
		fmt.Fprintf(&b, "\n### %s\n\n", r.suite.Name)
		fmt.Fprintf(&b, "`go run ./internal/proof/prove -only '%s'`\n\n", r.suite.Name)
		for _, f := range r.figures {
			fmt.Fprintf(&b, "- %s\n", f)
		}
		if len(r.faults) > 0 {
			fmt.Fprintf(&b, "\n<details><summary>%d planted faults, all caught</summary>\n\n- %s\n\n</details>\n",
				len(r.faults), strings.Join(escaped(r.faults), "\n- "))
		}
	}
	b.WriteString("\n")
	return b.String()
}

func anchor(name string) string { return strings.ReplaceAll(name, " ", "-") }

var version = regexp.MustCompile(`^\D*\d+\.\d+`) // without what a builder added

// environment says where figures come from: rates hold there only.
func environment(ctx context.Context) string {
	all := []string{fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH), fmt.Sprintf("%d processors", runtime.NumCPU())}
	for _, look := range [][]string{{"uname", "-sr"}, {"psql", "--version"}} {
		if out, err := exec.CommandContext(ctx, look[0], look[1:]...).Output(); err == nil {
			all = append(all, version.FindString(string(out)))
		}
	}
	return strings.Join(all, ", ")
}
