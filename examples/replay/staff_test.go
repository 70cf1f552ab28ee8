package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
)

// playStaffed replays a file with n agents on a store, and returns the run when
// it is over.
func playStaffed(t *testing.T, store storage.Store, input string, n int, args ...string) (*staffed, error) {
	t.Helper()
	r := timeline.NewReader(strings.NewReader(input), "file")
	r.Desk = deskName
	var timelines []*timeline.Timeline
	for {
		one, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		timelines = append(timelines, one)
	}
	o := testOptions(t, append([]string{"-last-speaker", "responder"}, args...)...)
	o.rules.staffed = true
	s, err := newStaffed(t.Context(), newWorld(store, &fakeClock{}, o, newCensus()), n, timelines)
	if err != nil {
		return s, err
	}
	return s, s.play(t.Context(), func() {})
}

// rush is four visitors, one after the other, of whom each takes an agent a
// minute.
var rush = strings.Join([]string{
	line("a", "0 visitor v 4", "60 agent x 5"),
	line("b", "10 visitor v 4", "70 agent x 5"),
	line("c", "20 visitor v 4", "80 agent x 5"),
	line("d", "30 visitor v 4", "90 agent x 5"),
}, "\n")

func waitingRows(q storage.Query) bool { return q.State == string(conversation.StateWaiting) }

// agentsAlways is what a store says of agents instead of the truth.
func agentsAlways(change func(*storage.Record)) func(*storage.Record) {
	return func(r *storage.Record) {
		if r.Key.Kind == storage.KindAgent && r.Version > 0 {
			change(r)
		}
	}
}

func hasAssigned(c storage.Commit) bool {
	return slices.ContainsFunc(c.Events, func(e storage.Event) bool { return is("assigned", e) })
}

// Every promise about agents and queues, broken by a planted fault. Two agents
// with a seat each meet the rush.
func TestStaffViolations(t *testing.T) {
	t.Parallel()
	leaving := []string{"-hours", "Mon 08:00-09:01 UTC"}
	tests := []struct {
		name  string
		store brokenStore
		args  []string
		says  string // empty: nothing is broken
	}{
		{name: "no fault"},
		{name: "no fault, and agents who leave", args: leaving},

		{"seats are not counted", brokenStore{record: agentsAlways(func(r *storage.Record) {
			r.Seats = 0
		})}, nil, "after a deadline: agent-01 has 0 seats taken, and by the journals 1"},
		{"seats are counted twice", brokenStore{record: agentsAlways(func(r *storage.Record) {
			r.Seats *= 2
		})}, nil, "after a deadline: agent-01 has 1 conversations and 2 seats taken, and a capacity of 1"},
		{"a seat is not taken", brokenStore{commit: func(c *storage.Commit) bool {
			c.Head.Seat = ""
			return false
		}}, nil, "agent-01 has 0 seats taken, and by the journals 1"},
		{"seats are overfilled", brokenStore{record: agentsAlways(func(r *storage.Record) {
			r.Capacity = 2
		}), commit: func(c *storage.Commit) bool {
			c.Seen.Overfill = true
			return false
		}}, nil, "agent-01 has 2 conversations, and a capacity of 1"},
		{"a view lists too little", brokenStore{view: func(q storage.Query, rows []storage.Row) []storage.Row {
			if q.State == string(conversation.StateAssigned) {
				return nil
			}
			return rows
		}}, nil, "the view lists 0 conversations of agent-01, and by the journals they have 1"},
		{"a count is too high", brokenStore{count: func(q storage.Query, n int) int {
			if waitingRows(q) {
				n++
			}
			return n
		}}, nil, "after all: 4 conversations were opened, 4 are closed and 1 open"},

		{"an assignment is dropped", brokenStore{commit: func(c *storage.Commit) bool {
			return hasAssigned(*c)
		}}, nil, "conversation a of workspace desk (line 1), step 2, after routing: the tick says that it gave it to agent-01, and the journal does not"},
		{"an assignment is not told", brokenStore{committed: func(c storage.Commit) error {
			if hasAssigned(c) {
				return storage.ErrConflict
			}
			return nil
		}}, nil, "after routing: it was given to agent-01, and the tick does not say so"},
		{"an assignment comes twice", brokenStore{commit: func(c *storage.Commit) bool {
			if hasAssigned(*c) {
				again := c.Events[0]
				version := func(n int64) []byte { return fmt.Appendf(nil, `"version":%d`, n) }
				seq := func(n int64) []byte { return fmt.Appendf(nil, `"seq":%d`, n) }
				again.Body = bytes.Replace(again.Body, seq(again.Version), seq(again.Version+1), 1)
				c.Head.Body = bytes.Replace(c.Head.Body, version(again.Version), version(again.Version+1), 1)
				again.Version++
				c.Events = append(c.Events, again)
				c.Head.Version++
			}
			return false
		}}, nil, "after a deadline: it was given to agent-01, and did not wait but was assigned"},
		{"a wait is told as longer", brokenStore{view: func(q storage.Query, rows []storage.Row) []storage.Row {
			for i := range rows {
				if waitingRows(q) {
					rows[i].Head.Body = bytes.ReplaceAll(rows[i].Head.Body, []byte(`"since":"2026-03-02T09`), []byte(`"since":"2026-03-02T08`))
				}
			}
			return rows
		}}, nil, "the tick says that agent-01 got it after 1h0m0s, and the journal that agent-01 did after 0s"},
		{"the newest is served first", brokenStore{view: func(q storage.Query, rows []storage.Row) []storage.Row {
			if waitingRows(q) {
				slices.Reverse(rows)
			}
			return rows
		}}, nil, "the store repeated a conversation, or lost the order"},
		{"a freed seat is not told", brokenStore{dueRecords: func([]storage.DueRecord) []storage.DueRecord {
			return nil
		}}, nil, "it waits, and agent-01 has a free seat"},
		{"who is away is not told", brokenStore{view: func(q storage.Query, rows []storage.Row) []storage.Row {
			if q.State == string(conversation.StateAssigned) && q.Agent != "" {
				return nil
			}
			return rows
		}}, leaving, "after all that was due: that agent-01 is unavailable it was not told"},
		{"a conversation to look at is never told", brokenStore{due: func([]storage.Due) []storage.Due {
			return nil
		}}, nil, "it waits, and agent-0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.store.Store = memory.New()
			args := tt.args
			if args == nil {
				args = []string{"-hours", "always"}
			}
			_, err := playStaffed(t, tt.store, rush, 2, append(args, "-capacity", "1")...)
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var v *violation
			if !errors.As(err, &v) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("play = %v, want a violation: %q", err, tt.says)
			}
		})
	}
}

