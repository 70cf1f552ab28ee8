// Replay takes timelines of real conversations, who wrote when, and lets each of
// them live again: through a Desk, on a fake clock, in which weeks pass in
// milliseconds. Visitors write, agents take, transfer, snooze
// and reopen, the idle ladder prompts, follows up and closes. At every step it
// checks that the library keeps its word, and at the end it says what happened.
//
//	go run ./examples/replay                      # a small sample
//	go run ./examples/replay FILE                 # one conversation a line
//	go run ./examples/replay -timeline shoes-1    # one conversation in full
//	go run ./examples/replay -agents 1,2,5        # with agents of our own: who waits how long
//	go run ./examples/replay -store sqlite:a.db   # and keep it all in a new file
//	go run ./examples/replay -h                   # flags, and the form of the file
//
// To see how adjourn is embedded, read the files in this order:
//
//	rules.go    what is decided here: the policy, and what agents do
//	stores.go   how a host opens a store: SQLite in a file, or Postgres
//	world.go    how a host sets up a Desk, and how time passes
//	player.go   how a host gives commands to it
//	checker.go  how a host reads state, journal and feed, and what is checked
//	census.go   how a host counts what happened, from the events
//	show.go     how a host renders a journal for people
//
// With -agents the Desk routes the conversations to a staff with capacities and
// hours, and the replay says how long visitors waited and how busy the agents were:
//
//	staff.go    what is decided there, and how a host sets up agents and groups
//	chat.go     how agents answer, put aside, take up again and close
//	hours.go    when they work
//	ledger.go   the books of seats and queues, kept from the feed, and what is checked
//
// What remains is the program around it: package internal/timeline for the input,
// report.go, staffreport.go and progress.go for the output, shadow.go and
// violation.go for the checker.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/idle"
)

const usage = `usage: replay [flags] [FILE]

Replays the conversations of FILE on a fake clock through a Desk, checks every
step, and prints what happened. Without FILE it replays a small sample; "-" is
the standard input. A line of FILE is one conversation:

  {"id": "...", "workspace": "...", "messages": [
    {"at": RFC 3339, "from": "visitor" or "agent", "author": "...",
     "chars": N, "article": "optional, the ID of an article that the agent linked"}]}

The exit status is 1 if the library broke its word, and 2 if the flags or the
file are wrong.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program, and returns its exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	var o options
	o.rules.flags(flags)
	flags.BoolVar(&o.together, "together", false, "replay all conversations at once, on one Desk in the order of time,\ninstead of each by itself; the numbers are the same, but the whole\nfile is held in memory")
	flags.StringVar(&o.storeName, "store", "sqlite", "keep the conversations in `STORE`: memory, sqlite:FILE, postgres:URL,\nor sqlite for a file that is removed at the end")
	o.staff.flags(flags)
	flags.BoolVar(&o.skipBad, "skip-bad", false, "count bad lines and go on, instead of stopping at the first")
	flags.StringVar(&o.timeline, "timeline", "", "print the timeline of the conversation with this `ID` instead")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if !given(flags, "last-speaker") && len(o.staff.agents) > 0 {
		o.rules.lastSpeaker = string(idle.Responder)
	}
	err := start(ctx, flags.Args(), o, stdin, stdout, stderr)
	var broken *violation
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "replay: interrupted")
		return 2
	case errors.As(err, &broken):
		fmt.Fprintln(stderr, "replay: VIOLATION:", err)
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "replay:", err)
		return 2
	}
	return 0
}

// maxShown is how many bad lines are named before the rest is only counted.
const maxShown = 10

// start finds the input, replays it, and prints what was asked for.
func start(ctx context.Context, files []string, o options, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	if err := errors.Join(o.rules.check(), o.staff.check()); err != nil {
		return err
	}
	in, err := open(files, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	r := timeline.NewReader(in, in.name)
	o.show = stdout
	if o.skipBad {
		r.Skip = func(bad error) {
			switch {
			case r.Skipped <= maxShown:
				fmt.Fprintln(stderr, "replay: skipped:", bad)
			case r.Skipped == maxShown+1:
				fmt.Fprintln(stderr, "replay: skipped more")
			}
		}
	}
	if len(o.staff.agents) > 0 {
		return startStaffed(ctx, r, o, stdout, stderr)
	}
	store, done, err := openStore(ctx, o.storeName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	o.store, o.progress = store, newProgress(stderr, in.size)
	began := time.Now()
	total, err := replay(ctx, r, o)
	if err != nil || o.timeline != "" {
		return err
	}
	fmt.Fprintf(stderr, "replay: %d conversations and %d messages in %.1f s\n",
		total.timelines, total.messages(), time.Since(began).Seconds())
	return report(stdout, total, r)
}

// given reports whether a flag was set.
func given(flags *flag.FlagSet, name string) (set bool) {
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// An input is what is replayed, with its size in bytes, zero if that is unknown.
type input struct {
	io.ReadCloser
	name string
	size int64
}

func open(files []string, stdin io.Reader) (input, error) {
	switch {
	case len(files) > 1:
		return input{}, fmt.Errorf("one file at a time, got %q (flags come before it)", files)
	case len(files) == 0:
		return input{io.NopCloser(strings.NewReader(timeline.Sample)), "sample.jsonl", int64(len(timeline.Sample))}, nil
	case files[0] == "-":
		return input{io.NopCloser(stdin), "standard input", 0}, nil
	}
	f, err := os.Open(files[0])
	if err != nil {
		return input{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return input{}, err
	}
	return input{f, files[0], info.Size()}, nil
}
