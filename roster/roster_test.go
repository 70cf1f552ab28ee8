package roster_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/roster"
)

const grace = 30 * time.Second

var nine = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// Manual beats automatic, and a connection that is lost for a moment changes
// nothing.
func Example() {
	ann := roster.New("ann", 3, "billing").With(roster.Automatic, roster.Available, nine, grace)
	fmt.Println(ann.Availability(), ann.Since.Format("15:04:05"))

	ann = ann.With(roster.Automatic, roster.Unavailable, nine.Add(time.Minute), grace)
	fmt.Println(ann.Availability(), ann.TakesNew())

	ann = ann.Expire(nine.Add(2*time.Minute), grace)
	fmt.Println(ann.Availability(), ann.Since.Format("15:04:05"))

	ann = ann.With(roster.Manual, roster.Available, nine.Add(3*time.Minute), grace)
	fmt.Println(ann.Availability(), ann.TakesNew())
	// Output:
	// available 09:00:00
	// available false
	// unavailable 09:01:00
	// available true
}

// A said is what a source said, some time after nine.
type said struct {
	after  time.Duration
	source roster.Source
	to     roster.Availability
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	const on, off, unset = roster.Available, roster.Unavailable, roster.Unset
	const auto, manual = roster.Automatic, roster.Manual
	for _, test := range []struct {
		name     string
		said     []said
		expire   time.Duration // after nine; zero: not
		want     roster.Availability
		takesNew bool
		since    time.Duration // after nine
		due      time.Duration // after nine; zero: never
	}{
		{"nobody said anything", nil, 0, off, false, -1, 0},
		{"connected", []said{{1, auto, on}}, 0, on, true, 1, 0},
		{"lost, in the grace", []said{{1, auto, on}, {2, auto, off}}, 0, on, false, 1, 2 + grace},
		{"lost, a moment before the grace is over", []said{{1, auto, on}, {2, auto, off}}, 1 + grace, on, false, 1, 2 + grace},
		{"lost, the grace over", []said{{1, auto, on}, {2, auto, off}}, 2 + grace, off, false, 2, 0},
		{"lost, and told again", []said{{1, auto, on}, {2, auto, off}, {3, auto, off}}, 0, on, false, 1, 2 + grace},
		{"back in the grace", []said{{1, auto, on}, {2, auto, off}, {3, auto, on}}, 2 + grace, on, true, 1, 0},
		{"by hand available, and connected", []said{{1, manual, on}, {2, auto, on}}, 0, on, true, 1, 0},
		{"by hand available, and lost", []said{{1, manual, on}, {2, auto, on}, {3, auto, off}}, 3 + grace, on, true, 1, 0},
		{"by hand unavailable", []said{{1, auto, on}, {2, manual, off}}, 0, off, false, 2, 0},
		{"by hand unavailable, then connected", []said{{1, auto, off}, {2, manual, off}, {3, auto, on}}, 0, off, false, 1, 0},
		{"by hand unset", []said{{1, auto, on}, {2, manual, off}, {3, manual, unset}}, 0, on, true, 3, 0},
		{"unset while lost, in the grace", []said{{1, auto, on}, {2, manual, off}, {3, auto, off}, {4, manual, unset}}, 0, on, false, 4, 3 + grace},
		{"said twice", []said{{1, auto, on}, {2, auto, on}}, 0, on, true, 1, 0},
		{"the source says nothing any more", []said{{1, auto, on}, {2, auto, unset}}, 2 + grace, off, false, 2, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := roster.New("ann", 0)
			for _, s := range test.said {
				a = a.With(s.source, s.to, nine.Add(s.after), grace)
			}
			if test.expire != 0 {
				a = a.Expire(nine.Add(test.expire), grace)
			}
			if a.Availability() != test.want || a.TakesNew() != test.takesNew {
				t.Errorf("%s, takes new: %t, want %s, %t", a.Availability(), a.TakesNew(), test.want, test.takesNew)
			}
			since, due := nine.Add(test.since), nine.Add(test.due)
			if test.since < 0 {
				since = time.Time{}
			}
			if test.due == 0 {
				due = time.Time{}
			}
			if !a.Since.Equal(since) || !a.Due(grace).Equal(due) {
				t.Errorf("since %v, due %v, want %v, %v", a.Since, a.Due(grace), since, due)
			}
		})
	}
}

