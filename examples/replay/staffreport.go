package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
)

// A staffRun is what became of a file with one number of agents.
type staffRun struct {
	agents int
	figures
	census *census
	unsaid int // messages of the file that no agent came to say
}

// replayStaffed replays timelines once, with n agents.
func replayStaffed(ctx context.Context, timelines []*timeline.Timeline, n int, o options) (staffRun, error) {
	r := staffRun{agents: n, census: newCensus()}
	o.rules.staffed = true
	messages := 0
	for _, t := range timelines {
		messages += len(t.Messages)
	}
	o.progress.total = int64(max(messages, 1))
	s, err := newStaffed(ctx, newWorld(o.storeFor(), &fakeClock{}, o, r.census), n, timelines)
	if err != nil {
		return r, err
	}
	err = s.play(ctx, func() { o.progress.update(int64(r.census.messages()), r.census.events["opened"]) })
	r.figures = s.ledger.figures
	r.unsaid = messages - r.census.messages()
	return r, err
}

// startStaffed replays the file once for each number of agents, each time in a
// store of its own.
func startStaffed(ctx context.Context, r *timeline.Reader, o options, stdout, stderr io.Writer) error {
	switch {
	case o.timeline != "" && len(o.staff.agents) > 1:
		return errors.New("-timeline shows one run: give -agents one number")
	case strings.Contains(o.storeName, ":") && len(o.staff.agents) > 1:
		return fmt.Errorf("store %s takes one run: give -agents one number", o.storeName)
	}
	r.Desk = deskName
	var timelines []*timeline.Timeline
	for {
		t, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		timelines = append(timelines, t)
	}
	if o.timeline != "" && !slices.ContainsFunc(timelines, func(t *timeline.Timeline) bool { return t.Name == o.timeline }) {
		return fmt.Errorf("%s has no conversation with the ID %q", r.Name, o.timeline)
	}
	var runs []staffRun
	for _, n := range o.staff.agents {
		one, err := startRun(ctx, timelines, n, o, stderr)
		if err != nil {
			return fmt.Errorf("%d agents: %w", n, err)
		}
		runs = append(runs, one)
	}
	if o.timeline != "" {
		return nil
	}
	return reportStaffed(stdout, runs, r, o.staff)
}

func startRun(ctx context.Context, timelines []*timeline.Timeline, n int, o options, stderr io.Writer) (r staffRun, err error) {
	store, done, err := openStore(ctx, o.storeName)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, done()) }()
	o.store, o.progress = store, newProgress(stderr, 0)
	began := time.Now()
	if r, err = replayStaffed(ctx, timelines, n, o); err == nil {
		fmt.Fprintf(stderr, "replay: %d agents, %d steps checked in %.1f s\n", n, r.census.steps, time.Since(began).Seconds())
	}
	return r, err
}

// reportStaffed prints a line for each run, and more if there is only one.
func reportStaffed(out io.Writer, runs []staffRun, r *timeline.Reader, staff staff) error {
	w := &table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	first := runs[0].census
	w.row("conversations in the file", first.timelines)
	w.some("lines skipped", r.Skipped)
	w.some("messages cut", r.Cut, "to %d bytes", conversation.MaxText)
	fmt.Fprintf(w, "capacity of each agent\t%d\n", staff.capacity)
	fmt.Fprintf(w, "hours\t%s\n", &staff.hours)
	if err := w.Flush(); err != nil {
		return err
	}
	if err := comparison(out, runs); err != nil {
		return err
	}
	if len(runs) == 1 {
		if err := details(out, runs[0]); err != nil {
			return err
		}
	}
	steps := 0
	for _, run := range runs {
		steps += run.census.steps
	}
	_, err := fmt.Fprintf(out, "\nsteps checked  %d\nviolations     0\n", steps)
	return err
}

// comparison prints a line for each run: how long people waited for an agent, how
// many gave up or wait, how busy the seats were, and what went to somebody else.
func comparison(out io.Writer, runs []staffRun) error {
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "agents\tat once\tmedian\tp90\tp99\tlongest wait\tgave up\tstill wait\tseats used\t24-hour rule\twoken elsewhere\ttransfers\tunsaid\t")
	for _, r := range runs {
		waits := slices.Sorted(slices.Values(r.firstWaits))
		atOnce, _ := slices.BinarySearch(waits, 1)
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t\n", r.agents, share(int64(atOnce), int64(len(waits))),
			span(percentile(waits, 50)), span(percentile(waits, 90)), span(percentile(waits, 99)), span(percentile(waits, 100)),
			r.gaveUp, r.stillWaiting, share(r.used, r.there), r.takenAway, r.wokenElsewhere, r.transfers, r.unsaid)
	}
	return w.Flush()
}

func details(out io.Writer, r staffRun) error {
	fmt.Fprintln(out)
	w := &table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	w.row("conversations after all", r.opened, "%d successors", r.census.successors)
	w.row("closed", r.closed)
	w.row("left open", r.opened-r.closed)
	for _, state := range conversation.States() {
		w.some("  "+string(state), r.census.leftOpen[state])
	}
	w.row("asked for a person", r.opened, "%d got one, %d gave up, %d still wait", r.served, r.gaveUp, r.stillWaiting)
	w.row("waits after that", len(r.laterWaits), "the longest %s", span(percentile(slices.Sorted(slices.Values(r.laterWaits)), 100)))
	w.row("seats taken", r.taken, "%d by routing, %d given back, %d taken at the end", r.routed, r.freed, r.taken-r.freed)
	fmt.Fprintf(w, "seat-time\t%s\t(of %s during the hours of the agents)\n", span(r.used), span(r.there))
	w.row("messages", r.census.messages(), "%d by visitors, %d by agents, %d unsaid",
		r.census.said[conversation.KindVisitor], r.census.said[conversation.KindAgent], r.unsaid)
	w.row("snoozes", r.census.events["snoozed"])
	w.row("reopenings", r.census.events["reopened"])
	w.row("closings", r.census.events["closed"])
	endings(w, r.census)
	if err := w.Flush(); err != nil {
		return err
	}
	return stateTimes(out, r.census)
}

// percentile returns the smallest of ascending values that so many of a hundred
// do not exceed, and zero of none.
func percentile(ascending []int64, p int) int64 {
	if len(ascending) == 0 {
		return 0
	}
	rank := int(math.Ceil(float64(len(ascending)*p) / 100))
	return ascending[max(rank, 1)-1]
}

func share(part, all int64) string {
	if all == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(all))
}
