package closure_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

// Articles with the same figures come in the order of their names, however many there are.
func TestArticlesOfTheSameFiguresAreOrderedByName(t *testing.T) {
	t.Parallel()
	var groups []closure.Group
	var want []string
	for _, closings := range []int64{closure.FewConversations, 1} { // those that can be judged come first
		for i := range 50 {
			name := fmt.Sprintf("%d-%02d", closings, i)
			want = append(want, name)
			groups = append(groups, closure.Group{Keys: []string{name, string(closure.Unresolved)}, Closings: closings})
		}
	}
	slices.Reverse(groups)
	var got []string
	for _, a := range closure.Articles(groups) {
		got = append(got, a.Article)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDurationsAreRounded(t *testing.T) {
	t.Parallel()
	if got := closure.Duration(2.0 / 3); got != 666_667*time.Nanosecond {
		t.Errorf("two thirds of a millisecond are %v", got)
	}
}
