package sample_test

import (
	"testing"

	"github.com/adjourn/adjourn/tools/mutate/testdata/sample"
)

func TestOf(t *testing.T) {
	if names, all := sample.Of(2, "bag"); all || len(names) != 2 || names[0] != "pill" || names[1] != "bag" {
		t.Error(names, all)
	}
}

func TestGrade(t *testing.T) {
	for size, want := range map[int]string{0: "none", 1: "small", 9: "big"} {
		if got := sample.Grade(size); got != want {
			t.Errorf("%d: %s", size, got)
		}
	}
}

func TestForever(t *testing.T) {
	if got := sample.Forever(3); got != 6 {
		t.Error(got)
	}
}

func TestSkipped(t *testing.T) {
	if sample.Grade(3) == "big" || sample.Forgotten(1) > 0 {
		t.Error("it is not")
	}
}
