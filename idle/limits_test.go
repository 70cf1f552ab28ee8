package idle_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/idle"
)

func TestTheLongestTextsAndWaitsAreAccepted(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", idle.MaxText)
	ladder := steps(idle.Step{After: idle.MaxWait, Action: idle.Prompt, Text: long, Phrase: long})
	if err := ladder.Check(idle.Actions()...); err != nil {
		t.Error(err)
	}
}

func TestCheckSaysTheLongestWait(t *testing.T) {
	t.Parallel()
	ladder := steps(with(prompt, func(s *idle.Step) { s.After = idle.MaxWait + 1000 }))
	if err := ladder.Check(idle.Actions()...); err == nil || !strings.HasSuffix(err.Error(), "at most 9600h0m0s") {
		t.Errorf("Check() = %v", err)
	}
}

func TestALastSpeakerNeedsSteps(t *testing.T) {
	t.Parallel()
	for _, speaker := range []idle.Speaker{idle.Visitor, idle.Responder} {
		err := idle.Ladder{LastSpeaker: speaker}.Check(idle.Actions()...)
		if !errors.Is(err, idle.ErrLadder) || !strings.Contains(err.Error(), "no steps") {
			t.Errorf("%s: Check() = %v", speaker, err)
		}
	}
}
