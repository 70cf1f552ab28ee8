package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/examples/internal/timeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// program runs the program on an input, in memory unless the flags say
// otherwise, and returns what it printed.
func program(t *testing.T, input string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, err bytes.Buffer
	args = append([]string{"-store", "memory"}, args...)
	status = run(context.Background(), args, strings.NewReader(input), &out, &err)
	return out.String(), err.String(), status
}

func TestGolden(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
	}{
		{"sample", nil},
		{"sample-responder", []string{"-last-speaker", "responder"}},
		{"sample-never", []string{"-prompt", "0", "-follow-up", "0", "-close", "0", "-queue-follow-up", "0", "-queue-close", "0", "-snooze-after", "0"}},
		{"timeline-successors", []string{"-timeline", "visa-11"}},
		{"timeline-snoozes", []string{"-timeline", "recall-8"}},
		{"timeline-together", []string{"-together", "-timeline", "seat-10"}},
		{"staff", []string{"-agents", "2", "-capacity", "2"}},
		{"staff-compared", []string{"-agents", "1,2,5,50", "-hand-over"}},
		{"timeline-staff", []string{"-agents", "1", "-timeline", "alarm-29"}},
		{"timeline-open", []string{"-timeline", "seat-10", "-last-speaker", "responder"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, stderr, status := program(t, "", tt.args...)
			if status != 0 {
				t.Fatalf("run(%q) = %d:\n%s", tt.args, status, stderr)
			}
			golden := filepath.Join("testdata", tt.name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("run(%q) printed, unlike %s (-update writes it anew):\n%s", tt.args, golden, got)
			}
		})
	}
}

// The sample is there to show everything.
func TestSampleShowsEverything(t *testing.T) {
	t.Parallel()
	n, err := replay(context.Background(), timeline.NewReader(strings.NewReader(timeline.Sample), "sample"), testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{
		"opened", "said", "taken", "transferred", "snoozed", "woken", "prompted", "followed_up", "closed", "reopened",
		"article_linked", "marked_read",
	} {
		if n.events[event] == 0 {
			t.Errorf("no event %s", event)
		}
	}
	counts := map[string]int{
		"successors": n.successors, "snoozes ended by transfer": n.passedOn, "closings on the unanswered": n.unanswered,
		"snoozes until the reply": n.snoozes[false], "snoozes for a day": n.snoozes[true],
	}
	for _, cause := range []string{"timer", "visitor", "agent"} {
		counts["wakes by the "+cause] = n.woken[conversation.WakeCause(cause)]
	}
	for _, kind := range []string{"visitor", "agent"} {
		counts["reopenings by the "+kind] = n.reopened[conversation.ActorKind(kind)]
	}
	for what, count := range counts {
		if count == 0 {
			t.Errorf("no %s", what)
		}
	}
}

func TestUnknownTimeline(t *testing.T) {
	t.Parallel()
	stdout, stderr, status := program(t, "", "-timeline", "nobody\n")
	if want := `replay: sample.jsonl has no conversation with the ID "nobody\n"` + "\n"; status != 2 || stderr != want || stdout != "" {
		t.Errorf("printed %q, %q and ended with %d, want %q and 2", stdout, stderr, status, want)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		args   []string
		says   string
		status int
	}{
		{"help", []string{"-h"}, "usage: replay [flags] [FILE]", 0},
		{"unknown flag", []string{"-fast"}, "not defined: -fast", 2},
		{"two files", []string{"a", "b"}, "one file at a time", 2},
		{"flag after the file", []string{"a", "-skip-bad"}, "flags come before it", 2},
		{"no such file", []string{"testdata/none.jsonl"}, "no such file", 2},
		{"a directory", []string{"testdata"}, "is a directory", 2},
		{"a closing without a follow-up", []string{"-follow-up", "0"}, "a close must come after a follow-up", 2},
		{"a negative wait", []string{"-prompt", "-1s"}, "must be positive", 2},
		{"no agents", []string{"-agents", "0"}, `agents "0", want numbers from 1 to 1000`, 2},
		{"agents in words", []string{"-agents", "1,two"}, `agents "two"`, 2},
		{"no capacity", []string{"-agents", "1", "-capacity", "0"}, "a capacity of 0, want 1 to 10000", 2},
		{"no hours", []string{"-agents", "1", "-hours", "9 to 5"}, "times", 2},
		{"a timeline of many runs", []string{"-agents", "1,2", "-timeline", "alarm-29"}, "give -agents one number", 2},
		{"a file for many runs", []string{"-agents", "1,2", "-store", "sqlite:x"}, "takes one run", 2},
		{"no such timeline", []string{"-agents", "1", "-timeline", "nobody"}, `no conversation with the ID "nobody"`, 2},
		{"no speaker", []string{"-last-speaker", "bot"}, `unknown last speaker, must be "visitor" or "responder"`, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, stderr, status := program(t, "", tt.args...)
			if status != tt.status || !strings.Contains(stderr, tt.says) {
				t.Errorf("run(%q) = %d and said %q, want %d and %q", tt.args, status, stderr, tt.status, tt.says)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if status := run(ctx, nil, nil, &stdout, &stderr); status != 2 || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("ended with %d and %q", status, stderr.String())
	}
}

// Files of the same form, named in the environment: REPLAY_FILES=a.jsonl:b.jsonl
func TestRealFiles(t *testing.T) {
	t.Parallel()
	files := filepath.SplitList(os.Getenv("REPLAY_FILES"))
	if len(files) == 0 {
		t.Skip("REPLAY_FILES names no files")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			alone, stderr, status := program(t, "", file)
			if status != 0 {
				t.Fatalf("ended with %d:\n%s", status, stderr)
			}
			if together, stderr, status := program(t, "", "-together", file); status != 0 || together != alone {
				t.Errorf("-together ended with %d:\n%s%s\nwant\n%s", status, stderr, together, alone)
			}
			fmt.Fprint(t.Output(), alone)
			staffed, stderr, status := program(t, "", "-agents", "1,5,50", file)
			if status != 0 {
				t.Errorf("-agents ended with %d:\n%s", status, stderr)
			}
			fmt.Fprint(t.Output(), staffed)
		})
	}
}
