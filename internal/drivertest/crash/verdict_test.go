//go:build linux

package crash_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/storage"
)

// A verdict is what an audit counted, and what it found wrong.
type verdict struct {
	acknowledged int
	open         int // requests that nobody can tell of
	applied      int // of these

	lost    []string // acknowledged, and not there
	twice   []string
	wrong   []string // said to have changed nothing, and applied
	damaged []string // what contradicts itself
}

func (v *verdict) add(other verdict) {
	v.acknowledged += other.acknowledged
	v.open += other.open
	v.applied += other.applied
	v.lost = append(v.lost, other.lost...)
	v.twice = append(v.twice, other.twice...)
	v.wrong = append(v.wrong, other.wrong...)
	v.damaged = append(v.damaged, other.damaged...)
}

// fail reports what was found, some of each.
func (v *verdict) fail(t testing.TB) {
	t.Helper()
	for _, f := range []struct {
		what  string
		found []string
	}{{"lost", v.lost}, {"twice", v.twice}, {"wrongly denied", v.wrong}, {"damaged", v.damaged}} {
		const most = 5
		if n := len(f.found); n > 0 {
			t.Errorf("%s: %d\n\t%s", f.what, n, strings.Join(f.found[:min(n, most)], "\n\t"))
		}
	}
}

// count compares what is known of a request with what was found of it.
func (v *verdict) count(e *entry, found []storage.Applied) {
	there := len(found) > 0
	switch e.Outcome {
	case accepted:
		v.acknowledged++
		if !there {
			v.lost = append(v.lost, e.name())
		} else if e.From != found[0].From || e.To != found[0].To {
			v.damaged = append(v.damaged, fmt.Sprintf("%s was answered with %d to %d, and is %v", e.name(), e.From, e.To, found))
		}
	case refused, failed:
		if there {
			v.wrong = append(v.wrong, fmt.Sprintf("%s was %s, %s, and is %v", e.name(), e.Outcome, e.Err, found))
		}
	default:
		v.open++
		if there {
			v.applied++
		}
	}
	if len(found) > 1 {
		v.twice = append(v.twice, fmt.Sprintf("%s is %v", e.name(), found))
	}
}
