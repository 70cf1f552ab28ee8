package storagetest_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/adjourn/adjourn/internal/proof"
	"github.com/adjourn/adjourn/storage"
	"github.com/adjourn/adjourn/storage/memory"
	"github.com/adjourn/adjourn/storage/storagetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, open)
}

func TestClockAndTallier(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(*testing.T) storage.Store { return timed{tallying{&broken{Store: memory.New()}}} })
}

// timed is a store with the machine's clock, which counts closings by itself.
type timed struct{ tallying }

func (timed) Now(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	return time.Now().UTC().Truncate(time.Microsecond), nil
}

// inChild is set where the broken stores run: in a process of its own, because
// they fail their tests.
const inChild = "STORAGETEST_BROKEN"

// TestBroken shows that the kit fails for each broken store, in the subtest and
// with the sentence that it should, and that each subtest is needed for one.
func TestBroken(t *testing.T) {
	if os.Getenv(inChild) != "" {
		for _, f := range faults() {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				if f.inTx() {
					storagetest.RunTx(t, func(*testing.T) storagetest.TxHarness { return f.openTx() })
				} else {
					storagetest.Run(t, func(*testing.T) storage.Store { return f.open() })
				}
			})
		}
		return
	}
	proof.Long(t)
	t.Parallel()
	r := reported(t)
	needed, sentences := map[string]bool{}, map[string]bool{}
	for _, f := range faults() {
		broken := r.broken[underscored(f.name)]
		sentence := broken[underscored(f.caught)]
		proof.Planted(t, "storage contract", f.name, sentence != "")
		if sentence == "" {
			t.Errorf("%q: the kit does not fail in %q, but in %q", f.name, f.caught, slices.Sorted(maps.Keys(broken)))
			continue
		}
		needed[underscored(f.caught)], sentences[sentence] = true, true
	}
	for _, caseName := range slices.Sorted(maps.Keys(r.cases)) {
		if !needed[caseName] {
			t.Errorf("no broken store is there to be caught by %q: is it needed?", caseName)
		}
	}
	t.Logf("%d sentences, %d broken stores, %d subtests", len(sentences), len(faults()), len(r.cases))
}

// underscored is the name that package testing gives a subtest.
func underscored(name string) string { return strings.ReplaceAll(name, " ", "_") }

// A report is what the kit said about the broken stores.
type report struct {
	cases  map[string]bool              // that ran
	broken map[string]map[string]string // by fault and case: the sentence that the kit says is broken
}

var (
	// mark tells which test wrote the lines that follow.
	mark = regexp.MustCompile(`^=== (?:RUN|CONT|NAME) +TestBroken/([^/]+)/([^/]+/[^/]+)$`)
	said = regexp.MustCompile(`^ +storagetest\.go:\d+: broken: (".*")$`)
)

// reported runs the broken stores once, for all tests.
func reported(t *testing.T) report {
	t.Helper()
	r, err := runBroken()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runBroken runs each broken store with the group of subtests that must catch it:
// with all of them it would be several times as long, and take gigabytes.
var runBroken = sync.OnceValues(func() (report, error) {
	r := report{cases: map[string]bool{}, broken: map[string]map[string]string{}}
	var groups []string
	names := map[string][]string{}
	for _, f := range faults() {
		if names[f.group()] == nil {
			groups = append(groups, f.group())
		}
		names[f.group()] = append(names[f.group()], f.name)
	}
	for _, group := range groups {
		if err := r.run(group, names[group]...); err != nil {
			return r, err
		}
	}
	// Some are caught only where goroutines meet: they get another chance.
	for _, f := range faults() {
		for tries := 0; tries < 3 && !r.caught(f); tries++ {
			if err := r.run(f.group(), f.name); err != nil {
				return r, err
			}
		}
	}
	return r, nil
})

// run runs the broken stores of those names with a group of subtests.
func (r report) run(group string, names ...string) error {
	for i, name := range names {
		names[i] = regexp.QuoteMeta(underscored(name))
	}
	found, err := runChild("^TestBroken$/^(" + strings.Join(names, "|") + ")$/^" + group + "$")
	maps.Copy(r.cases, found.cases)
	maps.Copy(r.broken, found.broken)
	return err
}

// caught reports whether the kit failed where it should.
func (r report) caught(f fault) bool {
	return r.broken[underscored(f.name)][underscored(f.caught)] != ""
}

// runChild runs broken stores in a process of their own.
func runChild(pattern string) (report, error) {
	self, err := os.Executable()
	if err != nil {
		return report{}, err
	}
	cmd := exec.Command(self, "-test.run="+pattern, "-test.v", "-test.parallel=1", "-test.timeout=9m")
	cmd.Env = append(os.Environ(), inChild+"=1",
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=50") // A second by default, for each child.
	out, err := cmd.CombinedOutput()
	switch {
	case bytes.Contains(out, []byte("panic: ")):
		return report{}, fmt.Errorf("the kit or a broken store panics: %v\n%s", err, out)
	case bytes.Contains(out, []byte("WARNING: DATA RACE")):
		return report{}, fmt.Errorf("broken stores must fail by what they do, not by data races:\n%s", out)
	}
	return parse(string(out))
}

func parse(out string) (report, error) {
	r := report{cases: map[string]bool{}, broken: map[string]map[string]string{}}
	var fault, caseName string
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if m := mark.FindStringSubmatch(line); m != nil {
			fault, caseName = m[1], m[2]
			r.cases[caseName] = true
		} else if strings.HasPrefix(line, "===") {
			fault, caseName = "", ""
		} else if m := said.FindStringSubmatch(line); m != nil {
			sentence, err := strconv.Unquote(m[1])
			if err != nil || fault == "" {
				return r, fmt.Errorf("cannot parse %q: %v, fault %q", line, err, fault)
			}
			if r.broken[fault] == nil {
				r.broken[fault] = map[string]string{}
			}
			r.broken[fault][caseName] = sentence
		}
	}
	return r, nil
}