func TestNoGrace(t *testing.T) {
	t.Parallel()
	for _, grace := range []time.Duration{0, -1} {
		a := roster.New("ann", 0).With(roster.Automatic, roster.Available, nine, grace)
		a = a.With(roster.Automatic, roster.Unavailable, nine.Add(1), grace)
		if a.Availability() != roster.Unavailable || !a.Due(grace).IsZero() {
			t.Errorf("grace %v: %s, due %v", grace, a.Availability(), a.Due(grace))
		}
	}
	// A grace that was shortened while it ran is over at once.
	a := roster.New("ann", 0).With(roster.Automatic, roster.Available, nine, grace)
	a = a.With(roster.Automatic, roster.Unavailable, nine, grace).Expire(nine, -1)
	if a.Availability() != roster.Unavailable {
		t.Errorf("after the grace was abolished: %s", a.Availability())
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	on := roster.New("ann", 2, "b", "a").With(roster.Manual, roster.Available, nine, grace)
	for name, a := range map[string]roster.Agent{
		"logged out": on.LoggedOut(nine.Add(1)),
		"gone":       on.Gone(nine.Add(1)),
	} {
		if a.Availability() != roster.Unavailable || a.TakesNew() || !a.Since.Equal(nine.Add(1)) {
			t.Errorf("%s: %s since %v", name, a.Availability(), a.Since)
		}
	}
	if again := on.LoggedOut(nine.Add(1)).LoggedOut(nine.Add(2)); !again.Since.Equal(nine.Add(1)) {
		t.Errorf("logged out twice: since %v, want the first", again.Since)
	}
	if back := on.Gone(nine).With(roster.Manual, roster.Available, nine, grace); back.TakesNew() {
		t.Error("who was removed takes new conversations")
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	given := []string{"sales", "billing", "sales"}
	a := roster.New("ann", 0, given...)
	if diff := cmp.Diff([]string{"billing", "sales"}, a.Groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sales", "billing", "sales"}, given); diff != "" {
		t.Errorf("what was given was changed (-want +got):\n%s", diff)
	}
	left := a.Leave("sales")
	for group, want := range map[string][2]bool{"": {true, true}, "billing": {true, true}, "sales": {true, false}, "tech": {false, false}} {
		if got := [2]bool{a.In(group), left.In(group)}; got != want {
			t.Errorf("in %q, and after leaving: %v, want %v", group, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	many := strings.Split(strings.Repeat("g ", roster.MaxGroups), " ")
	for i := range many {
		many[i] = fmt.Sprint("g", i)
	}
	for name, test := range map[string]struct {
		agent roster.Agent
		want  string
	}{
		"default":         {roster.New("ann", 0), ""},
		"largest":         {roster.New("ann", roster.MaxCapacity, many[:roster.MaxGroups]...), ""},
		"too large":       {roster.New("ann", roster.MaxCapacity+1), "capacity"},
		"negative":        {roster.New("ann", -1), "capacity"},
		"too many groups": {roster.New("ann", 1, many...), "groups"},
	} {
		err := test.agent.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want one about %q", name, err, test.want)
		}
	}
	if got := roster.New("ann", 0).Capacity; got != roster.DefaultCapacity {
		t.Errorf("capacity %d, want the default", got)
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	a := roster.New("ann", 2, "sales").With(roster.Automatic, roster.Available, nine, grace)
	a = a.With(roster.Automatic, roster.Unavailable, nine.Add(time.Second), grace)
	body, err := roster.Encode(a)
	if err != nil {
		t.Fatal(err)
	}
	back, err := roster.Decode[roster.Agent](body)
	if diff := cmp.Diff(a, back); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	const stored = `{"v":1,"data":{"id":"ann","groups":["sales"],"capacity":2,"automatic":"unavailable","since":"2026-03-02T09:00:00Z","lost_at":"2026-03-02T09:00:01Z"}}`
	if diff := cmp.Diff(stored, string(body)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	group := roster.Group{ID: "sales", Removed: true, Into: "billing"}
	body, err = roster.Encode(group)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"v":1,"data":{"id":"sales","removed":true,"into":"billing"}}`, string(body)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	for damaged, want := range map[string]error{
		``: nil, `{}`: nil, `{"v":0,"data":{}}`: nil, `{"v":1,"data":[]}`: nil, `x`: nil,
		`{"v":2,"data":[]}`: roster.ErrNewer,
	} {
		if _, err := roster.Decode[roster.Agent]([]byte(damaged)); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("decode %q: %v", damaged, err)
		}
	}
}
