package closure_test

import (
	order "cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

// drawn returns random records of a few conversations, agents, tags and so on, so
// that they share them, within ten days from noon.
func drawn(rng *rand.Rand, n int) []closure.Record {
	some := func(list []string) []string {
		var all []string
		for _, s := range list {
			if rng.IntN(3) == 0 {
				all = append(all, s)
			}
		}
		return all
	}
	records := make([]closure.Record, n)
	for i := range records {
		r := closure.Record{
			Conversation: one(rng, "c-1", "c-2", "c-3", "C-3"),
			Number:       1 + i, // nothing is there twice
			At:           noon.Add(time.Duration(rng.IntN(10*24*3600)) * time.Second),
			Outcome:      one(rng, closure.Outcomes()...),
			Cause:        one(rng, closure.Causes()...),
			Side:         one(rng, closure.Sides()...),
			Agent:        one(rng, "", "ann", "bob", "Ann"),
			Group:        one(rng, "", "sales", "support"),
			Sentiment:    one(rng, append(closure.Sentiments(), "")...),
			Grade:        one(rng, append(closure.Grades(), "")...),
			Tags:         some([]string{"Billing", "app", "öl"}),
			Articles:     some([]string{"kb-1", "kb-2", "kb-3"}),
		}
		if r.Outcome == closure.Unresolved {
			r.Reason = one(rng, append(closure.Reasons(), "")...)
		}
		for f := range r.Figures {
			r.Figures[f] = one(rng, closure.None, 0, 1, rng.Int64N(10), rng.Int64N(1e9))
		}
		records[i] = r
	}
	return records
}

func one[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

func TestSelects(t *testing.T) {
	t.Parallel()
	r := closure.Record{
		Conversation: "c", Number: 1, At: noon, Outcome: closure.Unresolved, Reason: closure.ReasonOther, Cause: closure.Agent,
		Side: closure.SideTeam, Agent: "ann", Group: "sales", Sentiment: closure.Negative, Grade: closure.Abrupt,
		Tags: []string{"app", "billing"}, Articles: []string{"kb-1", "kb-2"},
	}
	paris := time.FixedZone("Paris", 3600)
	tests := []struct {
		name   string
		filter closure.Filter
		next   time.Time
		want   bool
	}{
		{"nothing asked", closure.Filter{}, time.Time{}, true},
		{"nothing asked, closed again", closure.Filter{}, noon.Add(1), true},
		{"from then", closure.Filter{From: noon}, time.Time{}, true},
		{"from then, in another zone", closure.Filter{From: noon.In(paris)}, time.Time{}, true},
		{"from later", closure.Filter{From: noon.Add(1)}, time.Time{}, false},
		{"to then", closure.Filter{To: noon}, time.Time{}, false},
		{"to later", closure.Filter{To: noon.Add(1)}, time.Time{}, true},
		{"nothing between", closure.Filter{From: noon, To: noon}, time.Time{}, false},
		{"conversation", closure.Filter{Conversation: "c"}, time.Time{}, true},
		{"other conversation", closure.Filter{Conversation: "C"}, time.Time{}, false},
		{"outcome", closure.Filter{Outcome: closure.Unresolved}, time.Time{}, true},
		{"other outcome", closure.Filter{Outcome: closure.Resolved}, time.Time{}, false},
		{"cause", closure.Filter{Cause: closure.Agent}, time.Time{}, true},
		{"other cause", closure.Filter{Cause: closure.Idle}, time.Time{}, false},
		{"side", closure.Filter{Side: closure.SideTeam}, time.Time{}, true},
		{"other side", closure.Filter{Side: closure.SideBot}, time.Time{}, false},
		{"agent", closure.Filter{Agent: "ann"}, time.Time{}, true},
		{"other agent", closure.Filter{Agent: "bob"}, time.Time{}, false},
		{"group", closure.Filter{Group: "sales"}, time.Time{}, true},
		{"other group", closure.Filter{Group: "support"}, time.Time{}, false},
		{"sentiment", closure.Filter{Sentiment: closure.Negative}, time.Time{}, true},
		{"other sentiment", closure.Filter{Sentiment: closure.Positive}, time.Time{}, false},
		{"one of the grades", closure.Filter{Grades: []closure.Grade{closure.Confirmed, closure.Abrupt}}, time.Time{}, true},
		{"none of the grades", closure.Filter{Grades: []closure.Grade{closure.Confirmed}}, time.Time{}, false},
		{"tag", closure.Filter{Tag: "billing"}, time.Time{}, true},
		{"other tag", closure.Filter{Tag: "Billing"}, time.Time{}, false},
		{"article", closure.Filter{Article: "kb-1"}, time.Time{}, true},
		{"other article", closure.Filter{Article: "kb"}, time.Time{}, false},
		{"last", closure.Filter{Last: true}, time.Time{}, true},
		{"closed again", closure.Filter{Last: true}, noon.Add(1), false},
		{"closed again at once", closure.Filter{Last: true}, noon, false},
		{"closed again before the end", closure.Filter{Last: true, To: noon.Add(2)}, noon.Add(1), false},
		{"closed again at the end", closure.Filter{Last: true, To: noon.Add(2)}, noon.Add(2), true},
		{"closed again after the end", closure.Filter{Last: true, To: noon.Add(2)}, noon.Add(3), true},
		{"everything", closure.Filter{
			From: noon, To: noon.Add(1), Conversation: "c", Outcome: closure.Unresolved, Cause: closure.Agent, Side: closure.SideTeam, Agent: "ann",
			Group: "sales", Sentiment: closure.Negative, Grades: closure.Grades(), Tag: "app", Article: "kb-2", Last: true,
		}, noon.Add(1), true},
		{"everything but the agent", closure.Filter{
			From: noon, To: noon.Add(1), Conversation: "c", Outcome: closure.Unresolved, Cause: closure.Agent, Side: closure.SideTeam, Agent: "bob",
			Group: "sales", Sentiment: closure.Negative, Grades: closure.Grades(), Tag: "app", Article: "kb-2", Last: true,
		}, noon.Add(1), false},
	}
	for _, tt := range tests {
		if got := tt.filter.Selects(r, tt.next); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	// What a closing does not have, no filter but the empty one selects.
	bare := closure.Record{Conversation: "c", Number: 1, At: noon}
	for i, f := range []closure.Filter{
		{Outcome: closure.Resolved}, {Cause: closure.Agent}, {Side: closure.SideBot}, {Agent: "a"}, {Group: "g"}, {Sentiment: closure.Neutral},
		{Grades: closure.Grades()}, {Tag: "t"}, {Article: "a"},
	} {
		if f.Selects(bare, time.Time{}) {
			t.Errorf("filter %d selects a closing that has nothing: %+v", i, f)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	want := []closure.Place{
		{},
		{noon, "", 0},
		{noon, "B", 9},
		{noon, "a", 1},
		{noon.In(time.FixedZone("", 3600)), "a", 2}, // the instant counts, not the zone
		{noon, "a", 10},
		{noon, "ab", 1},
		{noon.Add(1), "A", 1},
	}
	for i, a := range want {
		for j, b := range want {
			got, sign := closure.ComparePlaces(a, b), order.Compare(i, j)
			if order.Compare(got, 0) != sign {
				t.Errorf("places %d and %d: %d", i, j, got)
			}
			record := func(p closure.Place) closure.Record {
				return closure.Record{Conversation: p.Conversation, Number: p.Number, At: p.At}
			}
			if got := record(a).Compare(record(b)); order.Compare(got, 0) != sign {
				t.Errorf("records %d and %d: %d", i, j, got)
			}
		}
		if diff := cmp.Diff(a, (closure.Record{Conversation: a.Conversation, Number: a.Number, At: a.At}).Place()); diff != "" {
			t.Errorf("place %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	all := closure.AllFigures()
	if len(all) != closure.NumFigures {
		t.Errorf("%d figures, want %d", len(all), closure.NumFigures)
	}
	for i, f := range all {
		if int(f) != i || slices.Contains(figureNames()[:i], f.String()) {
			t.Errorf("figure %d is %d, %q", i, f, f)
		}
	}
	for _, f := range []closure.Figure{-1, closure.Figure(closure.NumFigures), math.MaxInt} {
		if f.String() != "unknown" {
			t.Errorf("figure %d is %q, want it to be unknown", f, f)
		}
	}
}

func TestMilliseconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int64{
		0: 0, time.Millisecond - 1: 0, time.Millisecond: 1, 2*time.Millisecond - 1: 1, time.Hour: 3_600_000,
		-1: 0, -time.Hour: 0, math.MinInt64: 0, math.MaxInt64: 9_223_372_036_854,
	} {
		if got := closure.Milliseconds(d); got != want {
			t.Errorf("Milliseconds(%v) = %d, want %d", d, got, want)
		}
	}
	for figure, want := range map[float64]time.Duration{
		0: 0, 1: time.Millisecond, 1.5: 1500 * time.Microsecond, 1e-6: 1, 0.4e-6: 0, 1.0 / 3: 333_333, 3_600_000: time.Hour,
	} {
		if got := closure.Duration(figure); got != want {
			t.Errorf("Duration(%v) = %v, want %v", figure, got, want)
		}
	}
}
