package proof_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/internal/proof"
)

func TestFigures(t *testing.T) {
	for _, tt := range []struct {
		name   string
		figure proof.Figure
		want   string
	}{
		{"a zero among many has a small bound",
			proof.Figure{Tried: 10_000_000, Trials: "commands", Breaks: "divergences", Seed: 7},
			"10,000,000 commands, 0 divergences (below 3.0e-07 at 95 %); seed 7"},
		{"a zero among few has one in percent",
			proof.Figure{Tried: 500, Trials: "cut connections", Breaks: "doubled", Details: "12 s"},
			"500 cut connections, 0 doubled (below 0.6 % at 95 %); 12 s"},
		{"what broke has none",
			proof.Figure{Tried: 999, Trials: "timers", Broken: 2, Breaks: "lost"},
			"999 timers, 2 lost"},
		{"nothing shows nothing",
			proof.Figure{Trials: "timers", Breaks: "lost"},
			"0 timers, 0 lost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.figure.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFiguresAreTakenDown(t *testing.T) {
	name := filepath.Join(t.TempDir(), "figures")
	t.Setenv(proof.FiguresVariable, name)
	figure := proof.Figure{Suite: "model", Tried: 3, Trials: "commands", Breaks: "divergences"}
	proof.Count(t, figure)
	proof.Planted(t, "model", "closing keeps the snooze", true)

	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var got []proof.Line
	for line := range strings.Lines(string(text)) {
		var l proof.Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		got = append(got, l)
	}
	want := []proof.Line{
		{Figure: &figure},
		{Fault: &proof.Fault{Suite: "model", Fault: "closing keeps the snooze", Caught: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the file differs (-want +got):\n%s", diff)
	}
}

// What a blind suite would say must make its test fail.
func TestAFaultThatIsNotCaughtFailsTheTest(t *testing.T) {
	blind := &failing{TB: t}
	proof.Planted(blind, "model", "closing keeps the snooze", false)
	if !blind.failed {
		t.Error("the test passed")
	}
}

func TestAFigureThatShowsNothingFailsTheTest(t *testing.T) {
	for _, f := range []proof.Figure{
		{Suite: "model", Tried: 7, Broken: 1},
		{Suite: "model", Tried: 0},
	} {
		broken := &failing{TB: t}
		proof.Count(broken, f)
		if !broken.failed {
			t.Errorf("the test passed with %s", f)
		}
	}
}

type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Errorf(string, ...any) { f.failed = true }

func TestSize(t *testing.T) {
	t.Setenv(proof.SoakVariable, "10")
	if got := proof.Size(t, 500); got != 5_000 {
		t.Errorf("ten times 500 is %d", got)
	}
}

func TestSeedsCanBeRepeated(t *testing.T) {
	t.Setenv(proof.SeedVariable, "42")
	if got := proof.Seed(t); got != 42 {
		t.Errorf("got %d, want the given one", got)
	}
}
