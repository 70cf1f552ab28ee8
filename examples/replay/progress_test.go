package main

import (
	"bytes"
	"testing"
	"time"
)

// TestProgress: nothing in the first second, then a line a second with how far it
// has come.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, 200)
	p.update(10, 1)
	if out.Len() > 0 {
		t.Errorf("at once: %q", &out)
	}
	p.began, p.next = p.began.Add(-2*time.Second), p.began.Add(-time.Second)
	p.update(50, 4)
	p.update(60, 5)
	if got, want := out.String(), "replay:  25 %, 4 conversations, 2 a second\n"; got != want {
		t.Errorf("after two seconds: %q, want %q", got, want)
	}
}
