package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go/parser"
	"go/token"
)

const sample = "./testdata/sample"

// tried runs the tool over the sample, and returns what it printed, without the time that it took.
func tried(t *testing.T, o options) (string, error) {
	t.Helper()
	var out bytes.Buffer
	o.workers = 2
	err := run(&out, sample, o)
	return regexp.MustCompile(`, in \d+m?\d*s\n`).ReplaceAllString(out.String(), "\n"), err
}

func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles the sample once more")
	}
}

// TestSurvivors compares the survivors of the sample with those of a file. The tests of the sample leave some of every
// kind.
func TestSurvivors(t *testing.T) {
	t.Parallel()
	got, err := tried(t, options{skip: "Skipped", only: "boxes|Of|Grade|Forgotten"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/survivors.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestWhatNeverEndsIsKilled(t *testing.T) {
	t.Parallel()
	slow(t)
	got, err := tried(t, options{skip: "Skipped", only: "Forever: n-- → nothing"})
	if err != nil || !strings.Contains(got, "1 mutants, 1 killed") {
		t.Errorf("%v, %s", err, got)
	}
}

func TestTestsAreSkipped(t *testing.T) {
	t.Parallel()
	slow(t)
	got, err := tried(t, options{skip: "^$", only: "Forgotten: -n → n"})
	if err != nil || !strings.Contains(got, "1 mutants, 1 killed") {
		t.Errorf("with the test that is otherwise skipped: %v, %s", err, got)
	}
}

func TestSurvivorsAreExplained(t *testing.T) {
	t.Parallel()
	slow(t)
	file := filepath.Join(t.TempDir(), "explained.md")
	if err := os.WriteFile(file, []byte("- `sample/sample.go Forgotten: -n → n`\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := tried(t, options{skip: "Skipped", only: "Forgotten: -n → n", explained: file})
	if err != nil || !strings.Contains(got, "1 survived, 0 of them unexplained") {
		t.Errorf("explained: %v, %s", err, got)
	}
	got, err = tried(t, options{skip: "Skipped", only: "Forgotten", explained: file})
	if err == nil || !strings.Contains(got, "2 survived, 1 of them unexplained") {
		t.Errorf("one is not explained: %v, %s", err, got)
	}
}

// TestRewrite checks that the source with all mutants is Go, and has each of them once.
func TestRewrite(t *testing.T) {
	t.Parallel()
	p, err := load(sample)
	if err != nil {
		t.Fatal(err)
	}
	mutants, invalid, files, err := p.mutate()
	if err != nil || invalid != 0 {
		t.Fatalf("%v, %d do not compile", err, invalid)
	}
	text := files["sample.go"]
	if _, err := parser.ParseFile(token.NewFileSet(), "sample.go", text, 0); err != nil {
		t.Error(err)
	}
	if got := bytes.Count(text, []byte("mutate__(")); got != len(mutants) {
		t.Errorf("%d mutants in the source, of %d", got, len(mutants))
	}
}