// Books that do not add up, which no store can bring about.
func TestBooks(t *testing.T) {
	t.Parallel()
	s, err := playStaffed(t, memory.New(), rush, 2, "-capacity", "1", "-hours", "always")
	if err != nil {
		t.Fatal(err)
	}
	l, good := s.ledger, s.ledger.figures
	spent := int64(0)
	for _, staff := range l.staff {
		spent += staff.all
	}
	if what := l.close(t.Context(), s.end, spent); what != "" {
		t.Fatal(what)
	}
	tests := []struct {
		name   string
		change func()
		says   string
	}{
		{"opened", func() { l.opened++ }, "5 conversations were opened, 4 are closed and 0 open"},
		{"taken", func() { l.taken++ }, "5 seats were taken, 4 freed, and 0 are taken"},
		{"freed", func() { l.freed-- }, "4 seats were taken, 3 freed, and 0 are taken"},
		{"served", func() { l.served-- }, "4 conversations waited, 3 got somebody, 0 gave up, and 0 wait"},
		{"spent", func() { spent += 1e6 }, "seats were taken for 00:04:00, and conversations with agents for 00:04:01"},
	}
	for _, tt := range tests {
		l.figures = good
		tt.change()
		if what := l.close(t.Context(), s.end, spent); what != tt.says {
			t.Errorf("%s: close says %q, want %q", tt.name, what, tt.says)
		}
	}
}

// The rush, minute by minute: who comes third waits until the first agent is
// free.
func TestRush(t *testing.T) {
	t.Parallel()
	s, err := playStaffed(t, memory.New(), rush, 2, "-capacity", "1", "-hours", "always")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.sorted() {
		got = append(got, fmt.Sprint(c.family.ID, " ", c.family.lines[1].Agent, " ", c.said[1].Sub(morning)))
	}
	want := []string{"a agent-01 1m0s", "b agent-02 1m10s", "c agent-01 2m0s", "d agent-02 2m10s"}
	if !slices.Equal(got, want) {
		t.Errorf("answers: %q, want %q", got, want)
	}
	if want := []int64{0, 0, 40e6, 40e6}; !slices.Equal(s.ledger.firstWaits, want) {
		t.Errorf("waits of %v µs, want %v", s.ledger.firstWaits, want)
	}
	if s.ledger.used != 4*60e6 || s.ledger.served != 4 || s.ledger.routed != 4 {
		t.Errorf("figures: %+v", s.ledger.figures)
	}
}

// With agents enough, who are always there, everybody writes when the file says
// and nobody waits.
func TestEnoughAgents(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := proof.Seed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	inputs := []string{timeline.Sample}
	for range 3 {
		inputs = append(inputs, randomFile(random))
	}
	for _, input := range inputs {
		s, err := playStaffed(t, memory.New(), input, 3, "-capacity", "100", "-hours", "always")
		if err != nil {
			t.Fatalf("%v, file\n%s", err, input)
		}
		for _, c := range s.sorted() {
			for i, m := range c.family.Messages {
				if !c.said[i].Equal(m.At) {
					t.Errorf("message %d of %s was said at %s, and in the file at %s, file\n%s", i+1, c.family.ID, stamp(c.said[i]), stamp(m.At), input)
				}
			}
		}
		if waits := slices.Max(s.ledger.firstWaits); waits != 0 {
			t.Errorf("somebody waited for %s, file\n%s", span(waits), input)
		}
	}
}

