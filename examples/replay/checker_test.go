package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
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

const stampForm = time.RFC3339Nano

var morning = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// testOptions returns the options of a replay without flags.
func testOptions(t *testing.T, args ...string) options {
	t.Helper()
	o := options{show: io.Discard, progress: newProgress(io.Discard, 0)}
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	o.rules.flags(f)
	o.staff.flags(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o
}

// A brokenStore is a memory store with one fault, or none.
type brokenStore struct {
	*memory.Store
	commit  func(*storage.Commit) (lost bool)
	load    func(*storage.Loaded)
	history func([]storage.Event) []storage.Event
	feed    func([]storage.Entry) []storage.Entry
	due     func([]storage.Due) []storage.Due

	committed  func(storage.Commit) error // what is said of a commit that succeeded
	record     func(*storage.Record)
	view       func(storage.Query, []storage.Row) []storage.Row
	count      func(storage.Query, int) int
	dueRecords func([]storage.DueRecord) []storage.DueRecord
}

func (s brokenStore) Commit(ctx context.Context, c storage.Commit) error {
	c.Events = slices.Clone(c.Events)
	if s.commit != nil && s.commit(&c) {
		return nil
	}
	err := s.Store.Commit(ctx, c)
	if err == nil && s.committed != nil {
		return s.committed(c)
	}
	return err
}

func (s brokenStore) Record(ctx context.Context, key storage.RecordKey) (storage.Record, error) {
	r, err := s.Store.Record(ctx, key)
	if s.record != nil {
		s.record(&r)
	}
	return r, err
}

func (s brokenStore) List(ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
	records, err := s.Store.List(ctx, q, after, limit)
	for i := range records {
		if s.record != nil {
			s.record(&records[i])
		}
	}
	return records, err
}

func (s brokenStore) View(ctx context.Context, q storage.Query, limit int) ([]storage.Row, error) {
	rows, err := s.Store.View(ctx, q, limit)
	if s.view != nil {
		rows = s.view(q, rows)
	}
	return rows, err
}

func (s brokenStore) Count(ctx context.Context, q storage.Query) (int, error) {
	n, err := s.Store.Count(ctx, q)
	if s.count != nil {
		n = s.count(q, n)
	}
	return n, err
}

func (s brokenStore) DueRecords(ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
	due, err := s.Store.DueRecords(ctx, by, after, limit)
	if s.dueRecords != nil {
		due = s.dueRecords(due)
	}
	return due, err
}

func (s brokenStore) Load(ctx context.Context, key storage.Key, commandID string) (storage.Loaded, error) {
	l, err := s.Store.Load(ctx, key, commandID)
	if s.load != nil {
		s.load(&l)
	}
	return l, err
}

func (s brokenStore) History(ctx context.Context, key storage.Key, after int64, limit int) ([]storage.Event, error) {
	events, err := s.Store.History(ctx, key, after, limit)
	if s.history != nil {
		events = s.history(events)
	}
	return events, err
}

func (s brokenStore) Feed(ctx context.Context, after storage.Position, limit int) ([]storage.Entry, error) {
	entries, err := s.Store.Feed(ctx, after, limit)
	if s.feed != nil {
		entries = s.feed(entries)
	}
	return entries, err
}

func (s brokenStore) Due(ctx context.Context, by time.Time, after storage.Due, limit int) ([]storage.Due, error) {
	due, err := s.Store.Due(ctx, by, after, limit)
	if s.due != nil {
		due = s.due(due)
	}
	return due, err
}

// A brokenClock is an hour behind after an instant.
type brokenClock struct {
	fakeClock
	after time.Time
}

func (c *brokenClock) set(t time.Time) {
	if t.After(c.after) {
		t = t.Add(-time.Hour)
	}
	c.fakeClock.set(t)
}

func is(event string, e storage.Event) bool {
	return bytes.Contains(e.Body, []byte(`"type":"`+event+`"`))
}

// Every promise, broken by a planted fault.
func TestViolations(t *testing.T) {
	t.Parallel()
	// Six messages with a transfer; the idle ladder closes it, the visitor
	// reopens it, and it is closed again.
	life := line("c", "0 visitor v 4", "60 agent a 5", "90 agent b 6", "900 visitor v 7", "7000 visitor v 8", "7100 agent b 9")
	tests := []struct {
		name  string
		store brokenStore
		clock settableClock
		says  string // empty: nothing is broken
	}{
		{name: "no fault"},

		{"the due instant is later", brokenStore{commit: func(c *storage.Commit) bool {
			if !c.Head.Due.IsZero() {
				c.Head.Due = c.Head.Due.Add(time.Microsecond)
			}
			return false
		}}, nil, "step 1, after open by visitor:v: it is stored as due at 2026-03-02T09:00:00.000001Z, and by state and policy it is due at 2026-03-02T09:00:00Z"},
		{"a deadline is stored later", brokenStore{commit: func(c *storage.Commit) bool {
			if c.Head.Due.After(morning) {
				c.Head.Due = c.Head.Due.Add(time.Microsecond)
			}
			return false
		}}, nil, "after a deadline: it is stored as due at 2026-03-02T09:30:00.000001Z, and by state and policy it is due at 2026-03-02T09:30:00Z"},
		{"there is no due instant", brokenStore{commit: func(c *storage.Commit) bool {
			c.Head.Due = time.Time{}
			return false
		}}, nil, "it is stored as due at no time, and"},
		{"a closed conversation is due", brokenStore{commit: func(c *storage.Commit) bool {
			if !c.Head.DormantSince.IsZero() {
				c.Head.Due = morning.AddDate(1, 0, 0)
			}
			return false
		}}, nil, "after a deadline: it is closed, and due at 2027-03-02T09:00:00Z"},
		{"a closed conversation counts as open", brokenStore{commit: func(c *storage.Commit) bool {
			c.Head.DormantSince = time.Time{}
			return false
		}}, nil, "and stored as dormant since no time"},
		{"a conversation is somebody else's", brokenStore{commit: func(c *storage.Commit) bool {
			c.Head.Visitor = "w"
			return false
		}}, nil, `it is of "v", and stored as of "w"`},
		{"a deadline is never told", brokenStore{due: func(due []storage.Due) []storage.Due {
			return nil
		}}, nil, "after all: it was due at 2026-03-02T11:00:20Z, and nothing happened"},
		{"a deadline is told late", brokenStore{due: func(due []storage.Due) []storage.Due {
			for i := range due {
				due[i].At = due[i].At.Add(time.Second)
			}
			return due
		}}, nil, "after a deadline: it was due at 2026-03-02T09:03:30Z, and worked off at 2026-03-02T09:03:31Z"},
		{"a deadline is told early", brokenStore{due: func(due []storage.Due) []storage.Due {
			for i := range due {
				due[i].At = due[i].At.Add(-time.Second)
			}
			return due
		}}, nil, "after a deadline: something was due at 2026-03-02T08:59:59Z, and nothing happened"},

		{"the state has another field", brokenStore{commit: func(c *storage.Commit) bool {
			c.Head.Body = bytes.Replace(c.Head.Body, []byte(`"follow_ups":1`), []byte(`"follow_ups":2`), 1)
			return false
		}}, nil, "after a deadline: the stored state is not what the journal amounts to: follow_ups is 2, not 1"},
		{"the state is lost", brokenStore{load: func(l *storage.Loaded) {
			l.Head = storage.Head{}
		}}, nil, "step 1, after open by visitor:v: the version is 0, and the journal has 1 records"},
		{"a record is another", brokenStore{history: func(events []storage.Event) []storage.Event {
			for i := range events {
				if is("transferred", events[i]) {
					events[i].Body = bytes.Replace(events[i].Body, []byte(`"agent":"b"`), []byte(`"agent":"z"`), 1)
				}
			}
			return events
		}}, nil, `after transfer by agent:a: the stored state is not what the journal amounts to: agent is "b", not "z"`},
		{"a record is another in the end", brokenStore{history: func(events []storage.Event) []storage.Event {
			if len(events) > 5 {
				events[2].Body = bytes.Replace(events[2].Body, []byte(`"taken"`), []byte(`"seized"`), 1)
			}
			return events
		}}, nil, "after all: the journal has changed: {Seq:3 "},

		{"the version is higher", brokenStore{load: func(l *storage.Loaded) {
			if l.Head.Version > 3 {
				l.Head.Version++
			}
		}}, nil, "the version is 5, and the journal has 4 records"},
		{"a record is lost", brokenStore{history: func(events []storage.Event) []storage.Event {
			return slices.DeleteFunc(events, func(e storage.Event) bool { return is("prompted", e) })
		}}, nil, "after a deadline: the version is 7, and the journal has 6 records"},
		{"a record comes twice", brokenStore{history: func(events []storage.Event) []storage.Event {
			return slices.Concat(events, events)
		}}, nil, "step 1, after open by visitor:v: lifecycle: history of c: the store lost or repeated a version after 0"},

		{"the feed leaves one out", brokenStore{feed: func(entries []storage.Entry) []storage.Entry {
			return slices.DeleteFunc(entries, func(e storage.Entry) bool { return e.Position == 3 })
		}}, nil, "step 3, after take by agent:a: the feed does not deliver version 3"},
		{"the feed leaves one out and counts on", brokenStore{feed: func(entries []storage.Entry) []storage.Entry {
			entries = slices.DeleteFunc(entries, func(e storage.Entry) bool { return e.Position == 1 })
			for i := range entries {
				entries[i].Position--
			}
			return entries
		}}, nil, "the feed does not deliver version 1"},
		{"the feed repeats one and counts on", brokenStore{feed: func(entries []storage.Entry) []storage.Entry {
			for _, e := range entries {
				e.Position++
				entries = append(entries, e)
			}
			return entries
		}}, nil, "step 1, after open by visitor:v: the feed delivers version 1, which is not new"},
		{"the feed says something else", brokenStore{feed: func(entries []storage.Entry) []storage.Entry {
			for _, e := range entries {
				for i := range e.Events {
					e.Events[i].Text = strings.ToUpper(e.Events[i].Text)
				}
			}
			return entries
		}}, nil, "after say by visitor:v: the feed delivers {Seq:2 "},
		{"the feed turns records around", brokenStore{feed: func(entries []storage.Entry) []storage.Entry {
			for _, e := range entries {
				slices.Reverse(e.Events)
			}
			return entries
		}}, nil, "after say by visitor:v: the feed delivers {Seq:15 "},
		{"the feed takes it for another", brokenStore{feed: func(entries []storage.Entry) []storage.Entry {
			for i := range entries {
				entries[i].Key.Conversation = "d"
			}
			return entries
		}}, nil, "conversation d of workspace w (line 0), step 0, after open by visitor:v: the feed delivers it, and nobody opened it"},

		{"a message is shorter", brokenStore{commit: func(c *storage.Commit) bool {
			for i := range c.Events {
				c.Events[i].Text = strings.TrimPrefix(c.Events[i].Text, "xxxxxxxxx")
			}
			return false
		}}, nil, "after say by agent:b: message 6 of the file is 9 characters by agent:b at 2026-03-02T10:58:20Z, and in the journal 0 characters by"},
		{"a message is lost", brokenStore{commit: func(c *storage.Commit) bool {
			return len(c.Events) > 0 && len(c.Events[0].Text) == 9
		}}, nil, "after a message: 6 messages of the file were written, and 5 are in the journal"},
		{"a message comes twice", brokenStore{commit: func(c *storage.Commit) bool {
			if is("said", c.Events[0]) {
				again := c.Events[0]
				again.Version++
				again.Body = bytes.Replace(again.Body, []byte(`"seq":2`), []byte(`"seq":3`), 1)
				c.Events = append(c.Events, again)
				c.Head.Version++
			}
			return false
		}}, nil, "step 2, after say by visitor:v: message 2 of the file is 5 characters by agent:a at 2026-03-02T09:01:00Z, and in the journal 4 characters by visitor:v"},
		{"a message has another author", brokenStore{history: func(events []storage.Event) []storage.Event {
			for i := range events {
				events[i].Body = bytes.Replace(events[i].Body, []byte(`"by":{"kind":"agent","id":"b"}`), []byte(`"by":{"kind":"agent","id":"a"}`), 1)
			}
			return events
		}}, nil, "message 3 of the file is 6 characters by agent:b at 2026-03-02T09:01:30Z, and in the journal 6 characters by agent:a"},

		{"the clock steps back", brokenStore{}, &brokenClock{after: morning.Add(30 * time.Second)}, "step 3, after take by agent:a: it was waiting for 00:00:00 by the journal, and for -00:59:00 by its states"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.store.Store = memory.New()
			if tt.clock == nil {
				tt.clock = &fakeClock{}
			}
			one, err := timeline.NewReader(strings.NewReader(life), "life").Next()
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(tt.store, tt.clock, testOptions(t), newCensus())
			err = w.play(t.Context(), []*timeline.Timeline{one}, func(int) {})
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var v *violation
			found := errors.As(err, &v) && strings.Contains(err.Error(), tt.says)
			if !found {
				t.Errorf("play = %v, want a violation: %q", err, tt.says)
			}
			proof.Planted(t, "replay", tt.name, found)
		})
	}
}

