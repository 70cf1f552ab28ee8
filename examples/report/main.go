// Report takes timelines of real conversations, who wrote when, lets them live
// again through a Desk on a fake clock, and writes a report on how they ended: how
// many were resolved, how long everything took, how courteous the goodbyes were,
// which articles leave customers without an answer.
//
//	go run ./examples/report                           # the small sample, into closing-report/
//	go run ./examples/report -out DIR FILE...          # files of your own
//	go run ./examples/report -zone Europe/Paris FILE   # days as in Paris
//	go run ./examples/report -h                        # flags, and the form of the file
//
// Within the module of the examples it is go run ./report. It writes report.html,
// which needs no network, and the same figures as CSV: summary.csv, days.csv,
// agents.csv, groups.csv, tags.csv, sentiments.csv, articles.csv, courtesy.csv and
// unconfirmed.csv.
//
// The files say who wrote when, and how much. They do not say what was written nor
// how it ended: outcomes, forms, what messages mean for the goodbye, and the answers
// to surveys follow from the timelines by the rules in rules.go. So the report shows
// what adjourn counts and how, and says nothing about the people in the file.
//
// To see how a host makes reports, read the files in this order:
//
//	figures.go    what the Desk is asked: every figure of the report comes from there
//	rules.go      how conversations end here
//	play.go       how a host gives forms, marks and answers to the Desk
//	tables.go     the CSV files
//	page.go, report.html.tmpl    the page; its plots are drawn by internal/plots
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/storage/memory"
)

const usage = `usage: report [flags] [FILE...]

Replays the conversations of the FILEs on a fake clock, and writes a report on
how they ended, report.html and CSV files, into a directory. Without FILE it
takes a small sample; "-" is the standard input. A line of FILE is one
conversation:

  {"id": "...", "workspace": "...", "messages": [
    {"at": RFC 3339, "from": "visitor" or "agent", "author": "...",
     "chars": N, "article": "optional, the ID of an article that the agent linked"}]}

Outcomes, forms, marks and surveys are not in the files. They are derived from
the timelines by rules.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

type options struct {
	out     string
	zone    *time.Location
	skipBad bool
	files   []string
}

// run is the program, and returns its exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	o := options{zone: time.UTC}
	flags.StringVar(&o.out, "out", "closing-report", "write into this `DIR`, which is made if it is missing")
	flags.Func("zone", "show days and times of this `ZONE`, such as Europe/Paris (default UTC)", func(name string) (err error) {
		if name == "" || name == "Local" {
			return errors.New("want a name such as Europe/Paris")
		}
		o.zone, err = time.LoadLocation(name)
		return err
	})
	flags.BoolVar(&o.skipBad, "skip-bad", false, "count bad lines and go on, instead of stopping at the first")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	o.files = flags.Args()
	err := write(ctx, o, stdin, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "report: interrupted")
		return 2
	case err != nil:
		fmt.Fprintln(stderr, "report:", err)
		return 2
	}
	return 0
}

// write replays the files and writes the report.
func write(ctx context.Context, o options, stdin io.Reader, stdout, stderr io.Writer) error {
	began := time.Now()
	timelines, names, skipped, err := read(o, stdin, stderr)
	if err != nil {
		return err
	}
	p, err := newPlayer(memory.New())
	if err != nil {
		return err
	}
	if err := p.play(ctx, timelines); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "report: replayed %d timelines in %.1f s\n", len(timelines), time.Since(began).Seconds())
	began = time.Now()
	f, err := gather(ctx, p.desk, o.zone)
	if err != nil {
		return err
	}
	f.Files, f.Timelines, f.Conversations, f.Skipped = names, len(timelines), p.conversations, skipped
	if err := f.writeInto(o.out); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "report: counted and wrote in %.1f s\n", time.Since(began).Seconds())
	_, err = fmt.Fprintf(stdout, "%d conversations, %d closings, resolved: %s\n%s\n",
		f.Conversations, f.Total.Closings, shareText(f.Total.Share), filepath.Join(o.out, pageName))
	return err
}

// writeInto writes all files of the report into a directory.
func (f *figures) writeInto(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	page, err := f.page()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, pageName), page, 0o644); err != nil {
		return err
	}
	for _, t := range f.tables() {
		text, err := t.csv()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, t.name+".csv"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// maxShown is how many bad lines are named before the rest is only counted.
const maxShown = 10

// read reads all timelines of the files, and says what to call the files.
func read(o options, stdin io.Reader, stderr io.Writer) (all []*timeline.Timeline, names []string, skipped int, err error) {
	r := timeline.NewReader(strings.NewReader(""), "")
	r.Desk = workspace
	if o.skipBad {
		r.Skip = func(bad error) {
			switch {
			case r.Skipped <= maxShown:
				fmt.Fprintln(stderr, "report: skipped:", bad)
			case r.Skipped == maxShown+1:
				fmt.Fprintln(stderr, "report: skipped more")
			}
		}
	}
	if len(o.files) == 0 {
		r.Continue(strings.NewReader(timeline.Sample), "the sample")
		all, err = r.All()
		return all, []string{"the sample"}, 0, err
	}
	for _, file := range o.files {
		found, err := readFile(r, file, stdin)
		if err != nil {
			return nil, nil, 0, err
		}
		all, names = append(all, found...), append(names, filepath.Base(r.Name))
	}
	return all, names, r.Skipped, nil
}

func readFile(r *timeline.Reader, file string, stdin io.Reader) ([]*timeline.Timeline, error) {
	if file == "-" {
		r.Continue(stdin, "standard input")
		return r.All()
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r.Continue(f, file)
	return r.All()
}
