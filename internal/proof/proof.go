package proof

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// FiguresVariable names the file that figures are appended to, a line of JSON
// each. Without it they are only logged.
const FiguresVariable = "PROOF_FIGURES"

// SoakVariable says how many times the size of a suite is run: 1 when it is not
// set, 10 for ten times as much.
const SoakVariable = "SOAK"

// SeedVariable repeats a run with random choices: it holds the seed that the run
// has logged.
const SeedVariable = "SEED"

// A Figure is what a suite has counted. One suite may have several.
type Figure struct {
	Suite   string // as in the table of suites of prove
	Tried   int64  // how often the promise was put to the test
	Trials  string // what was tried, in the plural: "commands"
	Broken  int64  // how often the promise was broken
	Breaks  string // what a break would be, in the plural: "divergences"
	Details string `json:",omitempty"` // what else was counted: "48 kills, 12 unknown outcomes"
	Seed    uint64 `json:",omitempty"` // 0 for suites without random choices
	Every   bool   `json:",omitempty"` // all there are were tried, so a zero needs no bound
}

// String is the figure in one line, with the bound of a zero.
func (f Figure) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, %d %s", Grouped(f.Tried), f.Trials, f.Broken, f.Breaks)
	if bound, ok := f.Bound(); ok {
		fmt.Fprintf(&b, " (below %s at 95 %%)", bound)
	}
	if f.Details != "" {
		fmt.Fprintf(&b, "; %s", f.Details)
	}
	if f.Seed != 0 {
		fmt.Fprintf(&b, "; seed %d", f.Seed)
	}
	return b.String()
}

// Bound is what a zero says about the rate of breaks: with 95 % confidence it is
// below 3/n after none in n independent trials (the rule of three). It is not
// known where something broke or nothing was tried.
func (f Figure) Bound() (string, bool) {
	if f.Broken != 0 || f.Tried <= 3 || f.Every { // 3/n says nothing up to 3
		return "", false
	}
	rate := 3 / float64(f.Tried)
	if rate >= 0.001 {
		return fmt.Sprintf("%.2g %%", 100*rate), true
	}
	return fmt.Sprintf("%.1e", rate), true
}

// A Fault is a mistake that was planted to see whether a suite finds it.
type Fault struct {
	Suite  string
	Fault  string // what was planted: "closing keeps the snooze"
	Caught bool
}

// A Line is a line of the file of figures: one of the two.
type Line struct {
	Figure *Figure `json:",omitempty"`
	Fault  *Fault  `json:",omitempty"`
}

// Count takes down a figure, and logs it. The test fails where something broke,
// and where nothing was tried.
func Count(t testing.TB, f Figure) {
	t.Helper()
	if f.Broken != 0 || f.Tried <= 0 {
		t.Errorf("%s: %s", f.Suite, f)
	} else {
		t.Logf("%s: %s", f.Suite, f)
	}
	write(t, Line{Figure: &f})
}

// Planted takes down whether a planted fault was caught. The test fails when it
// was not: such a suite is blind.
func Planted(t testing.TB, suite, fault string, caught bool) {
	t.Helper()
	if !caught {
		t.Errorf("%s: a planted fault was not caught: %s", suite, fault)
	}
	write(t, Line{Fault: &Fault{Suite: suite, Fault: fault, Caught: caught}})
}

// write appends a line. Lines of several processes do not mix, because each is
// one write to a file opened for appending.
func write(t testing.TB, l Line) {
	t.Helper()
	name := os.Getenv(FiguresVariable)
	if name == "" {
		return
	}
	text, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(append(text, '\n'))
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Wanted reports whether figures are taken down or a soak was asked for: whether
// a suite that has a smaller everyday size should run in full.
func Wanted() bool {
	return os.Getenv(FiguresVariable) != "" || os.Getenv(SoakVariable) != ""
}

// Size is how much a suite does: n, times what SoakVariable says, or a
// twentieth of n, at least one, in a short run.
func Size(t testing.TB, n int) int {
	t.Helper()
	if testing.Short() && os.Getenv(SoakVariable) == "" {
		return max(n/20, 1)
	}
	return n * Soak(t)
}

// Soak is what SoakVariable holds, at least 1.
func Soak(t testing.TB) int {
	t.Helper()
	text := os.Getenv(SoakVariable)
	if text == "" {
		return 1
	}
	times, err := strconv.Atoi(text)
	if err != nil || times < 1 {
		t.Fatalf("%s=%s, want a number of at least one", SoakVariable, text)
	}
	return times
}

// Long leaves a suite out of a short run. The suites of prove run it.
func Long(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("not in a short run")
	}
}

// Seed is what the random choices of a suite begin with: what SeedVariable
// holds, or a new one. It is logged.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64() | 1 // never 0, which means that there is none
	if text := os.Getenv(SeedVariable); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s=%s, want a number", SeedVariable, text)
		}
		seed = given
	}
	t.Logf("%s=%d repeats it", SeedVariable, seed)
	return seed
}

// Grouped writes a number as people do: 10,000,000.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