// A life that does not add up, which no store can bring about.
func TestLifeAddsUp(t *testing.T) {
	t.Parallel()
	s := shadow{spent: map[conversation.State]int64{}, bySince: map[conversation.State]int64{}}
	s.c = conversation.Conversation{State: conversation.StateWaiting, OpenedAt: morning, Since: morning.Add(time.Second), UpdatedAt: morning.Add(time.Minute)}
	s.spent[conversation.StateWaiting] = 59e6
	if got, want := s.lifeAddsUp(), "it lived for 00:01:00, and was in its states for 00:00:59"; got != want {
		t.Errorf("lifeAddsUp() = %q, want %q", got, want)
	}
}

// Made-up files: nothing is ever broken, the numbers add up, and
// they are the same if all live side by side.
func TestRandomFiles(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	seed := proof.Seed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	files, messages := proof.Size(t, 20), 0
	for range files {
		input, args := randomFile(random), randomRules(random)
		alone, err := replay(t.Context(), timeline.NewReader(strings.NewReader(input), "random"), testOptions(t, args...))
		if err != nil {
			t.Fatalf("%v\nflags %q, file\n%s", err, args, input)
		}
		o := testOptions(t, args...)
		o.together = true
		together, err := replay(t.Context(), timeline.NewReader(strings.NewReader(input), "random"), o)
		if err != nil {
			t.Fatalf("-together: %v\nflags %q, file\n%s", err, args, input)
		}
		if a, b := printed(t, alone), printed(t, together); a != b {
			t.Fatalf("-together:\n%s\nwant\n%s\nflags %q, file\n%s", b, a, args, input)
		}
		open := 0
		for _, left := range alone.leftOpen {
			open += left
		}
		ended := alone.events["woken"] + alone.passedOn + alone.leftOpen[conversation.StateSnoozed]
		if alone.events["closed"]-alone.events["reopened"]+open != alone.conversations || alone.events["snoozed"] != ended ||
			alone.conversations != alone.timelines+alone.successors || alone.messages() != strings.Count(input, `"at"`) {
			t.Fatalf("the numbers do not add up:\n%s\nflags %q, file\n%s", printed(t, alone), args, input)
		}
		messages += alone.messages()
	}
	proof.Count(t, proof.Figure{
		Suite: "replay", Tried: int64(messages), Trials: "messages of made-up timelines", Breaks: "violations", Seed: seed,
		Details: fmt.Sprintf("%d files, each alone and together", files),
	})
}