// Made-up files and staffs: nothing is ever broken, and the numbers add up.
func TestRandomStaff(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := proof.Seed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	for range 4 {
		input, n := randomFile(random), 1+random.IntN(5)
		args := append(randomRules(random), "-capacity", pick("1", "2", "3"),
			"-hours", pick("always", "Mon-Fri 09:00-17:00 Europe/Berlin", "Mon,Thu 22:00-06:30 UTC", "Sat-Sun 00:00-00:00 Asia/Tokyo"))
		if random.IntN(2) == 0 {
			args = append(args, "-hand-over")
		}
		s, err := playStaffed(t, memory.New(), input, n, args...)
		if err != nil {
			t.Fatalf("%v\n%d agents, flags %q, file\n%s", err, n, args, input)
		}
		total, unsaid := s.census, 0
		for _, c := range s.sorted() {
			unsaid += len(c.said) - len(c.family.lines)
		}
		f := s.ledger.figures
		if len(f.firstWaits) != total.conversations || f.opened != total.conversations || f.closed != total.events["closed"]-total.events["reopened"] ||
			f.routed != total.events["assigned"] || total.messages()+unsaid != strings.Count(input, `"at"`) || f.used > f.there {
			t.Fatalf("the numbers do not add up: %+v\nflags %q, file\n%s", f, args, input)
		}
	}
}

// The sample is there to show what agents and queues do, too.
func TestSampleShowsStaff(t *testing.T) {
	t.Parallel()
	var all figures
	for _, run := range []struct {
		n    int
		args []string
	}{
		{1, nil},
		{3, nil},
		{2, []string{"-hand-over"}},
		{1, []string{"-capacity", "1", "-queue-close", "30m", "-hours", "Mon 09:00-17:00 UTC"}},
	} {
		s, err := playStaffed(t, memory.New(), timeline.Sample, run.n, run.args...)
		if err != nil {
			t.Fatal(err)
		}
		f := s.ledger.figures
		all.takenAway += f.takenAway
		all.wokenElsewhere += f.wokenElsewhere
		all.transfers += f.transfers
		all.gaveUp += f.gaveUp
		all.laterWaits = append(all.laterWaits, f.laterWaits...)
		all.firstWaits = append(all.firstWaits, f.firstWaits...)
	}
	if all.takenAway == 0 || all.wokenElsewhere == 0 || all.transfers == 0 || all.gaveUp == 0 || len(all.laterWaits) == 0 || slices.Max(all.firstWaits) == 0 {
		t.Errorf("something does not happen: %+v", all)
	}
}

// Who waits when the run ends is neither lost nor counted as served. One agent
// with one seat is there for a minute a week.
func TestStillWaiting(t *testing.T) {
	t.Parallel()
	s, err := playStaffed(t, memory.New(), rush, 1, "-capacity", "1", "-queue-follow-up", "0", "-queue-close", "0", "-hours", "Mon 09:00-09:01 UTC")
	if err != nil {
		t.Fatal(err)
	}
	f := s.ledger.figures
	if f.served+f.stillWaiting != 4 || f.stillWaiting == 0 || f.opened-f.closed < f.stillWaiting || f.gaveUp > 0 {
		t.Errorf("figures: %+v", f)
	}
	if longest := time.Duration(slices.Max(f.firstWaits)) * time.Microsecond; longest < rest || longest > s.end.Sub(morning) {
		t.Errorf("the longest wait is %v", longest)
	}
}

// The library takes 20,000 events; what comes after them goes on elsewhere, and
// waits there for an agent.
func TestFullHistoryOfStaff(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	var messages []string
	for i := range 6_800 {
		messages = append(messages, fmt.Sprint(2*i, " visitor v 1"), fmt.Sprint(2*i+1, " agent a 1"))
	}
	s, err := playStaffed(t, memory.New(), line("c", messages...), 1, "-hours", "always")
	if err != nil {
		t.Fatal(err)
	}
	if s.ledger.opened != 2 || s.ledger.served != 2 || s.census.messages() != 13_600 {
		t.Errorf("%d messages, figures: %+v", s.census.messages(), s.ledger.figures)
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	ten := []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	tests := []struct {
		values []int64
		p      int
		want   int64
	}{
		{nil, 50, 0}, {ten, 50, 5}, {ten, 90, 9}, {ten, 91, 10}, {ten, 99, 10}, {ten, 100, 10}, {ten[:1], 1, 1},
	}
	for _, tt := range tests {
		if got := percentile(tt.values, tt.p); got != tt.want {
			t.Errorf("percentile(%v, %d) = %d, want %d", tt.values, tt.p, got, tt.want)
		}
	}
}
