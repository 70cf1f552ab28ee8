package roster_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/roster"
)

// inGrace is an agent whose connection was lost a second after nine.
func inGrace() roster.Agent {
	a := roster.New("ann", 2, "sales").With(roster.Automatic, roster.Available, nine, grace)
	return a.With(roster.Automatic, roster.Unavailable, nine.Add(time.Second), grace)
}

func TestCheckSaysTheLimits(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]roster.Agent{
		"capacity 10001, must be 1 to 10000": roster.New("ann", 10_001),
		"101 groups, at most 100":            {ID: "ann", Capacity: 1, Groups: make([]string, 101)},
	} {
		if err := a.Check(); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Check() = %v, want one that ends in %q", err, want)
		}
	}
}

func TestWhoIsAvailableByHandTakesNewInTheGrace(t *testing.T) {
	t.Parallel()
	a := inGrace()
	if a.TakesNew() {
		t.Error("takes new conversations only because the grace runs")
	}
	if a = a.With(roster.Manual, roster.Available, nine.Add(2*time.Second), grace); !a.TakesNew() {
		t.Error("takes none, though they said by hand that they are there")
	}
}

func TestComingBackEndsTheGrace(t *testing.T) {
	t.Parallel()
	a := inGrace().With(roster.Automatic, roster.Available, nine.Add(2*time.Second), grace)
	if !a.TakesNew() || !a.Due(grace).IsZero() {
		t.Errorf("takes new: %t, due %v, want an agent as if nothing had been", a.TakesNew(), a.Due(grace))
	}
}

func TestTheShortestGraceRuns(t *testing.T) {
	t.Parallel()
	a := roster.New("ann", 0).With(roster.Automatic, roster.Available, nine, 1)
	a = a.With(roster.Automatic, roster.Unavailable, nine, 1)
	if a.Availability() != roster.Available || !a.Due(1).Equal(nine.Add(1)) {
		t.Errorf("%s, due %v", a.Availability(), a.Due(1))
	}
}

// A grace that is abolished while it runs ends when the connection was lost, not before that.
func TestANegativeGraceIsNone(t *testing.T) {
	t.Parallel()
	if got := inGrace().Due(-time.Hour); !got.Equal(nine.Add(time.Second)) {
		t.Errorf("due %v", got)
	}
}

func TestLoggingOutEndsTheGrace(t *testing.T) {
	t.Parallel()
	a := inGrace().LoggedOut(nine.Add(2 * time.Second))
	if !a.Due(grace).IsZero() {
		t.Errorf("logged out, a grace is due %v", a.Due(grace))
	}
	if a = a.With(roster.Manual, roster.Unset, nine.Add(3*time.Second), grace); a.Availability() != roster.Unavailable {
		t.Error("the grace from before the log-out brought them back")
	}
}

func TestOfWhoIsGoneOnlyTheNameStays(t *testing.T) {
	t.Parallel()
	gone := nine.Add(time.Minute)
	want := roster.Agent{ID: "ann", Capacity: 2, Removed: true, Since: gone}
	byHand := inGrace().With(roster.Manual, roster.Available, nine.Add(2*time.Second), grace)
	if diff := cmp.Diff(want, byHand.Gone(gone)); diff != "" {
		t.Errorf("Gone() (-want +got):\n%s", diff)
	}
}