func printed(t *testing.T, n *census) string {
	t.Helper()
	var b strings.Builder
	if err := report(&b, n, timeline.NewReader(nil, "")); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func randomFile(random *rand.Rand) string {
	var lines []string
	gaps := []int{0, 0, 1, 20, 119, 120, 121, 599, 600, 601, 3599, 3600, 3601, 9000, 86399, 86400, 86401, 90000, 86400 * 4, 86400 * 400}
	for i := range 1 + random.IntN(12) {
		var messages []string
		second := random.IntN(100_000)
		for range 1 + random.IntN(30) {
			from := []string{"visitor v", "agent a", "agent b", "visitor v", "agent a"}[random.IntN(5)]
			messages = append(messages, fmt.Sprint(second, " ", from, " ", random.IntN(50)))
			second += gaps[random.IntN(len(gaps))]
		}
		random.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
		lines = append(lines, line(fmt.Sprint("c", i), messages...))
	}
	return strings.Join(lines, "\n")
}

func randomRules(random *rand.Rand) []string {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	args := []string{
		"-prompt", pick("0", "1s", "2m"), "-last-speaker", pick("anyone", "visitor", "responder"),
		"-reopen-window", pick("0", "1s", "24h", "8760h"), "-snooze-after", pick("0", "10m", "1h"), "-snooze-for-reply", pick("0", "24h", "8760h"),
		"-queue-follow-up", pick("1s", "30m"), "-queue-close", pick("0", "1h", "72h"),
	}
	if random.IntN(4) == 0 {
		return append(args, "-prompt", "1s", "-follow-up", "0", "-close", "0")
	}
	return append(args, "-follow-up", pick("1s", "8m"), "-close", pick("0", "1s", "50m", "48h"))
}
