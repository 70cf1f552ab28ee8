// Command compare measures the rows of package rows and prints them; with -write
// it also writes BENCHMARKS.md and, for benchstat, BENCHMARKS.txt.
//
//	go run ./internal/bench/compare [-only row,row] [-rounds 6] [-quick] [-write]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/internal/bench"
	"github.com/adjourn/adjourn/internal/bench/rows"
)

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "names of rows, separated by commas; empty: all")
	flag.IntVar(&o.rounds, "rounds", 6, "how often each side is measured")
	flag.BoolVar(&o.quick, "quick", false, "sizes that only show that the rows work")
	flag.BoolVar(&o.write, "write", false, "write BENCHMARKS.md and BENCHMARKS.txt")
	flag.StringVar(&o.dir, "dir", "", "where files are written; empty: the directory for temporary files, which must be on a disk")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := compare(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

type options struct {
	only, dir    string
	rounds       int
	quick, write bool
}

func compare(ctx context.Context, o options) error {
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	began := time.Now()
	e := &bench.Env{Rounds: o.rounds, Quick: o.quick, Dir: o.dir, Log: os.Stderr}
	var results []bench.Result
	var failed []error
	for _, row := range chosen {
		r, err := e.Run(ctx, row)
		if err != nil {
			failed = append(failed, err)
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		fmt.Printf("%s\n\n%s\n", r.What, r.Table())
		results = append(results, r)
	}
	for _, r := range results {
		for _, missed := range r.Missed() {
			fmt.Println("missed:", missed)
		}
	}
	fmt.Printf("%d rows measured, %d failed, in %v\n", len(results), len(failed), time.Since(began).Round(time.Second))
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	if o.write {
		return write(ctx, o, results)
	}
	return nil
}

func choose(only string) ([]bench.Row, error) {
	all := rows.All()
	if only == "" {
		return all, nil
	}
	var chosen []bench.Row
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(r bench.Row) bool { return r.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("no row is called %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// write replaces what the files say of the measured rows. What they say of the
// others stays, if it is still a row.
func write(ctx context.Context, o options, results []bench.Result) error {
	pages, raws, err := read()
	if err != nil {
		return err
	}
	measured := fmt.Sprintf("*%d rounds on %s.*", o.rounds, environment(ctx))
	for _, r := range results {
		var raw bytes.Buffer
		if err := r.Raw(&raw); err != nil {
			return err
		}
		pages[r.What], raws[r.Name] = r.Section(measured), raw.String()
	}
	page, raw := intro, ""
	for _, r := range rows.All() {
		if pages[r.What] != "" {
			page += "\n" + strings.TrimSpace(pages[r.What]) + "\n"
			raw += "# " + r.Name + "\n" + strings.TrimSpace(raws[r.Name]) + "\n"
		}
	}
	return errors.Join(os.WriteFile("BENCHMARKS.md", []byte(page), 0o644), os.WriteFile("BENCHMARKS.txt", []byte(raw), 0o644))
}

const intro = `# Benchmarks

Made by ` + "`make bench`" + `, which measures all rows in one go; ` + "`make bench ROWS=desk,clock`" + ` replaces only these. In each round every side of a row
ran once, one after the other, on the same machine. A median is of the rounds. A ratio is of the sides within a round, its
median and range over the rounds: how many times as fast ours is, or, where it stands with ≤, how many times as much ours
takes. The machine is noisy, so only ratios count. The samples are in BENCHMARKS.txt, for benchstat.
`

// read returns what the files say, by what the rows measure and by their names.
func read() (pages, raws map[string]string, err error) {
	parts := func(file, mark string) map[string]string {
		found := map[string]string{}
		text, readErr := os.ReadFile(file)
		if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
			err = errors.Join(err, readErr)
		}
		for i, part := range strings.Split("\n"+string(text), "\n"+mark) {
			if title, rest, ok := strings.Cut(part, "\n"); ok && i > 0 {
				found[title] = rest
				if mark == "## " {
					found[title] = mark + part
				}
			}
		}
		return found
	}
	return parts("BENCHMARKS.md", "## "), parts("BENCHMARKS.txt", "# "), err
}

var version = regexp.MustCompile(`^\D*\d+\.\d+`) // without what a builder added

// environment says what was measured on: figures hold there only.
func environment(ctx context.Context) string {
	all := []string{fmt.Sprintf("%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH), fmt.Sprintf("%d processors", runtime.NumCPU())}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if model := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(info); model != nil {
			all = append(all, string(model[1]))
		}
	}
	for _, look := range [][]string{{"uname", "-sr"}, {"psql", "--version"}} {
		if out, err := exec.CommandContext(ctx, look[0], look[1:]...).Output(); err == nil {
			all = append(all, version.FindString(string(out)))
		}
	}
	return strings.Join(all, ", ")
}
