// Command mutate changes a package in every way that it knows, one way at a time, and runs the tests of the package
// against each change. A mutant that no test fails with shows what the tests do not look at.
//
//	go run ./tools/mutate [-skip regexp] [-explained file] ./conversation [flags of the test binary]
//
// All mutants are compiled at once, each behind a switch, and laid over the package: nothing is written into the tree.
// A first run of each test alone tells what it takes and which mutants it comes by; a mutant is then given to those tests
// only, the quick ones first. What no test comes by, survives. A test that takes 5 times the CPU time that it took, and
// a second, has failed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

func main() {
	skip := flag.String("skip", "^$", "leave out `tests`, such as those of the tests themselves")
	explained := flag.String("explained", "", "a `file` that names, between backquotes, survivors that are as they should be")
	only := flag.String("only", "", "try only mutants that `match`")
	workers := flag.Int("workers", runtime.NumCPU(), "run so many tests at once")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(os.Stdout, flag.Arg(0), options{*skip, *explained, *only, *workers, flag.Args()[1:]}); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

type options struct {
	skip      string
	explained string
	only      string
	workers   int
	flags     []string
}

// run tries the mutants of a package, and prints the survivors that are not explained and what all amount to. With a
// file of explanations, one that is missing is an error.
func run(w io.Writer, path string, o options) error {
	began := time.Now()
	skip, err := regexp.Compile(o.skip)
	if err != nil {
		return err
	}
	only, err := regexp.Compile(o.only)
	if err != nil {
		return err
	}
	known := ""
	if o.explained != "" {
		text, err := os.ReadFile(o.explained)
		if err != nil {
			return err
		}
		known = string(text)
	}
	temp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	p, err := load(path)
	if err != nil {
		return err
	}
	b, err := build(p, temp, o.flags)
	if err != nil {
		return err
	}
	if err := b.record(skip, o.workers); err != nil {
		return err
	}
	var tried []*mutant
	for _, m := range b.mutants {
		if only.MatchString(m.String()) {
			tried = append(tried, m)
		}
	}
	survived := b.try(tried, o.workers)
	unexplained := 0
	for _, m := range tried {
		if !survived[m.id] {
			continue
		}
		note := ""
		switch {
		case strings.Contains(known, "`"+m.String()+"`"):
			continue
		case len(b.tests[m.id]) == 0:
			note = " (no test comes by)"
		}
		unexplained++
		fmt.Fprintf(w, "survived: %s:%d %s: %s%s\n", m.at.Filename, m.at.Line, m.in, m.what, note)
	}
	killed := len(tried) - len(survived)
	fmt.Fprintf(w, "mutate: %s: %d mutants, %d killed (%.1f %%), %d survived, %d of them unexplained, %d do not compile, in %v\n",
		p.ImportPath, len(tried), killed, 100*float64(killed)/float64(max(1, len(tried))), len(survived), unexplained,
		b.invalid, time.Since(began).Round(time.Second))
	if o.explained != "" && unexplained > 0 {
		return fmt.Errorf("%d survivors are not explained in %s", unexplained, o.explained)
	}
	return nil
}
